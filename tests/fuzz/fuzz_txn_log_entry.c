/* Transactions, each behind two bytes of length, one after the other applied to a tree, and all of
 * them once more, as a replay over a snapshot does. What was read is written as the same bytes; the
 * tree stays one that can be written and read, whose sums are those of its nodes. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "tree/data_tree_internal.h"
#include "zk/base/buf.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"

enum { ENTRIES_MAX = 64 };

/* ---- entries --------------------------------------------------------------------------------- */

static bool is_same_record(const struct txn_log_entry *a, const struct txn_log_entry *b)
{
    if (a->has_record != b->has_record)
        return false;
    return !a->has_record || jute_equal(txn_record_of_type(a->header.type), &a->record, &b->record);
}

/* Made of its parts, an entry has the bytes that it was read from, or it is read from them again:
 * a create from before 3.3 gets the parent's version, a negative count is none (K-21), any byte but
 * zero is true, bytes behind the end go. */
static void check_entry(struct zk_context *ctx, const struct txn_log_entry *entry)
{
    union txn_record record = {0};
    struct txn_log_entry *read = NULL;
    if (entry->has_record)
        jute_copy(txn_record_of_type(entry->header.type), &record, &entry->record);
    struct txn_log_entry *made =
        txn_log_entry_new(&entry->header, entry->has_record ? &record : NULL,
                          entry->has_digest ? &entry->digest : NULL);
    zk_assert(txn_log_entry_decode(ctx, made->bytes, &read) == 0);
    zk_assert(is_same_record(entry, read) && is_same_record(made, read));
    zk_assert(read->has_digest == entry->has_digest);
    zk_assert(!read->has_digest || jute_equal(&txn_digest_record, &read->digest, &entry->digest));
    zk_assert((entry->operations != NULL) == (entry->header.type == OP_CODE_MULTI));
    txn_log_entry_unref(read);
    txn_log_entry_unref(made);
}

/* Returns how many could be read. */
static size_t read_entries(struct zk_context *ctx, const uint8_t *bytes, size_t length,
                           struct txn_log_entry *ret_entries[ENTRIES_MAX])
{
    size_t count = 0;
    while (length >= 2 && count < ENTRIES_MAX) {
        size_t size = (size_t)bytes[0] << 8 | bytes[1];
        if (size > length - 2)
            size = length - 2;
        struct buf *piece = buf_new_copy(bytes + 2, size);
        int r = txn_log_entry_decode(ctx, piece, &ret_entries[count]);
        zk_assert(r == 0 || r == -EPROTO);
        if (r == 0)
            check_entry(ctx, ret_entries[count++]);
        buf_unref(piece);
        bytes += 2 + size;
        length -= 2 + size;
    }
    return count;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static void check_result(const struct process_txn_result *result, const struct txn_log_entry *entry)
{
    zk_assert(result->zxid == entry->header.zxid && result->type == entry->header.type);
    zk_assert(!result->has_stat || result->err == 0);
    zk_assert(result->multi_count == 0 || entry->header.type == OP_CODE_MULTI);
    for (size_t i = 0; i < result->multi_count; i++)
        zk_assert(result->multi_result[i].multi_count == 0);
}

static void apply_all(struct data_tree *tree, struct txn_log_entry *const *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct process_txn_result result;
        data_tree_process_txn(tree, entries[i], &result);
        check_result(&result, entries[i]);
        process_txn_result_done(&result);
    }
}

static void check_sums(const struct data_tree *tree)
{
    uint64_t digest = 0;
    size_t children = 0;
    size_t users = 0;
    for (size_t i = 0; i < tree->nodes.slot_count; i++) {
        const struct data_node *node = tree->nodes.slots[i].node;
        if (node == NULL)
            continue;
        zk_assert(node->digest == digest_calculate(node->path, node->path_length,
                                                   data_node_data(node), data_node_data_size(node),
                                                   &node->stat));
        digest += node->digest;
        children += data_node_child_count(node);
        users += node->acl != ACL_CACHE_OPEN_UNSAFE;
    }
    zk_assert(digest == tree->nodes.digest);
    zk_assert(children + 1 == tree->nodes.count); /* each but the root is a child */
    const struct long_hash *lists = &tree->acl_cache.lists;
    for (size_t i = 0; i < lists->room; i++)
        if (lists->slots[i].used)
            users -= (size_t)((struct acl_cache_entry *)lists->slots[i].value)->references;
    zk_assert(users == 0);
}

/* Written and read again it has the same sums; only what a quota's node says is counted anew. */
static void check_bytes(struct zk_context *ctx, struct data_tree *tree)
{
    struct buf *bytes = buf_new(4096);
    struct jute_out out = jute_out_of_buf(bytes);
    data_tree_serialize(tree, &out);
    zk_assert(jute_out_flush(&out) == 0);

    struct data_tree *read = NULL;
    struct jute_in in = jute_in_of_bytes(ctx, bytes->bytes, bytes->length);
    zk_assert(data_tree_deserialize(ctx, &in, &read) == 0);
    zk_assert(read->nodes.count == tree->nodes.count && read->nodes.digest == tree->nodes.digest);
    zk_assert(read->ephemerals_count == tree->ephemerals_count);
    zk_assert(read->containers.count == tree->containers.count);
    zk_assert(read->ttls.count == tree->ttls.count);
    check_sums(read);
    data_tree_unref(read);
    buf_unref(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct txn_log_entry *entries[ENTRIES_MAX] = {0};
    struct zk_context *ctx = fuzz_context();
    zk_settings_set(ctx, "zookeeper.extendedTypesEnabled", "true");
    size_t count = read_entries(ctx, bytes, length, entries);
    struct data_tree *tree = data_tree_new(ctx);
    apply_all(tree, entries, count);
    check_sums(tree);
    check_bytes(ctx, tree);
    apply_all(tree, entries, count);
    check_sums(tree);
    data_tree_unref(tree);
    for (size_t i = 0; i < count; i++)
        txn_log_entry_unref(entries[i]);
    zk_context_free(ctx);
    return 0;
}
