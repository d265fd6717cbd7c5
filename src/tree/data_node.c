/* One node of the tree. Java: server.DataNode */
#include "zk/tree/data_node.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"

/* Java: new HashSet<>(8) in DataNode.addChild() */
enum { FIRST_CAPACITY = 8 };

struct data_node *data_node_new(const char *path, struct buf *data, int64_t acl,
                                const struct stat_persisted *stat)
{
    size_t path_size = strlen(path) + 1;
    struct data_node *node = zk_xcalloc(1, sizeof *node + path_size);
    memcpy(node->path, path, path_size);
    node->data = data ? buf_ref(data) : NULL;
    node->acl = acl;
    node->stat = *stat;
    return node;
}

void data_node_free(struct data_node *node)
{
    if (!node)
        return;
    buf_unref(node->data);
    free(node->children);
    free(node);
}

const char *data_node_name(const struct data_node *node)
{
    const char *slash = strrchr(node->path, '/');
    return slash ? slash + 1 : node->path;
}

void data_node_add_child(struct data_node *node, struct data_node *child)
{
    if (node->child_count == node->child_room) {
        node->child_room = node->child_room ? 2 * node->child_room : 4;
        node->children = zk_xrealloc(node->children, node->child_room * sizeof *node->children);
    }
    node->children[node->child_count++] = child;
}

struct data_node **data_node_get_children(const struct data_node *node)
{
    size_t count = node->child_count;
    if (count == 0)
        return NULL;
    struct data_node **children = zk_xmalloc(count * sizeof(struct data_node *));
    if (count == 1) { /* as most have, if any */
        children[0] = node->children[0];
        return children;
    }

    const char **names = zk_xcalloc(count, sizeof *names);
    size_t *order = zk_xcalloc(count, sizeof *order);
    for (size_t i = 0; i < count; i++)
        names[i] = data_node_name(node->children[i]);
    java_hash_map_order_strings(names, count, FIRST_CAPACITY, order);
    for (size_t i = 0; i < count; i++)
        children[i] = node->children[order[i]];

    free(order);
    free(names);
    return children;
}
