/* Which processors a read-only server wires together, and its place in the peer. Java:
 * ReadOnlyZooKeeperServer */
#include "zk/zab/read_only_zookeeper_server.h"

#include <stdlib.h>

#include "zab/quorum_zookeeper_server.h"
#include "zab/read_only_request_processor.h"
#include "zk/base/alloc.h"
#include "zk/jute/op_code.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/log_table.h"
#include "zk/server/final_request_processor.h"
#include "zk/server/learner_session_tracker.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request.h"
#include "zk/server/upgradeable_session_tracker.h"
#include "zk/server/zookeeper_server.h"

/* The peer has it as its role meanwhile, so that other threads find the server. */
struct read_only_zookeeper_server {
    struct quorum_peer_role role; /* the first field: this is a role */
    struct quorum_peer *self;
    bool started; /* used by the thread that starts it, then by the one that ends it */
};

/* Java: setupRequestProcessors() */
static int read_only_setup_request_processors(struct zookeeper_server *server)
{
    struct quorum_peer *self = zookeeper_server_kind(server);
    struct request_processor *prep_processor = prep_request_processor_new(
        server, self->my_id, -1, (struct reconfig_terms){.enabled = self->config->reconfig_enabled},
        final_request_processor_new(server));
    struct read_only_request_processor *first_processor =
        read_only_request_processor_new(server, prep_processor);
    zookeeper_server_set_first_processor(server,
                                         read_only_request_processor_as_processor(first_processor));
    int r = prep_request_processor_start(prep_processor);
    return r < 0 ? r : read_only_request_processor_start(first_processor);
}

/* Java: createSessionTracker() */
static struct session_tracker *read_only_create_session_tracker(struct zookeeper_server *server)
{
    struct quorum_peer *self = zookeeper_server_kind(server);
    struct session_tracker *tracker = learner_session_tracker_new(self->ctx, self->my_id);
    quorum_zookeeper_server_enable_local_sessions(server, self, tracker);
    return tracker;
}

/* The first processor refuses a session that would be global, in a frame that is no answer to a
 * ConnectRequest. So without localSessionsEnabled no client can connect.
 * Java: setLocalSessionFlag() */
static void read_only_set_local_session_flag(struct zookeeper_server *server,
                                             struct request *request)
{
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (request->type == OP_CODE_CREATE_SESSION) {
        const struct quorum_peer *self = zookeeper_server_kind(server);
        request->local_session = self->config->local_sessions_enabled;
    } else if (request->type == OP_CODE_CLOSE_SESSION) {
        request->local_session =
            upgradeable_session_tracker_is_local_session(tracker, request->session_id);
        if (!request->local_session)
            zk_log(zookeeper_server_ctx(server), ZK_LOG_GLOBAL_CLOSE_IN_READ_ONLY,
                   (uint64_t)request->session_id);
    }
}

static const struct zookeeper_server_methods read_only_methods = {
    .state = "read-only", /* Java: getState() */
    .is_read_only = true,
    .create_session_tracker = read_only_create_session_tracker,
    .setup_request_processors = read_only_setup_request_processors,
    .set_local_session_flag = read_only_set_local_session_flag,
};

/* ---- its life -------------------------------------------------------------------------------- */

/* The main thread, which is being told to stop, ends it when its election has ended. */
static void read_only_role_shutdown(struct quorum_peer_role *role)
{
    (void)role;
}

static void read_only_role_destroy(struct quorum_peer_role *role)
{
    free(role);
}

static const struct quorum_peer_role_methods read_only_role_methods = {
    .shutdown = read_only_role_shutdown,
    .destroy = read_only_role_destroy,
};

struct read_only_zookeeper_server *read_only_zookeeper_server_new(struct quorum_peer *self)
{
    struct read_only_zookeeper_server *ro = zk_xcalloc(1, sizeof *ro);
    ro->self = self;
    quorum_peer_role_init(
        &ro->role, &read_only_role_methods,
        zookeeper_server_new(self->ctx, &read_only_methods, self, self->database, self->metrics));
    return ro;
}

/* Java: startup() */
int read_only_zookeeper_server_startup(struct read_only_zookeeper_server *ro)
{
    int r = zookeeper_server_startup(ro->role.zk);
    ro->started = true;
    if (r < 0)
        return r;
    quorum_peer_set_role(ro->self, &ro->role);
    quorum_peer_set_zookeeper_server(ro->self, ro->role.zk);
    zk_log(ro->self->ctx, ZK_LOG_READ_ONLY_STARTED);
    return 0;
}

/* Java: shutdown() */
void read_only_zookeeper_server_shutdown(struct read_only_zookeeper_server *ro)
{
    if (!ro->started)
        return;
    quorum_peer_set_zookeeper_server(ro->self, NULL);
    quorum_peer_set_role(ro->self, NULL);
    zookeeper_server_shutdown(ro->role.zk);
}

void read_only_zookeeper_server_free(struct read_only_zookeeper_server *ro)
{
    quorum_peer_role_unref(&ro->role);
}
