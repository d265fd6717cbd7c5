/* A stream of snappy's blocks. What is read is as long as the blocks say that were whole, and no
 * block is larger than one may be. And any bytes come out of the stream as they went in. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "zk/base/buf.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"

enum { HEADER = 16, LARGEST = 1024 * 1024, MOST = 8 * LARGEST };

/* Reads until there is an error, which is returned, or more than enough has come. */
static int read_stream(int fd, struct buf *all)
{
    struct zk_input *input;
    uint8_t byte;
    zk_assert(lseek(fd, 0, SEEK_SET) == 0);
    int r = zk_input_new_snappy(fd, &input);
    zk_assert(r == 0);
    while (r == 0 && all->length < MOST) {
        r = zk_input_read(input, &byte, 1);
        if (r == 0)
            buf_put_byte(all, byte);
    }
    zk_input_free(input);
    return r;
}

/* The number that a block begins with, seven bits in a byte; -1: there is none. */
static int64_t unpacked_length(const uint8_t *block, size_t length)
{
    int64_t number = 0;
    for (size_t i = 0; i < length && i < 5; i++) {
        number |= (int64_t)(block[i] & 127) << 7 * i;
        if (block[i] < 128)
            return number;
    }
    return -1;
}

/* May so many bytes have come of these? Only if that is where a block ends. */
static bool may_give(const uint8_t *bytes, size_t length, size_t given)
{
    size_t sum = 0;
    size_t at = 0;
    while (sum < given && length - at >= 4) {
        if (length - at >= HEADER && memcmp(bytes + at, "\x82SNAPPY", 8) == 0) {
            at += HEADER;
            continue;
        }
        int32_t packed = zk_load_int(bytes + at);
        at += 4;
        if (packed <= 0 || (size_t)packed > length - at)
            return false;
        int64_t unpacked = unpacked_length(bytes + at, (size_t)packed);
        if (unpacked < 0 || unpacked > LARGEST)
            return false;
        sum += (size_t)unpacked;
        at += (size_t)packed;
    }
    return sum == given;
}

static void comes_out_as_it_went_in(const uint8_t *bytes, size_t length)
{
    char path[64];
    struct zk_output *output;
    struct buf *all = buf_new(0);
    int fd = fuzz_memory_file("", 0, path, sizeof path);
    int r = zk_output_new_snappy(fd, &output);
    zk_assert(r == 0);
    r = zk_output_write(output, bytes, length);
    zk_assert(r == 0);
    r = zk_output_finish(output);
    zk_assert(r == 0);
    zk_output_free(output);
    r = read_stream(fd, all);
    zk_assert(r == -EPIPE || all->length == MOST);
    zk_assert(all->length == length && (length == 0 || memcmp(all->bytes, bytes, length) == 0));
    buf_unref(all);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char path[64];
    struct buf *all = buf_new(0);
    int fd = fuzz_memory_file(bytes, length, path, sizeof path);
    int r = read_stream(fd, all);
    zk_assert(r == -EPROTO || r == -EPIPE || (r == 0 && all->length == MOST));
    zk_assert(r == 0 || may_give(bytes, length, all->length));
    buf_unref(all);
    close(fd);
    comes_out_as_it_went_in(bytes, length);
    return 0;
}
