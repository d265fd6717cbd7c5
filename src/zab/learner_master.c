/* The part of a learner's master that is not abstract: two throttlers, with their settings.
 * Java: LearnerMaster */
#include "zab/learner_master.h"

#include "zk/runtime/settings.h"

void learner_master_init(struct learner_master *master, const struct learner_master_ops *ops,
                         struct zk_context *ctx, struct zk_database *database,
                         struct server_metrics *metrics, struct zk_thread_group *threads)
{
    master->ops = ops;
    master->ctx = ctx;
    master->database = database;
    master->metrics = metrics;
    master->threads = threads;
    zk_atomic_long_init(&master->lacks_senders, 0);
    learner_sync_throttler_init(
        &master->learner_snap_sync_throttler, ctx,
        zk_settings_get_integer(ctx, "zookeeper.leader.maxConcurrentSnapSyncs", 10));
    learner_sync_throttler_init(
        &master->learner_diff_sync_throttler, ctx,
        zk_settings_get_integer(ctx, "zookeeper.leader.maxConcurrentDiffSyncs", 100));
}

void learner_master_done(struct learner_master *master)
{
    learner_sync_throttler_done(&master->learner_snap_sync_throttler);
    learner_sync_throttler_done(&master->learner_diff_sync_throttler);
}
