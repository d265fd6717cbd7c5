/* Hands on what the leader's own clients ask for. No thread of its own: whoever submits a request
 * calls it. Java: LeaderRequestProcessor */
#include "zab/leader_request_processor.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/server/request_processor.h"

struct leader_request_processor {
    struct request_processor processor; /* the first field: it is one */
    struct request_processor *next;     /* owned */
};

/* Java: processRequest() */
static int leader_request_process_request(struct request_processor *processor,
                                          struct request *request)
{
    struct leader_request_processor *self = (void *)processor;
    return request_processor_hand_over(self->next, request);
}

static void leader_request_wake(struct request_processor *processor)
{
    struct leader_request_processor *self = (void *)processor;
    request_processor_wake(self->next);
}

/* Java: shutdown() */
static void leader_request_shutdown(struct request_processor *processor)
{
    struct leader_request_processor *self = (void *)processor;
    request_processor_shutdown(self->next);
}

static void leader_request_free(struct request_processor *processor)
{
    struct leader_request_processor *self = (void *)processor;
    request_processor_free(self->next);
    free(self);
}

static const struct request_processor_ops leader_request_ops = {
    .process_request = leader_request_process_request,
    .wake = leader_request_wake,
    .shutdown = leader_request_shutdown,
    .free = leader_request_free,
};

/* Java: new LeaderRequestProcessor() */
struct request_processor *leader_request_processor_new(struct request_processor *next)
{
    struct leader_request_processor *self = zk_xcalloc(1, sizeof *self);
    self->processor.ops = &leader_request_ops;
    self->next = next;
    return &self->processor;
}
