/* A set of paths. The tree's are sorted, because they are there from the beginning; those that are
 * added are found by hash. There may be very many of either: a client may make ten thousand nodes
 * in one request, and end its session after that. */
#include "server/path_set.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/keyed_hash.h"
#include "zk/base/random.h"
#include "zk/jute/record.h"

enum { FIRST_SLOTS = 16 };

static int compare_tree_paths(const void *one, const void *other)
{
    return strcmp(((const struct tree_path *)one)->path, ((const struct tree_path *)other)->path);
}

struct path_set path_set_of_tree(struct zk_strings paths)
{
    struct path_set set = {
        .paths = paths,
        .room = paths.count,
        .tree_paths = zk_xcalloc(paths.count, sizeof set.tree_paths[0]),
        .tree_count = paths.count,
        .count = paths.count,
        .capacity = java_hash_map_copy_capacity(paths.count),
    };
    for (size_t i = 0; i < paths.count; i++)
        set.tree_paths[i] = (struct tree_path){.path = paths.items[i], .at = i};
    qsort(set.tree_paths, set.tree_count, sizeof set.tree_paths[0], compare_tree_paths);
    return set;
}

void path_set_done(struct path_set *set)
{
    for (size_t i = 0; i < set->tree_count; i++)
        free(set->tree_paths[i].path);
    for (size_t i = set->tree_count; i < set->paths.count; i++)
        free(set->paths.items[i]);
    free(set->tree_paths);
    free(set->paths.items);
    free(set->added_slots);
}

/* ---- those that are added -------------------------------------------------------------------- */

/* Returns where the path's place stands, or would stand. A path that has left the set has kept its
 * slot, which stays unused from then on. */
static size_t *added_slot(const struct path_set *set, const char *path)
{
    size_t mask = set->added_slot_count - 1;
    size_t i = (size_t)zk_keyed_hash(set->key, path, strlen(path)) & mask;
    for (; set->added_slots[i] != SIZE_MAX; i = (i + 1) & mask) {
        const char *other = set->paths.items[set->added_slots[i]];
        if (other != NULL && strcmp(other, path) == 0)
            break;
    }
    return &set->added_slots[i];
}

/* Makes more slots: at least twice as many as paths have been added. Clients choose the paths, so
 * the key is a new one for each set. */
static void make_slots(struct path_set *set)
{
    if (set->added_slots == NULL)
        set->key = (uint64_t)zk_random_below(INT64_MAX);
    set->added_slot_count = set->added_slots == NULL ? FIRST_SLOTS : 2 * set->added_slot_count;
    free(set->added_slots);
    set->added_slots = zk_xmalloc(set->added_slot_count * sizeof set->added_slots[0]);
    for (size_t i = 0; i < set->added_slot_count; i++)
        set->added_slots[i] = SIZE_MAX;
    for (size_t at = set->tree_count; at < set->paths.count; at++)
        if (set->paths.items[at] != NULL)
            *added_slot(set, set->paths.items[at]) = at;
}

/* ---- the set --------------------------------------------------------------------------------- */

/* Returns where the path stands; paths.count if it is not in the set. */
static size_t path_set_find(const struct path_set *set, const char *path)
{
    struct tree_path wanted = {.path = (char *)path};
    const struct tree_path *found =
        bsearch(&wanted, set->tree_paths, set->tree_count, sizeof *found, compare_tree_paths);
    if (found != NULL && set->paths.items[found->at] != NULL)
        return found->at;
    size_t at = set->added_slots != NULL ? *added_slot(set, path) : SIZE_MAX;
    return at != SIZE_MAX ? at : set->paths.count;
}

void path_set_add(struct path_set *set, const char *path)
{
    if (path_set_find(set, path) < set->paths.count)
        return;
    if (2 * (set->paths.count - set->tree_count + 1) > set->added_slot_count)
        make_slots(set);
    *added_slot(set, path) = set->paths.count;
    set->paths.items = zk_xgrow(set->paths.items, set->paths.count, &set->room, sizeof(char *));
    set->paths.items[set->paths.count++] = zk_xstrdup(path);
    set->count++;
    /* Java: HashMap.threshold, of a capacity of 2 and more */
    if (set->count > set->capacity - (set->capacity + 3) / 4)
        set->capacity *= 2;
}

void path_set_remove(struct path_set *set, const char *path)
{
    size_t at = path_set_find(set, path);
    if (at == set->paths.count)
        return;
    if (at >= set->tree_count)
        free(set->paths.items[at]);
    set->paths.items[at] = NULL;
    set->count--;
}

struct ustring_list path_set_in_java_order(const struct path_set *set)
{
    struct ustring_list list = {.present = true};
    const char **left = zk_xcalloc(set->count, sizeof *left);
    size_t *order = zk_xcalloc(set->count, sizeof *order);
    size_t count = 0;
    for (size_t i = 0; i < set->paths.count; i++)
        if (set->paths.items[i] != NULL)
            left[count++] = set->paths.items[i];
    java_hash_map_order_strings(left, count, set->capacity, order);
    for (size_t i = 0; i < count; i++)
        *(struct ustring *)jute_list_add(&ustring_record, &list) = ustring_of(left[order[i]]);
    free(order);
    free(left);
    return list;
}
