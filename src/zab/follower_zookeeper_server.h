/* What serves clients while this peer follows. Java: FollowerZooKeeperServer
 *
 *     clients -> FollowerRequestProcessor -> CommitProcessor -> FinalRequestProcessor
 *                          |                       ^
 *                       REQUEST                    | commit()
 *                          v                       |
 *     leader ---------- PROPOSAL ----> log_request: pendingTxns
 *                          ^                       |
 *                         ACK                      v
 *                          +--- SendAckRequestProcessor <- SyncRequestProcessor -> log
 */
#ifndef ZAB_FOLLOWER_ZOOKEEPER_SERVER_H
#define ZAB_FOLLOWER_ZOOKEEPER_SERVER_H

#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/server/zookeeper_server.h"

struct follower_zookeeper_server;
struct learner;
struct quorum_peer;
struct txn_log_entry;

/* Java: new FollowerZooKeeperServer(). The caller unrefs it. *ret_fzk is its kind, and lives as
 * long as it. */
struct zookeeper_server *follower_zookeeper_server_new(struct quorum_peer *self,
                                                       struct learner *learner,
                                                       struct follower_zookeeper_server **ret_fzk);

/* These are called by the main thread, once the server is started. The other threads are given all
 * of it when learner_zookeeper_server_hand_over is called. */

/* Java: logRequest(). The transaction, which is shared, is written to the log and then
 * acknowledged; it waits for its COMMIT from now on. */
void follower_zookeeper_server_log_request(struct follower_zookeeper_server *fzk,
                                           struct txn_log_entry *txn);
/* Java: commit(). The oldest transaction that waits is applied; a COMMIT that comes when none waits
 * is passed over. Errors: -ENOTRECOVERABLE (learner_must_end), it names another transaction than
 * the oldest, so ours is not the leader's history. */
ZK_NODISCARD int follower_zookeeper_server_commit(struct follower_zookeeper_server *fzk,
                                                  int64_t zxid);
/* Returns the transaction that the next COMMIT must name, Java's first of pendingTxns; NULL: none
 * waits. It stays the server's. */
const struct txn_log_entry *follower_zookeeper_server_next_pending(
    const struct follower_zookeeper_server *fzk);

#endif
