/* The follower: a voter that does what the leader says. Its receive loop runs in the peer's main
 * thread. Of threads of its own it has only the short-lived LeaderConnectors, when the leader has
 * several addresses; what it reads it hands to those of its server, which it starts and ends.
 *
 * Java: Follower */
#ifndef ZK_ZAB_FOLLOWER_H
#define ZK_ZAB_FOLLOWER_H

#include <stdbool.h>

#include "zk/base/attrs.h"

struct follower;
struct quorum_peer;

/* Makes a follower that does nothing yet. self stays the caller's and must outlive it. Main
 * thread. */
struct follower *follower_new(struct quorum_peer *self);

/* Java: Follower.followLeader(). Finds the leader of the current vote, connects, synchronises, then
 * obeys until the connection ends; blocks all the while. Meanwhile it is the peer's role, through
 * which another thread can shut it down. When it returns, no thread and no socket of it is left.
 * Main thread, once.
 * Returns why it ended, logged already: -errno (-EPROTO: the leader broke the protocol; -ECANCELED:
 * it was shut down), or a positive enum exit_code: then the process must end. */
ZK_NODISCARD int follower_follow_leader(struct follower *follower);

/* Returns true if it reached the leader, and the connection ended before it was brought to the
 * leader's state. Main thread, after follower_follow_leader. */
bool follower_was_refused(const struct follower *follower);

/* The main thread has done with it. The memory goes when no other thread calls it as a role any
 * more. NULL is fine. */
void follower_free(struct follower *follower);

#endif
