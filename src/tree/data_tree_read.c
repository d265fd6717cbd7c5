/* What clients read. Java: server.DataTree, statNode() to getAllChildrenNumber()
 *
 * Each looks the node up, asks the guard, and takes what it wants under one lock, so it sees the
 * tree between two transactions: half of a multi is never seen, nor a change whose watchers have
 * not been told yet. */
#include <stdlib.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "zk/base/alloc.h"

/* So many nodes are counted before the lock is given back, which takes some 0.3 ms. */
enum { COUNTED_AT_ONCE = 4096 };

/* Returns OK and the node, if it is there and the guard lets it be read. */
static enum keeper_code find_readable(struct data_tree *tree, const char *path,
                                      const struct data_tree_guard *guard,
                                      struct data_node **ret_node) REQUIRES(&tree->mu)
{
    struct data_node *node = data_tree_get_node_locked(tree, path);
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    *ret_node = node;
    if (guard == NULL)
        return KEEPER_CODE_OK;
    struct shared_acl *acl = acl_cache_convert_long(&tree->acl_cache, node->acl);
    enum keeper_code code = guard->check_acl(guard, acl);
    shared_acl_unref(acl);
    return code;
}

/* Java: statNode() */
enum keeper_code data_tree_stat_node(struct data_tree *tree, const char *path,
                                     struct watcher *watcher, int64_t *ret_zxid,
                                     struct zk_stat *ret_stat)
{
    struct data_node *node;
    zk_mutex_lock(&tree->mu);
    *ret_zxid = tree->last_processed_zxid;
    enum keeper_code code = find_readable(tree, path, NULL, &node);
    if (watcher != NULL)
        data_tree_add_data_watch_locked(tree, path, watcher);
    if (code == KEEPER_CODE_OK)
        *ret_stat = data_node_copy_stat(node, &tree->types);
    zk_mutex_unlock(&tree->mu);
    return code;
}

/* Java: getData() */
enum keeper_code data_tree_get_data(struct data_tree *tree, const struct data_tree_query *query,
                                    int64_t *ret_zxid, struct zk_stat *ret_stat,
                                    struct buf **ret_data)
{
    struct data_node *node;
    zk_mutex_lock(&tree->mu);
    *ret_zxid = tree->last_processed_zxid;
    enum keeper_code code = find_readable(tree, query->path, query->guard, &node);
    if (code == KEEPER_CODE_OK) {
        *ret_stat = data_node_copy_stat(node, &tree->types);
        *ret_data = data_node_get_data(node);
        if (query->watcher != NULL)
            data_tree_add_data_watch_locked(tree, query->path, query->watcher);
    }
    zk_mutex_unlock(&tree->mu);
    return code;
}

/* Java: getACL() */
enum keeper_code data_tree_get_acl(struct data_tree *tree, const char *path, int64_t *ret_zxid,
                                   struct zk_stat *ret_stat, struct shared_acl **ret_acl)
{
    struct data_node *node;
    zk_mutex_lock(&tree->mu);
    *ret_zxid = tree->last_processed_zxid;
    enum keeper_code code = find_readable(tree, path, NULL, &node);
    if (code == KEEPER_CODE_OK) {
        *ret_stat = data_node_copy_stat(node, &tree->types);
        *ret_acl = acl_cache_convert_long(&tree->acl_cache, node->acl);
    }
    zk_mutex_unlock(&tree->mu);
    return code;
}

/* ---- children -------------------------------------------------------------------------------- */

/* Java: getChildren() */
enum keeper_code data_tree_get_children(struct data_tree *tree, const struct data_tree_query *query,
                                        int64_t *ret_zxid, struct zk_stat *ret_stat,
                                        struct data_tree_children *ret_children)
{
    struct data_node *node;
    struct data_node_list list = {0};
    size_t pin = 0;
    zk_mutex_lock(&tree->mu);
    *ret_zxid = tree->last_processed_zxid;
    enum keeper_code code = find_readable(tree, query->path, query->guard, &node);
    if (code == KEEPER_CODE_OK) {
        *ret_stat = data_node_copy_stat(node, &tree->types);
        list = data_node_get_children(node);
        if (list.count > 0)
            pin = data_tree_pin_locked(tree);
        if (query->watcher != NULL)
            data_tree_add_child_watch_locked(tree, query->path, query->watcher);
    }
    zk_mutex_unlock(&tree->mu);
    if (code != KEEPER_CODE_OK)
        return code;
    data_node_list_sort(&list);
    *ret_children = (struct data_tree_children){
        .tree = data_tree_ref(tree), .pin = pin, .items = list.items, .count = list.count};
    return code;
}

const char *data_tree_children_name(const struct data_tree_children *children, size_t index)
{
    return data_node_name(children->items[index]);
}

void data_tree_children_done(struct data_tree_children *children)
{
    if (children->count > 0)
        data_tree_unpin(children->tree, children->pin);
    free(children->items);
    data_tree_unref(children->tree);
    *children = (struct data_tree_children){0};
}

/* ---- all children ---------------------------------------------------------------------------- */

/* Nodes that have been counted, and whose children have not been yet. */
struct uncounted {
    struct data_node **items;
    size_t count;
    size_t room;
};

static void add_children(struct uncounted *uncounted, const struct data_node *node)
{
    struct data_node_list children = data_node_get_children(node);
    if (uncounted->count + children.count > uncounted->room) {
        uncounted->room = 2 * (uncounted->count + children.count);
        uncounted->items =
            zk_xrealloc(uncounted->items, uncounted->room * sizeof(struct data_node *));
    }
    for (size_t i = 0; i < children.count; i++)
        uncounted->items[uncounted->count++] = children.items[i];
    free(children.items);
}

/* Counts the nodes below node. Gives the lock back now and then, so the caller must hold a pin. */
static size_t count_below(struct data_tree *tree, const struct data_node *node) REQUIRES(&tree->mu)
{
    struct uncounted uncounted = {0};
    size_t number = 0;
    size_t at_once = 0;
    add_children(&uncounted, node);
    while (uncounted.count > 0) {
        node = uncounted.items[--uncounted.count];
        if (++at_once % COUNTED_AT_ONCE == 0) {
            zk_mutex_unlock(&tree->mu);
            zk_mutex_lock(&tree->mu);
        }
        if (node->removed)
            continue;
        number++;
        if (data_node_child_count(node) > 0)
            add_children(&uncounted, node);
    }
    free(uncounted.items);
    return number;
}

/* Java: getAllChildrenNumber(). It looks through the names of all nodes for those that begin with
 * the path and a slash. The root is there as "" and as "/": asked for "/" Java leaves both out,
 * asked for "" it counts the other one. */
enum keeper_code data_tree_get_all_children_number(struct data_tree *tree, const char *path,
                                                   const struct data_tree_guard *guard,
                                                   int32_t *ret_number)
{
    struct data_node *node;
    zk_mutex_lock(&tree->mu);
    enum keeper_code code = find_readable(tree, path, guard, &node);
    if (code == KEEPER_CODE_OK && node == tree->root) {
        size_t below = tree->nodes.count - 1;
        *ret_number = (int32_t)(path[0] == '\0' ? below + 1 : below);
    } else if (code == KEEPER_CODE_OK) {
        size_t pin = data_tree_pin_locked(tree);
        *ret_number = (int32_t)count_below(tree, node);
        zk_mutex_unlock(&tree->mu);
        data_tree_unpin(tree, pin);
        return code;
    }
    zk_mutex_unlock(&tree->mu);
    return code;
}
