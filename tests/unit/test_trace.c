#include "zk_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"

static int setup(void **state)
{
    static struct test_capture capture;
    capture = test_capture_new();
    zk_context_set_myid(capture.ctx, 1);
    *state = &capture;
    return 0;
}

static int teardown(void **state)
{
    test_capture_done(*state);
    return 0;
}

/* The one line of the trace: its fixed start, any t, and then rest. */
static void expect_event(const struct test_capture *capture, const char *rest)
{
    static const char start[] = "{\"v\":1,\"t\":";
    char *line = test_captured_trace(capture);
    assert_memory_equal(line, start, sizeof start - 1);
    char *after_time;
    assert_true(strtoll(line + sizeof start - 1, &after_time, 10) >= 0);
    assert_string_equal(after_time, rest);
    free(line);
}

/* A file of at most this many bytes: what is written beyond them is refused. */
static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_line_after_a_torn_one_is_whole(void **state)
{
    struct test_capture *capture = *state;
    signal(SIGXFSZ, SIG_IGN); /* as main does */
    limit_file_size(10);
    zk_trace_phase(capture->ctx, "torn");
    zk_trace_phase(capture->ctx, "lost");
    limit_file_size(RLIM_INFINITY);

    zk_trace_phase(capture->ctx, "whole");
    zk_trace_phase(capture->ctx, "next");

    char *text = test_captured_trace(capture);
    assert_memory_equal(text, "{\"v\":1,\"t\"\n{\"v\":1,\"t\":", 21);
    assert_non_null(strstr(text, "\"ev\":\"phase\",\"phase\":\"whole\"}\n"));
    assert_null(strstr(text, "lost"));
    assert_null(strstr(text, "\n\n"));
    free(text);
}

static void any_text_gives_well_formed_json(void **state)
{
    struct test_capture *capture = *state;
    zk_thread_rename(capture->ctx, "a \"thread\"\\");

    zk_trace_state(capture->ctx, "LOOKING", "line one\nline \"two\" \xff");

    expect_event(capture, ",\"n\":1,\"th\":\"a \\\"thread\\\"\\\\\",\"ev\":\"state\","
                          "\"s\":\"LOOKING\",\"why\":\"line one\\nline \\\"two\\\" \\ufffd\"}\n");
}

static void a_vote_has_its_zxid_in_hex(void **state)
{
    struct test_capture *capture = *state;

    zk_trace_vote(capture->ctx, 3, -1, 2, 7, "why");

    expect_event(capture, ",\"n\":1,\"th\":\"main\",\"ev\":\"vote\",\"leader\":3,"
                          "\"zxid\":\"0xffffffffffffffff\",\"epoch\":2,\"r\":7,\"why\":\"why\"}\n");
}

static void a_tally_lists_who_is_had(void **state)
{
    struct test_capture *capture = *state;
    const int64_t have[] = {1, 3};

    zk_trace_tally(capture->ctx, 3, have, 2, true);

    expect_event(capture, ",\"n\":1,\"th\":\"main\",\"ev\":\"tally\",\"leader\":3,\"have\":[1,3],"
                          "\"quorum\":true}\n");
}

static void a_message_carries_its_connection_and_ordinal(void **state)
{
    struct test_capture *capture = *state;

    zk_trace_recv(capture->ctx, 2, "127.0.0.1:51121-127.0.0.1:3881", 4, "NOTIFICATION",
                  "{\"leader\":2}");

    expect_event(capture, ",\"n\":1,\"th\":\"main\",\"ev\":\"recv\",\"from\":2,"
                          "\"conn\":\"127.0.0.1:51121-127.0.0.1:3881\",\"seq\":4,"
                          "\"kind\":\"NOTIFICATION\",\"m\":{\"leader\":2}}\n");
}

static void a_step_of_a_transaction_names_zxid_and_server(void **state)
{
    struct test_capture *capture = *state;

    zk_trace_txn(capture->ctx, "acked", 0x100000005, 2, "why");

    expect_event(capture, ",\"n\":1,\"th\":\"main\",\"ev\":\"txn\",\"step\":\"acked\","
                          "\"zxid\":\"0x100000005\",\"peer\":2,\"why\":\"why\"}\n");
}

/* Every event once: a line each, one after the other, and each ends as it must. */
static void emit_all(struct zk_context *ctx)
{
    const int64_t have[] = {1};
    zk_trace_boot(ctx, "0.1");
    zk_trace_exit(ctx, 0, "w");
    zk_trace_state(ctx, "LEADING", "w");
    zk_trace_vote(ctx, 1, 1, 1, 1, "w");
    zk_trace_tally(ctx, 1, have, 0, false);
    zk_trace_wait(ctx, 200, "w");
    zk_trace_decide(ctx, 1, 1, "w");
    zk_trace_conn(ctx, "dial", 2, "c", "w");
    zk_trace_send(ctx, 2, "c", 1, "INITIAL", "{}");
    zk_trace_recv(ctx, 2, "c", 1, "INITIAL", NULL);
    zk_trace_enq(ctx, "q", 1, 1, 0);
    zk_trace_deq(ctx, "q", 1, 0);
    zk_trace_phase(ctx, "discovery");
    zk_trace_epoch(ctx, "accepted", 5);
    zk_trace_established(ctx, 1, 5);
    zk_trace_txn(ctx, "acked", 5, 2, "w");
    zk_trace_sync(ctx, 2, "DIFF", 1, 5, "w");
    const struct zk_trace_client client = {.session = 1, .address = "a"};
    zk_trace_session(ctx, "opened", &client, 4000, "w");
    zk_trace_request(
        ctx, &client,
        &(struct zk_trace_question){
            .xid = 1, .op = "create", .path = "/a", .data = "one", .how = "ephemeral"});
    zk_trace_reply(ctx, &client,
                   &(struct zk_trace_answer){.xid = 1, .op = "create", .zxid = 5, .data = "/a"});
    zk_trace_watch(ctx, &client, "created", "/a");
}

static void every_event_is_one_line(void **state)
{
    struct test_capture *capture = *state;
    static const char *const events[] = {
        "boot",        "exit", "state", "vote",    "tally",   "wait",  "decide",
        "conn",        "send", "recv",  "enq",     "deq",     "phase", "epoch",
        "established", "txn",  "sync",  "session", "request", "reply", "watch"};

    emit_all(capture->ctx);

    char *text = test_captured_trace(capture);
    struct zk_strings lines;
    zk_split(text, '\n', &lines);
    assert_int_equal(lines.count, 21);
    for (size_t i = 0; i < lines.count; i++) {
        char ev[40];
        snprintf(ev, sizeof ev, "\"ev\":\"%s\"", events[i]);
        assert_non_null(strstr(lines.items[i], ev));
        assert_int_equal(lines.items[i][0], '{');
        assert_int_equal(lines.items[i][strlen(lines.items[i]) - 1], '}');
    }
    zk_strings_done(&lines);
    free(text);
}

static void a_trace_to_nowhere_is_off(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();

    assert_false(zk_trace_on(ctx));
    emit_all(ctx);
    zk_context_free(ctx);
}

static void emit_many(void *arg)
{
    struct test_capture *capture = arg;
    for (int i = 0; i < 200; i++)
        zk_trace_wait(capture->ctx, i, "a somewhat longer sentence for the picture");
}

static void lines_of_several_threads_stand_in_the_order_of_their_times(void **state)
{
    struct test_capture *capture = *state;
    struct zk_thread_group *group = zk_thread_group_new(capture->ctx);
    for (int i = 0; i < 4; i++)
        assert_int_equal(zk_thread_group_start(group, emit_many, capture, "tracer %d", i), 0);
    zk_thread_group_free(group);

    char *text = test_captured_trace(capture);
    struct zk_strings lines;
    zk_split(text, '\n', &lines);
    assert_int_equal(lines.count, 800);
    long long before = 0;
    for (size_t i = 0; i < lines.count; i++) {
        long long t = -1;
        assert_int_equal(sscanf(lines.items[i], "{\"v\":1,\"t\":%lld,", &t), 1);
        assert_true(t >= before);
        before = t;
    }
    zk_strings_done(&lines);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_after_a_torn_one_is_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(any_text_gives_well_formed_json, setup, teardown),
        cmocka_unit_test_setup_teardown(a_vote_has_its_zxid_in_hex, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tally_lists_who_is_had, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_carries_its_connection_and_ordinal, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_step_of_a_transaction_names_zxid_and_server, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_event_is_one_line, setup, teardown),
        cmocka_unit_test(a_trace_to_nowhere_is_off),
        cmocka_unit_test_setup_teardown(lines_of_several_threads_stand_in_the_order_of_their_times,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
