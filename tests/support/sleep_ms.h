/* A pause in a test: the pace of something, never a way to wait for it. */
#ifndef SLEEP_MS_H
#define SLEEP_MS_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

static inline void sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

#endif
