/* Transactions for tests. */
#include "transactions.h"

#include "zk/jute/op_code.h"
#include "zk/tree/data_tree.h"

struct txn_header txn_header_at(int64_t zxid, int32_t type, int64_t client_id)
{
    return (struct txn_header){
        .client_id = client_id,
        .cxid = (int32_t)zxid,
        .zxid = zxid,
        .time_ms = 10 * zxid,
        .type = type,
    };
}

struct txn_log_entry *txn_at(int64_t zxid, int32_t type, int64_t client_id,
                             union txn_record *record)
{
    struct txn_header header = txn_header_at(zxid, type, client_id);
    return txn_log_entry_new(&header, record, NULL);
}

/* ---- records --------------------------------------------------------------------------------- */

static struct buf *shared(struct buf *data)
{
    return data != NULL ? buf_ref(data) : NULL;
}

static struct zk_acl_list copied(const struct zk_acl_list *acl)
{
    struct zk_acl_list copy = {0};
    if (acl != NULL)
        jute_copy(&zk_acl_list_record, &copy, acl);
    return copy;
}

union txn_record create_record(const char *path, struct buf *data, const struct zk_acl_list *acl,
                               bool ephemeral, int32_t parent_cversion)
{
    return (union txn_record){
        .create =
            {
                .path = ustring_of(path),
                .data = shared(data),
                .acl = copied(acl),
                .ephemeral = ephemeral,
                .parent_cversion = parent_cversion,
            },
    };
}

union txn_record delete_record(const char *path)
{
    return (union txn_record){.delete = {.path = ustring_of(path)}};
}

union txn_record set_data_record(const char *path, struct buf *data, int32_t version)
{
    return (union txn_record){
        .set_data = {.path = ustring_of(path), .data = shared(data), .version = version},
    };
}

union txn_record set_acl_record(const char *path, const struct zk_acl_list *acl, int32_t version)
{
    return (union txn_record){
        .set_acl = {.path = ustring_of(path), .acl = copied(acl), .version = version},
    };
}

union txn_record check_record(const char *path, int32_t version)
{
    return (union txn_record){.check_version = {.path = ustring_of(path), .version = version}};
}

union txn_record error_record(int32_t err)
{
    return (union txn_record){.error = {.err = err}};
}

void multi_add(union txn_record *multi, int32_t type, union txn_record record)
{
    struct sub_txn *txn = jute_list_add(&sub_txn_record, &multi->multi.txns);
    txn->type = type;
    txn->data = jute_to_buf(txn_record_of_type(type), &record);
    jute_done(txn_record_of_type(type), &record);
}

/* ---- applied --------------------------------------------------------------------------------- */

int32_t apply_txn(struct data_tree *tree, struct txn_log_entry *entry)
{
    struct process_txn_result result;
    data_tree_process_txn(tree, entry, &result);
    int32_t err = result.err;
    process_txn_result_done(&result);
    txn_log_entry_unref(entry);
    return err;
}

int32_t apply_record(struct data_tree *tree, int64_t zxid, int32_t type, int64_t client_id,
                     union txn_record record)
{
    return apply_txn(tree, txn_at(zxid, type, client_id, &record));
}

int32_t apply_create(struct data_tree *tree, const char *path, struct buf *data,
                     const struct zk_acl_list *acl, int64_t owner, int32_t parent_cversion,
                     int64_t zxid, int64_t time_ms)
{
    union txn_record record = create_record(path, data, acl, owner != 0, parent_cversion);
    struct txn_header header = txn_header_at(zxid, OP_CODE_CREATE, owner);
    header.time_ms = time_ms;
    return apply_txn(tree, txn_log_entry_new(&header, &record, NULL));
}

int32_t apply_delete(struct data_tree *tree, const char *path, int64_t zxid)
{
    return apply_record(tree, zxid, OP_CODE_DELETE, 0, delete_record(path));
}
