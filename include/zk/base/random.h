/* Random numbers. Only where Java is random too. */
#ifndef ZK_BASE_RANDOM_H
#define ZK_BASE_RANDOM_H

#include <stdint.h>

/* 0 <= result < bound; bound > 0. */
int64_t zk_random_below(int64_t bound);

#endif
