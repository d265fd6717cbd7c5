/* Reads and writes of clients, and the commits of the ensemble, in one order.
 * Java: server.quorum.CommitProcessor
 *
 * Whoever brings something puts it into an incoming queue, under the lock, and wakes the thread of
 * the processor. The thread takes all there is at once and then works without the lock on what is
 * its own. Java's queues are concurrent ones that its thread polls one element at a time.
 *
 * Reads run on the processor's own thread, as Java's do with no worker threads, or on those of a
 * pool, if zookeeper.commitProcessor.numWorkerThreads asks for them. A write waits until
 * the pool is empty; so no read that comes through here runs while a write is applied. Those that
 * do not come through here are A-240's. */
#include "zk/server/commit_processor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/commit_workers.h"
#include "server/lock_ranks.h"
#include "server/request_queue.h"
#include "zk/base/alloc.h"
#include "zk/base/long_map.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/exit_code.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"

enum { TEXT_OF_COUNT = 12 }; /* bytes, of a number in a line of the log */

/* What has been measured goes to the metrics when the thread has nothing to do, and after so many
 * turns. */
enum { TURNS_BETWEEN_MERGES = 256 };

/* The processors behind this one are woken when it has nothing more to hand on, or has handed on so
 * many; so commits that come one by one while others are applied are answered together. */
enum { REQUESTS_PER_WAKE_UP = 64 };

struct commit_processor {
    struct request_processor processor;
    struct zookeeper_server *server;
    struct zk_context *ctx;
    struct request_processor *next; /* owned */
    struct zk_thread_group *threads;
    struct commit_workers *workers; /* owned; NULL: reads run on the processor's thread */
    /* How many reads are passed on before a commit that waits; negative: a commit goes first as
     * soon as there is a write of our own that may be waiting for it. */
    int32_t max_read_batch_size;
    /* How many commits are applied before reads that wait. */
    int32_t max_commit_batch_size;

    /* Whether something has come in, or the processor is to stop: changes under mu, and is looked
     * at without it between two requests, because there is nothing most of the time. */
    struct zk_atomic_long has_news;
    struct zk_mutex mu;     /* L-61. Guards: */
    struct zk_cond wake_up; /* something has come in, or stopped is set */
    bool stopped GUARDED_BY(&mu);
    bool quiet GUARDED_BY(&mu); /* something came in, and the thread was not woken for it */
    /* What the thread has not taken yet, in the order in which it came. A write of our own client
     * is in incoming_requests and in incoming_writes. */
    struct request_queue incoming_requests GUARDED_BY(&mu);
    struct request_queue incoming_writes GUARDED_BY(&mu);
    struct request_queue incoming_commits GUARDED_BY(&mu);
    int64_t incoming_reads GUARDED_BY(&mu); /* those of incoming_requests that are no writes */

    /* ---- the thread's own, Java's names ---- */

    struct request_queue queued_requests;
    /* Writes of our own clients that wait for their commit, oldest first. */
    struct request_queue queued_write_requests;
    struct request_queue committed_requests;
    /* For each session that has a write waiting, a request_queue of what its client has sent, from
     * its oldest such write on. None is empty between two turns. */
    struct long_map pending_requests;
    int64_t num_read_queued_requests;
    int handed_on; /* since those behind it were woken */
    /* The clock, as it was at the end of the last turn or of the last wait: where one commit comes
     * after the other, the turns follow each other without a gap. */
    int64_t now_ms;
    struct server_metrics_values measured;
    int turns;
};

static bool take_what_came_in(struct commit_processor *commit);
static bool commit_came_in(struct commit_processor *commit);
static void add_to_session_queue(struct commit_processor *commit, struct request *request);
static int process_commits(struct commit_processor *commit);
static struct request *match_commit(struct commit_processor *commit, struct long_set *drained);
static int drain_session_queues(struct commit_processor *commit, const struct long_set *drained);

/* Java: needCommit() */
static bool need_commit(const struct request *request)
{
    if (request->refused)
        return false;
    switch (request->type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_SET_DATA:
    case OP_CODE_RECONFIG:
    case OP_CODE_MULTI:
    case OP_CODE_SET_ACL:
    case OP_CODE_CHECK:
    case OP_CODE_SYNC: /* in Java on learners alone (D-241) */
        return true;
    case OP_CODE_CREATE_SESSION:
    case OP_CODE_CLOSE_SESSION:
        return !request->local_session;
    default:
        return false;
    }
}

static void commit_processor_measure(struct commit_processor *commit,
                                     enum server_metrics_summary which, int64_t value)
{
    server_metrics_measure(&commit->measured, which, value);
}

static void wake_those_behind(struct commit_processor *commit)
{
    commit->handed_on = 0;
    if (commit->workers != NULL)
        commit_workers_wake(commit->workers);
    request_processor_wake(commit->next);
}

/* Hands on a read, or a write that was refused and has only to be answered. Java:
 * sendToNextProcessor() */
static int send_to_next_processor(struct commit_processor *commit, struct request *request)
{
    commit->num_read_queued_requests--;
    commit->handed_on++;
    if (commit->workers != NULL) {
        commit_workers_schedule(commit->workers, request);
        return 0;
    }
    return request_processor_hand_over(commit->next, request);
}

/* Java: run() */
static void commit_processor_run(void *arg)
{
    struct commit_processor *commit = arg;
    int r = 0;
    /* A request is put in before the leader is told of it. So the head of the commits that are
     * taken now belongs to a request that is taken now at the latest, or to another server's. */
    while (r == 0 && take_what_came_in(commit)) {
        int64_t time_ms = commit->now_ms;
        int64_t reads_processed = 0;
        /* As many as there are now and no more: clients that never stop reading must not keep the
         * others' commits waiting. */
        size_t requests_to_process = commit->queued_requests.deque.count;
        int64_t most_reads =
            commit->max_read_batch_size < 0 ? INT64_MAX : commit->max_read_batch_size;
        while (r == 0 && requests_to_process > 0 && reads_processed <= most_reads) {
            struct request *request = request_queue_poll(&commit->queued_requests);
            requests_to_process--;
            if (need_commit(request) ||
                long_map_get(&commit->pending_requests, request->session_id) != NULL) {
                add_to_session_queue(commit, request);
            } else {
                reads_processed++;
                r = send_to_next_processor(commit, request);
            }
            request_unref(request);
            /* A write of ours waits and a commit is there: because commits of our own writes come
             * in the order of the writes, it is for that write, or for another server's; so it can
             * be applied. */
            if (commit->max_read_batch_size < 0 && commit->pending_requests.count > 0 &&
                commit_came_in(commit))
                break;
        }
        commit_processor_measure(commit, SERVER_METRICS_READ_COMMIT_PROC_ISSUED, reads_processed);
        if (reads_processed > 0)
            commit->now_ms = zk_elapsed_ms();

        if (r == 0 && commit->committed_requests.deque.count > 0)
            r = process_commits(commit);
        if (commit->handed_on >= REQUESTS_PER_WAKE_UP)
            wake_those_behind(commit);
        commit_processor_measure(commit, SERVER_METRICS_COMMIT_PROCESS_TIME,
                                 commit->now_ms - time_ms);
    }
    wake_those_behind(commit);
    if (r < 0)
        zookeeper_server_handle_exception(commit->server, r, EXIT_CODE_UNEXPECTED_ERROR);
    zk_log(commit->ctx, ZK_LOG_COMMIT_PROCESSOR_EXITED);
}

/* Java: run(), from waitForEmptyPool() on, and processWrite() */
static int process_commits(struct commit_processor *commit)
{
    int r = 0;
    struct long_set drained = {0}; /* the sessions of these writes */
    if (commit->workers != NULL) {
        commit_workers_await_empty(commit->workers);
        commit->now_ms = zk_elapsed_ms();
    }
    int64_t start_write_time_ms = commit->now_ms;
    int32_t commits_to_process = commit->max_commit_batch_size;
    int64_t commits_processed = 0;
    while (r == 0 && commit->committed_requests.deque.count > 0 && commits_to_process > 0) {
        struct request *request = match_commit(commit, &drained);
        if (request == NULL)
            break;
        commits_to_process--;
        commits_processed++;
        commit->handed_on++;
        r = request_processor_hand_over(commit->next, request);
        request_unref(request);
    }
    commit->now_ms = zk_elapsed_ms();
    commit_processor_measure(commit, SERVER_METRICS_WRITE_BATCH_TIME_IN_COMMIT_PROCESSOR,
                             commit->now_ms - start_write_time_ms);
    commit_processor_measure(commit, SERVER_METRICS_WRITE_COMMIT_PROC_ISSUED, commits_processed);
    if (r == 0)
        r = drain_session_queues(commit, &drained);
    long_set_done(&drained);
    return r;
}

/* Returns whether a commit is for our own oldest write. When a session has moved here, the commit
 * of a write that it sent elsewhere may still come, and a client that counts anew on each
 * connection has used its cxid twice; so a SYNC is answered by itself alone (D-320). */
static bool is_commit_of(const struct request *commit, const struct request *write)
{
    if (write->type == OP_CODE_SYNC)
        return commit == write;
    return write->session_id == commit->session_id && write->cxid == commit->cxid;
}

/* Takes the next commit. If it is that of our own oldest write, puts it into the request that our
 * client has sent, so that the answer finds its client. Returns the request to apply, with a
 * reference; NULL: not yet, because the client has reads before this write that have not been
 * passed on. */
static struct request *match_commit(struct commit_processor *commit, struct long_set *drained)
{
    struct request *request = request_queue_peek(&commit->committed_requests);
    struct request *oldest_write = request_queue_peek(&commit->queued_write_requests);
    if (oldest_write == NULL || !is_commit_of(request, oldest_write)) /* another server's write */
        return request_queue_poll(&commit->committed_requests);

    struct request_queue *session_queue =
        long_map_get(&commit->pending_requests, request->session_id);
    commit_processor_measure(commit, SERVER_METRICS_PENDING_SESSION_QUEUE_SIZE,
                             (int64_t)commit->pending_requests.count);
    if (session_queue == NULL || session_queue->deque.count == 0 ||
        !need_commit(request_queue_peek(session_queue)))
        return NULL;
    commit_processor_measure(commit, SERVER_METRICS_REQUESTS_IN_SESSION_QUEUE,
                             (int64_t)session_queue->deque.count);
    struct request *top_pending = request_queue_poll(session_queue);
    /* On a leader both are one and the same, which the thread of SyncRequestProcessor may read. */
    if (top_pending != request) {
        if (request->txn != NULL)
            request_set_txn(top_pending, request->txn);
        top_pending->commit_recv_time_ms = request->commit_recv_time_ms;
    }
    request_unref(request_queue_poll(&commit->queued_write_requests));
    long_set_add(drained, request->session_id);
    request_unref(request_queue_poll(&commit->committed_requests));
    return top_pending;
}

/* Hands on the reads that came behind a write which is applied now: their client sees its own
 * write. It is done once for all commits of the turn. Java: run(), its last part */
static int drain_session_queues(struct commit_processor *commit, const struct long_set *drained)
{
    int r = 0;
    int64_t reads_processed = 0;
    for (size_t i = 0; i < drained->count; i++) {
        struct request_queue *session_queue =
            long_map_get(&commit->pending_requests, drained->items[i]);
        int64_t reads_after_write = 0;
        while (r == 0 && session_queue->deque.count > 0 &&
               !need_commit(request_queue_peek(session_queue))) {
            struct request *request = request_queue_poll(session_queue);
            r = send_to_next_processor(commit, request);
            request_unref(request);
            reads_after_write++;
        }
        commit_processor_measure(commit, SERVER_METRICS_READS_AFTER_WRITE_IN_SESSION_QUEUE,
                                 reads_after_write);
        reads_processed += reads_after_write;
        if (session_queue->deque.count == 0) {
            long_map_remove(&commit->pending_requests, drained->items[i]);
            request_queue_done(session_queue);
            free(session_queue);
        }
    }
    if (reads_processed > 0)
        commit->now_ms = zk_elapsed_ms();
    commit_processor_measure(commit, SERVER_METRICS_SESSION_QUEUES_DRAINED,
                             (int64_t)drained->count);
    commit_processor_measure(commit, SERVER_METRICS_READS_ISSUED_FROM_SESSION_QUEUE,
                             reads_processed);
    return r;
}

/* ---- what comes in --------------------------------------------------------------------------- */

static void merge_what_was_measured(struct commit_processor *commit)
{
    server_metrics_merge(zookeeper_server_metrics(commit->server), &commit->measured);
    commit->turns = 0;
}

/* Returns whether there is something to do. A write alone is not: it waits for its commit, and is
 * taken with it. */
static bool has_come_in_locked(const struct commit_processor *commit) REQUIRES(&commit->mu)
{
    zk_mutex_assert_held(&commit->mu);
    return commit->stopped || commit->incoming_reads > 0 ||
           commit->incoming_commits.deque.count > 0;
}

/* The thread is idle. Before it sleeps it wakes those behind it, without the lock: the answers to
 * what it has handed on would lie there until something else came. */
static void wait_for_news_locked(struct commit_processor *commit) REQUIRES(&commit->mu)
{
    if (commit->handed_on > 0 && !has_come_in_locked(commit)) {
        zk_mutex_unlock(&commit->mu);
        wake_those_behind(commit);
        zk_mutex_lock(&commit->mu);
    }
    while (!has_come_in_locked(commit))
        zk_cond_wait(&commit->wake_up, &commit->mu);
}

/* Takes what has come in; an idle thread waits for it. Returns false when the thread is to end. */
static bool take_news(struct commit_processor *commit, bool idle)
{
    zk_mutex_lock(&commit->mu);
    if (idle)
        wait_for_news_locked(commit);
    bool stopped = commit->stopped;
    request_queue_move(&commit->queued_requests, &commit->incoming_requests);
    request_queue_move(&commit->queued_write_requests, &commit->incoming_writes);
    request_queue_move(&commit->committed_requests, &commit->incoming_commits);
    commit->num_read_queued_requests += commit->incoming_reads;
    commit->incoming_reads = 0;
    zk_atomic_long_set(&commit->has_news, stopped); /* a busy thread must look again */
    zk_mutex_unlock(&commit->mu);
    commit->now_ms = zk_elapsed_ms();
    return !stopped;
}

/* Waits until there is something to do, and takes it. Returns false when the thread is to end. */
static bool take_what_came_in(struct commit_processor *commit)
{
    bool idle =
        commit->queued_requests.deque.count == 0 && commit->committed_requests.deque.count == 0;
    if (idle || ++commit->turns >= TURNS_BETWEEN_MERGES)
        merge_what_was_measured(commit);
    bool goes_on = true;
    if (idle || zk_atomic_long_get(&commit->has_news))
        goes_on = take_news(commit, idle);

    commit_processor_measure(commit, SERVER_METRICS_READ_COMMIT_PROC_REQ_QUEUED,
                             commit->num_read_queued_requests);
    commit_processor_measure(commit, SERVER_METRICS_WRITE_COMMIT_PROC_REQ_QUEUED,
                             (int64_t)commit->queued_write_requests.deque.count);
    commit_processor_measure(commit, SERVER_METRICS_COMMIT_COMMIT_PROC_REQ_QUEUED,
                             (int64_t)commit->committed_requests.deque.count);
    return goes_on;
}

/* Takes commits that have come meanwhile, and the writes that they may be for; what else has come
 * stays where it is. Returns whether there is a commit. */
static bool commit_came_in(struct commit_processor *commit)
{
    if (commit->committed_requests.deque.count > 0)
        return true;
    if (!zk_atomic_long_get(&commit->has_news))
        return false;
    zk_mutex_lock(&commit->mu);
    request_queue_move(&commit->committed_requests, &commit->incoming_commits);
    request_queue_move(&commit->queued_write_requests, &commit->incoming_writes);
    zk_mutex_unlock(&commit->mu);
    return commit->committed_requests.deque.count > 0;
}

/* Java: run(), where a request must wait */
static void add_to_session_queue(struct commit_processor *commit, struct request *request)
{
    struct request_queue *session_queue =
        long_map_get(&commit->pending_requests, request->session_id);
    if (session_queue == NULL) {
        session_queue = zk_xcalloc(1, sizeof *session_queue);
        long_map_put(&commit->pending_requests, request->session_id, session_queue);
    }
    request_queue_add(session_queue, request);
    commit_processor_measure(commit, SERVER_METRICS_REQUESTS_IN_SESSION_QUEUE,
                             (int64_t)session_queue->deque.count);
}

/* Java: commit() */
void commit_processor_commit(struct commit_processor *commit, struct request *request)
{
    zk_mutex_lock(&commit->mu);
    if (!commit->stopped) {
        request->commit_recv_time_ms = zk_elapsed_ms();
        request_queue_add(&commit->incoming_commits, request);
        commit->quiet = true;
        zk_atomic_long_set(&commit->has_news, true);
    }
    zk_mutex_unlock(&commit->mu);
    server_metrics_count(zookeeper_server_metrics(commit->server),
                         SERVER_METRICS_REQUEST_COMMIT_QUEUED);
}

void commit_processor_commit_all(struct commit_processor *commit, struct array_deque *requests)
{
    struct request *request;
    if (requests->count == 0)
        return;
    server_metrics_count_many(zookeeper_server_metrics(commit->server),
                              SERVER_METRICS_REQUEST_COMMIT_QUEUED, (int64_t)requests->count);
    int64_t time_ms = zk_elapsed_ms();
    zk_mutex_lock(&commit->mu);
    while (!commit->stopped && array_deque_remove_first(requests, &request)) {
        request->commit_recv_time_ms = time_ms;
        request_queue_take_over(&commit->incoming_commits, request);
        commit->quiet = true;
        zk_atomic_long_set(&commit->has_news, true);
    }
    zk_mutex_unlock(&commit->mu);
    while (array_deque_remove_first(requests, &request))
        request_unref(request);
}

/* Java: processRequest() */
static int commit_processor_process_request(struct request_processor *processor,
                                            struct request *request)
{
    struct commit_processor *commit = (struct commit_processor *)processor;
    bool is_write = need_commit(request);
    zk_mutex_lock(&commit->mu);
    if (!commit->stopped) {
        request->commit_proc_queue_start_time_ms = zk_elapsed_ms();
        request_queue_add(&commit->incoming_requests, request);
        zk_atomic_long_set(&commit->has_news, true);
        if (is_write) {
            request_queue_add(&commit->incoming_writes, request);
        } else {
            commit->incoming_reads++;
            commit->quiet = true;
        }
    }
    zk_mutex_unlock(&commit->mu);
    return 0;
}

static void commit_processor_wake(struct request_processor *processor)
{
    struct commit_processor *commit = (struct commit_processor *)processor;
    zk_mutex_lock(&commit->mu);
    bool wake = commit->quiet;
    commit->quiet = false;
    zk_mutex_unlock(&commit->mu);
    if (wake) /* after the unlock, or it would wake up only to wait for the lock */
        zk_cond_signal(&commit->wake_up);
}

/* ---- its life -------------------------------------------------------------------------------- */

/* Java: halt() */
static void halt(struct commit_processor *commit)
{
    zk_mutex_lock(&commit->mu);
    commit->stopped = true;
    zk_atomic_long_set(&commit->has_news, true);
    zk_cond_broadcast(&commit->wake_up);
    zk_mutex_unlock(&commit->mu);
    if (commit->workers != NULL)
        commit_workers_stop(commit->workers);
}

/* Java waits for its workers for 5 seconds (zookeeper.commitProcessor.shutdownTimeout) and leaves
 * those behind that are not done. A read of ours works on memory that goes with the server, so it
 * is waited for however long it takes (D-240).
 * Java: shutdown() */
static void commit_processor_shutdown(struct request_processor *processor)
{
    struct commit_processor *commit = (struct commit_processor *)processor;
    zk_log(commit->ctx, ZK_LOG_PROCESSOR_SHUTTING_DOWN, "CommitProcessor");
    halt(commit);
    zk_thread_group_join(commit->threads);
    if (commit->workers != NULL)
        commit_workers_join(commit->workers);
    request_processor_shutdown(commit->next);
}

static void commit_processor_free(struct request_processor *processor) UNSHARED
{
    struct commit_processor *commit = (struct commit_processor *)processor;
    request_processor_free(commit->next);
    zk_thread_group_free(commit->threads);
    commit_workers_free(commit->workers);
    request_queue_done(&commit->incoming_requests);
    request_queue_done(&commit->incoming_writes);
    request_queue_done(&commit->incoming_commits);
    request_queue_done(&commit->queued_requests);
    request_queue_done(&commit->queued_write_requests);
    request_queue_done(&commit->committed_requests);
    for (size_t i = 0; i < commit->pending_requests.count; i++) {
        request_queue_done(commit->pending_requests.entries[i].value);
        free(commit->pending_requests.entries[i].value);
    }
    long_map_done(&commit->pending_requests);
    zk_cond_destroy(&commit->wake_up);
    zk_mutex_destroy(&commit->mu);
    free(commit);
}

static const struct request_processor_ops commit_processor_ops = {
    .process_request = commit_processor_process_request,
    .wake = commit_processor_wake,
    .shutdown = commit_processor_shutdown,
    .free = commit_processor_free,
};

/* Java: initBatchSizes(). A batch of commits that is not positive, on which Java throws, is one. */
static void init_batch_sizes(struct commit_processor *commit)
{
    commit->max_read_batch_size =
        zk_settings_get_integer(commit->ctx, "zookeeper.commitProcessor.maxReadBatchSize", -1);
    commit->max_commit_batch_size =
        zk_settings_get_integer(commit->ctx, "zookeeper.commitProcessor.maxCommitBatchSize", 1);
    if (commit->max_commit_batch_size <= 0)
        commit->max_commit_batch_size = 1;
    zk_log(commit->ctx, ZK_LOG_COMMIT_PROCESSOR_BATCH_SIZES, commit->max_read_batch_size,
           commit->max_commit_batch_size);
}

struct commit_processor *commit_processor_new(struct zookeeper_server *server,
                                              struct request_processor *next) UNSHARED
{
    struct commit_processor *commit = zk_xcalloc(1, sizeof *commit);
    commit->processor.ops = &commit_processor_ops;
    commit->server = server;
    commit->ctx = zookeeper_server_ctx(server);
    commit->next = next;
    commit->threads = zk_thread_group_new(commit->ctx);
    zk_mutex_init(&commit->mu, commit->ctx, "commit_processor", ZK_RANK_REQUEST_PROCESSOR);
    zk_atomic_long_init(&commit->has_news, false);
    zk_cond_init(&commit->wake_up);
    return commit;
}

/* Java: start() */
int commit_processor_start(struct commit_processor *commit)
{
    int32_t num_worker_threads =
        zk_settings_get_integer(commit->ctx, "zookeeper.commitProcessor.numWorkerThreads", 0);
    if (num_worker_threads < 0)
        num_worker_threads = 0;
    init_batch_sizes(commit);
    char count[TEXT_OF_COUNT];
    snprintf(count, sizeof count, "%" PRId32, num_worker_threads);
    zk_log(commit->ctx, ZK_LOG_COMMIT_PROCESSOR_WORKERS, num_worker_threads > 0 ? count : "no");
    if (num_worker_threads > 0) {
        commit->workers = commit_workers_new(commit->server, commit->next, num_worker_threads);
        int r = commit_workers_start(commit->workers);
        if (r < 0)
            return r;
    }
    return zk_thread_group_start(commit->threads, commit_processor_run, commit,
                                 "CommitProcessor:%" PRId64, zk_context_myid(commit->ctx));
}

struct request_processor *commit_processor_as_processor(struct commit_processor *commit)
{
    return &commit->processor;
}
