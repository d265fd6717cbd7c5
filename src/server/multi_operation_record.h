/* The operations of a multi or a multiRead, as the client sent them. Java: MultiOperationRecord, Op
 */
#ifndef SERVER_MULTI_OPERATION_RECORD_H
#define SERVER_MULTI_OPERATION_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/record.h"

struct request_body;
struct zk_context;

/* The body of a request that writes, after it has been read. Java: Record record */
union request_record {
    struct create_request create; /* create, create2, createContainer */
    struct create_ttl_request create_ttl;
    struct delete_request delete;
    struct set_data_request set_data;
    struct set_acl_request set_acl;
    struct check_version_request check;
};
/* Returns the table of the member that belongs to a type; NULL: there is none. */
const struct jute_record *request_record_of_type(int32_t type);

/* Java: Op */
struct multi_op {
    int32_t type; /* what it will be in the transaction */
    /* Its record does not fit the type that it will have: it is a create with the flags of a TTL.
     * When Java gets there, it throws a ClassCastException. */
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

/* Reads a request's body, NULL for none; multi is empty before. The caller ends *multi with
 * multi_operation_record_done, also after an error. MARSHALLINGERROR: it is no such record, has an
 * operation that no multi may have, or mixes reads and writes. Java: deserialize() */
ZK_NODISCARD enum keeper_code multi_operation_record_read(const struct zk_context *ctx,
                                                          const struct request_body *body,
                                                          struct multi_operation_record *multi);
void multi_operation_record_done(struct multi_operation_record *multi);
/* Java: Op.getPath(). It stays the operation's. */
const struct ustring *multi_op_path(const struct multi_op *op);

#endif
