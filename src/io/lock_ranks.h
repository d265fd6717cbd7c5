/* The locks of floor io. */
#ifndef ZK_IO_LOCK_RANKS_H
#define ZK_IO_LOCK_RANKS_H

enum io_lock_rank {
    ZK_RANK_CNXN_OUTPUT = 100, /* one channel: what it is to send */
    ZK_RANK_SELECTOR = 101,    /* one selector: channels that it is to look at */
    ZK_RANK_SOCK = 102,        /* one socket: whether it was woken */
    ZK_RANK_RESOLVER = 104,    /* the cache of resolved names */
};

#endif
