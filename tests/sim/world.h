/* A world: some hosts with their disks, a network between them, and the unmodified product running
 * on them, in virtual time. All that happens in it is decided by one number, the seed.
 *
 * A test calls world_run with a driver: a function that runs inside the world, on no host, and
 * boots programs, breaks things, waits and looks. When the driver returns, the world ends, whatever
 * still runs in it. Hosts are numbered from 1; host 3 is "peer3" to its resolver, 10.0.0.3 on the
 * network.
 *
 * A world fails when the driver says so (world_fail) or when the simulator sees something that no
 * program may do: deadlock, a leak at the end of a process, a lock taken in two orders, a
 * descriptor closed twice... (see README.md). */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORLD_WALL_S = 1700000000 }; /* what the wall clock says when a world begins */

#ifndef SIM_HOSTS_MAX /* the bench builds a larger world */
#define SIM_HOSTS_MAX 16
#endif

enum {
    HOSTS_MAX = SIM_HOSTS_MAX, /* and host 0, which is nowhere: the driver's */
    WORLD_REASON_SIZE = 1024,
};

/* The two descriptors that a program finds open. */
enum { FD_TRACE = 1, FD_LOG = 2 };

enum world_result {
    WORLD_OK,
    WORLD_FAILED,
    WORLD_DEADLOCK,
    WORLD_ENDLESS, /* the step limit */
};

struct world_options {
    uint64_t seed;
    bool show_lines;          /* print each line that programs write, with the virtual time */
    bool show_calls;          /* and each simulated call */
    bool calm;                /* whole reads, quick links and disks, nothing but orderly chance */
    bool in_turn;             /* no chance at all, for plays: threads run in the order in which they
                               * became ready, each until it blocks; calls take no time, a link one
                               * millisecond, a sync a tenth of one; a power loss takes all that was
                               * not synced */
    uint64_t step_limit;      /* simulated calls; 0: 20 million */
    uint64_t show_allocation; /* print the stack of the n-th allocation of the world; 0: none */
    /* A line was written to FD_TRACE or FD_LOG, without its newline and not terminated. Runs in the
     * writer's thread: must not call what blocks. */
    void (*on_line)(void *arg, int host, int fd, const char *line, size_t length);
    /* A process has ended by itself. code: of its main function; 134 after abort(). */
    void (*on_exit)(void *arg, int host, int code);
    /* world_crash_before has come true, and the process is no more. */
    void (*on_crash)(void *arg, int host);
    void *arg;
};

struct world_report {
    enum world_result result;
    char reason[WORLD_REASON_SIZE]; /* "" if all is well */
    uint64_t transcript; /* hash of every decision and all bytes sent or stored: its fingerprint */
    int64_t virtual_ns;
    uint64_t steps;             /* simulated calls */
    uint64_t switches;          /* from one thread to another */
    uint64_t threads;           /* started */
    uint64_t leaked_allocation; /* ordinal of one that leaked; 0: none */
};

struct world_report world_run(const struct world_options *options, void (*driver)(void *arg),
                              void *arg);

/* --- for drivers: processes and hosts --- */

typedef int world_program(int host, void *arg);

/* Starts a process on a host where none runs; switches the host on if it is off. When main returns,
 * nothing of the process may be left: that is checked. */
void world_boot(int host, world_program *main, void *arg);
/* Runs call(arg) in a thread of its own inside the host's process, as a signal's handler would. */
void world_call(int host, void *(*call)(void *arg), void *arg);

enum world_crash {
    WORLD_KILL,       /* as kill -9: the system lives on and closes the connections */
    WORLD_POWER_LOSS, /* nobody hears a word, and the disk keeps what was synced */
};
void world_crash(int host, enum world_crash how);
bool world_is_running(int host);
/* The process on that host crashes by itself before the count-th of its calls from now on that
 * changes what outlives it: a write to a file, a sync, a new, other or no name, a file's size,
 * bytes sent. 0: not any more. on_crash tells. */
void world_crash_before(int host, uint64_t count, enum world_crash how);
/* How many such calls the host has made so far. */
uint64_t world_crash_points(int host);
/* As SIGSTOP and SIGCONT to the process on that host, if one runs. */
void world_freeze(int host, bool frozen);

/* Puts a file on a host's disk, durably, with its directories; before or between processes. */
void world_write_file(int host, const char *path, const char *text);
/* What the file holds now; false: there is none, or it is longer. */
bool world_read_file(int host, const char *path, char *ret_text, size_t size);

/* A file as the host's disk has it. All pointers are the disk's, until anything runs. */
struct world_file {
    const char *path;
    const uint8_t *bytes; /* the first of them; what follows up to its size is zeros */
    size_t stored;
    uint64_t inode; /* its number: the same file under another name has the same */
    unsigned cuts;  /* how often it was made shorter, or lost what was not synced */
    int64_t *mark;  /* of those that look, one for each path: 0 when it is seen first */
};

/* Shows look the files of a host, in no order: what a power loss would leave for certain, name and
 * bytes (durable); or what programs see now. */
void world_each_file(int host, bool durable, void (*look)(void *arg, const struct world_file *file),
                     void *arg);
/* A number that changes with each change of what is durable there. */
uint64_t world_disk_changes(int host);

/* --- for drivers: time and chance --- */

int64_t world_now_ms(void);
void world_sleep_ms(int64_t ms);
void world_sleep_us(int64_t us);
/* Sleep until question(arg) is true, asked at each world_notify; false: time is up. */
bool world_wait_until(bool (*question)(void *arg), void *arg, int64_t timeout_ms);
/* From on_line or on_exit: the answer to somebody's question may have changed. In turn, whoever
 * runs gives way at its next call. */
void world_notify(void);
/* 0 <= result < bound; 0 if bound is 0 */
uint64_t world_random(uint64_t bound);
/* The same from another stream: what a scenario has learned to draw lately leaves all other draws
 * of a seed as they are. */
uint64_t world_random_apart(uint64_t bound);
/* From now on nobody is stalled, nobody goes before another, and disks are quick: the world gives
 * everybody his time. */
void world_calm(void);
/* Whether so little goes through a connection, in a calm world as well, that one request behind
 * another may hold up a ping for as long as a session lives. */
bool world_links_are_narrow(void);
/* Ends the world here. Also from on_line and on_exit. */
_Noreturn void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- for drivers: the network --- */

/* Nothing gets through from one host to the other any more, or again. Loopback is a link too. */
void world_cut_link(int from, int to, bool cut);
/* Hosts on different sides do not hear each other. side has HOSTS_MAX entries. */
void world_partition(const int *side);
/* All links are whole and quick. */
void world_heal(void);
void world_reset_connections(int a, int b);
/* bytes_per_s 0: without limit. */
void world_set_link(int from, int to, int64_t latency_us, int64_t jitter_us, int64_t bytes_per_s);

/* --- for drivers: errors of the system --- */

enum injection {
    INJECT_EINTR,        /* any call that may block */
    INJECT_EMFILE,       /* socket, accept, open */
    INJECT_ECONNABORTED, /* accept */
    INJECT_ENOSPC,       /* creating, writing, mkdir */
    INJECT_EIO,          /* read, write, fsync of a file */
    INJECT_SHORT,        /* a file's read or write does only a part */
    INJECT_EAGAIN,       /* pthread_create */
    INJECT_ENOMEM,       /* malloc and its family */
    INJECTIONS,
};

/* The next times calls on this host that can fail so may do so, each with a chance of one in
 * one_in. 0 times: no more of it. */
void world_inject(int host, enum injection what, unsigned times, unsigned one_in);
/* How often that has happened on the host since it was first booted. */
unsigned world_injected(int host, enum injection what);

#endif
