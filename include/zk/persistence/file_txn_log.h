/* The transaction log: what a peer promises to keep. Java: persistence.FileTxnLog, TxnLog
 *
 *   <dataLogDir>/version-2/log.<zxid of the first entry, in hex>
 *
 *   16      FileHeader: int 0x5a4b4c47 "ZKLG", int version 2, long dbid 0
 *   entry*  8     long   Adler-32 of the payload, as an unsigned number
 *           4+n   buffer the payload: header, record, digest of one transaction
 *           1     byte   'B'
 *   zeros up to the end of the file, which is made larger than it needs to be
 *
 * One thread at a time appends, commits, rolls and truncates: the SyncThread while there is one,
 * else the peer's main thread. The sizes may be asked for by any thread. Nothing is written to a
 * file that an earlier process began: the first append makes a new one. All functions but the sizes
 * block on the disk.
 *
 * What survives a power loss (NOTES.md 4.6): everything up to the last commit that returned 0. The
 * name and the header of a file are on the disk before its first entry is written, and a file is
 * complete on the disk before the next one is made, so what a crash leaves is always the beginning
 * of what was appended.
 *
 * Errors: -errno of the disk, logged with the file and the reason. After the first error the log is
 * dead: append, commit, roll and truncate return the same error for as long as the object lives,
 * because after a failed write or fsync nobody can say what the disk holds. A peer whose log is
 * dead must not acknowledge anything any more (D-130). */
#ifndef ZK_PERSISTENCE_FILE_TXN_LOG_H
#define ZK_PERSISTENCE_FILE_TXN_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct zk_context;
struct txn_log_entry;
struct file_txn_log;

/* Told after each fsync of the log, by the thread that committed. Java: setServerStats(), and the
 * metric FSYNC_TIME */
struct fsync_listener {
    /* beyond_threshold: it took longer than fsync.warningthresholdms (1000). */
    void (*on_fsync)(void *arg, int64_t elapsed_ms, bool beyond_threshold);
    void *arg;
};

/* Java: new FileTxnLog(logDir). directory is copied. Nothing is opened yet. */
struct file_txn_log *file_txn_log_new(struct zk_context *ctx, const char *directory);
/* Java: close(). What was not committed may be lost. NULL is fine. */
void file_txn_log_free(struct file_txn_log *log);
/* Call it before the first commit. */
void file_txn_log_set_fsync_listener(struct file_txn_log *log, struct fsync_listener listener);

/* Java: append(). The bytes stay in memory until the next commit; only a very large batch is given
 * to the system before. entry stays the caller's. -EEXIST: the file that would be made holds
 * transactions already. */
ZK_NODISCARD int file_txn_log_append(struct file_txn_log *log, const struct txn_log_entry *entry);
/* Java: commit(). One write and one fdatasync for all that was appended since the last one; then it
 * is on the disk, unless zookeeper.forceSync is "no". Rolls when the file is larger than
 * zookeeper.txnLogSizeLimitInKb. */
ZK_NODISCARD int file_txn_log_commit(struct file_txn_log *log);
/* Java: rollLog(). The next append makes a new file. Commits the present one first (D-131). */
ZK_NODISCARD int file_txn_log_roll_log(struct file_txn_log *log);
/* Java: truncate(). Removes every entry behind zxid, the last files first, and is on the disk when
 * it returns. *ret_last_zxid is that of the last entry that is left, -1 if there is none. Unlike
 * Java it leaves no entry behind zxid when zxid itself is in no log (D-132). -ENODATA: there is no
 * log file; nothing was changed. */
ZK_NODISCARD int file_txn_log_truncate(struct file_txn_log *log, int64_t zxid,
                                       int64_t *ret_last_zxid);

/* Returns whether a file of that name belongs to a log, and the zxid in it. One with something
 * behind the zxid does not: an editor or an operator has put it there (D-136). */
bool file_txn_log_is_name(const char *name, int64_t *ret_zxid);

/* Java: getTotalLogSize(). Returns the bytes of all files since the last snapshot, with the zeros
 * at their ends. */
int64_t file_txn_log_get_total_log_size(const struct file_txn_log *log);
/* Java: setTotalLogSize(). Sets the bytes of those files without the one that is written to. */
void file_txn_log_set_total_log_size(struct file_txn_log *log, int64_t size);
/* Java: getTxnLogSyncElapsedTime(): milliseconds that the last fsync took; -1: none yet. */
int64_t file_txn_log_get_txn_log_sync_elapsed_time(const struct file_txn_log *log);

/* ---- reading --------------------------------------------------------------------------------- */

/* What is in the files of a directory, from some zxid on, in the order of the files. Any thread may
 * make an iterator, also while another one appends: what is not committed yet may or may not be
 * seen. One thread at a time uses it. It is Java's FileTxnIterator. */
struct txn_iterator;

/* Java: getLastLoggedZxid(). *ret_zxid is that of the last entry of the newest file; the one in the
 * file's name if it has no entry; -1 if there is no file. Errors: as txn_iterator_next. */
ZK_NODISCARD int file_txn_log_get_last_logged_zxid(const struct file_txn_log *log,
                                                   int64_t *ret_zxid);
/* Java: read(zxid, fastForward), new FileTxnIterator(). Starts with the newest file that begins
 * before zxid; with fast_forward, at the first entry that is not before zxid. The iterator
 * stands on its first entry, or at the end. The caller frees *ret_iterator. Errors: as
 * txn_iterator_next. */
ZK_NODISCARD int file_txn_log_read(const struct file_txn_log *log, int64_t zxid, bool fast_forward,
                                   struct txn_iterator **ret_iterator);
/* Returns the entry that the iterator stands on, which stays the iterator's until the next call;
 * NULL: the end. Java: FileTxnIterator.getHeader(), FileTxnIterator.getTxn(),
 * FileTxnIterator.getDigest() */
struct txn_log_entry *txn_iterator_entry(const struct txn_iterator *iterator);
/* Java: FileTxnIterator.next(). A file ends where its zeros begin, or where the last entry is not
 * whole. Returns 1 on an entry, 0 at the end. Errors, logged with the file and the place: -EBADMSG
 * the checksum of an entry is wrong, and a power loss does not explain it; -EPROTO bytes that are
 * no log; other errno of the disk. After an error it is at its end. */
ZK_NODISCARD int txn_iterator_next(struct txn_iterator *iterator);
/* Java: FileTxnIterator.getStorageSize(): the size in bytes of the files that are still to be
 * opened. */
int64_t txn_iterator_get_storage_size(const struct txn_iterator *iterator);
/* Java: FileTxnIterator.close(). NULL is fine. */
void txn_iterator_free(struct txn_iterator *iterator);

#endif
