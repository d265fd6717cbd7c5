/* A server and a connection for those who report. */
#include "command_stage.h"

#include <stdlib.h>

#include "transactions.h"
#include "txns.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/settings.h"
#include "zk/server/leader_session_tracker.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_stats.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

static void expire_nothing(void *arg, int64_t session_id, int32_t timeout_ms)
{
    (void)arg;
    (void)session_id;
    (void)timeout_ms;
}

static struct session_tracker *create_tracker(struct zookeeper_server *server)
{
    struct session_timeouts sessions = {0};
    zk_database_sessions(zookeeper_server_get_zk_database(server), &sessions);
    struct session_expirer expirer = {.expire = expire_nothing};
    struct session_tracker *tracker =
        leader_session_tracker_new(zookeeper_server_ctx(server), expirer, &sessions, 500, 1);
    session_timeouts_done(&sessions);
    return tracker;
}

static const struct zookeeper_server_methods METHODS = {
    .state = "leader",
    .create_session_tracker = create_tracker,
};

struct zk_context *command_stage_context(void)
{
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "zookeeper.4lw.commands.whitelist", "*");
    return ctx;
}

void command_stage_open(struct command_stage *stage, struct zk_context *ctx)
{
    *stage = (struct command_stage){
        .ctx = ctx,
        .metrics = server_metrics_new(ctx),
        .database = zk_database_new(ctx, NULL),
        .stats = server_stats_new(ctx),
        .cnxn = {.remote = {"/127.0.0.1:50000"}, .packets_received = 1},
    };
    stage->zk = zookeeper_server_new(ctx, &METHODS, NULL, stage->database, stage->metrics);
    zookeeper_server_create_session_tracker(stage->zk);
    zoo_trace_init(&stage->zoo_trace);
}

void command_stage_close(struct command_stage *stage)
{
    zookeeper_server_unref(stage->zk);
    zk_database_free(stage->database);
    server_metrics_free(stage->metrics);
    server_stats_free(stage->stats);
}

void command_stage_create_ephemeral(struct command_stage *stage, const char *path,
                                    int64_t session_id, int64_t zxid)
{
    struct data_tree *tree = zk_database_get_data_tree(stage->database);
    assert_int_equal(apply_create(tree, path, NULL, NULL, session_id, (int32_t)zxid, zxid, zxid),
                     0);
    data_tree_unref(tree);
}

/* ---- connections ---- */

static size_t one_cnxn(void *arg)
{
    (void)arg;
    return 1;
}

static size_t list_cnxn(void *arg, struct server_cnxn_info **ret_infos)
{
    struct command_stage *stage = arg;
    *ret_infos = zk_xmalloc(sizeof **ret_infos);
    **ret_infos = stage->cnxn;
    return 1;
}

static void reset_cnxn(void *arg)
{
    struct command_stage *stage = arg;
    stage->cnxn.packets_received = stage->cnxn.packets_sent = 0;
}

static void dump_cnxn(void *arg, struct zk_str *str)
{
    (void)arg;
    zk_str_append(str, "Connections Sets (0)/(0):\n");
}

struct server_cnxns command_stage_cnxns(struct command_stage *stage)
{
    return (struct server_cnxns){
        .count = one_cnxn,
        .list = list_cnxn,
        .reset_stats = reset_cnxn,
        .dump = dump_cnxn,
        .arg = stage,
        .stats = stage->stats,
    };
}

/* ---- the hook ---- */

static void fill(void *arg, struct server_status *ret_status)
{
    struct command_stage *stage = arg;
    ret_status->zk = zookeeper_server_ref(stage->zk);
    ret_status->serving = true;
    ret_status->snap_dir = stage->snap_dir;
    ret_status->data_dir = stage->data_dir;
    ret_status->server_state = "leader";
    ret_status->state = SERVER_STATE_LEADING;
    ret_status->zab_state = ZAB_STATE_BROADCAST;
    ret_status->metrics = server_metrics_get(stage->metrics);
    ret_status->metrics_source = stage->metrics;
    if (stage->leader_of != NULL) {
        ret_status->config = stage->leader_of;
        ret_status->verifier = stage->leader_of->quorum_verifier;
        ret_status->leader_id = stage->leader_of->my_id;
    }
    if (stage->read_only_in != NULL) {
        ret_status->server_state = "read-only";
        ret_status->state = SERVER_STATE_LOOKING;
        ret_status->is_read_only = true;
        ret_status->config = stage->read_only_in;
        ret_status->verifier = stage->read_only_in->quorum_verifier;
    }
    zk_database_fill_status(stage->database, ret_status);
}

static void reset(void *arg)
{
    struct command_stage *stage = arg;
    stage->resets++;
}

static size_t observers(void *arg, struct observer_info **ret_infos)
{
    struct command_stage *stage = arg;
    size_t count = stage->observer != NULL;
    *ret_infos = zk_xcalloc(count + 1, sizeof **ret_infos);
    if (count > 0)
        **ret_infos = *stage->observer;
    return count;
}

static void reset_observers(void *arg)
{
    struct command_stage *stage = arg;
    stage->observer->packets_received = 0;
}

struct server_status_hook command_stage_hook(struct command_stage *stage)
{
    return (struct server_status_hook){
        .fill = fill,
        .reset = reset,
        .observers = observers,
        .reset_observers = reset_observers,
        .arg = stage,
        .zoo_trace = &stage->zoo_trace,
    };
}
