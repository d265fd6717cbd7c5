#include "zk_test.h"

#include "zk/base/long_map.h"

static void iteration_is_in_ascending_order(void **state)
{
    (void)state;
    struct long_map map = {0};
    const int64_t keys[] = {5, -3, INT64_MAX, 0, INT64_MIN, 12};
    const int64_t sorted[] = {INT64_MIN, -3, 0, 5, 12, INT64_MAX};

    for (size_t i = 0; i < 6; i++)
        assert_null(long_map_put(&map, keys[i], &map));

    assert_int_equal(map.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(map.entries[i].key == sorted[i]);
    long_map_done(&map);
}

static void put_replaces_and_gives_the_old_value(void **state)
{
    (void)state;
    struct long_map map = {0};
    char first, second;

    long_map_put(&map, 1, &first);
    void *old = long_map_put(&map, 1, &second);

    assert_ptr_equal(old, &first);
    assert_ptr_equal(long_map_get(&map, 1), &second);
    assert_int_equal(map.count, 1);
    long_map_done(&map);
}

static void a_key_may_have_no_value_and_still_be_there(void **state)
{
    (void)state;
    struct long_map map = {0};

    long_map_put(&map, 4, NULL);

    assert_null(long_map_get(&map, 4));
    assert_null(long_map_get(&map, 3));
    long_map_done(&map);
}

static void removing_gives_the_value_and_closes_the_gap(void **state)
{
    (void)state;
    struct long_map map = {0};
    char values[100];
    for (int64_t key = 0; key < 100; key++)
        long_map_put(&map, key, &values[key]);

    for (int64_t key = 0; key < 100; key += 2)
        assert_ptr_equal(long_map_remove(&map, key), &values[key]);
    assert_null(long_map_remove(&map, 0));

    assert_int_equal(map.count, 50);
    for (size_t i = 0; i < 50; i++)
        assert_ptr_equal(long_map_get(&map, 2 * (int64_t)i + 1), &values[2 * i + 1]);
    long_map_done(&map);
}

static void a_set_holds_each_item_once(void **state)
{
    (void)state;
    struct long_set set = {0};

    assert_true(long_set_add(&set, 3));
    assert_true(long_set_add(&set, -1));
    assert_false(long_set_add(&set, 3));

    assert_int_equal(set.count, 2);
    assert_true(set.items[0] == -1 && set.items[1] == 3);
    assert_true(long_set_has(&set, 3));
    assert_false(long_set_has(&set, 4));
    long_set_done(&set);
}

static void a_copy_replaces_what_was_there(void **state)
{
    (void)state;
    struct long_set from = {0}, to = {0}, empty = {0};
    for (int64_t i = 0; i < 20; i++)
        long_set_add(&from, i * i);
    long_set_add(&to, 2);

    long_set_copy(&to, &from);
    assert_int_equal(to.count, 20);
    assert_memory_equal(to.items, from.items, 20 * sizeof *to.items);
    long_set_copy(&to, &to);
    assert_int_equal(to.count, 20);
    long_set_copy(&to, &empty);
    assert_int_equal(to.count, 0);

    long_set_done(&from);
    long_set_done(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iteration_is_in_ascending_order),
        cmocka_unit_test(put_replaces_and_gives_the_old_value),
        cmocka_unit_test(a_key_may_have_no_value_and_still_be_there),
        cmocka_unit_test(removing_gives_the_value_and_closes_the_gap),
        cmocka_unit_test(a_set_holds_each_item_once),
        cmocka_unit_test(a_copy_replaces_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
