/* What a peer holds in memory: the tree, the sessions, the last zxid. It outlives roles: follower,
 * leader and observer of successive terms work on the same one. Java: server.ZKDatabase
 *
 * One mutex (ZK_RANK_DATABASE) guards all. Nothing blocks under it: what goes to a learner or to
 * disk is first serialised into memory, and what comes is built beside the old tree and then takes
 * its place. So a snapshot is one moment's, where Java's is fuzzy (D-36), at the price of its size
 * in memory. Any thread may call anything. */
#ifndef ZK_SERVER_ZK_DATABASE_H
#define ZK_SERVER_ZK_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/archive.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/persistence/serialize_utils.h"

struct zk_context;
struct zk_database;
struct zk_database_snapshot;
struct server_status;

/* Java: new ZKDatabase(snapLog). A fresh tree, not initialized. Borrows snap_log, which outlives
 * it. */
struct zk_database *zk_database_new(struct zk_context *ctx, struct file_txn_snap_log *snap_log);
void zk_database_free(struct zk_database *database); /* NULL is fine */

/* Java: isInitialized(): loaded from disk or from a leader, and not cleared since. */
bool zk_database_is_initialized(struct zk_database *database);
/* Java: clear(): a fresh tree, no sessions, not initialized. */
void zk_database_clear(struct zk_database *database);
/* Java: loadDataBase(). Blocks on the disk; who asks meanwhile is told what a fresh tree holds.
 * *ret_zxid: the last zxid, perhaps -1. Errors: file_txn_snap_log_restore's; the tree is as it was.
 */
ZK_NODISCARD int zk_database_load_data_base(struct zk_database *database, int64_t *ret_zxid);

/* Java: getDataTreeLastProcessedZxid() */
int64_t zk_database_last_processed_zxid(struct zk_database *database);
/* Java: setlastProcessedZxid() */
void zk_database_set_last_processed_zxid(struct zk_database *database, int64_t zxid);

/* Java: initConfigInZKDatabase(qv): put the text of the configuration into /zookeeper/config. */
void zk_database_init_config(struct zk_database *database, const char *text, int64_t version);

/* Java: serializeSnapshot(oa). The body of SNAP (sessions, ACLs, nodes), and the last zxid of that
 * very moment. Gives. Write it with jute_out_raw when no lock is held. */
struct buf *zk_database_serialize_snapshot(struct zk_database *database, int64_t *ret_zxid);

/* Java: deserializeSnapshot(ia). Read a body off the stream, which BLOCKS without the lock; then it
 * replaces tree and sessions, and the database is initialized; the last zxid is 0 until the caller
 * sets it. Errors: jute_in's; the database is as it was (Java has cleared it by then: call
 * zk_database_clear first to be like it). */
ZK_NODISCARD int zk_database_deserialize_snapshot(struct zk_database *database, struct jute_in *in);

/* Java: ZooKeeperServer.takeSnapshot(syncSnap). Write snapshot.<last zxid>: always whole and
 * fsynced. Blocks on the disk. */
ZK_NODISCARD int zk_database_take_snapshot(struct zk_database *database);
/* The same in two steps, for a leader that has no time to wait for the disk: the copy of this
 * moment, which gives; and the writing, which takes it. */
struct zk_database_snapshot *zk_database_copy_snapshot(struct zk_database *database);
ZK_NODISCARD int zk_database_save_snapshot(struct zk_database *database,
                                           struct zk_database_snapshot *snapshot);

/* Java: getSessionWithTimeOuts(): a copy; the caller's to session_timeouts_done. */
void zk_database_sessions(struct zk_database *database, struct session_timeouts *ret_sessions);

/* Fill in what only the database knows: zxid, nodes, sizes, sessions. */
void zk_database_fill_status(struct zk_database *database, struct server_status *status);

#endif
