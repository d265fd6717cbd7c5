/* The locks of floor zab. */
#ifndef ZK_ZAB_LOCK_RANKS_H
#define ZK_ZAB_LOCK_RANKS_H

enum zab_lock_rank {
    ZK_RANK_LEADER = 10,          /* monitor of Leader */
    ZK_RANK_LEADER_EPOCH = 12,    /* connectingFollowers: the three rendezvous of an epoch */
    ZK_RANK_PENDING_SYNCS = 13,   /* the SYNCs of a learner's clients */
    ZK_RANK_LEARNER_MASTER = 14,  /* forwardingFollowers, observingLearners, learners */
    ZK_RANK_LEARNER_HANDLER = 16, /* one learner's handler */
    ZK_RANK_LEARNER_OUTPUT = 17,  /* what a learner writes to its leader */
    ZK_RANK_LEARNER = 18,         /* a learner's connection to the leader */
};

#endif
