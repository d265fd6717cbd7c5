/* The records of Java's module org.apache.zookeeper.txn: what stands in the transaction log, and in
 * the packets PROPOSAL and INFORM. RECORDS.md has their bytes; txn_log_entry.h puts header, record
 * and digest together. */
#ifndef ZK_JUTE_TXN_H
#define ZK_JUTE_TXN_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/jute/data.h"
#include "zk/jute/record.h"

/* Java: TxnHeader. A value. */
struct txn_header {
    int64_t client_id; /* the session */
    int32_t cxid;      /* the client's number of the request */
    int64_t zxid;
    int64_t time_ms; /* the leader's wall clock */
    int32_t type;    /* enum op_code */
};

/* Java: TxnDigest. The digest of the tree after the transaction, so that every server can see
 * whether its tree is still the leader's. A value. */
struct txn_digest {
    int32_t version;
    int64_t tree_digest;
};

/* Java: CreateTxnV0. From logs before 3.3. */
struct create_txn_v0 {
    struct ustring path;
    struct buf *data;
    struct zk_acl_list acl;
    bool ephemeral;
};

/* Java: CreateTxn, of create and create2 */
struct create_txn {
    struct ustring path;
    struct buf *data;
    struct zk_acl_list acl;
    bool ephemeral;          /* the session of the header owns it */
    int32_t parent_cversion; /* that the parent has afterwards; -1: one more than it has */
};

/* Java: CreateTTLTxn */
struct create_ttl_txn {
    struct ustring path;
    struct buf *data;
    struct zk_acl_list acl;
    int32_t parent_cversion;
    int64_t ttl; /* in ms */
};

/* Java: CreateContainerTxn */
struct create_container_txn {
    struct ustring path;
    struct buf *data;
    struct zk_acl_list acl;
    int32_t parent_cversion;
};

/* Java: DeleteTxn, of delete and deleteContainer */
struct delete_txn {
    struct ustring path;
};

/* Java: SetDataTxn, of setData and reconfig */
struct set_data_txn {
    struct ustring path;
    struct buf *data;
    int32_t version; /* that the node has afterwards */
};

/* Java: CheckVersionTxn. Only inside a multi. */
struct check_version_txn {
    struct ustring path;
    int32_t version;
};

/* Java: SetACLTxn */
struct set_acl_txn {
    struct ustring path;
    struct zk_acl_list acl;
    int32_t version; /* aversion that the node has afterwards */
};

/* Java: CreateSessionTxn */
struct create_session_txn {
    int32_t time_out_ms;
};

/* Java: CloseSessionTxn. The session's ephemeral nodes. null: the leader did not say. */
struct close_session_txn {
    struct ustring_list paths2_delete;
};

/* Java: ErrorTxn. A request that failed; it changes nothing. */
struct error_txn {
    int32_t err; /* enum keeper_code */
};

/* Java: Txn. One operation of a multi: data is its record's bytes. */
struct sub_txn {
    int32_t type;
    struct buf *data;
};

/* Java: MultiTxn */
struct multi_txn {
    struct {
        JUTE_LIST(struct sub_txn);
    } txns;
};

extern const struct jute_record txn_header_record;
extern const struct jute_record txn_digest_record;
extern const struct jute_record create_txn_v0_record;
extern const struct jute_record create_txn_record;
extern const struct jute_record create_ttl_txn_record;
extern const struct jute_record create_container_txn_record;
extern const struct jute_record delete_txn_record;
extern const struct jute_record set_data_txn_record;
extern const struct jute_record check_version_txn_record;
extern const struct jute_record set_acl_txn_record;
extern const struct jute_record create_session_txn_record;
extern const struct jute_record close_session_txn_record;
extern const struct jute_record error_txn_record;
extern const struct jute_record sub_txn_record;
extern const struct jute_record multi_txn_record;

/* Any one of them: the type of the header says which. */
union txn_record {
    struct create_txn create;                     /* create, create2 */
    struct create_ttl_txn create_ttl;             /* createTTL */
    struct create_container_txn create_container; /* createContainer */
    struct delete_txn delete;                     /* delete, deleteContainer */
    struct set_data_txn set_data;                 /* setData, reconfig */
    struct set_acl_txn set_acl;                   /* setACL */
    struct check_version_txn check_version;       /* check */
    struct create_session_txn create_session;     /* createSession */
    struct close_session_txn close_session;       /* closeSession */
    struct error_txn error;                       /* error */
    struct multi_txn multi;                       /* multi */
};

/* Returns the table of the member that belongs to a type; NULL for what is no transaction. check,
 * which stands only in a multi, is one. Java: SerializeUtils.deserializeTxn(), its switch */
const struct jute_record *txn_record_of_type(int32_t type);

#endif
