/* CommitProcessor with worker threads, and what clients may rely on in any order of events.
 * Java: CommitProcessorTest, CommitProcessorConcurrencyTest */
#include "zk/server/commit_processor.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "commit_stage.h"
#include "outside.h"
#include "zk/base/random.h"
#include "zk/base/refcount.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

/* On a machine that is busy with others a turn of the threads takes ms instead of us: then a test
 * ends with as many requests as ENOUGH_MS give. */
enum { WORKER_SESSIONS = 9, WORKER_REQUESTS = 20000, OTHERS_SESSION = 77, ENOUGH_MS = 5000 };

/* The end of the chain: it looks whether what must not happen at once does. */
struct watchful_processor {
    struct request_processor processor;
    struct zk_atomic_long writes_at_work;
    struct zk_atomic_long reads_at_work;
    struct zk_atomic_long last_zxid;
    struct zk_atomic_long count;
    sem_t come;                   /* posted for each request */
    struct zk_atomic_long broken; /* how often a rule was */
    struct zk_atomic_long last_cxid[WORKER_SESSIONS];
    struct request *held; /* it waits for let_go; a test sets it before it starts the processor */
    sem_t let_go;
};

static int watchful_process_request(struct request_processor *processor, struct request *request)
{
    struct watchful_processor *watchful = (struct watchful_processor *)processor;
    bool is_write = request->txn != NULL;
    bool is_broken = false;
    while (request == watchful->held && sem_wait(&watchful->let_go) < 0 && errno == EINTR)
        continue;
    if (is_write) {
        is_broken |= zk_atomic_long_add(&watchful->writes_at_work, 1) != 1;
        is_broken |= zk_atomic_long_get(&watchful->reads_at_work) != 0;
        is_broken |= zk_atomic_long_add(&watchful->last_zxid, 1) != request->zxid;
    } else {
        zk_atomic_long_add(&watchful->reads_at_work, 1);
        is_broken |= zk_atomic_long_get(&watchful->writes_at_work) != 0;
    }
    /* What came through another server before the client moved here has a cxid below 0. */
    if (request->session_id < WORKER_SESSIONS && request->cxid > 0)
        is_broken |=
            zk_atomic_long_add(&watchful->last_cxid[request->session_id], 1) != request->cxid;
    if (zk_random_below(16) == 0)
        sched_yield();
    zk_atomic_long_add(is_write ? &watchful->writes_at_work : &watchful->reads_at_work, -1);
    zk_atomic_long_add(&watchful->broken, is_broken);
    zk_atomic_long_add(&watchful->count, 1);
    sem_post(&watchful->come);
    return 0;
}

static void watchful_shutdown(struct request_processor *processor)
{
    (void)processor;
}

static void watchful_free(struct request_processor *processor)
{
    struct watchful_processor *watchful = (struct watchful_processor *)processor;
    sem_destroy(&watchful->come);
    sem_destroy(&watchful->let_go);
    free(watchful);
}

static const struct request_processor_ops watchful_processor_ops = {
    .process_request = watchful_process_request,
    .shutdown = watchful_shutdown,
    .free = watchful_free,
};

static struct watchful_processor *stage_watch(struct commit_stage *stage, const char *workers)
{
    commit_stage_shutdown(stage);
    request_processor_free(stage->processor);
    struct watchful_processor *watchful = calloc(1, sizeof *watchful);
    watchful->processor.ops = &watchful_processor_ops;
    sem_init(&watchful->come, 0, 0);
    sem_init(&watchful->let_go, 0, 0);
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.numWorkerThreads", workers);
    stage->commit = commit_processor_new(stage->server, &watchful->processor);
    stage->processor = commit_processor_as_processor(stage->commit);
    stage->shut_down = false;
    return watchful;
}

/* What the leader has been sent, and answers in this order. */
struct forwarded {
    struct commit_stage *stage;
    struct zk_mutex mu;
    struct zk_cond changed;
    struct request *requests[WORKER_REQUESTS];
    size_t count;
    bool all_in;
    int64_t sent;    /* requests of our clients */
    int64_t commits; /* zxids that were given out */
    int64_t others;  /* to writes that came through other servers */
};

static void many_clients_run(void *arg)
{
    struct forwarded *forwarded = arg;
    int32_t cxids[WORKER_SESSIONS] = {0};
    int64_t end_ms = zk_deadline_ms(ENOUGH_MS);
    bool is_last = false;
    for (size_t i = 0; !is_last; i++) {
        is_last = i == WORKER_REQUESTS - 1 || zk_elapsed_ms() >= end_ms;
        int64_t session_id = zk_random_below(WORKER_SESSIONS);
        int64_t dice = zk_random_below(10);
        int32_t type = dice < 2 ? OP_CODE_SET_DATA : dice < 3 ? OP_CODE_SYNC : OP_CODE_GET_DATA;
        struct request *request =
            request_new(NULL, session_id, ++cxids[session_id], type, NULL, NULL);
        assert_int_equal(request_processor_process_request(forwarded->stage->processor, request),
                         0);
        zk_mutex_lock(&forwarded->mu);
        if (type != OP_CODE_GET_DATA)
            forwarded->requests[forwarded->count++] = request_ref(request);
        forwarded->all_in = is_last;
        forwarded->sent++;
        zk_cond_broadcast(&forwarded->changed);
        zk_mutex_unlock(&forwarded->mu);
        request_unref(request);
    }
}

/* Between the answers come other servers' writes, and writes that our own clients have sent through
 * other servers before they moved here: of their sessions, with other cxids. */
static void busy_leader_run(void *arg)
{
    struct forwarded *forwarded = arg;
    size_t done = 0;
    bool over = false;
    while (!over) {
        zk_mutex_lock(&forwarded->mu);
        while (forwarded->count == done && !forwarded->all_in &&
               forwarded->others == WORKER_REQUESTS)
            zk_cond_wait(&forwarded->changed, &forwarded->mu);
        size_t ready = forwarded->count;
        bool all_in = forwarded->all_in;
        zk_mutex_unlock(&forwarded->mu);
        if (done < ready) {
            struct request *request = forwarded->requests[done++];
            if (request->type == OP_CODE_SYNC)
                commit_stage_commit_request(forwarded->stage, request);
            else
                commit_stage_commit(forwarded->stage, request->session_id, request->cxid,
                                    ++forwarded->commits);
            request_unref(request);
        }
        if (forwarded->others < WORKER_REQUESTS && zk_random_below(4) == 0) {
            bool moved = zk_random_below(2) == 0;
            commit_stage_commit(forwarded->stage,
                                moved ? zk_random_below(WORKER_SESSIONS) : OTHERS_SESSION,
                                (int32_t) - (++forwarded->others), ++forwarded->commits);
        }
        over = all_in && done == ready;
    }
}

/* Waits until count more requests have come. */
static void await_come(struct watchful_processor *watchful, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        struct timespec until; /* anew for each, so that a busy machine only makes it last longer */
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += TEST_PATIENCE_MS / 1000;
        int r;
        do {
            r = sem_timedwait(&watchful->come, &until);
        } while (r < 0 && errno == EINTR);
        assert_int_equal(r, 0);
    }
}

/* The order of each client's requests, that of all writes, no read beside a write, and each
 * request once. */
static void in_any_order_the_rules_of_a_client_hold(struct commit_stage *stage, const char *workers)
{
    struct watchful_processor *watchful = stage_watch(stage, workers);
    struct forwarded *forwarded = calloc(1, sizeof *forwarded);
    forwarded->stage = stage;
    zk_mutex_init(&forwarded->mu, stage->ctx, "forwarded", 1);
    zk_cond_init(&forwarded->changed);
    commit_stage_start(stage);
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    assert_int_equal(zk_thread_group_start(group, many_clients_run, forwarded, "clients"), 0);
    assert_int_equal(zk_thread_group_start(group, busy_leader_run, forwarded, "leader"), 0);
    zk_thread_group_join(group);
    zk_thread_group_free(group);

    int64_t all = forwarded->sent + forwarded->others;
    await_come(watchful, all);

    assert_int_equal(zk_atomic_long_get(&watchful->count), all);
    assert_int_equal(zk_atomic_long_get(&watchful->broken), 0);
    assert_int_equal(zk_atomic_long_get(&watchful->last_zxid), forwarded->commits);
    zk_cond_destroy(&forwarded->changed);
    zk_mutex_destroy(&forwarded->mu);
    free(forwarded);
}

/* CLI-56 */
static void without_workers_the_rules_of_a_client_hold(void **state)
{
    in_any_order_the_rules_of_a_client_hold(*state, "0");
}

static void with_one_worker_the_rules_of_a_client_hold(void **state)
{
    in_any_order_the_rules_of_a_client_hold(*state, "1");
}

static void with_workers_the_rules_of_a_client_hold(void **state)
{
    in_any_order_the_rules_of_a_client_hold(*state, "4");
}

/* CLI-56. Two workers. While one reads for a client, the client's next read waits, although the
 * other worker has nothing to do: a read of another client comes, which was sent after both. */
static void a_client_has_one_worker_whichever_is_idle(void **state)
{
    struct commit_stage *stage = *state;
    struct watchful_processor *watchful = stage_watch(stage, "2");
    struct request *first = request_new(NULL, 1, 1, OP_CODE_GET_DATA, NULL, NULL);
    watchful->held = first;
    assert_int_equal(request_processor_process_request(stage->processor, first), 0);
    commit_stage_request(stage, 1, 2, OP_CODE_GET_DATA);
    commit_stage_request(stage, 2, 1, OP_CODE_GET_DATA);
    commit_stage_start(stage);

    await_come(watchful, 1);
    int64_t last_cxid = zk_atomic_long_get(&watchful->last_cxid[1]);
    int64_t of_the_other = zk_atomic_long_get(&watchful->last_cxid[2]);
    sem_post(&watchful->let_go);
    await_come(watchful, 2);

    assert_int_equal(last_cxid, 0);
    assert_int_equal(of_the_other, 1);
    assert_int_equal(zk_atomic_long_get(&watchful->last_cxid[1]), 2);
    assert_int_equal(zk_atomic_long_get(&watchful->broken), 0);
    request_unref(first);
}

struct write_and_read {
    struct commit_stage *stage;
    struct watchful_processor *watchful;
};

static bool write_waits_or_has_come(void *arg)
{
    struct write_and_read *both = arg;
    return zk_atomic_long_get(&both->watchful->last_zxid) > 0 ||
           commit_stage_waits_for_workers(both->stage);
}

/* CLI-56. A worker has a read that is not done when another server's write is committed. The
 * processor applies the write at once, or it waits; one of the two can be seen before the read is
 * let go. */
static void a_write_waits_for_a_read_of_a_worker(void **state)
{
    struct commit_stage *stage = *state;
    struct watchful_processor *watchful = stage_watch(stage, "2");
    struct write_and_read both = {.stage = stage, .watchful = watchful};
    struct request *read = request_new(NULL, 1, 1, OP_CODE_GET_DATA, NULL, NULL);
    watchful->held = read;
    assert_int_equal(request_processor_process_request(stage->processor, read), 0);
    commit_stage_commit(stage, OTHERS_SESSION, 1, 1);
    commit_stage_start(stage);

    test_await(write_waits_or_has_come, &both);
    int64_t last_zxid = zk_atomic_long_get(&watchful->last_zxid);
    sem_post(&watchful->let_go);
    await_come(watchful, 2);

    assert_int_equal(last_zxid, 0);
    assert_int_equal(zk_atomic_long_get(&watchful->last_zxid), 1);
    assert_int_equal(zk_atomic_long_get(&watchful->broken), 0);
    request_unref(read);
}

enum { ROUNDS = 10000 };

/* CLI-58. One client that waits for each answer: nothing comes that would wake a thread which has
 * missed its wake-up (ZOOKEEPER-4537). */
static void one_client_alone_is_always_answered(void **state)
{
    struct commit_stage *stage = *state;
    struct watchful_processor *watchful = stage_watch(stage, "2");
    commit_stage_start(stage);
    int64_t end_ms = zk_deadline_ms(ENOUGH_MS);
    for (int32_t cxid = 1; cxid <= 2 * ROUNDS && zk_elapsed_ms() < end_ms; cxid++) {
        bool is_write = cxid % 2 == 0;
        commit_stage_request(stage, 1, cxid, is_write ? OP_CODE_SET_DATA : OP_CODE_GET_DATA);
        if (is_write)
            commit_stage_commit(stage, 1, cxid, cxid / 2);
        await_come(watchful, 1);
    }
    assert_int_equal(zk_atomic_long_get(&watchful->broken), 0);
}

/* Java makes each worker's thread when there is something for it, too. */
static void workers_are_started_for_their_first_request(void **state)
{
    struct commit_stage *stage = *state;
    struct watchful_processor *watchful = stage_watch(stage, "2147483647");
    commit_stage_start(stage);
    size_t threads = zk_thread_count(stage->ctx);
    assert_in_range(threads, 1, 100);
    for (int64_t session_id = 0; session_id < 3; session_id++)
        for (int32_t cxid = 1; cxid <= 2; cxid++) {
            commit_stage_request(stage, session_id, cxid, OP_CODE_GET_DATA);
            await_come(watchful, 1);
        }
    assert_in_range(zk_thread_count(stage->ctx), threads + 2, threads + 3);
    assert_int_equal(zk_atomic_long_get(&watchful->broken), 0);
}

static void without_a_thread_for_another_worker_the_first_one_serves_all(void **state)
{
    struct commit_stage *stage = *state;
    struct watchful_processor *watchful = stage_watch(stage, "64");
    commit_stage_start(stage);
    size_t threads = zk_thread_count(stage->ctx);
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, 2);
    for (int32_t cxid = 1; cxid <= 3; cxid++)
        for (int64_t session_id = 1; session_id < 4; session_id++) {
            commit_stage_request(stage, session_id, cxid, OP_CODE_GET_DATA);
            await_come(watchful, 1);
        }
    assert_int_equal(outside_failures(OUTSIDE_PTHREAD_CREATE), 2);
    /* The two sessions stay with the first one: a worker of their own could overtake it. */
    assert_in_range(zk_thread_count(stage->ctx), threads + 1, threads + 2);
    assert_int_equal(zk_atomic_long_get(&watchful->broken), 0);
    outside_restore(state);
}

static void a_read_that_fails_in_a_worker_ends_the_role(void **state)
{
    struct commit_stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.numWorkerThreads", "2");
    scripted_processor_fail_at(stage->next, 1, -EIO);
    commit_stage_start(stage);
    assert_int_equal(zookeeper_server_startup(stage->server), 0);
    for (int32_t cxid = 1; cxid <= 3; cxid++)
        commit_stage_request(stage, 4, cxid, OP_CODE_GET_DATA);
    commit_stage_await_failure(stage);
    assert_int_equal(zookeeper_server_exit_code(stage->server), 1);
    commit_stage_shutdown(stage);
    assert_int_equal(scripted_processor_count(stage->next), 2);
}

/* The read of a worker is finished, and nothing behind it is begun. */
static void shutdown_waits_for_the_read_of_a_worker(void **state)
{
    struct commit_stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.commitProcessor.numWorkerThreads", "1");
    scripted_processor_hold(stage->next);
    for (int32_t cxid = 1; cxid <= 5; cxid++)
        commit_stage_request(stage, 3, cxid, OP_CODE_GET_DATA);
    commit_stage_commit(stage, 77, 1, 5);
    commit_stage_start(stage);
    scripted_processor_await_held(stage->next);
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    assert_int_equal(zk_thread_group_start(group, commit_stage_run_shutdown, stage, "ender"), 0);
    assert_false(scripted_processor_is_shut_down(stage->next));
    scripted_processor_release(stage->next);
    zk_thread_group_join(group);
    zk_thread_group_free(group);
    size_t count = scripted_processor_count(stage->next);
    assert_in_range(count, 1, 6);
    assert_int_equal(scripted_processor_count_at_shutdown(stage->next), count);
}

#define STAGED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, commit_stage_setup, commit_stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(without_workers_the_rules_of_a_client_hold),
        STAGED(with_one_worker_the_rules_of_a_client_hold),
        STAGED(with_workers_the_rules_of_a_client_hold),
        STAGED(a_client_has_one_worker_whichever_is_idle),
        STAGED(a_write_waits_for_a_read_of_a_worker),
        STAGED(one_client_alone_is_always_answered),
        STAGED(workers_are_started_for_their_first_request),
        STAGED(without_a_thread_for_another_worker_the_first_one_serves_all),
        STAGED(a_read_that_fails_in_a_worker_ends_the_role),
        STAGED(shutdown_waits_for_the_read_of_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
