/* Jute: how ZooKeeper writes records, on the wire and on disk. Big-endian, no tags, no lengths of
 * records, no padding; a record is its fields one after the other.
 *
 *   int              4
 *   long             8
 *   ustring          4 + n         length in bytes, then the bytes; null is length -1
 *   buffer           4 + n         the same
 *   vector           4 + elements  their number; null is -1, and not the same as empty
 *
 * Java: org.apache.jute.BinaryInputArchive, BinaryOutputArchive. One thread at a time. */
#ifndef ZK_JUTE_ARCHIVE_H
#define ZK_JUTE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/io/stream.h"

struct zk_context;

/* Java's jute.maxbuffer when nobody sets it */
enum { JUTE_MAX_BUFFER = 0xfffff };

/* A string of bytes that may hold zero bytes; one more stands behind the last. text is NULL for
 * Java's null. */
struct ustring {
    char *text; /* owned */
    size_t length;
};

struct ustring ustring_of(const char *text); /* copies; NULL gives null */
struct ustring ustring_copy(const struct ustring *from);
bool ustring_equal(const struct ustring *a, const struct ustring *b);
void ustring_done(struct ustring *string);

/* ---- writing --------------------------------------------------------------------------------- */

/* Errors stick, in the stream and here: write a whole record, then look at error once. */
struct jute_out {
    struct zk_output *output; /* stays the caller's; NULL: the bytes go into buf */
    struct buf *buf;          /* stays the caller's; NULL: the bytes go into output */
    int error;                /* 0, or -errno of the first write that failed */
};

struct jute_out jute_out_of(struct zk_output *output);
/* Appends to buf, without a stream in between. Only a length of more than 31 bits is an error. */
struct jute_out jute_out_of_buf(struct buf *buf);
/* Writes bytes as they are, without a length. */
void jute_out_bytes(struct jute_out *out, const void *bytes, size_t length);
/* Returns where the next length bytes go; the caller writes all of them before any other call.
 * NULL: there is no such place, and the bytes have to be given to jute_out_bytes. */
uint8_t *jute_out_room(struct jute_out *out, size_t length);
void jute_out_int(struct jute_out *out, int32_t value);
void jute_out_long(struct jute_out *out, int64_t value);
void jute_out_string(struct jute_out *out, const char *text); /* NULL: null */
void jute_out_ustring(struct jute_out *out, const struct ustring *string);
void jute_out_buffer(struct jute_out *out, const struct buf *buffer); /* NULL: null */
/* Java: startVector(): the number of elements, -1 for null. */
void jute_out_start_vector(struct jute_out *out, int32_t count);
/* Flushes the stream. Returns 0, or the first error. */
ZK_NODISCARD int jute_out_flush(struct jute_out *out);

/* ---- reading --------------------------------------------------------------------------------- */

/* Errors: -EPROTO bytes that cannot be, a length beyond the limit; -EPIPE the bytes have ended;
 * other errno of the stream. Memory is taken for bytes that have arrived, never because of a number
 * that somebody sent. */
struct jute_in {
    struct zk_input *input;   /* stays the caller's; NULL: the bytes are in memory */
    struct buf_reader memory; /* likewise */
    int32_t max_length;       /* of one string or buffer */
};

/* Returns the most bytes that one string or buffer may have: the sum of the settings jute.maxbuffer
 * and zookeeper.jute.maxbuffer.extrasize, 2,097,150 when nobody sets them. Java's sum may overflow;
 * ours ends at INT32_MAX, as Java 3.9.5's (D-34). */
int32_t jute_max_length(const struct zk_context *ctx);
/* Reads a stream, with the limit above. */
struct jute_in jute_in_of(const struct zk_context *ctx, struct zk_input *input);
/* Reads bytes that are in memory, without a stream in between. They stay the caller's. */
struct jute_in jute_in_of_bytes(const struct zk_context *ctx, const void *bytes, size_t length);
/* Returns how many bytes were read. */
int64_t jute_in_position(const struct jute_in *in);
/* Reads the next length bytes. *ret_view is where they stand until the next read: in memory, in the
 * stream's buffer, or in bytes, which has room for them. */
ZK_NODISCARD int jute_in_view(struct jute_in *in, size_t length, uint8_t *bytes,
                              const uint8_t **ret_view);
ZK_NODISCARD int jute_in_int(struct jute_in *in, int32_t *ret_value);
ZK_NODISCARD int jute_in_long(struct jute_in *in, int64_t *ret_value);
/* The caller ends *ret_string with ustring_done. */
ZK_NODISCARD int jute_in_ustring(struct jute_in *in, struct ustring *ret_string);
/* The caller frees *ret_text. For paths and the like: null and strings with a zero byte inside are
 * -EPROTO. */
ZK_NODISCARD int jute_in_text(struct jute_in *in, char **ret_text);
/* The caller unrefs *ret_buffer, which is NULL for null. */
ZK_NODISCARD int jute_in_buffer(struct jute_in *in, struct buf **ret_buffer);
/* The same, into the memory of *buffer if nobody else has a reference to it and the bytes fit in,
 * and into new memory otherwise: *buffer is NULL, or the one before. The caller unrefs it, after an
 * error, too. */
ZK_NODISCARD int jute_in_buffer_again(struct jute_in *in, struct buf **buffer);
/* Java: startVector(). -1: null; other negative numbers read as 0, as Java's do (K-21). It is not
 * checked against anything: take no memory because of it. */
ZK_NODISCARD int jute_in_start_vector(struct jute_in *in, int32_t *ret_count);

#endif
