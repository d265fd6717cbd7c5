/* One node: data, the number of its ACL, its stat, its children. Java: server.DataNode
 *
 * The tree's lock guards all but path, which never changes. About 100 bytes a node and its path;
 * what else a node costs is its data and a place in two tables. */
#ifndef TREE_DATA_NODE_H
#define TREE_DATA_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/jute/data.h"
#include "zk/tree/ephemeral_type.h"

struct data_node_children;

struct data_node {
    /* A reference; NULL is Java's null, which a client can make. A buf never changes, so whoever
     * holds another reference may read it without the lock. */
    struct buf *data;
    /* An id of the tree's acl_cache, or -1. */
    int64_t acl;
    struct stat_persisted stat;
    struct data_node_children *children; /* owned; NULL: it never had any */
    /* What the node has added to the tree's digest. */
    uint32_t digest;
    /* Its place among the children of its parent. */
    uint32_t index;
    /* Its place among those of its owner, if it has one: see owned_nodes.h. */
    uint32_t owned_index;
    /* It is out of the tree, and lives on only for a snapshot that may still look at it. */
    bool removed;

    char path[]; /* "" is the root */
};

/* Java: HashSet<String>(8). In order of insertion, from which Java's order follows. */
struct data_node_children {
    uint32_t count;
    /* Places in use, empty ones of removed children included. */
    uint32_t used;
    uint32_t room;
    /* The most there have ever been: Java's table does not shrink, and its size decides the
     * order. */
    uint32_t most;
    struct data_node *items[]; /* NULL: an empty place. The tree owns all nodes. */
};

/* Returns a node without children. Copies path, shares data. */
struct data_node *data_node_new(const char *path, struct buf *data, int64_t acl,
                                const struct stat_persisted *stat);
void data_node_free(struct data_node *node); /* its children stay */
/* Has the processor fetch a node that will be looked at soon. Needs no lock. */
void data_node_prefetch(const struct data_node *node);

/* Java: copyStat(). What clients see: types tells whether the owner is a session. */
struct zk_stat data_node_copy_stat(const struct data_node *node,
                                   const struct ephemeral_types *types);

/* Returns the path's last element, which lives as long as the node. */
const char *data_node_name(const struct data_node *node);

size_t data_node_child_count(const struct data_node *node);
/* Java: addChild(). child is not one yet. */
void data_node_add_child(struct data_node *node, struct data_node *child);
/* Java: removeChild(). child is one. */
void data_node_remove_child(struct data_node *node, struct data_node *child);

/* Returns one child, and NULL when there is none. */
struct data_node *data_node_last_child(const struct data_node *node);

/* The children of one moment. */
struct data_node_list {
    struct data_node **items; /* owned; NULL: none */
    size_t count;
    uint32_t most; /* as above */
};

/* Java: getChildren().toArray(): a copy, in order of insertion, which needs the lock. The order in
 * which Java's set iterates is made of it by data_node_list_sort, which needs none, as it looks at
 * names only. */
struct data_node_list data_node_get_children(const struct data_node *node);
void data_node_list_sort(struct data_node_list *list);

#endif
