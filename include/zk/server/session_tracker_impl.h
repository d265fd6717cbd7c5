/* Tracks sessions (a leader's, those of the whole ensemble; or a server's local ones) and lets
 * those expire that are silent for too long. Java: server.SessionTrackerImpl
 *
 * One mutex (ZK_RANK_SESSION_TRACKER) guards all. The thread "SessionTracker" wakes up once a
 * tick. */
#ifndef ZK_SERVER_SESSION_TRACKER_IMPL_H
#define ZK_SERVER_SESSION_TRACKER_IMPL_H

#include <stdint.h>

#include "zk/server/session_tracker.h"

struct zk_context;
struct session_timeouts;

/* Java: new SessionTrackerImpl(). Every one of sessions, the database's table, is tracked with its
 * full timeout. sessions is copied; expirer.arg stays the caller's and outlives the tracker.
 * Sessions end at multiples of tick_time_ms. server_id is in the ids that the tracker gives. The
 * caller frees what is returned with session_tracker_free. */
struct session_tracker *session_tracker_impl_new(struct zk_context *ctx,
                                                 struct session_expirer expirer,
                                                 const struct session_timeouts *sessions,
                                                 int32_t tick_time_ms, int64_t server_id);

/* Returns whether the session is tracked, even if it is closing. Java: isTrackingSession() */
bool session_tracker_impl_is_tracking_session(struct session_tracker *tracker, int64_t session_id);

/* Local sessions become global ones in two steps, so that another tracker can begin to track the
 * session before this one forgets it. */

/* Returns the session's timeout in milliseconds, to one caller only; -1: there is no such session,
 * it is closing, or it is being taken out already. The session stays tracked, but expires no more
 * unless it is touched again. Java: UpgradeableSessionTracker.upgradeSession() */
int32_t session_tracker_impl_begin_to_take_out(struct session_tracker *tracker, int64_t session_id);
/* The session is not tracked any more, and it is remembered that it was; one that is closing or
 * unknown is left alone. Java: UpgradeableSessionTracker.removeLocalSession() */
void session_tracker_impl_take_out(struct session_tracker *tracker, int64_t session_id);
/* Returns whether the session was taken out, or is being taken out, and has not been removed since.
 * Java: UpgradeableSessionTracker.isUpgradingSession() */
bool session_tracker_impl_was_taken_out(struct session_tracker *tracker, int64_t session_id);

/* Returns how many are tracked. */
int64_t session_tracker_impl_get_session_count(struct session_tracker *tracker);

/* Returns the first id that server_id gives when it begins at elapsed_ms: the server in the highest
 * byte, then 40 bits of the time, then 16 bits of 0, in which the ids are counted. Java:
 * initializeNextSessionId() */
int64_t session_tracker_impl_initialize_next_session_id(int64_t server_id, int64_t elapsed_ms);

#endif
