/* The threads of a context, each with its name, the locks that it holds and what it waits for; and,
 * for a thread dump, the context's locks and queues. There is no thread-local storage, so a thread
 * finds its own entry by comparing ids. All of it stands under one plain mutex, which is taken last
 * of all locks and only for a few steps. For floor runtime only. */
#ifndef ZK_RUNTIME_THREAD_REGISTRY_H
#define ZK_RUNTIME_THREAD_REGISTRY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "zk/base/attrs.h"
#include "zk/base/refcount.h"

struct zk_mutex;
struct zk_str;

enum {
    ZK_THREAD_NAME_SIZE = 128,
    ZK_HELD_MAX = 24, /* ranks must ascend, so that a thread holds few locks at a time */
};

struct zk_thread_entry {
    struct zk_thread_entry *next;
    pthread_t thread;
    /* Made by the registry for a thread that no group started, while it holds a lock. */
    bool guest;
    char name[ZK_THREAD_NAME_SIZE];

    /* In the order of taking; kept if locks are checked. */
    const struct zk_mutex *held[ZK_HELD_MAX];
    size_t held_count;

    /* "waits for lock" and its name; NULL: the thread runs. Kept for a thread dump. */
    const char *blocks_how;
    const char *blocks_on;
    const struct zk_mutex *blocks_on_mutex; /* NULL: on something else */
};

/* A queue, for a thread dump. It stands in the queue itself. */
struct zk_queue_entry {
    struct zk_queue_entry *next;
    struct zk_queue_entry *previous;
    const char *name;
    size_t limit;
    struct zk_mutex *mu;
    const size_t *size; /* guarded by mu */
};

/* The mutex guards all that follows it: whoever holds it "holds the registry". */
struct CAPABILITY("registry") zk_thread_registry {
    pthread_mutex_t mutex;
    struct zk_thread_entry *entries;
    bool take_turns;              /* whether the threads of all entries take turns */
    struct zk_thread_entry first; /* the thread that made the context: "main" */
    struct zk_mutex *mutexes;     /* NULL if there is to be no thread dump */
    struct zk_queue_entry *queues;
};

/* The calling thread becomes "main". */
void zk_registry_init(struct zk_thread_registry *registry);
/* Panics if a thread is left. */
void zk_registry_done(struct zk_thread_registry *registry);

/* Calls pthread_create() and enters the new thread in one step, so that the thread finds itself
 * however early it asks. entry has its name and stays the caller's, until it is removed.
 * Returns a positive errno. */
int zk_registry_create(struct zk_thread_registry *registry, struct zk_thread_entry *entry,
                       const pthread_attr_t *attr, void *(*start)(void *arg), void *arg);
/* The thread of entry calls it, as the last thing that it does. Panics if it still holds a lock. */
void zk_registry_remove(struct zk_thread_registry *registry, struct zk_thread_entry *entry);

/* Copies the calling thread's name; "main" if the registry does not know it. */
void zk_registry_name(struct zk_thread_registry *registry, char *ret_name, size_t size);
/* Returns false if the calling thread is unknown, or is the first one: its name for the system is
 * that of the process. */
bool zk_registry_rename(struct zk_thread_registry *registry, const char *name);
size_t zk_registry_count(struct zk_thread_registry *registry);
/* Lets all threads take turns if *work is at least much, and ends that if it is at most little. A
 * new thread begins with the policy of the thread that starts it. */
void zk_registry_take_turns(struct zk_thread_registry *registry, const struct zk_atomic_long *work,
                            int64_t much, int64_t little);

/* Locks, when they are checked. Each of the three panics with the names of the locks and of the
 * thread. */
void zk_registry_take(struct zk_thread_registry *registry, const struct zk_mutex *mutex);
void zk_registry_release(struct zk_thread_registry *registry, const struct zk_mutex *mutex);
/* The calling thread is about to wait on a condition of mutex: it must hold no other lock. */
void zk_registry_check_wait(struct zk_thread_registry *registry, const struct zk_mutex *mutex);

/* For a thread dump: what the calling thread is about to block on. how is static text, on must
 * outlive the wait; mutex is NULL unless it is a lock or a condition of it. zk_registry_go_on: the
 * wait is over. */
void zk_registry_block(struct zk_thread_registry *registry, const char *how, const char *on,
                       const struct zk_mutex *mutex);
void zk_registry_go_on(struct zk_thread_registry *registry);
void zk_registry_add_mutex(struct zk_thread_registry *registry, struct zk_mutex *mutex);
void zk_registry_remove_mutex(struct zk_thread_registry *registry, struct zk_mutex *mutex);
void zk_registry_add_queue(struct zk_thread_registry *registry, struct zk_queue_entry *queue);
void zk_registry_remove_queue(struct zk_thread_registry *registry, struct zk_queue_entry *queue);

/* Appends the three tables of a thread dump. */
void zk_registry_dump(struct zk_thread_registry *registry, struct zk_str *ret_text);

#endif
