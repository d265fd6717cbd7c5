/* Sorted arrays with binary search. */
#include "zk/base/long_map.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"

_Static_assert(offsetof(struct long_map_entry, key) == 0, "place_of() looks there");

/* Returns the index at which key stands, or would stand, among count elements of size bytes that
 * each begin with their key. */
static size_t place_of(const void *elements, size_t count, size_t size, int64_t key)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t found;
        memcpy(&found, (const char *)elements + middle * size, sizeof found);
        if (found < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t long_map_place(const struct long_map *map, int64_t key)
{
    return place_of(map->entries, map->count, sizeof *map->entries, key);
}

static struct long_map_entry *long_map_find(const struct long_map *map, int64_t key)
{
    size_t place = long_map_place(map, key);
    bool found = place < map->count && map->entries[place].key == key;
    return found ? &map->entries[place] : NULL;
}

void *long_map_get(const struct long_map *map, int64_t key)
{
    const struct long_map_entry *entry = long_map_find(map, key);
    return entry != NULL ? entry->value : NULL;
}

void *long_map_put(struct long_map *map, int64_t key, void *value)
{
    struct long_map_entry *entry = long_map_find(map, key);
    if (entry != NULL) {
        void *old = entry->value;
        entry->value = value;
        return old;
    }

    map->entries = zk_xgrow(map->entries, map->count, &map->room, sizeof *map->entries);
    size_t place = long_map_place(map, key);
    memmove(map->entries + place + 1, map->entries + place,
            (map->count - place) * sizeof *map->entries);
    map->entries[place] = (struct long_map_entry){.key = key, .value = value};
    map->count++;
    return NULL;
}

void *long_map_remove(struct long_map *map, int64_t key)
{
    struct long_map_entry *entry = long_map_find(map, key);
    if (entry == NULL)
        return NULL;
    void *old = entry->value;
    size_t after = map->count - (size_t)(entry - map->entries) - 1;
    memmove(entry, entry + 1, after * sizeof *entry);
    map->count--;
    return old;
}

void long_map_done(struct long_map *map)
{
    free(map->entries);
    *map = (struct long_map){0};
}

static size_t long_set_place(const struct long_set *set, int64_t item)
{
    return place_of(set->items, set->count, sizeof *set->items, item);
}

bool long_set_has(const struct long_set *set, int64_t item)
{
    size_t place = long_set_place(set, item);
    return place < set->count && set->items[place] == item;
}

bool long_set_add(struct long_set *set, int64_t item)
{
    size_t place = long_set_place(set, item);
    if (place < set->count && set->items[place] == item)
        return false;
    set->items = zk_xgrow(set->items, set->count, &set->room, sizeof *set->items);
    memmove(set->items + place + 1, set->items + place, (set->count - place) * sizeof *set->items);
    set->items[place] = item;
    set->count++;
    return true;
}

void long_set_remove(struct long_set *set, int64_t item)
{
    size_t place = long_set_place(set, item);
    if (place == set->count || set->items[place] != item)
        return;
    set->count--;
    memmove(set->items + place, set->items + place + 1, (set->count - place) * sizeof *set->items);
}

void long_set_copy(struct long_set *set, const struct long_set *from)
{
    if (set == from)
        return;
    if (from->count > set->room) {
        set->room = from->count;
        set->items = zk_xrealloc(set->items, set->room * sizeof *set->items);
    }
    if (from->count > 0)
        memcpy(set->items, from->items, from->count * sizeof *set->items);
    set->count = from->count;
}

void long_set_done(struct long_set *set)
{
    free(set->items);
    *set = (struct long_set){0};
}
