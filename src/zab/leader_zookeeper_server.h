/* What serves clients while this peer leads. Java: LeaderZooKeeperServer
 *
 * The processors that the role wires together will be set up here; today the kind is its name. */
#ifndef ZAB_LEADER_ZOOKEEPER_SERVER_H
#define ZAB_LEADER_ZOOKEEPER_SERVER_H

#include "zk/server/zookeeper_server.h"

struct quorum_peer;

/* Java: new LeaderZooKeeperServer(). The caller unrefs it. */
struct zookeeper_server *leader_zookeeper_server_new(struct quorum_peer *self);

#endif
