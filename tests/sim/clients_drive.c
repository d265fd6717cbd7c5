/* The scenario of clients: faults of the ensemble and of the clients' own lines, then a calm time,
 * then all go home, and what they were told is held against what was committed. */
#include <stdio.h>
#include <string.h>

#include "clients_program.h"
#include "scenarios.h"
#include "text.h"

enum {
    CALM_TICKS = 25, /* longer than any session lives without a word */
    PAUSE_MAX_MS = 8000,
    CUT_MAX_MS = 4000,
    HOME_MS = 120000,
    SERVED_MS = 30000, /* a client may have asked just before the calm is over */
};

enum client_trouble {
    TROUBLE_NONE,
    TROUBLE_SERVER_PAUSES,
    TROUBLE_CLIENTS_PAUSE,
    TROUBLE_RESET,
    TROUBLE_CUT,
    TROUBLE_CLIENTS_CRASH,
};

/* Drawn before the first of them happens, like the faults. */
static struct trouble {
    enum client_trouble what;
    int host;
    int server;
    bool both_ways;
    bool power_loss;
    int64_t ms;
} troubles[FAULTS_MAX];

/* Who reads: the processor's own thread, or some that do nothing else. */
static const char *draw_workers(void)
{
    static const char *const lines[] = {
        "",
        "commitProcessor.numWorkerThreads=0\n",
        "commitProcessor.numWorkerThreads=1\n",
        "commitProcessor.numWorkerThreads=3\n",
    };
    return lines[world_random(sizeof lines / sizeof *lines)];
}

static const char LOCAL_SESSIONS[] =
    "localSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true\n";

/* Sessions of one server alone; a server without others knows no difference. */
static const char *draw_sessions(struct cluster *cluster)
{
    cluster->clients.local = world_random(4) == 0 && !cluster->options.alone;
    return cluster->clients.local ? LOCAL_SESSIONS : "";
}

/* Lists and ids: who has the digest of "super:s" may do all. */
static const char *draw_lists(struct clients *clients)
{
    clients->lists = world_random(2) == 0;
    clients->asks_no_list = clients->lists && world_random(12) == 0;
    if (!clients->lists)
        return "";
    return clients->asks_no_list
               ? "DigestAuthenticationProvider.superDigest=super:BDYfsKZtexvW+zRgsJ2N0pMNlLY=\n"
                 "skipACL=yes\n"
               : "DigestAuthenticationProvider.superDigest=super:BDYfsKZtexvW+zRgsJ2N0pMNlLY=\n";
}

/* How often the leader looks for nodes that may go. */
static const struct reaping {
    int64_t ms;
    const char *text;
} reapings[] = {{100, "100"}, {500, "500"}, {2000, "2000"}, {60000, "60000"}};
static const struct reaping *reaping;

/* Containers and nodes with a time to live; all servers but one in four know the latter. */
static const char *draw_ages(struct clients *clients)
{
    clients->ages = world_random(3) == 0;
    clients->knows_ttls = clients->ages && world_random(4) != 0;
    reaping = &reapings[world_random(sizeof reapings / sizeof *reapings)];
    clients->reap_ms = reaping->ms;
    return clients->knows_ttls ? "extendedTypesEnabled=true\n" : "";
}

static const char *draw_quotas(struct clients *clients)
{
    clients->quotas = world_random(4) == 0;
    clients->enforces = clients->quotas && world_random(3) != 0;
    return clients->enforces ? "enforceQuota=true\n" : "";
}

/* Settings that are no keys of zoo.cfg. */
static const char *properties[7];

static void set_properties(struct cluster *cluster)
{
    int count = 0;
    cluster->clients.read_only = world_random(3) == 0 && !cluster->options.alone;
    properties[count++] = "znode.container.checkIntervalMs";
    properties[count++] = reaping->text;
    if (cluster->clients.read_only) {
        properties[count++] = "readonlymode.enabled";
        properties[count++] = "true";
    }
    properties[count] = NULL;
    cluster->options.properties = properties;
}

/* Behind all other draws. */
static const char *draw_limits(struct cluster *cluster)
{
    struct clients *clients = &cluster->clients;
    const char *lines = clients_draw_limits(clients);
    const char **property = properties;
    while (*property != NULL)
        property++;
    if (clients->frame_max == 0)
        return lines;
    property[0] = "jute.maxbuffer";
    property[1] = clients->frame_text;
    property[2] = NULL;
    return lines;
}

static void draw_troubles(struct cluster *cluster)
{
    static const enum client_trouble kinds[] = {
        TROUBLE_NONE,  TROUBLE_NONE, TROUBLE_SERVER_PAUSES, TROUBLE_CLIENTS_PAUSE,
        TROUBLE_RESET, TROUBLE_CUT,  TROUBLE_CLIENTS_CRASH,
    };
    for (int i = 0; i < FAULTS_MAX; i++) {
        struct trouble *trouble = &troubles[i];
        trouble->what = kinds[world_random(sizeof kinds / sizeof *kinds)];
        trouble->host = cluster->clients.first_host + (int)world_random(CLIENTS_HOSTS);
        trouble->server = 1 + (int)world_random((uint64_t)cluster->size);
        trouble->both_ways = world_random(2) == 0;
        trouble->power_loss = world_random(2) == 0;
        trouble->ms =
            (int64_t)world_random(trouble->what == TROUBLE_CUT ? CUT_MAX_MS : PAUSE_MAX_MS);
    }
}

static void pause_for(int host, int64_t ms)
{
    if (!world_is_running(host))
        return;
    world_freeze(host, true);
    world_sleep_ms(ms);
    if (world_is_running(host))
        world_freeze(host, false);
}

static void cut_for(const struct trouble *trouble)
{
    world_cut_link(trouble->host, trouble->server, true);
    if (trouble->both_ways)
        world_cut_link(trouble->server, trouble->host, true);
    world_sleep_ms(trouble->ms);
    world_cut_link(trouble->host, trouble->server, false);
    world_cut_link(trouble->server, trouble->host, false);
}

/* Their sessions live on for a while, and are taken up again by those that know them. */
static void crash_clients(struct cluster *cluster, const struct trouble *trouble)
{
    struct clients *clients = &cluster->clients;
    if (!world_is_running(trouble->host))
        return;
    for (int i = 0; i < clients->count; i++)
        if (clients->clients[i].host == trouble->host)
            clients_dropped(clients, &clients->clients[i]);
    world_crash(trouble->host, trouble->power_loss ? WORLD_POWER_LOSS : WORLD_KILL);
    world_sleep_ms(trouble->ms);
    world_boot(trouble->host, clients_main, clients);
}

void clients_suffer(struct cluster *cluster, int number)
{
    const struct trouble *trouble = &troubles[number];
    switch (trouble->what) {
    case TROUBLE_NONE:
        break;
    case TROUBLE_SERVER_PAUSES:
        pause_for(trouble->server, trouble->ms);
        break;
    case TROUBLE_CLIENTS_PAUSE:
        pause_for(trouble->host, trouble->ms);
        break;
    case TROUBLE_RESET:
        world_reset_connections(trouble->host, trouble->server);
        break;
    case TROUBLE_CUT:
        cut_for(trouble);
        break;
    case TROUBLE_CLIENTS_CRASH:
        crash_clients(cluster, trouble);
        break;
    }
}

static bool are_served(void *arg)
{
    const struct cluster *cluster = arg;
    return clients_are_served(&cluster->clients);
}

static bool all_are_home(void *arg)
{
    const struct cluster *cluster = arg;
    for (int i = 0; i < CLIENTS_HOSTS; i++)
        if (world_is_running(cluster->clients.first_host + i))
            return false;
    return true;
}

/* FLE-01, RST-11, CLI-01, CLI-02, CLI-05, CLI-60, CLI-67, CLI-69, CLI-70, CLI-72, CLI-76, CLI-78:
 * whatever breaks, on whatever server, clients see and do what the lists allow, sessions end once
 * and with their nodes, nodes go in time, quotas hold, and a server without a quorum serves readers
 * alone. */
void drive_clients(struct cluster *cluster)
{
    struct clients *clients = &cluster->clients;
    char lines[768] = "";
    text_append(lines, sizeof lines, "%s", draw_workers());
    text_append(lines, sizeof lines, "%s", draw_sessions(cluster));
    text_append(lines, sizeof lines, "%s", draw_lists(clients));
    text_append(lines, sizeof lines, "%s", draw_ages(clients));
    text_append(lines, sizeof lines, "%s", draw_quotas(clients));
    text_append(lines, sizeof lines, "%s", clients_draw_rare_settings(clients));
    set_properties(cluster);
    if (clients->read_only && !clients->local) { /* a server without a quorum opens no others */
        clients->local = true;
        text_append(lines, sizeof lines, "%s", LOCAL_SESSIONS);
    }
    text_append(lines, sizeof lines, "%s", draw_limits(cluster));
    scenario_draw_configuration(cluster, lines);
    clients_start(clients, &cluster->invariants.history, cluster->size, cluster->options.tick_ms);
    draw_troubles(cluster);
    for (int i = 0; i < CLIENTS_HOSTS; i++)
        world_boot(clients->first_host + i, clients_main, clients);
    scenario_break_things(cluster, false);
    clients_be_calm(clients);
    world_sleep_ms((int64_t)CALM_TICKS * cluster->options.tick_ms);
    if (!world_wait_until(are_served, cluster, SERVED_MS))
        world_fail("I20: nothing breaks, and no client is answered");
    clients_go_home(clients);
    if (!world_wait_until(all_are_home, cluster, HOME_MS))
        world_fail("a client does not come home");
    trees_must_agree(cluster);
    clients_check(clients);
    quotas_must_agree(cluster);
    clients_check_all_events(clients);
    history_check_durable(&cluster->invariants.history);
    cluster_must_stop(cluster, SCENARIO_STOP_MS);
}
