/* Jute's basic types. Java: BinaryInputArchive, BinaryOutputArchive; BinaryInputArchiveTest */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zk/base/alloc.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

/* What is written into memory. */
struct written {
    struct buf *bytes;
    struct jute_out out;
};

static struct written written_new(void)
{
    struct written written = {.bytes = buf_new(64)};
    written.out = jute_out_of_buf(written.bytes);
    return written;
}

static void written_assert(struct written *written, const char *bytes, size_t length)
{
    assert_int_equal(jute_out_flush(&written->out), 0);
    assert_int_equal(written->bytes->length, length);
    assert_memory_equal(written->bytes->bytes, bytes, length);
    buf_unref(written->bytes);
}

/* All tests run twice: what is read comes from memory, and through a stream. */
static bool through_stream;

struct reading {
    struct zk_context *ctx;
    struct zk_input *input; /* NULL: none */
    int fd;
    struct jute_in in;
};

static struct jute_in in_of(struct zk_context *ctx, const void *bytes, size_t length,
                            struct zk_input **ret_input, int *ret_fd)
{
    *ret_input = NULL;
    *ret_fd = -1;
    if (!through_stream)
        return jute_in_of_bytes(ctx, bytes, length);
    *ret_fd = memfd_create("reading", MFD_CLOEXEC);
    assert_int_equal(pwrite(*ret_fd, bytes, length, 0), length);
    *ret_input = zk_input_new_fd(*ret_fd);
    return jute_in_of(ctx, *ret_input);
}

static void end_input(struct zk_input *input, int fd)
{
    zk_input_free(input);
    if (fd >= 0)
        close(fd);
}

static struct reading reading_new(const void *bytes, size_t length)
{
    struct reading reading = {.ctx = test_context()};
    reading.in = in_of(reading.ctx, bytes, length, &reading.input, &reading.fd);
    return reading;
}

static void reading_done(struct reading *reading)
{
    end_input(reading->input, reading->fd);
    zk_context_free(reading->ctx);
}

static void numbers_are_big_endian(void **state)
{
    (void)state;
    struct written written = written_new();

    jute_out_int(&written.out, -2);
    jute_out_long(&written.out, INT64_C(0x0102030405060708));

    written_assert(&written, "\xff\xff\xff\xfe\x01\x02\x03\x04\x05\x06\x07\x08", 12);
}

static void null_and_empty_are_different_bytes(void **state)
{
    (void)state;
    struct written written = written_new();
    struct buf *empty = buf_new(0);
    struct ustring null = {0};
    struct ustring nothing = ustring_of("");

    jute_out_string(&written.out, NULL);
    jute_out_string(&written.out, "");
    jute_out_ustring(&written.out, &null);
    jute_out_ustring(&written.out, &nothing);
    jute_out_buffer(&written.out, NULL);
    jute_out_buffer(&written.out, empty);

    written_assert(&written,
                   "\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\0\0\0\0", 24);
    buf_unref(empty);
    ustring_done(&nothing);
}

static void strings_and_buffers_carry_their_length(void **state)
{
    (void)state;
    struct written written = written_new();
    struct buf *buffer = buf_new_copy("a\0b", 3);

    jute_out_string(&written.out, "/zk");
    jute_out_buffer(&written.out, buffer);

    written_assert(&written, "\0\0\0\3/zk\0\0\0\3a\0b", 14);
    buf_unref(buffer);
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    struct written written = written_new();
    struct ustring string = {.text = memcpy(zk_xmalloc(4), "a\0b", 4), .length = 3};
    jute_out_int(&written.out, INT32_MIN);
    jute_out_long(&written.out, INT64_MIN);
    jute_out_ustring(&written.out, &string);
    jute_out_string(&written.out, "/path");
    jute_out_buffer(&written.out, NULL);
    jute_out_start_vector(&written.out, 7);
    assert_int_equal(jute_out_flush(&written.out), 0);

    struct reading reading = reading_new(written.bytes->bytes, written.bytes->length);
    int32_t number;
    int64_t large;
    struct ustring read_string;
    char *path;
    struct buf *buffer = written.bytes;
    int32_t count;
    assert_int_equal(jute_in_int(&reading.in, &number), 0);
    assert_int_equal(jute_in_long(&reading.in, &large), 0);
    assert_int_equal(jute_in_ustring(&reading.in, &read_string), 0);
    assert_int_equal(jute_in_text(&reading.in, &path), 0);
    assert_int_equal(jute_in_buffer(&reading.in, &buffer), 0);
    assert_int_equal(jute_in_start_vector(&reading.in, &count), 0);

    assert_int_equal(number, INT32_MIN);
    assert_true(large == INT64_MIN);
    assert_true(ustring_equal(&read_string, &string));
    assert_string_equal(path, "/path");
    assert_null(buffer);
    assert_int_equal(count, 7);
    assert_int_equal(jute_in_int(&reading.in, &number), -EPIPE);

    free(path);
    ustring_done(&string);
    ustring_done(&read_string);
    reading_done(&reading);
    buf_unref(written.bytes);
}

static void a_stream_that_ends_inside_a_field_gives_nothing(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 5, 'a', 'b', 'c', 'd'};
    for (size_t length = 0; length <= sizeof bytes; length++) {
        struct reading reading = reading_new(bytes, length);
        struct ustring string = {.text = NULL, .length = 77};
        assert_int_equal(jute_in_ustring(&reading.in, &string), -EPIPE);
        assert_int_equal(string.length, 77);
        reading_done(&reading);

        reading = reading_new(bytes, length);
        struct buf *buffer = NULL;
        assert_int_equal(jute_in_buffer(&reading.in, &buffer), -EPIPE);
        assert_null(buffer);
        reading_done(&reading);
    }
}

static void long_strings_and_buffers_come_whole(void **state)
{
    (void)state;
    enum { LENGTH = 100001 };
    struct written written = written_new();
    char *text = malloc(LENGTH + 1);
    for (size_t i = 0; i < LENGTH; i++)
        text[i] = (char)('a' + i % 26);
    text[LENGTH] = 0;
    struct buf *data = buf_new_copy(text, LENGTH);
    jute_out_string(&written.out, text);
    jute_out_buffer(&written.out, data);
    assert_int_equal(jute_out_flush(&written.out), 0);

    struct reading reading = reading_new(written.bytes->bytes, written.bytes->length);
    char *read_text;
    struct buf *read_data;
    assert_int_equal(jute_in_text(&reading.in, &read_text), 0);
    assert_int_equal(jute_in_buffer(&reading.in, &read_data), 0);
    assert_string_equal(read_text, text);
    assert_int_equal(read_data->length, LENGTH);
    assert_memory_equal(read_data->bytes, text, LENGTH);

    free(read_text);
    buf_unref(read_data);
    reading_done(&reading);
    buf_unref(written.bytes);
    buf_unref(data);
    free(text);
}

static void a_buffer_takes_the_memory_of_the_one_before_unless_somebody_has_it(void **state)
{
    (void)state;
    struct reading reading =
        reading_new("\0\0\0\4abcd\0\0\0\2ef\0\0\0\3ghi\xff\xff\xff\xff\0\0\0\1", 29);
    struct buf *buffer = NULL;
    assert_int_equal(jute_in_buffer_again(&reading.in, &buffer), 0);
    assert_int_equal(buffer->length, 4);
    assert_memory_equal(buffer->bytes, "abcd", 4);

    const struct buf *before = buffer;
    assert_int_equal(jute_in_buffer_again(&reading.in, &buffer), 0);
    assert_ptr_equal(buffer, before);
    assert_int_equal(buffer->length, 2);
    assert_memory_equal(buffer->bytes, "ef", 2);

    struct buf *kept = buf_ref(buffer);
    assert_int_equal(jute_in_buffer_again(&reading.in, &buffer), 0);
    assert_memory_equal(buffer->bytes, "ghi", 3);
    assert_int_equal(kept->length, 2);
    assert_memory_equal(kept->bytes, "ef", 2);
    buf_unref(kept);

    assert_int_equal(jute_in_buffer_again(&reading.in, &buffer), 0);
    assert_null(buffer);
    assert_int_equal(jute_in_buffer_again(&reading.in, &buffer), -EPIPE);
    assert_null(buffer);
    reading_done(&reading);
}

static void a_path_is_neither_null_nor_holds_a_zero_byte(void **state)
{
    (void)state;
    char *path = NULL;
    struct reading reading = reading_new("\xff\xff\xff\xff", 4);
    assert_int_equal(jute_in_text(&reading.in, &path), -EPROTO);
    reading_done(&reading);
    reading = reading_new("\0\0\0\3/\0a", 7);
    assert_int_equal(jute_in_text(&reading.in, &path), -EPROTO);
    assert_null(path);
    reading_done(&reading);
}

/* Java: startVector() gives an index that is done at once. K-21 */
static void a_negative_vector_is_empty_unless_it_is_null(void **state)
{
    (void)state;
    struct reading reading = reading_new("\xff\xff\xff\xff\xff\xff\xff\xfe\x80\0\0\0", 12);
    int32_t count[3];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(jute_in_start_vector(&reading.in, &count[i]), 0);
    assert_int_equal(count[0], -1);
    assert_int_equal(count[1], 0);
    assert_int_equal(count[2], 0);
    reading_done(&reading);
}

/* ---- the limit ---- */

/* The length alone decides: nothing stands behind it, so an accepted one fails later, at the end of
 * the bytes. */
static int read_length(struct zk_context *ctx, int32_t length)
{
    uint8_t bytes[4];
    zk_store_int(bytes, length);
    struct zk_input *input;
    int fd;
    struct jute_in in = in_of(ctx, bytes, sizeof bytes, &input, &fd);
    struct buf *buffer;
    struct ustring string;
    int r = jute_in_buffer(&in, &buffer);
    end_input(input, fd);
    in = in_of(ctx, bytes, sizeof bytes, &input, &fd);
    assert_int_equal(jute_in_ustring(&in, &string), r);
    end_input(input, fd);
    return r;
}

static void lengths_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    assert_int_equal(read_length(ctx, 2097150), -EPIPE);
    assert_int_equal(read_length(ctx, 2097151), -EPROTO);
    assert_int_equal(read_length(ctx, INT32_MAX), -EPROTO);
    assert_int_equal(read_length(ctx, -2), -EPROTO);
    assert_int_equal(read_length(ctx, INT32_MIN), -EPROTO);
    zk_context_free(ctx);
}

static void the_limit_is_the_sum_of_two_settings(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "jute.maxbuffer", "5000");
    assert_int_equal(read_length(ctx, 10000), -EPIPE);
    assert_int_equal(read_length(ctx, 10001), -EPROTO);
    zk_settings_set(ctx, "zookeeper.jute.maxbuffer.extrasize", "2000");
    assert_int_equal(read_length(ctx, 7000), -EPIPE);
    assert_int_equal(read_length(ctx, 7001), -EPROTO);
    zk_context_free(ctx);
}

static void the_extra_size_is_at_least_1024(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "jute.maxbuffer", "100");
    assert_int_equal(read_length(ctx, 1124), -EPIPE);
    assert_int_equal(read_length(ctx, 1125), -EPROTO);
    zk_context_free(ctx);
}

/* D-34 */
static void the_limit_does_not_overflow(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "jute.maxbuffer", "2147483647");
    struct jute_in in = jute_in_of(ctx, NULL);
    assert_int_equal(in.max_length, INT32_MAX);
    zk_context_free(ctx);
}

/* Two gigabytes are announced, and no more memory is taken than arrives: the test would not survive
 * otherwise under a limit of the address space, and is slow without. */
static void memory_is_taken_as_bytes_arrive(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "jute.maxbuffer", "2147483647");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(read_length(ctx, INT32_MAX), -EPIPE);
    zk_context_free(ctx);
}

/* ---- errors of writing ---- */

static void the_first_error_of_writing_stays(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct zk_output *output = zk_output_new_fd(ends[0]); /* the end that only reads */
    struct jute_out out = jute_out_of(output);

    jute_out_int(&out, 1);
    assert_int_equal(jute_out_flush(&out), -EBADF);
    jute_out_int(&out, 2);
    assert_int_equal(jute_out_flush(&out), -EBADF);

    zk_output_free(output);
    close(ends[0]);
    close(ends[1]);
}

/* ---- Id, ACL, StatPersisted ---- */

static void an_acl_list_is_a_count_and_entries(void **state)
{
    (void)state;
    struct written written = written_new();
    struct zk_acl_list list = {0};
    zk_acl_list_add(&list, PERMS_ALL, "world", "anyone");
    zk_acl_list_add(&list, PERMS_READ, "ip", "::1");
    jute_write(&written.out, &zk_acl_list_record, &list);
    assert_int_equal(jute_out_flush(&written.out), 0);

    struct reading reading = reading_new(written.bytes->bytes, written.bytes->length);
    struct zk_acl_list read = {0};
    assert_int_equal(jute_read(&reading.in, &zk_acl_list_record, &read), 0);
    assert_true(jute_equal(&zk_acl_list_record, &read, &list));
    read.items[1].perms = PERMS_WRITE;
    assert_false(jute_equal(&zk_acl_list_record, &read, &list));
    jute_done(&zk_acl_list_record, &read);
    reading_done(&reading);

    written_assert(
        &written, "\0\0\0\2\0\0\0\x1f\0\0\0\5world\0\0\0\6anyone\0\0\0\1\0\0\0\2ip\0\0\0\3::1", 44);
    jute_done(&zk_acl_list_record, &list);
}

static void an_acl_list_cut_anywhere_fails_cleanly(void **state)
{
    (void)state;
    static const char bytes[] =
        "\0\0\0\2\0\0\0\x1f\0\0\0\5world\0\0\0\6anyone\0\0\0\1\0\0\0\2ip\0\0\0\3::1";
    for (size_t length = 0; length < 44; length++) {
        struct reading reading = reading_new(bytes, length);
        struct zk_acl_list list = {0};
        assert_int_equal(jute_read(&reading.in, &zk_acl_list_record, &list), -EPIPE);
        assert_null(list.items);
        reading_done(&reading);
    }
}

static void a_stat_is_sixty_bytes_in_javas_order(void **state)
{
    (void)state;
    struct stat_persisted stat = {
        .czxid = 1,
        .mzxid = 2,
        .ctime_ms = 3,
        .mtime_ms = 4,
        .version = 5,
        .cversion = 6,
        .aversion = -1,
        .ephemeral_owner = INT64_MIN,
        .pzxid = 7,
    };
    struct written written = written_new();
    jute_write(&written.out, &stat_persisted_record, &stat);
    assert_int_equal(jute_out_flush(&written.out), 0);

    struct reading reading = reading_new(written.bytes->bytes, written.bytes->length);
    struct stat_persisted read;
    memset(&read, 0, sizeof read);
    assert_int_equal(jute_read(&reading.in, &stat_persisted_record, &read), 0);
    assert_true(read.mtime_ms == 4 && read.ephemeral_owner == INT64_MIN && read.pzxid == 7);
    reading_done(&reading);

    /* The two that a snapshot uses do the same. */
    uint8_t stored[STAT_PERSISTED_BYTES];
    stat_persisted_store(&stat, stored);
    assert_memory_equal(stored, written.bytes->bytes, sizeof stored);
    stat_persisted_load(stored, &read);
    assert_true(jute_equal(&stat_persisted_record, &read, &stat));

    written_assert(&written,
                   "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\4"
                   "\0\0\0\5\0\0\0\6\xff\xff\xff\xff\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7",
                   60);
}

static void bytes_that_are_no_text_are_read_as_java_reads_them(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 3, '/', 0xff, 'b'};
    struct reading reading = reading_new(bytes, sizeof bytes);
    struct ustring string;
    assert_int_equal(jute_in_ustring(&reading.in, &string), 0);
    assert_int_equal(string.length, 5);
    assert_memory_equal(string.text, "/\xef\xbf\xbd\x62", 6);
    ustring_done(&string);
    reading_done(&reading);
}

/* ---- the list that nearly all are ---- */

static const char open_bytes[] = "\0\0\0\1\0\0\0\x1f\0\0\0\5world\0\0\0\6"
                                 "anyone";

static struct zk_acl_list read_open_list(void)
{
    struct reading reading = reading_new(open_bytes, sizeof open_bytes - 1);
    struct zk_acl_list list;
    assert_int_equal(jute_read(&reading.in, &zk_acl_list_record, &list), 0);
    assert_int_equal(jute_in_position(&reading.in), sizeof open_bytes - 1);
    reading_done(&reading);
    return list;
}

static void the_open_list_is_the_same_wherever_it_comes_from(void **state)
{
    (void)state;
    struct zk_acl_list put_together = {0};
    zk_acl_list_add(&put_together, PERMS_ALL, "world", "anyone");
    struct zk_acl_list once = zk_acl_list_open_unsafe();
    struct zk_acl_list copy;

    struct zk_acl_list read = read_open_list();
    jute_copy(&zk_acl_list_record, &copy, &read);

    assert_true(zk_acl_list_is_open_unsafe(&read) || through_stream);
    assert_true(jute_equal(&zk_acl_list_record, &read, &once));
    assert_true(jute_equal(&zk_acl_list_record, &once, &put_together));
    assert_true(jute_equal(&zk_acl_list_record, &put_together, &copy));
    struct buf *bytes = jute_to_buf(&zk_acl_list_record, &once);
    struct buf *others = jute_to_buf(&zk_acl_list_record, &put_together);
    assert_int_equal(bytes->length, sizeof open_bytes - 1);
    assert_memory_equal(bytes->bytes, open_bytes, bytes->length);
    assert_int_equal(others->length, bytes->length);
    assert_memory_equal(others->bytes, bytes->bytes, bytes->length);
    buf_unref(others);
    buf_unref(bytes);
    jute_done(&zk_acl_list_record, &copy);
    jute_done(&zk_acl_list_record, &read);
    jute_done(&zk_acl_list_record, &once);
    jute_done(&zk_acl_list_record, &put_together);
}

static void what_is_added_to_the_open_list_stays_away_from_others(void **state)
{
    (void)state;
    struct zk_acl_list list = read_open_list();

    zk_acl_list_add(&list, PERMS_READ, "ip", "127.0.0.1");

    struct zk_acl_list other = read_open_list();
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].id.scheme.text, "world");
    assert_string_equal(list.items[0].id.id.text, "anyone");
    assert_string_equal(list.items[1].id.scheme.text, "ip");
    assert_int_equal(other.count, 1);
    assert_int_equal(other.items[0].perms, PERMS_ALL);
    jute_done(&zk_acl_list_record, &list);
    jute_done(&zk_acl_list_record, &other);
}

static void a_list_that_differs_in_one_byte_is_another_one(void **state)
{
    (void)state;
    for (size_t i = 7; i < sizeof open_bytes - 1; i++) {
        char bytes[sizeof open_bytes - 1];
        memcpy(bytes, open_bytes, sizeof bytes);
        bytes[i] ^= 1;
        struct reading reading = reading_new(bytes, sizeof bytes);
        struct zk_acl_list open = zk_acl_list_open_unsafe();
        struct zk_acl_list list;
        if (jute_read(&reading.in, &zk_acl_list_record, &list) == 0) {
            assert_false(zk_acl_list_is_open_unsafe(&list));
            assert_false(jute_equal(&zk_acl_list_record, &list, &open));
            jute_done(&zk_acl_list_record, &list);
        }
        reading_done(&reading);
    }
}

static void the_position_counts_what_was_read(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 0, 0, 2, '/', 'a', 0, 0, 0, 7};
    struct reading reading = reading_new(bytes, sizeof bytes);
    struct ustring string;
    int32_t number;
    assert_int_equal(jute_in_ustring(&reading.in, &string), 0);
    assert_int_equal(jute_in_position(&reading.in), 6);
    assert_int_equal(jute_in_int(&reading.in, &number), 0);
    assert_int_equal(jute_in_position(&reading.in), 10);
    ustring_done(&string);
    reading_done(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(null_and_empty_are_different_bytes),
        cmocka_unit_test(strings_and_buffers_carry_their_length),
        cmocka_unit_test(bytes_that_are_no_text_are_read_as_java_reads_them),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(a_stream_that_ends_inside_a_field_gives_nothing),
        cmocka_unit_test(long_strings_and_buffers_come_whole),
        cmocka_unit_test(a_buffer_takes_the_memory_of_the_one_before_unless_somebody_has_it),
        cmocka_unit_test(a_path_is_neither_null_nor_holds_a_zero_byte),
        cmocka_unit_test(a_negative_vector_is_empty_unless_it_is_null),
        cmocka_unit_test(lengths_beyond_the_limit_are_refused),
        cmocka_unit_test(the_limit_is_the_sum_of_two_settings),
        cmocka_unit_test(the_extra_size_is_at_least_1024),
        cmocka_unit_test(the_limit_does_not_overflow),
        cmocka_unit_test(memory_is_taken_as_bytes_arrive),
        cmocka_unit_test(the_first_error_of_writing_stays),
        cmocka_unit_test(an_acl_list_is_a_count_and_entries),
        cmocka_unit_test(an_acl_list_cut_anywhere_fails_cleanly),
        cmocka_unit_test(a_stat_is_sixty_bytes_in_javas_order),
        cmocka_unit_test(the_open_list_is_the_same_wherever_it_comes_from),
        cmocka_unit_test(what_is_added_to_the_open_list_stays_away_from_others),
        cmocka_unit_test(a_list_that_differs_in_one_byte_is_another_one),
        cmocka_unit_test(the_position_counts_what_was_read),
    };
    int failed = cmocka_run_group_tests_name("from memory", tests, NULL, NULL);
    through_stream = true;
    return failed + cmocka_run_group_tests_name("through a stream", tests, NULL, NULL);
}
