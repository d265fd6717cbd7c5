/* A watch manager from inside, for its tests. Java: server.watch.WatchManager */
#ifndef WATCH_WATCH_MANAGER_INTERNAL_H
#define WATCH_WATCH_MANAGER_INTERNAL_H

#include "watch/watch_store.h"
#include "watch/watcher_mode_manager.h"
#include "zk/watch/watch_manager.h"

struct watch_manager {
    struct watch_store store; /* Java: watchTable, watch2Paths */
    struct watcher_mode_manager watcher_mode_manager;
    /* Calls of triggerWatch so far: each marks with its number the watchers that it has met. */
    uint64_t triggers;
};

/* Java: getRecursiveWatchQty() */
size_t watch_manager_get_recursive_watch_qty(const struct watch_manager *manager);

#endif
