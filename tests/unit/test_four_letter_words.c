/* The client port, as people and monitors see it. Java: FourLetterWordsTest,
 * FourLetterWordsQuorumTest, StatCommandTest, FourLetterWordsWhiteListTest, MaxCnxnsTest; the texts
 * of tests/golden/4lw */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "golden.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/command/four_letter_words.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk_test.h"

static const char NOT_SERVING[] = "This ZooKeeper instance is not currently serving requests\n";
static const char JAVAS_VERSION[] =
    "3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC"; /* a build's own */

static const char MEMBERS[] = "server.1=127.0.0.1:24281:24381:participant\n"
                              "server.2=127.0.0.1:24282:24382:participant\n"
                              "server.3=127.0.0.1:24283:24383:participant\n"
                              "version=0";

static struct zk_context *context_with_all_words(void)
{
    struct zk_context *ctx = test_context();
    zk_settings_set(ctx, "zookeeper.4lw.commands.whitelist", "*");
    return ctx;
}

/* ---- the texts, against Java's ---- */

/* text with every from replaced by to; frees text. Gives. */
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
    struct server_stats_values stats;
    struct cnxn_info cnxn;
};

static struct scene scene_of(const char *role)
{
    struct scene scene = {
        .ctx = context_with_all_words(),
        .role = role,
        .status =
            {
                .serving = true,
                .zab_state = ZAB_STATE_BROADCAST,
                .node_count = 5,
                .approximate_data_size = 182,
                .quorum_size = 3,
                .last_proposal_size = -1,
                .min_proposal_size = -1,
                .max_proposal_size = -1,
                .observer_master_id = 2,
            },
        .cnxn = {.remote = "/127.0.0.1:50000", .received = 1},
    };
    if (strcmp(role, "leader") == 0)
        scene.status.state = SERVER_STATE_LEADING;
    else if (strcmp(role, "follower") == 0)
        scene.status.state = SERVER_STATE_FOLLOWING;
    else if (strcmp(role, "observer") == 0)
        scene.status.state = SERVER_STATE_OBSERVING;
    else
        scene.status.serving = false;
    return scene;
}

static void scene_done(struct scene *scene)
{
    server_status_done(&scene->status);
    zk_context_free(scene->ctx);
}

static char *ask(struct scene *scene, const char *word)
{
    struct four_letter_facts facts = {
        .status = &scene->status,
        .stats = scene->stats,
        .cnxns = &scene->cnxn,
        .cnxn_count = 1,
    };
    struct zk_str answer = {0};
    four_letter_words_answer(scene->ctx, word, &facts, &answer);
    return zk_str_take(&answer);
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
            scene.stats.packets_received = number_after(golden, "Received: ");
            scene.stats.packets_sent = number_after(golden, "Sent: ");
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
    static const char *const words[] = {"srvr", "stat", "mntr", "conf"};
    struct scene scene = scene_of("looking");
    for (size_t i = 0; i < 4; i++) {
        char *answer = ask(&scene, words[i]);
        assert_string_equal(answer, NOT_SERVING);
        free(answer);
    }
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
        .client_port_listen_backlog = -1,
        .has_client_port = true,
        .client_port_address = inet_address_any(24182),
    };
    assert_int_equal(zk_properties_parse(MEMBERS, strlen(MEMBERS), &properties, &line), 0);
    assert_int_equal(qv_parse_dynamic_config(scene.ctx, &properties, false, false, true, NULL, &qv,
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
    scene.status.min_session_timeout_ms = 1000;
    scene.status.max_session_timeout_ms = 10000;
    scene.status.membership = zk_xstrdup(qv_to_string(qv));

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

/* Each line of ours that is not our own stands in Java's answer too, behind the line before, in the
 * same form. */
static void mntr_has_javas_keys_in_javas_order_and_form(void **state)
{
    (void)state;
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
            if (strncmp(ours.items[j], "zkpeer_", 7) == 0)
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
        assert_true(compared >= 45);
        zk_strings_done(&ours);
        zk_strings_done(&javas);
        free(golden);
        free(answer);
        scene_done(&scene);
    }
}

static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++) {
        if ((at == text || at[-1] == '\n') && at[length] == '\n')
            return true;
    }
    return false;
}

static void mntr_tells_the_values_it_was_given(void **state)
{
    (void)state;
    struct scene scene = scene_of("leader");
    scene.status.learners = 2;
    scene.status.synced_followers = 1;
    scene.status.metrics.counters[SERVER_METRICS_LOOKING_COUNT] = 4;
    struct avg_min_max_counter *elections =
        &scene.status.metrics.summaries[SERVER_METRICS_ELECTION_TIME];
    avg_min_max_counter_add(elections, 10);
    avg_min_max_counter_add(elections, 221);
    struct server_status_peer *peer = server_status_add_peer(&scene.status, 3);
    peer->connected = true;
    peer->live_workers = 2;
    peer->replaced_messages = 17;
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
        "zkpeer_last_election_time_ms\t221",
        "zkpeer_3_connected\t1",
        "zkpeer_3_live_workers\t2",
        "zkpeer_3_replaced_messages\t17",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!has_line(answer, lines[i]))
            fail_msg("no line \"%s\"", lines[i]);
    }
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
    assert_true(has_line(answer, "zk_peer_state\tfollowing - synchronization - snap"));
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

static void averages_are_rounded_and_printed_like_javas_doubles(void **state)
{
    (void)state;
    static const struct {
        int64_t sum, count;
        const char *text;
    } cases[] = {
        {0, 0, "0.0"},     {5, 7, "0.7143"},     {6, 3, "2.0"},           {3, 4, "0.75"},
        {5, 3, "1.6667"},  {8, 9, "0.8889"},     {199999, 100000, "2.0"}, {1, 20000, "1.0E-4"},
        {100, 1, "100.0"}, {1001, 100, "10.01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct avg_min_max_counter counter = {.sum = cases[i].sum, .count = cases[i].count};
        assert_string_equal(avg_min_max_counter_get_avg(&counter).text, cases[i].text);
    }
}

/* ---- the whitelist ---- */

static void only_srvr_is_allowed_unless_somebody_says_more(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    assert_true(four_letter_words_is_enabled(ctx, "srvr"));
    assert_false(four_letter_words_is_enabled(ctx, "ruok"));

    zk_settings_set(ctx, "zookeeper.4lw.commands.whitelist", "ruok , mntr");
    assert_true(four_letter_words_is_enabled(ctx, "ruok"));
    assert_true(four_letter_words_is_enabled(ctx, "mntr"));
    assert_true(four_letter_words_is_enabled(ctx, "srvr"));
    assert_false(four_letter_words_is_enabled(ctx, "stat"));

    zk_settings_set(ctx, "zookeeper.4lw.commands.whitelist", "*");
    assert_true(four_letter_words_is_enabled(ctx, "stat"));
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

/* D-41 */
static void words_that_are_not_built_are_refused_even_if_allowed(void **state)
{
    (void)state;
    struct scene scene = scene_of("follower");
    static const char *const words[] = {"cons", "dump", "wchs", "srst", "stmk"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(four_letter_words_is_known((const uint8_t *)words[i]));
        char *answer = ask(&scene, words[i]);
        assert_memory_equal(answer, words[i], 4);
        assert_string_equal(answer + 4, " is not executed because it is not in the whitelist.\n");
        free(answer);
    }
    assert_false(four_letter_words_is_known((const uint8_t *)"xxxx"));
    scene_done(&scene);
}

/* ---- a real port ---- */

struct port {
    struct zk_context *ctx;
    struct server_cnxn_factory *factory;
    struct inet_address at;
    struct zk_mutex mutex;
    int asked; /* how often the hook was called */
};

static void fill(void *arg, struct server_status *ret_status)
{
    struct port *port = arg;
    zk_mutex_lock(&port->mutex);
    port->asked++;
    zk_mutex_unlock(&port->mutex);
    ret_status->serving = true;
    ret_status->state = SERVER_STATE_FOLLOWING;
    ret_status->node_count = 5;
}

static void port_open(struct port *port, int32_t max_client_cnxns)
{
    zk_mutex_init(&port->mutex, port->ctx, "test port", 30 /* that of a quorum peer */);
    struct inet_address any = test_loopback(0);
    struct server_status_hook hook = {.fill = fill, .arg = port};
    assert_int_equal(
        server_cnxn_factory_new(port->ctx, &any, -1, max_client_cnxns, hook, &port->factory), 0);
    assert_int_equal(server_cnxn_factory_start(port->factory), 0);
    port->at = test_loopback(server_cnxn_factory_local_address(port->factory)->port);
}

static void port_close(struct port *port)
{
    server_cnxn_factory_free(port->factory);
    zk_mutex_destroy(&port->mutex);
    zk_context_free(port->ctx);
}

static struct sock *dial(struct port *port)
{
    struct sock *sock;
    assert_int_equal(sock_new(port->ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &port->at, TEST_PATIENCE_MS), 0);
    sock_set_timeout(sock, TEST_PATIENCE_MS);
    return sock;
}

/* Everything until the far end closes, in order and not by a reset. Gives; unrefs sock. */
static char *read_to_the_end(struct sock *sock)
{
    struct zk_str text = {0};
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

static char *exchange(struct port *port, const void *bytes, size_t length)
{
    struct sock *sock = dial(port);
    assert_int_equal(sock_write_fully(sock, bytes, length), 0);
    return read_to_the_end(sock);
}

/* CLI-03 */
static void cli_03_a_word_is_answered_and_the_connection_closed(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    char *answer = exchange(&port, "ruok", 4);
    assert_string_equal(answer, "imok");
    free(answer);
    answer = exchange(&port, "srvr", 4);
    assert_non_null(strstr(answer, "Mode: follower\n"));
    assert_non_null(strstr(answer, "Received: 2\nSent: 1\nConnections: 1\n"));
    free(answer);
    port_close(&port);
}

/* What zktop sends. The newline must not turn the end of the connection into a reset. */
static void a_newline_behind_the_word_does_no_harm(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    for (int i = 0; i < 50; i++) {
        char *answer = exchange(&port, "stat\n", 5);
        assert_non_null(strstr(answer, "Clients:\n /127.0.0.1:"));
        assert_non_null(strstr(answer, "[0](queued=0,recved=1,sent=0)\n\n"));
        free(answer);
    }
    port_close(&port);
}

static void a_word_in_four_pieces_is_a_word(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    struct sock *sock = dial(&port);
    sock_set_no_delay(sock, true);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(sock_write_fully(sock, &"ruok"[i], 1), 0);
    char *answer = read_to_the_end(sock);
    assert_string_equal(answer, "imok");
    free(answer);
    port_close(&port);
}

/* CLI-03; and a session's first request: there is no client service, Java is silent too while it is
 * not serving. */
static void cli_03_anything_else_is_closed_without_a_byte(void **state)
{
    (void)state;
    static const uint8_t connect_request[49] = {0, 0, 0, 45, 0, 0, 0, 0, 0,   0,
                                                0, 0, 0, 0,  0, 0, 0, 0, 117, 48};
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    char *answer = exchange(&port, "xxxx", 4);
    assert_string_equal(answer, "");
    free(answer);
    answer = exchange(&port, connect_request, sizeof connect_request);
    assert_string_equal(answer, "");
    free(answer);
    port_close(&port);
}

/* A peer whose locks are all stuck still says that it lives. */
static void ruok_asks_nobody(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    free(exchange(&port, "ruok", 4));
    free(exchange(&port, "cons", 4));
    zk_mutex_lock(&port.mutex);
    assert_int_equal(port.asked, 0);
    zk_mutex_unlock(&port.mutex);
    free(exchange(&port, "isro", 4));
    zk_mutex_lock(&port.mutex);
    assert_int_equal(port.asked, 1);
    zk_mutex_unlock(&port.mutex);
    port_close(&port);
}

static void a_silent_caller_is_closed_at_its_deadline(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    zk_settings_set(port.ctx, "zookeeper.nio.sessionlessCnxnTimeout", "100");
    port_open(&port, 60);
    int64_t start_ms = zk_elapsed_ms();
    char *answer = read_to_the_end(dial(&port));
    assert_string_equal(answer, "");
    assert_true(zk_elapsed_ms() - start_ms >= 90);
    free(answer);
    port_close(&port);
}

/* Three bytes and then nothing: a byte gives no more time. */
static void a_dripping_caller_has_the_same_deadline(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    zk_settings_set(port.ctx, "zookeeper.nio.sessionlessCnxnTimeout", "200");
    port_open(&port, 60);
    struct sock *sock = dial(&port);
    assert_int_equal(sock_write_fully(sock, "r", 1), 0);
    assert_int_equal(sock_write_fully(sock, "uo", 2), 0);
    char *answer = read_to_the_end(sock);
    assert_string_equal(answer, "");
    free(answer);
    port_close(&port);
}

static bool has_connections(void *arg)
{
    struct port *port = arg;
    return server_cnxn_factory_alive_connections(port->factory) == 2;
}

/* Java: MaxCnxnsTest */
static void one_address_has_max_client_cnxns_connections(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 2);
    struct sock *first = dial(&port);
    struct sock *second = dial(&port);
    test_await(has_connections, &port);

    char *answer = read_to_the_end(dial(&port));
    assert_string_equal(answer, "");
    free(answer);

    assert_int_equal(sock_write_fully(first, "ruok", 4), 0);
    answer = read_to_the_end(first);
    assert_string_equal(answer, "imok");
    free(answer);
    sock_unref(second);
    port_close(&port);
}

/* D-39 */
static void when_all_slots_are_taken_the_oldest_silent_caller_goes(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 0);
    struct sock *silent[CNXN_LIMIT];
    for (int i = 0; i < CNXN_LIMIT; i++)
        silent[i] = dial(&port);

    char *answer = exchange(&port, "ruok", 4);

    assert_string_equal(answer, "imok");
    free(answer);
    answer = read_to_the_end(silent[0]);
    assert_string_equal(answer, "");
    free(answer);
    assert_int_equal(sock_write_fully(silent[1], "ruok", 4), 0);
    answer = read_to_the_end(silent[1]);
    assert_string_equal(answer, "imok");
    free(answer);
    for (int i = 2; i < CNXN_LIMIT; i++)
        sock_unref(silent[i]);
    port_close(&port);
}

static void shutdown_ends_connections_that_wait(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    struct sock *first = dial(&port);
    struct sock *second = dial(&port);
    test_await(has_connections, &port);

    server_cnxn_factory_shutdown(port.factory);

    assert_int_equal(server_cnxn_factory_alive_connections(port.factory), 0);
    char *answer = read_to_the_end(first);
    assert_string_equal(answer, "");
    free(answer);
    free(read_to_the_end(second));
    server_cnxn_factory_shutdown(port.factory);
    port_close(&port);
}

static void a_port_in_use_is_told(void **state)
{
    (void)state;
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    struct server_cnxn_factory *second = NULL;
    struct server_status_hook hook = {.fill = fill, .arg = &port};
    assert_int_equal(server_cnxn_factory_new(port.ctx, &port.at, -1, 60, hook, &second),
                     -EADDRINUSE);
    assert_null(second);
    port_close(&port);
}

/* ---- many at once, for the thread sanitizer ---- */

struct asker {
    struct port *port;
    int wrong;
};

static void asker_run(void *arg)
{
    struct asker *asker = arg;
    static const char *const words[] = {"ruok", "stat", "srvr", "xxxx", "isro"};
    for (int i = 0; i < 40; i++) {
        struct sock *sock;
        char bytes[4096];
        size_t count = 0;
        if (sock_new(asker->port->ctx, INET_V4, &sock) < 0) {
            asker->wrong++;
            continue;
        }
        bool expects_answer = i % 5 != 3;
        int r = sock_connect(sock, &asker->port->at, TEST_PATIENCE_MS);
        if (r == 0)
            r = sock_write_fully(sock, words[i % 5], 4);
        if (r == 0)
            r = sock_read_some(sock, bytes, sizeof bytes, &count);
        if (r < 0 || (count > 0) != expects_answer)
            asker->wrong++;
        sock_unref(sock);
    }
}

static void many_callers_at_once_are_all_answered(void **state)
{
    (void)state;
    enum { ASKERS = 8 };
    struct port port = {.ctx = context_with_all_words()};
    port_open(&port, 60);
    struct zk_thread_group *group = zk_thread_group_new(port.ctx);
    struct asker askers[ASKERS];
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.port = &port};
        assert_int_equal(zk_thread_group_start(group, asker_run, &askers[i], "asker %d", i), 0);
    }
    zk_thread_group_free(group);
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(askers[i].wrong, 0);
    port_close(&port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_03_short_words_answer_like_javas_in_every_role),
        cmocka_unit_test(cli_03_words_that_need_a_leader_say_so_while_there_is_none),
        cmocka_unit_test(conf_answers_like_javas),
        cmocka_unit_test(mntr_has_javas_keys_in_javas_order_and_form),
        cmocka_unit_test(mntr_tells_the_values_it_was_given),
        cmocka_unit_test(mntr_hides_leaders_values_from_followers),
        cmocka_unit_test(the_version_looks_like_javas),
        cmocka_unit_test(averages_are_rounded_and_printed_like_javas_doubles),
        cmocka_unit_test(only_srvr_is_allowed_unless_somebody_says_more),
        cmocka_unit_test(cli_03_words_outside_the_whitelist_are_refused_with_javas_line),
        cmocka_unit_test(words_that_are_not_built_are_refused_even_if_allowed),
        cmocka_unit_test(cli_03_a_word_is_answered_and_the_connection_closed),
        cmocka_unit_test(a_newline_behind_the_word_does_no_harm),
        cmocka_unit_test(a_word_in_four_pieces_is_a_word),
        cmocka_unit_test(cli_03_anything_else_is_closed_without_a_byte),
        cmocka_unit_test(ruok_asks_nobody),
        cmocka_unit_test(a_silent_caller_is_closed_at_its_deadline),
        cmocka_unit_test(a_dripping_caller_has_the_same_deadline),
        cmocka_unit_test(one_address_has_max_client_cnxns_connections),
        cmocka_unit_test(when_all_slots_are_taken_the_oldest_silent_caller_goes),
        cmocka_unit_test(shutdown_ends_connections_that_wait),
        cmocka_unit_test(a_port_in_use_is_told),
        cmocka_unit_test(many_callers_at_once_are_all_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
