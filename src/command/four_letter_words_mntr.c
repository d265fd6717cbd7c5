/* mntr: a line for each number that monitors may want. Java: MonitorCommand,
 * ZooKeeperServer.dumpMonitorValues(), DefaultMetricsProvider.dump()
 *
 * Names, formats and order are Java's, for what this peer truly has; nobody's JVM is invented.
 * Java's order is that of its hash maps: first the values of the server, then gauges, counters,
 * summaries. What stands behind them, under zkpeer_, is ours. */
#include <inttypes.h>

#include "command/four_letter_words_internal.h"
#include "zk/ensemble/server_state.h"
#include "zk/io/file.h"

static void line(struct zk_str *str, const char *key, int64_t value)
{
    zk_str_printf(str, "zk_%s\t%" PRId64 "\n", key, value);
}

/* Java: SimpleCounterSet and AvgMinMaxCounter.values() */
static void summary(struct zk_str *str, const char *key, const struct avg_min_max_counter *counter)
{
    zk_str_printf(str, "zk_avg_%s\t%s\n", key, avg_min_max_counter_get_avg(counter).text);
    zk_str_printf(str, "zk_min_%s\t%" PRId64 "\n", key, counter->min);
    zk_str_printf(str, "zk_max_%s\t%" PRId64 "\n", key, counter->max);
    zk_str_printf(str, "zk_cnt_%s\t%" PRId64 "\n", key, counter->count);
    zk_str_printf(str, "zk_sum_%s\t%" PRId64 "\n", key, counter->sum);
}

/* Java: QuorumPeer.getDetailedPeerState(): "following - broadcast" */
static void append_peer_state(const struct server_status *status, struct zk_str *str)
{
    zk_str_printf(str, "zk_peer_state\t%s", server_state_lower_name(status->state));
    zk_str_printf(str, " - %s", zab_state_name(status->zab_state));
    if (status->sync_mode != SYNC_MODE_NONE)
        zk_str_printf(str, " - %s", sync_mode_name(status->sync_mode));
    zk_str_append(str, "\n");
}

static void append_gauges(const struct four_letter_facts *facts, struct zk_str *str)
{
    const struct server_status *status = facts->status;
    const struct server_stats_values *stats = &facts->stats;
    bool leads = status->state == SERVER_STATE_LEADING;

    line(str, "ephemerals_count", status->ephemerals_count);
    line(str, "num_alive_connections", (int64_t)facts->cnxn_count);
    zk_str_printf(str, "zk_avg_latency\t%s\n",
                  avg_min_max_counter_get_avg(&stats->request_latency_ms).text);
    if (leads)
        line(str, "min_proposal_size", status->min_proposal_size);
    line(str, "outstanding_requests", 0);
    line(str, "znode_count", status->node_count);
    line(str, "global_sessions", status->global_sessions);
    line(str, "packets_sent", stats->packets_sent);
    line(str, "packets_received", stats->packets_received);
    if (leads) {
        line(str, "max_proposal_size", status->max_proposal_size);
        line(str, "synced_followers", status->synced_followers);
    }
    line(str, "watch_count", 0);
    if (leads) {
        line(str, "synced_non_voting_followers", status->synced_non_voting_followers);
        line(str, "synced_observers", status->synced_observers);
    }
    line(str, "min_latency", stats->request_latency_ms.min);
    line(str, "max_file_descriptor_count", zk_max_file_descriptors());
    line(str, "approximate_data_size", status->approximate_data_size);
    line(str, "open_file_descriptor_count", zk_open_file_descriptors());
    if (leads) {
        line(str, "last_proposal_size", status->last_proposal_size);
        line(str, "pending_syncs", status->pending_syncs);
        line(str, "leader_uptime", status->leader_uptime_ms);
    }
    line(str, "local_sessions", 0);
    line(str, "uptime", status->uptime_ms);
    line(str, "max_latency", stats->request_latency_ms.max);
    if (leads)
        line(str, "learners", status->learners);
    line(str, "quorum_size", status->quorum_size);
}

static void append_counters_and_summaries(const struct server_metrics_values *metrics,
                                          struct zk_str *str)
{
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        line(str, server_metrics_counter_name((enum server_metrics_counter)i),
             metrics->counters[i]);
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++)
        summary(str, server_metrics_summary_name((enum server_metrics_summary)i),
                &metrics->summaries[i]);
}

/* What Java does not measure: the election's own connections. */
static void append_own(const struct server_status *status, struct zk_str *str)
{
    const struct avg_min_max_counter *elections =
        &status->metrics.summaries[SERVER_METRICS_ELECTION_TIME];
    zk_str_printf(str, "zkpeer_election_round\t%" PRId64 "\n", status->election_round);
    zk_str_printf(str, "zkpeer_last_election_time_ms\t%" PRId64 "\n",
                  elections->count > 0 ? elections->last : -1);
    zk_str_printf(str, "zkpeer_threads\t%zu\n", status->thread_count);
    for (size_t i = 0; i < status->peer_count; i++) {
        const struct server_status_peer *peer = &status->peers[i];
        zk_str_printf(str, "zkpeer_%" PRId64 "_connected\t%d\n", peer->sid, peer->connected);
        zk_str_printf(str, "zkpeer_%" PRId64 "_live_workers\t%zu\n", peer->sid, peer->live_workers);
        zk_str_printf(str, "zkpeer_%" PRId64 "_send_queue_length\t%zu\n", peer->sid,
                      peer->send_queue_length);
        zk_str_printf(str, "zkpeer_%" PRId64 "_replaced_messages\t%" PRId64 "\n", peer->sid,
                      peer->replaced_messages);
        zk_str_printf(str, "zkpeer_%" PRId64 "_connection_attempts\t%" PRId64 "\n", peer->sid,
                      peer->connection_attempts);
    }
}

void four_letter_words_append_mntr(const struct four_letter_facts *facts, struct zk_str *str)
{
    zk_str_append(str, "zk_version\t" SERVER_FULL_VERSION "\n");
    zk_str_printf(str, "zk_server_state\t%s\n", server_status_mode(facts->status));
    append_peer_state(facts->status, str);
    if (facts->status->state == SERVER_STATE_OBSERVING)
        line(str, "observer_master_id", facts->status->observer_master_id);
    append_gauges(facts, str);
    append_counters_and_summaries(&facts->status->metrics, str);
    append_own(facts->status, str);
}
