/* Dialling the leader.
 *
 * A leader binds its port at the very moment at which its followers dial, so the first dials are
 * often refused. Java waits 100 ms then; here a refused dial is repeated after 5, 10, 20, 40 and
 * then 100 ms, for as long as Java would go on (D-25).
 *
 * With one address the main thread dials; with several each has a thread LeaderConnector-<address>,
 * and the first connection makes all others stop (D-47). They are joined before
 * learner_connect_to_leader returns.
 *
 * Java: Learner.connectToLeader(), LeaderConnector */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zab/learner_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"

static struct leader_connector *new_connectors(struct learner *learner,
                                               const struct multiple_addresses *addresses);
static void run_connectors(struct learner *learner, struct leader_connector *connectors,
                           size_t count);
static void adopt_connection(struct learner *learner, struct sock *sock);
static void leader_connector_run(void *arg);
static int leader_connector_connect_to_leader(struct leader_connector *connector);
static int dial_once(struct leader_connector *connector, int64_t timeout_ms);
static bool is_dialling_over_locked(const struct learner *learner) REQUIRES(&learner->mu);
static int64_t delay_after(const struct learner *learner, int tries, int error);

/* Java: connectToLeader() */
int learner_connect_to_leader(struct learner *learner, const struct quorum_server *leader)
{
    struct zk_str text = {0};
    multiple_addresses_format(&leader->addr, &text);
    free(learner->leader_address);
    learner->leader_address = zk_str_take(&text);

    struct leader_connector *connectors = new_connectors(learner, &leader->addr);
    zk_mutex_lock(&learner->mu);
    learner->connectors = connectors; /* from now on a stop can wake their dials */
    learner->connector_count = leader->addr.count;
    zk_mutex_unlock(&learner->mu);

    run_connectors(learner, connectors, leader->addr.count);

    zk_mutex_lock(&learner->mu);
    learner->connectors = NULL;
    learner->connector_count = 0;
    struct sock *sock = learner->sock;
    bool stopping = learner_is_stopping(learner);
    zk_mutex_unlock(&learner->mu);

    /* No connection: the first address stands for all. */
    int r = leader->addr.count > 0 ? connectors[0].error : -EDESTADDRREQ;
    free(connectors);
    if (stopping) /* if there is a connection all the same, learner_end closes it */
        return -ECANCELED;
    if (sock == NULL)
        return r;
    adopt_connection(learner, sock);
    return 0;
}

/* ---- all addresses --------------------------------------------------------------------------- */

/* The caller frees the array. */
static struct leader_connector *new_connectors(struct learner *learner,
                                               const struct multiple_addresses *addresses)
{
    const struct quorum_peer_config *config = learner->self->config;
    int64_t limit_ms = learner->self->init_limit_ms;
    if (config->connect_to_learner_master_limit > 0)
        limit_ms = (int64_t)config->connect_to_learner_master_limit * config->tick_time_ms;
    struct leader_connector *connectors = zk_xcalloc(addresses->count + 1, sizeof *connectors);
    for (size_t i = 0; i < addresses->count; i++) {
        connectors[i] = (struct leader_connector){
            .learner = learner,
            .address = addresses->items[i],
            .limit_ms = limit_ms,
        };
    }
    return connectors;
}

static void run_connectors(struct learner *learner, struct leader_connector *connectors,
                           size_t count)
{
    if (count == 1) { /* no thread for what this one can do */
        leader_connector_run(&connectors[0]);
        return;
    }
    struct zk_thread_group *group = zk_thread_group_new(learner->ctx);
    for (size_t i = 0; i < count; i++) {
        int r = zk_thread_group_start(group, leader_connector_run, &connectors[i],
                                      "LeaderConnector-%s", inet_text(&connectors[i].address).text);
        if (r < 0) /* the threads that there are may still reach the leader */
            connectors[i].error = r;
    }
    zk_thread_group_free(group); /* joins them */
}

/* Makes the connection ready for the first packet. One stream serves both directions: the main
 * thread reads, and whoever holds output_mu writes. */
static void adopt_connection(struct learner *learner, struct sock *sock)
{
    const char *no_delay = zk_settings_get(learner->ctx, "follower.nodelay");
    sock_set_no_delay(sock, no_delay == NULL || strcmp(no_delay, "true") == 0);
    /* As long as a leader may wait for its quorum, it says nothing. syncLimit is for later, when
     * NEWLEADER has come. */
    sock_set_timeout(sock, learner->self->init_limit_ms);
    /* A leader that takes nothing is as good as gone, and the thread that writes to it keeps the
     * others waiting (D-174). */
    sock_set_write_timeout(sock, learner->self->sync_limit_ms);
    zk_trace_conn(learner->ctx, "dial", learner->leader_id, sock_conn_text(sock),
                  "this learner joins its leader at the quorum port");
    zk_mutex_lock(&learner->output_mu);
    packet_stream_init(&learner->stream, learner->ctx, sock);
    packet_stream_before_wait(&learner->stream, learner_before_wait, learner);
    learner->connected = true;
    zk_mutex_unlock(&learner->output_mu);
    learner->connected_ms = zk_elapsed_ms();
}

/* ---- one address ----------------------------------------------------------------------------- */

/* Java: LeaderConnector.run() */
static void leader_connector_run(void *arg)
{
    struct leader_connector *connector = arg;
    connector->error = leader_connector_connect_to_leader(connector);
}

/* Java: LeaderConnector.connectToLeader() */
static int leader_connector_connect_to_leader(struct leader_connector *connector)
{
    struct learner *learner = connector->learner;
    struct inet_text address = inet_text(&connector->address);
    int64_t start_ms = zk_elapsed_ms();
    int r = -ETIMEDOUT; /* the last answer that tells something of the far end */
    for (int tries = 0;; tries++) {
        int64_t remaining_ms = connector->limit_ms - (zk_elapsed_ms() - start_ms);
        int error = r;
        if (remaining_ms > 0)
            error = dial_once(connector, remaining_ms);
        if (error == 0) {
            zk_log(learner->ctx, ZK_LOG_CONNECTED_TO_LEADER, address.text);
            return 0;
        }
        if (error == -ECANCELED)
            return error;
        /* Where the limit left less than a whole delay for the dial, silence says that this machine
         * is busy, and nothing of the far end: what it answered before stays the reason. */
        if (error != -ETIMEDOUT || remaining_ms >= LEARNER_CONNECT_DELAY_MS)
            r = error;

        int64_t spent_ms = zk_elapsed_ms() - start_ms;
        remaining_ms = connector->limit_ms - spent_ms;
        int64_t delay_ms = delay_after(learner, tries, error);
        const struct zk_error_text why = zk_error_text(r);
        if (remaining_ms <= delay_ms) {
            zk_log(learner->ctx, ZK_LOG_CONNECT_EXCEEDED, tries, remaining_ms, address.text,
                   why.text);
            return r;
        }
        /* Java gives up after five tries, 400 ms apart in all. Quick ones must not make us less
         * patient than that. */
        if (tries + 1 >= LEARNER_CONNECT_TRIES && spent_ms >= LEARNER_CONNECT_AT_LEAST_MS) {
            zk_log(learner->ctx, ZK_LOG_CONNECT_RETRIES, tries, remaining_ms, address.text,
                   why.text);
            return r;
        }
        zk_log(learner->ctx, ZK_LOG_CONNECT_AGAIN, tries, remaining_ms, address.text, why.text);
        if (learner_pause(learner, delay_ms))
            return -ECANCELED;
    }
}

/* One dial. The first that succeeds, of all connectors, becomes the connection and ends the others
 * (D-47). */
static int dial_once(struct leader_connector *connector, int64_t timeout_ms)
{
    struct learner *learner = connector->learner;
    if (connector->address.family == INET_UNRESOLVED)
        return -EDESTADDRREQ;
    struct sock *sock;
    int r = sock_new(learner->ctx, connector->address.family, &sock);
    if (r < 0)
        return r;
    /* Known before it dials, so that learner_shutdown and the others can wake it. */
    zk_mutex_lock(&learner->mu);
    bool over = is_dialling_over_locked(learner);
    if (!over)
        connector->sock = sock;
    zk_mutex_unlock(&learner->mu);
    if (over) {
        sock_unref(sock);
        return -ECANCELED;
    }

    r = sock_connect(sock, &connector->address, timeout_ms);

    zk_mutex_lock(&learner->mu);
    connector->sock = NULL;
    /* Too late: the leader sees a caller that hangs up without a word. */
    if (r == 0 && is_dialling_over_locked(learner))
        r = -ECANCELED;
    if (r == 0) {
        learner->sock = sock_ref(sock);
        learner_wake_connectors_locked(learner);
    }
    zk_mutex_unlock(&learner->mu);
    sock_unref(sock);
    return r;
}

/* Nobody needs another connection. */
static bool is_dialling_over_locked(const struct learner *learner)
{
    zk_mutex_assert_held(&learner->mu);
    return learner_is_stopping(learner) || learner->sock != NULL;
}

void learner_wake_connectors_locked(struct learner *learner)
{
    zk_mutex_assert_held(&learner->mu);
    for (size_t i = 0; i < learner->connector_count; i++) {
        if (learner->connectors[i].sock != NULL)
            sock_wake(learner->connectors[i].sock);
    }
    zk_cond_broadcast(&learner->wake);
}

/* Returns how long to wait after dial number tries (from 0), which ended with error. Refused means
 * that the host is up and its port not yet open, a matter of milliseconds (D-25). */
static int64_t delay_after(const struct learner *learner, int tries, int error)
{
    static const int64_t refused_delays_ms[] = {5, 10, 20, 40};
    int64_t delay_ms = zk_settings_get_integer(
        learner->ctx, "zookeeper.leaderConnectDelayDuringRetryMs", LEARNER_CONNECT_DELAY_MS);
    size_t quick = sizeof refused_delays_ms / sizeof refused_delays_ms[0];
    if (error == -ECONNREFUSED && (size_t)tries < quick && refused_delays_ms[tries] < delay_ms)
        return refused_delays_ms[tries];
    return delay_ms;
}

/* A connector that was quicker, and a stop, wake those that pause: so the first connection does not
 * wait until the others have slept. */
bool learner_pause(struct learner *learner, int64_t ms)
{
    int64_t end_ms = zk_elapsed_ms() + ms;
    zk_mutex_lock(&learner->mu);
    while (!is_dialling_over_locked(learner) &&
           zk_cond_wait_until(&learner->wake, &learner->mu, end_ms))
        continue;
    bool over = is_dialling_over_locked(learner);
    zk_mutex_unlock(&learner->mu);
    return over;
}
