/* The figures of mntr. Java: AvgMinMaxCounterTest, SimpleCounterTest */
#include "zk/quorum/quorum_stats.h"

#include "zk/runtime/thread.h"
#include "zk_test.h"

struct stage {
    struct zk_context *ctx;
    struct quorum_stats *stats;
};

static int setup(void **state)
{
    static struct stage stage;
    stage.ctx = test_context();
    stage.stats = quorum_stats_new(stage.ctx);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    quorum_stats_free(stage->stats);
    zk_context_free(stage->ctx);
    return 0;
}

static void at_the_start_all_is_zero(void **state)
{
    struct stage *stage = *state;
    for (int metric = 0; metric < QUORUM_METRIC_COUNT; metric++) {
        struct quorum_metric_value value =
            quorum_stats_get(stage->stats, (enum quorum_metric)metric);
        assert_int_equal(value.count, 0);
        assert_int_equal(value.sum, 0);
        assert_int_equal(value.min, 0);
        assert_int_equal(value.max, 0);
    }
    assert_int_equal(quorum_stats_get_looking(stage->stats), 0);
}

/* The first one is the least and the most, whatever stood there before. */
static void least_most_sum_and_last_are_kept(void **state)
{
    static const int64_t elections_ms[] = {300, 200, 900, 250};
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof elections_ms / sizeof elections_ms[0]; i++)
        quorum_stats_add(stage->stats, QUORUM_METRIC_ELECTION_TIME, elections_ms[i]);

    struct quorum_metric_value value = quorum_stats_get(stage->stats, QUORUM_METRIC_ELECTION_TIME);

    assert_int_equal(value.count, 4);
    assert_int_equal(value.sum, 1650);
    assert_int_equal(value.min, 200);
    assert_int_equal(value.max, 900);
    assert_int_equal(value.last, 250);
    assert_int_equal(quorum_stats_get(stage->stats, QUORUM_METRIC_UNAVAILABLE_TIME).count, 0);
}

static void look_a_thousand_times(void *arg)
{
    for (int i = 0; i < 1000; i++)
        quorum_stats_add_looking(arg);
}

static void threads_that_count_at_once_lose_nothing(void **state)
{
    struct stage *stage = *state;
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            zk_thread_group_start(group, look_a_thousand_times, stage->stats, "counter %d", i), 0);
    zk_thread_group_free(group);

    assert_int_equal(quorum_stats_get_looking(stage->stats), 4000);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(at_the_start_all_is_zero),
        STAGED(least_most_sum_and_last_are_kept),
        STAGED(threads_that_count_at_once_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
