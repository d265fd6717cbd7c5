/* The locks of floor peer. */
#ifndef ZK_PEER_LOCK_RANKS_H
#define ZK_PEER_LOCK_RANKS_H

enum peer_lock_rank {
    ZK_RANK_ELECTION = 3, /* which election and connections are current, and the exit code */
};

#endif
