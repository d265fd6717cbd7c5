/* A tree of path elements. Java: common.PathTrie */
#include "tree/path_trie.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"

/* One element of the added paths; all paths that begin alike share it. */
struct trie_node {
    char *value; /* owned: the element */
    /* Owned: the path that ends here, if it was added; NULL: others only lead through here. */
    char *property;
    struct trie_node *parent;
    /* The array and the nodes are owned. They ascend by value, for a quick search: each write asks
     * for its path, and there may be ten thousand quotas side by side. */
    struct trie_node **children;
    size_t child_count;
    size_t child_room;
};

/* A part of a path between slashes. */
struct element {
    const char *text;
    size_t length;
};

static bool next_element(const char **path, struct element *ret_element);
static struct trie_node *trie_node_new(struct trie_node *parent, const struct element *value);
static struct trie_node *get_child(const struct trie_node *node, const struct element *value);
static struct trie_node *trie_node_add_child(struct trie_node *node, const struct element *value);
static void remove_leaf(struct trie_node *node);
static void free_leaf(struct trie_node *node);

/* Java: PathTrie.addPath() */
void path_trie_add_path(struct path_trie *trie, const char *path)
{
    struct element part;
    struct zk_str prefix = {0};
    if (trie->root == NULL)
        trie->root = trie_node_new(NULL, &(struct element){.text = "/", .length = 1});
    struct trie_node *parent = trie->root;
    while (next_element(&path, &part)) {
        struct trie_node *child = get_child(parent, &part);
        parent = child != NULL ? child : trie_node_add_child(parent, &part);
        zk_str_append(&prefix, "/");
        zk_str_append(&prefix, parent->value);
    }
    if (parent != trie->root && parent->property == NULL)
        parent->property = zk_str_take(&prefix);
    zk_str_done(&prefix);
}

/* Java: PathTrie.deletePath() */
void path_trie_delete_path(struct path_trie *trie, const char *path)
{
    struct element part;
    struct trie_node *node = trie->root;
    while (node != NULL && next_element(&path, &part))
        node = get_child(node, &part);
    if (node == NULL || node == trie->root)
        return;
    free(node->property);
    node->property = NULL;
    if (node->child_count == 0)
        remove_leaf(node);
}

/* Java: PathTrie.findMaxPrefix() */
const char *path_trie_find_max_prefix(const struct path_trie *trie, const char *path)
{
    struct element part;
    const char *deepest = NULL;
    const struct trie_node *node = trie->root;
    while (node != NULL && next_element(&path, &part)) {
        node = get_child(node, &part);
        if (node != NULL && node->property != NULL)
            deepest = node->property;
    }
    return deepest;
}

void path_trie_done(struct path_trie *trie)
{
    struct trie_node *node = trie->root;
    while (node != NULL) {
        if (node->child_count > 0) {
            node = node->children[--node->child_count];
            continue;
        }
        struct trie_node *parent = node->parent;
        free_leaf(node);
        node = parent;
    }
    trie->root = NULL;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static struct trie_node *trie_node_new(struct trie_node *parent, const struct element *value)
{
    struct trie_node *node = zk_xcalloc(1, sizeof *node);
    node->value = zk_xmalloc(value->length + 1);
    memcpy(node->value, value->text, value->length);
    node->value[value->length] = '\0';
    node->parent = parent;
    return node;
}

static void free_leaf(struct trie_node *node)
{
    free(node->children);
    free(node->property);
    free(node->value);
    free(node);
}

/* Returns where the child is, or where it would go. */
static size_t place_of_child(const struct trie_node *node, const struct element *value)
{
    size_t low = 0;
    size_t high = node->child_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(node->children[middle]->value, value->text, value->length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The search compares only the bytes of value, so it finds the first child that begins with them;
 * longer ones stand behind value itself. Java: TrieNode.getChild() */
static struct trie_node *get_child(const struct trie_node *node, const struct element *value)
{
    size_t place = place_of_child(node, value);
    if (place == node->child_count)
        return NULL;
    struct trie_node *child = node->children[place];
    bool found = strncmp(child->value, value->text, value->length) == 0 &&
                 child->value[value->length] == '\0';
    return found ? child : NULL;
}

/* Java: TrieNode.addChild() */
static struct trie_node *trie_node_add_child(struct trie_node *node, const struct element *value)
{
    size_t place = place_of_child(node, value);
    node->children =
        zk_xgrow(node->children, node->child_count, &node->child_room, sizeof(struct trie_node *));
    memmove(node->children + place + 1, node->children + place,
            (node->child_count - place) * sizeof(struct trie_node *));
    node->child_count++;
    return node->children[place] = trie_node_new(node, value);
}

/* Takes a node without children out of its parent, and frees it. */
static void remove_leaf(struct trie_node *node)
{
    struct trie_node *parent = node->parent;
    const struct element value = {.text = node->value, .length = strlen(node->value)};
    size_t place = place_of_child(parent, &value);
    zk_assert(parent->children[place] == node);
    parent->child_count--;
    memmove(parent->children + place, parent->children + place + 1,
            (parent->child_count - place) * sizeof(struct trie_node *));
    free_leaf(node);
}

/* ---- elements -------------------------------------------------------------------------------- */

static bool is_blank_element(const struct element *element)
{
    for (size_t i = 0; i < element->length; i++)
        if ((unsigned char)element->text[i] > ' ')
            return false;
    return true;
}

/* Finds the next element from *path on, and moves *path behind it; returns false at the end. Empty
 * and blank elements are passed over. Java: PathTrie.split() */
static bool next_element(const char **path, struct element *ret_element)
{
    while (**path != '\0') {
        struct element element = {.text = *path, .length = strcspn(*path, "/")};
        *path += element.length + ((*path)[element.length] == '/' ? 1 : 0);
        if (is_blank_element(&element))
            continue;
        *ret_element = element;
        return true;
    }
    return false;
}
