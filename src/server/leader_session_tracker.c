/* What a leader does with the sessions of the ensemble. Java: server.quorum.LeaderSessionTracker
 *
 * Each method hands on to the tracker of global sessions. They stand here one by one because
 * Java's do, and because this is where local sessions will be asked first. */
#include "zk/server/leader_session_tracker.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/runtime/log_table.h"
#include "zk/server/session_tracker_impl.h"

struct leader_session_tracker {
    struct session_tracker base;
    struct zk_context *ctx;
    struct session_tracker *global_session_tracker; /* owned */
};

static struct session_tracker *global_of(struct session_tracker *tracker)
{
    return ((struct leader_session_tracker *)tracker)->global_session_tracker;
}

/* Java: removeSession() */
static void leader_remove_session(struct session_tracker *tracker, int64_t session_id)
{
    session_tracker_remove_session(global_of(tracker), session_id);
}

/* Java: start() */
static int leader_tracker_start(struct session_tracker *tracker)
{
    return session_tracker_start(global_of(tracker));
}

/* Java: shutdown() */
static void leader_tracker_shutdown(struct session_tracker *tracker)
{
    session_tracker_shutdown(global_of(tracker));
}

/* Java: trackSession() */
static bool leader_track_session(struct session_tracker *tracker, int64_t session_id,
                                 int32_t timeout_ms)
{
    return session_tracker_track_session(global_of(tracker), session_id, timeout_ms);
}

/* Java: commitSession() */
static bool leader_commit_session(struct session_tracker *tracker, int64_t session_id,
                                  int32_t timeout_ms)
{
    bool added = session_tracker_commit_session(global_of(tracker), session_id, timeout_ms);
    if (added)
        zk_log(((struct leader_session_tracker *)tracker)->ctx, ZK_LOG_COMMITTING_GLOBAL_SESSION,
               (uint64_t)session_id);
    return added;
}

/* Java: touchSession() */
static bool leader_touch_session(struct session_tracker *tracker, int64_t session_id,
                                 int32_t timeout_ms)
{
    return session_tracker_touch_session(global_of(tracker), session_id, timeout_ms);
}

/* Java: createSession() */
static int64_t leader_create_session(struct session_tracker *tracker, int32_t timeout_ms)
{
    return session_tracker_create_session(global_of(tracker), timeout_ms);
}

/* Java: checkSession(). A session that nobody knows might be a local one of another server; as
 * there are none, it has expired. */
static enum keeper_code leader_check_session(struct session_tracker *tracker, int64_t session_id,
                                             const void *owner)
{
    enum keeper_code code = session_tracker_check_session(global_of(tracker), session_id, owner);
    return code == KEEPER_CODE_UNKNOWNSESSION ? KEEPER_CODE_SESSIONEXPIRED : code;
}

/* Java: checkGlobalSession() */
static enum keeper_code leader_check_global_session(struct session_tracker *tracker,
                                                    int64_t session_id, const void *owner)
{
    return session_tracker_check_global_session(global_of(tracker), session_id, owner);
}

/* Java: setOwner() */
static enum keeper_code leader_set_owner(struct session_tracker *tracker, int64_t session_id,
                                         const void *owner)
{
    return session_tracker_set_owner(global_of(tracker), session_id, owner);
}

/* Java: setSessionClosing() */
static void leader_set_session_closing(struct session_tracker *tracker, int64_t session_id)
{
    session_tracker_set_session_closing(global_of(tracker), session_id);
}

static void leader_tracker_free(struct session_tracker *tracker)
{
    session_tracker_free(global_of(tracker));
    free(tracker);
}

/* Java: dumpSessions() */
static void leader_dump_sessions(struct session_tracker *tracker,
                                 const struct session_timeouts *global_sessions, struct zk_str *str)
{
    session_tracker_dump_sessions(global_of(tracker), global_sessions, str);
}

/* Java: getSessionExpiryMap() */
static void leader_get_session_expiry_map(struct session_tracker *tracker,
                                          struct session_expiry_map *ret_map)
{
    session_tracker_get_session_expiry_map(global_of(tracker), ret_map);
}

static const struct session_tracker_ops leader_ops = {
    .create_session = leader_create_session,
    .track_session = leader_track_session,
    .commit_session = leader_commit_session,
    .touch_session = leader_touch_session,
    .set_session_closing = leader_set_session_closing,
    .remove_session = leader_remove_session,
    .check_session = leader_check_session,
    .check_global_session = leader_check_global_session,
    .set_owner = leader_set_owner,
    .dump_sessions = leader_dump_sessions,
    .get_session_expiry_map = leader_get_session_expiry_map,
    .start = leader_tracker_start,
    .shutdown = leader_tracker_shutdown,
    .free = leader_tracker_free,
};

struct session_tracker *leader_session_tracker_new(struct zk_context *ctx,
                                                   struct session_expirer expirer,
                                                   const struct session_timeouts *sessions,
                                                   int32_t tick_time_ms, int64_t server_id)
{
    struct leader_session_tracker *leader = zk_xcalloc(1, sizeof *leader);
    leader->base.ops = &leader_ops;
    leader->ctx = ctx;
    leader->global_session_tracker =
        session_tracker_impl_new(ctx, expirer, sessions, tick_time_ms, server_id);
    return &leader->base;
}
