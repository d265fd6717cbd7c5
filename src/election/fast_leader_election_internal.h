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

    struct blocking_queue
        *sendqueue; /* of struct to_send: main thread and WorkerReceiver -> WorkerSender */
    struct blocking_queue *recvqueue; /* of struct notification: WorkerReceiver -> main thread */
    struct zk_stop stop;              /* Java: stop, volatile, of all three */
    struct zk_thread_group *messengers;

    struct zk_atomic_long logicalclock; /* the round */

    struct zk_mutex mu; /* Java's monitor of FastLeaderElection. Guards: */
    int64_t proposed_leader GUARDED_BY(&mu);
    int64_t proposed_zxid GUARDED_BY(&mu);
    int64_t proposed_epoch GUARDED_BY(&mu);
    bool has_leading_vote_set
        GUARDED_BY(&mu); /* until WorkerReceiver hands it to the leader */
    struct synced_learner_tracker leading_vote_set GUARDED_BY(&mu);
};

/* ---- messenger.c ---- */

/* The threads. arg is the struct fast_leader_election. Java: WorkerSender.run(),
 * WorkerReceiver.run() */
void worker_sender_run(void *arg);
void worker_receiver_run(void *arg);

/* ---- fast_leader_election.c ---- */

/* Java: Leader.setLeadingVoteSet() and reportLookingSid(), as WorkerReceiver calls them. Locks fle,
 * role. */
void fle_report_looking_sid(struct fast_leader_election *fle, int64_t sid);

/* Is sid a voter of the committed or the last seen configuration? Java: validVoter() */
bool fle_valid_voter(struct fast_leader_election *fle, int64_t sid);

#endif
