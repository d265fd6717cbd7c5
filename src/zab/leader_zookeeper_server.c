/* Java: LeaderZooKeeperServer */
#include "zab/leader_zookeeper_server.h"

#include "zk/quorum/quorum_peer.h"

/* Its requests are proposed to the quorum. */
static const struct zookeeper_server_methods leader_zookeeper_server_methods = {
    .state = "leader", /* Java: getState() */
};

struct zookeeper_server *leader_zookeeper_server_new(struct quorum_peer *self)
{
    return zookeeper_server_new(self->ctx, &leader_zookeeper_server_methods, NULL, self->database,
                                self->metrics);
}
