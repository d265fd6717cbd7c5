/* A file of properties is read as Java reads it, in two steps: logical lines (comments and blank
 * lines vanish, continuation lines are joined, escapes stay), then key and value of each, where the
 * escapes are resolved. */
#include "zk/ensemble/properties.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/utf8.h"

/* Where in the text we are. */
struct line_reader {
    const char *text;
    size_t length;
    size_t position;
    int line; /* of the byte at position, from 1 */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool reader_at_end(const struct line_reader *reader)
{
    return reader->position == reader->length;
}

static char reader_peek(const struct line_reader *reader)
{
    return reader->text[reader->position];
}

/* Steps over the end of a line: LF, CR or both. */
static void reader_skip_line_end(struct line_reader *reader)
{
    bool cr = reader_peek(reader) == '\r';
    reader->position++;
    reader->line++;
    if (cr && !reader_at_end(reader) && reader_peek(reader) == '\n')
        reader->position++;
}

static void reader_skip_blanks(struct line_reader *reader)
{
    while (!reader_at_end(reader) && is_blank(reader_peek(reader)))
        reader->position++;
}

static void reader_skip_comment(struct line_reader *reader)
{
    while (!reader_at_end(reader) && !is_line_end(reader_peek(reader)))
        reader->position++;
}

/* Skips what may stand before a logical line: blanks, blank lines, comments. Returns false at the
 * end of the text. */
static bool reader_find_line(struct line_reader *reader)
{
    for (;;) {
        reader_skip_blanks(reader);
        if (reader_at_end(reader))
            return false;
        char c = reader_peek(reader);
        if (c == '#' || c == '!')
            reader_skip_comment(reader);
        else if (is_line_end(c))
            reader_skip_line_end(reader);
        else
            return true;
    }
}

/* Appends the rest of a natural line, without its end and without the mark of a continuation.
 * Returns whether the logical line goes on. */
static bool reader_take_natural_line(struct line_reader *reader, struct zk_str *line)
{
    bool escaped = false; /* the next byte is behind an odd number of backslashes */
    size_t start = reader->position;
    while (!reader_at_end(reader) && !is_line_end(reader_peek(reader))) {
        escaped = reader_peek(reader) == '\\' && !escaped;
        reader->position++;
    }
    size_t length = reader->position - start;
    zk_str_append_bytes(line, reader->text + start, escaped ? length - 1 : length);
    if (reader_at_end(reader))
        return false;
    /* Java looks whether the text ends here before it skips the LF of a CR LF. */
    bool last = reader->position + 1 == reader->length;
    reader_skip_line_end(reader);
    return escaped && !last;
}

/* Reads the next logical line; *ret_number is the line where it starts. Returns false if none is
 * left. Java: Properties.LineReader.readLine() */
static bool reader_take_line(struct line_reader *reader, struct zk_str *line, int *ret_number)
{
    zk_str_clear(line);
    if (!reader_find_line(reader))
        return false;
    *ret_number = reader->line;
    while (reader_take_natural_line(reader, line)) {
        reader_skip_blanks(reader);
        if (line->length > 0)
            continue;
        /* Nothing but the mark stood there: Java takes what follows for the start of a line,
         * comments too. */
        if (!reader_find_line(reader))
            return false;
        *ret_number = reader->line;
    }
    return true;
}

/* ---- escapes -------------------------------------------------------------------------------- */

/* Reads the four digits of a \u escape. Returns false if they are not there. */
static bool take_code_unit(const char *text, size_t length, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    if (length < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        int digit = zk_hex_digit(text[i]);
        if (digit < 0)
            return false;
        unit = unit << 4 | (uint32_t)digit;
    }
    *ret_unit = unit;
    return true;
}

/* Writes a character as UTF-8 and returns how many bytes it takes. U+0000 takes two, as in Java's
 * class files: a plain zero byte would end the text in C, and the rest of a wrong value would be
 * overlooked. */
static size_t put_character(char *text, uint32_t character)
{
    if (character != 0)
        return zk_utf8_encode(character, text);
    memcpy(text, "\xc0\x80", 2);
    return 2;
}

/* Resolves a \u escape behind its 'u', together with a second one if the two are a surrogate pair.
 * Returns how many bytes it has used, or 0 if it is malformed. */
static size_t put_unicode_escape(char **end, const char *digits, size_t length)
{
    uint32_t high;
    uint32_t low;
    if (!take_code_unit(digits, length, &high))
        return 0;
    if (high < 0xd800 || high >= 0xe000) {
        *end += put_character(*end, high);
        return 4;
    }
    bool pair = high < 0xdc00 && length >= 10 && digits[4] == '\\' && digits[5] == 'u' &&
                take_code_unit(digits + 6, length - 6, &low) && low >= 0xdc00 && low < 0xe000;
    if (!pair) {
        /* Java writes half a pair as '?' when it turns the text into UTF-8. */
        *end += put_character(*end, '?');
        return 4;
    }
    *end += put_character(*end, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    return 10;
}

static char simple_escape(char c)
{
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    default:
        return c;
    }
}

/* Returns how many bytes at the beginning stand for themselves. */
static size_t plain_length(const char *bytes, size_t length)
{
    size_t plain = 0;
    while (plain < length && bytes[plain] != '\\' && bytes[plain] != '\0')
        plain++;
    return plain;
}

/* Writes the text without escapes, and a terminator, at end. Returns the place behind it, or NULL
 * if a \u is malformed. Java: Properties.loadConvert() */
static char *unescape(char *end, const char *bytes, size_t length)
{
    for (size_t used; length > 0; bytes += used, length -= used) {
        used = plain_length(bytes, length);
        if (used > 0) {
            memcpy(end, bytes, used);
            end += used;
            continue;
        }
        bool escape = bytes[0] == '\\' && length > 1;
        if (escape && bytes[1] == 'u') {
            size_t digits = put_unicode_escape(&end, bytes + 2, length - 2);
            if (digits == 0)
                return NULL;
            used = 2 + digits;
            continue;
        }
        char c = escape ? simple_escape(bytes[1]) : bytes[0];
        used = escape ? 2 : 1;
        if (c == '\0')
            end += put_character(end, 0);
        else
            *end++ = c;
    }
    *end++ = '\0';
    return end;
}

/* ---- keys and values ------------------------------------------------------------------------- */

/* Returns the length of the key at the start of a logical line, which ends before the first
 * separator that is not escaped. */
static size_t key_length(const struct zk_str *line)
{
    bool escaped = false;
    size_t length = 0;
    for (; length < line->length; length++) {
        char c = line->text[length];
        if (!escaped && (c == '=' || c == ':' || is_blank(c)))
            break;
        escaped = c == '\\' && !escaped;
    }
    return length;
}

/* Returns where the value starts: behind blanks, at most one = or :, and blanks. */
static size_t value_start(const struct zk_str *line, size_t at, bool *ret_separated)
{
    bool separated = false;
    for (; at < line->length; at++) {
        char c = line->text[at];
        if (is_blank(c))
            continue;
        if (separated || (c != '=' && c != ':'))
            break;
        separated = true;
    }
    *ret_separated = separated;
    return at;
}

/* The array grows whenever count is a power of two, to twice as many places. */
static void properties_add(struct zk_properties *properties, const struct zk_property *property)
{
    size_t count = properties->count;
    if ((count & (count - 1)) == 0)
        properties->items =
            zk_xrealloc(properties->items, (count > 0 ? 2 * count : 1) * sizeof *properties->items);
    properties->items[properties->count++] = *property;
}

/* *end is where the texts in properties->text end; it moves behind the new ones. */
static int properties_put_line(struct zk_properties *properties, char **end,
                               const struct zk_str *line, int number)
{
    size_t length = key_length(line);
    bool separated = false;
    size_t start = value_start(line, length, &separated);
    char *key = *end;
    char *value = unescape(key, zk_str_text(line), length);
    if (value == NULL)
        return -EINVAL;
    *end = unescape(value, zk_str_text(line) + start, line->length - start);
    if (*end == NULL)
        return -EINVAL;
    properties_add(properties, &(struct zk_property){key, value, number, separated});
    return 0;
}

/* Compares by key; of equal keys the one that was read first, which is earlier in the array, is
 * less. */
static int compare_keys(const void *a, const void *b)
{
    const struct zk_property *one = *(const struct zk_property *const *)a;
    const struct zk_property *other = *(const struct zk_property *const *)b;
    int order = strcmp(one->key, other->key);
    if (order != 0)
        return order;
    return one < other ? -1 : one > other;
}

/* Leaves each key once, in the place where it was read first, with the value that was read last. It
 * sorts, because a text from the wire can have a hundred thousand keys, and comparing each with
 * each would take far too long. */
static void properties_unite(struct zk_properties *properties)
{
    const size_t count = properties->count;
    struct zk_property **sorted = zk_xmalloc((count + 1) * sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &properties->items[i];
    qsort(sorted, count, sizeof(struct zk_property *), compare_keys);

    struct zk_property *first = NULL;
    for (size_t i = 0; i < count; i++) {
        struct zk_property *item = sorted[i];
        if (first == NULL || strcmp(first->key, item->key) != 0) {
            first = item;
            continue;
        }
        first->value = item->value;
        first->line = item->line;
        first->separated = item->separated;
        *item = (struct zk_property){0};
    }
    free(sorted);

    properties->count = 0;
    for (size_t i = 0; i < count; i++)
        if (properties->items[i].key != NULL)
            properties->items[properties->count++] = properties->items[i];
}

/* Brings the entries from the order of insertion into Java's. */
static void properties_sort(struct zk_properties *properties)
{
    const size_t count = properties->count;
    int32_t *hashes = zk_xmalloc(count * sizeof *hashes);
    size_t *order = zk_xmalloc(count * sizeof *order);
    struct zk_property *sorted = zk_xmalloc(count * sizeof *sorted);

    for (size_t i = 0; i < count; i++)
        hashes[i] = java_string_hash(properties->items[i].key);
    java_concurrent_map_order(hashes, count, order);
    for (size_t i = 0; i < count; i++)
        sorted[i] = properties->items[order[i]];

    free(properties->items);
    properties->items = sorted;
    free(hashes);
    free(order);
}

int zk_properties_parse(const char *text, size_t length, struct zk_properties *ret_properties,
                        int *ret_line)
{
    return zk_properties_parse_and_put(text, length, NULL, NULL, ret_properties, ret_line);
}

/* Java: Properties.load0(), and Properties.setProperty() behind it */
int zk_properties_parse_and_put(const char *text, size_t length, const char *put_key,
                                const char *put_value, struct zk_properties *ret_properties,
                                int *ret_line)
{
    struct line_reader reader = {.text = text, .length = length, .line = 1};
    size_t put_key_size = put_key != NULL ? strlen(put_key) + 1 : 0;
    size_t put_value_size = put_key != NULL ? strlen(put_value) + 1 : 0;
    /* No byte becomes more than two, and the two terminators of a line fit where its end was. */
    struct zk_properties properties = {
        .text = zk_xmalloc(2 * (length + 1) + put_key_size + put_value_size)};
    char *end = properties.text;
    struct zk_str line = {0};
    int number = 0;
    int r = 0;

    while (r == 0 && reader_take_line(&reader, &line, &number))
        r = properties_put_line(&properties, &end, &line, number);
    if (r == 0 && put_key != NULL) {
        char *value = end + put_key_size;
        memcpy(end, put_key, put_key_size);
        memcpy(value, put_value, put_value_size);
        properties_add(&properties, &(struct zk_property){end, value, 0, true});
    }
    if (r == 0) {
        properties_unite(&properties);
        properties_sort(&properties);
        *ret_properties = properties;
    } else {
        *ret_line = number;
        zk_properties_done(&properties);
    }
    zk_str_done(&line);
    return r;
}

struct zk_property *zk_properties_find(const struct zk_properties *properties, const char *key)
{
    for (size_t i = 0; i < properties->count; i++)
        if (strcmp(properties->items[i].key, key) == 0)
            return &properties->items[i];
    return NULL;
}

void zk_properties_done(struct zk_properties *properties)
{
    free(properties->items);
    free(properties->text);
    *properties = (struct zk_properties){0};
}
