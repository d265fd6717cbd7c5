/* The nodes of a session that ends: those of the tree, and those that are in flight. Java: the
 * HashSet of PrepRequestProcessor.pRequest2Txn(), its case closeSession */
#include "server/path_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zk/jute/record.h"
#include "zk_test.h"

enum { TREE = 100, ADDED = 2000, MANY = 200000 };

static const char *name(const char *kind, size_t number)
{
    static char text[64];
    snprintf(text, sizeof text, "/%s-%zu", kind, number);
    return text;
}

static struct path_set set_of_tree(size_t count)
{
    struct zk_strings paths = {0};
    for (size_t i = 0; i < count; i++)
        zk_strings_add(&paths, name("tree", i));
    return path_set_of_tree(paths);
}

/* How often the path stands in the list. */
static size_t count_in(const struct ustring_list *list, const char *path)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += strcmp(list->items[i].text, path) == 0;
    return count;
}

static void list_done(struct ustring_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        ustring_done(&list->items[i]);
    free(list->items);
}

static void each_path_that_has_not_left_stands_there_once(void **state)
{
    (void)state;
    struct path_set set = set_of_tree(TREE);
    for (size_t i = 0; i < ADDED; i++) {
        path_set_add(&set, name("new", i));
        path_set_add(&set, name("new", i / 2)); /* is there, or has been added again */
        path_set_add(&set, name("tree", i % TREE));
        if (i % 3 == 0)
            path_set_remove(&set, name("new", i));
        path_set_remove(&set, name("nobody", i));
    }
    path_set_remove(&set, name("tree", 7));
    path_set_remove(&set, name("new", 4));
    path_set_remove(&set, name("new", 4));

    struct ustring_list list = path_set_in_java_order(&set);
    for (size_t i = 0; i < TREE; i++)
        assert_int_equal(count_in(&list, name("tree", i)), i == 7 ? 0 : 1);
    /* Every third one left, and those of the first half came back. */
    for (size_t i = 0; i < ADDED; i++) {
        bool stays = i % 3 != 0 || i < ADDED / 2;
        assert_int_equal(count_in(&list, name("new", i)), stays && i != 4 ? 1 : 0);
    }
    list_done(&list);
    path_set_done(&set);
}

/* One after the other they were looked for for minutes, and no write went on meanwhile. */
static void very_many_may_be_in_flight(void **state)
{
    (void)state;
    enum { PATIENCE_S = 20 };
    const clock_t began = clock();
    struct path_set set = set_of_tree(1);
    for (size_t i = 0; i < MANY && clock() - began < PATIENCE_S * CLOCKS_PER_SEC; i++)
        path_set_add(&set, name("new", i));
    assert_int_equal(set.count, MANY + 1);
    for (size_t i = 0; i < MANY && clock() - began < PATIENCE_S * CLOCKS_PER_SEC; i++)
        path_set_remove(&set, name("new", i));
    assert_int_equal(set.count, 1);
    path_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_that_has_not_left_stands_there_once),
        cmocka_unit_test(very_many_may_be_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
