/* The addresses under which one port of one server can be reached: mostly one. A value with owned
 * memory. Java: MultipleAddresses */
#ifndef ZK_ENSEMBLE_MULTIPLE_ADDRESSES_H
#define ZK_ENSEMBLE_MULTIPLE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "zk/io/inet.h"

/* A zero-initialised set is empty. Entries stand in order of insertion; the order in which Java
 * iterates its ConcurrentHashMap comes from multiple_addresses_java_order. */
struct multiple_addresses {
    struct inet_address *items;
    size_t count;
};

void multiple_addresses_add(struct multiple_addresses *addresses,
                            const struct inet_address *address); /* a set: duplicates vanish */
/* Fills addresses with a copy of from. Whatever was in addresses is not freed. */
void multiple_addresses_copy(struct multiple_addresses *addresses,
                             const struct multiple_addresses *from);
void multiple_addresses_done(struct multiple_addresses *addresses);

/* Writes the indices in Java's order of iteration; ret_order has room for count. */
void multiple_addresses_java_order(const struct multiple_addresses *addresses, size_t *ret_order);

/* Returns the first in Java's order of iteration, which need not be the first configured, or NULL
 * if there is none; it stays the set's. Java: getOne() */
const struct inet_address *multiple_addresses_get_one(const struct multiple_addresses *addresses);

/* Compares as Java's InetSocketAddress.equals(). But where only one of the two has been looked up,
 * because the other comes from a config text of the wire, host string and port decide (D-31). */
bool multiple_addresses_same_address(const struct inet_address *a, const struct inet_address *b);

/* Returns whether both hold the same addresses, by multiple_addresses_same_address.
 * Java: equals() */
bool multiple_addresses_equal(const struct multiple_addresses *a,
                              const struct multiple_addresses *b);

/* Looks every name up again; where that fails the old address stays. Blocks on the name service, so
 * the caller holds no lock. Java: recreateSocketAddresses() */
void multiple_addresses_recreate(struct zk_context *ctx, struct multiple_addresses *addresses);

/* Appends "host:port|host:port", in Java's order of iteration, as 3.8.0's formatInetAddr prints. */
void multiple_addresses_format(const struct multiple_addresses *addresses, struct zk_str *str);

#endif
