/* What keeps the client port from those who ask for too much: limits that a setting puts on clients
 * together. Java: BlueThrottleTest, NIOServerCnxnTest */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "peer/zookeeper_server_main_internal.h"
#include "raw_client.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/server/zookeeper_server_standalone.h"
#include "zk_test.h"

/* ---- limits ---------------------------------------------------------------------------------- */

enum { FLOOD = 500 };

/* Creates FLOOD nodes with numbers from first, all asked for at once. Returns how many requests
 * were seen to be outstanding. */
static int64_t flood(struct raw_stage *stage, struct raw_client *flooder, struct raw_client *other,
                     int32_t first)
{
    struct buf *all = buf_new(FLOOD * 80);
    for (int32_t i = first; i < first + FLOOD; i++) {
        char path[24];
        snprintf(path, sizeof path, "/flood-%" PRId32, i);
        struct buf *create = raw_create_frame(i, path, "x", 1);
        buf_put_bytes(all, create->bytes, create->length);
        buf_unref(create);
    }
    raw_send_frame(flooder->sock, all);
    int64_t most = 0;
    for (int32_t i = first; i < first + FLOOD; i++) {
        struct server_status status = {0};
        zookeeper_server_fill_status(stage->alone->zk, &status);
        if (status.outstanding_requests > most)
            most = status.outstanding_requests;
        raw_assert_reply(flooder->sock, i, 0);
        if (i == first + FLOOD / 2)
            raw_assert_pings(other);
    }
    return most;
}

/* Beyond the limit stand the one that found it passed, and the one read before that. Another client
 * is served meanwhile: of each connection one request gets in. On a busy machine all may have been
 * answered before the test has a look; then there is another flood. */
static void cli_50_a_flood_is_held_at_the_outstanding_limit(void **state)
{
    enum { LIMIT = 5 };
    (void)state;
    struct raw_stage stage;
    static const struct raw_setting setting = {"zookeeper.globalOutstandingLimit", "5"};
    raw_stage_begin(&stage, &setting, 1);
    struct raw_client flooder = raw_connect(&stage);
    struct raw_client other = raw_connect(&stage);
    int64_t most = 0;
    for (int32_t first = 1; most == 0; first += FLOOD)
        most = flood(&stage, &flooder, &other, first);
    assert_in_range(most, 1, LIMIT + 2);
    sock_unref(flooder.sock);
    sock_unref(other.sock);
    raw_stage_finish(&stage);
}

static void a_large_frame_beyond_the_limit_ends_the_connection(void **state)
{
    (void)state;
    struct raw_stage stage;
    static const struct raw_setting settings[] = {
        {"zookeeper.largeRequestThreshold", "1000"},
        {"zookeeper.largeRequestMaxBytes", "5000"},
    };
    raw_stage_begin(&stage, settings, 2);
    static const uint8_t data[5000] = {0};
    struct raw_client client = raw_connect(&stage);
    for (int32_t i = 1; i <= 20; i++) {
        char path[16];
        snprintf(path, sizeof path, "/n%" PRId32, i);
        raw_send_frame(client.sock, raw_create_frame(i, path, data, 4000));
        raw_assert_reply(client.sock, i, 0);
    }
    raw_send_frame(client.sock, raw_create_frame(21, "/too-much", data, 5000));
    raw_assert_end(client.sock);
    raw_stage_finish(&stage);
}

/* Two tokens, and so slow a filling that no machine is as slow. */
static void cli_51_who_finds_no_token_is_closed_without_a_byte(void **state)
{
    (void)state;
    struct raw_stage stage;
    static const struct raw_setting settings[] = {
        {"zookeeper.connection_throttle_tokens", "2"},
        {"zookeeper.connection_throttle_fill_time", "2000000000"},
    };
    raw_stage_begin(&stage, settings, 2);
    struct raw_client one = raw_connect(&stage);
    struct raw_client two = raw_connect(&stage);
    struct sock *third = raw_dial(&stage);
    raw_send_frame(third, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));
    raw_assert_end(third);
    raw_assert_pings(&one);
    raw_assert_pings(&two);
    sock_unref(one.sock);
    sock_unref(two.sock);
    raw_stage_finish(&stage);
}

/* ---- while a server loads its data ----------------------------------------------------------- */

/* Java: NIOServerCnxn.readLength(), isZKServerRunning() */
static void who_only_connects_while_the_server_loads_its_data_is_served_afterwards(void **state)
{
    (void)state;
    struct raw_stage stage;
    raw_stage_begin(&stage, NULL, 0);
    char *directory = test_temporary_directory();
    char *error = NULL;
    struct file_txn_snap_log *snap_log;
    assert_int_equal(file_txn_snap_log_new(stage.ctx, directory, directory, &snap_log, &error), 0);
    struct zk_database *database = zk_database_new(stage.ctx, snap_log);
    struct zookeeper_server *loading = zookeeper_server_standalone_new(
        stage.ctx, stage.config, database, stage.alone->metrics, stage.at.port);
    server_cnxn_factory_set_zookeeper_server(stage.alone->client_port, loading);
    struct raw_client silent = {.sock = raw_dial(&stage)};
    struct sock *hasty = raw_dial(&stage);
    /* Its session may be in the data: it must not hear that it has expired. */
    static const uint8_t passwd[RAW_PASSWD] = {0};
    raw_send_frame(hasty, raw_connect_frame(0, RAW_TIMEOUT_MS, 1, passwd, true));
    raw_assert_end(hasty); /* who came before it has been accepted, too */

    assert_int_equal(zookeeper_server_load_data(loading), 0);
    assert_int_equal(zookeeper_server_startup(loading), 0);

    raw_send_frame(silent.sock, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));
    raw_read_connect_answer(&silent, 37);
    raw_assert_pings(&silent);
    server_cnxn_factory_set_zookeeper_server(stage.alone->client_port, stage.alone->zk);
    server_cnxn_factory_close_all(stage.alone->client_port);
    sock_unref(silent.sock);
    zookeeper_server_shutdown(loading);
    zookeeper_server_unref(loading);
    zk_database_free(database);
    file_txn_snap_log_free(snap_log);
    raw_stage_finish(&stage);
    test_remove_directory(directory);
}

/* ---- what is counted ------------------------------------------------------------------------- */

static void what_clients_do_is_in_the_figures_when_they_have_their_answers(void **state)
{
    (void)state;
    struct raw_stage stage;
    raw_stage_begin(&stage, NULL, 0);
    struct raw_client client = raw_connect(&stage);
    raw_send_frame(client.sock, raw_create_frame(1, "/counted", "x", 1));
    raw_assert_reply(client.sock, 1, 0);
    raw_assert_pings(&client);

    struct server_metrics_values values = server_metrics_get(stage.alone->metrics);
    assert_int_equal(values.counters[SERVER_METRICS_CONNECTION_REQUEST_COUNT], 1);
    assert_int_equal(values.summaries[SERVER_METRICS_UPDATELATENCY].count, 2); /* the session */
    assert_int_equal(values.summaries[SERVER_METRICS_READLATENCY].count, 1);
    /* create: header, and the path; the answer to a ping is left out, as in Java */
    assert_int_equal(values.counters[SERVER_METRICS_RESPONSE_BYTES], 16 + 4 + 8);
    assert_true(values.counters[SERVER_METRICS_BYTES_RECEIVED_COUNT] > 49);
    sock_unref(client.sock);
    raw_stage_finish(&stage);
}

static void the_bytes_of_a_word_are_bytes_received(void **state)
{
    (void)state;
    struct raw_stage stage;
    raw_stage_begin(&stage, NULL, 0);
    struct sock *sock = raw_dial(&stage);

    assert_int_equal(sock_write_fully(sock, "srvr", 4), 0);
    uint8_t first;
    assert_int_equal(sock_read_fully(sock, &first, 1), 0);

    struct server_metrics_values values = server_metrics_get(stage.alone->metrics);
    assert_int_equal(values.counters[SERVER_METRICS_BYTES_RECEIVED_COUNT], 4);
    sock_unref(sock);
    raw_stage_finish(&stage);
}

struct wanted_bytes {
    struct server_metrics *metrics;
    int64_t least;
};

static bool are_bytes_received(void *arg)
{
    const struct wanted_bytes *wanted = arg;
    struct server_metrics_values values = server_metrics_get(wanted->metrics);
    return values.counters[SERVER_METRICS_BYTES_RECEIVED_COUNT] >= wanted->least;
}

/* A frame that announces more than any may have ends the connection, in the round that has read the
 * frame before it. */
static void what_a_connection_sent_at_its_end_is_among_the_bytes_received(void **state)
{
    enum { DATA = 10000 };
    static const uint8_t too_long[4] = {0x7f, 0xff, 0xff, 0xff};
    static const uint8_t data[DATA];
    (void)state;
    struct raw_stage stage;
    raw_stage_begin(&stage, NULL, 0);
    struct raw_client client = raw_connect(&stage);
    struct buf *frame = raw_create_frame(1, "/large", data, sizeof data);
    buf_put_bytes(frame, too_long, sizeof too_long);
    raw_send_frame(client.sock, frame);

    struct wanted_bytes wanted = {stage.alone->metrics, DATA};
    test_await(are_bytes_received, &wanted);

    sock_unref(client.sock);
    raw_stage_finish(&stage);
}

static void cli_49_there_are_no_more_connections_than_max_cnxns(void **state)
{
    (void)state;
    struct raw_stage stage;
    static const struct raw_setting setting = {"zookeeper.maxCnxns", "2"};
    raw_stage_begin(&stage, &setting, 1);
    struct raw_client one = raw_connect(&stage);
    struct raw_client two = raw_connect(&stage);
    raw_assert_end(raw_dial(&stage));
    raw_assert_pings(&one);
    raw_assert_pings(&two);
    sock_unref(one.sock);
    sock_unref(two.sock);
    raw_stage_finish(&stage);
}

/* ---- who does not read (D-201) --------------------------------------------------------------- */

enum { NODE = 1000000, NODES_ASKED = 70 }; /* more than OUTPUT_LIMIT together */

/* One request for that many megabytes: a read that was let in is answered whole. */
static struct buf *read_big_again_and_again(void)
{
    struct buf *body = raw_request_body(2, OP_CODE_MULTI_READ);
    for (int i = 0; i < NODES_ASKED; i++) {
        buf_put_int(body, OP_CODE_GET_DATA);
        buf_put_byte(body, 0);
        buf_put_int(body, -1);
        raw_put_text(body, "/big");
        buf_put_byte(body, 0);
    }
    buf_put_int(body, -1);
    buf_put_byte(body, 1);
    buf_put_int(body, -1);
    return raw_frame_of(body);
}

/* Whoever has this watch is sent an event for each write. */
static struct buf *watch_bell(void)
{
    struct buf *body = raw_request_body(1, OP_CODE_ADD_WATCH);
    raw_put_text(body, "/bell");
    buf_put_int(body, 0);
    return raw_frame_of(body);
}

struct ringing {
    struct raw_stage *stage;
    struct raw_client *ringer;
    int32_t xid;
};

static size_t connections_of(struct raw_stage *stage, size_t *ret_most_unsent)
{
    struct server_cnxn_factory *factory = stage->alone->client_port;
    size_t count = 0;
    *ret_most_unsent = 0;
    zk_mutex_lock(&factory->mu);
    for (struct nio_server_cnxn *cnxn = factory->cnxns; cnxn != NULL; cnxn = cnxn->next) {
        count++;
        if (channel_pending(cnxn->channel) > *ret_most_unsent)
            *ret_most_unsent = channel_pending(cnxn->channel);
    }
    zk_mutex_unlock(&factory->mu);
    return count;
}

static bool too_much_waits(void *arg)
{
    size_t unsent;
    (void)connections_of(((struct ringing *)arg)->stage, &unsent);
    return unsent > OUTPUT_LIMIT;
}

/* Rings once more; returns whether the ringer is the only one left. */
static bool only_the_ringer_is_left(void *arg)
{
    struct ringing *ringing = arg;
    struct buf *body = raw_request_body(++ringing->xid, OP_CODE_SET_DATA);
    size_t unsent;
    raw_put_text(body, "/bell");
    buf_put_int(body, -1);
    buf_put_int(body, -1);
    raw_send_frame(ringing->ringer->sock, raw_frame_of(body));
    raw_assert_reply(ringing->ringer->sock, ringing->xid, 0);
    return connections_of(ringing->stage, &unsent) == 1;
}

/* What is more for it, an event here, shows that it has taken nothing for a second. */
static void who_takes_nothing_of_what_waits_is_closed(void **state)
{
    (void)state;
    static const uint8_t data[NODE] = {0};
    struct raw_stage stage;
    raw_stage_begin(&stage, NULL, 0);
    struct raw_client ringer = raw_connect(&stage);
    raw_send_frame(ringer.sock, raw_create_frame(1, "/big", data, NODE));
    raw_assert_reply(ringer.sock, 1, 0);
    raw_send_frame(ringer.sock, raw_create_frame(2, "/bell", data, 1));
    raw_assert_reply(ringer.sock, 2, 0);
    struct raw_client slow = raw_connect(&stage);
    raw_send_frame(slow.sock, watch_bell());
    raw_assert_reply(slow.sock, 1, 0);
    struct ringing ringing = {.stage = &stage, .ringer = &ringer, .xid = 2};

    raw_send_frame(slow.sock, read_big_again_and_again());
    test_await(too_much_waits, &ringing);
    test_await(only_the_ringer_is_left, &ringing);

    size_t taken = 0;
    size_t count = 1;
    static char bytes[65536];
    while (count > 0 && sock_read_some(slow.sock, bytes, sizeof bytes, &count) == 0)
        taken += count;
    assert_true(taken < (size_t)NODE * NODES_ASKED);
    raw_assert_pings(&ringer);
    sock_unref(slow.sock);
    sock_unref(ringer.sock);
    raw_stage_finish(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_49_there_are_no_more_connections_than_max_cnxns),
        cmocka_unit_test(who_takes_nothing_of_what_waits_is_closed),
        cmocka_unit_test(what_a_connection_sent_at_its_end_is_among_the_bytes_received),
        cmocka_unit_test(who_only_connects_while_the_server_loads_its_data_is_served_afterwards),
        cmocka_unit_test(what_clients_do_is_in_the_figures_when_they_have_their_answers),
        cmocka_unit_test(the_bytes_of_a_word_are_bytes_received),
        cmocka_unit_test(cli_50_a_flood_is_held_at_the_outstanding_limit),
        cmocka_unit_test(cli_51_who_finds_no_token_is_closed_without_a_byte),
        cmocka_unit_test(a_large_frame_beyond_the_limit_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
