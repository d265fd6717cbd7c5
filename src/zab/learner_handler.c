/* One learner as the leader sees it.
 *
 * Thread: LearnerHandler-<remote> is run(): it hears who the learner is, waits with it at each
 * rendezvous (leader_epoch.c), brings it to the leader's state (learner_handler_sync.c), and then
 * reads what it says. Until NEWLEADER it also writes; from then on the Sender does
 * (learner_handler_queue.c).
 *
 * Life: the acceptor makes a handler, the leader lists it, its thread serves the connection.
 * However that ends - the far end hangs up, is silent, talks nonsense, or the leader stops - the
 * thread logs one line, shuts everything down and drops its reference.
 *
 * Java: LearnerHandler */
#include "zk/zab/learner_handler.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "zab/learner_handler_internal.h"
#include "zab/learner_master.h"
#include "zab/lock_ranks.h"
#include "zab/packet_data.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/inet.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"

static void learner_handler_run(void *arg);
static int read_packet(struct learner_handler *handler, struct quorum_packet **packet);
static int end_because(struct learner_handler *handler, int error, const char *format, ...)
    ZK_PRINTF_LIKE(3, 4);
static int read_first_packet(struct learner_handler *handler, struct quorum_packet **packet);
static int read_learner_info(struct learner_handler *handler, const struct quorum_packet *packet);
static void note_no_epoch(struct learner_handler *handler, int error, int64_t accepted_epoch);
static int exchange_epochs(struct learner_handler *handler, int64_t new_leader_zxid,
                           struct state_summary *ret_summary);
static enum server_metrics_summary inflight_metric(bool need_snap);
static int begin_sync(struct learner_handler *handler, bool need_snap,
                      struct learner_sync_throttler **ret_throttler, int32_t *ret_in_progress);
static int send_new_leader(struct learner_handler *handler, int64_t new_leader_zxid);
static int read_new_leader_ack(struct learner_handler *handler, struct quorum_packet **packet);
static int touch_sessions(struct learner_handler *handler, const struct quorum_packet *packet);
static void start_sync_limit_check(struct learner_handler *handler);
static void update_ack(struct learner_handler *handler, int64_t zxid);
static int submit_request(struct learner_handler *handler, const struct quorum_packet *packet);
static void say_goodbye(struct learner_handler *handler, int error);
static void wake_others(void *arg);

/* ---- life, and what others ask --------------------------------------------------------------- */

/* Java: getSid() */
int64_t learner_handler_get_sid(struct learner_handler *handler)
{
    zk_mutex_lock(&handler->mu);
    int64_t sid = handler->sid;
    zk_mutex_unlock(&handler->mu);
    return sid;
}

/* Java: getRemoteAddress() */
const char *learner_handler_get_remote_address(const struct learner_handler *handler)
{
    return handler->remote_address.text;
}

struct learner_handler *learner_handler_new(struct learner_master *master, struct sock *sock)
{
    struct learner_handler *handler = zk_xcalloc(1, sizeof *handler);
    zk_refcount_init(&handler->refs);
    handler->master = master;
    handler->ctx = master->ctx;
    handler->sock = sock;
    handler->force_snap_sync =
        zk_settings_get_boolean(handler->ctx, "zookeeper.forceSnapshotSync", false);
    handler->remote_address = inet_text(sock_remote(sock));
    learner_handler_make_queue(handler);
    packet_stream_init(&handler->stream, handler->ctx, sock);
    zk_mutex_init(&handler->mu, handler->ctx, "learner_handler", ZK_RANK_LEARNER_HANDLER);
    handler->alive = true;
    handler->established_ms = zk_wall_ms();
    handler->last_zxid = -1;
    handler->tick_of_next_ack_deadline = master->ops->get_tick_of_initial_ack_deadline(master);
    handler->owner = master->ops->new_owner(master);
    handler->need_op_packet = true;
    handler->version = 1; /* a learner before 3.4 does not say its own */
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

/* Listed before its thread starts, where Java's thread lists itself: the limits of D-43 hold for
 * threads, too. */
void learner_handler_start(struct learner_master *master, struct sock *sock)
{
    struct learner_handler *handler = learner_handler_new(master, sock);
    int r = master->ops->add_learner_handler(master, handler);
    if (r == 0) {
        zk_trace_conn(handler->ctx, "accept", 0, sock_conn_text(sock),
                      "a learner calls at the quorum port");
        learner_handler_ref(handler); /* the thread's */
        r = zk_thread_group_start(master->threads, learner_handler_run, handler,
                                  "LearnerHandler-%s", handler->remote_address.text);
        if (r < 0) {
            if (r != -ECANCELED)
                zk_log(handler->ctx, ZK_LOG_LEARNER_NO_THREAD, handler->remote_address.text,
                       zk_error_text(r).text);
            master->ops->remove_learner_handler(master, handler);
            learner_handler_unref(handler);
        }
    }
    learner_handler_unref(handler);
}

/* Java: getLearnerType() */
enum learner_type learner_handler_get_learner_type(const struct learner_handler *handler)
{
    return handler->learner_type;
}

const void *learner_handler_get_owner(const struct learner_handler *handler)
{
    return handler->owner;
}

/* ---- the handler's own thread ---------------------------------------------------------------- */

/* Java: run() */
static void learner_handler_run(void *arg)
{
    /* LONG: one Java method */
    struct learner_handler *handler = arg;
    struct learner_master *master = handler->master;
    struct learner_sync_throttler *sync_throttler = NULL;
    struct quorum_packet *qp = NULL;

    /* ---- discovery: which server is it, and which epoch has it promised? ---- */
    int r = read_first_packet(handler, &qp);
    if (r < 0)
        goto out;
    master->ops->register_learner_handler(master, handler);

    /* It waits with all others until a quorum is here; then all are told the same epoch. The upper
     * half of its first zxid is the epoch that it has promised to follow, its acceptedEpoch. */
    int64_t new_epoch;
    r = master->ops->get_epoch_to_propose(master, handler->sid, zxid_epoch(qp->zxid), &new_epoch);
    note_no_epoch(handler, r, zxid_epoch(qp->zxid));
    if (r < 0)
        goto out;
    int64_t new_leader_zxid = zxid_make(new_epoch, 0); /* the first transaction has counter 1 */

    /* A learner older than 3.4 is not asked for its history: its first packet has to do. */
    struct state_summary ss = {.current_epoch = zxid_epoch(qp->zxid), .last_zxid = qp->zxid};
    if (handler->version >= LEARNER_PROTOCOL_VERSION)
        r = exchange_epochs(handler, new_leader_zxid, &ss);
    if (r < 0)
        goto out;
    /* No learner is synchronised before a quorum has promised the epoch: until then another leader
     * might still be elected, and overwriting histories would be premature. */
    r = master->ops->wait_for_epoch_ack(master, handler->sid, &ss);
    if (r == -ETIMEDOUT)
        end_because(handler, r, "Timeout while waiting for epoch to be acked by quorum");
    else if (r == -EPROTO)
        end_because(handler, r,
                    "Follower is ahead of the leader: its current epoch %" PRId64
                    ", last zxid 0x%" PRIx64,
                    ss.current_epoch, (uint64_t)ss.last_zxid);
    if (r < 0)
        goto out;

    /* ---- synchronisation: DIFF, TRUNC or SNAP, then NEWLEADER and its ACK ---- */
    bool need_snap = learner_handler_sync_follower(handler, ss.last_zxid);
    int32_t syncs_in_progress;
    r = begin_sync(handler, need_snap, &sync_throttler, &syncs_in_progress);
    if (r < 0)
        goto out;
    if (need_snap) /* too large for the queue, and ahead of it: the Sender does not run yet */
        r = learner_handler_send_snapshot(handler, ss.last_zxid, syncs_in_progress);
    if (r == 0)
        r = send_new_leader(handler, new_leader_zxid);
    if (r == 0)
        r = learner_handler_start_sending_packets(handler);
    if (r < 0)
        goto out;

    /* The Sender writes from here on; this thread only reads. */
    r = read_new_leader_ack(handler, &qp);
    if (r < 0)
        goto out;
    r = master->ops->wait_for_new_leader_ack(master, handler->sid, qp->zxid);
    if (r == -ETIMEDOUT)
        end_because(handler, r, "Timeout while waiting for NEWLEADER to be acked by quorum");
    if (r < 0)
        goto out;
    start_sync_limit_check(handler);
    /* The costly part is over for this learner: another one may begin. */
    syncs_in_progress = learner_sync_throttler_end_sync(sync_throttler);
    server_metrics_add(master->metrics, inflight_metric(need_snap), syncs_in_progress);
    sync_throttler = NULL;
    /* From here it answers pings, so syncLimit ticks of silence are too many. */
    sock_set_timeout(handler->sock, master->ops->sync_timeout(master));
    /* UPTODATE (COMMIT-LD) lets the learner serve its clients: not before the leader does. */
    r = master->ops->wait_for_startup(master);
    if (r < 0)
        goto out;
    zk_log(handler->ctx, ZK_LOG_SENDING_UPTODATE, handler->sid);
    learner_handler_queue_packet(handler, quorum_packet_new(LEADER_UPTODATE, -1, NULL));

    /* ---- broadcast: whatever the learner says, it was heard of in this tick ---- */
    packet_stream_before_wait(&handler->stream, wake_others, handler);
    while (r == 0) {
        r = read_packet(handler, &qp);
        if (r < 0)
            break;
        learner_handler_heard_of(handler, master->ops->get_tick_of_next_ack_deadline(master));
        switch (qp->type) {
        case LEADER_ACK: /* one of them answers UPTODATE; an observer sends no other */
            update_ack(handler, qp->zxid);
            master->ops->process_ack(master, handler, qp->zxid);
            break;
        case LEADER_PING:
            r = touch_sessions(handler, qp);
            break;
        case LEADER_REVALIDATE: /* a client has moved to this learner with its session */
            server_metrics_count(master->metrics, SERVER_METRICS_REVALIDATE_COUNT);
            r = master->ops->revalidate_session(master, qp, handler);
            if (r < 0)
                end_because(handler, r, "REVALIDATE without a session");
            break;
        case LEADER_REQUEST:
            r = submit_request(handler, qp);
            break;
        default: /* perhaps of a later release: as in Java no reason to lose the learner */
            if (zk_log_is_due(++handler->odd_packets))
                zk_log(handler->ctx, ZK_LOG_UNEXPECTED_PACKET, quorum_packet_type_name(qp->type),
                       qp->zxid, handler->sid);
            break;
        }
    }
out:
    quorum_packet_free(qp);
    if (sync_throttler != NULL)
        learner_sync_throttler_end_sync(sync_throttler);
    say_goodbye(handler, r);
    learner_handler_shutdown(handler);
    master->ops->remove_learner_handler(master, handler);
    learner_handler_unref(handler); /* the thread's */
}

/* ---- steps of run() -------------------------------------------------------------------------- */

/* Replaces *packet by the next one; NULL on failure. */
static int read_packet(struct learner_handler *handler, struct quorum_packet **packet)
{
    return packet_stream_read(&handler->stream, handler->sid, packet);
}

/* Notes why the connection ends, where the error number does not say it. Returns error. */
static int end_because(struct learner_handler *handler, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(handler->why, sizeof handler->why, format, args);
    va_end(args);
    return error;
}

/* FOLLOWERINFO or OBSERVERINFO, which tells a learner from a stranger: anybody may dial. */
static int read_first_packet(struct learner_handler *handler, struct quorum_packet **packet)
{
    int r = read_packet(handler, packet);
    if (r < 0)
        return r;
    sock_set_deadline(handler->sock, INT64_MAX); /* the acceptor has set one for this packet */
    int32_t type = (*packet)->type;
    if (type != LEADER_FOLLOWERINFO && type != LEADER_OBSERVERINFO)
        return end_because(handler, -EPROTO,
                           "First packet %s type=%" PRId32 " is not FOLLOWERINFO or OBSERVERINFO!",
                           quorum_packet_type_name(type), type);
    return read_learner_info(handler, *packet);
}

/* Which server it is, what protocol it speaks, and whether it knows a newer configuration than we
 * do: then it would not be safe to count it by ours. */
static int read_learner_info(struct learner_handler *handler, const struct quorum_packet *packet)
{
    struct learner_master *master = handler->master;
    struct learner_info info;
    learner_info_decode(packet->data, &info);
    /* Whoever does not say who it is gets a negative number: it cannot be one of the list, so it is
     * served like any learner and counts nowhere. */
    int64_t sid = packet->data != NULL ? info.serverid
                                       : master->ops->get_and_decrement_follower_counter(master);
    zk_mutex_lock(&handler->mu);
    handler->sid = sid;
    zk_mutex_unlock(&handler->mu);
    handler->introduced = true;
    handler->version = info.protocol_version;
    int64_t our_version = master->ops->get_quorum_verifier_version(master);
    if (info.has_config_version && info.config_version > our_version)
        return end_because(handler, -EPROTO,
                           "Follower is ahead of the leader (has a later activated configuration)");

    struct zk_str peer_info = {0};
    master->ops->get_peer_info(master, sid, &peer_info);
    if (peer_info.length == 0)
        zk_log(handler->ctx, ZK_LOG_FOLLOWER_NOT_IN_CONFIG, sid, our_version);
    else
        zk_log(handler->ctx, ZK_LOG_FOLLOWER_INFO, sid, zk_str_text(&peer_info));
    zk_str_done(&peer_info);
    if (packet->type == LEADER_OBSERVERINFO)
        handler->learner_type = LEARNER_TYPE_OBSERVER;
    return 0;
}

static void note_no_epoch(struct learner_handler *handler, int error, int64_t accepted_epoch)
{
    if (error == -ETIMEDOUT)
        end_because(handler, error, "Timeout while waiting for epoch from quorum");
    else if (error == -ERANGE) /* until somebody mends its file */
        end_because(handler, error, "no epoch is above its acceptedEpoch %" PRId64, accepted_epoch);
}

/* LEADERINFO, for which it has waited in a read since its first packet, and ACKEPOCH: tell it the
 * epoch of the term, and hear how recent its history is. Between the two it writes the epoch to its
 * disk: by ACKEPOCH it has promised to obey no older leader. */
static int exchange_epochs(struct learner_handler *handler, int64_t new_leader_zxid,
                           struct state_summary *ret_summary)
{
    struct buf *version = packet_data_of_int(LEARNER_PROTOCOL_VERSION);
    int r = packet_stream_send(&handler->stream, handler->sid, LEADER_LEADERINFO, new_leader_zxid,
                               version);
    buf_unref(version);
    if (r < 0)
        return r;

    struct quorum_packet *packet = NULL;
    r = read_packet(handler, &packet);
    if (r < 0)
        return r;
    int32_t current_epoch;
    if (packet->type != LEADER_ACKEPOCH) {
        r = end_because(handler, -EPROTO, "%s type=%" PRId32 " is not ACKEPOCH",
                        quorum_packet_type_name(packet->type), packet->type);
    } else if (packet_data_read_int(packet->data, &current_epoch) < 0) {
        r = end_because(handler, -EPROTO, "ACKEPOCH without a current epoch");
    } else {
        ret_summary->current_epoch = current_epoch;
        ret_summary->last_zxid = packet->zxid;
    }
    quorum_packet_free(packet);
    return r;
}

static enum server_metrics_summary inflight_metric(bool need_snap)
{
    return need_snap ? SERVER_METRICS_INFLIGHT_SNAP_COUNT : SERVER_METRICS_INFLIGHT_DIFF_COUNT;
}

/* From here to the ACK of NEWLEADER it counts as one of the syncs in progress. An observer is
 * refused if there are too many, and dials again; a voter never is, because the quorum needs it. */
static int begin_sync(struct learner_handler *handler, bool need_snap,
                      struct learner_sync_throttler **ret_throttler, int32_t *ret_in_progress)
{
    struct learner_master *master = handler->master;
    struct learner_sync_throttler *throttler =
        need_snap ? &master->learner_snap_sync_throttler : &master->learner_diff_sync_throttler;
    bool exempt_from_throttle = handler->learner_type != LEARNER_TYPE_OBSERVER;
    int r = learner_sync_throttler_begin_sync(throttler, exempt_from_throttle, ret_in_progress);
    if (r < 0)
        return end_because(handler, r, "too many concurrent sync.");
    if (!need_snap)
        server_metrics_count(master->metrics, SERVER_METRICS_DIFF_COUNT);
    server_metrics_add(master->metrics, inflight_metric(need_snap), *ret_in_progress);
    *ret_throttler = throttler;
    return 0;
}

/* In the Zab paper NEWLEADER carries the whole history. Here the learner is given as little of it
 * as will do, and NEWLEADER closes that. It is queued behind whatever sync_follower queued; a
 * learner older than 3.4 gets it at once, ahead of the queue, and without the configuration. */
static int send_new_leader(struct learner_handler *handler, int64_t new_leader_zxid)
{
    struct learner_master *master = handler->master;
    zk_log(handler->ctx, ZK_LOG_SENDING_NEWLEADER, handler->sid);
    if (handler->version < LEARNER_PROTOCOL_VERSION)
        return packet_stream_send(&handler->stream, handler->sid, LEADER_NEWLEADER, new_leader_zxid,
                                  NULL);
    struct buf *config = master->ops->get_quorum_verifier_bytes(master);
    learner_handler_queue_packet(handler,
                                 quorum_packet_new(LEADER_NEWLEADER, new_leader_zxid, config));
    buf_unref(config);
    return 0;
}

/* The ACK of NEWLEADER says that the learner has the whole history on disk (one of Java 3.8.0 says
 * so before its log is synced). Pings may have gone out by now, but a learner answers none before
 * it has read UPTODATE, so nothing else may come first. */
static int read_new_leader_ack(struct learner_handler *handler, struct quorum_packet **packet)
{
    int r = read_packet(handler, packet);
    if (r < 0)
        return r;
    int32_t type = (*packet)->type;
    if (type != LEADER_ACK)
        return end_because(handler, -EPROTO,
                           "Next packet was supposed to be an ACK, but received packet: %s "
                           "type=%" PRId32,
                           quorum_packet_type_name(type), type);
    zk_log(handler->ctx, ZK_LOG_RECEIVED_NEWLEADER_ACK, handler->sid);
    return 0;
}

/* This thread is about to sleep in its read. It has queued what the last packets brought, requests
 * and commits, without waking those who work on it. */
static void wake_others(void *arg)
{
    struct learner_handler *handler = arg;
    handler->master->ops->wake(handler->master);
}

/* An answer to PING tells of which sessions the learner has heard. */
static int touch_sessions(struct learner_handler *handler, const struct quorum_packet *packet)
{
    struct learner_master *master = handler->master;
    struct session_timeout heard_of;
    if (!packet_data_has_sessions(packet->data))
        return end_because(handler, -EPROTO, "PING without a list of sessions");
    for (size_t i = 0; packet_data_read_session(packet->data, i, &heard_of) == 0; i++)
        master->ops->touch(master, heard_of.session, heard_of.timeout_ms);
    return 0;
}

/* From here on every PROPOSAL must be acknowledged in time. Those that left before are not counted
 * against the learner: it was busy with its history, and its SyncThread did not run yet. */
static void start_sync_limit_check(struct learner_handler *handler)
{
    zk_mutex_lock(&handler->mu);
    sync_limit_check_start(&handler->sync_limit_check);
    zk_mutex_unlock(&handler->mu);
}

/* The learner owes this one no more, so syncLimit counts for the next one. */
static void update_ack(struct learner_handler *handler, int64_t zxid)
{
    zk_mutex_lock(&handler->mu);
    sync_limit_check_update_ack(&handler->sync_limit_check, handler->ctx, zxid);
    zk_mutex_unlock(&handler->mu);
}

/* A request of one of the learner's clients. */
static int submit_request(struct learner_handler *handler, const struct quorum_packet *packet)
{
    struct learner_master *master = handler->master;
    struct request *request;
    if (packet_data_read_request(packet, &request) < 0)
        return end_because(handler, -EPROTO, "REQUEST without session, cxid and opcode");
    request->owner = handler->owner;   /* refused if another one owns the session by then */
    if (request->type == OP_CODE_SYNC) /* it is answered to this learner, and not by a commit */
        request->learner = handler;
    zk_trace_txn(handler->ctx, "request", 0, handler->sid, "one of its clients wants to write");
    int r = master->ops->submit_learner_request(master, request);
    request_unref(request);
    if (r < 0)
        return r;
    zk_mutex_lock(&handler->mu);
    handler->requests_received++;
    zk_mutex_unlock(&handler->mu);
    return 0;
}

static void say_goodbye(struct learner_handler *handler, int error)
{
    struct zk_error_text text = zk_error_text(error);
    const char *why = handler->why[0] != '\0' ? handler->why : text.text;
    /* A health check or a port scan connects and says nothing: it is no server 0. */
    if (handler->introduced)
        zk_log(handler->ctx, ZK_LOG_GOODBYE, handler->remote_address.text, handler->sid, why);
    else
        zk_log(handler->ctx, ZK_LOG_GOODBYE_UNKNOWN, handler->remote_address.text, why);
    zk_trace_conn(handler->ctx, "close", handler->sid, sock_conn_text(handler->sock), why);
}

/* ---- what others do to it -------------------------------------------------------------------- */

/* Closing the queue is Java's proposalOfDeath: the Sender ends by it, and a packet that is queued
 * from now on is freed at once. The handler's own thread, which this wakes out of its read, takes
 * itself off the leader's list.
 * Java: shutdown() */
void learner_handler_shutdown(struct learner_handler *handler)
{
    zk_mutex_lock(&handler->mu);
    handler->alive = false;
    zk_mutex_unlock(&handler->mu);
    bq_close(handler->queued_packets);
    sock_wake(handler->sock);
}

/* Java: ping() */
void learner_handler_ping(struct learner_handler *handler)
{
    /* Before the Sender runs, a PING would come ahead of the SNAP and end the learner's process. */
    zk_mutex_lock(&handler->mu);
    bool started = handler->sending_thread_started;
    zk_mutex_unlock(&handler->mu);
    if (!started)
        return;
    /* The master is asked while mu is free: its own locks come before this one. */
    struct learner_master *master = handler->master;
    int64_t sync_timeout_ms = master->ops->sync_timeout(master);
    zk_mutex_lock(&handler->mu);
    bool in_time =
        sync_limit_check_check(&handler->sync_limit_check, zk_elapsed_ms(), sync_timeout_ms);
    zk_mutex_unlock(&handler->mu);
    if (in_time) {
        /* The zxid is for those who read captures; a learner only sends it back. */
        int64_t zxid = master->ops->get_last_proposed(master);
        learner_handler_queue_packet(handler, quorum_packet_new(LEADER_PING, zxid, NULL));
    } else {
        zk_log(handler->ctx, ZK_LOG_TRANSACTION_TIMEOUT);
        learner_handler_shutdown(handler);
    }
}

void learner_handler_heard_of(struct learner_handler *handler, int64_t tick_of_next_ack_deadline)
{
    zk_mutex_lock(&handler->mu);
    handler->tick_of_next_ack_deadline = tick_of_next_ack_deadline;
    handler->packets_received++;
    zk_mutex_unlock(&handler->mu);
}

/* A learner counts for syncLimit ticks after its last packet, and no longer: so a leader that is
 * cut off notices within that time.
 * Java: synced() */
bool learner_handler_synced(struct learner_handler *handler)
{
    int64_t tick = handler->master->ops->get_current_tick(handler->master);
    zk_mutex_lock(&handler->mu);
    bool synced = handler->alive && tick <= handler->tick_of_next_ack_deadline;
    zk_mutex_unlock(&handler->mu);
    return synced;
}

/* Java: getLearnerHandlerInfo() */
struct observer_info learner_handler_get_info(struct learner_handler *handler)
{
    struct observer_info info = {.remote = handler->remote_address,
                                 .established_ms = handler->established_ms};
    zk_mutex_lock(&handler->mu);
    info.sid = handler->sid;
    info.queued_packets = handler->queued_packets_count;
    info.queued_packets_size = learner_handler_java_queued_bytes_locked(handler);
    info.packets_received = handler->packets_received;
    info.packets_sent = handler->packets_sent;
    info.requests = handler->requests_received;
    info.last_zxid = handler->last_zxid;
    zk_mutex_unlock(&handler->mu);
    return info;
}

/* Java: resetObserverConnectionStats() */
void learner_handler_reset_stats(struct learner_handler *handler)
{
    zk_mutex_lock(&handler->mu);
    handler->packets_received = 0;
    handler->packets_sent = 0;
    handler->requests_received = 0;
    handler->last_zxid = -1;
    zk_mutex_unlock(&handler->mu);
}
