/* Who waits before the first processor, and who is dropped there. Java: RequestThrottlerTest,
 * ThrottledOpHelper */
#include <errno.h>
#include <stdlib.h>

#include "scripted_processor.h"
#include "server/zookeeper_server_internal.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/settings.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

enum { SESSION = 77, CXID = 5, WAIT_TIME_MS = 1 };

#define MAX_REQUESTS "zookeeper.request_throttle_max_requests"

/* ---- a server whose first processor answers nobody ------------------------------------------- */

struct client {
    struct server_cnxn cnxn;
    int closed;
};

struct stage {
    struct zk_context *ctx;
    char *directory;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
    struct server_metrics *metrics;
    struct zookeeper_server *server;
    struct scripted_processor *first;
    struct session_tracker tracker;
    struct client client;
};

static void client_send_close_session(struct server_cnxn *cnxn)
{
    ((struct client *)cnxn)->closed++;
}

static void client_free(struct server_cnxn *cnxn)
{
    (void)cnxn;
}

static const struct server_cnxn_ops client_ops = {.send_close_session = client_send_close_session,
                                                  .free = client_free};

static bool touch_session(struct session_tracker *tracker, int64_t session_id, int32_t timeout_ms)
{
    (void)tracker;
    (void)timeout_ms;
    return session_id == SESSION;
}

static int start_tracker(struct session_tracker *tracker)
{
    (void)tracker;
    return 0;
}

static void end_tracker(struct session_tracker *tracker)
{
    (void)tracker;
}

static const struct session_tracker_ops tracker_ops = {.touch_session = touch_session,
                                                       .start = start_tracker,
                                                       .shutdown = end_tracker,
                                                       .free = end_tracker};

static struct session_tracker *create_session_tracker(struct zookeeper_server *server)
{
    struct stage *stage = zookeeper_server_kind(server);
    stage->tracker.ops = &tracker_ops;
    return &stage->tracker;
}

static int setup_request_processors(struct zookeeper_server *server)
{
    struct stage *stage = zookeeper_server_kind(server);
    stage->first = scripted_processor_new(stage->ctx);
    zookeeper_server_set_first_processor(server, scripted_processor_as_processor(stage->first));
    return 0;
}

static const struct zookeeper_server_methods KIND = {
    .state = "throttled",
    .create_session_tracker = create_session_tracker,
    .setup_request_processors = setup_request_processors,
};

struct setting {
    const char *key;
    const char *value;
};

static void begin_with(struct stage *stage, const struct setting *settings, size_t count)
{
    *stage = (struct stage){.ctx = test_context(), .directory = test_temporary_directory()};
    char *error = NULL;
    int64_t zxid;
    for (size_t i = 0; i < count; i++)
        zk_settings_set(stage->ctx, settings[i].key, settings[i].value);
    assert_int_equal(file_txn_snap_log_new(stage->ctx, stage->directory, stage->directory,
                                           &stage->snap_log, &error),
                     0);
    stage->database = zk_database_new(stage->ctx, stage->snap_log);
    assert_int_equal(zk_database_load_data_base(stage->database, &zxid), 0);
    stage->metrics = server_metrics_new(stage->ctx);
    stage->server = zookeeper_server_new(stage->ctx, &KIND, stage, stage->database, stage->metrics);
    stage->client.cnxn =
        (struct server_cnxn){.ops = &client_ops, .session_id = SESSION, .session_timeout_ms = 4000};
    zk_refcount_init(&stage->client.cnxn.refs);
    assert_int_equal(zookeeper_server_startup(stage->server), 0);
}

#define BEGIN_WITH(stage, settings)                                                                \
    begin_with((stage), (settings), sizeof(settings) / sizeof *(settings))

static void finish(struct stage *stage)
{
    zookeeper_server_shutdown(stage->server);
    zookeeper_server_unref(stage->server);
    server_metrics_free(stage->metrics);
    zk_database_free(stage->database);
    file_txn_snap_log_free(stage->snap_log);
    test_remove_directory(stage->directory);
    zk_context_free(stage->ctx);
}

static int submit(struct stage *stage, int32_t type, int32_t cxid)
{
    struct request *request = request_new(&stage->client.cnxn, SESSION, cxid, type, NULL, NULL);
    int r = zookeeper_server_submit_request(stage->server, request);
    request_unref(request);
    return r;
}

/* So many of one kind, whose cxids are 1, 2, ... */
static void submit_many(struct stage *stage, int32_t type, int32_t count)
{
    for (int32_t cxid = 1; cxid <= count; cxid++)
        assert_int_equal(submit(stage, type, cxid), 0);
}

static int64_t counter(struct stage *stage, enum server_metrics_counter which)
{
    return server_metrics_get(stage->metrics).counters[which];
}

static bool has_waited(void *arg)
{
    return counter(arg, SERVER_METRICS_REQUEST_THROTTLE_WAIT_COUNT) > 0;
}

static bool nobody_waits(void *arg)
{
    return !zookeeper_server_should_throttle(((struct stage *)arg)->server, 1);
}

static bool has_dropped(void *arg)
{
    return counter(arg, SERVER_METRICS_STALE_REQUESTS_DROPPED) > 0;
}

/* What a processor's answer to a request does. */
static void finish_request(struct stage *stage)
{
    zookeeper_server_dec_in_process(stage->server);
}

/* ---- without a limit ------------------------------------------------------------------------- */

static void without_a_limit_a_request_is_in_the_first_processor_at_once(void **state)
{
    (void)state;
    struct stage stage;
    begin_with(&stage, NULL, 0);
    submit_many(&stage, OP_CODE_CREATE, 2);
    assert_int_equal(scripted_processor_count(stage.first), 2);
    assert_false(has_waited(&stage));
    finish(&stage);
}

/* ---- with one -------------------------------------------------------------------------------- */

/* Java: testRequestThrottler() */
static void as_many_are_in_the_processors_as_may_and_the_next_one_follows_each_answer(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "3"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    submit_many(&stage, OP_CODE_CREATE, 5);
    scripted_processor_await(stage.first, 3);
    test_await(has_waited, &stage);
    assert_int_equal(scripted_processor_count(stage.first), 3);

    finish_request(&stage);
    scripted_processor_await(stage.first, 4);
    finish_request(&stage);
    scripted_processor_await(stage.first, 5);

    char *text = scripted_processor_text(stage.first);
    assert_string_equal(text, "create 77.1, create 77.2, create 77.3, create 77.4, create 77.5");
    free(text);
    finish(&stage);
}

/* A wake-up that is lost would show as a test of an hour. */
static void an_answer_wakes_the_next_one_however_long_the_stall_is(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "1"},
                                              {"zookeeper.request_throttle_stall_time", "3600000"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    submit_many(&stage, OP_CODE_CREATE, 50);
    for (size_t i = 1; i < 50; i++) {
        scripted_processor_await(stage.first, i);
        finish_request(&stage);
    }
    scripted_processor_await(stage.first, 50);
    finish(&stage);
}

/* Those that wait count for globalOutstandingLimit, too. */
static void a_client_is_read_on_when_few_enough_wait(void **state)
{
    (void)state;
    static const struct setting settings[] = {
        {MAX_REQUESTS, "1"},
        {"zookeeper.globalOutstandingLimit", "1"},
        {"zookeeper.request_throttler.shutdownTimeout", "1"}}; /* two are left in the end */
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    submit_many(&stage, OP_CODE_CREATE, 4);
    scripted_processor_await(stage.first, 1);
    test_await(has_waited, &stage);
    assert_true(zookeeper_server_should_throttle(stage.server, 1));
    finish_request(&stage);
    test_await(nobody_waits, &stage);
    finish(&stage);
}

/* ---- those that are dropped ------------------------------------------------------------------ */

/* Java: testDropStaleRequests() */
static void what_waits_for_a_connection_that_has_ended_is_dropped(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "2"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    submit_many(&stage, OP_CODE_CREATE, 5);
    scripted_processor_await(stage.first, 2);
    test_await(has_waited, &stage);

    server_cnxn_set_stale(&stage.client.cnxn);

    test_await(has_dropped, &stage);
    finish_request(&stage);
    zookeeper_server_shutdown(stage.server);
    assert_int_equal(scripted_processor_count(stage.first), 2);
    /* One was stale, and those behind it may not overtake it. */
    assert_int_equal(counter(&stage, SERVER_METRICS_STALE_REQUESTS_DROPPED), 1);
    assert_int_equal(stage.client.closed, 0);
    finish(&stage);
}

static void one_that_is_older_than_its_session_may_be_silent_closes_the_connection(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "2"},
                                              {"zookeeper.request_stale_latency_check", "true"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    stage.client.cnxn.session_timeout_ms = -1; /* so every age is too much */
    assert_int_equal(submit(&stage, OP_CODE_CREATE, CXID), 0);
    test_await(has_dropped, &stage);
    zookeeper_server_shutdown(stage.server);
    assert_int_equal(scripted_processor_count(stage.first), 0);
    assert_int_equal(stage.client.closed, 1);
    finish(&stage);
}

static void a_close_session_outlives_its_connection(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "2"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    server_cnxn_set_stale(&stage.client.cnxn);
    assert_int_equal(submit(&stage, OP_CODE_CLOSE_SESSION, CXID), 0);
    scripted_processor_await(stage.first, 1);
    finish(&stage);
}

static void nothing_is_dropped_if_the_setting_says_so(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "2"},
                                              {"zookeeper.request_throttle_drop_stale", "false"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    server_cnxn_set_stale(&stage.client.cnxn);
    assert_int_equal(submit(&stage, OP_CODE_CREATE, CXID), 0);
    scripted_processor_await(stage.first, 1);
    assert_int_equal(counter(&stage, SERVER_METRICS_STALE_REQUESTS), 1);
    finish(&stage);
}

/* ---- those that have waited for too long ----------------------------------------------------- */

static bool has_waited_for_too_long(void *arg)
{
    return zk_elapsed_ms() > *(int64_t *)arg + WAIT_TIME_MS;
}

/* Java: ThrottledOpHelper.testThrottledOp() */
static void what_has_waited_for_too_long_is_answered_in_its_turn_and_not_run(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "1"},
                                              {"zookeeper.throttled_op_wait_time", "1"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    assert_int_equal(submit(&stage, OP_CODE_PING, 1), 0);
    assert_int_equal(submit(&stage, OP_CODE_CREATE, 2), 0);
    assert_int_equal(submit(&stage, OP_CODE_CLOSE_SESSION, 3), 0);
    int64_t submitted_ms = zk_elapsed_ms();
    scripted_processor_await(stage.first, 1);
    test_await(has_waited_for_too_long, &submitted_ms);

    finish_request(&stage);
    scripted_processor_await(stage.first, 2);
    finish_request(&stage);
    scripted_processor_await(stage.first, 3);

    const struct request *create = scripted_processor_at(stage.first, 1);
    assert_true(create->refused);
    assert_int_equal(create->exception, KEEPER_CODE_THROTTLEDOP);
    assert_false(scripted_processor_at(stage.first, 0)->refused);
    assert_false(scripted_processor_at(stage.first, 2)->refused);
    assert_int_equal(counter(&stage, SERVER_METRICS_THROTTLED_OPS), 1);
    finish(&stage);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void what_has_not_had_its_turn_in_time_ends_with_its_connection(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "1"},
                                              {"zookeeper.request_throttler.shutdownTimeout", "1"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    submit_many(&stage, OP_CODE_CREATE, 4);
    scripted_processor_await(stage.first, 1);

    zookeeper_server_shutdown(stage.server);

    assert_int_equal(scripted_processor_count(stage.first), 1);
    assert_int_equal(stage.client.closed, 1);
    assert_true(server_cnxn_is_invalid(&stage.client.cnxn));
    assert_int_equal(submit(&stage, OP_CODE_CREATE, CXID), -ECANCELED);
    finish(&stage);
}

static void at_the_end_those_that_find_room_still_go_on(void **state)
{
    (void)state;
    static const struct setting settings[] = {{MAX_REQUESTS, "100"},
                                              {"zookeeper.request_throttler.shutdownTimeout", "0"}};
    struct stage stage;
    BEGIN_WITH(&stage, settings);
    submit_many(&stage, OP_CODE_CREATE, 20);
    zookeeper_server_shutdown(stage.server);
    assert_int_equal(scripted_processor_count_at_shutdown(stage.first), 20);
    assert_int_equal(stage.client.closed, 0);
    finish(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_a_request_is_in_the_first_processor_at_once),
        cmocka_unit_test(as_many_are_in_the_processors_as_may_and_the_next_one_follows_each_answer),
        cmocka_unit_test(an_answer_wakes_the_next_one_however_long_the_stall_is),
        cmocka_unit_test(a_client_is_read_on_when_few_enough_wait),
        cmocka_unit_test(what_waits_for_a_connection_that_has_ended_is_dropped),
        cmocka_unit_test(one_that_is_older_than_its_session_may_be_silent_closes_the_connection),
        cmocka_unit_test(a_close_session_outlives_its_connection),
        cmocka_unit_test(nothing_is_dropped_if_the_setting_says_so),
        cmocka_unit_test(what_has_waited_for_too_long_is_answered_in_its_turn_and_not_run),
        cmocka_unit_test(what_has_not_had_its_turn_in_time_ends_with_its_connection),
        cmocka_unit_test(at_the_end_those_that_find_room_still_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
