/* The struct behind fast_leader_election.h, shared with messenger.c.
 * Java: FastLeaderElection */
#ifndef ELECTION_FAST_LEADER_ELECTION_INTERNAL_H
#define ELECTION_FAST_LEADER_ELECTION_INTERNAL_H

#include "zk/base/refcount.h"
#include "zk/election/fast_leader_election.h"
#include "zk/election/notification.h"
#include "zk/election/quorum_cnx_manager.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"

struct fast_leader_election {
    /* Set at birth, then read-only. */
    struct zk_context *ctx;
    struct quorum_peer *self;
    struct quorum_cnx_manager *manager;
    int32_t min_notification_interval_ms;
    int32_t max_notification_interval_ms;

    /* Of struct to_send: main thread and WorkerReceiver -> WorkerSender. */
    struct blocking_queue *sendqueue;
    /* Of struct notification: WorkerReceiver -> main thread. */
    struct blocking_queue *recvqueue;
    /* Java: stop, a volatile of the election and one of each messenger */
    struct zk_stop stop;
    struct zk_thread_group *messengers;

    /* The round. Atomic: WorkerReceiver compares every notification with it. */
    struct zk_atomic_long logicalclock;

    /* Java's monitor of FastLeaderElection. Guards: */
    struct zk_mutex mu;
    int64_t proposed_leader GUARDED_BY(&mu);
    int64_t proposed_zxid GUARDED_BY(&mu);
    int64_t proposed_epoch GUARDED_BY(&mu);
    /* The voters that elected us, until WorkerReceiver hands them to the leader. */
    bool has_leading_vote_set GUARDED_BY(&mu);
    struct synced_learner_tracker leading_vote_set GUARDED_BY(&mu);
};

/* ---- messenger.c ---- */

/* The threads; arg is the struct fast_leader_election. They end when it is shut down. */

/* Java: WorkerReceiver.run() */
void worker_receiver_run(void *arg);
/* Java: WorkerSender.run() */
void worker_sender_run(void *arg);

/* ---- fast_leader_election.c ---- */

/* Returns whether sid is a voter of the committed or the last seen configuration.
 * Java: validVoter() */
bool fle_valid_voter(struct fast_leader_election *fle, int64_t sid);

/* The rules, which tests ask without any thread. */

/* Returns whether the new candidate beats the current one. Java: totalOrderPredicate() */
bool fle_total_order_predicate(const struct quorum_verifier *qv, int64_t new_id, int64_t new_zxid,
                               int64_t new_epoch, int64_t cur_id, int64_t cur_zxid,
                               int64_t cur_epoch);

/* Counts the senders whose vote equals vote, by the committed and, if newer, the last seen
 * configuration. The caller ends *ret_tracker. Java: getVoteTracker() */
void fle_get_vote_tracker(struct fast_leader_election *fle, const struct vote_map *votes,
                          const struct vote *vote, struct synced_learner_tracker *ret_tracker);

/* Returns whether the leader itself has said that it leads; if it is us, whether the round is ours.
 * Java: checkLeader() */
bool fle_check_leader(struct fast_leader_election *fle, const struct vote_map *votes,
                      int64_t leader, int64_t election_epoch);

/* ---- fle_trace.c: main thread; each does nothing without a trace ---- */

/* Our first vote of an election. */
void fle_trace_new_election(struct fast_leader_election *fle, const struct vote *mine);

/* n's vote, which beat `before`, has become our proposal. */
void fle_trace_better_vote(struct fast_leader_election *fle, const struct notification *n,
                           const struct vote *before);

/* n's round is later than ours, but its vote does not beat our first one. */
void fle_trace_own_vote_again(struct fast_leader_election *fle, const struct notification *n,
                              const struct vote *mine);

/* The voters whose votes agree on leader, and whether they are a quorum. */
void fle_trace_tally(struct fast_leader_election *fle, int64_t leader,
                     const struct synced_learner_tracker *tracker);

#endif
