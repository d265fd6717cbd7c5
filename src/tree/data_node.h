/* One node: data, the number of its ACL, its stat, its children. Java: server.DataNode
 *
 * A node is one block of memory, short data included:
 *
 *       0   stat, ACL, children, digest, places, lengths
 *     103   path, and a zero byte
 *           room for data, which begins at a multiple of eight
 *
 * The room is as long as the data that the node was made with, but at least as long as a pointer,
 * and no longer than DATA_NODE_INSIDE_MAX. Data that fits in stands there, and is copied when it is
 * read. Longer data is a buf that others may share, and the room holds a reference to it. Most data
 * is short: in a buf of its own it took a block of 48 bytes more, and the processor had to wait for
 * one more place in memory.
 *
 * The tree's lock guards all but path, which never changes. Besides its block, a node takes a place
 * in the table of paths (node_hash_map.h) and one among the children of its parent. */
#ifndef TREE_DATA_NODE_H
#define TREE_DATA_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/jute/data.h"
#include "zk/tree/ephemeral_type.h"

struct data_node_children;

enum { DATA_NODE_INSIDE_MAX = 256 };

struct data_node {
    struct stat_persisted stat;
    /* An id of the tree's acl_cache, or -1. */
    int64_t acl;
    struct data_node_children *children; /* owned; NULL: it never had any */
    /* What the node has added to the tree's digest. */
    uint32_t digest;
    /* Its place among the children of its parent. */
    uint32_t index;
    /* Its place among those of its owner, if it has one: see owned_nodes.h. */
    uint32_t owned_index;
    uint32_t path_length;
    /* -1 is Java's null, which a client can make. */
    int32_t data_length;
    uint16_t data_room;
    /* It is out of the tree, and is kept only for readers that may still look at it: see
     * data_tree_pins.c. */
    bool removed;

    char path[]; /* "" is the root */
};

/* Java: HashSet<String>(8). The items stand in order of insertion, from which the order of Java's
 * set can be computed. */
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

/* Returns a node without children. Copies path, copies or shares data. */
struct data_node *data_node_new(const char *path, size_t path_length, struct buf *data, int64_t acl,
                                const struct stat_persisted *stat);
void data_node_free(struct data_node *node); /* its children stay */
/* Has the processor fetch a node that will be looked at soon. Needs no lock. */
void data_node_prefetch(const struct data_node *node);

/* ---- data ------------------------------------------------------------------------------------ */

/* NULL is Java's null. Copies or shares data. */
void data_node_set_data(struct data_node *node, struct buf *data);
/* Returns the bytes, which stay where they are until the lock is given back. */
const uint8_t *data_node_data(const struct data_node *node);
/* Returns how many there are; 0 for null. */
size_t data_node_data_size(const struct data_node *node);
/* Returns a buf for use without the lock, which the caller unrefs: the node's own, or a copy. NULL
 * for null. */
struct buf *data_node_get_data(const struct data_node *node);

/* The data of one moment, for use without the lock, and without memory of its own if it is
 * short. */
struct data_node_data_copy {
    int32_t length;     /* -1: null */
    struct buf *shared; /* a reference; NULL: the bytes stand in inside */
    const uint8_t *bytes;
    uint8_t inside[DATA_NODE_INSIDE_MAX];
};

void data_node_copy_data(const struct data_node *node, struct data_node_data_copy *ret_copy);
void data_node_data_copy_done(struct data_node_data_copy *copy);

/* ---- stat, name, children -------------------------------------------------------------------- */

/* Java: copyStat(). What clients see: types tells whether the owner is a session. */
struct zk_stat data_node_copy_stat(const struct data_node *node,
                                   const struct ephemeral_types *types);

/* Returns the path's last element, which lives as long as the node. */
const char *data_node_name(const struct data_node *node);

size_t data_node_child_count(const struct data_node *node);
/* Java: addChild(). child must not be a child of node yet. */
void data_node_add_child(struct data_node *node, struct data_node *child);
/* Java: removeChild(). child must be a child of node. */
void data_node_remove_child(struct data_node *node, struct data_node *child);

/* Returns the child that was added last, or NULL if there is none. */
struct data_node *data_node_last_child(const struct data_node *node);

/* The children of one moment. */
struct data_node_list {
    struct data_node **items; /* owned; NULL: none */
    size_t count;
    uint32_t most; /* as in data_node_children */
};

/* Java: getChildren().toArray(), in two steps. data_node_get_children needs the lock, and copies
 * the children in order of insertion. data_node_list_sort puts them into the order in which Java's
 * set iterates; it needs no lock, because it looks at names only, but the nodes must still be
 * there. */
struct data_node_list data_node_get_children(const struct data_node *node);
void data_node_list_sort(struct data_node_list *list);

#endif
