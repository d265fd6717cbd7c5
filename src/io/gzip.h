/* Packing and unpacking the bytes of a file as gzip does.
 *
 * One thread at a time. Reading and writing block on the disk. Memory: 270 KiB to write, 50 KiB to
 * read. */
#ifndef IO_GZIP_H
#define IO_GZIP_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct gzip_writer;
struct gzip_reader;

/* The descriptor stays the caller's. */
struct gzip_writer *gzip_writer_new(int fd);
void gzip_writer_free(struct gzip_writer *writer); /* NULL is fine */
/* Errors: -errno of the disk. */
ZK_NODISCARD int gzip_writer_write(struct gzip_writer *writer, const void *bytes, size_t length);
/* Writes what is left, and the checksum. Nothing can be written afterwards. */
ZK_NODISCARD int gzip_writer_finish(struct gzip_writer *writer);

/* The descriptor stays the caller's. */
struct gzip_reader *gzip_reader_new(int fd);
void gzip_reader_free(struct gzip_reader *reader); /* NULL is fine */
/* Reads at least one byte and at most room; *ret_count is 0 at the end. Errors: -EPROTO the bytes
 * are not gzip's, or their checksum is wrong; -EPIPE the file ends before they do; others of the
 * disk. */
ZK_NODISCARD int gzip_reader_read(struct gzip_reader *reader, void *ret_bytes, size_t room,
                                  size_t *ret_count);

#endif
