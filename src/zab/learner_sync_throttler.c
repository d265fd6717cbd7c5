/* A counter with a limit. Nobody waits for a place here: a learner that gets none is sent away, and
 * dials again. No thread of its own; the lock is for the handlers' threads, which come at any time.
 * Java: LearnerSyncThrottler */
#include "zab/learner_sync_throttler.h"

#include <errno.h>

#include "zab/lock_ranks.h"
#include "zk/base/panic.h"

void learner_sync_throttler_init(struct learner_sync_throttler *throttler, struct zk_context *ctx,
                                 int32_t max_concurrent_syncs)
{
    *throttler = (struct learner_sync_throttler){.max_concurrent_syncs = max_concurrent_syncs};
    zk_mutex_init(&throttler->mu, ctx, "learner_sync_throttler", ZK_RANK_LEARNER_MASTER);
}

void learner_sync_throttler_done(struct learner_sync_throttler *throttler)
{
    zk_mutex_destroy(&throttler->mu);
}

/* Java: beginSync() */
int learner_sync_throttler_begin_sync(struct learner_sync_throttler *throttler, bool essential,
                                      int32_t *ret_in_progress)
{
    zk_mutex_lock(&throttler->mu);
    bool room = essential || throttler->sync_in_progress < throttler->max_concurrent_syncs;
    if (room)
        *ret_in_progress = ++throttler->sync_in_progress;
    zk_mutex_unlock(&throttler->mu);
    return room ? 0 : -EBUSY;
}

/* Java: endSync() */
int32_t learner_sync_throttler_end_sync(struct learner_sync_throttler *throttler)
{
    zk_mutex_lock(&throttler->mu);
    zk_assert(throttler->sync_in_progress > 0);
    int32_t in_progress = --throttler->sync_in_progress;
    zk_mutex_unlock(&throttler->mu);
    return in_progress;
}
