/* One node of the tree. Java: server.DataNode */
#include "tree/data_node.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/attrs.h"
#include "zk/base/java_order.h"
#include "zk/base/panic.h"

enum {
    FIRST_CAPACITY = 8, /* Java: new HashSet<>(8) in DataNode.addChild() */
    FIRST_ROOM = 4,
};

/* Returns at which byte of a node the room for data begins. */
static size_t room_offset(size_t path_length)
{
    const size_t align = sizeof(struct buf *);
    size_t path_end = offsetof(struct data_node, path) + path_length + 1;
    return (path_end + align - 1) / align * align;
}

static size_t room_for(const struct buf *data)
{
    bool fits = data != NULL && data->length <= DATA_NODE_INSIDE_MAX;
    return fits && data->length > sizeof(struct buf *) ? data->length : sizeof(struct buf *);
}

struct data_node *data_node_new(const char *path, size_t path_length, struct buf *data, int64_t acl,
                                const struct stat_persisted *stat)
{
    size_t room = room_for(data);
    struct data_node *node = zk_xmalloc(room_offset(path_length) + room);
    *node = (struct data_node){
        .stat = *stat,
        .acl = acl,
        .path_length = (uint32_t)path_length,
        .data_length = -1,
        .data_room = (uint16_t)room,
    };
    memcpy(node->path, path, path_length);
    node->path[path_length] = '\0';
    data_node_set_data(node, data);
    return node;
}

void data_node_free(struct data_node *node)
{
    if (node == NULL)
        return;
    data_node_set_data(node, NULL);
    free(node->children);
    free(node);
}

void data_node_prefetch(const struct data_node *node)
{
    enum { CACHE_LINE = 64, LINES = 4 }; /* path and short data stand in the last ones */
    for (size_t i = 0; i < LINES; i++)
        ZK_PREFETCH((const char *)node + i * CACHE_LINE);
}

/* ---- data ------------------------------------------------------------------------------------ */

static void *room_of(const struct data_node *node)
{
    return (char *)node + room_offset(node->path_length);
}

/* Returns whether the data did not fit into the room, which then holds a reference to it. */
static bool is_shared(const struct data_node *node)
{
    return node->data_length > node->data_room;
}

static struct buf **shared_data(const struct data_node *node)
{
    return room_of(node);
}

void data_node_set_data(struct data_node *node, struct buf *data)
{
    if (is_shared(node))
        buf_unref(*shared_data(node));
    zk_assert(data == NULL || data->length <= INT32_MAX);
    node->data_length = data != NULL ? (int32_t)data->length : -1;
    if (is_shared(node))
        *shared_data(node) = buf_ref(data);
    else if (node->data_length > 0)
        memcpy(room_of(node), data->bytes, data->length);
}

const uint8_t *data_node_data(const struct data_node *node)
{
    return is_shared(node) ? (*shared_data(node))->bytes : room_of(node);
}

size_t data_node_data_size(const struct data_node *node)
{
    return node->data_length >= 0 ? (size_t)node->data_length : 0;
}

struct buf *data_node_get_data(const struct data_node *node)
{
    if (node->data_length < 0)
        return NULL;
    return is_shared(node) ? buf_ref(*shared_data(node))
                           : buf_new_copy(room_of(node), data_node_data_size(node));
}

void data_node_copy_data(const struct data_node *node, struct data_node_data_copy *ret_copy)
{
    ret_copy->length = node->data_length;
    ret_copy->shared = is_shared(node) ? buf_ref(*shared_data(node)) : NULL;
    ret_copy->bytes = ret_copy->shared != NULL ? ret_copy->shared->bytes : ret_copy->inside;
    if (ret_copy->shared == NULL)
        memcpy(ret_copy->inside, room_of(node), data_node_data_size(node));
}

void data_node_data_copy_done(struct data_node_data_copy *copy)
{
    buf_unref(copy->shared);
}

/* ---- stat, name ------------------------------------------------------------------------------ */

/* Java: copyStat() */
struct zk_stat data_node_copy_stat(const struct data_node *node,
                                   const struct ephemeral_types *types)
{
    const struct stat_persisted *stat = &node->stat;
    int64_t owner = stat->ephemeral_owner;
    int32_t num_children = (int32_t)data_node_child_count(node);
    return (struct zk_stat){
        .czxid = stat->czxid,
        .mzxid = stat->mzxid,
        .ctime_ms = stat->ctime_ms,
        .mtime_ms = stat->mtime_ms,
        .version = stat->version,
        /* A node counts the children that were created; clients see creations and deletions. Each
         * child that is not there any more was deleted once. Java's numbers wrap. */
        .cversion = (int32_t)((uint32_t)stat->cversion * 2 - (uint32_t)num_children),
        .aversion = stat->aversion,
        .ephemeral_owner = ephemeral_type_get(types, owner) == EPHEMERAL_TYPE_NORMAL ? owner : 0,
        .data_length = (int32_t)data_node_data_size(node),
        .num_children = num_children,
        .pzxid = stat->pzxid,
    };
}

const char *data_node_name(const struct data_node *node)
{
    const char *slash = strrchr(node->path, '/');
    return slash != NULL ? slash + 1 : node->path;
}

/* ---- children -------------------------------------------------------------------------------- */

size_t data_node_child_count(const struct data_node *node)
{
    return node->children != NULL ? node->children->count : 0;
}

/* Moves the children together, so that no place among them is empty. */
static void close_gaps(struct data_node_children *children)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < children->used; i++) {
        struct data_node *child = children->items[i];
        if (child == NULL)
            continue;
        child->index = used;
        children->items[used++] = child;
    }
    children->used = used;
}

static struct data_node_children *with_room(struct data_node_children *children)
{
    if (children != NULL && children->used < children->room)
        return children;
    if (children != NULL && children->count < children->used / 2) {
        close_gaps(children);
        return children;
    }
    uint32_t room = children != NULL ? 2 * children->room : FIRST_ROOM;
    bool fresh = children == NULL;
    children = zk_xrealloc(children, sizeof *children + room * sizeof(struct data_node *));
    if (fresh)
        *children = (struct data_node_children){0};
    children->room = room;
    return children;
}

void data_node_add_child(struct data_node *node, struct data_node *child)
{
    struct data_node_children *children = node->children = with_room(node->children);
    child->index = children->used;
    children->items[children->used++] = child;
    children->count++;
    if (children->most < children->count)
        children->most = children->count;
}

void data_node_remove_child(struct data_node *node, struct data_node *child)
{
    struct data_node_children *children = node->children;
    zk_assert(children != NULL && child->index < children->used &&
              children->items[child->index] == child);
    children->items[child->index] = NULL;
    children->count--;
    while (children->used > 0 && children->items[children->used - 1] == NULL)
        children->used--;
}

struct data_node *data_node_last_child(const struct data_node *node)
{
    return data_node_child_count(node) > 0 ? node->children->items[node->children->used - 1] : NULL;
}

struct data_node_list data_node_get_children(const struct data_node *node)
{
    struct data_node_list list = {0};
    const struct data_node_children *children = node->children;
    if (children == NULL || children->count == 0)
        return list;
    list.most = children->most;
    list.items = zk_xmalloc(children->count * sizeof(struct data_node *));
    if (children->count == children->used) {
        memcpy(list.items, children->items, children->count * sizeof(struct data_node *));
        list.count = children->count;
        return list;
    }
    for (uint32_t i = 0; i < children->used; i++)
        if (children->items[i] != NULL)
            list.items[list.count++] = children->items[i];
    return list;
}

/* The size of Java's table: it doubles when it would be more than three quarters full. */
static size_t java_capacity(uint32_t most)
{
    size_t capacity = FIRST_CAPACITY;
    while (4 * (size_t)most > 3 * capacity)
        capacity *= 2;
    return capacity;
}

void data_node_list_sort(struct data_node_list *list)
{
    size_t count = list->count;
    if (count < 2)
        return; /* there is nothing to sort in most nodes */
    const char **names = zk_xcalloc(count, sizeof *names);
    size_t *order = zk_xcalloc(count, sizeof *order);
    struct data_node **sorted = zk_xmalloc(count * sizeof(struct data_node *));
    for (size_t i = 0; i < count; i++)
        names[i] = data_node_name(list->items[i]);
    size_t first = count == list->most ? FIRST_CAPACITY : java_capacity(list->most);
    java_hash_map_order_strings(names, count, first, order);
    for (size_t i = 0; i < count; i++)
        sorted[i] = list->items[order[i]];
    free(list->items);
    list->items = sorted;
    free(order);
    free(names);
}
