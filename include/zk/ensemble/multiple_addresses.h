/* The addresses under which one port of one server can be reached: mostly one. A value with owned
 * memory. Java: MultipleAddresses */
#ifndef ZK_ENSEMBLE_MULTIPLE_ADDRESSES_H
#define ZK_ENSEMBLE_MULTIPLE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "zk/io/inet.h"

/* Zero-initialised is empty. Entries are in order of insertion; what Java iterates (a
 * ConcurrentHashMap) is given by multiple_addresses_java_order. */
struct multiple_addresses {
    struct inet_address *items;
    size_t count;
};

void multiple_addresses_add(struct multiple_addresses *addresses,
                            const struct inet_address *address); /* a set: duplicates vanish */
void multiple_addresses_copy(struct multiple_addresses *addresses,
                             const struct multiple_addresses *from);
void multiple_addresses_done(struct multiple_addresses *addresses);

/* Indices in Java's iteration order; ret_order has room for count. */
void multiple_addresses_java_order(const struct multiple_addresses *addresses, size_t *ret_order);

/* Java: getOne(). Returns the first in iteration order, which is not the first configured, or NULL
 * if there is none; it belongs to addresses. */
const struct inet_address *multiple_addresses_get_one(const struct multiple_addresses *addresses);

/* Java: InetSocketAddress.equals(); but where only one of the two has been looked up (the other
 * comes from a config text of the wire), host string and port decide (departure D-31). */
bool multiple_addresses_same_address(const struct inet_address *a, const struct inet_address *b);

/* Java: equals(): the same set, by multiple_addresses_same_address. */
bool multiple_addresses_equal(const struct multiple_addresses *a,
                              const struct multiple_addresses *b);

/* Java: recreateSocketAddresses(): look every name up again; a failure keeps the old address.
 * BLOCKS: pool threads and starting peers only. */
void multiple_addresses_recreate(struct zk_context *ctx, struct multiple_addresses *addresses);

/* "host:port|host:port" of 3.8.0's formatInetAddr, in iteration order. Appends. */
void multiple_addresses_format(const struct multiple_addresses *addresses, struct zk_str *str);

#endif
