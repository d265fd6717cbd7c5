/* What the four-letter words tell about this peer, from wherever it is kept (D-2). */
#include <inttypes.h>
#include <stdlib.h>

#include "peer/quorum_peer_run_internal.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"

static void fill_leader(struct quorum_peer *self, struct server_status *status)
{
    struct leader_status leader;
    if (!quorum_peer_get_leader_status(self, &leader))
        return;
    status->learners = (int32_t)leader.learners;
    status->synced_followers = (int32_t)leader.synced_followers;
    status->synced_observers = (int32_t)leader.synced_observers;
    status->synced_non_voting_followers = (int32_t)leader.synced_non_voting_followers;
    status->last_proposal_size = leader.last_proposal_size;
    status->min_proposal_size = leader.min_proposal_size;
    status->max_proposal_size = leader.max_proposal_size;
    status->leader_uptime_ms = leader.leader_uptime_ms;
}

static void fill_connections(struct quorum_peer_run *run, struct server_status *status)
{
    struct qcm_peer_status *rows = NULL;
    size_t count = 0;
    zk_mutex_lock(&run->election_mu);
    if (run->qcm != NULL) {
        qcm_get_status(run->qcm, &rows, &count);
        status->election_round = fle_get_logical_clock(run->fle);
    }
    zk_mutex_unlock(&run->election_mu);
    for (size_t i = 0; i < count; i++) {
        struct server_status_peer *peer = server_status_add_peer(status, rows[i].sid);
        peer->connected = rows[i].connected;
        peer->live_workers = (size_t)rows[i].worker_threads;
        peer->send_queue_length = rows[i].send_queue_length;
        peer->replaced_messages = rows[i].replaced_messages;
        peer->connection_attempts = rows[i].connection_attempts;
    }
    free(rows);
}

void quorum_peer_run_fill_status(void *arg, struct server_status *status)
{
    struct quorum_peer_run *run = arg;
    const struct quorum_verifier *qv = quorum_peer_quorum_verifier(run->self);
    struct quorum_peer_phase phase = quorum_peer_get_phase(run->self);
    status->serving = phase.broadcast_since_ms >= 0;
    status->uptime_ms = status->serving ? zk_elapsed_ms() - phase.broadcast_since_ms : 0;
    status->state = phase.state;
    status->zab_state = phase.zab_state;
    status->sync_mode = phase.sync_mode;
    status->observer_master_id = phase.leader_id;
    zk_database_fill_status(run->database, status);
    status->config = run->config;
    status->snap_dir = file_txn_snap_log_get_snap_dir(run->snap_log);
    status->data_dir = file_txn_snap_log_get_data_dir(run->snap_log);
    status->min_session_timeout_ms = run->config->min_session_timeout_ms;
    status->max_session_timeout_ms = run->config->max_session_timeout_ms;
    status->membership = zk_xstrdup(qv_to_string(qv));
    status->quorum_size = (int32_t)qv->voting.count;
    fill_leader(run->self, status);
    status->metrics = server_metrics_get(run->self->metrics);
    fill_connections(run, status);
    status->thread_count = zk_thread_count(run->ctx);
}
