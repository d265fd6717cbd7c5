/* A ring of requests. Java: ArrayDeque */
#include "server/request_queue.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/server/request.h"

/* Most queues hold what one client has sent without waiting for an answer. */
enum { REQUEST_QUEUE_ROOM = 4 };

static size_t request_queue_slot(const struct request_queue *queue, size_t index)
{
    return (queue->head + index) & (queue->room - 1);
}

static void request_queue_grow(struct request_queue *queue)
{
    size_t room = queue->room > 0 ? 2 * queue->room : REQUEST_QUEUE_ROOM;
    struct request **items = zk_xmalloc(room * sizeof *items);
    for (size_t i = 0; i < queue->count; i++)
        items[i] = queue->items[request_queue_slot(queue, i)];
    free(queue->items);
    *queue = (struct request_queue){.items = items, .count = queue->count, .room = room};
}

/* Takes over the caller's reference. */
static void request_queue_append(struct request_queue *queue, struct request *request)
{
    if (queue->count == queue->room)
        request_queue_grow(queue);
    queue->items[request_queue_slot(queue, queue->count++)] = request;
}

void request_queue_add(struct request_queue *queue, struct request *request)
{
    request_queue_append(queue, request_ref(request));
}

struct request *request_queue_peek(const struct request_queue *queue)
{
    return queue->count > 0 ? queue->items[queue->head] : NULL;
}

struct request *request_queue_poll(struct request_queue *queue)
{
    if (queue->count == 0)
        return NULL;
    struct request *request = queue->items[queue->head];
    queue->head = request_queue_slot(queue, 1);
    queue->count--;
    return request;
}

void request_queue_move(struct request_queue *queue, struct request_queue *from)
{
    if (queue->count == 0) {
        /* Two threads that hand over all the time pass the same two rings to and fro. */
        struct request_queue empty = *queue;
        *queue = *from;
        *from = empty;
        from->head = 0;
        return;
    }
    struct request *request;
    while ((request = request_queue_poll(from)) != NULL)
        request_queue_append(queue, request);
}

void request_queue_done(struct request_queue *queue)
{
    struct request *request;
    while ((request = request_queue_poll(queue)) != NULL)
        request_unref(request);
    free(queue->items);
    *queue = (struct request_queue){0};
}
