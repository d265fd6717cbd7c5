/* Counters of the client port. Java: server.ServerStats. Any thread; own mutex (ZK_RANK_STATS). */
#ifndef ZK_SERVER_SERVER_STATS_H
#define ZK_SERVER_SERVER_STATS_H

#include <stdint.h>

#include "zk/server/server_status.h"

struct zk_context;
struct server_stats;

struct server_stats_values {
    struct avg_min_max request_latency_ms; /* of requests: none until clients are served */
    int64_t packets_received;
    int64_t packets_sent;
};

struct server_stats *server_stats_new(struct zk_context *ctx);
void server_stats_free(struct server_stats *stats); /* NULL is fine */

void server_stats_increment_packets_received(struct server_stats *stats);
void server_stats_increment_packets_sent(struct server_stats *stats);
void server_stats_update_latency(struct server_stats *stats, int64_t latency_ms);
/* All of one moment. */
struct server_stats_values server_stats_get(struct server_stats *stats);

#endif
