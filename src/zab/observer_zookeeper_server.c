/* Java: ObserverZooKeeperServer */
#include "zab/observer_zookeeper_server.h"

#include "zk/quorum/quorum_peer.h"

/* Its requests are forwarded to the leader; it hears what has been committed. */
static const struct zookeeper_server_methods observer_zookeeper_server_methods = {
    .state = "observer", /* Java: getState() */
};

struct zookeeper_server *observer_zookeeper_server_new(struct quorum_peer *self)
{
    return zookeeper_server_new(self->ctx, &observer_zookeeper_server_methods, NULL, self->database,
                                self->metrics);
}
