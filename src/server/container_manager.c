/* Looks for nodes that nobody needs any more. Java: server.ContainerManager
 *
 * One thread, ContainerManagerTask, which sleeps between two looks and between two requests, and
 * which container_manager_stop wakes. No lock of its own. */
#include "zk/server/container_manager.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"
#include "zk/tree/ephemeral_type.h"

struct container_manager {
    struct zk_context *ctx;
    struct zk_database *database;
    struct request_processor *request_processor;
    struct zk_thread_group *threads;
    struct zk_stop stop;
    /* Settings. */
    int64_t check_interval_ms;
    int64_t max_per_minute;
    struct container_rules rules;
};

static void container_manager_run(void *arg);
static void get_candidates(struct container_manager *manager, struct zk_strings *ret_candidates);

/* Java: new ContainerManager() */
struct container_manager *container_manager_new(struct zk_context *ctx,
                                                struct zk_database *database,
                                                struct request_processor *request_processor)
{
    struct container_manager *manager = zk_xcalloc(1, sizeof *manager);
    manager->ctx = ctx;
    manager->database = database;
    manager->request_processor = request_processor;
    manager->threads = zk_thread_group_new(ctx);
    zk_stop_init(&manager->stop, ctx, "container_manager");
    manager->check_interval_ms =
        zk_settings_get_integer(ctx, "znode.container.checkIntervalMs", 60000);
    manager->max_per_minute = zk_settings_get_integer(ctx, "znode.container.maxPerMinute", 10000);
    if (manager->max_per_minute == 0)
        manager->max_per_minute = 1; /* Java divides by it (D-323) */
    manager->rules = container_rules_of(ctx);
    zk_log(ctx, ZK_LOG_CONTAINER_MANAGER, manager->check_interval_ms, manager->max_per_minute,
           manager->rules.max_never_used_interval_ms);
    return manager;
}

void container_manager_free(struct container_manager *manager)
{
    if (manager == NULL)
        return;
    container_manager_stop(manager);
    zk_thread_group_free(manager->threads);
    zk_stop_destroy(&manager->stop);
    free(manager);
}

/* Java: start() */
int container_manager_start(struct container_manager *manager)
{
    return zk_thread_group_start(manager->threads, container_manager_run, manager,
                                 "ContainerManagerTask");
}

/* Java: stop() */
void container_manager_stop(struct container_manager *manager)
{
    zk_stop_request(&manager->stop);
    zk_thread_group_join(manager->threads);
}

/* Java: checkContainers() */
static void check_containers(struct container_manager *manager)
{
    enum { MINUTE_MS = 60000 };
    int64_t min_interval_ms = MINUTE_MS / manager->max_per_minute;
    struct zk_strings candidates = {0};
    get_candidates(manager, &candidates);
    for (size_t i = 0; i < candidates.count; i++) {
        int64_t start_ms = zk_elapsed_ms();
        const char *path = candidates.items[i];
        zk_log(manager->ctx, ZK_LOG_DELETING_CONTAINER, path);
        struct buf *body = buf_new_copy(path, strlen(path));
        struct request *request = request_new(NULL, 0, 0, OP_CODE_DELETE_CONTAINER, body, NULL);
        buf_unref(body);
        int r = request_processor_process_request(manager->request_processor, request);
        request_unref(request);
        int64_t wait_ms = min_interval_ms - (zk_elapsed_ms() - start_ms);
        if (r < 0 || zk_stop_sleep(&manager->stop, wait_ms > 0 ? wait_ms : 0))
            break;
    }
    zk_strings_done(&candidates);
}

/* At a fixed rate, as Java's timer: after a look that took longer than the interval the next one
 * follows at once. But it goes on if somebody sets the wall clock back (D-324). */
static void container_manager_run(void *arg)
{
    struct container_manager *manager = arg;
    int64_t due_ms = zk_elapsed_ms() + manager->check_interval_ms;
    while (!zk_stop_sleep(&manager->stop, due_ms - zk_elapsed_ms())) {
        check_containers(manager);
        due_ms += manager->check_interval_ms;
    }
}

/* Java: getCandidates() */
static void get_candidates(struct container_manager *manager, struct zk_strings *ret_candidates)
{
    struct data_tree *tree = zk_database_get_data_tree(manager->database);
    struct zk_strings paths = {0};
    data_tree_get_containers(tree, &paths);
    data_tree_get_ttls(tree, &paths);
    for (size_t i = 0; i < paths.count; i++) {
        struct data_tree_record record;
        if (data_tree_get_change_record(tree, paths.items[i], &record) < 0)
            continue; /* it has gone meanwhile */
        if (record.child_count == 0 &&
            container_rules_let_go(&manager->rules, &record.stat, zk_wall_ms()))
            zk_strings_add(ret_candidates, paths.items[i]);
        data_tree_record_done(&record);
    }
    zk_strings_done(&paths);
    data_tree_unref(tree);
}

/* ---- which nodes may go ---------------------------------------------------------------------- */

struct container_rules container_rules_of(const struct zk_context *ctx)
{
    return (struct container_rules){
        .ephemeral_types = ephemeral_types_of(ctx),
        .max_never_used_interval_ms =
            zk_settings_get_long(ctx, "znode.container.maxNeverUsedIntervalMs", 0),
    };
}

/* Returns whether nobody needs a container without children. One that never had a child stays, or
 * it would go as soon as it was made; a setting bounds how long it stays. */
static bool is_unused_container(const struct container_rules *rules,
                                const struct stat_persisted *stat, int64_t elapsed_ms)
{
    return stat->cversion > 0 || (rules->max_never_used_interval_ms != 0 &&
                                  elapsed_ms > rules->max_never_used_interval_ms);
}

bool container_rules_let_go(const struct container_rules *rules, const struct stat_persisted *stat,
                            int64_t now_ms)
{
    const int64_t elapsed_ms = now_ms - stat->mtime_ms; /* Java: getElapsed() */
    int64_t ttl_ms;
    switch (ephemeral_type_get(&rules->ephemeral_types, stat->ephemeral_owner)) {
    case EPHEMERAL_TYPE_CONTAINER:
        return is_unused_container(rules, stat, elapsed_ms);
    case EPHEMERAL_TYPE_TTL:
        ttl_ms = ephemeral_type_owner_to_ttl(stat->ephemeral_owner);
        return ttl_ms != 0 && elapsed_ms > ttl_ms;
    case EPHEMERAL_TYPE_VOID:
    case EPHEMERAL_TYPE_NORMAL:
        break;
    }
    return false;
}
