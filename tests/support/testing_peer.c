/* A peer for tests: the parts that main puts together, without the main loop. The role runs in a
 * thread of its own; everything else here belongs to the test's thread. */
#include "testing_peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sleep_ms.h"
#include "zk/base/alloc.h"
#include "zk/io/file.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/zab/follower.h"
#include "zk/zab/leader.h"
#include "zk/zab/observer.h"

/* What the role's thread does. */
struct testing_peer_run {
    struct leader *leader; /* one of the three */
    struct follower *follower;
    struct observer *observer;
    int result; /* read when the thread is joined */
};

struct testing_peer_options testing_peer_options_default(int64_t my_id)
{
    return (struct testing_peer_options){
        .my_id = my_id, .voters = 3, .tick_time_ms = 100, .init_limit = 600, .sync_limit = 600};
}

static char *configuration_text(const struct testing_peer *peer,
                                const struct testing_peer_options *options)
{
    struct zk_str text = {0};
    zk_str_printf(&text, "tickTime=%d\ninitLimit=%d\nsyncLimit=%d\ndataDir=%s\n",
                  options->tick_time_ms, options->init_limit, options->sync_limit, peer->directory);
    zk_str_printf(&text, "clientPort=%d\n", test_free_port());
    for (int sid = 1; sid <= options->voters + options->observers; sid++) {
        zk_str_printf(&text, "server.%d=127.0.0.1:%d:%d", sid, peer->ports[sid], test_free_port());
        if (sid == options->second_address_of)
            zk_str_printf(&text, "|127.0.0.1:%d:%d",
                          options->second_port != 0 ? options->second_port : test_free_port(),
                          test_free_port());
        zk_str_printf(&text, ":%s\n", sid <= options->voters ? "participant" : "observer");
    }
    if (options->my_id > options->voters)
        zk_str_append(&text, "peerType=observer\n");
    if (options->lines != NULL)
        zk_str_append(&text, options->lines);
    return zk_str_take(&text);
}

static void read_configuration(struct testing_peer *peer,
                               const struct testing_peer_options *options)
{
    char *text = configuration_text(peer, options);
    char *path = test_path(peer->directory, "zoo.cfg");
    test_write_file(path, text);
    char *myid_path = test_path(peer->directory, "myid");
    char myid[24];
    snprintf(myid, sizeof myid, "%" PRId64, options->my_id);
    test_write_file(myid_path, myid);
    char *error = NULL;
    if (quorum_peer_config_parse(peer->ctx, path, &peer->config, &error) < 0)
        fail_msg("%s", error);
    free(myid_path);
    free(path);
    free(text);
}

/* There is no port, but what it would do is noted. */
static void set_zookeeper_server(void *arg, struct zookeeper_server *server)
{
    struct testing_peer *peer = arg;
    if (server != NULL) {
        peer->client_ports_opened++;
        return;
    }
    peer->client_ports_closed++;
    struct zookeeper_server *active = quorum_peer_get_active_server(peer->self);
    if (active == NULL || !zookeeper_server_is_running(active))
        peer->closed_behind_the_shutdown = true;
    zookeeper_server_unref(active);
}

void testing_peer_init(struct testing_peer *peer, const struct testing_peer_options *options)
{
    memset(peer, 0, sizeof *peer);
    peer->capture = test_capture_new();
    peer->ctx = peer->capture.ctx;
    peer->directory = test_temporary_directory();
    for (int sid = 1; sid <= options->voters + options->observers; sid++)
        peer->ports[sid] = options->ports != NULL ? options->ports[sid] : test_free_port();
    zk_context_set_myid(peer->ctx, options->my_id);
    if (options->setting != NULL)
        zk_settings_set(peer->ctx, options->setting, options->value);
    read_configuration(peer, options);
    char *error = NULL;
    if (file_txn_snap_log_new(peer->ctx, peer->config->data_dir, peer->config->data_log_dir,
                              &peer->snap_log, &error) < 0)
        fail_msg("%s", error);
    peer->database = zk_database_new(peer->ctx, peer->snap_log);
    const struct quorum_verifier *qv = peer->config->quorum_verifier;
    zk_database_init_config(peer->database, qv_to_string(qv), qv->version);
    peer->self = quorum_peer_new(peer->ctx, peer->config, peer->database);
    const struct quorum_peer_cnxn_factory client_port = {
        .set_zookeeper_server = set_zookeeper_server, .arg = peer};
    quorum_peer_set_cnxn_factory(peer->self, &client_port);
    assert_int_equal(0, quorum_peer_load_database(peer->self));
    peer->threads = zk_thread_group_new(peer->ctx);
    peer->run = zk_xcalloc(1, sizeof *peer->run);
}

void testing_peer_done(struct testing_peer *peer)
{
    zk_thread_group_free(peer->threads);
    leader_free(peer->run->leader);
    follower_free(peer->run->follower);
    observer_free(peer->run->observer);
    free(peer->run);
    quorum_peer_free(peer->self);
    zk_database_free(peer->database);
    file_txn_snap_log_free(peer->snap_log);
    quorum_peer_config_free(peer->config);
    test_remove_directory(peer->directory);
    test_capture_done(&peer->capture);
}

void testing_peer_history(struct testing_peer *peer, int64_t accepted_epoch, int64_t current_epoch,
                          int64_t last_zxid)
{
    assert_int_equal(0, quorum_peer_set_accepted_epoch(peer->self, accepted_epoch));
    assert_int_equal(0, quorum_peer_set_current_epoch(peer->self, current_epoch));
    zk_database_set_last_processed_zxid(peer->database, last_zxid);
}

/* --- running a role --- */

static void vote_for(struct testing_peer *peer, enum server_state state, int64_t leader)
{
    struct vote vote = vote_of(leader, 0, 0);
    if (quorum_peer_get_peer_state(peer->self) != SERVER_STATE_LOOKING) /* the role before */
        quorum_peer_set_peer_state(peer->self, SERVER_STATE_LOOKING, "the test says so");
    quorum_peer_decide(peer->self, state, &vote, "the test says so");
}

static void lead_run(void *arg)
{
    struct testing_peer_run *run = arg;
    run->result = leader_lead(run->leader);
}

static void follow_run(void *arg)
{
    struct testing_peer_run *run = arg;
    run->result = follower_follow_leader(run->follower);
}

static void observe_run(void *arg)
{
    struct testing_peer_run *run = arg;
    run->result = observer_observe_leader(run->observer);
}

void testing_peer_start_leading(struct testing_peer *peer)
{
    vote_for(peer, SERVER_STATE_LEADING, peer->config->my_id);
    peer->run->leader = leader_new(peer->self);
    assert_int_equal(0, zk_thread_group_start(peer->threads, lead_run, peer->run, "QuorumPeer"));
}

void testing_peer_start_following(struct testing_peer *peer, int64_t leader)
{
    vote_for(peer, SERVER_STATE_FOLLOWING, leader);
    peer->run->follower = follower_new(peer->self);
    assert_int_equal(0, zk_thread_group_start(peer->threads, follow_run, peer->run, "QuorumPeer"));
}

void testing_peer_start_observing(struct testing_peer *peer, int64_t leader)
{
    vote_for(peer, SERVER_STATE_OBSERVING, leader);
    peer->run->observer = observer_new(peer->self);
    assert_int_equal(0, zk_thread_group_start(peer->threads, observe_run, peer->run, "QuorumPeer"));
}

struct leader *testing_peer_leader(struct testing_peer *peer)
{
    return peer->run->leader;
}

int testing_peer_join(struct testing_peer *peer)
{
    zk_thread_group_join(peer->threads);
    assert_int_equal(1, zk_thread_count(peer->ctx)); /* we alone */
    zk_thread_group_free(peer->threads);
    peer->threads = zk_thread_group_new(peer->ctx);
    leader_free(peer->run->leader);
    if (peer->run->follower != NULL)
        peer->refused = follower_was_refused(peer->run->follower);
    follower_free(peer->run->follower);
    observer_free(peer->run->observer);
    int result = peer->run->result;
    *peer->run = (struct testing_peer_run){0};
    return result;
}

int testing_peer_stop(struct testing_peer *peer)
{
    quorum_peer_stop_running(peer->self);
    return testing_peer_join(peer);
}

/* --- looking at it --- */

static char *version_2_path(const struct testing_peer *peer, const char *name)
{
    char *version_2 = test_path(peer->directory, "version-2");
    char *path = test_path(version_2, name);
    free(version_2);
    return path;
}

bool testing_peer_has_file(const struct testing_peer *peer, const char *name)
{
    char *path = version_2_path(peer, name);
    bool exists = file_exists(path);
    free(path);
    return exists;
}

char *testing_peer_file(const struct testing_peer *peer, const char *name)
{
    char *path = version_2_path(peer, name);
    char *text = file_exists(path) ? test_read_file(path) : zk_xstrdup("");
    free(path);
    return text;
}

void testing_peer_assert_file(const struct testing_peer *peer, const char *name,
                              const char *expected)
{
    char *text = testing_peer_file(peer, name);
    assert_string_equal(expected, text);
    free(text);
}

bool testing_peer_logged(const struct testing_peer *peer, const char *text)
{
    char *log = test_captured_log(&peer->capture);
    bool found = strstr(log, text) != NULL;
    free(log);
    return found;
}

void testing_peer_await_log(struct testing_peer *peer, const char *text)
{
    int64_t deadline_ms = zk_elapsed_ms() + TEST_PATIENCE_MS;
    while (!testing_peer_logged(peer, text)) {
        if (zk_elapsed_ms() >= deadline_ms) {
            char *log = test_captured_log(&peer->capture);
            print_error("%s", log);
            free(log);
            fail_msg("never logged: %s", text);
        }
        sleep_ms(1);
    }
}

struct buf *testing_peer_snapshot(struct testing_peer *peer, int64_t *ret_zxid)
{
    struct buf *body = buf_new(1024);
    struct jute_out out = jute_out_of_buf(body);
    struct zk_database_snapshot *snapshot = zk_database_begin_snapshot(peer->database);
    *ret_zxid = zk_database_snapshot_zxid(snapshot);
    zk_database_serialize_snapshot(snapshot, &out);
    assert_int_equal(jute_out_flush(&out), 0);
    return body;
}
