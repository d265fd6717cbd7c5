/* Which servers have acknowledged something, judged by one configuration or, during a change, by
 * two at once. Java: SyncedLearnerTracker */
#ifndef ZK_ENSEMBLE_SYNCED_LEARNER_TRACKER_H
#define ZK_ENSEMBLE_SYNCED_LEARNER_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"
#include "zk/ensemble/quorum_verifier.h"

/* The committed configuration and at most one that is about to replace it. A zero-initialised
 * tracker is empty. It belongs to one thread, or is guarded by its owner's lock. */
struct synced_learner_tracker {
    struct {
        const struct quorum_verifier *qv; /* borrowed: it outlives the tracker */
        struct long_set acks;
    } pairs[2];
    size_t pair_count;
};

/* qv stays the caller's and must outlive the tracker. Those of the peer do: see
 * quorum_peer_init_tracker. */
void synced_learner_tracker_add_quorum_verifier(struct synced_learner_tracker *tracker,
                                                const struct quorum_verifier *qv);

/* Counts sid in each configuration in which it votes. Returns false if it votes in none.
 * Java: addAck() */
bool synced_learner_tracker_add_ack(struct synced_learner_tracker *tracker, int64_t sid);
/* Forgets the ack of sid: the server may not have any more what it has acknowledged. */
void synced_learner_tracker_remove_ack(struct synced_learner_tracker *tracker, int64_t sid);
/* Returns whether sid votes in every configuration. Java: hasSid() */
bool synced_learner_tracker_has_sid(const struct synced_learner_tracker *tracker, int64_t sid);
/* Returns whether the acks are a quorum in every configuration. May read the oracle's file.
 * Java: hasAllQuorums() */
bool synced_learner_tracker_has_all_quorums(const struct synced_learner_tracker *tracker);
/* Appends the acks of each configuration, "[1, 2],[1]". Java: ackSetsToString() */
void synced_learner_tracker_append_ack_sets(const struct synced_learner_tracker *tracker,
                                            struct zk_str *str);

/* Fills tracker with a copy of from. Whatever was in tracker is not freed. */
void synced_learner_tracker_copy(struct synced_learner_tracker *tracker,
                                 const struct synced_learner_tracker *from);
void synced_learner_tracker_done(struct synced_learner_tracker *tracker);

#endif
