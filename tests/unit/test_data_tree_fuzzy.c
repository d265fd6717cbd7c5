/* A snapshot that is written while transactions change the tree: with their replay it is the tree.
 * Java: FuzzySnapshotRelatedTest, DataTreeTest */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "transactions.h"
#include "tree/data_tree_internal.h"
#include "zk/base/panic.h"
#include "zk/io/stream.h"
#include "zk/jute/keeper_code.h"
#include "zk/runtime/thread.h"
#include "zk_test.h"

/* ---- a history ------------------------------------------------------------------------------- */

enum { PARENTS = 7, NAMES = 40, KINDS = 5, LAST_MAX = TEST_AMOUNT(20000, 10000) };

/* Which transactions make sense: a leader logs no others. Written by the one thread that
 * applies them first, read when it has ended. */
static bool logged[LAST_MAX + 1];

enum kind { DELETE, SET, CREATE };

/* What transaction number zxid does is told by its number alone, so that anybody can do it
 * again. */
static enum kind kind_of(int64_t zxid, char path[64])
{
    uint64_t random = (uint64_t)zxid * UINT64_C(6364136223846793005) + 1442695040888963407;
    random ^= random >> 29;
    snprintf(path, 64, "/p%d/n%d", (int)(random % PARENTS), (int)(random / 64 % NAMES));
    uint64_t kind = random / 8192 % KINDS;
    return kind == 0 ? DELETE : kind == 1 ? SET : CREATE;
}

/* As a leader prepares it: what is there is not created, and what is not is neither set nor
 * deleted. */
static bool makes_sense(struct data_tree *tree, int64_t zxid)
{
    char path[64];
    enum kind kind = kind_of(zxid, path);
    zk_mutex_lock(&tree->mu);
    bool exists = data_tree_get_node_locked(tree, path) != NULL;
    zk_mutex_unlock(&tree->mu);
    return exists != (kind == CREATE);
}

static int apply(struct data_tree *tree, int64_t zxid)
{
    char path[64];
    char text[32];
    enum kind kind = kind_of(zxid, path);
    snprintf(text, sizeof text, "written by %d", (int)zxid);
    struct buf *data = buf_new_copy(text, strlen(text));
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_ALL, "ip", zxid % 2 != 0 ? "10.0.0.1" : "10.0.0.2");
    int r = 0;
    switch (kind) {
    case DELETE:
        r = apply_delete(tree, path, zxid);
        break;
    case SET:
        r = data_tree_set_data(tree, path, data, (int32_t)zxid, zxid, zxid);
        break;
    case CREATE:
        /* Java's transaction says which version the parent has afterwards. */
        r = apply_create(tree, path, data, &acl, 0, (int32_t)zxid, zxid, zxid);
        break;
    }
    data_tree_set_last_processed_zxid(tree, zxid);
    jute_done(&zk_acl_list_record, &acl);
    buf_unref(data);
    return r;
}

/* As Java's replay: what a snapshot shows already fails, and that is no error. */
static void replay(struct data_tree *tree, int64_t from, int64_t to)
{
    for (int64_t zxid = from; zxid <= to; zxid++) {
        int r = logged[zxid] ? apply(tree, zxid) : 0;
        assert_true(r == 0 || r == -ENOENT || r == KEEPER_CODE_NONODE ||
                    r == KEEPER_CODE_NODEEXISTS);
    }
}

static struct data_tree *tree_with_parents(struct zk_context *ctx)
{
    struct data_tree *tree = data_tree_new(ctx);
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_ALL, "world", "anyone");
    for (int i = 0; i < PARENTS; i++) {
        char path[16];
        snprintf(path, sizeof path, "/p%d", i);
        assert_int_equal(apply_create(tree, path, NULL, &acl, 0, -1, 0, 0), 0);
    }
    jute_done(&zk_acl_list_record, &acl);
    return tree;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static struct buf *bytes_of(struct data_tree *tree)
{
    struct buf *bytes = buf_new(4096);
    struct jute_out out = jute_out_of_buf(bytes);
    data_tree_serialize(tree, &out);
    assert_int_equal(jute_out_flush(&out), 0);
    return bytes;
}

static struct data_tree *tree_of(struct zk_context *ctx, const struct buf *bytes)
{
    struct data_tree *tree = NULL;
    struct jute_in in = jute_in_of_bytes(ctx, bytes->bytes, bytes->length);
    assert_int_equal(data_tree_deserialize(ctx, &in, &tree), 0);
    return tree;
}

/* The same nodes with the same data and the same numbers. */
static void assert_same_content(struct data_tree *expected, struct data_tree *actual)
{
    assert_int_equal(data_tree_get_node_count(actual), data_tree_get_node_count(expected));
    assert_true(data_tree_get_tree_digest(actual) == data_tree_get_tree_digest(expected));
    for (size_t i = 0; i < expected->nodes.slot_count; i++) {
        const struct data_node *node = expected->nodes.slots[i].node;
        if (node == NULL)
            continue;
        const struct data_node *other = data_tree_get_node_locked(actual, node->path);
        assert_non_null(other);
        assert_int_equal(data_node_child_count(other), data_node_child_count(node));
        assert_true(other->stat.czxid == node->stat.czxid);
        assert_true(other->stat.mzxid == node->stat.mzxid);
        assert_true(other->stat.pzxid == node->stat.pzxid);
        assert_int_equal(other->stat.version, node->stat.version);
        assert_int_equal(other->stat.cversion, node->stat.cversion);
        assert_int_equal(other->data_length, node->data_length);
        assert_memory_equal(data_node_data(other), data_node_data(node), data_node_data_size(node));
    }
}

/* ---- one thread: writes between any two nodes ------------------------------------------------ */

/* An output cannot call back, so the writes come from a second thread, but the snapshot is written
 * so often that they fall between all its steps. */
struct writer {
    struct data_tree *tree;
    int64_t last;
};

static void writer_run(void *arg)
{
    struct writer *writer = arg;
    for (int64_t zxid = 1; zxid <= writer->last; zxid++) {
        logged[zxid] = makes_sense(writer->tree, zxid);
        if (logged[zxid])
            zk_assert(apply(writer->tree, zxid) == 0);
    }
}

/* PER-09 */
static void a_snapshot_under_writes_and_its_replay_are_the_tree(void **state)
{
    (void)state;
    enum { LAST = LAST_MAX, SNAPSHOTS_MAX = TEST_AMOUNT(400, 100) };
    struct zk_context *ctx = test_context();
    struct data_tree *tree = tree_with_parents(ctx);
    struct writer writer = {.tree = tree, .last = LAST};
    struct zk_thread_group *group = zk_thread_group_new(ctx);
    assert_int_equal(zk_thread_group_start(group, writer_run, &writer, "writer"), 0);
    struct buf *snapshots[SNAPSHOTS_MAX];
    int64_t zxids[SNAPSHOTS_MAX];
    size_t count = 0;

    do {
        zxids[count] = data_tree_last_processed_zxid(tree);
        snapshots[count] = bytes_of(tree);
    } while (zxids[count++] < LAST && count < SNAPSHOTS_MAX);
    zk_thread_group_free(group);

    for (size_t i = 0; i < count; i++) {
        struct data_tree *restored = tree_of(ctx, snapshots[i]);
        replay(restored, zxids[i] + 1, LAST);
        assert_same_content(tree, restored);
        data_tree_unref(restored);
        buf_unref(snapshots[i]);
    }
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* ---- what a snapshot may still look at ------------------------------------------------------- */

/* For the sanitizers: nodes go while several snapshots hold them. */
static void snapshot_run(void *arg)
{
    for (int i = 0; i < 50; i++)
        buf_unref(bytes_of(arg));
}

static void nodes_are_removed_under_several_snapshots(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = tree_with_parents(ctx);
    struct zk_thread_group *group = zk_thread_group_new(ctx);
    for (int i = 0; i < 3; i++)
        assert_int_equal(zk_thread_group_start(group, snapshot_run, tree, "snapshot %d", i), 0);
    struct writer writer = {.tree = tree, .last = 10000};
    writer_run(&writer);
    zk_thread_group_free(group);
    assert_int_equal(tree->generations[0].count, 0);
    assert_int_equal(tree->generations[1].count, 0);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

struct slow_snapshot {
    struct data_tree *tree;
    int fd; /* a pipe, which is soon full */
};

static void slow_snapshot_run(void *arg)
{
    struct slow_snapshot *slow = arg;
    struct zk_output *output = zk_output_new_fd(slow->fd);
    struct jute_out out = jute_out_of(output);
    data_tree_serialize(slow->tree, &out);
    zk_assert(jute_out_flush(&out) == 0);
    zk_output_free(output);
    close(slow->fd);
}

static bool pipe_has_bytes(void *arg)
{
    int count = 0;
    return ioctl(*(int *)arg, FIONREAD, &count) == 0 && count > 0;
}

/* The first child fills the pipe; the second, whose parent is written already, goes meanwhile. */
static void a_node_that_goes_before_its_turn_is_not_written(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    struct zk_acl_list acl = {0};
    struct buf *large = buf_new(1 << 20);
    for (int i = 0; i < 1 << 20; i++)
        buf_put_byte(large, 'x');
    zk_acl_list_add(&acl, PERMS_ALL, "world", "anyone");
    assert_int_equal(apply_create(tree, "/a", large, &acl, 0, -1, 1, 0), 0);
    assert_int_equal(apply_create(tree, "/b", large, &acl, 0, -1, 2, 0), 0);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct slow_snapshot slow = {.tree = tree, .fd = ends[1]};
    struct zk_thread_group *group = zk_thread_group_new(ctx);
    assert_int_equal(zk_thread_group_start(group, slow_snapshot_run, &slow, "slow snapshot"), 0);
    test_await(pipe_has_bytes, &ends[0]);

    assert_int_equal(apply_delete(tree, "/b", 3), 0);

    struct zk_input *input = zk_input_new_fd(ends[0]);
    struct jute_in in = jute_in_of(ctx, input);
    struct data_tree *read = NULL;
    assert_int_equal(data_tree_deserialize(ctx, &in, &read), 0);
    zk_thread_group_free(group);
    assert_non_null(data_tree_get_node_locked(read, "/a"));
    assert_null(data_tree_get_node_locked(read, "/b"));
    data_tree_unref(read);
    zk_input_free(input);
    close(ends[0]);
    buf_unref(large);
    jute_done(&zk_acl_list_record, &acl);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* A tree that is replaced while it is written lives until that is done. */
static void a_tree_outlives_its_owner_for_a_snapshot(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = tree_with_parents(ctx);
    struct data_tree *writing = data_tree_ref(tree);
    data_tree_unref(tree);
    struct buf *bytes = bytes_of(writing);
    assert_true(bytes->length > 0);
    buf_unref(bytes);
    data_tree_unref(writing);
    zk_context_free(ctx);
}

/* ---- a stream that breaks -------------------------------------------------------------------- */

static void a_snapshot_that_cannot_be_written_keeps_nothing(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = tree_with_parents(ctx);
    writer_run(&(struct writer){.tree = tree, .last = 2000});
    struct zk_output *output = zk_output_new_fd(-7);
    struct jute_out out = jute_out_of(output);

    data_tree_serialize(tree, &out);

    assert_true(jute_out_flush(&out) < 0);
    assert_int_equal(tree->generations[0].pins, 0);
    assert_int_equal(tree->generations[1].pins, 0);
    zk_output_free(output);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static void creating_and_deleting_move_sums_and_versions_as_javas_do(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    uint64_t digest = data_tree_get_tree_digest(tree);
    int64_t size = data_tree_cached_approximate_data_size(tree);
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_ALL, "world", "anyone");
    struct buf *data = buf_new_copy("12345", 5);

    assert_int_equal(apply_create(tree, "/a", data, &acl, 0, -1, 3, 30), 0);
    assert_int_equal(apply_create(tree, "/a/e", data, &acl, 77, -1, 4, 40), 0);
    assert_int_equal(apply_create(tree, "/a", data, &acl, 0, -1, 5, 50), KEEPER_CODE_NODEEXISTS);
    assert_int_equal(apply_create(tree, "/x/y", data, &acl, 0, -1, 5, 50), KEEPER_CODE_NONODE);

    const struct data_node *root = data_tree_get_node_locked(tree, "/");
    const struct data_node *a = data_tree_get_node_locked(tree, "/a");
    assert_int_equal(root->stat.cversion, 2); /* a create that finds its node raises it, too */
    assert_true(root->stat.pzxid == 5 && a->stat.pzxid == 4 && a->stat.czxid == 3);
    assert_true(a->stat.ctime_ms == 30 && a->stat.mtime_ms == 30);
    assert_int_equal(data_tree_get_ephemerals_count(tree), 1);
    assert_int_equal(data_tree_cached_approximate_data_size(tree), size + 2 + 5 + 4 + 5);
    assert_true(data_tree_get_tree_digest(tree) != digest);

    assert_int_equal(apply_delete(tree, "/a/e", 6), 0);
    assert_true(a->stat.pzxid == 6);
    assert_int_equal(apply_delete(tree, "/a/e", 9), KEEPER_CODE_NONODE);
    assert_true(a->stat.pzxid == 9); /* a replay says what the parent has seen all the same */
    assert_int_equal(apply_delete(tree, "/a/e", 8), KEEPER_CODE_NONODE);
    assert_true(a->stat.pzxid == 9);
    assert_int_equal(data_tree_get_ephemerals_count(tree), 0);
    assert_int_equal(apply_delete(tree, "/a", 10), 0);
    assert_int_equal(apply_delete(tree, "/none/child", 10), KEEPER_CODE_NONODE);
    assert_int_equal(data_tree_cached_approximate_data_size(tree), size);
    assert_int_equal(data_tree_get_node_count(tree), 5);

    buf_unref(data);
    jute_done(&zk_acl_list_record, &acl);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* An ACL is kept as long as a node has it, and not in the snapshots of all time. */
static void the_last_node_of_an_acl_takes_it_along(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_ALL, "ip", "10.0.0.1");
    assert_int_equal(apply_create(tree, "/a", NULL, &acl, 0, -1, 1, 0), 0);
    assert_int_equal(apply_create(tree, "/b", NULL, &acl, 0, -1, 2, 0), 0);
    assert_int_equal(tree->acl_cache.lists.count, 2); /* and the configuration's */
    assert_int_equal(apply_delete(tree, "/a", 3), 0);
    assert_int_equal(tree->acl_cache.lists.count, 2);
    assert_int_equal(apply_delete(tree, "/b", 4), 0);
    assert_int_equal(tree->acl_cache.lists.count, 1);
    jute_done(&zk_acl_list_record, &acl);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* A replay over a snapshot that has seen more must not take the parent back. */
static void an_older_creation_does_not_take_back_the_parents_version(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_ALL, "world", "anyone");
    assert_int_equal(apply_create(tree, "/new", NULL, &acl, 0, 9, 90, 0), 0);

    assert_int_equal(apply_create(tree, "/old", NULL, &acl, 0, 4, 40, 0), 0);

    const struct data_node *root = data_tree_get_node_locked(tree, "/");
    assert_int_equal(root->stat.cversion, 9);
    assert_true(root->stat.pzxid == 90);
    jute_done(&zk_acl_list_record, &acl);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* The table of the paths keeps every node findable, whichever neighbours go. */
static void what_remains_is_found_whatever_goes(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_ALL, "world", "anyone");
    char path[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "/n%d", i);
        assert_int_equal(apply_create(tree, path, NULL, &acl, 0, -1, 1, 0), 0);
    }
    for (int i = 0; i < COUNT; i += 3) {
        snprintf(path, sizeof path, "/n%d", i);
        assert_int_equal(apply_delete(tree, path, 2), 0);
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "/n%d", i);
        assert_true((data_tree_get_node_locked(tree, path) != NULL) == (i % 3 != 0));
    }
    assert_int_equal(data_node_child_count(data_tree_get_node_locked(tree, "/")), 1 + 2000);
    jute_done(&zk_acl_list_record, &acl);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* Java's table of children does not shrink: after 1000 have come and gone, five stand in another
 * order than five that are alone. And it is the order of insertion that decides within a bucket. */
static void children_that_have_gone_still_decide_the_order(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    struct zk_acl_list acl = {0};
    zk_acl_list_add(&acl, PERMS_ALL, "world", "anyone");
    assert_int_equal(apply_create(tree, "/p", NULL, &acl, 0, -1, 1, 0), 0);
    char path[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof path, "/p/x%d", i);
        assert_int_equal(apply_create(tree, path, NULL, &acl, 0, -1, 1, 0), 0);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof path, "/p/x%d", i);
        assert_int_equal(apply_delete(tree, path, 1), 0);
    }
    /* hashes: "b" 98, "i" 105, "a" 97, "aa" 3104; in a table of 2048 in that order: 97, 98, 105,
     * 1056; in one of 8: 105 & 7 = 1, 97 & 7 = 1, 98 & 7 = 2, 3104 & 7 = 0 */
    static const char *const names[] = {"/p/aa", "/p/b", "/p/i", "/p/a"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(apply_create(tree, names[i], NULL, &acl, 0, -1, 1, 0), 0);

    struct data_node_list children = data_node_get_children(data_tree_get_node_locked(tree, "/p"));
    data_node_list_sort(&children);

    static const char *const expected[] = {"a", "b", "i", "aa"};
    assert_int_equal(children.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(data_node_name(children.items[i]), expected[i]);
    free(children.items);
    jute_done(&zk_acl_list_record, &acl);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_under_writes_and_its_replay_are_the_tree),
        cmocka_unit_test(nodes_are_removed_under_several_snapshots),
        cmocka_unit_test(a_node_that_goes_before_its_turn_is_not_written),
        cmocka_unit_test(the_last_node_of_an_acl_takes_it_along),
        cmocka_unit_test(a_tree_outlives_its_owner_for_a_snapshot),
        cmocka_unit_test(a_snapshot_that_cannot_be_written_keeps_nothing),
        cmocka_unit_test(creating_and_deleting_move_sums_and_versions_as_javas_do),
        cmocka_unit_test(an_older_creation_does_not_take_back_the_parents_version),
        cmocka_unit_test(what_remains_is_found_whatever_goes),
        cmocka_unit_test(children_that_have_gone_still_decide_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
