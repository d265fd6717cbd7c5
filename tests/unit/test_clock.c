#include "zk_test.h"

#include "zk/runtime/clock.h"

static void elapsed_time_never_goes_back(void **state)
{
    (void)state;
    int64_t before = zk_elapsed_us();
    for (int i = 0; i < 10000; i++) {
        int64_t now = zk_elapsed_us();
        assert_true(now >= before);
        before = now;
    }
}

static void milliseconds_and_microseconds_are_one_clock(void **state)
{
    (void)state;
    int64_t before_us = zk_elapsed_us();
    int64_t ms = zk_elapsed_ms();
    int64_t after_us = zk_elapsed_us();

    assert_true(before_us / 1000 <= ms && ms <= after_us / 1000);
}

static void wall_time_is_of_this_century(void **state)
{
    (void)state;
    int64_t ms = zk_wall_ms();

    assert_true(ms > 1600000000000 && ms < 4102444800000); /* 2020 .. 2100 */
}

static void a_deadline_for_ever_does_not_overflow(void **state)
{
    (void)state;
    int64_t now = zk_elapsed_ms();

    assert_true(zk_deadline_ms(INT64_MAX) == INT64_MAX);
    assert_true(zk_deadline_ms(INT64_MAX - 1) == INT64_MAX);
    assert_true(zk_deadline_ms(1000) >= now + 1000);
}

static void a_deadline_is_never_too_early(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t before_us = zk_elapsed_us();
        int64_t deadline_ms = zk_deadline_ms(1);
        assert_true(deadline_ms * 1000 >= before_us + 1000);
    }
}

static void a_deadline_of_nothing_has_passed(void **state)
{
    (void)state;
    int64_t none = zk_deadline_ms(0);
    int64_t negative = zk_deadline_ms(INT64_MIN);
    int64_t now = zk_elapsed_ms();

    assert_true(none <= now && negative <= now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elapsed_time_never_goes_back),
        cmocka_unit_test(milliseconds_and_microseconds_are_one_clock),
        cmocka_unit_test(wall_time_is_of_this_century),
        cmocka_unit_test(a_deadline_for_ever_does_not_overflow),
        cmocka_unit_test(a_deadline_is_never_too_early),
        cmocka_unit_test(a_deadline_of_nothing_has_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
