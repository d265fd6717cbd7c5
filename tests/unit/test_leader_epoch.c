/* The leader's rendezvous, by calls from threads, as Java's Zab1_0Test has them. test_leader.c
 * comes to them through the quorum port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_peer.h"
#include "zab/leader_internal.h"
#include "zk/ensemble/zxid.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

static int64_t epoch_zxid(int64_t epoch)
{
    return epoch << 32;
}

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
    testing_peer_assert_file(&peer, "acceptedEpoch", "6");
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
    testing_peer_assert_file(&peer, "acceptedEpoch", "5");

    assert_int_equal(0, leader_get_epoch_to_propose(&leader->master, 2, 5, &epoch));
    assert_int_equal(9, epoch); /* the leader's own call is counted still */
    leader_free(leader);
    testing_peer_done(&peer);
}

/* DSC-01: the leader would propose 6, and then somebody says that it has accepted 6 itself: it may
 * have done so for another leader, so nobody is told of it again (ZOOKEEPER-1343). */
static void dsc_01_an_epoch_that_somebody_has_accepted_is_not_proposed_again(void **state)
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
    int64_t epoch;
    assert_int_equal(0, leader_get_epoch_to_propose(&leader->master, 2, 6, &epoch));

    assert_int_equal(7, epoch);
    assert_int_equal(0, join_call(&ours));
    assert_int_equal(7, ours.epoch);
    testing_peer_assert_file(&peer, "acceptedEpoch", "7");
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
    assert_int_equal(0, rename(version_2, elsewhere));
    int64_t epoch;
    int64_t start_ms = zk_elapsed_ms();
    assert_int_equal(-ENOENT, leader_get_epoch_to_propose(&leader->master, 2, 0, &epoch));
    assert_int_equal(-ENOENT, join_call(&ours));
    assert_true(zk_elapsed_ms() - start_ms < peer.self->init_limit_ms / 2); /* woken */
    assert_int_equal(-ENOENT, leader_get_epoch_to_propose(&leader->master, 3, 0, &epoch));

    assert_int_equal(0, rename(elsewhere, version_2));
    free(elsewhere);
    free(version_2);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* Whatever is above the last epoch has negative zxids, which no follower takes (D-177). */
static void promise_of_the_last_epoch_shuts_out_its_own_server_alone(void **state)
{
    (void)state;
    const int64_t promises[] = {ZXID_LAST_EPOCH, (int64_t)ZXID_LAST_EPOCH + 1, INT64_MAX};
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    testing_peer_history(&peer, 5, 5, 0);
    struct leader *leader = leader_new(peer.self);
    int64_t epoch = -7;
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        const int64_t sids[] = {1, 2, 9}; /* ourselves, a voter, a stranger */
        for (size_t k = 0; k < sizeof sids / sizeof sids[0]; k++)
            assert_int_equal(-ERANGE, leader_get_epoch_to_propose(&leader->master, sids[k],
                                                                  promises[i], &epoch));
    }
    assert_int_equal(-7, epoch);
    testing_peer_assert_file(&peer, "acceptedEpoch", "5");

    struct call ours = {.leader = leader, .sid = 1, .value = 5};
    start_call(&ours, &peer, call_get_epoch);
    assert_int_equal(0, leader_get_epoch_to_propose(&leader->master, 3, 5, &epoch));
    assert_int_equal(6, epoch);
    assert_int_equal(0, join_call(&ours));
    testing_peer_assert_file(&peer, "acceptedEpoch", "6");
    leader_free(leader);
    testing_peer_done(&peer);
}

/* The one before it leaves room for one term. */
static void last_epoch_can_be_led_in(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    struct call ours = {.leader = leader, .sid = 1, .value = 5};
    start_call(&ours, &peer, call_get_epoch);
    int64_t epoch;
    assert_int_equal(0,
                     leader_get_epoch_to_propose(&leader->master, 2, ZXID_LAST_EPOCH - 1, &epoch));
    assert_int_equal(ZXID_LAST_EPOCH, epoch);
    assert_int_equal(0, join_call(&ours));
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
    /* An observer that knows more is refused all the same, as a voter is. */
    struct state_summary more = {.current_epoch = 0, .last_zxid = 1};
    assert_int_equal(-EPROTO, leader_wait_for_epoch_ack(&leader->master, 4, &more));
    leader_free(leader);
    testing_peer_done(&peer);
}

/* SYN-08, RST-05: as leader, an ACK of another zxid is logged and not counted. */
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

/* A learner that calls itself by the leader's own id is the leader once more: the two are no quorum
 * of three in any rendezvous. */
static void learner_with_the_leaders_own_id_completes_no_quorum(void **state)
{
    (void)state;
    struct testing_peer peer;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.init_limit = 2;
    testing_peer_init(&peer, &options);
    struct leader *leader = leader_new(peer.self);
    leader->new_leader_zxid = epoch_zxid(1);
    quorum_peer_init_tracker(peer.self, &leader->new_leader_proposal);
    zk_thread_run *const rendezvous[] = {call_get_epoch, call_epoch_ack, call_new_leader_ack};
    for (size_t i = 0; i < 3; i++) {
        int64_t value = i == 2 ? epoch_zxid(1) : 0;
        struct call ours = {.leader = leader, .sid = 1, .value = value};
        struct call learner = ours;
        start_call(&ours, &peer, rendezvous[i]);
        start_call(&learner, &peer, rendezvous[i]);
        assert_int_equal(-ETIMEDOUT, join_call(&ours));
        assert_int_equal(-ETIMEDOUT, join_call(&learner));
    }
    assert_int_equal(1, leader->connecting_followers.count);
    assert_int_equal(1, leader->electing_followers.count);
    assert_int_equal(1, leader->new_leader_proposal.pairs[0].acks.count);
    leader_free(leader);
    testing_peer_done(&peer);
}

/* A leader that stops keeps nobody: whoever waits is woken, and whoever comes later is sent
 * away. */
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
    leader_report_looking_sid(&leader->role, NULL, 9); /* it has not elected us */
    zk_mutex_lock(&leader->epoch_mu);
    assert_false(leader->quit_wait_for_epoch);
    zk_mutex_unlock(&leader->epoch_mu);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dsc_01_epoch_is_one_more_than_the_highest_accepted_one),
        cmocka_unit_test(dsc_01_observers_raise_the_epoch_but_do_not_end_the_wait),
        cmocka_unit_test(dsc_01_an_epoch_that_somebody_has_accepted_is_not_proposed_again),
        cmocka_unit_test(dsc_01_followers_alone_do_not_decide),
        cmocka_unit_test(epoch_that_cannot_be_written_is_refused_to_all),
        cmocka_unit_test(promise_of_the_last_epoch_shuts_out_its_own_server_alone),
        cmocka_unit_test(last_epoch_can_be_led_in),
        cmocka_unit_test(dsc_07_follower_that_knows_more_is_refused_and_the_others_go_on),
        cmocka_unit_test(dsc_07_who_does_not_count_does_not_finish_the_election),
        cmocka_unit_test(syn_08_ack_of_another_zxid_is_not_counted),
        cmocka_unit_test(every_rendezvous_is_given_up_after_init_limit),
        cmocka_unit_test(learner_with_the_leaders_own_id_completes_no_quorum),
        cmocka_unit_test(shutdown_ends_every_wait_at_once),
        cmocka_unit_test(dsc_08_follower_that_comes_late_does_not_start_the_wait_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
