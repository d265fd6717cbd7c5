/* A whole log file. Whatever the bytes are, it is read to an end or to an error; what was read,
 * written again, is what stood there; and a file of entries that lacks its last byte has one entry
 * fewer, and no error. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "fuzz.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/txn_log_reader.h"
#include "zk/runtime/context.h"

enum { LOG_HEADER = 16 };

struct outcome {
    int result;
    size_t entries;
    enum txn_log_end end;
    int64_t position;
    size_t last; /* where the last entry begins */
};

static void look_at_entry(struct zk_context *ctx, const uint8_t *bytes, size_t at,
                          struct buf *payload)
{
    struct txn_log_entry *entry = NULL;
    zk_assert(zk_load_long(bytes + at) ==
              (int64_t)adler32(1, payload->bytes, (uInt)payload->length));
    zk_assert(memcmp(bytes + at + 12, payload->bytes, payload->length) == 0);
    zk_assert(bytes[at + 12 + payload->length] == 'B');
    int r = txn_log_entry_decode(ctx, payload, &entry);
    zk_assert(r == 0 || r == -EPROTO);
    zk_assert((r == 0) == (entry != NULL));
    zk_assert(entry == NULL || entry->header.zxid == txn_log_payload_zxid(payload));
    txn_log_entry_unref(entry);
}

static struct outcome read_log(struct zk_context *ctx, const uint8_t *bytes, size_t length)
{
    char path[64];
    struct outcome outcome = {.position = -1};
    struct txn_log_reader *reader = NULL;
    struct buf *payload;
    bool unborn;
    int fd = fuzz_memory_file(bytes, length, path, sizeof path);
    zk_assert(txn_log_is_unborn(path, &unborn) == 0);
    outcome.result = txn_log_reader_open(ctx, path, &reader);
    zk_assert(!unborn || outcome.result < 0);
    if (outcome.result == 0) {
        size_t at = LOG_HEADER;
        while ((outcome.result = txn_log_reader_next(reader, &payload)) > 0) {
            look_at_entry(ctx, bytes, at, payload);
            outcome.last = at;
            outcome.entries++;
            at += payload->length + TXN_LOG_ENTRY_EXTRA;
            zk_assert(txn_log_reader_position(reader) == (int64_t)at);
            buf_unref(payload);
        }
        outcome.position = txn_log_reader_position(reader);
        outcome.end = txn_log_reader_end(reader);
        zk_assert((outcome.result == 0) == (outcome.end != TXN_LOG_END_NONE));
    }
    txn_log_reader_free(reader);
    close(fd);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct zk_context *ctx = fuzz_context();
    struct outcome whole = read_log(ctx, bytes, length);
    zk_assert(whole.result == 0 || whole.result == -EPROTO || whole.result == -EPIPE ||
              whole.result == -EBADMSG);
    if (whole.entries > 0) {
        struct outcome cut = read_log(ctx, bytes, (size_t)whole.position - 1);
        zk_assert(whole.result < 0 ||
                  (cut.result == 0 && cut.entries == whole.entries - 1 &&
                   cut.end == TXN_LOG_END_PARTIAL && cut.position == (int64_t)whole.last));
    }
    zk_context_free(ctx);
    return 0;
}

#ifdef ZK_FUZZ
/* Bits that are changed below a checksum are never seen by anything but its check: put the
 * checksums right again, most of the time. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned int seed)
{
    length = LLVMFuzzerMutate(bytes, length, room);
    for (size_t at = LOG_HEADER; seed % 8 > 0 && at + 12 <= length;) {
        size_t payload = (uint32_t)zk_load_int(bytes + at + 8);
        if (payload == 0 || payload > length - at - 12)
            break;
        zk_store_long(bytes + at, (int64_t)adler32(1, bytes + at + 12, (uInt)payload));
        at += payload + TXN_LOG_ENTRY_EXTRA;
    }
    return length;
}
#endif
