/* Many seeds: the hunt. */
#ifndef SIM_EXPLORE_H
#define SIM_EXPLORE_H

#include "run.h"

/* Runs the seeds first..last, on settings->jobs processes. Stops at the first that fails (the
 * lowest one, however many run at a time), tells how to replay it, and looks for fewer faults that
 * do; or goes on, if the settings say so. The exit code of the program. */
int explore(const struct settings *settings);

#endif
