/* The context: made first, handed down, freed last. */
#include "zk/runtime/context.h"

#include <stdlib.h>
#include <unistd.h>

#include "runtime/context_internal.h"
#include "runtime/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"

struct zk_context_options zk_context_options_default(void)
{
    return (struct zk_context_options){
        .log_level = ZK_INFO,
        .log_fd = STDERR_FILENO,
        .trace_fd = -1,
    };
}

struct zk_context *zk_context_new(const struct zk_context_options *options)
{
    struct zk_context *ctx = zk_xcalloc(1, sizeof *ctx);
    ctx->options = *options;
    ctx->start_us = zk_elapsed_us();
    ctx->myid = -1;
    zk_registry_init(&ctx->registry);
    zk_mutex_init(&ctx->log_mu, ctx, "log", ZK_RANK_LOG);
    zk_mutex_init(&ctx->trace_mu, ctx, "trace", ZK_RANK_TRACE);
    zk_mutex_init(&ctx->statics_mu, ctx, "statics", ZK_RANK_STATICS);
    return ctx;
}

void zk_context_free(struct zk_context *ctx) UNSHARED
{
    if (ctx == NULL)
        return;
    if (ctx->statics != NULL)
        ctx->free_statics(ctx->statics);
    zk_mutex_destroy(&ctx->statics_mu);
    zk_mutex_destroy(&ctx->trace_mu);
    zk_mutex_destroy(&ctx->log_mu);
    zk_log_bound_done(&ctx->log_bound);
    zk_str_done(&ctx->trace_line);
    zk_registry_done(&ctx->registry);
    for (size_t i = 0; i < ctx->setting_count; i++) {
        free(ctx->settings[i].key);
        free(ctx->settings[i].value);
    }
    free(ctx->settings);
    free(ctx);
}

void zk_context_set_myid(struct zk_context *ctx, int64_t myid)
{
    ctx->myid = myid;
}

int64_t zk_context_myid(const struct zk_context *ctx)
{
    return ctx->myid;
}

void zk_context_large_block(const struct zk_context *ctx, void *block, size_t size)
{
    if (ctx->options.on_large_block != NULL)
        ctx->options.on_large_block(block, size);
}

void zk_context_mass_free(const struct zk_context *ctx)
{
    if (ctx->options.on_mass_free != NULL)
        ctx->options.on_mass_free();
}

void *zk_context_statics(struct zk_context *ctx, void *(*make)(struct zk_context *ctx),
                         void (*free_statics)(void *statics))
{
    zk_mutex_lock(&ctx->statics_mu);
    if (ctx->statics == NULL) {
        ctx->statics = make(ctx);
        ctx->free_statics = free_statics;
    }
    void *statics = ctx->statics;
    zk_mutex_unlock(&ctx->statics_mu);
    return statics;
}
