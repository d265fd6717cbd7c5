/* The sweep of crash points. One short story is told again and again: writes, a follower that is
 * brought up by DIFF, a leader that is cut off with a tail of its own (TRUNC), one that was away
 * for too long (SNAP), and each of the three dies once on the way. Each time one peer crashes
 * before another one of its calls that change what outlives it, by kill or by power loss; later it
 * is started again. The seed is the number of the point, and nothing else is left to it:
 *
 *   seed - 1 = (point - 1) * 6 + how * 3 + (peer - 1) */
#include "scenarios.h"

enum {
    SWEEP_PEERS = 3,
    SWEEP_HOWS = 2,
    SETTLE_MS = 60000,
    WRITE_MS = 400,
    AWAY_MS = 1200,
};

struct sweep_point {
    int host;
    enum world_crash how;
    uint64_t number;
};

static struct sweep_point point_of(uint64_t seed)
{
    uint64_t index = (seed - 1) % (SWEEP_PEERS * SWEEP_HOWS);
    return (struct sweep_point){
        .host = 1 + (int)(index % SWEEP_PEERS),
        .how = index / SWEEP_PEERS == 0 ? WORLD_KILL : WORLD_POWER_LOSS,
        .number = 1 + (seed - 1) / (SWEEP_PEERS * SWEEP_HOWS),
    };
}

static int sweep_leader(const struct cluster *cluster)
{
    for (int host = 1; host <= SWEEP_PEERS; host++)
        if (cluster->invariants.peers[host].leads && world_is_running(host))
            return host;
    return 1;
}

static int other_than(int host)
{
    return host % SWEEP_PEERS + 1;
}

static void boot_if_down(struct cluster *cluster, int host)
{
    if (!world_is_running(host))
        cluster_boot(cluster, host);
}

/* Whoever is down comes back, and there is a leader. */
static void gather(struct cluster *cluster)
{
    for (int host = 1; host <= SWEEP_PEERS; host++)
        boot_if_down(cluster, host);
    cluster_must_settle(cluster, SETTLE_MS);
}

static void away(struct cluster *cluster, int host, int64_t ms)
{
    if (world_is_running(host))
        cluster_crash(cluster, host, WORLD_KILL);
    world_sleep_ms(ms);
}

/* The leader has in memory what the follower misses, so it sends DIFF. */
static void follower_is_away(struct cluster *cluster)
{
    away(cluster, other_than(sweep_leader(cluster)), AWAY_MS);
    gather(cluster);
    world_sleep_ms(WRITE_MS);
}

/* It proposes what nobody hears, so it is sent TRUNC when it comes back. */
static void leader_is_cut_off(struct cluster *cluster)
{
    int leader = sweep_leader(cluster);
    int side[HOSTS_MAX] = {0};
    side[leader] = 1;
    world_partition(side);
    world_sleep_ms(4 * AWAY_MS);
    cluster_heal(cluster);
    gather(cluster);
    world_sleep_ms(WRITE_MS);
}

/* The others have snapshots, and their memory begins behind what it has: SNAP. */
static void one_is_away_for_long(struct cluster *cluster)
{
    int host = other_than(sweep_leader(cluster));
    away(cluster, host, 2 * AWAY_MS);
    for (int other = 1; other <= SWEEP_PEERS; other++)
        if (other != host && world_is_running(other))
            cluster_crash(cluster, other, WORLD_POWER_LOSS);
    for (int other = 1; other <= SWEEP_PEERS; other++)
        if (other != host)
            boot_if_down(cluster, other);
    world_sleep_ms(2 * AWAY_MS);
    gather(cluster);
    world_sleep_ms(WRITE_MS);
}

/* SYN-06, RST-01, RST-04, MC-01, MC-02, MC-07, PER-05 */
void drive_sweep(struct cluster *cluster)
{
    /* Where each peer's points end, as far as this program has seen it: what lies behind is no
     * story of its own. */
    static uint64_t ends[HOSTS_MAX];
    const struct sweep_point point = point_of(cluster->options.point);
    if (ends[point.host] != 0 && point.number >= ends[point.host])
        return;
    cluster_configure(cluster, "snapCount=6\nsnapshotSizeFactor=-1\npreAllocSize=16\n");
    load_start(&cluster->load, &cluster->invariants.history, SWEEP_PEERS, cluster->options.tick_ms);
    load_be_steady(&cluster->load);
    world_crash_before(point.host, point.number, point.how);
    for (int host = 1; host <= SWEEP_PEERS; host++)
        cluster_boot(cluster, host);
    world_sleep_ms(AWAY_MS);
    gather(cluster);
    world_sleep_ms(WRITE_MS);
    follower_is_away(cluster);
    leader_is_cut_off(cluster);
    one_is_away_for_long(cluster);
    if (world_crash_points(point.host) < point.number)
        ends[point.host] = world_crash_points(point.host) + 1;
    else
        cluster->crashed_at_point = true;
    world_crash_before(point.host, 0, point.how);
    load_last_writes(&cluster->load);
    world_sleep_ms(WRITE_MS);
    writes_must_agree(cluster);
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
    cluster_must_settle(cluster, SETTLE_MS);
    trees_must_agree(cluster);
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
}
