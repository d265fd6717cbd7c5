/* What serves clients while this peer observes. Java: ObserverZooKeeperServer
 *
 *     clients -> ObserverRequestProcessor -> CommitProcessor -> FinalRequestProcessor
 *                          |                       ^
 *                       REQUEST                    | commit_request
 *                          v                       |
 *     leader ----------- INFORM -------------------+-----> SyncRequestProcessor -> log
 *
 * What comes is committed already: nobody waits for this peer's log, and it acknowledges nothing.
 * With syncEnabled=false it keeps no log at all. */
#ifndef ZAB_OBSERVER_ZOOKEEPER_SERVER_H
#define ZAB_OBSERVER_ZOOKEEPER_SERVER_H

#include "zk/base/attrs.h"
#include "zk/server/zookeeper_server.h"

struct learner;
struct observer_zookeeper_server;
struct quorum_peer;
struct txn_log_entry;

/* Java: new ObserverZooKeeperServer(). The caller unrefs it. *ret_ozk is its kind, and lives as
 * long as it. */
struct zookeeper_server *observer_zookeeper_server_new(struct quorum_peer *self,
                                                       struct learner *learner,
                                                       struct observer_zookeeper_server **ret_ozk);

/* Java: commitRequest(). The transaction, which is shared, is written to the log and applied, both
 * from the next learner_zookeeper_server_hand_over on. Main thread, once the server is started. */
void observer_zookeeper_server_commit_request(struct observer_zookeeper_server *ozk,
                                              struct txn_log_entry *txn);

#endif
