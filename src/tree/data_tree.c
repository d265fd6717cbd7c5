/* The tree of nodes: its life, and what others may ask it. Java: server.DataTree
 *
 * Nodes are found by path in a table (node_hash_map.h). Each node also points to its children, so
 * that the whole can be walked without composing paths. No thread runs here. */
#include "zk/tree/data_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "tree/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/panic.h"
#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"

/* Java: DataTree.RATE_LOGGER */
enum { RATE_LOG_INTERVAL_MS = 15 * 60 * 1000 };

/* When a tree of so many nodes has gone, the heap is asked to give its memory back. */
enum { LARGE_TREE = 250000 };

/* ---- life ------------------------------------------------------------------------------------ */

struct data_tree *data_tree_new_bare(struct zk_context *ctx)
{
    struct data_tree *tree = zk_xcalloc(1, sizeof *tree);
    tree->ctx = ctx;
    zk_refcount_init(&tree->refs);
    zk_mutex_init(&tree->mu, ctx, "data_tree", ZK_RANK_DATA_TREE);
    tree->types = ephemeral_types_of(ctx);
    node_hash_map_init(&tree->nodes, ctx,
                       zk_settings_get_boolean(ctx, "zookeeper.digest.enabled", true));
    tree->acl_cache.key = tree->nodes.seed;
    tree->data_watches = watch_manager_new(tree->nodes.seed);
    tree->child_watches = watch_manager_new(tree->nodes.seed);
    rate_logger_init(&tree->rate_logger, ctx, RATE_LOG_INTERVAL_MS);
    tree->last_processed_zxid_digest.version = DIGEST_VERSION;
    return tree;
}

/* Java: addConfigNode(). Everybody may read it; only the superuser may write. */
static void add_config_node_locked(struct data_tree *tree, struct data_node *proc)
    REQUIRES(&tree->mu)
{
    static const char path[] = CONFIG_NODE;
    struct set_acl_txn readable = {.path = {.text = (char *)path, .length = sizeof path - 1},
                                   .version = -1};
    zk_acl_list_add(&readable.acl, PERMS_READ, "world", "anyone");
    data_tree_put_empty_node_locked(tree, proc, path);
    (void)data_tree_set_acl_locked(tree, &readable, NULL); /* it is there */
    jute_done(&zk_acl_list_record, &readable.acl);
}

struct data_tree *data_tree_new(struct zk_context *ctx)
{
    struct data_tree *tree = data_tree_new_bare(ctx);
    zk_mutex_lock(&tree->mu);
    tree->root = data_tree_put_empty_node_locked(tree, NULL, "");
    struct data_node *proc = data_tree_put_empty_node_locked(tree, tree->root, PROC_ZOOKEEPER);
    data_tree_put_empty_node_locked(tree, proc, QUOTA_ZOOKEEPER);
    add_config_node_locked(tree, proc);
    zk_mutex_unlock(&tree->mu);
    return tree;
}

struct path_key data_tree_path_key(const struct data_tree *tree, const char *path, size_t length)
{
    bool is_root = length == 1 && path[0] == '/';
    return node_hash_map_key(&tree->nodes, path, is_root ? 0 : length);
}

struct data_tree *data_tree_ref(struct data_tree *tree)
{
    zk_refcount_ref(&tree->refs);
    return tree;
}

void data_tree_unref(struct data_tree *tree)
{
    if (tree == NULL || !zk_refcount_unref(&tree->refs))
        return;
    const struct zk_context *ctx = tree->ctx;
    bool is_large = tree->nodes.count >= LARGE_TREE;
    for (size_t i = 0; i < 2; i++) {
        zk_assert(tree->generations[i].pins == 0 && tree->generations[i].count == 0);
        free(tree->generations[i].items);
    }
    for (size_t i = 0; i < tree->ephemerals.count; i++) {
        owned_nodes_done(tree->ephemerals.entries[i].value);
        free(tree->ephemerals.entries[i].value);
    }
    long_map_done(&tree->ephemerals);
    owned_nodes_done(&tree->containers);
    owned_nodes_done(&tree->ttls);
    path_trie_done(&tree->quotas);
    watch_manager_free(tree->data_watches);
    watch_manager_free(tree->child_watches);
    node_hash_map_done(&tree->nodes);
    free(tree->digest_log);
    acl_cache_done(&tree->acl_cache);
    zk_mutex_destroy(&tree->mu);
    free(tree);
    if (is_large)
        zk_context_mass_free(ctx);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Puts paths that came in order of insertion into the order of a HashSet that has held most of them
 * at once. */
static void sort_as_hash_set(struct zk_strings *paths, size_t most)
{
    size_t capacity = java_hash_map_capacity(paths->count < most ? most : 0);
    size_t *order = zk_xmalloc(paths->count * sizeof *order);
    char **sorted = zk_xmalloc(paths->count * sizeof *sorted);
    java_hash_map_order_strings((const char *const *)paths->items, paths->count, capacity, order);
    for (size_t i = 0; i < paths->count; i++)
        sorted[i] = paths->items[order[i]];
    free(paths->items);
    paths->items = sorted;
    free(order);
}

/* Java: getEphemerals(session) */
void data_tree_get_ephemerals(struct data_tree *tree, int64_t session_id,
                              struct zk_strings *ret_paths)
{
    size_t most = 0;
    *ret_paths = (struct zk_strings){0};
    zk_mutex_lock(&tree->mu);
    const struct owned_nodes *nodes = long_map_get(&tree->ephemerals, session_id);
    if (nodes != NULL) {
        owned_nodes_paths(nodes, ret_paths);
        most = nodes->most;
    }
    zk_mutex_unlock(&tree->mu);
    if (ret_paths->count > 1)
        sort_as_hash_set(ret_paths, most);
}

/* Java: getContainers() */
void data_tree_get_containers(struct data_tree *tree, struct zk_strings *paths)
{
    zk_mutex_lock(&tree->mu);
    owned_nodes_paths(&tree->containers, paths);
    zk_mutex_unlock(&tree->mu);
}

void data_tree_get_ttls(struct data_tree *tree, struct zk_strings *paths)
{
    zk_mutex_lock(&tree->mu);
    owned_nodes_paths(&tree->ttls, paths);
    zk_mutex_unlock(&tree->mu);
}

/* Java: getSessions() */
void data_tree_get_sessions(struct data_tree *tree, struct long_set *sessions)
{
    zk_mutex_lock(&tree->mu);
    for (size_t i = 0; i < tree->ephemerals.count; i++)
        long_set_add(sessions, tree->ephemerals.entries[i].key);
    zk_mutex_unlock(&tree->mu);
}

/* Java: getNode() */
struct data_node *data_tree_get_node_locked(const struct data_tree *tree, const char *path)
{
    if (strcmp(path, "/") == 0)
        return tree->root;
    return node_hash_map_get(&tree->nodes, path, strlen(path));
}

/* Java: getNodeCount() */
size_t data_tree_get_node_count(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    size_t count = tree->nodes.count + 1; /* the root is also "/" */
    zk_mutex_unlock(&tree->mu);
    return count;
}

/* Java: getEphemeralsCount() */
size_t data_tree_get_ephemerals_count(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    size_t count = tree->ephemerals_count;
    zk_mutex_unlock(&tree->mu);
    return count;
}

/* Java: cachedApproximateDataSize() */
int64_t data_tree_cached_approximate_data_size(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    /* The root is also "/". */
    int64_t size = tree->node_data_size + 1 + (int64_t)data_node_data_size(tree->root);
    zk_mutex_unlock(&tree->mu);
    return size;
}

/* Java: addConfigNode() */
bool data_tree_add_config_node(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    struct data_node *proc = data_tree_get_node_locked(tree, PROC_ZOOKEEPER);
    bool missing = proc != NULL && data_tree_get_node_locked(tree, CONFIG_NODE) == NULL;
    if (missing)
        add_config_node_locked(tree, proc);
    zk_mutex_unlock(&tree->mu);
    return missing;
}

/* Java: isSpecialPath() */
bool data_tree_is_special_path(const char *path)
{
    return strcmp(path, "/") == 0 || strcmp(path, PROC_ZOOKEEPER) == 0 ||
           strcmp(path, QUOTA_ZOOKEEPER) == 0 || strcmp(path, CONFIG_NODE) == 0;
}

int data_tree_get_change_record(struct data_tree *tree, const char *path,
                                struct data_tree_record *ret_record)
{
    struct path_key key = data_tree_path_key(tree, path, strlen(path));
    return data_tree_get_change_record_for_key(tree, &key, ret_record);
}

int data_tree_get_change_record_for_key(struct data_tree *tree, const struct path_key *key,
                                        struct data_tree_record *ret_record)
{
    zk_mutex_lock(&tree->mu);
    const struct data_node *node = node_hash_map_find(&tree->nodes, key);
    if (node != NULL)
        *ret_record = (struct data_tree_record){
            .stat = node->stat,
            .child_count = data_node_child_count(node),
            .acl = acl_cache_convert_long(&tree->acl_cache, node->acl),
            .data = data_node_get_data(node),
            .digest = node->digest,
        };
    zk_mutex_unlock(&tree->mu);
    return node != NULL ? 0 : -ENOENT;
}

void data_tree_record_done(struct data_tree_record *record)
{
    shared_acl_unref(record->acl);
    buf_unref(record->data);
    *record = (struct data_tree_record){0};
}

int64_t data_tree_last_processed_zxid(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    int64_t zxid = tree->last_processed_zxid;
    zk_mutex_unlock(&tree->mu);
    return zxid;
}

void data_tree_set_last_processed_zxid(struct data_tree *tree, int64_t zxid)
{
    zk_mutex_lock(&tree->mu);
    tree->last_processed_zxid = zxid;
    zk_mutex_unlock(&tree->mu);
}

/* Java: getTreeDigest() */
uint64_t data_tree_get_tree_digest(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    uint64_t digest = tree->nodes.digest;
    zk_mutex_unlock(&tree->mu);
    return digest;
}
