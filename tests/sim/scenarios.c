/* The drivers. Each draws what it does from world_random, so that a seed is a story; none of them
 * looks into a peer: they know what the traces say, and the disks. */
#include "scenarios.h"

#include <string.h>

#include "observe.h"
#include "text.h"

enum {
    ROUGH_MS = 60000, /* so long threads are stalled and disks are slow, as the seed has it */
    SETTLE_MS = 300000,
    SETTLE_AGAIN_MS = 600000, /* from the last fault, after up to two minutes of backing off */
    STOP_MS = 300000,
    TERMS = 10,
    TERM_MS = 60000,
    REBUILD_CONFIG_SIZE = 4096,
};

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

/* All boot, elect and agree, if need be when threads are no more stalled for longer than the
 * limits allow; all stop, and nothing of them is left. */
static void drive_election(struct cluster *cluster)
{
    boot_all(cluster, 0);
    if (!cluster_settles(cluster, ROUGH_MS)) {
        world_calm();
        cluster_must_settle(cluster, SETTLE_MS);
    }
    cluster_must_stop(cluster, STOP_MS);
}

/* ---- terms ---------------------------------------------------------------------------------- */

static int leader_of(const struct cluster *cluster)
{
    int host = 1;
    while (host < cluster->size && !cluster->invariants.peers[host].leads)
        host++;
    return host;
}

/* One leader after the other dies, and comes again at once. Nothing else goes wrong, so each time
 * all must agree again soon. */
static void drive_terms(struct cluster *cluster)
{
    boot_all(cluster, 0);
    world_calm();
    cluster_must_settle(cluster, SETTLE_MS);
    for (int term = 0; term < TERMS; term++) {
        cluster_crash(cluster, leader_of(cluster),
                      world_random(2) == 0 ? WORLD_KILL : WORLD_POWER_LOSS);
        cluster_must_settle(cluster, TERM_MS);
    }
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
}

/* ---- stop ----------------------------------------------------------------------------------- */

/* All boot, one after the other, and are stopped at some moment, ready or not. */
static void drive_stop(struct cluster *cluster)
{
    boot_all(cluster, 300);
    world_sleep_ms((int64_t)world_random(world_random(2) == 0 ? 300 : 5000));
    cluster_must_stop(cluster, STOP_MS);
}

/* ---- rebuild -------------------------------------------------------------------------------- */

/* Every second server has a newer configuration: each vote of one of these makes the others take
 * their election down and build it anew (K-24). All are stopped at some moment, often in the middle
 * of that. Nobody can ever be elected with a quorum of one configuration alone. */
static void drive_rebuild(struct cluster *cluster)
{
    for (int host = 2; host <= cluster->size; host += 2) {
        char text[REBUILD_CONFIG_SIZE];
        if (!world_read_file(host, PEER_CONFIG_FILE, text, sizeof text))
            world_fail("the configuration of %d cannot be read", host);
        text_append(text, sizeof text, "version=100000000\n");
        world_write_file(host, PEER_CONFIG_FILE, text);
    }
    boot_all(cluster, 50);
    world_sleep_ms((int64_t)world_random(500));
    cluster_must_stop(cluster, STOP_MS);
}

/* ---- faults --------------------------------------------------------------------------------- */

static void no_more_errors(struct cluster *cluster)
{
    for (int host = 1; host <= cluster->size; host++)
        for (int what = 0; what < INJECTIONS; what++)
            world_inject(host, (enum injection)what, 0, 1);
}

static void boot_one_by_one(struct cluster *cluster)
{
    for (int host = 1; host <= cluster->size; host++) {
        cluster_boot(cluster, host);
        world_sleep_ms(cluster->plan.gaps_ms[host]);
    }
}

/* A fault that is left out leaves its time, so that the others come at theirs. */
static void suffer(struct cluster *cluster, int number)
{
    struct fault *fault = &cluster->plan.faults[number];
    if ((cluster->options.left_out >> number & 1) == 0)
        fault_apply(cluster, fault);
    if (cluster->clients.on)
        clients_suffer(cluster, number);
    world_sleep_ms(fault->pause_ms);
    for (int host = 1; host <= cluster->size; host++)
        if (fault->comes_back[host] && !world_is_running(host))
            cluster_boot(cluster, host);
}

static bool has_ended_if_stopped(void *arg)
{
    const struct cluster *cluster = arg;
    for (int host = 1; host <= cluster->size; host++)
        if (cluster->stopping[host] && world_is_running(host))
            return false;
    return true;
}

void scenario_break_things(struct cluster *cluster, bool errors)
{
    fault_plan_draw(&cluster->plan, cluster->size, errors);
    if (errors) /* memory for a line is memory that there may not be */
        observe_txns(NULL, NULL);
    boot_one_by_one(cluster);
    for (int number = 0; number < cluster->plan.count; number++)
        suffer(cluster, number);
    no_more_errors(cluster);
    if (cluster->options.plant != PLANT_NO_HEAL)
        cluster_heal(cluster);
    world_calm();
    /* A server that ends late still counts as settled, and without it there may be no quorum that
     * serves clients in the time that is left. */
    if (!world_wait_until(has_ended_if_stopped, cluster, STOP_MS))
        world_fail("a server that was asked to stop still runs");
    cluster_must_settle(cluster, SETTLE_AGAIN_MS);
}

static void drive_faults(struct cluster *cluster)
{
    scenario_break_things(cluster, false);
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
}

static void drive_errors(struct cluster *cluster)
{
    scenario_break_things(cluster, true);
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
}

/* ---- the list ------------------------------------------------------------------------------- */

const struct scenario SCENARIOS[] = {
    {.name = "election",
     .what = "all boot and agree; all stop, and nothing is left",
     .drive = drive_election},
    {.name = "terms",
     .what = "ten leaders die, one after the other; each time all agree again",
     .drive = drive_terms},
    {.name = "stop", .what = "all boot and are stopped at any moment", .drive = drive_stop},
    {.name = "rebuild",
     .what = "votes of a newer configuration start elections anew; all are stopped meanwhile",
     .drive = drive_rebuild},
    {.name = "faults",
     .what = "crashes, power losses, partitions, cuts, resets, slow links; then all must agree",
     .drive = drive_faults},
    {.name = "errors",
     .what = "the same, and the system fails calls: EMFILE, EIO, ENOSPC, EINTR, no memory...",
     .drive = drive_errors},
    {.name = "writes",
     .what = "the faults, while clients write: what they were told must be true in the end",
     .drive = drive_writes},
    {.name = "write-errors",
     .what = "the same, and the system fails calls",
     .drive = drive_write_errors},
    {.name = "clients",
     .what = "the faults, while clients speak the protocol: each reply is held against the zxids",
     .drive = drive_clients},
    {.name = "clients-alone",
     .what = "the same with a server alone, which crashes, loses power, is stopped and comes again",
     .drive = drive_clients,
     .alone = true},
    {.name = "sweep",
     .what = "one story; seed N is the Nth point at which a peer of it crashes",
     .drive = drive_sweep,
     .sweeps = true},
};
const size_t SCENARIO_COUNT = sizeof SCENARIOS / sizeof *SCENARIOS;

const struct scenario *scenario_find(const char *name)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++)
        if (strcmp(SCENARIOS[i].name, name) == 0)
            return &SCENARIOS[i];
    return NULL;
}
