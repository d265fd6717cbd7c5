/* All that Java keeps in statics, in one struct that is passed down: there is no process-wide state
 * (decision A-1). main makes one; so does each test, and each peer of a simulated cluster. Every
 * long-lived object holds a pointer to it; it outlives them all. */
#ifndef ZK_RUNTIME_CONTEXT_H
#define ZK_RUNTIME_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/runtime/log.h"

struct zk_context;

struct zk_context_options {
    enum zk_log_level log_level; /* lines below it are not written */
    int log_fd;                  /* where lines go: 2; -1 for nowhere. Borrowed. */
    int trace_fd;                /* where the trace goes; -1: off, one branch an event. Borrowed. */
    bool trace_brief;            /* only the peer's life: no messages, queues, votes, connections */
    int64_t zone_offset_ms; /* added to wall time in log lines: no time zone database is read */
    bool check_locks;       /* hold every lock against Table L */
};

/* The options of a quiet peer: INFO to descriptor 2, no trace. */
struct zk_context_options zk_context_options_default(void);

/* The calling thread becomes "main" of the registry. */
struct zk_context *zk_context_new(const struct zk_context_options *options);

/* All threads of the context's groups must be joined. NULL is fine. */
void zk_context_free(struct zk_context *ctx);

/* Our sid, for the [myid:N] of log lines and the "n" of the trace. Set once, before the second
 * thread starts. */
void zk_context_set_myid(struct zk_context *ctx, int64_t myid);
int64_t zk_context_myid(const struct zk_context *ctx); /* -1: not set */

/* What a floor above keeps once for each context, as Java keeps it in static fields: floor io has
 * its cache of host names here. The first caller makes it with make, zk_context_free ends it with
 * free_statics. There is room for one. Any thread; make runs under the lock and must not block. */
void *zk_context_statics(struct zk_context *ctx, void *(*make)(struct zk_context *ctx),
                         void (*free_statics)(void *statics));

#endif
