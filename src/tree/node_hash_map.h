/* All nodes of a tree by their paths, and the sum of their digests. Java: server.NodeHashMapImpl,
 * server.util.AdHash
 *
 * It is a table with open addressing: slots hold the hash and the node, collisions go to the next
 * slot, and the table doubles before it is three quarters full. The tree's lock guards it. */
#ifndef TREE_NODE_HASH_MAP_H
#define TREE_NODE_HASH_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tree/data_node.h"
#include "zk/base/attrs.h"
#include "zk/tree/path_key.h"

struct zk_context;

struct node_hash_map_slot {
    uint64_t hash;
    struct data_node *node; /* NULL: free */
};

struct node_hash_map {
    const struct zk_context *ctx;
    struct node_hash_map_slot *slots;
    size_t slot_count; /* a power of two */
    size_t count;
    /* Seeds the hash: clients choose paths, and must not choose where these collide. */
    uint64_t seed;
    bool digest_enabled; /* Java: ZooKeeperServer.isDigestEnabled() */
    uint64_t digest;     /* the sum of those of all nodes, modulo 2^64 */
};

void node_hash_map_init(struct node_hash_map *map, const struct zk_context *ctx,
                        bool digest_enabled);
/* Frees the nodes, too. */
void node_hash_map_done(struct node_hash_map *map);

/* The key of a path. No lock is needed: the seed never changes. */
struct path_key node_hash_map_key(const struct node_hash_map *map, const char *path, size_t length);
/* Makes the processor fetch the path's place in the table; the earlier the better. The table of a
 * million nodes has 32 MB, and without this, waiting for the place of a new path took a third of
 * the loading of a snapshot. */
void node_hash_map_prefetch(const struct node_hash_map *map, const struct path_key *key);
/* Java: get(). Returns the node of exactly this path, so the root is "" and not "/"; NULL: there is
 * none. */
struct data_node *node_hash_map_find(const struct node_hash_map *map, const struct path_key *key);
/* The same for a path that is asked for only once. */
struct data_node *node_hash_map_get(const struct node_hash_map *map, const char *path,
                                    size_t length);
/* Java: put(). Takes ownership of node, whose path key has, and adds its digest. False: there is a
 * node of that path already, and nothing has been done; Java's put() would replace it. */
ZK_NODISCARD bool node_hash_map_put(struct node_hash_map *map, const struct path_key *key,
                                    struct data_node *node);
/* Java: remove(). Returns ownership of node, which is there. Takes its digest away. */
void node_hash_map_remove(struct node_hash_map *map, struct data_node *node);

/* Java: preChange(). To be called before each change of a node's data or stat. */
void node_hash_map_pre_change(struct node_hash_map *map, const struct data_node *node);
/* Java: postChange(). To be called after that change. */
void node_hash_map_post_change(struct node_hash_map *map, struct data_node *node);

#endif
