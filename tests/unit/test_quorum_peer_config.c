#include "zk_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "config_fixture.h"
#include "zk/runtime/settings.h"

/* CFG-04 */
static void cfg_04_what_is_not_written_has_javas_default(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "2");
    config_fixture_parse(
        &fixture, "dataDir=DIR\ninitLimit=10\nsyncLimit=5\nserver.1=h:1:2\nserver.2=h2:1:2\n");

    config_fixture_must_succeed(&fixture);
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
    config_fixture_done(&fixture);
}

static void every_served_key_reaches_its_field(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with(
        "dataLogDir=DIR//log/\nclientPort=2191\nclientPortAddress=127.0.0.1\n"
        "clientPortListenBacklog=7\nmaxClientCnxns=8\nminSessionTimeout=9\nmaxSessionTimeout=+10\n"
        "connectToLearnerMasterLimit=11\nelectionAlg=3\nquorumListenOnAllIPs=TRUE\n"
        "syncEnabled=False\nstandaloneEnabled=false\nquorum.cnxn.threads.size=21\n"
        "multiAddress.enabled=true\nmultiAddress.reachabilityCheckEnabled=false\n"
        "multiAddress.reachabilityCheckTimeoutMs=12\noraclePath=/oracle  \npeerType=Participant\n");

    config_fixture_must_succeed(&fixture);
    const struct quorum_peer_config *config = fixture.config;
    char *log_dir = test_path(fixture.directory, "log");
    assert_string_equal(config->data_dir, fixture.directory);
    assert_string_equal(config->data_log_dir, log_dir);
    assert_true(config->has_client_port);
    assert_int_equal(config->client_port_address.port, 2191);
    assert_string_equal(inet_ip_text(&config->client_port_address).text, "127.0.0.1");
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
    config_fixture_done(&fixture);
}

/* CFG-04 */
static void cfg_04_a_minimum_alone_leaves_the_maximum(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with("minSessionTimeout=10000\n");
    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->min_session_timeout_ms, 10000);
    assert_int_equal(fixture.config->max_session_timeout_ms, 40000);
    config_fixture_done(&fixture);
}

/* CFG-04 */
static void cfg_04_the_list_of_servers_decides_the_role(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "3");
    config_fixture_parse(&fixture, "dataDir=DIR\n" CONFIG_LIMITS "server.1=h:1:2\nserver.2=h2:1:2\n"
                                   "server.3=h3:1:2:observer\n");

    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->peer_type, LEARNER_TYPE_OBSERVER);
    assert_true(config_fixture_is_logged(
        &fixture, "Peer type from servers list (OBSERVER) doesn't match peerType "
                  "(PARTICIPANT). Defaulting to servers list."));
    config_fixture_done(&fixture);
}

/* CFG-03 */
static void cfg_03_a_client_port_alone_listens_everywhere(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with("clientPort=2191\n");
    config_fixture_must_succeed(&fixture);
    assert_true(inet_address_is_wildcard(&fixture.config->client_port_address));
    assert_true(config_fixture_is_logged(&fixture, "clientPortAddress is 0.0.0.0:2191"));
    config_fixture_done(&fixture);
}

/* CFG-03; the lines of read_with are 7, so the line at fault is the eighth. */
static void cfg_03_a_bad_value_is_refused_in_javas_words_with_its_line(void **state)
{
    static const struct config_refusal ROWS[] = {
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
        {"electionAlg=0", "8: electionAlg=0: Invalid electionAlg value. Only 3 is supported."},
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
        {"group.1=1:3", "6: server.2=127.0.0.1:2882:3882: Server 2is not in a group"},
        {"weight.1=", "8: weight.1=: For input string: \"\""},
        {"cnxTimeout=soon", "8: cnxTimeout=soon: For input string: \"soon\""},
        {"foo=\\u12", "8: Malformed \\uxxxx encoding."},
    };
    (void)state;
    CONFIG_CHECK_REFUSALS(ROWS);
}

/* D-28: what we do not serve and what would be missed. */
static void a_setting_that_changes_safety_is_refused(void **state)
{
    static const struct config_refusal ROWS[] = {
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
         "8: readonlymode.enabled=true: read-only mode is an option of the command line"},
        {"sessionRequireClientSASLAuth=true",
         "8: sessionRequireClientSASLAuth=true: authentication "
         "of clients is not served by zkpeer"},
        {"metricsProvider.httpPort=65536",
         "8: metricsProvider.httpPort=65536: 65536 is not a port"},
        {"DigestAuthenticationProvider.digestAlg=SHA-512",
         "8: DigestAuthenticationProvider.digestAlg=SHA-512: the hash SHA-512 is not served by "
         "zkpeer"},
        {"DigestAuthenticationProvider.digestAlg=",
         "8: DigestAuthenticationProvider.digestAlg=: the hash  is not served by zkpeer"},
        {"client.secure=true", "8: client.secure=true: TLS for clients is not served by zkpeer"},
        {"client.portUnification=true",
         "8: client.portUnification=true: TLS for clients is not served by zkpeer"},
    };
    (void)state;
    CONFIG_CHECK_REFUSALS(ROWS);
}

static void the_same_settings_switched_off_are_fine(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with(
        "sslQuorum=false\nportUnification=False\nquorum.auth.enableSasl=false\n"
        "quorum.auth.serverRequireSasl=false\nquorum.auth.learnerRequireSasl=false\n"
        "observerMasterPort=0\nsecureClientPort=0\nreadonlymode.enabled=false\n"
        "admin.enableServer=false\nforceSync=yes\nsnapshot.compression.method=\n"
        "localSessionsEnabled=false\nautopurge.purgeInterval=0\n"
        "autopurge.snapRetainCount=3\njvm.pause.monitor=false\n");
    config_fixture_must_succeed(&fixture);
    assert_false(config_fixture_is_logged(&fixture, "WARN"));
    config_fixture_done(&fixture);
}

static void a_purge_keeps_three_snapshots_at_least(void **state)
{
    (void)state;
    struct config_fixture fixture =
        config_fixture_read_with("autopurge.purgeInterval=12\nautopurge.snapRetainCount=1\n");
    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->snap_retain_count, 3);
    assert_int_equal(fixture.config->purge_interval_hours, 12);
    assert_true(config_fixture_is_logged(&fixture,
                                         "Invalid autopurge.snapRetainCount: 1. Defaulting to 3"));
    config_fixture_done(&fixture);
}

static void read_only_mode_is_an_option_of_the_command_line(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    zk_settings_set(fixture.capture.ctx, "readonlymode.enabled", "true");
    config_fixture_write(&fixture, "myid", "1");
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s", CONFIG_THREE_SERVERS);

    config_fixture_parse(&fixture, zk_str_text(&text));

    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->warnings.count, 0);
    zk_str_done(&text);
    config_fixture_done(&fixture);
}

static void a_key_without_use_warns_once(void **state)
{
    static const char *const LINES[] = {
        "sslQuorumReloadCertFiles=true",
        "quorum.auth.learner.saslLoginContext=Other",
        "jvm.pause.monitor=true",
        "jvm.pause.warn-threshold.ms=10",
        "metricsProvider.mtls.port=7000",
        "maxResponseCacheSize=1000",
        "jmx.enabled=true",
        "ssl.quorum.keyStore.location=/keys",
        "authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
        "admin.needClientAuth=true",
        "maxResponseCacheSize=5",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        struct config_fixture fixture = config_fixture_read_with(LINES[i]);
        config_fixture_must_succeed(&fixture);
        char *log = test_captured_log(&fixture.capture);
        const char *first = strstr(log, " has no effect: ");
        struct zk_str line = {0};
        zk_str_printf(&line, "zoo.cfg:8: %s has no effect: not served by zkpeer yet; ", LINES[i]);
        if (first == NULL || strstr(first + 1, " has no effect: ") != NULL ||
            strstr(log, zk_str_text(&line)) == NULL || fixture.config->warnings.count != 1)
            fail_msg("%s: %s", LINES[i], log);
        zk_str_done(&line);
        free(log);
        config_fixture_done(&fixture);
    }
}

static void settings_that_work_are_not_warned_of(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with(
        "admin.enableServer=true\nadmin.serverPort=0\nadmin.serverAddress=127.0.0.1\n"
        "admin.idleTimeout=1000\nadmin.commandURL=/ask\ncommitProcessor.maxCommitBatchSize=5\n"
        "commitProcessor.maxReadBatchSize=5\ncommitProcessor.numWorkerThreads=2\n"
        "DigestAuthenticationProvider.enabled=false\nlargeRequestMaxBytes=5\n"
        "largeRequestThreshold=5\nmaxWriteQueuePollTime=5\nsnapshot.compression.method=GZ\n");
    config_fixture_must_succeed(&fixture);
    assert_false(config_fixture_is_logged(&fixture, "has no effect"));
    config_fixture_done(&fixture);
}

struct hint {
    const char *line;
    const char *words; /* behind "zoo.cfg:8: " */
};

static void expect_hints(const struct hint *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct config_fixture fixture = config_fixture_read_with(rows[i].line);
        struct zk_str expected = {0};
        config_fixture_must_succeed(&fixture);
        zk_str_printf(&expected, "/zoo.cfg:8: %s", rows[i].words);
        if (fixture.config->warnings.count != 1 ||
            strstr(fixture.config->warnings.items[0], zk_str_text(&expected)) == NULL)
            fail_msg("%s: %zu: %s", rows[i].line, fixture.config->warnings.count,
                     fixture.config->warnings.count > 0 ? fixture.config->warnings.items[0] : "");
        assert_true(config_fixture_is_logged(&fixture, rows[i].words));
        assert_false(fixture.config->has_mistake);
        zk_str_done(&expected);
        config_fixture_done(&fixture);
    }
}

#define UNKNOWN " has no effect: neither zkpeer nor Java 3.8.0 knows this key; "

static void an_unknown_key_is_warned_of_with_the_nearest_known_one(void **state)
{
    static const struct hint ROWS[] = {
        {"ticktime=2000", "ticktime=2000" UNKNOWN "did you mean tickTime?"},
        {"TickTime=2000", "TickTime=2000" UNKNOWN "did you mean tickTime?"},
        {"Server.2=h:1:2", "Server.2=h:1:2" UNKNOWN "did you mean server.N?"},
        {"server2=h:1:2", "server2=h:1:2" UNKNOWN "did you mean server.N?"},
        {"init_limit=10", "init_limit=10" UNKNOWN "did you mean initLimit?"},
        {"4lw.command.whitelist=*",
         "4lw.command.whitelist=*" UNKNOWN "did you mean 4lw.commands.whitelist?"},
        {"nothingLikeThat=7", "nothingLikeThat=7" UNKNOWN "remove it"},
        {"some words without sense", "some=words without sense" UNKNOWN
                                     "this line is not key=value: remove it, or put a # before it"},
        {"jute.maxbuffer=100", "jute.maxbuffer=100 has no effect: the same line has no effect in "
                               "Java; give it on the command line: -Djute.maxbuffer=100"},
        {"admin.serverPort=65536",
         "admin.serverPort=65536 has no effect: it is not a port, so the default holds; "
         "write a number from 0 to 65535"},
        {"metricsProvider.className=org.Other",
         "metricsProvider.className=org.Other has no effect: zkpeer has no such metrics provider; write "
         "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider, or remove it"},
        {"metricsProvider.exportJvmInfo=true",
         "metricsProvider.exportJvmInfo=true has no effect: zkpeer has no JVM to tell of; remove it"},
        {"digest.enabled=yes",
         "digest.enabled=yes counts as false: it is neither true nor false; write true or false"},
        {"forceSync=false", "forceSync=false has no effect: it is neither yes nor no, so the "
                            "default holds; write yes or no"},
        {"snapshot.compression.method=zip",
         "snapshot.compression.method=zip has no effect: nobody can pack like that, so snapshots "
         "are not packed; write gz or snappy, or remove it"},
        {"admin.serverAddress=nosuch.invalid",
         "admin.serverAddress=nosuch.invalid has no effect: this name is not known here now, so no "
         "admin server can listen; write an address of this machine, or a name that it knows"},
        {"admin.commandURL=look",
         "admin.commandURL=look has no effect: no request can ask for it; write a path that begins "
         "with a slash, such as /commands"},
        {"snapCount=many", "snapCount=many has no effect: it is not a whole number, so the default "
                           "holds; write a whole number in digits"},
        {"quorumCnxnTimeoutMs=soon",
         "quorumCnxnTimeoutMs=soon has no effect: it is not a whole "
         "number, so the default holds; write a whole number in digits"},
        {"snapCount=10000000000",
         "snapCount=10000000000 has no effect: it is too large or too small, so the default holds; "
         "write a number from -2147483648 to 2147483647"},
        {"snapshotSizeFactor=1.01",
         "snapshotSizeFactor=1.01 has no effect: it is not a number up to 1, so the default "
         "holds; write a number such as 0.33"},
    };
    (void)state;
    expect_hints(ROWS, sizeof ROWS / sizeof *ROWS);
}

static struct config_fixture read_with_option(const char *key, const char *value)
{
    struct config_fixture fixture = config_fixture_new();
    struct zk_str text = {0};
    zk_settings_set(fixture.capture.ctx, key, value);
    config_fixture_write(&fixture, "myid", "1");
    zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s", CONFIG_THREE_SERVERS);
    config_fixture_parse(&fixture, zk_str_text(&text));
    zk_str_done(&text);
    return fixture;
}

static void an_option_without_effect_is_warned_of(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        const char *warning;
    } ROWS[] = {
        {"zookeeper.maxResponseCacheSize", "7",
         "-Dzookeeper.maxResponseCacheSize=7 has no effect: not served by zkpeer yet; remove it"},
        {"zookeeper.cnxTimeuot", "7",
         "-Dzookeeper.cnxTimeuot=7" UNKNOWN "did you mean cnxTimeout?"},
        {"cnxTimeout", "7",
         "-DcnxTimeout=7 has no effect: its name lacks \"zookeeper.\"; write "
         "-Dzookeeper.cnxTimeout"},
        {"zookeeper.tickTime", "7",
         "-Dzookeeper.tickTime=7 has no effect: it is a key of zoo.cfg; "
         "write it there: tickTime=7"},
        {"java.net.preferIPv4Stack", "true",
         "-Djava.net.preferIPv4Stack=true has no effect: zkpeer "
         "is no Java program; remove it"},
        {"readonlymode.enabled", "",
         "-Dreadonlymode.enabled= counts as false: it is neither true nor false; write true or "
         "false"},
        {"zookeeper.enforceQuota", "TRUE", NULL},
        {"zookeeper.skipACL", "no", NULL},
        {"zookeeper.cnxTimeout", "0", NULL},
        {"zookeeper.snapCount", "1000", NULL},
        {"jute.maxbuffer", "100", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct config_fixture fixture = read_with_option(ROWS[i].key, ROWS[i].value);
        config_fixture_must_succeed(&fixture);
        assert_int_equal(fixture.config->warnings.count, ROWS[i].warning == NULL ? 0 : 1);
        if (ROWS[i].warning != NULL)
            assert_string_equal(fixture.config->warnings.items[0], ROWS[i].warning);
        config_fixture_done(&fixture);
    }
}

static void an_option_that_changes_safety_or_makes_no_sense_is_refused(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        const char *error;
    } ROWS[] = {
        {"zookeeper.sslQuorum", "true",
         "command line: -Dzookeeper.sslQuorum=true: sslQuorum is not served by zkpeer; remove it, "
         "or run this server with Java"},
        {"zookeeper.connection_throttle_drop_increase", "a few",
         "command line: -Dzookeeper.connection_throttle_drop_increase=a few: For input string: \"a "
         "few\"; write a number such as 0.02"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct config_fixture fixture = read_with_option(ROWS[i].key, ROWS[i].value);
        assert_int_equal(fixture.result, -EINVAL);
        assert_string_equal(fixture.error, ROWS[i].error);
        config_fixture_done(&fixture);
    }
}

static void a_byte_order_mark_is_named_and_shown(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    struct zk_str text = {0};
    config_fixture_write(&fixture, "myid", "1");
    zk_str_printf(&text,
                  "\xef\xbb\xbftickTime=4000\ndataDir=DIR\n"
                  "initLimit=10\nsyncLimit=5\n%s",
                  CONFIG_THREE_SERVERS);

    config_fixture_parse(&fixture, zk_str_text(&text));

    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->tick_time_ms, 3000); /* as in Java */
    assert_true(fixture.config->has_mistake);
    assert_int_equal(fixture.config->warnings.count, 1);
    assert_true(config_fixture_is_logged(
        &fixture, "/zoo.cfg:1: \\xEF\\xBB\\xBFtickTime=4000 has no effect: the file begins with a "
                  "byte-order mark, which is part of this key; save the file as UTF-8 without that "
                  "mark"));
    zk_str_done(&text);
    config_fixture_done(&fixture);
}

static void a_file_in_utf_16_is_named(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_parse(&fixture, "\xff\xfe"
                                   "t");
    assert_int_equal(fixture.result, -EINVAL);
    assert_string_equal(
        fixture.error, "DIR/zoo.cfg: this file is UTF-16, in which no key can be found; save it as "
                       "UTF-8 without a byte-order mark");
    config_fixture_done(&fixture);
}

/* The first bad line in the file, wherever Java's hash table has it. */
static void of_several_bad_lines_the_first_is_named_and_blanks_are(void **state)
{
    static const struct config_refusal ROWS[] = {
        {"server.4=h4:1:2   \nserver.5=h5:1:2 \nserver.6=h6:1",
         "8: server.4=h4:1:2   : Address unresolved: h4:2   ; remove the 3 blanks at the end of the "
         "line"},
        {"server.6=h6:1\nserver.4=h4:1:2 ", "8: server.6=h6:1: h6:1 does not have the form"},
        {"maxClientCnxns=x\ninitLimit=y\ntickTime=z",
         "8: maxClientCnxns=x: For input string: \"x\""},
        {"tickTime=z\ninitLimit=y\nmaxClientCnxns=x", "8: tickTime=z: For input string: \"z\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct config_fixture fixture = config_fixture_read_with(ROWS[i].lines);
        assert_int_equal(fixture.result, -EINVAL);
        if (strstr(fixture.error, ROWS[i].error) == NULL)
            fail_msg("%s", fixture.error);
        config_fixture_done(&fixture);
    }
}

/* D-110 */
static void two_servers_cannot_listen_at_one_port(void **state)
{
    static const struct config_refusal ROWS[] = {
        {"server.4=127.0.0.1:2881:3884", "8: server.4=127.0.0.1:2881:3884: the quorum port of "
                                         "server.4 is also the quorum port of server.1"},
        {"server.4=127.0.0.1:2884:3883", "8: server.4=127.0.0.1:2884:3883: the election port of "
                                         "server.4 is also the election port of server.3"},
        {"server.4=127.0.0.1:3882:3884", "8: server.4=127.0.0.1:3882:3884: the quorum port of "
                                         "server.4 is also the election port of server.2"},
        {"server.4=H:1:2;5\nserver.5=h:3:4;2191\nserver.6=h:4:6",
         "10: server.6=h:4:6: the quorum port of server.6 is also the election port of server.5"},
    };
    (void)state;
    CONFIG_CHECK_REFUSALS(ROWS);
}

static void the_client_port_is_none_of_the_own_others(void **state)
{
    static const struct config_refusal ROWS[] = {
        {"clientPort=2881", "8: clientPort=2881: client port 2881 is also the quorum port of "
                            "server.1"},
        {"clientPort=3881", "8: clientPort=3881: client port 3881 is also the election port of "
                            "server.1"},
    };
    (void)state;
    CONFIG_CHECK_REFUSALS(ROWS);
}

static void reconfig_is_taken_with_a_warning(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with("reconfigEnabled=true\n");
    config_fixture_must_succeed(&fixture);
    assert_true(fixture.config->reconfig_enabled);
    assert_true(config_fixture_is_logged(&fixture, "a reconfiguration will not be applied"));
    config_fixture_done(&fixture);
}

static void unknown_keys_become_settings(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_read_with(
        "cnxTimeout=7000 \nfastleader.maxNotificationInterval=123\nTickTime=5\n");
    struct zk_context *ctx = fixture.capture.ctx;
    config_fixture_must_succeed(&fixture);
    assert_string_equal(zk_settings_get(ctx, "zookeeper.cnxTimeout"), "7000");
    assert_int_equal(
        zk_settings_get_integer(ctx, "zookeeper.fastleader.maxNotificationInterval", 0), 123);
    assert_string_equal(zk_settings_get(ctx, "zookeeper.TickTime"), "5");
    /* as in Java, the lines about servers too */
    assert_string_equal(zk_settings_get(ctx, "zookeeper.server.1"), "127.0.0.1:2881:3881");
    assert_null(zk_settings_get(ctx, "zookeeper.tickTime"));
    assert_int_equal(fixture.config->tick_time_ms, 2000);
    config_fixture_done(&fixture);
}

/* K-19 */
static void several_addresses_need_the_setting_of_the_command_line(void **state)
{
    static const char LINES[] = "multiAddress.enabled=true\n"
                                "server.4=127.0.0.1:1:2|127.0.0.2:3:4\n";
    (void)state;
    struct config_fixture refused = config_fixture_read_with(LINES);
    assert_int_equal(refused.result, -EINVAL);
    assert_non_null(strstr(refused.error, "Multiple address feature is disabled"));
    config_fixture_done(&refused);

    struct config_fixture fixture = config_fixture_new();
    struct zk_str text = {0};
    zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%sserver.4=127.0.0.1:1:2|127.0.0.2:3:4\n",
                  CONFIG_THREE_SERVERS);
    zk_settings_set(fixture.capture.ctx, "zookeeper.multiAddress.enabled", "true");
    config_fixture_write(&fixture, "myid", "4");
    config_fixture_parse(&fixture, zk_str_text(&text));
    config_fixture_must_succeed(&fixture);
    assert_true(fixture.config->multi_address_enabled);
    assert_int_equal(qv_member(fixture.config->quorum_verifier, 4)->addr.count, 2);
    zk_str_done(&text);
    config_fixture_done(&fixture);
}

/* The second address of a server counts as much as the first. */
static void ports_of_second_addresses_clash_as_well(void **state)
{
    static const struct {
        const char *lines;
        const char *words;
    } ROWS[] = {
        {"server.1=127.0.0.1:1:2|127.0.0.2:3:4\nserver.2=127.0.0.3:1:2|127.0.0.2:5:4\n",
         "the election port of server.2 is also the election port of server.1"},
        {"server.1=127.0.0.1:1:2|127.0.0.2:3:4\nserver.2=127.0.0.3:1:2|127.0.0.2:3:5\n",
         "the quorum port of server.2 is also the quorum port of server.1"},
        {"clientPort=4\nserver.1=127.0.0.1:1:2|127.0.0.2:3:4\nserver.2=127.0.0.3:1:2\n",
         "client port 4 is also the election port of server.1"},
        {"clientPort=3\nserver.1=127.0.0.1:1:2|127.0.0.2:3:4\nserver.2=127.0.0.3:1:2\n",
         "client port 3 is also the quorum port of server.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct config_fixture fixture = config_fixture_new();
        struct zk_str text = {0};
        zk_settings_set(fixture.capture.ctx, "zookeeper.multiAddress.enabled", "true");
        config_fixture_write(&fixture, "myid", "1");
        zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s", ROWS[i].lines);
        config_fixture_parse(&fixture, zk_str_text(&text));
        assert_int_equal(fixture.result, -EINVAL);
        if (strstr(fixture.error, ROWS[i].words) == NULL)
            fail_msg("%s", fixture.error);
        zk_str_done(&text);
        config_fixture_done(&fixture);
    }
}

static void a_missing_data_directory_is_named_with_the_line_to_add(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_parse(&fixture, CONFIG_LIMITS);
    assert_int_equal(fixture.result, -EINVAL);
    assert_string_equal(fixture.error, "DIR/zoo.cfg: dataDir is not set; add a line dataDir=/path");
    config_fixture_done(&fixture);
}

static void limits_must_be_set(void **state)
{
    (void)state;
    struct config_fixture fixture = config_fixture_new();
    config_fixture_write(&fixture, "myid", "1");
    config_fixture_parse(&fixture, "dataDir=DIR\nserver.1=h:1:2\nserver.2=h2:1:2\n");
    assert_non_null(strstr(fixture.error, "DIR/zoo.cfg: initLimit is not set; "));
    free(fixture.error);
    fixture.error = NULL;
    config_fixture_parse(&fixture, "dataDir=DIR\nserver.1=h:1:2\nserver.2=h2:1:2\ninitLimit=5\n");
    assert_non_null(strstr(fixture.error, "DIR/zoo.cfg: syncLimit is not set; "));
    config_fixture_done(&fixture);
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

/* CFG-03: what Java's isDistributed() says. No limit is needed for a server alone. */
static void cfg_03_one_server_or_none_is_alone_unless_standalone_is_off(void **state)
{
    (void)state;
    struct config_fixture none = config_fixture_new();
    config_fixture_parse(&none, "dataDir=DIR\nclientPort=2191\n");
    config_fixture_must_succeed(&none);
    assert_false(none.config->distributed);
    assert_int_equal(none.config->max_client_cnxns, 60);
    config_fixture_done(&none);

    struct config_fixture one = config_fixture_new();
    config_fixture_parse(&one, "dataDir=DIR\nserver.1=h:1:2\n");
    config_fixture_must_succeed(&one);
    assert_true(config_fixture_is_logged(
        &one, "Invalid configuration, only one server specified (ignoring)"));
    assert_false(one.config->distributed);
    config_fixture_done(&one);

    struct config_fixture ensemble_of_one = config_fixture_new();
    config_fixture_write(&ensemble_of_one, "myid", "1");
    config_fixture_parse(&ensemble_of_one,
                         "dataDir=DIR\n" CONFIG_LIMITS "server.1=h:1:2\nstandaloneEnabled=false\n");
    config_fixture_must_succeed(&ensemble_of_one);
    assert_true(ensemble_of_one.config->distributed);
    assert_true(config_fixture_is_logged(&ensemble_of_one, "No server failure will be tolerated."));
    config_fixture_done(&ensemble_of_one);
}

/* CFG-03 */
static void cfg_03_observers_need_participants(void **state)
{
    static const struct {
        const char *lines;
        const char *words;
    } ROWS[] = {
        {"server.1=h:1:2:observer", "Observers w/o participants is an invalid configuration"},
        {"server.1=h:1:2\nserver.2=h2:1:2:observer",
         "Observers w/o quorum is an invalid configuration"},
        {"standaloneEnabled=false\nserver.1=h:1:2:observer",
         "standaloneEnabled = false then number of participants should be >0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct config_fixture fixture = config_fixture_new();
        struct zk_str text = {0};
        struct zk_str expected = {0};
        zk_str_printf(&text, "dataDir=DIR\n" CONFIG_LIMITS "%s\n", ROWS[i].lines);
        zk_str_printf(&expected,
                      "DIR/zoo.cfg: %s; add a line server.N=host:port:port per participant",
                      ROWS[i].words);
        config_fixture_parse(&fixture, zk_str_text(&text));
        assert_int_equal(fixture.result, -EINVAL);
        assert_string_equal(fixture.error, expected.text);
        zk_str_done(&text);
        zk_str_done(&expected);
        config_fixture_done(&fixture);
    }
}

/* CFG-03 */
static void cfg_03_groups_and_weights_make_a_hierarchy(void **state)
{
    (void)state;
    struct config_fixture fixture =
        config_fixture_read_with("group.1=1:2\ngroup.2=3\nweight.3=2\n");
    config_fixture_must_succeed(&fixture);
    assert_int_equal(fixture.config->quorum_verifier->kind, QUORUM_HIERARCHICAL);
    assert_int_equal(qv_get_weight(fixture.config->quorum_verifier, 3), 2);
    config_fixture_done(&fixture);
}

static void poor_numbers_of_servers_are_warned_about(void **state)
{
    (void)state;
    struct config_fixture four = config_fixture_read_with("server.4=127.0.0.1:2884:3884\n");
    config_fixture_must_succeed(&four);
    assert_true(config_fixture_is_logged(
        &four, "Non-optimal configuration, consider an odd number of servers."));
    config_fixture_done(&four);

    struct config_fixture three = config_fixture_read_with("");
    config_fixture_must_succeed(&three);
    assert_false(config_fixture_is_logged(&three, "WARN"));
    assert_true(config_fixture_is_logged(&three, "Reading configuration from: "));
    config_fixture_done(&three);
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
        cmocka_unit_test(a_purge_keeps_three_snapshots_at_least),
        cmocka_unit_test(read_only_mode_is_an_option_of_the_command_line),
        cmocka_unit_test(a_key_without_use_warns_once),
        cmocka_unit_test(settings_that_work_are_not_warned_of),
        cmocka_unit_test(an_unknown_key_is_warned_of_with_the_nearest_known_one),
        cmocka_unit_test(an_option_without_effect_is_warned_of),
        cmocka_unit_test(an_option_that_changes_safety_or_makes_no_sense_is_refused),
        cmocka_unit_test(a_byte_order_mark_is_named_and_shown),
        cmocka_unit_test(a_file_in_utf_16_is_named),
        cmocka_unit_test(of_several_bad_lines_the_first_is_named_and_blanks_are),
        cmocka_unit_test(two_servers_cannot_listen_at_one_port),
        cmocka_unit_test(the_client_port_is_none_of_the_own_others),
        cmocka_unit_test(reconfig_is_taken_with_a_warning),
        cmocka_unit_test(unknown_keys_become_settings),
        cmocka_unit_test(several_addresses_need_the_setting_of_the_command_line),
        cmocka_unit_test(ports_of_second_addresses_clash_as_well),
        cmocka_unit_test(a_missing_data_directory_is_named_with_the_line_to_add),
        cmocka_unit_test(limits_must_be_set),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(cfg_03_one_server_or_none_is_alone_unless_standalone_is_off),
        cmocka_unit_test(cfg_03_observers_need_participants),
        cmocka_unit_test(cfg_03_groups_and_weights_make_a_hierarchy),
        cmocka_unit_test(poor_numbers_of_servers_are_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
