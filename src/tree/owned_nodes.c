/* The nodes of one owner. */
#include "tree/owned_nodes.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"

/* Most sessions that own a node own one. */
enum { FIRST_ROOM = 1 };

void owned_nodes_add(struct owned_nodes *nodes, struct data_node *node)
{
    if (nodes->count == nodes->room) {
        nodes->room = nodes->room > 0 ? 2 * nodes->room : FIRST_ROOM;
        nodes->items = zk_xrealloc(nodes->items, nodes->room * sizeof(struct data_node *));
    }
    node->owned_index = nodes->count;
    nodes->items[nodes->count++] = node;
}

/* The last one takes its place. */
void owned_nodes_remove(struct owned_nodes *nodes, struct data_node *node)
{
    zk_assert(node->owned_index < nodes->count && nodes->items[node->owned_index] == node);
    struct data_node *last = nodes->items[--nodes->count];
    last->owned_index = node->owned_index;
    nodes->items[node->owned_index] = last;
}

void owned_nodes_paths(const struct owned_nodes *nodes, struct zk_strings *paths)
{
    for (uint32_t i = 0; i < nodes->count; i++)
        zk_strings_add(paths, nodes->items[i]->path);
}

void owned_nodes_done(struct owned_nodes *nodes)
{
    free(nodes->items);
    *nodes = (struct owned_nodes){0};
}
