/* How transactions are applied. Java: DataTree.processTxn(), killSession() */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "zk/base/alloc.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/log.h"
#include "zk/runtime/log_table.h"

static void process_multi(struct data_tree *tree, const struct txn_log_entry *txn,
                          struct process_txn_result *rc) REQUIRES(&tree->mu);
static void kill_session(struct data_tree *tree, int64_t session_id, int64_t zxid,
                         const struct ustring_list *paths2_delete_in_txn) REQUIRES(&tree->mu);
static void adjust_parent_cversion(struct data_tree *tree, const struct create_txn *create,
                                   struct process_txn_result *rc) REQUIRES(&tree->mu);

/* Returns the node that a create or a create2 makes. */
static struct node_to_create created_by(const struct create_txn *txn,
                                        const struct txn_header *header)
{
    return (struct node_to_create){
        .path = txn->path.text,
        .data = txn->data,
        .acl = &txn->acl,
        .ephemeral_owner = txn->ephemeral ? header->client_id : 0,
        .parent_cversion = txn->parent_cversion,
    };
}

/* Java: processTxn(header, txn, isSubTxn), without what it does when the whole transaction has been
 * applied. record is NULL for a closeSession of an old server, which has none. txn is the whole
 * transaction, from which a multi takes its operations; it is NULL for such an operation. */
static void process_record(struct data_tree *tree, const struct txn_header *header,
                           const union txn_record *record, const struct txn_log_entry *txn,
                           struct process_txn_result *rc) REQUIRES(&tree->mu)
{
    /* LONG: one Java method */
    int64_t zxid = header->zxid;
    struct node_to_create created;
    *rc = (struct process_txn_result){
        .client_id = header->client_id,
        .cxid = header->cxid,
        .zxid = zxid,
        .type = header->type,
    };
    switch (header->type) {
    case OP_CODE_CREATE:
        rc->path = record->create.path.text;
        created = created_by(&record->create, header);
        rc->err = data_tree_create_node_locked(tree, header, &created, NULL);
        break;
    case OP_CODE_CREATE2:
        rc->path = record->create.path.text;
        created = created_by(&record->create, header);
        rc->err = data_tree_create_node_locked(tree, header, &created, &rc->stat);
        rc->has_stat = rc->err == KEEPER_CODE_OK;
        break;
    case OP_CODE_CREATE_TTL:
        rc->path = record->create_ttl.path.text;
        created = (struct node_to_create){
            .path = rc->path,
            .data = record->create_ttl.data,
            .acl = &record->create_ttl.acl,
            .ephemeral_owner = ephemeral_type_ttl_to_owner(record->create_ttl.ttl),
            .parent_cversion = record->create_ttl.parent_cversion,
        };
        rc->err = data_tree_create_node_locked(tree, header, &created, &rc->stat);
        rc->has_stat = rc->err == KEEPER_CODE_OK;
        break;
    case OP_CODE_CREATE_CONTAINER:
        rc->path = record->create_container.path.text;
        created = (struct node_to_create){
            .path = rc->path,
            .data = record->create_container.data,
            .acl = &record->create_container.acl,
            .ephemeral_owner = CONTAINER_EPHEMERAL_OWNER,
            .parent_cversion = record->create_container.parent_cversion,
        };
        rc->err = data_tree_create_node_locked(tree, header, &created, &rc->stat);
        rc->has_stat = rc->err == KEEPER_CODE_OK;
        break;
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
        rc->path = record->delete.path.text;
        rc->err = data_tree_delete_node_locked(tree, rc->path, zxid);
        break;
    case OP_CODE_RECONFIG:
    case OP_CODE_SET_DATA:
        rc->path = record->set_data.path.text;
        rc->err = data_tree_set_data_locked(tree, header, &record->set_data, &rc->stat);
        rc->has_stat = rc->err == KEEPER_CODE_OK;
        break;
    case OP_CODE_SET_ACL:
        rc->path = record->set_acl.path.text;
        rc->err = data_tree_set_acl_locked(tree, &record->set_acl, &rc->stat);
        rc->has_stat = rc->err == KEEPER_CODE_OK;
        break;
    case OP_CODE_CLOSE_SESSION:
        kill_session(tree, header->client_id, zxid,
                     record != NULL ? &record->close_session.paths2_delete : NULL);
        break;
    case OP_CODE_ERROR:
        rc->err = record->error.err;
        break;
    case OP_CODE_CHECK:
        rc->path = record->check_version.path.text;
        break;
    case OP_CODE_MULTI:
        process_multi(tree, txn, rc);
        break;
    default:
        break; /* createSession: the table of sessions is not here */
    }
    if (header->type == OP_CODE_CREATE && rc->err == KEEPER_CODE_NODEEXISTS)
        adjust_parent_cversion(tree, &record->create, rc);
}

/* Java: processTxn(header, txn, digest) */
void data_tree_process_txn(struct data_tree *tree, const struct txn_log_entry *txn,
                           struct process_txn_result *ret_result)
{
    zk_mutex_lock(&tree->mu);
    process_record(tree, &txn->header, txn->has_record ? &txn->record : NULL, txn, ret_result);
    /* Only now, when the whole is in the tree: a snapshot that begins meanwhile under the new zxid
     * would lack what is not yet, and its replay would not bring it. */
    if (txn->header.zxid > tree->last_processed_zxid)
        tree->last_processed_zxid = txn->header.zxid;
    data_tree_digest_applied_locked(tree, txn->header.zxid);
    data_tree_compare_digest_locked(tree, txn);
    zk_mutex_unlock(&tree->mu);
}

void process_txn_result_done(struct process_txn_result *result)
{
    free(result->multi_result);
    *result = (struct process_txn_result){0};
}

/* ---- multi ----------------------------------------------------------------------------------- */

/* Java: processTxn(), its case multi. Either all operations are applied or, if one of them is an
 * error, none: then those before the error have the result OK, and those behind it
 * RUNTIMEINCONSISTENCY, because they were not tried. */
static void process_multi(struct data_tree *tree, const struct txn_log_entry *txn,
                          struct process_txn_result *rc)
{
    size_t count = txn->record.multi.txns.count;
    bool failed = false;
    bool post_failed = false;
    for (size_t i = 0; i < count; i++)
        if (txn->operations[i].type == OP_CODE_ERROR)
            failed = true;

    rc->multi_result = zk_xcalloc(count + 1, sizeof *rc->multi_result);
    for (size_t i = 0; i < count && txn->operations[i].readable; i++) { /* K-60 */
        const union txn_record *record = &txn->operations[i].record;
        struct txn_header header = txn->header;
        union txn_record error = {0};
        header.type = txn->operations[i].type;
        if (header.type == OP_CODE_ERROR)
            post_failed = true;
        if (failed && header.type != OP_CODE_ERROR) {
            header.type = OP_CODE_ERROR;
            error.error.err = post_failed ? KEEPER_CODE_RUNTIMEINCONSISTENCY : KEEPER_CODE_OK;
            record = &error;
        }
        struct process_txn_result *sub_rc = &rc->multi_result[rc->multi_count++];
        process_record(tree, &header, record, NULL, sub_rc);
        if (sub_rc->err != KEEPER_CODE_OK && rc->err == KEEPER_CODE_OK)
            rc->err = sub_rc->err;
    }
}

/* ---- what a replay meets --------------------------------------------------------------------- */

/* Called if the node that is to be created is there already. It may have been deleted with its
 * session and created in another one after the snapshot had written the parent. Then the parent's
 * cversion and pzxid are too old, because the replayed close of the first session has not deleted
 * the node, which is no longer that session's. Java: DataTree.processTxn(), its end */
static void adjust_parent_cversion(struct data_tree *tree, const struct create_txn *create,
                                   struct process_txn_result *rc)
{
    const char *path = create->path.text;
    const char *slash = strrchr(path, '/'); /* it has a parent, so there is one */
    int32_t code = data_tree_set_cversion_pzxid_locked(tree, path, (size_t)(slash - path),
                                                       create->parent_cversion, rc->zxid);
    if (code != KEEPER_CODE_OK)
        rc->err = code;
}

/* ---- sessions -------------------------------------------------------------------------------- */

/* Java: deleteNodes(), for one node */
static void delete_session_node(struct data_tree *tree, int64_t session_id, const char *path,
                                int64_t zxid) REQUIRES(&tree->mu)
{
    if (data_tree_delete_node_locked(tree, path, zxid) != KEEPER_CODE_OK)
        zk_log(tree->ctx, ZK_LOG_EPHEMERAL_GONE, path, (uint64_t)session_id);
}

/* Java: killSession(session, zxid, paths2DeleteLocal, paths2DeleteInTxn). The session's list in
 * ephemerals goes with its last node, which ends the loop. */
static void kill_session(struct data_tree *tree, int64_t session_id, int64_t zxid,
                         const struct ustring_list *paths2_delete_in_txn)
{
    bool in_txn = paths2_delete_in_txn != NULL && paths2_delete_in_txn->present;
    for (size_t i = 0; in_txn && i < paths2_delete_in_txn->count; i++)
        delete_session_node(tree, session_id, paths2_delete_in_txn->items[i].text, zxid);

    const struct owned_nodes *local = long_map_get(&tree->ephemerals, session_id);
    if (local != NULL && in_txn)
        zk_log(tree->ctx, ZK_LOG_EPHEMERALS_NOT_IN_TXN, owned_nodes_last(local)->path,
               local->count - 1, (uint64_t)session_id, (uint64_t)zxid);
    for (; local != NULL; local = long_map_get(&tree->ephemerals, session_id)) {
        char *path = zk_xstrdup(owned_nodes_last(local)->path); /* it goes with the node */
        delete_session_node(tree, session_id, path, zxid);
        free(path);
    }
}

/* Java: killSession(session, zxid) */
void data_tree_kill_session(struct data_tree *tree, int64_t session_id, int64_t zxid)
{
    zk_mutex_lock(&tree->mu);
    kill_session(tree, session_id, zxid, NULL);
    zk_mutex_unlock(&tree->mu);
}
