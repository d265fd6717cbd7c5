/* What nodes will look like, and the tree's digest with them. Java: PrepRequestProcessor
 *
 * The digest that a transaction carries is that of the whole tree after it. It is a sum, so each
 * record says what its node adds and what the sum is then; the newest record's sum is the one to go
 * on from, and the tree's own if nothing is outstanding. */
#include "server/prep_request_processor_internal.h"

#include <string.h>

#include "zk/base/alloc.h"
#include "zk/jute/record.h"
#include "zk/server/outstanding_changes.h"
#include "zk/server/request.h"
#include "zk/tree/data_tree.h"
#include "zk/tree/digest.h"

/* Java: getRecordForPath() */
enum keeper_code get_record_for_key(struct prep_request_processor *prep, struct prep_work *work,
                                    const struct path_key *key, struct change_record **ret_record)
{
    const struct change_record *last_change = outstanding_changes_get(prep->changes, key);
    if (last_change != NULL) {
        if (!last_change->exists)
            return KEEPER_CODE_NONODE;
        *ret_record = change_record_duplicate(last_change, work->header.zxid);
        return KEEPER_CODE_OK;
    }
    struct data_tree_record node;
    if (data_tree_get_change_record_for_key(prep->tree, key, &node) < 0)
        return KEEPER_CODE_NONODE;
    struct change_record *record = change_record_new(work->header.zxid, key);
    record->exists = true;
    record->stat = node.stat;
    record->child_count = (int32_t)node.child_count;
    record->acl = node.acl != NULL ? shared_acl_ref(node.acl) : NULL;
    record->data = node.data != NULL ? buf_ref(node.data) : NULL;
    record->node_digest = node.digest;
    data_tree_record_done(&node);
    *ret_record = record;
    return KEEPER_CODE_OK;
}

enum keeper_code get_record_for_path(struct prep_request_processor *prep, struct prep_work *work,
                                     const struct ustring *path, struct change_record **ret_record)
{
    struct path_key key = path_key_of(prep, path);
    return get_record_for_key(prep, work, &key, ret_record);
}

bool has_record_for_key(struct prep_request_processor *prep, struct prep_work *work,
                        const struct path_key *key)
{
    struct change_record *record;
    if (get_record_for_key(prep, work, key, &record) != KEEPER_CODE_OK)
        return false;
    change_record_free(record);
    return true;
}

const struct zk_acl_list *acl_of(const struct change_record *record)
{
    return record->acl != NULL ? &record->acl->list : NULL;
}

struct shared_acl *share_acl_list(const struct zk_acl_list *list, struct shared_acl *neighbour)
{
    if (neighbour != NULL && jute_equal(&zk_acl_list_record, &neighbour->list, list))
        return shared_acl_ref(neighbour);
    struct shared_acl *acl = zk_xcalloc(1, sizeof *acl);
    zk_refcount_init(&acl->refs);
    jute_copy(&zk_acl_list_record, &acl->list, list);
    return acl;
}

/* Java: getCurrentTreeDigest() */
static uint64_t get_current_tree_digest(const struct prep_request_processor *prep)
{
    const struct change_record *last = outstanding_changes_peek_last(prep->changes);
    return last != NULL ? last->tree_digest : data_tree_get_tree_digest(prep->tree);
}

/* Java: precalculateDigest(). Both digests of the record, after its change. */
static void precalculate_digest(const struct prep_request_processor *prep, enum digest_op_code op,
                                struct change_record *record)
{
    if (!prep->digest_enabled)
        return;
    uint64_t prev_node_digest = op == DIGEST_OP_CODE_ADD ? 0 : record->node_digest;
    const struct buf *data = record->data;
    record->node_digest =
        op == DIGEST_OP_CODE_REMOVE
            ? 0
            : digest_calculate(record->path, record->path_length, data != NULL ? data->bytes : NULL,
                               data != NULL ? data->length : 0, &record->stat);
    /* Sums of digests wrap around. */
    record->tree_digest = get_current_tree_digest(prep) - prev_node_digest + record->node_digest;
}

/* Java: addChangeRecord() */
void add_change_record(struct prep_request_processor *prep, enum digest_op_code op,
                       struct change_record *record)
{
    precalculate_digest(prep, op, record);
    outstanding_changes_add(prep->changes, record);
    prep->measured.counters[SERVER_METRICS_OUTSTANDING_CHANGES_QUEUED]++;
}

/* Java: setTxnDigest() */
void set_txn_digest(struct prep_request_processor *prep, struct prep_work *work)
{
    if (!prep->digest_enabled)
        return;
    work->has_digest = true;
    work->digest.version = DIGEST_VERSION;
    work->digest.tree_digest = (int64_t)get_current_tree_digest(prep);
}
