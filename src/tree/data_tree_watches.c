/* Who is told of changes, and the watches that clients set, ask for and take back.
 * Java: server.DataTree, what it does with dataWatches and childWatches
 *
 * The tree's lock is held from before a change until its events are with the connections. So a
 * reader on any thread who sees the change comes after the events, and a read that sets a watch
 * misses nothing between the two. */
#include <errno.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "zk/base/panic.h"
#include "zk/jute/proto.h"
#include "zk/runtime/context.h"
#include "zk/watch/watcher.h"

/* So many watches of a connection that is over are removed before the lock is given back, which
 * takes some 0.5 ms. One client may have a million. */
enum { REMOVED_AT_ONCE = 1024 };
/* After so many, of one connection or of several, the heap is asked to give memory back. */
enum { MANY_WATCHES = 250000 };

/* ---- telling --------------------------------------------------------------------------------- */

static size_t watch_count_locked(const struct data_tree *tree) REQUIRES(&tree->mu)
{
    return watch_manager_size(tree->data_watches) + watch_manager_size(tree->child_watches);
}

static bool has_watches(const struct data_tree *tree) REQUIRES(&tree->mu)
{
    return watch_count_locked(tree) > 0;
}

/* Returns the list that an event is filtered by. For a list that has been lost it is one that lets
 * nobody read. It has an entry without rights, because an empty list would let everybody read. */
static const struct zk_acl_list *list_of(const struct shared_acl *acl)
{
    static const struct zk_acl no_right = {0};
    static const struct zk_acl_list nobody = {
        .present = true, .count = 1, .items = (struct zk_acl *)&no_right};
    return acl != NULL ? &acl->list : &nobody;
}

/* Those that watch the root's children know it as "/". */
static void tell_children_changed(struct data_tree *tree, const struct data_node *parent)
    REQUIRES(&tree->mu)
{
    struct shared_acl *acl = acl_cache_convert_long(&tree->acl_cache, parent->acl);
    watch_manager_trigger_watch(tree->child_watches, parent->path[0] != '\0' ? parent->path : "/",
                                WATCHER_EVENT_NODE_CHILDREN_CHANGED, list_of(acl), NULL, NULL);
    shared_acl_unref(acl);
}

/* Java: createNode(), its end */
void data_tree_tell_created_locked(struct data_tree *tree, const char *path,
                                   const struct zk_acl_list *acl, const struct data_node *parent)
{
    if (!has_watches(tree))
        return;
    watch_manager_trigger_watch(tree->data_watches, path, WATCHER_EVENT_NODE_CREATED, acl, NULL,
                                NULL);
    tell_children_changed(tree, parent);
}

/* Java: deleteNode(), its end. Whoever watches both the data and the children hears of it once. */
void data_tree_tell_deleted_locked(struct data_tree *tree, const char *path,
                                   const struct shared_acl *acl, const struct data_node *parent)
{
    struct watcher_set processed = {0};
    if (!has_watches(tree))
        return;
    watch_manager_trigger_watch(tree->data_watches, path, WATCHER_EVENT_NODE_DELETED, list_of(acl),
                                NULL, &processed);
    watch_manager_trigger_watch(tree->child_watches, path, WATCHER_EVENT_NODE_DELETED, list_of(acl),
                                &processed, NULL);
    tell_children_changed(tree, parent);
    watcher_set_done(&processed);
}

/* Java: setData(), its end */
void data_tree_tell_data_changed_locked(struct data_tree *tree, const char *path,
                                        const struct data_node *node)
{
    if (!has_watches(tree))
        return;
    struct shared_acl *acl = acl_cache_convert_long(&tree->acl_cache, node->acl);
    watch_manager_trigger_watch(tree->data_watches, path, WATCHER_EVENT_NODE_DATA_CHANGED,
                                list_of(acl), NULL, NULL);
    shared_acl_unref(acl);
}

/* ---- watches that clients set ---------------------------------------------------------------- */

/* A read's path has a node, or could have one: it is not null, and the watch cannot fail. */
static void add_standard_watch(struct watch_manager *manager, const char *path,
                               struct watcher *watcher)
{
    struct ustring text = {.text = (char *)path, .length = strlen(path)};
    int r = watch_manager_add_watch(manager, &text, watcher, WATCHER_MODE_STANDARD);
    zk_assert(r == 0);
}

void data_tree_add_data_watch_locked(struct data_tree *tree, const char *path,
                                     struct watcher *watcher)
{
    add_standard_watch(tree->data_watches, path, watcher);
}

void data_tree_add_child_watch_locked(struct data_tree *tree, const char *path,
                                      struct watcher *watcher)
{
    add_standard_watch(tree->child_watches, path, watcher);
}

/* Java: addWatch(). The mode is WatcherMode.fromZooDef()'s. */
int data_tree_add_watch(struct data_tree *tree, const struct ustring *path, struct watcher *watcher,
                        int32_t mode)
{
    static const enum watcher_mode modes[] = {WATCHER_MODE_PERSISTENT,
                                              WATCHER_MODE_PERSISTENT_RECURSIVE};
    if (mode != 0 && mode != 1)
        return -EINVAL;
    zk_mutex_lock(&tree->mu);
    int r = watch_manager_add_watch(tree->data_watches, path, watcher, modes[mode]);
    if (r == 0)
        r = watch_manager_add_watch(tree->child_watches, path, watcher, modes[mode]);
    zk_mutex_unlock(&tree->mu);
    return r;
}

/* ---- reports --------------------------------------------------------------------------------- */

/* Java: dumpWatchesSummary(), getWatchesSummary() */
struct watches_summary data_tree_get_watches_summary(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    struct watches_summary summary = watch_manager_get_watches_summary(tree->data_watches);
    zk_mutex_unlock(&tree->mu);
    return summary;
}

/* Java: dumpWatches() */
void data_tree_dump_watches(struct data_tree *tree, bool by_path, struct watch_visitor *visitor)
{
    zk_mutex_lock(&tree->mu);
    watch_manager_dump_watches(tree->data_watches, by_path, visitor);
    zk_mutex_unlock(&tree->mu);
}

/* Java: getWatchCount() */
size_t data_tree_get_watch_count(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    size_t count = watch_count_locked(tree);
    zk_mutex_unlock(&tree->mu);
    return count;
}

/* Java: removeCnxn() */
void data_tree_remove_cnxn(struct data_tree *tree, struct watcher *watcher)
{
    bool is_many = false;
    for (bool is_over = false; !is_over;) {
        zk_mutex_lock(&tree->mu);
        size_t before = watch_count_locked(tree);
        is_over = watch_manager_remove_watcher(tree->data_watches, watcher, REMOVED_AT_ONCE) &&
                  watch_manager_remove_watcher(tree->child_watches, watcher, REMOVED_AT_ONCE);
        tree->watches_removed += before - watch_count_locked(tree);
        if (is_over && tree->watches_removed >= MANY_WATCHES) {
            tree->watches_removed = 0;
            is_many = true;
        }
        zk_mutex_unlock(&tree->mu);
    }
    if (is_many)
        zk_context_mass_free(tree->ctx);
}

/* ---- setWatches ------------------------------------------------------------------------------ */

/* What is the same for all lists of one setWatches. */
struct resetting {
    struct watcher *watcher;
    int64_t relative_zxid;
};

/* Java: getNode(). No node's name holds a zero byte. */
static const struct data_node *node_of(struct data_tree *tree, const struct ustring *path)
    REQUIRES(&tree->mu)
{
    return strlen(path->text) == path->length ? data_tree_get_node_locked(tree, path->text) : NULL;
}

static void tell_at_once(const struct resetting *resetting, enum watcher_event_type type,
                         const struct ustring *path)
{
    struct watched_event event = {
        .type = (int32_t)type, .state = KEEPER_STATE_SYNC_CONNECTED, .path = *path};
    resetting->watcher->ops->process(resetting->watcher, &event, NULL);
}

static int reset_data_watch(struct data_tree *tree, const struct resetting *resetting,
                            const struct ustring *path) REQUIRES(&tree->mu)
{
    if (path->text == NULL)
        return -EINVAL;
    const struct data_node *node = node_of(tree, path);
    if (node == NULL)
        tell_at_once(resetting, WATCHER_EVENT_NODE_DELETED, path);
    else if (node->stat.mzxid > resetting->relative_zxid)
        tell_at_once(resetting, WATCHER_EVENT_NODE_DATA_CHANGED, path);
    else
        return watch_manager_add_watch(tree->data_watches, path, resetting->watcher,
                                       WATCHER_MODE_STANDARD);
    return 0;
}

static int reset_exist_watch(struct data_tree *tree, const struct resetting *resetting,
                             const struct ustring *path) REQUIRES(&tree->mu)
{
    if (path->text == NULL)
        return -EINVAL;
    if (node_of(tree, path) == NULL)
        return watch_manager_add_watch(tree->data_watches, path, resetting->watcher,
                                       WATCHER_MODE_STANDARD);
    tell_at_once(resetting, WATCHER_EVENT_NODE_CREATED, path);
    return 0;
}

static int reset_child_watch(struct data_tree *tree, const struct resetting *resetting,
                             const struct ustring *path) REQUIRES(&tree->mu)
{
    if (path->text == NULL)
        return -EINVAL;
    const struct data_node *node = node_of(tree, path);
    if (node == NULL)
        tell_at_once(resetting, WATCHER_EVENT_NODE_DELETED, path);
    else if (node->stat.pzxid > resetting->relative_zxid)
        tell_at_once(resetting, WATCHER_EVENT_NODE_CHILDREN_CHANGED, path);
    else
        return watch_manager_add_watch(tree->child_watches, path, resetting->watcher,
                                       WATCHER_MODE_STANDARD);
    return 0;
}

static int reset_in_both(struct data_tree *tree, const struct resetting *resetting,
                         const struct ustring *path, enum watcher_mode mode) REQUIRES(&tree->mu)
{
    int r = watch_manager_add_watch(tree->child_watches, path, resetting->watcher, mode);
    if (r == 0)
        r = watch_manager_add_watch(tree->data_watches, path, resetting->watcher, mode);
    return r;
}

static int reset_persistent_watch(struct data_tree *tree, const struct resetting *resetting,
                                  const struct ustring *path) REQUIRES(&tree->mu)
{
    return reset_in_both(tree, resetting, path, WATCHER_MODE_PERSISTENT);
}

static int reset_persistent_recursive_watch(struct data_tree *tree,
                                            const struct resetting *resetting,
                                            const struct ustring *path) REQUIRES(&tree->mu)
{
    return reset_in_both(tree, resetting, path, WATCHER_MODE_PERSISTENT_RECURSIVE);
}

/* Sets the watches of one list. A null list is an error only when its turn has come. */
static int reset_list(struct data_tree *tree, const struct resetting *resetting,
                      const struct ustring_list *list,
                      int (*reset)(struct data_tree *tree, const struct resetting *resetting,
                                   const struct ustring *path)) REQUIRES(&tree->mu)
{
    int r = list->present ? 0 : -EINVAL;
    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = reset(tree, resetting, &list->items[i]);
    return r;
}

/* Java: setWatches() */
int data_tree_set_watches(struct data_tree *tree, const struct watches_to_set *watches,
                          struct watcher *watcher)
{
    struct resetting resetting = {.watcher = watcher, .relative_zxid = watches->relative_zxid};
    zk_mutex_lock(&tree->mu);
    int r = reset_list(tree, &resetting, watches->data_watches, reset_data_watch);
    if (r == 0)
        r = reset_list(tree, &resetting, watches->exist_watches, reset_exist_watch);
    if (r == 0)
        r = reset_list(tree, &resetting, watches->child_watches, reset_child_watch);
    if (r == 0 && watches->persistent_watches != NULL)
        r = reset_list(tree, &resetting, watches->persistent_watches, reset_persistent_watch);
    if (r == 0 && watches->persistent_recursive_watches != NULL)
        r = reset_list(tree, &resetting, watches->persistent_recursive_watches,
                       reset_persistent_recursive_watch);
    zk_mutex_unlock(&tree->mu);
    return r;
}

/* ---- checkWatches, removeWatches ------------------------------------------------------------- */

/* Java: containsWatcher(). Children come first, and if that throws, data is not asked. */
int data_tree_contains_watcher(struct data_tree *tree, const struct ustring *path,
                               enum watcher_type type, bool *ret_contains)
{
    int r = 0;
    bool contains = false;
    *ret_contains = false;
    zk_mutex_lock(&tree->mu);
    if (type != WATCHER_TYPE_DATA)
        r = watch_manager_contains_watcher(tree->child_watches, path, ret_contains);
    if (r == 0 && type != WATCHER_TYPE_CHILDREN)
        r = watch_manager_contains_watcher(tree->data_watches, path, &contains);
    zk_mutex_unlock(&tree->mu);
    *ret_contains = *ret_contains || contains;
    return r;
}

/* Java: removeWatch() */
int data_tree_remove_watch(struct data_tree *tree, const struct ustring *path,
                           enum watcher_type type, struct watcher *watcher, bool *ret_removed)
{
    int r = 0;
    bool removed = false;
    *ret_removed = false;
    zk_mutex_lock(&tree->mu);
    if (type != WATCHER_TYPE_DATA)
        r = watch_manager_remove_watch(tree->child_watches, path, watcher, ret_removed);
    if (r == 0 && type != WATCHER_TYPE_CHILDREN)
        r = watch_manager_remove_watch(tree->data_watches, path, watcher, &removed);
    zk_mutex_unlock(&tree->mu);
    *ret_removed = *ret_removed || removed;
    return r;
}
