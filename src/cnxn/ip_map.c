/* How many connections each address has. */
#include "cnxn/ip_map.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/io/inet.h"

static struct ip_entry entry_of(const struct inet_address *from)
{
    struct ip_entry entry = {.family = (int32_t)from->family};
    memcpy(entry.ip, from->ip, from->family == INET_V4 ? 4 : sizeof entry.ip);
    return entry;
}

static int compare_ips(const struct ip_entry *one, const struct ip_entry *other)
{
    if (one->family != other->family)
        return one->family < other->family ? -1 : 1;
    return memcmp(one->ip, other->ip, sizeof one->ip);
}

/* Returns the index of the entry, or of the place where it belongs. */
static size_t find_ip(const struct ip_map *map, const struct ip_entry *wanted)
{
    size_t low = 0;
    size_t high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_ips(&map->entries[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_ip_at(const struct ip_map *map, size_t i, const struct ip_entry *wanted)
{
    return i < map->count && compare_ips(&map->entries[i], wanted) == 0;
}

int32_t ip_map_get(const struct ip_map *map, const struct inet_address *from)
{
    struct ip_entry wanted = entry_of(from);
    size_t i = find_ip(map, &wanted);
    return is_ip_at(map, i, &wanted) ? map->entries[i].count : 0;
}

void ip_map_add(struct ip_map *map, const struct inet_address *from)
{
    struct ip_entry wanted = entry_of(from);
    size_t i = find_ip(map, &wanted);
    if (!is_ip_at(map, i, &wanted)) {
        map->entries = zk_xgrow(map->entries, map->count, &map->room, sizeof *map->entries);
        memmove(map->entries + i + 1, map->entries + i, (map->count - i) * sizeof *map->entries);
        map->entries[i] = wanted;
        map->count++;
    }
    map->entries[i].count++;
}

void ip_map_remove(struct ip_map *map, const struct inet_address *from)
{
    struct ip_entry wanted = entry_of(from);
    size_t i = find_ip(map, &wanted);
    zk_assert(is_ip_at(map, i, &wanted));
    if (--map->entries[i].count > 0)
        return;
    map->count--;
    memmove(map->entries + i, map->entries + i + 1, (map->count - i) * sizeof *map->entries);
}

void ip_map_done(struct ip_map *map)
{
    free(map->entries);
    *map = (struct ip_map){0};
}
