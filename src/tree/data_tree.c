/* The tree of nodes. Java: server.DataTree
 *
 * Nodes are found by path in a table with open addressing: slots hold the hash and the node,
 * collisions go to the next slot, and the table doubles before it is three quarters full. Each node
 * also points to its children, so that the whole can be walked without composing paths. No thread
 * runs here. */
#include "zk/tree/data_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "tree/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/random.h"
#include "zk/runtime/settings.h"

/* Java: Quotas.procZookeeper */
#define PROC_ZOOKEEPER  "/zookeeper"
/* Java: Quotas.quotaZookeeper */
#define QUOTA_ZOOKEEPER "/zookeeper/quota"

enum { FIRST_SLOTS = 16, FIRST_REMOVED = 16 };

/* Java: EphemeralType. What an ephemeralOwner can be besides a session. */
#define CONTAINER_EPHEMERAL_OWNER INT64_MIN
#define EXTENDED_MASK             UINT64_C(0xff00000000000000)

/* ---- the table ------------------------------------------------------------------------------- */

/* FNV-1a */
static uint64_t hash_path(const struct data_tree *tree, const char *path, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ tree->seed;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)path[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* Where the path of that length is, or where it would go. */
static struct data_tree_slot *find_slot(const struct data_tree *tree, const char *path,
                                        size_t length, uint64_t hash)
{
    size_t mask = tree->slot_count - 1;
    size_t i = (size_t)hash & mask;
    for (; tree->slots[i].node != NULL; i = (i + 1) & mask) {
        const char *other = tree->slots[i].node->path;
        if (tree->slots[i].hash == hash && strncmp(other, path, length) == 0 &&
            other[length] == '\0')
            break;
    }
    return &tree->slots[i];
}

static void grow_table(struct data_tree *tree)
{
    struct data_tree_slot *old = tree->slots;
    size_t old_count = tree->slot_count;
    tree->slot_count = 2 * old_count;
    tree->slots = zk_xcalloc(tree->slot_count, sizeof *tree->slots);
    size_t mask = tree->slot_count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].node == NULL)
            continue;
        size_t place = (size_t)old[i].hash & mask;
        while (tree->slots[place].node != NULL)
            place = (place + 1) & mask;
        tree->slots[place] = old[i];
    }
    free(old);
}

/* Empty a slot, and move up those behind it that were pushed there by its node. */
static void remove_slot(struct data_tree *tree, struct data_tree_slot *slot)
{
    size_t mask = tree->slot_count - 1;
    size_t gap = (size_t)(slot - tree->slots);
    for (size_t i = (gap + 1) & mask; tree->slots[i].node != NULL; i = (i + 1) & mask) {
        size_t wanted = (size_t)tree->slots[i].hash & mask;
        if (((i - wanted) & mask) >= ((i - gap) & mask)) {
            tree->slots[gap] = tree->slots[i];
            gap = i;
        }
    }
    tree->slots[gap] = (struct data_tree_slot){0};
}

/* Java: NodeHashMap.get(): by the very name, which need not be terminated. */
static struct data_node *table_get(const struct data_tree *tree, const char *path, size_t length)
{
    return find_slot(tree, path, length, hash_path(tree, path, length))->node;
}

/* The node whose path ends before the last slash. NULL: there is none. */
static struct data_node *parent_of(const struct data_tree *tree, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? table_get(tree, path, (size_t)(slash - path)) : NULL;
}

/* ---- sums ------------------------------------------------------------------------------------ */

/* Java: String.length(): UTF-16 units. Bytes that continue a character count nothing, and those
 * that start one of four bytes count two. */
static int64_t java_length(const char *text)
{
    int64_t length = 0;
    for (const char *c = text; *c != '\0'; c++) {
        uint8_t byte = (uint8_t)*c;
        length += (byte & 0xc0) != 0x80;
        length += byte >= 0xf0;
    }
    return length;
}

/* Java: getNodeSize() */
static int64_t node_size(const struct data_node *node)
{
    return java_length(node->path) + (node->data != NULL ? (int64_t)node->data->length : 0);
}

/* Java: EphemeralType.get() == NORMAL. Is the owner a session? */
static bool owner_is_session(const struct data_tree *tree, int64_t owner)
{
    if (owner == 0 || owner == CONTAINER_EPHEMERAL_OWNER)
        return false;
    return !(tree->extended_types && ((uint64_t)owner & EXTENDED_MASK) == EXTENDED_MASK);
}

/* The node's part of the sums, before it changes. Java: NodeHashMap.preChange() */
static void take_out(struct data_tree *tree, const struct data_node *node)
{
    tree->tree_digest -= node->digest;
    tree->node_data_size -= node_size(node);
}

/* The same, after it has changed. Java: NodeHashMap.postChange() */
static void put_in(struct data_tree *tree, struct data_node *node)
{
    node->digest = digest_calculate(node->path, node->data, &node->stat);
    tree->tree_digest += node->digest;
    tree->node_data_size += node_size(node);
}

/* Java: NodeHashMap.put(). Takes ownership of node, whose path is new. */
static void put_node(struct data_tree *tree, struct data_node *node)
{
    if (4 * (tree->node_count + 1) > 3 * tree->slot_count)
        grow_table(tree);
    size_t length = strlen(node->path);
    uint64_t hash = hash_path(tree, node->path, length);
    struct data_tree_slot *slot = find_slot(tree, node->path, length, hash);
    zk_assert(slot->node == NULL);
    *slot = (struct data_tree_slot){.hash = hash, .node = node};
    tree->node_count++;
    put_in(tree, node);
    if (owner_is_session(tree, node->stat.ephemeral_owner))
        tree->ephemerals_count++;
}

/* Free a node that is out of the tree, now or when nobody looks at it any more. */
static void bury_node(struct data_tree *tree, struct data_node *node)
{
    node->removed = true;
    if (tree->serializations == 0) {
        data_node_free(node);
        return;
    }
    if (tree->removed_count == tree->removed_room) {
        tree->removed_room = tree->removed_room > 0 ? 2 * tree->removed_room : FIRST_REMOVED;
        tree->removed = zk_xrealloc(tree->removed, tree->removed_room * sizeof(struct data_node *));
    }
    tree->removed[tree->removed_count++] = node;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct data_tree *data_tree_new_bare(struct zk_context *ctx)
{
    struct data_tree *tree = zk_xcalloc(1, sizeof *tree);
    tree->ctx = ctx;
    zk_refcount_init(&tree->refs);
    zk_mutex_init(&tree->mu, ctx, "data_tree", ZK_RANK_DATA_TREE);
    tree->extended_types = zk_settings_get_boolean(ctx, "zookeeper.extendedTypesEnabled", false);
    tree->seed = (uint64_t)zk_random_below(INT64_MAX);
    tree->last_processed_zxid_digest.version = DIGEST_VERSION;
    tree->slot_count = FIRST_SLOTS;
    tree->slots = zk_xcalloc(tree->slot_count, sizeof *tree->slots);
    return tree;
}

/* A node with empty data, no ACL and a stat of zeros. */
static struct data_node *put_empty_node(struct data_tree *tree, struct data_node *parent,
                                        const char *path)
{
    struct buf *empty = buf_new(0);
    struct data_node *node =
        data_node_new(path, empty, ACL_CACHE_OPEN_UNSAFE, &(struct stat_persisted){0});
    buf_unref(empty);
    put_node(tree, node);
    if (parent != NULL)
        data_node_add_child(parent, node);
    return node;
}

/* Java: addConfigNode(). Everybody may read it; only the superuser may write. */
static void add_config_node_locked(struct data_tree *tree, struct data_node *proc)
{
    struct data_node *node = put_empty_node(tree, proc, CONFIG_NODE);
    struct zk_acl_list readable = {0};
    zk_acl_list_add(&readable, PERMS_READ, "world", "anyone");
    node->acl = acl_cache_convert_acls(&tree->acl_cache, &readable);
    node->stat.aversion = -1;
    jute_done(&zk_acl_list_record, &readable);
}

struct data_tree *data_tree_new(struct zk_context *ctx)
{
    struct data_tree *tree = data_tree_new_bare(ctx);
    zk_mutex_lock(&tree->mu);
    tree->root = put_empty_node(tree, NULL, "");
    struct data_node *proc = put_empty_node(tree, tree->root, PROC_ZOOKEEPER);
    put_empty_node(tree, proc, QUOTA_ZOOKEEPER);
    add_config_node_locked(tree, proc);
    zk_mutex_unlock(&tree->mu);
    return tree;
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
    zk_assert(tree->serializations == 0 && tree->removed_count == 0);
    for (size_t i = 0; i < tree->slot_count; i++)
        data_node_free(tree->slots[i].node);
    free(tree->slots);
    free(tree->removed);
    acl_cache_done(&tree->acl_cache);
    zk_mutex_destroy(&tree->mu);
    free(tree);
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct data_node *data_tree_get_node_locked(const struct data_tree *tree, const char *path)
{
    if (strcmp(path, "/") == 0)
        return tree->root;
    return table_get(tree, path, strlen(path));
}

size_t data_tree_get_node_count(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    size_t count = tree->node_count + 1; /* the root is also "/" */
    zk_mutex_unlock(&tree->mu);
    return count;
}

int64_t data_tree_cached_approximate_data_size(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    int64_t size = tree->node_data_size + 1 + node_size(tree->root); /* the root is also "/" */
    zk_mutex_unlock(&tree->mu);
    return size;
}

size_t data_tree_get_ephemerals_count(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    size_t count = tree->ephemerals_count;
    zk_mutex_unlock(&tree->mu);
    return count;
}

uint64_t data_tree_get_tree_digest(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    uint64_t digest = tree->tree_digest;
    zk_mutex_unlock(&tree->mu);
    return digest;
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

struct zxid_digest data_tree_last_processed_zxid_digest(struct data_tree *tree)
{
    zk_mutex_lock(&tree->mu);
    struct zxid_digest digest = tree->last_processed_zxid_digest;
    zk_mutex_unlock(&tree->mu);
    return digest;
}

/* ---- changing -------------------------------------------------------------------------------- */

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

/* Java: createNode(). Quotas and watches are not built yet. */
static int create_node_locked(struct data_tree *tree, const char *path, struct buf *data,
                              const struct zk_acl_list *acl, const struct stat_persisted *stat,
                              int32_t parent_cversion) REQUIRES(&tree->mu)
{
    struct data_node *parent = parent_of(tree, path);
    if (parent == NULL)
        return -ENOENT;
    /* Before the look for the node itself: in a snapshot that is written meanwhile the ACL must not
     * be missing. The count that is too high then for a node that exists is Java's as well. */
    int64_t acl_id = acl_cache_convert_acls(&tree->acl_cache, acl);
    if (data_tree_get_node_locked(tree, path) != NULL)
        return -EEXIST;
    take_out(tree, parent);
    if (parent_cversion == -1)
        parent_cversion = parent->stat.cversion + 1;
    /* A replay may create what the snapshot shows as created and deleted again: that must not take
     * the parent back to an older version. */
    if (parent_cversion > parent->stat.cversion) {
        parent->stat.cversion = parent_cversion;
        parent->stat.pzxid = stat->czxid;
    }
    struct data_node *child = data_node_new(path, data, acl_id, stat);
    data_node_add_child(parent, child);
    put_in(tree, parent);
    put_node(tree, child);
    return 0;
}

int data_tree_create_node(struct data_tree *tree, const char *path, struct buf *data,
                          const struct zk_acl_list *acl, int64_t ephemeral_owner,
                          int32_t parent_cversion, int64_t zxid, int64_t time_ms)
{
    /* Java: createStat() */
    struct stat_persisted stat = {
        .czxid = zxid,
        .mzxid = zxid,
        .pzxid = zxid,
        .ctime_ms = time_ms,
        .mtime_ms = time_ms,
        .ephemeral_owner = ephemeral_owner,
    };
    zk_mutex_lock(&tree->mu);
    int r = create_node_locked(tree, path, data, acl, &stat, parent_cversion);
    zk_mutex_unlock(&tree->mu);
    return r;
}

/* Java: deleteNode(). Quotas and watches are not built yet. */
static int delete_node_locked(struct data_tree *tree, const char *path, int64_t zxid)
    REQUIRES(&tree->mu)
{
    struct data_node *parent = parent_of(tree, path);
    if (parent == NULL)
        return -ENOENT;
    size_t length = strlen(path);
    struct data_tree_slot *slot = find_slot(tree, path, length, hash_path(tree, path, length));
    struct data_node *node = slot->node;
    take_out(tree, parent);
    if (node != NULL)
        data_node_remove_child(parent, node);
    /* Also for a node that is gone: a snapshot may have missed it, and the parent's pzxid must be
     * the same on all servers. Never back to an older one, though. */
    if (zxid > parent->stat.pzxid)
        parent->stat.pzxid = zxid;
    put_in(tree, parent);
    if (node == NULL)
        return -ENOENT;
    remove_slot(tree, slot);
    tree->node_count--;
    take_out(tree, node);
    acl_cache_remove_usage(&tree->acl_cache, node->acl);
    if (owner_is_session(tree, node->stat.ephemeral_owner))
        tree->ephemerals_count--;
    bury_node(tree, node);
    return 0;
}

int data_tree_delete_node(struct data_tree *tree, const char *path, int64_t zxid)
{
    zk_mutex_lock(&tree->mu);
    int r = delete_node_locked(tree, path, zxid);
    zk_mutex_unlock(&tree->mu);
    return r;
}

int data_tree_set_data(struct data_tree *tree, const char *path, struct buf *data, int32_t version,
                       int64_t zxid, int64_t time_ms)
{
    zk_mutex_lock(&tree->mu);
    struct data_node *node = data_tree_get_node_locked(tree, path);
    if (node != NULL) {
        take_out(tree, node);
        buf_unref(node->data);
        node->data = data != NULL ? buf_ref(data) : NULL;
        node->stat.version = version;
        node->stat.mzxid = zxid;
        node->stat.mtime_ms = time_ms;
        put_in(tree, node);
    }
    zk_mutex_unlock(&tree->mu);
    return node != NULL ? 0 : -ENOENT;
}

/* The half of Java's deserialize() that is the same for each node (D-40). */
int data_tree_hang_node_locked(struct data_tree *tree, struct data_node *node)
{
    struct data_node *parent = parent_of(tree, node->path);
    bool is_root = node->path[0] == '\0';
    if ((!is_root && parent == NULL) || table_get(tree, node->path, strlen(node->path)) != NULL) {
        data_node_free(node);
        return -EPROTO;
    }
    put_node(tree, node);
    acl_cache_add_usage(&tree->acl_cache, node->acl);
    if (is_root)
        tree->root = node;
    else
        data_node_add_child(parent, node);
    return 0;
}
