/* Counters and summaries behind one lock, read by mntr. What is measured at each request comes in
 * by server_metrics_merge, once for many requests.
 * Java: server.ServerMetrics */
#include "zk/server/server_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/server/server_stats.h"

struct server_metrics {
    struct zk_mutex mu; /* Guards: */
    struct server_metrics_values values GUARDED_BY(&mu);
    /* The last values of each summary, in a ring; NULL: there was none. */
    int64_t *samples[SERVER_METRICS_SUMMARIES] GUARDED_BY(&mu);
    uint64_t sample_counts[SERVER_METRICS_SUMMARIES] GUARDED_BY(&mu); /* also those overwritten */
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
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++)
        free(metrics->samples[i]);
    zk_mutex_destroy(&metrics->mu);
    free(metrics);
}

void server_metrics_count(struct server_metrics *metrics, enum server_metrics_counter which)
{
    zk_mutex_lock(&metrics->mu);
    metrics->values.counters[which]++;
    zk_mutex_unlock(&metrics->mu);
}

static void keep_sample_locked(struct server_metrics *metrics, int which, int64_t value)
    REQUIRES(&metrics->mu)
{
    if (metrics->samples[which] == NULL)
        metrics->samples[which] =
            zk_xcalloc(SERVER_METRICS_SAMPLES, sizeof *metrics->samples[which]);
    metrics->samples[which][metrics->sample_counts[which]++ % SERVER_METRICS_SAMPLES] = value;
}

static void add_all_locked(struct server_metrics *metrics, enum server_metrics_summary which,
                           const struct avg_min_max_counter *values) REQUIRES(&metrics->mu)
{
    avg_min_max_counter_add_all(&metrics->values.summaries[which], values);
    if (values->count > 0)
        keep_sample_locked(metrics, (int)which, values->last);
}

void server_metrics_add_answers(struct server_metrics *metrics,
                                const struct answer_figures *figures, int64_t watch_bytes,
                                int64_t bytes_received)
{
    zk_mutex_lock(&metrics->mu);
    add_all_locked(metrics, SERVER_METRICS_READLATENCY, &figures->read_latency_ms);
    add_all_locked(metrics, SERVER_METRICS_UPDATELATENCY, &figures->update_latency_ms);
    metrics->values.counters[SERVER_METRICS_RESPONSE_BYTES] += figures->response_bytes.sum;
    metrics->values.counters[SERVER_METRICS_WATCH_BYTES] += watch_bytes;
    metrics->values.counters[SERVER_METRICS_BYTES_RECEIVED_COUNT] += bytes_received;
    zk_mutex_unlock(&metrics->mu);
}

void server_metrics_add(struct server_metrics *metrics, enum server_metrics_summary which,
                        int64_t value)
{
    zk_mutex_lock(&metrics->mu);
    avg_min_max_counter_add(&metrics->values.summaries[which], value);
    keep_sample_locked(metrics, (int)which, value);
    zk_mutex_unlock(&metrics->mu);
}

void server_metrics_log_latency(struct server_metrics_values *values,
                                enum server_metrics_summary which, int64_t header_time_ms)
{
    int64_t latency_ms = zk_wall_ms() - header_time_ms;
    if (latency_ms >= 0)
        avg_min_max_counter_add(&values->summaries[which], latency_ms);
}

void server_metrics_merge(struct server_metrics *metrics, struct server_metrics_values *values)
{
    zk_mutex_lock(&metrics->mu);
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        metrics->values.counters[i] += values->counters[i];
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++) {
        add_all_locked(metrics, (enum server_metrics_summary)i, &values->summaries[i]);
    }
    zk_mutex_unlock(&metrics->mu);
    *values = (struct server_metrics_values){0};
}

void server_metrics_reset(struct server_metrics *metrics)
{
    zk_mutex_lock(&metrics->mu);
    metrics->values = (struct server_metrics_values){0};
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++)
        metrics->sample_counts[i] = 0;
    zk_mutex_unlock(&metrics->mu);
}

struct server_metrics_values server_metrics_get(struct server_metrics *metrics)
{
    zk_mutex_lock(&metrics->mu);
    struct server_metrics_values values = metrics->values;
    zk_mutex_unlock(&metrics->mu);
    return values;
}

bool server_metrics_is_advanced(enum server_metrics_summary which)
{
    return which >= SERVER_METRICS_PREP_PROCESSOR_QUEUE_TIME_MS;
}

static int compare_values(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

bool server_metrics_get_percentile(struct server_metrics *metrics,
                                   enum server_metrics_summary which, double percent,
                                   int64_t *ret_value)
{
    int64_t values[SERVER_METRICS_SAMPLES];
    zk_mutex_lock(&metrics->mu);
    uint64_t count = metrics->sample_counts[which];
    size_t kept = count < SERVER_METRICS_SAMPLES ? (size_t)count : SERVER_METRICS_SAMPLES;
    if (kept > 0)
        memcpy(values, metrics->samples[which], kept * sizeof *values);
    zk_mutex_unlock(&metrics->mu);
    if (kept == 0)
        return false;
    qsort(values, kept, sizeof *values, compare_values);
    size_t rank = (size_t)(percent / 100 * (double)kept);
    *ret_value = values[rank < kept ? rank : kept - 1];
    return true;
}

const char *server_metrics_counter_name(enum server_metrics_counter which)
{
    static const char *const names[SERVER_METRICS_COUNTERS] = {
        [SERVER_METRICS_PROPOSAL_COUNT] = "proposal_count",
        [SERVER_METRICS_WATCH_BYTES] = "watch_bytes",
        [SERVER_METRICS_OUTSTANDING_CHANGES_REMOVED] = "outstanding_changes_removed",
        [SERVER_METRICS_THROTTLED_OPS] = "throttled_ops",
        [SERVER_METRICS_STALE_REQUESTS_DROPPED] = "stale_requests_dropped",
        [SERVER_METRICS_LARGE_REQUESTS_REJECTED] = "large_requests_rejected",
        [SERVER_METRICS_CONNECTION_REJECTED] = "connection_rejected",
        [SERVER_METRICS_SESSIONLESS_CONNECTIONS_EXPIRED] = "sessionless_connections_expired",
        [SERVER_METRICS_LOOKING_COUNT] = "looking_count",
        [SERVER_METRICS_STALE_REQUESTS] = "stale_requests",
        [SERVER_METRICS_CONNECTION_DROP_COUNT] = "connection_drop_count",
        [SERVER_METRICS_LEARNER_PROPOSAL_RECEIVED_COUNT] = "learner_proposal_received_count",
        [SERVER_METRICS_DIGEST_MISMATCHES_COUNT] = "digest_mismatches_count",
        [SERVER_METRICS_BYTES_RECEIVED_COUNT] = "bytes_received_count",
        [SERVER_METRICS_REQUEST_THROTTLE_WAIT_COUNT] = "request_throttle_wait_count",
        [SERVER_METRICS_PREP_PROCESSOR_REQUEST_QUEUED] = "prep_processor_request_queued",
        [SERVER_METRICS_LEARNER_COMMIT_RECEIVED_COUNT] = "learner_commit_received_count",
        [SERVER_METRICS_STALE_REPLIES] = "stale_replies",
        [SERVER_METRICS_CONNECTION_REQUEST_COUNT] = "connection_request_count",
        [SERVER_METRICS_RESPONSE_BYTES] = "response_bytes",
        [SERVER_METRICS_DIFF_COUNT] = "diff_count",
        [SERVER_METRICS_CONNECTION_REVALIDATE_COUNT] = "connection_revalidate_count",
        [SERVER_METRICS_SNAP_COUNT] = "snap_count",
        [SERVER_METRICS_UNRECOVERABLE_ERROR_COUNT] = "unrecoverable_error_count",
        [SERVER_METRICS_COMMIT_COUNT] = "commit_count",
        [SERVER_METRICS_STALE_SESSIONS_EXPIRED] = "stale_sessions_expired",
        [SERVER_METRICS_SYNC_PROCESSOR_REQUEST_QUEUED] = "sync_processor_request_queued",
        [SERVER_METRICS_OUTSTANDING_CHANGES_QUEUED] = "outstanding_changes_queued",
        [SERVER_METRICS_REQUEST_COMMIT_QUEUED] = "request_commit_queued",
        [SERVER_METRICS_REVALIDATE_COUNT] = "revalidate_count",
    };
    return names[which];
}

const char *server_metrics_summary_name(enum server_metrics_summary which)
{
    static const char *const names[SERVER_METRICS_SUMMARIES] = {
        [SERVER_METRICS_PROPOSAL_PROCESS_TIME] = "proposal_process_time",
        [SERVER_METRICS_LEADER_UNAVAILABLE_TIME] = "leader_unavailable_time",
        [SERVER_METRICS_SESSION_QUEUES_DRAINED] = "session_queues_drained",
        [SERVER_METRICS_WRITE_COMMIT_PROC_REQ_QUEUED] = "write_commit_proc_req_queued",
        [SERVER_METRICS_CONNECTION_TOKEN_DEFICIT] = "connection_token_deficit",
        [SERVER_METRICS_READ_COMMIT_PROC_REQ_QUEUED] = "read_commit_proc_req_queued",
        [SERVER_METRICS_STARTUP_TXNS_LOAD_TIME] = "startup_txns_load_time",
        [SERVER_METRICS_SYNC_PROCESSOR_QUEUE_SIZE] = "sync_processor_queue_size",
        [SERVER_METRICS_FOLLOWER_SYNC_TIME] = "follower_sync_time",
        [SERVER_METRICS_PREP_PROCESSOR_QUEUE_SIZE] = "prep_processor_queue_size",
        [SERVER_METRICS_FSYNCTIME] = "fsynctime",
        [SERVER_METRICS_READS_ISSUED_FROM_SESSION_QUEUE] = "reads_issued_from_session_queue",
        [SERVER_METRICS_LEARNER_REQUEST_PROCESSOR_QUEUE_SIZE] =
            "learner_request_processor_queue_size",
        [SERVER_METRICS_SNAPSHOTTIME] = "snapshottime",
        [SERVER_METRICS_UNAVAILABLE_TIME] = "unavailable_time",
        [SERVER_METRICS_STARTUP_TXNS_LOADED] = "startup_txns_loaded",
        [SERVER_METRICS_READS_AFTER_WRITE_IN_SESSION_QUEUE] = "reads_after_write_in_session_queue",
        [SERVER_METRICS_REQUESTS_IN_SESSION_QUEUE] = "requests_in_session_queue",
        [SERVER_METRICS_WRITE_COMMIT_PROC_ISSUED] = "write_commit_proc_issued",
        [SERVER_METRICS_PREP_PROCESS_TIME] = "prep_process_time",
        [SERVER_METRICS_PENDING_SESSION_QUEUE_SIZE] = "pending_session_queue_size",
        [SERVER_METRICS_COMMIT_PROCESS_TIME] = "commit_process_time",
        [SERVER_METRICS_DBINITTIME] = "dbinittime",
        [SERVER_METRICS_ELECTION_TIME] = "election_time",
        [SERVER_METRICS_COMMIT_COMMIT_PROC_REQ_QUEUED] = "commit_commit_proc_req_queued",
        [SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE] = "sync_processor_batch_size",
        [SERVER_METRICS_WRITE_BATCH_TIME_IN_COMMIT_PROCESSOR] =
            "write_batch_time_in_commit_processor",
        [SERVER_METRICS_READ_COMMIT_PROC_ISSUED] = "read_commit_proc_issued",
        [SERVER_METRICS_OBSERVER_SYNC_TIME] = "observer_sync_time",
        [SERVER_METRICS_SYNC_PROCESS_TIME] = "sync_process_time",
        [SERVER_METRICS_STARTUP_SNAP_LOAD_TIME] = "startup_snap_load_time",
        [SERVER_METRICS_PREP_PROCESSOR_QUEUE_TIME_MS] = "prep_processor_queue_time_ms",
        [SERVER_METRICS_UPDATELATENCY] = "updatelatency",
        [SERVER_METRICS_REQUEST_THROTTLE_QUEUE_TIME_MS] = "request_throttle_queue_time_ms",
        [SERVER_METRICS_READLATENCY] = "readlatency",
        [SERVER_METRICS_QUORUM_ACK_LATENCY] = "quorum_ack_latency",
        [SERVER_METRICS_COMMIT_PROPAGATION_LATENCY] = "commit_propagation_latency",
        [SERVER_METRICS_PROPOSAL_ACK_CREATION_LATENCY] = "proposal_ack_creation_latency",
        [SERVER_METRICS_PROPOSAL_LATENCY] = "proposal_latency",
        [SERVER_METRICS_SYNC_PROCESSOR_QUEUE_AND_FLUSH_TIME_MS] =
            "sync_processor_queue_and_flush_time_ms",
        [SERVER_METRICS_PROPAGATION_LATENCY] = "propagation_latency",
        [SERVER_METRICS_SYNC_PROCESSOR_QUEUE_TIME_MS] = "sync_processor_queue_time_ms",
        [SERVER_METRICS_SYNC_PROCESSOR_QUEUE_FLUSH_TIME_MS] = "sync_processor_queue_flush_time_ms",
    };
    return names[which];
}
