/* QuorumPacket and LearnerInfo. Java: quorum.QuorumPacket, quorum.LearnerInfo */
#include "zk/jute/quorum.h"

#include <inttypes.h>
#include <stdlib.h>

#include "zk/base/alloc.h"

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

struct quorum_packet *quorum_packet_new(int32_t type, int64_t zxid, struct buf *data)
{
    struct quorum_packet *packet = zk_xcalloc(1, sizeof *packet);
    zk_refcount_init(&packet->refs);
    packet->type = type;
    packet->zxid = zxid;
    packet->data = data ? buf_ref(data) : NULL;
    return packet;
}

struct quorum_packet *quorum_packet_ref(struct quorum_packet *packet)
{
    zk_refcount_ref(&packet->refs);
    return packet;
}

void quorum_packet_unref(struct quorum_packet *packet)
{
    if (!packet || !zk_refcount_unref(&packet->refs))
        return;
    buf_unref(packet->data);
    id_list_done(&packet->authinfo);
    free(packet);
}

/* ---- QuorumPacket ----
 *
 *   4     int    type
 *   8     long   zxid
 *   4+n   buffer data            null and empty differ: a PING is answered with empty, not null
 *   4...  List<Id> authinfo      null but for REQUESTs of clients
 *
 * 20 bytes at least. */

int quorum_packet_read(struct jute_in *in, struct quorum_packet **ret_packet)
{
    struct quorum_packet *packet = quorum_packet_new(0, 0, NULL);
    int r = jute_in_int(in, &packet->type);
    if (r < 0)
        goto out;
    r = jute_in_long(in, &packet->zxid);
    if (r < 0)
        goto out;
    r = jute_in_buffer(in, &packet->data);
    if (r < 0)
        goto out;
    r = id_list_read(in, &packet->authinfo);
    if (r < 0)
        goto out;
    *ret_packet = packet;
    return 0;
out:
    quorum_packet_unref(packet);
    return r;
}

void quorum_packet_write(struct jute_out *out, const struct quorum_packet *packet)
{
    jute_out_int(out, packet->type);
    jute_out_long(out, packet->zxid);
    jute_out_buffer(out, packet->data);
    id_list_write(out, &packet->authinfo);
}

void quorum_packet_append_json(const struct quorum_packet *packet, struct zk_str *str)
{
    zk_str_printf(str, "{\"zxid\":\"0x%" PRIx64 "\"", (uint64_t)packet->zxid);
    if (packet->data)
        zk_str_printf(str, ",\"data\":%zu", packet->data->length);
    if (packet->authinfo.present)
        zk_str_printf(str, ",\"authinfo\":%zu", packet->authinfo.count);
    zk_str_append(str, "}");
}

/* ---- LearnerInfo ----
 *
 *    0   8   long serverid
 *    8   4   int  protocolVersion
 *   12   8   long configVersion */

struct buf *learner_info_encode(const struct learner_info *info)
{
    struct buf *data = buf_new(20);
    buf_put_long(data, info->serverid);
    buf_put_int(data, info->protocol_version);
    buf_put_long(data, info->config_version);
    return data;
}

/* Java: LearnerHandler.run(), the part that takes the first packet's data apart */
void learner_info_decode(const struct buf *data, struct learner_info *ret_info)
{
    struct learner_info info = {.protocol_version = 1};
    if (data && data->length >= 8)
        info.serverid = zk_load_long(data->bytes);
    if (data && data->length >= 12)
        info.protocol_version = zk_load_int(data->bytes + 8);
    if (data && data->length >= 20) {
        info.has_config_version = true;
        info.config_version = zk_load_long(data->bytes + 12);
    }
    *ret_info = info;
}
