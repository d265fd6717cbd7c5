/* Threads: named as Java names them, started once, joined once, never detached.
 *
 * A thread belongs to a group. The owner of a group stops it in three steps, always the same: it
 * says that the work is over (zk_stop), it wakes the threads that may be blocked (it closes queues
 * and wakes sockets), and it calls zk_thread_group_join.
 *
 * The context's registry knows every thread by its full Java name
 * ("QuorumConnectionThread-[myid=1]-1"); the name that the system shows (ps -L, gdb) is its first
 * 15 bytes. */
#ifndef ZK_RUNTIME_THREAD_H
#define ZK_RUNTIME_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/refcount.h"

struct zk_context;
struct zk_thread_group;

typedef void zk_thread_run(void *arg);

struct zk_thread_group *zk_thread_group_new(struct zk_context *ctx);

/* Starts a thread of the group that calls run(arg). Also joins members that have ended, so that a
 * group that starts threads for ever does not grow. Any thread, members too.
 * Errors: -EAGAIN, the system gives no more threads (run is not called); -ECANCELED, the group is
 * being joined. */
ZK_NODISCARD int zk_thread_group_start(struct zk_thread_group *group, zk_thread_run *run, void *arg,
                                       const char *name_format, ...) ZK_PRINTF_LIKE(4, 5);

/* Waits until all members have ended; from the call on none can be started. Any thread that is not
 * a member, any number of times. */
void zk_thread_group_join(struct zk_thread_group *group);

/* Returns the number of members that have not ended yet. */
size_t zk_thread_group_alive(struct zk_thread_group *group);

/* Returns whether the system refused the group the thread that it asked for last (-EAGAIN). Any
 * thread. */
bool zk_thread_group_ran_short(struct zk_thread_group *group);

/* Joins the members that are left, and frees the group. NULL is fine. */
void zk_thread_group_free(struct zk_thread_group *group);

/* Changes the calling thread's name (QuorumPeer does, at the start of its run). */
void zk_thread_rename(struct zk_context *ctx, const char *name_format, ...) ZK_PRINTF_LIKE(2, 3);

/* Copies the calling thread's Java name; "main" if the registry does not know the thread. */
void zk_thread_name(struct zk_context *ctx, char *ret_name, size_t size);

/* Returns how many threads the registry knows, the first one ("main") included. */
size_t zk_thread_count(struct zk_context *ctx);

/* How much a context has to do. */
struct zk_work {
    struct zk_atomic_long now;
    struct zk_atomic_long calm; /* how often little was left since there was last much */
};

/* Makes work say that there is none yet. */
void zk_work_init(struct zk_work *work);

/* Says that the work of a context has grown or shrunk by step, which is 1 or -1. From the moment
 * when there is much of it until there has been little of it many times in a row, the threads of
 * the context take turns: one that is woken does not take a processor from one that runs, and so
 * finds more to do when its turn comes. Any thread, with any locks held. work stays the
 * caller's. */
void zk_threads_note_work(struct zk_context *ctx, struct zk_work *work, int64_t step);
/* Says that the rest of the work will never be done, so that the threads stop taking turns. */
void zk_threads_end_work(struct zk_context *ctx);

/* Stand around a call that may block, so that a thread dump can tell: zk_thread_blocks(ctx, "waits
 * for bytes on", "127.0.0.1:1-127.0.0.1:2") before it and zk_thread_goes_on(ctx) after it. Locks
 * and conditions call them themselves. how is static text; on must outlive the call. */
void zk_thread_blocks(struct zk_context *ctx, const char *how, const char *on);
void zk_thread_goes_on(struct zk_context *ctx);

#endif
