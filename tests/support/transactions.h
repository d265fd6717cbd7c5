/* Transactions for tests: made, and applied to a tree. */
#ifndef ZK_TRANSACTIONS_H
#define ZK_TRANSACTIONS_H

#include <stdint.h>

#include "zk/jute/txn_log_entry.h"

struct data_tree;

/* A header; time is 10 times the zxid. */
struct txn_header txn_header_at(int64_t zxid, int32_t type, int64_t client_id);
/* Moves in what record owns. The caller unrefs the entry. */
struct txn_log_entry *txn_at(int64_t zxid, int32_t type, int64_t client_id,
                             union txn_record *record);

/* Records. data is shared, acl and texts are copied. */
union txn_record create_record(const char *path, struct buf *data, const struct zk_acl_list *acl,
                               bool ephemeral, int32_t parent_cversion);
union txn_record delete_record(const char *path);
union txn_record set_data_record(const char *path, struct buf *data, int32_t version);
union txn_record set_acl_record(const char *path, const struct zk_acl_list *acl, int32_t version);
union txn_record check_record(const char *path, int32_t version);
union txn_record error_record(int32_t err);
/* Appends an operation to a multi; what record owns is used up. */
void multi_add(union txn_record *multi, int32_t type, union txn_record record);

/* Applies one entry and drops it. Returns the result's code. */
int32_t apply_txn(struct data_tree *tree, struct txn_log_entry *entry);
/* The same with a record, which is used up. */
int32_t apply_record(struct data_tree *tree, int64_t zxid, int32_t type, int64_t client_id,
                     union txn_record record);
/* A create whose owner is a session or 0; acl may be NULL for null. A delete. */
int32_t apply_create(struct data_tree *tree, const char *path, struct buf *data,
                     const struct zk_acl_list *acl, int64_t owner, int32_t parent_cversion,
                     int64_t zxid, int64_t time_ms);
int32_t apply_delete(struct data_tree *tree, const char *path, int64_t zxid);

#endif
