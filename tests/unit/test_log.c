#include "zk_test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "outside.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"

static int setup(void **state)
{
    static struct test_capture capture;
    capture = test_capture_new();
    *state = &capture;
    return 0;
}

static int teardown(void **state)
{
    test_capture_done(*state);
    return outside_restore(NULL);
}

/* The one line of the log from its 24th character on: what stands behind the time. */
static char *line_without_time(const struct test_capture *capture)
{
    char *text = test_captured_log(capture);
    assert_true(strlen(text) > 24);
    memmove(text, text + 23, strlen(text + 23) + 1);
    return text;
}

static void expect_line(const struct test_capture *capture, const char *expected)
{
    char *line = line_without_time(capture);
    assert_string_equal(line, expected);
    free(line);
}

static void a_line_has_the_layout_of_java(void **state)
{
    struct test_capture *capture = *state;
    zk_context_set_myid(capture->ctx, 1);
    zk_thread_rename(capture->ctx, "WorkerReceiver[myid=%d]", 1);

    zk_log_at(capture->ctx, "src/election/messenger.c", 87, ZK_LOG_NEW_ELECTION, (int64_t)1,
              (int64_t)0x1f);

    expect_line(capture, " [myid:1] - INFO  [WorkerReceiver[myid=1]:Messenger@87] - New election. "
                         "My id = 1, proposed zxid=0x1f\n");
}

static void the_place_is_that_of_the_caller(void **state)
{
    struct test_capture *capture = *state;
    char expected[100];

    zk_log(capture->ctx, ZK_LOG_LOOKING);

    snprintf(expected, sizeof expected, " [myid:] - INFO  [main:TestLog@%d] - LOOKING\n",
             __LINE__ - 3);
    expect_line(capture, expected);
}

static void the_class_is_the_file_as_java_writes_it(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"src/election/fast_leader_election.c", "FastLeaderElection"},
        {"quorum_cnx_manager.c", "QuorumCnxManager"},
        {"/a/b_c/main.c", "Main"},
        {"x_1y.c", "X1y"},
        /* Words that Java does not write in camel case. */
        {"src/peer/zookeeper_server_main.c", "ZooKeeperServerMain"},
        {"src/zab/read_only_zookeeper_server.c", "ReadOnlyZooKeeperServer"},
        {"src/server/zk_database.c", "ZKDatabase"},
        {"src/cnxn/nio_server_cnxn.c", "NIOServerCnxn"},
        {"zookeepers_zkdump_nios.c", "ZookeepersZkdumpNios"}, /* other words that begin so */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_capture capture = test_capture_new();
        char expected[100];
        snprintf(expected, sizeof expected, " [myid:] - WARN  [main:%s@1] - x\n", cases[i][1]);

        zk_log_at(capture.ctx, cases[i][0], 1, ZK_WARN, "x");

        expect_line(&capture, expected);
        test_capture_done(&capture);
    }
}

enum { HALF_PAST_FIVE_MS = (5 * 60 + 30) * 60 * 1000 };

static int64_t asked_for_ms; /* the moment for which zone_of_india was asked last */

static int64_t zone_of_india(int64_t wall_ms)
{
    asked_for_ms = wall_ms;
    return HALF_PAST_FIVE_MS;
}

static void the_time_stamp_is_now_in_the_zone_that_was_given(void **state)
{
    struct test_capture *capture = *state;
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = capture->log_fd;
    options.zone_offset_ms = zone_of_india;
    struct zk_context *ctx = zk_context_new(&options);

    int64_t before_ms = zk_wall_ms();
    zk_log(ctx, ZK_LOG_LOOKING);
    int64_t after_ms = zk_wall_ms();

    char *line = test_captured_log(capture);
    struct tm parts = {0};
    int ms = -1;
    assert_int_equal(sscanf(line, "%d-%d-%d %d:%d:%d,%d [", &parts.tm_year, &parts.tm_mon,
                            &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ms),
                     7);
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    int64_t logged_ms = (int64_t)timegm(&parts) * 1000 + ms - HALF_PAST_FIVE_MS;
    assert_true(before_ms <= logged_ms && logged_ms <= after_ms);
    assert_int_equal(asked_for_ms, logged_ms);
    free(line);
    zk_context_free(ctx);
}

static int64_t moved_zone_ms; /* what zone_that_moves answers */

static int64_t zone_that_moves(int64_t wall_ms)
{
    (void)wall_ms;
    return moved_zone_ms;
}

static void the_log_follows_a_change_of_daylight_saving_time(void **state)
{
    struct test_capture *capture = *state;
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = capture->log_fd;
    options.zone_offset_ms = zone_that_moves;
    struct zk_context *ctx = zk_context_new(&options);

    moved_zone_ms = -zk_wall_ms(); /* the log's midnight of 1970 */
    zk_log(ctx, ZK_LOG_LOOKING);
    moved_zone_ms += 3600000;
    zk_log(ctx, ZK_LOG_LOOKING);

    char *text = test_captured_log(capture);
    assert_memory_equal(text, "1970-01-01 00:00:", 17);
    assert_non_null(strstr(text, "\n1970-01-01 01:00:"));
    free(text);
    zk_context_free(ctx);
}

static void a_log_that_nobody_reads_any_more_ends_nothing(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    signal(SIGPIPE, SIG_IGN); /* as main does */
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = ends[1];
    struct zk_context *ctx = zk_context_new(&options);
    zk_log(ctx, ZK_LOG_LOOKING);
    close(ends[0]);

    zk_log(ctx, ZK_LOG_LOOKING);

    zk_context_free(ctx);
    close(ends[1]);
}

static void a_log_on_a_full_disk_ends_nothing(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = full;
    struct zk_context *ctx = zk_context_new(&options);

    zk_log(ctx, ZK_LOG_LOOKING);

    zk_context_free(ctx);
    close(full);
}

/* The zone moves the clock anywhere, so that the calendar can be held against the system's. */
static void the_calendar_is_right_from_1600_to_2400(void **state)
{
    (void)state;
    const int64_t day_ms = 86400000;
    for (int64_t day = -135140; day < 157054; day += 97) {
        struct test_capture capture = test_capture_new();
        struct zk_context_options options = zk_context_options_default();
        options.log_fd = capture.log_fd;
        options.zone_offset_ms = zone_that_moves;
        moved_zone_ms = day * day_ms + day_ms / 2 - zk_wall_ms();
        struct zk_context *ctx = zk_context_new(&options);
        zk_log(ctx, ZK_LOG_LOOKING);

        char *line = test_captured_log(&capture);
        time_t noon = (time_t)(day * 86400 + 43200);
        struct tm parts;
        char expected[32];
        gmtime_r(&noon, &parts);
        strftime(expected, sizeof expected, "%Y-%m-%d 12:00:", &parts);
        if (strncmp(line, expected, strlen(expected)) != 0)
            fail_msg("day %" PRId64 " is %s, not %.20s", day, expected, line);
        free(line);
        zk_context_free(ctx);
        test_capture_done(&capture);
    }
}

static void a_message_stays_one_line_whatever_is_in_it(void **state)
{
    struct test_capture *capture = *state;

    zk_log_at(capture->ctx, "a.c", 1, ZK_ERROR, "%s", "one\r\ntwo\tthree\x1b[31m\x7f\xc3\xa9");

    expect_line(capture, " [myid:] - ERROR [main:A@1] - one  two three?[31m?\xc3\xa9\n");
}

static void a_long_message_is_cut_and_keeps_its_end_of_line(void **state)
{
    struct test_capture *capture = *state;
    char message[10000];
    memset(message, 'x', sizeof message - 1);
    message[sizeof message - 1] = '\0';

    zk_log_at(capture->ctx, "a.c", 1, ZK_INFO, "%s", message);

    char *text = test_captured_log(capture);
    assert_int_equal(strlen(text),
                     4096 - 1); /* the terminator of the text under work is not written */
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}

static void lines_below_the_level_are_not_written(void **state)
{
    struct test_capture *capture = *state;
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = capture->log_fd;
    options.log_level = ZK_WARN;
    struct zk_context *ctx = zk_context_new(&options);

    zk_log_at(ctx, "a.c", 1, ZK_INFO, "no");
    zk_log_at(ctx, "a.c", 2, ZK_WARN, "yes");
    zk_log_at(ctx, "a.c", 3, ZK_ERROR, "yes");
    zk_log_at(ctx, "a.c", 4, ZK_OFF, "no");

    char *text = test_captured_log(capture);
    assert_null(strstr(text, "no\n"));
    assert_non_null(strstr(text, " [myid:] - WARN  [main:A@2] - yes\n"));
    assert_non_null(strstr(text, " [myid:] - ERROR [main:A@3] - yes\n"));
    free(text);
    zk_context_free(ctx);
}

static int lines_built;

static int64_t count_lines_built(int64_t wall_ms)
{
    (void)wall_ms;
    lines_built++; /* each line begins with its time */
    return 0;
}

static void a_line_for_nowhere_is_not_even_built(void **state)
{
    struct test_capture *capture = *state;
    struct zk_context_options options = zk_context_options_default();
    options.zone_offset_ms = count_lines_built;
    options.log_fd = capture->log_fd;
    struct zk_context *somewhere = zk_context_new(&options);
    options.log_fd = -1;
    struct zk_context *nowhere = zk_context_new(&options);

    lines_built = 0;
    zk_log_at(nowhere, "a.c", 1, ZK_ERROR, "lost");
    assert_int_equal(lines_built, 0);
    zk_log_at(somewhere, "a.c", 1, ZK_ERROR, "kept");
    assert_int_equal(lines_built, 1);

    zk_context_free(somewhere);
    zk_context_free(nowhere);
}

static void log_many(void *arg)
{
    for (int i = 0; i < 200; i++)
        zk_log_at(arg, "a.c", 1, ZK_INFO, "%s", "0123456789012345678901234567890123456789");
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    struct test_capture *capture = *state;
    struct zk_thread_group *group = zk_thread_group_new(capture->ctx);
    for (int i = 0; i < 4; i++)
        assert_int_equal(zk_thread_group_start(group, log_many, capture->ctx, "logger %d", i), 0);
    zk_thread_group_free(group);

    char *text = test_captured_log(capture);
    struct zk_strings lines;
    zk_split(text, '\n', &lines);
    assert_int_equal(lines.count, 800);
    for (size_t i = 0; i < lines.count; i++)
        assert_int_equal(strlen(lines.items[i]), strlen(lines.items[0]));
    zk_strings_done(&lines);
    free(text);
}

static void levels_are_parsed_in_any_case(void **state)
{
    (void)state;
    enum zk_log_level level = ZK_TRACE;

    assert_true(zk_log_level_parse("Debug", &level) && level == ZK_DEBUG);
    assert_true(zk_log_level_parse("off", &level) && level == ZK_OFF);
    assert_false(zk_log_level_parse("verbose", &level));
    assert_false(zk_log_level_parse("", &level));
    assert_int_equal(level, ZK_OFF);
}

/* ---- a place that writes too much ---- */

static void write_long_lines(struct zk_context *ctx, int count)
{
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < count; i++)
        zk_log(ctx, ZK_LOG_UNABLE_TO_ACCESS_DATADIR, text);
}

/* Without strstr: that of the sanitizers looks at all of the text that is left, each time. */
static size_t count_of(const char *text, const char *words)
{
    size_t count = 0;
    size_t length = strlen(words);
    for (const char *at = text; *at != '\0'; at++)
        if (*at == *words && strncmp(at, words, length) == 0)
            count++;
    return count;
}

/* For this thread, until the teardown: however long a test takes, its lines come at once. */
static void stop_my_clock(void)
{
    static char name[16];
    assert_int_equal(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    outside_watch(name);
    outside_stop_clocks();
}

static void a_place_that_fills_the_log_is_stopped_and_says_so(void **state)
{
    enum { MEBIBYTES_4 = 4 << 20, LINES = 2000 };
    struct test_capture *capture = *state;
    stop_my_clock();
    write_long_lines(capture->ctx, LINES);
    zk_log(capture->ctx, ZK_LOG_LOOKING); /* another place */

    char *text = test_captured_log(capture);
    size_t written = count_of(text, "xxx\n");
    assert_in_range(strlen(text), MEBIBYTES_4 / 10 * 9, MEBIBYTES_4 + 3 * 4096);
    assert_int_equal(count_of(text, "too many lines of this place: those of the next "), 1);
    assert_non_null(strstr(text, "- LOOKING\n"));
    free(text);

    outside_let_time_pass(10000);
    write_long_lines(capture->ctx, 1);

    char told[80];
    snprintf(told, sizeof told, "lines of this place were left out lines=%zu\n", LINES - written);
    text = test_captured_log(capture);
    assert_non_null(strstr(text, told));
    assert_int_equal(count_of(text, "xxx\n"), written + 1);
    free(text);
}

/* As many lines of usual length as ten thousand clients make that all come again at once. */
static void lines_of_a_storm_are_all_written(void **state)
{
    enum { LINES = 20000 };
    struct test_capture *capture = *state;
    stop_my_clock();
    for (int i = 0; i < LINES; i++)
        zk_log(capture->ctx, ZK_LOG_REVALIDATING_CLIENT, (int64_t)i);
    char *text = test_captured_log(capture);
    assert_int_equal(count_of(text, "Revalidating client: "), LINES);
    assert_null(strstr(text, "too many lines"));
    free(text);
}

static void who_asks_for_debug_gets_every_line(void **state)
{
    struct test_capture *capture = *state;
    enum { LINES = 40000 };
    stop_my_clock();
    for (int i = 0; i < LINES; i++)
        zk_log(capture->ctx, ZK_LOG_CLIENT_NOT_SERVED, "/192.168.100.100:50000");
    char *text = test_captured_log(capture);
    assert_int_equal(count_of(text, "closing client connection: "), LINES);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_has_the_layout_of_java, setup, teardown),
        cmocka_unit_test_setup_teardown(the_place_is_that_of_the_caller, setup, teardown),
        cmocka_unit_test(the_class_is_the_file_as_java_writes_it),
        cmocka_unit_test_setup_teardown(the_time_stamp_is_now_in_the_zone_that_was_given, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_log_follows_a_change_of_daylight_saving_time, setup,
                                        teardown),
        cmocka_unit_test(a_log_that_nobody_reads_any_more_ends_nothing),
        cmocka_unit_test(a_log_on_a_full_disk_ends_nothing),
        cmocka_unit_test(the_calendar_is_right_from_1600_to_2400),
        cmocka_unit_test_setup_teardown(a_message_stays_one_line_whatever_is_in_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_long_message_is_cut_and_keeps_its_end_of_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(lines_below_the_level_are_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_for_nowhere_is_not_even_built, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_of_several_threads_do_not_mix, setup, teardown),
        cmocka_unit_test(levels_are_parsed_in_any_case),
        cmocka_unit_test_setup_teardown(a_place_that_fills_the_log_is_stopped_and_says_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(lines_of_a_storm_are_all_written, setup, teardown),
        cmocka_unit_test_setup_teardown(who_asks_for_debug_gets_every_line, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
