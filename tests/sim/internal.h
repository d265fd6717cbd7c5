/* The map of the simulator: its parts, and what they know of each other. world.h is what tests see.
 *
 *   world.c        one run from beginning to end; the driver's verbs
 *   sched.c        events, virtual time, who runs next
 *   process.c      processes and hosts: birth, death, what they leave behind
 *   sync.c         threads, mutexes, conditions, time; wait cycles
 *   lock_order.c   who was held when who was taken
 *   mem.c          malloc and its family; the simulator's own memory
 *   descriptors.c  the table of descriptors; close, poll, fcntl; read and write
 *   epoll.c        epoll, eventfd
 *   net.c          hosts' links, connections, bytes under way
 *   net_calls.c    the socket calls
 *   disk.c         what is on a disk, and what is left of it after a power loss
 *   disk_calls.c   the file calls
 *   observe.c      log and trace, which must not change anything
 *   ctx*.c         switching stacks
 *
 * There is one world at a time, and all of it runs on one thread: plain globals are enough. Nothing
 * in here may depend on an address, on real time or on the order of two draws of chance in one
 * expression; otherwise a seed would not replay. */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "ctx.h"
#include "world.h"

#define MICROSECOND 1000LL
#define MILLISECOND 1000000LL
#define SECOND      1000000000LL
#define NEVER       INT64_MAX

enum {
    DESCRIPTORS_MAX = HOSTS_MAX < 64 ? 256 : 1024, /* of a process */
    FIRST_DESCRIPTOR = 3,                          /* that it opens */
    TASKS_MAX = HOSTS_MAX * 256,
    NAME_SIZE = 16, /* of a thread, as Linux has it */
};

#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* --- chance: one stream for each purpose, so that a change in one does not shift the others --- */

enum chance_stream {
    CHANCE_SCHEDULE,
    CHANCE_NET,
    CHANCE_DISK,
    CHANCE_PROGRAM,
    CHANCE_DRIVER,
    CHANCE_INJECT,
    CHANCE_APART,
    CHANCE_STREAMS,
};

/* splitmix64 */
static inline uint64_t chance_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

static inline uint64_t chance(enum chance_stream stream);
static inline uint64_t chance_below(enum chance_stream stream, uint64_t bound);
/* True once in one_in times. */
static inline bool chance_one_in(enum chance_stream stream, uint64_t one_in);

/* --- events: what is due at a virtual time. Owned by what they are about; unscheduled when it
 * goes. --- */

struct event {
    size_t place; /* in the heap; 0: not scheduled */
    void (*fire)(struct event *event);
};

void event_schedule(struct event *event, int64_t when_ns, void (*fire)(struct event *event));
void event_remove(struct event *event);
/* When an event that is scheduled is due. */
int64_t event_when_ns(const struct event *event);

static inline void event_cancel(struct event *event)
{
    if (event->place != 0)
        event_remove(event);
}

/* --- tasks: simulated threads --- */

enum task_state { TASK_READY, TASK_RUNNING, TASK_BLOCKED, TASK_DONE };

struct wait_queue {
    struct task *first;
    struct task *last;
};

enum { HELD_MAX = 16 };

/* What nearly every call and every switch touch stands first. */
struct task {
    struct ctx ctx;
    uint32_t id; /* from 1 */
    uint32_t held_count;
    struct process *process; /* NULL: the driver */
    enum task_state state;
    uint32_t priority;
    bool stalled;   /* the machine has taken it away: nothing but its timer wakes it */
    bool timed_out; /* how the last block ended */
    bool joinable;
    bool guest;               /* of world_call */
    bool shelved;             /* ready, but its process is frozen */
    uint32_t held[HELD_MAX];  /* ids of mutexes, in the order taken */
    struct wait_queue *queue; /* the one it waits in */
    struct task *queue_next;
    struct task *queue_prev;
    struct event timer;
    const char *waits_for; /* words, while blocked */

    struct sim_mutex *wants;
    struct task *joiner;
    struct task *joins;
    struct task *process_next;
    struct task *process_prev;
    struct task *dead_next;
    void *(*main)(void *arg);
    void *arg;
    void *result;
    char name[NAME_SIZE];
};

/* Each simulated call begins with one: time passes, what is due happens, and another thread may run
 * first. */
static inline void sched_point(const char *call);
/* Sleep in the queue (NULL: in none) until woken or the deadline; true: it was the deadline. */
bool task_block(struct wait_queue *queue, const char *waits_for, int64_t deadline_ns);
void task_wake(struct task *task);
struct task *wait_queue_wake_one(struct wait_queue *queue); /* any of them; NULL: nobody waited */
void wait_queue_wake_all(struct wait_queue *queue);
/* Gives way now, whatever chance says. */
void task_yield(void);

struct task *task_new(struct process *process, const char *name, void *(*main)(void *arg),
                      void *arg);
struct task *task_find(uint32_t id); /* NULL: not there any more */
_Noreturn void task_end(void *result);
/* Forgets it: it has ended and was joined, or its process dies. It may be the caller. */
void task_drop(struct task *task);
const char *task_name(const struct task *task);

void sched_calm(void);    /* nobody is stalled, or goes before another, any more */
void sched_preempt(void); /* whoever runs gives way at its next call */
void sched_begin(void);
void sched_run(struct task *first); /* returns when the world is over */
_Noreturn void sched_leave(void);   /* the world is over: go back to world_run */
_Noreturn void sched_abandon(void); /* the caller was dropped: let others run */
void sched_end(void);

/* --- processes and hosts --- */

struct process {
    int host;
    bool frozen; /* none of its threads runs */
    world_program *main;
    void *arg;
    struct task *tasks;
    struct handle *handles[DESCRIPTORS_MAX];
    int handle_count;
    int taken_to;          /* none below it is free */
    struct block **blocks; /* its memory */
    size_t block_count;
    size_t block_capacity;
    bool out_of_memory; /* malloc has failed: abort() is a way out */
};

struct injector {
    unsigned left;
    unsigned one_in;
    unsigned done;
};

struct host {
    struct process *process; /* NULL: none runs */
    bool on;                 /* its power */
    struct disk *disk;       /* NULL: never used */
    uint16_t next_port;
    struct injector injectors[INJECTIONS];
    uint64_t crash_points;    /* calls that change what outlives the process */
    uint64_t crash_at;        /* the one before which it crashes; 0: none */
    enum world_crash crashes; /* how */
};

void process_die(struct process *process, bool power_loss);
/* As SIGSTOP and SIGCONT: its threads do not run, while its system lives and its time goes on. Only
 * for drivers, which are threads of no process. */
void process_freeze(struct process *process, bool frozen);
_Noreturn void process_exit(int code); /* the running one */
void process_check_clean(struct process *process);
/* Lines that a program writes. */
void process_wrote(struct process *process, int fd, const char *bytes, size_t length);

/* A call that changes what outlives the process: the process may crash before it. */
void crash_point(void);

/* Shall this call of the running process fail so? */
bool inject_now(enum injection what);

/* --- the world --- */

/* What a seed's runs are like: drawn once. */
struct character {
    bool by_priority;          /* else a random walk */
    bool in_turn;              /* by priority, and whoever became ready first has the highest */
    unsigned priority_changes; /* that are left */
    uint32_t preempt_gap;      /* calls between two preemptions, at most; 0: only by priority */
    uint32_t stall_gap;        /* and between two stalls; 0: none */
    int64_t stall_max_ns;
    uint32_t spurious_one_in; /* waits that end for no reason; 0: none */
    size_t window;            /* bytes that a connection holds in one direction */
    uint32_t split_one_in;    /* pieces that are cut once more; 0: none */
    int64_t sync_max_ns;      /* of one fsync */
    int64_t lookup_max_ns;    /* of one name */
    int64_t latency_ns;       /* of all links at first */
};

/* What nearly every call touches stands first, in as few cache lines as it fills. */
struct world {
    int64_t now_ns;
    uint64_t steps;
    int64_t call_ns;       /* CALL_NS, or 0 */
    uint64_t attention_at; /* number of the call that sched.c looks at closely */
    int64_t next_event_ns; /* NEVER: there is none */
    uint64_t hash;
    struct task *running;
    bool observing; /* the running thread only looks: observe.c */
    bool open;      /* between the beginning and the end of a run */
    uint32_t mutexes;
    uint32_t injecting; /* injectors that are not exhausted */
    uint64_t allocations;
    uint64_t inodes;
    uint64_t chance[CHANCE_STREAMS];
    struct character character;
    struct wait_queue questions; /* drivers in world_wait_until */
    struct world_options options;
    struct host hosts[HOSTS_MAX];
    struct world_report report;
};

extern struct world world;

static inline uint64_t chance(enum chance_stream stream)
{
    return chance_next(&world.chance[stream]);
}

/* The upper half of draw * bound, by halves: compilers for 32 bits have no larger number. */
static inline uint64_t chance_below(enum chance_stream stream, uint64_t bound)
{
    const uint64_t draw = chance(stream);
    const uint64_t low = (draw & UINT32_MAX) * (bound & UINT32_MAX);
    const uint64_t middle = (draw >> 32) * (bound & UINT32_MAX) + (low >> 32);
    const uint64_t other = (draw & UINT32_MAX) * (bound >> 32) + (middle & UINT32_MAX);
    return (draw >> 32) * (bound >> 32) + (middle >> 32) + (other >> 32);
}

static inline bool chance_one_in(enum chance_stream stream, uint64_t one_in)
{
    return chance_below(stream, one_in) == 0;
}

enum { CALL_NS = 400 }; /* the time that a call takes; in turn, none */

void sched_attend(const char *call);

/* Almost all points do nothing: the number of the next call that needs attention is drawn in
 * advance. A call of a thread that does not only look; false: it needs attention. */
static inline bool sched_pass(void)
{
    world.now_ns += world.call_ns;
    world.steps++;
    return world.steps < world.attention_at && world.now_ns < world.next_event_ns;
}

static inline void sched_point(const char *call)
{
    if (!world.observing && !sched_pass())
        sched_attend(call);
}

static inline struct process *process_running(void)
{
    return world.running->process;
}

static inline struct host *host_running(void)
{
    return &world.hosts[world.running->process->host];
}

static inline bool inject(enum injection what)
{
    return world.injecting > 0 && inject_now(what);
}

/* Ends the run with this verdict. The first one counts. */
_Noreturn void world_end(enum world_result result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void show_call(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define show(...) (world.options.show_calls ? show_call(__VA_ARGS__) : (void)0)

/* Prints where the running thread stands. */
void show_stack(const char *title);

/* Adds to the transcript. */
static inline void transcribe(uint64_t value)
{
    uint64_t hash = (world.hash ^ value) * 0x9fb21c651e98df25ULL;
    world.hash = hash ^ hash >> 32;
}
void transcribe_bytes(const void *bytes, size_t length);

/* --- memory --- */

/* The simulator's own, zeroed, apart from malloc: ThreadSanitizer sees nothing of it. */
void *own_alloc(size_t size);
void own_free(void *block, size_t size); /* NULL is fine */
void *own_grow_more(void *old, size_t item_size, size_t *capacity, size_t wanted);

static inline void *own_grow(void *old, size_t item_size, size_t *capacity, size_t wanted)
{
    return wanted <= *capacity ? old : own_grow_more(old, item_size, capacity, wanted);
}

/* memset, memcpy and snprintf that the sanitizers do not take for the program's. */
#ifdef SIM_TSAN
void own_zero(void *start, size_t size);
void own_copy(void *to, const void *from, size_t length);
#else
static inline void own_zero(void *start, size_t size)
{
    if (size > 0)
        memset(start, 0, size);
}

static inline void own_copy(void *to, const void *from, size_t length)
{
    if (length > 0)
        memcpy(to, from, length);
}
#endif
size_t own_length(const char *text);
/* As much of the text as fits. */
void own_text(char *ret_text, size_t size, const char *text);
int own_format(char *ret_text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ThreadSanitizer watches the program and must not take the simulator for a part of it. Built
 * without it (SIM_TSAN), all this is nothing. */
#ifdef SIM_TSAN
/* Around library calls on the simulator's own data. */
void look_away(void);
void look_again(void);
/* What a call did to the program's memory. */
void tell_read(const void *bytes, size_t length);
void tell_written(void *bytes, size_t length);
/* The thread that acquires comes after the one that released. */
void tell_acquire(void *object);
void tell_release(void *object);
#else
#define look_away()                 ((void)0)
#define look_again()                ((void)0)
#define tell_read(bytes, length)    ((void)(bytes), (void)(length))
#define tell_written(bytes, length) ((void)(bytes), (void)(length))
#define tell_acquire(object)        ((void)(object))
#define tell_release(object)        ((void)(object))
#endif

void mem_free_all(struct process *process);
uint64_t mem_first_ordinal(const struct process *process);
void *sim_malloc(size_t size);
void *sim_calloc(size_t count, size_t size);
void sim_free(void *memory);

/* --- locks --- */

void lock_order_begin(void);
void lock_order_took(struct task *task, uint32_t mutex);

/* --- descriptors --- */

enum handle_kind { HANDLE_SOCKET, HANDLE_DATA, HANDLE_DIRECTORY, HANDLE_EPOLL, HANDLE_EVENTFD };

/* A thread that is blocked on a descriptor. */
struct handle_wait {
    struct task *task;
    struct handle_wait *next;
    struct handle_wait *prev;
};

struct handle {
    enum handle_kind kind;
    int flags;                 /* of open or fcntl */
    unsigned users;            /* threads inside a call that takes time */
    struct handle_wait *waits; /* those that wait for it to change */
    struct end *end;           /* of a socket */
    struct inode *inode;       /* of a file */
    const struct path *path;   /* of a directory */
    bool has_written;          /* into its file */
    off_t position;
    bool locked;                       /* a directory, by flock */
    struct epoll_watch *epoll_watches; /* of an epoll set, the oldest first */
    uint64_t counter;                  /* of an eventfd */
    unsigned watched_by;               /* epoll sets */
};

struct handle *handle_new(enum handle_kind kind, int flags);
int handle_install(struct handle *handle); /* lowest free number; -1 with EMFILE, and it is freed */
struct handle *handle_get(int fd);         /* NULL with EBADF */
bool handle_table_full(void);
void handle_wait_begin(struct handle *handle, struct handle_wait *wait);
void handle_wait_end(struct handle *handle, struct handle_wait *wait);
bool handle_block(struct handle *handle, const char *waits_for, int64_t deadline_ns);
void handle_wake(struct handle *handle); /* NULL is fine */
void handles_close_all(struct process *process, bool power_loss);
short handle_ready(const struct handle *handle); /* poll bits */
void epoll_forget(struct handle *handle);
void epoll_close(struct handle *handle);
ssize_t counter_read(struct handle *handle, void *ret_bytes, size_t length);
ssize_t counter_write(struct handle *handle, const void *bytes, size_t length);

/* --- network --- */

void net_begin(void);
void net_end(void);
void net_links_changed(void);
/* Shows look what is under way: for each direction of each connection with bytes in it, how many,
 * and when the first of them arrive. held_back: the link is cut. */
void net_each_way(void (*look)(void *arg, int from, int to, size_t bytes, int64_t arrives_ns,
                               bool held_back),
                  void *arg);
void end_close(struct end *end, bool power_loss);
short end_ready(const struct end *end); /* poll bits */
ssize_t end_send(struct handle *handle, const void *bytes, size_t length, int flags);
ssize_t end_recv(struct handle *handle, void *ret_bytes, size_t length, int flags);

/* --- disk --- */

struct disk *disk_new(void);
void disk_free(struct disk *disk);
void paths_forget(void); /* of all disks; none of them is left */
void disk_power_loss(struct disk *disk);
void disk_install(struct disk *disk, const char *path, const char *text);
bool disk_peek(struct disk *disk, const char *path, char *ret_text, size_t size);
void disk_each_file(struct disk *disk, bool durable,
                    void (*look)(void *arg, const struct world_file *file), void *arg);
uint64_t disk_changes(const struct disk *disk);
void inode_unref(struct inode *inode);
ssize_t data_read(struct handle *handle, void *ret_bytes, size_t length,
                  off_t at); /* -1: position */
ssize_t data_write(struct handle *handle, const void *bytes, size_t length, off_t at);

#endif
