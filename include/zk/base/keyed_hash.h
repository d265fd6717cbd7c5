/* A hash of bytes that others choose: SipHash-1-3 of Aumasson and Bernstein. Without the key nobody
 * can find two texts that collide, so no client can fill one place of a table. (A quick mix of the
 * words of a text does not achieve this, even if it begins with a secret: two texts that differ in
 * one word, and in the next one so that the first difference is undone, collide for about every
 * second secret.) About 20 ns for a path. */
#ifndef ZK_BASE_KEYED_HASH_H
#define ZK_BASE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* key is a random number that each table chooses for itself, and keeps as long as it lives. */
uint64_t zk_keyed_hash(uint64_t key, const void *bytes, size_t length);

#endif
