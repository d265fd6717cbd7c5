/* Threads and their groups.
 *
 * A member is linked into its group when it starts. The last thing that it does there, under the
 * group's lock, is to mark itself as ended. Whichever thread takes an ended member out of the list
 * joins it: one that starts another member, or one that joins the group. unjoined counts members
 * until that join has returned, so that several joiners all wait for the last. */
#include "zk/runtime/thread.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/context_internal.h"
#include "runtime/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/runtime/lock.h"

enum {
    THREAD_STACK_SIZE = 256 * 1024, /* a peer with many learners has many threads */
    OS_NAME_SIZE = 16,              /* with the terminator; Linux refuses longer ones */
    /* A few clients that wait for one answer each make less work than this. In turns they would
     * only wait longer. */
    MUCH_WORK = 32,
    LITTLE_WORK = 4,
    /* So many moments with little work end the turns, not one: where a client shares the processors
     * with the servers, there may be little to do for a moment although it has a thousand requests
     * to send. */
    CALM_WORK = 256,
};

struct thread_member {
    struct thread_member *next;
    struct zk_thread_group *group;
    struct zk_thread_entry entry;
    zk_thread_run *run;
    void *arg;
    bool ended; /* guarded by the group's lock */
};

struct zk_thread_group {
    struct zk_context *ctx;
    struct zk_mutex mu;     /* L-116. Guards: */
    struct zk_cond changed; /* a member has ended, or was joined */
    bool closed GUARDED_BY(&mu);
    bool ran_short GUARDED_BY(&mu); /* the thread asked for last was refused */
    struct thread_member *members GUARDED_BY(&mu);
    size_t alive GUARDED_BY(&mu);    /* members that have not ended */
    size_t unjoined GUARDED_BY(&mu); /* members whose pthread_join() has not returned */
};

struct zk_thread_group *zk_thread_group_new(struct zk_context *ctx)
{
    struct zk_thread_group *group = zk_xcalloc(1, sizeof *group);
    group->ctx = ctx;
    zk_mutex_init(&group->mu, ctx, "thread group", ZK_RANK_THREAD_GROUP);
    zk_cond_init(&group->changed);
    return group;
}

static void set_os_name(const char *name)
{
    char short_name[OS_NAME_SIZE];
    zk_text_copy(short_name, sizeof short_name, name);
    /* Only people read it, so a failure does no harm. */
    pthread_setname_np(pthread_self(), short_name);
}

static void *thread_member_run(void *arg)
{
    struct thread_member *member = arg;
    struct zk_thread_group *group = member->group;

    set_os_name(member->entry.name);
    member->run(member->arg);

    zk_mutex_lock(&group->mu);
    member->ended = true;
    group->alive--;
    zk_cond_broadcast(&group->changed);
    zk_mutex_unlock(&group->mu);
    zk_registry_remove(&group->ctx->registry, &member->entry);
    return NULL;
}

/* Returns a positive errno. */
static int thread_member_create(struct thread_member *member)
{
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    zk_assert(error == 0);
    error = pthread_attr_setstacksize(&attr, THREAD_STACK_SIZE);
    zk_assert(error == 0);
    error = zk_registry_create(&member->group->ctx->registry, &member->entry, &attr,
                               thread_member_run, member);
    pthread_attr_destroy(&attr);
    return error;
}

/* Takes an ended member out of the list and returns it; NULL if there is none. */
static struct thread_member *thread_group_take_ended_locked(struct zk_thread_group *group)
    REQUIRES(&group->mu)
{
    zk_mutex_assert_held(&group->mu);
    for (struct thread_member **link = &group->members; *link != NULL; link = &(*link)->next) {
        struct thread_member *member = *link;
        if (member->ended) {
            *link = member->next;
            return member;
        }
    }
    return NULL;
}

/* Joins a member that was taken out of the list: its thread is about to return, if it has not yet.
 * The lock is given back meanwhile, so that others can start and end. */
static void thread_group_reap_locked(struct zk_thread_group *group, struct thread_member *member)
    REQUIRES(&group->mu)
{
    zk_mutex_unlock(&group->mu);
    zk_thread_blocks(group->ctx, "waits for the end of thread", member->entry.name);
    int error = pthread_join(member->entry.thread, NULL);
    zk_thread_goes_on(group->ctx);
    zk_assert(error == 0);
    free(member);
    zk_mutex_lock(&group->mu);
    group->unjoined--;
    zk_cond_broadcast(&group->changed);
}

static struct thread_member *thread_member_new(struct zk_thread_group *group, zk_thread_run *run,
                                               void *arg)
{
    struct thread_member *member = zk_xcalloc(1, sizeof *member);
    member->group = group;
    member->run = run;
    member->arg = arg;
    return member;
}

/* Takes ownership of member, which has its name. */
static int thread_group_start_member(struct zk_thread_group *group, struct thread_member *member)
{
    zk_mutex_lock(&group->mu);
    struct thread_member *ended;
    while ((ended = thread_group_take_ended_locked(group)) != NULL)
        thread_group_reap_locked(group, ended);

    int error = group->closed ? ECANCELED : thread_member_create(member);
    if (error == 0) {
        member->next = group->members;
        group->members = member;
        group->alive++;
        group->unjoined++;
    }
    if (error != ECANCELED)
        group->ran_short = error == EAGAIN;
    zk_mutex_unlock(&group->mu);

    if (error != 0)
        free(member);
    zk_assert(error == 0 || error == ECANCELED || error == EAGAIN);
    return -error;
}

int zk_thread_group_start(struct zk_thread_group *group, zk_thread_run *run, void *arg,
                          const char *name_format, ...)
{
    struct thread_member *member = thread_member_new(group, run, arg);
    va_list args;
    va_start(args, name_format);
    vsnprintf(member->entry.name, sizeof member->entry.name, name_format, args);
    va_end(args);
    return thread_group_start_member(group, member);
}

void zk_thread_group_join(struct zk_thread_group *group)
{
    zk_mutex_lock(&group->mu);
    group->closed = true;
    while (group->unjoined > 0) {
        struct thread_member *ended = thread_group_take_ended_locked(group);
        if (ended != NULL)
            thread_group_reap_locked(group, ended);
        else
            zk_cond_wait(&group->changed, &group->mu);
    }
    zk_mutex_unlock(&group->mu);
}

size_t zk_thread_group_alive(struct zk_thread_group *group)
{
    zk_mutex_lock(&group->mu);
    size_t alive = group->alive;
    zk_mutex_unlock(&group->mu);
    return alive;
}

bool zk_thread_group_ran_short(struct zk_thread_group *group)
{
    zk_mutex_lock(&group->mu);
    bool ran_short = group->ran_short;
    zk_mutex_unlock(&group->mu);
    return ran_short;
}

void zk_thread_group_free(struct zk_thread_group *group)
{
    if (group == NULL)
        return;
    zk_thread_group_join(group);
    zk_cond_destroy(&group->changed);
    zk_mutex_destroy(&group->mu);
    free(group);
}

void zk_thread_rename(struct zk_context *ctx, const char *name_format, ...)
{
    char name[ZK_THREAD_NAME_SIZE];
    va_list args;
    va_start(args, name_format);
    vsnprintf(name, sizeof name, name_format, args);
    va_end(args);
    if (zk_registry_rename(&ctx->registry, name))
        set_os_name(name);
}

void zk_thread_name(struct zk_context *ctx, char *ret_name, size_t size)
{
    zk_registry_name(&ctx->registry, ret_name, size);
}

size_t zk_thread_count(struct zk_context *ctx)
{
    return zk_registry_count(&ctx->registry);
}

void zk_work_init(struct zk_work *work)
{
    zk_atomic_long_init(&work->now, 0);
    zk_atomic_long_init(&work->calm, 0);
}

/* Threads that find much or little may overtake each other on their way to the registry's lock. The
 * last one to get there sees the work as it is then. */
void zk_threads_note_work(struct zk_context *ctx, struct zk_work *work, int64_t step)
{
    int64_t now = zk_atomic_long_add(&work->now, step);
    bool change = false;
    if (now >= MUCH_WORK) {
        if (zk_atomic_long_get(&work->calm) > 0)
            zk_atomic_long_set(&work->calm, 0);
        change = step > 0 && now == MUCH_WORK;
    } else if (step < 0 && now <= LITTLE_WORK) {
        change = zk_atomic_long_add(&work->calm, 1) % CALM_WORK == 0;
    }
    if (change)
        zk_registry_take_turns(&ctx->registry, &work->now, MUCH_WORK, LITTLE_WORK);
}

void zk_threads_end_work(struct zk_context *ctx)
{
    struct zk_work none;
    zk_work_init(&none);
    zk_registry_take_turns(&ctx->registry, &none.now, MUCH_WORK, LITTLE_WORK);
}

void zk_thread_blocks(struct zk_context *ctx, const char *how, const char *on)
{
    if (ctx->options.thread_dump)
        zk_registry_block(&ctx->registry, how, on, NULL);
}

void zk_thread_goes_on(struct zk_context *ctx)
{
    if (ctx->options.thread_dump)
        zk_registry_go_on(&ctx->registry);
}
