/* Thousands of random histories: a snapshot is written while transactions change the tree, is read
 * again, and the log is replayed from the zxid before it. The tree is then the one that did not
 * stop, to the last number. Java: FuzzySnapshotRelatedTest, LoadFromLogTest, DataTreeTest
 *
 * One thread: the transactions come between the steps of the snapshot, and the number of a history
 * decides all of it. ZK_HISTORIES=FIRST,COUNT runs others. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "transactions.h"
#include "tree/data_tree_internal.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

enum {
    HISTORIES = TEST_AMOUNT(2000, 500),
    TXNS_MAX = 500,
    DEPTH_MAX = 3,
    NAMES = 3,
    ACLS = 6,
    SESSIONS = 3,
    FIRST_SESSION = 100,
    PATH_ROOM = 64,
};

/* ---- a history ------------------------------------------------------------------------------- */

struct history {
    uint64_t random;
    struct data_tree *tree; /* that does not stop */
    int64_t zxid;           /* the last */
    struct txn_log_entry *log[TXNS_MAX + 1];
    size_t log_count;
};

static uint64_t below(struct history *history, uint64_t limit)
{
    history->random = history->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (history->random >> 33) % limit;
}

static struct zk_acl_list random_acl(struct history *history)
{
    struct zk_acl_list list = {0};
    char who[16];
    uint64_t number = below(history, ACLS + 1);
    if (number == ACLS)
        return list; /* null: everybody may do everything */
    snprintf(who, sizeof who, "10.0.0.%d", (int)number);
    zk_acl_list_add(&list, PERMS_ALL, "ip", who);
    return list;
}

static struct buf *random_data(struct history *history)
{
    char text[32];
    if (below(history, 8) == 0)
        return NULL;
    snprintf(text, sizeof text, "%d", (int)below(history, 1000000));
    return buf_new_copy(text, strlen(text));
}

static void random_path(struct history *history, char path[PATH_ROOM])
{
    size_t length = 0;
    for (uint64_t depth = 1 + below(history, DEPTH_MAX); depth > 0; depth--) {
        path[length++] = '/';
        path[length++] = (char)('a' + below(history, NAMES));
    }
    path[length] = '\0';
}

static const struct data_node *parent_at(const struct history *history, const char *path)
{
    char parent[PATH_ROOM];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    return node_hash_map_get(&history->tree->nodes, parent, strlen(parent));
}

/* ---- operations, as a leader prepares them ------------------------------------------------------
 * Each makes a record that will succeed on the tree as it is, or returns false. */

static bool may_create(const struct history *history, const char *path)
{
    const struct data_node *parent = parent_at(history, path);
    return parent != NULL && data_tree_get_node_locked(history->tree, path) == NULL &&
           ephemeral_type_get(&history->tree->types, parent->stat.ephemeral_owner) !=
               EPHEMERAL_TYPE_NORMAL;
}

static bool make_create(struct history *history, int32_t type, const char *path,
                        union txn_record *ret_record)
{
    if (!may_create(history, path))
        return false;
    int32_t cversion = parent_at(history, path)->stat.cversion + 1;
    struct buf *data = random_data(history);
    struct zk_acl_list acl = random_acl(history);
    if (type == OP_CODE_CREATE_TTL)
        *ret_record = (union txn_record){.create_ttl = {ustring_of(path), data, acl, cversion,
                                                        1 + (int64_t)below(history, 1000)}};
    else if (type == OP_CODE_CREATE_CONTAINER)
        *ret_record =
            (union txn_record){.create_container = {ustring_of(path), data, acl, cversion}};
    else
        *ret_record = (union txn_record){
            .create = {ustring_of(path), data, acl, below(history, 2) == 0, cversion}};
    return true;
}

static bool make_change(struct history *history, int32_t type, const char *path,
                        union txn_record *ret_record)
{
    const struct data_node *node = data_tree_get_node_locked(history->tree, path);
    if (node == NULL || (type == OP_CODE_DELETE && data_node_child_count(node) > 0))
        return false;
    if (type == OP_CODE_DELETE) {
        *ret_record = delete_record(path);
    } else if (type == OP_CODE_SET_DATA) {
        *ret_record = (union txn_record){
            .set_data = {ustring_of(path), random_data(history), node->stat.version + 1}};
    } else if (type == OP_CODE_SET_ACL) {
        *ret_record = (union txn_record){
            .set_acl = {ustring_of(path), random_acl(history), node->stat.aversion + 1}};
    } else {
        *ret_record = check_record(path, node->stat.version);
    }
    return true;
}

/* in_multi: one that may stand there. */
static bool make_operation(struct history *history, bool in_multi, int32_t *ret_type,
                           union txn_record *ret_record)
{
    static const int32_t types[] = {OP_CODE_CREATE,   OP_CODE_CREATE,     OP_CODE_CREATE2,
                                    OP_CODE_CREATE2,  OP_CODE_CREATE_TTL, OP_CODE_CREATE_CONTAINER,
                                    OP_CODE_DELETE,   OP_CODE_DELETE,     OP_CODE_DELETE,
                                    OP_CODE_SET_DATA, OP_CODE_SET_ACL,    OP_CODE_CHECK};
    char path[PATH_ROOM];
    int32_t type = types[below(history, sizeof types / sizeof types[0])];
    if (in_multi ? type == OP_CODE_SET_ACL : type == OP_CODE_CHECK)
        return false;
    random_path(history, path);
    *ret_type = type;
    return type >= OP_CODE_CREATE2 || type == OP_CODE_CREATE
               ? make_create(history, type, path, ret_record)
               : make_change(history, type, path, ret_record);
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* Logs it with the digest that the tree has now. Uses up the record. */
static void log_it(struct history *history, int32_t type, int64_t session, union txn_record *record)
{
    struct txn_header header = txn_header_at(history->zxid, type, session);
    struct txn_digest digest = {DIGEST_VERSION, (int64_t)data_tree_get_tree_digest(history->tree)};
    bool is_error = type == OP_CODE_ERROR;
    history->log[history->log_count++] =
        txn_log_entry_new(&header, record, is_error ? NULL : &digest);
}

/* Apply it to the tree that goes on. */
static void apply_it(struct history *history, int32_t type, int64_t session,
                     const union txn_record *record)
{
    union txn_record copy = {0};
    jute_copy(txn_record_of_type(type), &copy, record);
    int32_t err = apply_record(history->tree, history->zxid, type, session, copy);
    assert_int_equal(err, type == OP_CODE_ERROR ? KEEPER_CODE_NONODE : KEEPER_CODE_OK);
}

static void run_close_session(struct history *history, int64_t session)
{
    union txn_record record = {.close_session.paths2_delete.present = true};
    struct zk_strings paths = {0};
    data_tree_get_ephemerals(history->tree, session, &paths);
    for (size_t i = 0; i < paths.count; i++)
        *(struct ustring *)jute_list_add(&ustring_record, &record.close_session.paths2_delete) =
            ustring_of(paths.items[i]);
    zk_strings_done(&paths);
    apply_it(history, OP_CODE_CLOSE_SESSION, session, &record);
    log_it(history, OP_CODE_CLOSE_SESSION, session, &record);
}

/* Its operations are applied one by one to the tree that goes on, under one zxid: each is prepared
 * on what those before it have done. */
static void run_multi(struct history *history, int64_t session)
{
    union txn_record multi = {.multi.txns.present = true};
    for (uint64_t left = 1 + below(history, 4); left > 0; left--) {
        int32_t type;
        union txn_record record;
        if (!make_operation(history, true, &type, &record))
            continue;
        apply_it(history, type, session, &record);
        multi_add(&multi, type, record);
    }
    log_it(history, OP_CODE_MULTI, session, &multi);
}

/* Nothing of it is applied. */
static void run_failed_multi(struct history *history, int64_t session)
{
    union txn_record multi = {.multi.txns.present = true};
    int32_t type;
    union txn_record record;
    if (make_operation(history, true, &type, &record))
        multi_add(&multi, type, record);
    multi_add(&multi, OP_CODE_ERROR, error_record(KEEPER_CODE_BADVERSION));
    multi_add(&multi, OP_CODE_ERROR, error_record(KEEPER_CODE_RUNTIMEINCONSISTENCY));
    log_it(history, OP_CODE_MULTI, session, &multi);
    data_tree_set_last_processed_zxid(history->tree, history->zxid);
}

/* A quota on /a, in the order of setquota. */
static void run_quota(struct history *history)
{
    static const char *const paths[] = {"/zookeeper/quota/a", "/zookeeper/quota/a/zookeeper_limits",
                                        "/zookeeper/quota/a/zookeeper_stats"};
    size_t i = 0;
    while (i < 3 && data_tree_get_node_locked(history->tree, paths[i]) != NULL)
        i++;
    if (i == 3)
        return;
    int32_t cversion = parent_at(history, paths[i])->stat.cversion + 1;
    union txn_record record = create_record(paths[i], NULL, NULL, false, cversion);
    apply_it(history, OP_CODE_CREATE, 0, &record);
    log_it(history, OP_CODE_CREATE, 0, &record);
}

/* The next transaction. */
static void run_one(struct history *history)
{
    int64_t session = FIRST_SESSION + (int64_t)below(history, SESSIONS);
    size_t before = history->log_count;
    int32_t type;
    union txn_record record;
    history->zxid++;
    switch (below(history, 24)) {
    case 0:
        run_close_session(history, session);
        break;
    case 1:
    case 2:
    case 3:
        run_multi(history, session);
        break;
    case 4:
        run_failed_multi(history, session);
        break;
    case 5:
        record = error_record(KEEPER_CODE_NONODE);
        apply_it(history, OP_CODE_ERROR, session, &record);
        log_it(history, OP_CODE_ERROR, session, &record);
        break;
    case 6:
        run_quota(history);
        break;
    default:
        if (make_operation(history, false, &type, &record)) {
            apply_it(history, type, session, &record);
            log_it(history, type, session, &record);
        }
    }
    if (history->log_count == before)
        history->zxid--; /* it would have come to nothing */
}

static void run_some(struct history *history, uint64_t count)
{
    size_t end = history->log_count + count < TXNS_MAX ? history->log_count + count : TXNS_MAX;
    while (history->log_count < end)
        run_one(history);
}

/* ---- a snapshot in the middle ---------------------------------------------------------------- */

/* What a file would hold: the tree and, behind it, the digest at its end. */
struct snapshot {
    struct buf *bytes;
    int64_t zxid;
    struct zxid_digest digest;
};

static struct snapshot take_snapshot(struct history *history, uint64_t txns_per_step)
{
    struct snapshot snapshot = {.bytes = buf_new(4096)};
    struct jute_out out = jute_out_of_buf(snapshot.bytes);
    struct data_tree_serialization begun;
    snapshot.zxid = data_tree_last_processed_zxid(history->tree);
    run_some(history, below(history, txns_per_step + 1)); /* before the lists of ACLs are copied */
    data_tree_serialization_begin(history->tree, &begun, &out);
    do
        run_some(history, below(history, txns_per_step + 1));
    while (data_tree_serialization_step(&begun));
    data_tree_serialization_end(&begun);
    snapshot.digest = data_tree_last_processed_zxid_digest(history->tree);
    return snapshot;
}

static struct data_tree *tree_of(struct zk_context *ctx, const struct snapshot *snapshot)
{
    struct data_tree *tree = NULL;
    struct jute_in in = jute_in_of_bytes(ctx, snapshot->bytes->bytes, snapshot->bytes->length);
    assert_int_equal(data_tree_deserialize(ctx, &in, &tree), 0);
    data_tree_set_digest_from_snapshot(tree, &snapshot->digest, snapshot->zxid);
    return tree;
}

/* Decoded from its bytes, as a log does. */
static void replay(struct zk_context *ctx, struct data_tree *tree, const struct history *history,
                   int64_t behind)
{
    for (size_t i = 0; i < history->log_count; i++) {
        struct txn_log_entry *entry = NULL;
        if (history->log[i]->header.zxid <= behind)
            continue;
        assert_int_equal(txn_log_entry_decode(ctx, history->log[i]->bytes, &entry), 0);
        apply_txn(tree, entry);
    }
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool is_same_acl(struct data_tree *expected, int64_t expected_id, struct data_tree *actual,
                        int64_t actual_id)
{
    struct shared_acl *one = acl_cache_convert_long(&expected->acl_cache, expected_id);
    struct shared_acl *other = acl_cache_convert_long(&actual->acl_cache, actual_id);
    bool same =
        one != NULL && other != NULL && jute_equal(&zk_acl_list_record, &one->list, &other->list);
    shared_acl_unref(one);
    shared_acl_unref(other);
    return same;
}

static bool is_same_data(const struct data_node *one, const struct data_node *other)
{
    return one->data_length == other->data_length &&
           memcmp(data_node_data(one), data_node_data(other), data_node_data_size(one)) == 0;
}

/* NULL: they are the same. Otherwise the path of a node that is not. */
static const char *first_difference(struct data_tree *expected, struct data_tree *actual)
{
    for (size_t i = 0; i < expected->nodes.slot_count; i++) {
        const struct data_node *node = expected->nodes.slots[i].node;
        if (node == NULL)
            continue;
        const struct data_node *other = data_tree_get_node_locked(actual, node->path);
        if (other == NULL || !jute_equal(&stat_persisted_record, &node->stat, &other->stat) ||
            !is_same_data(node, other) || !is_same_acl(expected, node->acl, actual, other->acl) ||
            data_node_child_count(node) != data_node_child_count(other))
            return node->path;
    }
    return NULL;
}

/* Each list of ACLs is counted as often as nodes refer to it. */
static bool are_acls_counted(const struct data_tree *tree)
{
    int64_t references = 0;
    int64_t users = 0;
    const struct long_hash *lists = &tree->acl_cache.lists;
    for (size_t i = 0; i < lists->room; i++)
        if (lists->slots[i].used)
            references += ((struct acl_cache_entry *)lists->slots[i].value)->references;
    for (size_t i = 0; i < tree->nodes.slot_count; i++)
        users += tree->nodes.slots[i].node != NULL && tree->nodes.slots[i].node->acl != -1;
    return references == users;
}

static bool are_owners_same(const struct data_tree *expected, const struct data_tree *actual)
{
    bool same = expected->containers.count == actual->containers.count &&
                expected->ttls.count == actual->ttls.count &&
                expected->ephemerals_count == actual->ephemerals_count &&
                expected->ephemerals.count == actual->ephemerals.count;
    for (size_t i = 0; same && i < expected->ephemerals.count; i++) {
        const struct owned_nodes *other =
            long_map_get(&actual->ephemerals, expected->ephemerals.entries[i].key);
        same = other != NULL &&
               other->count == ((struct owned_nodes *)expected->ephemerals.entries[i].value)->count;
    }
    return same;
}

static void assert_same_tree(int64_t number, struct data_tree *expected, struct data_tree *actual)
{
    const char *path = first_difference(expected, actual);
    if (path != NULL)
        fail_msg("history %" PRId64 ": %s is not the same", number, path[0] != '\0' ? path : "/");
    if (data_tree_get_node_count(expected) != data_tree_get_node_count(actual))
        fail_msg("history %" PRId64 ": there are more nodes", number);
    if (data_tree_get_tree_digest(expected) != data_tree_get_tree_digest(actual))
        fail_msg("history %" PRId64 ": another digest", number);
    if (data_tree_get_digest_mismatches(actual) != 0)
        fail_msg("history %" PRId64 ": a digest on the way did not match", number);
    if (data_tree_cached_approximate_data_size(expected) !=
        data_tree_cached_approximate_data_size(actual))
        fail_msg("history %" PRId64 ": another size", number);
    if (!are_acls_counted(expected) || !are_acls_counted(actual))
        fail_msg("history %" PRId64 ": ACLs are not counted", number);
    if (!are_owners_same(expected, actual))
        fail_msg("history %" PRId64 ": other owners", number);
}

/* ---- the test -------------------------------------------------------------------------------- */

static void run_history(int64_t number)
{
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "zookeeper.extendedTypesEnabled", "true");
    struct history history = {
        .random = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15),
        .tree = data_tree_new(ctx),
    };
    run_some(&history, below(&history, 150));
    struct snapshot snapshot = take_snapshot(&history, below(&history, 12));
    run_some(&history, below(&history, 30));

    struct data_tree *tree = tree_of(ctx, &snapshot);
    replay(ctx, tree, &history, snapshot.zxid);

    assert_same_tree(number, history.tree, tree);
    data_tree_unref(tree);
    buf_unref(snapshot.bytes);
    for (size_t i = 0; i < history.log_count; i++)
        txn_log_entry_unref(history.log[i]);
    data_tree_unref(history.tree);
    zk_context_free(ctx);
}

/* PER-09: whatever comes between any two nodes that are written. */
static void a_snapshot_and_the_log_behind_it_are_the_tree(void **state)
{
    (void)state;
    int64_t first = 1;
    int64_t count = HISTORIES;
    const char *wanted = getenv("ZK_HISTORIES");
    if (wanted != NULL && sscanf(wanted, "%" SCNd64 ",%" SCNd64, &first, &count) != 2)
        fail_msg("ZK_HISTORIES=FIRST,COUNT");
    for (int64_t number = first; number < first + count; number++)
        run_history(number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_and_the_log_behind_it_are_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
