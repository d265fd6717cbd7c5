/* Hands on what the leader's own clients ask for. No thread of its own: whoever submits a request
 * calls it. Java: LeaderRequestProcessor */
#include "zab/leader_request_processor.h"

#include <stdlib.h>

#include "zab/quorum_zookeeper_server.h"
#include "zk/base/alloc.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"

struct leader_request_processor {
    struct request_processor processor; /* the first field: it is one */
    struct zookeeper_server *server;
    struct quorum_peer *peer;
    struct request_processor *next; /* owned */
};

/* A session that one server alone knows becomes one of the ensemble when its client asks for an
 * ephemeral node, which must end with the session on every server.
 * Java: processRequest() */
static int leader_request_process_request(struct request_processor *processor,
                                          struct request *request)
{
    struct leader_request_processor *self = (void *)processor;
    struct request *upgrade_request =
        quorum_zookeeper_server_check_upgrade_session(self->server, self->peer, request);
    int r = 0;
    /* Ahead of the request: by then PrepRequestProcessor must know the session as a global one. */
    if (upgrade_request != NULL)
        r = request_processor_hand_over(self->next, upgrade_request);
    request_unref(upgrade_request);
    /* Without the first, the second would make an ephemeral node whose session only we know. */
    return r < 0 ? r : request_processor_hand_over(self->next, request);
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
struct request_processor *leader_request_processor_new(struct zookeeper_server *server,
                                                       struct quorum_peer *peer,
                                                       struct request_processor *next)
{
    struct leader_request_processor *self = zk_xcalloc(1, sizeof *self);
    self->processor.ops = &leader_request_ops;
    self->server = server;
    self->peer = peer;
    self->next = next;
    return &self->processor;
}
