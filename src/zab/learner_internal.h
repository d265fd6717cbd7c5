/* What learner.c, learner_connect.c and learner_sync.c share. */
#ifndef ZAB_LEARNER_INTERNAL_H
#define ZAB_LEARNER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "zab/packet_stream.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/lock.h"
#include "zk/zab/learner.h"

struct sock;
struct zk_database;

/* The dials to one address of the leader. Java: LeaderConnector */
struct leader_connector {
    struct learner *learner;
    struct inet_address address;
    int64_t start_ms;
    int64_t limit_ms;
    struct sock *sock; /* the dial in flight: guarded by the learner's mu */
    int error;         /* of the last dial: read when the thread is joined */
};

struct learner {
    /* Set at birth, then read-only. */
    struct quorum_peer *self;
    struct zk_context *ctx;
    struct zk_database *database;

    struct zk_mutex mu; /* Guards: */
    bool stopping GUARDED_BY(&mu);
    struct sock *sock
        GUARDED_BY(&mu); /* a reference; NULL: not connected. Set by the first dial that succeeds */
    struct zk_cond wake; /* stopping or sock has changed */
    struct leader_connector *connectors GUARDED_BY(&mu); /* NULL: nobody dials */
    size_t connector_count GUARDED_BY(&mu);

    /* The main thread alone. */
    struct packet_stream stream;
    int64_t leader_id;
    char *leader_address; /* owned; for the log */
    int64_t connected_ms; /* -1: never */
    char why[256];
};

/* Java: Learner.writePacket(packet, true). Shares data. */
ZK_NODISCARD int learner_send(struct learner *learner, int32_t type, int64_t zxid,
                              struct buf *data);

#endif
