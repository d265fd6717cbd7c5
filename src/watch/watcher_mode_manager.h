/* In which mode each watch is told, and how many are recursive, so that changes look at the paths
 * above theirs only if somebody could be told there. Java: server.watch.WatcherModeManager, which
 * keeps the modes in a map of its own, by watcher and path; here each watch has its mode.
 *
 * The keys of Java's map compare their paths by equals(), which throws for a null path when two
 * keys have the same hash: so a watcher's mode for null can be set once, and never be taken back
 * (K-221). */
#ifndef WATCH_WATCHER_MODE_MANAGER_H
#define WATCH_WATCHER_MODE_MANAGER_H

#include <stdbool.h>
#include <stddef.h>

#include "watch/watch_store.h"

struct watcher_mode_manager {
    size_t recursive_qty; /* how many watches are recursive. Java: recursiveQty */
};

/* Java: setWatcherMode(). False: Java throws, and the mode stays. */
bool watcher_mode_manager_set_watcher_mode(struct watcher_mode_manager *manager,
                                           struct watch *watch, enum watcher_mode mode);
/* Java: getWatcherMode() */
enum watcher_mode watcher_mode_manager_get_watcher_mode(const struct watch *watch);
/* Java: removeWatcher(). To be called before the watch is removed. False: Java throws. */
bool watcher_mode_manager_remove_watcher(struct watcher_mode_manager *manager, struct watch *watch);

#endif
