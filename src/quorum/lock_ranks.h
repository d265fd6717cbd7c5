/* The locks of floor quorum. */
#ifndef ZK_QUORUM_LOCK_RANKS_H
#define ZK_QUORUM_LOCK_RANKS_H

enum quorum_lock_rank {
    ZK_RANK_QUORUM_PEER = 30,      /* monitor of QuorumPeer, Java's "self" */
    ZK_RANK_QUORUM_VERIFIERS = 32, /* Java's QV_LOCK */
    ZK_RANK_EPOCHS = 35,           /* the two epoch files */
};

#endif
