/* The loop: LOOKING, then a role, then LOOKING again. Java: QuorumPeer.start(), run(), shutdown()
 *
 * Threads: QuorumPeer[myid=N](plain=...)(secure=disabled) runs here. Lock: election_mu guards which
 * election and connections are current; it is never held while they are used for long, only while
 * somebody looks at them (the four-letter words) or asks them to stop. */
#include "zk/peer/quorum_peer_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "peer/lock_ranks.h"
#include "peer/quorum_peer_run_internal.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/sock.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/exit_code.h"
#include "zk/zab/follower.h"
#include "zk/zab/leader.h"
#include "zk/zab/observer.h"

enum {
    SHORT_TERM_MS = 1000, /* less than this was no term at all */
    FIRST_PAUSE_MS = 100,
    PAUSE_DOUBLINGS = 4,
};

static void run_main(void *arg);

struct quorum_peer_run *quorum_peer_run_new(struct zk_context *ctx,
                                            const struct quorum_peer_config *config)
{
    struct quorum_peer_run *run = zk_xcalloc(1, sizeof *run);
    run->ctx = ctx;
    run->config = config;
    zk_mutex_init(&run->election_mu, ctx, "election", ZK_RANK_ELECTION);
    zk_stop_init(&run->stop, ctx, "quorum_peer.stop");
    run->threads = zk_thread_group_new(ctx);
    return run;
}

void quorum_peer_run_free(struct quorum_peer_run *run) UNSHARED
{
    if (run == NULL)
        return;
    server_cnxn_factory_free(run->client_port); /* its hook looks at all that follows */
    zk_thread_group_free(run->threads);
    fle_free(run->fle);
    qcm_free(run->qcm);
    quorum_peer_free(run->self);
    zk_database_free(run->database);
    file_txn_snap_log_free(run->snap_log);
    zk_stop_destroy(&run->stop);
    zk_mutex_destroy(&run->election_mu);
    free(run);
}

struct quorum_peer *quorum_peer_run_self(struct quorum_peer_run *run)
{
    return run->self;
}

/* The first reason to end is the one that counts. */
static void set_exit_code(struct quorum_peer_run *run, int code)
{
    zk_mutex_lock(&run->election_mu);
    if (run->exit_code == EXIT_CODE_EXECUTION_FINISHED)
        run->exit_code = code;
    zk_mutex_unlock(&run->election_mu);
}

/* Java: shutdown() */
void quorum_peer_run_shutdown(struct quorum_peer_run *run)
{
    zk_stop_request(&run->stop);
    if (run->self != NULL)
        quorum_peer_stop_running(run->self);
    zk_mutex_lock(&run->election_mu);
    if (run->fle != NULL)
        fle_request_stop(run->fle);
    zk_mutex_unlock(&run->election_mu);
}

int quorum_peer_run_wait(struct quorum_peer_run *run)
{
    zk_thread_group_join(run->threads);
    if (run->client_port != NULL) /* there is none, or the start failed before it */
        server_cnxn_factory_shutdown(run->client_port);
    zk_mutex_lock(&run->election_mu);
    int code = run->exit_code;
    zk_mutex_unlock(&run->election_mu);
    return code;
}

/* ---- start ---------------------------------------------------------------------------------- */

/* As Java's, the process ends with exit code 14 when no election port can be kept open. By a thread
 * of the listener. */
static void on_socket_error(void *arg)
{
    struct quorum_peer_run *run = arg;
    set_exit_code(run, EXIT_CODE_UNABLE_TO_BIND_QUORUM_PORT);
    quorum_peer_run_shutdown(run);
}

/* Java: createElectionAlgorithm() */
static int create_election_algorithm(struct quorum_peer_run *run)
{
    struct quorum_cnx_manager *qcm = qcm_new(run->self);
    struct fast_leader_election *fle = fle_new(run->self, qcm);
    zk_mutex_lock(&run->election_mu);
    run->qcm = qcm;
    run->fle = fle;
    if (zk_stop_requested(&run->stop))
        fle_request_stop(fle);
    zk_mutex_unlock(&run->election_mu);
    int r = qcm_start_listener(qcm, on_socket_error, run);
    if (r == 0)
        r = fle_start(fle);
    if (r < 0)
        zk_log(run->ctx, ZK_LOG_NO_THREAD_FOR_ELECTION);
    return r;
}

/* Java: startLeaderElection() */
static int start_leader_election(struct quorum_peer_run *run)
{
    if (quorum_peer_get_peer_state(run->self) == SERVER_STATE_LOOKING) {
        struct vote vote = vote_of(run->self->my_id, quorum_peer_get_last_logged_zxid(run->self),
                                   quorum_peer_get_current_epoch(run->self));
        quorum_peer_set_current_vote(run->self, &vote);
    }
    return create_election_algorithm(run);
}

/* Wait for the threads of the election and its connections, and forget both. Main thread, no lock
 * held. */
static void stop_leader_election(struct quorum_peer_run *run)
{
    fle_shutdown(run->fle);
    zk_mutex_lock(&run->election_mu);
    struct fast_leader_election *fle = run->fle;
    struct quorum_cnx_manager *qcm = run->qcm;
    run->fle = NULL;
    run->qcm = NULL;
    zk_mutex_unlock(&run->election_mu);
    fle_free(fle);
    qcm_free(qcm);
}

/* Java: QuorumPeerMain.runFromConfig() up to start(), start() */
static int open_data(struct quorum_peer_run *run)
{
    char *error = NULL;
    if (qv_member(run->config->quorum_verifier, run->config->my_id) == NULL) {
        zk_log(run->ctx, ZK_LOG_NOT_IN_PEER_LIST, run->config->my_id, run->config->data_dir,
               run->config->config_file);
        return EXIT_CODE_UNEXPECTED_ERROR;
    }
    int r = file_txn_snap_log_new(run->ctx, run->config->data_dir, run->config->data_log_dir,
                                  &run->snap_log, &error);
    if (r < 0) {
        zk_log(run->ctx, ZK_LOG_UNABLE_TO_ACCESS_DATADIR, error == NULL ? "" : error);
        free(error);
        return EXIT_CODE_UNABLE_TO_ACCESS_DATADIR;
    }
    run->database = zk_database_new(run->ctx, run->snap_log);
    run->self = quorum_peer_new(run->ctx, run->config, run->database);
    zk_database_init_config(run->database, qv_to_string(run->config->quorum_verifier),
                            run->config->quorum_verifier->version);
    return quorum_peer_load_database(run->self) < 0 ? EXIT_CODE_UNEXPECTED_ERROR : 0;
}

static int open_client_port(struct quorum_peer_run *run)
{
    if (!run->config->has_client_port)
        return 0;
    struct server_status_hook hook = {.fill = quorum_peer_run_fill_status, .arg = run};
    int r = server_cnxn_factory_new(run->ctx, &run->config->client_port_address,
                                    run->config->client_port_listen_backlog,
                                    run->config->max_client_cnxns, hook, &run->client_port);
    if (r == 0)
        r = server_cnxn_factory_start(run->client_port);
    if (r < 0) {
        char address[320];
        char reason[128];
        inet_address_text(&run->config->client_port_address, address, sizeof address);
        zk_log(run->ctx, ZK_LOG_CLIENT_PORT_BIND, address,
               sock_error_text(r, reason, sizeof reason));
        return EXIT_CODE_UNEXPECTED_ERROR;
    }
    return 0;
}

/* Java: QuorumPeer, its setters, which each log their value */
static void log_settings(struct quorum_peer_run *run)
{
    const struct quorum_peer_config *config = run->config;
    zk_log(run->ctx, ZK_LOG_NOT_SECURED);
    zk_log(run->ctx, ZK_LOG_NO_TLS);
    zk_log(run->ctx, ZK_LOG_PORT_UNIFICATION, "disabled");
    zk_log(run->ctx, ZK_LOG_SETTING_BOOLEAN, "multiAddress.enabled",
           config->multi_address_enabled ? "true" : "false");
    zk_log(run->ctx, ZK_LOG_SETTING_INT, "tickTime", config->tick_time_ms);
    zk_log(run->ctx, ZK_LOG_SETTING_INT, "initLimit", config->init_limit);
    zk_log(run->ctx, ZK_LOG_SETTING_INT, "syncLimit", config->sync_limit);
    zk_log(run->ctx, ZK_LOG_SETTING_INT, "quorum.cnxn.threads.size",
           config->quorum_cnxn_threads_size);
}

/* Java: start() */
int quorum_peer_run_start(struct quorum_peer_run *run)
{
    log_settings(run);
    int code = open_data(run);
    if (code == 0)
        code = open_client_port(run);
    if (code == 0) {
        zk_log(run->ctx, ZK_LOG_STARTING_QUORUM_PEER, run->config->my_id);
        if (start_leader_election(run) < 0)
            code = EXIT_CODE_UNEXPECTED_ERROR;
    }
    if (code == 0 && zk_thread_group_start(run->threads, run_main, run, "QuorumPeer") < 0) {
        zk_log(run->ctx, ZK_LOG_NO_THREAD_FOR_ELECTION);
        code = EXIT_CODE_UNEXPECTED_ERROR;
    }
    if (code != 0 && run->fle != NULL)
        stop_leader_election(run);
    return code;
}

/* ---- the loop ------------------------------------------------------------------------------- */

/* Java: updateThreadName() */
static void update_thread_name(struct quorum_peer_run *run)
{
    struct zk_str plain = {0};
    if (run->client_port == NULL) {
        zk_str_append(&plain, "disabled");
    } else {
        const struct inet_address *address = server_cnxn_factory_local_address(run->client_port);
        char ip[64];
        inet_address_ip_text(address, ip, sizeof ip);
        if (inet_address_is_wildcard(address)) /* Java shows its dual-stack wildcard */
            zk_str_append(&plain, "[0:0:0:0:0:0:0:0]");
        else
            zk_str_append(&plain, ip);
        zk_str_printf(&plain, ":%" PRIu16, address->port);
    }
    zk_thread_rename(run->ctx, "QuorumPeer[myid=%" PRId64 "](plain=%s)(secure=disabled)",
                     run->config->my_id, zk_str_text(&plain));
    zk_str_done(&plain);
}

/* Java: run(), its LOOKING branch */
static void look_for_leader(struct quorum_peer_run *run)
{
    struct vote vote;
    zk_log(run->ctx, ZK_LOG_LOOKING);
    if (quorum_peer_take_shutting_down_le(run->self)) {
        zk_log(run->ctx, ZK_LOG_CLOBBERING_QCM);
        stop_leader_election(run);
        if (start_leader_election(run) < 0) {
            set_exit_code(run, EXIT_CODE_UNEXPECTED_ERROR);
            quorum_peer_run_shutdown(run);
            return;
        }
    }
    if (!fle_look_for_leader(run->fle, &vote))
        quorum_peer_set_current_vote(run->self, NULL);
}

static int follow(struct quorum_peer_run *run, bool *ret_refused)
{
    struct follower *follower = follower_new(run->self);
    int r = follower_follow_leader(follower);
    *ret_refused = follower_was_refused(follower);
    follower_free(follower);
    return r;
}

static int observe(struct quorum_peer_run *run)
{
    struct observer *observer = observer_new(run->self);
    int r = observer_observe_leader(observer);
    observer_free(observer);
    return r;
}

static int lead(struct quorum_peer_run *run)
{
    struct leader *leader = leader_new(run->self);
    int r = leader_lead(leader);
    leader_free(leader);
    return r;
}

/* Java: Observer.waitForObserverElectionDelay(): observers do not all fall on the new leader at
 * once. */
static void observer_election_delay(struct quorum_peer_run *run)
{
    int64_t delay_ms = observer_election_delay_ms(run->self);
    if (delay_ms <= 0 || zk_stop_requested(&run->stop))
        return;
    zk_log(run->ctx, ZK_LOG_OBSERVER_WAITING, delay_ms);
    zk_stop_sleep(&run->stop, delay_ms);
}

/* Java: updateServerState(), of which only the branch without reconfiguration exists here */
static void update_server_state(struct quorum_peer_run *run)
{
    quorum_peer_set_peer_state(run->self, SERVER_STATE_LOOKING, "the role has ended");
    zk_log(run->ctx, ZK_LOG_PEER_STATE_SET_TO_LOOKING);
}

/* A follower that cannot get in step with its leader would look, follow and fail hundreds of times
 * a second (K-22), and who waits for its silence would wait for ever (K-26): it pauses after each
 * such term, twice as long as after the one before (D-71). */
static void pause_after_refusal(struct quorum_peer_run *run, int *refusals)
{
    int doublings = *refusals < PAUSE_DOUBLINGS ? *refusals : PAUSE_DOUBLINGS;
    (*refusals)++;
    zk_stop_sleep(&run->stop, FIRST_PAUSE_MS << doublings);
}

/* Java: run() */
static void run_main(void *arg)
{
    struct quorum_peer_run *run = arg;
    int refusals = 0; /* as a follower, one after the other */
    update_thread_name(run);
    while (quorum_peer_is_running(run->self)) {
        enum server_state state = quorum_peer_get_peer_state(run->self);
        int64_t began_ms = zk_elapsed_ms();
        bool refused = false;
        int r = 0;
        switch (state) {
        case SERVER_STATE_LOOKING:
            look_for_leader(run);
            continue; /* no role has ended */
        case SERVER_STATE_OBSERVING:
            zk_log(run->ctx, ZK_LOG_ROLE, server_state_name(state));
            r = observe(run);
            break;
        case SERVER_STATE_FOLLOWING:
            zk_log(run->ctx, ZK_LOG_ROLE, server_state_name(state));
            r = follow(run, &refused);
            break;
        case SERVER_STATE_LEADING:
            zk_log(run->ctx, ZK_LOG_ROLE, server_state_name(state));
            r = lead(run);
            break;
        }
        update_server_state(run);
        if (r > 0) {
            zk_log(run->ctx, ZK_LOG_ROLE_EXIT, r);
            set_exit_code(run, r);
            quorum_peer_run_shutdown(run);
        }
        if (state == SERVER_STATE_OBSERVING)
            observer_election_delay(run);
        else if (refused && zk_elapsed_ms() - began_ms < SHORT_TERM_MS)
            pause_after_refusal(run, &refusals);
        else
            refusals = 0;
    }
    stop_leader_election(run);
    zk_log(run->ctx, ZK_LOG_MAIN_THREAD_EXITED);
}
