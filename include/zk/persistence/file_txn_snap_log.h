/* A peer's two data directories, one for snapshots and one for the transaction log, as one object.
 * Java: persistence.FileTxnSnapLog
 *
 * One thread at a time starts (restore, fast forward), writes the log and goes back to a zxid: the
 * SyncThread while there is one, else the peer's main thread. A snapshot may be saved, and the
 * files read, by any thread meanwhile. What opens or writes a file blocks on the disk. */
#ifndef ZK_PERSISTENCE_FILE_TXN_SNAP_LOG_H
#define ZK_PERSISTENCE_FILE_TXN_SNAP_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"
#include "zk/persistence/file_txn_log.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/tree/data_tree.h"

struct zk_context;
struct file_txn_snap_log;
struct process_txn_result;

/* Told of each transaction that a restore has applied. entry is the caller's: take a reference to
 * keep it. Java: FileTxnSnapLog.PlayBackListener */
struct playback_listener {
    void (*on_txn_loaded)(void *arg, struct txn_log_entry *entry);
    void *arg;
};

/* Java: new FileTxnSnapLog(dataLogDir, dataDir). Opens data_dir/version-2 and
 * data_log_dir/version-2, and makes them if need be, unless the setting
 * zookeeper.datadir.autocreate is false. When they differ, log files in the one for snapshots, or
 * the reverse, are refused. Both must be writable, and both are locked until file_txn_snap_log_free
 * or the end of the process: a second peer on either is refused. Copies both names. Errors: -errno;
 * *ret_error (the caller frees it) says which directory and why. The process ends with
 * EXIT_CODE_UNABLE_TO_ACCESS_DATADIR then. */
ZK_NODISCARD int file_txn_snap_log_new(struct zk_context *ctx, const char *data_dir,
                                       const char *data_log_dir,
                                       struct file_txn_snap_log **ret_snap_log, char **ret_error);
void file_txn_snap_log_free(struct file_txn_snap_log *snap_log); /* NULL is fine */

/* Java: getSnapDir(). Returns .../version-2, where the epoch files live too; the path stays the
 * log's. */
const char *file_txn_snap_log_get_snap_dir(const struct file_txn_snap_log *snap_log);
/* Java: getDataDir(). Returns .../version-2 of the transaction log; the path stays the log's. */
const char *file_txn_snap_log_get_data_dir(const struct file_txn_snap_log *snap_log);

/* Java: setServerStats(). Call it before the first commit. */
void file_txn_snap_log_set_fsync_listener(struct file_txn_snap_log *snap_log,
                                          struct fsync_listener listener);

/* ---- start ----------------------------------------------------------------------------------- */

/* Java: restore(). Loads the newest whole snapshot and replays the log over it: *tree is freed and
 * replaced, *sessions filled, the tree's last zxid is that of the last entry. The caller hands in
 * *sessions empty. If there is neither snapshot nor log, *tree (the caller's then) is what an empty
 * server starts from: it is written as snapshot.0, its last zxid is 0; or, with the setting
 * zookeeper.db.autocreate false and no file "initialize" beside version-2, it is not written and
 * its last zxid is -1. With zookeeper.snapshot.trust.empty the log is replayed over *tree when
 * there is no snapshot. The file "initialize" is removed when all else has succeeded. What was read
 * of the log is on the disk when it returns, also what a killed process had not synced (D-133); a
 * tail that a power loss has torn is cut off. Blocks on the disk. Errors, all logged with the file
 * and the reason; *tree and *sessions are as they were: -EBADMSG snapshots of which none is whole
 * (D-38), a log without a snapshot, an entry whose checksum is wrong, a hole in the log (D-134);
 * -EPROTO a file that is no log; -ENOPKG a snapshot packed with snappy, and no libsnappy; other
 * errno of the directory or the disk. */
ZK_NODISCARD int file_txn_snap_log_restore(struct file_txn_snap_log *snap_log,
                                           struct data_tree **tree,
                                           struct session_timeouts *sessions,
                                           struct playback_listener listener);

/* Returns whether numbers are left out between a transaction and the next one. An epoch begins with
 * counter 1; how the one before it ended nobody can tell. A server alone has no epochs and counts
 * past the 32 bits: 0x100000000 comes behind 0xffffffff. */
bool txn_leaves_gap(int64_t before_zxid, int64_t zxid);

/* Java: fastForwardFromEdits(). Applies what the log holds behind the tree's last zxid. Blocks on
 * the disk. Errors: as file_txn_snap_log_restore, and the tree is then somewhere in between. */
ZK_NODISCARD int file_txn_snap_log_fast_forward_from_edits(struct file_txn_snap_log *snap_log,
                                                           struct data_tree *tree,
                                                           struct session_timeouts *sessions,
                                                           struct playback_listener listener);
/* How long the last restore, or fast forward, took. Only the thread that called it may ask. */
struct snap_log_load {
    int64_t snap_ms; /* for the snapshot; restore alone sets it */
    int64_t txns;    /* transactions behind it */
    int64_t txns_ms; /* for them */
};
struct snap_log_load file_txn_snap_log_get_load(const struct file_txn_snap_log *snap_log);
/* Java: processTransaction(). Applies one transaction to sessions and tree. Errors of the
 * transaction are in *ret_result, which the caller ends with process_txn_result_done: a replay over
 * a fuzzy snapshot meets some, and they do no harm. */
void process_transaction(const struct txn_log_entry *entry, struct data_tree *tree,
                         struct session_timeouts *sessions, struct process_txn_result *ret_result);

/* ---- the log: file_txn_log.h says who may call, and what an error means ---------------------- */

/* Java: append() */
ZK_NODISCARD int file_txn_snap_log_append(struct file_txn_snap_log *snap_log,
                                          const struct txn_log_entry *entry);
/* Java: commit() */
ZK_NODISCARD int file_txn_snap_log_commit(struct file_txn_snap_log *snap_log);
/* Java: rollLog() */
ZK_NODISCARD int file_txn_snap_log_roll_log(struct file_txn_snap_log *snap_log);
/* Java: truncateLog(). Goes back to zxid: removes all log entries and snapshots behind it, durably.
 * The caller then loads the database anew. It is also called after a snapshot of the leader was
 * saved at zxid, to remove what may be left of another history behind it. Errors, logged: -ENODATA
 * no snapshot at or before zxid is left to start from, and nothing was changed; -ESTALE all behind
 * zxid is gone, but this peer never had zxid itself: it must not claim to be there, and has to join
 * anew with what it has (D-132); other errno of the disk: the log is dead. */
ZK_NODISCARD int file_txn_snap_log_truncate_log(struct file_txn_snap_log *snap_log, int64_t zxid);
/* Java: readTxnLog(). As file_txn_log_read. Any thread. */
ZK_NODISCARD int file_txn_snap_log_read_txn_log(struct file_txn_snap_log *snap_log, int64_t zxid,
                                                bool fast_forward,
                                                struct txn_iterator **ret_iterator);
/* Java: getLastLoggedZxid(). As file_txn_log_get_last_logged_zxid. Any thread. */
ZK_NODISCARD int file_txn_snap_log_get_last_logged_zxid(struct file_txn_snap_log *snap_log,
                                                        int64_t *ret_zxid);
/* Java: getTotalLogSize(). Any thread. */
int64_t file_txn_snap_log_get_total_log_size(const struct file_txn_snap_log *snap_log);
/* Java: setTotalLogSize(). Any thread. */
void file_txn_snap_log_set_total_log_size(struct file_txn_snap_log *snap_log, int64_t size);
/* Java: getTxnLogElapsedSyncTime(). Milliseconds that the last fsync took; -1: none yet. Any
 * thread. */
int64_t file_txn_snap_log_get_txn_log_elapsed_sync_time(const struct file_txn_snap_log *snap_log);

/* ---- snapshots ------------------------------------------------------------------------------- */

/* Java: findNRecentSnapshots(). Finds the paths of the newest snapshots, at most count, the newest
 * first, whole or not. Any thread; blocks on the disk. The caller ends *ret_paths with
 * zk_strings_done. */
ZK_NODISCARD int file_txn_snap_log_find_n_recent_snapshots(struct file_txn_snap_log *snap_log,
                                                           size_t count,
                                                           struct zk_strings *ret_paths);

/* Java: save(). Calls file_snap_serialize for the snapshot directory. Any thread; blocks on the
 * disk. Errors: file_snap_serialize's, logged. */
ZK_NODISCARD int file_txn_snap_log_save(struct file_txn_snap_log *snap_log, int64_t zxid,
                                        struct data_tree *tree,
                                        const struct session_timeouts *sessions);

#endif
