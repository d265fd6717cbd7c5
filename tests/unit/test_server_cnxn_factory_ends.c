/* A connection that one thread closes while another gives it its session: as in the product, where
 * locks are not compared. That comparing takes a lock of its own, which puts what threads do in an
 * order, and so hides from tsan what the second test is for. The first needs no tsan: there one
 * thread waits until the other is done. Java: NIOServerCnxnFactory */
#include <stdlib.h>
#include <string.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "command_stage.h"
#include "server/zookeeper_server_internal.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/io/sock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/server/server_status.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

enum { SESSION = 0x5e55, TIMEOUT_MS = 4000, ROUNDS = 20 };

static struct test_capture capture_without_check_locks(void)
{
    struct test_capture capture = test_capture_new();
    struct zk_context_options options = zk_context_options_default();
    zk_context_free(capture.ctx);
    options.log_level = ZK_TRACE;
    options.log_fd = capture.log_fd;
    capture.ctx = zk_context_new(&options);
    return capture;
}

struct closing {
    struct test_capture capture;
    struct command_stage stage;
    struct server_cnxn_factory *factory;
    struct sock *sock; /* of the client */
    struct nio_server_cnxn *cnxn;
    const struct nio_server_cnxn *before; /* the connection that was there before; NULL: none */
    struct zk_thread_group *threads;
};

/* Looks whether a selector has taken over what the accept thread has made. */
static bool is_watched(void *arg)
{
    struct closing *closing = arg;
    zk_mutex_lock(&closing->factory->mu);
    closing->cnxn = closing->factory->cnxns;
    zk_mutex_unlock(&closing->factory->mu);
    return closing->cnxn != closing->before && channel_interest_ops(closing->cnxn->channel) != 0;
}

static bool is_in_no_table(void *arg)
{
    struct closing *closing = arg;
    zk_mutex_lock(&closing->factory->mu);
    bool in_tables = closing->cnxn->in_tables;
    zk_mutex_unlock(&closing->factory->mu);
    return !in_tables;
}

static void close_it(void *arg)
{
    struct closing *closing = arg;
    nio_server_cnxn_close(closing->cnxn, DISCONNECT_REASON_SERVER_SHUTDOWN);
}

static void fill_nothing(void *arg, struct server_status *ret_status)
{
    (void)arg;
    (void)ret_status;
}

static void give_it_a_session(void *arg)
{
    struct closing *closing = arg;
    server_admission_set_session(zookeeper_server_admission(closing->stage.zk),
                                 &closing->cnxn->base, SESSION, TIMEOUT_MS);
}

static bool has_its_session(void *arg)
{
    struct closing *closing = arg;
    zk_mutex_lock(&closing->factory->mu);
    int64_t session_id = closing->cnxn->base.session_id;
    zk_mutex_unlock(&closing->factory->mu);
    return session_id == SESSION;
}

static void closing_begin(struct closing *closing)
{
    struct inet_address any = test_loopback(0);
    struct server_status_hook hook = {.fill = fill_nothing};
    *closing = (struct closing){.capture = capture_without_check_locks()};
    struct zk_context *ctx = closing->capture.ctx;
    command_stage_open(&closing->stage, ctx);
    assert_int_equal(server_cnxn_factory_new(ctx, &any, -1, 60, hook, &closing->factory), 0);
    assert_int_equal(server_cnxn_factory_start(closing->factory), 0);
    server_cnxn_factory_set_zookeeper_server(closing->factory, closing->stage.zk);
}

/* Each line tells of a connection as it was when it was closed. */
static void closing_end(struct closing *closing, int connections)
{
    char *log = test_captured_log(&closing->capture);
    int told = 0;
    for (const char *at = log; (at = strstr(at, " which had sessionid 0x0 reason=")) != NULL; at++)
        told++;
    assert_int_equal(told, connections);
    free(log);
    server_cnxn_factory_free(closing->factory);
    command_stage_close(&closing->stage);
    test_capture_done(&closing->capture);
}

static void connect_one(struct closing *closing)
{
    struct inet_address at =
        test_loopback(server_cnxn_factory_local_address(closing->factory)->port);
    assert_int_equal(sock_new(closing->capture.ctx, INET_V4, &closing->sock), 0);
    assert_int_equal(sock_connect(closing->sock, &at, TEST_PATIENCE_MS), 0);
    test_await(is_watched, closing);
    server_cnxn_ref(&closing->cnxn->base);
    closing->threads = zk_thread_group_new(closing->capture.ctx);
}

static void disconnect_it(struct closing *closing)
{
    zk_thread_group_free(closing->threads); /* waits for all of them */
    server_cnxn_unref(&closing->cnxn->base);
    sock_unref(closing->sock);
}

/* Whoever closes a connection takes expiry_mu behind its step out of the tables: there it waits
 * here, until the connection has a session. The other thread waits for the same lock, when it has
 * given it. */
static void the_end_is_told_as_it_was_when_it_began(void **state)
{
    (void)state;
    struct closing closing;
    closing_begin(&closing);
    connect_one(&closing);

    zk_mutex_lock(&closing.factory->expiry_mu);
    assert_int_equal(zk_thread_group_start(closing.threads, close_it, &closing, "closer"), 0);
    test_await(is_in_no_table, &closing);
    assert_int_equal(zk_thread_group_start(closing.threads, give_it_a_session, &closing, "giver"),
                     0);
    test_await(has_its_session, &closing);
    zk_mutex_unlock(&closing.factory->expiry_mu);

    disconnect_it(&closing);
    closing_end(&closing, 1);
}

/* The term may end while a selector reads the first frame of a client. Here nobody waits, so that
 * tsan sees it if the two touch anything without a lock; without tsan this hardly ever fails. */
static void a_connection_may_be_given_its_session_while_it_is_closed(void **state)
{
    (void)state;
    struct closing closing;
    closing_begin(&closing);

    for (int i = 0; i < ROUNDS; i++) {
        connect_one(&closing);
        assert_int_equal(zk_thread_group_start(closing.threads, close_it, &closing, "closer"), 0);
        test_await(is_in_no_table, &closing);
        give_it_a_session(&closing);
        disconnect_it(&closing);
    }

    closing_end(&closing, ROUNDS);
}

/* CLI-24. A client has come back on a new connection when its old one ends. If that took the new
 * one out of the table, nobody would end it with the session. */
static void the_end_of_an_old_connection_leaves_the_new_one_its_session(void **state)
{
    (void)state;
    struct closing old;
    closing_begin(&old);
    connect_one(&old);
    give_it_a_session(&old);
    struct closing young = old;
    young.before = old.cnxn;
    connect_one(&young);
    give_it_a_session(&young);

    close_it(&old);

    assert_true(zookeeper_server_close_session(old.stage.zk, SESSION,
                                               DISCONNECT_REASON_CLIENT_CLOSED_SESSION));
    assert_true(is_in_no_table(&young));
    disconnect_it(&young);
    disconnect_it(&old);
    closing_end(&old, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_told_as_it_was_when_it_began),
        cmocka_unit_test(a_connection_may_be_given_its_session_while_it_is_closed),
        cmocka_unit_test(the_end_of_an_old_connection_leaves_the_new_one_its_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
