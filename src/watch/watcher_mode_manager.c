/* Modes of watches. Java: server.watch.WatcherModeManager */
#include "watch/watcher_mode_manager.h"

static void adjust_recursive_qty(struct watcher_mode_manager *manager, enum watcher_mode old_mode,
                                 enum watcher_mode new_mode);

/* Java: setWatcherMode() */
bool watcher_mode_manager_set_watcher_mode(struct watcher_mode_manager *manager,
                                           struct watch *watch, enum watcher_mode mode)
{
    if (watch->path->length == WATCH_STORE_NONE) {
        if (watch->watching->has_null_mode)
            return false;
        watch->watching->has_null_mode = true;
    }
    adjust_recursive_qty(manager, watcher_mode_manager_get_watcher_mode(watch), mode);
    watch->mode = (uint8_t)mode;
    return true;
}

/* Java: getWatcherMode() */
enum watcher_mode watcher_mode_manager_get_watcher_mode(const struct watch *watch)
{
    return (enum watcher_mode)watch->mode;
}

/* Java: removeWatcher() */
bool watcher_mode_manager_remove_watcher(struct watcher_mode_manager *manager, struct watch *watch)
{
    adjust_recursive_qty(manager, watcher_mode_manager_get_watcher_mode(watch),
                         WATCHER_MODE_STANDARD);
    watch->mode = WATCHER_MODE_STANDARD;
    return watch->path->length != WATCH_STORE_NONE;
}

/* Java: adjustRecursiveQty() */
static void adjust_recursive_qty(struct watcher_mode_manager *manager, enum watcher_mode old_mode,
                                 enum watcher_mode new_mode)
{
    if (old_mode == WATCHER_MODE_PERSISTENT_RECURSIVE)
        manager->recursive_qty--;
    if (new_mode == WATCHER_MODE_PERSISTENT_RECURSIVE)
        manager->recursive_qty++;
}
