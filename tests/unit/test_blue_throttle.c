/* How fast connections may become sessions. Java: BlueThrottleTest */
#include "zk/server/blue_throttle.h"

#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

#define PREFIX "zookeeper.connection_throttle_"

/* When the bucket was made. A chance of NEVER is above any chance to be dropped but 1. */
static const int64_t START_MS = 1000000;
static const double NEVER = 0.999999;

struct setting {
    const char *key;
    const char *value;
};

static struct blue_throttle throttle_with(const struct setting *settings, size_t count)
{
    struct blue_throttle throttle;
    struct zk_context *ctx = test_context();
    for (size_t i = 0; i < count; i++)
        zk_settings_set(ctx, settings[i].key, settings[i].value);
    blue_throttle_init(&throttle, ctx, START_MS);
    zk_context_free(ctx);
    return throttle;
}

#define THROTTLE_WITH(settings) throttle_with(settings, sizeof(settings) / sizeof *(settings))

static bool admits(struct blue_throttle *throttle, int64_t after_ms)
{
    return blue_throttle_check_limit(throttle, 1, START_MS + after_ms, NEVER);
}

static void cli_51_without_a_setting_everybody_gets_in(void **state)
{
    (void)state;
    struct blue_throttle throttle = throttle_with(NULL, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(admits(&throttle, 0));
}

static void cli_51_an_empty_bucket_lets_nobody_in_until_it_is_filled(void **state)
{
    (void)state;
    static const struct setting settings[] = {{PREFIX "tokens", "1"}, {PREFIX "fill_time", "500"}};
    struct blue_throttle throttle = THROTTLE_WITH(settings);
    assert_true(admits(&throttle, 0));
    assert_false(admits(&throttle, 0));
    assert_false(admits(&throttle, 500)); /* more than the fill time must have passed */
    assert_true(admits(&throttle, 501));
    assert_false(admits(&throttle, 502));
}

/* Half a fill time brings half as many; nothing above the brim is kept. */
static void cli_51_a_bucket_fills_in_proportion_and_no_further_than_its_brim(void **state)
{
    (void)state;
    static const struct setting settings[] = {
        {PREFIX "tokens", "6"}, {PREFIX "fill_time", "1000"}, {PREFIX "fill_count", "4"}};
    struct blue_throttle throttle = THROTTLE_WITH(settings);
    assert_true(blue_throttle_check_limit(&throttle, 6, START_MS, NEVER));
    assert_false(admits(&throttle, 1000));
    assert_true(blue_throttle_check_limit(&throttle, 6, START_MS + 1500, NEVER));
    assert_int_equal(throttle.tokens, 0);
    assert_true(admits(&throttle, 100000));
    assert_int_equal(throttle.tokens, 5);
}

/* ZOOKEEPER-4933: in Java 25 days are 2^31 ms, and then nobody gets in any more. */
static void a_bucket_is_full_after_a_pause_of_any_length(void **state)
{
    (void)state;
    static const struct setting settings[] = {{PREFIX "tokens", "2"},
                                              {PREFIX "fill_count", "1000"}};
    struct blue_throttle throttle = THROTTLE_WITH(settings);
    assert_true(admits(&throttle, INT64_C(1) << 32));
    assert_int_equal(throttle.tokens, 1);
    assert_true(admits(&throttle, INT64_C(1) << 40));
    assert_int_equal(throttle.tokens, 1);
}

/* The tokens and the filling are meant for sessions of the ensemble, which take 3 each. */
static void cli_51_with_weights_a_session_takes_as_many_tokens_as_it_costs(void **state)
{
    (void)state;
    static const struct setting settings[] = {
        {PREFIX "tokens", "10"}, {PREFIX "fill_count", "2"}, {PREFIX "weight_enabled", "true"}};
    struct blue_throttle throttle = THROTTLE_WITH(settings);
    assert_int_equal(throttle.max_tokens, 30);
    assert_int_equal(throttle.fill_count, 6);
    assert_int_equal(blue_throttle_required_tokens(&throttle, true, false), 3);
    assert_int_equal(blue_throttle_required_tokens(&throttle, true, true), 1);
    assert_int_equal(blue_throttle_required_tokens(&throttle, false, false), 2);
    assert_int_equal(blue_throttle_required_tokens(&throttle, false, true), 2);
    throttle.weight_enabled = false;
    assert_int_equal(blue_throttle_required_tokens(&throttle, true, false), 1);
}

static void weights_that_cannot_be_are_corrected(void **state)
{
    (void)state;
    static const struct setting none[] = {{PREFIX "global_session_weight", "0"},
                                          {PREFIX "local_session_weight", "-1"},
                                          {PREFIX "renew_session_weight", "-2"}};
    struct blue_throttle throttle = THROTTLE_WITH(none);
    assert_int_equal(throttle.global_session_weight, 3);
    assert_int_equal(throttle.local_session_weight, 1);
    assert_int_equal(throttle.renew_session_weight, 2);
    static const struct setting below[] = {{PREFIX "local_session_weight", "5"}};
    throttle = THROTTLE_WITH(below);
    assert_int_equal(throttle.global_session_weight, 5);
    assert_int_equal(throttle.local_session_weight, 5);
    assert_int_equal(throttle.renew_session_weight, 5);
}

/* ---- the chance to be dropped ---------------------------------------------------------------- */

static const struct setting BLUE[] = {
    {PREFIX "tokens", "5"},           {PREFIX "fill_count", "5"},
    {PREFIX "fill_time", "1000"},     {PREFIX "freeze_time", "100"},
    {PREFIX "drop_increase", "0.75"}, {PREFIX "drop_decrease", "0.25"}};

static struct blue_throttle emptied(void)
{
    struct blue_throttle throttle = THROTTLE_WITH(BLUE);
    for (int i = 0; i < 5; i++)
        assert_true(admits(&throttle, 0));
    return throttle;
}

/* Once in a freeze time; a client that finds no token does not begin it anew. */
static void cli_51_the_chance_rises_while_the_bucket_is_empty(void **state)
{
    (void)state;
    struct blue_throttle throttle = emptied();
    assert_false(admits(&throttle, 60));
    assert_false(admits(&throttle, 100));
    assert_true(throttle.drop == 0);
    assert_false(admits(&throttle, 101));
    assert_true(throttle.drop == 0.75);
    assert_false(admits(&throttle, 160));
    assert_true(throttle.drop == 0.75);
    assert_false(admits(&throttle, 202));
    assert_true(throttle.drop == 1);
    assert_false(admits(&throttle, 303));
    assert_true(throttle.drop == 1);
}

static void cli_51_the_chance_drops_some_although_there_are_tokens(void **state)
{
    (void)state;
    struct blue_throttle throttle = emptied();
    assert_false(admits(&throttle, 101));
    throttle.tokens = 5;
    assert_false(blue_throttle_check_limit(&throttle, 1, START_MS + 102, 0.74));
    assert_int_equal(throttle.tokens, 5); /* who is dropped takes none */
    assert_true(blue_throttle_check_limit(&throttle, 1, START_MS + 103, 0.75));
    assert_int_equal(throttle.tokens, 4);
}

/* At a decrease ratio of 0 the bucket must be full. */
static void cli_51_the_chance_falls_while_the_bucket_is_full_enough(void **state)
{
    (void)state;
    struct blue_throttle throttle = emptied();
    assert_false(admits(&throttle, 101));
    throttle.tokens = 4;
    assert_true(admits(&throttle, 202));
    assert_true(throttle.drop == 0.75);
    throttle.tokens = 5;
    assert_true(admits(&throttle, 303));
    assert_true(throttle.drop == 0.5);
    throttle.decrease_point = 0.5; /* 2.5 of 5 may be missing, which is rounded up */
    throttle.tokens = 2;
    assert_true(admits(&throttle, 404));
    assert_true(throttle.drop == 0.25);
    throttle.tokens = 1;
    assert_true(admits(&throttle, 505));
    assert_true(throttle.drop == 0.25);
}

static void without_a_freeze_time_there_is_no_chance(void **state)
{
    (void)state;
    static const struct setting settings[] = {{PREFIX "tokens", "1"}, {PREFIX "fill_time", "1000"}};
    struct blue_throttle throttle = THROTTLE_WITH(settings);
    assert_true(admits(&throttle, 0));
    for (int64_t ms = 1; ms <= 1000; ms++)
        assert_false(admits(&throttle, ms));
    assert_true(throttle.drop == 0);
    assert_true(blue_throttle_check_limit(&throttle, 1, START_MS + 1001, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_51_without_a_setting_everybody_gets_in),
        cmocka_unit_test(cli_51_an_empty_bucket_lets_nobody_in_until_it_is_filled),
        cmocka_unit_test(cli_51_a_bucket_fills_in_proportion_and_no_further_than_its_brim),
        cmocka_unit_test(a_bucket_is_full_after_a_pause_of_any_length),
        cmocka_unit_test(cli_51_with_weights_a_session_takes_as_many_tokens_as_it_costs),
        cmocka_unit_test(weights_that_cannot_be_are_corrected),
        cmocka_unit_test(cli_51_the_chance_rises_while_the_bucket_is_empty),
        cmocka_unit_test(cli_51_the_chance_drops_some_although_there_are_tokens),
        cmocka_unit_test(cli_51_the_chance_falls_while_the_bucket_is_full_enough),
        cmocka_unit_test(without_a_freeze_time_there_is_no_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
