/* One thread behind one queue. Java: server.RequestThrottler */
#include "server/request_throttler.h"

#include <stdlib.h>

#include "server/lock_ranks.h"
#include "server/zookeeper_server_internal.h"
#include "zk/base/alloc.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"

/* As in Java. */
enum { STALL_TIME_MS = 100, SHUTDOWN_TIMEOUT_MS = 10000 };

struct request_throttler {
    struct zookeeper_server *server;
    struct zk_context *ctx;
    struct blocking_queue *submitted_requests;
    struct zk_thread_group *threads; /* of one */
    /* The settings. */
    int32_t max_requests;  /* 0: nobody is held back */
    int32_t stall_time_ms; /* 0: until a request is finished */
    bool drop_stale_requests;
    int32_t throttled_op_wait_time_ms; /* 0: however long a request has waited, it is run */
    int32_t shutdown_timeout_ms;       /* 0: until all have had their turn; Java: Thread.join(0) */

    bool passed_on; /* the thread's own: a request that the processors have not heard of yet */

    struct zk_mutex mu;            /* L-61. Java's monitor of RequestThrottler. Guards: */
    struct zk_cond wake;           /* a request is finished, or the thread is to end */
    struct zk_cond ended_cond;     /* the thread has ended */
    bool running GUARDED_BY(&mu);  /* the thread has been started and has not ended */
    bool stopping GUARDED_BY(&mu); /* what comes now is dropped */
    bool killed GUARDED_BY(&mu);   /* what waits is dropped as well */
};

static bool await_turn(struct request_throttler *throttler, struct request *request);
static void pass_on_request(struct request_throttler *throttler, struct request *request);
static size_t drain_queue(struct request_throttler *throttler);
static void drop_throttled(struct request_throttler *throttler, struct request *request);
static bool is_killed(struct request_throttler *throttler);
static void wake_processors(struct request_throttler *throttler);
static void throttle_sleep(struct request_throttler *throttler);
static bool should_throttle_op(const struct request_throttler *throttler,
                               const struct request *request, int64_t elapsed_ms);

/* Java: run() */
static void request_throttler_run(void *arg)
{
    struct request_throttler *throttler = arg;
    void *taken;
    while (!is_killed(throttler) &&
           bq_poll(throttler->submitted_requests, INT64_MAX, &taken) == 0 &&
           taken != request_of_death()) {
        struct request *request = taken;
        if (request->cnxn != NULL && server_cnxn_is_invalid(request->cnxn))
            zookeeper_server_request_finished(throttler->server, request); /* Java forgets that */
        else if (await_turn(throttler, request))
            pass_on_request(throttler, request);
        request_unref(request);
        if (bq_size(throttler->submitted_requests) == 0)
            wake_processors(throttler);
    }
    wake_processors(throttler);
    size_t dropped = drain_queue(throttler);
    zk_log(throttler->ctx, ZK_LOG_THROTTLER_SHUTDOWN, dropped);
    zk_mutex_lock(&throttler->mu);
    throttler->running = false;
    zk_cond_broadcast(&throttler->ended_cond);
    zk_mutex_unlock(&throttler->mu);
}

/* Returns whether the request is to be passed on; otherwise it has been dropped. Java: run(), its
 * inner loop */
static bool await_turn(struct request_throttler *throttler, struct request *request)
{
    struct zookeeper_server *server = throttler->server;
    while (!is_killed(throttler)) {
        if (throttler->drop_stale_requests && zookeeper_server_is_stale_request(server, request)) {
            drop_throttled(throttler, request);
            server_metrics_count(zookeeper_server_metrics(server),
                                 SERVER_METRICS_STALE_REQUESTS_DROPPED);
            return false;
        }
        if (zookeeper_server_get_in_process(server) < throttler->max_requests)
            return true;
        throttle_sleep(throttler);
    }
    drop_throttled(throttler, request);
    return false;
}

/* A request that has waited for too long is answered in its turn, and not run.
 * Java: run(), its last part; Request.setIsThrottled() */
static void pass_on_request(struct request_throttler *throttler, struct request *request)
{
    struct server_metrics *metrics = zookeeper_server_metrics(throttler->server);
    if (zookeeper_server_is_stale_request(throttler->server, request))
        server_metrics_count(metrics, SERVER_METRICS_STALE_REQUESTS);
    int64_t elapsed_ms = zk_elapsed_ms() - request->request_throttle_queue_time_ms;
    server_metrics_add(metrics, SERVER_METRICS_REQUEST_THROTTLE_QUEUE_TIME_MS, elapsed_ms);
    if (should_throttle_op(throttler, request, elapsed_ms)) {
        request->refused = true;
        request->exception = KEEPER_CODE_THROTTLEDOP;
        server_metrics_count(metrics, SERVER_METRICS_THROTTLED_OPS);
    }
    zookeeper_server_submit_request_now(throttler->server, request);
    throttler->passed_on = true;
}

/* What begins a session, keeps it alive or ends it is run however long it has waited. Java:
 * Request.isThrottlable(), shouldThrottleOp() */
static bool should_throttle_op(const struct request_throttler *throttler,
                               const struct request *request, int64_t elapsed_ms)
{
    return request->type != OP_CODE_PING && request->type != OP_CODE_CLOSE_SESSION &&
           request->type != OP_CODE_CREATE_SESSION && throttler->throttled_op_wait_time_ms > 0 &&
           elapsed_ms > throttler->throttled_op_wait_time_ms;
}

static bool is_killed(struct request_throttler *throttler)
{
    zk_mutex_lock(&throttler->mu);
    bool killed = throttler->killed;
    zk_mutex_unlock(&throttler->mu);
    return killed;
}

static void wake_processors(struct request_throttler *throttler)
{
    if (throttler->passed_on)
        zookeeper_server_wake_processors(throttler->server);
    throttler->passed_on = false;
}

/* Waits until a request is finished, but not for longer than stall_time_ms: a connection that is
 * closed meanwhile tells nobody here. One that is finished before the lock is taken is not missed,
 * as it is in Java. Java: throttleSleep() */
static void throttle_sleep(struct request_throttler *throttler)
{
    int64_t deadline_ms =
        throttler->stall_time_ms > 0 ? zk_elapsed_ms() + throttler->stall_time_ms : INT64_MAX;
    server_metrics_count(zookeeper_server_metrics(throttler->server),
                         SERVER_METRICS_REQUEST_THROTTLE_WAIT_COUNT);
    /* We wait for requests that were passed on, and the processors do not know of them yet. */
    wake_processors(throttler);
    zk_mutex_lock(&throttler->mu);
    bool in_time = true;
    while (in_time && !throttler->killed &&
           zookeeper_server_get_in_process(throttler->server) >= throttler->max_requests)
        in_time = zk_cond_wait_until(&throttler->wake, &throttler->mu, deadline_ms);
    zk_mutex_unlock(&throttler->mu);
}

/* Java: drainQueue() */
static size_t drain_queue(struct request_throttler *throttler)
{
    size_t dropped = 0;
    void *taken;
    zk_log(throttler->ctx, ZK_LOG_DRAINING_THROTTLER);
    while (bq_poll(throttler->submitted_requests, 0, &taken) == 0) {
        if (taken == request_of_death())
            continue;
        drop_throttled(throttler, taken);
        request_unref(taken);
        dropped++;
    }
    return dropped;
}

/* Drops a request. Later ones of its connection must not overtake it, so they are dropped as well.
 * Java: dropRequest() */
static void drop_throttled(struct request_throttler *throttler, struct request *request)
{
    if (request->cnxn != NULL)
        server_cnxn_set_invalid(request->cnxn);
    zookeeper_server_request_finished(throttler->server, request);
}

/* ---- what comes in --------------------------------------------------------------------------- */

bool request_throttler_is_on_the_way(const struct request_throttler *throttler)
{
    return throttler->max_requests > 0;
}

void request_throttler_submit_request(struct request_throttler *throttler, struct request *request)
{
    /* Under the lock, so that nothing comes behind the request of death. */
    zk_mutex_lock(&throttler->mu);
    bool stopping = throttler->stopping;
    if (!stopping) {
        request->request_throttle_queue_time_ms = zk_elapsed_ms();
        bq_put(throttler->submitted_requests, request_ref(request));
    }
    zk_mutex_unlock(&throttler->mu);
    if (stopping)
        drop_throttled(throttler, request);
}

void request_throttler_throttle_wake(struct request_throttler *throttler)
{
    if (throttler->max_requests <= 0)
        return;
    zk_mutex_lock(&throttler->mu);
    zk_cond_signal(&throttler->wake);
    zk_mutex_unlock(&throttler->mu);
}

size_t request_throttler_get_inflight(struct request_throttler *throttler)
{
    return throttler->max_requests > 0 ? bq_size(throttler->submitted_requests) : 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void unref_throttled(void *item)
{
    request_unref(item);
}

struct request_throttler *request_throttler_new(struct zookeeper_server *server) UNSHARED
{
    struct request_throttler *throttler = zk_xcalloc(1, sizeof *throttler);
    struct zk_context *ctx = zookeeper_server_ctx(server);
    throttler->server = server;
    throttler->ctx = ctx;
    throttler->submitted_requests = bq_new(ctx, "throttled requests", SIZE_MAX, unref_throttled);
    throttler->threads = zk_thread_group_new(ctx);
    throttler->max_requests =
        zk_settings_get_integer(ctx, "zookeeper.request_throttle_max_requests", 0);
    throttler->stall_time_ms =
        zk_settings_get_integer(ctx, "zookeeper.request_throttle_stall_time", STALL_TIME_MS);
    throttler->drop_stale_requests =
        zk_settings_get_boolean(ctx, "zookeeper.request_throttle_drop_stale", true);
    throttler->throttled_op_wait_time_ms =
        zk_settings_get_integer(ctx, "zookeeper.throttled_op_wait_time", 0);
    throttler->shutdown_timeout_ms = zk_settings_get_integer(
        ctx, "zookeeper.request_throttler.shutdownTimeout", SHUTDOWN_TIMEOUT_MS);
    zk_mutex_init(&throttler->mu, ctx, "request_throttler", ZK_RANK_REQUEST_PROCESSOR);
    zk_cond_init(&throttler->wake);
    zk_cond_init(&throttler->ended_cond);
    return throttler;
}

int request_throttler_start(struct request_throttler *throttler)
{
    zk_mutex_lock(&throttler->mu);
    throttler->running = true;
    zk_mutex_unlock(&throttler->mu);
    int r = zk_thread_group_start(throttler->threads, request_throttler_run, throttler,
                                  "RequestThrottler");
    if (r < 0) {
        zk_mutex_lock(&throttler->mu);
        throttler->running = false;
        zk_mutex_unlock(&throttler->mu);
    }
    return r;
}

void request_throttler_shutdown(struct request_throttler *throttler)
{
    zk_mutex_lock(&throttler->mu);
    bool began = throttler->running && !throttler->stopping;
    throttler->stopping = true;
    if (began) {
        zk_log(throttler->ctx, ZK_LOG_PROCESSOR_SHUTTING_DOWN, "RequestThrottler");
        bq_put(throttler->submitted_requests, request_of_death());
    }
    int64_t deadline_ms = throttler->shutdown_timeout_ms > 0
                              ? zk_elapsed_ms() + throttler->shutdown_timeout_ms
                              : INT64_MAX;
    bool in_time = true;
    while (in_time && throttler->running)
        in_time = zk_cond_wait_until(&throttler->ended_cond, &throttler->mu, deadline_ms);
    throttler->killed = true;
    zk_cond_broadcast(&throttler->wake);
    zk_mutex_unlock(&throttler->mu);
    zk_thread_group_join(throttler->threads);
}

void request_throttler_free(struct request_throttler *throttler)
{
    zk_mutex_lock(&throttler->mu);
    throttler->stopping = true;
    throttler->killed = true;
    zk_cond_broadcast(&throttler->wake);
    zk_mutex_unlock(&throttler->mu);
    bq_close(throttler->submitted_requests);
    zk_thread_group_free(throttler->threads);
    bq_free(throttler->submitted_requests);
    zk_cond_destroy(&throttler->ended_cond);
    zk_cond_destroy(&throttler->wake);
    zk_mutex_destroy(&throttler->mu);
    free(throttler);
}
