/* The rules of the election that need no thread: who beats whom, who agrees with whom, has the
 * leader spoken. Java: FLEPredicateTest, FLEOutOfElectionTest */
#include "election/fast_leader_election_internal.h"
#include "zk/election/fast_leader_election.h"

#include <stdlib.h>

#include "election_peer.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/zxid.h"

struct stage {
    struct test_ensemble ensemble;
    struct election_peer *peer; /* 3 of five, never started */
    struct vote_map votes;
};

static struct stage *stage_new(const char *members, const char *more)
{
    struct stage *stage = zk_xcalloc(1, sizeof *stage);
    test_ensemble_init(&stage->ensemble, members);
    stage->ensemble.more = more;
    stage->peer = election_peer_new(&stage->ensemble, 3, "");
    return stage;
}

static int setup(void **state)
{
    *state = stage_new("1 2 3 4 5", "");
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    vote_map_done(&stage->votes);
    election_peer_free(stage->peer);
    free(stage);
    return 0;
}

static struct vote vote(int32_t version, int64_t id, int64_t zxid, int64_t round, int64_t epoch,
                        enum server_state server_state)
{
    return (struct vote){version, id, zxid, round, epoch, server_state};
}

static void put(struct stage *stage, int64_t sid, struct vote one)
{
    vote_map_put(&stage->votes, sid, &one);
}

static bool has_quorum_for(struct stage *stage, struct vote one)
{
    struct synced_learner_tracker tracker;
    fle_get_vote_tracker(stage->peer->fle, &stage->votes, &one, &tracker);
    bool quorum = synced_learner_tracker_has_all_quorums(&tracker);
    synced_learner_tracker_done(&tracker);
    return quorum;
}

/* --- totalOrderPredicate --- */

static bool beats(struct stage *stage, int64_t new_id, int64_t new_zxid, int64_t new_epoch,
                  int64_t id, int64_t zxid, int64_t epoch)
{
    return fle_total_order_predicate(stage->peer->config->quorum_verifier, new_id, new_zxid,
                                     new_epoch, id, zxid, epoch);
}

/* VOTE-01 */
static void vote_01_epoch_then_zxid_then_sid_decide(void **state)
{
    struct stage *stage = *state;
    assert_false(beats(stage, 4, 0, 0, 3, 0, 2));
    assert_true(beats(stage, 0, 0, 1, 1, 0, 0));
    assert_true(beats(stage, 0, 1, 0, 1, 0, 0));
    assert_true(beats(stage, 1, 1, 0, 0, 1, 0));
    assert_false(beats(stage, 1, 1, 0, 1, 1, 0)); /* equal is not better */
}

static void all_three_are_compared_signed(void **state)
{
    struct stage *stage = *state;
    assert_false(beats(stage, 1, 0, -1, 1, 0, 0));
    assert_false(beats(stage, 1, INT64_MIN, 0, 1, 0, 0));
    assert_false(beats(stage, -1, 0, 0, 1, 0, 0));
    assert_true(beats(stage, 1, 0, INT64_MAX, 5, INT64_MAX, INT64_MAX - 1));
    assert_true(beats(stage, 1, 0, 0, NO_VOTE, NO_VOTE, NO_VOTE)); /* anybody beats an observer's */
}

/* VOTE-01, FLE-16; a sid that the hierarchy does not know weighs 0 (D-15) */
static void vote_01_a_candidate_of_weight_0_never_wins(void **state)
{
    struct stage *stage = stage_new("1 2 3", "group.1=1:2:3\nweight.1=1\nweight.2=0\nweight.3=1\n");
    (void)state;
    assert_false(beats(stage, 2, 99, 99, 1, 0, 0));
    assert_false(beats(stage, 77, 99, 99, 1, 0, 0));
    assert_false(beats(stage, NO_VOTE, 99, 99, 1, 0, 0));
    assert_true(beats(stage, 1, 99, 99, 2, 0, 0)); /* only the new one is weighed */
    void *stage_state = stage;
    teardown(&stage_state);
}

/* --- getVoteTracker --- */

/* VOTE-03 (a) */
static void vote_03_a_zxid_and_round_of_the_settled_do_not_matter(void **state)
{
    struct stage *stage = *state;
    put(stage, 1, vote(2, 4, zxid_make(1, 1), 1, 2, SERVER_STATE_FOLLOWING));
    put(stage, 2, vote(2, 4, zxid_make(1, 2), 1, 2, SERVER_STATE_FOLLOWING));
    put(stage, 4, vote(2, 4, zxid_make(2, 1), 2, 2, SERVER_STATE_FOLLOWING));
    put(stage, 5, vote(2, 4, zxid_make(2, 1), 2, 2, SERVER_STATE_LEADING));
    assert_true(has_quorum_for(stage, vote(2, 4, zxid_make(2, 1), 2, 2, SERVER_STATE_FOLLOWING)));
}

/* VOTE-03 (b) */
static void vote_03_b_old_and_new_servers_agree_by_their_leader(void **state)
{
    struct stage *stage = *state;
    put(stage, 1, vote(1, 4, 0, 1, 1, SERVER_STATE_FOLLOWING));
    put(stage, 2, vote(1, 4, 0, 1, 1, SERVER_STATE_FOLLOWING));
    put(stage, 4, vote(0, 4, 0, 1, 2, SERVER_STATE_LEADING));
    put(stage, 5, vote(0, 4, 0, 1, 2, SERVER_STATE_FOLLOWING));
    assert_true(has_quorum_for(stage, vote(1, 4, 0, 1, 1, SERVER_STATE_FOLLOWING)));
}

/* VOTE-03 (c) */
static void vote_03_c_identical_votes_of_any_state_agree(void **state)
{
    struct stage *stage = *state;
    put(stage, 1, vote(0, 4, zxid_make(2, 1), 1, 1, SERVER_STATE_LOOKING));
    put(stage, 2, vote(0, 4, zxid_make(2, 1), 1, 1, SERVER_STATE_LOOKING));
    put(stage, 5, vote(0, 4, zxid_make(2, 1), 1, 1, SERVER_STATE_LOOKING));
    put(stage, 4, vote(0, 4, zxid_make(2, 1), 1, 1, SERVER_STATE_LEADING));
    assert_true(has_quorum_for(stage, vote(0, 4, zxid_make(2, 1), 1, 1, SERVER_STATE_LOOKING)));
}

/* VOTE-03 (d) */
static void vote_03_d_looking_votes_of_other_rounds_do_not_count(void **state)
{
    struct stage *stage = *state;
    put(stage, 1, vote(0, 4, zxid_make(2, 1), 1, 1, SERVER_STATE_LOOKING));
    put(stage, 2, vote(0, 4, zxid_make(2, 1), 2, 1, SERVER_STATE_LOOKING));
    put(stage, 4, vote(0, 4, zxid_make(2, 1), 3, 1, SERVER_STATE_LOOKING));
    put(stage, 5, vote(0, 4, zxid_make(2, 1), 3, 1, SERVER_STATE_LEADING));
    assert_false(has_quorum_for(stage, vote(0, 4, zxid_make(2, 1), 2, 1, SERVER_STATE_LOOKING)));
}

/* VOTE-03 (e) */
static void vote_03_e_epochs_that_differ_only_between_versions_agree(void **state)
{
    struct stage *stage = *state;
    put(stage, 1, vote(0, 5, 0x1700000000, 10, 0x17, SERVER_STATE_FOLLOWING));
    put(stage, 2, vote(0, 5, 0x1700000000, 10, 0x17, SERVER_STATE_FOLLOWING));
    put(stage, 4, vote(1, 5, 0x1800000000, 10, 0x18, SERVER_STATE_FOLLOWING));
    put(stage, 5, vote(1, 5, 0x1800000000, 10, 0x18, SERVER_STATE_LEADING));
    assert_true(has_quorum_for(stage, vote(1, 5, 0x1800000000, 10, 0x18, SERVER_STATE_LEADING)));
    assert_true(fle_check_leader(stage->peer->fle, &stage->votes, 5, 10));
}

static void votes_of_strangers_do_not_count(void **state)
{
    struct stage *stage = *state;
    put(stage, 1, vote(0, 3, 0, 1, 0, SERVER_STATE_LOOKING));
    put(stage, 3, vote(0, 3, 0, 1, 0, SERVER_STATE_LOOKING));
    for (int64_t stranger = 6; stranger < 20; stranger++)
        put(stage, stranger, vote(0, 3, 0, 1, 0, SERVER_STATE_LOOKING));
    assert_false(has_quorum_for(stage, vote(0, 3, 0, 1, 0, SERVER_STATE_LOOKING)));
    put(stage, 5, vote(0, 3, 0, 1, 0, SERVER_STATE_LOOKING));
    assert_true(has_quorum_for(stage, vote(0, 3, 0, 1, 0, SERVER_STATE_LOOKING)));
}

static void a_second_vote_replaces_the_first(void **state)
{
    struct stage *stage = *state;
    put(stage, 1, vote(0, 3, 0, 1, 0, SERVER_STATE_LOOKING));
    put(stage, 1, vote(0, 4, 7, 1, 0, SERVER_STATE_LEADING));
    assert_int_equal(vote_map_get(&stage->votes, 1)->id, 4);
    assert_int_equal(vote_map_get(&stage->votes, 1)->zxid, 7);
    assert_null(vote_map_get(&stage->votes, 2));
    vote_map_clear(&stage->votes);
    assert_null(vote_map_get(&stage->votes, 1));
}

/* --- checkLeader --- */

/* FLE-06 */
static void fle_06_another_leader_must_have_said_leading(void **state)
{
    struct stage *stage = *state;
    struct fast_leader_election *fle = stage->peer->fle;
    assert_false(fle_check_leader(fle, &stage->votes, 4, 1));
    put(stage, 4, vote(2, 4, 0, 1, 0, SERVER_STATE_LOOKING));
    assert_false(fle_check_leader(fle, &stage->votes, 4, 1));
    put(stage, 4, vote(2, 4, 0, 1, 0, SERVER_STATE_FOLLOWING));
    assert_false(fle_check_leader(fle, &stage->votes, 4, 1));
    put(stage, 4, vote(2, 4, 0, 1, 0, SERVER_STATE_LEADING));
    assert_true(fle_check_leader(fle, &stage->votes, 4, 1));
    assert_true(fle_check_leader(fle, &stage->votes, 4, 99)); /* whatever the round */
}

/* FLE-07 */
static void fle_07_we_ourselves_lead_only_in_our_round(void **state)
{
    struct stage *stage = *state;
    struct fast_leader_election *fle = stage->peer->fle;
    assert_int_equal(fle_get_logical_clock(fle), 0);
    assert_true(fle_check_leader(fle, &stage->votes, 3, 0));
    assert_false(fle_check_leader(fle, &stage->votes, 3, 1));
    assert_false(fle_check_leader(fle, &stage->votes, 3, -1));
    put(stage, 3, vote(2, 3, 0, 1, 0, SERVER_STATE_LEADING)); /* hearsay about ourselves */
    assert_false(fle_check_leader(fle, &stage->votes, 3, 1));
}

/* --- life --- */

static void a_new_election_proposes_nobody(void **state)
{
    struct stage *stage = *state;
    struct vote proposal = fle_get_vote(stage->peer->fle);
    assert_int_equal(proposal.id, -1);
    assert_int_equal(proposal.zxid, -1);
    assert_int_equal(proposal.state, SERVER_STATE_LOOKING);
}

/* FLE-13: "a stopped server's vote is id -1" */
static void fle_13_a_stopped_election_proposes_nobody(void **state)
{
    struct stage *stage = *state;
    election_peer_start(stage->peer);
    election_peer_look_and_vote(stage->peer);
    assert_int_equal(fle_get_vote(stage->peer->fle).id, 3);

    fle_shutdown(stage->peer->fle);

    assert_int_equal(fle_get_vote(stage->peer->fle).id, -1);
    assert_int_equal(fle_get_vote(stage->peer->fle).zxid, -1);
    assert_false(election_peer_await_result(stage->peer));
}

static void the_intervals_are_settings_and_bad_ones_give_the_defaults(void **state)
{
    static const struct {
        const char *config;
        const char *min_line;
        const char *max_line;
    } cases[] = {
        {"", "minNotificationInterval = 200 ms", "maxNotificationInterval = 60000 ms"},
        {"fastleader.minNotificationInterval=0x10\nfastleader.maxNotificationInterval=010\n",
         "minNotificationInterval = 16 ms", "maxNotificationInterval = 8 ms"},
        {"fastleader.minNotificationInterval=many\nfastleader.maxNotificationInterval=\n",
         "minNotificationInterval = 200 ms", "maxNotificationInterval = 60000 ms"},
    };
    (void)state;
    struct test_ensemble ensemble;
    test_ensemble_init(&ensemble, "1 2 3");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct election_peer *peer = election_peer_new(&ensemble, 1, cases[i].config);
        assert_int_equal(election_peer_logged(peer, cases[i].min_line), 1);
        assert_int_equal(election_peer_logged(peer, cases[i].max_line), 1);
        election_peer_free(peer);
    }
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(vote_01_epoch_then_zxid_then_sid_decide),
        STAGED(all_three_are_compared_signed),
        cmocka_unit_test(vote_01_a_candidate_of_weight_0_never_wins),
        STAGED(vote_03_a_zxid_and_round_of_the_settled_do_not_matter),
        STAGED(vote_03_b_old_and_new_servers_agree_by_their_leader),
        STAGED(vote_03_c_identical_votes_of_any_state_agree),
        STAGED(vote_03_d_looking_votes_of_other_rounds_do_not_count),
        STAGED(vote_03_e_epochs_that_differ_only_between_versions_agree),
        STAGED(votes_of_strangers_do_not_count),
        STAGED(a_second_vote_replaces_the_first),
        STAGED(fle_06_another_leader_must_have_said_leading),
        STAGED(fle_07_we_ourselves_lead_only_in_our_round),
        STAGED(a_new_election_proposes_nobody),
        STAGED(fle_13_a_stopped_election_proposes_nobody),
        cmocka_unit_test(the_intervals_are_settings_and_bad_ones_give_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
