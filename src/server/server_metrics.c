/* Counters, which need no lock, and summaries behind one; read by mntr. What is measured at each
 * request comes in by server_metrics_merge, once for many requests.
 * Java: server.ServerMetrics */
#include "zk/server/server_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/server/server_stats.h"

/* The last values of a summary, in a ring. */
struct samples {
    int64_t *values; /* NULL: there was none */
    uint64_t count;  /* also those overwritten */
};

/* A summary of a set. */
struct keyed_summary {
    struct server_metrics_of of;
    struct samples samples;
    uint64_t last_touched; /* by the set's clock */
};

struct summary_set {
    struct keyed_summary *items; /* in the order in which their keys came */
    size_t count;                /* up to SERVER_METRICS_KEYS */
    uint64_t clock;              /* how often something was added */
};

struct server_metrics {
    struct zk_atomic_long counters[SERVER_METRICS_COUNTERS];
    struct zk_mutex mu; /* Guards: */
    struct avg_min_max_counter summaries[SERVER_METRICS_SUMMARIES] GUARDED_BY(&mu);
    struct samples samples[SERVER_METRICS_SUMMARIES] GUARDED_BY(&mu);
    struct summary_set sets[SERVER_METRICS_SETS] GUARDED_BY(&mu);
};

struct server_metrics *server_metrics_new(struct zk_context *ctx)
{
    struct server_metrics *metrics = zk_xcalloc(1, sizeof *metrics);
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        zk_atomic_long_init(&metrics->counters[i], 0);
    zk_mutex_init(&metrics->mu, ctx, "server_metrics", ZK_RANK_SERVER_STATS);
    return metrics;
}

static void summary_set_done(struct summary_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->items[i].samples.values);
    free(set->items);
    *set = (struct summary_set){0};
}

void server_metrics_free(struct server_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++)
        free(metrics->samples[i].values);
    for (int i = 0; i < SERVER_METRICS_SETS; i++)
        summary_set_done(&metrics->sets[i]);
    zk_mutex_destroy(&metrics->mu);
    free(metrics);
}

void server_metrics_count(struct server_metrics *metrics, enum server_metrics_counter which)
{
    server_metrics_count_many(metrics, which, 1);
}

void server_metrics_count_many(struct server_metrics *metrics, enum server_metrics_counter which,
                               int64_t delta)
{
    zk_atomic_long_add(&metrics->counters[which], delta);
}

static void keep_sample(struct samples *samples, int64_t value)
{
    if (samples->values == NULL)
        samples->values = zk_xcalloc(SERVER_METRICS_SAMPLES, sizeof *samples->values);
    samples->values[samples->count++ % SERVER_METRICS_SAMPLES] = value;
}

static void add_all_locked(struct server_metrics *metrics, enum server_metrics_summary which,
                           const struct avg_min_max_counter *values) REQUIRES(&metrics->mu)
{
    avg_min_max_counter_add_all(&metrics->summaries[which], values);
    if (values->count > 0)
        keep_sample(&metrics->samples[which], values->last);
}

void server_metrics_add_answers(struct server_metrics *metrics,
                                const struct answer_figures *figures, int64_t watch_bytes,
                                int64_t bytes_received)
{
    zk_mutex_lock(&metrics->mu);
    add_all_locked(metrics, SERVER_METRICS_READLATENCY, &figures->read_latency_ms);
    add_all_locked(metrics, SERVER_METRICS_UPDATELATENCY, &figures->update_latency_ms);
    zk_mutex_unlock(&metrics->mu);
    /* Java answers a ping before it comes to this counter. */
    server_metrics_count_many(metrics, SERVER_METRICS_RESPONSE_BYTES,
                              figures->response_bytes.sum - figures->ping_bytes);
    server_metrics_count_many(metrics, SERVER_METRICS_WATCH_BYTES, watch_bytes);
    server_metrics_count_many(metrics, SERVER_METRICS_BYTES_RECEIVED_COUNT, bytes_received);
}

void server_metrics_add(struct server_metrics *metrics, enum server_metrics_summary which,
                        int64_t value)
{
    zk_mutex_lock(&metrics->mu);
    avg_min_max_counter_add(&metrics->summaries[which], value);
    keep_sample(&metrics->samples[which], value);
    zk_mutex_unlock(&metrics->mu);
}

void server_metrics_measure(struct server_metrics_values *values, enum server_metrics_summary which,
                            int64_t value)
{
    avg_min_max_counter_add(&values->summaries[which], value);
    values->measured |= (uint64_t)1 << which;
}

void server_metrics_log_latency(struct server_metrics_values *values,
                                enum server_metrics_summary which, int64_t header_time_ms)
{
    int64_t latency_ms = zk_wall_ms() - header_time_ms;
    if (latency_ms >= 0)
        server_metrics_measure(values, which, latency_ms);
}

void server_metrics_merge(struct server_metrics *metrics, struct server_metrics_values *values)
{
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        if (values->counters[i] != 0)
            zk_atomic_long_add(&metrics->counters[i], values->counters[i]);
    memset(values->counters, 0, sizeof values->counters);
    zk_mutex_lock(&metrics->mu);
    /* A thread measures two or three things; all 46 would come into its cache each time. */
    for (; values->measured != 0; values->measured &= values->measured - 1) {
        const int i = __builtin_ctzll(values->measured);
        add_all_locked(metrics, (enum server_metrics_summary)i, &values->summaries[i]);
        values->summaries[i] = (struct avg_min_max_counter){0};
    }
    zk_mutex_unlock(&metrics->mu);
}

static struct keyed_summary *find_of(struct summary_set *set, int64_t key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].of.key == key)
            return &set->items[i];
    }
    return NULL;
}

/* The learner that has been silent longest makes room. */
static void forget_oldest(struct summary_set *set)
{
    size_t oldest = 0;
    for (size_t i = 1; i < set->count; i++) {
        if (set->items[i].last_touched < set->items[oldest].last_touched)
            oldest = i;
    }
    free(set->items[oldest].samples.values);
    set->count--;
    memmove(&set->items[oldest], &set->items[oldest + 1],
            (set->count - oldest) * sizeof *set->items);
}

static struct keyed_summary *find_or_add_of(struct summary_set *set, int64_t key)
{
    struct keyed_summary *item = find_of(set, key);
    if (item != NULL)
        return item;
    if (set->count == SERVER_METRICS_KEYS)
        forget_oldest(set);
    set->items = zk_xrealloc(set->items, (set->count + 1) * sizeof *set->items);
    item = &set->items[set->count++];
    *item = (struct keyed_summary){.of.key = key};
    return item;
}

void server_metrics_merge_of(struct server_metrics *metrics, enum server_metrics_set set,
                             int64_t key, const struct avg_min_max_counter *values)
{
    if (values->count == 0)
        return;
    zk_mutex_lock(&metrics->mu);
    struct keyed_summary *item = find_or_add_of(&metrics->sets[set], key);
    item->last_touched = ++metrics->sets[set].clock;
    avg_min_max_counter_add_all(&item->of.values, values);
    keep_sample(&item->samples, values->last);
    zk_mutex_unlock(&metrics->mu);
}

size_t server_metrics_get_set(struct server_metrics *metrics, enum server_metrics_set set,
                              struct server_metrics_of **ret_items)
{
    zk_mutex_lock(&metrics->mu);
    size_t count = metrics->sets[set].count;
    struct server_metrics_of *items = zk_xcalloc(count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = metrics->sets[set].items[i].of;
    zk_mutex_unlock(&metrics->mu);
    *ret_items = items;
    return count;
}

void server_metrics_reset(struct server_metrics *metrics)
{
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        zk_atomic_long_set(&metrics->counters[i], 0);
    zk_mutex_lock(&metrics->mu);
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++) {
        metrics->summaries[i] = (struct avg_min_max_counter){0};
        metrics->samples[i].count = 0;
    }
    for (int i = 0; i < SERVER_METRICS_SETS; i++)
        summary_set_done(&metrics->sets[i]);
    zk_mutex_unlock(&metrics->mu);
}

struct server_metrics_values server_metrics_get(struct server_metrics *metrics)
{
    struct server_metrics_values values = {0};
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        values.counters[i] = zk_atomic_long_get(&metrics->counters[i]);
    zk_mutex_lock(&metrics->mu);
    memcpy(values.summaries, metrics->summaries, sizeof values.summaries);
    zk_mutex_unlock(&metrics->mu);
    return values;
}

bool server_metrics_is_advanced(enum server_metrics_summary which)
{
    return which >= SERVER_METRICS_PREP_PROCESSOR_QUEUE_TIME_MS;
}

bool server_metrics_set_is_advanced(enum server_metrics_set set)
{
    return set >= SERVER_METRICS_ACK_LATENCY;
}

static int compare_values(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* Copies what is kept. Returns how many values those are. */
static size_t copy_samples(const struct samples *samples, int64_t values[SERVER_METRICS_SAMPLES])
{
    size_t kept =
        samples->count < SERVER_METRICS_SAMPLES ? (size_t)samples->count : SERVER_METRICS_SAMPLES;
    if (kept > 0)
        memcpy(values, samples->values, kept * sizeof *values);
    return kept;
}

static bool percentile(int64_t *values, size_t count, double percent, int64_t *ret_value)
{
    if (count == 0)
        return false;
    qsort(values, count, sizeof *values, compare_values);
    size_t rank = (size_t)(percent / 100 * (double)count);
    *ret_value = values[rank < count ? rank : count - 1];
    return true;
}

bool server_metrics_get_percentile(struct server_metrics *metrics,
                                   enum server_metrics_summary which, double percent,
                                   int64_t *ret_value)
{
    int64_t values[SERVER_METRICS_SAMPLES];
    zk_mutex_lock(&metrics->mu);
    size_t count = copy_samples(&metrics->samples[which], values);
    zk_mutex_unlock(&metrics->mu);
    return percentile(values, count, percent, ret_value);
}

bool server_metrics_get_percentile_of(struct server_metrics *metrics, enum server_metrics_set set,
                                      int64_t key, double percent, int64_t *ret_value)
{
    int64_t values[SERVER_METRICS_SAMPLES];
    size_t count = 0;
    zk_mutex_lock(&metrics->mu);
    const struct keyed_summary *item = find_of(&metrics->sets[set], key);
    if (item != NULL)
        count = copy_samples(&item->samples, values);
    zk_mutex_unlock(&metrics->mu);
    return percentile(values, count, percent, ret_value);
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
        [SERVER_METRICS_INFLIGHT_SNAP_COUNT] = "inflight_snap_count",
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
        [SERVER_METRICS_INFLIGHT_DIFF_COUNT] = "inflight_diff_count",
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
        [SERVER_METRICS_CLOSE_SESSION_PREP_TIME] = "close_session_prep_time",
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

const char *server_metrics_set_name(enum server_metrics_set set)
{
    static const char *const names[SERVER_METRICS_SETS] = {
        [SERVER_METRICS_LEARNER_HANDLER_QP_SIZE] = "learner_handler_qp_size",
        [SERVER_METRICS_ACK_LATENCY] = "ack_latency",
        [SERVER_METRICS_LEARNER_HANDLER_QP_TIME_MS] = "learner_handler_qp_time_ms",
    };
    return names[set];
}
