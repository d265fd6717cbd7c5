/* Table L: every lock of a peer, in the order in which one thread may take them. A thread that
 * holds a lock may only take locks further down this list; the mutex checks it
 * (zk_context_options.check_locks). NOTES.md L says what each one guards and which Java monitor it
 * stands for. */
#ifndef ZK_RUNTIME_LOCK_RANKS_H
#define ZK_RUNTIME_LOCK_RANKS_H

enum zk_lock_rank {
    ZK_RANK_ELECTION = 3,         /* which election and connections are current */
    ZK_RANK_LEADER = 10,          /* monitor of Leader */
    ZK_RANK_LEADER_EPOCH = 12,    /* connectingFollowers: the election of the epoch */
    ZK_RANK_LEARNER_MASTER = 14,  /* forwardingFollowers, observingLearners, learners */
    ZK_RANK_LEARNER_HANDLER = 16, /* one learner's handler */
    ZK_RANK_LEARNER = 17,         /* a learner's connection to the leader */
    ZK_RANK_FLE = 20,             /* monitor of FastLeaderElection */
    ZK_RANK_QUORUM_PEER = 30,     /* monitor of QuorumPeer, Java's "self" */
    ZK_RANK_EPOCHS = 35,          /* the two epoch files */
    ZK_RANK_QCM = 40,             /* monitor of QuorumCnxManager: connectOne, the worker maps */
    ZK_RANK_WORKER = 60,          /* one SendWorker */
    ZK_RANK_DATABASE = 70,        /* ZKDatabase: tree and sessions */
    ZK_RANK_SERVER = 75,          /* ZooKeeperServer, client connections */
    ZK_RANK_STATS = 78,           /* counters */
    ZK_RANK_LEARNER_OUT = 79,     /* the learner's output stream: the write of one packet */
    ZK_RANK_QUEUE = 80,           /* blocking queues */
    ZK_RANK_STOP = 85,            /* zk_stop */
    ZK_RANK_RESOLVER = 86,        /* cache of resolved names */
    ZK_RANK_STATICS = 88,         /* the making of what a floor keeps once for each context */
    ZK_RANK_THREAD_GROUP = 90,
    ZK_RANK_TRACE = 95,
};

#endif
