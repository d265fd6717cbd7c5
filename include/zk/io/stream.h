/* Streams of bytes whose other end is a socket, a file or memory. Java: BufferedInputStream and
 * BufferedOutputStream of 8 KiB, and CheckedInputStream / CheckedOutputStream with Adler32. One
 * thread at a time. */
#ifndef ZK_IO_STREAM_H
#define ZK_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct sock;
struct buf;

struct zk_input;
struct zk_output;

/* Read from a socket (shares it) or from bytes (borrows them). */
struct zk_input *zk_input_new_sock(struct sock *sock);
struct zk_input *zk_input_new_bytes(const void *bytes, size_t length);
/* Read from an open descriptor, which stays the caller's. */
struct zk_input *zk_input_new_fd(int fd);
void zk_input_free(struct zk_input *input);

/* Exactly length bytes. Errors: -EPIPE end of stream, -ETIMEDOUT, other errno of the source. */
ZK_NODISCARD int zk_input_read(struct zk_input *input, void *ret_bytes, size_t length);
/* Are there bytes that need no system call? Java: BufferedInputStream.available() > 0 */
bool zk_input_buffered(const struct zk_input *input);

/* Adler-32 of all bytes read since the start; not for a socket, since only files carry a sum.
 * Java: CheckedInputStream.getChecksum().getValue() */
uint32_t zk_input_adler32(const struct zk_input *input);
int64_t zk_input_position(const struct zk_input *input);

struct zk_output *zk_output_new_sock(struct sock *sock);
struct zk_output *zk_output_new_fd(int fd);
struct zk_output *zk_output_new_buf(struct buf *buf); /* borrows buf */
void zk_output_free(struct zk_output *output);        /* what is not flushed is lost */

/* Errors stick: after the first one every call returns it. */
ZK_NODISCARD int zk_output_write(struct zk_output *output, const void *bytes, size_t length);
ZK_NODISCARD int zk_output_flush(struct zk_output *output);
/* Of all bytes written since the start; not for a socket. */
uint32_t zk_output_adler32(struct zk_output *output);
int64_t zk_output_position(const struct zk_output *output);

#endif
