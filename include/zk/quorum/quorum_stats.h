/* What mntr reports about elections and synchronisation. Java: ServerMetrics (ELECTION_TIME,
 * LOOKING_COUNT, ...), QuorumStats Any thread; locks stats. */
#ifndef ZK_QUORUM_QUORUM_STATS_H
#define ZK_QUORUM_QUORUM_STATS_H

#include <stdint.h>

struct zk_context;
struct quorum_stats;

enum quorum_metric {
    QUORUM_METRIC_ELECTION_TIME,           /* ms from the start of lookForLeader to the role */
    QUORUM_METRIC_FOLLOWER_SYNC_TIME,      /* ms from the connection to the leader to UPTODATE */
    QUORUM_METRIC_OBSERVER_SYNC_TIME,      /* the same for an observer */
    QUORUM_METRIC_UNAVAILABLE_TIME,        /* ms from LOOKING to serving again */
    QUORUM_METRIC_LEADER_UNAVAILABLE_TIME, /* the same for who becomes leader */
    QUORUM_METRIC_COUNT,
};

/* Java: SimpleCounter and AvgMinMaxCounter in one. */
struct quorum_metric_value {
    int64_t last;
    int64_t min;
    int64_t max;
    int64_t sum;
    int64_t count;
};

struct quorum_stats *quorum_stats_new(struct zk_context *ctx);
void quorum_stats_free(struct quorum_stats *stats);

void quorum_stats_add(struct quorum_stats *stats, enum quorum_metric metric, int64_t ms);
struct quorum_metric_value quorum_stats_get(struct quorum_stats *stats, enum quorum_metric metric);

/* Java: LOOKING_COUNT */
void quorum_stats_add_looking(struct quorum_stats *stats);
int64_t quorum_stats_get_looking(struct quorum_stats *stats);

#endif
