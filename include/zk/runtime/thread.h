/* Threads: named as Java names them, started once, joined once, never detached.
 *
 * A thread belongs to a group. Stopping a group is always the same three steps, done by its owner:
 * say that the work is over (zk_stop), wake who may be blocked (close queues, wake sockets),
 * zk_thread_group_join.
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

struct zk_context;
struct zk_thread_group;

typedef void zk_thread_main(void *arg);

struct zk_thread_group *zk_thread_group_new(struct zk_context *ctx);

/* Start a thread of the group that runs main(arg). Also reaps members that have ended, so that a
 * group that starts threads for ever does not grow. Any thread, members too.
 * Errors: -EAGAIN, the system gives no more threads (main will not run); -ECANCELED, the group is
 * being joined. */
ZK_NODISCARD int zk_thread_group_start(struct zk_thread_group *group, zk_thread_main *main,
                                       void *arg, const char *name_format, ...)
    ZK_PRINTF_LIKE(4, 5);
/* The same with a name that is what precedes and a number, as in "SendWorker:2": for threads that
 * come and go by the dozen, since printf takes longer than the rest of a start. */
ZK_NODISCARD int zk_thread_group_start_numbered(struct zk_thread_group *group, zk_thread_main *main,
                                                void *arg, const char *before, int64_t number);

/* From now on nobody can start a member; wait until all have ended. Never by a member. May be
 * called again. */
void zk_thread_group_join(struct zk_thread_group *group);

/* Members that have not ended yet. */
size_t zk_thread_group_alive(struct zk_thread_group *group);

/* Joins if nobody has. */
void zk_thread_group_free(struct zk_thread_group *group);

/* Change the calling thread's name (QuorumPeer does, at the start of its run). */
void zk_thread_rename(struct zk_context *ctx, const char *name_format, ...) ZK_PRINTF_LIKE(2, 3);

/* Copy the calling thread's Java name; "main" if the registry does not know the thread. */
void zk_thread_name(struct zk_context *ctx, char *ret_name, size_t size);

/* How many threads the registry knows, the first one ("main") included. */
size_t zk_thread_count(struct zk_context *ctx);

#endif
