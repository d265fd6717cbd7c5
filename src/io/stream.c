/* Buffers in front of a socket or a file, and Adler-32 sums of the bytes that pass. */
#include "zk/io/stream.h"
#include "io/gzip.h"
#include "io/snappy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/checksum.h"
#include "zk/base/panic.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"

enum { STREAM_BUFFER = 8192 }; /* Java: BufferedInputStream, BufferedOutputStream */

/* ---- input ----------------------------------------------------------------------------------- */

struct zk_input {
    struct sock *sock; /* NULL: none. We hold a reference. */
    int fd;            /* -1: none. The caller closes it. */
    /* Both are NULL if what fd gives is not packed. */
    struct gzip_reader *gzip;
    struct snappy_reader *snappy;
    /* What can be read without a system call: it stands in the buffer. */
    const uint8_t *next;
    size_t left;
    uint8_t *buffer; /* NULL: nothing was asked for yet */
    size_t room;     /* of the buffer */
    /* The sum of all bytes before summed; not kept for sockets. */
    uint32_t adler;
    const uint8_t *summed;
    int64_t position;
    void (*before_wait)(void *arg); /* NULL: nothing */
    void *before_wait_arg;
};

/* Makes these the next bytes to be read. */
static void input_fill(struct zk_input *input, const uint8_t *bytes, size_t length)
{
    input->next = bytes;
    input->left = length;
    input->summed = bytes;
}

static struct zk_input *input_new(void)
{
    struct zk_input *input = zk_xcalloc(1, sizeof *input);
    input->fd = -1;
    input->room = STREAM_BUFFER;
    input->adler = ZK_ADLER32_OF_NOTHING;
    return input;
}

struct zk_input *zk_input_new_sock(struct sock *sock)
{
    struct zk_input *input = input_new();
    input->sock = sock_ref(sock);
    return input;
}

struct zk_input *zk_input_new_fd(int fd)
{
    struct zk_input *input = input_new();
    input->fd = fd;
    return input;
}

struct zk_input *zk_input_new_gzip(int fd)
{
    struct zk_input *input = zk_input_new_fd(fd);
    input->gzip = gzip_reader_new(fd);
    return input;
}

int zk_input_new_snappy(int fd, struct zk_input **ret_input)
{
    struct snappy_reader *snappy;
    int r = snappy_reader_new(fd, &snappy);
    if (r < 0)
        return r;
    struct zk_input *input = zk_input_new_fd(fd);
    input->snappy = snappy;
    *ret_input = input;
    return 0;
}

void zk_input_before_wait(struct zk_input *input, void (*before_wait)(void *arg), void *arg)
{
    input->before_wait = before_wait;
    input->before_wait_arg = arg;
}

void zk_input_set_buffer(struct zk_input *input, size_t room)
{
    zk_assert(input->buffer == NULL);
    input->room = room;
}

void zk_input_free(struct zk_input *input)
{
    if (input == NULL)
        return;
    gzip_reader_free(input->gzip);
    snappy_reader_free(input->snappy);
    sock_unref(input->sock);
    free(input->buffer);
    free(input);
}

static void input_sum_up(struct zk_input *input)
{
    if (input->sock == NULL)
        input->adler = zk_input_adler32(input);
    input->summed = input->next;
}

/* Reads the source once. *ret_count is 0 at its end. */
static int input_ask(struct zk_input *input, void *ret_bytes, size_t room, size_t *ret_count)
{
    if (input->before_wait != NULL)
        input->before_wait(input->before_wait_arg);
    if (input->sock != NULL)
        return sock_read_some(input->sock, ret_bytes, room, ret_count);
    if (input->gzip != NULL)
        return gzip_reader_read(input->gzip, ret_bytes, room, ret_count);
    if (input->snappy != NULL)
        return snappy_reader_read(input->snappy, ret_bytes, room, ret_count);
    return file_read_some(input->fd, ret_bytes, room, ret_count);
}

/* Fills the buffer with what the source has. Errors: -EPIPE at its end. */
static int input_ask_more(struct zk_input *input)
{
    if (input->buffer == NULL)
        input->buffer = zk_xmalloc(input->room);
    size_t count = 0;
    int r = input_ask(input, input->buffer, input->room, &count);
    input_fill(input, input->buffer, count);
    return r < 0 ? r : count == 0 ? -EPIPE : 0;
}

/* Reads at least one and at most length bytes. Errors: -EPIPE at the end of the source. */
static int input_read_some(struct zk_input *input, uint8_t *ret_bytes, size_t length,
                           size_t *ret_count)
{
    int r;
    size_t count = 0;
    if (input->left == 0)
        input_sum_up(input); /* before the next ones take the place of these bytes */
    if (input->left == 0 && length >= input->room) { /* past the buffer, as in Java */
        r = input_ask(input, ret_bytes, length, &count);
        if (input->sock == NULL)
            input->adler = zk_adler32(input->adler, ret_bytes, count);
        *ret_count = count;
        return r < 0 ? r : count == 0 ? -EPIPE : 0;
    }
    if (input->left == 0) {
        r = input_ask_more(input);
        if (r < 0)
            return r;
    }
    count = length < input->left ? length : input->left;
    memcpy(ret_bytes, input->next, count);
    input->next += count;
    input->left -= count;
    *ret_count = count;
    return 0;
}

int zk_input_read(struct zk_input *input, void *ret_bytes, size_t length)
{
    uint8_t *bytes = ret_bytes;
    while (length > 0) {
        size_t count;
        int r = input_read_some(input, bytes, length, &count);
        if (r < 0)
            return r;
        input->position += (int64_t)count;
        bytes += count;
        length -= count;
    }
    return 0;
}

const uint8_t *zk_input_view(struct zk_input *input, size_t length)
{
    if (length > input->left || input->next == NULL)
        return NULL;
    const uint8_t *view = input->next;
    input->next += length;
    input->left -= length;
    input->position += (int64_t)length;
    return view;
}

uint32_t zk_input_adler32(const struct zk_input *input)
{
    zk_assert(input->sock == NULL);
    return zk_adler32(input->adler, input->summed, (size_t)(input->next - input->summed));
}

int64_t zk_input_position(const struct zk_input *input)
{
    return input->position;
}

/* ---- output ---------------------------------------------------------------------------------- */

struct zk_output {
    struct sock *sock; /* NULL: none. We hold a reference. */
    int fd;            /* -1: none. The caller closes it. */
    /* Both are NULL if fd gets the bytes as they are. */
    struct gzip_writer *gzip;
    struct snappy_writer *snappy;
    uint8_t *buffer; /* NULL before the first byte */
    size_t room;     /* of the buffer */
    size_t used;
    int error; /* 0, or the first -errno */
    /* The sum of all bytes that have left the buffer, and of the first summed ones in it; not kept
     * for sockets. */
    uint32_t adler;
    size_t summed;
};

static struct zk_output *output_new(void)
{
    struct zk_output *output = zk_xcalloc(1, sizeof *output);
    output->fd = -1;
    output->room = STREAM_BUFFER;
    output->adler = ZK_ADLER32_OF_NOTHING;
    return output;
}

struct zk_output *zk_output_new_sock(struct sock *sock)
{
    struct zk_output *output = output_new();
    output->sock = sock_ref(sock);
    return output;
}

struct zk_output *zk_output_new_fd(int fd)
{
    struct zk_output *output = output_new();
    output->fd = fd;
    return output;
}

struct zk_output *zk_output_new_gzip(int fd)
{
    struct zk_output *output = zk_output_new_fd(fd);
    output->gzip = gzip_writer_new(fd);
    return output;
}

int zk_output_new_snappy(int fd, struct zk_output **ret_output)
{
    struct snappy_writer *snappy;
    int r = snappy_writer_new(fd, &snappy);
    if (r < 0)
        return r;
    struct zk_output *output = zk_output_new_fd(fd);
    output->snappy = snappy;
    *ret_output = output;
    return 0;
}

void zk_output_set_buffer(struct zk_output *output, size_t room)
{
    zk_assert(output->buffer == NULL);
    output->room = room;
}

void zk_output_free(struct zk_output *output)
{
    if (output == NULL)
        return;
    gzip_writer_free(output->gzip);
    snappy_writer_free(output->snappy);
    sock_unref(output->sock);
    free(output->buffer);
    free(output);
}

/* Adds what the buffer holds and was not summed up yet. */
static void output_sum_up(struct zk_output *output)
{
    if (output->fd >= 0 && output->used > output->summed)
        output->adler = zk_adler32(output->adler, output->buffer + output->summed,
                                   output->used - output->summed);
    output->summed = output->used;
}

/* Hands bytes to the sink. */
static int output_pass(struct zk_output *output, const void *bytes, size_t length)
{
    int r = output->sock != NULL     ? sock_write_fully(output->sock, bytes, length)
            : output->gzip != NULL   ? gzip_writer_write(output->gzip, bytes, length)
            : output->snappy != NULL ? snappy_writer_write(output->snappy, bytes, length)
                                     : file_write_bytes(output->fd, bytes, length);
    output->error = r;
    return r;
}

int zk_output_flush(struct zk_output *output)
{
    if (output->error < 0 || output->used == 0)
        return output->error;
    size_t length = output->used;
    output_sum_up(output);
    output->used = 0;
    output->summed = 0;
    return output_pass(output, output->buffer, length);
}

int zk_output_finish(struct zk_output *output)
{
    if (zk_output_flush(output) == 0 && output->gzip != NULL)
        output->error = gzip_writer_finish(output->gzip);
    if (output->error == 0 && output->snappy != NULL)
        output->error = snappy_writer_finish(output->snappy);
    return output->error;
}

uint8_t *zk_output_room(struct zk_output *output, size_t length)
{
    if (output->error < 0 || length >= output->room)
        return NULL;
    if (length > output->room - output->used && zk_output_flush(output) < 0)
        return NULL;
    if (output->buffer == NULL)
        output->buffer = zk_xmalloc(output->room);
    uint8_t *room = output->buffer + output->used;
    output->used += length;
    return room;
}

int zk_output_write(struct zk_output *output, const void *bytes, size_t length)
{
    uint8_t *room = zk_output_room(output, length);
    if (room != NULL) {
        if (length > 0)
            memcpy(room, bytes, length);
        return 0;
    }
    int r = zk_output_flush(output);
    if (r < 0)
        return r;
    if (output->fd >= 0) /* past the buffer, as in Java */
        output->adler = zk_adler32(output->adler, bytes, length);
    return output_pass(output, bytes, length);
}

uint32_t zk_output_adler32(struct zk_output *output)
{
    zk_assert(output->sock == NULL);
    output_sum_up(output);
    return output->adler;
}
