/* See commit_stage.h. */
#include "commit_stage.h"

#include <string.h>

#include "zk/base/str.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/context.h"
#include "zk/runtime/thread_dump.h"
#include "zk/server/zk_database.h"
#include "zk_test.h"

static const struct zookeeper_server_methods PARROT = {.state = "parrot"};

static void stage_new_processor(struct commit_stage *stage, struct request_processor *next)
{
    stage->commit = commit_processor_new(stage->server, next);
    stage->processor = commit_processor_as_processor(stage->commit);
    stage->shut_down = false;
}

int commit_stage_setup(void **state)
{
    static struct commit_stage stage;
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = -1;
    options.check_locks = true;
    options.thread_dump = true;
    stage.ctx = zk_context_new(&options);
    stage.database = zk_database_new(stage.ctx, NULL);
    stage.metrics = server_metrics_new(stage.ctx);
    stage.server = zookeeper_server_new(stage.ctx, &PARROT, NULL, stage.database, stage.metrics);
    stage.next = scripted_processor_new(stage.ctx);
    stage_new_processor(&stage, scripted_processor_as_processor(stage.next));
    *state = &stage;
    return 0;
}

int commit_stage_teardown(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_shutdown(stage);
    request_processor_free(stage->processor);
    zookeeper_server_unref(stage->server);
    server_metrics_free(stage->metrics);
    zk_database_free(stage->database);
    zk_context_free(stage->ctx);
    return 0;
}

void commit_stage_start(struct commit_stage *stage)
{
    assert_int_equal(commit_processor_start(stage->commit), 0);
}

void commit_stage_shutdown(struct commit_stage *stage)
{
    if (!stage->shut_down)
        request_processor_shutdown(stage->processor);
    stage->shut_down = true;
}

void commit_stage_run_shutdown(void *arg)
{
    commit_stage_shutdown(arg);
}

void commit_stage_request(struct commit_stage *stage, int64_t session_id, int32_t cxid,
                          int32_t type)
{
    struct request *request = request_new(NULL, session_id, cxid, type, NULL, NULL);
    assert_int_equal(request_processor_process_request(stage->processor, request), 0);
    request_unref(request);
}

struct txn_log_entry *commit_stage_error_txn(int64_t session_id, int32_t cxid, int64_t zxid)
{
    struct txn_header header = {
        .client_id = session_id, .cxid = cxid, .zxid = zxid, .type = OP_CODE_ERROR};
    union txn_record record = {.error = {.err = -101}};
    return txn_log_entry_new(&header, &record, NULL);
}

void commit_stage_commit_request(struct commit_stage *stage, struct request *request)
{
    commit_processor_commit(stage->commit, request);
    request_processor_wake(stage->processor);
}

void commit_stage_commit(struct commit_stage *stage, int64_t session_id, int32_t cxid, int64_t zxid)
{
    struct txn_log_entry *txn = commit_stage_error_txn(session_id, cxid, zxid);
    struct request *request = request_new_of_txn(txn);
    commit_stage_commit_request(stage, request);
    request_unref(request);
    txn_log_entry_unref(txn);
}

static bool server_has_failed(void *arg)
{
    struct commit_stage *stage = arg;
    return !zookeeper_server_is_running(stage->server);
}

void commit_stage_await_failure(struct commit_stage *stage)
{
    test_await(server_has_failed, stage);
}

bool commit_stage_waits_for_workers(const struct commit_stage *stage)
{
    struct zk_str text = {0};
    zk_thread_dump(stage->ctx, &text);
    bool waits = strstr(zk_str_text(&text), "waits on a condition of lock commit_workers") != NULL;
    zk_str_done(&text);
    return waits;
}
