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
#include "zab/zab_trace.h"
#include "zk/base/alloc.h"
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
    bool connected;
    bool completed_sync;
};

static int follower_process_packet(struct follower *follower, const struct quorum_packet *packet);

/* Java: followLeader() */
int follower_follow_leader(struct follower *follower)
{
    struct quorum_peer *self = follower->self;
    struct learner *learner = follower->learner;
    struct quorum_packet *qp = NULL;
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
    int64_t new_epoch_zxid;
    r = learner_register_with_leader(learner, LEADER_FOLLOWERINFO, &new_epoch_zxid);
    if (r < 0)
        goto out;
    /* Java compares the epoch with our promise once more here; registerWithLeader has just done
     * so. */
    int64_t start_ms = zk_elapsed_ms();
    quorum_peer_set_leader_id(self, leader_server.id);
    quorum_peer_set_zab_state(self, ZAB_STATE_SYNCHRONIZATION);
    r = learner_sync_with_leader(learner, new_epoch_zxid);
    if (r != 0)
        goto out;
    zookeeper_server_startup(follower->role.zk);
    quorum_peer_set_zab_state(self, ZAB_STATE_BROADCAST);
    follower->completed_sync = true;
    server_metrics_add(self->metrics, SERVER_METRICS_FOLLOWER_SYNC_TIME,
                       zk_elapsed_ms() - start_ms);
    while (r == 0 && !learner_is_stopping(learner)) {
        r = learner_read_packet(learner, &qp);
        if (r == 0)
            r = follower_process_packet(follower, qp);
    }
    if (r == 0)
        r = -ECANCELED;
out:
    if (r < 0 && found) /* what find_leader did not find it has logged itself */
        zk_log(follower->ctx, ZK_LOG_EXCEPTION_WHEN_LEARNING, "following",
               learner_error_text(learner, r));
    quorum_packet_free(qp);
    quorum_server_done(&leader_server);
    zookeeper_server_shutdown(follower->role.zk);
    learner_end(learner, "Follower", follower->completed_sync);
    quorum_peer_set_role(self, NULL);
    return r;
}

/* A positive result is an exit code: the process ends.
 * Java: processPacket() */
static int follower_process_packet(struct follower *follower, const struct quorum_packet *packet)
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
    quorum_peer_role_init(&follower->role, &follower_methods, follower_zookeeper_server_new(self));
    follower->self = self;
    follower->ctx = self->ctx;
    follower->learner = learner_new(self);
    return follower;
}

void follower_free(struct follower *follower)
{
    if (follower != NULL)
        quorum_peer_role_unref(&follower->role);
}
