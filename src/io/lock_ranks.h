/* The locks of floor io. */
#ifndef ZK_IO_LOCK_RANKS_H
#define ZK_IO_LOCK_RANKS_H

enum io_lock_rank {
    ZK_RANK_SOCK = 102,     /* one socket: whether it was woken */
    ZK_RANK_RESOLVER = 104, /* the cache of resolved names */
};

#endif
