/* A flag that many threads wait for: "the work is over". Stands where Java has a volatile boolean
 * and an interrupt. */
#ifndef ZK_RUNTIME_STOP_H
#define ZK_RUNTIME_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/runtime/lock.h"

struct zk_stop {
    struct zk_mutex mutex;
    struct zk_cond cond;
    bool requested GUARDED_BY(&mutex); /* never goes back */
};

void zk_stop_init(struct zk_stop *stop, struct zk_context *ctx, const char *name);
void zk_stop_destroy(struct zk_stop *stop);

/* Any thread, any number of times. True for the call that raised the flag. */
bool zk_stop_request(struct zk_stop *stop);
bool zk_stop_requested(struct zk_stop *stop);

/* A sleep that ends early when the flag is raised. True: it is raised. */
bool zk_stop_sleep(struct zk_stop *stop, int64_t ms);

#endif
