/* The nodes of one owner: a session's ephemeral nodes, or all containers, or all nodes with a TTL.
 * Each node knows its place among them (data_node.owned_index), so to remove one takes no search.
 * Java: DataTree.ephemerals, containers, ttls, which hold paths. The tree's lock guards it. */
#ifndef TREE_OWNED_NODES_H
#define TREE_OWNED_NODES_H

#include <stddef.h>
#include <stdint.h>

#include "tree/data_node.h"
#include "zk/base/str.h"

/* Zero-initialised it is empty. The nodes stand in order of insertion, from which the order of
 * Java's HashSet can be computed. */
struct owned_nodes {
    struct data_node *
        *items; /* NULL: an empty place, never the last one. The tree owns the nodes */
    uint32_t count;
    uint32_t used; /* places, empty ones included */
    uint32_t room;
    uint32_t most; /* the most there have ever been: Java's table does not shrink */
};

void owned_nodes_add(struct owned_nodes *nodes, struct data_node *node);
/* node must be among them. */
void owned_nodes_remove(struct owned_nodes *nodes, struct data_node *node);
/* Returns the one that came last; NULL: there is none. */
struct data_node *owned_nodes_last(const struct owned_nodes *nodes);
/* Appends the paths, in order of insertion. */
void owned_nodes_paths(const struct owned_nodes *nodes, struct zk_strings *paths);
void owned_nodes_done(struct owned_nodes *nodes);

#endif
