/* The observer: it is told of everything and never asked. As the follower's, its receive loop runs
 * in the peer's main thread.
 *
 * Java: Observer */
#ifndef ZK_ZAB_OBSERVER_H
#define ZK_ZAB_OBSERVER_H

#include <stdint.h>

#include "zk/base/attrs.h"

struct observer;
struct quorum_peer;

/* Makes an observer that does nothing yet. self stays the caller's and must outlive it. Main
 * thread. */
struct observer *observer_new(struct quorum_peer *self);

/* Java: Observer.observeLeader(). As follower_follow_leader, for a peer that does not vote. */
ZK_NODISCARD int observer_observe_leader(struct observer *observer);

/* The main thread has done with it. The memory goes when no other thread calls it as a role any
 * more. NULL is fine. */
void observer_free(struct observer *observer);

/* Java: Observer.waitForObserverElectionDelay() without the sleep. Returns how many ms the main
 * loop should wait before it looks for a leader again, so that not all observers fall upon a new
 * leader at once: random below zookeeper.observer.election.DelayMs (200); 0: not at all. */
int64_t observer_election_delay_ms(struct quorum_peer *self);

#endif
