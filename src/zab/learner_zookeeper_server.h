/* What the servers of follower and observer have in common: both log what the leader proposes, and
 * both ask it for what their own clients want. Java: LearnerZooKeeperServer, an abstract class
 *
 * It is the kind of a zookeeper_server (zookeeper_server_kind). The server's methods that are the
 * same for both stand here. */
#ifndef ZAB_LEARNER_ZOOKEEPER_SERVER_H
#define ZAB_LEARNER_ZOOKEEPER_SERVER_H

#include <stdint.h>

#include "zk/base/array_deque.h"
#include "zk/base/attrs.h"
#include "zk/runtime/lock.h"
#include "zk/zab/learner.h"

struct commit_processor;
struct quorum_peer;
struct request;
struct server_cnxn;
struct session_timeouts;
struct session_tracker;
struct sync_request_processor;
struct zookeeper_server;

/* The first member of both kinds. */
struct learner_zookeeper_server {
    /* Set at birth, then read-only. */
    struct quorum_peer *self;
    struct learner *learner; /* a reference: a client's thread may know the server for longer than
                              * the role lives */

    /* Set by setup_request_processors, then read-only. */
    struct commit_processor *commit_processor;     /* in the chain, which frees it */
    struct sync_request_processor *sync_processor; /* owned; NULL: nothing is logged */

    struct zk_mutex mu; /* L-13. Java's ConcurrentLinkedQueue needs none. Guards: */
    /* struct request *, references: the SYNCs of our clients that the leader has not answered. Java
     * has pendingSyncs in both kinds. */
    struct array_deque pending_syncs GUARDED_BY(&mu);

    /* ---- the main thread alone ---- */

    /* struct request *, references: what it has read for SyncThread and for CommitProcessor, and
     * not handed over yet. */
    struct array_deque to_log;
    struct array_deque to_commit;
};

/* Takes a reference to learner; self stays the caller's and must outlive the server. */
void learner_zookeeper_server_init(struct learner_zookeeper_server *lzk, struct quorum_peer *self,
                                   struct learner *learner);
/* Called when nobody refers to the server any more. */
void learner_zookeeper_server_done(struct learner_zookeeper_server *lzk);

/* Returns the kind of a learner's server. Any thread. */
struct learner_zookeeper_server *learner_zookeeper_server_of(const struct zookeeper_server *server);

/* Keeps a client's SYNC, which is on its way to the leader, until the leader has answered it. Takes
 * a reference to request. Thread of the first processor; locks pending_syncs. */
void learner_zookeeper_server_add_pending_sync(struct learner_zookeeper_server *lzk,
                                               struct request *request);
/* Hands over to SyncThread and CommitProcessor what has been read for them, and wakes them:
 * what the leader has sent together costs each of them one lock and one wake-up. Main
 * thread. */
void learner_zookeeper_server_hand_over(struct learner_zookeeper_server *lzk);
/* The leader has answered the oldest SYNC, which now goes to CommitProcessor. Main thread; locks
 * pending_syncs.
 * Java: FollowerZooKeeperServer.sync(), ObserverZooKeeperServer.sync() */
void learner_zookeeper_server_sync(struct learner_zookeeper_server *lzk);

/* ---- methods of the server ------------------------------------------------------------------- */

/* Java: createSessionTracker() */
struct session_tracker *learner_zookeeper_server_create_session_tracker(
    struct zookeeper_server *server);
/* Java: revalidateSession(): asks the leader; learner_revalidate has the answer. */
void learner_zookeeper_server_revalidate_session(struct zookeeper_server *server,
                                                 struct server_cnxn *cnxn, int64_t session_id,
                                                 int32_t timeout_ms);
/* Java: QuorumZooKeeperServer.setLocalSessionFlag() */
void learner_zookeeper_server_set_local_session_flag(struct zookeeper_server *server,
                                                     struct request *request);
/* Java: LearnerZooKeeperServer.shutdown(), in 3.9.5's order: the SyncThread ends first, with all
 * on disk that it was given. */
void learner_zookeeper_server_shutdown_components(struct zookeeper_server *server);

/* Java: getTouchSnapshot(). Hands out the sessions that were heard from since the last PING. The
 * caller ends *ret_touched with session_timeouts_done. */
void learner_zookeeper_server_get_touch_snapshot(struct zookeeper_server *server,
                                                 struct session_timeouts *ret_touched);

#endif
