/* The nodes of one owner. */
#include "tree/owned_nodes.h"

#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"

/* Most sessions that own a node own one. */
enum { FIRST_ROOM = 1 };

/* Moves the nodes together. */
static void owned_nodes_close_gaps(struct owned_nodes *nodes)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < nodes->used; i++) {
        struct data_node *node = nodes->items[i];
        if (node == NULL)
            continue;
        node->owned_index = used;
        nodes->items[used++] = node;
    }
    nodes->used = used;
}

void owned_nodes_add(struct owned_nodes *nodes, struct data_node *node)
{
    if (nodes->used == nodes->room && nodes->count < nodes->used / 2)
        owned_nodes_close_gaps(nodes);
    if (nodes->used == nodes->room) {
        nodes->room = nodes->room > 0 ? 2 * nodes->room : FIRST_ROOM;
        nodes->items = zk_xrealloc(nodes->items, nodes->room * sizeof(struct data_node *));
    }
    node->owned_index = nodes->used;
    nodes->items[nodes->used++] = node;
    if (nodes->most < ++nodes->count)
        nodes->most = nodes->count;
}

void owned_nodes_remove(struct owned_nodes *nodes, struct data_node *node)
{
    zk_assert(node->owned_index < nodes->used && nodes->items[node->owned_index] == node);
    nodes->items[node->owned_index] = NULL;
    nodes->count--;
    while (nodes->used > 0 && nodes->items[nodes->used - 1] == NULL)
        nodes->used--;
}

struct data_node *owned_nodes_last(const struct owned_nodes *nodes)
{
    return nodes->used > 0 ? nodes->items[nodes->used - 1] : NULL;
}

void owned_nodes_paths(const struct owned_nodes *nodes, struct zk_strings *paths)
{
    for (uint32_t i = 0; i < nodes->used; i++)
        if (nodes->items[i] != NULL)
            zk_strings_add(paths, nodes->items[i]->path);
}

void owned_nodes_done(struct owned_nodes *nodes)
{
    free(nodes->items);
    *nodes = (struct owned_nodes){0};
}
