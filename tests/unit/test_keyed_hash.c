#include "zk_test.h"

#include "zk/base/keyed_hash.h"

static void the_same_bytes_have_the_same_hash_under_one_key(void **state)
{
    (void)state;
    char text[64] = "";
    for (size_t length = 0; length < sizeof text; length++) {
        char copy[sizeof text + 1];
        memcpy(copy + 1, text, sizeof text); /* elsewhere, and not aligned */
        assert_true(zk_keyed_hash(7, text, length) == zk_keyed_hash(7, copy + 1, length));
        assert_true(zk_keyed_hash(7, text, length) != zk_keyed_hash(8, text, length));
        text[length] = (char)('a' + length % 26);
    }
}

/* Zero bytes at the end count, and each byte at each place changes the hash. */
static void other_bytes_have_another_hash(void **state)
{
    (void)state;
    char text[40] = "";
    for (size_t length = 1; length < sizeof text; length++) {
        uint64_t hash = zk_keyed_hash(7, text, length);
        assert_true(zk_keyed_hash(7, text, length - 1) != hash);
        for (size_t i = 0; i < length; i++) {
            text[i] = 1;
            assert_true(zk_keyed_hash(7, text, length) != hash);
            text[i] = 0;
        }
    }
}

/* Two paths of plain letters: one word of eight bytes differs in a high bit, and the next one takes
 * back what a multiplication makes of it. A hash that only multiplies and folds gives them the same
 * place under every fourth key. */
static void paths_that_collide_under_many_keys_of_a_weak_hash_do_not_collide(void **state)
{
    (void)state;
    static const char path[] = "/aaaaaaqaaa0aaa1";
    static const char other[] = "/aaaaaaQaaaPaaaQ";
    for (uint64_t key = 1; key < 1000; key++)
        assert_true(zk_keyed_hash(key * UINT64_C(0x9e3779b97f4a7c15), path, strlen(path)) !=
                    zk_keyed_hash(key * UINT64_C(0x9e3779b97f4a7c15), other, strlen(other)));
}

/* 2^16 texts in 2^16 places: with a good hash some 37 of 100 places stay empty. */
static void paths_are_spread_evenly(void **state)
{
    (void)state;
    enum { PATHS = 1 << 16 };
    static bool used[PATHS];
    int count = 0;
    for (int i = 0; i < PATHS; i++) {
        char path[32];
        zk_text_printf(path, sizeof path, "/app/node-%010d", i);
        size_t place = (size_t)zk_keyed_hash(1, path, strlen(path)) % PATHS;
        count += !used[place];
        used[place] = true;
    }
    assert_in_range(count, 61 * PATHS / 100, 65 * PATHS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_have_the_same_hash_under_one_key),
        cmocka_unit_test(other_bytes_have_another_hash),
        cmocka_unit_test(paths_that_collide_under_many_keys_of_a_weak_hash_do_not_collide),
        cmocka_unit_test(paths_are_spread_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
