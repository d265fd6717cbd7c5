/* A flag under a lock, with a condition: how a thread is told to end. */
#include "zk/runtime/stop.h"

#include "runtime/lock_ranks.h"
#include "zk/runtime/clock.h"

void zk_stop_init(struct zk_stop *stop, struct zk_context *ctx, const char *name) UNSHARED
{
    zk_mutex_init(&stop->mu, ctx, name, ZK_RANK_STOP);
    zk_cond_init(&stop->cond);
    stop->requested = false;
}

void zk_stop_destroy(struct zk_stop *stop)
{
    zk_cond_destroy(&stop->cond);
    zk_mutex_destroy(&stop->mu);
}

bool zk_stop_request(struct zk_stop *stop)
{
    zk_mutex_lock(&stop->mu);
    bool first = !stop->requested;
    stop->requested = true;
    zk_cond_broadcast(&stop->cond);
    zk_mutex_unlock(&stop->mu);
    return first;
}

bool zk_stop_requested(struct zk_stop *stop)
{
    zk_mutex_lock(&stop->mu);
    bool requested = stop->requested;
    zk_mutex_unlock(&stop->mu);
    return requested;
}

bool zk_stop_sleep(struct zk_stop *stop, int64_t ms)
{
    const int64_t deadline_ms = zk_deadline_ms(ms);
    bool time_left = ms > 0;
    zk_mutex_lock(&stop->mu);
    while (!stop->requested && time_left)
        time_left = zk_cond_wait_until(&stop->cond, &stop->mu, deadline_ms);
    bool requested = stop->requested;
    zk_mutex_unlock(&stop->mu);
    return requested;
}
