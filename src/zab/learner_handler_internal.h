/* What learner_handler.c, learner_handler_sync.c and learner_handler_queue.c share.
 * Java: LearnerHandler */
#ifndef ZAB_LEARNER_HANDLER_INTERNAL_H
#define ZAB_LEARNER_HANDLER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "zab/packet_stream.h"
#include "zab/sync_limit_check.h"
#include "zk/base/refcount.h"
#include "zk/ensemble/server_state.h"
#include "zk/io/inet.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/lock.h"
#include "zk/server/avg_min_max_counter.h"
#include "zk/zab/learner_handler.h"

struct committed_log;
struct txn_iterator;

/* Committed transactions in order, from memory or from the files of the log. One thread reads
 * it. In Java it is an iterator. */
struct proposal_iterator {
    const struct committed_log *log; /* NULL: from the files */
    size_t next;
    struct txn_iterator *files;
    int64_t previous_zxid; /* of the one before the present one; -1: there was none */
    bool ends_at_hole;     /* the files lack what comes next */
};

struct learner_handler {
    /* Held by the leader's list, by the handler's thread, by the Sender, and by each walk over the
     * list. */
    struct zk_refcount refs;

    /* Set at birth, then read-only. */
    struct learner_master *master;
    struct zk_context *ctx;
    struct sock *sock; /* a reference */
    struct inet_text remote_address;
    bool force_snap_sync;   /* a setting for tests. Java: forceSnapSync */
    int64_t established_ms; /* wall time. Java: established */
    const void *owner;      /* what names it as the owner of sessions */
    struct blocking_queue *queued_packets;

    /* Read by the handler's thread; written by it until the Sender starts, then by the Sender. */
    struct packet_stream stream;

    /* ---- guarded by mu ----------------------------------------------------------------------- */
    struct zk_mutex mu;
    /* Written once, by the handler's thread, which therefore reads it without the lock; so does the
     * Sender, which starts later. 0: the learner has not said who it is. */
    int64_t sid;
    bool alive;                  /* Java: isAlive() */
    bool sending_thread_started; /* pings may be queued */
    int64_t tick_of_next_ack_deadline;
    struct sync_limit_check sync_limit_check;
    /* What waits in queued_packets or in the batch that the Sender is writing, and how much of it
     * may (D-43). */
    int64_t queued_bytes; /* Java: queuedPacketsSize */
    int64_t queued_bytes_limit;
    int64_t queued_packets_count; /* how many packets wait */
    int64_t packet_counter;       /* packets that were queued so far. Java: packetCounter */
    /* A packet whose time in the queue is measured: how many leave before it, itself among them,
     * and since when it waits. 0: there is none. Java: MarkerQuorumPacket */
    int64_t packets_to_marker;
    int64_t marker_since_ms;
    /* What the admin server tells of an observer; Java's fields of these names. */
    int64_t packets_received;
    int64_t packets_sent;
    int64_t requests_received;
    int64_t last_zxid; /* -1: none that is above 0 was sent */

    /* ---- the Sender alone: measured since it last told the metrics --------------------------- */
    struct avg_min_max_counter qp_size;
    struct avg_min_max_counter qp_time_ms;

    /* ---- the handler's thread alone ---------------------------------------------------------- */
    bool introduced;                /* the learner has said who it is */
    int32_t version;                /* the learner's protocol */
    enum learner_type learner_type; /* from OBSERVERINFO or FOLLOWERINFO, not from the config */
    int64_t leader_last_zxid;       /* what start_forwarding returned */
    bool need_op_packet;            /* neither DIFF nor TRUNC is queued yet */
    int32_t op_packet;              /* which one is; for the trace */
    int64_t odd_packets;            /* of types that we do not expect */
    char why[256];                  /* why it ends, if the error number does not say it */
};

/* Makes a handler without a thread. Takes ownership of sock. */
struct learner_handler *learner_handler_new(struct learner_master *master, struct sock *sock);

/* The learner is counted as heard of until this tick. */
void learner_handler_heard_of(struct learner_handler *handler, int64_t tick_of_next_ack_deadline);

/* Java: syncFollower(). Queues what brings a learner that stands at peer_last_zxid here, and lets
 * it be told of everything from now on. Returns true if it needs a SNAP. Handler's thread. */
bool learner_handler_sync_follower(struct learner_handler *handler, int64_t peer_last_zxid);

/* Queues what lies in (peer_last_zxid, max_zxid], each with its COMMIT, and the DIFF or TRUNC ahead
 * of it if there was none yet. Returns the last zxid that the learner has then. last_committed_zxid
 * is what DIFF carries: the leader's newest, as Zab 1.0 wants it. Handler's thread.
 * Java: queueCommittedProposals() */
int64_t learner_handler_queue_committed_proposals(struct learner_handler *handler,
                                                  struct proposal_iterator *itr,
                                                  int64_t peer_last_zxid, int64_t max_zxid,
                                                  int64_t last_committed_zxid);

/* Writes SNAP, the tree and the signature. peer_last_zxid and syncs_in_progress are for the log.
 * Handler's thread; blocks on the socket. Errors: those of the socket. */
ZK_NODISCARD int learner_handler_send_snapshot(struct learner_handler *handler,
                                               int64_t peer_last_zxid, int32_t syncs_in_progress);

/* ---- learner_handler_queue.c ----------------------------------------------------------------- */

/* Makes the handler's queue, whose name has the remote address in it. Before any other thread knows
 * the handler. */
void learner_handler_make_queue(struct learner_handler *handler);

/* Starts the Sender, which writes what is queued until the handler is shut down. Handler's thread,
 * once. Errors: -EAGAIN, the system gives no more threads; -ECANCELED, the master is stopping.
 * Java: startSendingPackets() */
ZK_NODISCARD int learner_handler_start_sending_packets(struct learner_handler *handler);

/* Queues what brings the learner up to date, and raises the limit by it (D-43): a long DIFF is no
 * reason to lose it. Takes ownership of packet. Handler's thread. */
void learner_handler_queue_sync_packet(struct learner_handler *handler,
                                       struct quorum_packet *packet);
/* Takes back what is queued. Handler's thread, before anything is forwarded or sent. */
void learner_handler_clear_queue(struct learner_handler *handler);

/* Returns the bytes that wait, as Java counts them. The caller holds mu. */
int64_t learner_handler_java_queued_bytes_locked(const struct learner_handler *handler)
    REQUIRES(&handler->mu);

#endif
