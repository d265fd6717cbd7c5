/* mntr: a line for each number that monitors may want. Java: MonitorCommand,
 * ZooKeeperServer.dumpMonitorValues(), DefaultMetricsProvider.dump()
 *
 * Names, formats and order are Java's, for what this peer truly has; figures of a JVM are not
 * invented. Java's order is that of its hash maps: first the values of the server, then gauges,
 * counters, summaries. Behind them stand our own. These too begin with zk_ and have a number as
 * value, because telegraf refuses a server with any other line (D-99). */
#include <inttypes.h>

#include "command/four_letter_words_internal.h"
#include "zk/ensemble/server_state.h"
#include "zk/io/file.h"
#include "zk/server/server_stats.h"

static void append_line(struct zk_str *str, const char *key, int64_t value)
{
    zk_str_printf(str, "zk_%s\t%" PRId64 "\n", key, value);
}

/* Java: SimpleCounterSet and AvgMinMaxCounter.values() */
static void append_summary(struct zk_str *str, const char *key,
                           const struct avg_min_max_counter *counter)
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
    const struct server_stats_values values = server_stats_get(facts->cnxns->stats);
    const struct server_stats_values *stats = &values;
    bool leads = status->state == SERVER_STATE_LEADING;

    append_line(str, "ephemerals_count", status->ephemerals_count);
    append_line(str, "num_alive_connections", (int64_t)facts->cnxns->count(facts->cnxns->arg));
    zk_str_printf(str, "zk_avg_latency\t%s\n",
                  avg_min_max_counter_get_avg(&stats->request_latency_ms).text);
    if (leads)
        append_line(str, "min_proposal_size", status->leader.min_proposal_size);
    append_line(str, "outstanding_requests", status->outstanding_requests);
    append_line(str, "znode_count", status->node_count);
    append_line(str, "global_sessions", status->global_sessions);
    append_line(str, "packets_sent", stats->packets_sent);
    append_line(str, "packets_received", stats->packets_received);
    if (leads) {
        append_line(str, "max_proposal_size", status->leader.max_proposal_size);
        append_line(str, "synced_followers", status->leader.synced_followers);
    }
    append_line(str, "watch_count", status->watch_count);
    if (leads) {
        append_line(str, "synced_non_voting_followers", status->leader.synced_non_voting_followers);
        append_line(str, "synced_observers", status->leader.synced_observers);
    }
    append_line(str, "min_latency", stats->request_latency_ms.min);
    append_line(str, "max_file_descriptor_count", zk_max_file_descriptors());
    append_line(str, "approximate_data_size", status->approximate_data_size);
    append_line(str, "open_file_descriptor_count", zk_open_file_descriptors());
    if (leads) {
        append_line(str, "last_proposal_size", status->leader.last_proposal_size);
        append_line(str, "pending_syncs", status->leader.pending_syncs);
        append_line(str, "leader_uptime", status->leader.leader_uptime_ms);
    }
    append_line(str, "local_sessions", status->local_sessions);
    append_line(str, "uptime", status->uptime_ms);
    append_line(str, "max_latency", stats->request_latency_ms.max);
    if (leads)
        append_line(str, "learners", status->leader.learners);
    if (!status->is_alone)
        append_line(str, "quorum_size", status->quorum_size);
}

static void append_counters_and_summaries(const struct server_metrics_values *metrics,
                                          struct zk_str *str)
{
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        append_line(str, server_metrics_counter_name((enum server_metrics_counter)i),
                    metrics->counters[i]);
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++)
        append_summary(str, server_metrics_summary_name((enum server_metrics_summary)i),
                       &metrics->summaries[i]);
}

/* One connection of the election: "zk_election_peer_2_connected". An observer without an id has a
 * negative sid, and Prometheus takes no sign in a name. */
static void append_peer_line(struct zk_str *str, int64_t sid, const char *what, int64_t value)
{
    uint64_t distance = sid < 0 ? (uint64_t)0 - (uint64_t)sid : (uint64_t)sid;
    zk_str_printf(str, "zk_election_peer_%s%" PRIu64 "_%s\t%" PRId64 "\n",
                  sid < 0 ? "anonymous_" : "", distance, what, value);
}

/* What Java does not measure. */
static void append_own(const struct server_status *status, struct zk_str *str)
{
    const struct avg_min_max_counter *elections =
        &status->metrics.summaries[SERVER_METRICS_ELECTION_TIME];
    if (!status->is_alone) {
        append_line(str, "election_round", status->election_round);
        append_line(str, "last_election_time", elections->count > 0 ? elections->last : -1);
    }
    append_line(str, "thread_count", (int64_t)status->thread_count);
    for (size_t i = 0; i < status->peer_count; i++) {
        const struct server_status_peer *peer = &status->peers[i];
        append_peer_line(str, peer->sid, "connected", peer->connected);
        append_peer_line(str, peer->sid, "live_workers", (int64_t)peer->live_workers);
        append_peer_line(str, peer->sid, "send_queue_length", (int64_t)peer->send_queue_length);
        append_peer_line(str, peer->sid, "replaced_messages", peer->replaced_messages);
        append_peer_line(str, peer->sid, "connection_attempts", peer->connection_attempts);
    }
}

void four_letter_words_append_mntr(const struct four_letter_facts *facts, struct zk_str *str)
{
    zk_str_append(str, "zk_version\t" SERVER_FULL_VERSION "\n");
    zk_str_printf(str, "zk_server_state\t%s\n", facts->status->server_state);
    if (!facts->status->is_alone)
        append_peer_state(facts->status, str);
    if (facts->status->state == SERVER_STATE_OBSERVING)
        append_line(str, "observer_master_id", facts->status->observer_master_id);
    append_gauges(facts, str);
    append_counters_and_summaries(&facts->status->metrics, str);
    append_own(facts->status, str);
}
