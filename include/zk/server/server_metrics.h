/* What a peer counts and measures for its monitors, from the start of the process on.
 * Java: server.ServerMetrics, of which Java has one a process and ours one a peer.
 *
 * Any thread. A counter takes no lock. For anything else an own mutex (ZK_RANK_SERVER_STATS) is
 * held for the time of one addition. */
#ifndef ZK_SERVER_SERVER_METRICS_H
#define ZK_SERVER_SERVER_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/server/avg_min_max_counter.h"

struct answer_figures;
struct server_metrics;
struct zk_context;

/* Java's fields of type Counter. Their order is that of mntr. */
enum server_metrics_counter {
    /* transactions that this peer, as leader, proposed */
    SERVER_METRICS_PROPOSAL_COUNT,
    /* bytes of the events that clients were sent */
    SERVER_METRICS_WATCH_BYTES,
    /* changes of nodes that were outstanding, and have been applied */
    SERVER_METRICS_OUTSTANDING_CHANGES_REMOVED,
    /* requests that waited for too long, and were answered so (throttled_op_wait_time) */
    SERVER_METRICS_THROTTLED_OPS,
    /* requests that RequestThrottler dropped because their connection had ended */
    SERVER_METRICS_STALE_REQUESTS_DROPPED,
    /* frames for which largeRequestMaxBytes left no room */
    SERVER_METRICS_LARGE_REQUESTS_REJECTED,
    /* callers that a limit of the client port kept out */
    SERVER_METRICS_CONNECTION_REJECTED,
    /* connections that ended because nothing came */
    SERVER_METRICS_SESSIONLESS_CONNECTIONS_EXPIRED,
    /* elections begun */
    SERVER_METRICS_LOOKING_COUNT,
    /* requests that RequestThrottler passed on although nobody waits for their answers */
    SERVER_METRICS_STALE_REQUESTS,
    /* connections that their clients ended without a word */
    SERVER_METRICS_CONNECTION_DROP_COUNT,
    /* PROPOSALs that this peer received as a follower */
    SERVER_METRICS_LEARNER_PROPOSAL_RECEIVED_COUNT,
    /* digests of transactions and snapshots that were not the tree's */
    SERVER_METRICS_DIGEST_MISMATCHES_COUNT,
    /* bytes of the frames that clients have sent */
    SERVER_METRICS_BYTES_RECEIVED_COUNT,
    /* times that RequestThrottler waited for a request to be finished */
    SERVER_METRICS_REQUEST_THROTTLE_WAIT_COUNT,
    /* requests that came to PrepRequestProcessor */
    SERVER_METRICS_PREP_PROCESSOR_REQUEST_QUEUED,
    /* COMMITs and INFORMs that this peer received as a learner */
    SERVER_METRICS_LEARNER_COMMIT_RECEIVED_COUNT,
    /* answers for connections that had ended */
    SERVER_METRICS_STALE_REPLIES,
    /* first frames that were let in by connection_throttle_tokens */
    SERVER_METRICS_CONNECTION_REQUEST_COUNT,
    /* bytes of answers, without their lengths */
    SERVER_METRICS_RESPONSE_BYTES,
    /* learners that this peer, as leader, began to synchronise with a DIFF or a TRUNC */
    SERVER_METRICS_DIFF_COUNT,
    /* clients that came back to their session */
    SERVER_METRICS_CONNECTION_REVALIDATE_COUNT,
    /* learners that this peer, as leader, began to synchronise with a SNAP */
    SERVER_METRICS_SNAP_COUNT,
    /* threads that ended although a server needs them */
    SERVER_METRICS_UNRECOVERABLE_ERROR_COUNT,
    /* transactions that this peer, as leader, committed */
    SERVER_METRICS_COMMIT_COUNT,
    /* sessions that ended because nothing came */
    SERVER_METRICS_STALE_SESSIONS_EXPIRED,
    /* requests that came to SyncRequestProcessor */
    SERVER_METRICS_SYNC_PROCESSOR_REQUEST_QUEUED,
    /* changes of nodes that became outstanding */
    SERVER_METRICS_OUTSTANDING_CHANGES_QUEUED,
    /* commits that came to CommitProcessor */
    SERVER_METRICS_REQUEST_COMMIT_QUEUED,
    /* sessions that learners asked this peer about, as their leader */
    SERVER_METRICS_REVALIDATE_COUNT,
    SERVER_METRICS_COUNTERS,
};

/* Java's fields of type Summary. Their order is that of mntr. The last ones are of Java's level
 * ADVANCED, which has percentiles (D-140): server_metrics_is_advanced. */
enum server_metrics_summary {
    /* ms in ProposalRequestProcessor for one request */
    SERVER_METRICS_PROPOSAL_PROCESS_TIME,
    /* ms from LOOKING to serving again, for a peer that leads then */
    SERVER_METRICS_LEADER_UNAVAILABLE_TIME,
    /* clients whose requests could go on after a turn of commits */
    SERVER_METRICS_SESSION_QUEUES_DRAINED,
    /* writes that wait in CommitProcessor for their commit */
    SERVER_METRICS_WRITE_COMMIT_PROC_REQ_QUEUED,
    /* tokens that the bucket of connection_throttle_tokens lacked */
    SERVER_METRICS_CONNECTION_TOKEN_DEFICIT,
    /* reads that wait in CommitProcessor */
    SERVER_METRICS_READ_COMMIT_PROC_REQ_QUEUED,
    /* ms for the log's transactions, whenever it is read to bring a tree up to its end */
    SERVER_METRICS_STARTUP_TXNS_LOAD_TIME,
    /* requests that wait for SyncRequestProcessor */
    SERVER_METRICS_SYNC_PROCESSOR_QUEUE_SIZE,
    /* ms from the connection to the leader to UPTODATE */
    SERVER_METRICS_FOLLOWER_SYNC_TIME,
    /* requests that wait for PrepRequestProcessor */
    SERVER_METRICS_PREP_PROCESSOR_QUEUE_SIZE,
    /* ms for one fsync of the log */
    SERVER_METRICS_FSYNCTIME,
    /* learners that are being sent a SNAP, whenever one begins or has it */
    SERVER_METRICS_INFLIGHT_SNAP_COUNT,
    /* reads that could go on after a turn of commits */
    SERVER_METRICS_READS_ISSUED_FROM_SESSION_QUEUE,
    /* requests that wait to be sent to the leader */
    SERVER_METRICS_LEARNER_REQUEST_PROCESSOR_QUEUE_SIZE,
    /* ms that a snapshot took */
    SERVER_METRICS_SNAPSHOTTIME,
    /* ms from LOOKING to serving again, for any peer */
    SERVER_METRICS_UNAVAILABLE_TIME,
    /* transactions that were applied when the log was read to bring a tree up to its end */
    SERVER_METRICS_STARTUP_TXNS_LOADED,
    /* reads of one client that could go on after a write of its own */
    SERVER_METRICS_READS_AFTER_WRITE_IN_SESSION_QUEUE,
    /* requests of one client that wait, with its oldest write */
    SERVER_METRICS_REQUESTS_IN_SESSION_QUEUE,
    /* commits applied in one turn of CommitProcessor */
    SERVER_METRICS_WRITE_COMMIT_PROC_ISSUED,
    /* ms in PrepRequestProcessor for one request */
    SERVER_METRICS_PREP_PROCESS_TIME,
    /* clients that wait for a write of theirs */
    SERVER_METRICS_PENDING_SESSION_QUEUE_SIZE,
    /* ms for one turn of CommitProcessor */
    SERVER_METRICS_COMMIT_PROCESS_TIME,
    /* ms that loading snapshot and log took */
    SERVER_METRICS_DBINITTIME,
    /* learners that are being sent a DIFF or a TRUNC, whenever one begins or has it */
    SERVER_METRICS_INFLIGHT_DIFF_COUNT,
    /* ms from the start of lookForLeader() to the start of the role */
    SERVER_METRICS_ELECTION_TIME,
    /* commits that wait in CommitProcessor */
    SERVER_METRICS_COMMIT_COMMIT_PROC_REQ_QUEUED,
    /* transactions that shared one fsync */
    SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE,
    /* ms for the commits of one turn */
    SERVER_METRICS_WRITE_BATCH_TIME_IN_COMMIT_PROCESSOR,
    /* reads passed on in one turn of CommitProcessor */
    SERVER_METRICS_READ_COMMIT_PROC_ISSUED,
    /* as FOLLOWER_SYNC_TIME, for an observer */
    SERVER_METRICS_OBSERVER_SYNC_TIME,
    /* ms in SyncRequestProcessor for one request, an fsync among it now and then */
    SERVER_METRICS_SYNC_PROCESS_TIME,
    /* ms for the snapshot, whenever one is loaded */
    SERVER_METRICS_STARTUP_SNAP_LOAD_TIME,
    /* ms that a request waited for PrepRequestProcessor */
    SERVER_METRICS_PREP_PROCESSOR_QUEUE_TIME_MS,
    /* ms that PrepRequestProcessor took for one closeSession */
    SERVER_METRICS_CLOSE_SESSION_PREP_TIME,
    /* ms from a client's frame to its answer, with a transaction */
    SERVER_METRICS_UPDATELATENCY,
    /* ms that a request waited in RequestThrottler, if it had to go through there */
    SERVER_METRICS_REQUEST_THROTTLE_QUEUE_TIME_MS,
    /* ms from a client's frame to its answer, without a transaction */
    SERVER_METRICS_READLATENCY,
    /* ms from a request's arrival at the leader to its quorum of ACKs */
    SERVER_METRICS_QUORUM_ACK_LATENCY,
    /* ms from the leader's time stamp to the COMMIT or INFORM that a learner hears */
    SERVER_METRICS_COMMIT_PROPAGATION_LATENCY,
    /* ms from the leader's time stamp to the moment at which it is on the disk of a voter */
    SERVER_METRICS_PROPOSAL_ACK_CREATION_LATENCY,
    /* ms from the leader's time stamp to the PROPOSAL that a follower hears */
    SERVER_METRICS_PROPOSAL_LATENCY,
    /* ms from a request's arrival at SyncRequestProcessor until it is on disk */
    SERVER_METRICS_SYNC_PROCESSOR_QUEUE_AND_FLUSH_TIME_MS,
    /* ms from the leader's time stamp to the moment at which it is applied here */
    SERVER_METRICS_PROPAGATION_LATENCY,
    /* ms that a request waited for SyncRequestProcessor */
    SERVER_METRICS_SYNC_PROCESSOR_QUEUE_TIME_MS,
    /* ms for one flush of the log, its fsync included */
    SERVER_METRICS_SYNC_PROCESSOR_QUEUE_FLUSH_TIME_MS,
    SERVER_METRICS_SUMMARIES,
};

/* Java's fields of type SummarySet that are about learners: a summary for each, whose key is the
 * learner's id. Their order is that of mntr; the last two are of Java's level ADVANCED. */
enum server_metrics_set {
    /* packets that still wait for the learner when one has left its queue */
    SERVER_METRICS_LEARNER_HANDLER_QP_SIZE,
    /* ms from the leader's time stamp to the learner's ACK, for every thousandth transaction */
    SERVER_METRICS_ACK_LATENCY,
    /* ms that a packet waited in the learner's queue, for every thousandth packet */
    SERVER_METRICS_LEARNER_HANDLER_QP_TIME_MS,
    SERVER_METRICS_SETS,
};

/* How many learners a set remembers. An observer without an id gets a new one whenever it comes, so
 * in Java a set grows for ever; here the learner that has been silent longest is forgotten. */
enum { SERVER_METRICS_KEYS = 256 };

/* All figures. */
struct server_metrics_values {
    int64_t counters[SERVER_METRICS_COUNTERS];
    struct avg_min_max_counter summaries[SERVER_METRICS_SUMMARIES];
    /* Bit i is set if server_metrics_measure has added something to summaries[i] that is not merged
     * yet. */
    uint64_t measured;
};

_Static_assert(SERVER_METRICS_SUMMARIES <= 64, "each summary has its bit");

struct server_metrics *server_metrics_new(struct zk_context *ctx);
void server_metrics_free(struct server_metrics *metrics); /* NULL is fine */

/* Java: Counter.add(1) */
void server_metrics_count(struct server_metrics *metrics, enum server_metrics_counter which);
/* Java: Counter.add(delta) */
void server_metrics_count_many(struct server_metrics *metrics, enum server_metrics_counter which,
                               int64_t delta);
/* Adds what one connection has gathered: its answers, with their latencies and bytes, and the bytes
 * of its events and frames. */
void server_metrics_add_answers(struct server_metrics *metrics,
                                const struct answer_figures *figures, int64_t watch_bytes,
                                int64_t bytes_received);
/* Java: Summary.add(value) */
void server_metrics_add(struct server_metrics *metrics, enum server_metrics_summary which,
                        int64_t value);
/* Adds value to values, which no other thread uses; server_metrics_merge passes it on. */
void server_metrics_measure(struct server_metrics_values *values, enum server_metrics_summary which,
                            int64_t value);
/* As server_metrics_measure, for the ms since header_time_ms, the time stamp of a transaction's
 * header. That may be the clock of another machine, so a negative value is left out. Java:
 * Request.logLatency() */
void server_metrics_log_latency(struct server_metrics_values *values,
                                enum server_metrics_summary which, int64_t header_time_ms);
/* Adds all that a thread has counted and measured by itself since the last time, and zeroes it. So
 * a thread that measures each request takes the lock once for many values. */
void server_metrics_merge(struct server_metrics *metrics, struct server_metrics_values *values);
/* Adds what was measured of one learner, whose id is key. Java: SummarySet.add() */
void server_metrics_merge_of(struct server_metrics *metrics, enum server_metrics_set set,
                             int64_t key, const struct avg_min_max_counter *values);
/* Sets everything to 0 again. Java: MetricsProvider.resetAllValues() */
void server_metrics_reset(struct server_metrics *metrics);
/* Returns all figures, as a value. */
struct server_metrics_values server_metrics_get(struct server_metrics *metrics);

/* How many of a summary's last values are kept for percentiles. */
enum { SERVER_METRICS_SAMPLES = 256 };

/* Finds a percentile of the values that are kept: the one below which that part of them lies. Of
 * those that a thread hands over at once (server_metrics_merge) only the last one is kept. Returns
 * false if there is none yet. */
bool server_metrics_get_percentile(struct server_metrics *metrics,
                                   enum server_metrics_summary which, double percent,
                                   int64_t *ret_value);
/* One summary of a set. */
struct server_metrics_of {
    int64_t key;
    struct avg_min_max_counter values;
};
/* Gives the summaries of the set, in the order in which their keys came, and returns how many they
 * are; the caller frees *ret_items. */
size_t server_metrics_get_set(struct server_metrics *metrics, enum server_metrics_set set,
                              struct server_metrics_of **ret_items);
/* As server_metrics_get_percentile, for one summary of a set. */
bool server_metrics_get_percentile_of(struct server_metrics *metrics, enum server_metrics_set set,
                                      int64_t key, double percent, int64_t *ret_value);
/* Returns whether Java's summary is of the level ADVANCED. */
bool server_metrics_is_advanced(enum server_metrics_summary which);
bool server_metrics_set_is_advanced(enum server_metrics_set set);

/* The names that mntr shows, without "zk_": "looking_count", "election_time". */
const char *server_metrics_counter_name(enum server_metrics_counter which);
const char *server_metrics_summary_name(enum server_metrics_summary which);
const char *server_metrics_set_name(enum server_metrics_set set);

#endif
