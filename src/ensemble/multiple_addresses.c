/* A small set of addresses. Java: MultipleAddresses. Java keeps it in a ConcurrentHashMap, whose
 * order decides which address is "the one", in which order a V2 initial message lists them, and how
 * equal hosts are printed. So the order of insertion is kept here, and Java's is computed from
 * it. */
#include "zk/ensemble/multiple_addresses.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"

void multiple_addresses_add(struct multiple_addresses *addresses,
                            const struct inet_address *address)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (inet_address_equal(&addresses->items[i], address))
            return;
    }
    addresses->items =
        zk_xrealloc(addresses->items, (addresses->count + 1) * sizeof *addresses->items);
    addresses->items[addresses->count++] = *address;
}

void multiple_addresses_copy(struct multiple_addresses *addresses,
                             const struct multiple_addresses *from)
{
    *addresses = (struct multiple_addresses){0};
    if (from->count == 0)
        return;
    addresses->items = zk_xcalloc(from->count, sizeof *addresses->items);
    memcpy(addresses->items, from->items, from->count * sizeof *addresses->items);
    addresses->count = from->count;
}

void multiple_addresses_done(struct multiple_addresses *addresses)
{
    free(addresses->items);
    *addresses = (struct multiple_addresses){0};
}

void multiple_addresses_java_order(const struct multiple_addresses *addresses, size_t *ret_order)
{
    if (addresses->count == 1)
        ret_order[0] = 0;
    if (addresses->count <= 1)
        return;
    int32_t *hashes = zk_xcalloc(addresses->count, sizeof *hashes);
    for (size_t i = 0; i < addresses->count; i++)
        hashes[i] = inet_address_hash(&addresses->items[i]);
    java_concurrent_map_order(hashes, addresses->count, ret_order);
    free(hashes);
}

/* Java: MultipleAddresses.getOne() */
const struct inet_address *multiple_addresses_get_one(const struct multiple_addresses *addresses)
{
    if (addresses->count == 0)
        return NULL;
    size_t *order = zk_xcalloc(addresses->count, sizeof *order);
    multiple_addresses_java_order(addresses, order);
    const struct inet_address *one = &addresses->items[order[0]];
    free(order);
    return one;
}

bool multiple_addresses_same_address(const struct inet_address *a, const struct inet_address *b)
{
    if (inet_address_equal(a, b))
        return true;
    /* One of the two comes from the wire and was not looked up (D-31): then the names decide. */
    bool one_is_unresolved = (a->family == INET_UNRESOLVED) != (b->family == INET_UNRESOLVED);
    return one_is_unresolved && a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

static bool has(const struct multiple_addresses *addresses, const struct inet_address *address)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (multiple_addresses_same_address(&addresses->items[i], address))
            return true;
    }
    return false;
}

/* Java: MultipleAddresses.equals() */
bool multiple_addresses_equal(const struct multiple_addresses *a,
                              const struct multiple_addresses *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!has(b, &a->items[i]) || !has(a, &b->items[i]))
            return false;
    }
    return true;
}

/* Java: MultipleAddresses.recreateSocketAddresses() */
void multiple_addresses_recreate(struct zk_context *ctx, struct multiple_addresses *addresses)
{
    struct multiple_addresses fresh = {0};
    size_t *order = zk_xcalloc(addresses->count + 1, sizeof *order);
    multiple_addresses_java_order(addresses, order);
    for (size_t i = 0; i < addresses->count; i++) {
        const struct inet_address *old = &addresses->items[order[i]];
        struct inet_address found;
        inet_address_resolve(ctx, inet_host_text(old).text, old->port, &found);
        multiple_addresses_add(&fresh, found.family == INET_UNRESOLVED ? old : &found);
    }
    free(order);
    multiple_addresses_done(addresses);
    *addresses = fresh;
}

void multiple_addresses_format(const struct multiple_addresses *addresses, struct zk_str *str)
{
    size_t *order = zk_xcalloc(addresses->count + 1, sizeof *order);
    multiple_addresses_java_order(addresses, order);
    for (size_t i = 0; i < addresses->count; i++) {
        if (i > 0)
            zk_str_append(str, "|");
        zk_str_append(str, inet_host_port_text(&addresses->items[order[i]]).text);
    }
    free(order);
}
