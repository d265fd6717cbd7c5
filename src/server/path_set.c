/* The paths that are added are few; those of the tree may be very many. */
#include "server/path_set.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/jute/record.h"

static int compare_tree_paths(const void *one, const void *other)
{
    return strcmp(((const struct tree_path *)one)->path, ((const struct tree_path *)other)->path);
}

struct path_set path_set_of_tree(struct zk_strings paths)
{
    struct path_set set = {
        .paths = paths,
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
}

/* Returns where the path stands; paths.count if it is not in the set. A session may own very many
 * nodes, so those of the tree are sorted. */
static size_t path_set_find(const struct path_set *set, const char *path)
{
    struct tree_path wanted = {.path = (char *)path};
    const struct tree_path *found =
        bsearch(&wanted, set->tree_paths, set->tree_count, sizeof *found, compare_tree_paths);
    if (found != NULL && set->paths.items[found->at] != NULL)
        return found->at;
    size_t at = set->tree_count;
    while (at < set->paths.count &&
           (set->paths.items[at] == NULL || strcmp(set->paths.items[at], path) != 0))
        at++;
    return at;
}

void path_set_add(struct path_set *set, const char *path)
{
    if (path_set_find(set, path) < set->paths.count)
        return;
    zk_strings_add(&set->paths, path);
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
