/* One learner as the leader sees it. Java: LearnerHandler
 *
 * Threads: LearnerHandler-<remote> introduces the learner, waits with it at each rendezvous
 * (leader_epoch.c), synchronises it (learner_handler_sync.c), and then reads what it says; until
 * then it also writes. Sender-<remote> takes over the writing when there is something in the
 * queue that must not wait: from NEWLEADER on.
 *
 * Life: the acceptor makes a handler, the leader lists it, its thread serves the connection.
 * However that ends - the far end hangs up, is silent, talks nonsense, or the leader stops - the
 * thread logs one line, shuts everything down and drops its reference. */
#include "zk/zab/learner_handler.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "zab/leader_internal.h"
#include "zab/learner_handler_internal.h"
#include "zab/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/zk_database.h"

/* Java: ZooDefs.OpCode.sync */
enum { OP_CODE_SYNC = 9 };

static void learner_handler_run(void *arg);

/* ---- life ----------------------------------------------------------------------------------- */

static void free_packet(void *item)
{
    quorum_packet_unref(item);
}

/* Takes sock. */
static struct learner_handler *learner_handler_new(struct leader *leader,
                                                   struct sock *sock) UNSHARED
{
    struct learner_handler *handler = zk_xcalloc(1, sizeof *handler);
    zk_refcount_init(&handler->refs);
    handler->leader = leader;
    handler->ctx = leader->ctx;
    handler->sock = sock;
    inet_address_text(sock_remote(sock), handler->remote_address, sizeof handler->remote_address);
    char queue_name[sizeof handler->remote_address + 16];
    snprintf(queue_name, sizeof queue_name, "queuedPackets-%s", handler->remote_address);
    handler->queued_packets = bq_new(leader->ctx, queue_name, BQ_LIMIT, free_packet);
    packet_stream_init(&handler->stream, leader->ctx, sock);
    zk_mutex_init(&handler->mu, leader->ctx, "learner_handler", ZK_RANK_LEARNER_HANDLER);
    handler->alive = true;
    handler->tick_of_next_ack_deadline = leader_get_tick_of_initial_ack_deadline(leader);
    handler->version = 1;
    handler->learner_type = LEARNER_TYPE_PARTICIPANT;
    return handler;
}

struct learner_handler *learner_handler_ref(struct learner_handler *handler)
{
    zk_refcount_ref(&handler->refs);
    return handler;
}

void learner_handler_unref(struct learner_handler *handler)
{
    if (handler == NULL || !zk_refcount_unref(&handler->refs))
        return;
    packet_stream_done(&handler->stream);
    bq_free(handler->queued_packets);
    sock_unref(handler->sock);
    zk_mutex_destroy(&handler->mu);
    free(handler);
}

void learner_handler_start(struct leader *leader, struct sock *sock)
{
    struct learner_handler *handler = learner_handler_new(leader, sock);
    int r = leader_add_learner_handler(leader, handler);
    if (r == -EUSERS)
        zk_log(leader->ctx, ZK_LOG_LEARNER_REFUSED, handler->remote_address, LEADER_LEARNERS);
    if (r == 0) {
        zk_trace_conn(leader->ctx, "accept", 0, sock_conn_text(sock), "quorum port");
        learner_handler_ref(handler); /* the thread's */
        r = zk_thread_group_start(leader->threads, learner_handler_run, handler,
                                  "LearnerHandler-%s", handler->remote_address);
        if (r < 0) {
            char reason[128];
            if (r != -ECANCELED)
                zk_log(leader->ctx, ZK_LOG_LEARNER_NO_THREAD, handler->remote_address,
                       sock_error_text(r, reason, sizeof reason));
            leader_remove_learner_handler(leader, handler);
            learner_handler_unref(handler);
        }
    }
    learner_handler_unref(handler);
}

/* ---- what others do to it ------------------------------------------------------------------- */

int64_t learner_handler_get_sid(struct learner_handler *handler)
{
    zk_mutex_lock(&handler->mu);
    int64_t sid = handler->sid;
    zk_mutex_unlock(&handler->mu);
    return sid;
}

const char *learner_handler_get_remote_address(const struct learner_handler *handler)
{
    return handler->remote_address;
}

bool learner_handler_synced(struct learner_handler *handler, int64_t tick)
{
    zk_mutex_lock(&handler->mu);
    bool synced = handler->alive && tick <= handler->tick_of_next_ack_deadline;
    zk_mutex_unlock(&handler->mu);
    return synced;
}

void learner_handler_queue_packet(struct learner_handler *handler, struct quorum_packet *packet)
{
    /* A learner that does not read must not be sent a stream with a hole. */
    if (bq_size(handler->queued_packets) >= LEARNER_HANDLER_QUEUED_PACKETS) {
        zk_log(handler->ctx, ZK_LOG_LEARNER_QUEUE_FULL, learner_handler_get_sid(handler),
               (int)LEARNER_HANDLER_QUEUED_PACKETS);
        quorum_packet_unref(packet);
        learner_handler_shutdown(handler);
        return;
    }
    bq_put(handler->queued_packets, packet);
}

void learner_handler_ping(struct learner_handler *handler)
{
    /* Before the Sender exists a PING would come ahead of the SNAP. */
    zk_mutex_lock(&handler->mu);
    bool started = handler->sending_thread_started;
    zk_mutex_unlock(&handler->mu);
    if (!started)
        return;
    int64_t zxid = leader_get_last_proposed(handler->leader);
    learner_handler_queue_packet(handler, quorum_packet_new(LEADER_PING, zxid, NULL));
}

void learner_handler_shutdown(struct learner_handler *handler)
{
    zk_mutex_lock(&handler->mu);
    handler->alive = false;
    zk_mutex_unlock(&handler->mu);
    bq_close(handler->queued_packets);
    sock_wake(handler->sock);
}

/* ---- the Sender thread ---------------------------------------------------------------------- */

/* Java: sendPackets() */
static int send_packets(struct learner_handler *handler)
{
    int64_t sid = learner_handler_get_sid(handler);
    for (;;) {
        void *packet;
        int r = bq_poll(handler->queued_packets, 0, &packet);
        if (r == -ETIMEDOUT) {
            r = packet_stream_flush(&handler->stream);
            if (r < 0)
                return r;
            r = bq_poll(handler->queued_packets, INT64_MAX, &packet);
        }
        if (r < 0)
            return r;
        r = packet_stream_write(&handler->stream, sid, packet);
        quorum_packet_unref(packet);
        if (r < 0)
            return r;
    }
}

static void sender_run(void *arg)
{
    struct learner_handler *handler = arg;
    int r = send_packets(handler);
    if (r != -ECANCELED) {
        char reason[128];
        zk_log(handler->ctx, ZK_LOG_SENDING_PACKETS, learner_handler_get_sid(handler),
               sock_error_text(r, reason, sizeof reason));
    }
    learner_handler_shutdown(handler);
    learner_handler_unref(handler);
}

/* Java: startSendingPackets() */
static int start_sending_packets(struct learner_handler *handler)
{
    learner_handler_ref(handler);
    int r = zk_thread_group_start(handler->leader->threads, sender_run, handler, "Sender-%s",
                                  handler->remote_address);
    if (r < 0) {
        learner_handler_unref(handler);
        return r;
    }
    zk_mutex_lock(&handler->mu);
    handler->sending_thread_started = true;
    zk_mutex_unlock(&handler->mu);
    return 0;
}

/* ---- the handler's thread: introduction ----------------------------------------------------- */

/* The connection ends for this reason. */
static int end_because(struct learner_handler *handler, int error, const char *format, ...)
    ZK_PRINTF_LIKE(3, 4);

static int end_because(struct learner_handler *handler, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(handler->why, sizeof handler->why, format, args);
    va_end(args);
    return error;
}

static void log_follower_info(struct learner_handler *handler, int64_t sid)
{
    struct zk_str info = {0};
    leader_append_peer_info(handler->leader, sid, &info);
    if (info.length == 0)
        zk_log(handler->ctx, ZK_LOG_FOLLOWER_NOT_IN_CONFIG, sid,
               leader_get_quorum_verifier_version(handler->leader));
    else
        zk_log(handler->ctx, ZK_LOG_FOLLOWER_INFO, sid, zk_str_text(&info));
    zk_str_done(&info);
}

/* FOLLOWERINFO or OBSERVERINFO: who is it, what protocol does it speak, which epoch has it
 * promised? Java: run(), its first packet */
static int introduce(struct learner_handler *handler, int64_t *ret_zxid)
{
    struct leader *leader = handler->leader;
    /* One end for the whole packet: who drips bytes is not waited for any longer than who is
     * silent. */
    sock_set_deadline(handler->sock, zk_elapsed_ms() + quorum_peer_init_limit_ms(leader->self));
    struct quorum_packet *packet;
    int r = packet_stream_read(&handler->stream, 0, &packet);
    if (r < 0)
        return r;
    sock_set_deadline(handler->sock, INT64_MAX);
    if (packet->type != LEADER_FOLLOWERINFO && packet->type != LEADER_OBSERVERINFO) {
        r = end_because(handler, -EPROTO,
                        "First packet %s type=%" PRId32 " is not FOLLOWERINFO or OBSERVERINFO!",
                        quorum_packet_type_name(packet->type), packet->type);
        goto out;
    }

    struct learner_info info;
    learner_info_decode(packet->data, &info);
    int64_t sid =
        packet->data != NULL ? info.serverid : leader_get_and_decrement_follower_counter(leader);
    zk_mutex_lock(&handler->mu);
    handler->sid = sid;
    zk_mutex_unlock(&handler->mu);
    handler->version = info.protocol_version;
    if (info.has_config_version &&
        info.config_version > leader_get_quorum_verifier_version(leader)) {
        r = end_because(handler, -EPROTO,
                        "Follower is ahead of the leader (has a later activated configuration)");
        goto out;
    }
    log_follower_info(handler, sid);
    if (packet->type == LEADER_OBSERVERINFO)
        handler->learner_type = LEARNER_TYPE_OBSERVER;
    leader_learner_introduced(leader, handler);
    *ret_zxid = packet->zxid;
out:
    quorum_packet_unref(packet);
    return r;
}

/* ACKEPOCH: how recent is its history? */
static int read_epoch_ack(struct learner_handler *handler, int64_t sid,
                          struct state_summary *ret_summary)
{
    struct quorum_packet *packet;
    int r = packet_stream_read(&handler->stream, sid, &packet);
    if (r < 0)
        return r;
    if (packet->type != LEADER_ACKEPOCH) {
        r = end_because(handler, -EPROTO, "%s type=%" PRId32 " is not ACKEPOCH",
                        quorum_packet_type_name(packet->type), packet->type);
    } else if (packet->data == NULL || packet->data->length < 4) {
        r = end_because(handler, -EPROTO, "ACKEPOCH without a current epoch");
    } else {
        ret_summary->current_epoch = zk_load_int(packet->data->bytes);
        ret_summary->last_zxid = packet->zxid;
    }
    quorum_packet_unref(packet);
    return r;
}

/* Wait with the others until the epoch is chosen, tell it, and wait until a quorum has promised it.
 * Java: run(), from getEpochToPropose to waitForEpochAck */
static int discover(struct learner_handler *handler, int64_t info_zxid,
                    int64_t *ret_new_leader_zxid, int64_t *ret_peer_last_zxid)
{
    struct leader *leader = handler->leader;
    int64_t sid = learner_handler_get_sid(handler);
    int64_t epoch;
    int r = leader_get_epoch_to_propose(leader, sid, zxid_epoch(info_zxid), &epoch);
    if (r == -ETIMEDOUT)
        return end_because(handler, r, "Timeout while waiting for epoch from quorum");
    if (r < 0)
        return r;
    int64_t new_leader_zxid = zxid_make(epoch, 0);

    struct state_summary summary = {.current_epoch = zxid_epoch(info_zxid), .last_zxid = info_zxid};
    if (handler->version >= LEARNER_PROTOCOL_VERSION) {
        struct buf *version = buf_new(4);
        buf_put_int(version, LEARNER_PROTOCOL_VERSION);
        r = packet_stream_send(&handler->stream, sid, LEADER_LEADERINFO, new_leader_zxid, version);
        buf_unref(version);
        if (r == 0)
            r = read_epoch_ack(handler, sid, &summary);
        if (r < 0)
            return r;
    }
    r = leader_wait_for_epoch_ack(leader, sid, &summary);
    if (r == -EPROTO)
        return end_because(handler, r,
                           "Follower is ahead of the leader: its current epoch %" PRId64
                           ", last zxid 0x%" PRIx64,
                           summary.current_epoch, (uint64_t)summary.last_zxid);
    if (r == -ETIMEDOUT)
        return end_because(handler, r, "Timeout while waiting for epoch to be acked by quorum");
    if (r < 0)
        return r;
    *ret_new_leader_zxid = new_leader_zxid;
    *ret_peer_last_zxid = summary.last_zxid;
    return 0;
}

/* ---- the handler's thread: synchronisation -------------------------------------------------- */

/* NEWLEADER closes the history. Learners older than 3.4 get it without the configuration, and at
 * once: ahead of what is queued.
 * Java: run(), from "Sending NEWLEADER" to startSendingPackets */
static int send_new_leader(struct learner_handler *handler, int64_t new_leader_zxid)
{
    int64_t sid = learner_handler_get_sid(handler);
    zk_log(handler->ctx, ZK_LOG_SENDING_NEWLEADER, sid);
    if (handler->version < LEARNER_PROTOCOL_VERSION) {
        int r = packet_stream_send(&handler->stream, sid, LEADER_NEWLEADER, new_leader_zxid, NULL);
        if (r < 0)
            return r;
    } else {
        struct buf *config = leader_get_quorum_verifier_bytes(handler->leader);
        learner_handler_queue_packet(handler,
                                     quorum_packet_new(LEADER_NEWLEADER, new_leader_zxid, config));
        buf_unref(config);
    }
    return start_sending_packets(handler);
}

/* The learner has stored the history. Java: run(), the first ACK */
static int read_new_leader_ack(struct learner_handler *handler)
{
    int64_t sid = learner_handler_get_sid(handler);
    struct quorum_packet *packet;
    int r = packet_stream_read(&handler->stream, sid, &packet);
    if (r < 0)
        return r;
    int32_t type = packet->type;
    int64_t zxid = packet->zxid;
    quorum_packet_unref(packet);
    if (type != LEADER_ACK)
        return end_because(handler, -EPROTO,
                           "Next packet was supposed to be an ACK, but received packet: %s "
                           "type=%" PRId32,
                           quorum_packet_type_name(type), type);
    zk_log(handler->ctx, ZK_LOG_RECEIVED_NEWLEADER_ACK, sid);
    r = leader_wait_for_new_leader_ack(handler->leader, sid, zxid);
    if (r == -ETIMEDOUT)
        return end_because(handler, r, "Timeout while waiting for NEWLEADER to be acked by quorum");
    return r;
}

/* From ACKEPOCH to the ACK of NEWLEADER; so long it counts as one of the syncs in progress.
 * Java: run(), its middle */
static int synchronize(struct learner_handler *handler, int64_t new_leader_zxid,
                       int64_t peer_last_zxid)
{
    struct leader *leader = handler->leader;
    bool need_snap = learner_handler_sync_follower(handler, peer_last_zxid);
    /* Participants are never made to wait: the quorum needs them. */
    bool exempt = handler->learner_type != LEARNER_TYPE_OBSERVER;
    enum learner_sync_type type = need_snap ? LEARNER_SYNC_SNAP : LEARNER_SYNC_DIFF;
    int32_t in_progress;
    int r = leader_begin_sync(leader, type, exempt, &in_progress);
    if (r < 0)
        return end_because(handler, r, "too many concurrent sync.");
    if (need_snap)
        r = learner_handler_send_snapshot(handler, peer_last_zxid, in_progress);
    if (r == 0)
        r = send_new_leader(handler, new_leader_zxid);
    if (r == 0)
        r = read_new_leader_ack(handler);
    leader_end_sync(leader, type);
    return r;
}

/* ---- the handler's thread: staying together ------------------------------------------------- */

/* Sessions the learner has heard of. Nobody tracks sessions here, so only the form is looked at:
 * pairs of session and timeout. */
static int process_ping(struct learner_handler *handler, const struct quorum_packet *packet)
{
    if (packet->data == NULL || packet->data->length % 12 != 0)
        return end_because(handler, -EPROTO, "PING without a list of sessions");
    return 0;
}

/* A client with a session has moved to this learner: does the session exist? Java:
 * Leader.revalidateSession() */
static int revalidate_session(struct learner_handler *handler, const struct quorum_packet *packet)
{
    if (packet->data == NULL || packet->data->length < 12)
        return end_because(handler, -EPROTO, "REVALIDATE without a session");
    int64_t session = zk_load_long(packet->data->bytes);
    struct session_timeouts sessions = {0};
    zk_database_sessions(handler->leader->database, &sessions);
    bool valid = false;
    for (size_t i = 0; i < sessions.count; i++)
        valid |= sessions.items[i].session == session;
    session_timeouts_done(&sessions);

    struct buf *answer = buf_new(9);
    buf_put_long(answer, session);
    buf_put_byte(answer, valid);
    learner_handler_queue_packet(handler,
                                 quorum_packet_new(LEADER_REVALIDATE, packet->zxid, answer));
    buf_unref(answer);
    return 0;
}

/* A write of the learner's client, which we cannot serve, or a sync, which we can: with nothing
 * proposed it is done at once. */
static int process_request(struct learner_handler *handler, const struct quorum_packet *packet)
{
    if (packet->data == NULL || packet->data->length < 16)
        return end_because(handler, -EPROTO, "REQUEST without session, cxid and opcode");
    int64_t session = zk_load_long(packet->data->bytes);
    int32_t opcode = zk_load_int(packet->data->bytes + 12);
    if (opcode == OP_CODE_SYNC) {
        learner_handler_queue_packet(handler, quorum_packet_new(LEADER_SYNC, 0, NULL));
    } else if (!handler->warned_of_requests) {
        handler->warned_of_requests = true;
        zk_log(handler->ctx, ZK_LOG_REQUEST_DROPPED, learner_handler_get_sid(handler), session,
               opcode);
    }
    return 0;
}

static int process_packet(struct learner_handler *handler, const struct quorum_packet *packet)
{
    switch (packet->type) {
    case LEADER_ACK:
        return 0; /* of UPTODATE; nothing is proposed, so there is nothing else to acknowledge */
    case LEADER_PING:
        return process_ping(handler, packet);
    case LEADER_REVALIDATE:
        return revalidate_session(handler, packet);
    case LEADER_REQUEST:
        return process_request(handler, packet);
    default:
        zk_log(handler->ctx, ZK_LOG_UNEXPECTED_PACKET, quorum_packet_type_name(packet->type),
               packet->zxid, learner_handler_get_sid(handler));
        return 0;
    }
}

/* Java: run(), its loop */
static int receive(struct learner_handler *handler)
{
    int64_t sid = learner_handler_get_sid(handler);
    for (;;) {
        struct quorum_packet *packet;
        int r = packet_stream_read(&handler->stream, sid, &packet);
        if (r < 0)
            return r;
        int64_t deadline = leader_get_tick_of_next_ack_deadline(handler->leader);
        zk_mutex_lock(&handler->mu);
        handler->tick_of_next_ack_deadline = deadline;
        zk_mutex_unlock(&handler->mu);
        r = process_packet(handler, packet);
        quorum_packet_unref(packet);
        if (r < 0)
            return r;
    }
}

/* ---- the handler's thread: the whole -------------------------------------------------------- */

static int serve(struct learner_handler *handler)
{
    struct leader *leader = handler->leader;
    int64_t info_zxid = 0;
    int r = introduce(handler, &info_zxid);
    if (r < 0)
        return r;
    int64_t new_leader_zxid = 0;
    int64_t peer_last_zxid = 0;
    r = discover(handler, info_zxid, &new_leader_zxid, &peer_last_zxid);
    if (r < 0)
        return r;
    r = synchronize(handler, new_leader_zxid, peer_last_zxid);
    if (r < 0)
        return r;
    sock_set_timeout(handler->sock, quorum_peer_sync_limit_ms(leader->self));
    r = leader_wait_for_startup(leader);
    if (r < 0)
        return r;
    zk_log(handler->ctx, ZK_LOG_SENDING_UPTODATE, learner_handler_get_sid(handler));
    learner_handler_queue_packet(handler, quorum_packet_new(LEADER_UPTODATE, -1, NULL));
    return receive(handler);
}

/* Java: run(), its catch and finally */
static void learner_handler_run(void *arg)
{
    struct learner_handler *handler = arg;
    int r = serve(handler);

    char reason[128];
    const char *why = handler->why;
    if (handler->why[0] == '\0')
        why = sock_error_text(r, reason, sizeof reason);
    int64_t sid = learner_handler_get_sid(handler);
    zk_log(handler->ctx, ZK_LOG_GOODBYE, handler->remote_address, sid, why);
    zk_trace_conn(handler->ctx, "close", sid, sock_conn_text(handler->sock), why);
    learner_handler_shutdown(handler);
    leader_remove_learner_handler(handler->leader, handler);
    learner_handler_unref(handler);
}
