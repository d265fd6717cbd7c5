/* The drivers with a load of writes, and the questions that end them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load_program.h"
#include "scenarios.h"
#include "text.h"

enum {
    MORE_SIZE = 768,
    LAST_WRITES_MS = 1500, /* when all is whole again */
    LEAVE_MS = 60000,      /* so long a client may take to hear that it is over */
    AGREE_MS = 240000,     /* sessions of 20 s end, and their ends are committed */
    LOOK_MS = 20000,
    INIT_LIMIT_MS = 20000,
    RELOAD_MS = 300000,
    SETTLE_LATE_MS = 300000,
    OWN_NODES = 4, /* of every tree: the root once more, and three below it */
};

/* ---- configurations -------------------------------------------------------------------------- */

static bool draws(uint64_t one_in)
{
    return world_random(one_in) == 0;
}

/* A learner may need a hundred packets to catch up, on a line that takes 64 bytes at a time: so
 * the initLimit is long also with short ticks. The rest are small numbers, so that snapshots,
 * rolled logs and each kind of synchronisation come often. */
void scenario_draw_configuration(struct cluster *cluster, const char *end)
{
    static char more[MORE_SIZE];
    static const int snap_counts[] = {2, 4, 10, 30, 100000};
    more[0] = '\0';
    int snap_count = snap_counts[world_random(sizeof snap_counts / sizeof *snap_counts)];
    text_append(more, sizeof more, "initLimit=%d\nsnapCount=%d\n",
                INIT_LIMIT_MS / cluster->options.tick_ms, snap_count);
    if (draws(6))
        text_append(more, sizeof more, "forceSnapshotSync=true\n");
    if (draws(4))
        text_append(more, sizeof more, "snapshotSizeFactor=%s\n", draws(2) ? "-1" : "100");
    if (draws(4))
        text_append(more, sizeof more, "preAllocSize=4\n");
    if (draws(6))
        text_append(more, sizeof more, "maxBatchSize=%d\n", 1 + (int)world_random(4));
    if (draws(8))
        text_append(more, sizeof more, "flushDelay=20\n");
    if (draws(8))
        text_append(more, sizeof more, "txnLogSizeLimitInKb=1\n");
    text_append(more, sizeof more, "%s", end);
    cluster_configure(cluster, more);
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool all_have_left(void *arg)
{
    const struct cluster *cluster = arg;
    for (int i = 0; i < cluster->load.client_count; i++)
        if (cluster->load.clients[i].attached)
            return false;
    return true;
}

static bool comes(bool (*question)(void *arg), void *arg, int64_t within_ms, int64_t step_ms)
{
    for (int64_t waited_ms = 0; !question(arg); waited_ms += step_ms) {
        if (waited_ms >= within_ms)
            return false;
        world_sleep_ms(step_ms);
    }
    return true;
}

static struct load_view views[HOSTS_MAX];
static struct load_question questions[HOSTS_MAX];

static bool is_asked(const struct cluster *cluster, int host)
{
    return world_is_running(host) &&
           invariants_is_settled(&cluster->invariants, cluster->size, host);
}

static bool all_views_are_there(void *arg)
{
    const struct cluster *cluster = arg;
    for (int host = 1; host <= cluster->size; host++)
        if (questions[host].process != NULL && !views[host].done)
            return false;
    return true;
}

static void look_at_all(struct cluster *cluster, const struct load_node *nodes, size_t count)
{
    for (int host = 1; host <= cluster->size; host++) {
        views[host] = (struct load_view){0};
        questions[host] = (struct load_question){0};
        if (!is_asked(cluster, host))
            continue;
        questions[host] = (struct load_question){
            .process = &cluster->processes[host],
            .nodes = nodes,
            .node_count = count,
            .view = &views[host],
        };
        world_call(host, load_look, &questions[host]);
    }
    if (!comes(all_views_are_there, cluster, LOOK_MS, 20))
        world_fail("a peer does not say what it has");
}

/* But for those that K-22 shuts out. */
static bool all_that_run_are_settled(const struct cluster *cluster)
{
    const struct invariants *invariants = &cluster->invariants;
    for (int host = 1; host <= cluster->size; host++)
        if (world_is_running(host) && !invariants_is_settled(invariants, cluster->size, host) &&
            !invariants_is_shut_out(invariants, cluster->size, host))
            return false;
    return true;
}

/* Does everybody serve, and has all that is committed, and are all sessions over? */
static bool all_have_come_to_rest(void *arg)
{
    struct cluster *cluster = arg;
    const struct history *history = &cluster->invariants.history;
    if (!all_that_run_are_settled(cluster))
        return false;
    int64_t last =
        history->committed_count > 0 ? history->committed[history->committed_count - 1] : 0;
    size_t count;
    const struct load_node *nodes = load_model(history, &count);
    look_at_all(cluster, nodes, count);
    for (int host = 1; host <= cluster->size; host++)
        if (questions[host].process != NULL &&
            (!views[host].serves || views[host].sessions > 0 || views[host].last_zxid < last))
            return false;
    return history->committed_count == 0 ||
           history->committed[history->committed_count - 1] == last;
}

static void check_view(struct cluster *cluster, int host, int64_t last, size_t count)
{
    const struct load_view *view = &views[host];
    int first = 1;
    while (questions[first].process == NULL)
        first++;
    if (view->wrong[0] != '\0')
        world_fail("I14: peer %d has %s otherwise than it was committed", host, view->wrong);
    if (view->nodes != count + OWN_NODES)
        world_fail("I14: peer %d has %zu nodes, and not %zu", host, view->nodes, count + OWN_NODES);
    if (view->ephemerals > 0)
        world_fail("I14: peer %d has %zu nodes of sessions that are over", host, view->ephemerals);
    if (view->digest != views[first].digest)
        world_fail("I14: peers %d and %d have two digests", first, host);
    if ((last & UINT32_MAX) != 0 && view->last_zxid != last && view->last_zxid >> 32 == last >> 32)
        world_fail("I14: peer %d is at 0x%" PRIx64 ", and 0x%" PRIx64 " is committed", host,
                   (uint64_t)view->last_zxid, (uint64_t)last);
    (void)cluster;
}

void trees_must_agree(struct cluster *cluster)
{
    const struct history *history = &cluster->invariants.history;
    if (!comes(all_have_come_to_rest, cluster, AGREE_MS, 2000)) {
        char words[512] = "";
        for (int host = 1; host <= cluster->size; host++)
            text_append(words, sizeof words, " %d has 0x%" PRIx64 " and %zu sessions;", host,
                        (uint64_t)views[host].last_zxid, views[host].sessions);
        world_fail("I14: not all come to rest:%s", words);
    }
    int64_t last =
        history->committed_count > 0 ? history->committed[history->committed_count - 1] : 0;
    size_t count;
    (void)load_model(history, &count);
    for (int host = 1; host <= cluster->size; host++)
        if (questions[host].process != NULL)
            check_view(cluster, host, last, count);
}

void quotas_must_agree(const struct cluster *cluster)
{
    for (int host = 1; host <= cluster->size; host++)
        for (size_t i = 0; questions[host].process != NULL && i < views[host].numbers_count; i++)
            clients_check_numbers(host, &views[host].numbers[i]);
}

void writes_must_agree(struct cluster *cluster)
{
    cluster->load.over = true;
    if (!comes(all_have_left, cluster, LEAVE_MS, 50))
        world_fail("a client does not come back from its server");
    trees_must_agree(cluster);
    load_check_answers(&cluster->load);
    history_check_durable(&cluster->invariants.history);
}

/* ---- the drivers ----------------------------------------------------------------------------- */

static void write_while_things_break(struct cluster *cluster, bool errors)
{
    const bool reloads = draws(3);
    scenario_draw_configuration(cluster, "");
    load_start(&cluster->load, &cluster->invariants.history, cluster->size,
               cluster->options.tick_ms);
    scenario_break_things(cluster, errors);
    load_last_writes(&cluster->load);
    world_sleep_ms(LAST_WRITES_MS);
    /* A peer whose log had failed has ended by now, and is started again. */
    if (errors)
        cluster_must_settle(cluster, SETTLE_LATE_MS);
    writes_must_agree(cluster);
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
    if (!reloads)
        return;
    /* What the disks have makes the same trees. */
    cluster_must_settle(cluster, RELOAD_MS);
    trees_must_agree(cluster);
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
}

/* SYN-06, SYN-07, RST-10, RST-12, MC-03, MC-04, MC-05, MC-09, PER-09: all trees
 * agree in the end. What a session owned is gone with it, also where a follower
 * could not hear of its end, or is told by a DIFF. */
void drive_writes(struct cluster *cluster)
{
    write_while_things_break(cluster, false);
}

/* MC-08: a write to a disk that fails ends its peer, and the others go on. */
void drive_write_errors(struct cluster *cluster)
{
    write_while_things_break(cluster, true);
}
