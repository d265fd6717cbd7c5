/* DIFF, TRUNC or SNAP: how a learner that stands at one zxid is brought to where the leader stands.
 *
 * Java decides by its list of recently committed transactions and by its log. This leader has
 * neither yet: nothing is ever committed here. So minCommittedLog and maxCommittedLog are both the
 * last processed zxid, as Java has it while its list is empty, and of Java's rows these remain:
 *
 *   1  forced by a setting                            SNAP
 *   2  peer == last                                   DIFF(peer)
 *   3  peer >  last, and not the first of an epoch    TRUNC(last)
 *   4  peer within the committed log                  cannot be: the log is one zxid wide, see 2
 *   5  peer <  last                                   SNAP: Java looks into its log in vain
 *   -  peer >  last, the first of an epoch            SNAP: that zxid is nobody's transaction
 *
 * With writes, row 4 and the half of row 5 that finds its transactions call
 * queueCommittedProposals(), which sends each with its COMMIT behind it; its place is below
 * sync_follower.
 *
 * Runs in the handler's thread.
 *
 * Java: LearnerHandler.syncFollower() */
#include <inttypes.h>

#include "zab/learner_handler_internal.h"
#include "zab/learner_master.h"
#include "zk/ensemble/zxid.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/zk_database.h"

/* What ends the body of a SNAP, so that the learner can tell a whole tree from a cut one. */
static const char SNAP_SIGNATURE[] = "BenWasHere";

static bool is_txn_log_sync_enabled(const struct zk_context *ctx);
static void queue_op_packet(struct learner_handler *handler, int32_t type, int64_t zxid);

/* Java: syncFollower() */
bool learner_handler_sync_follower(struct learner_handler *handler, int64_t peer_last_zxid)
{
    struct learner_master *master = handler->master;
    struct zk_context *ctx = handler->ctx;
    /* A new leader's tree stands at epoch<<32, and so does a learner that it has synchronised. No
     * transaction has that zxid, so a log cannot be cut behind it. */
    bool is_peer_new_epoch_zxid = zxid_counter(peer_last_zxid) == 0;
    bool need_snap = true;
    bool txn_log_sync_enabled = is_txn_log_sync_enabled(ctx);
    int64_t last_processed_zxid = zk_database_last_processed_zxid(master->database);
    /* Java logs the bounds of its list, which are 0 while it is empty, and then puts these in their
     * place. */
    zk_log(ctx, ZK_LOG_SYNCHRONIZING, handler->sid, (int64_t)0, (int64_t)0, last_processed_zxid,
           peer_last_zxid);
    int64_t max_committed_log = last_processed_zxid;
    int64_t min_committed_log = last_processed_zxid;

    if (handler->force_snap_sync) {
        zk_log(ctx, ZK_LOG_FORCING_SNAPSHOT);
    } else if (last_processed_zxid == peer_last_zxid) {
        zk_log(ctx, ZK_LOG_SENDING_DIFF, peer_last_zxid, handler->sid);
        queue_op_packet(handler, LEADER_DIFF, peer_last_zxid);
        need_snap = false;
    } else if (peer_last_zxid > max_committed_log && !is_peer_new_epoch_zxid) {
        /* It logged what no quorum has seen, perhaps as a leader that lost its office. */
        zk_log(ctx, ZK_LOG_SENDING_TRUNC, max_committed_log, handler->sid);
        queue_op_packet(handler, LEADER_TRUNC, max_committed_log);
        need_snap = false;
    } else if (peer_last_zxid < min_committed_log && txn_log_sync_enabled) {
        /* Java asks its log for what is missing, and finds nothing where there is no log. */
    } else {
        zk_log(ctx, ZK_LOG_UNHANDLED_SCENARIO, handler->sid, max_committed_log, min_committed_log,
               last_processed_zxid, peer_last_zxid, txn_log_sync_enabled ? "true" : "false");
    }
    /* Forwarding begins before the SNAP is written: what is proposed meanwhile waits in the queue
     * behind it. */
    handler->leader_last_zxid = master->ops->start_forwarding(master, handler);
    return need_snap;
}

/* Only the sign of the factor decides. Java: ZKDatabase.isTxnLogSyncEnabled() */
static bool is_txn_log_sync_enabled(const struct zk_context *ctx)
{
    const char *factor = zk_settings_get(ctx, "zookeeper.snapshotSizeFactor");
    return factor == NULL || factor[0] != '-';
}

/* Java: queueOpPacket() */
static void queue_op_packet(struct learner_handler *handler, int32_t type, int64_t zxid)
{
    learner_handler_queue_packet(handler, quorum_packet_new(type, zxid, NULL));
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
    jute_out_string(&handler->stream.out, SNAP_SIGNATURE);
    if (r == 0)
        r = packet_stream_flush(&handler->stream);
    return r;
}
