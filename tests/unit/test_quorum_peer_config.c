#include "zk_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "zk/base/file.h"
#include "zk/base/settings.h"
#include "zk/ensemble/quorum_peer_config.h"

/* A directory with zoo.cfg and myid, and what came out when it was read. */
struct fixture {
    struct test_capture capture;
    char *directory;
    char *path; /* of zoo.cfg */
    struct quorum_peer_config *config;
    char *error; /* with the directory's path written as DIR */
    int result;
};

static const char SERVERS[] = "server.1=127.0.0.1:2881:3881\nserver.2=127.0.0.1:2882:3882\n"
                              "server.3=127.0.0.1:2883:3883\n";
#define LIMITS "tickTime=2000\ninitLimit=10\nsyncLimit=5\n"

static struct fixture fixture_new(void)
{
    struct fixture fixture = {.capture = test_capture_new()};
    fixture.directory = test_temporary_directory();
    fixture.path = test_path(fixture.directory, "zoo.cfg");
    return fixture;
}

static void write_file(const struct fixture *fixture, const char *name, const char *text)
{
    char *path = test_path(fixture->directory, name);
    test_write_file(path, text);
    free(path);
}

/* text with each DIR replaced by the directory's path. Gives. */
static char *with_directory(const struct fixture *fixture, const char *text)
{
    struct zk_str out = {0};
    for (const char *c = text; *c != '\0'; c++) {
        if (strncmp(c, "DIR", 3) == 0) {
            zk_str_append(&out, fixture->directory);
            c += 2;
        } else {
            zk_str_append_bytes(&out, c, 1);
        }
    }
    return zk_str_take(&out);
}

/* text with the directory's path replaced by DIR. Gives. */
static char *without_directory(const struct fixture *fixture, const char *text)
{
    struct zk_str out = {0};
    size_t length = strlen(fixture->directory);
    for (const char *c = text; *c != '\0'; c++) {
        if (strncmp(c, fixture->directory, length) == 0) {
            zk_str_append(&out, "DIR");
            c += length - 1;
        } else {
            zk_str_append_bytes(&out, c, 1);
        }
    }
    return zk_str_take(&out);
}

/* Write zoo.cfg (DIR stands for the directory) and read the configuration. */
static void parse(struct fixture *fixture, const char *zoo_cfg)
{
    char *text = with_directory(fixture, zoo_cfg);
    char *error = NULL;
    write_file(fixture, "zoo.cfg", text);
    fixture->result = quorum_peer_config_parse(fixture->capture.ctx, fixture->path,
                                               &fixture->config, &error);
    if (error != NULL)
        fixture->error = without_directory(fixture, error);
    free(error);
    free(text);
}

static void fixture_done(struct fixture *fixture)
{
    quorum_peer_config_free(fixture->config);
    free(fixture->error);
    free(fixture->path);
    test_remove_directory(fixture->directory);
    test_capture_done(&fixture->capture);
}

static void must_succeed(const struct fixture *fixture)
{
    if (fixture->result != 0)
        fail_msg("%s", fixture->error);
}

static bool is_logged(const struct fixture *fixture, const char *words)
{
    char *log = test_captured_log(&fixture->capture);
    bool found = strstr(log, words) != NULL;
    free(log);
    return found;
}

/* Server 1 of three, with these lines besides. */
static struct fixture read_with(const char *lines)
{
    struct fixture fixture = fixture_new();
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%s%s\n", SERVERS, lines);
    write_file(&fixture, "myid", "1\n");
    parse(&fixture, zk_str_text(&text));
    zk_str_done(&text);
    return fixture;
}

/* CFG-04 */
static void cfg_04_what_is_not_written_has_javas_default(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    write_file(&fixture, "myid", "2");
    parse(&fixture, "dataDir=DIR\ninitLimit=10\nsyncLimit=5\nserver.1=h:1:2\nserver.2=h:1:2\n");

    must_succeed(&fixture);
    const struct quorum_peer_config *config = fixture.config;
    assert_int_equal(config->my_id, 2);
    assert_int_equal(config->tick_time_ms, 3000);
    assert_int_equal(config->min_session_timeout_ms, 6000);
    assert_int_equal(config->max_session_timeout_ms, 60000);
    assert_int_equal(config->election_alg, 3);
    assert_int_equal(config->max_client_cnxns, 60);
    assert_int_equal(config->client_port_listen_backlog, -1);
    assert_int_equal(config->connect_to_learner_master_limit, 0);
    assert_int_equal(config->quorum_cnxn_threads_size, 20);
    assert_int_equal(config->multi_address_reachability_check_timeout_ms, 1000);
    assert_int_equal(config->peer_type, LEARNER_TYPE_PARTICIPANT);
    assert_string_equal(config->data_log_dir, config->data_dir);
    assert_true(config->sync_enabled && config->standalone_enabled && config->distributed);
    assert_true(config->multi_address_reachability_check_enabled);
    assert_false(config->has_client_port || config->reconfig_enabled);
    assert_false(config->quorum_listen_on_all_ips || config->multi_address_enabled);
    assert_null(config->oracle_path);
    assert_null(config->dynamic_config_file);
    assert_null(config->last_seen_quorum_verifier);
    assert_int_equal(zk_context_myid(fixture.capture.ctx), 2);
    fixture_done(&fixture);
}

static void every_served_key_reaches_its_field(void **state)
{
    (void)state;
    struct fixture fixture = read_with(
        "dataLogDir=DIR//log/\nclientPort=2191\nclientPortAddress=127.0.0.1\n"
        "clientPortListenBacklog=7\nmaxClientCnxns=8\nminSessionTimeout=9\nmaxSessionTimeout=+10\n"
        "connectToLearnerMasterLimit=11\nelectionAlg=3\nquorumListenOnAllIPs=TRUE\n"
        "syncEnabled=False\nstandaloneEnabled=false\nquorum.cnxn.threads.size=21\n"
        "multiAddress.enabled=true\nmultiAddress.reachabilityCheckEnabled=false\n"
        "multiAddress.reachabilityCheckTimeoutMs=12\noraclePath=/oracle  \npeerType=Participant\n");

    must_succeed(&fixture);
    const struct quorum_peer_config *config = fixture.config;
    char *log_dir = test_path(fixture.directory, "log");
    assert_string_equal(config->data_dir, fixture.directory);
    assert_string_equal(config->data_log_dir, log_dir);
    assert_true(config->has_client_port);
    assert_int_equal(config->client_port_address.port, 2191);
    assert_true(inet_address_is_loopback(&config->client_port_address));
    assert_int_equal(config->client_port_listen_backlog, 7);
    assert_int_equal(config->max_client_cnxns, 8);
    assert_int_equal(config->tick_time_ms, 2000);
    assert_int_equal(config->init_limit, 10);
    assert_int_equal(config->sync_limit, 5);
    assert_int_equal(config->min_session_timeout_ms, 9);
    assert_int_equal(config->max_session_timeout_ms, 10);
    assert_int_equal(config->connect_to_learner_master_limit, 11);
    assert_true(config->quorum_listen_on_all_ips);
    assert_false(config->sync_enabled || config->standalone_enabled);
    assert_int_equal(config->quorum_cnxn_threads_size, 21);
    assert_true(config->multi_address_enabled);
    assert_false(config->multi_address_reachability_check_enabled);
    assert_int_equal(config->multi_address_reachability_check_timeout_ms, 12);
    assert_string_equal(config->oracle_path, "/oracle");
    assert_int_equal(config->quorum_verifier->kind, QUORUM_ORACLE_MAJ);
    free(log_dir);
    fixture_done(&fixture);
}

/* CFG-04 */
static void cfg_04_a_minimum_alone_leaves_the_maximum(void **state)
{
    (void)state;
    struct fixture fixture = read_with("minSessionTimeout=10000\n");
    must_succeed(&fixture);
    assert_int_equal(fixture.config->min_session_timeout_ms, 10000);
    assert_int_equal(fixture.config->max_session_timeout_ms, 40000);
    fixture_done(&fixture);
}

/* CFG-04 */
static void cfg_04_the_list_of_servers_decides_the_role(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    write_file(&fixture, "myid", "3");
    parse(&fixture, "dataDir=DIR\n" LIMITS "server.1=h:1:2\nserver.2=h:1:2\n"
                    "server.3=h:1:2:observer\n");

    must_succeed(&fixture);
    assert_int_equal(fixture.config->peer_type, LEARNER_TYPE_OBSERVER);
    assert_true(is_logged(&fixture, "Peer type from servers list (OBSERVER) doesn't match peerType "
                                    "(PARTICIPANT). Defaulting to servers list."));
    fixture_done(&fixture);
}

/* CFG-03 */
static void cfg_03_a_client_port_alone_listens_everywhere(void **state)
{
    (void)state;
    struct fixture fixture = read_with("clientPort=2191\n");
    must_succeed(&fixture);
    assert_true(inet_address_is_wildcard(&fixture.config->client_port_address));
    assert_true(is_logged(&fixture, "clientPortAddress is 0.0.0.0:2191"));
    fixture_done(&fixture);
}

/* One more line, or one line instead, and what is said about it. All begin with DIR/zoo.cfg:. */
struct refusal {
    const char *lines;
    const char *error;
};

static void check_refusals(const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fixture fixture = read_with(rows[i].lines);
        struct zk_str expected = {0};
        zk_str_printf(&expected, "DIR/zoo.cfg:%s", rows[i].error);
        if (fixture.result != -EINVAL || fixture.config != NULL)
            fail_msg("%s: not refused", rows[i].lines);
        if (strncmp(fixture.error, expected.text, expected.length) != 0)
            fail_msg("%s: %s", rows[i].lines, fixture.error);
        /* and after Java's words comes what would be right */
        if (strncmp(fixture.error + expected.length, "; ", 2) != 0)
            fail_msg("%s: no advice in %s", rows[i].lines, fixture.error);
        zk_str_done(&expected);
        fixture_done(&fixture);
    }
}

#define CHECK_REFUSALS(rows) check_refusals((rows), sizeof(rows) / sizeof((rows)[0]))

/* CFG-03; the lines of read_with are 7, so the line at fault is the eighth. */
static void cfg_03_a_bad_value_is_refused_in_javas_words_with_its_line(void **state)
{
    static const struct refusal ROWS[] = {
        {"clientPortAddress=127.0.0.1",
         "8: clientPortAddress=127.0.0.1: clientPortAddress is set but clientPort is not set"},
        {"clientPort=0\nclientPortAddress=::1",
         "9: clientPortAddress=::1: clientPortAddress is set but clientPort is not set"},
        {"secureClientPortAddress=127.0.0.1",
         "8: secureClientPortAddress=127.0.0.1: secureClientPortAddress is set but "
         "secureClientPort is not set"},
        {"secureClientPort=-1", "8: secureClientPort=-1: port out of range:-1"},
        {"clientPort=65536", "8: clientPort=65536: port out of range:65536"},
        {"clientPort=-1", "8: clientPort=-1: port out of range:-1"},
        {"clientPort=x", "8: clientPort=x: For input string: \"x\""},
        {"clientPort=", "8: clientPort=: For input string: \"\""},
        {"maxClientCnxns=2147483648",
         "8: maxClientCnxns=2147483648: For input string: \"2147483648\""},
        {"jvm.pause.sleep.time.ms=x", "8: jvm.pause.sleep.time.ms=x: For input string: \"x\""},
        {"syncEnabled=yes", "8: syncEnabled=yes: Invalid option yes for syncEnabled. Choose 'true' "
                            "or 'false.'"},
        {"reconfigEnabled=", "8: reconfigEnabled=: Invalid option  for reconfigEnabled. Choose "
                             "'true' or 'false.'"},
        {"electionAlg=0",
         "8: electionAlg=0: Invalid electionAlg value. Only 3 is supported."},
        {"electionAlg=x", "8: electionAlg=x: For input string: \"x\""},
        {"peerType=voter", "8: peerType=voter: Unrecognised peertype: voter"},
        {"minSessionTimeout=40001", "8: minSessionTimeout=40001: minSessionTimeout must not be "
                                    "larger than maxSessionTimeout"},
        {"maxSessionTimeout=3999", "8: maxSessionTimeout=3999: minSessionTimeout must not be "
                                   "larger than maxSessionTimeout"},
        {"tickTime=0", "8: tickTime=0: tickTime is not set"},
        {"tickTime=-5", "8: tickTime=-5: minSessionTimeout must not be larger than "
                        "maxSessionTimeout"},
        {"initLimit=0", "8: initLimit=0: initLimit is not set"},
        {"syncLimit=0", "8: syncLimit=0: syncLimit is not set"},
        {"dataDir=", "8: dataDir=: dataDir is not set"},
        {"version=zz", "8: version=zz: For input string: \"zz\" under radix 16"},
        {"server.4=127.0.0.1:1:1",
         "8: server.4=127.0.0.1:1:1: Client and election port must be different! Please update the "
         "configuration file on server.4"},
        {"server.4=127.0.0.1:1:70000", "8: server.4=127.0.0.1:1:70000: port out of range:70000"},
        {"server.4=127.0.0.1:1:2|127.0.0.1:3:4",
         "8: server.4=127.0.0.1:1:2|127.0.0.1:3:4: Multiple address feature is disabled, but "
         "multiple addresses were specified for sid 4"},
        {"server.x=h:1:2", "8: server.x=h:1:2: For input string: \"x\""},
        /* Java's Properties iterate group.2 first */
        {"group.1=1:2:3\ngroup.2=3", "8: group.1=1:2:3: Server 3is in multiple groups"},
        {"group.1=1:3",
         "6: server.2=127.0.0.1:2882:3882: Server 2is not in a group"},
        {"weight.1=", "8: weight.1=: For input string: \"\""},
        {"foo=\\u12", "8: Malformed \\uxxxx encoding."},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
}

/* D-28: what we do not serve and what would be missed. */
static void a_setting_that_changes_safety_is_refused(void **state)
{
    static const struct refusal ROWS[] = {
        {"sslQuorum=true", "8: sslQuorum=true: TLS between servers is not served by zkpeer"},
        {"portUnification=TRUE",
         "8: portUnification=TRUE: TLS between servers is not served by zkpeer"},
        {"quorum.auth.enableSasl=true",
         "8: quorum.auth.enableSasl=true: SASL between servers is not served by zkpeer"},
        {"quorum.auth.serverRequireSasl=true",
         "8: quorum.auth.serverRequireSasl=true: SASL between servers is not served by zkpeer"},
        {"quorum.auth.learnerRequireSasl=true",
         "8: quorum.auth.learnerRequireSasl=true: SASL between servers is not served by zkpeer"},
        {"observerMasterPort=2191",
         "8: observerMasterPort=2191: an observer master is not served by zkpeer"},
        {"secureClientPort=2281",
         "8: secureClientPort=2281: TLS for clients is not served by zkpeer"},
        {"readonlymode.enabled=true",
         "8: readonlymode.enabled=true: read-only mode is not served by zkpeer"},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
}

static void the_same_settings_switched_off_are_fine(void **state)
{
    (void)state;
    struct fixture fixture =
        read_with("sslQuorum=false\nportUnification=False\nquorum.auth.enableSasl=false\n"
                  "quorum.auth.serverRequireSasl=false\nquorum.auth.learnerRequireSasl=false\n"
                  "observerMasterPort=0\nsecureClientPort=0\nreadonlymode.enabled=false\n"
                  "localSessionsEnabled=false\nautopurge.purgeInterval=0\n"
                  "autopurge.snapRetainCount=3\njvm.pause.monitor=false\n");
    must_succeed(&fixture);
    assert_false(is_logged(&fixture, "WARN"));
    fixture_done(&fixture);
}

static void read_only_mode_is_refused_on_the_command_line_too(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    zk_settings_set(fixture.capture.ctx, "readonlymode.enabled", "true");
    write_file(&fixture, "myid", "1");
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%s", SERVERS);

    parse(&fixture, zk_str_text(&text));

    assert_int_equal(fixture.result, -EINVAL);
    assert_string_equal(fixture.error,
                        "-Dreadonlymode.enabled=true: read-only mode is not served by zkpeer; "
                        "remove it, or run this server with Java");
    zk_str_done(&text);
    fixture_done(&fixture);
}

static void a_key_without_use_warns_once(void **state)
{
    static const char *const LINES[] = {
        "localSessionsEnabled=true",
        "localSessionsUpgradingEnabled=true",
        "autopurge.purgeInterval=1",
        "autopurge.snapRetainCount=5",
        "sslQuorumReloadCertFiles=true",
        "quorum.auth.learner.saslLoginContext=Other",
        "jvm.pause.monitor=true",
        "jvm.pause.warn-threshold.ms=10",
        "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.Provider",
        "metricsProvider.httpPort=7000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        struct fixture fixture = read_with(LINES[i]);
        must_succeed(&fixture);
        char *log = test_captured_log(&fixture.capture);
        const char *first = strstr(log, "setting has no effect");
        struct zk_str key = {0};
        zk_str_printf(&key, "line=8 key=%.*s ", (int)strcspn(LINES[i], "="), LINES[i]);
        if (first == NULL || strstr(first + 1, "setting has no effect") != NULL ||
            strstr(first, key.text) == NULL)
            fail_msg("%s: %s", LINES[i], log);
        zk_str_done(&key);
        free(log);
        fixture_done(&fixture);
    }
}

static void reconfig_is_taken_with_a_warning(void **state)
{
    (void)state;
    struct fixture fixture = read_with("reconfigEnabled=true\n");
    must_succeed(&fixture);
    assert_true(fixture.config->reconfig_enabled);
    assert_true(is_logged(&fixture, "a reconfiguration will not be applied"));
    fixture_done(&fixture);
}

static void unknown_keys_become_settings(void **state)
{
    (void)state;
    struct fixture fixture =
        read_with("cnxTimeout=7000 \nfastleader.maxNotificationInterval=123\nTickTime=5\n");
    struct zk_context *ctx = fixture.capture.ctx;
    must_succeed(&fixture);
    assert_string_equal(zk_settings_get(ctx, "zookeeper.cnxTimeout"), "7000");
    assert_int_equal(
        zk_settings_get_integer(ctx, "zookeeper.fastleader.maxNotificationInterval", 0), 123);
    assert_string_equal(zk_settings_get(ctx, "zookeeper.TickTime"), "5");
    /* as in Java, the lines about servers too */
    assert_string_equal(zk_settings_get(ctx, "zookeeper.server.1"), "127.0.0.1:2881:3881");
    assert_null(zk_settings_get(ctx, "zookeeper.tickTime"));
    assert_int_equal(fixture.config->tick_time_ms, 2000);
    fixture_done(&fixture);
}

/* K-19 */
static void several_addresses_need_the_setting_of_the_command_line(void **state)
{
    static const char LINES[] = "multiAddress.enabled=true\n"
                                "server.4=127.0.0.1:1:2|127.0.0.2:3:4\n";
    (void)state;
    struct fixture refused = read_with(LINES);
    assert_int_equal(refused.result, -EINVAL);
    assert_non_null(strstr(refused.error, "Multiple address feature is disabled"));
    fixture_done(&refused);

    struct fixture fixture = fixture_new();
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%sserver.4=127.0.0.1:1:2|127.0.0.2:3:4\n", SERVERS);
    zk_settings_set(fixture.capture.ctx, "zookeeper.multiAddress.enabled", "true");
    write_file(&fixture, "myid", "4");
    parse(&fixture, zk_str_text(&text));
    must_succeed(&fixture);
    assert_true(fixture.config->multi_address_enabled);
    assert_int_equal(qv_member(fixture.config->quorum_verifier, 4)->addr.count, 2);
    zk_str_done(&text);
    fixture_done(&fixture);
}

static void a_missing_data_directory_is_named_with_the_line_to_add(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    parse(&fixture, LIMITS);
    assert_int_equal(fixture.result, -EINVAL);
    assert_string_equal(fixture.error,
                        "DIR/zoo.cfg: dataDir is not set; add a line dataDir=/path");
    fixture_done(&fixture);
}

static void limits_must_be_set(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    write_file(&fixture, "myid", "1");
    parse(&fixture, "dataDir=DIR\nserver.1=h:1:2\nserver.2=h:1:2\n");
    assert_non_null(strstr(fixture.error, "DIR/zoo.cfg: initLimit is not set; "));
    free(fixture.error);
    fixture.error = NULL;
    parse(&fixture, "dataDir=DIR\nserver.1=h:1:2\nserver.2=h:1:2\ninitLimit=5\n");
    assert_non_null(strstr(fixture.error, "DIR/zoo.cfg: syncLimit is not set; "));
    fixture_done(&fixture);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct quorum_peer_config *config = NULL;
    char *error = NULL;
    int r = quorum_peer_config_parse(ctx, "/nonexistent/zoo.cfg", &config, &error);
    assert_int_equal(r, -EINVAL);
    assert_string_equal(error, "/nonexistent/zoo.cfg: /nonexistent/zoo.cfg file is missing; give "
                               "the path of a zoo.cfg");
    free(error);
    error = NULL;
    r = quorum_peer_config_parse(ctx, "/", &config, &error);
    assert_int_equal(r, -EINVAL);
    assert_non_null(strstr(error, "/: / ("));
    free(error);
    zk_context_free(ctx);
}

/* CFG-03: stand-alone mode is refused (D-28), each time with the way out. */
static void cfg_03_a_server_alone_needs_standalone_off(void **state)
{
    (void)state;
    struct fixture none = fixture_new();
    parse(&none, "dataDir=DIR\n" LIMITS "clientPort=2191\n");
    assert_string_equal(none.error,
                        "DIR/zoo.cfg: no servers specified: stand-alone mode is not served by "
                        "zkpeer; add a line server.N=host:port:port for each server");
    fixture_done(&none);

    struct fixture one = fixture_new();
    parse(&one, "dataDir=DIR\n" LIMITS "server.1=h:1:2\n");
    assert_true(is_logged(&one, "Invalid configuration, only one server specified (ignoring)"));
    assert_string_equal(one.error,
                        "DIR/zoo.cfg: only one server specified: stand-alone mode is not served by "
                        "zkpeer; add a line standaloneEnabled=false for an ensemble of one");
    fixture_done(&one);

    struct fixture ensemble_of_one = fixture_new();
    write_file(&ensemble_of_one, "myid", "1");
    parse(&ensemble_of_one, "dataDir=DIR\n" LIMITS "server.1=h:1:2\nstandaloneEnabled=false\n");
    must_succeed(&ensemble_of_one);
    assert_true(is_logged(&ensemble_of_one, "No server failure will be tolerated."));
    fixture_done(&ensemble_of_one);
}

/* CFG-03 */
static void cfg_03_observers_need_participants(void **state)
{
    static const struct {
        const char *lines;
        const char *words;
    } ROWS[] = {
        {"server.1=h:1:2:observer", "Observers w/o participants is an invalid configuration"},
        {"server.1=h:1:2\nserver.2=h:1:2:observer",
         "Observers w/o quorum is an invalid configuration"},
        {"standaloneEnabled=false\nserver.1=h:1:2:observer",
         "standaloneEnabled = false then number of participants should be >0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct fixture fixture = fixture_new();
        struct zk_str text = {0};
        struct zk_str expected = {0};
        zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%s\n", ROWS[i].lines);
        zk_str_printf(&expected,
                      "DIR/zoo.cfg: %s; add a line server.N=host:port:port per participant",
                      ROWS[i].words);
        parse(&fixture, zk_str_text(&text));
        assert_int_equal(fixture.result, -EINVAL);
        assert_string_equal(fixture.error, expected.text);
        zk_str_done(&text);
        zk_str_done(&expected);
        fixture_done(&fixture);
    }
}

/* CFG-03 */
static void cfg_03_groups_and_weights_make_a_hierarchy(void **state)
{
    (void)state;
    struct fixture fixture = read_with("group.1=1:2\ngroup.2=3\nweight.3=2\n");
    must_succeed(&fixture);
    assert_int_equal(fixture.config->quorum_verifier->kind, QUORUM_HIERARCHICAL);
    assert_int_equal(qv_get_weight(fixture.config->quorum_verifier, 3), 2);
    fixture_done(&fixture);
}

static void poor_numbers_of_servers_are_warned_about(void **state)
{
    (void)state;
    struct fixture four = read_with("server.4=127.0.0.1:2884:3884\n");
    must_succeed(&four);
    assert_true(
        is_logged(&four, "Non-optimal configuration, consider an odd number of servers."));
    fixture_done(&four);

    struct fixture three = read_with("");
    must_succeed(&three);
    assert_false(is_logged(&three, "WARN"));
    assert_true(is_logged(&three, "Reading configuration from: "));
    fixture_done(&three);
}

static const char NOT_A_NUMBER[] = "\x01"; /* no message of this program */

/* 6.3 of the election's reference: what a myid file may hold. */
static void a_myid_is_read_as_java_reads_it(void **state)
{
    static const struct {
        const char *content;
        const char *error; /* NULL: none; NOT_A_NUMBER: "serverid <line> is not a number" */
        const char *line;
        int64_t id;
    } ROWS[] = {
        {"2\n", NULL, NULL, 2},
        {"2", NULL, NULL, 2},
        {"2\r\n", NULL, NULL, 2},
        {"2\rx", NULL, NULL, 2},
        {"002", NULL, NULL, 2},
        {"+2\nanything", NULL, NULL, 2},
        {"-5", NULL, NULL, -5},
        {"0", NULL, NULL, 0},
        {"256", NULL, NULL, 256},
        {"1000000000000", NULL, NULL, 1000000000000},
        {"9", NULL, NULL, 9}, /* not in the list: the start finds out, not the parser */
        {"-1", "DIR/myid: myid file is missing; write the N of this server's line server.N into "
               "it",
         NULL, 0},
        {"2 ", NOT_A_NUMBER, "2 ", 0},
        {" 2", NOT_A_NUMBER, " 2", 0},
        {"\n2", NOT_A_NUMBER, "", 0},
        {"abc", NOT_A_NUMBER, "abc", 0},
        {"\xef\xbb\xbf"
         "2",
         NOT_A_NUMBER,
         "\xef\xbb\xbf"
         "2",
         0},
        {"12345678901234567890", NOT_A_NUMBER, "12345678901234567890", 0},
        {"", NOT_A_NUMBER, "null", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct fixture fixture = fixture_new();
        struct zk_str text = {0};
        zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%s", SERVERS);
        write_file(&fixture, "myid", ROWS[i].content);

        parse(&fixture, zk_str_text(&text));

        zk_str_clear(&text);
        if (ROWS[i].error == NOT_A_NUMBER)
            zk_str_printf(&text,
                          "DIR/myid: serverid %s is not a number; write only the N of this "
                          "server's line server.N, without blanks",
                          ROWS[i].line);
        else if (ROWS[i].error != NULL)
            zk_str_append(&text, ROWS[i].error);
        if (ROWS[i].error == NULL) {
            must_succeed(&fixture);
            assert_true(fixture.config->my_id == ROWS[i].id);
        } else {
            assert_int_equal(fixture.result, -EINVAL);
            assert_string_equal(fixture.error, zk_str_text(&text));
        }
        zk_str_done(&text);
        fixture_done(&fixture);
    }
}

static void a_myid_with_a_zero_byte_is_not_a_number(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    struct zk_str text = {0};
    char *path = test_path(fixture.directory, "myid");
    assert_int_equal(file_write_atomic(path, "2\0\n", 3), 0);
    zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%s", SERVERS);

    parse(&fixture, zk_str_text(&text));

    assert_int_equal(fixture.result, -EINVAL);
    assert_non_null(strstr(fixture.error, "is not a number"));
    free(path);
    zk_str_done(&text);
    fixture_done(&fixture);
}

static void a_myid_that_is_no_file_is_missing(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    struct zk_str text = {0};
    char *path = test_path(fixture.directory, "myid");
    assert_int_equal(file_make_directories(path), 0);
    zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%s", SERVERS);

    parse(&fixture, zk_str_text(&text));

    assert_int_equal(fixture.result, -EINVAL);
    assert_non_null(strstr(fixture.error, "DIR/myid: myid file is missing; "));
    free(path);
    zk_str_done(&text);
    fixture_done(&fixture);
}

/* CFG-02 */
static void cfg_02_a_client_port_on_the_own_election_port_is_refused(void **state)
{
    static const struct refusal ROWS[] = {
        {"clientPort=3881",
         "8: clientPort=3881: client port 3881 is also the election port of server.1"},
        {"clientPort=3881\nclientPortAddress=127.0.0.1",
         "8: clientPort=3881: client port 3881 is also the election port of server.1"},
        {"clientPort=3881\nclientPortAddress=127.0.0.2\nquorumListenOnAllIPs=true",
         "8: clientPort=3881: client port 3881 is also the election port of server.1"},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
}

/* CFG-02 */
static void cfg_02_ports_that_do_not_meet_are_fine(void **state)
{
    static const char *const LINES[] = {
        "clientPort=3881\nclientPortAddress=127.0.0.2", /* another address of this machine */
        "clientPort=3882",                              /* another server's election port */
        "clientPort=2881",                              /* the own quorum port: Java's to find */
        "server.4=10.0.0.4:1:2;10.0.0.9:5\nserver.5=10.0.0.5:1:2;10.0.0.9:5",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        struct fixture fixture = read_with(LINES[i]);
        must_succeed(&fixture);
        fixture_done(&fixture);
    }
}

static void a_client_port_in_the_server_line_clashes_too(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    write_file(&fixture, "myid", "1");
    parse(&fixture, "dataDir=DIR\n" LIMITS "server.1=127.0.0.1:1:2;2\nserver.2=127.0.0.1:3:4\n");
    assert_string_equal(fixture.error, "DIR/zoo.cfg: client port 2 is also the election port of "
                                       "server.1; give the election its own port");
    fixture_done(&fixture);
}

static void a_static_client_port_is_kept_in_the_own_entry(void **state)
{
    (void)state;
    struct fixture fixture = read_with("clientPort=2191\n");
    must_succeed(&fixture);
    const struct quorum_verifier *qv = fixture.config->quorum_verifier;
    assert_true(qv_member(qv, 1)->has_client_addr);
    assert_true(qv_member(qv, 1)->is_client_addr_from_static);
    assert_false(qv_member(qv, 2)->has_client_addr);
    assert_string_equal(qv_to_string(qv), "server.1=127.0.0.1:2881:3881:participant\n"
                                          "server.2=127.0.0.1:2882:3882:participant\n"
                                          "server.3=127.0.0.1:2883:3883:participant\nversion=0");
    fixture_done(&fixture);
}

static void client_addresses_of_both_places_must_agree(void **state)
{
    static const struct {
        const char *lines;
        const char *words; /* NULL: they agree */
    } ROWS[] = {
        {"server.1=127.0.0.1:1:2;127.0.0.1:2191\nclientPort=2191", NULL},
        {"server.1=127.0.0.1:1:2;2191\nclientPort=2191", NULL},
        {"server.1=127.0.0.1:1:2;127.0.0.1:2191\nclientPort=2191\nclientPortAddress=127.0.0.1",
         NULL},
        {"server.1=127.0.0.1:1:2;2191\nclientPort=2192",
         "client address for this server (id = 1) in static config file is 0.0.0.0/0.0.0.0:2192 is "
         "different from client address found in dynamic file: /0.0.0.0:2191"},
        {"server.1=127.0.0.1:1:2;2191\nclientPort=2191\nclientPortAddress=127.0.0.1",
         "client address for this server (id = 1) in static config file is /127.0.0.1:2191 is "
         "different from client address found in dynamic file: /0.0.0.0:2191"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct fixture fixture = fixture_new();
        struct zk_str text = {0};
        zk_str_printf(&text, "dataDir=DIR\n" LIMITS "server.2=127.0.0.1:3:4\n%s\n", ROWS[i].lines);
        write_file(&fixture, "myid", "1");
        parse(&fixture, zk_str_text(&text));
        if (ROWS[i].words == NULL) {
            must_succeed(&fixture);
            assert_int_equal(fixture.config->client_port_address.port, 2191);
        } else if (fixture.result != -EINVAL || strstr(fixture.error, ROWS[i].words) == NULL) {
            fail_msg("%s: %s", ROWS[i].lines, fixture.error);
        }
        zk_str_done(&text);
        fixture_done(&fixture);
    }
}

static void the_server_line_may_be_the_only_place_of_the_client_port(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    write_file(&fixture, "myid", "1");
    parse(&fixture, "dataDir=DIR\n" LIMITS
                    "server.1=127.0.0.1:1:2;127.0.0.1:2191\nserver.2=127.0.0.1:3:4;2192\n");
    must_succeed(&fixture);
    assert_true(fixture.config->has_client_port);
    assert_int_equal(fixture.config->client_port_address.port, 2191);
    assert_true(is_logged(&fixture, "clientPort is not set"));
    fixture_done(&fixture);
}

/* --- the dynamic file --- */

/* zoo.cfg that points to name, which holds text. */
static struct fixture read_dynamic(const char *name, const char *text, const char *next)
{
    struct fixture fixture = fixture_new();
    struct zk_str zoo_cfg = {0};
    zk_str_printf(&zoo_cfg, "dataDir=DIR\n" LIMITS "dynamicConfigFile=DIR/%s\n", name);
    write_file(&fixture, "myid", "1");
    if (text != NULL)
        write_file(&fixture, name, text);
    if (next != NULL)
        write_file(&fixture, "zoo.cfg.dynamic.next", next);
    parse(&fixture, zk_str_text(&zoo_cfg));
    zk_str_done(&zoo_cfg);
    return fixture;
}

static void the_version_stands_in_the_name_of_the_dynamic_file(void **state)
{
    static const struct {
        const char *name;
        int64_t version;
    } ROWS[] = {
        {"zoo.cfg.dynamic", 0},
        {"zoo.cfg.dynamic.100000000", 0x100000000},
        {"x.cafe", 0xcafe},
        {"zoo.cfg.dynamic.", 0},
        {"plain", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        /* The last line wants to be continued: the version must not become part of it. */
        struct fixture fixture =
            read_dynamic(ROWS[i].name, "server.2=h:1:2\nserver.1=h:1:2:participant\\", NULL);
        must_succeed(&fixture);
        assert_true(fixture.config->quorum_verifier->version == ROWS[i].version);
        assert_int_equal(fixture.config->quorum_verifier->member_count, 2);
        fixture_done(&fixture);
    }
}

static void a_version_is_hex_after_the_last_dot(void **state)
{
    (void)state;
    int64_t version = 77;
    assert_true(quorum_peer_config_version_from_filename("a.b/zoo.cfg.dynamic.1f", &version));
    assert_true(version == 0x1f);
    assert_true(quorum_peer_config_version_from_filename("x.-5", &version));
    assert_true(version == -5);
    assert_false(quorum_peer_config_version_from_filename("zoo.cfg.dynamic", &version));
    assert_false(quorum_peer_config_version_from_filename("zoo", &version));
    assert_false(quorum_peer_config_version_from_filename("zoo.", &version));
    assert_false(quorum_peer_config_version_from_filename("z.8000000000000000", &version));
    assert_true(version == -5); /* untouched */
}

static void zoo_cfg_itself_may_hold_the_version(void **state)
{
    (void)state;
    struct fixture fixture = read_with("version=1f\n");
    must_succeed(&fixture);
    assert_true(fixture.config->quorum_verifier->version == 0x1f);
    fixture_done(&fixture);
}

static void a_dynamic_file_holds_servers_only(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } ROWS[] = {
        {NULL, "DIR/zoo.dyn: DIR/zoo.dyn (No such file or directory); "},
        {"server.1=h:1:2\nversion=5\n",
         "DIR/zoo.dyn:2: version=5: dynamic file shouldn't have version inside; "},
        {"server.1=h:1:2\nclientPort=5\n",
         "DIR/zoo.dyn:2: clientPort=5: Unrecognised parameter: clientPort; "},
        {"server.1=h:1\n", "DIR/zoo.dyn:1: server.1=h:1: h:1 does not have the form "},
        {"\n\nserver.1=\\u1\n", "DIR/zoo.dyn:3: Malformed \\uxxxx encoding.; "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct fixture fixture = read_dynamic("zoo.dyn", ROWS[i].text, NULL);
        assert_int_equal(fixture.result, -EINVAL);
        if (strncmp(fixture.error, ROWS[i].error, strlen(ROWS[i].error)) != 0)
            fail_msg("%s: %s", ROWS[i].text, fixture.error);
        fixture_done(&fixture);
    }
}

static void with_a_dynamic_file_zoo_cfg_names_no_servers(void **state)
{
    static const struct refusal ROWS[] = {
        {"dynamicConfigFile=/x",
         /* the first of the three in the order of Java's Properties */
         "6: server.2=127.0.0.1:2882:3882: parameter: server.2 must be in a separate dynamic "
         "config file"},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
}

/* D-32 */
static void a_next_file_is_the_last_seen_configuration(void **state)
{
    (void)state;
    struct fixture fixture =
        read_dynamic("zoo.cfg.dynamic.5", "server.1=h:1:2\nserver.2=h:1:2\n",
                     "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\nversion=6\n");
    char *next = test_path(fixture.directory, "zoo.cfg.dynamic.next");

    must_succeed(&fixture);
    assert_true(fixture.config->quorum_verifier->version == 5);
    assert_non_null(fixture.config->last_seen_quorum_verifier);
    assert_true(fixture.config->last_seen_quorum_verifier->version == 6);
    assert_int_equal(fixture.config->last_seen_quorum_verifier->member_count, 3);
    assert_true(file_exists(next));
    free(next);
    fixture_done(&fixture);
}

static void a_next_file_without_a_dynamic_file_is_not_read(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n" LIMITS "%s", SERVERS);
    write_file(&fixture, "myid", "1");
    write_file(&fixture, "zoo.cfg.dynamic.next", "server.x=\n");
    parse(&fixture, zk_str_text(&text));
    must_succeed(&fixture);
    assert_null(fixture.config->last_seen_quorum_verifier);
    zk_str_done(&text);
    fixture_done(&fixture);
}

static void a_bad_next_file_aborts_the_start_an_unreadable_one_does_not(void **state)
{
    static const char SERVER_LINES[] = "server.1=h:1:2\nserver.2=h:1:2\n";
    (void)state;
    struct fixture bad = read_dynamic("zoo.dyn", SERVER_LINES, "server.x=h:1:2\n");
    assert_string_equal(bad.error != NULL ? bad.error : "none",
                        "DIR/zoo.cfg.dynamic.next:1: server.x=h:1:2: For input string: \"x\"; "
                        "write server.N=host:quorumPort:electionPort[:participant|observer]"
                        "[;[host:]clientPort], ports from 0 to 65535, and put each participant "
                        "into one group if there are groups; several addresses need "
                        "-Dzookeeper.multiAddress.enabled=true");
    fixture_done(&bad);

    struct fixture fixture = fixture_new();
    char *next = test_path(fixture.directory, "zoo.cfg.dynamic.next");
    assert_int_equal(file_make_directories(next), 0); /* a directory cannot be read */
    write_file(&fixture, "myid", "1");
    write_file(&fixture, "zoo.dyn", SERVER_LINES);
    parse(&fixture, "dataDir=DIR\n" LIMITS "dynamicConfigFile=DIR/zoo.dyn\n");
    must_succeed(&fixture);
    assert_null(fixture.config->last_seen_quorum_verifier);
    assert_true(is_logged(&fixture, "NextQuorumVerifier is initiated to null"));
    free(next);
    fixture_done(&fixture);
}

static void a_relative_directory_is_warned_about(void **state)
{
    (void)state;
    struct fixture relative = fixture_new();
    parse(&relative, "dataDir=var//zk/\n" LIMITS "server.1=h:1:2\nserver.2=h:1:2\n");
    assert_true(is_logged(&relative, "var/zk is relative. Prepend ./ to indicate that you're sure!"));
    fixture_done(&relative);

    struct fixture sure = fixture_new();
    parse(&sure, "dataDir=./var/zk\n" LIMITS "server.1=h:1:2\nserver.2=h:1:2\n");
    assert_false(is_logged(&sure, "is relative"));
    fixture_done(&sure);
}

static void a_bad_number_on_the_command_line_is_named(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    zk_settings_set(fixture.capture.ctx, "zookeeper.multiAddress.reachabilityCheckTimeoutMs", "1s");
    parse(&fixture, "");
    assert_int_equal(fixture.result, -EINVAL);
    assert_non_null(strstr(fixture.error, "For input string: \"1s\""));
    fixture_done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cfg_04_what_is_not_written_has_javas_default),
        cmocka_unit_test(every_served_key_reaches_its_field),
        cmocka_unit_test(cfg_04_a_minimum_alone_leaves_the_maximum),
        cmocka_unit_test(cfg_04_the_list_of_servers_decides_the_role),
        cmocka_unit_test(cfg_03_a_client_port_alone_listens_everywhere),
        cmocka_unit_test(cfg_03_a_bad_value_is_refused_in_javas_words_with_its_line),
        cmocka_unit_test(a_setting_that_changes_safety_is_refused),
        cmocka_unit_test(the_same_settings_switched_off_are_fine),
        cmocka_unit_test(read_only_mode_is_refused_on_the_command_line_too),
        cmocka_unit_test(a_key_without_use_warns_once),
        cmocka_unit_test(reconfig_is_taken_with_a_warning),
        cmocka_unit_test(unknown_keys_become_settings),
        cmocka_unit_test(several_addresses_need_the_setting_of_the_command_line),
        cmocka_unit_test(a_missing_data_directory_is_named_with_the_line_to_add),
        cmocka_unit_test(limits_must_be_set),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(cfg_03_a_server_alone_needs_standalone_off),
        cmocka_unit_test(cfg_03_observers_need_participants),
        cmocka_unit_test(cfg_03_groups_and_weights_make_a_hierarchy),
        cmocka_unit_test(poor_numbers_of_servers_are_warned_about),
        cmocka_unit_test(a_myid_is_read_as_java_reads_it),
        cmocka_unit_test(a_myid_with_a_zero_byte_is_not_a_number),
        cmocka_unit_test(a_myid_that_is_no_file_is_missing),
        cmocka_unit_test(cfg_02_a_client_port_on_the_own_election_port_is_refused),
        cmocka_unit_test(cfg_02_ports_that_do_not_meet_are_fine),
        cmocka_unit_test(a_client_port_in_the_server_line_clashes_too),
        cmocka_unit_test(a_static_client_port_is_kept_in_the_own_entry),
        cmocka_unit_test(client_addresses_of_both_places_must_agree),
        cmocka_unit_test(the_server_line_may_be_the_only_place_of_the_client_port),
        cmocka_unit_test(the_version_stands_in_the_name_of_the_dynamic_file),
        cmocka_unit_test(a_version_is_hex_after_the_last_dot),
        cmocka_unit_test(zoo_cfg_itself_may_hold_the_version),
        cmocka_unit_test(a_dynamic_file_holds_servers_only),
        cmocka_unit_test(with_a_dynamic_file_zoo_cfg_names_no_servers),
        cmocka_unit_test(a_next_file_is_the_last_seen_configuration),
        cmocka_unit_test(a_next_file_without_a_dynamic_file_is_not_read),
        cmocka_unit_test(a_bad_next_file_aborts_the_start_an_unreadable_one_does_not),
        cmocka_unit_test(a_relative_directory_is_warned_about),
        cmocka_unit_test(a_bad_number_on_the_command_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
