/* The client port: its life, its callers, its tables. Java: server.NIOServerCnxnFactory */
#include "zk/cnxn/server_cnxn_factory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cnxn/lock_ranks.h"
#include "cnxn/server_cnxn_factory_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/panic.h"
#include "zk/command/four_letter_words.h"
#include "zk/io/sock.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/cnxn_sessions.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_stats.h"
#include "zk/server/zookeeper_server.h"

enum {
    ACCEPT_PAUSE_MS = 1000, /* after an error of accept that may not pass */
    DIRECT_BUFFER_BYTES = 64 * 1024,
    JUTE_MAXBUFFER = 0xfffff, /* Java: BinaryInputArchive.maxBuffer */
    /* The most selectors, and the most workers. Java has no limit (D-204). */
    NIO_THREADS_MAX = 1024,
    WORD_QUEUE_LIMIT = 1 << 16,
    WORKER_QUEUE_LIMIT = 1 << 30, /* never reached: a connection stands in it only once */
    NUMBER_TEXT = 16,
    REFUSED_LOG_INTERVAL_MS = 100,       /* as by the RateLogger of Java's AcceptThread */
    TURNED_AWAY_LOG_INTERVAL_MS = 60000, /* ours: Java has such a line only at DEBUG */
};

static void accept_run(void *arg);

/* ---- settings -------------------------------------------------------------------------------- */

/* Java has as many selector threads as the square root of half the processors. A peer in C serves
 * its clients with one, which is busy for a few microseconds for each request (D-204). */
static void configure_threads(struct server_cnxn_factory *factory)
{
    struct zk_context *ctx = factory->ctx;
    factory->num_selector_threads =
        zk_settings_get_integer(ctx, "zookeeper.nio.numSelectorThreads", 1);
    factory->num_worker_threads = zk_settings_get_integer(ctx, "zookeeper.nio.numWorkerThreads", 0);
    zk_atomic_long_init(&factory->worker_count, 0);
    zk_atomic_long_init(&factory->lent_count, 0);
    int32_t direct =
        zk_settings_get_integer(ctx, "zookeeper.nio.directBufferBytes", DIRECT_BUFFER_BYTES);
    /* With 0, Java writes all that there is with one gathering write. */
    factory->direct_buffer_bytes = direct > 0 ? (size_t)direct : SIZE_MAX;
    char workers[NUMBER_TEXT] = "no";
    if (factory->num_worker_threads > 0)
        zk_text_printf(workers, sizeof workers, "%" PRId32, factory->num_worker_threads);
    zk_log(ctx, ZK_LOG_CONFIGURING_NIO, (int64_t)factory->sessionless_timeout_ms / 1000,
           factory->num_selector_threads, workers, direct / 1024);
    if (factory->num_selector_threads > NIO_THREADS_MAX)
        factory->num_selector_threads = NIO_THREADS_MAX;
    if (factory->num_worker_threads > NIO_THREADS_MAX)
        factory->num_worker_threads = NIO_THREADS_MAX;
}

static void configure(struct server_cnxn_factory *factory)
{
    struct zk_context *ctx = factory->ctx;
    factory->sessionless_timeout_ms =
        zk_settings_get_integer(ctx, "zookeeper.nio.sessionlessCnxnTimeout", CNXN_TIMEOUT_MS);
    if (factory->sessionless_timeout_ms < 1)
        factory->sessionless_timeout_ms = 1;
    factory->max_cnxns = zk_settings_get_integer(ctx, "zookeeper.maxCnxns", 0);
    if (factory->max_cnxns < 0)
        factory->max_cnxns = 0;
    if (factory->max_cnxns == 0)
        zk_log(ctx, ZK_LOG_MAX_CNXNS_DEFAULT, factory->max_cnxns);
    factory->jute_maxbuffer = zk_settings_get_integer(ctx, "jute.maxbuffer", JUTE_MAXBUFFER);
    factory->client_tcp_keep_alive =
        zk_settings_get_boolean(ctx, "zookeeper.clientTcpKeepAlive", false);
    configure_threads(factory);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void lent_free(void *item)
{
    struct nio_server_cnxn *cnxn = item;
    server_cnxn_unref(&cnxn->base);
}

static int make_selector_threads(struct server_cnxn_factory *factory)
{
    if (factory->num_selector_threads < 1)
        return -EINVAL; /* Java throws, too */
    factory->selector_threads =
        zk_xcalloc((size_t)factory->num_selector_threads, sizeof(struct selector_thread *));
    int r = 0;
    for (int32_t i = 0; r == 0 && i < factory->num_selector_threads; i++)
        r = selector_thread_new(factory, i, &factory->selector_threads[i]);
    return r;
}

/* Java: configure() */
int server_cnxn_factory_new(struct zk_context *ctx, const struct inet_address *address,
                            int32_t backlog, int32_t max_client_cnxns,
                            struct server_status_hook hook,
                            struct server_cnxn_factory **ret_factory) UNSHARED
{
    struct server_cnxn_factory *factory = zk_xcalloc(1, sizeof *factory);
    factory->ctx = ctx;
    factory->max_client_cnxns = max_client_cnxns;
    factory->hook = hook;
    factory->address = *address;
    factory->refused.interval_ms = REFUSED_LOG_INTERVAL_MS;
    factory->turned_away.interval_ms = TURNED_AWAY_LOG_INTERVAL_MS;
    factory->stats = server_stats_new(ctx);
    factory->words = four_letter_words_new(ctx);
    factory->accept_threads = zk_thread_group_new(ctx);
    factory->selector_thread_group = zk_thread_group_new(ctx);
    factory->worker_group = zk_thread_group_new(ctx);
    zk_stop_init(&factory->stop, ctx, "server_cnxn_factory");
    zk_mutex_init(&factory->mu, ctx, "server_cnxn_factory", ZK_RANK_SERVER_CNXN);
    zk_mutex_init(&factory->expiry_mu, ctx, "cnxn_expiry", ZK_RANK_CNXN_EXPIRY);
    factory->word_queue = bq_new(ctx, "words", WORD_QUEUE_LIMIT, word_item_free);
    configure(factory);
    expiry_queue_init(&factory->cnxn_expiry_queue, factory->sessionless_timeout_ms);
    if (factory->num_worker_threads > 0)
        factory->worker_queue = bq_new(ctx, "nio_workers", WORKER_QUEUE_LIMIT, lent_free);
    zk_log(ctx, ZK_LOG_BINDING_TO_PORT, inet_text(address).text);
    int r = make_selector_threads(factory);
    if (r == 0)
        r = sock_listen(ctx, address, backlog > 0 ? backlog : SOCK_BACKLOG, &factory->listener);
    if (r < 0) {
        server_cnxn_factory_free(factory);
        return r;
    }
    *ret_factory = factory;
    return 0;
}

/* Java: start() */
int server_cnxn_factory_start(struct server_cnxn_factory *factory)
{
    int r = 0;
    if (factory->num_worker_threads > 0)
        r = nio_worker_thread_start(factory);
    for (int32_t i = 0; r == 0 && i < factory->num_selector_threads; i++)
        r = selector_thread_start(factory->selector_threads[i]);
    if (r == 0)
        r = zk_thread_group_start(factory->accept_threads, word_thread_run, factory, "WordThread");
    if (r == 0)
        r = zk_thread_group_start(factory->accept_threads, accept_run, factory,
                                  "NIOServerCxnFactory.AcceptThread:%s",
                                  inet_text(&factory->address).text);
    if (r == 0)
        r = zk_thread_group_start(factory->accept_threads, connection_expirer_run, factory,
                                  "ConnnectionExpirer");
    return r;
}

const struct inet_address *server_cnxn_factory_local_address(
    const struct server_cnxn_factory *factory)
{
    return sock_local(factory->listener);
}

/* First no caller is accepted any more, then all connections go. The workers end last, because a
 * worker must still give back the connection that it has borrowed. */
void server_cnxn_factory_shutdown(struct server_cnxn_factory *factory)
{
    zk_stop_request(&factory->stop);
    if (factory->listener != NULL)
        sock_wake(factory->listener);
    bq_close(factory->word_queue);
    zk_thread_group_join(factory->accept_threads);
    server_cnxn_factory_set_zookeeper_server(factory, NULL);
    server_cnxn_factory_close_all(factory);
    bq_clear(factory->word_queue);
    for (int32_t i = 0; factory->selector_threads != NULL && i < factory->num_selector_threads; i++)
        if (factory->selector_threads[i] != NULL)
            selector_thread_stop(factory->selector_threads[i]);
    zk_thread_group_join(factory->selector_thread_group);
    if (factory->worker_queue != NULL)
        bq_close(factory->worker_queue);
    zk_thread_group_join(factory->worker_group);
}

void server_cnxn_factory_free(struct server_cnxn_factory *factory) UNSHARED
{
    if (factory == NULL)
        return;
    server_cnxn_factory_shutdown(factory);
    for (int32_t i = 0; factory->selector_threads != NULL && i < factory->num_selector_threads; i++)
        selector_thread_free(factory->selector_threads[i]);
    free(factory->selector_threads);
    bq_free(factory->worker_queue);
    bq_free(factory->word_queue);
    zk_thread_group_free(factory->worker_group);
    zk_thread_group_free(factory->selector_thread_group);
    zk_thread_group_free(factory->accept_threads);
    sock_unref(factory->listener);
    four_letter_words_free(factory->words);
    server_stats_free(factory->stats);
    expiry_queue_done(&factory->cnxn_expiry_queue);
    long_hash_done(&factory->session_map);
    ip_map_done(&factory->ip_map);
    zk_mutex_destroy(&factory->expiry_mu);
    zk_mutex_destroy(&factory->mu);
    zk_stop_destroy(&factory->stop);
    free(factory);
}

/* ---- the server behind it -------------------------------------------------------------------- */

static void add_session(void *arg, struct server_cnxn *base, int64_t session_id,
                        int32_t timeout_ms);
static bool close_session_of(void *arg, int64_t session_id, enum disconnect_reason reason);

/* Java: setZooKeeperServer() */
void server_cnxn_factory_set_zookeeper_server(struct server_cnxn_factory *factory,
                                              struct zookeeper_server *server)
{
    const struct cnxn_sessions cnxns = {
        .add_session = add_session, .close_session = close_session_of, .arg = factory};
    if (server != NULL) {
        zookeeper_server_set_cnxn_sessions(server, &cnxns);
        server_stats_reset(factory->stats); /* in Java each server has its own */
    }
    zk_mutex_lock(&factory->mu);
    struct zookeeper_server *before = factory->zk;
    factory->zk = server != NULL ? zookeeper_server_ref(server) : NULL;
    zk_mutex_unlock(&factory->mu);
    zookeeper_server_unref(before);
}

/* Java: closeAll() */
void server_cnxn_factory_close_all(struct server_cnxn_factory *factory)
{
    for (;;) {
        zk_mutex_lock(&factory->mu);
        struct nio_server_cnxn *cnxn = factory->cnxns;
        if (cnxn != NULL)
            server_cnxn_ref(&cnxn->base);
        zk_mutex_unlock(&factory->mu);
        if (cnxn == NULL)
            return;
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_SERVER_SHUTDOWN);
        server_cnxn_unref(&cnxn->base);
    }
}

/* ---- the tables ------------------------------------------------------------------------------ */

/* Java: addCnxn() */
static void add_cnxn_locked(struct server_cnxn_factory *factory, struct nio_server_cnxn *cnxn)
    REQUIRES(&factory->mu)
{
    zk_mutex_assert_held(&factory->mu);
    cnxn->in_tables = true;
    cnxn->next = factory->cnxns;
    if (factory->cnxns != NULL)
        factory->cnxns->previous = cnxn;
    factory->cnxns = cnxn;
    factory->cnxn_count++;
    struct inet_address remote = channel_remote(cnxn->channel);
    ip_map_add(&factory->ip_map, &remote);
}

/* Only an entry of this very connection is removed from session_map: if the client has come back to
 * its session on another connection, that one may stand there already. */
static void remove_cnxn_locked(struct server_cnxn_factory *factory, struct nio_server_cnxn *cnxn)
    REQUIRES(&factory->mu)
{
    zk_mutex_assert_held(&factory->mu);
    cnxn->in_tables = false;
    if (cnxn->previous != NULL)
        cnxn->previous->next = cnxn->next;
    else
        factory->cnxns = cnxn->next;
    if (cnxn->next != NULL)
        cnxn->next->previous = cnxn->previous;
    factory->cnxn_count--;
    struct inet_address remote = channel_remote(cnxn->channel);
    ip_map_remove(&factory->ip_map, &remote);
    struct long_hash_slot *slot = long_hash_get(&factory->session_map, cnxn->base.session_id);
    if (slot != NULL && slot->value == cnxn)
        long_hash_remove(&factory->session_map, cnxn->base.session_id);
}

bool server_cnxn_factory_remove_cnxn(struct nio_server_cnxn *cnxn, struct removed_cnxn *ret_removed)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    zk_mutex_lock(&factory->mu);
    bool removed = cnxn->in_tables;
    if (removed) {
        remove_cnxn_locked(factory, cnxn);
        *ret_removed = (struct removed_cnxn){.zk = cnxn->zk,
                                             .session_id = cnxn->base.session_id,
                                             .session_timeout_ms = cnxn->base.session_timeout_ms};
    }
    zk_mutex_unlock(&factory->mu);
    if (!removed)
        return false;
    zk_mutex_lock(&factory->expiry_mu);
    cnxn->is_expiry_over = true;
    expiry_queue_remove(&factory->cnxn_expiry_queue, &cnxn->expiry);
    zk_mutex_unlock(&factory->expiry_mu);
    return true;
}

struct zookeeper_server *nio_server_cnxn_ref_server(struct nio_server_cnxn *cnxn)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    zk_mutex_lock(&factory->mu);
    bool lives = cnxn->in_tables && cnxn->zk != NULL;
    struct zookeeper_server *zk = lives ? zookeeper_server_ref(cnxn->zk) : NULL;
    zk_mutex_unlock(&factory->mu);
    return zk;
}

void server_cnxn_factory_touch_cnxn(struct nio_server_cnxn *cnxn)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    int32_t timeout_ms = cnxn->base.session_timeout_ms;
    if (timeout_ms <= 0)
        timeout_ms = factory->sessionless_timeout_ms;
    zk_mutex_lock(&factory->expiry_mu);
    if (!cnxn->is_expiry_over)
        expiry_queue_update(&factory->cnxn_expiry_queue, &cnxn->expiry, timeout_ms);
    zk_mutex_unlock(&factory->expiry_mu);
}

/* Java: ServerCnxn.setSessionId(), addSession() */
static void add_session(void *arg, struct server_cnxn *base, int64_t session_id, int32_t timeout_ms)
{
    struct server_cnxn_factory *factory = arg;
    zk_mutex_lock(&factory->mu);
    base->session_id = session_id;
    base->session_timeout_ms = timeout_ms;
    struct nio_server_cnxn *cnxn = nio_server_cnxn_of(base);
    if (cnxn != NULL && cnxn->in_tables)
        long_hash_put(&factory->session_map, session_id)->value = cnxn;
    zk_mutex_unlock(&factory->mu);
    /* When its first frame came, the connection had no session and was touched as one without. A
     * client that comes back may have its answer within the same turn, and nothing else touches the
     * connection until the client speaks again. (Java touches it once more at the end of each
     * turn.) */
    if (cnxn != NULL)
        server_cnxn_factory_touch_cnxn(cnxn);
}

/* Java: closeSession() */
static bool close_session_of(void *arg, int64_t session_id, enum disconnect_reason reason)
{
    struct server_cnxn_factory *factory = arg;
    zk_mutex_lock(&factory->mu);
    struct long_hash_slot *slot = long_hash_get(&factory->session_map, session_id);
    struct nio_server_cnxn *cnxn = slot != NULL ? slot->value : NULL;
    if (cnxn != NULL)
        server_cnxn_ref(&cnxn->base);
    zk_mutex_unlock(&factory->mu);
    if (cnxn == NULL)
        return false;
    nio_server_cnxn_close(cnxn, reason);
    server_cnxn_unref(&cnxn->base);
    return true;
}

/* Returns a reference to the server that serves now; NULL: none does. */
static struct zookeeper_server *ref_zk(struct server_cnxn_factory *factory)
{
    zk_mutex_lock(&factory->mu);
    struct zookeeper_server *zk = factory->zk != NULL ? zookeeper_server_ref(factory->zk) : NULL;
    zk_mutex_unlock(&factory->mu);
    return zk;
}

void server_cnxn_factory_count(struct server_cnxn_factory *factory,
                               enum server_metrics_counter which)
{
    struct zookeeper_server *zk = ref_zk(factory);
    if (zk != NULL)
        server_metrics_count(zookeeper_server_metrics(zk), which);
    zookeeper_server_unref(zk);
}

/* ---- the accept thread ----------------------------------------------------------------------- */

static void serve_caller(struct server_cnxn_factory *factory, struct channel *channel);
static bool is_admitted(struct server_cnxn_factory *factory, const struct inet_address *from);

/* An error that channel_accept does not wait out may pass all the same (a firewall's EPERM), and a
 * peer without its client port is of little use: so this thread goes on, as Java's does.
 * Java: NIOServerCnxnFactory.AcceptThread.run() */
static void accept_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    for (;;) {
        struct channel *channel;
        int r = channel_accept(factory->listener, &channel);
        if (r == 0) {
            serve_caller(factory, channel);
            continue;
        }
        if (zk_stop_requested(&factory->stop))
            return;
        zk_log(factory->ctx, ZK_LOG_CLIENT_ACCEPT, zk_error_text(r).text);
        if (zk_stop_sleep(&factory->stop, ACCEPT_PAUSE_MS))
            return;
    }
}

/* Makes the caller a connection of the next selector. Takes ownership of channel.
 * Java: NIOServerCnxnFactory.AcceptThread.doAccept(),
 * NIOServerCnxnFactory.SelectorThread.processAcceptedConnections() */
static void serve_caller(struct server_cnxn_factory *factory, struct channel *channel)
{
    struct inet_address from = channel_remote(channel);
    if (!is_admitted(factory, &from)) {
        server_cnxn_factory_count(factory, SERVER_METRICS_CONNECTION_REJECTED);
        channel_free(channel);
        return;
    }
    struct selector_thread *thread = factory->selector_threads[factory->next_selector];
    factory->next_selector = (factory->next_selector + 1) % factory->num_selector_threads;
    struct zookeeper_server *zk = ref_zk(factory);
    struct nio_server_cnxn *cnxn = nio_server_cnxn_new(factory, zk, thread, channel);
    server_cnxn_ref(&cnxn->base); /* the selector's, until the socket is closed */
    server_cnxn_ref(&cnxn->base); /* ours, because anybody may close it once it is in the table */
    selector_thread_expect_connection(thread);
    zk_mutex_lock(&factory->mu);
    bool is_late = zk != factory->zk; /* zk's other connections have been closed meanwhile */
    add_cnxn_locked(factory, cnxn);
    zk_mutex_unlock(&factory->mu);
    server_cnxn_factory_touch_cnxn(cnxn);
    selector_thread_add_accepted_connection(cnxn);
    if (is_late)
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_SERVER_SHUTDOWN);
    server_cnxn_unref(&cnxn->base);
}

/* Returns whether the caller is within the limits.
 * Java: NIOServerCnxnFactory.AcceptThread.doAccept(), limitTotalNumberOfCnxns() */
static bool is_admitted(struct server_cnxn_factory *factory, const struct inet_address *from)
{
    zk_mutex_lock(&factory->mu);
    int64_t total = factory->cnxn_count;
    int32_t count = ip_map_get(&factory->ip_map, from);
    zk_mutex_unlock(&factory->mu);
    if (factory->max_cnxns > 0 && total >= factory->max_cnxns) {
        zk_log(factory->ctx, ZK_LOG_TOO_MANY_CNXNS, total, factory->max_cnxns);
        return false;
    }
    if (factory->max_client_cnxns > 0 && count >= factory->max_client_cnxns) {
        if (turned_away_add(&factory->refused, zk_elapsed_ms()) > 0)
            zk_log(factory->ctx, ZK_LOG_TOO_MANY_CONNECTIONS, inet_ip_text(from).text,
                   factory->max_client_cnxns);
        return false;
    }
    return true;
}
