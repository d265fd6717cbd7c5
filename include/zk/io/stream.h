/* Streams of bytes, with a buffer of 8 KiB or as asked for, whose other end is a socket or a file.
 * Those of files keep an Adler-32 sum. A stream blocks as its socket or file does. One thread at a
 * time. Java: BufferedInputStream, BufferedOutputStream, CheckedInputStream */
#ifndef ZK_IO_STREAM_H
#define ZK_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct sock;

struct zk_input;
struct zk_output;

/* Returns whether libsnappy is on this machine: without it no file can be packed with snappy, or
 * unpacked. */
bool zk_snappy_is_there(void);

/* Returns a stream that reads from a socket, to which it takes a reference, or from an open
 * descriptor, which the caller closes. The caller frees it. */
struct zk_input *zk_input_new_sock(struct sock *sock);
struct zk_input *zk_input_new_fd(int fd);
/* The same of a file that gzip has packed. The sum is that of the unpacked bytes. Reading has one
 * more error, -EPROTO: the file is not gzip's. */
struct zk_input *zk_input_new_gzip(int fd);
/* The same of a file that snappy has packed. Errors: -ENOPKG, libsnappy is not on this machine. */
ZK_NODISCARD int zk_input_new_snappy(int fd, struct zk_input **ret_input);
/* From now on before_wait(arg) is called before the source is asked for more, which may block. In
 * it the reader does what it has put off until it had read all that was there. */
void zk_input_before_wait(struct zk_input *input, void (*before_wait)(void *arg), void *arg);
/* Gives the input a buffer of room bytes instead of 8 KiB. Call it before the first read. */
void zk_input_set_buffer(struct zk_input *input, size_t room);
void zk_input_free(struct zk_input *input);

/* Reads exactly length bytes. Errors: -EPIPE, the stream ends before; -ETIMEDOUT; others of the
 * source. */
ZK_NODISCARD int zk_input_read(struct zk_input *input, void *ret_bytes, size_t length);
/* Returns the next length bytes where they stand in the buffer, until the next read; NULL: not all
 * of them are there, and nothing was read. Never blocks. */
const uint8_t *zk_input_view(struct zk_input *input, size_t length);
/* Returns the Adler-32 sum of all bytes read since the start; not for a socket, since only files
 * carry a sum. Java: CheckedInputStream.getChecksum().getValue() */
uint32_t zk_input_adler32(const struct zk_input *input);
/* Returns how many bytes were read. */
int64_t zk_input_position(const struct zk_input *input);

/* Returns a stream that writes to a socket, to which it takes a reference, or to an open
 * descriptor, which the caller closes. The caller frees it. */
struct zk_output *zk_output_new_sock(struct sock *sock);
struct zk_output *zk_output_new_fd(int fd);
/* The same, packed as gzip does: end it with zk_output_finish. */
struct zk_output *zk_output_new_gzip(int fd);
/* The same, packed with snappy; end it with zk_output_finish, too. Errors: -ENOPKG, libsnappy is
 * not on this machine. */
ZK_NODISCARD int zk_output_new_snappy(int fd, struct zk_output **ret_output);
/* Gives the output a buffer of room bytes instead of 8 KiB. Call it before the first write. */
void zk_output_set_buffer(struct zk_output *output, size_t room);
/* Bytes that were not flushed are lost. NULL is fine. */
void zk_output_free(struct zk_output *output);

/* Each returns the first error of the sink, and goes on returning it: one check at the end of many
 * writes is enough. */
ZK_NODISCARD int zk_output_write(struct zk_output *output, const void *bytes, size_t length);
/* Returns where the next length bytes go in the buffer: the caller writes all of them before the
 * next call. Flushes if need be. NULL: the buffer has no such room, or there was an error, which
 * zk_output_write returns. */
uint8_t *zk_output_room(struct zk_output *output, size_t length);
ZK_NODISCARD int zk_output_flush(struct zk_output *output);
/* Flushes, and writes what ends a packed file. Nothing may be written afterwards. */
ZK_NODISCARD int zk_output_finish(struct zk_output *output);
/* Returns the sum of all bytes written since the start; not for a socket. */
uint32_t zk_output_adler32(struct zk_output *output);

#endif
