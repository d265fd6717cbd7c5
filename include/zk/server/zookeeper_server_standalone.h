/* A server alone: no election, no leader, no quorum. Its log on disk is all the agreement that a
 * write needs. Java: server.ZooKeeperServer, as it is when no class derives from it
 *
 *     clients -> PrepRequestProcessor -> SyncRequestProcessor -> FinalRequestProcessor
 *                      ProcessThread          SyncThread (both)
 *
 * A client's requests have one order: its read waits until what it sent before is on disk and
 * applied; if nothing of it is under way, the read goes straight to the last processor. The
 * first zxid is 0x1, for there is no epoch but 0; the server's id is 0, but its sessions' ids begin
 * with 0x01, as in Java. */
#ifndef ZK_SERVER_ZOOKEEPER_SERVER_STANDALONE_H
#define ZK_SERVER_ZOOKEEPER_SERVER_STANDALONE_H

#include <stdint.h>

#include "zk/server/zookeeper_server.h"

struct quorum_peer_config;

/* Java: new ZooKeeperServer(), setupRequestProcessors(), createSessionTracker(). config, database
 * and metrics stay the caller's and outlive the server. client_port: for the name of
 * PrepRequestProcessor's thread; -1: there is none. The caller unrefs what is returned. */
struct zookeeper_server *zookeeper_server_standalone_new(struct zk_context *ctx,
                                                         const struct quorum_peer_config *config,
                                                         struct zk_database *database,
                                                         struct server_metrics *metrics,
                                                         int32_t client_port);

#endif
