/* Sessions by id, and when each ends. Java: server.SessionTrackerImpl
 *
 * The table of committed sessions is the database's; this one also has those whose createSession is
 * still on its way. A session is closing from the moment at which it expires, or
 * PrepRequestProcessor has seen its closeSession, until that transaction is applied: meanwhile
 * nothing of it is accepted. */
#include "zk/server/session_tracker_impl.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/long_hash.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"
#include "zk/server/expiry_queue.h"

/* Java: SessionImpl */
struct session {
    struct expiry_item expiry; /* the first member: a pointer to it is one to the session */
    int64_t session_id;
    int32_t timeout_ms;
    bool is_committed; /* its createSession has been applied */
    bool is_closing;
    bool is_leaving;   /* a local session: it is becoming a global one */
    const void *owner; /* only compared; NULL: nobody has asked yet */
};

struct session_tracker_impl {
    struct session_tracker base;
    struct zk_context *ctx;
    struct session_expirer expirer;
    struct zk_atomic_long next_session_id;
    struct zk_stop stop; /* Java: running */
    struct zk_thread_group *threads;

    struct zk_mutex mu; /* Java's monitor of SessionTrackerImpl. Guards: */
    struct long_hash sessions_by_id GUARDED_BY(&mu); /* of struct session, owned */
    struct expiry_queue session_expiry_queue GUARDED_BY(&mu);
    /* Of local sessions: those that became global. In Java a map of
     * UpgradeableSessionTracker. */
    struct long_set taken_out GUARDED_BY(&mu);
};

static struct session_tracker_impl *impl_of(struct session_tracker *tracker)
{
    return (struct session_tracker_impl *)tracker;
}

static struct session *session_locked(struct session_tracker_impl *impl, int64_t session_id)
    REQUIRES(&impl->mu)
{
    struct long_hash_slot *slot = long_hash_get(&impl->sessions_by_id, session_id);
    return slot != NULL ? slot->value : NULL;
}

/* Java: initializeNextSessionId() */
int64_t session_tracker_impl_initialize_next_session_id(int64_t server_id, int64_t elapsed_ms)
{
    /* 40 bits of the time, and 16 below them in which ids are counted: a term that begins later
     * begins with higher ids, unless the one before gave 65,536 for each millisecond that it
     * lasted. */
    uint64_t next_sid = (uint64_t)elapsed_ms << 24 >> 8;
    next_sid |= (uint64_t)server_id << 56;
    /* This one marks a container where the owner of a node stands. */
    if (next_sid == UINT64_C(1) << 63)
        next_sid++;
    return (int64_t)next_sid;
}

/* Java: trackSession(). Returns whether the session is new. */
static bool track_session_locked(struct session_tracker_impl *impl, int64_t session_id,
                                 int32_t timeout_ms) REQUIRES(&impl->mu)
{
    struct long_hash_slot *slot = long_hash_put(&impl->sessions_by_id, session_id);
    struct session *session = slot->value;
    bool added = session == NULL;
    if (added) {
        slot->value = session = zk_xcalloc(1, sizeof *session);
        session->session_id = session_id;
        session->timeout_ms = timeout_ms;
    }
    expiry_queue_update(&impl->session_expiry_queue, &session->expiry, timeout_ms);
    return added;
}

/* ---- the thread ------------------------------------------------------------------------------ */

struct expired {
    int64_t session_id;
    int32_t timeout_ms;
};

/* Marks the sessions whose time is over as closing, and returns how many they are. The caller frees
 * *ret_expired. */
static size_t close_expired(struct session_tracker_impl *impl, struct expired **ret_expired)
{
    size_t count = 0;
    zk_mutex_lock(&impl->mu);
    struct expiry_item *first = expiry_queue_poll(&impl->session_expiry_queue);
    for (struct expiry_item *item = first; item != NULL; item = item->next)
        count++;
    struct expired *expired = zk_xcalloc(count, sizeof *expired);
    size_t at = 0;
    for (struct expiry_item *item = first, *next; item != NULL; item = next) {
        struct session *session = (struct session *)item;
        session->is_closing = true;
        expired[at++] = (struct expired){session->session_id, session->timeout_ms};
        next = item->next;
        *item = (struct expiry_item){0};
    }
    zk_mutex_unlock(&impl->mu);
    *ret_expired = expired;
    return count;
}

static int64_t wait_time(struct session_tracker_impl *impl)
{
    zk_mutex_lock(&impl->mu);
    int64_t wait_ms = expiry_queue_get_wait_time(&impl->session_expiry_queue);
    zk_mutex_unlock(&impl->mu);
    return wait_ms;
}

/* Java: run() */
static void session_tracker_impl_run(void *arg)
{
    struct session_tracker_impl *impl = arg;
    while (!zk_stop_requested(&impl->stop)) {
        int64_t wait_ms = wait_time(impl);
        if (wait_ms > 0) {
            (void)zk_stop_sleep(&impl->stop, wait_ms); /* the loop asks why it ended */
            continue;
        }
        /* All of one interval are marked before the first of them is asked to close. */
        struct expired *expired;
        size_t count = close_expired(impl, &expired);
        for (size_t i = 0; i < count; i++)
            impl->expirer.expire(impl->expirer.arg, expired[i].session_id, expired[i].timeout_ms);
        free(expired);
    }
    zk_log(impl->ctx, ZK_LOG_SESSION_TRACKER_EXITED);
}

/* ---- what SessionTracker asks for, in Java's order ------------------------------------------- */

/* Java: touchSession() */
static bool impl_touch_session(struct session_tracker *tracker, int64_t session_id,
                               int32_t timeout_ms)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    bool alive = session != NULL && !session->is_closing;
    if (alive)
        expiry_queue_update(&impl->session_expiry_queue, &session->expiry, timeout_ms);
    zk_mutex_unlock(&impl->mu);
    return alive;
}

/* Java: setSessionClosing() */
static void impl_set_session_closing(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    if (session != NULL)
        session->is_closing = true;
    zk_mutex_unlock(&impl->mu);
}

/* Java: removeSession() */
static void impl_remove_session(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    if (session != NULL) {
        expiry_queue_remove(&impl->session_expiry_queue, &session->expiry);
        long_hash_remove(&impl->sessions_by_id, session_id);
    }
    long_set_remove(&impl->taken_out, session_id);
    zk_mutex_unlock(&impl->mu);
    free(session);
}

/* Java: isTrackingSession() */
bool session_tracker_impl_is_tracking_session(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    bool tracked = session_locked(impl, session_id) != NULL;
    zk_mutex_unlock(&impl->mu);
    return tracked;
}

/* A session that has expired is left to its end; Java upgrades it, too, and the node that is asked
 * for is refused all the same. From now on it does not expire here. Java:
 * UpgradeableSessionTracker.upgradeSession(), its first half */
int32_t session_tracker_impl_begin_to_take_out(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    int32_t timeout_ms = -1;
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    if (session != NULL && !session->is_closing && !session->is_leaving) {
        timeout_ms = session->timeout_ms;
        session->is_leaving = true;
        expiry_queue_remove(&impl->session_expiry_queue, &session->expiry);
        long_set_add(&impl->taken_out, session_id);
    }
    zk_mutex_unlock(&impl->mu);
    return timeout_ms;
}

/* Java: UpgradeableSessionTracker.removeLocalSession() */
void session_tracker_impl_take_out(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    if (session != NULL && !session->is_closing) {
        expiry_queue_remove(&impl->session_expiry_queue, &session->expiry);
        long_hash_remove(&impl->sessions_by_id, session_id);
        long_set_add(&impl->taken_out, session_id);
        free(session);
    }
    zk_mutex_unlock(&impl->mu);
}

/* Java: UpgradeableSessionTracker.isUpgradingSession() */
bool session_tracker_impl_was_taken_out(struct session_tracker *tracker, int64_t session_id)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    bool was = long_set_has(&impl->taken_out, session_id);
    zk_mutex_unlock(&impl->mu);
    return was;
}

int64_t session_tracker_impl_get_session_count(struct session_tracker *tracker)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    int64_t count = (int64_t)impl->sessions_by_id.count;
    zk_mutex_unlock(&impl->mu);
    return count;
}

/* Java: shutdown(). Where Java's thread notices the flag after its sleep, ours is woken and joined
 * (D-6). */
static void impl_shutdown(struct session_tracker *tracker)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    (void)zk_stop_request(&impl->stop);
    zk_thread_group_join(impl->threads);
}

/* Java: createSession() */
static int64_t impl_create_session(struct session_tracker *tracker, int32_t timeout_ms)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    int64_t session_id = zk_atomic_long_add(&impl->next_session_id, 1) - 1;
    (void)session_tracker_track_session(tracker, session_id, timeout_ms);
    return session_id;
}

/* Java: trackSession() */
static bool impl_track_session(struct session_tracker *tracker, int64_t session_id,
                               int32_t timeout_ms)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    bool added = track_session_locked(impl, session_id, timeout_ms);
    zk_mutex_unlock(&impl->mu);
    return added;
}

/* Java: commitSession() */
static bool impl_commit_session(struct session_tracker *tracker, int64_t session_id,
                                int32_t timeout_ms)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    (void)timeout_ms; /* the database's table has it */
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    bool added = session != NULL && !session->is_committed;
    if (added)
        session->is_committed = true;
    zk_mutex_unlock(&impl->mu);
    return added;
}

/* Java: checkSession() */
static enum keeper_code impl_check_session(struct session_tracker *tracker, int64_t session_id,
                                           const void *owner)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    enum keeper_code code = KEEPER_CODE_OK;
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    if (session == NULL)
        code = KEEPER_CODE_UNKNOWNSESSION;
    else if (session->is_closing)
        code = KEEPER_CODE_SESSIONEXPIRED;
    else if (session->owner == NULL) /* the first that asks: nobody has claimed it yet */
        session->owner = owner;
    else if (session->owner != owner)
        code = KEEPER_CODE_SESSIONMOVED;
    zk_mutex_unlock(&impl->mu);
    return code;
}

/* Java: setOwner() */
static enum keeper_code impl_set_owner(struct session_tracker *tracker, int64_t session_id,
                                       const void *owner)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    enum keeper_code code = KEEPER_CODE_SESSIONEXPIRED;
    zk_mutex_lock(&impl->mu);
    struct session *session = session_locked(impl, session_id);
    if (session != NULL && !session->is_closing) {
        session->owner = owner;
        code = KEEPER_CODE_OK;
    }
    zk_mutex_unlock(&impl->mu);
    return code;
}

/* Java: checkGlobalSession() */
static enum keeper_code impl_check_global_session(struct session_tracker *tracker,
                                                  int64_t session_id, const void *owner)
{
    enum keeper_code code = impl_check_session(tracker, session_id, owner);
    return code == KEEPER_CODE_UNKNOWNSESSION ? KEEPER_CODE_SESSIONEXPIRED : code;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int impl_start(struct session_tracker *tracker)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    return zk_thread_group_start(impl->threads, session_tracker_impl_run, impl, "SessionTracker");
}

static void impl_free(struct session_tracker *tracker) UNSHARED
{
    struct session_tracker_impl *impl = impl_of(tracker);
    impl_shutdown(tracker);
    zk_thread_group_free(impl->threads);
    for (size_t i = 0; i < impl->sessions_by_id.room; i++)
        if (impl->sessions_by_id.slots[i].used)
            free(impl->sessions_by_id.slots[i].value);
    long_hash_done(&impl->sessions_by_id);
    long_set_done(&impl->taken_out);
    expiry_queue_done(&impl->session_expiry_queue);
    zk_mutex_destroy(&impl->mu);
    zk_stop_destroy(&impl->stop);
    free(impl);
}

static void append_session(const struct expiry_item *item, struct zk_str *str)
{
    const struct session *session = (const struct session *)item;
    zk_str_printf(str, "0x%" PRIx64, (uint64_t)session->session_id);
}

/* Java: dumpSessions() */
static void impl_dump_sessions(struct session_tracker *tracker,
                               const struct session_timeouts *global_sessions, struct zk_str *str)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    (void)global_sessions;
    zk_str_append(str, "Session ");
    zk_mutex_lock(&impl->mu);
    expiry_queue_dump(&impl->session_expiry_queue, append_session, str);
    zk_mutex_unlock(&impl->mu);
}

/* Java: getSessionExpiryMap() */
static void impl_get_session_expiry_map(struct session_tracker *tracker,
                                        struct session_expiry_map *ret_map)
{
    struct session_tracker_impl *impl = impl_of(tracker);
    zk_mutex_lock(&impl->mu);
    const struct long_map *buckets = &impl->session_expiry_queue.buckets;
    struct session_expiry_map map = {.count = buckets->count};
    map.sets = zk_xcalloc(map.count, sizeof *map.sets);
    for (size_t i = 0; i < map.count; i++) {
        map.sets[i].time_ms = buckets->entries[i].key;
        const struct expiry_item *item = buckets->entries[i].value;
        for (; item != NULL; item = item->next)
            long_set_add(&map.sets[i].sessions, ((const struct session *)item)->session_id);
    }
    zk_mutex_unlock(&impl->mu);
    *ret_map = map;
}

void session_expiry_map_done(struct session_expiry_map *map)
{
    for (size_t i = 0; i < map->count; i++)
        long_set_done(&map->sets[i].sessions);
    free(map->sets);
    *map = (struct session_expiry_map){0};
}

static const struct session_tracker_ops impl_ops = {
    .create_session = impl_create_session,
    .track_session = impl_track_session,
    .commit_session = impl_commit_session,
    .touch_session = impl_touch_session,
    .set_session_closing = impl_set_session_closing,
    .remove_session = impl_remove_session,
    .check_session = impl_check_session,
    .check_global_session = impl_check_global_session,
    .set_owner = impl_set_owner,
    .dump_sessions = impl_dump_sessions,
    .get_session_expiry_map = impl_get_session_expiry_map,
    .start = impl_start,
    .shutdown = impl_shutdown,
    .free = impl_free,
};

struct session_tracker *session_tracker_impl_new(struct zk_context *ctx,
                                                 struct session_expirer expirer,
                                                 const struct session_timeouts *sessions,
                                                 int32_t tick_time_ms, int64_t server_id) UNSHARED
{
    struct session_tracker_impl *impl = zk_xcalloc(1, sizeof *impl);
    impl->base.ops = &impl_ops;
    impl->ctx = ctx;
    impl->expirer = expirer;
    zk_atomic_long_init(&impl->next_session_id, session_tracker_impl_initialize_next_session_id(
                                                    server_id, zk_elapsed_ms()));
    zk_stop_init(&impl->stop, ctx, "session_tracker_stop");
    impl->threads = zk_thread_group_new(ctx);
    zk_mutex_init(&impl->mu, ctx, "session_tracker", ZK_RANK_SESSION_TRACKER);
    expiry_queue_init(&impl->session_expiry_queue, tick_time_ms);
    for (size_t i = 0; i < sessions->count; i++) {
        const struct session_timeout *item = &sessions->items[i];
        track_session_locked(impl, item->session, item->timeout_ms);
        session_locked(impl, item->session)->is_committed = true;
    }
    return &impl->base;
}
