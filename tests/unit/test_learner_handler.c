/* What a leader does with one learner: each kind of packet, and everything that a learner should
 * not send. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted_peer.h"
#include "testing_peer.h"
#include "txns.h"
#include "zab/leader_internal.h"
#include "zab/learner_handler_internal.h"
#include "zk/io/sock.h"
#include "zk/jute/quorum.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"

static const char INFO_OF_1[] = "0000000000000001 00010000 0000000000000000";
static const char INFO_OF_2[] = "0000000000000002 00010000 0000000000000000";
static const char INFO_OF_4[] = "0000000000000004 00010000 0000000000000000";
static const char INFO_OF_5[] = "0000000000000005 00010000 0000000000000000";
static const char PROTOCOL_VERSION[] = "00010000";
static const char NOTHING[] = "00000000"; /* the current epoch in ACKEPOCH */
static const int64_t EPOCH_1_ZXID = 0x100000000;

/* --- a leader that serves -------------------------------------------------------------------- */

static struct scripted_peer *dial_leader(struct testing_peer *peer)
{
    return scripted_peer_dial(peer->ctx, peer->ports[3]);
}

static void pass_newleader(struct scripted_peer *learner)
{
    int32_t type = 0;
    int64_t zxid = 0;
    while (type != LEADER_NEWLEADER)
        buf_unref(scripted_peer_read_packet(learner, &type, &zxid));
    scripted_peer_send_packet(learner, LEADER_ACK, zxid, NULL);
}

/* Server 3 leads, server 1 is played by the test. Until UPTODATE and its ACK. */
static struct scripted_peer *follow(struct testing_peer *peer)
{
    struct scripted_peer *follower = dial_leader(peer);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_send_packet(follower, LEADER_ACKEPOCH, 0, NOTHING);
    pass_newleader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);
    scripted_peer_send_packet(follower, LEADER_ACK, EPOCH_1_ZXID, NULL);
    return follower;
}

struct fixture {
    struct testing_peer peer;
    struct scripted_peer *follower;
};

static int set_up_with_follower(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct testing_peer_options options = testing_peer_options_default(3);
    options.observers = 1;
    testing_peer_init(&fixture->peer, &options);
    testing_peer_start_leading(&fixture->peer);
    fixture->follower = follow(&fixture->peer);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    testing_peer_stop(&fixture->peer);
    scripted_peer_free(fixture->follower);
    testing_peer_done(&fixture->peer);
    free(fixture);
    return 0;
}

static void revalidate_of_an_unknown_session_is_answered_invalid(void **state)
{
    struct fixture *fixture = *state;
    scripted_peer_send_hex(fixture->follower,
                           "00000006 ffffffffffffffff 0000000c 0000000000001234 00001770 ffffffff");
    scripted_peer_expect_packet_past_pings(fixture->follower, LEADER_REVALIDATE, -1,
                                           "0000000000001234 00");
}

static void ping_answers_may_list_sessions(void **state)
{
    struct fixture *fixture = *state;
    scripted_peer_send_packet(fixture->follower, LEADER_PING, EPOCH_1_ZXID,
                              "03a204e3bb3a0000 00000bb8");
    scripted_peer_send_packet(fixture->follower, LEADER_REQUEST, -1,
                              "03a204e3bb3a0000 00000001 00000009");
    scripted_peer_expect_packet_past_pings(fixture->follower, LEADER_SYNC, 0, NULL);
}

static void unknown_packet_is_a_warning(void **state)
{
    struct fixture *fixture = *state;
    scripted_peer_send_packet(fixture->follower, 77, 5, "00");
    scripted_peer_send_packet(fixture->follower, LEADER_DIFF, 5, NULL);
    scripted_peer_send_packet(fixture->follower, LEADER_REQUEST, -1,
                              "03a204e3bb3a0000 00000001 00000009");
    scripted_peer_expect_packet_past_pings(fixture->follower, LEADER_SYNC, 0, NULL);
    assert_true(testing_peer_logged(&fixture->peer, "unexpected quorum packet, type: UNKNOWN"));
    assert_true(testing_peer_logged(&fixture->peer, "unexpected quorum packet, type: DIFF"));
}

/* Of those that a learner sends without end the 1st, 2nd, 4th, 8th ... have a line (D-334). */
static void unexpected_packets_do_not_fill_the_log(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t i = 1; i <= 100; i++)
        scripted_peer_send_packet(fixture->follower, 77, 0xabc000 + i, NULL);
    scripted_peer_send_packet(fixture->follower, LEADER_REQUEST, -1,
                              "03a204e3bb3a0000 00000001 00000009");
    scripted_peer_expect_packet_past_pings(fixture->follower, LEADER_SYNC, 0, NULL);
    for (int64_t i = 1; i <= 100; i++) {
        char line[64];
        snprintf(line, sizeof line, "type: UNKNOWN zxid=0x%" PRIx64 " ", 0xabc000 + i);
        bool power_of_two = (i & (i - 1)) == 0;
        assert_int_equal(power_of_two, testing_peer_logged(&fixture->peer, line));
    }
}

/* --- joiners --------------------------------------------------------------------------------- */

/* From FOLLOWERINFO to ACKEPOCH of server 2. */
static struct scripted_peer *join_at(struct fixture *fixture, int64_t last_zxid)
{
    struct scripted_peer *joiner = dial_leader(&fixture->peer);
    scripted_peer_send_packet(joiner, LEADER_FOLLOWERINFO, 0, INFO_OF_2);
    scripted_peer_expect_packet(joiner, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_send_packet(joiner, LEADER_ACKEPOCH, last_zxid, NOTHING);
    return joiner;
}

static void joiner_that_is_ahead_is_told_to_truncate(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *joiner = join_at(fixture, EPOCH_1_ZXID + 7);
    scripted_peer_expect_packet(joiner, LEADER_TRUNC, EPOCH_1_ZXID, NULL);
    scripted_peer_free(joiner);
}

static void joiner_that_stands_here_gets_an_empty_diff(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *joiner = join_at(fixture, EPOCH_1_ZXID);
    scripted_peer_expect_packet(joiner, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    pass_newleader(joiner);
    scripted_peer_expect_packet_past_pings(joiner, LEADER_UPTODATE, -1, NULL);
    scripted_peer_free(joiner);
}

static void joiner_that_is_behind_gets_the_tree_before_newleader(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *joiner = join_at(fixture, 0);
    scripted_peer_expect_packet(joiner, LEADER_SNAP, EPOCH_1_ZXID, NULL);
    int64_t zxid;
    struct buf *body = testing_peer_snapshot(&fixture->peer, &zxid);
    uint8_t *got = calloc(1, body->length);
    scripted_peer_read(joiner, got, body->length);
    assert_memory_equal(body->bytes, got, body->length);
    scripted_peer_expect_hex(joiner, "0000000a 42656e57617348657265");
    pass_newleader(joiner);
    scripted_peer_expect_packet_past_pings(joiner, LEADER_UPTODATE, -1, NULL);
    scripted_peer_send_packet(joiner, LEADER_ACK, EPOCH_1_ZXID, NULL);
    scripted_peer_send_packet(joiner, LEADER_REQUEST, -1, "03a204e3bb3a0000 00000001 00000009");
    scripted_peer_expect_packet_past_pings(joiner, LEADER_SYNC, 0, NULL); /* and nothing before */
    free(got);
    buf_unref(body);
    scripted_peer_free(joiner);
}

/* The tree is larger than what two sockets hold back, so its sender waits until somebody reads. */
static void snap_is_counted_when_the_tree_has_been_sent(void **state)
{
    enum { BYTES = 64 << 20 };
    struct fixture *fixture = *state;
    char *data = malloc(BYTES + 1);
    memset(data, 'x', BYTES);
    data[BYTES] = '\0';
    struct txn_log_entry *txn = txn_create(EPOCH_1_ZXID, "/large", data);
    struct data_tree *tree = zk_database_get_data_tree(fixture->peer.self->database);
    struct process_txn_result result;
    data_tree_process_txn(tree, txn, &result);
    process_txn_result_done(&result);
    int64_t before =
        server_metrics_get(fixture->peer.self->metrics).counters[SERVER_METRICS_SNAP_COUNT];

    struct scripted_peer *joiner = join_at(fixture, 0);
    scripted_peer_expect_packet(joiner, LEADER_SNAP, EPOCH_1_ZXID, NULL);

    assert_int_equal(
        before,
        server_metrics_get(fixture->peer.self->metrics).counters[SERVER_METRICS_SNAP_COUNT]);
    scripted_peer_free(joiner);
    data_tree_unref(tree);
    txn_log_entry_unref(txn);
    free(data);
}

/* An observer that stands where the leader stands: it is sent a DIFF. */
static struct scripted_peer *observe(struct testing_peer *peer, const char *info)
{
    struct scripted_peer *observer = dial_leader(peer);
    scripted_peer_send_packet(observer, LEADER_OBSERVERINFO, 0, info);
    scripted_peer_expect_packet(observer, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_send_packet(observer, LEADER_ACKEPOCH, EPOCH_1_ZXID, NOTHING);
    return observer;
}

/* LRN-03, at the port: an observer beyond the limit is sent away, a voter is not, and an observer
 * that is sent a DIFF is counted with others. */
static void lrn_03_observer_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.observers = 1;
    options.setting = "zookeeper.leader.maxConcurrentSnapSyncs";
    options.value = "0";
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = follow(&peer);

    struct scripted_peer *observer = dial_leader(&peer);
    scripted_peer_send_packet(observer, LEADER_OBSERVERINFO, 0, INFO_OF_4);
    scripted_peer_expect_packet(observer, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_send_packet(observer, LEADER_ACKEPOCH, 0, NOTHING);
    scripted_peer_expect_end(observer);
    testing_peer_await_log(&peer, "too many concurrent sync.");

    struct scripted_peer *voter = dial_leader(&peer);
    scripted_peer_send_packet(voter, LEADER_FOLLOWERINFO, 0, INFO_OF_2);
    scripted_peer_expect_packet(voter, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_send_packet(voter, LEADER_ACKEPOCH, 0, NOTHING);
    scripted_peer_expect_packet(voter, LEADER_SNAP, EPOCH_1_ZXID, NULL);
    struct scripted_peer *up_to_date = observe(&peer, INFO_OF_4);
    scripted_peer_expect_packet(up_to_date, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(up_to_date);
    scripted_peer_free(voter);
    scripted_peer_free(observer);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* LRN-03: a synchronisation ends with the ACK of NEWLEADER, or with the connection; then there is
 * room for the next observer. */
static void lrn_03_sync_that_has_ended_makes_room(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.observers = 2;
    options.setting = "zookeeper.leader.maxConcurrentDiffSyncs";
    options.value = "1";
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = follow(&peer);

    struct scripted_peer *lost = observe(&peer, INFO_OF_4);
    scripted_peer_expect_packet(lost, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    scripted_peer_hang_up(lost);
    testing_peer_await_log(&peer, "sid=4 reason=");
    struct scripted_peer *synced = observe(&peer, INFO_OF_4);
    scripted_peer_expect_packet(synced, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    pass_newleader(synced);
    scripted_peer_expect_packet_past_pings(synced, LEADER_UPTODATE, -1, NULL);
    struct scripted_peer *next = observe(&peer, INFO_OF_5);
    scripted_peer_expect_packet(next, LEADER_DIFF, EPOCH_1_ZXID, NULL);

    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(next);
    scripted_peer_free(synced);
    scripted_peer_free(lost);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* --- LRN-04: strange learners ---------------------------------------------------------------- */

static void lrn_04_first_packet_of_another_kind_closes_the_connection(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *stranger = dial_leader(&fixture->peer);
    scripted_peer_send_packet(stranger, LEADER_PING, 0, NULL);
    scripted_peer_expect_end(stranger);
    testing_peer_await_log(&fixture->peer,
                           "reason=\"it never said which server it is: First packet PING type=5 is "
                           "not FOLLOWERINFO or OBSERVERINFO!\"");
    scripted_peer_free(stranger);
}

/* P-19: a health check is not taken for server 0. */
static void lrn_04_visitor_that_says_nothing_is_no_server(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *visitor = dial_leader(&fixture->peer);
    scripted_peer_hang_up(visitor);
    testing_peer_await_log(&fixture->peer, "reason=\"it never said which server it is: the far end "
                                           "closed the connection\"");
    assert_false(testing_peer_logged(&fixture->peer, "sid=0"));
    scripted_peer_free(visitor);
}

static void lrn_04_newer_configuration_closes_the_connection(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *stranger = dial_leader(&fixture->peer);
    scripted_peer_send_packet(stranger, LEADER_FOLLOWERINFO, 0,
                              "0000000000000002 00010000 0000000000000001");
    scripted_peer_expect_end(stranger);
    testing_peer_await_log(&fixture->peer, "Follower is ahead of the leader (has a later activated "
                                           "configuration)");
    scripted_peer_free(stranger);
}

/* P-4, D-97: the leader of an earlier term raised the version. This one acknowledged it, but never
 * heard that it was committed; the learner did. */
static void lrn_04_a_version_that_we_acknowledged_is_not_ahead_of_us(void **state)
{
    struct fixture *fixture = *state;
    struct quorum_peer *self = fixture->peer.self;
    struct quorum_verifier *raised = qv_with_version(quorum_peer_quorum_verifier(self), 1);
    quorum_peer_set_last_seen_quorum_verifier(self, raised);
    qv_unref(raised);
    struct scripted_peer *follower = dial_leader(&fixture->peer);

    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0,
                              "0000000000000002 00010000 0000000000000001");

    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_free(follower);
}

/* Older than 3.4: neither LEADERINFO nor ACKEPOCH, and NEWLEADER overtakes the DIFF. */
static void lrn_04_old_protocol_gets_newleader_first_and_without_data(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *old = dial_leader(&fixture->peer);
    scripted_peer_send_packet(old, LEADER_FOLLOWERINFO, EPOCH_1_ZXID, "0000000000000002 00000001");
    scripted_peer_expect_packet(old, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_packet_past_pings(old, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    scripted_peer_send_packet(old, LEADER_ACK, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_packet_past_pings(old, LEADER_UPTODATE, -1, NULL);
    scripted_peer_free(old);
}

static void lrn_04_learner_without_an_id_gets_a_negative_one(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *first = dial_leader(&fixture->peer);
    scripted_peer_send_packet(first, LEADER_FOLLOWERINFO, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_packet(first, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);
    struct scripted_peer *second = dial_leader(&fixture->peer);
    scripted_peer_send_packet(second, LEADER_OBSERVERINFO, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_packet(second, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);
    assert_true(testing_peer_logged(&fixture->peer, "Follower sid: -1 not in the current config"));
    assert_true(testing_peer_logged(&fixture->peer, "Follower sid: -2 not in the current config"));
    scripted_peer_free(second);
    scripted_peer_free(first);
}

static void lrn_04_id_of_eight_bytes_is_enough(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *old = dial_leader(&fixture->peer);
    scripted_peer_send_packet(old, LEADER_FOLLOWERINFO, EPOCH_1_ZXID, "0000000000000002");
    scripted_peer_expect_packet(old, LEADER_NEWLEADER, EPOCH_1_ZXID, NULL);
    assert_true(testing_peer_logged(&fixture->peer, "Follower sid: 2 : info : 127.0.0.1:"));
    scripted_peer_free(old);
}

/* --- nonsense -------------------------------------------------------------------------------- */

/* However a stranger misbehaves: it alone goes, and the follower keeps being pinged. */
static void assert_still_serving(struct fixture *fixture)
{
    scripted_peer_send_packet(fixture->follower, LEADER_REQUEST, -1,
                              "03a204e3bb3a0000 00000001 00000009");
    scripted_peer_expect_packet_past_pings(fixture->follower, LEADER_SYNC, 0, NULL);
}

static void garbage_on_the_quorum_port_ends_only_that_connection(void **state)
{
    struct fixture *fixture = *state;
    static const char *const garbage[] = {
        "474554202f20485454502f312e310d0a 0d0a0d0a 0d0a0d0a", /* GET / HTTP/1.1 */
        "0000000b 0000000000000000 7fffffff 00",              /* data of 2 GiB */
        "0000000b 0000000000000000 fffffffe ffffffff",        /* data of -2 bytes */
        "0000000b 0000000000000000 ffffffff 7fffffff 7fffffff",
        "ffffffff ffffffffffffffff ffffffff ffffffff",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        struct scripted_peer *stranger = dial_leader(&fixture->peer);
        scripted_peer_send_hex(stranger, garbage[i]);
        scripted_peer_expect_end(stranger);
        scripted_peer_free(stranger);
    }
    assert_still_serving(fixture);
}

static void packets_cut_short_end_only_that_connection(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *stranger = dial_leader(&fixture->peer);
    scripted_peer_send_hex(stranger, "0000000b 00000000");
    scripted_peer_hang_up(stranger);
    scripted_peer_free(stranger);
    stranger = dial_leader(&fixture->peer); /* not a byte */
    scripted_peer_free(stranger);
    testing_peer_await_log(&fixture->peer, "GOODBYE");
    assert_still_serving(fixture);
}

/* One packet that is wrong at its place. */
struct wrong_packet {
    int32_t type;
    const char *data_hex;
    const char *words;
};

static void wrong_epoch_acks_end_only_that_connection(void **state)
{
    struct fixture *fixture = *state;
    static const struct wrong_packet wrong[] = {
        {LEADER_ACK, NULL, "ACK type=3 is not ACKEPOCH"},
        {LEADER_ACKEPOCH, NULL, "ACKEPOCH without a current epoch"},
        {LEADER_ACKEPOCH, "0000", "ACKEPOCH without a current epoch"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct scripted_peer *joiner = dial_leader(&fixture->peer);
        scripted_peer_send_packet(joiner, LEADER_FOLLOWERINFO, 0, INFO_OF_2);
        scripted_peer_expect_packet(joiner, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
        scripted_peer_send_packet(joiner, wrong[i].type, 0, wrong[i].data_hex);
        scripted_peer_expect_end(joiner);
        testing_peer_await_log(&fixture->peer, wrong[i].words);
        scripted_peer_free(joiner);
    }
    assert_still_serving(fixture);
}

/* zab: a learner that answers a PING before its ACK of NEWLEADER is disconnected. */
static void ping_before_the_ack_of_newleader_ends_the_connection(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *joiner = join_at(fixture, EPOCH_1_ZXID);
    scripted_peer_send_packet(joiner, LEADER_PING, EPOCH_1_ZXID, "");
    scripted_peer_drain(joiner);
    testing_peer_await_log(&fixture->peer,
                           "Next packet was supposed to be an ACK, but received packet: PING");
    scripted_peer_free(joiner);
    assert_still_serving(fixture);
}

static void wrong_packets_of_a_synced_learner_end_only_its_connection(void **state)
{
    struct fixture *fixture = *state;
    static const struct wrong_packet wrong[] = {
        {LEADER_PING, NULL, "PING without a list of sessions"},
        {LEADER_PING, "0000", "PING without a list of sessions"},
        {LEADER_REVALIDATE, NULL, "REVALIDATE without a session"},
        {LEADER_REVALIDATE, "0000000000001234", "REVALIDATE without a session"},
        {LEADER_REQUEST, NULL, "REQUEST without session, cxid and opcode"},
        {LEADER_REQUEST, "0000000000001234 00000000", "REQUEST without session, cxid and opcode"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct scripted_peer *joiner = join_at(fixture, EPOCH_1_ZXID);
        pass_newleader(joiner);
        scripted_peer_expect_packet_past_pings(joiner, LEADER_UPTODATE, -1, NULL);
        scripted_peer_send_packet(joiner, wrong[i].type, 0, wrong[i].data_hex);
        scripted_peer_drain(joiner);
        testing_peer_await_log(&fixture->peer, wrong[i].words);
        scripted_peer_free(joiner);
    }
    assert_still_serving(fixture);
}

/* Silent and dripping callers are given initLimit ticks in all (D-43). */
static void silent_and_dripping_callers_are_dropped_after_init_limit(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 40;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = follow(&peer);
    int64_t start_ms = zk_elapsed_ms();
    struct scripted_peer *silent = dial_leader(&peer);
    struct scripted_peer *dripping = dial_leader(&peer);
    int drips = 0;
    while (scripted_peer_is_silent(dripping, 600) && scripted_peer_try_send_hex(dripping, "00"))
        drips++;
    scripted_peer_expect_end(dripping);
    scripted_peer_expect_end(silent);
    assert_true(zk_elapsed_ms() - start_ms >= peer.self->init_limit_ms);
    assert_true(drips < 20); /* which would make a packet */
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(dripping);
    scripted_peer_free(silent);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* BRD-07: a synced learner that falls silent is dropped after syncLimit ticks; the term goes on. */
static void brd_07_silent_learner_is_dropped_and_the_others_stay(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.sync_limit = 40;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = follow(&peer);
    struct scripted_peer *silent = dial_leader(&peer);
    scripted_peer_send_packet(silent, LEADER_FOLLOWERINFO, 0, INFO_OF_2);
    scripted_peer_expect_packet(silent, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_send_packet(silent, LEADER_ACKEPOCH, EPOCH_1_ZXID, NOTHING);
    pass_newleader(silent);
    int64_t start_ms = zk_elapsed_ms();
    while (!testing_peer_logged(&peer, "sid=2 reason=")) {
        assert_true(zk_elapsed_ms() - start_ms < peer.self->init_limit_ms / 2);
        scripted_peer_expect_packet(follower, LEADER_PING, EPOCH_1_ZXID, NULL);
        scripted_peer_send_packet(follower, LEADER_PING, EPOCH_1_ZXID, "");
    }
    scripted_peer_drain(silent);
    assert_int_equal(ZAB_STATE_BROADCAST, quorum_peer_get_phase(peer.self).zab_state);
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(silent);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* BRD-07: each packet moves the deadline to syncLimit ticks from now, not to initLimit and
 * syncLimit. */
static void brd_07_learner_is_synced_for_sync_limit_ticks_after_its_last_packet(void **state)
{
    struct fixture *fixture = *state;
    assert_still_serving(fixture); /* the last packet, in one of the first ticks */
    size_t count;
    struct leader *leader = testing_peer_leader(&fixture->peer);
    struct learner_handler **learners = leader_get_learners(leader, &count);
    assert_int_equal(1, count);
    assert_true(learner_handler_synced(learners[0]));
    zk_mutex_lock(&learners[0]->mu);
    int64_t deadline = learners[0]->tick_of_next_ack_deadline;
    zk_mutex_unlock(&learners[0]->mu);
    assert_true(deadline >= 600); /* syncLimit */
    assert_true(deadline < 1200); /* syncLimit and initLimit */
    learner_handler_shutdown(learners[0]);
    assert_false(learner_handler_synced(learners[0]));
    leader_free_learners(learners, count);
}

/* A master that only has a clock. */
struct clock_master {
    struct learner_master master;
    int64_t tick;
};

static int64_t tick_of_clock(struct learner_master *master)
{
    return ((struct clock_master *)master)->tick;
}

static const void *no_owner(struct learner_master *master)
{
    (void)master;
    return NULL;
}

static int64_t first_deadline_of_clock(struct learner_master *master)
{
    (void)master;
    return 10;
}

/* BRD-07: connected is not enough: what counts is the tick of the last packet. */
static void brd_07_learner_is_synced_until_its_deadline_and_while_it_lives(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    static const struct learner_master_ops ops = {
        .get_current_tick = tick_of_clock,
        .get_tick_of_initial_ack_deadline = first_deadline_of_clock,
        .new_owner = no_owner,
    };
    struct clock_master clock = {.master = {.ops = &ops, .ctx = capture.ctx}};
    struct sock *sock;
    assert_int_equal(0, sock_new(capture.ctx, INET_V4, &sock));
    struct learner_handler *handler = learner_handler_new(&clock.master, sock);

    clock.tick = 10;
    assert_true(learner_handler_synced(handler));
    clock.tick = 11;
    assert_false(learner_handler_synced(handler));
    learner_handler_heard_of(handler, 15);
    assert_true(learner_handler_synced(handler));
    learner_handler_shutdown(handler);
    assert_false(learner_handler_synced(handler));
    learner_handler_unref(handler);
    test_capture_done(&capture);
}

/* A crowd of silent callers pushes out its own oldest members and nobody else (D-43). */
static void crowd_of_silent_callers_does_not_keep_a_learner_out(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *crowd[LEADER_PENDING_LEARNERS + 8];
    size_t count = sizeof crowd / sizeof crowd[0];
    for (size_t i = 0; i < count; i++)
        crowd[i] = dial_leader(&fixture->peer);
    struct scripted_peer *joiner = join_at(fixture, EPOCH_1_ZXID);
    scripted_peer_expect_packet(joiner, LEADER_DIFF, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_end(crowd[0]);
    assert_true(
        testing_peer_logged(&fixture->peer, "64 newer connections have not said who they are"));
    struct leader_status status;
    assert_true(quorum_peer_get_leader_status(fixture->peer.self, &status));
    assert_true(status.learners <= (int64_t)count + 2);
    for (size_t i = 0; i < count; i++)
        scripted_peer_free(crowd[i]);
    scripted_peer_free(joiner);
    assert_still_serving(fixture);
}

/* A learner whose packets nobody takes: it is disconnected, its stream never has a hole. */
static void learner_that_does_not_read_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct scripted_peer *joiner = join_at(fixture, EPOCH_1_ZXID);
    pass_newleader(joiner);
    scripted_peer_expect_packet_past_pings(joiner, LEADER_UPTODATE, -1, NULL);
    size_t count;
    struct leader *leader = testing_peer_leader(&fixture->peer);
    struct learner_handler **learners = leader_get_learners(leader, &count);
    assert_int_equal(2, count);
    zk_mutex_lock(&learners[1]->mu);
    learners[1]->queued_bytes_limit = 8000000; /* a GiB takes a while */
    zk_mutex_unlock(&learners[1]->mu);
    static const uint8_t zeros[10000];
    struct buf *data = buf_new_copy(zeros, sizeof zeros);
    for (int i = 0; i < 30000 && learner_handler_synced(learners[1]); i++)
        learner_handler_queue_packet(learners[1], quorum_packet_new(LEADER_PING, i, data));
    buf_unref(data);
    leader_free_learners(learners, count);
    testing_peer_await_log(&fixture->peer, "it does not read: 8000000 bytes are waiting");
    scripted_peer_drain(joiner);
    scripted_peer_free(joiner);
    assert_still_serving(fixture);
}

/* Until the handler has done with the packet before: it takes them one by one. */
static void pass_revalidate(struct scripted_peer *learner)
{
    scripted_peer_send_packet(learner, LEADER_REVALIDATE, -1, "0000000000001234 00001770");
    scripted_peer_expect_packet_past_pings(learner, LEADER_REVALIDATE, -1, "0000000000001234 00");
}

/* Java: LearnerHandlerMetricsTest, ObserverTest. A follower is not told of. */
static void what_an_observer_sends_and_is_sent_is_counted(void **state)
{
    struct fixture *fixture = *state;
    struct quorum_peer *self = fixture->peer.self;
    struct scripted_peer *observer = dial_leader(&fixture->peer);
    scripted_peer_send_packet(observer, LEADER_OBSERVERINFO, 0, INFO_OF_4);
    scripted_peer_expect_packet(observer, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_send_packet(observer, LEADER_ACKEPOCH, EPOCH_1_ZXID, NOTHING);
    pass_newleader(observer);
    scripted_peer_expect_packet_past_pings(observer, LEADER_UPTODATE, -1, NULL);

    scripted_peer_send_packet(observer, LEADER_REQUEST, -1, "03a204e3bb3a0000 00000001 00000009");
    scripted_peer_expect_packet_past_pings(observer, LEADER_SYNC, 0, NULL);
    pass_revalidate(observer);

    struct observer_info *infos;
    assert_int_equal(quorum_peer_get_observers(self, &infos), 1);
    assert_int_equal(infos[0].sid, 4);
    assert_int_equal(infos[0].packets_received, 2);
    assert_int_equal(infos[0].requests, 1);
    assert_true(infos[0].packets_sent >= 5); /* DIFF, NEWLEADER, UPTODATE, SYNC, REVALIDATE */
    assert_int_equal(infos[0].last_zxid, EPOCH_1_ZXID);
    assert_memory_equal(infos[0].remote.text, "/127.0.0.1:", 11);
    assert_true(infos[0].established_ms > 0);
    free(infos);

    quorum_peer_reset_observer_stats(self);
    pass_revalidate(observer);
    assert_int_equal(quorum_peer_get_observers(self, &infos), 1);
    assert_int_equal(infos[0].packets_received, 1);
    assert_int_equal(infos[0].requests, 0);
    free(infos);
    scripted_peer_free(observer);
}

static const struct server_metrics_of *of_learner(const struct server_metrics_of *items,
                                                  size_t count, int64_t key)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].key == key)
            return &items[i];
    }
    fail_msg("nothing was measured of %d", (int)key);
    return NULL;
}

/* The first packet that is queued for a learner is one whose time in the queue is measured. */
static void queues_of_learners_are_measured(void **state)
{
    struct fixture *fixture = *state;
    struct server_metrics *metrics = fixture->peer.self->metrics;
    struct scripted_peer *joiner = join_at(fixture, EPOCH_1_ZXID);
    pass_newleader(joiner);
    scripted_peer_expect_packet_past_pings(joiner, LEADER_UPTODATE, -1, NULL);

    struct server_metrics_of *items;
    size_t count = server_metrics_get_set(metrics, SERVER_METRICS_LEARNER_HANDLER_QP_SIZE, &items);
    assert_int_equal(count, 2);
    assert_true(of_learner(items, count, 1)->values.count >= 2);
    assert_true(of_learner(items, count, 2)->values.count >= 3);
    free(items);
    count = server_metrics_get_set(metrics, SERVER_METRICS_LEARNER_HANDLER_QP_TIME_MS, &items);
    assert_int_equal(count, 2);
    assert_int_equal(of_learner(items, count, 2)->values.count, 1);
    free(items);
    struct server_metrics_values values = server_metrics_get(metrics);
    assert_int_equal(values.summaries[SERVER_METRICS_INFLIGHT_DIFF_COUNT].max, 1);
    assert_int_equal(values.summaries[SERVER_METRICS_INFLIGHT_DIFF_COUNT].last, 0);
    scripted_peer_free(joiner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_FOLLOWER(test) cmocka_unit_test_setup_teardown(test, set_up_with_follower, tear_down)
        WITH_FOLLOWER(revalidate_of_an_unknown_session_is_answered_invalid),
        WITH_FOLLOWER(ping_answers_may_list_sessions),
        WITH_FOLLOWER(unknown_packet_is_a_warning),
        WITH_FOLLOWER(unexpected_packets_do_not_fill_the_log),
        WITH_FOLLOWER(joiner_that_is_ahead_is_told_to_truncate),
        WITH_FOLLOWER(joiner_that_stands_here_gets_an_empty_diff),
        WITH_FOLLOWER(joiner_that_is_behind_gets_the_tree_before_newleader),
        WITH_FOLLOWER(snap_is_counted_when_the_tree_has_been_sent),
        cmocka_unit_test(lrn_03_observer_beyond_the_limit_is_refused),
        cmocka_unit_test(lrn_03_sync_that_has_ended_makes_room),
        WITH_FOLLOWER(lrn_04_first_packet_of_another_kind_closes_the_connection),
        WITH_FOLLOWER(lrn_04_visitor_that_says_nothing_is_no_server),
        WITH_FOLLOWER(lrn_04_newer_configuration_closes_the_connection),
        WITH_FOLLOWER(lrn_04_a_version_that_we_acknowledged_is_not_ahead_of_us),
        WITH_FOLLOWER(lrn_04_old_protocol_gets_newleader_first_and_without_data),
        WITH_FOLLOWER(lrn_04_learner_without_an_id_gets_a_negative_one),
        WITH_FOLLOWER(lrn_04_id_of_eight_bytes_is_enough),
        WITH_FOLLOWER(garbage_on_the_quorum_port_ends_only_that_connection),
        WITH_FOLLOWER(packets_cut_short_end_only_that_connection),
        WITH_FOLLOWER(wrong_epoch_acks_end_only_that_connection),
        WITH_FOLLOWER(ping_before_the_ack_of_newleader_ends_the_connection),
        WITH_FOLLOWER(wrong_packets_of_a_synced_learner_end_only_its_connection),
        cmocka_unit_test(silent_and_dripping_callers_are_dropped_after_init_limit),
        cmocka_unit_test(brd_07_silent_learner_is_dropped_and_the_others_stay),
        cmocka_unit_test(brd_07_learner_is_synced_until_its_deadline_and_while_it_lives),
        WITH_FOLLOWER(brd_07_learner_is_synced_for_sync_limit_ticks_after_its_last_packet),
        WITH_FOLLOWER(crowd_of_silent_callers_does_not_keep_a_learner_out),
        WITH_FOLLOWER(learner_that_does_not_read_is_dropped),
        WITH_FOLLOWER(what_an_observer_sends_and_is_sent_is_counted),
        WITH_FOLLOWER(queues_of_learners_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
