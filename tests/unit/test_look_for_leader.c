/* An election row by row: LOOKING votes (L1 to L9), timeouts, votes that do not count. One real
 * peer and scripted voters; what it says is read off the wire, what it thinks out of its trace.
 * Java: FastLeaderElection.lookForLeader(); FLELostMessageTest, FLENewEpochTest.
 *
 * Unless a test says so, the peer is 2 of {1, 2, 3}: voter 1 is called back, voter 3 dials. */
#include <stdio.h>
#include <stdlib.h>

#include "election_peer.h"
#include "zk/base/alloc.h"
#include "zk/runtime/clock.h"

struct stage {
    struct test_ensemble ensemble;
    struct election_peer *peer;
    struct scripted_voter one;
    struct scripted_voter three;
};

static struct stage *stage_new(const char *more_config)
{
    struct stage *stage = zk_xcalloc(1, sizeof *stage);
    test_ensemble_init(&stage->ensemble, "1 2 3");
    stage->peer = election_peer_new(&stage->ensemble, 2, more_config);
    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    scripted_voter_init(&stage->three, &stage->ensemble, 3);
    return stage;
}

/* Both voters are connected before the election begins. */
static void begin(struct stage *stage)
{
    election_peer_start(stage->peer);
    scripted_voter_connect(&stage->one, stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);
}

static int setup(void **state)
{
    *state = stage_new(ELECTION_PEER_PATIENT);
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    election_peer_free(stage->peer);
    scripted_voter_done(&stage->one);
    scripted_voter_done(&stage->three);
    free(stage);
    return 0;
}

static void assert_proposal(struct stage *stage, int64_t leader, int64_t zxid, int64_t epoch,
                            int64_t round)
{
    struct vote vote = fle_get_vote(stage->peer->fle);
    assert_int_equal(vote.id, leader);
    assert_int_equal(vote.zxid, zxid);
    assert_int_equal(vote.peer_epoch, epoch);
    assert_int_equal(fle_get_logical_clock(stage->peer->fle), round);
}

static void assert_decided(struct stage *stage, enum server_state server_state, int64_t leader,
                           int64_t zxid, int64_t round, int64_t epoch)
{
    struct vote current;
    bool has_vote;
    assert_true(election_peer_await_result(stage->peer));
    enum server_state now = quorum_peer_get_state_and_vote(stage->peer->self, &has_vote, &current);
    assert_int_equal(now, server_state);
    assert_true(has_vote);
    assert_true(vote_equal(&current, &stage->peer->vote));
    assert_int_equal(current.id, leader);
    assert_int_equal(current.zxid, zxid);
    assert_int_equal(current.election_epoch, round);
    assert_int_equal(current.peer_epoch, epoch);
    assert_int_equal(current.state, SERVER_STATE_LOOKING);
    assert_int_equal(current.version, 0);
}

static size_t tallies(struct stage *stage)
{
    return election_peer_traced(stage->peer, "\"ev\":\"tally\"");
}

/* --- the start --- */

static void a_round_begins_with_the_own_vote_to_every_voter(void **state)
{
    struct stage *stage = *state;
    election_peer_set_history(stage->peer, 0x300000004, 3);
    begin(stage);
    election_peer_look_and_vote(stage->peer);

    scripted_voter_expect(&stage->one, looking(2, 0x300000004, 1, 3));
    scripted_voter_expect(&stage->three, looking(2, 0x300000004, 1, 3));
    assert_proposal(stage, 2, 0x300000004, 3, 1);
    assert_int_equal(election_peer_traced(stage->peer, "\"have\":[2],\"quorum\":false"), 1);
    election_peer_expect_still_looking(stage->peer);
}

static void votes_that_came_before_the_election_are_counted_in_it(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    scripted_voter_say(&stage->one, looking(2, 0, 1, 0));
    election_peer_await_traced(stage->peer, "\"ev\":\"enq\",\"q\":\"recvqueue\"", 1);

    election_peer_look(stage->peer);

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);
}

/* --- L1, L2 --- */

static void l1_who_has_no_history_ignores_looking_votes(void **state)
{
    struct stage *stage = *state;
    election_peer_set_history(stage->peer, -1, 0);
    begin(stage);
    election_peer_look(stage->peer);
    scripted_voter_say(&stage->one, looking(3, 5, 1, 0));
    scripted_voter_say(&stage->three, looking(3, 5, 7, 0));

    scripted_voter_await_heard(&stage->one, stage->peer);
    scripted_voter_await_heard(&stage->three, stage->peer);

    assert_int_equal(tallies(stage), 0);
    assert_proposal(stage, 2, -1, 0, 1);
    election_peer_expect_still_looking(stage->peer);
}

/* FLE-11 */
static void fle_11_l2_a_vote_without_history_is_ignored(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    size_t before = tallies(stage);
    scripted_voter_say(&stage->one, looking(3, -1, 1, 9));
    scripted_voter_say(&stage->three, looking(3, -1, 7, 9));

    scripted_voter_await_heard(&stage->one, stage->peer);
    scripted_voter_await_heard(&stage->three, stage->peer);

    assert_int_equal(tallies(stage), before);
    assert_proposal(stage, 2, 0, 0, 1);
    election_peer_expect_still_looking(stage->peer);
}

static void l2_the_zxid_of_an_observer_is_not_minus_one_and_counts(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    size_t before = tallies(stage);
    scripted_voter_say(&stage->three, looking(3, INT64_MIN, 1, 0));

    scripted_voter_await_heard(&stage->three, stage->peer);

    assert_int_equal(tallies(stage), before + 1);
    assert_proposal(stage, 2, 0, 0, 1);
    election_peer_expect_still_looking(stage->peer);
}

/* --- L3: a later round --- */

/* FLE-08 */
static void fle_08_l3_a_later_round_is_adopted_with_the_better_vote(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->three, looking(3, 5, 7, 0));

    scripted_voter_await(&stage->one, looking(3, 5, 7, 0));
    scripted_voter_await(&stage->three, looking(3, 5, 7, 0));

    assert_proposal(stage, 3, 5, 0, 7);
    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, 7, 0); /* 3's vote and ours */
}

/* FLE-08: a vote of 1 for itself is worse than ours for ourselves */
static void fle_08_l3_a_later_round_with_a_worse_vote_begins_with_the_own_vote(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, looking(1, 0, 7, 0));

    scripted_voter_await(&stage->one, looking(2, 0, 7, 0));
    scripted_voter_await(&stage->three, looking(2, 0, 7, 0));

    scripted_voter_await_heard(&stage->one, stage->peer);
    assert_proposal(stage, 2, 0, 0, 7);
    election_peer_expect_still_looking(stage->peer);
}

/* FLE-08: "the better of its vote and our first", not our current one. Of five, so that two votes
 * are no quorum. */
static void fle_08_l3_what_was_proposed_in_the_earlier_round_does_not_matter(void **state)
{
    struct test_ensemble five;
    struct scripted_voter voter;
    (void)state;
    test_ensemble_init(&five, "1 2 3 4 5");
    struct election_peer *peer = election_peer_new(&five, 2, ELECTION_PEER_PATIENT);
    scripted_voter_init(&voter, &five, 5);
    election_peer_set_history(peer, 4, 0);
    election_peer_start(peer);
    scripted_voter_connect(&voter, peer);
    election_peer_look_and_vote(peer);
    scripted_voter_say(&voter, looking(3, 9, 1, 0));
    scripted_voter_await(&voter, looking(3, 9, 1, 0));

    /* Better than our first vote (2, zxid 4), worse than the proposal (3, zxid 9). */
    scripted_voter_say(&voter, looking(1, 5, 6, 0));
    scripted_voter_await(&voter, looking(1, 5, 6, 0));
    /* Worse than both. */
    scripted_voter_say(&voter, looking(1, 3, 8, 0));
    scripted_voter_await(&voter, looking(2, 4, 8, 0));

    election_peer_expect_still_looking(peer);
    election_peer_free(peer);
    scripted_voter_done(&voter);
}

/* FLE-08 */
static void fle_08_l3_the_tally_of_the_earlier_round_is_emptied(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, looking(1, 0, 1, 0));
    scripted_voter_await_heard(&stage->one, stage->peer);
    scripted_voter_say(&stage->three, looking(1, 5, 4, 0)); /* adopted: round 4, leader 1 */
    scripted_voter_await(&stage->one, looking(1, 5, 4, 0));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 1, 5, 4, 0);

    assert_int_equal(
        election_peer_traced(stage->peer, "\"leader\":1,\"have\":[3],\"quorum\":false"), 1);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"leader\":1,\"have\":[2,3],\"quorum\":true"), 1);
}

/* FLE-08: L3 forgets recvset; outofelection is kept, so that one LEADING vote completes it */
static void l3_the_votes_of_settled_servers_are_kept(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, following(3, 5, 9, 2));
    scripted_voter_say(&stage->one, looking(1, 0, 7, 0));
    scripted_voter_await(&stage->one, looking(2, 0, 7, 0));

    scripted_voter_say(&stage->three, leading(3, 5, 9, 2));

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, 9, 2);
}

static void the_round_may_be_any_number_and_wraps_as_javas_does(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->three, looking(3, 5, INT64_MAX, 0));
    scripted_voter_await(&stage->one, looking(3, 5, INT64_MAX, 0));
    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 5, INT64_MAX, 0);

    quorum_peer_set_peer_state(stage->peer->self, SERVER_STATE_LOOKING, "test");
    election_peer_look(stage->peer);

    scripted_voter_await(&stage->one, looking(2, 0, INT64_MIN, 0));
    election_peer_expect_still_looking(stage->peer);
}

/* --- L4: an earlier round --- */

/* FLE-05, FLE-08 */
static void fle_08_l4_an_earlier_round_is_answered_and_not_counted(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, looking(1, 0, 7, 0));
    scripted_voter_await(&stage->three, looking(2, 0, 7, 0));
    scripted_voter_await_heard(&stage->one, stage->peer);
    size_t before = tallies(stage);

    scripted_voter_say(&stage->three, looking(3, 99, 3, 5));

    scripted_voter_expect(&stage->three, looking(2, 0, 7, 0));
    scripted_voter_await_heard(&stage->three, stage->peer);
    assert_int_equal(tallies(stage), before);
    assert_proposal(stage, 2, 0, 0, 7);
    election_peer_expect_still_looking(stage->peer);
}

/* --- L5, L6, L7: the same round --- */

static void l5_a_better_vote_is_taken_over_and_passed_on(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_expect(&stage->one, looking(2, 0, 1, 0));

    scripted_voter_say(&stage->three, looking(3, 0, 1, 0));

    scripted_voter_expect(&stage->one, looking(3, 0, 1, 0));
    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 0, 1, 0);
}

/* VOTE-01 on the wire: epoch before zxid before sid, for a vote that 3 and 4 say in turn. Of five,
 * so that no two votes decide before the last. */
static void l5_epoch_counts_before_zxid_and_zxid_before_sid(void **state)
{
    struct test_ensemble five;
    struct scripted_voter four;
    struct scripted_voter three;
    (void)state;
    test_ensemble_init(&five, "1 2 3 4 5");
    struct election_peer *peer = election_peer_new(&five, 2, ELECTION_PEER_PATIENT);
    scripted_voter_init(&four, &five, 4);
    scripted_voter_init(&three, &five, 3);
    election_peer_set_history(peer, 10, 4);
    election_peer_start(peer);
    scripted_voter_connect(&four, peer);
    scripted_voter_connect(&three, peer);
    election_peer_look_and_vote(peer);
    scripted_voter_say(&four, looking(3, 99, 1, 3)); /* lower epoch */
    scripted_voter_say(&four, looking(3, 9, 1, 4));  /* lower zxid */
    scripted_voter_await_heard(&four, peer);
    assert_int_equal(fle_get_vote(peer->fle).id, 2);

    scripted_voter_say(&four, looking(3, 10, 1, 4)); /* larger sid */
    scripted_voter_await(&three, looking(3, 10, 1, 4));
    scripted_voter_say(&three, looking(1, 11, 1, 4)); /* higher zxid */
    scripted_voter_await(&four, looking(1, 11, 1, 4));
    scripted_voter_say(&three, looking(1, 0, 1, 5)); /* higher epoch */
    scripted_voter_await(&four, looking(1, 0, 1, 5));
    scripted_voter_say(&four, looking(1, 0, 1, 5));
    assert_true(election_peer_await_result(peer));
    assert_int_equal(quorum_peer_get_peer_state(peer->self), SERVER_STATE_FOLLOWING);
    assert_int_equal(peer->vote.id, 1);
    assert_int_equal(peer->vote.peer_epoch, 5);
    election_peer_free(peer);
    scripted_voter_done(&four);
    scripted_voter_done(&three);
}

static void l6_a_vote_that_is_not_better_is_counted(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, looking(1, 0, 1, 0));
    scripted_voter_await_heard(&stage->one, stage->peer);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"leader\":2,\"have\":[2],\"quorum\":false"), 2);

    scripted_voter_say(&stage->one, looking(2, 0, 1, 0)); /* 1 has changed its mind */

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"leader\":2,\"have\":[1,2],\"quorum\":true"), 1);
}

static void l6_a_vote_counts_only_if_all_of_it_agrees(void **state)
{
    struct stage *stage = *state;
    election_peer_set_history(stage->peer, 10, 4);
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    scripted_voter_say(&stage->one, looking(2, 9, 1, 4));
    scripted_voter_say(&stage->one, looking(2, 10, 1, 3));
    scripted_voter_say(&stage->three, looking(2, 9, 1, 4));

    scripted_voter_await_heard(&stage->one, stage->peer);
    scripted_voter_await_heard(&stage->three, stage->peer);

    assert_int_equal(election_peer_traced(stage->peer, "\"quorum\":true"), 0);
    election_peer_expect_still_looking(stage->peer);
}

static void l7_the_same_voter_counts_once(void **state)
{
    struct test_ensemble five;
    struct scripted_voter voter;
    (void)state;
    test_ensemble_init(&five, "1 2 3 4 5");
    struct election_peer *peer = election_peer_new(&five, 2, ELECTION_PEER_PATIENT);
    scripted_voter_init(&voter, &five, 5);
    election_peer_start(peer);
    scripted_voter_connect(&voter, peer);
    election_peer_look_and_vote(peer);
    for (int i = 0; i < 10; i++)
        scripted_voter_say(&voter, looking(2, 0, 1, 0));

    scripted_voter_await_heard(&voter, peer);

    assert_int_equal(election_peer_traced(peer, "\"have\":[2,5],\"quorum\":false"), 10);
    assert_int_equal(election_peer_traced(peer, "\"quorum\":true"), 0);
    election_peer_expect_still_looking(peer);
    election_peer_free(peer);
    scripted_voter_done(&voter);
}

/* --- L8, L9: the final wait --- */

/* FLE-03 */
static void fle_03_l9_the_decision_falls_not_before_200_ms_after_the_quorum(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    int64_t said_ms = zk_elapsed_ms();
    scripted_voter_say(&stage->one, looking(2, 0, 1, 0));

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);

    assert_true(stage->peer->look_ended_ms - said_ms >= FLE_FINALIZE_WAIT_MS);
}

/* FLE-03: all have voted, and still it waits */
static void fle_03_l9_it_waits_even_if_all_have_voted(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    int64_t said_ms = zk_elapsed_ms();
    scripted_voter_say(&stage->one, looking(2, 0, 1, 0));
    scripted_voter_say(&stage->three, looking(2, 0, 1, 0));

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);

    assert_true(stage->peer->look_ended_ms - said_ms >= FLE_FINALIZE_WAIT_MS);
}

/* These votes are in the queue before the election begins, in their order and in front of the own
 * vote. 1 and 3 are a quorum, so all that follows is there when the final wait begins: nobody has
 * to be quick. */
struct early_vote {
    struct scripted_voter *voter;
    struct ballot ballot;
};

static const char VOTE_IN_QUEUE[] = "\"ev\":\"enq\",\"q\":\"recvqueue\"";

static void look_at_votes(struct stage *stage, const struct early_vote *votes, size_t count)
{
    begin(stage);
    for (size_t i = 0; i < count; i++) {
        scripted_voter_say(votes[i].voter, votes[i].ballot);
        election_peer_await_traced(stage->peer, VOTE_IN_QUEUE, i + 1);
    }
    election_peer_look(stage->peer);
}

/* FLE-03: a vote for 3 in the window changes the outcome */
static void fle_03_l8_a_better_vote_within_the_wait_changes_the_outcome(void **state)
{
    struct stage *stage = *state;
    const struct early_vote votes[] = {
        {&stage->one, looking(2, 0, 1, 0)},
        {&stage->three, looking(2, 0, 1, 0)},
        {&stage->three, looking(3, 0, 1, 0)},
    };
    look_at_votes(stage, votes, 3);

    assert_decided(stage, SERVER_STATE_FOLLOWING, 3, 0, 1, 0);
    assert_int_equal(
        election_peer_traced(stage->peer, "\"leader\":2,\"have\":[1,3],\"quorum\":true"), 1);
    scripted_voter_await(&stage->one, looking(3, 0, 1, 0));
}

/* FLE-03 (K-4): five votes that are not better, each of which restarts the wait, and so does our
 * own if it comes before the end */
static void fle_03_l8_worse_votes_are_dropped_and_restart_the_wait(void **state)
{
    struct stage *stage = *state;
    const char *final_wait = "\"ev\":\"wait\",\"ms\":200,\"why\":\"a quorum agrees";
    const struct early_vote votes[] = {
        {&stage->one, looking(2, 0, 1, 0)},   {&stage->three, looking(2, 0, 1, 0)},
        {&stage->three, looking(1, 0, 1, 0)}, {&stage->three, looking(1, 0, 1, 0)},
        {&stage->three, looking(1, 0, 1, 0)}, {&stage->three, looking(1, 0, 1, 0)},
        {&stage->three, looking(1, 0, 1, 0)},
    };
    look_at_votes(stage, votes, sizeof votes / sizeof votes[0]);

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);

    assert_in_range(election_peer_traced(stage->peer, final_wait), 6, 7);
    assert_int_equal(tallies(stage), 2); /* dropped, not counted */
    assert_true(stage->peer->look_ended_ms - stage->peer->look_began_ms >= FLE_FINALIZE_WAIT_MS);
}

/* (K-4) A voter of the quorum that changes to a worse vote in the window goes unnoticed. */
static void l8_who_leaves_the_quorum_within_the_wait_goes_unnoticed(void **state)
{
    struct stage *stage = *state;
    const struct early_vote votes[] = {
        {&stage->one, looking(2, 0, 1, 0)},
        {&stage->three, looking(2, 0, 1, 0)},
        {&stage->one, looking(1, 0, 1, 0)},
    };
    look_at_votes(stage, votes, 3);

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);
    assert_int_equal(tallies(stage), 2);
}

/* (K-4) A better vote of an old round ends the wait, is put back, and is then ignored by L4: the
 * quorum is only looked at again with the next vote. That is our own, or one that 1 repeats. */
static void l8_a_better_vote_of_an_old_round_delays_the_decision(void **state)
{
    struct stage *stage = *state;
    const struct early_vote votes[] = {
        {&stage->one, looking(2, 0, 1, 0)},
        {&stage->three, looking(2, 0, 1, 0)},
        {&stage->three, looking(3, 0, 0, 0)},
    };
    look_at_votes(stage, votes, 3);
    election_peer_await_traced(stage->peer, VOTE_IN_QUEUE, 5); /* ours and the one put back, too */
    scripted_voter_say(&stage->one, looking(2, 0, 1, 0));

    assert_decided(stage, SERVER_STATE_LEADING, 2, 0, 1, 0);
    assert_true(election_peer_traced(stage->peer, "\"quorum\":true") >= 2);
}

/* --- T: nobody speaks --- */

/* The k-th repetition comes not before the sum of the first k pauses. */
static void expect_repetitions(struct stage *stage, const int64_t *earliest_ms, size_t count)
{
    begin(stage);
    election_peer_look(stage->peer);
    for (size_t i = 0; i < count; i++) {
        scripted_voter_expect(&stage->three, looking(2, 0, 1, 0));
        assert_true(zk_elapsed_ms() - stage->peer->look_began_ms >= earliest_ms[i]);
    }
}

/* FLE-10: 20, 40, 80, 80 ms */
static void fle_10_the_vote_is_repeated_with_growing_pauses_up_to_the_cap(void **state)
{
    static const int64_t earliest_ms[] = {0, 20, 60, 140, 220};
    struct stage *stage = stage_new("fastleader.minNotificationInterval=20\n"
                                    "fastleader.maxNotificationInterval=80\n");
    (void)state;
    expect_repetitions(stage, earliest_ms, sizeof earliest_ms / sizeof earliest_ms[0]);

    assert_int_equal(election_peer_logged(stage->peer, "Notification time out: 40 ms"), 1);
    assert_true(election_peer_logged(stage->peer, "Notification time out: 80 ms") >= 2);
    assert_int_equal(election_peer_logged(stage->peer, "Notification time out: 160 ms"), 0);
    void *stage_state = stage;
    teardown(&stage_state);
}

/* FLE-10: 60, 20, 20 ms: the first pause is the minimum, also where the maximum is smaller */
static void fle_10_a_cap_below_the_first_pause_shortens_the_others(void **state)
{
    static const int64_t earliest_ms[] = {0, 60, 80, 100};
    struct stage *stage = stage_new("fastleader.minNotificationInterval=60\n"
                                    "fastleader.maxNotificationInterval=20\n");
    (void)state;
    expect_repetitions(stage, earliest_ms, sizeof earliest_ms / sizeof earliest_ms[0]);

    election_peer_await_logged(stage->peer, "Notification time out: 20 ms", 3);
    assert_int_equal(election_peer_logged(stage->peer, "Notification time out: 60 ms"), 0);
    void *stage_state = stage;
    teardown(&stage_state);
}

/* FLE-10: nothing could be delivered to anybody, so the peer dials instead of repeating itself */
static void fle_10_who_reaches_nobody_dials_everybody(void **state)
{
    struct stage *stage = stage_new("fastleader.minNotificationInterval=20\n"
                                    "fastleader.maxNotificationInterval=40\n");
    (void)state;
    uint16_t port_of_one = stage->one.port;
    scripted_voter_done(&stage->one); /* nobody listens on either port */
    scripted_voter_done(&stage->three);
    election_peer_start(stage->peer);
    election_peer_look(stage->peer);
    char refused[96];
    snprintf(refused, sizeof refused, "\"what\":\"refused\",\"peer\":1,\"conn\":\"/127.0.0.1:%d\"",
             port_of_one);
    election_peer_await_traced(stage->peer, refused, 3);
    assert_false(qcm_have_delivered(stage->peer->qcm));
    /* The vote was said once, to each of the three voters. */
    assert_int_equal(election_peer_traced(stage->peer, "\"ev\":\"enq\",\"q\":\"sendqueue\""), 3);

    scripted_voter_init(&stage->one, &stage->ensemble, 1); /* now it comes up and is found */
    scripted_voter_accept(&stage->one, 2);
    scripted_voter_expect(&stage->one, looking(2, 0, 1, 0));

    scripted_voter_init(&stage->three, &stage->ensemble, 3);
    void *stage_state = stage;
    teardown(&stage_state);
}

/* (K-3) One voter has got its message, so the pause ends with a repetition, also to who never got
 * one. */
static void what_was_delivered_to_one_is_repeated_to_all(void **state)
{
    struct stage *stage = stage_new("fastleader.minNotificationInterval=20\n"
                                    "fastleader.maxNotificationInterval=40\n");
    (void)state;
    scripted_voter_done(&stage->one);
    election_peer_start(stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look(stage->peer);

    for (int i = 0; i < 4; i++)
        scripted_voter_expect(&stage->three, looking(2, 0, 1, 0));
    assert_true(qcm_have_delivered(stage->peer->qcm));
    struct server_status_peer *rows = NULL;
    size_t count = 0;
    qcm_get_status(stage->peer->qcm, &rows, &count);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].sid, 1);
    assert_false(rows[0].connected);
    assert_int_equal(rows[0].send_queue_length, 1); /* the newest only */
    assert_true(rows[0].replaced_messages >= 2);
    free(rows);

    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    void *stage_state = stage;
    teardown(&stage_state);
}

/* --- V: votes that do not count --- */

/* FLE-11 */
static void fle_11_a_vote_for_a_stranger_is_ignored_with_a_warning(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    size_t before = tallies(stage);
    scripted_voter_say(&stage->one, looking(7, 99, 7, 9));
    scripted_voter_say(&stage->three, leading(7, 99, 1, 9));
    scripted_voter_say(&stage->three, following(7, 99, 1, 9));

    scripted_voter_await_heard(&stage->one, stage->peer);
    scripted_voter_await_heard(&stage->three, stage->peer);

    assert_int_equal(tallies(stage), before);
    assert_proposal(stage, 2, 0, 0, 1);
    assert_int_equal(
        election_peer_logged(stage->peer,
                             "Ignoring notification for non-cluster member sid 7 from sid"),
        3);
    election_peer_expect_still_looking(stage->peer);
}

/* FLE-11 (row O) */
static void fle_11_an_observing_voter_is_ignored(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    size_t before = tallies(stage);
    scripted_voter_say(&stage->one, observing(3, 99, 7, 9));
    scripted_voter_say(&stage->three, observing(3, 99, 1, 9));

    scripted_voter_await_heard(&stage->one, stage->peer);
    scripted_voter_await_heard(&stage->three, stage->peer);

    assert_int_equal(tallies(stage), before);
    assert_proposal(stage, 2, 0, 0, 1);
    election_peer_expect_still_looking(stage->peer);
}

/* FLE-11 */
static void fle_11_a_state_that_does_not_exist_is_ignored(void **state)
{
    static const int32_t states[] = {4, 9, -1, INT32_MAX, INT32_MIN};
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    size_t before = tallies(stage);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        scripted_voter_say(&stage->three, (struct ballot){states[i], 3, 99, 7, 9});

    scripted_voter_await_heard(&stage->three, stage->peer);

    assert_int_equal(tallies(stage), before);
    assert_int_equal(election_peer_logged(stage->peer, "n.sid:3, n.state:"), 1); /* the marker */
    assert_proposal(stage, 2, 0, 0, 1);
    election_peer_expect_still_looking(stage->peer);
}

/* --- the end --- */

static void a_stopped_election_returns_at_once_and_leaves_no_vote(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);

    fle_request_stop(stage->peer->fle);

    assert_false(election_peer_await_result(stage->peer));
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LOOKING);
}

static void a_state_that_somebody_else_sets_ends_the_election(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    election_peer_look_and_vote(stage->peer);
    quorum_peer_set_peer_state(stage->peer->self, SERVER_STATE_FOLLOWING, "test");

    /* WorkerReceiver passes nothing on now, so only a stop wakes the wait; but the result is
     * none. */
    fle_request_stop(stage->peer->fle);

    assert_false(election_peer_await_result(stage->peer));
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_FOLLOWING);
}

static void the_next_election_is_the_next_round(void **state)
{
    struct stage *stage = *state;
    begin(stage);
    for (int64_t round = 1; round <= 3; round++) {
        election_peer_look(stage->peer);
        scripted_voter_await(&stage->one, looking(2, 0, round, 0));
        scripted_voter_say(&stage->one, looking(2, 0, round, 0));
        assert_decided(stage, SERVER_STATE_LEADING, 2, 0, round, 0);
        quorum_peer_set_peer_state(stage->peer->self, SERVER_STATE_LOOKING, "test");
    }
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_round_begins_with_the_own_vote_to_every_voter),
        STAGED(votes_that_came_before_the_election_are_counted_in_it),
        STAGED(l1_who_has_no_history_ignores_looking_votes),
        STAGED(fle_11_l2_a_vote_without_history_is_ignored),
        STAGED(l2_the_zxid_of_an_observer_is_not_minus_one_and_counts),
        STAGED(fle_08_l3_a_later_round_is_adopted_with_the_better_vote),
        STAGED(fle_08_l3_a_later_round_with_a_worse_vote_begins_with_the_own_vote),
        cmocka_unit_test(fle_08_l3_what_was_proposed_in_the_earlier_round_does_not_matter),
        STAGED(fle_08_l3_the_tally_of_the_earlier_round_is_emptied),
        STAGED(l3_the_votes_of_settled_servers_are_kept),
        STAGED(the_round_may_be_any_number_and_wraps_as_javas_does),
        STAGED(fle_08_l4_an_earlier_round_is_answered_and_not_counted),
        STAGED(l5_a_better_vote_is_taken_over_and_passed_on),
        cmocka_unit_test(l5_epoch_counts_before_zxid_and_zxid_before_sid),
        STAGED(l6_a_vote_that_is_not_better_is_counted),
        STAGED(l6_a_vote_counts_only_if_all_of_it_agrees),
        cmocka_unit_test(l7_the_same_voter_counts_once),
        STAGED(fle_03_l9_the_decision_falls_not_before_200_ms_after_the_quorum),
        STAGED(fle_03_l9_it_waits_even_if_all_have_voted),
        STAGED(fle_03_l8_a_better_vote_within_the_wait_changes_the_outcome),
        STAGED(fle_03_l8_worse_votes_are_dropped_and_restart_the_wait),
        STAGED(l8_who_leaves_the_quorum_within_the_wait_goes_unnoticed),
        STAGED(l8_a_better_vote_of_an_old_round_delays_the_decision),
        cmocka_unit_test(fle_10_the_vote_is_repeated_with_growing_pauses_up_to_the_cap),
        cmocka_unit_test(fle_10_a_cap_below_the_first_pause_shortens_the_others),
        cmocka_unit_test(fle_10_who_reaches_nobody_dials_everybody),
        cmocka_unit_test(what_was_delivered_to_one_is_repeated_to_all),
        STAGED(fle_11_a_vote_for_a_stranger_is_ignored_with_a_warning),
        STAGED(fle_11_an_observing_voter_is_ignored),
        STAGED(fle_11_a_state_that_does_not_exist_is_ignored),
        STAGED(a_stopped_election_returns_at_once_and_leaves_no_vote),
        STAGED(a_state_that_somebody_else_sets_ends_the_election),
        STAGED(the_next_election_is_the_next_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
