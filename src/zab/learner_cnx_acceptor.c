/* The quorum port, which is open only while we lead.
 *
 * LearnerCnxAcceptor starts one LearnerCnxAcceptorHandler for each address and waits until the last
 * of them has ended, which is when the leader stops. A handler accepts and hands each connection to
 * a LearnerHandler; it reads nothing itself.
 *
 * The ports are bound by the main thread before anything else of the term: a follower may dial at
 * any moment, and a connection that comes before the first accept waits in the kernel.
 *
 * Java: Leader.LearnerCnxAcceptor, LearnerCnxAcceptorHandler */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zab/leader_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/zab/learner_handler.h"

static void choose_quorum_addresses(struct leader *leader,
                                    struct multiple_addresses *ret_addresses);
static int create_server_socket(struct leader *leader, const struct inet_address *address,
                                struct sock **ret_listener);
static void learner_cnx_acceptor_run(void *arg);
static char *acceptor_name(struct leader *leader) REQUIRES(&leader->mu);
static void learner_cnx_acceptor_handler_run(void *arg);
static int accept_learners(struct learner_cnx_acceptor_handler *acceptor);

/* ---- binding --------------------------------------------------------------------------------- */

/* Java: new Leader(), its loop over the addresses. One port that can be bound is enough. */
int leader_bind(struct leader *leader)
{
    struct multiple_addresses addresses = {0};
    choose_quorum_addresses(leader, &addresses);
    struct learner_cnx_acceptor_handler *acceptors =
        zk_xcalloc(addresses.count + 1, sizeof *acceptors);
    size_t count = 0;
    int r = -EDESTADDRREQ;
    for (size_t i = 0; i < addresses.count; i++) {
        struct sock *listener = NULL;
        int error = create_server_socket(leader, &addresses.items[i], &listener);
        if (error < 0) {
            r = error;
            continue;
        }
        acceptors[count++] = (struct learner_cnx_acceptor_handler){
            .leader = leader, .address = addresses.items[i], .listener = listener};
    }
    multiple_addresses_done(&addresses);

    zk_mutex_lock(&leader->mu);
    leader->acceptors = acceptors;
    leader->acceptor_count = count;
    zk_mutex_unlock(&leader->mu);
    return count > 0 ? 0 : r;
}

/* Every address of ours, or with quorumListenOnAllIPs one wildcard for each port. Names are looked
 * up again (blocks): a server whose name was unknown when the files were read, as in a container
 * that starts before its name service, could otherwise never lead. From 3.8.4 on Java does so, too
 * (D-75). */
static void choose_quorum_addresses(struct leader *leader, struct multiple_addresses *ret_addresses)
{
    const struct quorum_server *me =
        qv_member(quorum_peer_quorum_verifier(leader->self), leader->my_id);
    bool all_ips = leader->self->config->quorum_listen_on_all_ips;
    for (size_t i = 0; me != NULL && i < me->addr.count; i++) {
        const struct inet_address *configured = &me->addr.items[i];
        struct inet_address address = inet_address_any(configured->port);
        if (!all_ips)
            inet_address_resolve(leader->ctx, inet_host_text(configured).text, configured->port,
                                 &address);
        /* If it is unknown now, the address that was found before is the best. */
        bool unknown = address.family == INET_UNRESOLVED;
        multiple_addresses_add(ret_addresses, unknown ? configured : &address);
    }
}

/* Java: Leader.createServerSocket() */
static int create_server_socket(struct leader *leader, const struct inet_address *address,
                                struct sock **ret_listener)
{
    int r = address->family == INET_UNRESOLVED
                ? -EDESTADDRREQ
                : sock_listen(leader->ctx, address, SOCK_BACKLOG, ret_listener);
    if (r < 0)
        zk_log(leader->ctx, ZK_LOG_COULD_NOT_BIND, inet_text(address).text, zk_error_text(r).text);
    return r;
}

/* Java: Leader.closeSockets() */
void leader_wake_listeners_locked(struct leader *leader) REQUIRES(&leader->mu)
{
    zk_mutex_assert_held(&leader->mu);
    for (size_t i = 0; i < leader->acceptor_count; i++)
        sock_wake(leader->acceptors[i].listener);
}

void leader_close_listeners(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    for (size_t i = 0; i < leader->acceptor_count; i++)
        sock_unref(leader->acceptors[i].listener);
    free(leader->acceptors);
    leader->acceptors = NULL;
    leader->acceptor_count = 0;
    zk_mutex_unlock(&leader->mu);
}

/* ---- accepting ------------------------------------------------------------------------------- */

/* Java: LearnerCnxAcceptor.start(); and run(), its start of the handlers, which here is done by the
 * main thread: if one cannot start the term ends at once. */
int leader_start_acceptor(struct leader *leader)
{
    /* Only this thread changes the array, and not before all of these threads are joined. */
    zk_mutex_lock(&leader->mu);
    struct learner_cnx_acceptor_handler *acceptors = leader->acceptors;
    size_t count = leader->acceptor_count;
    char *name = acceptor_name(leader);
    leader->accepting = count; /* before any of them can count itself down */
    zk_mutex_unlock(&leader->mu);

    int r = zk_thread_group_start(leader->threads, learner_cnx_acceptor_run, leader,
                                  "LearnerCnxAcceptor-%s", name);
    free(name);
    size_t started = 0;
    while (r == 0 && started < count) {
        r = zk_thread_group_start(leader->threads, learner_cnx_acceptor_handler_run,
                                  &acceptors[started], "LearnerCnxAcceptorHandler-%s",
                                  inet_text(&acceptors[started].address).text);
        started += r == 0;
    }
    zk_mutex_lock(&leader->mu);
    leader->accepting -= count - started; /* those that never started will not do so themselves */
    zk_cond_broadcast(&leader->wake);
    zk_mutex_unlock(&leader->mu);
    return r;
}

/* It only waits; the main thread closes the ports, at the end of the term.
 * Java: LearnerCnxAcceptor.run(), the wait for its latch */
static void learner_cnx_acceptor_run(void *arg)
{
    struct leader *leader = arg;
    zk_mutex_lock(&leader->mu);
    while (leader->accepting > 0)
        zk_cond_wait(&leader->wake, &leader->mu);
    zk_mutex_unlock(&leader->mu);
}

/* "/127.0.0.1:2888|/127.0.0.2:2888". The caller frees it. */
static char *acceptor_name(struct leader *leader)
{
    struct zk_str name = {0};
    for (size_t i = 0; i < leader->acceptor_count; i++)
        zk_str_printf(&name, "%s%s", i > 0 ? "|" : "",
                      inet_text(&leader->acceptors[i].address).text);
    return zk_str_take(&name);
}

/* Java: LearnerCnxAcceptorHandler.run() */
static void learner_cnx_acceptor_handler_run(void *arg)
{
    struct learner_cnx_acceptor_handler *acceptor = arg;
    struct leader *leader = acceptor->leader;
    int r = accept_learners(acceptor);
    if (!leader_is_stopping(leader)) {
        /* Nobody can join any more: a leader that others can reach is better. As in Java, one of
         * several addresses is enough for that. */
        zk_log(leader->ctx, ZK_LOG_ACCEPTING_FOLLOWER, zk_error_text(r).text);
        leader_shutdown(leader, r, "Unexpected internal error");
    }
    zk_mutex_lock(&leader->mu);
    leader->accepting--;
    zk_cond_broadcast(&leader->wake);
    zk_mutex_unlock(&leader->mu);
}

/* Returns the error that ends accepting; -ECANCELED when the leader stops.
 * Java: acceptConnections() */
static int accept_learners(struct learner_cnx_acceptor_handler *acceptor)
{
    struct leader *leader = acceptor->leader;
    int64_t init_limit_ms = leader->self->init_limit_ms;
    const char *no_delay = zk_settings_get(leader->ctx, "leader.nodelay");
    for (;;) {
        struct sock *sock = NULL;
        int r = sock_accept(acceptor->listener, &sock);
        if (r < 0)
            return r;
        sock_set_timeout(sock, init_limit_ms); /* until a quorum has acknowledged NEWLEADER */
        /* One deadline for the whole first packet, however slowly its bytes arrive (D-43). */
        sock_set_deadline(sock, zk_elapsed_ms() + init_limit_ms);
        /* A proposal is small, and nothing behind it may push it out: with Nagle's algorithm it
         * would wait for the learner's delayed TCP acknowledgement, up to 40 ms. */
        sock_set_no_delay(sock, no_delay == NULL || strcmp(no_delay, "true") == 0);
        learner_handler_start(&leader->master, sock);
    }
}
