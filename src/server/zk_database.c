/* Tree, sessions and last zxid under one lock. Java: server.ZKDatabase,
 * ZooKeeperServer.takeSnapshot() */
#include "zk/server/zk_database.h"

#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/io/stream.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/server/server_status.h"
#include "zk/tree/data_tree.h"

/* A body is at least this long. */
enum { FIRST_BODY_ROOM = 1024 };

struct zk_database {
    struct zk_context *ctx;
    struct file_txn_snap_log *snap_log;

    struct zk_mutex mutex; /* Java's monitors of ZKDatabase, DataTree and its nodes. Guards: */
    bool initialized GUARDED_BY(&mutex);
    struct data_tree *tree GUARDED_BY(&mutex); /* NULL: fresh, and nobody has asked for it yet */
    struct session_timeouts sessions GUARDED_BY(&mutex); /* Java: sessionsWithTimeouts */
};

struct zk_database *zk_database_new(struct zk_context *ctx, struct file_txn_snap_log *snap_log)
{
    struct zk_database *database = zk_xcalloc(1, sizeof *database);
    database->ctx = ctx;
    database->snap_log = snap_log;
    zk_mutex_init(&database->mutex, ctx, "zk_database", ZK_RANK_DATABASE);
    return database;
}

/* The tree, made when somebody asks: who clears a database mostly loads another content. */
static struct data_tree *tree_locked(struct zk_database *database) REQUIRES(&database->mutex)
{
    if (!database->tree)
        database->tree = data_tree_new(database->ctx);
    return database->tree;
}

void zk_database_free(struct zk_database *database) UNSHARED
{
    if (!database)
        return;
    data_tree_free(database->tree);
    session_timeouts_done(&database->sessions);
    zk_mutex_destroy(&database->mutex);
    free(database);
}

bool zk_database_is_initialized(struct zk_database *database)
{
    zk_mutex_lock(&database->mutex);
    bool initialized = database->initialized;
    zk_mutex_unlock(&database->mutex);
    return initialized;
}

/* Put another content in the place of the present one, which is freed when the lock is not held: it
 * may be large. Takes both. */
static void replace(struct zk_database *database, bool initialized, struct data_tree *tree,
                    struct session_timeouts sessions)
{
    zk_mutex_lock(&database->mutex);
    struct data_tree *old_tree = database->tree;
    struct session_timeouts old_sessions = database->sessions;
    database->initialized = initialized;
    database->tree = tree;
    database->sessions = sessions;
    zk_mutex_unlock(&database->mutex);
    data_tree_free(old_tree);
    session_timeouts_done(&old_sessions);
}

void zk_database_clear(struct zk_database *database)
{
    replace(database, false, NULL, (struct session_timeouts){0});
}

/* Who asks before it is back sees a fresh one. Gives. */
static struct data_tree *take_tree(struct zk_database *database)
{
    zk_mutex_lock(&database->mutex);
    struct data_tree *tree = tree_locked(database);
    database->tree = NULL;
    zk_mutex_unlock(&database->mutex);
    return tree;
}

int zk_database_load_data_base(struct zk_database *database, int64_t *ret_zxid)
{
    struct data_tree *tree = take_tree(database);
    struct session_timeouts sessions = {0};
    int r = file_txn_snap_log_restore(database->snap_log, &tree, &sessions);
    int64_t zxid = data_tree_last_processed_zxid(tree);
    replace(database, r == 0, tree, sessions);
    if (r == 0)
        *ret_zxid = zxid;
    return r;
}

int64_t zk_database_last_processed_zxid(struct zk_database *database)
{
    zk_mutex_lock(&database->mutex);
    int64_t zxid = data_tree_last_processed_zxid(tree_locked(database));
    zk_mutex_unlock(&database->mutex);
    return zxid;
}

void zk_database_set_last_processed_zxid(struct zk_database *database, int64_t zxid)
{
    zk_mutex_lock(&database->mutex);
    data_tree_set_last_processed_zxid(tree_locked(database), zxid);
    zk_mutex_unlock(&database->mutex);
}

void zk_database_init_config(struct zk_database *database, const char *text, int64_t version)
{
    struct buf *data = buf_new_copy(text, strlen(text));
    zk_mutex_lock(&database->mutex);
    struct data_tree *tree = tree_locked(database);
    bool missing = !data_tree_get_node(tree, CONFIG_NODE);
    if (missing)
        data_tree_add_config_node(tree);
    int r = data_tree_set_data(tree, CONFIG_NODE, data, -1, version, zk_wall_ms());
    zk_mutex_unlock(&database->mutex);
    buf_unref(data);
    if (missing)
        zk_log(database->ctx, ZK_LOG_CONFIG_NODE_MISSING);
    if (r < 0)
        zk_log(database->ctx, ZK_LOG_CONFIG_NODE_IMPOSSIBLE);
}

/* ---- snapshots ---- */

/* The body, the zxid and the digest of this moment. Gives. */
static struct buf *serialize_locked(struct zk_database *database, int64_t *ret_zxid,
                                    struct zxid_digest *ret_digest) REQUIRES(&database->mutex)
{
    zk_mutex_assert_held(&database->mutex);
    struct buf *body = buf_new(FIRST_BODY_ROOM);
    struct zk_output *output = zk_output_new_buf(body);
    struct jute_out out = jute_out_of(output);
    struct data_tree *tree = tree_locked(database);
    serialize_snapshot(tree, &database->sessions, &out);
    int r = jute_out_flush(&out);
    zk_assert(r == 0); /* memory takes all */
    zk_output_free(output);
    *ret_zxid = data_tree_last_processed_zxid(tree);
    *ret_digest = data_tree_last_processed_zxid_digest(tree);
    return body;
}

struct buf *zk_database_serialize_snapshot(struct zk_database *database, int64_t *ret_zxid)
{
    struct zxid_digest digest;
    zk_mutex_lock(&database->mutex);
    struct buf *body = serialize_locked(database, ret_zxid, &digest);
    zk_mutex_unlock(&database->mutex);
    return body;
}

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

/* What a snapshot file is made of. */
struct zk_database_snapshot {
    struct buf *body; /* a reference */
    int64_t zxid;
    struct zxid_digest digest;
};

struct zk_database_snapshot *zk_database_copy_snapshot(struct zk_database *database)
{
    struct zk_database_snapshot *snapshot = zk_xcalloc(1, sizeof *snapshot);
    zk_mutex_lock(&database->mutex);
    snapshot->body = serialize_locked(database, &snapshot->zxid, &snapshot->digest);
    zk_mutex_unlock(&database->mutex);
    return snapshot;
}

int zk_database_save_snapshot(struct zk_database *database, struct zk_database_snapshot *snapshot)
{
    int r = file_txn_snap_log_save(database->snap_log, snapshot->zxid, snapshot->body,
                                   &snapshot->digest);
    buf_unref(snapshot->body);
    free(snapshot);
    return r;
}

int zk_database_take_snapshot(struct zk_database *database)
{
    return zk_database_save_snapshot(database, zk_database_copy_snapshot(database));
}

/* ---- asking ---- */

void zk_database_sessions(struct zk_database *database, struct session_timeouts *ret_sessions)
{
    zk_mutex_lock(&database->mutex);
    session_timeouts_copy(ret_sessions, &database->sessions);
    zk_mutex_unlock(&database->mutex);
}

void zk_database_fill_status(struct zk_database *database, struct server_status *status)
{
    zk_mutex_lock(&database->mutex);
    const struct data_tree *tree = tree_locked(database);
    status->last_processed_zxid = data_tree_last_processed_zxid(tree);
    status->node_count = (int64_t)data_tree_get_node_count(tree);
    status->ephemerals_count = (int64_t)data_tree_get_ephemerals_count(tree);
    status->approximate_data_size = data_tree_cached_approximate_data_size(tree);
    status->global_sessions = (int64_t)database->sessions.count;
    zk_mutex_unlock(&database->mutex);
}
