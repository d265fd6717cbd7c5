/* References in an array_deque. Java: ArrayDeque<Request> */
#include "server/request_queue.h"

#include "zk/server/request.h"

void request_queue_take_over(struct request_queue *queue, struct request *request)
{
    queue->deque.element_size = sizeof request;
    array_deque_add_last(&queue->deque, &request);
}

void request_queue_add(struct request_queue *queue, struct request *request)
{
    request_queue_take_over(queue, request_ref(request));
}

struct request *request_queue_peek(const struct request_queue *queue)
{
    struct request *const *first = array_deque_get(&queue->deque, 0);
    return first != NULL ? *first : NULL;
}

struct request *request_queue_poll(struct request_queue *queue)
{
    struct request *request = NULL;
    array_deque_remove_first(&queue->deque, &request);
    return request;
}

void request_queue_move(struct request_queue *queue, struct request_queue *from)
{
    if (queue->deque.count == 0) {
        /* Two threads that hand over all the time pass the same two rings to and fro. */
        struct request_queue empty = *queue;
        *queue = *from;
        *from = empty;
        return;
    }
    struct request *request;
    while ((request = request_queue_poll(from)) != NULL)
        request_queue_take_over(queue, request);
}

void request_queue_done(struct request_queue *queue)
{
    struct request *request;
    while ((request = request_queue_poll(queue)) != NULL)
        request_unref(request);
    array_deque_done(&queue->deque);
}
