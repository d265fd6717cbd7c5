/* Mutexes that know their owner and their rank, and conditions on the monotonic clock. */
#include "zk/runtime/lock.h"

#include <errno.h>
#include <time.h>

#include "runtime/context_internal.h"
#include "zk/base/panic.h"

int64_t zk_thread_id_of(pthread_t thread)
{
    return (int64_t)(intptr_t)thread; /* it is a number or a pointer in every C library of Linux */
}

void zk_mutex_init(struct zk_mutex *mutex, struct zk_context *ctx, const char *name, int rank)
{
    zk_assert(ctx != NULL && name != NULL);
    *mutex = (struct zk_mutex){.ctx = ctx, .name = name, .rank = rank};
    zk_atomic_long_init(&mutex->owner, 0);

    int error = pthread_mutex_init(&mutex->mutex, NULL);
    zk_assert(error == 0);
    if (ctx->options.thread_dump)
        zk_registry_add_mutex(&ctx->registry, mutex);
}

void zk_mutex_destroy(struct zk_mutex *mutex)
{
    if (mutex->ctx->options.thread_dump)
        zk_registry_remove_mutex(&mutex->ctx->registry, mutex);
    int error = pthread_mutex_destroy(&mutex->mutex);
    if (error != 0)
        zk_panic(__FILE__, __LINE__, "lock %s is destroyed while it is held", mutex->name);
}

static ZK_NORETURN void mutex_panic(const struct zk_mutex *mutex, const char *what)
{
    char thread[ZK_THREAD_NAME_SIZE];
    zk_registry_name(&mutex->ctx->registry, thread, sizeof thread);
    zk_panic(__FILE__, __LINE__, "thread %s %s lock %s", thread, what, mutex->name);
}

/* Returns a positive errno. A thread that has to wait says so to the registry first, for a thread
 * dump; one that finds the lock free pays nothing for that. */
static int mutex_lock_visibly(struct zk_mutex *mutex)
{
    struct zk_thread_registry *registry = &mutex->ctx->registry;
    int error = pthread_mutex_trylock(&mutex->mutex);
    if (error != EBUSY)
        return error;
    zk_registry_block(registry, "waits for lock", mutex->name, mutex);
    error = pthread_mutex_lock(&mutex->mutex);
    zk_registry_go_on(registry);
    return error;
}

/* clang cannot know that pthread_mutex_lock() is what takes a zk_mutex. */
void zk_mutex_lock(struct zk_mutex *mutex) UNCHECKED_LOCKS
{
    if (mutex->ctx->options.check_locks)
        zk_registry_take(&mutex->ctx->registry, mutex);
    /* A relock is a panic even where ranks are not checked, and not a silent standstill. Nobody but
     * this thread can have written this thread's id there. */
    int64_t self = zk_thread_id_of(pthread_self());
    if (zk_mutex_owner(mutex) == self)
        mutex_panic(mutex, "takes twice");
    int error = mutex->ctx->options.thread_dump ? mutex_lock_visibly(mutex)
                                                : pthread_mutex_lock(&mutex->mutex);
    zk_assert(error == 0);
    zk_atomic_long_note(&mutex->owner, self);
}

void zk_mutex_unlock(struct zk_mutex *mutex) UNCHECKED_LOCKS
{
    zk_mutex_assert_held(mutex);
    zk_atomic_long_note(&mutex->owner, 0);
    int error = pthread_mutex_unlock(&mutex->mutex);
    zk_assert(error == 0);
    if (mutex->ctx->options.check_locks)
        zk_registry_release(&mutex->ctx->registry, mutex);
}

int64_t zk_mutex_owner(const struct zk_mutex *mutex)
{
    return zk_atomic_long_peek(&mutex->owner);
}

void zk_mutex_assert_held(const struct zk_mutex *mutex)
{
    if (zk_mutex_owner(mutex) != zk_thread_id_of(pthread_self()))
        mutex_panic(mutex, "does not hold");
}

void zk_cond_init(struct zk_cond *cond)
{
    pthread_condattr_t attr;
    int error = pthread_condattr_init(&attr);
    zk_assert(error == 0);
    error = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    zk_assert(error == 0);
    error = pthread_cond_init(&cond->cond, &attr);
    zk_assert(error == 0);
    pthread_condattr_destroy(&attr);
}

void zk_cond_destroy(struct zk_cond *cond)
{
    int error = pthread_cond_destroy(&cond->cond);
    zk_assert(error == 0);
}

void zk_cond_signal(struct zk_cond *cond)
{
    int error = pthread_cond_signal(&cond->cond);
    zk_assert(error == 0);
}

void zk_cond_broadcast(struct zk_cond *cond)
{
    int error = pthread_cond_broadcast(&cond->cond);
    zk_assert(error == 0);
}

/* Before a wait the lock loses its owner, after it the thread is the owner again. */
static void cond_wait_begin(struct zk_mutex *mutex)
{
    zk_mutex_assert_held(mutex);
    if (mutex->ctx->options.check_locks)
        zk_registry_check_wait(&mutex->ctx->registry, mutex);
    if (mutex->ctx->options.thread_dump)
        zk_registry_block(&mutex->ctx->registry, "waits on a condition of lock", mutex->name,
                          mutex);
    zk_atomic_long_note(&mutex->owner, 0);
}

static void cond_wait_end(struct zk_mutex *mutex)
{
    zk_atomic_long_note(&mutex->owner, zk_thread_id_of(pthread_self()));
    if (mutex->ctx->options.thread_dump)
        zk_registry_go_on(&mutex->ctx->registry);
}

void zk_cond_wait(struct zk_cond *cond, struct zk_mutex *mutex)
{
    cond_wait_begin(mutex);
    int error = pthread_cond_wait(&cond->cond, &mutex->mutex);
    zk_assert(error == 0);
    cond_wait_end(mutex);
}

bool zk_cond_wait_until(struct zk_cond *cond, struct zk_mutex *mutex, int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX) {
        zk_cond_wait(cond, mutex);
        return true;
    }
    if (deadline_ms < 0)
        deadline_ms = 0;
    struct timespec deadline = {
        .tv_sec = deadline_ms / 1000,
        .tv_nsec = (long)(deadline_ms % 1000) * 1000000,
    };
    cond_wait_begin(mutex);
    int error = pthread_cond_timedwait(&cond->cond, &mutex->mutex, &deadline);
    zk_assert(error == 0 || error == ETIMEDOUT);
    cond_wait_end(mutex);
    return error == 0;
}
