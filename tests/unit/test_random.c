#include "zk_test.h"

#include "zk/base/random.h"

static void results_stay_below_the_bound(void **state)
{
    (void)state;
    const int64_t bounds[] = {1, 2, 3, 10, INT64_MAX};
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        for (int i = 0; i < 1000; i++) {
            int64_t number = zk_random_below(bounds[b]);
            assert_true(number >= 0 && number < bounds[b]);
        }
    }
}

static void every_result_comes_up(void **state)
{
    (void)state;
    int counts[10] = {0};

    for (int i = 0; i < 10000; i++)
        counts[zk_random_below(10)]++;

    for (int i = 0; i < 10; i++)
        assert_true(counts[i] > 700 && counts[i] < 1300); /* ten standard deviations */
}

static void a_bound_of_nothing_panics_body(void *arg)
{
    const int64_t *bound = arg;
    zk_random_below(*bound);
}

static void a_bound_of_nothing_panics(void **state)
{
    (void)state;
    int64_t bound = 0;
    test_expect_panic(a_bound_of_nothing_panics_body, &bound, "bound > 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_stay_below_the_bound),
        cmocka_unit_test(every_result_comes_up),
        cmocka_unit_test(a_bound_of_nothing_panics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
