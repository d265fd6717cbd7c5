/* Java's module org.apache.zookeeper.txn */
#include "zk/jute/txn.h"

#include "zk/jute/op_code.h"

static const struct jute_field txn_header_fields[] = {
    JUTE_FIELD(txn_header, client_id, "clientId"), JUTE_FIELD(txn_header, cxid, "cxid"),
    JUTE_FIELD(txn_header, zxid, "zxid"),          JUTE_FIELD(txn_header, time_ms, "time"),
    JUTE_FIELD(txn_header, type, "type"),
};
const struct jute_record txn_header_record =
    JUTE_RECORD(txn_header, "TxnHeader", txn_header_fields);

static const struct jute_field txn_digest_fields[] = {
    JUTE_FIELD(txn_digest, version, "version"),
    JUTE_FIELD(txn_digest, tree_digest, "treeDigest"),
};
const struct jute_record txn_digest_record =
    JUTE_RECORD(txn_digest, "TxnDigest", txn_digest_fields);

static const struct jute_field create_txn_v0_fields[] = {
    JUTE_FIELD(create_txn_v0, path, "path"),
    JUTE_FIELD(create_txn_v0, data, "data"),
    JUTE_VECTOR(create_txn_v0, acl, "acl", &zk_acl_record),
    JUTE_FIELD(create_txn_v0, ephemeral, "ephemeral"),
};
const struct jute_record create_txn_v0_record =
    JUTE_RECORD(create_txn_v0, "CreateTxnV0", create_txn_v0_fields);

static const struct jute_field create_txn_fields[] = {
    JUTE_FIELD(create_txn, path, "path"),
    JUTE_FIELD(create_txn, data, "data"),
    JUTE_VECTOR(create_txn, acl, "acl", &zk_acl_record),
    JUTE_FIELD(create_txn, ephemeral, "ephemeral"),
    JUTE_FIELD(create_txn, parent_cversion, "parentCVersion"),
};
const struct jute_record create_txn_record =
    JUTE_RECORD(create_txn, "CreateTxn", create_txn_fields);

static const struct jute_field create_ttl_txn_fields[] = {
    JUTE_FIELD(create_ttl_txn, path, "path"),
    JUTE_FIELD(create_ttl_txn, data, "data"),
    JUTE_VECTOR(create_ttl_txn, acl, "acl", &zk_acl_record),
    JUTE_FIELD(create_ttl_txn, parent_cversion, "parentCVersion"),
    JUTE_FIELD(create_ttl_txn, ttl, "ttl"),
};
const struct jute_record create_ttl_txn_record =
    JUTE_RECORD(create_ttl_txn, "CreateTTLTxn", create_ttl_txn_fields);

static const struct jute_field create_container_txn_fields[] = {
    JUTE_FIELD(create_container_txn, path, "path"),
    JUTE_FIELD(create_container_txn, data, "data"),
    JUTE_VECTOR(create_container_txn, acl, "acl", &zk_acl_record),
    JUTE_FIELD(create_container_txn, parent_cversion, "parentCVersion"),
};
const struct jute_record create_container_txn_record =
    JUTE_RECORD(create_container_txn, "CreateContainerTxn", create_container_txn_fields);

static const struct jute_field delete_txn_fields[] = {
    JUTE_FIELD(delete_txn, path, "path"),
};
const struct jute_record delete_txn_record =
    JUTE_RECORD(delete_txn, "DeleteTxn", delete_txn_fields);

static const struct jute_field set_data_txn_fields[] = {
    JUTE_FIELD(set_data_txn, path, "path"),
    JUTE_FIELD(set_data_txn, data, "data"),
    JUTE_FIELD(set_data_txn, version, "version"),
};
const struct jute_record set_data_txn_record =
    JUTE_RECORD(set_data_txn, "SetDataTxn", set_data_txn_fields);

static const struct jute_field check_version_txn_fields[] = {
    JUTE_FIELD(check_version_txn, path, "path"),
    JUTE_FIELD(check_version_txn, version, "version"),
};
const struct jute_record check_version_txn_record =
    JUTE_RECORD(check_version_txn, "CheckVersionTxn", check_version_txn_fields);

static const struct jute_field set_acl_txn_fields[] = {
    JUTE_FIELD(set_acl_txn, path, "path"),
    JUTE_VECTOR(set_acl_txn, acl, "acl", &zk_acl_record),
    JUTE_FIELD(set_acl_txn, version, "version"),
};
const struct jute_record set_acl_txn_record =
    JUTE_RECORD(set_acl_txn, "SetACLTxn", set_acl_txn_fields);

static const struct jute_field create_session_txn_fields[] = {
    JUTE_FIELD(create_session_txn, time_out_ms, "timeOut"),
};
const struct jute_record create_session_txn_record =
    JUTE_RECORD(create_session_txn, "CreateSessionTxn", create_session_txn_fields);

static const struct jute_field close_session_txn_fields[] = {
    JUTE_VECTOR(close_session_txn, paths2_delete, "paths2Delete", &ustring_record),
};
const struct jute_record close_session_txn_record =
    JUTE_RECORD(close_session_txn, "CloseSessionTxn", close_session_txn_fields);

static const struct jute_field error_txn_fields[] = {
    JUTE_FIELD(error_txn, err, "err"),
};
const struct jute_record error_txn_record = JUTE_RECORD(error_txn, "ErrorTxn", error_txn_fields);

static const struct jute_field sub_txn_fields[] = {
    JUTE_FIELD(sub_txn, type, "type"),
    JUTE_FIELD(sub_txn, data, "data"),
};
const struct jute_record sub_txn_record = JUTE_RECORD(sub_txn, "Txn", sub_txn_fields);

static const struct jute_field multi_txn_fields[] = {
    JUTE_VECTOR(multi_txn, txns, "txns", &sub_txn_record),
};
const struct jute_record multi_txn_record = JUTE_RECORD(multi_txn, "MultiTxn", multi_txn_fields);

/* Java: SerializeUtils.deserializeTxn(), its switch */
const struct jute_record *txn_record_of_type(int32_t type)
{
    switch (type) {
    case OP_CODE_CREATE_SESSION:
        return &create_session_txn_record;
    case OP_CODE_CLOSE_SESSION:
        return &close_session_txn_record;
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
        return &create_txn_record;
    case OP_CODE_CREATE_TTL:
        return &create_ttl_txn_record;
    case OP_CODE_CREATE_CONTAINER:
        return &create_container_txn_record;
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
        return &delete_txn_record;
    case OP_CODE_RECONFIG:
    case OP_CODE_SET_DATA:
        return &set_data_txn_record;
    case OP_CODE_SET_ACL:
        return &set_acl_txn_record;
    case OP_CODE_ERROR:
        return &error_txn_record;
    case OP_CODE_MULTI:
        return &multi_txn_record;
    case OP_CODE_CHECK:
        return &check_version_txn_record;
    default:
        return NULL;
    }
}
