#include "zk_test.h"

#include "zk/runtime/settings.h"

static int setup(void **state)
{
    *state = test_context();
    return 0;
}

static int teardown(void **state)
{
    zk_context_free(*state);
    return 0;
}

static void an_unset_key_gives_the_fallback(void **state)
{
    struct zk_context *ctx = *state;

    assert_null(zk_settings_get(ctx, "a"));
    assert_int_equal(zk_settings_get_integer(ctx, "a", -7), -7);
    assert_true(zk_settings_get_long(ctx, "a", INT64_MIN) == INT64_MIN);
    assert_true(zk_settings_get_boolean(ctx, "a", true));
    assert_false(zk_settings_get_boolean(ctx, "a", false));
}

static void the_last_value_of_a_key_counts(void **state)
{
    struct zk_context *ctx = *state;
    zk_settings_set(ctx, "a", "1");
    zk_settings_set(ctx, "b", "2");
    zk_settings_set(ctx, "a", "3");

    assert_string_equal(zk_settings_get(ctx, "a"), "3");
    assert_string_equal(zk_settings_get(ctx, "b"), "2");

    zk_settings_set(ctx, "a", zk_settings_get(ctx, "a"));
    assert_string_equal(zk_settings_get(ctx, "a"), "3");
}

static void numbers_are_decoded_as_in_java(void **state)
{
    struct zk_context *ctx = *state;
    zk_settings_set(ctx, "hex", "0x10");
    zk_settings_set(ctx, "octal", "010");
    zk_settings_set(ctx, "word", "ten");
    zk_settings_set(ctx, "blank", " 5");
    zk_settings_set(ctx, "empty", "");
    zk_settings_set(ctx, "long", "2147483648");

    assert_int_equal(zk_settings_get_integer(ctx, "hex", 1), 16);
    assert_int_equal(zk_settings_get_integer(ctx, "octal", 1), 8);
    assert_int_equal(zk_settings_get_integer(ctx, "word", 1), 1);
    assert_int_equal(zk_settings_get_integer(ctx, "blank", 1), 1);
    assert_int_equal(zk_settings_get_integer(ctx, "empty", 1), 1);
    assert_int_equal(zk_settings_get_integer(ctx, "long", 1), 1);
    assert_true(zk_settings_get_long(ctx, "long", 1) == 2147483648);
}

static void only_true_is_true(void **state)
{
    struct zk_context *ctx = *state;
    zk_settings_set(ctx, "a", "TrUe");
    zk_settings_set(ctx, "b", "yes");
    zk_settings_set(ctx, "c", "");

    assert_true(zk_settings_get_boolean(ctx, "a", false));
    assert_false(zk_settings_get_boolean(ctx, "b", true));
    assert_false(zk_settings_get_boolean(ctx, "c", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_unset_key_gives_the_fallback, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_value_of_a_key_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_are_decoded_as_in_java, setup, teardown),
        cmocka_unit_test_setup_teardown(only_true_is_true, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
