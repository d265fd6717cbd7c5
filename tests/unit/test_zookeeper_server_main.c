/* A server alone, from its arguments to its exit code. Java: ZooKeeperServerMainTest,
 * StandaloneTest */
#include "zk/peer/zookeeper_server_main.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_fixture.h"
#include "peer/zookeeper_server_main_internal.h"
#include "scripted_client.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/file.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/peer/quorum_peer_main.h"
#include "zk/runtime/context.h"
#include "zk/server/exit_code.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

enum { TICK_MS = 200, TIMEOUT_MS = 30000, EPHEMERAL = 1 };

struct stage {
    struct zk_context *ctx;
    char *directory;
    bool reconfig_enabled; /* in the configuration of the next life */
    struct quorum_peer_config *config;
    struct zookeeper_server_main *alone;
    struct scripted_client client;
};

/* The next life of the server on the same directory. */
static void begin(struct stage *stage)
{
    char tick[16];
    char *args[] = {(char *)"0", stage->directory, tick};
    char *error = NULL;
    snprintf(tick, sizeof tick, "%d", TICK_MS);
    stage->ctx = test_context();
    assert_int_equal(server_config_parse_arguments(stage->ctx, 3, args, &stage->config, &error), 0);
    stage->config->client_port_address = test_loopback(0);
    stage->config->reconfig_enabled = stage->reconfig_enabled;
    stage->alone = zookeeper_server_main_new(stage->ctx, stage->config);
    assert_int_equal(zookeeper_server_main_start(stage->alone), 0);
    scripted_client_init(&stage->client, stage->ctx, stage->alone->zk);
}

static void finish(struct stage *stage)
{
    zookeeper_server_main_shutdown(stage->alone);
    assert_int_equal(zookeeper_server_main_wait(stage->alone), EXIT_CODE_EXECUTION_FINISHED);
    zookeeper_server_main_free(stage->alone);
    scripted_client_done(&stage->client);
    quorum_peer_config_free(stage->config);
    zk_context_free(stage->ctx);
}

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){.directory = test_temporary_directory()};
    begin(&stage);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    finish(stage);
    test_remove_directory(stage->directory);
    return 0;
}

static bool has_snapshot(const struct stage *stage, const char *zxid)
{
    char name[64];
    snprintf(name, sizeof name, "version-2/snapshot.%s", zxid);
    char *path = test_path(stage->directory, name);
    bool is_there = file_exists(path);
    free(path);
    return is_there;
}

static int64_t last_zxid(const struct stage *stage)
{
    return zk_database_last_processed_zxid(stage->alone->database);
}

/* ---- its life -------------------------------------------------------------------------------- */

static void cli_87_the_first_write_is_zxid_1_and_ids_begin_with_1(void **state)
{
    struct stage *stage = *state;
    assert_true(has_snapshot(stage, "0"));

    assert_true(scripted_client_connect(&stage->client, TIMEOUT_MS));
    assert_int_equal(last_zxid(stage), 1);
    assert_int_equal(stage->client.cnxn.session_id >> 56, 1);

    assert_int_equal(scripted_client_create(&stage->client, "/a", 0), 0);
    assert_int_equal(stage->client.header.zxid, 2);
    assert_int_equal(scripted_client_create(&stage->client, "/a", 0), KEEPER_CODE_NODEEXISTS);
    assert_int_equal(stage->client.header.zxid, 3);
}

static void cli_87_each_start_writes_a_snapshot_and_sessions_survive(void **state)
{
    struct stage *stage = *state;
    assert_true(scripted_client_connect(&stage->client, TIMEOUT_MS));
    assert_int_equal(scripted_client_create(&stage->client, "/e", EPHEMERAL), 0);
    int64_t session_id = stage->client.cnxn.session_id;
    uint8_t passwd[SESSION_PASSWD_LENGTH];
    memcpy(passwd, stage->client.passwd, sizeof passwd);

    finish(stage);
    begin(stage);

    assert_true(has_snapshot(stage, "2"));
    assert_int_equal(last_zxid(stage), 2);
    assert_true(scripted_client_reconnect(&stage->client, session_id, passwd, TIMEOUT_MS));
    assert_int_equal(stage->client.answered_session_id, session_id);
    assert_int_equal(scripted_client_create(&stage->client, "/e", 0), KEEPER_CODE_NODEEXISTS);
    assert_int_equal(scripted_client_ask(&stage->client, OP_CODE_CLOSE_SESSION, NULL, NULL), 0);

    struct scripted_client other;
    scripted_client_init(&other, stage->ctx, stage->alone->zk);
    assert_false(scripted_client_reconnect(&other, session_id, passwd, TIMEOUT_MS));
    scripted_client_done(&other);
}

struct expiry {
    struct stage *stage;
    int64_t zxid;
};

static bool is_zxid(void *arg)
{
    const struct expiry *expiry = arg;
    return last_zxid(expiry->stage) == expiry->zxid;
}

static void a_session_that_nobody_takes_up_again_expires_after_a_restart(void **state)
{
    struct stage *stage = *state;
    assert_true(scripted_client_connect(&stage->client, 2 * TICK_MS));
    assert_int_equal(scripted_client_create(&stage->client, "/e", EPHEMERAL), 0);

    finish(stage);
    begin(stage);

    struct expiry expiry = {stage, 3};
    test_await(is_zxid, &expiry);
    assert_true(scripted_client_connect(&stage->client, TIMEOUT_MS));
    assert_int_equal(scripted_client_create(&stage->client, "/e", 0), 0);
}

static int32_t ask_for_reconfig(struct stage *stage)
{
    struct reconfig_request record = {.cur_config_id = -1};
    assert_true(scripted_client_connect(&stage->client, TIMEOUT_MS));
    return scripted_client_ask(&stage->client, OP_CODE_RECONFIG, &reconfig_request_record, &record);
}

static void reconfig_is_answered_as_off(void **state)
{
    assert_int_equal(ask_for_reconfig(*state), KEEPER_CODE_RECONFIGDISABLED);
}

/* Java: StandaloneTest.testStandaloneReconfigFails() */
static void reconfig_that_zoo_cfg_allows_is_not_for_a_server_alone(void **state)
{
    struct stage *stage = *state;
    finish(stage);
    stage->reconfig_enabled = true;
    begin(stage);
    assert_int_equal(ask_for_reconfig(stage), KEEPER_CODE_UNIMPLEMENTED);
}

static void its_status_tells_of_no_quorum(void **state)
{
    struct stage *stage = *state;
    struct server_status status = {0};

    zookeeper_server_main_fill_status(stage->alone, &status);

    assert_true(status.serving && status.is_alone);
    assert_string_equal(status.server_state, "standalone");
    assert_int_equal(status.node_count, 5);
    server_status_done(&status);
}

/* ---- how it ends ----------------------------------------------------------------------------- */

static void a_server_that_cannot_go_on_ends_the_process_with_its_code(void **state)
{
    struct stage *stage = *state;
    zookeeper_server_handle_exception(stage->alone->zk, -EIO, EXIT_CODE_UNEXPECTED_ERROR);

    assert_int_equal(zookeeper_server_main_wait(stage->alone), EXIT_CODE_UNEXPECTED_ERROR);

    zookeeper_server_main_free(stage->alone);
    scripted_client_done(&stage->client);
    quorum_peer_config_free(stage->config);
    zk_context_free(stage->ctx);
    begin(stage);
}

static void a_port_that_is_taken_ends_the_start(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer_config second = *stage->config;
    struct zk_str path = {0};
    zk_str_printf(&path, "%s/second", stage->directory);
    second.data_dir = second.data_log_dir = path.text;
    second.client_port_address = *server_cnxn_factory_local_address(stage->alone->client_port);
    struct quorum_peer_main *program = quorum_peer_main_new(stage->ctx, &second);

    assert_int_equal(quorum_peer_main_start(program), EXIT_CODE_UNEXPECTED_ERROR);

    assert_int_equal(quorum_peer_main_wait(program), EXIT_CODE_EXECUTION_FINISHED);
    quorum_peer_main_free(program);
    zk_str_done(&path);
}

/* Before it has read or written any data. */
static void an_admin_server_without_an_address_ends_the_start_with_4(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer_config second = *stage->config;
    char *directory = test_path(stage->directory, "second");
    char *snapshot = test_path(directory, "version-2/snapshot.0");
    second.data_dir = second.data_log_dir = directory;
    second.admin_address_is_unknown = true;
    struct quorum_peer_main *program = quorum_peer_main_new(stage->ctx, &second);

    assert_int_equal(quorum_peer_main_start(program), EXIT_CODE_ERROR_STARTING_ADMIN_SERVER);

    assert_int_equal(quorum_peer_main_wait(program), EXIT_CODE_EXECUTION_FINISHED);
    assert_false(file_exists(snapshot));
    quorum_peer_main_free(program);
    free(snapshot);
    free(directory);
}

static void a_directory_in_use_ends_the_start_with_3(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer_main *program = quorum_peer_main_new(stage->ctx, stage->config);

    assert_int_equal(quorum_peer_main_start(program), EXIT_CODE_UNABLE_TO_ACCESS_DATADIR);

    quorum_peer_main_free(program);
}

/* ---- its arguments --------------------------------------------------------------------------- */

static void javas_arguments_mean_what_they_mean_to_java(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer_config *config = NULL;
    char *error = NULL;
    char *args[] = {(char *)"2181", (char *)"/data", (char *)"500", (char *)"7"};

    assert_int_equal(server_config_parse_arguments(stage->ctx, 4, args, &config, &error), 0);

    assert_false(config->distributed);
    assert_int_equal(config->client_port_address.port, 2181);
    assert_string_equal(config->data_dir, "/data");
    assert_string_equal(config->data_log_dir, "/data");
    assert_int_equal(config->tick_time_ms, 500);
    assert_int_equal(config->min_session_timeout_ms, 1000);
    assert_int_equal(config->max_session_timeout_ms, 10000);
    assert_int_equal(config->max_client_cnxns, 7);
    quorum_peer_config_free(config);

    assert_int_equal(server_config_parse_arguments(stage->ctx, 2, args, &config, &error), 0);
    assert_int_equal(config->tick_time_ms, 3000);
    assert_int_equal(config->max_client_cnxns, 0);
    quorum_peer_config_free(config);
}

/* Seen on Java: it serves where a zoo.cfg with that directory is refused. */
static void a_server_without_a_file_does_not_read_myid(void **state)
{
    struct stage *stage = *state;
    char *myid = test_path(stage->directory, "myid");
    static const char *const TEXTS[] = {"", "abc\n", "7\n"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        test_write_file(myid, TEXTS[i]);
        struct quorum_peer_config *config = NULL;
        char *error = NULL;
        char *args[] = {(char *)"2181", stage->directory};
        int r = server_config_parse_arguments(stage->ctx, 2, args, &config, &error);
        if (r != 0)
            fail_msg("myid \"%s\": %s", TEXTS[i], error);
        assert_int_equal(config->my_id, -1);
        quorum_peer_config_free(config);
    }
    free(myid);
}

static void arguments_that_make_no_sense_are_named(void **state)
{
    static const struct {
        size_t count;
        const char *args[5];
        const char *words;
    } ROWS[] = {
        {2, {"1", ""}, "dataDir is not set"},
        {5, {"1", "d", "3", "4", "5"}, "Invalid number of arguments: 5"},
        {2, {"port", "d"}, "For input string: \"port\""},
        {2, {"65536", "d"}, "port out of range:65536"},
        {2, {"-1", "d"}, "port out of range:-1"},
        {3, {"1", "d", "x"}, "For input string: \"x\""},
        {3, {"1", "d", "0"}, "tickTime is not set"},
        {4, {"1", "d", "3", ""}, "For input string: \"\""},
    };
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct quorum_peer_config *config = NULL;
        char *error = NULL;
        int r = server_config_parse_arguments(stage->ctx, ROWS[i].count,
                                              (char *const *)ROWS[i].args, &config, &error);
        assert_int_equal(r, -EINVAL);
        if (strstr(error, ROWS[i].words) == NULL)
            fail_msg("%s", error);
        free(error);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cli_87_the_first_write_is_zxid_1_and_ids_begin_with_1),
        TEST(cli_87_each_start_writes_a_snapshot_and_sessions_survive),
        TEST(a_session_that_nobody_takes_up_again_expires_after_a_restart),
        TEST(reconfig_is_answered_as_off),
        TEST(reconfig_that_zoo_cfg_allows_is_not_for_a_server_alone),
        TEST(its_status_tells_of_no_quorum),
        TEST(a_server_that_cannot_go_on_ends_the_process_with_its_code),
        TEST(a_port_that_is_taken_ends_the_start),
        TEST(an_admin_server_without_an_address_ends_the_start_with_4),
        TEST(a_directory_in_use_ends_the_start_with_3),
        TEST(javas_arguments_mean_what_they_mean_to_java),
        TEST(a_server_without_a_file_does_not_read_myid),
        TEST(arguments_that_make_no_sense_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
