/* The program that runs on a simulated host: what src/main.c is to a real one, less the options and
 * the signals. It is compiled with the product and redirected like it. */
#ifndef SIM_PEER_MAIN_H
#define SIM_PEER_MAIN_H

#include <pthread.h>
#include <stdbool.h>

#define PEER_CONFIG_FILE "/conf/zoo.cfg"
#define PEER_DATA_DIR    "/data"

struct peer_process;
struct quorum_peer_main;
struct quorum_peer_run;

/* What else runs in the process, beside a peer of an ensemble. */
struct peer_companion {
    void *(*begin)(struct peer_process *process, struct quorum_peer_run *run, int host);
    void (*end)(void *companion);  /* the peer's threads are gone; the companion's must go, too */
    void (*free)(void *companion); /* the peer is freed */
};

/* One process; all zeros but the options. */
struct peer_process {
    bool log;         /* write the log to descriptor 2 */
    bool brief;       /* and to descriptor 1 only what the invariants need, not the whole trace */
    bool check_locks; /* zk_context_options */
    const char *const *properties;          /* key, value, key..., NULL: those of -D; NULL: none */
    const struct peer_companion *companion; /* NULL: none */
    void *companion_arg;                    /* for it alone */
    /* A server alone serves from now on, which no line of its trace says. Called by a thread of the
     * process; it does not block. */
    void (*on_alone)(void *arg, int host);
    void *on_alone_arg;

    pthread_mutex_t mutex;
    struct quorum_peer_main *program; /* guarded by mutex; NULL: not started, or over */
    bool stop;                        /* guarded by mutex: asked for */
    int stoppers;                     /* guarded by mutex: threads that use program */
};

/* arg: struct peer_process. The exit code. */
int peer_main(int host, void *arg);

/* What a thread of the process does when somebody sends SIGTERM. arg: struct peer_process. */
void *peer_stop(void *arg);

#endif
