/* The data directories and what is found in them. Java: persistence.FileTxnSnapLog
 *
 *   <dataDir>/version-2/snapshot.*, currentEpoch, acceptedEpoch
 *   <dataLogDir>/version-2/log.*
 *
 * The transaction log is not built yet (D-27): a log that holds transactions is refused, because
 * they are somebody's committed writes. Log files without any are looked over: Java makes one when
 * it starts to follow. */
#include "zk/persistence/file_txn_snap_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/attrs.h"
#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/io/stream.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/util.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

/* Java: FileTxnSnapLog.version + VERSION */
#define VERSION_DIRECTORY "version-2"

struct file_txn_snap_log {
    struct zk_context *ctx;
    char *data_dir; /* of the log: Java's dataDir */
    char *snap_dir;
    char *initialize_file; /* beside the log's version-2 */
};

/* ---- opening ---- */

/* *ret_error gets the text; the result is r. */
static int ZK_PRINTF_LIKE(3, 4) refuse(int r, char **ret_error, const char *format, ...)
{
    struct zk_str text = {0};
    va_list args;
    va_start(args, format);
    zk_str_vprintf(&text, format, args);
    va_end(args);
    *ret_error = zk_str_take(&text);
    return r;
}

/* The names that we are about to read, and the directory's own, must be on the disk before anybody
 * acts on them: a process that was killed before its fsync has left them in memory only, and a
 * power loss would take back an epoch that others have heard of (D-20). */
static int settle_names(const char *path)
{
    char *parent = zk_xstrndup(path, (size_t)(strrchr(path, '/') - path));
    int r = file_sync_directory(path);
    if (r == 0)
        r = file_sync_directory(parent);
    free(parent);
    return r;
}

/* path is <dir>/version-2, what is "data" or "snap". Java: FileTxnSnapLog(), its two like halves */
static int open_directory(struct zk_context *ctx, const char *path, const char *what,
                          char **ret_error)
{
    int r;
    if (file_is_directory(path)) {
        r = settle_names(path);
    } else {
        if (!zk_settings_get_boolean(ctx, "zookeeper.datadir.autocreate", true))
            return refuse(-ENOENT, ret_error,
                          "Missing %s directory %s, automatic data directory creation is disabled "
                          "(zookeeper.datadir.autocreate is false). Please create this directory "
                          "manually.",
                          what, path);
        r = file_make_directories(path); /* settles what it makes */
    }
    if (r < 0) {
        char reason[128];
        return refuse(r, ret_error, "Unable to create %s directory %s: %s", what, path,
                      sock_error_text(r, reason, sizeof reason));
    }
    return 0;
}

/* what is "Log" or "Snapshot", foreign is the prefix of the other's files. Java: checkLogDir(),
 * checkSnapDir() */
static int check_content(const char *directory, const char *what, const char *foreign,
                         char **ret_error)
{
    struct zk_strings names = {0};
    int r = file_list(directory, &names);
    if (r < 0)
        return refuse(r, ret_error, "Unable to list directory %s", directory);
    size_t length = strlen(foreign);
    for (size_t i = 0; i < names.count && r == 0; i++) {
        const char *name = names.items[i];
        if (strncmp(name, foreign, length) == 0 && name[length] == '.')
            r = refuse(-EINVAL, ret_error,
                       "%s directory has %s files. Check if dataLogDir and dataDir configuration "
                       "is correct: %s/%s",
                       what, foreign, directory, name);
    }
    zk_strings_done(&names);
    return r;
}

static int open_directories(struct file_txn_snap_log *snap_log, char **ret_error)
{
    int r = open_directory(snap_log->ctx, snap_log->data_dir, "data", ret_error);
    if (r < 0 || strcmp(snap_log->data_dir, snap_log->snap_dir) == 0)
        return r;
    r = open_directory(snap_log->ctx, snap_log->snap_dir, "snap", ret_error);
    if (r < 0)
        return r;
    r = check_content(snap_log->data_dir, "Log", SNAPSHOT_FILE_PREFIX, ret_error);
    if (r < 0)
        return r;
    return check_content(snap_log->snap_dir, "Snapshot", LOG_FILE_PREFIX, ret_error);
}

int file_txn_snap_log_new(struct zk_context *ctx, const char *data_dir, const char *data_log_dir,
                          struct file_txn_snap_log **ret_snap_log, char **ret_error)
{
    struct file_txn_snap_log *snap_log = zk_xcalloc(1, sizeof *snap_log);
    snap_log->ctx = ctx;
    snap_log->data_dir = path_join(data_log_dir, VERSION_DIRECTORY);
    snap_log->snap_dir = path_join(data_dir, VERSION_DIRECTORY);
    snap_log->initialize_file = path_join(data_log_dir, "initialize");
    int r = open_directories(snap_log, ret_error);
    if (r < 0) {
        file_txn_snap_log_free(snap_log);
        return r;
    }
    *ret_snap_log = snap_log;
    return 0;
}

void file_txn_snap_log_free(struct file_txn_snap_log *snap_log)
{
    if (!snap_log)
        return;
    free(snap_log->data_dir);
    free(snap_log->snap_dir);
    free(snap_log->initialize_file);
    free(snap_log);
}

const char *file_txn_snap_log_get_snap_dir(const struct file_txn_snap_log *snap_log)
{
    return snap_log->snap_dir;
}

const char *file_txn_snap_log_get_data_dir(const struct file_txn_snap_log *snap_log)
{
    return snap_log->data_dir;
}

/* ---- the log that is not built yet ---- */

/* Does the log hold an entry? It starts with a header of 16 bytes, then comes
 *
 *   16   8   long Adler-32 of the payload
 *   24   4   int  length of the payload: 0 is the end
 *
 * Damage counts as an entry: better to refuse than to overlook somebody's writes. */
static int log_holds_entries(const char *path, bool *ret_holds)
{
    enum { HEADER = 16, UP_TO_LENGTH = 28, LOG_MAGIC = 0x5a4b4c47 };
    int64_t size = file_size(path);
    if (size < 0)
        return (int)size;
    uint8_t bytes[UP_TO_LENGTH] = {0};
    size_t wanted = size < UP_TO_LENGTH ? (size_t)size : UP_TO_LENGTH;
    int fd;
    int r = file_open_read(path, &fd);
    if (r < 0)
        return r;
    r = file_read_at(fd, 0, bytes, wanted);
    file_close(fd);
    if (r < 0)
        return r;
    bool has_header = size < HEADER || zk_load_int(bytes) == LOG_MAGIC || zk_load_int(bytes) == 0;
    *ret_holds = !has_header || zk_load_int(bytes + HEADER + 8) != 0;
    return 0;
}

/* Java: FileTxnLog.getLastLoggedZxid() != -1, in spirit */
static int refuse_logs_with_entries(struct file_txn_snap_log *snap_log)
{
    struct zk_strings names = {0};
    int r = file_list(snap_log->data_dir, &names);
    if (r < 0)
        return r;
    for (size_t i = 0; i < names.count && r == 0; i++) {
        int64_t zxid;
        if (!get_zxid_from_name(names.items[i], LOG_FILE_PREFIX, &zxid, NULL))
            continue;
        char *path = path_join(snap_log->data_dir, names.items[i]);
        bool holds = false;
        r = log_holds_entries(path, &holds);
        if (r == 0 && holds) {
            zk_log(snap_log->ctx, ZK_LOG_TXN_LOG_NOT_BUILT, path);
            r = -ENOTSUP;
        }
        free(path);
    }
    zk_strings_done(&names);
    return r;
}

/* ---- restore and save ---- */

/* May a server that finds nothing take part in elections as one that knows that there is
 * nothing? */
static bool trust_empty_database(struct file_txn_snap_log *snap_log)
{
    if (file_exists(snap_log->initialize_file)) {
        file_remove(snap_log->initialize_file);
        zk_log(snap_log->ctx, ZK_LOG_INITIALIZE_FOUND);
        return true;
    }
    return zk_settings_get_boolean(snap_log->ctx, "zookeeper.db.autocreate", true);
}

static int save_tree(struct file_txn_snap_log *snap_log, const struct data_tree *tree,
                     const struct session_timeouts *sessions)
{
    struct buf *body = buf_new(1024);
    struct zk_output *output = zk_output_new_buf(body);
    struct jute_out out = jute_out_of(output);
    serialize_snapshot(tree, sessions, &out);
    int r = jute_out_flush(&out);
    zk_output_free(output);
    if (r == 0) {
        struct zxid_digest digest = data_tree_last_processed_zxid_digest(tree);
        r = file_txn_snap_log_save(snap_log, data_tree_last_processed_zxid(tree), body, &digest);
    }
    buf_unref(body);
    return r;
}

/* There is no snapshot. Java: restore(), the branch for -1 */
static int start_empty(struct file_txn_snap_log *snap_log, bool trusted, struct data_tree *tree,
                       const struct session_timeouts *sessions)
{
    if (!trusted) {
        zk_log(snap_log->ctx, ZK_LOG_UNEXPECTED_EMPTY);
        data_tree_set_last_processed_zxid(tree, -1);
        return 0;
    }
    data_tree_set_last_processed_zxid(tree, 0);
    return save_tree(snap_log, tree, sessions);
}

int file_txn_snap_log_restore(struct file_txn_snap_log *snap_log, struct data_tree **tree,
                              struct session_timeouts *sessions)
{
    int r = refuse_logs_with_entries(snap_log);
    if (r < 0)
        return r;
    struct data_tree *loaded;
    r = file_snap_deserialize(snap_log->ctx, snap_log->snap_dir, &loaded, sessions);
    bool trusted = trust_empty_database(snap_log);
    if (r == -ENOENT)
        return start_empty(snap_log, trusted, *tree, sessions);
    if (r < 0)
        return r;
    data_tree_free(*tree);
    *tree = loaded;
    return 0;
}

int file_txn_snap_log_save(struct file_txn_snap_log *snap_log, int64_t zxid, const struct buf *body,
                           const struct zxid_digest *digest)
{
    char *path = make_snapshot_name(snap_log->snap_dir, zxid);
    zk_log(snap_log->ctx, ZK_LOG_SNAPSHOTTING, (uint64_t)zxid, path);
    free(path);
    return file_snap_serialize(snap_log->ctx, snap_log->snap_dir, zxid, body, digest);
}
