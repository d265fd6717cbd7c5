/* Threads and their groups.
 *
 * A member is linked into its group when it starts and marks itself as ended, under the group's
 * lock, as the last thing it does there. Who takes an ended member out of the list joins it: a
 * starter that tidies up, or a joiner. unjoined counts members until that join has returned, so
 * that several joiners all wait for the last one. */
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
};

struct thread_member {
    struct thread_member *next;
    struct zk_thread_group *group;
    struct zk_thread_entry entry;
    zk_thread_main *main;
    void *arg;
    bool ended; /* guarded by the group's lock */
};

struct zk_thread_group {
    struct zk_context *ctx;
    struct zk_mutex mutex;
    struct zk_cond changed; /* a member has ended, or was joined */
    bool closed GUARDED_BY(&mutex);
    struct thread_member *members GUARDED_BY(&mutex);
    size_t alive GUARDED_BY(&mutex);    /* members that have not ended */
    size_t unjoined GUARDED_BY(&mutex); /* members whose pthread_join() has not returned */
};

struct zk_thread_group *zk_thread_group_new(struct zk_context *ctx)
{
    struct zk_thread_group *group = zk_xcalloc(1, sizeof *group);
    group->ctx = ctx;
    zk_mutex_init(&group->mutex, ctx, "thread group", ZK_RANK_THREAD_GROUP);
    zk_cond_init(&group->changed);
    return group;
}

static void set_os_name(const char *name)
{
    char short_name[OS_NAME_SIZE];
    zk_text_copy(short_name, sizeof short_name, name);
    pthread_setname_np(pthread_self(), short_name); /* a help for people; failing does no harm */
}

static void *thread_member_run(void *arg)
{
    struct thread_member *member = arg;
    struct zk_thread_group *group = member->group;

    set_os_name(member->entry.name);
    member->main(member->arg);

    zk_mutex_lock(&group->mutex);
    member->ended = true;
    group->alive--;
    zk_cond_broadcast(&group->changed);
    zk_mutex_unlock(&group->mutex);
    zk_registry_remove(&group->ctx->registry, &member->entry);
    return NULL;
}

/* Positive errno. */
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

/* Take an ended member out of the list; NULL if there is none. */
static struct thread_member *thread_group_take_ended_locked(struct zk_thread_group *group)
    REQUIRES(&group->mutex)
{
    zk_mutex_assert_held(&group->mutex);
    for (struct thread_member **link = &group->members; *link != NULL; link = &(*link)->next) {
        struct thread_member *member = *link;
        if (member->ended) {
            *link = member->next;
            return member;
        }
    }
    return NULL;
}

/* Join a member that was taken out of the list: its thread is about to return, if it has not yet.
 * The lock is given back meanwhile, because the thread needs the registry for its last step. */
static void thread_group_reap_locked(struct zk_thread_group *group, struct thread_member *member)
    REQUIRES(&group->mutex)
{
    zk_mutex_unlock(&group->mutex);
    int error = pthread_join(member->entry.thread, NULL);
    zk_assert(error == 0);
    free(member);
    zk_mutex_lock(&group->mutex);
    group->unjoined--;
    zk_cond_broadcast(&group->changed);
}

static struct thread_member *thread_member_new(struct zk_thread_group *group, zk_thread_main *main,
                                               void *arg)
{
    struct thread_member *member = zk_xcalloc(1, sizeof *member);
    member->group = group;
    member->main = main;
    member->arg = arg;
    return member;
}

/* Takes the member, which has its name. */
static int thread_group_start_member(struct zk_thread_group *group, struct thread_member *member)
{
    zk_mutex_lock(&group->mutex);
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
    zk_mutex_unlock(&group->mutex);

    if (error != 0)
        free(member);
    zk_assert(error == 0 || error == ECANCELED || error == EAGAIN);
    return -error;
}

int zk_thread_group_start(struct zk_thread_group *group, zk_thread_main *main, void *arg,
                          const char *name_format, ...)
{
    struct thread_member *member = thread_member_new(group, main, arg);
    va_list args;
    va_start(args, name_format);
    vsnprintf(member->entry.name, sizeof member->entry.name, name_format, args);
    va_end(args);
    return thread_group_start_member(group, member);
}

int zk_thread_group_start_numbered(struct zk_thread_group *group, zk_thread_main *main, void *arg,
                                   const char *before, int64_t number)
{
    struct thread_member *member = thread_member_new(group, main, arg);
    zk_text_numbered(member->entry.name, sizeof member->entry.name, before, number);
    return thread_group_start_member(group, member);
}

void zk_thread_group_join(struct zk_thread_group *group)
{
    zk_mutex_lock(&group->mutex);
    group->closed = true;
    while (group->unjoined > 0) {
        struct thread_member *ended = thread_group_take_ended_locked(group);
        if (ended != NULL)
            thread_group_reap_locked(group, ended);
        else
            zk_cond_wait(&group->changed, &group->mutex);
    }
    zk_mutex_unlock(&group->mutex);
}

size_t zk_thread_group_alive(struct zk_thread_group *group)
{
    zk_mutex_lock(&group->mutex);
    size_t alive = group->alive;
    zk_mutex_unlock(&group->mutex);
    return alive;
}

void zk_thread_group_free(struct zk_thread_group *group)
{
    if (group == NULL)
        return;
    zk_thread_group_join(group);
    zk_cond_destroy(&group->changed);
    zk_mutex_destroy(&group->mutex);
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
