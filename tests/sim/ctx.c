/* What the three back ends share: the choice, the stacks, and the words that the sanitizers need
 * to hear when the stack changes under their feet. Their functions are weak, so that one object
 * serves all sanitizers; where there is none, a switch asks for none. */
#include "ctx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(low, high) ((void)(low), (void)(high), 0U)
#define VALGRIND_STACK_DEREGISTER(id)      ((void)(id))
#endif

enum {
    GUARD_SIZE = 4096, /* below each stack: running over its end is a fault, not a mystery */
    POOL_MAX = 512,
};

void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size)
    __attribute__((weak));
void __sanitizer_finish_switch_fiber(void *save, const void **old_bottom, size_t *old_size)
    __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void *start, size_t size) __attribute__((weak));
void *__tsan_get_current_fiber(void) __attribute__((weak));
void *__tsan_create_fiber(unsigned flags) __attribute__((weak));
void __tsan_destroy_fiber(void *fiber) __attribute__((weak));
void __tsan_switch_to_fiber(void *fiber, unsigned flags) __attribute__((weak));
void AnnotateBenignRaceSized(const char *file, int line, const volatile void *start, size_t size,
                             const char *why) __attribute__((weak));

enum { TSAN_NO_EDGE = 1 }; /* a switch alone orders nothing: only locks and joins do */

static const struct ctx_backend *backend =
#if defined(__x86_64__) || defined(__aarch64__)
    &ctx_asm;
#else
    &ctx_ucontext;
#endif

static char *pool[POOL_MAX];
static size_t pooled;

/* The stack that the program began on, as the sanitizer knows it. */
static struct ctx *root_ctx;
static const void *root_bottom;
static size_t root_size;

bool ctx_choose(const char *name)
{
    static const struct ctx_backend *const all[] = {&ctx_asm, &ctx_ucontext, &ctx_thread};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->init != NULL && strcmp(all[i]->name, name) == 0) {
            backend = all[i];
            return true;
        }
    }
    return false;
}

const char *ctx_name(void)
{
    return backend->name;
}

static char *stack_take(void)
{
    if (pooled > 0)
        return pool[--pooled];
    char *start = mmap(NULL, GUARD_SIZE + CTX_STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED || mprotect(start, GUARD_SIZE, PROT_NONE) != 0)
        abort();
    return start + GUARD_SIZE;
}

/* ThreadSanitizer forgets what happened on a stack only when it is unmapped. */
static void stack_give_back(char *stack)
{
    if (__asan_unpoison_memory_region != NULL)
        __asan_unpoison_memory_region(stack, CTX_STACK_SIZE);
    if (pooled < POOL_MAX && __tsan_create_fiber == NULL)
        pool[pooled++] = stack;
    else
        munmap(stack - GUARD_SIZE, GUARD_SIZE + CTX_STACK_SIZE);
}

void ctx_init_root(struct ctx *root)
{
    *root = (struct ctx){0};
    root_ctx = root;
    if (AnnotateBenignRaceSized != NULL)
        AnnotateBenignRaceSized(__FILE__, __LINE__, &errno, sizeof errno,
                                "there is one errno, saved over each switch");
    if (__tsan_get_current_fiber != NULL)
        root->tsan = __tsan_get_current_fiber();
    if (backend->init_root != NULL)
        backend->init_root(root);
}

void ctx_done_root(struct ctx *root)
{
    if (backend->init_root != NULL)
        backend->done(root);
    root_ctx = NULL;
}

void ctx_init(struct ctx *ctx, void (*main)(void *arg), void *arg)
{
    *ctx = (struct ctx){.main = main, .arg = arg};
    if (backend->own_stacks) {
        ctx->stack = stack_take();
        ctx->valgrind = VALGRIND_STACK_REGISTER(ctx->stack, ctx->stack + CTX_STACK_SIZE);
        if (__tsan_create_fiber != NULL)
            ctx->tsan = __tsan_create_fiber(0);
    }
    backend->init(ctx);
}

void ctx_done(struct ctx *ctx)
{
    if (ctx->tsan != NULL)
        __tsan_destroy_fiber(ctx->tsan);
    backend->done(ctx);
    if (ctx->stack != NULL) {
        VALGRIND_STACK_DEREGISTER(ctx->valgrind);
        stack_give_back(ctx->stack);
    }
}

#ifdef SIM_SANITIZED

static void tell_switch(struct ctx *from, const struct ctx *to, bool dying)
{
    if (backend->own_stacks && __sanitizer_start_switch_fiber != NULL)
        __sanitizer_start_switch_fiber(dying ? NULL : &from->asan,
                                       to == root_ctx ? root_bottom : to->stack,
                                       to == root_ctx ? root_size : CTX_STACK_SIZE);
    if (to->tsan != NULL)
        __tsan_switch_to_fiber(to->tsan, TSAN_NO_EDGE);
}

static void tell_return(struct ctx *from)
{
    if (backend->own_stacks && __sanitizer_finish_switch_fiber != NULL)
        __sanitizer_finish_switch_fiber(from->asan, NULL, NULL);
}

#else

#define tell_switch(from, to, dying) ((void)(from), (void)(to), (void)(dying))
#define tell_return(from)            ((void)(from))

#endif

void ctx_switch(struct ctx *from, struct ctx *to, bool dying)
{
    int error = errno;
    tell_switch(from, to, dying);
    backend->jump(from, to, dying);
    tell_return(from);
    errno = error;
}

void ctx_enter(struct ctx *ctx)
{
    if (backend->own_stacks && __sanitizer_finish_switch_fiber != NULL) {
        const void *bottom = NULL;
        size_t size = 0;
        __sanitizer_finish_switch_fiber(NULL, &bottom, &size);
        if (root_bottom == NULL) { /* the first switch of all comes from the root */
            root_bottom = bottom;
            root_size = size;
        }
    }
    ctx->main(ctx->arg);
    abort();
}

void ctx_absorb(struct ctx *ended)
{
    if (ended->tsan == NULL || __tsan_switch_to_fiber == NULL)
        return;
    void *self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(ended->tsan, 0);
    __tsan_switch_to_fiber(self, 0);
}
