/* Transactions of every type, applied to a tree; a log that Java wrote, with the digest behind each
 * transaction and the snapshot at its end. Java: DataTreeTest, TxnLogDigestTest */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "golden.h"
#include "transactions.h"
#include "tree/data_tree_internal.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/persistence/serialize_utils.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

/* ---- a stage --------------------------------------------------------------------------------- */

/* A tree with /a, which transaction 1 has created. */
struct stage {
    struct zk_context *ctx;
    struct data_tree *tree;
    struct zk_acl_list open;
    struct buf *five; /* "12345" */
};

static struct stage stage_new(void)
{
    struct stage stage = {.ctx = test_context(), .five = buf_new_copy("12345", 5)};
    zk_settings_set(stage.ctx, "zookeeper.extendedTypesEnabled", "true");
    zk_acl_list_add(&stage.open, PERMS_ALL, "world", "anyone");
    stage.tree = data_tree_new(stage.ctx);
    assert_int_equal(apply_create(stage.tree, "/a", stage.five, &stage.open, 0, -1, 1, 10), 0);
    return stage;
}

static void stage_done(struct stage *stage)
{
    data_tree_unref(stage->tree);
    jute_done(&zk_acl_list_record, &stage->open);
    buf_unref(stage->five);
    zk_context_free(stage->ctx);
}

static const struct data_node *node_at(const struct stage *stage, const char *path)
{
    return data_tree_get_node_locked(stage->tree, path);
}

/* Apply a record, which is used up; the caller ends the result. The path in it is gone. */
static struct process_txn_result process(const struct stage *stage, int64_t zxid, int32_t type,
                                         int64_t client_id, union txn_record record)
{
    struct process_txn_result result;
    struct txn_log_entry *entry = txn_at(zxid, type, client_id, &record);
    data_tree_process_txn(stage->tree, entry, &result);
    assert_true(result.zxid == zxid);
    assert_true(result.client_id == client_id);
    assert_int_equal(result.type, type);
    txn_log_entry_unref(entry);
    result.path = NULL;
    return result;
}

static void assert_data(const struct stage *stage, const char *path, const char *text)
{
    const struct data_node *node = node_at(stage, path);
    assert_non_null(node);
    assert_int_equal(node->data_length, strlen(text));
    assert_memory_equal(data_node_data(node), text, strlen(text));
}

/* ---- one type after the other ---------------------------------------------------------------- */

static void create_makes_a_node_and_tells_no_stat(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    struct process_txn_result result = process(
        &stage, 7, OP_CODE_CREATE, 77, create_record("/a/b", stage.five, &stage.open, true, 4));
    const struct stat_persisted *stat = &node_at(&stage, "/a/b")->stat;
    assert_int_equal(result.err, KEEPER_CODE_OK);
    assert_false(result.has_stat);
    assert_true(stat->czxid == 7 && stat->mzxid == 7 && stat->pzxid == 7);
    assert_true(stat->ctime_ms == 70 && stat->mtime_ms == 70 && stat->ephemeral_owner == 77);
    assert_int_equal(node_at(&stage, "/a")->stat.cversion, 4);
    assert_true(node_at(&stage, "/a")->stat.pzxid == 7);
    assert_true(data_tree_last_processed_zxid(stage.tree) == 7);
    process_txn_result_done(&result);
    stage_done(&stage);
}

static void create2_tells_the_stat_that_clients_see(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    struct process_txn_result result = process(
        &stage, 7, OP_CODE_CREATE2, 77, create_record("/a/b", stage.five, &stage.open, true, 1));
    assert_true(result.has_stat);
    assert_true(result.stat.czxid == 7 && result.stat.ephemeral_owner == 77);
    assert_int_equal(result.stat.data_length, 5);
    assert_int_equal(result.stat.num_children, 0);
    process_txn_result_done(&result);
    stage_done(&stage);
}

static void the_owners_of_containers_and_ttls_are_marks_that_clients_do_not_see(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    union txn_record ttl = {.create_ttl = {.path = ustring_of("/a/ttl"), .ttl = 1000}};
    union txn_record container = {.create_container = {.path = ustring_of("/a/box")}};

    struct process_txn_result result = process(&stage, 2, OP_CODE_CREATE_TTL, 5, ttl);
    assert_true(result.has_stat && result.stat.ephemeral_owner == 0);
    process_txn_result_done(&result);
    result = process(&stage, 3, OP_CODE_CREATE_CONTAINER, 5, container);
    assert_true(result.has_stat && result.stat.ephemeral_owner == 0);
    process_txn_result_done(&result);

    assert_true((uint64_t)node_at(&stage, "/a/ttl")->stat.ephemeral_owner ==
                UINT64_C(0xff000000000003e8));
    assert_true(node_at(&stage, "/a/box")->stat.ephemeral_owner == INT64_MIN);
    assert_int_equal(node_at(&stage, "/a/box")->acl, -1); /* of a null list */
    assert_int_equal(stage.tree->ttls.count, 1);
    assert_int_equal(stage.tree->containers.count, 1);
    assert_int_equal(data_tree_get_ephemerals_count(stage.tree), 0);

    assert_int_equal(
        apply_record(stage.tree, 4, OP_CODE_DELETE_CONTAINER, 0, delete_record("/a/box")),
        KEEPER_CODE_OK);
    assert_int_equal(apply_delete(stage.tree, "/a/ttl", 5), KEEPER_CODE_OK);
    assert_int_equal(stage.tree->ttls.count, 0);
    assert_int_equal(stage.tree->containers.count, 0);
    stage_done(&stage);
}

static void set_data_takes_the_version_of_the_transaction(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    struct process_txn_result result =
        process(&stage, 9, OP_CODE_SET_DATA, 0, set_data_record("/a", NULL, 8));
    assert_true(result.has_stat && result.stat.version == 8 && result.stat.mzxid == 9);
    assert_true(result.stat.czxid == 1 && result.stat.mtime_ms == 90);
    assert_int_equal(result.stat.data_length, 0);
    assert_int_equal(node_at(&stage, "/a")->data_length, -1);
    process_txn_result_done(&result);
    assert_int_equal(
        apply_record(stage.tree, 10, OP_CODE_RECONFIG, 0, set_data_record(CONFIG_NODE, NULL, 3)),
        KEEPER_CODE_OK);
    assert_int_equal(node_at(&stage, CONFIG_NODE)->stat.version, 3);
    assert_int_equal(
        apply_record(stage.tree, 11, OP_CODE_SET_DATA, 0, set_data_record("/none", NULL, 3)),
        KEEPER_CODE_NONODE);
    assert_true(data_tree_last_processed_zxid(stage.tree) == 11);
    stage_done(&stage);
}

static void set_acl_swaps_the_list_and_counts_its_users(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    struct zk_acl_list narrow = {0};
    zk_acl_list_add(&narrow, PERMS_READ, "ip", "10.0.0.1");
    int64_t before = node_at(&stage, "/a")->acl;

    struct process_txn_result result =
        process(&stage, 2, OP_CODE_SET_ACL, 0, set_acl_record("/a", &narrow, 1));

    assert_true(result.has_stat && result.stat.aversion == 1);
    process_txn_result_done(&result);
    struct data_tree_record record;
    assert_int_equal(data_tree_get_change_record(stage.tree, "/a", &record), 0);
    assert_true(jute_equal(&zk_acl_list_record, &record.acl->list, &narrow));
    data_tree_record_done(&record);
    assert_null(acl_cache_convert_long(&stage.tree->acl_cache, before));

    /* The same list once more: the only node lets it go before it asks for it. */
    int64_t first = node_at(&stage, "/a")->acl;
    assert_int_equal(
        apply_record(stage.tree, 3, OP_CODE_SET_ACL, 0, set_acl_record("/a", &narrow, 2)),
        KEEPER_CODE_OK);
    assert_true(node_at(&stage, "/a")->acl == first + 1);
    assert_int_equal(
        apply_record(stage.tree, 4, OP_CODE_SET_ACL, 0, set_acl_record("/none", &narrow, 2)),
        KEEPER_CODE_NONODE);
    jute_done(&zk_acl_list_record, &narrow);
    stage_done(&stage);
}

static void errors_checks_and_new_sessions_change_nothing(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    uint64_t digest = data_tree_get_tree_digest(stage.tree);
    struct process_txn_result result =
        process(&stage, 2, OP_CODE_ERROR, 0, error_record(KEEPER_CODE_NOTEMPTY));
    assert_int_equal(result.err, KEEPER_CODE_NOTEMPTY);
    union txn_record session = {.create_session = {.time_out_ms = 4000}};
    result = process(&stage, 3, OP_CODE_CREATE_SESSION, 5, session);
    assert_int_equal(result.err, KEEPER_CODE_OK);
    assert_true(data_tree_get_tree_digest(stage.tree) == digest);
    assert_true(data_tree_last_processed_zxid(stage.tree) == 3);
    assert_true(data_tree_last_processed_zxid_digest(stage.tree).zxid == 3);
    stage_done(&stage);
}

static void an_older_transaction_does_not_take_back_the_last_zxid(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    assert_int_equal(apply_record(stage.tree, 9, OP_CODE_ERROR, 0, error_record(-1)), -1);
    assert_int_equal(apply_record(stage.tree, 8, OP_CODE_ERROR, 0, error_record(-1)), -1);
    assert_true(data_tree_last_processed_zxid(stage.tree) == 9);
    stage_done(&stage);
}

/* ---- what clients see ------------------------------------------------------------------------ */

static void cversion_counts_changes_for_clients_and_creations_on_disk(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    for (int32_t i = 1; i <= 3; i++) {
        char path[16];
        snprintf(path, sizeof path, "/a/%d", (int)i);
        assert_int_equal(apply_create(stage.tree, path, NULL, &stage.open, 0, i, 1 + i, 0), 0);
    }
    assert_int_equal(apply_delete(stage.tree, "/a/2", 5), 0);

    struct process_txn_result result =
        process(&stage, 6, OP_CODE_SET_DATA, 0, set_data_record("/a", NULL, 1));

    assert_int_equal(node_at(&stage, "/a")->stat.cversion, 3);
    assert_int_equal(result.stat.cversion, 4); /* three creations and a deletion */
    assert_int_equal(result.stat.num_children, 2);
    assert_true(result.stat.pzxid == 5);
    process_txn_result_done(&result);
    stage_done(&stage);
}

/* ---- what a replay meets --------------------------------------------------------------------- */

static void a_create_that_finds_its_node_raises_the_parents_version(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    union txn_record record = create_record("/a", NULL, &stage.open, false, 9);
    assert_int_equal(apply_record(stage.tree, 5, OP_CODE_CREATE, 0, record),
                     KEEPER_CODE_NODEEXISTS);
    assert_int_equal(node_at(&stage, "/")->stat.cversion, 9);
    assert_true(node_at(&stage, "/")->stat.pzxid == 5);
    assert_data(&stage, "/a", "12345");
    /* Only create does: the others came later, when closing a session told its nodes. */
    record = create_record("/a", NULL, &stage.open, false, 12);
    assert_int_equal(apply_record(stage.tree, 6, OP_CODE_CREATE2, 0, record),
                     KEEPER_CODE_NODEEXISTS);
    assert_int_equal(node_at(&stage, "/")->stat.cversion, 9);
    stage_done(&stage);
}

static void a_create_that_finds_its_node_gives_it_its_acl(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    struct zk_acl_list narrow = {0};
    zk_acl_list_add(&narrow, PERMS_READ, "ip", "10.0.0.1");
    size_t lists = stage.tree->acl_cache.lists.count;

    assert_int_equal(apply_create(stage.tree, "/a", NULL, &narrow, 0, 1, 5, 0),
                     KEEPER_CODE_NODEEXISTS);

    struct data_tree_record record;
    assert_int_equal(data_tree_get_change_record(stage.tree, "/a", &record), 0);
    assert_true(jute_equal(&zk_acl_list_record, &record.acl->list, &narrow));
    data_tree_record_done(&record);
    assert_int_equal(stage.tree->acl_cache.lists.count, lists); /* the other one has no user */
    assert_int_equal(apply_delete(stage.tree, "/a", 6), 0);
    assert_int_equal(stage.tree->acl_cache.lists.count, lists - 1);
    jute_done(&zk_acl_list_record, &narrow);
    stage_done(&stage);
}

static void a_deleted_node_takes_what_is_below_it_along(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    static const char *const paths[] = {"/a/b", "/a/b/c", "/a/b/c/d", "/a/b/e"};
    for (int64_t i = 0; i < 4; i++)
        assert_int_equal(
            apply_create(stage.tree, paths[i], stage.five, &stage.open, 70 + i, -1, 2 + i, 0), 0);
    int64_t size = data_tree_cached_approximate_data_size(stage.tree);

    assert_int_equal(apply_delete(stage.tree, "/a/b", 9), KEEPER_CODE_OK);

    for (size_t i = 0; i < 4; i++)
        assert_null(node_at(&stage, paths[i]));
    assert_int_equal(data_tree_get_node_count(stage.tree), 6);
    assert_int_equal(data_tree_get_ephemerals_count(stage.tree), 0);
    assert_int_equal(stage.tree->ephemerals.count, 0);
    assert_int_equal(data_tree_cached_approximate_data_size(stage.tree), size - 24 - 20);
    stage_done(&stage);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static union txn_record close_record(const char *path)
{
    union txn_record record = {0};
    *(struct ustring *)jute_list_add(&ustring_record, &record.close_session.paths2_delete) =
        ustring_of(path);
    return record;
}

static void a_node_that_comes_again_is_the_parent_from_then_on(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    assert_int_equal(apply_create(stage.tree, "/a/b", stage.five, &stage.open, 0, -1, 2, 10), 0);
    assert_int_equal(apply_create(stage.tree, "/a/b/c", stage.five, &stage.open, 0, -1, 3, 10), 0);
    assert_int_equal(apply_delete(stage.tree, "/a/b/c", 4), KEEPER_CODE_OK);
    assert_int_equal(apply_delete(stage.tree, "/a/b", 5), KEEPER_CODE_OK);
    assert_int_equal(apply_create(stage.tree, "/a/b/c", stage.five, &stage.open, 0, -1, 6, 10),
                     KEEPER_CODE_NONODE);
    assert_int_equal(apply_create(stage.tree, "/a/b", stage.five, &stage.open, 0, -1, 7, 10), 0);
    assert_int_equal(apply_create(stage.tree, "/a/b/c", stage.five, &stage.open, 0, -1, 8, 10), 0);
    assert_int_equal(apply_create(stage.tree, "/a/bc", stage.five, &stage.open, 0, -1, 9, 10), 0);
    assert_int_equal(data_node_child_count(node_at(&stage, "/a/b")), 1);
    assert_int_equal(data_node_child_count(node_at(&stage, "/a")), 2);
    assert_true(node_at(&stage, "/a/b")->stat.pzxid == 8);
    stage_done(&stage);
}

static void closing_a_session_deletes_the_nodes_it_names_and_those_it_owns(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    assert_int_equal(apply_create(stage.tree, "/a/x", NULL, &stage.open, 7, -1, 2, 0), 0);
    assert_int_equal(apply_create(stage.tree, "/a/y", NULL, &stage.open, 7, -1, 3, 0), 0);
    assert_int_equal(apply_create(stage.tree, "/a/z", NULL, &stage.open, 8, -1, 4, 0), 0);
    struct zk_strings paths = {0};
    data_tree_get_ephemerals(stage.tree, 7, &paths);
    assert_int_equal(paths.count, 2);
    zk_strings_done(&paths);

    /* The session's own /a/y is not named; /a/z is, and is another session's by now. */
    union txn_record record = close_record("/a/x");
    *(struct ustring *)jute_list_add(&ustring_record, &record.close_session.paths2_delete) =
        ustring_of("/a/z");
    *(struct ustring *)jute_list_add(&ustring_record, &record.close_session.paths2_delete) =
        ustring_of("/a/gone");
    assert_int_equal(apply_record(stage.tree, 5, OP_CODE_CLOSE_SESSION, 7, record), KEEPER_CODE_OK);

    assert_int_equal(data_node_child_count(node_at(&stage, "/a")), 0);
    assert_true(node_at(&stage, "/a")->stat.pzxid == 5);
    assert_int_equal(data_tree_get_ephemerals_count(stage.tree), 0);
    stage_done(&stage);
}

static void an_old_close_session_deletes_what_the_session_owns(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    assert_int_equal(apply_create(stage.tree, "/a/x", NULL, &stage.open, 7, -1, 2, 0), 0);
    assert_int_equal(apply_create(stage.tree, "/a/z", NULL, &stage.open, 8, -1, 4, 0), 0);
    struct txn_header header = txn_header_at(5, OP_CODE_CLOSE_SESSION, 7);
    assert_int_equal(apply_txn(stage.tree, txn_log_entry_new(&header, NULL, NULL)), 0);
    assert_null(node_at(&stage, "/a/x"));
    assert_non_null(node_at(&stage, "/a/z"));

    struct long_set sessions = {0};
    data_tree_get_sessions(stage.tree, &sessions);
    assert_int_equal(sessions.count, 1);
    assert_true(sessions.items[0] == 8);
    data_tree_kill_session(stage.tree, 8, 6);
    assert_null(node_at(&stage, "/a/z"));
    long_set_done(&sessions);
    stage_done(&stage);
}

static void a_session_with_ten_thousand_nodes_is_closed_at_once(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    for (int64_t i = 0; i < 10000; i++) {
        char path[32];
        snprintf(path, sizeof path, "/a/n%d", (int)i);
        assert_int_equal(apply_create(stage.tree, path, NULL, &stage.open, 7, -1, 2 + i, 0), 0);
    }
    for (int64_t i = 0; i < 10000; i += 2) {
        char path[32];
        snprintf(path, sizeof path, "/a/n%d", (int)i);
        assert_int_equal(apply_delete(stage.tree, path, 20000 + i), 0);
    }
    data_tree_kill_session(stage.tree, 7, 50000);
    assert_int_equal(data_tree_get_node_count(stage.tree), 6);
    assert_int_equal(stage.tree->ephemerals.count, 0);
    stage_done(&stage);
}

/* ---- multi ----------------------------------------------------------------------------------- */

static void a_multi_is_applied_as_a_whole_under_one_zxid(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    union txn_record multi = {0};
    multi_add(&multi, OP_CODE_CHECK, check_record("/a", 0));
    multi_add(&multi, OP_CODE_CREATE, create_record("/m", NULL, &stage.open, false, 2));
    multi_add(&multi, OP_CODE_CREATE2, create_record("/m/n", NULL, &stage.open, false, 1));
    multi_add(&multi, OP_CODE_SET_DATA, set_data_record("/m", stage.five, 1));
    multi_add(&multi, OP_CODE_DELETE, delete_record("/m/n"));

    struct process_txn_result result = process(&stage, 5, OP_CODE_MULTI, 0, multi);

    assert_int_equal(result.err, KEEPER_CODE_OK);
    assert_int_equal(result.multi_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(result.multi_result[i].err, KEEPER_CODE_OK);
        assert_true(result.multi_result[i].zxid == 5);
    }
    assert_false(result.multi_result[0].has_stat);
    assert_false(result.multi_result[1].has_stat);
    assert_true(result.multi_result[2].has_stat);
    assert_true(result.multi_result[3].stat.version == 1);
    assert_data(&stage, "/m", "12345");
    assert_true(node_at(&stage, "/m")->stat.pzxid == 5);
    assert_null(node_at(&stage, "/m/n"));
    assert_true(data_tree_last_processed_zxid(stage.tree) == 5);
    process_txn_result_done(&result);
    stage_done(&stage);
}

static void of_a_failed_multi_nothing_is_applied(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    uint64_t digest = data_tree_get_tree_digest(stage.tree);
    union txn_record multi = {0};
    multi_add(&multi, OP_CODE_CREATE, create_record("/m", NULL, &stage.open, false, 2));
    multi_add(&multi, OP_CODE_ERROR, error_record(KEEPER_CODE_NONODE));
    multi_add(&multi, OP_CODE_ERROR, error_record(KEEPER_CODE_RUNTIMEINCONSISTENCY));
    multi_add(&multi, OP_CODE_DELETE, delete_record("/a"));

    struct process_txn_result result = process(&stage, 5, OP_CODE_MULTI, 0, multi);

    static const int32_t errors[] = {KEEPER_CODE_OK, KEEPER_CODE_NONODE,
                                     KEEPER_CODE_RUNTIMEINCONSISTENCY,
                                     KEEPER_CODE_RUNTIMEINCONSISTENCY};
    assert_int_equal(result.err, KEEPER_CODE_NONODE);
    assert_int_equal(result.multi_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(result.multi_result[i].err, errors[i]);
        assert_int_equal(result.multi_result[i].type, OP_CODE_ERROR);
    }
    assert_true(data_tree_get_tree_digest(stage.tree) == digest);
    process_txn_result_done(&result);
    stage_done(&stage);
}

/* K-60 */
static void behind_an_operation_that_cannot_be_read_nothing_is_applied(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    union txn_record multi = {0};
    multi_add(&multi, OP_CODE_CREATE, create_record("/m", NULL, &stage.open, false, 2));
    multi_add(&multi, OP_CODE_SET_ACL, set_acl_record("/a", &stage.open, 2));
    multi_add(&multi, OP_CODE_DELETE, delete_record("/a"));
    struct process_txn_result result = process(&stage, 5, OP_CODE_MULTI, 0, multi);
    assert_int_equal(result.err, KEEPER_CODE_OK);
    assert_int_equal(result.multi_count, 1);
    assert_non_null(node_at(&stage, "/m"));
    assert_non_null(node_at(&stage, "/a"));
    process_txn_result_done(&result);
    stage_done(&stage);
}

/* ---- quotas ---------------------------------------------------------------------------------- */

static void set_quota(const struct stage *stage, const char *path, int64_t zxid)
{
    char text[64];
    snprintf(text, sizeof text, "/zookeeper/quota%s", path);
    assert_int_equal(apply_create(stage->tree, text, NULL, &stage->open, 0, -1, zxid, 0), 0);
    snprintf(text, sizeof text, "/zookeeper/quota%s/zookeeper_limits", path);
    assert_int_equal(apply_create(stage->tree, text, NULL, &stage->open, 0, -1, zxid + 1, 0), 0);
    snprintf(text, sizeof text, "/zookeeper/quota%s/zookeeper_stats", path);
    assert_int_equal(apply_create(stage->tree, text, NULL, &stage->open, 0, -1, zxid + 2, 0), 0);
}

static void a_quota_counts_what_is_there_and_what_comes_and_goes(void **state)
{
    (void)state;
    static const char STATS[] = "/zookeeper/quota/a/zookeeper_stats";
    struct stage stage = stage_new();
    assert_int_equal(apply_create(stage.tree, "/a/b", stage.five, &stage.open, 0, -1, 2, 0), 0);
    uint64_t digest = data_tree_get_tree_digest(stage.tree);

    set_quota(&stage, "/a", 3);
    assert_data(&stage, STATS, "count=2,bytes=10");
    assert_true(data_tree_get_tree_digest(stage.tree) == digest); /* it is each server's own */

    assert_int_equal(apply_create(stage.tree, "/a/c", stage.five, &stage.open, 0, -1, 6, 0), 0);
    assert_int_equal(apply_create(stage.tree, "/other", stage.five, &stage.open, 0, -1, 7, 0), 0);
    assert_data(&stage, STATS, "count=3,bytes=15");
    assert_int_equal(
        apply_record(stage.tree, 8, OP_CODE_SET_DATA, 0, set_data_record("/a/c", NULL, 1)), 0);
    assert_data(&stage, STATS, "count=3,bytes=10");
    assert_int_equal(apply_delete(stage.tree, "/a/b", 9), 0);
    assert_data(&stage, STATS, "count=2,bytes=5");

    assert_int_equal(apply_delete(stage.tree, "/zookeeper/quota/a/zookeeper_limits", 10), 0);
    assert_int_equal(apply_delete(stage.tree, "/a/c", 11), 0);
    assert_data(&stage, STATS, "count=2,bytes=5");
    stage_done(&stage);
}

static void the_longest_quota_above_a_node_counts_it(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    assert_int_equal(apply_create(stage.tree, "/a/b", NULL, &stage.open, 0, -1, 2, 0), 0);
    set_quota(&stage, "/a", 3);
    set_quota(&stage, "/a/b", 6);
    assert_int_equal(apply_create(stage.tree, "/a/b/c", NULL, &stage.open, 0, -1, 9, 0), 0);
    assert_data(&stage, "/zookeeper/quota/a/zookeeper_stats", "count=2,bytes=5");
    assert_data(&stage, "/zookeeper/quota/a/b/zookeeper_stats", "count=2,bytes=0");
    stage_done(&stage);
}

/* The client may write limits and more into the node; all that Java keeps is kept. */
static void the_text_of_a_quotas_node_keeps_what_others_wrote(void **state)
{
    (void)state;
    static const char STATS[] = "/zookeeper/quota/a/zookeeper_stats";
    static const char *const texts[][2] = {
        {"bytes=5=;byteHardLimit=9;count=1", "count=2,bytes=5=;byteHardLimit=9"},
        {"count==7,bytes==7", "count=0,bytes=-1"},
        {"", "count=0,bytes=-1"},
        {"z=1,,;a=2;", "count=0,bytes=-1=;a=2;z=1"},
        {"no number", "no number"},
        {"count=x", "count=x"},
        {",count=1", ",count=1"},
        {"count", "count"},
        {"count=,bytes=", "count=,bytes="},
        {"count==", "count=="},
    };
    struct stage stage = stage_new();
    set_quota(&stage, "/a", 2);
    for (int64_t i = 0; i < (int64_t)(sizeof texts / sizeof texts[0]); i++) {
        struct buf *text = buf_new_copy(texts[i][0], strlen(texts[i][0]));
        char path[16];
        snprintf(path, sizeof path, "/a/%d", (int)i);
        assert_int_equal(apply_record(stage.tree, 10 + 2 * i, OP_CODE_SET_DATA, 0,
                                      set_data_record(STATS, text, 1)),
                         0);
        assert_int_equal(apply_create(stage.tree, path, NULL, &stage.open, 0, -1, 11 + 2 * i, 0),
                         0);
        assert_data(&stage, STATS, texts[i][1]);
        buf_unref(text);
    }
    stage_done(&stage);
}

static void a_quota_on_the_root_and_one_without_its_node_do_no_harm(void **state)
{
    (void)state;
    struct stage stage = stage_new();
    set_quota(&stage, "/a", 2);
    assert_int_equal(apply_delete(stage.tree, "/zookeeper/quota/a/zookeeper_stats", 5), 0);
    assert_int_equal(apply_create(stage.tree, "/a/x", NULL, &stage.open, 0, -1, 6, 0), 0);
    assert_int_equal(apply_create(stage.tree, "/zookeeper/quota/zookeeper_limits", NULL,
                                  &stage.open, 0, -1, 7, 0),
                     0);
    assert_int_equal(apply_create(stage.tree, "/zookeeper/quota/zookeeper_stats", NULL, &stage.open,
                                  0, -1, 8, 0),
                     0);
    assert_int_equal(apply_create(stage.tree, "/b", NULL, &stage.open, 0, -1, 9, 0), 0);
    assert_int_equal(apply_delete(stage.tree, "/zookeeper/quota/zookeeper_limits", 10), 0);
    stage_done(&stage);
}

/* ---- digests --------------------------------------------------------------------------------- */

static void apply_with_digest(struct data_tree *tree, int64_t zxid, int32_t version, int64_t digest)
{
    struct txn_header header = txn_header_at(zxid, OP_CODE_ERROR, 0);
    union txn_record record = error_record(-1);
    struct txn_digest txn_digest = {.version = version, .tree_digest = digest};
    apply_txn(tree, txn_log_entry_new(&header, &record, &txn_digest));
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void a_mismatch_is_counted_and_told_once(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct data_tree *tree = data_tree_new(capture.ctx);
    int64_t right = (int64_t)data_tree_get_tree_digest(tree);
    apply_with_digest(tree, 1, DIGEST_VERSION, right);
    apply_with_digest(tree, 2, 3, right + 1); /* computed in another way */
    assert_int_equal(data_tree_get_digest_mismatches(tree), 0);

    for (int64_t zxid = 3; zxid < 10; zxid++)
        apply_with_digest(tree, zxid, DIGEST_VERSION, right + 1);

    char *log = test_captured_log(&capture);
    assert_int_equal(data_tree_get_digest_mismatches(tree), 7);
    assert_int_equal(count_of(log, "First digest mismatch"), 1);
    assert_int_equal(count_of(log, "Digests are not matching"), 1);
    free(log);
    apply_with_digest(tree, 10, DIGEST_VERSION, right);
    log = test_captured_log(&capture);
    assert_int_equal(count_of(log, "[6 times] Message: Digests are not matching"), 1);
    free(log);
    data_tree_unref(tree);
    test_capture_done(&capture);
}

/* Up to the zxid of the digest in a snapshot, the tree may hold too much. */
static void over_a_fuzzy_snapshot_digests_are_compared_from_its_own_on(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct zxid_digest loaded;
    for (int64_t wrong = 0; wrong <= 1; wrong++) {
        struct data_tree *tree = data_tree_new(ctx);
        int64_t right = (int64_t)data_tree_get_tree_digest(tree);
        data_tree_set_digest_from_snapshot(tree, &(struct zxid_digest){8, 2, right + wrong}, 5);
        assert_true(data_tree_get_digest_from_loaded_snapshot(tree, &loaded));
        assert_true(loaded.zxid == 8);
        apply_with_digest(tree, 6, DIGEST_VERSION, right + 77);
        apply_with_digest(tree, 7, DIGEST_VERSION, right + 77);
        assert_int_equal(data_tree_get_digest_mismatches(tree), 0);
        assert_true(data_tree_last_processed_zxid_digest(tree).zxid == 0);
        apply_with_digest(tree, 8, DIGEST_VERSION, right);
        assert_false(data_tree_get_digest_from_loaded_snapshot(tree, &loaded));
        assert_int_equal(data_tree_get_digest_mismatches(tree), wrong);
        apply_with_digest(tree, 9, DIGEST_VERSION, right + 77);
        assert_int_equal(data_tree_get_digest_mismatches(tree), wrong + 1);
        assert_true(data_tree_last_processed_zxid_digest(tree).zxid == 9);
        data_tree_unref(tree);
    }
    zk_context_free(ctx);
}

static void digests_can_be_switched_off(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "zookeeper.digest.enabled", "false");
    struct data_tree *tree = data_tree_new(ctx);
    assert_true(data_tree_get_tree_digest(tree) == 0);
    apply_with_digest(tree, 1, DIGEST_VERSION, 77);
    assert_int_equal(data_tree_get_digest_mismatches(tree), 0);
    data_tree_unref(tree);
    zk_context_free(ctx);
}

/* ---- what Java wrote ------------------------------------------------------------------------- */

enum { LOG_HEADER = 16, ENTRY_HEADER = 12, ENTRY_END = 1 };

/* The next entry of the log; NULL: that was the last. */
static struct txn_log_entry *next_entry(struct zk_context *ctx, const struct buf *log,
                                        size_t *offset)
{
    if (*offset == log->length)
        return NULL;
    size_t length = (size_t)zk_load_int(log->bytes + *offset + 8);
    struct buf *bytes = buf_new_copy(log->bytes + *offset + ENTRY_HEADER, length);
    struct txn_log_entry *entry = NULL;
    assert_int_equal(txn_log_entry_decode(ctx, bytes, &entry), 0);
    *offset += ENTRY_HEADER + length + ENTRY_END;
    buf_unref(bytes);
    return entry;
}

static void assert_makes_the_same_bytes(const struct txn_log_entry *entry)
{
    union txn_record record = {0};
    jute_copy(txn_record_of_type(entry->header.type), &record, &entry->record);
    struct txn_log_entry *again =
        txn_log_entry_new(&entry->header, &record, entry->has_digest ? &entry->digest : NULL);
    assert_int_equal(again->bytes->length, entry->bytes->length);
    assert_memory_equal(again->bytes->bytes, entry->bytes->bytes, entry->bytes->length);
    txn_log_entry_unref(again);
}

/* Replays Java's log. Every type that 3.8.0 writes is in it. */
static struct data_tree *replayed(struct zk_context *ctx)
{
    struct data_tree *tree = data_tree_new(ctx);
    struct buf *log = golden_read("log_with_every_type");
    size_t offset = LOG_HEADER;
    size_t digests = 0;
    for (struct txn_log_entry *entry; (entry = next_entry(ctx, log, &offset)) != NULL;) {
        struct process_txn_result result;
        assert_makes_the_same_bytes(entry);
        data_tree_process_txn(tree, entry, &result);
        assert_int_equal(entry->has_digest, entry->header.type != OP_CODE_ERROR);
        if (entry->has_digest)
            assert_true((int64_t)data_tree_get_tree_digest(tree) == entry->digest.tree_digest);
        digests += entry->has_digest;
        process_txn_result_done(&result);
        txn_log_entry_unref(entry);
    }
    assert_int_equal(digests, 27);
    assert_int_equal(data_tree_get_digest_mismatches(tree), 0);
    buf_unref(log);
    return tree;
}

static void a_log_of_java_gives_the_digest_behind_each_of_its_transactions(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "zookeeper.extendedTypesEnabled", "true");
    data_tree_unref(replayed(ctx));
    zk_context_free(ctx);
}

/* Java has replayed that log, too, and then written its tree: numbers of ACLs, counts of quotas,
 * marks of owners and the order of children are the same. Its configuration is its own. */
static void after_a_log_of_java_our_snapshot_is_javas(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "zookeeper.extendedTypesEnabled", "true");
    struct buf *file = golden_read("snapshot_of_every_type");
    struct data_tree *theirs = NULL;
    struct session_timeouts sessions = {0};
    struct jute_in in = jute_in_of_bytes(ctx, file->bytes + LOG_HEADER, file->length - LOG_HEADER);
    assert_int_equal(deserialize_snapshot(ctx, &in, &theirs, &sessions), 0);
    size_t length = (size_t)jute_in_position(&in);

    struct data_tree *ours = replayed(ctx);
    struct data_node *config = data_tree_get_node_locked(ours, CONFIG_NODE);
    const struct data_node *their_config = data_tree_get_node_locked(theirs, CONFIG_NODE);
    struct buf *their_data = data_node_get_data(their_config);
    data_tree_replace_data_locked(ours, config, their_data);
    buf_unref(their_data);
    config->stat = their_config->stat;
    struct buf *body = buf_new(2048);
    struct jute_out out = jute_out_of_buf(body);
    serialize_snapshot(ours, &sessions, &out);
    assert_int_equal(jute_out_flush(&out), 0);

    assert_int_equal(body->length, length);
    assert_memory_equal(body->bytes, file->bytes + LOG_HEADER, length);
    assert_true(data_tree_get_tree_digest(theirs) == data_tree_get_tree_digest(ours));
    buf_unref(body);
    session_timeouts_done(&sessions);
    data_tree_unref(ours);
    data_tree_unref(theirs);
    buf_unref(file);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_makes_a_node_and_tells_no_stat),
        cmocka_unit_test(create2_tells_the_stat_that_clients_see),
        cmocka_unit_test(the_owners_of_containers_and_ttls_are_marks_that_clients_do_not_see),
        cmocka_unit_test(set_data_takes_the_version_of_the_transaction),
        cmocka_unit_test(set_acl_swaps_the_list_and_counts_its_users),
        cmocka_unit_test(errors_checks_and_new_sessions_change_nothing),
        cmocka_unit_test(an_older_transaction_does_not_take_back_the_last_zxid),
        cmocka_unit_test(cversion_counts_changes_for_clients_and_creations_on_disk),
        cmocka_unit_test(a_create_that_finds_its_node_raises_the_parents_version),
        cmocka_unit_test(a_create_that_finds_its_node_gives_it_its_acl),
        cmocka_unit_test(a_deleted_node_takes_what_is_below_it_along),
        cmocka_unit_test(a_node_that_comes_again_is_the_parent_from_then_on),
        cmocka_unit_test(closing_a_session_deletes_the_nodes_it_names_and_those_it_owns),
        cmocka_unit_test(an_old_close_session_deletes_what_the_session_owns),
        cmocka_unit_test(a_session_with_ten_thousand_nodes_is_closed_at_once),
        cmocka_unit_test(a_multi_is_applied_as_a_whole_under_one_zxid),
        cmocka_unit_test(of_a_failed_multi_nothing_is_applied),
        cmocka_unit_test(behind_an_operation_that_cannot_be_read_nothing_is_applied),
        cmocka_unit_test(a_quota_counts_what_is_there_and_what_comes_and_goes),
        cmocka_unit_test(the_longest_quota_above_a_node_counts_it),
        cmocka_unit_test(the_text_of_a_quotas_node_keeps_what_others_wrote),
        cmocka_unit_test(a_quota_on_the_root_and_one_without_its_node_do_no_harm),
        cmocka_unit_test(a_mismatch_is_counted_and_told_once),
        cmocka_unit_test(over_a_fuzzy_snapshot_digests_are_compared_from_its_own_on),
        cmocka_unit_test(digests_can_be_switched_off),
        cmocka_unit_test(a_log_of_java_gives_the_digest_behind_each_of_its_transactions),
        cmocka_unit_test(after_a_log_of_java_our_snapshot_is_javas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
