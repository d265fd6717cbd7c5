/* The whole of thread talk: one thread puts, another polls, and who must stop closes.
 * Java: LinkedBlockingQueue, with close() where Java interrupts the consumer (departure D-6).
 * Java's is unbounded; ours has a high limit, at which the oldest element is dropped and counted
 * (decision A-8). */
#ifndef ZK_RUNTIME_BLOCKING_QUEUE_H
#define ZK_RUNTIME_BLOCKING_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct zk_context;
struct blocking_queue;

/* Java has no limit; none of ours has been seen to come near this. */
enum { BQ_LIMIT = 65536 };

/* name (copied) is what the trace calls it; free_item frees elements that are dropped or left
 * over. */
struct blocking_queue *bq_new(struct zk_context *ctx, const char *name, size_t limit,
                              void (*free_item)(void *item));
void bq_free(struct blocking_queue *queue); /* nobody uses it any more; frees what is left */

/* Java: offer(). Takes item; never blocks. After bq_close it frees item. */
void bq_put(struct blocking_queue *queue, void *item);

/* Java: poll(timeout). Give the oldest element, waiting at most timeout_ms (0: do not wait;
 * INT64_MAX: for ever). 0: got one; -ETIMEDOUT: none came; -ECANCELED: the queue is closed
 * (elements that were left are not given). */
ZK_NODISCARD int bq_poll(struct blocking_queue *queue, int64_t timeout_ms, void **ret_item);

/* Wake every poller; from now on the queue takes and gives nothing. Any thread, any number of
 * times. */
void bq_close(struct blocking_queue *queue);

/* Java: clear() */
void bq_clear(struct blocking_queue *queue);
size_t bq_size(struct blocking_queue *queue);

#endif
