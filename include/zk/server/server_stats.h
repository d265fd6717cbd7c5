/* Counters of the client port. Java: server.ServerStats. Any thread; they have a lock of their own
 * (ZK_RANK_SERVER_STATS). */
#ifndef ZK_SERVER_SERVER_STATS_H
#define ZK_SERVER_SERVER_STATS_H

#include <stdint.h>

#include "zk/server/avg_min_max_counter.h"

struct zk_context;
struct server_stats;

/* How many bytes answers had; -1: there was none yet. Java: quorum.BufferStats */
struct buffer_stats {
    int32_t last;
    int32_t min;
    int32_t max;
};

/* How long answers took, and how many bytes they had. Each connection gathers the figures of its
 * own answers, and hands them on when it sends those: so many answers cost one lock. */
struct answer_figures {
    struct avg_min_max_counter read_latency_ms;
    struct avg_min_max_counter update_latency_ms; /* of requests with a transaction */
    struct avg_min_max_counter response_bytes;    /* header and record */
    int64_t ping_bytes;                           /* those of them that were answers to pings */
};

struct server_stats_values {
    struct avg_min_max_counter request_latency_ms; /* from a frame to its answer */
    int64_t packets_received;
    int64_t packets_sent;
    struct buffer_stats client_response_stats;
};

struct server_stats *server_stats_new(struct zk_context *ctx);
void server_stats_free(struct server_stats *stats); /* NULL is fine */

/* Frames and words of clients. Java: incrementPacketsReceived() */
void server_stats_add_packets_received(struct server_stats *stats, int64_t count);
/* Replies, events and answers to words. Java: incrementPacketsSent() */
void server_stats_add_packets_sent(struct server_stats *stats, int64_t count);
/* Java: updateLatency(), updateClientResponseSize(), for all answers of a connection since its last
 * call */
void server_stats_add_answers(struct server_stats *stats, const struct answer_figures *figures);
/* Java: reset(), without the metrics, which are the peer's (server_metrics_reset) */
void server_stats_reset(struct server_stats *stats);
/* Returns all counters of one moment. */
struct server_stats_values server_stats_get(struct server_stats *stats);

#endif
