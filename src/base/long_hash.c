/* Open addressing: a key stands at its home slot or in the run of used slots behind it. At most
 * half of the slots are used, so that runs stay short. */
#include "zk/base/long_hash.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"

enum { FIRST_SLOTS = 16 };

/* Session ids differ in their low bits within a server and in their highest byte between servers:
 * a multiplication mixes both (the constant is 2^64 divided by the golden ratio). */
static size_t home_of(const struct long_hash *hash, int64_t key)
{
    return (size_t)((uint64_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (hash->room - 1);
}

/* Returns the slot of the key, or the free slot where it would stand. */
static size_t slot_of(const struct long_hash *hash, int64_t key)
{
    size_t at = home_of(hash, key);
    while (hash->slots[at].used && hash->slots[at].key != key)
        at = (at + 1) & (hash->room - 1);
    return at;
}

struct long_hash_slot *long_hash_get(const struct long_hash *hash, int64_t key)
{
    if (hash->count == 0)
        return NULL;
    struct long_hash_slot *slot = &hash->slots[slot_of(hash, key)];
    return slot->used ? slot : NULL;
}

static void grow_slots(struct long_hash *hash)
{
    struct long_hash bigger = {.room = hash->room > 0 ? 2 * hash->room : FIRST_SLOTS};
    bigger.slots = zk_xcalloc(bigger.room, sizeof *bigger.slots);
    for (size_t i = 0; i < hash->room; i++)
        if (hash->slots[i].used)
            bigger.slots[slot_of(&bigger, hash->slots[i].key)] = hash->slots[i];
    bigger.count = hash->count;
    free(hash->slots);
    *hash = bigger;
}

struct long_hash_slot *long_hash_put(struct long_hash *hash, int64_t key)
{
    if (2 * (hash->count + 1) > hash->room)
        grow_slots(hash);
    struct long_hash_slot *slot = &hash->slots[slot_of(hash, key)];
    if (!slot->used) {
        *slot = (struct long_hash_slot){.key = key, .used = true};
        hash->count++;
    }
    return slot;
}

bool long_hash_remove(struct long_hash *hash, int64_t key)
{
    if (hash->count == 0)
        return false;
    size_t hole = slot_of(hash, key);
    if (!hash->slots[hole].used)
        return false;
    /* A search ends at a free slot. So an entry further on in this run that would not be found
     * behind the hole any more moves into the hole. */
    for (size_t at = (hole + 1) & (hash->room - 1); hash->slots[at].used;
         at = (at + 1) & (hash->room - 1)) {
        size_t home = home_of(hash, hash->slots[at].key);
        if (((at - home) & (hash->room - 1)) < ((at - hole) & (hash->room - 1)))
            continue;
        hash->slots[hole] = hash->slots[at];
        hole = at;
    }
    hash->slots[hole] = (struct long_hash_slot){0};
    hash->count--;
    return true;
}

void long_hash_done(struct long_hash *hash)
{
    free(hash->slots);
    memset(hash, 0, sizeof *hash);
}
