/* DIFF, TRUNC or SNAP: how a learner that stands at one zxid is brought to where the leader
 * stands.
 * Java: LearnerHandler.syncFollower() and the SNAP part of run()
 *
 * Java decides by its list of recently committed transactions and by its log. This leader has
 * neither: nothing is ever committed here. So minCommittedLog and maxCommittedLog are both the
 * last processed zxid, as Java has it while its list is empty, and of Java's six rows these
 * remain:
 *
 *   1  forced by a setting                            SNAP
 *   2  peer == last                                   DIFF(peer)
 *   3  peer >  last, and not the first of an epoch    TRUNC(last)
 *   5  peer <  last                                   SNAP: Java looks into its log in vain
 *   6  peer >  last, the first of an epoch            SNAP: that zxid is nobody's transaction
 *
 * Runs in the handler's thread. */
#include <inttypes.h>

#include "zab/leader_internal.h"
#include "zab/learner_handler_internal.h"
#include "zk/ensemble/zxid.h"
#include "zk/runtime/log_table.h"
#include "zk/server/zk_database.h"

/* What ends the body of a SNAP. Java's "signature" */
static const char SNAP_SIGNATURE[] = "BenWasHere";

struct sync_decision learner_handler_decide_sync(const struct sync_situation *situation)
{
    int64_t peer = situation->peer_last_zxid;
    int64_t last = situation->last_processed_zxid;
    bool is_peer_new_epoch_zxid = zxid_counter(peer) == 0;

    if (situation->force_snapshot_sync)
        return (struct sync_decision){.need_snap = true};
    if (peer == last)
        return (struct sync_decision){.op_packet = LEADER_DIFF, .zxid = peer};
    if (peer > last && !is_peer_new_epoch_zxid)
        return (struct sync_decision){.op_packet = LEADER_TRUNC, .zxid = last};
    if (peer < last && situation->txn_log_sync)
        return (struct sync_decision){.need_snap = true};
    return (struct sync_decision){.need_snap = true, .unhandled = true};
}

static void log_decision(struct learner_handler *handler, const struct sync_situation *situation,
                         const struct sync_decision *decision)
{
    int64_t sid = learner_handler_get_sid(handler);
    int64_t last = situation->last_processed_zxid;
    if (situation->force_snapshot_sync)
        zk_log(handler->ctx, ZK_LOG_FORCING_SNAPSHOT);
    else if (decision->op_packet == LEADER_DIFF)
        zk_log(handler->ctx, ZK_LOG_SENDING_DIFF, decision->zxid, sid);
    else if (decision->op_packet == LEADER_TRUNC)
        zk_log(handler->ctx, ZK_LOG_SENDING_TRUNC, decision->zxid, sid);
    else if (decision->unhandled)
        zk_log(handler->ctx, ZK_LOG_UNHANDLED_SCENARIO, sid, last, last, last,
               situation->peer_last_zxid, situation->txn_log_sync ? "true" : "false");
}

/* Java: syncFollower() */
bool learner_handler_sync_follower(struct learner_handler *handler, int64_t peer_last_zxid)
{
    struct leader *leader = handler->leader;
    struct sync_situation situation = {
        .peer_last_zxid = peer_last_zxid,
        .last_processed_zxid = zk_database_last_processed_zxid(leader->database),
        .force_snapshot_sync = leader->force_snapshot_sync,
        .txn_log_sync = leader->txn_log_sync,
    };
    /* Java prints the list's own bounds, which are 0 while it is empty. */
    zk_log(handler->ctx, ZK_LOG_SYNCHRONIZING, learner_handler_get_sid(handler), (int64_t)0,
           (int64_t)0, situation.last_processed_zxid, peer_last_zxid);

    struct sync_decision decision = learner_handler_decide_sync(&situation);
    log_decision(handler, &situation, &decision);
    if (decision.op_packet != 0)
        learner_handler_queue_packet(handler,
                                     quorum_packet_new(decision.op_packet, decision.zxid, NULL));
    handler->leader_last_zxid =
        leader_start_forwarding(leader, handler, handler->learner_type == LEARNER_TYPE_PARTICIPANT);
    return decision.need_snap;
}

/* The packet, the tree without any frame, and the signature. The tree is copied under the
 * database's lock and sent without it, so that a learner that reads slowly holds up nobody else. */
int learner_handler_send_snapshot(struct learner_handler *handler, int64_t peer_last_zxid,
                                  int32_t syncs_in_progress)
{
    int64_t zxid;
    struct buf *body = zk_database_serialize_snapshot(handler->leader->database, &zxid);
    bool exempt = handler->learner_type != LEARNER_TYPE_OBSERVER;
    zk_log(handler->ctx, ZK_LOG_SENDING_SNAPSHOT, peer_last_zxid, handler->leader_last_zxid, zxid,
           syncs_in_progress, exempt ? "exempt" : "not exempt");

    int r = packet_stream_send(&handler->stream, learner_handler_get_sid(handler), LEADER_SNAP,
                               zxid, NULL);
    if (r == 0) {
        jute_out_raw(&handler->stream.out, body->bytes, body->length);
        jute_out_string(&handler->stream.out, SNAP_SIGNATURE);
        r = packet_stream_flush(&handler->stream);
    }
    buf_unref(body);
    return r;
}
