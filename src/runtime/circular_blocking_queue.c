/* A ring of fixed room, one lock, one condition. */
#include "zk/runtime/circular_blocking_queue.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/context_internal.h"
#include "runtime/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/trace.h"

enum { NO_TICKET = -1 }; /* a poll that cannot be interrupted */

struct circular_blocking_queue {
    struct zk_context *ctx;
    char *name;
    size_t capacity;
    void (*free_item)(void *item);

    struct zk_queue_entry entry;  /* for a thread dump */
    struct zk_mutex mu;           /* L-110. Guards: */
    struct zk_cond not_empty;     /* or closed */
    void **ring GUARDED_BY(&mu);  /* capacity places */
    size_t first GUARDED_BY(&mu); /* place of the oldest */
    size_t size GUARDED_BY(&mu);
    int64_t offered GUARDED_BY(&mu); /* elements that ever came */
    int64_t dropped GUARDED_BY(&mu); /* Java: CircularBlockingQueue.droppedCount */
    bool closed GUARDED_BY(&mu);     /* never goes back */
    int64_t wakes GUARDED_BY(&mu);   /* how often cbq_wake was called; a ticket is this number */
};

/* Java: CircularBlockingQueue(queueSize) */
struct circular_blocking_queue *cbq_new(struct zk_context *ctx, const char *name, size_t capacity,
                                        void (*free_item)(void *item)) UNSHARED
{
    zk_assert(capacity >= 1);
    struct circular_blocking_queue *queue = zk_xcalloc(1, sizeof *queue);
    queue->ctx = ctx;
    queue->name = zk_xstrdup(name);
    queue->capacity = capacity;
    queue->free_item = free_item;
    queue->ring = zk_xcalloc(capacity, sizeof *queue->ring);
    zk_mutex_init(&queue->mu, ctx, queue->name, ZK_RANK_QUEUE);
    zk_cond_init(&queue->not_empty);
    queue->entry = (struct zk_queue_entry){
        .name = queue->name, .limit = capacity, .mu = &queue->mu, .size = &queue->size};
    if (ctx->options.thread_dump)
        zk_registry_add_queue(&ctx->registry, &queue->entry);
    return queue;
}

void cbq_free(struct circular_blocking_queue *queue) UNSHARED
{
    if (queue == NULL)
        return;
    for (size_t i = 0; i < queue->size; i++)
        queue->free_item(queue->ring[(queue->first + i) % queue->capacity]);
    if (queue->ctx->options.thread_dump)
        zk_registry_remove_queue(&queue->ctx->registry, &queue->entry);
    zk_cond_destroy(&queue->not_empty);
    zk_mutex_destroy(&queue->mu);
    free(queue->ring);
    free(queue->name);
    free(queue);
}

static int64_t cbq_first_seq_locked(const struct circular_blocking_queue *queue)
    REQUIRES(&queue->mu)
{
    return queue->offered - (int64_t)queue->size + 1;
}

/* Returns the oldest element of a queue that is not empty. */
static void *cbq_take_first_locked(struct circular_blocking_queue *queue) REQUIRES(&queue->mu)
{
    zk_mutex_assert_held(&queue->mu);
    void *item = queue->ring[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->size--;
    return item;
}

/* Java: CircularBlockingQueue.offer() */
void cbq_offer(struct circular_blocking_queue *queue, void *item)
{
    void *dropped = NULL;
    int64_t dropped_seq = 0;

    zk_mutex_lock(&queue->mu);
    if (queue->closed) {
        zk_mutex_unlock(&queue->mu);
        queue->free_item(item);
        return;
    }
    if (queue->size == queue->capacity) {
        dropped_seq = cbq_first_seq_locked(queue);
        dropped = cbq_take_first_locked(queue);
        queue->dropped++;
    }
    queue->ring[(queue->first + queue->size) % queue->capacity] = item;
    queue->size++;
    queue->offered++;
    /* Under the lock, so that the trace has the elements in the order of the queue. */
    zk_trace_enq(queue->ctx, queue->name, queue->offered, queue->size, dropped_seq);
    zk_cond_signal(&queue->not_empty);
    zk_mutex_unlock(&queue->mu);

    if (dropped_seq > 0)
        queue->free_item(dropped);
}

static bool interrupted_locked(const struct circular_blocking_queue *queue, int64_t ticket)
    REQUIRES(&queue->mu)
{
    return ticket != NO_TICKET && ticket != queue->wakes;
}

/* Returns when there is an element, or a reason not to wait for one, or the time is over. */
static void cbq_wait_locked(struct circular_blocking_queue *queue, int64_t deadline_ms,
                            int64_t ticket) REQUIRES(&queue->mu)
{
    bool time_left = true;
    while (queue->size == 0 && !queue->closed && !interrupted_locked(queue, ticket) && time_left)
        time_left = zk_cond_wait_until(&queue->not_empty, &queue->mu, deadline_ms);
}

static int cbq_poll_with_ticket(struct circular_blocking_queue *queue, int64_t timeout_ms,
                                int64_t ticket, void **ret_item)
{
    int r = 0;

    zk_mutex_lock(&queue->mu);
    if (queue->size == 0 && timeout_ms > 0)
        cbq_wait_locked(queue, zk_deadline_ms(timeout_ms), ticket);
    if (queue->closed) {
        r = -ECANCELED;
    } else if (interrupted_locked(queue, ticket)) {
        r = -EINTR;
    } else if (queue->size == 0) {
        r = -ETIMEDOUT;
    } else {
        int64_t seq = cbq_first_seq_locked(queue);
        *ret_item = cbq_take_first_locked(queue);
        zk_trace_deq(queue->ctx, queue->name, seq, queue->size);
    }
    zk_mutex_unlock(&queue->mu);
    return r;
}

/* Java: CircularBlockingQueue.poll(timeout, unit) */
int cbq_poll(struct circular_blocking_queue *queue, int64_t timeout_ms, void **ret_item)
{
    return cbq_poll_with_ticket(queue, timeout_ms, NO_TICKET, ret_item);
}

int cbq_poll_interruptibly(struct circular_blocking_queue *queue, int64_t timeout_ms,
                           int64_t ticket, void **ret_item)
{
    return cbq_poll_with_ticket(queue, timeout_ms, ticket, ret_item);
}

int64_t cbq_ticket(struct circular_blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    int64_t ticket = queue->wakes;
    zk_mutex_unlock(&queue->mu);
    return ticket;
}

void cbq_wake(struct circular_blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    queue->wakes++;
    zk_cond_broadcast(&queue->not_empty);
    zk_mutex_unlock(&queue->mu);
}

void cbq_close(struct circular_blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    queue->closed = true;
    zk_cond_broadcast(&queue->not_empty);
    zk_mutex_unlock(&queue->mu);
}

/* Java: CircularBlockingQueue.isEmpty() */
bool cbq_is_empty(struct circular_blocking_queue *queue)
{
    return cbq_size(queue) == 0;
}

/* Java: CircularBlockingQueue.size() */
size_t cbq_size(struct circular_blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    size_t size = queue->size;
    zk_mutex_unlock(&queue->mu);
    return size;
}

/* Java: CircularBlockingQueue.getDroppedCount() */
int64_t cbq_dropped_count(struct circular_blocking_queue *queue)
{
    zk_mutex_lock(&queue->mu);
    int64_t dropped = queue->dropped;
    zk_mutex_unlock(&queue->mu);
    return dropped;
}
