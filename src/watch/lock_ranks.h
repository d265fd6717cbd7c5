/* The locks of floor watch. */
#ifndef ZK_WATCH_LOCK_RANKS_H
#define ZK_WATCH_LOCK_RANKS_H

enum watch_lock_rank {
    ZK_RANK_WATCH_MANAGER = 90, /* one WatchManager: who watches which path */
};

#endif
