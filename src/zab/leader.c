/* The leader as its learners and other threads see it: who is connected, who is told of what, how
 * far the clock is, and how it all ends. What the main thread does is in leader_lead.c.
 *
 * No thread runs here. To stop, leader_shutdown raises a flag under each of the three locks and
 * wakes all who wait on them, then shuts every handler's connection and the listeners; leader_lead
 * joins.
 *
 * Java: Leader */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zab/leader_internal.h"
#include "zab/leader_zookeeper_server.h"
#include "zab/lock_ranks.h"
#include "zab/packet_data.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/zab/learner_handler.h"

static int leader_add_learner_handler(struct learner_master *master,
                                      struct learner_handler *handler);
static void leader_remove_learner_handler(struct learner_master *master,
                                          struct learner_handler *handler);
static int64_t leader_get_current_tick(struct learner_master *master);
static int64_t leader_sync_timeout(struct learner_master *master);
static int64_t leader_get_tick_of_next_ack_deadline(struct learner_master *master);
static int64_t leader_get_tick_of_initial_ack_deadline(struct learner_master *master);
static int64_t leader_get_and_decrement_follower_counter(struct learner_master *master);
static const void *leader_new_owner(struct learner_master *master);
static int64_t leader_get_quorum_verifier_version(struct learner_master *master);
static void leader_get_peer_info(struct learner_master *master, int64_t sid, struct zk_str *str);
static struct buf *leader_get_quorum_verifier_bytes(struct learner_master *master);
static int leader_revalidate_session(struct learner_master *master,
                                     const struct quorum_packet *packet,
                                     struct learner_handler *handler);
static void leader_register_learner_handler(struct learner_master *master,
                                            struct learner_handler *handler);

static const struct learner_master_ops leader_ops = {
    .add_learner_handler = leader_add_learner_handler,
    .remove_learner_handler = leader_remove_learner_handler,
    .wait_for_epoch_ack = leader_wait_for_epoch_ack,
    .wait_for_startup = leader_wait_for_startup,
    .get_epoch_to_propose = leader_get_epoch_to_propose,
    .wait_for_new_leader_ack = leader_wait_for_new_leader_ack,
    .get_last_proposed = leader_get_last_proposed,
    .get_current_tick = leader_get_current_tick,
    .sync_timeout = leader_sync_timeout,
    .get_tick_of_next_ack_deadline = leader_get_tick_of_next_ack_deadline,
    .get_tick_of_initial_ack_deadline = leader_get_tick_of_initial_ack_deadline,
    .get_and_decrement_follower_counter = leader_get_and_decrement_follower_counter,
    .process_ack = leader_process_learner_ack,
    .wake = leader_wake_for_learner,
    .revalidate_session = leader_revalidate_session,
    .touch = leader_touch,
    .submit_learner_request = leader_submit_learner_request,
    .hold_proposals = leader_hold_proposals,
    .release_proposals = leader_release_proposals,
    .get_last_committed = leader_get_last_committed,
    .start_forwarding = leader_start_forwarding,
    .new_owner = leader_new_owner,
    .get_quorum_verifier_version = leader_get_quorum_verifier_version,
    .get_peer_info = leader_get_peer_info,
    .get_quorum_verifier_bytes = leader_get_quorum_verifier_bytes,
    .register_learner_handler = leader_register_learner_handler,
};

static struct leader_learner *find_learner_locked(struct leader *leader,
                                                  const struct learner_handler *handler)
    REQUIRES(&leader->learners_mu);
static void forwarding_sids_locked(struct leader *leader, struct long_set *sids)
    REQUIRES(&leader->learners_mu);
static void replace_older_connections_locked(struct leader *leader, struct leader_learner *learner)
    REQUIRES(&leader->learners_mu);
static void drop_replaced_connections_locked(struct leader *leader, int64_t sid)
    REQUIRES(&leader->learners_mu);
static void drop_oldest_pending_locked(struct leader *leader) REQUIRES(&leader->learners_mu);

static void leader_role_shutdown(struct quorum_peer_role *role);
static void leader_get_status(struct quorum_peer_role *role, struct leader_status *ret_status);
static void leader_reset_proposal_stats(struct quorum_peer_role *role);
static size_t leader_get_observing_learners_info(struct quorum_peer_role *role,
                                                 struct observer_info **ret_infos);
static void leader_reset_observer_connection_stats(struct quorum_peer_role *role);
static void leader_destroy(struct quorum_peer_role *role);

static const struct quorum_peer_role_methods leader_role_methods = {
    .shutdown = leader_role_shutdown,
    .report_looking_sid = leader_report_looking_sid,
    .get_status = leader_get_status,
    .reset_proposal_stats = leader_reset_proposal_stats,
    .get_observers = leader_get_observing_learners_info,
    .reset_observer_stats = leader_reset_observer_connection_stats,
    .destroy = leader_destroy,
};

/* ---- life ------------------------------------------------------------------------------------ */

struct leader *leader_new(struct quorum_peer *self)
{
    struct leader *leader = zk_xcalloc(1, sizeof *leader);
    leader->self = self;
    leader->ctx = self->ctx;
    leader->my_id = self->my_id;
    quorum_peer_role_init(&leader->role, &leader_role_methods, leader_zookeeper_server_new(leader));
    /* Two groups, because the end joins them one after the other: the snapshot before the tree is
     * brought up to the log, all others behind that. */
    leader->threads = zk_thread_group_new(leader->ctx);
    leader->snapshot_threads = zk_thread_group_new(leader->ctx);
    leader->max_time_to_wait_for_epoch_ms =
        zk_settings_get_integer(leader->ctx, "zookeeper.leader.maxTimeToWaitForEpoch", -1);
    leader->ack_logging_frequency =
        zk_settings_get_integer(leader->ctx, "zookeeper.leader.ackLoggingFrequency", 1000);
    learner_master_init(&leader->master, &leader_ops, leader->ctx, self->database, self->metrics,
                        leader->threads);

    zk_mutex_init(&leader->mu, leader->ctx, "leader", ZK_RANK_LEADER);
    zk_cond_init(&leader->wake);
    leader_init_proposals(leader);
    leader->proposal_stats = (struct proposal_stats){.last = -1, .min = -1, .max = -1};

    zk_mutex_init(&leader->epoch_mu, leader->ctx, "leader_epoch", ZK_RANK_LEADER_EPOCH);
    zk_cond_init(&leader->epoch_proposed);
    zk_cond_init(&leader->epoch_acked);
    zk_cond_init(&leader->new_leader_acked);
    leader->waiting_for_new_epoch = true;
    leader->epoch = -1; /* below every promise, so the first one that is heard of raises it */
    leader->time_start_wait_for_epoch_ms = -1;

    zk_mutex_init(&leader->learners_mu, leader->ctx, "learner_master", ZK_RANK_LEARNER_MASTER);
    leader->follower_counter = -1;
    return leader;
}

void leader_free(struct leader *leader)
{
    if (leader == NULL)
        return;
    /* Threads and sockets go here, not with the last reference: a thread that is just asking for
     * our status may hold that. */
    zk_thread_group_free(leader->snapshot_threads);
    zk_thread_group_free(leader->threads);
    leader_close_listeners(leader);
    /* All are joined, and each handler's thread takes itself off the list before it ends. */
    zk_assert(leader->learner_count == 0);
    quorum_peer_role_unref(&leader->role);
}

/* The last of those who hold the role has dropped it: the peer's main thread, or a thread that was
 * just asking. */
static void leader_destroy(struct quorum_peer_role *role)
{
    struct leader *leader = (struct leader *)role;
    leader_free_proposals(leader);
    free(leader->learners);
    zk_mutex_destroy(&leader->learners_mu);

    long_set_done(&leader->connecting_followers);
    long_set_done(&leader->electing_followers);
    synced_learner_tracker_done(&leader->vote_set);
    synced_learner_tracker_done(&leader->new_leader_proposal);
    zk_cond_destroy(&leader->new_leader_acked);
    zk_cond_destroy(&leader->epoch_acked);
    zk_cond_destroy(&leader->epoch_proposed);
    zk_mutex_destroy(&leader->epoch_mu);

    zk_cond_destroy(&leader->wake);
    zk_mutex_destroy(&leader->mu);
    learner_master_done(&leader->master);
    free(leader);
}

/* ---- the learners ---------------------------------------------------------------------------- */

/* A copy, so that no handler is called under the list's lock: ping and synced ask the leader back,
 * under a lock that comes before this one.
 * Java: getLearners() */
struct learner_handler **leader_get_learners(struct leader *leader, size_t *ret_count)
{
    zk_mutex_lock(&leader->learners_mu);
    size_t count = leader->learner_count;
    struct learner_handler **learners = zk_xcalloc(count + 1, sizeof *learners);
    for (size_t i = 0; i < count; i++)
        learners[i] = learner_handler_ref(leader->learners[i].handler);
    zk_mutex_unlock(&leader->learners_mu);
    *ret_count = count;
    return learners;
}

void leader_free_learners(struct learner_handler **learners, size_t count)
{
    for (size_t i = 0; i < count; i++)
        learner_handler_unref(learners[i]);
    free(learners);
}

/* Java: getForwardingFollowers() */
void leader_get_forwarding_followers(struct leader *leader, struct long_set *ret_sids)
{
    zk_mutex_lock(&leader->learners_mu);
    forwarding_sids_locked(leader, ret_sids);
    zk_mutex_unlock(&leader->learners_mu);
}

/* What mntr reports of a leader: how many are connected and told of what, and since when it serves.
 * The two halves need not be of one moment; so no proposal waits while learners are counted.
 * Java: getNonVotingFollowers() and others, which LeaderZooKeeperServer asks for */
static void leader_get_status(struct quorum_peer_role *role, struct leader_status *ret_status)
{
    struct leader *leader = (struct leader *)role;
    struct leader_status status = {0};
    zk_mutex_lock(&leader->mu);
    status.last_proposal_size = leader->proposal_stats.last;
    status.min_proposal_size = leader->proposal_stats.min;
    status.max_proposal_size = leader->proposal_stats.max;
    status.pending_syncs = (int64_t)leader->pending_syncs.count;
    if (leader->running)
        status.leader_uptime_ms = zk_elapsed_ms() - leader->serving_since_ms;
    zk_mutex_unlock(&leader->mu);

    zk_mutex_lock(&leader->learners_mu);
    status.learners = (int64_t)leader->learner_count;
    for (size_t i = 0; i < leader->learner_count; i++) {
        const struct leader_learner *learner = &leader->learners[i];
        status.synced_observers += learner->observing;
        status.synced_followers += learner->forwarding;
        /* A learner that said FOLLOWERINFO is sent proposals, even if it has no vote. */
        status.synced_non_voting_followers +=
            learner->forwarding &&
            !quorum_peer_is_voter(leader->self, learner_handler_get_sid(learner->handler));
    }
    zk_mutex_unlock(&leader->learners_mu);
    *ret_status = status;
}

/* What StatResetCommand does in Java. */
static void leader_reset_proposal_stats(struct quorum_peer_role *role)
{
    struct leader *leader = (struct leader *)role;
    zk_mutex_lock(&leader->mu);
    leader->proposal_stats = (struct proposal_stats){.last = -1, .min = -1, .max = -1};
    zk_mutex_unlock(&leader->mu);
}

/* From now on it is sent each proposal and each commit; whether it votes is asked where votes are
 * counted.
 * Java: addForwardingFollower() */
void leader_add_forwarding_follower(struct leader *leader, struct learner_handler *handler)
{
    struct long_set sids = {0};
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    if (learner != NULL) { /* NULL: it is being shut down at this moment */
        learner->forwarding = true;
        replace_older_connections_locked(leader, learner);
    }
    /* With two voters and an oracle, the oracle is needed as long as the other voter is away. Said
     * under the lock: of two learners that come at once, the one that finds both says it last. */
    forwarding_sids_locked(leader, &sids);
    qv_update_need_oracle(quorum_peer_quorum_verifier(leader->self), &sids);
    zk_mutex_unlock(&leader->learners_mu);
    long_set_done(&sids);
}

bool leader_is_forwarding_to(struct leader *leader, const struct learner_handler *handler)
{
    zk_mutex_lock(&leader->learners_mu);
    const struct leader_learner *learner = find_learner_locked(leader, handler);
    bool forwarding = learner != NULL && learner->forwarding && !learner->replaced;
    zk_mutex_unlock(&leader->learners_mu);
    return forwarding;
}

/* From now on it is sent an INFORM for each commit. Its ACKs never count, so nobody asks which of
 * its connections is the youngest (D-184).
 * Java: addObserverLearnerHandler() */
void leader_add_observer_learner_handler(struct leader *leader, struct learner_handler *handler)
{
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    if (learner != NULL)
        learner->observing = true;
    zk_mutex_unlock(&leader->learners_mu);
}

/* Java: getObservingLearnersInfo() */
static size_t leader_get_observing_learners_info(struct quorum_peer_role *role,
                                                 struct observer_info **ret_infos)
{
    struct leader *leader = (struct leader *)role;
    size_t count = 0;
    zk_mutex_lock(&leader->learners_mu);
    struct observer_info *infos = zk_xcalloc(leader->learner_count + 1, sizeof *infos);
    for (size_t i = 0; i < leader->learner_count; i++) {
        if (leader->learners[i].observing)
            infos[count++] = learner_handler_get_info(leader->learners[i].handler);
    }
    zk_mutex_unlock(&leader->learners_mu);
    *ret_infos = infos;
    return count;
}

/* Java: resetObserverConnectionStats() */
static void leader_reset_observer_connection_stats(struct quorum_peer_role *role)
{
    struct leader *leader = (struct leader *)role;
    zk_mutex_lock(&leader->learners_mu);
    for (size_t i = 0; i < leader->learner_count; i++) {
        if (leader->learners[i].observing)
            learner_handler_reset_stats(leader->learners[i].handler);
    }
    zk_mutex_unlock(&leader->learners_mu);
}

/* Both limits are against callers that are no servers: anybody can dial the port (D-43).
 * Java: addLearnerHandler() */
static int leader_add_learner_handler(struct learner_master *master,
                                      struct learner_handler *handler)
{
    struct leader *leader = leader_of(master);
    int r = 0;
    zk_mutex_lock(&leader->learners_mu);
    if (leader->learners_closed) {
        r = -ECANCELED;
    } else if (leader->learner_count >= LEADER_LEARNERS) {
        zk_log(leader->ctx, ZK_LOG_LEARNER_REFUSED, learner_handler_get_remote_address(handler),
               LEADER_LEARNERS);
        r = -EUSERS;
    } else {
        drop_oldest_pending_locked(leader);
        leader->learners = zk_xgrow(leader->learners, leader->learner_count, &leader->learner_room,
                                    sizeof *leader->learners);
        leader->learners[leader->learner_count++] =
            (struct leader_learner){.handler = learner_handler_ref(handler)};
    }
    zk_mutex_unlock(&leader->learners_mu);
    return r;
}

/* Java: removeLearnerHandler() */
static void leader_remove_learner_handler(struct learner_master *master,
                                          struct learner_handler *handler)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    bool was_listed = learner != NULL;
    if (was_listed) {
        /* The others stay in the order of their arrival, by which the oldest and the youngest are
         * found. */
        size_t at = (size_t)(learner - leader->learners);
        bool counted = learner->forwarding && !learner->replaced;
        leader->learner_count--;
        memmove(learner, learner + 1, (leader->learner_count - at) * sizeof *learner);
        if (counted && !leader->learners_closed)
            drop_replaced_connections_locked(leader, learner_handler_get_sid(handler));
    }
    zk_mutex_unlock(&leader->learners_mu);
    if (was_listed)
        learner_handler_unref(handler); /* the list's reference; the caller has its own */
}

/* A SYNC that waits for its turn does not keep its handler alive, so the handler may be gone, and
 * another one may lie at its address, whose learner never asked. The owner, which is given out once
 * only, tells the two apart. */
struct learner_handler *leader_find_learner(struct leader *leader,
                                            const struct learner_handler *handler,
                                            const void *owner)
{
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    struct learner_handler *found = NULL;
    if (learner != NULL && learner_handler_get_owner(learner->handler) == owner)
        found = learner_handler_ref(learner->handler);
    zk_mutex_unlock(&leader->learners_mu);
    return found;
}

static struct leader_learner *find_learner_locked(struct leader *leader,
                                                  const struct learner_handler *handler)
    REQUIRES(&leader->learners_mu)
{
    zk_mutex_assert_held(&leader->learners_mu);
    for (size_t i = 0; i < leader->learner_count; i++) {
        if (leader->learners[i].handler == handler)
            return &leader->learners[i];
    }
    return NULL;
}

static void forwarding_sids_locked(struct leader *leader, struct long_set *sids)
    REQUIRES(&leader->learners_mu)
{
    zk_mutex_assert_held(&leader->learners_mu);
    for (size_t i = 0; i < leader->learner_count; i++) {
        if (leader->learners[i].forwarding)
            long_set_add(sids, learner_handler_get_sid(leader->learners[i].handler));
    }
}

/* Of the connections of one learner that are forwarded to, only the youngest counts (D-184). The
 * list is in order of arrival; a handler may be so slow that a younger one was here first. */
static void replace_older_connections_locked(struct leader *leader, struct leader_learner *learner)
    REQUIRES(&leader->learners_mu)
{
    zk_mutex_assert_held(&leader->learners_mu);
    const int64_t sid = learner_handler_get_sid(learner->handler);
    struct leader_learner *youngest = learner;
    for (size_t i = 0; i < leader->learner_count; i++) {
        struct leader_learner *other = &leader->learners[i];
        if (!other->forwarding || learner_handler_get_sid(other->handler) != sid)
            continue;
        if (other != learner)
            zk_log(leader->ctx, ZK_LOG_LEARNER_CALLED_AGAIN, sid,
                   learner_handler_get_remote_address(learner->handler),
                   learner_handler_get_remote_address(other->handler));
        other->replaced = true;
        youngest = other;
    }
    youngest->replaced = false;
}

/* The connection that took their place has ended. What they acknowledged in its time, and what of
 * it is still under way, does not count, so they cannot simply count again; and a voter that is
 * never counted would be no voter. It comes back, and is brought up to date (D-184). */
static void drop_replaced_connections_locked(struct leader *leader, int64_t sid)
    REQUIRES(&leader->learners_mu)
{
    zk_mutex_assert_held(&leader->learners_mu);
    for (size_t i = 0; i < leader->learner_count; i++) {
        const struct leader_learner *learner = &leader->learners[i];
        if (!learner->replaced || learner_handler_get_sid(learner->handler) != sid)
            continue;
        zk_log(leader->ctx, ZK_LOG_LEARNER_REPLACED, sid,
               learner_handler_get_remote_address(learner->handler));
        learner_handler_shutdown(learner->handler);
    }
}

/* Connections that say nothing must not use up the table: the one that has been silent longest is
 * closed (D-43). */
static void drop_oldest_pending_locked(struct leader *leader) REQUIRES(&leader->learners_mu)
{
    zk_mutex_assert_held(&leader->learners_mu);
    size_t pending = 0;
    struct leader_learner *oldest = NULL; /* the first one: they stand in order of arrival */
    for (size_t i = 0; i < leader->learner_count; i++) {
        if (leader->learners[i].introduced)
            continue;
        pending++;
        if (oldest == NULL)
            oldest = &leader->learners[i];
    }
    if (pending < LEADER_PENDING_LEARNERS)
        return;
    zk_log(leader->ctx, ZK_LOG_LEARNER_PUSHED_OUT,
           learner_handler_get_remote_address(oldest->handler), LEADER_PENDING_LEARNERS);
    oldest->introduced = true; /* it is about to end and is not counted again */
    learner_handler_shutdown(oldest->handler);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Whatever a thread of the term may wait for is ended here: each of them looks at a flag that was
 * raised before it was woken. The server and its threads end in leader_lead, which waits for them;
 * Java ends them here, on whichever thread has come first.
 * Java: shutdown() */
void leader_shutdown(struct leader *leader, int result, const char *reason)
{
    /* The main thread, the acceptors and those in waitForStartup. */
    zk_mutex_lock(&leader->mu);
    bool first = !leader->stopping;
    /* A server that must not go on ends, whatever has ended the term a moment before: on a full
     * disk acceptedEpoch and the snapshot fail together, and the others need another leader. */
    if (first || (result > 0 && leader->result <= 0))
        leader->result = result;
    if (first) {
        leader->stopping = true;
        leader_wake_listeners_locked(leader);
        zk_cond_broadcast(&leader->wake);
    }
    zk_mutex_unlock(&leader->mu);
    if (!first)
        return;
    zk_log(leader->ctx, ZK_LOG_LEADER_SHUTDOWN, reason);

    leader_stop_rendezvous(leader);
    /* The flag comes first, under the same lock: a connection that is accepted at this moment is
     * either in the list or refused. Each learner reads the end of its connection at once, and
     * looks for a leader without waiting for syncLimit. */
    zk_mutex_lock(&leader->learners_mu);
    leader->learners_closed = true;
    for (size_t i = 0; i < leader->learner_count; i++)
        learner_handler_shutdown(leader->learners[i].handler);
    zk_mutex_unlock(&leader->learners_mu);
}

/* The process is ending. Java: QuorumPeer.shutdown(), its part for the leader */
static void leader_role_shutdown(struct quorum_peer_role *role)
{
    leader_shutdown((struct leader *)role, -ECANCELED, "quorum Peer shutdown");
}

bool leader_is_stopping(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    bool stopping = leader->stopping;
    zk_mutex_unlock(&leader->mu);
    return stopping;
}

/* The main thread sleeps here between two pings. The condition is signalled for other reasons, too,
 * an acceptor that ends for one, so what is left of the time is waited out. */
bool leader_pause(struct leader *leader, int64_t ms)
{
    int64_t end_ms = zk_elapsed_ms() + ms;
    zk_mutex_lock(&leader->mu);
    while (!leader->stopping && zk_cond_wait_until(&leader->wake, &leader->mu, end_ms))
        continue;
    bool stopping = leader->stopping;
    zk_mutex_unlock(&leader->mu);
    return stopping;
}

/* ---- what handlers ask ----------------------------------------------------------------------- */

/* Java: getCurrentTick() */
static int64_t leader_get_current_tick(struct learner_master *master)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->mu);
    int64_t tick = leader->tick;
    zk_mutex_unlock(&leader->mu);
    return tick;
}

/* Java: syncTimeout() */
static int64_t leader_sync_timeout(struct learner_master *master)
{
    return leader_of(master)->self->sync_limit_ms;
}

/* They are ticks, not times: if this machine stands still, the leader's clock stands still with it,
 * and no learner is late for that.
 * Java: getTickOfNextAckDeadline() */
static int64_t leader_get_tick_of_next_ack_deadline(struct learner_master *master)
{
    return leader_get_current_tick(master) + leader_of(master)->self->config->sync_limit;
}

/* A learner that is being synchronised says nothing for a while, and counts meanwhile.
 * Java: getTickOfInitialAckDeadline() */
static int64_t leader_get_tick_of_initial_ack_deadline(struct learner_master *master)
{
    const struct quorum_peer_config *config = leader_of(master)->self->config;
    return leader_get_current_tick(master) + config->init_limit + config->sync_limit;
}

/* Java: getAndDecrementFollowerCounter() */
static int64_t leader_get_and_decrement_follower_counter(struct learner_master *master)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->learners_mu);
    int64_t sid = leader->follower_counter--;
    zk_mutex_unlock(&leader->learners_mu);
    return sid;
}

/* An odd number is the address of nothing; so it is not what marks the sessions of our own clients
 * either, which is an address (D-168). */
static const void *leader_new_owner(struct learner_master *master)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->learners_mu);
    uintptr_t owner = 2 * leader->owner_counter++ + 1;
    zk_mutex_unlock(&leader->learners_mu);
    return (const void *)owner;
}

/* Java asks for the committed version alone. What we once acknowledged, a learner may have seen
 * committed (D-97).
 * Java: getQuorumVerifierVersion() */
static int64_t leader_get_quorum_verifier_version(struct learner_master *master)
{
    return quorum_peer_last_seen_quorum_verifier(leader_of(master)->self)->version;
}

/* Java: getPeerInfo() */
static void leader_get_peer_info(struct learner_master *master, int64_t sid, struct zk_str *str)
{
    const struct quorum_server *server =
        qv_member(quorum_peer_quorum_verifier(leader_of(master)->self), sid);
    if (server != NULL)
        quorum_server_append(server, str);
}

/* The newest one, not the committed one: a quorum that acknowledges NEWLEADER has heard of it.
 * Java: getQuorumVerifierBytes() */
static struct buf *leader_get_quorum_verifier_bytes(struct learner_master *master)
{
    const char *text = qv_to_string(quorum_peer_last_seen_quorum_verifier(leader_of(master)->self));
    return buf_new_copy(text, strlen(text));
}

/* A client with a session has moved to this learner: does the session exist? Then the learner owns
 * it from now on, and what the server it came from still asks in its name is refused.
 * Java: revalidateSession() */
static int leader_revalidate_session(struct learner_master *master,
                                     const struct quorum_packet *packet,
                                     struct learner_handler *handler)
{
    struct session_timeout asked;
    if (packet_data_read_session(packet->data, 0, &asked) < 0)
        return -EPROTO;
    bool valid = leader_zookeeper_server_check_if_valid_global_session(
        leader_of(master)->role.zk, asked.session, asked.timeout_ms,
        learner_handler_get_owner(handler));

    /* The learner's client waits for this with its handshake; after a 0 its session is over. */
    struct buf *answer = packet_data_of_validity(asked.session, valid);
    learner_handler_queue_packet(handler,
                                 quorum_packet_new(LEADER_REVALIDATE, packet->zxid, answer));
    buf_unref(answer);
    return 0;
}

/* Java: registerLearnerHandlerBean() */
static void leader_register_learner_handler(struct learner_master *master,
                                            struct learner_handler *handler)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    if (learner != NULL)
        learner->introduced = true;
    zk_mutex_unlock(&leader->learners_mu);
}
