/* The locks of floor server. */
#ifndef ZK_SERVER_LOCK_RANKS_H
#define ZK_SERVER_LOCK_RANKS_H

enum server_lock_rank {
    ZK_RANK_ZOOKEEPER_SERVER = 60,    /* ZooKeeperServer: its state */
    ZK_RANK_REQUEST_PROCESSOR = 61,   /* what came into a processor, and whether it ends */
    ZK_RANK_OUTSTANDING_CHANGES = 62, /* ZooKeeperServer.outstandingChanges */
    ZK_RANK_SESSION_TRACKER = 63,     /* a SessionTracker: sessions, owners */
    ZK_RANK_CONNECT_THROTTLE = 64,    /* how fast connections become sessions */
    ZK_RANK_DATABASE = 65,            /* ZKDatabase: which tree and which sessions are current */
    ZK_RANK_COMMITTED_LOG = 66,       /* ZKDatabase.committedLog */
    ZK_RANK_SERVER_STATS = 68,        /* counters, of the client port and of the protocol */
    ZK_RANK_CNXN_STATS = 69,          /* counters of one connection */
};

#endif
