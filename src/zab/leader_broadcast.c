/* What a leader in office does with acknowledgements, proposals and syncs. Today that is little:
 * nothing is proposed (D-27), so there is nothing to acknowledge, to commit or to catch up with.
 *
 * What comes here with writes, in Java's order. PrepRequestProcessor gives a request its zxid;
 * propose() puts the proposal into outstandingProposals and queues PROPOSAL to every follower that
 * is forwarded to. Each follower, and the leader's own SyncRequestProcessor, answers when the
 * transaction is on disk: processAck() counts the answer, and tryToCommit() commits when a quorum
 * has answered and no older proposal is outstanding, because followers apply in the order of
 * zxids. commit() then queues COMMIT to the followers, and inform() queues the whole transaction to
 * the observers, which never saw the proposal. A proposal that is committed but not yet in the tree
 * stands in toBeApplied: without that list a learner that joins at this moment would be told of it
 * neither by its snapshot nor by startForwarding().
 *
 * All of it runs under the monitor of Leader (mu): lastProposed, the outstanding proposals and the
 * list of those who are forwarded to must be seen as of one moment, or a joiner misses a proposal
 * (ZOOKEEPER-2355 is a history of such holes).
 *
 * Java: Leader.processAck(), getLastProposed(), processSync(), sendSync(), startForwarding(),
 * submitLearnerRequest() */
#include "zab/leader_internal.h"
#include "zk/ensemble/zxid.h"
#include "zk/runtime/log_table.h"
#include "zk/zab/learner_handler.h"

/* Java: ZooDefs.OpCode.sync */
enum { OP_CODE_SYNC = 9 };

static void leader_send_sync(struct learner_handler *handler);

/* Java: processAck(). The ACK that follows UPTODATE has the counter 0 and is passed over, as in
 * Java; any other names a proposal, and there are none, where Java says "outstanding is 0" at
 * DEBUG. */
void leader_process_ack(struct learner_master *master, int64_t sid, int64_t zxid)
{
    if (zxid_counter(zxid) != 0)
        zk_log(master->ctx, ZK_LOG_OUTSTANDING_IS_0, sid, zxid);
}

/* Java: getLastProposed() */
int64_t leader_get_last_proposed(struct learner_master *master)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->mu);
    int64_t zxid = leader->last_proposed;
    zk_mutex_unlock(&leader->mu);
    return zxid;
}

/* A write of the learner's client cannot be served yet; the operator is told once a connection. A
 * sync can: it must be answered once all that was proposed before it is committed, and with nothing
 * outstanding that is now.
 * Java: submitLearnerRequest(), processSync() */
void leader_submit_learner_request(struct learner_master *master, struct learner_handler *handler,
                                   int64_t session_id, int32_t type)
{
    if (type == OP_CODE_SYNC)
        leader_send_sync(handler);
    else if (leader_is_first_dropped_request(leader_of(master), handler))
        zk_log(master->ctx, ZK_LOG_REQUEST_DROPPED, learner_handler_get_sid(handler), session_id,
               type);
}

/* Java: sendSync() */
static void leader_send_sync(struct learner_handler *handler)
{
    learner_handler_queue_packet(handler, quorum_packet_new(LEADER_SYNC, 0, NULL));
}

/* Java first queues what the learner has not seen of toBeApplied and, to a voter, of the
 * outstanding proposals; both are empty here. The learner enters its set under the same lock, so
 * that the next proposal reaches it: nothing falls between the two.
 * Java: startForwarding() */
int64_t leader_start_forwarding(struct learner_master *master, struct learner_handler *handler)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->mu);
    if (learner_handler_get_learner_type(handler) == LEARNER_TYPE_PARTICIPANT)
        leader_add_forwarding_follower(leader, handler);
    else
        leader_add_observer_learner_handler(leader, handler);
    int64_t last_proposed = leader->last_proposed;
    zk_mutex_unlock(&leader->mu);
    return last_proposed;
}
