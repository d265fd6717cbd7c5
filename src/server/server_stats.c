/* Counters of the client port. Java: server.ServerStats */
#include "zk/server/server_stats.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/runtime/lock.h"

struct server_stats {
    struct zk_mutex mutex;
    struct server_stats_values values GUARDED_BY(&mutex);
};

struct server_stats *server_stats_new(struct zk_context *ctx)
{
    struct server_stats *stats = zk_xcalloc(1, sizeof *stats);
    zk_mutex_init(&stats->mutex, ctx, "server_stats", ZK_RANK_STATS);
    return stats;
}

void server_stats_free(struct server_stats *stats)
{
    if (!stats)
        return;
    zk_mutex_destroy(&stats->mutex);
    free(stats);
}

void server_stats_increment_packets_received(struct server_stats *stats)
{
    zk_mutex_lock(&stats->mutex);
    stats->values.packets_received++;
    zk_mutex_unlock(&stats->mutex);
}

void server_stats_increment_packets_sent(struct server_stats *stats)
{
    zk_mutex_lock(&stats->mutex);
    stats->values.packets_sent++;
    zk_mutex_unlock(&stats->mutex);
}

void server_stats_update_latency(struct server_stats *stats, int64_t latency_ms)
{
    zk_mutex_lock(&stats->mutex);
    avg_min_max_add(&stats->values.request_latency_ms, latency_ms);
    zk_mutex_unlock(&stats->mutex);
}

struct server_stats_values server_stats_get(struct server_stats *stats)
{
    zk_mutex_lock(&stats->mutex);
    struct server_stats_values values = stats->values;
    zk_mutex_unlock(&stats->mutex);
    return values;
}
