/* What a learner does with its leader, once it has dialled (test_learner_connect.c): what it
 * believes, what ends it, and what ends the whole process. The leader is played by the test. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "learner_stage.h"
#include "zab/learner_internal.h"
#include "zab/learner_zookeeper_server.h"
#include "zk/base/array_deque.h"
#include "zk/io/file.h"
#include "zk/jute/quorum.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/server/exit_code.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

static const char CURRENT_EPOCH_0[] = "00000000";
static const char NOT_COUNTED[] = "ffffffff"; /* the current epoch -1 in ACKEPOCH */

/* The main loop pauses after a term only if the leader was reached and did not bring us to
 * UPTODATE (D-71). */
static void only_who_was_reached_and_not_synced_counts_as_refused(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);
    assert_true(stage.peer.refused);
    learner_stage_finish(&stage);

    learner_stage_start_synced(&stage);
    learner_stage_assert_still_there(&stage);
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);
    assert_false(stage.peer.refused);
    learner_stage_finish(&stage);
}

/* --- discovery ------------------------------------------------------------------------------- */

/* DSC-06 */
static void dsc_06_epoch_promised_before_is_answered_with_minus_one(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&stage.peer, &options);
    testing_peer_history(&stage.peer, 6, 5, 0x500000000);
    stage.leader = scripted_peer_listen(stage.peer.ctx, stage.peer.ports[3]);
    testing_peer_start_following(&stage.peer, 3);
    scripted_peer_accept(stage.leader);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0x600000000, INFO_OF_1);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, 0x600000000, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage.leader, LEADER_ACKEPOCH, 0x500000000, NOT_COUNTED);
    learner_stage_assert_file(&stage, "acceptedEpoch", "6");
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);
    learner_stage_finish(&stage);
}

/* DSC-06 */
static void dsc_06_lower_epoch_is_refused_and_nothing_written(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&stage.peer, &options);
    testing_peer_history(&stage.peer, 6, 5, 0x500000000);
    stage.leader = scripted_peer_listen(stage.peer.ctx, stage.peer.ports[3]);
    testing_peer_start_following(&stage.peer, 3);
    scripted_peer_accept(stage.leader);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0x600000000, INFO_OF_1);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, 0x500000000, PROTOCOL_VERSION);
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    assert_true(
        testing_peer_logged(&stage.peer, "Leaders epoch, 5 is less than accepted epoch, 6"));
    learner_stage_assert_file(&stage, "acceptedEpoch", "6");
    learner_stage_finish(&stage);
}

/* D-45, and whatever else is not LEADERINFO. */
static void leader_that_does_not_begin_with_leaderinfo_is_left(void **state)
{
    (void)state;
    static const struct {
        int32_t type;
        const char *data_hex;
        const char *why;
    } wrong[] = {
        {LEADER_NEWLEADER, NULL, "First packet should have been LEADERINFO but is NEWLEADER"},
        {LEADER_PING, NULL, "First packet should have been LEADERINFO but is PING"},
        {LEADER_LEADERINFO, NULL, "LEADERINFO without a protocol version"},
        {LEADER_LEADERINFO, "0001", "LEADERINFO without a protocol version"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct learner_stage stage;
        struct testing_peer_options options = testing_peer_options_default(1);
        learner_stage_start(&stage, &options);
        scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
        scripted_peer_send_packet(stage.leader, wrong[i].type, EPOCH_1_ZXID, wrong[i].data_hex);
        scripted_peer_expect_end(stage.leader);
        assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
        assert_true(testing_peer_logged(&stage.peer, wrong[i].why));
        learner_stage_assert_file(&stage, "acceptedEpoch", "0");
        learner_stage_finish(&stage);
    }
}

static void garbage_from_the_leader_ends_the_role_and_not_the_process(void **state)
{
    (void)state;
    static const char *const garbage[] = {
        "474554202f20485454502f312e310d0a 0d0a0d0a 0d0a0d0a",
        "00000011 0000000100000000 7fffffff 00",
        "00000011 0000000100000000 fffffffe ffffffff",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        struct learner_stage stage;
        struct testing_peer_options options = testing_peer_options_default(1);
        learner_stage_start(&stage, &options);
        scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
        scripted_peer_send_hex(stage.leader, garbage[i]);
        scripted_peer_expect_end(stage.leader);
        assert_true(testing_peer_join(&stage.peer) < 0);
        learner_stage_finish(&stage);
    }
}

/* LRN-01: a leader that accepts and says nothing is waited for initLimit ticks. */
static void lrn_01_silent_leader_is_left_after_init_limit(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.init_limit = 3;
    int64_t start_ms = zk_elapsed_ms();
    learner_stage_start(&stage, &options);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_end(stage.leader);
    assert_true(zk_elapsed_ms() - start_ms >= 250);
    assert_int_equal(-ETIMEDOUT, testing_peer_join(&stage.peer));
    learner_stage_finish(&stage);
}

/* LRN-01: ... and, once NEWLEADER is read, for syncLimit ticks. */
static void lrn_01_silent_leader_is_left_after_sync_limit_once_synced(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.sync_limit = 3;
    learner_stage_start(&stage, &options);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage.leader, LEADER_ACKEPOCH, 0, CURRENT_EPOCH_0);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    int64_t start_ms = zk_elapsed_ms();
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_packet(stage.leader, LEADER_ACK, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_end(stage.leader);
    int64_t took_ms = zk_elapsed_ms() - start_ms;
    assert_true(took_ms >= 250);
    assert_true(took_ms < stage.peer.self->init_limit_ms / 2);
    assert_int_equal(-ETIMEDOUT, testing_peer_join(&stage.peer));
    learner_stage_finish(&stage);
}

/* --- synchronisation ------------------------------------------------------------------------- */

/* LRN-02 */
static void lrn_02_trunc_cannot_be_done_and_ends_the_process_with_13(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_TRUNC, 5, NULL);
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(13, testing_peer_join(&stage.peer));
    assert_true(testing_peer_logged(&stage.peer, "Not able to truncate the log 0x5"));
    learner_stage_assert_file(&stage, "currentEpoch", "0");
    learner_stage_finish(&stage);
}

/* LRN-02: also PING, which comes so early only from a broken leader. */
static void lrn_02_other_packet_in_place_of_the_sync_ends_the_process_with_13(void **state)
{
    (void)state;
    static const int32_t wrong[] = {LEADER_PING, LEADER_NEWLEADER, LEADER_UPTODATE, 99};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct learner_stage stage;
        learner_stage_start_discovered(&stage);
        scripted_peer_send_packet(stage.leader, wrong[i], EPOCH_1_ZXID, NULL);
        scripted_peer_expect_end(stage.leader);
        assert_int_equal(EXIT_CODE_QUORUM_PACKET_ERROR, testing_peer_join(&stage.peer));
        assert_true(testing_peer_logged(&stage.peer, "Got unexpected packet from leader: "));
        learner_stage_finish(&stage);
    }
}

/* LRN-02: ZOOKEEPER-965, -2872: a tree that was cut off leaves memory and disk as they were. */
static void lrn_02_snapshot_cut_off_leaves_nothing_behind(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",                                             /* nothing */
        "00000000 00000000 00000000",                   /* no sessions, no ACLs, and a piece */
        "00000000 00000000 00000000 00000000 ffffffff", /* the root, cut off */
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct learner_stage stage;
        learner_stage_start_discovered(&stage);
        scripted_peer_send_packet(stage.leader, LEADER_SNAP, EPOCH_1_ZXID, NULL);
        scripted_peer_send_hex(stage.leader, bodies[i]);
        scripted_peer_hang_up(stage.leader);
        assert_true(testing_peer_join(&stage.peer) < 0);
        assert_int_equal(0, quorum_peer_get_last_logged_zxid(stage.peer.self));
        assert_false(testing_peer_has_file(&stage.peer, "snapshot.100000000"));
        learner_stage_assert_file(&stage, "currentEpoch", "0");
        learner_stage_finish(&stage);
    }
}

/* LRN-02, RST-08: the whole tree came, but NEWLEADER did not: it is not ours. */
static void lrn_02_snapshot_without_newleader_is_forgotten(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_golden(stage.leader, "snap");
    scripted_peer_send_golden(stage.leader, "snap_body_empty_tree");
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);
    assert_int_equal(0, quorum_peer_get_last_logged_zxid(stage.peer.self));
    assert_false(testing_peer_has_file(&stage.peer, "snapshot.100000000"));
    learner_stage_finish(&stage);
}

static void snapshot_with_another_signature_is_refused(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_SNAP, EPOCH_1_ZXID, NULL);
    struct testing_peer *peer = &stage.peer;
    int64_t zxid;
    struct buf *body = testing_peer_snapshot(peer, &zxid);
    struct zk_str hex = {0};
    for (size_t i = 0; i < body->length; i++)
        zk_str_printf(&hex, "%02x", body->bytes[i]);
    scripted_peer_send_hex(stage.leader, zk_str_text(&hex));
    scripted_peer_send_hex(stage.leader, "0000000a 42656e49735468657265"); /* BenIsThere */
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(peer));
    assert_true(testing_peer_logged(peer, "Missing signature. Got BenIsThere"));
    zk_str_done(&hex);
    buf_unref(body);
    learner_stage_finish(&stage);
}

/* D-45 */
static void uptodate_without_newleader_is_refused(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_UPTODATE, -1, NULL);
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    learner_stage_assert_file(&stage, "currentEpoch", "0");
    learner_stage_finish(&stage);
}

/* A configuration that does not parse is logged; the follower goes on, as Java's does. */
static void newleader_with_an_unreadable_configuration_is_acknowledged(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID,
                              "7365727665722e783d79"); /* server.x=y */
    scripted_peer_expect_packet(stage.leader, LEADER_ACK, EPOCH_1_ZXID, NULL);
    assert_true(testing_peer_logged(&stage.peer, "configuration of NEWLEADER ignored"));
    assert_true(testing_peer_stop(&stage.peer) < 0);
    learner_stage_finish(&stage);
}

/* SYN-02, without transactions: nothing is written but the epoch. */
static void syn_02_empty_diff_takes_no_snapshot(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&stage.peer, &options);
    testing_peer_history(&stage.peer, 1, 1, EPOCH_1_ZXID);
    stage.leader = scripted_peer_listen(stage.peer.ctx, stage.peer.ports[3]);
    testing_peer_start_following(&stage.peer, 3);
    scripted_peer_accept(stage.leader);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, EPOCH_1_ZXID, INFO_OF_1);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, 0x200000000, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage.leader, LEADER_ACKEPOCH, EPOCH_1_ZXID, "00000001");
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, 0x200000000, NULL);
    scripted_peer_expect_packet(stage.leader, LEADER_ACK, 0x200000000, NULL);
    learner_stage_assert_file(&stage, "currentEpoch", "2");
    assert_int_equal(EPOCH_1_ZXID, quorum_peer_get_last_logged_zxid(stage.peer.self));
    assert_false(testing_peer_has_file(&stage.peer, "snapshot.100000000"));
    assert_true(testing_peer_stop(&stage.peer) < 0);
    learner_stage_finish(&stage);
}

/* MC-01, for the tree: when the snapshot cannot be written, neither epoch nor ACK follows. */
static void mc_01_snapshot_that_cannot_be_written_ends_the_process_unacknowledged(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    char *version_2 = test_path(stage.peer.directory, "version-2");
    char *blocker = test_path(version_2, "snapshot.100000000.tmp");
    assert_int_equal(0, file_make_directories(blocker));
    scripted_peer_send_golden(stage.leader, "snap");
    scripted_peer_send_golden(stage.leader, "snap_body_empty_tree");
    scripted_peer_send_golden(stage.leader, "newleader");
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT, testing_peer_join(&stage.peer));
    learner_stage_assert_file(&stage, "currentEpoch", "0");
    free(blocker);
    free(version_2);
    learner_stage_finish(&stage);
}

/* SYN-06 for the epoch: if it cannot be written the ACK does not leave. */
static void syn_06_no_ack_without_current_epoch_on_disk(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered(&stage);
    char *version_2 = test_path(stage.peer.directory, "version-2");
    char *blocker = test_path(version_2, "currentEpoch.tmp");
    assert_int_equal(0, file_make_directories(blocker));
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_end(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);
    assert_int_equal(0, quorum_peer_get_current_epoch(stage.peer.self));
    free(blocker);
    free(version_2);
    learner_stage_finish(&stage);
}

/* P-4: the version of the configuration that was established in one term is told to the leader of
 * the next: a leader with an older one must not lead us. */
static void version_of_an_established_configuration_is_told_to_the_next_leader(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.lines = "reconfigEnabled=true\n";
    learner_stage_start(&stage, &options);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage.leader, LEADER_ACKEPOCH, 0, CURRENT_EPOCH_0);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    struct quorum_verifier *raised =
        qv_with_version(stage.peer.config->quorum_verifier, EPOCH_1_ZXID);
    struct zk_str hex = {0};
    for (const char *at = qv_to_string(raised); *at != '\0'; at++)
        zk_str_printf(&hex, "%02x", (unsigned char)*at);
    scripted_peer_send_packet(stage.leader, LEADER_NEWLEADER, EPOCH_1_ZXID, zk_str_text(&hex));
    scripted_peer_expect_packet(stage.leader, LEADER_ACK, EPOCH_1_ZXID, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_UPTODATE, -1, NULL);
    scripted_peer_expect_packet(stage.leader, LEADER_ACK, EPOCH_1_ZXID, NULL);
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);

    testing_peer_start_following(&stage.peer, 3);
    scripted_peer_accept(stage.leader);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, EPOCH_1_ZXID,
                                "0000000000000001 00010000 0000000100000000");
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);
    zk_str_done(&hex);
    qv_unref(raised);
    learner_stage_finish(&stage);
}

/* --- following ------------------------------------------------------------------------------- */

/* BRD-07 */
static void brd_07_pings_are_answered_with_an_empty_list(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    for (int i = 0; i < 3; i++)
        learner_stage_assert_still_there(&stage);
    assert_true(testing_peer_stop(&stage.peer) < 0);
    scripted_peer_expect_end(stage.leader);
    learner_stage_finish(&stage);
}

static void packets_that_nobody_waits_for_are_warnings(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    scripted_peer_send_packet(stage.leader, 99, 5, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_UPTODATE, -1, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_SYNC, 0, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_COMMIT, EPOCH_1_ZXID + 1, NULL);
    scripted_peer_send_packet(stage.leader, LEADER_REVALIDATE, -1, "0000000000001234 00");
    learner_stage_assert_still_there(&stage);
    assert_true(testing_peer_logged(&stage.peer, "Unknown packet type: UNKNOWN 5"));
    assert_true(
        testing_peer_logged(&stage.peer, "Received an UPTODATE message after Follower started"));
    assert_true(testing_peer_logged(&stage.peer, "Not expecting a sync."));
    assert_true(testing_peer_logged(&stage.peer, "Committing 100000001 without seeing txn"));
    assert_true(testing_peer_logged(&stage.peer, "Missing session 0x1234 for validation"));
    assert_true(testing_peer_stop(&stage.peer) < 0);
    learner_stage_finish(&stage);
}

/* Of each kind the 1st, 2nd, 4th, 8th ... have a line (D-334). */
static void packets_that_nobody_waits_for_do_not_fill_the_log(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    static const struct {
        int32_t type;
        const char *data;
        const char *words;
    } kinds[] = {{99, NULL, "Unknown packet type"},
                 {LEADER_UPTODATE, NULL, "Received an UPTODATE message after Follower started"},
                 {LEADER_SYNC, NULL, "Not expecting a sync."},
                 {LEADER_COMMIT, NULL, "without seeing txn"},
                 {LEADER_REVALIDATE, "0000000000001234 00", "Missing session 0x1234"}};
    enum { KINDS = sizeof kinds / sizeof kinds[0], TIMES = 9, LINES = 4 };
    for (int i = 0; i < TIMES; i++)
        for (size_t kind = 0; kind < KINDS; kind++)
            scripted_peer_send_packet(stage.leader, kinds[kind].type, i, kinds[kind].data);
    learner_stage_assert_still_there(&stage);
    char *log = test_captured_log(&stage.peer.capture);
    for (size_t kind = 0; kind < KINDS; kind++) {
        int lines = 0;
        for (const char *at = log; (at = strstr(at, kinds[kind].words)) != NULL; at++)
            lines++;
        assert_int_equal(LINES, lines);
    }
    free(log);
    assert_true(testing_peer_stop(&stage.peer) < 0);
    learner_stage_finish(&stage);
}

static void follower_tells_the_new_epoch_to_who_asks_later(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    learner_stage_assert_still_there(&stage);
    struct vote vote;
    assert_true(quorum_peer_get_current_vote(stage.peer.self, &vote));
    assert_int_equal(3, vote.id);
    assert_int_equal(1, vote.peer_epoch);
    assert_int_equal(3, quorum_peer_get_phase(stage.peer.self).leader_id);
    assert_true(testing_peer_stop(&stage.peer) < 0);
    assert_true(testing_peer_logged(&stage.peer, "Disconnected from leader (with address: "));
    assert_true(testing_peer_logged(&stage.peer, "Sync state: true"));
    learner_stage_finish(&stage);
}

/* CLI-28: the end of the leader's connection is all that it takes. The clients lose theirs before
 * this server's own shutdown begins, which may have to wait for a disk. */
static void cli_28_clients_are_told_first_that_the_leader_is_gone(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);

    assert_int_equal(1, stage.peer.client_ports_opened);
    assert_int_equal(1, stage.peer.client_ports_closed);
    assert_false(stage.peer.closed_behind_the_shutdown);
    learner_stage_finish(&stage);
}

/* ---- the end of the connection --------------------------------------------------------------- */

/* PINGs, to write many of them at once. */
static char *many_pings(void)
{
    struct zk_str hex = {0};
    for (int i = 0; i < 1000; i++)
        zk_str_append(&hex, "00000005 0000000100000000 ffffffff ffffffff ");
    return zk_str_take(&hex);
}

/* D-174, ZOOKEEPER-4074: the leader pings on and on, so the read of the learner never waits, and
 * takes nothing, so that one of the answers does. */
static void leader_that_takes_nothing_is_left_after_sync_limit(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.sync_limit = 3;
    learner_stage_start_synced_with(&stage, &options);
    char *pings = many_pings();
    int64_t start_ms = zk_elapsed_ms();

    while (scripted_peer_try_send_hex(stage.leader, pings))
        continue;

    assert_int_equal(-ETIMEDOUT, testing_peer_join(&stage.peer));
    assert_true(zk_elapsed_ms() - start_ms >= stage.peer.self->sync_limit_ms);
    free(pings);
    learner_stage_finish(&stage);
}

/* ZOOKEEPER-3240, -4409: the socket is closed with the term, though the server is still held by
 * somebody; a thread that comes later has nothing to write to, and a second end is none. */
static void what_is_sent_after_the_end_is_refused(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct array_deque zxids = ARRAY_DEQUE_OF(int64_t);
    test_free_port(); /* it keeps a file open from its first call on */
    int64_t descriptors = zk_open_file_descriptors();
    learner_stage_start_synced(&stage);
    learner_stage_assert_still_there(&stage);
    struct zookeeper_server *server = quorum_peer_get_active_server(stage.peer.self);
    struct learner *learner = learner_ref(learner_zookeeper_server_of(server)->learner);
    scripted_peer_hang_up(stage.leader);
    assert_true(testing_peer_join(&stage.peer) < 0);

    zk_mutex_lock(&learner->mu);
    assert_null(learner->sock);
    zk_mutex_unlock(&learner->mu);
    assert_int_equal(-ECANCELED, learner_send(learner, LEADER_PING, EPOCH_1_ZXID, NULL));
    learner_flush(learner);
    array_deque_add_last(&zxids, &EPOCH_1_ZXID);
    learner_send_acks(learner, &zxids);
    assert_int_equal(0, zxids.count);
    learner_shutdown(learner);
    learner_shutdown(learner);
    assert_false(testing_peer_logged(&stage.peer, "Closing connection to leader"));

    array_deque_done(&zxids);
    learner_unref(learner);
    zookeeper_server_unref(server);
    learner_stage_finish(&stage);
    assert_int_equal(descriptors, zk_open_file_descriptors());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_28_clients_are_told_first_that_the_leader_is_gone),
        cmocka_unit_test(only_who_was_reached_and_not_synced_counts_as_refused),
        cmocka_unit_test(dsc_06_epoch_promised_before_is_answered_with_minus_one),
        cmocka_unit_test(dsc_06_lower_epoch_is_refused_and_nothing_written),
        cmocka_unit_test(leader_that_does_not_begin_with_leaderinfo_is_left),
        cmocka_unit_test(garbage_from_the_leader_ends_the_role_and_not_the_process),
        cmocka_unit_test(lrn_01_silent_leader_is_left_after_init_limit),
        cmocka_unit_test(lrn_01_silent_leader_is_left_after_sync_limit_once_synced),
        cmocka_unit_test(lrn_02_trunc_cannot_be_done_and_ends_the_process_with_13),
        cmocka_unit_test(lrn_02_other_packet_in_place_of_the_sync_ends_the_process_with_13),
        cmocka_unit_test(lrn_02_snapshot_cut_off_leaves_nothing_behind),
        cmocka_unit_test(lrn_02_snapshot_without_newleader_is_forgotten),
        cmocka_unit_test(snapshot_with_another_signature_is_refused),
        cmocka_unit_test(uptodate_without_newleader_is_refused),
        cmocka_unit_test(newleader_with_an_unreadable_configuration_is_acknowledged),
        cmocka_unit_test(version_of_an_established_configuration_is_told_to_the_next_leader),
        cmocka_unit_test(syn_02_empty_diff_takes_no_snapshot),
        cmocka_unit_test(mc_01_snapshot_that_cannot_be_written_ends_the_process_unacknowledged),
        cmocka_unit_test(syn_06_no_ack_without_current_epoch_on_disk),
        cmocka_unit_test(brd_07_pings_are_answered_with_an_empty_list),
        cmocka_unit_test(packets_that_nobody_waits_for_are_warnings),
        cmocka_unit_test(packets_that_nobody_waits_for_do_not_fill_the_log),
        cmocka_unit_test(follower_tells_the_new_epoch_to_who_asks_later),
        cmocka_unit_test(leader_that_takes_nothing_is_left_after_sync_limit),
        cmocka_unit_test(what_is_sent_after_the_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
