/* Reading the log: which files, in which order, from which entry on.
 * Java: FileTxnLog.FileTxnIterator */
#include "persistence/file_txn_log_internal.h"
#include "zk/persistence/file_txn_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/str.h"
#include "zk/io/file.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/txn_log_reader.h"
#include "zk/persistence/util.h"
#include "zk/runtime/log_table.h"

/* ---- the files ------------------------------------------------------------------------------- */

/* Files whose names hold the same zxid ("1", "01") are ordered by the text of their names. */
static int compare_log_files(const void *a, const void *b)
{
    const struct log_file *one = a;
    const struct log_file *other = b;
    if (one->zxid != other->zxid)
        return one->zxid < other->zxid ? -1 : 1;
    return strcmp(one->path, other->path);
}

bool file_txn_log_is_name(const char *name, int64_t *ret_zxid)
{
    const char *suffix;
    return util_get_zxid_from_name(name, LOG_FILE_PREFIX, ret_zxid, &suffix) && suffix[0] == '\0';
}

/* Java: Util.sortDataDir() */
int log_files_list(struct zk_context *ctx, const char *directory, struct log_files *ret_files)
{
    struct zk_strings names = {0};
    int r = file_list(directory, &names);
    if (r < 0) {
        zk_log(ctx, ZK_LOG_DATA_FILE_PROBLEM, directory, "listed", zk_error_text(r).text);
        return r;
    }
    struct log_files files = {.items = zk_xcalloc(names.count + 1, sizeof *files.items)};
    for (size_t i = 0; i < names.count; i++) {
        int64_t zxid;
        if (!file_txn_log_is_name(names.items[i], &zxid))
            continue;
        files.items[files.count++] =
            (struct log_file){zxid, util_path_join(directory, names.items[i])};
    }
    qsort(files.items, files.count, sizeof *files.items, compare_log_files);
    zk_strings_done(&names);
    *ret_files = files;
    return 0;
}

/* Java: FileTxnLog.getLogFiles() */
void log_files_keep_from(struct log_files *files, int64_t zxid)
{
    size_t first = 0;
    while (first + 1 < files->count && files->items[first + 1].zxid <= zxid)
        first++;
    for (size_t i = 0; i < first; i++)
        free(files->items[i].path);
    memmove(files->items, files->items + first, (files->count - first) * sizeof *files->items);
    files->count -= first;
}

void log_files_done(struct log_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].path);
    free(files->items);
    *files = (struct log_files){0};
}

/* ---- the iterator ---------------------------------------------------------------------------- */

/* A purge may remove old files between the listing and their opening. Then the directory is listed
 * again, so often at most: no purge goes on for so long. */
enum { MOST_LISTINGS = 10 };

struct txn_iterator {
    struct zk_context *ctx;
    char *directory;
    bool at_start; /* a start: mend what a crash has left, and sync */
    /* How often the directory may still be listed again. It is 0 once the caller has had an entry:
     * then what is listed must be there. A purge leaves the three newest snapshots that look whole,
     * and the logs behind them. So it can only spoil a start for which none of these was any good,
     * and which has gone back to a snapshot that the purge removes as well. */
    int listings_left;
    struct log_files files; /* Java: storedFiles, but ascending */
    size_t next_file;
    struct txn_log_reader *reader; /* of the file before next_file; NULL: none is open */
    struct txn_log_entry *entry;   /* NULL: at the end */
};

static bool is_newest(const struct txn_iterator *iterator)
{
    return iterator->next_file == iterator->files.count;
}

/* Logs why the file cannot be read. Returns r. */
static int refuse_log_file(const struct txn_iterator *iterator, const char *path, int r)
{
    switch (r) {
    case -EBADMSG:
        zk_log(iterator->ctx, ZK_LOG_TXN_LOG_CRC, path, txn_log_reader_position(iterator->reader));
        break;
    case -EPROTO:
        zk_log(iterator->ctx, ZK_LOG_TXN_LOG_DAMAGED, path,
               iterator->reader != NULL ? txn_log_reader_position(iterator->reader) : 0);
        break;
    default:
        zk_log(iterator->ctx, ZK_LOG_DATA_FILE_PROBLEM, path, "read", zk_error_text(r).text);
    }
    return r;
}

/* Java: inStreamCreated() */
static void tell_magic(const struct txn_iterator *iterator, const char *path)
{
    uint8_t magic[4];
    int fd;
    if (file_open_read(path, &fd) < 0)
        return;
    if (file_read_at(fd, 0, magic, sizeof magic) == 0)
        zk_log(iterator->ctx, ZK_LOG_TXN_LOG_INVALID_MAGIC, path, zk_load_int(magic),
               (int)TXN_LOG_MAGIC);
    file_close(fd);
}

/* The newest file may be one that was just being made: by a process that was killed, or, if this is
 * no start, by our own SyncThread at this moment. Returns 0 if it is one; then it has no entries,
 * and reading has come to its end. */
static int pass_over_unborn(struct txn_iterator *iterator, const char *path, int opened)
{
    bool unborn = false;
    int r = txn_log_is_unborn(path, &unborn);
    if (opened == -EPROTO && !unborn)
        tell_magic(iterator, path);
    if (r < 0 || !unborn || !is_newest(iterator))
        return refuse_log_file(iterator, path, r < 0 ? r : opened == -EPIPE ? -EPROTO : opened);
    if (!iterator->at_start)
        return 0;
    zk_log(iterator->ctx, ZK_LOG_DELETE_EMPTY_TAIL, path);
    return log_file_remove_durably(iterator->ctx, iterator->directory, path);
}

/* Returns 1 if the reader stands in front of the first entry of the next file, 0 if there is no
 * such file. -EAGAIN: it is gone since the directory was listed. Java: goToNextLog() */
static int go_to_next_log(struct txn_iterator *iterator)
{
    if (is_newest(iterator))
        return 0;
    const char *path = iterator->files.items[iterator->next_file++].path;
    int r = txn_log_reader_open(iterator->ctx, path, &iterator->reader);
    if (r == -EPIPE || r == -EPROTO)
        return pass_over_unborn(iterator, path, r);
    if (r == -ENOENT && iterator->listings_left > 0 && file_is_gone(path))
        return -EAGAIN;
    return r < 0 ? refuse_log_file(iterator, path, r) : 1;
}

/* At a start, cuts off a torn tail and syncs the file, before anybody acts on what was read
 * (D-133). To sync it needs no right to write to it. An older file that a purge has removed
 * meanwhile needs neither: a snapshot that is on the disk covers what it held. */
static int settle_file(struct txn_iterator *iterator, const char *path, int64_t position, bool torn)
{
    const char *step = torn ? "cut" : "synced";
    int fd = -1;
    int r = torn ? file_open_write(path, &fd) : file_open_read(path, &fd);
    if (r == -ENOENT && !is_newest(iterator) && file_is_gone(path))
        return 0;
    if (r == 0 && torn) {
        zk_log(iterator->ctx, ZK_LOG_TXN_LOG_TORN, path, position);
        r = file_truncate(fd, position);
    }
    if (r == 0) {
        step = "synced";
        r = file_sync(fd);
    }
    if (fd >= 0)
        file_close(fd);
    if (r < 0)
        zk_log(iterator->ctx, ZK_LOG_DATA_FILE_PROBLEM, path, step, zk_error_text(r).text);
    return r;
}

/* Leaves a file that has been read to its end. */
static int leave_file(struct txn_iterator *iterator)
{
    const char *path = txn_log_reader_path(iterator->reader);
    int64_t position = txn_log_reader_position(iterator->reader);
    enum txn_log_end end = txn_log_reader_end(iterator->reader);
    int r = 0;
    if (end == TXN_LOG_END_TORN && !is_newest(iterator))
        return refuse_log_file(iterator, path, -EBADMSG);
    if (end == TXN_LOG_END_PARTIAL)
        zk_log(iterator->ctx, ZK_LOG_TXN_PARTIAL, path, position);
    if (iterator->at_start)
        r = settle_file(iterator, path, position, end == TXN_LOG_END_TORN);
    txn_log_reader_free(iterator->reader);
    iterator->reader = NULL;
    return r;
}

/* Returns 1 with the next payload, 0 at the end of the last file. */
static int next_payload(struct txn_iterator *iterator, struct buf **ret_payload)
{
    for (;;) {
        if (iterator->reader == NULL) {
            int r = go_to_next_log(iterator);
            if (r <= 0)
                return r;
        }
        int r = txn_log_reader_next(iterator->reader, ret_payload);
        if (r > 0)
            return r;
        if (r < 0)
            return refuse_log_file(iterator, txn_log_reader_path(iterator->reader), r);
        r = leave_file(iterator);
        if (r < 0)
            return r;
    }
}

/* After an error nothing is left to read. */
static int end_iterator(struct txn_iterator *iterator, int r)
{
    txn_log_reader_free(iterator->reader);
    iterator->reader = NULL;
    iterator->next_file = iterator->files.count;
    return r;
}

int txn_iterator_next(struct txn_iterator *iterator)
{
    struct buf *payload = NULL;
    txn_log_entry_unref(iterator->entry);
    iterator->entry = NULL;
    int r = next_payload(iterator, &payload);
    if (r > 0) {
        int decoded = txn_log_entry_decode(iterator->ctx, payload, &iterator->entry);
        buf_unref(payload);
        if (decoded < 0)
            r = refuse_log_file(iterator, txn_log_reader_path(iterator->reader), decoded);
    }
    return r > 0 ? r : end_iterator(iterator, r);
}

struct txn_log_entry *txn_iterator_entry(const struct txn_iterator *iterator)
{
    return iterator->entry;
}

int64_t txn_iterator_get_storage_size(const struct txn_iterator *iterator)
{
    int64_t sum = 0;
    for (size_t i = iterator->next_file; i < iterator->files.count; i++) {
        int64_t size = file_size(iterator->files.items[i].path);
        sum += size > 0 ? size : 0;
    }
    return sum;
}

void txn_iterator_free(struct txn_iterator *iterator)
{
    if (iterator == NULL)
        return;
    txn_log_entry_unref(iterator->entry);
    txn_log_reader_free(iterator->reader);
    log_files_done(&iterator->files);
    free(iterator->directory);
    free(iterator);
}

/* Stands at the first entry; with fast_forward, at the first that is not before zxid. -EAGAIN: as
 * go_to_next_log. Java: init() */
static int list_and_position(const struct file_txn_log *log, int64_t zxid, bool fast_forward,
                             struct txn_iterator *iterator)
{
    int r = log_files_list(log->ctx, log->directory, &iterator->files);
    if (r < 0)
        return r;
    /* The newest file that begins before zxid may hold that transaction. */
    log_files_keep_from(&iterator->files, zxid == INT64_MIN ? zxid : zxid - 1);
    iterator->next_file = 0;
    r = txn_iterator_next(iterator);
    while (r > 0 && fast_forward && iterator->entry->header.zxid < zxid)
        r = txn_iterator_next(iterator);
    return r;
}

/* Java: FileTxnIterator() */
static int iterate(const struct file_txn_log *log, int64_t zxid, bool fast_forward, bool at_start,
                   struct txn_iterator **ret_iterator)
{
    struct txn_iterator *iterator = zk_xcalloc(1, sizeof *iterator);
    iterator->ctx = log->ctx;
    iterator->directory = zk_xstrdup(log->directory);
    iterator->at_start = at_start;
    iterator->listings_left = MOST_LISTINGS;
    int r;
    do {
        log_files_done(&iterator->files);
        iterator->listings_left--;
        r = list_and_position(log, zxid, fast_forward, iterator);
    } while (r == -EAGAIN);
    iterator->listings_left = 0;
    if (r < 0) {
        txn_iterator_free(iterator);
        return r;
    }
    *ret_iterator = iterator;
    return 0;
}

int file_txn_log_read(const struct file_txn_log *log, int64_t zxid, bool fast_forward,
                      struct txn_iterator **ret_iterator)
{
    return iterate(log, zxid, fast_forward, false, ret_iterator);
}

int file_txn_log_read_at_start(const struct file_txn_log *log, int64_t zxid,
                               struct txn_iterator **ret_iterator)
{
    return iterate(log, zxid, true, true, ret_iterator);
}

/* Java: FileTxnLog.getLastLoggedZxid() */
int file_txn_log_get_last_logged_zxid(const struct file_txn_log *log, int64_t *ret_zxid)
{
    struct log_files files;
    struct txn_iterator *iterator = NULL;
    int r = log_files_list(log->ctx, log->directory, &files);
    if (r < 0)
        return r;
    int64_t zxid = files.count > 0 ? files.items[files.count - 1].zxid : -1;
    log_files_done(&files);
    r = iterate(log, zxid, false, false, &iterator);
    if (r < 0)
        return r;
    *ret_zxid = zxid;
    while (txn_iterator_entry(iterator) != NULL && r >= 0) {
        *ret_zxid = txn_iterator_entry(iterator)->header.zxid;
        r = txn_iterator_next(iterator);
    }
    txn_iterator_free(iterator);
    return r < 0 ? r : 0;
}
