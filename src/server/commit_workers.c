/* A queue and a thread for each worker, and one count of what is on its way.
 * Java: WorkerService, CommitProcessor.CommitWorkRequest */
#include "server/commit_workers.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/refcount.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/server/exit_code.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/zookeeper_server.h"

/* More would cost memory and serve nobody: so many are never at work together. */
enum { COMMIT_WORKERS_MAX = 1024 };

struct commit_worker {
    struct commit_workers *workers;
    struct blocking_queue *requests;
    /* Who does what is scheduled here: this worker, or the first one if the system gave no thread
     * for it. NULL: nothing was scheduled yet. Used by the thread that schedules. */
    struct commit_worker *runs_at;
};

struct commit_workers {
    struct zookeeper_server *server;
    struct request_processor *next;
    struct zk_thread_group *threads;
    int32_t count;
    struct commit_worker *items;
    /* Requests that are scheduled and not done. */
    struct zk_atomic_long num_requests_processing;

    struct zk_mutex mu;      /* L-61. Guards: */
    struct zk_cond is_empty; /* nothing is on its way, or stopped is set */
    bool stopped GUARDED_BY(&mu);
};

static bool commit_workers_is_stopped(struct commit_workers *workers)
{
    zk_mutex_lock(&workers->mu);
    bool stopped = workers->stopped;
    zk_mutex_unlock(&workers->mu);
    return stopped;
}

/* Takes done requests off the count. The lock is taken after the count has become 0, so a thread
 * that has seen it above 0 under the lock waits by now, and is woken. */
static void count_down(struct commit_workers *workers, int64_t done)
{
    if (zk_atomic_long_add(&workers->num_requests_processing, -done) > 0)
        return;
    zk_mutex_lock(&workers->mu);
    zk_cond_signal(&workers->is_empty);
    zk_mutex_unlock(&workers->mu);
}

/* Java: CommitWorkRequest.doWork(), cleanup() */
static void commit_worker_run(void *arg)
{
    struct commit_worker *worker = arg;
    struct commit_workers *workers = worker->workers;
    struct bq_batch batch = {0};
    while (bq_take_all(worker->requests, &batch) == 0) {
        int64_t done = 0;
        struct request *request;
        while ((request = bq_batch_next(&batch)) != NULL) {
            int r = 0;
            if (!commit_workers_is_stopped(workers))
                r = request_processor_hand_over(workers->next, request);
            request_unref(request);
            done++;
            if (r < 0) {
                commit_workers_stop(workers);
                zookeeper_server_handle_exception(workers->server, r, EXIT_CODE_UNEXPECTED_ERROR);
            }
        }
        request_processor_wake(workers->next);
        count_down(workers, done);
    }
    bq_batch_done(&batch);
}

static int commit_worker_start(struct commit_worker *worker)
{
    size_t number = (size_t)(worker - worker->workers->items) + 1;
    return zk_thread_group_start(worker->workers->threads, commit_worker_run, worker,
                                 "CommitProcWorkThread-%zu", number);
}

/* Returns the worker that does what is scheduled for this one, and starts it if need be, as Java's
 * pools of one thread start theirs with the first task. It stays the same, so that the requests of
 * a session keep their order. */
static struct commit_worker *commit_worker_at_work(struct commit_worker *worker)
{
    if (worker->runs_at == NULL)
        worker->runs_at = commit_worker_start(worker) == 0 ? worker : &worker->workers->items[0];
    return worker->runs_at;
}

/* The session id modulo the number of threads, made non-negative, chooses the worker. Java:
 * WorkerService.schedule() */
void commit_workers_schedule(struct commit_workers *workers, struct request *request)
{
    int64_t number = request->session_id % workers->count;
    if (number < 0)
        number += workers->count;
    zk_atomic_long_add(&workers->num_requests_processing, 1);
    bq_put_quietly(commit_worker_at_work(&workers->items[number])->requests, request_ref(request));
}

void commit_workers_wake(struct commit_workers *workers)
{
    for (int32_t i = 0; i < workers->count; i++)
        if (workers->items[i].runs_at == &workers->items[i])
            bq_wake(workers->items[i].requests);
}

void commit_workers_await_empty(struct commit_workers *workers)
{
    if (zk_atomic_long_get(&workers->num_requests_processing) == 0)
        return;
    commit_workers_wake(workers);
    zk_mutex_lock(&workers->mu);
    while (!workers->stopped && zk_atomic_long_get(&workers->num_requests_processing) > 0)
        zk_cond_wait(&workers->is_empty, &workers->mu);
    zk_mutex_unlock(&workers->mu);
}

/* ---- life ------------------------------------------------------------------------------------ */

void commit_workers_stop(struct commit_workers *workers)
{
    zk_mutex_lock(&workers->mu);
    workers->stopped = true;
    zk_cond_broadcast(&workers->is_empty);
    zk_mutex_unlock(&workers->mu);
    for (int32_t i = 0; i < workers->count; i++)
        bq_close(workers->items[i].requests);
}

void commit_workers_join(struct commit_workers *workers)
{
    zk_thread_group_join(workers->threads);
}

static void unref_read(void *item)
{
    request_unref(item);
}

struct commit_workers *commit_workers_new(struct zookeeper_server *server,
                                          struct request_processor *next, int32_t count) UNSHARED
{
    struct commit_workers *workers = zk_xcalloc(1, sizeof *workers);
    struct zk_context *ctx = zookeeper_server_ctx(server);
    workers->server = server;
    workers->next = next;
    workers->threads = zk_thread_group_new(ctx);
    workers->count = count < COMMIT_WORKERS_MAX ? count : COMMIT_WORKERS_MAX;
    workers->items = zk_xcalloc((size_t)workers->count, sizeof *workers->items);
    for (int32_t i = 0; i < workers->count; i++) {
        workers->items[i].workers = workers;
        workers->items[i].requests = bq_new(ctx, "CommitProcWork", SIZE_MAX, unref_read);
    }
    zk_atomic_long_init(&workers->num_requests_processing, 0);
    zk_mutex_init(&workers->mu, ctx, "commit_workers", ZK_RANK_REQUEST_PROCESSOR);
    zk_cond_init(&workers->is_empty);
    return workers;
}

int commit_workers_start(struct commit_workers *workers)
{
    workers->items[0].runs_at = &workers->items[0];
    return commit_worker_start(&workers->items[0]);
}

void commit_workers_free(struct commit_workers *workers) UNSHARED
{
    if (workers == NULL)
        return;
    zk_thread_group_free(workers->threads);
    for (int32_t i = 0; i < workers->count; i++)
        bq_free(workers->items[i].requests);
    free(workers->items);
    zk_cond_destroy(&workers->is_empty);
    zk_mutex_destroy(&workers->mu);
    free(workers);
}
