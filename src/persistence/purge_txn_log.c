/* What may go, and in which order. Java: server.PurgeTxnLog */
#include "zk/persistence/purge_txn_log.h"
#include "persistence/file_snap_internal.h"
#include "persistence/file_txn_log_internal.h"

#include <errno.h>

#include "zk/base/error.h"
#include "zk/io/file.h"
#include "zk/runtime/log_table.h"

static int purge_older_snapshots(struct zk_context *ctx, const struct snap_files *snaps,
                                 const char *data_dir, const char *snap_dir, int64_t zxid);
static int find_least_zxid_to_be_retained(struct zk_context *ctx, const struct snap_files *snaps,
                                          int num, int64_t *ret_zxid);
static int purge_file(struct zk_context *ctx, const char *path);

/* Java: purge() */
int purge_txn_log_purge(struct zk_context *ctx, const char *data_dir, const char *snap_dir, int num)
{
    struct snap_files snaps;
    int64_t zxid = 0;
    if (num < PURGE_TXN_LOG_FEWEST)
        return -EINVAL;
    int r = snap_files_list(ctx, snap_dir, &snaps);
    if (r < 0)
        return r;
    r = find_least_zxid_to_be_retained(ctx, &snaps, num, &zxid);
    if (r == 0)
        r = purge_older_snapshots(ctx, &snaps, data_dir, snap_dir, zxid);
    snap_files_done(&snaps);
    return r == -ENODATA ? 0 : r;
}

/* Java: FileTxnSnapLog.findNValidSnapshots(num): the zxid of the oldest of the newest num. One that
 * another purge removes meanwhile does not count. -ENODATA: there is no whole snapshot. */
static int find_least_zxid_to_be_retained(struct zk_context *ctx, const struct snap_files *snaps,
                                          int num, int64_t *ret_zxid)
{
    int valid = 0;
    for (size_t i = 0; i < snaps->count && valid < num; i++) {
        const char *path = snaps->items[i].path;
        int r = file_snap_check_valid(path);
        if (r == 0) {
            valid++;
            *ret_zxid = snaps->items[i].zxid;
        } else if (r != -EPROTO && !(r == -ENOENT && file_is_gone(path))) {
            zk_log(ctx, ZK_LOG_DATA_FILE_PROBLEM, path, "read", zk_error_text(r).text);
            return r;
        }
    }
    return valid > 0 ? 0 : -ENODATA;
}

/* Java: purgeOlderSnapshots(). A log file that begins before the snapshot may go on behind it: the
 * newest of those stays. The snapshots go first, the oldest first: a snapshot whose log is gone
 * would be worse than none, should the newer ones prove damaged (D-135). */
static int purge_older_snapshots(struct zk_context *ctx, const struct snap_files *snaps,
                                 const char *data_dir, const char *snap_dir, int64_t zxid)
{
    struct log_files logs;
    int r = log_files_list(ctx, data_dir, &logs);
    if (r < 0)
        return r;
    for (size_t i = snaps->count; r == 0 && i > 0 && snaps->items[i - 1].zxid < zxid; i--)
        r = purge_file(ctx, snaps->items[i - 1].path);
    if (r == 0)
        r = file_sync_directory(snap_dir);
    for (size_t i = 0; r == 0 && i + 1 < logs.count && logs.items[i + 1].zxid <= zxid; i++)
        r = purge_file(ctx, logs.items[i].path);
    log_files_done(&logs);
    return r;
}

static int purge_file(struct zk_context *ctx, const char *path)
{
    zk_log(ctx, ZK_LOG_REMOVING_FILE, path);
    int r = file_remove(path);
    if (r < 0)
        zk_log(ctx, ZK_LOG_DATA_FILE_PROBLEM, path, "removed", zk_error_text(r).text);
    return r;
}
