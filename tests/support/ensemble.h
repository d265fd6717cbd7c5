/* A whole ensemble in the test's own process: real peers, real loopback, real disk in a temporary
 * directory. Each peer has a context of its own, as each process would; nothing is shared but the
 * address. */
#ifndef ENSEMBLE_H
#define ENSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/ensemble/server_state.h"

struct quorum_peer;

enum { ENSEMBLE_MOST = 16 };

struct ensemble_peer {
    int64_t sid;
    uint16_t client_port;
    uint16_t quorum_port;
    uint16_t election_port;
    bool observer;
    char *directory; /* holds zoo.cfg, data/myid, data/version-2, trace */
    char *extra;     /* further lines of its zoo.cfg; "" */
    char *servers;   /* its server lines, if they are not everybody's; NULL */
    /* While it runs: */
    struct zk_context *ctx; /* NULL: it does not run */
    int trace_fd;
    struct quorum_peer_config *config;
    struct quorum_peer_run *run;
};

struct ensemble {
    char *directory;
    bool read_only_mode; /* -Dreadonlymode.enabled=true for all that are started from now on */
    struct ensemble_peer peers[ENSEMBLE_MOST];
    size_t count;
};

/* Plans an ensemble of voters 1..voters and observers after them; nothing runs yet. tickTime is 100
 * ms, initLimit 100, syncLimit 300: nobody is given up because the machine is busy. A session may
 * last ENSEMBLE_SESSION_MS. */
enum { ENSEMBLE_SESSION_MS = 600000 };
void ensemble_init(struct ensemble *ensemble, size_t voters, size_t observers);
/* Further lines for everybody's zoo.cfg. Before the first start. */
void ensemble_add_lines(struct ensemble *ensemble, const char *lines);
struct ensemble_peer *ensemble_peer(struct ensemble *ensemble, int64_t sid);
/* Stops all, and removes the directory. */
void ensemble_done(struct ensemble *ensemble);

/* Starts one, on the directory that it left. The test fails if it does not start. */
void ensemble_start(struct ensemble *ensemble, int64_t sid);
void ensemble_start_all(struct ensemble *ensemble);
/* Stops one and waits until nothing of it is left. Returns its exit code. */
int ensemble_stop(struct ensemble *ensemble, int64_t sid);
/* Waits until it has ended by itself. Returns its exit code. */
int ensemble_wait_end(struct ensemble *ensemble, int64_t sid);

/* Returns what a running peer is; NULL if it does not run. */
struct quorum_peer *ensemble_self(struct ensemble *ensemble, int64_t sid);

/* Waits until every running peer serves, all under one leader, which is returned. The test fails if
 * that takes too long. */
int64_t ensemble_await_leader(struct ensemble *ensemble);
/* Waits until one peer is in that state and, unless it is LOOKING, serves. */
void ensemble_await_state(struct ensemble *ensemble, int64_t sid, enum server_state state);

/* Returns how often its trace has the event, since the first start. */
size_t ensemble_count_events(struct ensemble *ensemble, int64_t sid, const char *words);

/* The first returns how many threads this process has, the second waits until they are so many: a
 * test sees by them that nothing is left. The kernel may count a thread that has been joined a
 * little longer. */
size_t process_threads(void);
void await_process_threads(size_t count);

#endif
