/* What a peer holds in memory: the tree, the sessions, the last zxid, and the last few hundred
 * transactions that were committed. It outlives roles: follower, leader and observer of successive
 * terms work on the same one. Java: server.ZKDatabase
 *
 * One mutex (ZK_RANK_DATABASE) says which tree and which sessions are current, another
 * (ZK_RANK_COMMITTED_LOG) guards the committed log; the tree has a lock of its own. None is held
 * while bytes go out or come in. A tree that is loaded or received is built beside the old one and
 * then takes its place; whoever still writes out the old one keeps it to the end. Any thread may
 * call any function, unless its comment says otherwise. */
#ifndef ZK_SERVER_ZK_DATABASE_H
#define ZK_SERVER_ZK_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/jute/archive.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/persistence/serialize_utils.h"

struct process_txn_result;
struct server_status;
struct txn_iterator;
struct txn_log_entry;
struct zk_context;
struct server_metrics;
struct zk_database;
struct zk_database_snapshot;

/* Java: new ZKDatabase(snapLog). Returns a database with a fresh tree, not initialized; the caller
 * frees it. snap_log stays the caller's, and outlives it. */
struct zk_database *zk_database_new(struct zk_context *ctx, struct file_txn_snap_log *snap_log);
/* From now on loads are measured there. Call it before the first one. metrics stays the caller's
 * and outlives the last load. */
void zk_database_set_metrics(struct zk_database *database, struct server_metrics *metrics);
void zk_database_free(struct zk_database *database); /* NULL is fine */

/* Java: isInitialized(): loaded from disk or from a leader, and not cleared since. */
bool zk_database_is_initialized(struct zk_database *database);
/* Java: clear(): a fresh tree, no sessions, no committed log, not initialized. */
void zk_database_clear(struct zk_database *database);
/* Java: loadDataBase(). Loads the newest snapshot and the log that follows it, whose transactions
 * fill the committed log. *ret_zxid: the last zxid, perhaps -1. Blocks on the disk. Errors:
 * file_txn_snap_log_restore's; tree and sessions are as they were. */
ZK_NODISCARD int zk_database_load_data_base(struct zk_database *database, int64_t *ret_zxid);
/* Java: fastForwardDataBase(). Applies what the log on disk holds beyond the tree's last zxid: what
 * was logged and acknowledged, but not committed before the term ended. Nobody appends or applies
 * meanwhile. *ret_zxid, blocks and errors as above, but after an error the tree is somewhere in
 * between: clear it. */
ZK_NODISCARD int zk_database_fast_forward_data_base(struct zk_database *database,
                                                    int64_t *ret_zxid);

/* Returns the zxid of the last transaction that the tree has.
 * Java: getDataTreeLastProcessedZxid() */
int64_t zk_database_last_processed_zxid(struct zk_database *database);
/* The tree stands at that zxid: it was received or cut, or an epoch begins with it.
 * Java: setlastProcessedZxid() */
void zk_database_set_last_processed_zxid(struct zk_database *database, int64_t zxid);

/* Java: initConfigInZKDatabase(qv): puts the text of the configuration into /zookeeper/config. */
void zk_database_init_config(struct zk_database *database, const char *text, int64_t version);

/* ---- transactions ---------------------------------------------------------------------------- */

/* Java: processTxn(). Applies a transaction to sessions and tree. process_txn_result_done ends
 * *ret_result. */
void zk_database_process_txn(struct zk_database *database, struct txn_log_entry *entry,
                             struct process_txn_result *ret_result);

/* Finds out whether anything is missing in the tree, to which entry was applied last, by the digest
 * that entry carries. Returns 1 if nothing is missing, and 0 if entry has no digest or the two
 * cannot be compared. Errors: -EBADMSG, something is missing. */
ZK_NODISCARD int zk_database_prove_whole(struct zk_database *database,
                                         const struct txn_log_entry *entry);

/* The transaction log on disk. What has been appended is durable when the next commit has returned
 * 0. After an error the log takes nothing more. All three block on the disk; one thread at a time.
 * Java: append() */
ZK_NODISCARD int zk_database_append(struct zk_database *database, struct txn_log_entry *entry);
/* Java: commit() */
ZK_NODISCARD int zk_database_commit(struct zk_database *database);
/* The next transaction begins a new file, and the two below count anew. Java: rollLog() */
ZK_NODISCARD int zk_database_roll_log(struct zk_database *database);
/* Returns how many transactions were appended since the log was rolled. Java: getTxnCount() */
int32_t zk_database_get_txn_count(struct zk_database *database);
/* Returns how many bytes the log has grown by since then. Java: getTxnSize() */
int64_t zk_database_get_txn_size(struct zk_database *database);

/* Java: truncateLog(). Cuts everything behind zxid off the log on disk, durably, and loads the
 * database anew. Blocks on the disk. Errors: file_txn_snap_log_truncate_log's and
 * zk_database_load_data_base's; the database is cleared then. */
ZK_NODISCARD int zk_database_truncate_log(struct zk_database *database, int64_t zxid);
/* A leader's tree has replaced ours and was saved as the snapshot of zxid. If the disk has anything
 * behind that, a log's tail or a newer snapshot, it is of another history, and the next start would
 * load it: it is removed, durably. Memory stays as it is. Blocks on the disk. Java has no such
 * thing (D-176). Errors: as above. */
ZK_NODISCARD int zk_database_forget_behind(struct zk_database *database, int64_t zxid);

/* True if this server was started from its log alone (zookeeper.snapshot.trust.empty) and no
 * snapshot has been written since: it must write one once it has joined a quorum, or the next start
 * needs the setting again. Main thread; blocks on the disk.
 * Java: FileTxnSnapLog.shouldForceWriteInitialSnapshotAfterLeaderElection() */
bool zk_database_should_force_write_initial_snapshot(struct zk_database *database);

/* ---- the committed log: what a leader sends learners that were away for a moment ------------- */

/* Java: addCommittedProposal(). Shares entry. There is room for one more than the setting
 * zookeeper.commitLogCount says, which is at least 500 (K-70); when the log is full, the oldest one
 * leaves. */
void zk_database_add_committed_proposal(struct zk_database *database, struct txn_log_entry *entry);

/* A copy of one moment: references to transactions, the oldest first. */
struct committed_log {
    struct txn_log_entry **entries;
    size_t count;
    /* The first zxid and the last one; both are 0 if it is empty. */
    int64_t min_committed_log;
    int64_t max_committed_log;
};

/* Java: getCommittedLog(). committed_log_done ends the copy. */
void zk_database_get_committed_log(struct zk_database *database, struct committed_log *ret_log);

void committed_log_done(struct committed_log *log);

/* Java: isTxnLogSyncEnabled(). Returns whether learners may be synchronised from the log on disk;
 * they may not if the setting zookeeper.snapshotSizeFactor (0.33 by default) is negative. */
bool zk_database_is_txn_log_sync_enabled(struct zk_database *database);
/* Java: calculateTxnLogSizeLimit(). Returns the bytes of the newest snapshot file times the factor;
 * 0 if there is none, or if its size cannot be found out (logged). Blocks on the disk. */
int64_t zk_database_calculate_txn_log_size_limit(struct zk_database *database);
/* Java: getProposalsFromTxnLog(). Opens the log on disk at start_zxid; the caller ends
 * *ret_iterator with txn_iterator_free. size_limit: how many bytes of files may be read, 0 any
 * number. Blocks on the disk. Errors, each with a line in the log: -ENOENT, the log does not reach
 * back to start_zxid; -EFBIG, it is larger than size_limit, or that is negative; others of the
 * disk. */
ZK_NODISCARD int zk_database_get_proposals_from_txn_log(struct zk_database *database,
                                                        int64_t start_zxid, int64_t size_limit,
                                                        struct txn_iterator **ret_iterator);
/* Returns whether the log on disk may lack transactions between these two entries, which stand one
 * behind the other: a snapshot's zxid lies between them. A learner that was given a SNAP has such a
 * hole, and may lead later (D-180). True also if the snapshots cannot be listed. Blocks on the
 * disk. */
bool zk_database_log_has_hole(struct zk_database *database, int64_t zxid, int64_t next_zxid);

/* ---- snapshots ------------------------------------------------------------------------------- */

/* Begins a snapshot: remembers the tree, the sessions and the last zxid of this moment. That copies
 * the sessions and no tree, so it takes hardly any time. What is written afterwards holds every
 * transaction up to this zxid, and perhaps later ones: it is fuzzy, as Java's is. One of the two
 * calls below must end it. */
struct zk_database_snapshot *zk_database_begin_snapshot(struct zk_database *database);
/* Returns the last zxid of that moment. */
int64_t zk_database_snapshot_zxid(const struct zk_database_snapshot *snapshot);

/* Java: serializeSnapshot(oa). Streams the body of SNAP (sessions, ACLs, nodes) while writes go on.
 * Takes ownership of snapshot. Blocks as the stream does; the caller holds no lock. Errors stick in
 * out. */
void zk_database_serialize_snapshot(struct zk_database_snapshot *snapshot, struct jute_out *out);
/* Java: FileTxnSnapLog.save(). Streams the same into snapshot.<zxid>, which appears only when it is
 * whole and fsynced. Takes ownership of snapshot. Blocks on the disk. An error is logged. */
ZK_NODISCARD int zk_database_save_snapshot(struct zk_database *database,
                                           struct zk_database_snapshot *snapshot);
/* Java: ZooKeeperServer.takeSnapshot(syncSnap). Begins a snapshot and saves it. */
ZK_NODISCARD int zk_database_take_snapshot(struct zk_database *database);

/* Java: deserializeSnapshot(ia). Reads a body off the stream, which blocks without a lock; then the
 * content replaces tree and sessions, and the database is initialized; the last zxid is 0 until the
 * caller sets it. Errors: jute_in's; the database is as it was (Java has cleared it by then: call
 * zk_database_clear first to be like it). */
ZK_NODISCARD int zk_database_deserialize_snapshot(struct zk_database *database, struct jute_in *in);

/* ---- asking ---------------------------------------------------------------------------------- */

/* Java: getSessionWithTimeOuts(). Returns a copy; the caller ends it with session_timeouts_done. */
void zk_database_sessions(struct zk_database *database, struct session_timeouts *ret_sessions);
/* Returns whether the createSession of the session has been applied. Java:
 * getSessionWithTimeOuts().containsKey() */
bool zk_database_has_session(struct zk_database *database, int64_t session_id);
/* Java: getDataTree(). Returns a reference; the caller unrefs it. PrepRequestProcessor and readers
 * look at its nodes. */
struct data_tree *zk_database_get_data_tree(struct zk_database *database);
/* Java: killSession(): deletes a session's ephemeral nodes, without a transaction. */
void zk_database_kill_session(struct zk_database *database, int64_t session_id, int64_t zxid);

/* Fills in what only the database knows: zxid, nodes, sizes, sessions. */
void zk_database_fill_status(struct zk_database *database, struct server_status *status);

#endif
