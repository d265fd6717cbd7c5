/* quorum_peer_config beyond the keys of zoo.cfg: myid, client ports, the dynamic file. */
#include "zk_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "config_fixture.h"
#include "ensemble/quorum_peer_config_internal.h"
#include "outside.h"
#include "zk/io/file.h"
#include "zk/runtime/settings.h"

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
        {"-1",
         "DIR/myid: myid file is missing; write the N of this server's line server.N into "
         "it",
         NULL, 0},
        {"2 ", NOT_A_NUMBER, "2 ", 0},
        {" 2", NOT_A_NUMBER, " 2", 0},
        {"\n2", NOT_A_NUMBER, "", 0},
        {"abc", NOT_A_NUMBER, "abc", 0},
        {"\xef\xbb\xbf"
         "2",
         "DIR/myid: serverid \\xEF\\xBB\\xBF2 is not a number; save the file as UTF-8 without the "
         "byte-order mark at its beginning",
         NULL, 0},
        {"12345678901234567890", NOT_A_NUMBER, "12345678901234567890", 0},
        {"", NOT_A_NUMBER, "null", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct config_fixture fixture = config_fixture_new();
        struct zk_str text = {0};
        zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s", CONFIG_THREE_SERVERS);
        config_fixture_write(&fixture, "myid", ROWS[i].content);

        config_fixture_parse(&fixture, zk_str_text(&text));

        zk_str_clear(&text);
        if (ROWS[i].error == NOT_A_NUMBER)
            zk_str_printf(&text,
                          "DIR/myid: serverid %s is not a number; write only the N of this "
                          "server's line server.N, without blanks",
                          ROWS[i].line);
        else if (ROWS[i].error != NULL)
            zk_str_append(&text, ROWS[i].error);
        if (ROWS[i].error == NULL) {
            config_fixture_must_succeed(&fixture);
            assert_true(fixture.config->my_id == ROWS[i].id);
        } else {
            assert_int_equal(fixture.result, -EINVAL);
            assert_string_equal(fixture.error, zk_str_text(&text));
        }
        zk_str_done(&text);
        config_fixture_done(&fixture);
    }
}

static void a_myid_with_a_zero_byte_is_not_a_number(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    struct zk_str text = {0};
    char *path = test_path(fixture.directory, "myid");
    assert_int_equal(file_write_atomic(path, "2\0\n", 3), 0);
    zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s", CONFIG_THREE_SERVERS);

    config_fixture_parse(&fixture, zk_str_text(&text));

    assert_int_equal(fixture.result, -EINVAL);
    assert_non_null(strstr(fixture.error, "is not a number"));
    free(path);
    zk_str_done(&text);
    config_fixture_done(&fixture);
}

static void a_myid_that_is_no_file_is_missing(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    struct zk_str text = {0};
    char *path = test_path(fixture.directory, "myid");
    assert_int_equal(file_make_directories(path), 0);
    zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s", CONFIG_THREE_SERVERS);

    config_fixture_parse(&fixture, zk_str_text(&text));

    assert_int_equal(fixture.result, -EINVAL);
    assert_non_null(strstr(fixture.error, "DIR/myid: myid file is missing; "));
    free(path);
    zk_str_done(&text);
    config_fixture_done(&fixture);
}

/* CFG-02 */
static void cfg_02_a_client_port_on_the_own_election_port_is_refused(void **state)
{
    static const struct config_refusal ROWS[] = {
        {"clientPort=3881",
         "8: clientPort=3881: client port 3881 is also the election port of server.1"},
        {"clientPort=3881\nclientPortAddress=127.0.0.1",
         "8: clientPort=3881: client port 3881 is also the election port of server.1"},
        {"clientPort=3881\nclientPortAddress=127.0.0.2\nquorumListenOnAllIPs=true",
         "8: clientPort=3881: client port 3881 is also the election port of server.1"},
    };
    (void)state;
    CONFIG_CHECK_REFUSALS(ROWS);
}

/* CFG-02 */
static void cfg_02_ports_that_do_not_meet_are_fine(void **state)
{
    static const char *const LINES[] = {
        "clientPort=3881\nclientPortAddress=127.0.0.2", /* another address of this machine */
        "clientPort=3882",                              /* another server's election port */
        "server.4=10.0.0.4:1:2;10.0.0.9:5\nserver.5=10.0.0.5:1:2;10.0.0.9:5",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        struct config_fixture fixture = config_fixture_read_with(LINES[i]);
        config_fixture_must_succeed(&fixture);
        config_fixture_done(&fixture);
    }
}

static void a_client_port_in_the_server_line_clashes_too(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "1");
    config_fixture_parse(&fixture, "dataDir=DIR\n" CONFIG_LIMITS
                                   "server.1=127.0.0.1:1:2;2\nserver.2=127.0.0.1:3:4\n");
    assert_string_equal(fixture.error, "DIR/zoo.cfg: client port 2 is also the election port of "
                                       "server.1; give each of the three its own port");
    config_fixture_done(&fixture);
}

/* CFG-02: the wildcard of the own line takes the port at every address. */
static void cfg_02_a_client_port_on_the_own_wildcard_is_refused(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "1");
    config_fixture_parse(&fixture,
                         "dataDir=DIR\n" CONFIG_LIMITS "clientPort=2\nclientPortAddress=127.0.0.1\n"
                         "server.1=0.0.0.0:1:2\nserver.2=127.0.0.1:3:4\n");
    assert_string_equal(fixture.error,
                        "DIR/zoo.cfg:5: clientPort=2: client port 2 is also the election port of "
                        "server.1; give each of the three its own port");
    config_fixture_done(&fixture);
}

static void a_static_client_port_is_kept_in_the_own_entry(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with("clientPort=2191\n");
    config_fixture_must_succeed(&fixture);
    const struct quorum_verifier *qv = fixture.config->quorum_verifier;
    assert_true(qv_member(qv, 1)->has_client_addr);
    assert_true(qv_member(qv, 1)->is_client_addr_from_static);
    assert_false(qv_member(qv, 2)->has_client_addr);
    assert_string_equal(qv_to_string(qv), "server.1=127.0.0.1:2881:3881:participant\n"
                                          "server.2=127.0.0.1:2882:3882:participant\n"
                                          "server.3=127.0.0.1:2883:3883:participant\nversion=0");
    config_fixture_done(&fixture);
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
        struct config_fixture fixture = config_fixture_new();
        struct zk_str text = {0};
        zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "server.2=127.0.0.1:3:4\n%s\n",
                      ROWS[i].lines);
        config_fixture_write(&fixture, "myid", "1");
        config_fixture_parse(&fixture, zk_str_text(&text));
        if (ROWS[i].words == NULL) {
            config_fixture_must_succeed(&fixture);
            assert_int_equal(fixture.config->client_port_address.port, 2191);
        } else if (fixture.result != -EINVAL || strstr(fixture.error, ROWS[i].words) == NULL) {
            fail_msg("%s: %s", ROWS[i].lines, fixture.error);
        }
        zk_str_done(&text);
        config_fixture_done(&fixture);
    }
}

static void the_server_line_may_be_the_only_place_of_the_client_port(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "1");
    config_fixture_parse(&fixture,
                         "dataDir=DIR\n" CONFIG_LIMITS
                         "server.1=127.0.0.1:1:2;127.0.0.1:2191\nserver.2=127.0.0.1:3:4;2192\n");
    config_fixture_must_succeed(&fixture);
    assert_true(fixture.config->has_client_port);
    assert_int_equal(fixture.config->client_port_address.port, 2191);
    assert_true(config_fixture_is_logged(&fixture, "clientPort is not set"));
    config_fixture_done(&fixture);
}

/* --- the dynamic file --- */

/* zoo.cfg that points to name, which holds text. */
static struct config_fixture read_dynamic(const char *name, const char *text, const char *next)
{
    struct config_fixture fixture = config_fixture_new();
    struct zk_str zoo_cfg = {0};
    zk_str_printf(&zoo_cfg, "dataDir=DIR\n" CONFIG_LIMITS "dynamicConfigFile=DIR/%s\n", name);
    config_fixture_write(&fixture, "myid", "1");
    if (text != NULL)
        config_fixture_write(&fixture, name, text);
    if (next != NULL)
        config_fixture_write(&fixture, "zoo.cfg.dynamic.next", next);
    config_fixture_parse(&fixture, zk_str_text(&zoo_cfg));
    zk_str_done(&zoo_cfg);
    return fixture;
}

static void the_version_stands_in_the_name_of_the_dynamic_file(void **state)
{
    static const struct {
        const char *name;
        int64_t version;
    } ROWS[] = {
        {"zoo.cfg.dynamic", 0}, {"zoo.cfg.dynamic.100000000", 0x100000000},
        {"x.cafe", 0xcafe},     {"zoo.cfg.dynamic.", 0},
        {"plain", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        /* The last line wants to be continued: the version must not become part of it. */
        struct config_fixture fixture =
            read_dynamic(ROWS[i].name, "server.2=h2:1:2\nserver.1=h:1:2:participant\\", NULL);
        config_fixture_must_succeed(&fixture);
        assert_true(fixture.config->quorum_verifier->version == ROWS[i].version);
        assert_int_equal(fixture.config->quorum_verifier->member_count, 2);
        config_fixture_done(&fixture);
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
    struct config_fixture fixture = config_fixture_read_with("version=1f\n");
    config_fixture_must_succeed(&fixture);
    assert_true(fixture.config->quorum_verifier->version == 0x1f);
    config_fixture_done(&fixture);
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
        struct config_fixture fixture = read_dynamic("zoo.dyn", ROWS[i].text, NULL);
        assert_int_equal(fixture.result, -EINVAL);
        if (strncmp(fixture.error, ROWS[i].error, strlen(ROWS[i].error)) != 0)
            fail_msg("%s: %s", ROWS[i].text, fixture.error);
        config_fixture_done(&fixture);
    }
}

/* Java reads a lone backslash at the end as a key without a letter, also where the version is added
 * from the file's name. */
static void the_version_of_the_name_does_not_hide_a_lone_backslash(void **state)
{
    static const char *const NAMES[] = {"plain", "zoo.dyn.5"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct config_fixture fixture = read_dynamic(NAMES[i], "server.1=h:1:2\n\\", NULL);
        assert_int_equal(fixture.result, -EINVAL);
        assert_non_null(strstr(fixture.error, ":2: =: Unrecognised parameter: ; "));
        config_fixture_done(&fixture);
    }
}

static int32_t tick_time_of(const char *lines)
{
    struct config_fixture fixture = config_fixture_read_with(lines);
    config_fixture_must_succeed(&fixture);
    int32_t tick_time_ms = fixture.config->tick_time_ms;
    config_fixture_done(&fixture);
    return tick_time_ms;
}

/* Which of the two wins is the same as in Java: see tests/process/interop/configurations.py. */
static void of_keys_that_differ_in_blanks_alone_the_order_in_the_file_chooses_none(void **state)
{
    static const char *const PAIRS[][2] = {
        {"tickTime=1500\n\\ tickTime=1234\n", "\\ tickTime=1234\ntickTime=1500\n"},
        {"tickTime\\ =1500\n\\ tickTime=1234\n", "\\ tickTime=1234\ntickTime\\ =1500\n"},
        {"tickTime=1500\n\\ttickTime\\ =1234\n", "\\ttickTime\\ =1234\ntickTime=1500\n"},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(tick_time_of(PAIRS[i][0]), tick_time_of(PAIRS[i][1]));
}

static void with_a_dynamic_file_zoo_cfg_names_no_servers(void **state)
{
    static const struct config_refusal ROWS[] = {
        {"dynamicConfigFile=/x",
         "5: server.1=127.0.0.1:2881:3881: parameter: server.1 must be in a separate dynamic "
         "config file"},
    };
    (void)state;
    CONFIG_CHECK_REFUSALS(ROWS);
}

/* D-32 */
static void a_next_file_is_the_last_seen_configuration(void **state)
{
    (void)state;
    struct config_fixture fixture =
        read_dynamic("zoo.cfg.dynamic.5", "server.1=h:1:2\nserver.2=h2:1:2\n",
                     "server.1=h:1:2\nserver.2=h2:1:2\nserver.3=h3:1:2\nversion=6\n");
    char *next = test_path(fixture.directory, "zoo.cfg.dynamic.next");

    config_fixture_must_succeed(&fixture);
    assert_true(fixture.config->quorum_verifier->version == 5);
    assert_non_null(fixture.config->last_seen_quorum_verifier);
    assert_true(fixture.config->last_seen_quorum_verifier->version == 6);
    assert_int_equal(fixture.config->last_seen_quorum_verifier->member_count, 3);
    assert_true(file_exists(next));
    free(next);
    config_fixture_done(&fixture);
}

/* As in Java: the oracle breaks a tie of the committed configuration, never one of the next. */
static void the_oracle_is_not_asked_about_the_next_configuration(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "1");
    config_fixture_write(&fixture, "zoo.cfg.dynamic.next",
                         "server.1=h:1:2\nserver.2=h2:1:2\nversion=6\n");
    config_fixture_parse(&fixture, "dataDir=DIR\n" CONFIG_LIMITS "oraclePath=DIR/oracle\n"
                                   "server.1=h:1:2\nserver.2=h2:1:2\n");

    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->quorum_verifier->kind, QUORUM_ORACLE_MAJ);
    assert_int_equal(fixture.config->last_seen_quorum_verifier->kind, QUORUM_MAJ);
    config_fixture_done(&fixture);
}

static struct config_fixture read_static_with_next(const char *next)
{
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "1");
    config_fixture_write(&fixture, "zoo.cfg.dynamic.next", next);
    config_fixture_parse(&fixture, "dataDir=DIR\n" CONFIG_LIMITS CONFIG_THREE_SERVERS);
    config_fixture_must_succeed(&fixture);
    return fixture;
}

/* D-97: that is where this peer keeps the version of a NEWLEADER that it has acknowledged. */
static void a_next_file_beside_a_static_file_is_the_last_seen_configuration(void **state)
{
    (void)state;
    struct config_fixture fixture =
        read_static_with_next("server.1=h:1:2\nserver.2=h2:1:2\nversion=100000000");
    assert_non_null(fixture.config->last_seen_quorum_verifier);
    assert_true(fixture.config->last_seen_quorum_verifier->version == 0x100000000);
    config_fixture_done(&fixture);
}

/* Java, which does not read it, starts. */
static void a_bad_next_file_beside_a_static_file_does_not_abort_the_start(void **state)
{
    (void)state;
    struct config_fixture fixture = read_static_with_next("server.x=\n");
    assert_null(fixture.config->last_seen_quorum_verifier);
    config_fixture_done(&fixture);
}

static void a_bad_next_file_aborts_the_start_an_unreadable_one_does_not(void **state)
{
    static const char SERVER_LINES[] = "server.1=h:1:2\nserver.2=h2:1:2\n";
    (void)state;
    struct config_fixture bad = read_dynamic("zoo.dyn", SERVER_LINES, "server.x=h:1:2\n");
    assert_string_equal(bad.error != NULL ? bad.error : "none",
                        "DIR/zoo.cfg.dynamic.next:1: server.x=h:1:2: For input string: \"x\"; "
                        "write server.N=host:quorumPort:electionPort[:participant|observer]"
                        "[;[host:]clientPort], ports from 0 to 65535, and put each participant "
                        "into one group if there are groups; several addresses need "
                        "-Dzookeeper.multiAddress.enabled=true");
    config_fixture_done(&bad);

    struct config_fixture fixture = config_fixture_new();
    char *next = test_path(fixture.directory, "zoo.cfg.dynamic.next");
    assert_int_equal(file_make_directories(next), 0); /* a directory cannot be read */
    config_fixture_write(&fixture, "myid", "1");
    config_fixture_write(&fixture, "zoo.dyn", SERVER_LINES);
    config_fixture_parse(&fixture, "dataDir=DIR\n" CONFIG_LIMITS "dynamicConfigFile=DIR/zoo.dyn\n");
    config_fixture_must_succeed(&fixture);
    assert_null(fixture.config->last_seen_quorum_verifier);
    assert_true(config_fixture_is_logged(&fixture, "NextQuorumVerifier is initiated to null"));
    free(next);
    config_fixture_done(&fixture);
}

static void a_relative_directory_is_warned_about(void **state)
{
    (void)state;
    struct config_fixture relative = config_fixture_new();
    config_fixture_parse(&relative,
                         "dataDir=var//zk/\n" CONFIG_LIMITS "server.1=h:1:2\nserver.2=h2:1:2\n");
    assert_true(config_fixture_is_logged(
        &relative, "var/zk is relative. Prepend ./ to indicate that you're sure!"));
    config_fixture_done(&relative);

    struct config_fixture sure = config_fixture_new();
    config_fixture_parse(&sure,
                         "dataDir=./var/zk\n" CONFIG_LIMITS "server.1=h:1:2\nserver.2=h2:1:2\n");
    assert_false(config_fixture_is_logged(&sure, "is relative"));
    config_fixture_done(&sure);
}

static void a_bad_number_on_the_command_line_is_named(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    zk_settings_set(fixture.capture.ctx, "zookeeper.multiAddress.reachabilityCheckTimeoutMs", "1s");
    config_fixture_parse(&fixture, "");
    assert_int_equal(fixture.result, -EINVAL);
    assert_non_null(strstr(fixture.error, "For input string: \"1s\""));
    config_fixture_done(&fixture);
}

static void a_time_in_zoo_cfg_that_cannot_be_waited_for_is_refused(void **state)
{
    (void)state;
    static const struct config_refusal rows[] = {
        {"tickTime=-1\nminSessionTimeout=1\nmaxSessionTimeout=2\n",
         "8: tickTime=-1: tickTime must not be -1"},
        {"initLimit=-1\n", "8: initLimit=-1: initLimit must not be -1"},
        {"syncLimit=-5\n", "8: syncLimit=-5: syncLimit must not be -5"},
        {"initLimit=1100000\n",
         "8: initLimit=1100000: initLimit times tickTime is more than 2147483647 milliseconds"},
        {"syncLimit=1100000\n",
         "8: syncLimit=1100000: syncLimit times tickTime is more than 2147483647 milliseconds"},
        {"connectToLearnerMasterLimit=1100000\n",
         "8: connectToLearnerMasterLimit=1100000: connectToLearnerMasterLimit times tickTime is "
         "more than 2147483647 milliseconds"},
        {"multiAddress.reachabilityCheckTimeoutMs=0\n",
         "8: multiAddress.reachabilityCheckTimeoutMs=0: "
         "multiAddress.reachabilityCheckTimeoutMs must not be 0"},
        {"cnxTimeout=-1\n", "8: cnxTimeout=-1: -1 is no time to wait"},
        {"leaderConnectDelayDuringRetryMs=-1\n",
         "8: leaderConnectDelayDuringRetryMs=-1: -1 is no time to wait"},
        {"fastleader.minNotificationInterval=0\n",
         "8: fastleader.minNotificationInterval=0: 0 is no time to wait"},
        {"fastleader.maxNotificationInterval=-200\n",
         "8: fastleader.maxNotificationInterval=-200: -200 is no time to wait"},
        {"request_throttle_stall_time=-1\n",
         "8: request_throttle_stall_time=-1: -1 is no time to wait"},
        {"request_throttler.shutdownTimeout=-1\n",
         "8: request_throttler.shutdownTimeout=-1: -1 is no time to wait"},
        {"nio.sessionlessCnxnTimeout=0\n", "8: nio.sessionlessCnxnTimeout=0: 0 is no time to wait"},
    };
    CONFIG_CHECK_REFUSALS(rows);
}

static void a_time_of_the_command_line_that_cannot_be_waited_for_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *value;
        const char *refusal;
    } rows[] = {
        {"zookeeper.cnxTimeout", "-0x10",
         "command line: -Dzookeeper.cnxTimeout=-0x10: -16 is no time to wait"},
        {"znode.container.checkIntervalMs", "0",
         "command line: -Dznode.container.checkIntervalMs=0: 0 is no time to wait"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config_fixture fixture = config_fixture_new();
        config_fixture_write(&fixture, "myid", "1");
        zk_settings_set(fixture.capture.ctx, rows[i].key, rows[i].value);
        config_fixture_parse(&fixture, "dataDir=DIR\n" CONFIG_LIMITS CONFIG_THREE_SERVERS);
        assert_int_equal(fixture.result, -EINVAL);
        assert_non_null(strstr(fixture.error, rows[i].refusal));
        config_fixture_done(&fixture);
    }
}

static void the_longest_time_that_java_can_count_is_taken(void **state)
{
    (void)state;
    struct config_fixture fixture =
        config_fixture_read_with("tickTime=1\ninitLimit=2147483647\nsyncLimit=2147483647\n");
    config_fixture_must_succeed(&fixture);
    config_fixture_done(&fixture);
}

static void a_time_of_0_or_less_that_means_something_in_java_is_taken(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with(
        "cnxTimeout=0\nleaderConnectDelayDuringRetryMs=0\nquorumCnxnTimeoutMs=-1\n"
        "leader.maxTimeToWaitForEpoch=-1\nobserver.election.DelayMs=-1\n"
        "connectToLearnerMasterLimit=-1\n");
    config_fixture_must_succeed(&fixture);
    config_fixture_done(&fixture);
}

#define NOT_AVAILABLE " is not available"
#define NAME_ONE                                                                                   \
    "zookeeper.enforce.auth.enabled is true, zookeeper.enforce.auth.schemes must be configured"

/* D-311 */
static void schemes_that_no_client_can_have_are_refused(void **state)
{
    (void)state;
    static const struct config_refusal rows[] = {
        {"enforce.auth.enabled=true\nenforce.auth.schemes=sasl\n",
         "9: enforce.auth.schemes=sasl: Authentication scheme sasl" NOT_AVAILABLE},
        {"enforce.auth.schemes= digest , x509,\nenforce.auth.enabled=TRUE\n",
         "8: enforce.auth.schemes=digest , x509,: Authentication scheme x509" NOT_AVAILABLE},
        {"enforce.auth.schemes=\nenforce.auth.enabled=true\n",
         "8: enforce.auth.schemes=: Authentication scheme " NOT_AVAILABLE},
        {"enforce.auth.schemes=digest\nenforce.auth.enabled=true\n"
         "DigestAuthenticationProvider.enabled=false\n",
         "8: enforce.auth.schemes=digest: Authentication scheme digest" NOT_AVAILABLE},
        {"enforce.auth.schemes=,\nenforce.auth.enabled=true\n",
         "8: enforce.auth.schemes=,: " NAME_ONE},
        {"enforce.auth.enabled=true\n", "8: enforce.auth.enabled=true: " NAME_ONE},
    };
    CONFIG_CHECK_REFUSALS(rows);
}

/* D-311 */
static void schemes_of_the_command_line_that_no_client_can_have_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *schemes; /* NULL: none */
        const char *refusal;
    } rows[] = {
        {"sasl", "command line: -Dzookeeper.enforce.auth.schemes=sasl: Authentication scheme "
                 "sasl" NOT_AVAILABLE "; write digest, the only scheme that a client of zkpeer can "
                 "prove (every client has the other one, ip)"},
        {NULL, "command line: -Dzookeeper.enforce.auth.enabled=true: " NAME_ONE
               "; name one: enforce.auth.schemes=digest, or remove this"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config_fixture fixture = config_fixture_new();
        config_fixture_write(&fixture, "myid", "1");
        zk_settings_set(fixture.capture.ctx, "zookeeper.enforce.auth.enabled", "true");
        if (rows[i].schemes != NULL)
            zk_settings_set(fixture.capture.ctx, "zookeeper.enforce.auth.schemes", rows[i].schemes);
        config_fixture_parse(&fixture, "dataDir=DIR\n" CONFIG_LIMITS CONFIG_THREE_SERVERS);
        assert_int_equal(fixture.result, -EINVAL);
        assert_string_equal(fixture.error, rows[i].refusal);
        config_fixture_done(&fixture);
    }
}

static void schemes_that_a_client_can_have_or_need_not_have_are_taken(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "enforce.auth.enabled=true\nenforce.auth.schemes=digest\n",
        "enforce.auth.enabled=true\nenforce.auth.schemes= ip , digest,,\n",
        "enforce.auth.enabled=false\nenforce.auth.schemes=sasl\n",
        "enforce.auth.schemes=sasl\n",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        struct config_fixture fixture = config_fixture_read_with(LINES[i]);
        config_fixture_must_succeed(&fixture);
        config_fixture_done(&fixture);
    }
}

/* It is only wrong where it is used: Java's server alone does not read it either. */
static void a_server_alone_is_only_warned_of_a_wrong_cnx_timeout(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_parse(&fixture, "dataDir=DIR\ncnxTimeout=soon\n");
    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->warnings.count, 1);
    assert_non_null(strstr(fixture.config->warnings.items[0],
                           "/zoo.cfg:2: cnxTimeout=soon has no effect: it is not a whole number, "
                           "and a server alone does not use it; write a whole number in digits, "
                           "or remove it"));
    config_fixture_done(&fixture);
}

/* "A whole number in digits" is what they have written. */
static void who_writes_too_large_a_number_is_told_the_range(void **state)
{
    static const struct {
        const char *line;
        const char *advice;
    } ROWS[] = {
        {"maxClientCnxns=2147483648", "write a number from -2147483648 to 2147483647"},
        {"tickTime=-99999999999999999999", "write a number from -2147483648 to 2147483647"},
        {"cnxTimeout=+2147483648", "write a number from -2147483648 to 2147483647"},
        {"jvm.pause.sleep.time.ms=9223372036854775808",
         "write a number from -9223372036854775808 to 9223372036854775807"},
        {"maxClientCnxns=-", "write a whole number in digits"},
        {"maxClientCnxns=99999999999k", "write a whole number in digits"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct config_fixture fixture = config_fixture_read_with(ROWS[i].line);
        assert_int_equal(fixture.result, -EINVAL);
        assert_string_equal(strrchr(fixture.error, ';') + 2, ROWS[i].advice);
        config_fixture_done(&fixture);
    }
}

static void an_address_of_an_admin_server_that_is_off_is_not_looked_up(void **state)
{
    (void)state;
    struct config_fixture fixture =
        config_fixture_read_with("admin.enableServer=false\nadmin.serverAddress=nosuch.invalid\n");
    config_fixture_must_succeed(&fixture);
    assert_false(fixture.config->admin_address_is_unknown);
    assert_int_equal(fixture.config->warnings.count, 0);
    config_fixture_done(&fixture);
}

static void what_is_refused_if_it_is_true_counts_as_false_if_it_is_another_word(void **state)
{
    static const char *const WARNINGS[] = {
        "8: sessionRequireClientSASLAuth=no counts as false",
        "9: client.portUnification= counts as false",
        "10: commitLogCount=0x400 has no effect: it is not a whole number, so the default holds",
    };
    (void)state;
    struct config_fixture fixture = config_fixture_read_with(
        "sessionRequireClientSASLAuth=no\nclient.portUnification=\ncommitLogCount=0x400\n");
    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->warnings.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(fixture.config->warnings.items[i], WARNINGS[i]));
    config_fixture_done(&fixture);
}

static void snappy_is_refused_where_its_library_is_missing(void **state)
{
    static const struct config_refusal ROWS[] = {
        {"snapshot.compression.method=Snappy",
         "8: snapshot.compression.method=Snappy: libsnappy is not on this machine"},
    };
    (void)state;
    struct config_fixture fixture = config_fixture_read_with("snapshot.compression.method=Snappy");
    config_fixture_must_succeed(&fixture);
    assert_false(config_fixture_is_logged(&fixture, "has no effect"));
    config_fixture_done(&fixture);
    outside_fail(OUTSIDE_DLOPEN, ENOENT, 0, OUTSIDE_FOR_EVER);
    CONFIG_CHECK_REFUSALS(ROWS);
}

/* CFG-03, D-316. Java: ServerIdTest */
static void ids_that_would_make_sessions_look_like_ttl_nodes_are_refused(void **state)
{
    static const struct config_refusal ROWS[] = {
        {"extendedTypesEnabled=true\nserver.255=127.0.0.1:2884:3884",
         "9: server.255=127.0.0.1:2884:3884: with extendedTypesEnabled=true the sessions of "
         "server.255 would have ids like the owners of nodes with a TTL"},
        {"server.511=127.0.0.1:2884:3884:observer\nextendedTypesEnabled=true",
         "8: server.511=127.0.0.1:2884:3884:observer: with extendedTypesEnabled=true the sessions "
         "of server.511 would have ids like the owners of nodes with a TTL"},
        {"extendedTypesEnabled=true\nemulate353TTLNodes=true\nserver.128=127.0.0.1:2884:3884",
         "10: server.128=127.0.0.1:2884:3884: with extendedTypesEnabled=true and "
         "emulate353TTLNodes=true the sessions of server.128 would have ids like the owners of "
         "nodes with a TTL"},
    };
    static const char *const OTHERS[] = {
        "server.255=127.0.0.1:2884:3884",
        "extendedTypesEnabled=true\nserver.254=127.0.0.1:2884:3884\nserver.256=127.0.0.1:2885:3885",
        "emulate353TTLNodes=true\nserver.255=127.0.0.1:2884:3884",
        "extendedTypesEnabled=true\nemulate353TTLNodes=true\nserver.127=127.0.0.1:2884:3884",
    };
    (void)state;
    CONFIG_CHECK_REFUSALS(ROWS);
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        struct config_fixture fixture = config_fixture_read_with(OTHERS[i]);
        config_fixture_must_succeed(&fixture);
        config_fixture_done(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_that_would_make_sessions_look_like_ttl_nodes_are_refused),
        cmocka_unit_test(a_time_in_zoo_cfg_that_cannot_be_waited_for_is_refused),
        cmocka_unit_test(a_time_of_the_command_line_that_cannot_be_waited_for_is_refused),
        cmocka_unit_test(schemes_that_no_client_can_have_are_refused),
        cmocka_unit_test(schemes_of_the_command_line_that_no_client_can_have_are_refused),
        cmocka_unit_test(schemes_that_a_client_can_have_or_need_not_have_are_taken),
        cmocka_unit_test(the_longest_time_that_java_can_count_is_taken),
        cmocka_unit_test(a_time_of_0_or_less_that_means_something_in_java_is_taken),
        cmocka_unit_test(a_myid_is_read_as_java_reads_it),
        cmocka_unit_test(a_myid_with_a_zero_byte_is_not_a_number),
        cmocka_unit_test(a_myid_that_is_no_file_is_missing),
        cmocka_unit_test(cfg_02_a_client_port_on_the_own_election_port_is_refused),
        cmocka_unit_test(cfg_02_ports_that_do_not_meet_are_fine),
        cmocka_unit_test(cfg_02_a_client_port_on_the_own_wildcard_is_refused),
        cmocka_unit_test(a_client_port_in_the_server_line_clashes_too),
        cmocka_unit_test(a_static_client_port_is_kept_in_the_own_entry),
        cmocka_unit_test(client_addresses_of_both_places_must_agree),
        cmocka_unit_test(the_server_line_may_be_the_only_place_of_the_client_port),
        cmocka_unit_test(the_version_stands_in_the_name_of_the_dynamic_file),
        cmocka_unit_test(a_version_is_hex_after_the_last_dot),
        cmocka_unit_test(zoo_cfg_itself_may_hold_the_version),
        cmocka_unit_test(a_dynamic_file_holds_servers_only),
        cmocka_unit_test(the_version_of_the_name_does_not_hide_a_lone_backslash),
        cmocka_unit_test(of_keys_that_differ_in_blanks_alone_the_order_in_the_file_chooses_none),
        cmocka_unit_test(with_a_dynamic_file_zoo_cfg_names_no_servers),
        cmocka_unit_test(a_next_file_is_the_last_seen_configuration),
        cmocka_unit_test(the_oracle_is_not_asked_about_the_next_configuration),
        cmocka_unit_test(a_next_file_beside_a_static_file_is_the_last_seen_configuration),
        cmocka_unit_test(a_bad_next_file_beside_a_static_file_does_not_abort_the_start),
        cmocka_unit_test(a_bad_next_file_aborts_the_start_an_unreadable_one_does_not),
        cmocka_unit_test(a_relative_directory_is_warned_about),
        cmocka_unit_test(a_bad_number_on_the_command_line_is_named),
        cmocka_unit_test(a_server_alone_is_only_warned_of_a_wrong_cnx_timeout),
        cmocka_unit_test(who_writes_too_large_a_number_is_told_the_range),
        cmocka_unit_test(an_address_of_an_admin_server_that_is_off_is_not_looked_up),
        cmocka_unit_test(what_is_refused_if_it_is_true_counts_as_false_if_it_is_another_word),
        cmocka_unit_test_teardown(snappy_is_refused_where_its_library_is_missing, outside_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
