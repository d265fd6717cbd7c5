/* The locks of floor tree. */
#ifndef ZK_TREE_LOCK_RANKS_H
#define ZK_TREE_LOCK_RANKS_H

enum tree_lock_rank {
    ZK_RANK_DATA_TREE = 80, /* one tree: nodes, ACLs, sums, last zxid */
};

#endif
