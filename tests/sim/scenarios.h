/* What happens to a simulated ensemble: the drivers that zksim runs. */
#ifndef SIM_SCENARIOS_H
#define SIM_SCENARIOS_H

#include "cluster.h"

struct scenario {
    const char *name;
    const char *what; /* for --help */
    void (*drive)(struct cluster *cluster);
    bool alone;  /* of one server without an ensemble, whatever was asked for */
    bool sweeps; /* all seeds are one world, and their number is the point of a sweep */
};

extern const struct scenario SCENARIOS[];
extern const size_t SCENARIO_COUNT;

const struct scenario *scenario_find(const char *name); /* NULL: none */

/* So long the peers of a calm world may take to stop. */
enum { SCENARIO_STOP_MS = 30000 };

/* Draws the faults of the seed, boots all, and lets the faults happen; then all that broke is
 * mended, and all agree again. errors: calls fail, too. */
void scenario_break_things(struct cluster *cluster, bool errors);

/* writes.c: small numbers, so that snapshots, rolled logs and each kind of synchronisation come
 * often; and these lines. */
void scenario_draw_configuration(struct cluster *cluster, const char *end);
void drive_writes(struct cluster *cluster);
void drive_write_errors(struct cluster *cluster);
void drive_sweep(struct cluster *cluster);   /* sweep.c */
void drive_clients(struct cluster *cluster); /* clients_drive.c */
/* What happens to clients beside the fault of that number. */
void clients_suffer(struct cluster *cluster, int number);
/* I14 alone: waits until all have come to rest. */
void trees_must_agree(struct cluster *cluster);
/* I25 for what trees_must_agree has last seen, when clients_check is through. */
void quotas_must_agree(const struct cluster *cluster);
/* The clients write nothing more; then I13, I14 and I9 must hold, and sessions that nobody keeps
 * must end. Waits for all that, and fails the world if it does not come. */
void writes_must_agree(struct cluster *cluster);

#endif
