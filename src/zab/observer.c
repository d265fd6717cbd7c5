/* A peer that does not vote and is told of everything; without observer masters (D-7).
 *
 * No thread of its own: everything happens in the peer's main thread, which is the receive loop.
 *
 * Java: Observer */
#include "zk/zab/observer.h"

#include <errno.h>
#include <stdlib.h>

#include "zab/learner_internal.h"
#include "zab/learner_zookeeper_server.h"
#include "zab/observer_zookeeper_server.h"
#include "zk/base/alloc.h"
#include "zk/base/random.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"
#include "zk/zab/learner.h"

enum {
    OBSERVER_RECONNECT_DELAY_MS = 0,  /* Java: reconnectDelayMs */
    OBSERVER_ELECTION_DELAY_MS = 200, /* Java: observerElectionDelayMs */
};

struct observer {
    struct quorum_peer_role role; /* the first field: this is a role */
    struct quorum_peer *self;
    struct zk_context *ctx;
    struct learner *learner;
    bool completed_sync;
};

static int observer_find_learner_master(struct observer *observer,
                                        struct quorum_server *ret_master);
static int wait_for_reconnect_delay(struct observer *observer);
static int observer_process_packet(struct observer *observer, const struct quorum_packet *packet);
static int process_inform(struct observer *observer, const struct quorum_packet *packet);

/* Java: observeLeader() */
int observer_observe_leader(struct observer *observer)
{
    struct quorum_peer *self = observer->self;
    struct learner *learner = observer->learner;
    struct quorum_packet *qp = NULL;
    /* From here on another thread can shut this role down, however early. */
    quorum_peer_set_role(self, &observer->role);

    quorum_peer_set_zab_state(self, ZAB_STATE_DISCOVERY);
    struct quorum_server master = {0};
    int r = observer_find_learner_master(observer, &master);
    bool found = r == 0; /* if not, the reason is logged, or we are being stopped */
    if (!found)
        goto out;
    r = learner_connect_to_leader(learner, &master);
    if (r < 0)
        goto out;
    int64_t new_leader_zxid;
    r = learner_register_with_leader(learner, LEADER_OBSERVERINFO, &new_leader_zxid);
    if (r < 0)
        goto out;
    int64_t start_ms = zk_elapsed_ms();
    quorum_peer_set_leader_id(self, master.id);
    quorum_peer_set_zab_state(self, ZAB_STATE_SYNCHRONIZATION);
    r = learner_sync_with_leader(learner, new_leader_zxid);
    if (r < 0)
        goto out;
    quorum_peer_set_zab_state(self, ZAB_STATE_BROADCAST);
    observer->completed_sync = true;
    server_metrics_add(self->metrics, SERVER_METRICS_OBSERVER_SYNC_TIME,
                       zk_elapsed_ms() - start_ms);
    while (r == 0 && learner_is_running(learner)) {
        r = learner_read_packet(learner, &qp); /* hands over what was read before: see there */
        if (r == 0)
            r = observer_process_packet(observer, qp);
    }
    if (r == 0)
        r = -ECANCELED;
out:
    if (found && learner->exit_code == 0)
        zk_log(observer->ctx, ZK_LOG_EXCEPTION_WHEN_LEARNING, "observing",
               learner_error_text(learner, r));
    quorum_packet_free(qp);
    quorum_server_done(&master);
    int exit_code = learner_end(learner, "Observer", observer->completed_sync);
    quorum_peer_set_role(self, NULL);
    return exit_code > 0 ? exit_code : r;
}

/* Without observer masters it is always the leader.
 * Java: findLearnerMaster(), and QuorumPeer.findLearnerMaster() */
static int observer_find_learner_master(struct observer *observer, struct quorum_server *ret_master)
{
    int r = learner_find_leader(observer->learner, ret_master);
    if (r == 0)
        r = wait_for_reconnect_delay(observer);
    if (r < 0)
        return r;
    struct zk_str text = {0};
    multiple_addresses_format(&ret_master->addr, &text);
    zk_log(observer->ctx, ZK_LOG_OBSERVING_NEW_LEADER, ret_master->id, zk_str_text(&text));
    zk_str_done(&text);
    return 0;
}

/* Java: processPacket() */
static int observer_process_packet(struct observer *observer, const struct quorum_packet *packet)
{
    struct learner *learner = observer->learner;
    switch (packet->type) {
    case LEADER_PING:
        return learner_ping(learner, packet);
    case LEADER_PROPOSAL: /* an observer promises nothing: what is committed comes as INFORM */
        if (learner_line_is_due(learner, packet->type))
            zk_log(observer->ctx, ZK_LOG_OBSERVER_IGNORES, "proposal");
        return 0;
    case LEADER_COMMIT:
        if (learner_line_is_due(learner, packet->type))
            zk_log(observer->ctx, ZK_LOG_OBSERVER_IGNORES, "commit");
        return 0;
    case LEADER_UPTODATE:
        if (learner_line_is_due(learner, packet->type))
            zk_log(observer->ctx, ZK_LOG_UPTODATE_AGAIN, "Observer");
        return 0;
    case LEADER_REVALIDATE:
        return learner_revalidate(learner, packet);
    case LEADER_SYNC:
        learner_zookeeper_server_sync(learner_zookeeper_server_of(learner->zk));
        return 0;
    case LEADER_INFORM:
    case LEADER_INFORMANDACTIVATE: /* the configuration stays as it is (D-32) */
        return process_inform(observer, packet);
    default:
        if (learner_line_is_due(learner, packet->type))
            zk_log(observer->ctx, ZK_LOG_UNKNOWN_PACKET_TYPE, quorum_packet_type_name(packet->type),
                   packet->zxid);
        return 0;
    }
}

/* What comes is committed: nobody waits for this server's disk, so there is no ACK and no queue of
 * what is pending. */
static int process_inform(struct observer *observer, const struct quorum_packet *packet)
{
    struct txn_log_entry *txn;
    int r = learner_read_next_txn(observer->learner, packet, &txn);
    if (r < 0)
        return r;
    if (packet->type == LEADER_INFORM) { /* as in Java, not INFORMANDACTIVATE */
        struct server_metrics_values *measured = &observer->learner->measured;
        measured->counters[SERVER_METRICS_LEARNER_COMMIT_RECEIVED_COUNT]++;
        server_metrics_log_latency(measured, SERVER_METRICS_COMMIT_PROPAGATION_LATENCY,
                                   txn->header.time_ms);
    }
    observer_zookeeper_server_commit_request(observer->learner->ozk, txn);
    txn_log_entry_unref(txn);
    return 0;
}

/* Java: shutdown() */
static void observer_shutdown(struct quorum_peer_role *role)
{
    learner_shutdown(((struct observer *)role)->learner);
}

/* ---- delays ---------------------------------------------------------------------------------- */

static int64_t random_delay_ms(struct quorum_peer *self, const char *setting, int64_t default_ms)
{
    int64_t bound_ms = zk_settings_get_long(self->ctx, setting, default_ms);
    return bound_ms > 0 ? zk_random_below(bound_ms) : 0;
}

/* A leader may have a hundred observers, which all dial it when it begins to lead; with the setting
 * each chooses a moment of its own. -ECANCELED: the observer was shut down meanwhile.
 * Java: waitForReconnectDelay() */
static int wait_for_reconnect_delay(struct observer *observer)
{
    int64_t delay_ms = random_delay_ms(observer->self, "zookeeper.observer.reconnectDelayMs",
                                       OBSERVER_RECONNECT_DELAY_MS);
    if (delay_ms == 0)
        return 0;
    zk_log(observer->ctx, ZK_LOG_OBSERVER_WAITING, delay_ms);
    return learner_pause(observer->learner, delay_ms) ? -ECANCELED : 0;
}

/* Java: waitForObserverElectionDelay() */
int64_t observer_election_delay_ms(struct quorum_peer *self)
{
    return random_delay_ms(self, "zookeeper.observer.election.DelayMs", OBSERVER_ELECTION_DELAY_MS);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void observer_destroy(struct quorum_peer_role *role)
{
    struct observer *observer = (struct observer *)role;
    learner_unref(observer->learner);
    free(observer);
}

static const struct quorum_peer_role_methods observer_methods = {
    .shutdown = observer_shutdown,
    .destroy = observer_destroy,
};

struct observer *observer_new(struct quorum_peer *self)
{
    struct observer *observer = zk_xcalloc(1, sizeof *observer);
    observer->self = self;
    observer->ctx = self->ctx;
    observer->learner = learner_new(self);
    struct learner *learner = observer->learner;
    learner->zk = observer_zookeeper_server_new(self, learner, &learner->ozk);
    quorum_peer_role_init(&observer->role, &observer_methods, learner->zk);
    return observer;
}

void observer_free(struct observer *observer)
{
    if (observer != NULL)
        quorum_peer_role_unref(&observer->role);
}
