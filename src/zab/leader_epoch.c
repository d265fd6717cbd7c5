/* The rendezvous of a new term: every handler and the leader's main thread wait here for a quorum,
 * three times, and once for the server to run.
 *
 *   connecting_followers  who told its acceptedEpoch    -> the epoch of the term
 *   electing_followers    who promised that epoch       -> nobody in a quorum knows more than we
 *   new_leader_proposal   who has our history on disk   -> the term is established
 *
 * Why three: after the first, a quorum will obey no older leader; after the second, the leader's
 * history is known to be the newest that any quorum can hold; after the third, that history cannot
 * be lost any more, because every later quorum contains somebody who has it.
 *
 * Each is the same figure: count whoever comes; the one that completes the quorum wakes all others
 * and goes on; everybody else waits, at most initLimit ticks from its own arrival. A late joiner
 * finds the quorum complete and passes without waiting.
 *
 * Java: Leader.waitForStartup(), quitLeading(), setLeadingVoteSet(), reportLookingSid(),
 * getEpochToPropose(), waitForEpochAck(), waitForNewLeaderAck()
 *
 * No thread of its own. Java has a monitor for each set; here epoch_mu guards all three, and each
 * has its condition. */
#include <errno.h>

#include "zab/leader_internal.h"
#include "zk/ensemble/zxid.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"

static bool leader_is_participant(struct leader *leader, int64_t sid);
static bool is_quorum_with_leader(struct leader *leader, const struct long_set *sids)
    REQUIRES(&leader->epoch_mu);
static bool is_more_recent_than(const struct state_summary *a, const struct state_summary *b);
static int wait_for_quorum_locked(struct leader *leader, struct zk_cond *complete,
                                  const bool *is_complete) REQUIRES(&leader->epoch_mu);

/* Java: waitForStartup(), which looks every 20 ms; here start_zk_server wakes the waiters. */
int leader_wait_for_startup(struct learner_master *master)
{
    struct leader *leader = leader_of(master);
    zk_mutex_lock(&leader->mu);
    while (!leader->running && !leader->stopping)
        zk_cond_wait(&leader->wake, &leader->mu);
    int r = leader->stopping ? -ECANCELED : 0;
    zk_mutex_unlock(&leader->mu);
    return r;
}

/* A voter that elected us is looking for a leader again. If a limit for the wait is set and has
 * passed, waiting on is pointless: that voter will not come, and the others lose time
 * (ZOOKEEPER-3109).
 * Java: setLeadingVoteSet(), reportLookingSid(), quitLeading() */
void leader_report_looking_sid(struct quorum_peer_role *role,
                               const struct synced_learner_tracker *leading_vote_set, int64_t sid)
{
    struct leader *leader = (struct leader *)role;
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

/* Phase 1 of the Zab paper, its CEPOCH and NEWEPOCH, which are FOLLOWERINFO and LEADERINFO here: a
 * quorum says which epoch each has promised last (f.p), and is told one above all of them.
 * Java: getEpochToPropose() */
int leader_get_epoch_to_propose(struct learner_master *master, int64_t sid,
                                int64_t last_accepted_epoch, int64_t *ret_epoch)
{
    struct leader *leader = leader_of(master);
    int r = 0;
    zk_mutex_lock(&leader->epoch_mu);
    if (leader->epoch_stopping || leader->epoch_error != 0) {
        r = leader->epoch_stopping ? -ECANCELED : leader->epoch_error;
        goto out;
    }
    /* Late joiners are told the epoch of the term, whatever they have promised. */
    if (!leader->waiting_for_new_epoch)
        goto out;
    /* No epoch is above this promise. Were one written down, its zxids would be negative: every
     * follower would take it for an epoch of the past, and so would we until our files are mended.
     * A server that shuts itself out is the smaller harm (D-177). */
    if (last_accepted_epoch >= ZXID_LAST_EPOCH) {
        r = -ERANGE;
        goto out;
    }

    /* The new epoch must be above every promise that we hear of, also those of observers and
     * strangers: such a server would otherwise refuse us as a leader of the past. */
    if (last_accepted_epoch >= leader->epoch)
        leader->epoch = last_accepted_epoch + 1;
    /* But only voters end the wait, and only a quorum that contains ourselves. */
    if (leader_is_participant(leader, sid))
        long_set_add(&leader->connecting_followers, sid);
    if (is_quorum_with_leader(leader, &leader->connecting_followers)) {
        /* The lock is held while the file is written: nobody may be told of an epoch that a
         * crash of this machine could make us forget. */
        r = quorum_peer_set_accepted_epoch(leader->self, leader->epoch);
        if (r < 0)
            leader->epoch_error = r; /* Java lets those who wait go on with the epoch (D-44) */
        else
            leader->waiting_for_new_epoch = false;
        zk_cond_broadcast(&leader->epoch_proposed);
    } else {
        int64_t start_ms = zk_elapsed_ms();
        int64_t end_ms = start_ms + leader->self->init_limit_ms;
        if (sid == leader->my_id)
            leader->time_start_wait_for_epoch_ms = start_ms;
        bool in_time = true;
        while (leader->waiting_for_new_epoch && !leader->quit_wait_for_epoch &&
               !leader->epoch_stopping && leader->epoch_error == 0 && in_time)
            in_time = zk_cond_wait_until(&leader->epoch_proposed, &leader->epoch_mu, end_ms);
        if (leader->epoch_error != 0)
            r = leader->epoch_error;
        else if (leader->waiting_for_new_epoch)
            r = leader->epoch_stopping ? -ECANCELED : -ETIMEDOUT;
    }
out:
    if (r == 0)
        *ret_epoch = leader->epoch;
    zk_mutex_unlock(&leader->epoch_mu);
    return r;
}

/* The paper's ACK-E, with the last zxid in place of the whole history. There the leader now takes
 * over the newest history of the quorum. Here the election has chosen the server that has it, so a
 * newer one refutes the election.
 * Java: waitForEpochAck() */
int leader_wait_for_epoch_ack(struct learner_master *master, int64_t sid,
                              const struct state_summary *summary)
{
    struct leader *leader = leader_of(master);
    int r = 0;
    zk_mutex_lock(&leader->epoch_mu);
    if (leader->epoch_stopping) {
        r = -ECANCELED;
        goto out;
    }
    /* Late joiners are not compared: a quorum stands behind our history, so whatever else they
     * have was never committed. */
    if (leader->election_finished)
        goto out;

    /* -1: it had promised this epoch before, perhaps to another leader; its answer does not
     * count. */
    if (summary->current_epoch != -1) {
        /* It may hold a committed transaction that we lack. It is refused, and we wait on for a
         * quorum that knows no more than we do; if there is none, the wait ends in time. */
        if (is_more_recent_than(summary, &leader->leader_state_summary)) {
            r = -EPROTO;
            goto out;
        }
        if (summary->last_zxid != -1 && leader_is_participant(leader, sid))
            long_set_add(&leader->electing_followers, sid);
    }
    if (is_quorum_with_leader(leader, &leader->electing_followers)) {
        leader->election_finished = true;
        zk_cond_broadcast(&leader->epoch_acked);
    } else {
        r = wait_for_quorum_locked(leader, &leader->epoch_acked, &leader->election_finished);
    }
out:
    zk_mutex_unlock(&leader->epoch_mu);
    return r;
}

/* Phase 2, its ACK-LD: with a quorum of them the leader's history is that of the ensemble, and no
 * later leader can be without it.
 * Java: waitForNewLeaderAck() */
int leader_wait_for_new_leader_ack(struct learner_master *master, int64_t sid, int64_t zxid)
{
    struct leader *leader = leader_of(master);
    int r = 0;
    zk_mutex_lock(&leader->epoch_mu);
    if (leader->epoch_stopping) {
        r = -ECANCELED;
        goto out;
    }
    if (leader->quorum_formed)
        goto out;
    /* An ACK that belongs to another packet says nothing about our history. As in Java the learner
     * stays connected, uncounted. */
    if (zxid != leader->new_leader_zxid) {
        zk_log(leader->ctx, ZK_LOG_NEWLEADER_ACK_OTHER_EPOCH, sid, leader->new_leader_zxid, zxid);
        goto out;
    }

    /* The tracker itself leaves out whoever does not vote. */
    synced_learner_tracker_add_ack(&leader->new_leader_proposal, sid);
    if (synced_learner_tracker_has_all_quorums(&leader->new_leader_proposal)) {
        leader->quorum_formed = true;
        zk_cond_broadcast(&leader->new_leader_acked);
    } else {
        r = wait_for_quorum_locked(leader, &leader->new_leader_acked, &leader->quorum_formed);
    }
out:
    zk_mutex_unlock(&leader->epoch_mu);
    return r;
}

/* ---- helpers --------------------------------------------------------------------------------- */

/* Waits for whoever completes the quorum, who sets *is_complete and wakes us by complete. Errors:
 * -ETIMEDOUT, initLimit ticks have passed; -ECANCELED, the leader is stopped.
 * (In Java a part of waitForEpochAck() and of waitForNewLeaderAck().) */
static int wait_for_quorum_locked(struct leader *leader, struct zk_cond *complete,
                                  const bool *is_complete) REQUIRES(&leader->epoch_mu)
{
    int64_t end_ms = zk_elapsed_ms() + leader->self->init_limit_ms;
    bool in_time = true;
    while (!*is_complete && !leader->epoch_stopping && in_time)
        in_time = zk_cond_wait_until(complete, &leader->epoch_mu, end_ms);
    if (*is_complete)
        return 0;
    return leader->epoch_stopping ? -ECANCELED : -ETIMEDOUT;
}

/* Java: isParticipant() */
static bool leader_is_participant(struct leader *leader, int64_t sid)
{
    return quorum_peer_is_voter(leader->self, sid);
}

/* Followers alone never decide: without the leader's own promise the quorum has no leader. The
 * caller holds epoch_mu. */
static bool is_quorum_with_leader(struct leader *leader, const struct long_set *sids)
{
    zk_mutex_assert_held(&leader->epoch_mu);
    return long_set_has(sids, leader->my_id) &&
           qv_contains_quorum(quorum_peer_quorum_verifier(leader->self), sids);
}

/* Java: StateSummary.isMoreRecentThan() */
static bool is_more_recent_than(const struct state_summary *a, const struct state_summary *b)
{
    return a->current_epoch > b->current_epoch ||
           (a->current_epoch == b->current_epoch && a->last_zxid > b->last_zxid);
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
