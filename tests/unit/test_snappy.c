/* Streams of snappy's blocks in files: ours, those of snappy-java, and those that nobody writes.
 * Java: SnappyOutputStream, SnappyInputStream */
#include "zk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"

enum {
    HEADER = 16,
    BLOCK = 32 * 1024,
    LARGEST = 1024 * 1024,
    SOME = 200000, /* six blocks, and a bit */
};

/* What every stream begins with. */
static const uint8_t BEGINNING[HEADER] = "\x82SNAPPY\0\0\0\0\1\0\0\0\1";
/* A block of the bytes "snappy", as one literal. */
static const uint8_t LITERAL[] = "\0\0\0\x08\x06\x14snappy";
enum { LITERAL_SIZE = sizeof LITERAL - 1 };

/* ---- helpers ---- */

static uint8_t *some_bytes(void)
{
    uint8_t *bytes = malloc(SOME);
    for (size_t i = 0; i < SOME; i++)
        bytes[i] = (uint8_t)(i % 1000 < 500 ? i * i >> 7 : i >> 9);
    return bytes;
}

static int memory_file(const void *bytes, size_t length)
{
    int fd = memfd_create("snappy", MFD_CLOEXEC);
    assert_true(fd >= 0);
    if (length > 0)
        assert_int_equal(file_write_bytes(fd, bytes, length), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Reads pieces of that length until there is an error, which is returned, and appends what was
 * there to *all. */
static int read_all(int fd, size_t piece, struct buf *all)
{
    struct zk_input *input;
    uint8_t byte;
    uint8_t *bytes = malloc(piece);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(zk_input_new_snappy(fd, &input), 0);
    int r;
    while ((r = zk_input_read(input, bytes, piece)) == 0)
        buf_put_bytes(all, bytes, piece);
    zk_input_free(input);
    if (piece > 1 && r == -EPIPE) { /* fewer may be left */
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(zk_input_new_snappy(fd, &input), 0);
        for (size_t i = 0; i < all->length; i++)
            assert_int_equal(zk_input_read(input, &byte, 1), 0);
        while ((r = zk_input_read(input, &byte, 1)) == 0)
            buf_put_byte(all, byte);
        zk_input_free(input);
    }
    free(bytes);
    return r;
}

/* Behind the beginning these bytes: what a reader gets until the error, which is returned. */
static int read_behind_beginning(const void *bytes, size_t length, struct buf *all)
{
    struct buf *file = buf_new(0);
    buf_put_bytes(file, BEGINNING, HEADER);
    buf_put_bytes(file, bytes, length);
    int fd = memory_file(file->bytes, file->length);
    int r = read_all(fd, 1, all);
    file_close(fd);
    buf_unref(file);
    return r;
}

/* That a block of this length and these bytes is refused, and gives nothing. */
static void assert_no_block(int32_t length, const void *bytes, size_t count, int error)
{
    struct buf *all = buf_new(0);
    struct buf *block = buf_new(0);
    buf_put_int(block, length);
    buf_put_bytes(block, bytes, count);
    assert_int_equal(read_behind_beginning(block->bytes, block->length, all), error);
    assert_int_equal(all->length, 0);
    buf_unref(block);
    buf_unref(all);
}

/* Writes the bytes in pieces of that length. Returns the file. */
static int packed(const uint8_t *bytes, size_t length, size_t piece)
{
    struct zk_output *output;
    int fd = memory_file(NULL, 0);
    assert_int_equal(zk_output_new_snappy(fd, &output), 0);
    for (size_t at = 0; at < length; at += piece)
        assert_int_equal(
            zk_output_write(output, bytes + at, piece < length - at ? piece : length - at), 0);
    assert_int_equal(zk_output_finish(output), 0);
    zk_output_free(output);
    return fd;
}

static struct buf *file_bytes(int fd)
{
    size_t size = (size_t)lseek(fd, 0, SEEK_END);
    struct buf *bytes = buf_new(size);
    uint8_t *room = malloc(size + 1);
    assert_int_equal(file_read_at(fd, 0, room, size), 0);
    buf_put_bytes(bytes, room, size);
    free(room);
    return bytes;
}

/* ---- ours ---- */

static void what_is_packed_comes_out_again(void **state)
{
    static const size_t lengths[] = {0, 1, 6, BLOCK - 1, BLOCK, BLOCK + 1, SOME};
    static const size_t pieces[] = {1, 4097, SOME};
    uint8_t *bytes = some_bytes();
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t j = 0; j < sizeof pieces / sizeof *pieces; j++) {
            struct buf *all = buf_new(0);
            int fd = packed(bytes, lengths[i], pieces[j]);
            assert_int_equal(read_all(fd, pieces[j], all), -EPIPE);
            assert_int_equal(all->length, lengths[i]);
            if (lengths[i] > 0)
                assert_memory_equal(all->bytes, bytes, lengths[i]);
            buf_unref(all);
            file_close(fd);
        }
    free(bytes);
}

static void the_bytes_are_those_of_the_format(void **state)
{
    (void)state;
    int fd = packed((const uint8_t *)"snappy", 6, 6);
    struct buf *file = file_bytes(fd);
    assert_int_equal(file->length, HEADER + LITERAL_SIZE);
    assert_memory_equal(file->bytes, BEGINNING, HEADER);
    assert_memory_equal(file->bytes + HEADER, LITERAL, LITERAL_SIZE);
    buf_unref(file);
    file_close(fd);
    fd = packed(NULL, 0, 1);
    file = file_bytes(fd);
    assert_int_equal(file->length, HEADER);
    buf_unref(file);
    file_close(fd);
}

static void a_disk_that_takes_nothing_more_is_an_error(void **state)
{
    struct zk_output *output;
    uint8_t *bytes = some_bytes();
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(zk_output_new_snappy(fd, &output), 0);
    assert_int_equal(zk_output_write(output, bytes, SOME), -ENOSPC);
    assert_int_equal(zk_output_finish(output), -ENOSPC);
    zk_output_free(output);
    assert_int_equal(zk_output_new_snappy(fd, &output), 0);
    assert_int_equal(zk_output_write(output, bytes, 6), 0);
    assert_int_equal(zk_output_finish(output), -ENOSPC);
    zk_output_free(output);
    file_close(fd);
    free(bytes);
}

/* ---- those that others write ---- */

static void joined_files_are_one_stream(void **state)
{
    struct buf *joined = buf_new(0);
    struct buf *all = buf_new(0);
    (void)state;
    buf_put_bytes(joined, LITERAL, LITERAL_SIZE);
    buf_put_bytes(joined, BEGINNING, HEADER);
    buf_put_bytes(joined, BEGINNING, HEADER);
    buf_put_bytes(joined, "\0\0\0\1\0", 5); /* a block of no bytes */
    buf_put_bytes(joined, LITERAL, LITERAL_SIZE);
    assert_int_equal(read_behind_beginning(joined->bytes, joined->length, all), -EPIPE);
    assert_int_equal(all->length, 12);
    assert_memory_equal(all->bytes, "snappysnappy", 12);
    buf_unref(all);
    buf_unref(joined);
}

static void behind_joined_files_other_bytes_are_the_end(void **state)
{
    struct buf *joined = buf_new(0);
    struct buf *all = buf_new(0);
    (void)state;
    buf_put_bytes(joined, LITERAL, LITERAL_SIZE);
    buf_put_bytes(joined, "\x82SNAKES\0\0\0\0\1\0\0\0\1", HEADER);
    buf_put_bytes(joined, LITERAL, LITERAL_SIZE);
    assert_int_equal(read_behind_beginning(joined->bytes, joined->length, all), -EPIPE);
    assert_int_equal(all->length, 6);
    buf_unref(all);
    buf_unref(joined);
}

static void a_stream_begins_with_the_header_of_a_version_that_is_known(void **state)
{
    (void)state;
    for (int at = 0; at < HEADER; at++)
        for (int value = 0; value < 256; value++) {
            struct buf *all = buf_new(0);
            uint8_t file[HEADER + LITERAL_SIZE];
            memcpy(file, BEGINNING, HEADER);
            memcpy(file + HEADER, LITERAL, LITERAL_SIZE);
            file[at] = (uint8_t)value;
            int32_t version = zk_load_int(file + 8);
            bool taken = memcmp(file, BEGINNING, 8) == 0 && version > 0;
            int fd = memory_file(file, sizeof file);
            assert_int_equal(read_all(fd, 1, all), taken ? -EPIPE : -EPROTO);
            assert_int_equal(all->length, taken ? 6 : 0);
            file_close(fd);
            buf_unref(all);
        }
}

/* 1 MiB of one letter: a literal, and copies of 64 bytes from 1 byte before. */
static struct buf *largest_block(void)
{
    struct buf *bytes = buf_new(0);
    buf_put_bytes(bytes, "\x80\x80\x40\0a", 5);
    for (int i = 0; i < (LARGEST - 1) / 64; i++)
        buf_put_bytes(bytes, "\xfe\1\0", 3);
    buf_put_bytes(bytes, "\xfa\1\0", 3);
    return bytes;
}

static void the_largest_block_is_read(void **state)
{
    struct buf *bytes = largest_block();
    struct buf *block = buf_new(0);
    struct buf *all = buf_new(0);
    (void)state;
    buf_put_int(block, (int32_t)bytes->length);
    buf_put_bytes(block, bytes->bytes, bytes->length);
    assert_int_equal(read_behind_beginning(block->bytes, block->length, all), -EPIPE);
    assert_int_equal(all->length, LARGEST);
    assert_int_equal(all->bytes[LARGEST - 1], 'a');
    buf_unref(all);
    buf_unref(block);
    buf_unref(bytes);
}

/* A block in which each byte is a literal of its own, which takes two. */
static struct buf *one_by_one(uint32_t count)
{
    struct buf *bytes = buf_new(0);
    buf_put_byte(bytes, (uint8_t)(count | 128));
    buf_put_byte(bytes, (uint8_t)(count >> 7 | 128));
    buf_put_byte(bytes, (uint8_t)(count >> 14));
    for (uint32_t i = 0; i < count; i++)
        buf_put_bytes(bytes, "\0a", 2);
    return bytes;
}

/* D-38: no more memory is taken than a block can need, whatever a length says. */
static void a_length_that_no_block_has_is_refused(void **state)
{
    (void)state;
    assert_no_block(0, "", 0, -EPROTO);
    assert_no_block(-1, "", 0, -EPROTO);
    assert_no_block(INT32_MIN, "", 0, -EPROTO);
    assert_no_block(INT32_MAX, "", 0, -EPROTO);
    assert_no_block(LARGEST, "", 0, -EPROTO);
    struct buf *bytes = one_by_one(700000); /* a right block, and longer than any that is made */
    assert_no_block((int32_t)bytes->length, bytes->bytes, bytes->length, -EPROTO);
    buf_unref(bytes);
    bytes = one_by_one(500000);
    struct buf *block = buf_new(0);
    struct buf *all = buf_new(0);
    buf_put_int(block, (int32_t)bytes->length);
    buf_put_bytes(block, bytes->bytes, bytes->length);
    assert_int_equal(read_behind_beginning(block->bytes, block->length, all), -EPIPE);
    assert_int_equal(all->length, 500000);
    buf_unref(all);
    buf_unref(block);
    buf_unref(bytes);
}

static void a_block_that_says_it_is_larger_unpacked_is_refused(void **state)
{
    struct buf *bytes = largest_block();
    (void)state;
    assert_no_block(7, "\xff\xff\xff\xff\x0f\0a", 7, -EPROTO); /* 4 GiB */
    assert_no_block(7, "\xff\xff\xff\xff\xff\xff\xff", 7, -EPROTO);
    bytes->bytes[0] = 0x81; /* 1 MiB and a byte, which is there */
    buf_put_bytes(bytes, "\0b", 2);
    assert_no_block((int32_t)bytes->length, bytes->bytes, bytes->length, -EPROTO);
    buf_unref(bytes);
}

static void a_block_that_is_not_snappys_is_refused(void **state)
{
    (void)state;
    assert_no_block(7, "\6\x14snapp", 7, -EPROTO);   /* a literal that is cut */
    assert_no_block(8, "\7\x14snappy", 8, -EPROTO);  /* a byte too few */
    assert_no_block(8, "\5\x14snappy", 8, -EPROTO);  /* a byte too many */
    assert_no_block(6, "\5\0a\x0e\2\0", 6, -EPROTO); /* copies from before the beginning */
    assert_no_block(6, "\5\0a\x0e\0\0", 6, -EPROTO); /* copies from 0 bytes before */
    assert_no_block(1, "\x80", 1, -EPROTO);          /* a length that is cut */
}

/* Between two blocks a cut cannot be seen: the seals of a snapshot tell (PER-07). */
static void a_cut_file_ends_where_it_was_cut(void **state)
{
    (void)state;
    for (size_t length = 0; length <= HEADER + 2 * LITERAL_SIZE; length++) {
        uint8_t file[HEADER + 2 * LITERAL_SIZE];
        struct buf *all = buf_new(0);
        memcpy(file, BEGINNING, HEADER);
        memcpy(file + HEADER, LITERAL, LITERAL_SIZE);
        memcpy(file + HEADER + LITERAL_SIZE, LITERAL, LITERAL_SIZE);
        int fd = memory_file(file, length);
        /* Up to three bytes behind a block are no length: the stream has ended, as for Java. */
        bool is_end = (length < HEADER ? length : (length - HEADER) % LITERAL_SIZE) < 4;
        assert_int_equal(read_all(fd, 1, all), is_end ? -EPIPE : -EPROTO);
        assert_int_equal(all->length, length < HEADER ? 0 : (length - HEADER) / LITERAL_SIZE * 6);
        file_close(fd);
        buf_unref(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_out_again),
        cmocka_unit_test(the_bytes_are_those_of_the_format),
        cmocka_unit_test(a_disk_that_takes_nothing_more_is_an_error),
        cmocka_unit_test(joined_files_are_one_stream),
        cmocka_unit_test(behind_joined_files_other_bytes_are_the_end),
        cmocka_unit_test(a_stream_begins_with_the_header_of_a_version_that_is_known),
        cmocka_unit_test(the_largest_block_is_read),
        cmocka_unit_test(a_length_that_no_block_has_is_refused),
        cmocka_unit_test(a_block_that_says_it_is_larger_unpacked_is_refused),
        cmocka_unit_test(a_block_that_is_not_snappys_is_refused),
        cmocka_unit_test(a_cut_file_ends_where_it_was_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
