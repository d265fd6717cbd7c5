/* What zookeeper_server_main.c shares with the tests. Java: ZooKeeperServerMain */
#ifndef PEER_ZOOKEEPER_SERVER_MAIN_INTERNAL_H
#define PEER_ZOOKEEPER_SERVER_MAIN_INTERNAL_H

#include <stdbool.h>

#include "peer/operator_services.h"
#include "zk/peer/zookeeper_server_main.h"
#include "zk/runtime/stop.h"
#include "zk/server/zoo_trace.h"

struct file_txn_snap_log;
struct server_cnxn_factory;
struct server_metrics;
struct server_status;
struct zk_database;
struct zookeeper_server;

struct zookeeper_server_main {
    /* Set by start, then read-only. */
    struct zk_context *ctx;
    const struct quorum_peer_config *config;
    struct server_metrics *metrics;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
    struct zookeeper_server *zk;
    struct server_cnxn_factory *client_port; /* NULL: none is configured */
    bool has_started;                        /* false: its start has failed */

    struct operator_services operator_services;
    struct zoo_trace zoo_trace;

    struct zk_stop shutdown_latch; /* in Java a CountDownLatch */
};

/* The hook behind the four-letter words. arg is the struct zookeeper_server_main. Any thread that
 * holds no lock. */
void zookeeper_server_main_fill_status(void *arg, struct server_status *status);

#endif
