/* The drivers. Each draws what it does from world_random, so that a seed is a story; none of them
 * looks into a peer: they know what the traces say, and the disks. */
#include "scenarios.h"

#include <string.h>

enum {
    SETTLE_MS = 300000,       /* from the first boot, with links as the seed has them */
    SETTLE_AGAIN_MS = 600000, /* from the last fault, after up to two minutes of backing off */
    STOP_MS = 300000,
    ERRORS_MAX = 6,
};

static int any_host(const struct cluster *cluster)
{
    return 1 + (int)world_random((uint64_t)cluster->size);
}

static void boot_all(struct cluster *cluster, int64_t gap_ms)
{
    for (int host = 1; host <= cluster->size; host++) {
        if (!world_is_running(host))
            cluster_boot(cluster, host);
        if (gap_ms > 0)
            world_sleep_ms((int64_t)world_random((uint64_t)gap_ms));
    }
}

/* ---- election ------------------------------------------------------------------------------- */

/* All boot, elect and agree; all stop, and nothing of them is left. */
static void drive_election(struct cluster *cluster)
{
    boot_all(cluster, 0);
    cluster_must_settle(cluster, SETTLE_MS);
    cluster_must_stop(cluster, STOP_MS);
}

/* ---- stop ----------------------------------------------------------------------------------- */

/* All boot, one after the other, and are stopped at some moment, ready or not. */
static void drive_stop(struct cluster *cluster)
{
    boot_all(cluster, 300);
    world_sleep_ms((int64_t)world_random(world_random(2) == 0 ? 300 : 5000));
    cluster_must_stop(cluster, STOP_MS);
}

/* ---- faults --------------------------------------------------------------------------------- */

static void crash(struct cluster *cluster, int host)
{
    cluster_crash(cluster, host, world_random(2) == 0 ? WORLD_KILL : WORLD_POWER_LOSS);
}

static void fault_crash_or_boot(struct cluster *cluster)
{
    int host = any_host(cluster);
    if (world_is_running(host))
        crash(cluster, host);
    else
        cluster_boot(cluster, host);
}

static void fault_whole_cluster(struct cluster *cluster)
{
    for (int host = 1; host <= cluster->size; host++)
        if (world_is_running(host))
            crash(cluster, host);
    world_sleep_ms((int64_t)world_random(2000));
    boot_all(cluster, 0);
}

static void fault_restart_gracefully(struct cluster *cluster)
{
    int host = any_host(cluster);
    if (world_is_running(host))
        cluster_stop(cluster, host);
}

static void fault_partition(struct cluster *cluster)
{
    int side[HOSTS_MAX] = {0};
    for (int host = 1; host <= cluster->size; host++)
        side[host] = (int)world_random(2);
    world_partition(side);
}

/* Two draws stand in two statements: in one, the compiler would choose their order. */
static void fault_one_way_cut(struct cluster *cluster)
{
    int from = any_host(cluster);
    int to = any_host(cluster);
    if (from != to)
        world_cut_link(from, to, true);
}

static void fault_heal(struct cluster *cluster)
{
    (void)cluster;
    world_heal();
}

static void fault_reset(struct cluster *cluster)
{
    int a = any_host(cluster);
    int b = any_host(cluster);
    world_reset_connections(a, b);
}

static void fault_slow_link(struct cluster *cluster)
{
    int from = any_host(cluster);
    int to = any_host(cluster);
    int64_t latency_us = (int64_t)world_random(3000000);
    int64_t bytes_per_s = 200 + (int64_t)world_random(5000);
    world_set_link(from, to, latency_us, latency_us / 2, bytes_per_s);
}

static void (*const faults[])(struct cluster *cluster) = {
    fault_crash_or_boot, fault_crash_or_boot,      fault_crash_or_boot, fault_whole_cluster,
    fault_partition,     fault_one_way_cut,        fault_heal,          fault_reset,
    fault_slow_link,     fault_restart_gracefully,
};

static void draw_errors(struct cluster *cluster)
{
    enum injection what = (enum injection)world_random(INJECTIONS);
    unsigned times = 1 + (unsigned)world_random(ERRORS_MAX);
    unsigned one_in = 1 + (unsigned)world_random(50);
    world_inject(any_host(cluster), what, times, one_in);
}

static void no_more_errors(struct cluster *cluster)
{
    for (int host = 1; host <= cluster->size; host++)
        for (int what = 0; what < INJECTIONS; what++)
            world_inject(host, (enum injection)what, 0, 1);
}

static void pause_and_boot(struct cluster *cluster)
{
    uint64_t longest_ms = world_random(3) == 0 ? 40000 : 1500;
    world_sleep_ms((int64_t)world_random(longest_ms));
    for (int host = 1; host <= cluster->size; host++)
        if (!world_is_running(host) && world_random(2) == 0)
            cluster_boot(cluster, host);
}

static void break_things(struct cluster *cluster, bool errors)
{
    boot_all(cluster, 3000);
    for (uint64_t rounds = 3 + world_random(8); rounds > 0; rounds--) {
        if (errors && world_random(2) == 0)
            draw_errors(cluster);
        faults[world_random(sizeof faults / sizeof *faults)](cluster);
        pause_and_boot(cluster);
    }
    no_more_errors(cluster);
    world_heal();
    world_calm();
    cluster_must_settle(cluster, SETTLE_AGAIN_MS);
}

static void drive_faults(struct cluster *cluster)
{
    break_things(cluster, false);
}

static void drive_errors(struct cluster *cluster)
{
    break_things(cluster, true);
}

/* ---- the list ------------------------------------------------------------------------------- */

const struct scenario SCENARIOS[] = {
    {"election", "all boot and agree; all stop, and nothing is left", drive_election},
    {"stop", "all boot and are stopped at any moment", drive_stop},
    {"faults", "crashes, power losses, partitions, cuts, resets, slow links; then all must agree",
     drive_faults},
    {"errors", "the same, and the system fails calls: EMFILE, EIO, ENOSPC, EINTR, no memory...",
     drive_errors},
};
const size_t SCENARIO_COUNT = sizeof SCENARIOS / sizeof *SCENARIOS;

const struct scenario *scenario_find(const char *name)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++)
        if (strcmp(SCENARIOS[i].name, name) == 0)
            return &SCENARIOS[i];
    return NULL;
}
