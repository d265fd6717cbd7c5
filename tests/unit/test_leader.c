/* The leader's rendezvous, its clock and its learners. The mutual waits are tried twice: by calls
 * from threads, as Java's Zab1_0Test does, and through the quorum port. */
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

static const char INFO_OF_1[] = "0000000000000001 00010000 0000000000000000";
static const char INFO_OF_2[] = "0000000000000002 00010000 0000000000000000";
static const char INFO_OF_4[] = "0000000000000004 00010000 0000000000000000";
static const char INFO_OF_STRANGER[] = "0000000000000009 00010000 0000000000000000";
static const char PROTOCOL_VERSION[] = "00010000";

static int64_t epoch_zxid(int64_t epoch)
{
    return epoch << 32;
}

static void assert_file(const struct testing_peer *peer, const char *name, const char *expected)
{
    char *text = testing_peer_file(peer, name);
    assert_string_equal(expected, text);
    free(text);
}

/* --- calls from threads ---------------------------------------------------------------------- */

/* One call of a rendezvous in a thread of its own. */
struct call {
    struct leader *leader;
    struct zk_thread_group *thread;
    int64_t sid;
    int64_t value; /* accepted epoch, or last zxid */
    int64_t epoch; /* current epoch; what getEpochToPropose gave */
    int result;    /* read when joined */
};

static void call_get_epoch(void *arg)
{
    struct call *call = arg;
    call->result =
        leader_get_epoch_to_propose(&call->leader->master, call->sid, call->value, &call->epoch);
}

static void call_epoch_ack(void *arg)
{
    struct call *call = arg;
    struct state_summary summary = {.current_epoch = call->epoch, .last_zxid = call->value};
    call->result = leader_wait_for_epoch_ack(&call->leader->master, call->sid, &summary);
}

static void start_call(struct call *call, struct testing_peer *peer, zk_thread_run *what)
{
    call->thread = zk_thread_group_new(peer->ctx);
    assert_int_equal(0, zk_thread_group_start(call->thread, what, call, "call"));
}

static int join_call(struct call *call)
{
    zk_thread_group_free(call->thread);
    return call->result;
}

/* Has this voter been counted? */
struct counted {
    struct leader *leader;
    int64_t sid;
    const struct long_set *set;
};

static bool is_counted(void *arg)
{
    struct counted *counted = arg;
    zk_mutex_lock(&counted->leader->epoch_mu);
    bool has = long_set_has(counted->set, counted->sid);
    zk_mutex_unlock(&counted->leader->epoch_mu);
    return has;
}

static bool is_waiting_for_epoch(struct leader *leader)
{
    zk_mutex_lock(&leader->epoch_mu);
    bool waiting = leader->waiting_for_new_epoch;
    zk_mutex_unlock(&leader->epoch_mu);
    return waiting;
}

/* DSC-01: accepted 5; leader and one voter of three: 6, on the leader's disk. */
static void dsc_01_epoch_is_one_more_than_the_highest_accepted_one(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    testing_peer_history(&peer, 5, 5, 0);
    struct leader *leader = leader_new(peer.self);

    struct call ours = {.leader = leader, .sid = 1, .value = 5};
    start_call(&ours, &peer, call_get_epoch);
    struct counted counted = {leader, 1, &leader->connecting_followers};
    test_await(is_counted, &counted);
    assert_true(is_waiting_for_epoch(leader));
    int64_t epoch;
    assert_int_equal(0, leader_get_epoch_to_propose(&leader->master, 2, 4, &epoch));

    assert_int_equal(6, epoch);
    assert_int_equal(0, join_call(&ours));
    assert_int_equal(6, ours.epoch);
    assert_file(&peer, "acceptedEpoch", "6");
    /* Whoever comes later is told the same, whatever it has accepted. */
    assert_int_equal(0, leader_get_epoch_to_propose(&leader->master, 3, 100, &epoch));
    assert_int_equal(6, epoch);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* DSC-01: observers and strangers do not count, but what they have accepted does. */
static void dsc_01_observers_raise_the_epoch_but_do_not_end_the_wait(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.observers = 1;
    options.init_limit = 2;
    testing_peer_init(&peer, &options);
    testing_peer_history(&peer, 5, 5, 0);
    struct leader *leader = leader_new(peer.self);

    struct call observer = {.leader = leader, .sid = 4, .value = 8};
    start_call(&observer, &peer, call_get_epoch);
    struct call stranger = {.leader = leader, .sid = 9, .value = 3};
    start_call(&stranger, &peer, call_get_epoch);
    int64_t epoch = -7;
    assert_int_equal(-ETIMEDOUT, leader_get_epoch_to_propose(&leader->master, 1, 5, &epoch));
    assert_int_equal(-7, epoch);
    assert_int_equal(-ETIMEDOUT, join_call(&observer));
    assert_int_equal(-ETIMEDOUT, join_call(&stranger));
    assert_file(&peer, "acceptedEpoch", "5");

    assert_int_equal(0, leader_get_epoch_to_propose(&leader->master, 2, 5, &epoch));
    assert_int_equal(9, epoch); /* the leader's own call is counted still */
    leader_free(leader);
    testing_peer_done(&peer);
}

/* DSC-01: without the leader itself there is no decision; with it there is. */
static void dsc_01_followers_alone_do_not_decide(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.init_limit = 2;
    testing_peer_init(&peer, &options);
    testing_peer_history(&peer, 5, 5, 0);
    struct leader *leader = leader_new(peer.self);

    struct call other = {.leader = leader, .sid = 3, .value = 5};
    start_call(&other, &peer, call_get_epoch);
    int64_t epoch;
    assert_int_equal(-ETIMEDOUT, leader_get_epoch_to_propose(&leader->master, 2, 5, &epoch));
    assert_int_equal(-ETIMEDOUT, join_call(&other));
    assert_int_equal(0, leader_get_epoch_to_propose(&leader->master, 1, 5, &epoch));
    assert_int_equal(6, epoch);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* Nobody goes on with an epoch that is not on disk (D-44). */
static void epoch_that_cannot_be_written_is_refused_to_all(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct call ours = {.leader = leader, .sid = 1, .value = 0};
    start_call(&ours, &peer, call_get_epoch);
    struct counted counted = {leader, 1, &leader->connecting_followers};
    test_await(is_counted, &counted);

    char *version_2 = test_path(peer.directory, "version-2");
    char *elsewhere = test_path(peer.directory, "elsewhere");
    assert_int_equal(0, file_rename(version_2, elsewhere));
    int64_t epoch;
    int64_t start_ms = zk_elapsed_ms();
    assert_int_equal(-ENOENT, leader_get_epoch_to_propose(&leader->master, 2, 0, &epoch));
    assert_int_equal(-ENOENT, join_call(&ours));
    assert_true(zk_elapsed_ms() - start_ms < peer.self->init_limit_ms / 2); /* woken */
    assert_int_equal(-ENOENT, leader_get_epoch_to_propose(&leader->master, 3, 0, &epoch));

    assert_int_equal(0, file_rename(elsewhere, version_2));
    free(elsewhere);
    free(version_2);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* DSC-07 */
static void dsc_07_follower_that_knows_more_is_refused_and_the_others_go_on(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    leader->leader_state_summary = (struct state_summary){.current_epoch = 2, .last_zxid = 0x2000};
    struct call ours = {.leader = leader, .sid = 1, .epoch = 2, .value = 0x2000};
    start_call(&ours, &peer, call_epoch_ack);
    struct counted counted = {leader, 1, &leader->electing_followers};
    test_await(is_counted, &counted);

    struct state_summary newer_epoch = {.current_epoch = 3, .last_zxid = 0};
    assert_int_equal(-EPROTO, leader_wait_for_epoch_ack(&leader->master, 2, &newer_epoch));
    struct state_summary newer_zxid = {.current_epoch = 2, .last_zxid = 0x2001};
    assert_int_equal(-EPROTO, leader_wait_for_epoch_ack(&leader->master, 2, &newer_zxid));
    struct state_summary as_far = {.current_epoch = 2, .last_zxid = 0x2000};
    assert_int_equal(0, leader_wait_for_epoch_ack(&leader->master, 3, &as_far));
    assert_int_equal(0, join_call(&ours));
    /* Late joiners are not compared any more. */
    assert_int_equal(0, leader_wait_for_epoch_ack(&leader->master, 2, &newer_epoch));
    leader_free(leader);
    testing_peer_done(&peer);
}

/* DSC-06, DSC-07: -1 does not count, nor do observers and strangers. */
static void dsc_07_who_does_not_count_does_not_finish_the_election(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.observers = 1;
    options.init_limit = 2;
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct call promised_before = {.leader = leader, .sid = 2, .epoch = -1, .value = 0};
    struct call observer = {.leader = leader, .sid = 4, .epoch = 0, .value = 0};
    struct call stranger = {.leader = leader, .sid = 9, .epoch = 0, .value = 0};
    start_call(&promised_before, &peer, call_epoch_ack);
    start_call(&observer, &peer, call_epoch_ack);
    start_call(&stranger, &peer, call_epoch_ack);

    struct state_summary ours = {0};
    assert_int_equal(-ETIMEDOUT, leader_wait_for_epoch_ack(&leader->master, 1, &ours));
    assert_int_equal(-ETIMEDOUT, join_call(&promised_before));
    assert_int_equal(-ETIMEDOUT, join_call(&observer));
    assert_int_equal(-ETIMEDOUT, join_call(&stranger));
    leader_free(leader);
    testing_peer_done(&peer);
}

/* SYN-08: as leader, an ACK of another zxid is logged and not counted. */
static void syn_08_ack_of_another_zxid_is_not_counted(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    leader->new_leader_zxid = epoch_zxid(1);
    synced_learner_tracker_add_quorum_verifier(&leader->new_leader_proposal,
                                               peer.config->quorum_verifier);

    assert_int_equal(0, leader_wait_for_new_leader_ack(&leader->master, 2, epoch_zxid(1) + 5));
    assert_true(testing_peer_logged(&peer, "NEWLEADER ACK from sid: 2 is from a different epoch - "
                                           "current 0x100000000 received 0x100000005"));
    assert_int_equal(0, leader->new_leader_proposal.pairs[0].acks.count);
    assert_false(leader->quorum_formed);
    leader_free(leader);
    testing_peer_done(&peer);
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
    options.init_limit = 10;
    testing_peer_init(&peer, &options);
    testing_peer_start_leading(&peer);
    struct scripted_peer *follower = scripted_peer_dial(peer.ctx, peer.ports[3]);
    scripted_peer_send_packet(follower, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_expect_packet(follower, LEADER_LEADERINFO, epoch_zxid(1), PROTOCOL_VERSION);
    scripted_peer_hang_up(follower);

    assert_int_equal(-ETIMEDOUT, testing_peer_join(&peer));
    assert_file(&peer, "acceptedEpoch", "1");
    assert_file(&peer, "currentEpoch", "0");
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
    assert_file(&peer, "acceptedEpoch", "21");

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

/* A quorum that was there and has left again is none (ZOOKEEPER-1270). */
static void follower_that_never_acks_newleader_lets_the_leader_give_up(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 10;
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

/* M-6: each rendezvous lasts initLimit ticks, and neither syncLimit ticks nor for ever. */
static void every_rendezvous_is_given_up_after_init_limit(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.init_limit = 2; /* 200 ms; syncLimit is 10 s */
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    leader->new_leader_zxid = epoch_zxid(1);
    quorum_peer_init_tracker(peer.self, &leader->new_leader_proposal);
    struct state_summary summary = {0};
    for (int rendezvous = 0; rendezvous < 3; rendezvous++) {
        int64_t epoch;
        int64_t start_ms = zk_elapsed_ms();
        int r = rendezvous == 0 ? leader_get_epoch_to_propose(&leader->master, 1, 0, &epoch)
                : rendezvous == 1
                    ? leader_wait_for_epoch_ack(&leader->master, 1, &summary)
                    : leader_wait_for_new_leader_ack(&leader->master, 1, epoch_zxid(1));
        assert_int_equal(-ETIMEDOUT, r);
        int64_t took_ms = zk_elapsed_ms() - start_ms;
        assert_true(took_ms >= peer.self->init_limit_ms);
        assert_true(took_ms < peer.self->sync_limit_ms / 2);
    }
    leader_free(leader);
    testing_peer_done(&peer);
}

/* M-3, DSC-08: the limit counts from the leader's own arrival, whoever comes after it. */
static void dsc_08_follower_that_comes_late_does_not_start_the_wait_anew(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.voters = 5;
    options.setting = "zookeeper.leader.maxTimeToWaitForEpoch";
    options.value = "60000";
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct call ours = {.leader = leader, .sid = 1};
    start_call(&ours, &peer, call_get_epoch);
    struct counted we = {leader, 1, &leader->connecting_followers};
    test_await(is_counted, &we);
    struct synced_learner_tracker voters;
    quorum_peer_init_tracker(peer.self, &voters);
    leader_report_looking_sid(&leader->role, &voters, 3); /* too early */

    /* When the minute is over ... */
    zk_mutex_lock(&leader->epoch_mu);
    assert_false(leader->quit_wait_for_epoch);
    assert_true(leader->time_start_wait_for_epoch_ms >= 0);
    leader->time_start_wait_for_epoch_ms -= 60001;
    zk_mutex_unlock(&leader->epoch_mu);
    /* ... a follower comes, and then a voter is heard of that looks. */
    struct call follower = {.leader = leader, .sid = 2};
    start_call(&follower, &peer, call_get_epoch);
    struct counted it = {leader, 2, &leader->connecting_followers};
    test_await(is_counted, &it);
    leader_report_looking_sid(&leader->role, NULL, 3);

    zk_mutex_lock(&leader->epoch_mu);
    assert_true(leader->quit_wait_for_epoch);
    zk_mutex_unlock(&leader->epoch_mu);
    assert_int_equal(-ETIMEDOUT, join_call(&ours));
    assert_int_equal(-ETIMEDOUT, join_call(&follower));
    synced_learner_tracker_done(&voters);
    leader_free(leader);
    testing_peer_done(&peer);
}

static void call_new_leader_ack(void *arg)
{
    struct call *call = arg;
    call->result = leader_wait_for_new_leader_ack(&call->leader->master, call->sid, call->value);
}

static void call_startup(void *arg)
{
    struct call *call = arg;
    call->result = leader_wait_for_startup(&call->leader->master);
}

/* A leader that stops keeps nobody: whoever waits is woken, and whoever comes later is sent away. */
static void shutdown_ends_every_wait_at_once(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    leader->new_leader_zxid = epoch_zxid(1);
    quorum_peer_init_tracker(peer.self, &leader->new_leader_proposal);
    struct call epoch = {.leader = leader, .sid = 2};
    struct call epoch_ack = {.leader = leader, .sid = 2};
    struct call new_leader_ack = {.leader = leader, .sid = 2, .value = epoch_zxid(1)};
    struct call startup = {.leader = leader};
    start_call(&epoch, &peer, call_get_epoch);
    start_call(&epoch_ack, &peer, call_epoch_ack);
    start_call(&new_leader_ack, &peer, call_new_leader_ack);
    start_call(&startup, &peer, call_startup);
    struct counted counted[] = {{leader, 2, &leader->connecting_followers},
                                {leader, 2, &leader->electing_followers},
                                {leader, 2, &leader->new_leader_proposal.pairs[0].acks}};
    for (int i = 0; i < 3; i++)
        test_await(is_counted, &counted[i]);

    int64_t start_ms = zk_elapsed_ms();
    leader_shutdown(leader, -ECANCELED, "the test says so");
    assert_int_equal(-ECANCELED, join_call(&epoch));
    assert_int_equal(-ECANCELED, join_call(&epoch_ack));
    assert_int_equal(-ECANCELED, join_call(&new_leader_ack));
    assert_int_equal(-ECANCELED, join_call(&startup));
    assert_true(zk_elapsed_ms() - start_ms < peer.self->init_limit_ms / 2);
    call_get_epoch(&epoch);
    assert_int_equal(-ECANCELED, epoch.result);
    leader_free(leader);
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

/* D-43: each silent caller too many pushes out the oldest one, and not the same one twice. */
static void silent_callers_are_pushed_out_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct learner_handler *crowd[CROWD];
    add_crowd(leader, crowd, false);
    assert_false(learner_handler_synced(crowd[0]));
    assert_false(learner_handler_synced(crowd[1]));
    for (int i = 2; i < CROWD; i++)
        assert_true(learner_handler_synced(crowd[i]));
    remove_crowd(leader, crowd);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* D-43: who has said who it is may stay, however many there are. */
static void learners_that_have_introduced_themselves_push_nobody_out(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct learner_handler *crowd[CROWD];
    add_crowd(leader, crowd, true);
    for (int i = 0; i < CROWD; i++)
        assert_true(learner_handler_synced(crowd[i]));
    remove_crowd(leader, crowd);
    leader_free(leader);
    testing_peer_done(&peer);
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
    assert_true(testing_peer_logged(&peer, "learner accept paused"));
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

/* BRD-04: an observer alone does not keep a leader in office; all connections are closed. */
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
    acknowledge_new_leader(follower);
    scripted_peer_expect_packet_past_pings(follower, LEADER_UPTODATE, -1, NULL);
    int64_t start_ms = zk_elapsed_ms();

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

/* Read a PING and answer it. Returns how long it had to be waited for. */
static int64_t answer_ping(struct scripted_peer *follower)
{
    int64_t start_ms = zk_elapsed_ms();
    scripted_peer_expect_packet(follower, LEADER_PING, epoch_zxid(1), NULL);
    int64_t waited_ms = zk_elapsed_ms() - start_ms;
    scripted_peer_send_packet(follower, LEADER_PING, epoch_zxid(1), "");
    return waited_ms;
}

/* BRD-07: two PINGs a tick, with the last proposed zxid; who answers stays. Counted by the leader's
 * own clock, from a PING that had to be waited for, so that none is left over from before. On a
 * busy machine the clock may be read late, and looks too far on: then once more. */
static void brd_07_pings_come_every_half_tick_and_answers_keep_the_term(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(3);
    options.init_limit = 10; /* what held for the first packet must not end the connection now */
    options.sync_limit = 10;
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
        while (answer_ping(follower) < options.tick_time_ms / 10)
            assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
        int64_t first = tick_of(leader);
        for (int i = 0; i < 24; i++)
            answer_ping(follower);
        ticks = tick_of(leader) - first;
        assert_true(ticks >= 11);
        assert_true(zk_elapsed_ms() - start_ms < TEST_PATIENCE_MS);
    } while (ticks > 14);
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
        cmocka_unit_test(dsc_01_epoch_is_one_more_than_the_highest_accepted_one),
        cmocka_unit_test(dsc_01_observers_raise_the_epoch_but_do_not_end_the_wait),
        cmocka_unit_test(dsc_01_followers_alone_do_not_decide),
        cmocka_unit_test(epoch_that_cannot_be_written_is_refused_to_all),
        cmocka_unit_test(dsc_07_follower_that_knows_more_is_refused_and_the_others_go_on),
        cmocka_unit_test(dsc_07_who_does_not_count_does_not_finish_the_election),
        cmocka_unit_test(syn_08_ack_of_another_zxid_is_not_counted),
        cmocka_unit_test(lrn_03_syncs_beyond_the_limit_are_refused_unless_essential),
        cmocka_unit_test(dsc_04_follower_lost_before_its_promise_leaves_no_trace),
        cmocka_unit_test(dsc_05_leader_goes_beyond_its_followers_promise),
        cmocka_unit_test(dsc_07_leader_waits_on_when_a_follower_was_ahead),
        cmocka_unit_test(follower_that_never_acks_newleader_lets_the_leader_give_up),
        cmocka_unit_test(every_rendezvous_is_given_up_after_init_limit),
        cmocka_unit_test(shutdown_ends_every_wait_at_once),
        cmocka_unit_test(first_reason_to_stop_counts),
        cmocka_unit_test(deadlines_are_counted_from_the_tick_of_now),
        cmocka_unit_test(silent_callers_are_pushed_out_in_the_order_in_which_they_came),
        cmocka_unit_test(learners_that_have_introduced_themselves_push_nobody_out),
        cmocka_unit_test(connection_that_comes_while_the_leader_stops_is_closed),
        cmocka_unit_test(quorum_listen_on_all_ips_binds_the_wildcard),
        cmocka_unit_test(address_that_cannot_be_bound_leaves_the_others),
        cmocka_unit_test_teardown(accept_without_a_free_descriptor_is_tried_again, outside_restore),
        cmocka_unit_test_teardown(accept_that_fails_otherwise_ends_the_term, outside_restore),
        cmocka_unit_test(leader_without_its_follower_stays_if_the_oracle_says_so),
        cmocka_unit_test(dsc_08_follower_that_comes_late_does_not_start_the_wait_anew),
        cmocka_unit_test(dsc_08_voter_that_looks_again_ends_the_wait),
        cmocka_unit_test(brd_04_leader_without_quorum_steps_down_within_two_ticks),
        cmocka_unit_test(brd_07_silent_follower_is_dropped_after_sync_limit),
        cmocka_unit_test(brd_07_pings_come_every_half_tick_and_answers_keep_the_term),
        cmocka_unit_test(leader_nobody_follows_gives_up_and_closes_its_port),
        cmocka_unit_test(leader_looks_its_own_address_up_again),
        cmocka_unit_test(leader_without_an_address_does_not_lead),
        cmocka_unit_test(leader_writes_a_snapshot_of_what_it_started_with),
        cmocka_unit_test(leader_that_cannot_write_its_snapshot_ends_the_process),
        cmocka_unit_test(stranger_is_served_but_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
