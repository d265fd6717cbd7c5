/* The purge task. Java: server.DatadirCleanupManager */
#include "zk/persistence/datadir_cleanup_manager.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/persistence/purge_txn_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"

enum { HOUR_MS = 60 * 60 * 1000 };

struct datadir_cleanup_manager {
    struct zk_context *ctx;
    char *snap_dir;
    char *data_log_dir;
    int32_t snap_retain_count;
    int32_t purge_interval_hours;
    struct zk_stop stop;
    struct zk_thread_group *threads;
};

static void purge_task_run(void *arg);
static void purge_once(struct datadir_cleanup_manager *manager);

struct datadir_cleanup_manager *datadir_cleanup_manager_new(struct zk_context *ctx,
                                                            const char *snap_dir,
                                                            const char *data_log_dir,
                                                            int32_t snap_retain_count,
                                                            int32_t purge_interval_hours)
{
    struct datadir_cleanup_manager *manager = zk_xcalloc(1, sizeof *manager);
    manager->ctx = ctx;
    manager->snap_dir = zk_xstrdup(snap_dir);
    manager->data_log_dir = zk_xstrdup(data_log_dir);
    manager->snap_retain_count = snap_retain_count;
    manager->purge_interval_hours = purge_interval_hours;
    zk_stop_init(&manager->stop, ctx, "purge_task");
    manager->threads = zk_thread_group_new(ctx);
    zk_log(ctx, ZK_LOG_SETTING_INT, "autopurge.snapRetainCount", snap_retain_count);
    zk_log(ctx, ZK_LOG_SETTING_INT, "autopurge.purgeInterval", purge_interval_hours);
    return manager;
}

void datadir_cleanup_manager_start(struct datadir_cleanup_manager *manager)
{
    if (manager->purge_interval_hours <= 0) {
        zk_log(manager->ctx, ZK_LOG_PURGE_NOT_SCHEDULED);
        return;
    }
    int r = zk_thread_group_start(manager->threads, purge_task_run, manager, "PurgeTask");
    if (r < 0)
        zk_log(manager->ctx, ZK_LOG_PURGE_ERROR, zk_error_text(r).text);
}

void datadir_cleanup_manager_free(struct datadir_cleanup_manager *manager)
{
    if (manager == NULL)
        return;
    zk_stop_request(&manager->stop);
    zk_thread_group_free(manager->threads);
    zk_stop_destroy(&manager->stop);
    free(manager->snap_dir);
    free(manager->data_log_dir);
    free(manager);
}

/* Purges at a fixed rate, as Java's timer does, but not by the wall clock (D-324). */
static void purge_task_run(void *arg)
{
    struct datadir_cleanup_manager *manager = arg;
    const int64_t interval_ms = (int64_t)manager->purge_interval_hours * HOUR_MS;
    int64_t due_ms = zk_elapsed_ms();
    do {
        purge_once(manager);
        due_ms += interval_ms;
    } while (!zk_stop_sleep(&manager->stop, due_ms - zk_elapsed_ms()));
}

/* Java: PurgeTask.run() */
static void purge_once(struct datadir_cleanup_manager *manager)
{
    zk_log(manager->ctx, ZK_LOG_PURGE_STARTED);
    int r = purge_txn_log_purge(manager->ctx, manager->data_log_dir, manager->snap_dir,
                                manager->snap_retain_count);
    if (r < 0)
        zk_log(manager->ctx, ZK_LOG_PURGE_ERROR, zk_error_text(r).text);
    zk_log(manager->ctx, ZK_LOG_PURGE_COMPLETED);
}
