/* The half of the load that runs in a peer's process (load.h). Compiled with the product and
 * redirected like it. */
#ifndef SIM_LOAD_PROGRAM_H
#define SIM_LOAD_PROGRAM_H

#include "load.h"
#include "peer_main.h"

/* For peer_process.companion: plays the clients of the load that want to be here. */
extern const struct peer_companion load_companion;

/* For world_call, arg: struct load_question: looks at what this server has, at the end. */
struct load_question {
    struct peer_process *process;
    const struct load_node *nodes; /* as they must be */
    size_t node_count;
    struct load_view *view; /* where the answer goes */
};
void *load_look(void *arg);

#endif
