/* Old snapshots, and the log files that only they need, are removed. Java: server.PurgeTxnLog */
#ifndef ZK_PERSISTENCE_PURGE_TXN_LOG_H
#define ZK_PERSISTENCE_PURGE_TXN_LOG_H

#include "zk/base/attrs.h"

struct zk_context;

/* The fewest snapshots that may be kept. */
enum { PURGE_TXN_LOG_FEWEST = 3 };

/* Java: purge(). Keeps the newest num snapshots that look whole, and every log file that may hold
 * transactions behind the oldest of them; removes the older snapshots first, then the older log
 * files (D-135). What a process that was killed has left of an older snapshot (*.tmp) goes as
 * well, when nobody has written to it for an hour. Both directories are .../version-2. Any thread
 * may call it, also while the peer writes: it touches no file that is in use. Blocks on the disk.
 * Each removal is logged. Errors: -EINVAL num is below 3; others of the disk, logged; what was not
 * removed is tried again the next time. */
ZK_NODISCARD int purge_txn_log_purge(struct zk_context *ctx, const char *data_dir,
                                     const char *snap_dir, int num);

#endif
