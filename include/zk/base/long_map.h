/* Maps and sets whose keys are sids, zxids or session ids: sorted arrays, so that one iterates in
 * ascending order. No function takes a lock; the caller does. A zero-initialised map or set is
 * empty. Java: HashMap<Long, ...>, HashSet<Long> */
#ifndef ZK_BASE_LONG_MAP_H
#define ZK_BASE_LONG_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct long_map_entry {
    int64_t key;
    void *value; /* the map's owner says who frees it */
};

/* Iterate: for (size_t i = 0; i < map.count; i++) map.entries[i] */
struct long_map {
    struct long_map_entry *entries;
    size_t count;
    size_t room;
};

/* Returns the value, or NULL if there is none. */
void *long_map_get(const struct long_map *map, int64_t key);
/* Each returns the value that was there before, or NULL. */
void *long_map_put(struct long_map *map, int64_t key, void *value);
void *long_map_remove(struct long_map *map, int64_t key);
/* Empties the map; values are left alone. */
void long_map_done(struct long_map *map);

struct long_set {
    int64_t *items; /* ascending */
    size_t count;
    size_t room;
};

bool long_set_has(const struct long_set *set, int64_t item);
/* Returns true if item is new. */
bool long_set_add(struct long_set *set, int64_t item);
void long_set_remove(struct long_set *set, int64_t item); /* fine if it is not there */
/* Makes set a copy of from. */
void long_set_copy(struct long_set *set, const struct long_set *from);
void long_set_done(struct long_set *set);

#endif
