/* What a context is made of. Inside base only. */
#ifndef ZK_BASE_CONTEXT_INTERNAL_H
#define ZK_BASE_CONTEXT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/thread_registry.h"
#include "zk/base/context.h"
#include "zk/base/lock.h"
#include "zk/base/str.h"

struct inet_cache;

struct zk_setting {
    char *key;
    char *value;
};

struct zk_context {
    struct zk_context_options options; /* set at birth, then read-only */
    int64_t start_us;                  /* zk_elapsed_us() at birth: the trace's zero */
    int64_t myid;                      /* set by the main thread before the second one starts */

    struct zk_setting *settings; /* likewise */
    size_t setting_count;

    struct zk_thread_registry registry; /* has its own plain mutex */
    struct zk_mutex trace_mutex;        /* one line of the trace at a time */
    struct zk_str trace_line GUARDED_BY(&trace_mutex);
    struct inet_cache *inet_cache; /* has its own lock */
};

#endif
