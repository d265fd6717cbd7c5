/* The traces of zab. No thread and no lock of its own. */
#include "zab/zab_trace.h"

#include "zab/packet_stream.h"
#include "zk/base/str.h"
#include "zk/io/sock.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/server_metrics.h"

void zab_log_election_took(struct quorum_peer *self, const char *role)
{
    int64_t start_ms = quorum_peer_take_start_fle(self);
    if (start_ms < 0)
        return;
    int64_t took_ms = zk_elapsed_ms() - start_ms;
    server_metrics_add(self->metrics, SERVER_METRICS_ELECTION_TIME, took_ms);
    zk_log(self->ctx, ZK_LOG_ELECTION_TOOK, role, took_ms);
}

static int64_t sender_of(const struct quorum_packet *packet, int64_t peer)
{
    bool introduction = packet->type == LEADER_FOLLOWERINFO || packet->type == LEADER_OBSERVERINFO;
    if (!introduction || packet->data == NULL)
        return peer;
    struct learner_info info;
    learner_info_decode(packet->data, &info);
    return info.serverid;
}

void zab_trace_received(const struct packet_stream *stream, int64_t peer,
                        const struct quorum_packet *packet)
{
    if (!zk_trace_on(stream->ctx))
        return;
    struct zk_str json = {0};
    quorum_packet_append_json(packet, &json);
    zk_trace_recv(stream->ctx, sender_of(packet, peer), sock_conn_text(stream->sock),
                  stream->received, quorum_packet_type_name(packet->type), zk_str_text(&json));
    zk_str_done(&json);
}

void zab_trace_sent(const struct packet_stream *stream, int64_t peer,
                    const struct quorum_packet *packet)
{
    if (!zk_trace_on(stream->ctx))
        return;
    struct zk_str json = {0};
    quorum_packet_append_json(packet, &json);
    zk_trace_send(stream->ctx, peer, sock_conn_text(stream->sock), stream->sent,
                  quorum_packet_type_name(packet->type), zk_str_text(&json));
    zk_str_done(&json);
}
