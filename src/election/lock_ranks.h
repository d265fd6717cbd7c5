/* The locks of floor election. */
#ifndef ZK_ELECTION_LOCK_RANKS_H
#define ZK_ELECTION_LOCK_RANKS_H

enum election_lock_rank {
    ZK_RANK_FLE = 20,    /* monitor of FastLeaderElection */
    ZK_RANK_QCM = 24,    /* monitor of QuorumCnxManager: connectOne, the worker maps */
    ZK_RANK_WORKER = 26, /* one SendWorker, one listener */
};

#endif
