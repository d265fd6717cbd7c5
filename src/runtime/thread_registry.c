/* Who runs: each thread's name, what it holds, and who will join it. */
#include "runtime/thread_registry.h"

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

/* The calling thread's entry, or NULL. It goes to the front: who asks now asks again soon. */
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

/* An entry for a thread that no group started. It lives while the thread holds a lock, so that it
 * cannot be mistaken for a later thread of the same id. */
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
