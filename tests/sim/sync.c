/* Threads and locks. The state of a mutex and of a condition lies inside the program's own
 * pthread_mutex_t and pthread_cond_t, and all zeros is a fresh one: so nothing needs to be cleaned
 * up when a process dies.
 *
 * A lock that is given back is free for all: who comes first takes it, not who waited longest.
 *
 * Whoever is about to wait for a mutex or for a thread follows the chain of who waits for whom; if
 * it leads back, the cycle is reported at the very moment it closes, with names. */
#include <endian.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "internal.h"

enum {
    MUTEX_MAGIC = 0x4d555458,
    COND_MAGIC = 0x434f4e44,
    DESTROYED = 0x444541dd,
    CHAIN_MAX = 64,
};

struct sim_mutex {
    uint32_t magic;
    uint32_t owner; /* id of a task; 0: free */
    struct wait_queue waiters;
    int type;
    uint32_t id;
};

struct sim_cond {
    uint32_t magic;
    clockid_t clock;
    struct wait_queue waiters;
};

_Static_assert(sizeof(struct sim_mutex) <= sizeof(pthread_mutex_t), "fits");
_Static_assert(sizeof(struct sim_cond) <= sizeof(pthread_cond_t), "fits");

int sim_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                       void *arg);
int sim_pthread_join(pthread_t thread, void **ret_result);
pthread_t sim_pthread_self(void);
int sim_pthread_setname_np(pthread_t thread, const char *name);
int sim_pthread_getschedparam(pthread_t thread, int *ret_policy, struct sched_param *ret_param);
int sim_pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param);
int sim_pthread_mutex_init(pthread_mutex_t *real, const pthread_mutexattr_t *attr);
int sim_pthread_mutex_destroy(pthread_mutex_t *real);
int sim_pthread_mutex_lock(pthread_mutex_t *real);
int sim_pthread_mutex_trylock(pthread_mutex_t *real);
int sim_pthread_mutex_unlock(pthread_mutex_t *real);
int sim_pthread_cond_init(pthread_cond_t *real, const pthread_condattr_t *attr);
int sim_pthread_cond_destroy(pthread_cond_t *real);
int sim_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int sim_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                               const struct timespec *deadline);
int sim_pthread_cond_timedwait64(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                 const struct timespec *deadline)
    __attribute__((alias("sim_pthread_cond_timedwait")));
int sim_pthread_cond_signal(pthread_cond_t *cond);
int sim_pthread_cond_broadcast(pthread_cond_t *cond);

/* ---- mutexes -------------------------------------------------------------------------------- */

static __attribute__((noinline)) struct sim_mutex *mutex_begin(struct sim_mutex *mutex)
{
    if (mutex->magic != 0)
        world_end(WORLD_FAILED, "use of a mutex that %s",
                  mutex->magic == DESTROYED ? "was destroyed" : "was never initialised");
    *mutex = (struct sim_mutex){.magic = MUTEX_MAGIC, .id = ++world.mutexes};
    return mutex;
}

static inline struct sim_mutex *mutex_of(pthread_mutex_t *real)
{
    struct sim_mutex *mutex = (struct sim_mutex *)(void *)real;
    return mutex->magic == MUTEX_MAGIC ? mutex : mutex_begin(mutex);
}

int sim_pthread_mutex_init(pthread_mutex_t *real, const pthread_mutexattr_t *attr)
{
    int type = PTHREAD_MUTEX_NORMAL;
    if (attr != NULL)
        pthread_mutexattr_gettype(attr, &type);
    if (type == PTHREAD_MUTEX_RECURSIVE)
        world_end(WORLD_FAILED, "recursive mutexes are not simulated");
    struct sim_mutex *mutex = (struct sim_mutex *)(void *)real;
    *mutex = (struct sim_mutex){.magic = MUTEX_MAGIC, .type = type, .id = ++world.mutexes};
    return 0;
}

int sim_pthread_mutex_destroy(pthread_mutex_t *real)
{
    struct sim_mutex *mutex = mutex_of(real);
    if (mutex->owner != 0 || mutex->waiters.first != NULL)
        world_end(WORLD_FAILED, "mutex %u is destroyed while it is in use", mutex->id);
    mutex->magic = DESTROYED;
    return 0;
}

/* The thread that this one waits for by way of a lock or a join; NULL: none. */
static struct task *waits_for_whom(const struct task *task)
{
    if (task->wants != NULL)
        return task_find(task->wants->owner);
    return task->joins;
}

static _Noreturn void end_with_cycle(struct task *self)
{
    char chain[WORLD_REASON_SIZE / 2];
    int length = own_format(chain, sizeof chain, "%s", self->name);
    struct task *task = self;
    do {
        struct task *next = waits_for_whom(task);
        if (length < (int)sizeof chain && task->wants != NULL)
            length += own_format(chain + length, sizeof chain - (size_t)length,
                                 " waits for mutex %u of %s", task->wants->id, next->name);
        else if (length < (int)sizeof chain)
            length +=
                own_format(chain + length, sizeof chain - (size_t)length, " joins %s", next->name);
        task = next;
    } while (task != self);
    world_end(WORLD_DEADLOCK, "wait cycle: %s", chain);
}

static void look_for_cycle(struct task *self)
{
    struct task *task = self;
    for (int i = 0; i < CHAIN_MAX; i++) {
        task = waits_for_whom(task);
        if (task == self)
            end_with_cycle(self);
        if (task == NULL || task->state != TASK_BLOCKED)
            return;
    }
}

/* While it holds others: their order is noted. */
static __attribute__((noinline)) int mutex_take_too(struct sim_mutex *mutex)
{
    struct task *self = world.running;
    lock_order_took(self, mutex->id);
    if (self->held_count == HELD_MAX)
        world_end(WORLD_FAILED, "a thread holds more than %d mutexes", HELD_MAX);
    self->held[self->held_count++] = mutex->id;
    tell_acquire(mutex);
    return 0;
}

/* Always 0, so that it can be the last that a call does. */
static inline int mutex_take(struct sim_mutex *mutex)
{
    struct task *self = world.running;
    mutex->owner = self->id;
    if (self->held_count > 0)
        return mutex_take_too(mutex);
    self->held_count = 1;
    self->held[0] = mutex->id;
    tell_acquire(mutex);
    return 0;
}

static int mutex_wait_and_take(struct sim_mutex *mutex)
{
    struct task *self = world.running;
    while (mutex->owner != 0) {
        self->wants = mutex;
        look_for_cycle(self);
        task_block(&mutex->waiters, "waits for a mutex", NEVER);
        self->wants = NULL;
    }
    return mutex_take(mutex);
}

static inline void mutex_give_back(struct sim_mutex *mutex)
{
    struct task *self = world.running;
    size_t place = --self->held_count;
    uint32_t later = self->held[place];
    while (later != mutex->id) { /* those that were taken after it move up */
        uint32_t earlier = self->held[--place];
        self->held[place] = later;
        later = earlier;
    }
    tell_release(mutex);
    mutex->owner = 0;
    if (mutex->waiters.first != NULL)
        wait_queue_wake_one(&mutex->waiters);
}

/* Somebody has it. */
static __attribute__((noinline)) int mutex_lock_taken(struct sim_mutex *mutex)
{
    if (mutex->owner != world.running->id)
        return mutex_wait_and_take(mutex);
    if (mutex->type == PTHREAD_MUTEX_ERRORCHECK)
        return EDEADLK;
    world_end(WORLD_DEADLOCK, "the thread locks mutex %u, which it holds", mutex->id);
}

/* Behind its point. */
static __attribute__((noinline)) int mutex_lock(pthread_mutex_t *real)
{
    struct sim_mutex *mutex = mutex_of(real);
    return mutex->owner == 0 ? mutex_take(mutex) : mutex_lock_taken(mutex);
}

static __attribute__((noinline)) int mutex_lock_with_attention(pthread_mutex_t *real)
{
    sched_attend("pthread_mutex_lock");
    return mutex_lock(real);
}

/* Every third call of a seed is this one or the next. What they mostly do needs no stack. */
int sim_pthread_mutex_lock(pthread_mutex_t *real)
{
    if (world.observing)
        return 0;
    if (!sched_pass())
        return mutex_lock_with_attention(real);
    struct sim_mutex *mutex = (struct sim_mutex *)(void *)real;
    return mutex->magic == MUTEX_MAGIC && mutex->owner == 0 ? mutex_take(mutex) : mutex_lock(real);
}

int sim_pthread_mutex_trylock(pthread_mutex_t *real)
{
    sched_point("pthread_mutex_trylock");
    struct sim_mutex *mutex = mutex_of(real);
    if (mutex->owner != 0)
        return EBUSY;
    return mutex_take(mutex);
}

static __attribute__((noinline)) int mutex_unlock(pthread_mutex_t *real)
{
    struct sim_mutex *mutex = mutex_of(real);
    if (mutex->owner != world.running->id) {
        if (mutex->type == PTHREAD_MUTEX_ERRORCHECK)
            return EPERM;
        world_end(WORLD_FAILED, "mutex %u is unlocked by a thread that does not hold it",
                  mutex->id);
    }
    mutex_give_back(mutex);
    sched_point("pthread_mutex_unlock");
    return 0;
}

static __attribute__((noinline)) int mutex_unlock_with_attention(void)
{
    sched_attend("pthread_mutex_unlock");
    return 0;
}

/* The mutex must not be touched after the point: whoever runs there may have destroyed it. */
int sim_pthread_mutex_unlock(pthread_mutex_t *real)
{
    if (world.observing)
        return 0;
    struct sim_mutex *mutex = (struct sim_mutex *)(void *)real;
    struct task *self = world.running;
    /* The only one that it holds, and nobody waits. */
    if (mutex->magic != MUTEX_MAGIC || mutex->owner != self->id || self->held_count != 1 ||
        mutex->waiters.first != NULL)
        return mutex_unlock(real);
    self->held_count = 0;
    tell_release(mutex);
    mutex->owner = 0;
    return sched_pass() ? 0 : mutex_unlock_with_attention();
}

/* ---- conditions ----------------------------------------------------------------------------- */

static struct sim_cond *cond_of(pthread_cond_t *real)
{
    struct sim_cond *cond = (struct sim_cond *)(void *)real;
    if (cond->magic == COND_MAGIC)
        return cond;
    if (cond->magic != 0)
        world_end(WORLD_FAILED, "use of a condition that %s",
                  cond->magic == DESTROYED ? "was destroyed" : "was never initialised");
    *cond = (struct sim_cond){.magic = COND_MAGIC, .clock = CLOCK_REALTIME};
    return cond;
}

int sim_pthread_cond_init(pthread_cond_t *real, const pthread_condattr_t *attr)
{
    clockid_t clock = CLOCK_REALTIME;
    if (attr != NULL)
        pthread_condattr_getclock(attr, &clock);
    struct sim_cond *cond = (struct sim_cond *)(void *)real;
    *cond = (struct sim_cond){.magic = COND_MAGIC, .clock = clock};
    return 0;
}

int sim_pthread_cond_destroy(pthread_cond_t *real)
{
    struct sim_cond *cond = cond_of(real);
    if (cond->waiters.first != NULL)
        world_end(WORLD_FAILED, "a condition is destroyed while somebody waits on it");
    cond->magic = DESTROYED;
    return 0;
}

static int64_t deadline_ns(const struct sim_cond *cond, const struct timespec *deadline)
{
    int64_t seconds = deadline->tv_sec;
    if (cond->clock == CLOCK_REALTIME)
        seconds -= WORLD_WALL_S;
    if (seconds < 0)
        return 0;
    return seconds < NEVER / SECOND - 1 ? seconds * SECOND + deadline->tv_nsec : NEVER;
}

static int cond_wait(pthread_cond_t *real_cond, pthread_mutex_t *real_mutex,
                     const struct timespec *deadline)
{
    struct sim_cond *cond = cond_of(real_cond);
    struct sim_mutex *mutex = mutex_of(real_mutex);
    const uint32_t spurious_one_in = world.character.spurious_one_in;
    bool timed_out = false;
    if (mutex->owner != world.running->id)
        world_end(WORLD_FAILED, "wait on a condition without its mutex");
    int64_t until_ns = deadline != NULL ? deadline_ns(cond, deadline) : NEVER;
    mutex_give_back(mutex);
    if (spurious_one_in > 0 && chance_one_in(CHANCE_SCHEDULE, spurious_one_in))
        task_yield();
    else
        timed_out = task_block(&cond->waiters, "waits on a condition", until_ns);
    mutex_wait_and_take(mutex);
    return timed_out ? ETIMEDOUT : 0;
}

int sim_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    sched_point("pthread_cond_wait");
    return cond_wait(cond, mutex, NULL);
}

int sim_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                               const struct timespec *deadline)
{
    sched_point("pthread_cond_timedwait");
    return cond_wait(cond, mutex, deadline);
}

int sim_pthread_cond_signal(pthread_cond_t *cond)
{
    sched_point("pthread_cond_signal");
    wait_queue_wake_one(&cond_of(cond)->waiters);
    return 0;
}

int sim_pthread_cond_broadcast(pthread_cond_t *cond)
{
    sched_point("pthread_cond_broadcast");
    wait_queue_wake_all(&cond_of(cond)->waiters);
    return 0;
}

/* ---- threads: a pthread_t is the id of a task ----------------------------------------------- */

static struct task *task_of(pthread_t thread)
{
    struct task *task = task_find((uint32_t)thread);
    if (task == NULL || task->process != process_running())
        world_end(WORLD_FAILED, "this thread does not exist any more, or never did");
    return task;
}

int sim_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                       void *arg)
{
    int detach = PTHREAD_CREATE_JOINABLE;
    sched_point("pthread_create");
    if (inject(INJECT_EAGAIN))
        return EAGAIN;
    if (attr != NULL)
        pthread_attr_getdetachstate(attr, &detach);
    struct task *task = task_new(process_running(), "unnamed", start, arg);
    task->joinable = detach == PTHREAD_CREATE_JOINABLE;
    *thread = (pthread_t)(uintptr_t)task->id;
    sched_point("pthread_create, done");
    return 0;
}

int sim_pthread_join(pthread_t thread, void **ret_result)
{
    sched_point("pthread_join");
    struct task *self = world.running;
    struct task *task = task_of(thread);
    if (task == self)
        return EDEADLK;
    if (!task->joinable || task->joiner != NULL)
        world_end(WORLD_FAILED, "join of %s, which is %s", task->name,
                  task->joinable ? "being joined" : "detached");
    task->joiner = self;
    self->joins = task;
    look_for_cycle(self);
    while (task->state != TASK_DONE)
        task_block(NULL, "joins a thread", NEVER);
    self->joins = NULL;
    tell_acquire(task);
    if (ret_result != NULL)
        *ret_result = task->result;
    task_drop(task);
    return 0;
}

pthread_t sim_pthread_self(void)
{
    return (pthread_t)(uintptr_t)world.running->id;
}

int sim_pthread_setname_np(pthread_t thread, const char *name)
{
    struct task *task = task_of(thread);
    if (strlen(name) >= NAME_SIZE)
        return ERANGE;
    own_text(task->name, sizeof task->name, name);
    return 0;
}

/* No thread is ever taken from its processor here, whatever its policy: each runs until its next
 * call. So all have the usual one, for ever. */
int sim_pthread_getschedparam(pthread_t thread, int *ret_policy, struct sched_param *ret_param)
{
    task_of(thread);
    *ret_policy = SCHED_OTHER;
    *ret_param = (struct sched_param){0};
    return 0;
}

int sim_pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param)
{
    task_of(thread);
    bool usual = policy == SCHED_OTHER || policy == SCHED_BATCH;
    return usual && param->sched_priority == 0 ? 0 : EINVAL;
}

/* ---- time ----------------------------------------------------------------------------------- */

int sim_clock_gettime(clockid_t clock, struct timespec *ret_now);
int sim_clock_gettime64(clockid_t clock, struct timespec *ret_now)
    __attribute__((alias("sim_clock_gettime")));
int sim_nanosleep(const struct timespec *pause, struct timespec *ret_left);
int sim_nanosleep64(const struct timespec *pause, struct timespec *ret_left)
    __attribute__((alias("sim_nanosleep")));
ssize_t sim_getrandom(void *ret_bytes, size_t length, unsigned flags);

int sim_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    sched_point("clock_gettime");
    ret_now->tv_sec = world.now_ns / SECOND + (clock == CLOCK_REALTIME ? WORLD_WALL_S : 0);
    ret_now->tv_nsec = world.now_ns % SECOND;
    return 0;
}

int sim_nanosleep(const struct timespec *pause, struct timespec *ret_left)
{
    sched_point("nanosleep");
    int64_t pause_ns = pause->tv_sec * SECOND + pause->tv_nsec;
    int64_t left_ns = 0;
    if (pause_ns > 0 && inject(INJECT_EINTR))
        left_ns = (int64_t)chance_below(CHANCE_INJECT, (uint64_t)pause_ns);
    task_block(NULL, "sleeps", world.now_ns + pause_ns - left_ns);
    if (left_ns == 0)
        return 0;
    if (ret_left != NULL)
        *ret_left = (struct timespec){.tv_sec = left_ns / SECOND, .tv_nsec = left_ns % SECOND};
    errno = EINTR;
    return -1;
}

ssize_t sim_getrandom(void *ret_bytes, size_t length, unsigned flags)
{
    (void)flags;
    sched_point("getrandom");
    if (inject(INJECT_EINTR)) {
        errno = EINTR;
        return -1;
    }
    /* The product reads them as one number; the lowest byte comes first on every machine. */
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)ret_bytes)[BYTE_ORDER == BIG_ENDIAN ? length - 1 - i : i] =
            (uint8_t)chance(CHANCE_PROGRAM);
    return (ssize_t)length;
}
