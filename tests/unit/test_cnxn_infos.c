/* What words tell of the connections of a port: cons, crst, dump. Java: NIOServerCnxnFactory,
 * resetAllConnectionStats() and dumpConnections() */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "raw_client.h"
#include "zk/io/sock.h"
#include "zk_test.h"

static int setup(void **state)
{
    static struct raw_stage stage;
    static const struct raw_setting setting = {"zookeeper.4lw.commands.whitelist", "*"};
    raw_stage_begin(&stage, &setting, 1);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    raw_stage_finish(*state);
    return 0;
}

/* The caller frees the answer. */
static char *ask(struct raw_stage *stage, const char *word)
{
    struct zk_str answer = {0};
    struct sock *sock = raw_dial(stage);
    char bytes[1000];
    size_t count;
    assert_int_equal(sock_write_fully(sock, word, 4), 0);
    while (sock_read_some(sock, bytes, sizeof bytes, &count) == 0 && count > 0)
        zk_str_append_bytes(&answer, bytes, count);
    sock_unref(sock);
    return zk_str_take(&answer);
}

static void assert_says(struct raw_stage *stage, const char *word, const char *words, bool says)
{
    char *answer = ask(stage, word);
    if ((strstr(answer, words) != NULL) != says)
        fail_msg("%s: \"%s\" is %sin: %s", word, words, says ? "not " : "", answer);
    free(answer);
}

static void crst_lets_every_connection_count_anew(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client one = raw_connect(stage);
    struct raw_client other = raw_connect(stage);
    raw_assert_pings(&one);
    raw_assert_pings(&other);
    raw_assert_pings(&other);
    assert_says(stage, "cons", "recved=2,", true);
    assert_says(stage, "cons", "recved=3,", true);
    assert_says(stage, "crst", "Connection stats reset.\n", true);
    assert_says(stage, "cons", "recved=2,", false);
    assert_says(stage, "cons", "recved=3,", false);
    sock_unref(one.sock);
    sock_unref(other.sock);
}

static void dump_tells_each_connection_and_its_session(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client one = raw_connect(stage);
    char session[64];
    snprintf(session, sizeof session, " sessionId: 0x%" PRIx64 "\n", (uint64_t)one.session_id);
    char *answer = ask(stage, "dump");
    const char *connections = strstr(answer, "Connections dump:\nConnections Sets (");
    assert_non_null(connections);
    assert_non_null(strstr(connections, session));
    assert_non_null(strstr(connections, " sessionId: 0x0\n")); /* who asks has none */
    assert_non_null(strstr(connections, "\tip: /127.0.0.1:"));
    free(answer);
    sock_unref(one.sock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(crst_lets_every_connection_count_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(dump_tells_each_connection_and_its_session, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
