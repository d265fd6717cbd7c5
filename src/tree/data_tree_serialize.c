/* The whole tree as bytes, and back. Java: DataTree.serialize(), DataTree.deserialize()
 *
 *         ACL cache
 *         each node:
 *         4+n   ustring path        the root first, whose path is ""; each node before its children
 *         4+n   buffer  data
 *         8     long    id of the ACL
 *         60    StatPersisted
 *   5     ustring "/"               no node has this path: the end
 *
 * A snapshot is written while transactions change the tree. For each node the lock is taken,
 * what is to be written is copied (short data, a reference to longer data, the stat, the pointers
 * to the children), and the lock is given back before a byte goes out: a learner that reads slowly,
 * or a slow disk, holds up no write. A parent of a million children has 8 MB of pointers, which are
 * copied in some 3 ms. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree/data_tree_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/utf8.h"

enum {
    NUMBERS = 8 + STAT_PERSISTED_BYTES, /* the id of the ACL, and the stat */
    NODES_AHEAD = 8,                    /* so early a node is fetched, before it is written */
};

static void walk_into(struct data_tree_walk *walk, struct data_node_list children)
{
    walk->frames = zk_xgrow(walk->frames, walk->depth, &walk->room, sizeof *walk->frames);
    data_node_list_sort(&children);
    walk->frames[walk->depth++] = (struct data_tree_frame){.children = children};
}

/* Returns the next node, deepest first; NULL: there is none. Siblings come in the order of their
 * hashes and lie anywhere in memory, and waiting for each of them took a third of the time of the
 * writing: so a later one is fetched ahead. */
static struct data_node *walk_next(struct data_tree_walk *walk)
{
    while (walk->depth > 0) {
        struct data_tree_frame *frame = &walk->frames[walk->depth - 1];
        if (frame->next + NODES_AHEAD < frame->children.count)
            data_node_prefetch(frame->children.items[frame->next + NODES_AHEAD]);
        if (frame->next < frame->children.count)
            return frame->children.items[frame->next++];
        free(frame->children.items);
        walk->depth--;
    }
    return NULL;
}

static uint8_t *put_counted(uint8_t *next, const void *bytes, int32_t length)
{
    zk_store_int(next, length);
    next += sizeof length;
    if (length <= 0)
        return next; /* null is -1 */
    memcpy(next, bytes, (size_t)length);
    return next + length;
}

/* Java: serializeNodeData(). The path is read without the lock, since it never changes. If the
 * stream's buffer has room for the whole node, its bytes are put there directly: written field by
 * field, a node took a fifth more instructions. */
static void serialize_node_data(const struct data_node *node,
                                const struct data_node_data_copy *data, int64_t acl,
                                const struct stat_persisted *stat, struct jute_out *out)
{
    size_t size =
        4 + (size_t)node->path_length + 4 + (data->length > 0 ? (size_t)data->length : 0) + NUMBERS;
    uint8_t *room = jute_out_room(out, size);
    uint8_t *bytes = room != NULL ? room : zk_xmalloc(size);
    uint8_t *next = put_counted(bytes, node->path, (int32_t)node->path_length);
    next = put_counted(next, data->bytes, data->length);
    zk_store_long(next, acl);
    stat_persisted_store(stat, next + 8);
    if (room != NULL)
        return;
    jute_out_bytes(out, bytes, size);
    free(bytes);
}

/* Java: serializeNode(). One node; its children are walked next. */
static void serialize_node(struct data_tree *tree, struct data_node *node,
                           struct data_tree_walk *walk, struct jute_out *out)
{
    struct data_node_list children = {0};
    struct data_node_data_copy data;
    struct stat_persisted stat;
    int64_t acl;
    zk_mutex_lock(&tree->mu);
    bool removed = node->removed;
    if (!removed) {
        data_node_copy_data(node, &data);
        stat = node->stat;
        acl = node->acl;
        children = data_node_get_children(node);
    }
    zk_mutex_unlock(&tree->mu);
    if (removed)
        return; /* it went after its parent was written; a replay deletes it again */
    serialize_node_data(node, &data, acl, &stat, out);
    data_node_data_copy_done(&data);
    if (children.count > 0)
        walk_into(walk, children);
}

void data_tree_serialization_begin(struct data_tree *tree, struct data_tree_serialization *begun,
                                   struct jute_out *out)
{
    zk_mutex_lock(&tree->mu);
    struct acl_cache_copy acls = acl_cache_copy(&tree->acl_cache);
    *begun = (struct data_tree_serialization){
        .tree = tree, .pin = data_tree_pin_locked(tree), .out = out, .next = tree->root};
    zk_mutex_unlock(&tree->mu);
    acl_cache_serialize(&acls, out);
}

bool data_tree_serialization_step(struct data_tree_serialization *begun)
{
    if (begun->next == NULL)
        return false;
    if (begun->out->error == 0)
        serialize_node(begun->tree, begun->next, &begun->walk, begun->out);
    begun->next = walk_next(&begun->walk);
    return true;
}

void data_tree_serialization_end(struct data_tree_serialization *begun)
{
    jute_out_string(begun->out, "/");
    free(begun->walk.frames);
    data_tree_unpin(begun->tree, begun->pin);
}

/* Java: serialize() */
void data_tree_serialize(struct data_tree *tree, struct jute_out *out)
{
    struct data_tree_serialization begun;
    data_tree_serialization_begin(tree, &begun, out);
    while (data_tree_serialization_step(&begun))
        ;
    data_tree_serialization_end(&begun);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Nodes that were read are hung into the tree some at a time, under one lock. The processor fetches
 * their places in the table meanwhile: waiting for each of them took a fifth of the loading. */
enum { TOGETHER = 16 };

struct data_tree_reading {
    struct data_tree *tree;
    struct jute_in *in;
    /* Path and data of the node that is being read; the next node takes this memory over. */
    struct buf *path;
    struct buf *data;
    /* Owned; those that do not hang in the tree yet. */
    struct data_node *nodes[TOGETHER];
    struct path_key keys[TOGETHER];
    size_t count;
};

/* If several nodes cannot be hung, the first one's error counts; those behind it are freed. */
static int hang_nodes(struct data_tree_reading *reading)
{
    struct data_tree *tree = reading->tree;
    int r = 0;
    zk_mutex_lock(&tree->mu); /* not while bytes are awaited: a stream may have locks of its own */
    for (size_t i = 0; i < reading->count; i++) {
        if (r == 0)
            r = data_tree_hang_node_locked(tree, &reading->keys[i], reading->nodes[i]);
        else
            data_node_free(reading->nodes[i]);
    }
    zk_mutex_unlock(&tree->mu);
    reading->count = 0;
    return r;
}

/* Reads the node that stands behind its path. Java: DataNode.deserialize() */
static int deserialize_node(struct data_tree_reading *reading)
{
    uint8_t bytes[NUMBERS];
    const uint8_t *numbers;
    struct stat_persisted stat;
    int r = jute_in_buffer_again(reading->in, &reading->data);
    if (r < 0)
        return r;
    r = jute_in_view(reading->in, sizeof bytes, bytes, &numbers);
    if (r < 0)
        return r;
    int64_t acl = zk_load_long(numbers);
    stat_persisted_load(numbers + 8, &stat);
    if (acl > ACL_CACHE_LAST)
        return -EPROTO;
    struct data_node *node = data_node_new((const char *)reading->path->bytes,
                                           reading->path->length, reading->data, acl, &stat);
    /* Nobody else has the tree yet. */
    const struct node_hash_map *nodes = &reading->tree->nodes;
    struct path_key *key = &reading->keys[reading->count];
    *key = node_hash_map_key(nodes, node->path, node->path_length);
    node_hash_map_prefetch(nodes, key);
    reading->nodes[reading->count++] = node;
    return reading->count < TOGETHER ? 0 : hang_nodes(reading);
}

/* Bytes that are not ASCII become what they are after Java has decoded them. -EPROTO: the path is
 * null, or has a zero byte inside. */
static int check_path(struct buf **path)
{
    const struct buf *bytes = *path;
    if (bytes == NULL || memchr(bytes->bytes, '\0', bytes->length) != NULL)
        return -EPROTO;
    const char *text = (const char *)bytes->bytes;
    if (zk_utf8_is_ascii(text, bytes->length))
        return 0;
    struct buf *javas = buf_new(3 * bytes->length);
    javas->length = zk_utf8_through_java(text, bytes->length, (char *)javas->bytes);
    buf_unref(*path);
    *path = javas;
    return 0;
}

/* Reads a path and the node behind it. *ret_end: it was the path that marks the end. */
static int deserialize_next(struct data_tree_reading *reading, bool *ret_end)
{
    int r = jute_in_buffer_again(reading->in, &reading->path);
    if (r == 0)
        r = check_path(&reading->path);
    if (r < 0)
        return r;
    *ret_end = reading->path->length == 1 && reading->path->bytes[0] == '/';
    return *ret_end ? 0 : deserialize_node(reading);
}

static int deserialize_nodes(struct data_tree *tree, struct jute_in *in)
{
    struct data_tree_reading reading = {.tree = tree, .in = in};
    int r = 0;
    for (bool end = false; r == 0 && !end;)
        r = deserialize_next(&reading, &end);
    /* The nodes that were read before an error are hung all the same: if one of them is wrong, that
     * error came first. */
    int hung = hang_nodes(&reading);
    buf_unref(reading.path);
    buf_unref(reading.data);
    return hung < 0 ? hung : r;
}

/* Java: deserialize() */
int data_tree_deserialize(struct zk_context *ctx, struct jute_in *in, struct data_tree **ret_tree)
{
    struct data_tree *tree = data_tree_new_bare(ctx);
    /* Java reads into a fresh tree, whose configuration node has used up the first number. */
    tree->acl_cache.acl_index = 1;
    int r = acl_cache_deserialize(&tree->acl_cache, in);
    if (r == 0)
        r = deserialize_nodes(tree, in);
    if (r == 0 && tree->root == NULL)
        r = -EPROTO;
    if (r < 0) {
        data_tree_unref(tree);
        return r;
    }
    zk_mutex_lock(&tree->mu);
    data_tree_setup_quota_locked(tree);
    acl_cache_purge_unused(&tree->acl_cache);
    zk_mutex_unlock(&tree->mu);
    *ret_tree = tree;
    return 0;
}
