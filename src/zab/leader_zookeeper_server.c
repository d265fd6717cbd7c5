/* Which processors a leader wires together, and what learners ask its sessions. No thread of its
 * own. Java: LeaderZooKeeperServer */
#include "zab/leader_zookeeper_server.h"

#include <stdlib.h>

#include "zab/leader_internal.h"
#include "zab/leader_request_processor.h"
#include "zab/proposal_request_processor.h"
#include "zab/quorum_zookeeper_server.h"
#include "zab/to_be_applied_request_processor.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/commit_processor.h"
#include "zk/server/container_manager.h"
#include "zk/server/final_request_processor.h"
#include "zk/server/leader_session_tracker.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request_processor.h"
#include "zk/server/session_tracker.h"
#include "zk/server/sync_request_processor.h"
#include "zk/server/zk_database.h"

/* What the kind adds to zookeeper_server. The processors are owned by the chain; these point into
 * it. All are set before the server runs. */
struct leader_zookeeper_server {
    /* It ends before the last thread of a client has let go of the server, so only the processors'
     * threads and LearnerHandlers use it. */
    struct leader *leader;
    struct quorum_peer *self;
    struct commit_processor *commit_processor;
    struct request_processor *prep_request_processor;
    struct container_manager *container_manager; /* owned */
};

/* From the last one to the first, because each is told its next: LeaderRequestProcessor, Prep,
 * Proposal, Commit, ToBeApplied, Final. ToBeApplied keeps what is committed and not yet in the
 * tree, for learners that come in between.
 * Java: setupRequestProcessors() */
static int leader_setup_request_processors(struct zookeeper_server *server)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    struct request_processor *final_processor = final_request_processor_new(server);
    struct request_processor *to_be_applied =
        to_be_applied_request_processor_new(self->leader, final_processor);
    self->commit_processor = commit_processor_new(server, to_be_applied);
    struct sync_request_processor *sync_processor;
    struct request_processor *proposal_processor = proposal_request_processor_new(
        self->leader, server, commit_processor_as_processor(self->commit_processor),
        &sync_processor);
    const struct quorum_verifier *last_seen = quorum_peer_last_seen_quorum_verifier(self->self);
    /* -1 stands for the client port in the thread's name: none is known here, in Java either. */
    self->prep_request_processor = prep_request_processor_new(
        server, self->leader->my_id, -1,
        (struct reconfig_terms){.enabled = self->self->config->reconfig_enabled,
                                .is_of_ensemble = true,
                                .last_seen_config = last_seen->version},
        proposal_processor);
    zookeeper_server_set_first_processor(
        server, leader_request_processor_new(server, self->self, self->prep_request_processor));

    /* true: a read that goes there directly passes by PrepRequestProcessor, which would have looked
     * at its session. */
    zookeeper_server_set_read_processor(server, final_processor, true);
    quorum_zookeeper_server_share_global_outstanding_limit(server, self->self);

    /* Java: setupContainerManager() */
    self->container_manager = container_manager_new(
        self->leader->ctx, zookeeper_server_get_zk_database(server), self->prep_request_processor);

    int r = commit_processor_start(self->commit_processor);
    if (r == 0)
        r = sync_request_processor_start(sync_processor);
    if (r == 0)
        r = prep_request_processor_start(self->prep_request_processor);
    if (r == 0)
        r = container_manager_start(self->container_manager);
    return r;
}

/* ContainerManager feeds PrepRequestProcessor, so it ends before that.
 * Java: shutdown(), what it does ahead of the other servers' */
static void leader_shutdown_components(struct zookeeper_server *server)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    if (self->container_manager != NULL)
        container_manager_stop(self->container_manager);
}

static void leader_free_kind(void *kind)
{
    struct leader_zookeeper_server *self = kind;
    container_manager_free(self->container_manager);
    free(self);
}

/* This tracker alone ends sessions: any other server that does not hear of a client may be the one
 * that is cut off.
 * Java: createSessionTracker() */
static struct session_tracker *leader_create_session_tracker(struct zookeeper_server *server)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    struct leader *leader = self->leader;
    /* All of them begin anew with their whole timeout: how long a client had been silent, only the
     * leader before knew. */
    struct session_timeouts sessions = {0};
    zk_database_sessions(zookeeper_server_get_zk_database(server), &sessions);
    struct session_tracker *tracker = leader_session_tracker_new(
        leader->ctx, (struct session_expirer){.expire = zookeeper_server_expire, .arg = server},
        &sessions, self->self->config->tick_time_ms, leader->my_id);
    session_timeouts_done(&sessions);
    quorum_zookeeper_server_enable_local_sessions(server, self->self, tracker);
    return tracker;
}

/* Java: QuorumZooKeeperServer.setLocalSessionFlag() */
static void leader_set_local_session_flag(struct zookeeper_server *server, struct request *request)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    quorum_zookeeper_server_set_local_session_flag(server, self->self, request);
}

/* Its requests are proposed to the quorum. */
static const struct zookeeper_server_methods leader_zookeeper_server_methods = {
    .state = "leader", /* Java: getState() */
    .create_session_tracker = leader_create_session_tracker,
    .setup_request_processors = leader_setup_request_processors,
    .shutdown_components = leader_shutdown_components,
    .set_local_session_flag = leader_set_local_session_flag,
    .free_kind = leader_free_kind,
};

/* Java: new LeaderZooKeeperServer() */
struct zookeeper_server *leader_zookeeper_server_new(struct leader *leader)
{
    struct quorum_peer *self = leader->self;
    struct leader_zookeeper_server *kind = zk_xcalloc(1, sizeof *kind);
    kind->leader = leader;
    kind->self = self;
    return zookeeper_server_new(self->ctx, &leader_zookeeper_server_methods, kind, self->database,
                                self->metrics);
}

void leader_zookeeper_server_commit(struct zookeeper_server *server, struct request *request)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    commit_processor_commit(self->commit_processor, request);
}

/* A session that is not there any more is no news to the learner: it will hear of closeSession.
 * Java: touch() */
void leader_zookeeper_server_touch(struct zookeeper_server *server, int64_t session_id,
                                   int32_t timeout_ms)
{
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    session_tracker_touch_session(tracker, session_id, timeout_ms);
}

/* Java: checkIfValidGlobalSession() */
bool leader_zookeeper_server_check_if_valid_global_session(struct zookeeper_server *server,
                                                           int64_t session_id, int32_t timeout_ms,
                                                           const void *owner)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    /* A local session is of no use at another server. */
    if (self->self->config->local_sessions_enabled &&
        !leader_session_tracker_is_global_session(tracker, session_id))
        return false;
    return session_tracker_touch_session(tracker, session_id, timeout_ms) &&
           session_tracker_set_owner(tracker, session_id, owner) == KEEPER_CODE_OK;
}

/* Its own server has looked at it already, so it goes straight to PrepRequestProcessor.
 * Java: submitLearnerRequest() */
int leader_zookeeper_server_submit_learner_request(struct zookeeper_server *server,
                                                   struct request *request)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    return request_processor_hand_over(self->prep_request_processor, request);
}

void leader_zookeeper_server_wake_commit(struct zookeeper_server *server)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    request_processor_wake(commit_processor_as_processor(self->commit_processor));
}

void leader_zookeeper_server_wake_prep(struct zookeeper_server *server)
{
    struct leader_zookeeper_server *self = zookeeper_server_kind(server);
    request_processor_wake(self->prep_request_processor);
}
