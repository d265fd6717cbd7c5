/* Owners of nodes. Java: server.EphemeralType */
#include "zk/tree/ephemeral_type.h"

#include "zk/runtime/settings.h"

/* The first byte of an extended owner is 0xff, the next two tell the kind: 0 is a TTL, whose
 * milliseconds are the rest. */
#define EXTENDED_MASK      UINT64_C(0xff00000000000000)
#define RESERVED_BITS_MASK UINT64_C(0x00ffff0000000000)

struct ephemeral_types ephemeral_types_of(const struct zk_context *ctx)
{
    return (struct ephemeral_types){
        .extended = zk_settings_get_boolean(ctx, "zookeeper.extendedTypesEnabled", false),
        .emulate353 = zk_settings_get_boolean(ctx, "zookeeper.emulate353TTLNodes", false),
    };
}

enum ephemeral_type ephemeral_type_get(const struct ephemeral_types *types, int64_t owner)
{
    if (types->extended) {
        if (types->emulate353 && owner < 0 && owner != CONTAINER_EPHEMERAL_OWNER)
            return EPHEMERAL_TYPE_TTL;
        if (((uint64_t)owner & EXTENDED_MASK) == EXTENDED_MASK)
            return ((uint64_t)owner & RESERVED_BITS_MASK) == 0 ? EPHEMERAL_TYPE_TTL
                                                               : EPHEMERAL_TYPE_VOID;
    }
    if (owner == CONTAINER_EPHEMERAL_OWNER)
        return EPHEMERAL_TYPE_CONTAINER;
    return owner == 0 ? EPHEMERAL_TYPE_VOID : EPHEMERAL_TYPE_NORMAL;
}

int64_t ephemeral_type_ttl_to_owner(int64_t ttl_ms)
{
    return (int64_t)(EXTENDED_MASK | (uint64_t)ttl_ms);
}

int64_t ephemeral_type_owner_to_ttl(int64_t owner)
{
    return (int64_t)((uint64_t)owner & ~(EXTENDED_MASK | RESERVED_BITS_MASK));
}
