/* The files of tests/golden. A line is "hex   # field, meaning", or a comment. */
#include "golden.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk_test.h"

enum {
    LARGEST = 1 << 20,
    SHOWN = 24, /* bytes of one field in a dump */
};

struct field {
    size_t offset;
    size_t length;
    char *meaning; /* owned */
};

struct golden {
    struct buf *bytes;
    struct field *fields;
    size_t field_count;
};

static char *read_file(const char *name, const char *extension)
{
    struct zk_str path = {0};
    struct zk_str text = {0};
    zk_str_printf(&path, "%s/%s%s", GOLDEN_DIR, name, extension);
    int r = file_read(zk_str_text(&path), LARGEST, &text);
    if (r < 0)
        fail_msg("cannot read %s: %d", zk_str_text(&path), r);
    zk_str_done(&path);
    return zk_str_take(&text);
}

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : 10 + tolower((unsigned char)c) - 'a';
}

static void read_line(struct golden *golden, const char *name, char *line)
{
    char *comment = strchr(line, '#');
    if (comment)
        *comment++ = 0;
    size_t start = golden->bytes->length;
    for (const char *c = zk_trim(line); *c; c++) {
        if (isspace((unsigned char)*c))
            continue;
        if (!isxdigit((unsigned char)c[0]) || !isxdigit((unsigned char)c[1]))
            fail_msg("%s.hex: not hex: %s", name, line);
        buf_put_byte(golden->bytes, (uint8_t)(digit(c[0]) << 4 | digit(c[1])));
        c++;
    }
    if (golden->bytes->length == start)
        return;
    golden->fields =
        zk_xrealloc(golden->fields, (golden->field_count + 1) * sizeof *golden->fields);
    golden->fields[golden->field_count++] = (struct field){
        .offset = start,
        .length = golden->bytes->length - start,
        .meaning = zk_xstrdup(comment ? zk_trim(comment) : ""),
    };
}

static struct golden golden_load(const char *name)
{
    struct golden golden = {.bytes = buf_new(256)};
    char *text = read_file(name, ".hex");
    struct zk_strings lines;
    zk_split(text, '\n', &lines);
    for (size_t i = 0; i < lines.count; i++)
        read_line(&golden, name, lines.items[i]);
    zk_strings_done(&lines);
    free(text);
    return golden;
}

static void golden_done(struct golden *golden)
{
    buf_unref(golden->bytes);
    for (size_t i = 0; i < golden->field_count; i++)
        free(golden->fields[i].meaning);
    free(golden->fields);
}

struct buf *golden_read(const char *name)
{
    struct golden golden = golden_load(name);
    struct buf *bytes = buf_ref(golden.bytes);
    golden_done(&golden);
    return bytes;
}

char *golden_text(const char *name)
{
    return read_file(name, "");
}

/* The bytes from offset on, as far as there are any. */
static void print_hex(const uint8_t *bytes, size_t length, size_t offset, size_t count)
{
    size_t printed = 0;
    for (size_t i = offset; i < offset + count && i < length && printed < SHOWN; i++, printed++)
        print_error("%02x", bytes[i]);
    for (; printed < (count < SHOWN ? count : SHOWN); printed++)
        print_error("..");
    print_error(count > SHOWN ? "+ " : "  ");
}

static void dump(const struct golden *golden, const char *name, const uint8_t *bytes, size_t length)
{
    print_error("%s: Java's %zu bytes on the left, ours (%zu) on the right\n", name,
                golden->bytes->length, length);
    for (size_t i = 0; i < golden->field_count; i++) {
        const struct field *field = &golden->fields[i];
        bool same =
            field->offset + field->length <= length &&
            memcmp(golden->bytes->bytes + field->offset, bytes + field->offset, field->length) == 0;
        print_error("%s %6zu  ", same ? " " : "!", field->offset);
        print_hex(golden->bytes->bytes, golden->bytes->length, field->offset, field->length);
        print_hex(bytes, length, field->offset, field->length);
        print_error("%s\n", field->meaning);
    }
}

void golden_write(const char *directory, const char *golden, const char *name)
{
    struct buf *bytes = golden_read(golden);
    test_write_bytes(directory, name, bytes->bytes, bytes->length);
    buf_unref(bytes);
}

struct buf *golden_hex(const char *hex)
{
    struct buf *bytes = buf_new(strlen(hex) / 2);
    if (strcmp(hex, ".") != 0)
        for (; hex[0] != '\0'; hex += 2)
            buf_put_byte(bytes, (uint8_t)(zk_hex_digit(hex[0]) << 4 | zk_hex_digit(hex[1])));
    return bytes;
}

void golden_assert_equal(const char *name, const void *bytes, size_t length)
{
    struct golden golden = golden_load(name);
    bool same = golden.bytes->length == length && memcmp(golden.bytes->bytes, bytes, length) == 0;
    if (!same)
        dump(&golden, name, bytes, length);
    golden_done(&golden);
    if (!same)
        fail_msg("%s differs from what Java wrote", name);
}

static void unpack_file(const char *from, const char *to)
{
    char bytes[8192];
    int count;
    gzFile packed = gzopen(from, "rb");
    FILE *file = fopen(to, "wb");
    assert_non_null(packed);
    assert_non_null(file);
    while ((count = gzread(packed, bytes, sizeof bytes)) > 0)
        assert_int_equal(fwrite(bytes, 1, (size_t)count, file), count);
    assert_int_equal(count, 0);
    assert_int_equal(fclose(file), 0);
    gzclose(packed);
}

void golden_unpack(const char *name, const char *directory)
{
    struct zk_strings names = {0};
    char *source = test_path(GOLDEN_DIR "/data", name);
    assert_int_equal(file_list(source, &names), 0);
    assert_true(names.count > 0);
    for (size_t i = 0; i < names.count; i++) {
        char *from = test_path(source, names.items[i]);
        names.items[i][strlen(names.items[i]) - strlen(".gz")] = '\0';
        char *to = test_path(directory, names.items[i]);
        unpack_file(from, to);
        free(from);
        free(to);
    }
    zk_strings_done(&names);
    free(source);
}
