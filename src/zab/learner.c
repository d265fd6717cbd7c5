/* What follower and observer have in common, but for the dials (learner_connect.c) and the
 * synchronisation (learner_sync.c).
 * Java: Learner
 *
 * No thread of its own. One lock guards what learner_shutdown needs: the flag and the socket to
 * wake. */
#include "zk/zab/learner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "zab/learner_internal.h"
#include "zab/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/server/zk_database.h"

struct learner *learner_new(struct quorum_peer *self)
{
    struct learner *learner = zk_xcalloc(1, sizeof *learner);
    learner->self = self;
    learner->ctx = quorum_peer_context(self);
    learner->database = quorum_peer_database(self);
    zk_mutex_init(&learner->mu, learner->ctx, "learner", ZK_RANK_LEARNER);
    zk_cond_init(&learner->wake);
    learner->leader_id = -1;
    learner->connected_ms = -1;
    return learner;
}

void learner_free(struct learner *learner) UNSHARED
{
    if (learner == NULL)
        return;
    packet_stream_done(&learner->stream);
    sock_unref(learner->sock);
    free(learner->leader_address);
    zk_cond_destroy(&learner->wake);
    zk_mutex_destroy(&learner->mu);
    free(learner);
}

void learner_shutdown(struct learner *learner)
{
    zk_mutex_lock(&learner->mu);
    learner->stopping = true;
    if (learner->sock != NULL)
        sock_wake(learner->sock);
    for (size_t i = 0; i < learner->connector_count; i++) {
        if (learner->connectors[i].sock != NULL)
            sock_wake(learner->connectors[i].sock);
    }
    zk_cond_broadcast(&learner->wake);
    zk_mutex_unlock(&learner->mu);
}

bool learner_is_stopping(struct learner *learner)
{
    zk_mutex_lock(&learner->mu);
    bool stopping = learner->stopping;
    zk_mutex_unlock(&learner->mu);
    return stopping;
}

/* Java: findLeader() */
int learner_find_leader(struct learner *learner, struct quorum_server *ret_server)
{
    struct vote vote = {.id = -1};
    quorum_peer_get_current_vote(learner->self, &vote);
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(learner->self);
    const struct quorum_server *server = qv_member(qv, vote.id);
    int r = -ENOENT;
    if (server == NULL) {
        zk_log(learner->ctx, ZK_LOG_NO_LEADER_WITH_ID, vote.id);
    } else {
        quorum_server_copy(ret_server, server);
        multiple_addresses_recreate(learner->ctx, &ret_server->addr);
        learner->leader_id = server->id;
        r = 0;
    }
    qv_unref(qv);
    return r;
}

/* ---- the opening ---------------------------------------------------------------------------- */

int learner_send(struct learner *learner, int32_t type, int64_t zxid, struct buf *data)
{
    return packet_stream_send(&learner->stream, learner->leader_id, type, zxid, data);
}

int learner_read_packet(struct learner *learner, struct quorum_packet **ret_packet)
{
    return packet_stream_read(&learner->stream, learner->leader_id, ret_packet);
}

/* Who we are and which epoch we have promised. */
static int send_learner_info(struct learner *learner, int32_t packet_type)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(learner->self);
    struct learner_info info = {
        .serverid = quorum_peer_get_my_id(learner->self),
        .protocol_version = LEARNER_PROTOCOL_VERSION,
        .has_config_version = true,
        .config_version = qv->version,
    };
    qv_unref(qv);
    int64_t accepted_epoch = quorum_peer_get_accepted_epoch(learner->self);
    struct buf *data = learner_info_encode(&info);
    int r = learner_send(learner, packet_type, zxid_make(accepted_epoch, 0), data);
    buf_unref(data);
    return r;
}

/* The answer to LEADERINFO: the epoch of our history, or -1, which does not count, if this epoch
 * was promised before. The promise is on disk before the answer leaves. */
static int accept_epoch(struct learner *learner, int64_t new_epoch, int32_t *ret_epoch_to_tell)
{
    int64_t accepted_epoch = quorum_peer_get_accepted_epoch(learner->self);
    if (new_epoch < accepted_epoch)
        return learner_protocol_error(
            learner, "Leaders epoch, %" PRId64 " is less than accepted epoch, %" PRId64, new_epoch,
            accepted_epoch);
    if (new_epoch == accepted_epoch) {
        *ret_epoch_to_tell = -1;
        return 0;
    }
    int r = quorum_peer_set_accepted_epoch(learner->self, new_epoch);
    if (r < 0)
        return r;
    *ret_epoch_to_tell = (int32_t)quorum_peer_get_current_epoch(learner->self);
    return 0;
}

/* Java: registerWithLeader() */
int learner_register_with_leader(struct learner *learner, int32_t packet_type, int64_t *ret_zxid)
{
    int64_t last_logged_zxid = quorum_peer_get_last_logged_zxid(learner->self);
    int r = send_learner_info(learner, packet_type);
    if (r < 0)
        return r;
    struct quorum_packet *packet;
    r = learner_read_packet(learner, &packet);
    if (r < 0)
        return r;
    int32_t type = packet->type;
    int64_t new_epoch = zxid_epoch(packet->zxid);
    bool has_version = packet->data != NULL && packet->data->length >= 4;
    quorum_packet_unref(packet);
    if (type != LEADER_LEADERINFO || !has_version) /* a leader before 3.4, or none at all (D-45) */
        return learner_protocol_error(learner, "First packet should have been LEADERINFO but is %s",
                                      quorum_packet_type_name(type));

    int32_t epoch_to_tell = 0;
    r = accept_epoch(learner, new_epoch, &epoch_to_tell);
    if (r < 0)
        return r;
    struct buf *data = buf_new(4);
    buf_put_int(data, epoch_to_tell);
    r = learner_send(learner, LEADER_ACKEPOCH, last_logged_zxid, data);
    buf_unref(data);
    if (r < 0)
        return r;
    *ret_zxid = zxid_make(new_epoch, 0);
    return 0;
}

/* ---- what both do with packets -------------------------------------------------------------- */

/* Java: ping(). The empty list is length 0: null would kill the leader's handler. */
int learner_ping(struct learner *learner, const struct quorum_packet *packet)
{
    struct buf *touched = buf_new(0);
    struct quorum_packet *answer = quorum_packet_new(packet->type, packet->zxid, touched);
    int r = packet_stream_write(&learner->stream, learner->leader_id, answer);
    quorum_packet_unref(answer);
    buf_unref(touched);
    return r < 0 ? r : packet_stream_flush(&learner->stream);
}

/* Java: revalidate() */
int learner_revalidate(struct learner *learner, const struct quorum_packet *packet)
{
    if (packet->data == NULL || packet->data->length < 9)
        return learner_protocol_error(learner, "REVALIDATE without session and answer");
    zk_log(learner->ctx, ZK_LOG_MISSING_SESSION, zk_load_long(packet->data->bytes));
    return 0;
}

int learner_txn_not_supported(struct learner *learner, const struct quorum_packet *packet)
{
    zk_log(learner->ctx, ZK_LOG_TXN_NOT_SUPPORTED, quorum_packet_type_name(packet->type),
           packet->zxid, (int)EXIT_CODE_TXN_NOT_SUPPORTED);
    return EXIT_CODE_TXN_NOT_SUPPORTED;
}

/* ---- the end -------------------------------------------------------------------------------- */

int learner_protocol_error(struct learner *learner, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(learner->why, sizeof learner->why, format, args);
    va_end(args);
    return -EPROTO;
}

const char *learner_error_text(struct learner *learner, int error)
{
    if (learner->why[0] != '\0')
        return learner->why;
    char buffer[sizeof learner->why];
    snprintf(learner->why, sizeof learner->why, "%s",
             sock_error_text(error, buffer, sizeof buffer));
    return learner->why;
}

/* Java: Follower.followLeader(), its finally, and Learner.shutdown() */
void learner_end(struct learner *learner, const char *role, bool completed_sync)
{
    if (learner->connected_ms >= 0) {
        zk_log(learner->ctx, ZK_LOG_DISCONNECTED_FROM_LEADER, learner->leader_address,
               zk_elapsed_ms() - learner->connected_ms, completed_sync ? "true" : "false");
        zk_trace_conn(learner->ctx, "close", learner->leader_id,
                      sock_conn_text(learner->stream.sock), "no longer learning");
    }
    zk_log(learner->ctx, ZK_LOG_SHUTDOWN_LEARNER, role);
    learner_shutdown(learner);
    packet_stream_done(&learner->stream);
    zk_mutex_lock(&learner->mu);
    sock_unref(
        learner->sock); /* closes it: the leader must see the end now, not when we are freed */
    learner->sock = NULL;
    zk_mutex_unlock(&learner->mu);
    /* A SNAP that never came to NEWLEADER is not ours: the next one who asks loads what is on
     * disk. */
    if (quorum_peer_get_sync_mode(learner->self) == SYNC_MODE_SNAP)
        zk_database_clear(learner->database);
}
