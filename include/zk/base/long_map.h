/* Maps and sets whose keys are sids, zxids or session ids: sorted arrays, so that iteration is in
 * ascending order.
 * Java: HashMap<Long, ...>, HashSet<Long>. The caller locks. */
#ifndef ZK_BASE_LONG_MAP_H
#define ZK_BASE_LONG_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct long_map_entry {
    int64_t key;
    void *value; /* whose it is, the owner of the map says */
};

/* Zero-initialised is empty. Iterate: for (size_t i = 0; i < map.count; i++) map.entries[i]. */
struct long_map {
    struct long_map_entry *entries;
    size_t count;
    size_t room;
};

void *long_map_get(const struct long_map *map, int64_t key); /* NULL: absent */
bool long_map_has(const struct long_map *map, int64_t key);
void *long_map_put(struct long_map *map, int64_t key,
                   void *value);                          /* the value replaced, or NULL */
void *long_map_remove(struct long_map *map, int64_t key); /* the value removed, or NULL */
void long_map_done(struct long_map *map);                 /* values are not touched */

struct long_set {
    int64_t *items; /* ascending */
    size_t count;
    size_t room;
};

bool long_set_has(const struct long_set *set, int64_t item);
bool long_set_add(struct long_set *set, int64_t item); /* true: it is new */
void long_set_copy(struct long_set *set, const struct long_set *from);
void long_set_done(struct long_set *set);

#endif
