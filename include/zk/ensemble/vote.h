/* What a peer believes: who should lead, with what history. A value; copy it freely. Java: Vote */
#ifndef ZK_ENSEMBLE_VOTE_H
#define ZK_ENSEMBLE_VOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/ensemble/server_state.h"

struct vote {
    int32_t
        version; /* of the notification that carried it; 0 where Java's constructor leaves it out */
    int64_t id;  /* sid of the proposed leader */
    int64_t zxid;           /* its last zxid */
    int64_t election_epoch; /* round of the voter; -1 where left out */
    int64_t peer_epoch;     /* epoch of the proposed leader; -1 where left out */
    enum server_state state;
};

/* Java: new Vote(id, zxid, peerEpoch): version 0, round -1, LOOKING */
struct vote vote_of(int64_t id, int64_t zxid, int64_t peer_epoch);

/* Java: Vote.equals(). Not an equivalence: what is compared depends on the states (and, among
 * settled peers, on the versions), so that a peer joining late can count votes of different rounds
 * together (ZOOKEEPER-1805, -1818). */
bool vote_equal(const struct vote *a, const struct vote *b);

/* The rule that decides elections: epoch, then zxid, then sid, all signed; equal is not better. The
 * weight of the new candidate is the caller's to check (fle_total_order_predicate). */
bool vote_is_better(int64_t new_id, int64_t new_zxid, int64_t new_epoch, int64_t id, int64_t zxid,
                    int64_t epoch);

#endif
