/* QuorumPacket and LearnerInfo. Java: quorum.QuorumPacket, quorum.LearnerInfo */
#include "zk/jute/quorum.h"

#include <inttypes.h>
#include <stdlib.h>

#include "zk/base/alloc.h"

enum {
    NUMBERS_BYTES = 12,     /* type and zxid */
    BARE_PACKET_BYTES = 20, /* a packet without data and without authinfo */
};

/* Java: LearnerHandler.packetToString() */
const char *quorum_packet_type_name(int32_t type)
{
    static const char *const names[] = {
        [LEADER_REQUEST] = "REQUEST",
        [LEADER_PROPOSAL] = "PROPOSAL",
        [LEADER_ACK] = "ACK",
        [LEADER_COMMIT] = "COMMIT",
        [LEADER_PING] = "PING",
        [LEADER_REVALIDATE] = "REVALIDATE",
        [LEADER_SYNC] = "SYNC",
        [LEADER_INFORM] = "INFORM",
        [LEADER_COMMITANDACTIVATE] = "COMMITANDACTIVATE",
        [LEADER_NEWLEADER] = "NEWLEADER",
        [LEADER_FOLLOWERINFO] = "FOLLOWERINFO",
        [LEADER_UPTODATE] = "UPTODATE",
        [LEADER_DIFF] = "DIFF",
        [LEADER_TRUNC] = "TRUNC",
        [LEADER_SNAP] = "SNAP",
        [LEADER_OBSERVERINFO] = "OBSERVERINFO",
        [LEADER_LEADERINFO] = "LEADERINFO",
        [LEADER_ACKEPOCH] = "ACKEPOCH",
        [LEADER_INFORMANDACTIVATE] = "INFORMANDACTIVATE",
    };
    if (type < LEADER_REQUEST || type > LEADER_INFORMANDACTIVATE)
        return "UNKNOWN";
    return names[type];
}

/* ---- QuorumPacket ---------------------------------------------------------------------------- */

static const struct jute_field quorum_packet_fields[] = {
    JUTE_FIELD(quorum_packet, type, "type"),
    JUTE_FIELD(quorum_packet, zxid, "zxid"),
    JUTE_FIELD(quorum_packet, data, "data"),
    JUTE_VECTOR(quorum_packet, authinfo, "authinfo", &zk_id_record),
};
const struct jute_record quorum_packet_record =
    JUTE_RECORD(quorum_packet, "QuorumPacket", quorum_packet_fields);

/* The last field alone. */
static const struct jute_record authinfo_record = {
    .name = "authinfo",
    .size = sizeof(struct quorum_packet),
    .fields = &quorum_packet_fields[3],
    .field_count = 1,
};

struct quorum_packet *quorum_packet_new(int32_t type, int64_t zxid, struct buf *data)
{
    struct quorum_packet *packet = zk_xcalloc(1, sizeof *packet);
    packet->type = type;
    packet->zxid = zxid;
    packet->data = data != NULL ? buf_ref(data) : NULL;
    return packet;
}

void quorum_packet_free(struct quorum_packet *packet)
{
    if (packet == NULL)
        return;
    jute_done(&quorum_packet_record, packet);
    free(packet);
}

/* Frees what the packet holds, and reads the next one into it. jute_done and jute_read would do the
 * same by the table; it is written out because a learner does it twice for each write. */
static int read_packet_again(struct jute_in *in, struct quorum_packet *packet)
{
    uint8_t bytes[NUMBERS_BYTES];
    const uint8_t *numbers;
    buf_unref(packet->data);
    packet->data = NULL;
    if (packet->authinfo.present)
        jute_done(&authinfo_record, packet);
    int r = jute_in_view(in, sizeof bytes, bytes, &numbers);
    if (r < 0)
        return r;
    packet->type = zk_load_int(numbers);
    packet->zxid = zk_load_long(numbers + 4);
    r = jute_in_buffer(in, &packet->data);
    return r < 0 ? r : jute_read(in, &authinfo_record, packet);
}

int quorum_packet_read(struct jute_in *in, struct quorum_packet **packet)
{
    if (*packet == NULL)
        *packet = quorum_packet_new(0, 0, NULL);
    int r = read_packet_again(in, *packet);
    if (r < 0) {
        quorum_packet_free(*packet);
        *packet = NULL;
    }
    return r;
}

/* Most packets are the numbers alone: a write has one COMMIT for each follower, and one ACK from
 * each. Those are one piece of bytes. */
void quorum_packet_write(struct jute_out *out, const struct quorum_packet *packet)
{
    uint8_t bytes[BARE_PACKET_BYTES];
    if (packet->data != NULL || packet->authinfo.present) {
        jute_write(out, &quorum_packet_record, packet);
        return;
    }
    zk_store_int(bytes, packet->type);
    zk_store_long(bytes + 4, packet->zxid);
    zk_store_int(bytes + 12, -1);
    zk_store_int(bytes + 16, -1);
    jute_out_bytes(out, bytes, sizeof bytes);
}

void quorum_packet_append_json(const struct quorum_packet *packet, struct zk_str *str)
{
    zk_str_printf(str, "{\"zxid\":\"0x%" PRIx64 "\"", (uint64_t)packet->zxid);
    if (packet->data != NULL)
        zk_str_printf(str, ",\"data\":%zu", packet->data->length);
    if (packet->authinfo.present)
        zk_str_printf(str, ",\"authinfo\":%zu", packet->authinfo.count);
    zk_str_append(str, "}");
}

/* ---- LearnerInfo ----------------------------------------------------------------------------- */

static const struct jute_field learner_info_fields[] = {
    JUTE_FIELD(learner_info, serverid, "serverid"),
    JUTE_FIELD(learner_info, protocol_version, "protocolVersion"),
    JUTE_FIELD(learner_info, config_version, "configVersion"),
};
const struct jute_record learner_info_record =
    JUTE_RECORD(learner_info, "LearnerInfo", learner_info_fields);

struct buf *learner_info_encode(const struct learner_info *info)
{
    return jute_to_buf(&learner_info_record, info);
}

/* Java: LearnerHandler.run(), the part that takes the first packet's data apart */
void learner_info_decode(const struct buf *data, struct learner_info *ret_info)
{
    struct learner_info info = {.protocol_version = 1};
    if (data != NULL && data->length >= 8)
        info.serverid = zk_load_long(data->bytes);
    if (data != NULL && data->length >= 12)
        info.protocol_version = zk_load_int(data->bytes + 8);
    if (data != NULL && data->length >= 20) {
        info.has_config_version = true;
        info.config_version = zk_load_long(data->bytes + 12);
    }
    *ret_info = info;
}
