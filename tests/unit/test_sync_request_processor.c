/* Group commit, snapshots, and the end of a log. Java: SyncRequestProcessorTest,
 * SyncRequestProcessorMetricTest, InvalidSnapCountTest, TxnLogCountTest */
#include "zk/server/sync_request_processor.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "outside.h"
#include "scripted_processor.h"
#include "zk/base/array_deque.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/file_txn_log.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

static const struct zookeeper_server_methods PARROT = {.state = "parrot"};

/* Epoch 1. */
#define FIRST_ZXID INT64_C(0x100000001)

struct stage {
    struct test_capture capture;
    struct zk_context *ctx; /* the capture's */
    char *directory;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
    struct server_metrics *metrics;
    struct zookeeper_server *server;
    struct scripted_processor *next;
    struct sync_request_processor *sync;
    struct request_processor *processor; /* the same; NULL: not made yet */
    bool shut_down;
    int64_t last_zxid;
};

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){.capture = test_capture_new(), .last_zxid = FIRST_ZXID - 1};
    stage.ctx = stage.capture.ctx;
    stage.directory = test_temporary_directory();
    char *error = NULL;
    assert_int_equal(
        file_txn_snap_log_new(stage.ctx, stage.directory, stage.directory, &stage.snap_log, &error),
        0);
    stage.database = zk_database_new(stage.ctx, stage.snap_log);
    int64_t zxid;
    assert_int_equal(zk_database_load_data_base(stage.database, &zxid), 0);
    stage.metrics = server_metrics_new(stage.ctx);
    stage.server = zookeeper_server_new(stage.ctx, &PARROT, NULL, stage.database, stage.metrics);
    assert_int_equal(zookeeper_server_startup(stage.server), 0);
    *state = &stage;
    return 0;
}

/* Settings are read now. */
static void make_processor(struct stage *stage)
{
    stage->next = scripted_processor_new(stage->ctx);
    stage->sync =
        sync_request_processor_new(stage->server, scripted_processor_as_processor(stage->next));
    stage->processor = sync_request_processor_as_processor(stage->sync);
}

static void start(struct stage *stage)
{
    assert_int_equal(sync_request_processor_start(stage->sync), 0);
}

static void stage_shutdown(struct stage *stage)
{
    if (stage->processor != NULL && !stage->shut_down)
        request_processor_shutdown(stage->processor);
    stage->shut_down = true;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    stage_shutdown(stage);
    outside_restore(NULL);
    request_processor_free(stage->processor);
    zookeeper_server_unref(stage->server);
    server_metrics_free(stage->metrics);
    zk_database_free(stage->database);
    file_txn_snap_log_free(stage->snap_log);
    test_remove_directory(stage->directory);
    test_capture_done(&stage->capture);
    return 0;
}

/* The next transactions come, so many of them. */
/* The caller unrefs it. */
static struct request *next_transaction(struct stage *stage)
{
    struct txn_header header = {.client_id = 1,
                                .cxid = (int32_t)(++stage->last_zxid - FIRST_ZXID),
                                .zxid = stage->last_zxid,
                                .type = OP_CODE_ERROR};
    union txn_record record = {.error = {.err = -101}};
    struct txn_log_entry *txn = txn_log_entry_new(&header, &record, NULL);
    struct request *request = request_new_of_txn(txn);
    txn_log_entry_unref(txn);
    return request;
}

static void transactions_come(struct stage *stage, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct request *request = next_transaction(stage);
        assert_int_equal(request_processor_process_request(stage->processor, request), 0);
        request_unref(request);
    }
}

static void read_comes(struct stage *stage, int32_t cxid)
{
    struct request *request = request_new(NULL, 2, cxid, OP_CODE_GET_DATA, NULL, NULL);
    assert_int_equal(request_processor_process_request(stage->processor, request), 0);
    request_unref(request);
}

static struct avg_min_max_counter measured(struct stage *stage, enum server_metrics_summary which)
{
    return server_metrics_get(stage->metrics).summaries[which];
}

/* How many transactions a reader of the directory finds, one after the other from the first on. */
static size_t logged(struct stage *stage)
{
    struct txn_iterator *iterator = NULL;
    assert_int_equal(file_txn_snap_log_read_txn_log(stage->snap_log, FIRST_ZXID, true, &iterator),
                     0);
    size_t count = 0;
    const struct txn_log_entry *entry;
    while ((entry = txn_iterator_entry(iterator)) != NULL) {
        assert_int_equal(entry->header.zxid, FIRST_ZXID + (int64_t)count);
        count++;
        if (txn_iterator_next(iterator) != 1)
            break;
    }
    txn_iterator_free(iterator);
    return count;
}

static size_t files(struct stage *stage, const char *prefix)
{
    size_t count = 0;
    DIR *directory = opendir(file_txn_snap_log_get_snap_dir(stage->snap_log));
    assert_non_null(directory);
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(directory);
    return count;
}

static void expect_in_order(struct stage *stage, size_t count)
{
    assert_int_equal(scripted_processor_count(stage->next), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(scripted_processor_at(stage->next, i)->zxid, FIRST_ZXID + (int64_t)i);
}

static void transactions_are_handed_on_in_order_and_are_on_disk_then(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    start(stage);
    for (size_t round = 1; round <= 5; round++) {
        transactions_come(stage, 3);
        scripted_processor_await(stage->next, 3 * round);
        assert_int_equal(logged(stage), 3 * round);
    }
    expect_in_order(stage, 15);
}

static void transactions_that_come_together_are_handed_on_in_order(void **state)
{
    struct stage *stage = *state;
    struct array_deque requests = ARRAY_DEQUE_OF(struct request *);
    make_processor(stage);
    for (int i = 0; i < 3; i++) {
        struct request *request = next_transaction(stage);
        array_deque_add_last(&requests, &request);
    }
    sync_request_processor_process_requests(stage->sync, &requests);
    assert_int_equal(requests.count, 0);
    array_deque_done(&requests);
    request_processor_wake(stage->processor);
    start(stage);
    scripted_processor_await(stage->next, 3);
    expect_in_order(stage, 3);
    assert_int_equal(logged(stage), 3);
    assert_int_equal(
        server_metrics_get(stage->metrics).counters[SERVER_METRICS_SYNC_PROCESSOR_REQUEST_QUEUED],
        3);
}

static void all_that_wait_share_one_fsync_and_one_flush(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    transactions_come(stage, 200);
    start(stage);
    scripted_processor_await(stage->next, 200);
    stage_shutdown(stage);
    struct avg_min_max_counter batches = measured(stage, SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE);
    assert_int_equal(batches.count, 1);
    assert_int_equal(batches.max, 200);
    assert_int_equal(measured(stage, SERVER_METRICS_SYNC_PROCESSOR_QUEUE_FLUSH_TIME_MS).count, 1);
    /* 200, 199, ... 1: the queue is measured before each that is taken, and when there is none */
    struct avg_min_max_counter sizes = measured(stage, SERVER_METRICS_SYNC_PROCESSOR_QUEUE_SIZE);
    assert_int_equal(sizes.max, 200);
    assert_int_equal(sizes.sum, 200 * 201 / 2);
    assert_int_equal(scripted_processor_flushes(stage->next), 1);
    assert_int_equal(scripted_processor_count_at_first_flush(stage->next), 200);
}

static void a_batch_ends_at_its_limit(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.maxBatchSize", "10");
    make_processor(stage);
    transactions_come(stage, 25);
    start(stage);
    scripted_processor_await(stage->next, 25);
    stage_shutdown(stage);
    struct avg_min_max_counter batches = measured(stage, SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE);
    assert_int_equal(batches.count, 3);
    assert_int_equal(batches.max, 10);
    assert_int_equal(batches.min, 5);
    expect_in_order(stage, 25);
}

/* Java: flushDelay. Less than a batch waits for more, for so long. */
static void a_flush_can_wait_for_more(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.flushDelay", "60000");
    zk_settings_set(stage->ctx, "zookeeper.maxWriteQueuePollTime", "60000");
    zk_settings_set(stage->ctx, "zookeeper.maxBatchSize", "4");
    make_processor(stage);
    start(stage);
    for (size_t i = 0; i < 4; i++)
        transactions_come(stage, 1);
    scripted_processor_await(stage->next, 4);
    transactions_come(stage, 3);
    stage_shutdown(stage);
    struct avg_min_max_counter batches = measured(stage, SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE);
    assert_int_equal(batches.count, 2);
    expect_in_order(stage, 7);
}

static void what_is_not_written_keeps_its_place(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    read_comes(stage, 1);
    transactions_come(stage, 1);
    read_comes(stage, 2);
    start(stage);
    scripted_processor_await(stage->next, 3);
    char *text = scripted_processor_text(stage->next);
    assert_string_equal(text, "getData 2.1, error 1.0=4294967297, getData 2.2");
    free(text);
    stage_shutdown(stage);
    assert_int_equal(measured(stage, SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE).count, 1);
    assert_int_equal(logged(stage), 1);
}

static void reads_alone_cost_no_fsync(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    for (int32_t cxid = 1; cxid <= 5; cxid++)
        read_comes(stage, cxid);
    start(stage);
    scripted_processor_await(stage->next, 5);
    stage_shutdown(stage);
    assert_int_equal(measured(stage, SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE).count, 0);
    assert_int_equal(files(stage, "log."), 0);
}

static void an_observer_only_logs(void **state)
{
    struct stage *stage = *state;
    stage->sync = sync_request_processor_new(stage->server, NULL);
    stage->processor = sync_request_processor_as_processor(stage->sync);
    start(stage);
    transactions_come(stage, 20);
    stage_shutdown(stage);
    assert_int_equal(logged(stage), 20);
    /* Nobody behind it waits for the flush, and Java measures none. */
    assert_int_equal(measured(stage, SERVER_METRICS_SYNC_PROCESSOR_QUEUE_AND_FLUSH_TIME_MS).count,
                     0);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static bool snapshot_taken(void *arg)
{
    struct stage *stage = arg;
    return measured(stage, SERVER_METRICS_SNAPSHOTTIME).count > 0;
}

/* Between a half and the whole of snapCount, by chance: 6 to 10 transactions here. */
static void after_enough_transactions_the_log_is_rolled_and_a_snapshot_taken(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.snapCount", "10");
    make_processor(stage);
    start(stage);
    transactions_come(stage, 5);
    scripted_processor_await(stage->next, 5);
    assert_int_equal(files(stage, "log."), 1);
    assert_int_equal(measured(stage, SERVER_METRICS_SNAPSHOTTIME).count, 0);

    transactions_come(stage, 6);
    scripted_processor_await(stage->next, 11);

    test_await(snapshot_taken, stage);
    assert_in_range(zk_database_get_txn_count(stage->database), 1, 5);
    assert_int_equal(files(stage, "log."), 2);
    assert_int_equal(logged(stage), 11);
}

/* The whole file counts, with the zeros that make it larger. */
static void after_enough_bytes_as_well(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.snapSizeLimitInKb", "1");
    make_processor(stage);
    start(stage);
    for (size_t count = 1; count <= 3; count++) {
        transactions_come(stage, 1);
        scripted_processor_await(stage->next, count);
    }
    test_await(snapshot_taken, stage);
    assert_int_equal(logged(stage), 3);
}

static void no_size_is_no_reason_for_a_snapshot_if_the_limit_is_0(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.snapSizeLimitInKb", "0");
    make_processor(stage);
    start(stage);
    transactions_come(stage, 40);
    stage_shutdown(stage);
    expect_in_order(stage, 40);
    assert_int_equal(measured(stage, SERVER_METRICS_SNAPSHOTTIME).count, 0);
    char *log = test_captured_log(&stage->capture);
    assert_non_null(
        strstr(log, "snapSizeLimitInKb set to a non-positive value 0; disabling feature"));
    free(log);
}

/* Java: InvalidSnapCountTest */
static void a_snap_count_of_1_becomes_2(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.snapCount", "1");
    make_processor(stage);
    start(stage);
    transactions_come(stage, 5);
    scripted_processor_await(stage->next, 5);
    test_await(snapshot_taken, stage);
    char *log = test_captured_log(&stage->capture);
    assert_non_null(strstr(log, "SnapCount should be 2 or more. Now, snapCount is reset to 2"));
    free(log);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Nothing of this term comes later, and nothing of it is lost. */
static void shutdown_writes_and_hands_on_all_that_was_given_before(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    start(stage);
    transactions_come(stage, 3000);

    stage_shutdown(stage);

    expect_in_order(stage, 3000);
    assert_int_equal(scripted_processor_count_at_shutdown(stage->next), 3000);
    assert_int_equal(logged(stage), 3000);
    transactions_come(stage, 5);
    assert_int_equal(scripted_processor_count(stage->next), 3000);
    assert_int_equal(logged(stage), 3000);
}

static void shutdown_before_the_start_is_fine(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    transactions_come(stage, 5);
    stage_shutdown(stage);
    assert_true(scripted_processor_is_shut_down(stage->next));
    assert_int_equal(files(stage, "log."), 0);
}

/* MC-03, ZOOKEEPER-4712: four terms, one after the other, and the log is one row. */
static void the_next_term_finds_a_log_that_is_whole(void **state)
{
    struct stage *stage = *state;
    for (size_t term = 1; term <= 4; term++) {
        make_processor(stage);
        stage->shut_down = false;
        start(stage);
        transactions_come(stage, 500);
        stage_shutdown(stage);
        request_processor_free(stage->processor);
        stage->processor = NULL;
        assert_int_equal(logged(stage), 500 * term);
    }
}

static bool server_has_failed(void *arg)
{
    struct stage *stage = arg;
    return !zookeeper_server_is_running(stage->server);
}

/* The disk refuses: nothing that waits is acknowledged, now or later, and the process ends. */
static void expect_dead_log(struct stage *stage, size_t handed_on)
{
    test_await(server_has_failed, stage);
    assert_int_equal(zookeeper_server_exit_code(stage->server), 1);
    transactions_come(stage, 3);
    stage_shutdown(stage);
    assert_int_equal(scripted_processor_count(stage->next), handed_on);
    assert_true(scripted_processor_is_shut_down(stage->next));
    char *log = test_captured_log(&stage->capture);
    assert_non_null(strstr(log, "The transaction log cannot be written: "));
    assert_non_null(strstr(log, "Severe unrecoverable error, from thread : SyncThread:"));
    free(log);
}

static void a_log_that_cannot_be_made_ends_the_process(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    start(stage);
    outside_fail(OUTSIDE_OPEN, ENOSPC, 0, 1);
    transactions_come(stage, 2);
    expect_dead_log(stage, 0);
}

/* MC-08 */
static void what_an_fsync_did_not_take_is_never_acknowledged(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    start(stage);
    transactions_come(stage, 4);
    scripted_processor_await(stage->next, 4);
    outside_fail(OUTSIDE_FDATASYNC, EIO, 0, 1);
    transactions_come(stage, 2);
    expect_dead_log(stage, 4);
}

/* The ACK cannot be sent: the connection is gone, the log is not. */
static void a_processor_behind_it_that_fails_ends_the_role_only(void **state)
{
    struct stage *stage = *state;
    make_processor(stage);
    scripted_processor_fail_at(stage->next, 1, -EPIPE);
    transactions_come(stage, 4);
    start(stage);
    test_await(server_has_failed, stage);
    stage_shutdown(stage);
    assert_int_equal(zookeeper_server_exit_code(stage->server), 0);
    assert_int_equal(scripted_processor_count(stage->next), 2);
    assert_int_equal(logged(stage), 4);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(transactions_are_handed_on_in_order_and_are_on_disk_then),
        STAGED(transactions_that_come_together_are_handed_on_in_order),
        STAGED(all_that_wait_share_one_fsync_and_one_flush),
        STAGED(a_batch_ends_at_its_limit),
        STAGED(a_flush_can_wait_for_more),
        STAGED(what_is_not_written_keeps_its_place),
        STAGED(reads_alone_cost_no_fsync),
        STAGED(an_observer_only_logs),
        STAGED(after_enough_transactions_the_log_is_rolled_and_a_snapshot_taken),
        STAGED(after_enough_bytes_as_well),
        STAGED(no_size_is_no_reason_for_a_snapshot_if_the_limit_is_0),
        STAGED(a_snap_count_of_1_becomes_2),
        STAGED(shutdown_writes_and_hands_on_all_that_was_given_before),
        STAGED(shutdown_before_the_start_is_fine),
        STAGED(the_next_term_finds_a_log_that_is_whole),
        STAGED(a_log_that_cannot_be_made_ends_the_process),
        STAGED(what_an_fsync_did_not_take_is_never_acknowledged),
        STAGED(a_processor_behind_it_that_fails_ends_the_role_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
