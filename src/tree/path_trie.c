/* Paths by their elements. Java: common.PathTrie */
#include "tree/path_trie.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/str.h"

/* One element of paths. */
struct trie_node {
    char *value; /* owned: the element */
    /* Owned: the path of its elements, if it was added; NULL: it is only on the way to others. */
    char *property;
    struct trie_node *parent;
    struct trie_node **children; /* owned, with what they are */
    size_t child_count;
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

/* Java: TrieNode.getChild() */
static struct trie_node *get_child(const struct trie_node *node, const struct element *value)
{
    for (size_t i = 0; i < node->child_count; i++) {
        const char *other = node->children[i]->value;
        if (strncmp(other, value->text, value->length) == 0 && other[value->length] == '\0')
            return node->children[i];
    }
    return NULL;
}

/* Java: TrieNode.addChild() */
static struct trie_node *trie_node_add_child(struct trie_node *node, const struct element *value)
{
    size_t size = (node->child_count + 1) * sizeof(struct trie_node *);
    node->children = zk_xrealloc(node->children, size);
    return node->children[node->child_count++] = trie_node_new(node, value);
}

/* Out of its parent. It has no child. */
static void remove_leaf(struct trie_node *node)
{
    struct trie_node *parent = node->parent;
    size_t i = 0;
    while (parent->children[i] != node)
        i++;
    parent->children[i] = parent->children[--parent->child_count];
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

/* The next element from *path on, which moves behind it; false at the end. Empty and blank ones do
 * not count. Java: PathTrie.split() */
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
