/* The syntax under every configuration. What was read, written with escapes, is read back as the
 * same keys and values. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/str.h"
#include "zk/ensemble/properties.h"

static void append_escaped(struct zk_str *str, const char *text)
{
    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '\n' || byte == '\r' || byte == '\t' || byte == '\f')
            zk_str_printf(str, "\\%c",
                          byte == '\n'   ? 'n'
                          : byte == '\r' ? 'r'
                          : byte == '\t' ? 't'
                                         : 'f');
        else if (byte < 0x80 && !isalnum(byte))
            zk_str_printf(str, "\\%c", byte);
        else
            zk_str_append_bytes(str, c, 1);
    }
}

/* A key alone reads as one without a value, unless it is empty: then the '=' must be there. */
static void print(const struct zk_properties *properties, struct zk_str *str)
{
    for (size_t i = 0; i < properties->count; i++) {
        append_escaped(str, properties->items[i].key);
        zk_str_append(str, "=");
        append_escaped(str, properties->items[i].value);
        zk_str_append(str, "\n");
    }
}

static size_t count_lines(const uint8_t *bytes, size_t length)
{
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n' || bytes[i] == '\r';
    return lines;
}

static void check(const struct zk_properties *properties, size_t lines)
{
    struct zk_str text = {0};
    struct zk_properties again;
    int line;
    print(properties, &text);
    zk_assert(zk_properties_parse(zk_str_text(&text), text.length, &again, &line) == 0);
    zk_assert(again.count == properties->count);
    for (size_t i = 0; i < properties->count; i++) {
        const struct zk_property *item = &properties->items[i];
        const struct zk_property *found = zk_properties_find(&again, item->key);
        zk_assert(zk_properties_find(properties, item->key) == item); /* no key twice */
        zk_assert(found != NULL && strcmp(found->value, item->value) == 0);
        zk_assert(item->line >= 1 && (size_t)item->line <= lines);
    }
    zk_properties_done(&again);
    zk_str_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct zk_properties properties;
    int line = 0;
    int r = zk_properties_parse((const char *)bytes, length, &properties, &line);
    size_t lines = count_lines(bytes, length);
    zk_assert(r == 0 || r == -EINVAL);
    if (r < 0) {
        zk_assert(line >= 1 && (size_t)line <= lines);
        return 0;
    }
    check(&properties, lines);
    zk_properties_done(&properties);
    return 0;
}
