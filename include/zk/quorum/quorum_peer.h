/* One server's view of itself: its state, its vote, the epochs that it has promised, and the
 * servers of the ensemble. Java calls it "self"; election and zab both work on it and never on each
 * other.
 *
 * Java's QuorumPeer is a thread as well; here its loop lives in peer/quorum_peer_run.h (D-1). A
 * quorum_peer that is only made and never run is what Java's tests call testingQuorumPeer().
 *
 * Java: QuorumPeer */
#ifndef ZK_QUORUM_QUORUM_PEER_H
#define ZK_QUORUM_QUORUM_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/long_map.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/quorum_verifier.h"
#include "zk/ensemble/server_state.h"
#include "zk/ensemble/synced_learner_tracker.h"
#include "zk/ensemble/vote.h"
#include "zk/quorum/quorum_peer_role.h"

struct zk_context;
struct zk_database;
struct zookeeper_server;
struct quorum_peer;
struct server_metrics;

/* The client port, which is of a floor above. Java: cnxnFactory */
struct quorum_peer_cnxn_factory {
    /* NULL: nobody serves, and all connections are closed. The main thread calls it, with no lock.
     * Java: ServerCnxnFactory.setZooKeeperServer(), closeAll() */
    void (*set_zookeeper_server)(void *arg, struct zookeeper_server *server);
    void *arg;
};

/* What is set at birth and stays: any thread reads it, without a lock. What changes is behind three
 * locks, and the functions below ask for it. */
struct quorum_peer {
    struct zk_context *ctx;
    const struct quorum_peer_config *config;
    struct zk_database *database;
    struct server_metrics *metrics;
    int64_t my_id;         /* Java: getId() */
    int64_t init_limit_ms; /* initLimit * tickTime */
    int64_t sync_limit_ms; /* syncLimit * tickTime */

    struct quorum_peer_monitor *monitor;          /* state, vote, role: quorum_peer.c */
    struct quorum_peer_verifiers *verifiers;      /* the ensemble: quorum_peer_verifiers.c */
    struct epochs *epochs;                        /* on disk and in memory: quorum_peer_epochs.c */
    struct quorum_peer_cnxn_factory cnxn_factory; /* zeroed: there is no client port */
};

/* Makes a peer in state LOOKING, without a current vote. ctx, config and database stay the caller's
 * and must outlive it. */
struct quorum_peer *quorum_peer_new(struct zk_context *ctx, const struct quorum_peer_config *config,
                                    struct zk_database *database);
void quorum_peer_free(struct quorum_peer *self); /* NULL is fine */

/* ---- state and vote. Any thread; locks quorum_peer. ------------------------------------------ */

/* Java: getPeerState() */
enum server_state quorum_peer_get_peer_state(struct quorum_peer *self);

/* The states change in a circle, LOOKING and a role in turn (section 12.1 of NOTES.md); any other
 * change is a fault of ours and panics. LOOKING also forgets the leader and the phase. Logs and
 * traces the change; why is for the trace. Java: setPeerState() */
void quorum_peer_set_peer_state(struct quorum_peer *self, enum server_state state, const char *why);

/* Returns false if there is no vote: before an election is made, and after one that was broken off.
 * Java: getCurrentVote() */
bool quorum_peer_get_current_vote(struct quorum_peer *self, struct vote *ret_vote);
/* NULL: there is none from now on. Java: setCurrentVote() */
void quorum_peer_set_current_vote(struct quorum_peer *self, const struct vote *vote);

/* The first changes, and the second reads, state and vote as one, so that no server is told the new
 * state with the old vote (D-14). */
void quorum_peer_decide(struct quorum_peer *self, enum server_state state, const struct vote *vote,
                        const char *why);
enum server_state quorum_peer_get_state_and_vote(struct quorum_peer *self, bool *ret_has_vote,
                                                 struct vote *ret_vote);

/* The epoch is established: from now on it is in the vote that we tell servers that look. Without a
 * vote nothing happens. Java: updateElectionVote() */
void quorum_peer_update_election_vote(struct quorum_peer *self, int64_t new_epoch);

/* How far the peer is within its state: all values are of one moment. */
struct quorum_peer_phase {
    enum server_state state;
    enum zab_state zab_state;
    enum sync_mode sync_mode;
    int64_t leader_id;          /* -1: none */
    int64_t broadcast_since_ms; /* when it began to serve (zk_elapsed_ms); -1: it does not */
};

/* Java: getPeerState(), getZabState(), getSyncMode(), getLeaderId() */
struct quorum_peer_phase quorum_peer_get_phase(struct quorum_peer *self);

/* Logs the whole phase, as the next one does: "following - synchronization - diff".
 * Java: setZabState() */
void quorum_peer_set_zab_state(struct quorum_peer *self, enum zab_state state);
/* Java: setSyncMode() */
void quorum_peer_set_sync_mode(struct quorum_peer *self, enum sync_mode mode);

/* Notes which server leads in this term, for the phase. Java: setLeaderAddressAndId() */
void quorum_peer_set_leader_id(struct quorum_peer *self, int64_t leader);

/* The moment at which the last lookForLeader began (zk_elapsed_ms). The role takes it once, for the
 * line "LEADER ELECTION TOOK"; then it is -1. Java: start_fle */
void quorum_peer_set_start_fle(struct quorum_peer *self, int64_t elapsed_ms);
int64_t quorum_peer_take_start_fle(struct quorum_peer *self);

/* Java: shuttingDownLE. WorkerReceiver raises it when it hears of a newer configuration; the main
 * thread takes it back and builds the election anew. */
void quorum_peer_set_shutting_down_le(struct quorum_peer *self);
bool quorum_peer_take_shutting_down_le(struct quorum_peer *self);

/* Stopping also shuts down the role that is set (see below), so the caller holds no lock.
 * Java: isRunning(), and the assignment running = false */
bool quorum_peer_is_running(struct quorum_peer *self);
void quorum_peer_stop_running(struct quorum_peer *self);

/* ---- the configuration. Any thread; locks quorum_verifiers. ---------------------------------- */

/* The peer keeps every verifier that it was ever given until quorum_peer_free, and lends them: what
 * the next two return is never NULL, and stays valid and unchanged as long as the peer. */

/* The committed configuration. Java: getQuorumVerifier() */
const struct quorum_verifier *quorum_peer_quorum_verifier(struct quorum_peer *self);
/* The newest configuration that the peer has heard of. Java: getLastSeenQuorumVerifier() */
const struct quorum_verifier *quorum_peer_last_seen_quorum_verifier(struct quorum_peer *self);

/* Returns whether the committed configuration lists sid as a voter.
 * Java: QuorumVerifier.getVotingMembers() */
bool quorum_peer_is_voter(struct quorum_peer *self, int64_t sid);

/* Makes a tracker without acks: for the committed configuration and, where its version is higher,
 * for the last seen one too, both as they are at one moment. synced_learner_tracker_done() ends it.
 * Java: SyncedLearnerTracker.addQuorumVerifier(), as getVoteTracker() and lead() call it */
void quorum_peer_init_tracker(struct quorum_peer *self, struct synced_learner_tracker *ret_tracker);

/* A leader's NEWLEADER has named qv, or is about to: its version is kept, in memory and in
 * <zoo.cfg>.dynamic.next, if it is higher than the last seen one and qv lists the servers that this
 * peer knows (D-97). Other servers are a reconfiguration, which is not applied yet (D-32). qv stays
 * the caller's. Blocks on the disk; a failure is logged. Java: setLastSeenQuorumVerifier() */
void quorum_peer_set_last_seen_quorum_verifier(struct quorum_peer *self,
                                               const struct quorum_verifier *qv);

/* A quorum has acknowledged the last seen configuration: with reconfigEnabled=true it is the
 * committed one from now on, and stands in /zookeeper/config; else nothing happens.
 * Java: processReconfig() */
void quorum_peer_process_reconfig(struct quorum_peer *self);

/* The voters of the committed and the last seen configuration, each once, in the order in which
 * Java iterates the set. The caller frees *ret_items. Java: getCurrentAndNextConfigVoters() */
void quorum_peer_get_current_and_next_config_voters(struct quorum_peer *self, int64_t **ret_items,
                                                    size_t *ret_count);

/* ---- history --------------------------------------------------------------------------------- */

/* The two files of <dataDir>/version-2, each a decimal number. Java: QuorumPeer, its constants */
#define CURRENT_EPOCH_FILENAME  "currentEpoch"
#define ACCEPTED_EPOCH_FILENAME "acceptedEpoch"
/* In bytes: the number, and perhaps a line or two that are not read. */
enum { EPOCH_FILE_LIMIT = 4096 };

/* Returns the zxid of the newest transaction in the log, which is in the tree as well. Any thread.
 * Java: getLastLoggedZxid() */
int64_t quorum_peer_get_last_logged_zxid(struct quorum_peer *self);

/* Loads the tree, then checks and creates the two epoch files. Main thread, before any other is
 * started; blocks on the disk. Errors: -EPROTO, what is on disk contradicts itself; others of the
 * disk. They are logged with what to do. Java: loadDataBase() */
ZK_NODISCARD int quorum_peer_load_database(struct quorum_peer *self);

/* The next two may be called by any thread, and wait while another one writes an epoch to the
 * disk: what they return is there. */

/* The epoch of the leader whose history this peer has, as the file says. Java: getCurrentEpoch() */
int64_t quorum_peer_get_current_epoch(struct quorum_peer *self);
/* The highest epoch that this peer has promised to follow. Java: getAcceptedEpoch() */
int64_t quorum_peer_get_accepted_epoch(struct quorum_peer *self);

/* Replaces the file (fsynced), then memory. Any thread; blocks on the disk. After an error of the
 * disk, which is logged, neither has changed. Java: setCurrentEpoch() */
ZK_NODISCARD int quorum_peer_set_current_epoch(struct quorum_peer *self, int64_t epoch);
/* The same for the promise. Java: setAcceptedEpoch() */
ZK_NODISCARD int quorum_peer_set_accepted_epoch(struct quorum_peer *self, int64_t epoch);
/* Returns 0, or the error of the first of these calls that failed: then this peer must end
 * (D-331). Any thread; waits as the two above. */
ZK_NODISCARD int quorum_peer_get_epoch_error(struct quorum_peer *self);

/* ---- the role -------------------------------------------------------------------------------- */

/* The main thread sets a role when its term begins, of which the peer takes a reference of its own,
 * and NULL when it has ended. If the peer has been stopped already, the role is shut down at once.
 * Locks quorum_peer. Java: setLeader(), setFollower(), setObserver() */
void quorum_peer_set_role(struct quorum_peer *self, struct quorum_peer_role *role);

/* Returns the server of the role that is set, which the caller unrefs, or NULL if none is set. Any
 * thread; locks quorum_peer. Java: getActiveServer() */
struct zookeeper_server *quorum_peer_get_active_server(struct quorum_peer *self);

/* Sets the client port. Called before the main thread starts. Java: setCnxnFactory() */
void quorum_peer_set_cnxn_factory(struct quorum_peer *self,
                                  const struct quorum_peer_cnxn_factory *factory);
/* From now on server serves clients, with the session timeouts that the configuration allows; if it
 * is NULL nobody does, and all connections of clients are closed. The main thread calls it, without
 * a lock. Java: setZooKeeperServer(), closeAllConnections() */
void quorum_peer_set_zookeeper_server(struct quorum_peer *self, struct zookeeper_server *server);

/* Passes a LOOKING voter's sid on to the leader. Returns false if this peer does not lead. Any
 * thread that holds no lock; locks quorum_peer, and then what the leader locks. */
bool quorum_peer_report_looking_sid(struct quorum_peer *self,
                                    const struct synced_learner_tracker *leading_vote_set,
                                    int64_t sid);

/* Reads what the leader tells of its learners. Returns false if this peer does not lead. Any thread
 * that holds no lock; locks as the one above. */
bool quorum_peer_get_leader_status(struct quorum_peer *self, struct leader_status *ret_status);
/* The leader's sizes of proposals begin anew; nothing happens if this peer does not lead. Threads
 * and locks as above. */
void quorum_peer_reset_proposal_stats(struct quorum_peer *self);
/* Returns how many observers the leader informs, and tells of each; the caller frees *ret_infos.
 * Returns 0 if this peer does not lead. Threads and locks as above. */
size_t quorum_peer_get_observers(struct quorum_peer *self, struct observer_info **ret_infos);
/* Counting for each observer begins anew. Threads and locks as above. */
void quorum_peer_reset_observer_stats(struct quorum_peer *self);

#endif
