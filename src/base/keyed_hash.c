/* SipHash-1-3: one round for each word of eight bytes, three at the end. */
#include "zk/base/keyed_hash.h"

#include <string.h>

enum { WORD = 8, FINAL_ROUNDS = 3, BITS_OF_BYTE = 8, LENGTH_BIT = 56, FINAL_MARK = 0xff };

/* The second half of SipHash's key. Our key is only the first half: 64 random bits are more than
 * anybody can guess. */
static const uint64_t second_key = UINT64_C(0x9e3779b97f4a7c15);

struct sip_state {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static uint64_t rotate(uint64_t word, unsigned count)
{
    return word << count | word >> (64 - count);
}

static void sip_round(struct sip_state *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip_state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t zk_keyed_hash(uint64_t key, const void *bytes, size_t length)
{
    struct sip_state s = {
        .v0 = key ^ UINT64_C(0x736f6d6570736575),
        .v1 = second_key ^ UINT64_C(0x646f72616e646f6d),
        .v2 = key ^ UINT64_C(0x6c7967656e657261),
        .v3 = second_key ^ UINT64_C(0x7465646279746573),
    };
    const uint8_t *next = bytes;
    size_t left = length;
    for (; left >= WORD; left -= WORD, next += WORD) {
        uint64_t word;
        memcpy(&word, next, WORD);
        sip_word(&s, word);
    }
    uint64_t last = (uint64_t)length << LENGTH_BIT;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)next[i] << (BITS_OF_BYTE * i);
    sip_word(&s, last);

    s.v2 ^= FINAL_MARK;
    for (int i = 0; i < FINAL_ROUNDS; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
