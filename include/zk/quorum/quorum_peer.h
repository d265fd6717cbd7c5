/* One server's view of itself: what it is, whom it believes in, which epochs it promised, who is in
 * the ensemble. Java calls it "self"; election and zab both work on it and never on each other.
 *
 * Java's QuorumPeer is a thread as well; here its loop lives in peer/quorum_peer_run.h (departure
 * D-1). A quorum_peer that is only made and never run is what Java's tests call
 * testingQuorumPeer().
 *
 * Java: QuorumPeer */
#ifndef ZK_QUORUM_QUORUM_PEER_H
#define ZK_QUORUM_QUORUM_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/long_map.h"
#include "zk/base/str.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/quorum_verifier.h"
#include "zk/ensemble/server_state.h"
#include "zk/ensemble/synced_learner_tracker.h"
#include "zk/ensemble/vote.h"
#include "zk/quorum/quorum_peer_role.h"

struct zk_context;
struct zk_database;
struct quorum_peer;
struct server_metrics;

/* Make a peer in state LOOKING, without a current vote. Borrows all three until
 * quorum_peer_free. */
struct quorum_peer *quorum_peer_new(struct zk_context *ctx, const struct quorum_peer_config *config,
                                    struct zk_database *database);
void quorum_peer_free(struct quorum_peer *self);

/* Fixed at birth. Any thread, no lock. */
struct zk_context *quorum_peer_context(const struct quorum_peer *self);
const struct quorum_peer_config *quorum_peer_config_of(const struct quorum_peer *self);
struct zk_database *quorum_peer_database(const struct quorum_peer *self);
struct server_metrics *quorum_peer_metrics(const struct quorum_peer *self);
int64_t quorum_peer_get_my_id(const struct quorum_peer *self); /* Java: getId() */
enum learner_type quorum_peer_get_learner_type(const struct quorum_peer *self);
int64_t quorum_peer_init_limit_ms(const struct quorum_peer *self); /* initLimit * tickTime */
int64_t quorum_peer_sync_limit_ms(const struct quorum_peer *self); /* syncLimit * tickTime */

/* ---- state and vote. Any thread; locks quorum_peer. ------------------------------------------ */

/* Java: getPeerState() */
enum server_state quorum_peer_get_peer_state(struct quorum_peer *self);

/* Java: setPeerState(). LOOKING also forgets the leader and the phase. Logs and traces the change;
 * why is for the trace. */
void quorum_peer_set_peer_state(struct quorum_peer *self, enum server_state state, const char *why);

/* Java: getCurrentVote(). False: there is none (before the first election, and while one is
 * restarted). */
bool quorum_peer_get_current_vote(struct quorum_peer *self, struct vote *ret_vote);
void quorum_peer_set_current_vote(struct quorum_peer *self,
                                  const struct vote *vote); /* NULL: none */

/* State and vote as one, so that nobody is told the new state with the old vote (departure
 * D-14). */
void quorum_peer_decide(struct quorum_peer *self, enum server_state state, const struct vote *vote,
                        const char *why);
enum server_state quorum_peer_get_state_and_vote(struct quorum_peer *self, bool *ret_has_vote,
                                                 struct vote *ret_vote);

/* Java: updateElectionVote(). The epoch is established: say so to those who ask later. */
void quorum_peer_update_election_vote(struct quorum_peer *self, int64_t new_epoch);

/* Java: setZabState() */
void quorum_peer_set_zab_state(struct quorum_peer *self, enum zab_state state);
enum zab_state quorum_peer_get_zab_state(struct quorum_peer *self);
/* When this peer began to serve (zk_elapsed_ms); -1: it does not. */
int64_t quorum_peer_get_broadcast_since(struct quorum_peer *self);
/* Java: setSyncMode() */
void quorum_peer_set_sync_mode(struct quorum_peer *self, enum sync_mode mode);
enum sync_mode quorum_peer_get_sync_mode(struct quorum_peer *self);
/* Append for example "following - synchronization - diff". Java: getDetailedPeerState() */
void quorum_peer_append_detailed_peer_state(struct quorum_peer *self, struct zk_str *str);

/* Java: setLeaderAddressAndId(). -1: none. */
void quorum_peer_set_leader_id(struct quorum_peer *self, int64_t leader);
int64_t quorum_peer_get_leader_id(struct quorum_peer *self);

/* The moment the last lookForLeader began (zk_elapsed_ms). Java: start_fle. The role reads it once,
 * with reset, for the line "LEADER ELECTION TOOK"; -1: already read. */
void quorum_peer_set_start_fle(struct quorum_peer *self, int64_t elapsed_ms);
int64_t quorum_peer_take_start_fle(struct quorum_peer *self);

/* Java: shuttingDownLE. Raised by WorkerReceiver for a newer configuration; taken by the main
 * thread, which builds the election anew. */
void quorum_peer_set_shutting_down_le(struct quorum_peer *self);
bool quorum_peer_take_shutting_down_le(struct quorum_peer *self);

/* Java: isRunning(), and running = false. Stopping also shuts down the role that is set (see
 * below), so the caller holds no lock. */
bool quorum_peer_is_running(struct quorum_peer *self);
void quorum_peer_stop_running(struct quorum_peer *self);

/* ---- the configuration. Any thread. As no reconfiguration is applied (D-32), it never changes,
 * and needs no lock such as Java's QV_LOCK. ---------------------------------------------------- */

/* Java: getQuorumVerifier(): the committed configuration. The peer keeps every verifier that it was
 * ever given until quorum_peer_free, and lends them: what is returned is never NULL, and stays
 * valid and unchanged as long as the peer. */
const struct quorum_verifier *quorum_peer_quorum_verifier(struct quorum_peer *self);
/* Java: getLastSeenQuorumVerifier(): the newest configuration heard of, lent in the same way. */
const struct quorum_verifier *quorum_peer_last_seen_quorum_verifier(struct quorum_peer *self);

/* True if the committed configuration lists sid as a voter.
 * Java: QuorumVerifier.getVotingMembers() */
bool quorum_peer_is_voter(struct quorum_peer *self, int64_t sid);

/* Make a tracker without acks: for the committed configuration and, where its version is higher,
 * for the last seen one too. Both as they are at one moment. synced_learner_tracker_done() ends it.
 * Java: SyncedLearnerTracker.addQuorumVerifier(), as getVoteTracker() and lead() call it */
void quorum_peer_init_tracker(struct quorum_peer *self, struct synced_learner_tracker *ret_tracker);

/* As the two above, but they return a counted reference (qv_unref it). They go as soon as nobody
 * calls them. */
struct quorum_verifier *quorum_peer_get_quorum_verifier(struct quorum_peer *self);
struct quorum_verifier *quorum_peer_get_last_seen_quorum_verifier(struct quorum_peer *self);

/* Java: setLastSeenQuorumVerifier(). As with reconfig disabled: only says that it is not stored. */
void quorum_peer_set_last_seen_quorum_verifier(struct quorum_peer *self,
                                               struct quorum_verifier *qv);

/* Java: getCurrentAndNextConfigVoters(): committed and last seen voters, in the order in which Java
 * iterates the set. Gives items (free it). */
void quorum_peer_get_current_and_next_config_voters(struct quorum_peer *self, int64_t **ret_items,
                                                    size_t *ret_count);

/* ---- history --------------------------------------------------------------------------------- */

/* Java: getLastLoggedZxid() */
int64_t quorum_peer_get_last_logged_zxid(struct quorum_peer *self);

/* Java: loadDataBase(). Load the tree, then check and create the two epoch files. Blocks on the
 * disk; before the second thread. Errors: -errno or -EPROTO, logged with what to do. */
ZK_NODISCARD int quorum_peer_load_database(struct quorum_peer *self);

/* Java: getCurrentEpoch(): the file's content, cached. */
int64_t quorum_peer_get_current_epoch(struct quorum_peer *self);
/* Java: getAcceptedEpoch(): the file's content, cached. */
int64_t quorum_peer_get_accepted_epoch(struct quorum_peer *self);

/* Java: setCurrentEpoch(): the file first (fsynced), then memory. Any thread; blocks on the
 * disk. */
ZK_NODISCARD int quorum_peer_set_current_epoch(struct quorum_peer *self, int64_t epoch);
/* Java: setAcceptedEpoch(), in the same way. */
ZK_NODISCARD int quorum_peer_set_accepted_epoch(struct quorum_peer *self, int64_t epoch);

/* ---- the role -------------------------------------------------------------------------------- */

/* Java: setLeader(), setFollower(), setObserver(). The main thread sets a role when its term begins
 * (shares it), and NULL when it has ended. If the peer has been stopped already, the role is shut
 * down at once. Locks quorum_peer. */
void quorum_peer_set_role(struct quorum_peer *self, struct quorum_peer_role *role);

/* Pass a LOOKING voter's sid on to the leader. False: this peer does not lead. Any thread that
 * holds no lock; locks quorum_peer, then whatever the leader locks. */
bool quorum_peer_report_looking_sid(struct quorum_peer *self,
                                    const struct synced_learner_tracker *leading_vote_set,
                                    int64_t sid);

/* What the leader tells of its learners. False: this peer does not lead. Any thread that holds no
 * lock; locks as the one above. */
bool quorum_peer_get_leader_status(struct quorum_peer *self, struct leader_status *ret_status);

#endif
