/* What an election says about itself in the trace: one sentence for each change of mind, which the
 * replay page shows as a caption, and the count of votes after each of them. Nothing here decides
 * anything, and nothing here runs unless a trace is asked for. Main thread. */
#include <inttypes.h>
#include <stdio.h>

#include "election/fast_leader_election_internal.h"
#include "zk/runtime/trace.h"

void fle_trace_new_election(struct fast_leader_election *fle, const struct vote *mine)
{
    zk_trace_vote(
        fle->ctx, mine->id, mine->zxid, mine->peer_epoch, zk_atomic_long_get(&fle->logicalclock),
        mine->id == NO_VOTE ? "a new round begins; an observer has no candidate of its own"
                            : "a new round begins; every peer first votes for itself");
}

/* Which of the three numbers of a vote made n's the better one. */
static void explain_change(const struct notification *n, const struct vote *before, char *ret_why,
                           size_t size)
{
    if (before->id == NO_VOTE)
        snprintf(ret_why, size,
                 "peer %" PRId64 " votes for %" PRId64 "; an observer has no candidate of its own",
                 n->sid, n->leader);
    else if (n->peer_epoch != before->peer_epoch)
        snprintf(ret_why, size,
                 "peer %" PRId64 " votes for %" PRId64 ", whose epoch %" PRId64
                 " is higher than %" PRId64,
                 n->sid, n->leader, n->peer_epoch, before->peer_epoch);
    else if (n->zxid != before->zxid)
        snprintf(ret_why, size,
                 "peer %" PRId64 " votes for %" PRId64 ", which has the longer history: 0x%" PRIx64
                 " against 0x%" PRIx64,
                 n->sid, n->leader, (uint64_t)n->zxid, (uint64_t)before->zxid);
    else
        snprintf(ret_why, size,
                 "peer %" PRId64 " votes for %" PRId64
                 "; the histories are the same, so the larger id decides",
                 n->sid, n->leader);
}

void fle_trace_better_vote(struct fast_leader_election *fle, const struct notification *n,
                           const struct vote *before)
{
    char why[160];
    if (!zk_trace_on(fle->ctx))
        return;
    explain_change(n, before, why, sizeof why);
    zk_trace_vote(fle->ctx, n->leader, n->zxid, n->peer_epoch,
                  zk_atomic_long_get(&fle->logicalclock), why);
}

void fle_trace_own_vote_again(struct fast_leader_election *fle, const struct notification *n,
                              const struct vote *mine)
{
    char why[160];
    if (!zk_trace_on(fle->ctx))
        return;
    snprintf(why, sizeof why,
             "peer %" PRId64 " is in a later round; this peer joins it and votes for itself again",
             n->sid);
    zk_trace_vote(fle->ctx, mine->id, mine->zxid, mine->peer_epoch,
                  zk_atomic_long_get(&fle->logicalclock), why);
}

void fle_trace_tally(struct fast_leader_election *fle, int64_t leader,
                     const struct synced_learner_tracker *tracker)
{
    if (!zk_trace_on(fle->ctx))
        return;
    const struct long_set *acks = &tracker->pairs[0].acks;
    zk_trace_tally(fle->ctx, leader, acks->items, acks->count,
                   synced_learner_tracker_has_all_quorums(tracker));
}
