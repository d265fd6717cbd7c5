/* What the peer's main thread does while it leads.
 *
 * lead() gathers a quorum in three steps (leader_epoch.c), then ticks: twice a tick it pings every
 * learner, once a tick it asks itself whether a quorum still answers. A leader that is cut off thus
 * notices within syncLimit ticks that others may have elected a new one, and steps down. Whatever
 * ends a term goes through leader_shutdown; leader_lead then waits until every thread of it is
 * gone.
 *
 * Java: Leader.lead(), startZkServer(); LeaderZooKeeperServer.loadData() */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zab/leader_internal.h"
#include "zab/zab_trace.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/ensemble/zxid.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/zab/learner_handler.h"

static int load_data(struct leader *leader);
static void term_snapshot_run(void *arg);
static void prepare_new_leader_proposal(struct leader *leader, int64_t zxid);
static void stop_without_new_leader_acks(struct leader *leader);
static int start_zk_server(struct leader *leader, int64_t epoch);
static void give_up(struct leader *leader, int error, const char *why_timeout);
static bool is_for_want_of_threads(struct leader *leader, int error);
static int check_server_runs(struct leader *leader);
static int check_synced_quorum(struct leader *leader);
static void count_synced(struct leader *leader, struct synced_learner_tracker *ret_synced);
static bool oracle_says_enough(struct leader *leader);
static void stop_without_quorum(struct leader *leader, const struct synced_learner_tracker *synced);
static void ping_learners(struct leader *leader);

/* The ports are bound first, and in the end all is taken down, which in Java QuorumPeer.run() has
 * done by the constructor and by shutdown().
 * Java: lead() */
int leader_lead(struct leader *leader)
{
    /* LONG: one Java method */
    struct quorum_peer *self = leader->self;
    struct learner_master *master = &leader->master;
    int r = leader_bind(leader);
    if (r < 0)
        return r;
    /* From here on others can shut us down, and report voters that look again. */
    quorum_peer_set_role(self, &leader->role);
    zab_log_election_took(self, "LEADING");

    quorum_peer_set_zab_state(self, ZAB_STATE_DISCOVERY);
    r = load_data(leader);
    if (r < 0)
        goto out;
    /* Taken before the first accept: what a learner's history is compared with must be what this
     * leader stood for when it was elected. */
    struct state_summary leader_state_summary = {
        .current_epoch = quorum_peer_get_current_epoch(self),
        .last_zxid = zk_database_last_processed_zxid(master->database),
    };
    zk_mutex_lock(&leader->epoch_mu);
    leader->leader_state_summary = leader_state_summary;
    zk_mutex_unlock(&leader->epoch_mu);

    /* Followers may have dialled by now: the port is bound, and they wait in its backlog. */
    r = leader_start_acceptor(leader);
    if (r < 0)
        goto out;

    /* First rendezvous: a quorum tells which epochs it has promised; the new one is above all. */
    int64_t epoch;
    r = leader_get_epoch_to_propose(master, leader->my_id, quorum_peer_get_accepted_epoch(self),
                                    &epoch);
    if (r == -ERANGE) /* until somebody mends it */
        leader_shutdown(leader, r, "the file acceptedEpoch leaves no epoch to lead in");
    if (r < 0) {
        give_up(leader, r, "Timeout while waiting for epoch from quorum");
        goto out;
    }
    /* The number of NEWLEADER, which is no transaction: the first write of the epoch gets the next
     * one. */
    int64_t zxid = zxid_make(epoch, 0);
    zk_mutex_lock(&leader->mu);
    leader->last_proposed = zxid;
    zk_mutex_unlock(&leader->mu);
    zookeeper_server_set_zxid(leader->role.zk, zxid);
    /* Before our own epoch ack, so before any handler can pass the second rendezvous and send
     * NEWLEADER with the configuration. */
    prepare_new_leader_proposal(leader, zxid);

    /* Second: a quorum promises the epoch, and nobody in it has a newer history. Only then is
     * currentEpoch ours: it says whose history we hold. */
    r = leader_wait_for_epoch_ack(master, leader->my_id, &leader_state_summary);
    if (r < 0) {
        give_up(leader, r, "Timeout while waiting for epoch to be acked by quorum");
        goto out;
    }
    r = quorum_peer_set_current_epoch(self, epoch);
    if (r < 0)
        goto out;
    quorum_peer_set_leader_id(self, leader->my_id);
    /* The handlers have been sending histories since the quorum of promises; now we wait for
     * them. */
    quorum_peer_set_zab_state(self, ZAB_STATE_SYNCHRONIZATION);

    /* Third: a quorum has our history on disk. The term is established. */
    r = leader_wait_for_new_leader_ack(master, leader->my_id, zxid);
    if (r == -ETIMEDOUT)
        stop_without_new_leader_acks(leader);
    if (r < 0)
        goto out;
    r = start_zk_server(leader, epoch);
    if (r < 0)
        goto out;
    quorum_peer_set_zab_state(self, ZAB_STATE_BROADCAST);

    /* Two turns a tick: each pings, and every second one advances the clock and counts who was
     * heard of. A learner that answers every ping is heard of twice in each tick. */
    int64_t half_tick_ms = self->config->tick_time_ms / 2;
    bool tick_skip = true;
    while (!leader_pause(leader, half_tick_ms)) {
        if (!tick_skip) {
            zk_mutex_lock(&leader->mu);
            leader->tick++;
            zk_mutex_unlock(&leader->mu);
        }
        r = check_server_runs(leader);
        if (r == 0 && !tick_skip)
            r = check_synced_quorum(leader);
        if (r < 0)
            goto out;
        tick_skip = !tick_skip;
        ping_learners(leader);
    }
    r = -ECANCELED;
out:
    if (is_for_want_of_threads(leader, r)) {
        zk_log(leader->ctx, ZK_LOG_NO_THREAD_TO_LEAD);
        leader_shutdown(leader, EXIT_CODE_UNEXPECTED_ERROR, "the system gives no more threads");
    }
    /* Whoever shut us down first has said why; otherwise this does. */
    leader_shutdown(leader, r, "Forcing shutdown");
    quorum_peer_set_zookeeper_server(self, NULL);
    /* Before the tree is brought up to the log. */
    zk_thread_group_join(leader->snapshot_threads);
    /* Handlers may still bring requests and ACKs. The processors drop what comes after their end,
     * and are freed with the role, when these threads are gone. */
    zookeeper_server_shutdown(leader->role.zk);
    int exit_code = zookeeper_server_exit_code(leader->role.zk);
    quorum_peer_set_role(self, NULL);
    zk_thread_group_join(leader->threads);
    leader_close_listeners(leader);
    zk_mutex_lock(&leader->mu);
    r = exit_code > 0 && leader->result <= 0 ? exit_code : leader->result;
    zk_mutex_unlock(&leader->mu);
    return r;
}

/* ---- the database of the term ---------------------------------------------------------------- */

/* One snapshot on its way to the disk. */
struct term_snapshot {
    struct leader *leader;
    struct zk_database_snapshot *snapshot;
};

/* The tree as it is now is written to disk, but nobody waits for that: it holds nothing that is not
 * there already (D-46), and the followers are dialling.
 * Java: ZooKeeperServer.loadData() */
static int load_data(struct leader *leader)
{
    struct zk_database *database = leader->master.database;
    int64_t zxid = zk_database_last_processed_zxid(database);
    if (!zk_database_is_initialized(database)) {
        int r = zk_database_load_data_base(database, &zxid);
        if (r < 0)
            return r;
    }
    zookeeper_server_set_zxid(leader->role.zk, zxid);
    zookeeper_server_clean_up_dead_sessions(leader->role.zk);

    struct term_snapshot *work = zk_xcalloc(1, sizeof *work);
    work->leader = leader;
    work->snapshot = zk_database_begin_snapshot(database);
    int r =
        zk_thread_group_start(leader->snapshot_threads, term_snapshot_run, work, "Snapshot Thread");
    if (r < 0)
        term_snapshot_run(work); /* no thread to be had: as Java, before the first accept */
    return 0;
}

/* Java: ZooKeeperServer.takeSnapshot(), whose failure ends the process */
static void term_snapshot_run(void *arg)
{
    struct term_snapshot *work = arg;
    struct leader *leader = work->leader;
    int64_t start_ms = zk_elapsed_ms();
    int r = zk_database_save_snapshot(leader->master.database, work->snapshot);
    if (r < 0) {
        zk_log(leader->ctx, ZK_LOG_SNAPSHOT_EXITING, zk_error_text(r).text);
        leader_shutdown(leader, EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT,
                        "the snapshot cannot be written");
    } else {
        int64_t elapsed_ms = zk_elapsed_ms() - start_ms;
        zk_log(leader->ctx, ZK_LOG_TERM_SNAPSHOT, elapsed_ms);
        server_metrics_add(leader->master.metrics, SERVER_METRICS_SNAPSHOTTIME, elapsed_ms);
    }
    free(work);
}

/* ---- forming the quorum ---------------------------------------------------------------------- */

/* The configuration that the term starts with. With reconfigEnabled=true the first leader of an
 * ensemble raises its version from 0 to the zxid of NEWLEADER, so that a configuration that was
 * established goes before one that is only written in a file (ZOOKEEPER-1783).
 * (In Java a part of lead().) */
static void prepare_new_leader_proposal(struct leader *leader, int64_t zxid)
{
    struct quorum_peer *self = leader->self;
    const struct quorum_verifier *committed = quorum_peer_quorum_verifier(self);
    bool initial =
        committed->version == 0 && quorum_peer_last_seen_quorum_verifier(self)->version == 0;
    if (initial && self->config->reconfig_enabled) {
        struct quorum_verifier *raised = qv_with_version(committed, zxid);
        quorum_peer_set_last_seen_quorum_verifier(self, raised);
        qv_unref(raised);
    } else if (initial) {
        zk_log(leader->ctx, ZK_LOG_RECONFIG_DISABLED); /* what Java's attempt comes to */
    }
    zk_mutex_lock(&leader->epoch_mu);
    leader->new_leader_zxid = zxid;
    quorum_peer_init_tracker(leader->self, &leader->new_leader_proposal);
    zk_mutex_unlock(&leader->epoch_mu);
}

/* No quorum acknowledged NEWLEADER in time. If a quorum is connected, initLimit is too small for
 * the size of the data: say so.
 * (In Java a part of lead().) */
static void stop_without_new_leader_acks(struct leader *leader)
{
    struct zk_str reason = {0};
    zk_str_append(&reason, "Waiting for a quorum of followers, only synced with sids: [ ");
    zk_mutex_lock(&leader->epoch_mu);
    synced_learner_tracker_append_ack_sets(&leader->new_leader_proposal, &reason);
    zk_mutex_unlock(&leader->epoch_mu);
    zk_str_append(&reason, " ]");

    struct synced_learner_tracker present;
    quorum_peer_init_tracker(leader->self, &present);
    size_t count;
    struct learner_handler **learners = leader_get_learners(leader, &count);
    for (size_t i = 0; i < count; i++)
        synced_learner_tracker_add_ack(&present, learner_handler_get_sid(learners[i]));
    leader_free_learners(learners, count);
    /* As in Java the reason stands above the advice. */
    leader_shutdown(leader, -ETIMEDOUT, zk_str_text(&reason));
    if (synced_learner_tracker_has_all_quorums(&present))
        zk_log(leader->ctx, ZK_LOG_INIT_TICKS_TOO_FEW);
    synced_learner_tracker_done(&present);
    zk_str_done(&reason);
}

/* The term is established. Handlers in waitForStartup go on the moment that running becomes true,
 * so the tree, the server and the vote come first: a learner must not read UPTODATE while we still
 * tell the old epoch, and its first request needs the processors. The tree is told ahead of them:
 * where this server alone is a quorum they may have applied a transaction a moment later, and the
 * tree would go back behind it (D-178). Errors: -EAGAIN, there are no threads for them.
 * Java: startZkServer() */
static int start_zk_server(struct leader *leader, int64_t epoch)
{
    int64_t zxid = zxid_make(epoch, 0);
    /* NEWLEADER is committed, and all that stands before it in our log with it, in whichever epoch
     * that was proposed: the quorum that has acknowledged NEWLEADER has it on disk. */
    zk_mutex_lock(&leader->mu);
    leader->last_committed = zxid;
    zk_mutex_unlock(&leader->mu);
    struct zk_str sids = {0};
    zk_mutex_lock(&leader->epoch_mu);
    synced_learner_tracker_append_ack_sets(&leader->new_leader_proposal, &sids);
    zk_mutex_unlock(&leader->epoch_mu);
    zk_log(leader->ctx, ZK_LOG_QUORUM_OF_SUPPORTERS, zk_str_text(&sids), zxid);
    if (leader->self->config->reconfig_enabled)
        quorum_peer_process_reconfig(leader->self);
    else
        zk_log(leader->ctx, ZK_LOG_SKIP_DESIGNATED_LEADER);
    zk_str_done(&sids);
    zk_trace_established(leader->ctx, leader->my_id, epoch);

    zk_database_set_last_processed_zxid(leader->master.database, zxid);
    int r = zookeeper_server_startup(leader->role.zk);
    if (r < 0) {
        give_up(leader, r, NULL);
        return r;
    }
    quorum_peer_update_election_vote(leader->self, epoch);
    zk_mutex_lock(&leader->mu);
    leader->running = true;
    leader->serving_since_ms = zk_elapsed_ms();
    zk_cond_broadcast(&leader->wake);
    zk_mutex_unlock(&leader->mu);
    /* With "no" the leader leaves the clients to the others. */
    const char *leader_serves = zk_settings_get(leader->ctx, "zookeeper.leaderServes");
    if (leader_serves == NULL || strcmp(leader_serves, "no") != 0)
        quorum_peer_set_zookeeper_server(leader->self, leader->role.zk);
    return 0;
}

/* Ends the term. The log gets Java's words if the time is over, and those of the error
 * otherwise. */
static void give_up(struct leader *leader, int error, const char *why_timeout)
{
    leader_shutdown(leader, error, error == -ETIMEDOUT ? why_timeout : zk_error_text(error).text);
}

/* Returns whether the term could not begin because the system gives no more threads: to its
 * acceptors or its processors, or to the learners that a quorum lacks. The others would elect this
 * server again and again, and nobody would serve, so it ends (D-332). A term that serves goes on:
 * it is only the learner without a thread that is refused. */
static bool is_for_want_of_threads(struct leader *leader, int error)
{
    zk_mutex_lock(&leader->mu);
    bool running = leader->running;
    zk_mutex_unlock(&leader->mu);
    bool lacks_some = zk_thread_group_ran_short(leader->threads) ||
                      zk_atomic_long_get(&leader->master.lacks_senders) != 0;
    return error == -EAGAIN || (error == -ETIMEDOUT && !running && lacks_some);
}

/* ---- staying together ------------------------------------------------------------------------ */

/* A thread that the server cannot do without may have ended: the log cannot be written, say.
 * (In Java a part of lead().) */
static int check_server_runs(struct leader *leader)
{
    if (zookeeper_server_is_running(leader->role.zk))
        return 0;
    leader_shutdown(leader, -EIO, "Unexpected internal error");
    return -EIO;
}

/* Asks whether those that were heard of in time are a quorum, ourselves included. -ENOTCONN: they
 * are none any more, and the leader is stopped: others may have elected a new one by now.
 * (In Java a part of lead().) */
static int check_synced_quorum(struct leader *leader)
{
    struct synced_learner_tracker synced_ack_set;
    count_synced(leader, &synced_ack_set);
    bool quorum =
        synced_learner_tracker_has_all_quorums(&synced_ack_set) || oracle_says_enough(leader);
    if (!quorum)
        stop_without_quorum(leader, &synced_ack_set);
    synced_learner_tracker_done(&synced_ack_set);
    return quorum ? 0 : -ENOTCONN;
}

/* The caller passes *ret_synced to synced_learner_tracker_done. (In Java a part of lead().) */
static void count_synced(struct leader *leader, struct synced_learner_tracker *ret_synced)
{
    quorum_peer_init_tracker(leader->self, ret_synced);
    synced_learner_tracker_add_ack(ret_synced, leader->my_id);
    /* Observers and strangers are asked, too; the tracker counts voters alone. */
    size_t count;
    struct learner_handler **learners = leader_get_learners(leader, &count);
    for (size_t i = 0; i < count; i++) {
        if (learner_handler_synced(learners[i]))
            synced_learner_tracker_add_ack(ret_synced, learner_handler_get_sid(learners[i]));
    }
    leader_free_learners(learners, count);
}

/* Of two voters one is no majority; an oracle may say that it is enough. Then what waits for a
 * quorum has one. (In Java a part of lead().) */
static bool oracle_says_enough(struct leader *leader)
{
    struct long_set forwarding = {0};
    leader_get_forwarding_followers(leader, &forwarding);
    bool enough =
        qv_override_quorum_decision(quorum_peer_quorum_verifier(leader->self), &forwarding);
    long_set_done(&forwarding);
    if (enough)
        leader_revalidate_outstanding_proposals(leader);
    return enough;
}

/* (In Java a part of lead().) */
static void stop_without_quorum(struct leader *leader, const struct synced_learner_tracker *synced)
{
    struct zk_str reason = {0};
    zk_str_append(&reason, "Not sufficient followers synced, only synced with sids: [ ");
    synced_learner_tracker_append_ack_sets(synced, &reason);
    zk_str_append(&reason, " ]");
    leader_shutdown(leader, -ENOTCONN, zk_str_text(&reason));
    zk_str_done(&reason);
}

/* Outside every lock of the leader: one learner with a full queue must not hold up the others.
 * (In Java a part of lead().) */
static void ping_learners(struct leader *leader)
{
    size_t count;
    struct learner_handler **learners = leader_get_learners(leader, &count);
    for (size_t i = 0; i < count; i++)
        learner_handler_ping(learners[i]);
    leader_free_learners(learners, count);
}
