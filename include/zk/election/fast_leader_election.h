/* Leader election by push: everybody votes for itself, tells everybody, and changes to the best
 * vote it hears of, until a quorum says the same and 200 ms have brought nothing better.
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

/* Borrows both. Java: FastLeaderElection() */
struct fast_leader_election *fle_new(struct quorum_peer *self, struct quorum_cnx_manager *manager);

/* Start WorkerSender and WorkerReceiver. Java: start(). -EAGAIN: no more threads. */
ZK_NODISCARD int fle_start(struct fast_leader_election *fle);

/* Java: lookForLeader()
 * Hold an election. Sets the peer's state and current vote together before it
 * returns true (*ret_vote is that vote). False: stopped, or the state was changed by somebody else.
 * Main thread; blocks as long as it takes. */
bool fle_look_for_leader(struct fast_leader_election *fle, struct vote *ret_vote);

/* The part of Java's shutdown() that other threads may do: fle_look_for_leader returns false soon.
 * Any thread, never blocks. */
void fle_request_stop(struct fast_leader_election *fle);

/* Java: shutdown(). Stop, halt the connections, wait for the two threads. Main thread, holding no
 * lock. */
void fle_shutdown(struct fast_leader_election *fle);
void fle_free(struct fast_leader_election *fle); /* after fle_shutdown; NULL is fine */

/* Java: getLogicalClock(): the round. Any thread. */
int64_t fle_get_logical_clock(struct fast_leader_election *fle);

/* Java: getVote(): what we propose now. Any thread; locks fle. */
struct vote fle_get_vote(struct fast_leader_election *fle);

#endif
