/* What a peer holds in memory, its way to disk, to a learner, and back. Java: ZKDatabase,
 * Zab1_0Test */
#include <errno.h>
#include <stdlib.h>

#include "golden.h"
#include "transactions.h"
#include "zk/base/buf.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/file_snap.h"
#include "zk/persistence/file_txn_log.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

enum { BEN_WAS_HERE_LENGTH = 14 };

static const char CONFIG[] = "server.1=127.0.0.1:24281:24381:participant\n"
                             "server.2=127.0.0.1:24282:24382:participant\n"
                             "server.3=127.0.0.1:24283:24383:participant\n"
                             "version=0";

/* A database with a directory of its own. */
struct peer {
    struct zk_context *ctx;
    char *directory;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
};

static struct peer peer_new(void)
{
    struct peer peer = {.ctx = test_context(), .directory = test_temporary_directory()};
    char *error = NULL;
    assert_int_equal(
        file_txn_snap_log_new(peer.ctx, peer.directory, peer.directory, &peer.snap_log, &error), 0);
    peer.database = zk_database_new(peer.ctx, peer.snap_log);
    return peer;
}

/* The same directory, another life. */
static void peer_restart(struct peer *peer)
{
    zk_database_free(peer->database);
    peer->database = zk_database_new(peer->ctx, peer->snap_log);
}

static void peer_done(struct peer *peer)
{
    zk_database_free(peer->database);
    file_txn_snap_log_free(peer->snap_log);
    test_remove_directory(peer->directory);
    zk_context_free(peer->ctx);
}

static struct server_status status_of(struct peer *peer)
{
    struct server_status status = {0};
    zk_database_fill_status(peer->database, &status);
    return status;
}

static int receive(struct peer *peer, const void *bytes, size_t length)
{
    struct jute_in in = jute_in_of_bytes(peer->ctx, bytes, length);
    return zk_database_deserialize_snapshot(peer->database, &in);
}

/* The body of SNAP. */
static struct buf *body_of(struct peer *peer, int64_t *ret_zxid)
{
    struct buf *body = buf_new(1024);
    struct jute_out out = jute_out_of_buf(body);
    struct zk_database_snapshot *snapshot = zk_database_begin_snapshot(peer->database);
    *ret_zxid = zk_database_snapshot_zxid(snapshot);
    zk_database_serialize_snapshot(snapshot, &out);
    assert_int_equal(jute_out_flush(&out), 0);
    return body;
}

static void a_first_start_writes_javas_snapshot_zero(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    zk_database_init_config(peer.database, CONFIG, 0);
    int64_t zxid = -7;

    assert_false(zk_database_is_initialized(peer.database));
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);

    assert_true(zk_database_is_initialized(peer.database));
    assert_int_equal(zxid, 0);
    struct server_status status = status_of(&peer);
    assert_int_equal(status.node_count, 5);
    assert_int_equal(status.approximate_data_size, 182);
    char *path = test_path(file_txn_snap_log_get_snap_dir(peer.snap_log), "snapshot.0");
    struct zk_str text = {0};
    assert_int_equal(file_read(path, 1 << 20, &text), 0);
    /* But for the time at which the config was set, and the seals, which depend on it. */
    struct buf *golden = golden_read("snapshot.0");
    assert_int_equal(text.length, golden->length);
    size_t differing = 0;
    for (size_t i = 0; i < golden->length; i++)
        differing += (uint8_t)text.text[i] != golden->bytes[i];
    assert_in_range(differing, 1, 16);
    buf_unref(golden);
    zk_str_done(&text);
    free(path);
    peer_done(&peer);
}

/* SYN-01 without the network: the image arrives, is stored under its zxid, and a restart finds it
 * there. */
static void syn_01_a_received_snapshot_survives_a_restart(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct buf *body = golden_read("snap_body_empty_tree");
    int64_t zxid;

    zk_database_clear(peer.database);
    assert_false(zk_database_is_initialized(peer.database));
    assert_int_equal(receive(&peer, body->bytes, body->length - BEN_WAS_HERE_LENGTH), 0);
    assert_true(zk_database_is_initialized(peer.database));
    zk_database_set_last_processed_zxid(peer.database, INT64_C(0x100000001));
    assert_int_equal(zk_database_take_snapshot(peer.database), 0);
    peer_restart(&peer);
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);

    assert_true(zxid == INT64_C(0x100000001));
    assert_true(zk_database_last_processed_zxid(peer.database) == INT64_C(0x100000001));
    struct buf *again = body_of(&peer, &zxid);
    assert_int_equal(again->length, body->length - BEN_WAS_HERE_LENGTH);
    assert_memory_equal(again->bytes, body->bytes, again->length);
    assert_true(zxid == INT64_C(0x100000001));
    buf_unref(again);
    buf_unref(body);
    peer_done(&peer);
}

/* A leader begins a snapshot before its term and writes it in the term: the name must not promise
 * what the tree got later. */
static void a_snapshot_is_named_after_the_moment_at_which_it_was_begun(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    zk_database_set_last_processed_zxid(peer.database, 5);
    struct zk_database_snapshot *snapshot = zk_database_begin_snapshot(peer.database);
    zk_database_set_last_processed_zxid(peer.database, 9);

    assert_int_equal(zk_database_snapshot_zxid(snapshot), 5);
    assert_int_equal(zk_database_save_snapshot(peer.database, snapshot), 0);

    char *path = test_path(peer.directory, "version-2/snapshot.5");
    assert_true(file_exists(path));
    free(path);
    peer_done(&peer);
}

static void the_signature_behind_a_body_is_left_on_the_stream(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct buf *body = golden_read("snap_body_empty_tree");
    struct jute_in in = jute_in_of_bytes(peer.ctx, body->bytes, body->length);
    char *signature;
    assert_int_equal(zk_database_deserialize_snapshot(peer.database, &in), 0);
    assert_int_equal(jute_in_text(&in, &signature), 0);
    assert_string_equal(signature, "BenWasHere");
    free(signature);
    buf_unref(body);
    peer_done(&peer);
}

static void a_body_that_breaks_off_changes_nothing(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct buf *body = golden_read("snap_body_empty_tree");
    zk_database_init_config(peer.database, "mine", 0);
    zk_database_set_last_processed_zxid(peer.database, 77);

    assert_int_equal(receive(&peer, body->bytes, 300), -EPIPE);

    assert_int_equal(zk_database_last_processed_zxid(peer.database), 77);
    assert_int_equal(status_of(&peer).approximate_data_size, 44 + 4);
    buf_unref(body);
    peer_done(&peer);
}

static void clearing_forgets_tree_sessions_and_zxid(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct buf *golden = golden_read("snap_body_empty_tree");
    struct buf *body = buf_new(1024);
    buf_put_int(body, 1);
    buf_put_long(body, INT64_C(0x300000a4d190000));
    buf_put_int(body, 10000);
    buf_put_bytes(body, golden->bytes + 4, golden->length - 4);
    assert_int_equal(receive(&peer, body->bytes, body->length), 0);
    struct session_timeouts sessions;
    zk_database_sessions(peer.database, &sessions);
    assert_int_equal(sessions.count, 1);
    assert_int_equal(sessions.items[0].timeout_ms, 10000);
    session_timeouts_done(&sessions);
    assert_int_equal(status_of(&peer).global_sessions, 1);
    zk_database_set_last_processed_zxid(peer.database, 9);

    zk_database_clear(peer.database);

    assert_int_equal(status_of(&peer).global_sessions, 0);
    assert_int_equal(zk_database_last_processed_zxid(peer.database), 0);
    assert_int_equal(status_of(&peer).approximate_data_size, 44);
    buf_unref(body);
    buf_unref(golden);
    peer_done(&peer);
}

static void a_database_that_cannot_be_loaded_stays_as_it_was(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    char *path = test_path(file_txn_snap_log_get_snap_dir(peer.snap_log), "snapshot.5");
    test_write_file(path, "");
    int64_t zxid = -7;
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), -EBADMSG);
    assert_int_equal(zxid, -7);
    assert_false(zk_database_is_initialized(peer.database));
    assert_int_equal(status_of(&peer).node_count, 5);
    free(path);
    peer_done(&peer);
}

/* ---- two threads ---- */

struct slow_learner {
    struct peer *peer;
    struct sock *sock; /* whose far end does not read */
    struct zk_mutex mutex;
    bool writing;
};

/* One snapshot after the other, until the socket is full; then the one that is under way stays
 * so. */
static void slow_learner_run(void *arg)
{
    struct slow_learner *learner = arg;
    struct zk_output *output = zk_output_new_sock(learner->sock);
    struct jute_out out = jute_out_of(output);
    while (out.error == 0) {
        zk_database_serialize_snapshot(zk_database_begin_snapshot(learner->peer->database), &out);
        zk_mutex_lock(&learner->mutex);
        learner->writing = true;
        zk_mutex_unlock(&learner->mutex);
    }
    zk_output_free(output);
}

static bool is_writing(void *arg)
{
    struct slow_learner *learner = arg;
    zk_mutex_lock(&learner->mutex);
    bool writing = learner->writing;
    zk_mutex_unlock(&learner->mutex);
    return writing;
}

static void a_learner_that_does_not_read_holds_up_nobody(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct inet_address address = test_loopback(0);
    struct sock *listener;
    struct sock *near;
    struct sock *far;
    assert_int_equal(sock_listen(peer.ctx, &address, 5, &listener), 0);
    assert_int_equal(sock_new(peer.ctx, INET_V4, &near), 0);
    struct inet_address at = test_loopback(sock_local(listener)->port);
    assert_int_equal(sock_connect(near, &at, TEST_PATIENCE_MS), 0);
    assert_int_equal(sock_accept(listener, &far), 0);
    struct slow_learner learner = {.peer = &peer, .sock = near};
    zk_mutex_init(&learner.mutex, peer.ctx, "slow_learner", 99 /* below all of the server */);
    struct zk_thread_group *group = zk_thread_group_new(peer.ctx);
    assert_int_equal(zk_thread_group_start(group, slow_learner_run, &learner, "slow learner"), 0);
    test_await(is_writing, &learner);

    /* Each of these would wait for ever if the writer held the database. */
    zk_database_init_config(peer.database, CONFIG, 0);
    zk_database_set_last_processed_zxid(peer.database, 3);
    assert_int_equal(zk_database_take_snapshot(peer.database), 0);

    sock_wake(near);
    zk_thread_group_free(group);
    zk_mutex_destroy(&learner.mutex);
    sock_unref(near);
    sock_unref(far);
    sock_unref(listener);
    peer_done(&peer);
}

enum { ROUNDS = 200 };

static void reader_run(void *arg)
{
    struct peer *peer = arg;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t zxid;
        struct buf *body = body_of(peer, &zxid);
        buf_unref(body);
        status_of(peer);
        zk_database_is_initialized(peer->database);
    }
}

/* For the thread sanitizer: one thread replaces what two others read. */
static void readers_see_the_old_tree_or_the_new_one(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct buf *body = golden_read("snap_body_empty_tree");
    struct zk_thread_group *group = zk_thread_group_new(peer.ctx);
    for (int i = 0; i < 2; i++)
        assert_int_equal(zk_thread_group_start(group, reader_run, &peer, "reader %d", i), 0);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(receive(&peer, body->bytes, body->length), 0);
        zk_database_init_config(peer.database, CONFIG, i);
        zk_database_clear(peer.database);
    }
    zk_thread_group_free(group);
    assert_int_equal(status_of(&peer).node_count, 5);
    buf_unref(body);
    peer_done(&peer);
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* Takes over what record owns. The caller unrefs the entry. */
static struct txn_log_entry *entry_new(int64_t session_id, int64_t zxid, int32_t type,
                                       union txn_record *record)
{
    struct txn_header header = {
        .client_id = session_id, .cxid = 1, .zxid = zxid, .time_ms = 1000, .type = type};
    return txn_log_entry_new(&header, record, NULL);
}

static struct txn_log_entry *error_entry(int64_t zxid)
{
    union txn_record record = {.error = {.err = -101}};
    return entry_new(1, zxid, OP_CODE_ERROR, &record);
}

static void add_committed(struct peer *peer, int64_t zxid)
{
    struct txn_log_entry *entry = error_entry(zxid);
    zk_database_add_committed_proposal(peer->database, entry);
    txn_log_entry_unref(entry);
}

/* The committed log is first to last without a gap; it is empty if last is below first. */
static void expect_committed(struct peer *peer, int64_t first, int64_t last)
{
    struct committed_log log;
    zk_database_get_committed_log(peer->database, &log);
    assert_int_equal(log.count, last - first + 1);
    for (size_t i = 0; i < log.count; i++)
        assert_int_equal(log.entries[i]->header.zxid, first + (int64_t)i);
    assert_int_equal(log.min_committed_log, log.count > 0 ? first : 0);
    assert_int_equal(log.max_committed_log, log.count > 0 ? last : 0);
    committed_log_done(&log);
}

static void a_new_committed_log_is_empty(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    expect_committed(&peer, 1, 0);
    peer_done(&peer);
}

/* Java's log of 0x1 to 0x25b begins with 0x67: seen with 3.8.0. */
static void the_committed_log_keeps_501_transactions(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    for (int64_t zxid = 1; zxid <= 501; zxid++)
        add_committed(&peer, zxid);
    expect_committed(&peer, 1, 501);
    for (int64_t zxid = 502; zxid <= 0x25b; zxid++)
        add_committed(&peer, zxid);
    expect_committed(&peer, 0x67, 0x25b);
    peer_done(&peer);
}

static void a_larger_commit_log_count_keeps_more_and_a_smaller_one_is_refused(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    /* The second is no octal number, and the third is none at all. */
    static const char *const counts[] = {"600", "0600", "0x800", "10"};
    for (size_t i = 0; i < 4; i++) {
        zk_settings_set(peer.ctx, "zookeeper.commitLogCount", counts[i]);
        peer_restart(&peer);
        for (int64_t zxid = 1; zxid <= 700; zxid++)
            add_committed(&peer, zxid);
        expect_committed(&peer, i < 2 ? 100 : 200, 700);
    }
    peer_done(&peer);
}

static void a_transaction_that_is_there_is_not_added_again(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    for (int64_t zxid = 1; zxid <= 5; zxid++)
        add_committed(&peer, zxid);
    add_committed(&peer, 3);
    add_committed(&peer, 5);
    expect_committed(&peer, 1, 5);
    peer_done(&peer);
}

/* A learner that got 7 as if it were all behind 5 would never hear of 6. */
static void before_a_hole_nothing_is_kept(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    for (int64_t zxid = 1; zxid <= 5; zxid++)
        add_committed(&peer, zxid);
    add_committed(&peer, 7);
    add_committed(&peer, 8);
    expect_committed(&peer, 7, 8);
    peer_done(&peer);
}

static void a_new_epoch_is_no_hole(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    add_committed(&peer, INT64_C(0x100000009));
    add_committed(&peer, INT64_C(0x200000001));
    struct committed_log log;
    zk_database_get_committed_log(peer.database, &log);
    assert_int_equal(log.count, 2);
    assert_int_equal(log.min_committed_log, INT64_C(0x100000009));
    assert_int_equal(log.max_committed_log, INT64_C(0x200000001));
    committed_log_done(&log);
    peer_done(&peer);
}

/* Its transactions belong to the tree that is gone. */
static void the_committed_log_goes_with_its_tree(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct buf *body = golden_read("snap_body_empty_tree");
    add_committed(&peer, 1);
    assert_int_equal(receive(&peer, body->bytes, body->length), 0);
    expect_committed(&peer, 1, 0);
    add_committed(&peer, 1);
    zk_database_clear(peer.database);
    expect_committed(&peer, 1, 0);
    buf_unref(body);
    peer_done(&peer);
}

/* Session id and zxid are the same number here. */
static void session_comes(struct peer *peer, int64_t zxid)
{
    union txn_record record = {.create_session = {.time_out_ms = 4000}};
    struct txn_log_entry *entry = entry_new(zxid, zxid, OP_CODE_CREATE_SESSION, &record);
    struct process_txn_result result;
    zk_database_process_txn(peer->database, entry, &result);
    process_txn_result_done(&result);
    txn_log_entry_unref(entry);
}

static void session_goes(struct peer *peer, int64_t session_id, int64_t zxid)
{
    union txn_record record = {.close_session = {.paths2_delete = {.present = true}}};
    struct txn_log_entry *entry = entry_new(session_id, zxid, OP_CODE_CLOSE_SESSION, &record);
    struct process_txn_result result;
    zk_database_process_txn(peer->database, entry, &result);
    process_txn_result_done(&result);
    txn_log_entry_unref(entry);
}

static void sessions_come_and_go_with_their_transactions(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    session_comes(&peer, 1);
    session_comes(&peer, 2);
    session_goes(&peer, 1, 3);
    struct session_timeouts sessions;
    zk_database_sessions(peer.database, &sessions);
    assert_int_equal(sessions.count, 1);
    assert_int_equal(sessions.items[0].session, 2);
    assert_int_equal(sessions.items[0].timeout_ms, 4000);
    session_timeouts_done(&sessions);
    assert_int_equal(zk_database_last_processed_zxid(peer.database), 3);
    peer_done(&peer);
}

enum { SESSIONS = 3000 };

static void sessions_run(void *arg)
{
    for (int64_t zxid = 1; zxid <= SESSIONS; zxid++)
        session_comes(arg, zxid);
}

/* ZOOKEEPER-3144: a snapshot whose name says that a session exists must have it. */
static void a_snapshot_has_the_sessions_of_its_zxid(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct zk_thread_group *group = zk_thread_group_new(peer.ctx);
    assert_int_equal(zk_thread_group_start(group, sessions_run, &peer, "sessions"), 0);
    int64_t zxid = 0;
    while (zxid < SESSIONS) {
        struct buf *body = body_of(&peer, &zxid);
        /* The number of sessions is the first thing of the body. */
        assert_true(zk_load_int(body->bytes) >= zxid);
        buf_unref(body);
    }
    zk_thread_group_free(group);
    peer_done(&peer);
}

/* ---- the log on disk ------------------------------------------------------------------------- */

/* Logs these transactions, and makes them durable. */
static void log_transactions(struct peer *peer, int64_t first, int64_t last)
{
    for (int64_t zxid = first; zxid <= last; zxid++) {
        struct txn_log_entry *entry = error_entry(zxid);
        assert_int_equal(zk_database_append(peer->database, entry), 0);
        txn_log_entry_unref(entry);
    }
    assert_int_equal(zk_database_commit(peer->database), 0);
}

static void what_was_logged_is_counted_until_the_log_is_rolled(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    int64_t zxid;
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    log_transactions(&peer, 1, 7);
    assert_int_equal(zk_database_get_txn_count(peer.database), 7);
    assert_true(zk_database_get_txn_size(peer.database) > 0);
    assert_int_equal(zk_database_roll_log(peer.database), 0);
    assert_int_equal(zk_database_get_txn_count(peer.database), 0);
    peer_done(&peer);
}

/* A restart applies the log, and remembers the end of it for learners. */
static void a_restart_fills_tree_sessions_and_committed_log(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    int64_t zxid;
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    union txn_record record = {.create_session = {.time_out_ms = 4000}};
    struct txn_log_entry *entry = entry_new(9, 1, OP_CODE_CREATE_SESSION, &record);
    assert_int_equal(zk_database_append(peer.database, entry), 0);
    txn_log_entry_unref(entry);
    log_transactions(&peer, 2, 600);

    peer_restart(&peer);
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);

    assert_int_equal(zxid, 600);
    expect_committed(&peer, 100, 600);
    assert_int_equal(status_of(&peer).global_sessions, 1);
    peer_done(&peer);
}

/* What was logged and not committed is in the tree when the next term begins. */
static void fast_forward_applies_what_the_log_holds_beyond_the_tree(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    int64_t zxid;
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    union txn_record record = {.create_session = {.time_out_ms = 4000}};
    struct txn_log_entry *entry = entry_new(9, 1, OP_CODE_CREATE_SESSION, &record);
    assert_int_equal(zk_database_append(peer.database, entry), 0);
    txn_log_entry_unref(entry);
    log_transactions(&peer, 2, 10);
    assert_int_equal(zk_database_last_processed_zxid(peer.database), 0);

    assert_int_equal(zk_database_fast_forward_data_base(peer.database, &zxid), 0);

    assert_int_equal(zxid, 10);
    assert_int_equal(zk_database_last_processed_zxid(peer.database), 10);
    assert_int_equal(status_of(&peer).global_sessions, 1);
    expect_committed(&peer, 1, 10);
    assert_int_equal(zk_database_fast_forward_data_base(peer.database, &zxid), 0);
    assert_int_equal(zxid, 10);
    expect_committed(&peer, 1, 10);
    peer_done(&peer);
}

/* The tail of a deposed leader leaves the disk and the memory. */
static void truncating_forgets_what_is_behind(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    int64_t zxid;
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    log_transactions(&peer, 1, 10);
    assert_int_equal(zk_database_fast_forward_data_base(peer.database, &zxid), 0);

    assert_int_equal(zk_database_truncate_log(peer.database, 6), 0);

    assert_int_equal(zk_database_last_processed_zxid(peer.database), 6);
    expect_committed(&peer, 1, 6);
    peer_restart(&peer);
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    assert_int_equal(zxid, 6);
    peer_done(&peer);
}

/* Where the log on disk begins, and how much of it may be sent. */
static void the_log_on_disk_serves_learners_if_it_reaches_back_and_is_not_too_large(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    int64_t zxid;
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    log_transactions(&peer, 5, 20);
    struct txn_iterator *iterator = NULL;

    assert_int_equal(zk_database_get_proposals_from_txn_log(peer.database, 7, 0, &iterator), 0);
    assert_int_equal(txn_iterator_entry(iterator)->header.zxid, 5);
    txn_iterator_free(iterator);

    assert_int_equal(zk_database_get_proposals_from_txn_log(peer.database, 4, 0, &iterator),
                     -ENOENT);
    assert_int_equal(zk_database_get_proposals_from_txn_log(peer.database, 7, -1, &iterator),
                     -EFBIG);
    peer_done(&peer);
}

static void a_third_of_the_newest_snapshot_may_be_sent_instead_of_it(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    assert_true(zk_database_is_txn_log_sync_enabled(peer.database));
    assert_int_equal(zk_database_calculate_txn_log_size_limit(peer.database), 0);
    int64_t zxid;
    zk_database_init_config(peer.database, CONFIG, 0);
    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    /* snapshot.0 of these three has 595 bytes */
    assert_int_equal(zk_database_calculate_txn_log_size_limit(peer.database), 196);
    zk_settings_set(peer.ctx, "zookeeper.snapshotSizeFactor", "-1");
    peer_restart(&peer);
    assert_false(zk_database_is_txn_log_sync_enabled(peer.database));
    zk_settings_set(peer.ctx, "zookeeper.snapshotSizeFactor", "1.5");
    peer_restart(&peer);
    assert_int_equal(zk_database_calculate_txn_log_size_limit(peer.database), 196);
    zk_settings_set(peer.ctx, "zookeeper.snapshotSizeFactor", "0.5");
    peer_restart(&peer);
    assert_int_equal(zk_database_calculate_txn_log_size_limit(peer.database), 297);
    peer_done(&peer);
}

/* A monitor sees neither fewer when a SNAP brings another tree, nor more when a term ends. */
static void mismatches_of_digests_are_counted_over_all_trees(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    for (int64_t zxid, count = 1; count <= 2; count++) {
        struct data_tree *tree = zk_database_get_data_tree(peer.database);
        data_tree_set_digest_from_snapshot(tree, &(struct zxid_digest){5, DIGEST_VERSION, 77}, 5);
        data_tree_unref(tree);
        assert_int_equal(zk_database_fast_forward_data_base(peer.database, &zxid), 0);
        assert_int_equal(status_of(&peer).digest_mismatches, count);
        zk_database_clear(peer.database);
        assert_int_equal(status_of(&peer).digest_mismatches, count);
    }
    peer_done(&peer);
}

/* A snapshot that was written while transaction 5 came, and no log that has it. */
static void a_log_that_ends_before_the_snapshots_digest_is_warned_of(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct peer peer = {.ctx = capture.ctx, .directory = test_temporary_directory()};
    char *error = NULL;
    assert_int_equal(
        file_txn_snap_log_new(peer.ctx, peer.directory, peer.directory, &peer.snap_log, &error), 0);
    struct data_tree *tree = data_tree_new(peer.ctx);
    assert_int_equal(apply_record(tree, 5, OP_CODE_ERROR, 0, error_record(-1)), -1);
    assert_int_equal(file_snap_serialize(peer.ctx, file_txn_snap_log_get_snap_dir(peer.snap_log), 3,
                                         tree, &(struct session_timeouts){0}),
                     0);
    data_tree_unref(tree);
    peer.database = zk_database_new(peer.ctx, peer.snap_log);
    int64_t zxid;

    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);

    char *log = test_captured_log(&capture);
    const char *first = strstr(log, "txn zxid 0x3 is not covering the snapshot digest zxid 0x5");
    assert_true(first != NULL && strstr(first + 1, "txn zxid") == NULL); /* only once */
    free(log);
    zk_database_free(peer.database);
    file_txn_snap_log_free(peer.snap_log);
    test_remove_directory(peer.directory);
    test_capture_done(&capture);
}

static void a_load_is_measured(void **state)
{
    (void)state;
    struct peer peer = peer_new();
    struct server_metrics *metrics = server_metrics_new(peer.ctx);
    int64_t zxid;
    zk_database_set_metrics(peer.database, metrics);

    assert_int_equal(zk_database_load_data_base(peer.database, &zxid), 0);
    struct server_metrics_values values = server_metrics_get(metrics);
    assert_int_equal(values.summaries[SERVER_METRICS_DBINITTIME].count, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_STARTUP_SNAP_LOAD_TIME].count, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_STARTUP_TXNS_LOADED].count, 0);

    struct txn_log_entry *entry = error_entry(1);
    assert_int_equal(zk_database_append(peer.database, entry), 0);
    txn_log_entry_unref(entry);
    assert_int_equal(zk_database_commit(peer.database), 0);
    for (int i = 0; i < 2; i++) /* the second time there is nothing new */
        assert_int_equal(zk_database_fast_forward_data_base(peer.database, &zxid), 0);
    values = server_metrics_get(metrics);
    assert_int_equal(values.summaries[SERVER_METRICS_STARTUP_TXNS_LOADED].count, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_STARTUP_TXNS_LOAD_TIME].count, 1);
    server_metrics_free(metrics);
    peer_done(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_start_writes_javas_snapshot_zero),
        cmocka_unit_test(syn_01_a_received_snapshot_survives_a_restart),
        cmocka_unit_test(a_snapshot_is_named_after_the_moment_at_which_it_was_begun),
        cmocka_unit_test(the_signature_behind_a_body_is_left_on_the_stream),
        cmocka_unit_test(a_body_that_breaks_off_changes_nothing),
        cmocka_unit_test(clearing_forgets_tree_sessions_and_zxid),
        cmocka_unit_test(a_database_that_cannot_be_loaded_stays_as_it_was),
        cmocka_unit_test(a_learner_that_does_not_read_holds_up_nobody),
        cmocka_unit_test(readers_see_the_old_tree_or_the_new_one),
        cmocka_unit_test(a_load_is_measured),
        cmocka_unit_test(a_new_committed_log_is_empty),
        cmocka_unit_test(the_committed_log_keeps_501_transactions),
        cmocka_unit_test(a_larger_commit_log_count_keeps_more_and_a_smaller_one_is_refused),
        cmocka_unit_test(a_transaction_that_is_there_is_not_added_again),
        cmocka_unit_test(before_a_hole_nothing_is_kept),
        cmocka_unit_test(a_new_epoch_is_no_hole),
        cmocka_unit_test(the_committed_log_goes_with_its_tree),
        cmocka_unit_test(sessions_come_and_go_with_their_transactions),
        cmocka_unit_test(a_snapshot_has_the_sessions_of_its_zxid),
        cmocka_unit_test(what_was_logged_is_counted_until_the_log_is_rolled),
        cmocka_unit_test(a_restart_fills_tree_sessions_and_committed_log),
        cmocka_unit_test(fast_forward_applies_what_the_log_holds_beyond_the_tree),
        cmocka_unit_test(truncating_forgets_what_is_behind),
        cmocka_unit_test(the_log_on_disk_serves_learners_if_it_reaches_back_and_is_not_too_large),
        cmocka_unit_test(a_third_of_the_newest_snapshot_may_be_sent_instead_of_it),
        cmocka_unit_test(mismatches_of_digests_are_counted_over_all_trees),
        cmocka_unit_test(a_log_that_ends_before_the_snapshots_digest_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
