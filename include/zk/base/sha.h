/* Hashes of the Secure Hash Standard (FIPS 180-4), for digests of passwords, and base64 (RFC 4648)
 * for their texts. Pure functions; any thread. */
#ifndef ZK_BASE_SHA_H
#define ZK_BASE_SHA_H

#include <stddef.h>
#include <stdint.h>

enum {
    ZK_SHA1_BYTES = 20,
    ZK_SHA256_BYTES = 32,
    /* The length of the longest digest as base64 text, with the zero byte. */
    ZK_BASE64_MAX = (ZK_SHA256_BYTES + 2) / 3 * 4 + 1,
};

enum zk_hash_kind {
    ZK_HASH_UNKNOWN,
    ZK_HASH_SHA1,
    ZK_HASH_SHA256,
};

/* Returns which of the two a name means, in capitals or not; "SHA1", "SHA-1" and "SHA" are one. A
 * JVM knows them by these names. */
enum zk_hash_kind zk_hash_named(const char *name);

void zk_sha1(const void *bytes, size_t length, uint8_t ret_hash[ZK_SHA1_BYTES]);
void zk_sha256(const void *bytes, size_t length, uint8_t ret_hash[ZK_SHA256_BYTES]);
/* ret_text has room for a third more than length, rounded up to four, and a zero byte. */
void zk_base64_encode(const uint8_t *bytes, size_t length, char *ret_text);

#endif
