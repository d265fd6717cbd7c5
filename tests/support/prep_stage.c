/* The stage of tests that hand requests to PrepRequestProcessor. */
#include "prep_stage.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/jute/op_code.h"
#include "zk/jute/record.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/server/leader_session_tracker.h"
#include "zk/server/outstanding_changes.h"
#include "zk/server/prep_request_processor.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

enum { STAGE_SERVER = 3, STAGE_TICK_MS = 60000, STAGE_TIMEOUT_MS = 30000 };

/* ---- the processor behind it ----------------------------------------------------------------- */

struct kept_requests {
    struct request_processor base;
    struct prep_stage *stage;
    struct zk_mutex mu; /* guards all */
    struct zk_cond cond;
    struct request **items; /* references */
    size_t count;
    size_t read;    /* how many prep_stage_next has given */
    size_t applied; /* how many are applied */
};

static struct kept_requests *kept_of(struct request_processor *processor)
{
    return (struct kept_requests *)processor;
}

static int keep_request(struct request_processor *processor, struct request *request)
{
    struct kept_requests *kept = kept_of(processor);
    zk_mutex_lock(&kept->mu);
    int r = (int)zk_atomic_long_get(&kept->stage->next_fails); /* before the test goes on */
    kept->items = zk_xrealloc(kept->items, (kept->count + 1) * sizeof(struct request *));
    kept->items[kept->count++] = request_ref(request);
    zk_cond_broadcast(&kept->cond);
    zk_mutex_unlock(&kept->mu);
    return r;
}

static void shut_kept(struct request_processor *processor)
{
    (void)processor;
}

static void free_kept(struct request_processor *processor)
{
    struct kept_requests *kept = kept_of(processor);
    for (size_t i = 0; i < kept->count; i++)
        request_unref(kept->items[i]);
    free(kept->items);
    zk_cond_destroy(&kept->cond);
    zk_mutex_destroy(&kept->mu);
    free(kept);
}

static const struct request_processor_ops kept_ops = {
    .process_request = keep_request,
    .shutdown = shut_kept,
    .free = free_kept,
};

static struct kept_requests *kept_new(struct prep_stage *stage)
{
    struct kept_requests *kept = zk_xcalloc(1, sizeof *kept);
    kept->base.ops = &kept_ops;
    kept->stage = stage;
    zk_mutex_init(&kept->mu, stage->ctx, "kept_requests", 0);
    zk_cond_init(&kept->cond);
    return kept;
}

/* ---- the server ------------------------------------------------------------------------------ */

static void nobody_expires(void *arg, int64_t session_id, int32_t timeout_ms)
{
    (void)arg;
    (void)session_id;
    (void)timeout_ms;
}

static struct session_tracker *create_tracker(struct zookeeper_server *server)
{
    struct session_expirer expirer = {.expire = nobody_expires};
    struct session_timeouts none = {0};
    return leader_session_tracker_new(zookeeper_server_ctx(server), expirer, &none, STAGE_TICK_MS,
                                      STAGE_SERVER);
}

static const struct zookeeper_server_methods prep_stage_methods = {
    .state = "leader",
    .create_session_tracker = create_tracker,
};

static void start_processor(struct prep_stage *stage)
{
    stage->kept = kept_new(stage);
    struct reconfig_terms reconfig = {
        .enabled = zk_settings_get_boolean(stage->ctx, "reconfigEnabled", false),
        .is_of_ensemble = true,
        .last_seen_config = PREP_STAGE_CONFIG,
    };
    stage->prep =
        prep_request_processor_new(stage->server, STAGE_SERVER, -1, reconfig, &stage->kept->base);
    assert_int_equal(prep_request_processor_start(stage->prep), 0);
}

static void end_processor(struct prep_stage *stage)
{
    request_processor_shutdown(stage->prep);
    request_processor_free(stage->prep);
}

void prep_stage_load(struct prep_stage *stage, struct jute_in *in)
{
    end_processor(stage);
    assert_int_equal(zk_database_deserialize_snapshot(stage->database, in), 0);
    start_processor(stage);
}

struct prep_stage *prep_stage_new(const char *const *settings)
{
    struct prep_stage *stage = zk_xcalloc(1, sizeof *stage);
    stage->ctx = test_context();
    for (; settings != NULL && settings[0] != NULL; settings += 2)
        zk_settings_set(stage->ctx, settings[0], settings[1]);
    stage->database = zk_database_new(stage->ctx, NULL);
    stage->metrics = server_metrics_new(stage->ctx);
    stage->server = zookeeper_server_new(stage->ctx, &prep_stage_methods, NULL, stage->database,
                                         stage->metrics);
    zookeeper_server_create_session_tracker(stage->server);
    start_processor(stage);
    stage->auth.present = true;
    struct zk_id *ip = jute_list_add(&zk_id_record, &stage->auth);
    ip->scheme = ustring_of("ip");
    ip->id = ustring_of("127.0.0.1");
    stage->owner = stage;
    return stage;
}

void prep_stage_free(struct prep_stage *stage)
{
    end_processor(stage);
    zookeeper_server_unref(stage->server);
    zk_database_free(stage->database);
    server_metrics_free(stage->metrics);
    for (size_t i = 0; i < stage->auth.count; i++)
        jute_done(&zk_id_record, &stage->auth.items[i]);
    free(stage->auth.items);
    zk_context_free(stage->ctx);
    free(stage);
}

/* ---- requests -------------------------------------------------------------------------------- */

void prep_stage_submit(struct prep_stage *stage, int64_t session, int32_t type, struct buf *body)
{
    struct request *request = request_new(NULL, session, ++stage->cxid, type, body, &stage->auth);
    request->owner = stage->owner;
    assert_int_equal(request_processor_process_request(stage->prep, request), 0);
    request_unref(request);
    buf_unref(body);
}

struct request *prep_stage_next(struct prep_stage *stage)
{
    struct kept_requests *kept = stage->kept;
    int64_t deadline_ms = zk_deadline_ms(TEST_PATIENCE_MS);
    zk_mutex_lock(&kept->mu);
    bool came = true;
    while (kept->read == kept->count && came)
        came = zk_cond_wait_until(&kept->cond, &kept->mu, deadline_ms);
    struct request *request = came ? kept->items[kept->read++] : NULL;
    zk_mutex_unlock(&kept->mu);
    assert_non_null(request);
    return request;
}

int32_t prep_stage_ask(struct prep_stage *stage, int64_t session, int32_t type,
                       const struct jute_record *table, const void *record)
{
    struct buf *body = table != NULL ? jute_to_buf(table, record) : NULL;
    prep_stage_submit(stage, session, type, body);
    struct request *request = prep_stage_next(stage);
    if (request->txn != NULL && request->txn->header.type == OP_CODE_ERROR)
        return request->txn->record.error.err;
    return request->exception;
}

const struct txn_log_entry *prep_stage_txn(struct prep_stage *stage)
{
    zk_mutex_lock(&stage->kept->mu);
    const struct txn_log_entry *txn = stage->kept->items[stage->kept->read - 1]->txn;
    zk_mutex_unlock(&stage->kept->mu);
    assert_non_null(txn);
    return txn;
}

/* Java: ZooKeeperServer.processTxn() */
static void apply_txn(struct prep_stage *stage, const struct txn_log_entry *txn)
{
    struct outstanding_changes *changes = zookeeper_server_outstanding_changes(stage->server);
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(stage->server);
    struct data_tree *tree = zk_database_get_data_tree(stage->database);
    struct process_txn_result result;
    if (txn->header.type == OP_CODE_CREATE_SESSION)
        session_tracker_commit_session(tracker, txn->header.client_id,
                                       txn->record.create_session.time_out_ms);
    else if (txn->header.type == OP_CODE_CLOSE_SESSION)
        session_tracker_remove_session(tracker, txn->header.client_id);
    outstanding_changes_lock(changes);
    data_tree_process_txn(tree, txn, &result);
    outstanding_changes_remove(changes, txn->header.zxid);
    outstanding_changes_unlock(changes);
    if (txn->has_digest)
        assert_int_equal(data_tree_get_tree_digest(tree), (uint64_t)txn->digest.tree_digest);
    process_txn_result_done(&result);
    data_tree_unref(tree);
}

void prep_stage_apply(struct prep_stage *stage)
{
    struct kept_requests *kept = stage->kept;
    for (; kept->applied < kept->read; kept->applied++)
        if (kept->items[kept->applied]->txn != NULL)
            apply_txn(stage, kept->items[kept->applied]->txn);
}

int32_t prep_stage_open_session(struct prep_stage *stage, int64_t session)
{
    struct create_session_txn timeout = {.time_out_ms = STAGE_TIMEOUT_MS};
    return prep_stage_ask(stage, session, OP_CODE_CREATE_SESSION, &create_session_txn_record,
                          &timeout);
}

int32_t prep_stage_create(struct prep_stage *stage, int64_t session, const char *path,
                          int32_t flags)
{
    struct create_request record = {.path = ustring_of(path), .flags = flags};
    record.acl.present = true;
    zk_acl_list_add(&record.acl, PERMS_ALL, "world", "anyone");
    int32_t err = prep_stage_ask(stage, session, OP_CODE_CREATE, &create_request_record, &record);
    jute_done(&create_request_record, &record);
    return err;
}

int32_t prep_stage_delete(struct prep_stage *stage, int64_t session, const char *path)
{
    struct delete_request record = {.path = ustring_of(path), .version = -1};
    int32_t err = prep_stage_ask(stage, session, OP_CODE_DELETE, &delete_request_record, &record);
    jute_done(&delete_request_record, &record);
    return err;
}

int32_t prep_stage_set_data(struct prep_stage *stage, int64_t session, const char *path,
                            const char *data)
{
    struct set_data_request record = {.path = ustring_of(path), .version = -1};
    record.data = data != NULL ? buf_new_copy(data, strlen(data)) : NULL;
    int32_t err =
        prep_stage_ask(stage, session, OP_CODE_SET_DATA, &set_data_request_record, &record);
    jute_done(&set_data_request_record, &record);
    return err;
}
