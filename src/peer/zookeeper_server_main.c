/* A server alone, from its start to its end. Java: server.ZooKeeperServerMain
 *
 * It has no thread of its own: the main thread starts everything, and waits for the end in
 * zookeeper_server_main_wait. Lock: that of the latch alone, in Java a CountDownLatch. */
#include "zk/peer/zookeeper_server_main.h"

#include <stdlib.h>

#include "peer/zookeeper_server_main_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"
#include "zk/server/exit_code.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server_standalone.h"

static int open_alone_directories(struct zookeeper_server_main *alone);
static int bind_client_port(struct zookeeper_server_main *alone);
static int start_server(struct zookeeper_server_main *alone);
static void release_latch(void *arg);
static struct server_status_hook hook_of(struct zookeeper_server_main *alone);

struct zookeeper_server_main *zookeeper_server_main_new(struct zk_context *ctx,
                                                        const struct quorum_peer_config *config)
{
    struct zookeeper_server_main *alone = zk_xcalloc(1, sizeof *alone);
    alone->ctx = ctx;
    alone->config = config;
    alone->metrics = server_metrics_new(ctx);
    zoo_trace_init(&alone->zoo_trace);
    zk_stop_init(&alone->shutdown_latch, ctx, "shutdown_latch");
    return alone;
}

void zookeeper_server_main_free(struct zookeeper_server_main *alone)
{
    if (alone == NULL)
        return;
    operator_services_stop(&alone->operator_services);
    server_cnxn_factory_free(alone->client_port); /* its hook reads what is freed below */
    zookeeper_server_unref(alone->zk);
    zk_database_free(alone->database);
    file_txn_snap_log_free(alone->snap_log);
    server_metrics_free(alone->metrics);
    zk_stop_destroy(&alone->shutdown_latch);
    free(alone);
}

void zookeeper_server_main_shutdown(struct zookeeper_server_main *alone)
{
    (void)zk_stop_request(&alone->shutdown_latch);
}

/* Java: runFromConfig(), up to shutdownLatch.await() */
int zookeeper_server_main_start(struct zookeeper_server_main *alone)
{
    zk_log(alone->ctx, ZK_LOG_STARTING_SERVER);
    int code = open_alone_directories(alone);
    if (code == 0)
        code = bind_client_port(alone);
    if (code == 0)
        code = start_server(alone);
    if (code != 0) {
        zookeeper_server_main_shutdown(alone);
        return code;
    }
    operator_services_start(&alone->operator_services, alone->ctx, hook_of(alone),
                            alone->client_port);
    operator_services_start_purging(&alone->operator_services, alone->ctx, alone->config,
                                    alone->snap_log);
    alone->has_started = true;
    return 0;
}

/* Java: runFromConfig(), from shutdownLatch.await(); shutdown() */
int zookeeper_server_main_wait(struct zookeeper_server_main *alone)
{
    (void)zk_stop_sleep(&alone->shutdown_latch, INT64_MAX);
    if (alone->client_port != NULL)
        server_cnxn_factory_shutdown(alone->client_port);
    if (alone->zk == NULL)
        return EXIT_CODE_EXECUTION_FINISHED;
    int code = zookeeper_server_exit_code(alone->zk);
    zookeeper_server_shutdown(alone->zk);
    if (code == 0 && alone->has_started)
        zk_log(alone->ctx, ZK_LOG_EXITING_NORMALLY);
    return code;
}

/* ---- start ----------------------------------------------------------------------------------- */

static int open_alone_directories(struct zookeeper_server_main *alone)
{
    char *error = NULL;
    int r = file_txn_snap_log_new(alone->ctx, alone->config->data_dir, alone->config->data_log_dir,
                                  &alone->snap_log, &error);
    if (r < 0) {
        zk_log(alone->ctx, ZK_LOG_UNABLE_TO_ACCESS_DATADIR, error == NULL ? "" : error);
        free(error);
        return EXIT_CODE_UNABLE_TO_ACCESS_DATADIR;
    }
    alone->database = zk_database_new(alone->ctx, alone->snap_log);
    zk_database_set_metrics(alone->database, alone->metrics);
    operator_services_measure_fsyncs(&alone->operator_services, alone->snap_log, alone->metrics);
    if (alone->config->admin_address_is_unknown) { /* a warning has said where it stands */
        zk_log(alone->ctx, ZK_LOG_ADMIN_SERVER_EXITING);
        return EXIT_CODE_ERROR_STARTING_ADMIN_SERVER;
    }
    return 0;
}

/* Java: ServerCnxnFactory.configure() */
static int bind_client_port(struct zookeeper_server_main *alone)
{
    const struct quorum_peer_config *config = alone->config;
    if (!config->has_client_port)
        return 0;
    int r = server_cnxn_factory_new(alone->ctx, &config->client_port_address,
                                    config->client_port_listen_backlog, config->max_client_cnxns,
                                    hook_of(alone), &alone->client_port);
    if (r == 0)
        return 0;
    zk_log(alone->ctx, ZK_LOG_CLIENT_PORT_BIND, inet_text(&config->client_port_address).text,
           zk_error_text(r).text);
    return EXIT_CODE_UNEXPECTED_ERROR;
}

/* The port is open while the data is loaded. It hangs up on a client that sends anything meanwhile;
 * one that has only connected is served afterwards. Java: ServerCnxnFactory.startup(),
 * ZooKeeperServer.startdata(), startup() */
static int start_server(struct zookeeper_server_main *alone)
{
    int32_t port = -1;
    int r = 0;
    if (alone->client_port != NULL)
        port = server_cnxn_factory_local_address(alone->client_port)->port;
    alone->zk = zookeeper_server_standalone_new(alone->ctx, alone->config, alone->database,
                                                alone->metrics, port);
    zookeeper_server_register_server_shutdown_handler(alone->zk, release_latch, alone);
    zookeeper_server_set_session_timeouts(alone->zk, alone->config->min_session_timeout_ms,
                                          alone->config->max_session_timeout_ms);
    if (alone->client_port != NULL) {
        server_cnxn_factory_set_zookeeper_server(alone->client_port, alone->zk);
        r = server_cnxn_factory_start(alone->client_port);
    }
    if (r < 0) {
        zk_log(alone->ctx, ZK_LOG_UNABLE_TO_START_SERVER, zk_error_text(r).text);
        return EXIT_CODE_UNEXPECTED_ERROR;
    }
    int code = zookeeper_server_load_data(alone->zk);
    if (code != 0)
        return code;
    r = zookeeper_server_startup(alone->zk);
    if (r < 0) {
        zk_log(alone->ctx, ZK_LOG_UNABLE_TO_START_SERVER, zk_error_text(r).text);
        return EXIT_CODE_UNEXPECTED_ERROR;
    }
    return 0;
}

/* The server is in ERROR or SHUTDOWN. Java: ZooKeeperServerShutdownHandler.handle() */
static void release_latch(void *arg)
{
    zookeeper_server_main_shutdown(arg);
}

/* ---- status ---------------------------------------------------------------------------------- */

/* There is no quorum to tell of. */
void zookeeper_server_main_fill_status(void *arg, struct server_status *status)
{
    struct zookeeper_server_main *alone = arg;
    zookeeper_server_fill_status(alone->zk, status);
    status->zk = zookeeper_server_ref(alone->zk);
    status->is_alone = true;
    status->config = alone->config;
    status->snap_dir = file_txn_snap_log_get_snap_dir(alone->snap_log);
    status->data_dir = file_txn_snap_log_get_data_dir(alone->snap_log);
    status->membership = "";
    operator_services_fill_status(&alone->operator_services, alone->snap_log, status);
    /* The trees count these themselves, because they know nothing of metrics. */
    status->metrics.counters[SERVER_METRICS_DIGEST_MISMATCHES_COUNT] = status->digest_mismatches;
    status->thread_count = zk_thread_count(alone->ctx);
}

static void reset_status(void *arg)
{
    struct zookeeper_server_main *alone = arg;
    server_metrics_reset(alone->metrics);
}

static struct server_status_hook hook_of(struct zookeeper_server_main *alone)
{
    return (struct server_status_hook){
        .fill = zookeeper_server_main_fill_status,
        .reset = reset_status,
        .arg = alone,
        .zoo_trace = &alone->zoo_trace,
    };
}
