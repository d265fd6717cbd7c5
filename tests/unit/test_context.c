#include "zk_test.h"

#include "zk/runtime/log.h"
#include "zk/runtime/thread.h"

static void the_default_is_a_quiet_peer(void **state)
{
    (void)state;
    struct zk_context_options options = zk_context_options_default();

    assert_int_equal(options.log_level, ZK_INFO);
    assert_int_equal(options.log_fd, 2);
    assert_int_equal(options.trace_fd, -1);
    assert_null(options.zone_offset_ms);
    assert_null(options.on_large_block);
    assert_null(options.on_mass_free);
    assert_false(options.check_locks);
}

static void myid_is_unset_until_it_is_set(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();

    assert_true(zk_context_myid(ctx) == -1);
    zk_context_set_myid(ctx, 3);
    assert_true(zk_context_myid(ctx) == 3);
    zk_context_free(ctx);
}

static void the_thread_that_makes_it_is_main(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    char name[16];

    zk_thread_name(ctx, name, sizeof name);

    assert_string_equal(name, "main");
    assert_int_equal(zk_thread_count(ctx), 1);
    zk_context_free(ctx);
    zk_context_free(NULL);
}

static void two_contexts_know_nothing_of_each_other(void **state)
{
    (void)state;
    struct zk_context *one = test_context();
    struct zk_context *two = test_context();
    char name[16];

    zk_context_set_myid(one, 1);
    zk_thread_rename(one, "first");

    assert_true(zk_context_myid(two) == -1);
    zk_thread_name(two, name, sizeof name);
    assert_string_equal(name, "main");
    zk_context_free(one);
    zk_context_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_is_a_quiet_peer),
        cmocka_unit_test(myid_is_unset_until_it_is_set),
        cmocka_unit_test(the_thread_that_makes_it_is_main),
        cmocka_unit_test(two_contexts_know_nothing_of_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
