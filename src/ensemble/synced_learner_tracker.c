/* Acks are counted for each configuration: a vote, a proposal or an epoch holds when it has a
 * quorum in every one of them. Java: SyncedLearnerTracker */
#include "zk/ensemble/synced_learner_tracker.h"

#include <inttypes.h>

#include "zk/base/panic.h"

/* Java: SyncedLearnerTracker.addQuorumVerifier() */
void synced_learner_tracker_add_quorum_verifier(struct synced_learner_tracker *tracker,
                                                const struct quorum_verifier *qv)
{
    zk_assert(tracker->pair_count < sizeof(tracker->pairs) / sizeof(tracker->pairs[0]));
    tracker->pairs[tracker->pair_count++].qv = qv;
}

/* Java: SyncedLearnerTracker.addAck() */
bool synced_learner_tracker_add_ack(struct synced_learner_tracker *tracker, int64_t sid)
{
    bool counted = false;
    for (size_t i = 0; i < tracker->pair_count; i++) {
        if (!qv_is_voter(tracker->pairs[i].qv, sid))
            continue;
        long_set_add(&tracker->pairs[i].acks, sid);
        counted = true;
    }
    return counted;
}

void synced_learner_tracker_remove_ack(struct synced_learner_tracker *tracker, int64_t sid)
{
    for (size_t i = 0; i < tracker->pair_count; i++)
        long_set_remove(&tracker->pairs[i].acks, sid);
}

/* Java: SyncedLearnerTracker.hasSid() */
bool synced_learner_tracker_has_sid(const struct synced_learner_tracker *tracker, int64_t sid)
{
    for (size_t i = 0; i < tracker->pair_count; i++) {
        if (!qv_is_voter(tracker->pairs[i].qv, sid))
            return false;
    }
    return true;
}

/* Java: SyncedLearnerTracker.hasAllQuorums() */
bool synced_learner_tracker_has_all_quorums(const struct synced_learner_tracker *tracker)
{
    for (size_t i = 0; i < tracker->pair_count; i++) {
        if (!qv_contains_quorum(tracker->pairs[i].qv, &tracker->pairs[i].acks))
            return false;
    }
    return true;
}

/* In ascending order, and not in that of Java's HashSet: only people read it (D-8).
 * Java: SyncedLearnerTracker.ackSetsToString() */
void synced_learner_tracker_append_ack_sets(const struct synced_learner_tracker *tracker,
                                            struct zk_str *str)
{
    for (size_t i = 0; i < tracker->pair_count; i++) {
        const struct long_set *acks = &tracker->pairs[i].acks;
        zk_str_append(str, i > 0 ? ",[" : "[");
        for (size_t j = 0; j < acks->count; j++)
            zk_str_printf(str, "%s%" PRId64, j > 0 ? ", " : "", acks->items[j]);
        zk_str_append(str, "]");
    }
}

void synced_learner_tracker_copy(struct synced_learner_tracker *tracker,
                                 const struct synced_learner_tracker *from)
{
    *tracker = (struct synced_learner_tracker){.pair_count = from->pair_count};
    for (size_t i = 0; i < from->pair_count; i++) {
        tracker->pairs[i].qv = from->pairs[i].qv;
        long_set_copy(&tracker->pairs[i].acks, &from->pairs[i].acks);
    }
}

void synced_learner_tracker_done(struct synced_learner_tracker *tracker)
{
    for (size_t i = 0; i < tracker->pair_count; i++)
        long_set_done(&tracker->pairs[i].acks);
    *tracker = (struct synced_learner_tracker){0};
}
