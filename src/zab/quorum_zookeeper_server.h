/* What the servers of leader, follower and observer have in common: what they do with local
 * sessions, and their share of a limit. Java: QuorumZooKeeperServer, an abstract class */
#ifndef ZAB_QUORUM_ZOOKEEPER_SERVER_H
#define ZAB_QUORUM_ZOOKEEPER_SERVER_H

#include "zk/base/attrs.h"

struct quorum_peer;
struct request;
struct session_tracker;
struct zookeeper_server;

/* If the configuration says so, tracker, which was made for server and is not started, gives local
 * sessions. */
void quorum_zookeeper_server_enable_local_sessions(struct zookeeper_server *server,
                                                   const struct quorum_peer *self,
                                                   struct session_tracker *tracker);

/* Java: checkUpgradeSession(), and what its callers do with what it throws. If a local session asks
 * for an ephemeral node, returns the createSession that must go before the request; the caller
 * unrefs it. Otherwise returns NULL; if the session may not be upgraded, the request's exception
 * says so, and it goes its way: whoever prepares it refuses it. Any thread, before another one sees
 * the request. */
ZK_NODISCARD struct request *quorum_zookeeper_server_check_upgrade_session(
    struct zookeeper_server *server, const struct quorum_peer *self, struct request *request);

/* Java: setLocalSessionFlag() */
void quorum_zookeeper_server_set_local_session_flag(struct zookeeper_server *server,
                                                    const struct quorum_peer *self,
                                                    struct request *request);

/* Gives the server its share of the limit of requests in process. Called before the server runs:
 * the voters are counted once a term, because they do not change (D-32).
 * Java: getGlobalOutstandingLimit() of LeaderZooKeeperServer and FollowerZooKeeperServer */
void quorum_zookeeper_server_share_global_outstanding_limit(struct zookeeper_server *server,
                                                            struct quorum_peer *self);

#endif
