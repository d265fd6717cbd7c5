/* A failing run with fewer faults, which fails in the same way. */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include <stdint.h>

#include "run.h"

/* The last run was this seed with these faults left out, and it failed. Runs it again and again
 * with fewer faults, for 20 seconds at most; tells on standard error which are needed and how to
 * run exactly that. Returns what is left out in the end. */
uint64_t shrink(const struct settings *settings, uint64_t seed, uint64_t left_out,
                const struct world_report *failed);

/* Returns whether both fail for the same reason, if its particulars are not looked at. */
bool shrink_same_kind(const char *reason, const char *other);

#endif
