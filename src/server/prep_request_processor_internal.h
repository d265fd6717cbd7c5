/* Shared by prep_request_processor.c (the thread and the simple requests), ..._create.c (the four
 * kinds of create), ..._multi.c, ..._session.c, ..._quota.c and ..._records.c (what nodes will look
 * like). Java: server.PrepRequestProcessor */
#ifndef SERVER_PREP_REQUEST_PROCESSOR_INTERNAL_H
#define SERVER_PREP_REQUEST_PROCESSOR_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/multi_operation_record.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/txn.h"
#include "zk/server/container_manager.h"
#include "zk/server/outstanding_changes.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_metrics.h"

struct blocking_queue;
struct data_tree;
struct request;
struct session_tracker;
struct zk_context;
struct zk_thread_group;
struct zookeeper_server;

struct prep_request_processor {
    struct request_processor base;
    struct zk_context *ctx;
    struct zookeeper_server *server;
    struct request_processor *next_processor; /* owned */
    struct data_tree *tree; /* a reference; it stays the current one: see FinalRequestProcessor's */
    struct outstanding_changes *changes;     /* the server's */
    struct session_tracker *session_tracker; /* the server's */
    int64_t server_id;
    int32_t client_port;
    struct blocking_queue *submitted_requests; /* of struct request, a reference each */
    struct zk_thread_group *threads;
    /* When the thread took its batch, or was done with the request before this one. */
    int64_t now_ms;
    int64_t quota_logged_ms; /* when the log was last told that a quota is exceeded; 0: never */
    struct server_metrics_values measured; /* by the thread, since it last told the server */

    /* Settings. */
    bool digest_enabled;
    bool close_session_txn_enabled;
    struct reconfig_terms reconfig;
    bool enforce_quota;
    struct container_rules container_rules;
    size_t longest_txn; /* in bytes; no reader takes a longer one (D-163) */
};

/* One request at work. What Java hangs on the request piece by piece (hdr, txn, txnDigest) is
 * collected here, and becomes one txn_log_entry in the end. */
struct prep_work {
    struct request *request;
    struct txn_header header;
    /* Filled when an operation has succeeded. */
    union txn_record txn;
    bool has_txn;
    bool has_digest;
    struct txn_digest digest;
};

/* Java: PrepRequestProcessor.pRequest2Txn(). Makes the transaction of one request, or of one
 * operation of a multi, out of record, which is read from the request's body first if deserialize
 * is set. With the lock of outstanding changes held. What record owns may have been moved out of
 * it. After a failure, records of the transaction may be left: the caller takes them back. */
enum keeper_code p_request2_txn(struct prep_request_processor *prep, struct prep_work *work,
                                int32_t type, union request_record *record, bool deserialize);
/* Java: PrepRequestProcessor.pRequest2TxnCreate() */
enum keeper_code p_request2_txn_create(struct prep_request_processor *prep, struct prep_work *work,
                                       int32_t type, union request_record *record,
                                       bool deserialize);
/* Java: PrepRequestProcessor.pRequest2Txn(), its cases createSession and closeSession */
enum keeper_code p_request2_txn_create_session(struct prep_request_processor *prep,
                                               struct prep_work *work);
enum keeper_code p_request2_txn_close_session(struct prep_request_processor *prep,
                                              struct prep_work *work);
/* Java: PrepRequestProcessor.pRequestHelper(), its case multi. With the lock held. */
enum keeper_code p_request_multi(struct prep_request_processor *prep, struct prep_work *work);
/* The part of ruinous_request() (zk/server/ruinous_request.h) that looks into a multi. *ret_growth
 * says by how many bytes all of its ACLs grow (acl_growth); NULL: nobody asks. */
enum keeper_code ruinous_multi(struct zk_context *ctx, const struct request *request,
                               int64_t *ret_growth);

/* Tells the log about a request that fails with code, if that is worth a line. */
void log_failed_request(struct prep_request_processor *prep, const struct request *request,
                        enum keeper_code code);

/* ---- paths ----------------------------------------------------------------------------------- */

/* Java: PrepRequestProcessor.validatePath(). Returns OK; or BADARGUMENTS, and the log says what is
 * wrong. */
enum keeper_code validate_path(struct prep_request_processor *prep, const struct ustring *path,
                               int64_t session_id);
/* Return the key of a path, and that of its parent: everything before the last slash, so that the
 * parent of a top-level node is "". path has a slash, and stays the caller's. */
struct path_key path_key_of(const struct prep_request_processor *prep, const struct ustring *path);
struct path_key parent_key_of(const struct prep_request_processor *prep,
                              const struct ustring *path);
/* Java: PrepRequestProcessor.getParentPathAndValidate(). Returns OK, BADARGUMENTS, or
 * MARSHALLINGERROR for a null path. */
enum keeper_code get_parent_path_and_validate(const struct prep_request_processor *prep,
                                              const struct ustring *path,
                                              struct path_key *ret_parent);

/* ---- prep_request_processor_quota.c: quotas, with the lock held ------------------------------ */

/* Returns how many bytes data has; 0 if it is null. */
int64_t data_length(const struct buf *data);
/* Java: ZooKeeperServer.checkQuota(). Looks whether so many bytes and nodes more below path are
 * more than a quota allows. Returns QUOTAEXCEEDED: more than its hard limit (what is more than the
 * soft one is only logged); MARSHALLINGERROR: the quota cannot be read. */
enum keeper_code check_quota(struct prep_request_processor *prep, const char *path,
                             int64_t bytes_diff, int64_t count_diff);
/* Returns BADARGUMENTS if a setData would put a text that cannot be read into the stats node of a
 * quota. Java lets it pass, and its servers end when anything below that quota changes (D-155). */
enum keeper_code check_stats_node(const char *path, const struct buf *data);

/* ---- prep_request_processor_records.c: records, with the lock held --------------------------- */

/* Java: PrepRequestProcessor.getRecordForPath(), and a duplicate of it. *ret_record says what the
 * node will look like when everything before has been applied; it is a record of this transaction,
 * which the caller changes and adds, or frees. Returns NONODE: there will be no such node. */
enum keeper_code get_record_for_key(struct prep_request_processor *prep, struct prep_work *work,
                                    const struct path_key *key, struct change_record **ret_record);
/* The same by the path itself, which has been looked at: it is not null. */
enum keeper_code get_record_for_path(struct prep_request_processor *prep, struct prep_work *work,
                                     const struct ustring *path, struct change_record **ret_record);
/* Returns whether get_record_for_key would find one. */
bool has_record_for_key(struct prep_request_processor *prep, struct prep_work *work,
                        const struct path_key *key);

/* Java: PrepRequestProcessor.DigestOpCode */
enum digest_op_code {
    DIGEST_OP_CODE_ADD,
    DIGEST_OP_CODE_REMOVE,
    DIGEST_OP_CODE_UPDATE,
};

/* Java: PrepRequestProcessor.precalculateDigest(), addChangeRecord(). The record is as the
 * transaction leaves the node; for UPDATE and REMOVE its node_digest still says what the node adds
 * to the tree's digest now. Takes ownership of record. */
void add_change_record(struct prep_request_processor *prep, enum digest_op_code op,
                       struct change_record *record);
/* Java: PrepRequestProcessor.setTxnDigest(): the tree's digest after all that has been prepared. */
void set_txn_digest(struct prep_request_processor *prep, struct prep_work *work);
/* Returns the record's list, for check_acl; NULL if it has been lost. */
const struct zk_acl_list *acl_of(const struct change_record *record);
/* Returns the list for a record, a reference: that of a neighbour (NULL: there is none) if the two
 * say the same, as they nearly always do for parent and child; otherwise a copy. */
struct shared_acl *share_acl_list(const struct zk_acl_list *list, struct shared_acl *neighbour);

#endif
