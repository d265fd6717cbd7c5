/* What a peer counts and measures for its monitors, from the start of the process on.
 * Java: server.ServerMetrics, of which Java has one a process and ours one a peer.
 *
 * Any thread; an own mutex (ZK_RANK_SERVER_STATS) is held for the time of one addition. */
#ifndef ZK_SERVER_SERVER_METRICS_H
#define ZK_SERVER_SERVER_METRICS_H

#include <stdint.h>

#include "zk/server/avg_min_max_counter.h"

struct zk_context;
struct server_metrics;

/* Java's fields of type Counter. Their order is that of mntr. */
enum server_metrics_counter {
    /* elections begun */
    SERVER_METRICS_LOOKING_COUNT,
    /* learners that this peer, as leader, began to synchronise with a DIFF or a TRUNC */
    SERVER_METRICS_DIFF_COUNT,
    /* ... with a SNAP */
    SERVER_METRICS_SNAP_COUNT,
    SERVER_METRICS_COUNTERS,
};

/* Java's fields of type Summary, all in milliseconds. Their order is that of mntr. */
enum server_metrics_summary {
    /* from LOOKING to serving again, for a peer that leads then */
    SERVER_METRICS_LEADER_UNAVAILABLE_TIME,
    /* from the connection to the leader to UPTODATE */
    SERVER_METRICS_FOLLOWER_SYNC_TIME,
    /* from LOOKING to serving again, for any peer */
    SERVER_METRICS_UNAVAILABLE_TIME,
    /* from the start of lookForLeader() to the start of the role */
    SERVER_METRICS_ELECTION_TIME,
    /* as FOLLOWER_SYNC_TIME, for an observer */
    SERVER_METRICS_OBSERVER_SYNC_TIME,
    SERVER_METRICS_SUMMARIES,
};

/* All figures of one moment. */
struct server_metrics_values {
    int64_t counters[SERVER_METRICS_COUNTERS];
    struct avg_min_max_counter summaries[SERVER_METRICS_SUMMARIES];
};

struct server_metrics *server_metrics_new(struct zk_context *ctx);
void server_metrics_free(struct server_metrics *metrics); /* NULL is fine */

/* Java: Counter.add(1) */
void server_metrics_count(struct server_metrics *metrics, enum server_metrics_counter which);
/* Java: Summary.add(value_ms) */
void server_metrics_add(struct server_metrics *metrics, enum server_metrics_summary which,
                        int64_t value_ms);
struct server_metrics_values server_metrics_get(struct server_metrics *metrics);

/* The names that mntr shows, without "zk_": "looking_count", "election_time". */
const char *server_metrics_counter_name(enum server_metrics_counter which);
const char *server_metrics_summary_name(enum server_metrics_summary which);

#endif
