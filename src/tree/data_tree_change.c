/* How nodes come, change and go. Java: server.DataTree, what its transactions do
 *
 * All of it is done again when a log is replayed over a fuzzy snapshot, one that holds some of the
 * changes already: so what is there is not created again, what is missing is not deleted, and a
 * parent's cversion only grows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/utf8.h"
#include "zk/jute/keeper_code.h"

/* Returns the node whose path ends before the last slash of path; NULL: there is none. */
static struct data_node *parent_of(struct data_tree *tree, const char *path) REQUIRES(&tree->mu)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return NULL;
    size_t length = (size_t)(slash - path);
    struct data_node *parent = tree->recent_parent;
    if (parent != NULL && parent->path_length == length && memcmp(parent->path, path, length) == 0)
        return parent;
    parent = node_hash_map_get(&tree->nodes, path, length);
    tree->recent_parent = parent;
    return parent;
}

static int64_t data_length(const struct buf *data)
{
    return data != NULL ? (int64_t)data->length : 0;
}

/* Java: String.length(): UTF-16 units. Bytes that continue a character count nothing, and those
 * that start one of four bytes count two. */
static int64_t java_length(const char *text, size_t size)
{
    if (zk_utf8_is_ascii(text, size))
        return (int64_t)size;
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
    return java_length(node->path, node->path_length) + (int64_t)data_node_data_size(node);
}

/* ---- owners ---------------------------------------------------------------------------------- */

static void add_to_owner(struct data_tree *tree, struct data_node *node) REQUIRES(&tree->mu)
{
    switch (ephemeral_type_get(&tree->types, node->stat.ephemeral_owner)) {
    case EPHEMERAL_TYPE_VOID:
        break;
    case EPHEMERAL_TYPE_CONTAINER:
        owned_nodes_add(&tree->containers, node);
        break;
    case EPHEMERAL_TYPE_TTL:
        owned_nodes_add(&tree->ttls, node);
        break;
    case EPHEMERAL_TYPE_NORMAL: {
        struct owned_nodes *nodes = long_map_get(&tree->ephemerals, node->stat.ephemeral_owner);
        if (nodes == NULL) {
            nodes = zk_xcalloc(1, sizeof *nodes);
            long_map_put(&tree->ephemerals, node->stat.ephemeral_owner, nodes);
        }
        owned_nodes_add(nodes, node);
        tree->ephemerals_count++;
        break;
    }
    }
}

static void remove_from_owner(struct data_tree *tree, struct data_node *node) REQUIRES(&tree->mu)
{
    switch (ephemeral_type_get(&tree->types, node->stat.ephemeral_owner)) {
    case EPHEMERAL_TYPE_VOID:
        break;
    case EPHEMERAL_TYPE_CONTAINER:
        owned_nodes_remove(&tree->containers, node);
        break;
    case EPHEMERAL_TYPE_TTL:
        owned_nodes_remove(&tree->ttls, node);
        break;
    case EPHEMERAL_TYPE_NORMAL: {
        struct owned_nodes *nodes = long_map_get(&tree->ephemerals, node->stat.ephemeral_owner);
        owned_nodes_remove(nodes, node);
        tree->ephemerals_count--;
        if (nodes->count == 0) {
            long_map_remove(&tree->ephemerals, node->stat.ephemeral_owner);
            owned_nodes_done(nodes);
            free(nodes);
        }
        break;
    }
    }
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* Puts node, whose path has that key, into the table and below parent; parent NULL: node is the
 * root. Takes ownership of node and returns true; or returns false, and has done nothing, if there
 * is a node of that path already. */
static bool put_node(struct data_tree *tree, struct data_node *parent, const struct path_key *key,
                     struct data_node *node) REQUIRES(&tree->mu)
{
    if (!node_hash_map_put(&tree->nodes, key, node))
        return false;
    tree->node_data_size += node_size(node);
    if (parent != NULL) { /* Java does not look at the root's owner either */
        data_node_add_child(parent, node);
        add_to_owner(tree, node);
    }
    return true;
}

/* Takes one node without children out of everything. */
static void remove_node(struct data_tree *tree, struct data_node *parent, struct data_node *node)
    REQUIRES(&tree->mu)
{
    zk_assert(node != tree->recent_parent); /* which is above the node that is deleted */
    data_node_remove_child(parent, node);
    node_hash_map_remove(&tree->nodes, node);
    acl_cache_remove_usage(&tree->acl_cache, node->acl);
    tree->node_data_size -= node_size(node);
    remove_from_owner(tree, node);
    data_tree_quota_deleted_locked(tree, node->path, (int64_t)data_node_data_size(node));
    data_tree_bury_node_locked(tree, node);
}

/* Removes what is below a node that goes. No leader lets a node with children be deleted, but a
 * fuzzy snapshot may show children that will be created later, under a node of the same name. Java
 * leaves them in its table without a parent until then (D-124). Deepest first. */
static void remove_children(struct data_tree *tree, struct data_node *top) REQUIRES(&tree->mu)
{
    size_t depth = 0;
    size_t room = 0;
    struct data_node **above = NULL; /* of node; trees may be deeper than our threads' stacks */
    struct data_node *node = top;
    for (;;) {
        struct data_node *child = data_node_last_child(node);
        if (child != NULL) {
            above = zk_xgrow(above, depth, &room, sizeof(struct data_node *));
            above[depth++] = node;
            node = child;
        } else if (depth > 0) {
            struct data_node *parent = above[--depth];
            remove_node(tree, parent, node);
            node = parent;
        } else {
            break;
        }
    }
    free(above);
}

struct data_node *data_tree_put_empty_node_locked(struct data_tree *tree, struct data_node *parent,
                                                  const char *path)
{
    struct buf *empty = buf_new(0);
    struct data_node *node = data_node_new(path, strlen(path), empty, ACL_CACHE_OPEN_UNSAFE,
                                           &(struct stat_persisted){0});
    buf_unref(empty);
    struct path_key key = node_hash_map_key(&tree->nodes, path, node->path_length);
    bool is_new = put_node(tree, parent, &key, node);
    zk_assert(is_new);
    return node;
}

/* The half of Java's deserialize() that is the same for each node (D-40). */
int data_tree_hang_node_locked(struct data_tree *tree, const struct path_key *key,
                               struct data_node *node)
{
    struct data_node *parent = parent_of(tree, node->path);
    bool is_root = node->path[0] == '\0';
    if ((!is_root && parent == NULL) || !put_node(tree, parent, key, node)) {
        data_node_free(node);
        return -EPROTO;
    }
    acl_cache_add_usage(&tree->acl_cache, node->acl);
    if (is_root)
        tree->root = node;
    return 0;
}

/* ---- what transactions do -------------------------------------------------------------------- */

/* Java: createStat() */
static struct stat_persisted create_stat(int64_t zxid, int64_t time_ms, int64_t ephemeral_owner)
{
    return (struct stat_persisted){
        .ctime_ms = time_ms,
        .mtime_ms = time_ms,
        .czxid = zxid,
        .mzxid = zxid,
        .pzxid = zxid,
        .ephemeral_owner = ephemeral_owner,
    };
}

/* Gives the parent of a created child the cversion that the transaction names; -1 means one more
 * than it has. A replay may create again what was deleted later, and must not take the parent back.
 *
 * The two calls around each change of a node's data or stat, here and below, take the old node out
 * of the tree's digest and add the new one. */
static void raise_cversion(struct data_tree *tree, struct data_node *parent, int32_t cversion,
                           int64_t zxid) REQUIRES(&tree->mu)
{
    if (cversion == -1)
        cversion = (int32_t)((uint32_t)parent->stat.cversion + 1); /* Java's wraps */
    if (cversion <= parent->stat.cversion)
        return;
    node_hash_map_pre_change(&tree->nodes, parent);
    parent->stat.cversion = cversion;
    parent->stat.pzxid = zxid;
    node_hash_map_post_change(&tree->nodes, parent);
}

/* Called if the node that is to be created is there already, from a fuzzy snapshot. The snapshot's
 * list of ACLs may have been written before this node's ACL got its number; then this brings the
 * ACL back (D-125). */
static void take_acl_of_created(struct data_tree *tree, const char *path, int64_t acl_id)
    REQUIRES(&tree->mu)
{
    struct data_node *node = data_tree_get_node_locked(tree, path);
    acl_cache_remove_usage(&tree->acl_cache, node->acl);
    node->acl = acl_id;
}

/* Java: createNode() */
int32_t data_tree_create_node_locked(struct data_tree *tree, const struct txn_header *header,
                                     const struct node_to_create *created, struct zk_stat *ret_stat)
{
    const char *path = created->path;
    struct stat_persisted stat =
        create_stat(header->zxid, header->time_ms, created->ephemeral_owner);
    struct path_key key = node_hash_map_key(&tree->nodes, path, strlen(path));
    node_hash_map_prefetch(&tree->nodes, &key);
    struct data_node *parent = parent_of(tree, path);
    if (parent == NULL)
        return KEEPER_CODE_NONODE;
    int64_t acl_id = acl_cache_convert_acls(&tree->acl_cache, created->acl);
    /* Java makes the node only when it knows that the path has none. Here it is made first, because
     * the path's place in the table arrives from memory meanwhile. */
    struct data_node *child = data_node_new(path, key.length, created->data, acl_id, &stat);
    if (strcmp(path, "/") == 0 || !put_node(tree, parent, &key, child)) {
        data_node_free(child);
        take_acl_of_created(tree, path, acl_id);
        return KEEPER_CODE_NODEEXISTS;
    }
    raise_cversion(tree, parent, created->parent_cversion, header->zxid);
    if (ret_stat != NULL)
        *ret_stat = data_node_copy_stat(child, &tree->types);
    data_tree_quota_created_locked(tree, path, data_length(created->data));
    data_tree_tell_created_locked(tree, path, created->acl, parent);
    return KEEPER_CODE_OK;
}

/* Java: deleteNode() */
int32_t data_tree_delete_node_locked(struct data_tree *tree, const char *path, int64_t zxid)
{
    struct data_node *parent = parent_of(tree, path);
    if (parent == NULL)
        return KEEPER_CODE_NONODE;
    /* This is done also if the node is gone: a fuzzy snapshot may have the parent as it was before
     * the deletion, but not the node, and the parent's pzxid must become the same on all servers.
     * It never goes back behind a later one that a create has set. */
    if (zxid > parent->stat.pzxid) {
        node_hash_map_pre_change(&tree->nodes, parent);
        parent->stat.pzxid = zxid;
        node_hash_map_post_change(&tree->nodes, parent);
    }
    struct data_node *node = node_hash_map_get(&tree->nodes, path, strlen(path));
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    remove_children(tree, node);
    /* Watchers are told only if this list lets them read the node, which is gone by then. */
    struct shared_acl *acl = acl_cache_convert_long(&tree->acl_cache, node->acl);
    remove_node(tree, parent, node);
    data_tree_tell_deleted_locked(tree, path, acl, parent);
    shared_acl_unref(acl);
    return KEEPER_CODE_OK;
}

void data_tree_replace_data_locked(struct data_tree *tree, struct data_node *node, struct buf *data)
{
    tree->node_data_size += data_length(data) - (int64_t)data_node_data_size(node);
    data_node_set_data(node, data);
}

/* Java: setData() */
int32_t data_tree_set_data_locked(struct data_tree *tree, const struct txn_header *header,
                                  const struct set_data_txn *txn, struct zk_stat *ret_stat)
{
    const char *path = txn->path.text;
    struct data_node *node = data_tree_get_node_locked(tree, path);
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    int64_t last_bytes = (int64_t)data_node_data_size(node);
    node_hash_map_pre_change(&tree->nodes, node);
    data_tree_replace_data_locked(tree, node, txn->data);
    node->stat.mtime_ms = header->time_ms;
    node->stat.mzxid = header->zxid;
    node->stat.version = txn->version;
    node_hash_map_post_change(&tree->nodes, node);
    if (ret_stat != NULL)
        *ret_stat = data_node_copy_stat(node, &tree->types);
    data_tree_quota_changed_locked(tree, path, data_length(txn->data) - last_bytes);
    data_tree_tell_data_changed_locked(tree, path, node);
    return KEEPER_CODE_OK;
}

int data_tree_set_data(struct data_tree *tree, const char *path, struct buf *data, int32_t version,
                       int64_t zxid, int64_t time_ms)
{
    const struct txn_header header = {.zxid = zxid, .time_ms = time_ms};
    const struct set_data_txn txn = {
        .path = {.text = (char *)path, .length = strlen(path)}, .data = data, .version = version};
    zk_mutex_lock(&tree->mu);
    int32_t code = data_tree_set_data_locked(tree, &header, &txn, NULL);
    zk_mutex_unlock(&tree->mu);
    return code == KEEPER_CODE_OK ? 0 : -ENOENT;
}

/* Java: setACL(). The old list is let go first: if nobody else has it and the new one is the same,
 * the number is a new one, as Java's is. */
int32_t data_tree_set_acl_locked(struct data_tree *tree, const struct set_acl_txn *txn,
                                 struct zk_stat *ret_stat)
{
    struct data_node *node = data_tree_get_node_locked(tree, txn->path.text);
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    acl_cache_remove_usage(&tree->acl_cache, node->acl);
    node_hash_map_pre_change(&tree->nodes, node);
    node->stat.aversion = txn->version;
    node->acl = acl_cache_convert_acls(&tree->acl_cache, &txn->acl);
    node_hash_map_post_change(&tree->nodes, node);
    if (ret_stat != NULL)
        *ret_stat = data_node_copy_stat(node, &tree->types);
    return KEEPER_CODE_OK;
}

/* Java: setCversionPzxid() */
int32_t data_tree_set_cversion_pzxid_locked(struct data_tree *tree, const char *path, size_t length,
                                            int32_t new_cversion, int64_t zxid)
{
    struct data_node *node = node_hash_map_get(&tree->nodes, path, length);
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    raise_cversion(tree, node, new_cversion, zxid);
    return KEEPER_CODE_OK;
}
