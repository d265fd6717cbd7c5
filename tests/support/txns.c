/* Transactions for tests. */
#include "txns.h"

#include <string.h>

#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/tree/data_tree.h"

static struct txn_log_entry *txn_of(int64_t zxid, int64_t client_id, int32_t type,
                                    union txn_record *record)
{
    const struct txn_header header = {
        .client_id = client_id, .cxid = 1, .zxid = zxid, .time_ms = 1700000000000, .type = type};
    return txn_log_entry_new(&header, record, NULL);
}

struct txn_log_entry *txn_create_session(int64_t zxid, int64_t session_id)
{
    union txn_record record = {.create_session = {.time_out_ms = 30000}};
    return txn_of(zxid, session_id, OP_CODE_CREATE_SESSION, &record);
}

struct txn_log_entry *txn_close_session(int64_t zxid, int64_t session_id)
{
    union txn_record record = {.close_session = {.paths2_delete = {.present = true}}};
    return txn_of(zxid, session_id, OP_CODE_CLOSE_SESSION, &record);
}

static struct txn_log_entry *create_with(int64_t zxid, const char *path, const char *data,
                                         const struct txn_digest *digest)
{
    union txn_record record = {.create = {.path = ustring_of(path),
                                          .data = buf_new_copy(data, strlen(data)),
                                          .parent_cversion = -1}};
    zk_acl_list_add(&record.create.acl, PERMS_ALL, "world", "anyone");
    const struct txn_header header = {
        .client_id = 4, .cxid = 1, .zxid = zxid, .time_ms = 1700000000000, .type = OP_CODE_CREATE};
    return txn_log_entry_new(&header, &record, digest);
}

struct txn_log_entry *txn_create(int64_t zxid, const char *path, const char *data)
{
    return create_with(zxid, path, data, NULL);
}

struct txn_log_entry *txn_create_in(struct data_tree *tree, int64_t zxid, const char *path)
{
    struct txn_log_entry *plain = txn_create(zxid, path, "x");
    struct process_txn_result result;
    data_tree_process_txn(tree, plain, &result);
    process_txn_result_done(&result);
    txn_log_entry_unref(plain);
    const struct txn_digest digest = {.version = 2,
                                      .tree_digest = (int64_t)data_tree_get_tree_digest(tree)};
    return create_with(zxid, path, "x", &digest);
}

struct txn_log_entry *txn_set_data(int64_t zxid, const char *path, const char *data)
{
    union txn_record record = {.set_data = {.path = ustring_of(path),
                                            .data = buf_new_copy(data, strlen(data)),
                                            .version = 1}};
    return txn_of(zxid, 4, OP_CODE_SET_DATA, &record);
}

struct txn_log_entry *txn_reconfig(int64_t zxid, const char *servers)
{
    union txn_record record = {.set_data = {.path = ustring_of("/zookeeper/config"),
                                            .data = buf_new_copy(servers, strlen(servers)),
                                            .version = -1}};
    return txn_of(zxid, 4, OP_CODE_RECONFIG, &record);
}

struct txn_log_entry *txn_error(int64_t zxid)
{
    return txn_of_client(zxid, 4, 1);
}

struct txn_log_entry *txn_of_client(int64_t zxid, int64_t session_id, int32_t cxid)
{
    union txn_record record = {.error = {.err = KEEPER_CODE_NONODE}};
    const struct txn_header header = {.client_id = session_id,
                                      .cxid = cxid,
                                      .zxid = zxid,
                                      .time_ms = 1700000000000,
                                      .type = OP_CODE_ERROR};
    return txn_log_entry_new(&header, &record, NULL);
}
