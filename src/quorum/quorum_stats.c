/* Counters behind one lock: written a few times an election, read by mntr. */
#include "zk/quorum/quorum_stats.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/runtime/lock.h"

struct quorum_stats {
    struct zk_mutex mu; /* Guards: */
    struct quorum_metric_value values[QUORUM_METRIC_COUNT] GUARDED_BY(&mu);
    int64_t looking_count GUARDED_BY(&mu);
};

struct quorum_stats *quorum_stats_new(struct zk_context *ctx)
{
    struct quorum_stats *stats = zk_xcalloc(1, sizeof *stats);
    zk_mutex_init(&stats->mu, ctx, "quorum_stats", ZK_RANK_STATS);
    return stats;
}

void quorum_stats_free(struct quorum_stats *stats)
{
    if (stats == NULL)
        return;
    zk_mutex_destroy(&stats->mu);
    free(stats);
}

void quorum_stats_add(struct quorum_stats *stats, enum quorum_metric metric, int64_t ms)
{
    zk_mutex_lock(&stats->mu);
    struct quorum_metric_value *value = &stats->values[metric];
    value->min = value->count == 0 || ms < value->min ? ms : value->min;
    value->max = value->count == 0 || ms > value->max ? ms : value->max;
    value->last = ms;
    value->sum += ms;
    value->count++;
    zk_mutex_unlock(&stats->mu);
}

struct quorum_metric_value quorum_stats_get(struct quorum_stats *stats, enum quorum_metric metric)
{
    zk_mutex_lock(&stats->mu);
    struct quorum_metric_value value = stats->values[metric];
    zk_mutex_unlock(&stats->mu);
    return value;
}

void quorum_stats_add_looking(struct quorum_stats *stats)
{
    zk_mutex_lock(&stats->mu);
    stats->looking_count++;
    zk_mutex_unlock(&stats->mu);
}

int64_t quorum_stats_get_looking(struct quorum_stats *stats)
{
    zk_mutex_lock(&stats->mu);
    int64_t count = stats->looking_count;
    zk_mutex_unlock(&stats->mu);
    return count;
}
