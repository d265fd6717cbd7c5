/* Leader election by push: everybody votes for itself, tells everybody, and changes to the best
 * vote it hears of, until a quorum says the same and 200 ms have brought no better vote.
 *
 * Three threads meet here: the main thread runs fle_look_for_leader; WorkerSender and
 * WorkerReceiver (messenger.c) stand between it and the connections.
 *
 * Life: fle_new, fle_start, then fle_look_for_leader from the main thread for each election;
 * fle_request_stop from any thread makes that call return; fle_shutdown and fle_free by the main
 * thread.
 *
 * Java: FastLeaderElection */
#ifndef ZK_ELECTION_FAST_LEADER_ELECTION_H
#define ZK_ELECTION_FAST_LEADER_ELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/election/vote_map.h"
#include "zk/ensemble/synced_learner_tracker.h"
#include "zk/ensemble/vote.h"

struct quorum_peer;
struct quorum_cnx_manager;
struct quorum_verifier;
struct fast_leader_election;

enum {
    FLE_FINALIZE_WAIT_MS = 200,             /* Java: finalizeWait */
    FLE_MIN_NOTIFICATION_INTERVAL_MS = 200, /* Java: minNotificationInterval, a setting */
    FLE_MAX_NOTIFICATION_INTERVAL_MS = 60000,
};

/* self and manager stay the caller's and must outlive the election. Reads the settings; starts no
 * thread. Java: FastLeaderElection() */
struct fast_leader_election *fle_new(struct quorum_peer *self, struct quorum_cnx_manager *manager);

/* Starts WorkerSender and WorkerReceiver. Errors: -EAGAIN, the system gives no more threads; then
 * fle_shutdown ends the one that may have started. Java: start() */
ZK_NODISCARD int fle_start(struct fast_leader_election *fle);

/* Holds an election. Returns true when it has decided: the peer's state and its current vote have
 * changed together, and *ret_vote is that vote. Returns false when fle_request_stop was called or
 * another thread has changed the peer's state. Main thread; blocks until then.
 * Java: lookForLeader() */
bool fle_look_for_leader(struct fast_leader_election *fle, struct vote *ret_vote);

/* The part of Java's shutdown() that other threads may do: it makes fle_look_for_leader return
 * false. Any thread; never blocks. */
void fle_request_stop(struct fast_leader_election *fle);

/* Stops the election, halts the connections, and waits for the two threads. Main thread, which
 * holds no lock. Java: shutdown() */
void fle_shutdown(struct fast_leader_election *fle);
void fle_free(struct fast_leader_election *fle); /* after fle_shutdown; NULL is fine */

/* The number of the round. Any thread; never blocks. Java: getLogicalClock() */
int64_t fle_get_logical_clock(struct fast_leader_election *fle);

/* What we propose now, as a value. Any thread; locks fle. Java: getVote() */
struct vote fle_get_vote(struct fast_leader_election *fle);

#endif
