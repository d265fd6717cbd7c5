/* What the files of the transaction log share. */
#ifndef PERSISTENCE_FILE_TXN_LOG_INTERNAL_H
#define PERSISTENCE_FILE_TXN_LOG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "persistence/file_padding.h"
#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/base/refcount.h"
#include "zk/persistence/file_txn_log.h"

struct file_txn_log {
    struct zk_context *ctx; /* constant, as the four below */
    char *directory;
    bool force_sync;
    int64_t fsync_warning_threshold_ms;
    int64_t txn_log_size_limit; /* in bytes; 0 and less: none */
    struct fsync_listener fsync_listener;

    /* One thread at a time works on what follows; this counts those inside, so that a second one is
     * noticed at once, and not when the log is found damaged. */
    struct zk_atomic_long busy;
    int error; /* 0, or the first one: the log is dead */
    int64_t last_zxid_seen;
    int fd; /* -1: the next append makes a file */
    char *path;
    struct file_padding padding;
    struct buf *unwritten;   /* appended, and not given to the system yet */
    int64_t position;        /* in the file, where those bytes go */
    int64_t synced_position; /* so much of the file is on the disk */
    /* How far Java would have written its file, whose stream holds back up to 8 KiB. The padding
     * goes by this, so that our files are as long as Java's. */
    int64_t java_position;
    size_t java_buffered;
    bool unsynced; /* bytes were given to the system, and no fdatasync has followed */

    struct zk_atomic_long prev_logs_running_total;
    struct zk_atomic_long current_log_size;
    struct zk_atomic_long sync_elapsed_ms;
};

/* One file of the log. */
struct log_file {
    int64_t zxid; /* in its name */
    char *path;
};

/* Ascending. Ends with log_files_done. */
struct log_files {
    struct log_file *items;
    size_t count;
};

/* All files log.<hex> of the directory. Errors are logged. */
ZK_NODISCARD int log_files_list(struct zk_context *ctx, const char *directory,
                                struct log_files *ret_files);
/* Drops the files that end before zxid: the newest that begins at or before it stays, and all
 * behind that one. */
void log_files_keep_from(struct log_files *files, int64_t zxid);
void log_files_done(struct log_files *files);

/* The iterator of a start: it also mends what a crash has left at the end of the newest file. A
 * file that was just being made is removed, a torn tail is cut off, and each file that was read is
 * synced, because a killed process may have left its last bytes in memory only (D-133). Nobody may
 * write to the log meanwhile. */
ZK_NODISCARD int file_txn_log_read_at_start(const struct file_txn_log *log, int64_t zxid,
                                            struct txn_iterator **ret_iterator);

/* Removes the file and syncs the directory. Errors are logged. */
ZK_NODISCARD int log_file_remove_durably(struct zk_context *ctx, const char *directory,
                                         const char *path);

#endif
