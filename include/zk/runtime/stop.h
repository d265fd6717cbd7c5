/* A flag that says "the work is over", and that threads can wait for. It stands where Java has a
 * volatile boolean and an interrupt. */
#ifndef ZK_RUNTIME_STOP_H
#define ZK_RUNTIME_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/runtime/lock.h"

struct zk_stop {
    struct zk_mutex mu; /* L-112. Guards: */
    struct zk_cond cond;
    bool requested GUARDED_BY(&mu); /* never goes back */
};

/* name stays the caller's and must outlive stop. */
void zk_stop_init(struct zk_stop *stop, struct zk_context *ctx, const char *name);
void zk_stop_destroy(struct zk_stop *stop);

/* Raises the flag and wakes all threads that sleep on it. Any thread, any number of times. Returns
 * true for the call that raised it. */
bool zk_stop_request(struct zk_stop *stop);
bool zk_stop_requested(struct zk_stop *stop);

/* Sleeps for ms (INT64_MAX: for ever), or until the flag is raised. Returns whether it is
 * raised. */
bool zk_stop_sleep(struct zk_stop *stop, int64_t ms);

#endif
