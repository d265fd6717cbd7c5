/* The follower: a voter that does what the leader says. Its receive loop runs in the peer's main
 * thread; there is no other thread (but the short-lived LeaderConnectors when the leader has
 * several addresses). Java: Follower */
#ifndef ZK_ZAB_FOLLOWER_H
#define ZK_ZAB_FOLLOWER_H

#include <stdbool.h>

#include "zk/base/attrs.h"

struct follower;
struct quorum_peer;

/* Make a follower that does nothing yet. Borrows self until follower_free. Main thread. */
struct follower *follower_new(struct quorum_peer *self);

/* Java: Follower.followLeader(). Find the leader of the current vote, connect, synchronise, then
 * obey until the connection ends; blocks all the while. Sets the peer's role hooks at its start
 * and clears them before it returns; after that no thread and no socket is left. Main thread,
 * once.
 * Returns why it ended, logged already: -errno (-EPROTO: the leader broke the protocol;
 * -ECANCELED: follower_shutdown), or a positive enum exit_code: then the process must end. */
ZK_NODISCARD int follower_follow_leader(struct follower *follower);

/* Whether it reached the leader, and the connection ended before it was brought to the leader's
 * state. Main thread, after follower_follow_leader. */
bool follower_was_refused(const struct follower *follower);

/* Java: Follower.shutdown(). Make follower_follow_leader return; does not wait for it. Any
 * thread, any number of times. */
void follower_shutdown(struct follower *follower);

/* Nobody uses it any more. NULL is fine. */
void follower_free(struct follower *follower);

#endif
