/* A leader that the system does not give what it needs: threads for its learners (D-332), and the
 * next caller at one of its ports. Java: Leader */
#include <errno.h>

#include "outside.h"
#include "scripted_peer.h"
#include "testing_peer.h"
#include "zk/jute/quorum.h"
#include "zk/server/exit_code.h"

static const char INFO_OF_1[] = "0000000000000001 00010000 0000000000000000";
static const int64_t EPOCH_1_ZXID = 0x100000000;

/* A learner was refused a thread, and has one now; that it acknowledges nothing is another
 * reason, with which this server looks for a leader again. */
static void shortage_that_is_over_does_not_end_the_process(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 10;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *early = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(early, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    testing_peer_await_log(&peer, "Follower sid: 1");
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, 1);
    struct scripted_peer *refused = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_expect_end(refused);
    assert_int_equal(1, outside_failures(OUTSIDE_PTHREAD_CREATE));
    struct scripted_peer *again = scripted_peer_dial(peer.ctx, peer.ports[3]);

    assert_int_equal(-ETIMEDOUT, testing_peer_join(&peer));

    scripted_peer_drain(early);
    scripted_peer_free(early);
    scripted_peer_free(refused);
    scripted_peer_free(again);
    testing_peer_done(&peer);
}

/* Who only calls, as a port scan does, gets a thread, and the learners' Senders get none. */
static void a_lack_of_senders_alone_ends_the_process(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 10;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, EPOCH_1_ZXID, "00010000");
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, 1);
    scripted_peer_send_packet(follower, LEADER_ACKEPOCH, 0, "00000000");
    scripted_peer_expect_end(follower);
    assert_int_equal(1, outside_failures(OUTSIDE_PTHREAD_CREATE));
    struct scripted_peer *caller = scripted_peer_dial(peer.ctx, peer.ports[3]);

    assert_int_equal(EXIT_CODE_UNEXPECTED_ERROR, testing_peer_join(&peer));
    assert_true(testing_peer_logged(&peer, "cannot lead why=the system gives no more threads"));
    scripted_peer_free(follower);
    scripted_peer_free(caller);
    testing_peer_done(&peer);
}

/* ZOOKEEPER-4203: whoever dials that address gets no further, so a leader that others can reach is
 * better: also where the term serves, and where the other address still takes callers. */
static void a_port_that_breaks_ends_a_term_that_serves(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.setting = "zookeeper.multiAddress.enabled";
    options.value = "true";
    options.second_address_of = 3;
    options.second_port = test_free_port();
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, EPOCH_1_ZXID, "00010000");
    scripted_peer_send_packet(follower, LEADER_ACKEPOCH, 0, "00000000");
    int32_t type = 0;
    int64_t zxid = 0;
    while (type != LEADER_NEWLEADER)
        buf_unref(scripted_peer_read_packet(follower, &type, &zxid));
    scripted_peer_send_packet(follower, LEADER_ACK, zxid, NULL);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);

    outside_fail(OUTSIDE_ACCEPT, EIO, 0, 1);
    struct scripted_peer *caller = scripted_peer_dial(peer.ctx, options.second_port);

    assert_int_equal(-EIO, testing_peer_join(&peer));
    assert_true(testing_peer_logged(&peer, "Unexpected internal error"));
    scripted_peer_drain(follower);
    scripted_peer_free(follower);
    scripted_peer_free(caller);
    testing_peer_done(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(shortage_that_is_over_does_not_end_the_process, outside_restore),
        cmocka_unit_test_teardown(a_port_that_breaks_ends_a_term_that_serves, outside_restore),
        cmocka_unit_test_teardown(a_lack_of_senders_alone_ends_the_process, outside_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
