/* Nodes that are looked at without the lock stay where they are.
 *
 * A snapshot, or a list of 100,000 children, holds pointers to nodes long after it has given the
 * lock back. As long as it does, a node that leaves the tree is not freed. Lists may be read all
 * the time, one beginning before the other has ended, so to wait until nobody reads would be to
 * wait for ever. Therefore there are two generations of readers. New ones belong to the current
 * generation. When the last reader of the other one has gone, what was removed in its time is
 * freed, since whoever came later cannot have seen it, and the generations change places. */
#include <stdlib.h>

#include "tree/data_tree_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"

size_t data_tree_pin_locked(struct data_tree *tree)
{
    size_t pin = tree->generation;
    tree->generations[pin].pins++;
    return pin;
}

/* Takes the nodes that nobody can see any more, if there are any. */
static struct removed_nodes take_unseen(struct data_tree *tree) REQUIRES(&tree->mu)
{
    struct removed_nodes unseen = {0};
    struct removed_nodes *older = &tree->generations[1 - tree->generation];
    if (older->pins > 0)
        return unseen;
    if (older->count == 0) {
        tree->generation = 1 - tree->generation;
        older = &tree->generations[1 - tree->generation];
    }
    if (older->pins == 0 && older->count > 0) {
        unseen = *older;
        *older = (struct removed_nodes){0};
    }
    return unseen;
}

void data_tree_unpin(struct data_tree *tree, size_t pin)
{
    zk_mutex_lock(&tree->mu);
    zk_assert(tree->generations[pin].pins > 0);
    tree->generations[pin].pins--;
    for (;;) {
        struct removed_nodes unseen = take_unseen(tree);
        if (unseen.count == 0) {
            zk_mutex_unlock(&tree->mu);
            return;
        }
        zk_mutex_unlock(&tree->mu);
        for (size_t i = 0; i < unseen.count; i++)
            data_node_free(unseen.items[i]);
        free(unseen.items);
        zk_mutex_lock(&tree->mu);
    }
}

void data_tree_bury_node_locked(struct data_tree *tree, struct data_node *node)
{
    node->removed = true;
    if (tree->generations[0].pins == 0 && tree->generations[1].pins == 0) {
        data_node_free(node);
        return;
    }
    struct removed_nodes *removed = &tree->generations[tree->generation];
    removed->items =
        zk_xgrow(removed->items, removed->count, &removed->room, sizeof(struct data_node *));
    removed->items[removed->count++] = node;
}
