/* What follower and observer have in common, but for the dials (learner_connect.c) and the
 * synchronisation (learner_sync.c).
 *
 * No thread of its own. One lock guards what learner_shutdown needs, the flag and the socket to
 * wake, and the clients that wait for the leader's word on their sessions. Another one is held by
 * the thread that writes to the leader.
 *
 * Java: Learner */
#include "zk/zab/learner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "zab/learner_internal.h"
#include "zab/learner_zookeeper_server.h"
#include "zab/lock_ranks.h"
#include "zab/packet_data.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/learner_session_tracker.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

/* COMMITANDACTIVATE and INFORMANDACTIVATE begin with the sid of the leader to come. */
enum { DESIGNATED_LEADER_BYTES = 8 };

/* From BURST_FROM proposals on there is a burst; no PING and no SYNC waits for longer than
 * PATIENCE_MS. */
enum { BURST_FROM = 16, PATIENCE_MS = 10 };

static void close_after_failure(struct learner *learner, int error);
static void learner_post(struct learner *learner, const struct quorum_packet *packet);
static void clear_pending_revalidations(struct learner *learner);

/* ---- packets --------------------------------------------------------------------------------- */

/* Only the leader knows whether a session still lives: its time may have run out while the client
 * was on its way here.
 * Java: validateSession() */
void learner_validate_session(struct learner *learner, struct server_cnxn *cnxn, int64_t client_id,
                              int32_t timeout_ms)
{
    zk_log(learner->ctx, ZK_LOG_REVALIDATING_CLIENT, client_id);
    /* It waits before the leader is asked, so that the answer finds it. */
    zk_mutex_lock(&learner->mu);
    struct server_cnxn *before =
        long_map_put(&learner->pending_revalidations, client_id, server_cnxn_ref(cnxn));
    zk_mutex_unlock(&learner->mu);
    /* A client that has called twice is answered where it called last. Java's map, too, keeps one
     * connection for a session. */
    server_cnxn_unref(before);
    struct buf *data = packet_data_of_sessions(
        &(struct session_timeout){.session = client_id, .timeout_ms = timeout_ms}, 1);
    learner_post(learner,
                 &(struct quorum_packet){.type = LEADER_REVALIDATE, .zxid = -1, .data = data});
    learner_flush(learner); /* now, and not with the next requests: the client waits for it */
    buf_unref(data);
}

/* Called behind a flush, after one that failed, too: let_gather must not wait for another one. */
static void note_flush_locked(struct learner *learner) REQUIRES(&learner->output_mu)
{
    zk_mutex_assert_held(&learner->output_mu);
    learner->flushes++;
    zk_cond_signal(&learner->flushed);
}

/* Puts a packet behind what was written before; NULL writes nothing. With flush all of it leaves
 * now; else it waits for the next flush, or until there is too much of it.
 * Java: writePacket() */
static int learner_write_packet(struct learner *learner, const struct quorum_packet *packet,
                                bool flush)
{
    int r = 0;
    zk_mutex_lock(&learner->output_mu);
    if (!learner->connected) /* not yet, or not any more: a client's thread may come late */
        r = -ECANCELED;
    if (r == 0 && packet != NULL)
        r = packet_stream_write(&learner->stream, learner->leader_id, packet);
    if (r == 0 && flush)
        r = packet_stream_flush(&learner->stream);
    if (flush)
        note_flush_locked(learner);
    zk_mutex_unlock(&learner->output_mu);
    return r;
}

/* The main thread alone reads, so this needs no lock, where Java takes the monitor of leaderIs.
 * Java: readPacket() */
int learner_read_packet(struct learner *learner, struct quorum_packet **packet)
{
    return packet_stream_read(&learner->stream, learner->leader_id, packet);
}

/* While many proposals are on their way to disk and no client of this server waits for anything,
 * blocks until the SyncThread has sent its ACKs, or another thread a packet, or for PATIENCE_MS:
 * what would be read meanwhile shares the next fsync in any case. */
static void let_gather(struct learner *learner)
{
    if (zookeeper_server_get_in_process(learner->zk) > 0)
        return;
    int64_t deadline_ms = zk_deadline_ms(PATIENCE_MS);
    bool time_left = true;
    zk_mutex_lock(&learner->output_mu);
    int64_t flushes = learner->flushes;
    while (time_left && learner->connected && learner->flushes == flushes &&
           learner->logged - learner->acked >= BURST_FROM)
        time_left = zk_cond_wait_until(&learner->flushed, &learner->output_mu, deadline_ms);
    zk_mutex_unlock(&learner->output_mu);
}

/* One lock and one wake-up for all that one read has brought: follower and observer only put
 * it into to_log and to_commit. In Java each packet is handed over by itself. */
void learner_before_wait(void *arg)
{
    struct learner *learner = arg;
    server_metrics_merge(learner->self->metrics, &learner->measured);
    learner_zookeeper_server_hand_over(learner_zookeeper_server_of(learner->zk));
    let_gather(learner);
}

/* The leader makes a transaction of what the client asked; until then it has no zxid, so the packet
 * says -1. The client's ids go along: the leader checks the ACLs by them.
 * Java: Learner.request() */
void learner_request(struct learner *learner, const struct request *request)
{
    struct buf *data = packet_data_of_request(request);
    learner_post(learner, &(struct quorum_packet){.type = LEADER_REQUEST,
                                                  .zxid = -1,
                                                  .data = data,
                                                  .authinfo = request->auth_info});
    buf_unref(data);
}

/* ---- sending by several threads -------------------------------------------------------------- */

int learner_send(struct learner *learner, int32_t type, int64_t zxid, struct buf *data)
{
    const struct quorum_packet packet = {.type = type, .zxid = zxid, .data = data};
    return learner_write_packet(learner, &packet, true);
}

/* Writes a packet, which is not flushed. */
static void learner_post(struct learner *learner, const struct quorum_packet *packet)
{
    close_after_failure(learner, learner_write_packet(learner, packet, false));
}

void learner_flush(struct learner *learner)
{
    close_after_failure(learner, learner_write_packet(learner, NULL, true));
}

/* One lock and one write for all that shared an fsync. After a failure zxids is emptied all
 * the same: no other connection takes over these ACKs. */
void learner_send_acks(struct learner *learner, struct array_deque *zxids)
{
    int64_t zxid;
    zk_mutex_lock(&learner->output_mu);
    int r = learner->connected ? 0 : -ECANCELED;
    learner->acked += (int64_t)zxids->count;
    while (array_deque_remove_first(zxids, &zxid))
        if (r == 0)
            r = packet_stream_write(&learner->stream, learner->leader_id,
                                    &(struct quorum_packet){.type = LEADER_ACK, .zxid = zxid});
    if (r == 0)
        r = packet_stream_flush(&learner->stream);
    note_flush_locked(learner);
    zk_mutex_unlock(&learner->output_mu);
    close_after_failure(learner, r);
}

/* Wakes the main thread out of its read. -ECANCELED means that the connection has ended before;
 * then there is nothing to say. Java: SendAckRequestProcessor, its catch */
static void close_after_failure(struct learner *learner, int error)
{
    if (error == 0 || error == -ECANCELED)
        return;
    zk_log(learner->ctx, ZK_LOG_CLOSING_AFTER_SEND, zk_error_text(error).text);
    zk_mutex_lock(&learner->mu);
    if (learner->sock != NULL)
        sock_wake(learner->sock);
    zk_mutex_unlock(&learner->mu);
}

/* ---- finding the leader, and the opening ----------------------------------------------------- */

/* The vote names a sid; the configuration says where that server listens.
 * Java: findLeader() */
int learner_find_leader(struct learner *learner, struct quorum_server *ret_server)
{
    struct vote current = {.id = -1};
    quorum_peer_get_current_vote(learner->self, &current);
    const struct quorum_server *server =
        qv_member(quorum_peer_quorum_verifier(learner->self), current.id);
    if (server == NULL) {
        zk_log(learner->ctx, ZK_LOG_NO_LEADER_WITH_ID, current.id);
        return -ENOENT;
    }
    quorum_server_copy(ret_server, server);
    /* The leader may have moved to another host since our files were read. */
    multiple_addresses_recreate(learner->ctx, &ret_server->addr);
    learner->leader_id = server->id;
    return 0;
}

/* The promise is made here: once it is on disk, this server follows no older leader, whatever
 * becomes of the term. The packets are CEPOCH, NEWEPOCH and ACK-E of the Zab paper; acceptedEpoch
 * is its f.p, currentEpoch its f.a.
 * Java: registerWithLeader() */
int learner_register_with_leader(struct learner *learner, int32_t packet_type, int64_t *ret_zxid)
{
    struct quorum_peer *self = learner->self;
    int64_t last_logged_zxid = quorum_peer_get_last_logged_zxid(self); /* for ACKEPOCH, below */
    int64_t accepted_epoch = quorum_peer_get_accepted_epoch(self);
    struct learner_info li = {
        .serverid = self->my_id,
        .protocol_version = LEARNER_PROTOCOL_VERSION,
        .has_config_version = true,
        .config_version = quorum_peer_quorum_verifier(self)->version,
    };
    /* The leader hangs up if it only knows an older configuration. If it has no epoch yet it will
     * choose one above ours, and it answers when a quorum has called. */
    struct buf *data = learner_info_encode(&li);
    int r = learner_send(learner, packet_type, zxid_make(accepted_epoch, 0), data);
    buf_unref(data);
    if (r < 0)
        return r;

    struct quorum_packet *qp = NULL;
    r = learner_read_packet(learner, &qp);
    if (r < 0)
        return r;
    int32_t type = qp->type;
    int64_t new_epoch = zxid_epoch(qp->zxid);
    int32_t version; /* what the leader speaks; nobody asks */
    bool has_version = packet_data_read_int(qp->data, &version) == 0;
    quorum_packet_free(qp);
    if (type != LEADER_LEADERINFO) /* a leader before 3.4, or none at all (D-45) */
        return learner_protocol_error(learner, "First packet should have been LEADERINFO but is %s",
                                      quorum_packet_type_name(type));
    if (!has_version)
        return learner_protocol_error(learner, "LEADERINFO without a protocol version");

    int32_t epoch_to_tell;
    if (new_epoch > accepted_epoch) {
        /* On disk before the answer leaves: a quorum of such promises is what keeps every older
         * leader from committing anything more, so a restart must not forget one. */
        epoch_to_tell = (int32_t)quorum_peer_get_current_epoch(self);
        r = quorum_peer_set_accepted_epoch(self, new_epoch);
        if (r < 0)
            return r;
    } else if (new_epoch == accepted_epoch) {
        /* We have promised this epoch before, perhaps to another leader that has died since. One
         * server must not count twice for an epoch; -1 says so. We may be synchronised all the
         * same. */
        epoch_to_tell = -1;
    } else {
        return learner_protocol_error(
            learner, "Leaders epoch, %" PRId64 " is less than accepted epoch, %" PRId64, new_epoch,
            accepted_epoch);
    }
    data = packet_data_of_int(epoch_to_tell);
    r = learner_send(learner, LEADER_ACKEPOCH, last_logged_zxid, data);
    buf_unref(data);
    if (r < 0)
        return r;
    *ret_zxid = zxid_make(new_epoch, 0);
    return 0;
}

/* ---- what both do with packets --------------------------------------------------------------- */

/* The leader has answered what learner_validate_session asked. Its client waits for that with its
 * handshake, so until now nothing has been read from it.
 * Java: revalidate() */
int learner_revalidate(struct learner *learner, const struct quorum_packet *packet)
{
    int64_t session_id;
    bool valid;
    if (packet_data_read_validity(packet->data, &session_id, &valid) < 0)
        return learner_protocol_error(learner, "REVALIDATE without session and answer");
    zk_mutex_lock(&learner->mu);
    struct server_cnxn *cnxn = long_map_remove(&learner->pending_revalidations, session_id);
    zk_mutex_unlock(&learner->mu);
    /* Ahead of the answer, behind which the client's requests come: the tracker may not know the
     * session yet, if it was local elsewhere (D-322). */
    if (valid)
        learner_session_tracker_revalidated(zookeeper_server_get_session_tracker(learner->zk),
                                            session_id);
    /* NULL: we never asked, or a client had called twice, and the first answer was for both. */
    if (cnxn != NULL)
        zookeeper_server_finish_session_init(learner->zk, cnxn, valid);
    else if (learner_line_is_due(learner, LEADER_REVALIDATE))
        zk_log(learner->ctx, ZK_LOG_MISSING_SESSION, session_id);
    server_cnxn_unref(cnxn);
    return 0;
}

/* Makes the next part of the touch table, at most as many sessions as one packet can have: a leader
 * reads no more than jute.maxbuffer lets it, and hangs up on a longer one (D-333). */
static struct buf *next_part(const struct learner *learner, const struct session_timeouts *table,
                             size_t *at)
{
    const int32_t max_length = learner->stream.in.max_length;
    size_t most =
        max_length < PACKET_DATA_SESSION_BYTES ? 1 : (size_t)max_length / PACKET_DATA_SESSION_BYTES;
    size_t count = table->count - *at < most ? table->count - *at : most;
    const struct session_timeout *sessions = count > 0 ? table->items + *at : NULL;
    *at += count;
    return packet_data_of_sessions(sessions, count);
}

/* The leader alone counts the time of sessions; the table tells it which clients have been heard
 * from here.
 * Java: ping() */
int learner_ping(struct learner *learner, const struct quorum_packet *packet)
{
    struct session_timeouts touch_table;
    learner_zookeeper_server_get_touch_snapshot(learner->zk, &touch_table);
    size_t at = 0;
    int r;
    do {
        struct buf *data = next_part(learner, &touch_table, &at);
        r = learner_send(learner, packet->type, packet->zxid, data);
        buf_unref(data);
    } while (r == 0 && at < touch_table.count);
    session_timeouts_done(&touch_table);
    return r;
}

bool learner_line_is_due(struct learner *learner, int32_t type)
{
    enum { TYPES = sizeof learner->odd_packets / sizeof learner->odd_packets[0] };
    return zk_log_is_due(++learner->odd_packets[type > 0 && type < TYPES ? type : 0]);
}

/* What cannot be read ends the term: to pass a transaction over would be a hole in our history. */
int learner_read_txn(struct learner *learner, const struct quorum_packet *packet,
                     struct txn_log_entry **ret_txn)
{
    struct txn_log_entry *txn = NULL;
    int r = -EPROTO;
    if (packet->type == LEADER_INFORMANDACTIVATE && packet->data != NULL &&
        packet->data->length >= DESIGNATED_LEADER_BYTES) {
        struct buf *bytes = buf_new_copy(packet->data->bytes + DESIGNATED_LEADER_BYTES,
                                         packet->data->length - DESIGNATED_LEADER_BYTES);
        r = txn_log_entry_decode(learner->ctx, bytes, &txn);
        buf_unref(bytes);
    } else if (packet->type != LEADER_INFORMANDACTIVATE && packet->data != NULL) {
        r = txn_log_entry_decode(learner->ctx, packet->data, &txn);
    }
    if (r < 0)
        return learner_protocol_error(learner, "%s 0x%" PRIx64 " holds no transaction",
                                      quorum_packet_type_name(packet->type),
                                      (uint64_t)packet->zxid);
    if (txn->header.zxid != packet->zxid) {
        r = learner_protocol_error(learner, "%s 0x%" PRIx64 " holds transaction 0x%" PRIx64,
                                   quorum_packet_type_name(packet->type), (uint64_t)packet->zxid,
                                   (uint64_t)txn->header.zxid);
        txn_log_entry_unref(txn);
        return r;
    }
    if (txn->header.type == OP_CODE_RECONFIG)
        zk_log(learner->ctx, ZK_LOG_RECONFIG_NOT_APPLIED, txn->header.zxid);
    *ret_txn = txn;
    return 0;
}

/* A leader counts on within its epoch. What goes back, or belongs to another epoch, would stand in
 * the log where no start takes it. Numbers that are left out are only warned of: a leader of Java
 * uses some up for nothing. */
int learner_read_next_txn(struct learner *learner, const struct quorum_packet *packet,
                          struct txn_log_entry **ret_txn)
{
    struct txn_log_entry *txn = NULL;
    int r = learner_read_txn(learner, packet, &txn);
    if (r < 0)
        return r;
    int64_t zxid = txn->header.zxid;
    int64_t last = learner->last_received;
    if (zxid <= last || zxid_epoch(zxid) != zxid_epoch(last)) {
        txn_log_entry_unref(txn);
        return learner_protocol_error(learner,
                                      "transaction 0x%" PRIx64 " cannot come behind 0x%" PRIx64,
                                      (uint64_t)zxid, (uint64_t)last);
    }
    learner->last_received = zxid;
    *ret_txn = txn;
    return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* This only ends what the main thread may block on. That thread takes down the rest, in
 * learner_end. The flag rises under the lock: a dial that begins at this moment sees it, or is
 * woken.
 * Java: shutdown() */
void learner_shutdown(struct learner *learner)
{
    zk_mutex_lock(&learner->mu);
    zk_atomic_long_set(&learner->stopping, true);
    if (learner->sock != NULL)
        sock_wake(learner->sock);
    learner_wake_connectors_locked(learner);
    zk_mutex_unlock(&learner->mu);
}

bool learner_is_stopping(const struct learner *learner)
{
    return zk_atomic_long_get(&learner->stopping) != 0;
}

/* Java: isRunning() */
bool learner_is_running(const struct learner *learner)
{
    return !learner_is_stopping(learner) && zookeeper_server_is_running(learner->zk);
}

int learner_protocol_error(struct learner *learner, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(learner->why, sizeof learner->why, format, args);
    va_end(args);
    return -EPROTO;
}

int learner_must_end(struct learner *learner, enum exit_code exit_code)
{
    learner->exit_code = exit_code;
    return -ENOTRECOVERABLE;
}

const char *learner_error_text(struct learner *learner, int error)
{
    if (learner->why[0] == '\0')
        snprintf(learner->why, sizeof learner->why, "%s", zk_error_text(error).text);
    return learner->why;
}

/* The clients first: their connections are closed, so they look for another server at once. Then
 * the socket, so that no thread of the server is left blocked in a write, and the leader sees the
 * end. Then the server, with all its threads: nothing of this term is written when this returns.
 * What was read and not handed over yet goes to the log before, as in Java, where each packet is
 * handed over when it has been read.
 * Java: Follower.followLeader(), its finally, and Learner.shutdown() */
int learner_end(struct learner *learner, const char *role, bool completed_sync)
{
    if (learner->connected_ms >= 0) {
        zk_log(learner->ctx, ZK_LOG_DISCONNECTED_FROM_LEADER, learner->leader_address,
               zk_elapsed_ms() - learner->connected_ms, completed_sync ? "true" : "false");
        zk_trace_conn(learner->ctx, "close", learner->leader_id,
                      sock_conn_text(learner->stream.sock), "this learner has left its leader");
    }
    zk_log(learner->ctx, ZK_LOG_SHUTDOWN_LEARNER, role);
    quorum_peer_set_zookeeper_server(learner->self, NULL);
    learner_zookeeper_server_hand_over(learner_zookeeper_server_of(learner->zk));
    learner_shutdown(learner);
    clear_pending_revalidations(learner);
    /* From a SNAP or a TRUNC until NEWLEADER, and in a DIFF to a server without any snapshot, the
     * tree in memory has what the disk does not have: it is not ours, and what is on disk is loaded
     * instead. Java does so after a SNAP alone (D-171). */
    enum sync_mode mode = quorum_peer_get_phase(learner->self).sync_mode;
    if (mode == SYNC_MODE_SNAP || mode == SYNC_MODE_TRUNC || learner->disk_is_behind ||
        learner->tree_has_hole)
        zookeeper_server_shutdown_fully(learner->zk);
    else
        zookeeper_server_shutdown(learner->zk);
    /* Both references go now, which closes the socket: its number is free again, and not only when
     * this object is freed. */
    zk_mutex_lock(&learner->output_mu);
    learner->connected = false;
    packet_stream_done(&learner->stream);
    zk_mutex_unlock(&learner->output_mu);
    zk_mutex_lock(&learner->mu);
    sock_unref(learner->sock);
    learner->sock = NULL;
    zk_mutex_unlock(&learner->mu);
    /* In its last moment a thread of the server may have met an error for which the process must
     * end. */
    return learner->exit_code > 0 ? learner->exit_code : zookeeper_server_exit_code(learner->zk);
}

/* The connections of these clients have been closed, so nobody answers them here. A client that is
 * entered so late that this does not find it is let go with the learner. */
static void clear_pending_revalidations(struct learner *learner)
{
    zk_mutex_lock(&learner->mu);
    struct long_map pending = learner->pending_revalidations;
    learner->pending_revalidations = (struct long_map){0};
    zk_mutex_unlock(&learner->mu);
    for (size_t i = 0; i < pending.count; i++)
        server_cnxn_unref(pending.entries[i].value);
    long_map_done(&pending);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct learner *learner_new(struct quorum_peer *self) UNSHARED
{
    struct learner *learner = zk_xcalloc(1, sizeof *learner);
    learner->self = self;
    learner->ctx = self->ctx;
    learner->database = self->database;
    zk_refcount_init(&learner->refs);
    zk_atomic_long_init(&learner->stopping, false);
    zk_mutex_init(&learner->mu, learner->ctx, "learner", ZK_RANK_LEARNER);
    zk_mutex_init(&learner->output_mu, learner->ctx, "learner_output", ZK_RANK_LEARNER_OUTPUT);
    zk_cond_init(&learner->wake);
    zk_cond_init(&learner->flushed);
    learner->leader_id = -1;
    learner->connected_ms = -1;
    return learner;
}

struct learner *learner_ref(struct learner *learner)
{
    zk_refcount_ref(&learner->refs);
    return learner;
}

void learner_unref(struct learner *learner) UNSHARED
{
    if (learner == NULL || !zk_refcount_unref(&learner->refs))
        return;
    packet_stream_done(&learner->stream);
    sock_unref(learner->sock);
    clear_pending_revalidations(learner);
    free(learner->leader_address);
    zk_cond_destroy(&learner->flushed);
    zk_cond_destroy(&learner->wake);
    zk_mutex_destroy(&learner->output_mu);
    zk_mutex_destroy(&learner->mu);
    free(learner);
}
