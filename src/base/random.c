/* Random numbers, from getrandom() alone. */
#include "zk/base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "zk/base/panic.h"

static uint64_t random_bits(void)
{
    uint64_t bits;
    ssize_t count;
    do {
        count = getrandom(&bits, sizeof bits, 0);
    } while (count < 0 && errno == EINTR);
    zk_assert(count == (ssize_t)sizeof bits);
    return bits;
}

int64_t zk_random_below(int64_t bound)
{
    zk_assert(bound > 0);
    const uint64_t range = (uint64_t)bound;
    const uint64_t fair =
        UINT64_MAX - UINT64_MAX % range; /* draws above would favour the low results */
    uint64_t bits;
    do {
        bits = random_bits();
    } while (bits >= fair);
    return (int64_t)(bits % range);
}
