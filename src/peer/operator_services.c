/* What operators have beside the client port. */
#include "peer/operator_services.h"

#include "zk/base/alloc.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/command/admin_server.h"
#include "zk/command/metrics_provider.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/persistence/datadir_cleanup_manager.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_stats.h"

static size_t count_no_cnxns(void *arg)
{
    (void)arg;
    return 0;
}

static size_t list_no_cnxns(void *arg, struct server_cnxn_info **ret_infos)
{
    (void)arg;
    *ret_infos = zk_xcalloc(1, sizeof **ret_infos);
    return 0;
}

static void reset_no_cnxns(void *arg)
{
    (void)arg;
}

/* The connections of a server that no client can reach. Only a word asks for their dump, and words
 * come through the client port. In Java the factory of the connections is null then. */
static struct server_cnxns no_cnxns(struct operator_services *services, struct zk_context *ctx)
{
    services->no_clients = server_stats_new(ctx);
    return (struct server_cnxns){
        .count = count_no_cnxns,
        .list = list_no_cnxns,
        .reset_stats = reset_no_cnxns,
        .stats = services->no_clients,
    };
}

void operator_services_start(struct operator_services *services, struct zk_context *ctx,
                             struct server_status_hook hook,
                             struct server_cnxn_factory *client_port)
{
    struct server_cnxns cnxns =
        client_port != NULL ? server_cnxn_factory_cnxns(client_port) : no_cnxns(services, ctx);
    if (admin_server_is_enabled(ctx) &&
        admin_server_start(ctx, hook, cnxns, &services->admin_server) < 0)
        services->admin_server = NULL;
    if (metrics_provider_is_enabled(ctx) &&
        metrics_provider_start(ctx, hook, cnxns, &services->metrics_provider) < 0)
        services->metrics_provider = NULL;
}

/* Java: ServerMetrics.FSYNC_TIME, ServerStats.incrementFsyncThresholdExceedCount() */
static void on_fsync(void *arg, int64_t elapsed_ms, bool beyond_threshold)
{
    struct operator_services *services = arg;
    server_metrics_add(services->metrics, SERVER_METRICS_FSYNCTIME, elapsed_ms);
    if (beyond_threshold)
        zk_atomic_long_add(&services->fsync_threshold_exceed_count, 1);
}

void operator_services_measure_fsyncs(struct operator_services *services,
                                      struct file_txn_snap_log *snap_log,
                                      struct server_metrics *metrics)
{
    services->metrics = metrics;
    zk_atomic_long_init(&services->fsync_threshold_exceed_count, 0);
    file_txn_snap_log_set_fsync_listener(
        snap_log, (struct fsync_listener){.on_fsync = on_fsync, .arg = services});
}

/* Java: QuorumPeerMain.initializeAndRun() */
void operator_services_start_purging(struct operator_services *services, struct zk_context *ctx,
                                     const struct quorum_peer_config *config,
                                     const struct file_txn_snap_log *snap_log)
{
    services->cleanup = datadir_cleanup_manager_new(
        ctx, file_txn_snap_log_get_snap_dir(snap_log), file_txn_snap_log_get_data_dir(snap_log),
        config->snap_retain_count, config->purge_interval_hours);
    datadir_cleanup_manager_start(services->cleanup);
}

void operator_services_fill_status(const struct operator_services *services,
                                   const struct file_txn_snap_log *snap_log,
                                   struct server_status *status)
{
    status->metrics = server_metrics_get(services->metrics);
    status->metrics_source = services->metrics;
    status->fsync_threshold_exceed_count =
        zk_atomic_long_get(&services->fsync_threshold_exceed_count);
    status->last_fsync_ms = file_txn_snap_log_get_txn_log_elapsed_sync_time(snap_log);
}

void operator_services_stop(struct operator_services *services)
{
    metrics_provider_free(services->metrics_provider);
    admin_server_free(services->admin_server);
    datadir_cleanup_manager_free(services->cleanup);
    server_stats_free(services->no_clients);
    services->no_clients = NULL;
    services->metrics_provider = NULL;
    services->admin_server = NULL;
    services->cleanup = NULL;
}
