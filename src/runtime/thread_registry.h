/* Who is who among the threads of a context: pthread_self() to a name and to the locks that it
 * holds. There is no thread-local storage, so a thread finds its own entry by comparing ids, under
 * one plain mutex that is taken last of all and only for a few steps. For floor runtime only. */
#ifndef ZK_RUNTIME_THREAD_REGISTRY_H
#define ZK_RUNTIME_THREAD_REGISTRY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "zk/base/attrs.h"

struct zk_mutex;

enum {
    ZK_THREAD_NAME_SIZE = 128,
    ZK_HELD_MAX = 24, /* ranks must ascend, so that a thread holds few locks at a time */
};

struct zk_thread_entry {
    struct zk_thread_entry *next;
    pthread_t thread;
    bool guest; /* made by the registry for a thread that no group started, while it holds a lock */
    char name[ZK_THREAD_NAME_SIZE];
    const struct zk_mutex
        *held[ZK_HELD_MAX]; /* in the order of taking; kept if locks are checked */
    size_t held_count;
};

/* The mutex guards all entries: whoever holds it "holds the registry". */
struct CAPABILITY("registry") zk_thread_registry {
    pthread_mutex_t mutex;
    struct zk_thread_entry *entries;
    struct zk_thread_entry first; /* the thread that made the context: "main" */
};

/* The calling thread becomes "main". */
void zk_registry_init(struct zk_thread_registry *registry);
/* Panics if a thread is left. */
void zk_registry_done(struct zk_thread_registry *registry);

/* pthread_create() and the entry of the new thread in one step, so that the thread finds itself
 * however early it asks; entry (borrowed until it is removed) has its name. Positive errno. */
int zk_registry_create(struct zk_thread_registry *registry, struct zk_thread_entry *entry,
                       const pthread_attr_t *attr, void *(*start)(void *arg), void *arg);
/* The last thing that the thread of entry does. Panics if it still holds a lock. */
void zk_registry_remove(struct zk_thread_registry *registry, struct zk_thread_entry *entry);

/* The calling thread's name; "main" if it is unknown. */
void zk_registry_name(struct zk_thread_registry *registry, char *ret_name, size_t size);
/* False: the calling thread is unknown or the first one, whose name for the system is that of the
 * process. */
bool zk_registry_rename(struct zk_thread_registry *registry, const char *name);
size_t zk_registry_count(struct zk_thread_registry *registry);

/* Locks, when they are checked. Each panics with the names of the locks and of the thread. */
void zk_registry_take(struct zk_thread_registry *registry, const struct zk_mutex *mutex);
void zk_registry_release(struct zk_thread_registry *registry, const struct zk_mutex *mutex);
/* The calling thread is about to wait on a condition of mutex: it must hold nothing else. */
void zk_registry_check_wait(struct zk_thread_registry *registry, const struct zk_mutex *mutex);

#endif
