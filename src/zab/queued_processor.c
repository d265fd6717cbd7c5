/* A processor with a queue and a thread of its own. */
#include "zab/queued_processor.h"

#include <stdint.h>
#include <stdlib.h>

#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/zookeeper_server.h"

static void drop_request(void *item)
{
    request_unref(item);
}

void queued_processor_init(struct queued_processor *queued, const struct request_processor_ops *ops,
                           struct zookeeper_server *server, struct request_processor *next)
{
    queued->processor.ops = ops;
    queued->server = server;
    queued->ctx = zookeeper_server_ctx(server);
    queued->next = next;
    queued->queued_requests = bq_new(queued->ctx, "queuedRequests", SIZE_MAX, drop_request);
    queued->threads = zk_thread_group_new(queued->ctx);
}

int queued_processor_process_request(struct request_processor *processor, struct request *request)
{
    struct queued_processor *queued = (struct queued_processor *)processor;
    bq_put_quietly(queued->queued_requests, request_ref(request));
    return 0;
}

void queued_processor_wake(struct request_processor *processor)
{
    bq_wake(((struct queued_processor *)processor)->queued_requests);
}

void queued_processor_shutdown(struct request_processor *processor)
{
    struct queued_processor *queued = (struct queued_processor *)processor;
    bq_close(queued->queued_requests);
    zk_thread_group_join(queued->threads);
    request_processor_shutdown(queued->next);
}

void queued_processor_free(struct request_processor *processor)
{
    struct queued_processor *queued = (struct queued_processor *)processor;
    zk_thread_group_free(queued->threads);
    bq_free(queued->queued_requests);
    request_processor_free(queued->next);
    free(queued);
}
