/* UTF-8, one character at a time: overlong forms and surrogates are malformed. */
#include "zk/base/utf8.h"

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
