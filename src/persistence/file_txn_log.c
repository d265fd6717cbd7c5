/* Writing the log: append, commit, roll, truncate. Java: persistence.FileTxnLog; its iterator is in
 * file_txn_iterator.c.
 *
 * The order of the system calls is what keeps a promise after a power loss:
 *
 *   new file   create, write the header, fsync the file, fsync the directory      then entries
 *   commit     write all entries, fdatasync                                       then ACKs
 *   roll       commit, close                                                      then a new file
 *   truncate   for each newer file, from the newest: unlink, fsync the directory  then
 *              ftruncate, fsync
 *
 * So an entry is never on the disk without those before it, whatever subset of unsynced calls a
 * disk keeps. Java syncs neither directory nor header, and its roll lets the entries of the new
 * file reach the disk before the last ones of the old file (D-131). */
#include "zk/persistence/file_txn_log.h"
#include "persistence/file_txn_log_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/checksum.h"
#include "zk/base/error.h"
#include "zk/base/panic.h"
#include "zk/io/file.h"
#include "zk/jute/op_code.h"
#include "zk/jute/persistence.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/txn_log_reader.h"
#include "zk/persistence/util.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"

enum {
    FIRST_BATCH = 8 * 1024,
    /* A batch that has grown so large is given to the system before its commit. */
    LARGEST_BATCH = 1024 * 1024,
    JAVA_BUFFER = 8192, /* Java: BufferedOutputStream */
    FSYNC_WARNING_THRESHOLD_MS = 1000,
    LIMIT_UNIT = 1024,
};

static int64_t txn_log_size_limit(struct zk_context *ctx);
static int64_t fsync_warning_threshold_ms(const struct zk_context *ctx);
static void close_file(struct file_txn_log *log);
static int append_entry(struct file_txn_log *log, const struct txn_log_entry *entry);
static int create_file(struct file_txn_log *log, int64_t zxid);
static int write_out(struct file_txn_log *log);
static void put_entry(struct file_txn_log *log, const struct buf *payload);
static int write_header(struct file_txn_log *log, int fd);
static int remove_empty_file(struct file_txn_log *log, const char *path);
static void java_write(struct file_txn_log *log, size_t length);
static int roll_file(struct file_txn_log *log);
static int commit_batch(struct file_txn_log *log);
static void forget_unsynced(struct file_txn_log *log);
static int sync_file(struct file_txn_log *log);
static int truncate_files(struct file_txn_log *log, const struct log_files *files, int64_t zxid,
                          int64_t *ret_last_zxid);
static int cut_file(struct file_txn_log *log, const char *path, int64_t size);
static int find_cut(struct file_txn_log *log, const char *path, int64_t zxid, int64_t *ret_cut,
                    int64_t *ret_last);
static int find_last(struct file_txn_log *log, const struct log_files *files, size_t count,
                     int64_t *ret_last);

/* ---- the object ------------------------------------------------------------------------------ */

struct file_txn_log *file_txn_log_new(struct zk_context *ctx, const char *directory)
{
    struct file_txn_log *log = zk_xcalloc(1, sizeof *log);
    const char *force_sync = zk_settings_get(ctx, "zookeeper.forceSync");
    log->ctx = ctx;
    log->directory = zk_xstrdup(directory);
    log->force_sync = force_sync == NULL || strcmp(force_sync, "no") != 0;
    log->fsync_warning_threshold_ms = fsync_warning_threshold_ms(ctx);
    log->txn_log_size_limit = txn_log_size_limit(ctx);
    log->fd = -1;
    log->padding = file_padding_of(ctx);
    log->unwritten = buf_new(FIRST_BATCH);
    zk_atomic_long_init(&log->busy, 0);
    zk_atomic_long_init(&log->prev_logs_running_total, 0);
    zk_atomic_long_init(&log->current_log_size, 0);
    zk_atomic_long_init(&log->sync_elapsed_ms, -1);
    return log;
}

/* The name with zookeeper. in front wins, as in Java. */
static int64_t fsync_warning_threshold_ms(const struct zk_context *ctx)
{
    int64_t plain =
        zk_settings_get_long(ctx, "fsync.warningthresholdms", FSYNC_WARNING_THRESHOLD_MS);
    return zk_settings_get_long(ctx, "zookeeper.fsync.warningthresholdms", plain);
}

static int64_t txn_log_size_limit(struct zk_context *ctx)
{
    static const char name[] = "zookeeper.txnLogSizeLimitInKb";
    int64_t limit = zk_settings_get_long(ctx, name, -1);
    if (limit <= 0 || limit > INT64_MAX / LIMIT_UNIT)
        return -1;
    zk_log(ctx, ZK_LOG_SETTING_LONG, name, limit);
    return limit * LIMIT_UNIT;
}

void file_txn_log_free(struct file_txn_log *log)
{
    if (log == NULL)
        return;
    close_file(log);
    buf_unref(log->unwritten);
    free(log->directory);
    free(log);
}

/* Closes the file that is written to, and forgets what was not given to the system. */
static void close_file(struct file_txn_log *log)
{
    if (log->fd >= 0)
        file_close(log->fd);
    log->fd = -1;
    free(log->path);
    log->path = NULL;
    log->unwritten->length = 0;
    log->java_buffered = 0;
    log->unsynced = false;
    zk_atomic_long_set(&log->current_log_size, 0);
}

void file_txn_log_set_fsync_listener(struct file_txn_log *log, struct fsync_listener listener)
{
    log->fsync_listener = listener;
}

static void enter(struct file_txn_log *log)
{
    int64_t inside = zk_atomic_long_add(&log->busy, 1);
    zk_assert(inside == 1);
}

/* The first error is the log's for ever. After a failed write or fsync the system may have dropped
 * the pages, and a second fsync that succeeds says nothing about them (D-130). */
static int leave(struct file_txn_log *log, int r)
{
    if (r < 0 && log->error == 0) {
        log->error = r;
        zk_log(log->ctx, ZK_LOG_TXN_LOG_DEAD, log->directory, zk_error_text(r).text);
    }
    zk_atomic_long_add(&log->busy, -1);
    return r;
}

static int problem(struct file_txn_log *log, const char *path, const char *what, int r)
{
    if (r < 0)
        zk_log(log->ctx, ZK_LOG_DATA_FILE_PROBLEM, path, what, zk_error_text(r).text);
    return r;
}

/* ---- append ---------------------------------------------------------------------------------- */

int file_txn_log_append(struct file_txn_log *log, const struct txn_log_entry *entry)
{
    enter(log);
    return leave(log, append_entry(log, entry));
}

static int append_entry(struct file_txn_log *log, const struct txn_log_entry *entry)
{
    int64_t zxid = entry->header.zxid;
    if (log->error < 0)
        return log->error;
    if (zxid <= log->last_zxid_seen) /* appended all the same, as in Java */
        zk_log(log->ctx, ZK_LOG_ZXID_NOT_ABOVE, zxid, log->last_zxid_seen,
               op_code_name(entry->header.type));
    else
        log->last_zxid_seen = zxid;
    if (log->fd < 0) {
        int r = create_file(log, zxid);
        if (r < 0)
            return r;
    }
    int r = file_padding_pad_file(&log->padding, log->fd, log->java_position);
    if (r < 0)
        return problem(log, log->path, "made larger", r);
    put_entry(log, entry->bytes);
    return log->unwritten->length < LARGEST_BATCH ? 0 : write_out(log);
}

/* Java: append(), where there is no stream */
static int create_file(struct file_txn_log *log, int64_t zxid)
{
    char *path = util_make_log_name(log->directory, zxid);
    zk_log(log->ctx, ZK_LOG_CREATING_NEW_LOG_FILE, strrchr(path, '/') + 1);
    int r = file_create(path, &log->fd);
    if (r == -EEXIST) {
        r = remove_empty_file(log, path);
        if (r == 0)
            r = file_create(path, &log->fd);
    }
    if (r < 0)
        goto out;
    r = write_header(log, log->fd);
    if (r < 0) {
        file_close(log->fd);
        log->fd = -1;
        file_remove(path); /* nobody has heard of it */
        goto out;
    }
    log->path = path;
    log->position = FILE_HEADER_BYTES;
    log->synced_position = FILE_HEADER_BYTES;
    log->java_position = FILE_HEADER_BYTES;
    log->padding.current_size = FILE_HEADER_BYTES;
    return 0;
out:
    r = problem(log, path, "created", r);
    free(path);
    return r;
}

/* A peer that was killed before its first commit starts again with the same zxid, and finds its own
 * file: it has no entry, and may go. -EEXIST: it has some. */
static int remove_empty_file(struct file_txn_log *log, const char *path)
{
    bool unborn = false;
    int r = txn_log_is_unborn(path, &unborn);
    if (r == 0 && !unborn) {
        struct txn_log_reader *reader = NULL;
        struct buf *payload = NULL;
        r = txn_log_reader_open(log->ctx, path, &reader);
        if (r == 0)
            r = txn_log_reader_next(reader, &payload);
        txn_log_reader_free(reader);
        buf_unref(payload);
        if (r > 0 || r == -EPROTO || r == -EBADMSG) /* it has entries, or what may have been some */
            return -EEXIST;
    }
    return r < 0 ? r : log_file_remove_durably(log->ctx, log->directory, path);
}

static int write_header(struct file_txn_log *log, int fd)
{
    const struct file_header header = {TXN_LOG_MAGIC, TXN_LOG_VERSION, 0};
    struct buf *bytes = jute_to_buf(&file_header_record, &header);
    int r = file_write_at(fd, 0, bytes->bytes, bytes->length);
    buf_unref(bytes);
    if (r == 0 && log->force_sync)
        r = file_sync(fd);
    if (r == 0 && log->force_sync)
        r = file_sync_directory(log->directory);
    return r;
}

static void put_entry(struct file_txn_log *log, const struct buf *payload)
{
    buf_put_long(log->unwritten,
                 zk_adler32(ZK_ADLER32_OF_NOTHING, payload->bytes, payload->length));
    buf_put_int(log->unwritten, (int32_t)payload->length);
    buf_put_bytes(log->unwritten, payload->bytes, payload->length);
    buf_put_byte(log->unwritten, 'B');
    java_write(log, sizeof(int64_t));
    java_write(log, sizeof(int32_t));
    java_write(log, payload->length);
    java_write(log, 1);
}

/* Follows what Java's stream would write, and what it would hold back, of so many more bytes. Java:
 * BufferedOutputStream.write() */
static void java_write(struct file_txn_log *log, size_t length)
{
    if (length > JAVA_BUFFER - log->java_buffered || length >= JAVA_BUFFER) {
        log->java_position += (int64_t)log->java_buffered;
        log->java_buffered = 0;
    }
    if (length >= JAVA_BUFFER)
        log->java_position += (int64_t)length;
    else
        log->java_buffered += length;
}

static int write_out(struct file_txn_log *log)
{
    struct buf *bytes = log->unwritten;
    if (bytes->length == 0)
        return 0;
    int r = file_write_at(log->fd, log->position, bytes->bytes, bytes->length);
    if (r < 0)
        return problem(log, log->path, "written", r);
    log->unsynced = true;
    log->position += (int64_t)bytes->length;
    bytes->length = 0;
    return 0;
}

/* ---- commit, roll ---------------------------------------------------------------------------- */

int file_txn_log_commit(struct file_txn_log *log)
{
    enter(log);
    int r = commit_batch(log);
    int64_t size = zk_atomic_long_get(&log->current_log_size);
    if (r == 0 && log->txn_log_size_limit > 0 && size > log->txn_log_size_limit) {
        zk_log(log->ctx, ZK_LOG_LOG_SIZE_LIMIT, size);
        r = roll_file(log);
    }
    return leave(log, r);
}

static int commit_batch(struct file_txn_log *log)
{
    if (log->error < 0)
        return log->error;
    if (log->fd < 0)
        return 0;
    int r = write_out(log);
    if (r < 0)
        return r;
    log->java_position = log->position; /* Java flushes its stream here, too */
    log->java_buffered = 0;
    int64_t padded = log->padding.current_size;
    zk_atomic_long_set(&log->current_log_size, log->position > padded ? log->position : padded);
    if (log->force_sync && log->unsynced)
        r = sync_file(log);
    log->unsynced = false;
    return r;
}

/* After a failed fsync Linux takes the pages for clean, and shows them to whoever reads the file,
 * although the disk may not have them. The fsync of the next start would succeed, and it would vote
 * with a history that a power loss takes back. So what this peer has not acknowledged is cut off
 * here, as far as the disk still obeys. */
static void forget_unsynced(struct file_txn_log *log)
{
    problem(log, log->path, "truncated", file_truncate(log->fd, log->synced_position));
}

/* fdatasync is enough, and cheaper than fsync: the file was made larger before its bytes came
 * (file_padding.h), so its size is on the disk already. */
static int sync_file(struct file_txn_log *log)
{
    int64_t start_ms = zk_elapsed_ms();
    int r = file_sync_data(log->fd);
    if (r < 0) {
        forget_unsynced(log);
        return problem(log, log->path, "synced", r);
    }
    log->synced_position = log->position;
    int64_t elapsed_ms = zk_elapsed_ms() - start_ms;
    bool beyond_threshold = elapsed_ms > log->fsync_warning_threshold_ms;
    zk_atomic_long_set(&log->sync_elapsed_ms, elapsed_ms);
    if (beyond_threshold) {
        char thread[64];
        zk_thread_name(log->ctx, thread, sizeof thread);
        zk_log(log->ctx, ZK_LOG_FSYNC_SLOW, thread, elapsed_ms,
               zk_atomic_long_get(&log->current_log_size));
    }
    if (log->fsync_listener.on_fsync != NULL)
        log->fsync_listener.on_fsync(log->fsync_listener.arg, elapsed_ms, beyond_threshold);
    return 0;
}

int file_txn_log_roll_log(struct file_txn_log *log)
{
    enter(log);
    return leave(log, roll_file(log));
}

static int roll_file(struct file_txn_log *log)
{
    int r = commit_batch(log);
    if (r < 0 || log->fd < 0)
        return r;
    zk_atomic_long_add(&log->prev_logs_running_total, zk_atomic_long_get(&log->current_log_size));
    close_file(log);
    return 0;
}

/* ---- truncate -------------------------------------------------------------------------------- */

int file_txn_log_truncate(struct file_txn_log *log, int64_t zxid, int64_t *ret_last_zxid)
{
    struct log_files files = {0};
    *ret_last_zxid = -1;
    enter(log);
    int r = log->error;
    if (r == 0) {
        close_file(log);
        r = log_files_list(log->ctx, log->directory, &files);
    }
    if (r == 0 && files.count == 0) {
        zk_log(log->ctx, ZK_LOG_NO_LOG_FILES_TO_TRUNCATE);
        log_files_done(&files);
        leave(log, 0); /* nothing is wrong with the log */
        return -ENODATA;
    }
    if (r == 0)
        r = truncate_files(log, &files, zxid, ret_last_zxid);
    if (r == 0)
        log->last_zxid_seen = *ret_last_zxid > 0 ? *ret_last_zxid : 0;
    log_files_done(&files);
    return leave(log, r);
}

/* All is read before the first byte is changed, so that a log that cannot be read stays as it
 * is. */
static int truncate_files(struct file_txn_log *log, const struct log_files *files, int64_t zxid,
                          int64_t *ret_last_zxid)
{
    size_t keep = files->count; /* files that do not begin behind zxid */
    int64_t cut = 0;
    while (keep > 0 && files->items[keep - 1].zxid > zxid)
        keep--;
    int r = 0;
    if (keep > 0) {
        const char *path = files->items[keep - 1].path;
        r = problem(log, path, "read", find_cut(log, path, zxid, &cut, ret_last_zxid));
    }
    if (r == 0)
        r = find_last(log, files, keep > 0 ? keep - 1 : 0, ret_last_zxid);
    for (size_t i = files->count; r == 0 && i > keep; i--)
        r = log_file_remove_durably(log->ctx, log->directory, files->items[i - 1].path);
    if (r == 0 && keep > 0)
        r = cut_file(log, files->items[keep - 1].path, cut);
    return r;
}

/* *ret_cut is where the entries that are not behind zxid end in this file; *ret_last is the zxid of
 * the last of them, and stays as it is if there is none. */
static int find_cut(struct file_txn_log *log, const char *path, int64_t zxid, int64_t *ret_cut,
                    int64_t *ret_last)
{
    struct txn_log_reader *reader = NULL;
    bool behind = false;
    int r = txn_log_reader_open(log->ctx, path, &reader);
    if (r == 0)
        *ret_cut = txn_log_reader_position(reader);
    while (r == 0 && !behind) {
        struct buf *payload = NULL;
        r = txn_log_reader_next(reader, &payload);
        if (r <= 0)
            break;
        int64_t found = txn_log_payload_zxid(payload);
        behind = found > zxid;
        if (!behind) {
            *ret_cut = txn_log_reader_position(reader);
            *ret_last = found;
        }
        buf_unref(payload);
        r = 0;
    }
    txn_log_reader_free(reader);
    return r;
}

/* Unless *ret_last is known already (not -1), finds the zxid of the last entry in the first count
 * files, which all stay as they are. One that a purge has removed since they were listed tells
 * nothing: a snapshot covers what it held. */
static int find_last(struct file_txn_log *log, const struct log_files *files, size_t count,
                     int64_t *ret_last)
{
    int64_t cut;
    int r = 0;
    while (r == 0 && *ret_last == -1 && count > 0) {
        const char *path = files->items[--count].path;
        r = find_cut(log, path, INT64_MAX, &cut, ret_last);
        if (r == -ENOENT && file_is_gone(path))
            r = 0;
        problem(log, path, "read", r);
    }
    return r;
}

static int cut_file(struct file_txn_log *log, const char *path, int64_t size)
{
    int fd = -1;
    int r = file_open_write(path, &fd);
    if (r == 0) {
        r = file_truncate(fd, size);
        if (r == 0)
            r = file_sync(fd);
        file_close(fd);
    }
    return problem(log, path, "truncated", r);
}

int log_file_remove_durably(struct zk_context *ctx, const char *directory, const char *path)
{
    int r = file_remove(path);
    if (r == 0)
        r = file_sync_directory(directory);
    if (r < 0)
        zk_log(ctx, ZK_LOG_DATA_FILE_PROBLEM, path, "removed", zk_error_text(r).text);
    return r;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

int64_t file_txn_log_get_total_log_size(const struct file_txn_log *log)
{
    return zk_atomic_long_get(&log->prev_logs_running_total) +
           zk_atomic_long_get(&log->current_log_size);
}

void file_txn_log_set_total_log_size(struct file_txn_log *log, int64_t size)
{
    zk_atomic_long_set(&log->prev_logs_running_total, size);
}

int64_t file_txn_log_get_txn_log_sync_elapsed_time(const struct file_txn_log *log)
{
    return zk_atomic_long_get(&log->sync_elapsed_ms);
}
