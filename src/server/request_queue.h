/* Requests in a row, the oldest first. Java: ArrayDeque. The queue holds a reference to each. It
 * has no lock: its owner locks, or is the only thread. Zero-initialised it is empty. */
#ifndef ZK_SERVER_REQUEST_QUEUE_H
#define ZK_SERVER_REQUEST_QUEUE_H

#include "zk/base/array_deque.h"

struct request;

struct request_queue {
    struct array_deque deque; /* of struct request * */
};

/* Takes a reference. Java: addLast() */
void request_queue_add(struct request_queue *queue, struct request *request);
/* Takes over the caller's reference. */
void request_queue_take_over(struct request_queue *queue, struct request *request);
/* Returns the oldest one, which stays the queue's; NULL if the queue is empty. Java: peek() */
struct request *request_queue_peek(const struct request_queue *queue);
/* Takes the oldest one out and returns it; the caller unrefs it. NULL if the queue is empty. Java:
 * poll() */
struct request *request_queue_poll(struct request_queue *queue);
/* Moves all of from behind what queue has. Java: addAll() */
void request_queue_move(struct request_queue *queue, struct request_queue *from);
/* Empties the queue and frees its memory. */
void request_queue_done(struct request_queue *queue);

#endif
