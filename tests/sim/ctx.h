/* A context is a flow of control that can be put aside and taken up again: a stack and the place
 * where it stopped. The simulator runs every simulated thread in one, and switches between them
 * itself, so that one thread of the operating system is the whole cluster.
 *
 * Three back ends do the same thing in three ways, and a seed gives the same transcript in all:
 *   asm       a dozen instructions; the fast one (x86-64, aarch64)
 *   ucontext  swapcontext(3), for other machines; each switch costs two system calls
 *   thread    a thread of the operating system for each context, of which one runs at a time: slow,
 *             but gdb's "info threads" shows them all */
#ifndef SIM_CTX_H
#define SIM_CTX_H

#include <stdbool.h>
#include <stddef.h>

enum { CTX_STACK_SIZE = 512 * 1024 };

struct ctx {
    void (*main)(void *arg); /* never returns: it switches away for good */
    void *arg;
    char *stack; /* NULL: the stack that the program began on, or that of an OS thread */
    void *saved; /* what the back end needs to go on here */
    void *asan;  /* AddressSanitizer's shadow of the stack */
    void *tsan;  /* ThreadSanitizer's fiber */
    unsigned valgrind;
};

/* Chooses the back end for the worlds to come; false: there is none of that name. */
bool ctx_choose(const char *name);
const char *ctx_name(void);

/* The calling flow of control becomes a context to which others can switch. */
void ctx_init_root(struct ctx *root);
void ctx_done_root(struct ctx *root);

void ctx_init(struct ctx *ctx, void (*main)(void *arg), void *arg);
/* Not the running one. Its stack is dropped as it stands. */
void ctx_done(struct ctx *ctx);

/* Puts from aside and goes on in to. errno goes along with the context. A dying one is not taken up
 * again; ctx_done is still to be called for it. */
void ctx_switch(struct ctx *from, struct ctx *to, bool dying);

/* ThreadSanitizer: what an ended context did happened before what the caller does next. */
void ctx_absorb(struct ctx *ended);

/* --- for the back ends --- */

struct ctx_backend {
    const char *name;
    bool own_stacks; /* the contexts run on stacks of ctx.c */
    void (*init_root)(struct ctx *root);
    void (*init)(struct ctx *ctx); /* must call ctx_enter(ctx) when first switched to */
    void (*jump)(struct ctx *from, struct ctx *to, bool dying);
    void (*done)(struct ctx *ctx);
};

extern const struct ctx_backend ctx_asm;
extern const struct ctx_backend ctx_ucontext;
extern const struct ctx_backend ctx_thread;

_Noreturn void ctx_enter(struct ctx *ctx);

#endif
