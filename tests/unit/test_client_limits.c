/* What keeps the client port from those who ask for too much: limits that a setting puts on clients
 * together. Java: BlueThrottleTest, NIOServerCnxnTest */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/zookeeper_server_main_internal.h"
#include "zk/base/buf.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/peer/zookeeper_server_main.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_status.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

enum {
    TICK_MS = 2000, /* no session expires while a slow machine runs a test */
    TIMEOUT_MS = 40000,
    PASSWD = 16,
};

/* world:anyone may do everything */
static const uint8_t OPEN_ACL[] = {0,   0,   0,   1, 0, 0, 0, 31,  0,   0,   0,   5,   'w', 'o',
                                   'r', 'l', 'd', 0, 0, 0, 6, 'a', 'n', 'y', 'o', 'n', 'e'};

/* ---- a server and its port ------------------------------------------------------------------- */

struct stage {
    struct zk_context *ctx;
    char *directory;
    struct quorum_peer_config *config;
    struct zookeeper_server_main *alone;
    struct inet_address at;
};

struct setting {
    const char *key;
    const char *value;
};

static void begin_with(struct stage *stage, const struct setting *settings, size_t count)
{
    char tick[16];
    stage->directory = test_temporary_directory();
    char *args[] = {(char *)"0", stage->directory, tick};
    char *error = NULL;
    snprintf(tick, sizeof tick, "%d", TICK_MS);
    stage->ctx = test_context();
    for (size_t i = 0; i < count; i++)
        zk_settings_set(stage->ctx, settings[i].key, settings[i].value);
    assert_int_equal(server_config_parse_arguments(stage->ctx, 3, args, &stage->config, &error), 0);
    stage->config->client_port_address = test_loopback(0);
    stage->alone = zookeeper_server_main_new(stage->ctx, stage->config);
    assert_int_equal(zookeeper_server_main_start(stage->alone), 0);
    stage->at = test_loopback(server_cnxn_factory_local_address(stage->alone->client_port)->port);
}

static void finish(struct stage *stage)
{
    zookeeper_server_main_shutdown(stage->alone);
    assert_int_equal(zookeeper_server_main_wait(stage->alone), 0);
    zookeeper_server_main_free(stage->alone);
    quorum_peer_config_free(stage->config);
    zk_context_free(stage->ctx);
    test_remove_directory(stage->directory);
}

/* ---- a client that knows only bytes ---------------------------------------------------------- */

struct raw {
    struct sock *sock;
    int64_t session_id;
    int32_t timeout_ms;
    uint8_t passwd[PASSWD];
};

static struct sock *dial(struct stage *stage)
{
    struct sock *sock;
    assert_int_equal(sock_new(stage->ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &stage->at, TEST_PATIENCE_MS), 0);
    sock_set_timeout(sock, TEST_PATIENCE_MS);
    sock_set_no_delay(sock, true);
    return sock;
}

static void send_bytes(struct sock *sock, const struct buf *bytes)
{
    assert_int_equal(sock_write_fully(sock, bytes->bytes, bytes->length), 0);
}

/* Returns a frame whose length is put in front; unrefs body. */
static struct buf *frame_of(struct buf *body)
{
    struct buf *frame = buf_new(4 + body->length);
    buf_put_int(frame, (int32_t)body->length);
    buf_put_bytes(frame, body->bytes, body->length);
    buf_unref(body);
    return frame;
}

static void put_text(struct buf *buf, const char *text)
{
    buf_put_int(buf, (int32_t)strlen(text));
    buf_put_bytes(buf, text, strlen(text));
}

static struct buf *connect_frame(int64_t zxid, int32_t timeout_ms, int64_t session_id,
                                 const uint8_t *passwd, bool with_read_only)
{
    static const uint8_t zeros[PASSWD] = {0};
    struct buf *body = buf_new(45);
    buf_put_int(body, 0);
    buf_put_long(body, zxid);
    buf_put_int(body, timeout_ms);
    buf_put_long(body, session_id);
    buf_put_int(body, PASSWD);
    buf_put_bytes(body, passwd != NULL ? passwd : zeros, PASSWD);
    if (with_read_only)
        buf_put_byte(body, 0);
    return frame_of(body);
}

/* Returns a request with nothing behind the header. */
static struct buf *request_body(int32_t xid, int32_t type)
{
    struct buf *body = buf_new(64);
    buf_put_int(body, xid);
    buf_put_int(body, type);
    return body;
}

static struct buf *plain_frame(int32_t xid, int32_t type)
{
    return frame_of(request_body(xid, type));
}

static struct buf *create_frame(int32_t xid, const char *path, const void *data, size_t length)
{
    struct buf *body = request_body(xid, OP_CODE_CREATE);
    put_text(body, path);
    buf_put_int(body, (int32_t)length);
    buf_put_bytes(body, data, length);
    buf_put_bytes(body, OPEN_ACL, sizeof OPEN_ACL);
    buf_put_int(body, 0);
    return frame_of(body);
}

static void send_frame(struct sock *sock, struct buf *frame)
{
    send_bytes(sock, frame);
    buf_unref(frame);
}

/* Returns the body of the next frame; the caller unrefs it. */
static struct buf *read_frame(struct sock *sock)
{
    uint8_t length[4];
    assert_int_equal(sock_read_fully(sock, length, sizeof length), 0);
    size_t count = (size_t)zk_load_int(length);
    uint8_t *bytes = malloc(count + 1);
    assert_int_equal(sock_read_fully(sock, bytes, count), 0);
    struct buf *body = buf_new_copy(bytes, count);
    free(bytes);
    return body;
}

static void assert_reply(struct sock *sock, int32_t xid, int32_t err)
{
    struct buf *reply = read_frame(sock);
    assert_true(reply->length >= 16);
    assert_int_equal(zk_load_int(reply->bytes), xid);
    assert_int_equal(zk_load_int(reply->bytes + 12), err);
    buf_unref(reply);
}

/* Nothing more comes but the end. A reset is the end, too: we had sent what nobody read. */
static void assert_end(struct sock *sock)
{
    char byte;
    size_t count = 0;
    int r = sock_read_some(sock, &byte, 1, &count);
    assert_true((r == 0 && count == 0) || r == -ECONNRESET);
    sock_unref(sock);
}

static void read_connect_answer(struct raw *raw, size_t length)
{
    struct buf *answer = read_frame(raw->sock);
    assert_int_equal(answer->length, length);
    assert_int_equal(zk_load_int(answer->bytes), 0);
    raw->timeout_ms = zk_load_int(answer->bytes + 4);
    raw->session_id = zk_load_long(answer->bytes + 8);
    assert_int_equal(zk_load_int(answer->bytes + 16), PASSWD);
    memcpy(raw->passwd, answer->bytes + 20, PASSWD);
    buf_unref(answer);
}

static struct raw raw_connect(struct stage *stage)
{
    struct raw raw = {.sock = dial(stage)};
    send_frame(raw.sock, connect_frame(0, TIMEOUT_MS, 0, NULL, true));
    read_connect_answer(&raw, 37);
    return raw;
}

static void assert_pings(struct raw *raw)
{
    send_frame(raw->sock, plain_frame(-2, OP_CODE_PING));
    assert_reply(raw->sock, -2, 0);
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Beyond the limit stand the one that found it passed, and the one read before that. Another client
 * is served meanwhile: of each connection one request gets in. */
static void cli_50_a_flood_is_held_at_the_outstanding_limit(void **state)
{
    enum { LIMIT = 5, FLOOD = 500 };
    (void)state;
    struct stage stage;
    static const struct setting setting = {"zookeeper.globalOutstandingLimit", "5"};
    begin_with(&stage, &setting, 1);
    struct raw flooder = raw_connect(&stage);
    struct raw other = raw_connect(&stage);
    struct buf *flood = buf_new(FLOOD * 80);
    for (int32_t i = 1; i <= FLOOD; i++) {
        char path[16];
        snprintf(path, sizeof path, "/flood-%" PRId32, i);
        struct buf *create = create_frame(i, path, "x", 1);
        buf_put_bytes(flood, create->bytes, create->length);
        buf_unref(create);
    }
    send_frame(flooder.sock, flood);
    int64_t most = 0;
    for (int32_t i = 1; i <= FLOOD; i++) {
        struct server_status status = {0};
        zookeeper_server_fill_status(stage.alone->zk, &status);
        if (status.outstanding_requests > most)
            most = status.outstanding_requests;
        assert_reply(flooder.sock, i, 0);
        if (i == FLOOD / 2)
            assert_pings(&other);
    }
    assert_in_range(most, 1, LIMIT + 2);
    sock_unref(flooder.sock);
    sock_unref(other.sock);
    finish(&stage);
}

static void a_large_frame_beyond_the_limit_ends_the_connection(void **state)
{
    (void)state;
    struct stage stage;
    static const struct setting settings[] = {
        {"zookeeper.largeRequestThreshold", "1000"},
        {"zookeeper.largeRequestMaxBytes", "5000"},
    };
    begin_with(&stage, settings, 2);
    static const uint8_t data[5000] = {0};
    struct raw client = raw_connect(&stage);
    for (int32_t i = 1; i <= 20; i++) {
        char path[16];
        snprintf(path, sizeof path, "/n%" PRId32, i);
        send_frame(client.sock, create_frame(i, path, data, 4000));
        assert_reply(client.sock, i, 0);
    }
    send_frame(client.sock, create_frame(21, "/too-much", data, 5000));
    assert_end(client.sock);
    finish(&stage);
}

/* Two tokens, and so slow a filling that no machine is as slow. */
static void cli_51_who_finds_no_token_is_closed_without_a_byte(void **state)
{
    (void)state;
    struct stage stage;
    static const struct setting settings[] = {
        {"zookeeper.connection_throttle_tokens", "2"},
        {"zookeeper.connection_throttle_fill_time", "2000000000"},
    };
    begin_with(&stage, settings, 2);
    struct raw one = raw_connect(&stage);
    struct raw two = raw_connect(&stage);
    struct sock *third = dial(&stage);
    send_frame(third, connect_frame(0, TIMEOUT_MS, 0, NULL, true));
    assert_end(third);
    assert_pings(&one);
    assert_pings(&two);
    sock_unref(one.sock);
    sock_unref(two.sock);
    finish(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_50_a_flood_is_held_at_the_outstanding_limit),
        cmocka_unit_test(cli_51_who_finds_no_token_is_closed_without_a_byte),
        cmocka_unit_test(a_large_frame_beyond_the_limit_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
