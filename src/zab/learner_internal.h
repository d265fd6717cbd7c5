/* What learner.c, learner_connect.c and learner_sync.c share. Java: Learner */
#ifndef ZAB_LEARNER_INTERNAL_H
#define ZAB_LEARNER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "zab/packet_stream.h"
#include "zk/base/long_map.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/lock.h"
#include "zk/server/server_metrics.h"
#include "zk/zab/learner.h"

struct follower_zookeeper_server;
struct observer_zookeeper_server;
struct sock;
struct zk_database;
struct zookeeper_server;

/* The dials to one address of the leader. Java: LeaderConnector */
struct leader_connector {
    struct learner *learner;
    struct inet_address address;
    int64_t limit_ms;
    struct sock *sock; /* the dial under way; guarded by the learner's mu */
    int error;         /* of the last dial; read when the thread is joined */
};

struct learner {
    /* Set at birth, then read-only. */
    struct quorum_peer *self;
    struct zk_context *ctx;
    struct zk_database *database;
    struct zk_refcount refs; /* held by the role and by its server */
    /* The role's server, which the role holds; for the role's own thread. Set by the role, with one
     * of the two kinds, before anything is done with the learner. */
    struct zookeeper_server *zk;
    struct follower_zookeeper_server *fzk; /* NULL: this is an observer */
    struct observer_zookeeper_server *ozk; /* NULL: this is a follower */

    /* ---- guarded by mu: what learner_shutdown must wake, and who waits for the leader's word - */
    struct zk_mutex mu;
    /* A connector that pauses between two dials waits here. Woken when stopping becomes true, and
     * when sock is set. */
    struct zk_cond wake;
    /* Looked at before each packet, so it can be read without the lock. */
    struct zk_atomic_long stopping;
    struct sock *sock; /* a reference; set by the first dial that succeeds; NULL: not connected */
    struct leader_connector *connectors; /* NULL: nobody dials */
    size_t connector_count;
    /* Session to struct server_cnxn *, references: clients that came back with a session.
     * Java: pendingRevalidations */
    struct long_map pending_revalidations;

    /* ---- guarded by output_mu: the writing half of the stream -------------------------------- */
    /* It stands for Java's monitor of leaderOs. The main thread writes pings, the SyncThread its
     * ACKs, a request processor the requests of clients. Held while the socket takes the bytes:
     * packets must not be mixed. */
    struct zk_mutex output_mu;
    bool connected;  /* the stream can be written to */
    int64_t acked;   /* proposals of the broadcast whose ACK has been written */
    int64_t flushes; /* how often what was written has left */
    /* The main thread waits here while it lets proposals gather. Woken by each flush. */
    struct zk_cond flushed;

    /* ---- the main thread alone, but for the writing half of the stream ----------------------- */
    struct packet_stream stream;
    int64_t logged; /* proposals of the broadcast that were handed to the SyncThread */
    /* How many packets have come that make no sense and do no harm (D-334), by type; 0: of types
     * that we do not know. */
    int64_t odd_packets[LEADER_INFORMANDACTIVATE + 1];
    int64_t leader_id;
    /* The last transaction of the broadcast; before the first one the epoch's zxid 0. */
    int64_t last_received;
    char *leader_address; /* owned; for the log */
    /* What this thread has counted since it last waited for the leader. */
    struct server_metrics_values measured;
    int64_t connected_ms; /* -1: never */
    /* The tree took a transaction from behind a hole in the history, so it is in a state that no
     * server ever had. */
    bool tree_has_hole;
    /* A DIFF goes into the tree alone, until a first snapshot is written at NEWLEADER. */
    bool disk_is_behind;
    int exit_code; /* what learner_must_end was given; 0: the process need not end */
    char why[256];
};

/* ---- learner.c ------------------------------------------------------------------------------- */

/* The stream calls it when all that has come from the leader has been read, before it waits for
 * more. arg is the learner. */
void learner_before_wait(void *arg);

/* ---- learner_connect.c ----------------------------------------------------------------------- */

/* Sleeps before a dial. Returns true, at once, if none is needed any more: the learner is shut
 * down, or another dial has connected it. Main thread and connectors; locks learner. */
bool learner_pause(struct learner *learner, int64_t ms);
/* Ends the dials that are under way, and the pauses between dials. Any thread that holds mu. */
void learner_wake_connectors_locked(struct learner *learner) REQUIRES(&learner->mu);

#endif
