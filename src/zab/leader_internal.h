/* Java: Leader. What its parts share: leader.c (learners, shutdown), leader_lead.c (the main
 * thread), leader_epoch.c (the rendezvous), learner_cnx_acceptor.c, and LearnerHandler, which
 * works on its leader as Java's works on a LearnerMaster.
 *
 * Locks, in order: leader, leader_epoch, learner_master, then learner_handler. */
#ifndef ZAB_LEADER_INTERNAL_H
#define ZAB_LEADER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/long_map.h"
#include "zk/ensemble/synced_learner_tracker.h"
#include "zk/io/inet.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/zab/leader.h"

struct learner_handler;
struct sock;
struct zk_database;

enum {
    LEADER_BACKLOG = 50,          /* Java: ServerSocket's default */
    LEADER_PENDING_LEARNERS = 64, /* connections that have not said who they are (D-43) */
    LEADER_LEARNERS = 1024,       /* connections in all (D-43) */
    LEADER_ACCEPT_PAUSE_MS = 100, /* after an accept that failed for want of descriptors */
};

/* How recent a peer's history is. Java: StateSummary */
struct state_summary {
    int64_t current_epoch;
    int64_t last_zxid;
};

/* Java's DIFF and SNAP of LearnerSyncThrottler.SyncType */
enum learner_sync_type {
    LEARNER_SYNC_DIFF,
    LEARNER_SYNC_SNAP,
    LEARNER_SYNC_TYPES,
};

/* Java: LearnerSyncThrottler */
struct learner_sync_throttler {
    int32_t max_concurrent_syncs;
    int32_t sync_in_progress;
};

/* One element of Java's set learners, with its membership in the two others. */
struct leader_learner {
    struct learner_handler *handler; /* a reference */
    bool introduced;                 /* has said who it is */
    bool forwarding;                 /* Java: forwardingFollowers */
    bool observing;                  /* Java: observingLearners */
};

/* One listening socket and the thread that accepts there. Java: LearnerCnxAcceptorHandler */
struct learner_cnx_acceptor_handler {
    struct leader *leader;
    struct inet_address address;
    struct sock *listener; /* a reference */
};

struct leader {
    struct quorum_peer_role role; /* the first field: this is a role */
    /* Set at birth, then read-only. */
    struct quorum_peer *self;
    struct zk_context *ctx;
    struct zk_database *database;
    int64_t my_id;
    struct zk_thread_group *threads; /* all of them: acceptors, handlers, senders, the snapshot's */
    /* Settings. */
    int64_t max_time_to_wait_for_epoch_ms; /* -1: no limit but initLimit */
    bool force_snapshot_sync;
    bool txn_log_sync; /* Java: ZKDatabase.isTxnLogSyncEnabled() */
    bool no_delay;

    /* Java's monitor of Leader. Guards, down to serving_since_ms: */
    struct zk_mutex mu;
    struct zk_cond wake; /* stopping, running or accepting has changed */
    struct learner_cnx_acceptor_handler *acceptors GUARDED_BY(&mu);
    size_t acceptor_count GUARDED_BY(&mu);
    size_t accepting GUARDED_BY(&mu); /* LearnerCnxAcceptorHandler threads that have not ended */
    bool stopping GUARDED_BY(&mu);    /* Java: isShutdown */
    int result GUARDED_BY(&mu);       /* why: what leader_lead returns */
    bool running GUARDED_BY(&mu);     /* Java: ZooKeeperServer.isRunning() */
    int64_t tick GUARDED_BY(&mu);     /* Java: QuorumPeer.tick */
    int64_t last_proposed GUARDED_BY(&mu);
    int64_t serving_since_ms GUARDED_BY(&mu); /* Java: leaderStartTime */

    /* Java's monitors of connectingFollowers, electingFollowers, qvAcksetPairs. Guards: */
    struct zk_mutex epoch_mu;
    bool epoch_stopping GUARDED_BY(&epoch_mu);
    struct zk_cond epoch_proposed;
    struct long_set connecting_followers GUARDED_BY(&epoch_mu);
    bool waiting_for_new_epoch GUARDED_BY(&epoch_mu);
    int64_t epoch GUARDED_BY(&epoch_mu);
    int epoch_error GUARDED_BY(&epoch_mu); /* acceptedEpoch could not be written (D-44) */
    bool quit_wait_for_epoch GUARDED_BY(&epoch_mu);
    int64_t time_start_wait_for_epoch_ms GUARDED_BY(&epoch_mu); /* -1: not yet */
    bool has_vote_set GUARDED_BY(&epoch_mu);
    struct synced_learner_tracker vote_set GUARDED_BY(&epoch_mu); /* who voted for us */
    struct zk_cond epoch_acked;
    struct long_set electing_followers GUARDED_BY(&epoch_mu);
    bool election_finished GUARDED_BY(&epoch_mu);
    struct state_summary leader_state_summary GUARDED_BY(&epoch_mu);
    struct zk_cond new_leader_acked;
    int64_t new_leader_zxid GUARDED_BY(&epoch_mu);
    struct synced_learner_tracker new_leader_proposal GUARDED_BY(&epoch_mu);
    bool quorum_formed GUARDED_BY(&epoch_mu);

    /* Java's monitors of learners, forwardingFollowers, observingLearners and of the throttlers.
     * Guards: */
    struct zk_mutex learners_mu;
    bool learners_closed GUARDED_BY(&learners_mu);
    struct leader_learner *learners GUARDED_BY(&learners_mu); /* in order of arrival */
    size_t learner_count GUARDED_BY(&learners_mu);
    size_t learner_room GUARDED_BY(&learners_mu);
    int64_t follower_counter GUARDED_BY(&learners_mu);
    struct learner_sync_throttler throttlers[LEARNER_SYNC_TYPES] GUARDED_BY(&learners_mu);
};

/* ---- leader.c ---- */

/* leader_shutdown with what leader_lead is to return. Any thread that holds no lock. */
void leader_stop(struct leader *leader, int result, const char *reason);
bool leader_is_stopping(struct leader *leader);
/* Sleep, but end at once when the leader stops. True: it does. */
bool leader_pause(struct leader *leader, int64_t ms);

/* Java: isParticipant() */
bool leader_is_participant(struct leader *leader, int64_t sid);
/* Java: getQuorumVerifierVersion() */
int64_t leader_get_quorum_verifier_version(struct leader *leader);
/* Java: getQuorumVerifierBytes(): what NEWLEADER carries. Gives. */
struct buf *leader_get_quorum_verifier_bytes(struct leader *leader);
/* Java: getPeerInfo(): the server's line of the configuration, empty for a stranger. Appends. */
void leader_append_peer_info(struct leader *leader, int64_t sid, struct zk_str *str);
/* Java: getLastProposed() */
int64_t leader_get_last_proposed(struct leader *leader);
/* Java: getTickOfInitialAckDeadline() */
int64_t leader_get_tick_of_initial_ack_deadline(struct leader *leader);
/* Java: getTickOfNextAckDeadline() */
int64_t leader_get_tick_of_next_ack_deadline(struct leader *leader);
/* Java: getAndDecrementFollowerCounter(): ids for learners without one: -1, -2, ... */
int64_t leader_get_and_decrement_follower_counter(struct leader *leader);

/* Java: addLearnerHandler(). Shares handler. -ECANCELED: the leader stops; -EUSERS: there are
 * too many. */
ZK_NODISCARD int leader_add_learner_handler(struct leader *leader, struct learner_handler *handler);
/* The handler knows its learner: it no longer counts as pending. */
void leader_learner_introduced(struct leader *leader, struct learner_handler *handler);
/* Java: removeLearnerHandler() */
void leader_remove_learner_handler(struct leader *leader, struct learner_handler *handler);
/* Java: startForwarding(). From now on the learner is told of everything. The last proposed
 * zxid. */
int64_t leader_start_forwarding(struct leader *leader, struct learner_handler *handler,
                                bool participant);
/* Java: getLearners(): a copy with references. Gives: leader_free_learners. */
struct learner_handler **leader_get_learners(struct leader *leader, size_t *ret_count);
void leader_free_learners(struct learner_handler **learners, size_t count);
/* Java: getForwardingFollowers(), as sids. */
void leader_get_forwarding_sids(struct leader *leader, struct long_set *ret_sids);

/* Java: LearnerSyncThrottler.beginSync(). essential: not held to the limit. *ret_in_progress counts
 * this one too. -EBUSY: refused. */
ZK_NODISCARD int leader_begin_sync(struct leader *leader, enum learner_sync_type type,
                                   bool essential, int32_t *ret_in_progress);
/* Java: LearnerSyncThrottler.endSync() */
void leader_end_sync(struct leader *leader, enum learner_sync_type type);

/* ---- leader_epoch.c. Each waits at most initLimit ticks (-ETIMEDOUT) or until the leader stops
 * (-ECANCELED). ---- */

/* Java: getEpochToPropose(). -EIO and the like: acceptedEpoch could not be written. */
ZK_NODISCARD int leader_get_epoch_to_propose(struct leader *leader, int64_t sid,
                                             int64_t last_accepted_epoch, int64_t *ret_epoch);
/* Java: waitForEpochAck(). -EPROTO: the learner is ahead of the leader. */
ZK_NODISCARD int leader_wait_for_epoch_ack(struct leader *leader, int64_t sid,
                                           const struct state_summary *summary);
/* Java: waitForNewLeaderAck(). 0 also for an ACK of another zxid, which does not count. */
ZK_NODISCARD int leader_wait_for_new_leader_ack(struct leader *leader, int64_t sid, int64_t zxid);
/* Java: waitForStartup(). Without limit. */
ZK_NODISCARD int leader_wait_for_startup(struct leader *leader);

/* Java: setLeadingVoteSet() and reportLookingSid(). The role's hook. */
void leader_report_looking_sid(struct leader *leader,
                               const struct synced_learner_tracker *leading_vote_set, int64_t sid);

/* Wake everybody who waits here, for good. */
void leader_stop_rendezvous(struct leader *leader);

/* ---- learner_cnx_acceptor.c ---- */

/* Java: createServerSocket() for each address. -EADDRINUSE and the like: not one could be bound. */
ZK_NODISCARD int leader_bind(struct leader *leader);
/* Java: LearnerCnxAcceptor.start(). */
ZK_NODISCARD int leader_start_acceptor(struct leader *leader);
/* Java: Leader.closeSockets(): no more callers. Any thread; the caller holds mu. */
void leader_wake_listeners_locked(struct leader *leader) REQUIRES(&leader->mu);
/* When all threads are joined. */
void leader_close_listeners(struct leader *leader);

#endif
