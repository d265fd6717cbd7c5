/* A file of packed bytes, as snappy-java's SnappyOutputStream writes it and SnappyInputStream reads
 * it. libsnappy knows blocks only; the stream around them is made here.
 *
 * The library is loaded with the first such stream, because it brings the library of C++ along, and
 * hardly any peer packs its snapshots. */
#include "io/snappy.h"
#include "io/library.h"

#include <errno.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/base/panic.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"

enum {
    MAGIC_SIZE = 8,
    LENGTH_SIZE = 4,
    HEADER_SIZE = 16,
    STREAM_VERSION = 1,
    BLOCK_SIZE = 32 * 1024,      /* snappy-java's */
    LARGEST_BLOCK = 1024 * 1024, /* D-38 */
};

static const uint8_t HEADER[HEADER_SIZE] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                            0,    0,   0,   1,   0,   0,   0,   1};

/* The functions of the library that we call. */
struct snappy {
    __typeof__(snappy_compress) *compress;
    __typeof__(snappy_uncompress) *uncompress;
    __typeof__(snappy_max_compressed_length) *max_compressed_length;
    __typeof__(snappy_uncompressed_length) *uncompressed_length;
};

static int load_snappy(struct snappy *lib)
{
    const struct library_function functions[] = {
        {"snappy_compress", &lib->compress},
        {"snappy_uncompress", &lib->uncompress},
        {"snappy_max_compressed_length", &lib->max_compressed_length},
        {"snappy_uncompressed_length", &lib->uncompressed_length},
        {NULL, NULL},
    };
    return library_load("libsnappy.so.1", functions);
}

bool zk_snappy_is_there(void)
{
    struct snappy lib;
    return load_snappy(&lib) == 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct snappy_writer {
    struct snappy lib;
    int fd;
    bool has_begun; /* the header is written */
    size_t used;    /* of the block */
    uint8_t block[BLOCK_SIZE];
    uint8_t *packed; /* room for a header and for the packed block */
    size_t room;     /* the most bytes that a packed block can have */
};

int snappy_writer_new(int fd, struct snappy_writer **ret_writer)
{
    struct snappy lib;
    int r = load_snappy(&lib);
    if (r < 0)
        return r;
    struct snappy_writer *writer = zk_xcalloc(1, sizeof *writer);
    writer->lib = lib;
    writer->fd = fd;
    writer->room = lib.max_compressed_length(BLOCK_SIZE);
    writer->packed = zk_xmalloc(HEADER_SIZE + LENGTH_SIZE + writer->room);
    *ret_writer = writer;
    return 0;
}

void snappy_writer_free(struct snappy_writer *writer)
{
    if (writer == NULL)
        return;
    free(writer->packed);
    free(writer);
}

/* Packs and writes the block, behind the header if there is none yet. */
static int write_block(struct snappy_writer *writer)
{
    uint8_t *end = writer->packed;
    if (!writer->has_begun) {
        memcpy(end, HEADER, HEADER_SIZE);
        end += HEADER_SIZE;
    }
    if (writer->used > 0) {
        size_t length = writer->room;
        snappy_status status = writer->lib.compress((const char *)writer->block, writer->used,
                                                    (char *)end + LENGTH_SIZE, &length);
        zk_assert(status == SNAPPY_OK); /* it fails for want of room only */
        zk_store_int(end, (int32_t)length);
        end += LENGTH_SIZE + length;
    }
    writer->has_begun = true;
    writer->used = 0;
    return file_write_bytes(writer->fd, writer->packed, (size_t)(end - writer->packed));
}

int snappy_writer_write(struct snappy_writer *writer, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    int r = 0;
    while (r == 0 && length > 0) {
        size_t left = BLOCK_SIZE - writer->used;
        size_t piece = length < left ? length : left;
        memcpy(writer->block + writer->used, next, piece);
        writer->used += piece;
        next += piece;
        length -= piece;
        if (writer->used == BLOCK_SIZE)
            r = write_block(writer);
    }
    return r;
}

int snappy_writer_finish(struct snappy_writer *writer)
{
    return write_block(writer);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct snappy_reader {
    struct snappy lib;
    int fd;
    bool has_begun; /* a header was read */
    bool at_end;
    size_t most_packed; /* the most bytes that the largest block can be packed into */
    uint8_t *packed;    /* NULL before the first block, as block */
    uint8_t *block;
    size_t packed_room;
    size_t block_room;
    size_t next; /* in the block */
    size_t used; /* of the block */
};

int snappy_reader_new(int fd, struct snappy_reader **ret_reader)
{
    struct snappy lib;
    int r = load_snappy(&lib);
    if (r < 0)
        return r;
    struct snappy_reader *reader = zk_xcalloc(1, sizeof *reader);
    reader->lib = lib;
    reader->fd = fd;
    reader->most_packed = lib.max_compressed_length(LARGEST_BLOCK);
    *ret_reader = reader;
    return 0;
}

void snappy_reader_free(struct snappy_reader *reader)
{
    if (reader == NULL)
        return;
    free(reader->packed);
    free(reader->block);
    free(reader);
}

/* Reads length bytes, or fewer if the file ends before. */
static int read_up_to(int fd, uint8_t *ret_bytes, size_t length, size_t *ret_count)
{
    size_t count = 0;
    size_t piece = 1;
    while (count < length && piece > 0) {
        int r = file_read_some(fd, ret_bytes + count, length - count, &piece);
        if (r < 0)
            return r;
        count += piece;
    }
    *ret_count = count;
    return 0;
}

static void make_room_for(uint8_t **bytes, size_t *room, size_t length)
{
    if (length <= *room)
        return;
    free(*bytes);
    *bytes = zk_xmalloc(length);
    *room = length;
}

/* Reads the rest of a header, of which the first four bytes were read. If it is not one after all,
 * the stream ends here when it has had a header before, as in snappy-java. */
static int read_header(struct snappy_reader *reader, uint8_t *header)
{
    size_t count;
    int r = read_up_to(reader->fd, header + LENGTH_SIZE, HEADER_SIZE - LENGTH_SIZE, &count);
    if (r < 0)
        return r;
    if (count < HEADER_SIZE - LENGTH_SIZE)
        return -EPROTO;
    reader->at_end = memcmp(header, HEADER, MAGIC_SIZE) != 0;
    if (reader->at_end)
        return reader->has_begun ? 0 : -EPROTO;
    reader->has_begun = true;
    return zk_load_int(header + MAGIC_SIZE) >= STREAM_VERSION ? 0 : -EPROTO;
}

static int read_block(struct snappy_reader *reader, int32_t length)
{
    size_t count;
    if (length <= 0 || (size_t)length > reader->most_packed)
        return -EPROTO;
    make_room_for(&reader->packed, &reader->packed_room, (size_t)length);
    int r = read_up_to(reader->fd, reader->packed, (size_t)length, &count);
    if (r < 0)
        return r;
    if (count < (size_t)length)
        return -EPROTO;
    const char *packed = (const char *)reader->packed;
    size_t used;
    if (reader->lib.uncompressed_length(packed, count, &used) != SNAPPY_OK || used > LARGEST_BLOCK)
        return -EPROTO;
    make_room_for(&reader->block, &reader->block_room, used);
    if (reader->lib.uncompress(packed, count, (char *)reader->block, &used) != SNAPPY_OK)
        return -EPROTO;
    reader->next = 0;
    reader->used = used;
    return 0;
}

/* Reads the next part of the file: a header, a block, or the end. */
static int read_next(struct snappy_reader *reader)
{
    uint8_t header[HEADER_SIZE];
    size_t count;
    int r = read_up_to(reader->fd, header, LENGTH_SIZE, &count);
    if (r < 0)
        return r;
    if (count < LENGTH_SIZE) {
        reader->at_end = true;
        return reader->has_begun ? 0 : -EPIPE;
    }
    if (memcmp(header, HEADER, LENGTH_SIZE) == 0)
        return read_header(reader, header);
    return reader->has_begun ? read_block(reader, zk_load_int(header)) : -EPROTO;
}

int snappy_reader_read(struct snappy_reader *reader, void *ret_bytes, size_t room,
                       size_t *ret_count)
{
    while (!reader->at_end && reader->next == reader->used) {
        int r = read_next(reader);
        if (r < 0)
            return r;
    }
    size_t left = reader->used - reader->next;
    size_t count = room < left ? room : left;
    if (count > 0)
        memcpy(ret_bytes, reader->block + reader->next, count);
    reader->next += count;
    *ret_count = count;
    return 0;
}
