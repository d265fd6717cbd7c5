/* What happens to a simulated ensemble: the drivers that zksim runs. */
#ifndef SIM_SCENARIOS_H
#define SIM_SCENARIOS_H

#include "cluster.h"

struct scenario {
    const char *name;
    const char *what; /* for --help */
    void (*drive)(struct cluster *cluster);
};

extern const struct scenario SCENARIOS[];
extern const size_t SCENARIO_COUNT;

const struct scenario *scenario_find(const char *name); /* NULL: none */

#endif
