/* Which path that has a quota is the longest one above another path. Java: common.PathTrie. The
 * tree's lock guards it. */
#ifndef TREE_PATH_TRIE_H
#define TREE_PATH_TRIE_H

#include <stddef.h>

struct trie_node; /* Java: PathTrie.TrieNode */

/* Zero-initialised is empty. */
struct path_trie {
    struct trie_node *root; /* owned; NULL: nothing was added yet */
};

/* Java: addPath(). A path without elements, for which Java throws an exception, is ignored. */
void path_trie_add_path(struct path_trie *trie, const char *path);
/* Java: deletePath(). A path without elements is ignored here, too; one that was not added is
 * ignored also by Java. */
void path_trie_delete_path(struct path_trie *trie, const char *path);
/* Java: findMaxPrefix(). Returns the longest added path above path, or path itself, which stays the
 * trie's; NULL where Java returns "/", for none. */
const char *path_trie_find_max_prefix(const struct path_trie *trie, const char *path);
void path_trie_done(struct path_trie *trie);

#endif
