/* A path and those above it. Java: server.watch.PathParentIterator */
#include "watch/path_parent_iterator.h"

#include <limits.h>
#include <stdint.h>

/* Java: forAll() */
struct path_parent_iterator path_parent_iterator_for_all(const char *path, size_t length)
{
    return (struct path_parent_iterator){
        .path = path, .length = length, .max_level = INT_MAX, .level = -1};
}

/* Java: forPathOnly() */
struct path_parent_iterator path_parent_iterator_for_path_only(const char *path, size_t length)
{
    return (struct path_parent_iterator){.path = path, .length = length, .level = -1};
}

/* Java: hasNext() */
bool path_parent_iterator_has_next(const struct path_parent_iterator *iterator)
{
    return iterator->length > 0 && iterator->level < iterator->max_level;
}

/* Java: atParentPath() */
bool path_parent_iterator_at_parent_path(const struct path_parent_iterator *iterator)
{
    return iterator->level > 0;
}

/* Java: next() */
bool path_parent_iterator_next(struct path_parent_iterator *iterator, size_t *ret_length)
{
    size_t length = iterator->length;
    iterator->level++;
    if (length == 1 && iterator->path[0] == '/') {
        iterator->length = 0;
    } else {
        size_t slash = length;
        while (slash > 0 && iterator->path[slash - 1] != '/')
            slash--;
        if (slash == 0)
            return false;
        iterator->length = slash > 1 ? slash - 1 : 1;
    }
    *ret_length = length;
    return true;
}
