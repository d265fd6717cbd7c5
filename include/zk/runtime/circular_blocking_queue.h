/* A queue that forgets: when it is full, its oldest element makes room for the newest. Forgetting
 * is right for votes, because a vote is worth something only until its sender has a newer one.
 *
 * Any thread may call every function, cbq_new and cbq_free excepted. None blocks but the two polls.
 * Java: org.apache.zookeeper.util.CircularBlockingQueue */
#ifndef ZK_RUNTIME_CIRCULAR_BLOCKING_QUEUE_H
#define ZK_RUNTIME_CIRCULAR_BLOCKING_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct zk_context;
struct circular_blocking_queue;

/* Returns an empty queue of at least one place. name is copied; the trace and a thread dump call
 * the queue by it. The queue calls free_item for each element that it drops or that is left in the
 * end. */
struct circular_blocking_queue *cbq_new(struct zk_context *ctx, const char *name, size_t capacity,
                                        void (*free_item)(void *item));
/* Frees the queue and what is left in it. No other thread may use it any more. NULL is fine. */
void cbq_free(struct circular_blocking_queue *queue);

/* Appends item and takes ownership of it. A full queue drops its oldest element for it; a closed
 * queue frees item at once. Java: offer() */
void cbq_offer(struct circular_blocking_queue *queue, void *item);

/* Takes the oldest element; it is the caller's then. Waits at most timeout_ms for one (0: not at
 * all; INT64_MAX: for ever).
 * Errors: -ETIMEDOUT, no element came; -ECANCELED, the queue is closed. Java: poll(timeout) */
ZK_NODISCARD int cbq_poll(struct circular_blocking_queue *queue, int64_t timeout_ms,
                          void **ret_item);

/* A poll that another thread can interrupt without closing the queue. In Java it is the interrupt
 * that ends a SendWorker when its successor is about to poll the same queue.
 *
 * The poller takes a ticket, looks at its own flag, and polls with the ticket. A thread that wants
 * it to stop sets that flag and then calls cbq_wake. No wake-up is lost in this order: a poll whose
 * ticket is older than the last cbq_wake returns -EINTR at once. */
int64_t cbq_ticket(struct circular_blocking_queue *queue);
ZK_NODISCARD int cbq_poll_interruptibly(struct circular_blocking_queue *queue, int64_t timeout_ms,
                                        int64_t ticket, void **ret_item);
void cbq_wake(struct circular_blocking_queue *queue);

/* Wakes all threads that poll; from now on the queue takes no element and gives none. */
void cbq_close(struct circular_blocking_queue *queue);

bool cbq_is_empty(struct circular_blocking_queue *queue);
size_t cbq_size(struct circular_blocking_queue *queue);
int64_t cbq_dropped_count(struct circular_blocking_queue *queue); /* Java: getDroppedCount() */

#endif
