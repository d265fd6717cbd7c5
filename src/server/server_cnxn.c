/* What every client connection has, whatever carries it. Java: server.ServerCnxn */
#include "zk/server/server_cnxn.h"

#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/proto.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/server/acl_checks.h"
#include "zk/server/server_cnxn_trace.h"

struct server_cnxn_stats {
    struct zk_atomic_long packets_received;
    struct zk_atomic_long packets_sent;
    struct zk_atomic_long outstanding;
    struct zk_atomic_long watch_bytes; /* of events */

    struct zk_mutex mu; /* L-69. Java's monitor of ServerCnxn. Guards: */
    struct server_cnxn_stats_values values GUARDED_BY(&mu);
    struct answer_figures figures GUARDED_BY(&mu); /* not taken yet */
};

static const struct watcher_ops server_cnxn_watcher_ops;

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
    *cnxn = (struct server_cnxn){
        .ops = ops,
        .auth_info = auth_info_new(ctx),
        .watcher = {.ops = &server_cnxn_watcher_ops},
        .ctx = ctx,
    };
    zk_refcount_init(&cnxn->refs);
    zk_atomic_long_init(&cnxn->stale, 0);
    zk_atomic_long_init(&cnxn->invalid, 0);
    zk_atomic_long_init(&cnxn->under_way, 0);
    zk_atomic_long_init(&cnxn->is_full, 0);
    zk_atomic_long_init(&cnxn->unwoken_answers, 0);
    struct server_cnxn_stats *stats = cnxn->stats = zk_xcalloc(1, sizeof *stats);
    zk_atomic_long_init(&stats->packets_received, 0);
    zk_atomic_long_init(&stats->packets_sent, 0);
    zk_atomic_long_init(&stats->outstanding, 0);
    zk_atomic_long_init(&stats->watch_bytes, 0);
    zk_mutex_init(&stats->mu, ctx, "server_cnxn_stats", ZK_RANK_CNXN_STATS);
    stats->values.established_ms = zk_wall_ms();
}

void server_cnxn_done(struct server_cnxn *cnxn) UNSHARED
{
    auth_info_free(cnxn->auth_info);
    if (cnxn->stats != NULL)
        zk_mutex_destroy(&cnxn->stats->mu);
    free(cnxn->stats);
}

const char *disconnect_reason_text(enum disconnect_reason reason)
{
    static const char *const texts[] = {
        [DISCONNECT_REASON_UNKNOWN] = "unknown",
        [DISCONNECT_REASON_CLIENT_CLOSED_SESSION] = "client closed session",
        [DISCONNECT_REASON_SERVER_SHUTDOWN] = "server shutdown",
        [DISCONNECT_REASON_IO_EXCEPTION_IN_SESSION_INIT] = "error in the first frame",
        [DISCONNECT_REASON_CLIENT_RECONNECT] = "client has come back",
        [DISCONNECT_REASON_CONNECTION_EXPIRED] = "connection expired",
        [DISCONNECT_REASON_CLIENT_CLOSED_CONNECTION] = "client closed connection",
        [DISCONNECT_REASON_IO_EXCEPTION] = "error of the connection",
    };
    return texts[reason];
}

const void *server_cnxn_me(void)
{
    static const char me = 0;
    return &me;
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

bool server_cnxn_is_invalid(const struct server_cnxn *cnxn)
{
    return zk_atomic_long_get(&cnxn->invalid) != 0;
}

void server_cnxn_set_invalid(struct server_cnxn *cnxn)
{
    if (server_cnxn_is_invalid(cnxn))
        return;
    if (!server_cnxn_is_stale(cnxn))
        cnxn->ops->send_close_session(cnxn);
    zk_atomic_long_set(&cnxn->invalid, 1);
}

/* ---- what it watches ------------------------------------------------------------------------- */

struct watcher *server_cnxn_watcher(struct server_cnxn *cnxn)
{
    return cnxn->watcher.ops != NULL ? &cnxn->watcher : NULL;
}

static struct server_cnxn *cnxn_of_watcher(struct watcher *watcher)
{
    return (struct server_cnxn *)((char *)watcher - offsetof(struct server_cnxn, watcher));
}

static bool may_read(struct server_cnxn *cnxn, const struct zk_acl_list *acl)
{
    static const struct zk_id_list no_ids = {0};
    struct shared_ids *ids = server_cnxn_get_auth_info(cnxn);
    enum keeper_code code =
        check_acl(cnxn->ctx, acl, PERMS_READ, ids != NULL ? &ids->list : &no_ids);
    shared_ids_unref(ids);
    return code == KEEPER_CODE_OK;
}

/* Java: NIOServerCnxn.process(event, znodeAcl) */
static void server_cnxn_process(struct watcher *watcher, const struct watched_event *event,
                                const struct zk_acl_list *acl)
{
    struct server_cnxn *cnxn = cnxn_of_watcher(watcher);
    struct reply_header header = {.xid = NOTIFICATION_XID, .zxid = -1};
    struct watcher_event wrapper = {
        .type = event->type, .state = event->state, .path = event->path};
    if (acl != NULL && !may_read(cnxn, acl))
        return;
    server_cnxn_trace_event(cnxn, event);
    struct buf *body = jute_to_buf(&watcher_event_record, &wrapper);
    cnxn->ops->send_response(cnxn, &header, body);
    if (cnxn->stats != NULL)
        zk_atomic_long_add(&cnxn->stats->watch_bytes, (int64_t)(REPLY_HEADER_BYTES + body->length));
    buf_unref(body);
}

static bool server_cnxn_watcher_is_stale(struct watcher *watcher)
{
    return server_cnxn_is_stale(cnxn_of_watcher(watcher));
}

static int64_t server_cnxn_watcher_session_id(struct watcher *watcher)
{
    return cnxn_of_watcher(watcher)->session_id;
}

static const struct watcher_ops server_cnxn_watcher_ops = {
    .process = server_cnxn_process,
    .is_stale = server_cnxn_watcher_is_stale,
    .get_session_id = server_cnxn_watcher_session_id,
};

/* ---- what it has done ------------------------------------------------------------------------ */

void server_cnxn_update_stats_for_response(struct server_cnxn *cnxn,
                                           const struct server_cnxn_response *response)
{
    struct server_cnxn_stats *stats = cnxn->stats;
    if (stats == NULL)
        return;
    int64_t elapsed_ms = response->end_ms - response->start_ms;
    zk_mutex_lock(&stats->mu);
    struct server_cnxn_stats_values *values = &stats->values;
    if (response->cxid >= 0)
        values->last_cxid = response->cxid;
    values->last_zxid = response->zxid;
    values->last_op = response->op;
    values->last_response_time_ms = response->end_ms;
    values->last_latency_ms = elapsed_ms;
    if (elapsed_ms < values->min_latency_ms)
        values->min_latency_ms = elapsed_ms;
    if (elapsed_ms > values->max_latency_ms)
        values->max_latency_ms = elapsed_ms;
    values->count++;
    values->total_latency_ms += elapsed_ms;
    struct answer_figures *figures = &stats->figures;
    avg_min_max_counter_add(
        response->is_update ? &figures->update_latency_ms : &figures->read_latency_ms, elapsed_ms);
    if (response->bytes > 0)
        avg_min_max_counter_add(&figures->response_bytes, response->bytes);
    if (response->is_ping)
        figures->ping_bytes += response->bytes;
    zk_mutex_unlock(&stats->mu);
}

struct answer_figures server_cnxn_take_figures(struct server_cnxn *cnxn)
{
    struct server_cnxn_stats *stats = cnxn->stats;
    struct answer_figures figures = {0};
    if (stats == NULL)
        return figures;
    zk_mutex_lock(&stats->mu);
    figures = stats->figures;
    stats->figures = (struct answer_figures){0};
    zk_mutex_unlock(&stats->mu);
    return figures;
}

int64_t server_cnxn_watch_bytes(struct server_cnxn *cnxn)
{
    return cnxn->stats != NULL ? zk_atomic_long_get(&cnxn->stats->watch_bytes) : 0;
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
