/* Counters of the client port. Java: server.ServerStats */
#include "zk/server/server_stats.h"

#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/lock.h"

struct server_stats {
    struct zk_mutex mu; /* Guards: */
    struct server_stats_values values GUARDED_BY(&mu);
};

struct server_stats *server_stats_new(struct zk_context *ctx)
{
    struct server_stats *stats = zk_xcalloc(1, sizeof *stats);
    zk_mutex_init(&stats->mu, ctx, "server_stats", ZK_RANK_SERVER_STATS);
    stats->values.client_response_stats = (struct buffer_stats){-1, -1, -1};
    return stats;
}

void server_stats_free(struct server_stats *stats)
{
    if (stats == NULL)
        return;
    zk_mutex_destroy(&stats->mu);
    free(stats);
}

void server_stats_add_packets_received(struct server_stats *stats, int64_t count)
{
    zk_mutex_lock(&stats->mu);
    stats->values.packets_received += count;
    zk_mutex_unlock(&stats->mu);
}

void server_stats_add_packets_sent(struct server_stats *stats, int64_t count)
{
    zk_mutex_lock(&stats->mu);
    stats->values.packets_sent += count;
    zk_mutex_unlock(&stats->mu);
}

void server_stats_add_answers(struct server_stats *stats, const struct answer_figures *figures)
{
    const struct avg_min_max_counter *bytes = &figures->response_bytes;
    zk_mutex_lock(&stats->mu);
    struct server_stats_values *values = &stats->values;
    avg_min_max_counter_add_all(&values->request_latency_ms, &figures->read_latency_ms);
    avg_min_max_counter_add_all(&values->request_latency_ms, &figures->update_latency_ms);
    struct buffer_stats *sizes = &values->client_response_stats;
    if (bytes->count > 0) {
        sizes->last = (int32_t)bytes->last;
        if (sizes->min == -1 || bytes->min < sizes->min)
            sizes->min = (int32_t)bytes->min;
        if (bytes->max > sizes->max)
            sizes->max = (int32_t)bytes->max;
    }
    zk_mutex_unlock(&stats->mu);
}

void server_stats_reset(struct server_stats *stats)
{
    zk_mutex_lock(&stats->mu);
    stats->values.packets_received = 0;
    stats->values.packets_sent = 0;
    stats->values.request_latency_ms = (struct avg_min_max_counter){0};
    stats->values.client_response_stats = (struct buffer_stats){-1, -1, -1};
    zk_mutex_unlock(&stats->mu);
}

struct server_stats_values server_stats_get(struct server_stats *stats)
{
    zk_mutex_lock(&stats->mu);
    struct server_stats_values values = stats->values;
    zk_mutex_unlock(&stats->mu);
    return values;
}
