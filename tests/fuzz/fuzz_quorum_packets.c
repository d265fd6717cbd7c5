/* Packets between leader and learner, one after the other on a stream, and the LearnerInfo in their
 * data. What was read is written as the same bytes. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/jute/archive.h"
#include "zk/jute/quorum.h"
#include "zk/runtime/context.h"

static struct buf *encode(const struct quorum_packet *packet)
{
    struct buf *bytes = buf_new(64);
    struct jute_out out = jute_out_of_buf(bytes);
    jute_write(&out, &quorum_packet_record, packet);
    zk_assert(jute_out_flush(&out) == 0);
    return bytes;
}

static struct quorum_packet *decode(struct zk_context *ctx, const struct buf *bytes)
{
    struct quorum_packet *packet = NULL;
    struct jute_in in = jute_in_of_bytes(ctx, bytes->bytes, bytes->length);
    zk_assert(quorum_packet_read(&in, &packet) == 0);
    zk_assert(jute_in_position(&in) == (int64_t)bytes->length);
    return packet;
}

static bool is_same_data(const struct buf *a, const struct buf *b)
{
    if (!a || !b)
        return !a && !b;
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void check_learner_info(const struct buf *data)
{
    struct learner_info info;
    struct learner_info again;
    learner_info_decode(data, &info);
    struct buf *bytes = learner_info_encode(&info);
    learner_info_decode(bytes, &again);
    zk_assert(again.serverid == info.serverid && again.config_version == info.config_version);
    zk_assert(again.protocol_version == info.protocol_version);
    if (data && data->length >= bytes->length)
        zk_assert(memcmp(bytes->bytes, data->bytes, bytes->length) == 0);
    buf_unref(bytes);
}

/* came: the bytes that the packet was. Only a negative count (K-21) is written in another way. */
static void check_packet(struct zk_context *ctx, const struct quorum_packet *packet,
                         const uint8_t *came, size_t length)
{
    struct buf *bytes = encode(packet);
    struct quorum_packet *again = decode(ctx, bytes);
    struct zk_str json = {0};
    zk_assert(bytes->length == length);
    if (!packet->authinfo.present || packet->authinfo.count > 0)
        zk_assert(memcmp(bytes->bytes, came, length) == 0);
    zk_assert(again->type == packet->type && again->zxid == packet->zxid);
    zk_assert(is_same_data(again->data, packet->data));
    zk_assert(again->authinfo.present == packet->authinfo.present);
    zk_assert(again->authinfo.count == packet->authinfo.count);
    zk_assert(quorum_packet_type_name(packet->type) != NULL);
    quorum_packet_append_json(packet, &json);
    check_learner_info(packet->data);
    zk_str_done(&json);
    quorum_packet_free(again);
    buf_unref(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct zk_context *ctx = fuzz_context();
    struct jute_in in = jute_in_of_bytes(ctx, bytes, length);
    int r = 0;
    while (r == 0) {
        struct quorum_packet *packet = NULL;
        size_t start = (size_t)jute_in_position(&in);
        r = quorum_packet_read(&in, &packet);
        zk_assert((r == 0) == (packet != NULL));
        if (r == 0) {
            size_t end = (size_t)jute_in_position(&in);
            check_packet(ctx, packet, bytes + start, end - start);
        }
        quorum_packet_free(packet);
    }
    zk_assert(r == -EPROTO || r == -EPIPE);
    zk_context_free(ctx);
    return 0;
}
