#include "zk_test.h"

#include "zk/ensemble/vote.h"

/* A candidate or the vote that is held: what vote_is_better compares. */
struct claim {
    int64_t id;
    int64_t zxid;
    int64_t epoch;
};

static bool beats(struct claim challenger, struct claim held)
{
    return vote_is_better(challenger.id, challenger.zxid, challenger.epoch, held.id, held.zxid,
                          held.epoch);
}

/* VOTE-01 */
static void vote_01_epoch_then_zxid_then_id_decide(void **state)
{
    (void)state;
    assert_false(beats((struct claim){4, 0, 0}, (struct claim){3, 0, 2}));
    assert_true(beats((struct claim){0, 0, 1}, (struct claim){1, 0, 0}));
    assert_true(beats((struct claim){0, 1, 0}, (struct claim){1, 0, 0}));
    assert_true(beats((struct claim){1, 1, 0}, (struct claim){0, 1, 0}));
}

/* VOTE-01 */
static void vote_01_higher_epoch_beats_any_zxid_and_id(void **state)
{
    (void)state;
    assert_true(beats((struct claim){1, 0, 3}, (struct claim){9, INT64_MAX, 2}));
    assert_false(beats((struct claim){9, INT64_MAX, 2}, (struct claim){1, 0, 3}));
}

/* VOTE-01 */
static void vote_01_an_equal_vote_is_not_better(void **state)
{
    (void)state;
    assert_false(beats((struct claim){2, 5, 1}, (struct claim){2, 5, 1}));
}

/* VOTE-01: what an observer proposes never wins. */
static void vote_01_numbers_are_signed(void **state)
{
    (void)state;
    assert_false(beats((struct claim){NO_VOTE, NO_VOTE, NO_VOTE}, (struct claim){1, 0, 0}));
    assert_true(beats((struct claim){1, 0, 0}, (struct claim){-1, 0, 0}));
    assert_true(beats((struct claim){1, 0, 0}, (struct claim){2, -1, 0}));
    assert_true(beats((struct claim){1, 0, 0}, (struct claim){2, 7, -1}));
}

static void a_short_vote_is_filled_as_by_javas_constructor(void **state)
{
    (void)state;
    struct vote vote = vote_of(3, 0x100000002, 1);

    assert_int_equal(vote.version, 0);
    assert_true(vote.id == 3 && vote.zxid == 0x100000002 && vote.peer_epoch == 1);
    assert_true(vote.election_epoch == -1);
    assert_int_equal(vote.state, SERVER_STATE_LOOKING);
}

/* VOTE-03: each row changes one field of vote (version 2, id 1, zxid 2, round 3, epoch 4). */
static void vote_03_what_is_compared_depends_on_the_states(void **state)
{
    static const struct {
        enum server_state left_state;
        enum server_state right_state;
        struct vote right;
        bool equal;
    } CASES[] = {
        {SERVER_STATE_LOOKING, SERVER_STATE_LOOKING, {2, 1, 2, 3, 4, 0}, true},
        {SERVER_STATE_LOOKING, SERVER_STATE_LOOKING, {0, 1, 2, 3, 4, 0}, true},
        {SERVER_STATE_LOOKING, SERVER_STATE_LOOKING, {2, 9, 2, 3, 4, 0}, false},
        {SERVER_STATE_LOOKING, SERVER_STATE_LOOKING, {2, 1, 9, 3, 4, 0}, false},
        {SERVER_STATE_LOOKING, SERVER_STATE_LOOKING, {2, 1, 2, 9, 4, 0}, false},
        {SERVER_STATE_LOOKING, SERVER_STATE_LOOKING, {2, 1, 2, 3, 9, 0}, false},
        {SERVER_STATE_LOOKING, SERVER_STATE_LEADING, {2, 1, 2, 9, 4, 0}, false},
        {SERVER_STATE_FOLLOWING, SERVER_STATE_LOOKING, {2, 1, 9, 3, 4, 0}, false},
        {SERVER_STATE_FOLLOWING, SERVER_STATE_LEADING, {2, 1, 9, 9, 4, 0}, true},
        {SERVER_STATE_FOLLOWING, SERVER_STATE_LEADING, {1, 1, 9, 9, 4, 0}, true},
        {SERVER_STATE_FOLLOWING, SERVER_STATE_LEADING, {2, 1, 9, 9, 9, 0}, false},
        {SERVER_STATE_FOLLOWING, SERVER_STATE_OBSERVING, {2, 9, 2, 3, 4, 0}, false},
        {SERVER_STATE_FOLLOWING, SERVER_STATE_LEADING, {0, 1, 9, 9, 9, 0}, true},
        {SERVER_STATE_FOLLOWING, SERVER_STATE_LEADING, {0, 9, 2, 3, 4, 0}, false},
        /* A negative version is none: Java asks for > 0. */
        {SERVER_STATE_FOLLOWING, SERVER_STATE_LEADING, {-1, 1, 9, 9, 9, 0}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct vote left = {2, 1, 2, 3, 4, CASES[i].left_state};
        struct vote right = CASES[i].right;
        right.state = CASES[i].right_state;

        bool equal = vote_equal(&left, &right);
        bool equal_the_other_way = vote_equal(&right, &left);

        if (equal != CASES[i].equal || equal_the_other_way != CASES[i].equal)
            fail_msg("row %zu", i);
    }
}

/* VOTE-03: settled voters without versions compare epochs with each other. */
static void vote_03_two_settled_votes_without_version_compare_epochs(void **state)
{
    (void)state;
    struct vote left = {0, 5, 1, 1, 0x17, SERVER_STATE_FOLLOWING};
    struct vote right = {0, 5, 2, 2, 0x17, SERVER_STATE_LEADING};
    struct vote other_epoch = {0, 5, 1, 1, 0x18, SERVER_STATE_LEADING};

    assert_true(vote_equal(&left, &right));
    assert_false(vote_equal(&left, &other_epoch));
}

static void names_of_states_are_javas(void **state)
{
    (void)state;
    assert_string_equal(server_state_name(SERVER_STATE_LOOKING), "LOOKING");
    assert_string_equal(server_state_name(SERVER_STATE_FOLLOWING), "FOLLOWING");
    assert_string_equal(server_state_name(SERVER_STATE_LEADING), "LEADING");
    assert_string_equal(server_state_name(SERVER_STATE_OBSERVING), "OBSERVING");
    assert_string_equal(server_state_lower_name(SERVER_STATE_OBSERVING), "observing");
    assert_string_equal(learner_type_name(LEARNER_TYPE_OBSERVER), "observer");
    assert_string_equal(learner_type_upper_name(LEARNER_TYPE_PARTICIPANT), "PARTICIPANT");
    assert_string_equal(zab_state_name(ZAB_STATE_SYNCHRONIZATION), "synchronization");
    assert_string_equal(sync_mode_name(SYNC_MODE_TRUNC), "trunc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vote_01_epoch_then_zxid_then_id_decide),
        cmocka_unit_test(vote_01_higher_epoch_beats_any_zxid_and_id),
        cmocka_unit_test(vote_01_an_equal_vote_is_not_better),
        cmocka_unit_test(vote_01_numbers_are_signed),
        cmocka_unit_test(a_short_vote_is_filled_as_by_javas_constructor),
        cmocka_unit_test(vote_03_what_is_compared_depends_on_the_states),
        cmocka_unit_test(vote_03_two_settled_votes_without_version_compare_epochs),
        cmocka_unit_test(names_of_states_are_javas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
