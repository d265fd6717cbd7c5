/* PrepRequestProcessor with a server around it, and behind it a processor that keeps what comes. */
#ifndef TEST_PREP_STAGE_H
#define TEST_PREP_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/base/refcount.h"
#include "zk/jute/data.h"
#include "zk/jute/proto.h"
#include "zk/server/request_processor.h"

enum { PREP_STAGE_CONFIG = 7 }; /* the version of the configuration */

struct prep_stage {
    struct zk_context *ctx;
    struct zk_database *database; /* with a fresh tree, until the test puts another one in */
    struct server_metrics *metrics;
    struct zookeeper_server *server;
    struct request_processor *prep;
    struct kept_requests *kept; /* what came out of prep */
    int32_t cxid;               /* of the last request */
    struct zk_id_list auth;     /* as whom requests come: ip 127.0.0.1 */
    const void *owner;          /* through whom requests come */
    struct zk_atomic_long
        next_fails; /* what the processor behind it returns: 0 or a negative errno */
};

/* Sets KEY=VALUE for settings (NULL ends them), which the processor reads at birth. The key
 * reconfigEnabled stands for the line of zoo.cfg. */
struct prep_stage *prep_stage_new(const char *const *settings);
void prep_stage_free(struct prep_stage *stage);
/* Replaces table and tree by a snapshot, and the processor by one that knows the new tree. */
void prep_stage_load(struct prep_stage *stage, struct jute_in *in);

/* Submits a request. Shares body (NULL: null) and gives the reference back. */
void prep_stage_submit(struct prep_stage *stage, int64_t session, int32_t type, struct buf *body);
/* Waits for the next request to come out; it stays the stage's. */
struct request *prep_stage_next(struct prep_stage *stage);
/* Both: what becomes of a request whose body is this record. Its error; 0: none. */
int32_t prep_stage_ask(struct prep_stage *stage, int64_t session, int32_t type,
                       const struct jute_record *table, const void *record);
/* The transaction of the request that came out last. */
const struct txn_log_entry *prep_stage_txn(struct prep_stage *stage);

/* Applies the transactions of all requests that came out, as FinalRequestProcessor does. Fails the
 * test if a transaction's digest is not that of the tree. */
void prep_stage_apply(struct prep_stage *stage);

/* Requests that are asked often; each returns the error. ACLs are open, versions -1. */
int32_t prep_stage_open_session(struct prep_stage *stage, int64_t session);
int32_t prep_stage_create(struct prep_stage *stage, int64_t session, const char *path,
                          int32_t flags);
int32_t prep_stage_delete(struct prep_stage *stage, int64_t session, const char *path);
int32_t prep_stage_set_data(struct prep_stage *stage, int64_t session, const char *path,
                            const char *data);

#endif
