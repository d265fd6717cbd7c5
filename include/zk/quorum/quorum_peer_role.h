/* The role that a peer plays after an election, as other threads see it. Leader, follower and
 * observer each hold one of these as their first field: an abstract class.
 *
 * A role is counted. The main thread makes it, hands it to quorum_peer (quorum_peer_set_role), and
 * takes it back when its term has ended. A thread that wants something of it fetches a reference
 * under quorum_peer's lock and calls it without that lock, so a call may take its time, or any lock
 * of the role's own floor. It may come after the term has ended: then it finds a role that has
 * stopped, and changes nothing. Whichever thread returns the last reference frees the memory;
 * threads and sockets of the term are gone long before that.
 *
 * Java has no such class: there the fields leader, follower and observer of QuorumPeer are read
 * without a lock (D-3). */
#ifndef ZK_QUORUM_QUORUM_PEER_ROLE_H
#define ZK_QUORUM_QUORUM_PEER_ROLE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/refcount.h"

struct leader_status;
struct observer_info;
struct quorum_peer_role;
struct synced_learner_tracker;
struct zookeeper_server;

/* Any thread that holds no lock calls them. */
struct quorum_peer_role_methods {
    /* Makes the role stop: wakes whatever it blocks on, but does not wait for it. */
    void (*shutdown)(struct quorum_peer_role *role);
    /* Java: Leader.setLeadingVoteSet() (NULL: it has been handed over already) and
     * reportLookingSid(). NULL for learners. */
    void (*report_looking_sid)(struct quorum_peer_role *role,
                               const struct synced_learner_tracker *leading_vote_set, int64_t sid);
    /* NULL for learners. */
    void (*get_status)(struct quorum_peer_role *role, struct leader_status *ret_status);
    /* Java: StatResetCommand on a leader: its sizes of proposals begin anew. NULL for learners. */
    void (*reset_proposal_stats)(struct quorum_peer_role *role);
    /* Java: Leader.getObservingLearnersInfo(). Returns how many there are; the caller frees
     * *ret_infos. NULL for learners. */
    size_t (*get_observers)(struct quorum_peer_role *role, struct observer_info **ret_infos);
    /* Java: Leader.resetObserverConnectionStats(). NULL for learners. */
    void (*reset_observer_stats)(struct quorum_peer_role *role);
    /* The last reference has been returned: frees the memory. */
    void (*destroy)(struct quorum_peer_role *role);
};

struct quorum_peer_role {
    const struct quorum_peer_role_methods *methods;
    /* Held by its maker, by quorum_peer, and by each thread that calls it. */
    struct zk_refcount refs;
    /* What serves clients during this term: a reference that lives as long as the role. */
    struct zookeeper_server *zk;
};

/* The caller holds the first reference to the role. methods must outlive it. Takes ownership of the
 * caller's reference to zk. */
void quorum_peer_role_init(struct quorum_peer_role *role,
                           const struct quorum_peer_role_methods *methods,
                           struct zookeeper_server *zk);
struct quorum_peer_role *quorum_peer_role_ref(struct quorum_peer_role *role);
void quorum_peer_role_unref(struct quorum_peer_role *role); /* NULL is fine */

#endif
