/* The leader's clock, its learners and its quorum port. Its rendezvous are tried through the port
 * here, and by calls from threads in test_leader_epoch.c. What it does without threads for its
 * learners is tried in test_leader_shortage.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "outside.h"
#include "scripted_peer.h"
#include "sleep_ms.h"
#include "testing_peer.h"
#include "zab/leader_internal.h"
#include "zab/learner_handler_internal.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/jute/quorum.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"
#include "zk/server/exit_code.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"

static const char INFO_OF_1[] = "0000000000000001 00010000 0000000000000000";
static const char INFO_OF_2[] = "0000000000000002 00010000 0000000000000000";
static const char INFO_OF_4[] = "0000000000000004 00010000 0000000000000000";
static const char INFO_OF_STRANGER[] = "0000000000000009 00010000 0000000000000000";
static const char PROTOCOL_VERSION[] = "00010000";

static int64_t epoch_zxid(int64_t epoch)
{
    return epoch << 32;
}

/* LRN-03 */
static void lrn_03_syncs_beyond_the_limit_are_refused_unless_essential(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.setting = "zookeeper.leader.maxConcurrentSnapSyncs";
    options.value = "5";
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct learner_sync_throttler *snap = &leader->master.learner_snap_sync_throttler;
    struct learner_sync_throttler *diff = &leader->master.learner_diff_sync_throttler;
    int32_t in_progress = 0;
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(0, learner_sync_throttler_begin_sync(snap, false, &in_progress));
        assert_int_equal(i, in_progress);
    }
    assert_int_equal(-EBUSY, learner_sync_throttler_begin_sync(snap, false, &in_progress));
    assert_int_equal(0, learner_sync_throttler_begin_sync(diff, false, &in_progress));
    assert_int_equal(0, learner_sync_throttler_begin_sync(snap, true, &in_progress));
    assert_int_equal(6, in_progress);
    learner_sync_throttler_end_sync(snap);
    learner_sync_throttler_end_sync(snap);
    assert_int_equal(0, learner_sync_throttler_begin_sync(snap, false, &in_progress));
    assert_int_equal(5, in_progress);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* --- through the quorum port ----------------------------------------------------------------- */

/* FOLLOWERINFO ... ACKEPOCH of a follower that has nothing. */
static void discover(struct scripted_peer *follower, const char *info, int64_t epoch)
{
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0, info);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, epoch_zxid(epoch), PROTOCOL_VERSION);
    scripted_peer_send_packet(follower, LEADER_ACKEPOCH, 0, "00000000");
}

/* Passed over: DIFF, NEWLEADER and its configuration, PINGs. Then the ACK. */
static void acknowledge_new_leader(struct scripted_peer *follower)
{
    int32_t type = 0;
    int64_t zxid = 0;
    while (type != LEADER_NEWLEADER)
        buf_unref(scripted_peer_read_packet(follower, &type, &zxid));
    scripted_peer_send_packet(follower, LEADER_ACK, zxid, NULL);
}

/* DSC-04 */
static void dsc_04_follower_lost_before_its_promise_leaves_no_trace(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 40;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, epoch_zxid(1), PROTOCOL_VERSION);
    scripted_peer_hang_up(follower);

    assert_int_equal(-ETIMEDOUT, testing_peer_join(&peer));
    testing_peer_assert_file(&peer, "acceptedEpoch", "1");
    testing_peer_assert_file(&peer, "currentEpoch", "0");
    assert_true(
        testing_peer_logged(&peer, "Timeout while waiting for epoch to be acked by quorum"));
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* DSC-05 */
static void dsc_05_leader_goes_beyond_its_followers_promise(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, epoch_zxid(20), INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, epoch_zxid(21), PROTOCOL_VERSION);
    testing_peer_assert_file(&peer, "acceptedEpoch", "21");

    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_expect_end(follower);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* DSC-07: its handler goes; the leader waits for another. */
static void dsc_07_leader_waits_on_when_a_follower_was_ahead(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *ahead = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(ahead, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_packet(ahead, LEADER_LEADERINFO, epoch_zxid(1), PROTOCOL_VERSION);
    scripted_peer_send_packet(ahead, LEADER_ACKEPOCH, 7, "00000000");
    scripted_peer_expect_end(ahead);

    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_2, 1);
    acknowledge_new_leader(follower);
    testing_peer_await_log(&peer, "Have quorum of supporters, sids: [[2, 3]]");
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(follower);
    scripted_peer_free(ahead);
    testing_peer_done(&peer);
}

/* ZOOKEEPER-1521, -1697: until it acknowledges NEWLEADER a learner has initLimit for each packet,
 * because a large tree takes long; from then on it has syncLimit. */
static void sync_limit_is_for_who_has_acknowledged_newleader(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.sync_limit = 2;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    const int slow_ms = 2 * (int)peer.self->sync_limit_ms;
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, epoch_zxid(1), PROTOCOL_VERSION);
    sleep_ms(slow_ms); /* the pace of a slow learner */
    scripted_peer_send_packet(follower, LEADER_ACKEPOCH, 0, "00000000");
    sleep_ms(slow_ms);
    int64_t start_ms = zk_elapsed_ms();
    acknowledge_new_leader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);
    scripted_peer_drain(follower); /* it is silent, and let go */
    assert_true(zk_elapsed_ms() - start_ms >= peer.self->sync_limit_ms);
    testing_peer_join(&peer); /* without it there is no quorum */
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* A quorum that was there and has left again is none (ZOOKEEPER-1270). */
static void follower_that_never_acks_newleader_lets_the_leader_give_up(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 40;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);

    assert_int_equal(-ETIMEDOUT, testing_peer_join(&peer));
    assert_true(testing_peer_logged(
        &peer, "Waiting for a quorum of followers, only synced with sids: [ [3] ]"));
    assert_int_equal(ZAB_STATE_SYNCHRONIZATION, quorum_peer_get_phase(peer.self).zab_state);
    scripted_peer_drain(follower);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* Of two reasons to stop the first one counts, for the log and for the main loop. */
static void first_reason_to_stop_counts(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    leader_shutdown(leader, -ENOTCONN, "first");
    leader_shutdown(leader, -EIO, "second");
    assert_int_equal(-ENOTCONN, leader->result);
    assert_true(testing_peer_logged(&peer, "For the reason first"));
    assert_false(testing_peer_logged(&peer, "For the reason second"));
    leader_free(leader);
    testing_peer_done(&peer);
}

/* On a full disk the epoch file may fail first: the snapshot ends the process all the same. */
static void exit_code_counts_behind_an_error(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    leader_shutdown(leader, -ENOSPC, "first");
    leader_shutdown(leader, EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT, "second");
    leader_shutdown(leader, EXIT_CODE_UNEXPECTED_ERROR, "third");
    leader_shutdown(leader, -EIO, "fourth");
    assert_int_equal(EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT, leader->result);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* A learner is heard of in time for initLimit and syncLimit ticks at first, then for syncLimit. */
static void deadlines_are_counted_from_the_tick_of_now(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.init_limit = 7;
    options.sync_limit = 3;
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct learner_master *master = &leader->master;
    leader->tick = 5;
    assert_int_equal(15, master->ops->get_tick_of_initial_ack_deadline(master));
    assert_int_equal(8, master->ops->get_tick_of_next_ack_deadline(master));
    assert_int_equal(300, master->ops->sync_timeout(master));
    leader_free(leader);
    testing_peer_done(&peer);
}

/* --- the list of learners, without their threads --------------------------------------------- */

enum { CROWD = LEADER_PENDING_LEARNERS + 2 };

static void add_crowd(struct leader *leader, struct learner_handler *crowd[CROWD], bool introduced)
{
    struct learner_master *master = &leader->master;
    for (int i = 0; i < CROWD; i++) {
        struct sock *sock;
        assert_int_equal(0, sock_new(leader->ctx, INET_V4, &sock));
        crowd[i] = learner_handler_new(master, sock);
        assert_int_equal(0, master->ops->add_learner_handler(master, crowd[i]));
        if (introduced)
            master->ops->register_learner_handler(master, crowd[i]);
    }
}

static void remove_crowd(struct leader *leader, struct learner_handler *crowd[CROWD])
{
    for (int i = 0; i < CROWD; i++) {
        leader->master.ops->remove_learner_handler(&leader->master, crowd[i]);
        learner_handler_unref(crowd[i]);
    }
}

/* A crowd comes; the first pushed_out of it are let go, the others may stay. */
static void assert_crowd_loses(int pushed_out, bool introduced)
{
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct learner_handler *crowd[CROWD];
    add_crowd(leader, crowd, introduced);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(i >= pushed_out, learner_handler_synced(crowd[i]));
    remove_crowd(leader, crowd);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* D-43: each silent caller too many pushes out the oldest one, and not the same one twice. */
static void silent_callers_are_pushed_out_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    assert_crowd_loses(CROWD - LEADER_PENDING_LEARNERS, false);
}

/* D-43: who has said who it is may stay, however many there are. */
static void learners_that_have_introduced_themselves_push_nobody_out(void **state)
{
    (void)state;
    assert_crowd_loses(0, true);
}

/* A connection that is accepted while the leader stops is closed: nobody would close it later. */
static void connection_that_comes_while_the_leader_stops_is_closed(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct inet_address address = test_loopback(0);
    struct sock *listener;
    assert_int_equal(0, sock_listen(peer.ctx, &address, 5, &listener));
    struct scripted_peer *late = scripted_peer_dial(peer.ctx, sock_local(listener)->port);
    struct sock *accepted;
    assert_int_equal(0, sock_accept(listener, &accepted));

    leader_shutdown(leader, -ECANCELED, "the test says so");
    learner_handler_start(&leader->master, accepted);
    scripted_peer_expect_end(late);
    assert_int_equal(0, leader->learner_count);
    scripted_peer_free(late);
    sock_unref(listener);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* --- the quorum port ------------------------------------------------------------------------- */

static void quorum_listen_on_all_ips_binds_the_wildcard(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.lines = "quorumListenOnAllIPs=true\n";
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    assert_int_equal(0, leader_bind(leader));
    assert_int_equal(1, leader->acceptor_count);
    assert_true(inet_address_is_wildcard(&leader->acceptors[0].address));
    assert_int_equal(peer.ports[1], leader->acceptors[0].address.port);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* One address of two is enough to lead. */
static void address_that_cannot_be_bound_leaves_the_others(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.setting = "zookeeper.multiAddress.enabled";
    options.value = "true";
    options.second_address_of = 1;
    testing_peer_init(&peer, &options);
    struct quorum_server *me = (struct quorum_server *)qv_member(peer.config->quorum_verifier, 1);
    uint16_t good = me->addr.items[0].port;
    inet_address_literal("nobody.invalid", 4711, &me->addr.items[1]);
    struct leader *leader = leader_new(peer.self);
    assert_int_equal(0, leader_bind(leader));
    assert_int_equal(1, leader->acceptor_count);
    assert_int_equal(good, leader->acceptors[0].address.port);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* A lack of descriptors is waited out; the term goes on. */
static void accept_without_a_free_descriptor_is_tried_again(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    outside_fail(OUTSIDE_ACCEPT, EMFILE, 0, 2);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);
    assert_int_equal(2, outside_failures(OUTSIDE_ACCEPT));
    assert_true(testing_peer_logged(&peer, "callers wait"));
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* ... and another error ends the term: better a leader that others can reach. */
static void accept_that_fails_otherwise_ends_the_term(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    outside_fail(OUTSIDE_ACCEPT, EIO, 0, 1);
    testing_peer_start_leading(&peer);
    struct inet_address address = test_loopback(peer.ports[3]);
    int64_t start_ms = zk_elapsed_ms();
    while (!testing_peer_logged(&peer, "Unexpected internal error")) {
        assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
        struct sock *caller; /* refused until the port is open, and cut off again */
        assert_int_equal(0, sock_new(peer.ctx, INET_V4, &caller));
        int r = sock_connect(caller, &address, 100);
        if (r < 0)
            sleep_ms(1);
        sock_unref(caller);
    }
    assert_int_equal(-EIO, testing_peer_join(&peer));
    testing_peer_done(&peer);
}

/* DSC-08: with a limit for the gathering, a voter that looks again makes the leader give up. */
static void dsc_08_voter_that_looks_again_ends_the_wait(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.setting = "zookeeper.leader.maxTimeToWaitForEpoch";
    options.value = "20";
    testing_peer_init(&peer, &options);
    struct synced_learner_tracker voters = {0};
    synced_learner_tracker_add_quorum_verifier(&voters, peer.config->quorum_verifier);
    int64_t start_ms = zk_elapsed_ms();
    testing_peer_start_leading(&peer);

    /* Told again and again, as WorkerReceiver does; strangers and early reports change nothing. */
    while (!testing_peer_logged(&peer, "Quit leading due to voter changed mind.")) {
        assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
        quorum_peer_report_looking_sid(peer.self, &voters, 9);
        quorum_peer_report_looking_sid(peer.self, NULL, 1);
        sleep_ms(1);
    }
    assert_true(zk_elapsed_ms() - start_ms >= 20);
    assert_int_equal(-ETIMEDOUT, testing_peer_join(&peer));
    assert_true(zk_elapsed_ms() - start_ms < peer.self->init_limit_ms);
    assert_false(quorum_peer_report_looking_sid(peer.self, &voters, 1));
    synced_learner_tracker_done(&voters);
    testing_peer_done(&peer);
}

/* BRD-04: an observer alone does not keep a leader in office; all connections are closed, and those
 * of its clients first (CLI-28). */
static void brd_04_leader_without_quorum_steps_down_within_two_ticks(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.observers = 1;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);
    acknowledge_new_leader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);
    struct scripted_peer *observer = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(observer, LEADER_OBSERVERINFO, 0, INFO_OF_4);
    scripted_peer_expect_packet(observer, LEADER_LEADERINFO, epoch_zxid(1), PROTOCOL_VERSION);

    scripted_peer_hang_up(follower);
    int64_t start_ms = zk_elapsed_ms();
    scripted_peer_drain(observer);
    assert_int_equal(-ENOTCONN, testing_peer_join(&peer));
    assert_true(zk_elapsed_ms() - start_ms < peer.self->sync_limit_ms / 2);
    assert_int_equal(1, peer.client_ports_opened);
    assert_int_equal(1, peer.client_ports_closed);
    assert_false(peer.closed_behind_the_shutdown);
    assert_true(testing_peer_logged(
        &peer, "Not sufficient followers synced, only synced with sids: [ [3] ]"));
    scripted_peer_free(observer);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* BRD-04, BRD-07: who is connected but silent for syncLimit ticks is not counted, and dropped. */
static void brd_07_silent_follower_is_dropped_after_sync_limit(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.sync_limit = 3;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);
    int64_t start_ms = zk_elapsed_ms();
    acknowledge_new_leader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);

    scripted_peer_drain(follower);
    assert_true(zk_elapsed_ms() - start_ms >= 200);
    assert_int_equal(-ENOTCONN, testing_peer_join(&peer));
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

static int64_t tick_of(struct leader *leader)
{
    zk_mutex_lock(&leader->mu);
    int64_t tick = leader->tick;
    zk_mutex_unlock(&leader->mu);
    return tick;
}

/* Reads a PING and answers it. Returns how long it had to be waited for. */
static int64_t answer_ping(struct scripted_peer *follower)
{
    int64_t start_ms = zk_elapsed_ms();
    scripted_peer_expect_packet(follower, LEADER_PING, epoch_zxid(1), NULL);
    int64_t waited_ms = zk_elapsed_ms() - start_ms;
    scripted_peer_send_packet(follower, LEADER_PING, epoch_zxid(1), "");
    return waited_ms;
}

/* BRD-07: two PINGs a tick, with the last proposed zxid; who answers stays. Counted by the leader's
 * own clock, which is read before a PING that had to be waited for, so that none is left over from
 * before. On a busy machine the wait may begin late or the last PING be read late, which looks like
 * too many ticks: then once more. */
static void brd_07_pings_come_every_half_tick_and_answers_keep_the_term(void **state)
{
    enum { PINGS = 110 }; /* more than syncLimit has room for */
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 50; /* what held for the first packet must not end the connection now */
    options.sync_limit = 50;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);
    acknowledge_new_leader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);
    scripted_peer_send_packet(follower, LEADER_ACK, epoch_zxid(1), NULL);
    struct leader *leader = testing_peer_leader(&peer);
    int64_t start_ms = zk_elapsed_ms();
    int64_t ticks;
    do {
        int64_t first;
        do {
            first = tick_of(leader);
            assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
        } while (answer_ping(follower) < options.tick_time_ms / 10);
        for (int i = 0; i < PINGS; i++)
            answer_ping(follower);
        ticks = tick_of(leader) - first;
        assert_true(ticks >= PINGS / 2 - 1);
        assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
    } while (ticks > PINGS / 2 + 2);
    assert_true(zk_elapsed_ms() - start_ms > peer.self->sync_limit_ms);

    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* Of two voters one is no majority; the oracle may say that it is enough. */
static void leader_without_its_follower_stays_if_the_oracle_says_so(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(2);
    char *directory = test_temporary_directory();
    char *oracle = test_path(directory, "oracle");
    test_write_file(oracle, "0"); /* until the follower is there */
    struct zk_str line = {0};
    zk_str_printf(&line, "oraclePath=%s\n", oracle);
    options.lines = zk_str_text(&line);
    options.voters = 2;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[2]);
    discover(follower, INFO_OF_1, 1);
    acknowledge_new_leader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);
    test_write_file(oracle, "1");
    scripted_peer_hang_up(follower);
    testing_peer_await_log(&peer, "GOODBYE");

    /* It is asked at each tick. */
    struct leader *leader = testing_peer_leader(&peer);
    int64_t start_ms = zk_elapsed_ms();
    for (int64_t first = tick_of(leader); tick_of(leader) < first + 3; sleep_ms(1))
        assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
    test_write_file(oracle, "0");
    assert_int_equal(-ENOTCONN, testing_peer_join(&peer));
    scripted_peer_free(follower);
    testing_peer_done(&peer);
    test_remove_directory(directory);
    free(oracle);
    zk_str_done(&line);
}

/* The port is open while we lead, and only then; no quorum is no leader. */
static void leader_nobody_follows_gives_up_and_closes_its_port(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 2;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    assert_int_equal(-ETIMEDOUT, testing_peer_join(&peer));
    assert_true(testing_peer_logged(
        &peer, "Shutdown called. For the reason Timeout while waiting for epoch from quorum"));

    struct inet_address address = test_loopback(peer.ports[3]);
    struct sock *listener;
    assert_int_equal(0, sock_listen(peer.ctx, &address, 1, &listener));
    /* And a port that is taken ends the next term before it begins. */
    testing_peer_start_leading(&peer);
    assert_int_equal(-EADDRINUSE, testing_peer_join(&peer));
    sock_unref(listener);
    testing_peer_done(&peer);
}

/* D-75: the name of our own address was unknown when the files were read, and is known now. */
static void leader_looks_its_own_address_up_again(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    struct quorum_server *me = (struct quorum_server *)qv_member(peer.config->quorum_verifier, 3);
    inet_address_literal("localhost", peer.ports[3], &me->addr.items[0]);
    assert_int_equal(INET_UNRESOLVED, me->addr.items[0].family);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* ... and where it is still unknown there is no leader, and the log says why. */
static void leader_without_an_address_does_not_lead(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    struct quorum_server *me = (struct quorum_server *)qv_member(peer.config->quorum_verifier, 3);
    inet_address_literal("nobody.invalid", peer.ports[3], &me->addr.items[0]);
    testing_peer_start_leading(&peer);
    assert_int_equal(-EDESTADDRREQ, testing_peer_join(&peer));
    assert_true(testing_peer_logged(&peer, "Couldn't bind to nobody.invalid"));
    testing_peer_done(&peer);
}

/* The snapshot of the new term has the name that it had before the term. */
static void leader_writes_a_snapshot_of_what_it_started_with(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    testing_peer_history(&peer, 3, 3, epoch_zxid(3));
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, epoch_zxid(3), INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, epoch_zxid(4), PROTOCOL_VERSION);
    scripted_peer_send_packet(follower, LEADER_ACKEPOCH, epoch_zxid(3), "00000003");
    acknowledge_new_leader(follower);
    testing_peer_await_log(&peer, "setting last processed zxid: 0x400000000");

    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    assert_true(testing_peer_has_file(&peer, "snapshot.300000000"));
    assert_false(testing_peer_has_file(&peer, "snapshot.400000000"));
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* As Java's takeSnapshot: a leader that cannot write its snapshot ends its process. */
static void leader_that_cannot_write_its_snapshot_ends_the_process(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    testing_peer_history(&peer, 3, 3, epoch_zxid(3));
    char *version_2 = test_path(peer.directory, "version-2");
    char *blocker = test_path(version_2, "snapshot.300000000.tmp");
    assert_int_equal(0, file_make_directories(blocker));
    testing_peer_start_leading(&peer);
    assert_int_equal(EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT, testing_peer_join(&peer));
    assert_true(testing_peer_logged(&peer, "Severe unrecoverable error, exiting"));
    free(blocker);
    free(version_2);
    testing_peer_done(&peer);
}

/* D-178: before there is a thread of its processors the leader's tree stands at the new epoch: here
 * the first of them cannot be had. Told later, the tree would go back behind what they have applied
 * by then, where the leader alone is a quorum. The process ends then, and does not look for a
 * leader again (D-332). */
static void tree_is_told_the_epoch_before_the_processors_start(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);
    int32_t type = 0;
    int64_t zxid = 0;
    while (type != LEADER_NEWLEADER)
        buf_unref(scripted_peer_read_packet(follower, &type, &zxid));
    assert_int_equal(0, zk_database_last_processed_zxid(peer.database));

    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, OUTSIDE_FOR_EVER);
    scripted_peer_send_packet(follower, LEADER_ACK, zxid, NULL);

    assert_int_equal(EXIT_CODE_UNEXPECTED_ERROR, testing_peer_join(&peer));
    assert_true(testing_peer_logged(&peer, "cannot lead why=the system gives no more threads"));
    assert_int_equal(1, outside_failures(OUTSIDE_PTHREAD_CREATE));
    assert_int_equal(epoch_zxid(1), zk_database_last_processed_zxid(peer.database));
    scripted_peer_drain(follower);
    scripted_peer_free(follower);
    testing_peer_done(&peer);
}

/* A stranger is served like a follower but counts in no quorum (zab: seen with Java). */
static void stranger_is_served_but_not_counted(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *stranger = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(stranger, LEADER_FOLLOWERINFO, 0, INFO_OF_STRANGER);
    testing_peer_await_log(&peer, "Follower sid: 9 not in the current config 0");
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    discover(follower, INFO_OF_1, 1);
    acknowledge_new_leader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);

    scripted_peer_expect_packet(stranger, LEADER_LEADERINFO, epoch_zxid(1), PROTOCOL_VERSION);
    scripted_peer_send_packet(stranger, LEADER_ACKEPOCH, 0, "00000000");
    int32_t type;
    int64_t zxid;
    buf_unref(scripted_peer_read_packet(stranger, &type, &zxid));
    assert_true(type == LEADER_SNAP || type == LEADER_DIFF);
    struct leader_status status;
    assert_true(quorum_peer_get_leader_status(peer.self, &status));
    assert_int_equal(2, status.synced_followers);
    assert_int_equal(1, status.synced_non_voting_followers);
    assert_true(testing_peer_logged(&peer, "Have quorum of supporters, sids: [[1, 3]]"));
    assert_int_equal(-ECANCELED, testing_peer_stop(&peer));
    scripted_peer_free(follower);
    scripted_peer_free(stranger);
    testing_peer_done(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lrn_03_syncs_beyond_the_limit_are_refused_unless_essential),
        cmocka_unit_test(dsc_04_follower_lost_before_its_promise_leaves_no_trace),
        cmocka_unit_test(dsc_05_leader_goes_beyond_its_followers_promise),
        cmocka_unit_test(dsc_07_leader_waits_on_when_a_follower_was_ahead),
        cmocka_unit_test(sync_limit_is_for_who_has_acknowledged_newleader),
        cmocka_unit_test(follower_that_never_acks_newleader_lets_the_leader_give_up),
        cmocka_unit_test(first_reason_to_stop_counts),
        cmocka_unit_test(exit_code_counts_behind_an_error),
        cmocka_unit_test(deadlines_are_counted_from_the_tick_of_now),
        cmocka_unit_test(silent_callers_are_pushed_out_in_the_order_in_which_they_came),
        cmocka_unit_test(learners_that_have_introduced_themselves_push_nobody_out),
        cmocka_unit_test(connection_that_comes_while_the_leader_stops_is_closed),
        cmocka_unit_test(quorum_listen_on_all_ips_binds_the_wildcard),
        cmocka_unit_test(address_that_cannot_be_bound_leaves_the_others),
        cmocka_unit_test_teardown(accept_without_a_free_descriptor_is_tried_again, outside_restore),
        cmocka_unit_test_teardown(accept_that_fails_otherwise_ends_the_term, outside_restore),
        cmocka_unit_test(leader_without_its_follower_stays_if_the_oracle_says_so),
        cmocka_unit_test(dsc_08_voter_that_looks_again_ends_the_wait),
        cmocka_unit_test(brd_04_leader_without_quorum_steps_down_within_two_ticks),
        cmocka_unit_test(brd_07_silent_follower_is_dropped_after_sync_limit),
        cmocka_unit_test(brd_07_pings_come_every_half_tick_and_answers_keep_the_term),
        cmocka_unit_test(leader_nobody_follows_gives_up_and_closes_its_port),
        cmocka_unit_test(leader_looks_its_own_address_up_again),
        cmocka_unit_test(leader_without_an_address_does_not_lead),
        cmocka_unit_test(leader_writes_a_snapshot_of_what_it_started_with),
        cmocka_unit_test(leader_that_cannot_write_its_snapshot_ends_the_process),
        cmocka_unit_test_teardown(tree_is_told_the_epoch_before_the_processors_start,
                                  outside_restore),
        cmocka_unit_test(stranger_is_served_but_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
