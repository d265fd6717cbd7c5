/* What a leader does with the sessions of the ensemble. Java: server.quorum.LeaderSessionTracker
 *
 * Most methods ask the local sessions first, if there may be any, and then the tracker of global
 * ones. */
#include "zk/server/leader_session_tracker.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/runtime/log_table.h"
#include "zk/server/session_tracker_impl.h"
#include "zk/server/upgradeable_session_tracker.h"

struct leader_session_tracker {
    struct upgradeable_session_tracker base;        /* the first field */
    struct session_tracker *global_session_tracker; /* owned */
};

static struct session_tracker *global_of(struct session_tracker *tracker)
{
    return ((struct leader_session_tracker *)tracker)->global_session_tracker;
}

/* Java: removeSession() */
static void leader_remove_session(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL)
        session_tracker_remove_session(local, session_id);
    session_tracker_remove_session(global_of(tracker), session_id);
}

/* Java: start() */
static int leader_tracker_start(struct session_tracker *tracker)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    int r = session_tracker_start(global_of(tracker));
    if (r == 0 && local != NULL)
        r = session_tracker_start(local);
    return r;
}

/* Java: shutdown() */
static void leader_tracker_shutdown(struct session_tracker *tracker)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL)
        session_tracker_shutdown(local);
    session_tracker_shutdown(global_of(tracker));
}

/* Java: trackSession() */
static bool leader_track_session(struct session_tracker *tracker, int64_t session_id,
                                 int32_t timeout_ms)
{
    bool tracked = session_tracker_track_session(global_of(tracker), session_id, timeout_ms);
    if (tracked && local_session_tracker_of(tracker) != NULL)
        zk_log(upgradeable_session_tracker_of(tracker)->ctx, ZK_LOG_TRACKING_GLOBAL_SESSION,
               (uint64_t)session_id);
    return tracked;
}

/* Java: commitSession() */
static bool leader_commit_session(struct session_tracker *tracker, int64_t session_id,
                                  int32_t timeout_ms)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    bool added = session_tracker_commit_session(global_of(tracker), session_id, timeout_ms);
    if (added)
        zk_log(upgradeable_session_tracker_of(tracker)->ctx, ZK_LOG_COMMITTING_GLOBAL_SESSION,
               (uint64_t)session_id);
    /* A session that moved before its upgrade was done may have become local here again. */
    if (local != NULL)
        session_tracker_impl_take_out(local, session_id);
    return added;
}

/* Java: touchSession() */
static bool leader_touch_session(struct session_tracker *tracker, int64_t session_id,
                                 int32_t timeout_ms)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL && session_tracker_touch_session(local, session_id, timeout_ms))
        return true;
    return session_tracker_touch_session(global_of(tracker), session_id, timeout_ms);
}

/* Java: isGlobalSession() */
bool leader_session_tracker_is_global_session(struct session_tracker *tracker, int64_t session_id)
{
    return session_tracker_impl_is_tracking_session(global_of(tracker), session_id);
}

/* Java: createSession() */
static int64_t leader_create_session(struct session_tracker *tracker, int32_t timeout_ms)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    return session_tracker_create_session(local != NULL ? local : global_of(tracker), timeout_ms);
}

/* Java: getServerIdFromSessionId() */
static int64_t server_id_of_session(int64_t session_id)
{
    return session_id >> 56;
}

/* A session that nobody here knows may be a local one of another server.
 * Java: checkSession() */
static enum keeper_code leader_check_session(struct session_tracker *tracker, int64_t session_id,
                                             const void *owner)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    enum keeper_code code = KEEPER_CODE_UNKNOWNSESSION;
    if (local != NULL)
        code = session_tracker_check_session(local, session_id, owner);
    /* While it is upgraded it can be both, and then the global one counts. */
    if (code != KEEPER_CODE_UNKNOWNSESSION &&
        !session_tracker_impl_is_tracking_session(global_of(tracker), session_id))
        return code;
    code = session_tracker_check_session(global_of(tracker), session_id, owner);
    if (code != KEEPER_CODE_UNKNOWNSESSION)
        return code;
    bool may_be_anothers = local != NULL && server_id_of_session(session_id) !=
                                                upgradeable_session_tracker_of(tracker)->server_id;
    return may_be_anothers ? KEEPER_CODE_OK : KEEPER_CODE_SESSIONEXPIRED;
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
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL && session_tracker_set_owner(local, session_id, owner) == KEEPER_CODE_OK)
        return KEEPER_CODE_OK;
    return session_tracker_set_owner(global_of(tracker), session_id, owner);
}

/* Java: setSessionClosing() */
static void leader_set_session_closing(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    /* Nothing happens where it is not tracked. */
    if (local != NULL)
        session_tracker_set_session_closing(local, session_id);
    session_tracker_set_session_closing(global_of(tracker), session_id);
}

static void leader_tracker_free(struct session_tracker *tracker)
{
    session_tracker_free(local_session_tracker_of(tracker));
    session_tracker_free(global_of(tracker));
    free(tracker);
}

/* Java: dumpSessions() */
static void leader_dump_sessions(struct session_tracker *tracker,
                                 const struct session_timeouts *global_sessions, struct zk_str *str)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL) {
        zk_str_append(str, "Local ");
        session_tracker_dump_sessions(local, global_sessions, str);
        zk_str_append(str, "Global ");
    }
    session_tracker_dump_sessions(global_of(tracker), global_sessions, str);
}

/* Returns when the set at that index ends; INT64_MAX behind the last one. */
static int64_t set_time_ms(const struct session_expiry_map *map, size_t index)
{
    return index < map->count ? map->sets[index].time_ms : INT64_MAX;
}

/* Moves the sets of both maps into one. Of two sets with the same time that of the second map
 * stays, as Java's putAll() has it (K-227). */
static struct session_expiry_map put_all(struct session_expiry_map *first,
                                         struct session_expiry_map *second)
{
    struct session_expiry_map both = {
        .sets = zk_xcalloc(first->count + second->count + 1, sizeof *both.sets)};
    size_t i = 0;
    size_t j = 0;
    while (i < first->count || j < second->count) {
        if (set_time_ms(first, i) < set_time_ms(second, j)) {
            both.sets[both.count++] = first->sets[i++];
            continue;
        }
        if (set_time_ms(first, i) == set_time_ms(second, j))
            long_set_done(&first->sets[i++].sessions);
        both.sets[both.count++] = second->sets[j++];
    }
    free(first->sets);
    free(second->sets);
    return both;
}

/* Java: getSessionExpiryMap() */
static void leader_get_session_expiry_map(struct session_tracker *tracker,
                                          struct session_expiry_map *ret_map)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    struct session_expiry_map local_map = {0};
    struct session_expiry_map global_map;
    if (local != NULL)
        session_tracker_get_session_expiry_map(local, &local_map);
    session_tracker_get_session_expiry_map(global_of(tracker), &global_map);
    *ret_map = put_all(&local_map, &global_map);
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
    .get_local_session_count = upgradeable_session_tracker_get_local_session_count,
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
    leader->base = (struct upgradeable_session_tracker){.base.ops = &leader_ops, .ctx = ctx};
    leader->global_session_tracker =
        session_tracker_impl_new(ctx, expirer, sessions, tick_time_ms, server_id);
    return &leader->base.base;
}
