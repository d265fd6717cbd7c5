/* What a tree tells whoever keeps the process's memory: large tables, and much that was freed at
 * once. */
#include <stdio.h>

#include "recording_watcher.h"
#include "tree/data_tree_internal.h"
#include "zk/jute/keeper_code.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

/* A hook of the context has no argument. */
static int mass_frees;

static void count_mass_free(void)
{
    mass_frees++;
}

static int large_blocks;

static void count_large_block(void *block, size_t size)
{
    memset(block, 0, size); /* it is there, and fresh */
    large_blocks++;
}

static struct zk_context *context_that_counts(void)
{
    struct zk_context_options options = zk_context_options_default();
    options.log_fd = -1;
    options.on_large_block = count_large_block;
    large_blocks = 0;
    options.on_mass_free = count_mass_free;
    mass_frees = 0;
    return zk_context_new(&options);
}

static void watch_many(struct data_tree *tree, struct watcher *watcher, int count)
{
    char path[16];
    for (int i = 0; i < count; i++) {
        struct zk_stat stat;
        int64_t zxid;
        snprintf(path, sizeof path, "/%d", i);
        enum keeper_code code = data_tree_stat_node(tree, path, watcher, &zxid, &stat);
        assert_int_equal(code, KEEPER_CODE_NONODE);
    }
}

static void many_watches_that_go_are_told_to_whoever_keeps_the_heap(void **state)
{
    (void)state;
    struct zk_context *ctx = context_that_counts();
    struct data_tree *tree = data_tree_new(ctx);
    struct recording_watcher clients[3];
    const int watches[3] = {150000, 100000, 1000};
    for (int i = 0; i < 3; i++) {
        recording_watcher_init(&clients[i], i);
        watch_many(tree, &clients[i].watcher, watches[i]);
    }

    data_tree_remove_cnxn(tree, &clients[0].watcher);
    assert_int_equal(mass_frees, 0);
    data_tree_remove_cnxn(tree, &clients[1].watcher);
    assert_int_equal(mass_frees, 1);
    data_tree_remove_cnxn(tree, &clients[2].watcher);
    assert_int_equal(mass_frees, 1);

    for (int i = 0; i < 3; i++)
        recording_watcher_done(&clients[i]);
    data_tree_unref(tree);
    assert_int_equal(mass_frees, 1); /* the tree itself is small */
    zk_context_free(ctx);
}

static void the_end_of_a_large_tree_is_told_to_whoever_keeps_the_heap(void **state)
{
    (void)state;
    struct zk_context *ctx = context_that_counts();
    struct data_tree *tree = data_tree_new(ctx);
    char path[16];
    zk_mutex_lock(&tree->mu);
    for (int i = 0; i < 250000; i++) {
        snprintf(path, sizeof path, "/%d", i);
        data_tree_put_empty_node_locked(tree, tree->root, path);
    }
    zk_mutex_unlock(&tree->mu);
    assert_int_equal(large_blocks, 3); /* tables of 2, 4 and 8 MiB */
    data_tree_unref(data_tree_ref(tree));
    assert_int_equal(mass_frees, 0);

    data_tree_unref(tree);

    assert_int_equal(mass_frees, 1);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_watches_that_go_are_told_to_whoever_keeps_the_heap),
        cmocka_unit_test(the_end_of_a_large_tree_is_told_to_whoever_keeps_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
