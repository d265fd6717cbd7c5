/* A processor that remembers. */
#include "scripted_processor.h"

#include <inttypes.h>
#include <stdlib.h>

#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/lock.h"
#include "zk/server/request.h"
#include "zk_test.h"

/* Above all locks that a caller may hold. */
enum { RANK_SCRIPTED_PROCESSOR = 109 };

struct scripted_processor {
    struct request_processor processor;
    struct zk_mutex mu;
    struct zk_cond changed;
    struct request **requests;
    size_t count;
    size_t flushes;
    size_t count_at_first_flush;
    size_t wakes;
    size_t count_at_first_wake;
    size_t count_at_shutdown;
    bool is_shut_down;
    bool held;
    size_t callers_held;
    size_t fail_at;
    int fail_with;
};

static int scripted_process_request(struct request_processor *processor, struct request *request)
{
    struct scripted_processor *scripted = (struct scripted_processor *)processor;
    zk_mutex_lock(&scripted->mu);
    scripted->callers_held++;
    while (scripted->held)
        zk_cond_wait(&scripted->changed, &scripted->mu);
    scripted->callers_held--;
    int r =
        scripted->fail_with != 0 && scripted->count == scripted->fail_at ? scripted->fail_with : 0;
    scripted->requests =
        zk_xrealloc(scripted->requests, (scripted->count + 1) * sizeof *scripted->requests);
    scripted->requests[scripted->count++] = request_ref(request);
    zk_mutex_unlock(&scripted->mu);
    return r;
}

static int scripted_flush(struct request_processor *processor)
{
    struct scripted_processor *scripted = (struct scripted_processor *)processor;
    zk_mutex_lock(&scripted->mu);
    if (scripted->flushes++ == 0)
        scripted->count_at_first_flush = scripted->count;
    zk_mutex_unlock(&scripted->mu);
    return 0;
}

static void scripted_wake(struct request_processor *processor)
{
    struct scripted_processor *scripted = (struct scripted_processor *)processor;
    zk_mutex_lock(&scripted->mu);
    if (scripted->wakes++ == 0)
        scripted->count_at_first_wake = scripted->count;
    zk_mutex_unlock(&scripted->mu);
}

static void scripted_shutdown(struct request_processor *processor)
{
    struct scripted_processor *scripted = (struct scripted_processor *)processor;
    zk_mutex_lock(&scripted->mu);
    scripted->is_shut_down = true;
    scripted->count_at_shutdown = scripted->count;
    zk_mutex_unlock(&scripted->mu);
}

static void scripted_free(struct request_processor *processor)
{
    struct scripted_processor *scripted = (struct scripted_processor *)processor;
    for (size_t i = 0; i < scripted->count; i++)
        request_unref(scripted->requests[i]);
    free(scripted->requests);
    zk_cond_destroy(&scripted->changed);
    zk_mutex_destroy(&scripted->mu);
    free(scripted);
}

static const struct request_processor_ops scripted_processor_ops = {
    .process_request = scripted_process_request,
    .wake = scripted_wake,
    .flush = scripted_flush,
    .shutdown = scripted_shutdown,
    .free = scripted_free,
};

struct scripted_processor *scripted_processor_new(struct zk_context *ctx)
{
    struct scripted_processor *scripted = zk_xcalloc(1, sizeof *scripted);
    scripted->processor.ops = &scripted_processor_ops;
    zk_mutex_init(&scripted->mu, ctx, "scripted_processor", RANK_SCRIPTED_PROCESSOR);
    zk_cond_init(&scripted->changed);
    return scripted;
}

struct request_processor *scripted_processor_as_processor(struct scripted_processor *scripted)
{
    return &scripted->processor;
}

static size_t read_size(struct scripted_processor *scripted, const size_t *field)
{
    zk_mutex_lock(&scripted->mu);
    size_t value = *field;
    zk_mutex_unlock(&scripted->mu);
    return value;
}

size_t scripted_processor_count(struct scripted_processor *scripted)
{
    return read_size(scripted, &scripted->count);
}

size_t scripted_processor_flushes(struct scripted_processor *scripted)
{
    return read_size(scripted, &scripted->flushes);
}

size_t scripted_processor_count_at_first_flush(struct scripted_processor *scripted)
{
    return read_size(scripted, &scripted->count_at_first_flush);
}

static bool is_woken(void *arg)
{
    struct scripted_processor *scripted = arg;
    return read_size(scripted, &scripted->wakes) > 0;
}

size_t scripted_processor_await_wake(struct scripted_processor *scripted)
{
    test_await(is_woken, scripted);
    return read_size(scripted, &scripted->count_at_first_wake);
}

size_t scripted_processor_count_at_shutdown(struct scripted_processor *scripted)
{
    return read_size(scripted, &scripted->count_at_shutdown);
}

bool scripted_processor_is_shut_down(struct scripted_processor *scripted)
{
    zk_mutex_lock(&scripted->mu);
    bool is_shut_down = scripted->is_shut_down;
    zk_mutex_unlock(&scripted->mu);
    return is_shut_down;
}

struct awaited {
    struct scripted_processor *scripted;
    size_t count;
};

static bool has_come(void *arg)
{
    struct awaited *awaited = arg;
    return scripted_processor_count(awaited->scripted) >= awaited->count;
}

void scripted_processor_await(struct scripted_processor *scripted, size_t count)
{
    struct awaited awaited = {scripted, count};
    test_await(has_come, &awaited);
}

static bool is_held(void *arg)
{
    struct scripted_processor *scripted = arg;
    return read_size(scripted, &scripted->callers_held) > 0;
}

void scripted_processor_await_held(struct scripted_processor *scripted)
{
    test_await(is_held, scripted);
}

const struct request *scripted_processor_at(struct scripted_processor *scripted, size_t index)
{
    zk_mutex_lock(&scripted->mu);
    const struct request *request = index < scripted->count ? scripted->requests[index] : NULL;
    zk_mutex_unlock(&scripted->mu);
    return request;
}

char *scripted_processor_text(struct scripted_processor *scripted)
{
    struct zk_str text = {0};
    zk_mutex_lock(&scripted->mu);
    for (size_t i = 0; i < scripted->count; i++) {
        const struct request *request = scripted->requests[i];
        zk_str_printf(&text, "%s%s %" PRId64 ".%" PRId32, i > 0 ? ", " : "",
                      op_code_name(request->type), request->session_id, request->cxid);
        if (request->txn != NULL)
            zk_str_printf(&text, "=%" PRId64, request->zxid);
    }
    zk_mutex_unlock(&scripted->mu);
    return zk_str_take(&text);
}

static void set_held(struct scripted_processor *scripted, bool held)
{
    zk_mutex_lock(&scripted->mu);
    scripted->held = held;
    zk_cond_broadcast(&scripted->changed);
    zk_mutex_unlock(&scripted->mu);
}

void scripted_processor_hold(struct scripted_processor *scripted)
{
    set_held(scripted, true);
}

void scripted_processor_release(struct scripted_processor *scripted)
{
    set_held(scripted, false);
}

void scripted_processor_fail_at(struct scripted_processor *scripted, size_t count, int r)
{
    zk_mutex_lock(&scripted->mu);
    scripted->fail_at = count;
    scripted->fail_with = r;
    zk_mutex_unlock(&scripted->mu);
}
