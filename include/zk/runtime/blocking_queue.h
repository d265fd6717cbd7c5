/* How threads talk to each other: one thread puts elements in, another takes them out, and closing
 * the queue is how the taker is told to stop.
 *
 * Java: LinkedBlockingQueue. Where Java interrupts the consumer, ours is closed (D-6).
 * Java's queue is unbounded; ours has a limit that is far above all that is seen in practice, and
 * at which the oldest element is dropped and counted.
 *
 * Any thread may call every function, bq_new and bq_free excepted. None blocks but bq_poll,
 * bq_poll_all and bq_take_all. */
#ifndef ZK_RUNTIME_BLOCKING_QUEUE_H
#define ZK_RUNTIME_BLOCKING_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/array_deque.h"
#include "zk/base/attrs.h"

struct zk_context;
struct blocking_queue;

enum { BQ_LIMIT = 65536 };

/* Returns an empty queue. name is copied; the trace and a thread dump call the queue by it. The
 * queue calls free_item for each element that it drops or that is left in the end. */
struct blocking_queue *bq_new(struct zk_context *ctx, const char *name, size_t limit,
                              void (*free_item)(void *item));
/* Frees the queue and what is left in it. No other thread may use it any more. NULL is fine. */
void bq_free(struct blocking_queue *queue);

/* Appends item and takes ownership of it. A full queue drops its oldest element for it; a closed
 * queue frees item at once. Java: offer() */
void bq_put(struct blocking_queue *queue, void *item);

/* The same, but a taker that sleeps is not woken before bq_wake, so that a thread that has many
 * elements to put wakes it only once. It calls bq_wake when it has put them all, and before it may
 * block itself. */
void bq_put_quietly(struct blocking_queue *queue, void *item);
/* The same for all of items, an array_deque of pointers, which is empty then: one lock for all. */
void bq_put_all_quietly(struct blocking_queue *queue, struct array_deque *items);
/* Wakes a taker if elements have been put quietly and are still there. */
void bq_wake(struct blocking_queue *queue);

/* Takes the oldest element; it is the caller's then. Waits at most timeout_ms for one (0: not at
 * all; INT64_MAX: for ever).
 * Errors: -ETIMEDOUT, no element came; -ECANCELED, the queue is closed (elements that were left
 * stay there). Java: poll(timeout) */
ZK_NODISCARD int bq_poll(struct blocking_queue *queue, int64_t timeout_ms, void **ret_item);

/* Elements that were taken in one step, the oldest first. They are the batch's until bq_batch_next
 * hands them out. One thread uses a batch. It is zero-initialised, and empty whenever it is filled;
 * its memory is used again and again, until bq_batch_done. */
struct bq_batch {
    struct array_deque items; /* pointers */
    void (*free_item)(void *item);
};

/* Takes every element of the queue, and waits for one as long as there is none. So a taker that can
 * use many at once takes the lock once and is woken once, however many there are.
 * Errors: -ECANCELED, the queue is closed. Java: take() and drainTo() */
ZK_NODISCARD int bq_take_all(struct blocking_queue *queue, struct bq_batch *batch);
/* The same, but waits at most timeout_ms (0: not at all). Errors: -ETIMEDOUT, no element came; as
 * above. Java: poll(timeout) and drainTo() */
ZK_NODISCARD int bq_poll_all(struct blocking_queue *queue, int64_t timeout_ms,
                             struct bq_batch *batch);

/* Returns how many elements the batch still has. */
size_t bq_batch_size(const struct bq_batch *batch);
/* Returns the next element, which is the caller's then; NULL when the batch is empty. */
void *bq_batch_next(struct bq_batch *batch);
/* Frees the elements that were not handed out, and the batch's memory. */
void bq_batch_done(struct bq_batch *batch);

/* Wakes all threads that wait for an element; from now on the queue takes none and gives none.
 * Closing it again does nothing. */
void bq_close(struct blocking_queue *queue);

/* Frees all elements. Java: clear() */
void bq_clear(struct blocking_queue *queue);
size_t bq_size(struct blocking_queue *queue);

#endif
