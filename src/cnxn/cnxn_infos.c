/* What four-letter words and the admin server ask about the connections. No thread runs here; the
 * lock of the tables is held while they are gone through, and nothing blocks.
 * Java: NIOServerCnxnFactory.getAllConnectionInfo() and its kin, ServerCnxn.getConnectionInfo() */
#include <inttypes.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_stats.h"

static size_t count_cnxns(void *arg);
static size_t list_cnxns(void *arg, struct server_cnxn_info **ret_infos);
static void fill_info(struct nio_server_cnxn *cnxn, struct server_cnxn_info *info);
static int32_t shown_interest_ops(struct nio_server_cnxn *cnxn);
static void reset_cnxn_stats(void *arg);
static void dump_cnxns(void *arg, struct zk_str *str);
static void append_expiring_cnxn(const struct expiry_item *item, struct zk_str *str);

struct server_cnxns server_cnxn_factory_cnxns(struct server_cnxn_factory *factory)
{
    return (struct server_cnxns){
        .count = count_cnxns,
        .list = list_cnxns,
        .reset_stats = reset_cnxn_stats,
        .dump = dump_cnxns,
        .arg = factory,
        .stats = factory->stats,
    };
}

/* Java: ServerCnxnFactory.getNumAliveConnections() */
static size_t count_cnxns(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    zk_mutex_lock(&factory->mu);
    size_t count = (size_t)factory->cnxn_count;
    zk_mutex_unlock(&factory->mu);
    return count;
}

/* Java: NIOServerCnxnFactory.getAllConnectionInfo() */
static size_t list_cnxns(void *arg, struct server_cnxn_info **ret_infos)
{
    struct server_cnxn_factory *factory = arg;
    size_t count = 0;
    zk_mutex_lock(&factory->mu);
    struct server_cnxn_info *infos = zk_xcalloc((size_t)factory->cnxn_count + 1, sizeof *infos);
    for (struct nio_server_cnxn *cnxn = factory->cnxns; cnxn != NULL; cnxn = cnxn->next)
        fill_info(cnxn, &infos[count++]);
    zk_mutex_unlock(&factory->mu);
    *ret_infos = infos;
    return count;
}

/* Java: ServerCnxn.getConnectionInfo() */
static void fill_info(struct nio_server_cnxn *cnxn, struct server_cnxn_info *info)
{
    struct server_cnxn_stats_values values;
    server_cnxn_get_stats(&cnxn->base, &values);
    zk_text_copy(info->remote.text, sizeof info->remote.text, cnxn->remote_text);
    info->interest_ops = shown_interest_ops(cnxn);
    info->outstanding_requests = values.outstanding;
    info->packets_received = values.packets_received;
    info->packets_sent = values.packets_sent;
    info->session_id = cnxn->base.session_id;
    /* "null" is what Java prints for a null. */
    zk_text_copy(info->last_operation, sizeof info->last_operation,
                 values.last_op != NULL ? values.last_op : "null");
    info->established_ms = values.established_ms;
    info->session_timeout_ms = cnxn->base.session_timeout_ms > 0
                                   ? cnxn->base.session_timeout_ms
                                   : cnxn->factory->sessionless_timeout_ms;
    info->last_cxid = values.last_cxid;
    info->last_zxid = values.last_zxid;
    info->last_response_time_ms = values.last_response_time_ms;
    info->last_latency_ms = values.last_latency_ms;
    info->min_latency_ms = values.count > 0 ? values.min_latency_ms : 0;
    info->avg_latency_ms = values.count > 0 ? values.total_latency_ms / values.count : 0;
    info->max_latency_ms = values.max_latency_ms;
}

/* Returns what the selector watches the connection for, or will in a moment: it is not read while
 * it is throttled. */
static int32_t shown_interest_ops(struct nio_server_cnxn *cnxn)
{
    int32_t ops = channel_interest_ops(cnxn->channel);
    return zk_atomic_long_get(&cnxn->throttled) != 0 ? ops & ~OP_READ : ops;
}

/* Java: NIOServerCnxnFactory.resetAllConnectionStats() */
static void reset_cnxn_stats(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    zk_mutex_lock(&factory->mu);
    for (struct nio_server_cnxn *cnxn = factory->cnxns; cnxn != NULL; cnxn = cnxn->next)
        server_cnxn_reset_stats(&cnxn->base);
    zk_mutex_unlock(&factory->mu);
}

/* Takes both locks, because that of the tables guards the ids of sessions.
 * Java: NIOServerCnxnFactory.dumpConnections() */
static void dump_cnxns(void *arg, struct zk_str *str)
{
    struct server_cnxn_factory *factory = arg;
    zk_str_append(str, "Connections ");
    zk_mutex_lock(&factory->mu);
    zk_mutex_lock(&factory->expiry_mu);
    expiry_queue_dump(&factory->cnxn_expiry_queue, append_expiring_cnxn, str);
    zk_mutex_unlock(&factory->expiry_mu);
    zk_mutex_unlock(&factory->mu);
}

static void append_expiring_cnxn(const struct expiry_item *item, struct zk_str *str)
{
    const struct nio_server_cnxn *cnxn = nio_server_cnxn_of_expiry(item);
    zk_str_printf(str, "ip: %s sessionId: 0x%" PRIx64, cnxn->remote_text,
                  (uint64_t)cnxn->base.session_id);
}
