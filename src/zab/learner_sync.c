/* From the leader's first sync packet to UPTODATE: this peer's history becomes the leader's.
 *
 *   DIFF             the leader goes on from where we stand: what is missing follows as proposals
 *   SNAP + tree      its whole state; it replaces ours in memory
 *   TRUNC            we have what the leader does not have: cut it off, then go on as after DIFF
 *   PROPOSAL COMMIT  a transaction, and that it is committed; observers get INFORM for both
 *   NEWLEADER        all of the leader's history has come. What is committed of it goes to disk:
 *                    the tree, if it came as one, else the transactions, appended and fsynced; then
 *                    currentEpoch; then, and only then, ACK: we vouch for the history (D-26)
 *   UPTODATE         a quorum has done so: the term is established; ACK again, and start to serve
 *
 * The leader proposes to us before it sends NEWLEADER, so proposals without their COMMIT may
 * come at any place, and a COMMIT long after its proposal, even behind NEWLEADER. They wait in
 * two queues until the server is started: it logs and acknowledges what is proposed, and applies
 * what is committed. This is 3.9.5's order. 3.8.0 writes currentEpoch first and the log at some
 * later time (ZOOKEEPER-4643, -4646, -4785), and fails at a COMMIT between NEWLEADER and
 * UPTODATE (ZOOKEEPER-4394).
 *
 * Java: Learner.syncWithLeader() */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zab/follower_zookeeper_server.h"
#include "zab/learner_internal.h"
#include "zab/observer_zookeeper_server.h"
#include "zk/base/array_deque.h"
#include "zk/base/error.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/server/request.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

/* What Java has as local variables of syncWithLeader. */
struct learner_sync {
    struct learner *learner;
    /* A tree that came, or one that was cut, must go to disk whole at NEWLEADER. After a DIFF the
     * disk has everything, unless it has a log and no snapshot to begin with. */
    bool snapshot_needed;
    /* What is committed goes to the log. False while a snapshot is still to be written, which will
     * hold it: then it is applied to the tree alone. */
    bool write_to_txn_log;
    int64_t new_epoch;
    /* The last proposal; until one has come, where the tree stands. */
    int64_t last_queued;
    /* A proposal has come. Behind a SNAP the first one may be in the tree already. */
    bool has_queued;
    /* The tree has transactions behind left-out numbers, and no digest has shown yet that nothing
     * is missing there. 0: it has none; else the first zxid behind them. */
    int64_t unproven_zxid;
    int64_t proven_zxid; /* the last one before them */
    /* struct txn_log_entry *, references: proposals that are neither on disk nor in the tree. */
    struct array_deque packets_not_logged;
    /* int64_t: the zxids of those that are committed, which are always the first of
     * packets_not_logged, in the same order. */
    struct array_deque packets_committed;
};

static int receive_snapshot(struct learner_sync *sync, int64_t zxid);
static int read_signature(struct learner *learner);
static int truncate_log(struct learner_sync *sync, int64_t zxid);
static void init_config(struct learner *learner);
static int receive_proposal(struct learner_sync *sync, const struct quorum_packet *packet);
static int receive_commit(struct learner_sync *sync, const struct quorum_packet *packet);
static int receive_inform(struct learner_sync *sync, const struct quorum_packet *packet);
static int enforce_continuous_proposal(struct learner_sync *sync, const struct txn_log_entry *txn);
static int apply_txn(struct learner_sync *sync, struct txn_log_entry *txn);
static int end_unproven(struct learner_sync *sync);
static void note_new_leader_config(struct learner *learner, const struct buf *text);
static int take_snapshot(struct learner_sync *sync);
static int persist_history(struct learner_sync *sync);
static int persist_committed(struct learner_sync *sync);
static int check_what_is_open(struct learner_sync *sync);
static int hand_over_to_follower(struct learner_sync *sync);
static int hand_over_to_observer(struct learner_sync *sync);
static void learner_sync_done(struct learner_sync *sync);

/* Java: syncWithLeader() */
int learner_sync_with_leader(struct learner *learner, int64_t new_leader_zxid)
{
    /* LONG: one Java method */
    struct quorum_peer *self = learner->self;
    int64_t new_epoch = zxid_epoch(new_leader_zxid);
    struct learner_sync sync = {
        .learner = learner,
        .snapshot_needed = true,
        .new_epoch = new_epoch,
        .packets_not_logged = ARRAY_DEQUE_OF(struct txn_log_entry *),
        .packets_committed = ARRAY_DEQUE_OF(int64_t),
    };
    bool is_pre_zab1_0 = true; /* until NEWLEADER comes, the leader may be older than 3.4 */
    bool up_to_date = false;
    struct quorum_packet *qp = NULL;
    int r = learner_read_packet(learner, &qp);
    if (r < 0)
        goto out;
    switch (qp->type) {
    case LEADER_DIFF: /* what we have is the beginning of what the leader has */
        zk_log(learner->ctx, ZK_LOG_GETTING_DIFF, qp->zxid);
        quorum_peer_set_sync_mode(self, SYNC_MODE_DIFF);
        sync.snapshot_needed = zk_database_should_force_write_initial_snapshot(learner->database);
        learner->disk_is_behind = sync.snapshot_needed;
        if (sync.snapshot_needed)
            zk_log(learner->ctx, ZK_LOG_FORCING_INITIAL_SNAPSHOT);
        break;
    case LEADER_SNAP: /* the mode says: until NEWLEADER the tree in memory is nobody's */
        quorum_peer_set_sync_mode(self, SYNC_MODE_SNAP);
        zk_log(learner->ctx, ZK_LOG_GETTING_SNAPSHOT, qp->zxid);
        r = receive_snapshot(&sync, qp->zxid);
        break;
    case LEADER_TRUNC:
        quorum_peer_set_sync_mode(self, SYNC_MODE_TRUNC);
        zk_log(learner->ctx, ZK_LOG_TRUNCATING, qp->zxid);
        r = truncate_log(&sync, qp->zxid);
        break;
    default: /* going on would mean to guess where our history ends; Java leaves, too (K-17) */
        zk_log(learner->ctx, ZK_LOG_UNEXPECTED_SYNC_PACKET, quorum_packet_type_name(qp->type),
               qp->zxid);
        r = learner_must_end(learner, EXIT_CODE_QUORUM_PACKET_ERROR);
        break;
    }
    if (r < 0)
        goto out;
    /* The leader's tree may hold another text in /zookeeper/config; ours is what we go by
     * (ZOOKEEPER-2819). */
    init_config(learner);
    zookeeper_server_create_session_tracker(learner->zk);
    sync.write_to_txn_log = !sync.snapshot_needed;
    sync.last_queued = zk_database_last_processed_zxid(learner->database);

    /* What the leader has committed comes as PROPOSAL and COMMIT. What it has only proposed comes
     * as PROPOSAL alone, and its COMMIT when it has one, perhaps behind UPTODATE. */
    while (!up_to_date) {
        r = learner_is_stopping(learner) ? -ECANCELED : learner_read_packet(learner, &qp);
        if (r < 0)
            goto out;
        switch (qp->type) {
        case LEADER_PROPOSAL:
            r = receive_proposal(&sync, qp);
            break;
        case LEADER_COMMIT:
        case LEADER_COMMITANDACTIVATE:
            r = receive_commit(&sync, qp);
            break;
        case LEADER_INFORM:
        case LEADER_INFORMANDACTIVATE:
            r = receive_inform(&sync, qp);
            break;
        case LEADER_UPTODATE:
            zk_log(learner->ctx, ZK_LOG_RECEIVED_UPTODATE);
            if (is_pre_zab1_0)
                r = learner_protocol_error(learner, "UPTODATE without NEWLEADER"); /* D-45 */
            else
                quorum_peer_process_reconfig(self);
            up_to_date = true;
            break;
        case LEADER_NEWLEADER:
            zk_log(learner->ctx, ZK_LOG_RECEIVED_NEWLEADER);
            note_new_leader_config(learner, qp->data);
            /* History, epoch, ACK: this order is the promise. With the epoch first, a crash between
             * the two would leave a server that claims a history which it does not have, and
             * outranks those that have it. */
            is_pre_zab1_0 = false;
            r = persist_history(&sync);
            if (r == 0)
                r = quorum_peer_set_current_epoch(self, new_epoch);
            if (r < 0)
                goto out;
            /* The slow part is over; from here on the leader pings us. */
            sock_set_timeout(learner->stream.sock, self->sync_limit_ms);
            quorum_peer_set_sync_mode(self, SYNC_MODE_NONE);
            r = learner_send(learner, LEADER_ACK, new_leader_zxid, NULL);
            break;
        default: /* PING, too: a leader does not expect an answer before our ACK */
            break;
        }
        if (r < 0)
            goto out;
    }

    /* The leader passes this one over; Java's learner sends it, so ours does. It leaves before the
     * SyncThread begins, so that no ACK of a proposal overtakes it (ZOOKEEPER-4685). */
    r = learner_send(learner, LEADER_ACK, zxid_make(new_epoch, 0), NULL);
    if (r == 0)
        r = zookeeper_server_startup(learner->zk);
    if (r < 0)
        goto out;
    learner->last_received = zxid_make(new_epoch, 0);
    /* Servers that start later are told of this epoch, whomever they ask (ZOOKEEPER-1732). */
    quorum_peer_update_election_vote(self, new_epoch);
    zk_trace_established(learner->ctx, learner->leader_id, new_epoch);
    quorum_peer_set_zookeeper_server(self, learner->zk);
    r = learner->fzk != NULL ? hand_over_to_follower(&sync) : hand_over_to_observer(&sync);
out:
    quorum_packet_free(qp);
    learner_sync_done(&sync);
    return r;
}

/* ---- proposals and commits ------------------------------------------------------------------- */

/* Puts the packet's transaction behind those that wait. */
static int receive_proposal(struct learner_sync *sync, const struct quorum_packet *packet)
{
    struct txn_log_entry *txn;
    int r = learner_read_txn(sync->learner, packet, &txn);
    if (r < 0)
        return r;
    r = enforce_continuous_proposal(sync, txn);
    if (r < 0) {
        txn_log_entry_unref(txn);
        return r;
    }
    array_deque_add_last(&sync->packets_not_logged, &txn);
    return 0;
}

/* A COMMIT must name the oldest proposal that has none. Any other one would leave a hole in what we
 * vouch for; Java warns, and goes on (D-173). Before the snapshot is written the tree alone takes
 * what is committed; later the log does, and until it does both wait. */
static int receive_commit(struct learner_sync *sync, const struct quorum_packet *packet)
{
    struct learner *learner = sync->learner;
    int64_t zxid = packet->zxid;
    struct txn_log_entry *const *next =
        array_deque_get(&sync->packets_not_logged, sync->packets_committed.count);
    if (next == NULL)
        return learner_protocol_error(learner, "%s 0x%" PRIx64 " without its proposal",
                                      quorum_packet_type_name(packet->type), (uint64_t)zxid);
    struct txn_log_entry *txn = *next;
    if (txn->header.zxid != zxid)
        return learner_protocol_error(learner,
                                      "Committing 0x%" PRIx64 ", but next proposal is 0x%" PRIx64,
                                      (uint64_t)zxid, (uint64_t)txn->header.zxid);
    if (sync->write_to_txn_log) {
        array_deque_add_last(&sync->packets_committed, &zxid);
        return 0;
    }
    int r = apply_txn(sync, txn);
    array_deque_remove_first(&sync->packets_not_logged, NULL);
    txn_log_entry_unref(txn);
    return r;
}

/* A proposal and its commit in one: the next one must name the same transaction. */
static int receive_inform(struct learner_sync *sync, const struct quorum_packet *packet)
{
    int r = receive_proposal(sync, packet);
    return r < 0 ? r : receive_commit(sync, packet);
}

/* The first proposal goes on from where the tree stands, and each other one from the one before; a
 * SNAP may hold the first ones already, because writes go on while it is sent. An epoch begins with
 * counter 1; how the one before it ended nobody can tell. Numbers may be left out where digests can
 * show that nothing is missing (apply_txn). Anything else would become a hole in our log, and in
 * the logs of those that we lead one day; and behind a transaction of an epoch that nobody has
 * promised there is no next start. 3.9.5 has this as enforceContinuousProposal, without the looks
 * at the first proposal, at where an epoch begins, and at digests (D-173); 3.8.0 warns. */
static int enforce_continuous_proposal(struct learner_sync *sync, const struct txn_log_entry *txn)
{
    struct learner *learner = sync->learner;
    int64_t zxid = txn->header.zxid;
    int64_t last_queued = sync->last_queued;
    bool is_in_tree = !sync->has_queued && zxid <= last_queued &&
                      quorum_peer_get_phase(learner->self).sync_mode == SYNC_MODE_SNAP;
    bool goes_on = zxid > last_queued && zxid_epoch(zxid) <= sync->new_epoch &&
                   (!txn_leaves_gap(last_queued, zxid) || txn->has_digest ||
                    txn->header.type == OP_CODE_ERROR); /* has none; what comes behind it may */
    if (!is_in_tree && !goes_on)
        return learner_protocol_error(
            learner,
            "DIFF sync got proposal 0x%" PRIx64 ", last queued 0x%" PRIx64 ", expected 0x%" PRIx64,
            (uint64_t)zxid, (uint64_t)last_queued, (uint64_t)last_queued + 1);
    if (sync->has_queued && zxid_epoch(zxid) != zxid_epoch(last_queued))
        zk_log(learner->ctx, ZK_LOG_SYNC_NEW_EPOCH, zxid, last_queued);
    sync->last_queued = zxid;
    sync->has_queued = true;
    return 0;
}

/* To the tree and the committed log; no client waits for what comes of it. A leader of Java uses up
 * a number for a multi with a null path and proposes nothing; then the next digest is that of the
 * tree. Where it is not, something is missing. */
static int apply_txn(struct learner_sync *sync, struct txn_log_entry *txn)
{
    struct learner *learner = sync->learner;
    int64_t before_zxid = zk_database_last_processed_zxid(learner->database);
    if (sync->unproven_zxid == 0 && txn_leaves_gap(before_zxid, txn->header.zxid)) {
        sync->unproven_zxid = txn->header.zxid;
        sync->proven_zxid = before_zxid;
    }
    struct request *request = request_new_of_txn(txn);
    zookeeper_server_process_txn(learner->zk, request, NULL);
    request_unref(request);
    if (sync->unproven_zxid == 0)
        return 0;
    int r = zk_database_prove_whole(learner->database, txn);
    if (r < 0)
        return end_unproven(sync);
    if (r > 0) { /* an error has no digest; the next one may tell */
        zk_log(learner->ctx, ZK_LOG_ZXIDS_NEVER_USED, (uint64_t)sync->proven_zxid,
               (uint64_t)sync->unproven_zxid);
        sync->unproven_zxid = 0;
    }
    return 0;
}

/* Nothing is vouched for that nobody can prove. The tree goes, because it has the transactions
 * behind the hole. */
static int end_unproven(struct learner_sync *sync)
{
    struct learner *learner = sync->learner;
    if (sync->unproven_zxid == 0)
        return 0;
    learner->tree_has_hole = true;
    return learner_protocol_error(
        learner, "transactions before 0x%" PRIx64 " are missing in what the leader sent",
        (uint64_t)sync->unproven_zxid);
}

static void learner_sync_done(struct learner_sync *sync)
{
    struct txn_log_entry *txn;
    while (array_deque_remove_first(&sync->packets_not_logged, &txn))
        txn_log_entry_unref(txn);
    array_deque_done(&sync->packets_not_logged);
    array_deque_done(&sync->packets_committed);
}

/* ---- TRUNC ----------------------------------------------------------------------------------- */

/* Cuts the tail that the leader does not have, on disk for good, and loads what is left. Where that
 * cannot be done nobody knows what the disk holds, and the process ends. A leader that asks for a
 * cut behind our last transaction does not know where we stand. */
static int truncate_log(struct learner_sync *sync, int64_t zxid)
{
    struct learner *learner = sync->learner;
    int r = -ENODATA;
    if (zxid <= zk_database_last_processed_zxid(learner->database))
        r = zk_database_truncate_log(learner->database, zxid);
    if (r == -ESTALE) /* the tail is gone, but we never had zxid itself (D-132) */
        return learner_protocol_error(learner, "TRUNC 0x%" PRIx64 " is not in this server's log",
                                      (uint64_t)zxid);
    if (r < 0) {
        zk_log(learner->ctx, ZK_LOG_CANNOT_TRUNCATE, zxid, zk_error_text(r).text);
        return learner_must_end(learner, EXIT_CODE_QUORUM_PACKET_ERROR);
    }
    zk_database_set_last_processed_zxid(learner->database, zxid);
    return 0;
}

/* ---- SNAP ------------------------------------------------------------------------------------ */

/* From here on the tree in memory is the leader's, or nobody's: learner_end clears it unless
 * NEWLEADER comes. */
static int receive_snapshot(struct learner_sync *sync, int64_t zxid)
{
    struct learner *learner = sync->learner;
    /* No start would take a snapshot of an epoch that nobody has promised, or of none (D-173). */
    if (zxid < 0 || zxid_epoch(zxid) > sync->new_epoch)
        return learner_protocol_error(learner, "SNAP 0x%" PRIx64 " in epoch %" PRId64,
                                      (uint64_t)zxid, sync->new_epoch);
    int r = zk_database_deserialize_snapshot(learner->database, &learner->stream.in);
    if (r < 0)
        return r;
    r = read_signature(learner);
    if (r < 0)
        return r;
    zk_database_set_last_processed_zxid(learner->database, zxid);
    return 0;
}

/* No length stands ahead of the tree: the word behind it shows that both sides mean the same end,
 * and that a packet comes next. */
static int read_signature(struct learner *learner)
{
    struct ustring signature = {0};
    int r = jute_in_ustring(&learner->stream.in, &signature);
    if (r < 0)
        return r;
    struct ustring expected = ustring_of(LEADER_SNAP_SIGNATURE);
    if (!ustring_equal(&signature, &expected)) {
        zk_log(learner->ctx, ZK_LOG_MISSING_SIGNATURE,
               signature.text != NULL ? signature.text : "null");
        r = learner_protocol_error(learner, "Missing signature");
    }
    ustring_done(&expected);
    ustring_done(&signature);
    return r;
}

/* Java: ZKDatabase.initConfigInZKDatabase() */
static void init_config(struct learner *learner)
{
    const struct quorum_verifier *qv = quorum_peer_quorum_verifier(learner->self);
    zk_database_init_config(learner->database, qv_to_string(qv), qv->version);
}

/* ---- NEWLEADER ------------------------------------------------------------------------------- */

/* The configuration that the leader starts with. Java logs a text that does not parse and goes
 * on. */
static void note_new_leader_config(struct learner *learner, const struct buf *text)
{
    if (text == NULL || text->length <= 1)
        return;
    const struct quorum_peer_config *config = learner->self->config;
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    const struct qv_options options = {.standalone_enabled = config->standalone_enabled,
                                       .oracle_path = config->oracle_path};
    int r = qv_from_string(learner->ctx, (const char *)text->bytes, text->length, &options, &qv,
                           &error);
    if (r < 0)
        zk_log(learner->ctx, ZK_LOG_NEWLEADER_CONFIG, error);
    else if (qv != NULL)
        quorum_peer_set_last_seen_quorum_verifier(learner->self, qv);
    free(error);
    qv_unref(qv);
}

static int persist_history(struct learner_sync *sync)
{
    int r = check_what_is_open(sync);
    if (r == 0 && sync->snapshot_needed) {
        int64_t start_ms = zk_elapsed_ms();
        r = take_snapshot(sync);
        if (r == 0)
            sync->learner->disk_is_behind = false;
        server_metrics_add(sync->learner->self->metrics, SERVER_METRICS_SNAPSHOTTIME,
                           zk_elapsed_ms() - start_ms);
    }
    sync->write_to_txn_log = true;
    return r < 0 ? r : persist_committed(sync);
}

/* What the leader sent becomes what the disk has. Behind a tree that came as SNAP there may be a
 * tail that the leader does not have: where it was not told to be cut off, the next start would
 * load it again (D-176). */
static int take_snapshot(struct learner_sync *sync)
{
    struct learner *learner = sync->learner;
    int r = zk_database_take_snapshot(learner->database);
    if (r == 0)
        r = zk_database_forget_behind(learner->database,
                                      zk_database_last_processed_zxid(learner->database));
    if (r == 0)
        return 0;
    zk_log(learner->ctx, ZK_LOG_SNAPSHOT_EXITING, zk_error_text(r).text);
    return learner_must_end(learner, EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT);
}

/* The transactions that came and are committed go to the log and into the tree, and the log to the
 * disk: all that the ACK of NEWLEADER will vouch for. They get no ACK of their own. Those that are
 * not committed yet stay in the queue, where their COMMIT will find them. 3.9.5 leaves out
 * observers, whose currentEpoch then claims what their disk does not have (D-172). */
static int persist_committed(struct learner_sync *sync)
{
    struct learner *learner = sync->learner;
    size_t count = sync->packets_committed.count;
    if (count == 0)
        return 0;
    bool is_logging = learner->fzk != NULL || learner->self->config->sync_enabled;
    int64_t start_ms = zk_elapsed_ms();
    /* To the tree first: what turns out to lie behind a hole never gets into the log. */
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        struct txn_log_entry *const *txn = array_deque_get(&sync->packets_not_logged, i);
        r = apply_txn(sync, *txn);
    }
    if (r == 0)
        r = end_unproven(sync);
    if (r < 0)
        return r;
    while (r == 0 && array_deque_remove_first(&sync->packets_committed, NULL)) {
        struct txn_log_entry *txn = NULL;
        array_deque_remove_first(&sync->packets_not_logged, &txn);
        if (is_logging)
            r = zk_database_append(learner->database, txn);
        txn_log_entry_unref(txn);
    }
    if (r == 0 && is_logging)
        r = zk_database_commit(learner->database);
    if (r < 0) {
        /* What the disk holds now is unknown, and asking it again does not tell. */
        zk_log(learner->ctx, ZK_LOG_SYNC_NOT_PERSISTED, zk_error_text(r).text);
        return learner_must_end(learner, EXIT_CODE_UNEXPECTED_ERROR);
    }
    zk_log(learner->ctx, ZK_LOG_SYNC_PERSISTED, count, zk_elapsed_ms() - start_ms,
           sync->packets_not_logged.count);
    return 0;
}

/* Called before anything is vouched for. A leader commits before it applies, so the COMMIT of what
 * is in its SNAP came before NEWLEADER; what is open then and in the tree must not be logged behind
 * it (D-173). */
static int check_what_is_open(struct learner_sync *sync)
{
    struct learner *learner = sync->learner;
    int r = end_unproven(sync);
    if (r < 0)
        return r;
    struct txn_log_entry *const *first =
        array_deque_get(&sync->packets_not_logged, sync->packets_committed.count);
    int64_t last_zxid = zk_database_last_processed_zxid(learner->database);
    if (first == NULL || (*first)->header.zxid > last_zxid)
        return 0;
    return learner_protocol_error(learner,
                                  "0x%" PRIx64 " is not committed, but 0x%" PRIx64 " came as SNAP",
                                  (uint64_t)(*first)->header.zxid, (uint64_t)last_zxid);
}

/* ---- UPTODATE -------------------------------------------------------------------------------- */

/* The follower's server logs and acknowledges what is proposed, and applies what is committed of
 * it: proposals first, because each commit must find its own. */
static int hand_over_to_follower(struct learner_sync *sync)
{
    struct follower_zookeeper_server *fzk = sync->learner->fzk;
    struct txn_log_entry *txn;
    int64_t zxid;
    int r = 0;
    while (array_deque_remove_first(&sync->packets_not_logged, &txn)) {
        follower_zookeeper_server_log_request(fzk, txn);
        txn_log_entry_unref(txn);
    }
    while (r == 0 && array_deque_remove_first(&sync->packets_committed, &zxid))
        r = follower_zookeeper_server_commit(fzk, zxid);
    return r;
}

/* The observer's server takes what is committed. No proposal is left then, because the leader sends
 * one to an observer only together with its COMMIT. */
static int hand_over_to_observer(struct learner_sync *sync)
{
    struct txn_log_entry *txn;
    while (array_deque_remove_first(&sync->packets_committed, NULL)) {
        array_deque_remove_first(&sync->packets_not_logged, &txn);
        observer_zookeeper_server_commit_request(sync->learner->ozk, txn);
        txn_log_entry_unref(txn);
    }
    return 0;
}
