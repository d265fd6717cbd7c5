/* Packing and unpacking the bytes of a file as snappy-java's streams do.
 *
 *   16  header   0x82 "SNAPPY" 0; int 1, the version; int 1, the oldest one that can read it
 *   then, until the file ends, blocks:
 *    4  int      length of what follows
 *    n  bytes    at most 32 KiB, packed by snappy
 *
 * A header may also stand between two blocks: files that were joined are one stream. The bytes have
 * no checksum of their own. One thread at a time. Reading and writing block on the disk. Memory: 70
 * KiB to write; as much to read, and at most 2.3 MiB, whatever a file says. */
#ifndef IO_SNAPPY_H
#define IO_SNAPPY_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct snappy_writer;
struct snappy_reader;

/* The descriptor stays the caller's. Errors: -ENOPKG, libsnappy is not on this machine. */
ZK_NODISCARD int snappy_writer_new(int fd, struct snappy_writer **ret_writer);
void snappy_writer_free(struct snappy_writer *writer); /* NULL is fine */
/* Errors: -errno of the disk. */
ZK_NODISCARD int snappy_writer_write(struct snappy_writer *writer, const void *bytes,
                                     size_t length);
/* Writes what is left. Nothing can be written afterwards. */
ZK_NODISCARD int snappy_writer_finish(struct snappy_writer *writer);

/* The descriptor stays the caller's. Errors: -ENOPKG, libsnappy is not on this machine. */
ZK_NODISCARD int snappy_reader_new(int fd, struct snappy_reader **ret_reader);
void snappy_reader_free(struct snappy_reader *reader); /* NULL is fine */
/* Reads at least one byte and at most room; *ret_count is 0 at the end. Errors: -EPROTO the bytes
 * are not snappy's, or end within a block or a header, or a block is larger than any that is made
 * (D-38); -EPIPE the file has fewer than four bytes; others of the disk. */
ZK_NODISCARD int snappy_reader_read(struct snappy_reader *reader, void *ret_bytes, size_t room,
                                    size_t *ret_count);

#endif
