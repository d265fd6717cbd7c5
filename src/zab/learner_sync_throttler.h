/* How many learners are brought to the leader's state at the same time. A snapshot costs memory,
 * disk and network, so Java lets an observer wait for its turn by refusing it; a voter is never
 * refused, because the quorum needs it.
 *
 * Java: LearnerSyncThrottler */
#ifndef ZAB_LEARNER_SYNC_THROTTLER_H
#define ZAB_LEARNER_SYNC_THROTTLER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/runtime/lock.h"

struct zk_context;

struct learner_sync_throttler {
    struct zk_mutex mu; /* guards the counter; Java: countSyncObject */
    int32_t max_concurrent_syncs;
    int32_t sync_in_progress;
};

/* Java: new LearnerSyncThrottler(maxConcurrentSyncs, syncType) */
void learner_sync_throttler_init(struct learner_sync_throttler *throttler, struct zk_context *ctx,
                                 int32_t max_concurrent_syncs);
void learner_sync_throttler_done(struct learner_sync_throttler *throttler);

/* Java: beginSync(). An essential sync is counted but never refused. *ret_in_progress counts this
 * one too. Every success is followed by one learner_sync_throttler_end_sync. Any thread.
 * Errors: -EBUSY: as many as allowed are in progress. */
ZK_NODISCARD int learner_sync_throttler_begin_sync(struct learner_sync_throttler *throttler,
                                                   bool essential, int32_t *ret_in_progress);

/* Java: endSync(). Returns how many are still in progress. */
int32_t learner_sync_throttler_end_sync(struct learner_sync_throttler *throttler);

#endif
