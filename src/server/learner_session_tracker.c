/* A learner makes ids for its own clients and notes which of them it has heard from. Java:
 * server.quorum.LearnerSessionTracker
 *
 * The touch table is a hash table: a server with 100,000 clients fills it anew every half tick. */
#include "zk/server/learner_session_tracker.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/long_hash.h"
#include "zk/base/refcount.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/server/session_tracker_impl.h"
#include "zk/server/upgradeable_session_tracker.h"

struct learner_session_tracker {
    struct upgradeable_session_tracker base; /* the first field */
    struct zk_atomic_long next_session_id;

    struct zk_mutex mu; /* In Java an AtomicReference of a ConcurrentHashMap. Guards: */
    struct long_hash touch_table GUARDED_BY(&mu); /* timeouts by session */
    struct long_hash revalidated GUARDED_BY(&mu); /* sessions that the leader knows */
};

static struct learner_session_tracker *learner_of(struct session_tracker *tracker)
{
    return (struct learner_session_tracker *)tracker;
}

/* Java: removeSession() */
static void learner_remove_session(struct session_tracker *tracker, int64_t session_id)
{
    struct learner_session_tracker *learner = learner_of(tracker);
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL)
        session_tracker_remove_session(local, session_id);
    zk_mutex_lock(&learner->mu);
    long_hash_remove(&learner->touch_table, session_id);
    long_hash_remove(&learner->revalidated, session_id);
    zk_mutex_unlock(&learner->mu);
}

/* Java: start(): only local sessions need a thread. */
static int learner_tracker_start(struct session_tracker *tracker)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    return local != NULL ? session_tracker_start(local) : 0;
}

/* Java: shutdown() */
static void learner_tracker_shutdown(struct session_tracker *tracker)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL)
        session_tracker_shutdown(local);
}

/* A session whose createSession has been applied needs no note. */
void learner_session_tracker_revalidated(struct session_tracker *tracker, int64_t session_id)
{
    struct learner_session_tracker *learner = learner_of(tracker);
    if (local_session_tracker_of(tracker) == NULL ||
        upgradeable_session_tracker_is_global_session(tracker, session_id))
        return;
    zk_mutex_lock(&learner->mu);
    long_hash_put(&learner->revalidated, session_id);
    zk_mutex_unlock(&learner->mu);
}

static bool is_revalidated(struct learner_session_tracker *learner, int64_t session_id)
{
    zk_mutex_lock(&learner->mu);
    bool revalidated = long_hash_get(&learner->revalidated, session_id) != NULL;
    zk_mutex_unlock(&learner->mu);
    return revalidated;
}

/* Java: trackSession() */
static bool learner_track_session(struct session_tracker *tracker, int64_t session_id,
                                  int32_t timeout_ms)
{
    (void)tracker;
    (void)session_id;
    (void)timeout_ms;
    return false;
}

static void touch(struct learner_session_tracker *learner, int64_t session_id, int32_t timeout_ms)
{
    zk_mutex_lock(&learner->mu);
    long_hash_put(&learner->touch_table, session_id)->number = timeout_ms;
    zk_mutex_unlock(&learner->mu);
}

/* Java: commitSession(). The sessions of all servers' clients are committed here, and each is once
 * in the answer to a PING, the next one. */
static bool learner_commit_session(struct session_tracker *tracker, int64_t session_id,
                                   int32_t timeout_ms)
{
    struct learner_session_tracker *learner = learner_of(tracker);
    struct session_tracker *local = local_session_tracker_of(tracker);
    zk_log(learner->base.ctx, ZK_LOG_COMMITTING_GLOBAL_SESSION, (uint64_t)session_id);
    /* A session that moved before its upgrade was done may have become local here again. */
    if (local != NULL)
        session_tracker_impl_take_out(local, session_id);
    touch(learner, session_id, timeout_ms);
    return true;
}

/* Only the leader knows whether a global session still lives. Java: touchSession() */
static bool learner_touch_session(struct session_tracker *tracker, int64_t session_id,
                                  int32_t timeout_ms)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL) {
        if (session_tracker_touch_session(local, session_id, timeout_ms))
            return true;
        if (!upgradeable_session_tracker_is_global_session(tracker, session_id) &&
            !upgradeable_session_tracker_is_upgrading_session(tracker, session_id) &&
            !is_revalidated(learner_of(tracker), session_id))
            return false;
    }
    touch(learner_of(tracker), session_id, timeout_ms);
    return true;
}

static int compare_sessions(const void *one, const void *other)
{
    const struct session_timeout *a = one;
    const struct session_timeout *b = other;
    return (a->session > b->session) - (a->session < b->session);
}

/* Java: snapshot() */
void learner_session_tracker_snapshot(struct session_tracker *tracker,
                                      struct session_timeouts *ret_touched)
{
    struct learner_session_tracker *learner = learner_of(tracker);
    zk_mutex_lock(&learner->mu);
    struct long_hash table = learner->touch_table;
    learner->touch_table = (struct long_hash){0};
    zk_mutex_unlock(&learner->mu);

    struct session_timeouts touched = {.room = table.count};
    if (table.count > 0)
        touched.items = zk_xcalloc(table.count, sizeof *touched.items);
    for (size_t i = 0; i < table.room; i++)
        if (table.slots[i].used)
            touched.items[touched.count++] = (struct session_timeout){
                .session = table.slots[i].key, .timeout_ms = (int32_t)table.slots[i].number};
    long_hash_done(&table);
    if (touched.count > 0)
        qsort(touched.items, touched.count, sizeof *touched.items, compare_sessions);
    *ret_touched = touched;
}

/* Java: createSession() */
static int64_t learner_create_session(struct session_tracker *tracker, int32_t timeout_ms)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL)
        return session_tracker_create_session(local, timeout_ms);
    return zk_atomic_long_add(&learner_of(tracker)->next_session_id, 1) - 1;
}

/* Global sessions are the leader's to check; here only those are refused that are neither local nor
 * global. Java: checkSession() */
static enum keeper_code learner_check_session(struct session_tracker *tracker, int64_t session_id,
                                              const void *owner)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local == NULL)
        return KEEPER_CODE_OK;
    enum keeper_code code = session_tracker_check_session(local, session_id, owner);
    if (code != KEEPER_CODE_UNKNOWNSESSION)
        return code;
    return upgradeable_session_tracker_is_global_session(tracker, session_id)
               ? KEEPER_CODE_OK
               : KEEPER_CODE_SESSIONEXPIRED;
}

/* Java: setOwner() */
static enum keeper_code learner_set_owner(struct session_tracker *tracker, int64_t session_id,
                                          const void *owner)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local == NULL || session_tracker_set_owner(local, session_id, owner) == KEEPER_CODE_OK ||
        upgradeable_session_tracker_is_global_session(tracker, session_id))
        return KEEPER_CODE_OK;
    return KEEPER_CODE_SESSIONEXPIRED;
}

/* Java: setSessionClosing() */
static void learner_set_session_closing(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL)
        session_tracker_set_session_closing(local, session_id);
}

static void learner_tracker_free(struct session_tracker *tracker) UNSHARED
{
    struct learner_session_tracker *learner = learner_of(tracker);
    session_tracker_free(local_session_tracker_of(tracker));
    long_hash_done(&learner->touch_table);
    long_hash_done(&learner->revalidated);
    zk_mutex_destroy(&learner->mu);
    free(learner);
}

/* Java: dumpSessions() */
static void learner_dump_sessions(struct session_tracker *tracker,
                                  const struct session_timeouts *global_sessions,
                                  struct zk_str *str)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local != NULL) {
        zk_str_append(str, "Local ");
        session_tracker_dump_sessions(local, global_sessions, str);
    }
    zk_str_printf(str, "Global Sessions(%zu):\n", global_sessions->count);
    for (size_t i = 0; i < global_sessions->count; i++)
        zk_str_printf(str, "0x%" PRIx64 "\t%" PRId32 "ms\n",
                      (uint64_t)global_sessions->items[i].session,
                      global_sessions->items[i].timeout_ms);
}

/* Java: getSessionExpiryMap(). The leader knows when they end. */
static void learner_get_session_expiry_map(struct session_tracker *tracker,
                                           struct session_expiry_map *ret_map)
{
    (void)tracker;
    *ret_map = (struct session_expiry_map){0};
}

static const struct session_tracker_ops learner_ops = {
    .create_session = learner_create_session,
    .track_session = learner_track_session,
    .commit_session = learner_commit_session,
    .touch_session = learner_touch_session,
    .set_session_closing = learner_set_session_closing,
    .remove_session = learner_remove_session,
    .check_session = learner_check_session,
    .check_global_session = learner_check_session,
    .set_owner = learner_set_owner,
    .dump_sessions = learner_dump_sessions,
    .get_local_session_count = upgradeable_session_tracker_get_local_session_count,
    .get_session_expiry_map = learner_get_session_expiry_map,
    .start = learner_tracker_start,
    .shutdown = learner_tracker_shutdown,
    .free = learner_tracker_free,
};

struct session_tracker *learner_session_tracker_new(struct zk_context *ctx,
                                                    int64_t server_id) UNSHARED
{
    struct learner_session_tracker *learner = zk_xcalloc(1, sizeof *learner);
    learner->base = (struct upgradeable_session_tracker){.base.ops = &learner_ops, .ctx = ctx};
    zk_atomic_long_init(&learner->next_session_id, session_tracker_impl_initialize_next_session_id(
                                                       server_id, zk_elapsed_ms()));
    zk_mutex_init(&learner->mu, ctx, "learner_session_tracker", ZK_RANK_SESSION_TRACKER);
    return &learner->base.base;
}
