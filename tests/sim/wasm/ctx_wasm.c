/* The back end for WebAssembly, in the place of ctx.c. Code in WebAssembly cannot reach its own
 * stack of calls. So the last step of the build, binaryen's pass Asyncify, gives each function
 * that may stand on the stack during a switch two more ways through it. The way out writes its
 * local variables down ("unwind"); the way back in reads them and goes to the call at which the
 * function stood ("rewind"). A switch unwinds the running context down to ctx_wasm_resume, and
 * rewinds another one from there. JavaScript is not involved.
 *
 * Each context has one block of memory with two stacks. What its frames write down when it is
 * put aside grows from below; the stack that C keeps in memory (arrays, and variables whose
 * address is taken) grows from above. While a context runs, nothing is written down, so the two
 * are never at their deepest at the same time. There is no guard page: a word between the two is
 * checked at each switch instead. */
#include "ctx.h"

#include "ctx_wasm.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SIZE = 64 * 1024, /* five times what was ever used */
    BLOCKS_MAX = 1024,
    GUARD = 0x5afe5afe,
};

/* The functions of Asyncify. Each reads the first two words of struct block. */
#define ASYNCIFY(name) __attribute__((import_module("asyncify"), import_name(#name)))
ASYNCIFY(start_unwind) void asyncify_start_unwind(void *frames);
ASYNCIFY(stop_unwind) void asyncify_stop_unwind(void);
ASYNCIFY(start_rewind) void asyncify_start_rewind(void *frames);
ASYNCIFY(stop_rewind) void asyncify_stop_rewind(void);

/* The pointer to the stack in memory is a global of the module, which C has no name for. */
__asm__(".globaltype __stack_pointer, i32");

static inline char *wasm_stack_get(void)
{
    char *stack;
    __asm__ volatile("global.get __stack_pointer\n\tlocal.set %0" : "=r"(stack));
    return stack;
}

static inline void wasm_stack_set(char *stack)
{
    __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer" : : "r"(stack));
}

struct block {
    char *frames_next; /* where Asyncify writes or reads the next frame */
    char *frames_end;  /* it traps rather than write beyond this */
    char *stack;       /* the stack pointer of C, while the context is put aside */
    bool begun;
    uint32_t guard;          /* GUARD, or the stack has grown down to here */
    void (*main)(void *arg); /* only the main of the first context may return */
    void *arg;
    char room[];
};

static struct block *running; /* the context that runs, or that is to go on next */
static bool unwinding;        /* the running context is being put aside */
static bool rewinding;        /* it is being taken up again */
static bool pausing;          /* the caller outside is to go on */
static struct block *pool[BLOCKS_MAX];
static size_t pooled;

static struct block *block_new(void (*main)(void *arg), void *arg)
{
    struct block *block = pooled > 0 ? pool[--pooled] : aligned_alloc(16, BLOCK_SIZE);
    if (block == NULL)
        abort();
    *block = (struct block){
        .stack = (char *)block + BLOCK_SIZE, .guard = GUARD, .main = main, .arg = arg};
    return block;
}

static void block_give_back(struct block *block)
{
    if (pooled < BLOCKS_MAX)
        pool[pooled++] = block;
    else
        free(block);
}

/* Returns twice: at once, while the caller is being unwound, and again when the context is taken
 * up. */
static __attribute__((noinline)) void put_aside(struct block *self)
{
    if (rewinding) {
        rewinding = false;
        asyncify_stop_rewind();
        return;
    }
    self->stack = wasm_stack_get();
    if (self->guard != GUARD || self->stack < self->room)
        abort();
    self->frames_next = self->room;
    self->frames_end = self->stack;
    unwinding = true;
    asyncify_start_unwind(self);
}

/* Asyncify does not instrument the function that calls start_unwind. If that function were
 * inlined, its caller would not be instrumented either, and would run twice. binaryen does not
 * respect clang's "noinline", so the call goes through a pointer that no optimiser can see
 * through. */
static void (*volatile const put_aside_call)(struct block *self) = put_aside;

static __attribute__((noinline)) void enter(struct block *block)
{
    block->main(block->arg);
}

__attribute__((noinline)) bool ctx_wasm_resume(void)
{
    char *outer = wasm_stack_get();
    pausing = false;
    for (;;) {
        wasm_stack_set(running->stack);
        if (running->begun) {
            rewinding = true;
            asyncify_start_rewind(running);
        }
        running->begun = true;
        struct block *self = running;
        enter(self);
        if (!unwinding)
            break;
        asyncify_stop_unwind();
        unwinding = false;
        if (pausing) {
            wasm_stack_set(outer);
            return true;
        }
    }
    wasm_stack_set(outer);
    block_give_back(running);
    running = NULL;
    return false;
}

bool ctx_wasm_begin(void (*main)(void *arg), void *arg)
{
    running = block_new(main, arg);
    return ctx_wasm_resume();
}

void ctx_wasm_pause(void)
{
    pausing = true;
    put_aside_call(running);
}

/* ---- ctx.h ---------------------------------------------------------------------------------- */

bool ctx_choose(const char *name)
{
    return strcmp(name, "wasm") == 0;
}

const char *ctx_name(void)
{
    return "wasm";
}

void ctx_init_root(struct ctx *root)
{
    *root = (struct ctx){.saved = running};
}

void ctx_done_root(struct ctx *root)
{
    root->saved = NULL;
}

static void ctx_main(void *arg)
{
    ctx_enter(arg);
}

void ctx_init(struct ctx *ctx, void (*main)(void *arg), void *arg)
{
    *ctx = (struct ctx){.main = main, .arg = arg};
    ctx->saved = block_new(ctx_main, ctx);
}

void ctx_done(struct ctx *ctx)
{
    block_give_back(ctx->saved);
    ctx->saved = NULL;
}

void ctx_switch(struct ctx *from, struct ctx *to, bool dying)
{
    int error = errno;
    (void)dying;
    running = to->saved;
    put_aside_call(from->saved);
    errno = error;
}

void ctx_enter(struct ctx *ctx)
{
    ctx->main(ctx->arg);
    abort();
}

void ctx_absorb(struct ctx *ended)
{
    (void)ended;
}
