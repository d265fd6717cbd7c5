/* One connection for each pair of servers, queues that forget, a listener that comes back. The
 * election does not run here: messages are any bytes.
 * Java: QuorumCnxManager; CnxManagerTest, QuorumCnxManagerSocketConnectionTimeoutTest */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cnx_stage.h"
#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/election/initial_message.h"
#include "zk/runtime/clock.h"

/* --- CNX-03: one connection per pair --- */

/* A manager that is called while its own dial has just been kept calls back at once (D-69): nobody
 * has to say anything again until all are connected. */
static void await_circle(struct election_peer **peers, size_t count, size_t workers)
{
    for (size_t i = 0; i < count; i++)
        test_await_workers(peers[i]->qcm, workers);
}

/* Every connection that the peer has ever kept goes to this end. */
static void assert_keeps_only(struct election_peer *peer, const char *listening_end)
{
    char *trace = test_captured_trace(&peer->capture);
    struct zk_str line = {0};
    const char *at = strstr(trace, "\"what\":\"keep\"");
    assert_non_null(at);
    for (; at != NULL; at = strstr(at + 1, "\"what\":\"keep\"")) {
        zk_str_clear(&line);
        zk_str_append_bytes(&line, at, strcspn(at, "\n"));
        assert_non_null(strstr(zk_str_text(&line), listening_end));
    }
    zk_str_done(&line);
    free(trace);
}

/* CNX-03: both have something to say at once, and nobody was there before */
static void cnx_03_of_two_that_dial_at_once_the_larger_keeps_its_connection(void **state)
{
    struct test_ensemble pair;
    (void)state;
    test_ensemble_init(&pair, "0 1");
    struct election_peer *zero = election_peer_new(&pair, 0, "");
    struct election_peer *one = election_peer_new(&pair, 1, "");
    election_peer_listen(zero);
    election_peer_listen(one);
    test_send_text(zero->qcm, 1, "from 0 to 1: twenty-eight b.");
    test_send_text(one->qcm, 0, "from 1 to 0: twenty-eight b.");

    char listener_of_zero[32];
    snprintf(listener_of_zero, sizeof listener_of_zero, "-127.0.0.1:%d\"", pair.election_ports[0]);

    test_expect_received(one->qcm, 0, "from 0 to 1: twenty-eight b.");
    test_expect_received(zero->qcm, 1, "from 1 to 0: twenty-eight b.");
    await_circle((struct election_peer *[]){zero, one}, 2, 2);
    assert_keeps_only(zero, listener_of_zero); /* which 1 has dialled */
    assert_keeps_only(one, listener_of_zero);
    election_peer_free(zero);
    election_peer_free(one);
}

/* CNX-03: "0, if it dialled first, sends its header and closes" */
static void cnx_03_the_smaller_announces_itself_and_closes(void **state)
{
    struct cnx_stage *stage = *state;
    test_send_text(stage->qcm, 3, "hello");

    scripted_voter_accept(&stage->three, 2); /* the initial message of 2 */

    test_expect_end(stage->three.sock);
    scripted_voter_connect(&stage->three, stage->peer); /* as 3 does then */
    scripted_voter_expect_text(&stage->three, "hello");
    assert_int_equal(election_peer_logged(stage->peer,
                                          "Have smaller server identifier, so "
                                          "dropping the connection: (myId:2 --> sid:3)"),
                     1);
}

/* CNX-03: "dialling again from 0 ends with 0 again receiving 1's last message" */
static void cnx_03_a_smaller_one_that_calls_again_hears_the_last_message_again(void **state)
{
    struct cnx_stage *stage = *state;
    scripted_voter_connect(&stage->one, stage->peer);
    test_send_text(stage->qcm, 1, "last");
    scripted_voter_expect_text(&stage->one, "last");
    for (int i = 0; i < 3; i++) {
        struct sock *before = sock_ref(stage->one.sock);
        scripted_voter_connect(&stage->one, stage->peer);
        scripted_voter_expect_text(&stage->one, "last");
        test_expect_end(before); /* the connection of before was closed by the peer */
        sock_unref(before);
    }
    test_await_workers(stage->qcm, 2);
}

/* CNX-03 */
static void cnx_03_a_larger_one_that_dials_again_replaces_its_connection(void **state)
{
    struct cnx_stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    test_send_text(stage->qcm, 3, "last");
    scripted_voter_expect_text(&stage->three, "last");
    for (int i = 0; i < 3; i++) {
        struct sock *before = sock_ref(stage->three.sock);
        scripted_voter_connect(&stage->three, stage->peer);
        scripted_voter_expect_text(&stage->three, "last");
        test_expect_end(before);
        sock_unref(before);
    }
    test_send_text(stage->qcm, 3, "next");
    scripted_voter_expect_text(&stage->three, "next");
    test_await_workers(stage->qcm, 2);
}

/* The voter connects again until the log has these words: a RecvWorker that has not come to its
 * first read when its connection is replaced has nothing to say. The far end stays open
 * meanwhile. */
static void connect_until_logged(struct cnx_stage *stage, struct scripted_voter *voter,
                                 const char *words)
{
    while (election_peer_logged(stage->peer, words) == 0) {
        struct sock *before = sock_ref(voter->sock);
        scripted_voter_connect(voter, stage->peer);
        test_expect_end(before);
        sock_unref(before);
    }
}

/* Nobody stops in these: the log names what truly ended the old connection. */
static void the_log_says_why_our_own_side_ended_a_connection(void **state)
{
    struct cnx_stage *stage = *state;
    scripted_voter_connect(&stage->one, stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);

    connect_until_logged(stage, &stage->one,
                         "Connection broken for id 1, my id = 2 reason=the other side has called "
                         "again");
    connect_until_logged(stage, &stage->three,
                         "Connection broken for id 3, my id = 2 reason=a newer connection has "
                         "replaced it");
}

/* (D-21) Callers are heard by threads of their own: a call that was accepted first and heard last
 * must not displace the later one. Java hears one after the other. */
static void of_two_calls_of_one_server_the_later_one_stays(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *bytes = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 3, "127.0.0.1:1");
    struct sock *first =
        scripted_voter_dial(&stage->three, test_ensemble_port(&stage->ensemble, 2));
    assert_int_equal(sock_write_fully(first, bytes->bytes, 10), 0);
    election_peer_await_logged(stage->peer, "Received connection request from", 1);
    scripted_voter_connect(&stage->three, stage->peer);

    assert_int_equal(sock_write_fully(first, bytes->bytes + 10, bytes->length - 10), 0);

    test_expect_end(first);
    test_send_text(stage->qcm, 3, "later");
    scripted_voter_expect_text(&stage->three, "later");
    test_await_workers(stage->qcm, 2);
    sock_unref(first);
    buf_unref(bytes);
}

/* CNX-03: three managers, four workers in each; one goes and comes again, five times */
static void cnx_03_workers_neither_leak_nor_lack_when_a_server_restarts(void **state)
{
    struct test_ensemble ensemble;
    struct election_peer *peers[3];
    (void)state;
    test_ensemble_init(&ensemble, "0 1 2");
    for (int64_t sid = 0; sid < 3; sid++) {
        peers[sid] = election_peer_new(&ensemble, sid, "");
        election_peer_listen(peers[sid]);
    }
    for (int64_t from = 0; from < 3; from++)
        for (int64_t to = 0; to < 3; to++)
            test_send_text(peers[from]->qcm, to, "hello");
    for (int repetition = 0; repetition < 5; repetition++) {
        int64_t goes = repetition % 3;
        await_circle(peers, 3, 4);
        election_peer_restart(peers[goes]);
        for (int64_t sid = 0; sid < 3; sid++)
            test_await_workers(peers[sid]->qcm, sid == goes ? 0 : 2);
        election_peer_listen(peers[goes]);
        for (int64_t to = 0; to < 3; to++)
            test_send_text(peers[goes]->qcm, to, "again");
    }
    await_circle(peers, 3, 4);
    for (int64_t sid = 0; sid < 3; sid++)
        election_peer_free(peers[sid]);
}

/* (K-12) Not the configured address but the one that is announced. */
static void a_smaller_one_is_called_back_where_it_says(void **state)
{
    struct cnx_stage *stage = *state;
    scripted_voter_done(&stage->one);
    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    struct inet_address elsewhere = test_loopback(test_free_port());
    sock_unref(stage->one.listener);
    assert_int_equal(sock_listen(stage->one.ctx, &elsewhere, 4, &stage->one.listener), 0);
    stage->one.port = elsewhere.port;

    scripted_voter_connect(&stage->one, stage->peer);

    scripted_voter_say_text(&stage->one, "here");
    test_expect_received(stage->qcm, 1, "here");
}

static void introduce_as(struct cnx_stage *stage, const struct buf *message)
{
    struct sock *sock = scripted_voter_dial(&stage->one, test_ensemble_port(&stage->ensemble, 2));
    assert_int_equal(sock_write_fully(sock, message->bytes, message->length), 0);
    test_expect_end(sock);
    sock_unref(sock);
}

/* ZOOKEEPER-2164: nobody can be called back at a wildcard */
static void who_announces_a_wildcard_is_called_back_at_its_configured_address(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *message =
        test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 1, "0.0.0.0:1234");
    introduce_as(stage, message);
    scripted_voter_accept(&stage->one, 2);
    buf_unref(message);
}

/* A mapping of one name is no obstacle: version 2, two addresses of which one answers. */
static void of_several_announced_addresses_one_that_answers_is_enough(void **state)
{
    struct cnx_stage *stage = *state;
    char addresses[80];
    snprintf(addresses, sizeof addresses, "127.0.0.1:%d|127.0.0.1:%d", test_free_port(),
             stage->one.port);
    struct buf *message = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V2, 1, addresses);
    introduce_as(stage, message);
    scripted_voter_accept(&stage->one, 2);
    buf_unref(message);
}

/* A port with which that name stands before the loopback address, in Java's order of the two. */
static uint16_t port_of_name_before(const char *name, uint16_t loopback_port)
{
    size_t order[2] = {1, 0};
    uint16_t port = 0;
    while (order[0] != 0 && ++port < 1000) {
        struct inet_address unknown;
        inet_address_literal(name, port, &unknown);
        struct inet_address known = test_loopback(loopback_port);
        struct multiple_addresses both = {0};
        multiple_addresses_add(&both, &unknown);
        multiple_addresses_add(&both, &known);
        multiple_addresses_java_order(&both, order);
        multiple_addresses_done(&both);
    }
    assert_int_equal(order[0], 0);
    return port;
}

static void an_announced_name_that_nobody_knows_does_not_end_the_dial(void **state)
{
    struct cnx_stage *stage = *state;
    char addresses[120];
    snprintf(addresses, sizeof addresses, "a.invalid:%d|127.0.0.1:%d",
             port_of_name_before("a.invalid", stage->one.port), stage->one.port);
    struct buf *message = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V2, 1, addresses);
    introduce_as(stage, message);
    scripted_voter_accept(&stage->one, 2);
    buf_unref(message);
}

static bool is_past(void *arg)
{
    return zk_elapsed_ms() > *(const int64_t *)arg;
}

/* The time that a handshake may take is not the time that a connection may be silent. */
static void a_kept_connection_outlives_the_time_for_its_handshake(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("quorumCnxnTimeoutMs=300\n");
    (void)state;
    election_peer_listen(stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_connect(&stage->one, stage->peer);
    int64_t silent_until_ms = zk_elapsed_ms() + 600;
    assert_true(wait_until(zk_deadline_ms(TEST_PATIENCE_MS), is_past, &silent_until_ms));

    scripted_voter_say_text(&stage->three, "3");
    test_expect_received(stage->qcm, 3, "3");
    scripted_voter_say_text(&stage->one, "1");
    test_expect_received(stage->qcm, 1, "1");
    assert_int_equal(election_peer_logged(stage->peer, "Connection broken"), 0);
    cnx_stage_free(stage);
}

/* --- CNX-04 --- */

static void expect_first_bytes(struct scripted_voter *voter, int64_t version)
{
    struct sock *sock = NULL;
    uint8_t bytes[256];
    size_t count = 0;
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", test_ensemble_port(voter->ensemble, 2));
    struct buf *expected = test_initial_message(version, 2, address);
    sock_set_deadline(voter->listener, zk_deadline_ms(TEST_PATIENCE_MS));
    assert_int_equal(sock_accept(voter->listener, &sock), 0);
    sock_set_deadline(sock, zk_deadline_ms(TEST_PATIENCE_MS));
    assert_int_equal(sock_read_some(sock, bytes, sizeof bytes, &count), 0);
    assert_int_equal(count, expected->length); /* all of it, and the frame not yet */
    assert_memory_equal(bytes, expected->bytes, count);
    buf_unref(expected);
    sock_unref(sock);
}

/* CNX-04: whoever reads it with one read gets all of it */
static void cnx_04_the_initial_message_leaves_in_one_write(void **state)
{
    struct cnx_stage *stage = *state;
    for (int i = 0; i < 20; i++) { /* 3 never calls back: each message is a new dial */
        test_send_text(stage->qcm, 3, "hello");
        expect_first_bytes(&stage->three, INITIAL_MESSAGE_PROTOCOL_VERSION_V1);
        election_peer_await_logged(stage->peer, "Have smaller server identifier", (size_t)i + 1);
        election_peer_await_threads(stage->peer, 3); /* main, listener, handler: the dial is over */
    }
}

/* CNX-02 */
static void cnx_02_with_multi_address_version_2_is_sent(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("multiAddress.enabled=true\n");
    (void)state;
    test_send_text(stage->qcm, 3, "hello");
    expect_first_bytes(&stage->three, INITIAL_MESSAGE_PROTOCOL_VERSION_V2);
    cnx_stage_free(stage);
}

/* CNX-04: header, length and payload a byte at a time */
static void cnx_04_segments_of_one_byte_are_understood(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *bytes = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 3, "127.0.0.1:1");
    buf_put_int(bytes, 5);
    buf_put_bytes(bytes, "drops", 5);
    stage->three.sock = scripted_voter_dial(&stage->three, test_ensemble_port(&stage->ensemble, 2));
    for (size_t i = 0; i < bytes->length; i++)
        assert_int_equal(sock_write_fully(stage->three.sock, bytes->bytes + i, 1), 0);
    buf_unref(bytes);

    test_expect_received(stage->qcm, 3, "drops");
}

/* The other extreme: initial message and three frames in one segment. */
static void frames_behind_the_initial_message_in_one_segment_are_kept(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *bytes = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 3, "127.0.0.1:1");
    for (int i = 0; i < 3; i++) {
        buf_put_int(bytes, 1);
        buf_put_byte(bytes, (uint8_t)('a' + i));
    }
    stage->three.sock = scripted_voter_dial(&stage->three, test_ensemble_port(&stage->ensemble, 2));
    scripted_voter_send(&stage->three, bytes);

    test_expect_received(stage->qcm, 3, "a");
    test_expect_received(stage->qcm, 3, "b");
    test_expect_received(stage->qcm, 3, "c");
}

/* --- CNX-07, CNX-08: odd ids --- */

/* CNX-07 */
static void cnx_07_an_old_server_sends_its_id_and_then_frames(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *bytes = buf_new(16);
    buf_put_long(bytes, 3);
    buf_put_int(bytes, 4);
    buf_put_bytes(bytes, "3.4!", 4);
    stage->three.sock = scripted_voter_dial(&stage->three, test_ensemble_port(&stage->ensemble, 2));
    scripted_voter_send(&stage->three, bytes);

    test_expect_received(stage->qcm, 3, "3.4!");
}

/* CNX-07 */
static void cnx_07_an_old_smaller_server_is_called_back_at_its_configured_address(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *message = buf_new(8);
    buf_put_long(message, 1);
    introduce_as(stage, message);
    scripted_voter_accept(&stage->one, 2);
    scripted_voter_say_text(&stage->one, "old");
    test_expect_received(stage->qcm, 1, "old");
    buf_unref(message);
}

/* CNX-08 (D-10) */
static void cnx_08_our_own_id_is_warned_of_and_closed(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *message =
        test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 2, "127.0.0.1:1");
    introduce_as(stage, message); /* it ends */
    assert_int_equal(
        election_peer_logged(stage->peer, "We got a connection request from a server with our own"),
        1);
    assert_int_equal(qcm_get_thread_count(stage->qcm), 0);
    assert_false(qcm_connected_to_peer(stage->qcm, 2));
    buf_unref(message);
}

/* CNX-08: each gets an id of its own, and is called back */
static void cnx_08_nameless_observers_get_ids_that_count_down_from_minus_one(void **state)
{
    struct cnx_stage *stage = *state;
    struct scripted_voter observers[3];
    for (int i = 0; i < 3; i++) {
        char address[32];
        scripted_voter_init(&observers[i], &stage->ensemble, 100 + i);
        snprintf(address, sizeof address, "127.0.0.1:%d", observers[i].port);
        struct buf *message =
            test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, INT64_MAX, address);
        introduce_as(stage, message);
        scripted_voter_accept(&observers[i], 2);
        scripted_voter_say_text(&observers[i], "observer");
        test_expect_received(stage->qcm, -1 - i, "observer");
        buf_unref(message);
    }
    for (int i = 0; i < 3; i++)
        scripted_voter_done(&observers[i]);
}

/* CNX-08: the legacy form announces no address */
static void cnx_08_a_nameless_observer_without_address_is_let_go(void **state)
{
    struct cnx_stage *stage = *state;
    struct buf *message = buf_new(8);
    buf_put_long(message, INT64_MAX);
    introduce_as(stage, message);
    election_peer_await_logged(stage->peer, "Invalid server id: -1 ", 1);
    buf_unref(message);
}

/* CNX-08 */
static void cnx_08_a_larger_stranger_is_accepted(void **state)
{
    struct cnx_stage *stage = *state;
    struct scripted_voter stranger;
    scripted_voter_init(&stranger, &stage->ensemble, 99);
    scripted_voter_connect(&stranger, stage->peer);
    scripted_voter_say_text(&stranger, "who am I");
    test_expect_received(stage->qcm, 99, "who am I");
    test_send_text(stage->qcm, 99, "99");
    scripted_voter_expect_text(&stranger, "99");
    scripted_voter_done(&stranger);
}

/* CNX-08 (D-24): closed, and not dialled where it says */
static void cnx_08_a_negative_id_is_refused(void **state)
{
    static const int64_t sids[] = {-7, -1, -65536, INT64_MIN};
    struct cnx_stage *stage = *state;
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", stage->one.port);
    for (size_t i = 0; i < sizeof sids / sizeof sids[0]; i++) {
        struct buf *message =
            test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, sids[i], address);
        introduce_as(stage, message);
        buf_unref(message);
    }
    scripted_voter_connect(&stage->one, stage->peer); /* the first dial to that address is for 1 */
    scripted_voter_say_text(&stage->one, "one");
    test_expect_received(stage->qcm, 1, "one");
    assert_int_equal(election_peer_traced(stage->peer, "\"what\":\"dial\""), 1);
    assert_int_equal(election_peer_logged(stage->peer, "why=negative ids are given by us"), 4);
}

/* The time for a handshake, read from a zoo.cfg with these lines. */
static void expect_socket_timeout(const char *lines, int64_t timeout_ms)
{
    struct cnx_stage *stage = cnx_stage_new(lines);
    char words[80];
    snprintf(words, sizeof words, "Using %" PRId64 "ms as the quorum cnxn socket timeout",
             timeout_ms);
    assert_int_equal(stage->qcm->socket_timeout_ms, timeout_ms);
    assert_int_equal(election_peer_logged(stage->peer, words), 1);
    cnx_stage_free(stage);
}

/* The time for connecting is another one: five seconds, or as the setting says; 0 is no limit. */
static void expect_cnx_timeout(const char *lines, int64_t timeout_ms)
{
    struct cnx_stage *stage = cnx_stage_new(lines);
    assert_int_equal(stage->qcm->cnx_timeout_ms, timeout_ms);
    cnx_stage_free(stage);
}

/* ZOOKEEPER-3378: syncLimit is only what it is without a setting, and initLimit never. */
static void a_handshake_may_take_sync_limit_or_what_the_setting_says(void **state)
{
    (void)state;
    expect_socket_timeout("initLimit=10\nsyncLimit=3\n", 6000);
    expect_socket_timeout("syncLimit=3\nquorumCnxnTimeoutMs=0\n", 6000);
    expect_socket_timeout("syncLimit=3\nquorumCnxnTimeoutMs=-1\n", 6000);
    expect_socket_timeout("syncLimit=3\nquorumCnxnTimeoutMs=20000\n", 20000);
    expect_cnx_timeout("syncLimit=3\n", 5000);
    expect_cnx_timeout("cnxTimeout=300\n", 300);
    expect_cnx_timeout("cnxTimeout=0\n", INT64_MAX);
}

/* ZOOKEEPER-1840 */
static void nobody_dials_himself_or_a_stranger(void **state)
{
    struct cnx_stage *stage = *state;
    test_send_text(stage->qcm, 2, "to myself");
    test_expect_received(stage->qcm, 2, "to myself");
    test_send_text(stage->qcm, 99, "to nobody");
    qcm_connect_one(stage->qcm, 98);
    assert_int_equal(election_peer_logged(stage->peer, "Invalid server id: 99 "), 1);
    assert_int_equal(election_peer_logged(stage->peer, "Invalid server id: 98 "), 1);
    assert_int_equal(election_peer_traced(stage->peer, "\"ev\":\"conn\""), 0);
    assert_int_equal(test_status_of(stage->qcm, 99).sid, INT64_MIN); /* nothing is kept for it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cnx_03_of_two_that_dial_at_once_the_larger_keeps_its_connection),
        CNX_STAGED(cnx_03_the_smaller_announces_itself_and_closes),
        CNX_STAGED(cnx_03_a_smaller_one_that_calls_again_hears_the_last_message_again),
        CNX_STAGED(cnx_03_a_larger_one_that_dials_again_replaces_its_connection),
        CNX_STAGED(the_log_says_why_our_own_side_ended_a_connection),
        CNX_STAGED(of_two_calls_of_one_server_the_later_one_stays),
        cmocka_unit_test(cnx_03_workers_neither_leak_nor_lack_when_a_server_restarts),
        CNX_STAGED(a_smaller_one_is_called_back_where_it_says),
        CNX_STAGED(who_announces_a_wildcard_is_called_back_at_its_configured_address),
        CNX_STAGED(of_several_announced_addresses_one_that_answers_is_enough),
        CNX_STAGED(an_announced_name_that_nobody_knows_does_not_end_the_dial),
        cmocka_unit_test(a_kept_connection_outlives_the_time_for_its_handshake),
        cmocka_unit_test(a_handshake_may_take_sync_limit_or_what_the_setting_says),
        CNX_STAGED(cnx_04_the_initial_message_leaves_in_one_write),
        cmocka_unit_test(cnx_02_with_multi_address_version_2_is_sent),
        CNX_STAGED(cnx_04_segments_of_one_byte_are_understood),
        CNX_STAGED(frames_behind_the_initial_message_in_one_segment_are_kept),
        CNX_STAGED(cnx_07_an_old_server_sends_its_id_and_then_frames),
        CNX_STAGED(cnx_07_an_old_smaller_server_is_called_back_at_its_configured_address),
        CNX_STAGED(cnx_08_our_own_id_is_warned_of_and_closed),
        CNX_STAGED(cnx_08_nameless_observers_get_ids_that_count_down_from_minus_one),
        CNX_STAGED(cnx_08_a_nameless_observer_without_address_is_let_go),
        CNX_STAGED(cnx_08_a_larger_stranger_is_accepted),
        CNX_STAGED(cnx_08_a_negative_id_is_refused),
        CNX_STAGED(nobody_dials_himself_or_a_stranger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
