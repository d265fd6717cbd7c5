/* Sessions of one server alone, at a leader and at a follower. Java: LocalSessionRequestTest,
 * SessionUpgradeTest, LeaderSessionTrackerTest */
#include "zk/server/upgradeable_session_tracker.h"

#include <stdlib.h>
#include <string.h>

#include "ensemble.h"
#include "scripted_client.h"
#include "zab/leader_zookeeper_server.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/learner_session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

enum { TIMEOUT_MS = ENSEMBLE_SESSION_MS, EPHEMERAL = 1, INVALID_MODE = 77, SETS = 4 };

/* Three servers; each has a client in each set. A connection has one session in its life, so who
 * comes back is of another set. */
struct stage {
    struct ensemble ensemble;
    int64_t leader;
    int64_t follower;
    struct zookeeper_server *servers[3];
    struct scripted_client clients[SETS][3];
};

static struct stage stage;

static int begin(const char *lines)
{
    stage = (struct stage){0};
    ensemble_init(&stage.ensemble, 3, 0);
    ensemble_add_lines(&stage.ensemble, lines);
    ensemble_start_all(&stage.ensemble);
    stage.leader = ensemble_await_leader(&stage.ensemble);
    stage.follower = stage.leader == 1 ? 2 : 1;
    for (int64_t sid = 1; sid <= 3; sid++) {
        struct quorum_peer *self = ensemble_self(&stage.ensemble, sid);
        stage.servers[sid - 1] = quorum_peer_get_active_server(self);
        for (size_t set = 0; set < SETS; set++)
            scripted_client_init(&stage.clients[set][sid - 1], self->ctx, stage.servers[sid - 1]);
    }
    return 0;
}

static int begin_without_upgrading(void **state)
{
    (void)state;
    return begin("localSessionsEnabled=true\n");
}

static int begin_with_upgrading(void **state)
{
    (void)state;
    return begin("localSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true\n");
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t set = 0; set < SETS; set++)
            scripted_client_done(&stage.clients[set][i]);
        zookeeper_server_unref(stage.servers[i]);
    }
    ensemble_done(&stage.ensemble);
    return 0;
}

static struct scripted_client *client_at(int64_t sid)
{
    return &stage.clients[0][sid - 1];
}

static int64_t zxid_at(int64_t sid)
{
    return zk_database_last_processed_zxid(
        zookeeper_server_get_zk_database(stage.servers[sid - 1]));
}

static int64_t local_sessions_at(int64_t sid)
{
    return session_tracker_get_local_session_count(
        zookeeper_server_get_session_tracker(stage.servers[sid - 1]));
}

static bool is_global_at(int64_t sid, int64_t session_id)
{
    return zk_database_has_session(zookeeper_server_get_zk_database(stage.servers[sid - 1]),
                                   session_id);
}

static bool no_local_session_is_left(void *arg)
{
    return local_sessions_at(*(const int64_t *)arg) == 0;
}

/* ---- without upgrading ----------------------------------------------------------------------- */

static void begins_and_ends_without_a_zxid(int64_t sid)
{
    int64_t leaders_zxid = zxid_at(stage.leader);
    int64_t zxid = zxid_at(sid);
    struct scripted_client *client = client_at(sid);
    assert_true(scripted_client_connect(client, TIMEOUT_MS));
    assert_int_equal(client->cnxn.session_id >> 56, sid);
    assert_int_equal(local_sessions_at(sid), 1);
    assert_false(is_global_at(sid, client->cnxn.session_id));

    assert_int_equal(scripted_client_ask(client, OP_CODE_CLOSE_SESSION, NULL, NULL), 0);

    assert_int_equal(local_sessions_at(sid), 0);
    assert_int_equal(zxid_at(stage.leader), leaders_zxid);
    assert_int_equal(zxid_at(sid), zxid);
}

static void cli_85_no_zxid_at_leader_and_follower(void **state)
{
    (void)state;
    begins_and_ends_without_a_zxid(stage.leader);
    begins_and_ends_without_a_zxid(stage.follower);
}

static void cli_85_it_is_valid_at_its_own_server_only(void **state)
{
    (void)state;
    const int64_t homes[] = {stage.leader, stage.follower};
    for (size_t i = 0; i < 2; i++) {
        struct scripted_client *client = &stage.clients[2 * i][homes[i] - 1];
        assert_true(scripted_client_connect(client, TIMEOUT_MS));
        int64_t session_id = client->cnxn.session_id;
        uint8_t passwd[SESSION_PASSWD_LENGTH];
        memcpy(passwd, client->passwd, sizeof passwd);

        for (int64_t sid = 1; sid <= 3; sid++)
            assert_int_equal(scripted_client_reconnect(&stage.clients[2 * i + 1][sid - 1],
                                                       session_id, passwd, TIMEOUT_MS),
                             sid == homes[i]);
    }
}

static void cli_85_it_writes_but_makes_no_ephemeral_node(void **state)
{
    (void)state;
    const int64_t homes[] = {stage.leader, stage.follower};
    const char *const nodes[] = {"/leaders", "/followers"};
    for (size_t i = 0; i < 2; i++) {
        struct scripted_client *client = client_at(homes[i]);
        assert_true(scripted_client_connect(client, TIMEOUT_MS));

        assert_int_equal(scripted_client_create(client, nodes[i], 0), 0);
        assert_int_equal(scripted_client_create(client, "/e", EPHEMERAL),
                         KEEPER_CODE_EPHEMERALONLOCALSESSION);
        assert_int_equal(scripted_client_create(client, "/e", INVALID_MODE),
                         KEEPER_CODE_BADARGUMENTS);

        assert_int_equal(local_sessions_at(homes[i]), 1);
    }
}

static void cli_85_it_expires_without_a_zxid(void **state)
{
    (void)state;
    int64_t zxid = zxid_at(stage.leader);
    assert_true(scripted_client_connect(client_at(stage.leader), 200));
    assert_true(scripted_client_connect(client_at(stage.follower), 200));

    test_await(no_local_session_is_left, &stage.leader);
    test_await(no_local_session_is_left, &stage.follower);

    assert_int_equal(zxid_at(stage.leader), zxid);
}

/* ---- with upgrading -------------------------------------------------------------------------- */

static void cli_85_its_first_ephemeral_node_makes_it_global(void **state)
{
    (void)state;
    const int64_t homes[] = {stage.leader, stage.follower};
    for (size_t i = 0; i < 2; i++) {
        struct scripted_client *client = client_at(homes[i]);
        assert_true(scripted_client_connect(client, TIMEOUT_MS));
        int64_t zxid = zxid_at(stage.leader);

        assert_int_equal(scripted_client_create(client, "/e", EPHEMERAL), 0);

        assert_int_equal(client->header.zxid, zxid + 2);
        assert_int_equal(local_sessions_at(homes[i]), 0);
        assert_true(is_global_at(homes[i], client->cnxn.session_id));
        assert_int_equal(scripted_client_ask(client, OP_CODE_CLOSE_SESSION, NULL, NULL), 0);
        assert_int_equal(client->header.zxid, zxid + 3);
        assert_false(is_global_at(homes[i], client->cnxn.session_id));
    }
}

static void cli_85_a_multi_with_an_ephemeral_node_makes_it_global_too(void **state)
{
    (void)state;
    struct scripted_client *client = client_at(stage.follower);
    assert_true(scripted_client_connect(client, TIMEOUT_MS));
    int64_t zxid = zxid_at(stage.leader);

    assert_int_equal(scripted_client_create_in_multi(client, "/p", 0), 0);
    assert_int_equal(client->header.zxid, zxid + 1);
    assert_int_equal(local_sessions_at(stage.follower), 1);
    assert_int_equal(scripted_client_create_in_multi(client, "/m", EPHEMERAL), 0);

    assert_int_equal(client->header.zxid, zxid + 3);
    assert_true(is_global_at(stage.follower, client->cnxn.session_id));
}

static void an_upgraded_session_moves_like_any_other(void **state)
{
    (void)state;
    struct scripted_client *client = client_at(stage.follower);
    assert_true(scripted_client_connect(client, TIMEOUT_MS));
    assert_int_equal(scripted_client_create(client, "/e", EPHEMERAL), 0);

    assert_true(scripted_client_reconnect(client_at(stage.leader), client->cnxn.session_id,
                                          client->passwd, TIMEOUT_MS));
}

/* ---- the trackers ---------------------------------------------------------------------------- */

static void a_leader_lets_pass_what_may_be_local_elsewhere(void **state)
{
    (void)state;
    struct session_tracker *tracker =
        zookeeper_server_get_session_tracker(stage.servers[stage.leader - 1]);
    int me;
    int64_t of_follower = stage.follower << 56 | 5;
    int64_t of_leader = stage.leader << 56 | 5;

    assert_int_equal(session_tracker_check_session(tracker, of_follower, &me), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_check_session(tracker, of_leader, &me),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_int_equal(session_tracker_check_global_session(tracker, of_follower, &me),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_false(session_tracker_touch_session(tracker, of_follower, TIMEOUT_MS));
}

/* Its createSession is on its way to the leader's tree, and its client may be at another server. */
static void a_leader_knows_a_session_from_its_preparation_on(void **state)
{
    (void)state;
    struct zookeeper_server *server = stage.servers[stage.leader - 1];
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    int me;
    int64_t session = stage.follower << 56 | 5;
    assert_false(
        leader_zookeeper_server_check_if_valid_global_session(server, session, TIMEOUT_MS, &me));
    assert_true(session_tracker_track_session(tracker, session, TIMEOUT_MS));
    assert_true(
        leader_zookeeper_server_check_if_valid_global_session(server, session, TIMEOUT_MS, &me));
    session_tracker_remove_session(tracker, session);
}

static void a_follower_knows_local_and_global_sessions_and_no_others(void **state)
{
    (void)state;
    struct session_tracker *tracker =
        zookeeper_server_get_session_tracker(stage.servers[stage.follower - 1]);
    int me;
    int64_t unknown = stage.follower << 56 | 5;
    assert_true(scripted_client_connect(client_at(stage.follower), TIMEOUT_MS));
    int64_t known = client_at(stage.follower)->cnxn.session_id;

    assert_int_equal(session_tracker_check_session(tracker, known, &me), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_set_owner(tracker, known, &me), KEEPER_CODE_OK);
    assert_int_equal(session_tracker_check_session(tracker, unknown, &me),
                     KEEPER_CODE_SESSIONEXPIRED);
    assert_int_equal(session_tracker_set_owner(tracker, unknown, &me), KEEPER_CODE_SESSIONEXPIRED);
    assert_false(session_tracker_touch_session(tracker, unknown, TIMEOUT_MS));
    learner_session_tracker_revalidated(tracker, unknown);
    assert_true(session_tracker_touch_session(tracker, unknown, TIMEOUT_MS));
    session_tracker_remove_session(tracker, unknown);
    assert_false(session_tracker_touch_session(tracker, unknown, TIMEOUT_MS));
    session_tracker_set_session_closing(tracker, known);
    assert_int_equal(session_tracker_check_session(tracker, known, &me),
                     KEEPER_CODE_SESSIONEXPIRED);
}

static void a_session_is_upgraded_once(void **state)
{
    (void)state;
    assert_true(scripted_client_connect(client_at(stage.follower), TIMEOUT_MS));
    struct session_tracker *tracker =
        zookeeper_server_get_session_tracker(stage.servers[stage.follower - 1]);
    int64_t session_id = client_at(stage.follower)->cnxn.session_id;

    assert_int_equal(upgradeable_session_tracker_upgrade_session(tracker, session_id), TIMEOUT_MS);

    assert_int_equal(upgradeable_session_tracker_upgrade_session(tracker, session_id), -1);
    assert_true(upgradeable_session_tracker_is_upgrading_session(tracker, session_id));
    assert_true(session_tracker_touch_session(tracker, session_id, TIMEOUT_MS));
    session_tracker_remove_session(tracker, session_id);
    assert_false(session_tracker_touch_session(tracker, session_id, TIMEOUT_MS));
}

/* Its client may come back through another server before PrepRequestProcessor has seen the
 * createSession. Java: UpgradeableSessionTracker.upgradeSession(), its trackSession() */
static void a_leader_knows_a_session_from_its_upgrade_on(void **state)
{
    (void)state;
    struct zookeeper_server *server = stage.servers[stage.leader - 1];
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    int me;
    assert_true(scripted_client_connect(client_at(stage.leader), TIMEOUT_MS));
    int64_t session_id = client_at(stage.leader)->cnxn.session_id;
    assert_false(
        leader_zookeeper_server_check_if_valid_global_session(server, session_id, TIMEOUT_MS, &me));

    assert_int_equal(upgradeable_session_tracker_upgrade_session(tracker, session_id), TIMEOUT_MS);

    assert_true(
        leader_zookeeper_server_check_if_valid_global_session(server, session_id, TIMEOUT_MS, &me));
    assert_int_equal(local_sessions_at(stage.leader), 0);
    session_tracker_remove_session(tracker, session_id);
    assert_false(session_tracker_touch_session(tracker, session_id, TIMEOUT_MS));
}

#define LOCAL(test)     cmocka_unit_test_setup_teardown(test, begin_without_upgrading, end)
#define UPGRADING(test) cmocka_unit_test_setup_teardown(test, begin_with_upgrading, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL(cli_85_no_zxid_at_leader_and_follower),
        LOCAL(cli_85_it_is_valid_at_its_own_server_only),
        LOCAL(cli_85_it_writes_but_makes_no_ephemeral_node),
        LOCAL(cli_85_it_expires_without_a_zxid),
        LOCAL(a_leader_lets_pass_what_may_be_local_elsewhere),
        LOCAL(a_leader_knows_a_session_from_its_preparation_on),
        LOCAL(a_follower_knows_local_and_global_sessions_and_no_others),
        UPGRADING(cli_85_its_first_ephemeral_node_makes_it_global),
        UPGRADING(cli_85_a_multi_with_an_ephemeral_node_makes_it_global_too),
        UPGRADING(an_upgraded_session_moves_like_any_other),
        UPGRADING(a_session_is_upgraded_once),
        UPGRADING(a_leader_knows_a_session_from_its_upgrade_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
