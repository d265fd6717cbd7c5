/* A caller that is accepted while the server behind the port comes or goes.
 * Java: NIOServerCnxnFactory.AcceptThread */
#include "outside.h"
#include "peer/zookeeper_server_main_internal.h"
#include "raw_client.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/io/sock.h"
#include "zk_test.h"

static int setup(void **state)
{
    static struct raw_stage stage;
    /* With this, AcceptThread makes one more system call, when the connection has its server. */
    static const struct raw_setting setting = {"zookeeper.clientTcpKeepAlive", "true"};
    raw_stage_begin(&stage, &setting, 1);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    (void)outside_restore(state);
    raw_stage_finish(*state);
    return 0;
}

static bool is_held(void *arg)
{
    (void)arg;
    return outside_held() > 0;
}

/* A caller of whom AcceptThread knows which server he has, and nobody else knows of him. */
static struct sock *dial_and_hold(struct raw_stage *stage)
{
    outside_hold_after(OUTSIDE_SETSOCKOPT, 1); /* the first one is behind accept */
    struct sock *sock = raw_dial(stage);
    test_await(is_held, NULL);
    return sock;
}

/* CLI-52: all other connections of the server have been closed when this one comes to the table. */
static void cli_52_who_is_accepted_while_the_server_goes_is_closed(void **state)
{
    struct raw_stage *stage = *state;
    struct sock *sock = dial_and_hold(stage);
    server_cnxn_factory_set_zookeeper_server(stage->alone->client_port, NULL);
    server_cnxn_factory_close_all(stage->alone->client_port);
    outside_release();
    raw_assert_end(sock);
}

static void cli_52_who_is_accepted_while_the_server_comes_is_closed(void **state)
{
    struct raw_stage *stage = *state;
    server_cnxn_factory_set_zookeeper_server(stage->alone->client_port, NULL);
    struct sock *sock = dial_and_hold(stage);
    server_cnxn_factory_set_zookeeper_server(stage->alone->client_port, stage->alone->zk);
    outside_release();
    raw_assert_end(sock);
}

static void who_is_accepted_while_the_server_stays_is_served(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = {.sock = dial_and_hold(stage)};
    outside_release();
    raw_send_frame(raw.sock, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));
    raw_read_connect_answer(&raw, 37);
    raw_assert_pings(&raw);
    sock_unref(raw.sock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cli_52_who_is_accepted_while_the_server_goes_is_closed),
        TEST(cli_52_who_is_accepted_while_the_server_comes_is_closed),
        TEST(who_is_accepted_while_the_server_stays_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
