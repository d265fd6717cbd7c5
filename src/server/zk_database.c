/* Which tree is current, and the sessions. Java: server.ZKDatabase */
#include "zk/server/zk_database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/base/refcount.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/file.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/file_txn_log.h"
#include "zk/persistence/util.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/tree/data_tree.h"

/* Java: DEFAULT_SNAPSHOT_SIZE_FACTOR */
#define SNAPSHOT_SIZE_FACTOR 0.33
/* Java: DEFAULT_COMMIT_LOG_COUNT */
enum { COMMIT_LOG_COUNT = 500 };

/* The last transactions, in a ring. */
struct committed_ring {
    struct txn_log_entry **entries; /* references */
    size_t head;                    /* the oldest one */
    size_t count;
    size_t room;
};

struct zk_database {
    struct zk_context *ctx;
    struct file_txn_snap_log *snap_log;
    struct server_metrics *metrics; /* NULL: nobody wants them */
    double snapshot_size_factor;
    struct zk_atomic_long txn_count; /* appended since the log was rolled */

    struct zk_mutex log_mu; /* L-66. Java: logLock. Guards: */
    struct committed_ring committed_log GUARDED_BY(&log_mu);

    struct zk_mutex mu; /* L-65. Java's monitor of ZKDatabase. Guards: */
    bool initialized GUARDED_BY(&mu);
    struct data_tree *tree GUARDED_BY(&mu);           /* a reference; never NULL */
    struct session_timeouts sessions GUARDED_BY(&mu); /* Java: sessionsWithTimeouts */
    int64_t digest_mismatches GUARDED_BY(&mu);        /* of the trees before this one */
};

static void clear_committed_log(struct zk_database *database);
static struct playback_listener commit_proposal_playback_listener(struct zk_database *database);

/* Java: new ZKDatabase(). A factor above 1 is invalid, as in Java; a negative one turns
 * synchronisation from the log on disk off. */
static double read_snapshot_size_factor(struct zk_context *ctx)
{
    static const char key[] = "zookeeper.snapshotSizeFactor";
    const char *text = zk_settings_get(ctx, key);
    if (text == NULL)
        return SNAPSHOT_SIZE_FACTOR;
    char *end;
    double factor = strtod(text, &end);
    if (end == text || *end != '\0' || !(factor <= 1)) {
        zk_log(ctx, ZK_LOG_SNAPSHOT_SIZE_FACTOR_INVALID, key, "0.33");
        return SNAPSHOT_SIZE_FACTOR;
    }
    return factor;
}

/* Java: new ZKDatabase() */
static size_t read_commit_log_count(struct zk_context *ctx)
{
    const char *text = zk_settings_get(ctx, "zookeeper.commitLogCount");
    int32_t count;
    if (text == NULL || !zk_parse_int(text, &count)) /* a warning has told of the text */
        count = COMMIT_LOG_COUNT;
    if (count < COMMIT_LOG_COUNT) {
        zk_log(ctx, ZK_LOG_COMMIT_LOG_COUNT_TOO_SMALL, count, (int32_t)COMMIT_LOG_COUNT);
        count = COMMIT_LOG_COUNT;
    }
    return (size_t)count;
}

struct zk_database *zk_database_new(struct zk_context *ctx,
                                    struct file_txn_snap_log *snap_log) UNSHARED
{
    struct zk_database *database = zk_xcalloc(1, sizeof *database);
    database->ctx = ctx;
    database->snap_log = snap_log;
    database->snapshot_size_factor = read_snapshot_size_factor(ctx);
    zk_atomic_long_init(&database->txn_count, 0);
    zk_mutex_init(&database->log_mu, ctx, "committed_log", ZK_RANK_COMMITTED_LOG);
    /* Java removes the oldest one before it adds, so there is room for one more (K-70). */
    database->committed_log.room = read_commit_log_count(ctx) + 1;
    database->committed_log.entries =
        zk_xcalloc(database->committed_log.room, sizeof *database->committed_log.entries);
    zk_mutex_init(&database->mu, ctx, "zk_database", ZK_RANK_DATABASE);
    database->tree = data_tree_new(ctx);
    return database;
}

void zk_database_set_metrics(struct zk_database *database, struct server_metrics *metrics)
{
    database->metrics = metrics;
}

void zk_database_free(struct zk_database *database) UNSHARED
{
    if (database == NULL)
        return;
    data_tree_unref(database->tree);
    session_timeouts_done(&database->sessions);
    zk_mutex_destroy(&database->mu);
    clear_committed_log(database);
    free(database->committed_log.entries);
    zk_mutex_destroy(&database->log_mu);
    free(database);
}

bool zk_database_is_initialized(struct zk_database *database)
{
    zk_mutex_lock(&database->mu);
    bool initialized = database->initialized;
    zk_mutex_unlock(&database->mu);
    return initialized;
}

/* The tree that is returned stays whole when another one takes its place. Java: getDataTree() */
struct data_tree *zk_database_get_data_tree(struct zk_database *database)
{
    zk_mutex_lock(&database->mu);
    struct data_tree *tree = data_tree_ref(database->tree);
    zk_mutex_unlock(&database->mu);
    return tree;
}

/* Puts tree and sessions in the place of the present ones. Takes ownership of both. tree may be the
 * present one, changed; then its mismatches are still its own. The old tree, which may be large, is
 * freed without the lock. */
static void replace(struct zk_database *database, bool initialized, struct data_tree *tree,
                    struct session_timeouts sessions)
{
    zk_mutex_lock(&database->mu);
    struct data_tree *old_tree = database->tree;
    struct session_timeouts old_sessions = database->sessions;
    database->initialized = initialized;
    database->tree = tree;
    database->sessions = sessions;
    if (tree != old_tree)
        database->digest_mismatches += data_tree_get_digest_mismatches(old_tree);
    zk_mutex_unlock(&database->mu);
    data_tree_unref(old_tree);
    session_timeouts_done(&old_sessions);
}

void zk_database_clear(struct zk_database *database)
{
    replace(database, false, data_tree_new(database->ctx), (struct session_timeouts){0});
    clear_committed_log(database);
}

static void note(struct zk_database *database, enum server_metrics_summary which, int64_t value)
{
    if (database->metrics != NULL)
        server_metrics_add(database->metrics, which, value);
}

static void note_txns_loaded(struct zk_database *database)
{
    struct snap_log_load load = file_txn_snap_log_get_load(database->snap_log);
    if (load.txns == 0) /* Java leaves an empty log before it measures. */
        return;
    note(database, SERVER_METRICS_STARTUP_TXNS_LOADED, load.txns);
    note(database, SERVER_METRICS_STARTUP_TXNS_LOAD_TIME, load.txns_ms);
}

/* Java: loadDataBase() */
int zk_database_load_data_base(struct zk_database *database, int64_t *ret_zxid)
{
    int64_t start_time_ms = zk_elapsed_ms();
    struct data_tree *tree = zk_database_get_data_tree(database);
    struct session_timeouts sessions = {0};
    int r = file_txn_snap_log_restore(database->snap_log, &tree, &sessions,
                                      commit_proposal_playback_listener(database));
    if (r < 0) {
        data_tree_unref(tree);
        clear_committed_log(database);
        return r;
    }
    *ret_zxid = data_tree_last_processed_zxid(tree);
    int64_t load_time_ms = zk_elapsed_ms() - start_time_ms;
    note(database, SERVER_METRICS_STARTUP_SNAP_LOAD_TIME,
         file_txn_snap_log_get_load(database->snap_log).snap_ms);
    note_txns_loaded(database);
    note(database, SERVER_METRICS_DBINITTIME, load_time_ms);
    zk_log(database->ctx, ZK_LOG_SNAPSHOT_LOADED, load_time_ms, *ret_zxid,
           (int64_t)data_tree_get_tree_digest(tree));
    replace(database, true, tree, sessions);
    return 0;
}

/* Java: fastForwardDataBase(). The sessions are changed in a copy, so that nobody who asks for them
 * waits for the disk. */
int zk_database_fast_forward_data_base(struct zk_database *database, int64_t *ret_zxid)
{
    struct data_tree *tree = zk_database_get_data_tree(database);
    struct session_timeouts sessions;
    zk_database_sessions(database, &sessions);
    int r = file_txn_snap_log_fast_forward_from_edits(database->snap_log, tree, &sessions,
                                                      commit_proposal_playback_listener(database));
    if (r < 0) {
        session_timeouts_done(&sessions);
        data_tree_unref(tree);
        return r;
    }
    note_txns_loaded(database);
    *ret_zxid = data_tree_last_processed_zxid(tree);
    replace(database, true, tree, sessions);
    return 0;
}

int64_t zk_database_last_processed_zxid(struct zk_database *database)
{
    struct data_tree *tree = zk_database_get_data_tree(database);
    int64_t zxid = data_tree_last_processed_zxid(tree);
    data_tree_unref(tree);
    return zxid;
}

void zk_database_set_last_processed_zxid(struct zk_database *database, int64_t zxid)
{
    struct data_tree *tree = zk_database_get_data_tree(database);
    data_tree_set_last_processed_zxid(tree, zxid);
    data_tree_unref(tree);
}

/* Java: initConfigInZKDatabase() */
void zk_database_init_config(struct zk_database *database, const char *text, int64_t version)
{
    struct buf *data = buf_new_copy(text, strlen(text));
    struct data_tree *tree = zk_database_get_data_tree(database);
    if (data_tree_add_config_node(tree))
        zk_log(database->ctx, ZK_LOG_CONFIG_NODE_MISSING);
    if (data_tree_set_data(tree, CONFIG_NODE, data, -1, version, zk_wall_ms()) < 0)
        zk_log(database->ctx, ZK_LOG_CONFIG_NODE_IMPOSSIBLE);
    data_tree_unref(tree);
    buf_unref(data);
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* Java: processTxn(). Under the lock, so that a snapshot which begins meanwhile finds the sessions
 * and the last zxid of one moment. */
void zk_database_process_txn(struct zk_database *database, struct txn_log_entry *entry,
                             struct process_txn_result *ret_result)
{
    zk_mutex_lock(&database->mu);
    process_transaction(entry, database->tree, &database->sessions, ret_result);
    zk_mutex_unlock(&database->mu);
}

int zk_database_prove_whole(struct zk_database *database, const struct txn_log_entry *entry)
{
    struct data_tree *tree = zk_database_get_data_tree(database);
    enum digest_verdict verdict = data_tree_judge_digest(tree, entry);
    data_tree_unref(tree);
    if (verdict == DIGEST_VERDICT_NONE)
        return 0;
    return verdict == DIGEST_VERDICT_EQUAL ? 1 : -EBADMSG;
}

/* Java: append() */
int zk_database_append(struct zk_database *database, struct txn_log_entry *entry)
{
    int r = file_txn_snap_log_append(database->snap_log, entry);
    if (r == 0)
        zk_atomic_long_add(&database->txn_count, 1);
    return r;
}

int zk_database_commit(struct zk_database *database)
{
    return file_txn_snap_log_commit(database->snap_log);
}

/* Java: rollLog(), resetTxnCount() */
int zk_database_roll_log(struct zk_database *database)
{
    int r = file_txn_snap_log_roll_log(database->snap_log);
    if (r < 0)
        return r;
    zk_atomic_long_set(&database->txn_count, 0);
    file_txn_snap_log_set_total_log_size(database->snap_log, 0);
    return 0;
}

int32_t zk_database_get_txn_count(struct zk_database *database)
{
    return (int32_t)zk_atomic_long_get(&database->txn_count);
}

int64_t zk_database_get_txn_size(struct zk_database *database)
{
    return file_txn_snap_log_get_total_log_size(database->snap_log);
}

/* Java: truncateLog() */
int zk_database_truncate_log(struct zk_database *database, int64_t zxid)
{
    zk_database_clear(database);
    int r = file_txn_snap_log_truncate_log(database->snap_log, zxid);
    if (r < 0)
        return r;
    int64_t last_zxid;
    return zk_database_load_data_base(database, &last_zxid);
}

/* If there is nothing to remove, the file that is being written to must not be ended, as
 * truncateLog() would end it. */
int zk_database_forget_behind(struct zk_database *database, int64_t zxid)
{
    int64_t last_logged_zxid;
    int r = file_txn_snap_log_get_last_logged_zxid(database->snap_log, &last_logged_zxid);
    if (r < 0)
        return r;
    struct zk_strings newest = {0};
    r = file_txn_snap_log_find_n_recent_snapshots(database->snap_log, 1, &newest);
    if (r < 0)
        return r;
    int64_t newest_zxid = -1;
    if (newest.count > 0)
        (void)util_get_zxid_from_path(newest.items[0], SNAPSHOT_FILE_PREFIX, &newest_zxid);
    zk_strings_done(&newest);
    if (last_logged_zxid <= zxid && newest_zxid <= zxid)
        return 0;
    return file_txn_snap_log_truncate_log(database->snap_log, zxid);
}

/* Java: FileTxnSnapLog.shouldForceWriteInitialSnapshotAfterLeaderElection() */
bool zk_database_should_force_write_initial_snapshot(struct zk_database *database)
{
    if (!zk_settings_get_boolean(database->ctx, "zookeeper.snapshot.trust.empty", false))
        return false;
    struct zk_strings newest = {0};
    int r = file_txn_snap_log_find_n_recent_snapshots(database->snap_log, 1, &newest);
    bool has_none = r == 0 && newest.count == 0;
    zk_strings_done(&newest);
    return has_none;
}

/* ---- the committed log ----------------------------------------------------------------------- */

static size_t ring_slot(const struct committed_ring *ring, size_t index)
{
    size_t slot = ring->head + index;
    return slot < ring->room ? slot : slot - ring->room;
}

static void clear_committed_log_locked(struct zk_database *database) REQUIRES(&database->log_mu)
{
    struct committed_ring *ring = &database->committed_log;
    for (size_t i = 0; i < ring->count; i++)
        txn_log_entry_unref(ring->entries[ring_slot(ring, i)]);
    ring->head = 0;
    ring->count = 0;
}

static void clear_committed_log(struct zk_database *database)
{
    zk_mutex_lock(&database->log_mu);
    clear_committed_log_locked(database);
    zk_mutex_unlock(&database->log_mu);
}

/* Java: addCommittedProposal() */
void zk_database_add_committed_proposal(struct zk_database *database, struct txn_log_entry *entry)
{
    struct txn_log_entry *oldest = NULL;
    int64_t zxid = entry->header.zxid;
    zk_mutex_lock(&database->log_mu);
    struct committed_ring *ring = &database->committed_log;
    int64_t max_committed_log =
        ring->count > 0 ? ring->entries[ring_slot(ring, ring->count - 1)]->header.zxid : INT64_MIN;
    /* A learner is brought up by what is here, so there must not be a hole in it (D-146). */
    if (ring->count > 0 && zxid > max_committed_log + 1 &&
        zxid_epoch(zxid) == zxid_epoch(max_committed_log))
        clear_committed_log_locked(database);
    /* A transaction that is in the log already would be sent twice. */
    if (zxid > max_committed_log) {
        if (ring->count == ring->room) {
            oldest = ring->entries[ring->head];
            ring->head = ring_slot(ring, 1);
            ring->count--;
        }
        ring->entries[ring_slot(ring, ring->count++)] = txn_log_entry_ref(entry);
    }
    zk_mutex_unlock(&database->log_mu);
    txn_log_entry_unref(oldest);
}

/* Java: commitProposalPlaybackListener */
static void on_txn_loaded(void *arg, struct txn_log_entry *entry)
{
    zk_database_add_committed_proposal(arg, entry);
}

static struct playback_listener commit_proposal_playback_listener(struct zk_database *database)
{
    return (struct playback_listener){.on_txn_loaded = on_txn_loaded, .arg = database};
}

/* Java: getCommittedLog() */
void zk_database_get_committed_log(struct zk_database *database, struct committed_log *ret_log)
{
    *ret_log = (struct committed_log){0};
    zk_mutex_lock(&database->log_mu);
    const struct committed_ring *ring = &database->committed_log;
    ret_log->count = ring->count;
    ret_log->entries = zk_xcalloc(ring->count + 1, sizeof *ret_log->entries);
    for (size_t i = 0; i < ring->count; i++)
        ret_log->entries[i] = txn_log_entry_ref(ring->entries[ring_slot(ring, i)]);
    if (ring->count > 0) {
        ret_log->min_committed_log = ret_log->entries[0]->header.zxid;
        ret_log->max_committed_log = ret_log->entries[ring->count - 1]->header.zxid;
    }
    zk_mutex_unlock(&database->log_mu);
}

void committed_log_done(struct committed_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        txn_log_entry_unref(log->entries[i]);
    free(log->entries);
    *log = (struct committed_log){0};
}

/* ---- the log on disk, for learners that were away for longer --------------------------------- */

/* Java: isTxnLogSyncEnabled() */
bool zk_database_is_txn_log_sync_enabled(struct zk_database *database)
{
    return database->snapshot_size_factor >= 0;
}

/* Java: calculateTxnLogSizeLimit() */
int64_t zk_database_calculate_txn_log_size_limit(struct zk_database *database)
{
    struct zk_strings paths = {0};
    int64_t snap_size = 0;
    int r = file_txn_snap_log_find_n_recent_snapshots(database->snap_log, 1, &paths);
    if (r == 0 && paths.count > 0)
        snap_size = file_size(paths.items[0]);
    if (snap_size < 0)
        r = (int)snap_size;
    if (r < 0)
        zk_log(database->ctx, ZK_LOG_UNABLE_TO_GET_SIZE, zk_error_text(r).text);
    zk_strings_done(&paths);
    return r < 0 ? 0 : (int64_t)((double)snap_size * database->snapshot_size_factor);
}

/* Java: getProposalsFromTxnLog() */
int zk_database_get_proposals_from_txn_log(struct zk_database *database, int64_t start_zxid,
                                           int64_t size_limit, struct txn_iterator **ret_iterator)
{
    if (size_limit < 0)
        return -EFBIG;
    struct txn_iterator *iterator = NULL;
    int r = file_txn_snap_log_read_txn_log(database->snap_log, start_zxid, false, &iterator);
    if (r < 0) {
        zk_log(database->ctx, ZK_LOG_UNABLE_TO_READ_TXNLOG, zk_error_text(r).text);
        return r;
    }
    /* If the log does not begin at start_zxid or before it, transactions in between may be
     * missing. */
    const struct txn_log_entry *first = txn_iterator_entry(iterator);
    int64_t txn_size = txn_iterator_get_storage_size(iterator);
    if (first != NULL && first->header.zxid > start_zxid) {
        zk_log(database->ctx, ZK_LOG_UNABLE_TO_FIND_PROPOSALS, start_zxid);
        r = -ENOENT;
    } else if (size_limit > 0 && txn_size > size_limit) {
        zk_log(database->ctx, ZK_LOG_TXNLOG_SIZE_EXCEEDS, txn_size, size_limit);
        r = -EFBIG;
    }
    if (r < 0)
        txn_iterator_free(iterator);
    else
        *ret_iterator = iterator;
    return r;
}

bool zk_database_log_has_hole(struct zk_database *database, int64_t zxid, int64_t next_zxid)
{
    struct zk_strings paths = {0};
    int r = file_txn_snap_log_find_n_recent_snapshots(database->snap_log, SIZE_MAX, &paths);
    bool hole = r < 0; /* what cannot be known is not relied on */
    for (size_t i = 0; i < paths.count && !hole; i++) {
        int64_t snapshot_zxid;
        hole = util_get_zxid_from_path(paths.items[i], SNAPSHOT_FILE_PREFIX, &snapshot_zxid) &&
               zxid < snapshot_zxid && snapshot_zxid < next_zxid;
    }
    zk_strings_done(&paths);
    return hole;
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
    snapshot->zxid = data_tree_last_processed_zxid(snapshot->tree);
    zk_mutex_unlock(&database->mu);
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
    clear_committed_log(database);
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

bool zk_database_has_session(struct zk_database *database, int64_t session_id)
{
    zk_mutex_lock(&database->mu);
    bool has = session_timeouts_has(&database->sessions, session_id);
    zk_mutex_unlock(&database->mu);
    return has;
}

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
    status->digest_mismatches = database->digest_mismatches + data_tree_get_digest_mismatches(tree);
    zk_mutex_unlock(&database->mu);
    status->last_processed_zxid = data_tree_last_processed_zxid(tree);
    status->node_count = (int64_t)data_tree_get_node_count(tree);
    status->ephemerals_count = (int64_t)data_tree_get_ephemerals_count(tree);
    status->approximate_data_size = data_tree_cached_approximate_data_size(tree);
    status->watch_count = (int64_t)data_tree_get_watch_count(tree);
    data_tree_unref(tree);
}

/* Java: killSession() */
void zk_database_kill_session(struct zk_database *database, int64_t session_id, int64_t zxid)
{
    struct data_tree *tree = zk_database_get_data_tree(database);
    data_tree_kill_session(tree, session_id, zxid);
    data_tree_unref(tree);
}
