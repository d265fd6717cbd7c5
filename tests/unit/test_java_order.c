#include "zk_test.h"

#include "zk/base/java_order.h"

enum { MANY = 32 };

/* Keys in the order of insertion and in the order in which Java iterates. */
static void expect_longs(const int64_t *keys, const int64_t *expected, size_t count,
                         size_t first_capacity)
{
    size_t order[MANY];
    int64_t sorted[MANY];
    java_hash_map_order_longs(keys, count, first_capacity, order);
    memcpy(sorted, keys, count * sizeof *keys);
    java_hash_map_sort_longs(sorted, count, first_capacity);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(keys[order[i]], expected[i]);
        assert_int_equal(sorted[i], expected[i]);
    }
}

static void expect_strings(const char *const *keys, const char *const *expected, size_t count,
                           size_t first_capacity)
{
    size_t order[MANY];
    java_hash_map_order_strings(keys, count, first_capacity, order);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(keys[order[i]], expected[i]);
}

static void expect_concurrent(const int64_t *keys, const int64_t *expected, size_t count)
{
    int32_t hashes[MANY];
    size_t order[MANY];
    for (size_t i = 0; i < count; i++)
        hashes[i] = java_long_hash(keys[i]);
    java_concurrent_map_order(hashes, count, order);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(keys[order[i]], expected[i]);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void hashes_are_those_of_java(void **state)
{
    (void)state;
    assert_int_equal(java_string_hash(""), 0);
    assert_int_equal(java_string_hash("server.1"), 1379102790);
    assert_int_equal(java_string_hash("\xc3\xa9"), 233);             /* U+00E9 */
    assert_int_equal(java_string_hash("\xf0\x9f\x98\x80"), 1772899); /* U+1F600, a pair */
    assert_int_equal(java_string_hash("\xff"), 0xfffd);              /* malformed */
    assert_int_equal(java_string_hash("Aa"), java_string_hash("BB"));
    assert_int_equal(java_long_hash(5), 5);
    assert_int_equal(java_long_hash(-1), 0);
    assert_int_equal(java_long_hash(INT64_C(1) << 32), 1);
}

static void small_ids_come_in_ascending_order(void **state)
{
    (void)state;
    const int64_t keys[] = {3, 1, 2, 15, 0, 7};
    const int64_t expected[] = {0, 1, 2, 3, 7, 15};
    expect_longs(keys, expected, COUNT(keys), 16);
}

static void ids_from_sixteen_on_wrap_around(void **state)
{
    (void)state;
    const int64_t keys[] = {17, 33, 1, 2, 16};
    const int64_t expected[] = {16, 17, 33, 1, 2}; /* 17, 33 and 1 share a place */
    const int64_t more[] = {1, 2, 3, 256};
    const int64_t more_expected[] = {256, 1, 2, 3};
    expect_longs(keys, expected, COUNT(keys), 16);
    expect_longs(more, more_expected, COUNT(more), 16);
}

static void ids_of_one_place_come_in_order_of_insertion(void **state)
{
    (void)state;
    const int64_t forward[] = {-3, 2};
    const int64_t backward[] = {2, -3};
    expect_longs(forward, forward, 2, 16);
    expect_longs(backward, backward, 2, 16);
}

static void big_and_negative_ids_are_folded(void **state)
{
    (void)state;
    const int64_t keys[] = {INT64_C(1) << 32, 5, -1, INT64_C(1) << 40, 300, -3, 2};
    const int64_t expected[] = {-1, INT64_C(1) << 40, INT64_C(1) << 32, -3, 2, 5, 300};
    expect_longs(keys, expected, COUNT(keys), 16);
}

static void the_thirteenth_element_doubles_the_table(void **state)
{
    (void)state;
    int64_t keys[13] = {16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    int64_t before[12] = {16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    int64_t after[13] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16};
    expect_longs(keys, before, 12, 16);
    expect_longs(keys, after, 13, 16);
}

static void nine_of_one_place_double_a_small_table_twice(void **state)
{
    (void)state;
    const int64_t eight[] = {128, 112, 96, 80, 64, 48, 32, 16};
    const int64_t nine[] = {144, 128, 112, 96, 80, 64, 48, 32, 16};
    const int64_t expected[] = {128, 96, 64, 32, 144, 112, 80, 48, 16};
    expect_longs(eight, eight, COUNT(eight), 16);
    expect_longs(nine, expected, COUNT(nine), 16);
}

static void a_copy_has_the_room_that_its_count_asks_for(void **state)
{
    (void)state;
    assert_int_equal(java_hash_set_copy_capacity(0), 16);
    assert_int_equal(java_hash_set_copy_capacity(11), 16);
    assert_int_equal(java_hash_set_copy_capacity(12), 32); /* 12 / 0.75 + 1 is 17 */
    assert_int_equal(java_hash_set_copy_capacity(24), 64);
    assert_int_equal(java_hash_map_copy_capacity(1), 2);
    assert_int_equal(java_hash_map_copy_capacity(3), 8); /* 3 / 0.75 + 1 is 5 */
    assert_int_equal(java_hash_map_copy_capacity(12), 32);
    assert_int_equal(java_hash_map_copy_capacity(0), 16);
}

static void children_come_in_the_order_of_a_set_that_starts_with_eight(void **state)
{
    (void)state;
    static const char *const keys[] = {"node-0",  "node-1",  "node-2",  "node-3",  "node-4",
                                       "node-5",  "node-6",  "node-7",  "node-8",  "node-9",
                                       "node-10", "node-11", "node-12", "node-13", "node-14",
                                       "node-15", "node-16", "node-17", "node-18", "node-19"};
    static const char *const expected[] = {"node-0",  "node-1",  "node-2",  "node-3",  "node-15",
                                           "node-4",  "node-14", "node-5",  "node-13", "node-6",
                                           "node-12", "node-7",  "node-11", "node-8",  "node-10",
                                           "node-9",  "node-19", "node-18", "node-17", "node-16"};
    static const char *const names[] = {"quota",
                                        "config",
                                        "zookeeper",
                                        "lock",
                                        "brokers",
                                        "controller",
                                        "admin",
                                        "consumers",
                                        "isr_change_notification",
                                        "latest_producer_id_block",
                                        "log_dir_event_notification",
                                        "Aa",
                                        "BB"};
    static const char *const names_expected[] = {"Aa",
                                                 "BB",
                                                 "controller",
                                                 "brokers",
                                                 "zookeeper",
                                                 "admin",
                                                 "isr_change_notification",
                                                 "log_dir_event_notification",
                                                 "quota",
                                                 "lock",
                                                 "consumers",
                                                 "latest_producer_id_block",
                                                 "config"};
    expect_strings(keys, expected, COUNT(keys), 8);
    expect_strings(names, names_expected, COUNT(names), 8);
}

static void the_concurrent_map_turns_chains_around_when_it_doubles(void **state)
{
    (void)state;
    const int64_t keys[] = {1, 17, 33, 49, 65, 2, 81, 97, 3, 18, 34, 4, 113};
    const int64_t expected[] = {65, 33, 1, 97, 2, 34, 3, 4, 81, 49, 17, 113, 18};
    expect_concurrent(keys, expected, COUNT(keys));
}

static void nine_of_one_place_double_the_concurrent_map_three_times(void **state)
{
    (void)state;
    const int64_t up[] = {16, 32, 48, 64, 80, 96, 112, 128, 144};
    const int64_t up_expected[] = {128, 16, 144, 32, 48, 64, 80, 96, 112};
    const int64_t down[] = {144, 128, 112, 96, 80, 64, 48, 32, 16};
    const int64_t down_expected[] = {128, 144, 16, 32, 48, 64, 80, 96, 112};
    expect_concurrent(up, up_expected, COUNT(up));
    expect_concurrent(down, down_expected, COUNT(down));
}

static void the_first_of_several_addresses_is_the_first_of_the_map(void **state)
{
    (void)state;
    /* 127.0.0.1:24382, 127.0.0.2:24384, 127.0.0.3:24386: places 15, 2 and 5 */
    const int32_t hashes[] = {0x7f000001 + 24382, 0x7f000002 + 24384, 0x7f000003 + 24386};
    size_t order[3];

    java_concurrent_map_order(hashes, 3, order);

    assert_true(order[0] == 1 && order[1] == 2 && order[2] == 0);
}

static void nothing_has_an_order_too(void **state)
{
    (void)state;
    java_hash_map_order_longs(NULL, 0, 16, NULL);
    java_hash_map_sort_longs(NULL, 0, 16);
    java_hash_map_order_strings(NULL, 0, 8, NULL);
    java_concurrent_map_order(NULL, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_java),
        cmocka_unit_test(small_ids_come_in_ascending_order),
        cmocka_unit_test(ids_from_sixteen_on_wrap_around),
        cmocka_unit_test(ids_of_one_place_come_in_order_of_insertion),
        cmocka_unit_test(big_and_negative_ids_are_folded),
        cmocka_unit_test(the_thirteenth_element_doubles_the_table),
        cmocka_unit_test(nine_of_one_place_double_a_small_table_twice),
        cmocka_unit_test(a_copy_has_the_room_that_its_count_asks_for),
        cmocka_unit_test(children_come_in_the_order_of_a_set_that_starts_with_eight),
        cmocka_unit_test(the_concurrent_map_turns_chains_around_when_it_doubles),
        cmocka_unit_test(nine_of_one_place_double_the_concurrent_map_three_times),
        cmocka_unit_test(the_first_of_several_addresses_is_the_first_of_the_map),
        cmocka_unit_test(nothing_has_an_order_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
