/* Compares the tree's digest with those of snapshots and transactions. A mismatch is logged and
 * counted, and nothing else happens: the peer goes on with the tree that it has. Java:
 * server.DataTree */
#include <inttypes.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "zk/base/alloc.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/log.h"
#include "zk/runtime/log_table.h"

/* Java: reportDigestMismatch() */
static void report_digest_mismatch(struct data_tree *tree, int64_t zxid) REQUIRES(&tree->mu)
{
    tree->digest_mismatches++;
    rate_logger_rate_limit_log(&tree->rate_logger, "Digests are not matching. Value is Zxid.",
                               zxid);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

/* Java: compareSnapshotDigests() */
static void compare_snapshot_digests(struct data_tree *tree, int64_t zxid) REQUIRES(&tree->mu)
{
    struct zxid_digest *loaded = &tree->digest_from_loaded_snapshot;
    if (zxid == loaded->zxid) {
        if (loaded->version != DIGEST_VERSION)
            zk_log(tree->ctx, ZK_LOG_DIGEST_VERSION_CHANGED, loaded->version, DIGEST_VERSION);
        else if (tree->nodes.digest != (uint64_t)loaded->digest)
            report_digest_mismatch(tree, zxid);
        *loaded = (struct zxid_digest){0};
    } else if (zxid > loaded->zxid) {
        rate_logger_rate_limit_log(&tree->rate_logger,
                                   "The txn of the snapshot digest does not exist.", loaded->zxid);
    }
}

/* Java: deserializeZxidDigest() */
void data_tree_set_digest_from_snapshot(struct data_tree *tree, const struct zxid_digest *digest,
                                        int64_t snap_zxid)
{
    zk_mutex_lock(&tree->mu);
    tree->last_processed_zxid = snap_zxid;
    if (digest->zxid <= 0) {
        zk_log(tree->ctx, ZK_LOG_SNAPSHOT_DIGEST_EMPTY);
    } else {
        zk_log(tree->ctx, ZK_LOG_SNAPSHOT_DIGEST, digest->version, (uint64_t)digest->zxid,
               digest->digest);
        /* A new leader begins at the epoch's first zxid, which no transaction has, and may write a
         * snapshot under it. That is not fuzzy, so the next transaction's digest counts already. */
        if (digest->zxid < snap_zxid)
            zk_log(tree->ctx, ZK_LOG_SNAPSHOT_DIGEST_OLDER, (uint64_t)digest->zxid,
                   (uint64_t)snap_zxid);
        else
            tree->digest_from_loaded_snapshot = *digest;
    }
    if (tree->digest_from_loaded_snapshot.zxid == snap_zxid && snap_zxid > 0)
        compare_snapshot_digests(tree, snap_zxid);
    zk_mutex_unlock(&tree->mu);
}

/* Java: getDigestFromLoadedSnapshot() */
bool data_tree_get_digest_from_loaded_snapshot(struct data_tree *tree,
                                               struct zxid_digest *ret_digest)
{
    zk_mutex_lock(&tree->mu);
    struct zxid_digest digest = tree->digest_from_loaded_snapshot;
    zk_mutex_unlock(&tree->mu);
    if (digest.zxid == 0)
        return false;
    *ret_digest = digest;
    return true;
}

/* ---- transactions ---------------------------------------------------------------------------- */

static void log_zxid_digest_locked(struct data_tree *tree, int64_t zxid) REQUIRES(&tree->mu);

void data_tree_digest_applied_locked(struct data_tree *tree, int64_t zxid)
{
    if (tree->digest_from_loaded_snapshot.zxid != 0)
        compare_snapshot_digests(tree, zxid);
    else
        log_zxid_digest_locked(tree, zxid);
}

/* Java: logZxidDigest() */
static void log_zxid_digest_locked(struct data_tree *tree, int64_t zxid)
{
    tree->last_processed_zxid_digest = (struct zxid_digest){
        .zxid = zxid,
        .version = DIGEST_VERSION,
        .digest = (int64_t)tree->nodes.digest,
    };
    if (zxid % DIGEST_LOG_INTERVAL != 0)
        return;
    if (tree->digest_log == NULL)
        tree->digest_log = zk_xcalloc(DIGEST_LOG_LIMIT, sizeof *tree->digest_log);
    if (tree->digest_log_count == DIGEST_LOG_LIMIT) {
        tree->digest_log_count--;
        memmove(tree->digest_log, tree->digest_log + 1,
                tree->digest_log_count * sizeof *tree->digest_log);
    }
    tree->digest_log[tree->digest_log_count++] = tree->last_processed_zxid_digest;
}

/* Java: compareDigest() */
void data_tree_compare_digest_locked(struct data_tree *tree, const struct txn_log_entry *txn)
{
    const struct txn_header *header = &txn->header;
    if (!tree->nodes.digest_enabled || !txn->has_digest ||
        tree->digest_from_loaded_snapshot.zxid != 0)
        return;
    if (txn->digest.version != DIGEST_VERSION) {
        rate_logger_rate_limit_log(&tree->rate_logger, "Digest version not the same on zxid.",
                                   header->zxid);
        return;
    }
    if ((uint64_t)txn->digest.tree_digest == tree->nodes.digest) {
        rate_logger_flush(&tree->rate_logger);
        return;
    }
    report_digest_mismatch(tree, header->zxid);
    if (tree->has_mismatched)
        return;
    tree->has_mismatched = true;
    zk_log(tree->ctx, ZK_LOG_FIRST_DIGEST_MISMATCH, op_code_name(header->type),
           (uint64_t)header->zxid, txn->digest.tree_digest, (int64_t)tree->nodes.digest);
}

enum digest_verdict data_tree_judge_digest(struct data_tree *tree, const struct txn_log_entry *txn)
{
    enum digest_verdict verdict = DIGEST_VERDICT_NONE;
    zk_mutex_lock(&tree->mu);
    if (tree->nodes.digest_enabled && txn->has_digest && txn->digest.version == DIGEST_VERSION &&
        tree->digest_from_loaded_snapshot.zxid == 0)
        verdict = (uint64_t)txn->digest.tree_digest == tree->nodes.digest ? DIGEST_VERDICT_EQUAL
                                                                          : DIGEST_VERDICT_DIFFERS;
    zk_mutex_unlock(&tree->mu);
    return verdict;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct zxid_digest data_tree_last_processed_zxid_digest(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    struct zxid_digest digest = tree->last_processed_zxid_digest;
    zk_mutex_unlock(&tree->mu);
    return digest;
}

int64_t data_tree_get_digest_mismatches(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    int64_t count = tree->digest_mismatches;
    zk_mutex_unlock(&tree->mu);
    return count;
}

struct zxid_digest *data_tree_get_digest_log(struct data_tree *tree, size_t *ret_count)
{
    zk_mutex_lock(&tree->mu);
    size_t count = tree->digest_log_count;
    struct zxid_digest *digests = zk_xcalloc(count > 0 ? count : 1, sizeof *digests);
    if (count > 0)
        memcpy(digests, tree->digest_log, count * sizeof *digests);
    zk_mutex_unlock(&tree->mu);
    *ret_count = count;
    return digests;
}
