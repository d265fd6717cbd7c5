/* What every client connection has, whatever carries it. Java: server.ServerCnxn */
#include "zk/server/server_cnxn.h"

#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"

struct server_cnxn_stats {
    struct zk_atomic_long packets_received;
    struct zk_atomic_long packets_sent;
    struct zk_atomic_long outstanding;

    struct zk_mutex mu; /* L-69. Java's monitor of ServerCnxn. Guards: */
    struct server_cnxn_stats_values values GUARDED_BY(&mu);
};

static void reset_values(struct server_cnxn_stats_values *values)
{
    *values = (struct server_cnxn_stats_values){
        .established_ms = values->established_ms,
        .last_cxid = -1,
        .last_zxid = -1,
        .last_op = "NA",
        .min_latency_ms = INT64_MAX,
    };
}

void server_cnxn_init(struct server_cnxn *cnxn, struct zk_context *ctx,
                      const struct server_cnxn_ops *ops) UNSHARED
{
    *cnxn = (struct server_cnxn){.ops = ops, .auth_info = auth_info_new(ctx)};
    zk_refcount_init(&cnxn->refs);
    zk_atomic_long_init(&cnxn->stale, 0);
    struct server_cnxn_stats *stats = cnxn->stats = zk_xcalloc(1, sizeof *stats);
    zk_atomic_long_init(&stats->packets_received, 0);
    zk_atomic_long_init(&stats->packets_sent, 0);
    zk_atomic_long_init(&stats->outstanding, 0);
    zk_mutex_init(&stats->mu, ctx, "server_cnxn_stats", ZK_RANK_CNXN_STATS);
    stats->values.established_ms = zk_wall_ms();
    reset_values(&stats->values);
}

void server_cnxn_done(struct server_cnxn *cnxn) UNSHARED
{
    auth_info_free(cnxn->auth_info);
    if (cnxn->stats != NULL)
        zk_mutex_destroy(&cnxn->stats->mu);
    free(cnxn->stats);
}

/* ---- who the client is ----------------------------------------------------------------------- */

struct shared_ids *server_cnxn_get_auth_info(struct server_cnxn *cnxn)
{
    return cnxn->auth_info != NULL ? auth_info_get(cnxn->auth_info) : NULL;
}

int server_cnxn_add_auth_info(struct server_cnxn *cnxn, const char *scheme, const char *id)
{
    return auth_info_add(cnxn->auth_info, scheme, id);
}

/* ---- whether it is over ---------------------------------------------------------------------- */

bool server_cnxn_is_stale(const struct server_cnxn *cnxn)
{
    return zk_atomic_long_get(&cnxn->stale) != 0;
}

void server_cnxn_set_stale(struct server_cnxn *cnxn)
{
    zk_atomic_long_set(&cnxn->stale, 1);
}

/* ---- what it has done ------------------------------------------------------------------------ */

void server_cnxn_update_stats_for_response(struct server_cnxn *cnxn, int64_t cxid, int64_t zxid,
                                           const char *op, int64_t start_ms, int64_t end_ms)
{
    struct server_cnxn_stats *stats = cnxn->stats;
    if (stats == NULL)
        return;
    int64_t elapsed_ms = end_ms - start_ms;
    zk_mutex_lock(&stats->mu);
    struct server_cnxn_stats_values *values = &stats->values;
    if (cxid >= 0)
        values->last_cxid = cxid;
    values->last_zxid = zxid;
    values->last_op = op;
    values->last_response_time_ms = end_ms;
    values->last_latency_ms = elapsed_ms;
    if (elapsed_ms < values->min_latency_ms)
        values->min_latency_ms = elapsed_ms;
    if (elapsed_ms > values->max_latency_ms)
        values->max_latency_ms = elapsed_ms;
    values->count++;
    values->total_latency_ms += elapsed_ms;
    zk_mutex_unlock(&stats->mu);
}

void server_cnxn_packets_received(struct server_cnxn *cnxn, int64_t count)
{
    if (cnxn->stats != NULL)
        zk_atomic_long_add(&cnxn->stats->packets_received, count);
}

void server_cnxn_packets_sent(struct server_cnxn *cnxn, int64_t count)
{
    if (cnxn->stats != NULL)
        zk_atomic_long_add(&cnxn->stats->packets_sent, count);
}

int64_t server_cnxn_outstanding(struct server_cnxn *cnxn, int64_t step)
{
    return cnxn->stats != NULL ? zk_atomic_long_add(&cnxn->stats->outstanding, step) : 0;
}

void server_cnxn_get_stats(struct server_cnxn *cnxn, struct server_cnxn_stats_values *ret_values)
{
    struct server_cnxn_stats *stats = cnxn->stats;
    if (stats == NULL) {
        ret_values->established_ms = 0;
        reset_values(ret_values);
        return;
    }
    zk_mutex_lock(&stats->mu);
    *ret_values = stats->values;
    zk_mutex_unlock(&stats->mu);
    ret_values->packets_received = zk_atomic_long_get(&stats->packets_received);
    ret_values->packets_sent = zk_atomic_long_get(&stats->packets_sent);
    ret_values->outstanding = zk_atomic_long_get(&stats->outstanding);
}

void server_cnxn_reset_stats(struct server_cnxn *cnxn)
{
    struct server_cnxn_stats *stats = cnxn->stats;
    if (stats == NULL)
        return;
    zk_atomic_long_set(&stats->packets_received, 0);
    zk_atomic_long_set(&stats->packets_sent, 0);
    zk_mutex_lock(&stats->mu);
    reset_values(&stats->values);
    zk_mutex_unlock(&stats->mu);
}
