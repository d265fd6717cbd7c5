/* The election. fle_look_for_leader is the method to hold beside Java's; the functions below it are
 * its rows, in its order, named as the rows of NOTES.md W-3 (L1-L9 for LOOKING votes, F1-F3 for
 * FOLLOWING and LEADING ones).
 *
 * Threads: the main thread alone runs an election; WorkerReceiver reads the proposal under the lock
 * and the round without one. Java: FastLeaderElection */
#include "zk/election/fast_leader_election.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "election/fast_leader_election_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/trace.h"
#include "zk/server/server_metrics.h"

/* ---- birth and end -------------------------------------------------------------------------- */

/* Java: FastLeaderElection, its static initialiser; bad values give the defaults. */
static void read_intervals(struct fast_leader_election *fle)
{
    fle->min_notification_interval_ms = zk_settings_get_integer(
        fle->ctx, "zookeeper.fastleader.minNotificationInterval", FLE_MIN_NOTIFICATION_INTERVAL_MS);
    zk_log(fle->ctx, ZK_LOG_MIN_NOTIFICATION_INTERVAL, fle->min_notification_interval_ms);
    fle->max_notification_interval_ms = zk_settings_get_integer(
        fle->ctx, "zookeeper.fastleader.maxNotificationInterval", FLE_MAX_NOTIFICATION_INTERVAL_MS);
    zk_log(fle->ctx, ZK_LOG_MAX_NOTIFICATION_INTERVAL, fle->max_notification_interval_ms);
}

struct fast_leader_election *fle_new(struct quorum_peer *self, struct quorum_cnx_manager *manager)
{
    struct fast_leader_election *fle = zk_xcalloc(1, sizeof *fle);
    fle->ctx = quorum_peer_context(self);
    fle->self = self;
    fle->manager = manager;
    read_intervals(fle);
    fle->sendqueue = bq_new(fle->ctx, "sendqueue", BQ_LIMIT, to_send_free);
    fle->recvqueue = bq_new(fle->ctx, "recvqueue", BQ_LIMIT, free);
    zk_stop_init(&fle->stop, fle->ctx, "fle.stop");
    fle->messengers = zk_thread_group_new(fle->ctx);
    zk_atomic_long_init(&fle->logicalclock, 0);
    zk_mutex_init(&fle->mu, fle->ctx, "fle", ZK_RANK_FLE);
    fle->proposed_leader = -1;
    fle->proposed_zxid = -1;
    return fle;
}

/* Java: Messenger() and Messenger.start() */
int fle_start(struct fast_leader_election *fle)
{
    int64_t myid = quorum_peer_get_my_id(fle->self);
    int r = zk_thread_group_start(fle->messengers, worker_sender_run, fle,
                                  "WorkerSender[myid=%" PRId64 "]", myid);
    if (r == 0)
        r = zk_thread_group_start(fle->messengers, worker_receiver_run, fle,
                                  "WorkerReceiver[myid=%" PRId64 "]", myid);
    return r;
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

int64_t fle_get_logical_clock(struct fast_leader_election *fle)
{
    return zk_atomic_long_get(&fle->logicalclock);
}

/* ---- votes by sender ------------------------------------------------------------------------ */

void vote_map_put(struct vote_map *votes, int64_t sid, const struct vote *vote)
{
    struct vote *copy = zk_xmalloc(sizeof *copy);
    *copy = *vote;
    free(long_map_put(&votes->map, sid, copy));
}

const struct vote *vote_map_get(const struct vote_map *votes, int64_t sid)
{
    return long_map_get(&votes->map, sid);
}

void vote_map_clear(struct vote_map *votes)
{
    vote_map_done(votes);
}

void vote_map_done(struct vote_map *votes)
{
    for (size_t i = 0; i < votes->map.count; i++)
        free(votes->map.entries[i].value);
    long_map_done(&votes->map);
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* Java: totalOrderPredicate() */
bool fle_total_order_predicate(const struct quorum_verifier *qv, int64_t new_id, int64_t new_zxid,
                               int64_t new_epoch, int64_t cur_id, int64_t cur_zxid,
                               int64_t cur_epoch)
{
    if (qv_get_weight(qv, new_id) == 0)
        return false;
    return vote_is_better(new_id, new_zxid, new_epoch, cur_id, cur_zxid, cur_epoch);
}

/* The same by the committed configuration of this moment. */
static bool beats(struct fast_leader_election *fle, const struct notification *n, int64_t id,
                  int64_t zxid, int64_t epoch)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(fle->self);
    bool better = fle_total_order_predicate(qv, n->leader, n->zxid, n->peer_epoch, id, zxid, epoch);
    qv_unref(qv);
    return better;
}

/* Java: getVoteTracker() */
void fle_get_vote_tracker(struct fast_leader_election *fle, const struct vote_map *votes,
                          const struct vote *vote, struct synced_learner_tracker *ret_tracker)
{
    struct quorum_verifier *committed = quorum_peer_get_quorum_verifier(fle->self);
    struct quorum_verifier *last_seen = quorum_peer_get_last_seen_quorum_verifier(fle->self);
    *ret_tracker = (struct synced_learner_tracker){0};
    synced_learner_tracker_add_quorum_verifier(ret_tracker, committed);
    if (last_seen != NULL && last_seen->version > committed->version)
        synced_learner_tracker_add_quorum_verifier(ret_tracker, last_seen);
    for (size_t i = 0; i < votes->map.count; i++) {
        if (vote_equal(vote, votes->map.entries[i].value))
            synced_learner_tracker_add_ack(ret_tracker, votes->map.entries[i].key);
    }
    qv_unref(last_seen);
    qv_unref(committed);
}

/* Java: checkLeader(). Without it a dead server could be elected on hearsay (ZOOKEEPER-131). */
bool fle_check_leader(struct fast_leader_election *fle, const struct vote_map *votes,
                      int64_t leader, int64_t election_epoch)
{
    if (leader == quorum_peer_get_my_id(fle->self))
        return zk_atomic_long_get(&fle->logicalclock) == election_epoch;
    const struct vote *of_leader = vote_map_get(votes, leader);
    return of_leader != NULL && of_leader->state == SERVER_STATE_LEADING;
}

/* Java: validVoter() */
bool fle_valid_voter(struct fast_leader_election *fle, int64_t sid)
{
    struct quorum_verifier *committed = quorum_peer_get_quorum_verifier(fle->self);
    struct quorum_verifier *last_seen = quorum_peer_get_last_seen_quorum_verifier(fle->self);
    bool valid = qv_is_voter(committed, sid) || (last_seen != NULL && qv_is_voter(last_seen, sid));
    qv_unref(last_seen);
    qv_unref(committed);
    return valid;
}

/* ---- the proposal --------------------------------------------------------------------------- */

/* Java: getInitId(), getInitLastLoggedZxid(), getPeerEpoch(): the vote a server starts with. An
 * observer has none. */
static struct vote initial_vote(struct fast_leader_election *fle)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(fle->self);
    int64_t myid = quorum_peer_get_my_id(fle->self);
    bool participant = quorum_peer_get_learner_type(fle->self) == LEARNER_TYPE_PARTICIPANT;
    struct vote vote = vote_of(qv_is_voter(qv, myid) ? myid : NO_VOTE,
                               participant ? quorum_peer_get_last_logged_zxid(fle->self) : NO_VOTE,
                               participant ? quorum_peer_get_current_epoch(fle->self) : NO_VOTE);
    qv_unref(qv);
    return vote;
}

static void update_proposal_locked(struct fast_leader_election *fle, int64_t leader, int64_t zxid,
                                   int64_t epoch)
{
    zk_mutex_assert_held(&fle->mu);
    fle->proposed_leader = leader;
    fle->proposed_zxid = zxid;
    fle->proposed_epoch = epoch;
}

/* Java: updateProposal(), synchronized. why is for the trace. */
static void update_proposal(struct fast_leader_election *fle, int64_t leader, int64_t zxid,
                            int64_t epoch, const char *why)
{
    zk_mutex_lock(&fle->mu);
    update_proposal_locked(fle, leader, zxid, epoch);
    zk_mutex_unlock(&fle->mu);
    zk_trace_vote(fle->ctx, leader, zxid, epoch, zk_atomic_long_get(&fle->logicalclock), why);
}

/* Java: getVote(), synchronized */
struct vote fle_get_vote(struct fast_leader_election *fle)
{
    zk_mutex_lock(&fle->mu);
    struct vote vote = vote_of(fle->proposed_leader, fle->proposed_zxid, fle->proposed_epoch);
    zk_mutex_unlock(&fle->mu);
    return vote;
}

/* What we propose, in the round of now: what others' votes are compared with. */
static struct vote proposal_of_this_round(struct fast_leader_election *fle)
{
    struct vote vote = fle_get_vote(fle);
    vote.election_epoch = zk_atomic_long_get(&fle->logicalclock);
    return vote;
}

/* Tell every voter, ourselves included (K-10). The state is always LOOKING, whatever the peer's is
 * by now. Java: sendNotifications() */
static void send_notifications(struct fast_leader_election *fle)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(fle->self);
    struct vote v = fle_get_vote(fle);
    int64_t *sids = NULL;
    size_t count = 0;
    quorum_peer_get_current_and_next_config_voters(fle->self, &sids, &count);
    for (size_t i = 0; i < count; i++)
        bq_put(fle->sendqueue,
               to_send_new(v.id, v.zxid, zk_atomic_long_get(&fle->logicalclock),
                           SERVER_STATE_LOOKING, sids[i], v.peer_epoch, qv_to_string(qv)));
    free(sids);
    qv_unref(qv);
}

/* ---- the decision --------------------------------------------------------------------------- */

/* Java: setPeerState(), learningState(). The vote becomes current in the same moment (D-14).
 * vote_set may be NULL. */
static void set_peer_state(struct fast_leader_election *fle, const struct vote *end_vote,
                           const struct synced_learner_tracker *vote_set, const char *why)
{
    enum server_state state = SERVER_STATE_FOLLOWING;
    if (end_vote->id == quorum_peer_get_my_id(fle->self)) {
        state = SERVER_STATE_LEADING;
        zk_mutex_lock(&fle->mu);
        fle->has_leading_vote_set = vote_set != NULL;
        synced_learner_tracker_done(&fle->leading_vote_set); /* of an earlier term */
        if (vote_set != NULL)
            synced_learner_tracker_copy(&fle->leading_vote_set, vote_set);
        zk_mutex_unlock(&fle->mu);
    } else if (quorum_peer_get_learner_type(fle->self) == LEARNER_TYPE_OBSERVER) {
        state = SERVER_STATE_OBSERVING;
    }
    zk_trace_decide(fle->ctx, end_vote->id, end_vote->election_epoch, why);
    quorum_peer_decide(fle->self, state, end_vote, why);
}

void fle_report_looking_sid(struct fast_leader_election *fle, int64_t sid)
{
    struct synced_learner_tracker vote_set = {0};
    zk_mutex_lock(&fle->mu);
    bool has_vote_set = fle->has_leading_vote_set;
    if (has_vote_set)
        synced_learner_tracker_copy(&vote_set, &fle->leading_vote_set);
    zk_mutex_unlock(&fle->mu);

    if (quorum_peer_report_looking_sid(fle->self, has_vote_set ? &vote_set : NULL, sid) &&
        has_vote_set) {
        zk_mutex_lock(&fle->mu);
        fle->has_leading_vote_set = false;
        zk_mutex_unlock(&fle->mu);
    }
    synced_learner_tracker_done(&vote_set);
}

/* ---- one election --------------------------------------------------------------------------- */

/* What lookForLeader keeps in its local variables. */
struct round {
    struct vote_map recvset;       /* votes of this round, by sender */
    struct vote_map outofelection; /* votes of those who are done, by sender */
    int32_t not_timeout_ms;        /* how long to wait for the next vote */
    int64_t repeat_at_ms;          /* when to wait no longer, whoever talks (D-73) */
    bool has_vote_set;
    struct synced_learner_tracker
        vote_set;         /* who agrees with our proposal; only LOOKING votes update it (K-14) */
    struct vote end_vote; /* the result */
};

enum outcome {
    UNDECIDED,
    DECIDED, /* round.end_vote is it; the peer's state is set */
};

static void begin_round(struct fast_leader_election *fle);
static enum outcome on_timeout(struct fast_leader_election *fle, struct round *round);
static enum outcome on_notification(struct fast_leader_election *fle, struct round *round,
                                    const struct notification *n);
static enum outcome on_looking(struct fast_leader_election *fle, struct round *round,
                               const struct notification *n);
static enum outcome finalize(struct fast_leader_election *fle, struct round *round);
static enum outcome received_following_notification(struct fast_leader_election *fle,
                                                    struct round *round,
                                                    const struct notification *n);
static enum outcome received_leading_notification(struct fast_leader_election *fle,
                                                  struct round *round,
                                                  const struct notification *n);

/* 0: gave one; -ETIMEDOUT; -ECANCELED: the election is to stop. */
static int poll_recvqueue(struct fast_leader_election *fle, int64_t timeout_ms,
                          struct notification **ret_n)
{
    void *item = NULL;
    int r = bq_poll(fle->recvqueue, timeout_ms, &item);
    if (r == 0)
        *ret_n = item;
    return r;
}

/* Java says its vote again only after a whole interval of silence. That may never come, while those
 * who answered early stay recorded as they were then (K-27); so the longest interval also counts
 * from the last repetition (D-73). */
static void set_latest_repetition(const struct fast_leader_election *fle, struct round *round)
{
    int32_t longest_ms = fle->max_notification_interval_ms;
    if (longest_ms < round->not_timeout_ms)
        longest_ms = round->not_timeout_ms;
    round->repeat_at_ms = zk_deadline_ms(longest_ms);
}

static int64_t time_to_wait_ms(const struct round *round)
{
    int64_t left_ms = round->repeat_at_ms - zk_elapsed_ms();
    if (left_ms > round->not_timeout_ms)
        return round->not_timeout_ms;
    return left_ms > 0 ? left_ms : 0;
}

/* Java: lookForLeader() */
bool fle_look_for_leader(struct fast_leader_election *fle, struct vote *ret_vote)
{
    struct round round = {.not_timeout_ms = fle->min_notification_interval_ms};
    enum outcome outcome = UNDECIDED;
    server_metrics_count(quorum_peer_metrics(fle->self), SERVER_METRICS_LOOKING_COUNT);
    quorum_peer_set_start_fle(fle->self, zk_elapsed_ms());
    begin_round(fle);
    set_latest_repetition(fle, &round);

    while (outcome == UNDECIDED && quorum_peer_get_peer_state(fle->self) == SERVER_STATE_LOOKING &&
           !zk_stop_requested(&fle->stop)) {
        struct notification *n = NULL;
        int64_t wait_ms = time_to_wait_ms(&round);
        zk_trace_wait(fle->ctx, wait_ms, "for the next vote; after that I say mine again");
        int r = poll_recvqueue(fle, wait_ms, &n);
        if (r == -ECANCELED)
            break;
        if (r == -ETIMEDOUT)
            outcome = on_timeout(fle, &round);
        else
            outcome = on_notification(fle, &round, n);
        free(n);
    }

    if (outcome == DECIDED) {
        bq_clear(fle->recvqueue); /* Java: leaveInstance() */
        *ret_vote = round.end_vote;
    }
    vote_map_done(&round.recvset);
    vote_map_done(&round.outofelection);
    synced_learner_tracker_done(&round.vote_set);
    return outcome == DECIDED;
}

static void begin_round(struct fast_leader_election *fle)
{
    struct vote mine = initial_vote(fle);
    zk_mutex_lock(&fle->mu);
    zk_atomic_long_add(&fle->logicalclock, 1);
    update_proposal_locked(fle, mine.id, mine.zxid, mine.peer_epoch);
    zk_mutex_unlock(&fle->mu);
    zk_log(fle->ctx, ZK_LOG_NEW_ELECTION, quorum_peer_get_my_id(fle->self), (uint64_t)mine.zxid);
    zk_trace_vote(fle->ctx, mine.id, mine.zxid, mine.peer_epoch,
                  zk_atomic_long_get(&fle->logicalclock),
                  mine.id == NO_VOTE ? "a new round begins; an observer has no candidate of its own"
                                     : "a new round begins; everybody votes for itself first");
    send_notifications(fle);
}

/* Nobody spoke for a while, or we have not for the longest while. Who could not be told anything is
 * dialled; else everybody is told again (K-3). */
static enum outcome on_timeout(struct fast_leader_election *fle, struct round *round)
{
    if (qcm_have_delivered(fle->manager))
        send_notifications(fle);
    else
        qcm_connect_all(fle->manager);

    int64_t doubled_ms =
        (int64_t)round->not_timeout_ms * 2; /* Java's shift overflows for a large maximum (D-65) */
    round->not_timeout_ms = doubled_ms < fle->max_notification_interval_ms
                                ? (int32_t)doubled_ms
                                : fle->max_notification_interval_ms;
    set_latest_repetition(fle, round);

    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(fle->self);
    bool oracle = qv->kind == QUORUM_ORACLE_MAJ;
    qv_unref(qv);
    if (oracle && round->has_vote_set && synced_learner_tracker_has_all_quorums(&round->vote_set) &&
        round->not_timeout_ms != fle->min_notification_interval_ms) {
        round->end_vote = proposal_of_this_round(fle);
        set_peer_state(fle, &round->end_vote, &round->vote_set,
                       "nobody else answers and the oracle allows it");
        return DECIDED;
    }
    zk_log(fle->ctx, ZK_LOG_NOTIFICATION_TIME_OUT, round->not_timeout_ms);
    return UNDECIDED;
}

static enum outcome on_notification(struct fast_leader_election *fle, struct round *round,
                                    const struct notification *n)
{
    bool valid_sender = fle_valid_voter(fle, n->sid);
    bool valid_leader = fle_valid_voter(fle, n->leader);
    if (!valid_leader)
        zk_log(fle->ctx, ZK_LOG_NON_CLUSTER_LEADER, n->leader, n->sid);
    if (!valid_sender)
        zk_log(fle->ctx, ZK_LOG_NON_QUORUM_SENDER, n->leader, n->sid);
    if (!valid_sender || !valid_leader)
        return UNDECIDED;

    switch (n->state) {
    case SERVER_STATE_LOOKING:
        return on_looking(fle, round, n);
    case SERVER_STATE_OBSERVING:
        return UNDECIDED;
    case SERVER_STATE_FOLLOWING:
        return received_following_notification(fle, round, n);
    case SERVER_STATE_LEADING:
        return received_leading_notification(fle, round, n);
    }
    zk_unreachable(); /* WorkerReceiver lets no other state pass */
}

/* ---- LOOKING votes: L1 to L9 ---------------------------------------------------------------- */

/* The sentence that the trace shows when we change to another's vote. */
static void explain_change(const struct notification *n, const struct vote *before, char *ret_why,
                           size_t size)
{
    if (before->id == NO_VOTE)
        snprintf(ret_why, size,
                 "%" PRId64 " votes for %" PRId64 ": an observer has no candidate of its own",
                 n->sid, n->leader);
    else if (n->peer_epoch != before->peer_epoch)
        snprintf(ret_why, size,
                 "%" PRId64 " votes for %" PRId64 ", whose epoch %" PRId64
                 " is higher than %" PRId64,
                 n->sid, n->leader, n->peer_epoch, before->peer_epoch);
    else if (n->zxid != before->zxid)
        snprintf(ret_why, size,
                 "%" PRId64 " votes for %" PRId64 ", who has seen more: 0x%" PRIx64
                 " against 0x%" PRIx64,
                 n->sid, n->leader, (uint64_t)n->zxid, (uint64_t)before->zxid);
    else
        snprintf(ret_why, size,
                 "%" PRId64 " votes for %" PRId64 ": the same history, and the larger id decides",
                 n->sid, n->leader);
}

/* L3: somebody is in a later round. Forget this one, start that one, with the better of its vote
 * and our first. */
static void adopt_round(struct fast_leader_election *fle, struct round *round,
                        const struct notification *n)
{
    struct vote mine = initial_vote(fle);
    char why[160];
    zk_atomic_long_set(&fle->logicalclock, n->election_epoch);
    vote_map_clear(&round->recvset);
    if (beats(fle, n, mine.id, mine.zxid, mine.peer_epoch)) {
        explain_change(n, &mine, why, sizeof why);
        update_proposal(fle, n->leader, n->zxid, n->peer_epoch, why);
    } else {
        snprintf(why, sizeof why,
                 "%" PRId64 " is in a later round: I join it and vote for myself again", n->sid);
        update_proposal(fle, mine.id, mine.zxid, mine.peer_epoch, why);
    }
    send_notifications(fle);
}

/* L6: count the vote. */
static void count_vote(struct fast_leader_election *fle, struct round *round,
                       const struct notification *n)
{
    struct vote vote = vote_of(n->leader, n->zxid, n->peer_epoch);
    vote.election_epoch = n->election_epoch;
    vote_map_put(&round->recvset, n->sid, &vote);

    struct vote proposal = proposal_of_this_round(fle);
    synced_learner_tracker_done(&round->vote_set);
    fle_get_vote_tracker(fle, &round->recvset, &proposal, &round->vote_set);
    round->has_vote_set = true;
    if (zk_trace_on(fle->ctx)) {
        const struct long_set *acks = &round->vote_set.pairs[0].acks;
        zk_trace_tally(fle->ctx, proposal.id, acks->items, acks->count,
                       synced_learner_tracker_has_all_quorums(&round->vote_set));
    }
}

static enum outcome on_looking(struct fast_leader_election *fle, struct round *round,
                               const struct notification *n)
{
    if (quorum_peer_get_last_logged_zxid(fle->self) == -1) /* L1 */
        return UNDECIDED;
    if (n->zxid == -1) /* L2 */
        return UNDECIDED;

    int64_t logicalclock = zk_atomic_long_get(&fle->logicalclock);
    struct vote proposal = fle_get_vote(fle);
    if (n->election_epoch > logicalclock) { /* L3 */
        adopt_round(fle, round, n);
    } else if (n->election_epoch < logicalclock) { /* L4: WorkerReceiver has told it our round */
        return UNDECIDED;
    } else if (beats(fle, n, proposal.id, proposal.zxid, proposal.peer_epoch)) { /* L5 */
        char why[160];
        explain_change(n, &proposal, why, sizeof why);
        update_proposal(fle, n->leader, n->zxid, n->peer_epoch, why);
        send_notifications(fle);
    }

    count_vote(fle, round, n);                                     /* L6 */
    if (!synced_learner_tracker_has_all_quorums(&round->vote_set)) /* L7 */
        return UNDECIDED;
    return finalize(fle, round);
}

/* L8, L9: a quorum agrees. Wait until 200 ms bring nothing better: a late vote for a better server
 * must not find us settled already. Votes that are not better are dropped, each of them starts the
 * wait anew, and a better one goes to the end of the queue: all three are Java's (K-4). */
static enum outcome finalize(struct fast_leader_election *fle, struct round *round)
{
    struct vote proposal = fle_get_vote(fle);
    for (;;) {
        struct notification *n = NULL;
        zk_trace_wait(fle->ctx, FLE_FINALIZE_WAIT_MS,
                      "a quorum agrees; does anything better come?");
        int r = poll_recvqueue(fle, FLE_FINALIZE_WAIT_MS, &n);
        if (r == -ECANCELED)
            return UNDECIDED;
        if (r == -ETIMEDOUT)
            break;
        if (beats(fle, n, proposal.id, proposal.zxid, proposal.peer_epoch)) {
            bq_put(fle->recvqueue, n);
            return UNDECIDED;
        }
        free(n);
    }
    round->end_vote = proposal_of_this_round(fle);
    set_peer_state(fle, &round->end_vote, &round->vote_set,
                   "a quorum agrees, and 200 ms have brought nothing better");
    return DECIDED;
}

/* ---- votes of those who are done: F1 to F3 -------------------------------------------------- */

/* Does a quorum of votes, and the leader itself, confirm what n says? As in both branches of
 * Java */
static bool confirmed(struct fast_leader_election *fle, const struct vote_map *votes,
                      const struct vote *vote, struct synced_learner_tracker *ret_tracker)
{
    fle_get_vote_tracker(fle, votes, vote, ret_tracker);
    if (zk_trace_on(fle->ctx)) {
        const struct long_set *acks = &ret_tracker->pairs[0].acks;
        zk_trace_tally(fle->ctx, vote->id, acks->items, acks->count,
                       synced_learner_tracker_has_all_quorums(ret_tracker));
    }
    return synced_learner_tracker_has_all_quorums(ret_tracker) &&
           fle_check_leader(fle, votes, vote->id, vote->election_epoch);
}

/* F2: the others are done, perhaps in another round: take over their round, then the state. */
static void join_ensemble(struct fast_leader_election *fle, const struct vote *end_vote,
                          const struct synced_learner_tracker *vote_set)
{
    zk_atomic_long_set(&fle->logicalclock, end_vote->election_epoch); /* perhaps backwards (K-13) */
    set_peer_state(fle, end_vote, vote_set,
                   "a quorum follows this leader, and the leader says so itself");
}

/* Java: receivedFollowingNotification() */
static enum outcome received_following_notification(struct fast_leader_election *fle,
                                                    struct round *round,
                                                    const struct notification *n)
{
    struct vote end_vote = vote_of(n->leader, n->zxid, n->peer_epoch);
    end_vote.election_epoch = n->election_epoch;
    struct vote vote = end_vote; /* to compare with: version and state of the notification */
    vote.version = n->version;
    vote.state = n->state;
    struct vote recorded = vote; /* in the own round without the version (K-5) */
    recorded.version = 0;
    enum outcome outcome = UNDECIDED;
    struct synced_learner_tracker tracker = {0};

    if (n->election_epoch == zk_atomic_long_get(&fle->logicalclock)) { /* F1 */
        vote_map_put(&round->recvset, n->sid, &recorded);
        if (confirmed(fle, &round->recvset, &vote, &tracker)) {
            set_peer_state(fle, &end_vote, &tracker,
                           "a quorum of this round is done, and its leader says so itself");
            outcome = DECIDED;
        }
        synced_learner_tracker_done(&tracker);
    }
    if (outcome == UNDECIDED) { /* F2 */
        vote_map_put(&round->outofelection, n->sid, &vote);
        if (confirmed(fle, &round->outofelection, &vote, &tracker)) {
            join_ensemble(fle, &end_vote, &tracker);
            outcome = DECIDED;
        }
        synced_learner_tracker_done(&tracker);
    }
    if (outcome == DECIDED)
        round->end_vote = end_vote;
    return outcome;
}

/* Java: receivedLeadingNotification() */
static enum outcome received_leading_notification(struct fast_leader_election *fle,
                                                  struct round *round, const struct notification *n)
{
    enum outcome outcome = received_following_notification(fle, round, n);
    if (outcome == DECIDED)
        return outcome;
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(fle->self);
    bool follow = qv_get_need_oracle(qv) && !qv_ask_oracle(qv);
    qv_unref(qv);
    if (!follow) {
        zk_log(fle->ctx, ZK_LOG_ORACLE_NOT_FOLLOW); /* also without any oracle (K-16) */
        return UNDECIDED;
    }
    zk_log(fle->ctx, ZK_LOG_ORACLE_FOLLOW);
    round->end_vote = vote_of(n->leader, n->zxid, n->peer_epoch);
    round->end_vote.election_epoch = n->election_epoch;
    set_peer_state(fle, &round->end_vote, round->has_vote_set ? &round->vote_set : NULL,
                   "the oracle gives the lead to the other server");
    return DECIDED;
}
