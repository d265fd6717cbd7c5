/* Writes that plays ask for. Compiled with the product and redirected like it.
 *
 * The smallest write that there is: a client opens a session. It makes no node, takes the way of
 * every other write (NOTES.md 4.4), and is one transaction. */
#ifndef SIM_PLAY_WRITES_H
#define SIM_PLAY_WRITES_H

#include <stdbool.h>

#include "peer_main.h"

struct play_write {
    struct peer_process *process;
    bool asked;   /* the server has taken it, or serves nobody */
    bool refused; /* the latter */
    /* The client is told that it is done; on a thread of the process. */
    void (*on_answer)(void *arg, int host);
    void *arg;
    int host;
};

/* For world_call on the server's host. arg: struct play_write, which stays where it is until the
 * world ends. */
void *play_write_ask(void *arg);

#endif
