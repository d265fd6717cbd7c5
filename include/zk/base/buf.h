/* Bytes. Java: ByteBuffer, DataInput, DataOutput: big-endian, bounds are errors and never faults. A
 * buf is built by one thread, then shared by reference and never changed again; reading is done by
 * a buf_reader, so that several threads can read one buf. */
#ifndef ZK_BASE_BUF_H
#define ZK_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/refcount.h"

struct buf {
    struct zk_refcount
        refs; /* whoever holds the pointer: queues, lastMessageSent, the thread that writes it */
    size_t length;
    size_t room;
    uint8_t *bytes; /* first_bytes, until it has grown beyond them */
    uint8_t first_bytes[];
};

struct buf *buf_new(size_t room); /* grows when needed */
struct buf *buf_new_copy(const void *bytes, size_t length);
struct buf *buf_ref(struct buf *buf);
void buf_unref(struct buf *buf); /* NULL is fine */

void buf_put_byte(struct buf *buf, uint8_t value);
void buf_put_int(struct buf *buf, int32_t value);
void buf_put_long(struct buf *buf, int64_t value);
void buf_put_bytes(struct buf *buf, const void *bytes, size_t length);

/* A position in somebody's bytes. */
struct buf_reader {
    const uint8_t *bytes; /* borrowed */
    size_t length;
    size_t position;
};

struct buf_reader buf_reader_of(const struct buf *buf);
struct buf_reader buf_reader_of_bytes(const void *bytes, size_t length);
size_t buf_remaining(const struct buf_reader *reader);

/* Java: BufferUnderflowException. -EPROTO: fewer bytes than asked for are left; nothing is
 * consumed. */
ZK_NODISCARD int buf_get_byte(struct buf_reader *reader, uint8_t *ret_value);
ZK_NODISCARD int buf_get_int(struct buf_reader *reader, int32_t *ret_value);
ZK_NODISCARD int buf_get_long(struct buf_reader *reader, int64_t *ret_value);
ZK_NODISCARD int buf_get_bytes(struct buf_reader *reader, void *ret_bytes, size_t length);
/* Borrow length bytes in place. */
ZK_NODISCARD int buf_get_view(struct buf_reader *reader, size_t length, const uint8_t **ret_bytes);

/* The naked big-endian steps. */
void zk_store_int(uint8_t *bytes, int32_t value);
void zk_store_long(uint8_t *bytes, int64_t value);
int32_t zk_load_int(const uint8_t *bytes);
int64_t zk_load_long(const uint8_t *bytes);

#endif
