/* A hash of bytes that others choose: SipHash-1-3 of Aumasson and Bernstein. Without the key nobody
 * can find two texts that collide, so no client can fill one place of a table. (Quick mixing of the
 * words of a text does not do that, even with a secret start: a difference in one word that the
 * next word takes back collides under every second start or so.) About 20 ns for a path. */
#ifndef ZK_BASE_KEYED_HASH_H
#define ZK_BASE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* key: a random number of the table's own, for as long as the table lives. */
uint64_t zk_keyed_hash(uint64_t key, const void *bytes, size_t length);

#endif
