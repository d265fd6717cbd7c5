/* A peer as a simulated process: src/main.c without options and signals. */
#include "peer_main.h"

#include <stdlib.h>
#include <string.h>

#include "../support/sleep_ms.h"
#include "peer/quorum_peer_main_internal.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"

enum { TRACE_DESCRIPTOR = 1, LOG_DESCRIPTOR = 2 };

/* Publish the peer to those who stop it; or stop it here if they were quicker. */
static void publish(struct peer_process *process, struct quorum_peer_main *program)
{
    pthread_mutex_lock(&process->mutex);
    process->program = program;
    bool stop = process->stop;
    pthread_mutex_unlock(&process->mutex);
    if (stop)
        quorum_peer_main_shutdown(program);
}

/* After this nobody knows the peer any more. */
static void withdraw(struct peer_process *process)
{
    pthread_mutex_lock(&process->mutex);
    process->program = NULL;
    while (process->stoppers > 0) {
        pthread_mutex_unlock(&process->mutex);
        sleep_ms(1);
        pthread_mutex_lock(&process->mutex);
    }
    pthread_mutex_unlock(&process->mutex);
}

void *peer_stop(void *arg)
{
    struct peer_process *process = arg;
    pthread_mutex_lock(&process->mutex);
    process->stop = true;
    process->stoppers++;
    struct quorum_peer_main *program = process->program;
    pthread_mutex_unlock(&process->mutex);
    if (program != NULL)
        quorum_peer_main_shutdown(program);
    pthread_mutex_lock(&process->mutex);
    process->stoppers--;
    pthread_mutex_unlock(&process->mutex);
    return NULL;
}

static int run_peer(struct zk_context *ctx, const struct quorum_peer_config *config,
                    struct peer_process *process, int host)
{
    struct quorum_peer_main *program = quorum_peer_main_new(ctx, config);
    const struct peer_companion *companion = program->run != NULL ? process->companion : NULL;
    void *beside = NULL;
    int code = quorum_peer_main_start(program);
    if (code == 0 && companion != NULL)
        beside = companion->begin(process, program->run, host);
    if (code == 0 && program->alone != NULL)
        process->on_alone(process->on_alone_arg, host);
    if (code == 0)
        publish(process, program);
    else
        quorum_peer_main_shutdown(program);
    int end_code = quorum_peer_main_wait(program);
    if (beside != NULL)
        companion->end(beside);
    withdraw(process);
    quorum_peer_main_free(program);
    if (beside != NULL)
        companion->free(beside);
    return code != 0 ? code : end_code;
}

int peer_main(int host, void *arg)
{
    struct peer_process *process = arg;
    struct zk_context_options options = zk_context_options_default();
    struct quorum_peer_config *config = NULL;
    char *error = NULL;
    options.log_fd = process->log ? LOG_DESCRIPTOR : -1;
    options.trace_fd = TRACE_DESCRIPTOR;
    options.trace_brief = process->brief;
    options.check_locks = process->check_locks;
    struct zk_context *ctx = zk_context_new(&options);
    int code = EXIT_CODE_INVALID_INVOCATION;
    for (const char *const *key = process->properties; key != NULL && *key != NULL; key += 2)
        zk_settings_set(ctx, key[0], key[1]);
    if (quorum_peer_config_parse(ctx, PEER_CONFIG_FILE, &config, &error) == 0) {
        zk_trace_boot(ctx, "simulated");
        code = run_peer(ctx, config, process, host);
        zk_trace_exit(ctx, code, code == 0 ? "it was asked to stop" : "its log names the reason");
    }
    free(error);
    quorum_peer_config_free(config);
    zk_context_free(ctx);
    return code;
}
