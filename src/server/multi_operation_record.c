/* The operations of a multi or a multiRead, read. Java: MultiOperationRecord, Op */
#include "server/multi_operation_record.h"

#include <errno.h>
#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/jute/archive.h"
#include "zk/jute/op_code.h"
#include "zk/server/create_mode.h"
#include "zk/server/request.h"

const struct jute_record *request_record_of_type(int32_t type)
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
    case OP_CODE_SET_ACL:
        return &set_acl_request_record;
    case OP_CODE_CHECK:
        return &check_version_request_record;
    default:
        return NULL;
    }
}

/* Returns the table of an operation; NULL: neither a multi nor a multiRead has such a one. */
static const struct jute_record *record_of_op(int32_t type)
{
    switch (type) {
    case OP_CODE_GET_CHILDREN:
        return &get_children_request_record;
    case OP_CODE_GET_DATA:
        return &get_data_request_record;
    case OP_CODE_SET_ACL:
        return NULL;
    default:
        return request_record_of_type(type);
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
const struct ustring *multi_op_path(const struct multi_op *op)
{
    return (const struct ustring *)&op->record;
}

static struct multi_op *add_op(struct multi_operation_record *multi)
{
    multi->ops = zk_xgrow(multi->ops, multi->count, &multi->room, sizeof *multi->ops);
    struct multi_op *op = &multi->ops[multi->count++];
    *op = (struct multi_op){0};
    return op;
}

void multi_operation_record_done(struct multi_operation_record *multi)
{
    for (size_t i = 0; i < multi->count; i++)
        if (multi->ops[i].table != NULL)
            jute_done(multi->ops[i].table, &multi->ops[i].record);
    free(multi->ops);
}

/* Reads one operation behind its header. Errors: -EPROTO, it is none that a multi may have, or
 * writes and reads are mixed. */
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

/* Java: deserialize() */
enum keeper_code multi_operation_record_read(const struct zk_context *ctx,
                                             const struct request_body *body,
                                             struct multi_operation_record *multi)
{
    if (body == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    struct jute_in in = jute_in_of_bytes(ctx, body->bytes, body->length);
    struct multi_header header = {0};
    int r;
    do {
        r = jute_read(&in, &multi_header_record, &header);
        if (r == 0 && !header.done)
            r = read_op(&in, header.type, multi);
    } while (r == 0 && !header.done);
    return r < 0 ? KEEPER_CODE_MARSHALLINGERROR : KEEPER_CODE_OK;
}
