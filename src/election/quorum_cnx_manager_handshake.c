/* Dialling and answering: the initial message says who calls, and the larger sid keeps the line it
 * dialled.
 *
 *   we dial, we are larger    say who we are, keep the connection: two workers
 *   we dial, we are smaller   say who we are, hang up; the other side dials us
 *   a larger sid dials us     keep the connection
 *   a smaller sid dials us    hang up and dial it, at the address that it announced (K-12)
 *
 * Threads: QuorumConnectionThread-[myid=N]-k, one for each dial and one for each caller that has
 * not said who it is. Java has a pool of 3 to 20 such threads for dials and lets the listener's own
 * thread hear the callers out, so that a silent one delays all others; here a thread lasts as long
 * as its conversation (D-21, D-60).
 *
 * Java: QuorumCnxManager.initiateConnection(), startConnection(), receiveConnection(),
 * handleConnection() */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/server_state.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"

/* ---- conversations -------------------------------------------------------------------------- */

/* Out of the list that starts at *first: qcm's dials or handshakes. */
static void conversation_unlink_locked(struct quorum_cnx_manager *qcm, struct conversation **first,
                                       struct conversation *conversation) REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    struct conversation **link = first;
    while (*link != conversation)
        link = &(*link)->next;
    *link = conversation->next;
}

static void conversation_free(struct conversation *conversation)
{
    sock_unref(conversation->sock);
    multiple_addresses_done(&conversation->addresses);
    multiple_addresses_done(&conversation->announced);
    free(conversation);
}

static size_t conversation_count(const struct conversation *first, bool strangers_only)
{
    size_t count = 0;
    for (; first != NULL; first = first->next)
        count += first->stranger || !strangers_only;
    return count;
}

/* The dial to sid that has not yet led to a connection, nor failed. NULL: none. */
static struct conversation *dial_under_way_locked(struct quorum_cnx_manager *qcm, int64_t sid)
    REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    struct conversation *dial = qcm->dials;
    while (dial != NULL && (dial->sid != sid || dial->settled))
        dial = dial->next;
    return dial;
}

/* Java: setSockOpts() */
void qcm_set_sock_opts(struct quorum_cnx_manager *qcm, struct sock *sock)
{
    sock_set_no_delay(sock, true);
    sock_set_keep_alive(sock, qcm->tcp_keep_alive);
    sock_set_timeout(sock, qcm->socket_timeout_ms);
    sock_set_deadline(sock, zk_elapsed_ms() + qcm->socket_timeout_ms);
}

/* ---- a kept connection ---------------------------------------------------------------------- */

/* Put a new pair of workers into the entry; *ret_old is the pair that it replaces.
 *
 * A dial is settled in the same step: if sid calls a moment later, this pair is finished and sid
 * called back; were that wish taken for one that is under way, nobody would be connected until the
 * next message (as happens in Java; D-69). Of two calls of one server the one accepted later stays,
 * whichever thread is quicker: the other one is dead already (Java hears one after the other).
 *
 * -ECANCELED: halting. -EUSERS: too many strangers. -ESTALE: a later call was quicker. */
static int install_workers(struct conversation *conversation, int64_t sid,
                           struct send_worker **ret_sw, struct send_worker **ret_old)
{
    struct quorum_cnx_manager *qcm = conversation->qcm;
    int r = 0;
    bool stranger = qcm_is_stranger(qcm, sid);
    zk_mutex_lock(&qcm->mu);
    const struct peer_entry *known = long_map_get(&qcm->entries, sid);
    bool replaces = known != NULL && known->sender_worker != NULL;
    if (zk_stop_requested(&qcm->shutdown))
        r = -ECANCELED;
    else if (stranger && !replaces && qcm_connected_strangers_locked(qcm) >= QCM_MAX_STRANGERS)
        r = -EUSERS;
    else if (replaces && known->sender_worker->number > conversation->number)
        r = -ESTALE;
    if (r == 0) {
        struct peer_entry *entry = qcm_entry_locked(qcm, sid);
        *ret_sw = send_worker_new(qcm, entry, conversation->sock);
        (*ret_sw)->number = conversation->number;
        *ret_old = entry->sender_worker;
        entry->sender_worker = send_worker_ref(*ret_sw);
    }
    conversation->settled = true;
    zk_mutex_unlock(&qcm->mu);
    return r;
}

/* Keep the connection of this conversation: sid is at its far end.
 * Java: startConnection(), its step 4, and handleConnection(), its last branch */
static void start_workers(struct conversation *conversation, int64_t sid)
{
    struct quorum_cnx_manager *qcm = conversation->qcm;
    struct sock *sock = conversation->sock;
    struct send_worker *sw = NULL;
    struct send_worker *old = NULL;
    int r = install_workers(conversation, sid, &sw, &old);
    if (r == -EUSERS)
        zk_log(qcm->ctx, ZK_LOG_TOO_MANY_STRANGERS, sid, (int)QCM_MAX_STRANGERS);
    if (r == -ESTALE)
        zk_trace_conn(qcm->ctx, "drop", sid, sock_conn_text(sock), "it has called again since");
    if (r < 0)
        return;
    zk_trace_conn(qcm->ctx, "keep", sid, sock_conn_text(sock), "the larger sid dialled it");
    if (old != NULL) {
        send_worker_finish(old);
        send_worker_unref(old);
    }
    sock_set_timeout(sock, 0); /* Java: RecvWorker() sets SO_TIMEOUT to 0 */
    sock_set_deadline(sock, INT64_MAX);

    send_worker_ref(sw);
    r = zk_thread_group_start(qcm->workers, send_worker_run, sw, "SendWorker:%" PRId64, sid);
    if (r < 0)
        send_worker_unref(sw);
    if (r == 0) {
        send_worker_ref(sw);
        r = zk_thread_group_start(qcm->workers, recv_worker_run, sw, "RecvWorker:%" PRId64, sid);
        if (r < 0)
            send_worker_unref(sw);
    }
    if (r < 0) {
        zk_log(qcm->ctx, ZK_LOG_NO_THREAD_FOR_CONNECTION, sid);
        send_worker_finish(sw);
    }
    send_worker_unref(sw);
}

/* ---- dialling ------------------------------------------------------------------------------- */

static void trace_initial(struct quorum_cnx_manager *qcm, int64_t sid, const struct sock *sock)
{
    struct zk_str json = {0};
    if (!zk_trace_on(qcm->ctx))
        return;
    zk_str_printf(&json, "{\"sid\":%" PRId64 "}", qcm->my_id);
    zk_trace_send(qcm->ctx, sid, sock_conn_text(sock), 0, "INITIAL", zk_str_text(&json));
    zk_str_done(&json);
}

/* Java: startConnection() */
static void start_connection(struct conversation *dial)
{
    struct quorum_cnx_manager *qcm = dial->qcm;
    int64_t sid = dial->sid;
    struct sock *sock = dial->sock;
    struct buf *message =
        initial_message_format(qcm->my_id, &qcm->my_election_addr, qcm->multi_address);
    trace_initial(qcm, sid, sock);
    int r = sock_write_fully(sock, message->bytes, message->length);
    buf_unref(message);
    if (r < 0) {
        char reason[128];
        zk_log(qcm->ctx, ZK_LOG_CHALLENGE_WRITE, sid, sock_error_text(r, reason, sizeof reason));
        return;
    }
    if (sid > qcm->my_id) {
        zk_log(qcm->ctx, ZK_LOG_SMALLER_IDENTIFIER, qcm->my_id, sid);
        zk_trace_conn(qcm->ctx, "drop", sid, sock_conn_text(sock),
                      "our sid is smaller: the other side will dial us");
        return;
    }
    start_workers(dial, sid);
}

/* The socket of this try, so that halt can wake it. False: halting. */
static bool conversation_set_sock(struct conversation *dial, struct sock *sock)
{
    struct quorum_cnx_manager *qcm = dial->qcm;
    zk_mutex_lock(&qcm->mu);
    struct sock *before = dial->sock;
    dial->sock = sock;
    bool halting = zk_stop_requested(&qcm->shutdown);
    zk_mutex_unlock(&qcm->mu);
    sock_unref(before);
    return !halting;
}

/* One address. Blocks up to the connect timeout. */
static int dial_address(struct conversation *dial, const struct inet_address *address,
                        int64_t timeout_ms)
{
    struct sock *sock = NULL;
    if (address->family == INET_UNRESOLVED)
        return -EDESTADDRREQ;
    int r = sock_new(dial->qcm->ctx, address->family, &sock);
    if (r < 0)
        return r;
    if (!conversation_set_sock(dial, sock))
        return -ECANCELED;
    qcm_set_sock_opts(dial->qcm, sock);
    return sock_connect(sock, address, timeout_ms);
}

/* Several addresses are tried one after the other, each no longer than the reachability check of
 * Java would wait for it; a single one gets the whole connect timeout (Java:
 * MultipleAddresses.getReachableOrOne(), whose ICMP needs root; D-64). */
static int dial_addresses(struct conversation *dial)
{
    struct quorum_cnx_manager *qcm = dial->qcm;
    const struct quorum_peer_config *config = quorum_peer_config_of(qcm->self);
    struct multiple_addresses *addresses = &dial->addresses;
    size_t *order = zk_xcalloc(addresses->count + 1, sizeof *order);
    int64_t timeout_ms = qcm->cnx_timeout_ms;
    if (addresses->count > 1 && config->multi_address_reachability_check_timeout_ms < timeout_ms)
        timeout_ms = config->multi_address_reachability_check_timeout_ms;
    int r = -EDESTADDRREQ;
    multiple_addresses_java_order(addresses, order);
    for (size_t i = 0; i < addresses->count && r != 0 && r != -ECANCELED; i++) {
        const struct inet_address *address = &addresses->items[order[i]];
        r = dial_address(dial, address, timeout_ms);
        if (r < 0 && r != -ECANCELED) {
            char text[320];
            char reason[128];
            inet_address_text(address, text, sizeof text);
            zk_log(qcm->ctx, ZK_LOG_CANNOT_OPEN_CHANNEL, dial->sid, text,
                   sock_error_text(r, reason, sizeof reason));
            zk_trace_conn(qcm->ctx, "refused", dial->sid, text, "nobody answers there");
        }
    }
    free(order);
    return r;
}

/* The thread of one dial. Java: QuorumConnectionReqThread.run(), initiateConnection() */
static void initiate_connection(void *arg)
{
    struct conversation *dial = arg;
    struct quorum_cnx_manager *qcm = dial->qcm;
    multiple_addresses_recreate(qcm->ctx, &dial->addresses); /* under no lock (D-19) */
    if (dial_addresses(dial) == 0) {
        zk_trace_conn(qcm->ctx, "dial", dial->sid, sock_conn_text(dial->sock),
                      "there is something to say");
        start_connection(dial);
    }
    zk_mutex_lock(&qcm->mu);
    conversation_unlink_locked(qcm, &qcm->dials, dial);
    bool failed = !dial->settled;
    zk_mutex_unlock(&qcm->mu);
    if (failed && dial->announced.count > 0)
        qcm_connect_one_addr(qcm, dial->sid, &dial->announced); /* (D-72) */
    conversation_free(dial);
}

/* Strangers get at most half of the dials, so that they cannot keep us from our own ensemble. */
static bool dials_exhausted_locked(struct quorum_cnx_manager *qcm, bool stranger) REQUIRES(&qcm->mu)
{
    size_t limit = (size_t)qcm->max_dials;
    return conversation_count(qcm->dials, false) >= limit ||
           (stranger && conversation_count(qcm->dials, true) >= limit / 2);
}

/* Java: initiateConnectionAsync() */
void qcm_initiate_connection_async_locked(struct quorum_cnx_manager *qcm, int64_t sid,
                                          bool stranger, const struct multiple_addresses *addresses)
    REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    if (zk_stop_requested(&qcm->shutdown) || dial_under_way_locked(qcm, sid) != NULL)
        return;
    int r = -EAGAIN;
    struct conversation *dial = zk_xcalloc(1, sizeof *dial);
    dial->qcm = qcm;
    dial->sid = sid;
    dial->stranger = stranger;
    dial->number = ++qcm->connection_thread_count;
    multiple_addresses_copy(&dial->addresses, addresses);
    if (!dials_exhausted_locked(qcm, stranger)) {
        dial->next = qcm->dials;
        qcm->dials = dial;
        r = zk_thread_group_start(qcm->connections, initiate_connection, dial,
                                  "QuorumConnectionThread-[myid=%" PRId64 "]-%" PRId64, qcm->my_id,
                                  dial->number);
        if (r < 0)
            qcm->dials = dial->next;
    }
    if (r < 0) {
        zk_log(qcm->ctx, ZK_LOG_SUBMITTING_CONNECTION);
        conversation_free(dial);
        return;
    }
    struct peer_entry *entry = long_map_get(&qcm->entries, sid);
    if (entry != NULL)
        entry->connection_attempts++;
}

/* ---- answering ------------------------------------------------------------------------------ */

/* Dial sid, which has called and now relies on us: it says nothing more until it hears from us. A
 * dial that was under way before may be one that nobody hears; if it fails, there is another.
 * Java lets it be the only one (K-27, D-72). */
static void connect_back(struct quorum_cnx_manager *qcm, int64_t sid,
                         const struct multiple_addresses *announced)
{
    bool stranger = qcm_is_stranger(qcm, sid);
    zk_mutex_lock(&qcm->mu);
    struct conversation *dial = dial_under_way_locked(qcm, sid);
    if (dial == NULL) {
        qcm_connect_one_addr_locked(qcm, sid, stranger, announced);
    } else {
        multiple_addresses_done(&dial->announced);
        multiple_addresses_copy(&dial->announced, announced);
    }
    zk_mutex_unlock(&qcm->mu);
}

/* A smaller sid called: hang up, end what we had with it, and call back; at the address of the
 * configuration if it announces none. */
static void call_back(struct quorum_cnx_manager *qcm, struct initial_message *message,
                      struct sock *sock)
{
    zk_mutex_lock(&qcm->mu);
    struct peer_entry *entry = long_map_get(&qcm->entries, message->sid);
    struct send_worker *sw = entry == NULL || entry->sender_worker == NULL
                                 ? NULL
                                 : send_worker_ref(entry->sender_worker);
    zk_mutex_unlock(&qcm->mu);
    if (sw != NULL) {
        send_worker_finish(sw);
        send_worker_unref(sw);
    }
    zk_trace_conn(qcm->ctx, "drop", message->sid, sock_conn_text(sock),
                  "its sid is smaller: we dial it instead");
    sock_wake(sock);
    if (message->election_addr.count == 0 &&
        !qcm_configured_election_addr(qcm, message->sid, &message->election_addr))
        zk_log(qcm->ctx, ZK_LOG_INVALID_SERVER_ID, message->sid);
    else
        connect_back(qcm, message->sid, &message->election_addr);
}

/* Java: handleConnection(), from where the initial message is read. Borrows both. */
static void handle_connection(struct conversation *caller, struct initial_message *message)
{
    struct quorum_cnx_manager *qcm = caller->qcm;
    struct sock *sock = caller->sock;
    if (message->sid == OBSERVER_ID) {
        zk_mutex_lock(&qcm->mu);
        message->sid = --qcm->observer_counter; /* -1, -2, ... */
        zk_mutex_unlock(&qcm->mu);
        zk_log(qcm->ctx, ZK_LOG_ARBITRARY_OBSERVER_ID, message->sid);
    } else if (message->sid < 0) { /* our own range of private ids (D-24) */
        zk_log(qcm->ctx, ZK_LOG_NEGATIVE_ID, message->sid, sock_conn_text(sock));
        return;
    }

    if (message->sid < qcm->my_id) {
        call_back(qcm, message, sock);
    } else if (message->sid == qcm->my_id) {
        zk_log(qcm->ctx, ZK_LOG_OWN_ID); /* and closed (D-10) */
    } else {
        start_workers(caller, message->sid);
    }
}

/* Java: receiveConnection() */
static void receive_connection(struct conversation *caller)
{
    struct quorum_cnx_manager *qcm = caller->qcm;
    struct sock *sock = caller->sock;
    struct initial_message message = {0};
    struct zk_str error = {0};
    char remote[320];
    inet_address_text(sock_remote(sock), remote, sizeof remote);
    int r = initial_message_read(sock, &message, &error);
    if (r == -EPROTO) {
        zk_log(qcm->ctx, ZK_LOG_INITIAL_MESSAGE_ERROR, remote, zk_str_text(&error));
    } else if (r < 0 && r != -ECANCELED) {
        char reason[128];
        zk_log(qcm->ctx, ZK_LOG_CHALLENGE_READ, remote, sock_error_text(r, reason, sizeof reason));
    } else if (r == 0) {
        if (zk_trace_on(qcm->ctx)) {
            struct zk_str json = {0};
            zk_str_printf(&json, "{\"sid\":%" PRId64 "}", message.sid);
            zk_trace_recv(qcm->ctx, message.sid, sock_conn_text(sock), 0, "INITIAL",
                          zk_str_text(&json));
            zk_str_done(&json);
        }
        handle_connection(caller, &message);
    }
    zk_str_done(&error);
    initial_message_done(&message);
}

/* The thread of one caller. Java: QuorumConnectionReceiverThread.run() */
static void hear_caller(void *arg)
{
    struct conversation *caller = arg;
    struct quorum_cnx_manager *qcm = caller->qcm;
    receive_connection(caller);
    zk_mutex_lock(&qcm->mu);
    conversation_unlink_locked(qcm, &qcm->handshakes, caller);
    zk_mutex_unlock(&qcm->mu);
    conversation_free(caller);
}

/* Too many say nothing: the one that has been silent longest goes. Those that were told to go
 * already are not counted, nor told again: in a burst of callers their threads have not ended
 * yet. */
static void drop_oldest_handshake_locked(struct quorum_cnx_manager *qcm) REQUIRES(&qcm->mu)
{
    struct conversation *oldest = NULL;
    size_t waiting = 0;
    for (struct conversation *c = qcm->handshakes; c != NULL; c = c->next) {
        if (!c->dropped) {
            oldest = c;
            waiting++;
        }
    }
    if (waiting < QCM_MAX_HANDSHAKES)
        return;
    oldest->dropped = true;
    zk_log(qcm->ctx, ZK_LOG_HANDSHAKE_DROPPED, sock_conn_text(oldest->sock),
           (int)QCM_MAX_HANDSHAKES);
    sock_wake(oldest->sock);
}

void qcm_receive_connection_async(struct quorum_cnx_manager *qcm, struct sock *sock)
{
    struct conversation *caller = zk_xcalloc(1, sizeof *caller);
    caller->qcm = qcm;
    caller->sock = sock;
    caller->settled = true; /* no dial */
    int r = -ECANCELED;
    zk_mutex_lock(&qcm->mu);
    if (!zk_stop_requested(&qcm->shutdown)) {
        drop_oldest_handshake_locked(qcm);
        caller->number = ++qcm->connection_thread_count;
        caller->next = qcm->handshakes;
        qcm->handshakes = caller;
        r = zk_thread_group_start(qcm->connections, hear_caller, caller,
                                  "QuorumConnectionThread-[myid=%" PRId64 "]-%" PRId64, qcm->my_id,
                                  caller->number);
        if (r < 0)
            qcm->handshakes = caller->next;
    }
    zk_mutex_unlock(&qcm->mu);
    if (r == -EAGAIN)
        zk_log(qcm->ctx, ZK_LOG_NO_THREAD_FOR_CALLER, sock_conn_text(sock));
    if (r < 0)
        conversation_free(caller);
}
