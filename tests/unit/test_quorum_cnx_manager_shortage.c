/* What the connection manager does when the system has nothing left for it: no thread, no
 * descriptor, no such name, no port; and what it listens on when all is well. Whatever is missing
 * costs one connection; when it is there again, the next one succeeds. Java: QuorumCnxManager */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cnx_stage.h"
#include "election/quorum_cnx_manager_internal.h"
#include "outside.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

static int teardown(void **state)
{
    outside_restore(state);
    return cnx_stage_teardown(state);
}

/* --- no thread --- */

static void without_a_thread_a_caller_is_let_go_and_the_next_one_is_heard(void **state)
{
    struct cnx_stage *stage = *state;
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, 1);
    struct sock *unheard =
        scripted_voter_dial(&stage->three, test_ensemble_port(&stage->ensemble, 2));
    test_expect_end(unheard);
    sock_unref(unheard);
    election_peer_await_logged(stage->peer, "why=the system gives no more threads", 1);

    scripted_voter_connect(&stage->three, stage->peer);

    scripted_voter_say_text(&stage->three, "heard");
    test_expect_received(stage->qcm, 3, "heard");
}

/* The caller's thread passes; then SendWorker's, or RecvWorker's. */
static void half_a_connection_is_none(void **state)
{
    struct cnx_stage *stage = *state;
    for (int pass = 1; pass <= 2; pass++) {
        outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, pass, 1);
        struct sock *half =
            scripted_voter_dial(&stage->three, test_ensemble_port(&stage->ensemble, 2));
        scripted_voter_introduce(&stage->three, half);
        test_expect_end(half);
        sock_unref(half);
        assert_int_equal(outside_failures(OUTSIDE_PTHREAD_CREATE), 1);
        election_peer_await_connected(stage->peer, 3, false);
        test_await_workers(stage->qcm, 0);
    }

    scripted_voter_connect(&stage->three, stage->peer);

    test_send_text(stage->qcm, 3, "whole");
    scripted_voter_expect_text(&stage->three, "whole");
    test_await_workers(stage->qcm, 2);
}

static void a_dial_without_a_thread_is_made_up_for_by_the_next_message(void **state)
{
    struct cnx_stage *stage = *state;
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, 1);
    test_send_text(stage->qcm, 1, "first");
    assert_int_equal(outside_failures(OUTSIDE_PTHREAD_CREATE), 1);
    assert_int_equal(test_status_of(stage->qcm, 1).connection_attempts, 0);

    test_send_text(stage->qcm, 1, "second");

    scripted_voter_accept(&stage->one, 2);
    scripted_voter_expect_text(&stage->one, "second");
}

/* A peer that hears nobody is of no use: it ends as if its port were taken. */
static void without_a_thread_for_its_port_the_listener_gives_up(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("");
    (void)state;
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 1, 1); /* QuorumPeerListener has one */

    cnx_stage_start_listener(stage);
    cnx_stage_await_socket_error(stage);

    assert_int_equal(election_peer_logged(stage->peer, "I won't be able to participate"), 1);
    outside_restore(NULL);
    cnx_stage_free(stage);
}

/* --- no descriptor --- */

/* (D-63) The port stays open meanwhile. */
static void callers_wait_while_there_are_no_descriptors(void **state)
{
    struct cnx_stage *stage = *state;
    outside_fail(OUTSIDE_ACCEPT, EMFILE, 0, 2);

    scripted_voter_connect(&stage->three, stage->peer);

    assert_int_equal(outside_failures(OUTSIDE_ACCEPT), 2);
    assert_int_equal(election_peer_logged(stage->peer, "is accepting connections now"), 1);
    assert_int_equal(election_peer_logged(stage->peer, "Exception while listening"), 0);
    scripted_voter_say_text(&stage->three, "patient");
    test_expect_received(stage->qcm, 3, "patient");
}

static bool accept_has_failed(void *arg)
{
    (void)arg;
    return outside_failures(OUTSIDE_ACCEPT) > 0;
}

static void a_halt_does_not_wait_for_descriptors(void **state)
{
    struct cnx_stage *stage = *state;
    outside_fail(OUTSIDE_ACCEPT, EMFILE, 0, OUTSIDE_FOR_EVER);
    struct sock *caller =
        scripted_voter_dial(&stage->three, test_ensemble_port(&stage->ensemble, 2));
    test_await(accept_has_failed, NULL);

    qcm_halt(stage->qcm);

    assert_int_equal(zk_thread_count(stage->peer->capture.ctx), 1);
    test_expect_end(caller);
    sock_unref(caller);
}

/* Any other error closes the port, which is bound anew (a second later, as in Java). */
static void a_port_that_breaks_is_bound_again(void **state)
{
    struct cnx_stage *stage = *state;
    election_peer_await_logged(stage->peer, "is accepting connections now", 1);
    outside_fail(OUTSIDE_ACCEPT, EINVAL, 0, 1);
    struct inet_address port = test_loopback(test_ensemble_port(&stage->ensemble, 2));
    struct sock *caller = NULL;
    assert_int_equal(sock_new(stage->three.ctx, INET_V4, &caller), 0);
    sock_set_deadline(caller, zk_deadline_ms(TEST_PATIENCE_MS));
    int dialled = sock_connect(caller, &port, TEST_PATIENCE_MS);
    election_peer_await_logged(stage->peer, "Exception while listening to address", 1);
    if (dialled == 0)
        test_expect_end(caller);
    else /* the port was closed before the caller saw that it was through */
        assert_int_equal(dialled, -ECONNRESET);
    sock_unref(caller);

    election_peer_await_logged(stage->peer, "is accepting connections now", 2);

    scripted_voter_connect(&stage->three, stage->peer);
}

static void a_dial_without_a_descriptor_is_made_up_for_by_the_next_message(void **state)
{
    struct cnx_stage *stage = *state;
    outside_fail(OUTSIDE_SOCKET, EMFILE, 0, 1);
    test_send_text(stage->qcm, 1, "first");
    election_peer_await_logged(stage->peer, "Cannot open channel to 1 at election address", 1);
    election_peer_await_threads(stage->peer, 3); /* main, listener, handler: the dial is over */

    test_send_text(stage->qcm, 1, "second");

    scripted_voter_accept(&stage->one, 2);
    scripted_voter_expect_text(&stage->one, "second");
}

/* The connection breaks before we have said who we are. */
static void a_dial_that_cannot_introduce_itself_is_no_connection(void **state)
{
    struct cnx_stage *stage = *state;
    outside_fail(OUTSIDE_SEND, ECONNRESET, 0, 1);
    test_send_text(stage->qcm, 1, "first");
    election_peer_await_logged(stage->peer, "Ignoring exception reading or writing challenge", 1);
    election_peer_await_threads(stage->peer, 3);
    assert_false(qcm_connected_to_peer(stage->qcm, 1));
    struct sock *mute = NULL;
    assert_int_equal(sock_accept(stage->one.listener, &mute), 0);
    test_expect_end(mute);
    sock_unref(mute);

    test_send_text(stage->qcm, 1, "second");

    scripted_voter_accept(&stage->one, 2);
    scripted_voter_expect_text(&stage->one, "second");
}

/* --- ports and addresses --- */

/* Java: Listener() */
static void a_negative_number_of_retries_is_the_default(void **state)
{
    struct cnx_stage *stage = cnx_stage_new("electionPortBindRetry=-1\n");
    (void)state;
    assert_int_equal(election_peer_logged(stage->peer, "Election port bind maximum retries is 3"),
                     1);
    cnx_stage_free(stage);
}

static void assert_answers(struct election_peer *peer, const char *ip, uint16_t port)
{
    struct inet_address address;
    struct sock *sock = NULL;
    inet_address_literal(ip, port, &address);
    assert_int_equal(sock_new(peer->capture.ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &address, TEST_PATIENCE_MS), 0);
    sock_unref(sock);
}

static void ignore_error(void *arg)
{
    (void)arg;
}

/* Peer 2 listens at two places; returns when it has been made. */
static struct election_peer *peer_at_two_places(struct test_ensemble *ensemble, const char *first,
                                                const char *second, const char *more_config)
{
    struct zk_str text = {0};
    test_ensemble_init(ensemble, "1 2 3");
    zk_str_printf(&text, "%s|%s", first, second);
    ensemble->addresses[1] = zk_str_text(&text);
    ensemble->multi_address = true;
    struct election_peer *peer = election_peer_new(ensemble, 2, more_config);
    ensemble->addresses[1] = NULL;
    zk_str_done(&text);
    return peer;
}

/* Java: ListenerHandler, one for each address (ZOOKEEPER-3188) */
static void a_peer_listens_on_each_of_its_addresses(void **state)
{
    struct test_ensemble ensemble;
    uint16_t ports[2] = {test_free_port(), test_free_port()};
    char first[32];
    char second[32];
    (void)state;
    snprintf(first, sizeof first, "127.0.0.1:%d:%d", test_free_port(), ports[0]);
    snprintf(second, sizeof second, "127.0.0.1:%d:%d", test_free_port(), ports[1]);
    struct election_peer *peer = peer_at_two_places(&ensemble, first, second, "");
    assert_int_equal(qcm_start_listener(peer->qcm, ignore_error, NULL), 0);

    election_peer_await_logged(peer, "is accepting connections now", 2);

    assert_answers(peer, "127.0.0.1", ports[0]);
    assert_answers(peer, "127.0.0.1", ports[1]);
    election_peer_free(peer);
}

/* Java: Listener.run(), quorumListenOnAllIPs. No bind succeeds: tests do not listen to the
 * world. */
static void on_all_ips_a_port_of_two_addresses_is_bound_once(void **state)
{
    struct test_ensemble ensemble;
    (void)state;
    struct election_peer *peer =
        peer_at_two_places(&ensemble, "127.0.0.1:21000:21001", "127.0.0.2:21000:21001",
                           "quorumListenOnAllIPs=true\nelectionPortBindRetry=1\n");
    outside_fail(OUTSIDE_BIND, EADDRINUSE, 0, OUTSIDE_FOR_EVER);
    assert_int_equal(qcm_start_listener(peer->qcm, ignore_error, NULL), 0);

    election_peer_await_logged(peer, "after 1 errors", 1);

    assert_int_equal(
        election_peer_logged(peer, "Exception while listening to address 0.0.0.0:21001"), 1);
    assert_int_equal(outside_failures(OUTSIDE_BIND), 1);
    outside_restore(NULL);
    election_peer_free(peer);
}

/* --- names (CNX-13) --- */

/* A stage where that server, 2 (the peer itself) or 3, has a name instead of an address, and nobody
 * plays the others. */
static struct cnx_stage *stage_with_a_name(int64_t sid, const char *name, const char *more_config)
{
    struct cnx_stage *stage = zk_xcalloc(1, sizeof *stage);
    struct zk_str text = {0};
    size_t place = (size_t)sid - 1;
    test_ensemble_init(&stage->ensemble, "1 2 3");
    zk_str_printf(&text, "%s:%d:%d", name, stage->ensemble.quorum_ports[place],
                  stage->ensemble.election_ports[place]);
    stage->ensemble.addresses[place] = zk_str_text(&text);
    stage->peer = election_peer_new(&stage->ensemble, 2, more_config);
    stage->qcm = stage->peer->qcm;
    stage->ensemble.addresses[place] = NULL;
    zk_atomic_long_init(&stage->socket_errors, 0);
    zk_str_done(&text);
    return stage;
}

enum { MOST_PASSED_MS = 30000 }; /* that a test lets pass at once: no patience is lost by it */

/* Somebody at that address of 3's election port. */
static struct sock *three_at(struct cnx_stage *stage, const char *ip)
{
    struct inet_address address;
    struct sock *listener = NULL;
    inet_address_literal(ip, stage->ensemble.election_ports[2], &address);
    assert_int_equal(sock_listen(stage->peer->capture.ctx, &address, 4, &listener), 0);
    sock_set_deadline(listener, zk_deadline_ms(TEST_PATIENCE_MS) + MOST_PASSED_MS);
    return listener;
}

static void expect_to_be_called(struct cnx_stage *stage, struct sock *listener)
{
    struct sock *caller = NULL;
    test_send_text(stage->qcm, 3, "where are you");
    assert_int_equal(sock_accept(listener, &caller), 0);
    sock_unref(caller);
    election_peer_await_threads(stage->peer, 1); /* the dial is over: 3 is larger and calls back */
}

/* CNX-13: every dial looks the name up, and an answer is good for 30 s, as Java keeps it */
static void cnx_13_a_name_that_moves_is_dialled_at_its_new_address(void **state)
{
    (void)state;
    outside_name("three.zk.test", "127.0.0.1");
    struct cnx_stage *stage = stage_with_a_name(3, "three.zk.test", "");
    struct sock *old_home = three_at(stage, "127.0.0.1");
    struct sock *new_home = three_at(stage, "127.0.0.2");
    expect_to_be_called(stage, old_home);
    outside_name("three.zk.test", "127.0.0.2");
    expect_to_be_called(stage, old_home); /* remembered */
    int asked = outside_names_asked();

    outside_let_time_pass(30000);

    expect_to_be_called(stage, new_home);
    assert_int_equal(outside_names_asked(), asked + 1);
    assert_int_equal(election_peer_logged(stage->peer, "Cannot open channel"), 0);
    sock_unref(old_home);
    sock_unref(new_home);
    outside_restore(NULL);
    cnx_stage_free(stage);
}

/* CNX-13: "unknown" is good for 10 s */
static void cnx_13_a_name_that_is_unknown_at_first_is_found_later(void **state)
{
    struct cnx_stage *stage = stage_with_a_name(3, "three.zk.test", "");
    (void)state;
    struct sock *home = three_at(stage, "127.0.0.1");
    test_send_text(stage->qcm, 3, "nobody");
    election_peer_await_logged(stage->peer, "the host name cannot be resolved", 1);
    election_peer_await_threads(stage->peer, 1);
    outside_name("three.zk.test", "127.0.0.1");
    test_send_text(stage->qcm, 3, "nobody yet");
    election_peer_await_logged(stage->peer, "the host name cannot be resolved", 2);
    election_peer_await_threads(stage->peer, 1);
    assert_int_equal(outside_names_asked(), 1);

    outside_let_time_pass(10000);

    expect_to_be_called(stage, home);
    sock_unref(home);
    outside_restore(NULL);
    cnx_stage_free(stage);
}

/* CNX-11 */
static void cnx_11_an_own_name_that_nobody_knows_is_reported(void **state)
{
    struct cnx_stage *stage = stage_with_a_name(2, "two.zk.test", "electionPortBindRetry=1\n");
    (void)state;

    cnx_stage_start_listener(stage);
    cnx_stage_await_socket_error(stage);

    assert_int_equal(election_peer_logged(stage->peer, "the host name cannot be resolved"), 1);
    assert_int_equal(election_peer_logged(stage->peer, "after 1 errors"), 1);
    outside_restore(NULL);
    cnx_stage_free(stage);
}

/* CNX-13: ZOOKEEPER-3991, ZOOKEEPER-4708: the port is bound where the name stands at that moment */
static void cnx_13_the_port_is_bound_when_the_own_name_becomes_known(void **state)
{
    struct cnx_stage *stage = stage_with_a_name(2, "two.zk.test", "electionPortBindRetry=0\n");
    (void)state;
    cnx_stage_start_listener(stage);
    election_peer_await_logged(stage->peer, "the host name cannot be resolved", 1);

    outside_name("two.zk.test", "127.0.0.2");
    outside_let_time_pass(10000);

    election_peer_await_logged(stage->peer, "2 is accepting connections now", 1);
    assert_answers(stage->peer, "127.0.0.2", stage->ensemble.election_ports[1]);
    outside_restore(NULL);
    cnx_stage_free(stage);
}

/* CNX-13: the name was known, and stands elsewhere when a port that has broken is bound again. */
static void cnx_13_a_port_is_bound_again_where_the_own_name_has_moved(void **state)
{
    (void)state;
    outside_name("two.zk.test", "127.0.0.2");
    struct cnx_stage *stage = stage_with_a_name(2, "two.zk.test", "electionPortBindRetry=0\n");
    const uint16_t port = stage->ensemble.election_ports[1];
    cnx_stage_start_listener(stage);
    election_peer_await_logged(stage->peer, "2 is accepting connections now", 1);

    outside_name("two.zk.test", "127.0.0.3");
    outside_let_time_pass(MOST_PASSED_MS);
    outside_fail(OUTSIDE_ACCEPT, EINVAL, 0, 1);
    assert_answers(stage->peer, "127.0.0.2", port); /* whom accept should have met */

    election_peer_await_logged(stage->peer, "2 is accepting connections now", 2);
    assert_answers(stage->peer, "127.0.0.3", port);
    outside_restore(NULL);
    cnx_stage_free(stage);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, cnx_stage_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(without_a_thread_a_caller_is_let_go_and_the_next_one_is_heard),
        STAGED(half_a_connection_is_none),
        STAGED(a_dial_without_a_thread_is_made_up_for_by_the_next_message),
        cmocka_unit_test(without_a_thread_for_its_port_the_listener_gives_up),
        STAGED(callers_wait_while_there_are_no_descriptors),
        STAGED(a_halt_does_not_wait_for_descriptors),
        STAGED(a_port_that_breaks_is_bound_again),
        STAGED(a_dial_without_a_descriptor_is_made_up_for_by_the_next_message),
        STAGED(a_dial_that_cannot_introduce_itself_is_no_connection),
        cmocka_unit_test(a_negative_number_of_retries_is_the_default),
        cmocka_unit_test(a_peer_listens_on_each_of_its_addresses),
        cmocka_unit_test(on_all_ips_a_port_of_two_addresses_is_bound_once),
        cmocka_unit_test(cnx_13_a_name_that_moves_is_dialled_at_its_new_address),
        cmocka_unit_test(cnx_13_a_name_that_is_unknown_at_first_is_found_later),
        cmocka_unit_test(cnx_11_an_own_name_that_nobody_knows_is_reported),
        cmocka_unit_test(cnx_13_the_port_is_bound_when_the_own_name_becomes_known),
        cmocka_unit_test(cnx_13_a_port_is_bound_again_where_the_own_name_has_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
