/* What learner_handler.c and learner_handler_sync.c share. Java: LearnerHandler */
#ifndef ZAB_LEARNER_HANDLER_INTERNAL_H
#define ZAB_LEARNER_HANDLER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "zab/packet_stream.h"
#include "zk/base/refcount.h"
#include "zk/ensemble/server_state.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/lock.h"
#include "zk/zab/learner_handler.h"

struct learner_handler {
    struct zk_refcount
        refs; /* the leader's list, the handler's thread, the Sender, who iterates over the list */

    /* Set at birth, then read-only. */
    struct leader *leader;
    struct zk_context *ctx;
    struct sock *sock; /* a reference */
    char remote_address[320];
    struct blocking_queue *queued_packets;

    /* Read by the handler's thread; written by it until the Sender starts, then by the Sender. */
    struct packet_stream stream;

    struct zk_mutex mu; /* Guards: */
    int64_t sid GUARDED_BY(&mu);
    bool alive GUARDED_BY(&mu);                  /* Java: isAlive() */
    bool sending_thread_started GUARDED_BY(&mu); /* pings may be queued */
    int64_t tick_of_next_ack_deadline GUARDED_BY(&mu);

    /* The handler's thread alone. */
    int32_t version; /* the learner's protocol */
    enum learner_type learner_type;
    int64_t leader_last_zxid; /* what startForwarding gave */
    bool warned_of_requests;
    char why[256]; /* why it ends, if the error number does not say it */
};

/* How a learner is brought to the leader's state. */
struct sync_decision {
    bool need_snap;
    int32_t op_packet; /* LEADER_DIFF or LEADER_TRUNC; 0: none, that is SNAP */
    int64_t zxid;      /* of op_packet */
    bool unhandled;    /* Java's "Unhandled scenario" */
};

/* What the decision looks at. */
struct sync_situation {
    int64_t peer_last_zxid;
    int64_t last_processed_zxid;
    bool force_snapshot_sync;
    bool txn_log_sync;
};

/* Java: syncFollower() without its effects. */
struct sync_decision learner_handler_decide_sync(const struct sync_situation *situation);

/* Java: syncFollower(): queue what brings the learner here, and let it be told of everything
 * from now on. True: it needs a SNAP. */
bool learner_handler_sync_follower(struct learner_handler *handler, int64_t peer_last_zxid);

/* Java: run(), the part that writes SNAP. Blocks on the socket. */
ZK_NODISCARD int learner_handler_send_snapshot(struct learner_handler *handler,
                                               int64_t peer_last_zxid, int32_t syncs_in_progress);

#endif
