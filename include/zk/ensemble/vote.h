/* Which server a peer proposes as leader, and what history that server has. A value.
 * Java: Vote */
#ifndef ZK_ENSEMBLE_VOTE_H
#define ZK_ENSEMBLE_VOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/ensemble/server_state.h"

struct vote {
    /* Of the notification that carried it; 0 where Java's constructor leaves it out. */
    int32_t version;
    int64_t id;             /* sid of the proposed leader */
    int64_t zxid;           /* its last zxid */
    int64_t election_epoch; /* round of the voter; -1 where left out */
    int64_t peer_epoch;     /* epoch of the proposed leader; -1 where left out */
    enum server_state state;
};

/* Java: new Vote(id, zxid, peerEpoch): version 0, round -1, LOOKING */
struct vote vote_of(int64_t id, int64_t zxid, int64_t peer_epoch);

/* Returns whether a and b count as one vote. This is no equivalence: what is compared depends on
 * the states (and, among settled peers, on the versions), so that a peer that joins late can count
 * votes of different rounds together (ZOOKEEPER-1805, -1818). Java: Vote.equals() */
bool vote_equal(const struct vote *a, const struct vote *b);

/* The rule that decides elections: epoch, then zxid, then sid, all signed; an equal vote is not
 * better. The caller checks the weight of the new candidate (fle_total_order_predicate). */
bool vote_is_better(int64_t new_id, int64_t new_zxid, int64_t new_epoch, int64_t id, int64_t zxid,
                    int64_t epoch);

#endif
