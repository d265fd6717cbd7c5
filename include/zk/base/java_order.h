/* Java's collections iterate in hash order, and in some places that order reaches the wire or the
 * disk: config texts, the order of notifications and dials, the children of a snapshot. This module
 * knows the order and nothing else; our own maps are sorted (D-8). Each function writes the order
 * as indices into what it is given, which must be in order of insertion and without duplicates;
 * ret_order has room for count entries. Any thread. */
#ifndef ZK_BASE_JAVA_ORDER_H
#define ZK_BASE_JAVA_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Returns the hash of a text in UTF-8, as Java computes it from the code units of UTF-16. Java:
 * String.hashCode() */
int32_t java_string_hash(const char *text);
/* Java: Long.hashCode() */
int32_t java_long_hash(int64_t value);

/* The order of a HashMap<Long, ...> or HashSet<Long> whose table has first_capacity places at first
 * (16 after a plain "new HashMap()"). */
void java_hash_map_order_longs(const int64_t *keys, size_t count, size_t first_capacity,
                               size_t *ret_order);
/* Sorts the keys themselves into that order. */
void java_hash_map_sort_longs(int64_t *keys, size_t count, size_t first_capacity);
/* Returns the capacity of a plain "new HashMap()" that has had count elements, and no more. */
size_t java_hash_map_capacity(size_t count);
/* Returns the capacity of a HashSet or a HashMap that is built as a copy of count elements: a power
 * of two, for a set at least 16. */
size_t java_hash_set_copy_capacity(size_t count);
size_t java_hash_map_copy_capacity(size_t count);

/* The order of a HashSet<String> whose table has first_capacity places at first. */
void java_hash_map_order_strings(const char *const *keys, size_t count, size_t first_capacity,
                                 size_t *ret_order);

/* The order of a ConcurrentHashMap whose table has 16 places at first (Properties, queueSendMap,
 * MultipleAddresses); hashes are the hashCode() of the keys. */
void java_concurrent_map_order(const int32_t *hashes, size_t count, size_t *ret_order);
/* The order of a ConcurrentHashMap<Long, ...> that has had most entries at once: its table does not
 * shrink. */
void java_concurrent_map_order_longs(const int64_t *keys, size_t count, size_t most,
                                     size_t *ret_order);

#endif
