#include "zk_test.h"

#include "zk/base/long_hash.h"

static void a_key_that_was_put_is_found_until_it_is_removed(void **state)
{
    (void)state;
    struct long_hash hash = {0};
    assert_null(long_hash_get(&hash, 7));
    assert_false(long_hash_remove(&hash, 7));

    long_hash_put(&hash, 7)->number = 70;
    long_hash_put(&hash, -7)->number = -70;
    assert_int_equal(long_hash_get(&hash, 7)->number, 70);
    assert_int_equal(long_hash_put(&hash, -7)->number, -70); /* putting again finds it */
    assert_int_equal(hash.count, 2);

    assert_true(long_hash_remove(&hash, 7));
    assert_false(long_hash_remove(&hash, 7));
    assert_null(long_hash_get(&hash, 7));
    assert_int_equal(long_hash_get(&hash, -7)->number, -70);
    long_hash_done(&hash);
    assert_int_equal(hash.count, 0);
}

/* Keys that share runs of slots, removed in another order than they came. */
static void removing_keys_loses_none_of_the_others(void **state)
{
    (void)state;
    enum { KEYS = 1000, STEP = 7 };
    struct long_hash hash = {0};
    for (int64_t key = 0; key < KEYS; key++)
        long_hash_put(&hash, (int64_t)((uint64_t)key << 56) | key)->number = key;
    assert_int_equal(hash.count, KEYS);

    for (int64_t i = 0, gone = 0; i < KEYS; i++, gone = (gone + STEP) % KEYS) {
        assert_true(long_hash_remove(&hash, (int64_t)((uint64_t)gone << 56) | gone));
        if (i % 100 != 0)
            continue;
        for (int64_t j = i + 1, left = (gone + STEP) % KEYS; j < KEYS; j++) {
            assert_int_equal(long_hash_get(&hash, (int64_t)((uint64_t)left << 56) | left)->number,
                             left);
            left = (left + STEP) % KEYS;
        }
    }
    assert_int_equal(hash.count, 0);
    long_hash_done(&hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_was_put_is_found_until_it_is_removed),
        cmocka_unit_test(removing_keys_loses_none_of_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
