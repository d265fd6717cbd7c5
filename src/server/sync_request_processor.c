/* Group commit: the more requests wait, the more of them share one fsync.
 * Java: server.SyncRequestProcessor
 *
 * One thread, SyncThread, owns the log while it runs. Before it starts and after it has been joined
 * the role's own thread may append (a learner does at NEWLEADER). A snapshot is taken by a thread
 * of its own, so that no write waits for it. */
#include "zk/server/sync_request_processor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "server/lock_ranks.h"
#include "server/request_queue.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/random.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/server/request.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

/* The defaults are Java's. A start reads the log behind the newest snapshot, so the first two bound
 * how long a start takes. The third one bounds how long the first of a batch waits for those behind
 * it. */
enum {
    DEFAULT_SNAP_COUNT = 100000,
    DEFAULT_SNAP_SIZE_LIMIT_KB = 4194304, /* 4 GiB */
    DEFAULT_MAX_BATCH_SIZE = 1000,
};

struct sync_request_processor {
    struct request_processor processor;
    struct zookeeper_server *server;
    struct zk_database *database; /* the server's */
    struct zk_context *ctx;
    struct request_processor *next; /* owned; NULL on an observer */
    struct zk_thread_group *threads;
    struct blocking_queue *queued_requests;

    int32_t snap_count;
    int64_t snap_size_in_bytes; /* 0 or less: size is no reason for a snapshot */
    int64_t flush_delay_ms;
    int64_t max_write_queue_poll_time_ms;
    int32_t max_batch_size;

    /* ---- the thread's own, and shutdown's after the thread has been joined ---- */

    struct bq_batch taken;
    /* Appended to the log, and waiting for the fsync. */
    struct request_queue to_flush;
    int64_t now_ms; /* when it took its batch, or was done with the request before this one */
    int64_t last_flush_time_ms;
    /* How much more than half of snap_count, or of the size, it takes this time. */
    int32_t rand_roll;
    int64_t rand_size;
    bool log_failed;
    struct server_metrics_values measured;

    struct zk_thread_group *snapshot_threads;
    struct zk_mutex mu;                        /* L-61. Guards: */
    bool snapshot_in_progress GUARDED_BY(&mu); /* Java: snapThreadMutex */
};

static int pass_by(struct sync_request_processor *sync, struct request *si);
static int log_and_keep(struct sync_request_processor *sync, struct request *si);
static int flush(struct sync_request_processor *sync);
static int pass_on(struct sync_request_processor *sync, struct request *request);
static int flush_next(struct sync_request_processor *sync);
static int take_request(struct sync_request_processor *sync, struct request **ret_request);
static int append_to_log(struct sync_request_processor *sync, struct txn_log_entry *txn);
static void end_with_error(struct sync_request_processor *sync, int r);

static void sync_measure(struct sync_request_processor *sync, enum server_metrics_summary which,
                         int64_t value)
{
    server_metrics_measure(&sync->measured, which, value);
}

/* Java: getRemainingDelay() */
static int64_t get_remaining_delay(const struct sync_request_processor *sync)
{
    if (sync->flush_delay_ms <= 0)
        return 0;
    int64_t duration_ms = zk_elapsed_ms() - sync->last_flush_time_ms;
    return duration_ms < sync->flush_delay_ms ? sync->flush_delay_ms - duration_ms : 0;
}

/* Returns whether it is time for an fsync. With both a delay and a size, whichever is reached first
 * counts; with one of them, that one. Java: shouldFlush() */
static bool should_flush(const struct sync_request_processor *sync)
{
    if (sync->flush_delay_ms > 0 && get_remaining_delay(sync) == 0)
        return true;
    return sync->max_batch_size > 0 && sync->to_flush.deque.count >= (size_t)sync->max_batch_size;
}

/* Java: shouldSnapshot() */
static bool should_snapshot(const struct sync_request_processor *sync)
{
    int32_t log_count = zk_database_get_txn_count(sync->database);
    int64_t log_size = zk_database_get_txn_size(sync->database);
    return log_count > sync->snap_count / 2 + sync->rand_roll ||
           (sync->snap_size_in_bytes > 0 &&
            log_size > sync->snap_size_in_bytes / 2 + sync->rand_size);
}

/* The servers of an ensemble see the same transactions; without chance they would all take their
 * snapshots at the same moment. Java: resetSnapshotStats() */
static void reset_snapshot_stats(struct sync_request_processor *sync)
{
    sync->rand_roll = (int32_t)zk_random_below(sync->snap_count / 2);
    /* Java divides by zero when the limit is 0, and its thread ends (D-141). */
    sync->rand_size =
        sync->snap_size_in_bytes > 1 ? zk_random_below(sync->snap_size_in_bytes / 2) : 0;
}

/* Java: run() */
static void sync_request_processor_run(void *arg)
{
    struct sync_request_processor *sync = arg;
    struct request *si;
    reset_snapshot_stats(sync);
    sync->last_flush_time_ms = zk_elapsed_ms();
    int r;
    while ((r = take_request(sync, &si)) == 0 && si != request_of_death()) {
        sync_measure(sync, SERVER_METRICS_SYNC_PROCESSOR_QUEUE_TIME_MS,
                     sync->now_ms - si->sync_queue_start_time_ms);
        /* Nothing to write, and nothing before it that waits: it need not wait, either. */
        if (si->txn == NULL && sync->to_flush.deque.count == 0)
            r = pass_by(sync, si);
        else
            r = log_and_keep(sync, si);
        if (r < 0)
            break;
    }
    if (r < 0)
        end_with_error(sync, r);
    bq_batch_done(&sync->taken);
    server_metrics_merge(zookeeper_server_metrics(sync->server), &sync->measured);
    zk_log(sync->ctx, ZK_LOG_SYNC_REQUEST_PROCESSOR_EXITED);
}

/* Hands a read on at once. Takes ownership of si. (In Java a part of run().) */
static int pass_by(struct sync_request_processor *sync, struct request *si)
{
    int r = pass_on(sync, si);
    request_unref(si);
    if (r == 0)
        r = flush_next(sync);
    sync->now_ms = zk_elapsed_ms();
    return r;
}

/* Writes the transaction to the log, if si has one. Then si waits for the fsync, for its own or for
 * that of those before it. Takes ownership of si. (In Java a part of run().) */
static int log_and_keep(struct sync_request_processor *sync, struct request *si)
{
    int64_t start_process_time_ms = sync->now_ms;
    int r = si->txn != NULL ? append_to_log(sync, si->txn) : 0;
    request_queue_take_over(&sync->to_flush, si);
    if (r == 0 && should_flush(sync))
        r = flush(sync);
    sync->now_ms = zk_elapsed_ms();
    if (r == 0)
        sync_measure(sync, SERVER_METRICS_SYNC_PROCESS_TIME, sync->now_ms - start_process_time_ms);
    return r;
}

/* One fsync for all that has been appended; only then is any of it handed on. Java: flush() */
static int flush(struct sync_request_processor *sync)
{
    if (sync->to_flush.deque.count == 0)
        return 0;
    sync_measure(sync, SERVER_METRICS_SYNC_PROCESSOR_BATCH_SIZE,
                 (int64_t)sync->to_flush.deque.count);
    int64_t flush_start_time_ms = zk_elapsed_ms();
    int r = zk_database_commit(sync->database);
    if (r < 0) {
        sync->log_failed = true;
        return r;
    }
    sync->last_flush_time_ms = zk_elapsed_ms();
    sync_measure(sync, SERVER_METRICS_SYNC_PROCESSOR_QUEUE_FLUSH_TIME_MS,
                 sync->last_flush_time_ms - flush_start_time_ms);
    struct request *request;
    while (r == 0 && (request = request_queue_poll(&sync->to_flush)) != NULL) {
        if (sync->next != NULL)
            sync_measure(sync, SERVER_METRICS_SYNC_PROCESSOR_QUEUE_AND_FLUSH_TIME_MS,
                         sync->last_flush_time_ms - request->sync_queue_start_time_ms);
        if (request->txn != NULL)
            zk_trace_txn(sync->ctx, "logged", request->zxid, 0,
                         "its fsync has returned, so it survives a power loss");
        r = pass_on(sync, request);
        request_unref(request);
    }
    return r == 0 ? flush_next(sync) : r;
}

static int pass_on(struct sync_request_processor *sync, struct request *request)
{
    return sync->next != NULL ? request_processor_hand_over(sync->next, request) : 0;
}

static int flush_next(struct sync_request_processor *sync)
{
    if (sync->next == NULL)
        return 0;
    request_processor_wake(sync->next);
    return request_processor_flush(sync->next);
}

/* Takes the next request; only when there is none, what has been appended goes to disk. An append
 * takes microseconds and an fsync milliseconds, so it would be a waste to sync while more is
 * waiting: what comes during one fsync shares the next. Java: run(), its poll() and take() */
static int take_request(struct sync_request_processor *sync, struct request **ret_request)
{
    size_t waiting = bq_batch_size(&sync->taken);
    if (waiting == 0)
        waiting = bq_size(sync->queued_requests);
    sync_measure(sync, SERVER_METRICS_SYNC_PROCESSOR_QUEUE_SIZE, (int64_t)waiting);
    *ret_request = bq_batch_next(&sync->taken);
    if (*ret_request != NULL)
        return 0;
    int64_t poll_time_ms = get_remaining_delay(sync);
    if (poll_time_ms > sync->max_write_queue_poll_time_ms)
        poll_time_ms = sync->max_write_queue_poll_time_ms;
    int r = bq_poll_all(sync->queued_requests, poll_time_ms, &sync->taken);
    if (r == -ETIMEDOUT) {
        r = flush(sync);
        server_metrics_merge(zookeeper_server_metrics(sync->server), &sync->measured);
        if (r == 0)
            r = bq_take_all(sync->queued_requests, &sync->taken);
    }
    *ret_request = r == 0 ? bq_batch_next(&sync->taken) : NULL;
    sync->now_ms = zk_elapsed_ms();
    return r;
}

/* The log cannot be written, or what comes behind it has failed. Nothing that waits is handed on:
 * it is not known to be on disk. Java: handleException() */
static void end_with_error(struct sync_request_processor *sync, int r)
{
    bq_close(sync->queued_requests);
    request_queue_done(&sync->to_flush);
    if (sync->log_failed)
        zk_log(sync->ctx, ZK_LOG_TXN_LOG_FAILED, zk_error_text(r).text);
    zookeeper_server_handle_exception(sync->server, r,
                                      sync->log_failed ? EXIT_CODE_UNEXPECTED_ERROR : 0);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void snapshot_thread_run(void *arg)
{
    struct sync_request_processor *sync = arg;
    int r = zookeeper_server_take_snapshot(sync->server);
    if (r < 0) /* it has said why */
        zookeeper_server_handle_exception(sync->server, r, EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT);
    zk_mutex_lock(&sync->mu);
    sync->snapshot_in_progress = false;
    zk_mutex_unlock(&sync->mu);
}

/* Java: run(), what it does if shouldSnapshot() */
static int roll_log_and_snapshot(struct sync_request_processor *sync)
{
    reset_snapshot_stats(sync);
    /* A new file begins here, because a purge removes whole files: what the snapshot makes
     * superfluous is in those before it. */
    int r = zk_database_roll_log(sync->database);
    if (r < 0)
        return r;
    zk_mutex_lock(&sync->mu);
    bool busy = sync->snapshot_in_progress;
    sync->snapshot_in_progress = true;
    zk_mutex_unlock(&sync->mu);
    if (busy) {
        zk_log(sync->ctx, ZK_LOG_TOO_BUSY_TO_SNAP);
    } else if (zk_thread_group_start(sync->snapshot_threads, snapshot_thread_run, sync,
                                     "Snapshot Thread") < 0) {
        /* The log is whole without it; the next time will do. */
        zk_log(sync->ctx, ZK_LOG_TOO_BUSY_TO_SNAP);
        zk_mutex_lock(&sync->mu);
        sync->snapshot_in_progress = false;
        zk_mutex_unlock(&sync->mu);
    }
    return 0;
}

static int append_to_log(struct sync_request_processor *sync, struct txn_log_entry *txn)
{
    int r = zk_database_append(sync->database, txn);
    if (r == 0 && should_snapshot(sync))
        r = roll_log_and_snapshot(sync);
    sync->log_failed = r < 0;
    return r;
}

/* ---- its life -------------------------------------------------------------------------------- */

/* Java: processRequest() */
static int sync_request_processor_process_request(struct request_processor *processor,
                                                  struct request *request)
{
    struct sync_request_processor *sync = (struct sync_request_processor *)processor;
    request->sync_queue_start_time_ms = zk_elapsed_ms();
    bq_put_quietly(sync->queued_requests, request_ref(request));
    server_metrics_count(zookeeper_server_metrics(sync->server),
                         SERVER_METRICS_SYNC_PROCESSOR_REQUEST_QUEUED);
    return 0;
}

void sync_request_processor_process_requests(struct sync_request_processor *sync,
                                             struct array_deque *requests)
{
    if (requests->count == 0)
        return;
    int64_t time_ms = zk_elapsed_ms();
    for (size_t i = 0; i < requests->count; i++) {
        struct request *const *request = array_deque_get(requests, i);
        (*request)->sync_queue_start_time_ms = time_ms;
    }
    server_metrics_count_many(zookeeper_server_metrics(sync->server),
                              SERVER_METRICS_SYNC_PROCESSOR_REQUEST_QUEUED,
                              (int64_t)requests->count);
    bq_put_all_quietly(sync->queued_requests, requests);
}

static void sync_request_processor_wake(struct request_processor *processor)
{
    bq_wake(((struct sync_request_processor *)processor)->queued_requests);
}

/* Java: shutdown() */
static void sync_request_processor_shutdown(struct request_processor *processor)
{
    struct sync_request_processor *sync = (struct sync_request_processor *)processor;
    zk_log(sync->ctx, ZK_LOG_PROCESSOR_SHUTTING_DOWN, "SyncRequestProcessor");
    bq_put(sync->queued_requests, request_of_death());
    zk_thread_group_join(sync->threads);
    int r = flush(sync);
    if (r < 0)
        end_with_error(sync, r);
    server_metrics_merge(zookeeper_server_metrics(sync->server), &sync->measured);
    bq_close(sync->queued_requests);
    /* A snapshot thread reads the tree, to which transactions that were never committed may be
     * applied next: they must not get into its file, whose zxid does not tell of them. */
    zk_thread_group_join(sync->snapshot_threads);
    if (sync->next != NULL)
        request_processor_shutdown(sync->next);
}

static void sync_request_processor_free(struct request_processor *processor) UNSHARED
{
    struct sync_request_processor *sync = (struct sync_request_processor *)processor;
    request_processor_free(sync->next);
    zk_thread_group_free(sync->threads);
    zk_thread_group_free(sync->snapshot_threads);
    bq_free(sync->queued_requests);
    request_queue_done(&sync->to_flush);
    zk_mutex_destroy(&sync->mu);
    free(sync);
}

static const struct request_processor_ops sync_request_processor_ops = {
    .process_request = sync_request_processor_process_request,
    .wake = sync_request_processor_wake,
    .shutdown = sync_request_processor_shutdown,
    .free = sync_request_processor_free,
};

/* Java: ZooKeeperServer.getSnapCount() */
static int32_t get_snap_count(struct zk_context *ctx)
{
    int32_t snap_count = zk_settings_get_integer(ctx, "zookeeper.snapCount", DEFAULT_SNAP_COUNT);
    if (snap_count < 2) {
        zk_log(ctx, ZK_LOG_SNAP_COUNT_TOO_SMALL);
        snap_count = 2;
    }
    return snap_count;
}

/* Java: ZooKeeperServer.getSnapSizeInBytes() */
static int64_t get_snap_size_in_bytes(struct zk_context *ctx)
{
    int64_t size_kb =
        zk_settings_get_long(ctx, "zookeeper.snapSizeLimitInKb", DEFAULT_SNAP_SIZE_LIMIT_KB);
    if (size_kb <= 0)
        zk_log(ctx, ZK_LOG_SNAP_SIZE_LIMIT_OFF, size_kb);
    return size_kb <= INT64_MAX / 1024 ? size_kb * 1024 : INT64_MAX;
}

static void read_batch_settings(struct sync_request_processor *sync)
{
    sync->flush_delay_ms = zk_settings_get_long(sync->ctx, "zookeeper.flushDelay", 0);
    sync->max_write_queue_poll_time_ms = zk_settings_get_long(
        sync->ctx, "zookeeper.maxWriteQueuePollTime", sync->flush_delay_ms / 3);
    sync->max_batch_size =
        zk_settings_get_integer(sync->ctx, "zookeeper.maxBatchSize", DEFAULT_MAX_BATCH_SIZE);
}

static void unref_item(void *item)
{
    request_unref(item);
}

struct sync_request_processor *sync_request_processor_new(struct zookeeper_server *server,
                                                          struct request_processor *next) UNSHARED
{
    struct sync_request_processor *sync = zk_xcalloc(1, sizeof *sync);
    sync->processor.ops = &sync_request_processor_ops;
    sync->server = server;
    sync->database = zookeeper_server_get_zk_database(server);
    sync->ctx = zookeeper_server_ctx(server);
    sync->next = next;
    sync->threads = zk_thread_group_new(sync->ctx);
    sync->snapshot_threads = zk_thread_group_new(sync->ctx);
    /* No limit: what is dropped here would be a hole in the log. */
    sync->queued_requests =
        bq_new(sync->ctx, "SyncRequestProcessor.queuedRequests", SIZE_MAX, unref_item);
    sync->snap_count = get_snap_count(sync->ctx);
    sync->snap_size_in_bytes = get_snap_size_in_bytes(sync->ctx);
    read_batch_settings(sync);
    zk_mutex_init(&sync->mu, sync->ctx, "sync_request_processor", ZK_RANK_REQUEST_PROCESSOR);
    return sync;
}

/* Java: start() */
int sync_request_processor_start(struct sync_request_processor *sync)
{
    return zk_thread_group_start(sync->threads, sync_request_processor_run, sync,
                                 "SyncThread:%" PRId64,
                                 zookeeper_server_get_server_id(sync->server));
}

struct request_processor *sync_request_processor_as_processor(struct sync_request_processor *sync)
{
    return &sync->processor;
}
