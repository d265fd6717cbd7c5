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

/* A difference in the highest bits of one word, and in the next word what a multiplication makes of
 * it: hashes that only multiply and fold collide there, whatever their key is. */
static void texts_that_collide_under_every_key_of_a_weak_hash_do_not_collide(void **state)
{
    (void)state;
    char text[16] = "/aaaaaaaaaaaaaaa";
    char other[16];
    memcpy(other, text, sizeof other);
    other[7] ^= (char)0x80;
    other[11] ^= (char)0x80;
    other[15] ^= (char)0x80;
    for (uint64_t key = 0; key < 1000; key++)
        assert_true(zk_keyed_hash(key, text, sizeof text) !=
                    zk_keyed_hash(key, other, sizeof other));
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
        cmocka_unit_test(texts_that_collide_under_every_key_of_a_weak_hash_do_not_collide),
        cmocka_unit_test(paths_are_spread_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
