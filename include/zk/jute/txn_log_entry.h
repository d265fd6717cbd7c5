/* One transaction with its header and its digest, and its bytes, as they stand in the log and in
 * PROPOSAL and INFORM. Java: TxnLogEntry, SerializeUtils.deserializeTxn(), Util.marshallTxnEntry()
 *
 *      32   TxnHeader
 *           the record that belongs to the header's type
 *      12   TxnDigest; not there for errors, and from servers that keep no digest
 *
 * The bytes are made or received once, and never made again: what a leader proposes is what each
 * server logs, and what is sent once more to a learner that was away. Java makes them again of a
 * record that may have been changed meanwhile (D-120).
 *
 * An entry never changes once it is made; any thread may read it. */
#ifndef ZK_JUTE_TXN_LOG_ENTRY_H
#define ZK_JUTE_TXN_LOG_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/base/refcount.h"
#include "zk/jute/txn.h"

struct zk_context;

/* One operation of a multi, taken apart. */
struct txn_operation {
    int32_t type;
    /* False: there is no record of that type in the bytes. Java finds out when it applies it, and
     * leaves out this operation and all behind it (K-60). */
    bool readable;
    union txn_record record; /* zeros if it is not readable */
};

struct txn_log_entry {
    struct zk_refcount refs; /* each queue, list and request that has it */
    struct txn_header header;
    bool has_record; /* false: a closeSession from before 3.6 */
    union txn_record record;
    struct txn_operation *operations; /* owned; of a multi, as many as record.multi.txns has */
    bool has_digest;
    struct txn_digest digest;
    struct buf *bytes; /* a reference */
};

/* Java: new TxnLogEntry(), and Util.marshallTxnEntry() for its bytes. Takes over what *record owns,
 * and zeroes it; NULL: none, for a closeSession. digest NULL: none. The caller unrefs the entry. */
struct txn_log_entry *txn_log_entry_new(const struct txn_header *header, union txn_record *record,
                                        const struct txn_digest *digest);

/* Java: SerializeUtils.deserializeTxn(). Shares bytes. The caller unrefs *ret_entry. -EPROTO: they
 * are no transaction, or one that Java would end a thread with: no path, or one with a zero byte
 * inside, a TTL that cannot be (D-121). Bytes behind the end are ignored, as Java ignores them. */
ZK_NODISCARD int txn_log_entry_decode(const struct zk_context *ctx, struct buf *bytes,
                                      struct txn_log_entry **ret_entry);

struct txn_log_entry *txn_log_entry_ref(struct txn_log_entry *entry);
void txn_log_entry_unref(struct txn_log_entry *entry); /* NULL is fine */

#endif
