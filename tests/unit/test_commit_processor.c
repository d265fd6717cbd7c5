/* The order of requests and commits. Java: CommitProcessorConcurrencyTest, CommitProcessorTest */
#include "zk/server/commit_processor.h"

#include <errno.h>
#include <stdlib.h>

#include "commit_stage.h"
#include "outside.h"
#include "zk/base/array_deque.h"
#include "zk/base/random.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

static void expect(struct commit_stage *stage, size_t count, const char *text)
{
    scripted_processor_await(stage->next, count);
    char *found = scripted_processor_text(stage->next);
    assert_string_equal(found, text);
    free(found);
}

/* Nothing more can have come before this read of a client that has sent nothing else: a turn takes
 * the requests in their order. */
static void expect_after_a_turn(struct commit_stage *stage, size_t count, const char *text)
{
    commit_stage_request(stage, 999, 1, OP_CODE_GET_DATA);
    scripted_processor_await(stage->next, count + 1);
    char *found = scripted_processor_text(stage->next);
    size_t length = strlen(text);
    assert_memory_equal(found, text, length);
    assert_string_equal(found + length, length > 0 ? ", getData 999.1" : "getData 999.1");
    free(found);
}

static void a_read_waits_for_nobody(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 1, OP_CODE_GET_DATA);
    expect(stage, 1, "getData 1.1");
}

/* D-290. CLI-37 */
static void a_write_that_was_refused_waits_for_no_commit_but_for_its_turn(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    struct request *refused = request_new(NULL, 1, 2, OP_CODE_CHECK, NULL, NULL);
    refused->refused = true;
    assert_int_equal(request_processor_process_request(stage->processor, refused), 0);
    request_unref(refused);
    expect_after_a_turn(stage, 0, "");

    commit_stage_commit(stage, 1, 1, 7);
    expect(stage, 3, "getData 999.1, create 1.1=7, check 1.2");

    /* No later write stands behind it. */
    commit_stage_request(stage, 2, 1, OP_CODE_DELETE);
    commit_stage_commit(stage, 2, 1, 8);
    expect(stage, 4, "getData 999.1, create 1.1=7, check 1.2, delete 2.1=8");
}

static void a_write_waits_for_its_commit_and_takes_over_its_transaction(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    expect_after_a_turn(stage, 0, "");

    commit_stage_commit(stage, 1, 1, 7);

    /* It is the client's request, of type create, and not the one that the commit came with. */
    expect(stage, 2, "getData 999.1, create 1.1=7");
    const struct request *request = scripted_processor_at(stage->next, 1);
    assert_int_equal(request->txn->record.error.err, -101);
    assert_true(request->commit_recv_time_ms >= 0);
}

static void what_a_client_sends_behind_a_write_waits_for_it(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 1, OP_CODE_GET_DATA);
    commit_stage_request(stage, 1, 2, OP_CODE_SET_DATA);
    commit_stage_request(stage, 1, 3, OP_CODE_GET_DATA);
    commit_stage_request(stage, 1, 4, OP_CODE_EXISTS);
    commit_stage_request(stage, 1, 5, OP_CODE_DELETE);
    commit_stage_request(stage, 1, 6, OP_CODE_GET_DATA);
    expect_after_a_turn(stage, 1, "getData 1.1");

    commit_stage_commit(stage, 1, 2, 7);
    expect(stage, 5, "getData 1.1, getData 999.1, setData 1.2=7, getData 1.3, exists 1.4");

    commit_stage_commit(stage, 1, 5, 8);
    expect(stage, 7,
           "getData 1.1, getData 999.1, setData 1.2=7, getData 1.3, exists 1.4, delete 1.5=8, "
           "getData 1.6");
}

static void other_clients_do_not_wait_for_a_write(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    commit_stage_request(stage, 2, 1, OP_CODE_GET_DATA);
    commit_stage_request(stage, 3, 1, OP_CODE_GET_CHILDREN);
    expect(stage, 2, "getData 2.1, getChildren 3.1");
}

static void another_servers_write_does_not_wait_for_ours(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    commit_stage_commit(stage, 77, 1, 5);
    expect(stage, 1, "error 77.1=5");
    commit_stage_commit(stage, 1, 1, 6);
    expect(stage, 2, "error 77.1=5, create 1.1=6");
}

/* All came before the thread had a look. */
static void commits_are_applied_in_their_order(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    commit_stage_request(stage, 2, 1, OP_CODE_SET_DATA);
    commit_stage_commit(stage, 77, 1, 5);
    commit_stage_commit(stage, 1, 1, 6);
    commit_stage_commit(stage, 77, 2, 7);
    commit_stage_commit(stage, 2, 1, 8);
    commit_stage_commit(stage, 77, 3, 9);
    commit_stage_start(stage);
    expect(stage, 5, "error 77.1=5, create 1.1=6, error 77.2=7, setData 2.1=8, error 77.3=9");
}

/* A client reads, then writes; the commit is there before the read has been passed on. */
static void a_commit_does_not_overtake_reads_of_its_client(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_request(stage, 1, 1, OP_CODE_GET_DATA);
    commit_stage_request(stage, 1, 2, OP_CODE_CREATE);
    commit_stage_request(stage, 1, 3, OP_CODE_GET_DATA);
    commit_stage_request(stage, 1, 4, OP_CODE_SET_DATA);
    commit_stage_request(stage, 1, 5, OP_CODE_GET_DATA);
    commit_stage_commit(stage, 1, 2, 5);
    commit_stage_commit(stage, 1, 4, 6);
    commit_stage_start(stage);
    expect(stage, 5, "getData 1.1, create 1.2=5, getData 1.3, setData 1.4=6, getData 1.5");
}

/* Nor if several commits are applied in one turn. */
static void a_batch_of_commits_does_not_overtake_reads_of_its_client(void **state)
{
    struct commit_stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.maxCommitBatchSize", "5");
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.maxReadBatchSize", "10");
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    commit_stage_request(stage, 1, 2, OP_CODE_GET_DATA);
    commit_stage_request(stage, 1, 3, OP_CODE_SET_DATA);
    commit_stage_commit(stage, 1, 1, 5);
    commit_stage_commit(stage, 1, 3, 6);
    commit_stage_start(stage);
    expect(stage, 3, "create 1.1=5, getData 1.2, setData 1.3=6");
}

/* After a client has moved here: its old server's write, of the same session, commits now. */
static void a_commit_of_the_same_session_with_another_cxid_is_not_ours(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 9, OP_CODE_CREATE);
    commit_stage_commit(stage, 1, 4, 5);
    expect(stage, 1, "error 1.4=5");
    commit_stage_commit(stage, 1, 9, 6);
    expect(stage, 2, "error 1.4=5, create 1.9=6");
}

/* kazoo counts from 1 on every connection. Its session has moved to us while its write 2 was on the
 * way through another server. */
static void cli_55_a_sync_is_answered_by_nobodys_commit(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    struct request *sync = request_new(NULL, 1, 2, OP_CODE_SYNC, NULL, NULL);
    assert_int_equal(request_processor_process_request(stage->processor, sync), 0);
    expect_after_a_turn(stage, 0, "");
    commit_stage_commit(stage, 1, 2, 7); /* what the same client sent elsewhere has failed */
    expect(stage, 2, "getData 999.1, error 1.2=7");

    commit_stage_commit_request(stage, sync);
    expect(stage, 3, "getData 999.1, error 1.2=7, sync 1.2");
    request_unref(sync);
}

static void a_commit_that_nobody_asked_for_is_applied(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_commit(stage, 1, 1, 5);
    expect(stage, 1, "error 1.1=5");
}

static void a_sync_waits_for_the_leader(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    struct request *sync = request_new(NULL, 1, 1, OP_CODE_SYNC, NULL, NULL);
    assert_int_equal(request_processor_process_request(stage->processor, sync), 0);
    commit_stage_request(stage, 1, 2, OP_CODE_GET_DATA);
    expect_after_a_turn(stage, 0, "");

    commit_stage_commit_request(stage, sync);

    expect(stage, 3, "getData 999.1, sync 1.1, getData 1.2");
    request_unref(sync);
}

/* What was committed before it is in the tree when it is answered, also on the leader, where nobody
 * but this thread knows. */
static void a_sync_is_answered_behind_the_commits_before_it(void **state)
{
    struct commit_stage *stage = *state;
    struct request *sync = request_new(NULL, 1, 1, OP_CODE_SYNC, NULL, NULL);
    commit_stage_commit(stage, 2, 1, 5);
    commit_stage_commit(stage, 2, 2, 6);
    assert_int_equal(request_processor_process_request(stage->processor, sync), 0);
    commit_stage_request(stage, 1, 2, OP_CODE_GET_DATA);
    commit_stage_commit_request(stage, sync);
    commit_stage_commit(stage, 2, 3, 7);

    commit_stage_start(stage);

    expect(stage, 5, "error 2.1=5, error 2.2=6, sync 1.1, getData 1.2, error 2.3=7");
    request_unref(sync);
}

static void only_sessions_of_the_ensemble_wait_for_their_commit(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 0, OP_CODE_CREATE_SESSION);
    struct request *local = request_new(NULL, 2, 0, OP_CODE_CREATE_SESSION, NULL, NULL);
    local->local_session = true;
    assert_int_equal(request_processor_process_request(stage->processor, local), 0);
    request_unref(local);
    expect(stage, 1, "createSession 2.0");
    commit_stage_commit(stage, 1, 0, 5);
    expect(stage, 2, "createSession 2.0, createSession 1.0=5");
}

/* On a leader the request that waits and the one that is committed are the same object. */
static void a_leader_commits_the_request_itself(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    struct request *request = request_new(NULL, 1, 1, OP_CODE_CREATE, NULL, NULL);
    struct txn_log_entry *txn = commit_stage_error_txn(1, 1, 5);
    request_set_txn(request, txn);
    assert_int_equal(request_processor_process_request(stage->processor, request), 0);
    commit_stage_commit_request(stage, request);
    expect(stage, 1, "create 1.1=5");
    assert_ptr_equal(scripted_processor_at(stage->next, 0), request);
    txn_log_entry_unref(txn);
    request_unref(request);
}

/* A turn passes on no more than what was there when it began. */
static void reads_without_end_do_not_hold_up_other_servers_writes(void **state)
{
    struct commit_stage *stage = *state;
    for (int32_t cxid = 1; cxid <= 3; cxid++)
        commit_stage_request(stage, 1, cxid, OP_CODE_GET_DATA);
    scripted_processor_hold(stage->next);
    commit_stage_start(stage);
    scripted_processor_await_held(stage->next);
    for (int32_t cxid = 4; cxid <= 6; cxid++)
        commit_stage_request(stage, 1, cxid, OP_CODE_GET_DATA);
    commit_stage_commit(stage, 77, 1, 5);
    scripted_processor_release(stage->next);
    scripted_processor_await(stage->next, 7);
    /* Behind the three of its turn; or behind all six, if the commit came to the second turn. */
    assert_int_equal(scripted_processor_at(stage->next, 6)->cxid == 1 ||
                         scripted_processor_at(stage->next, 3)->session_id == 77,
                     1);
}

/* Java: maxReadBatchSize, of which it passes on one more. */
static void a_batch_of_reads_comes_before_a_commit_that_waits(void **state)
{
    struct commit_stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.maxReadBatchSize", "1");
    for (int32_t cxid = 1; cxid <= 4; cxid++)
        commit_stage_request(stage, 1, cxid, OP_CODE_GET_DATA);
    commit_stage_commit(stage, 77, 1, 5);
    commit_stage_commit(stage, 77, 2, 6);
    commit_stage_start(stage);
    expect(stage, 6,
           "getData 1.1, getData 1.2, error 77.1=5, getData 1.3, getData 1.4, error 77.2=6");
}

static void a_batch_of_commits_comes_before_reads_that_wait(void **state)
{
    struct commit_stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.maxCommitBatchSize", "3");
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.maxReadBatchSize", "0");
    for (int32_t cxid = 1; cxid <= 2; cxid++)
        commit_stage_request(stage, 1, cxid, OP_CODE_GET_DATA);
    for (int32_t cxid = 1; cxid <= 4; cxid++)
        commit_stage_commit(stage, 77, cxid, 4 + cxid);
    commit_stage_start(stage);
    expect(stage, 6,
           "getData 1.1, error 77.1=5, error 77.2=6, error 77.3=7, getData 1.2, error 77.4=8");
}

static void a_batch_of_no_commits_is_one(void **state)
{
    struct commit_stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.maxCommitBatchSize", "0");
    commit_stage_start(stage);
    commit_stage_commit(stage, 77, 1, 5);
    expect(stage, 1, "error 77.1=5");
}

/* CLI-57. The leader is faster than the thread that tells the processor of its own client's write;
 * so the commit is nobody's, and the write waits for one that never comes. That is why what gives a
 * write to the leader gives it to the processor first. */
static void a_commit_that_is_early_is_applied_as_anothers(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_commit(stage, 1, 1, 5);
    expect(stage, 1, "error 1.1=5");
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    expect_after_a_turn(stage, 1, "error 1.1=5");
}

/* ---- who is woken ---------------------------------------------------------------------------- */

/* There is nothing to do for it: the commit wakes the thread, which takes both then. */
static void a_write_wakes_nobody_before_its_commit_comes(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    outside_watch("test_commit_pro");
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    assert_int_equal(outside_seen().signals, 0);
    commit_stage_commit(stage, 1, 1, 5);
    assert_int_equal(outside_seen().signals, 1);
    outside_watch(NULL);
    expect(stage, 1, "create 1.1=5");
}

/* The answers of all of them leave together. */
static void commits_that_come_while_others_are_applied_cost_one_wake_up_behind(void **state)
{
    struct commit_stage *stage = *state;
    scripted_processor_hold(stage->next);
    commit_stage_start(stage);
    commit_stage_commit(stage, 77, 1, 5);
    scripted_processor_await_held(stage->next);
    commit_stage_commit(stage, 77, 2, 6);
    commit_stage_commit(stage, 77, 3, 7);
    scripted_processor_release(stage->next);
    assert_int_equal(scripted_processor_await_wake(stage->next), 3);
}

/* Commits may come without end, and the first of them are to be answered. */
static void those_behind_it_are_woken_for_64_requests_at_the_latest(void **state)
{
    struct commit_stage *stage = *state;
    for (int32_t cxid = 1; cxid <= 200; cxid++)
        commit_stage_commit(stage, 77, cxid, 4 + cxid);
    commit_stage_start(stage);
    assert_int_equal(scripted_processor_await_wake(stage->next), 64);
}

static void commits_come_together(struct commit_stage *stage, int count)
{
    struct array_deque requests = ARRAY_DEQUE_OF(struct request *);
    for (int i = 1; i <= count; i++) {
        struct txn_log_entry *txn = commit_stage_error_txn(77, i, 4 + i);
        struct request *request = request_new_of_txn(txn);
        array_deque_add_last(&requests, &request);
        txn_log_entry_unref(txn);
    }
    commit_processor_commit_all(stage->commit, &requests);
    assert_int_equal(requests.count, 0);
    array_deque_done(&requests);
    request_processor_wake(stage->processor);
}

static void commits_that_come_together_are_applied_in_their_order(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commits_come_together(stage, 3);
    scripted_processor_await(stage->next, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(scripted_processor_at(stage->next, i)->zxid, 5 + (int64_t)i);
    assert_int_equal(
        server_metrics_get(stage->metrics).counters[SERVER_METRICS_REQUEST_COMMIT_QUEUED], 3);
}

/* The sanitizer sees what is not freed. */
static void commits_that_come_together_after_the_end_are_dropped(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_shutdown(stage);
    commits_come_together(stage, 3);
    assert_int_equal(scripted_processor_count(stage->next), 0);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void shutdown_drops_what_waits_and_shuts_down_the_next(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_start(stage);
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    commit_stage_request(stage, 1, 2, OP_CODE_GET_DATA);
    expect_after_a_turn(stage, 0, "");

    commit_stage_shutdown(stage);

    assert_true(scripted_processor_is_shut_down(stage->next));
    commit_stage_request(stage, 2, 1, OP_CODE_GET_DATA);
    commit_stage_commit(stage, 1, 1, 5);
    assert_int_equal(scripted_processor_count(stage->next), 1);
}

static void shutdown_before_the_start_is_fine(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    commit_stage_commit(stage, 1, 1, 5);
    commit_stage_shutdown(stage);
    assert_true(scripted_processor_is_shut_down(stage->next));
    assert_int_equal(scripted_processor_count(stage->next), 0);
}

/* The one that is at work is finished, and nothing behind it is begun. */
static void shutdown_waits_for_the_request_at_work(void **state)
{
    struct commit_stage *stage = *state;
    scripted_processor_hold(stage->next);
    for (int32_t cxid = 1; cxid <= 5; cxid++)
        commit_stage_commit(stage, 77, cxid, 4 + cxid);
    commit_stage_start(stage);
    scripted_processor_await_held(stage->next);
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    assert_int_equal(zk_thread_group_start(group, commit_stage_run_shutdown, stage, "ender"), 0);
    assert_false(scripted_processor_is_shut_down(stage->next));
    scripted_processor_release(stage->next);
    zk_thread_group_join(group);
    zk_thread_group_free(group);
    assert_true(scripted_processor_is_shut_down(stage->next));
    size_t count = scripted_processor_count(stage->next);
    assert_in_range(count, 1, 5);
    assert_int_equal(scripted_processor_count_at_shutdown(stage->next), count);
}

static void a_processor_behind_it_that_fails_ends_the_role(void **state)
{
    struct commit_stage *stage = *state;
    scripted_processor_fail_at(stage->next, 1, -EIO);
    commit_stage_start(stage);
    assert_int_equal(zookeeper_server_startup(stage->server), 0);
    commit_stage_commit(stage, 77, 1, 5);
    commit_stage_commit(stage, 77, 2, 6);
    commit_stage_commit(stage, 77, 3, 7);
    commit_stage_await_failure(stage);
    assert_int_equal(zookeeper_server_exit_code(stage->server), 1);
    commit_stage_shutdown(stage);
    assert_int_equal(scripted_processor_count(stage->next), 2);
}

/* ---- any order ------------------------------------------------------------------------------- */

enum { SESSIONS = 7, REQUESTS = 4000 };

struct traffic {
    struct commit_stage *stage;
    struct zk_mutex mu;
    struct request_queue_of_writes {
        int64_t session_id;
        int32_t cxid;
    } writes[REQUESTS]; /* of our own clients, in the order in which they came in */
    size_t write_count;
    bool all_in;
    size_t local_count;  /* requests of our own clients */
    size_t remote_count; /* commits of others */
};

/* Clients send reads and writes; each write is told to the "leader" after it was put in. */
static void clients_run(void *arg)
{
    struct traffic *traffic = arg;
    int32_t cxids[SESSIONS] = {0};
    for (size_t i = 0; i < REQUESTS; i++) {
        int64_t session_id = zk_random_below(SESSIONS);
        int32_t cxid = ++cxids[session_id];
        bool is_write = zk_random_below(3) == 0;
        commit_stage_request(traffic->stage, session_id, cxid,
                             is_write ? OP_CODE_SET_DATA : OP_CODE_GET_DATA);
        zk_mutex_lock(&traffic->mu);
        traffic->local_count++;
        if (is_write) {
            traffic->writes[traffic->write_count].session_id = session_id;
            traffic->writes[traffic->write_count++].cxid = cxid;
        }
        traffic->all_in = i == REQUESTS - 1;
        zk_mutex_unlock(&traffic->mu);
    }
}

/* Commits come for them in the same order, with those of other servers between. */
static void leader_run(void *arg)
{
    struct traffic *traffic = arg;
    size_t done = 0;
    int64_t zxid = 0;
    int32_t remote_cxid = 0;
    bool over = false;
    while (!over) {
        zk_mutex_lock(&traffic->mu);
        size_t ready = traffic->write_count;
        bool all_in = traffic->all_in;
        zk_mutex_unlock(&traffic->mu);
        if (done < ready && zk_random_below(2) == 0) {
            commit_stage_commit(traffic->stage, traffic->writes[done].session_id,
                                traffic->writes[done].cxid, ++zxid);
            done++;
        } else if (traffic->remote_count < REQUESTS) {
            commit_stage_commit(traffic->stage, 77, ++remote_cxid, ++zxid);
            traffic->remote_count++;
        }
        over = all_in && done == ready;
    }
}

/* Java: CommitProcessorTest. Each client's requests keep their order, all commits keep theirs, and
 * each comes once. */
static void in_any_order_clients_and_commits_keep_theirs(void **state)
{
    struct commit_stage *stage = *state;
    struct traffic *traffic = calloc(1, sizeof *traffic);
    traffic->stage = stage;
    zk_mutex_init(&traffic->mu, stage->ctx, "traffic", 1);
    commit_stage_start(stage);
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    assert_int_equal(zk_thread_group_start(group, clients_run, traffic, "clients"), 0);
    assert_int_equal(zk_thread_group_start(group, leader_run, traffic, "leader"), 0);
    zk_thread_group_join(group);
    zk_thread_group_free(group);
    size_t all = traffic->local_count + traffic->remote_count;

    scripted_processor_await(stage->next, all);

    assert_int_equal(scripted_processor_count(stage->next), all);
    int32_t cxids[SESSIONS] = {0};
    int64_t last_zxid = 0;
    for (size_t i = 0; i < all; i++) {
        const struct request *request = scripted_processor_at(stage->next, i);
        if (request->session_id != 77)
            assert_int_equal(request->cxid, ++cxids[request->session_id]);
        if (request->txn != NULL)
            assert_int_equal(request->zxid, ++last_zxid);
        assert_int_equal(request->txn != NULL, request->type != OP_CODE_GET_DATA);
    }
    zk_mutex_destroy(&traffic->mu);
    free(traffic);
}

static void queues_and_commits_are_counted(void **state)
{
    struct commit_stage *stage = *state;
    commit_stage_request(stage, 1, 1, OP_CODE_CREATE);
    commit_stage_request(stage, 1, 2, OP_CODE_GET_DATA);
    commit_stage_start(stage);
    expect_after_a_turn(stage, 0, "");
    commit_stage_commit(stage, 1, 1, 5);
    scripted_processor_await(stage->next, 3);
    commit_stage_shutdown(stage);
    struct server_metrics_values values = server_metrics_get(stage->metrics);
    assert_int_equal(values.counters[SERVER_METRICS_REQUEST_COMMIT_QUEUED], 1);
    assert_int_equal(values.summaries[SERVER_METRICS_WRITE_COMMIT_PROC_REQ_QUEUED].max, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_READ_COMMIT_PROC_REQ_QUEUED].max, 2);
    assert_int_equal(values.summaries[SERVER_METRICS_COMMIT_COMMIT_PROC_REQ_QUEUED].max, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_WRITE_COMMIT_PROC_ISSUED].sum, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_READS_AFTER_WRITE_IN_SESSION_QUEUE].sum, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_REQUESTS_IN_SESSION_QUEUE].max, 2);
}

#define STAGED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, commit_stage_setup, commit_stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_read_waits_for_nobody),
        STAGED(a_write_that_was_refused_waits_for_no_commit_but_for_its_turn),
        STAGED(a_write_waits_for_its_commit_and_takes_over_its_transaction),
        STAGED(what_a_client_sends_behind_a_write_waits_for_it),
        STAGED(other_clients_do_not_wait_for_a_write),
        STAGED(another_servers_write_does_not_wait_for_ours),
        STAGED(commits_are_applied_in_their_order),
        STAGED(a_commit_does_not_overtake_reads_of_its_client),
        STAGED(a_batch_of_commits_does_not_overtake_reads_of_its_client),
        STAGED(a_commit_of_the_same_session_with_another_cxid_is_not_ours),
        STAGED(cli_55_a_sync_is_answered_by_nobodys_commit),
        STAGED(a_commit_that_nobody_asked_for_is_applied),
        STAGED(a_sync_waits_for_the_leader),
        STAGED(a_sync_is_answered_behind_the_commits_before_it),
        STAGED(only_sessions_of_the_ensemble_wait_for_their_commit),
        STAGED(a_leader_commits_the_request_itself),
        STAGED(reads_without_end_do_not_hold_up_other_servers_writes),
        STAGED(a_batch_of_reads_comes_before_a_commit_that_waits),
        STAGED(a_batch_of_commits_comes_before_reads_that_wait),
        STAGED(a_batch_of_no_commits_is_one),
        STAGED(a_write_wakes_nobody_before_its_commit_comes),
        STAGED(commits_that_come_while_others_are_applied_cost_one_wake_up_behind),
        STAGED(commits_that_come_together_are_applied_in_their_order),
        STAGED(commits_that_come_together_after_the_end_are_dropped),
        STAGED(those_behind_it_are_woken_for_64_requests_at_the_latest),
        STAGED(shutdown_drops_what_waits_and_shuts_down_the_next),
        STAGED(shutdown_before_the_start_is_fine),
        STAGED(shutdown_waits_for_the_request_at_work),
        STAGED(a_processor_behind_it_that_fails_ends_the_role),
        STAGED(in_any_order_clients_and_commits_keep_theirs),
        STAGED(a_commit_that_is_early_is_applied_as_anothers),
        STAGED(queues_and_commits_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
