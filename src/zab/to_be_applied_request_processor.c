/* Keeps the leader's list toBeApplied. No thread of its own: CommitProcessor's thread calls it.
 * Java: Leader.ToBeAppliedRequestProcessor */
#include "zab/to_be_applied_request_processor.h"

#include <stdlib.h>

#include "zab/leader_internal.h"
#include "zk/base/alloc.h"
#include "zk/runtime/log_table.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"

struct to_be_applied_request_processor {
    struct request_processor processor; /* the first field: it is one */
    struct leader *leader;
    struct request_processor *next; /* owned */
};

/* Java: processRequest() */
static int to_be_applied_process_request(struct request_processor *processor,
                                         struct request *request)
{
    struct to_be_applied_request_processor *self = (void *)processor;
    int r = request_processor_hand_over(self->next, request);
    /* Behind FinalRequestProcessor, so that the transaction is in the committed log before it
     * leaves the list: a learner that joins finds it in one of the two, or in both, never in
     * neither. Only writes stand on the list. */
    if (request->txn != NULL)
        leader_applied(self->leader, request);
    return r;
}

static void to_be_applied_wake(struct request_processor *processor)
{
    struct to_be_applied_request_processor *self = (void *)processor;
    request_processor_wake(self->next);
}

/* Java: shutdown() */
static void to_be_applied_shutdown(struct request_processor *processor)
{
    struct to_be_applied_request_processor *self = (void *)processor;
    request_processor_shutdown(self->next);
}

static void to_be_applied_free(struct request_processor *processor)
{
    struct to_be_applied_request_processor *self = (void *)processor;
    request_processor_free(self->next);
    free(self);
}

static const struct request_processor_ops to_be_applied_ops = {
    .process_request = to_be_applied_process_request,
    .wake = to_be_applied_wake,
    .shutdown = to_be_applied_shutdown,
    .free = to_be_applied_free,
};

/* Java: new ToBeAppliedRequestProcessor() */
struct request_processor *to_be_applied_request_processor_new(struct leader *leader,
                                                              struct request_processor *next)
{
    struct to_be_applied_request_processor *self = zk_xcalloc(1, sizeof *self);
    self->processor.ops = &to_be_applied_ops;
    self->leader = leader;
    self->next = next;
    return &self->processor;
}
