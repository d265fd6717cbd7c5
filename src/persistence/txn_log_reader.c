/* One log file: its header, its entries, and the three ways in which it can end. Java:
 * FileTxnLog.FileTxnIterator.createInputArchive(), next(); Util.readTxnBytes() */
#include "zk/persistence/txn_log_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/base/checksum.h"
#include "zk/io/file.h"
#include "zk/jute/archive.h"
#include "zk/jute/persistence.h"

enum {
    CHUNK = 256 * 1024, /* one read serves hundreds of entries */
    SECTOR = 512,       /* what a disk writes whole, or not at all */
    ENTRY_HEAD = 8 + 4, /* checksum, length */
    END_OF_RECORD = 'B',
    ZXID_AT = 8 + 4, /* in a TxnHeader, behind client id and cxid */
};

struct txn_log_reader {
    char *path;
    int fd;
    int32_t max_length; /* of a payload: the limit of every jute buffer */
    enum txn_log_end end;
    int64_t position; /* in the file, of the next entry */
    /* What was read ahead: bytes[from .. filled) is what stands at position. */
    uint8_t *bytes;
    size_t room;
    size_t from;
    size_t filled;
};

/* ---- the file -------------------------------------------------------------------------------- */

/* Java: inStreamCreated() */
static int check_log_header(int fd)
{
    uint8_t header[FILE_HEADER_BYTES];
    int r = file_read_at(fd, 0, header, sizeof header);
    if (r < 0)
        return r;
    return zk_load_int(header) == TXN_LOG_MAGIC ? 0 : -EPROTO;
}

/* Java: createInputArchive() */
int txn_log_reader_open(const struct zk_context *ctx, const char *path,
                        struct txn_log_reader **ret_reader)
{
    int fd = -1;
    int64_t size;
    int r = file_regular_size(path, &size);
    if (r == 0)
        r = file_open_read(path, &fd);
    if (r < 0)
        return r;
    r = check_log_header(fd);
    if (r < 0) {
        file_close(fd);
        return r;
    }
    struct txn_log_reader *reader = zk_xcalloc(1, sizeof *reader);
    reader->path = zk_xstrdup(path);
    reader->fd = fd;
    reader->max_length = jute_max_length(ctx);
    reader->position = FILE_HEADER_BYTES;
    *ret_reader = reader;
    return 0;
}

void txn_log_reader_free(struct txn_log_reader *reader)
{
    if (reader == NULL)
        return;
    file_close(reader->fd);
    free(reader->bytes);
    free(reader->path);
    free(reader);
}

enum txn_log_end txn_log_reader_end(const struct txn_log_reader *reader)
{
    return reader->end;
}

int64_t txn_log_reader_position(const struct txn_log_reader *reader)
{
    return reader->position;
}

const char *txn_log_reader_path(const struct txn_log_reader *reader)
{
    return reader->path;
}

int64_t txn_log_payload_zxid(const struct buf *payload)
{
    return payload->length < TXN_LOG_SMALLEST_PAYLOAD ? -1 : zk_load_long(payload->bytes + ZXID_AT);
}

/* ---- reading ahead --------------------------------------------------------------------------- */

/* Makes room behind what is filled: moves it to the front, or takes more memory, which thus grows
 * as bytes arrive and not because of a length that stands in the file. */
static void make_room(struct txn_log_reader *reader)
{
    if (reader->from > 0) {
        memmove(reader->bytes, reader->bytes + reader->from, reader->filled - reader->from);
        reader->filled -= reader->from;
        reader->from = 0;
    }
    if (reader->filled == reader->room) {
        reader->room = reader->room > 0 ? 2 * reader->room : CHUNK;
        reader->bytes = zk_xrealloc(reader->bytes, reader->room);
    }
}

/* Reads ahead. *ret_count is how many bytes are there from position on: length of them, or fewer at
 * the end of the file. */
static int look_ahead(struct txn_log_reader *reader, size_t length, size_t *ret_count)
{
    while (reader->filled - reader->from < length) {
        size_t count = 0;
        make_room(reader);
        int64_t at = reader->position + (int64_t)(reader->filled - reader->from);
        int r = file_read_some_at(reader->fd, at, reader->bytes + reader->filled,
                                  reader->room - reader->filled, &count);
        if (r < 0)
            return r;
        if (count == 0)
            break;
        reader->filled += count;
    }
    size_t there = reader->filled - reader->from;
    *ret_count = there < length ? there : length;
    return 0;
}

/* ---- entries --------------------------------------------------------------------------------- */

/* Returns whether all that some sector holds of the entry is zero. A log is written over zeros
 * only, so a sector that the power failure kept from the disk reads as zeros. The first four bytes
 * of an entry say nothing, because they are always zero: the upper half of a long that holds a
 * 32-bit sum. */
static bool has_lost_sector(const uint8_t *entry, int64_t at, size_t length)
{
    size_t from = 4;
    while (from < length) {
        size_t share = SECTOR - (size_t)((at + (int64_t)from) % SECTOR);
        if (share > length - from)
            share = length - from;
        if (zk_all_zero(entry + from, share))
            return true;
        from += share;
    }
    return false;
}

static int end_here(struct txn_log_reader *reader, enum txn_log_end end)
{
    reader->end = end;
    return 0;
}

/* Java: next(), Util.readTxnBytes() */
int txn_log_reader_next(struct txn_log_reader *reader, struct buf **ret_payload)
{
    size_t count;
    if (reader->end != TXN_LOG_END_NONE)
        return 0;
    int r = look_ahead(reader, ENTRY_HEAD, &count);
    if (r < 0)
        return r;
    if (count < ENTRY_HEAD)
        return end_here(reader, count == 0 || zk_all_zero(reader->bytes + reader->from, count)
                                    ? TXN_LOG_END_CLEAN
                                    : TXN_LOG_END_PARTIAL);
    int64_t stored = zk_load_long(reader->bytes + reader->from);
    int32_t length = zk_load_int(reader->bytes + reader->from + 8);
    if (length == 0) /* zeros: the file is larger than its entries */
        return end_here(reader, stored == 0 ? TXN_LOG_END_CLEAN : TXN_LOG_END_PARTIAL);
    if (length < 0 || length > reader->max_length)
        return -EPROTO;

    size_t whole = (size_t)length + TXN_LOG_ENTRY_EXTRA;
    r = look_ahead(reader, whole, &count);
    if (r < 0)
        return r;
    const uint8_t *entry = reader->bytes + reader->from;
    if (count < whole || entry[whole - 1] != END_OF_RECORD)
        return end_here(reader, TXN_LOG_END_PARTIAL);
    if (stored != zk_adler32(ZK_ADLER32_OF_NOTHING, entry + ENTRY_HEAD, (size_t)length)) {
        if (!has_lost_sector(entry, reader->position, whole))
            return -EBADMSG;
        return end_here(reader, TXN_LOG_END_TORN);
    }
    *ret_payload = buf_new_copy(entry + ENTRY_HEAD, (size_t)length);
    reader->from += whole;
    reader->position += (int64_t)whole;
    return 1;
}

/* ---- files that were just being made --------------------------------------------------------- */

int txn_log_is_unborn(const char *path, bool *ret_unborn)
{
    uint8_t bytes[8192];
    size_t count = 0;
    int fd = -1;
    int64_t size;
    int r = file_regular_size(path, &size);
    if (r < 0)
        return r;
    *ret_unborn = size < FILE_HEADER_BYTES;
    if (*ret_unborn)
        return 0;
    r = file_open_read(path, &fd);
    if (r < 0)
        return r;
    *ret_unborn = true;
    for (int64_t at = 0; *ret_unborn; at += (int64_t)count) {
        r = file_read_some_at(fd, at, bytes, sizeof bytes, &count);
        if (r < 0 || count == 0)
            break;
        *ret_unborn = zk_all_zero(bytes, count);
    }
    file_close(fd);
    return r;
}
