/* Which nodes a leader deletes by itself, and when. Java: ContainerManagerTest,
 * CreateContainerTest, CreateTTLTest */
#include <errno.h>
#include <stdlib.h>

#include "outside.h"
#include "testing_peer.h"
#include "zk/jute/archive.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/server/container_manager.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"
#include "zk/tree/ephemeral_type.h"

enum { HOUR_MS = 3600000 };

/* Keeps the paths of the deleteContainers that it is given. */
struct collector {
    struct request_processor processor;
    struct zk_mutex mu; /* guards paths */
    struct zk_strings paths;
};

static int collect(struct request_processor *processor, struct request *request)
{
    struct collector *collector = (void *)processor;
    struct zk_str path = {0};
    if (request->type == OP_CODE_DELETE_CONTAINER)
        zk_str_append_bytes(&path, (const char *)request->request->bytes, request->request->length);
    zk_mutex_lock(&collector->mu);
    zk_strings_add(&collector->paths, zk_str_text(&path));
    zk_mutex_unlock(&collector->mu);
    zk_str_done(&path);
    return 0;
}

static const struct request_processor_ops collector_ops = {.process_request = collect};

struct stage {
    struct testing_peer peer;
    struct data_tree *tree;
    struct collector collector;
    struct container_manager *manager;
    int64_t zxid;
    size_t seen; /* deletions of /used when the clock was set */
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    struct testing_peer_options options = testing_peer_options_default(3);
    options.setting = "zookeeper.extendedTypesEnabled";
    options.value = "true";
    testing_peer_init(&stage->peer, &options);
    zk_settings_set(stage->peer.ctx, "znode.container.checkIntervalMs", "20");
    zk_settings_set(stage->peer.ctx, "znode.container.maxPerMinute", "60000");
    stage->tree = zk_database_get_data_tree(stage->peer.database);
    stage->collector.processor.ops = &collector_ops;
    zk_mutex_init(&stage->collector.mu, stage->peer.ctx, "collector", 100);
    stage->manager =
        container_manager_new(stage->peer.ctx, stage->peer.database, &stage->collector.processor);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    container_manager_free(stage->manager);
    outside_set_wall_clock(0);
    zk_strings_done(&stage->collector.paths);
    zk_mutex_destroy(&stage->collector.mu);
    data_tree_unref(stage->tree);
    testing_peer_done(&stage->peer);
    free(stage);
    return 0;
}

static void apply(struct stage *stage, int32_t type, union txn_record *record)
{
    struct txn_header header = {.zxid = ++stage->zxid, .type = type, .time_ms = zk_wall_ms()};
    struct txn_log_entry *entry = txn_log_entry_new(&header, record, NULL);
    struct process_txn_result result;
    data_tree_process_txn(stage->tree, entry, &result);
    assert_int_equal(0, result.err);
    process_txn_result_done(&result);
    txn_log_entry_unref(entry);
}

static void create_container(struct stage *stage, const char *path)
{
    union txn_record record = {
        .create_container = {.path = ustring_of(path), .parent_cversion = -1}};
    zk_acl_list_add(&record.create_container.acl, PERMS_ALL, "world", "anyone");
    apply(stage, OP_CODE_CREATE_CONTAINER, &record);
}

static void create_ttl(struct stage *stage, const char *path, int64_t ttl_ms)
{
    union txn_record record = {
        .create_ttl = {.path = ustring_of(path), .parent_cversion = -1, .ttl = ttl_ms}};
    zk_acl_list_add(&record.create_ttl.acl, PERMS_ALL, "world", "anyone");
    apply(stage, OP_CODE_CREATE_TTL, &record);
}

static void create(struct stage *stage, const char *path)
{
    union txn_record record = {.create = {.path = ustring_of(path), .parent_cversion = -1}};
    zk_acl_list_add(&record.create.acl, PERMS_ALL, "world", "anyone");
    apply(stage, OP_CODE_CREATE, &record);
}

static void delete_node(struct stage *stage, const char *path)
{
    union txn_record record = {.delete = {.path = ustring_of(path)}};
    apply(stage, OP_CODE_DELETE, &record);
}

/* How often the path was asked to go. */
static size_t deletions(struct stage *stage, const char *path)
{
    size_t count = 0;
    zk_mutex_lock(&stage->collector.mu);
    for (size_t i = 0; i < stage->collector.paths.count; i++)
        count += strcmp(stage->collector.paths.items[i], path) == 0;
    zk_mutex_unlock(&stage->collector.mu);
    return count;
}

static bool used_container_was_asked_to_go_twice(void *arg)
{
    return deletions(arg, "/used") >= 2;
}

static void container_goes_when_its_last_child_has_gone(void **state)
{
    struct stage *stage = *state;
    create_container(stage, "/new");
    create_container(stage, "/full");
    create(stage, "/full/child");
    create_container(stage, "/used");
    create(stage, "/used/child");
    delete_node(stage, "/used/child");
    create(stage, "/plain");

    assert_int_equal(0, container_manager_start(stage->manager));
    test_await(used_container_was_asked_to_go_twice, stage);

    assert_int_equal(0, deletions(stage, "/new"));
    assert_int_equal(0, deletions(stage, "/full"));
    assert_int_equal(0, deletions(stage, "/plain"));
    assert_true(
        testing_peer_logged(&stage->peer, "Attempting to delete candidate container: /used"));
}

static bool short_ttl_was_asked_to_go_twice(void *arg)
{
    return deletions(arg, "/short") >= 2;
}

static void node_goes_when_its_time_is_over(void **state)
{
    struct stage *stage = *state;
    create_ttl(stage, "/short", 1);
    create_ttl(stage, "/long", 1000000);
    create_ttl(stage, "/parent", 1);
    create(stage, "/parent/child");

    assert_int_equal(0, container_manager_start(stage->manager));
    test_await(short_ttl_was_asked_to_go_twice, stage);

    assert_int_equal(0, deletions(stage, "/long"));
    assert_int_equal(0, deletions(stage, "/parent"));
}

/* Java: Long.getLong(). 30 days in milliseconds are no int. */
static void a_container_that_was_never_used_may_stay_for_a_month(void **state)
{
    struct stage *stage = *state;
    const int64_t month_ms = INT64_C(30) * 24 * 60 * 60 * 1000;
    const struct stat_persisted unused = {.ephemeral_owner = CONTAINER_EPHEMERAL_OWNER};
    zk_settings_set(stage->peer.ctx, "znode.container.maxNeverUsedIntervalMs", "2592000000");

    struct container_rules rules = container_rules_of(stage->peer.ctx);

    assert_false(container_rules_let_go(&rules, &unused, month_ms));
    assert_true(container_rules_let_go(&rules, &unused, month_ms + 1));
}

static bool used_container_was_asked_to_go_again(void *arg)
{
    struct stage *stage = arg;
    return deletions(stage, "/used") >= stage->seen + 2;
}

/* D-324. Two more requests: one of the looks may have been on its way when the clock was set. */
static void looks_go_on_when_the_wall_clock_is_set_back(void **state)
{
    struct stage *stage = *state;
    create_container(stage, "/used");
    create(stage, "/used/child");
    delete_node(stage, "/used/child");
    assert_int_equal(0, container_manager_start(stage->manager));
    test_await(used_container_was_asked_to_go_again, stage);

    outside_set_wall_clock(-2 * HOUR_MS);

    stage->seen = deletions(stage, "/used");
    test_await(used_container_was_asked_to_go_again, stage);
}

static void it_stops_at_once_amid_its_sleep(void **state)
{
    struct stage *stage = *state;
    container_manager_free(stage->manager);
    zk_settings_set(stage->peer.ctx, "znode.container.checkIntervalMs", "100000000");
    stage->manager =
        container_manager_new(stage->peer.ctx, stage->peer.database, &stage->collector.processor);
    assert_int_equal(0, container_manager_start(stage->manager));
    container_manager_stop(stage->manager);
    container_manager_stop(stage->manager);
}

int main(void)
{
#define WITH_MANAGER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_MANAGER(container_goes_when_its_last_child_has_gone),
        WITH_MANAGER(node_goes_when_its_time_is_over),
        WITH_MANAGER(a_container_that_was_never_used_may_stay_for_a_month),
        WITH_MANAGER(looks_go_on_when_the_wall_clock_is_set_back),
        WITH_MANAGER(it_stops_at_once_amid_its_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
