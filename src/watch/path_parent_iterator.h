/* A path, then the paths above it, up to "/". Java: server.watch.PathParentIterator
 *
 * A value; the path stays the caller's and must outlive it. */
#ifndef WATCH_PATH_PARENT_ITERATOR_H
#define WATCH_PATH_PARENT_ITERATOR_H

#include <stdbool.h>
#include <stddef.h>

struct path_parent_iterator {
    const char *path;
    size_t length; /* the first so many bytes of path are what next returns; 0: that was all */
    int max_level; /* the last level: 0 without the paths above, otherwise INT_MAX */
    int level;     /* of what next returned last: 0 is the path itself; -1: nothing yet */
};

/* Java: forAll() */
struct path_parent_iterator path_parent_iterator_for_all(const char *path, size_t length);
/* Java: forPathOnly(). Without the paths above it. */
struct path_parent_iterator path_parent_iterator_for_path_only(const char *path, size_t length);
/* Java: hasNext() */
bool path_parent_iterator_has_next(const struct path_parent_iterator *iterator);
/* Java: atParentPath(). Returns whether what next returned last is above the path. */
bool path_parent_iterator_at_parent_path(const struct path_parent_iterator *iterator);
/* Java: next(). The next path is the first *ret_length bytes of the path. Call it only if has_next
 * says so. Returns false where Java throws: there is no slash in what is left, so nothing can be
 * above it. Clients may ask about such paths. */
bool path_parent_iterator_next(struct path_parent_iterator *iterator, size_t *ret_length);

#endif
