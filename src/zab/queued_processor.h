/* What the first processors of a learner and of a read-only server have in common: a queue, which
 * never drops a request, and one thread of their own that takes all that waits at once. In Java
 * FollowerRequestProcessor, ObserverRequestProcessor and ReadOnlyRequestProcessor each have these
 * lines; here what their threads do stands alone. */
#ifndef ZAB_QUEUED_PROCESSOR_H
#define ZAB_QUEUED_PROCESSOR_H

#include "zk/server/request_processor.h"

struct blocking_queue;
struct zk_context;
struct zk_thread_group;
struct zookeeper_server;

/* The first member of such a processor. Set at birth, then read-only. */
struct queued_processor {
    struct request_processor processor; /* the first field: this is one */
    struct zookeeper_server *server;
    struct zk_context *ctx;
    struct request_processor *next;         /* owned */
    struct blocking_queue *queued_requests; /* of struct request, a reference each */
    struct zk_thread_group *threads;        /* of one, which the processor's start begins */
};

/* Takes ownership of next. server stays the caller's and outlives the processor. */
void queued_processor_init(struct queued_processor *queued, const struct request_processor_ops *ops,
                           struct zookeeper_server *server, struct request_processor *next);

/* ---- methods of request_processor ------------------------------------------------------------ */

/* Any thread; never blocks. The processor's own thread may sleep on until queued_processor_wake. */
int queued_processor_process_request(struct request_processor *processor, struct request *request);
void queued_processor_wake(struct request_processor *processor);
/* Drops what waits, and blocks until the thread has ended: it must not be blocked elsewhere. */
void queued_processor_shutdown(struct request_processor *processor);
/* Frees the processor, whose memory this is the beginning of, and the next one. */
void queued_processor_free(struct request_processor *processor);

#endif
