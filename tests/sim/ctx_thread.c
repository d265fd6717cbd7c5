/* The back end for debuggers: a thread of the operating system for each context, and a semaphore
 * for each thread. Exactly one of them runs; to switch is to post the other's semaphore and to wait
 * on one's own. A context that is dropped in the middle leaves by longjmp: its stack ends where its
 * thread began. */
#include "ctx.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdlib.h>

struct os_thread {
    pthread_t thread;
    sem_t turn;
    jmp_buf end;
    bool dropped; /* written before turn is posted, read after */
    bool root;
};

static void wait_for_turn(struct os_thread *os)
{
    while (sem_wait(&os->turn) != 0)
        continue; /* a signal */
}

static void *os_thread_main(void *arg)
{
    struct ctx *ctx = arg;
    struct os_thread *os = ctx->saved;
    if (setjmp(os->end) == 0) {
        wait_for_turn(os);
        if (!os->dropped)
            ctx_enter(ctx);
    }
    return NULL;
}

static struct os_thread *os_thread_new(void)
{
    struct os_thread *os = calloc(1, sizeof *os);
    if (os == NULL || sem_init(&os->turn, 0, 0) != 0)
        abort();
    return os;
}

static void thread_init_root(struct ctx *root)
{
    struct os_thread *os = os_thread_new();
    os->root = true;
    root->saved = os;
}

static void thread_init(struct ctx *ctx)
{
    struct os_thread *os = os_thread_new();
    pthread_attr_t attr;
    ctx->saved = os;
    if (pthread_attr_init(&attr) != 0 || pthread_attr_setstacksize(&attr, CTX_STACK_SIZE) != 0 ||
        pthread_create(&os->thread, &attr, os_thread_main, ctx) != 0)
        abort();
    pthread_attr_destroy(&attr);
}

static void thread_jump(struct ctx *from, struct ctx *to, bool dying)
{
    struct os_thread *os = from->saved;
    sem_post(&((struct os_thread *)to->saved)->turn);
    if (dying)
        longjmp(os->end, 1);
    wait_for_turn(os);
    if (os->dropped)
        longjmp(os->end, 1);
}

static void thread_done(struct ctx *ctx)
{
    struct os_thread *os = ctx->saved;
    if (!os->root) {
        os->dropped = true;
        sem_post(&os->turn);
        pthread_join(os->thread, NULL);
    }
    sem_destroy(&os->turn);
    free(os);
    ctx->saved = NULL;
}

const struct ctx_backend ctx_thread = {
    .name = "thread",
    .init_root = thread_init_root,
    .init = thread_init,
    .jump = thread_jump,
    .done = thread_done,
};
