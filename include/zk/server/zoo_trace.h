/* Which kinds of trace lines Java would write, as a mask that operators may read and set (gtmk,
 * stmk). It changes nothing else here: what Java traces is in our log at DEBUG and in the trace.
 * Java: server.ZooTrace, whose mask is a static field; ours belongs to a peer. Any thread. */
#ifndef ZK_SERVER_ZOO_TRACE_H
#define ZK_SERVER_ZOO_TRACE_H

#include <stdint.h>

#include "zk/base/refcount.h"

/* The bits: requests of clients 2, packets 16, sessions 32, warnings 256. */
enum { ZOO_TRACE_DEFAULT_MASK = 306 };

struct zoo_trace {
    struct zk_atomic_long text_trace_level;
};

static inline void zoo_trace_init(struct zoo_trace *trace)
{
    zk_atomic_long_init(&trace->text_trace_level, ZOO_TRACE_DEFAULT_MASK);
}

/* Java: getTextTraceLevel() */
static inline int64_t zoo_trace_get_text_trace_level(struct zoo_trace *trace)
{
    return zk_atomic_long_get(&trace->text_trace_level);
}

/* Java: setTextTraceLevel() */
static inline void zoo_trace_set_text_trace_level(struct zoo_trace *trace, int64_t mask)
{
    zk_atomic_long_set(&trace->text_trace_level, mask);
}

#endif
