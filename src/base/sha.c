/* SHA-1, SHA-256 and base64. Both hashes cut the text into blocks of 64 bytes, the last of which
 * ends with the number of bits, and mix each block into their state. */
#include "zk/base/sha.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "zk/base/buf.h"

enum {
    BLOCK = 64,
    BLOCK_WORDS = 16,
    LENGTH_AT = BLOCK - 8, /* where the number of bits stands in the last block */
    MAX_STATE = 8,
    SHA1_STATE = 5,
    SHA1_ROUNDS = 80,
    SHA256_ROUNDS = 64,
};

enum zk_hash_kind zk_hash_named(const char *name)
{
    static const char *const SHA1_NAMES[] = {"SHA1", "SHA-1", "SHA"};
    for (size_t i = 0; i < sizeof SHA1_NAMES / sizeof *SHA1_NAMES; i++) {
        if (strcasecmp(name, SHA1_NAMES[i]) == 0)
            return ZK_HASH_SHA1;
    }
    return strcasecmp(name, "SHA-256") == 0 ? ZK_HASH_SHA256 : ZK_HASH_UNKNOWN;
}

static uint32_t rotate_left(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

static uint32_t rotate_right(uint32_t word, unsigned bits)
{
    return rotate_left(word, 32 - bits);
}

static void load_block(const uint8_t *block, uint32_t *ret_words)
{
    for (size_t i = 0; i < BLOCK_WORDS; i++)
        ret_words[i] = (uint32_t)zk_load_int(block + 4 * i);
}

/* ---- the two kinds of mixing ----------------------------------------------------------------- */

static void sha1_mix(uint32_t *state, const uint8_t *block)
{
    static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[SHA1_ROUNDS];
    load_block(block, w);
    for (size_t i = BLOCK_WORDS; i < SHA1_ROUNDS; i++)
        w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = state[0];
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];
    uint32_t e = state[4];
    for (size_t i = 0; i < SHA1_ROUNDS; i++) {
        size_t part = i / 20;
        uint32_t f = part == 0   ? (b & c) | (~b & d)
                     : part == 2 ? (b & c) | (b & d) | (c & d)
                                 : b ^ c ^ d;
        uint32_t next = rotate_left(a, 5) + f + e + constants[part] + w[i];
        e = d;
        d = c;
        c = rotate_left(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

static const uint32_t sha256_constants[SHA256_ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void sha256_mix(uint32_t *state, const uint8_t *block)
{
    uint32_t w[SHA256_ROUNDS];
    uint32_t s[MAX_STATE];
    load_block(block, w);
    for (size_t i = BLOCK_WORDS; i < SHA256_ROUNDS; i++) {
        uint32_t low = w[i - 15];
        uint32_t high = w[i - 2];
        low = rotate_right(low, 7) ^ rotate_right(low, 18) ^ low >> 3;
        high = rotate_right(high, 17) ^ rotate_right(high, 19) ^ high >> 10;
        w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    memcpy(s, state, sizeof s);
    for (size_t i = 0; i < SHA256_ROUNDS; i++) {
        uint32_t sum1 = rotate_right(s[4], 6) ^ rotate_right(s[4], 11) ^ rotate_right(s[4], 25);
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t sum0 = rotate_right(s[0], 2) ^ rotate_right(s[0], 13) ^ rotate_right(s[0], 22);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t next = s[7] + sum1 + choice + sha256_constants[i] + w[i];
        memmove(&s[1], &s[0], (MAX_STATE - 1) * sizeof s[0]);
        s[4] += next;
        s[0] = next + sum0 + majority;
    }
    for (size_t i = 0; i < MAX_STATE; i++)
        state[i] += s[i];
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Mixes all blocks in, and behind the text a 1, zeros and the number of bits. */
static void mix_all(const uint8_t *bytes, size_t length, uint32_t *state,
                    void (*mix)(uint32_t *state, const uint8_t *block))
{
    uint8_t block[BLOCK] = {0};
    size_t left = length;
    for (; left >= BLOCK; left -= BLOCK, bytes += BLOCK)
        mix(state, bytes);
    if (left > 0)
        memcpy(block, bytes, left);
    block[left] = 0x80;
    if (left >= LENGTH_AT) {
        mix(state, block);
        memset(block, 0, sizeof block);
    }
    zk_store_long(block + LENGTH_AT, (int64_t)(8 * (uint64_t)length));
    mix(state, block);
}

static void store_state(const uint32_t *state, size_t words, uint8_t *ret_hash)
{
    for (size_t i = 0; i < words; i++)
        zk_store_int(ret_hash + 4 * i, (int32_t)state[i]);
}

void zk_sha1(const void *bytes, size_t length, uint8_t ret_hash[ZK_SHA1_BYTES])
{
    uint32_t state[SHA1_STATE] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    mix_all(bytes, length, state, sha1_mix);
    store_state(state, SHA1_STATE, ret_hash);
}

void zk_sha256(const void *bytes, size_t length, uint8_t ret_hash[ZK_SHA256_BYTES])
{
    uint32_t state[MAX_STATE] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    mix_all(bytes, length, state, sha256_mix);
    store_state(state, MAX_STATE, ret_hash);
}

/* ---- base64 ---------------------------------------------------------------------------------- */

void zk_base64_encode(const uint8_t *bytes, size_t length, char *ret_text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        bool has_second = i + 1 < length;
        bool has_third = i + 2 < length;
        uint32_t group = (uint32_t)bytes[i] << 16 | (has_second ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (has_third ? bytes[i + 2] : 0);
        *ret_text++ = digits[group >> 18];
        *ret_text++ = digits[group >> 12 & 63];
        *ret_text++ = has_second ? digits[group >> 6 & 63] : '=';
        *ret_text++ = has_third ? digits[group & 63] : '=';
    }
    *ret_text = '\0';
}
