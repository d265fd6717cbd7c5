/* The records of clients: the first byte says which one. What was read is written as the same
 * bytes, but for text that is none, which is read as Java reads it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/jute/proto.h"
#include "zk/runtime/context.h"

static const struct jute_record *const records[] = {
    &connect_request_record,
    &request_header_record,
    &multi_header_record,
    &create_request_record,
    &create_ttl_request_record,
    &delete_request_record,
    &set_data_request_record,
    &set_acl_request_record,
    &check_version_request_record,
    &reconfig_request_record,
    &sync_request_record,
    &exists_request_record,
    &get_data_request_record,
    &get_acl_request_record,
    &get_children_request_record,
    &get_children2_request_record,
    &get_ephemerals_request_record,
    &get_all_children_number_request_record,
    &auth_packet_record,
    &set_watches_record,
    &set_watches2_record,
    &add_watch_request_record,
    &check_watches_request_record,
    &remove_watches_request_record,
};
enum { RECORDS = sizeof records / sizeof records[0] };

static int read_record(struct zk_context *ctx, const struct jute_record *record,
                       const uint8_t *bytes, size_t length, void *ret_value, size_t *ret_consumed)
{
    struct jute_in in = jute_in_of_bytes(ctx, bytes, length);
    int r = jute_read(&in, record, ret_value);
    *ret_consumed = (size_t)jute_in_position(&in);
    return r;
}

/* Only a negative count (K-21) and a true that is not 1 are written in another way, and as long. No
 * text of value changes when it is read again. */
static void check(struct zk_context *ctx, const struct jute_record *record, const void *value,
                  size_t length)
{
    size_t consumed;
    void *again = zk_xcalloc(1, record->size);
    void *copy = zk_xcalloc(1, record->size);
    struct buf *bytes = jute_to_buf(record, value);
    zk_assert(bytes->length == length);
    zk_assert(read_record(ctx, record, bytes->bytes, bytes->length, again, &consumed) == 0);
    zk_assert(consumed == length);
    jute_copy(record, copy, again);
    zk_assert(jute_equal(record, value, copy));
    jute_done(record, copy);
    jute_done(record, again);
    buf_unref(bytes);
    free(copy);
    free(again);
}

static bool has_only_ascii(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] >= 0x80)
            return false;
    return true;
}

/* Text that has been read for the second time has neither malformed bytes nor surrogates. */
static void check_settled(struct zk_context *ctx, const struct jute_record *record,
                          const void *value)
{
    size_t consumed;
    void *settled = zk_xcalloc(1, record->size);
    struct buf *bytes = jute_to_buf(record, value);
    zk_assert(read_record(ctx, record, bytes->bytes, bytes->length, settled, &consumed) == 0);
    zk_assert(consumed == bytes->length);
    buf_unref(bytes);
    bytes = jute_to_buf(record, settled);
    check(ctx, record, settled, bytes->length);
    buf_unref(bytes);
    jute_done(record, settled);
    free(settled);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    size_t consumed;
    struct zk_context *ctx = fuzz_context();
    const struct jute_record *record = records[bytes[0] % RECORDS];
    void *value = zk_xcalloc(1, record->size);
    int r = read_record(ctx, record, bytes + 1, length - 1, value, &consumed);
    zk_assert(r == 0 || r == -EPROTO || r == -EPIPE);
    if (r == 0) {
        if (has_only_ascii(bytes + 1, consumed))
            check(ctx, record, value, consumed);
        check_settled(ctx, record, value);
        jute_done(record, value);
    }
    free(value);
    zk_context_free(ctx);
    return 0;
}
