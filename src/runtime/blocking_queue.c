/* One lock, one condition, and a ring. Elements leave at the head only, so the ring holds the last
 * ones that came, without a gap: the ordinal of the head follows from how many came and how many
 * are there. */
#include "zk/runtime/blocking_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/context_internal.h"
#include "runtime/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"

/* A batch with more places than these gives its memory back before it is filled again, so that a
 * taker that fell behind once does not keep it for ever. */
enum { BQ_ROOM_KEPT = 4096 };

struct blocking_queue {
    struct zk_context *ctx;
    char *name;
    size_t limit;
    void (*free_item)(void *item);

    struct zk_queue_entry entry;              /* for a thread dump */
    struct zk_mutex mu;                       /* L-110. Guards: */
    struct zk_cond not_empty;                 /* or closed */
    struct array_deque items GUARDED_BY(&mu); /* pointers */
    size_t size GUARDED_BY(&mu);              /* of items; where a thread dump finds it */
    bool quiet GUARDED_BY(&mu);               /* something came, and nobody was woken for it */
    int64_t put_count GUARDED_BY(&mu);        /* elements that ever came */
    int64_t drop_count GUARDED_BY(&mu);       /* those of them that were dropped at the limit */
    bool closed GUARDED_BY(&mu);              /* never goes back */
};

struct blocking_queue *bq_new(struct zk_context *ctx, const char *name, size_t limit,
                              void (*free_item)(void *item)) UNSHARED
{
    zk_assert(limit >= 1);
    struct blocking_queue *queue = zk_xcalloc(1, sizeof *queue);
    queue->ctx = ctx;
    queue->name = zk_xstrdup(name);
    queue->limit = limit;
    queue->free_item = free_item;
    zk_mutex_init(&queue->mu, ctx, queue->name, ZK_RANK_QUEUE);
    zk_cond_init(&queue->not_empty);
    queue->items = (struct array_deque)ARRAY_DEQUE_OF(void *);
    queue->entry = (struct zk_queue_entry){
        .name = queue->name, .limit = limit, .mu = &queue->mu, .size = &queue->size};
    if (ctx->options.thread_dump)
        zk_registry_add_queue(&ctx->registry, &queue->entry);
    return queue;
}

void bq_free(struct blocking_queue *queue)
{
    if (queue == NULL)
        return;
    bq_clear(queue);
    array_deque_done(&queue->items);
    if (queue->ctx->options.thread_dump)
        zk_registry_remove_queue(&queue->ctx->registry, &queue->entry);
    zk_cond_destroy(&queue->not_empty);
    zk_mutex_destroy(&queue->mu);
    free(queue->name);
    free(queue);
}

static int64_t bq_head_seq_locked(const struct blocking_queue *queue) REQUIRES(&queue->mu)
{
    return queue->put_count - (int64_t)queue->size + 1;
}

/* Returns the oldest element of a queue that is not empty. */
static void *bq_take_head_locked(struct blocking_queue *queue) REQUIRES(&queue->mu)
{
    zk_mutex_assert_held(&queue->mu);
    void *item = NULL;
    array_deque_remove_first(&queue->items, &item);
    queue->size--;
    return item;
}

static void bq_append_locked(struct blocking_queue *queue, void *item) REQUIRES(&queue->mu)
{
    zk_mutex_assert_held(&queue->mu);
    array_deque_add_last(&queue->items, &item);
    queue->size++;
    queue->put_count++;
}

static void bq_log_drop(struct blocking_queue *queue, int64_t drop_count)
{
    if (zk_log_is_due(drop_count))
        zk_log(queue->ctx, ZK_LOG_QUEUE_OVERFLOW, queue->name, queue->limit, drop_count);
}

static void bq_append(struct blocking_queue *queue, void *item, bool quietly)
{
    void *dropped = NULL;
    int64_t dropped_seq = 0;
    int64_t drop_count = 0;

    zk_mutex_lock(&queue->mu);
    if (queue->closed) {
        zk_mutex_unlock(&queue->mu);
        queue->free_item(item);
        return;
    }
    if (queue->size == queue->limit) {
        dropped_seq = bq_head_seq_locked(queue);
        dropped = bq_take_head_locked(queue);
        drop_count = ++queue->drop_count;
    }
    bq_append_locked(queue, item);
    /* Under the lock, so that the trace has the elements in the order of the queue. */
    zk_trace_enq(queue->ctx, queue->name, queue->put_count, queue->size, dropped_seq);
    if (!quietly)
        zk_cond_signal(&queue->not_empty);
    queue->quiet |= quietly;
    zk_mutex_unlock(&queue->mu);

    if (dropped_seq > 0)
        queue->free_item(dropped);
    bq_log_drop(queue, drop_count);
}

void bq_put(struct blocking_queue *queue, void *item)
{
    bq_append(queue, item, false);
}

void bq_put_quietly(struct blocking_queue *queue, void *item)
{
    bq_append(queue, item, true);
}

void bq_put_all_quietly(struct blocking_queue *queue, struct array_deque *items)
{
    void *item;
    zk_mutex_lock(&queue->mu);
    while (!queue->closed && queue->size < queue->limit && array_deque_remove_first(items, &item)) {
        bq_append_locked(queue, item);
        zk_trace_enq(queue->ctx, queue->name, queue->put_count, queue->size, 0);
        queue->quiet = true;
    }
    zk_mutex_unlock(&queue->mu);
    /* It is full or closed: something must be dropped for each of these. */
    while (array_deque_remove_first(items, &item))
        bq_put_quietly(queue, item);
}

void bq_wake(struct blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    bool wake = queue->quiet && queue->size > 0;
    queue->quiet = false;
    zk_mutex_unlock(&queue->mu);
    if (wake)
        zk_cond_signal(&queue->not_empty);
}

/* Returns when there is an element, or none will come, or the time is over. */
static void bq_wait_locked(struct blocking_queue *queue, int64_t deadline_ms) REQUIRES(&queue->mu)
{
    bool time_left = true;
    while (queue->size == 0 && !queue->closed && time_left)
        time_left = zk_cond_wait_until(&queue->not_empty, &queue->mu, deadline_ms);
}

int bq_poll(struct blocking_queue *queue, int64_t timeout_ms, void **ret_item)
{
    int r = 0;

    zk_mutex_lock(&queue->mu);
    if (queue->size == 0 && timeout_ms > 0)
        bq_wait_locked(queue, zk_deadline_ms(timeout_ms));
    if (queue->closed) {
        r = -ECANCELED;
    } else if (queue->size == 0) {
        r = -ETIMEDOUT;
    } else {
        int64_t seq = bq_head_seq_locked(queue);
        *ret_item = bq_take_head_locked(queue);
        zk_trace_deq(queue->ctx, queue->name, seq, queue->size);
    }
    zk_mutex_unlock(&queue->mu);
    return r;
}

int bq_take_all(struct blocking_queue *queue, struct bq_batch *batch)
{
    return bq_poll_all(queue, INT64_MAX, batch);
}

int bq_poll_all(struct blocking_queue *queue, int64_t timeout_ms, struct bq_batch *batch)
{
    zk_assert(batch->items.count == 0);
    if (batch->items.room > BQ_ROOM_KEPT)
        array_deque_done(&batch->items);
    zk_mutex_lock(&queue->mu);
    if (queue->size == 0 && timeout_ms > 0)
        bq_wait_locked(queue, zk_deadline_ms(timeout_ms));
    int r = queue->closed ? -ECANCELED : queue->size == 0 ? -ETIMEDOUT : 0;
    if (r < 0) {
        zk_mutex_unlock(&queue->mu);
        return r;
    }
    /* The queue and its taker exchange their rings, so that none is allocated for each batch. */
    struct array_deque empty = batch->items;
    empty.element_size = queue->items.element_size;
    *batch = (struct bq_batch){.items = queue->items, .free_item = queue->free_item};
    queue->items = empty;
    queue->quiet = false;
    for (int64_t seq = bq_head_seq_locked(queue); queue->size > 0; seq++)
        zk_trace_deq(queue->ctx, queue->name, seq, --queue->size);
    zk_mutex_unlock(&queue->mu);
    return 0;
}

size_t bq_batch_size(const struct bq_batch *batch)
{
    return batch->items.count;
}

void *bq_batch_next(struct bq_batch *batch)
{
    void *item = NULL;
    array_deque_remove_first(&batch->items, &item);
    return item;
}

void bq_batch_done(struct bq_batch *batch)
{
    void *item;
    while ((item = bq_batch_next(batch)) != NULL)
        batch->free_item(item);
    array_deque_done(&batch->items);
}

void bq_close(struct blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    queue->closed = true;
    zk_cond_broadcast(&queue->not_empty);
    zk_mutex_unlock(&queue->mu);
}

void bq_clear(struct blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    struct bq_batch left = {.items = queue->items, .free_item = queue->free_item};
    queue->items = (struct array_deque)ARRAY_DEQUE_OF(void *);
    queue->size = 0;
    zk_mutex_unlock(&queue->mu);
    bq_batch_done(&left);
}

size_t bq_size(struct blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    size_t size = queue->size;
    zk_mutex_unlock(&queue->mu);
    return size;
}
