/* A server and a connection table for those who report: words and the admin server. The server has
 * a tree in memory and no disk; its tracker of sessions is a leader's. */
#ifndef COMMAND_STAGE_H
#define COMMAND_STAGE_H

#include "zk/server/server_cnxns.h"
#include "zk/server/server_status.h"
#include "zk/server/zoo_trace.h"

struct quorum_peer_config;
struct zk_context;

struct command_stage {
    struct zk_context *ctx;
    struct server_metrics *metrics;
    struct zk_database *database;
    struct zookeeper_server *zk;
    struct server_stats *stats;
    struct server_cnxn_info cnxn; /* the only connection */
    struct zoo_trace zoo_trace;
    int resets;                     /* how often the hook's reset was called */
    struct observer_info *observer; /* whom the leader informs; NULL: nobody */
    /* Not NULL: it leads this ensemble. */
    const struct quorum_peer_config *leader_of;
    const char *snap_dir; /* as in struct server_status; NULL: it has none */
    const char *data_dir;
    /* Not NULL: it is a member of this ensemble, finds no leader, and serves read-only. */
    const struct quorum_peer_config *read_only_in;
};

/* Returns a context in which every word may be asked; the caller frees it. */
struct zk_context *command_stage_context(void);

/* The stage does not move afterwards: cnxns and hook point to it. */
void command_stage_open(struct command_stage *stage, struct zk_context *ctx);
void command_stage_close(struct command_stage *stage);

struct server_cnxns command_stage_cnxns(struct command_stage *stage);
/* Its fill gives a serving leader, and the stage's server. */
struct server_status_hook command_stage_hook(struct command_stage *stage);

/* The next transaction, of a session that the tree knows afterwards as the owner of path. */
void command_stage_create_ephemeral(struct command_stage *stage, const char *path,
                                    int64_t session_id, int64_t zxid);

#endif
