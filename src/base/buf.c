/* Big-endian numbers and bytes, each bound checked before a byte moves. */
#include "zk/base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"

enum { BUF_ROOM_MIN = 16 };

struct buf *buf_new(size_t room)
{
    if (room < BUF_ROOM_MIN)
        room = BUF_ROOM_MIN;
    struct buf *buf = zk_xmalloc(sizeof *buf + room);
    zk_refcount_init(&buf->refs);
    buf->length = 0;
    buf->room = room;
    buf->bytes = buf->first_bytes;
    return buf;
}

struct buf *buf_new_copy(const void *bytes, size_t length)
{
    struct buf *buf = buf_new(length);
    buf_put_bytes(buf, bytes, length);
    return buf;
}

struct buf *buf_ref(struct buf *buf)
{
    zk_refcount_ref(&buf->refs);
    return buf;
}

void buf_unref(struct buf *buf)
{
    if (buf == NULL || !zk_refcount_unref(&buf->refs))
        return;
    if (buf->bytes != buf->first_bytes)
        free(buf->bytes);
    free(buf);
}

bool buf_is_unshared(const struct buf *buf)
{
    return zk_refcount_is_one(&buf->refs);
}

static void buf_grow(struct buf *buf, size_t room)
{
    if (buf->bytes == buf->first_bytes) {
        buf->bytes = zk_xmalloc(room);
        memcpy(buf->bytes, buf->first_bytes, buf->length);
    } else {
        buf->bytes = zk_xrealloc(buf->bytes, room);
    }
    buf->room = room;
}

uint8_t *buf_extend(struct buf *buf, size_t length)
{
    zk_assert(length <= SIZE_MAX / 2 - buf->length);
    size_t needed = buf->length + length;
    if (needed > buf->room)
        buf_grow(buf, needed > 2 * buf->room ? needed : 2 * buf->room);
    uint8_t *place = buf->bytes + buf->length;
    buf->length = needed;
    return place;
}

void buf_put_byte(struct buf *buf, uint8_t value)
{
    *buf_extend(buf, 1) = value;
}

void buf_put_int(struct buf *buf, int32_t value)
{
    zk_store_int(buf_extend(buf, 4), value);
}

void buf_put_long(struct buf *buf, int64_t value)
{
    zk_store_long(buf_extend(buf, 8), value);
}

void buf_put_bytes(struct buf *buf, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(buf_extend(buf, length), bytes, length);
}

struct buf_reader buf_reader_of(const struct buf *buf)
{
    return (struct buf_reader){.bytes = buf->bytes, .length = buf->length};
}

int buf_get_int(struct buf_reader *reader, int32_t *ret_value)
{
    const uint8_t *bytes;
    int r = buf_get_view(reader, 4, &bytes);
    if (r == 0)
        *ret_value = zk_load_int(bytes);
    return r;
}

int buf_get_long(struct buf_reader *reader, int64_t *ret_value)
{
    const uint8_t *bytes;
    int r = buf_get_view(reader, 8, &bytes);
    if (r == 0)
        *ret_value = zk_load_long(bytes);
    return r;
}

bool zk_all_zero(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}
