/* An election that meets an ensemble which has had its own: FOLLOWING and LEADING votes (F1 to F3),
 * the oracle, observers. One real peer and scripted voters.
 * Java: FastLeaderElection.receivedFollowingNotification(), receivedLeadingNotification();
 * FLEOutOfElectionTest, FLEBackwardElectionRoundTest, FLELostMessageTest */
#include <stdio.h>
#include <stdlib.h>

#include "election/fast_leader_election_internal.h"
#include "election_peer.h"
#include "zk/base/alloc.h"

enum { MOST_VOTERS = 5 };

struct stage {
    struct test_ensemble ensemble;
    struct election_peer *peer;
    struct scripted_voter voters[MOST_VOTERS + 1]; /* by sid */
};

/* Peer my_id of an ensemble; every other member is a scripted voter. */
static struct stage *stage_new(const char *members, int64_t my_id, const char *more_config)
{
    struct stage *stage = zk_xcalloc(1, sizeof *stage);
    test_ensemble_init(&stage->ensemble, members);
    stage->peer = election_peer_new(&stage->ensemble, my_id, more_config);
    for (size_t i = 0; i < stage->ensemble.count; i++) {
        int64_t sid = stage->ensemble.sids[i];
        if (sid != my_id)
            scripted_voter_init(&stage->voters[sid], &stage->ensemble, sid);
    }
    return stage;
}

static void stage_free(struct stage *stage)
{
    election_peer_free(stage->peer);
    for (size_t sid = 0; sid <= MOST_VOTERS; sid++) {
        if (stage->voters[sid].ctx != NULL)
            scripted_voter_done(&stage->voters[sid]);
    }
    free(stage);
}

static void connect_all(struct stage *stage)
{
    election_peer_start(stage->peer);
    for (size_t sid = 0; sid <= MOST_VOTERS; sid++) {
        if (stage->voters[sid].ctx != NULL)
            scripted_voter_connect(&stage->voters[sid], stage->peer);
    }
}

static void say(struct stage *stage, int64_t sid, struct ballot ballot)
{
    scripted_voter_say(&stage->voters[sid], ballot);
}

static void await_heard(struct stage *stage, int64_t sid)
{
    scripted_voter_await_heard(&stage->voters[sid], stage->peer);
}

static void assert_decided(struct stage *stage, enum server_state server_state, int64_t leader,
                           int64_t zxid, int64_t round, int64_t epoch)
{
    struct vote current;
    bool has_vote;
    assert_true(election_peer_await_result(stage->peer));
    assert_int_equal(quorum_peer_get_state_and_vote(stage->peer->self, &has_vote, &current),
                     server_state);
    assert_true(has_vote);
    assert_int_equal(current.id, leader);
    assert_int_equal(current.zxid, zxid);
    assert_int_equal(current.election_epoch, round);
    assert_int_equal(current.peer_epoch, epoch);
}

static int setup_three(void **state)
{
    *state = stage_new("1 2 3", 2, ELECTION_PEER_PATIENT);
    connect_all(*state);
    return 0;
}

static int setup_five(void **state)
{
    *state = stage_new("1 2 3 4 5", 1, ELECTION_PEER_PATIENT);
    connect_all(*state);
    return 0;
}

static int teardown(void **state)
{
    stage_free(*state);
    return 0;
}

/* --- F1: the own round --- */

static void f1_a_quorum_of_the_own_round_is_joined_without_a_final_wait(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(3, 5, 1, 2));
    await_heard(stage, 1);
    say(stage, 3, leading(3, 5, 1, 2));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, 1, 2);

    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 1);
    assert_int_equal(election_peer_traced(stage->peer, "a better vote may still come"), 0);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"r\":1,\"why\":\"a quorum of this round has decided"),
        1);
}

/* Two of round 1 and one of round 2 are no quorum, although each names 5 and 5 has said that it
 * leads. The epochs differ, so that F2 does not count them together either. */
static void f1_settled_votes_of_two_rounds_are_not_counted_together(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 5, leading(5, 9, 1, 3));
    await_heard(stage, 5);
    say(stage, 2, following(5, 9, 1, 3));
    await_heard(stage, 2);
    say(stage, 3, looking(3, 0, 2, 0));
    await_heard(stage, 3);
    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 2);

    say(stage, 4, following(5, 9, 2, 4));
    await_heard(stage, 4);

    election_peer_expect_still_looking(stage->peer);
}

/* FLE-04: our own LOOKING vote for us and one FOLLOWING vote for us, of our round */
static void fle_04_f1_one_follower_and_the_own_vote_make_a_leader(void **state)
{
    struct stage *stage = *state;
    say(stage, 1, looking(1, 0, 1, 0));
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(2, 0, 1, 0));

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);
}

/* FLE-04: compared strictly with LOOKING votes: another zxid is another vote */
static void f1_looking_votes_of_the_round_must_agree_in_all(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(2, 7, 1, 0));

    await_heard(stage, 1);

    assert_int_equal(election_peer_traced(stage->peer, "\"quorum\":true"), 0);
    election_peer_expect_still_looking(stage->peer);
}

/* (K-5) */
static void f1_epochs_of_the_own_round_are_not_compared(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(3, 5, 1, 4));
    await_heard(stage, 1);
    say(stage, 3, leading(3, 5, 1, 7));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, 1, 7);
}

static void f2_epochs_of_another_round_are_compared(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(3, 5, 8, 4));
    await_heard(stage, 1);
    say(stage, 3, leading(3, 5, 8, 7));
    await_heard(stage, 3);
    assert_int_equal(election_peer_traced(stage->peer, "\"quorum\":true"), 0);

    say(stage, 1, following(3, 5, 8, 7)); /* the epoch is established by now */

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, 8, 7);
}

/* Votes that F1 cannot use are looked at by F2: the leader's is of another round. */
static void f2_takes_what_f1_could_not_decide(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 3, leading(3, 5, 6, 2));
    await_heard(stage, 3);
    say(stage, 1, following(3, 5, 1, 2));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, 1, 2);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"r\":1,\"why\":\"a quorum follows this leader"), 1);
}

/* --- F2: another round --- */

/* FLE-06 */
static void fle_06_nobody_is_followed_without_word_from_himself(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    for (int64_t sid = 3; sid <= 5; sid++) {
        say(stage, sid, following(2, 0, 3, 1));
        await_heard(stage, sid);
    }
    assert_int_equal(election_peer_traced(stage->peer, "\"have\":[3,4,5],\"quorum\":true"), 1);
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LOOKING);

    say(stage, 2, leading(2, 0, 3, 1));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 2, 0, 3, 1);
    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 3);
}

/* FLE-06: the same in the own round */
static void fle_06_nor_in_the_own_round(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    for (int64_t sid = 3; sid <= 5; sid++) {
        say(stage, sid, following(2, 0, 1, 1));
        await_heard(stage, sid);
    }
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LOOKING);

    say(stage, 2, leading(2, 0, 1, 1));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 2, 0, 1, 1);
}

/* FLE-06: two FOLLOWING votes for 3, one of them from 3 itself, are not its word */
static void fle_06_a_leader_that_says_following_is_not_believed(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(3, 0, 3, 1));
    say(stage, 3, following(3, 0, 3, 1));
    await_heard(stage, 1);
    await_heard(stage, 3);
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LOOKING);

    say(stage, 3, leading(3, 0, 3, 1));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 0, 3, 1);
}

/* FLE-06: "if the quorum names me, only in my round" */
static void fle_06_a_quorum_that_names_me_in_another_round_is_not_accepted(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(2, 0, 5, 1));
    say(stage, 3, following(2, 0, 5, 1));
    await_heard(stage, 1);
    await_heard(stage, 3);

    assert_true(election_peer_traced(stage->peer, "\"leader\":2,\"have\":[1,3],\"quorum\":true") >=
                1);
    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 1);
    election_peer_expect_still_looking(stage->peer);
}

/* FLE-07 */
static void fle_07_old_followers_do_not_make_me_leader_of_a_new_round(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(2, 0, 1, 1));
    say(stage, 3, following(2, 0, 1, 1));
    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 1);

    quorum_peer_set_peer_state(stage->peer->self, SERVER_STATE_LOOKING, "test");
    election_peer_look(stage->peer);
    scripted_voter_await(&stage->voters[1], looking(2, 0, 2, 0));
    say(stage, 1, following(2, 0, 1, 1));
    say(stage, 3, following(2, 0, 1, 1));
    await_heard(stage, 1);
    await_heard(stage, 3);

    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 2);
    election_peer_expect_still_looking(stage->peer);
}

/* FLE-09: zxid and round differ, the epoch is the same */
static void fle_09_f2_zxid_and_round_may_differ_among_the_settled(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, following(3, 100, 109, 5));
    await_heard(stage, 1);
    say(stage, 3, leading(3, 0, 8, 5));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 0, 8, 5);
    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 8);
}

/* (K-13) */
static void f2_the_round_may_go_backwards(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, looking(1, 0, 50, 0));
    scripted_voter_await(&stage->voters[1], looking(2, 0, 50, 0));
    say(stage, 1, following(3, 0, 4, 2));
    await_heard(stage, 1);
    say(stage, 3, leading(3, 0, 4, 2));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 0, 4, 2);
    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 4);
}

/* An old server among new ones (VOTE-03): with exactly one version 0 only the leader must agree. */
static void f2_a_server_without_version_counts_by_its_leader_alone(void **state)
{
    struct stage *stage = *state;
    uint8_t old[28];
    zk_store_int(old, SERVER_STATE_FOLLOWING);
    zk_store_long(old + 4, 3);
    zk_store_long(old + 12, 0x700000001);
    zk_store_long(old + 20, 2);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_send_frame(&stage->voters[1], old, sizeof old);
    await_heard(stage, 1);

    say(stage, 3, leading(3, 5, 9, 2));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, 9, 2);
}

/* --- F3 --- */

static void f3_one_settled_server_is_no_quorum_and_gets_no_answer(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    scripted_voter_expect(&stage->voters[3], looking(2, 0, 1, 0));
    scripted_voter_expect(&stage->voters[1], looking(2, 0, 1, 0));
    say(stage, 3, leading(3, 0, 3, 1));
    say(stage, 3, following(1, 0, 0, 1));
    await_heard(stage, 3);

    say(stage, 3, looking(3, 0, 0, 0)); /* a question, which is answered */

    scripted_voter_expect(&stage->voters[3], looking(2, 0, 1, 0));
    struct server_status_peer *rows = NULL;
    size_t count = 0;
    qcm_get_status(stage->peer->qcm, &rows, &count);
    assert_int_equal(rows[1].sid, 3);
    assert_int_equal(rows[1].send_queue_length, 0);
    assert_int_equal(rows[1].replaced_messages, 0);
    free(rows);
    election_peer_expect_still_looking(stage->peer);
}

/* --- what must not survive an election --- */

static void put_vote(struct stage *stage, int64_t sid, enum server_state state, int64_t leader)
{
    struct notification *n = zk_xcalloc(1, sizeof *n);
    n->version = NOTIFICATION_CURRENT_VERSION;
    n->sid = sid;
    n->state = state;
    n->leader = leader;
    n->election_epoch = 4;
    n->zxid = 9;
    n->peer_epoch = 3;
    bq_put(stage->peer->fle->recvqueue, n);
}

static bool is_of_another_server_left(struct stage *stage)
{
    bool is_left = false;
    void *item;
    while (bq_poll(stage->peer->fle->recvqueue, 0, &item) == 0) {
        struct notification *n = item;
        is_left = is_left || n->sid != 2;
        free(n);
    }
    return is_left;
}

/* Votes that came too late to be judged belong to the election that is over. The peer's own vote
 * reaches it over a queue and a thread, perhaps when all is decided. */
static void votes_that_nobody_judged_are_forgotten_with_the_election(void **state)
{
    struct stage *stage = *state;
    put_vote(stage, 1, SERVER_STATE_FOLLOWING, 3);
    put_vote(stage, 3, SERVER_STATE_LEADING, 3);
    put_vote(stage, 1, SERVER_STATE_LOOKING, 1);
    put_vote(stage, 3, SERVER_STATE_FOLLOWING, 1);

    election_peer_look(stage->peer);

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 9, 4, 3);
    assert_false(is_of_another_server_left(stage));
}

/* --- an observer --- */

/* FLE-17 */
static void fle_17_an_observer_votes_for_nobody_and_ends_observing(void **state)
{
    struct stage *stage = stage_new("1 2 3o", 3, ELECTION_PEER_PATIENT);
    (void)state;
    connect_all(stage);
    election_peer_look(stage->peer);
    scripted_voter_expect(&stage->voters[1], looking(INT64_MIN, INT64_MIN, 1, INT64_MIN));
    scripted_voter_expect(&stage->voters[2], looking(INT64_MIN, INT64_MIN, 1, INT64_MIN));

    say(stage, 1, following(2, 9, 4, 3));
    say(stage, 2, leading(2, 9, 4, 3));

    assert_decided(stage, SERVER_STATE_OBSERVING, 2, 9, 4, 3);
    stage_free(stage);
}

/* FLE-17: it follows the election of the voters, too, and its own vote is in no tally */
static void fle_17_an_observer_watches_an_election_without_a_vote(void **state)
{
    struct stage *stage = stage_new("1 2 3o", 3, ELECTION_PEER_PATIENT);
    (void)state;
    connect_all(stage);
    election_peer_look(stage->peer);
    scripted_voter_expect(&stage->voters[1], looking(INT64_MIN, INT64_MIN, 1, INT64_MIN));
    say(stage, 1, looking(2, 0, 1, 0));
    await_heard(stage, 1);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"leader\":2,\"have\":[1],\"quorum\":false"), 1);

    say(stage, 2, looking(2, 0, 1, 0));

    assert_decided(stage, SERVER_STATE_OBSERVING, 2, 0, 1, 0);
    assert_int_equal(election_peer_traced(stage->peer, "\"have\":[1,2],\"quorum\":true"), 1);
    stage_free(stage);
}

/* Its own history has no part in its vote, so it may be missing. Java: getInitLastLoggedZxid() */
static void l1_an_observer_without_history_watches_an_election_all_the_same(void **state)
{
    struct stage *stage = stage_new("1 2 3o", 3, ELECTION_PEER_PATIENT);
    (void)state;
    election_peer_set_history(stage->peer, -1, 0);
    connect_all(stage);
    election_peer_look(stage->peer);
    scripted_voter_expect(&stage->voters[1], looking(INT64_MIN, INT64_MIN, 1, INT64_MIN));

    say(stage, 1, looking(2, 0, 1, 0));
    say(stage, 2, looking(2, 0, 1, 0));

    assert_decided(stage, SERVER_STATE_OBSERVING, 2, 0, 1, 0);
    stage_free(stage);
}

/* --- weights --- */

/* FLE-16 */
static void fle_16_a_server_of_weight_0_is_not_proposed_whatever_it_has_seen(void **state)
{
    struct test_ensemble ensemble;
    struct scripted_voter voter;
    (void)state;
    test_ensemble_init(&ensemble, "1 2 3");
    ensemble.more = "group.1=1:2:3\nweight.1=1\nweight.2=1\nweight.3=0\n";
    struct election_peer *peer = election_peer_new(&ensemble, 2, ELECTION_PEER_PATIENT);
    scripted_voter_init(&voter, &ensemble, 3);
    election_peer_start(peer);
    scripted_voter_connect(&voter, peer);
    election_peer_look_and_vote(peer);
    scripted_voter_say(&voter, looking(3, 99, 1, 9));

    scripted_voter_await_heard(&voter, peer);

    assert_int_equal(fle_get_vote(peer->fle).id, 2);
    scripted_voter_say(&voter, looking(3, 99, 5, 9)); /* nor in a later round */
    scripted_voter_await(&voter, looking(2, 0, 5, 0));
    election_peer_expect_still_looking(peer);
    election_peer_free(peer);
    scripted_voter_done(&voter);
}

/* --- two servers and an oracle --- */

static struct stage *oracle_stage(char **ret_directory, char **ret_oracle, const char *answer,
                                  const char *more_config)
{
    struct zk_str config = {0};
    *ret_directory = test_temporary_directory();
    *ret_oracle = test_path(*ret_directory, "oracle");
    test_write_file(*ret_oracle, answer);
    zk_str_printf(&config, "%soraclePath=%s\n", more_config, *ret_oracle);
    struct stage *stage = stage_new("1 2", 2, zk_str_text(&config));
    zk_str_done(&config);
    return stage;
}

static void oracle_stage_free(struct stage *stage, char *directory, char *oracle)
{
    stage_free(stage);
    free(oracle);
    test_remove_directory(directory);
}

static void an_oracle_that_says_no_lets_a_single_leading_vote_be_followed(void **state)
{
    char *directory;
    char *oracle;
    struct stage *stage = oracle_stage(&directory, &oracle, "0", ELECTION_PEER_PATIENT);
    (void)state;
    connect_all(stage);
    election_peer_look_and_vote(stage->peer);
    say(stage, 1, leading(1, 5, 9, 2));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 1, 5, 9, 2);

    assert_int_equal(fle_get_logical_clock(stage->peer->fle), 1); /* not taken over */
    assert_int_equal(election_peer_logged(stage->peer, "Oracle indicates to follow"), 1);
    oracle_stage_free(stage, directory, oracle);
}

static void an_oracle_that_says_yes_lets_a_server_lead_alone_after_a_pause(void **state)
{
    char *directory;
    char *oracle;
    struct stage *stage =
        oracle_stage(&directory, &oracle, "0", "fastleader.minNotificationInterval=20\n");
    (void)state;
    election_peer_start(stage->peer);
    election_peer_look_and_vote(stage->peer);
    election_peer_await_logged(stage->peer, "Notification time out", 2);
    /* Its own vote must have been counted when the answer changes: else the vote decides. */
    election_peer_await_traced(stage->peer, "\"ev\":\"tally\",\"leader\":2,\"have\":[2]", 3);
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LOOKING);

    test_write_file(oracle, "1");

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);
    oracle_stage_free(stage, directory, oracle);
}

/* (K-16) */
static void without_an_oracle_its_line_is_logged_all_the_same(void **state)
{
    struct stage *stage = *state;
    election_peer_look_and_vote(stage->peer);
    say(stage, 3, leading(3, 5, 9, 2));

    await_heard(stage, 3);

    assert_int_equal(election_peer_logged(stage->peer, "Oracle indicates not to follow"), 1);
    election_peer_expect_still_looking(stage->peer);
}

#define THREE(test) cmocka_unit_test_setup_teardown(test, setup_three, teardown)
#define FIVE(test)  cmocka_unit_test_setup_teardown(test, setup_five, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREE(f1_a_quorum_of_the_own_round_is_joined_without_a_final_wait),
        FIVE(f1_settled_votes_of_two_rounds_are_not_counted_together),
        THREE(votes_that_nobody_judged_are_forgotten_with_the_election),
        THREE(fle_04_f1_one_follower_and_the_own_vote_make_a_leader),
        THREE(f1_looking_votes_of_the_round_must_agree_in_all),
        THREE(f1_epochs_of_the_own_round_are_not_compared),
        THREE(f2_epochs_of_another_round_are_compared),
        THREE(f2_takes_what_f1_could_not_decide),
        FIVE(fle_06_nobody_is_followed_without_word_from_himself),
        FIVE(fle_06_nor_in_the_own_round),
        THREE(fle_06_a_leader_that_says_following_is_not_believed),
        THREE(fle_06_a_quorum_that_names_me_in_another_round_is_not_accepted),
        THREE(fle_07_old_followers_do_not_make_me_leader_of_a_new_round),
        THREE(fle_09_f2_zxid_and_round_may_differ_among_the_settled),
        THREE(f2_the_round_may_go_backwards),
        THREE(f2_a_server_without_version_counts_by_its_leader_alone),
        THREE(f3_one_settled_server_is_no_quorum_and_gets_no_answer),
        cmocka_unit_test(fle_17_an_observer_votes_for_nobody_and_ends_observing),
        cmocka_unit_test(fle_17_an_observer_watches_an_election_without_a_vote),
        cmocka_unit_test(l1_an_observer_without_history_watches_an_election_all_the_same),
        cmocka_unit_test(fle_16_a_server_of_weight_0_is_not_proposed_whatever_it_has_seen),
        cmocka_unit_test(an_oracle_that_says_no_lets_a_single_leading_vote_be_followed),
        cmocka_unit_test(an_oracle_that_says_yes_lets_a_server_lead_alone_after_a_pause),
        THREE(without_an_oracle_its_line_is_logged_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
