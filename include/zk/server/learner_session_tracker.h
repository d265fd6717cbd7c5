/* The sessions as a learner sees them. It makes ids for its own clients and keeps a table of those
 * that were heard from since the last PING, because only the leader lets sessions expire. Java:
 * server.quorum.LearnerSessionTracker
 *
 * One mutex (ZK_RANK_SESSION_TRACKER); no thread but that of its local sessions, if there may be
 * any. It begins with a struct upgradeable_session_tracker. */
#ifndef ZK_SERVER_LEARNER_SESSION_TRACKER_H
#define ZK_SERVER_LEARNER_SESSION_TRACKER_H

#include <stdint.h>

#include "zk/persistence/serialize_utils.h"
#include "zk/server/session_tracker.h"

struct zk_context;

/* Java: new LearnerSessionTracker(). server_id is in the ids that the tracker gives. The caller
 * frees what is returned with session_tracker_free. */
struct session_tracker *learner_session_tracker_new(struct zk_context *ctx, int64_t server_id);

/* Hands out the touch table, with which a PING is answered, and begins an empty one. Its ids
 * ascend. Among them are also sessions of other servers' clients whose createSession was just
 * committed (Java has them, too). tracker is a learner's. The caller ends *ret_touched with
 * session_timeouts_done. Java: snapshot() */
void learner_session_tracker_snapshot(struct session_tracker *tracker,
                                      struct session_timeouts *ret_touched);

/* The leader has said that a session lives whose client comes here. Its createSession may wait to
 * be applied, if it was local elsewhere until now: its requests are taken all the same (D-322). Any
 * thread. In Java they are dropped without an answer. */
void learner_session_tracker_revalidated(struct session_tracker *tracker, int64_t session_id);

#endif
