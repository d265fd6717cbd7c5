/* The admin server's commands about clients, sessions, nodes and figures.
 * Java: server.admin.Commands, ServerCnxn.getConnectionInfo() */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command_facts.h"
#include "command/commands.h"
#include "command/monitor_values.h"
#include "zk/ensemble/server_state.h"
#include "zk/server/avg_min_max_counter.h"
#include "zk/server/server_stats.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

static void write_cnxns(struct command_call *call, bool brief);
static void write_cnxn(struct json_writer *json, const struct server_cnxn_info *cnxn, bool brief);
static void write_expiry_map(struct command_call *call);
static void write_buffer_stats(struct json_writer *json, const char *key, int64_t last, int64_t min,
                               int64_t max);
static void write_server_stats(struct command_call *call, const struct server_stats_values *stats);

/* ---- connections ----------------------------------------------------------------------------- */

/* Java: ConsCommand */
void command_run_connections(struct command_call *call)
{
    write_cnxns(call, false);
}

static void write_cnxns(struct command_call *call, bool brief)
{
    struct server_cnxn_info *infos;
    size_t count = call->facts->cnxns->list(call->facts->cnxns->arg, &infos);
    json_list_begin(call->json, "connections");
    for (size_t i = 0; i < count; i++)
        write_cnxn(call->json, &infos[i], brief);
    json_list_end(call->json);
    free(infos);
    json_list_begin(call->json, "secure_connections"); /* there is no TLS for clients (D-7) */
    json_list_end(call->json);
}

/* Java: ServerCnxn.getConnectionInfo(brief) */
static void write_cnxn(struct json_writer *json, const struct server_cnxn_info *cnxn, bool brief)
{
    /* Without the slash of Java's InetSocketAddress.toString(). */
    const char *remote = cnxn->remote.text[0] == '/' ? cnxn->remote.text + 1 : cnxn->remote.text;
    json_object_begin(json, NULL);
    json_text(json, "remote_socket_address", remote);
    json_long(json, "interest_ops", cnxn->interest_ops);
    json_long(json, "outstanding_requests", cnxn->outstanding_requests);
    json_long(json, "packets_received", cnxn->packets_received);
    json_long(json, "packets_sent", cnxn->packets_sent);
    if (!brief) {
        json_long(json, "session_id", cnxn->session_id);
        bool is_null = strcmp(cnxn->last_operation, "null") == 0;
        json_text(json, "last_operation", is_null ? NULL : cnxn->last_operation);
        json_long(json, "established", cnxn->established_ms);
        json_long(json, "session_timeout", cnxn->session_timeout_ms);
        json_long(json, "last_cxid", cnxn->last_cxid);
        json_long(json, "last_zxid", cnxn->last_zxid);
        json_long(json, "last_response_time", cnxn->last_response_time_ms);
        json_long(json, "last_latency", cnxn->last_latency_ms);
        json_long(json, "min_latency", cnxn->min_latency_ms);
        json_long(json, "avg_latency", cnxn->avg_latency_ms);
        json_long(json, "max_latency", cnxn->max_latency_ms);
    }
    json_object_end(json);
}

/* ---- sessions, nodes, digests ---------------------------------------------------------------- */

/* Java: DumpCommand */
void command_run_dump(struct command_call *call)
{
    size_t count;
    struct session_ephemerals *sessions = command_ephemerals(call->facts->status->zk, &count);
    write_expiry_map(call);
    json_object_begin(call->json, "session_id_to_ephemeral_paths");
    for (size_t i = 0; i < count; i++) {
        char session_id[24];
        snprintf(session_id, sizeof session_id, "%" PRId64, sessions[i].session_id);
        json_list_begin(call->json, session_id);
        for (size_t j = 0; j < sessions[i].paths.count; j++)
            json_text(call->json, NULL, sessions[i].paths.items[j]);
        json_list_end(call->json);
    }
    json_object_end(call->json);
    session_ephemerals_free(sessions, count);
}

static void write_expiry_map(struct command_call *call)
{
    struct session_expiry_map map = {0};
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(call->facts->status->zk);
    if (tracker != NULL)
        session_tracker_get_session_expiry_map(tracker, &map);
    json_object_begin(call->json, "expiry_time_to_session_ids");
    for (size_t i = 0; i < map.count; i++) {
        char time[24];
        snprintf(time, sizeof time, "%" PRId64, map.sets[i].time_ms);
        json_list_begin(call->json, time);
        for (size_t j = 0; j < map.sets[i].sessions.count; j++)
            json_long(call->json, NULL, map.sets[i].sessions.items[j]);
        json_list_end(call->json);
    }
    json_object_end(call->json);
    session_expiry_map_done(&map);
}

/* Java: DigestCommand, the getters of DataTree.ZxidDigest */
void command_run_hash(struct command_call *call)
{
    struct zk_database *database = zookeeper_server_get_zk_database(call->facts->status->zk);
    struct data_tree *tree = zk_database_get_data_tree(database);
    size_t count;
    struct zxid_digest *digests = data_tree_get_digest_log(tree, &count);
    json_list_begin(call->json, "digests");
    for (size_t i = 0; i < count; i++) {
        json_object_begin(call->json, NULL);
        json_long(call->json, "zxid", digests[i].zxid);
        json_long(call->json, "digest", digests[i].digest);
        json_long(call->json, "digest_version", digests[i].version);
        json_object_end(call->json);
    }
    json_list_end(call->json);
    free(digests);
    data_tree_unref(tree);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* Java: SrvrCommand */
void command_run_server_stats(struct command_call *call)
{
    const struct server_status *status = call->facts->status;
    struct server_stats_values stats = server_stats_get(call->facts->cnxns->stats);
    const struct buffer_stats *sizes = &stats.client_response_stats;
    json_text(call->json, "version", SERVER_FULL_VERSION);
    json_bool(call->json, "read_only", status->is_read_only);
    write_server_stats(call, &stats);
    write_buffer_stats(call->json, "client_response", sizes->last, sizes->min, sizes->max);
    if (status->state == SERVER_STATE_LEADING)
        write_buffer_stats(call->json, "proposal_stats", status->leader.last_proposal_size,
                           status->leader.min_proposal_size, status->leader.max_proposal_size);
    json_long(call->json, "node_count", status->node_count);
}

/* What the getters of Java's ServerStats give. */
static void write_server_stats(struct command_call *call, const struct server_stats_values *stats)
{
    const struct server_status *status = call->facts->status;
    const struct buffer_stats *sizes = &stats->client_response_stats;
    struct json_writer *json = call->json;
    json_object_begin(json, "server_stats");
    json_long(json, "packets_sent", stats->packets_sent);
    json_long(json, "packets_received", stats->packets_received);
    json_long(json, "fsync_threshold_exceed_count", status->fsync_threshold_exceed_count);
    write_buffer_stats(json, "client_response_stats", sizes->last, sizes->min, sizes->max);
    json_bool(json, "provider_null", false);
    json_text(json, "server_state", status->server_state);
    json_long(json, "outstanding_requests", status->outstanding_requests);
    json_long(json, "min_latency", stats->request_latency_ms.min);
    json_number(json, "avg_latency", avg_min_max_counter_get_avg(&stats->request_latency_ms).text);
    json_long(json, "max_latency", stats->request_latency_ms.max);
    json_long(json, "data_dir_size", command_directory_size(status->data_dir));
    json_long(json, "log_dir_size", command_directory_size(status->snap_dir));
    json_long(json, "last_processed_zxid", status->last_processed_zxid);
    json_long(json, "num_alive_client_connections",
              (int64_t)call->facts->cnxns->count(call->facts->cnxns->arg));
    json_long(json, "auth_failed_count", 0);         /* there is no SASL here */
    json_long(json, "non_mtlsremote_conn_count", 0); /* and no TLS */
    json_long(json, "non_mtlslocal_conn_count", 0);
    json_long(json, "uptime", status->uptime_ms);
    json_object_end(json);
}

static void write_buffer_stats(struct json_writer *json, const char *key, int64_t last, int64_t min,
                               int64_t max)
{
    json_object_begin(json, key);
    json_long(json, "last_buffer_size", last);
    json_long(json, "min_buffer_size", min);
    json_long(json, "max_buffer_size", max);
    json_object_end(json);
}

/* Java: StatCommand */
void command_run_stats(struct command_call *call)
{
    command_run_server_stats(call);
    write_cnxns(call, true);
}

/* ---- monitor --------------------------------------------------------------------------------- */

static struct json_writer *json_of(struct monitor_sink *sink)
{
    return ((struct command_call *)sink->arg)->json;
}

static void monitor_text(struct monitor_sink *sink, const char *name, const char *value)
{
    json_text(json_of(sink), name, value);
}

static void monitor_number(struct monitor_sink *sink, const char *name, int64_t value)
{
    json_long(json_of(sink), name, value);
}

static void monitor_decimal(struct monitor_sink *sink, const char *name, const char *value)
{
    json_number(json_of(sink), name, value);
}

/* Java: AvgMinMaxCounter.values(), AvgMinMaxPercentileCounter.values() */
static void monitor_summary(struct monitor_sink *sink, const struct monitor_summary *summary)
{
    static const double percents[] = {50, 95, 99, 99.9};
    struct command_call *call = sink->arg;
    const struct avg_min_max_counter *values = summary->values;
    struct {
        const char *prefix;
        int64_t value;
    } parts[] = {{"min", values->min}, {"max", values->max}, {"cnt", values->count},
                 {"sum", values->sum}, {"p50", 0},           {"p95", 0},
                 {"p99", 0},           {"p999", 0}};
    const char *prefix = summary->key != NULL ? summary->key : "";
    const char *between = summary->key != NULL ? "_" : "";
    bool has_percentiles = summary->is_advanced && summary->source != NULL;
    char key[128];
    snprintf(key, sizeof key, "avg_%s%s%s", prefix, between, summary->name);
    json_number(call->json, key, avg_min_max_counter_get_avg(values).text);
    for (size_t i = 0; i < (has_percentiles ? 8 : 4); i++) {
        if (i >= 4)
            (void)monitor_summary_percentile(summary, percents[i - 4], &parts[i].value);
        snprintf(key, sizeof key, "%s_%s%s%s", parts[i].prefix, prefix, between, summary->name);
        json_long(call->json, key, parts[i].value);
    }
}

/* Java: MonitorCommand */
void command_run_monitor(struct command_call *call)
{
    static const struct monitor_sink_methods methods = {
        .text = monitor_text,
        .gauge = monitor_number,
        .decimal = monitor_decimal,
        .counter = monitor_number,
        .summary = monitor_summary,
    };
    struct monitor_sink sink = {.methods = &methods, .arg = call};
    monitor_values(call->facts, &sink);
}
