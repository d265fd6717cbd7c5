/* A hash table whose keys are 64-bit numbers, for maps in which the order does not matter and that
 * may hold a hundred thousand keys: sessions. (long_map keeps its keys sorted, and is meant for
 * few.) No function takes a lock; the caller does. A zero-initialised table is empty. */
#ifndef ZK_BASE_LONG_HASH_H
#define ZK_BASE_LONG_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct long_hash_slot {
    int64_t key;
    int64_t number; /* the caller's */
    void *value;    /* the caller's, too: the table's owner says who frees it */
    bool used;
};

/* Iterate over all: for (size_t i = 0; i < hash.room; i++) if (hash.slots[i].used) ... */
struct long_hash {
    struct long_hash_slot *slots; /* room of them: a power of two, or none */
    size_t room;
    size_t count;
};

/* Returns the slot of key, which is valid until the next put or remove; NULL if there is none. */
struct long_hash_slot *long_hash_get(const struct long_hash *hash, int64_t key);
/* Returns the slot of key; a new slot is zeroed except for its key. */
struct long_hash_slot *long_hash_put(struct long_hash *hash, int64_t key);
/* Returns whether the key was there. */
bool long_hash_remove(struct long_hash *hash, int64_t key);
/* Makes the table empty. Values are left alone. */
void long_hash_done(struct long_hash *hash);

#endif
