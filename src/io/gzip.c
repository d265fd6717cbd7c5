/* A file of packed bytes, as Java's GZIPOutputStream writes it and GZIPInputStream reads it. */
#include "io/gzip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/io/file.h"

enum {
    GZIP_BUFFER = 8192,
    GZIP_WINDOW = 15 + 16, /* the largest, and gzip's header and trailer around it */
    MEMORY_LEVEL = 8,      /* zlib's own choice */
    OS_UNKNOWN = 255,      /* what Java 16 and later writes into the header */
    LARGEST_PIECE = 1 << 30,
};

/* ---- writing --------------------------------------------------------------------------------- */

struct gzip_writer {
    int fd;
    z_stream stream;
    gz_header header;
    uint8_t packed[GZIP_BUFFER];
};

struct gzip_writer *gzip_writer_new(int fd)
{
    struct gzip_writer *writer = zk_xcalloc(1, sizeof *writer);
    writer->fd = fd;
    writer->header.os = OS_UNKNOWN;
    int r = deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
                         MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
    zk_assert(r == Z_OK); /* it fails for want of memory only */
    r = deflateSetHeader(&writer->stream, &writer->header);
    zk_assert(r == Z_OK);
    return writer;
}

void gzip_writer_free(struct gzip_writer *writer)
{
    if (writer == NULL)
        return;
    deflateEnd(&writer->stream);
    free(writer);
}

/* Packs what the stream was given, and writes what comes out; with Z_FINISH, everything that is
 * left. */
static int pack(struct gzip_writer *writer, int flush)
{
    z_stream *stream = &writer->stream;
    do {
        stream->next_out = writer->packed;
        stream->avail_out = sizeof writer->packed;
        int r = deflate(stream, flush);
        zk_assert(r != Z_STREAM_ERROR);
        r = file_write_bytes(writer->fd, writer->packed, sizeof writer->packed - stream->avail_out);
        if (r < 0)
            return r;
    } while (stream->avail_out == 0);
    return 0;
}

int gzip_writer_write(struct gzip_writer *writer, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    int r = 0;
    while (r == 0 && length > 0) {
        size_t piece = length < LARGEST_PIECE ? length : LARGEST_PIECE;
        writer->stream.next_in = (z_const Bytef *)next;
        writer->stream.avail_in = (uInt)piece;
        r = pack(writer, Z_NO_FLUSH);
        next += piece;
        length -= piece;
    }
    return r;
}

int gzip_writer_finish(struct gzip_writer *writer)
{
    writer->stream.avail_in = 0;
    return pack(writer, Z_FINISH);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct gzip_reader {
    int fd;
    bool at_end;
    z_stream stream;
    uint8_t packed[GZIP_BUFFER];
};

struct gzip_reader *gzip_reader_new(int fd)
{
    struct gzip_reader *reader = zk_xcalloc(1, sizeof *reader);
    reader->fd = fd;
    int r = inflateInit2(&reader->stream, GZIP_WINDOW);
    zk_assert(r == Z_OK);
    return reader;
}

void gzip_reader_free(struct gzip_reader *reader)
{
    if (reader == NULL)
        return;
    inflateEnd(&reader->stream);
    free(reader);
}

static int read_packed(struct gzip_reader *reader)
{
    size_t count = 0;
    int r = file_read_some(reader->fd, reader->packed, sizeof reader->packed, &count);
    reader->stream.next_in = reader->packed;
    reader->stream.avail_in = (uInt)count;
    return r < 0 ? r : count == 0 ? -EPIPE : 0;
}

int gzip_reader_read(struct gzip_reader *reader, void *ret_bytes, size_t room, size_t *ret_count)
{
    z_stream *stream = &reader->stream;
    size_t asked = room < LARGEST_PIECE ? room : LARGEST_PIECE;
    stream->next_out = ret_bytes;
    stream->avail_out = (uInt)asked;
    while (!reader->at_end && stream->avail_out == asked) {
        int r = stream->avail_in == 0 ? read_packed(reader) : 0;
        if (r < 0)
            return r;
        r = inflate(stream, Z_NO_FLUSH);
        if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
            return -EPROTO;
        reader->at_end = r == Z_STREAM_END;
    }
    *ret_count = asked - stream->avail_out;
    return 0;
}
