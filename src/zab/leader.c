/* The leader as its learners and other threads see it: who is connected, who is told of what,
 * how far the clock is, and how it all ends. Java: Leader. What the main thread does is in
 * leader_lead.c.
 *
 * No thread runs here. Stopping: leader_stop raises a flag under each of the three locks and
 * wakes all who wait on them, shuts every handler's connection and the listeners; leader_lead
 * joins. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zab/leader_internal.h"
#include "zab/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_metrics.h"
#include "zk/zab/learner_handler.h"

/* Java's the statics of Leader, LearnerMaster, LearnerHandler and ZKDatabase that come from
 * system properties */
static void leader_read_settings(struct leader *leader) UNSHARED
{
    const struct zk_context *ctx = leader->ctx;
    leader->max_time_to_wait_for_epoch_ms =
        zk_settings_get_integer(ctx, "zookeeper.leader.maxTimeToWaitForEpoch", -1);
    leader->force_snapshot_sync =
        zk_settings_get_boolean(ctx, "zookeeper.forceSnapshotSync", false);
    const char *no_delay = zk_settings_get(ctx, "leader.nodelay");
    leader->no_delay = no_delay == NULL || strcmp(no_delay, "true") == 0;
    /* Java reads a double; only its sign decides. */
    const char *factor = zk_settings_get(ctx, "zookeeper.snapshotSizeFactor");
    leader->txn_log_sync = factor == NULL || factor[0] != '-';
    leader->throttlers[LEARNER_SYNC_SNAP].max_concurrent_syncs =
        zk_settings_get_integer(ctx, "zookeeper.leader.maxConcurrentSnapSyncs", 10);
    leader->throttlers[LEARNER_SYNC_DIFF].max_concurrent_syncs =
        zk_settings_get_integer(ctx, "zookeeper.leader.maxConcurrentDiffSyncs", 100);
}

static const struct quorum_peer_role_methods leader_methods;

struct leader *leader_new(struct quorum_peer *self) UNSHARED
{
    struct leader *leader = zk_xcalloc(1, sizeof *leader);
    quorum_peer_role_init(&leader->role, &leader_methods);
    leader->self = self;
    leader->ctx = quorum_peer_context(self);
    leader->database = quorum_peer_database(self);
    leader->my_id = quorum_peer_get_my_id(self);
    leader->threads = zk_thread_group_new(leader->ctx);

    zk_mutex_init(&leader->mu, leader->ctx, "leader", ZK_RANK_LEADER);
    zk_cond_init(&leader->wake);

    zk_mutex_init(&leader->epoch_mu, leader->ctx, "leader_epoch", ZK_RANK_LEADER_EPOCH);
    zk_cond_init(&leader->epoch_proposed);
    zk_cond_init(&leader->epoch_acked);
    zk_cond_init(&leader->new_leader_acked);
    leader->waiting_for_new_epoch = true;
    leader->epoch = -1;
    leader->time_start_wait_for_epoch_ms = -1;

    zk_mutex_init(&leader->learners_mu, leader->ctx, "learner_master", ZK_RANK_LEARNER_MASTER);
    leader->follower_counter = -1;
    leader_read_settings(leader);
    return leader;
}

void leader_free(struct leader *leader) UNSHARED
{
    if (leader == NULL)
        return;
    zk_thread_group_free(leader->threads);
    leader_close_listeners(leader);
    zk_assert(leader->learner_count == 0);
    quorum_peer_role_unref(&leader->role);
}

/* ---- the role ------------------------------------------------------------------------------- */

static void leader_role_destroy(struct quorum_peer_role *role) UNSHARED
{
    struct leader *leader = (struct leader *)role;
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
    free(leader);
}

static void leader_role_shutdown(struct quorum_peer_role *role)
{
    leader_shutdown((struct leader *)role, "quorum Peer shutdown");
}

static void leader_role_report_looking_sid(struct quorum_peer_role *role,
                                           const struct synced_learner_tracker *leading_vote_set,
                                           int64_t sid)
{
    leader_report_looking_sid((struct leader *)role, leading_vote_set, sid);
}

static void leader_role_get_status(struct quorum_peer_role *role, struct leader_status *ret_status)
{
    leader_get_status((struct leader *)role, ret_status);
}

static const struct quorum_peer_role_methods leader_methods = {
    .shutdown = leader_role_shutdown,
    .report_looking_sid = leader_role_report_looking_sid,
    .get_status = leader_role_get_status,
    .destroy = leader_role_destroy,
};

/* ---- the end -------------------------------------------------------------------------------- */

void leader_stop(struct leader *leader, int result, const char *reason)
{
    zk_mutex_lock(&leader->mu);
    bool first = !leader->stopping;
    if (first) {
        leader->stopping = true;
        leader->result = result;
        leader_wake_listeners_locked(leader);
        zk_cond_broadcast(&leader->wake);
    }
    zk_mutex_unlock(&leader->mu);
    if (!first)
        return;
    zk_log(leader->ctx, ZK_LOG_LEADER_SHUTDOWN, reason);

    leader_stop_rendezvous(leader);
    zk_mutex_lock(&leader->learners_mu);
    leader->learners_closed = true;
    for (size_t i = 0; i < leader->learner_count; i++)
        learner_handler_shutdown(leader->learners[i].handler);
    zk_mutex_unlock(&leader->learners_mu);
}

/* Java: shutdown() */
void leader_shutdown(struct leader *leader, const char *reason)
{
    leader_stop(leader, -ECANCELED, reason);
}

bool leader_is_stopping(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    bool stopping = leader->stopping;
    zk_mutex_unlock(&leader->mu);
    return stopping;
}

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

/* ---- what handlers ask ---------------------------------------------------------------------- */

bool leader_is_participant(struct leader *leader, int64_t sid)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(leader->self);
    bool voter = qv_is_voter(qv, sid);
    qv_unref(qv);
    return voter;
}

int64_t leader_get_quorum_verifier_version(struct leader *leader)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(leader->self);
    int64_t version = qv->version;
    qv_unref(qv);
    return version;
}

struct buf *leader_get_quorum_verifier_bytes(struct leader *leader)
{
    struct quorum_verifier *qv = quorum_peer_get_last_seen_quorum_verifier(leader->self);
    const char *text = qv_to_string(qv);
    struct buf *bytes = buf_new_copy(text, strlen(text));
    qv_unref(qv);
    return bytes;
}

void leader_append_peer_info(struct leader *leader, int64_t sid, struct zk_str *str)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(leader->self);
    const struct quorum_server *server = qv_member(qv, sid);
    if (server != NULL)
        quorum_server_append(server, str);
    qv_unref(qv);
}

int64_t leader_get_last_proposed(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    int64_t zxid = leader->last_proposed;
    zk_mutex_unlock(&leader->mu);
    return zxid;
}

static int64_t leader_get_tick(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    int64_t tick = leader->tick;
    zk_mutex_unlock(&leader->mu);
    return tick;
}

int64_t leader_get_tick_of_initial_ack_deadline(struct leader *leader)
{
    const struct quorum_peer_config *config = quorum_peer_config_of(leader->self);
    return leader_get_tick(leader) + config->init_limit + config->sync_limit;
}

int64_t leader_get_tick_of_next_ack_deadline(struct leader *leader)
{
    return leader_get_tick(leader) + quorum_peer_config_of(leader->self)->sync_limit;
}

int64_t leader_get_and_decrement_follower_counter(struct leader *leader)
{
    zk_mutex_lock(&leader->learners_mu);
    int64_t sid = leader->follower_counter--;
    zk_mutex_unlock(&leader->learners_mu);
    return sid;
}

/* ---- the learners --------------------------------------------------------------------------- */

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

/* Whoever connects and says nothing must not keep out who has something to say: the one that has
 * been silent longest goes. */
static void drop_oldest_pending_locked(struct leader *leader) REQUIRES(&leader->learners_mu)
{
    zk_mutex_assert_held(&leader->learners_mu);
    size_t pending = 0;
    struct leader_learner *oldest = NULL;
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
    oldest->introduced = true; /* it is on its way out and counts no more */
    learner_handler_shutdown(oldest->handler);
}

int leader_add_learner_handler(struct leader *leader, struct learner_handler *handler)
{
    int r = 0;
    zk_mutex_lock(&leader->learners_mu);
    if (leader->learners_closed) {
        r = -ECANCELED;
    } else if (leader->learner_count >= LEADER_LEARNERS) {
        r = -EUSERS;
    } else {
        drop_oldest_pending_locked(leader);
        if (leader->learner_count == leader->learner_room) {
            leader->learner_room = leader->learner_room == 0 ? 8 : 2 * leader->learner_room;
            leader->learners =
                zk_xrealloc(leader->learners, leader->learner_room * sizeof *leader->learners);
        }
        leader->learners[leader->learner_count++] =
            (struct leader_learner){.handler = learner_handler_ref(handler)};
    }
    zk_mutex_unlock(&leader->learners_mu);
    return r;
}

void leader_learner_introduced(struct leader *leader, struct learner_handler *handler)
{
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    if (learner != NULL)
        learner->introduced = true;
    zk_mutex_unlock(&leader->learners_mu);
}

void leader_remove_learner_handler(struct leader *leader, struct learner_handler *handler)
{
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    if (learner != NULL) {
        size_t at = (size_t)(learner - leader->learners);
        leader->learner_count--;
        memmove(learner, learner + 1, (leader->learner_count - at) * sizeof *learner);
    }
    zk_mutex_unlock(&leader->learners_mu);
    if (learner != NULL)
        learner_handler_unref(handler);
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

/* Nothing is ever proposed here, so there is nothing to catch up with: the learner only enters
 * its set.
 * Java: startForwarding(), addForwardingFollower() */
int64_t leader_start_forwarding(struct leader *leader, struct learner_handler *handler,
                                bool participant)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(leader->self);
    zk_mutex_lock(&leader->mu);
    zk_mutex_lock(&leader->learners_mu);
    struct leader_learner *learner = find_learner_locked(leader, handler);
    if (learner != NULL) {
        learner->forwarding = participant;
        learner->observing = !participant;
    }
    if (participant) {
        /* With two voters and an oracle: is the other one there? */
        struct long_set sids = {0};
        forwarding_sids_locked(leader, &sids);
        qv_update_need_oracle(qv, &sids);
        long_set_done(&sids);
    }
    zk_mutex_unlock(&leader->learners_mu);
    int64_t last_proposed = leader->last_proposed;
    zk_mutex_unlock(&leader->mu);
    qv_unref(qv);
    return last_proposed;
}

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

void leader_get_forwarding_sids(struct leader *leader, struct long_set *ret_sids)
{
    zk_mutex_lock(&leader->learners_mu);
    forwarding_sids_locked(leader, ret_sids);
    zk_mutex_unlock(&leader->learners_mu);
}

/* ---- how many are synchronised at a time ---------------------------------------------------- */

/* Java: LearnerSyncThrottler.beginSync() */
int leader_begin_sync(struct leader *leader, enum learner_sync_type type, bool essential,
                      int32_t *ret_in_progress)
{
    zk_mutex_lock(&leader->learners_mu);
    struct learner_sync_throttler *throttler = &leader->throttlers[type];
    bool room = essential || throttler->sync_in_progress < throttler->max_concurrent_syncs;
    if (room)
        *ret_in_progress = ++throttler->sync_in_progress;
    zk_mutex_unlock(&leader->learners_mu);
    if (!room)
        return -EBUSY;
    server_metrics_count(quorum_peer_metrics(leader->self), type == LEARNER_SYNC_SNAP
                                                                ? SERVER_METRICS_SNAP_COUNT
                                                                : SERVER_METRICS_DIFF_COUNT);
    return 0;
}

/* Java: LearnerSyncThrottler.endSync() */
void leader_end_sync(struct leader *leader, enum learner_sync_type type)
{
    zk_mutex_lock(&leader->learners_mu);
    zk_assert(leader->throttlers[type].sync_in_progress > 0);
    leader->throttlers[type].sync_in_progress--;
    zk_mutex_unlock(&leader->learners_mu);
}

/* ---- what mntr asks ------------------------------------------------------------------------- */

void leader_get_status(struct leader *leader, struct leader_status *ret_status)
{
    struct leader_status status = {
        .last_proposal_size = -1, .min_proposal_size = -1, .max_proposal_size = -1};
    zk_mutex_lock(&leader->mu);
    if (leader->running)
        status.leader_uptime_ms = zk_elapsed_ms() - leader->serving_since_ms;
    zk_mutex_unlock(&leader->mu);

    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(leader->self);
    zk_mutex_lock(&leader->learners_mu);
    status.learners = (int64_t)leader->learner_count;
    for (size_t i = 0; i < leader->learner_count; i++) {
        const struct leader_learner *learner = &leader->learners[i];
        status.synced_observers += learner->observing;
        status.synced_followers += learner->forwarding;
        status.synced_non_voting_followers +=
            learner->forwarding && !qv_is_voter(qv, learner_handler_get_sid(learner->handler));
    }
    zk_mutex_unlock(&leader->learners_mu);
    qv_unref(qv);
    *ret_status = status;
}
