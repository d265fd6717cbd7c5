/* A peer's two data directories: snapshots, and (not built yet) the transaction log.
 * Java: persistence.FileTxnSnapLog */
#ifndef ZK_PERSISTENCE_FILE_TXN_SNAP_LOG_H
#define ZK_PERSISTENCE_FILE_TXN_SNAP_LOG_H

#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/tree/data_tree.h"

struct zk_context;
struct file_txn_snap_log;

/* Java: new FileTxnSnapLog(dataLogDir, dataDir). Open data_dir/version-2 and
 * data_log_dir/version-2, and make them if need be (setting zookeeper.datadir.autocreate, true).
 * When they differ, log files in the one for snapshots, or the reverse, are refused. Both must be
 * writable, and both are locked until file_txn_snap_log_free or the end of the process: a second
 * peer on either is refused. Copies both names. Errors: -errno; *ret_error (the caller frees it)
 * says which directory and why. The process ends with EXIT_CODE_UNABLE_TO_ACCESS_DATADIR then. */
ZK_NODISCARD int file_txn_snap_log_new(struct zk_context *ctx, const char *data_dir,
                                       const char *data_log_dir,
                                       struct file_txn_snap_log **ret_snap_log, char **ret_error);
void file_txn_snap_log_free(struct file_txn_snap_log *snap_log); /* NULL is fine */

/* Java: getSnapDir(). Returns .../version-2, where the epoch files live too; the path stays the
 * log's. */
const char *file_txn_snap_log_get_snap_dir(const struct file_txn_snap_log *snap_log);
/* Java: getDataDir(). Returns .../version-2 of the transaction log; the path stays the log's. */
const char *file_txn_snap_log_get_data_dir(const struct file_txn_snap_log *snap_log);

/* Java: restore(). Load the newest whole snapshot: *tree is freed and replaced, *sessions
 * filled. If there is none, *tree (borrowed then) is what an empty server starts from: it is
 * written as snapshot.0, its last zxid is 0; or, with the setting zookeeper.db.autocreate false
 * and no file "initialize" beside version-2, it is not written and its last zxid is -1.
 * *sessions is empty before. The file "initialize" is removed when all else has succeeded.
 * Blocks on the disk. Errors, all logged with the file and the reason; *tree and *sessions are
 * as they were: -ENOTSUP log files that hold transactions (D-27), or a compressed snapshot;
 * -EBADMSG snapshots of which none is whole (D-38); other errno of the directory or the disk. */
ZK_NODISCARD int file_txn_snap_log_restore(struct file_txn_snap_log *snap_log,
                                           struct data_tree **tree,
                                           struct session_timeouts *sessions);

/* Java: save(). file_snap_serialize into the snapshot directory. An error is logged. */
ZK_NODISCARD int file_txn_snap_log_save(struct file_txn_snap_log *snap_log, int64_t zxid,
                                        struct data_tree *tree,
                                        const struct session_timeouts *sessions);

#endif
