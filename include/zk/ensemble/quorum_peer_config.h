/* What a peer is told before it starts: zoo.cfg, myid and the dynamic file.
 * Java: QuorumPeerConfig */
#ifndef ZK_ENSEMBLE_QUORUM_PEER_CONFIG_H
#define ZK_ENSEMBLE_QUORUM_PEER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/str.h"
#include "zk/ensemble/quorum_verifier.h"
#include "zk/ensemble/server_state.h"
#include "zk/io/inet.h"

/* Java: QuorumPeer.QUORUM_CNXN_THREADS_SIZE_DEFAULT_VALUE; smaller values have no effect. */
enum { QUORUM_CNXN_THREADS_SIZE_DEFAULT = 20 };

/* The configuration as it was read, with the defaults filled in. */
struct quorum_peer_config {
    char *config_file;    /* as given */
    char *initial_config; /* the text of that file; NULL: there is none */
    char *data_dir;
    char *data_log_dir;                      /* data_dir unless set */
    int64_t my_id;                           /* -1: none */
    int32_t tick_time_ms;                    /* default 3000 */
    int32_t init_limit;                      /* ticks */
    int32_t sync_limit;                      /* ticks */
    int32_t connect_to_learner_master_limit; /* ticks; 0: use init_limit */
    int32_t election_alg;                    /* 3: no other is served */
    int32_t min_session_timeout_ms;          /* 2 ticks unless set */
    int32_t max_session_timeout_ms;          /* 20 ticks unless set */
    int32_t max_client_cnxns;                /* for each address; default 60; 0: no limit */
    int32_t client_port_listen_backlog;      /* -1, the default: SOCK_BACKLOG (D-91) */
    bool has_client_port;
    struct inet_address client_port_address; /* wildcard host unless clientPortAddress says more */
    enum learner_type peer_type;
    bool sync_enabled; /* observers write to disk */
    bool local_sessions_enabled;
    bool local_sessions_upgrading_enabled;
    bool quorum_listen_on_all_ips;
    bool standalone_enabled;
    bool reconfig_enabled;
    int32_t quorum_cnxn_threads_size; /* default 20 */
    bool multi_address_enabled;
    bool multi_address_reachability_check_enabled;
    int32_t multi_address_reachability_check_timeout_ms;
    int32_t snap_retain_count;               /* how many snapshots a purge leaves; default 3 */
    int32_t purge_interval_hours;            /* 0, the default: nothing is purged */
    char *oracle_path;                       /* NULL: none */
    char *dynamic_config_file;               /* NULL: all stands in zoo.cfg */
    struct quorum_verifier *quorum_verifier; /* committed; a reference, never NULL */
    struct quorum_verifier *last_seen_quorum_verifier; /* of zoo.cfg.dynamic.next; NULL: none */
    bool distributed; /* Java: isDistributed(). false: a server alone, without an election */
    struct zk_strings warnings;    /* for a person: which lines have no effect, and why */
    bool admin_address_is_unknown; /* the admin server is wanted, and nobody knows its host */
    bool has_mistake; /* one of the warnings is about a line that nobody can have meant so */
};

/* Reads the files, looks names up (blocks on the name service), writes unknown keys and all that
 * Java writes to ctx's settings, gives ctx our sid (zk_context_set_myid), and logs Java's warnings.
 * As in Java it does not check whether my_id is in the list of servers. Main thread. The caller
 * frees *ret_config. Errors: -EINVAL, and *ret_error, which the caller frees, is for a person:
 * "file:line: key=value: what is wrong; what would be right", with Java's words in it. Settings
 * that we do not serve and that change safety or meaning are such errors.
 * Java: QuorumPeerConfig.parse() */
ZK_NODISCARD int quorum_peer_config_parse(struct zk_context *ctx, const char *path,
                                          struct quorum_peer_config **ret_config, char **ret_error);
/* Makes the configuration of a server alone from "port datadir [ticktime] [maxcnxns]". It reads no
 * file; otherwise all is as for quorum_peer_config_parse. Java: ServerConfig.parse(String[]) */
ZK_NODISCARD int server_config_parse_arguments(struct zk_context *ctx, size_t count,
                                               char *const *args,
                                               struct quorum_peer_config **ret_config,
                                               char **ret_error);
void quorum_peer_config_free(struct quorum_peer_config *config);

#endif
