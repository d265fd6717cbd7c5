#include "zk_test.h"

#include "zk/base/panic.h"

static void break_an_assertion(void *arg)
{
    const int *number = arg;
    zk_assert(*number == 2);
}

static void panic_with_a_long_text(void *arg)
{
    zk_panic("file.c", 7, "%s", (const char *)arg);
}

static void a_broken_assertion_names_its_place_and_aborts(void **state)
{
    (void)state;
    int number = 3;

    test_expect_panic(break_an_assertion, &number, "test_panic.c:");
    test_expect_panic(break_an_assertion, &number, "assertion failed: *number == 2\n");
}

static void a_kept_assertion_does_nothing(void **state)
{
    (void)state;
    int number = 2;

    break_an_assertion(&number);
}

static void a_long_panic_is_cut_and_still_ends_the_line(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';

    test_expect_panic(panic_with_a_long_text, text, "xxx\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_assertion_names_its_place_and_aborts),
        cmocka_unit_test(a_kept_assertion_does_nothing),
        cmocka_unit_test(a_long_panic_is_cut_and_still_ends_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
