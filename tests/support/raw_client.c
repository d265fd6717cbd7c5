/* See raw_client.h. */
#include "raw_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/zookeeper_server_main_internal.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/io/sock.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

enum { TICK_MS = 2000 }; /* no session expires while a slow machine runs a test */

/* ---- a server and its port ------------------------------------------------------------------- */

void raw_stage_begin(struct raw_stage *stage, const struct raw_setting *settings, size_t count)
{
    char tick[16];
    stage->directory = test_temporary_directory();
    char *args[] = {(char *)"0", stage->directory, tick};
    char *error = NULL;
    snprintf(tick, sizeof tick, "%d", TICK_MS);
    stage->ctx = test_context();
    /* Or a caller that should have been closed at once would be closed some time later. */
    zk_settings_set(stage->ctx, "zookeeper.nio.sessionlessCnxnTimeout", "600000");
    for (size_t i = 0; i < count; i++)
        zk_settings_set(stage->ctx, settings[i].key, settings[i].value);
    assert_int_equal(server_config_parse_arguments(stage->ctx, 3, args, &stage->config, &error), 0);
    stage->config->client_port_address = test_loopback(0);
    stage->alone = zookeeper_server_main_new(stage->ctx, stage->config);
    assert_int_equal(zookeeper_server_main_start(stage->alone), 0);
    stage->at = test_loopback(server_cnxn_factory_local_address(stage->alone->client_port)->port);
}

void raw_stage_finish(struct raw_stage *stage)
{
    zookeeper_server_main_shutdown(stage->alone);
    assert_int_equal(zookeeper_server_main_wait(stage->alone), 0);
    zookeeper_server_main_free(stage->alone);
    quorum_peer_config_free(stage->config);
    zk_context_free(stage->ctx);
    test_remove_directory(stage->directory);
}

/* ---- a client that knows only bytes ---------------------------------------------------------- */

/* world:anyone may do everything */
const uint8_t RAW_OPEN_ACL[RAW_OPEN_ACL_BYTES] = {0, 0, 0, 1,   0,   0,   0,   31,  0,
                                                  0, 0, 5, 'w', 'o', 'r', 'l', 'd', 0,
                                                  0, 0, 6, 'a', 'n', 'y', 'o', 'n', 'e'};

struct sock *raw_dial(struct raw_stage *stage)
{
    struct sock *sock;
    assert_int_equal(sock_new(stage->ctx, INET_V4, &sock), 0);
    assert_int_equal(sock_connect(sock, &stage->at, TEST_PATIENCE_MS), 0);
    sock_set_timeout(sock, TEST_PATIENCE_MS);
    sock_set_no_delay(sock, true);
    return sock;
}

struct buf *raw_frame_of(struct buf *body)
{
    struct buf *frame = buf_new(4 + body->length);
    buf_put_int(frame, (int32_t)body->length);
    buf_put_bytes(frame, body->bytes, body->length);
    buf_unref(body);
    return frame;
}

void raw_put_text(struct buf *buf, const char *text)
{
    buf_put_int(buf, (int32_t)strlen(text));
    buf_put_bytes(buf, text, strlen(text));
}

struct buf *raw_connect_frame(int64_t zxid, int32_t timeout_ms, int64_t session_id,
                              const uint8_t *passwd, bool with_read_only)
{
    static const uint8_t zeros[RAW_PASSWD] = {0};
    struct buf *body = buf_new(45);
    buf_put_int(body, 0);
    buf_put_long(body, zxid);
    buf_put_int(body, timeout_ms);
    buf_put_long(body, session_id);
    buf_put_int(body, RAW_PASSWD);
    buf_put_bytes(body, passwd != NULL ? passwd : zeros, RAW_PASSWD);
    if (with_read_only)
        buf_put_byte(body, 0);
    return raw_frame_of(body);
}

struct buf *raw_request_body(int32_t xid, int32_t type)
{
    struct buf *body = buf_new(64);
    buf_put_int(body, xid);
    buf_put_int(body, type);
    return body;
}

struct buf *raw_plain_frame(int32_t xid, int32_t type)
{
    return raw_frame_of(raw_request_body(xid, type));
}

struct buf *raw_create_frame(int32_t xid, const char *path, const void *data, size_t length)
{
    struct buf *body = raw_request_body(xid, OP_CODE_CREATE);
    raw_put_text(body, path);
    buf_put_int(body, (int32_t)length);
    buf_put_bytes(body, data, length);
    buf_put_bytes(body, RAW_OPEN_ACL, sizeof RAW_OPEN_ACL);
    buf_put_int(body, 0);
    return raw_frame_of(body);
}

struct buf *raw_get_frame(int32_t xid, const char *path)
{
    struct buf *body = raw_request_body(xid, OP_CODE_GET_DATA);
    raw_put_text(body, path);
    buf_put_byte(body, 0);
    return raw_frame_of(body);
}

void raw_send_frame(struct sock *sock, struct buf *frame)
{
    assert_int_equal(sock_write_fully(sock, frame->bytes, frame->length), 0);
    buf_unref(frame);
}

struct buf *raw_read_frame(struct sock *sock)
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

void raw_assert_reply(struct sock *sock, int32_t xid, int32_t err)
{
    struct buf *reply = raw_read_frame(sock);
    assert_true(reply->length >= 16);
    assert_int_equal(zk_load_int(reply->bytes), xid);
    assert_int_equal(zk_load_int(reply->bytes + 12), err);
    buf_unref(reply);
}

void raw_assert_end(struct sock *sock)
{
    char byte;
    size_t count = 0;
    int64_t start_ms = zk_elapsed_ms();
    int r = sock_read_some(sock, &byte, 1, &count);
    assert_true((r == 0 && count == 0) || r == -ECONNRESET);
    assert_true(zk_elapsed_ms() - start_ms < RAW_TIMEOUT_MS / 2);
    sock_unref(sock);
}

void raw_read_connect_answer(struct raw_client *raw, size_t length)
{
    struct buf *answer = raw_read_frame(raw->sock);
    assert_int_equal(answer->length, length);
    assert_int_equal(zk_load_int(answer->bytes), 0);
    raw->timeout_ms = zk_load_int(answer->bytes + 4);
    raw->session_id = zk_load_long(answer->bytes + 8);
    assert_int_equal(zk_load_int(answer->bytes + 16), RAW_PASSWD);
    memcpy(raw->passwd, answer->bytes + 20, RAW_PASSWD);
    buf_unref(answer);
}

struct raw_client raw_connect(struct raw_stage *stage)
{
    struct raw_client raw = {.sock = raw_dial(stage)};
    raw_send_frame(raw.sock, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));
    raw_read_connect_answer(&raw, 37);
    return raw;
}

struct raw_client raw_reconnect(struct raw_stage *stage, int64_t session_id, const uint8_t *passwd)
{
    struct raw_client raw = {.sock = raw_dial(stage)};
    raw_send_frame(raw.sock, raw_connect_frame(0, RAW_TIMEOUT_MS, session_id, passwd, true));
    raw_read_connect_answer(&raw, 37);
    return raw;
}

void raw_assert_pings(struct raw_client *raw)
{
    raw_send_frame(raw->sock, raw_plain_frame(-2, OP_CODE_PING));
    raw_assert_reply(raw->sock, -2, 0);
}
