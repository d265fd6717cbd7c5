/* What the peer's main thread does while it leads. Java: Leader.lead(), startZkServer();
 * LeaderZooKeeperServer.loadData()
 *
 * lead() gathers a quorum in three steps (leader_epoch.c), then ticks: twice a tick it pings
 * every learner, once a tick it asks itself whether a quorum still answers. Whatever ends it
 * goes through leader_stop; leader_lead then waits until every thread of the term is gone. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "zab/leader_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/zab/learner_handler.h"

static int lead(struct leader *leader);

/* Java: lead(), its first lines */
static void log_election_time(struct leader *leader)
{
    int64_t start_ms = quorum_peer_take_start_fle(leader->self);
    if (start_ms < 0)
        return;
    int64_t took_ms = zk_elapsed_ms() - start_ms;
    server_metrics_add(quorum_peer_metrics(leader->self), SERVER_METRICS_ELECTION_TIME, took_ms);
    zk_log(leader->ctx, ZK_LOG_ELECTION_TOOK, "LEADING", took_ms);
}

/* Java: new Leader(), lead() and shutdown() as QuorumPeer.run() strings them together */
int leader_lead(struct leader *leader)
{
    int r = leader_bind(leader);
    if (r < 0)
        return r;
    quorum_peer_set_role(leader->self, &leader->role);
    log_election_time(leader);

    r = lead(leader);
    leader_stop(leader, r, "Forcing shutdown");

    quorum_peer_set_role(leader->self, NULL);
    zk_thread_group_join(leader->threads);
    leader_close_listeners(leader);
    zk_mutex_lock(&leader->mu);
    r = leader->result;
    zk_mutex_unlock(&leader->mu);
    return r;
}

/* ---- the database of the term --------------------------------------------------------------- */

/* One snapshot on its way to the disk. */
struct term_snapshot {
    struct leader *leader;
    struct zk_database_snapshot *snapshot;
};

/* Java: ZooKeeperServer.takeSnapshot(), whose failure ends the process */
static void term_snapshot_run(void *arg)
{
    struct term_snapshot *work = arg;
    struct leader *leader = work->leader;
    int64_t start_ms = zk_elapsed_ms();
    int r = zk_database_save_snapshot(leader->database, work->snapshot);
    if (r < 0) {
        char reason[128];
        zk_log(leader->ctx, ZK_LOG_SNAPSHOT_EXITING, sock_error_text(r, reason, sizeof reason));
        leader_stop(leader, EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT,
                    "the snapshot cannot be written");
    } else {
        zk_log(leader->ctx, ZK_LOG_TERM_SNAPSHOT, zk_elapsed_ms() - start_ms);
    }
    free(work);
}

/* The tree as it is now is written to disk, but nobody waits for that: it holds nothing that is
 * not there already (D-46).
 * Java: ZooKeeperServer.loadData() */
static int load_data(struct leader *leader)
{
    if (!zk_database_is_initialized(leader->database)) {
        int64_t zxid;
        int r = zk_database_load_data_base(leader->database, &zxid);
        if (r < 0)
            return r;
    }
    struct term_snapshot *work = zk_xcalloc(1, sizeof *work);
    work->leader = leader;
    work->snapshot = zk_database_copy_snapshot(leader->database);
    int r = zk_thread_group_start(leader->threads, term_snapshot_run, work, "Snapshot Thread");
    if (r < 0)
        term_snapshot_run(work);
    return 0;
}

/* ---- forming the quorum --------------------------------------------------------------------- */

/* The configuration that the term starts with. Without reconfiguration the version stays 0, and
 * the attempt to raise it only leaves a log line. Java: lead(), the part about
 * newLeaderProposal */
static void prepare_new_leader_proposal(struct leader *leader, int64_t zxid)
{
    struct quorum_verifier *committed = quorum_peer_get_quorum_verifier(leader->self);
    struct quorum_verifier *last_seen = quorum_peer_get_last_seen_quorum_verifier(leader->self);
    if (committed->version == 0 && last_seen->version == 0) {
        struct quorum_verifier *raised = qv_with_version(committed, zxid);
        quorum_peer_set_last_seen_quorum_verifier(leader->self, raised);
        qv_unref(raised);
        qv_unref(last_seen);
        last_seen = quorum_peer_get_last_seen_quorum_verifier(leader->self);
    }
    zk_mutex_lock(&leader->epoch_mu);
    leader->new_leader_zxid = zxid;
    synced_learner_tracker_add_quorum_verifier(&leader->new_leader_proposal, committed);
    if (last_seen->version > committed->version)
        synced_learner_tracker_add_quorum_verifier(&leader->new_leader_proposal, last_seen);
    zk_mutex_unlock(&leader->epoch_mu);
    qv_unref(last_seen);
    qv_unref(committed);
}

/* Too few have our history in time. Was it that they came, and were too slow? */
static void stop_without_new_leader_acks(struct leader *leader)
{
    struct zk_str reason = {0};
    zk_str_append(&reason, "Waiting for a quorum of followers, only synced with sids: [ ");
    struct synced_learner_tracker present = {0};
    zk_mutex_lock(&leader->epoch_mu);
    synced_learner_tracker_append_ack_sets(&leader->new_leader_proposal, &reason);
    for (size_t i = 0; i < leader->new_leader_proposal.pair_count; i++)
        synced_learner_tracker_add_quorum_verifier(&present,
                                                   leader->new_leader_proposal.pairs[i].qv);
    zk_mutex_unlock(&leader->epoch_mu);
    zk_str_append(&reason, " ]");

    size_t count;
    struct learner_handler **learners = leader_get_learners(leader, &count);
    for (size_t i = 0; i < count; i++)
        synced_learner_tracker_add_ack(&present, learner_handler_get_sid(learners[i]));
    leader_free_learners(learners, count);
    leader_stop(leader, -ETIMEDOUT, zk_str_text(&reason));
    if (synced_learner_tracker_has_all_quorums(&present))
        zk_log(leader->ctx, ZK_LOG_INIT_TICKS_TOO_FEW);
    synced_learner_tracker_done(&present);
    zk_str_done(&reason);
}

/* The term is established. Handlers that wait for it see vote and tree as they are to be:
 * running comes last.
 * Java: startZkServer() */
static void start_zk_server(struct leader *leader, int64_t epoch)
{
    int64_t zxid = zxid_make(epoch, 0);
    struct zk_str sids = {0};
    zk_mutex_lock(&leader->epoch_mu);
    synced_learner_tracker_append_ack_sets(&leader->new_leader_proposal, &sids);
    zk_mutex_unlock(&leader->epoch_mu);
    zk_log(leader->ctx, ZK_LOG_QUORUM_OF_SUPPORTERS, zk_str_text(&sids), zxid);
    zk_log(leader->ctx, ZK_LOG_SKIP_DESIGNATED_LEADER);
    zk_str_done(&sids);
    zk_trace_established(leader->ctx, leader->my_id, epoch);

    quorum_peer_update_election_vote(leader->self, epoch);
    zk_database_set_last_processed_zxid(leader->database, zxid);
    zk_mutex_lock(&leader->mu);
    leader->running = true;
    leader->serving_since_ms = zk_elapsed_ms();
    zk_cond_broadcast(&leader->wake);
    zk_mutex_unlock(&leader->mu);
}

static void give_up(struct leader *leader, int error, const char *why_timeout)
{
    char reason[128];
    leader_stop(leader, error,
                error == -ETIMEDOUT ? why_timeout : sock_error_text(error, reason, sizeof reason));
}

/* ---- staying together ----------------------------------------------------------------------- */

/* If they are too few, *ret_sids tells who.
 * Java: lead(), the part of its loop that counts who is synced */
static bool has_synced_quorum(struct leader *leader, int64_t tick, struct zk_str *ret_sids)
{
    struct quorum_verifier *committed = quorum_peer_get_quorum_verifier(leader->self);
    struct quorum_verifier *last_seen = quorum_peer_get_last_seen_quorum_verifier(leader->self);
    struct synced_learner_tracker synced = {0};
    synced_learner_tracker_add_quorum_verifier(&synced, committed);
    if (last_seen->version > committed->version)
        synced_learner_tracker_add_quorum_verifier(&synced, last_seen);
    synced_learner_tracker_add_ack(&synced, leader->my_id);

    size_t count;
    struct learner_handler **learners = leader_get_learners(leader, &count);
    for (size_t i = 0; i < count; i++) {
        if (learner_handler_synced(learners[i], tick))
            synced_learner_tracker_add_ack(&synced, learner_handler_get_sid(learners[i]));
    }
    leader_free_learners(learners, count);

    bool quorum = synced_learner_tracker_has_all_quorums(&synced);
    if (!quorum) {
        struct long_set forwarding = {0};
        leader_get_forwarding_sids(leader, &forwarding);
        quorum = qv_override_quorum_decision(committed, &forwarding);
        long_set_done(&forwarding);
    }
    if (!quorum)
        synced_learner_tracker_append_ack_sets(&synced, ret_sids);
    synced_learner_tracker_done(&synced);
    qv_unref(last_seen);
    qv_unref(committed);
    return quorum;
}

static void ping_learners(struct leader *leader)
{
    size_t count;
    struct learner_handler **learners = leader_get_learners(leader, &count);
    for (size_t i = 0; i < count; i++)
        learner_handler_ping(learners[i]);
    leader_free_learners(learners, count);
}

/* Two turns a tick: each pings, every second one lets the clock advance and looks for the
 * quorum. Java: lead(), its loop */
static int tick_until_lost(struct leader *leader)
{
    int64_t half_tick_ms = quorum_peer_config_of(leader->self)->tick_time_ms / 2;
    bool tick_skip = true;
    while (!leader_pause(leader, half_tick_ms)) {
        if (!tick_skip) {
            zk_mutex_lock(&leader->mu);
            int64_t tick = ++leader->tick;
            zk_mutex_unlock(&leader->mu);
            struct zk_str sids = {0};
            bool quorum = has_synced_quorum(leader, tick, &sids);
            if (!quorum) {
                struct zk_str reason = {0};
                zk_str_printf(&reason,
                              "Not sufficient followers synced, only synced with sids: [ %s ]",
                              zk_str_text(&sids));
                leader_stop(leader, -ENOTCONN, zk_str_text(&reason));
                zk_str_done(&reason);
            }
            zk_str_done(&sids);
            if (!quorum)
                return -ENOTCONN;
        }
        tick_skip = !tick_skip;
        ping_learners(leader);
    }
    return -ECANCELED;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Java: lead() */
static int lead(struct leader *leader)
{
    struct quorum_peer *self = leader->self;
    quorum_peer_set_zab_state(self, ZAB_STATE_DISCOVERY);
    int r = load_data(leader);
    if (r < 0)
        return r;
    struct state_summary summary = {
        .current_epoch = quorum_peer_get_current_epoch(self),
        .last_zxid = zk_database_last_processed_zxid(leader->database),
    };
    zk_mutex_lock(&leader->epoch_mu);
    leader->leader_state_summary = summary;
    zk_mutex_unlock(&leader->epoch_mu);

    r = leader_start_acceptor(leader);
    if (r < 0)
        return r;

    int64_t epoch;
    r = leader_get_epoch_to_propose(leader, leader->my_id, quorum_peer_get_accepted_epoch(self),
                                    &epoch);
    if (r < 0) {
        give_up(leader, r, "Timeout while waiting for epoch from quorum");
        return r;
    }
    int64_t zxid = zxid_make(epoch, 0);
    zk_mutex_lock(&leader->mu);
    leader->last_proposed = zxid;
    zk_mutex_unlock(&leader->mu);
    /* Before our own epoch ack, so before any handler can send NEWLEADER. */
    prepare_new_leader_proposal(leader, zxid);

    r = leader_wait_for_epoch_ack(leader, leader->my_id, &summary);
    if (r < 0) {
        give_up(leader, r, "Timeout while waiting for epoch to be acked by quorum");
        return r;
    }
    r = quorum_peer_set_current_epoch(self, epoch);
    if (r < 0)
        return r;
    quorum_peer_set_leader_id(self, leader->my_id);
    quorum_peer_set_zab_state(self, ZAB_STATE_SYNCHRONIZATION);

    r = leader_wait_for_new_leader_ack(leader, leader->my_id, zxid);
    if (r == -ETIMEDOUT) {
        stop_without_new_leader_acks(leader);
        return r;
    }
    if (r < 0)
        return r;
    start_zk_server(leader, epoch);
    quorum_peer_set_zab_state(self, ZAB_STATE_BROADCAST);
    return tick_until_lost(leader);
}
