/* Java: Leader. What its parts share, in the order in which one reads them:
 *
 *   leader_lead.c          the main thread: Leader.lead()
 *   leader_epoch.c         the rendezvous that a term begins with
 *   leader_broadcast.c     what a leader in office does with proposals, acknowledgements and syncs
 *   leader_zookeeper_server.c  the processors that it does it with
 *   leader.c               life and end, the learners, what others may ask
 *   learner_cnx_acceptor.c the quorum port
 *
 * A LearnerHandler knows the leader only as its learner_master (learner_master.h).
 *
 * Locks, in the order in which they may be taken: mu, epoch_mu, learners_mu, then a handler's. */
#ifndef ZAB_LEADER_INTERNAL_H
#define ZAB_LEADER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zab/learner_master.h"
#include "zab/proposal.h"
#include "zk/base/array_deque.h"
#include "zk/base/long_map.h"
#include "zk/ensemble/synced_learner_tracker.h"
#include "zk/io/inet.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"
#include "zk/zab/leader.h"

struct learner_handler;
struct request;
struct sock;

enum {
    LEADER_PENDING_LEARNERS = 64, /* connections that have not said who they are (D-43) */
    LEADER_LEARNERS = 1024,       /* connections in all (D-43) */
};

/* One element of Java's set learners, with its membership in the two others. */
struct leader_learner {
    struct learner_handler *handler; /* a reference */
    bool introduced;                 /* the learner has said who it is */
    bool forwarding;                 /* Java: forwardingFollowers */
    bool observing;                  /* Java: observingLearners */
    bool replaced;                   /* the learner has a younger connection that is forwarded to */
};

/* Bytes of transactions; -1: none yet. Java: BufferStats */
struct proposal_stats {
    int64_t last;
    int64_t min;
    int64_t max;
};

/* One listening socket and the thread that accepts there. Java: LearnerCnxAcceptorHandler */
struct learner_cnx_acceptor_handler {
    struct leader *leader;
    struct inet_address address;
    struct sock *listener; /* a reference */
};

struct leader {
    struct quorum_peer_role role; /* the first field: this is a role */
    struct learner_master master; /* and this is what handlers see of it */

    /* Set at birth, then read-only. */
    struct quorum_peer *self;
    struct zk_context *ctx;
    int64_t my_id;
    struct zk_thread_group *threads;          /* acceptors, handlers, senders */
    struct zk_thread_group *snapshot_threads; /* the one that writes the term's snapshot */
    int64_t max_time_to_wait_for_epoch_ms;    /* a setting; -1: no limit but initLimit */
    int32_t ack_logging_frequency;            /* a setting; 0 or less: no ACK is measured */

    /* ---- guarded by mu: how far the term is. Java's monitor of Leader ------------------------ */
    struct zk_mutex mu;
    /* The main thread, LearnerCnxAcceptor and handlers in waitForStartup wait here. Woken when
     * stopping or running becomes true, and when accepting is counted down. */
    struct zk_cond wake;
    struct learner_cnx_acceptor_handler *acceptors; /* changed by the main thread alone */
    size_t acceptor_count;
    size_t accepting;         /* LearnerCnxAcceptorHandler threads that have not ended */
    bool stopping;            /* Java: isShutdown */
    int result;               /* once stopping: what leader_lead returns */
    bool running;             /* Java: ZooKeeperServer.isRunning() */
    int64_t tick;             /* Java: QuorumPeer.tick */
    int64_t serving_since_ms; /* Java: leaderStartTime */

    /* ---- guarded by mu: broadcast ------------------------------------------------------------ */
    int64_t last_proposed;  /* Java: lastProposed. epoch<<32 while nothing is proposed */
    int64_t last_committed; /* Java: lastCommitted */
    int64_t future_acks;    /* of what was never proposed */
    struct proposal_list outstanding_proposals; /* Java: outstandingProposals */
    struct proposal_list to_be_applied;         /* Java: toBeApplied */
    struct array_deque pending_syncs;           /* struct pending_sync. Java: pendingSyncs */
    struct proposal_stats proposal_stats;       /* Java: proposalStats */

    /* ---- guarded by epoch_mu: the three rendezvous. Java has a monitor for each set ---------- */
    struct zk_mutex epoch_mu;
    bool epoch_stopping; /* wakes the waiters of all three */

    /* getEpochToPropose. Woken when the epoch is on disk (waiting_for_new_epoch becomes false) or
     * could not be written (epoch_error), when quit_wait_for_epoch becomes true, and by
     * epoch_stopping. */
    struct zk_cond epoch_proposed;
    struct long_set connecting_followers;
    bool waiting_for_new_epoch;
    int64_t epoch;
    int epoch_error; /* why acceptedEpoch could not be written (D-44); 0: nothing failed */
    bool quit_wait_for_epoch;
    int64_t time_start_wait_for_epoch_ms; /* -1: not yet */
    bool has_vote_set;
    struct synced_learner_tracker vote_set; /* who voted for us. Java: voteSet */

    /* waitForEpochAck. Woken when election_finished becomes true, and by epoch_stopping. */
    struct zk_cond epoch_acked;
    struct long_set electing_followers;
    bool election_finished;
    struct state_summary leader_state_summary;

    /* waitForNewLeaderAck. Woken when quorum_formed becomes true, and by epoch_stopping. */
    struct zk_cond new_leader_acked;
    int64_t new_leader_zxid;
    struct synced_learner_tracker new_leader_proposal;
    bool quorum_formed;

    /* ---- guarded by learners_mu: who is connected. Java's monitors of learners and two more -- */
    struct zk_mutex learners_mu;
    bool learners_closed;            /* the leader is stopping: nobody is added any more */
    struct leader_learner *learners; /* in order of arrival */
    size_t learner_count;
    size_t learner_room;
    int64_t follower_counter; /* the next id for a learner without one */
    uintptr_t owner_counter;  /* how many owners of sessions were given out */
};

/* Returns the leader that handlers know as this master. */
static inline struct leader *leader_of(struct learner_master *master)
{
    return (struct leader *)((char *)master - offsetof(struct leader, master));
}

/* ---- leader.c -------------------------------------------------------------------------------- */

/* Java: shutdown(reason). Ends the term: all its threads are woken, and leader_lead returns result.
 * Only the first call counts, and the first one whose result is an exit code. reason is for the
 * log. Any thread that holds no lock of zab. */
void leader_shutdown(struct leader *leader, int result, const char *reason);
bool leader_is_stopping(struct leader *leader);
/* Sleeps for ms, or until the leader stops. Returns whether it has stopped. */
bool leader_pause(struct leader *leader, int64_t ms);

/* Java: getLearners(). Returns a copy with references; the caller passes it to
 * leader_free_learners. */
struct learner_handler **leader_get_learners(struct leader *leader, size_t *ret_count);
void leader_free_learners(struct learner_handler **learners, size_t count);

/* Adds the sids of those that are forwarded to, to ret_sids. Java: getForwardingFollowers() */
void leader_get_forwarding_followers(struct leader *leader, struct long_set *ret_sids);

/* Any thread; locks learners_mu. Java: addForwardingFollower() */
void leader_add_forwarding_follower(struct leader *leader, struct learner_handler *handler);
/* Returns whether handler is in that set, and no younger connection of its learner has taken its
 * place. */
bool leader_is_forwarding_to(struct leader *leader, const struct learner_handler *handler);

/* Any thread; locks learners_mu. Java: addObserverLearnerHandler() */
void leader_add_observer_learner_handler(struct leader *leader, struct learner_handler *handler);

/* Returns a reference to handler if it is still connected and is the one that had this owner when
 * the request was made; else NULL. handler is only compared. */
struct learner_handler *leader_find_learner(struct leader *leader,
                                            const struct learner_handler *handler,
                                            const void *owner);

/* ---- leader_epoch.c: methods of learner_master, which says what they do ---------------------- */

ZK_NODISCARD int leader_wait_for_startup(struct learner_master *master);
ZK_NODISCARD int leader_get_epoch_to_propose(struct learner_master *master, int64_t sid,
                                             int64_t last_accepted_epoch, int64_t *ret_epoch);
ZK_NODISCARD int leader_wait_for_epoch_ack(struct learner_master *master, int64_t sid,
                                           const struct state_summary *summary);
ZK_NODISCARD int leader_wait_for_new_leader_ack(struct learner_master *master, int64_t sid,
                                                int64_t zxid);

/* Java: setLeadingVoteSet() and reportLookingSid(). leading_vote_set holds those who voted for us
 * and is copied the first time; NULL: it was handed over before. Any thread. */
void leader_report_looking_sid(struct quorum_peer_role *role,
                               const struct synced_learner_tracker *leading_vote_set, int64_t sid);

/* Wakes the threads that wait in one of the three; nobody waits there from now on. Any thread;
 * locks epoch_mu. */
void leader_stop_rendezvous(struct leader *leader);

/* ---- leader_broadcast.c: what the processors call -------------------------------------------- */

/* All of these put packets and commits into queues; the threads behind those may sleep on until
 * leader_wake. To be called once the server runs; locks learners_mu. */
void leader_wake(struct leader *leader);

/* Gives the request, which PrepRequestProcessor has made a transaction, to the quorum.
 * ProcessThread alone; locks mu. Errors: -EOVERFLOW: the epoch has no zxid left, and the leader is
 * stopped; -ECANCELED: it has stopped. */
ZK_NODISCARD int leader_propose(struct leader *leader, struct request *request);

/* Answers a SYNC when all that has been proposed by now is committed. Its client is a learner's, or
 * one of our own; then the request stands in CommitProcessor already. ProcessThread alone; locks
 * mu. */
void leader_process_sync(struct leader *leader, struct request *request);

/* Takes the request's transaction, which is in the tree now, off toBeApplied. CommitProcessor's
 * thread alone; locks mu. */
void leader_applied(struct leader *leader, const struct request *request);

/* Commits what has a quorum by now, though no ACK came. Main thread; locks mu. */
void leader_revalidate_outstanding_proposals(struct leader *leader);

/* Counts that the server sid has the transaction on its disk, and commits what has a quorum by
 * that. For our own log; the ACKs of learners come by leader_process_learner_ack. Any thread; locks
 * mu. Java: processAck() */
void leader_process_ack(struct leader *leader, int64_t sid, int64_t zxid);
/* Adds the time since the request got its header to this summary. Any thread.
 * Java: Request.logLatency() */
void leader_log_latency(struct leader *leader, enum server_metrics_summary which,
                        const struct request *request);

/* Empty lists, while no other thread knows the leader; and their end, when none is left. */
void leader_init_proposals(struct leader *leader);
void leader_free_proposals(struct leader *leader);

/* ---- leader_broadcast.c: methods of learner_master ------------------------------------------- */

void leader_wake_for_learner(struct learner_master *master);
void leader_process_learner_ack(struct learner_master *master, struct learner_handler *handler,
                                int64_t zxid);
int64_t leader_get_last_committed(struct learner_master *master);
int64_t leader_get_last_proposed(struct learner_master *master);
void leader_touch(struct learner_master *master, int64_t session_id, int32_t timeout_ms);
ZK_NODISCARD int leader_submit_learner_request(struct learner_master *master,
                                               struct request *request);
void leader_hold_proposals(struct learner_master *master);
void leader_release_proposals(struct learner_master *master);
int64_t leader_start_forwarding(struct learner_master *master, struct learner_handler *handler,
                                int64_t last_seen_zxid);

/* ---- learner_cnx_acceptor.c ------------------------------------------------------------------ */

/* Java: new Leader(), which binds the quorum ports. Main thread, before leader_start_acceptor.
 * Errors: -EADDRINUSE and the like: not one port could be bound (logged). */
ZK_NODISCARD int leader_bind(struct leader *leader);
/* Starts the threads that accept. Main thread. Errors: -EAGAIN, the system gives no more threads.
 * Java: LearnerCnxAcceptor.start() */
ZK_NODISCARD int leader_start_acceptor(struct leader *leader);
/* Java: Leader.closeSockets(): no caller is accepted any more. Any thread; the caller holds mu. */
void leader_wake_listeners_locked(struct leader *leader) REQUIRES(&leader->mu);
/* Frees the sockets. Main thread, when all threads are joined. */
void leader_close_listeners(struct leader *leader);

#endif
