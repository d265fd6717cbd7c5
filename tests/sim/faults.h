/* What a driver does to an ensemble: a list of faults, all drawn from the seed before the first one
 * happens. So the list is the same whatever comes of it, its faults have numbers, and some of them
 * can be left out without any change to the draws of the others. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

struct cluster;

enum {
    FAULTS_MAX = 24,
    FAULT_WORDS_SIZE = 160,
};

enum fault_kind {
    FAULT_CRASH_OR_BOOT,
    FAULT_WHOLE_CLUSTER,
    FAULT_PARTITION,
    FAULT_ONE_WAY_CUT,
    FAULT_HEAL,
    FAULT_RESET,
    FAULT_SLOW_LINK,
    FAULT_STOP,
    FAULT_ERRORS,
};

struct fault {
    enum fault_kind kind;
    int host;
    int other;
    bool power_loss[HOSTS_MAX]; /* how each of them crashes, if it does */
    int side[HOSTS_MAX];        /* of a partition */
    int64_t off_ms;             /* the whole cluster */
    int64_t latency_us;         /* a slow link */
    int64_t bytes_per_s;
    enum injection error;
    unsigned times;
    unsigned one_in;

    /* What follows, also if the fault is left out: a pause, and some that are down come back. */
    int64_t pause_ms;
    bool comes_back[HOSTS_MAX];

    char words[FAULT_WORDS_SIZE]; /* what it did in the last run; "": nothing */
};

struct fault_plan {
    int64_t gaps_ms[HOSTS_MAX]; /* after the first boot of each */
    int count;
    struct fault faults[FAULTS_MAX];
};

/* Mistakes of the driver itself, for the tests of the hunt: it must see and shrink them. */
enum plant {
    PLANT_NONE,
    PLANT_STALE_DISK, /* a disk that has lost power holds acceptedEpoch 0 */
    PLANT_NO_HEAL,    /* cut links stay cut */
};

/* Draws the faults of this seed. errors: the system fails calls, too. */
void fault_plan_draw(struct fault_plan *plan, int hosts, bool errors);

/* Does the fault to the cluster, now, and writes its words. */
void fault_apply(struct cluster *cluster, struct fault *fault);

#endif
