/* Packets between leader and learners, byte for byte as Java 3.8.0 sends them. Java: QuorumPacket,
 * LearnerInfo */
#include <errno.h>
#include <stdlib.h>

#include "golden.h"
#include "zk/jute/quorum.h"
#include "zk/runtime/settings.h"
#include "zk_test.h"

/* Returns the bytes of one packet; the caller unrefs them. */
static struct buf *encode(const struct quorum_packet *packet)
{
    struct buf *bytes = buf_new(64);
    struct jute_out out = jute_out_of_buf(bytes);
    quorum_packet_write(&out, packet);
    assert_int_equal(jute_out_flush(&out), 0);
    return bytes;
}

/* Reads one packet; the result is quorum_packet_read's, *ret_left what is left behind it. */
static int decode(const void *bytes, size_t length, struct quorum_packet **ret_packet,
                  size_t *ret_left)
{
    struct zk_context *ctx = test_context();
    struct jute_in in = jute_in_of_bytes(ctx, bytes, length);
    *ret_packet = NULL;
    int r = quorum_packet_read(&in, ret_packet);
    *ret_left = length - (size_t)jute_in_position(&in);
    zk_context_free(ctx);
    return r;
}

/* Ours must be Java's bytes, and Java's bytes must read as ours. Takes data. */
static void assert_golden(const char *name, int32_t type, int64_t zxid, struct buf *data)
{
    struct quorum_packet *packet = quorum_packet_new(type, zxid, data);
    struct buf *bytes = encode(packet);
    golden_assert_equal(name, bytes->bytes, bytes->length);

    struct buf *golden = golden_read(name);
    struct quorum_packet *read;
    size_t left;
    assert_int_equal(decode(golden->bytes, golden->length, &read, &left), 0);
    assert_int_equal(left, 0);
    assert_int_equal(read->type, type);
    assert_true(read->zxid == zxid);
    assert_int_equal(read->data != NULL, data != NULL);
    assert_false(read->authinfo.present);
    if (data) {
        assert_int_equal(read->data->length, data->length);
        assert_memory_equal(read->data->bytes, data->bytes, data->length);
    }

    quorum_packet_free(read);
    buf_unref(golden);
    buf_unref(bytes);
    quorum_packet_free(packet);
    buf_unref(data);
}

static struct buf *int_data(int32_t value)
{
    struct buf *data = buf_new(4);
    buf_put_int(data, value);
    return data;
}

static struct buf *info_data(int64_t sid)
{
    struct learner_info info = {.serverid = sid, .protocol_version = LEARNER_PROTOCOL_VERSION};
    return learner_info_encode(&info);
}

static void packets_without_data_are_twenty_bytes_like_javas(void **state)
{
    (void)state;
    assert_golden("diff", LEADER_DIFF, 0, NULL);
    assert_golden("snap", LEADER_SNAP, INT64_C(0x100000000), NULL);
    assert_golden("ack_newleader", LEADER_ACK, INT64_C(0x100000000), NULL);
    assert_golden("ack_uptodate", LEADER_ACK, INT64_C(0x100000000), NULL);
    assert_golden("uptodate", LEADER_UPTODATE, -1, NULL);
    assert_golden("ping", LEADER_PING, INT64_C(0x100000000), NULL);
}

static void a_ping_is_answered_with_empty_data_like_javas(void **state)
{
    (void)state;
    assert_golden("ping_reply", LEADER_PING, INT64_C(0x100000000), buf_new(0));
}

static void epochs_travel_like_javas(void **state)
{
    (void)state;
    assert_golden("leaderinfo", LEADER_LEADERINFO, INT64_C(0x100000000),
                  int_data(LEARNER_PROTOCOL_VERSION));
    assert_golden("ackepoch", LEADER_ACKEPOCH, 0, int_data(0));
    struct buf *golden = golden_read("ackepoch_same_epoch");
    assert_golden("ackepoch_same_epoch", LEADER_ACKEPOCH, zk_load_long(golden->bytes + 4),
                  int_data(-1));
    buf_unref(golden);
}

static void learners_introduce_themselves_like_javas(void **state)
{
    (void)state;
    struct {
        const char *name;
        int32_t type;
        int64_t zxid;
    } cases[] = {
        {"followerinfo", LEADER_FOLLOWERINFO, 0},
        {"followerinfo_epoch_1", LEADER_FOLLOWERINFO, INT64_C(0x100000000)},
        {"observerinfo", LEADER_OBSERVERINFO, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf *golden = golden_read(cases[i].name);
        int64_t sid = zk_load_long(golden->bytes + 16);
        assert_in_range(sid, 1, 3);
        buf_unref(golden);
        assert_golden(cases[i].name, cases[i].type, cases[i].zxid, info_data(sid));
    }
}

static void newleader_carries_the_config_text_like_javas(void **state)
{
    (void)state;
    static const char text[] = "server.1=127.0.0.1:24281:24381:participant\n"
                               "server.2=127.0.0.1:24282:24382:participant\n"
                               "server.3=127.0.0.1:24283:24383:participant\n"
                               "version=0";
    assert_golden("newleader", LEADER_NEWLEADER, INT64_C(0x100000000),
                  buf_new_copy(text, sizeof text - 1));
}

static void every_prefix_of_a_packet_is_an_early_end(void **state)
{
    (void)state;
    struct buf *golden = golden_read("newleader");
    for (size_t length = 0; length < golden->length; length++) {
        struct quorum_packet *packet = NULL;
        size_t left;
        assert_int_equal(decode(golden->bytes, length, &packet, &left), -EPIPE);
        assert_null(packet);
    }
    buf_unref(golden);
}

static void any_changed_byte_is_survived(void **state)
{
    (void)state;
    struct buf *golden = golden_read("followerinfo");
    uint8_t bytes[64];
    assert_true(golden->length <= sizeof bytes);
    for (size_t i = 0; i < golden->length; i++) {
        for (int value = 0; value < 256; value++) {
            struct quorum_packet *packet = NULL;
            size_t left;
            memcpy(bytes, golden->bytes, golden->length);
            bytes[i] = (uint8_t)value;
            int r = decode(bytes, golden->length, &packet, &left);
            assert_true(r == 0 || r == -EPROTO || r == -EPIPE);
            assert_int_equal(packet != NULL, r == 0);
            quorum_packet_free(packet);
        }
    }
    buf_unref(golden);
}

static void oversized_data_is_refused_by_its_length_alone(void **state)
{
    (void)state;
    struct buf *bytes = buf_new(32);
    buf_put_int(bytes, LEADER_PROPOSAL);
    buf_put_long(bytes, 1);
    buf_put_int(bytes, 2097151);
    struct quorum_packet *packet = NULL;
    size_t left;
    assert_int_equal(decode(bytes->bytes, bytes->length, &packet, &left), -EPROTO);
    assert_null(packet);
    buf_unref(bytes);
}

static void authinfo_is_read_and_written_as_it_came(void **state)
{
    (void)state;
    static const char bytes[] = "\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"
                                "\0\0\0\2\0\0\0\5world\0\0\0\6anyone\xff\xff\xff\xff\0\0\0\1x";
    size_t length = sizeof bytes - 1;
    struct quorum_packet *packet;
    size_t left;
    assert_int_equal(decode(bytes, length, &packet, &left), 0);
    assert_int_equal(left, 0);
    assert_true(packet->authinfo.present);
    assert_int_equal(packet->authinfo.count, 2);
    assert_string_equal(packet->authinfo.items[0].id.text, "anyone");
    assert_null(packet->authinfo.items[1].scheme.text);

    struct buf *again = encode(packet);
    assert_int_equal(again->length, length);
    assert_memory_equal(again->bytes, bytes, length);
    buf_unref(again);
    quorum_packet_free(packet);
}

static void empty_authinfo_is_not_null(void **state)
{
    (void)state;
    static const char bytes[] = "\0\0\0\5\0\0\0\0\0\0\0\1\xff\xff\xff\xff\0\0\0\0";
    struct quorum_packet *packet;
    size_t left;
    assert_int_equal(decode(bytes, 20, &packet, &left), 0);
    assert_true(packet->authinfo.present);
    struct buf *again = encode(packet);
    assert_memory_equal(again->bytes, bytes, 20);
    buf_unref(again);
    quorum_packet_free(packet);
}

static void packets_follow_one_another_without_a_frame(void **state)
{
    (void)state;
    static const char *const names[] = {"snap", "newleader", "ping_reply", "uptodate"};
    static const int32_t types[] = {LEADER_SNAP, LEADER_NEWLEADER, LEADER_PING, LEADER_UPTODATE};
    struct buf *all = buf_new(256);
    for (size_t i = 0; i < 4; i++) {
        struct buf *golden = golden_read(names[i]);
        buf_put_bytes(all, golden->bytes, golden->length);
        buf_unref(golden);
    }
    struct zk_context *ctx = test_context();
    struct jute_in in = jute_in_of_bytes(ctx, all->bytes, all->length);
    struct quorum_packet *packet = NULL;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(quorum_packet_read(&in, &packet), 0);
        assert_int_equal(packet->type, types[i]);
    }
    assert_int_equal(quorum_packet_read(&in, &packet), -EPIPE);
    assert_null(packet);
    zk_context_free(ctx);
    buf_unref(all);
}

static void a_packet_keeps_its_data(void **state)
{
    (void)state;
    struct buf *data = buf_new_copy("x", 1);
    struct quorum_packet *packet = quorum_packet_new(LEADER_COMMIT, 7, data);
    buf_unref(data);
    assert_int_equal(packet->data->bytes[0], 'x');
    quorum_packet_free(packet);
    quorum_packet_free(NULL);
}

static void types_have_javas_names(void **state)
{
    (void)state;
    assert_string_equal(quorum_packet_type_name(LEADER_REQUEST), "REQUEST");
    assert_string_equal(quorum_packet_type_name(LEADER_UPTODATE), "UPTODATE");
    assert_string_equal(quorum_packet_type_name(LEADER_INFORMANDACTIVATE), "INFORMANDACTIVATE");
    assert_string_equal(quorum_packet_type_name(0), "UNKNOWN");
    assert_string_equal(quorum_packet_type_name(20), "UNKNOWN");
    assert_string_equal(quorum_packet_type_name(INT32_MIN), "UNKNOWN");
    for (int32_t type = LEADER_REQUEST; type <= LEADER_INFORMANDACTIVATE; type++)
        assert_non_null(quorum_packet_type_name(type));
}

static void learner_info_is_read_by_its_length(void **state)
{
    (void)state;
    struct buf *whole = info_data(3);
    for (size_t length = 0; length <= whole->length; length++) {
        struct buf *data = buf_new_copy(whole->bytes, length);
        struct learner_info info;
        learner_info_decode(data, &info);
        assert_int_equal(info.serverid, length >= 8 ? 3 : 0);
        assert_int_equal(info.protocol_version, length >= 12 ? LEARNER_PROTOCOL_VERSION : 1);
        assert_int_equal(info.has_config_version, length >= 20);
        buf_unref(data);
    }
    buf_unref(whole);
}

static void the_trace_gets_zxid_and_length(void **state)
{
    (void)state;
    struct buf *data = buf_new_copy("abcd", 4);
    struct quorum_packet *packet = quorum_packet_new(LEADER_LEADERINFO, INT64_C(0x200000000), data);
    struct zk_str json = {0};
    quorum_packet_append_json(packet, &json);
    assert_string_equal(zk_str_text(&json), "{\"zxid\":\"0x200000000\",\"data\":4}");
    zk_str_done(&json);
    quorum_packet_free(packet);
    buf_unref(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_without_data_are_twenty_bytes_like_javas),
        cmocka_unit_test(a_ping_is_answered_with_empty_data_like_javas),
        cmocka_unit_test(epochs_travel_like_javas),
        cmocka_unit_test(learners_introduce_themselves_like_javas),
        cmocka_unit_test(newleader_carries_the_config_text_like_javas),
        cmocka_unit_test(every_prefix_of_a_packet_is_an_early_end),
        cmocka_unit_test(any_changed_byte_is_survived),
        cmocka_unit_test(oversized_data_is_refused_by_its_length_alone),
        cmocka_unit_test(authinfo_is_read_and_written_as_it_came),
        cmocka_unit_test(empty_authinfo_is_not_null),
        cmocka_unit_test(packets_follow_one_another_without_a_frame),
        cmocka_unit_test(a_packet_keeps_its_data),
        cmocka_unit_test(types_have_javas_names),
        cmocka_unit_test(learner_info_is_read_by_its_length),
        cmocka_unit_test(the_trace_gets_zxid_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
