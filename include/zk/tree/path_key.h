/* A path with its hash. Whoever asks several tables for one path hashes it once: data_tree_path_key
 * makes the key, and the tree and the outstanding changes take it. */
#ifndef ZK_TREE_PATH_KEY_H
#define ZK_TREE_PATH_KEY_H

#include <stddef.h>
#include <stdint.h>

struct path_key {
    const char *path; /* stays the caller's; length bytes, and no end mark is needed */
    size_t length;
    uint64_t hash; /* of one tree only: each has a secret seed of its own */
};

#endif
