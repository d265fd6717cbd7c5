/* What the four-letter words tell about this peer, from wherever it is kept (D-2). */
#include "peer/quorum_peer_run_internal.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zookeeper_server.h"

/* What the election and its connections tell, while there are any. */
static void fill_election(struct quorum_peer_run *run, struct server_status *status)
{
    zk_mutex_lock(&run->election_mu);
    if (run->qcm != NULL) {
        qcm_get_status(run->qcm, &status->peers, &status->peer_count);
        status->election_round = fle_get_logical_clock(run->fle);
    }
    zk_mutex_unlock(&run->election_mu);
}

void quorum_peer_run_fill_status(void *arg, struct server_status *status)
{
    struct quorum_peer_run *run = arg;
    const struct quorum_verifier *qv = quorum_peer_quorum_verifier(run->self);
    struct quorum_peer_phase phase = quorum_peer_get_phase(run->self);
    struct zookeeper_server *zk = quorum_peer_get_active_server(run->self);
    if (zk != NULL)
        zookeeper_server_fill_status(zk, status);
    status->zk = zk;
    status->state = phase.state;
    status->zab_state = phase.zab_state;
    status->sync_mode = phase.sync_mode;
    status->observer_master_id = phase.leader_id;
    status->config = run->config;
    status->snap_dir = file_txn_snap_log_get_snap_dir(run->snap_log);
    status->data_dir = file_txn_snap_log_get_data_dir(run->snap_log);
    status->membership = qv_to_string(qv);
    status->verifier = qv;
    status->leader_id = phase.leader_id;
    status->quorum_size = (int32_t)qv->voting.count;
    quorum_peer_get_leader_status(run->self, &status->leader);
    operator_services_fill_status(&run->operator_services, run->snap_log, status);
    /* The trees count these themselves, because they know nothing of metrics. */
    status->metrics.counters[SERVER_METRICS_DIGEST_MISMATCHES_COUNT] = status->digest_mismatches;
    fill_election(run, status);
    status->thread_count = zk_thread_count(run->ctx);
}

void quorum_peer_run_reset_status(void *arg)
{
    struct quorum_peer_run *run = arg;
    server_metrics_reset(run->self->metrics);
    quorum_peer_reset_proposal_stats(run->self);
}

static size_t observers_of(void *arg, struct observer_info **ret_infos)
{
    struct quorum_peer_run *run = arg;
    return quorum_peer_get_observers(run->self, ret_infos);
}

static void reset_observers_of(void *arg)
{
    struct quorum_peer_run *run = arg;
    quorum_peer_reset_observer_stats(run->self);
}

struct server_status_hook quorum_peer_run_hook(struct quorum_peer_run *run)
{
    return (struct server_status_hook){
        .fill = quorum_peer_run_fill_status,
        .reset = quorum_peer_run_reset_status,
        .observers = observers_of,
        .reset_observers = reset_observers_of,
        .arg = run,
        .zoo_trace = &run->zoo_trace,
    };
}
