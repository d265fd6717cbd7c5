/* Growing texts, and numbers and pieces read out of texts as strictly as Java does. */
#include "zk/base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/utf8.h"

/* ---- numbers --------------------------------------------------------------------------------- */

int zk_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads digits and nothing else, at least one; the sign has been read already. */
static bool parse_digits(const char *text, uint64_t radix, bool negative, int64_t *ret_value)
{
    const uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        const int digit = zk_hex_digit(*text);
        if (digit < 0 || (uint64_t)digit >= radix || value > (limit - (uint64_t)digit) / radix)
            return false;
        value = value * radix + (uint64_t)digit;
    }
    *ret_value = (int64_t)(negative ? 0 - value : value);
    return true;
}

static const char *parse_sign(const char *text, bool *ret_negative)
{
    *ret_negative = *text == '-';
    return *text == '-' || *text == '+' ? text + 1 : text;
}

bool zk_parse_long(const char *text, int64_t *ret_value)
{
    bool negative;
    const char *digits = parse_sign(text, &negative);
    return parse_digits(digits, 10, negative, ret_value);
}

bool zk_parse_int(const char *text, int32_t *ret_value)
{
    int64_t value;
    if (!zk_parse_long(text, &value) || value < INT32_MIN || value > INT32_MAX)
        return false;
    *ret_value = (int32_t)value;
    return true;
}

bool zk_parse_hex(const char *text, int64_t *ret_value)
{
    bool negative;
    const char *digits = parse_sign(text, &negative);
    return parse_digits(digits, 16, negative, ret_value);
}

bool zk_decode_long(const char *text, int64_t *ret_value)
{
    bool negative;
    const char *digits = parse_sign(text, &negative);
    if (strncmp(digits, "0x", 2) == 0 || strncmp(digits, "0X", 2) == 0)
        return parse_digits(digits + 2, 16, negative, ret_value);
    if (digits[0] == '#')
        return parse_digits(digits + 1, 16, negative, ret_value);
    if (digits[0] == '0' && digits[1] != '\0')
        return parse_digits(digits + 1, 8, negative, ret_value);
    return parse_digits(digits, 10, negative, ret_value);
}

/* ---- texts of a fixed size ------------------------------------------------------------------- */

bool zk_text_starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

void zk_text_copy(char *ret_text, size_t size, const char *text)
{
    zk_assert(size > 0);
    size_t length = strnlen(text, size - 1);
    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
}

void zk_text_printf(char *ret_text, size_t size, const char *format, ...)
{
    va_list args;
    zk_assert(size > 0);
    va_start(args, format);
    vsnprintf(ret_text, size, format, args);
    va_end(args);
}

/* Returns how many bytes a blank takes at the start of text, or 0. Java's are all letters up to the
 * space, U+0000 included, which `\u0000` makes in a properties file: C0 80, as a JVM writes it. */
static size_t blank_at(const char *text)
{
    if (text[0] != '\0' && (unsigned char)text[0] <= ' ')
        return 1;
    return (unsigned char)text[0] == 0xc0 && (unsigned char)text[1] == 0x80 ? 2 : 0;
}

const char *zk_trim_start(const char *text)
{
    size_t blank;
    while ((blank = blank_at(text)) > 0)
        text += blank;
    return text;
}

char *zk_trim(char *text)
{
    char *start = text + (zk_trim_start(text) - text);
    char *end = start + strlen(start);
    for (;;) {
        if (end - start >= 1 && blank_at(end - 1) == 1)
            end -= 1;
        else if (end - start >= 2 && blank_at(end - 2) == 2)
            end -= 2;
        else
            break;
    }
    *end = '\0';
    return start;
}

/* ---- a string that grows --------------------------------------------------------------------- */

enum {
    SMALLEST_ROOM = 128,
    USUAL_PIECE = 63, /* bytes that one printf adds, or fewer */
};

/* Makes room for so many more bytes, and the zero byte. */
static void str_reserve(struct zk_str *str, size_t more)
{
    zk_assert(more < SIZE_MAX / 2 - str->length);
    size_t needed = str->length + more + 1;
    if (needed <= str->room)
        return;
    str->room = needed > 2 * str->room ? needed : 2 * str->room;
    if (str->room < SMALLEST_ROOM)
        str->room = SMALLEST_ROOM;
    str->text = zk_xrealloc(str->text, str->room);
}

void zk_str_append_bytes(struct zk_str *str, const char *text, size_t length)
{
    str_reserve(str, length);
    if (length > 0)
        memcpy(str->text + str->length, text, length);
    str->length += length;
    str->text[str->length] = '\0';
}

void zk_str_append(struct zk_str *str, const char *text)
{
    zk_str_append_bytes(str, text, strlen(text));
}

/* Each transaction has some ten numbers in its trace, and vsnprintf takes 700 instructions for one
 * where these digits take 60. */
static void append_digits(struct zk_str *str, bool negative, uint64_t value, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while ((value /= base) > 0);
    if (negative)
        digits[--at] = '-';
    zk_str_append_bytes(str, digits + at, sizeof digits - at);
}

void zk_str_append_long(struct zk_str *str, int64_t value)
{
    append_digits(str, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

void zk_str_append_hex(struct zk_str *str, int64_t value)
{
    append_digits(str, false, (uint64_t)value, 16);
}

void zk_str_vprintf(struct zk_str *str, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    str_reserve(str, USUAL_PIECE);
    size_t room = str->room - str->length;
    int length = vsnprintf(str->text + str->length, room, format, args);
    zk_assert(length >= 0);
    if ((size_t)length >= room) { /* it was cut, but now the length is known */
        str_reserve(str, (size_t)length);
        vsnprintf(str->text + str->length, (size_t)length + 1, format, again);
    }
    str->length += (size_t)length;
    va_end(again);
}

void zk_str_printf(struct zk_str *str, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    zk_str_vprintf(str, format, args);
    va_end(args);
}

void zk_str_clear(struct zk_str *str)
{
    str->length = 0;
    if (str->text != NULL)
        str->text[0] = '\0';
}

void zk_str_done(struct zk_str *str)
{
    free(str->text);
    *str = (struct zk_str){0};
}

const char *zk_str_text(const struct zk_str *str)
{
    return str->text != NULL ? str->text : "";
}

bool zk_str_parse_first_line(struct zk_str *str, int64_t *ret_value)
{
    const size_t length = strcspn(zk_str_text(str), "\r\n");
    const bool has_zero_byte = length < str->length && str->text[length] == '\0';
    if (str->length > 0) {
        str->text[length] = '\0';
        str->length = length;
    }
    return !has_zero_byte && zk_parse_long(zk_str_text(str), ret_value);
}

char *zk_str_take(struct zk_str *str)
{
    char *text = str->text != NULL ? str->text : zk_xstrdup("");
    *str = (struct zk_str){0};
    return text;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void strings_add_bytes(struct zk_strings *strings, const char *text, size_t length)
{
    strings->items = zk_xrealloc(strings->items, (strings->count + 1) * sizeof *strings->items);
    strings->items[strings->count++] = zk_xstrndup(text, length);
}

void zk_strings_add(struct zk_strings *strings, const char *text)
{
    strings_add_bytes(strings, text, strlen(text));
}

void zk_strings_done(struct zk_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    *strings = (struct zk_strings){0};
}

/* Appends the pieces of text. */
static void split_onto(const char *text, char separator, struct zk_strings *pieces)
{
    const size_t before = pieces->count;
    for (;;) {
        const char *end = strchr(text, separator);
        strings_add_bytes(pieces, text, end != NULL ? (size_t)(end - text) : strlen(text));
        if (end == NULL)
            break;
        text = end + 1;
    }
    if (pieces->count == before + 1)
        return;
    while (pieces->count > before && pieces->items[pieces->count - 1][0] == '\0')
        free(pieces->items[--pieces->count]);
}

void zk_split(const char *text, char separator, struct zk_strings *ret_pieces)
{
    *ret_pieces = (struct zk_strings){0};
    split_onto(text, separator, ret_pieces);
}

/* From a text that ends with its first ']' Java drops every bracket, wherever it stands. */
static void remove_brackets(char *text)
{
    char *end = text;
    for (; *text != '\0'; text++)
        if (*text != '[' && *text != ']')
            *end++ = *text;
    *end = '\0';
}

int zk_host_and_port(const char *text, struct zk_strings *ret_pieces, const char **ret_error)
{
    if (text[0] != '[') {
        zk_split(text, ':', ret_pieces);
        return 0;
    }

    const char *closing = strchr(text, ']');
    if (closing == NULL) {
        *ret_error = " starts with '[' but has no matching ']:'";
        return -EINVAL;
    }
    if (closing[1] != '\0' && closing[2] == '\0') {
        *ret_error = " doesn't have a port after colon";
        return -EINVAL;
    }
    *ret_pieces = (struct zk_strings){0};
    if (closing[1] == '\0') {
        zk_strings_add(ret_pieces, text);
        remove_brackets(ret_pieces->items[0]);
    } else {
        strings_add_bytes(ret_pieces, text + 1, (size_t)(closing - text - 1));
        split_onto(closing + 2, ':', ret_pieces);
    }
    return 0;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Returns how many bytes at the beginning of text need no escape in JSON. */
static size_t plain_json(const char *text, size_t length)
{
    size_t plain = 0;
    while (plain < length && text[plain] >= 0x20 && text[plain] < 0x7f && text[plain] != '"' &&
           text[plain] != '\\')
        plain++;
    return plain;
}

void zk_str_append_json(struct zk_str *str, const char *text)
{
    size_t length = strlen(text);
    for (size_t used; length > 0; text += used, length -= used) {
        used = plain_json(text, length);
        if (used > 0) {
            zk_str_append_bytes(str, text, used);
            continue;
        }
        int32_t character = zk_utf8_decode(text, length, &used);
        if (character < 0)
            zk_str_append(str, "\\ufffd"); /* a reader of JSON expects UTF-8 */
        else if (character == '"' || character == '\\')
            zk_str_printf(str, "\\%c", (int)character);
        else if (character == '\n')
            zk_str_append(str, "\\n");
        else if (character < 0x20 || character == 0x7f)
            zk_str_printf(str, "\\u%04x", (unsigned)character);
        else
            zk_str_append_bytes(str, text, used);
    }
}
