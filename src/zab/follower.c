/* A voter that follows. Java: Follower
 *
 * No thread of its own: everything happens in the peer's main thread, which is the receive loop. */
#include "zk/zab/follower.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "zab/zab_trace.h"
#include "zk/base/alloc.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/server/server_metrics.h"
#include "zk/zab/learner.h"

struct follower {
    struct quorum_peer_role role; /* the first field: this is a role */
    struct quorum_peer *self;
    struct zk_context *ctx;
    struct learner *learner;
    bool connected;
    bool completed_sync;
};

static const struct quorum_peer_role_methods follower_methods;

struct follower *follower_new(struct quorum_peer *self)
{
    struct follower *follower = zk_xcalloc(1, sizeof *follower);
    quorum_peer_role_init(&follower->role, &follower_methods);
    follower->self = self;
    follower->ctx = quorum_peer_context(self);
    follower->learner = learner_new(self);
    return follower;
}

void follower_free(struct follower *follower)
{
    if (follower != NULL)
        quorum_peer_role_unref(&follower->role);
}

void follower_shutdown(struct follower *follower)
{
    learner_shutdown(follower->learner);
}

/* ---- the role ------------------------------------------------------------------------------- */

static void follower_role_shutdown(struct quorum_peer_role *role)
{
    follower_shutdown((struct follower *)role);
}

static void follower_role_destroy(struct quorum_peer_role *role)
{
    struct follower *follower = (struct follower *)role;
    learner_free(follower->learner);
    free(follower);
}

static const struct quorum_peer_role_methods follower_methods = {
    .shutdown = follower_role_shutdown,
    .destroy = follower_role_destroy,
};

/* ---- the loop ------------------------------------------------------------------------------- */

/* Java: processPacket(). Positive: the process ends. */
static int process_packet(struct follower *follower, const struct quorum_packet *packet)
{
    struct learner *learner = follower->learner;
    switch (packet->type) {
    case LEADER_PING:
        return learner_ping(learner, packet);
    case LEADER_PROPOSAL:
        return learner_txn_not_supported(learner, packet);
    case LEADER_COMMIT:
        zk_log(follower->ctx, ZK_LOG_COMMIT_WITHOUT_TXN, packet->zxid);
        return 0;
    case LEADER_COMMITANDACTIVATE:
        return learner_protocol_error(learner,
                                      "COMMITANDACTIVATE 0x%" PRIx64 " without its proposal",
                                      (uint64_t)packet->zxid);
    case LEADER_UPTODATE:
        zk_log(follower->ctx, ZK_LOG_UPTODATE_AGAIN, "Follower");
        return 0;
    case LEADER_REVALIDATE:
        return learner_revalidate(learner, packet);
    case LEADER_SYNC:
        zk_log(follower->ctx, ZK_LOG_NOT_EXPECTING_SYNC);
        return 0;
    default:
        zk_log(follower->ctx, ZK_LOG_UNKNOWN_PACKET_TYPE, quorum_packet_type_name(packet->type),
               packet->zxid);
        return 0;
    }
}

/* Java: followLeader(), between findLeader and its catch */
static int follow(struct follower *follower, const struct quorum_server *leader)
{
    struct quorum_peer *self = follower->self;
    struct learner *learner = follower->learner;
    int r = learner_connect_to_leader(learner, leader);
    if (r < 0)
        return r;
    follower->connected = true;
    int64_t new_epoch_zxid;
    r = learner_register_with_leader(learner, LEADER_FOLLOWERINFO, &new_epoch_zxid);
    if (r < 0)
        return r;
    int64_t start_ms = zk_elapsed_ms();
    quorum_peer_set_leader_id(self, leader->id);
    quorum_peer_set_zab_state(self, ZAB_STATE_SYNCHRONIZATION);
    r = learner_sync_with_leader(learner, new_epoch_zxid);
    if (r != 0)
        return r;
    quorum_peer_set_zab_state(self, ZAB_STATE_BROADCAST);
    follower->completed_sync = true;
    server_metrics_add(quorum_peer_metrics(self), SERVER_METRICS_FOLLOWER_SYNC_TIME,
                       zk_elapsed_ms() - start_ms);
    while (!learner_is_stopping(learner)) {
        struct quorum_packet *packet;
        r = learner_read_packet(learner, &packet);
        if (r < 0)
            return r;
        r = process_packet(follower, packet);
        quorum_packet_unref(packet);
        if (r != 0)
            return r;
    }
    return -ECANCELED;
}

bool follower_was_refused(const struct follower *follower)
{
    return follower->connected && !follower->completed_sync;
}

/* Java: followLeader() */
int follower_follow_leader(struct follower *follower)
{
    quorum_peer_set_role(follower->self, &follower->role);
    zab_log_election_took(follower->self, "FOLLOWING");
    quorum_peer_set_zab_state(follower->self, ZAB_STATE_DISCOVERY);

    struct quorum_server leader = {0};
    int r = learner_find_leader(follower->learner, &leader);
    if (r == 0) {
        r = follow(follower, &leader);
        if (r < 0)
            zk_log(follower->ctx, ZK_LOG_EXCEPTION_WHEN_LEARNING, "following",
                   learner_error_text(follower->learner, r));
    }
    quorum_server_done(&leader);
    learner_end(follower->learner, "Follower", follower->completed_sync);
    quorum_peer_set_role(follower->self, NULL);
    return r;
}
