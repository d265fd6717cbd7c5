/* A queue that forgets: full means that the oldest element makes room. Why forgetting is right
 * here: a vote is only worth something until its sender has a newer one.
 * Java: org.apache.zookeeper.util.CircularBlockingQueue */
#ifndef ZK_RUNTIME_CIRCULAR_BLOCKING_QUEUE_H
#define ZK_RUNTIME_CIRCULAR_BLOCKING_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct zk_context;
struct circular_blocking_queue;

/* capacity >= 1. name is copied; free_item frees elements that are dropped or left over. */
struct circular_blocking_queue *cbq_new(struct zk_context *ctx, const char *name, size_t capacity,
                                        void (*free_item)(void *item));
void cbq_free(struct circular_blocking_queue *queue);

/* Java: offer(). Takes item; never blocks; drops the oldest when full. After cbq_close it frees
 * item. */
void cbq_offer(struct circular_blocking_queue *queue, void *item);

/* Java: poll(timeout). 0: got one; -ETIMEDOUT; -ECANCELED: closed. */
ZK_NODISCARD int cbq_poll(struct circular_blocking_queue *queue, int64_t timeout_ms,
                          void **ret_item);

/* Interrupt who polls, without closing: what Java does to a SendWorker whose successor will poll
 * the same queue. The poller takes a ticket, looks at its own flag, then polls with the ticket; who
 * wants it to stop sets the flag, then wakes. So no wake is lost: a poll with a ticket from before
 * the last cbq_wake returns -EINTR at once. */
int64_t cbq_ticket(struct circular_blocking_queue *queue);
ZK_NODISCARD int cbq_poll_interruptibly(struct circular_blocking_queue *queue, int64_t timeout_ms,
                                        int64_t ticket, void **ret_item);
void cbq_wake(struct circular_blocking_queue *queue);

/* Wake every poller; from now on the queue takes and gives nothing. */
void cbq_close(struct circular_blocking_queue *queue);

bool cbq_is_empty(struct circular_blocking_queue *queue);
size_t cbq_size(struct circular_blocking_queue *queue);
int64_t cbq_dropped_count(struct circular_blocking_queue *queue); /* Java: getDroppedCount() */

#endif
