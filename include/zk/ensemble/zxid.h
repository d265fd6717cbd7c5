/* A zxid is two numbers in one: the epoch of the leader that made it, and a counter that begins
 * anew in each epoch. Java: server.util.ZxidUtils */
#ifndef ZK_ENSEMBLE_ZXID_H
#define ZK_ENSEMBLE_ZXID_H

#include <stdint.h>

/* The last epoch: the zxids of a later one would be negative. */
#define ZXID_LAST_EPOCH INT32_MAX

/* Java: ZxidUtils.getEpochFromZxid(). Signed: a negative zxid has a negative epoch. */
static inline int64_t zxid_epoch(int64_t zxid)
{
    return zxid >> 32;
}

/* Java: ZxidUtils.getCounterFromZxid() */
static inline int64_t zxid_counter(int64_t zxid)
{
    return zxid & 0xffffffffLL;
}

/* Java: ZxidUtils.makeZxid() */
static inline int64_t zxid_make(int64_t epoch, int64_t counter)
{
    return (int64_t)((uint64_t)epoch << 32 | ((uint64_t)counter & 0xffffffffULL));
}

#endif
