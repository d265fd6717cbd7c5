/* The quorum port, which is open only while we lead. Java:
 * Leader.LearnerCnxAcceptor, LearnerCnxAcceptorHandler
 *
 * LearnerCnxAcceptor starts one LearnerCnxAcceptorHandler for each address and waits until the
 * last of them has ended, which is when the leader stops. A handler accepts and hands each
 * caller to a LearnerHandler; it reads nothing itself.
 *
 * The ports are bound by the main thread before anything else of the term: a follower may dial
 * at any moment, and what it dials before the first accept waits in the kernel. */
#include <errno.h>
#include <stdlib.h>

#include "zab/leader_internal.h"
#include "zk/base/alloc.h"
#include "zk/io/sock.h"
#include "zk/runtime/log_table.h"
#include "zk/zab/learner_handler.h"

enum { ADDRESS_TEXT = 320 };

/* ---- binding -------------------------------------------------------------------------------- */

/* Java: Leader.createServerSocket() */
static int create_server_socket(struct leader *leader, const struct inet_address *address,
                                struct sock **ret_listener)
{
    int r = address->family == INET_UNRESOLVED
                ? -EDESTADDRREQ
                : sock_listen(leader->ctx, address, LEADER_BACKLOG, ret_listener);
    if (r < 0) {
        char text[ADDRESS_TEXT];
        char reason[128];
        inet_address_text(address, text, sizeof text);
        zk_log(leader->ctx, ZK_LOG_COULD_NOT_BIND, text, sock_error_text(r, reason, sizeof reason));
    }
    return r;
}

/* The addresses that Java's constructor of Leader would bind: every one of ours, or with
 * quorumListenOnAllIPs one wildcard for each port. */
static void choose_addresses(struct leader *leader, struct multiple_addresses *ret_addresses)
{
    struct quorum_verifier *qv = quorum_peer_get_quorum_verifier(leader->self);
    const struct quorum_server *me = qv_member(qv, leader->my_id);
    for (size_t i = 0; me != NULL && i < me->addr.count; i++) {
        struct inet_address any = inet_address_any(me->addr.items[i].port);
        bool all_ips = quorum_peer_config_of(leader->self)->quorum_listen_on_all_ips;
        multiple_addresses_add(ret_addresses, all_ips ? &any : &me->addr.items[i]);
    }
    qv_unref(qv);
}

int leader_bind(struct leader *leader)
{
    struct multiple_addresses addresses = {0};
    choose_addresses(leader, &addresses);
    struct learner_cnx_acceptor_handler *acceptors =
        zk_xcalloc(addresses.count + 1, sizeof *acceptors);
    size_t count = 0;
    int r = -EADDRNOTAVAIL;
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

/* ---- accepting ------------------------------------------------------------------------------ */

/* Java: acceptConnections(). Returns the error that ends accepting; -ECANCELED when the leader
 * stops. */
static int accept_connections(struct learner_cnx_acceptor_handler *acceptor)
{
    struct leader *leader = acceptor->leader;
    for (;;) {
        struct sock *sock = NULL;
        int r = sock_accept(acceptor->listener, &sock);
        if (r == -EMFILE || r == -ENFILE || r == -ENOBUFS || r == -ENOMEM) {
            char reason[128];
            zk_log(leader->ctx, ZK_LOG_ACCEPTING_FOLLOWER_LATER,
                   sock_error_text(r, reason, sizeof reason), LEADER_ACCEPT_PAUSE_MS);
            if (leader_pause(leader, LEADER_ACCEPT_PAUSE_MS))
                return -ECANCELED;
            continue;
        }
        if (r < 0)
            return r;
        sock_set_timeout(sock, quorum_peer_init_limit_ms(leader->self));
        sock_set_no_delay(sock, leader->no_delay);
        learner_handler_start(leader, sock);
    }
}

/* Java: LearnerCnxAcceptorHandler.run() */
static void learner_cnx_acceptor_handler_run(void *arg)
{
    struct learner_cnx_acceptor_handler *acceptor = arg;
    struct leader *leader = acceptor->leader;
    int r = accept_connections(acceptor);
    if (!leader_is_stopping(leader)) {
        /* Nobody can join any more: better a leader that others can reach. */
        char reason[128];
        zk_log(leader->ctx, ZK_LOG_ACCEPTING_FOLLOWER, sock_error_text(r, reason, sizeof reason));
        leader_stop(leader, r, "Unexpected internal error");
    }
    zk_mutex_lock(&leader->mu);
    leader->accepting--;
    zk_cond_broadcast(&leader->wake);
    zk_mutex_unlock(&leader->mu);
}

/* Java: LearnerCnxAcceptor.run(), without the start of the handlers: their latch */
static void learner_cnx_acceptor_run(void *arg)
{
    struct leader *leader = arg;
    zk_mutex_lock(&leader->mu);
    while (leader->accepting > 0)
        zk_cond_wait(&leader->wake, &leader->mu);
    zk_mutex_unlock(&leader->mu);
}

/* "/127.0.0.1:2888|/127.0.0.2:2888" */
static char *acceptor_name(struct leader *leader) REQUIRES(&leader->mu)
{
    struct zk_str name = {0};
    for (size_t i = 0; i < leader->acceptor_count; i++) {
        char text[ADDRESS_TEXT];
        inet_address_text(&leader->acceptors[i].address, text, sizeof text);
        zk_str_printf(&name, "%s%s", i > 0 ? "|" : "", text);
    }
    return zk_str_take(&name);
}

int leader_start_acceptor(struct leader *leader)
{
    /* Only this thread changes the array, and not before all of these threads are joined. */
    zk_mutex_lock(&leader->mu);
    struct learner_cnx_acceptor_handler *acceptors = leader->acceptors;
    size_t count = leader->acceptor_count;
    char *name = acceptor_name(leader);
    leader->accepting = count;
    zk_mutex_unlock(&leader->mu);

    int r = zk_thread_group_start(leader->threads, learner_cnx_acceptor_run, leader,
                                  "LearnerCnxAcceptor-%s", name);
    free(name);
    size_t started = 0;
    while (r == 0 && started < count) {
        char text[ADDRESS_TEXT];
        inet_address_text(&acceptors[started].address, text, sizeof text);
        r = zk_thread_group_start(leader->threads, learner_cnx_acceptor_handler_run,
                                  &acceptors[started], "LearnerCnxAcceptorHandler-%s", text);
        started += r == 0;
    }
    zk_mutex_lock(&leader->mu);
    leader->accepting -= count - started;
    zk_cond_broadcast(&leader->wake);
    zk_mutex_unlock(&leader->mu);
    return r;
}
