/* What Java keeps in static fields stands in one struct here, which is passed down: there is no
 * process-wide state. main makes one context; so does each test, and each peer of a
 * simulated cluster. Every long-lived object holds a pointer to it, and the context outlives them
 * all. */
#ifndef ZK_RUNTIME_CONTEXT_H
#define ZK_RUNTIME_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/runtime/log.h"

struct zk_context;

struct zk_context_options {
    enum zk_log_level log_level; /* lines below it are not written */
    int log_fd;                  /* where lines go; -1: nowhere. The caller closes it. */
    int trace_fd;                /* where the trace goes; -1: it is off. The caller closes it. */
    bool trace_brief;            /* only the peer's life: no messages, queues, votes, connections */
    /* How far local time is ahead of universal time at the moment wall_ms, for log lines; NULL:
     * lines are in universal time. It is asked for each line, so that a log follows a change of
     * daylight saving time. Must not block; any thread calls it. */
    int64_t (*zone_offset_ms)(int64_t wall_ms);
    /* Called for a new block of some megabytes that will be read in no order; NULL: it is
     * not called. The caller may hold a lock: it must not block. */
    void (*on_large_block)(void *block, size_t size);
    /* Called when some hundred thousand blocks of memory were freed at once; NULL: it is not
     * called. Any thread calls it, while it holds none of our locks. */
    void (*on_mass_free)(void);
    bool check_locks; /* compare every lock that is taken with those that the thread holds */
    bool thread_dump; /* keep what zk_thread_dump tells */
};

/* Returns the options of a quiet peer: INFO to descriptor 2, no trace. */
struct zk_context_options zk_context_options_default(void);

/* Returns a context whose registry calls the calling thread "main". options are copied. */
struct zk_context *zk_context_new(const struct zk_context_options *options);

/* All threads of the context's groups must have been joined. NULL is fine. */
void zk_context_free(struct zk_context *ctx);

/* Our sid, for the [myid:N] of log lines and the "n" of the trace. It is set once, before the
 * second thread starts; -1 until then. */
void zk_context_set_myid(struct zk_context *ctx, int64_t myid);
int64_t zk_context_myid(const struct zk_context *ctx);

/* Says that block is new and large, and will be read in no order (on_large_block). */
void zk_context_large_block(const struct zk_context *ctx, void *block, size_t size);
/* Says that some hundred thousand blocks were freed (on_mass_free). The caller holds no lock,
 * because it may take a while. */
void zk_context_mass_free(const struct zk_context *ctx);

/* Returns the one object that a floor above keeps for each context, where Java uses static fields:
 * floor io keeps its cache of host names here. The first call makes it with make; zk_context_free
 * ends it with free_statics. No second floor can use this. Any thread; make runs under a lock and
 * must not block. */
void *zk_context_statics(struct zk_context *ctx, void *(*make)(struct zk_context *ctx),
                         void (*free_statics)(void *statics));

#endif
