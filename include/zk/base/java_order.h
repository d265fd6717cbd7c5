/* Java's collections iterate in hash order, and in three places that order reaches the wire or the
 * disk: config texts, the order of notifications, the children of a snapshot. This module knows the
 * order and nothing else; our own maps are sorted (departure D-8). Each function gives the order as
 * indices into what it is given, which must be in order of insertion and without duplicates;
 * ret_order has room for count entries. */
#ifndef ZK_BASE_JAVA_ORDER_H
#define ZK_BASE_JAVA_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Java: String.hashCode() of text in UTF-8 (code units as UTF-16 has them). */
int32_t java_string_hash(const char *text);
/* Java: Long.hashCode() */
int32_t java_long_hash(int64_t value);

/* HashMap<Long, ...>, HashSet<Long>: first_capacity is the table's first size (16 for a plain "new
 * HashMap()"). */
void java_hash_map_order_longs(const int64_t *keys, size_t count, size_t first_capacity,
                               size_t *ret_order);
/* The same for who has nothing but the keys: moves them into that order. */
void java_hash_map_sort_longs(int64_t *keys, size_t count, size_t first_capacity);
/* The capacity of a HashSet or HashMap that is built as a copy of count elements: power of two of
 * max(16, ...) for the set constructor. */
size_t java_hash_set_copy_capacity(size_t count);
size_t java_hash_map_copy_capacity(size_t count);

/* HashSet<String> with the given first capacity. */
void java_hash_map_order_strings(const char *const *keys, size_t count, size_t first_capacity,
                                 size_t *ret_order);

/* ConcurrentHashMap with a table of 16: Properties, queueSendMap, MultipleAddresses. hashes are the
 * keys' hashCode(). */
void java_concurrent_map_order(const int32_t *hashes, size_t count, size_t *ret_order);

#endif
