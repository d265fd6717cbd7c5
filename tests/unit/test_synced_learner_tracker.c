#include "zk_test.h"

#include <stdlib.h>

#include "zk/ensemble/synced_learner_tracker.h"
#include "zk/ensemble/vote.h"

static const char FIVE_VOTERS[] = "server.1=127.0.0.1:11:21\nserver.2=127.0.0.1:12:22\n"
                                  "server.3=127.0.0.1:13:23\nserver.4=127.0.0.1:14:24\n"
                                  "server.5=127.0.0.1:15:25\n";

/* A tracker of one configuration. */
struct fixture {
    struct zk_context *ctx;
    struct quorum_verifier *qv;
    struct synced_learner_tracker tracker;
};

static struct quorum_verifier *verifier(struct zk_context *ctx, const char *text)
{
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    if (qv_from_string(ctx, text, strlen(text), &(struct qv_options){.standalone_enabled = true},
                       &qv, &error) < 0)
        fail_msg("%s", error);
    return qv;
}

static struct fixture track(const char *text)
{
    struct fixture fixture = {.ctx = test_context()};
    fixture.qv = verifier(fixture.ctx, text);
    synced_learner_tracker_add_quorum_verifier(&fixture.tracker, fixture.qv);
    return fixture;
}

static void done(struct fixture *fixture)
{
    synced_learner_tracker_done(&fixture->tracker);
    qv_unref(fixture->qv);
    zk_context_free(fixture->ctx);
}

/* Is there a quorum among the votes of servers 1, 2 ... that equal mine? What getVoteTracker()
 * asks. */
static bool votes_make_quorum(const struct vote *votes, size_t count, const struct vote *mine)
{
    struct fixture fixture = track(FIVE_VOTERS);
    for (size_t i = 0; i < count; i++) {
        if (vote_equal(mine, &votes[i]))
            synced_learner_tracker_add_ack(&fixture.tracker, (int64_t)i + 1);
    }
    bool has_quorum = synced_learner_tracker_has_all_quorums(&fixture.tracker);
    done(&fixture);
    return has_quorum;
}

static int64_t zxid(int64_t epoch, int64_t counter)
{
    return epoch << 32 | counter;
}

/* VOTE-03 (a) */
static void vote_03_a_settled_votes_may_differ_in_zxid_and_round(void **state)
{
    (void)state;
    struct vote votes[] = {
        {2, 4, zxid(1, 1), 1, 2, SERVER_STATE_FOLLOWING},
        {2, 4, zxid(1, 2), 1, 2, SERVER_STATE_FOLLOWING},
        {2, 4, zxid(2, 1), 2, 2, SERVER_STATE_FOLLOWING},
        {2, 4, zxid(2, 1), 2, 2, SERVER_STATE_LEADING},
    };
    struct vote mine = {2, 4, zxid(2, 1), 2, 2, SERVER_STATE_LEADING};

    assert_true(votes_make_quorum(votes, 4, &mine));
}

/* VOTE-03 (b) */
static void vote_03_b_votes_of_old_and_new_versions_count_together(void **state)
{
    (void)state;
    struct vote votes[] = {
        {1, 4, zxid(1, 1), 1, 1, SERVER_STATE_FOLLOWING},
        {1, 4, zxid(1, 1), 1, 1, SERVER_STATE_FOLLOWING},
        {0, 4, zxid(2, 1), 2, 2, SERVER_STATE_FOLLOWING},
        {0, 4, zxid(2, 1), 2, 2, SERVER_STATE_LEADING},
    };
    struct vote mine = {1, 4, zxid(2, 1), 2, 1, SERVER_STATE_LEADING};

    assert_true(votes_make_quorum(votes, 4, &mine));
}

/* VOTE-03 (c) */
static void vote_03_c_identical_votes_count_in_any_state(void **state)
{
    (void)state;
    struct vote votes[] = {
        {0, 4, zxid(2, 1), 1, 1, SERVER_STATE_LOOKING},
        {0, 4, zxid(2, 1), 1, 1, SERVER_STATE_LOOKING},
        {0, 4, zxid(2, 1), 1, 1, SERVER_STATE_LOOKING},
        {0, 4, zxid(2, 1), 1, 1, SERVER_STATE_LEADING},
    };
    struct vote mine = {0, 4, zxid(2, 1), 1, 1, SERVER_STATE_LOOKING};

    assert_true(votes_make_quorum(votes, 4, &mine));
}

/* VOTE-03 (d) */
static void vote_03_d_looking_votes_of_other_rounds_do_not_count(void **state)
{
    (void)state;
    struct vote votes[] = {
        {0, 4, zxid(2, 1), 1, 1, SERVER_STATE_LOOKING},
        {0, 4, zxid(2, 1), 2, 1, SERVER_STATE_LOOKING},
        {0, 4, zxid(2, 1), 3, 1, SERVER_STATE_LOOKING},
        {0, 4, zxid(2, 1), 3, 1, SERVER_STATE_LEADING},
    };
    struct vote mine = {0, 4, zxid(2, 1), 2, 1, SERVER_STATE_LOOKING};

    assert_false(votes_make_quorum(votes, 4, &mine));
}

/* VOTE-03 (e): while an ensemble is upgraded. The check of the leader itself is the election's. */
static void vote_03_e_epochs_of_a_rolling_upgrade_count_together(void **state)
{
    (void)state;
    struct vote votes[] = {
        {0, 5, zxid(0, 15), 0xa, 0x17, SERVER_STATE_FOLLOWING},
        {1, 5, zxid(0, 15), 0xa, 0x18, SERVER_STATE_FOLLOWING},
        {1, 5, zxid(0, 15), 0xa, 0x18, SERVER_STATE_FOLLOWING},
        {0, 5, zxid(0, 15), 0xa, 0x17, SERVER_STATE_FOLLOWING},
    };
    struct vote leaders = {1, 5, zxid(0, 15), 0xa, 0x18, SERVER_STATE_LEADING};

    assert_true(votes_make_quorum(votes, 4, &leaders));
}

/* VOTE-02 */
static void vote_02_strangers_and_repetitions_do_not_count(void **state)
{
    (void)state;
    struct fixture fixture = track(FIVE_VOTERS);

    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 1));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 2));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 2));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 2));
    assert_false(synced_learner_tracker_has_all_quorums(&fixture.tracker));
    assert_false(synced_learner_tracker_add_ack(&fixture.tracker, 6));
    assert_false(synced_learner_tracker_has_all_quorums(&fixture.tracker));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 3));
    assert_true(synced_learner_tracker_has_all_quorums(&fixture.tracker));
    done(&fixture);
}

/* VOTE-02 */
static void vote_02_observers_do_not_count(void **state)
{
    (void)state;
    struct fixture fixture = track("server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\n"
                                   "server.4=h:14:24:observer\nserver.5=h:15:25:observer\n");

    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 1));
    assert_false(synced_learner_tracker_add_ack(&fixture.tracker, 4));
    assert_false(synced_learner_tracker_add_ack(&fixture.tracker, 5));
    assert_false(synced_learner_tracker_add_ack(&fixture.tracker, 6));
    assert_false(synced_learner_tracker_has_all_quorums(&fixture.tracker));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 2));
    assert_true(synced_learner_tracker_has_all_quorums(&fixture.tracker));
    done(&fixture);
}

static void during_a_change_both_configurations_need_their_quorum(void **state)
{
    (void)state;
    struct fixture fixture = track("server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\n");
    struct quorum_verifier *next = verifier(
        fixture.ctx, "server.3=h:13:23\nserver.4=h:14:24\nserver.5=h:15:25\nversion=100000000");
    struct zk_str text = {0};
    synced_learner_tracker_add_quorum_verifier(&fixture.tracker, next);

    assert_true(synced_learner_tracker_has_sid(&fixture.tracker, 3));
    assert_false(synced_learner_tracker_has_sid(&fixture.tracker, 1));
    assert_false(synced_learner_tracker_has_sid(&fixture.tracker, 4));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 3));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 1));
    assert_false(synced_learner_tracker_has_all_quorums(&fixture.tracker));
    assert_true(synced_learner_tracker_add_ack(&fixture.tracker, 5));
    assert_true(synced_learner_tracker_has_all_quorums(&fixture.tracker));

    synced_learner_tracker_append_ack_sets(&fixture.tracker, &text);
    assert_string_equal(zk_str_text(&text), "[1, 3],[3, 5]");
    zk_str_done(&text);
    done(&fixture);
    qv_unref(next);
}

static void a_copy_counts_on_by_itself(void **state)
{
    (void)state;
    struct fixture fixture = track(FIVE_VOTERS);
    struct synced_learner_tracker copy;
    synced_learner_tracker_add_ack(&fixture.tracker, 1);
    synced_learner_tracker_add_ack(&fixture.tracker, 2);

    synced_learner_tracker_copy(&copy, &fixture.tracker);
    synced_learner_tracker_add_ack(&copy, 3);

    assert_true(synced_learner_tracker_has_all_quorums(&copy));
    assert_false(synced_learner_tracker_has_all_quorums(&fixture.tracker));
    synced_learner_tracker_done(&copy);
    done(&fixture);
}

/* As in Java: nothing to satisfy is satisfied. Nobody may rely on it, so it is written down here.
 */
static void an_empty_tracker_has_all_quorums(void **state)
{
    (void)state;
    struct synced_learner_tracker tracker = {0};
    struct zk_str text = {0};

    synced_learner_tracker_append_ack_sets(&tracker, &text);

    assert_true(synced_learner_tracker_has_all_quorums(&tracker));
    assert_false(synced_learner_tracker_add_ack(&tracker, 1));
    assert_string_equal(zk_str_text(&text), "");
    synced_learner_tracker_done(&tracker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vote_03_a_settled_votes_may_differ_in_zxid_and_round),
        cmocka_unit_test(vote_03_b_votes_of_old_and_new_versions_count_together),
        cmocka_unit_test(vote_03_c_identical_votes_count_in_any_state),
        cmocka_unit_test(vote_03_d_looking_votes_of_other_rounds_do_not_count),
        cmocka_unit_test(vote_03_e_epochs_of_a_rolling_upgrade_count_together),
        cmocka_unit_test(vote_02_strangers_and_repetitions_do_not_count),
        cmocka_unit_test(vote_02_observers_do_not_count),
        cmocka_unit_test(during_a_change_both_configurations_need_their_quorum),
        cmocka_unit_test(a_copy_counts_on_by_itself),
        cmocka_unit_test(an_empty_tracker_has_all_quorums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
