/* Handshakes: the initial message says who calls, and the larger sid keeps the connection that it
 * dialled.
 *
 *   we dial, we are larger    say who we are, keep the connection: two workers
 *   we dial, we are smaller   say who we are, hang up; the other side dials us
 *   a larger sid dials us     keep the connection
 *   a smaller sid dials us    hang up and dial it, at the address that it announced (K-12)
 *
 * Threads: QuorumConnectionThread-[myid=N]-k, one for each handshake. Java has a pool of 3 to 20
 * such threads for outgoing ones and reads the initial messages of callers in the listener's own
 * thread, so that a silent caller delays all others. Here a thread lasts as long as its handshake
 * (D-21, D-60).
 *
 * Java: QuorumCnxManager, from initiateConnection() to handleConnection(), in its order */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/ensemble/server_state.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/log_table.h"

static void connection_req_thread_run(void *arg);
static void start_connection(struct handshake *handshake);
static void connection_receiver_thread_run(void *arg);
static void handle_connection(struct handshake *handshake, struct initial_message *message);
static void keep_connection(struct handshake *handshake, int64_t sid);
static int install_worker(struct handshake *handshake, int64_t sid, struct send_worker **ret_sw,
                          struct send_worker **ret_old);
static int start_workers(struct send_worker *sw);
static void call_back(const struct handshake *caller, struct initial_message *message);
static int connect_addresses(struct handshake *handshake);
static int connect_address(struct handshake *handshake, const struct inet_address *address,
                           int64_t timeout_ms);
static bool handshake_set_sock(struct handshake *handshake, struct sock *sock);
static struct handshake *outgoing_to_locked(struct quorum_cnx_manager *qcm, int64_t sid)
    REQUIRES(&qcm->mu);
static bool outgoing_exhausted_locked(struct quorum_cnx_manager *qcm, bool stranger)
    REQUIRES(&qcm->mu);
static void drop_oldest_incoming_locked(struct quorum_cnx_manager *qcm) REQUIRES(&qcm->mu);
static int start_thread_locked(struct quorum_cnx_manager *qcm, struct handshake **list,
                               struct handshake *handshake, void (*run)(void *arg))
    REQUIRES(&qcm->mu);
static void handshake_unlink_locked(struct quorum_cnx_manager *qcm, struct handshake **list,
                                    struct handshake *handshake) REQUIRES(&qcm->mu);
static void handshake_free(struct handshake *handshake);

/* ---- outgoing ------------------------------------------------------------------------------- */

/* Names are looked up here, where no lock is held (D-19). Blocks up to the connect timeout of each
 * address. Java: initiateConnection() */
static void initiate_connection(struct handshake *handshake)
{
    multiple_addresses_recreate(handshake->qcm->ctx, &handshake->addresses);
    if (connect_addresses(handshake) < 0)
        return;
    qcm_trace_dialled(handshake);
    start_connection(handshake);
}

void qcm_initiate_connection_async_locked(struct quorum_cnx_manager *qcm, int64_t sid,
                                          bool stranger, const struct multiple_addresses *addresses)
    REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    /* A dial under way will do: each vote asks for one, even while the last one still waits. */
    if (zk_stop_requested(&qcm->shutdown) || outgoing_to_locked(qcm, sid) != NULL)
        return;
    struct handshake *handshake = zk_xcalloc(1, sizeof *handshake);
    handshake->qcm = qcm;
    handshake->sid = sid;
    handshake->stranger = stranger;
    handshake->in_progress = true;
    handshake->number = ++qcm->connection_thread_count;
    multiple_addresses_copy(&handshake->addresses, addresses);
    int r = -EAGAIN; /* given up without a retry: the next message asks again */
    if (!outgoing_exhausted_locked(qcm, stranger))
        r = start_thread_locked(qcm, &qcm->outgoing, handshake, connection_req_thread_run);
    if (r < 0) { /* in Java the pool rejects it */
        zk_log(qcm->ctx, ZK_LOG_SUBMITTING_CONNECTION);
        handshake_free(handshake);
        return;
    }
    struct peer_entry *entry = long_map_get(&qcm->entries, sid);
    if (entry != NULL)
        entry->connection_attempts++;
}

/* Java: QuorumConnectionReqThread.run() */
static void connection_req_thread_run(void *arg)
{
    struct handshake *handshake = arg;
    struct quorum_cnx_manager *qcm = handshake->qcm;
    initiate_connection(handshake);

    /* Out of the list first: the dial below would take this one for a dial that is under way. */
    zk_mutex_lock(&qcm->mu);
    handshake_unlink_locked(qcm, &qcm->outgoing, handshake);
    bool failed = handshake->in_progress;
    zk_mutex_unlock(&qcm->mu);
    /* A server that called meanwhile was not called back, because we were dialling it already. It
     * says nothing more until it hears from us. Java forgets it here (K-27, D-72). */
    if (failed && handshake->announced.count > 0)
        qcm_connect_one_addr(qcm, handshake->sid, &handshake->announced);
    handshake_free(handshake);
}

/* We have dialled and say who we are. The other side answers nothing: it either keeps the
 * connection or closes it, and both sides know by the sids which of the two it is.
 * Java: startConnection() */
static void start_connection(struct handshake *handshake)
{
    struct quorum_cnx_manager *qcm = handshake->qcm;
    int64_t sid = handshake->sid;
    struct buf *message =
        initial_message_format(qcm->my_id, &qcm->my_election_addr, qcm->multi_address);
    qcm_trace_initial_sent(handshake);
    int r = sock_write_fully(handshake->sock, message->bytes, message->length);
    buf_unref(message);
    if (r < 0) { /* from here on a return closes the connection: the handshake owns it */
        zk_log(qcm->ctx, ZK_LOG_CHALLENGE_WRITE, sid, zk_error_text(r).text);
        return;
    }
    /* Both sides dial; one connection is enough, and both must choose the same one (K-1). Our call
     * was not in vain: the larger side now dials us, if it has not done so. */
    if (sid > qcm->my_id) {
        zk_log(qcm->ctx, ZK_LOG_SMALLER_IDENTIFIER, qcm->my_id, sid);
        qcm_trace_hung_up_by_smaller(handshake);
        return;
    }
    keep_connection(handshake, sid);
}

/* ---- incoming ------------------------------------------------------------------------------- */

/* Blocks up to the deadline of the socket, which holds for the whole initial message: a caller that
 * sends one byte at a time gets no more time. Java: receiveConnection() */
static void receive_connection(struct handshake *handshake)
{
    struct quorum_cnx_manager *qcm = handshake->qcm;
    const struct inet_address *remote = sock_remote(handshake->sock);
    struct initial_message message = {0};
    struct zk_str error = {0};
    int r = initial_message_read(handshake->sock, &message, &error);
    if (r == 0) {
        qcm_trace_initial_received(handshake, message.sid);
        handle_connection(handshake, &message);
    } else if (r == -EPROTO) {
        zk_log(qcm->ctx, ZK_LOG_INITIAL_MESSAGE_ERROR, inet_text(remote).text, zk_str_text(&error));
    } else if (r != -ECANCELED) { /* after that it was dropped, or we halt: said already */
        zk_log(qcm->ctx, ZK_LOG_CHALLENGE_READ, inet_text(remote).text, zk_error_text(r).text);
    }
    zk_str_done(&error);
    initial_message_done(&message);
}

void qcm_receive_connection_async(struct quorum_cnx_manager *qcm, struct sock *sock)
{
    struct handshake *handshake = zk_xcalloc(1, sizeof *handshake);
    handshake->qcm = qcm;
    handshake->sock = sock;
    int r = -ECANCELED;
    zk_mutex_lock(&qcm->mu);
    if (!zk_stop_requested(&qcm->shutdown)) {
        drop_oldest_incoming_locked(qcm);
        handshake->number = ++qcm->connection_thread_count;
        r = start_thread_locked(qcm, &qcm->incoming, handshake, connection_receiver_thread_run);
    }
    zk_mutex_unlock(&qcm->mu);
    if (r == -EAGAIN)
        zk_log(qcm->ctx, ZK_LOG_NO_THREAD_FOR_CALLER, sock_conn_text(sock));
    if (r < 0)
        handshake_free(handshake);
}

/* The socket is closed with the handshake, unless a worker has taken a reference to it.
 * Java: QuorumConnectionReceiverThread.run() */
static void connection_receiver_thread_run(void *arg)
{
    struct handshake *handshake = arg;
    struct quorum_cnx_manager *qcm = handshake->qcm;
    receive_connection(handshake);
    zk_mutex_lock(&qcm->mu);
    handshake_unlink_locked(qcm, &qcm->incoming, handshake);
    zk_mutex_unlock(&qcm->mu);
    handshake_free(handshake);
}

/* We were dialled, and know by whom.
 * Java: handleConnection() */
static void handle_connection(struct handshake *handshake, struct initial_message *message)
{
    struct quorum_cnx_manager *qcm = handshake->qcm;
    if (message->sid == OBSERVER_ID) { /* it has no id of its own, and gets one from us */
        zk_mutex_lock(&qcm->mu);
        message->sid = --qcm->observer_counter; /* -1, -2, ...: each needs a queue of its own */
        zk_mutex_unlock(&qcm->mu);
        zk_log(qcm->ctx, ZK_LOG_ARBITRARY_OBSERVER_ID, message->sid);
    } else if (message->sid < 0) { /* these are ours to give (D-24) */
        zk_log(qcm->ctx, ZK_LOG_NEGATIVE_ID, message->sid, sock_conn_text(handshake->sock));
        return;
    }

    if (message->sid < qcm->my_id) {
        /* It would not call if it had a connection with us: what we still take for one goes first,
         * for otherwise we would not dial. */
        zk_mutex_lock(&qcm->mu);
        struct peer_entry *entry = long_map_get(&qcm->entries, message->sid);
        struct send_worker *sw = entry == NULL ? NULL : entry->sender_worker;
        if (sw != NULL)
            send_worker_ref(sw);
        zk_mutex_unlock(&qcm->mu);
        if (sw != NULL)
            send_worker_finish(sw, "the other side has called again");
        send_worker_unref(sw);
        qcm_trace_hung_up_on_smaller(handshake, message->sid);
        sock_wake(handshake->sock); /* hang up, then dial, as Java does */
        call_back(handshake, message);
    } else if (message->sid == qcm->my_id) {
        zk_log(qcm->ctx, ZK_LOG_OWN_ID); /* Java leaves the connection open (D-10) */
    } else {
        keep_connection(handshake, message->sid);
    }
}

/* ---- a connection that is kept -------------------------------------------------------------- */

/* The handshake's connection, with sid at its far end, lives on. In Java these lines stand twice,
 * at the end of startConnection() and of handleConnection(). */
static void keep_connection(struct handshake *handshake, int64_t sid)
{
    struct quorum_cnx_manager *qcm = handshake->qcm;
    struct send_worker *sw = NULL;
    struct send_worker *old = NULL; /* of a connection that its other end no longer uses */
    int r = install_worker(handshake, sid, &sw, &old);
    if (r == -EUSERS)
        zk_log(qcm->ctx, ZK_LOG_TOO_MANY_STRANGERS, sid, (int)QCM_MAX_STRANGERS);
    if (r == -ESTALE)
        qcm_trace_overtaken(handshake, sid);
    if (r < 0)
        return;
    qcm_trace_kept(handshake, sid);
    /* The old one ends when the new one stands in its place: the entry is never empty in between,
     * so no message to sid makes us dial once more. */
    if (old != NULL)
        send_worker_finish(old, "a newer connection has replaced it");
    send_worker_unref(old);
    /* Two settled servers may be silent for ever. Java: RecvWorker() */
    sock_set_timeout(handshake->sock, 0);
    sock_set_deadline(handshake->sock, INT64_MAX);
    if (start_workers(sw) < 0) {
        zk_log(qcm->ctx, ZK_LOG_NO_THREAD_FOR_CONNECTION, sid);
        send_worker_finish(sw, "the system gives no thread for it");
    }
    send_worker_unref(sw);
}

/* Puts a new SendWorker into the entry; *ret_old is the one that it replaces. The caller unrefs
 * both.
 *
 * The dial is over in the same step. If sid calls a moment later, this connection ends and sid is
 * called back; otherwise that call-back would be taken for this finished handshake and left out,
 * and nobody would be connected until the next message, as happens in Java (D-69). Of two calls of
 * one server the later one stays, whichever thread is quicker: the other one is dead already. (Java
 * hears one after the other.)
 *
 * -ECANCELED: halting. -EUSERS: too many strangers. -ESTALE: a later call was quicker. */
static int install_worker(struct handshake *handshake, int64_t sid, struct send_worker **ret_sw,
                          struct send_worker **ret_old)
{
    struct quorum_cnx_manager *qcm = handshake->qcm;
    int r = 0;
    bool stranger = qcm_is_stranger(qcm, sid);
    zk_mutex_lock(&qcm->mu);
    const struct peer_entry *known = long_map_get(&qcm->entries, sid);
    bool replaces = known != NULL && known->sender_worker != NULL;
    if (zk_stop_requested(&qcm->shutdown))
        r = -ECANCELED;
    else if (stranger && !replaces && qcm_connected_strangers_locked(qcm) >= QCM_MAX_STRANGERS)
        r = -EUSERS;
    else if (replaces && known->sender_worker->number > handshake->number)
        r = -ESTALE;
    if (r == 0) {
        struct peer_entry *entry = qcm_entry_locked(qcm, sid);
        *ret_sw = send_worker_new(qcm, entry, handshake->sock, handshake->number);
        *ret_old = entry->sender_worker;
        entry->sender_worker = send_worker_ref(*ret_sw);
    }
    handshake->in_progress = false;
    zk_mutex_unlock(&qcm->mu);
    return r;
}

/* If only the first of the two starts, the caller's finish() ends it. */
static int start_workers(struct send_worker *sw)
{
    struct quorum_cnx_manager *qcm = sw->qcm;
    send_worker_ref(sw);
    int r =
        zk_thread_group_start(qcm->workers, send_worker_run, sw, "SendWorker:%" PRId64, sw->sid);
    if (r < 0) {
        send_worker_unref(sw);
        return r;
    }
    struct recv_worker *rw = recv_worker_new(sw);
    r = zk_thread_group_start(qcm->workers, recv_worker_run, rw, "RecvWorker:%" PRId64, sw->sid);
    if (r < 0)
        recv_worker_free(rw);
    return r;
}

/* ---- calling back --------------------------------------------------------------------------- */

/* Dials the caller, at the address that it announced (K-12) or else at that of the configuration.
 * If it is being dialled already, that handshake remembers the address and tries it if its own dial
 * fails (D-72). Of two calls the later one knows where the server is now, whichever thread comes
 * here first.
 * Java: connectOne(), as handleConnection() calls it */
static void call_back(const struct handshake *caller, struct initial_message *message)
{
    struct quorum_cnx_manager *qcm = caller->qcm;
    int64_t sid = message->sid;
    struct multiple_addresses *announced = &message->election_addr;
    if (announced->count == 0 && !qcm_configured_election_addr(qcm, sid, announced)) {
        zk_log(qcm->ctx, ZK_LOG_INVALID_SERVER_ID, sid);
        return;
    }
    bool stranger = qcm_is_stranger(qcm, sid);
    zk_mutex_lock(&qcm->mu);
    struct handshake *under_way = outgoing_to_locked(qcm, sid);
    if (under_way == NULL) {
        qcm_connect_one_addr_locked(qcm, sid, stranger, announced);
    } else if (under_way->announced_by < caller->number) {
        under_way->announced_by = caller->number;
        multiple_addresses_done(&under_way->announced);
        multiple_addresses_copy(&under_way->announced, announced);
    }
    zk_mutex_unlock(&qcm->mu);
}

/* ---- dialling ------------------------------------------------------------------------------- */

/* Several addresses are tried one after the other, each no longer than Java's reachability check
 * would wait for it; a single one gets the whole connect timeout.
 * Java: MultipleAddresses.getReachableOrOne(), whose ICMP needs root (D-64) */
static int connect_addresses(struct handshake *handshake)
{
    struct quorum_cnx_manager *qcm = handshake->qcm;
    const struct quorum_peer_config *config = qcm->self->config;
    const struct multiple_addresses *addresses = &handshake->addresses;
    size_t *order = zk_xcalloc(addresses->count + 1, sizeof *order);
    int64_t timeout_ms = qcm->cnx_timeout_ms;
    if (addresses->count > 1 && config->multi_address_reachability_check_timeout_ms < timeout_ms)
        timeout_ms = config->multi_address_reachability_check_timeout_ms;
    int r = -EDESTADDRREQ;
    multiple_addresses_java_order(addresses, order);
    for (size_t i = 0; i < addresses->count && r != 0 && r != -ECANCELED; i++) {
        const struct inet_address *address = &addresses->items[order[i]];
        r = connect_address(handshake, address, timeout_ms);
        if (r < 0 && r != -ECANCELED) {
            zk_log(qcm->ctx, ZK_LOG_CANNOT_OPEN_CHANNEL, handshake->sid, inet_text(address).text,
                   zk_error_text(r).text);
            qcm_trace_refused(handshake, address);
        }
    }
    free(order);
    return r;
}

/* Each try has a socket of its own: one whose connect has failed cannot be used again. */
static int connect_address(struct handshake *handshake, const struct inet_address *address,
                           int64_t timeout_ms)
{
    struct sock *sock = NULL;
    if (address->family == INET_UNRESOLVED)
        return -EDESTADDRREQ;
    int r = sock_new(handshake->qcm->ctx, address->family, &sock);
    if (r < 0)
        return r;
    if (!handshake_set_sock(handshake, sock))
        return -ECANCELED;
    qcm_set_sock_opts(handshake->qcm, sock);
    return sock_connect(sock, address, timeout_ms);
}

/* Publish the socket of this try, so that halt can wake it. Returns false if halt has begun: it may
 * have looked for a socket before this one was there. */
static bool handshake_set_sock(struct handshake *handshake, struct sock *sock)
{
    struct quorum_cnx_manager *qcm = handshake->qcm;
    zk_mutex_lock(&qcm->mu);
    struct sock *before = handshake->sock;
    handshake->sock = sock;
    bool halting = zk_stop_requested(&qcm->shutdown);
    zk_mutex_unlock(&qcm->mu);
    sock_unref(before);
    return !halting;
}

/* ---- the lists of handshakes ---------------------------------------------------------------- */

/* Returns the handshake in which we are dialling sid, which has neither led to a connection nor
 * failed; NULL if there is none. */
static struct handshake *outgoing_to_locked(struct quorum_cnx_manager *qcm, int64_t sid)
    REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    struct handshake *handshake = qcm->outgoing;
    while (handshake != NULL && (handshake->sid != sid || !handshake->in_progress))
        handshake = handshake->next;
    return handshake;
}

/* Strangers get at most half of them, so that they cannot keep us from our own ensemble. */
static bool outgoing_exhausted_locked(struct quorum_cnx_manager *qcm, bool stranger)
    REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    size_t limit = (size_t)qcm->max_outgoing;
    size_t all = 0;
    size_t strangers = 0;
    for (const struct handshake *h = qcm->outgoing; h != NULL; h = h->next) {
        all++;
        strangers += h->stranger;
    }
    return all >= limit || (stranger && strangers >= limit / 2);
}

/* Callers that say nothing must not keep out one that has something to say: if too many wait, the
 * one that has been silent longest goes. Those that were told to go already are neither counted nor
 * told again: in a burst of callers their threads have not ended yet. */
static void drop_oldest_incoming_locked(struct quorum_cnx_manager *qcm) REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    struct handshake *oldest = NULL;
    size_t waiting = 0;
    for (struct handshake *h = qcm->incoming; h != NULL; h = h->next) {
        if (!h->dropped) {
            oldest = h; /* the list begins with the newest */
            waiting++;
        }
    }
    if (waiting < QCM_MAX_INCOMING)
        return;
    oldest->dropped = true;
    zk_log(qcm->ctx, ZK_LOG_HANDSHAKE_DROPPED, sock_conn_text(oldest->sock), (int)QCM_MAX_INCOMING);
    sock_wake(oldest->sock);
}

/* On success the handshake is in the list and belongs to its thread. Both happen under the lock, so
 * that a halt finds it there, or has begun before and no thread is started. */
static int start_thread_locked(struct quorum_cnx_manager *qcm, struct handshake **list,
                               struct handshake *handshake, void (*run)(void *arg))
    REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    handshake->next = *list;
    *list = handshake;
    int r = zk_thread_group_start(qcm->connections, run, handshake,
                                  "QuorumConnectionThread-[myid=%" PRId64 "]-%" PRId64, qcm->my_id,
                                  handshake->number);
    if (r < 0)
        *list = handshake->next;
    return r;
}

/* list is qcm's outgoing or its incoming one. */
static void handshake_unlink_locked(struct quorum_cnx_manager *qcm, struct handshake **list,
                                    struct handshake *handshake) REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    while (*list != handshake)
        list = &(*list)->next;
    *list = handshake->next;
}

static void handshake_free(struct handshake *handshake)
{
    sock_unref(handshake->sock);
    multiple_addresses_done(&handshake->addresses);
    multiple_addresses_done(&handshake->announced);
    free(handshake);
}
