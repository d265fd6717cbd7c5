/* What follower and observer do alike between the leader and their own clients.
 *
 * No thread of its own. The main thread hands over what the leader sends, all of one read together;
 * the first processor's thread keeps the SYNCs; the thread that serves a client asks for its
 * session. A lock guards the SYNCs, because two of these threads use them.
 *
 * Java: LearnerZooKeeperServer */
#include "zab/learner_zookeeper_server.h"

#include <string.h>

#include "zab/learner_internal.h"
#include "zab/lock_ranks.h"
#include "zab/quorum_zookeeper_server.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/log_table.h"
#include "zk/server/commit_processor.h"
#include "zk/server/learner_session_tracker.h"
#include "zk/server/request.h"
#include "zk/server/sync_request_processor.h"
#include "zk/server/upgradeable_session_tracker.h"
#include "zk/server/zookeeper_server.h"

struct learner_zookeeper_server *learner_zookeeper_server_of(const struct zookeeper_server *server)
{
    return zookeeper_server_kind(server);
}

/* Java: getTouchSnapshot() */
void learner_zookeeper_server_get_touch_snapshot(struct zookeeper_server *server,
                                                 struct session_timeouts *ret_touched)
{
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (tracker != NULL)
        learner_session_tracker_snapshot(tracker, ret_touched);
    else
        memset(ret_touched, 0, sizeof *ret_touched);
}

/* It ends no session, but notes for the next PING who was heard of.
 * Java: createSessionTracker() */
struct session_tracker *learner_zookeeper_server_create_session_tracker(
    struct zookeeper_server *server)
{
    struct quorum_peer *self = learner_zookeeper_server_of(server)->self;
    struct session_tracker *tracker = learner_session_tracker_new(self->ctx, self->my_id);
    quorum_zookeeper_server_enable_local_sessions(server, self, tracker);
    return tracker;
}

/* Java: QuorumZooKeeperServer.setLocalSessionFlag() */
void learner_zookeeper_server_set_local_session_flag(struct zookeeper_server *server,
                                                     struct request *request)
{
    struct quorum_peer *self = learner_zookeeper_server_of(server)->self;
    quorum_zookeeper_server_set_local_session_flag(server, self, request);
}

/* Java: revalidateSession() */
void learner_zookeeper_server_revalidate_session(struct zookeeper_server *server,
                                                 struct server_cnxn *cnxn, int64_t session_id,
                                                 int32_t timeout_ms)
{
    struct learner *learner = learner_zookeeper_server_of(server)->learner;
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (upgradeable_session_tracker_is_local_session(tracker, session_id)) {
        /* The leader has never heard of it. */
        bool valid = session_tracker_touch_session(tracker, session_id, timeout_ms);
        zookeeper_server_finish_session_init(server, cnxn, valid);
        return;
    }
    learner_validate_session(learner, cnxn, session_id, timeout_ms);
}

/* SyncRequestProcessor stands beside the chain, which a shutdown of the first processor walks down;
 * so it is ended here. Java: LearnerZooKeeperServer.shutdown() */
void learner_zookeeper_server_shutdown_components(struct zookeeper_server *server)
{
    struct learner_zookeeper_server *lzk = learner_zookeeper_server_of(server);
    if (lzk->sync_processor != NULL)
        request_processor_shutdown(sync_request_processor_as_processor(lzk->sync_processor));
}

/* Neither processor exists before UPTODATE: until then learner_sync.c keeps what comes. An observer
 * may do without a log later, too. From here log and commits go their own ways: what a quorum has
 * on disk may be applied here before this server's own fsync has returned. */
void learner_zookeeper_server_hand_over(struct learner_zookeeper_server *lzk)
{
    if (lzk->sync_processor != NULL) {
        sync_request_processor_process_requests(lzk->sync_processor, &lzk->to_log);
        request_processor_wake(sync_request_processor_as_processor(lzk->sync_processor));
    }
    if (lzk->commit_processor != NULL) {
        commit_processor_commit_all(lzk->commit_processor, &lzk->to_commit);
        request_processor_wake(commit_processor_as_processor(lzk->commit_processor));
    }
}

/* ---- SYNC ------------------------------------------------------------------------------------ */

void learner_zookeeper_server_add_pending_sync(struct learner_zookeeper_server *lzk,
                                               struct request *request)
{
    struct request *kept = request_ref(request);
    zk_mutex_lock(&lzk->mu);
    array_deque_add_last(&lzk->pending_syncs, &kept);
    zk_mutex_unlock(&lzk->mu);
}

/* The leader answers in the order in which it was asked, so this is for the oldest. It goes behind
 * the commits that came before it: so its client reads all that was committed when it asked.
 * Java: FollowerZooKeeperServer.sync(), ObserverZooKeeperServer.sync() */
void learner_zookeeper_server_sync(struct learner_zookeeper_server *lzk)
{
    struct request *request;
    zk_mutex_lock(&lzk->mu);
    bool expected = array_deque_remove_first(&lzk->pending_syncs, &request);
    zk_mutex_unlock(&lzk->mu);
    if (!expected) {
        if (learner_line_is_due(lzk->learner, LEADER_SYNC))
            zk_log(lzk->self->ctx, ZK_LOG_NOT_EXPECTING_SYNC);
        return;
    }
    array_deque_add_last(&lzk->to_commit, &request);
}

/* ---- life ------------------------------------------------------------------------------------ */

void learner_zookeeper_server_init(struct learner_zookeeper_server *lzk, struct quorum_peer *self,
                                   struct learner *learner) UNSHARED
{
    lzk->self = self;
    lzk->learner = learner_ref(learner);
    zk_mutex_init(&lzk->mu, self->ctx, "pending_syncs", ZK_RANK_PENDING_SYNCS);
    lzk->pending_syncs = (struct array_deque)ARRAY_DEQUE_OF(struct request *);
    lzk->to_log = (struct array_deque)ARRAY_DEQUE_OF(struct request *);
    lzk->to_commit = (struct array_deque)ARRAY_DEQUE_OF(struct request *);
}

static void requests_done(struct array_deque *requests)
{
    struct request *request;
    while (array_deque_remove_first(requests, &request))
        request_unref(request);
    array_deque_done(requests);
}

void learner_zookeeper_server_done(struct learner_zookeeper_server *lzk) UNSHARED
{
    if (lzk->sync_processor != NULL)
        request_processor_free(sync_request_processor_as_processor(lzk->sync_processor));
    requests_done(&lzk->pending_syncs);
    requests_done(&lzk->to_log);
    requests_done(&lzk->to_commit);
    zk_mutex_destroy(&lzk->mu);
    learner_unref(lzk->learner);
}
