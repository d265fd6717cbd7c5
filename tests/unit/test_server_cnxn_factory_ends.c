/* A connection that one thread closes while another gives it its session: as in the product, where
 * locks are not compared. That comparing takes a lock of its own, which puts what threads do in an
 * order, and so hides from tsan what this file is for. Java: NIOServerCnxnFactory */
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
    struct server_cnxn_factory *factory;
    struct nio_server_cnxn *cnxn;
};

/* Looks whether a selector has taken over what the accept thread has made. */
static bool is_watched(void *arg)
{
    struct closing *closing = arg;
    zk_mutex_lock(&closing->factory->mu);
    closing->cnxn = closing->factory->cnxns;
    zk_mutex_unlock(&closing->factory->mu);
    return closing->cnxn != NULL && channel_interest_ops(closing->cnxn->channel) != 0;
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

static void give_it_a_session_while_it_is_closed(struct closing *closing, struct zk_context *ctx,
                                                 struct zookeeper_server *zk)
{
    struct inet_address at =
        test_loopback(server_cnxn_factory_local_address(closing->factory)->port);
    struct sock *sock;
    assert_int_equal(sock_new(ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &at, TEST_PATIENCE_MS), 0);
    test_await(is_watched, closing);
    server_cnxn_ref(&closing->cnxn->base);
    struct zk_thread_group *threads = zk_thread_group_new(ctx);

    assert_int_equal(zk_thread_group_start(threads, close_it, closing, "closer"), 0);
    test_await(is_in_no_table, closing);
    server_admission_set_session(zookeeper_server_admission(zk), &closing->cnxn->base, SESSION,
                                 TIMEOUT_MS);

    zk_thread_group_free(threads);
    server_cnxn_unref(&closing->cnxn->base);
    sock_unref(sock);
}

/* The term may end while a selector reads the first frame of a client. Without tsan only the lines
 * of the log are compared: each tells of a connection as it was when it was closed. */
static void a_connection_may_be_given_its_session_while_it_is_closed(void **state)
{
    (void)state;
    struct test_capture capture = capture_without_check_locks();
    struct command_stage stage;
    command_stage_open(&stage, capture.ctx);
    struct inet_address any = test_loopback(0);
    struct server_status_hook hook = {.fill = fill_nothing};
    struct closing closing = {0};
    assert_int_equal(server_cnxn_factory_new(capture.ctx, &any, -1, 60, hook, &closing.factory), 0);
    assert_int_equal(server_cnxn_factory_start(closing.factory), 0);
    server_cnxn_factory_set_zookeeper_server(closing.factory, stage.zk);

    for (int i = 0; i < ROUNDS; i++)
        give_it_a_session_while_it_is_closed(&closing, capture.ctx, stage.zk);

    char *log = test_captured_log(&capture);
    int told = 0;
    for (const char *at = log; (at = strstr(at, " which had sessionid 0x0 reason=")) != NULL; at++)
        told++;
    assert_int_equal(told, ROUNDS);
    free(log);
    server_cnxn_factory_free(closing.factory);
    command_stage_close(&stage);
    test_capture_done(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_may_be_given_its_session_while_it_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
