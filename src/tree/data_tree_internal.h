/* Shared by data_tree.c (the nodes) and data_tree_serialize.c (the whole as bytes). */
#ifndef TREE_DATA_TREE_INTERNAL_H
#define TREE_DATA_TREE_INTERNAL_H

#include "tree/acl_cache.h"
#include "tree/data_node.h"
#include "zk/base/refcount.h"
#include "zk/runtime/lock.h"
#include "zk/tree/data_tree.h"

struct data_tree_slot {
    uint64_t hash;
    struct data_node *node; /* NULL: free */
};

struct data_tree {
    struct zk_context *ctx;
    struct zk_refcount refs; /* the database, and snapshots that are being written */
    bool extended_types;     /* Java: EphemeralType.extendedEphemeralTypesEnabled() */
    /* Of the hash: clients choose paths, and must not choose where they collide. */
    uint64_t seed;

    struct zk_mutex mu; /* Java's monitors of DataTree and of its nodes. Guards, down to the end: */
    struct data_tree_slot *slots;
    size_t slot_count; /* a power of two */
    size_t node_count; /* owned */
    struct data_node *root;
    struct acl_cache acl_cache;
    int64_t node_data_size; /* Java: DataTree.nodeDataSize */
    size_t ephemerals_count;
    uint64_t tree_digest; /* modulo 2^64 */
    int64_t last_processed_zxid;
    struct zxid_digest last_processed_zxid_digest;
    /* Snapshots that are being written. They hold pointers to nodes without the lock, so as long as
     * there is one, a removed node waits here to be freed. */
    size_t serializations;
    struct data_node **removed;
    size_t removed_count;
    size_t removed_room;
};

/* A tree without any node. */
struct data_tree *data_tree_new_bare(struct zk_context *ctx);
/* Java: DataTree.getNode(). Returns NULL if there is none; the node stays the tree's. */
struct data_node *data_tree_get_node_locked(const struct data_tree *tree, const char *path)
    REQUIRES(&tree->mu);
/* Hang a node into the tree. Takes ownership of node, also on failure. -EPROTO: it has no parent,
 * or is there already. */
ZK_NODISCARD int data_tree_hang_node_locked(struct data_tree *tree, struct data_node *node)
    REQUIRES(&tree->mu);

#endif
