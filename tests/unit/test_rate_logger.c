/* A warning that comes often: the first is logged, the others are counted. Java: RateLogger */
#include "tree/rate_logger.h"

#include <stdlib.h>

#include "zk_test.h"

enum { INTERVAL_MS = 3600 * 1000 }; /* no machine is so slow */

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void expect(const struct test_capture *capture, const char *part, size_t count)
{
    char *log = test_captured_log(capture);
    if (count_of(log, part) != count)
        fail_msg("not %zu times \"%s\" in: %s", count, part, log);
    free(log);
}

static void within_the_interval_it_is_logged_once_and_counted_until_another_comes(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct rate_logger logger;
    rate_logger_init(&logger, capture.ctx, INTERVAL_MS);
    for (int64_t value = 1; value <= 4; value++)
        rate_logger_rate_limit_log(&logger, "one", value);
    expect(&capture, "Message:one Value:1", 1);
    expect(&capture, "one", 1);

    rate_logger_rate_limit_log(&logger, "other", 77);

    expect(&capture, "[3 times] Message: one Last value:4", 1);
    expect(&capture, "Message:other Value:77", 1);
    rate_logger_flush(&logger); /* nothing was held back */
    expect(&capture, "other", 1);
    test_capture_done(&capture);
}

static void pass(struct rate_logger *logger, int64_t ms)
{
    logger->logged_ms -= ms;
}

static void after_the_interval_the_count_is_told_and_both_begin_anew(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct rate_logger logger;
    rate_logger_init(&logger, capture.ctx, INTERVAL_MS);
    rate_logger_rate_limit_log(&logger, "one", 1);
    rate_logger_rate_limit_log(&logger, "one", 2);
    expect(&capture, "one", 1);
    for (int64_t value = 3; value <= 5; value += 2) {
        pass(&logger, INTERVAL_MS);
        rate_logger_rate_limit_log(&logger, "one", value);
        rate_logger_rate_limit_log(&logger, "one", value + 1); /* held back again */
        expect(&capture, "[2 times] Message: one Last value:", (size_t)(value - 1) / 2);
        expect(&capture, "one", (size_t)(value + 1) / 2);
    }
    expect(&capture, "Message:one Value:1", 1);
    expect(&capture, "Last value:3", 1);
    expect(&capture, "Last value:5", 1);
    rate_logger_flush(&logger);
    expect(&capture, "[1 times] Message: one Last value:6", 1);
    test_capture_done(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_the_interval_it_is_logged_once_and_counted_until_another_comes),
        cmocka_unit_test(after_the_interval_the_count_is_told_and_both_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
