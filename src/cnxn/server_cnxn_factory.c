/* The client port. Java: server.NIOServerCnxnFactory, NIOServerCnxn.checkFourLetterWord()
 *
 * The accept thread puts each caller into a slot and starts a thread for it. That thread reads
 * until four bytes are there, answers if they are a word, and frees the slot. Another thread ends
 * it by waking its socket. */
#include "zk/cnxn/server_cnxn_factory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cnxn/lock_ranks.h"
#include "cnxn/turned_away.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/command/four_letter_words.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_cnxns.h"
#include "zk/server/server_stats.h"

enum {
    /* More than a word: bytes that are left unread turn our close into a reset, and the caller may
     * then lose the answer. */
    FIRST_READ = 64,
    ACCEPT_PAUSE_MS = 1000, /* after an error of accept that may not pass */
    /* Of a ConnectRequest without readOnly. A longer one has it, or is of a later release. */
    CONNECT_REQUEST_LENGTH = 44,
    CONNECT_REQUEST_LIMIT = 4096,
};

enum cnxn_state {
    CNXN_SILENT, /* has not said a word yet */
    CNXN_ANSWERING,
    CNXN_EVICTED, /* woken: its thread is about to end */
};

struct cnxn {
    struct server_cnxn_factory *factory;
    size_t slot; /* its thread is NIOWorkerThread-(slot + 1) */

    /* Guarded by the factory's mutex. */
    enum cnxn_state state;
    int64_t arrival;   /* a number that rises: the smaller it is, the older */
    struct sock *sock; /* one reference */
};

struct server_cnxn_factory {
    struct zk_context *ctx;
    int32_t max_client_cnxns;
    int64_t timeout_ms;
    struct server_status_hook hook;
    struct inet_address address; /* as configured */
    struct sock *listener;
    struct server_stats *stats;
    struct four_letter_words *words;
    struct zk_thread_group *threads;
    struct zk_stop stop;

    struct zk_mutex mu;   /* Guards: */
    struct zk_cond freed; /* a slot is free, or the port is being closed */
    int64_t arrivals GUARDED_BY(&mu);
    struct cnxn **cnxns GUARDED_BY(&mu); /* the slots; NULL: free */
    size_t slot_count GUARDED_BY(&mu);   /* as many as were ever needed at a time */
    struct turned_away turned_away GUARDED_BY(&mu);
};

static void accept_run(void *arg);
static void cnxn_run(void *arg);

/* ---- life ------------------------------------------------------------------------------------ */

int server_cnxn_factory_new(struct zk_context *ctx, const struct inet_address *address,
                            int32_t backlog, int32_t max_client_cnxns,
                            struct server_status_hook hook,
                            struct server_cnxn_factory **ret_factory) UNSHARED
{
    zk_log(ctx, ZK_LOG_BINDING_TO_PORT, inet_text(address).text);
    struct sock *listener;
    int r = sock_listen(ctx, address, backlog > 0 ? backlog : SOCK_BACKLOG, &listener);
    if (r < 0)
        return r;

    struct server_cnxn_factory *factory = zk_xcalloc(1, sizeof *factory);
    factory->ctx = ctx;
    factory->max_client_cnxns = max_client_cnxns;
    factory->timeout_ms =
        zk_settings_get_integer(ctx, "zookeeper.nio.sessionlessCnxnTimeout", CNXN_TIMEOUT_MS);
    factory->hook = hook;
    factory->address = *address;
    factory->listener = listener;
    factory->stats = server_stats_new(ctx);
    factory->words = four_letter_words_new(ctx);
    factory->threads = zk_thread_group_new(ctx);
    zk_stop_init(&factory->stop, ctx, "server_cnxn_factory");
    zk_mutex_init(&factory->mu, ctx, "server_cnxn_factory", ZK_RANK_SERVER_CNXN);
    zk_cond_init(&factory->freed);
    *ret_factory = factory;
    return 0;
}

int server_cnxn_factory_start(struct server_cnxn_factory *factory)
{
    return zk_thread_group_start(factory->threads, accept_run, factory,
                                 "NIOServerCxnFactory.AcceptThread:%s",
                                 inet_text(&factory->address).text);
}

const struct inet_address *server_cnxn_factory_local_address(
    const struct server_cnxn_factory *factory)
{
    return sock_local(factory->listener);
}

void server_cnxn_factory_shutdown(struct server_cnxn_factory *factory)
{
    zk_stop_request(&factory->stop);
    zk_mutex_lock(&factory->mu);
    zk_cond_broadcast(&factory->freed);
    for (size_t i = 0; i < factory->slot_count; i++) {
        if (factory->cnxns[i] != NULL)
            sock_wake(factory->cnxns[i]->sock);
    }
    zk_mutex_unlock(&factory->mu);
    sock_wake(factory->listener);
    zk_thread_group_join(factory->threads);
}

void server_cnxn_factory_free(struct server_cnxn_factory *factory) UNSHARED
{
    if (factory == NULL)
        return;
    server_cnxn_factory_shutdown(factory);
    zk_thread_group_free(factory->threads);
    sock_unref(factory->listener);
    four_letter_words_free(factory->words);
    server_stats_free(factory->stats);
    zk_cond_destroy(&factory->freed);
    zk_mutex_destroy(&factory->mu);
    zk_stop_destroy(&factory->stop);
    free(factory->cnxns);
    free(factory);
}

/* ---- slots ----------------------------------------------------------------------------------- */

/* Returns how many connections come from that host. */
static int32_t count_locked(struct server_cnxn_factory *factory, const struct inet_address *from)
    REQUIRES(&factory->mu)
{
    zk_mutex_assert_held(&factory->mu);
    int32_t count = 0;
    for (size_t i = 0; i < factory->slot_count; i++) {
        const struct cnxn *cnxn = factory->cnxns[i];
        if (cnxn == NULL)
            continue;
        const struct inet_address *remote = sock_remote(cnxn->sock);
        if (remote->family == from->family && memcmp(remote->ip, from->ip, sizeof remote->ip) == 0)
            count++;
    }
    return count;
}

/* Returns the index of a slot for one more connection; CNXN_LIMIT if all are taken. */
static size_t free_slot_locked(struct server_cnxn_factory *factory) REQUIRES(&factory->mu)
{
    for (size_t i = 0; i < factory->slot_count; i++) {
        if (factory->cnxns[i] == NULL)
            return i;
    }
    if (factory->slot_count == CNXN_LIMIT)
        return CNXN_LIMIT;
    factory->cnxns = zk_xrealloc(factory->cnxns, (factory->slot_count + 1) * sizeof(struct cnxn *));
    factory->cnxns[factory->slot_count] = NULL;
    return factory->slot_count++;
}

/* Returns the oldest connection in that state, or NULL. */
static struct cnxn *oldest_locked(struct server_cnxn_factory *factory, enum cnxn_state state)
    REQUIRES(&factory->mu)
{
    struct cnxn *oldest = NULL;
    for (size_t i = 0; i < factory->slot_count; i++) {
        struct cnxn *cnxn = factory->cnxns[i];
        if (cnxn != NULL && cnxn->state == state &&
            (oldest == NULL || cnxn->arrival < oldest->arrival))
            oldest = cnxn;
    }
    return oldest;
}

/* All slots are taken. The connection that has been silent for longest must go; if all have spoken,
 * the oldest, because it may be one that does not read its answer. */
static void evict_locked(struct server_cnxn_factory *factory) REQUIRES(&factory->mu)
{
    if (oldest_locked(factory, CNXN_EVICTED) != NULL)
        return; /* one is on its way out */
    struct cnxn *oldest = oldest_locked(factory, CNXN_SILENT);
    if (oldest == NULL)
        oldest = oldest_locked(factory, CNXN_ANSWERING);
    zk_log(factory->ctx, ZK_LOG_CLIENT_EVICTED, inet_text(sock_remote(oldest->sock)).text,
           CNXN_LIMIT);
    oldest->state = CNXN_EVICTED;
    sock_wake(oldest->sock);
}

/* Takes ownership of sock and returns its connection, in a slot. Returns NULL, and sock stays the
 * caller's, if the address has as many connections as it may have or if the port is being closed.
 * Waits while a slot is being freed. */
static struct cnxn *admit(struct server_cnxn_factory *factory, struct sock *sock)
{
    struct cnxn *cnxn = NULL;
    size_t slot = CNXN_LIMIT;
    int32_t limit = factory->max_client_cnxns;
    zk_mutex_lock(&factory->mu);
    bool too_many = limit > 0 && count_locked(factory, sock_remote(sock)) >= limit;
    while (!too_many && !zk_stop_requested(&factory->stop) &&
           (slot = free_slot_locked(factory)) == CNXN_LIMIT) {
        evict_locked(factory);
        zk_cond_wait(&factory->freed, &factory->mu);
    }
    if (slot != CNXN_LIMIT) {
        cnxn = factory->cnxns[slot] = zk_xmalloc(sizeof *cnxn);
        *cnxn = (struct cnxn){
            .factory = factory,
            .slot = slot,
            .state = CNXN_SILENT,
            .arrival = ++factory->arrivals,
            .sock = sock,
        };
    }
    zk_mutex_unlock(&factory->mu);
    if (too_many)
        zk_log(factory->ctx, ZK_LOG_TOO_MANY_CONNECTIONS, inet_ip_text(sock_remote(sock)).text,
               limit);
    return cnxn;
}

static void release(struct cnxn *cnxn)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    zk_mutex_lock(&factory->mu);
    factory->cnxns[cnxn->slot] = NULL;
    zk_cond_broadcast(&factory->freed);
    zk_mutex_unlock(&factory->mu);
    sock_unref(cnxn->sock);
    free(cnxn);
}

/* ---- the accept thread ----------------------------------------------------------------------- */

/* Starts a thread for one caller. Takes ownership of sock. */
static void serve(struct server_cnxn_factory *factory, struct sock *sock)
{
    struct cnxn *cnxn = admit(factory, sock);
    if (cnxn == NULL) {
        sock_unref(sock);
        return;
    }
    int r = zk_thread_group_start(factory->threads, cnxn_run, cnxn, "NIOWorkerThread-%zu",
                                  cnxn->slot + 1);
    if (r < 0) {
        if (r == -EAGAIN)
            zk_log(factory->ctx, ZK_LOG_CLIENT_NO_THREAD, inet_text(sock_remote(sock)).text);
        release(cnxn);
    }
}

/* An error that sock_accept does not wait out may pass all the same (a firewall's EPERM), and a
 * peer without its client port is of little use: so this thread goes on, as Java's does.
 * Java: NIOServerCnxnFactory.AcceptThread.run() */
static void accept_run(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    for (;;) {
        struct sock *sock;
        int r = sock_accept(factory->listener, &sock);
        if (r == 0) {
            serve(factory, sock);
            continue;
        }
        if (zk_stop_requested(&factory->stop))
            return;
        zk_log(factory->ctx, ZK_LOG_CLIENT_ACCEPT, zk_error_text(r).text);
        if (zk_stop_sleep(&factory->stop, ACCEPT_PAUSE_MS))
            return;
    }
}

/* ---- one connection's thread ----------------------------------------------------------------- */

/* Reads until four bytes are there, or until an absolute deadline, which a byte does not move: a
 * caller that sends one byte at a time gets no more time. Java: NIOServerCnxn.doIO() on
 * lenBuffer */
static int read_word(struct sock *sock, int64_t deadline_ms, uint8_t ret_bytes[FIRST_READ],
                     size_t *ret_length)
{
    sock_set_deadline(sock, deadline_ms);
    size_t length = 0;
    while (length < FOUR_LETTERS) {
        size_t count;
        int r = sock_read_some(sock, ret_bytes + length, FIRST_READ - length, &count);
        if (r < 0)
            return r;
        if (count == 0)
            return -EPIPE;
        length += count;
    }
    *ret_length = length;
    return 0;
}

/* ---- struct server_cnxns --------------------------------------------------------------------- */

/* Java: getNumAliveConnections() */
static size_t count_cnxns(void *arg)
{
    struct server_cnxn_factory *factory = arg;
    size_t count = 0;
    zk_mutex_lock(&factory->mu);
    for (size_t i = 0; i < factory->slot_count; i++)
        count += factory->cnxns[i] != NULL;
    zk_mutex_unlock(&factory->mu);
    return count;
}

/* Java: getAllConnectionInfo() */
static size_t list_cnxns(void *arg, struct server_cnxn_info **ret_infos)
{
    struct server_cnxn_factory *factory = arg;
    size_t count = 0;
    zk_mutex_lock(&factory->mu);
    struct server_cnxn_info *infos = zk_xcalloc(factory->slot_count + 1, sizeof *infos);
    for (size_t i = 0; i < factory->slot_count; i++) {
        const struct cnxn *cnxn = factory->cnxns[i];
        if (cnxn == NULL)
            continue;
        bool has_spoken = cnxn->state != CNXN_SILENT;
        struct server_cnxn_info *info = &infos[count++];
        info->remote = inet_text(sock_remote(cnxn->sock));
        info->interest_ops = has_spoken ? 0 : 1; /* Java: SelectionKey.OP_READ */
        info->packets_received = has_spoken ? 1 : 0;
    }
    zk_mutex_unlock(&factory->mu);
    *ret_infos = infos;
    return count;
}

/* Java: resetAllConnectionStats(). Nothing is counted for a connection yet. */
static void reset_cnxn_stats(void *arg)
{
    (void)arg;
}

/* Java: dumpConnections(). A connection ends with its thread, so there is no queue of them yet. */
static void dump_cnxns(void *arg, struct zk_str *str)
{
    (void)arg;
    zk_str_append(str, "Connections Sets (0)/(0):\n");
}

static struct server_cnxns cnxns_of(struct server_cnxn_factory *factory)
{
    return (struct server_cnxns){
        .count = count_cnxns,
        .list = list_cnxns,
        .reset_stats = reset_cnxn_stats,
        .dump = dump_cnxns,
        .arg = factory,
        .stats = factory->stats,
    };
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Java: NIOServerCnxn.checkFourLetterWord(), CommandExecutor.execute() */
static void answer_word(struct cnxn *cnxn, struct sock *sock, const struct four_letter_word *word,
                        const uint8_t *argument, size_t argument_length)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    zk_mutex_lock(&factory->mu);
    if (cnxn->state == CNXN_SILENT)
        cnxn->state = CNXN_ANSWERING;
    zk_mutex_unlock(&factory->mu);

    server_stats_increment_packets_received(factory->stats);
    if (word->is_enabled)
        zk_log(factory->ctx, ZK_LOG_PROCESSING_COMMAND, word->name,
               inet_text(sock_remote(sock)).text);
    else
        zk_log(factory->ctx, ZK_LOG_NOT_IN_WHITELIST, word->name);

    struct server_status status = {0};
    if (word->needs_status)
        factory->hook.fill(factory->hook.arg, &status);
    struct server_cnxns cnxns = cnxns_of(factory);
    struct four_letter_facts facts = {
        .status = &status,
        .cnxns = &cnxns,
        .hook = &factory->hook,
        .argument = argument,
        .argument_length = argument_length,
    };
    struct zk_str text = {0};
    four_letter_words_answer(factory->words, word, &facts, &text);
    if (sock_write_fully(sock, zk_str_text(&text), text.length) == 0)
        server_stats_increment_packets_sent(factory->stats);
    zk_str_done(&text);
    server_status_done(&status);
}

/* Returns whether a ConnectRequest may begin like that: its length comes first. */
static bool is_connect_request(const uint8_t bytes[FOUR_LETTERS])
{
    uint32_t length =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return length >= CONNECT_REQUEST_LENGTH && length <= CONNECT_REQUEST_LIMIT;
}

/* The caller gets no answer. If it is a client it will try again and again, and its user wonders
 * why: so once a minute the log tells the reason. */
static void turn_away(struct server_cnxn_factory *factory, struct sock *sock,
                      const uint8_t bytes[FOUR_LETTERS])
{
    int64_t clients = 0; /* to be told of */
    if (is_connect_request(bytes)) {
        zk_mutex_lock(&factory->mu);
        clients = turned_away_add(&factory->turned_away, zk_elapsed_ms());
        zk_mutex_unlock(&factory->mu);
    }
    if (clients > 0)
        zk_log(factory->ctx, ZK_LOG_CLIENT_TURNED_AWAY, inet_text(sock_remote(sock)).text, clients);
    else
        zk_log(factory->ctx, ZK_LOG_CLIENT_NOT_SERVED, inet_text(sock_remote(sock)).text);
}

/* One caller's thread. Java: NIOServerCnxn.doIO() */
static void cnxn_run(void *arg)
{
    struct cnxn *cnxn = arg;
    struct server_cnxn_factory *factory = cnxn->factory;
    zk_mutex_lock(&factory->mu);
    struct sock *sock = sock_ref(cnxn->sock);
    zk_mutex_unlock(&factory->mu);

    uint8_t bytes[FIRST_READ];
    size_t length;
    if (read_word(sock, zk_elapsed_ms() + factory->timeout_ms, bytes, &length) == 0) {
        const struct four_letter_word *word = four_letter_words_find(factory->words, bytes);
        if (word != NULL)
            answer_word(cnxn, sock, word, bytes + FOUR_LETTERS, length - FOUR_LETTERS);
        else
            turn_away(factory, sock, bytes);
    }
    sock_unref(sock);
    release(cnxn);
}
