/* What may go, and in which order. Java: server.PurgeTxnLog */
#include "zk/persistence/purge_txn_log.h"
#include "persistence/file_snap_internal.h"
#include "persistence/file_txn_log_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/error.h"
#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk/persistence/util.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"

/* A temporary file that was written to within this time may be one that is being written. */
enum { ABANDONED_MS = 60 * 60 * 1000 };

static int purge_abandoned(struct zk_context *ctx, const char *snap_dir, int64_t zxid);
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
        r = purge_abandoned(ctx, snap_dir, zxid);
    if (r == 0)
        r = file_sync_directory(snap_dir);
    for (size_t i = 0; r == 0 && i + 1 < logs.count && logs.items[i + 1].zxid <= zxid; i++)
        r = purge_file(ctx, logs.items[i].path);
    log_files_done(&logs);
    return r;
}

/* snapshot.<zxid>.tmp, or the same with .gz, .snappy or another word in front of .tmp */
static bool is_temporary_snapshot(const char *name, int64_t *ret_zxid)
{
    static const char ending[] = ".tmp";
    size_t length = strlen(name);
    return length >= sizeof ending && strcmp(name + length - strlen(ending), ending) == 0 &&
           util_get_zxid_from_name(name, SNAPSHOT_FILE_PREFIX, ret_zxid, NULL);
}

/* A process that was killed while it wrote a snapshot has left its temporary file, which may be as
 * large as a snapshot. Nothing else takes it away: when the zxid has grown, no other snapshot has
 * that name. Java's purge removes these files, too. */
static int purge_abandoned(struct zk_context *ctx, const char *snap_dir, int64_t zxid)
{
    struct zk_strings names = {0};
    int r = file_list(snap_dir, &names);
    for (size_t i = 0; r == 0 && i < names.count; i++) {
        int64_t name_zxid;
        int64_t modified_ms;
        if (!is_temporary_snapshot(names.items[i], &name_zxid) || name_zxid >= zxid)
            continue;
        char *path = util_path_join(snap_dir, names.items[i]);
        if (file_modified_ms(path, &modified_ms) == 0 && zk_wall_ms() - modified_ms > ABANDONED_MS)
            r = purge_file(ctx, path);
        free(path);
    }
    zk_strings_done(&names);
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
