/* The whole opening dialogue, byte for byte, from both sides; and our own two sides together. */
#include <errno.h>
#include <stdlib.h>

#include "golden.h"
#include "scripted_peer.h"
#include "sleep_ms.h"
#include "testing_peer.h"
#include "zab/leader_internal.h"
#include "zk/io/file.h"
#include "zk/jute/quorum.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

enum { EPOCH_1 = 0x1 };

static const int64_t EPOCH_1_ZXID = (int64_t)EPOCH_1 << 32;

/* The configuration's text in hex, as NEWLEADER carries it. */
static char *config_hex(const struct testing_peer *peer)
{
    struct zk_str hex = {0};
    for (const char *at = qv_to_string(peer->config->quorum_verifier); *at != '\0'; at++)
        zk_str_printf(&hex, "%02x", (unsigned char)*at);
    return zk_str_take(&hex);
}

/* --- the follower's side --------------------------------------------------------------------- */

/* DSC-02, DSC-03, SYN-08: a follower without history and a leader at zxid 0, as captured from Java;
 * what stands on disk at each step. */
static void dsc_02_follower_says_what_java_says_and_writes_before_it_speaks(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[3]);
    testing_peer_start_following(&peer, 3);
    scripted_peer_accept(leader);

    scripted_peer_expect_golden(leader, "followerinfo");
    testing_peer_assert_file(&peer, "acceptedEpoch", "0");
    scripted_peer_send_golden(leader, "leaderinfo");
    scripted_peer_expect_golden(leader, "ackepoch");
    testing_peer_assert_file(&peer, "acceptedEpoch", "1"); /* the promise, before it was spoken */
    testing_peer_assert_file(&peer, "currentEpoch", "0");

    scripted_peer_send_golden(leader, "diff");
    scripted_peer_send_golden(leader, "ping"); /* comes too early: no answer, ever */
    scripted_peer_send_golden(leader, "newleader");
    scripted_peer_expect_golden(leader, "ack_newleader");
    testing_peer_assert_file(&peer, "currentEpoch", "1");
    assert_int_equal(ZAB_STATE_SYNCHRONIZATION, quorum_peer_get_phase(peer.self).zab_state);

    scripted_peer_send_golden(leader, "uptodate");
    scripted_peer_expect_golden(leader, "ack_uptodate");
    scripted_peer_send_golden(leader, "ping");
    scripted_peer_expect_golden(leader, "ping_reply");
    assert_int_equal(ZAB_STATE_BROADCAST, quorum_peer_get_phase(peer.self).zab_state);
    assert_false(testing_peer_has_file(&peer, "snapshot.100000000"));

    scripted_peer_hang_up(leader);
    assert_true(testing_peer_join(&peer) < 0);
    scripted_peer_free(leader);
    testing_peer_done(&peer);
}

/* SYN-01: a joiner gets the whole tree. Nothing of it is on disk before NEWLEADER; all of it is
 * when the ACK leaves; and the file is the one that Java would have written. */
static void syn_01_follower_has_the_snapshot_on_disk_before_it_acks(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    testing_peer_history(&peer, 1, 1, 0);
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[3]);
    testing_peer_start_following(&peer, 3);
    scripted_peer_accept(leader);

    scripted_peer_expect_golden(leader, "followerinfo_epoch_1");
    scripted_peer_send_golden(leader, "leaderinfo");
    scripted_peer_expect_golden(leader, "ackepoch_same_epoch");
    scripted_peer_send_golden(leader, "snap");
    scripted_peer_send_golden(leader, "snap_body_empty_tree");
    testing_peer_await_log(&peer, "Getting a snapshot from leader 0x100000000");
    assert_false(testing_peer_has_file(&peer, "snapshot.100000000"));
    scripted_peer_send_golden(leader, "newleader");
    scripted_peer_expect_golden(leader, "ack_newleader");
    assert_true(testing_peer_has_file(&peer, "snapshot.100000000"));
    assert_int_equal(EPOCH_1_ZXID, zk_database_last_processed_zxid(peer.database));

    scripted_peer_send_golden(leader, "uptodate");
    scripted_peer_expect_golden(leader, "ack_uptodate");
    assert_true(testing_peer_stop(&peer) < 0);

    /* A restart finds what was acknowledged. */
    zk_database_clear(peer.database);
    int64_t zxid;
    assert_int_equal(0, zk_database_load_data_base(peer.database, &zxid));
    assert_int_equal(EPOCH_1_ZXID, zxid);
    scripted_peer_free(leader);
    testing_peer_done(&peer);
}

/* OBS-01 */
static void obs_01_observer_says_what_java_says(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.voters = 2;
    options.observers = 1;
    testing_peer_init(&peer, &options);
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[2]);
    testing_peer_start_observing(&peer, 2);
    scripted_peer_accept(leader);

    scripted_peer_expect_golden(leader, "observerinfo");
    scripted_peer_send_golden(leader, "leaderinfo");
    scripted_peer_expect_golden(leader, "ackepoch");
    scripted_peer_send_golden(leader, "snap");
    scripted_peer_send_golden(leader, "snap_body_empty_tree");
    scripted_peer_send_golden(leader, "newleader");
    scripted_peer_expect_golden(leader, "ack_newleader");
    assert_int_equal(EPOCH_1_ZXID, zk_database_last_processed_zxid(peer.database));
    assert_true(testing_peer_has_file(&peer, "snapshot.100000000"));
    scripted_peer_send_golden(leader, "uptodate");
    scripted_peer_expect_golden(leader, "ack_uptodate");
    scripted_peer_send_golden(leader, "ping");
    scripted_peer_expect_golden(leader, "ping_reply");

    scripted_peer_hang_up(leader);
    assert_true(testing_peer_join(&peer) < 0);
    assert_true(testing_peer_logged(&peer, "Exception when observing the leader"));
    scripted_peer_free(leader);
    testing_peer_done(&peer);
}

/* --- the leader's side ----------------------------------------------------------------------- */

/* DSC-02, DSC-03: the same dialogue seen from the leader, and what it has on disk. */
static void dsc_02_leader_says_what_java_says_and_writes_before_it_speaks(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.tick_time_ms = 1000; /* no PING ahead of UPTODATE, however slow the machine */
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    char *config = config_hex(&peer);

    scripted_peer_send_golden(follower, "followerinfo");
    scripted_peer_expect_golden(follower, "leaderinfo");
    testing_peer_assert_file(&peer, "acceptedEpoch", "1");
    testing_peer_assert_file(&peer, "currentEpoch", "0");
    scripted_peer_send_golden(follower, "ackepoch");
    scripted_peer_expect_golden(follower, "diff");
    scripted_peer_expect_packet(follower, LEADER_NEWLEADER, EPOCH_1_ZXID, config);
    scripted_peer_send_golden(follower, "ack_newleader");
    scripted_peer_expect_golden(follower, "uptodate");
    testing_peer_assert_file(&peer, "currentEpoch", "1");
    scripted_peer_send_golden(follower, "ack_uptodate");
    scripted_peer_expect_golden(follower, "ping");
    scripted_peer_send_golden(follower, "ping_reply");

    /* From now on the leader stands at the first zxid of its epoch. */
    assert_int_equal(EPOCH_1_ZXID, zk_database_last_processed_zxid(peer.database));
    assert_true(testing_peer_logged(&peer, "Have quorum of supporters, sids: [[1, 3]]; starting up "
                                           "and setting last processed zxid: 0x100000000"));
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_drain(follower);
    scripted_peer_free(follower);
    free(config);
    testing_peer_done(&peer);
}

/* In the body that Java sent, put our configuration in the place of its own, which is as long.
 * *ret_mtime_at: where the node's mtime stands, 32 bytes behind the text. */
static void put_own_config(struct buf *body, const struct testing_peer *peer, size_t *ret_mtime_at)
{
    static const char first_line[] = "server.1=127.0.0.1:24281:24381";
    const char *config = qv_to_string(peer->config->quorum_verifier);
    uint8_t *at = memmem(body->bytes, body->length, first_line, sizeof first_line - 1);
    assert_non_null(at);
    assert_int_equal(strlen(config), zk_load_int(at - 4));
    memcpy(at, config, strlen(config));
    *ret_mtime_at = (size_t)(at - body->bytes) + strlen(config) + 32;
}

/* A learner that comes when the term stands is given the tree, with the same bytes as Java's but
 * for the moment at which the configuration was put into it. */
static void dsc_02_leader_sends_the_snapshot_that_java_sends(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.tick_time_ms = 1000;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *first = scripted_peer_dial(peer.ctx, peer.ports[3]);
    char *config = config_hex(&peer);
    scripted_peer_send_golden(first, "followerinfo");
    scripted_peer_expect_golden(first, "leaderinfo");
    scripted_peer_send_golden(first, "ackepoch");
    scripted_peer_expect_golden(first, "diff");
    scripted_peer_expect_packet(first, LEADER_NEWLEADER, EPOCH_1_ZXID, config);
    scripted_peer_send_golden(first, "ack_newleader");
    scripted_peer_expect_golden(first, "uptodate");

    struct scripted_peer *joiner = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_golden(joiner, "observerinfo");
    scripted_peer_expect_golden(joiner, "leaderinfo");
    scripted_peer_send_golden(joiner, "ackepoch");
    scripted_peer_expect_golden(joiner, "snap");
    struct buf *expected = golden_read("snap_body_empty_tree");
    size_t mtime_at = 0;
    put_own_config(expected, &peer, &mtime_at);
    uint8_t got[1024];
    assert_true(expected->length <= sizeof got);
    scripted_peer_read(joiner, got, expected->length);
    memcpy(got + mtime_at, expected->bytes + mtime_at, 8);
    assert_memory_equal(expected->bytes, got, expected->length);
    buf_unref(expected);
    scripted_peer_expect_packet_past_pings(joiner, LEADER_NEWLEADER, EPOCH_1_ZXID, config);

    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(joiner);
    scripted_peer_free(first);
    free(config);
    testing_peer_done(&peer);
}

/* The packet as such: with Java's configuration it has Java's bytes. */
static void dsc_02_newleader_carries_the_configuration_as_java_writes_it(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    static const char text[] = "server.1=127.0.0.1:24281:24381:participant\n"
                               "server.2=127.0.0.1:24282:24382:participant\n"
                               "server.3=127.0.0.1:24283:24383:participant\n"
                               "version=0";
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    assert_int_equal(0,
                     qv_from_string(capture.ctx, text, sizeof text - 1,
                                    &(struct qv_options){.standalone_enabled = true}, &qv, &error));
    struct quorum_peer_config config = {
        .my_id = 1, .tick_time_ms = 500, .init_limit = 10, .sync_limit = 5, .quorum_verifier = qv};
    struct zk_database *database = zk_database_new(capture.ctx, NULL);
    struct quorum_peer *self = quorum_peer_new(capture.ctx, &config, database);
    struct leader *leader = leader_new(self);

    struct buf *data = leader->master.ops->get_quorum_verifier_bytes(&leader->master);
    struct quorum_packet *packet = quorum_packet_new(LEADER_NEWLEADER, EPOCH_1_ZXID, data);
    struct buf *bytes = buf_new(256);
    struct jute_out out = jute_out_of_buf(bytes);
    jute_write(&out, &quorum_packet_record, packet);
    assert_int_equal(0, jute_out_flush(&out));
    golden_assert_equal("newleader", bytes->bytes, bytes->length);

    buf_unref(bytes);
    quorum_packet_free(packet);
    buf_unref(data);
    leader_free(leader);
    quorum_peer_free(self);
    zk_database_free(database);
    qv_unref(qv);
    test_capture_done(&capture);
}

/* --- both sides ------------------------------------------------------------------------------ */

static void assert_broadcast(struct testing_peer *peer)
{
    int64_t deadline_ms = zk_elapsed_ms() + TEST_PATIENCE_MS;
    while (quorum_peer_get_phase(peer->self).zab_state != ZAB_STATE_BROADCAST) {
        assert_true(zk_elapsed_ms() < deadline_ms);
        sleep_ms(1);
    }
}

/* Two of three servers form a term, an observer joins; then the leader goes, and all are free. */
static void leader_follower_and_observer_of_ours_stay_together(void **state)
{
    (void)state;
    struct testing_peer leader;
    struct testing_peer_options options = testing_peer_options_default(2);
    options.observers = 1;
    testing_peer_init(&leader, &options);
    options.ports = leader.ports;
    struct testing_peer follower;
    options.my_id = 1;
    testing_peer_init(&follower, &options);
    struct testing_peer observer;
    options.my_id = 4;
    testing_peer_init(&observer, &options);

    testing_peer_start_following(&follower, 2); /* dials before anybody listens */
    testing_peer_start_leading(&leader);
    assert_broadcast(&leader);
    assert_broadcast(&follower);
    testing_peer_start_observing(&observer, 2);
    assert_broadcast(&observer);

    struct testing_peer *peers[] = {&leader, &follower, &observer};
    struct zookeeper_server *servers[3];
    for (size_t i = 0; i < 3; i++) {
        servers[i] = quorum_peer_get_active_server(peers[i]->self);
        assert_true(test_server_runs(servers[i]));
    }

    struct leader_status status;
    assert_true(quorum_peer_get_leader_status(leader.self, &status));
    assert_int_equal(2, status.learners);
    assert_int_equal(1, status.synced_followers);
    assert_int_equal(1, status.synced_observers);
    assert_int_equal(0, status.synced_non_voting_followers);
    assert_int_equal(-1, status.last_proposal_size);
    struct server_metrics_values metrics = server_metrics_get(leader.self->metrics);
    assert_int_equal(1, metrics.counters[SERVER_METRICS_DIFF_COUNT]);
    assert_int_equal(1, metrics.counters[SERVER_METRICS_SNAP_COUNT]);
    struct vote vote;
    assert_true(quorum_peer_get_current_vote(follower.self, &vote));
    assert_int_equal(EPOCH_1, vote.peer_epoch);

    assert_int_equal(-ECANCELED, testing_peer_stop(&leader));
    metrics = server_metrics_get(leader.self->metrics);
    assert_int_equal(1, metrics.summaries[SERVER_METRICS_SNAPSHOTTIME].count);
    assert_true(testing_peer_join(&follower) < 0);
    assert_true(testing_peer_join(&observer) < 0);
    for (size_t i = 0; i < 3; i++) {
        assert_false(test_server_runs(servers[i]));
        zookeeper_server_unref(servers[i]);
    }
    assert_false(quorum_peer_get_leader_status(leader.self, &status));
    testing_peer_assert_file(&observer, "acceptedEpoch", "1");
    testing_peer_assert_file(&observer, "currentEpoch", "1");
    testing_peer_done(&observer);
    testing_peer_done(&follower);
    testing_peer_done(&leader);
}

/* A peer that was told to stop before its role began does not begin it. */
static void roles_of_a_stopped_peer_end_at_once(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    quorum_peer_stop_running(peer.self);
    testing_peer_start_leading(&peer);
    assert_int_equal(-ECANCELED, testing_peer_join(&peer));
    testing_peer_start_following(&peer, 2);
    assert_int_equal(-ECANCELED, testing_peer_join(&peer));
    testing_peer_start_observing(&peer, 2);
    assert_int_equal(-ECANCELED, testing_peer_join(&peer));
    testing_peer_assert_file(&peer, "acceptedEpoch", "0");
    testing_peer_done(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dsc_02_follower_says_what_java_says_and_writes_before_it_speaks),
        cmocka_unit_test(syn_01_follower_has_the_snapshot_on_disk_before_it_acks),
        cmocka_unit_test(obs_01_observer_says_what_java_says),
        cmocka_unit_test(dsc_02_leader_says_what_java_says_and_writes_before_it_speaks),
        cmocka_unit_test(dsc_02_leader_sends_the_snapshot_that_java_sends),
        cmocka_unit_test(dsc_02_newleader_carries_the_configuration_as_java_writes_it),
        cmocka_unit_test(leader_follower_and_observer_of_ours_stay_together),
        cmocka_unit_test(roles_of_a_stopped_peer_end_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
