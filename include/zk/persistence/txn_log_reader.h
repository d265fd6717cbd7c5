/* One file of the transaction log, entry by entry, as bytes. What makes transactions of them is
 * txn_iterator (file_txn_log.h). Java: FileTxnLog.FileTxnIterator, as far as it looks at one file;
 * persistence.Util.readTxnBytes(). Any thread may make a reader, also while another one appends to
 * the file; one thread at a time uses it. */
#ifndef ZK_PERSISTENCE_TXN_LOG_READER_H
#define ZK_PERSISTENCE_TXN_LOG_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"

struct zk_context;
struct txn_log_reader;

/* How a file ended. */
enum txn_log_end {
    TXN_LOG_END_NONE,    /* it has not yet */
    TXN_LOG_END_CLEAN,   /* nothing more, or zeros */
    TXN_LOG_END_PARTIAL, /* an entry began, and the file, or its zeros, came before its last byte */
    /* The checksum of an entry is wrong because at least one of its sectors is zero: it was being
     * written when the power failed. In any but the newest file that is damage. */
    TXN_LOG_END_TORN,
};

enum {
    TXN_LOG_MAGIC = 0x5a4b4c47,      /* Java: FileTxnLog.TXNLOG_MAGIC, "ZKLG" */
    TXN_LOG_VERSION = 2,             /* Java: FileTxnLog.VERSION */
    TXN_LOG_ENTRY_EXTRA = 8 + 4 + 1, /* checksum, length, 'B' around each payload */
    TXN_LOG_SMALLEST_PAYLOAD = 32,   /* a TxnHeader */
};

/* Opens the file and checks its header. path is copied. Errors, not logged: -EPIPE it is shorter
 * than its header; -EPROTO another magic number stands there (Java does not look at the rest of the
 * header, and neither do we); other errno of the disk. Blocks on the disk, as txn_log_reader_next
 * does. */
ZK_NODISCARD int txn_log_reader_open(const struct zk_context *ctx, const char *path,
                                     struct txn_log_reader **ret_reader);
void txn_log_reader_free(struct txn_log_reader *reader); /* NULL is fine */

/* Returns 1 with the payload of the next entry, which the caller unrefs; 0 at the end, see
 * txn_log_reader_end. Errors, not logged: -EBADMSG the checksum is wrong, and no power loss
 * explains it; -EPROTO a length that cannot be; other errno of the disk. */
ZK_NODISCARD int txn_log_reader_next(struct txn_log_reader *reader, struct buf **ret_payload);
enum txn_log_end txn_log_reader_end(const struct txn_log_reader *reader);
/* Returns where the next entry begins: behind the last whole one. */
int64_t txn_log_reader_position(const struct txn_log_reader *reader);
/* The path stays the reader's. */
const char *txn_log_reader_path(const struct txn_log_reader *reader);

/* Returns the zxid inside a payload, -1 if it is too short for one. */
int64_t txn_log_payload_zxid(const struct buf *payload);

/* *ret_unborn tells whether the file is what is left of one that was just being made: it is shorter
 * than a header, or holds nothing but zeros. Then no transaction of it was ever acknowledged:
 * entries are written when the header is on the disk. Blocks on the disk. Errors: errno of the
 * disk. */
ZK_NODISCARD int txn_log_is_unborn(const char *path, bool *ret_unborn);

#endif
