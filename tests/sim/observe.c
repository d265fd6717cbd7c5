/* Looking must not change what is looked at: a seed that failed with little trace is to be seen
 * again with all of it. So the log and the trace cost no virtual time and give nobody a chance to
 * preempt. The calls that log.c and trace.c make (and only they: observe_syms.txt renames them in
 * these two members of the archive) come here, and while one of them is inside the simulator knows
 * that somebody only looks: points do nothing, locks are passed through, which is safe because
 * nobody else runs meanwhile. */
#include "observe.h"

#include "internal.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"

void observe_thread_name(struct zk_context *ctx, char *ret_name, size_t size);
int64_t observe_elapsed_us(void);
int64_t observe_wall_ms(void);
void observe_mutex_lock(struct zk_mutex *mutex);
void observe_mutex_unlock(struct zk_mutex *mutex);
void observe_trace_txn(struct zk_context *ctx, const char *step, int64_t zxid, int64_t peer,
                       const char *why);

static struct {
    observe_txn *hear;
    void *arg;
} txns;

void observe_thread_name(struct zk_context *ctx, char *ret_name, size_t size)
{
    world.observing = true;
    zk_thread_name(ctx, ret_name, size);
    world.observing = false;
}

int64_t observe_elapsed_us(void)
{
    world.observing = true;
    int64_t us = zk_elapsed_us();
    world.observing = false;
    return us;
}

int64_t observe_wall_ms(void)
{
    world.observing = true;
    int64_t ms = zk_wall_ms();
    world.observing = false;
    return ms;
}

void observe_mutex_lock(struct zk_mutex *mutex)
{
    world.observing = true;
    zk_mutex_lock(mutex);
    world.observing = false;
}

void observe_mutex_unlock(struct zk_mutex *mutex)
{
    world.observing = true;
    zk_mutex_unlock(mutex);
    world.observing = false;
}

void observe_txns(observe_txn *hear, void *arg)
{
    txns.hear = hear;
    txns.arg = arg;
}

/* In all members but trace.c this is called where zk_trace_txn stands (redirect.sh). */
void observe_trace_txn(struct zk_context *ctx, const char *step, int64_t zxid, int64_t peer,
                       const char *why)
{
    if (txns.hear != NULL)
        txns.hear(txns.arg, process_running()->host, step, zxid, peer);
    else
        zk_trace_txn(ctx, step, zxid, peer, why);
}
