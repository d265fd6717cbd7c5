/* The far end of a connection: plain socket calls and comparisons, each of which fails the test. */
#include "scripted_peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "golden.h"
#include "sleep_ms.h"
#include "zk/base/alloc.h"
#include "zk/io/sock.h"
#include "zk/jute/quorum.h"
#include "zk/runtime/clock.h"
#include "zk_test.h"

enum {
    DIAL_PAUSE_MS = 2,
    PACKET_HEAD_BYTES = 16, /* type, zxid, length of the data */
    AUTHINFO_BYTES = 4,
};

struct scripted_peer {
    struct zk_context *ctx;
    struct sock *listener; /* NULL: it dials */
    struct sock *sock;     /* NULL: not connected */
};

/* --- life --- */

static struct scripted_peer *scripted_peer_new(struct zk_context *ctx)
{
    struct scripted_peer *peer = zk_xcalloc(1, sizeof *peer);
    peer->ctx = ctx;
    return peer;
}

static void adopt(struct scripted_peer *peer, struct sock *sock)
{
    scripted_peer_hang_up(peer);
    sock_set_no_delay(sock, true);
    sock_set_timeout(sock, TEST_PATIENCE_MS);
    peer->sock = sock;
}

struct scripted_peer *scripted_peer_dial(struct zk_context *ctx, uint16_t port)
{
    struct scripted_peer *peer = scripted_peer_new(ctx);
    struct inet_address address = test_loopback(port);
    int64_t deadline_ms = zk_elapsed_ms() + TEST_PATIENCE_MS;
    for (;;) {
        struct sock *sock;
        assert_int_equal(0, sock_new(ctx, INET_V4, &sock));
        int r = sock_connect(sock, &address, TEST_PATIENCE_MS);
        if (r == 0) {
            adopt(peer, sock);
            return peer;
        }
        sock_unref(sock);
        if (zk_elapsed_ms() >= deadline_ms)
            fail_msg("nobody listens on port %d", port);
        sleep_ms(DIAL_PAUSE_MS);
    }
}

struct scripted_peer *scripted_peer_listen(struct zk_context *ctx, uint16_t port)
{
    struct scripted_peer *peer = scripted_peer_new(ctx);
    struct inet_address address = test_loopback(port);
    assert_int_equal(0, sock_listen(ctx, &address, 16, &peer->listener));
    return peer;
}

void scripted_peer_accept(struct scripted_peer *peer)
{
    struct sock *sock;
    assert_int_equal(0, sock_accept(peer->listener, &sock));
    adopt(peer, sock);
}

void scripted_peer_hang_up(struct scripted_peer *peer)
{
    sock_unref(peer->sock);
    peer->sock = NULL;
}

void scripted_peer_free(struct scripted_peer *peer)
{
    if (peer == NULL)
        return;
    scripted_peer_hang_up(peer);
    sock_unref(peer->listener);
    free(peer);
}

/* --- hex --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

struct buf *scripted_hex(const char *hex)
{
    struct buf *bytes = buf_new(32);
    int high = -1;
    for (const char *at = hex; *at != '\0'; at++) {
        if (*at == ' ' || *at == '\n')
            continue;
        int digit = hex_digit(*at);
        if (digit < 0)
            fail_msg("not hex: %s", hex);
        if (high >= 0)
            buf_put_byte(bytes, (uint8_t)(high * 16 + digit));
        high = high >= 0 ? -1 : digit;
    }
    assert_int_equal(-1, high);
    return bytes;
}

static void print_hex(const char *what, const uint8_t *bytes, size_t length)
{
    print_error("%s", what);
    for (size_t i = 0; i < length; i++)
        print_error("%s%02x", i % 4 == 0 ? " " : "", bytes[i]);
    print_error("\n");
}

/* --- bytes --- */

static void send_bytes(struct scripted_peer *peer, const struct buf *bytes)
{
    assert_int_equal(0, sock_write_fully(peer->sock, bytes->bytes, bytes->length));
}

void scripted_peer_read(struct scripted_peer *peer, uint8_t *ret_bytes, size_t length)
{
    for (size_t have = 0; have < length;) {
        size_t count = 0;
        int r = sock_read_some(peer->sock, ret_bytes + have, length - have, &count);
        if (r < 0 || count == 0) {
            print_hex("got only:", ret_bytes, have);
            fail_msg("%zu of %zu bytes came, then %s", have, length,
                     r < 0 ? "an error or silence" : "the end of the stream");
        }
        have += count;
    }
}

static void expect_bytes(struct scripted_peer *peer, const struct buf *expected)
{
    uint8_t *got = zk_xmalloc(expected->length + 1);
    scripted_peer_read(peer, got, expected->length);
    bool same = memcmp(got, expected->bytes, expected->length) == 0;
    if (!same) {
        print_hex("expected:", expected->bytes, expected->length);
        print_hex("got:     ", got, expected->length);
    }
    free(got);
    assert_true(same);
}

void scripted_peer_send_hex(struct scripted_peer *peer, const char *hex)
{
    struct buf *bytes = scripted_hex(hex);
    send_bytes(peer, bytes);
    buf_unref(bytes);
}

bool scripted_peer_try_send_hex(struct scripted_peer *peer, const char *hex)
{
    struct buf *bytes = scripted_hex(hex);
    int r = sock_write_fully(peer->sock, bytes->bytes, bytes->length);
    buf_unref(bytes);
    if (r < 0)
        assert_true(r == -EPIPE || r == -ECONNRESET);
    return r == 0;
}

void scripted_peer_send_golden(struct scripted_peer *peer, const char *golden)
{
    struct buf *bytes = golden_read(golden);
    send_bytes(peer, bytes);
    buf_unref(bytes);
}

void scripted_peer_expect_hex(struct scripted_peer *peer, const char *hex)
{
    struct buf *bytes = scripted_hex(hex);
    expect_bytes(peer, bytes);
    buf_unref(bytes);
}

void scripted_peer_expect_golden(struct scripted_peer *peer, const char *golden)
{
    struct buf *expected = golden_read(golden);
    uint8_t *got = zk_xmalloc(expected->length);
    scripted_peer_read(peer, got, expected->length);
    golden_assert_equal(golden, got, expected->length);
    free(got);
    buf_unref(expected);
}

void scripted_peer_expect_end(struct scripted_peer *peer)
{
    uint8_t byte;
    size_t count = 0;
    int r = sock_read_some(peer->sock, &byte, 1, &count);
    if (r == -ETIMEDOUT || (r == 0 && count > 0))
        fail_msg("the stream does not end: %s", r == 0 ? "more bytes came" : "silence");
}

void scripted_peer_drain(struct scripted_peer *peer)
{
    uint8_t bytes[4096];
    size_t count = 1;
    int r = 0;
    while (r == 0 && count > 0)
        r = sock_read_some(peer->sock, bytes, sizeof bytes, &count);
    assert_int_not_equal(-ETIMEDOUT, r);
}

bool scripted_peer_is_silent(struct scripted_peer *peer, int64_t ms)
{
    uint8_t byte;
    size_t count = 0;
    sock_set_timeout(peer->sock, ms);
    int r = sock_read_some(peer->sock, &byte, 1, &count);
    sock_set_timeout(peer->sock, TEST_PATIENCE_MS);
    return r == -ETIMEDOUT;
}

/* --- Zab --- */

static struct buf *encode_packet(int32_t type, int64_t zxid, const char *data_hex)
{
    struct buf *bytes = buf_new(64);
    buf_put_int(bytes, type);
    buf_put_long(bytes, zxid);
    if (data_hex == NULL) {
        buf_put_int(bytes, -1);
    } else {
        struct buf *data = scripted_hex(data_hex);
        buf_put_int(bytes, (int32_t)data->length);
        buf_put_bytes(bytes, data->bytes, data->length);
        buf_unref(data);
    }
    buf_put_int(bytes, -1);
    return bytes;
}

void scripted_peer_send_packet(struct scripted_peer *peer, int32_t type, int64_t zxid,
                               const char *data_hex)
{
    struct buf *bytes = encode_packet(type, zxid, data_hex);
    send_bytes(peer, bytes);
    buf_unref(bytes);
}

bool scripted_peer_try_send_packet(struct scripted_peer *peer, int32_t type, int64_t zxid,
                                   const char *data_hex)
{
    struct buf *bytes = encode_packet(type, zxid, data_hex);
    int r = sock_write_fully(peer->sock, bytes->bytes, bytes->length);
    buf_unref(bytes);
    if (r < 0)
        assert_true(r == -EPIPE || r == -ECONNRESET);
    return r == 0;
}

void scripted_peer_expect_packet(struct scripted_peer *peer, int32_t type, int64_t zxid,
                                 const char *data_hex)
{
    struct buf *bytes = encode_packet(type, zxid, data_hex);
    expect_bytes(peer, bytes);
    buf_unref(bytes);
}

struct buf *scripted_peer_read_packet(struct scripted_peer *peer, int32_t *ret_type,
                                      int64_t *ret_zxid)
{
    uint8_t head[PACKET_HEAD_BYTES];
    scripted_peer_read(peer, head, sizeof head);
    *ret_type = zk_load_int(head);
    *ret_zxid = zk_load_long(head + 4);
    int32_t length = zk_load_int(head + 12);
    struct buf *data = NULL;
    if (length >= 0) {
        data = buf_new((size_t)length + 1);
        uint8_t *bytes = zk_xmalloc((size_t)length + 1);
        scripted_peer_read(peer, bytes, (size_t)length);
        buf_put_bytes(data, bytes, (size_t)length);
        free(bytes);
    }
    uint8_t authinfo[AUTHINFO_BYTES];
    scripted_peer_read(peer, authinfo, sizeof authinfo);
    assert_int_equal(-1, zk_load_int(authinfo));
    return data;
}

void scripted_peer_expect_packet_past_pings(struct scripted_peer *peer, int32_t type, int64_t zxid,
                                            const char *data_hex)
{
    int32_t got_type;
    int64_t got_zxid;
    struct buf *data;
    for (;;) {
        data = scripted_peer_read_packet(peer, &got_type, &got_zxid);
        if (got_type != LEADER_PING)
            break;
        buf_unref(data);
    }
    struct buf *expected = data_hex == NULL ? NULL : scripted_hex(data_hex);
    assert_int_equal(type, got_type);
    assert_int_equal(zxid, got_zxid);
    assert_int_equal(expected == NULL, data == NULL);
    if (expected != NULL) {
        assert_int_equal(expected->length, data->length);
        assert_memory_equal(expected->bytes, data->bytes, data->length);
    }
    buf_unref(expected);
    buf_unref(data);
}
