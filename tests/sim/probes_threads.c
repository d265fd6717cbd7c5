/* What threads, locks and clocks answer. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "probes.h"

struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int turn;
};

static void *give_back(void *arg)
{
    return arg;
}

static void *unlock_foreign(void *arg)
{
    struct shared *shared = arg;
    say("unlock by another thread: %s", error_name(pthread_mutex_unlock(&shared->mutex)));
    say("trylock by another thread: %s", error_name(pthread_mutex_trylock(&shared->mutex)));
    return NULL;
}

static void *take_turn(void *arg)
{
    struct shared *shared = arg;
    pthread_mutex_lock(&shared->mutex);
    while (shared->turn != 1)
        pthread_cond_wait(&shared->cond, &shared->mutex);
    shared->turn = 2;
    pthread_cond_broadcast(&shared->cond);
    pthread_mutex_unlock(&shared->mutex);
    return NULL;
}

static void shared_init(struct shared *shared)
{
    pthread_mutexattr_t mutex_attr;
    pthread_condattr_t cond_attr;
    pthread_mutexattr_init(&mutex_attr);
    pthread_mutexattr_settype(&mutex_attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&shared->mutex, &mutex_attr);
    pthread_mutexattr_destroy(&mutex_attr);
    pthread_condattr_init(&cond_attr);
    pthread_condattr_setclock(&cond_attr, CLOCK_MONOTONIC);
    pthread_cond_init(&shared->cond, &cond_attr);
    pthread_condattr_destroy(&cond_attr);
    shared->turn = 0;
}

static struct timespec after_ms(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += ms * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    return t;
}

static void probe_mutexes(struct shared *shared)
{
    pthread_t thread;
    pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
    say("-- mutexes");
    say("lock: %s", error_name(pthread_mutex_lock(&shared->mutex)));
    say("lock again: %s", error_name(pthread_mutex_lock(&shared->mutex)));
    if (pthread_create(&thread, NULL, unlock_foreign, shared) == 0)
        pthread_join(thread, NULL);
    say("unlock: %s", error_name(pthread_mutex_unlock(&shared->mutex)));
    say("unlock again: %s", error_name(pthread_mutex_unlock(&shared->mutex)));
    say("lock a static one: %s", error_name(pthread_mutex_lock(&plain)));
    say("unlock it: %s", error_name(pthread_mutex_unlock(&plain)));
    say("destroy it: %s", error_name(pthread_mutex_destroy(&plain)));
}

static void probe_conditions(struct shared *shared)
{
    pthread_t thread;
    say("-- conditions");
    pthread_mutex_lock(&shared->mutex);
    struct timespec deadline = after_ms(30);
    int r;
    do
        r = pthread_cond_timedwait(&shared->cond, &shared->mutex, &deadline);
    while (r == 0);
    struct timespec now = after_ms(0);
    say("a wait ends: %s, not early %d", error_name(r),
        now.tv_sec > deadline.tv_sec ||
            (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec));
    deadline = (struct timespec){.tv_sec = 1};
    do
        r = pthread_cond_timedwait(&shared->cond, &shared->mutex, &deadline);
    while (r == 0);
    say("a deadline of long ago: %s", error_name(r));
    if (pthread_create(&thread, NULL, take_turn, shared) == 0) {
        shared->turn = 1;
        pthread_cond_signal(&shared->cond);
        while (shared->turn != 2)
            pthread_cond_wait(&shared->cond, &shared->mutex);
        pthread_mutex_unlock(&shared->mutex);
        say("both took their turns: %s", error_name(pthread_join(thread, NULL)));
    }
}

void probe_threads(void)
{
    struct shared shared;
    shared_init(&shared);
    probe_mutexes(&shared);
    probe_conditions(&shared);
    pthread_cond_destroy(&shared.cond);
    pthread_mutex_destroy(&shared.mutex);

    say("-- threads");
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, give_back, &shared) == 0)
        say("join: %s, the result %d", error_name(pthread_join(thread, &result)),
            result == &shared);
    say("equal to itself %d", pthread_equal(pthread_self(), pthread_self()) != 0);
    say("join oneself: %s", error_name(pthread_join(pthread_self(), NULL)));
    say("a name: %s", error_name(pthread_setname_np(pthread_self(), "123456789012345")));
    say("one too long: %s", error_name(pthread_setname_np(pthread_self(), "1234567890123456")));

    say("-- clocks");
    struct timespec before = after_ms(0);
    pause_ms(20);
    struct timespec later = after_ms(0);
    long passed_ms =
        (long)(later.tv_sec - before.tv_sec) * 1000 + (later.tv_nsec - before.tv_nsec) / 1000000;
    say("a pause of 20 ms is not shorter %d", passed_ms >= 20);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    say("the year is later than 2020 %d", wall.tv_sec > 1600000000);
    char bytes[8];
    say("getrandom %ld", (long)getrandom(bytes, sizeof bytes, 0));
}
