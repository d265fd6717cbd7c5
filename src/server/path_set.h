/* A set of paths that iterates as a HashSet<String> of Java does: the nodes of a session that ends.
 * Its order is that of the list in the transaction closeSession, in which every server deletes.
 *
 * A value without a lock, for one thread: that of PrepRequestProcessor. */
#ifndef SERVER_PATH_SET_H
#define SERVER_PATH_SET_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/str.h"
#include "zk/jute/archive.h"
#include "zk/jute/data.h"

struct tree_path {
    char *path;
    size_t at; /* its place in paths */
};

struct path_set {
    /* In order of insertion: first those of the tree. One that has left the set is NULL. */
    struct zk_strings paths;
    size_t room;                  /* for paths */
    struct tree_path *tree_paths; /* the tree's paths, owned and sorted, also those that left */
    size_t tree_count;
    /* Of the others: their places in paths, found by hash; SIZE_MAX: nothing stands here. */
    size_t *added_slots; /* owned; NULL: none has been added */
    size_t added_slot_count;
    uint64_t key;    /* of that hash */
    size_t count;    /* without those that have left */
    size_t capacity; /* of Java's table, which grows and never shrinks */
};

/* Takes ownership of paths, which are the tree's, in the order of Java's set. The caller ends the
 * set with path_set_done. (Java clones the set in which its tree has them.) */
struct path_set path_set_of_tree(struct zk_strings paths);
void path_set_done(struct path_set *set);

/* Copies path; a path that is there already is not added again. */
void path_set_add(struct path_set *set, const char *path);
/* Nothing happens if the path is not there. */
void path_set_remove(struct path_set *set, const char *path);

/* Returns copies of the paths in the order in which Java's set iterates; those that share a place
 * in its table come in the order in which the tree's set has them. The caller ends the list with
 * jute_done. */
struct ustring_list path_set_in_java_order(const struct path_set *set);

#endif
