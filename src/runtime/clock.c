/* CLOCK_MONOTONIC and CLOCK_REALTIME, in milliseconds and microseconds. */
#include "zk/runtime/clock.h"

#include <time.h>

#include "zk/base/panic.h"

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    int r = clock_gettime(clock, &now);
    zk_assert(r == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t zk_elapsed_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t zk_elapsed_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t zk_wall_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000;
}

int64_t zk_deadline_ms(int64_t timeout_ms)
{
    if (timeout_ms == INT64_MAX)
        return INT64_MAX;
    if (timeout_ms <= 0)
        return zk_elapsed_ms();
    int64_t now = (zk_elapsed_us() + 999) / 1000; /* up: no wait is shorter than it should be */
    return timeout_ms < INT64_MAX - now ? now + timeout_ms : INT64_MAX;
}
