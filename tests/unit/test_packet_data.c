/* The data of packets: what is written is read again, and what is too short is no data. */
#include "zab/packet_data.h"

#include <errno.h>

#include "zk/jute/op_code.h"
#include "zk/server/request.h"
#include "zk_test.h"

static void assert_bytes(struct buf *data, const void *bytes, size_t length)
{
    assert_int_equal(data->length, length);
    assert_memory_equal(data->bytes, bytes, length);
    buf_unref(data);
}

static void fields_stand_where_java_puts_them(void **state)
{
    static const struct session_timeout sessions[] = {
        {.session = 0x0102030405060708, .timeout_ms = 0x090a0b0c},
        {.session = -1, .timeout_ms = 2},
    };
    (void)state;
    assert_bytes(packet_data_of_sessions(sessions, 2),
                 "\1\2\3\4\5\6\7\10\11\12\13\14"
                 "\377\377\377\377\377\377\377\377\0\0\0\2",
                 24);
    assert_bytes(packet_data_of_sessions(NULL, 0), "", 0);
    assert_bytes(packet_data_of_validity(0x0102030405060708, true), "\1\2\3\4\5\6\7\10\1", 9);
    assert_bytes(packet_data_of_int(-2), "\377\377\377\376", 4);

    struct buf *body = buf_new_copy("body", 4);
    struct request *request =
        request_new(NULL, 0x0102030405060708, 0x090a0b0c, OP_CODE_DELETE, body, NULL);
    assert_bytes(packet_data_of_request(request),
                 "\1\2\3\4\5\6\7\10\11\12\13\14\0\0\0\2"
                 "body",
                 20);
    request_unref(request);
    buf_unref(body);
}

static void sessions_are_read_one_by_one(void **state)
{
    static const struct session_timeout sessions[] = {
        {.session = 7, .timeout_ms = 70},
        {.session = INT64_MIN, .timeout_ms = -1},
    };
    struct session_timeout read;
    (void)state;
    struct buf *data = packet_data_of_sessions(sessions, 2);
    assert_true(packet_data_has_sessions(data));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(packet_data_read_session(data, i, &read), 0);
        assert_int_equal(read.session, sessions[i].session);
        assert_int_equal(read.timeout_ms, sessions[i].timeout_ms);
    }
    assert_int_equal(packet_data_read_session(data, 2, &read), -EPROTO);
    data->length--;
    assert_false(packet_data_has_sessions(data));
    assert_int_equal(packet_data_read_session(data, 1, &read), -EPROTO);
    buf_unref(data);
}

/* Null, and each length that is too short; what stands behind a field of fixed length is nobody's
 * concern. */
static void short_data_is_refused_at_every_length(void **state)
{
    (void)state;
    assert_false(packet_data_has_sessions(NULL));
    for (size_t length = 0; length <= 20; length++) {
        struct buf *data = length == 0 ? NULL : buf_new_copy("12345678\1abcdefghijklmnop", length);
        struct quorum_packet *packet = quorum_packet_new(LEADER_REQUEST, -1, data);
        struct session_timeout session;
        struct request *request = NULL;
        int64_t session_id;
        int32_t number;
        bool valid = false;
        assert_int_equal(packet_data_read_int(data, &number), length < 4 ? -EPROTO : 0);
        assert_int_equal(packet_data_read_validity(data, &session_id, &valid),
                         length < 9 ? -EPROTO : 0);
        assert_int_equal(valid, length >= 9);
        assert_int_equal(packet_data_read_session(data, 0, &session), length < 12 ? -EPROTO : 0);
        assert_int_equal(packet_data_read_request(packet, &request), length < 16 ? -EPROTO : 0);
        if (length >= 16)
            assert_int_equal(request->request->length, length - 16);
        request_unref(request);
        quorum_packet_free(packet);
        buf_unref(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_stand_where_java_puts_them),
        cmocka_unit_test(sessions_are_read_one_by_one),
        cmocka_unit_test(short_data_is_refused_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
