/* Collects ACKs and sends them together. No thread of its own: the SyncThread calls.
 * Java: SendAckRequestProcessor */
#include "zab/send_ack_request_processor.h"

#include <stdlib.h>

#include "zab/learner_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/array_deque.h"
#include "zk/jute/op_code.h"
#include "zk/jute/quorum.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/trace.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"

struct send_ack_request_processor {
    struct request_processor processor; /* the first field: this is one */
    struct learner *learner;
    /* int64_t: transactions that are on disk and not acknowledged yet. Their ACKs leave together,
     * at a flush. */
    struct array_deque zxids;
    struct server_metrics_values measured; /* by the SyncThread, since its last flush */
};

/* Java: processRequest(). Returns 0 always: where the connection fails, the role ends, and not the
 * SyncRequestProcessor, which has more to write to disk. */
static int send_ack_request_processor_process_request(struct request_processor *base,
                                                      struct request *request)
{
    struct send_ack_request_processor *processor = (struct send_ack_request_processor *)base;
    struct learner *learner = processor->learner;
    if (request->type == OP_CODE_SYNC)
        return 0;
    zk_trace_txn(learner->ctx, "acked", request->zxid, 0,
                 "it is on this server's disk, and the leader may count it");
    server_metrics_log_latency(&processor->measured, SERVER_METRICS_PROPOSAL_ACK_CREATION_LATENCY,
                               request->txn->header.time_ms);
    array_deque_add_last(&processor->zxids, &request->zxid);
    return 0;
}

/* Java: flush() */
static int send_ack_request_processor_flush(struct request_processor *base)
{
    struct send_ack_request_processor *processor = (struct send_ack_request_processor *)base;
    learner_send_acks(processor->learner, &processor->zxids);
    server_metrics_merge(processor->learner->self->metrics, &processor->measured);
    return 0;
}

/* It is the last of its chain, and what it has not sent belongs to a connection that ends.
 * Java: shutdown() */
static void send_ack_request_processor_shutdown(struct request_processor *base)
{
    (void)base;
}

static void send_ack_request_processor_free(struct request_processor *base)
{
    array_deque_done(&((struct send_ack_request_processor *)base)->zxids);
    free(base);
}

static const struct request_processor_ops send_ack_request_processor_ops = {
    .process_request = send_ack_request_processor_process_request,
    .flush = send_ack_request_processor_flush,
    .shutdown = send_ack_request_processor_shutdown,
    .free = send_ack_request_processor_free,
};

struct request_processor *send_ack_request_processor_new(struct learner *learner)
{
    struct send_ack_request_processor *processor = zk_xcalloc(1, sizeof *processor);
    processor->processor.ops = &send_ack_request_processor_ops;
    processor->learner = learner;
    processor->zxids = (struct array_deque)ARRAY_DEQUE_OF(int64_t);
    return &processor->processor;
}
