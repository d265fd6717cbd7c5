/* What quorum_peer_run.c and quorum_peer_status.c share. */
#ifndef PEER_QUORUM_PEER_RUN_INTERNAL_H
#define PEER_QUORUM_PEER_RUN_INTERNAL_H

#include "peer/operator_services.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/election/fast_leader_election.h"
#include "zk/election/quorum_cnx_manager.h"
#include "zk/peer/quorum_peer_run.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/stop.h"
#include "zk/runtime/thread.h"
#include "zk/server/zk_database.h"
#include "zk/server/zoo_trace.h"

struct file_txn_snap_log;

struct quorum_peer_run {
    /* Set before the second thread starts, then read-only. */
    struct zk_context *ctx;
    const struct quorum_peer_config *config;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
    struct quorum_peer *self;
    struct server_cnxn_factory *client_port; /* NULL: none is configured */

    struct operator_services operator_services;
    struct zoo_trace zoo_trace;
    struct zk_stop stop;
    struct zk_thread_group *threads; /* of one: the main thread */

    /* Terms as a follower, one after the other, that were short and refused; the main thread's. */
    int refused_terms;

    struct zk_mutex election_mu;
    /* Both NULL: there is none just now. The main thread alone changes them, under the lock; it
     * reads them without it, all others with it. */
    struct quorum_cnx_manager *qcm;
    struct fast_leader_election *fle;
    int exit_code GUARDED_BY(&election_mu);
};

/* Stops the peer with that exit code, unless there is one already: the first reason to end counts.
 * Any thread; it does not wait for the peer to end. */
void quorum_peer_run_end_with(struct quorum_peer_run *run, int code);

/* The hook behind the four-letter words. arg is the struct quorum_peer_run. Any thread that holds
 * no lock. */
void quorum_peer_run_fill_status(void *arg, struct server_status *status);
/* Returns the hook that is made of the function above and the one below. */
struct server_status_hook quorum_peer_run_hook(struct quorum_peer_run *run);
/* For srst: metrics and sizes of proposals begin anew. arg and threads as above. */
void quorum_peer_run_reset_status(void *arg);

#endif
