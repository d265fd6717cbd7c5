/* One seed: what the command and the seed make of a world. */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cluster.h"
#include "scenarios.h"
#include "world.h"

enum {
    EXIT_CLEAN = 0,
    EXIT_VIOLATION = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_DETERMINISTIC = 3,
    EXIT_INTERRUPTED = 130,
};

enum { COMMAND_SIZE = 512, JOBS_MAX = 64 };

/* What was asked for on the command line. */
struct settings {
    uint64_t first;
    uint64_t last;
    uint64_t step; /* only every step-th of them */
    const struct scenario *scenario;
    bool mix; /* the seed decides on peers, observers and groups */
    int peers;
    int observers;
    bool groups;
    uint64_t left_out; /* bit n: fault n+1 of each seed does not happen */
    enum plant plant;
    int jobs;
    bool twice;
    bool keep_going;
    bool quiet;
    bool fingerprint;
    bool show_lines;
    bool show_calls;
    FILE *trace; /* NULL: none */
};

/* The ensemble of a seed, for whom the settings are the same. */
struct cluster_options run_options(const struct settings *settings, uint64_t seed);

/* Runs it. left_out: see settings. show_allocation: see world_options. */
struct world_report run_seed(const struct settings *settings, uint64_t seed, uint64_t left_out,
                             uint64_t show_allocation);

/* The cluster of the last run, after it: what happened, and what was seen. */
const struct cluster *run_cluster(void);

/* Gives back what the runs have allocated. */
void run_end(void);

/* The command that runs exactly this again. */
void run_command(const struct settings *settings, uint64_t seed, uint64_t left_out, char *ret_text,
                 size_t size);

/* If the program dies in a run (a fault, a sanitizer's verdict), it says which seed that was. */
void run_prepare_for_death(void);

#endif
