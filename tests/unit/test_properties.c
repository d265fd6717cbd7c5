#include "zk_test.h"

#include <errno.h>

#include "zk/ensemble/properties.h"
#include "zk/runtime/clock.h"

static struct zk_properties parse(const char *text)
{
    struct zk_properties properties;
    int line = 0;
    assert_int_equal(zk_properties_parse(text, strlen(text), &properties, &line), 0);
    return properties;
}

/* The text must have this one entry. */
static void expect_one(const char *text, const char *key, const char *value)
{
    struct zk_properties properties = parse(text);
    if (properties.count != 1 || strcmp(properties.items[0].key, key) != 0 ||
        strcmp(properties.items[0].value, value) != 0)
        fail_msg("\"%s\" has %zu entries, the first \"%s\"=\"%s\"", text, properties.count,
                 properties.count > 0 ? properties.items[0].key : "",
                 properties.count > 0 ? properties.items[0].value : "");
    zk_properties_done(&properties);
}

static void expect_none(const char *text)
{
    struct zk_properties properties = parse(text);
    if (properties.count != 0)
        fail_msg("\"%s\" has \"%s\"", text, properties.items[0].key);
    zk_properties_done(&properties);
}

static void equal_colon_and_blank_separate_alike(void **state)
{
    (void)state;
    expect_one("server.1=x", "server.1", "x");
    expect_one("server.1 = x\n", "server.1", "x");
    expect_one("server.1:x\r\n", "server.1", "x");
    expect_one("server.1 x\r", "server.1", "x");
    expect_one(" \t\f server.1\t\f x", "server.1", "x");
    expect_one("server.1 : x", "server.1", "x");
}

static void only_the_first_separator_separates(void **state)
{
    (void)state;
    expect_one("a==b", "a", "=b");
    expect_one("a=:b", "a", ":b");
    expect_one("a b=c", "a", "b=c");
    expect_one("server.1=127.0.0.1:1:2;3", "server.1", "127.0.0.1:1:2;3");
}

static void trailing_blanks_belong_to_the_value(void **state)
{
    (void)state;
    expect_one("server.1=127.0.0.1:1:2 \n", "server.1", "127.0.0.1:1:2 ");
    expect_one("a=b\t \f", "a", "b\t \f");
}

static void a_key_may_stand_alone(void **state)
{
    (void)state;
    expect_one("a", "a", "");
    expect_one("a=", "a", "");
    expect_one("a \n", "a", "");
    expect_one("=b", "", "b");
}

static void comments_and_blank_lines_vanish(void **state)
{
    (void)state;
    expect_none("");
    expect_none("\n\r\n\r \t\f\n");
    expect_none("# a=b\n  ! c=d\\\n#e=f");
    expect_one("#c\\\na=b", "a", "b"); /* a comment does not go on */
    expect_one("a=#b", "a", "#b");
    expect_one("a=b!c", "a", "b!c");
}

static void a_backslash_at_the_end_joins_lines(void **state)
{
    (void)state;
    expect_one("a=b\\\n   c", "a", "bc");
    expect_one("a=b\\\r\n\tc", "a", "bc");
    expect_one("a=b\\\rc", "a", "bc");
    expect_one("a\\\n =b", "a", "b");
    expect_one("a=b\\\n#c", "a", "b#c"); /* no comment within a line */
}

static void a_blank_line_ends_a_joined_one(void **state)
{
    (void)state;
    struct zk_properties properties = parse("a=b\\\n\nc=d");
    assert_int_equal(properties.count, 2);
    assert_string_equal(zk_properties_find(&properties, "a")->value, "b");
    assert_string_equal(zk_properties_find(&properties, "c")->value, "d");
    zk_properties_done(&properties);
}

static void two_backslashes_do_not_join(void **state)
{
    (void)state;
    struct zk_properties properties = parse("a=b\\\\\nc=d");
    assert_int_equal(properties.count, 2);
    assert_string_equal(zk_properties_find(&properties, "a")->value, "b\\");
    assert_string_equal(zk_properties_find(&properties, "c")->value, "d");
    zk_properties_done(&properties);
}

static void a_backslash_at_the_end_of_the_text_vanishes(void **state)
{
    (void)state;
    expect_one("a=b\\", "a", "b");
    expect_one("a=b\\\n", "a", "b");
    expect_one("\\", "", "");   /* odd, and Java's */
    expect_one("\\\n", "", ""); /* likewise */
    expect_none("\\\r\n");      /* Java sees that the LF follows */
    expect_none("\\\n  ");
    expect_none("\\\n#a=b");
}

/* So does Java with Properties.setProperty(). */
static void an_entry_that_is_put_there_does_not_change_the_text(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"\\", "a=b\\", "\\\n  ", ""};
    static const size_t COUNTS[] = {2, 2, 1, 1};
    for (size_t i = 0; i < 4; i++) {
        struct zk_properties properties;
        int line = 0;
        assert_int_equal(zk_properties_parse_and_put(TEXTS[i], strlen(TEXTS[i]), "version", "\\5",
                                                     &properties, &line),
                         0);
        assert_int_equal(properties.count, COUNTS[i]);
        assert_string_equal(zk_properties_find(&properties, "version")->value, "\\5");
        zk_properties_done(&properties);
    }
}

static void escapes_are_resolved_in_key_and_value(void **state)
{
    (void)state;
    expect_one("a\\=b\\:c\\ d=e", "a=b:c d", "e");
    expect_one("a=\\t\\n\\r\\f\\q\\\\", "a", "\t\n\r\fq\\");
    expect_one("a=\\ b", "a", " b");
    expect_one("\\#a=b", "#a", "b");
    expect_one("\\u0041\\u00e9=\\u20ac", "A\xc3\xa9", "\xe2\x82\xac");
    expect_one("a=\\ud83d\\ude00", "a", "\xf0\x9f\x98\x80");
    expect_one("a=\\ud83dx\\ude00", "a", "?x?"); /* halves of a pair */
    expect_one("a=\\uD83D\\u0041", "a", "?A");
}

static void bytes_above_ascii_stay_as_they_are(void **state)
{
    (void)state;
    expect_one("a=\xc3\xa9\xff", "a", "\xc3\xa9\xff");
}

static void a_nul_does_not_end_a_value_early(void **state)
{
    (void)state;
    struct zk_properties properties;
    int line;
    expect_one("a=1\\u0000x", "a", "1\xc0\x80x");
    assert_int_equal(zk_properties_parse("a=1\0x", 5, &properties, &line), 0);
    assert_string_equal(zk_properties_find(&properties, "a")->value, "1\xc0\x80x");
    zk_properties_done(&properties);
}

static void a_malformed_unicode_escape_is_an_error_with_its_line(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a=b\n\n#c\nd=\\u12",
        "a=b\\\nc\n\nd=\\u12g4",
        "\n\n\n\\u 123=x",
        "\r\r\n\rd=\\u",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct zk_properties properties = {.count = 77};
        int line = 0;
        assert_int_equal(zk_properties_parse(texts[i], strlen(texts[i]), &properties, &line),
                         -EINVAL);
        assert_int_equal(line, 4);
        assert_int_equal(properties.count, 77);
    }
}

static void a_later_duplicate_replaces_the_value(void **state)
{
    (void)state;
    struct zk_properties properties = parse("a=1\nb=2\n a : 3");
    assert_int_equal(properties.count, 2);
    assert_string_equal(zk_properties_find(&properties, "a")->value, "3");
    assert_null(zk_properties_find(&properties, "c"));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(properties.items[i].line, properties.items[i].key[0] == 'a' ? 3 : 2);
    zk_properties_done(&properties);
}

static void lines_are_counted_over_comments_and_continuations(void **state)
{
    (void)state;
    struct zk_properties properties = parse("#x\r\na=1\\\r\n  2\r\n\r\nb=3");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(properties.items[i].line, properties.items[i].key[0] == 'a' ? 2 : 5);
    zk_properties_done(&properties);
}

static void entries_come_in_the_order_of_java_17(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "dataDir",  "4lw.commands.whitelist", "syncLimit",  "server.17", "server.33", "server.2",
        "server.1", "admin.enableServer",     "clientPort", "initLimit", "tickTime",  "server.3"};
    struct zk_properties properties =
        parse("tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=/d\nclientPort=2181\n"
              "server.1=a\nserver.2=b\nserver.3=c\nserver.17=d\nserver.33=e\n"
              "4lw.commands.whitelist=*\nadmin.enableServer=false\n");

    assert_int_equal(properties.count, 12);
    for (size_t i = 0; i < 12; i++)
        assert_string_equal(properties.items[i].key, expected[i]);
    zk_properties_done(&properties);
}

static void a_config_text_has_its_own_order(void **state)
{
    (void)state;
    static const char *const expected[] = {"server.2", "server.1", "server.3", "version"};
    struct zk_properties properties = parse("server.1=x\nserver.2=x\nserver.3=x\nversion=0");

    assert_int_equal(properties.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(properties.items[i].key, expected[i]);
    zk_properties_done(&properties);
}

/* The config text of a notification may be half a megabyte, and anybody may send one. */
static void a_hundred_thousand_keys_are_read_at_once(void **state)
{
    (void)state;
    struct zk_str text = {0};
    struct zk_properties properties;
    int line = 0;
    for (int i = 0; i < 100000; i++)
        zk_str_printf(&text, "%x\n", (unsigned)i);
    int64_t deadline_ms = zk_elapsed_ms() + TEST_PATIENCE_MS;

    assert_int_equal(zk_properties_parse(text.text, text.length, &properties, &line), 0);

    assert_int_equal(properties.count, 100000);
    assert_true(zk_elapsed_ms() < deadline_ms);
    zk_properties_done(&properties);
    zk_str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_colon_and_blank_separate_alike),
        cmocka_unit_test(only_the_first_separator_separates),
        cmocka_unit_test(trailing_blanks_belong_to_the_value),
        cmocka_unit_test(a_key_may_stand_alone),
        cmocka_unit_test(comments_and_blank_lines_vanish),
        cmocka_unit_test(a_backslash_at_the_end_joins_lines),
        cmocka_unit_test(a_blank_line_ends_a_joined_one),
        cmocka_unit_test(two_backslashes_do_not_join),
        cmocka_unit_test(a_backslash_at_the_end_of_the_text_vanishes),
        cmocka_unit_test(an_entry_that_is_put_there_does_not_change_the_text),
        cmocka_unit_test(escapes_are_resolved_in_key_and_value),
        cmocka_unit_test(bytes_above_ascii_stay_as_they_are),
        cmocka_unit_test(a_nul_does_not_end_a_value_early),
        cmocka_unit_test(a_malformed_unicode_escape_is_an_error_with_its_line),
        cmocka_unit_test(a_later_duplicate_replaces_the_value),
        cmocka_unit_test(lines_are_counted_over_comments_and_continuations),
        cmocka_unit_test(entries_come_in_the_order_of_java_17),
        cmocka_unit_test(a_config_text_has_its_own_order),
        cmocka_unit_test(a_hundred_thousand_keys_are_read_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
