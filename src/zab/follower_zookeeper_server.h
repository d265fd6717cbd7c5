/* What serves clients while this peer follows. Java: FollowerZooKeeperServer
 *
 * The processors that the role wires together will be set up here; today the kind is its name. */
#ifndef ZAB_FOLLOWER_ZOOKEEPER_SERVER_H
#define ZAB_FOLLOWER_ZOOKEEPER_SERVER_H

#include "zk/server/zookeeper_server.h"

struct quorum_peer;

/* Java: new FollowerZooKeeperServer(). The caller unrefs it. */
struct zookeeper_server *follower_zookeeper_server_new(struct quorum_peer *self);

#endif
