/* UTF-8, one character at a time: overlong forms and surrogates are malformed. */
#include "zk/base/utf8.h"

#include <stdbool.h>
#include <string.h>

bool zk_utf8_is_ascii(const char *text, size_t length)
{
    /* The upper bits of eight bytes are looked at together: a path of 30 bytes takes some 20
     * instructions, byte by byte it took 130. The last eight may be looked at twice. */
    const uint64_t upper_bits = UINT64_C(0x8080808080808080);
    uint64_t word;
    uint64_t all = 0;
    if (length < sizeof word) {
        for (size_t i = 0; i < length; i++)
            all |= (uint8_t)text[i];
        return (all & upper_bits) == 0;
    }
    const char *last = text + length - sizeof word;
    for (; text < last; text += sizeof word) {
        memcpy(&word, text, sizeof word);
        all |= word;
    }
    memcpy(&word, last, sizeof word);
    return ((all | word) & upper_bits) == 0;
}

/* Returns how many bytes a sequence has, by its first one, or 0 if none starts with it. */
static size_t utf8_sequence_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    if (first >= 0xf0 && first < 0xf5)
        return 4;
    return 0;
}

int32_t zk_utf8_decode(const char *text, size_t length, size_t *ret_used)
{
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

    const uint8_t first = (uint8_t)text[0];
    size_t used = utf8_sequence_length(first);
    *ret_used = 1;
    if (used == 1)
        return first;
    if (used == 0 || used > length)
        return -1;

    int32_t character = first & (0xff >> (used + 1));
    for (size_t i = 1; i < used; i++) {
        uint8_t next = (uint8_t)text[i];
        if ((next & 0xc0) != 0x80)
            return -1;
        character = character << 6 | (next & 0x3f);
    }
    if (character < smallest[used] || character > 0x10ffff)
        return -1;
    if (character >= 0xd800 && character < 0xe000)
        return -1;
    *ret_used = used;
    return character;
}

size_t zk_utf8_encode(uint32_t character, char *ret_text)
{
    if (character < 0x80) {
        ret_text[0] = (char)character;
        return 1;
    }
    size_t used = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = used - 1; i > 0; i--) {
        ret_text[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    ret_text[0] = (char)((0xf00u >> used & 0xff) | character);
    return used;
}

/* ---- as Java has it -------------------------------------------------------------------------- */

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Returns whether second may stand behind first, which begins a sequence of three or four bytes.
 * The second byte of a surrogate may: Java takes the three bytes of a surrogate for one malformed
 * part. */
static bool may_follow(uint8_t first, uint8_t second)
{
    if (!is_continuation(second))
        return false;
    if (first == 0xe0)
        return second >= 0xa0;
    if (first == 0xf0)
        return second >= 0x90;
    return first != 0xf4 || second < 0x90;
}

/* Returns how many bytes Java replaces by one U+FFFD, where no character starts. */
static size_t malformed_length(const uint8_t *bytes, size_t length)
{
    size_t wanted = utf8_sequence_length(bytes[0]);
    if (wanted < 3 || length < 2 || !may_follow(bytes[0], bytes[1]))
        return 1;
    size_t used = 2;
    while (used < wanted && used < length && is_continuation(bytes[used]))
        used++;
    return used;
}

size_t zk_utf8_through_java(const char *text, size_t length, char *ret_text)
{
    enum { REPLACEMENT = 0xfffd };
    size_t ascii = 0;
    while (ascii < length && (uint8_t)text[ascii] < 0x80)
        ascii++;
    memcpy(ret_text, text, ascii);
    size_t written = ascii;
    size_t used;
    for (size_t at = ascii; at < length; at += used) {
        int32_t character = zk_utf8_decode(text + at, length - at, &used);
        if (character < 0) {
            used = malformed_length((const uint8_t *)text + at, length - at);
            character = REPLACEMENT;
        }
        if (character >= 0x10000) {
            uint32_t rest = (uint32_t)character - 0x10000;
            written += zk_utf8_encode(0xd800 + (rest >> 10), ret_text + written);
            character = (int32_t)(0xdc00 + (rest & 0x3ff));
        }
        written += zk_utf8_encode((uint32_t)character, ret_text + written);
    }
    return written;
}
