/* Which sessions there are, who may use each, and when it ends. Java: server.SessionTracker, an
 * interface
 *
 * A leader decides about sessions (leader_session_tracker.h): it tracks every session of the
 * ensemble, and only it lets one expire. A learner (learner_session_tracker.h) makes ids for its
 * own clients and remembers which of them it has heard from, so that the next PING can tell the
 * leader.
 * The table of committed sessions is the database's, which changes it when it applies createSession
 * and closeSession.
 *
 * A tracker belongs to the server of one term. Any thread may call every function but start,
 * shutdown and free. None blocks but shutdown. Timeouts are milliseconds. */
#ifndef ZK_SERVER_SESSION_TRACKER_H
#define ZK_SERVER_SESSION_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/long_map.h"
#include "zk/base/str.h"
#include "zk/jute/keeper_code.h"

struct session_timeouts;
struct session_tracker;

/* Sessions that end at one moment, by zk_elapsed_ms(). */
struct session_expiry_set {
    int64_t time_ms;
    struct long_set sessions;
};

/* Which sessions end when, unless they are heard from. */
struct session_expiry_map {
    struct session_expiry_set *sets; /* owned; their times ascend */
    size_t count;
};

void session_expiry_map_done(struct session_expiry_map *map);

/* What each method does is said at the function below that calls it. */
struct session_tracker_ops {
    int64_t (*create_session)(struct session_tracker *tracker, int32_t timeout_ms);
    bool (*track_session)(struct session_tracker *tracker, int64_t session_id, int32_t timeout_ms);
    bool (*commit_session)(struct session_tracker *tracker, int64_t session_id, int32_t timeout_ms);
    bool (*touch_session)(struct session_tracker *tracker, int64_t session_id, int32_t timeout_ms);
    void (*set_session_closing)(struct session_tracker *tracker, int64_t session_id);
    void (*remove_session)(struct session_tracker *tracker, int64_t session_id);
    enum keeper_code (*check_session)(struct session_tracker *tracker, int64_t session_id,
                                      const void *owner);
    enum keeper_code (*check_global_session)(struct session_tracker *tracker, int64_t session_id,
                                             const void *owner);
    enum keeper_code (*set_owner)(struct session_tracker *tracker, int64_t session_id,
                                  const void *owner);
    void (*dump_sessions)(struct session_tracker *tracker,
                          const struct session_timeouts *global_sessions, struct zk_str *str);
    void (*get_session_expiry_map)(struct session_tracker *tracker,
                                   struct session_expiry_map *ret_map);
    int64_t (*get_local_session_count)(struct session_tracker *tracker); /* NULL: 0 */
    int (*start)(struct session_tracker *tracker);
    void (*shutdown)(struct session_tracker *tracker);
    void (*free)(struct session_tracker *tracker);
};

/* The first member of every tracker's struct. */
struct session_tracker {
    const struct session_tracker_ops *ops;
};

/* What lets an expired session end: it asks for the transaction closeSession.
 * Java: SessionTracker.SessionExpirer, which ZooKeeperServer is */
struct session_expirer {
    /* Called by the tracker's thread, without a lock. Must not block. */
    void (*expire)(void *arg, int64_t session_id, int32_t timeout_ms);
    void *arg;
};

/* Returns a new id, which no server of the ensemble has given before. A leader tracks it from now
 * on. Java: createSession() */
static inline int64_t session_tracker_create_session(struct session_tracker *tracker,
                                                     int32_t timeout_ms)
{
    return tracker->ops->create_session(tracker, timeout_ms);
}

/* The session exists for PrepRequestProcessor from now on; the table of the database does not have
 * it before it is committed. One that is tracked already is touched. Returns whether it is new; a
 * learner tracks nothing. Java: trackSession() */
static inline bool session_tracker_track_session(struct session_tracker *tracker,
                                                 int64_t session_id, int32_t timeout_ms)
{
    return tracker->ops->track_session(tracker, session_id, timeout_ms);
}

/* createSession was committed. Returns whether the session was new. Java: commitSession() */
static inline bool session_tracker_commit_session(struct session_tracker *tracker,
                                                  int64_t session_id, int32_t timeout_ms)
{
    return tracker->ops->commit_session(tracker, session_id, timeout_ms);
}

/* Its client has been heard from. Returns false if there is no such session, or it is closing.
 * Java: touchSession() */
static inline bool session_tracker_touch_session(struct session_tracker *tracker,
                                                 int64_t session_id, int32_t timeout_ms)
{
    return tracker->ops->touch_session(tracker, session_id, timeout_ms);
}

/* Nothing of this session is accepted any more; closeSession is on its way. Java:
 * setSessionClosing() */
static inline void session_tracker_set_session_closing(struct session_tracker *tracker,
                                                       int64_t session_id)
{
    tracker->ops->set_session_closing(tracker, session_id);
}

/* closeSession was committed: the tracker forgets it. Java: removeSession() */
static inline void session_tracker_remove_session(struct session_tracker *tracker,
                                                  int64_t session_id)
{
    tracker->ops->remove_session(tracker, session_id);
}

/* Looks whether owner may use the session now. The first one that asks becomes its owner, unless
 * set_owner has said otherwise; owner is only compared. Returns KEEPER_CODE_OK, SESSIONEXPIRED or
 * SESSIONMOVED; a server alone has UNKNOWNSESSION, too. Java: checkSession() */
ZK_NODISCARD static inline enum keeper_code session_tracker_check_session(
    struct session_tracker *tracker, int64_t session_id, const void *owner)
{
    return tracker->ops->check_session(tracker, session_id, owner);
}

/* As session_tracker_check_session, but the session must be one of the whole ensemble. Java:
 * checkGlobalSession() */
ZK_NODISCARD static inline enum keeper_code session_tracker_check_global_session(
    struct session_tracker *tracker, int64_t session_id, const void *owner)
{
    return tracker->ops->check_global_session(tracker, session_id, owner);
}

/* Makes owner the one that may use the session. Returns KEEPER_CODE_OK or SESSIONEXPIRED. Java:
 * setOwner() */
ZK_NODISCARD static inline enum keeper_code session_tracker_set_owner(
    struct session_tracker *tracker, int64_t session_id, const void *owner)
{
    return tracker->ops->set_owner(tracker, session_id, owner);
}

/* Appends what the word dump shows of the sessions. global_sessions: the committed ones of the
 * database, which a learner shows. Java: dumpSessions() */
static inline void session_tracker_dump_sessions(struct session_tracker *tracker,
                                                 const struct session_timeouts *global_sessions,
                                                 struct zk_str *str)
{
    tracker->ops->dump_sessions(tracker, global_sessions, str);
}

/* Tells which sessions end when. The caller ends *ret_map with session_expiry_map_done. A learner's
 * map is empty. Java: getSessionExpiryMap() */
static inline void session_tracker_get_session_expiry_map(struct session_tracker *tracker,
                                                          struct session_expiry_map *ret_map)
{
    tracker->ops->get_session_expiry_map(tracker, ret_map);
}

/* Returns how many local sessions there are; 0 if this kind has none. Java:
 * getLocalSessionCount() */
static inline int64_t session_tracker_get_local_session_count(struct session_tracker *tracker)
{
    return tracker->ops->get_local_session_count != NULL
               ? tracker->ops->get_local_session_count(tracker)
               : 0;
}

/* Starts the thread that lets sessions expire, if this kind has one. Once. Errors: -EAGAIN, the
 * system gives no more threads. Java: ZooKeeperServer.startSessionTracker() */
ZK_NODISCARD static inline int session_tracker_start(struct session_tracker *tracker)
{
    return tracker->ops->start(tracker);
}

/* No session expires any more when this returns. Blocks until the thread has ended. Java:
 * shutdown() */
static inline void session_tracker_shutdown(struct session_tracker *tracker)
{
    tracker->ops->shutdown(tracker);
}

/* Shuts the tracker down if nobody has, and frees it. NULL is fine. */
static inline void session_tracker_free(struct session_tracker *tracker)
{
    if (tracker != NULL)
        tracker->ops->free(tracker);
}

#endif
