/* Who watches which path, and who is told. Java: server.watch.WatchManager */
#include "watch/watch_manager_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "watch/path_parent_iterator.h"
#include "zk/base/alloc.h"

static struct path_parent_iterator get_path_parent_iterator(const struct watch_manager *manager,
                                                            const char *path, size_t length);
static void remove_watch(struct watch_manager *manager, uint32_t number);

/* Java: new WatchManager() */
struct watch_manager *watch_manager_new(uint64_t key)
{
    struct watch_manager *manager = zk_xcalloc(1, sizeof *manager);
    watch_store_init(&manager->store, key);
    return manager;
}

void watch_manager_free(struct watch_manager *manager)
{
    if (manager == NULL)
        return;
    watch_store_done(&manager->store);
    free(manager);
}

/* Java: size() */
size_t watch_manager_size(const struct watch_manager *manager)
{
    return manager->store.count;
}

/* Java: addWatch() */
int watch_manager_add_watch(struct watch_manager *manager, const struct ustring *path,
                            struct watcher *watcher, enum watcher_mode mode)
{
    struct watch_store *store = &manager->store;
    if (watcher->ops->is_stale(watcher))
        return 0;
    struct watching *watching = watch_store_put_watching(store, watcher);
    uint32_t number =
        watch_store_find(store, watch_store_get_path(store, path->text, path->length), watching);
    if (number == WATCH_STORE_NONE)
        number = watch_store_add(store, path->text, path->length, watching);
    bool is_set = watcher_mode_manager_set_watcher_mode(&manager->watcher_mode_manager,
                                                        watch_store_at(store, number), mode);
    return is_set ? 0 : -EINVAL;
}

/* Java: removeWatcher(watcher) */
bool watch_manager_remove_watcher(struct watch_manager *manager, struct watcher *watcher,
                                  size_t at_once)
{
    struct watching *watching = watch_store_get_watching(&manager->store, watcher);
    if (watching == NULL)
        return true;
    for (size_t i = 0; i < at_once && watching->first != WATCH_STORE_NONE; i++)
        remove_watch(manager, watching->first);
    if (watching->first != WATCH_STORE_NONE)
        return false;
    watch_store_remove_watching(&manager->store, watching);
    return true;
}

static void remove_watch(struct watch_manager *manager, uint32_t number)
{
    /* Java stops at a null path, and leaves what else the connection has for ever (D-220). */
    (void)watcher_mode_manager_remove_watcher(&manager->watcher_mode_manager,
                                              watch_store_at(&manager->store, number));
    watch_store_remove(&manager->store, number, WATCH_STORE_NONE);
}

/* ---- telling --------------------------------------------------------------------------------- */

void watcher_set_done(struct watcher_set *set)
{
    free(set->items);
    *set = (struct watcher_set){0};
}

/* Adds the watcher to those that the present call tells, unless it is among them. */
static void collect_watcher(const struct watch_manager *manager, struct watching *watching,
                            struct watcher_set *watchers)
{
    if (watching->collected_by == manager->triggers)
        return;
    watching->collected_by = manager->triggers;
    watchers->items =
        zk_xgrow(watchers->items, watchers->count, &watchers->room, sizeof(struct watcher *));
    watchers->items[watchers->count++] = watching->watcher;
}

/* Collects all that watch one path: that of the event, or, with at_parent_path, one above it. */
static void collect_watchers_of_path(struct watch_manager *manager, const struct watched_path *path,
                                     enum watcher_event_type type, bool at_parent_path,
                                     struct watcher_set *watchers)
{
    uint32_t next;
    for (uint32_t number = path->first; number != WATCH_STORE_NONE; number = next) {
        const struct watch *watch = watch_store_at(&manager->store, number);
        enum watcher_mode mode = watcher_mode_manager_get_watcher_mode(watch);
        next = watch->next_of_path;
        if (mode == WATCHER_MODE_PERSISTENT_RECURSIVE) {
            if (type != WATCHER_EVENT_NODE_CHILDREN_CHANGED)
                collect_watcher(manager, watch->watching, watchers);
        } else if (!at_parent_path) {
            collect_watcher(manager, watch->watching, watchers);
            if (mode == WATCHER_MODE_STANDARD) /* path is freed with its last watch */
                next = watch_store_remove(&manager->store, number, next);
        }
    }
}

/* Marks the watchers of set, which the other manager of the tree has told already. */
static void mark_suppressed(const struct watch_manager *manager, const struct watcher_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct watching *watching = watch_store_get_watching(&manager->store, set->items[i]);
        if (watching != NULL)
            watching->suppressed_by = manager->triggers;
    }
}

/* Java: triggerWatch() */
void watch_manager_trigger_watch(struct watch_manager *manager, const char *path,
                                 enum watcher_event_type type, const struct zk_acl_list *acl,
                                 const struct watcher_set *suppress,
                                 struct watcher_set *ret_watchers)
{
    struct watcher_set watchers = {0};
    size_t length = strlen(path);
    struct path_parent_iterator iterator = get_path_parent_iterator(manager, path, length);
    size_t local_length;
    if (manager->store.count == 0)
        return;
    manager->triggers++;
    while (path_parent_iterator_has_next(&iterator) &&
           path_parent_iterator_next(&iterator, &local_length)) {
        const struct watched_path *watched =
            watch_store_get_path(&manager->store, path, local_length);
        if (watched != NULL)
            collect_watchers_of_path(manager, watched, type,
                                     path_parent_iterator_at_parent_path(&iterator), &watchers);
    }

    struct watched_event event = {
        .type = (int32_t)type,
        .state = KEEPER_STATE_SYNC_CONNECTED,
        .path = {.text = (char *)path, .length = length},
    };
    if (suppress != NULL)
        mark_suppressed(manager, suppress);
    for (size_t i = 0; i < watchers.count; i++) {
        struct watcher *watcher = watchers.items[i];
        const struct watching *watching = watch_store_get_watching(&manager->store, watcher);
        if (watching->suppressed_by != manager->triggers)
            watcher->ops->process(watcher, &event, acl);
    }
    if (ret_watchers != NULL)
        *ret_watchers = watchers;
    else
        watcher_set_done(&watchers);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Java: toString(), getWatchesSummary() */
struct watches_summary watch_manager_get_watches_summary(const struct watch_manager *manager)
{
    return (struct watches_summary){
        .num_connections = manager->store.watchings.count,
        .num_paths = manager->store.path_count,
        .total_watches = manager->store.count,
    };
}

static void dump_watches_by_path(const struct watch_store *store, struct watch_visitor *visitor)
{
    for (size_t i = 0; i < store->path_room; i++) {
        if (store->paths[i] == NULL)
            continue;
        struct ustring text = watched_path_text(store->paths[i]);
        visitor->path(visitor, &text);
        for (uint32_t number = store->paths[i]->first; number != WATCH_STORE_NONE;
             number = watch_store_at(store, number)->next_of_path)
            visitor->session(visitor, watch_store_at(store, number)->watching->session_id);
    }
}

/* Java: dumpWatches() */
void watch_manager_dump_watches(const struct watch_manager *manager, bool by_path,
                                struct watch_visitor *visitor)
{
    const struct watch_store *store = &manager->store;
    if (by_path) {
        dump_watches_by_path(store, visitor);
        return;
    }
    for (const struct watching *watching = store->first; watching != NULL;
         watching = watching->next) {
        visitor->session(visitor, watching->session_id);
        for (uint32_t number = watching->first; number != WATCH_STORE_NONE;
             number = watch_store_at(store, number)->next_of_watcher) {
            struct ustring text = watched_path_text(watch_store_at(store, number)->path);
            visitor->path(visitor, &text);
        }
    }
}

/* Java: containsWatcher(). At the path itself every watch counts, whoever has set it (K-222). A
 * watch above it would count only if the asker's watch of the path itself were recursive; but then
 * that watch has been found already. So the walk upwards finds nothing, and is done only for its
 * error. */
int watch_manager_contains_watcher(struct watch_manager *manager, const struct ustring *path,
                                   bool *ret_contains)
{
    *ret_contains = false;
    if (path->text == NULL)
        return -EINVAL;
    struct path_parent_iterator iterator =
        get_path_parent_iterator(manager, path->text, path->length);
    while (path_parent_iterator_has_next(&iterator)) {
        size_t length;
        if (!path_parent_iterator_next(&iterator, &length))
            return -EINVAL;
        if (!path_parent_iterator_at_parent_path(&iterator) &&
            watch_store_get_path(&manager->store, path->text, length) != NULL) {
            *ret_contains = true;
            break;
        }
    }
    return 0;
}

/* Java: removeWatcher(path, watcher) */
int watch_manager_remove_watch(struct watch_manager *manager, const struct ustring *path,
                               struct watcher *watcher, bool *ret_removed)
{
    const struct watch_store *store = &manager->store;
    struct watching *watching = watch_store_get_watching(store, watcher);
    uint32_t number = WATCH_STORE_NONE;
    if (watching != NULL)
        number = watch_store_find(store, watch_store_get_path(store, path->text, path->length),
                                  watching);
    *ret_removed = number != WATCH_STORE_NONE;
    if (!*ret_removed)
        return 0;
    remove_watch(manager, number);
    return path->text != NULL ? 0 : -EINVAL;
}

/* Java: getRecursiveWatchQty() */
size_t watch_manager_get_recursive_watch_qty(const struct watch_manager *manager)
{
    return manager->watcher_mode_manager.recursive_qty;
}

/* Java: getPathParentIterator() */
static struct path_parent_iterator get_path_parent_iterator(const struct watch_manager *manager,
                                                            const char *path, size_t length)
{
    if (watch_manager_get_recursive_watch_qty(manager) == 0)
        return path_parent_iterator_for_path_only(path, length);
    return path_parent_iterator_for_all(path, length);
}
