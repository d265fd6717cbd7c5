/* What a LearnerHandler sees of the one it works for. In Java that is Leader or, for observers that
 * dial a follower, ObserverMaster; here it is struct leader alone (D-7), and still a class of its
 * own: the handler knows nothing of how a leader forms its quorum, and a test can play the master.
 *
 * Every function may be called by any handler's thread. None calls back into the handler while it
 * holds a lock, except through learner_handler_queue_packet and learner_handler_shutdown, which
 * never block.
 *
 * Java: LearnerMaster */
#ifndef ZAB_LEARNER_MASTER_H
#define ZAB_LEARNER_MASTER_H

#include <stdint.h>

#include "zab/learner_sync_throttler.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/jute/quorum.h"

struct learner_handler;
struct learner_master;
struct request;
struct server_metrics;
struct zk_context;
struct zk_database;
struct zk_thread_group;

/* How recent a peer's history is. Java: StateSummary */
struct state_summary {
    int64_t current_epoch; /* -1: it has promised this epoch before, so its answer does not count */
    int64_t last_zxid;
};

/* Java: LearnerMaster's abstract methods, in its order. */
struct learner_master_ops {
    /* Java: addLearnerHandler(). Keeps a reference. -ECANCELED: the leader is stopping; -EUSERS:
     * there are too many learners (D-43). */
    int (*add_learner_handler)(struct learner_master *master, struct learner_handler *handler);

    /* Java: removeLearnerHandler(). Drops the reference. */
    void (*remove_learner_handler)(struct learner_master *master, struct learner_handler *handler);

    /* Java: waitForEpochAck(). Blocks until a quorum has promised the epoch. -EPROTO: the learner
     * knows more than the leader; -ETIMEDOUT: initLimit ticks have passed; -ECANCELED. */
    int (*wait_for_epoch_ack)(struct learner_master *master, int64_t sid,
                              const struct state_summary *summary);

    /* Java: waitForStartup(). Blocks until the leader serves, without limit; -ECANCELED. */
    int (*wait_for_startup)(struct learner_master *master);

    /* Java: getEpochToPropose(). Blocks until the epoch of the term is known. Errors: -ETIMEDOUT;
     * -ECANCELED; -ERANGE, no epoch is above last_accepted_epoch; or why acceptedEpoch could not be
     * written. */
    int (*get_epoch_to_propose)(struct learner_master *master, int64_t sid,
                                int64_t last_accepted_epoch, int64_t *ret_epoch);

    /* Java: waitForNewLeaderAck(). Blocks until a quorum has the leader's history. 0 also for an
     * ACK of another zxid, which does not count. -ETIMEDOUT, -ECANCELED. */
    int (*wait_for_new_leader_ack)(struct learner_master *master, int64_t sid, int64_t zxid);

    /* Java: getLastProposed() */
    int64_t (*get_last_proposed)(struct learner_master *master);

    /* Java: getCurrentTick() */
    int64_t (*get_current_tick)(struct learner_master *master);

    /* Java: syncTimeout(). In ms. */
    int64_t (*sync_timeout)(struct learner_master *master);

    /* Java: getTickOfNextAckDeadline(), getTickOfInitialAckDeadline() */
    int64_t (*get_tick_of_next_ack_deadline)(struct learner_master *master);
    int64_t (*get_tick_of_initial_ack_deadline)(struct learner_master *master);

    /* Java: getAndDecrementFollowerCounter(): ids for learners without one: -1, -2, ... */
    int64_t (*get_and_decrement_follower_counter)(struct learner_master *master);

    /* Java: processAck() */
    void (*process_ack)(struct learner_master *master, struct learner_handler *handler,
                        int64_t zxid);

    /* The handler is about to wait for its learner: the threads that its last packets have given
     * something may go to work. Once the master serves. */
    void (*wake)(struct learner_master *master);

    /* Java: revalidateSession(). Answers the learner. -EPROTO: the packet is too short. */
    int (*revalidate_session)(struct learner_master *master, const struct quorum_packet *packet,
                              struct learner_handler *handler);

    /* Java: touch(). The learner has heard of the session. */
    void (*touch)(struct learner_master *master, int64_t session_id, int32_t timeout_ms);

    /* Java: submitLearnerRequest(). Once the master serves. The request stays the caller's. Errors:
     * the processors cannot go on. */
    int (*submit_learner_request)(struct learner_master *master, struct request *request);

    /* Java: ZKDatabase.getLogLock().readLock(). Between the two nothing is proposed and nothing
     * committed, and nothing leaves the list of what is committed but not applied. The
     * handler blocks on nothing meanwhile. */
    void (*hold_proposals)(struct learner_master *master);
    void (*release_proposals)(struct learner_master *master);

    /* Returns the last committed zxid, which may not be applied yet. While the proposals are
     * held. */
    int64_t (*get_last_committed)(struct learner_master *master);

    /* Java: startForwarding(). Queues to the learner what it has not seen behind last_seen_zxid,
     * and from now on it is told of everything. Returns the last proposed zxid. While the proposals
     * are held. */
    int64_t (*start_forwarding)(struct learner_master *master, struct learner_handler *handler,
                                int64_t last_seen_zxid);

    /* Returns what names this handler as the owner of sessions. It is no address, so that the next
     * handler, which may lie where this one was, is not taken for it. */
    const void *(*new_owner)(struct learner_master *master);

    /* Java: getQuorumVerifierVersion() */
    int64_t (*get_quorum_verifier_version)(struct learner_master *master);

    /* Java: getPeerInfo(). Appends the server's line of the configuration; nothing for a
     * stranger. */
    void (*get_peer_info)(struct learner_master *master, int64_t sid, struct zk_str *str);

    /* Java: getQuorumVerifierBytes(): what NEWLEADER carries. The caller unrefs it. */
    struct buf *(*get_quorum_verifier_bytes)(struct learner_master *master);

    /* Java: registerLearnerHandlerBean(). The handler knows its learner by now, so it no longer
     * counts as one of the silent connections that D-43 bounds. */
    void (*register_learner_handler)(struct learner_master *master,
                                     struct learner_handler *handler);
};

/* The part that all masters share; the first member of each. Read-only but for the throttlers. */
struct learner_master {
    const struct learner_master_ops *ops;
    struct zk_context *ctx;
    struct zk_database *database;    /* Java: getZKDatabase() */
    struct server_metrics *metrics;  /* Java: ServerMetrics.getMetrics() */
    struct zk_thread_group *threads; /* each handler's two threads belong to it */
    /* 0 or 1: the system has refused the thread of the Sender that was asked for last. A caller who
     * says nothing gets a handler meanwhile, so the threads together do not tell this. */
    struct zk_atomic_long lacks_senders;
    struct learner_sync_throttler learner_snap_sync_throttler;
    struct learner_sync_throttler learner_diff_sync_throttler;
};

/* Reads Java's settings zookeeper.leader.maxConcurrentSnapSyncs (10) and
 * zookeeper.leader.maxConcurrentDiffSyncs (100). The arguments stay the caller's. */
void learner_master_init(struct learner_master *master, const struct learner_master_ops *ops,
                         struct zk_context *ctx, struct zk_database *database,
                         struct server_metrics *metrics, struct zk_thread_group *threads);
void learner_master_done(struct learner_master *master);

#endif
