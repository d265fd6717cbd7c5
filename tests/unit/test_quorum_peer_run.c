/* Whole peers: the loop of LOOKING and roles, on three, seven or nine real peers in this process.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ensemble.h"
#include "outside.h"
#include "peer/quorum_peer_run_internal.h"
#include "raw_client.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/peer/quorum_peer_run.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/server/exit_code.h"
#include "zk_test.h"

static struct vote vote_of_peer(struct ensemble *ensemble, int64_t sid)
{
    struct vote vote = {0};
    assert_true(quorum_peer_get_current_vote(ensemble_self(ensemble, sid), &vote));
    return vote;
}

struct words {
    struct ensemble *ensemble;
    int64_t listener;
    char event[64];
};

static bool heard_three_times(void *arg)
{
    struct words *words = arg;
    return ensemble_count_events(words->ensemble, words->listener, words->event) >= 3;
}

/* Waits until one peer has received three messages of another. */
static void await_words_from(struct ensemble *ensemble, int64_t listener, int64_t speaker)
{
    struct words words = {.ensemble = ensemble, .listener = listener};
    snprintf(words.event, sizeof words.event, "\"ev\":\"recv\",\"from\":%" PRId64, speaker);
    test_await(heard_three_times, &words);
}

static char *epoch_file(struct ensemble *ensemble, int64_t sid, const char *name)
{
    char *path = test_path(ensemble_peer(ensemble, sid)->directory, name);
    char *text = test_read_file(path);
    free(path);
    return text;
}

/* FLE-01 */
static void fle_01_three_fresh_peers_agree_on_one_leader(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start_all(&ensemble);

    int64_t leader = ensemble_await_leader(&ensemble);

    for (int64_t sid = 1; sid <= 3; sid++) {
        struct vote vote = vote_of_peer(&ensemble, sid);
        assert_int_equal(vote.id, leader);
        assert_int_equal(vote.zxid, 0);
        assert_int_equal(vote.peer_epoch, 1); /* refreshed when the epoch was established */
        assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, sid)),
                         sid == leader ? SERVER_STATE_LEADING : SERVER_STATE_FOLLOWING);
        char *current = epoch_file(&ensemble, sid, "data/version-2/currentEpoch");
        char *accepted = epoch_file(&ensemble, sid, "data/version-2/acceptedEpoch");
        assert_string_equal(current, "1");
        assert_string_equal(accepted, "1");
        free(current);
        free(accepted);
    }
    ensemble_done(&ensemble);
}

/* FLE-01 */
static void fle_01_seven_fresh_peers_agree_on_one_leader(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 7, 0);
    ensemble_start_all(&ensemble);
    int64_t leader = ensemble_await_leader(&ensemble);
    size_t leading = 0;
    for (int64_t sid = 1; sid <= 7; sid++) {
        leading +=
            quorum_peer_get_peer_state(ensemble_self(&ensemble, sid)) == SERVER_STATE_LEADING;
        assert_int_equal(vote_of_peer(&ensemble, sid).id, leader);
        assert_int_equal(vote_of_peer(&ensemble, sid).election_epoch,
                         vote_of_peer(&ensemble, leader).election_epoch);
    }
    assert_int_equal(leading, 1);
    ensemble_done(&ensemble);
}

/* FLE-02 */
static void fle_02_a_late_joiner_follows_the_sitting_leader(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start(&ensemble, 1);
    ensemble_start(&ensemble, 2);
    assert_int_equal(ensemble_await_leader(&ensemble), 2);
    size_t elections = ensemble_count_events(&ensemble, 1, "a new round begins");

    ensemble_start(&ensemble, 3);

    ensemble_await_state(&ensemble, 3, SERVER_STATE_FOLLOWING);
    assert_int_equal(vote_of_peer(&ensemble, 3).id, 2);
    assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, 2)), SERVER_STATE_LEADING);
    assert_int_equal(ensemble_count_events(&ensemble, 1, "a new round begins"), elections);
    ensemble_done(&ensemble);
}

/* FLE-13 */
static void fle_13_seven_peers_survive_the_loss_of_three_leaders(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 7, 0);
    ensemble_start_all(&ensemble);
    int64_t last_epoch = 0;
    for (int kills = 0; kills <= 3; kills++) {
        int64_t leader = ensemble_await_leader(&ensemble);
        int64_t epoch = vote_of_peer(&ensemble, leader).peer_epoch;
        assert_true(epoch > last_epoch);
        last_epoch = epoch;
        if (kills < 3)
            assert_int_equal(ensemble_stop(&ensemble, leader), 0);
    }
    ensemble_done(&ensemble);
}

/* FLE-13 */
static void fle_13_a_restarted_peer_finds_the_others_again(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start_all(&ensemble);
    for (int round = 0; round < 3; round++) {
        int64_t leader = ensemble_await_leader(&ensemble);
        ensemble_stop(&ensemble, leader);
        int64_t next = ensemble_await_leader(&ensemble);
        assert_int_not_equal(next, leader);
        ensemble_start(&ensemble, leader);
        ensemble_await_state(&ensemble, leader, SERVER_STATE_FOLLOWING);
        assert_int_equal(ensemble_await_leader(&ensemble), next);
    }
    ensemble_done(&ensemble);
}

/* RST-13, without clients */
static void rst_13_rolling_restarts_leave_the_ensemble_alive(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start_all(&ensemble);
    ensemble_await_leader(&ensemble);
    static const int64_t order[] = {1, 2, 3, 3, 2, 1};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        ensemble_stop(&ensemble, order[i]);
        ensemble_start(&ensemble, order[i]);
        ensemble_await_leader(&ensemble);
    }
    ensemble_done(&ensemble);
}

/* FLE-15 */
static void fle_15_nobody_follows_a_leader_outside_its_own_configuration(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    struct ensemble_peer *one = ensemble_peer(&ensemble, 1);
    struct ensemble_peer *two = ensemble_peer(&ensemble, 2);
    struct zk_str lines = {0}; /* 1 knows nothing of 3 */
    zk_str_printf(&lines, "server.1=127.0.0.1:%d:%d\nserver.2=127.0.0.1:%d:%d\n", one->quorum_port,
                  one->election_port, two->quorum_port, two->election_port);
    one->servers = zk_str_take(&lines);
    ensemble_start(&ensemble, 2);
    ensemble_start(&ensemble, 3);
    assert_int_equal(ensemble_await_leader(&ensemble), 3);

    ensemble_start(&ensemble, 1);

    /* 1 hears that 2 follows 3, and asks again for as long as it lives. */
    await_words_from(&ensemble, 1, 2);
    assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, 1)), SERVER_STATE_LOOKING);
    assert_int_equal(ensemble_count_events(&ensemble, 1, "\"ev\":\"decide\""), 0);
    ensemble_done(&ensemble);
}

/* FLE-16 */
static void fle_16_a_server_of_weight_0_never_leads(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 9, 0);
    ensemble_add_lines(&ensemble,
                       "group.1=1:2:3\ngroup.2=4:5:6\ngroup.3=7:8:9\n"
                       "weight.1=1\nweight.2=1\nweight.3=1\nweight.4=0\nweight.5=0\nweight.6=0\n"
                       "weight.7=0\nweight.8=0\nweight.9=0\n");
    ensemble_start_all(&ensemble);
    int64_t leader = ensemble_await_leader(&ensemble);
    assert_in_range(leader, 1, 3);
    for (int64_t sid = 4; sid <= 9; sid++)
        assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, sid)),
                         SERVER_STATE_FOLLOWING);
    ensemble_done(&ensemble);
}

/* FLE-17 */
static void fle_17_an_observer_observes_and_never_counts(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 2, 2);
    ensemble_start(&ensemble, 1);
    ensemble_start(&ensemble, 3);
    ensemble_start(&ensemble, 4);
    /* One voter of two and two observers: nobody can decide. Each has been heard by the voter more
     * than once. */
    await_words_from(&ensemble, 1, 3);
    await_words_from(&ensemble, 1, 4);
    for (int64_t sid = 1; sid <= 4; sid++) {
        if (sid != 2)
            assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, sid)),
                             SERVER_STATE_LOOKING);
    }
    assert_int_equal(ensemble_count_events(&ensemble, 1, "\"quorum\":true"), 0);

    ensemble_start(&ensemble, 2);

    assert_int_equal(ensemble_await_leader(&ensemble), 2);
    assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, 3)),
                     SERVER_STATE_OBSERVING);
    assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, 4)),
                     SERVER_STATE_OBSERVING);
    ensemble_done(&ensemble);
}

/* mntr and stat name the server that an observer learns from. Java: getObserverMasterId() */
static void an_observer_tells_whom_it_observes(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 2, 1);
    ensemble_start_all(&ensemble);
    int64_t leader = ensemble_await_leader(&ensemble);
    ensemble_await_state(&ensemble, 3, SERVER_STATE_OBSERVING);

    struct server_status status = {0};
    quorum_peer_run_fill_status(ensemble_peer(&ensemble, 3)->run, &status);

    assert_int_equal(status.observer_master_id, leader);
    server_status_done(&status);
    ensemble_done(&ensemble);
}

/* FLE-18: a LOOKING, a FOLLOWING and a LEADING peer each leave at once, and leave nothing behind.
 */
static void fle_18_stopping_is_quick_in_every_state(void **state)
{
    (void)state;
    size_t threads = process_threads();
    int64_t descriptors = zk_open_file_descriptors();
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);

    ensemble_start(&ensemble, 1);
    ensemble_await_state(&ensemble, 1, SERVER_STATE_LOOKING);
    int64_t begin_ms = zk_elapsed_ms();
    assert_int_equal(ensemble_stop(&ensemble, 1), 0);
    assert_true(zk_elapsed_ms() - begin_ms < 20000); /* a syncLimit is 30 s */

    ensemble_start_all(&ensemble);
    int64_t leader = ensemble_await_leader(&ensemble);
    int64_t follower = leader == 1 ? 2 : 1;
    begin_ms = zk_elapsed_ms();
    assert_int_equal(ensemble_stop(&ensemble, follower), 0);
    assert_int_equal(ensemble_stop(&ensemble, leader), 0);
    assert_true(zk_elapsed_ms() - begin_ms < 20000); /* a syncLimit is 30 s */
    ensemble_done(&ensemble);

    await_process_threads(threads);
    assert_int_equal(zk_open_file_descriptors(), descriptors);
}

/* BRD-04, without clients */
static void brd_04_a_leader_without_a_quorum_steps_down(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 2);
    ensemble_start_all(&ensemble);
    int64_t leader = ensemble_await_leader(&ensemble);
    for (int64_t sid = 1; sid <= 3; sid++) {
        if (sid != leader)
            ensemble_stop(&ensemble, sid);
    }
    ensemble_stop(&ensemble, 5); /* the leader and one observer are left */
    ensemble_await_state(&ensemble, leader, SERVER_STATE_LOOKING);
    ensemble_done(&ensemble);
}

/* A session of a client of that server, over its port. */
static struct raw_client client_of(struct ensemble *ensemble, int64_t sid)
{
    struct raw_stage port = {.ctx = ensemble_peer(ensemble, sid)->ctx,
                             .at = test_loopback(ensemble_peer(ensemble, sid)->client_port)};
    return raw_connect(&port);
}

/* CLI-28: whoever is left without a leader, as its follower or as itself, ends the connections of
 * its clients for that alone: nobody else leads in the meantime, nor ever. */
static void cli_28_clients_lose_a_server_that_has_no_leader(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start_all(&ensemble);
    int64_t leader = ensemble_await_leader(&ensemble);
    int64_t follower = leader == 1 ? 2 : 1;
    int64_t other = 6 - leader - follower;
    ensemble_stop(&ensemble, other);
    struct raw_client of_the_follower = client_of(&ensemble, follower);
    ensemble_stop(&ensemble, leader);
    raw_assert_end(of_the_follower.sock);
    ensemble_await_state(&ensemble, follower, SERVER_STATE_LOOKING);

    ensemble_start(&ensemble, leader);
    leader = ensemble_await_leader(&ensemble);
    struct raw_client of_the_leader = client_of(&ensemble, leader);
    for (int64_t sid = 1; sid <= 3; sid++)
        if (sid != leader && sid != other)
            ensemble_stop(&ensemble, sid);
    raw_assert_end(of_the_leader.sock);
    ensemble_await_state(&ensemble, leader, SERVER_STATE_LOOKING);
    ensemble_done(&ensemble);
}

/* DSC-05, PER-02 on real files */
static void dsc_05_the_new_epoch_is_above_every_accepted_one(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start(&ensemble, 1);
    ensemble_stop(&ensemble, 1); /* its directory exists now */
    char *accepted =
        test_path(ensemble_peer(&ensemble, 1)->directory, "data/version-2/acceptedEpoch");
    test_write_file(accepted, "20");
    free(accepted);

    ensemble_start(&ensemble,
                   1); /* needed for the quorum: a settled ensemble would refuse it for good */
    ensemble_start(&ensemble, 2);
    ensemble_await_leader(&ensemble);
    ensemble_start(&ensemble, 3);
    ensemble_await_leader(&ensemble);

    for (int64_t sid = 1; sid <= 3; sid++)
        assert_int_equal(quorum_peer_get_current_epoch(ensemble_self(&ensemble, sid)), 21);
    ensemble_done(&ensemble);
}

/* PER-03 */
static void per_03_an_accepted_epoch_below_the_current_one_is_refused(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start(&ensemble, 1);
    ensemble_stop(&ensemble, 1);
    char *current =
        test_path(ensemble_peer(&ensemble, 1)->directory, "data/version-2/currentEpoch");
    char *config = test_path(ensemble_peer(&ensemble, 1)->directory, "zoo.cfg");
    test_write_file(current, "7");

    struct zk_context *ctx = test_context();
    struct quorum_peer_config *parsed = NULL;
    char *error = NULL;
    assert_int_equal(quorum_peer_config_parse(ctx, config, &parsed, &error), 0);
    struct quorum_peer_run *run = quorum_peer_run_new(ctx, parsed);
    assert_int_equal(quorum_peer_run_start(run), EXIT_CODE_UNEXPECTED_ERROR);
    quorum_peer_run_free(run);
    quorum_peer_config_free(parsed);
    zk_context_free(ctx);
    free(current);
    free(config);
    ensemble_done(&ensemble);
}

/* The address is free, so the line must not send the operator to look for another program. */
static void a_client_port_without_threads_says_so(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    char *config = test_path(ensemble_peer(&ensemble, 1)->directory, "zoo.cfg");
    struct test_capture capture = test_capture_new();
    struct quorum_peer_config *parsed = NULL;
    char *error = NULL;
    ensemble_start(&ensemble, 1); /* writes its files */
    ensemble_stop(&ensemble, 1);
    assert_int_equal(quorum_peer_config_parse(capture.ctx, config, &parsed, &error), 0);
    struct quorum_peer_run *run = quorum_peer_run_new(capture.ctx, parsed);
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, OUTSIDE_FOR_EVER);

    assert_int_equal(quorum_peer_run_start(run), EXIT_CODE_UNEXPECTED_ERROR);

    outside_restore(NULL);
    assert_int_equal(quorum_peer_run_wait(run), 0);
    char *log = test_captured_log(&capture);
    assert_non_null(strstr(log, "client port cannot be served address=/127.0.0.1:"));
    assert_non_null(strstr(log, " why=the system gives no more threads do=raise the limit"));
    assert_null(strstr(log, "client port cannot be opened"));
    free(log);
    quorum_peer_run_free(run);
    quorum_peer_config_free(parsed);
    test_capture_done(&capture);
    free(config);
    ensemble_done(&ensemble);
}

/* CNX-11 */
static void cnx_11_a_taken_election_port_ends_the_peer_with_code_14(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    struct zk_context *ctx = test_context();
    struct inet_address taken = test_loopback(ensemble_peer(&ensemble, 1)->election_port);
    struct sock *squatter = NULL;
    assert_int_equal(sock_listen(ctx, &taken, 1, &squatter), 0);
    ensemble_add_lines(&ensemble, "electionPortBindRetry=2\n");

    ensemble_start(&ensemble, 1);

    assert_int_equal(ensemble_wait_end(&ensemble, 1), EXIT_CODE_UNABLE_TO_BIND_QUORUM_PORT);
    sock_unref(squatter);
    zk_context_free(ctx);
    ensemble_done(&ensemble);
}

/* D-331: the one with the highest id, which leads as a rule, cannot write its promise down. It
 * ends, and the others serve. Which of them leads depends on who got the newer zxid as SNAP. */
static void a_peer_that_cannot_write_its_epoch_ends_and_the_others_serve(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start_all(&ensemble);
    ensemble_await_leader(&ensemble);
    for (int64_t sid = 1; sid <= 3; sid++)
        ensemble_stop(&ensemble, sid);
    char *obstacle =
        test_path(ensemble_peer(&ensemble, 3)->directory, "data/version-2/acceptedEpoch.tmp");
    assert_int_equal(mkdir(obstacle, 0777), 0);

    ensemble_start_all(&ensemble);

    assert_int_equal(ensemble_wait_end(&ensemble, 3), EXIT_CODE_UNEXPECTED_ERROR);
    int64_t leader = ensemble_await_leader(&ensemble);
    assert_true(leader == 1 || leader == 2);
    assert_int_equal(rmdir(obstacle), 0);
    ensemble_start(&ensemble, 3); /* nothing is left of it */
    assert_int_equal(ensemble_await_leader(&ensemble), leader);
    free(obstacle);
    ensemble_done(&ensemble);
}

/* The election port is lost, and before the peer has ended its snapshot cannot be written. */
static void of_two_reasons_to_end_the_first_gives_the_exit_code(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct quorum_peer_run *run = quorum_peer_run_new(ctx, NULL);

    quorum_peer_run_end_with(run, EXIT_CODE_UNABLE_TO_BIND_QUORUM_PORT);
    quorum_peer_run_end_with(run, EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT);

    assert_int_equal(quorum_peer_run_wait(run), EXIT_CODE_UNABLE_TO_BIND_QUORUM_PORT);
    quorum_peer_run_free(run);
    zk_context_free(ctx);
}

/* Whoever of the three goes and comes again, the ensemble is whole afterwards. */
static void every_peer_in_turn_may_go_and_come_again(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start_all(&ensemble);
    ensemble_await_leader(&ensemble);
    for (int round = 0; round < 5; round++) {
        int64_t sid = round % 3 + 1;
        ensemble_stop(&ensemble, sid);
        ensemble_await_leader(&ensemble);
        ensemble_start(&ensemble, sid);
        ensemble_await_leader(&ensemble);
    }
    ensemble_done(&ensemble);
}

/* A follower that comes late is sent the tree, has it on disk, and starts from it alone. */
static void a_snapshot_from_the_leader_is_stored_before_it_is_acknowledged(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start(&ensemble, 2);
    ensemble_start(&ensemble, 3);
    assert_int_equal(ensemble_await_leader(&ensemble), 3);
    ensemble_start(&ensemble, 1);
    ensemble_await_state(&ensemble, 1, SERVER_STATE_FOLLOWING);
    assert_int_equal(quorum_peer_get_last_logged_zxid(ensemble_self(&ensemble, 1)),
                     zxid_make(1, 0));

    ensemble_stop(&ensemble, 1);

    char *snapshot =
        test_path(ensemble_peer(&ensemble, 1)->directory, "data/version-2/snapshot.100000000");
    assert_true(file_is_regular(snapshot));
    free(snapshot);
    ensemble_start(&ensemble, 1);
    ensemble_await_state(&ensemble, 1, SERVER_STATE_FOLLOWING);
    assert_int_equal(quorum_peer_get_last_logged_zxid(ensemble_self(&ensemble, 1)),
                     zxid_make(1, 0));
    ensemble_done(&ensemble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fle_01_three_fresh_peers_agree_on_one_leader),
        cmocka_unit_test(fle_01_seven_fresh_peers_agree_on_one_leader),
        cmocka_unit_test(fle_02_a_late_joiner_follows_the_sitting_leader),
        cmocka_unit_test(fle_13_seven_peers_survive_the_loss_of_three_leaders),
        cmocka_unit_test(fle_13_a_restarted_peer_finds_the_others_again),
        cmocka_unit_test(rst_13_rolling_restarts_leave_the_ensemble_alive),
        cmocka_unit_test(fle_15_nobody_follows_a_leader_outside_its_own_configuration),
        cmocka_unit_test(fle_16_a_server_of_weight_0_never_leads),
        cmocka_unit_test(fle_17_an_observer_observes_and_never_counts),
        cmocka_unit_test(an_observer_tells_whom_it_observes),
        cmocka_unit_test(fle_18_stopping_is_quick_in_every_state),
        cmocka_unit_test(brd_04_a_leader_without_a_quorum_steps_down),
        cmocka_unit_test(cli_28_clients_lose_a_server_that_has_no_leader),
        cmocka_unit_test(dsc_05_the_new_epoch_is_above_every_accepted_one),
        cmocka_unit_test(per_03_an_accepted_epoch_below_the_current_one_is_refused),
        cmocka_unit_test_teardown(a_client_port_without_threads_says_so, outside_restore),
        cmocka_unit_test(cnx_11_a_taken_election_port_ends_the_peer_with_code_14),
        cmocka_unit_test(a_peer_that_cannot_write_its_epoch_ends_and_the_others_serve),
        cmocka_unit_test(of_two_reasons_to_end_the_first_gives_the_exit_code),
        cmocka_unit_test(every_peer_in_turn_may_go_and_come_again),
        cmocka_unit_test(a_snapshot_from_the_leader_is_stored_before_it_is_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
