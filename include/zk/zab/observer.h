/* The observer: told of everything, asked about nothing. As the follower its receive loop runs
 * in the peer's main thread.
 * Java: Observer */
#ifndef ZK_ZAB_OBSERVER_H
#define ZK_ZAB_OBSERVER_H

#include <stdint.h>

#include "zk/base/attrs.h"

struct observer;
struct quorum_peer;

/* Make an observer that does nothing yet. Borrows self until observer_free. Main thread. */
struct observer *observer_new(struct quorum_peer *self);

/* Java: Observer.observeLeader(). As follower_follow_leader, for a peer that does not vote. */
ZK_NODISCARD int observer_observe_leader(struct observer *observer);

/* Java: Observer.shutdown(). Any thread, any number of times. */
void observer_shutdown(struct observer *observer);

/* Nobody uses it any more. NULL is fine. */
void observer_free(struct observer *observer);

/* Java: Observer.waitForObserverElectionDelay() without the sleep: how long the main loop should
 * wait before it looks for a leader again, random below zookeeper.observer.election.DelayMs
 * (200); 0: not at all. */
int64_t observer_election_delay_ms(struct quorum_peer *self);

#endif
