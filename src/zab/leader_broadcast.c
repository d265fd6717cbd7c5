/* What a leader in office does with proposals, acknowledgements and syncs.
 *
 * PrepRequestProcessor gives a request its zxid; propose() puts it among the outstanding proposals
 * and queues PROPOSAL to every follower that is forwarded to. Each follower, and the leader's own
 * SyncRequestProcessor, answers when the transaction is on disk: processAck() counts the answer,
 * and tryToCommit() commits when a quorum has answered and no older proposal is outstanding,
 * because everybody applies in the order of zxids. commit() then queues COMMIT to the followers,
 * and inform() queues the whole transaction to the observers, which never saw the proposal. A
 * proposal that is committed but not yet in the tree stands in toBeApplied: without that list a
 * learner that joins at this moment would be told of it neither by what it is sent of the past nor
 * by startForwarding().
 *
 * All of it runs under the monitor of Leader (mu): lastProposed, the two lists and the set of
 * learners that are forwarded to must be seen as of one moment, or a joiner misses a proposal
 * (ZOOKEEPER-2355 is a history of such holes).
 *
 * Threads: ProcessThread proposes and asks for syncs, LearnerHandlers and SyncThread bring
 * acknowledgements, CommitProcessor takes off toBeApplied what it has applied. Packets only go into
 * queues here, so no thread waits for a network while it holds mu.
 *
 * Java: Leader.tryToCommit(), processAck(), ToBeAppliedRequestProcessor, sendPacket(),
 * sendObserverPacket(), commit(), inform(), getLastProposed(), propose(), processSync(),
 * sendSync(), startForwarding(), touch(), submitLearnerRequest() */
#include <errno.h>

#include "zab/leader_internal.h"
#include "zab/leader_zookeeper_server.h"
#include "zk/base/panic.h"
#include "zk/ensemble/zxid.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"
#include "zk/zab/learner_handler.h"

/* A SYNC that is answered when zxid has been committed: of a learner's client, or of our own. */
struct pending_sync {
    int64_t zxid;
    struct learner_handler *handler; /* a reference; NULL: it is ours */
    struct request *request;         /* a reference, if it is ours */
};

static void leader_process_ack_locked(struct leader *leader, int64_t sid, int64_t zxid)
    REQUIRES(&leader->mu);
static void leader_send_packet_locked(struct leader *leader, int32_t type, int64_t zxid,
                                      struct buf *data) REQUIRES(&leader->mu);
static void leader_commit_locked(struct leader *leader, int64_t zxid) REQUIRES(&leader->mu);
static void leader_inform_locked(struct leader *leader, const struct proposal *proposal)
    REQUIRES(&leader->mu);
static void leader_send_sync_locked(struct leader *leader, const struct pending_sync *sync)
    REQUIRES(&leader->mu);
static void pending_sync_done(struct pending_sync *sync);
static void log_ack_latency(struct leader *leader, int64_t sid, const struct request *request);
static void note_size_locked(struct leader *leader, int64_t size) REQUIRES(&leader->mu);
static void answer_pending_syncs_locked(struct leader *leader, int64_t zxid) REQUIRES(&leader->mu);

/* Commits proposal if it may be, and returns whether it did. sid has sent the last ACK.
 * Java: tryToCommit() */
static bool leader_try_to_commit_locked(struct leader *leader, struct proposal *proposal,
                                        int64_t sid) REQUIRES(&leader->mu)
{
    zk_mutex_assert_held(&leader->mu);
    int64_t zxid = proposal_zxid(proposal);
    struct request *request = proposal->request;
    /* In the order of zxids, whatever the order of the ACKs: a write may rest on what the one
     * before it has changed, so nobody may see it alone. */
    if (proposal_list_find(&leader->outstanding_proposals, zxid - 1) != NULL)
        return false;
    /* A quorum of each configuration that the proposal was made under. */
    if (!synced_learner_tracker_has_all_quorums(&proposal->tracker))
        return false;

    if (zxid != leader->last_committed + 1) {
        zk_log(leader->ctx, ZK_LOG_COMMITTING_NOT_FIRST, zxid, sid);
        zk_log(leader->ctx, ZK_LOG_COMMITTING_FIRST_IS, leader->last_committed + 1);
    }
    struct proposal *first = proposal_list_take_first(&leader->outstanding_proposals);
    zk_assert(first == proposal);
    proposal_list_append(&leader->to_be_applied, proposal);
    zookeeper_server_note_work(leader->role.zk, -1); /* one less without a commit */

    /* Java activates the new configuration here, and its COMMITANDACTIVATE and INFORMANDACTIVATE
     * tell everybody to do so; ours stays what it is, and nobody is told otherwise (D-32). */
    if (request->txn->header.type == OP_CODE_RECONFIG)
        zk_log(leader->ctx, ZK_LOG_RECONFIG_NOT_ACTIVATED, zxid);
    zk_trace_txn(leader->ctx, "committed", zxid, 0, "a quorum has it on disk");
    leader_log_latency(leader, SERVER_METRICS_QUORUM_ACK_LATENCY, request);
    leader_commit_locked(leader, zxid);
    leader_inform_locked(leader, proposal);
    leader_zookeeper_server_commit(leader->role.zk, request);
    answer_pending_syncs_locked(leader, zxid);
    return true;
}

/* Called for our own log, by AckRequestProcessor: the leader's disk counts like any other, and a
 * quorum may do without it. ACKs of learners come by leader_process_learner_ack.
 * Java: processAck() */
void leader_process_ack(struct leader *leader, int64_t sid, int64_t zxid)
{
    zk_mutex_lock(&leader->mu);
    leader_process_ack_locked(leader, sid, zxid);
    zk_mutex_unlock(&leader->mu);
}

static void leader_process_ack_locked(struct leader *leader, int64_t sid, int64_t zxid)
{
    zk_mutex_assert_held(&leader->mu);
    if (zxid_counter(zxid) == 0)
        return; /* the ACK that follows UPTODATE; that of NEWLEADER does not come here */
    if (proposal_list_count(&leader->outstanding_proposals) == 0) {
        zk_log(leader->ctx, ZK_LOG_OUTSTANDING_IS_0, sid, zxid);
        return;
    }
    if (leader->last_committed >= zxid) {
        /* A quorum was faster than this one. */
        zk_log(leader->ctx, ZK_LOG_ALREADY_COMMITTED, leader->last_committed, zxid);
        return;
    }
    struct proposal *proposal = proposal_list_find(&leader->outstanding_proposals, zxid);
    if (proposal == NULL) {
        if (zk_log_is_due(++leader->future_acks))
            zk_log(leader->ctx, ZK_LOG_COMMIT_FUTURE_PROPOSAL, zxid, sid);
        return;
    }
    if (leader->ack_logging_frequency > 0 && zxid % leader->ack_logging_frequency == 0)
        log_ack_latency(leader, sid, proposal->request);
    /* The tracker counts a server in each configuration in which it votes: an observer or a
     * stranger in none. */
    synced_learner_tracker_add_ack(&proposal->tracker, sid);
    zk_trace_txn(leader->ctx, "acked", zxid, sid, "that server has it on disk");
    bool has_committed = leader_try_to_commit_locked(leader, proposal, sid);
    /* Those behind it may have had their quorum already. Java looks only after a reconfiguration
     * (D-165). */
    while (has_committed && proposal_list_count(&leader->outstanding_proposals) > 0)
        has_committed = leader_try_to_commit_locked(
            leader, proposal_list_at(&leader->outstanding_proposals, 0), sid);
}

/* A learner that came back over another connection may have been told to cut off what it has
 * acknowledged on this one, and this ACK may have been under way all the time. Only the connection
 * that is forwarded to counts (D-184). */
void leader_process_learner_ack(struct learner_master *master, struct learner_handler *handler,
                                int64_t zxid)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->mu);
    if (leader_is_forwarding_to(leader, handler))
        leader_process_ack_locked(leader, learner_handler_get_sid(handler), zxid);
    zk_mutex_unlock(&leader->mu);
}

/* The request has gone through FinalRequestProcessor, so its transaction is in the tree and in the
 * committed log: whoever joins from now on is told of it there.
 * Java: ToBeAppliedRequestProcessor.processRequest(), what follows the next processor */
void leader_applied(struct leader *leader, const struct request *request)
{
    zk_mutex_lock(&leader->mu);
    struct proposal *first = NULL;
    if (proposal_list_count(&leader->to_be_applied) > 0)
        first = proposal_list_at(&leader->to_be_applied, 0);
    if (first != NULL && proposal_zxid(first) == request->txn->header.zxid)
        proposal_free(proposal_list_take_first(&leader->to_be_applied));
    else
        zk_log(leader->ctx, ZK_LOG_NOT_ON_TO_BE_APPLIED, request->txn->header.zxid);
    zk_mutex_unlock(&leader->mu);
}

/* Queues a packet to every follower that is forwarded to. data is shared by all packets.
 * Java: sendPacket() */
static void leader_send_packet_locked(struct leader *leader, int32_t type, int64_t zxid,
                                      struct buf *data)
{
    zk_mutex_assert_held(&leader->mu);
    zk_mutex_lock(&leader->learners_mu);
    for (size_t i = 0; i < leader->learner_count; i++) {
        if (leader->learners[i].forwarding)
            learner_handler_queue_packet_quietly(leader->learners[i].handler,
                                                 quorum_packet_new(type, zxid, data));
    }
    zk_mutex_unlock(&leader->learners_mu);
}

/* Java: sendObserverPacket() */
static void leader_send_observer_packet_locked(struct leader *leader, int32_t type, int64_t zxid,
                                               struct buf *data) REQUIRES(&leader->mu)
{
    zk_mutex_assert_held(&leader->mu);
    zk_mutex_lock(&leader->learners_mu);
    for (size_t i = 0; i < leader->learner_count; i++) {
        if (leader->learners[i].observing)
            learner_handler_queue_packet_quietly(leader->learners[i].handler,
                                                 quorum_packet_new(type, zxid, data));
    }
    zk_mutex_unlock(&leader->learners_mu);
}

/* Java: commit() */
static void leader_commit_locked(struct leader *leader, int64_t zxid)
{
    zk_mutex_assert_held(&leader->mu);
    leader->last_committed = zxid;
    leader_send_packet_locked(leader, LEADER_COMMIT, zxid, NULL);
    server_metrics_count(leader->master.metrics, SERVER_METRICS_COMMIT_COUNT);
}

/* An observer gets the transaction only now: what is never committed is none of its business.
 * Java: inform() */
static void leader_inform_locked(struct leader *leader, const struct proposal *proposal)
{
    zk_mutex_assert_held(&leader->mu);
    leader_send_observer_packet_locked(leader, LEADER_INFORM, proposal_zxid(proposal),
                                       proposal->request->txn->bytes);
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

/* Everything under one lock, so that proposals reach each follower in the order of their zxids.
 * Java: propose() */
int leader_propose(struct leader *leader, struct request *request)
{
    /* The last zxid of an epoch is never given to a transaction: one more would begin another epoch
     * without a vote (ZOOKEEPER-1277). */
    if (zxid_counter(request->zxid) == UINT32_MAX) {
        leader_shutdown(leader, -EOVERFLOW,
                        "zxid lower 32 bits have rolled over, forcing re-election, and therefore "
                        "new epoch start");
        return -EOVERFLOW;
    }
    struct buf *bytes = request->txn->bytes;
    struct proposal *proposal = proposal_new(request);
    quorum_peer_init_tracker(leader->self, &proposal->tracker);
    int r = 0;
    zk_mutex_lock(&leader->mu);
    if (leader->stopping) {
        /* Another leader may be elected by now; nobody would hear of the proposal. */
        r = -ECANCELED;
        goto out;
    }
    note_size_locked(leader, (int64_t)bytes->length);
    leader->last_proposed = request->zxid;
    zk_trace_txn(leader->ctx, "proposed", request->zxid, 0,
                 "it goes to all followers and to our own log");
    proposal_list_append(&leader->outstanding_proposals, proposal);
    zookeeper_server_note_work(leader->role.zk, 1); /* */
    proposal = NULL;
    leader_send_packet_locked(leader, LEADER_PROPOSAL, request->zxid, bytes);
out:
    zk_mutex_unlock(&leader->mu);
    proposal_free(proposal);
    if (r == 0)
        server_metrics_count(leader->master.metrics, SERVER_METRICS_PROPOSAL_COUNT);
    return r;
}

/* A client wants to read what has been written before now. If it is the client of a learner, that
 * learner hears SYNC behind the COMMIT of the last proposal there is. A client of our own is
 * answered by CommitProcessor behind that commit. In Java its SYNC is a read, which may overtake
 * commits that a follower has applied and answered already (D-241).
 * Java: processSync() */
void leader_process_sync(struct leader *leader, struct request *request)
{
    struct pending_sync sync = {0};
    if (request->learner == NULL) {
        sync.request = request_ref(request);
    } else {
        /* The learner may be gone: the request has waited behind others. */
        sync.handler = leader_find_learner(leader, request->learner, request->owner);
        if (sync.handler == NULL)
            return;
    }
    zk_mutex_lock(&leader->mu);
    if (proposal_list_count(&leader->outstanding_proposals) == 0) {
        leader_send_sync_locked(leader, &sync);
        pending_sync_done(&sync);
    } else {
        sync.zxid = leader->last_proposed;
        array_deque_add_last(&leader->pending_syncs, &sync);
    }
    zk_mutex_unlock(&leader->mu);
}

/* SYNCs that wait for zxid stand in front: they came in the order of lastProposed, and commits come
 * in that order, too. */
static void answer_pending_syncs_locked(struct leader *leader, int64_t zxid)
{
    zk_mutex_assert_held(&leader->mu);
    const struct pending_sync *first;
    while ((first = array_deque_get(&leader->pending_syncs, 0)) != NULL && first->zxid <= zxid) {
        struct pending_sync sync;
        array_deque_remove_first(&leader->pending_syncs, &sync);
        leader_send_sync_locked(leader, &sync);
        pending_sync_done(&sync);
    }
}

/* Java: sendSync() */
static void leader_send_sync_locked(struct leader *leader, const struct pending_sync *sync)
{
    zk_mutex_assert_held(&leader->mu);
    if (sync->handler == NULL)
        leader_zookeeper_server_commit(leader->role.zk, sync->request);
    else
        learner_handler_queue_packet(sync->handler, quorum_packet_new(LEADER_SYNC, 0, NULL));
}

static void pending_sync_done(struct pending_sync *sync)
{
    learner_handler_unref(sync->handler);
    request_unref(sync->request);
}

/* Java holds the read lock of the committed log while a learner's past is chosen and while
 * startForwarding runs, so that FinalRequestProcessor cannot move a proposal out of toBeApplied in
 * between. Here that lock is mu, which leader_applied takes.
 * Java: ZKDatabase.getLogLock() */
void leader_hold_proposals(struct learner_master *master) UNCHECKED_LOCKS
{
    zk_mutex_lock(&leader_of(master)->mu);
}

void leader_release_proposals(struct learner_master *master) UNCHECKED_LOCKS
{
    zk_mutex_unlock(&leader_of(master)->mu);
}

int64_t leader_get_last_committed(struct learner_master *master) UNCHECKED_LOCKS
{
    struct leader *leader = leader_of(master);
    zk_mutex_assert_held(&leader->mu);
    return leader->last_committed;
}

/* The learner enters its set and is told of what it has not seen under one lock, so that nothing
 * falls between that and the next proposal. It enters first, where Java enters it last: whether it
 * has a younger connection decides about its ACKs (D-184).
 * Java: startForwarding() */
int64_t leader_start_forwarding(struct learner_master *master, struct learner_handler *handler,
                                int64_t last_seen_zxid) UNCHECKED_LOCKS
{
    struct leader *leader = leader_of(master);
    zk_mutex_assert_held(&leader->mu);
    bool participant = learner_handler_get_learner_type(handler) == LEARNER_TYPE_PARTICIPANT;
    if (participant)
        leader_add_forwarding_follower(leader, handler);
    else
        leader_add_observer_learner_handler(leader, handler);
    for (size_t i = 0; i < proposal_list_count(&leader->to_be_applied); i++) {
        const struct proposal *proposal = proposal_list_at(&leader->to_be_applied, i);
        int64_t zxid = proposal_zxid(proposal);
        if (zxid <= last_seen_zxid)
            continue;
        learner_handler_queue_packet(
            handler, quorum_packet_new(LEADER_PROPOSAL, zxid, proposal->request->txn->bytes));
        learner_handler_queue_packet(handler, quorum_packet_new(LEADER_COMMIT, zxid, NULL));
    }
    /* An observer hears of an outstanding proposal by the INFORM of its commit. */
    for (size_t i = 0; participant && i < proposal_list_count(&leader->outstanding_proposals);
         i++) {
        struct proposal *proposal = proposal_list_at(&leader->outstanding_proposals, i);
        int64_t zxid = proposal_zxid(proposal);
        if (zxid <= last_seen_zxid)
            continue;
        /* If it has acknowledged this one before, it has to cut it off now, and acknowledges it
         * again when it is on its disk again (D-184). */
        if (leader_is_forwarding_to(leader, handler))
            synced_learner_tracker_remove_ack(&proposal->tracker, learner_handler_get_sid(handler));
        learner_handler_queue_packet(
            handler, quorum_packet_new(LEADER_PROPOSAL, zxid, proposal->request->txn->bytes));
    }
    return leader->last_proposed;
}

/* Java: touch() */
void leader_touch(struct learner_master *master, int64_t session_id, int32_t timeout_ms)
{
    leader_zookeeper_server_touch(leader_of(master)->role.zk, session_id, timeout_ms);
}

/* Java: submitLearnerRequest() */
int leader_submit_learner_request(struct learner_master *master, struct request *request)
{
    return leader_zookeeper_server_submit_learner_request(leader_of(master)->role.zk, request);
}

void leader_init_proposals(struct leader *leader) UNSHARED
{
    leader->pending_syncs = (struct array_deque)ARRAY_DEQUE_OF(struct pending_sync);
    proposal_list_init(&leader->outstanding_proposals);
    proposal_list_init(&leader->to_be_applied);
}

void leader_free_proposals(struct leader *leader) UNSHARED
{
    struct pending_sync sync;
    while (array_deque_remove_first(&leader->pending_syncs, &sync))
        pending_sync_done(&sync);
    array_deque_done(&leader->pending_syncs);
    proposal_list_done(&leader->outstanding_proposals);
    proposal_list_done(&leader->to_be_applied);
}

/* ---- what Java does elsewhere, or not at all ------------------------------------------------- */

/* One of two voters has gone, and the oracle says that the other one is enough: then its ACK is
 * enough for what is outstanding. Java asks again and again for a proposal that this does not help;
 * one that has no quorum yet waits for its ACKs here (D-169).
 * Java: QuorumOracleMaj.revalidateOutstandingProp() */
void leader_revalidate_outstanding_proposals(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    bool has_committed = true;
    while (has_committed && proposal_list_count(&leader->outstanding_proposals) > 0)
        has_committed = leader_try_to_commit_locked(
            leader, proposal_list_at(&leader->outstanding_proposals, 0), leader->my_id);
    zk_mutex_unlock(&leader->mu);
    leader_wake(leader);
}

/* Wakes the Senders and CommitProcessor, which may have slept on while packets and commits were
 * queued. */
void leader_wake(struct leader *leader)
{
    zk_mutex_lock(&leader->learners_mu);
    for (size_t i = 0; i < leader->learner_count; i++)
        learner_handler_wake(leader->learners[i].handler);
    zk_mutex_unlock(&leader->learners_mu);
    leader_zookeeper_server_wake_commit(leader->role.zk);
}

/* A LearnerHandler has read all that its learner has sent so far: its ACKs, and what its clients
 * want, which waits for ProcessThread. */
void leader_wake_for_learner(struct learner_master *master)
{
    struct leader *leader = leader_of(master);
    leader_wake(leader);
    leader_zookeeper_server_wake_prep(leader->role.zk);
}

/* Java: Request.logLatency() */
void leader_log_latency(struct leader *leader, enum server_metrics_summary which,
                        const struct request *request)
{
    struct server_metrics_values measured = {0};
    server_metrics_log_latency(&measured, which, request->txn->header.time_ms);
    if (measured.summaries[which].count > 0)
        server_metrics_add(leader->master.metrics, which, measured.summaries[which].last);
}

/* Java: Request.logLatency(SummarySet, key) */
static void log_ack_latency(struct leader *leader, int64_t sid, const struct request *request)
{
    struct avg_min_max_counter latency = {0};
    int64_t latency_ms = zk_wall_ms() - request->txn->header.time_ms;
    if (latency_ms >= 0)
        avg_min_max_counter_add(&latency, latency_ms);
    server_metrics_merge_of(leader->master.metrics, SERVER_METRICS_ACK_LATENCY, sid, &latency);
}

/* Java: BufferStats.setLastBufferSize() */
static void note_size_locked(struct leader *leader, int64_t size) REQUIRES(&leader->mu)
{
    zk_mutex_assert_held(&leader->mu);
    struct proposal_stats *stats = &leader->proposal_stats;
    stats->last = size;
    if (stats->min < 0 || size < stats->min)
        stats->min = size;
    if (size > stats->max)
        stats->max = size;
}
