/* The fast back end. A switch is an ordinary function call, so the compiler has already saved all
 * registers but those that a called function must preserve; these go onto the old stack, the stack
 * pointer changes, and the same registers come off the new stack. Signal masks and floating-point
 * modes stay as they are: nobody here changes them.
 *
 * A new stack is laid out as if its context had been put aside at the first instruction of
 * sim_ctx_begin. */
#include "ctx.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__aarch64__)

void sim_ctx_jump(void **save, void *load);
void sim_ctx_begin(void);

#if defined(__x86_64__)

/* rdi = save, rsi = load. "ret" goes on where the new context called from. */
__asm__(".text\n"
        ".globl sim_ctx_jump\n"
        ".type sim_ctx_jump, @function\n"
        "sim_ctx_jump:\n"
        "  pushq %rbp\n"
        "  pushq %rbx\n"
        "  pushq %r12\n"
        "  pushq %r13\n"
        "  pushq %r14\n"
        "  pushq %r15\n"
        "  movq  %rsp, (%rdi)\n"
        "  movq  %rsi, %rsp\n"
        "  popq  %r15\n"
        "  popq  %r14\n"
        "  popq  %r13\n"
        "  popq  %r12\n"
        "  popq  %rbx\n"
        "  popq  %rbp\n"
        "  ret\n"
        ".size sim_ctx_jump, . - sim_ctx_jump\n"
        ".globl sim_ctx_begin\n"
        ".type sim_ctx_begin, @function\n"
        "sim_ctx_begin:\n"
        "  .cfi_startproc\n"
        "  .cfi_undefined rip\n" /* a debugger's backtrace ends here */
        "  movq  %r12, %rdi\n"
        "  callq *%r13\n"
        "  ud2\n"
        "  .cfi_endproc\n"
        ".size sim_ctx_begin, . - sim_ctx_begin\n");

/* What sim_ctx_jump pops, lowest address first; at sim_ctx_begin rsp is a multiple of 16. */
struct frame {
    void *r15, *r14;
    void *r13; /* what sim_ctx_begin calls */
    void *r12; /* and its argument */
    void *rbx, *rbp;
    void *return_address;
    void *zero[2];
};

static void frame_fill(struct frame *frame, struct ctx *ctx)
{
    frame->r12 = ctx;
    frame->r13 = (void *)(uintptr_t)ctx_enter;
    frame->return_address = (void *)(uintptr_t)sim_ctx_begin;
}

#else

/* x0 = save, x1 = load. x30 is the address to go on at. */
__asm__(".text\n"
        ".globl sim_ctx_jump\n"
        ".type sim_ctx_jump, %function\n"
        "sim_ctx_jump:\n"
        "  sub sp, sp, #160\n"
        "  stp x19, x20, [sp, #0]\n"
        "  stp x21, x22, [sp, #16]\n"
        "  stp x23, x24, [sp, #32]\n"
        "  stp x25, x26, [sp, #48]\n"
        "  stp x27, x28, [sp, #64]\n"
        "  stp x29, x30, [sp, #80]\n"
        "  stp d8,  d9,  [sp, #96]\n"
        "  stp d10, d11, [sp, #112]\n"
        "  stp d12, d13, [sp, #128]\n"
        "  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n"
        "  str x9, [x0]\n"
        "  mov sp, x1\n"
        "  ldp x19, x20, [sp, #0]\n"
        "  ldp x21, x22, [sp, #16]\n"
        "  ldp x23, x24, [sp, #32]\n"
        "  ldp x25, x26, [sp, #48]\n"
        "  ldp x27, x28, [sp, #64]\n"
        "  ldp x29, x30, [sp, #80]\n"
        "  ldp d8,  d9,  [sp, #96]\n"
        "  ldp d10, d11, [sp, #112]\n"
        "  ldp d12, d13, [sp, #128]\n"
        "  ldp d14, d15, [sp, #144]\n"
        "  add sp, sp, #160\n"
        "  ret\n"
        ".size sim_ctx_jump, . - sim_ctx_jump\n"
        ".globl sim_ctx_begin\n"
        ".type sim_ctx_begin, %function\n"
        "sim_ctx_begin:\n"
        "  mov x0, x19\n"
        "  blr x20\n"
        "  brk #1\n"
        ".size sim_ctx_begin, . - sim_ctx_begin\n");

struct frame {
    void *x19; /* the argument of what sim_ctx_begin calls */
    void *x20; /* that function */
    void *x21_to_x29[9];
    void *x30;
    double d8_to_d15[8];
};

static void frame_fill(struct frame *frame, struct ctx *ctx)
{
    frame->x19 = ctx;
    frame->x20 = (void *)(uintptr_t)ctx_enter;
    frame->x30 = (void *)(uintptr_t)sim_ctx_begin;
}

#endif

/* Stacks begin at the same place of a page. Threads use little of them and change places often; if
 * all did that in the same few lines of the cache, each would throw out the others'. */
static size_t stack_colour(const char *stack)
{
    enum { PAGE_SHIFT = 12, COLOURS = 32, COLOUR_SIZE = 128 };
    return ((uintptr_t)stack >> PAGE_SHIFT) % COLOURS * COLOUR_SIZE;
}

static void asm_init(struct ctx *ctx)
{
    /* Both frames are laid down so that the stack is aligned to 16 bytes where the code begins. */
    char *top = ctx->stack + CTX_STACK_SIZE - stack_colour(ctx->stack);
    struct frame *frame = (struct frame *)(void *)(top - sizeof *frame);
    memset(frame, 0, sizeof *frame);
    frame_fill(frame, ctx);
    ctx->saved = frame;
}

static void asm_jump(struct ctx *from, struct ctx *to, bool dying)
{
    (void)dying;
    sim_ctx_jump(&from->saved, to->saved);
}

static void asm_done(struct ctx *ctx)
{
    ctx->saved = NULL;
}

const struct ctx_backend ctx_asm = {
    .name = "asm", .own_stacks = true, .init = asm_init, .jump = asm_jump, .done = asm_done};

#else

const struct ctx_backend ctx_asm = {.name = "asm"}; /* not for this machine */

#endif
