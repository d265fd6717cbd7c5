/* A server alone that runs until it is stopped. Java: server.ZooKeeperServerMain
 *
 * Life: zookeeper_server_main_new, _start, then _shutdown from any thread (or the server ends by
 * itself), _wait, _free. */
#ifndef ZK_PEER_ZOOKEEPER_SERVER_MAIN_H
#define ZK_PEER_ZOOKEEPER_SERVER_MAIN_H

#include "zk/base/attrs.h"

struct quorum_peer_config;
struct zk_context;
struct zookeeper_server_main;

/* Makes a server that does nothing yet. ctx and config, of which distributed is false, stay the
 * caller's and must outlive it. */
struct zookeeper_server_main *zookeeper_server_main_new(struct zk_context *ctx,
                                                        const struct quorum_peer_config *config);

/* Binds the client port, loads the database, writes a snapshot of it, and serves. Blocks on the
 * disk. Returns 0, or a positive enum exit_code, whose reason is in the log.
 * Java: runFromConfig(), up to shutdownLatch.await() */
ZK_NODISCARD int zookeeper_server_main_start(struct zookeeper_server_main *alone);

/* Waits until the server is stopped or cannot go on, then ends it: all connections are closed, and
 * what was given to the log is on disk. Returns the exit code: 0 if it was stopped. To be called
 * once, also after a start that failed. Java: runFromConfig(), from shutdownLatch.await() */
ZK_NODISCARD int zookeeper_server_main_wait(struct zookeeper_server_main *alone);

/* Makes the server stop, but does not wait for it. Any thread that holds no lock, any number of
 * times. */
void zookeeper_server_main_shutdown(struct zookeeper_server_main *alone);

/* After zookeeper_server_main_wait, or if zookeeper_server_main_start has failed. NULL is fine. */
void zookeeper_server_main_free(struct zookeeper_server_main *alone);

#endif
