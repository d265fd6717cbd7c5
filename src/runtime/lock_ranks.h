/* The locks of floor runtime. The rule for the ranks of all floors stands in zk/runtime/lock.h. */
#ifndef ZK_RUNTIME_LOCK_RANKS_H
#define ZK_RUNTIME_LOCK_RANKS_H

enum runtime_lock_rank {
    ZK_RANK_QUEUE = 110,        /* one queue */
    ZK_RANK_STOP = 112,         /* one zk_stop */
    ZK_RANK_STATICS = 114,      /* the making of what a floor keeps once for each context */
    ZK_RANK_THREAD_GROUP = 116, /* the members of one group */
    ZK_RANK_TRACE = 118,        /* the order of trace lines */
    ZK_RANK_LOG = 119,          /* how much each place has written to the log */
};

#endif
