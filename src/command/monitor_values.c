/* The values that monitors want. Java: ZooKeeperServer.dumpMonitorValues(),
 * DefaultMetricsProvider.dump()
 *
 * Names and order are Java's, for what this peer truly has; figures of a JVM are not invented.
 * Java's order is that of its hash maps: first the values of the server, then gauges, counters,
 * summaries. Behind them stand our own (D-99). */
#include "command/monitor_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "zk/ensemble/server_state.h"
#include "zk/io/file.h"
#include "zk/server/server_stats.h"

static void gauge(struct monitor_sink *sink, const char *name, int64_t value)
{
    sink->methods->gauge(sink, name, value);
}

/* Java: QuorumPeer.getDetailedPeerState(): "following - broadcast" */
static void append_peer_state(const struct server_status *status, struct monitor_sink *sink)
{
    struct zk_str state = {0};
    zk_str_printf(&state, "%s - %s", server_state_lower_name(status->state),
                  zab_state_name(status->zab_state));
    if (status->sync_mode != SYNC_MODE_NONE)
        zk_str_printf(&state, " - %s", sync_mode_name(status->sync_mode));
    sink->methods->text(sink, "peer_state", zk_str_text(&state));
    zk_str_done(&state);
}

static void append_gauges(const struct four_letter_facts *facts, struct monitor_sink *sink)
{
    const struct server_status *status = facts->status;
    const struct server_stats_values values = server_stats_get(facts->cnxns->stats);
    const struct server_stats_values *stats = &values;
    bool leads = status->state == SERVER_STATE_LEADING;

    gauge(sink, "ephemerals_count", status->ephemerals_count);
    gauge(sink, "num_alive_connections", (int64_t)facts->cnxns->count(facts->cnxns->arg));
    sink->methods->decimal(sink, "avg_latency",
                           avg_min_max_counter_get_avg(&stats->request_latency_ms).text);
    if (leads)
        gauge(sink, "min_proposal_size", status->leader.min_proposal_size);
    gauge(sink, "outstanding_requests", status->outstanding_requests);
    gauge(sink, "znode_count", status->node_count);
    gauge(sink, "global_sessions", status->global_sessions);
    gauge(sink, "last_client_response_size", stats->client_response_stats.last);
    gauge(sink, "packets_sent", stats->packets_sent);
    gauge(sink, "packets_received", stats->packets_received);
    if (leads)
        gauge(sink, "max_proposal_size", status->leader.max_proposal_size);
    gauge(sink, "max_client_response_size", stats->client_response_stats.max);
    if (leads)
        gauge(sink, "synced_followers", status->leader.synced_followers);
    gauge(sink, "watch_count", status->watch_count);
    if (leads) {
        gauge(sink, "synced_non_voting_followers", status->leader.synced_non_voting_followers);
        gauge(sink, "synced_observers", status->leader.synced_observers);
    }
    gauge(sink, "min_latency", stats->request_latency_ms.min);
    gauge(sink, "max_file_descriptor_count", zk_max_file_descriptors());
    gauge(sink, "approximate_data_size", status->approximate_data_size);
    gauge(sink, "open_file_descriptor_count", zk_open_file_descriptors());
    if (leads) {
        gauge(sink, "last_proposal_size", status->leader.last_proposal_size);
        gauge(sink, "pending_syncs", status->leader.pending_syncs);
        gauge(sink, "leader_uptime", status->leader.leader_uptime_ms);
    }
    gauge(sink, "local_sessions", status->local_sessions);
    gauge(sink, "uptime", status->uptime_ms);
    gauge(sink, "max_latency", stats->request_latency_ms.max);
    if (leads)
        gauge(sink, "learners", status->leader.learners);
    gauge(sink, "min_client_response_size", stats->client_response_stats.min);
    if (!status->is_alone && !status->is_read_only)
        gauge(sink, "quorum_size", status->quorum_size);
}

bool monitor_summary_percentile(const struct monitor_summary *summary, double percent,
                                int64_t *ret_value)
{
    if (summary->source == NULL)
        return false;
    if (summary->key == NULL)
        return server_metrics_get_percentile(
            summary->source, (enum server_metrics_summary)summary->which, percent, ret_value);
    return server_metrics_get_percentile_of(summary->source,
                                            (enum server_metrics_set)summary->which,
                                            summary->key_number, percent, ret_value);
}

/* Appends the summaries of one set, each under the id of its learner. */
static void append_set(struct server_metrics *source, enum server_metrics_set set,
                       struct monitor_sink *sink)
{
    const char *name = server_metrics_set_name(set);
    struct server_metrics_of *items;
    size_t count = server_metrics_get_set(source, set, &items);
    if (sink->methods->set != NULL)
        sink->methods->set(sink, name);
    for (size_t i = 0; i < count; i++) {
        char key[24];
        snprintf(key, sizeof key, "%" PRId64, items[i].key);
        struct monitor_summary summary = {.name = name,
                                          .key = key,
                                          .is_advanced = server_metrics_set_is_advanced(set),
                                          .values = &items[i].values,
                                          .source = source,
                                          .which = (int)set,
                                          .key_number = items[i].key};
        sink->methods->summary(sink, &summary);
    }
    free(items);
}

void monitor_metrics(const struct four_letter_facts *facts, struct monitor_sink *sink)
{
    const struct server_metrics_values *metrics = &facts->status->metrics;
    struct server_metrics *source = facts->status->metrics_source;
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        sink->methods->counter(sink, server_metrics_counter_name((enum server_metrics_counter)i),
                               metrics->counters[i]);
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++) {
        enum server_metrics_summary which = (enum server_metrics_summary)i;
        struct monitor_summary summary = {.name = server_metrics_summary_name(which),
                                          .is_advanced = server_metrics_is_advanced(which),
                                          .values = &metrics->summaries[i],
                                          .source = source,
                                          .which = i};
        sink->methods->summary(sink, &summary);
    }
    for (int i = 0; source != NULL && i < SERVER_METRICS_SETS; i++)
        append_set(source, (enum server_metrics_set)i, sink);
}

/* Appends one figure of one peer's election connection, such as "zk_election_peer_2_connected". An
 * observer without an id has a negative sid, and Prometheus takes no sign in a name. */
static void append_peer_line(struct monitor_sink *sink, int64_t sid, const char *what,
                             int64_t value)
{
    uint64_t distance = sid < 0 ? (uint64_t)0 - (uint64_t)sid : (uint64_t)sid;
    struct zk_str name = {0};
    zk_str_printf(&name, "election_peer_%s%" PRIu64 "_%s", sid < 0 ? "anonymous_" : "", distance,
                  what);
    gauge(sink, zk_str_text(&name), value);
    zk_str_done(&name);
}

/* Appends our own figures, which Java does not have (D-99). */
static void append_own(const struct server_status *status, struct monitor_sink *sink)
{
    const struct avg_min_max_counter *elections =
        &status->metrics.summaries[SERVER_METRICS_ELECTION_TIME];
    if (!status->is_alone) {
        gauge(sink, "election_round", status->election_round);
        gauge(sink, "last_election_time", elections->count > 0 ? elections->last : -1);
    }
    gauge(sink, "last_fsync_time", status->last_fsync_ms);
    gauge(sink, "thread_count", (int64_t)status->thread_count);
    for (size_t i = 0; i < status->peer_count; i++) {
        const struct server_status_peer *peer = &status->peers[i];
        append_peer_line(sink, peer->sid, "connected", peer->connected);
        append_peer_line(sink, peer->sid, "live_workers", (int64_t)peer->live_workers);
        append_peer_line(sink, peer->sid, "send_queue_length", (int64_t)peer->send_queue_length);
        append_peer_line(sink, peer->sid, "replaced_messages", peer->replaced_messages);
        append_peer_line(sink, peer->sid, "connection_attempts", peer->connection_attempts);
    }
}

void monitor_values(const struct four_letter_facts *facts, struct monitor_sink *sink)
{
    sink->methods->text(sink, "version", SERVER_FULL_VERSION);
    sink->methods->text(sink, "server_state", facts->status->server_state);
    if (!facts->status->is_alone && !facts->status->is_read_only)
        append_peer_state(facts->status, sink);
    if (facts->status->state == SERVER_STATE_OBSERVING)
        gauge(sink, "observer_master_id", facts->status->observer_master_id);
    append_gauges(facts, sink);
    monitor_metrics(facts, sink);
    append_own(facts->status, sink);
}
