/* Which tree is current, and the sessions. Java: server.ZKDatabase */
#include "zk/server/zk_database.h"

#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/server/server_status.h"
#include "zk/tree/data_tree.h"

struct zk_database {
    struct zk_context *ctx;
    struct file_txn_snap_log *snap_log;

    struct zk_mutex mu; /* Java's monitor of ZKDatabase. Guards: */
    bool initialized GUARDED_BY(&mu);
    struct data_tree *tree GUARDED_BY(&mu);           /* a reference; never NULL */
    struct session_timeouts sessions GUARDED_BY(&mu); /* Java: sessionsWithTimeouts */
};

struct zk_database *zk_database_new(struct zk_context *ctx,
                                    struct file_txn_snap_log *snap_log) UNSHARED
{
    struct zk_database *database = zk_xcalloc(1, sizeof *database);
    database->ctx = ctx;
    database->snap_log = snap_log;
    zk_mutex_init(&database->mu, ctx, "zk_database", ZK_RANK_DATABASE);
    database->tree = data_tree_new(ctx);
    return database;
}

void zk_database_free(struct zk_database *database) UNSHARED
{
    if (database == NULL)
        return;
    data_tree_unref(database->tree);
    session_timeouts_done(&database->sessions);
    zk_mutex_destroy(&database->mu);
    free(database);
}

bool zk_database_is_initialized(struct zk_database *database)
{
    zk_mutex_lock(&database->mu);
    bool initialized = database->initialized;
    zk_mutex_unlock(&database->mu);
    return initialized;
}

/* The current tree, which stays whole when another one takes its place. The caller unrefs it. */
static struct data_tree *ref_tree(struct zk_database *database)
{
    zk_mutex_lock(&database->mu);
    struct data_tree *tree = data_tree_ref(database->tree);
    zk_mutex_unlock(&database->mu);
    return tree;
}

/* Put another content in the place of the present one. Takes ownership of both. The old tree, which
 * may be large, is freed without the lock. */
static void replace(struct zk_database *database, bool initialized, struct data_tree *tree,
                    struct session_timeouts sessions)
{
    zk_mutex_lock(&database->mu);
    struct data_tree *old_tree = database->tree;
    struct session_timeouts old_sessions = database->sessions;
    database->initialized = initialized;
    database->tree = tree;
    database->sessions = sessions;
    zk_mutex_unlock(&database->mu);
    data_tree_unref(old_tree);
    session_timeouts_done(&old_sessions);
}

void zk_database_clear(struct zk_database *database)
{
    replace(database, false, data_tree_new(database->ctx), (struct session_timeouts){0});
}

/* Java: loadDataBase() */
int zk_database_load_data_base(struct zk_database *database, int64_t *ret_zxid)
{
    struct data_tree *tree = ref_tree(database);
    struct session_timeouts sessions = {0};
    int r = file_txn_snap_log_restore(database->snap_log, &tree, &sessions,
                                      (struct playback_listener){0});
    if (r < 0) {
        data_tree_unref(tree);
        return r;
    }
    *ret_zxid = data_tree_last_processed_zxid(tree);
    replace(database, true, tree, sessions);
    return 0;
}

int64_t zk_database_last_processed_zxid(struct zk_database *database)
{
    struct data_tree *tree = ref_tree(database);
    int64_t zxid = data_tree_last_processed_zxid(tree);
    data_tree_unref(tree);
    return zxid;
}

void zk_database_set_last_processed_zxid(struct zk_database *database, int64_t zxid)
{
    struct data_tree *tree = ref_tree(database);
    data_tree_set_last_processed_zxid(tree, zxid);
    data_tree_unref(tree);
}

/* Java: initConfigInZKDatabase() */
void zk_database_init_config(struct zk_database *database, const char *text, int64_t version)
{
    struct buf *data = buf_new_copy(text, strlen(text));
    struct data_tree *tree = ref_tree(database);
    if (data_tree_add_config_node(tree))
        zk_log(database->ctx, ZK_LOG_CONFIG_NODE_MISSING);
    if (data_tree_set_data(tree, CONFIG_NODE, data, -1, version, zk_wall_ms()) < 0)
        zk_log(database->ctx, ZK_LOG_CONFIG_NODE_IMPOSSIBLE);
    data_tree_unref(tree);
    buf_unref(data);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

struct zk_database_snapshot {
    struct data_tree *tree; /* a reference */
    struct session_timeouts sessions;
    int64_t zxid;
};

struct zk_database_snapshot *zk_database_begin_snapshot(struct zk_database *database)
{
    struct zk_database_snapshot *snapshot = zk_xcalloc(1, sizeof *snapshot);
    zk_mutex_lock(&database->mu);
    snapshot->tree = data_tree_ref(database->tree);
    session_timeouts_copy(&snapshot->sessions, &database->sessions);
    zk_mutex_unlock(&database->mu);
    snapshot->zxid = data_tree_last_processed_zxid(snapshot->tree);
    return snapshot;
}

int64_t zk_database_snapshot_zxid(const struct zk_database_snapshot *snapshot)
{
    return snapshot->zxid;
}

static void snapshot_free(struct zk_database_snapshot *snapshot)
{
    data_tree_unref(snapshot->tree);
    session_timeouts_done(&snapshot->sessions);
    free(snapshot);
}

/* Java: serializeSnapshot() */
void zk_database_serialize_snapshot(struct zk_database_snapshot *snapshot, struct jute_out *out)
{
    serialize_snapshot(snapshot->tree, &snapshot->sessions, out);
    snapshot_free(snapshot);
}

int zk_database_save_snapshot(struct zk_database *database, struct zk_database_snapshot *snapshot)
{
    int r = file_txn_snap_log_save(database->snap_log, snapshot->zxid, snapshot->tree,
                                   &snapshot->sessions);
    snapshot_free(snapshot);
    return r;
}

int zk_database_take_snapshot(struct zk_database *database)
{
    return zk_database_save_snapshot(database, zk_database_begin_snapshot(database));
}

/* Java: deserializeSnapshot() */
int zk_database_deserialize_snapshot(struct zk_database *database, struct jute_in *in)
{
    struct data_tree *tree;
    struct session_timeouts sessions;
    int r = deserialize_snapshot(database->ctx, in, &tree, &sessions);
    if (r < 0)
        return r;
    replace(database, true, tree, sessions);
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

void zk_database_sessions(struct zk_database *database, struct session_timeouts *ret_sessions)
{
    zk_mutex_lock(&database->mu);
    session_timeouts_copy(ret_sessions, &database->sessions);
    zk_mutex_unlock(&database->mu);
}

void zk_database_fill_status(struct zk_database *database, struct server_status *status)
{
    zk_mutex_lock(&database->mu);
    struct data_tree *tree = data_tree_ref(database->tree);
    status->global_sessions = (int64_t)database->sessions.count;
    zk_mutex_unlock(&database->mu);
    status->last_processed_zxid = data_tree_last_processed_zxid(tree);
    status->node_count = (int64_t)data_tree_get_node_count(tree);
    status->ephemerals_count = (int64_t)data_tree_get_ephemerals_count(tree);
    status->approximate_data_size = data_tree_cached_approximate_data_size(tree);
    data_tree_unref(tree);
}
