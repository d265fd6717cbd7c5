/* One node: data, the number of its ACL, its stat, its children. Java: server.DataNode. The tree's
 * owner locks. */
#ifndef ZK_TREE_DATA_NODE_H
#define ZK_TREE_DATA_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/jute/data.h"

struct data_node {
    struct buf *data; /* shares; NULL: null, which a client can make */
    int64_t acl;      /* an id of the tree's acl_cache, or -1 */
    struct stat_persisted stat;
    uint64_t digest; /* what it has added to the tree's digest */

    /* Java: HashSet<String>(8). Ours in order of insertion, from which Java's order follows as long
     * as nothing is removed: tables never shrink, so deleting will have to keep the size that
     * Java's has grown to. */
    struct data_node **children; /* borrowed: the tree owns all nodes */
    size_t child_count;
    size_t child_room;

    char path[]; /* "" is the root */
};

struct data_node *data_node_new(const char *path, struct buf *data, int64_t acl,
                                const struct stat_persisted *stat); /* copies path, shares data */
void data_node_free(struct data_node *node);

/* The path's last element. Borrowed. */
const char *data_node_name(const struct data_node *node);

/* Java: addChild(). child must not be one yet. */
void data_node_add_child(struct data_node *node, struct data_node *child);
/* Java: getChildren(), in the order in which Java's set iterates. Gives child_count borrowed nodes;
 * NULL for none. */
struct data_node **data_node_get_children(const struct data_node *node);

#endif
