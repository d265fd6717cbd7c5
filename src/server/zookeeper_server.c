/* The server of one term. Java: server.ZooKeeperServer */
#include "zk/server/zookeeper_server.h"

#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/refcount.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"

struct zookeeper_server {
    const struct zookeeper_server_methods *methods;
    struct zk_database *database;
    struct zk_refcount refs; /* the role; threads that answer a client */

    struct zk_mutex mu; /* Java's monitor of ZooKeeperServer. Guards: */
    enum zookeeper_server_state state GUARDED_BY(&mu);
    int64_t start_time_ms GUARDED_BY(&mu);
};

struct zookeeper_server *zookeeper_server_new(struct zk_context *ctx,
                                              const struct zookeeper_server_methods *methods,
                                              struct zk_database *database) UNSHARED
{
    struct zookeeper_server *server = zk_xcalloc(1, sizeof *server);
    server->methods = methods;
    server->database = database;
    zk_refcount_init(&server->refs);
    zk_mutex_init(&server->mu, ctx, "zookeeper_server", ZK_RANK_ZOOKEEPER_SERVER);
    server->state = ZOOKEEPER_SERVER_INITIAL;
    return server;
}

struct zookeeper_server *zookeeper_server_ref(struct zookeeper_server *server)
{
    zk_refcount_ref(&server->refs);
    return server;
}

void zookeeper_server_unref(struct zookeeper_server *server)
{
    if (server == NULL || !zk_refcount_unref(&server->refs))
        return;
    zk_mutex_destroy(&server->mu);
    free(server);
}

void zookeeper_server_startup(struct zookeeper_server *server)
{
    zk_mutex_lock(&server->mu);
    if (server->state == ZOOKEEPER_SERVER_INITIAL) {
        server->state = ZOOKEEPER_SERVER_RUNNING;
        server->start_time_ms = zk_elapsed_ms();
    }
    zk_mutex_unlock(&server->mu);
}

void zookeeper_server_shutdown(struct zookeeper_server *server)
{
    zk_mutex_lock(&server->mu);
    server->state = ZOOKEEPER_SERVER_SHUTDOWN;
    zk_mutex_unlock(&server->mu);
}

/* Java: dumpMonitorValues() */
void zookeeper_server_fill_status(struct zookeeper_server *server, struct server_status *status)
{
    zk_mutex_lock(&server->mu);
    status->serving = server->state == ZOOKEEPER_SERVER_RUNNING;
    status->uptime_ms = status->serving ? zk_elapsed_ms() - server->start_time_ms : 0;
    zk_mutex_unlock(&server->mu);
    status->server_state = server->methods->state;
    zk_database_fill_status(server->database, status);
}
