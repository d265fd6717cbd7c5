/* The loop: LOOKING, then a role, then LOOKING again. Java: QuorumPeer.start(), run(), shutdown()
 *
 * Threads: QuorumPeer[myid=N](plain=...)(secure=disabled) runs run_main here. Lock: election_mu
 * guards which election and connections are current. It is held for a moment only: while the
 * four-letter words look at them, or while they are asked to stop. */
#include "zk/peer/quorum_peer_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "peer/lock_ranks.h"
#include "peer/quorum_peer_run_internal.h"
#include "peer/ro_zk_mgr.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/inet.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/server/exit_code.h"
#include "zk/zab/follower.h"
#include "zk/zab/leader.h"
#include "zk/zab/observer.h"

/* How long a follower pauses when its leader has refused it (D-71). */
enum {
    SHORT_TERM_MS = 1000, /* a shorter term counts as none */
    FIRST_PAUSE_MS = 100,
    PAUSE_DOUBLINGS = 4, /* up to 1.6 s */
};

static void log_settings(struct quorum_peer_run *run);
static int open_data(struct quorum_peer_run *run);
static int open_client_port(struct quorum_peer_run *run);
static void run_main(void *arg);
static void update_thread_name(struct quorum_peer_run *run);
static int start_leader_election(struct quorum_peer_run *run);
static int create_election_algorithm(struct quorum_peer_run *run);
static void on_socket_error(void *arg);
static int restart_leader_election(struct quorum_peer_run *run);
static void stop_leader_election(struct quorum_peer_run *run);
static void look_once(struct quorum_peer_run *run);
static void observe_for_a_term(struct quorum_peer_run *run);
static void follow_for_a_term(struct quorum_peer_run *run);
static void lead_for_a_term(struct quorum_peer_run *run);
static void update_server_state(struct quorum_peer_run *run, int result);
static int reload_database(struct quorum_peer_run *run);
static void wait_for_observer_election_delay(struct quorum_peer_run *run);
static void pause_after_refusal(struct quorum_peer_run *run, int refused_terms);

struct quorum_peer_run *quorum_peer_run_new(struct zk_context *ctx,
                                            const struct quorum_peer_config *config)
{
    struct quorum_peer_run *run = zk_xcalloc(1, sizeof *run);
    run->ctx = ctx;
    run->config = config;
    zk_mutex_init(&run->election_mu, ctx, "election", ZK_RANK_ELECTION);
    zk_stop_init(&run->stop, ctx, "quorum_peer.stop");
    zoo_trace_init(&run->zoo_trace);
    run->threads = zk_thread_group_new(ctx);
    return run;
}

void quorum_peer_run_free(struct quorum_peer_run *run) UNSHARED
{
    if (run == NULL)
        return;
    operator_services_stop(&run->operator_services);
    server_cnxn_factory_free(run->client_port); /* its hook reads what is freed below */
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

/* ---- start ---------------------------------------------------------------------------------- */

/* Java: start() */
int quorum_peer_run_start(struct quorum_peer_run *run)
{
    log_settings(run);
    int code = open_data(run);
    if (code == 0) {
        operator_services_start_purging(&run->operator_services, run->ctx, run->config,
                                        run->snap_log);
        /* Before there is a leader, so that monitors hear from the first moment that nobody serves,
         * and not that nobody is here. */
        code = open_client_port(run);
    }
    /* A failure gives no exit code: a peer serves without its admin server, too. */
    if (code == 0)
        operator_services_start(&run->operator_services, run->ctx, quorum_peer_run_hook(run),
                                run->client_port);
    if (code == 0) {
        zk_log(run->ctx, ZK_LOG_STARTING_QUORUM_PEER, run->config->my_id);
        if (start_leader_election(run) < 0)
            code = EXIT_CODE_UNEXPECTED_ERROR;
    }
    if (code == 0 && zk_thread_group_start(run->threads, run_main, run, "QuorumPeer") < 0) {
        zk_log(run->ctx, ZK_LOG_NO_THREAD_FOR_ELECTION);
        code = EXIT_CODE_UNEXPECTED_ERROR;
    }
    /* The main thread, which otherwise takes elections down, does not run. */
    if (code != 0 && run->fle != NULL)
        stop_leader_election(run);
    return code;
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
    zk_log(run->ctx, ZK_LOG_LOCAL_SESSIONS,
           config->local_sessions_enabled ? "enabled" : "disabled");
    zk_log(run->ctx, ZK_LOG_LOCAL_SESSION_UPGRADING,
           config->local_sessions_upgrading_enabled ? "enabled" : "disabled");
    zk_log(run->ctx, ZK_LOG_SETTING_INT, "quorum.cnxn.threads.size",
           config->quorum_cnxn_threads_size);
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
    operator_services_measure_fsyncs(&run->operator_services, run->snap_log, run->self->metrics);
    /* Before the load: a server without a snapshot begins with this node, and a snapshot brings its
     * own. */
    zk_database_init_config(run->database, qv_to_string(run->config->quorum_verifier),
                            run->config->quorum_verifier->version);
    return quorum_peer_load_database(run->self) < 0 ? EXIT_CODE_UNEXPECTED_ERROR : 0;
}

/* Java: setZooKeeperServer(), closeAllConnections() */
static void set_zookeeper_server(void *arg, struct zookeeper_server *server)
{
    server_cnxn_factory_set_zookeeper_server(arg, server);
    if (server == NULL)
        server_cnxn_factory_close_all(arg);
}

static int open_client_port(struct quorum_peer_run *run)
{
    if (!run->config->has_client_port)
        return 0;
    struct server_status_hook hook = quorum_peer_run_hook(run);
    int r = server_cnxn_factory_new(run->ctx, &run->config->client_port_address,
                                    run->config->client_port_listen_backlog,
                                    run->config->max_client_cnxns, hook, &run->client_port);
    if (r == 0)
        r = server_cnxn_factory_start(run->client_port);
    const struct quorum_peer_cnxn_factory cnxn_factory = {
        .set_zookeeper_server = set_zookeeper_server, .arg = run->client_port};
    quorum_peer_set_cnxn_factory(run->self, &cnxn_factory);
    const struct inet_text address = inet_text(&run->config->client_port_address);
    if (r == -EAGAIN) /* binding has no such error */
        zk_log(run->ctx, ZK_LOG_NO_THREAD_FOR_CLIENT_PORT, address.text);
    else if (r < 0)
        zk_log(run->ctx, ZK_LOG_CLIENT_PORT_BIND, address.text, zk_error_text(r).text);
    return r < 0 ? EXIT_CODE_UNEXPECTED_ERROR : 0;
}

/* ---- the election ---------------------------------------------------------------------------- */

/* Observers and strangers that ask are told this vote until an election has decided (K-8).
 * Java: startLeaderElection() */
static int start_leader_election(struct quorum_peer_run *run)
{
    if (quorum_peer_get_peer_state(run->self) == SERVER_STATE_LOOKING) {
        struct vote vote = vote_of(run->self->my_id, quorum_peer_get_last_logged_zxid(run->self),
                                   quorum_peer_get_current_epoch(run->self));
        quorum_peer_set_current_vote(run->self, &vote);
    }
    return create_election_algorithm(run);
}

/* The listener comes first: a server that hears our first vote may call back at once. If a thread
 * cannot start, both stand here all the same, and stop_leader_election takes them down.
 * Java: createElectionAlgorithm() */
static int create_election_algorithm(struct quorum_peer_run *run)
{
    struct quorum_cnx_manager *qcm = qcm_new(run->self);
    struct fast_leader_election *fle = fle_new(run->self, qcm);
    zk_mutex_lock(&run->election_mu);
    run->qcm = qcm;
    run->fle = fle;
    if (zk_stop_requested(&run->stop)) /* while there was no election that could be told */
        fle_request_stop(fle);
    zk_mutex_unlock(&run->election_mu);
    int r = qcm_start_listener(qcm, on_socket_error, run);
    if (r == 0)
        r = fle_start(fle);
    if (r < 0)
        zk_log(run->ctx, ZK_LOG_NO_THREAD_FOR_ELECTION);
    return r;
}

/* As Java's, the process ends with exit code 14 when no election port can be kept open. Called by a
 * thread of the listener. */
static void on_socket_error(void *arg)
{
    struct quorum_peer_run *run = arg;
    quorum_peer_run_end_with(run, EXIT_CODE_UNABLE_TO_BIND_QUORUM_PORT);
}

/* The configuration is what it was, so the new election differs from the old one only in that it
 * hears the others anew (K-24).
 * Java: run(), startLeaderElection() for shuttingDownLE */
static int restart_leader_election(struct quorum_peer_run *run)
{
    zk_log(run->ctx, ZK_LOG_CLOBBERING_QCM);
    stop_leader_election(run);
    return start_leader_election(run);
}

/* Waits for the threads of the election and its connections, and forgets both. The lock is for the
 * four-letter words: they see both or neither, and nothing that is being freed. A stop that comes
 * while there are none finds the next ones: create_election_algorithm(). */
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

/* ---- the loop ------------------------------------------------------------------------------- */

/* The peer's main thread. It alone changes the state, makes and takes down elections and roles, and
 * joins their threads, and it holds no lock while it does.
 * Java: run() */
static void run_main(void *arg)
{
    struct quorum_peer_run *run = arg;
    update_thread_name(run);
    while (quorum_peer_is_running(run->self)) {
        enum server_state state = quorum_peer_get_peer_state(run->self);
        if (state == SERVER_STATE_LOOKING)
            zk_log(run->ctx, ZK_LOG_LOOKING);
        else
            zk_log(run->ctx, ZK_LOG_ROLE, server_state_name(state));
        /* Each term has a role object of its own: what a thread of an earlier one still holds can
         * disturb no later one. */
        switch (state) {
        case SERVER_STATE_LOOKING:
            look_once(run);
            break;
        case SERVER_STATE_OBSERVING:
            observe_for_a_term(run);
            break;
        case SERVER_STATE_FOLLOWING:
            follow_for_a_term(run);
            break;
        case SERVER_STATE_LEADING:
            lead_for_a_term(run);
            break;
        }
    }
    stop_leader_election(run);
    zk_log(run->ctx, ZK_LOG_MAIN_THREAD_EXITED);
}

/* (In Java a part of run().) */
static void look_once(struct quorum_peer_run *run)
{
    struct quorum_peer *self = run->self;
    /* WorkerReceiver has heard of a newer configuration and has ended the election. It could not
     * join its own thread, so this one builds the election anew. */
    if (quorum_peer_take_shutting_down_le(self) && restart_leader_election(run) < 0) {
        quorum_peer_run_end_with(run, EXIT_CODE_UNEXPECTED_ERROR);
        return;
    }
    if (reload_database(run) < 0) {
        quorum_peer_run_end_with(run, EXIT_CODE_UNEXPECTED_ERROR);
        return;
    }
    /* Clients may be served reads meanwhile, if the settings allow it. */
    struct ro_zk_mgr *ro_zk_mgr = ro_zk_mgr_start(self);
    /* The state changes in there, together with the vote (D-14). Without a decision the old vote is
     * forgotten too, or it would be told under a round it was not cast in. */
    struct vote vote;
    if (!fle_look_for_leader(run->fle, &vote))
        quorum_peer_set_current_vote(self, NULL);
    ro_zk_mgr_end(ro_zk_mgr);
}

/* (In Java a part of run().) */
static void observe_for_a_term(struct quorum_peer_run *run)
{
    struct observer *observer = observer_new(run->self);
    int r = observer_observe_leader(observer);
    observer_free(observer);
    update_server_state(run, r);
    wait_for_observer_election_delay(run);
}

/* A follower that cannot get in step with its leader would look, follow and fail hundreds of times
 * a second (K-22), and would keep others waiting for its silence (K-26). Java does not pause
 * (D-71). (In Java a part of run().) */
static void follow_for_a_term(struct quorum_peer_run *run)
{
    int64_t began_ms = zk_elapsed_ms();
    struct follower *follower = follower_new(run->self);
    int r = follower_follow_leader(follower);
    bool refused = follower_was_refused(follower);
    follower_free(follower);
    update_server_state(run, r);
    if (refused && zk_elapsed_ms() - began_ms < SHORT_TERM_MS)
        pause_after_refusal(run, run->refused_terms++);
    else
        run->refused_terms = 0;
}

/* (In Java a part of run().) */
static void lead_for_a_term(struct quorum_peer_run *run)
{
    struct leader *leader = leader_new(run->self);
    int r = leader_lead(leader);
    leader_free(leader);
    update_server_state(run, r);
    run->refused_terms = 0;
}

/* Only the branch without reconfiguration exists here. result is the role's: a positive one is an
 * exit code, and any other leads to the next election. A peer that cannot write down what it
 * promises ends: the others would elect it again and again, and nobody would serve (D-331).
 * Java: updateServerState() */
static void update_server_state(struct quorum_peer_run *run, int result)
{
    quorum_peer_set_peer_state(run->self, SERVER_STATE_LOOKING,
                               "its term has ended, so it looks for a leader");
    zk_log(run->ctx, ZK_LOG_PEER_STATE_SET_TO_LOOKING);
    if (result <= 0 && quorum_peer_get_epoch_error(run->self) < 0)
        result = EXIT_CODE_UNEXPECTED_ERROR;
    if (result > 0) {
        zk_log(run->ctx, ZK_LOG_ROLE_EXIT, result);
        quorum_peer_run_end_with(run, result);
    }
}

/* A role that ended in the middle of a SNAP or TRUNC has left no tree in memory. What is on disk is
 * loaded before an election, so that the vote tells the zxid that this peer really has.
 * Java: getLastLoggedZxid(), its first branch */
static int reload_database(struct quorum_peer_run *run)
{
    return zk_database_is_initialized(run->database) ? 0 : quorum_peer_load_database(run->self);
}

/* Observers do not all call on the new leader at the same moment.
 * Java: Observer.waitForObserverElectionDelay() */
static void wait_for_observer_election_delay(struct quorum_peer_run *run)
{
    int64_t delay_ms = observer_election_delay_ms(run->self);
    if (delay_ms <= 0 || zk_stop_requested(&run->stop))
        return;
    zk_log(run->ctx, ZK_LOG_OBSERVER_WAITING, delay_ms);
    zk_stop_sleep(&run->stop, delay_ms);
}

/* Twice as long as after the refused term before, up to a limit. */
static void pause_after_refusal(struct quorum_peer_run *run, int refused_terms)
{
    int doublings = refused_terms < PAUSE_DOUBLINGS ? refused_terms : PAUSE_DOUBLINGS;
    zk_stop_sleep(&run->stop, FIRST_PAUSE_MS << doublings);
}

/* By this name operators know the thread: it stands in each line that it logs, as in Java.
 * Java: updateThreadName() */
static void update_thread_name(struct quorum_peer_run *run)
{
    struct zk_str plain = {0};
    if (run->client_port == NULL) {
        zk_str_append(&plain, "disabled");
    } else {
        const struct inet_address *address = server_cnxn_factory_local_address(run->client_port);
        if (inet_address_is_wildcard(address)) /* Java shows its dual-stack wildcard */
            zk_str_append(&plain, "[0:0:0:0:0:0:0:0]");
        else
            zk_str_append(&plain, inet_ip_text(address).text);
        zk_str_printf(&plain, ":%" PRIu16, address->port);
    }
    zk_thread_rename(run->ctx, "QuorumPeer[myid=%" PRId64 "](plain=%s)(secure=disabled)",
                     run->config->my_id, zk_str_text(&plain));
    zk_str_done(&plain);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Several threads may find a reason at once; the first one is the exit code. */
void quorum_peer_run_end_with(struct quorum_peer_run *run, int code)
{
    zk_mutex_lock(&run->election_mu);
    if (run->exit_code == EXIT_CODE_EXECUTION_FINISHED)
        run->exit_code = code;
    zk_mutex_unlock(&run->election_mu);
    quorum_peer_run_shutdown(run);
}

/* Whatever the main thread blocks on returns: the role, the election, or a pause. It then takes
 * down everything itself.
 * Java: shutdown() */
void quorum_peer_run_shutdown(struct quorum_peer_run *run)
{
    /* Raised before run->fle is read: an election that is made meanwhile finds the flag. */
    zk_stop_request(&run->stop);
    if (run->self != NULL)
        quorum_peer_stop_running(run->self);
    zk_mutex_lock(&run->election_mu);
    if (run->fle != NULL)
        fle_request_stop(run->fle);
    zk_mutex_unlock(&run->election_mu);
}

/* The client port is closed last, when there is nothing left that its words could tell of. */
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
