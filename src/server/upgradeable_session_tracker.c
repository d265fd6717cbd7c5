/* What leader and learner do with local sessions. Java: server.quorum.UpgradeableSessionTracker */
#include "zk/server/upgradeable_session_tracker.h"

#include "zk/persistence/serialize_utils.h"
#include "zk/runtime/log_table.h"
#include "zk/server/session_tracker_impl.h"
#include "zk/server/zk_database.h"

/* Java: createLocalSessionTracker() */
void upgradeable_session_tracker_create_local_session_tracker(struct session_tracker *tracker,
                                                              struct zk_database *database,
                                                              struct session_expirer expirer,
                                                              int32_t tick_time_ms,
                                                              int64_t server_id)
{
    struct upgradeable_session_tracker *self = upgradeable_session_tracker_of(tracker);
    const struct session_timeouts none = {0};
    self->database = database;
    self->server_id = server_id;
    self->local_session_tracker =
        session_tracker_impl_new(self->ctx, expirer, &none, tick_time_ms, server_id);
}

/* Java: isLocalSession() */
bool upgradeable_session_tracker_is_local_session(struct session_tracker *tracker,
                                                  int64_t session_id)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    return local != NULL && session_tracker_impl_is_tracking_session(local, session_id);
}

/* Java: isUpgradingSession() */
bool upgradeable_session_tracker_is_upgrading_session(struct session_tracker *tracker,
                                                      int64_t session_id)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    return local != NULL && session_tracker_impl_was_taken_out(local, session_id);
}

/* Java: LearnerSessionTracker.isGlobalSession() */
bool upgradeable_session_tracker_is_global_session(struct session_tracker *tracker,
                                                   int64_t session_id)
{
    struct upgradeable_session_tracker *self = upgradeable_session_tracker_of(tracker);
    return self->database != NULL && zk_database_has_session(self->database, session_id);
}

/* A leader tracks the session before it is forgotten as a local one: at every moment one of the two
 * knows it, so what its client asks meanwhile, here or through another server, is not refused. A
 * learner leaves the tracking to its leader. Java: upgradeSession() */
int32_t upgradeable_session_tracker_upgrade_session(struct session_tracker *tracker,
                                                    int64_t session_id)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    if (local == NULL)
        return -1;
    int32_t timeout_ms = session_tracker_impl_begin_to_take_out(local, session_id);
    if (timeout_ms < 0)
        return -1;
    zk_log(upgradeable_session_tracker_of(tracker)->ctx, ZK_LOG_UPGRADING_SESSION,
           (uint64_t)session_id);
    (void)session_tracker_track_session(tracker, session_id, timeout_ms);
    session_tracker_impl_take_out(local, session_id);
    return timeout_ms;
}

/* Java: getLocalSessionCount() */
int64_t upgradeable_session_tracker_get_local_session_count(struct session_tracker *tracker)
{
    struct session_tracker *local = local_session_tracker_of(tracker);
    return local != NULL ? session_tracker_impl_get_session_count(local) : 0;
}
