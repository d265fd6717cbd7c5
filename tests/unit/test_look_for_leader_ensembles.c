/* Elections among real peers of one process. There are no roles here: what they would notice the
 * test does for them, as QuorumPeer.run does. A follower whose leader does not lead looks again,
 * and so does a leader whom no quorum follows. Java: FLETest, FLERestartTest, FLENewEpochTest,
 * FLEZeroWeightTest, QuorumPeerMainTest */
#include <stdlib.h>

#include "election/quorum_cnx_manager_internal.h"
#include "election_peer.h"
#include "sleep_ms.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

struct cast {
    struct test_ensemble ensemble;
    struct election_peer *peers[TEST_ENSEMBLE_MAX]; /* as in the ensemble; NULL: not there */
};

static struct election_peer **at(struct cast *cast, int64_t sid)
{
    for (size_t i = 0; i < cast->ensemble.count; i++) {
        if (cast->ensemble.sids[i] == sid)
            return &cast->peers[i];
    }
    fail_msg("no such server");
    return NULL;
}

static void enter(struct cast *cast, int64_t sid)
{
    struct election_peer *peer = election_peer_new(&cast->ensemble, sid, "");
    *at(cast, sid) = peer;
    election_peer_start(peer);
    election_peer_look(peer);
}

static void leave(struct cast *cast, int64_t sid)
{
    election_peer_free(*at(cast, sid));
    *at(cast, sid) = NULL;
}

static void everybody_leaves(struct cast *cast)
{
    for (size_t i = 0; i < cast->ensemble.count; i++)
        election_peer_free(cast->peers[i]);
}

static bool is_looking(struct election_peer *peer)
{
    return peer->looking != NULL && zk_thread_group_alive(peer->looking) > 0;
}

static size_t followers_of(struct cast *cast, int64_t leader)
{
    size_t count = 0;
    for (size_t i = 0; i < cast->ensemble.count; i++) {
        struct election_peer *peer = cast->peers[i];
        if (peer != NULL && !cast->ensemble.observers[i] && !is_looking(peer))
            count += peer->vote.id == leader;
    }
    return count;
}

/* Is the role that this peer has chosen one that lasts? */
static bool is_settled(struct cast *cast, struct election_peer *peer)
{
    size_t voters = 0;
    for (size_t i = 0; i < cast->ensemble.count; i++)
        voters += !cast->ensemble.observers[i];
    struct election_peer *leader = *at(cast, peer->vote.id);
    return leader != NULL && !is_looking(leader) &&
           election_peer_state(leader) == SERVER_STATE_LEADING &&
           followers_of(cast, peer->vote.id) > voters / 2;
}

static void look_again(struct election_peer *peer)
{
    quorum_peer_set_peer_state(peer->self, SERVER_STATE_LOOKING, "its role has failed");
    election_peer_look(peer);
}

/* Nobody looks any more, and everybody's role lasts. Those whose roles do not look again once all
 * have chosen. */
static bool all_are_settled(void *arg)
{
    struct cast *cast = arg;
    for (size_t i = 0; i < cast->ensemble.count; i++) {
        if (cast->peers[i] != NULL && is_looking(cast->peers[i]))
            return false;
    }
    bool settled = true;
    struct election_peer *unsettled[TEST_ENSEMBLE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < cast->ensemble.count; i++) {
        struct election_peer *peer = cast->peers[i];
        if (peer == NULL)
            continue;
        if (peer->looking != NULL)
            assert_true(election_peer_await_result(peer));
        if (!is_settled(cast, peer))
            unsettled[count++] = peer;
    }
    for (size_t i = 0; i < count; i++) {
        look_again(unsettled[i]);
        settled = false;
    }
    return settled;
}

/* One leads, everybody else follows or observes it, and all hold the same vote. The leader. */
static int64_t assert_agreement(struct cast *cast)
{
    test_await(all_are_settled, cast);
    struct vote first = {.id = -1};
    for (size_t i = 0; i < cast->ensemble.count; i++) {
        struct election_peer *peer = cast->peers[i];
        if (peer == NULL)
            continue;
        struct vote vote;
        assert_true(quorum_peer_get_current_vote(peer->self, &vote));
        if (first.id == -1)
            first = vote;
        assert_int_equal(vote.id, first.id);
        assert_int_equal(vote.peer_epoch, first.peer_epoch);
        enum server_state expected =
            cast->ensemble.observers[i] ? SERVER_STATE_OBSERVING : SERVER_STATE_FOLLOWING;
        if (cast->ensemble.sids[i] == first.id)
            expected = SERVER_STATE_LEADING;
        assert_int_equal(election_peer_state(peer), expected);
    }
    return first.id;
}

/* --- FLE-01 --- */

static void start_in_order(const char *members, const int64_t *order)
{
    struct cast cast = {0};
    test_ensemble_init(&cast.ensemble, members);
    for (size_t i = 0; i < cast.ensemble.count; i++)
        enter(&cast, order[i]);
    assert_agreement(&cast);
    everybody_leaves(&cast);
}

/* FLE-01: every order of three */
static void fle_01_three_agree_in_whatever_order_they_start(void **state)
{
    (void)state;
    static const int64_t orders[][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
                                        {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        start_in_order("1 2 3", orders[i]);
}

/* FLE-01 */
static void fle_01_seven_agree(void **state)
{
    (void)state;
    start_in_order("0 1 2 3 4 5 6", (const int64_t[]){0, 1, 2, 3, 4, 5, 6});
    start_in_order("0 1 2 3 4 5 6", (const int64_t[]){6, 2, 5, 0, 3, 1, 4});
}

/* Connects all, then lets one look, and the others only when its vote lies in their queues: nobody
 * can decide without having heard it. */
static void all_hear_first(struct cast *cast, int64_t best)
{
    for (size_t i = 0; i < cast->ensemble.count; i++)
        election_peer_start(cast->peers[i]);
    for (size_t i = 0; i < cast->ensemble.count; i++)
        for (size_t k = 0; k < i; k++)
            qcm_connect_one(cast->peers[i]->qcm, cast->ensemble.sids[k]);
    for (size_t i = 0; i < cast->ensemble.count; i++)
        for (size_t k = 0; k < cast->ensemble.count; k++)
            if (i != k)
                election_peer_await_connected(cast->peers[i], cast->ensemble.sids[k], true);
    election_peer_look(*at(cast, best));
    for (size_t i = 0; i < cast->ensemble.count; i++)
        election_peer_await_traced(cast->peers[i], "\"ev\":\"enq\",\"q\":\"recvqueue\"", 1);
    for (size_t i = 0; i < cast->ensemble.count; i++)
        if (cast->ensemble.sids[i] != best)
            election_peer_look(cast->peers[i]);
}

/* FLE-01: "if all are heard before anyone decides" */
static void fle_01_who_has_heard_everybody_elects_the_largest(void **state)
{
    struct cast cast = {0};
    (void)state;
    test_ensemble_init(&cast.ensemble, "1 2 3");
    for (size_t i = 0; i < 3; i++)
        cast.peers[i] = election_peer_new(&cast.ensemble, cast.ensemble.sids[i], "");

    all_hear_first(&cast, 3);

    assert_int_equal(assert_agreement(&cast), 3);
    for (size_t i = 0; i < 3; i++) {
        struct vote vote;
        assert_true(quorum_peer_get_current_vote(cast.peers[i]->self, &vote));
        assert_int_equal(vote.election_epoch, 1);
        assert_int_equal(vote.zxid, 0);
        assert_int_equal(vote.peer_epoch, 0);
    }
    everybody_leaves(&cast);
}

/* Not the largest id, nor the highest zxid of an old epoch. */
static void who_has_the_newest_history_is_elected(void **state)
{
    static const int64_t zxids[] = {0x100000005, 0x200000001, 0x100000009};
    static const int64_t epochs[] = {1, 2, 1};
    struct cast cast = {0};
    (void)state;
    test_ensemble_init(&cast.ensemble, "1 2 3");
    for (size_t i = 0; i < 3; i++) {
        cast.peers[i] = election_peer_new(&cast.ensemble, cast.ensemble.sids[i], "");
        election_peer_set_history(cast.peers[i], zxids[i], epochs[i]);
    }

    all_hear_first(&cast, 2);

    assert_int_equal(assert_agreement(&cast), 2);
    everybody_leaves(&cast);
}

/* --- FLE-02 --- */

/* FLE-02 */
static void fle_02_a_late_joiner_follows_the_sitting_leader(void **state)
{
    struct cast cast = {0};
    (void)state;
    test_ensemble_init(&cast.ensemble, "1 2 3");
    enter(&cast, 1);
    enter(&cast, 2);
    assert_int_equal(assert_agreement(&cast), 2);
    int64_t round_of_one = fle_get_logical_clock((*at(&cast, 1))->fle);
    int64_t round_of_two = fle_get_logical_clock((*at(&cast, 2))->fle);

    enter(&cast, 3);

    assert_int_equal(assert_agreement(&cast), 2);
    assert_int_equal(election_peer_state(*at(&cast, 2)), SERVER_STATE_LEADING);
    assert_int_equal(fle_get_logical_clock((*at(&cast, 1))->fle), round_of_one);
    assert_int_equal(fle_get_logical_clock((*at(&cast, 2))->fle), round_of_two);
    everybody_leaves(&cast);
}

/* --- FLE-13 --- */

static void those_who_are_left_look_again(struct cast *cast)
{
    for (size_t i = 0; i < cast->ensemble.count; i++) {
        if (cast->peers[i] != NULL)
            look_again(cast->peers[i]);
    }
}

static int64_t highest_round(struct cast *cast)
{
    int64_t highest = 0;
    for (size_t i = 0; i < cast->ensemble.count; i++) {
        if (cast->peers[i] == NULL)
            continue;
        int64_t round = fle_get_logical_clock(cast->peers[i]->fle);
        highest = round > highest ? round : highest;
    }
    return highest;
}

/* FLE-13 */
static void fle_13_leaders_die_one_after_the_other(void **state)
{
    struct cast cast = {0};
    (void)state;
    test_ensemble_init(&cast.ensemble, "0 1 2 3 4 5 6");
    for (int64_t sid = 0; sid < 7; sid++)
        enter(&cast, sid);
    for (int deaths = 0; deaths < 3; deaths++) {
        int64_t leader = assert_agreement(&cast);
        int64_t round = highest_round(&cast);
        leave(&cast, leader);
        those_who_are_left_look_again(&cast);
        assert_int_not_equal(assert_agreement(&cast), leader);
        assert_true(highest_round(&cast) > round);
    }
    everybody_leaves(&cast);
}

/* FLE-13: a follower restarts within the election */
static void fle_13_a_follower_that_restarts_ends_on_the_same_leader(void **state)
{
    (void)state;
    for (int repetition = 0; repetition < 3; repetition++) {
        struct cast cast = {0};
        test_ensemble_init(&cast.ensemble, "1 2 3");
        for (int64_t sid = 1; sid <= 3; sid++)
            enter(&cast, sid);
        leave(&cast, 1);
        enter(&cast, 1);
        assert_agreement(&cast);
        everybody_leaves(&cast);
    }
}

/* --- FLE-15, FLE-16, FLE-17 --- */

/* FLE-15: server 1 knows {1, 2}; 2 and 3 know {1, 2, 3}, and 3 leads. A voter speaks for 2 and says
 * what 2 would say: that 3 leads. 1 does not know 3. */
static void fle_15_a_leader_outside_the_configuration_is_not_followed(void **state)
{
    struct test_ensemble two;
    struct scripted_voter voter;
    struct scripted_voter stranger;
    (void)state;
    test_ensemble_init(&two, "1 2");
    struct election_peer *peer = election_peer_new(&two, 1, ELECTION_PEER_PATIENT);
    scripted_voter_init(&voter, &two, 2);
    scripted_voter_init(&stranger, &two, 3);
    election_peer_start(peer);
    scripted_voter_connect(&voter, peer);
    scripted_voter_connect(&stranger, peer);
    election_peer_look_and_vote(peer);
    scripted_voter_say(&voter, looking(3, 0, 1, 0));
    scripted_voter_say(&voter, following(3, 0, 1, 0));
    scripted_voter_say(&stranger, leading(3, 0, 1, 0));
    scripted_voter_await(&stranger, looking(1, 0, 1, 0)); /* the answer to a stranger */
    scripted_voter_say(&voter, following(3, 0, 1, 0));

    scripted_voter_await_heard(&voter, peer);

    assert_int_equal(election_peer_logged(peer, "Ignoring notification for non-cluster member"), 3);
    assert_int_equal(fle_get_vote(peer->fle).id, 1);
    election_peer_expect_still_looking(peer);
    election_peer_free(peer);
    scripted_voter_done(&voter);
    scripted_voter_done(&stranger);
}

/* FLE-16 */
static void fle_16_of_nine_servers_only_those_with_weight_are_elected(void **state)
{
    struct cast cast = {0};
    (void)state;
    test_ensemble_init(&cast.ensemble, "0 1 2 3 4 5 6 7 8");
    cast.ensemble.more = "group.1=0:1:2\ngroup.2=3:4:5\ngroup.3=6:7:8\n"
                         "weight.0=1\nweight.1=1\nweight.2=1\n"
                         "weight.3=0\nweight.4=0\nweight.5=0\n"
                         "weight.6=0\nweight.7=0\nweight.8=0\n";
    for (int64_t sid = 8; sid >= 0; sid--)
        enter(&cast, sid);

    int64_t leader = assert_agreement(&cast);

    assert_in_range(leader, 0, 2);
    everybody_leaves(&cast);
}

/* FLE-17 */
static void fle_17_an_observer_ends_observing_whom_the_voters_follow(void **state)
{
    struct cast cast = {0};
    (void)state;
    test_ensemble_init(&cast.ensemble, "1 2 3 4o");
    for (int64_t sid = 4; sid >= 1; sid--)
        enter(&cast, sid);
    assert_in_range(assert_agreement(&cast), 1, 3);
    assert_int_equal(election_peer_state(*at(&cast, 4)), SERVER_STATE_OBSERVING);
    everybody_leaves(&cast);
}

/* --- FLE-18 --- */

/* FLE-18: in the middle of an election, at different moments of it; all threads are gone
 * afterwards */
static void fle_18_peers_that_are_stopped_while_they_look_are_gone(void **state)
{
    (void)state;
    for (int repetition = 0; repetition < 20; repetition++) {
        struct cast cast = {0};
        test_ensemble_init(&cast.ensemble, "1 2 3");
        for (int64_t sid = 1; sid <= 3; sid++)
            enter(&cast, sid);
        sleep_ms(repetition); /* the moment */
        for (int64_t sid = 1; sid <= 3; sid++) {
            struct election_peer *peer = *at(&cast, sid);
            fle_request_stop(peer->fle);
            fle_shutdown(peer->fle);
            election_peer_await_result(peer);
            assert_int_equal(zk_thread_count(peer->capture.ctx), 1);
        }
        everybody_leaves(&cast);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fle_01_three_agree_in_whatever_order_they_start),
        cmocka_unit_test(fle_01_seven_agree),
        cmocka_unit_test(fle_01_who_has_heard_everybody_elects_the_largest),
        cmocka_unit_test(who_has_the_newest_history_is_elected),
        cmocka_unit_test(fle_02_a_late_joiner_follows_the_sitting_leader),
        cmocka_unit_test(fle_13_leaders_die_one_after_the_other),
        cmocka_unit_test(fle_13_a_follower_that_restarts_ends_on_the_same_leader),
        cmocka_unit_test(fle_15_a_leader_outside_the_configuration_is_not_followed),
        cmocka_unit_test(fle_16_of_nine_servers_only_those_with_weight_are_elected),
        cmocka_unit_test(fle_17_an_observer_ends_observing_whom_the_voters_follow),
        cmocka_unit_test(fle_18_peers_that_are_stopped_while_they_look_are_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
