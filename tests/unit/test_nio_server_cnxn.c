/* The client port with a server behind it, asked in raw bytes: those that Java 3.8.0 was seen to
 * answer, and those of people who mean no good. Java: NIOServerCnxnTest, ServerCnxnTest,
 * ClientReconnectTest, SessionTest */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "peer/zookeeper_server_main_internal.h"
#include "raw_client.h"
#include "zk/base/alloc.h"
#include "zk/cnxn/server_cnxn_factory.h"
#include "zk/io/sock.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/clock.h"
#include "zk/server/server_stats.h"
#include "zk/server/zk_database.h"
#include "zk_test.h"

enum { JUTE_LIMIT = 1048575 };

static int begin(void **state, const char *key, const char *value)
{
    static struct raw_stage stage;
    const struct raw_setting setting = {key, value};
    raw_stage_begin(&stage, &setting, key != NULL ? 1 : 0);
    *state = &stage;
    return 0;
}

static int setup(void **state)
{
    return begin(state, NULL, NULL);
}

static int setup_impatient(void **state)
{
    return begin(state, "zookeeper.nio.sessionlessCnxnTimeout", "10000");
}

static int setup_with_workers(void **state)
{
    return begin(state, "zookeeper.nio.numWorkerThreads", "3");
}

static int setup_with_little_room(void **state)
{
    return begin(state, "zookeeper.globalOutstandingLimit", "3");
}

static int teardown(void **state)
{
    raw_stage_finish(*state);
    return 0;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void cli_07_an_old_client_gets_no_read_only_byte(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client young = raw_connect(stage);
    assert_int_equal(young.timeout_ms, RAW_TIMEOUT_MS);
    assert_int_equal(young.session_id >> 56, 1);
    struct raw_client old = {.sock = raw_dial(stage)};
    raw_send_frame(old.sock, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, false));
    raw_read_connect_answer(&old, 36);
    raw_assert_pings(&old);
    sock_unref(young.sock);
    sock_unref(old.sock);
}

static void cli_09_timeouts_are_clamped(void **state)
{
    struct raw_stage *stage = *state;
    static const int32_t wishes[][2] = {
        {0, 4000},    {-5, 4000},     {1, 4000},      {4000, 4000},
        {7777, 7777}, {40000, 40000}, {40001, 40000}, {INT32_MAX, 40000},
    };
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct raw_client raw = {.sock = raw_dial(stage)};
        raw_send_frame(raw.sock, raw_connect_frame(0, wishes[i][0], 0, NULL, true));
        raw_read_connect_answer(&raw, 37);
        assert_int_equal(raw.timeout_ms, wishes[i][1]);
        sock_unref(raw.sock);
    }
}

static void cli_26_who_is_not_known_gets_zeros_and_the_end(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    struct raw_client gone = raw_connect(stage);
    raw_send_frame(gone.sock, raw_plain_frame(1, OP_CODE_CLOSE_SESSION));
    raw_assert_reply(gone.sock, 1, 0);
    raw_assert_end(gone.sock);
    uint8_t wrong[RAW_PASSWD] = {1};
    struct raw_client strangers[] = {
        raw_reconnect(stage, gone.session_id, gone.passwd),
        raw_reconnect(stage, raw.session_id, wrong),
        raw_reconnect(stage, 0x7777, wrong),
        raw_reconnect(stage, raw.session_id + 1, raw.passwd),
    };
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        static const uint8_t zeros[RAW_PASSWD] = {0};
        assert_int_equal(strangers[i].timeout_ms, 0);
        assert_int_equal(strangers[i].session_id, 0);
        assert_memory_equal(strangers[i].passwd, zeros, RAW_PASSWD);
        raw_assert_end(strangers[i].sock);
    }
    sock_unref(raw.sock);
}

/* D-202 */
static void cli_54_a_wrong_password_does_not_disturb_the_owner(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client owner = raw_connect(stage);
    uint8_t wrong[RAW_PASSWD] = {1};
    struct raw_client intruder = raw_reconnect(stage, owner.session_id, wrong);
    raw_assert_end(intruder.sock);
    raw_assert_pings(&owner);
    /* Nor does the port forget whose the session is. */
    struct raw_client again = raw_reconnect(stage, owner.session_id, owner.passwd);
    assert_int_equal(again.session_id, owner.session_id);
    raw_assert_end(owner.sock);
    raw_assert_pings(&again);
    sock_unref(again.sock);
}

/* When the connection of this session ends if its client says nothing more. */
static int64_t end_of_silence_ms(struct raw_stage *stage, int64_t session_id)
{
    struct server_cnxn_factory *factory = stage->alone->client_port;
    zk_mutex_lock(&factory->mu);
    struct nio_server_cnxn *cnxn = long_hash_get(&factory->session_map, session_id)->value;
    zk_mutex_lock(&factory->expiry_mu);
    int64_t time_ms = cnxn->expiry.expiry_time_ms;
    zk_mutex_unlock(&factory->expiry_mu);
    zk_mutex_unlock(&factory->mu);
    return time_ms;
}

/* A connection without a session ends after 10 s. */
static void who_comes_back_may_be_silent_as_long_as_the_session_allows(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client first = raw_connect(stage);
    int64_t start_ms = zk_elapsed_ms();
    struct raw_client back = raw_reconnect(stage, first.session_id, first.passwd);
    assert_true(end_of_silence_ms(stage, back.session_id) >= start_ms + RAW_TIMEOUT_MS);
    raw_assert_end(first.sock);
    sock_unref(back.sock);
}

static void cli_24_who_comes_back_ends_his_old_connection(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client first = raw_connect(stage);
    struct raw_client second = raw_reconnect(stage, first.session_id, first.passwd);
    assert_int_equal(second.session_id, first.session_id);
    assert_memory_equal(second.passwd, first.passwd, RAW_PASSWD);
    raw_assert_end(first.sock);
    raw_send_frame(second.sock, raw_create_frame(1, "/mine", "x", 1));
    raw_assert_reply(second.sock, 1, 0);
    sock_unref(second.sock);
}

static void cli_27_a_client_that_has_seen_more_is_closed_without_a_byte(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client before = raw_connect(stage); /* the server has a zxid */
    int64_t zxid = zk_database_last_processed_zxid(stage->alone->database);
    const int64_t too_much[] = {INT64_C(0x100000000), zxid + 1};
    for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) {
        struct sock *sock = raw_dial(stage);
        raw_send_frame(sock, raw_connect_frame(too_much[i], RAW_TIMEOUT_MS, 0, NULL, true));
        raw_assert_end(sock);
    }
    const int64_t enough[] = {zxid, -1};
    for (size_t i = 0; i < sizeof enough / sizeof *enough; i++) {
        struct raw_client raw = {.sock = raw_dial(stage)};
        raw_send_frame(raw.sock, raw_connect_frame(enough[i], RAW_TIMEOUT_MS, 0, NULL, true));
        raw_read_connect_answer(&raw, 37);
        sock_unref(raw.sock);
    }
    sock_unref(before.sock);
}

static void cli_53_requests_behind_the_connect_request_wait_for_the_session(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = {.sock = raw_dial(stage)};
    struct buf *all = raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true);
    struct buf *create = raw_create_frame(1, "/early", "x", 1);
    struct buf *get = raw_get_frame(2, "/early");
    buf_put_bytes(all, create->bytes, create->length);
    buf_put_bytes(all, get->bytes, get->length);
    raw_send_frame(raw.sock, all);
    raw_read_connect_answer(&raw, 37);
    raw_assert_reply(raw.sock, 1, 0);
    raw_assert_reply(raw.sock, 2, 0);
    buf_unref(create);
    buf_unref(get);
    sock_unref(raw.sock);
}

static void nothing_is_answered_behind_a_close_session(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    struct buf *both = raw_plain_frame(1, OP_CODE_CLOSE_SESSION);
    struct buf *ping = raw_plain_frame(-2, OP_CODE_PING);
    buf_put_bytes(both, ping->bytes, ping->length);
    raw_send_frame(raw.sock, both);
    buf_unref(ping);
    raw_assert_reply(raw.sock, 1, 0);
    raw_assert_end(raw.sock);
    struct raw_client again = raw_reconnect(stage, raw.session_id, raw.passwd);
    assert_int_equal(again.timeout_ms, 0);
    raw_assert_end(again.sock);
}

static void cli_89_a_client_that_asks_for_a_session_gets_a_second_answer(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    struct buf *body = raw_request_body(1, OP_CODE_CREATE_SESSION);
    buf_put_int(body, RAW_TIMEOUT_MS);
    raw_send_frame(raw.sock, raw_frame_of(body));
    int64_t session_id = raw.session_id;
    raw_read_connect_answer(&raw, 37);
    assert_int_equal(raw.session_id, session_id);
    sock_unref(raw.sock);
}

static void when_the_server_ends_clients_see_the_end_and_nothing_else(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    struct sock *silent = raw_dial(stage);
    server_cnxn_factory_set_zookeeper_server(stage->alone->client_port, NULL);
    server_cnxn_factory_close_all(stage->alone->client_port);
    raw_assert_end(raw.sock);
    sock_unref(silent);
}

/* CLI-52, Java's way: it never works later, even when there is a server by then. */
static void cli_52_a_connection_from_before_the_server_is_closed(void **state)
{
    struct raw_stage *stage = *state;
    struct server_cnxn_factory *port = stage->alone->client_port;
    server_cnxn_factory_set_zookeeper_server(port, NULL);
    struct sock *early = raw_dial(stage);
    /* When a later one has been turned away the earlier one has been accepted. */
    struct sock *later = raw_dial(stage);
    raw_send_frame(later, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));
    raw_assert_end(later);
    server_cnxn_factory_set_zookeeper_server(port, stage->alone->zk);
    raw_send_frame(early, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));
    raw_assert_end(early);
    struct raw_client raw = raw_connect(stage);
    sock_unref(raw.sock);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* Three requests in one stream, cut in two behind byte number at; 0: whole. */
static void send_cut(struct raw_stage *stage, size_t at)
{
    struct raw_client raw = raw_connect(stage);
    char path[32];
    snprintf(path, sizeof path, "/cut%zu", at);
    struct buf *all = raw_create_frame(1, path, "hello", 5);
    struct buf *get = raw_get_frame(2, path);
    struct buf *ping = raw_plain_frame(-2, OP_CODE_PING);
    buf_put_bytes(all, get->bytes, get->length);
    buf_put_bytes(all, ping->bytes, ping->length);
    if (at < all->length) {
        assert_int_equal(sock_write_fully(raw.sock, all->bytes, at), 0);
        assert_int_equal(sock_write_fully(raw.sock, all->bytes + at, all->length - at), 0);
        raw_assert_reply(raw.sock, 1, 0);
        raw_assert_reply(raw.sock, 2, 0);
        raw_assert_reply(raw.sock, -2, 0);
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
    struct raw_stage *stage = *state;
    struct raw_client raw = {.sock = raw_dial(stage)};
    struct buf *all = raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true);
    struct buf *create = raw_create_frame(1, "/drops", "x", 1);
    buf_put_bytes(all, create->bytes, create->length);
    for (size_t i = 0; i < all->length; i++)
        assert_int_equal(sock_write_fully(raw.sock, all->bytes + i, 1), 0);
    raw_read_connect_answer(&raw, 37);
    raw_assert_reply(raw.sock, 1, 0);
    buf_unref(create);
    buf_unref(all);
    sock_unref(raw.sock);
}

static void cli_11_a_length_that_cannot_be_ends_the_connection(void **state)
{
    struct raw_stage *stage = *state;
    static const int32_t lengths[] = {-1, INT32_MIN, JUTE_LIMIT + 1, INT32_MAX, 0};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t bytes[4];
        zk_store_int(bytes, lengths[i]);
        struct sock *stranger = raw_dial(stage);
        assert_int_equal(sock_write_fully(stranger, bytes, sizeof bytes), 0);
        raw_assert_end(stranger);
        struct raw_client raw = raw_connect(stage);
        assert_int_equal(sock_write_fully(raw.sock, bytes, sizeof bytes), 0);
        raw_assert_end(raw.sock);
    }
}

static void cli_11_the_longest_frame_is_served(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    size_t overhead = 8 + 4 + strlen("/p") + 4 + RAW_OPEN_ACL_BYTES + 4;
    size_t length = JUTE_LIMIT - overhead;
    uint8_t *data = calloc(1, length);
    raw_send_frame(raw.sock, raw_create_frame(1, "/p", data, length));
    raw_assert_reply(raw.sock, 1, 0);
    free(data);

    /* The server closes as soon as it has read a length above the limit. A megabyte behind it would
     * meet a closed connection at some point that depends on the machine's load. */
    uint8_t one_more[4];
    zk_store_int(one_more, JUTE_LIMIT + 1);
    assert_int_equal(sock_write_fully(raw.sock, one_more, sizeof one_more), 0);
    raw_assert_end(raw.sock);
}

/* A header needs eight bytes. */
static void cli_39_a_frame_without_a_header_ends_the_connection(void **state)
{
    struct raw_stage *stage = *state;
    for (size_t length = 0; length < 8; length++) {
        struct raw_client raw = raw_connect(stage);
        struct buf *body = buf_new_copy("\0\0\0\1\0\0\0\1", length);
        raw_send_frame(raw.sock, raw_frame_of(body));
        raw_assert_end(raw.sock);
    }
}

static void cli_39_a_body_that_is_cut_is_a_marshalling_error(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    struct buf *whole = raw_create_frame(1, "/cut", "hello", 5);
    for (size_t length = 12; length < whole->length; length++) {
        struct buf *frame = buf_new_copy(whole->bytes, length);
        zk_store_int(frame->bytes, (int32_t)length - 4);
        raw_send_frame(raw.sock, frame);
        raw_assert_reply(raw.sock, 1, KEEPER_CODE_MARSHALLINGERROR);
    }
    raw_assert_pings(&raw);
    buf_unref(whole);
    sock_unref(raw.sock);
}

static void cli_41_an_operation_that_nobody_knows_ends_the_connection(void **state)
{
    struct raw_stage *stage = *state;
    static const int32_t types[] = {999, 0, 10, -1, INT32_MIN};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct raw_client raw = raw_connect(stage);
        raw_send_frame(raw.sock, raw_plain_frame(5, types[i]));
        struct buf *reply = raw_read_frame(raw.sock);
        assert_int_equal(reply->length, 16);
        assert_int_equal(zk_load_int(reply->bytes), 5);
        assert_int_equal(zk_load_long(reply->bytes + 4), -1);
        assert_int_equal(zk_load_int(reply->bytes + 12), KEEPER_CODE_UNIMPLEMENTED);
        buf_unref(reply);
        raw_assert_end(raw.sock);
    }
}

static void cli_43_a_string_longer_than_its_frame_takes_no_memory(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    static const int32_t types[] = {OP_CODE_CREATE, OP_CODE_DELETE, OP_CODE_SET_DATA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct buf *body = raw_request_body(7, types[i]);
        buf_put_int(body, INT32_MAX);
        raw_send_frame(raw.sock, raw_frame_of(body));
        raw_assert_reply(raw.sock, 7, KEEPER_CODE_MARSHALLINGERROR);
    }
    sock_unref(raw.sock);
}

static void cli_84_a_word_behind_a_session_is_a_bad_length(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    assert_int_equal(sock_write_fully(raw.sock, "ruok", 4), 0);
    raw_assert_end(raw.sock);
}

/* ---- who the client is ----------------------------------------------------------------------- */

static struct buf *auth_frame(int32_t xid, const char *scheme, const char *auth)
{
    struct buf *body = raw_request_body(xid, OP_CODE_AUTH);
    buf_put_int(body, 0);
    raw_put_text(body, scheme);
    raw_put_text(body, auth);
    return raw_frame_of(body);
}

/* An auth packet is answered at once, ahead of what goes through the processors; so behind the
 * connect request it shows whether its connection waits for the session. */
static void cli_53_auth_behind_the_connect_request_waits_for_the_session(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = {.sock = raw_dial(stage)};
    struct buf *all = raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true);
    struct buf *auth = auth_frame(-4, "digest", "bob:pw");
    buf_put_bytes(all, auth->bytes, auth->length);
    raw_send_frame(raw.sock, all);
    raw_read_connect_answer(&raw, 37);
    raw_assert_reply(raw.sock, -4, 0);
    buf_unref(auth);
    sock_unref(raw.sock);
}

/* The bytes that Java answered: xid, zxid 0, no error. */
static void auth_is_answered_at_once(void **state)
{
    static const uint8_t answer[16] = {0xff, 0xff, 0xff, 0xfc};
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    raw_send_frame(raw.sock, auth_frame(-4, "digest", "bob:pw"));
    struct buf *reply = raw_read_frame(raw.sock);
    assert_int_equal(reply->length, sizeof answer);
    assert_memory_equal(reply->bytes, answer, sizeof answer);
    buf_unref(reply);
    raw_send_frame(raw.sock, raw_plain_frame(20, OP_CODE_WHO_AM_I));
    reply = raw_read_frame(raw.sock);
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
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    raw_send_frame(raw.sock, auth_frame(7, "nosuch", "x"));
    raw_assert_reply(raw.sock, 7, KEEPER_CODE_AUTHFAILED);
    raw_assert_end(raw.sock);
}

static void sasl_is_answered_without_a_token(void **state)
{
    static const uint8_t answer[20] = {0, 0, 0, 33, [16] = 0xff, 0xff, 0xff, 0xff};
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    struct buf *body = raw_request_body(33, OP_CODE_SASL);
    raw_put_text(body, "token");
    raw_send_frame(raw.sock, raw_frame_of(body));
    struct buf *reply = raw_read_frame(raw.sock);
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
    struct raw_stage *stage = *state;
    struct raw_client first = raw_connect(stage); /* the first write opens the log */
    size_t before = open_descriptors();
    for (int i = 0; i < 2000; i++) {
        struct sock *sock = raw_dial(stage);
        if (i % 3 == 1)
            assert_int_equal(sock_write_fully(sock, "\0\0", 2), 0);
        else if (i % 3 == 2)
            raw_send_frame(sock, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));
        sock_unref(sock);
    }
    test_await(has_no_connections, &before);
    struct raw_client last = raw_connect(stage);
    raw_assert_pings(&last);
    sock_unref(last.sock);
    sock_unref(first.sock);
}

static int64_t packets_received(const struct raw_stage *stage)
{
    return server_stats_get(stage->alone->client_port->stats).packets_received;
}

/* It is request 1 of the client. */
static void create_big_node(struct raw_client *raw, size_t length)
{
    uint8_t *data = calloc(1, length);
    raw_send_frame(raw->sock, raw_create_frame(1, "/big", data, length));
    free(data);
    raw_assert_reply(raw->sock, 1, 0);
}

/* Its requests wait in the kernel, and not in our memory. A megabyte is five answers, and one
 * batch of requests may be under way when that is reached; the rest is what sockets hold. */
static void cli_44_a_client_that_does_not_read_is_not_read(void **state)
{
    enum { NODE = 200000, ENOUGH = 20000, TAKEN_MAX = 1000 };
    struct raw_stage *stage = *state;
    struct raw_client slow = raw_connect(stage);
    create_big_node(&slow, NODE);
    sock_set_write_timeout(slow.sock, 300);
    struct buf *get = raw_get_frame(2, "/big");
    int sent = 0;
    while (sent < ENOUGH && sock_write_fully(slow.sock, get->bytes, get->length) == 0)
        sent++;
    buf_unref(get);
    struct raw_client other = raw_connect(stage);
    raw_assert_pings(&other);
    assert_true(sent > TAKEN_MAX);
    assert_true(packets_received(stage) < TAKEN_MAX);
    sock_unref(other.sock);
    sock_unref(slow.sock);
}

/* Returns whether the server takes the request that makes so many; the pings are counted, too. Who
 * is answered pings meanwhile has the same selector, which reads what it may after 2 ms. */
static bool takes_it(struct raw_stage *stage, struct raw_client *other, int64_t *received)
{
    enum { PINGS = 100, LONG_MS = 200 };
    int64_t end_ms = zk_deadline_ms(LONG_MS);
    for (int i = 0; i < PINGS || zk_elapsed_ms() < end_ms; i++) {
        raw_assert_pings(other);
        if (packets_received(stage) > ++*received) {
            ++*received;
            return true;
        }
    }
    return false;
}

/* Each read brings one request, so nothing is kept of a batch. Sockets hold some 30 answers. */
static void cli_44_nor_one_that_asks_for_one_thing_after_the_other(void **state)
{
    enum { NODE = 200000, TAKEN_MAX = 100 };
    struct raw_stage *stage = *state;
    struct raw_client slow = raw_connect(stage);
    create_big_node(&slow, NODE);
    struct raw_client other = raw_connect(stage);
    int64_t received = packets_received(stage);
    int taken = 0;
    do
        raw_send_frame(slow.sock, raw_get_frame(2 + taken, "/big"));
    while (takes_it(stage, &other, &received) && ++taken < TAKEN_MAX);
    assert_in_range(taken, 1, TAKEN_MAX - 1);
    sock_unref(other.sock);
    sock_unref(slow.sock);
}

/* All of a batch would be answered before anybody looks at how much that is: 128 MB, and while the
 * lists are made no other client of the thread is served. */
static void cli_44_long_lists_are_not_answered_by_the_batch(void **state)
{
    enum { CHILDREN = 500, NAME = 4000, ASKED = 64, ANSWERED_MAX = 32 };
    struct raw_stage *stage = *state;
    struct raw_client slow = raw_connect(stage);
    char path[NAME + 16];
    for (int i = 1; i <= CHILDREN; i++) {
        snprintf(path, sizeof path, "/%0*d", NAME, i);
        raw_send_frame(slow.sock, raw_create_frame(i, path, "", 0));
    }
    for (int i = 1; i <= CHILDREN; i++)
        raw_assert_reply(slow.sock, i, 0);
    int64_t before = packets_received(stage);
    struct buf *asked = buf_new(4096);
    for (int i = 1; i <= ASKED; i++) {
        struct buf *body = raw_request_body(i, OP_CODE_GET_CHILDREN);
        raw_put_text(body, "/");
        buf_put_byte(body, 0);
        struct buf *frame = raw_frame_of(body);
        buf_put_bytes(asked, frame->bytes, frame->length);
        buf_unref(frame);
    }
    raw_send_frame(slow.sock, asked);
    /* Until then they may gather, and another client may be served first. */
    raw_assert_reply(slow.sock, 1, 0);
    struct raw_client other = raw_connect(stage);
    raw_assert_pings(&other);
    assert_in_range(packets_received(stage) - before, 3, ANSWERED_MAX);
    for (int i = 2; i <= ASKED; i++)
        raw_assert_reply(slow.sock, i, 0);
    sock_unref(other.sock);
    sock_unref(slow.sock);
}

static struct buf *gets_at_once(int count)
{
    struct buf *asked = buf_new(4096);
    for (int i = 1; i <= count; i++) {
        struct buf *frame = raw_get_frame(i, "/big");
        buf_put_bytes(asked, frame->bytes, frame->length);
        buf_unref(frame);
    }
    return asked;
}

struct unsent {
    struct raw_stage *stage;
    size_t bytes; /* of the connection that has most */
};

static bool is_a_megabyte_unsent(void *arg)
{
    struct unsent *unsent = arg;
    struct server_cnxn_factory *factory = unsent->stage->alone->client_port;
    zk_mutex_lock(&factory->mu);
    for (struct nio_server_cnxn *cnxn = factory->cnxns; cnxn != NULL; cnxn = cnxn->next)
        if (channel_pending(cnxn->channel) > unsent->bytes)
            unsent->bytes = channel_pending(cnxn->channel);
    zk_mutex_unlock(&factory->mu);
    return unsent->bytes > 1 << 20;
}

/* All come with one read. When the answers to the first ones fill the connection, the others wait;
 * they are answered in their order when the client reads. */
static void cli_44_long_answers_are_not_all_made_at_once(void **state)
{
    enum { NODE = 1000000, ASKED = 64 };
    struct raw_stage *stage = *state;
    struct raw_client slow = raw_connect(stage);
    create_big_node(&slow, NODE);
    for (int round = 0; round < 2; round++) {
        raw_send_frame(slow.sock, gets_at_once(ASKED));
        struct unsent unsent = {.stage = stage};
        test_await(is_a_megabyte_unsent, &unsent);
        struct raw_client other = raw_connect(stage);
        raw_assert_pings(&other); /* what was read together has been handed on by now */
        (void)is_a_megabyte_unsent(&unsent);
        assert_in_range(unsent.bytes, 1 << 20, 3 << 20);
        sock_unref(other.sock);
        for (int i = 1; round == 0 && i <= ASKED; i++)
            raw_assert_reply(slow.sock, i, 0);
    }
    /* The second time it leaves with most of its answers unmade. */
    sock_unref(slow.sock);
    struct raw_client other = raw_connect(stage);
    raw_assert_pings(&other);
    sock_unref(other.sock);
}

/* The limit of outstanding requests ends a batch in the middle of a read. What is kept of it then
 * comes before the frames behind it. */
static void cli_44_what_is_kept_stays_in_its_order(void **state)
{
    enum { NODE = 1000000, ASKED = 64 };
    struct raw_stage *stage = *state;
    struct raw_client client = raw_connect(stage);
    create_big_node(&client, NODE);
    raw_send_frame(client.sock, gets_at_once(ASKED));
    for (int i = 1; i <= ASKED; i++)
        raw_assert_reply(client.sock, i, 0);
    sock_unref(client.sock);
}

/* Each of the reads compares 5,000 entries with the ids: together a fourth of a second or so. */
static void slow_reads_of_one_client_do_not_keep_another_waiting(void **state)
{
    enum { ENTRIES = TEST_AMOUNT(5000, 1500), IDS = 200, ASKED = 400 };
    struct raw_stage *stage = *state;
    struct raw_client slow = raw_connect(stage);
    char text[32];
    struct buf *create = raw_request_body(1, OP_CODE_CREATE);
    raw_put_text(create, "/slow");
    buf_put_int(create, 0);
    buf_put_int(create, ENTRIES);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(text, sizeof text, "bob:%d", i);
        buf_put_int(create, PERMS_ALL);
        raw_put_text(create, "digest");
        raw_put_text(create, text);
    }
    buf_put_int(create, 0);
    raw_send_frame(slow.sock, raw_frame_of(create));
    raw_assert_reply(slow.sock, 1, 0);
    for (int i = 0; i < IDS; i++) {
        struct buf *auth = raw_request_body(-4, OP_CODE_AUTH);
        snprintf(text, sizeof text, ":%d", i);
        buf_put_int(auth, 0);
        raw_put_text(auth, "digest");
        raw_put_text(auth, text);
        raw_send_frame(slow.sock, raw_frame_of(auth));
        raw_assert_reply(slow.sock, -4, 0);
    }
    struct raw_client other = raw_connect(stage);
    int64_t before = packets_received(stage);
    struct buf *asked = buf_new(4096);
    for (int i = 1; i <= ASKED; i++) {
        struct buf *frame = raw_get_frame(i, "/slow");
        buf_put_bytes(asked, frame->bytes, frame->length);
        buf_unref(frame);
    }
    raw_send_frame(slow.sock, asked);
    raw_assert_pings(&other);
    assert_in_range(packets_received(stage) - before, 1, ASKED / 2);
    for (int i = 1; i <= ASKED; i++)
        raw_assert_reply(slow.sock, i, KEEPER_CODE_NOAUTH);
    sock_unref(other.sock);
    sock_unref(slow.sock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cli_07_an_old_client_gets_no_read_only_byte),
        TEST(cli_09_timeouts_are_clamped),
        TEST(cli_26_who_is_not_known_gets_zeros_and_the_end),
        TEST(cli_54_a_wrong_password_does_not_disturb_the_owner),
        cmocka_unit_test_setup_teardown(who_comes_back_may_be_silent_as_long_as_the_session_allows,
                                        setup_impatient, teardown),
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
        TEST(cli_53_auth_behind_the_connect_request_waits_for_the_session),
        TEST(auth_is_answered_at_once),
        TEST(cli_73_who_cannot_show_who_he_is_is_told_and_closed),
        TEST(sasl_is_answered_without_a_token),
        TEST(cli_47_a_storm_of_callers_leaves_no_descriptor),
        TEST(cli_44_a_client_that_does_not_read_is_not_read),
        TEST(cli_44_nor_one_that_asks_for_one_thing_after_the_other),
        TEST(cli_44_long_lists_are_not_answered_by_the_batch),
        TEST(cli_44_long_answers_are_not_all_made_at_once),
        cmocka_unit_test_setup_teardown(cli_44_what_is_kept_stays_in_its_order,
                                        setup_with_little_room, teardown),
        TEST(slow_reads_of_one_client_do_not_keep_another_waiting),
        cmocka_unit_test_setup_teardown(cli_10_frames_may_be_cut_anywhere, setup_with_workers,
                                        teardown),
        cmocka_unit_test_setup_teardown(cli_44_long_answers_are_not_all_made_at_once,
                                        setup_with_workers, teardown),
        cmocka_unit_test_setup_teardown(cli_24_who_comes_back_ends_his_old_connection,
                                        setup_with_workers, teardown),
        cmocka_unit_test_setup_teardown(cli_47_a_storm_of_callers_leaves_no_descriptor,
                                        setup_with_workers, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
