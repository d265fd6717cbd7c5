/* An ensemble: its configurations, its processes, and the two questions that every scenario ends
 * with: do all agree, and do all stop? */
#include "cluster.h"
#include "load_program.h"
#include "observe.h"
#include "text.h"

#include <string.h>

enum {
    CONFIG_SIZE = 4096,
    QUORUM_PORT = 2888,
    ELECTION_PORT = 3888,
    CLIENT_PORT = 2182,
};

static void compose_configuration(const struct cluster *cluster, bool observer,
                                  char ret_text[CONFIG_SIZE])
{
    const struct cluster_options *options = &cluster->options;
    snprintf(ret_text, CONFIG_SIZE,
             "tickTime=%d\ninitLimit=10\nsyncLimit=5\ndataDir=%s\nclientPort=%d\n%s",
             options->tick_ms, PEER_DATA_DIR, CLIENT_PORT, observer ? "peerType=observer\n" : "");
    for (int i = 1; !options->alone && i <= cluster->size; i++)
        text_append(ret_text, CONFIG_SIZE, "server.%d=%s%d:%d:%d%s\n", i,
                    options->named ? "peer" : "10.0.0.", i, QUORUM_PORT, ELECTION_PORT,
                    i > options->voters ? ":observer" : "");
    const int group_size = options->group_size;
    for (int i = 1; group_size > 0 && i <= options->voters; i += group_size) {
        text_append(ret_text, CONFIG_SIZE, "group.%d=%d", i, i);
        for (int k = i + 1; k < i + group_size && k <= options->voters; k++)
            text_append(ret_text, CONFIG_SIZE, ":%d", k);
        text_append(ret_text, CONFIG_SIZE, "\n");
    }
    for (int i = 1; group_size > 0 && i <= options->voters; i++)
        text_append(ret_text, CONFIG_SIZE, "weight.%d=%d\n", i, options->weights[i]);
    if (options->more != NULL)
        text_append(ret_text, CONFIG_SIZE, "%s", options->more);
}

static void write_configurations(const struct cluster *cluster)
{
    const int voters = cluster->options.voters;
    char text[CONFIG_SIZE];
    char myid[16];
    for (int host = 1; host <= cluster->size; host++) {
        if (host == 1 || host == voters + 1) /* all voters have the same, and all observers */
            compose_configuration(cluster, host > voters, text);
        world_write_file(host, PEER_CONFIG_FILE, text);
        snprintf(myid, sizeof myid, "%d\n", host);
        world_write_file(host, PEER_DATA_DIR "/myid", myid);
    }
}

/* Somewhere else, as observers often are. Near ones and the voters can talk in circles a million
 * times before there is a leader (K-25). */
static void place_observers(const struct cluster *cluster)
{
    const int64_t latency_us = cluster->options.observer_latency_us;
    for (int observer = cluster->options.voters + 1; latency_us > 0 && observer <= cluster->size;
         observer++) {
        for (int host = 1; host <= cluster->size; host++) {
            if (host == observer)
                continue;
            world_set_link(host, observer, latency_us, latency_us / 4, 0);
            world_set_link(observer, host, latency_us, latency_us / 4, 0);
        }
    }
}

static void hear_txn(void *arg, int host, const char *step, int64_t zxid, int64_t peer)
{
    invariants_txn(arg, host, step, zxid, peer);
}

void cluster_begin(struct cluster *cluster, const struct cluster_options *options)
{
    cluster->options = *options;
    cluster->size = options->voters + options->observers;
    cluster->shut_out = 0;
    cluster->settled_ms = 0;
    cluster->crashed_at_point = false;
    invariants_begin(&cluster->invariants, options->voters);
    history_begin(&cluster->invariants.history, options->voters, cluster->size, options->group_size,
                  options->weights);
    cluster->invariants.history.alone = options->alone;
    load_begin(&cluster->load);
    clients_begin(&cluster->clients);
    for (int host = 1; options->group_size > 0 && host <= options->voters; host++)
        cluster->invariants.weightless[host] = options->weights[host] == 0;
    cluster->plan.count = 0;
    place_observers(cluster);
    memset(cluster->stopping, 0, sizeof cluster->stopping);
    write_configurations(cluster);
    if (options->talkative)
        observe_txns(NULL, NULL);
    else
        observe_txns(hear_txn, &cluster->invariants);
}

void cluster_configure(struct cluster *cluster, const char *more)
{
    cluster->options.more = more;
    write_configurations(cluster);
}

void cluster_end(struct cluster *cluster)
{
    load_end(&cluster->load);
    clients_end(&cluster->clients);
    invariants_end(&cluster->invariants);
}

/* ---- what the peers tell -------------------------------------------------------------------- */

void cluster_on_line(void *arg, int host, int fd, const char *line, size_t length)
{
    struct cluster *cluster = arg;
    if (fd == FD_LOG) {
        size_t kept = sizeof cluster->last_words[host] - 1;
        kept = length < kept ? length : kept;
        memcpy(cluster->last_words[host], line, kept);
        cluster->last_words[host][kept] = '\0';
        if (strncmp(cluster->last_words[host], "panic", 5) == 0 &&
            strstr(cluster->last_words[host], "out of memory") == NULL)
            world_fail("%s", cluster->last_words[host]);
        return;
    }
    if (cluster->options.trace != NULL)
        fprintf(cluster->options.trace, "%.*s\n", (int)length, line);
    invariants_trace(&cluster->invariants, host, line, length);
}

static unsigned errors_on(int host)
{
    unsigned sum = 0;
    for (int i = 0; i < INJECTIONS; i++)
        sum += world_injected(host, (enum injection)i);
    return sum;
}

/* A peer ends when it was asked to, with 0, or because the system failed it. */
void cluster_on_exit(void *arg, int host, int code)
{
    struct cluster *cluster = arg;
    if (host > cluster->size) { /* a client's */
        if (code != 0)
            world_fail("the clients on host %d end with status %d", host, code);
        world_notify();
        return;
    }
    bool failed_by_system = errors_on(host) > cluster->errors_at_boot[host];
    invariants_down(&cluster->invariants, host);
    load_host_down(&cluster->load, host);
    if ((!cluster->stopping[host] || code != 0) && !failed_by_system)
        world_fail("peer %d ends by itself with status %d: %s", host, code,
                   cluster->last_words[host]);
}

void cluster_on_crash(void *arg, int host)
{
    struct cluster *cluster = arg;
    invariants_down(&cluster->invariants, host);
    load_host_down(&cluster->load, host);
}

/* ---- what is done to them ------------------------------------------------------------------- */

static void on_alone(void *arg, int host)
{
    invariants_serves_alone(&((struct cluster *)arg)->invariants, host);
}

void cluster_boot(struct cluster *cluster, int host)
{
    invariants_boot(&cluster->invariants, host);
    cluster->stopping[host] = false;
    cluster->errors_at_boot[host] = errors_on(host);
    cluster->last_words[host][0] = '\0';
    cluster->processes[host] = (struct peer_process){
        .log = cluster->options.talkative,
        .brief = !cluster->options.talkative,
        .check_locks = cluster->options.check_locks,
        .properties = cluster->options.properties,
        .companion = cluster->load.on ? &load_companion : NULL,
        .companion_arg = &cluster->load,
        .on_alone = on_alone,
        .on_alone_arg = cluster,
    };
    world_boot(host, peer_main, &cluster->processes[host]);
}

void cluster_crash(struct cluster *cluster, int host, enum world_crash how)
{
    cluster_on_crash(cluster, host);
    world_crash(host, how);
}

void cluster_heal(struct cluster *cluster)
{
    world_heal();
    place_observers(cluster);
}

void cluster_stop(struct cluster *cluster, int host)
{
    cluster->stopping[host] = true;
    world_call(host, peer_stop, &cluster->processes[host]);
}

static bool is_settled_or_short(void *arg)
{
    struct cluster *cluster = arg;
    for (int host = 1; host <= cluster->size; host++)
        if (!world_is_running(host))
            return true;
    return invariants_all_settled(&cluster->invariants, cluster->size);
}

bool cluster_settles(struct cluster *cluster, int64_t within_ms)
{
    const int64_t began_ms = world_now_ms();
    const int64_t deadline_ms = began_ms + within_ms;
    for (;;) {
        for (int host = 1; host <= cluster->size; host++)
            if (!world_is_running(host))
                cluster_boot(cluster, host);
        if (!world_wait_until(is_settled_or_short, cluster, deadline_ms - world_now_ms()))
            return false;
        if (invariants_all_settled(&cluster->invariants, cluster->size)) {
            cluster->settled_ms = world_now_ms() - began_ms;
            cluster->shut_out = invariants_shut_out(&cluster->invariants, cluster->size);
            return true;
        }
    }
}

void cluster_must_settle(struct cluster *cluster, int64_t within_ms)
{
    if (cluster_settles(cluster, within_ms))
        return;
    char roles[256] = "";
    size_t length = 0;
    for (int host = 1; host <= cluster->size && length < sizeof roles; host++) {
        static const char *const names[] = {"down", "looking", "seeking", "established"};
        const struct observed_peer *peer = &cluster->invariants.peers[host];
        length +=
            (size_t)snprintf(roles + length, sizeof roles - length, " %d %s (leader %d, epoch %d)",
                             host, names[peer->role], (int)peer->leader, (int)peer->epoch);
    }
    world_fail("not all peers agree after %lld ms:%s", (long long)within_ms, roles);
}

static bool none_runs(void *arg)
{
    struct cluster *cluster = arg;
    for (int host = 1; host <= cluster->size; host++)
        if (world_is_running(host))
            return false;
    return true;
}

void cluster_must_stop(struct cluster *cluster, int64_t within_ms)
{
    for (int host = 1; host <= cluster->size; host++)
        if (world_is_running(host))
            cluster_stop(cluster, host);
    if (world_wait_until(none_runs, cluster, within_ms))
        return;
    for (int host = 1; host <= cluster->size; host++)
        if (world_is_running(host))
            world_fail("peer %d still runs %lld ms after it was asked to stop", host,
                       (long long)within_ms);
}
