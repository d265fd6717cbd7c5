/* The answers to four-letter words, held against Java's (tests/golden/4lw) and against the patterns
 * of those who read them. Java: FourLetterWordsTest, FourLetterWordsQuorumTest, StatCommandTest,
 * FourLetterWordsWhiteListTest */
#include <ctype.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "command_stage.h"
#include "golden.h"
#include "zk/base/alloc.h"
#include "zk/command/four_letter_words.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/file.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_stats.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

static const char NOT_SERVING[] = "This ZooKeeper instance is not currently serving requests\n";
static const char JAVAS_VERSION[] =
    "3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC"; /* a build's own */

static const char MEMBERS[] = "server.1=127.0.0.1:24281:24381:participant\n"
                              "server.2=127.0.0.1:24282:24382:participant\n"
                              "server.3=127.0.0.1:24283:24383:participant\n"
                              "version=0";

/* ---- the texts, against Java's ---- */

/* Returns text with every from replaced by to, which the caller frees; frees text. */
static char *replaced(char *text, const char *from, const char *to)
{
    struct zk_str result = {0};
    const char *rest = text;
    for (const char *hit; (hit = strstr(rest, from)) != NULL; rest = hit + strlen(from)) {
        zk_str_append_bytes(&result, rest, (size_t)(hit - rest));
        zk_str_append(&result, to);
    }
    zk_str_append(&result, rest);
    free(text);
    return zk_str_take(&result);
}

/* The number behind a label of Java's text. */
static int64_t number_after(const char *text, const char *label)
{
    const char *at = strstr(text, label);
    return at ? strtoll(at + strlen(label), NULL, 10) : 0;
}

/* What the Java peer that gave the golden texts could say of itself. */
struct scene {
    struct zk_context *ctx;
    const char *role;
    struct server_status status;
    struct command_stage stage;
};

static struct scene scene_of(const char *role)
{
    struct scene scene = {
        .ctx = command_stage_context(),
        .role = role,
        .status =
            {
                .serving = true,
                .server_state = role,
                .zab_state = ZAB_STATE_BROADCAST,
                .node_count = 5,
                .approximate_data_size = 182,
                .quorum_size = 3,
                .leader = {.last_proposal_size = -1,
                           .min_proposal_size = -1,
                           .max_proposal_size = -1},
                .observer_master_id = 2,
            },
    };
    if (strcmp(role, "leader") == 0)
        scene.status.state = SERVER_STATE_LEADING;
    else if (strcmp(role, "follower") == 0)
        scene.status.state = SERVER_STATE_FOLLOWING;
    else if (strcmp(role, "observer") == 0)
        scene.status.state = SERVER_STATE_OBSERVING;
    else
        scene.status.serving = false;
    command_stage_open(&scene.stage, scene.ctx);
    scene.status.zk = zookeeper_server_ref(scene.stage.zk);
    return scene;
}

static void scene_done(struct scene *scene)
{
    server_status_done(&scene->status);
    command_stage_close(&scene->stage);
    zk_context_free(scene->ctx);
}

/* Returns the answer to a word with an argument behind it; the caller frees it. */
static char *ask_with(struct scene *scene, const char *word, const uint8_t *argument,
                      size_t argument_length)
{
    struct server_cnxns cnxns = command_stage_cnxns(&scene->stage);
    struct server_status_hook hook = command_stage_hook(&scene->stage);
    struct four_letter_facts facts = {
        .status = &scene->status,
        .cnxns = &cnxns,
        .hook = &hook,
        .argument = argument,
        .argument_length = argument_length,
    };
    struct zk_str answer = {0};
    struct four_letter_words *words = four_letter_words_new(scene->ctx);
    four_letter_words_answer(words, four_letter_words_find(words, (const uint8_t *)word), &facts,
                             &answer);
    four_letter_words_free(words);
    return zk_str_take(&answer);
}

static char *ask(struct scene *scene, const char *word)
{
    return ask_with(scene, word, NULL, 0);
}

static char *golden_answer(const char *role, const char *word)
{
    char name[64];
    snprintf(name, sizeof name, "4lw/%s.%s.txt", role, word);
    return replaced(golden_text(name), JAVAS_VERSION, SERVER_FULL_VERSION);
}

static const char *const roles[] = {"leader", "follower", "observer", "looking"};
enum { ROLES = 4, SERVING_ROLES = 3 };

/* CLI-03: but for the version, byte for byte; counters are set to what Java's were. */
static void cli_03_short_words_answer_like_javas_in_every_role(void **state)
{
    (void)state;
    static const char *const words[] = {"ruok", "srvr", "stat", "isro"};
    for (size_t i = 0; i < ROLES; i++) {
        for (size_t j = 0; j < 4; j++) {
            struct scene scene = scene_of(roles[i]);
            char *golden = golden_answer(roles[i], words[j]);
            for (int64_t n = number_after(golden, "Received: "); n > 0; n--)
                server_stats_add_packets_received(scene.stage.stats, 1);
            for (int64_t n = number_after(golden, "Sent: "); n > 0; n--)
                server_stats_add_packets_sent(scene.stage.stats, 1);
            if (strstr(golden, "Zxid: 0x100000000"))
                scene.status.last_processed_zxid = INT64_C(0x100000000);

            char *answer = ask(&scene, words[j]);

            assert_string_equal(answer, golden);
            free(answer);
            free(golden);
            scene_done(&scene);
        }
    }
}

/* CLI-03 */
static void cli_03_words_that_need_a_leader_say_so_while_there_is_none(void **state)
{
    (void)state;
    static const char *const words[] = {"srvr", "stat", "mntr", "conf", "cons", "crst",
                                        "dirs", "dump", "srst", "wchs", "wchc", "wchp"};
    struct scene scene = scene_of("looking");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char *answer = ask(&scene, words[i]);
        assert_string_equal(answer, NOT_SERVING);
        free(answer);
    }
    char *hash = ask(&scene, "hash"); /* Java's line has no end there */
    assert_memory_equal(hash, NOT_SERVING, sizeof NOT_SERVING - 2);
    assert_int_equal(strlen(hash), sizeof NOT_SERVING - 2);
    free(hash);
    char *null = ask(&scene, "isro");
    assert_string_equal(null, "null");
    free(null);
    scene_done(&scene);
}

/* A config as the capture's zoo.cfg, and a directory that holds 597 bytes, as Java's did. */
static void conf_answers_like_javas(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    char *directory = test_temporary_directory();
    char *data_dir = test_path(directory, "version-2");
    struct zk_properties properties;
    struct quorum_verifier *qv;
    char *error = NULL;
    int line;
    struct quorum_peer_config config = {
        .my_id = 2,
        .tick_time_ms = 500,
        .init_limit = 10,
        .sync_limit = 5,
        .election_alg = 3,
        .max_client_cnxns = 60,
        .min_session_timeout_ms = 1000,
        .max_session_timeout_ms = 10000,
        .client_port_listen_backlog = -1,
        .has_client_port = true,
        .client_port_address = inet_address_any(24182),
    };
    assert_int_equal(zk_properties_parse(MEMBERS, strlen(MEMBERS), &properties, &line), 0);
    assert_int_equal(qv_parse_dynamic_config(scene.ctx, &properties,
                                             &(struct qv_options){.standalone_enabled = true}, &qv,
                                             &error, &line),
                     0);
    config.quorum_verifier = qv;
    char bytes[598];
    memset(bytes, 'x', sizeof bytes);
    bytes[597] = 0;
    assert_int_equal(file_make_directories(data_dir), 0);
    char *file = test_path(data_dir, "snapshot.0");
    test_write_file(file, bytes);
    scene.status.config = &config;
    scene.status.snap_dir = data_dir;
    scene.status.data_dir = data_dir;
    scene.status.membership = qv_to_string(qv);

    char *answer = replaced(ask(&scene, "conf"), data_dir, "/data/version-2");
    char *golden = golden_answer("leader", "conf");

    assert_string_equal(answer, golden);
    free(golden);
    free(answer);
    free(file);
    free(data_dir);
    qv_unref(qv);
    zk_properties_done(&properties);
    test_remove_directory(directory);
    scene_done(&scene);
}

/* A digit stands for any digits, so that values need not agree but their form must. */
static char *form_of(const char *value)
{
    struct zk_str form = {0};
    for (const char *c = value; *c; c++) {
        if (!isdigit((unsigned char)*c))
            zk_str_append_bytes(&form, c, 1);
        else if (form.length == 0 || form.text[form.length - 1] != '9')
            zk_str_append(&form, "9");
    }
    return zk_str_take(&form);
}

static bool is_our_own(const char *line)
{
    static const char *const starts[] = {"zk_election_round\t", "zk_last_election_time\t",
                                         "zk_thread_count\t", "zk_election_peer_",
                                         "zk_last_fsync_time\t"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(line, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

/* Each line of ours that is not our own stands in Java's answer too, behind the line before, in the
 * same form. */
static void mntr_has_javas_keys_in_javas_order_and_form(void **state)
{
    (void)state;
    static const size_t told[SERVING_ROLES] = {292, 283, 284}; /* none of ours is forgotten */
    for (size_t i = 0; i < SERVING_ROLES; i++) {
        struct scene scene = scene_of(roles[i]);
        char *answer = ask(&scene, "mntr");
        char *golden = golden_answer(roles[i], "mntr");
        struct zk_strings ours;
        struct zk_strings javas;
        zk_split(answer, '\n', &ours);
        zk_split(golden, '\n', &javas);
        size_t at = 0;
        size_t compared = 0;
        for (size_t j = 0; j < ours.count; j++) {
            if (is_our_own(ours.items[j]))
                continue;
            size_t key = (size_t)(strchr(ours.items[j], '\t') - ours.items[j]) + 1;
            while (at < javas.count && strncmp(javas.items[at], ours.items[j], key) != 0)
                at++;
            if (at == javas.count)
                fail_msg("%s: %s is not Java's, or not there", roles[i], ours.items[j]);
            char *our_form = form_of(ours.items[j] + key);
            char *java_form = form_of(javas.items[at] + key);
            /* -1 and 3 are the same kind of number. */
            assert_string_equal(our_form + (our_form[0] == '-'), java_form + (java_form[0] == '-'));
            free(our_form);
            free(java_form);
            compared++;
        }
        assert_int_equal(compared, told[i]);
        zk_strings_done(&ours);
        zk_strings_done(&javas);
        free(golden);
        free(answer);
        scene_done(&scene);
    }
}

/* Connections to 3, and to an observer without an id of its own. */
static void give_peers(struct scene *scene)
{
    scene->status.peer_count = 2;
    scene->status.peers = zk_xcalloc(2, sizeof *scene->status.peers);
    scene->status.peers[0] = (struct server_status_peer){.sid = -7, .connection_attempts = 5};
    scene->status.peers[1] = (struct server_status_peer){
        .sid = 3, .connected = true, .live_workers = 2, .replaced_messages = 17};
}

static void mntr_tells_the_values_it_was_given(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    scene.status.leader.learners = 2;
    scene.status.leader.synced_followers = 1;
    scene.status.metrics.counters[SERVER_METRICS_LOOKING_COUNT] = 4;
    struct avg_min_max_counter *elections =
        &scene.status.metrics.summaries[SERVER_METRICS_ELECTION_TIME];
    avg_min_max_counter_add(elections, 10);
    avg_min_max_counter_add(elections, 221);
    give_peers(&scene);
    char *answer = ask(&scene, "mntr");

    static const char *const lines[] = {
        "zk_server_state\tleader",
        "zk_peer_state\tleading - broadcast",
        "zk_znode_count\t5",
        "zk_approximate_data_size\t182",
        "zk_learners\t2",
        "zk_synced_followers\t1",
        "zk_quorum_size\t3",
        "zk_looking_count\t4",
        "zk_avg_election_time\t115.5",
        "zk_max_election_time\t221",
        "zk_cnt_election_time\t2",
        "zk_sum_election_time\t231",
        "zk_last_election_time\t221",
        "zk_election_peer_3_connected\t1",
        "zk_election_peer_3_live_workers\t2",
        "zk_election_peer_3_replaced_messages\t17",
        "zk_election_peer_anonymous_7_connection_attempts\t5",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!test_has_line(answer, lines[i]))
            fail_msg("no line \"%s\"", lines[i]);
    }
    free(answer);
    scene_done(&scene);
}

/* Those of the whole server, and those of one peer each, whose names begin with its number. */
static void mntr_tells_percentiles(void **state)
{
    (void)state;
    enum { VALUES = 200 };
    struct scene scene = scene_of("leader");
    struct server_metrics *metrics = scene.stage.metrics;
    for (int64_t value = 1; value <= VALUES; value++) {
        struct avg_min_max_counter of_peer = {0};
        avg_min_max_counter_add(&of_peer, 2 * value);
        server_metrics_add(metrics, SERVER_METRICS_PREP_PROCESSOR_QUEUE_TIME_MS, value);
        server_metrics_merge_of(metrics, SERVER_METRICS_ACK_LATENCY, 2, &of_peer);
    }
    scene.status.metrics = server_metrics_get(metrics);
    scene.status.metrics_source = metrics;
    char *answer = ask(&scene, "mntr");

    assert_non_null(strstr(answer, "zk_cnt_prep_processor_queue_time_ms\t200\n"
                                   "zk_sum_prep_processor_queue_time_ms\t20100\n"
                                   "zk_p50_prep_processor_queue_time_ms\t101\n"
                                   "zk_p95_prep_processor_queue_time_ms\t191\n"
                                   "zk_p99_prep_processor_queue_time_ms\t199\n"
                                   "zk_p999_prep_processor_queue_time_ms\t200\n"));
    assert_non_null(strstr(answer, "zk_sum_2_ack_latency\t40200\n"
                                   "zk_p50_2_ack_latency\t202\n"
                                   "zk_p95_2_ack_latency\t382\n"
                                   "zk_p99_2_ack_latency\t398\n"
                                   "zk_p999_2_ack_latency\t400\n"));
    free(answer);
    scene_done(&scene);
}

static void mntr_hides_leaders_values_from_followers(void **state)
{
    (void)state;
    struct scene scene = scene_of("follower");
    scene.status.sync_mode = SYNC_MODE_SNAP;
    scene.status.zab_state = ZAB_STATE_SYNCHRONIZATION;
    char *answer = ask(&scene, "mntr");
    assert_null(strstr(answer, "zk_learners"));
    assert_null(strstr(answer, "zk_observer_master_id"));
    assert_true(test_has_line(answer, "zk_peer_state\tfollowing - synchronization - snap"));
    free(answer);
    scene_done(&scene);
}

/* P-5: what reads mntr out there, by its own rule. Each is held against each line. */
struct consumer {
    const char *name;
    const char *pattern; /* POSIX: \w is [[:alnum:]_], \s is [[:space:]] */
    bool takes_words;    /* else it leaves out the lines whose value is a text */
};

static const struct consumer consumers[] = {
    /* plugins/inputs/zookeeper: one line that does not fit, and there are no numbers at all */
    {"telegraf", "^zk_([[:alnum:]_][[:alnum:]_.-]*)[[:space:]]+([[:alnum:]_.-]+)", true},
    /* the value is a float, the name one of Prometheus */
    {"prometheus zookeeper_exporter", "^zk_[a-zA-Z0-9_]+\t-?[0-9]+(\\.[0-9]+)?(E-?[0-9]+)?$",
     false},
    /* dabealu/zookeeper-exporter puts labels behind the name as it is */
    {"dabealu's exporter", "^[a-zA-Z_:][a-zA-Z0-9_:]*\t[^ \t]+$", false},
    /* Datadog's check splits at blanks, and warns of a line that has not two parts */
    {"datadog", "^[^[:space:]]+[[:space:]]+[^[:space:]]+$", false},
    /* collectd and Zabbix' template know the tab alone */
    {"collectd", "^zk_[^\t]+\t[^\t]+$", true},
};

/* Java's too are no number. */
static bool is_value_a_text(const char *line)
{
    return strncmp(line, "zk_version\t", 11) == 0 || strncmp(line, "zk_server_state\t", 16) == 0 ||
           strncmp(line, "zk_peer_state\t", 14) == 0;
}

static void each_line_fits(const char *answer, const struct consumer *consumer)
{
    regex_t regex;
    struct zk_strings lines;
    assert_int_equal(regcomp(&regex, consumer->pattern, REG_EXTENDED | REG_NOSUB), 0);
    zk_split(answer, '\n', &lines);
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.items[i];
        if (line[0] == '\0' || (is_value_a_text(line) && !consumer->takes_words))
            continue;
        if (regexec(&regex, line, 0, NULL, 0) != 0)
            fail_msg("%s does not take \"%s\"", consumer->name, line);
    }
    zk_strings_done(&lines);
    regfree(&regex);
}

static void each_line_of_mntr_fits_those_who_read_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVING_ROLES; i++) {
        struct scene scene = scene_of(roles[i]);
        give_peers(&scene);
        char *answer = ask(&scene, "mntr");
        for (size_t j = 0; j < sizeof consumers / sizeof consumers[0]; j++)
            each_line_fits(answer, &consumers[j]);
        free(answer);
        scene_done(&scene);
    }
}

/* Prometheus refuses a page that has a name twice. */
static void no_key_of_mntr_comes_twice(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    struct zk_strings lines;
    give_peers(&scene);
    char *answer = ask(&scene, "mntr");
    zk_split(answer, '\n', &lines);
    for (size_t i = 0; i < lines.count; i++) {
        size_t key = strcspn(lines.items[i], "\t") + 1;
        for (size_t j = 0; j < i; j++) {
            if (lines.items[i][0] != '\0' && strncmp(lines.items[i], lines.items[j], key) == 0)
                fail_msg("\"%s\" comes twice", lines.items[i]);
        }
    }
    zk_strings_done(&lines);
    free(answer);
    scene_done(&scene);
}

/* zktop and kazoo look for digits, dots and a dash in the first line. */
static void the_version_looks_like_javas(void **state)
{
    (void)state;
    struct scene scene = scene_of("follower");
    char *answer = ask(&scene, "srvr");
    assert_memory_equal(answer, "Zookeeper version: 3.8.0-zkpeer-", 32);
    free(answer);
    zk_settings_set(scene.ctx, "os.name", "Linux");
    answer = ask(&scene, "envi");
    assert_string_equal(answer,
                        "Environment:\nzookeeper.version=" SERVER_FULL_VERSION "\nos.name=Linux\n");
    free(answer);
    answer = ask(&scene, "gtmk");
    assert_string_equal(answer, "306");
    free(answer);
    scene_done(&scene);
}

/* ---- words about clients ---- */

static void expect(struct scene *scene, const char *word, const char *expected)
{
    char *answer = ask(scene, word);
    assert_string_equal(answer, expected);
    free(answer);
}

/* The line is Java's, as it was captured. */
static void cli_83_cons_tells_of_a_session_what_java_tells(void **state)
{
    (void)state;
    struct scene scene = scene_of("follower");
    expect(&scene, "cons", " /127.0.0.1:50000[0](queued=0,recved=1,sent=0)\n\n");
    scene.stage.cnxn = (struct server_cnxn_info){
        .remote = {"/127.0.0.1:49572"},
        .interest_ops = 1,
        .packets_received = 12,
        .packets_sent = 12,
        .session_id = INT64_C(0x100000a4cf20000),
        .last_operation = "PING",
        .established_ms = INT64_C(1795378063672),
        .session_timeout_ms = 10000,
        .last_cxid = 3,
        .last_zxid = INT64_C(0x100000006),
        .last_response_time_ms = 830844,
        .last_latency_ms = 4,
        .avg_latency_ms = 1,
        .max_latency_ms = 4,
    };

    expect(&scene, "cons",
           " /127.0.0.1:49572[1](queued=0,recved=12,sent=12,sid=0x100000a4cf20000,lop=PING,"
           "est=1795378063672,to=10000,lcxid=0x3,lzxid=0x100000006,lresp=830844,llat=4,minlat=0,"
           "avglat=1,maxlat=4)\n\n");

    scene.stage.cnxn.last_cxid = -1;
    char *answer = ask(&scene, "cons");
    assert_non_null(strstr(answer, ",to=10000,lzxid="));
    free(answer);
    scene_done(&scene);
}

static void crst_and_srst_begin_to_count_anew(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    server_stats_add_packets_received(scene.stage.stats, 1);

    expect(&scene, "crst", "Connection stats reset.\n");
    assert_int_equal(scene.stage.cnxn.packets_received, 0);
    assert_int_equal(scene.stage.resets, 0);

    expect(&scene, "srst", "Server stats reset.\n");
    assert_int_equal(scene.stage.resets, 1);
    assert_int_equal(server_stats_get(scene.stage.stats).packets_received, 0);
    scene_done(&scene);
}

/* Without the sessions' end, which no test knows beforehand. */
static void cli_83_dump_tells_sessions_and_their_nodes(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(scene.stage.zk);
    session_tracker_track_session(tracker, 0xa5, 10000);
    session_tracker_track_session(tracker, 0xa6, 10000);
    session_tracker_track_session(tracker, 0xb0, 20000);
    command_stage_create_ephemeral(&scene.stage, "/e", 0xa6, 1);

    char *answer = ask(&scene, "dump");

    assert_memory_equal(answer, "SessionTracker dump:\nSession Sets (2)/(3):\n2 expire at ", 55);
    const char *first = strchr(answer + 55, '\n');
    assert_memory_equal(first - 1, ":\n\t0x", 5);
    const char *second = strstr(answer, "\n1 expire at ");
    assert_non_null(second);
    assert_non_null(strstr(second, ":\n\t0xb0\nephemeral nodes dump:\n"
                                   "Sessions with Ephemerals (1):\n0xa6:\n\t/e\n"
                                   "Connections dump:\nConnections Sets (0)/(0):\n"));
    free(answer);
    scene_done(&scene);
}

/* Java: DataTree.getDigestLog(): one of 128 zxids */
static void hash_lists_the_digest_of_each_128th_zxid(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    expect(&scene, "hash", "");
    command_stage_create_ephemeral(&scene.stage, "/a", 5, 127);
    command_stage_create_ephemeral(&scene.stage, "/b", 5, 128);
    struct data_tree *tree = zk_database_get_data_tree(scene.stage.database);
    char expected[64];
    snprintf(expected, sizeof expected, "80: %" PRId64 "\n",
             (int64_t)data_tree_get_tree_digest(tree));
    command_stage_create_ephemeral(&scene.stage, "/c", 5, 129);
    data_tree_unref(tree);

    expect(&scene, "hash", expected);
    scene_done(&scene);
}

/* K-180 */
static void dirs_takes_the_one_directory_for_the_other_as_java_does(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    char *directory = test_temporary_directory();
    char *snapshots = test_path(directory, "snapshots");
    char *logs = test_path(directory, "logs");
    char *file = test_path(logs, "log.1");
    assert_int_equal(file_make_directories(snapshots), 0);
    assert_int_equal(file_make_directories(logs), 0);
    test_write_file(file, "12345");
    scene.status.snap_dir = snapshots;
    scene.status.data_dir = logs;

    expect(&scene, "dirs", "datadir_size: 5\nlogdir_size: 0\n");

    free(file);
    free(logs);
    free(snapshots);
    test_remove_directory(directory);
    scene_done(&scene);
}

static int64_t watcher_session(struct watcher *watcher)
{
    (void)watcher;
    return INT64_C(0x100000a4cf20000);
}

static bool never_stale(struct watcher *watcher)
{
    (void)watcher;
    return false;
}

static void cli_83_words_about_watches_name_sessions_and_paths(void **state)
{
    (void)state;
    static const struct watcher_ops ops = {.get_session_id = watcher_session,
                                           .is_stale = never_stale};
    struct scene scene = scene_of("follower");
    struct watcher watcher = {.ops = &ops};
    struct data_tree *tree = zk_database_get_data_tree(scene.stage.database);
    char text[] = "/a/b";
    const struct ustring path = {.text = text, .length = 4};
    expect(&scene, "wchs", "0 connections watching 0 paths\nTotal watches:0\n");
    expect(&scene, "wchc", "\n");
    assert_int_equal(data_tree_add_watch(tree, &path, &watcher, WATCHER_MODE_PERSISTENT), 0);

    expect(&scene, "wchs", "1 connections watching 1 paths\nTotal watches:1\n");
    expect(&scene, "wchc", "0x100000a4cf20000\n\t/a/b\n\n");
    expect(&scene, "wchp", "/a/b\n\t0x100000a4cf20000\n\n");

    data_tree_remove_cnxn(tree, &watcher);
    data_tree_unref(tree);
    scene_done(&scene);
}

/* Java: SetTraceMaskCommand */
static void stmk_sets_what_gtmk_tells(void **state)
{
    (void)state;
    struct scene scene = scene_of("looking");
    static const uint8_t mask[] = {0, 0, 0, 0, 0, 0, 1, 2};
    char *answer = ask_with(&scene, "stmk", mask, 7);
    assert_string_equal(answer, ""); /* a byte is missing */
    free(answer);
    expect(&scene, "gtmk", "306");

    answer = ask_with(&scene, "stmk", mask, 8);

    assert_string_equal(answer, "258");
    free(answer);
    expect(&scene, "gtmk", "258");
    expect(&scene, "\xff\xf4\xff\xfd", ""); /* Ctrl-C in telnet */
    scene_done(&scene);
}

/* ---- the whitelist ---- */

static bool is_enabled(struct zk_context *ctx, const char *word)
{
    struct four_letter_words *words = four_letter_words_new(ctx);
    bool enabled = four_letter_words_find(words, (const uint8_t *)word)->is_enabled;
    four_letter_words_free(words);
    return enabled;
}

static void only_srvr_is_allowed_unless_somebody_says_more(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    assert_true(is_enabled(ctx, "srvr"));
    assert_false(is_enabled(ctx, "ruok"));

    zk_settings_set(ctx, "zookeeper.4lw.commands.whitelist", "ruok , mntr");
    assert_true(is_enabled(ctx, "ruok"));
    assert_true(is_enabled(ctx, "mntr"));
    assert_true(is_enabled(ctx, "srvr"));
    assert_false(is_enabled(ctx, "stat"));

    zk_settings_set(ctx, "zookeeper.4lw.commands.whitelist", "*");
    assert_true(is_enabled(ctx, "stat"));
    zk_context_free(ctx);
}

/* A client of a read-only server looks for another one with isro; without it, it would never leave.
 * Java: FourLetterCommands.isEnabled() */
static void with_read_only_mode_isro_is_allowed_without_being_named(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    assert_false(is_enabled(ctx, "isro"));
    zk_settings_set(ctx, "readonlymode.enabled", "true");
    assert_true(is_enabled(ctx, "isro"));
    assert_false(is_enabled(ctx, "stat"));
    zk_context_free(ctx);
}

/* CLI-03 */
static void cli_03_words_outside_the_whitelist_are_refused_with_javas_line(void **state)
{
    (void)state;
    struct scene scene = scene_of("follower");
    zk_settings_set(scene.ctx, "zookeeper.4lw.commands.whitelist", "srvr");
    char *answer = ask(&scene, "ruok");
    assert_string_equal(answer, "ruok is not executed because it is not in the whitelist.\n");
    free(answer);
    scene_done(&scene);
}

static void four_other_bytes_are_no_word(void **state)
{
    (void)state;
    static const char *const others[] = {"xxxx", "RUOK", "ruo\n", "\0\0\0,", "srv"};
    struct zk_context *ctx = command_stage_context();
    struct four_letter_words *words = four_letter_words_new(ctx);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(four_letter_words_find(words, (const uint8_t *)others[i]));
    four_letter_words_free(words);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_03_short_words_answer_like_javas_in_every_role),
        cmocka_unit_test(cli_03_words_that_need_a_leader_say_so_while_there_is_none),
        cmocka_unit_test(conf_answers_like_javas),
        cmocka_unit_test(mntr_has_javas_keys_in_javas_order_and_form),
        cmocka_unit_test(mntr_tells_the_values_it_was_given),
        cmocka_unit_test(mntr_tells_percentiles),
        cmocka_unit_test(mntr_hides_leaders_values_from_followers),
        cmocka_unit_test(each_line_of_mntr_fits_those_who_read_it),
        cmocka_unit_test(no_key_of_mntr_comes_twice),
        cmocka_unit_test(the_version_looks_like_javas),
        cmocka_unit_test(cli_83_cons_tells_of_a_session_what_java_tells),
        cmocka_unit_test(crst_and_srst_begin_to_count_anew),
        cmocka_unit_test(cli_83_dump_tells_sessions_and_their_nodes),
        cmocka_unit_test(hash_lists_the_digest_of_each_128th_zxid),
        cmocka_unit_test(dirs_takes_the_one_directory_for_the_other_as_java_does),
        cmocka_unit_test(cli_83_words_about_watches_name_sessions_and_paths),
        cmocka_unit_test(stmk_sets_what_gtmk_tells),
        cmocka_unit_test(only_srvr_is_allowed_unless_somebody_says_more),
        cmocka_unit_test(with_read_only_mode_isro_is_allowed_without_being_named),
        cmocka_unit_test(cli_03_words_outside_the_whitelist_are_refused_with_javas_line),
        cmocka_unit_test(four_other_bytes_are_no_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
