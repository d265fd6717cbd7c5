/* The decision between an ensemble and a server alone. Java: QuorumPeerMain.initializeAndRun() */
#include "zk/peer/quorum_peer_main.h"

#include <stdlib.h>

#include "peer/quorum_peer_main_internal.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/peer/quorum_peer_run.h"
#include "zk/peer/zookeeper_server_main.h"
#include "zk/runtime/log_table.h"

struct quorum_peer_main *quorum_peer_main_new(struct zk_context *ctx,
                                              const struct quorum_peer_config *config)
{
    struct quorum_peer_main *program = zk_xcalloc(1, sizeof *program);
    program->ctx = ctx;
    if (config->distributed)
        program->run = quorum_peer_run_new(ctx, config);
    else
        program->alone = zookeeper_server_main_new(ctx, config);
    return program;
}

/* Java: initializeAndRun() */
int quorum_peer_main_start(struct quorum_peer_main *program)
{
    if (program->run != NULL)
        return quorum_peer_run_start(program->run);
    zk_log(program->ctx, ZK_LOG_RUNNING_STANDALONE);
    return zookeeper_server_main_start(program->alone);
}

int quorum_peer_main_wait(struct quorum_peer_main *program)
{
    return program->run != NULL ? quorum_peer_run_wait(program->run)
                                : zookeeper_server_main_wait(program->alone);
}

void quorum_peer_main_shutdown(struct quorum_peer_main *program)
{
    if (program->run != NULL)
        quorum_peer_run_shutdown(program->run);
    else
        zookeeper_server_main_shutdown(program->alone);
}

void quorum_peer_main_free(struct quorum_peer_main *program)
{
    if (program == NULL)
        return;
    quorum_peer_run_free(program->run);
    zookeeper_server_main_free(program->alone);
    free(program);
}
