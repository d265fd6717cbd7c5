/* The references to a role. Java has its garbage collector for that. */
#include "zk/quorum/quorum_peer_role.h"

#include <stddef.h>

#include "zk/server/zookeeper_server.h"

void quorum_peer_role_init(struct quorum_peer_role *role,
                           const struct quorum_peer_role_methods *methods,
                           struct zookeeper_server *zk)
{
    role->methods = methods;
    role->zk = zk;
    zk_refcount_init(&role->refs);
}

struct quorum_peer_role *quorum_peer_role_ref(struct quorum_peer_role *role)
{
    zk_refcount_ref(&role->refs);
    return role;
}

void quorum_peer_role_unref(struct quorum_peer_role *role)
{
    if (role == NULL || !zk_refcount_unref(&role->refs))
        return;
    zookeeper_server_unref(role->zk);
    role->methods->destroy(role);
}
