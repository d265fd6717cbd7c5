/* Who watches which path, and who is told. Each tree has two such managers, one for the data of
 * nodes and one for their children. Java: server.watch.WatchManager
 *
 * A watcher has at most one watch of a path here, and the mode that was set last is its mode: a
 * read that sets a watch where the same connection has a persistent one makes it a standard one
 * (K-220). Standard watches are told once and are gone. A path need not have a node, and need not
 * be one: clients may watch any text, Java's null included.
 *
 * Adding, removing and telling take one look into a hash table for each watch that they touch.
 * NOTES.md 4.7 says what a watch costs in memory. No function takes a lock: the tree's lock guards
 * its two managers. Nothing blocks. */
#ifndef ZK_WATCH_WATCH_MANAGER_H
#define ZK_WATCH_WATCH_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/jute/archive.h"
#include "zk/watch/watcher.h"

struct watch_manager;

/* key: a random number, so that no client can choose paths whose hashes collide. */
struct watch_manager *watch_manager_new(uint64_t key);
void watch_manager_free(struct watch_manager *manager); /* NULL is fine */

/* Java: addWatch(). Does nothing if the watcher is stale. Copies path. -EINVAL where Java throws: a
 * watcher may set a watch on null once (K-221). */
ZK_NODISCARD int watch_manager_add_watch(struct watch_manager *manager, const struct ustring *path,
                                         struct watcher *watcher, enum watcher_mode mode);
/* Java: containsWatcher(). *ret_contains: somebody watches the path (K-222). -EINVAL where Java
 * throws: for null, and for a text without a slash in it. */
ZK_NODISCARD int watch_manager_contains_watcher(struct watch_manager *manager,
                                                const struct ustring *path, bool *ret_contains);
/* Java: removeWatcher(path, watcher). Removes one watch, whatever its mode. *ret_removed: there was
 * one. -EINVAL where Java throws: the path is null, and the watch was there; it is removed. */
ZK_NODISCARD int watch_manager_remove_watch(struct watch_manager *manager,
                                            const struct ustring *path, struct watcher *watcher,
                                            bool *ret_removed);
/* Java: removeWatcher(watcher). The connection is gone, and its watches go: at most at_once of them
 * in this call. Returns true if there is none left. Takes some 0.3 µs for each, and no time for
 * others. */
bool watch_manager_remove_watcher(struct watch_manager *manager, struct watcher *watcher,
                                  size_t at_once);

/* ---- telling --------------------------------------------------------------------------------- */

/* Watchers that one call has told, each once. Java: WatcherOrBitSet */
struct watcher_set {
    struct watcher **items; /* owned; NULL: none */
    size_t count;
    size_t room;
};

void watcher_set_done(struct watcher_set *set);

/* Java: triggerWatch(). Something of that type happened to the path: tells those that watch it,
 * each once, in the order in which the watches came, and takes away the standard ones; then those
 * with a recursive watch above it, if any. WATCHER_EVENT_NODE_CHILDREN_CHANGED is not told to
 * recursive watches, because they hear of the children themselves. acl goes to each watcher's
 * process(). Those in suppress (NULL: none) are not told, and their watches are used up all the
 * same. ret_watchers (NULL: nobody asks) comes empty, and gets those that were found; the caller
 * ends it with watcher_set_done. */
void watch_manager_trigger_watch(struct watch_manager *manager, const char *path,
                                 enum watcher_event_type type, const struct zk_acl_list *acl,
                                 const struct watcher_set *suppress,
                                 struct watcher_set *ret_watchers);

/* ---- asking ---------------------------------------------------------------------------------- */

/* Java: size() */
size_t watch_manager_size(const struct watch_manager *manager);

/* Java: server.watch.WatchesSummary, and toString(), what wchs prints. */
struct watches_summary {
    size_t num_connections; /* those that have, or had, a watch and are still open */
    size_t num_paths;
    size_t total_watches;
};
struct watches_summary watch_manager_get_watches_summary(const struct watch_manager *manager);

/* What watch_manager_dump_watches calls: once for a heading, then for what stands below it. */
struct watch_visitor {
    /* path is watched; text NULL: it is Java's null. It stays the manager's. */
    void (*path)(struct watch_visitor *visitor, const struct ustring *path);
    void (*session)(struct watch_visitor *visitor, int64_t session_id);
};

/* Java: dumpWatches(), getWatchesByPath(), getWatches(): what wchp and wchc print. by_path: each
 * path, and behind it the sessions that watch it, in no particular order of paths. Otherwise each
 * connection's session, also one that has no watch left, and behind it its paths. */
void watch_manager_dump_watches(const struct watch_manager *manager, bool by_path,
                                struct watch_visitor *visitor);

#endif
