/* Java: FollowerZooKeeperServer */
#include "zab/follower_zookeeper_server.h"

#include "zk/quorum/quorum_peer.h"

/* Its requests are forwarded to the leader, and its votes count for their commits. */
static const struct zookeeper_server_methods follower_zookeeper_server_methods = {
    .state = "follower", /* Java: getState() */
};

struct zookeeper_server *follower_zookeeper_server_new(struct quorum_peer *self)
{
    return zookeeper_server_new(self->ctx, &follower_zookeeper_server_methods, NULL, self->database,
                                self->metrics);
}
