/* What a peer holds in memory, its way to disk, to a learner, and back. Java: ZKDatabase,
 * Zab1_0Test */
#include <errno.h>
#include <stdlib.h>

#include "golden.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
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
    struct zk_input *input = zk_input_new_bytes(bytes, length);
    struct jute_in in = jute_in_of(peer->ctx, input);
    int r = zk_database_deserialize_snapshot(peer->database, &in);
    zk_input_free(input);
    return r;
}

/* The body of SNAP. */
static struct buf *body_of(struct peer *peer, int64_t *ret_zxid)
{
    struct buf *body = buf_new(1024);
    struct zk_output *output = zk_output_new_buf(body);
    struct jute_out out = jute_out_of(output);
    struct zk_database_snapshot *snapshot = zk_database_begin_snapshot(peer->database);
    *ret_zxid = zk_database_snapshot_zxid(snapshot);
    zk_database_serialize_snapshot(snapshot, &out);
    assert_int_equal(jute_out_flush(&out), 0);
    zk_output_free(output);
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
    struct zk_input *input = zk_input_new_bytes(body->bytes, body->length);
    struct jute_in in = jute_in_of(peer.ctx, input);
    char *signature;
    assert_int_equal(zk_database_deserialize_snapshot(peer.database, &in), 0);
    assert_int_equal(jute_in_text(&in, &signature), 0);
    assert_string_equal(signature, "BenWasHere");
    free(signature);
    zk_input_free(input);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
