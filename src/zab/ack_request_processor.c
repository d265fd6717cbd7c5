/* The leader's own ACK. No thread of its own: SyncRequestProcessor's thread calls it, when the
 * transaction is on disk. Java: AckRequestProcessor */
#include "zab/ack_request_processor.h"

#include <stdlib.h>

#include "zab/leader_internal.h"
#include "zk/base/alloc.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"

struct ack_request_processor {
    struct request_processor processor; /* the first field: it is one */
    struct leader *leader;
};

/* A request without a transaction passes through the log in its order, and was never proposed.
 * Java: processRequest() */
static int ack_process_request(struct request_processor *processor, struct request *request)
{
    struct ack_request_processor *self = (void *)processor;
    struct leader *leader = self->leader;
    if (request->txn != NULL) {
        leader_log_latency(leader, SERVER_METRICS_PROPOSAL_ACK_CREATION_LATENCY, request);
        leader_process_ack(leader, leader->my_id, request->zxid);
    }
    return 0;
}

/* Wakes the threads that work on what these ACKs have committed. */
static void ack_wake(struct request_processor *processor)
{
    leader_wake(((struct ack_request_processor *)processor)->leader);
}

/* It is the last of its chain. Java: shutdown() */
static void ack_shutdown(struct request_processor *processor)
{
    (void)processor;
}

static void ack_free(struct request_processor *processor)
{
    free(processor);
}

static const struct request_processor_ops ack_ops = {
    .process_request = ack_process_request,
    .wake = ack_wake,
    .shutdown = ack_shutdown,
    .free = ack_free,
};

/* Java: new AckRequestProcessor() */
struct request_processor *ack_request_processor_new(struct leader *leader)
{
    struct ack_request_processor *self = zk_xcalloc(1, sizeof *self);
    self->processor.ops = &ack_ops;
    self->leader = leader;
    return &self->processor;
}
