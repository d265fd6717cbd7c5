/* The sessions as a leader sees them: all of the ensemble. Java: server.quorum.LeaderSessionTracker
 *
 * It wraps a session_tracker_impl, which has the lock and the thread, and begins with a struct
 * upgradeable_session_tracker. */
#ifndef ZK_SERVER_LEADER_SESSION_TRACKER_H
#define ZK_SERVER_LEADER_SESSION_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/server/session_tracker.h"

struct zk_context;
struct session_timeouts;

/* Java: new LeaderSessionTracker(). The parameters are those of session_tracker_impl_new. The
 * caller frees what is returned with session_tracker_free. */
struct session_tracker *leader_session_tracker_new(struct zk_context *ctx,
                                                   struct session_expirer expirer,
                                                   const struct session_timeouts *sessions,
                                                   int32_t tick_time_ms, int64_t server_id);

/* Returns whether the session is one of the whole ensemble, even if it is local here as well: its
 * createSession has been prepared, or asked for by the upgrade of a local session. The table of the
 * database follows later, when that has been applied. Any thread. Java: isGlobalSession() */
bool leader_session_tracker_is_global_session(struct session_tracker *tracker, int64_t session_id);

#endif
