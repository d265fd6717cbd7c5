/* Monitors in C: a mutex that knows its name, its rank and its owner, and a condition on the
 * elapsed clock.
 *
 * Java's synchronized becomes: lock in the public function, do the work in its _locked twin. A
 * mutex is not recursive (D-5).
 *
 * Ranks. A thread that holds a lock may only take locks of a higher rank. Each floor has a band of
 * ten ranks, and the bands go up where the floors go down: peer 0 to 9, zab 10 to 19, election 20
 * to 29, and so on to runtime 110 to 119. So a thread that calls down takes locks in the order of
 * the floors. A floor declares its ranks in its own lock_ranks.h; NOTES.md L says what each lock
 * guards and which Java monitor it stands for.
 *
 * Two checks. With zk_context_options.check_locks, which all tests set, each lock is compared at
 * run time with those that the thread holds: taking one out of order or twice is a panic that names
 * both locks and the thread. And clang reads the annotations of zk/base/attrs.h at compile time
 * (preset lockcheck). */
#ifndef ZK_RUNTIME_LOCK_H
#define ZK_RUNTIME_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/refcount.h"

struct zk_context;

struct CAPABILITY("mutex") zk_mutex {
    pthread_mutex_t mutex;
    struct zk_context *ctx; /* outlives every lock */
    const char *name;       /* for panics and thread dumps */
    int rank;
    /* The thread that holds it; 0: none. Atomic, because a thread dump looks at it. */
    struct zk_atomic_long owner;
    /* The locks of the context, for a thread dump. */
    struct zk_mutex *next;
    struct zk_mutex *previous;
};

/* name stays the caller's and must outlive the lock. */
void zk_mutex_init(struct zk_mutex *mutex, struct zk_context *ctx, const char *name, int rank);
/* Panics if a thread holds it. */
void zk_mutex_destroy(struct zk_mutex *mutex);
void zk_mutex_lock(struct zk_mutex *mutex) ACQUIRES(mutex);
/* Panics if the calling thread does not hold it. */
void zk_mutex_unlock(struct zk_mutex *mutex) RELEASES(mutex);

/* Panics unless the calling thread holds it: the first line of a _locked twin. */
void zk_mutex_assert_held(const struct zk_mutex *mutex) ASSERTS_HELD(mutex);

/* A thread as a number that is never 0. */
int64_t zk_thread_id_of(pthread_t thread);
/* Returns the number of the thread that holds the lock; 0: none does, or did a moment ago. */
int64_t zk_mutex_owner(const struct zk_mutex *mutex);

struct zk_cond {
    pthread_cond_t cond; /* on CLOCK_MONOTONIC */
};

void zk_cond_init(struct zk_cond *cond);
void zk_cond_destroy(struct zk_cond *cond);
void zk_cond_signal(struct zk_cond *cond);
void zk_cond_broadcast(struct zk_cond *cond);

/* Gives the lock back, waits for a signal, and takes the lock again. Returns without a signal now
 * and then: call it in a loop on what is waited for. With check_locks it panics if the thread holds
 * another lock. Java: Object.wait() */
void zk_cond_wait(struct zk_cond *cond, struct zk_mutex *mutex) REQUIRES(mutex);

/* The same, but at most until zk_elapsed_ms() reaches deadline_ms (INT64_MAX: for ever). Returns
 * false if the deadline has passed. */
bool zk_cond_wait_until(struct zk_cond *cond, struct zk_mutex *mutex, int64_t deadline_ms)
    REQUIRES(mutex);

#endif
