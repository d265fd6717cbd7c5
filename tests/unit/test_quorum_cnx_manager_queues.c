/* What the connection manager does when others do not answer: dials that hang, ports that are
 * taken, queues that forget, and the end. The election does not run here: messages are any bytes.
 * Java: QuorumCnxManager; CnxManagerTest, QuorumCnxManagerSocketConnectionTimeoutTest,
 * CircularBlockingQueueTest */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cnx_stage.h"
#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/io/file.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

/* --- CNX-10, CNX-11 --- */

/* A port where connecting hangs: a listener that does not accept and has no place left. */
struct black_hole {
    struct sock *fillers[16];
    size_t count;
};

static void dig_black_hole_for(struct scripted_voter *voter, struct black_hole *hole)
{
    struct inet_address address = test_loopback(voter->port);
    sock_unref(voter->listener);
    assert_int_equal(sock_listen(voter->ctx, &address, 0, &voter->listener), 0);
    int r = 0;
    while (r == 0) {
        assert_true(hole->count < sizeof hole->fillers / sizeof hole->fillers[0]);
        struct sock **filler = &hole->fillers[hole->count++];
        assert_int_equal(sock_new(voter->ctx, INET_V4, filler), 0);
        r = sock_connect(*filler, &address, 100);
    }
    assert_int_equal(r, -ETIMEDOUT);
}

static void dig_black_hole(struct cnx_stage *stage, struct black_hole *hole)
{
    dig_black_hole_for(&stage->one, hole);
}

static void fill_black_hole(struct black_hole *hole)
{
    for (size_t i = 0; i < hole->count; i++)
        sock_unref(hole->fillers[i]);
}

/* CNX-10 (D-17): others are served while a dial hangs, and halt does not wait for it. The dial
 * itself would take ten minutes. */
static void cnx_10_a_dial_that_hangs_holds_up_nobody(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("cnxTimeout=600000\n");
    struct black_hole hole = {0};
    (void)state;
    dig_black_hole(stage, &hole);
    election_peer_listen(stage->peer);
    test_send_text(stage->qcm, 1, "into the dark");
    test_send_text(stage->qcm, 3, "into the light");
    scripted_voter_accept(&stage->three, 2); /* nor does it hold up another dial */
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_expect_text(&stage->three, "into the light");
    for (int i = 0; i < 5; i++) {
        test_send_text(stage->qcm, 1, "into the dark");
        test_send_text(stage->qcm, 3, "into the light");
        scripted_voter_expect_text(&stage->three, "into the light");
    }
    assert_int_equal(test_status_of(stage->qcm, 1).connection_attempts, 1); /* one dial at a time */
    assert_false(qcm_connected_to_peer(stage->qcm, 1));

    qcm_halt(stage->qcm);

    assert_int_equal(zk_thread_count(stage->peer->capture.ctx), 1);
    fill_black_hole(&hole);
    cnx_stage_free(stage);
}

/* CNX-10: the connect timeout ends it, and the next message dials again. The only address of a
 * server gets that whole time, and not that of the reachability check (D-64, ZOOKEEPER-3758); and
 * the dial leaves nothing open. */
static void cnx_10_a_dial_that_hangs_times_out(void **state)
{
    enum { CNX_TIMEOUT_MS = 200 };
    struct cnx_stage *stage =
        cnx_stage_new("cnxTimeout=200\nmultiAddress.reachabilityCheckTimeoutMs=20\n");
    struct black_hole hole = {0};
    (void)state;
    dig_black_hole(stage, &hole);
    int64_t descriptors = zk_open_file_descriptors();
    for (size_t i = 1; i <= 2; i++) {
        int64_t began_ms = zk_elapsed_ms();
        test_send_text(stage->qcm, 1, "into the dark");
        election_peer_await_logged(stage->peer, "Cannot open channel to 1 at election address", i);
        assert_true(zk_elapsed_ms() - began_ms >= CNX_TIMEOUT_MS);
        election_peer_await_threads(stage->peer, 1);
    }
    assert_int_equal(zk_open_file_descriptors(), descriptors);
    fill_black_hole(&hole);
    cnx_stage_free(stage);
}

/* A server that is none of the ensemble calls, and wants to be called back at that port. */
static void call_as_stranger(struct scripted_voter *caller, int64_t sid, uint16_t peer_port)
{
    struct scripted_voter stranger = *caller;
    stranger.sid = sid;
    struct sock *sock = scripted_voter_dial(&stranger, peer_port);
    scripted_voter_introduce(&stranger, sock);
    test_expect_end(sock);
    sock_unref(sock);
}

/* D-60: there is a limit to the dials under way, so that those that hang do not use up the threads,
 * and strangers have but half of it. Here it is two. */
static void dials_that_hang_are_limited_and_strangers_have_half_of_them(void **state)
{
    enum { QUIET_THREADS = 3 }; /* of the test and the listener */
    static const char no_more[] = "Exception while submitting quorum connection request";
    struct test_ensemble ensemble;
    struct scripted_voter one;
    struct scripted_voter two;
    struct black_hole hole = {0};
    (void)state;
    test_ensemble_init(&ensemble, "1 2 9");
    struct election_peer *peer = election_peer_new(&ensemble, 9, "cnxTimeout=600000\n");
    uint16_t peer_port = test_ensemble_port(&ensemble, 9);
    scripted_voter_init(&one, &ensemble, 1);
    scripted_voter_init(&two, &ensemble, 2);
    dig_black_hole_for(&one, &hole);
    peer->qcm->max_outgoing = 2;
    election_peer_listen(peer);

    call_as_stranger(&one, 5, peer_port);
    election_peer_await_threads(peer, QUIET_THREADS + 1); /* a dial that hangs */
    call_as_stranger(&one, 6, peer_port);
    election_peer_await_logged(peer, no_more, 1);
    test_send_text(peer->qcm, 1, "into the dark");
    election_peer_await_threads(peer, QUIET_THREADS + 2);
    test_send_text(peer->qcm, 2, "not now");
    election_peer_await_logged(peer, no_more, 2);
    assert_int_equal(test_status_of(peer->qcm, 1).connection_attempts, 1);
    assert_int_equal(test_status_of(peer->qcm, 2).connection_attempts, 0);

    fill_black_hole(&hole);
    sock_unref(one.listener); /* the dials end, and there is room again */
    one.listener = NULL;
    election_peer_await_threads(peer, QUIET_THREADS);
    test_send_text(peer->qcm, 2, "now");
    scripted_voter_accept(&two, 9);
    scripted_voter_expect_text(&two, "now");
    election_peer_free(peer);
    scripted_voter_done(&one);
    scripted_voter_done(&two);
}

/* Server 1 takes its calls on another port than the configured one, where the hole stays. */
static struct sock *move_away_from(struct cnx_stage *stage, uint16_t port)
{
    struct inet_address address = test_loopback(port);
    struct sock *hole = stage->one.listener;
    assert_int_equal(sock_listen(stage->one.ctx, &address, 4, &stage->one.listener), 0);
    return hole;
}

static void announce(struct cnx_stage *stage, uint16_t port)
{
    struct sock *sock = scripted_voter_dial(&stage->one, test_ensemble_port(&stage->ensemble, 2));
    stage->one.port = port;
    scripted_voter_introduce(&stage->one, sock);
    test_expect_end(sock);
    sock_unref(sock);
}

/* A call from an address, of which the dial under way must hear. */
struct heard_call {
    struct quorum_cnx_manager *qcm;
    uint16_t port;
};

/* Looks whether the only dial under way remembers a call from that port. */
static bool dial_remembers(void *arg)
{
    struct heard_call *call = arg;
    zk_mutex_lock(&call->qcm->mu);
    const struct handshake *dial = call->qcm->outgoing;
    bool remembers = dial != NULL && dial->in_progress && dial->announced.count == 1 &&
                     dial->announced.items[0].port == call->port;
    zk_mutex_unlock(&call->qcm->mu);
    return remembers;
}

/* D-72: while the dial hangs, 1 calls from an address that it leaves again, then from another. The
 * caller is hung up on before its address is remembered, so the second call waits for that. The
 * dial itself would take ten minutes; it ends because nobody listens any more. */
static void of_two_calls_during_a_dial_the_newer_address_is_dialled(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("cnxTimeout=600000\n");
    struct black_hole hole = {0};
    uint16_t older = test_free_port();
    uint16_t newer = test_free_port();
    (void)state;
    dig_black_hole(stage, &hole);
    struct sock *hole_listener = move_away_from(stage, newer);
    election_peer_listen(stage->peer);
    test_send_text(stage->qcm, 1, "where are you?");

    announce(stage, older);
    test_await(dial_remembers, &(struct heard_call){.qcm = stage->qcm, .port = older});
    announce(stage, newer);
    test_await(dial_remembers, &(struct heard_call){.qcm = stage->qcm, .port = newer});
    sock_unref(hole_listener);

    scripted_voter_accept(&stage->one, 2);
    scripted_voter_expect_text(&stage->one, "where are you?");
    fill_black_hole(&hole);
    cnx_stage_free(stage);
}

/* A free port that stands behind the other one in Java's order of the two addresses. */
static uint16_t free_port_behind(uint16_t first)
{
    size_t order[2] = {1, 0};
    uint16_t port = 0;
    for (int i = 0; i < 1000 && order[0] != 0; i++) {
        struct inet_address one = test_loopback(first);
        port = test_free_port();
        struct inet_address other = test_loopback(port);
        struct multiple_addresses both = {0};
        multiple_addresses_add(&both, &one);
        multiple_addresses_add(&both, &other);
        multiple_addresses_java_order(&both, order);
        multiple_addresses_done(&both);
    }
    assert_int_equal(order[0], 0);
    return port;
}

/* D-64: with a second address the first one gets the time of the reachability check, and not the
 * ten minutes of the connect timeout. */
static void the_second_of_two_addresses_does_not_wait_for_the_connect_timeout(void **state)
{
    struct cnx_stage *stage =
        cnx_stage_new("cnxTimeout=600000\nmultiAddress.reachabilityCheckTimeoutMs=100\n");
    struct black_hole hole = {0};
    char addresses[80];
    (void)state;
    dig_black_hole(stage, &hole);
    uint16_t second = free_port_behind(stage->one.port);
    struct sock *hole_listener = move_away_from(stage, second);
    election_peer_listen(stage->peer);
    snprintf(addresses, sizeof addresses, "127.0.0.1:%d|127.0.0.1:%d", stage->one.port, second);
    struct buf *message = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V2, 1, addresses);
    struct sock *sock = scripted_voter_dial(&stage->one, test_ensemble_port(&stage->ensemble, 2));
    assert_int_equal(sock_write_fully(sock, message->bytes, message->length), 0);
    test_expect_end(sock);

    scripted_voter_accept(&stage->one, 2);

    sock_unref(sock);
    buf_unref(message);
    sock_unref(hole_listener);
    fill_black_hole(&hole);
    cnx_stage_free(stage);
}

/* Somebody else listens on the peer's port; the peer wants it. */
static struct sock *steal_the_port(struct cnx_stage *stage)
{
    struct inet_address address = test_loopback(test_ensemble_port(&stage->ensemble, 2));
    struct sock *thief = NULL;
    assert_int_equal(sock_listen(stage->one.ctx, &address, 1, &thief), 0);
    cnx_stage_start_listener(stage);
    election_peer_await_logged(stage->peer, "Exception while listening to address", 1);
    return thief;
}

/* CNX-11: the port is taken; as many tries as configured, then the handler is called */
static void cnx_11_a_port_that_stays_taken_is_reported(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("electionPortBindRetry=2\n");
    (void)state;
    struct sock *thief = steal_the_port(stage);

    cnx_stage_await_socket_error(stage);

    assert_int_equal(election_peer_logged(stage->peer, "Exception while listening to address"), 2);
    assert_int_equal(election_peer_logged(stage->peer, "after 2 errors"), 1);
    assert_int_equal(election_peer_logged(stage->peer, "I won't be able to participate"), 1);
    sock_unref(thief);
    qcm_halt(stage->qcm);
    assert_int_equal(zk_atomic_long_get(&stage->socket_errors), 1);
    cnx_stage_free(stage);
}

/* CNX-11: only failures in a row are counted: a caller that was accepted shows that the port
 * works. */
static void cnx_11_errors_with_a_caller_between_them_do_not_add_up(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("electionPortBindRetry=2\n");
    (void)state;
    cnx_stage_start_listener(stage);
    for (size_t i = 1; i <= 3; i++) {
        election_peer_await_logged(stage->peer, "2 is accepting connections now", i);
        scripted_voter_connect(&stage->three, stage->peer);
        scripted_voter_hang_up(&stage->three);

        zk_mutex_lock(&stage->qcm->listener_mu);
        sock_wake(stage->qcm->server_sockets[0]); /* accept fails; nobody has asked us to stop */
        zk_mutex_unlock(&stage->qcm->listener_mu);
        election_peer_await_logged(stage->peer, "Exception while listening to address", i);
    }

    scripted_voter_connect(&stage->three, stage->peer);
    assert_int_equal(zk_atomic_long_get(&stage->socket_errors), 0);
    cnx_stage_free(stage);
}

/* CNX-11: 0 is for ever, and the port is taken as soon as it is free */
static void cnx_11_a_port_that_becomes_free_is_bound(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("electionPortBindRetry=0\n");
    (void)state;
    sock_unref(steal_the_port(stage));

    election_peer_await_logged(stage->peer, "2 is accepting connections now", 1);

    scripted_voter_connect(&stage->three, stage->peer);
    assert_int_equal(zk_atomic_long_get(&stage->socket_errors), 0);
    cnx_stage_free(stage);
}

/* CNX-11: and who stops while it waits for the port does not wait, nor is that an error */
static void cnx_11_a_halt_ends_the_wait_for_the_port(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("electionPortBindRetry=0\n");
    (void)state;
    struct sock *thief = steal_the_port(stage);

    qcm_halt(stage->qcm);

    assert_int_equal(zk_thread_count(stage->peer->capture.ctx), 1);
    assert_int_equal(zk_atomic_long_get(&stage->socket_errors), 0);
    sock_unref(thief);
    cnx_stage_free(stage);
}

/* --- CNX-12: queues --- */

/* CNX-12 (K-2) */
static void cnx_12_only_the_newest_message_waits_for_a_server(void **state)
{
    struct cnx_stage *stage = *state;
    scripted_voter_done(&stage->three);           /* nobody there */
    assert_false(qcm_have_delivered(stage->qcm)); /* no queues at all */
    test_send_text(stage->qcm, 3, "first");
    test_send_text(stage->qcm, 3, "second");
    test_send_text(stage->qcm, 3, "third");
    assert_int_equal(test_status_of(stage->qcm, 3).send_queue_length, 1);
    assert_int_equal(test_status_of(stage->qcm, 3).replaced_messages, 2);
    assert_false(qcm_have_delivered(stage->qcm));

    scripted_voter_init(&stage->three, &stage->ensemble, 3);
    scripted_voter_connect(&stage->three, stage->peer);

    scripted_voter_expect_text(&stage->three, "third");
    assert_true(qcm_have_delivered(stage->qcm));
}

/* CNX-12: with something newer in the queue the last message is not said again */
static void cnx_12_a_new_connection_begins_with_the_queue_or_else_the_last_message(void **state)
{
    struct cnx_stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    test_send_text(stage->qcm, 3, "old");
    scripted_voter_expect_text(&stage->three, "old");
    scripted_voter_hang_up(&stage->three);
    election_peer_await_connected(stage->peer, 3, false);
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_expect_text(&stage->three, "old");

    scripted_voter_hang_up(&stage->three);
    election_peer_await_connected(stage->peer, 3, false);
    test_send_text(stage->qcm, 3, "new");
    scripted_voter_connect(&stage->three, stage->peer);

    scripted_voter_expect_text(&stage->three, "new");
    test_send_text(stage->qcm, 3, "newer");
    scripted_voter_expect_text(&stage->three, "newer");
}

/* CNX-12 */
static void cnx_12_the_receive_queue_keeps_the_newest_hundred(void **state)
{
    struct cnx_stage *stage = *state;
    for (int i = 0; i < 150; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        test_send_text(stage->qcm, 2, text);
    }
    for (int i = 50; i < 150; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        test_expect_received(stage->qcm, 2, text);
    }
    struct message *message = NULL;
    assert_int_equal(qcm_poll_recv_queue(stage->qcm, 0, &message), -ETIMEDOUT);
}

static void connect_all_dials_whoever_has_a_queue(void **state)
{
    struct cnx_stage *stage = *state;
    scripted_voter_done(&stage->one);
    test_send_text(stage->qcm, 1, "hello");
    election_peer_await_traced(stage->peer, "\"what\":\"refused\",\"peer\":1", 1);
    election_peer_await_threads(stage->peer, 3);
    scripted_voter_init(&stage->one, &stage->ensemble, 1);

    qcm_connect_all(stage->qcm);

    scripted_voter_accept(&stage->one, 2);
    scripted_voter_expect_text(&stage->one, "hello");
    assert_int_equal(test_status_of(stage->qcm, 1).connection_attempts, 2);
    assert_int_equal(test_status_of(stage->qcm, 3).sid, INT64_MIN);
}

/* --- the end --- */

/* ZOOKEEPER-453 */
static void a_server_that_dies_and_comes_again_is_connected_every_time(void **state)
{
    struct cnx_stage *stage = *state;
    for (int i = 0; i < 20; i++) {
        scripted_voter_connect(&stage->three, stage->peer);
        scripted_voter_connect(&stage->one, stage->peer);
        test_await_workers(stage->qcm, 4);
        scripted_voter_say_text(&stage->three, "3");
        test_expect_received(stage->qcm, 3, "3");
        scripted_voter_say_text(&stage->one, "1");
        test_expect_received(stage->qcm, 1, "1");
        scripted_voter_hang_up(&stage->one);
        scripted_voter_hang_up(&stage->three);
        test_await_workers(stage->qcm, 0);
    }
}

static void after_halt_nothing_is_sent_received_or_dialled(void **state)
{
    struct cnx_stage *stage = *state;
    struct message *message = NULL;
    scripted_voter_connect(&stage->three, stage->peer);
    qcm_halt(stage->qcm);
    qcm_halt(stage->qcm); /* twice is once */

    scripted_voter_expect_end(&stage->three);
    test_send_text(stage->qcm, 3, "late");
    test_send_text(stage->qcm, 2, "late");
    qcm_connect_all(stage->qcm);
    assert_int_equal(qcm_poll_recv_queue(stage->qcm, TEST_PATIENCE_MS, &message), -ECANCELED);
    assert_int_equal(zk_thread_count(stage->peer->capture.ctx), 1);
    assert_false(qcm_connected_to_peer(stage->qcm, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cnx_10_a_dial_that_hangs_holds_up_nobody),
        cmocka_unit_test(cnx_10_a_dial_that_hangs_times_out),
        cmocka_unit_test(dials_that_hang_are_limited_and_strangers_have_half_of_them),
        cmocka_unit_test(of_two_calls_during_a_dial_the_newer_address_is_dialled),
        cmocka_unit_test(the_second_of_two_addresses_does_not_wait_for_the_connect_timeout),
        cmocka_unit_test(cnx_11_a_port_that_stays_taken_is_reported),
        cmocka_unit_test(cnx_11_errors_with_a_caller_between_them_do_not_add_up),
        cmocka_unit_test(cnx_11_a_port_that_becomes_free_is_bound),
        cmocka_unit_test(cnx_11_a_halt_ends_the_wait_for_the_port),
        CNX_STAGED(cnx_12_only_the_newest_message_waits_for_a_server),
        CNX_STAGED(cnx_12_a_new_connection_begins_with_the_queue_or_else_the_last_message),
        CNX_STAGED(cnx_12_the_receive_queue_keeps_the_newest_hundred),
        CNX_STAGED(connect_all_dials_whoever_has_a_queue),
        CNX_STAGED(a_server_that_dies_and_comes_again_is_connected_every_time),
        CNX_STAGED(after_halt_nothing_is_sent_received_or_dialled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
