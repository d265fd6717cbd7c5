/* The client port, as callers find it: words, clients, those who say nothing. Java:
 * NIOServerCnxnFactory, MaxCnxnsTest */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cnxn/turned_away.h"
#include "command_stage.h"
#include "zk/base/str.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk_test.h"

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
    ret_status->server_state = "follower";
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

/* A port whose context is the capture's. */
static void port_close_captured(struct port *port, struct test_capture *capture)
{
    server_cnxn_factory_free(port->factory);
    zk_mutex_destroy(&port->mutex);
    test_capture_done(capture);
}

static struct sock *dial(struct port *port)
{
    struct sock *sock;
    assert_int_equal(sock_new(port->ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &port->at, TEST_PATIENCE_MS), 0);
    sock_set_timeout(sock, TEST_PATIENCE_MS);
    return sock;
}

/* Returns everything until the far end closes, in order and not by a reset; the caller frees it.
 * Unrefs sock. */
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

/* Java's writer hands on 8192 characters at a time. */
static void a_long_answer_to_a_word_counts_as_several_packets(void **state)
{
    (void)state;
    struct port port = {.ctx = command_stage_context()};
    port_open(&port, 60);
    char *answer = exchange(&port, "mntr", 4);
    int64_t parts = ((int64_t)strlen(answer) + 8191) / 8192;
    free(answer);
    assert_true(parts > 1);
    answer = exchange(&port, "srvr", 4);
    char *sent = strstr(answer, "Sent: ");
    assert_non_null(sent);
    assert_int_equal(strtol(sent + strlen("Sent: "), NULL, 10), parts);
    free(answer);
    port_close(&port);
}

/* Java: NIOServerCnxn(), sessionTimeout */
static void a_connection_without_a_session_has_the_time_of_one_that_says_nothing(void **state)
{
    (void)state;
    struct port port = {.ctx = command_stage_context()};
    zk_settings_set(port.ctx, "zookeeper.nio.sessionlessCnxnTimeout", "70000");
    port_open(&port, 60);
    struct sock *silent = dial(&port);
    free(exchange(&port, "ruok", 4)); /* who came before it is in the table */
    struct server_cnxns cnxns = server_cnxn_factory_cnxns(port.factory);
    struct server_cnxn_info *infos = NULL;
    size_t count = cnxns.list(cnxns.arg, &infos);
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(infos[i].session_timeout_ms, 70000);
    free(infos);
    sock_unref(silent);
    port_close(&port);
}

/* CLI-03 */
static void cli_03_a_word_is_answered_and_the_connection_closed(void **state)
{
    (void)state;
    struct port port = {.ctx = command_stage_context()};
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
    struct port port = {.ctx = command_stage_context()};
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
    struct port port = {.ctx = command_stage_context()};
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
    struct port port = {.ctx = command_stage_context()};
    port_open(&port, 60);
    char *answer = exchange(&port, "xxxx", 4);
    assert_string_equal(answer, "");
    free(answer);
    answer = exchange(&port, connect_request, sizeof connect_request);
    assert_string_equal(answer, "");
    free(answer);
    port_close(&port);
}

/* U-1: two clients and a scanner within a minute */
static void a_client_that_is_turned_away_is_told_of_once_a_minute(void **state)
{
    (void)state;
    static const uint8_t connect_request[49] = {0, 0, 0, 45};
    struct test_capture capture = test_capture_new();
    struct port port = {.ctx = capture.ctx};
    port_open(&port, 60);

    free(exchange(&port, "GET / HTTP/1.0\r\n\r\n", 18));
    free(exchange(&port, connect_request, sizeof connect_request));
    free(exchange(&port, connect_request, sizeof connect_request));

    char *log = test_captured_log(&capture);
    char *told = strstr(log, "a ZooKeeper client is turned away remote=/127.0.0.1:");
    assert_non_null(told);
    assert_non_null(strstr(told, " clients=1 why=\"this peer serves no clients before "));
    assert_null(strstr(told + 1, "a ZooKeeper client is turned away"));
    free(log);
    port_close_captured(&port, &capture);
}

/* U-1: the next minute tells of those that the line before did not */
static void clients_of_the_minute_are_told_of_in_the_next(void **state)
{
    (void)state;
    struct turned_away turned_away = {.interval_ms = 60000};
    assert_int_equal(turned_away_add(&turned_away, 1000), 1);
    assert_int_equal(turned_away_add(&turned_away, 1001), 0);
    assert_int_equal(turned_away_add(&turned_away, 60999), 0);
    assert_int_equal(turned_away_add(&turned_away, 61000), 3);
    assert_int_equal(turned_away_add(&turned_away, 61001), 0);
    assert_int_equal(turned_away_add(&turned_away, 500000), 2);
}

/* A peer whose locks are all stuck still says that it lives. */
static void ruok_asks_nobody(void **state)
{
    (void)state;
    struct port port = {.ctx = command_stage_context()};
    port_open(&port, 60);
    free(exchange(&port, "ruok", 4));
    free(exchange(&port, "envi", 4));
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
    struct port port = {.ctx = command_stage_context()};
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
    struct port port = {.ctx = command_stage_context()};
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

/* Two, beside the one that asks. */
static bool has_connections(void *arg)
{
    struct port *port = arg;
    char *answer = exchange(port, "mntr", 4);
    bool are_two = test_has_line(answer, "zk_num_alive_connections\t3");
    free(answer);
    return are_two;
}

/* Java: MaxCnxnsTest */
static void one_address_has_max_client_cnxns_connections(void **state)
{
    (void)state;
    struct port port = {.ctx = command_stage_context()};
    port_open(&port, 2);
    struct sock *first = dial(&port); /* callers are accepted one after the other */
    struct sock *second = dial(&port);

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

/* The same port, asked from another address of this machine. */
static void another_address_has_its_own_max_client_cnxns(void **state)
{
    (void)state;
    struct port port = {.ctx = command_stage_context()};
    port_open(&port, 1);
    struct sock *first = dial(&port);
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(port.at.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);

    char answer[5] = "";
    assert_int_equal(send(fd, "ruok", 4, MSG_NOSIGNAL), 4);
    assert_int_equal(recv(fd, answer, 4, MSG_WAITALL), 4);

    assert_string_equal(answer, "imok");
    close(fd);
    sock_unref(first);
    port_close(&port);
}

static void shutdown_ends_connections_that_wait(void **state)
{
    (void)state;
    struct port port = {.ctx = command_stage_context()};
    port_open(&port, 60);
    struct sock *first = dial(&port);
    struct sock *second = dial(&port);
    test_await(has_connections, &port);

    server_cnxn_factory_shutdown(port.factory);

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
    struct port port = {.ctx = command_stage_context()};
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
    struct port port = {.ctx = command_stage_context()};
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
        cmocka_unit_test(cli_03_a_word_is_answered_and_the_connection_closed),
        cmocka_unit_test(a_long_answer_to_a_word_counts_as_several_packets),
        cmocka_unit_test(a_connection_without_a_session_has_the_time_of_one_that_says_nothing),
        cmocka_unit_test(a_newline_behind_the_word_does_no_harm),
        cmocka_unit_test(a_word_in_four_pieces_is_a_word),
        cmocka_unit_test(cli_03_anything_else_is_closed_without_a_byte),
        cmocka_unit_test(a_client_that_is_turned_away_is_told_of_once_a_minute),
        cmocka_unit_test(clients_of_the_minute_are_told_of_in_the_next),
        cmocka_unit_test(ruok_asks_nobody),
        cmocka_unit_test(a_silent_caller_is_closed_at_its_deadline),
        cmocka_unit_test(a_dripping_caller_has_the_same_deadline),
        cmocka_unit_test(one_address_has_max_client_cnxns_connections),
        cmocka_unit_test(another_address_has_its_own_max_client_cnxns),
        cmocka_unit_test(shutdown_ends_connections_that_wait),
        cmocka_unit_test(a_port_in_use_is_told),
        cmocka_unit_test(many_callers_at_once_are_all_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
