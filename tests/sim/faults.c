/* Drawing faults, and doing them. Nothing here draws by what the cluster looks like. */
#include "faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

enum {
    ROUNDS_MAX = 10,
    FIRST_GAP_MS = 3000,
    ERRORS_MAX = 6,
};

/* ---- drawing -------------------------------------------------------------------------------- */

/* Links of a server alone are those of its clients, which have troubles of their own. */
static enum fault_kind draw_kind(int hosts)
{
    static const enum fault_kind alone[] = {FAULT_CRASH_OR_BOOT, FAULT_CRASH_OR_BOOT,
                                            FAULT_WHOLE_CLUSTER, FAULT_STOP};
    static const enum fault_kind kinds[] = {
        FAULT_CRASH_OR_BOOT, FAULT_CRASH_OR_BOOT, FAULT_CRASH_OR_BOOT, FAULT_WHOLE_CLUSTER,
        FAULT_PARTITION,     FAULT_ONE_WAY_CUT,   FAULT_HEAL,          FAULT_RESET,
        FAULT_SLOW_LINK,     FAULT_STOP,
    };
    if (hosts == 1)
        return alone[world_random(sizeof alone / sizeof *alone)];
    return kinds[world_random(sizeof kinds / sizeof *kinds)];
}

static int draw_host(int hosts)
{
    return 1 + (int)world_random((uint64_t)hosts);
}

/* Each draw stands in a statement of its own: in one, the compiler would choose their order. */
static void draw_fault(struct fault *fault, int hosts, enum fault_kind kind)
{
    *fault = (struct fault){.kind = kind};
    fault->host = draw_host(hosts);
    fault->other = draw_host(hosts);
    for (int host = 1; host <= hosts; host++) {
        fault->power_loss[host] = world_random(2) == 0;
        fault->side[host] = (int)world_random(2);
    }
    fault->off_ms = (int64_t)world_random(2000);
    fault->latency_us = (int64_t)world_random(3000000);
    fault->bytes_per_s = 200 + (int64_t)world_random(5000);
    fault->error = (enum injection)world_random(INJECTIONS);
    fault->times = 1 + (unsigned)world_random(ERRORS_MAX);
    fault->one_in = 1 + (unsigned)world_random(50);
}

static void draw_pause(struct fault *fault, int hosts)
{
    uint64_t longest_ms = world_random(8) == 0 ? 40000 : 1500;
    fault->pause_ms = (int64_t)world_random(longest_ms);
    for (int host = 1; host <= hosts; host++)
        fault->comes_back[host] = world_random(2) == 0;
}

void fault_plan_draw(struct fault_plan *plan, int hosts, bool errors)
{
    plan->count = 0;
    for (int host = 1; host <= hosts; host++)
        plan->gaps_ms[host] = (int64_t)world_random(FIRST_GAP_MS);
    uint64_t most = 1 + world_random(ROUNDS_MAX); /* often few: more seeds in a second find more */
    for (uint64_t rounds = 1 + world_random(most); rounds > 0; rounds--) {
        if (errors && world_random(2) == 0)
            draw_fault(&plan->faults[plan->count++], hosts, FAULT_ERRORS);
        draw_fault(&plan->faults[plan->count], hosts, draw_kind(hosts));
        draw_pause(&plan->faults[plan->count++], hosts);
    }
}

/* ---- doing ---------------------------------------------------------------------------------- */

static void tell(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(struct fault *fault, const char *format, ...)
{
    size_t length = strlen(fault->words);
    if (length == 0)
        length += (size_t)snprintf(fault->words, FAULT_WORDS_SIZE,
                                   "%.3f s:", (double)world_now_ms() / 1e3);
    va_list args;
    va_start(args, format);
    vsnprintf(fault->words + length, FAULT_WORDS_SIZE - length, format, args);
    va_end(args);
}

/* The planted mistake: the disk forgets an epoch that had been written durably. */
static void spoil_disk(int host)
{
    static const char path[] = PEER_DATA_DIR "/version-2/acceptedEpoch";
    char text[64];
    if (world_read_file(host, path, text, sizeof text) && strtoll(text, NULL, 10) > 0)
        world_write_file(host, path, "0");
}

static void crash(struct cluster *cluster, struct fault *fault, int host)
{
    bool power_loss = fault->power_loss[host];
    cluster_crash(cluster, host, power_loss ? WORLD_POWER_LOSS : WORLD_KILL);
    tell(fault, " peer %d %s;", host, power_loss ? "loses power" : "is killed");
    if (power_loss && cluster->options.plant == PLANT_STALE_DISK)
        spoil_disk(host);
}

static void crash_or_boot(struct cluster *cluster, struct fault *fault)
{
    if (world_is_running(fault->host)) {
        crash(cluster, fault, fault->host);
    } else {
        tell(fault, " peer %d is started;", fault->host);
        cluster_boot(cluster, fault->host);
    }
}

static void crash_all(struct cluster *cluster, struct fault *fault)
{
    for (int host = 1; host <= cluster->size; host++)
        if (world_is_running(host))
            crash(cluster, fault, host);
    tell(fault, " all are started %lld ms later;", (long long)fault->off_ms);
    world_sleep_ms(fault->off_ms);
    for (int host = 1; host <= cluster->size; host++)
        if (!world_is_running(host))
            cluster_boot(cluster, host);
}

static void partition(const struct cluster *cluster, struct fault *fault)
{
    world_partition(fault->side);
    tell(fault, " a partition,");
    for (int side = 0; side < 2; side++) {
        for (int host = 1; host <= cluster->size; host++)
            if (fault->side[host] == side)
                tell(fault, " %d", host);
        tell(fault, "%s", side == 0 ? " |" : ";");
    }
}

static void stop(struct cluster *cluster, struct fault *fault)
{
    if (!world_is_running(fault->host))
        return;
    tell(fault, " peer %d is stopped;", fault->host);
    cluster_stop(cluster, fault->host);
}

static void fail_calls(struct fault *fault)
{
    static const char *const names[INJECTIONS] = {
        "EINTR",  "EMFILE",    "ECONNABORTED", "ENOSPC", "EIO", "short reads and writes",
        "EAGAIN", "no memory",
    };
    world_inject(fault->host, fault->error, fault->times, fault->one_in);
    tell(fault, " calls of peer %d fail, %u times at most, once in %u: %s;", fault->host,
         fault->times, fault->one_in, names[fault->error]);
}

void fault_apply(struct cluster *cluster, struct fault *fault)
{
    fault->words[0] = '\0';
    switch (fault->kind) {
    case FAULT_CRASH_OR_BOOT:
        crash_or_boot(cluster, fault);
        break;
    case FAULT_WHOLE_CLUSTER:
        crash_all(cluster, fault);
        break;
    case FAULT_PARTITION:
        partition(cluster, fault);
        break;
    case FAULT_ONE_WAY_CUT:
        if (fault->host == fault->other)
            break;
        world_cut_link(fault->host, fault->other, true);
        tell(fault, " nothing gets through from %d to %d;", fault->host, fault->other);
        break;
    case FAULT_HEAL:
        cluster_heal(cluster);
        tell(fault, " all links are whole;");
        break;
    case FAULT_RESET:
        world_reset_connections(fault->host, fault->other);
        tell(fault, " connections of %d and %d are reset;", fault->host, fault->other);
        break;
    case FAULT_SLOW_LINK:
        world_set_link(fault->host, fault->other, fault->latency_us, fault->latency_us / 2,
                       fault->bytes_per_s);
        tell(fault, " the link from %d to %d takes %lld ms, %lld bytes/s;", fault->host,
             fault->other, (long long)fault->latency_us / 1000, (long long)fault->bytes_per_s);
        break;
    case FAULT_STOP:
        stop(cluster, fault);
        break;
    case FAULT_ERRORS:
        fail_calls(fault);
        break;
    }
}
