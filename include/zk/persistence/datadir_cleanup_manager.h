/* The thread that purges the data directories now and then (autopurge.purgeInterval,
 * autopurge.snapRetainCount). Its functions are called by one thread, the one that starts and ends
 * the server. Java: server.DatadirCleanupManager */
#ifndef ZK_PERSISTENCE_DATADIR_CLEANUP_MANAGER_H
#define ZK_PERSISTENCE_DATADIR_CLEANUP_MANAGER_H

#include <stdint.h>

struct zk_context;
struct datadir_cleanup_manager;

/* Java: new DatadirCleanupManager(). Both directories are .../version-2, and are copied.
 * purge_interval_hours of zero or less: nothing will be purged. The caller frees what is
 * returned. */
struct datadir_cleanup_manager *datadir_cleanup_manager_new(struct zk_context *ctx,
                                                            const char *snap_dir,
                                                            const char *data_log_dir,
                                                            int32_t snap_retain_count,
                                                            int32_t purge_interval_hours);
/* Java: start(). Starts the thread "PurgeTask", which purges at once and then once in each
 * interval; a failure to start it is logged. May be called once. */
void datadir_cleanup_manager_start(struct datadir_cleanup_manager *manager);
/* Java: shutdown(). Ends the thread and waits for it, and so for a purge that has begun; then it
 * frees. NULL is fine. */
void datadir_cleanup_manager_free(struct datadir_cleanup_manager *manager);

#endif
