/* Several operations under one zxid: all of them happen, or none. Java:
 * PrepRequestProcessor.pRequestHelper(), its case multi */

#include "server/multi_operation_record.h"
#include "server/prep_request_processor_internal.h"
#include "zk/jute/op_code.h"
#include "zk/jute/record.h"
#include "zk/runtime/log_table.h"
#include "zk/server/acl_checks.h"
#include "zk/server/create_mode.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request.h"

static enum keeper_code prepare_ops(struct prep_request_processor *prep, struct prep_work *work,
                                    struct multi_operation_record *multi, struct multi_txn *txns);
static enum keeper_code prepare_op(struct prep_request_processor *prep, struct prep_work *work,
                                   struct multi_op *op, struct multi_txn *txns);
static struct sub_txn *add_sub_txn(struct multi_txn *multi, int32_t type);
static void add_sub_error(struct multi_txn *multi, enum keeper_code code);

/* Java: pRequestHelper(), its case multi */
enum keeper_code p_request_multi(struct prep_request_processor *prep, struct prep_work *work)
{
    struct multi_operation_record multi = {0};
    struct multi_txn txns = {.txns = {.present = true}};
    enum keeper_code code = multi_operation_record_read(prep->ctx, work->request->request, &multi);
    /* Java looks at all paths first, to note what is outstanding for them, and fails at a null
     * one. */
    for (size_t i = 0; code == KEEPER_CODE_OK && i < multi.count; i++)
        if (multi_op_path(&multi.ops[i])->text == NULL)
            code = KEEPER_CODE_MARSHALLINGERROR;
    if (code == KEEPER_CODE_OK)
        code = prepare_ops(prep, work, &multi, &txns);
    if (code == KEEPER_CODE_OK) {
        work->txn.multi = txns;
        work->has_txn = true;
    } else {
        jute_done(&multi_txn_record, &txns);
    }
    multi_operation_record_done(&multi);
    return code;
}

/* Java: pRequestHelper(), its loop over the operations. The first one that fails takes back what
 * those before it would have done, and those behind it are not looked at. */
static enum keeper_code prepare_ops(struct prep_request_processor *prep, struct prep_work *work,
                                    struct multi_operation_record *multi, struct multi_txn *txns)
{
    enum keeper_code failed = KEEPER_CODE_OK;
    size_t bytes = 0;
    for (size_t i = 0; i < multi->count; i++) {
        if (failed != KEEPER_CODE_OK) {
            add_sub_error(txns, KEEPER_CODE_RUNTIMEINCONSISTENCY);
            continue;
        }
        enum keeper_code code = prepare_op(prep, work, &multi->ops[i], txns);
        if (code == KEEPER_CODE_MARSHALLINGERROR)
            return code; /* for Java no KeeperException, and all of the request fails */
        if (code == KEEPER_CODE_OK) {
            bytes += txns->txns.items[i].data->length;
            if (bytes > prep->longest_txn) /* each may have expanded an ACL (D-163) */
                return KEEPER_CODE_INVALIDACL;
            continue;
        }
        failed = code;
        add_sub_error(txns, code);
        work->request->exception = code;
        log_failed_request(prep, work->request, code);
        outstanding_changes_roll_back(prep->changes, work->header.zxid);
    }
    set_txn_digest(prep, work);
    return KEEPER_CODE_OK;
}

/* Prepares one operation, and appends it to txns. */
static enum keeper_code prepare_op(struct prep_request_processor *prep, struct prep_work *work,
                                   struct multi_op *op, struct multi_txn *txns)
{
    if (op->has_other_record)
        return KEEPER_CODE_MARSHALLINGERROR;
    work->has_txn = false;
    enum keeper_code code = p_request2_txn(prep, work, op->type, &op->record.write, false);
    if (code != KEEPER_CODE_OK)
        return code;
    if (!work->has_txn) /* a read */
        return KEEPER_CODE_MARSHALLINGERROR;
    const struct jute_record *table = txn_record_of_type(op->type);
    add_sub_txn(txns, op->type)->data = jute_to_buf(table, &work->txn);
    jute_done(table, &work->txn);
    work->has_txn = false;
    return KEEPER_CODE_OK;
}

static struct sub_txn *add_sub_txn(struct multi_txn *multi, int32_t type)
{
    struct sub_txn *txn = jute_list_add(&sub_txn_record, &multi->txns);
    txn->type = type;
    return txn;
}

static void add_sub_error(struct multi_txn *multi, enum keeper_code code)
{
    struct error_txn error = {.err = code};
    add_sub_txn(multi, OP_CODE_ERROR)->data = jute_to_buf(&error_txn_record, &error);
}

/* ---- a look into a multi that goes on as it is ----------------------------------------------- */

/* Java: QuorumZooKeeperServer.checkUpgradeSession(), its loop over the operations of a multi */
enum keeper_code multi_makes_ephemeral(struct zk_context *ctx, const struct request *request,
                                       bool *ret_makes)
{
    struct multi_operation_record multi = {0};
    enum keeper_code code = multi_operation_record_read(ctx, request->request, &multi);
    bool makes = false;
    for (size_t i = 0; i < multi.count && code == KEEPER_CODE_OK && !makes; i++) {
        struct create_mode mode = {0};
        if (multi.ops[i].type != OP_CODE_CREATE)
            continue;
        if (!create_mode_from_flag(multi.ops[i].record.write.create.flags, &mode))
            code = KEEPER_CODE_BADARGUMENTS;
        makes = mode.is_ephemeral;
    }
    multi_operation_record_done(&multi);
    if (code == KEEPER_CODE_OK)
        *ret_makes = makes;
    return code;
}

enum keeper_code ruinous_multi(struct zk_context *ctx, const struct request *request,
                               int64_t *ret_growth)
{
    struct multi_operation_record multi = {0};
    /* A multi that cannot be read ruins no server of Java. */
    bool is_read = multi_operation_record_read(ctx, request->request, &multi) == KEEPER_CODE_OK;
    enum keeper_code code = KEEPER_CODE_OK;
    for (size_t i = 0; is_read && code == KEEPER_CODE_OK && i < multi.count; i++) {
        const struct multi_op *op = &multi.ops[i];
        if (multi_op_path(op)->text == NULL)
            code = KEEPER_CODE_MARSHALLINGERROR;
        else if (op->type == OP_CODE_SET_DATA)
            code = check_stats_node(op->record.write.set_data.path.text,
                                    op->record.write.set_data.data);
        else if (ret_growth != NULL && op->table == &create_request_record)
            *ret_growth += acl_growth(ctx, &request->auth_info, &op->record.write.create.acl);
        else if (ret_growth != NULL && op->table == &create_ttl_request_record)
            *ret_growth += acl_growth(ctx, &request->auth_info, &op->record.write.create_ttl.acl);
    }
    multi_operation_record_done(&multi);
    return code;
}
