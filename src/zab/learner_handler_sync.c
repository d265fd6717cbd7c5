/* DIFF, TRUNC or SNAP: how a learner that stands at one zxid is brought to where the leader stands.
 *
 * The leader knows its history three times over: the newest transactions in memory (the committed
 * log, from minCommittedLog to maxCommittedLog), older ones in the files of the log, and all of
 * them together in the tree. The first row that fits decides:
 *
 *   1  forced by a setting                             SNAP
 *   2  peer == last                                    DIFF, empty
 *   3  peer >  max, and not the first of an epoch      TRUNC(max)
 *   4  min <= peer <= max                              from memory: DIFF, or TRUNC and what follows
 *   5  peer <  min, and files may be read              from the files up to min, then from memory
 *   -  anything else                                   SNAP
 *
 * where last is the tree's last zxid, and while memory holds nothing min and max are last. What
 * cannot be told as a sequence of transactions is told as a SNAP.
 *
 * The choice and the beginning of forwarding are one moment for the leader (hold_proposals), so
 * that each transaction reaches the learner once: as part of what is sent of the past, or
 * forwarded. Only the files are read without holding it up.
 *
 * Runs in the handler's thread.
 *
 * Java: LearnerHandler.syncFollower(), queueCommittedProposals(), queueOpPacket() */
#include <errno.h>
#include <inttypes.h>

#include "zab/learner_handler_internal.h"
#include "zab/learner_master.h"
#include "zk/ensemble/zxid.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/file_txn_log.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/zk_database.h"

/* The leader's history as of one moment. */
struct history {
    struct committed_log log;
    int64_t min_committed_log;
    int64_t max_committed_log;
    int64_t last_processed_zxid;
};

static void look_at_history(struct learner_handler *handler, struct history *ret_history);
static int64_t committed_beginning(struct learner_handler *handler, const struct history *history,
                                   int64_t peer_last_zxid);
static bool sync_from_txn_log(struct learner_handler *handler, int64_t peer_last_zxid,
                              struct history *history, int64_t *current_zxid);
static void queue_op_packet(struct learner_handler *handler, int32_t type, int64_t zxid);
static struct txn_log_entry *proposal_iterator_current(const struct proposal_iterator *itr);
static void proposal_iterator_next(struct proposal_iterator *itr);
static bool queue_first_packet(struct learner_handler *handler, int64_t proposal_zxid,
                               int64_t previous_zxid, int64_t peer_last_zxid,
                               int64_t last_committed_zxid);
static bool is_behind_a_hole(struct learner_handler *handler, const struct proposal_iterator *itr,
                             int64_t zxid);

/* Java: syncFollower() */
bool learner_handler_sync_follower(struct learner_handler *handler, int64_t peer_last_zxid)
{
    /* LONG: one Java method */
    struct learner_master *master = handler->master;
    struct zk_context *ctx = handler->ctx;
    /* A new leader's tree stands at epoch<<32, and so does a learner that it has synchronised. No
     * transaction has that zxid, so a log cannot be cut behind it. */
    bool is_peer_new_epoch_zxid = zxid_counter(peer_last_zxid) == 0;
    int64_t current_zxid = peer_last_zxid; /* the last one that is queued */
    bool need_snap = true;
    const char *why = "its place is not in the history that is at hand";
    bool txn_log_sync_enabled = zk_database_is_txn_log_sync_enabled(master->database);

    master->ops->hold_proposals(master);
    struct history history;
    look_at_history(handler, &history);
    zk_log(ctx, ZK_LOG_SYNCHRONIZING, handler->sid, history.log.max_committed_log,
           history.log.min_committed_log, history.last_processed_zxid, peer_last_zxid);

    if (handler->force_snap_sync) {
        zk_log(ctx, ZK_LOG_FORCING_SNAPSHOT);
        why = "zookeeper.forceSnapshotSync says so";
    } else if (history.last_processed_zxid == peer_last_zxid) {
        zk_log(ctx, ZK_LOG_SENDING_DIFF, peer_last_zxid, handler->sid);
        queue_op_packet(handler, LEADER_DIFF, peer_last_zxid);
        handler->need_op_packet = false;
        need_snap = false;
        why = "it stands where the leader stands";
    } else if (peer_last_zxid > history.max_committed_log && !is_peer_new_epoch_zxid) {
        /* It logged what no quorum has seen, perhaps as a leader that lost its office. */
        current_zxid = committed_beginning(handler, &history, peer_last_zxid);
        handler->need_op_packet = false;
        need_snap = false;
        if (current_zxid == peer_last_zxid) {
            zk_log(ctx, ZK_LOG_SENDING_DIFF, peer_last_zxid, handler->sid);
            queue_op_packet(handler, LEADER_DIFF, peer_last_zxid);
            why = "all that it has is committed, though not applied by the leader yet";
        } else {
            zk_log(ctx, ZK_LOG_SENDING_TRUNC_TO_FOLLOWER, current_zxid, handler->sid);
            queue_op_packet(handler, LEADER_TRUNC, current_zxid);
            why = "it has transactions that no quorum has";
        }
    } else if (history.max_committed_log >= peer_last_zxid &&
               history.min_committed_log <= peer_last_zxid) {
        zk_log(ctx, ZK_LOG_USING_COMMITTED_LOG, handler->sid);
        struct proposal_iterator proposals = {.log = &history.log, .previous_zxid = -1};
        current_zxid = learner_handler_queue_committed_proposals(
            handler, &proposals, peer_last_zxid, INT64_MAX, history.max_committed_log);
        need_snap = false;
        why = "what it lacks is in memory";
    } else if (peer_last_zxid < history.min_committed_log && txn_log_sync_enabled) {
        need_snap = !sync_from_txn_log(handler, peer_last_zxid, &history, &current_zxid);
        why = need_snap ? "what it lacks is neither in memory nor in the files that may be read"
                        : "what it lacks is in the files of the log and in memory";
    } else {
        zk_log(ctx, ZK_LOG_UNHANDLED_SCENARIO, handler->sid, history.max_committed_log,
               history.min_committed_log, history.last_processed_zxid, peer_last_zxid,
               txn_log_sync_enabled ? "true" : "false");
    }
    /* Forwarding begins before the SNAP is written: what is proposed meanwhile waits in the queue
     * behind it. */
    if (need_snap)
        current_zxid = zk_database_last_processed_zxid(master->database);
    zk_log(ctx, ZK_LOG_START_FORWARDING, current_zxid, handler->sid);
    handler->leader_last_zxid = master->ops->start_forwarding(master, handler, current_zxid);
    master->ops->release_proposals(master);
    committed_log_done(&history.log);

    if (handler->need_op_packet && !need_snap) {
        /* queue_committed_proposals found that a TRUNC would cross the border of an epoch. */
        zk_log(ctx, ZK_LOG_FALL_BACK_TO_SNAPSHOT, handler->sid);
        need_snap = true;
        current_zxid = zk_database_last_processed_zxid(master->database);
        why = "a TRUNC would cross the border of an epoch";
    }
    zk_trace_sync(ctx, handler->sid,
                  need_snap ? "SNAP" : quorum_packet_type_name(handler->op_packet), peer_last_zxid,
                  current_zxid, why);
    return need_snap;
}

/* Reads the three ends of the leader's history. The caller holds the proposals. */
static void look_at_history(struct learner_handler *handler, struct history *ret_history)
{
    struct zk_database *database = handler->master->database;
    zk_database_get_committed_log(database, &ret_history->log);
    int64_t last_processed_zxid = zk_database_last_processed_zxid(database);
    bool empty = ret_history->log.count == 0;
    ret_history->min_committed_log =
        empty ? last_processed_zxid : ret_history->log.min_committed_log;
    ret_history->max_committed_log =
        empty ? last_processed_zxid : ret_history->log.max_committed_log;
    ret_history->last_processed_zxid = last_processed_zxid;
}

/* How much of a learner's history is committed, if it goes beyond what the leader has applied. What
 * it has of the leader's own term is the beginning of what the leader proposed, and some of that
 * may be committed and not applied yet: to cut that off, too, as Java does, would leave a committed
 * transaction on fewer disks than a quorum for a moment (D-185). */
static int64_t committed_beginning(struct learner_handler *handler, const struct history *history,
                                   int64_t peer_last_zxid)
{
    int64_t last_committed = handler->master->ops->get_last_committed(handler->master);
    if (zxid_epoch(last_committed) != zxid_epoch(peer_last_zxid) ||
        last_committed <= history->max_committed_log)
        return history->max_committed_log;
    return last_committed < peer_last_zxid ? last_committed : peer_last_zxid;
}

/* Row 5. The files are read up to the oldest transaction in memory, which a quorum has; beyond that
 * they may hold what is not committed. Commits go on meanwhile, and memory forgets its oldest ones;
 * so the same files are read on, until the two meet. Returns false if they do not: nothing is
 * queued then. The caller holds the proposals, and so it does again when this returns. (In Java a
 * part of syncFollower(), which lets commits wait for the files.) */
static bool sync_from_txn_log(struct learner_handler *handler, int64_t peer_last_zxid,
                              struct history *history, int64_t *current_zxid)
{
    struct learner_master *master = handler->master;
    struct zk_database *database = master->database;
    struct proposal_iterator files = {.previous_zxid = -1};
    int64_t reached = peer_last_zxid;
    master->ops->release_proposals(master);
    int64_t size_limit = zk_database_calculate_txn_log_size_limit(database);
    int r =
        zk_database_get_proposals_from_txn_log(database, peer_last_zxid, size_limit, &files.files);
    if (r == 0)
        zk_log(handler->ctx, ZK_LOG_USE_TXNLOG, handler->sid);
    for (;;) {
        int64_t before = reached;
        if (r == 0)
            reached = learner_handler_queue_committed_proposals(
                handler, &files, before, history->min_committed_log, history->max_committed_log);
        master->ops->hold_proposals(master);
        committed_log_done(&history->log);
        look_at_history(handler, history);
        if (reached >= history->min_committed_log || reached == before)
            break;
        master->ops->release_proposals(master);
    }
    txn_iterator_free(files.files);

    if (reached < history->min_committed_log || handler->need_op_packet) {
        if (!handler->need_op_packet)
            zk_log(handler->ctx, ZK_LOG_DETECTED_GAP, reached, history->min_committed_log);
        learner_handler_clear_queue(handler);
        handler->need_op_packet = true;
        return false;
    }
    zk_log(handler->ctx, ZK_LOG_QUEUEING_COMMITTED_LOG, reached);
    struct proposal_iterator memory = {.log = &history->log, .previous_zxid = -1};
    *current_zxid = learner_handler_queue_committed_proposals(handler, &memory, reached, INT64_MAX,
                                                              history->max_committed_log);
    return true;
}

/* Java: queueCommittedProposals() */
int64_t learner_handler_queue_committed_proposals(struct learner_handler *handler,
                                                  struct proposal_iterator *itr,
                                                  int64_t peer_last_zxid, int64_t max_zxid,
                                                  int64_t last_committed_zxid)
{
    int64_t queued_zxid = peer_last_zxid;
    for (struct txn_log_entry *proposal; (proposal = proposal_iterator_current(itr)) != NULL;
         proposal_iterator_next(itr)) {
        int64_t zxid = proposal->header.zxid;
        if (zxid > max_zxid)
            break;
        if (zxid < peer_last_zxid) { /* the learner has it */
            itr->previous_zxid = zxid;
            continue;
        }
        if (handler->need_op_packet) {
            if (!queue_first_packet(handler, zxid, itr->previous_zxid, peer_last_zxid,
                                    last_committed_zxid))
                return queued_zxid;
            handler->need_op_packet = false;
        }
        itr->ends_at_hole = zxid > queued_zxid && is_behind_a_hole(handler, itr, zxid);
        if (itr->ends_at_hole) /* what is queued does not reach memory: SNAP will follow */
            break;
        itr->previous_zxid = zxid;
        if (zxid <= queued_zxid) /* it is the learner's last one, or stands there twice */
            continue;
        learner_handler_queue_sync_packet(
            handler, quorum_packet_new(LEADER_PROPOSAL, zxid, proposal->bytes));
        queue_op_packet(handler, LEADER_COMMIT, zxid);
        queued_zxid = zxid;
    }
    if (handler->need_op_packet && zxid_counter(peer_last_zxid) == 0) {
        /* Nothing has been committed since its epoch began: the DIFF is empty. Java's line calls it
         * a TRUNC (K-80). */
        zk_log(handler->ctx, ZK_LOG_QUEUEING_TRUNC, last_committed_zxid, handler->sid);
        queue_op_packet(handler, LEADER_DIFF, last_committed_zxid);
        handler->need_op_packet = false;
    }
    return queued_zxid;
}

/* Returns the transaction whose turn it is, or NULL at the end; it stays the source's. */
static struct txn_log_entry *proposal_iterator_current(const struct proposal_iterator *itr)
{
    if (itr->log == NULL)
        return itr->ends_at_hole ? NULL : txn_iterator_entry(itr->files);
    return itr->next < itr->log->count ? itr->log->entries[itr->next] : NULL;
}

static void proposal_iterator_next(struct proposal_iterator *itr)
{
    if (itr->log != NULL)
        itr->next++;
    else if (txn_iterator_next(itr->files) < 0)
        return; /* it has said why, and stands at its end: what was read before is whole */
}

/* The learner's place is found: DIFF or TRUNC goes out first. Returns false if neither can (which
 * it logs). proposal is the first that is not before the learner's place, previous_zxid the one
 * before it. (In Java a part of queueCommittedProposals().) */
static bool queue_first_packet(struct learner_handler *handler, int64_t proposal_zxid,
                               int64_t previous_zxid, int64_t peer_last_zxid,
                               int64_t last_committed_zxid)
{
    /* The learner's zxid is in our history, or stands before an epoch's first transaction. */
    if (proposal_zxid == peer_last_zxid || zxid_counter(peer_last_zxid) == 0) {
        zk_log(handler->ctx, ZK_LOG_QUEUEING_DIFF, last_committed_zxid, handler->sid);
        queue_op_packet(handler, LEADER_DIFF, last_committed_zxid);
        return true;
    }
    /* It has something that we never had. A log cannot be cut across the border of an epoch: what
     * lies on the other side may be another history altogether. */
    if (zxid_epoch(proposal_zxid) != zxid_epoch(peer_last_zxid)) {
        zk_log(handler->ctx, ZK_LOG_CANNOT_SEND_TRUNC, handler->sid);
        return false;
    }
    zk_log(handler->ctx, ZK_LOG_QUEUEING_TRUNC, previous_zxid, handler->sid);
    queue_op_packet(handler, LEADER_TRUNC, previous_zxid);
    return true;
}

/* Returns whether the files lack transactions between the one before and zxid: as a learner this
 * leader was once given a SNAP in their place. Java sends the one behind the other, and the learner
 * never hears of what lies between (D-180). */
static bool is_behind_a_hole(struct learner_handler *handler, const struct proposal_iterator *itr,
                             int64_t zxid)
{
    int64_t previous_zxid = itr->previous_zxid;
    return itr->log == NULL && previous_zxid != -1 && zxid > previous_zxid + 1 &&
           zk_database_log_has_hole(handler->master->database, previous_zxid, zxid);
}

/* Java: queueOpPacket() */
static void queue_op_packet(struct learner_handler *handler, int32_t type, int64_t zxid)
{
    if (type == LEADER_DIFF || type == LEADER_TRUNC)
        handler->op_packet = type;
    learner_handler_queue_sync_packet(handler, quorum_packet_new(type, zxid, NULL));
}

/* The packet, the tree without any frame, and the signature. The tree is streamed while writes go
 * on: no lock is held while a byte goes out, so a learner that reads slowly holds up nobody.
 * Forwarding has begun, so whatever is written meanwhile follows behind.
 * (In Java a part of run().) */
int learner_handler_send_snapshot(struct learner_handler *handler, int64_t peer_last_zxid,
                                  int32_t syncs_in_progress)
{
    struct zk_database_snapshot *snapshot = zk_database_begin_snapshot(handler->master->database);
    int64_t zxid = zk_database_snapshot_zxid(snapshot);
    bool exempt = handler->learner_type != LEARNER_TYPE_OBSERVER;
    zk_log(handler->ctx, ZK_LOG_SENDING_SNAPSHOT, peer_last_zxid, handler->leader_last_zxid, zxid,
           syncs_in_progress, exempt ? "exempt" : "not exempt");

    int r = packet_stream_send(&handler->stream, handler->sid, LEADER_SNAP, zxid, NULL);
    zk_database_serialize_snapshot(snapshot, &handler->stream.out);
    jute_out_string(&handler->stream.out, LEADER_SNAP_SIGNATURE);
    if (r == 0)
        r = packet_stream_flush(&handler->stream);
    /* It has left, or has failed to; Java counts both. */
    server_metrics_count(handler->master->metrics, SERVER_METRICS_SNAP_COUNT);
    return r;
}
