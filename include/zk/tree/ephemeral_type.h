/* What the owner of a node can be: nobody, a session, or a mark for containers and for nodes with a
 * TTL. Java: server.EphemeralType, server.EphemeralTypeEmulate353. Pure functions, but for what
 * settings say; any thread. */
#ifndef ZK_TREE_EPHEMERAL_TYPE_H
#define ZK_TREE_EPHEMERAL_TYPE_H

#include <stdbool.h>
#include <stdint.h>

struct zk_context;

enum ephemeral_type {
    EPHEMERAL_TYPE_VOID,      /* owner 0: it stays until somebody deletes it */
    EPHEMERAL_TYPE_NORMAL,    /* the owner is a session, and it goes with that */
    EPHEMERAL_TYPE_CONTAINER, /* it goes some time after its last child */
    EPHEMERAL_TYPE_TTL,       /* it goes when it has no child and was not written for its TTL */
};

/* Java: EphemeralType.CONTAINER_EPHEMERAL_OWNER */
#define CONTAINER_EPHEMERAL_OWNER INT64_MIN

/* The two settings that decide how an owner is read. */
struct ephemeral_types {
    bool extended;   /* zookeeper.extendedTypesEnabled */
    bool emulate353; /* zookeeper.emulate353TTLNodes; without extended it means nothing */
};

/* Java: EphemeralType.extendedEphemeralTypesEnabled() */
struct ephemeral_types ephemeral_types_of(const struct zk_context *ctx);

/* Java: EphemeralType.get(). For an extended owner that is no TTL Java throws an exception; here it
 * counts as nobody, EPHEMERAL_TYPE_VOID. */
enum ephemeral_type ephemeral_type_get(const struct ephemeral_types *types, int64_t owner);

/* Returns the owner of a node with a TTL, which is from 1 to 2^40-1. Java: EphemeralType, the
 * toEphemeralOwner() of TTL */
int64_t ephemeral_type_ttl_to_owner(int64_t ttl_ms);
/* The reverse. Java: EphemeralType, the getValue() of TTL */
int64_t ephemeral_type_owner_to_ttl(int64_t owner);

#endif
