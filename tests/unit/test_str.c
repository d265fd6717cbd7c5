#include "zk_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/str.h"

static void longs_parse_as_in_java(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"2", true, 2},
        {"002", true, 2},
        {"+2", true, 2},
        {"-5", true, -5},
        {"-0", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"+", false, 0},
        {"-", false, 0},
        {"--1", false, 0},
        {"2 ", false, 0},
        {" 2", false, 0},
        {"0x2", false, 0},
        {"1a", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 77;
        bool good = zk_parse_long(cases[i].text, &value);
        if (good != cases[i].good || value != (good ? cases[i].value : 77))
            fail_msg("\"%s\"", cases[i].text);
    }
}

static void a_first_line_is_a_number_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        bool good;
        const char *line;
    } cases[] = {
        {"7", 1, true, "7"},      {"7\n8", 3, true, "7"},  {"7\r\n", 3, true, "7"},
        {"7\r8", 3, true, "7"},   {"7\n\0", 3, true, "7"}, {"7\0", 2, false, "7"},
        {"7\0\n", 3, false, "7"}, {"\0\0", 2, false, ""},  {"\n7", 2, false, ""},
        {"7 \n", 3, false, "7 "}, {"", 0, false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zk_str str = {0};
        int64_t value = 77;
        zk_str_append_bytes(&str, cases[i].text, cases[i].length);
        bool good = zk_str_parse_first_line(&str, &value);
        if (good != cases[i].good || value != (good ? 7 : 77))
            fail_msg("case %zu", i);
        assert_string_equal(zk_str_text(&str), cases[i].line);
        zk_str_done(&str);
    }
}

static void ints_parse_as_in_java(void **state)
{
    (void)state;
    int32_t value = 77;

    assert_true(zk_parse_int("2147483647", &value) && value == INT32_MAX);
    assert_true(zk_parse_int("-2147483648", &value) && value == INT32_MIN);
    value = 77;
    assert_false(zk_parse_int("2147483648", &value));
    assert_false(zk_parse_int("-2147483649", &value));
    assert_false(zk_parse_int("", &value));
    assert_int_equal(value, 77);
}

static void hex_parses_as_in_java(void **state)
{
    (void)state;
    int64_t value = 77;

    assert_true(zk_parse_hex("100000000", &value) && value == 0x100000000);
    assert_true(zk_parse_hex("cAfe", &value) && value == 0xcafe);
    assert_true(zk_parse_hex("-1", &value) && value == -1);
    value = 77;
    assert_false(zk_parse_hex("ffffffffffffffff", &value)); /* more than a long holds */
    assert_false(zk_parse_hex("0x1", &value));
    assert_false(zk_parse_hex("g", &value));
    assert_int_equal(value, 77);
}

static void decode_knows_three_radices(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0x1F", true, 31},
        {"-0X1f", true, -31},
        {"#ff", true, 255},
        {"010", true, 8},
        {"0", true, 0},
        {"-0", true, 0},
        {"+12", true, 12},
        {"09", false, 0},
        {"0x", false, 0},
        {"#", false, 0},
        {"0x-1", false, 0},
        {"", false, 0},
        {"1x", false, 0},
        {"-", false, 0},
        {"00", true, 0},
        {"0+1", false, 0},
        {"-0x8000000000000000", true, INT64_MIN},
        {"0x8000000000000000", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 77;
        bool good = zk_decode_long(cases[i].text, &value);
        if (good != cases[i].good || value != (good ? cases[i].value : 77))
            fail_msg("\"%s\"", cases[i].text);
    }
}

static void trim_drops_all_up_to_the_blank(void **state)
{
    (void)state;
    char text[] = " \t\x01 a b \r\n\x1f";
    char blanks[] = "  ";
    char nbsp[] = "\xc2\xa0";
    char zeros[] = "\xc0\x80 \xc0\x80\xc0\x80g\xc0\x80h \xc0\x80";

    assert_string_equal(zk_trim(text), "a b");
    assert_string_equal(zk_trim(zeros), "g\xc0\x80h");
    assert_string_equal(zk_trim(blanks), "");
    assert_string_equal(zk_trim(nbsp), "\xc2\xa0");
}

static void a_string_grows_and_is_always_terminated(void **state)
{
    (void)state;
    struct zk_str str = {0};
    assert_string_equal(zk_str_text(&str), "");

    for (int i = 0; i < 1000; i++)
        zk_str_printf(&str, "%d,", i % 10);
    zk_str_append(&str, "end");
    zk_str_append_bytes(&str, "xyz", 1);

    assert_int_equal(str.length, 2004);
    assert_string_equal(str.text + 1998, "9,endx");
    zk_str_clear(&str);
    assert_string_equal(zk_str_text(&str), "");
    zk_str_append(&str, "again");
    char *taken = zk_str_take(&str);
    assert_string_equal(taken, "again");
    free(taken);
    taken = zk_str_take(&str);
    assert_string_equal(taken, "");
    free(taken);
    zk_str_done(&str);
}

static void a_printf_of_any_length_is_whole(void **state)
{
    (void)state;
    for (int length = 55; length < 75; length++) { /* around the room that a string begins with */
        struct zk_str str = {0};
        zk_str_printf(&str, "%*d", length, 7);
        assert_int_equal(str.length, length);
        assert_int_equal(strlen(str.text), length);
        assert_int_equal(str.text[length - 1], '7');
        zk_str_printf(&str, "%s|", "more");
        assert_string_equal(str.text + length, "more|");
        zk_str_done(&str);
    }
}

static void longs_are_appended_in_decimal(void **state)
{
    static const int64_t values[] = {0, 7, -1, 10, -2026, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct zk_str str = {0};
        char expected[32];
        snprintf(expected, sizeof expected, "n=%" PRId64, values[i]);
        zk_str_append(&str, "n=");
        zk_str_append_long(&str, values[i]);
        assert_string_equal(zk_str_text(&str), expected);
        zk_str_done(&str);
    }
}

static void a_text_is_copied_as_far_as_it_fits(void **state)
{
    char copy[4];
    (void)state;
    zk_text_copy(copy, sizeof copy, "ab");
    assert_string_equal(copy, "ab");
    zk_text_copy(copy, sizeof copy, "abc");
    assert_string_equal(copy, "abc");
    zk_text_copy(copy, sizeof copy, "abcd");
    assert_string_equal(copy, "abc");
    zk_text_copy(copy, 1, "abcd");
    assert_string_equal(copy, "");
}

static void a_printed_text_is_given_as_far_as_it_fits(void **state)
{
    char text[6];
    (void)state;
    zk_text_printf(text, sizeof text, "%s-%d", "ab", 12);
    assert_string_equal(text, "ab-12");
    zk_text_printf(text, sizeof text, "%s-%d", "ab", 123);
    assert_string_equal(text, "ab-12");
    zk_text_printf(text, 1, "%s", "ab");
    assert_string_equal(text, "");
}

static void a_start_is_compared_with_all_its_letters(void **state)
{
    (void)state;
    assert_true(zk_text_starts_with("server.1", "server."));
    assert_true(zk_text_starts_with("server.", "server."));
    assert_true(zk_text_starts_with("x", ""));
    assert_false(zk_text_starts_with("server", "server."));
    assert_false(zk_text_starts_with("Server.1", "server."));
}

/* The pieces as one text: "a|b|". */
static void expect_pieces(const struct zk_strings *pieces, const char *text, const char *expected)
{
    struct zk_str joined = {0};
    for (size_t i = 0; i < pieces->count; i++)
        zk_str_printf(&joined, "%s|", pieces->items[i]);
    if (strcmp(zk_str_text(&joined), expected) != 0)
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, zk_str_text(&joined), expected);
    zk_str_done(&joined);
}

static void longs_are_appended_in_hex(void **state)
{
    (void)state;
    struct zk_str str = {0};

    zk_str_append_hex(&str, 0);
    zk_str_append(&str, " ");
    zk_str_append_hex(&str, 0x1234567890abcdef);
    zk_str_append(&str, " ");
    zk_str_append_hex(&str, -1);

    assert_string_equal(zk_str_text(&str), "0 1234567890abcdef ffffffffffffffff");
    zk_str_done(&str);
}

static void split_drops_trailing_empty_pieces_only(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a:b", "a|b|"}, {"a:b::", "a|b|"}, {":a", "|a|"}, {"a::b", "a||b|"},
        {"a", "a|"},     {"", "|"},         {":", ""},     {":::", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zk_strings pieces;
        zk_split(cases[i][0], ':', &pieces);
        expect_pieces(&pieces, cases[i][0], cases[i][1]);
        zk_strings_done(&pieces);
    }
}

static void host_and_port_split_as_in_java(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"h:1:2", "h|1|2|"},
        {"h:1:2:", "h|1|2|"},
        {"[::1]:1:2", "::1|1|2|"},
        {"[::1]x1:2", "::1|1|2|"}, /* the character after the bracket is not looked at */
        {"[::1]", "::1|"},
        {"[a[b]", "ab|"}, /* with nothing behind, all brackets vanish */
        {"[]:1", "|1|"},
        {"[::1]::2", "::1||2|"},
        {"", "|"},
        {":1", "|1|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zk_strings pieces;
        const char *error = NULL;
        assert_int_equal(zk_host_and_port(cases[i][0], &pieces, &error), 0);
        expect_pieces(&pieces, cases[i][0], cases[i][1]);
        zk_strings_done(&pieces);
    }
}

static void host_and_port_refuses_broken_brackets(void **state)
{
    (void)state;
    struct zk_strings pieces = {.count = 77};
    const char *error = NULL;

    assert_int_equal(zk_host_and_port("[::1", &pieces, &error), -EINVAL);
    assert_string_equal(error, " starts with '[' but has no matching ']:'");
    assert_int_equal(zk_host_and_port("[::1]:", &pieces, &error), -EINVAL);
    assert_string_equal(error, " doesn't have a port after colon");
    assert_int_equal(pieces.count, 77);
}

static void json_text_is_escaped(void **state)
{
    (void)state;
    struct zk_str str = {0};

    zk_str_append_json(&str, "a\"b\\c\n\t\x01\x7f/\xc3\xa9\xf0\x9f\x98\x80");

    assert_string_equal(zk_str_text(&str),
                        "a\\\"b\\\\c\\n\\u0009\\u0001\\u007f/\xc3\xa9\xf0\x9f\x98\x80");
    zk_str_done(&str);
}

static void json_escapes_one_byte_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        char byte;
        const char *escaped;
    } cases[] = {{'"', "\\\""},       {'\\', "\\\\"},      {'\n', "\\n"},
                 {'\x1f', "\\u001f"}, {'\x7f', "\\u007f"}, {'\x80', "\\ufffd"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t place = 0; place < 40; place++) {
            char text[41], expected[64];
            struct zk_str str = {0};
            memset(text, ' ', 40);
            text[40] = '\0';
            snprintf(expected, sizeof expected, "%.*s%s%s", (int)place, text, cases[i].escaped,
                     text + place + 1);
            text[place] = cases[i].byte;
            zk_str_append_json(&str, text);
            assert_string_equal(zk_str_text(&str), expected);
            zk_str_done(&str);
        }
    }
}

static void json_text_is_valid_utf8_whatever_comes(void **state)
{
    (void)state;
    struct zk_str str = {0};

    zk_str_append_json(&str, "\xff"
                             "a\xc3"
                             "b\xc0\x80\xed\xa0\x80"
                             "c\xe2\x82");

    assert_string_equal(zk_str_text(&str), "\\ufffda\\ufffdb\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"
                                           "c\\ufffd\\ufffd");
    zk_str_done(&str);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longs_parse_as_in_java),
        cmocka_unit_test(a_first_line_is_a_number_or_nothing),
        cmocka_unit_test(ints_parse_as_in_java),
        cmocka_unit_test(hex_parses_as_in_java),
        cmocka_unit_test(decode_knows_three_radices),
        cmocka_unit_test(trim_drops_all_up_to_the_blank),
        cmocka_unit_test(a_string_grows_and_is_always_terminated),
        cmocka_unit_test(a_printf_of_any_length_is_whole),
        cmocka_unit_test(longs_are_appended_in_decimal),
        cmocka_unit_test(a_text_is_copied_as_far_as_it_fits),
        cmocka_unit_test(a_printed_text_is_given_as_far_as_it_fits),
        cmocka_unit_test(a_start_is_compared_with_all_its_letters),
        cmocka_unit_test(longs_are_appended_in_hex),
        cmocka_unit_test(split_drops_trailing_empty_pieces_only),
        cmocka_unit_test(host_and_port_split_as_in_java),
        cmocka_unit_test(host_and_port_refuses_broken_brackets),
        cmocka_unit_test(json_text_is_escaped),
        cmocka_unit_test(json_escapes_one_byte_wherever_it_stands),
        cmocka_unit_test(json_text_is_valid_utf8_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
