/* Ensembles of more peers than a machine can run, in one process: how long an election takes, in
 * virtual time, and how many notifications are sent.
 *
 *     sim_growth PEERS SEED
 *
 * All boot at once in a calm world with links of a tenth of a millisecond; when all serve, the
 * leader is killed, and the rest elects again. Each call of a peer takes the world 0.4 us, as if
 * all shared one processor. Times and numbers are taken from the trace, which costs no virtual
 * time. Prints one JSON object; the bench reads it.
 *
 * Exit: 0 measured, 1 they did not agree, 2 wrong usage. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer_main.h"
#include "world.h"

enum {
    CONFIG_SIZE = 16384,
    WITHIN_MS = 120000,
    LINGER_MS = 500, /* until the last stragglers have spoken, as the bench waits for real peers */
    LINK_US = 100,
};
static const uint64_t STEP_LIMIT = 20000000000;

static struct {
    int peers;
    struct peer_process processes[HOSTS_MAX];
    bool serves[HOSTS_MAX];
    int leader;
    uint64_t heard;
    int64_t ms[2]; /* from the boot, from the kill */
    uint64_t messages[2];
} bench;

/* ---- what the peers tell -------------------------------------------------------------------- */

static bool has(const char *line, size_t length, const char *what)
{
    return memmem(line, length, what, strlen(what)) != NULL;
}

static void on_line(void *arg, int host, int fd, const char *line, size_t length)
{
    static const char leader[] = "\"leader\":";
    (void)arg;
    if (fd != FD_TRACE)
        return;
    if (has(line, length, "\"ev\":\"recv\"")) {
        bench.heard += has(line, length, "\"kind\":\"NOTIFICATION\"");
    } else if (has(line, length, "\"ev\":\"state\"")) {
        bench.serves[host] = false;
    } else if (has(line, length, "\"ev\":\"established\"")) {
        const char *value = memmem(line, length, leader, sizeof leader - 1);
        bench.leader = value != NULL ? atoi(value + sizeof leader - 1) : 0;
        bench.serves[host] = true;
        world_notify();
    }
}

static void on_end(void *arg, int host, int code)
{
    (void)arg;
    world_fail("peer %d ends with status %d", host, code);
}

/* ---- what happens --------------------------------------------------------------------------- */

static void configure(int host)
{
    char text[CONFIG_SIZE];
    char myid[16];
    int length = snprintf(text, sizeof text,
                          "tickTime=500\ninitLimit=10\nsyncLimit=5\ndataDir=%s\nclientPort=2182\n",
                          PEER_DATA_DIR);
    for (int i = 1; i <= bench.peers; i++)
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "server.%d=10.0.0.%d:2888:3888\n", i, i);
    world_write_file(host, PEER_CONFIG_FILE, text);
    snprintf(myid, sizeof myid, "%d\n", host);
    world_write_file(host, PEER_DATA_DIR "/myid", myid);
}

static bool all_serve(void *arg)
{
    (void)arg;
    for (int host = 1; host <= bench.peers; host++)
        if (world_is_running(host) && !bench.serves[host])
            return false;
    return true;
}

/* From now until all serve that run. */
static void take_part(int part)
{
    const int64_t began_ms = world_now_ms();
    const uint64_t heard = bench.heard;
    if (!world_wait_until(all_serve, NULL, WITHIN_MS))
        world_fail("they do not agree within %d ms", WITHIN_MS);
    bench.ms[part] = world_now_ms() - began_ms;
    world_sleep_ms(LINGER_MS);
    bench.messages[part] = bench.heard - heard;
}

static void drive(void *arg)
{
    (void)arg;
    for (int from = 1; from <= bench.peers; from++) {
        configure(from);
        for (int to = 1; to <= bench.peers; to++)
            if (from != to)
                world_set_link(from, to, LINK_US, LINK_US / 4, 0);
    }
    for (int host = 1; host <= bench.peers; host++)
        world_boot(host, peer_main, &bench.processes[host]);
    take_part(0);
    int leader = bench.leader;
    world_crash(leader, WORLD_KILL);
    for (int host = 1; host <= bench.peers; host++)
        bench.serves[host] = false;
    take_part(1);
}

int main(int argc, char **argv)
{
    bench.peers = argc == 3 ? atoi(argv[1]) : 0;
    if (bench.peers < 2 || bench.peers >= HOSTS_MAX) {
        fprintf(stderr, "Usage: sim_growth PEERS SEED (2 to %d peers)\n", HOSTS_MAX - 1);
        return 2;
    }
    const struct world_options options = {
        .seed = strtoull(argv[2], NULL, 10),
        .calm = true,
        .step_limit = STEP_LIMIT,
        .on_line = on_line,
        .on_exit = on_end,
    };
    struct world_report report = world_run(&options, drive, NULL);
    if (report.result != WORLD_OK) {
        fprintf(stderr, "sim_growth: %s\n", report.reason);
        return 1;
    }
    printf("{\"peers\": %d, \"start\": %" PRId64 ", \"start_messages\": %" PRIu64
           ", \"kill_all_serve\": %" PRId64 ", \"kill_messages\": %" PRIu64
           ", \"threads\": %" PRIu64 ", \"calls\": %" PRIu64 "}\n",
           bench.peers, bench.ms[0], bench.messages[0], bench.ms[1], bench.messages[1],
           report.threads, report.steps);
    return 0;
}
