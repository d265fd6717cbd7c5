/* Transactions for tests, as a leader makes them, without a digest but where it says so. Each
 * function returns one that the caller unrefs. */
#ifndef TXNS_H
#define TXNS_H

#include <stdint.h>

#include "zk/jute/txn_log_entry.h"

struct data_tree;
struct testing_peer;

/* createSession of the session, with a timeout of 30 s. */
struct txn_log_entry *txn_create_session(int64_t zxid, int64_t session_id);
struct txn_log_entry *txn_close_session(int64_t zxid, int64_t session_id);
/* create: data is text; world may do all. */
struct txn_log_entry *txn_create(int64_t zxid, const char *path, const char *data);
/* create, applied to the tree, which is its leader's; it carries the digest that this has then. */
struct txn_log_entry *txn_create_in(struct data_tree *tree, int64_t zxid, const char *path);
struct txn_log_entry *txn_set_data(int64_t zxid, const char *path, const char *data);
/* reconfig: the servers are text. */
struct txn_log_entry *txn_reconfig(int64_t zxid, const char *servers);
/* A request that failed with NONODE. */
struct txn_log_entry *txn_error(int64_t zxid);
/* The failed request is that of a client. */
struct txn_log_entry *txn_of_client(int64_t zxid, int64_t session_id, int32_t cxid);

#endif
