/* Paths and their nodes. Java: server.NodeHashMapImpl */
#include "tree/node_hash_map.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/keyed_hash.h"
#include "zk/base/panic.h"
#include "zk/base/random.h"
#include "zk/runtime/context.h"
#include "zk/tree/digest.h"

enum {
    FIRST_SLOTS = 16,
    LARGE_TABLE = 2 * 1024 * 1024, /* bytes; the size of a large page */
};

/* ---- the table ------------------------------------------------------------------------------- */

/* Returns where the path is, or where it would go. */
static struct node_hash_map_slot *find_slot(const struct node_hash_map *map,
                                            const struct path_key *key)
{
    size_t mask = map->slot_count - 1;
    size_t i = (size_t)key->hash & mask;
    for (; map->slots[i].node != NULL; i = (i + 1) & mask) {
        const struct data_node *other = map->slots[i].node;
        if (map->slots[i].hash == key->hash && other->path_length == key->length &&
            memcmp(other->path, key->path, key->length) == 0)
            break;
    }
    return &map->slots[i];
}

static void grow_table(struct node_hash_map *map)
{
    struct node_hash_map_slot *old = map->slots;
    size_t old_count = map->slot_count;
    map->slot_count = 2 * old_count;
    map->slots = zk_xcalloc(map->slot_count, sizeof *map->slots);
    if (map->slot_count * sizeof *map->slots >= LARGE_TABLE)
        zk_context_large_block(map->ctx, map->slots, map->slot_count * sizeof *map->slots);
    size_t mask = map->slot_count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].node == NULL)
            continue;
        size_t place = (size_t)old[i].hash & mask;
        while (map->slots[place].node != NULL)
            place = (place + 1) & mask;
        map->slots[place] = old[i];
    }
    free(old);
}

/* Empties a slot, and moves up those behind it that were pushed there by its node. */
static void remove_slot(struct node_hash_map *map, struct node_hash_map_slot *slot)
{
    size_t mask = map->slot_count - 1;
    size_t gap = (size_t)(slot - map->slots);
    for (size_t i = (gap + 1) & mask; map->slots[i].node != NULL; i = (i + 1) & mask) {
        size_t wanted = (size_t)map->slots[i].hash & mask;
        if (((i - wanted) & mask) >= ((i - gap) & mask)) {
            map->slots[gap] = map->slots[i];
            gap = i;
        }
    }
    map->slots[gap] = (struct node_hash_map_slot){0};
}

/* ---- the map --------------------------------------------------------------------------------- */

void node_hash_map_init(struct node_hash_map *map, const struct zk_context *ctx,
                        bool digest_enabled)
{
    *map = (struct node_hash_map){
        .ctx = ctx,
        .slots = zk_xcalloc(FIRST_SLOTS, sizeof *map->slots),
        .slot_count = FIRST_SLOTS,
        .seed = (uint64_t)zk_random_below(INT64_MAX),
        .digest_enabled = digest_enabled,
    };
}

void node_hash_map_done(struct node_hash_map *map)
{
    for (size_t i = 0; i < map->slot_count; i++)
        data_node_free(map->slots[i].node);
    free(map->slots);
    *map = (struct node_hash_map){0};
}

/* The hash must be quick, as each transaction looks up two paths, and secret, as clients choose
 * them. */
struct path_key node_hash_map_key(const struct node_hash_map *map, const char *path, size_t length)
{
    return (struct path_key){
        .path = path, .length = length, .hash = zk_keyed_hash(map->seed, path, length)};
}

void node_hash_map_prefetch(const struct node_hash_map *map, const struct path_key *key)
{
    ZK_PREFETCH(&map->slots[(size_t)key->hash & (map->slot_count - 1)]);
}

struct data_node *node_hash_map_find(const struct node_hash_map *map, const struct path_key *key)
{
    return find_slot(map, key)->node;
}

struct data_node *node_hash_map_get(const struct node_hash_map *map, const char *path,
                                    size_t length)
{
    struct path_key key = node_hash_map_key(map, path, length);
    return find_slot(map, &key)->node;
}

/* Returns what the node adds to the digest of the tree. */
static uint32_t digest_of(const struct node_hash_map *map, const struct data_node *node)
{
    return map->digest_enabled
               ? digest_calculate(node->path, node->path_length, data_node_data(node),
                                  data_node_data_size(node), &node->stat)
               : 0;
}

bool node_hash_map_put(struct node_hash_map *map, const struct path_key *key,
                       struct data_node *node)
{
    if (4 * (map->count + 1) > 3 * map->slot_count)
        grow_table(map);
    /* This comes first, because the path's place in the table is still on its way from memory. */
    node->digest = digest_of(map, node);
    struct node_hash_map_slot *slot = find_slot(map, key);
    if (slot->node != NULL)
        return false;
    *slot = (struct node_hash_map_slot){.hash = key->hash, .node = node};
    map->count++;
    map->digest += node->digest;
    return true;
}

void node_hash_map_remove(struct node_hash_map *map, struct data_node *node)
{
    struct path_key key = node_hash_map_key(map, node->path, node->path_length);
    struct node_hash_map_slot *slot = find_slot(map, &key);
    zk_assert(slot->node == node);
    remove_slot(map, slot);
    map->count--;
    node_hash_map_pre_change(map, node);
}

/* Java: preChange() */
void node_hash_map_pre_change(struct node_hash_map *map, const struct data_node *node)
{
    map->digest -= node->digest;
}

/* Java: postChange() */
void node_hash_map_post_change(struct node_hash_map *map, struct data_node *node)
{
    node->digest = digest_of(map, node);
    map->digest += node->digest;
}
