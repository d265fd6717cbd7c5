/* QuorumPeer without its loop: state, vote and role under one lock, which stands for Java's
 * monitor. The configuration is in quorum_peer_verifiers.c, the epochs on disk are in
 * quorum_peer_epochs.c.
 *
 * No thread runs here. No function holds two of the floor's locks, and none calls a role while it
 * holds one: a role takes locks of zab, which may not be taken under ours.
 *
 * Java: QuorumPeer */
#include "zk/quorum/quorum_peer.h"

#include <stdlib.h>

#include "quorum/lock_ranks.h"
#include "quorum/quorum_peer_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

static struct quorum_peer_monitor *monitor_new(struct zk_context *ctx);
static void monitor_free(struct quorum_peer_monitor *monitor);
static struct quorum_peer_role *ref_role(struct quorum_peer *self);

struct quorum_peer *quorum_peer_new(struct zk_context *ctx, const struct quorum_peer_config *config,
                                    struct zk_database *database)
{
    struct quorum_peer *self = zk_xcalloc(1, sizeof *self);
    self->ctx = ctx;
    self->config = config;
    self->database = database;
    self->metrics = server_metrics_new(ctx);
    if (database != NULL) /* tests of elections have none */
        zk_database_set_metrics(database, self->metrics);
    self->my_id = config->my_id;
    self->init_limit_ms = (int64_t)config->init_limit * config->tick_time_ms;
    self->sync_limit_ms = (int64_t)config->sync_limit * config->tick_time_ms;
    self->monitor = monitor_new(ctx);
    self->verifiers = quorum_peer_verifiers_new(ctx, config);
    self->epochs = epochs_new(ctx);
    return self;
}

void quorum_peer_free(struct quorum_peer *self)
{
    if (self == NULL)
        return;
    epochs_free(self->epochs);
    quorum_peer_verifiers_free(self->verifiers);
    monitor_free(self->monitor);
    server_metrics_free(self->metrics);
    free(self);
}

/* ---- the monitor ---------------------------------------------------------------------------- */

static struct quorum_peer_monitor *monitor_new(struct zk_context *ctx) UNSHARED
{
    struct quorum_peer_monitor *monitor = zk_xcalloc(1, sizeof *monitor);
    zk_mutex_init(&monitor->mu, ctx, "quorum_peer", ZK_RANK_QUORUM_PEER);
    monitor->state = SERVER_STATE_LOOKING;
    monitor->zab_state = ZAB_STATE_ELECTION;
    monitor->leader_id = -1;
    monitor->start_fle_ms = -1;
    monitor->looking_since_ms = zk_elapsed_ms();
    monitor->running = true;
    return monitor;
}

static void monitor_free(struct quorum_peer_monitor *monitor) UNSHARED
{
    zk_assert(monitor->role == NULL);
    zk_mutex_destroy(&monitor->mu);
    free(monitor);
}

/* ---- state and vote ------------------------------------------------------------------------- */

/* Java: getDetailedPeerState() */
static void log_peer_state_locked(struct quorum_peer *self, struct quorum_peer_monitor *m)
    REQUIRES(&m->mu)
{
    struct zk_str detail = {0};
    zk_mutex_assert_held(&m->mu);
    zk_str_append(&detail, server_state_lower_name(m->state));
    if (m->zab_state != ZAB_STATE_ELECTION)
        zk_str_printf(&detail, " - %s", zab_state_name(m->zab_state));
    if (m->sync_mode != SYNC_MODE_NONE)
        zk_str_printf(&detail, " - %s", sync_mode_name(m->sync_mode));
    zk_log(self->ctx, ZK_LOG_PEER_STATE_CHANGED, zk_str_text(&detail));
    zk_str_done(&detail);
}

/* The edges of section 12.1 of NOTES.md: an election ends in a role, and a role in an election. A
 * change from role to role would mean that two roles live at once. */
static bool is_legal_change(enum server_state from, enum server_state to)
{
    return (from == SERVER_STATE_LOOKING) != (to == SERVER_STATE_LOOKING);
}

static void set_peer_state_locked(struct quorum_peer *self, struct quorum_peer_monitor *m,
                                  enum server_state state, const char *why) REQUIRES(&m->mu)
{
    zk_mutex_assert_held(&m->mu);
    zk_assert(is_legal_change(m->state, state));
    m->state = state;
    if (state == SERVER_STATE_LOOKING) {
        m->looking_since_ms = zk_elapsed_ms();
        m->leader_id = -1;
        m->zab_state = ZAB_STATE_ELECTION;
        m->sync_mode = SYNC_MODE_NONE;
    }
    log_peer_state_locked(self, m);
    zk_trace_state(self->ctx, server_state_name(state), why);
}

/* Java: getPeerState(), synchronized */
enum server_state quorum_peer_get_peer_state(struct quorum_peer *self)
{
    return quorum_peer_get_phase(self).state;
}

/* Java: setPeerState(), synchronized */
void quorum_peer_set_peer_state(struct quorum_peer *self, enum server_state state, const char *why)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    set_peer_state_locked(self, m, state, why);
    zk_mutex_unlock(&m->mu);
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
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->has_vote = vote != NULL;
    if (vote != NULL)
        m->current_vote = *vote;
    zk_mutex_unlock(&m->mu);
}

void quorum_peer_decide(struct quorum_peer *self, enum server_state state, const struct vote *vote,
                        const char *why)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->has_vote = true;
    m->current_vote = *vote;
    set_peer_state_locked(self, m, state, why);
    zk_mutex_unlock(&m->mu);
}

enum server_state quorum_peer_get_state_and_vote(struct quorum_peer *self, bool *ret_has_vote,
                                                 struct vote *ret_vote)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    enum server_state state = m->state;
    *ret_has_vote = m->has_vote;
    if (m->has_vote)
        *ret_vote = m->current_vote;
    zk_mutex_unlock(&m->mu);
    return state;
}

/* Leader, zxid and round stay what they were in the election. With the old epoch a late joiner
 * would be told of an epoch that is over, and votes of members that settled at different times
 * would differ. Java: updateElectionVote() */
void quorum_peer_update_election_vote(struct quorum_peer *self, int64_t new_epoch)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    if (m->has_vote)
        m->current_vote.peer_epoch = new_epoch;
    zk_mutex_unlock(&m->mu);
}

/* ---- the phase ------------------------------------------------------------------------------ */

struct quorum_peer_phase quorum_peer_get_phase(struct quorum_peer *self)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    struct quorum_peer_phase phase = {
        .state = m->state,
        .zab_state = m->zab_state,
        .sync_mode = m->sync_mode,
        .leader_id = m->leader_id,
        .broadcast_since_ms = m->zab_state == ZAB_STATE_BROADCAST ? m->broadcast_since_ms : -1,
    };
    zk_mutex_unlock(&m->mu);
    return phase;
}

/* The peer serves again, for the first time since it began to look.
 * Java: ServerMetrics.UNAVAILABLE_TIME, LEADER_UNAVAILABLE_TIME */
static void end_unavailability_locked(struct quorum_peer *self, struct quorum_peer_monitor *m)
    REQUIRES(&m->mu)
{
    m->broadcast_since_ms = zk_elapsed_ms();
    int64_t unavailable_ms = m->broadcast_since_ms - m->looking_since_ms;
    server_metrics_add(self->metrics, SERVER_METRICS_UNAVAILABLE_TIME, unavailable_ms);
    if (m->state == SERVER_STATE_LEADING)
        server_metrics_add(self->metrics, SERVER_METRICS_LEADER_UNAVAILABLE_TIME, unavailable_ms);
}

/* Java: setZabState() */
void quorum_peer_set_zab_state(struct quorum_peer *self, enum zab_state state)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->zab_state = state;
    if (state == ZAB_STATE_BROADCAST)
        end_unavailability_locked(self, m);
    log_peer_state_locked(self, m);
    zk_mutex_unlock(&m->mu);
    zk_trace_phase(self->ctx, zab_state_name(state));
}

/* Java: setSyncMode() */
void quorum_peer_set_sync_mode(struct quorum_peer *self, enum sync_mode mode)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->sync_mode = mode;
    log_peer_state_locked(self, m);
    zk_mutex_unlock(&m->mu);
}

/* Java: setLeaderAddressAndId() */
void quorum_peer_set_leader_id(struct quorum_peer *self, int64_t leader)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->leader_id = leader;
    zk_mutex_unlock(&m->mu);
}

/* ---- what one thread leaves for another ----------------------------------------------------- */

void quorum_peer_set_start_fle(struct quorum_peer *self, int64_t elapsed_ms)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->start_fle_ms = elapsed_ms;
    zk_mutex_unlock(&m->mu);
}

int64_t quorum_peer_take_start_fle(struct quorum_peer *self)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    int64_t elapsed_ms = m->start_fle_ms;
    m->start_fle_ms = -1;
    zk_mutex_unlock(&m->mu);
    return elapsed_ms;
}

void quorum_peer_set_shutting_down_le(struct quorum_peer *self)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->shutting_down_le = true;
    zk_mutex_unlock(&m->mu);
}

bool quorum_peer_take_shutting_down_le(struct quorum_peer *self)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    bool was = m->shutting_down_le;
    m->shutting_down_le = false;
    zk_mutex_unlock(&m->mu);
    return was;
}

/* Java: isRunning() */
bool quorum_peer_is_running(struct quorum_peer *self)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    bool running = m->running;
    zk_mutex_unlock(&m->mu);
    return running;
}

/* Java: shutdown(), its first lines */
void quorum_peer_stop_running(struct quorum_peer *self)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    m->running = false;
    zk_mutex_unlock(&m->mu);
    /* A role that is set from now on finds running false: quorum_peer_set_role shuts it down. */
    struct quorum_peer_role *role = ref_role(self);
    if (role != NULL)
        role->methods->shutdown(role);
    quorum_peer_role_unref(role);
}

/* ---- the role ------------------------------------------------------------------------------- */

/* Returns the role of this moment, with a reference that outlives the lock, or NULL. */
static struct quorum_peer_role *ref_role(struct quorum_peer *self)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    struct quorum_peer_role *role = m->role == NULL ? NULL : quorum_peer_role_ref(m->role);
    zk_mutex_unlock(&m->mu);
    return role;
}

/* Java: setLeader(), setFollower(), setObserver(), synchronized */
void quorum_peer_set_role(struct quorum_peer *self, struct quorum_peer_role *role)
{
    struct quorum_peer_monitor *m = self->monitor;
    zk_mutex_lock(&m->mu);
    struct quorum_peer_role *before = m->role;
    m->role = role == NULL ? NULL : quorum_peer_role_ref(role);
    bool running = m->running;
    zk_mutex_unlock(&m->mu);
    quorum_peer_role_unref(before);
    if (role != NULL && !running)
        role->methods->shutdown(role);
}

/* Java: getActiveServer() */
struct zookeeper_server *quorum_peer_get_active_server(struct quorum_peer *self)
{
    struct quorum_peer_role *role = ref_role(self);
    struct zookeeper_server *zk = role != NULL ? zookeeper_server_ref(role->zk) : NULL;
    quorum_peer_role_unref(role);
    return zk;
}

void quorum_peer_set_cnxn_factory(struct quorum_peer *self,
                                  const struct quorum_peer_cnxn_factory *factory)
{
    self->cnxn_factory = *factory;
}

/* Java: setZooKeeperServer(), closeAllConnections() */
void quorum_peer_set_zookeeper_server(struct quorum_peer *self, struct zookeeper_server *server)
{
    if (self->cnxn_factory.set_zookeeper_server == NULL)
        return;
    if (server != NULL)
        zookeeper_server_set_session_timeouts(server, self->config->min_session_timeout_ms,
                                              self->config->max_session_timeout_ms);
    self->cnxn_factory.set_zookeeper_server(self->cnxn_factory.arg, server);
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

size_t quorum_peer_get_observers(struct quorum_peer *self, struct observer_info **ret_infos)
{
    size_t count = 0;
    struct quorum_peer_role *role = ref_role(self);
    *ret_infos = NULL;
    if (role != NULL && role->methods->get_observers != NULL)
        count = role->methods->get_observers(role, ret_infos);
    quorum_peer_role_unref(role);
    return count;
}

void quorum_peer_reset_observer_stats(struct quorum_peer *self)
{
    struct quorum_peer_role *role = ref_role(self);
    if (role != NULL && role->methods->reset_observer_stats != NULL)
        role->methods->reset_observer_stats(role);
    quorum_peer_role_unref(role);
}

void quorum_peer_reset_proposal_stats(struct quorum_peer *self)
{
    struct quorum_peer_role *role = ref_role(self);
    if (role != NULL && role->methods->reset_proposal_stats != NULL)
        role->methods->reset_proposal_stats(role);
    quorum_peer_role_unref(role);
}
