/* Local sessions: of one server alone, which no other server knows and no transaction opens or
 * closes. The trackers of a leader and of a learner are both of this class; each asks its local
 * sessions first. A local session becomes a global one (it is upgraded) before it makes its first
 * ephemeral node. Java: server.quorum.UpgradeableSessionTracker, LocalSessionTracker
 *
 * Any thread may call. It has no lock of its own: the local sessions have that of their tracker,
 * which is a session_tracker_impl with a thread SessionTracker of its own. */
#ifndef ZK_SERVER_UPGRADEABLE_SESSION_TRACKER_H
#define ZK_SERVER_UPGRADEABLE_SESSION_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/server/session_tracker.h"

struct zk_context;
struct zk_database;

/* The first member of both kinds. Set before the tracker is started, then read-only. */
struct upgradeable_session_tracker {
    struct session_tracker base; /* the first field, so a pointer to it is one to the whole */
    struct zk_context *ctx;
    /* Java: LocalSessionTracker. Owned; NULL: local sessions are not enabled. */
    struct session_tracker *local_session_tracker;
    struct zk_database *database; /* which sessions are committed; NULL without local sessions */
    int64_t server_id;
};

/* Returns what tracker, a leader's or a learner's, begins with. */
static inline struct upgradeable_session_tracker *upgradeable_session_tracker_of(
    struct session_tracker *tracker)
{
    return (struct upgradeable_session_tracker *)tracker;
}

/* Returns the tracker of its local sessions; NULL: they are not enabled. */
static inline struct session_tracker *local_session_tracker_of(struct session_tracker *tracker)
{
    return upgradeable_session_tracker_of(tracker)->local_session_tracker;
}

/* Sessions are local from now on, until they are upgraded. tracker is a leader's or a learner's
 * that is not started yet; database stays the caller's and outlives it.
 * Java: createLocalSessionTracker() */
void upgradeable_session_tracker_create_local_session_tracker(struct session_tracker *tracker,
                                                              struct zk_database *database,
                                                              struct session_expirer expirer,
                                                              int32_t tick_time_ms,
                                                              int64_t server_id);

/* Returns whether the session is one of this server alone. Java: isLocalSession() */
bool upgradeable_session_tracker_is_local_session(struct session_tracker *tracker,
                                                  int64_t session_id);
/* Returns whether a createSession has been asked for on behalf of a session that was local here. It
 * stays so until the session ends; so there is no moment, not even between the transaction and its
 * entry in the table, in which the session is unknown (D-158). Java: isUpgradingSession(),
 * finishedUpgrading() */
bool upgradeable_session_tracker_is_upgrading_session(struct session_tracker *tracker,
                                                      int64_t session_id);
/* Returns whether the session is in the table of the database. Java:
 * LearnerSessionTracker.isGlobalSession() */
bool upgradeable_session_tracker_is_global_session(struct session_tracker *tracker,
                                                   int64_t session_id);
/* Makes a local session a global one. Returns its timeout in milliseconds, with which the caller
 * asks for its createSession; -1: it is no local session, or another thread upgrades it. Java:
 * upgradeSession() */
int32_t upgradeable_session_tracker_upgrade_session(struct session_tracker *tracker,
                                                    int64_t session_id);
/* Returns how many local sessions there are; 0 if they are not enabled. A method of both kinds.
 * Java: getLocalSessionCount() */
int64_t upgradeable_session_tracker_get_local_session_count(struct session_tracker *tracker);

#endif
