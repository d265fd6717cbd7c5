/* The locks of floor cnxn. */
#ifndef ZK_CNXN_LOCK_RANKS_H
#define ZK_CNXN_LOCK_RANKS_H

enum cnxn_lock_rank {
    ZK_RANK_SERVER_CNXN = 45, /* the tables of client connections */
    ZK_RANK_CNXN_EXPIRY = 46, /* when each of them expires */
};

#endif
