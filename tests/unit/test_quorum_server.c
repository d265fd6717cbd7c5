#include "zk_test.h"

#include <stdlib.h>

#include "zk/ensemble/quorum_server.h"
#include "zk/runtime/settings.h"

#define WRONG_FORMAT                                                                               \
    " does not have the form server_config or server_config;client_config"                         \
    " where server_config is the pipe separated list of host:port:port or host:port:port:type"     \
    " and client_config is port or host:port"

/* Returns what a line is read as: printed again, or the words of the error; the caller frees it.
 * The sid is 7. */
static char *read_line(const char *value, bool multi_address)
{
    struct zk_context *ctx = test_context();
    struct quorum_server server;
    char *error = NULL;
    struct zk_str text = {0};
    if (multi_address)
        zk_settings_set(ctx, "zookeeper.multiAddress.enabled", "true");
    if (quorum_server_parse(ctx, 7, value, false, &server, &error) == 0) {
        quorum_server_append(&server, &text);
        quorum_server_done(&server);
    } else {
        zk_str_printf(&text, "error: %s", error);
    }
    free(error);
    zk_context_free(ctx);
    return zk_str_take(&text);
}

struct row {
    const char *value;
    const char *expected;
};

static void check(const struct row *rows, size_t count, bool multi_address)
{
    for (size_t i = 0; i < count; i++) {
        char *text = read_line(rows[i].value, multi_address);
        if (strcmp(text, rows[i].expected) != 0)
            fail_msg("%s: %s instead of %s", rows[i].value, text, rows[i].expected);
        free(text);
    }
}

#define CHECK(rows, multi_address) check((rows), sizeof(rows) / sizeof((rows)[0]), (multi_address))

/* CFG-01: the expected texts are what Java 3.8.0 prints. */
static void cfg_01_a_line_prints_as_java_prints_it(void **state)
{
    static const struct row ROWS[] = {
        {"127.0.0.1:1234:1236:participant;0.0.0.0:1237",
         "127.0.0.1:1234:1236:participant;0.0.0.0:1237"},
        {"127.0.0.1:1234:1236", "127.0.0.1:1234:1236:participant"},
        {"127.0.0.1:1234:1236;1237", "127.0.0.1:1234:1236:participant;0.0.0.0:1237"},
        {"127.0.0.1:1234:1236:observer;h:1237", "127.0.0.1:1234:1236:observer;h:1237"},
        {"127.0.0.1:1234:1236:OBSERVER", "127.0.0.1:1234:1236:observer"},
        {"127.0.0.1:1234:1236: Participant ", "127.0.0.1:1234:1236:participant"},
        {"[::1]:1234:1236:participant;[::1]:1237",
         "[0:0:0:0:0:0:0:1]:1234:1236:participant;[0:0:0:0:0:0:0:1]:1237"},
        {"[2001:db8::1]:1:2", "[2001:db8:0:0:0:0:0:1]:1:2:participant"},
        {"zk.example:1:2", "zk.example:1:2:participant"},
        {"127.1:1:2", "127.0.0.1:1:2:participant"},
        {"0177.0.0.1:1:2", "177.0.0.1:1:2:participant"},
        {":1:2", "localhost:1:2:participant"},
        {"h:0:65535", "h:0:65535:participant"},
        {"h:+1:007", "h:1:7:participant"},
        /* what Java does not look at */
        {"[::1]x1:2", "[0:0:0:0:0:0:0:1]:1:2:participant"},
        {"h:1:2:", "h:1:2:participant"},
        {"h:1:2;", "h:1:2:participant"},
        {"h:1:2;;", "h:1:2:participant"},
    };
    (void)state;
    CHECK(ROWS, false);
}

/* CFG-01 */
static void cfg_01_a_bad_line_is_refused_in_javas_words(void **state)
{
    static const struct row ROWS[] = {
        {"h:1:2:foo", "error: Unrecognised peertype: foo"},
        {"h:1:2: foo ", "error: Unrecognised peertype:  foo "},
        {"h:1", "error: h:1" WRONG_FORMAT},
        {"h:1:2:participant:3", "error: h:1:2:participant:3" WRONG_FORMAT},
        {"", "error: " WRONG_FORMAT},
        {"h:1:2;a:b:c", "error: h:1:2;a:b:c" WRONG_FORMAT},
        {"h:1:2;1237;1238", "error: h:1:2;1237;1238" WRONG_FORMAT},
        {"h:1:2;;1238", "error: h:1:2;;1238" WRONG_FORMAT},
        {"h:1:2;abc", "error: Address unresolved: null:abc"},
        {"h:1:2;host:abc", "error: Address unresolved: null:abc"},
        {"h:1:2;[::1]", "error: Address unresolved: null:::1"},
        {"h:1:2|h:3:4",
         "error: Multiple address feature is disabled, but multiple addresses were specified for "
         "sid 7"},
        {"[::1:1:2", "error: [::1:1:2 starts with '[' but has no matching ']:'"},
        {"[::1]:", "error: [::1]: doesn't have a port after colon"},
        {"h:x:2", "error: Address unresolved: h:x"},
        {"h:1:y", "error: Address unresolved: h:y"},
        {"127.0.0.1:1:2 ", "error: Address unresolved: 127.0.0.1:2 "},
        {"h:1:99999999999", "error: Address unresolved: h:99999999999"},
        {"h:65536:2", "error: port out of range:65536"},
        {"h:1:-2", "error: port out of range:-2"},
        {"h:1:2;70000", "error: port out of range:70000"},
        {"h:5:5",
         "error: Client and election port must be different! Please update the configuration file "
         "on server.7"},
    };
    (void)state;
    CHECK(ROWS, false);
}

/* The first fault in Java's order of checks is the one that is told. */
static void of_two_faults_javas_first_is_told(void **state)
{
    static const struct row ROWS[] = {
        {"h:x:y:foo;abc", "error: Address unresolved: null:abc"},
        {"h:1:1:foo", "error: Client and election port must be different! Please update the "
                      "configuration file on server.7"},
        {"h:70000:x", "error: port out of range:70000"},
        {"[::1;70000", "error: port out of range:70000"},
        {"h:x|h:3:4", "error: Multiple address feature is disabled, but multiple addresses were "
                      "specified for sid 7"},
    };
    (void)state;
    CHECK(ROWS, false);
}

/* Unchecked exceptions in Java (D-33), and lines that Java takes but cannot use (D-30). */
static void lines_that_java_chokes_on_are_refused(void **state)
{
    static const struct row ROWS[] = {
        {";", "error: ;" WRONG_FORMAT},
        {";;", "error: ;;" WRONG_FORMAT},
        {"h:1:2;:", "error: h:1:2;:" WRONG_FORMAT},
        {"|", "error: |" WRONG_FORMAT},
        {"||;5", "error: ||;5" WRONG_FORMAT},
        {"127.0.0.1:10:20|127.0.0.1:11:20", "error: 127.0.0.1:10:20|127.0.0.1:11:20" WRONG_FORMAT},
    };
    (void)state;
    CHECK(ROWS, true);
}

static void several_addresses_are_sorted_by_host_and_zipped(void **state)
{
    static const struct row ROWS[] = {
        {"127.0.0.2:1:2|127.0.0.1:3:4", "127.0.0.1:3:4|127.0.0.2:1:2:participant"},
        {"127.0.0.1:1:2:observer|127.0.0.2:3:4;5",
         "127.0.0.1:1:2|127.0.0.2:3:4:observer;0.0.0.0:5"},
        /* equal hosts get each other's ports: K-15 */
        {"127.0.0.1:10:21|127.0.0.1:11:20", "127.0.0.1:10:20|127.0.0.1:11:21:participant"},
        {"h:1:2:participant|h2:3:4:observer",
         "error: Multiple addresses should have similar roles: PARTICIPANT vs OBSERVER"},
        {"h:1:2:observer|h2:3:4:participant",
         "error: Multiple addresses should have similar roles: PARTICIPANT vs PARTICIPANT"},
        {"h:1:2|", "h:1:2:participant"},
        {"h:1:2||h:3:4", "error: h:1:2||h:3:4" WRONG_FORMAT},
    };
    (void)state;
    CHECK(ROWS, true);
}

/* D-42 */
static void a_line_has_a_limit_of_addresses(void **state)
{
    (void)state;
    struct zk_str value = {0};
    for (int i = 0; i < 257; i++)
        zk_str_printf(&value, "%sh:%d:%d", i > 0 ? "|" : "", 1000 + i, 2000 + i);

    char *text = read_line(zk_str_text(&value), true);

    assert_string_equal(text, "error: more than 256 addresses for sid 7");
    free(text);
    zk_str_done(&value);
}

static bool lines_are_equal(const char *left, int64_t left_sid, const char *right,
                            int64_t right_sid)
{
    struct zk_context *ctx = test_context();
    struct quorum_server a;
    struct quorum_server b;
    char *error = NULL;
    assert_int_equal(quorum_server_parse(ctx, left_sid, left, false, &a, &error), 0);
    assert_int_equal(quorum_server_parse(ctx, right_sid, right, false, &b, &error), 0);
    bool equal = quorum_server_equal(&a, &b);
    quorum_server_done(&a);
    quorum_server_done(&b);
    zk_context_free(ctx);
    return equal;
}

static void servers_are_equal_in_id_role_and_addresses(void **state)
{
    static const char LINE[] = "127.0.0.1:1:2:participant;3";
    (void)state;
    assert_true(lines_are_equal(LINE, 1, "127.1:1:2;0.0.0.0:3", 1));
    assert_true(lines_are_equal("Zk1:1:2", 1, "zk1:1:2", 1));
    assert_false(lines_are_equal(LINE, 1, LINE, 2));
    assert_false(lines_are_equal(LINE, 1, "127.0.0.1:1:2:observer;3", 1));
    assert_false(lines_are_equal(LINE, 1, "127.0.0.1:9:2;3", 1));
    assert_false(lines_are_equal(LINE, 1, "127.0.0.1:1:9;3", 1));
    assert_false(lines_are_equal(LINE, 1, "127.0.0.1:1:2;9", 1));
    assert_false(lines_are_equal(LINE, 1, "127.0.0.1:1:2", 1));
    assert_false(lines_are_equal("127.0.0.1:1:2", 1, LINE, 1));
}

static void a_client_address_from_the_static_file_is_not_printed(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct quorum_server server;
    struct zk_str text = {0};
    char *error = NULL;
    assert_int_equal(quorum_server_parse(ctx, 1, "h:1:2;3", false, &server, &error), 0);

    server.is_client_addr_from_static = true;
    quorum_server_append(&server, &text);

    assert_string_equal(zk_str_text(&text), "h:1:2:participant");
    zk_str_done(&text);
    quorum_server_done(&server);
    zk_context_free(ctx);
}

static void a_copy_lives_by_itself(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct quorum_server server;
    struct quorum_server copy;
    char *error = NULL;
    assert_int_equal(quorum_server_parse(ctx, 1, "h:1:2;3", false, &server, &error), 0);

    quorum_server_copy(&copy, &server);
    quorum_server_done(&server);

    assert_int_equal(copy.election_addr.items[0].port, 2);
    assert_true(copy.has_client_addr);
    quorum_server_done(&copy);
    zk_context_free(ctx);
}

static void names_are_looked_up_only_when_asked(void **state)
{
    (void)state;
    struct zk_context *ctx = test_context();
    struct quorum_server asked;
    struct quorum_server not_asked;
    char *error = NULL;

    assert_int_equal(quorum_server_parse(ctx, 1, "localhost:1:2", true, &asked, &error), 0);
    assert_int_equal(quorum_server_parse(ctx, 1, "localhost:1:2", false, &not_asked, &error), 0);

    assert_string_equal(inet_ip_text(&asked.addr.items[0]).text, "127.0.0.1");
    assert_int_equal(not_asked.addr.items[0].family, INET_UNRESOLVED);
    assert_true(quorum_server_equal(&asked, &not_asked)); /* D-31 */
    quorum_server_done(&asked);
    quorum_server_done(&not_asked);
    zk_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cfg_01_a_line_prints_as_java_prints_it),
        cmocka_unit_test(cfg_01_a_bad_line_is_refused_in_javas_words),
        cmocka_unit_test(of_two_faults_javas_first_is_told),
        cmocka_unit_test(lines_that_java_chokes_on_are_refused),
        cmocka_unit_test(several_addresses_are_sorted_by_host_and_zipped),
        cmocka_unit_test(a_line_has_a_limit_of_addresses),
        cmocka_unit_test(servers_are_equal_in_id_role_and_addresses),
        cmocka_unit_test(a_client_address_from_the_static_file_is_not_printed),
        cmocka_unit_test(a_copy_lives_by_itself),
        cmocka_unit_test(names_are_looked_up_only_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
