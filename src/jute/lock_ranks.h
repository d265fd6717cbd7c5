/* The locks of floor jute. */
#ifndef ZK_JUTE_LOCK_RANKS_H
#define ZK_JUTE_LOCK_RANKS_H

enum jute_lock_rank {
    ZK_RANK_AUTH_INFO = 98, /* the ids of one connection */
};

#endif
