/* Small programs with one mistake each, so that the simulator can show that it sees it. They are
 * compiled like the product and redirected like it. */
#ifndef SIM_PLANTED_H
#define SIM_PLANTED_H

#include "world.h"

struct planted {
    const char *name;
    const char *reason; /* what the verdict must contain; NULL: no mistake, all seeds must pass */
    world_program *program;
};

extern const struct planted PLANTED[];
extern const size_t PLANTED_COUNT;

/* Two programs for the disk: one writes, and after a power loss the other reads. */
#define PLANTED_FILE "/data/number"
int planted_write_unsynced(int host, void *arg);
int planted_write_nameless(int host, void *arg); /* syncs the file, not its directory */
int planted_write_safely(int host, void *arg);

/* Two programs for the network. The first, on host 2, takes a connection and never reads; the
 * second, on host 1, sends to it until it is told that the connection is no more. */
int planted_never_read(int host, void *arg);
int planted_send_for_ever(int host, void *arg);

/* Adds without a lock: seen only by ThreadSanitizer, or when preempted at each basic block. */
int planted_unlocked_counter(int host, void *arg);

#endif
