/* A peer that does not vote and is told of everything. Java: Observer, without observer masters.
 *
 * No thread of its own: everything happens in the peer's main thread, which is the receive loop. */
#include "zk/zab/observer.h"

#include <errno.h>
#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/random.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_metrics.h"
#include "zk/zab/learner.h"

/* Java: observerElectionDelayMs */
enum { OBSERVER_ELECTION_DELAY_MS = 200 };

struct observer {
    struct quorum_peer_role role; /* the first field: this is a role */
    struct quorum_peer *self;
    struct zk_context *ctx;
    struct learner *learner;
    bool completed_sync;
};

static const struct quorum_peer_role_methods observer_methods;

struct observer *observer_new(struct quorum_peer *self)
{
    struct observer *observer = zk_xcalloc(1, sizeof *observer);
    quorum_peer_role_init(&observer->role, &observer_methods);
    observer->self = self;
    observer->ctx = quorum_peer_context(self);
    observer->learner = learner_new(self);
    return observer;
}

void observer_free(struct observer *observer)
{
    if (observer != NULL)
        quorum_peer_role_unref(&observer->role);
}

void observer_shutdown(struct observer *observer)
{
    learner_shutdown(observer->learner);
}

/* ---- the role ------------------------------------------------------------------------------- */

static void observer_role_shutdown(struct quorum_peer_role *role)
{
    observer_shutdown((struct observer *)role);
}

static void observer_role_destroy(struct quorum_peer_role *role)
{
    struct observer *observer = (struct observer *)role;
    learner_free(observer->learner);
    free(observer);
}

static const struct quorum_peer_role_methods observer_methods = {
    .shutdown = observer_role_shutdown,
    .destroy = observer_role_destroy,
};

/* ---- the loop ------------------------------------------------------------------------------- */

/* Java: processPacket(). Positive: the process ends. */
static int process_packet(struct observer *observer, const struct quorum_packet *packet)
{
    struct learner *learner = observer->learner;
    switch (packet->type) {
    case LEADER_PING:
        return learner_ping(learner, packet);
    case LEADER_PROPOSAL:
        zk_log(observer->ctx, ZK_LOG_OBSERVER_IGNORES, "proposal");
        return 0;
    case LEADER_COMMIT:
        zk_log(observer->ctx, ZK_LOG_OBSERVER_IGNORES, "commit");
        return 0;
    case LEADER_UPTODATE:
        zk_log(observer->ctx, ZK_LOG_UPTODATE_AGAIN, "Observer");
        return 0;
    case LEADER_REVALIDATE:
        return learner_revalidate(learner, packet);
    case LEADER_SYNC:
        zk_log(observer->ctx, ZK_LOG_NOT_EXPECTING_SYNC);
        return 0;
    case LEADER_INFORM:
    case LEADER_INFORMANDACTIVATE:
        return learner_txn_not_supported(learner, packet);
    default:
        zk_log(observer->ctx, ZK_LOG_UNKNOWN_PACKET_TYPE, quorum_packet_type_name(packet->type),
               packet->zxid);
        return 0;
    }
}

/* Java: findLearnerMaster(): without observer masters it is always the leader. */
static void log_learner_master(struct observer *observer, const struct quorum_server *leader)
{
    struct zk_str text = {0};
    multiple_addresses_format(&leader->addr, &text);
    zk_log(observer->ctx, ZK_LOG_OBSERVING_NEW_LEADER, leader->id, zk_str_text(&text));
    zk_str_done(&text);
}

/* Java: observeLeader(), between findLearnerMaster and its catch */
static int observe(struct observer *observer, const struct quorum_server *leader)
{
    struct quorum_peer *self = observer->self;
    struct learner *learner = observer->learner;
    log_learner_master(observer, leader);
    int r = learner_connect_to_leader(learner, leader);
    if (r < 0)
        return r;
    int64_t new_leader_zxid;
    r = learner_register_with_leader(learner, LEADER_OBSERVERINFO, &new_leader_zxid);
    if (r < 0)
        return r;
    int64_t start_ms = zk_elapsed_ms();
    quorum_peer_set_leader_id(self, leader->id);
    quorum_peer_set_zab_state(self, ZAB_STATE_SYNCHRONIZATION);
    r = learner_sync_with_leader(learner, new_leader_zxid);
    if (r != 0)
        return r;
    quorum_peer_set_zab_state(self, ZAB_STATE_BROADCAST);
    observer->completed_sync = true;
    server_metrics_add(quorum_peer_metrics(self), SERVER_METRICS_OBSERVER_SYNC_TIME,
                       zk_elapsed_ms() - start_ms);
    while (!learner_is_stopping(learner)) {
        struct quorum_packet *packet;
        r = learner_read_packet(learner, &packet);
        if (r < 0)
            return r;
        r = process_packet(observer, packet);
        quorum_packet_unref(packet);
        if (r != 0)
            return r;
    }
    return -ECANCELED;
}

/* Java: observeLeader() */
int observer_observe_leader(struct observer *observer)
{
    quorum_peer_set_role(observer->self, &observer->role);
    quorum_peer_set_zab_state(observer->self, ZAB_STATE_DISCOVERY);

    struct quorum_server leader = {0};
    int r = learner_find_leader(observer->learner, &leader);
    if (r == 0) {
        r = observe(observer, &leader);
        if (r < 0)
            zk_log(observer->ctx, ZK_LOG_EXCEPTION_WHEN_LEARNING, "observing",
                   learner_error_text(observer->learner, r));
    }
    quorum_server_done(&leader);
    learner_end(observer->learner, "Observer", observer->completed_sync);
    quorum_peer_set_role(observer->self, NULL);
    return r;
}

/* Java: waitForObserverElectionDelay() */
int64_t observer_election_delay_ms(struct quorum_peer *self)
{
    int64_t bound_ms =
        zk_settings_get_long(quorum_peer_context(self), "zookeeper.observer.election.DelayMs",
                             OBSERVER_ELECTION_DELAY_MS);
    return bound_ms > 0 ? zk_random_below(bound_ms) : 0;
}
