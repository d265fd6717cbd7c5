/* A peer as a simulated process: src/main.c without options and signals. */
#include "peer_main.h"

#include <stdlib.h>
#include <string.h>

#include "../support/sleep_ms.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/peer/quorum_peer_run.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"

enum { TRACE_DESCRIPTOR = 1, LOG_DESCRIPTOR = 2 };

/* Publish the peer to those who stop it; or stop it here if they were quicker. */
static void publish(struct peer_process *process, struct quorum_peer_run *run)
{
    pthread_mutex_lock(&process->mutex);
    process->run = run;
    bool stop = process->stop;
    pthread_mutex_unlock(&process->mutex);
    if (stop)
        quorum_peer_run_shutdown(run);
}

/* After this nobody knows the peer any more. */
static void withdraw(struct peer_process *process)
{
    pthread_mutex_lock(&process->mutex);
    process->run = NULL;
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
    struct quorum_peer_run *run = process->run;
    pthread_mutex_unlock(&process->mutex);
    if (run != NULL)
        quorum_peer_run_shutdown(run);
    pthread_mutex_lock(&process->mutex);
    process->stoppers--;
    pthread_mutex_unlock(&process->mutex);
    return NULL;
}

static int run_peer(struct zk_context *ctx, const struct quorum_peer_config *config,
                    struct peer_process *process, int host)
{
    struct quorum_peer_run *run = quorum_peer_run_new(ctx, config);
    const struct peer_companion *companion = process->companion;
    void *beside = NULL;
    int code = quorum_peer_run_start(run);
    if (code == 0 && companion != NULL)
        beside = companion->begin(process, run, host);
    if (code == 0)
        publish(process, run);
    else
        quorum_peer_run_shutdown(run);
    int end_code = quorum_peer_run_wait(run);
    if (beside != NULL)
        companion->end(beside);
    withdraw(process);
    quorum_peer_run_free(run);
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
