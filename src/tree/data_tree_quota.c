/* How much lies below a path that has a quota. Java: server.DataTree, Quotas
 *
 * A quota on /a is two nodes: /zookeeper/quota/a/zookeeper_limits, which a client writes, says what
 * is allowed; zookeeper_stats beside it says how much there is, and each server keeps that itself,
 * outside of all transactions and digests. */
#include <stdlib.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "zk/base/alloc.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log.h"
#include "zk/runtime/log_table.h"
#include "zk/tree/stats_track.h"

/* Java: Quotas.limitNode */
#define LIMIT_NODE "zookeeper_limits"
/* Java: Quotas.statNode */
#define STAT_NODE  "zookeeper_stats"

enum { QUOTA_LENGTH = sizeof QUOTA_ZOOKEEPER - 1 };

/* A walk through a node and all below it. Java recurses, but trees may be deeper than our threads'
 * stacks. */
struct subtree {
    const struct data_node **nodes; /* owned; those still to come, last first */
    size_t count;
    size_t room;
};

static void quota_node_created(struct data_tree *tree, const char *path) REQUIRES(&tree->mu);
static void update_quota_stat(struct data_tree *tree, const char *last_prefix, int64_t bytes_diff,
                              int64_t count_diff) REQUIRES(&tree->mu);
static void update_quota_for_path(struct data_tree *tree, const char *path) REQUIRES(&tree->mu);
static void traverse_node(struct data_tree *tree, const struct data_node *top) REQUIRES(&tree->mu);
static char *trim_quota_path(const char *path, const char *name);
static char *stat_path(const char *path);
static void get_counts(const struct data_node *top, struct stats_track *ret_counts);
static bool read_stats(const struct data_node *node, struct stats_track *ret_stats);
static void write_stats(struct data_tree *tree, struct data_node *node,
                        const struct stats_track *stats) REQUIRES(&tree->mu);
static struct subtree subtree_of(const struct data_node *top);
static const struct data_node *subtree_next(struct subtree *subtree);

/* ---- as nodes come and go -------------------------------------------------------------------- */

/* Java: DataTree.createNode(), its end */
void data_tree_quota_created_locked(struct data_tree *tree, const char *path, int64_t bytes)
{
    if (strncmp(path, QUOTA_ZOOKEEPER, QUOTA_LENGTH) == 0)
        quota_node_created(tree, path);
    const char *last_prefix = path_trie_find_max_prefix(&tree->quotas, path);
    if (last_prefix != NULL)
        update_quota_stat(tree, last_prefix, bytes, 1);
}

/* Java: DataTree.deleteNode(), its end */
void data_tree_quota_deleted_locked(struct data_tree *tree, const char *path, int64_t bytes)
{
    char *limited = trim_quota_path(path, LIMIT_NODE);
    if (limited != NULL)
        path_trie_delete_path(&tree->quotas, limited);
    free(limited);
    const char *last_prefix = path_trie_find_max_prefix(&tree->quotas, path);
    if (last_prefix != NULL)
        update_quota_stat(tree, last_prefix, -bytes, -1);
}

/* Java: DataTree.setData(), its end */
void data_tree_quota_changed_locked(struct data_tree *tree, const char *path, int64_t bytes_diff)
{
    const char *last_prefix = path_trie_find_max_prefix(&tree->quotas, path);
    if (last_prefix != NULL)
        update_quota_stat(tree, last_prefix, bytes_diff, 0);
}

/* Called when a node below /zookeeper/quota has been created: it may be a limit, or a count. */
static void quota_node_created(struct data_tree *tree, const char *path) REQUIRES(&tree->mu)
{
    char *limited = trim_quota_path(path, LIMIT_NODE);
    if (limited != NULL)
        path_trie_add_path(&tree->quotas, limited);
    free(limited);
    char *counted = trim_quota_path(path, STAT_NODE);
    if (counted != NULL)
        update_quota_for_path(tree, counted);
    free(counted);
}

/* ---- a tree that was read -------------------------------------------------------------------- */

/* Java: setupQuota() */
void data_tree_setup_quota_locked(struct data_tree *tree)
{
    const struct data_node *node = data_tree_get_node_locked(tree, QUOTA_ZOOKEEPER);
    if (node != NULL)
        traverse_node(tree, node);
}

/* Java: traverseNode(). No node comes or goes during the walk; only data changes. */
static void traverse_node(struct data_tree *tree, const struct data_node *top) REQUIRES(&tree->mu)
{
    struct subtree subtree = subtree_of(top);
    for (const struct data_node *node; (node = subtree_next(&subtree)) != NULL;) {
        char *real_path =
            data_node_child_count(node) == 0 ? trim_quota_path(node->path, LIMIT_NODE) : NULL;
        if (real_path == NULL)
            continue;
        update_quota_for_path(tree, real_path);
        path_trie_add_path(&tree->quotas, real_path);
        free(real_path);
    }
}

/* Java: getMaxPrefixWithQuota() */
char *data_tree_get_max_prefix_with_quota(struct data_tree *tree, const char *path)
{
    zk_mutex_lock(&tree->mu);
    char *last_prefix = zk_xstrdup(path_trie_find_max_prefix(&tree->quotas, path));
    zk_mutex_unlock(&tree->mu);
    return last_prefix;
}

/* ---- what is counted ------------------------------------------------------------------------- */

/* Java: updateQuotaStat() */
static void update_quota_stat(struct data_tree *tree, const char *last_prefix, int64_t bytes_diff,
                              int64_t count_diff) REQUIRES(&tree->mu)
{
    struct stats_track updated_stat = {0};
    char *path = stat_path(last_prefix);
    struct data_node *node = data_tree_get_node_locked(tree, path);
    if (node == NULL) {
        zk_log(tree->ctx, ZK_LOG_QUOTA_STAT_MISSING, path);
    } else if (!read_stats(node, &updated_stat)) {
        zk_log(tree->ctx, ZK_LOG_QUOTA_STAT_UNREADABLE, path); /* D-126 */
    } else {
        stats_track_set(&updated_stat, "count",
                        stats_track_get(&updated_stat, "count") + count_diff);
        stats_track_set(&updated_stat, "bytes",
                        stats_track_get(&updated_stat, "bytes") + bytes_diff);
        write_stats(tree, node, &updated_stat);
        stats_track_done(&updated_stat);
    }
    free(path);
}

/* Java: updateQuotaForPath() */
static void update_quota_for_path(struct data_tree *tree, const char *path) REQUIRES(&tree->mu)
{
    struct stats_track strack = {0};
    char *stats = stat_path(path);
    const struct data_node *top = data_tree_get_node_locked(tree, path);
    struct data_node *node = data_tree_get_node_locked(tree, stats);
    if (node == NULL) {
        zk_log(tree->ctx, ZK_LOG_QUOTA_STAT_NODE_MISSING, stats);
    } else {
        stats_track_set(&strack, "bytes", 0);
        stats_track_set(&strack, "count", 0);
        if (top != NULL)
            get_counts(top, &strack);
        write_stats(tree, node, &strack);
    }
    stats_track_done(&strack);
    free(stats);
}

/* Java: getCounts(). Counts a node and all below it. */
static void get_counts(const struct data_node *top, struct stats_track *ret_counts)
{
    int64_t count = 0;
    int64_t bytes = 0;
    struct subtree subtree = subtree_of(top);
    for (const struct data_node *node; (node = subtree_next(&subtree)) != NULL;) {
        count++;
        bytes += (int64_t)data_node_data_size(node);
    }
    stats_track_set(ret_counts, "bytes", bytes);
    stats_track_set(ret_counts, "count", count);
}

static bool read_stats(const struct data_node *node, struct stats_track *ret_stats)
{
    struct buf *text = data_node_get_data(node);
    int r = stats_track_parse(text, ret_stats);
    buf_unref(text);
    return r == 0;
}

static void write_stats(struct data_tree *tree, struct data_node *node,
                        const struct stats_track *stats) REQUIRES(&tree->mu)
{
    struct buf *text = stats_track_get_stats_bytes(stats);
    data_tree_replace_data_locked(tree, node, text);
    buf_unref(text);
}

static void subtree_push(struct subtree *subtree, const struct data_node *node)
{
    subtree->nodes =
        zk_xgrow(subtree->nodes, subtree->count, &subtree->room, sizeof(const struct data_node *));
    subtree->nodes[subtree->count++] = node;
}

static struct subtree subtree_of(const struct data_node *top)
{
    struct subtree subtree = {0};
    subtree_push(&subtree, top);
    return subtree;
}

/* Returns the next node; NULL: that was all, and nothing is left to be freed. */
static const struct data_node *subtree_next(struct subtree *subtree)
{
    if (subtree->count == 0) {
        free(subtree->nodes);
        return NULL;
    }
    const struct data_node *node = subtree->nodes[--subtree->count];
    const struct data_node_children *children = node->children;
    for (uint32_t i = 0; children != NULL && i < children->used; i++)
        if (children->items[i] != NULL)
            subtree_push(subtree, children->items[i]);
    return node;
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* Java: Quotas.statPath(). The caller frees it. */
static char *stat_path(const char *path)
{
    struct zk_str text = {0};
    zk_str_append(&text, QUOTA_ZOOKEEPER);
    zk_str_append(&text, path);
    zk_str_append(&text, "/" STAT_NODE);
    return zk_str_take(&text);
}

/* If path is a node of that name below /zookeeper/quota: the path that has the quota, which the
 * caller frees; else NULL. Java: Quotas.trimQuotaPath() */
static char *trim_quota_path(const char *path, const char *name)
{
    if (strncmp(path, QUOTA_ZOOKEEPER, QUOTA_LENGTH) != 0)
        return NULL;
    const char *slash = strrchr(path, '/');
    size_t parent_length = (size_t)(slash - path);
    if (strcmp(slash + 1, name) != 0 || parent_length < QUOTA_LENGTH)
        return NULL;
    char *trimmed = zk_xmalloc(parent_length - QUOTA_LENGTH + 1);
    memcpy(trimmed, path + QUOTA_LENGTH, parent_length - QUOTA_LENGTH);
    trimmed[parent_length - QUOTA_LENGTH] = '\0';
    return trimmed;
}
