/* CommitProcessor between what a test sends in and a processor that remembers what comes out. */
#ifndef TEST_COMMIT_STAGE_H
#define TEST_COMMIT_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "scripted_processor.h"
#include "zk/server/commit_processor.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"

struct commit_stage {
    struct zk_context *ctx;
    struct zk_database *database; /* never loaded or stored */
    struct server_metrics *metrics;
    struct zookeeper_server *server;
    struct scripted_processor *next;
    struct commit_processor *commit;
    struct request_processor *processor; /* the same */
    bool shut_down;
};

/* The setup and teardown of a cmocka test whose state is a stage. The processor has not been
 * started. */
int commit_stage_setup(void **state);
int commit_stage_teardown(void **state);

void commit_stage_start(struct commit_stage *stage);
/* Shuts the processor down, once however often it is called. */
void commit_stage_shutdown(struct commit_stage *stage);
/* The same for a thread of the test; arg is the stage. */
void commit_stage_run_shutdown(void *arg);

/* A request of a client of ours comes in. */
void commit_stage_request(struct commit_stage *stage, int64_t session_id, int32_t cxid,
                          int32_t type);
/* The leader says that a write has been committed: an error as transaction, of that zxid. */
void commit_stage_commit(struct commit_stage *stage, int64_t session_id, int32_t cxid,
                         int64_t zxid);
/* The same of a request that is there. */
void commit_stage_commit_request(struct commit_stage *stage, struct request *request);
/* Returns such a transaction; the caller unrefs it. */
struct txn_log_entry *commit_stage_error_txn(int64_t session_id, int32_t cxid, int64_t zxid);

/* Waits until the server has been told that a processor failed. */
void commit_stage_await_failure(struct commit_stage *stage);
/* Returns whether the processor's thread waits for reads of its workers; a thread dump tells. */
bool commit_stage_waits_for_workers(const struct commit_stage *stage);

#endif
