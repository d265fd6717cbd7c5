/* A voter that follows.
 *
 * No thread of its own: everything happens in the peer's main thread, which is the receive loop.
 *
 * Java: Follower */
#include "zk/zab/follower.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "zab/follower_zookeeper_server.h"
#include "zab/learner_internal.h"
#include "zab/learner_zookeeper_server.h"
#include "zab/zab_trace.h"
#include "zk/base/alloc.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"
#include "zk/zab/learner.h"

struct follower {
    struct quorum_peer_role role; /* the first field: this is a role */
    struct quorum_peer *self;
    struct zk_context *ctx;
    struct learner *learner;
    int64_t last_queued; /* the last proposal since the synchronisation; 0: none */
    bool connected;
    bool completed_sync;
};

static int follower_process_packet(struct follower *follower, const struct quorum_packet *packet);
static int process_proposal(struct follower *follower, const struct quorum_packet *packet);

/* Java: followLeader() */
int follower_follow_leader(struct follower *follower)
{
    struct quorum_peer *self = follower->self;
    struct learner *learner = follower->learner;
    struct quorum_packet *qp = NULL;
    /* From here on another thread can shut this role down, however early. */
    quorum_peer_set_role(self, &follower->role);
    zab_log_election_took(self, "FOLLOWING");

    quorum_peer_set_zab_state(self, ZAB_STATE_DISCOVERY);
    struct quorum_server leader_server = {0};
    int r = learner_find_leader(learner, &leader_server);
    bool found = r == 0;
    if (!found)
        goto out;
    r = learner_connect_to_leader(learner, &leader_server);
    if (r < 0)
        goto out;
    follower->connected = true;
    /* FOLLOWERINFO, LEADERINFO, ACKEPOCH: the leader answers when a quorum has called. */
    int64_t new_epoch_zxid;
    r = learner_register_with_leader(learner, LEADER_FOLLOWERINFO, &new_epoch_zxid);
    if (r < 0)
        goto out;
    /* Here Java compares the epoch with our promise once more; registerWithLeader has done so. */
    int64_t start_ms = zk_elapsed_ms();
    quorum_peer_set_leader_id(self, leader_server.id);
    quorum_peer_set_zab_state(self, ZAB_STATE_SYNCHRONIZATION);
    /* From DIFF, TRUNC or SNAP to UPTODATE, which comes when a quorum has the leader's history. */
    r = learner_sync_with_leader(learner, new_epoch_zxid);
    if (r < 0)
        goto out;
    quorum_peer_set_zab_state(self, ZAB_STATE_BROADCAST);
    follower->completed_sync = true;
    server_metrics_add(self->metrics, SERVER_METRICS_FOLLOWER_SYNC_TIME,
                       zk_elapsed_ms() - start_ms);
    /* A follower asks nobody whether its leader lives: the leader pings, and the read ends with an
     * error when nothing has come for syncLimit ticks. */
    while (r == 0 && learner_is_running(learner)) {
        r = learner_read_packet(learner, &qp); /* hands over what was read before: see there */
        if (r == 0)
            r = follower_process_packet(follower, qp);
    }
    if (r == 0)
        r = -ECANCELED;
out:
    /* What find_leader did not find, and what ends the process, has a line already. */
    if (found && learner->exit_code == 0)
        zk_log(follower->ctx, ZK_LOG_EXCEPTION_WHEN_LEARNING, "following",
               learner_error_text(learner, r));
    quorum_packet_free(qp);
    quorum_server_done(&leader_server);
    int exit_code = learner_end(learner, "Follower", follower->completed_sync);
    quorum_peer_set_role(self, NULL);
    return exit_code > 0 ? exit_code : r;
}

/* Java: processPacket() */
static int follower_process_packet(struct follower *follower, const struct quorum_packet *packet)
{
    struct learner *learner = follower->learner;
    switch (packet->type) {
    case LEADER_PING: /* even while our disk hangs: that the leader finds out by the missing ACKs */
        return learner_ping(learner, packet);
    case LEADER_PROPOSAL:
        return process_proposal(follower, packet);
    case LEADER_COMMIT: /* of the oldest that is pending: a leader commits in order */
        learner->measured.counters[SERVER_METRICS_LEARNER_COMMIT_RECEIVED_COUNT]++;
        return follower_zookeeper_server_commit(learner->fzk, packet->zxid);
    case LEADER_COMMITANDACTIVATE: /* the configuration stays as it is (D-32) */
        /* Java reads it out of the proposal, so without one the term ends there, too. A COMMIT
         * without one is only warned of. */
        if (follower_zookeeper_server_next_pending(learner->fzk) == NULL)
            return learner_protocol_error(learner,
                                          "COMMITANDACTIVATE 0x%" PRIx64 " without its proposal",
                                          (uint64_t)packet->zxid);
        return follower_zookeeper_server_commit(learner->fzk, packet->zxid);
    case LEADER_UPTODATE:
        if (learner_line_is_due(learner, packet->type))
            zk_log(follower->ctx, ZK_LOG_UPTODATE_AGAIN, "Follower");
        return 0;
    case LEADER_REVALIDATE:
        return learner_revalidate(learner, packet);
    case LEADER_SYNC: /* behind the COMMITs that it must wait for, on this one connection */
        learner_zookeeper_server_sync(learner_zookeeper_server_of(learner->zk));
        return 0;
    default: /* perhaps of a later release: a follower goes on without it, as Java's does */
        if (learner_line_is_due(learner, packet->type))
            zk_log(follower->ctx, ZK_LOG_UNKNOWN_PACKET_TYPE, quorum_packet_type_name(packet->type),
                   packet->zxid);
        return 0;
    }
}

/* To the log, and to those that wait for their COMMIT. A number that was left out is only warned of
 * here, as Java does: if its proposal is missing, its COMMIT ends the process when it finds a later
 * one, and is passed over when it finds none (K-85). A number that goes back ends the term. */
static int process_proposal(struct follower *follower, const struct quorum_packet *packet)
{
    struct txn_log_entry *txn;
    int r = learner_read_next_txn(follower->learner, packet, &txn);
    if (r < 0)
        return r;
    struct server_metrics_values *measured = &follower->learner->measured;
    measured->counters[SERVER_METRICS_LEARNER_PROPOSAL_RECEIVED_COUNT]++;
    server_metrics_log_latency(measured, SERVER_METRICS_PROPOSAL_LATENCY, txn->header.time_ms);
    int64_t zxid = txn->header.zxid;
    if (zxid != follower->last_queued + 1) /* the first one always, as in Java (K-85) */
        zk_log(follower->ctx, ZK_LOG_GOT_ZXID, zxid, follower->last_queued + 1);
    follower->last_queued = zxid;
    /* The ACK says that the transaction is on disk, so SendAckRequestProcessor sends it, later. */
    follower_zookeeper_server_log_request(follower->learner->fzk, txn);
    txn_log_entry_unref(txn);
    return 0;
}

/* The main thread asks, to know whether to pause before the next election (D-71). */
bool follower_was_refused(const struct follower *follower)
{
    return follower->connected && !follower->completed_sync;
}

/* Java: shutdown() */
static void follower_shutdown(struct quorum_peer_role *role)
{
    learner_shutdown(((struct follower *)role)->learner);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void follower_destroy(struct quorum_peer_role *role)
{
    struct follower *follower = (struct follower *)role;
    learner_unref(follower->learner);
    free(follower);
}

static const struct quorum_peer_role_methods follower_methods = {
    .shutdown = follower_shutdown,
    .destroy = follower_destroy,
};

struct follower *follower_new(struct quorum_peer *self)
{
    struct follower *follower = zk_xcalloc(1, sizeof *follower);
    follower->self = self;
    follower->ctx = self->ctx;
    follower->learner = learner_new(self);
    struct learner *learner = follower->learner;
    learner->zk = follower_zookeeper_server_new(self, learner, &learner->fzk);
    quorum_peer_role_init(&follower->role, &follower_methods, learner->zk);
    return follower;
}

void follower_free(struct follower *follower)
{
    if (follower != NULL)
        quorum_peer_role_unref(&follower->role);
}
