/* One thread, FollowerRequestProcessor:N or ObserverRequestProcessor:N, behind one queue, which
 * never drops a request. All that waits is taken at once, and leaves for the leader with one flush.
 * The threads that serve clients put requests there, and go on reading.
 *
 * Java: FollowerRequestProcessor, ObserverRequestProcessor */
#include "zab/learner_request_processor.h"

#include <errno.h>
#include <inttypes.h>

#include "zab/learner_zookeeper_server.h"
#include "zab/queued_processor.h"
#include "zab/quorum_zookeeper_server.h"
#include "zk/base/alloc.h"
#include "zk/jute/op_code.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/ruinous_request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"
#include "zk/zab/learner.h"

struct learner_request_processor {
    struct queued_processor queued; /* the first field: this is one */
    struct learner_zookeeper_server *lzk;
    const char *role;
    struct server_metrics_values measured; /* by the thread, since it last told the server */
};

static void refuse_ruinous(struct learner_request_processor *processor, struct request *request);
static void forward(struct learner_request_processor *processor, struct request *request);

/* So many at most leave together: the leader begins with them while the next ones come. */
enum { REQUESTS_PER_FLUSH = 64 };

static void send_on(struct learner_request_processor *processor)
{
    /* CommitProcessor first: it has reads, which need no leader, and the flush may block. */
    request_processor_wake(processor->queued.next);
    learner_flush(processor->lzk->learner);
    server_metrics_merge(zookeeper_server_metrics(processor->queued.server), &processor->measured);
}

static void measure_queue(struct learner_request_processor *processor, size_t size)
{
    server_metrics_measure(&processor->measured,
                           SERVER_METRICS_LEARNER_REQUEST_PROCESSOR_QUEUE_SIZE, (int64_t)size);
}

/* Takes all that waits. What has been forwarded leaves for the leader when there is no more:
 * requests that come one by one while others are forwarded leave together. */
static int take_what_to_forward(struct learner_request_processor *processor, struct bq_batch *batch)
{
    measure_queue(processor, bq_size(processor->queued.queued_requests));
    int r = bq_poll_all(processor->queued.queued_requests, 0, batch);
    if (r != -ETIMEDOUT)
        return r;
    send_on(processor);
    return bq_take_all(processor->queued.queued_requests, batch);
}

/* Java: FollowerRequestProcessor.run(), ObserverRequestProcessor.run() */
static void learner_request_processor_run(void *arg)
{
    struct learner_request_processor *processor = arg;
    struct bq_batch batch = {0};
    int64_t forwarded = 0;
    while (take_what_to_forward(processor, &batch) == 0) {
        struct request *request;
        while ((request = bq_batch_next(&batch)) != NULL) {
            /* Java measures its queue before each request that it takes from there. */
            if (bq_batch_size(&batch) > 0)
                measure_queue(processor, bq_batch_size(&batch));
            refuse_ruinous(processor, request);
            /* The commit must find the request, so the CommitProcessor gets it before the
             * leader does. */
            if (request_processor_hand_over(processor->queued.next, request) == 0)
                forward(processor, request);
            request_unref(request);
            if (++forwarded % REQUESTS_PER_FLUSH == 0)
                send_on(processor);
        }
    }
    bq_batch_done(&batch);
    zk_log(processor->queued.ctx, ZK_LOG_REQUEST_PROCESSOR_EXITED, processor->role);
}

/* What would ruin a leader of Java is marked, and answered here in its turn (D-290). */
static void refuse_ruinous(struct learner_request_processor *processor, struct request *request)
{
    enum keeper_code code = KEEPER_CODE_OK;
    if (!request->refused)
        code = ruinous_request(processor->queued.ctx, request);
    if (code == KEEPER_CODE_OK)
        return;
    request->refused = true;
    request->exception = code;
    zk_log(processor->queued.ctx, ZK_LOG_REFUSED_RUINOUS_REQUEST, (uint64_t)request->session_id,
           request->type, request->cxid);
}

/* Ships to the leader what the whole ensemble takes part in. A sync goes the same way, but nothing
 * is committed for it: what the leader answers belongs to the oldest sync that waits. */
static void forward(struct learner_request_processor *processor, struct request *request)
{
    if (request->refused)
        return;
    switch (request->type) {
    case OP_CODE_SYNC: /* kept before it leaves, so that the main thread finds it at the answer */
        learner_zookeeper_server_add_pending_sync(processor->lzk, request);
        learner_request(processor->lzk->learner, request);
        break;
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_SET_DATA:
    case OP_CODE_RECONFIG:
    case OP_CODE_SET_ACL:
    case OP_CODE_MULTI:
    case OP_CODE_CHECK:
        learner_request(processor->lzk->learner, request);
        break;
    case OP_CODE_CREATE_SESSION:
    case OP_CODE_CLOSE_SESSION:
        if (!request->local_session) /* no other server knows of a local one */
            learner_request(processor->lzk->learner, request);
        break;
    default: /* answered here, from this server's tree */
        break;
    }
}

/* Java: FollowerRequestProcessor.processRequest(), ObserverRequestProcessor.processRequest() */
static int learner_request_processor_process_request(struct request_processor *base,
                                                     struct request *request)
{
    struct learner_request_processor *processor = (struct learner_request_processor *)base;
    struct request *upgrade_request = quorum_zookeeper_server_check_upgrade_session(
        processor->queued.server, processor->lzk->self, request);
    /* Ahead of the request: the leader must know the session before it may own an ephemeral node.
     * The queue takes the reference. */
    if (upgrade_request != NULL)
        bq_put_quietly(processor->queued.queued_requests, upgrade_request);
    return queued_processor_process_request(base, request);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Java: FollowerRequestProcessor.shutdown(), ObserverRequestProcessor.shutdown() */
static const struct request_processor_ops learner_request_processor_ops = {
    .process_request = learner_request_processor_process_request,
    .wake = queued_processor_wake,
    .shutdown = queued_processor_shutdown,
    .free = queued_processor_free,
};

struct learner_request_processor *learner_request_processor_new(struct zookeeper_server *server,
                                                                const char *role,
                                                                struct request_processor *next)
{
    struct learner_request_processor *processor = zk_xcalloc(1, sizeof *processor);
    queued_processor_init(&processor->queued, &learner_request_processor_ops, server, next);
    processor->lzk = learner_zookeeper_server_of(server);
    processor->role = role;
    return processor;
}

int learner_request_processor_start(struct learner_request_processor *processor)
{
    return zk_thread_group_start(processor->queued.threads, learner_request_processor_run,
                                 processor, "%sRequestProcessor:%" PRId64, processor->role,
                                 processor->lzk->self->my_id);
}

struct request_processor *learner_request_processor_as_processor(
    struct learner_request_processor *processor)
{
    return &processor->queued.processor;
}
