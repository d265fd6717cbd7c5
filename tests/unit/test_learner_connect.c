/* How a learner finds and dials its leader. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outside.h"
#include "scripted_peer.h"
#include "testing_peer.h"
#include "zk/io/sock.h"
#include "zk/jute/quorum.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/zab/observer.h"

static const char INFO_OF_1[] = "0000000000000001 00010000 0000000000000000";

/* Follow 3, where nobody listens, until the learner gives up. */
static void follow_nobody(struct testing_peer *peer)
{
    testing_peer_start_following(peer, 3);
    assert_int_equal(-ECONNREFUSED, testing_peer_join(peer));
}

/* The learner comes and says who it is. */
static void expect_learner(struct scripted_peer *leader)
{
    scripted_peer_accept(leader);
    scripted_peer_expect_packet(leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
}

/* The leader leaves it again, which ends its term. */
static void leave_learner(struct testing_peer *peer, struct scripted_peer *leader)
{
    scripted_peer_hang_up(leader);
    assert_true(testing_peer_join(peer) < 0);
    scripted_peer_free(leader);
}

/* The number of the dial after which the peer gave up, from 0. */
static int last_try(const struct testing_peer *peer)
{
    static const char words[] = "Unexpected exception, retries exceeded. tries=";
    char *log = test_captured_log(&peer->capture);
    const char *line = strstr(log, words);
    assert_non_null(line);
    int number = atoi(line + strlen(words));
    free(log);
    return number;
}

/* Refused dials are repeated, quickly at first (D-25), and given up when Java would give up. */
static void lrn_01_refused_dials_are_repeated_and_then_given_up(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    int64_t start_ms = zk_elapsed_ms();
    follow_nobody(&peer);
    int64_t took_ms = zk_elapsed_ms() - start_ms;

    assert_true(took_ms >= 400); /* Java's last try is made 400 ms after the first */
    assert_true(testing_peer_logged(&peer, "Unexpected exception, tries=0, remaining init limit="));
    assert_true(last_try(&peer) >= 4); /* Java's fifth; quick ones make it more, if there is time */
    assert_true(testing_peer_logged(&peer, "Exception when following the leader"));
    testing_peer_done(&peer);
}

static void lrn_01_leader_that_listens_a_little_later_is_reached(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    testing_peer_start_following(&peer, 3);
    testing_peer_await_log(&peer, "Unexpected exception, tries=0");
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[3]);
    expect_learner(leader);
    assert_true(testing_peer_logged(&peer, "Successfully connected to leader, using address: "));
    assert_true(testing_peer_stop(&peer) < 0);
    scripted_peer_free(leader);
    testing_peer_done(&peer);
}

/* The limit in ticks ends it earlier, and what the far end answered stays the reason (F-2). */
static void lrn_01_dialling_ends_at_init_limit(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.init_limit = 2;
    testing_peer_init(&peer, &options);
    follow_nobody(&peer);
    assert_true(testing_peer_logged(&peer, "Unexpected exception, connectToLeader exceeded."));
    assert_false(testing_peer_logged(&peer, "retries exceeded"));
    assert_false(peer.refused);
    testing_peer_done(&peer);
}

/* The pause of 90 ms ends behind the limit of 95 ms, or leaves a few ms for the next dial, which
 * may end either way on a busy machine: refused is the reason all the same (F-2). */
static void lrn_01_dial_that_the_limit_cuts_short_keeps_the_last_answer(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.tick_time_ms = 19;
    options.init_limit = 5;
    options.setting = "zookeeper.leaderConnectDelayDuringRetryMs";
    options.value = "90";
    testing_peer_init(&peer, &options);
    for (int i = 0; i < 10; i++)
        follow_nobody(&peer);
    assert_false(testing_peer_logged(&peer, "reason=timed out"));
    testing_peer_done(&peer);
}

/* ZOOKEEPER-4419: who is short of descriptors for a moment repeats the dial, and begins no
 * election. */
static void lrn_01_dial_without_a_descriptor_is_repeated(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[3]);
    outside_fail(OUTSIDE_SOCKET, EMFILE, 0, 2);
    testing_peer_start_following(&peer, 3);
    expect_learner(leader);
    assert_int_equal(2, outside_failures(OUTSIDE_SOCKET));
    assert_true(testing_peer_logged(&peer, "Unexpected exception, tries=1"));
    leave_learner(&peer, leader);
    testing_peer_done(&peer);
}

static void lrn_01_shutdown_ends_dialling_at_once(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    testing_peer_start_following(&peer, 3);
    testing_peer_await_log(&peer, "Unexpected exception, tries=0");
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    testing_peer_done(&peer);
}

/* A leader with several addresses: the first that answers is taken, the others are given up. */
static void lrn_01_first_address_that_answers_wins(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.setting = "zookeeper.multiAddress.enabled";
    options.value = "true";
    options.second_address_of = 3;
    testing_peer_init(&peer, &options);
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[3]);
    int64_t start_ms = zk_elapsed_ms();
    testing_peer_start_following(&peer, 3);
    expect_learner(leader);
    assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
    assert_true(testing_peer_logged(&peer, "LeaderConnector-/127.0.0.1:"));
    leave_learner(&peer, leader);
    testing_peer_done(&peer);
}

/* A port whose backlog is full: the kernel drops what dials it, as a dead host would. */
struct silent_port {
    struct sock *listener;
    struct sock *waiting[16];
    size_t count;
};

static uint16_t silent_port_open(struct silent_port *port, struct zk_context *ctx)
{
    struct inet_address address = test_loopback(0);
    memset(port, 0, sizeof *port);
    assert_int_equal(0, sock_listen(ctx, &address, 1, &port->listener));
    address.port = sock_local(port->listener)->port;
    int r = 0;
    while (r == 0 && port->count < sizeof port->waiting / sizeof port->waiting[0]) {
        assert_int_equal(0, sock_new(ctx, INET_V4, &port->waiting[port->count]));
        r = sock_connect(port->waiting[port->count++], &address, 200);
    }
    assert_int_equal(-ETIMEDOUT, r);
    return address.port;
}

static void silent_port_close(struct silent_port *port)
{
    for (size_t i = 0; i < port->count; i++)
        sock_unref(port->waiting[i]);
    sock_unref(port->listener);
}

/* M-4, D-47: a second address that swallows the dial does not hold up the first, which answers. */
static void lrn_01_silent_second_address_delays_nothing(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct silent_port silent;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.setting = "zookeeper.multiAddress.enabled";
    options.value = "true";
    options.second_address_of = 3;
    options.second_port = silent_port_open(&silent, capture.ctx);
    testing_peer_init(&peer, &options);
    int64_t start_ms = zk_elapsed_ms();
    testing_peer_start_following(&peer, 3);
    testing_peer_await_log(&peer, "Unexpected exception, tries=2,"); /* both are dialled by now */
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[3]);
    expect_learner(leader);
    assert_true(zk_elapsed_ms() - start_ms < peer.self->init_limit_ms / 2);
    leave_learner(&peer, leader);
    testing_peer_done(&peer);
    silent_port_close(&silent);
    test_capture_done(&capture);
}

static bool is_held(void *arg)
{
    (void)arg;
    return outside_held() > 0;
}

/* LRN-01: while the first dial was on its way, most of the limit has passed; then it is refused.
 * The second one, which nobody answers, has what is left, and not the whole limit once more. */
static void lrn_01_a_dial_has_what_is_left_of_the_limit(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct silent_port silent;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.tick_time_ms = 1000;
    options.init_limit = 40;
    testing_peer_init(&peer, &options);
    struct quorum_server *it = (struct quorum_server *)qv_member(peer.config->quorum_verifier, 3);
    inet_address_literal("127.0.0.1", silent_port_open(&silent, capture.ctx), &it->addr.items[0]);

    int64_t start_ms = zk_elapsed_ms();
    outside_hold(OUTSIDE_SOCKET);
    outside_fail(OUTSIDE_CONNECT, ECONNREFUSED, 0, 1);
    testing_peer_start_following(&peer, 3);
    test_await(is_held, NULL);
    outside_let_time_pass(38000);
    outside_release();
    assert_int_equal(-ETIMEDOUT, testing_peer_join(&peer));
    assert_in_range(zk_elapsed_ms() - start_ms, 38000, 38000 + 20000);
    assert_true(testing_peer_logged(&peer, "Unexpected exception, tries=0"));
    testing_peer_done(&peer);
    silent_port_close(&silent);
    test_capture_done(&capture);
}

/* LRN-01: the limit of the dials alone. */
static void lrn_01_connect_to_learner_master_limit_goes_before_init_limit(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.lines = "connectToLearnerMasterLimit=2\n";
    testing_peer_init(&peer, &options);
    follow_nobody(&peer);
    assert_true(testing_peer_logged(&peer, "Unexpected exception, connectToLeader exceeded."));
    assert_false(testing_peer_logged(&peer, "retries exceeded"));
    testing_peer_done(&peer);
}

/* LRN-01: the four quick retries stay quick; from then on the setting holds. With the default the
 * last try would be number 8 or so. */
static void lrn_01_delay_between_dials_is_a_setting(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.setting = "zookeeper.leaderConnectDelayDuringRetryMs";
    options.value = "400";
    testing_peer_init(&peer, &options);
    follow_nobody(&peer);
    assert_in_range(last_try(&peer), 4, 7);
    testing_peer_done(&peer);
}

/* The leader has moved, or its name was unknown when the files were read: it is looked up again. */
static void leader_is_looked_up_again(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct quorum_server *it = (struct quorum_server *)qv_member(peer.config->quorum_verifier, 3);
    inet_address_literal("localhost", peer.ports[3], &it->addr.items[0]);
    struct scripted_peer *leader = scripted_peer_listen(peer.ctx, peer.ports[3]);
    testing_peer_start_following(&peer, 3);
    expect_learner(leader);
    leave_learner(&peer, leader);
    testing_peer_done(&peer);
}

/* Observers spread out before they look for a leader again, unless they are told not to. */
static void observer_waits_a_random_time_below_the_setting(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(4);
    options.observers = 1;
    options.setting = "zookeeper.observer.election.DelayMs";
    options.value = "1000";
    testing_peer_init(&peer, &options);
    int64_t first = observer_election_delay_ms(peer.self);
    bool another = false;
    for (int i = 0; i < 100; i++) {
        int64_t delay_ms = observer_election_delay_ms(peer.self);
        assert_true(delay_ms >= 0);
        assert_true(delay_ms < 1000);
        another |= delay_ms != first;
    }
    assert_true(another);
    testing_peer_done(&peer);

    options.value = "0";
    testing_peer_init(&peer, &options);
    assert_int_equal(0, observer_election_delay_ms(peer.self));
    testing_peer_done(&peer);
}

/* With a setting they spread out before they dial a leader as well. */
static void observer_that_waits_to_dial_can_be_stopped(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(4);
    options.observers = 1;
    options.setting = "zookeeper.observer.reconnectDelayMs";
    options.value = "9000000000000000"; /* a moment within the first hour is not to be expected */
    testing_peer_init(&peer, &options);
    testing_peer_start_observing(&peer, 3);
    testing_peer_await_log(&peer, " ms before reconnecting with the leader");
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    assert_false(testing_peer_logged(&peer, "Observing new leader"));
    assert_false(testing_peer_logged(&peer, "Exception when observing"));
    testing_peer_done(&peer);
}

static void leader_that_is_nobody_is_not_dialled(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    testing_peer_start_following(&peer, 7);
    assert_int_equal(-ENOENT, testing_peer_join(&peer));
    assert_true(testing_peer_logged(&peer, "Couldn't find the leader with id = 7"));
    testing_peer_done(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lrn_01_refused_dials_are_repeated_and_then_given_up),
        cmocka_unit_test(lrn_01_leader_that_listens_a_little_later_is_reached),
        cmocka_unit_test(lrn_01_dialling_ends_at_init_limit),
        cmocka_unit_test(lrn_01_dial_that_the_limit_cuts_short_keeps_the_last_answer),
        cmocka_unit_test_teardown(lrn_01_dial_without_a_descriptor_is_repeated, outside_restore),
        cmocka_unit_test(lrn_01_shutdown_ends_dialling_at_once),
        cmocka_unit_test(lrn_01_first_address_that_answers_wins),
        cmocka_unit_test(lrn_01_silent_second_address_delays_nothing),
        cmocka_unit_test_teardown(lrn_01_a_dial_has_what_is_left_of_the_limit, outside_restore),
        cmocka_unit_test(lrn_01_connect_to_learner_master_limit_goes_before_init_limit),
        cmocka_unit_test(lrn_01_delay_between_dials_is_a_setting),
        cmocka_unit_test(leader_is_looked_up_again),
        cmocka_unit_test(observer_waits_a_random_time_below_the_setting),
        cmocka_unit_test(observer_that_waits_to_dial_can_be_stopped),
        cmocka_unit_test(leader_that_is_nobody_is_not_dialled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
