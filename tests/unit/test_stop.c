#include "zk_test.h"

#include "zk/runtime/clock.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"

struct stage {
    struct zk_context *ctx;
    struct zk_thread_group *group;
    struct zk_stop stop;
    bool slept_to_the_end; /* written by the thread, read after it was joined */
};

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){.ctx = test_context()};
    stage.group = zk_thread_group_new(stage.ctx);
    zk_stop_init(&stage.stop, stage.ctx, "test");
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    zk_thread_group_free(stage->group);
    zk_stop_destroy(&stage->stop);
    zk_context_free(stage->ctx);
    return 0;
}

static void sleep_for_ever(void *arg)
{
    struct stage *stage = arg;
    stage->slept_to_the_end = !zk_stop_sleep(&stage->stop, INT64_MAX);
}

static void only_the_first_request_raises_the_flag(void **state)
{
    struct stage *stage = *state;

    assert_false(zk_stop_requested(&stage->stop));
    assert_true(zk_stop_request(&stage->stop));
    assert_false(zk_stop_request(&stage->stop));
    assert_true(zk_stop_requested(&stage->stop));
}

static void a_request_ends_every_sleep(void **state)
{
    struct stage *stage = *state;
    stage->slept_to_the_end = true;
    assert_int_equal(zk_thread_group_start(stage->group, sleep_for_ever, stage, "sleeper"), 0);

    zk_stop_request(&stage->stop);
    zk_thread_group_join(stage->group);

    assert_false(stage->slept_to_the_end);
}

static void a_sleep_without_request_lasts(void **state)
{
    struct stage *stage = *state;
    int64_t before_us = zk_elapsed_us();

    bool requested = zk_stop_sleep(&stage->stop, 10);

    assert_false(requested);
    assert_true(zk_elapsed_us() - before_us >= 10000);
    assert_false(zk_stop_sleep(&stage->stop, 0));
}

static void a_sleep_after_the_request_does_not_begin(void **state)
{
    struct stage *stage = *state;
    zk_stop_request(&stage->stop);

    assert_true(zk_stop_sleep(&stage->stop, INT64_MAX));
    assert_true(zk_stop_sleep(&stage->stop, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_first_request_raises_the_flag, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_ends_every_sleep, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sleep_without_request_lasts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sleep_after_the_request_does_not_begin, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
