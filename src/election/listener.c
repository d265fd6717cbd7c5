/* The threads that accept. Java: QuorumCnxManager.Listener, Listener.ListenerHandler
 *
 * QuorumPeerListener starts one ListenerHandler for each election address and waits until the last
 * of them has given up. A handler binds, accepts, and hands each caller to a thread of its own; it
 * reads nothing itself.
 *
 * Java closes the port and binds it anew after any error of accept. Here sock_accept waits out the
 * errors that pass (D-63), so a port that is bound again is one that was broken. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/log_table.h"

enum { BIND_RETRY_MS = 1000 }; /* Java's sleep between two binds */

struct listener_handler {
    struct quorum_cnx_manager *qcm;
    size_t slot; /* of server_sockets and handler_addresses */
};

static void listener_handler_accept_connections(struct listener_handler *handler);
static int create_new_server_socket(struct listener_handler *handler, struct sock **ret_sock);
static bool set_server_socket(struct listener_handler *handler, struct sock *sock);
static void note_socket_exception(struct quorum_cnx_manager *qcm);

/* ---- one address ---------------------------------------------------------------------------- */

/* Java: ListenerHandler.run() */
static void listener_handler_run(void *arg)
{
    struct listener_handler *handler = arg;
    listener_handler_accept_connections(handler);
    free(handler);
}

/* Binds, accepts until that fails, and binds again, a limited number of times: a peer that nobody
 * can call gets no connection with a larger sid (K-1), so it must not run on unnoticed.
 * Java: acceptConnections() */
static void listener_handler_accept_connections(struct listener_handler *handler)
{
    struct quorum_cnx_manager *qcm = handler->qcm;
    int num_retries = 0;
    const struct inet_address *address = &qcm->handler_addresses[handler->slot];
    while (!zk_stop_requested(&qcm->shutdown) &&
           (qcm->port_bind_max_retry == 0 || num_retries < qcm->port_bind_max_retry)) {
        struct sock *server = NULL;
        int r = create_new_server_socket(handler, &server);
        if (r == 0) {
            sock_ref(server); /* one for the slot, one for us */
            r = set_server_socket(handler, server) ? 0 : -ECANCELED;
            struct sock *sock = NULL;
            while (r == 0 && (r = sock_accept(server, &sock)) == 0) {
                qcm_set_sock_opts(qcm, sock);
                zk_log(qcm->ctx, ZK_LOG_CONNECTION_REQUEST, inet_text(sock_remote(sock)).text);
                qcm_receive_connection_async(qcm, sock);
                num_retries = 0; /* the port works: only failures in a row count */
            }
            set_server_socket(handler, NULL); /* or the next bind would find the port in use */
            sock_unref(server);
        }
        if (zk_stop_requested(&qcm->shutdown))
            break;
        zk_log(qcm->ctx, ZK_LOG_LISTENING_FAILED, inet_host_port_text(address).text,
               zk_error_text(r).text);
        note_socket_exception(qcm);
        num_retries++;
        zk_stop_sleep(&qcm->shutdown, BIND_RETRY_MS);
    }
    if (!zk_stop_requested(&qcm->shutdown))
        zk_log(qcm->ctx, ZK_LOG_LEAVING_LISTENER_THREAD, inet_host_port_text(address).text,
               num_retries);
}

/* The name is looked up each time (ZOOKEEPER-3991): in a container it may mean another address by
 * the second try. Java: createNewServerSocket() */
static int create_new_server_socket(struct listener_handler *handler, struct sock **ret_sock)
{
    struct quorum_cnx_manager *qcm = handler->qcm;
    const struct inet_address *configured = &qcm->handler_addresses[handler->slot];
    struct inet_address address = *configured;
    if (!inet_address_is_wildcard(configured))
        inet_address_resolve(qcm->ctx, configured->host, configured->port, &address);
    if (address.family == INET_UNRESOLVED)
        return -EDESTADDRREQ;
    int r = sock_listen(qcm->ctx, &address, SOCK_BACKLOG, ret_sock);
    if (r == 0)
        zk_log(qcm->ctx, ZK_LOG_ACCEPTING, qcm->my_id, inet_text(&address).text);
    return r;
}

/* Publishes the bound socket, so that halt can wake it, or with NULL takes it back. Returns false
 * if halt has begun: it may have looked before the socket was there. */
static bool set_server_socket(struct listener_handler *handler, struct sock *sock)
{
    struct quorum_cnx_manager *qcm = handler->qcm;
    zk_mutex_lock(&qcm->listener_mu);
    struct sock *before = qcm->server_sockets[handler->slot];
    qcm->server_sockets[handler->slot] = sock;
    zk_mutex_unlock(&qcm->listener_mu);
    sock_unref(before);
    return !zk_stop_requested(&qcm->shutdown);
}

/* A port has failed: if all listeners give up, this is the reason why the process ends. */
static void note_socket_exception(struct quorum_cnx_manager *qcm)
{
    zk_mutex_lock(&qcm->listener_mu);
    qcm->socket_exception = true;
    zk_mutex_unlock(&qcm->listener_mu);
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* With quorumListenOnAllIPs one wildcard for each port, else every election address. The same
 * address twice could not be bound. */
static void choose_listen_addresses(struct quorum_cnx_manager *qcm)
{
    const struct multiple_addresses *mine = &qcm->my_election_addr;
    qcm->handler_addresses = zk_xcalloc(mine->count + 1, sizeof *qcm->handler_addresses);
    for (size_t i = 0; i < mine->count; i++) {
        struct inet_address address =
            qcm->listen_on_all_ips ? inet_address_any(mine->items[i].port) : mine->items[i];
        bool known = false;
        for (size_t k = 0; k < qcm->handler_count; k++)
            known |= inet_address_equal(&qcm->handler_addresses[k], &address);
        if (!known)
            qcm->handler_addresses[qcm->handler_count++] = address;
    }
}

static void log_listener_gone(struct quorum_cnx_manager *qcm)
{
    struct zk_str text = {0};
    multiple_addresses_format(&qcm->my_election_addr, &text);
    zk_log(qcm->ctx, ZK_LOG_LISTENER_GONE, zk_str_text(&text));
    zk_str_done(&text);
}

/* A peer whose election port cannot be opened must not stay: it could only call others, and a
 * larger one that calls it back would not reach it.
 * Java: Listener.run() */
static void listener_run(void *arg)
{
    struct quorum_cnx_manager *qcm = arg;
    struct zk_thread_group *handlers = zk_thread_group_new(qcm->ctx);
    for (size_t slot = 0; slot < qcm->handler_count; slot++) {
        struct listener_handler *handler = zk_xcalloc(1, sizeof *handler);
        struct inet_text address = inet_text(&qcm->handler_addresses[slot]);
        handler->qcm = qcm;
        handler->slot = slot;
        if (zk_thread_group_start(handlers, listener_handler_run, handler, "ListenerHandler-%s",
                                  address.text) < 0) {
            zk_log(qcm->ctx, ZK_LOG_NO_THREAD_FOR_LISTENER, address.text);
            note_socket_exception(qcm); /* a deaf peer is of no use: as if the port were taken */
            free(handler);
        }
    }
    zk_thread_group_free(handlers); /* waits for all */

    zk_log(qcm->ctx, ZK_LOG_LEAVING_LISTENER);
    if (zk_stop_requested(&qcm->shutdown))
        return;
    log_listener_gone(qcm);
    zk_mutex_lock(&qcm->listener_mu);
    bool socket_exception = qcm->socket_exception;
    zk_mutex_unlock(&qcm->listener_mu);
    if (socket_exception && qcm->on_socket_error != NULL)
        qcm->on_socket_error(qcm->on_socket_error_arg);
}

int qcm_start_listener(struct quorum_cnx_manager *qcm, void (*on_socket_error)(void *arg),
                       void *arg) UNSHARED
{
    qcm->on_socket_error = on_socket_error;
    qcm->on_socket_error_arg = arg;
    choose_listen_addresses(qcm);
    qcm->server_sockets = zk_xcalloc(qcm->handler_count + 1, sizeof(struct sock *));
    return zk_thread_group_start(qcm->listeners, listener_run, qcm, "QuorumPeerListener");
}

/* It only wakes: each handler closes its own socket when it leaves accept.
 * Java: Listener.halt(), ListenerHandler.close() */
void listener_halt(struct quorum_cnx_manager *qcm)
{
    zk_mutex_lock(&qcm->listener_mu);
    for (size_t i = 0; qcm->server_sockets != NULL && i < qcm->handler_count; i++) {
        if (qcm->server_sockets[i] != NULL)
            sock_wake(qcm->server_sockets[i]);
    }
    zk_mutex_unlock(&qcm->listener_mu);
}
