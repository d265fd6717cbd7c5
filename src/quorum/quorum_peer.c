/* QuorumPeer without its loop: state, vote and role under one lock. The epochs on disk are in
 * quorum_peer_epochs.c.
 *
 * No thread runs here. Locks: quorum_peer and epochs (table L); no function holds both, and none
 * calls a role while it holds one.
 *
 * Java: QuorumPeer */
#include "zk/quorum/quorum_peer.h"

#include <stdlib.h>
#include <string.h>

#include "quorum/lock_ranks.h"
#include "quorum/quorum_peer_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/panic.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"

static struct quorum_peer_role *ref_role(struct quorum_peer *self);

struct quorum_peer *quorum_peer_new(struct zk_context *ctx, const struct quorum_peer_config *config,
                                    struct zk_database *database) UNSHARED
{
    struct quorum_peer *self = zk_xcalloc(1, sizeof *self);
    self->ctx = ctx;
    self->config = config;
    self->database = database;
    self->metrics = server_metrics_new(ctx);

    zk_mutex_init(&self->mu, ctx, "quorum_peer", ZK_RANK_QUORUM_PEER);
    self->state = SERVER_STATE_LOOKING;
    self->zab_state = ZAB_STATE_ELECTION;
    self->leader_id = -1;
    self->start_fle_ms = -1;
    self->looking_since_ms = zk_elapsed_ms();
    self->running = true;
    zk_mutex_init(&self->epochs_mu, ctx, "epochs", ZK_RANK_EPOCHS);
    self->accepted_epoch = -1;
    self->current_epoch = -1;

    self->quorum_verifier = qv_ref(config->quorum_verifier);
    /* setQuorumVerifier() raises the last seen configuration to the committed one. */
    self->last_seen_quorum_verifier = qv_ref(config->quorum_verifier);
    return self;
}

void quorum_peer_free(struct quorum_peer *self) UNSHARED
{
    if (self == NULL)
        return;
    zk_assert(self->role == NULL);
    qv_unref(self->quorum_verifier);
    qv_unref(self->last_seen_quorum_verifier);
    zk_mutex_destroy(&self->epochs_mu);
    zk_mutex_destroy(&self->mu);
    server_metrics_free(self->metrics);
    free(self);
}

struct zk_context *quorum_peer_context(const struct quorum_peer *self)
{
    return self->ctx;
}

const struct quorum_peer_config *quorum_peer_config_of(const struct quorum_peer *self)
{
    return self->config;
}

struct zk_database *quorum_peer_database(const struct quorum_peer *self)
{
    return self->database;
}

struct server_metrics *quorum_peer_metrics(const struct quorum_peer *self)
{
    return self->metrics;
}

int64_t quorum_peer_get_my_id(const struct quorum_peer *self)
{
    return self->config->my_id;
}

enum learner_type quorum_peer_get_learner_type(const struct quorum_peer *self)
{
    return self->config->peer_type;
}

int64_t quorum_peer_init_limit_ms(const struct quorum_peer *self)
{
    return (int64_t)self->config->init_limit * self->config->tick_time_ms;
}

int64_t quorum_peer_sync_limit_ms(const struct quorum_peer *self)
{
    return (int64_t)self->config->sync_limit * self->config->tick_time_ms;
}

/* ---- state and vote ------------------------------------------------------------------------- */

static void append_detailed_peer_state_locked(struct quorum_peer *self, struct zk_str *str)
    REQUIRES(&self->mu)
{
    zk_mutex_assert_held(&self->mu);
    zk_str_append(str, server_state_lower_name(self->state));
    if (self->zab_state != ZAB_STATE_ELECTION) {
        zk_str_append(str, " - ");
        zk_str_append(str, zab_state_name(self->zab_state));
    }
    if (self->sync_mode != SYNC_MODE_NONE) {
        zk_str_append(str, " - ");
        zk_str_append(str, sync_mode_name(self->sync_mode));
    }
}

static void log_peer_state_locked(struct quorum_peer *self) REQUIRES(&self->mu)
{
    struct zk_str detail = {0};
    append_detailed_peer_state_locked(self, &detail);
    zk_log(self->ctx, ZK_LOG_PEER_STATE_CHANGED, zk_str_text(&detail));
    zk_str_done(&detail);
}

static void set_peer_state_locked(struct quorum_peer *self, enum server_state state,
                                  const char *why) REQUIRES(&self->mu)
{
    zk_mutex_assert_held(&self->mu);
    if (state == SERVER_STATE_LOOKING && self->state != SERVER_STATE_LOOKING)
        self->looking_since_ms = zk_elapsed_ms();
    self->state = state;
    if (state == SERVER_STATE_LOOKING) {
        self->leader_id = -1;
        self->zab_state = ZAB_STATE_ELECTION;
        self->sync_mode = SYNC_MODE_NONE;
    }
    log_peer_state_locked(self);
    zk_trace_state(self->ctx, server_state_name(state), why);
}

/* Java: getPeerState(), synchronized */
enum server_state quorum_peer_get_peer_state(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    enum server_state state = self->state;
    zk_mutex_unlock(&self->mu);
    return state;
}

/* Java: setPeerState(), synchronized */
void quorum_peer_set_peer_state(struct quorum_peer *self, enum server_state state, const char *why)
{
    zk_mutex_lock(&self->mu);
    set_peer_state_locked(self, state, why);
    zk_mutex_unlock(&self->mu);
}

/* Java: getCurrentVote(), synchronized */
bool quorum_peer_get_current_vote(struct quorum_peer *self, struct vote *ret_vote)
{
    bool has_vote;
    quorum_peer_get_state_and_vote(self, &has_vote, ret_vote);
    return has_vote;
}

/* Java: setCurrentVote(), synchronized */
void quorum_peer_set_current_vote(struct quorum_peer *self, const struct vote *vote)
{
    zk_mutex_lock(&self->mu);
    self->has_vote = vote != NULL;
    if (vote != NULL)
        self->current_vote = *vote;
    zk_mutex_unlock(&self->mu);
}

void quorum_peer_decide(struct quorum_peer *self, enum server_state state, const struct vote *vote,
                        const char *why)
{
    zk_mutex_lock(&self->mu);
    self->has_vote = true;
    self->current_vote = *vote;
    set_peer_state_locked(self, state, why);
    zk_mutex_unlock(&self->mu);
}

enum server_state quorum_peer_get_state_and_vote(struct quorum_peer *self, bool *ret_has_vote,
                                                 struct vote *ret_vote)
{
    zk_mutex_lock(&self->mu);
    enum server_state state = self->state;
    *ret_has_vote = self->has_vote;
    if (self->has_vote)
        *ret_vote = self->current_vote;
    zk_mutex_unlock(&self->mu);
    return state;
}

/* Java: updateElectionVote(). Leader, zxid and round stay what they were in the election. */
void quorum_peer_update_election_vote(struct quorum_peer *self, int64_t new_epoch)
{
    zk_mutex_lock(&self->mu);
    if (self->has_vote)
        self->current_vote.peer_epoch = new_epoch;
    zk_mutex_unlock(&self->mu);
}

/* Serving again. Java: ServerMetrics.UNAVAILABLE_TIME, ServerMetrics.LEADER_UNAVAILABLE_TIME */
static void end_unavailability_locked(struct quorum_peer *self) REQUIRES(&self->mu)
{
    self->broadcast_since_ms = zk_elapsed_ms();
    int64_t unavailable_ms = self->broadcast_since_ms - self->looking_since_ms;
    server_metrics_add(self->metrics, SERVER_METRICS_UNAVAILABLE_TIME, unavailable_ms);
    if (self->state == SERVER_STATE_LEADING)
        server_metrics_add(self->metrics, SERVER_METRICS_LEADER_UNAVAILABLE_TIME, unavailable_ms);
}

/* Java: setZabState() */
void quorum_peer_set_zab_state(struct quorum_peer *self, enum zab_state state)
{
    zk_mutex_lock(&self->mu);
    self->zab_state = state;
    if (state == ZAB_STATE_BROADCAST)
        end_unavailability_locked(self);
    log_peer_state_locked(self);
    zk_mutex_unlock(&self->mu);
    zk_trace_phase(self->ctx, zab_state_name(state));
}

int64_t quorum_peer_get_broadcast_since(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    int64_t since_ms = self->zab_state == ZAB_STATE_BROADCAST ? self->broadcast_since_ms : -1;
    zk_mutex_unlock(&self->mu);
    return since_ms;
}

enum zab_state quorum_peer_get_zab_state(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    enum zab_state state = self->zab_state;
    zk_mutex_unlock(&self->mu);
    return state;
}

/* Java: setSyncMode() */
void quorum_peer_set_sync_mode(struct quorum_peer *self, enum sync_mode mode)
{
    zk_mutex_lock(&self->mu);
    self->sync_mode = mode;
    log_peer_state_locked(self);
    zk_mutex_unlock(&self->mu);
}

enum sync_mode quorum_peer_get_sync_mode(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    enum sync_mode mode = self->sync_mode;
    zk_mutex_unlock(&self->mu);
    return mode;
}

/* Java: getDetailedPeerState() */
void quorum_peer_append_detailed_peer_state(struct quorum_peer *self, struct zk_str *str)
{
    zk_mutex_lock(&self->mu);
    append_detailed_peer_state_locked(self, str);
    zk_mutex_unlock(&self->mu);
}

/* Java: setLeaderAddressAndId() */
void quorum_peer_set_leader_id(struct quorum_peer *self, int64_t leader)
{
    zk_mutex_lock(&self->mu);
    self->leader_id = leader;
    zk_mutex_unlock(&self->mu);
}

int64_t quorum_peer_get_leader_id(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    int64_t leader = self->leader_id;
    zk_mutex_unlock(&self->mu);
    return leader;
}

void quorum_peer_set_start_fle(struct quorum_peer *self, int64_t elapsed_ms)
{
    zk_mutex_lock(&self->mu);
    self->start_fle_ms = elapsed_ms;
    zk_mutex_unlock(&self->mu);
}

int64_t quorum_peer_take_start_fle(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    int64_t elapsed_ms = self->start_fle_ms;
    self->start_fle_ms = -1;
    zk_mutex_unlock(&self->mu);
    return elapsed_ms;
}

void quorum_peer_set_shutting_down_le(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    self->shutting_down_le = true;
    zk_mutex_unlock(&self->mu);
}

bool quorum_peer_take_shutting_down_le(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    bool was = self->shutting_down_le;
    self->shutting_down_le = false;
    zk_mutex_unlock(&self->mu);
    return was;
}

bool quorum_peer_is_running(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    bool running = self->running;
    zk_mutex_unlock(&self->mu);
    return running;
}

void quorum_peer_stop_running(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    self->running = false;
    zk_mutex_unlock(&self->mu);
    /* A role that is set from now on finds running false: quorum_peer_set_role shuts it down. */
    struct quorum_peer_role *role = ref_role(self);
    if (role != NULL)
        role->methods->shutdown(role);
    quorum_peer_role_unref(role);
}

/* ---- the configuration ---------------------------------------------------------------------- */

/* Java: getQuorumVerifier() */
const struct quorum_verifier *quorum_peer_quorum_verifier(struct quorum_peer *self)
{
    return self->quorum_verifier;
}

/* Java: getLastSeenQuorumVerifier() */
const struct quorum_verifier *quorum_peer_last_seen_quorum_verifier(struct quorum_peer *self)
{
    return self->last_seen_quorum_verifier;
}

bool quorum_peer_is_voter(struct quorum_peer *self, int64_t sid)
{
    return qv_is_voter(quorum_peer_quorum_verifier(self), sid);
}

void quorum_peer_init_tracker(struct quorum_peer *self, struct synced_learner_tracker *ret_tracker)
{
    const struct quorum_verifier *committed = quorum_peer_quorum_verifier(self);
    const struct quorum_verifier *last_seen = quorum_peer_last_seen_quorum_verifier(self);
    *ret_tracker = (struct synced_learner_tracker){0};
    synced_learner_tracker_add_quorum_verifier(ret_tracker, committed);
    if (last_seen->version > committed->version)
        synced_learner_tracker_add_quorum_verifier(ret_tracker, last_seen);
}

struct quorum_verifier *quorum_peer_get_quorum_verifier(struct quorum_peer *self)
{
    return qv_ref(self->quorum_verifier);
}

struct quorum_verifier *quorum_peer_get_last_seen_quorum_verifier(struct quorum_peer *self)
{
    return qv_ref(self->last_seen_quorum_verifier);
}

/* Java: setLastSeenQuorumVerifier(), of which only the branch without reconfiguration exists
 * here. */
void quorum_peer_set_last_seen_quorum_verifier(struct quorum_peer *self, struct quorum_verifier *qv)
{
    (void)qv;
    zk_log(self->ctx, ZK_LOG_RECONFIG_DISABLED);
}

/* The order of Java's set: a copy of the committed voters, to which the last seen ones are added.
 * Java: getCurrentAndNextConfigVoters() */
void quorum_peer_get_current_and_next_config_voters(struct quorum_peer *self, int64_t **ret_items,
                                                    size_t *ret_count)
{
    struct quorum_verifier *committed = quorum_peer_get_quorum_verifier(self);
    struct quorum_verifier *last_seen = quorum_peer_get_last_seen_quorum_verifier(self);
    size_t most = committed->voting.count + (last_seen == NULL ? 0 : last_seen->voting.count);
    int64_t *items = zk_xcalloc(most + 1, sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < committed->voting.count; i++)
        items[count++] = committed->voters_in_java_order[i];
    for (size_t i = 0; last_seen != NULL && i < last_seen->voting.count; i++) {
        if (!qv_is_voter(committed, last_seen->voters_in_java_order[i]))
            items[count++] = last_seen->voters_in_java_order[i];
    }
    java_hash_map_sort_longs(items, count, java_hash_set_copy_capacity(committed->voting.count));

    qv_unref(last_seen);
    qv_unref(committed);
    *ret_items = items;
    *ret_count = count;
}

/* ---- the role ------------------------------------------------------------------------------- */

/* The role of this moment, with a reference that outlives the lock; NULL: there is none. */
static struct quorum_peer_role *ref_role(struct quorum_peer *self)
{
    zk_mutex_lock(&self->mu);
    struct quorum_peer_role *role = self->role == NULL ? NULL : quorum_peer_role_ref(self->role);
    zk_mutex_unlock(&self->mu);
    return role;
}

/* Java: setLeader(), setFollower(), setObserver(), synchronized */
void quorum_peer_set_role(struct quorum_peer *self, struct quorum_peer_role *role)
{
    zk_mutex_lock(&self->mu);
    struct quorum_peer_role *before = self->role;
    self->role = role == NULL ? NULL : quorum_peer_role_ref(role);
    bool running = self->running;
    zk_mutex_unlock(&self->mu);
    quorum_peer_role_unref(before);
    if (role != NULL && !running)
        role->methods->shutdown(role);
}

bool quorum_peer_report_looking_sid(struct quorum_peer *self,
                                    const struct synced_learner_tracker *leading_vote_set,
                                    int64_t sid)
{
    struct quorum_peer_role *role = ref_role(self);
    bool leads = role != NULL && role->methods->report_looking_sid != NULL;
    if (leads)
        role->methods->report_looking_sid(role, leading_vote_set, sid);
    quorum_peer_role_unref(role);
    return leads;
}

bool quorum_peer_get_leader_status(struct quorum_peer *self, struct leader_status *ret_status)
{
    struct quorum_peer_role *role = ref_role(self);
    bool leads = role != NULL && role->methods->get_status != NULL;
    if (leads)
        role->methods->get_status(role, ret_status);
    quorum_peer_role_unref(role);
    return leads;
}
