/* Which processors a server alone wires together. No thread of its own, no lock.
 * Java: server.ZooKeeperServer */
#include "zk/server/zookeeper_server_standalone.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/server/container_manager.h"
#include "zk/server/final_request_processor.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request_processor.h"
#include "zk/server/session_tracker_impl.h"
#include "zk/server/sync_request_processor.h"
#include "zk/server/zk_database.h"

/* The ids of sessions have this number in their highest byte, although the server's id is 0. Java:
 * createSessionTrackerServerId */
enum { SESSION_TRACKER_SERVER_ID = 1 };

/* What the kind adds to zookeeper_server. */
struct standalone_server {
    const struct quorum_peer_config *config;
    int32_t client_port;
    struct container_manager *container_manager; /* owned; NULL before setup_request_processors */
};

/* Java: setupRequestProcessors(). The container manager is ZooKeeperServerMain's in Java; here it
 * ends with the processors, as a leader's does. */
static int standalone_setup_request_processors(struct zookeeper_server *server)
{
    struct standalone_server *self = zookeeper_server_kind(server);
    struct request_processor *final_processor = final_request_processor_new(server);
    struct sync_request_processor *sync_processor =
        sync_request_processor_new(server, final_processor);
    struct request_processor *first_processor = prep_request_processor_new(
        server, zookeeper_server_get_server_id(server), self->client_port,
        (struct reconfig_terms){.enabled = self->config->reconfig_enabled},
        sync_request_processor_as_processor(sync_processor));
    zookeeper_server_set_first_processor(server, first_processor);
    zookeeper_server_set_read_processor(server, final_processor, true);
    self->container_manager = container_manager_new(
        zookeeper_server_ctx(server), zookeeper_server_get_zk_database(server), first_processor);
    int r = sync_request_processor_start(sync_processor);
    if (r == 0)
        r = prep_request_processor_start(first_processor);
    if (r == 0)
        r = container_manager_start(self->container_manager);
    return r;
}

/* Java: createSessionTracker() */
static struct session_tracker *standalone_create_session_tracker(struct zookeeper_server *server)
{
    struct standalone_server *self = zookeeper_server_kind(server);
    struct session_timeouts sessions = {0};
    zk_database_sessions(zookeeper_server_get_zk_database(server), &sessions);
    struct session_tracker *tracker = session_tracker_impl_new(
        zookeeper_server_ctx(server),
        (struct session_expirer){.expire = zookeeper_server_expire, .arg = server}, &sessions,
        self->config->tick_time_ms, SESSION_TRACKER_SERVER_ID);
    session_timeouts_done(&sessions);
    return tracker;
}

/* Java: ZooKeeperServerMain.shutdown(), its first step */
static void standalone_shutdown_components(struct zookeeper_server *server)
{
    struct standalone_server *self = zookeeper_server_kind(server);
    if (self->container_manager != NULL)
        container_manager_stop(self->container_manager);
}

static void standalone_free_kind(void *kind)
{
    struct standalone_server *self = kind;
    container_manager_free(self->container_manager);
    free(self);
}

static const struct zookeeper_server_methods standalone_methods = {
    .state = "standalone", /* Java: getState() */
    .is_alone = true,
    .create_session_tracker = standalone_create_session_tracker,
    .setup_request_processors = standalone_setup_request_processors,
    .shutdown_components = standalone_shutdown_components,
    .free_kind = standalone_free_kind,
};

struct zookeeper_server *zookeeper_server_standalone_new(struct zk_context *ctx,
                                                         const struct quorum_peer_config *config,
                                                         struct zk_database *database,
                                                         struct server_metrics *metrics,
                                                         int32_t client_port)
{
    struct standalone_server *self = zk_xcalloc(1, sizeof *self);
    self->config = config;
    self->client_port = client_port;
    return zookeeper_server_new(ctx, &standalone_methods, self, database, metrics);
}
