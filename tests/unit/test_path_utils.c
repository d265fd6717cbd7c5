/* What may be a path. Java: PathUtilsTest */
#include "zk/server/path_utils.h"

#include <string.h>

#include "zk_test.h"

static void check_path(const char *text, size_t length, const char *problem)
{
    struct path_problem found = {.text = ""};
    struct ustring path = {.text = (char *)text, .length = length};
    bool good = path_utils_validate_path(&path, &found);
    if (good != (problem == NULL) || (problem != NULL && strcmp(found.text, problem) != 0))
        fail_msg("%s: \"%s\", expected \"%s\"", text != NULL ? text : "null", found.text,
                 problem != NULL ? problem : "");
}

#define GOOD(text)         check_path(text, sizeof(text) - 1, NULL)
#define BAD(text, problem) check_path(text, sizeof(text) - 1, problem)

static void ordinary_paths_are_good(void **state)
{
    (void)state;
    GOOD("/");
    GOOD("/a");
    GOOD("/a/b/c");
    GOOD("/this is / a valid/path");
    GOOD("/.x");
    GOOD("/x.");
    GOOD("/...");
    GOOD("/a../b");
    GOOD("/a/..b");
    GOOD("/a/b./c");
}

static void a_path_is_whole_and_begins_with_a_slash(void **state)
{
    (void)state;
    check_path(NULL, 0, "Path cannot be null");
    BAD("", "Path length must be > 0");
    BAD("a/b", "Path must start with / character");
    BAD("/a/", "Path must not end with / character");
    BAD("//", "Path must not end with / character");
    BAD("/a//b", "empty node name specified @3");
}

static void a_path_has_no_relative_elements(void **state)
{
    (void)state;
    BAD("/.", "relative paths not allowed @1");
    BAD("/..", "relative paths not allowed @2");
    BAD("/a/./b", "relative paths not allowed @3");
    BAD("/a/../b", "relative paths not allowed @4");
    BAD("/a/b/.", "relative paths not allowed @5");
    BAD("/a/b/..", "relative paths not allowed @6");
}

static void a_path_has_no_character_that_cannot_be_shown(void **state)
{
    (void)state;
    BAD("/a\0b", "null character not allowed @2");
    BAD("/\x01", "invalid character @1");
    BAD("/\x1f", "invalid character @1");
    BAD("/\x7f", "invalid character @1");
    BAD("/\xc2\x80", "invalid character @1");
    BAD("/\xc3\xa4\xc2\x9f", "invalid character @2");
    GOOD("/\xc2\xa0");
    GOOD("/\xed\x9f\xbf");
    BAD("/\xee\x80\x80", "invalid character @1");
    BAD("/\xef\xa3\xbf", "invalid character @1");
    GOOD("/\xef\xa4\x80");
    GOOD("/\xef\xbf\xaf");
    BAD("/\xef\xbf\xb0", "invalid character @1");
    BAD("/\xf0\x9f\x98\x80", "invalid character @1"); /* a pair of surrogates to Java */
    BAD("/a\xff", "invalid character @2");            /* no UTF-8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_paths_are_good),
        cmocka_unit_test(a_path_is_whole_and_begins_with_a_slash),
        cmocka_unit_test(a_path_has_no_relative_elements),
        cmocka_unit_test(a_path_has_no_character_that_cannot_be_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
