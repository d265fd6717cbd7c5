/* The locks of floor server. */
#ifndef ZK_SERVER_LOCK_RANKS_H
#define ZK_SERVER_LOCK_RANKS_H

enum server_lock_rank {
    ZK_RANK_DATABASE = 60,     /* ZKDatabase: tree and sessions */
    ZK_RANK_SERVER_STATS = 68, /* counters, of the client port and of the protocol */
};

#endif
