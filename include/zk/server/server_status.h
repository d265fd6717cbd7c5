/* What the four-letter words, the admin server and the metrics tell about a peer, collected in one
 * struct, so that they need nothing from the floors above them (D-2): whoever starts them gives a
 * hook that fills it. */
#ifndef ZK_SERVER_SERVER_STATUS_H
#define ZK_SERVER_SERVER_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zk/ensemble/server_state.h"
#include "zk/io/inet.h"
#include "zk/server/server_metrics.h"

struct quorum_peer_config;
struct quorum_verifier;
struct zoo_trace;
struct zookeeper_server;

/* Our own section of mntr: the connection to one other peer of the election. */
struct server_status_peer {
    int64_t sid;
    bool connected;              /* a SendWorker and a RecvWorker live */
    size_t live_workers;         /* of those two kinds */
    size_t send_queue_length;    /* 0 or 1 */
    int64_t replaced_messages;   /* a newer one took their place in the queue */
    int64_t connection_attempts; /* dials */
};

/* What mntr reports about a leader's learners. */
struct leader_status {
    int64_t learners;         /* all connected ones, observers too. Java: Leader.getLearners() */
    int64_t synced_followers; /* Java: Leader.getForwardingFollowers() */
    int64_t synced_observers; /* Java: Leader.getObservingLearners() */
    int64_t synced_non_voting_followers; /* Java: Leader.getNonVotingFollowers() */
    int64_t last_proposal_size;          /* bytes; -1: none yet */
    int64_t min_proposal_size;
    int64_t max_proposal_size;
    int64_t pending_syncs;    /* syncs of clients that wait for a commit */
    int64_t leader_uptime_ms; /* since it serves; 0: not yet. Java: Leader.getUptime() */
};

/* What a leader knows of one of the observers that it informs. Java:
 * LearnerHandler.getLearnerHandlerInfo() */
struct observer_info {
    struct inet_text remote; /* "/127.0.0.1:50332" */
    int64_t sid;
    int64_t established_ms;      /* the wall time at which it connected */
    int64_t queued_packets;      /* they wait to be sent */
    int64_t queued_packets_size; /* what they weigh in bytes, by Java's rule */
    int64_t packets_received;    /* since it was told UPTODATE */
    int64_t packets_sent;        /* by the Sender */
    int64_t requests;            /* of its clients */
    int64_t last_zxid;           /* of what was sent last; -1: nothing was */
};

/* The caller zeroes it, the hook fills it, and server_status_done frees what is the status' own. */
struct server_status {
    /* What serves clients now: a reference of the status' own; NULL: nothing does. */
    struct zookeeper_server *zk;
    /* Java: ZooKeeperServer.isRunning(). While false only ruok, envi, isro, gtmk and stmk
     * answer. */
    bool serving;
    const char *server_state; /* static; Java: ZooKeeperServer.getState() */
    bool is_read_only;        /* only reads are served, of what was before the election */
    bool is_alone;            /* what is about elections and quorums is not told */
    enum server_state state;  /* LEADING is Mode: leader, and so on */
    enum zab_state zab_state;
    enum sync_mode sync_mode; /* shown in zk_peer_state unless SYNC_MODE_NONE */
    int64_t uptime_ms;        /* since it serves; in Java since the server was made */

    int64_t fsync_threshold_exceed_count; /* fsyncs above fsync.warningthresholdms */
    int64_t outstanding_requests;         /* clients' requests that have not been answered */

    /* zk_database_fill_status fills these in, except local_sessions. */
    int64_t last_processed_zxid;
    int64_t node_count;
    int64_t watch_count; /* of data and of children */
    int64_t ephemerals_count;
    int64_t approximate_data_size;
    int64_t global_sessions;
    int64_t local_sessions;    /* filled in by zookeeper_server_fill_status */
    int64_t digest_mismatches; /* of all trees that this peer has had */

    /* The configuration. */
    const struct quorum_peer_config *config; /* borrowed until server_status_done */
    const char *snap_dir;                    /* borrowed: .../version-2 */
    const char *data_dir;                    /* borrowed: the log's */
    const char *membership; /* borrowed: qv_to_string of the active configuration */

    /* The quorum. Java: QuorumPeer, Leader */
    int32_t quorum_size; /* voters of the active configuration */
    /* The active configuration, borrowed from the peer; NULL: the server stands alone. */
    const struct quorum_verifier *verifier;
    int64_t leader_id; /* -1: none */
    /* Observers only: the sid of the leader that is observed. */
    int64_t observer_master_id;
    struct leader_status leader; /* zeroed unless the peer leads */

    /* Elections and synchronisations since the process began. */
    struct server_metrics_values metrics;
    struct server_metrics *metrics_source; /* the peer's, for percentiles */

    /* Figures that Java does not have. */
    int64_t last_fsync_ms;            /* how long it took; -1: none yet */
    int64_t election_round;           /* logicalclock */
    struct server_status_peer *peers; /* owned; ascending sids */
    size_t peer_count;
    size_t thread_count;
};

void server_status_done(struct server_status *status);

/* What the code that reports about a peer may ask of it. Called by threads that hold no lock. A
 * call may wait for locks of the whole peer. arg and zoo_trace outlive whatever has the hook. */
struct server_status_hook {
    /* Fill *ret_status, which is zeroed. */
    void (*fill)(void *arg, struct server_status *ret_status);
    /* Metrics and sizes of proposals begin anew. Java: StatResetCommand, but for ServerStats */
    void (*reset)(void *arg);
    /* Returns how many observers the peer informs as their leader, and tells of each; the caller
     * frees *ret_infos, which is NULL if there is none. NULL on a server alone.
     * Java: Leader.getObservingLearnersInfo() */
    size_t (*observers)(void *arg, struct observer_info **ret_infos);
    /* Counting for each observer begins anew. NULL as above. Java: ObserverCnxnStatResetCommand */
    void (*reset_observers)(void *arg);
    void *arg;
    struct zoo_trace *zoo_trace;
};

#endif
