/* The tree of nodes. Java: server.DataTree
 *
 * Nodes are found by path in a table with open addressing: slots hold the hash and the node,
 * collisions go to the next slot, and the table doubles before it is three quarters full. Each node
 * also points to its children, so that the whole can be walked without composing paths. */
#include "zk/tree/data_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/random.h"
#include "zk/runtime/settings.h"

/* Java: Quotas.procZookeeper */
#define PROC_ZOOKEEPER  "/zookeeper"
/* Java: Quotas.quotaZookeeper */
#define QUOTA_ZOOKEEPER "/zookeeper/quota"

enum { FIRST_SLOTS = 16 };

/* Java: EphemeralType. What an ephemeralOwner can be besides a session. */
#define CONTAINER_EPHEMERAL_OWNER INT64_MIN
#define EXTENDED_MASK             UINT64_C(0xff00000000000000)

struct slot {
    uint64_t hash;
    struct data_node *node; /* NULL: free */
};

struct data_tree {
    struct zk_context *ctx;
    bool extended_types; /* Java: EphemeralType.extendedEphemeralTypesEnabled() */

    uint64_t seed; /* of the hash: clients choose paths, and must not choose where they collide */
    struct slot *slots;
    size_t slot_count; /* a power of two */
    size_t node_count; /* owned */
    struct data_node *root;

    struct acl_cache acl_cache;
    int64_t node_data_size; /* Java: nodeDataSize */
    size_t ephemerals_count;
    uint64_t tree_digest; /* modulo 2^64 */
    int64_t last_processed_zxid;
};

/* ---- the table ---- */

/* FNV-1a */
static uint64_t hash_path(const struct data_tree *tree, const char *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ tree->seed;
    for (const char *c = path; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* Where path is, or where it would go. */
static struct slot *find_slot(const struct data_tree *tree, const char *path, uint64_t hash)
{
    size_t mask = tree->slot_count - 1;
    size_t i = (size_t)hash & mask;
    while (tree->slots[i].node &&
           (tree->slots[i].hash != hash || strcmp(tree->slots[i].node->path, path) != 0))
        i = (i + 1) & mask;
    return &tree->slots[i];
}

static void grow_table(struct data_tree *tree)
{
    struct slot *old = tree->slots;
    size_t old_count = tree->slot_count;
    tree->slot_count = 2 * old_count;
    tree->slots = zk_xcalloc(tree->slot_count, sizeof *tree->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].node)
            *find_slot(tree, old[i].node->path, old[i].hash) = old[i];
    }
    free(old);
}

/* Java: NodeHashMap.get(): by the very name. */
static struct data_node *table_get(const struct data_tree *tree, const char *path)
{
    return find_slot(tree, path, hash_path(tree, path))->node;
}

/* Java: String.length(): UTF-16 units. Bytes that continue a character count nothing, and those
 * that start one of four bytes count two. */
static int64_t java_length(const char *text)
{
    int64_t length = 0;
    for (const char *c = text; *c; c++) {
        uint8_t byte = (uint8_t)*c;
        length += (byte & 0xc0) != 0x80;
        length += byte >= 0xf0;
    }
    return length;
}

/* Java: getNodeSize() */
static int64_t node_size(const struct data_node *node)
{
    return java_length(node->path) + (node->data ? (int64_t)node->data->length : 0);
}

/* Java: EphemeralType.get() == NORMAL. Is the owner a session? */
static bool owner_is_session(const struct data_tree *tree, int64_t owner)
{
    if (owner == 0 || owner == CONTAINER_EPHEMERAL_OWNER)
        return false;
    return !(tree->extended_types && ((uint64_t)owner & EXTENDED_MASK) == EXTENDED_MASK);
}

/* Java: NodeHashMap.put(), and what goes with it: sizes, digest, ephemerals. Takes node, whose path
 * is new. */
static void put_node(struct data_tree *tree, struct data_node *node)
{
    if (4 * (tree->node_count + 1) > 3 * tree->slot_count)
        grow_table(tree);
    uint64_t hash = hash_path(tree, node->path);
    struct slot *slot = find_slot(tree, node->path, hash);
    zk_assert(!slot->node);
    *slot = (struct slot){.hash = hash, .node = node};
    tree->node_count++;

    node->digest = digest_calculate(node->path, node->data, &node->stat);
    tree->tree_digest += node->digest;
    tree->node_data_size += node_size(node);
    if (owner_is_session(tree, node->stat.ephemeral_owner))
        tree->ephemerals_count++;
}

/* ---- life ---- */

/* No node at all. */
static struct data_tree *new_bare_tree(struct zk_context *ctx)
{
    struct data_tree *tree = zk_xcalloc(1, sizeof *tree);
    tree->ctx = ctx;
    tree->extended_types = zk_settings_get_boolean(ctx, "zookeeper.extendedTypesEnabled", false);
    tree->seed = (uint64_t)zk_random_below(INT64_MAX);
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
    if (parent)
        data_node_add_child(parent, node);
    return node;
}

struct data_tree *data_tree_new(struct zk_context *ctx)
{
    struct data_tree *tree = new_bare_tree(ctx);
    tree->root = put_empty_node(tree, NULL, "");
    struct data_node *proc = put_empty_node(tree, tree->root, PROC_ZOOKEEPER);
    put_empty_node(tree, proc, QUOTA_ZOOKEEPER);
    data_tree_add_config_node(tree);
    return tree;
}

void data_tree_free(struct data_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->slot_count; i++)
        data_node_free(tree->slots[i].node);
    free(tree->slots);
    acl_cache_done(&tree->acl_cache);
    free(tree);
}

/* ---- asking ---- */

struct data_node *data_tree_get_node(const struct data_tree *tree, const char *path)
{
    if (strcmp(path, "/") == 0)
        return tree->root;
    return table_get(tree, path);
}

const struct acl_list *data_tree_get_acl(const struct data_tree *tree, const struct data_node *node)
{
    return acl_cache_convert_long(&tree->acl_cache, node->acl);
}

size_t data_tree_get_node_count(const struct data_tree *tree)
{
    return tree->node_count + 1; /* the root is also "/" */
}

int64_t data_tree_cached_approximate_data_size(const struct data_tree *tree)
{
    return tree->node_data_size + 1 + node_size(tree->root); /* the root is also "/" */
}

size_t data_tree_get_ephemerals_count(const struct data_tree *tree)
{
    return tree->ephemerals_count;
}

uint64_t data_tree_get_tree_digest(const struct data_tree *tree)
{
    return tree->tree_digest;
}

int64_t data_tree_last_processed_zxid(const struct data_tree *tree)
{
    return tree->last_processed_zxid;
}

void data_tree_set_last_processed_zxid(struct data_tree *tree, int64_t zxid)
{
    tree->last_processed_zxid = zxid;
}

struct zxid_digest data_tree_last_processed_zxid_digest(const struct data_tree *tree)
{
    (void)tree; /* no transaction is ever applied yet */
    return (struct zxid_digest){.version = DIGEST_VERSION};
}

/* ---- changing ---- */

/* Java: addConfigNode(). Everybody may read it; only the superuser may write. */
void data_tree_add_config_node(struct data_tree *tree)
{
    struct data_node *proc = table_get(tree, PROC_ZOOKEEPER);
    if (!proc || table_get(tree, CONFIG_NODE))
        return;
    struct data_node *node = put_empty_node(tree, proc, CONFIG_NODE);
    struct acl_list readable = {0};
    acl_list_add(&readable, PERMS_READ, "world", "anyone");
    node->acl = acl_cache_convert_acls(&tree->acl_cache, &readable);
    node->stat.aversion = -1;
    acl_list_done(&readable);
}

int data_tree_set_data(struct data_tree *tree, const char *path, struct buf *data, int32_t version,
                       int64_t zxid, int64_t time_ms)
{
    struct data_node *node = data_tree_get_node(tree, path);
    if (!node)
        return -ENOENT;
    tree->tree_digest -= node->digest;
    tree->node_data_size -= node_size(node);
    buf_unref(node->data);
    node->data = data ? buf_ref(data) : NULL;
    node->stat.version = version;
    node->stat.mzxid = zxid;
    node->stat.mtime_ms = time_ms;
    node->digest = digest_calculate(node->path, node->data, &node->stat);
    tree->tree_digest += node->digest;
    tree->node_data_size += node_size(node);
    return 0;
}

/* ---- the whole as bytes ----
 *
 *         ACL cache
 *         each node:
 *         4+n   ustring path        the root first, whose path is ""; each node before its children
 *         4+n   buffer  data
 *         8     long    id of the ACL
 *         60    StatPersisted
 *   5     ustring "/"               no node has this path: the end */

/* Java: serializeNodeData() */
static void serialize_node(const struct data_node *node, struct jute_out *out)
{
    jute_out_string(out, node->path);
    jute_out_buffer(out, node->data);
    jute_out_long(out, node->acl);
    stat_persisted_write(out, &node->stat);
}

/* Java: serializeNodes(), serializeNode(). Depth first by a stack of our own: trees may be deep. */
static void serialize_nodes(const struct data_tree *tree, struct jute_out *out)
{
    const struct data_node **stack = zk_xcalloc(tree->node_count, sizeof(struct data_node *));
    size_t depth = 0;
    stack[depth++] = tree->root;
    while (depth > 0) {
        const struct data_node *node = stack[--depth];
        serialize_node(node, out);
        struct data_node **children = data_node_get_children(node);
        for (size_t i = node->child_count; i-- > 0;)
            stack[depth++] = children[i];
        free(children);
    }
    free(stack);
    jute_out_string(out, "/");
}

void data_tree_serialize(const struct data_tree *tree, struct jute_out *out)
{
    acl_cache_serialize(&tree->acl_cache, out);
    serialize_nodes(tree, out);
}

/* Hang a node that has come into the tree. Takes node, also on failure (-EPROTO; D-40). */
static int hang_node(struct data_tree *tree, struct data_node *node)
{
    struct data_node *parent = NULL;
    char *slash = strrchr(node->path, '/');
    if (slash) {
        *slash = 0;
        parent = table_get(tree, node->path);
        *slash = '/';
    }
    bool is_root = node->path[0] == 0;
    if ((!is_root && !parent) || table_get(tree, node->path)) {
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

/* The node behind a path that has been read. Java: DataNode.deserialize() */
static int deserialize_node(struct data_tree *tree, struct jute_in *in, const char *path)
{
    struct buf *data = NULL;
    int64_t acl;
    struct stat_persisted stat;
    int r = jute_in_buffer(in, &data);
    if (r < 0)
        return r;
    r = jute_in_long(in, &acl);
    if (r < 0)
        goto out;
    r = stat_persisted_read(in, &stat);
    if (r < 0)
        goto out;
    r = hang_node(tree, data_node_new(path, data, acl, &stat));
out:
    buf_unref(data);
    return r;
}

/* *ret_end: it was the end. */
static int deserialize_next(struct data_tree *tree, struct jute_in *in, bool *ret_end)
{
    char *path;
    int r = jute_in_text(in, &path);
    if (r < 0)
        return r;
    *ret_end = strcmp(path, "/") == 0;
    if (!*ret_end)
        r = deserialize_node(tree, in, path);
    free(path);
    return r;
}

int data_tree_deserialize(struct zk_context *ctx, struct jute_in *in, struct data_tree **ret_tree)
{
    struct data_tree *tree = new_bare_tree(ctx);
    /* Java reads into a fresh tree, whose configuration node has used up the first number. */
    tree->acl_cache.acl_index = 1;
    int r = acl_cache_deserialize(&tree->acl_cache, in);
    if (r < 0)
        goto out;
    for (bool end = false; !end;) {
        r = deserialize_next(tree, in, &end);
        if (r < 0)
            goto out;
    }
    if (!tree->root) {
        r = -EPROTO;
        goto out;
    }
    acl_cache_purge_unused(&tree->acl_cache);
    *ret_tree = tree;
    return 0;
out:
    data_tree_free(tree);
    return r;
}
