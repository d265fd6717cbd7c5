/* Dialling the leader. Java: Learner.connectToLeader(), LeaderConnector
 *
 * A leader binds its port at the very moment at which its followers dial: the first dials are
 * often refused. Java waits 100 ms then; here a refused dial is repeated after 5, 10, 20, 40 and
 * then 100 ms, for as long as Java would go on (D-25).
 *
 * With one address the main thread dials; with several each has a thread
 * LeaderConnector-<address>, and the first connection makes all others stop (D-47). They are
 * joined before learner_connect_to_leader returns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zab/learner_internal.h"
#include "zk/base/alloc.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"

enum { ADDRESS_TEXT = 320 };

static const int64_t refused_delays_ms[] = {5, 10, 20, 40};

/* Nobody waits for this dial any more. */
static bool dialling_is_over_locked(const struct learner *learner) REQUIRES(&learner->mu)
{
    zk_mutex_assert_held(&learner->mu);
    return learner->stopping || learner->sock != NULL;
}

/* ---- one address ---------------------------------------------------------------------------- */

/* Make the socket of the next dial known, so that it can be waked. */
static int prepare_dial(struct leader_connector *connector, struct sock **ret_sock)
{
    struct learner *learner = connector->learner;
    if (connector->address.family == INET_UNRESOLVED)
        return -EDESTADDRREQ;
    struct sock *sock;
    int r = sock_new(learner->ctx, connector->address.family, &sock);
    if (r < 0)
        return r;
    zk_mutex_lock(&learner->mu);
    bool over = dialling_is_over_locked(learner);
    if (!over)
        connector->sock = sock;
    zk_mutex_unlock(&learner->mu);
    if (over) {
        sock_unref(sock);
        return -ECANCELED;
    }
    *ret_sock = sock;
    return 0;
}

/* The dial is over: the first one that succeeded is the connection, and ends all others. Takes
 * sock. */
static int finish_dial(struct leader_connector *connector, struct sock *sock, int result)
{
    struct learner *learner = connector->learner;
    zk_mutex_lock(&learner->mu);
    connector->sock = NULL;
    if (result == 0 && dialling_is_over_locked(learner))
        result = -ECANCELED;
    if (result == 0) {
        learner->sock = sock_ref(sock);
        for (size_t i = 0; i < learner->connector_count; i++) {
            if (learner->connectors[i].sock != NULL)
                sock_wake(learner->connectors[i].sock);
        }
        zk_cond_broadcast(&learner->wake);
    }
    zk_mutex_unlock(&learner->mu);
    sock_unref(sock);
    return result;
}

static int dial_once(struct leader_connector *connector, int64_t timeout_ms)
{
    struct sock *sock;
    int r = prepare_dial(connector, &sock);
    if (r < 0)
        return r;
    r = sock_connect(sock, &connector->address, timeout_ms);
    return finish_dial(connector, sock, r);
}

/* Sleep, unless dialling is over. True: it is. */
static bool pause_dialling(struct learner *learner, int64_t ms)
{
    int64_t end_ms = zk_elapsed_ms() + ms;
    zk_mutex_lock(&learner->mu);
    while (!dialling_is_over_locked(learner) &&
           zk_cond_wait_until(&learner->wake, &learner->mu, end_ms))
        continue;
    bool over = dialling_is_over_locked(learner);
    zk_mutex_unlock(&learner->mu);
    return over;
}

/* How long to wait after dial number tries (from 0) ended with error. */
static int64_t delay_after(const struct learner *learner, int tries, int error)
{
    int64_t delay_ms = zk_settings_get_integer(
        learner->ctx, "zookeeper.leaderConnectDelayDuringRetryMs", LEARNER_CONNECT_DELAY_MS);
    size_t quick = sizeof refused_delays_ms / sizeof refused_delays_ms[0];
    if (error == -ECONNREFUSED && (size_t)tries < quick && refused_delays_ms[tries] < delay_ms)
        return refused_delays_ms[tries];
    return delay_ms;
}

/* Java: LeaderConnector.connectToLeader() */
static int dial_with_retries(struct leader_connector *connector)
{
    struct learner *learner = connector->learner;
    char text[ADDRESS_TEXT];
    char reason[128];
    inet_address_text(&connector->address, text, sizeof text);
    for (int tries = 0;; tries++) {
        int64_t remaining_ms = connector->limit_ms - (zk_elapsed_ms() - connector->start_ms);
        int r = remaining_ms > 0 ? dial_once(connector, remaining_ms) : -ETIMEDOUT;
        if (r == 0) {
            zk_log(learner->ctx, ZK_LOG_CONNECTED_TO_LEADER, text);
            return 0;
        }
        if (r == -ECANCELED)
            return r;
        int64_t spent_ms = zk_elapsed_ms() - connector->start_ms;
        remaining_ms = connector->limit_ms - spent_ms;
        int64_t delay_ms = delay_after(learner, tries, r);
        const char *why = sock_error_text(r, reason, sizeof reason);
        if (remaining_ms <= delay_ms) {
            zk_log(learner->ctx, ZK_LOG_CONNECT_EXCEEDED, tries, remaining_ms, text, why);
            return r;
        }
        if (tries + 1 >= LEARNER_CONNECT_TRIES && spent_ms >= LEARNER_CONNECT_AT_LEAST_MS) {
            zk_log(learner->ctx, ZK_LOG_CONNECT_RETRIES, tries, remaining_ms, text, why);
            return r;
        }
        zk_log(learner->ctx, ZK_LOG_CONNECT_AGAIN, tries, remaining_ms, text, why);
        if (pause_dialling(learner, delay_ms))
            return -ECANCELED;
    }
}

/* Java: LeaderConnector.run() */
static void leader_connector_run(void *arg)
{
    struct leader_connector *connector = arg;
    connector->error = dial_with_retries(connector);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void run_connectors(struct learner *learner, struct leader_connector *connectors,
                           size_t count)
{
    if (count == 1) {
        leader_connector_run(&connectors[0]);
        return;
    }
    struct zk_thread_group *group = zk_thread_group_new(learner->ctx);
    for (size_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT];
        inet_address_text(&connectors[i].address, text, sizeof text);
        int r = zk_thread_group_start(group, leader_connector_run, &connectors[i],
                                      "LeaderConnector-%s", text);
        if (r < 0)
            connectors[i].error = r;
    }
    zk_thread_group_free(group);
}

static struct leader_connector *make_connectors(struct learner *learner,
                                                const struct multiple_addresses *addresses)
{
    const struct quorum_peer_config *config = quorum_peer_config_of(learner->self);
    int64_t limit_ms = quorum_peer_init_limit_ms(learner->self);
    if (config->connect_to_learner_master_limit > 0)
        limit_ms = (int64_t)config->connect_to_learner_master_limit * config->tick_time_ms;
    struct leader_connector *connectors = zk_xcalloc(addresses->count + 1, sizeof *connectors);
    for (size_t i = 0; i < addresses->count; i++) {
        connectors[i] = (struct leader_connector){
            .learner = learner,
            .address = addresses->items[i],
            .start_ms = zk_elapsed_ms(),
            .limit_ms = limit_ms,
        };
    }
    return connectors;
}

/* From the connection to the first packet. */
static void adopt_connection(struct learner *learner, struct sock *sock)
{
    const char *no_delay = zk_settings_get(learner->ctx, "follower.nodelay");
    sock_set_no_delay(sock, no_delay == NULL || strcmp(no_delay, "true") == 0);
    sock_set_timeout(sock, quorum_peer_init_limit_ms(learner->self));
    zk_trace_conn(learner->ctx, "dial", learner->leader_id, sock_conn_text(sock), "quorum port");
    packet_stream_init(&learner->stream, learner->ctx, sock);
    learner->connected_ms = zk_elapsed_ms();
}

/* Java: connectToLeader() */
int learner_connect_to_leader(struct learner *learner, const struct quorum_server *leader)
{
    struct zk_str text = {0};
    multiple_addresses_format(&leader->addr, &text);
    free(learner->leader_address);
    learner->leader_address = zk_str_take(&text);

    struct leader_connector *connectors = make_connectors(learner, &leader->addr);
    zk_mutex_lock(&learner->mu);
    learner->connectors = connectors;
    learner->connector_count = leader->addr.count;
    zk_mutex_unlock(&learner->mu);

    if (leader->addr.count > 0)
        run_connectors(learner, connectors, leader->addr.count);

    zk_mutex_lock(&learner->mu);
    learner->connectors = NULL;
    learner->connector_count = 0;
    struct sock *sock = learner->sock;
    bool stopping = learner->stopping;
    zk_mutex_unlock(&learner->mu);

    int r = leader->addr.count > 0 ? connectors[0].error : -EDESTADDRREQ;
    free(connectors);
    if (stopping)
        return -ECANCELED;
    if (sock == NULL)
        return r;
    adopt_connection(learner, sock);
    return 0;
}
