/* Counters and summaries behind one lock: written a few times an election, read by mntr.
 * Java: server.ServerMetrics */
#include "zk/server/server_metrics.h"

#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/lock.h"

struct server_metrics {
    struct zk_mutex mu; /* Guards: */
    struct server_metrics_values values GUARDED_BY(&mu);
};

struct server_metrics *server_metrics_new(struct zk_context *ctx)
{
    struct server_metrics *metrics = zk_xcalloc(1, sizeof *metrics);
    zk_mutex_init(&metrics->mu, ctx, "server_metrics", ZK_RANK_SERVER_STATS);
    return metrics;
}

void server_metrics_free(struct server_metrics *metrics)
{
    if (metrics == NULL)
        return;
    zk_mutex_destroy(&metrics->mu);
    free(metrics);
}

void server_metrics_count(struct server_metrics *metrics, enum server_metrics_counter which)
{
    zk_mutex_lock(&metrics->mu);
    metrics->values.counters[which]++;
    zk_mutex_unlock(&metrics->mu);
}

void server_metrics_add(struct server_metrics *metrics, enum server_metrics_summary which,
                        int64_t value_ms)
{
    zk_mutex_lock(&metrics->mu);
    avg_min_max_counter_add(&metrics->values.summaries[which], value_ms);
    zk_mutex_unlock(&metrics->mu);
}

struct server_metrics_values server_metrics_get(struct server_metrics *metrics)
{
    zk_mutex_lock(&metrics->mu);
    struct server_metrics_values values = metrics->values;
    zk_mutex_unlock(&metrics->mu);
    return values;
}

const char *server_metrics_counter_name(enum server_metrics_counter which)
{
    static const char *const names[SERVER_METRICS_COUNTERS] = {
        [SERVER_METRICS_LOOKING_COUNT] = "looking_count",
        [SERVER_METRICS_DIFF_COUNT] = "diff_count",
        [SERVER_METRICS_SNAP_COUNT] = "snap_count",
    };
    return names[which];
}

const char *server_metrics_summary_name(enum server_metrics_summary which)
{
    static const char *const names[SERVER_METRICS_SUMMARIES] = {
        [SERVER_METRICS_LEADER_UNAVAILABLE_TIME] = "leader_unavailable_time",
        [SERVER_METRICS_FOLLOWER_SYNC_TIME] = "follower_sync_time",
        [SERVER_METRICS_UNAVAILABLE_TIME] = "unavailable_time",
        [SERVER_METRICS_ELECTION_TIME] = "election_time",
        [SERVER_METRICS_OBSERVER_SYNC_TIME] = "observer_sync_time",
    };
    return names[which];
}
