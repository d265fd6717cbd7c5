/* Random numbers, for the few places where Java is random, too. Any thread. */
#ifndef ZK_BASE_RANDOM_H
#define ZK_BASE_RANDOM_H

#include <stdint.h>

/* Returns a number from 0 to bound - 1; bound is at least 1. */
int64_t zk_random_below(int64_t bound);

#endif
