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

/* What Java 17 made of these bytes, and wrote. */
static void what_java_makes_of_bytes_that_are_no_text(void **state)
{
    static const char *const cases[][2] = {
        {"a\xc3\xbc", "a\xc3\xbc"},
        {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd"},
        {"\xe2\x82z", "\xef\xbf\xbdz"},
        {"\xe0\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd"}, /* a surrogate: three bytes, one replacement */
        {"\xf0\x90\x80z", "\xef\xbf\xbdz"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98\x80", "\xed\xa0\xbd\xed\xb8\x80"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        size_t length = zk_utf8_through_java(cases[i][0], strlen(cases[i][0]), text);
        assert_int_equal(length, strlen(cases[i][1]));
        assert_memory_equal(text, cases[i][1], length);
    }
}

static void one_byte_of_a_longer_character_is_seen_wherever_it_stands(void **state)
{
    char text[32];
    (void)state;
    for (size_t length = 0; length < sizeof text; length++) {
        memset(text, 'a', sizeof text);
        text[length] = '\xc3'; /* behind the end it does not count */
        assert_true(zk_utf8_is_ascii(text, length));
        for (size_t at = 0; at < length; at++) {
            memset(text, 'a', sizeof text);
            text[at] = '\x80';
            assert_false(zk_utf8_is_ascii(text, length));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_comes_back),
        cmocka_unit_test(malformed_bytes_are_skipped_one_by_one),
        cmocka_unit_test(what_java_makes_of_bytes_that_are_no_text),
        cmocka_unit_test(one_byte_of_a_longer_character_is_seen_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
