/* Which servers are connected, what waits to be sent to them, and how it all ends.
 *
 * Java keeps queueSendMap, lastMessageSent and senderWorkerMap; here one map holds an entry for
 * each sid with all three. The mutex `mu` stands for Java's monitor (connectOne) and for what its
 * concurrent maps do by themselves.
 *
 * No thread runs in this file. Java: QuorumCnxManager */
#include "zk/election/quorum_cnx_manager.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "election/lock_ranks.h"
#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/panic.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_status.h"

static struct peer_entry *entry_to_send(struct quorum_cnx_manager *qcm, int64_t sid);
static void soft_halt(struct quorum_cnx_manager *qcm);

enum {
    CNX_TIMEOUT_MS = 5000,   /* Java's zookeeper.cnxTimeout */
    PORT_BIND_MAX_RETRY = 3, /* Java's zookeeper.electionPortBindRetry */
};

/* ---- birth ---------------------------------------------------------------------------------- */

/* A negative number of retries makes no sense; 0 means that the port is tried for ever.
 * Java: Listener() */
static void read_bind_retries(struct quorum_cnx_manager *qcm)
{
    int32_t retries =
        zk_settings_get_integer(qcm->ctx, "zookeeper.electionPortBindRetry", PORT_BIND_MAX_RETRY);
    if (retries < 0) {
        zk_log(qcm->ctx, ZK_LOG_BIND_RETRIES_INVALID, retries, PORT_BIND_MAX_RETRY);
        retries = PORT_BIND_MAX_RETRY;
    }
    qcm->port_bind_max_retry = retries;
    struct zk_str text = {0};
    if (retries == 0)
        zk_str_append(&text, "infinite");
    else
        zk_str_printf(&text, "%" PRId32, retries);
    zk_log(qcm->ctx, ZK_LOG_BIND_RETRIES, zk_str_text(&text));
    zk_str_done(&text);
}

/* Java: QuorumCnxManager(), initializeConnectionExecutor(), QuorumPeer.createCnxnManager() */
static void read_settings(struct quorum_cnx_manager *qcm)
{
    const struct quorum_peer_config *config = qcm->self->config;
    /* 0 is no limit but the system's, as in Java: Socket.connect() */
    int64_t cnx_timeout_ms =
        zk_settings_get_integer(qcm->ctx, "zookeeper.cnxTimeout", CNX_TIMEOUT_MS);
    qcm->cnx_timeout_ms = cnx_timeout_ms != 0 ? cnx_timeout_ms : INT64_MAX;
    /* Two servers may have nothing to say for days: only keep-alive then finds a dead
     * connection. */
    qcm->tcp_keep_alive = zk_settings_get_boolean(qcm->ctx, "zookeeper.tcpKeepAlive", false);
    int64_t timeout_ms = zk_settings_get_integer(qcm->ctx, "zookeeper.quorumCnxnTimeoutMs", -1);
    /* An initial message may take as long as a follower may be behind: syncLimit. */
    qcm->socket_timeout_ms = timeout_ms > 0 ? timeout_ms : qcm->self->sync_limit_ms;
    qcm->multi_address = config->multi_address_enabled;
    qcm->max_outgoing = config->quorum_cnxn_threads_size; /* 20 or more */
    qcm->listen_on_all_ips = config->quorum_listen_on_all_ips;
    zk_log(qcm->ctx, ZK_LOG_QUORUM_CNXN_TIMEOUT, qcm->socket_timeout_ms);
    read_bind_retries(qcm);
}

struct quorum_cnx_manager *qcm_new(struct quorum_peer *self)
{
    struct quorum_cnx_manager *qcm = zk_xcalloc(1, sizeof *qcm);
    qcm->ctx = self->ctx;
    qcm->self = self;
    qcm->my_id = self->my_id;
    read_settings(qcm);
    const struct quorum_server *me = qv_member(quorum_peer_quorum_verifier(self), qcm->my_id);
    zk_assert(me != NULL); /* a server that its own list lacks does not start */
    multiple_addresses_copy(&qcm->my_election_addr, &me->election_addr);

    qcm->recv_queue = cbq_new(qcm->ctx, "recvQueue", QCM_RECV_CAPACITY, message_unref);
    zk_stop_init(&qcm->shutdown, qcm->ctx, "qcm.shutdown");
    qcm->listeners = zk_thread_group_new(qcm->ctx);
    qcm->connections = zk_thread_group_new(qcm->ctx);
    qcm->workers = zk_thread_group_new(qcm->ctx);
    zk_mutex_init(&qcm->mu, qcm->ctx, "qcm", ZK_RANK_QCM);
    zk_mutex_init(&qcm->listener_mu, qcm->ctx, "listener", ZK_RANK_WORKER);
    return qcm;
}

void qcm_free(struct quorum_cnx_manager *qcm) UNSHARED
{
    if (qcm == NULL)
        return;
    zk_thread_group_free(qcm->listeners);
    zk_thread_group_free(qcm->connections);
    zk_thread_group_free(qcm->workers);
    for (size_t i = 0; i < qcm->entries.count; i++)
        peer_entry_unref(qcm->entries.entries[i].value);
    long_map_done(&qcm->entries);
    multiple_addresses_done(&qcm->my_election_addr);
    cbq_free(qcm->recv_queue);
    free(qcm->server_sockets);
    free(qcm->handler_addresses);
    zk_mutex_destroy(&qcm->listener_mu);
    zk_mutex_destroy(&qcm->mu);
    zk_stop_destroy(&qcm->shutdown);
    free(qcm);
}

/* ---- sending and connecting ------------------------------------------------------------------ */

/* Nothing reconnects by itself: each message that is to be sent to a server also makes us dial it,
 * if it is not connected. Java: toSend() */
void qcm_to_send(struct quorum_cnx_manager *qcm, struct message *msg)
{
    int64_t sid = msg->sid;
    if (sid == qcm->my_id) { /* our own vote goes the way of all others from here on (K-10) */
        qcm_add_to_recv_queue(qcm, msg);
        return;
    }
    struct peer_entry *entry = entry_to_send(qcm, sid);
    if (entry == NULL) {
        zk_log(qcm->ctx, ZK_LOG_INVALID_SERVER_ID, sid);
        message_unref(msg);
        return;
    }
    /* The queue is filled before the dial: the new SendWorker must find the message. An older one
     * that still waits is replaced (K-2). */
    cbq_offer(entry->send_queue, msg);
    peer_entry_unref(entry);
    qcm_connect_one(qcm, sid);
}

/* Looking and submitting are one step, or two threads would both dial. The far end would take the
 * second call for a sign that the first connection is dead, and end it. */
void qcm_connect_one_addr_locked(struct quorum_cnx_manager *qcm, int64_t sid, bool stranger,
                                 const struct multiple_addresses *addresses) REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    struct peer_entry *entry = long_map_get(&qcm->entries, sid);
    if (entry == NULL || entry->sender_worker == NULL)
        qcm_initiate_connection_async_locked(qcm, sid, stranger, addresses);
}

void qcm_connect_one_addr(struct quorum_cnx_manager *qcm, int64_t sid,
                          const struct multiple_addresses *addresses)
{
    bool stranger = qcm_is_stranger(qcm, sid);
    zk_mutex_lock(&qcm->mu);
    qcm_connect_one_addr_locked(qcm, sid, stranger, addresses);
    zk_mutex_unlock(&qcm->mu);
}

/* Whether sid is connected is asked here to save the look-up, and once more under the lock, where
 * it counts. Java: connectOne(sid), synchronized */
void qcm_connect_one(struct quorum_cnx_manager *qcm, int64_t sid)
{
    if (qcm_connected_to_peer(qcm, sid))
        return;
    struct multiple_addresses addresses = {0};
    if (qcm_configured_election_addr(qcm, sid, &addresses))
        qcm_connect_one_addr(qcm, sid, &addresses);
    else
        zk_log(qcm->ctx, ZK_LOG_INVALID_SERVER_ID, sid);
    multiple_addresses_done(&addresses);
}

/* The sids are copied first, because a dial changes the map. They are dialled in the order in which
 * Java's ConcurrentHashMap lists them, so that runs of both can be compared.
 * Java: connectAll() */
void qcm_connect_all(struct quorum_cnx_manager *qcm)
{
    zk_mutex_lock(&qcm->mu);
    size_t count = qcm->entries.count;
    int64_t *sids = zk_xcalloc(count + 1, sizeof *sids);
    int32_t *hashes = zk_xcalloc(count + 1, sizeof *hashes);
    for (size_t i = 0; i < count; i++) {
        sids[i] = qcm->entries.entries[i].key;
        hashes[i] = java_long_hash(sids[i]);
    }
    zk_mutex_unlock(&qcm->mu);

    size_t *order = zk_xcalloc(count + 1, sizeof *order);
    java_concurrent_map_order(hashes, count, order);
    for (size_t i = 0; i < count; i++)
        qcm_connect_one(qcm, sids[order[i]]);
    free(order);
    free(hashes);
    free(sids);
}

/* One empty queue is enough: then our vote has left to somebody, and is worth repeating (K-3).
 * Java: haveDelivered() */
bool qcm_have_delivered(struct quorum_cnx_manager *qcm)
{
    zk_mutex_lock(&qcm->mu);
    bool delivered = qcm->stranger_left_empty_queue;
    for (size_t i = 0; i < qcm->entries.count && !delivered; i++) {
        struct peer_entry *entry = qcm->entries.entries[i].value;
        delivered = cbq_is_empty(entry->send_queue);
    }
    zk_mutex_unlock(&qcm->mu);
    return delivered;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* A handshake that has no socket yet is not forgotten: it sees that halt has begun when it
 * publishes one (handshake_set_sock). */
static void wake_handshakes_locked(struct quorum_cnx_manager *qcm, struct handshake *first)
    REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    for (struct handshake *h = first; h != NULL; h = h->next) {
        if (h->sock != NULL)
            sock_wake(h->sock);
    }
}

/* Unlike Java's, it waits for every thread (D-6) and cancels the handshakes (D-17). The order
 * follows a connection's life: once the listeners are gone no caller is accepted, once the
 * handshakes are gone no connection is kept, and then soft_halt finds all that are left.
 * Java: halt() */
void qcm_halt(struct quorum_cnx_manager *qcm)
{
    zk_stop_request(&qcm->shutdown);
    listener_halt(qcm);
    zk_thread_group_join(qcm->listeners);

    zk_mutex_lock(&qcm->mu);
    wake_handshakes_locked(qcm, qcm->outgoing);
    wake_handshakes_locked(qcm, qcm->incoming);
    zk_mutex_unlock(&qcm->mu);
    zk_thread_group_join(qcm->connections);

    soft_halt(qcm);
    zk_thread_group_join(qcm->workers);
    cbq_close(qcm->recv_queue); /* nobody puts anything in any more; WorkerReceiver ends by this */
}

/* Finish every SendWorker in the map, one a turn: finish() needs the lock itself, and it takes the
 * worker out of the map. Java: softHalt() */
static void soft_halt(struct quorum_cnx_manager *qcm)
{
    for (;;) {
        struct send_worker *sw = NULL;
        zk_mutex_lock(&qcm->mu);
        for (size_t i = 0; i < qcm->entries.count && sw == NULL; i++) {
            struct peer_entry *entry = qcm->entries.entries[i].value;
            if (entry->sender_worker != NULL)
                sw = send_worker_ref(entry->sender_worker);
        }
        zk_mutex_unlock(&qcm->mu);
        if (sw == NULL)
            return;
        send_worker_finish(sw, "the connections of this election are shut down");
        send_worker_unref(sw);
    }
}

/* Votes are small and urgent, so they must not wait for Nagle's algorithm. The deadline is for the
 * handshake; a connection that is kept loses it. Java: setSockOpts() */
void qcm_set_sock_opts(struct quorum_cnx_manager *qcm, struct sock *sock)
{
    sock_set_no_delay(sock, true);
    sock_set_keep_alive(sock, qcm->tcp_keep_alive);
    sock_set_timeout(sock, qcm->socket_timeout_ms);
    sock_set_deadline(sock, zk_elapsed_ms() + qcm->socket_timeout_ms);
}

size_t qcm_get_thread_count(struct quorum_cnx_manager *qcm)
{
    return zk_thread_group_alive(qcm->workers);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* With 100 messages waiting the oldest is dropped. What is lost is an old vote, and its sender says
 * it again. Java: addToRecvQueue() */
void qcm_add_to_recv_queue(struct quorum_cnx_manager *qcm, struct message *message)
{
    cbq_offer(qcm->recv_queue, message);
}

/* WorkerReceiver alone takes from the queue, whoever has put something into it (K-11).
 * Java: pollRecvQueue() */
int qcm_poll_recv_queue(struct quorum_cnx_manager *qcm, int64_t timeout_ms,
                        struct message **ret_message)
{
    void *item = NULL;
    int r = cbq_poll(qcm->recv_queue, timeout_ms, &item);
    if (r == 0)
        *ret_message = item;
    return r;
}

/* A connection counts from the moment at which its SendWorker stands in the map, before its threads
 * run, until it is taken out again. Java: connectedToPeer() */
bool qcm_connected_to_peer(struct quorum_cnx_manager *qcm, int64_t sid)
{
    zk_mutex_lock(&qcm->mu);
    struct peer_entry *entry = long_map_get(&qcm->entries, sid);
    bool connected = entry != NULL && entry->sender_worker != NULL;
    zk_mutex_unlock(&qcm->mu);
    return connected;
}

/* ---- entries -------------------------------------------------------------------------------- */

/* Whether sid is a stranger is asked once: an entry lives on under the answer, so that the count of
 * strangers stays right when the configuration changes meanwhile. */
static struct peer_entry *peer_entry_new(struct quorum_cnx_manager *qcm, int64_t sid)
{
    struct peer_entry *entry = zk_xcalloc(1, sizeof *entry);
    struct zk_str name = {0};
    zk_refcount_init(&entry->refs);
    entry->sid = sid;
    entry->stranger = qcm_is_stranger(qcm, sid);
    zk_str_printf(&name, "queueSendMap[%" PRId64 "]", sid);
    entry->send_queue = cbq_new(qcm->ctx, zk_str_text(&name), QCM_SEND_CAPACITY, message_unref);
    zk_str_done(&name);
    return entry;
}

/* It may outlive its place in the map: a worker that ends holds it. */
void peer_entry_unref(struct peer_entry *entry)
{
    if (entry == NULL || !zk_refcount_unref(&entry->refs))
        return;
    cbq_free(entry->send_queue);
    message_unref(entry->last_message_sent);
    free(entry);
}

/* An entry is kept after its connection has ended: the queue holds what the next connection sends
 * first (K-9). */
struct peer_entry *qcm_entry_locked(struct quorum_cnx_manager *qcm, int64_t sid) REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    struct peer_entry *entry = long_map_get(&qcm->entries, sid);
    if (entry == NULL) {
        entry = peer_entry_new(qcm, sid);
        long_map_put(&qcm->entries, sid, entry);
    }
    zk_refcount_ref(&entry->refs);
    return entry;
}

/* A server that is about to join is in the last seen configuration, so it is no stranger. */
bool qcm_is_stranger(struct quorum_cnx_manager *qcm, int64_t sid)
{
    return qv_member(quorum_peer_quorum_verifier(qcm->self), sid) == NULL &&
           qv_member(quorum_peer_last_seen_quorum_verifier(qcm->self), sid) == NULL;
}

/* There are few entries, so they are counted anew instead of keeping a number in step. */
size_t qcm_connected_strangers_locked(struct quorum_cnx_manager *qcm) REQUIRES(&qcm->mu)
{
    zk_mutex_assert_held(&qcm->mu);
    size_t count = 0;
    for (size_t i = 0; i < qcm->entries.count; i++) {
        const struct peer_entry *entry = qcm->entries.entries[i].value;
        count += entry->stranger && entry->sender_worker != NULL;
    }
    return count;
}

/* A stranger's entry goes with its connection. Only that its queue was empty is remembered: in Java
 * such a queue counts in haveDelivered for ever. */
void qcm_forget_sender_worker(struct quorum_cnx_manager *qcm, struct send_worker *sw)
{
    struct peer_entry *entry = sw->entry;
    zk_mutex_lock(&qcm->mu);
    bool was_mine = entry->sender_worker == sw;
    bool forget = was_mine && entry->stranger;
    if (was_mine)
        entry->sender_worker = NULL;
    if (forget) {
        qcm->stranger_left_empty_queue |= cbq_is_empty(entry->send_queue);
        long_map_remove(&qcm->entries, sw->sid);
    }
    zk_mutex_unlock(&qcm->mu);
    if (was_mine)
        send_worker_unref(sw); /* the entry's reference; the caller has its own */
    if (forget)
        peer_entry_unref(entry); /* the map's; the worker has its own */
}

/* Returns the entry in which a message to sid waits; the caller unrefs it. NULL: nothing is kept
 * for a stranger that is not connected (D-23). */
static struct peer_entry *entry_to_send(struct quorum_cnx_manager *qcm, int64_t sid)
{
    bool stranger = qcm_is_stranger(qcm, sid);
    zk_mutex_lock(&qcm->mu);
    struct peer_entry *entry = long_map_get(&qcm->entries, sid);
    bool connected = entry != NULL && entry->sender_worker != NULL;
    entry = stranger && !connected ? NULL : qcm_entry_locked(qcm, sid);
    zk_mutex_unlock(&qcm->mu);
    return entry;
}

/* Java tries the addresses of both configurations, but a dial that has been submitted counts as a
 * success, so it gets to the second only where its pool of threads has no room for the first. */
bool qcm_configured_election_addr(struct quorum_cnx_manager *qcm, int64_t sid,
                                  struct multiple_addresses *ret_addresses)
{
    const struct quorum_server *server = qv_member(quorum_peer_quorum_verifier(qcm->self), sid);
    if (server == NULL)
        server = qv_member(quorum_peer_last_seen_quorum_verifier(qcm->self), sid);
    if (server != NULL)
        multiple_addresses_copy(ret_addresses, &server->election_addr);
    return server != NULL;
}

/* ---- what can be seen ------------------------------------------------------------------------ */

void qcm_get_status(struct quorum_cnx_manager *qcm, struct server_status_peer **ret_rows,
                    size_t *ret_count)
{
    zk_mutex_lock(&qcm->mu); /* one moment for all rows; queues have locks of a higher rank */
    struct server_status_peer *rows = zk_xcalloc(qcm->entries.count + 1, sizeof *rows);
    for (size_t i = 0; i < qcm->entries.count; i++) {
        struct peer_entry *entry = qcm->entries.entries[i].value;
        rows[i].sid = entry->sid;
        rows[i].connected = entry->sender_worker != NULL;
        rows[i].live_workers = entry->sender_worker != NULL ? 2 : 0; /* they end together (D-61) */
        rows[i].send_queue_length = cbq_size(entry->send_queue);
        rows[i].replaced_messages = cbq_dropped_count(entry->send_queue);
        rows[i].connection_attempts = entry->connection_attempts;
    }
    *ret_count = qcm->entries.count;
    zk_mutex_unlock(&qcm->mu);
    *ret_rows = rows;
}
