/* The data directories: how they are opened, and how the database is restored from them. Java:
 * persistence.FileTxnSnapLog
 *
 *   <dataDir>/version-2/snapshot.*, currentEpoch, acceptedEpoch
 *   <dataLogDir>/version-2/log.* */
#include "zk/persistence/file_txn_snap_log.h"
#include "persistence/file_snap_internal.h"
#include "persistence/file_txn_log_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/attrs.h"
#include "zk/base/error.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk/io/stream.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/util.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"

struct file_txn_snap_log {
    struct zk_context *ctx;
    char *data_dir; /* of the log: Java's dataDir */
    char *snap_dir;
    char *initialize_file; /* beside the log's version-2 */
    struct file_txn_log *txn_log;
    /* Of the last restore or fast forward. Only the thread that called it asks for it. */
    struct snap_log_load load;
    /* The open directories, which hold the locks; -1: no lock. */
    int data_dir_fd;
    int snap_dir_fd;
};

/* ---- opening --------------------------------------------------------------------------------- */

/* Puts the text into *ret_error, and returns r. */
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

/* Makes the directory if it is missing; *ret_fresh says that it was, and then its name is on the
 * disk. path is <dir>/version-2, what is "data" or "snap". Java: FileTxnSnapLog(), whose two halves
 * are alike */
static int open_directory(struct zk_context *ctx, const char *path, const char *what,
                          bool *ret_fresh, char **ret_error)
{
    bool there;
    int r = file_has_directory(path, &there);
    if (r < 0)
        return refuse(r, ret_error, "Unable to look at %s directory %s: %s", what, path,
                      zk_error_text(r).text);
    *ret_fresh = !there;
    if (*ret_fresh) {
        if (!zk_settings_get_boolean(ctx, "zookeeper.datadir.autocreate", true))
            return refuse(-ENOENT, ret_error,
                          "Missing %s directory %s, automatic data directory creation is disabled "
                          "(zookeeper.datadir.autocreate is false). Please create this directory "
                          "manually.",
                          what, path);
        r = file_make_directories(path); /* syncs what it makes */
        if (r < 0)
            return refuse(r, ret_error, "Unable to create %s directory %s: %s", what, path,
                          zk_error_text(r).text);
    }
    r = file_directory_writable(path);
    if (r < 0)
        return refuse(r, ret_error, "Cannot write to %s directory %s: %s", what, path,
                      zk_error_text(r).text);
    return 0;
}

/* Two peers that write into one directory would overwrite each other's votes and snapshots: the
 * second one is refused (D-80). *ret_fd stays -1 where the file system has no locks. */
static int lock_directory(struct zk_context *ctx, const char *path, const char *what, int *ret_fd,
                          char **ret_error)
{
    int r = file_lock_directory(path, ret_fd);
    switch (r) {
    case 0:
        return 0;
    case -EWOULDBLOCK:
        return refuse(r, ret_error,
                      "The %s directory %s is in use by another peer that runs now. Stop that one, "
                      "or give this one a directory of its own.",
                      what, path);
    case -ENOLCK:
    case -EOPNOTSUPP:
    case -EBADF:
    case -EINVAL:
        zk_log(ctx, ZK_LOG_DATADIR_NO_LOCK, path, zk_error_text(r).text);
        return 0;
    default:
        return refuse(r, ret_error, "Unable to lock %s directory %s: %s", what, path,
                      zk_error_text(r).text);
    }
}

/* The names that we are about to read, and the directory's own, must be on the disk before anybody
 * acts on them: a process that was killed before its fsync has left them in memory only, and a
 * power loss would take back an epoch that others have heard of (D-20). fd is the directory's, or
 * -1. */
static int settle_names(const char *path, int fd, const char *what, char **ret_error)
{
    char *parent = zk_xstrndup(path, (size_t)(strrchr(path, '/') - path));
    int r = fd >= 0 ? file_sync(fd) : file_sync_directory(path);
    if (r == 0)
        r = file_sync_directory(parent);
    free(parent);
    if (r < 0)
        return refuse(r, ret_error, "Unable to sync %s directory %s: %s", what, path,
                      zk_error_text(r).text);
    return 0;
}

/* Refuses a directory that holds files of the other kind. what is "Log" or "Snapshot", foreign is
 * the prefix of the files that must not be there. Java: checkLogDir(), checkSnapDir() */
static int check_content(const char *directory, const char *what, const char *foreign,
                         char **ret_error)
{
    struct zk_strings names = {0};
    int r = file_list(directory, &names);
    if (r < 0)
        return refuse(r, ret_error, "Unable to list directory %s: %s", directory,
                      zk_error_text(r).text);
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

static int check_compression(const struct zk_context *ctx, char **ret_error)
{
    if (snap_stream_mode(ctx) != SNAP_STREAM_SNAPPY || zk_snappy_is_there())
        return 0;
    return refuse(-ENOPKG, ret_error,
                  "snapshot.compression.method=snappy needs libsnappy, which is not on this "
                  "machine. Install it (Debian: libsnappy1v5), or use gz.");
}

static int open_directories(struct file_txn_snap_log *snap_log, char **ret_error)
{
    bool fresh = false;
    int r = open_directory(snap_log->ctx, snap_log->data_dir, "data", &fresh, ret_error);
    if (r == 0)
        r = lock_directory(snap_log->ctx, snap_log->data_dir, "data", &snap_log->data_dir_fd,
                           ret_error);
    if (r == 0 && !fresh)
        r = settle_names(snap_log->data_dir, snap_log->data_dir_fd, "data", ret_error);
    if (r < 0 || strcmp(snap_log->data_dir, snap_log->snap_dir) == 0)
        return r;
    r = open_directory(snap_log->ctx, snap_log->snap_dir, "snap", &fresh, ret_error);
    if (r == 0 &&
        !file_is_same(snap_log->data_dir, snap_log->snap_dir)) /* else it is locked already */
        r = lock_directory(snap_log->ctx, snap_log->snap_dir, "snap", &snap_log->snap_dir_fd,
                           ret_error);
    if (r == 0 && !fresh)
        r = settle_names(snap_log->snap_dir, snap_log->snap_dir_fd, "snap", ret_error);
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
    snap_log->data_dir_fd = -1;
    snap_log->snap_dir_fd = -1;
    snap_log->data_dir = util_path_join(data_log_dir, VERSION_DIRECTORY);
    snap_log->snap_dir = util_path_join(data_dir, VERSION_DIRECTORY);
    snap_log->initialize_file = util_path_join(data_log_dir, "initialize");
    int r = check_compression(ctx, ret_error);
    if (r == 0)
        r = open_directories(snap_log, ret_error);
    if (r < 0) {
        file_txn_snap_log_free(snap_log);
        return r;
    }
    snap_log->txn_log = file_txn_log_new(ctx, snap_log->data_dir);
    *ret_snap_log = snap_log;
    return 0;
}

void file_txn_snap_log_free(struct file_txn_snap_log *snap_log)
{
    if (snap_log == NULL)
        return;
    file_txn_log_free(snap_log->txn_log);
    if (snap_log->data_dir_fd >= 0)
        file_close(snap_log->data_dir_fd);
    if (snap_log->snap_dir_fd >= 0)
        file_close(snap_log->snap_dir_fd);
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

/* ---- the log --------------------------------------------------------------------------------- */

void file_txn_snap_log_set_fsync_listener(struct file_txn_snap_log *snap_log,
                                          struct fsync_listener listener)
{
    file_txn_log_set_fsync_listener(snap_log->txn_log, listener);
}

int file_txn_snap_log_append(struct file_txn_snap_log *snap_log, const struct txn_log_entry *entry)
{
    return file_txn_log_append(snap_log->txn_log, entry);
}

int file_txn_snap_log_commit(struct file_txn_snap_log *snap_log)
{
    return file_txn_log_commit(snap_log->txn_log);
}

int file_txn_snap_log_roll_log(struct file_txn_snap_log *snap_log)
{
    return file_txn_log_roll_log(snap_log->txn_log);
}

int file_txn_snap_log_read_txn_log(struct file_txn_snap_log *snap_log, int64_t zxid,
                                   bool fast_forward, struct txn_iterator **ret_iterator)
{
    return file_txn_log_read(snap_log->txn_log, zxid, fast_forward, ret_iterator);
}

int file_txn_snap_log_get_last_logged_zxid(struct file_txn_snap_log *snap_log, int64_t *ret_zxid)
{
    return file_txn_log_get_last_logged_zxid(snap_log->txn_log, ret_zxid);
}

int64_t file_txn_snap_log_get_total_log_size(const struct file_txn_snap_log *snap_log)
{
    return file_txn_log_get_total_log_size(snap_log->txn_log);
}

void file_txn_snap_log_set_total_log_size(struct file_txn_snap_log *snap_log, int64_t size)
{
    file_txn_log_set_total_log_size(snap_log->txn_log, size);
}

int64_t file_txn_snap_log_get_txn_log_elapsed_sync_time(const struct file_txn_snap_log *snap_log)
{
    return file_txn_log_get_txn_log_sync_elapsed_time(snap_log->txn_log);
}

/* ---- truncate -------------------------------------------------------------------------------- */

/* The newest snapshot at or before zxid that looks whole and that no purge has removed since they
 * were listed. -ENODATA: there is none. */
static int find_snapshot_before(const struct snap_files *files, int64_t zxid, int64_t *ret_zxid)
{
    for (size_t i = 0; i < files->count; i++) {
        if (files->items[i].zxid > zxid)
            continue;
        const char *path = files->items[i].path;
        int r = file_snap_check_valid(path);
        if (r == 0)
            *ret_zxid = files->items[i].zxid;
        if (r != -EPROTO && !(r == -ENOENT && file_is_gone(path)))
            return r;
    }
    return -ENODATA;
}

/* Removes the snapshots behind zxid. Java leaves them, and starts from one of them the next time
 * (ZOOKEEPER-4837, D-132). */
static int remove_snapshots_behind(struct file_txn_snap_log *snap_log,
                                   const struct snap_files *files, int64_t zxid)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < files->count && files->items[i].zxid > zxid; i++) {
        zk_log(snap_log->ctx, ZK_LOG_SNAPSHOT_BEHIND_TRUNC, files->items[i].path, (uint64_t)zxid);
        r = log_file_remove_durably(snap_log->ctx, snap_log->snap_dir, files->items[i].path);
    }
    return r;
}

/* The log is cut before the snapshots go: what stays if we die in between is a snapshot of the old
 * history without anything behind it, which is one moment of that history. If the snapshots went
 * first, what stays could be a log that begins behind one of them, and it would be replayed over an
 * older one. */
static int go_back(struct file_txn_snap_log *snap_log, const struct snap_files *files, int64_t zxid)
{
    int64_t last_zxid = -1;
    int64_t snap_zxid = -1;
    int r = find_snapshot_before(files, zxid, &snap_zxid);
    if (r == -ENODATA)
        zk_log(snap_log->ctx, ZK_LOG_TRUNC_NO_SNAPSHOT, (uint64_t)zxid, snap_log->snap_dir);
    if (r < 0)
        return r;
    r = file_txn_log_truncate(snap_log->txn_log, zxid, &last_zxid);
    if (r == 0 || r == -ENODATA)
        r = remove_snapshots_behind(snap_log, files, zxid);
    if (r < 0)
        return r;
    if (last_zxid < snap_zxid)
        last_zxid = snap_zxid;
    if (last_zxid == zxid)
        return 0;
    zk_log(snap_log->ctx, ZK_LOG_TRUNC_NOT_THERE, (uint64_t)zxid, (uint64_t)last_zxid);
    return -ESTALE;
}

/* Java: truncateLog() */
int file_txn_snap_log_truncate_log(struct file_txn_snap_log *snap_log, int64_t zxid)
{
    struct snap_files files;
    int r = snap_files_list(snap_log->ctx, snap_log->snap_dir, &files);
    if (r < 0)
        return r;
    r = go_back(snap_log, &files, zxid);
    snap_files_done(&files);
    return r;
}

/* ---- replay ---------------------------------------------------------------------------------- */

/* Java: processTransaction() */
void process_transaction(const struct txn_log_entry *entry, struct data_tree *tree,
                         struct session_timeouts *sessions, struct process_txn_result *ret_result)
{
    const struct txn_header *header = &entry->header;
    switch (header->type) {
    case OP_CODE_CREATE_SESSION:
        session_timeouts_put(sessions, header->client_id, entry->record.create_session.time_out_ms);
        break;
    case OP_CODE_CLOSE_SESSION:
        session_timeouts_remove(sessions, header->client_id);
        break;
    default:
        break;
    }
    data_tree_process_txn(tree, entry, ret_result);
}

bool txn_leaves_gap(int64_t before_zxid, int64_t zxid)
{
    if (zxid <= before_zxid || zxid == before_zxid + 1)
        return false;
    return zxid >> 32 == before_zxid >> 32 || (uint32_t)zxid != 1;
}

/* Zxids that the log leaves out. The transaction behind them is in the tree already, and no digest
 * has told yet whether any is missing. */
struct gap {
    int64_t before_zxid;
    int64_t behind_zxid; /* 0: there is none */
};

static int gap_is_a_hole(struct file_txn_snap_log *snap_log, const struct gap *gap)
{
    zk_log(snap_log->ctx, ZK_LOG_TXN_LOG_HOLE, (uint64_t)gap->before_zxid,
           (uint64_t)gap->behind_zxid);
    return -EBADMSG;
}

/* Judges a gap by the digest of a transaction behind it (D-134). If transactions are missing, they
 * may have been committed, and a peer that votes with such a history could make everybody lose
 * them. A gap may also lie below a snapshot that came as SNAP: what the log holds before the gap
 * was perhaps never committed, and if that snapshot is lost, an older one with this log would bring
 * it back. But some gaps are harmless: a leader of Java uses up a zxid for a multi with a null path
 * and proposes nothing, so all its servers have the same gap. Then the next digest is that of the
 * tree as it is here. An error carries no digest, so the answer may come with a later
 * transaction. */
static int judge_gap(struct file_txn_snap_log *snap_log, struct data_tree *tree,
                     const struct txn_log_entry *entry, struct gap *gap)
{
    switch (data_tree_judge_digest(tree, entry)) {
    case DIGEST_VERDICT_NONE:
        return 0;
    case DIGEST_VERDICT_EQUAL:
        zk_log(snap_log->ctx, ZK_LOG_ZXIDS_NEVER_USED, (uint64_t)gap->before_zxid,
               (uint64_t)gap->behind_zxid);
        *gap = (struct gap){0};
        return 0;
    case DIGEST_VERDICT_DIFFERS:
        break;
    }
    return gap_is_a_hole(snap_log, gap);
}

static void replay_entry(struct file_txn_snap_log *snap_log, struct txn_log_entry *entry,
                         struct data_tree *tree, struct session_timeouts *sessions,
                         struct playback_listener listener)
{
    struct process_txn_result result;
    process_transaction(entry, tree, sessions, &result);
    if (result.err != KEEPER_CODE_OK)
        zk_log(snap_log->ctx, ZK_LOG_TXN_IGNORED, entry->header.type, result.err);
    process_txn_result_done(&result);
    if (listener.on_txn_loaded != NULL)
        listener.on_txn_loaded(listener.arg, entry);
}

/* Java: fastForwardFromEdits(), from the iterator on */
static int replay(struct file_txn_snap_log *snap_log, struct txn_iterator *iterator,
                  struct data_tree *tree, struct session_timeouts *sessions,
                  struct playback_listener listener)
{
    struct zk_context *ctx = snap_log->ctx;
    int64_t start_ms = zk_elapsed_ms();
    int64_t highest_zxid = data_tree_last_processed_zxid(tree);
    int64_t loaded = 0;
    struct gap gap = {0};
    struct txn_log_entry *entry;
    int r = 0;
    while (r >= 0 && (entry = txn_iterator_entry(iterator)) != NULL) {
        int64_t zxid = entry->header.zxid;
        if (gap.behind_zxid == 0 && txn_leaves_gap(highest_zxid, zxid))
            gap = (struct gap){.before_zxid = highest_zxid, .behind_zxid = zxid};
        if (zxid < highest_zxid && highest_zxid != 0)
            zk_log(ctx, ZK_LOG_TXN_BEHIND, highest_zxid, zxid, entry->header.type);
        else
            highest_zxid = zxid;
        replay_entry(snap_log, entry, tree, sessions, listener);
        loaded++;
        if (gap.behind_zxid != 0)
            r = judge_gap(snap_log, tree, entry, &gap);
        if (r >= 0)
            r = txn_iterator_next(iterator);
    }
    if (r >= 0 && gap.behind_zxid != 0)
        r = gap_is_a_hole(snap_log, &gap);
    if (r < 0)
        return r;
    snap_log->load.txns = loaded;
    snap_log->load.txns_ms = zk_elapsed_ms() - start_ms;
    zk_log(ctx, ZK_LOG_TXNS_LOADED, loaded, snap_log->load.txns_ms);
    return 0;
}

/* Nobody writes to the log yet, so what a crash has left at its end is mended. */
static int replay_at_start(struct file_txn_snap_log *snap_log, struct data_tree *tree,
                           struct session_timeouts *sessions, struct playback_listener listener)
{
    struct txn_iterator *iterator;
    int r = file_txn_log_read_at_start(snap_log->txn_log, data_tree_last_processed_zxid(tree) + 1,
                                       &iterator);
    if (r < 0)
        return r;
    r = replay(snap_log, iterator, tree, sessions, listener);
    txn_iterator_free(iterator);
    return r;
}

/* Java: fastForwardFromEdits() */
int file_txn_snap_log_fast_forward_from_edits(struct file_txn_snap_log *snap_log,
                                              struct data_tree *tree,
                                              struct session_timeouts *sessions,
                                              struct playback_listener listener)
{
    struct txn_iterator *iterator;
    int64_t zxid = data_tree_last_processed_zxid(tree) + 1;
    int r = file_txn_log_read(snap_log->txn_log, zxid, true, &iterator);
    if (r < 0)
        return r;
    r = replay(snap_log, iterator, tree, sessions, listener);
    txn_iterator_free(iterator);
    return r;
}

struct snap_log_load file_txn_snap_log_get_load(const struct file_txn_snap_log *snap_log)
{
    return snap_log->load;
}

/* ---- restore and save ------------------------------------------------------------------------ */

/* May a server that finds nothing take part in elections as one that knows that there is
 * nothing? */
static bool trust_empty_database(struct file_txn_snap_log *snap_log, bool has_initialize_file)
{
    if (has_initialize_file)
        zk_log(snap_log->ctx, ZK_LOG_INITIALIZE_FOUND);
    return has_initialize_file ||
           zk_settings_get_boolean(snap_log->ctx, "zookeeper.db.autocreate", true);
}

/* The operator's file "initialize" has done its work, and must not do it again for a directory that
 * is emptied later. Java removes it before it knows whether the start succeeds (D-81). */
static int remove_initialize_file(struct file_txn_snap_log *snap_log)
{
    int r = file_remove(snap_log->initialize_file);
    if (r < 0)
        zk_log(snap_log->ctx, ZK_LOG_DATA_FILE_PROBLEM, snap_log->initialize_file, "removed",
               zk_error_text(r).text);
    return r;
}

/* There is neither a snapshot nor a log. Java: restore(), the branch for -1 */
static int start_empty(struct file_txn_snap_log *snap_log, bool trusted, struct data_tree *tree,
                       const struct session_timeouts *sessions)
{
    if (!trusted) {
        zk_log(snap_log->ctx, ZK_LOG_UNEXPECTED_EMPTY);
        data_tree_set_last_processed_zxid(tree, -1);
        return 0;
    }
    int r = file_txn_snap_log_save(snap_log, 0, tree, sessions);
    if (r == 0)
        data_tree_set_last_processed_zxid(tree, 0);
    return r;
}

/* There is no snapshot, but perhaps a log. Java: restore(), the branch for -1 */
static int start_without_snapshot(struct file_txn_snap_log *snap_log, bool has_initialize_file,
                                  struct data_tree *tree, struct session_timeouts *sessions,
                                  struct playback_listener listener)
{
    int64_t zxid;
    int r = file_txn_log_get_last_logged_zxid(snap_log->txn_log, &zxid);
    if (r < 0)
        return r;
    if (zxid == -1)
        return start_empty(snap_log, trust_empty_database(snap_log, has_initialize_file), tree,
                           sessions);
    if (!zk_settings_get_boolean(snap_log->ctx, "zookeeper.snapshot.trust.empty", false)) {
        zk_log(snap_log->ctx, ZK_LOG_TXN_LOG_NO_SNAPSHOT, snap_log->data_dir);
        return -EBADMSG;
    }
    zk_log(snap_log->ctx, ZK_LOG_TXN_LOG_TRUST_EMPTY);
    return replay_at_start(snap_log, tree, sessions, listener);
}

/* Warns if the log has ended before the zxid of the snapshot's digest. Then the tree is not known
 * to be whole, and no digest is compared until a transaction of that zxid comes. Java: restore(),
 * its finalizer */
static void warn_of_uncovered_digest(struct file_txn_snap_log *snap_log, struct data_tree *tree)
{
    struct zxid_digest digest;
    if (data_tree_get_digest_from_loaded_snapshot(tree, &digest))
        zk_log(snap_log->ctx, ZK_LOG_SNAPSHOT_DIGEST_NOT_COVERED,
               (uint64_t)data_tree_last_processed_zxid(tree), (uint64_t)digest.zxid);
}

int file_txn_snap_log_restore(struct file_txn_snap_log *snap_log, struct data_tree **tree,
                              struct session_timeouts *sessions, struct playback_listener listener)
{
    struct data_tree *loaded = NULL;
    int64_t start_ms = zk_elapsed_ms();
    snap_log->load = (struct snap_log_load){0};
    int r = file_snap_deserialize(snap_log->ctx, snap_log->snap_dir, &loaded, sessions);
    snap_log->load.snap_ms = zk_elapsed_ms() - start_ms;
    zk_assert((r == 0) == (loaded != NULL));
    bool has_initialize_file = file_exists(snap_log->initialize_file);
    if (r == 0) {
        r = replay_at_start(snap_log, loaded, sessions, listener);
    } else if (r == -ENODATA) {
        r = start_without_snapshot(snap_log, has_initialize_file, *tree, sessions, listener);
    }
    if (r == 0 && has_initialize_file)
        r = remove_initialize_file(snap_log);
    if (r < 0) {
        data_tree_unref(loaded);
        session_timeouts_done(sessions);
        return r;
    }
    if (loaded != NULL) {
        warn_of_uncovered_digest(snap_log, loaded);
        data_tree_unref(*tree);
        *tree = loaded;
    }
    return 0;
}

int file_txn_snap_log_save(struct file_txn_snap_log *snap_log, int64_t zxid, struct data_tree *tree,
                           const struct session_timeouts *sessions)
{
    char *path = snap_file_path(snap_log->ctx, snap_log->snap_dir, zxid);
    zk_log(snap_log->ctx, ZK_LOG_SNAPSHOTTING, (uint64_t)zxid, path);
    int r = file_snap_serialize(snap_log->ctx, snap_log->snap_dir, zxid, tree, sessions);
    if (r < 0)
        zk_log(snap_log->ctx, ZK_LOG_DATA_FILE_PROBLEM, path, "written", zk_error_text(r).text);
    free(path);
    return r;
}

int file_txn_snap_log_find_n_recent_snapshots(struct file_txn_snap_log *snap_log, size_t count,
                                              struct zk_strings *ret_paths)
{
    struct snap_files files;
    int r = snap_files_list(snap_log->ctx, snap_log->snap_dir, &files);
    if (r < 0)
        return r;
    *ret_paths = (struct zk_strings){0};
    for (size_t i = 0; i < files.count && i < count; i++)
        zk_strings_add(ret_paths, files.items[i].path);
    snap_files_done(&files);
    return 0;
}
