/* What a context is made of. For floor runtime only. */
#ifndef ZK_RUNTIME_CONTEXT_INTERNAL_H
#define ZK_RUNTIME_CONTEXT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/log_bound.h"
#include "runtime/thread_registry.h"
#include "zk/base/str.h"
#include "zk/runtime/context.h"
#include "zk/runtime/lock.h"

struct zk_setting {
    char *key;
    size_t key_length;
    char *value;
};

struct zk_context {
    struct zk_context_options options; /* set at birth, then read-only */
    int64_t start_us;                  /* zk_elapsed_us() at birth: the trace's zero */
    int64_t myid;                      /* set by the main thread before the second one starts */

    struct zk_setting *settings; /* likewise */
    size_t setting_count;

    struct zk_thread_registry registry; /* it has a plain mutex of its own */
    struct zk_mutex log_mu;             /* L-119. Guards: */
    struct zk_log_bound log_bound GUARDED_BY(&log_mu);
    struct zk_mutex trace_mu; /* L-118. One line of the trace at a time. Guards: */
    struct zk_str trace_line GUARDED_BY(&trace_mu);
    bool trace_torn GUARDED_BY(&trace_mu); /* the last line could not be written whole */

    struct zk_mutex statics_mu;            /* L-114. Guards: */
    void *statics GUARDED_BY(&statics_mu); /* NULL: nobody has asked for it yet */
    void (*free_statics)(void *statics) GUARDED_BY(&statics_mu);
};

#endif
