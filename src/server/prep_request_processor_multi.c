/* Several operations under one zxid: all of them happen, or none. Java: MultiOperationRecord, Op,
 * and PrepRequestProcessor.pRequestHelper(), its case multi */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/prep_request_processor_internal.h"
#include "zk/base/alloc.h"
#include "zk/io/stream.h"
#include "zk/jute/op_code.h"
#include "zk/jute/record.h"
#include "zk/runtime/log_table.h"
#include "zk/server/create_mode.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request.h"

/* Java: Op */
struct multi_op {
    int32_t type; /* what it will be in the transaction */
    /* Its record is of another type than what it will be asks for, so that Java throws a
     * ClassCastException when it gets there: a create with the flags of a TTL. */
    bool has_other_record;
    const struct jute_record *table;
    union {
        union request_record write;
        struct get_data_request get_data;
        struct get_children_request get_children;
    } record;
};

/* Java: MultiOperationRecord */
struct multi_operation_record {
    struct multi_op *ops; /* owned */
    size_t count;
    size_t room;
};

/* ---- the operations, read -------------------------------------------------------------------- */

static const struct jute_record *record_of_op(int32_t type)
{
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
        return &create_request_record;
    case OP_CODE_CREATE_TTL:
        return &create_ttl_request_record;
    case OP_CODE_DELETE:
        return &delete_request_record;
    case OP_CODE_SET_DATA:
        return &set_data_request_record;
    case OP_CODE_CHECK:
        return &check_version_request_record;
    case OP_CODE_GET_CHILDREN:
        return &get_children_request_record;
    case OP_CODE_GET_DATA:
        return &get_data_request_record;
    default:
        return NULL;
    }
}

/* Java: Op.OpKind */
static bool is_read_op(int32_t type)
{
    return type == OP_CODE_GET_DATA || type == OP_CODE_GET_CHILDREN;
}

/* Java: Op.Create.getOpcode(). A create becomes what its flags say, whatever its type was; flags
 * that mean nothing are found out later. */
static int32_t op_code_of_flags(int32_t flags)
{
    struct create_mode mode = {0};
    (void)create_mode_from_flag(flags, &mode);
    if (mode.is_ttl)
        return OP_CODE_CREATE_TTL;
    return mode.is_container ? OP_CODE_CREATE_CONTAINER : OP_CODE_CREATE;
}

/* Java: Op.create() */
static void settle_create_op(struct multi_op *op)
{
    if (op->table == &create_request_record) {
        op->type = op_code_of_flags(op->record.write.create.flags);
        op->has_other_record = op->type == OP_CODE_CREATE_TTL;
        return;
    }
    struct create_ttl_request ttl = op->record.write.create_ttl;
    op->type = op_code_of_flags(ttl.flags);
    if (op->type == OP_CODE_CREATE_TTL)
        return;
    /* It asks for no TTL, and is a plain create. */
    op->table = &create_request_record;
    op->record.write.create = (struct create_request){
        .path = ttl.path, .data = ttl.data, .acl = ttl.acl, .flags = ttl.flags};
}

/* Every record of an operation begins with its path. */
static const struct ustring *path_of_op(const struct multi_op *op)
{
    return (const struct ustring *)&op->record;
}

static struct multi_op *add_op(struct multi_operation_record *multi)
{
    if (multi->count == multi->room) {
        multi->room = multi->room > 0 ? 2 * multi->room : 8;
        multi->ops = zk_xrealloc(multi->ops, multi->room * sizeof *multi->ops);
    }
    struct multi_op *op = &multi->ops[multi->count++];
    *op = (struct multi_op){0};
    return op;
}

static void multi_done(struct multi_operation_record *multi)
{
    for (size_t i = 0; i < multi->count; i++)
        if (multi->ops[i].table != NULL)
            jute_done(multi->ops[i].table, &multi->ops[i].record);
    free(multi->ops);
}

/* One operation behind its header. -EPROTO: it is none that a multi may have, or writes and reads
 * are mixed. */
static int read_op(struct jute_in *in, int32_t type, struct multi_operation_record *multi)
{
    const struct jute_record *table = record_of_op(type);
    if (table == NULL)
        return -EPROTO;
    struct multi_op *op = add_op(multi);
    int r = jute_read(in, table, &op->record);
    if (r < 0)
        return r;
    op->type = type;
    op->table = table;
    if (table == &create_request_record || table == &create_ttl_request_record)
        settle_create_op(op);
    return is_read_op(op->type) == is_read_op(multi->ops[0].type) ? 0 : -EPROTO;
}

/* Java: MultiOperationRecord.deserialize() */
static enum keeper_code read_multi(struct zk_context *ctx, const struct request *request,
                                   struct multi_operation_record *multi)
{
    if (request->request == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    struct zk_input *input = zk_input_new_bytes(request->request->bytes, request->request->length);
    struct jute_in in = jute_in_of(ctx, input);
    struct multi_header header = {0};
    int r;
    do {
        r = jute_read(&in, &multi_header_record, &header);
        if (r == 0 && !header.done)
            r = read_op(&in, header.type, multi);
    } while (r == 0 && !header.done);
    zk_input_free(input);
    return r < 0 ? KEEPER_CODE_MARSHALLINGERROR : KEEPER_CODE_OK;
}

/* Java: QuorumZooKeeperServer.checkUpgradeSession(), its loop over the operations of a multi */
enum keeper_code multi_makes_ephemeral(struct zk_context *ctx, const struct request *request,
                                       bool *ret_makes)
{
    struct multi_operation_record multi = {0};
    enum keeper_code code = read_multi(ctx, request, &multi);
    bool makes = false;
    for (size_t i = 0; i < multi.count && code == KEEPER_CODE_OK && !makes; i++) {
        struct create_mode mode = {0};
        if (multi.ops[i].type != OP_CODE_CREATE)
            continue;
        if (!create_mode_from_flag(multi.ops[i].record.write.create.flags, &mode))
            code = KEEPER_CODE_BADARGUMENTS;
        makes = mode.is_ephemeral;
    }
    multi_done(&multi);
    if (code == KEEPER_CODE_OK)
        *ret_makes = makes;
    return code;
}

/* ---- the operations, prepared ---------------------------------------------------------------- */

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

/* Java: pRequestHelper(), its loop over the operations. The first one that fails takes back what
 * those before it would have done, and those behind it are not looked at. */
static enum keeper_code prepare_ops(struct prep_request_processor *prep, struct prep_work *work,
                                    struct multi_operation_record *multi, struct multi_txn *txns)
{
    enum keeper_code failed = KEEPER_CODE_OK;
    for (size_t i = 0; i < multi->count; i++) {
        if (failed != KEEPER_CODE_OK) {
            add_sub_error(txns, KEEPER_CODE_RUNTIMEINCONSISTENCY);
            continue;
        }
        enum keeper_code code = prepare_op(prep, work, &multi->ops[i], txns);
        if (code == KEEPER_CODE_MARSHALLINGERROR)
            return code; /* for Java no KeeperException, and all of the request fails */
        if (code == KEEPER_CODE_OK)
            continue;
        failed = code;
        add_sub_error(txns, code);
        work->request->exception = code;
        log_failed_request(prep, work->request, code);
        outstanding_changes_roll_back(prep->changes, work->header.zxid);
    }
    set_txn_digest(prep, work);
    return KEEPER_CODE_OK;
}

/* Java: pRequestHelper(), its case multi */
enum keeper_code p_request_multi(struct prep_request_processor *prep, struct prep_work *work)
{
    struct multi_operation_record multi = {0};
    struct multi_txn txns = {.txns = {.present = true}};
    enum keeper_code code = read_multi(prep->ctx, work->request, &multi);
    /* Java looks at all paths first, to note what is outstanding for them. */
    for (size_t i = 0; code == KEEPER_CODE_OK && i < multi.count; i++)
        if (path_of_op(&multi.ops[i])->text == NULL)
            code = KEEPER_CODE_MARSHALLINGERROR;
    if (code == KEEPER_CODE_OK)
        code = prepare_ops(prep, work, &multi, &txns);
    if (code == KEEPER_CODE_OK) {
        work->txn.multi = txns;
        work->has_txn = true;
    } else {
        jute_done(&multi_txn_record, &txns);
    }
    multi_done(&multi);
    return code;
}

enum keeper_code ruinous_multi(struct zk_context *ctx, const struct request *request)
{
    struct multi_operation_record multi = {0};
    /* One that cannot be read is well with Java. */
    bool is_read = read_multi(ctx, request, &multi) == KEEPER_CODE_OK;
    enum keeper_code code = KEEPER_CODE_OK;
    for (size_t i = 0; is_read && code == KEEPER_CODE_OK && i < multi.count; i++) {
        const struct multi_op *op = &multi.ops[i];
        if (path_of_op(op)->text == NULL)
            code = KEEPER_CODE_MARSHALLINGERROR;
        else if (op->type == OP_CODE_SET_DATA)
            code = check_stats_node(op->record.write.set_data.path.text,
                                    op->record.write.set_data.data);
    }
    multi_done(&multi);
    return code;
}
