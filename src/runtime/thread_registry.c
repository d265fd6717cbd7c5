/* The registry: threads by their ids, the locks that each one holds, and the thread dump. */
#include "runtime/thread_registry.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/runtime/lock.h"

static const char unknown_name[] = "main";

static void registry_lock(struct zk_thread_registry *registry) ACQUIRES(registry) UNCHECKED_LOCKS
{
    int error = pthread_mutex_lock(&registry->mutex);
    zk_assert(error == 0);
}

static void registry_unlock(struct zk_thread_registry *registry) RELEASES(registry) UNCHECKED_LOCKS
{
    int error = pthread_mutex_unlock(&registry->mutex);
    zk_assert(error == 0);
}

static void registry_link(struct zk_thread_registry *registry, struct zk_thread_entry *entry)
    REQUIRES(registry)
{
    entry->next = registry->entries;
    registry->entries = entry;
}

/* Returns the calling thread's entry, or NULL. The entry moves to the front of the list, because a
 * thread that asks once mostly asks again soon. */
static struct zk_thread_entry *registry_self(struct zk_thread_registry *registry) REQUIRES(registry)
{
    pthread_t self = pthread_self();
    for (struct zk_thread_entry **link = &registry->entries; *link != NULL; link = &(*link)->next) {
        struct zk_thread_entry *entry = *link;
        if (pthread_equal(entry->thread, self)) {
            *link = entry->next;
            registry_link(registry, entry);
            return entry;
        }
    }
    return NULL;
}

static void registry_unlink(struct zk_thread_registry *registry, struct zk_thread_entry *entry)
    REQUIRES(registry)
{
    struct zk_thread_entry **link = &registry->entries;
    while (*link != entry) {
        zk_assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = entry->next;
}

void zk_registry_init(struct zk_thread_registry *registry)
{
    *registry = (struct zk_thread_registry){0};
    int error = pthread_mutex_init(&registry->mutex, NULL);
    zk_assert(error == 0);
    registry_lock(registry);
    registry->first.thread = pthread_self();
    zk_text_copy(registry->first.name, sizeof registry->first.name, unknown_name);
    registry_link(registry, &registry->first);
    registry_unlock(registry);
}

void zk_registry_done(struct zk_thread_registry *registry)
{
    registry_lock(registry);
    for (struct zk_thread_entry *entry = registry->entries; entry != NULL; entry = entry->next)
        if (entry != &registry->first)
            zk_panic(__FILE__, __LINE__, "the context goes while thread %s runs", entry->name);
    registry_unlock(registry);
    int error = pthread_mutex_destroy(&registry->mutex);
    zk_assert(error == 0);
}

int zk_registry_create(struct zk_thread_registry *registry, struct zk_thread_entry *entry,
                       const pthread_attr_t *attr, void *(*start)(void *arg), void *arg)
{
    registry_lock(registry);
    int error = pthread_create(&entry->thread, attr, start, arg);
    if (error == 0)
        registry_link(registry, entry);
    registry_unlock(registry);
    return error;
}

void zk_registry_remove(struct zk_thread_registry *registry, struct zk_thread_entry *entry)
{
    registry_lock(registry);
    if (entry->held_count > 0)
        zk_panic(__FILE__, __LINE__, "thread %s ends and holds lock %s", entry->name,
                 entry->held[entry->held_count - 1]->name);
    registry_unlink(registry, entry);
    registry_unlock(registry);
}

void zk_registry_name(struct zk_thread_registry *registry, char *ret_name, size_t size)
{
    registry_lock(registry);
    const struct zk_thread_entry *entry = registry_self(registry);
    zk_text_copy(ret_name, size, entry != NULL ? entry->name : unknown_name);
    registry_unlock(registry);
}

bool zk_registry_rename(struct zk_thread_registry *registry, const char *name)
{
    registry_lock(registry);
    struct zk_thread_entry *entry = registry_self(registry);
    if (entry != NULL)
        zk_text_copy(entry->name, sizeof entry->name, name);
    registry_unlock(registry);
    return entry != NULL && entry != &registry->first;
}

size_t zk_registry_count(struct zk_thread_registry *registry)
{
    size_t count = 0;
    registry_lock(registry);
    for (const struct zk_thread_entry *entry = registry->entries; entry != NULL;
         entry = entry->next)
        if (!entry->guest)
            count++;
    registry_unlock(registry);
    return count;
}

/* With SCHED_BATCH the kernel lets a thread that is woken wait until the running one sleeps or has
 * had its time. A process that was started under another policy than the usual one keeps it. Where
 * the system refuses the change, the work only costs more processor time. */
static void entry_take_turns(const struct zk_thread_entry *entry, bool take_turns)
{
    int policy;
    struct sched_param param;
    int error = pthread_getschedparam(entry->thread, &policy, &param);
    if (error == 0 && policy == (take_turns ? SCHED_OTHER : SCHED_BATCH))
        pthread_setschedparam(entry->thread, take_turns ? SCHED_BATCH : SCHED_OTHER, &param);
}

void zk_registry_take_turns(struct zk_thread_registry *registry, const struct zk_atomic_long *work,
                            int64_t much, int64_t little)
{
    registry_lock(registry);
    int64_t now = zk_atomic_long_get(work);
    bool take_turns = now >= much || (registry->take_turns && now > little);
    if (take_turns != registry->take_turns)
        for (struct zk_thread_entry *entry = registry->entries; entry != NULL; entry = entry->next)
            entry_take_turns(entry, take_turns);
    registry->take_turns = take_turns;
    registry_unlock(registry);
}

/* Makes an entry for a thread that no group started. It lives while the thread holds a lock: a
 * later thread of the same id must not be taken for it. */
static struct zk_thread_entry *registry_add_guest(struct zk_thread_registry *registry)
    REQUIRES(registry)
{
    struct zk_thread_entry *entry = zk_xcalloc(1, sizeof *entry);
    entry->thread = pthread_self();
    entry->guest = true;
    zk_text_copy(entry->name, sizeof entry->name, unknown_name);
    registry_link(registry, entry);
    return entry;
}

void zk_registry_take(struct zk_thread_registry *registry, const struct zk_mutex *mutex)
{
    registry_lock(registry);
    struct zk_thread_entry *entry = registry_self(registry);
    if (entry == NULL)
        entry = registry_add_guest(registry);
    for (size_t i = 0; i < entry->held_count; i++) {
        const struct zk_mutex *held = entry->held[i];
        if (held == mutex)
            zk_panic(__FILE__, __LINE__, "thread %s takes lock %s twice", entry->name, mutex->name);
        if (held->rank >= mutex->rank)
            zk_panic(__FILE__, __LINE__,
                     "thread %s takes lock %s (rank %d) while it holds lock %s (rank %d)",
                     entry->name, mutex->name, mutex->rank, held->name, held->rank);
    }
    zk_assert(entry->held_count < ZK_HELD_MAX);
    entry->held[entry->held_count++] = mutex;
    registry_unlock(registry);
}

void zk_registry_release(struct zk_thread_registry *registry, const struct zk_mutex *mutex)
{
    registry_lock(registry);
    struct zk_thread_entry *entry = registry_self(registry);
    size_t at = 0;
    while (entry != NULL && at < entry->held_count && entry->held[at] != mutex)
        at++;
    if (entry == NULL || at == entry->held_count)
        zk_panic(__FILE__, __LINE__, "thread %s gives back lock %s, which it does not hold",
                 entry != NULL ? entry->name : unknown_name, mutex->name);
    memmove(entry->held + at, entry->held + at + 1,
            (entry->held_count - at - 1) * sizeof entry->held[0]);
    entry->held_count--;
    if (entry->guest && entry->held_count == 0) {
        registry_unlink(registry, entry);
        free(entry);
    }
    registry_unlock(registry);
}

void zk_registry_check_wait(struct zk_thread_registry *registry, const struct zk_mutex *mutex)
{
    registry_lock(registry);
    const struct zk_thread_entry *entry = registry_self(registry);
    zk_assert(entry != NULL);
    for (size_t i = 0; i < entry->held_count; i++)
        if (entry->held[i] != mutex)
            zk_panic(__FILE__, __LINE__, "thread %s waits on lock %s while it holds lock %s",
                     entry->name, mutex->name, entry->held[i]->name);
    registry_unlock(registry);
}

/* ---- for a thread dump ----------------------------------------------------------------------- */

void zk_registry_block(struct zk_thread_registry *registry, const char *how, const char *on,
                       const struct zk_mutex *mutex)
{
    registry_lock(registry);
    struct zk_thread_entry *entry = registry_self(registry);
    if (entry != NULL) {
        entry->blocks_how = how;
        entry->blocks_on = on;
        entry->blocks_on_mutex = mutex;
    }
    registry_unlock(registry);
}

void zk_registry_go_on(struct zk_thread_registry *registry)
{
    zk_registry_block(registry, NULL, NULL, NULL);
}

void zk_registry_add_mutex(struct zk_thread_registry *registry, struct zk_mutex *mutex)
{
    registry_lock(registry);
    struct zk_mutex **link = &registry->mutexes;
    struct zk_mutex *previous = NULL;
    while (*link != NULL && (*link)->rank < mutex->rank) {
        previous = *link;
        link = &previous->next;
    }
    mutex->next = *link;
    mutex->previous = previous;
    if (mutex->next != NULL)
        mutex->next->previous = mutex;
    *link = mutex;
    registry_unlock(registry);
}

void zk_registry_remove_mutex(struct zk_thread_registry *registry, struct zk_mutex *mutex)
{
    registry_lock(registry);
    if (mutex->previous != NULL)
        mutex->previous->next = mutex->next;
    else
        registry->mutexes = mutex->next;
    if (mutex->next != NULL)
        mutex->next->previous = mutex->previous;
    registry_unlock(registry);
}

void zk_registry_add_queue(struct zk_thread_registry *registry, struct zk_queue_entry *queue)
{
    registry_lock(registry);
    queue->next = registry->queues;
    if (queue->next != NULL)
        queue->next->previous = queue;
    registry->queues = queue;
    registry_unlock(registry);
}

void zk_registry_remove_queue(struct zk_thread_registry *registry, struct zk_queue_entry *queue)
{
    registry_lock(registry);
    if (queue->previous != NULL)
        queue->previous->next = queue->next;
    else
        registry->queues = queue->next;
    if (queue->next != NULL)
        queue->next->previous = queue->previous;
    registry_unlock(registry);
}

/* Appends the names of the threads that wait for the lock or on a condition of it. */
static void dump_waiting(const struct zk_thread_registry *registry, const struct zk_mutex *mutex,
                         const char *before, struct zk_str *text) REQUIRES(registry)
{
    for (const struct zk_thread_entry *entry = registry->entries; entry != NULL;
         entry = entry->next) {
        if (entry->blocks_on_mutex != mutex)
            continue;
        zk_str_printf(text, "%s\"%s\"", before, entry->name);
        before = ", ";
    }
}

static void dump_thread(const struct zk_thread_registry *registry,
                        const struct zk_thread_entry *entry, struct zk_str *text) REQUIRES(registry)
{
    zk_str_printf(text, "\"%s\"\n", entry->name);
    if (entry->blocks_how == NULL)
        zk_str_append(text, "    runs\n");
    else
        zk_str_printf(text, "    %s %s\n", entry->blocks_how, entry->blocks_on);
    for (const struct zk_mutex *mutex = registry->mutexes; mutex != NULL; mutex = mutex->next)
        if (zk_mutex_owner(mutex) == zk_thread_id_of(entry->thread))
            zk_str_printf(text, "    holds lock %s (rank %d)\n", mutex->name, mutex->rank);
}

static int compare_entries(const void *a, const void *b)
{
    const struct zk_thread_entry *const *left = a;
    const struct zk_thread_entry *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* The threads are sorted by name, because the list of the registry changes its order all the
 * time. */
static void dump_threads(const struct zk_thread_registry *registry, struct zk_str *text)
    REQUIRES(registry)
{
    size_t count = 0;
    for (const struct zk_thread_entry *e = registry->entries; e != NULL; e = e->next)
        count++;
    const struct zk_thread_entry **sorted = zk_xcalloc(count, sizeof *sorted);
    count = 0;
    for (const struct zk_thread_entry *e = registry->entries; e != NULL; e = e->next)
        sorted[count++] = e;
    qsort(sorted, count, sizeof *sorted, compare_entries);
    for (size_t i = 0; i < count; i++)
        dump_thread(registry, sorted[i], text);
    free(sorted);
}

/* The length is guarded by the queue's lock, which must not be waited for here: a thread that holds
 * it may be waiting for the registry. It is held for a moment only, so that it is nearly always
 * free. */
static void dump_queues(const struct zk_thread_registry *registry, struct zk_str *text)
    REQUIRES(registry)
{
    for (const struct zk_queue_entry *queue = registry->queues; queue != NULL;
         queue = queue->next) {
        if (pthread_mutex_trylock(&queue->mu->mutex) == 0) {
            zk_str_printf(text, "%s: %zu of at most %zu elements", queue->name, *queue->size,
                          queue->limit);
            pthread_mutex_unlock(&queue->mu->mutex);
        } else {
            zk_str_printf(text, "%s: in use just now, at most %zu elements", queue->name,
                          queue->limit);
        }
        dump_waiting(registry, queue->mu, ", waited for by ", text);
        zk_str_append(text, "\n");
    }
}

static void dump_holder(const struct zk_thread_registry *registry, int64_t owner,
                        struct zk_str *text) REQUIRES(registry)
{
    const char *name = unknown_name;
    for (const struct zk_thread_entry *entry = registry->entries; entry != NULL;
         entry = entry->next)
        if (zk_thread_id_of(entry->thread) == owner)
            name = entry->name;
    zk_str_printf(text, "held by \"%s\"", name);
}

static void dump_locks(const struct zk_thread_registry *registry, struct zk_str *text)
    REQUIRES(registry)
{
    for (const struct zk_mutex *mutex = registry->mutexes; mutex != NULL; mutex = mutex->next) {
        const int64_t owner = zk_mutex_owner(mutex);
        zk_str_printf(text, "%s (rank %d): ", mutex->name, mutex->rank);
        if (owner == 0)
            zk_str_append(text, "free");
        else
            dump_holder(registry, owner, text);
        dump_waiting(registry, mutex, "; waiting: ", text);
        zk_str_append(text, "\n");
    }
}

void zk_registry_dump(struct zk_thread_registry *registry, struct zk_str *ret_text)
{
    registry_lock(registry);
    zk_str_append(ret_text, "---- Threads: what each one waits for, and which locks it holds\n");
    dump_threads(registry, ret_text);
    zk_str_append(ret_text,
                  "---- Queues: how many elements each one has, and which threads wait for one\n");
    dump_queues(registry, ret_text);
    zk_str_append(ret_text,
                  "---- Locks: a thread may only take one of a higher rank than it holds\n");
    dump_locks(registry, ret_text);
    registry_unlock(registry);
}
