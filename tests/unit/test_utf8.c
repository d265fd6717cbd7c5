#include "zk_test.h"

#include "zk/base/utf8.h"

static void every_character_comes_back(void **state)
{
    (void)state;
    for (uint32_t character = 0; character <= 0x10ffff; character++) {
        char bytes[4];
        size_t used;
        if (character >= 0xd800 && character < 0xe000)
            continue;
        size_t length = zk_utf8_encode(character, bytes);
        assert_true(zk_utf8_decode(bytes, length, &used) == (int32_t)character);
        assert_int_equal(used, length);
    }
}

static void malformed_bytes_are_skipped_one_by_one(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "\x80",             /* a middle without a start */
        "\xc0\x80",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf8\x88\x80\x80", /* five bytes once */
        "\xc3",             /* cut */
        "\xe2\x82",         /* cut */
        "\xc3(",            /* no middle */
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        size_t used = 0;
        assert_true(zk_utf8_decode(malformed[i], strlen(malformed[i]), &used) == -1);
        assert_int_equal(used, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_comes_back),
        cmocka_unit_test(malformed_bytes_are_skipped_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
