/* Scenarios of whole peers that no other test plays: a leader by mistake, a leader whose port
 * swallows calls, a peer that is ahead of all others, a peer that comes back with all it had, one
 * that stays when its leader goes. */
#include <errno.h>
#include <stdlib.h>

#include "election_peer.h"
#include "ensemble.h"
#include "zk/base/alloc.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/zxid.h"
#include "zk/io/sock.h"
#include "zk/peer/quorum_peer_run.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/settings.h"
#include "zk/server/exit_code.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"

static const char WAS_LOOKING[] = "\"ev\":\"state\",\"s\":\"LOOKING\"";
static const char WAS_LEADING[] = "\"ev\":\"state\",\"s\":\"LEADING\"";
static const char WAS_FOLLOWING[] = "\"ev\":\"state\",\"s\":\"FOLLOWING\"";

struct awaited_event {
    struct ensemble *ensemble;
    int64_t sid;
    const char *words;
    size_t count;
};

static bool has_event(void *arg)
{
    const struct awaited_event *event = arg;
    return ensemble_count_events(event->ensemble, event->sid, event->words) >= event->count;
}

static void await_event(struct ensemble *ensemble, int64_t sid, const char *words, size_t count)
{
    struct awaited_event event = {ensemble, sid, words, count};
    test_await(has_event, &event);
}

static bool is_serving(struct ensemble *ensemble, int64_t sid)
{
    return quorum_peer_get_phase(ensemble_self(ensemble, sid)).broadcast_since_ms >= 0;
}

/* --- FLE-14 --- */

/* What peer 2 is told of the ensemble: the election ports of 1 and 3 are those of two liars, all
 * else is true. */
static void lie_to_peer_2(struct ensemble *ensemble, struct test_ensemble *ret_lie)
{
    struct zk_str lines = {0};
    test_ensemble_init(ret_lie, "1 2 3");
    for (size_t i = 0; i < 3; i++) {
        ret_lie->quorum_ports[i] = ensemble->peers[i].quorum_port;
        if (ensemble->peers[i].sid == 2)
            ret_lie->election_ports[i] = ensemble->peers[i].election_port;
        zk_str_printf(&lines, "server.%zu=127.0.0.1:%d:%d:participant\n", i + 1,
                      ret_lie->quorum_ports[i], ret_lie->election_ports[i]);
    }
    struct ensemble_peer *two = ensemble_peer(ensemble, 2);
    free(two->extra);
    two->extra = zk_xstrdup("initLimit=10\n"); /* it waits a second for followers */
    two->servers = zk_str_take(&lines);
}

/* The one connection of each liar with peer 2: 2 dials the smaller one, the larger one dials 2. */
static void connect_liars(struct ensemble *ensemble, struct scripted_voter *one,
                          struct scripted_voter *three)
{
    scripted_voter_accept(one, 2);
    three->sock = scripted_voter_dial(three, ensemble_peer(ensemble, 2)->election_port);
    scripted_voter_introduce(three, three->sock);
}

struct truth {
    struct ensemble *ensemble;
    struct scripted_voter *one;
    struct scripted_voter *three;
    size_t told;
};

/* Peer 2 hears how it is whenever it looks: on a machine that stands still for a second it loses
 * the leader that it has just found. */
static bool follows_once_it_is_told(void *arg)
{
    struct truth *truth = arg;
    size_t looked = ensemble_count_events(truth->ensemble, 2, WAS_LOOKING);
    if (looked > truth->told) {
        scripted_voter_say(truth->one, following(3, 0, 1, 1));
        scripted_voter_say(truth->three, leading(3, 0, 1, 1));
        truth->told = looked;
    }
    return is_serving(truth->ensemble, 2);
}

/* FLE-14 */
static void fle_14_who_leads_by_mistake_gives_up_and_follows(void **state)
{
    (void)state;
    struct ensemble ensemble;
    struct test_ensemble lie;
    struct scripted_voter one;
    struct scripted_voter three;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start(&ensemble, 1);
    ensemble_start(&ensemble, 3);
    assert_int_equal(ensemble_await_leader(&ensemble), 3);
    /* It may have needed more than one attempt, if the machine stood still in the first one. */
    size_t led = ensemble_count_events(&ensemble, 3, WAS_LEADING);
    size_t looked = ensemble_count_events(&ensemble, 3, WAS_LOOKING);
    lie_to_peer_2(&ensemble, &lie);
    scripted_voter_init(&one, &lie, 1);
    scripted_voter_init(&three, &lie, 3);
    ensemble_start(&ensemble, 2);
    connect_liars(&ensemble, &one, &three);

    scripted_voter_say(&one, looking(2, 0, 1, 0));
    scripted_voter_say(&three, looking(2, 0, 1, 0));

    await_event(&ensemble, 2, WAS_LEADING, 1);
    await_event(&ensemble, 2, WAS_LOOKING, 1); /* nobody has come */
    assert_int_equal(ensemble_count_events(&ensemble, 2, WAS_FOLLOWING), 0);
    struct truth truth = {&ensemble, &one, &three, 0};
    test_await(follows_once_it_is_told, &truth);

    assert_int_equal(ensemble_count_events(&ensemble, 2, WAS_LEADING), 1);
    assert_int_equal(ensemble_await_leader(&ensemble), 3);
    assert_int_equal(ensemble_count_events(&ensemble, 3, WAS_LEADING), led);
    assert_int_equal(ensemble_count_events(&ensemble, 3, WAS_LOOKING), looked);
    scripted_voter_done(&one);
    scripted_voter_done(&three);
    ensemble_done(&ensemble);
}

/* --- CNX-10 --- */

struct black_hole {
    struct zk_context *ctx;
    struct sock *listener;
    struct sock *fillers[16];
    size_t count;
};

/* A listener that does not accept and has no place left: connecting to it hangs. */
static void black_hole_dig(struct black_hole *hole, uint16_t port)
{
    struct inet_address address = test_loopback(port);
    *hole = (struct black_hole){.ctx = test_context()};
    assert_int_equal(sock_listen(hole->ctx, &address, 0, &hole->listener), 0);
    int r = 0;
    while (r == 0) {
        assert_true(hole->count < sizeof hole->fillers / sizeof hole->fillers[0]);
        struct sock **filler = &hole->fillers[hole->count++];
        assert_int_equal(sock_new(hole->ctx, INET_V4, filler), 0);
        r = sock_connect(*filler, &address, 100);
    }
    assert_int_equal(r, -ETIMEDOUT);
}

static void black_hole_fill(struct black_hole *hole)
{
    for (size_t i = 0; i < hole->count; i++)
        sock_unref(hole->fillers[i]);
    sock_unref(hole->listener);
    zk_context_free(hole->ctx);
}

/* CNX-10: the leader dies, and whoever dials its election port hangs */
static void cnx_10_an_election_port_that_swallows_calls_delays_nobody(void **state)
{
    (void)state;
    struct ensemble ensemble;
    struct black_hole hole;
    ensemble_init(&ensemble, 3, 0);
    ensemble_add_lines(&ensemble, "cnxTimeout=600000\n"); /* no test waits that long */
    ensemble_start_all(&ensemble);
    int64_t dead = ensemble_await_leader(&ensemble);
    ensemble_stop(&ensemble, dead);
    black_hole_dig(&hole, ensemble_peer(&ensemble, dead)->election_port);
    for (int64_t sid = 1; sid <= 3; sid++) { /* all over again, with the hole there */
        if (sid != dead)
            ensemble_stop(&ensemble, sid);
    }
    for (int64_t sid = 1; sid <= 3; sid++) {
        if (sid != dead)
            ensemble_start(&ensemble, sid);
    }

    int64_t leader = ensemble_await_leader(&ensemble);

    assert_int_not_equal(leader, dead);
    black_hole_fill(&hole);
    ensemble_start(&ensemble, dead);
    ensemble_await_state(&ensemble, dead, SERVER_STATE_FOLLOWING);
    ensemble_done(&ensemble);
}

/* --- RST-11, RST-14 --- */

/* RST-11: up to date means an empty difference; the tree is not sent again */
static void rst_11_a_restarted_follower_tells_its_true_zxid(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start(&ensemble, 2);
    ensemble_start(&ensemble, 3);
    assert_int_equal(ensemble_await_leader(&ensemble), 3);
    ensemble_start(&ensemble, 1);
    ensemble_await_state(&ensemble, 1, SERVER_STATE_FOLLOWING);
    assert_int_equal(ensemble_count_events(&ensemble, 1, "\"kind\":\"SNAP\""), 1);
    assert_int_equal(ensemble_count_events(&ensemble, 1, "\"kind\":\"DIFF\""), 0);

    ensemble_stop(&ensemble, 1);
    ensemble_start(&ensemble, 1);
    ensemble_await_state(&ensemble, 1, SERVER_STATE_FOLLOWING);

    assert_int_equal(ensemble_count_events(&ensemble, 1, "\"kind\":\"SNAP\""), 1);
    assert_int_equal(
        ensemble_count_events(&ensemble, 1, "\"kind\":\"DIFF\",\"m\":{\"zxid\":\"0x100000000\"}"),
        1);
    assert_int_equal(quorum_peer_get_last_logged_zxid(ensemble_self(&ensemble, 1)),
                     zxid_make(1, 0));
    ensemble_done(&ensemble);
}

static void stop_all(struct ensemble *ensemble)
{
    for (int64_t sid = 1; sid <= (int64_t)ensemble->count; sid++)
        ensemble_stop(ensemble, sid);
}

static void wipe(struct ensemble *ensemble, int64_t sid)
{
    test_remove_directory(test_path(ensemble_peer(ensemble, sid)->directory, "data/version-2"));
}

/* Reads the file of a peer that does not run. */
static int64_t accepted_epoch_of(struct ensemble *ensemble, int64_t sid)
{
    char *path = test_path(ensemble_peer(ensemble, sid)->directory, "data/version-2/acceptedEpoch");
    char *text = test_read_file(path);
    int64_t epoch = strtoll(text, NULL, 10);
    free(text);
    free(path);
    return epoch;
}

/* ZOOKEEPER-1465, -1558, -2678: who stays loads nothing again when its leader is gone, so how long
 * that takes does not depend on the size of the tree. */
static void who_leads_next_has_the_tree_that_it_had(void **state)
{
    (void)state;
    struct ensemble ensemble;
    struct data_tree *trees[4] = {NULL};
    ensemble_init(&ensemble, 3, 0);
    ensemble_start_all(&ensemble);
    int64_t first = ensemble_await_leader(&ensemble);
    for (int64_t sid = 1; sid <= 3; sid++) {
        if (sid != first)
            trees[sid] = zk_database_get_data_tree(ensemble_self(&ensemble, sid)->database);
    }
    ensemble_stop(&ensemble, first);

    int64_t next = ensemble_await_leader(&ensemble);

    struct data_tree *tree = zk_database_get_data_tree(ensemble_self(&ensemble, next)->database);
    assert_ptr_equal(tree, trees[next]);
    data_tree_unref(tree);
    for (int64_t sid = 1; sid <= 3; sid++)
        data_tree_unref(trees[sid]);
    ensemble_done(&ensemble);
}

/* RST-14: all but peer 5 lose what they had; 5 is ahead of what they begin anew */
static void rst_14_a_peer_that_is_ahead_of_all_others_does_not_serve(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 5, 0);
    for (int restarts = 0; restarts < 3; restarts++) {
        ensemble_start_all(&ensemble);
        ensemble_await_leader(&ensemble);
        stop_all(&ensemble);
    }
    int64_t ahead = accepted_epoch_of(&ensemble, 5); /* 3, unless an election was held twice */
    assert_true(ahead >= 3);
    for (int64_t sid = 1; sid <= 4; sid++) {
        wipe(&ensemble, sid);
        ensemble_start(&ensemble, sid);
    }
    int64_t leader = ensemble_await_leader(&ensemble);
    int64_t epoch = quorum_peer_get_current_epoch(ensemble_self(&ensemble, leader));
    assert_true(epoch < ahead);
    size_t looked = ensemble_count_events(&ensemble, 5, WAS_LOOKING);

    ensemble_start(&ensemble, 5);

    /* It hears of the leader, goes there, is offered an epoch below its own, and looks again. */
    await_event(&ensemble, 5, WAS_LOOKING, looked + 3);
    assert_false(is_serving(&ensemble, 5));
    assert_int_equal(quorum_peer_get_accepted_epoch(ensemble_self(&ensemble, 5)), ahead);
    for (int64_t sid = 1; sid <= 4; sid++) {
        assert_true(is_serving(&ensemble, sid));
        assert_int_equal(quorum_peer_get_current_epoch(ensemble_self(&ensemble, sid)), epoch);
    }
    assert_int_equal(quorum_peer_get_peer_state(ensemble_self(&ensemble, leader)),
                     SERVER_STATE_LEADING);
    ensemble_done(&ensemble);
}

/* --- the end of a start that fails --- */

/* CFG-05: main() waits for the end of every peer, also of one that has not begun */
static void cfg_05_a_peer_that_does_not_start_can_be_waited_for(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 3, 0);
    ensemble_start(&ensemble, 1);
    ensemble_stop(&ensemble, 1); /* its zoo.cfg exists now */
    wipe(&ensemble, 1);
    char *config = test_path(ensemble_peer(&ensemble, 1)->directory, "zoo.cfg");
    struct zk_context *ctx = test_context();
    struct quorum_peer_config *parsed = NULL;
    char *error = NULL;
    assert_int_equal(quorum_peer_config_parse(ctx, config, &parsed, &error), 0);
    zk_settings_set(ctx, "zookeeper.datadir.autocreate", "false");
    struct quorum_peer_run *run = quorum_peer_run_new(ctx, parsed);

    assert_int_equal(quorum_peer_run_start(run), EXIT_CODE_UNABLE_TO_ACCESS_DATADIR);
    quorum_peer_run_wait(run);

    quorum_peer_run_free(run);
    quorum_peer_config_free(parsed);
    zk_context_free(ctx);
    free(config);
    ensemble_done(&ensemble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fle_14_who_leads_by_mistake_gives_up_and_follows),
        cmocka_unit_test(cnx_10_an_election_port_that_swallows_calls_delays_nobody),
        cmocka_unit_test(rst_11_a_restarted_follower_tells_its_true_zxid),
        cmocka_unit_test(who_leads_next_has_the_tree_that_it_had),
        cmocka_unit_test(rst_14_a_peer_that_is_ahead_of_all_others_does_not_serve),
        cmocka_unit_test(cfg_05_a_peer_that_does_not_start_can_be_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
