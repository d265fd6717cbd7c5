/* The figures of mntr. Java: AvgMinMaxCounterTest, SimpleCounterTest */
#include "zk/server/server_metrics.h"

#include <stdlib.h>

#include "zk/runtime/thread.h"
#include "zk_test.h"

struct stage {
    struct zk_context *ctx;
    struct server_metrics *metrics;
};

static int setup(void **state)
{
    static struct stage stage;
    stage.ctx = test_context();
    stage.metrics = server_metrics_new(stage.ctx);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    server_metrics_free(stage->metrics);
    zk_context_free(stage->ctx);
    return 0;
}

static void at_the_start_all_is_zero(void **state)
{
    struct stage *stage = *state;
    struct server_metrics_values values = server_metrics_get(stage->metrics);
    for (int i = 0; i < SERVER_METRICS_COUNTERS; i++)
        assert_int_equal(values.counters[i], 0);
    for (int i = 0; i < SERVER_METRICS_SUMMARIES; i++) {
        assert_int_equal(values.summaries[i].count, 0);
        assert_int_equal(values.summaries[i].sum, 0);
        assert_int_equal(values.summaries[i].min, 0);
        assert_int_equal(values.summaries[i].max, 0);
    }
}

/* The first value is the least and the most, whatever stood there before. */
static void least_most_sum_and_last_are_kept(void **state)
{
    static const int64_t elections_ms[] = {300, 200, 900, 250};
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof elections_ms / sizeof elections_ms[0]; i++)
        server_metrics_add(stage->metrics, SERVER_METRICS_ELECTION_TIME, elections_ms[i]);

    struct server_metrics_values values = server_metrics_get(stage->metrics);

    struct avg_min_max_counter elections = values.summaries[SERVER_METRICS_ELECTION_TIME];
    assert_int_equal(elections.count, 4);
    assert_int_equal(elections.sum, 1650);
    assert_int_equal(elections.min, 200);
    assert_int_equal(elections.max, 900);
    assert_int_equal(elections.last, 250);
    assert_int_equal(values.summaries[SERVER_METRICS_UNAVAILABLE_TIME].count, 0);
}

static void counters_do_not_share_their_place(void **state)
{
    struct stage *stage = *state;
    server_metrics_count(stage->metrics, SERVER_METRICS_SNAP_COUNT);
    server_metrics_count(stage->metrics, SERVER_METRICS_SNAP_COUNT);
    server_metrics_count(stage->metrics, SERVER_METRICS_DIFF_COUNT);

    struct server_metrics_values values = server_metrics_get(stage->metrics);

    assert_int_equal(values.counters[SERVER_METRICS_SNAP_COUNT], 2);
    assert_int_equal(values.counters[SERVER_METRICS_DIFF_COUNT], 1);
    assert_int_equal(values.counters[SERVER_METRICS_LOOKING_COUNT], 0);
}

/* As if each value had been added by itself. */
static void what_a_thread_measured_by_itself_is_merged_once(void **state)
{
    struct stage *stage = *state;
    server_metrics_add(stage->metrics, SERVER_METRICS_ELECTION_TIME, 5);
    struct server_metrics_values values = {.counters[SERVER_METRICS_SNAP_COUNT] = 2};
    server_metrics_measure(&values, SERVER_METRICS_ELECTION_TIME, 9);
    server_metrics_measure(&values, SERVER_METRICS_ELECTION_TIME, 3);
    server_metrics_measure(&values, SERVER_METRICS_DBINITTIME, 7);

    server_metrics_merge(stage->metrics, &values);
    assert_int_equal(values.summaries[SERVER_METRICS_ELECTION_TIME].count, 0);
    server_metrics_merge(stage->metrics, &values);

    values = server_metrics_get(stage->metrics);
    assert_int_equal(values.counters[SERVER_METRICS_SNAP_COUNT], 2);
    struct avg_min_max_counter elections = values.summaries[SERVER_METRICS_ELECTION_TIME];
    assert_int_equal(elections.count, 3);
    assert_int_equal(elections.sum, 17);
    assert_int_equal(elections.min, 3);
    assert_int_equal(elections.max, 9);
    assert_int_equal(elections.last, 3);
    assert_int_equal(values.summaries[SERVER_METRICS_DBINITTIME].min, 7);
    assert_int_equal(values.summaries[SERVER_METRICS_UNAVAILABLE_TIME].count, 0);
}

enum { LOOKERS = 4, LOOKS = TEST_AMOUNT(300000, 30000) };

static void look_often(void *arg)
{
    for (int i = 0; i < LOOKS; i++) {
        struct server_metrics_values values = {.counters[SERVER_METRICS_SNAP_COUNT] = 2};
        server_metrics_measure(&values, SERVER_METRICS_ELECTION_TIME, 5);
        server_metrics_count(arg, SERVER_METRICS_LOOKING_COUNT);
        server_metrics_merge(arg, &values);
    }
}

static void threads_that_count_at_once_lose_nothing(void **state)
{
    struct stage *stage = *state;
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    for (int i = 0; i < LOOKERS; i++)
        assert_int_equal(zk_thread_group_start(group, look_often, stage->metrics, "counter %d", i),
                         0);
    zk_thread_group_free(group);

    struct server_metrics_values values = server_metrics_get(stage->metrics);
    assert_int_equal(values.counters[SERVER_METRICS_LOOKING_COUNT], LOOKERS * LOOKS);
    assert_int_equal(values.counters[SERVER_METRICS_SNAP_COUNT], 2 * LOOKERS * LOOKS);
    assert_int_equal(values.summaries[SERVER_METRICS_ELECTION_TIME].sum, 5 * LOOKERS * LOOKS);
}

static void measure_of(struct stage *stage, int64_t key, int64_t value)
{
    struct avg_min_max_counter measured = {0};
    avg_min_max_counter_add(&measured, value);
    server_metrics_merge_of(stage->metrics, SERVER_METRICS_ACK_LATENCY, key, &measured);
}

/* Java: AvgMinMaxCounterSetTest */
static void each_learner_of_a_set_has_a_summary_of_its_own(void **state)
{
    struct stage *stage = *state;
    struct avg_min_max_counter nothing = {0};
    server_metrics_merge_of(stage->metrics, SERVER_METRICS_ACK_LATENCY, 9, &nothing);
    measure_of(stage, 2, 30);
    measure_of(stage, 1, 5);
    measure_of(stage, 2, 10);

    struct server_metrics_of *items;
    assert_int_equal(server_metrics_get_set(stage->metrics, SERVER_METRICS_ACK_LATENCY, &items), 2);
    assert_int_equal(items[0].key, 2);
    assert_int_equal(items[0].values.sum, 40);
    assert_int_equal(items[0].values.min, 10);
    assert_int_equal(items[1].key, 1);
    assert_int_equal(items[1].values.count, 1);
    free(items);
    int64_t value;
    assert_true(server_metrics_get_percentile_of(stage->metrics, SERVER_METRICS_ACK_LATENCY, 2, 99,
                                                 &value));
    assert_int_equal(value, 30);
    assert_false(server_metrics_get_percentile_of(stage->metrics, SERVER_METRICS_ACK_LATENCY, 9, 99,
                                                  &value));
    server_metrics_reset(stage->metrics);
    assert_int_equal(server_metrics_get_set(stage->metrics, SERVER_METRICS_ACK_LATENCY, &items), 0);
    free(items);
}

/* Observers without an id get -1, -2, -3 ... */
static void a_set_forgets_the_learner_that_is_silent_longest(void **state)
{
    struct stage *stage = *state;
    for (int64_t i = 0; i < SERVER_METRICS_KEYS; i++)
        measure_of(stage, -i, i);
    measure_of(stage, 0, 7);
    measure_of(stage, 1000, 8);

    struct server_metrics_of *items;
    assert_int_equal(server_metrics_get_set(stage->metrics, SERVER_METRICS_ACK_LATENCY, &items),
                     SERVER_METRICS_KEYS);
    assert_int_equal(items[0].key, 0);
    assert_int_equal(items[1].key, -2);
    assert_int_equal(items[SERVER_METRICS_KEYS - 1].key, 1000);
    free(items);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void averages_are_rounded_and_printed_like_javas_doubles(void **state)
{
    (void)state;
    static const struct {
        int64_t sum, count;
        const char *text;
    } cases[] = {
        {0, 0, "0.0"},     {5, 7, "0.7143"},     {6, 3, "2.0"},           {3, 4, "0.75"},
        {5, 3, "1.6667"},  {8, 9, "0.8889"},     {199999, 100000, "2.0"}, {1, 20000, "1.0E-4"},
        {100, 1, "100.0"}, {1001, 100, "10.01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct avg_min_max_counter counter = {.sum = cases[i].sum, .count = cases[i].count};
        assert_string_equal(avg_min_max_counter_get_avg(&counter).text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_are_rounded_and_printed_like_javas_doubles),
        STAGED(at_the_start_all_is_zero),
        STAGED(least_most_sum_and_last_are_kept),
        STAGED(what_a_thread_measured_by_itself_is_merged_once),
        STAGED(counters_do_not_share_their_place),
        STAGED(threads_that_count_at_once_lose_nothing),
        STAGED(each_learner_of_a_set_has_a_summary_of_its_own),
        STAGED(a_set_forgets_the_learner_that_is_silent_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
