/* The tree: fresh, changed, as bytes and back. Java: DataTreeTest, ReferenceCountedACLCacheTest */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "golden.h"
#include "tree/data_tree_internal.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/runtime/settings.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

static const char BEN_WAS_HERE[] = "\0\0\0\nBenWasHere";
enum { BEN_WAS_HERE_LENGTH = 14 };

static struct data_node *node_at(struct data_tree *tree, const char *path)
{
    zk_mutex_lock(&tree->mu);
    struct data_node *node = data_tree_get_node_locked(tree, path);
    zk_mutex_unlock(&tree->mu);
    return node;
}

/* It stays the tree's. */
static const struct zk_acl_list *acl_of(struct data_tree *tree, const struct data_node *node)
{
    struct shared_acl *acl = acl_cache_convert_long(&tree->acl_cache, node->acl);
    shared_acl_unref(acl);
    return acl != NULL ? &acl->list : NULL;
}

/* ---- helpers: bodies as bytes ---- */

static struct buf *body_of(struct data_tree *tree, const struct session_timeouts *sessions)
{
    struct buf *body = buf_new(256);
    struct jute_out out = jute_out_of_buf(body);
    serialize_snapshot(tree, sessions, &out);
    assert_int_equal(jute_out_flush(&out), 0);
    return body;
}

static int read_body(struct zk_context *ctx, const void *bytes, size_t length,
                     struct data_tree **ret_tree, struct session_timeouts *ret_sessions)
{
    struct jute_in in = jute_in_of_bytes(ctx, bytes, length);
    return deserialize_snapshot(ctx, &in, ret_tree, ret_sessions);
}

/* A body by hand: no sessions, then what the test adds. */
struct body {
    struct buf *bytes;
    struct jute_out out;
};

static struct body body_new(int32_t acl_count)
{
    struct body body = {.bytes = buf_new(256)};
    body.out = jute_out_of_buf(body.bytes);
    jute_out_int(&body.out, 0);
    jute_out_int(&body.out, acl_count);
    return body;
}

static void body_add_acl(struct body *body, int64_t id, const char *who)
{
    struct zk_acl_list list = {0};
    zk_acl_list_add(&list, PERMS_ALL, "ip", who);
    jute_out_long(&body->out, id);
    jute_write(&body->out, &zk_acl_list_record, &list);
    jute_done(&zk_acl_list_record, &list);
}

static void body_add_node(struct body *body, const char *path, int64_t acl, int64_t owner)
{
    struct stat_persisted stat = {.czxid = 9, .ephemeral_owner = owner};
    jute_out_string(&body->out, path);
    jute_out_buffer(&body->out, NULL);
    jute_out_long(&body->out, acl);
    jute_write(&body->out, &stat_persisted_record, &stat);
}

/* Ends and reads it. NULL: it was refused as malformed. */
static struct data_tree *body_read(struct zk_context *ctx, struct body *body)
{
    struct data_tree *tree = NULL;
    struct session_timeouts sessions;
    jute_out_string(&body->out, "/");
    assert_int_equal(jute_out_flush(&body->out), 0);
    int r = read_body(ctx, body->bytes->bytes, body->bytes->length, &tree, &sessions);
    assert_int_equal(r, tree ? 0 : -EPROTO);
    buf_unref(body->bytes);
    return tree;
}

/* ---- a fresh tree ---- */

static void a_fresh_tree_has_javas_nodes_and_digest(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);

    assert_int_equal(data_tree_get_node_count(tree), 5);
    assert_int_equal(data_tree_get_tree_digest(tree), 1371985504);
    assert_int_equal(data_tree_get_ephemerals_count(tree), 0);
    assert_int_equal(data_tree_last_processed_zxid(tree), 0);
    assert_ptr_equal(node_at(tree, "/"), node_at(tree, ""));
    assert_non_null(node_at(tree, "/zookeeper"));
    assert_non_null(node_at(tree, "/zookeeper/quota"));
    assert_null(node_at(tree, "/zookeeper/"));
    struct zxid_digest digest = data_tree_last_processed_zxid_digest(tree);
    assert_true(digest.zxid == 0 && digest.version == 2 && digest.digest == 0);

    data_tree_unref(tree);
    zk_context_free(ctx);
}

static void everybody_may_read_the_config_node(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    const struct data_node *config = node_at(tree, CONFIG_NODE);

    const struct zk_acl_list *acl = acl_of(tree, config);
    assert_int_equal(config->acl, 1);
    assert_int_equal(config->stat.aversion, -1);
    assert_int_equal(acl->count, 1);
    assert_int_equal(acl->items[0].perms, PERMS_READ);
    assert_string_equal(acl->items[0].id.scheme.text, "world");
    assert_int_equal(acl_of(tree, node_at(tree, "/zookeeper"))->items[0].perms, PERMS_ALL);

    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* mntr of a Java follower with the same configuration says 5 and 182 (tests/golden/4lw). */
static void sizes_count_the_root_twice_like_javas(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    assert_int_equal(data_tree_cached_approximate_data_size(tree), 44);
    struct buf *data = buf_new(138);
    for (int i = 0; i < 138; i++)
        buf_put_byte(data, 'x');

    assert_int_equal(data_tree_set_data(tree, CONFIG_NODE, data, -1, 0, 5), 0);

    assert_int_equal(data_tree_cached_approximate_data_size(tree), 182);
    assert_int_equal(data_tree_get_node_count(tree), 5);
    buf_unref(data);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* Java counts UTF-16 units: one for an umlaut, two for what lies beyond the first plane. */
static void sizes_count_paths_in_javas_characters(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct body body = body_new(0);
    body_add_node(&body, "", -1, 0);
    body_add_node(&body, "/\xc3\xbc", -1, 0);
    body_add_node(&body, "/\xf0\x9f\x98\x80", -1, 0);
    struct data_tree *tree = body_read(ctx, &body);
    assert_int_equal(data_tree_cached_approximate_data_size(tree), 1 + 2 + 3);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

static void setting_data_changes_the_digest_outside_of_zookeeper_only(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    struct buf *data = buf_new_copy("abc", 3);

    assert_int_equal(data_tree_set_data(tree, CONFIG_NODE, data, 1, 2, 3), 0);
    assert_int_equal(data_tree_get_tree_digest(tree), 1371985504);
    assert_int_equal(data_tree_set_data(tree, "/", data, 1, 2, 3), 0);
    assert_int_not_equal(data_tree_get_tree_digest(tree), 1371985504);
    struct buf *empty = buf_new(0);
    assert_int_equal(data_tree_set_data(tree, "/", empty, 0, 0, 0), 0);
    assert_int_equal(data_tree_get_tree_digest(tree), 1371985504);
    assert_int_equal(data_tree_set_data(tree, "/none", data, 1, 2, 3), -ENOENT);

    buf_unref(empty);
    buf_unref(data);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* ---- Java's bytes ---- */

/* SYN-01, the image: what a Java leader sends behind SNAP is read, and ours would be the same. */
static void syn_01_the_body_of_an_empty_tree_is_javas(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct buf *golden = golden_read("snap_body_empty_tree");
    struct data_tree *tree;
    struct session_timeouts sessions;
    assert_int_equal(
        read_body(ctx, golden->bytes, golden->length - BEN_WAS_HERE_LENGTH, &tree, &sessions), 0);
    const struct data_node *config = node_at(tree, CONFIG_NODE);

    struct data_tree *own = data_tree_new(ctx);
    struct buf *data = data_node_get_data(config);
    assert_int_equal(data_tree_set_data(own, CONFIG_NODE, data, -1, 0, config->stat.mtime_ms), 0);
    buf_unref(data);
    struct buf *body = body_of(own, &sessions);
    buf_put_bytes(body, BEN_WAS_HERE, BEN_WAS_HERE_LENGTH);
    golden_assert_equal("snap_body_empty_tree", body->bytes, body->length);

    assert_int_equal(sessions.count, 0);
    assert_int_equal(data_tree_get_tree_digest(tree), data_tree_get_tree_digest(own));
    buf_unref(body);
    session_timeouts_done(&sessions);
    data_tree_unref(own);
    data_tree_unref(tree);
    buf_unref(golden);
    zk_context_free(ctx);
}

static void every_prefix_of_a_body_fails_cleanly(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct buf *golden = golden_read("snap_body_empty_tree");
    for (size_t length = 0; length < golden->length - BEN_WAS_HERE_LENGTH; length++) {
        struct data_tree *tree = NULL;
        struct session_timeouts sessions;
        assert_int_equal(read_body(ctx, golden->bytes, length, &tree, &sessions), -EPIPE);
        assert_null(tree);
    }
    buf_unref(golden);
    zk_context_free(ctx);
}

/* Every bit once, and then many bytes at a time by a fixed row of numbers: never a crash, and what
 * is read can be written and read again. */
static void any_damage_to_a_body_is_survived(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct buf *golden = golden_read("snap_body_empty_tree");
    uint32_t random = 12345;
    size_t read = 0;
    for (size_t round = 0; round < 8 * golden->length + 3000; round++) {
        struct buf *body = buf_new_copy(golden->bytes, golden->length);
        if (round < 8 * golden->length)
            body->bytes[round / 8] ^= (uint8_t)(1 << round % 8);
        for (size_t i = 0; round >= 8 * golden->length && i < 1 + round % 7; i++) {
            random = random * 1664525 + 1013904223;
            body->bytes[random % golden->length] = (uint8_t)(random >> 24);
        }
        struct data_tree *tree = NULL;
        struct session_timeouts sessions;
        int r = read_body(ctx, body->bytes, body->length, &tree, &sessions);
        assert_true(r == 0 || r == -EPROTO || r == -EPIPE);
        if (r == 0) {
            read++;
            struct buf *again = body_of(tree, &sessions);
            assert_true(again->length <= body->length);
            buf_unref(again);
            session_timeouts_done(&sessions);
            data_tree_unref(tree);
        }
        buf_unref(body);
    }
    assert_true(read > 0);
    buf_unref(golden);
    zk_context_free(ctx);
}

/* ---- what a body can hold ---- */

static void a_body_is_written_as_it_was_read(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct body body = body_new(2);
    body_add_acl(&body, 2, "10.0.0.1");
    body_add_acl(&body, 7, "10.0.0.2");
    body_add_node(&body, "", -1, 0);
    body_add_node(&body, "/a", 7, 0);
    body_add_node(&body, "/a/x", 2, INT64_C(0x100000000000001));
    body_add_node(&body, "/b", 2, 0);
    struct buf *bytes = buf_ref(body.bytes);

    struct data_tree *tree = body_read(ctx, &body);
    assert_non_null(tree);
    struct buf *again = body_of(tree, &(struct session_timeouts){0});

    assert_int_equal(again->length, bytes->length);
    assert_memory_equal(again->bytes, bytes->bytes, bytes->length);
    assert_int_equal(data_tree_get_node_count(tree), 5);
    assert_int_equal(data_tree_get_ephemerals_count(tree), 1);
    assert_int_equal(node_at(tree, "/a/x")->data_length, -1);
    assert_string_equal(acl_of(tree, node_at(tree, "/a"))->items[0].id.id.text, "10.0.0.2");
    buf_unref(again);
    buf_unref(bytes);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

static void children_are_written_in_the_order_of_javas_hash_set(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    /* By their hashes in a table of 8: "b" 98 & 7 = 2, "a" 97 & 7 = 1, "h" 104 & 7 = 0, "i" 105 & 7
     * = 1. */
    struct body body = body_new(0);
    body_add_node(&body, "", -1, 0);
    body_add_node(&body, "/b", -1, 0);
    body_add_node(&body, "/i", -1, 0);
    body_add_node(&body, "/a", -1, 0);
    body_add_node(&body, "/h", -1, 0);
    struct data_tree *tree = body_read(ctx, &body);

    struct data_node_list children = data_node_get_children(node_at(tree, ""));
    data_node_list_sort(&children);

    const char *expected[] = {"h", "i", "a", "b"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(data_node_name(children.items[i]), expected[i]);
    free(children.items);
    assert_null(data_node_get_children(node_at(tree, "/a")).items);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

static void acls_without_a_node_are_dropped(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct body body = body_new(3);
    body_add_acl(&body, 1, "10.0.0.1");
    body_add_acl(&body, 2, "10.0.0.2");
    body_add_acl(&body, 3, "10.0.0.3");
    body_add_node(&body, "", 2, 0);
    struct data_tree *tree = body_read(ctx, &body);

    struct buf *again = body_of(tree, &(struct session_timeouts){0});

    assert_int_equal(zk_load_int(again->bytes + 4), 1);
    assert_true(zk_load_long(again->bytes + 8) == 2);
    buf_unref(again);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

static void a_snapshot_without_config_node_gets_one(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct body body = body_new(0);
    body_add_node(&body, "", -1, 0);
    body_add_node(&body, "/zookeeper", -1, 0);
    struct data_tree *tree = body_read(ctx, &body);
    assert_null(node_at(tree, CONFIG_NODE));

    assert_true(data_tree_add_config_node(tree));
    assert_false(data_tree_add_config_node(tree));

    assert_non_null(node_at(tree, CONFIG_NODE));
    assert_int_equal(data_node_child_count(node_at(tree, "/zookeeper")), 1);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* 0x8000000000000000 marks a container; 0xff.. marks a TTL, if the setting allows such nodes. */
static void only_sessions_own_ephemerals(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    for (int extended = 0; extended < 2; extended++) {
        if (extended)
            zk_settings_set(ctx, "zookeeper.extendedTypesEnabled", "true");
        struct body body = body_new(0);
        body_add_node(&body, "", -1, 0);
        body_add_node(&body, "/container", -1, INT64_MIN);
        body_add_node(&body, "/ttl", -1, (int64_t)UINT64_C(0xff00000000001000));
        body_add_node(&body, "/session", -1, INT64_C(0x300000a4d190000));
        struct data_tree *tree = body_read(ctx, &body);
        assert_int_equal(data_tree_get_ephemerals_count(tree), extended ? 1 : 2);
        data_tree_unref(tree);
    }
    zk_context_free(ctx);
}

/* D-40 */
static void bodies_that_are_no_tree_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {NULL},                 /* no root */
        {"/a", NULL},           /* no root before it */
        {"", "/a/b", NULL},     /* no parent */
        {"", "a", NULL},        /* hangs on nothing */
        {"", "/a", "/a", NULL}, /* twice */
        {"", "", NULL},         /* two roots */
        {"", "//", NULL},       /* "/" is only a nickname */
        {"", "/a/", NULL},      /* its parent did not come */
    };
    struct zk_context *ctx = test_context();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct body body = body_new(0);
        for (size_t j = 0; j < 4 && cases[i][j]; j++)
            body_add_node(&body, cases[i][j], -1, 0);
        assert_null(body_read(ctx, &body));
    }
    zk_context_free(ctx);
}

/* Nodes are hung into the tree some at a time. */
static void the_first_mistake_of_a_body_counts(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct data_tree *tree = NULL;
    struct session_timeouts sessions;
    struct body body = body_new(0);
    body_add_node(&body, "", -1, 0);
    body_add_node(&body, "/a/without", -1, 0);
    body_add_node(&body, "/b", -1, 0);
    assert_int_equal(read_body(ctx, body.bytes->bytes, body.bytes->length, &tree, &sessions),
                     -EPROTO);
    assert_null(tree);
    buf_unref(body.bytes);
    zk_context_free(ctx);
}

static void paths_of_a_body_are_read_as_java_reads_them(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct body body = body_new(0);
    body_add_node(&body, "", -1, 0);
    body_add_node(&body, "/\xff", -1, 0);
    body_add_node(&body, "/\xff/plain", -1, 0);
    body_add_node(&body, "/plain", -1, 0);
    struct data_tree *tree = body_read(ctx, &body);
    assert_non_null(tree);
    assert_non_null(node_at(tree, "/\xef\xbf\xbd"));
    assert_non_null(node_at(tree, "/\xef\xbf\xbd/plain"));
    assert_non_null(node_at(tree, "/plain"));
    data_tree_unref(tree);
    zk_context_free(ctx);
}

static void a_null_path_is_refused(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct body body = body_new(0);
    body_add_node(&body, "", -1, 0);
    jute_out_string(&body.out, NULL);
    assert_null(body_read(ctx, &body));
    zk_context_free(ctx);
}

/* A recursion per level would need more stack than a thread of ours has. */
static void a_deep_tree_needs_no_deep_stack(void **state)
{
    (void)state;
    enum { DEPTH = 3000 };
    struct zk_context *ctx = test_context();
    struct body body = body_new(0);
    char *path = calloc(1, 2 * DEPTH + 1);
    body_add_node(&body, path, -1, 0);
    for (size_t i = 0; i < DEPTH; i++) {
        memcpy(path + 2 * i, "/x", 2);
        body_add_node(&body, path, -1, 0);
    }
    struct buf *bytes = buf_ref(body.bytes);
    struct data_tree *tree = body_read(ctx, &body);

    struct buf *again = body_of(tree, &(struct session_timeouts){0});

    assert_int_equal(again->length, bytes->length);
    assert_memory_equal(again->bytes, bytes->bytes, bytes->length);
    buf_unref(again);
    buf_unref(bytes);
    data_tree_unref(tree);
    free(path);
    zk_context_free(ctx);
}

static void ten_thousand_children_are_all_found(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    struct zk_context *ctx = test_context();
    struct body body = body_new(0);
    body_add_node(&body, "", -1, 0);
    for (int i = 0; i < COUNT; i++) {
        char path[32];
        snprintf(path, sizeof path, "/n%d", i);
        body_add_node(&body, path, -1, 0);
    }
    struct data_tree *tree = body_read(ctx, &body);

    for (int i = 0; i < COUNT; i++) {
        char path[32];
        snprintf(path, sizeof path, "/n%d", i);
        assert_string_equal(node_at(tree, path)->path, path);
    }
    assert_int_equal(data_tree_get_node_count(tree), COUNT + 2);
    assert_null(node_at(tree, "/n10000"));
    struct buf *again = body_of(tree, &(struct session_timeouts){0});
    struct data_tree *second;
    struct session_timeouts sessions;
    assert_int_equal(read_body(ctx, again->bytes, again->length, &second, &sessions), 0);
    assert_int_equal(data_tree_get_tree_digest(second), data_tree_get_tree_digest(tree));

    session_timeouts_done(&sessions);
    data_tree_unref(second);
    buf_unref(again);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* ---- sessions ---- */

static void sessions_of_a_body_are_sorted_and_their_duplicates_go(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct buf *body = buf_new(256);
    struct jute_out out = jute_out_of_buf(body);
    static const int64_t ids[] = {9, 2, 9, -1, 4};
    jute_out_int(&out, 5);
    for (int32_t i = 0; i < 5; i++) {
        jute_out_long(&out, ids[i]);
        jute_out_int(&out, 100 + i);
    }
    struct data_tree *fresh = data_tree_new(ctx);
    data_tree_serialize(fresh, &out);
    assert_int_equal(jute_out_flush(&out), 0);

    struct data_tree *tree;
    struct session_timeouts sessions;
    assert_int_equal(read_body(ctx, body->bytes, body->length, &tree, &sessions), 0);

    assert_int_equal(sessions.count, 4);
    assert_true(sessions.items[0].session == -1 && sessions.items[1].session == 2 &&
                sessions.items[2].session == 4 && sessions.items[3].session == 9);
    assert_int_equal(sessions.items[3].timeout_ms, 102);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    data_tree_unref(fresh);
    buf_unref(body);
    zk_context_free(ctx);
}

/* ---- the ACL cache ---- */

static void equal_acls_share_a_number_until_nobody_uses_it(void **state)
{
    (void)state;
    struct acl_cache cache = {0};
    struct zk_acl_list a = {0};
    struct zk_acl_list b = {0};
    zk_acl_list_add(&a, PERMS_ALL, "world", "anyone");
    zk_acl_list_add(&b, PERMS_READ, "world", "anyone");

    assert_int_equal(acl_cache_convert_acls(&cache, &a), 1);
    assert_int_equal(acl_cache_convert_acls(&cache, &b), 2);
    assert_int_equal(acl_cache_convert_acls(&cache, &a), 1);
    acl_cache_remove_usage(&cache, 1);
    struct shared_acl *read = acl_cache_convert_long(&cache, 1);
    assert_true(jute_equal(&zk_acl_list_record, &read->list, &a));
    shared_acl_unref(read);
    acl_cache_remove_usage(&cache, 1);
    assert_null(acl_cache_convert_long(&cache, 1));
    assert_int_equal(acl_cache_convert_acls(&cache, &a), 3);
    acl_cache_remove_usage(&cache, 99);
    acl_cache_add_usage(&cache, 99);
    acl_cache_remove_usage(&cache, ACL_CACHE_OPEN_UNSAFE);

    acl_cache_done(&cache);
    jute_done(&zk_acl_list_record, &a);
    jute_done(&zk_acl_list_record, &b);
}

/* FNV-1a over the parts of an ACL, as acl_cache might do it without a key. */
static uint64_t hash_without_key(int32_t perms, const char *id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    char bytes[sizeof perms + 32];
    memcpy(bytes, &perms, sizeof perms);
    zk_text_printf(bytes + sizeof perms, sizeof bytes - sizeof perms, "ip%s", id);
    size_t length = sizeof perms + strlen(bytes + sizeof perms);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* 1,000 lists stand in 4,096 buckets; a bucket of more than 16 comes about by chance less than once
 * in 10^20 runs. */
static void chosen_acls_do_not_stand_in_one_bucket(void **state)
{
    enum { LISTS = 1000, BUCKETS = 4096, LONGEST = 16 };
    struct zk_context *ctx = test_context();
    struct data_tree *tree = data_tree_new(ctx);
    struct acl_cache *cache = &tree->acl_cache;
    int count = 0;
    for (unsigned number = 0; count < LISTS; number++) {
        char id[16];
        zk_text_printf(id, sizeof id, "%u", number);
        if (hash_without_key(PERMS_ALL, id) % BUCKETS != 0)
            continue;
        struct zk_acl_list list = {0};
        zk_acl_list_add(&list, PERMS_ALL, "ip", id);
        acl_cache_convert_acls(cache, &list);
        jute_done(&zk_acl_list_record, &list);
        count++;
    }
    assert_int_equal(cache->bucket_count, BUCKETS);
    for (size_t i = 0; i < cache->bucket_count; i++) {
        int chain = 0;
        for (const struct acl_cache_entry *entry = cache->buckets[i]; entry != NULL;
             entry = entry->next)
            chain++;
        assert_in_range(chain, 0, LONGEST);
    }
    data_tree_unref(tree);
    zk_context_free(ctx);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_tree_has_javas_nodes_and_digest),
        cmocka_unit_test(everybody_may_read_the_config_node),
        cmocka_unit_test(sizes_count_the_root_twice_like_javas),
        cmocka_unit_test(sizes_count_paths_in_javas_characters),
        cmocka_unit_test(setting_data_changes_the_digest_outside_of_zookeeper_only),
        cmocka_unit_test(syn_01_the_body_of_an_empty_tree_is_javas),
        cmocka_unit_test(every_prefix_of_a_body_fails_cleanly),
        cmocka_unit_test(any_damage_to_a_body_is_survived),
        cmocka_unit_test(a_body_is_written_as_it_was_read),
        cmocka_unit_test(children_are_written_in_the_order_of_javas_hash_set),
        cmocka_unit_test(acls_without_a_node_are_dropped),
        cmocka_unit_test(a_snapshot_without_config_node_gets_one),
        cmocka_unit_test(only_sessions_own_ephemerals),
        cmocka_unit_test(bodies_that_are_no_tree_are_refused),
        cmocka_unit_test(the_first_mistake_of_a_body_counts),
        cmocka_unit_test(paths_of_a_body_are_read_as_java_reads_them),
        cmocka_unit_test(a_null_path_is_refused),
        cmocka_unit_test(a_deep_tree_needs_no_deep_stack),
        cmocka_unit_test(ten_thousand_children_are_all_found),
        cmocka_unit_test(sessions_of_a_body_are_sorted_and_their_duplicates_go),
        cmocka_unit_test(equal_acls_share_a_number_until_nobody_uses_it),
        cmocka_unit_test(chosen_acls_do_not_stand_in_one_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
