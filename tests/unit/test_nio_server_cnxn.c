/* The client port with a server behind it, asked in raw bytes: those that Java 3.8.0 was seen to
 * answer, and those of people who mean no good. Java: NIOServerCnxnTest, ServerCnxnTest,
 * ClientReconnectTest, SessionTest */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/zookeeper_server_main_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/sock.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/peer/zookeeper_server_main.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/settings.h"
#include "zk/server/server_cnxn.h"
#include "zk_test.h"

enum {
    TICK_MS = 2000,     /* no session expires while a slow machine runs a test */
    TIMEOUT_MS = 40000, /* the longest that this tick allows */
    PASSWD = 16,
    JUTE_LIMIT = 1048575,
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

/* key NULL: no setting */
static void begin(struct stage *stage, const char *key, const char *value)
{
    char tick[16];
    stage->directory = test_temporary_directory();
    char *args[] = {(char *)"0", stage->directory, tick};
    char *error = NULL;
    snprintf(tick, sizeof tick, "%d", TICK_MS);
    stage->ctx = test_context();
    if (key != NULL)
        zk_settings_set(stage->ctx, key, value);
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

static int setup(void **state)
{
    static struct stage stage;
    begin(&stage, NULL, NULL);
    *state = &stage;
    return 0;
}

static int setup_with_workers(void **state)
{
    static struct stage stage;
    begin(&stage, "zookeeper.nio.numWorkerThreads", "3");
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    finish(*state);
    return 0;
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

static struct buf *get_frame(int32_t xid, const char *path)
{
    struct buf *body = request_body(xid, OP_CODE_GET_DATA);
    put_text(body, path);
    buf_put_byte(body, 0);
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

static struct raw raw_reconnect(struct stage *stage, int64_t session_id, const uint8_t *passwd)
{
    struct raw raw = {.sock = dial(stage)};
    send_frame(raw.sock, connect_frame(0, TIMEOUT_MS, session_id, passwd, true));
    read_connect_answer(&raw, 37);
    return raw;
}

static void assert_pings(struct raw *raw)
{
    send_frame(raw->sock, plain_frame(-2, OP_CODE_PING));
    assert_reply(raw->sock, -2, 0);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void cli_07_an_old_client_gets_no_read_only_byte(void **state)
{
    struct stage *stage = *state;
    struct raw young = raw_connect(stage);
    assert_int_equal(young.timeout_ms, TIMEOUT_MS);
    assert_int_equal(young.session_id >> 56, 1);
    struct raw old = {.sock = dial(stage)};
    send_frame(old.sock, connect_frame(0, TIMEOUT_MS, 0, NULL, false));
    read_connect_answer(&old, 36);
    assert_pings(&old);
    sock_unref(young.sock);
    sock_unref(old.sock);
}

static void cli_09_timeouts_are_clamped(void **state)
{
    struct stage *stage = *state;
    static const int32_t wishes[][2] = {
        {0, 4000},    {-5, 4000},     {1, 4000},      {4000, 4000},
        {7777, 7777}, {40000, 40000}, {40001, 40000}, {INT32_MAX, 40000},
    };
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct raw raw = {.sock = dial(stage)};
        send_frame(raw.sock, connect_frame(0, wishes[i][0], 0, NULL, true));
        read_connect_answer(&raw, 37);
        assert_int_equal(raw.timeout_ms, wishes[i][1]);
        sock_unref(raw.sock);
    }
}

static void cli_26_who_is_not_known_gets_zeros_and_the_end(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    uint8_t wrong[PASSWD] = {1};
    struct raw strangers[] = {
        raw_reconnect(stage, raw.session_id, wrong),
        raw_reconnect(stage, 0x7777, wrong),
        raw_reconnect(stage, raw.session_id + 1, raw.passwd),
    };
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        static const uint8_t zeros[PASSWD] = {0};
        assert_int_equal(strangers[i].timeout_ms, 0);
        assert_int_equal(strangers[i].session_id, 0);
        assert_memory_equal(strangers[i].passwd, zeros, PASSWD);
        assert_end(strangers[i].sock);
    }
    sock_unref(raw.sock);
}

/* D-202 */
static void cli_54_a_wrong_password_does_not_disturb_the_owner(void **state)
{
    struct stage *stage = *state;
    struct raw owner = raw_connect(stage);
    uint8_t wrong[PASSWD] = {1};
    struct raw intruder = raw_reconnect(stage, owner.session_id, wrong);
    assert_end(intruder.sock);
    assert_pings(&owner);
    /* Nor does the port forget whose the session is. */
    struct raw again = raw_reconnect(stage, owner.session_id, owner.passwd);
    assert_int_equal(again.session_id, owner.session_id);
    assert_end(owner.sock);
    assert_pings(&again);
    sock_unref(again.sock);
}

static void cli_24_who_comes_back_ends_his_old_connection(void **state)
{
    struct stage *stage = *state;
    struct raw first = raw_connect(stage);
    struct raw second = raw_reconnect(stage, first.session_id, first.passwd);
    assert_int_equal(second.session_id, first.session_id);
    assert_memory_equal(second.passwd, first.passwd, PASSWD);
    assert_end(first.sock);
    send_frame(second.sock, create_frame(1, "/mine", "x", 1));
    assert_reply(second.sock, 1, 0);
    sock_unref(second.sock);
}

static void cli_27_a_client_that_has_seen_more_is_closed_without_a_byte(void **state)
{
    struct stage *stage = *state;
    struct sock *sock = dial(stage);
    send_frame(sock, connect_frame(INT64_C(0x100000000), TIMEOUT_MS, 0, NULL, true));
    assert_end(sock);
    struct raw raw = {.sock = dial(stage)};
    send_frame(raw.sock, connect_frame(-1, TIMEOUT_MS, 0, NULL, true));
    read_connect_answer(&raw, 37);
    sock_unref(raw.sock);
}

static void cli_53_requests_behind_the_connect_request_wait_for_the_session(void **state)
{
    struct stage *stage = *state;
    struct raw raw = {.sock = dial(stage)};
    struct buf *all = connect_frame(0, TIMEOUT_MS, 0, NULL, true);
    struct buf *create = create_frame(1, "/early", "x", 1);
    struct buf *get = get_frame(2, "/early");
    buf_put_bytes(all, create->bytes, create->length);
    buf_put_bytes(all, get->bytes, get->length);
    send_frame(raw.sock, all);
    read_connect_answer(&raw, 37);
    assert_reply(raw.sock, 1, 0);
    assert_reply(raw.sock, 2, 0);
    buf_unref(create);
    buf_unref(get);
    sock_unref(raw.sock);
}

static void nothing_is_answered_behind_a_close_session(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    struct buf *both = plain_frame(1, OP_CODE_CLOSE_SESSION);
    struct buf *ping = plain_frame(-2, OP_CODE_PING);
    buf_put_bytes(both, ping->bytes, ping->length);
    send_frame(raw.sock, both);
    buf_unref(ping);
    assert_reply(raw.sock, 1, 0);
    assert_end(raw.sock);
    struct raw again = raw_reconnect(stage, raw.session_id, raw.passwd);
    assert_int_equal(again.timeout_ms, 0);
    assert_end(again.sock);
}

static void cli_89_a_client_that_asks_for_a_session_gets_a_second_answer(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    struct buf *body = request_body(1, OP_CODE_CREATE_SESSION);
    buf_put_int(body, TIMEOUT_MS);
    send_frame(raw.sock, frame_of(body));
    int64_t session_id = raw.session_id;
    read_connect_answer(&raw, 37);
    assert_int_equal(raw.session_id, session_id);
    sock_unref(raw.sock);
}

static void when_the_server_ends_clients_see_the_end_and_nothing_else(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    struct sock *silent = dial(stage);
    server_cnxn_factory_set_zookeeper_server(stage->alone->client_port, NULL);
    server_cnxn_factory_close_all(stage->alone->client_port);
    assert_end(raw.sock);
    sock_unref(silent);
}

/* CLI-52, Java's way: it never works later, even when there is a server by then. */
static void cli_52_a_connection_from_before_the_server_is_closed(void **state)
{
    struct stage *stage = *state;
    struct server_cnxn_factory *port = stage->alone->client_port;
    server_cnxn_factory_set_zookeeper_server(port, NULL);
    struct sock *early = dial(stage);
    /* When a later one has been turned away the earlier one has been accepted. */
    struct sock *later = dial(stage);
    send_frame(later, connect_frame(0, TIMEOUT_MS, 0, NULL, true));
    assert_end(later);
    server_cnxn_factory_set_zookeeper_server(port, stage->alone->zk);
    send_frame(early, connect_frame(0, TIMEOUT_MS, 0, NULL, true));
    assert_end(early);
    struct raw raw = raw_connect(stage);
    sock_unref(raw.sock);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* Three requests in one stream, cut in two behind byte number at; 0: whole. */
static void send_cut(struct stage *stage, size_t at)
{
    struct raw raw = raw_connect(stage);
    char path[32];
    snprintf(path, sizeof path, "/cut%zu", at);
    struct buf *all = create_frame(1, path, "hello", 5);
    struct buf *get = get_frame(2, path);
    struct buf *ping = plain_frame(-2, OP_CODE_PING);
    buf_put_bytes(all, get->bytes, get->length);
    buf_put_bytes(all, ping->bytes, ping->length);
    if (at < all->length) {
        assert_int_equal(sock_write_fully(raw.sock, all->bytes, at), 0);
        assert_int_equal(sock_write_fully(raw.sock, all->bytes + at, all->length - at), 0);
        assert_reply(raw.sock, 1, 0);
        assert_reply(raw.sock, 2, 0);
        assert_reply(raw.sock, -2, 0);
    }
    buf_unref(all);
    buf_unref(get);
    buf_unref(ping);
    sock_unref(raw.sock);
}

static void cli_10_frames_may_be_cut_anywhere(void **state)
{
    for (size_t at = 0; at < 110; at++)
        send_cut(*state, at);
}

static void cli_10_frames_may_come_byte_by_byte(void **state)
{
    struct stage *stage = *state;
    struct raw raw = {.sock = dial(stage)};
    struct buf *all = connect_frame(0, TIMEOUT_MS, 0, NULL, true);
    struct buf *create = create_frame(1, "/drops", "x", 1);
    buf_put_bytes(all, create->bytes, create->length);
    for (size_t i = 0; i < all->length; i++)
        assert_int_equal(sock_write_fully(raw.sock, all->bytes + i, 1), 0);
    read_connect_answer(&raw, 37);
    assert_reply(raw.sock, 1, 0);
    buf_unref(create);
    buf_unref(all);
    sock_unref(raw.sock);
}

static void cli_11_a_length_that_cannot_be_ends_the_connection(void **state)
{
    struct stage *stage = *state;
    static const int32_t lengths[] = {-1, INT32_MIN, JUTE_LIMIT + 1, INT32_MAX, 0};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t bytes[4];
        zk_store_int(bytes, lengths[i]);
        struct sock *stranger = dial(stage);
        assert_int_equal(sock_write_fully(stranger, bytes, sizeof bytes), 0);
        assert_end(stranger);
        struct raw raw = raw_connect(stage);
        assert_int_equal(sock_write_fully(raw.sock, bytes, sizeof bytes), 0);
        assert_end(raw.sock);
    }
}

static void cli_11_the_longest_frame_is_served(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    size_t overhead = 8 + 4 + strlen("/p") + 4 + sizeof OPEN_ACL + 4;
    size_t length = JUTE_LIMIT - overhead;
    uint8_t *data = calloc(1, length);
    send_frame(raw.sock, create_frame(1, "/p", data, length));
    assert_reply(raw.sock, 1, 0);
    free(data);

    /* The server closes as soon as it has read a length above the limit. A megabyte behind it would
     * meet a closed connection at some point that depends on the machine's load. */
    uint8_t one_more[4];
    zk_store_int(one_more, JUTE_LIMIT + 1);
    assert_int_equal(sock_write_fully(raw.sock, one_more, sizeof one_more), 0);
    assert_end(raw.sock);
}

/* A header needs eight bytes. */
static void cli_39_a_frame_without_a_header_ends_the_connection(void **state)
{
    struct stage *stage = *state;
    for (size_t length = 0; length < 8; length++) {
        struct raw raw = raw_connect(stage);
        struct buf *body = buf_new_copy("\0\0\0\1\0\0\0\1", length);
        send_frame(raw.sock, frame_of(body));
        assert_end(raw.sock);
    }
}

static void cli_39_a_body_that_is_cut_is_a_marshalling_error(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    struct buf *whole = create_frame(1, "/cut", "hello", 5);
    for (size_t length = 12; length < whole->length; length++) {
        struct buf *frame = buf_new_copy(whole->bytes, length);
        zk_store_int(frame->bytes, (int32_t)length - 4);
        send_frame(raw.sock, frame);
        assert_reply(raw.sock, 1, KEEPER_CODE_MARSHALLINGERROR);
    }
    assert_pings(&raw);
    buf_unref(whole);
    sock_unref(raw.sock);
}

static void cli_41_an_operation_that_nobody_knows_ends_the_connection(void **state)
{
    struct stage *stage = *state;
    static const int32_t types[] = {999, 0, 10, -1, INT32_MIN};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct raw raw = raw_connect(stage);
        send_frame(raw.sock, plain_frame(5, types[i]));
        struct buf *reply = read_frame(raw.sock);
        assert_int_equal(reply->length, 16);
        assert_int_equal(zk_load_int(reply->bytes), 5);
        assert_int_equal(zk_load_long(reply->bytes + 4), -1);
        assert_int_equal(zk_load_int(reply->bytes + 12), KEEPER_CODE_UNIMPLEMENTED);
        buf_unref(reply);
        assert_end(raw.sock);
    }
}

static void cli_43_a_string_longer_than_its_frame_takes_no_memory(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    static const int32_t types[] = {OP_CODE_CREATE, OP_CODE_DELETE, OP_CODE_SET_DATA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct buf *body = request_body(7, types[i]);
        buf_put_int(body, INT32_MAX);
        send_frame(raw.sock, frame_of(body));
        assert_reply(raw.sock, 7, KEEPER_CODE_MARSHALLINGERROR);
    }
    sock_unref(raw.sock);
}

static void cli_84_a_word_behind_a_session_is_a_bad_length(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    assert_int_equal(sock_write_fully(raw.sock, "ruok", 4), 0);
    assert_end(raw.sock);
}

/* ---- who the client is ----------------------------------------------------------------------- */

static struct buf *auth_frame(int32_t xid, const char *scheme, const char *auth)
{
    struct buf *body = request_body(xid, OP_CODE_AUTH);
    buf_put_int(body, 0);
    put_text(body, scheme);
    put_text(body, auth);
    return frame_of(body);
}

/* The bytes that Java answered: xid, zxid 0, no error. */
static void auth_is_answered_at_once(void **state)
{
    static const uint8_t answer[16] = {0xff, 0xff, 0xff, 0xfc};
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    send_frame(raw.sock, auth_frame(-4, "digest", "bob:pw"));
    struct buf *reply = read_frame(raw.sock);
    assert_int_equal(reply->length, sizeof answer);
    assert_memory_equal(reply->bytes, answer, sizeof answer);
    buf_unref(reply);
    send_frame(raw.sock, plain_frame(20, OP_CODE_WHO_AM_I));
    reply = read_frame(raw.sock);
    static const uint8_t ids[] = {0, 0, 0, 2,   0,   0,   0,   6,   'd', 'i', 'g', 'e', 's', 't',
                                  0, 0, 0, 3,   'b', 'o', 'b', 0,   0,   0,   2,   'i', 'p', 0,
                                  0, 0, 9, '1', '2', '7', '.', '0', '.', '0', '.', '1'};
    assert_int_equal(reply->length, 16 + sizeof ids);
    assert_memory_equal(reply->bytes + 16, ids, sizeof ids);
    buf_unref(reply);
    sock_unref(raw.sock);
}

static void cli_73_who_cannot_show_who_he_is_is_told_and_closed(void **state)
{
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    send_frame(raw.sock, auth_frame(7, "nosuch", "x"));
    assert_reply(raw.sock, 7, KEEPER_CODE_AUTHFAILED);
    assert_end(raw.sock);
}

static void sasl_is_answered_without_a_token(void **state)
{
    static const uint8_t answer[20] = {0, 0, 0, 33, [16] = 0xff, 0xff, 0xff, 0xff};
    struct stage *stage = *state;
    struct raw raw = raw_connect(stage);
    struct buf *body = request_body(33, OP_CODE_SASL);
    put_text(body, "token");
    send_frame(raw.sock, frame_of(body));
    struct buf *reply = read_frame(raw.sock);
    assert_int_equal(reply->length, sizeof answer);
    assert_memory_equal(reply->bytes, answer, sizeof answer);
    buf_unref(reply);
    sock_unref(raw.sock);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static bool has_no_connections(void *arg)
{
    return open_descriptors() <= *(const size_t *)arg;
}

static void cli_47_a_storm_of_callers_leaves_no_descriptor(void **state)
{
    struct stage *stage = *state;
    struct raw first = raw_connect(stage); /* the first write opens the log */
    size_t before = open_descriptors();
    for (int i = 0; i < 2000; i++) {
        struct sock *sock = dial(stage);
        if (i % 3 == 1)
            assert_int_equal(sock_write_fully(sock, "\0\0", 2), 0);
        else if (i % 3 == 2)
            send_frame(sock, connect_frame(0, TIMEOUT_MS, 0, NULL, true));
        sock_unref(sock);
    }
    test_await(has_no_connections, &before);
    struct raw last = raw_connect(stage);
    assert_pings(&last);
    sock_unref(last.sock);
    sock_unref(first.sock);
}

/* What it asks for waits in the kernel, and not in our memory. */
static void cli_44_a_client_that_does_not_read_is_not_read(void **state)
{
    enum { NODE = 200000, ENOUGH = 20000 };
    struct stage *stage = *state;
    struct raw slow = raw_connect(stage);
    uint8_t *data = calloc(1, NODE);
    send_frame(slow.sock, create_frame(1, "/big", data, NODE));
    free(data);
    assert_reply(slow.sock, 1, 0);
    sock_set_write_timeout(slow.sock, 300);
    struct buf *get = get_frame(2, "/big");
    int sent = 0;
    while (sent < ENOUGH && sock_write_fully(slow.sock, get->bytes, get->length) == 0)
        sent++;
    buf_unref(get);
    struct raw other = raw_connect(stage);
    assert_pings(&other);
    sock_unref(other.sock);
    sock_unref(slow.sock);
}

static void cli_49_there_are_no_more_connections_than_max_cnxns(void **state)
{
    (void)state;
    struct stage stage;
    begin(&stage, "zookeeper.maxCnxns", "2");
    struct raw one = raw_connect(&stage);
    struct raw two = raw_connect(&stage);
    assert_end(dial(&stage));
    assert_pings(&one);
    assert_pings(&two);
    sock_unref(one.sock);
    sock_unref(two.sock);
    finish(&stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cli_07_an_old_client_gets_no_read_only_byte),
        TEST(cli_09_timeouts_are_clamped),
        TEST(cli_26_who_is_not_known_gets_zeros_and_the_end),
        TEST(cli_54_a_wrong_password_does_not_disturb_the_owner),
        TEST(cli_24_who_comes_back_ends_his_old_connection),
        TEST(cli_27_a_client_that_has_seen_more_is_closed_without_a_byte),
        TEST(cli_53_requests_behind_the_connect_request_wait_for_the_session),
        TEST(nothing_is_answered_behind_a_close_session),
        TEST(cli_89_a_client_that_asks_for_a_session_gets_a_second_answer),
        TEST(when_the_server_ends_clients_see_the_end_and_nothing_else),
        TEST(cli_52_a_connection_from_before_the_server_is_closed),
        TEST(cli_10_frames_may_be_cut_anywhere),
        TEST(cli_10_frames_may_come_byte_by_byte),
        TEST(cli_11_a_length_that_cannot_be_ends_the_connection),
        TEST(cli_11_the_longest_frame_is_served),
        TEST(cli_39_a_frame_without_a_header_ends_the_connection),
        TEST(cli_39_a_body_that_is_cut_is_a_marshalling_error),
        TEST(cli_41_an_operation_that_nobody_knows_ends_the_connection),
        TEST(cli_43_a_string_longer_than_its_frame_takes_no_memory),
        TEST(cli_84_a_word_behind_a_session_is_a_bad_length),
        TEST(auth_is_answered_at_once),
        TEST(cli_73_who_cannot_show_who_he_is_is_told_and_closed),
        TEST(sasl_is_answered_without_a_token),
        TEST(cli_47_a_storm_of_callers_leaves_no_descriptor),
        TEST(cli_44_a_client_that_does_not_read_is_not_read),
        cmocka_unit_test(cli_49_there_are_no_more_connections_than_max_cnxns),
        cmocka_unit_test_setup_teardown(cli_10_frames_may_be_cut_anywhere, setup_with_workers,
                                        teardown),
        cmocka_unit_test_setup_teardown(cli_24_who_comes_back_ends_his_old_connection,
                                        setup_with_workers, teardown),
        cmocka_unit_test_setup_teardown(cli_47_a_storm_of_callers_leaves_no_descriptor,
                                        setup_with_workers, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
