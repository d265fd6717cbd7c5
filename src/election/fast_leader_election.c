/* The election. fle_look_for_leader is the method to hold beside Java's; the functions stand in
 * Java's order, and what Java writes in place (a poll, a pause) stands at the end of the file. The
 * letters in the margin (T, V, L1 to L9, O, F1 to F3) are the rows of NOTES.md W-3.
 *
 * Threads: the main thread alone runs an election. WorkerReceiver (messenger.c) meanwhile reads the
 * proposal, under the lock, and the round, which is one atomic number.
 *
 * What the trace says about a change of mind is put into words by fle_trace.c.
 * Java: FastLeaderElection */
#include "zk/election/fast_leader_election.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "election/fast_leader_election_internal.h"
#include "election/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/trace.h"
#include "zk/server/server_metrics.h"

/* What lookForLeader keeps in local variables and hands to the methods that it calls. */
struct ballots {
    /* The votes of this round, by sender: a quorum in here decides after the final wait. */
    struct vote_map recvset;
    /* The votes of settled servers, of any round, by sender: a late joiner learns from them which
     * server leads, although they were given in rounds that it has never seen. */
    struct vote_map outofelection;
    /* The voters whose vote in recvset equals our proposal. Only LOOKING votes bring it up to date
     * (K-14). Java's is null until the first one has come. */
    struct synced_learner_tracker vote_set;
    bool has_vote_set;
};

static void ballots_done(struct ballots *ballots);
static struct vote initial_vote(struct fast_leader_election *fle);
static struct vote proposal_of_this_round(struct fast_leader_election *fle);
static struct vote vote_from(const struct notification *n);
static bool received_following_notification(struct fast_leader_election *fle,
                                            struct ballots *ballots, const struct notification *n,
                                            struct vote *ret_vote);
static bool received_leading_notification(struct fast_leader_election *fle, struct ballots *ballots,
                                          const struct notification *n, struct vote *ret_vote);
static bool is_valid(struct fast_leader_election *fle, const struct notification *n);
static bool beats(struct fast_leader_election *fle, const struct notification *n,
                  const struct vote *than);
static bool oracle_allows(struct fast_leader_election *fle, const struct ballots *ballots,
                          int32_t not_timeout_ms);
static int poll_recvqueue(struct fast_leader_election *fle, int64_t timeout_ms, const char *why,
                          struct notification **ret_n);
static int32_t next_timeout_ms(const struct fast_leader_election *fle, int32_t not_timeout_ms);
static int64_t latest_repetition_ms(const struct fast_leader_election *fle, int32_t not_timeout_ms);
static int64_t time_to_wait_ms(int32_t not_timeout_ms, int64_t repeat_at_ms);

/* ---- birth and end -------------------------------------------------------------------------- */

/* Java: FastLeaderElection, its static initialiser. A value that is no number gives the default. */
static void read_intervals(struct fast_leader_election *fle)
{
    fle->min_notification_interval_ms = zk_settings_get_integer(
        fle->ctx, "zookeeper.fastleader.minNotificationInterval", FLE_MIN_NOTIFICATION_INTERVAL_MS);
    zk_log(fle->ctx, ZK_LOG_MIN_NOTIFICATION_INTERVAL, fle->min_notification_interval_ms);
    fle->max_notification_interval_ms = zk_settings_get_integer(
        fle->ctx, "zookeeper.fastleader.maxNotificationInterval", FLE_MAX_NOTIFICATION_INTERVAL_MS);
    zk_log(fle->ctx, ZK_LOG_MAX_NOTIFICATION_INTERVAL, fle->max_notification_interval_ms);
}

int64_t fle_get_logical_clock(struct fast_leader_election *fle)
{
    return zk_atomic_long_get(&fle->logicalclock);
}

/* Java: FastLeaderElection(), starter() */
struct fast_leader_election *fle_new(struct quorum_peer *self,
                                     struct quorum_cnx_manager *manager) UNSHARED
{
    struct fast_leader_election *fle = zk_xcalloc(1, sizeof *fle);
    fle->ctx = self->ctx;
    fle->self = self;
    fle->manager = manager;
    read_intervals(fle);
    /* Java's two queues have no limit; this one only bounds the memory of a flood (D-22). */
    fle->sendqueue = bq_new(fle->ctx, "sendqueue", BQ_LIMIT, to_send_free);
    fle->recvqueue = bq_new(fle->ctx, "recvqueue", BQ_LIMIT, free);
    zk_stop_init(&fle->stop, fle->ctx, "fle.stop");
    fle->messengers = zk_thread_group_new(fle->ctx);
    zk_atomic_long_init(&fle->logicalclock, 0);
    zk_mutex_init(&fle->mu, fle->ctx, "fle", ZK_RANK_FLE);
    /* Nobody is proposed before the first election. Java: starter() */
    fle->proposed_leader = -1;
    fle->proposed_zxid = -1;
    return fle;
}

/* Java: start(), Messenger(), Messenger.start() */
int fle_start(struct fast_leader_election *fle)
{
    int64_t myid = fle->self->my_id;
    int r = zk_thread_group_start(fle->messengers, worker_sender_run, fle,
                                  "WorkerSender[myid=%" PRId64 "]", myid);
    if (r < 0)
        return r;
    return zk_thread_group_start(fle->messengers, worker_receiver_run, fle,
                                 "WorkerReceiver[myid=%" PRId64 "]", myid);
}

/* Votes that nobody has judged belong to this election; the next one must not find them.
 * Java: leaveInstance() */
static void leave_instance(struct fast_leader_election *fle)
{
    bq_clear(fle->recvqueue);
}

void fle_request_stop(struct fast_leader_election *fle)
{
    zk_stop_request(&fle->stop);
    bq_close(fle->recvqueue);
}

/* Java: shutdown() */
void fle_shutdown(struct fast_leader_election *fle)
{
    fle_request_stop(fle);
    zk_mutex_lock(&fle->mu);
    fle->proposed_leader = -1;
    fle->proposed_zxid = -1;
    fle->has_leading_vote_set = false;
    synced_learner_tracker_done(&fle->leading_vote_set);
    zk_mutex_unlock(&fle->mu);
    /* Each messenger sleeps on a queue: qcm_halt closes that of WorkerReceiver, the line after it
     * that of WorkerSender. Neither could be joined before. */
    qcm_halt(fle->manager);
    bq_close(fle->sendqueue);
    zk_thread_group_join(fle->messengers);
}

void fle_free(struct fast_leader_election *fle)
{
    if (fle == NULL)
        return;
    zk_thread_group_free(fle->messengers);
    synced_learner_tracker_done(&fle->leading_vote_set);
    bq_free(fle->sendqueue);
    bq_free(fle->recvqueue);
    zk_stop_destroy(&fle->stop);
    zk_mutex_destroy(&fle->mu);
    free(fle);
}

/* ---- telling, comparing, counting ----------------------------------------------------------- */

/* Tells every voter, ourselves included: our own vote counts only when it has come back through the
 * queues, like everybody else's (K-10). Voters of a configuration that may come next are told too,
 * because the winner needs a quorum of those as well. The state is always LOOKING, whatever the
 * peer's is by now. Java: sendNotifications() */
static void send_notifications(struct fast_leader_election *fle)
{
    const char *config = qv_to_string(quorum_peer_quorum_verifier(fle->self));
    struct vote v = fle_get_vote(fle);
    int64_t *sids = NULL;
    size_t count = 0;
    quorum_peer_get_current_and_next_config_voters(fle->self, &sids, &count);
    for (size_t i = 0; i < count; i++)
        bq_put(fle->sendqueue, to_send_new(v.id, v.zxid, zk_atomic_long_get(&fle->logicalclock),
                                           SERVER_STATE_LOOKING, sids[i], v.peer_epoch, config));
    free(sids);
}

/* Java: totalOrderPredicate() */
bool fle_total_order_predicate(const struct quorum_verifier *qv, int64_t new_id, int64_t new_zxid,
                               int64_t new_epoch, int64_t cur_id, int64_t cur_zxid,
                               int64_t cur_epoch)
{
    if (qv_get_weight(qv, new_id) == 0) /* a server without weight never leads */
        return false;
    return vote_is_better(new_id, new_zxid, new_epoch, cur_id, cur_zxid, cur_epoch);
}

/* A quorum must hold in the committed configuration and in a newer one that may come next, so that
 * no change of the configuration can give an ensemble two leaders. Java: getVoteTracker() */
void fle_get_vote_tracker(struct fast_leader_election *fle, const struct vote_map *votes,
                          const struct vote *vote, struct synced_learner_tracker *ret_tracker)
{
    quorum_peer_init_tracker(fle->self, ret_tracker);
    for (size_t i = 0; i < votes->map.count; i++) {
        if (vote_equal(vote, votes->map.entries[i].value))
            synced_learner_tracker_add_ack(ret_tracker, votes->map.entries[i].key);
    }
}

/* Followers may name a leader that has died since. Only its own word that it leads shows that it is
 * there; without this check a dead server could be elected on hearsay (ZOOKEEPER-131). If the
 * others name us we need no word of our own, but they must mean this round. Java: checkLeader() */
bool fle_check_leader(struct fast_leader_election *fle, const struct vote_map *votes,
                      int64_t leader, int64_t election_epoch)
{
    if (leader == fle->self->my_id)
        return zk_atomic_long_get(&fle->logicalclock) == election_epoch;
    const struct vote *of_leader = vote_map_get(votes, leader);
    return of_leader != NULL && of_leader->state == SERVER_STATE_LEADING;
}

/* ---- the proposal --------------------------------------------------------------------------- */

static void update_proposal_locked(struct fast_leader_election *fle, int64_t leader, int64_t zxid,
                                   int64_t epoch) REQUIRES(&fle->mu)
{
    zk_mutex_assert_held(&fle->mu);
    fle->proposed_leader = leader;
    fle->proposed_zxid = zxid;
    fle->proposed_epoch = epoch;
}

/* Java: updateProposal(), synchronized */
static void update_proposal(struct fast_leader_election *fle, int64_t leader, int64_t zxid,
                            int64_t epoch)
{
    zk_mutex_lock(&fle->mu);
    update_proposal_locked(fle, leader, zxid, epoch);
    zk_mutex_unlock(&fle->mu);
}

/* Java: getVote(), synchronized */
struct vote fle_get_vote(struct fast_leader_election *fle)
{
    zk_mutex_lock(&fle->mu);
    struct vote vote = vote_of(fle->proposed_leader, fle->proposed_zxid, fle->proposed_epoch);
    zk_mutex_unlock(&fle->mu);
    return vote;
}

/* Java: learningState() */
static enum server_state learning_state(const struct fast_leader_election *fle)
{
    return fle->self->config->peer_type == LEARNER_TYPE_PARTICIPANT ? SERVER_STATE_FOLLOWING
                                                                    : SERVER_STATE_OBSERVING;
}

/* An observer proposes nobody: NO_VOTE stands for its candidate, its history and its epoch, and any
 * voter's vote is better. As in Java the list of servers says here that we are one; in the next two
 * functions peerType says it. Java: getInitId() */
static int64_t get_init_id(struct fast_leader_election *fle)
{
    int64_t myid = fle->self->my_id;
    return quorum_peer_is_voter(fle->self, myid) ? myid : NO_VOTE;
}

/* What is logged counts, whether committed or not. Nobody here knows what was committed elsewhere;
 * but a committed transaction is in the logs of a quorum, so whoever has the newest log of some
 * quorum has it, too.
 * Java: getInitLastLoggedZxid() */
static int64_t get_init_last_logged_zxid(struct fast_leader_election *fle)
{
    return learning_state(fle) == SERVER_STATE_FOLLOWING
               ? quorum_peer_get_last_logged_zxid(fle->self)
               : NO_VOTE;
}

/* The epoch in which our history was last made the same as a leader's (f.a of the Zab paper), not
 * the one that was promised since (f.p): a promise adds nothing to a history.
 * Java: getPeerEpoch() */
static int64_t get_peer_epoch(struct fast_leader_election *fle)
{
    return learning_state(fle) == SERVER_STATE_FOLLOWING ? quorum_peer_get_current_epoch(fle->self)
                                                         : NO_VOTE;
}

/* ---- the election --------------------------------------------------------------------------- */

/* The state changes last, and the vote becomes the current one in the same moment: nobody is told
 * the new state with an old vote (D-14). A leader keeps the tracker, which tells it later that a
 * voter that still looks belongs to those that elected it. vote_set may be NULL.
 * Java: setPeerState() */
static void set_peer_state(struct fast_leader_election *fle, const struct vote *end_vote,
                           const struct synced_learner_tracker *vote_set, const char *why)
{
    enum server_state ss =
        end_vote->id == fle->self->my_id ? SERVER_STATE_LEADING : learning_state(fle);
    if (ss == SERVER_STATE_LEADING) {
        zk_mutex_lock(&fle->mu);
        synced_learner_tracker_done(&fle->leading_vote_set); /* that of an earlier term */
        fle->has_leading_vote_set = vote_set != NULL;
        if (vote_set != NULL)
            synced_learner_tracker_copy(&fle->leading_vote_set, vote_set);
        zk_mutex_unlock(&fle->mu);
    }
    zk_trace_decide(fle->ctx, end_vote->id, end_vote->election_epoch, why);
    quorum_peer_decide(fle->self, ss, end_vote, why);
}

/* Java: lookForLeader() */
bool fle_look_for_leader(struct fast_leader_election *fle, struct vote *ret_vote)
{
    /* LONG: one Java method */
    struct ballots ballots = {0};
    int32_t not_timeout_ms = fle->min_notification_interval_ms;
    bool decided = false;
    server_metrics_count(fle->self->metrics, SERVER_METRICS_LOOKING_COUNT);
    quorum_peer_set_start_fle(fle->self, zk_elapsed_ms()); /* for ELECTION TOOK */

    /* Each look is a round of its own: votes of an earlier one may still be on their way, and must
     * not be counted with these. The number is ours alone; L3 is how those who look agree on it. */
    struct vote mine = initial_vote(fle);
    zk_mutex_lock(&fle->mu); /* one step: WorkerReceiver answers with the round and the proposal */
    zk_atomic_long_add(&fle->logicalclock, 1);
    update_proposal_locked(fle, mine.id, mine.zxid, mine.peer_epoch);
    zk_mutex_unlock(&fle->mu);
    zk_log(fle->ctx, ZK_LOG_NEW_ELECTION, fle->self->my_id, (uint64_t)mine.zxid);
    fle_trace_new_election(fle, &mine);
    send_notifications(fle);
    int64_t repeat_at_ms = latest_repetition_ms(fle, not_timeout_ms);

    while (!decided && quorum_peer_get_peer_state(fle->self) == SERVER_STATE_LOOKING &&
           !zk_stop_requested(&fle->stop)) {
        struct notification *n = NULL;
        int r =
            poll_recvqueue(fle, time_to_wait_ms(not_timeout_ms, repeat_at_ms),
                           "it waits for the next vote; if none comes, it says its own again", &n);
        if (r == -ECANCELED)
            break;
        if (r == -ETIMEDOUT) {
            if (qcm_have_delivered(fle->manager)) /* T1: our vote left, and may have been lost */
                send_notifications(fle);
            else /* T2: it waits, because nobody is connected */
                qcm_connect_all(fle->manager);
            not_timeout_ms = next_timeout_ms(fle, not_timeout_ms);
            repeat_at_ms = latest_repetition_ms(fle, not_timeout_ms);
            if (oracle_allows(fle, &ballots, not_timeout_ms)) { /* T3: of two voters one is left */
                *ret_vote = proposal_of_this_round(fle);
                set_peer_state(fle, ret_vote, &ballots.vote_set,
                               "no other peer answers, and the oracle makes this vote a quorum");
                leave_instance(fle);
                decided = true;
            } else {
                zk_log(fle->ctx, ZK_LOG_NOTIFICATION_TIME_OUT, not_timeout_ms);
            }
        } else if (is_valid(fle, n)) { /* V */
            switch (n->state) {
            case SERVER_STATE_LOOKING:
                if (get_init_last_logged_zxid(fle) == -1) /* L1: we have no history to compare */
                    break;
                if (n->zxid == -1) /* L2: nor has the sender (K-6) */
                    break;
                int64_t logicalclock = zk_atomic_long_get(&fle->logicalclock);
                struct vote proposal = fle_get_vote(fle);
                if (n->election_epoch > logicalclock) {
                    /* L3: votes of two rounds are never counted together. Begin the later round as
                     * if it were our own, with our *first* vote against the sender's. */
                    mine = initial_vote(fle);
                    zk_atomic_long_set(&fle->logicalclock, n->election_epoch);
                    vote_map_clear(&ballots.recvset);
                    if (beats(fle, n, &mine)) {
                        update_proposal(fle, n->leader, n->zxid, n->peer_epoch);
                        fle_trace_better_vote(fle, n, &mine);
                    } else {
                        update_proposal(fle, mine.id, mine.zxid, mine.peer_epoch);
                        fle_trace_own_vote_again(fle, n, &mine);
                    }
                    send_notifications(fle);
                } else if (n->election_epoch < logicalclock) {
                    break; /* L4: WorkerReceiver has told the sender our round already */
                } else if (beats(fle, n, &proposal)) { /* L5: we spread the better candidate */
                    update_proposal(fle, n->leader, n->zxid, n->peer_epoch);
                    fle_trace_better_vote(fle, n, &proposal);
                    send_notifications(fle);
                }
                /* L6: a vote that changed nothing counts as well; so does our own, come back. */
                struct vote vote = vote_from(n);
                vote_map_put(&ballots.recvset, n->sid, &vote);
                proposal = proposal_of_this_round(fle);
                synced_learner_tracker_done(&ballots.vote_set);
                fle_get_vote_tracker(fle, &ballots.recvset, &proposal, &ballots.vote_set);
                ballots.has_vote_set = true;
                fle_trace_tally(fle, proposal.id, &ballots.vote_set);
                if (!synced_learner_tracker_has_all_quorums(&ballots.vote_set)) /* L7 */
                    break;
                /* L8: a late vote for a better server must not find us settled, so a quorum waits
                 * until 200 ms bring none. One that is no better is dropped and starts the wait
                 * anew; a better one goes to the *end* of the queue (K-4). */
                do {
                    free(n);
                    r = poll_recvqueue(fle, FLE_FINALIZE_WAIT_MS,
                                       "a quorum agrees; a better vote may still come", &n);
                } while (n != NULL && !beats(fle, n, &proposal));
                if (n != NULL) {
                    bq_put(fle->recvqueue, n);
                    n = NULL;
                } else if (r == -ETIMEDOUT) { /* L9 */
                    *ret_vote = proposal;
                    set_peer_state(fle, ret_vote, &ballots.vote_set,
                                   "a quorum agrees, and 200 ms have brought no better vote");
                    leave_instance(fle);
                    decided = true;
                }
                break;
            case SERVER_STATE_OBSERVING: /* O: it has no vote */
                break;
            case SERVER_STATE_FOLLOWING:
                decided = received_following_notification(fle, &ballots, n, ret_vote);
                break;
            case SERVER_STATE_LEADING:
                decided = received_leading_notification(fle, &ballots, n, ret_vote);
                break;
            }
        }
        free(n);
    }
    ballots_done(&ballots);
    return decided;
}

/* A settled server tells a result, so there is no final wait. Returns true if this has decided the
 * election; *ret_vote is the result then. Java: receivedFollowingNotification() */
static bool received_following_notification(struct fast_leader_election *fle,
                                            struct ballots *ballots, const struct notification *n,
                                            struct vote *ret_vote)
{
    struct vote end_vote = vote_from(n);
    struct vote vote = end_vote; /* to compare with */
    vote.version = n->version;
    vote.state = n->state;
    struct synced_learner_tracker vote_set = {0};
    bool decided = false;

    /* F1: it settled in our round, so its vote counts beside those that look. It is kept without
     * its version, which makes vote_equal overlook the epoch (K-5): the sender's epoch is the new
     * leader's by now, that of the votes given before is not. */
    if (n->election_epoch == zk_atomic_long_get(&fle->logicalclock)) {
        struct vote recorded = vote;
        recorded.version = 0;
        vote_map_put(&ballots->recvset, n->sid, &recorded);
        fle_get_vote_tracker(fle, &ballots->recvset, &vote, &vote_set);
        fle_trace_tally(fle, n->leader, &vote_set);
        if (synced_learner_tracker_has_all_quorums(&vote_set) &&
            fle_check_leader(fle, &ballots->recvset, n->leader, n->election_epoch)) {
            set_peer_state(
                fle, &end_vote, &vote_set,
                "a quorum of this round has decided, and the leader itself says that it leads");
            decided = true;
        }
        synced_learner_tracker_done(&vote_set);
    }

    /* F2: an ensemble that settled in other rounds. Its members may each name another round, after
     * restarts; a quorum that follows one leader is enough (ZOOKEEPER-1732). The joiner takes over
     * the sender's round, so that it speaks of the same election as those it joins, even if that is
     * a step back (K-13). */
    if (!decided) {
        vote_map_put(&ballots->outofelection, n->sid, &vote);
        fle_get_vote_tracker(fle, &ballots->outofelection, &vote, &vote_set);
        fle_trace_tally(fle, n->leader, &vote_set);
        if (synced_learner_tracker_has_all_quorums(&vote_set) &&
            fle_check_leader(fle, &ballots->outofelection, n->leader, n->election_epoch)) {
            zk_atomic_long_set(&fle->logicalclock, n->election_epoch);
            set_peer_state(
                fle, &end_vote, &vote_set,
                "a quorum follows this leader, and the leader itself says that it leads");
            decided = true;
        }
        synced_learner_tracker_done(&vote_set);
    }

    if (decided) {
        leave_instance(fle);
        *ret_vote = end_vote;
    }
    return decided;
}

/* F3: with two voters a server that comes back finds no quorum beside its leader. If the oracle
 * does not name us, the other one leads. Java: receivedLeadingNotification() */
static bool received_leading_notification(struct fast_leader_election *fle, struct ballots *ballots,
                                          const struct notification *n, struct vote *ret_vote)
{
    if (received_following_notification(fle, ballots, n, ret_vote))
        return true;
    const struct quorum_verifier *qv = quorum_peer_quorum_verifier(fle->self);
    bool follow = qv_get_need_oracle(qv) && !qv_ask_oracle(qv);
    if (!follow) {
        zk_log(fle->ctx, ZK_LOG_ORACLE_NOT_FOLLOW); /* also where there is no oracle (K-16) */
        return false;
    }
    zk_log(fle->ctx, ZK_LOG_ORACLE_FOLLOW);
    *ret_vote = vote_from(n);
    set_peer_state(fle, ret_vote, ballots->has_vote_set ? &ballots->vote_set : NULL,
                   "the oracle gives the lead to the other server");
    leave_instance(fle);
    return true;
}

/* Java: validVoter() */
bool fle_valid_voter(struct fast_leader_election *fle, int64_t sid)
{
    return qv_is_voter(quorum_peer_quorum_verifier(fle->self), sid) ||
           qv_is_voter(quorum_peer_last_seen_quorum_verifier(fle->self), sid);
}

/* ---- what lookForLeader writes in place ----------------------------------------------------- */

static void ballots_done(struct ballots *ballots)
{
    vote_map_done(&ballots->recvset);
    vote_map_done(&ballots->outofelection);
    synced_learner_tracker_done(&ballots->vote_set);
}

/* The vote with which a server begins: itself, with all it has. An observer has none. */
static struct vote initial_vote(struct fast_leader_election *fle)
{
    int64_t id = get_init_id(fle);
    int64_t zxid = get_init_last_logged_zxid(fle);
    return vote_of(id, zxid, get_peer_epoch(fle));
}

/* Our proposal as a vote that others' votes can be compared with, and that the peer keeps as its
 * current one: the round in it is what late joiners are told. */
static struct vote proposal_of_this_round(struct fast_leader_election *fle)
{
    struct vote vote = fle_get_vote(fle);
    vote.election_epoch = zk_atomic_long_get(&fle->logicalclock);
    return vote;
}

/* The vote that n carries, without its version and the sender's state. */
static struct vote vote_from(const struct notification *n)
{
    struct vote vote = vote_of(n->leader, n->zxid, n->peer_epoch);
    vote.election_epoch = n->election_epoch;
    return vote;
}

/* V: do both the sender and its candidate have a vote in our eyes? */
static bool is_valid(struct fast_leader_election *fle, const struct notification *n)
{
    bool valid_sender = fle_valid_voter(fle, n->sid);
    bool valid_leader = fle_valid_voter(fle, n->leader);
    if (!valid_leader)
        zk_log(fle->ctx, ZK_LOG_NON_CLUSTER_LEADER, n->leader, n->sid);
    if (!valid_sender)
        zk_log(fle->ctx, ZK_LOG_NON_QUORUM_SENDER, n->leader, n->sid);
    return valid_sender && valid_leader;
}

/* totalOrderPredicate by the committed configuration of this moment. */
static bool beats(struct fast_leader_election *fle, const struct notification *n,
                  const struct vote *than)
{
    return fle_total_order_predicate(quorum_peer_quorum_verifier(fle->self), n->leader, n->zxid,
                                     n->peer_epoch, than->id, than->zxid, than->peer_epoch);
}

/* T3. With two voters one vote is a quorum if the oracle's answer is in its favour. The oracle was
 * asked when the vote set was counted. That the interval has grown since shows that one has passed
 * in silence, so a second voter that lives would have been heard.
 * Java: QuorumOracleMaj.revalidateVoteset() */
static bool oracle_allows(struct fast_leader_election *fle, const struct ballots *ballots,
                          int32_t not_timeout_ms)
{
    const struct quorum_verifier *qv = quorum_peer_quorum_verifier(fle->self);
    return qv->kind == QUORUM_ORACLE_MAJ && ballots->has_vote_set &&
           synced_learner_tracker_has_all_quorums(&ballots->vote_set) &&
           not_timeout_ms != fle->min_notification_interval_ms;
}

/* Returns 0 and a vote, which the caller frees; or NULL in *ret_n with -ETIMEDOUT, or with
 * -ECANCELED if the election is to stop. why goes into the trace. */
static int poll_recvqueue(struct fast_leader_election *fle, int64_t timeout_ms, const char *why,
                          struct notification **ret_n)
{
    void *item = NULL;
    zk_trace_wait(fle->ctx, timeout_ms, why);
    int r = bq_poll(fle->recvqueue, timeout_ms, &item);
    *ret_n = item;
    return r;
}

/* Twice as long, up to the maximum: a server that finds nobody must not dial five times a second
 * for hours. In Java the shift overflows for a large maximum (D-65). */
static int32_t next_timeout_ms(const struct fast_leader_election *fle, int32_t not_timeout_ms)
{
    int64_t doubled_ms = (int64_t)not_timeout_ms * 2;
    return doubled_ms < fle->max_notification_interval_ms ? (int32_t)doubled_ms
                                                          : fle->max_notification_interval_ms;
}

/* Java says its vote again only after a whole interval of silence. That silence may never come,
 * while those that answered early stay recorded as they were then (K-27). So the longest interval
 * also counts from the last repetition, even if others keep talking (D-73). */
static int64_t latest_repetition_ms(const struct fast_leader_election *fle, int32_t not_timeout_ms)
{
    int32_t longest_ms = fle->max_notification_interval_ms;
    if (longest_ms < not_timeout_ms)
        longest_ms = not_timeout_ms;
    return zk_deadline_ms(longest_ms);
}

/* Until the interval ends or our vote is due again, whichever is first. */
static int64_t time_to_wait_ms(int32_t not_timeout_ms, int64_t repeat_at_ms)
{
    int64_t left_ms = repeat_at_ms - zk_elapsed_ms();
    if (left_ms > not_timeout_ms)
        return not_timeout_ms;
    return left_ms > 0 ? left_ms : 0;
}
