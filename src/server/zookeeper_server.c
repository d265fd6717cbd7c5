/* The server of one term. Java: server.ZooKeeperServer */
#include "zk/server/zookeeper_server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "server/request_throttler.h"
#include "server/zookeeper_server_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/refcount.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"
#include "zk/server/exit_code.h"
#include "zk/server/outstanding_changes.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"

/* So much of a thread's name is shown in a log line. */
enum { THREAD_NAME_SHOWN = 64 };

struct zookeeper_server {
    struct zk_context *ctx;
    const struct zookeeper_server_methods *methods;
    void *kind;
    struct zk_database *database;
    struct server_metrics *metrics;
    struct zk_refcount refs; /* the role; threads that answer a client */
    struct outstanding_changes *outstanding_changes;
    struct zk_atomic_long hzxid; /* the last one that a leader has given out */
    struct zk_atomic_long requests_in_process;
    struct zk_work work; /* these, and proposals that have not been committed */
    /* Whether the state is RUNNING: changes under mu, with the state, and can be read without it,
     * as a learner does before each packet. In Java the state is volatile. */
    struct zk_atomic_long running;
    /* Java: ZooKeeperServerShutdownHandler. Set before the server runs; NULL: nobody waits. */
    void (*handle_shutdown)(void *arg);
    void *handle_shutdown_arg;
    struct server_admission admission;
    struct request_throttler *request_throttler; /* owned */

    struct zk_mutex mu;        /* L-60. Java's monitor of ZooKeeperServer. Guards: */
    struct zk_cond no_initial; /* the state is not INITIAL any more */
    enum zookeeper_server_state state GUARDED_BY(&mu);
    bool started GUARDED_BY(&mu); /* the components run, and have not been shut down */
    int exit_code GUARDED_BY(&mu);
    int64_t start_time_ms GUARDED_BY(&mu);
    /* Each is set once and lives as long as the server: what is called after the shutdown drops
     * what it is given. */
    struct session_tracker *session_tracker GUARDED_BY(&mu);
    struct request_processor *first_processor GUARDED_BY(&mu);
    /* The last of the processors, for reads that need not go through the others; NULL: there are no
     * such reads. */
    struct request_processor *read_processor GUARDED_BY(&mu);
    bool read_checks_session GUARDED_BY(&mu);
};

struct zookeeper_server *zookeeper_server_new(struct zk_context *ctx,
                                              const struct zookeeper_server_methods *methods,
                                              void *kind, struct zk_database *database,
                                              struct server_metrics *metrics) UNSHARED
{
    struct zookeeper_server *server = zk_xcalloc(1, sizeof *server);
    server->ctx = ctx;
    server->methods = methods;
    server->kind = kind;
    server->database = database;
    server->metrics = metrics;
    zk_refcount_init(&server->refs);
    server->outstanding_changes = outstanding_changes_new(ctx);
    zk_atomic_long_init(&server->hzxid, 0);
    zk_atomic_long_init(&server->requests_in_process, 0);
    zk_work_init(&server->work);
    zk_atomic_long_init(&server->running, false);
    server_admission_init(&server->admission, ctx);
    zk_mutex_init(&server->mu, ctx, "zookeeper_server", ZK_RANK_ZOOKEEPER_SERVER);
    zk_cond_init(&server->no_initial);
    server->request_throttler = request_throttler_new(server);
    server->state = ZOOKEEPER_SERVER_INITIAL;
    return server;
}

struct zookeeper_server *zookeeper_server_ref(struct zookeeper_server *server)
{
    zk_refcount_ref(&server->refs);
    return server;
}

void zookeeper_server_unref(struct zookeeper_server *server) UNSHARED
{
    if (server == NULL || !zk_refcount_unref(&server->refs))
        return;
    request_throttler_free(server->request_throttler);
    request_processor_free(server->first_processor);
    if (server->methods->free_kind != NULL)
        server->methods->free_kind(server->kind);
    session_tracker_free(server->session_tracker);
    outstanding_changes_free(server->outstanding_changes);
    server_admission_done(&server->admission);
    zk_cond_destroy(&server->no_initial);
    zk_mutex_destroy(&server->mu);
    free(server);
}

struct zk_context *zookeeper_server_ctx(const struct zookeeper_server *server)
{
    return server->ctx;
}

void *zookeeper_server_kind(const struct zookeeper_server *server)
{
    return server->kind;
}

int64_t zookeeper_server_get_server_id(const struct zookeeper_server *server)
{
    return server->methods->is_alone ? 0 : zk_context_myid(server->ctx);
}

bool zookeeper_server_is_read_only(const struct zookeeper_server *server)
{
    return server->methods->is_read_only;
}

struct zk_database *zookeeper_server_get_zk_database(const struct zookeeper_server *server)
{
    return server->database;
}

struct server_metrics *zookeeper_server_metrics(const struct zookeeper_server *server)
{
    return server->metrics;
}

const struct zookeeper_server_methods *zookeeper_server_methods_of(
    const struct zookeeper_server *server)
{
    return server->methods;
}

struct outstanding_changes *zookeeper_server_outstanding_changes(
    const struct zookeeper_server *server)
{
    return server->outstanding_changes;
}

struct server_admission *zookeeper_server_admission(struct zookeeper_server *server)
{
    return &server->admission;
}

void zookeeper_server_note_work(struct zookeeper_server *server, int64_t step)
{
    zk_threads_note_work(server->ctx, &server->work, step);
}

int64_t zookeeper_server_get_in_process(struct zookeeper_server *server)
{
    return zk_atomic_long_get(&server->requests_in_process);
}

int64_t zookeeper_server_get_inflight(struct zookeeper_server *server)
{
    return (int64_t)request_throttler_get_inflight(server->request_throttler);
}

struct session_tracker *zookeeper_server_get_session_tracker(struct zookeeper_server *server)
{
    zk_mutex_lock(&server->mu);
    struct session_tracker *tracker = server->session_tracker;
    zk_mutex_unlock(&server->mu);
    return tracker;
}

static struct request_processor *get_first_processor(struct zookeeper_server *server)
{
    zk_mutex_lock(&server->mu);
    struct request_processor *first_processor = server->first_processor;
    zk_mutex_unlock(&server->mu);
    return first_processor;
}

/* ---- its life -------------------------------------------------------------------------------- */

/* SHUTDOWN is final, and ERROR gives way to SHUTDOWN only. Java: setState() */
static void zookeeper_server_set_state(struct zookeeper_server *server,
                                       enum zookeeper_server_state state)
{
    zk_mutex_lock(&server->mu);
    bool final = server->state == ZOOKEEPER_SERVER_SHUTDOWN ||
                 (server->state == ZOOKEEPER_SERVER_ERROR && state != ZOOKEEPER_SERVER_SHUTDOWN);
    if (!final) {
        server->state = state;
        zk_atomic_long_set(&server->running, state == ZOOKEEPER_SERVER_RUNNING);
        if (state == ZOOKEEPER_SERVER_RUNNING)
            server->start_time_ms = zk_elapsed_ms();
        if (state != ZOOKEEPER_SERVER_INITIAL)
            zk_cond_broadcast(&server->no_initial);
    }
    zk_mutex_unlock(&server->mu);
    bool ends = state == ZOOKEEPER_SERVER_ERROR || state == ZOOKEEPER_SERVER_SHUTDOWN;
    if (ends && server->handle_shutdown != NULL)
        server->handle_shutdown(server->handle_shutdown_arg);
}

void zookeeper_server_register_server_shutdown_handler(struct zookeeper_server *server,
                                                       void (*handle)(void *arg), void *arg)
{
    server->handle_shutdown = handle;
    server->handle_shutdown_arg = arg;
}

void zookeeper_server_create_session_tracker(struct zookeeper_server *server)
{
    if (server->methods->create_session_tracker == NULL)
        return;
    struct session_tracker *tracker = server->methods->create_session_tracker(server);
    zk_mutex_lock(&server->mu);
    struct session_tracker *old = server->session_tracker;
    server->session_tracker = tracker;
    zk_mutex_unlock(&server->mu);
    session_tracker_free(old);
}

void zookeeper_server_set_first_processor(struct zookeeper_server *server,
                                          struct request_processor *first_processor)
{
    zk_mutex_lock(&server->mu);
    server->first_processor = first_processor;
    zk_mutex_unlock(&server->mu);
}

void zookeeper_server_set_read_processor(struct zookeeper_server *server,
                                         struct request_processor *read_processor,
                                         bool checks_session)
{
    zk_mutex_lock(&server->mu);
    server->read_processor = read_processor;
    server->read_checks_session = checks_session;
    zk_mutex_unlock(&server->mu);
}

/* Java: loadData() */
int zookeeper_server_load_data(struct zookeeper_server *server)
{
    int64_t zxid = zk_database_last_processed_zxid(server->database);
    if (!zk_database_is_initialized(server->database) &&
        zk_database_load_data_base(server->database, &zxid) < 0)
        return EXIT_CODE_UNEXPECTED_ERROR;
    zookeeper_server_set_zxid(server, zxid);
    zookeeper_server_clean_up_dead_sessions(server);
    int r = zookeeper_server_take_snapshot(server);
    if (r == 0)
        return 0;
    zk_log(server->ctx, ZK_LOG_SNAPSHOT_EXITING, zk_error_text(r).text);
    return EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT;
}

/* Java: startup(), startupWithServerState() */
int zookeeper_server_startup(struct zookeeper_server *server)
{
    int r = 0;
    if (zookeeper_server_get_session_tracker(server) == NULL)
        zookeeper_server_create_session_tracker(server);
    zk_mutex_lock(&server->mu);
    bool ended = server->state == ZOOKEEPER_SERVER_SHUTDOWN;
    server->started = !ended;
    zk_mutex_unlock(&server->mu);
    if (ended)
        return 0;
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (tracker != NULL)
        r = session_tracker_start(tracker);
    if (r == 0 && server->methods->setup_request_processors != NULL)
        r = server->methods->setup_request_processors(server);
    if (r == 0)
        r = request_throttler_start(server->request_throttler);
    if (r < 0)
        zookeeper_server_handle_exception(server, r, 0);
    /* Unless it is ERROR by now, or SHUTDOWN: both stay. */
    zookeeper_server_set_state(server, ZOOKEEPER_SERVER_RUNNING);
    return r;
}

/* First RequestThrottler, which feeds the others; then what the kind has, a learner's
 * SyncRequestProcessor among it, so that the log is whole before anything else is done with it. In
 * 3.9.5 it is shutdownComponents(). */
static void shutdown_components(struct zookeeper_server *server)
{
    request_throttler_shutdown(server->request_throttler);
    if (server->methods->shutdown_components != NULL)
        server->methods->shutdown_components(server);
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (tracker != NULL)
        session_tracker_shutdown(tracker);
    struct request_processor *first_processor = get_first_processor(server);
    if (first_processor != NULL)
        request_processor_shutdown(first_processor);
}

/* Applies to the tree what the log holds beyond it. The database serves the next term: either a
 * DIFF continues it, and then what was logged must be in the tree, too, or a SNAP replaces it.
 * Returns false if the log cannot be read. */
static bool fast_forward(struct zookeeper_server *server)
{
    int64_t zxid;
    int r = zk_database_fast_forward_data_base(server->database, &zxid);
    if (r < 0)
        zk_log(server->ctx, ZK_LOG_ERROR_UPDATING_DB, zk_error_text(r).text);
    return r == 0;
}

/* Java: shutdown(), in the order of 3.9.5. 3.8.0 brings the tree up to the log before the log is
 * written to its end (ZOOKEEPER-4712), and leaves a server that does not serve yet running. */
static void shutdown_server(struct zookeeper_server *server, bool fully_shut_down)
{
    zk_mutex_lock(&server->mu);
    bool can_shutdown = server->started;
    server->started = false;
    zk_mutex_unlock(&server->mu);
    zookeeper_server_set_state(server, ZOOKEEPER_SERVER_SHUTDOWN);
    if (can_shutdown) {
        zk_log(server->ctx, ZK_LOG_SERVER_SHUTTING_DOWN);
        shutdown_components(server);
        zk_threads_end_work(server->ctx);
        if (!fully_shut_down)
            fully_shut_down = !fast_forward(server);
    }
    if (fully_shut_down)
        zk_database_clear(server->database);
}

void zookeeper_server_shutdown(struct zookeeper_server *server)
{
    shutdown_server(server, false);
}

void zookeeper_server_shutdown_fully(struct zookeeper_server *server)
{
    shutdown_server(server, true);
}

bool zookeeper_server_is_running(const struct zookeeper_server *server)
{
    return zk_atomic_long_get(&server->running) != 0;
}

void zookeeper_server_handle_exception(struct zookeeper_server *server, int r, int exit_code)
{
    char thread_name[THREAD_NAME_SHOWN];
    zk_thread_name(server->ctx, thread_name, sizeof thread_name);
    zk_log(server->ctx, ZK_LOG_SEVERE_UNRECOVERABLE_ERROR, thread_name, zk_error_text(r).text);
    server_metrics_count(server->metrics, SERVER_METRICS_UNRECOVERABLE_ERROR_COUNT);
    zk_mutex_lock(&server->mu);
    if (server->exit_code == 0)
        server->exit_code = exit_code;
    zk_mutex_unlock(&server->mu);
    zookeeper_server_set_state(server, ZOOKEEPER_SERVER_ERROR);
}

int zookeeper_server_exit_code(struct zookeeper_server *server)
{
    zk_mutex_lock(&server->mu);
    int exit_code = server->exit_code;
    zk_mutex_unlock(&server->mu);
    return exit_code;
}

/* ---- zxids ----------------------------------------------------------------------------------- */

int64_t zookeeper_server_get_zxid(struct zookeeper_server *server)
{
    return zk_atomic_long_get(&server->hzxid);
}

int64_t zookeeper_server_get_next_zxid(struct zookeeper_server *server)
{
    return zk_atomic_long_add(&server->hzxid, 1);
}

void zookeeper_server_set_zxid(struct zookeeper_server *server, int64_t zxid)
{
    zk_atomic_long_set(&server->hzxid, zxid);
}

/* ---- requests -------------------------------------------------------------------------------- */

/* The processors to which requests go, as they are at one moment. */
struct way {
    struct request_processor *first_processor;
    struct request_processor *read_processor;
    bool read_checks_session;
};

static int find_way(struct zookeeper_server *server, struct way *ret_way);
static struct way way_of_locked(struct zookeeper_server *server) REQUIRES(&server->mu);
static int touch_cnxn(struct zookeeper_server *server, struct server_cnxn *cnxn);
static int submit_touched(struct zookeeper_server *server, const struct way *way,
                          struct request *request);
static void change_in_process(struct zookeeper_server *server, int64_t step);
static bool may_be_read_at_once(const struct way *way, const struct request *request);
static bool sets_watch(const struct request *request);
static int read_at_once(struct zookeeper_server *server, const struct way *way,
                        struct request *request);
static void answer_unimplemented(struct request *request);
static void drop_request_without_session(struct zookeeper_server *server,
                                         const struct request *request);

int zookeeper_server_submit_request(struct zookeeper_server *server, struct request *request)
{
    size_t taken; /* a single one always is */
    int r = zookeeper_server_submit_quietly(server, &request, 1, &taken);
    zookeeper_server_wake_processors(server);
    return r;
}

/* If there is a limit of requests in the processors, these wait in RequestThrottler for their turn;
 * otherwise they go on at once. Java: submitRequest(), enqueueRequest() */
int zookeeper_server_submit_quietly(struct zookeeper_server *server,
                                    struct request *const *requests, size_t count,
                                    size_t *ret_taken)
{
    struct way way;
    *ret_taken = count;
    int r = find_way(server, &way);
    if (r < 0 || count == 0)
        return r;
    if (request_throttler_is_on_the_way(server->request_throttler)) {
        for (size_t i = 0; i < count; i++)
            request_throttler_submit_request(server->request_throttler, requests[i]);
        return 0;
    }
    struct server_cnxn *cnxn = requests[0]->cnxn;
    bool is_alive = touch_cnxn(server, cnxn) == 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        if (i > 0 && cnxn != NULL && zk_atomic_long_peek(&cnxn->is_full) != 0) {
            *ret_taken = i;
            break;
        }
        if (is_alive)
            r = submit_touched(server, &way, requests[i]);
        else
            drop_request_without_session(server, requests[i]);
    }
    if (way.read_processor != NULL)
        request_processor_wake(way.read_processor);
    return r;
}

void zookeeper_server_wake_processors(struct zookeeper_server *server)
{
    struct request_processor *first_processor = get_first_processor(server);
    if (first_processor != NULL)
        request_processor_wake(first_processor);
}

static struct way way_of_locked(struct zookeeper_server *server)
{
    return (struct way){.first_processor = server->first_processor,
                        .read_processor = server->read_processor,
                        .read_checks_session = server->read_checks_session};
}

/* Waits while the server is INITIAL. Errors: -ECANCELED, it does not run. */
static int find_way(struct zookeeper_server *server, struct way *ret_way)
{
    zk_mutex_lock(&server->mu);
    while (server->state == ZOOKEEPER_SERVER_INITIAL)
        zk_cond_wait(&server->no_initial, &server->mu);
    bool running = server->state == ZOOKEEPER_SERVER_RUNNING;
    *ret_way = way_of_locked(server);
    zk_mutex_unlock(&server->mu);
    return running && ret_way->first_processor != NULL ? 0 : -ECANCELED;
}

void zookeeper_server_submit_request_now(struct zookeeper_server *server, struct request *request)
{
    zk_mutex_lock(&server->mu);
    struct way way = way_of_locked(server);
    zk_mutex_unlock(&server->mu);
    if (touch_cnxn(server, request->cnxn) < 0)
        drop_request_without_session(server, request);
    else if (submit_touched(server, &way, request) < 0)
        zookeeper_server_request_finished(server, request);
    if (way.read_processor != NULL)
        request_processor_wake(way.read_processor);
}

/* Notes that the client lives. cnxn NULL is fine. Errors: -ENOENT, there is no such session. Java:
 * touch() */
static int touch_cnxn(struct zookeeper_server *server, struct server_cnxn *cnxn)
{
    if (cnxn == NULL)
        return 0;
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    bool known = tracker != NULL &&
                 session_tracker_touch_session(tracker, cnxn->session_id, cnxn->session_timeout_ms);
    return known ? 0 : -ENOENT;
}

/* Java: submitRequestNow(), behind the touch of the session */
static int submit_touched(struct zookeeper_server *server, const struct way *way,
                          struct request *request)
{
    if (!request_is_valid(request->type)) {
        zk_log(server->ctx, ZK_LOG_UNKNOWN_REQUEST_TYPE, request->type);
        zookeeper_server_request_finished(server, request);
        answer_unimplemented(request);
        return 0;
    }
    if (server->methods->set_local_session_flag != NULL)
        server->methods->set_local_session_flag(server, request);
    if (may_be_read_at_once(way, request))
        return read_at_once(server, way, request);
    if (request->cnxn != NULL) {
        request->is_under_way = true;
        zk_atomic_long_add(&request->cnxn->under_way, 1);
    }
    int r = request_processor_hand_over(way->first_processor, request);
    if (r == 0 && request->cnxn != NULL)
        change_in_process(server, 1); /* Java: incInProcess() */
    return r;
}

/* Returns whether the request reads a single node, and all that its client sent before it has been
 * answered. Then it may be answered before all that is in the processors, because its client does
 * not wait for any of that. Longer reads go to a thread that keeps no other client waiting. */
static bool may_be_read_at_once(const struct way *way, const struct request *request)
{
    switch (request->type) {
    case OP_CODE_EXISTS:
    case OP_CODE_GET_DATA:
    case OP_CODE_GET_ACL:
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_CHILDREN2:
    case OP_CODE_PING:
        return way->read_processor != NULL && request->cnxn != NULL && !request->refused &&
               zk_atomic_long_get(&request->cnxn->under_way) == 0 && !sets_watch(request);
    default:
        return false;
    }
}

/* A read that sets a watch is answered where no write is applied beside it: the event of such a
 * write could leave before the answer, and a client that has not heard yet that its watch is set
 * throws the event away. The byte that asks for a watch stands behind a path in the body. */
static bool sets_watch(const struct request *request)
{
    const struct request_body *body = request->request;
    int32_t path_length;
    if (request->type == OP_CODE_PING || request->type == OP_CODE_GET_ACL || body == NULL ||
        body->length < sizeof path_length)
        return false;
    path_length = zk_load_int(body->bytes);
    size_t at = sizeof path_length + (path_length > 0 ? (size_t)path_length : 0);
    return at < body->length && body->bytes[at] != 0;
}

static int read_at_once(struct zookeeper_server *server, const struct way *way,
                        struct request *request)
{
    if (way->read_checks_session)
        request->exception = session_tracker_check_session(
            zookeeper_server_get_session_tracker(server), request->session_id, request->owner);
    change_in_process(server, 1);
    return request_processor_hand_over(way->read_processor, request);
}

/* Java: UnimplementedRequestProcessor.processRequest() */
static void answer_unimplemented(struct request *request)
{
    if (request->cnxn == NULL)
        return;
    struct reply_header header = {
        .xid = request->cxid, .zxid = request->zxid, .err = KEEPER_CODE_UNIMPLEMENTED};
    request->cnxn->ops->send_response(request->cnxn, &header, NULL);
    request->cnxn->ops->send_close_session(request->cnxn);
}

static void drop_request_without_session(struct zookeeper_server *server,
                                         const struct request *request)
{
    zk_log(server->ctx, ZK_LOG_DROPPING_REQUEST, request->session_id);
    zookeeper_server_request_finished(server, request);
}

/* Tells the tracker of sessions what a createSession or closeSession means to it. The table of the
 * database changes with the tree. Java: processTxnForSessionEvents() */
static void process_txn_for_session_events(struct zookeeper_server *server, int32_t type,
                                           int64_t session_id, const struct txn_log_entry *txn)
{
    if (type != OP_CODE_CREATE_SESSION && type != OP_CODE_CLOSE_SESSION)
        return;
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (tracker == NULL)
        return;
    if (type == OP_CODE_CREATE_SESSION && txn != NULL && txn->header.type == OP_CODE_CREATE_SESSION)
        session_tracker_commit_session(tracker, session_id, txn->record.create_session.time_out_ms);
    else if (type == OP_CODE_CLOSE_SESSION)
        session_tracker_remove_session(tracker, session_id);
}

/* Java: processTxn(request) */
void zookeeper_server_process_txn(struct zookeeper_server *server, struct request *request,
                                  struct process_txn_result *ret_result)
{
    struct process_txn_result result = {0};
    if (ret_result != NULL)
        *ret_result = result;
    process_txn_for_session_events(server, request->type, request->session_id, request->txn);
    if (request->txn == NULL)
        return;
    outstanding_changes_lock(server->outstanding_changes);
    zk_database_process_txn(server->database, request->txn, &result);
    size_t removed = outstanding_changes_remove(server->outstanding_changes, request->zxid);
    if (request_is_quorum(request))
        zk_database_add_committed_proposal(server->database, request->txn);
    outstanding_changes_unlock(server->outstanding_changes);
    if (removed > 0) /* a learner has none */
        server_metrics_count_many(server->metrics, SERVER_METRICS_OUTSTANDING_CHANGES_REMOVED,
                                  (int64_t)removed);
    if (ret_result != NULL)
        *ret_result = result;
    else
        process_txn_result_done(&result);
}

static void change_in_process(struct zookeeper_server *server, int64_t step)
{
    zk_atomic_long_add(&server->requests_in_process, step);
    zk_threads_note_work(server->ctx, &server->work, step);
}

void zookeeper_server_dec_in_process(struct zookeeper_server *server)
{
    change_in_process(server, -1);
    request_throttler_throttle_wake(server->request_throttler);
}

/* ---- snapshots, status ----------------------------------------------------------------------- */

/* Java: takeSnapshot() */
int zookeeper_server_take_snapshot(struct zookeeper_server *server)
{
    int64_t start_ms = zk_elapsed_ms();
    int r = zk_database_take_snapshot(server->database);
    if (r < 0)
        return r;
    int64_t elapsed_ms = zk_elapsed_ms() - start_ms;
    zk_log(server->ctx, ZK_LOG_SNAPSHOT_TAKEN, elapsed_ms);
    server_metrics_add(server->metrics, SERVER_METRICS_SNAPSHOTTIME, elapsed_ms);
    return 0;
}

/* Java: dumpMonitorValues() */
void zookeeper_server_fill_status(struct zookeeper_server *server, struct server_status *status)
{
    zk_mutex_lock(&server->mu);
    status->serving = server->state == ZOOKEEPER_SERVER_RUNNING;
    status->uptime_ms = status->serving ? zk_elapsed_ms() - server->start_time_ms : 0;
    zk_mutex_unlock(&server->mu);
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    if (tracker != NULL)
        status->local_sessions = session_tracker_get_local_session_count(tracker);
    status->server_state = server->methods->state;
    status->is_read_only = server->methods->is_read_only;
    status->outstanding_requests = zk_atomic_long_get(&server->requests_in_process);
    zk_database_fill_status(server->database, status);
}
