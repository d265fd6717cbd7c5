/* What serves clients while this peer observes. Java: ObserverZooKeeperServer
 *
 * The processors that the role wires together will be set up here; today the kind is its name. */
#ifndef ZAB_OBSERVER_ZOOKEEPER_SERVER_H
#define ZAB_OBSERVER_ZOOKEEPER_SERVER_H

#include "zk/server/zookeeper_server.h"

struct quorum_peer;

/* Java: new ObserverZooKeeperServer(). The caller unrefs it. */
struct zookeeper_server *observer_zookeeper_server_new(struct quorum_peer *self);

#endif
