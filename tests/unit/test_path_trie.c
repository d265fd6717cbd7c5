/* Paths by their elements. Java: PathTrieTest */
#include "tree/path_trie.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "zk_test.h"

enum { MANY = TEST_AMOUNT(100000, 10000) };

static const char *name(size_t number)
{
    static char text[64];
    snprintf(text, sizeof text, "/tenants/%zu", number);
    return text;
}

static void assert_prefix(const struct path_trie *trie, const char *path, const char *expected)
{
    const char *found = path_trie_find_max_prefix(trie, path);
    if (expected == NULL)
        assert_null(found);
    else
        assert_string_equal(found, expected);
}

/* Each of these begins as others do. */
static void an_element_is_found_beside_those_that_begin_with_it(void **state)
{
    static const char *const paths[] = {"/b", "/abc", "/a", "/ab", "/a/b", "/", "/\xc3\xa9", "/z"};
    struct path_trie trie = {0};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        path_trie_add_path(&trie, paths[i]);
    assert_prefix(&trie, "/a", "/a");
    assert_prefix(&trie, "/a/x", "/a");
    assert_prefix(&trie, "/a/b/c", "/a/b");
    assert_prefix(&trie, "/ab", "/ab");
    assert_prefix(&trie, "/abc/d", "/abc");
    assert_prefix(&trie, "/abcd", NULL);
    assert_prefix(&trie, "/\xc3\xa9/x", "/\xc3\xa9");

    path_trie_delete_path(&trie, "/ab");
    assert_prefix(&trie, "/ab", NULL);
    assert_prefix(&trie, "/abc", "/abc");
    path_trie_delete_path(&trie, "/a"); /* it stays, on the way to another */
    assert_prefix(&trie, "/a", NULL);
    assert_prefix(&trie, "/a/b", "/a/b");
    path_trie_delete_path(&trie, "/nobody");
    path_trie_add_path(&trie, "/ab");
    assert_prefix(&trie, "/ab", "/ab");
    path_trie_done(&trie);
}

/* Every write of a server asks for its path, whatever quotas there are. */
static void very_many_may_stand_side_by_side(void **state)
{
    enum { PATIENCE_S = 100 }; /* of the processor; two seconds will do on an idle machine */
    struct path_trie trie = {0};
    (void)state;
    const clock_t began = clock();
    size_t found = 0;
    for (size_t i = 0; i < MANY && clock() - began < PATIENCE_S * CLOCKS_PER_SEC; i++)
        path_trie_add_path(&trie, name(i));
    for (size_t i = 0; i < MANY && clock() - began < PATIENCE_S * CLOCKS_PER_SEC; i++)
        found += path_trie_find_max_prefix(&trie, name(i)) != NULL;
    assert_int_equal(found, MANY);
    for (size_t i = 0; i < MANY && clock() - began < PATIENCE_S * CLOCKS_PER_SEC; i++)
        path_trie_delete_path(&trie, name(i));
    assert_prefix(&trie, name(MANY - 1), NULL);
    path_trie_done(&trie);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_element_is_found_beside_those_that_begin_with_it),
        cmocka_unit_test(very_many_may_stand_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
