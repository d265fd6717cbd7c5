/* What the process runs: a peer of an ensemble, or a server alone; the configuration decides.
 * Java: server.quorum.QuorumPeerMain
 *
 * Life: quorum_peer_main_new, _start, then _shutdown from any thread (or it ends by itself), _wait,
 * _free. Each does what the function of that name in quorum_peer_run.h or zookeeper_server_main.h
 * says. */
#ifndef ZK_PEER_QUORUM_PEER_MAIN_H
#define ZK_PEER_QUORUM_PEER_MAIN_H

#include "zk/base/attrs.h"

struct quorum_peer_config;
struct quorum_peer_main;
struct zk_context;

/* ctx and config stay the caller's and must outlive it. */
struct quorum_peer_main *quorum_peer_main_new(struct zk_context *ctx,
                                              const struct quorum_peer_config *config);
/* Returns 0, or a positive enum exit_code, whose reason is in the log.
 * Java: initializeAndRun() */
ZK_NODISCARD int quorum_peer_main_start(struct quorum_peer_main *program);
/* Returns the exit code. */
ZK_NODISCARD int quorum_peer_main_wait(struct quorum_peer_main *program);
void quorum_peer_main_shutdown(struct quorum_peer_main *program);
void quorum_peer_main_free(struct quorum_peer_main *program); /* NULL is fine */

#endif
