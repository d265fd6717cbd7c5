/* Proposes writes. No thread of its own: PrepRequestProcessor's thread calls it, so proposals are
 * made in the order of their zxids. Java: ProposalRequestProcessor */
#include "zab/proposal_request_processor.h"

#include <stdlib.h>

#include "zab/ack_request_processor.h"
#include "zab/leader_internal.h"
#include "zk/base/alloc.h"
#include "zk/jute/op_code.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/sync_request_processor.h"

struct proposal_request_processor {
    struct request_processor processor; /* the first field: it is one */
    struct leader *leader;
    struct request_processor *next;           /* owned */
    struct request_processor *sync_processor; /* owned, with AckRequestProcessor behind it */
};

/* Java: processRequest() */
static int proposal_process_request(struct request_processor *processor, struct request *request)
{
    struct proposal_request_processor *self = (void *)processor;
    if (request->learner != NULL) { /* a SYNC, whose client waits at that learner, not here */
        leader_process_sync(self->leader, request);
        return 0;
    }
    /* It goes first to where the commit is waited for: with one voter, or a fast quorum, the commit
     * may come before propose() has returned. */
    int r = request_processor_hand_over(self->next, request);
    if (r < 0)
        return r;
    if (request->type == OP_CODE_SYNC && !request->refused) {
        leader_process_sync(self->leader, request);
        return 0;
    }
    if (request->txn == NULL)
        return 0;
    r = leader_propose(self->leader, request);
    if (r < 0) /* what nobody else is told of does not go into our own log */
        return r;
    /* The leader is a voter like any other: its log is written while the followers write theirs,
     * and its ACK comes from AckRequestProcessor. */
    return request_processor_hand_over(self->sync_processor, request);
}

static void proposal_wake(struct request_processor *processor)
{
    struct proposal_request_processor *self = (void *)processor;
    request_processor_wake(self->sync_processor);
    leader_wake(self->leader); /* CommitProcessor, too */
}

/* Java: shutdown() */
static void proposal_shutdown(struct request_processor *processor)
{
    struct proposal_request_processor *self = (void *)processor;
    request_processor_shutdown(self->next);
    request_processor_shutdown(self->sync_processor);
}

static void proposal_free_processor(struct request_processor *processor)
{
    struct proposal_request_processor *self = (void *)processor;
    request_processor_free(self->next);
    request_processor_free(self->sync_processor);
    free(self);
}

static const struct request_processor_ops proposal_ops = {
    .process_request = proposal_process_request,
    .wake = proposal_wake,
    .shutdown = proposal_shutdown,
    .free = proposal_free_processor,
};

/* Java: new ProposalRequestProcessor() */
struct request_processor *proposal_request_processor_new(
    struct leader *leader, struct zookeeper_server *server, struct request_processor *next,
    struct sync_request_processor **ret_sync_processor)
{
    struct proposal_request_processor *self = zk_xcalloc(1, sizeof *self);
    self->processor.ops = &proposal_ops;
    self->leader = leader;
    self->next = next;
    struct sync_request_processor *sync_processor =
        sync_request_processor_new(server, ack_request_processor_new(leader));
    self->sync_processor = sync_request_processor_as_processor(sync_processor);
    *ret_sync_processor = sync_processor;
    return &self->processor;
}
