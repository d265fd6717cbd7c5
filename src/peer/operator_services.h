/* What operators have beside the client port, of a peer and of a server alone: answers over HTTP,
 * figures of the fsyncs, and a data directory that is purged. */
#ifndef PEER_OPERATOR_SERVICES_H
#define PEER_OPERATOR_SERVICES_H

#include "zk/base/refcount.h"
#include "zk/server/server_status.h"

struct admin_server;
struct datadir_cleanup_manager;
struct file_txn_snap_log;
struct metrics_provider;
struct quorum_peer_config;
struct server_metrics;
struct server_cnxn_factory;
struct server_stats;
struct zk_context;

/* While it is all zero, nothing runs. */
struct operator_services {
    struct metrics_provider *metrics_provider; /* NULL as below */
    struct admin_server *admin_server; /* NULL: none is asked for, or it could not be started */
    struct datadir_cleanup_manager *cleanup; /* NULL: not started yet */
    struct server_stats
        *no_clients; /* what a server counts that has no client port; NULL: it has one */
    struct server_metrics *metrics;
    /* Java: ServerStats.fsyncThresholdExceedCount */
    struct zk_atomic_long fsync_threshold_exceed_count;
};

/* Starts what the settings ask for. The caller goes on without what cannot be started, as Java
 * does; a line in the log says why. client_port may be NULL: then there are no connections to tell
 * of. It and what hook points to outlive the services. */
void operator_services_start(struct operator_services *services, struct zk_context *ctx,
                             struct server_status_hook hook,
                             struct server_cnxn_factory *client_port);
/* Measures the fsyncs of the log from now on. metrics outlives snap_log. Called before the log's
 * first transaction. */
void operator_services_measure_fsyncs(struct operator_services *services,
                                      struct file_txn_snap_log *snap_log,
                                      struct server_metrics *metrics);
/* Starts to purge, if the configuration asks for it. Called after the data is loaded: a load may
 * need the files that a purge would remove. Java: QuorumPeerMain.initializeAndRun() */
void operator_services_start_purging(struct operator_services *services, struct zk_context *ctx,
                                     const struct quorum_peer_config *config,
                                     const struct file_txn_snap_log *snap_log);
/* Fills in what the services have measured. */
void operator_services_fill_status(const struct operator_services *services,
                                   const struct file_txn_snap_log *snap_log,
                                   struct server_status *status);
/* Ends their threads, and waits for them. */
void operator_services_stop(struct operator_services *services);

#endif
