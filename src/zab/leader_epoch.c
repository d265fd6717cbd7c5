/* The rendezvous of a new term: every handler and the leader's main thread wait here for a
 * quorum, three times, and once for the server to run. A late joiner passes all of them without
 * waiting.
 *
 *   connecting_followers  who told its acceptedEpoch    -> the epoch of the term
 *   electing_followers    who promised that epoch       -> nobody in a quorum knows more than we
 *   new_leader_proposal   who has our history on disk   -> the term is established
 *
 * Java: Leader.getEpochToPropose(), waitForEpochAck(), waitForNewLeaderAck(), waitForStartup();
 * reportLookingSid()
 *
 * No thread of its own. Java has a monitor for each set; here one lock guards all three, and
 * each has its condition. */
#include <errno.h>

#include "zab/leader_internal.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"

/* When a rendezvous that begins now is given up. */
static int64_t rendezvous_end_ms(const struct leader *leader)
{
    return zk_elapsed_ms() + quorum_peer_init_limit_ms(leader->self);
}

/* Do we and a quorum stand in the set? */
static bool quorum_with_leader_locked(struct leader *leader, const struct long_set *sids)
    REQUIRES(&leader->epoch_mu)
{
    zk_mutex_assert_held(&leader->epoch_mu);
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(leader->self);
    bool quorum = long_set_has(sids, leader->my_id) && qv_contains_quorum(qv, sids);
    qv_unref(qv);
    return quorum;
}

/* ---- the epoch ------------------------------------------------------------------------------ */

static int wait_for_new_epoch_locked(struct leader *leader, int64_t sid) REQUIRES(&leader->epoch_mu)
{
    zk_mutex_assert_held(&leader->epoch_mu);
    int64_t end_ms = rendezvous_end_ms(leader);
    if (sid == leader->my_id)
        leader->time_start_wait_for_epoch_ms = zk_elapsed_ms();
    bool in_time = true;
    while (leader->waiting_for_new_epoch && !leader->quit_wait_for_epoch &&
           !leader->epoch_stopping && leader->epoch_error == 0 && in_time)
        in_time = zk_cond_wait_until(&leader->epoch_proposed, &leader->epoch_mu, end_ms);
    if (leader->epoch_error != 0)
        return leader->epoch_error;
    if (!leader->waiting_for_new_epoch)
        return 0;
    return leader->epoch_stopping ? -ECANCELED : -ETIMEDOUT;
}

/* The promise is on disk before anybody is told of the epoch; the lock is held meanwhile, so
 * that nobody is. */
static int establish_epoch_locked(struct leader *leader) REQUIRES(&leader->epoch_mu)
{
    zk_mutex_assert_held(&leader->epoch_mu);
    int r = quorum_peer_set_accepted_epoch(leader->self, leader->epoch);
    if (r < 0)
        leader->epoch_error = r;
    else
        leader->waiting_for_new_epoch = false;
    zk_cond_broadcast(&leader->epoch_proposed);
    return r;
}

static int get_epoch_to_propose_locked(struct leader *leader, int64_t sid,
                                       int64_t last_accepted_epoch) REQUIRES(&leader->epoch_mu)
{
    zk_mutex_assert_held(&leader->epoch_mu);
    if (leader->epoch_stopping)
        return -ECANCELED;
    if (leader->epoch_error != 0)
        return leader->epoch_error;
    if (!leader->waiting_for_new_epoch)
        return 0;
    /* Whoever asks raises the epoch, observers and strangers too; only voters end the wait. */
    if (last_accepted_epoch >= leader->epoch)
        leader->epoch = last_accepted_epoch + 1;
    if (leader_is_participant(leader, sid))
        long_set_add(&leader->connecting_followers, sid);
    if (quorum_with_leader_locked(leader, &leader->connecting_followers))
        return establish_epoch_locked(leader);
    return wait_for_new_epoch_locked(leader, sid);
}

/* Java: getEpochToPropose() */
int leader_get_epoch_to_propose(struct leader *leader, int64_t sid, int64_t last_accepted_epoch,
                                int64_t *ret_epoch)
{
    zk_mutex_lock(&leader->epoch_mu);
    int r = get_epoch_to_propose_locked(leader, sid, last_accepted_epoch);
    if (r == 0)
        *ret_epoch = leader->epoch;
    zk_mutex_unlock(&leader->epoch_mu);
    return r;
}

/* A voter of ours looks for a leader again: with a limit for the wait there is no point in
 * waiting for it to the end (ZOOKEEPER-3109).
 * Java: setLeadingVoteSet(), reportLookingSid(), quitLeading() */
void leader_report_looking_sid(struct leader *leader,
                               const struct synced_learner_tracker *leading_vote_set, int64_t sid)
{
    bool quit = false;
    zk_mutex_lock(&leader->epoch_mu);
    if (leading_vote_set != NULL && !leader->has_vote_set) {
        leader->has_vote_set = true;
        synced_learner_tracker_copy(&leader->vote_set, leading_vote_set);
    }
    int64_t since_ms = leader->time_start_wait_for_epoch_ms;
    if (leader->max_time_to_wait_for_epoch_ms >= 0 && since_ms >= 0 &&
        leader->waiting_for_new_epoch && leader->has_vote_set &&
        synced_learner_tracker_has_sid(&leader->vote_set, sid) &&
        zk_elapsed_ms() - since_ms > leader->max_time_to_wait_for_epoch_ms) {
        quit = !leader->quit_wait_for_epoch;
        leader->quit_wait_for_epoch = true;
        zk_cond_broadcast(&leader->epoch_proposed);
    }
    zk_mutex_unlock(&leader->epoch_mu);
    if (quit)
        zk_log(leader->ctx, ZK_LOG_QUIT_LEADING);
}

/* ---- who knows more ------------------------------------------------------------------------- */

/* Java: StateSummary.isMoreRecentThan() */
static bool is_more_recent_than(const struct state_summary *a, const struct state_summary *b)
{
    return a->current_epoch > b->current_epoch ||
           (a->current_epoch == b->current_epoch && a->last_zxid > b->last_zxid);
}

static int wait_for_epoch_ack_locked(struct leader *leader, int64_t sid,
                                     const struct state_summary *summary)
    REQUIRES(&leader->epoch_mu)
{
    zk_mutex_assert_held(&leader->epoch_mu);
    if (leader->epoch_stopping)
        return -ECANCELED;
    if (leader->election_finished)
        return 0;
    /* -1: it had promised this epoch before, so its answer does not count. */
    if (summary->current_epoch != -1) {
        if (is_more_recent_than(summary, &leader->leader_state_summary))
            return -EPROTO;
        if (summary->last_zxid != -1 && leader_is_participant(leader, sid))
            long_set_add(&leader->electing_followers, sid);
    }
    if (quorum_with_leader_locked(leader, &leader->electing_followers)) {
        leader->election_finished = true;
        zk_cond_broadcast(&leader->epoch_acked);
        return 0;
    }
    int64_t end_ms = rendezvous_end_ms(leader);
    bool in_time = true;
    while (!leader->election_finished && !leader->epoch_stopping && in_time)
        in_time = zk_cond_wait_until(&leader->epoch_acked, &leader->epoch_mu, end_ms);
    if (leader->election_finished)
        return 0;
    return leader->epoch_stopping ? -ECANCELED : -ETIMEDOUT;
}

/* Java: waitForEpochAck() */
int leader_wait_for_epoch_ack(struct leader *leader, int64_t sid,
                              const struct state_summary *summary)
{
    zk_mutex_lock(&leader->epoch_mu);
    int r = wait_for_epoch_ack_locked(leader, sid, summary);
    zk_mutex_unlock(&leader->epoch_mu);
    return r;
}

/* ---- the quorum that has our history -------------------------------------------------------- */

static int wait_for_new_leader_ack_locked(struct leader *leader, int64_t sid, int64_t zxid)
    REQUIRES(&leader->epoch_mu)
{
    zk_mutex_assert_held(&leader->epoch_mu);
    if (leader->epoch_stopping)
        return -ECANCELED;
    if (leader->quorum_formed)
        return 0;
    if (zxid != leader->new_leader_zxid) {
        zk_log(leader->ctx, ZK_LOG_NEWLEADER_ACK_OTHER_EPOCH, sid, leader->new_leader_zxid, zxid);
        return 0;
    }
    synced_learner_tracker_add_ack(&leader->new_leader_proposal, sid);
    if (synced_learner_tracker_has_all_quorums(&leader->new_leader_proposal)) {
        leader->quorum_formed = true;
        zk_cond_broadcast(&leader->new_leader_acked);
        return 0;
    }
    int64_t end_ms = rendezvous_end_ms(leader);
    bool in_time = true;
    while (!leader->quorum_formed && !leader->epoch_stopping && in_time)
        in_time = zk_cond_wait_until(&leader->new_leader_acked, &leader->epoch_mu, end_ms);
    if (leader->quorum_formed)
        return 0;
    return leader->epoch_stopping ? -ECANCELED : -ETIMEDOUT;
}

/* Java: waitForNewLeaderAck() */
int leader_wait_for_new_leader_ack(struct leader *leader, int64_t sid, int64_t zxid)
{
    zk_mutex_lock(&leader->epoch_mu);
    int r = wait_for_new_leader_ack_locked(leader, sid, zxid);
    zk_mutex_unlock(&leader->epoch_mu);
    return r;
}

/* ---- the server that runs ------------------------------------------------------------------- */

/* Java: waitForStartup(), which looks every 20 ms; here the leader wakes who waits. */
int leader_wait_for_startup(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    while (!leader->running && !leader->stopping)
        zk_cond_wait(&leader->wake, &leader->mu);
    int r = leader->stopping ? -ECANCELED : 0;
    zk_mutex_unlock(&leader->mu);
    return r;
}

void leader_stop_rendezvous(struct leader *leader)
{
    zk_mutex_lock(&leader->epoch_mu);
    leader->epoch_stopping = true;
    zk_cond_broadcast(&leader->epoch_proposed);
    zk_cond_broadcast(&leader->epoch_acked);
    zk_cond_broadcast(&leader->new_leader_acked);
    zk_mutex_unlock(&leader->epoch_mu);
}
