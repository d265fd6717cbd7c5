/* The portable back end: the system's own swapcontext. It saves and restores the signal mask too,
 * which takes two system calls a switch. */
#include "ctx.h"

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

/* makecontext passes ints: a pointer goes in two halves. */
static void begin(unsigned low, unsigned high)
{
    uintptr_t address = (uintptr_t)((uint64_t)high << 32 | low);
    ctx_enter((struct ctx *)address); /* NOLINT(performance-no-int-to-ptr) */
}

static void ucontext_init_root(struct ctx *root)
{
    root->saved = calloc(1, sizeof(ucontext_t));
    if (root->saved == NULL)
        abort();
}

static void ucontext_init(struct ctx *ctx)
{
    ucontext_t *uc = calloc(1, sizeof *uc);
    if (uc == NULL || getcontext(uc) != 0)
        abort();
    uc->uc_stack.ss_sp = ctx->stack;
    uc->uc_stack.ss_size = CTX_STACK_SIZE;
    uint64_t address = (uintptr_t)ctx;
    makecontext(uc, (void (*)(void))begin, 2, (unsigned)address, (unsigned)(address >> 32));
    ctx->saved = uc;
}

static void ucontext_jump(struct ctx *from, struct ctx *to, bool dying)
{
    (void)dying;
    if (swapcontext(from->saved, to->saved) != 0)
        abort();
}

static void ucontext_done(struct ctx *ctx)
{
    free(ctx->saved);
    ctx->saved = NULL;
}

const struct ctx_backend ctx_ucontext = {
    .name = "ucontext",
    .own_stacks = true,
    .init_root = ucontext_init_root,
    .init = ucontext_init,
    .jump = ucontext_jump,
    .done = ucontext_done,
};
