/* The admin server over HTTP. Java: JettyAdminServerTest, CommandsTest */
#include "zk/command/admin_server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "command_stage.h"
#include "io/sock_descriptor.h"
#include "outside.h"
#include "zk/base/alloc.h"
#include "zk/command/four_letter_words.h"
#include "zk/command/metrics_provider.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/ensemble/quorum_verifier.h"
#include "zk/io/file.h"
#include "zk/io/http_server.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_metrics.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

struct scene {
    struct test_capture capture;
    struct zk_context *ctx;
    struct inet_address at;
    struct command_stage stage;
    struct admin_server *server;
};

static void scene_open_with_idle_timeout(struct scene *scene, const char *idle_timeout_ms)
{
    scene->capture = test_capture_new();
    scene->ctx = scene->capture.ctx;
    zk_settings_set(scene->ctx, "zookeeper.admin.serverPort", "0");
    zk_settings_set(scene->ctx, "zookeeper.admin.idleTimeout", idle_timeout_ms);
    command_stage_open(&scene->stage, scene->ctx);
    assert_true(admin_server_is_enabled(scene->ctx));
    assert_int_equal(admin_server_start(scene->ctx, command_stage_hook(&scene->stage),
                                        command_stage_cnxns(&scene->stage), &scene->server),
                     0);
    char *log = test_captured_log(&scene->capture);
    const char *port = strstr(log, "Started AdminServer on address 127.0.0.1, port ");
    assert_non_null(port);
    scene->at = test_loopback((uint16_t)atoi(port + 47));
    free(log);
}

static void scene_open(struct scene *scene)
{
    scene_open_with_idle_timeout(scene, "30000");
}

static void scene_close(struct scene *scene)
{
    admin_server_free(scene->server);
    command_stage_close(&scene->stage);
    test_capture_done(&scene->capture);
}

static struct sock *dial(struct scene *scene)
{
    struct sock *sock;
    assert_int_equal(sock_new(scene->ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &scene->at, TEST_PATIENCE_MS), 0);
    sock_set_timeout(sock, TEST_PATIENCE_MS);
    return sock;
}

/* Returns what the server answers to a request line, headers and all; the caller frees it. */
static char *request(struct scene *scene, const char *line)
{
    struct sock *sock = dial(scene);
    struct zk_str text = {0};
    zk_str_printf(&text, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", line);
    assert_int_equal(sock_write_fully(sock, zk_str_text(&text), text.length), 0);
    zk_str_clear(&text);
    for (;;) {
        char bytes[4096];
        size_t count;
        assert_int_equal(sock_read_some(sock, bytes, sizeof bytes, &count), 0);
        if (count == 0)
            break;
        zk_str_append_bytes(&text, bytes, count);
    }
    sock_unref(sock);
    return zk_str_take(&text);
}

/* The answer to a GET has that status line, and ends with that body. */
static void expect(struct scene *scene, const char *path, const char *status, const char *body)
{
    struct zk_str line = {0};
    zk_str_printf(&line, "GET %s", path);
    char *answer = request(scene, zk_str_text(&line));
    const char *at = strstr(answer, "\r\n\r\n");
    assert_non_null(at);
    if (strstr(answer, status) == NULL || strcmp(at + 4, body) != 0)
        fail_msg("%s: %s", path, answer);
    free(answer);
    zk_str_done(&line);
}

static void commands_answer_as_javas_do(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    expect(&scene, "/commands/ruok", "200 OK",
           "{\n  \"command\" : \"ruok\",\n  \"error\" : null\n}");
    expect(&scene, "/commands/nosuch", "200 OK",
           "{\n  \"command\" : \"nosuch\",\n  \"error\" : \"Unknown command: nosuch\"\n}");
    expect(&scene, "/commands/isro", "200 OK",
           "{\n  \"read_only\" : false,\n  \"command\" : \"is_read_only\",\n  \"error\" : null\n}");
    expect(&scene, "/commands/connections", "200 OK",
           "{\n  \"connections\" : [ {\n"
           "    \"remote_socket_address\" : \"127.0.0.1:50000\",\n"
           "    \"interest_ops\" : 0,\n    \"outstanding_requests\" : 0,\n"
           "    \"packets_received\" : 1,\n    \"packets_sent\" : 0,\n"
           "    \"session_id\" : 0,\n    \"last_operation\" : \"\",\n"
           "    \"established\" : 0,\n    \"session_timeout\" : 0,\n"
           "    \"last_cxid\" : 0,\n    \"last_zxid\" : 0,\n"
           "    \"last_response_time\" : 0,\n    \"last_latency\" : 0,\n"
           "    \"min_latency\" : 0,\n    \"avg_latency\" : 0,\n    \"max_latency\" : 0\n"
           "  } ],\n  \"secure_connections\" : [ ],\n"
           "  \"command\" : \"connections\",\n  \"error\" : null\n}");
    scene_close(&scene);
}

static void observers_of_a_leader_are_listed(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    expect(&scene, "/commands/observers", "200 OK",
           "{\n  \"synced_observers\" : 0,\n  \"observers\" : [ ],\n"
           "  \"command\" : \"observers\",\n  \"error\" : null\n}");
    struct observer_info observer = {.remote = {"/127.0.0.1:50001"},
                                     .sid = 4,
                                     .established_ms = 1795935672897,
                                     .queued_packets = 1,
                                     .queued_packets_size = 28,
                                     .packets_received = 2,
                                     .packets_sent = 3,
                                     .requests = 1,
                                     .last_zxid = 4294967297};
    scene.stage.observer = &observer;
    expect(&scene, "/commands/obsr", "200 OK",
           "{\n  \"synced_observers\" : 1,\n  \"observers\" : [ {\n"
           "    \"remote_socket_address\" : \"/127.0.0.1:50001\",\n    \"sid\" : 4,\n"
           "    \"established\" : 1795935672897,\n    \"queued_packets\" : 1,\n"
           "    \"queued_packets_size\" : 28,\n    \"packets_received\" : 2,\n"
           "    \"packets_sent\" : 3,\n    \"requests\" : 1,\n"
           "    \"last_zxid\" : 4294967297\n  } ],\n"
           "  \"command\" : \"observers\",\n  \"error\" : null\n}");
    free(request(&scene, "GET /commands/orst"));
    admin_server_free(scene.server); /* joins its thread */
    scene.server = NULL;
    assert_int_equal(observer.packets_received, 0);
    scene_close(&scene);
}

static void sessions_and_their_nodes_are_dumped(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    command_stage_create_ephemeral(&scene.stage, "/e", 0xa6, 1);
    expect(&scene, "/commands/dump", "200 OK",
           "{\n  \"expiry_time_to_session_ids\" : { },\n"
           "  \"session_id_to_ephemeral_paths\" : {\n    \"166\" : [ \"/e\" ]\n  },\n"
           "  \"command\" : \"dump\",\n  \"error\" : null\n}");
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(scene.stage.zk);
    session_tracker_track_session(tracker, 0xa5, 10000);
    char *answer = request(&scene, "GET /commands/dump");
    const char *time = strstr(answer, "\"expiry_time_to_session_ids\" : {\n    \"");
    assert_non_null(time);
    char *end;
    assert_true(strtoll(time + 38, &end, 10) > zk_elapsed_ms());
    assert_memory_equal(end, "\" : [ 165 ]\n  },\n", 17);
    free(answer);
    scene_close(&scene);
}

/* ---- watches ---- */

struct numbered_watcher {
    struct watcher watcher;
    int64_t session_id;
};

static int64_t numbered_watcher_session(struct watcher *watcher)
{
    return ((struct numbered_watcher *)watcher)->session_id;
}

static bool never_stale(struct watcher *watcher)
{
    (void)watcher;
    return false;
}

static void watch_path(struct data_tree *tree, struct numbered_watcher *watcher, char *text)
{
    const struct ustring path = {.text = text, .length = strlen(text)};
    assert_int_equal(data_tree_add_watch(tree, &path, &watcher->watcher, WATCHER_MODE_PERSISTENT),
                     0);
}

static void watches_are_told_by_session_by_path_and_in_numbers(void **state)
{
    (void)state;
    static const struct watcher_ops ops = {.get_session_id = numbered_watcher_session,
                                           .is_stale = never_stale};
    struct numbered_watcher one = {{&ops}, 0xa5};
    struct numbered_watcher other = {{&ops}, 0xa6};
    char both[] = "/both";
    char only[] = "/only";
    struct scene scene;
    scene_open(&scene);
    expect(&scene, "/commands/watches", "200 OK",
           "{\n  \"session_id_to_watched_paths\" : { },\n"
           "  \"command\" : \"watches\",\n  \"error\" : null\n}");
    struct data_tree *tree = zk_database_get_data_tree(scene.stage.database);
    watch_path(tree, &one, both);
    watch_path(tree, &one, only);
    watch_path(tree, &other, both);

    expect(&scene, "/commands/watches", "200 OK",
           "{\n  \"session_id_to_watched_paths\" : {\n"
           "    \"165\" : [ \"/both\", \"/only\" ],\n    \"166\" : [ \"/both\" ]\n  },\n"
           "  \"command\" : \"watches\",\n  \"error\" : null\n}");
    char *answer = request(&scene, "GET /commands/watches_by_path"); /* in any order */
    assert_non_null(strstr(answer, "\"path_to_session_ids\" : {\n"));
    assert_non_null(strstr(answer, "    \"/both\" : [ 165, 166 ]"));
    assert_non_null(strstr(answer, "    \"/only\" : [ 165 ]"));
    assert_non_null(strstr(answer, " ]\n  },\n  \"command\" : \"watches_by_path\""));
    free(answer);
    expect(&scene, "/commands/watch_summary", "200 OK",
           "{\n  \"num_connections\" : 2,\n  \"num_paths\" : 2,\n"
           "  \"num_total_watches\" : 3,\n"
           "  \"command\" : \"watch_summary\",\n  \"error\" : null\n}");

    data_tree_remove_cnxn(tree, &one.watcher);
    data_tree_remove_cnxn(tree, &other.watcher);
    data_tree_unref(tree);
    scene_close(&scene);
}

/* ---- the database and its files ---- */

static void the_digest_of_each_128th_zxid_is_told(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    expect(&scene, "/commands/hash", "200 OK",
           "{\n  \"digests\" : [ ],\n  \"command\" : \"hash\",\n  \"error\" : null\n}");
    command_stage_create_ephemeral(&scene.stage, "/a", 5, 127);
    command_stage_create_ephemeral(&scene.stage, "/b", 5, 128);
    struct data_tree *tree = zk_database_get_data_tree(scene.stage.database);
    struct zk_str expected = {0};
    zk_str_printf(&expected,
                  "{\n  \"digests\" : [ {\n    \"zxid\" : 128,\n    \"digest\" : %" PRId64
                  ",\n    \"digest_version\" : 2\n  } ],\n"
                  "  \"command\" : \"hash\",\n  \"error\" : null\n}",
                  (int64_t)data_tree_get_tree_digest(tree));
    data_tree_unref(tree);

    expect(&scene, "/commands/hash", "200 OK", zk_str_text(&expected));

    zk_str_done(&expected);
    scene_close(&scene);
}

/* Java: LastSnapshotCommand */
static void the_last_snapshot_is_told_with_its_age(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    char *directory = test_temporary_directory();
    scene.stage.snap_dir = directory;
    expect(&scene, "/commands/last_snapshot", "200 OK",
           "{\n  \"zxid\" : \"ffffffffffffffff\",\n  \"timestamp\" : -1,\n"
           "  \"command\" : \"last_snapshot\",\n  \"error\" : null\n}");
    test_write_bytes(directory, "snapshot.1a", "123", 3);
    char *path = test_path(directory, "snapshot.1a");
    const struct timespec then[2] = {{.tv_sec = 1234567}, {.tv_sec = 1234567}};
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);

    expect(&scene, "/commands/lsnp", "200 OK",
           "{\n  \"zxid\" : \"1a\",\n  \"timestamp\" : 1234567,\n"
           "  \"command\" : \"last_snapshot\",\n  \"error\" : null\n}");

    free(path);
    test_remove_directory(directory);
    scene_close(&scene);
}

/* ---- settings ---- */

/* The words envi tells the same. */
static void the_environment_is_what_the_settings_say_of_it(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    zk_settings_set(scene.ctx, "host.name", "host");
    zk_settings_set(scene.ctx, "user.dir", "/dir");
    expect(&scene, "/commands/environment", "200 OK",
           "{\n  \"zookeeper.version\" : \"" SERVER_FULL_VERSION "\",\n"
           "  \"host.name\" : \"host\",\n  \"user.dir\" : \"/dir\",\n"
           "  \"command\" : \"environment\",\n  \"error\" : null\n}");
    scene_close(&scene);
}

static void settings_are_told_in_the_order_of_their_names(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    zk_settings_set(scene.ctx, "zz", "last");
    zk_settings_set(scene.ctx, "b", "third");
    zk_settings_set(scene.ctx, "a", "first");
    zk_settings_set(scene.ctx, "aa", "second");
    char *answer = request(&scene, "GET /commands/system_properties");
    assert_non_null(strstr(answer, "{\n  \"a\" : \"first\",\n  \"aa\" : \"second\",\n"
                                   "  \"b\" : \"third\",\n"));
    assert_non_null(strstr(answer, "\"zz\" : \"last\",\n"
                                   "  \"command\" : \"system_properties\",\n"));
    free(answer);
    scene_close(&scene);
}

/* K-180: the one directory is told for the other, as by the word dirs. */
static void dirs_tells_the_size_of_the_log_as_that_of_the_data(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    char *directory = test_temporary_directory();
    char *snapshots = test_path(directory, "snapshots");
    char *logs = test_path(directory, "logs");
    assert_int_equal(file_make_directories(snapshots), 0);
    assert_int_equal(file_make_directories(logs), 0);
    test_write_bytes(logs, "log.1", "12345", 5);
    test_write_bytes(snapshots, "snapshot.0", "123", 3);
    scene.stage.snap_dir = snapshots;
    scene.stage.data_dir = logs;
    expect(&scene, "/commands/dirs", "200 OK",
           "{\n  \"datadir_size\" : 5,\n  \"logdir_size\" : 3,\n"
           "  \"command\" : \"dirs\",\n  \"error\" : null\n}");
    free(logs);
    free(snapshots);
    test_remove_directory(directory);
    scene_close(&scene);
}

/* Java: CommandsTest.testSetTraceMask() */
static void a_trace_mask_is_set_by_its_argument(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    expect(&scene, "/commands/set_trace_mask", "200 OK",
           "{\n  \"error\" : \"setTraceMask requires long traceMask argument\",\n"
           "  \"command\" : \"set_trace_mask\"\n}");
    expect(&scene, "/commands/stmk?traceMask=1x", "200 OK",
           "{\n  \"error\" : \"setTraceMask requires long traceMask argument, got 1x\",\n"
           "  \"command\" : \"set_trace_mask\"\n}");
    expect(&scene, "/commands/stmk?traceMask=9223372036854775808", "200 OK",
           "{\n  \"error\" : \"setTraceMask requires long traceMask argument, got "
           "9223372036854775808\",\n  \"command\" : \"set_trace_mask\"\n}");
    expect(&scene, "/commands/stmk?traceMask=%202", "200 OK",
           "{\n  \"error\" : \"setTraceMask requires long traceMask argument, got  2\",\n"
           "  \"command\" : \"set_trace_mask\"\n}");
    expect(&scene, "/commands/stmk?traceMask=258", "200 OK",
           "{\n  \"tracemask\" : 258,\n  \"command\" : \"set_trace_mask\",\n  \"error\" : null\n}");
    expect(&scene, "/commands/gtmk", "200 OK",
           "{\n  \"tracemask\" : 258,\n  \"command\" : \"get_trace_mask\",\n  \"error\" : null\n}");
    scene_close(&scene);
}

/* A leader of two voters whose lines have names, as most files do. What it says is what Java 3.8.0
 * said with the same lines, but for the figures of the database. */
static void hosts_are_told_as_the_file_names_them(void **state)
{
    (void)state;
    static const char servers[] = "server.1=one.zk.test:2888:3888|two.zk.test:2888:3888\n"
                                  "server.2=[::1]:2889:3889;client.zk.test:2181\n";
    struct scene scene;
    struct quorum_peer_config config = {.my_id = 1, .has_client_port = true};
    struct zk_properties properties;
    char *error = NULL;
    int line;
    scene_open(&scene);
    outside_name("one.zk.test", "127.0.0.1");
    outside_name("two.zk.test", "127.0.0.2");
    outside_name("client.zk.test", "127.0.0.1");
    zk_settings_set(scene.ctx, "zookeeper.multiAddress.enabled", "true");
    inet_address_resolve(scene.ctx, "client.zk.test", 2181, &config.client_port_address);
    assert_int_equal(zk_properties_parse(servers, strlen(servers), &properties, &line), 0);
    assert_int_equal(
        qv_parse_dynamic_config(scene.ctx, &properties,
                                &(struct qv_options){.standalone_enabled = true, .from_file = true},
                                &config.quorum_verifier, &error, &line),
        0);
    scene.stage.leader_of = &config;

    expect(&scene, "/commands/leader", "200 OK",
           "{\n  \"is_leader\" : true,\n  \"leader_id\" : 1,\n"
           "  \"leader_ip\" : \"one.zk.test|two.zk.test\",\n"
           "  \"command\" : \"leader\",\n  \"error\" : null\n}");
    expect(&scene, "/commands/voting_view", "200 OK",
           "{\n  \"current_config\" : {\n    \"1\" : {\n"
           "      \"server_addresses\" : [ \"one.zk.test:2888\", \"two.zk.test:2888\" ],\n"
           "      \"election_addresses\" : [ \"one.zk.test:3888\", \"two.zk.test:3888\" ],\n"
           "      \"client_address\" : \"\",\n      \"learner_type\" : \"participant\"\n"
           "    },\n    \"2\" : {\n"
           "      \"server_addresses\" : [ \"[0:0:0:0:0:0:0:1]:2889\" ],\n"
           "      \"election_addresses\" : [ \"[0:0:0:0:0:0:0:1]:3889\" ],\n"
           "      \"client_address\" : \"client.zk.test:2181\",\n"
           "      \"learner_type\" : \"participant\"\n    }\n  },\n"
           "  \"command\" : \"voting_view\",\n  \"error\" : null\n}");
    char *answer = request(&scene, "GET /commands/zabstate");
    const char *begin = strstr(answer, "\"quorum_address\"");
    const char *end = strstr(answer, "\"election_address\"");
    assert_non_null(begin);
    assert_non_null(end);
    char *address = zk_xstrndup(begin, (size_t)(end - begin));
    assert_string_equal(
        address,
        "\"quorum_address\" : {\n    \"empty\" : false,\n"
        "    \"reachable_or_one\" : \"one.zk.test:2888\",\n"
        "    \"reachable_address\" : \"one.zk.test:2888\",\n"
        "    \"one\" : \"one.zk.test:2888\",\n"
        "    \"all_reachable_addresses\" : [ \"one.zk.test:2888\", \"two.zk.test:2888\" ],\n"
        "    \"all_reachable_addresses_or_all\" : [ \"one.zk.test:2888\", \"two.zk.test:2888\" ],\n"
        "    \"wildcard_addresses\" : [ \"0.0.0.0:2888\" ],\n    \"all_ports\" : [ 2888 ],\n"
        "    \"all_addresses\" : [ \"one.zk.test:2888\", \"two.zk.test:2888\" ],\n"
        "    \"all_host_strings\" : [ \"one.zk.test\", \"two.zk.test\" ]\n  },\n  ");
    assert_non_null(strstr(answer, "\"client_address\" : \"client.zk.test:2181\""));
    free(address);
    free(answer);
    scene_close(&scene);
    zk_properties_done(&properties);
    qv_unref(config.quorum_verifier);
}

/* Java: QuorumPeer.setLeaderAddressAndId() collects them in a set. */
static void a_host_with_two_ports_is_told_once(void **state)
{
    (void)state;
    static const char servers[] = "server.1=127.0.0.1:2888:3888|127.0.0.2:2888:3888|"
                                  "127.0.0.1:2890:3890\nserver.2=127.0.0.1:2889:3889\n";
    struct scene scene;
    struct quorum_peer_config config = {.my_id = 1};
    char *error = NULL;
    scene_open(&scene);
    zk_settings_set(scene.ctx, "zookeeper.multiAddress.enabled", "true");
    assert_int_equal(qv_from_string(scene.ctx, servers, strlen(servers),
                                    &(struct qv_options){.standalone_enabled = true},
                                    &config.quorum_verifier, &error),
                     0);
    scene.stage.leader_of = &config;
    expect(&scene, "/commands/leader", "200 OK",
           "{\n  \"is_leader\" : true,\n  \"leader_id\" : 1,\n"
           "  \"leader_ip\" : \"127.0.0.1|127.0.0.2\",\n"
           "  \"command\" : \"leader\",\n  \"error\" : null\n}");
    scene_close(&scene);
    qv_unref(config.quorum_verifier);
}

/* Java's read-only server is no QuorumZooKeeperServer. */
static void a_read_only_server_tells_nothing_of_its_ensemble(void **state)
{
    (void)state;
    static const char servers[] = "server.1=127.0.0.1:2888:3888\nserver.2=127.0.0.1:2889:3889\n";
    struct scene scene;
    struct quorum_peer_config config = {.my_id = 1};
    char *error = NULL;
    scene_open(&scene);
    assert_int_equal(qv_from_string(scene.ctx, servers, strlen(servers),
                                    &(struct qv_options){.standalone_enabled = true},
                                    &config.quorum_verifier, &error),
                     0);
    scene.stage.read_only_in = &config;

    expect(&scene, "/commands/leader", "200 OK",
           "{\n  \"error\" : \"server is not initialized\",\n  \"command\" : \"leader\"\n}");
    expect(&scene, "/commands/voting_view", "200 OK",
           "{\n  \"current_config\" : { },\n"
           "  \"command\" : \"voting_view\",\n  \"error\" : null\n}");
    expect(&scene, "/commands/zabstate", "200 OK",
           "{\n  \"voting\" : false,\n  \"zabstate\" : \"\",\n"
           "  \"command\" : \"zabstate\",\n  \"error\" : null\n}");
    scene_close(&scene);
    qv_unref(config.quorum_verifier);
}

static void stat_reset_resets_what_srst_resets(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    free(request(&scene, "GET /commands/stat_reset"));
    free(request(&scene, "GET /commands/crst"));
    admin_server_free(scene.server); /* joins its thread */
    scene.server = NULL;
    assert_int_equal(scene.stage.resets, 1);
    assert_int_equal(scene.stage.cnxn.packets_received, 0);
    scene_close(&scene);
}

static void the_list_has_a_link_to_each_command(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    char *answer = request(&scene, "GET /commands");
    assert_non_null(
        strstr(answer, "<a href=\"/commands/configuration\">configuration</a>\n<br/>\n"));
    assert_non_null(strstr(answer, "<a href=\"/commands/zabstate\">zabstate</a>\n<br/>\n"));
    char *with_slash = request(&scene, "GET /commands/");
    assert_string_equal(strstr(with_slash, "\r\n\r\n"), strstr(answer, "\r\n\r\n"));
    free(with_slash);
    free(answer);
    scene_close(&scene);
}

static void nothing_but_get_is_answered_and_nothing_else_is_there(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    static const char *const lines[] = {"GET /", "GET /command", "GET /commandsx/ruok"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *answer = request(&scene, lines[i]);
        assert_memory_equal(answer, "HTTP/1.1 404 ", 13);
        free(answer);
    }
    char *answer = request(&scene, "POST /commands/stat_reset");
    assert_memory_equal(answer, "HTTP/1.1 405 ", 13);
    free(answer);
    assert_int_equal(scene.stage.resets, 0);
    scene_close(&scene);
}

/* Monitoring goes on beside callers that never end their request (D-289). */
static void two_hundred_silent_callers_keep_nobody_waiting(void **state)
{
    (void)state;
    struct scene scene;
    struct sock *silent[200];
    scene_open_with_idle_timeout(&scene, "0"); /* nobody is sent away */
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        silent[i] = dial(&scene);
    expect(&scene, "/commands/ruok", "200 OK",
           "{\n  \"command\" : \"ruok\",\n  \"error\" : null\n}");
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        sock_unref(silent[i]);
    scene_close(&scene);
}

/* More silent callers than there may be connections; the next one is answered when they have
 * gone. */
static void silent_callers_do_not_end_it(void **state)
{
    (void)state;
    struct scene scene;
    struct sock *silent[HTTP_CONNECTION_LIMIT + 6];
    scene_open(&scene);
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        silent[i] = dial(&scene);
    assert_int_equal(sock_write_fully(silent[0], "GET /comm", 9), 0);
    assert_int_equal(sock_write_fully(silent[1], "\x16\x03\x01\x02\x00", 5), 0); /* TLS */
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        sock_unref(silent[i]);
    expect(&scene, "/commands/ruok", "200 OK",
           "{\n  \"command\" : \"ruok\",\n  \"error\" : null\n}");
    scene_close(&scene);
}

/* A look at whether the port is open: a few bytes, and the end before anybody has read them. None
 * of them may keep its place. */
static void who_leaves_in_the_middle_of_a_request_keeps_no_place(void **state)
{
    (void)state;
    static const char *const beginnings[] = {"G", "GET /commands/ruok HTTP/1.1\r\n",
                                             "\x16\x03\x01\x02",
                                             "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"};
    struct scene scene;
    scene_open_with_idle_timeout(&scene, "0"); /* nobody is sent away */
    for (size_t i = 0; i < 2 * HTTP_CONNECTION_LIMIT; i++) {
        const char *beginning = beginnings[i % (sizeof beginnings / sizeof *beginnings)];
        struct sock *caller = dial(&scene);
        assert_int_equal(sock_write_fully(caller, beginning, strlen(beginning)), 0);
        sock_unref(caller);
    }
    expect(&scene, "/commands/ruok", "200 OK",
           "{\n  \"command\" : \"ruok\",\n  \"error\" : null\n}");
    scene_close(&scene);
}

/* "nc -N" sends a request, ends its half of the connection, and reads until the other half ends. */
static void who_has_asked_for_the_last_time_is_answered_and_let_go(void **state)
{
    (void)state;
    struct scene scene;
    scene_open_with_idle_timeout(&scene, "0");
    static const char twice[] = "GET /commands/ruok HTTP/1.1\r\nHost: x\r\n\r\n"
                                "GET /commands/monitor HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < 20; i++) {
        struct sock *sock = dial(&scene);
        struct zk_str answer = {0};
        size_t count = 1;
        assert_int_equal(sock_write_fully(sock, twice, strlen(twice)), 0);
        assert_int_equal(shutdown(sock_descriptor(sock), SHUT_WR), 0);
        while (count > 0) {
            char bytes[4096];
            assert_int_equal(sock_read_some(sock, bytes, sizeof bytes, &count), 0);
            zk_str_append_bytes(&answer, bytes, count);
        }
        assert_non_null(strstr(zk_str_text(&answer), "\"command\" : \"ruok\""));
        assert_non_null(strstr(zk_str_text(&answer), "\"command\" : \"monitor\""));
        zk_str_done(&answer);
        sock_unref(sock);
    }
    scene_close(&scene);
}

/* ---- the page for Prometheus ---- */

static bool page_has(const char *page, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = page; (at = strstr(at, line)) != NULL; at++) {
        if (at > page && at[-1] == '\n' && at[length] == '\n')
            return true;
    }
    return false;
}

/* zoo.cfg is checked where it is read, and an option of the command line is not. */
static void metrics_are_not_served_at_a_port_that_is_none(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct metrics_provider *provider = NULL;
    zk_settings_set(scene.ctx, "metricsProvider.httpPort", "65537");
    zk_settings_set(scene.ctx, "metricsProvider.httpHost", "127.0.0.1");
    assert_int_equal(metrics_provider_start(scene.ctx, command_stage_hook(&scene.stage),
                                            command_stage_cnxns(&scene.stage), &provider),
                     -EINVAL);
    assert_null(provider);
    char *log = test_captured_log(&scene.capture);
    assert_non_null(strstr(log, "no metrics for Prometheus address=127.0.0.1 port=65537 "));
    free(log);
    scene_close(&scene);
}

/* The text is of the form that Java's provider gives. */
static void prometheus_is_given_the_figures_of_mntr(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct metrics_provider *provider;
    zk_settings_set(scene.ctx, "metricsProvider.className",
                    "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider");
    zk_settings_set(scene.ctx, "metricsProvider.httpPort", "0");
    zk_settings_set(scene.ctx, "metricsProvider.httpHost", "127.0.0.1");
    assert_true(metrics_provider_is_enabled(scene.ctx));
    assert_int_equal(metrics_provider_start(scene.ctx, command_stage_hook(&scene.stage),
                                            command_stage_cnxns(&scene.stage), &provider),
                     0);
    char *log = test_captured_log(&scene.capture);
    scene.at = test_loopback((uint16_t)atoi(strstr(log, "address=127.0.0.1 port=") + 23));
    free(log);
    for (int64_t i = 1; i <= 100; i++)
        server_metrics_add(scene.stage.metrics, SERVER_METRICS_QUORUM_ACK_LATENCY, i);
    server_metrics_add(scene.stage.metrics, SERVER_METRICS_ELECTION_TIME, 221);
    server_metrics_count(scene.stage.metrics, SERVER_METRICS_LOOKING_COUNT);
    struct avg_min_max_counter latency = {0};
    avg_min_max_counter_add(&latency, 3);
    server_metrics_merge_of(scene.stage.metrics, SERVER_METRICS_ACK_LATENCY, 2, &latency);
    server_metrics_merge_of(scene.stage.metrics, SERVER_METRICS_LEARNER_HANDLER_QP_SIZE, 2,
                            &latency);

    char *page = request(&scene, "GET /metrics");

    static const char *const lines[] = {
        "# HELP znode_count znode_count",
        "# TYPE znode_count gauge",
        "znode_count 5.0",
        "# TYPE looking_count counter",
        "looking_count 1.0",
        "# TYPE election_time summary",
        "election_time{quantile=\"0.5\",} 221.0",
        "election_time_count 1.0",
        "election_time_sum 221.0",
        "quorum_ack_latency{quantile=\"0.5\",} 51.0",
        "quorum_ack_latency{quantile=\"0.9\",} 91.0",
        "quorum_ack_latency{quantile=\"0.99\",} 100.0",
        "fsynctime{quantile=\"0.5\",} NaN",
        "# TYPE learner_handler_qp_size summary",
        "learner_handler_qp_size{key=\"2\",quantile=\"0.5\",} 3.0",
        "learner_handler_qp_size_count{key=\"2\",} 1.0",
        "ack_latency{key=\"2\",quantile=\"0.5\",} 3.0",
        "ack_latency_count{key=\"2\",} 1.0",
        "ack_latency_sum{key=\"2\",} 3.0",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!page_has(page, lines[i]))
            fail_msg("no line %s in %s", lines[i], page);
    }
    assert_null(strstr(page, "election_time{quantile=\"0.9"));
    assert_null(strstr(page, "server_state"));
    free(page);
    page = request(&scene, "GET /commands");
    assert_memory_equal(page, "HTTP/1.1 404 ", 13);
    free(page);
    metrics_provider_free(provider);
    scene_close(&scene);
}

/* D-284 */
static void it_is_off_unless_somebody_asks_for_it(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    assert_false(admin_server_is_enabled(ctx));
    zk_settings_set(ctx, "zookeeper.admin.serverAddress", "0.0.0.0");
    assert_true(admin_server_is_enabled(ctx));
    zk_settings_set(ctx, "zookeeper.admin.enableServer", "false");
    assert_false(admin_server_is_enabled(ctx));
    zk_settings_set(ctx, "zookeeper.admin.enableServer", "true");
    assert_true(admin_server_is_enabled(ctx));
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_answer_as_javas_do),
        cmocka_unit_test(observers_of_a_leader_are_listed),
        cmocka_unit_test(sessions_and_their_nodes_are_dumped),
        cmocka_unit_test(watches_are_told_by_session_by_path_and_in_numbers),
        cmocka_unit_test(the_digest_of_each_128th_zxid_is_told),
        cmocka_unit_test(the_last_snapshot_is_told_with_its_age),
        cmocka_unit_test(the_environment_is_what_the_settings_say_of_it),
        cmocka_unit_test(settings_are_told_in_the_order_of_their_names),
        cmocka_unit_test(dirs_tells_the_size_of_the_log_as_that_of_the_data),
        cmocka_unit_test(a_trace_mask_is_set_by_its_argument),
        cmocka_unit_test_teardown(hosts_are_told_as_the_file_names_them, outside_restore),
        cmocka_unit_test(a_host_with_two_ports_is_told_once),
        cmocka_unit_test(a_read_only_server_tells_nothing_of_its_ensemble),
        cmocka_unit_test(stat_reset_resets_what_srst_resets),
        cmocka_unit_test(the_list_has_a_link_to_each_command),
        cmocka_unit_test(nothing_but_get_is_answered_and_nothing_else_is_there),
        cmocka_unit_test(two_hundred_silent_callers_keep_nobody_waiting),
        cmocka_unit_test(silent_callers_do_not_end_it),
        cmocka_unit_test(who_leaves_in_the_middle_of_a_request_keeps_no_place),
        cmocka_unit_test(who_has_asked_for_the_last_time_is_answered_and_let_go),
        cmocka_unit_test(metrics_are_not_served_at_a_port_that_is_none),
        cmocka_unit_test(prometheus_is_given_the_figures_of_mntr),
        cmocka_unit_test(it_is_off_unless_somebody_asks_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
