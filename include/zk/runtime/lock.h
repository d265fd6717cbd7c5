/* Monitors in C: a mutex that knows its name, its rank and its owner, and a condition on the
 * elapsed clock.
 *
 * Java's synchronized becomes: lock in the public function, do the work in its _locked twin. A
 * mutex is not recursive (departure D-5). With zk_context_options.check_locks every lock is held
 * against Table L (lock_ranks.h), and taking one out of order, twice, or by somebody else's unlock,
 * is a panic that names both locks and the thread. */
#ifndef ZK_RUNTIME_LOCK_H
#define ZK_RUNTIME_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/runtime/lock_ranks.h"

struct zk_context;

struct zk_mutex {
    pthread_mutex_t mutex;
    struct zk_context *ctx; /* borrowed; outlives every lock */
    const char *name;       /* static text, for messages */
    enum zk_lock_rank rank;
    bool held;       /* guarded by mutex: is owner valid? */
    pthread_t owner; /* guarded by mutex */
};

void zk_mutex_init(struct zk_mutex *mutex, struct zk_context *ctx, const char *name,
                   enum zk_lock_rank rank);
void zk_mutex_destroy(struct zk_mutex *mutex);
void zk_mutex_lock(struct zk_mutex *mutex);
void zk_mutex_unlock(struct zk_mutex *mutex);

/* Panic unless the calling thread holds it: the first line of a _locked twin. */
void zk_mutex_assert_held(const struct zk_mutex *mutex);

struct zk_cond {
    pthread_cond_t cond; /* on CLOCK_MONOTONIC */
};

void zk_cond_init(struct zk_cond *cond);
void zk_cond_destroy(struct zk_cond *cond);
void zk_cond_signal(struct zk_cond *cond);
void zk_cond_broadcast(struct zk_cond *cond);

/* Java: Object.wait(). Spurious returns happen: call it in a loop on what is waited for. With
 * check_locks, waiting while another lock is held is a panic too. */
void zk_cond_wait(struct zk_cond *cond, struct zk_mutex *mutex);

/* The same, at most until zk_elapsed_ms() reaches deadline_ms (INT64_MAX: for ever). False: the
 * deadline has passed. */
bool zk_cond_wait_until(struct zk_cond *cond, struct zk_mutex *mutex, int64_t deadline_ms);

#endif
