/* Votes as bytes. Java: FastLeaderElection.buildMsg(), FLEMalformedNotificationMessageTest */
#include "zk/election/notification.h"

#include <errno.h>
#include <stdlib.h>

#include "golden.h"
#include "zk/base/alloc.h"
#include "zk/election/message.h"
#include "zk_test.h"

enum { LENGTH_WORD = 4 };

/* The captures begin with the frame's length. */
static struct buf *golden_payload(const char *name)
{
    struct buf *frame = golden_read(name);
    assert_int_equal(zk_load_int(frame->bytes), frame->length - LENGTH_WORD);
    struct buf *payload = buf_new_copy(frame->bytes + LENGTH_WORD, frame->length - LENGTH_WORD);
    buf_unref(frame);
    return payload;
}

/* The ballot and the text, built by us and framed as SendWorker frames them. */
static void assert_builds(const char *golden, enum server_state server_state, int64_t leader,
                          int64_t zxid, int64_t round, int64_t epoch)
{
    struct notification_fields fields;
    struct buf *payload = golden_payload(golden);
    assert_int_equal(notification_decode(payload, &fields), 0);
    char *config = zk_xstrndup(fields.config, fields.config_length);
    struct to_send *to_send = to_send_new(leader, zxid, round, server_state, 99, epoch, config);

    struct buf *built = notification_build_msg(to_send);

    struct buf *frame = buf_new(LENGTH_WORD + built->length);
    buf_put_int(frame, (int32_t)built->length);
    buf_put_bytes(frame, built->bytes, built->length);
    golden_assert_equal(golden, frame->bytes, frame->length);
    assert_int_equal(fields.state, server_state);
    assert_int_equal(fields.leader, leader);
    assert_int_equal(fields.zxid, zxid);
    assert_int_equal(fields.election_epoch, round);
    assert_int_equal(fields.peer_epoch, epoch);
    assert_int_equal(fields.version, 2);
    assert_int_equal(fields.format, NOTIFICATION_FORMAT_CONFIG);
    buf_unref(frame);
    buf_unref(built);
    to_send_free(to_send);
    free(config);
    buf_unref(payload);
}

/* CNX-01 */
static void cnx_01_a_looking_vote_is_javas_byte_for_byte(void **state)
{
    (void)state;
    assert_builds("notification_looking", SERVER_STATE_LOOKING, 1, 0, 1, 0);
    assert_builds("notification_hierarchical", SERVER_STATE_LOOKING, 1, 0, 1, 0);
    assert_builds("notification_hash_order", SERVER_STATE_LOOKING, 1, 0, 1, 0);
}

/* CNX-01 */
static void cnx_01_answers_of_settled_servers_are_javas_byte_for_byte(void **state)
{
    (void)state;
    assert_builds("notification_following", SERVER_STATE_FOLLOWING, 2, 0, 1, 1);
    assert_builds("notification_leading", SERVER_STATE_LEADING, 2, 0, 1, 1);
    assert_builds("notification_observing", SERVER_STATE_OBSERVING, 2, 0, 1, 1);
}

/* CNX-01, FLE-17 */
static void cnx_01_an_observers_vote_is_javas_byte_for_byte(void **state)
{
    (void)state;
    assert_builds("notification_observer_looking", SERVER_STATE_LOOKING, INT64_MIN, INT64_MIN, 1,
                  INT64_MIN);
}

/* A server sends its vote to itself, too: that message is not decoded, and says the same. */
static void a_message_to_oneself_is_what_its_bytes_say(void **state)
{
    (void)state;
    struct to_send *to_send = to_send_new(3, 0x500000007, 9, SERVER_STATE_LEADING, 1, 11, "abc");
    struct message *sent = message_to_send(to_send);

    struct message *received = message_received(2, buf_ref(sent->buffer));

    const struct notification_fields *said = &sent->fields;
    const struct notification_fields *heard = &received->fields;
    assert_int_equal(sent->sid, 1);
    assert_int_equal(received->sid, 2);
    assert_int_equal(received->error, 0);
    assert_int_equal(said->format, heard->format);
    assert_int_equal(said->state, heard->state);
    assert_int_equal(said->leader, heard->leader);
    assert_int_equal(said->zxid, heard->zxid);
    assert_int_equal(said->election_epoch, heard->election_epoch);
    assert_int_equal(said->peer_epoch, heard->peer_epoch);
    assert_int_equal(said->version, heard->version);
    assert_int_equal(said->config_length, heard->config_length);
    assert_ptr_equal(said->config, heard->config); /* in the same bytes */
    message_unref(received);
    message_unref(sent);
    to_send_free(to_send);
}

/* --- decoding what is not ours --- */

/* The first length bytes of: LOOKING, leader 3, zxid (5,7), round 9, epoch 11, version, 10 bytes of
 * configuration as announced. */
static struct buf *message_of(size_t length, int32_t version, int32_t config_length)
{
    struct buf *message = buf_new(length + 64);
    buf_put_int(message, SERVER_STATE_LOOKING);
    buf_put_long(message, 3);
    buf_put_long(message, 0x500000007);
    buf_put_long(message, 9);
    buf_put_long(message, 11);
    buf_put_int(message, version);
    buf_put_int(message, config_length);
    while (message->length < length)
        buf_put_byte(message, 'x');
    message->length = length;
    return message;
}

static int decode(size_t length, int32_t version, int32_t config_length,
                  struct notification_fields *ret_fields)
{
    struct buf *message = message_of(length, version, config_length);
    int r = notification_decode(message, ret_fields);
    ret_fields->config = NULL; /* it went with the message */
    buf_unref(message);
    return r;
}

/* FLE-12 */
static void fle_12_lengths_from_0_to_60_are_read_or_refused_as_by_java(void **state)
{
    (void)state;
    for (size_t length = 0; length <= 60; length++) {
        struct notification_fields fields = {0};
        int expected = -EPROTO;
        if (length < 28)
            expected = -EMSGSIZE;
        else if (length == 28 || length == 40 || length >= 54)
            expected = 0;
        assert_int_equal(decode(length, 2, 10, &fields), expected);
    }
}

/* FLE-12 */
static void fle_12_28_bytes_have_their_epoch_in_the_zxid(void **state)
{
    (void)state;
    struct notification_fields fields = {0};
    assert_int_equal(decode(28, 2, 10, &fields), 0);
    assert_int_equal(fields.format, NOTIFICATION_FORMAT_28);
    assert_int_equal(fields.state, SERVER_STATE_LOOKING);
    assert_int_equal(fields.leader, 3);
    assert_int_equal(fields.zxid, 0x500000007);
    assert_int_equal(fields.election_epoch, 9);
    assert_int_equal(fields.peer_epoch, 5);
    assert_int_equal(fields.version, 0);
    assert_int_equal(fields.config_length, 0);
}

static void the_epoch_of_a_negative_zxid_is_negative(void **state)
{
    (void)state;
    struct notification_fields fields = {0};
    struct buf *message = buf_new(28);
    buf_put_int(message, SERVER_STATE_LEADING);
    buf_put_long(message, 3);
    buf_put_long(message, INT64_MIN);
    buf_put_long(message, 9);
    assert_int_equal(notification_decode(message, &fields), 0);
    assert_int_equal(fields.peer_epoch, INT64_MIN >> 32);
    buf_unref(message);
}

/* FLE-12 (K-7) */
static void fle_12_40_bytes_have_an_epoch_and_a_version_that_is_not_read(void **state)
{
    (void)state;
    struct notification_fields fields = {0};
    assert_int_equal(decode(40, 1, 10, &fields), 0);
    assert_int_equal(fields.format, NOTIFICATION_FORMAT_40);
    assert_int_equal(fields.peer_epoch, 11);
    assert_int_equal(fields.version, 0);
}

static void longer_ones_of_version_0_or_1_or_less_have_no_configuration(void **state)
{
    (void)state;
    static const int32_t versions[] = {1, 0, -1, INT32_MIN};
    static const size_t lengths[] = {41, 44, 60, 1000};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) {
            struct notification_fields fields = {0};
            assert_int_equal(decode(lengths[k], versions[i], 10000, &fields), 0);
            assert_int_equal(fields.format, NOTIFICATION_FORMAT_BEFORE_RECONFIG);
            assert_int_equal(fields.version, versions[i]);
            assert_int_equal(fields.config_length, 0);
        }
    }
}

static void later_versions_are_read_as_version_2(void **state)
{
    (void)state;
    struct notification_fields fields = {0};
    assert_int_equal(decode(54, 3, 10, &fields), 0);
    assert_int_equal(fields.format, NOTIFICATION_FORMAT_CONFIG);
    assert_int_equal(fields.version, 3);
    assert_int_equal(fields.config_length, 10);
    assert_int_equal(decode(54, INT32_MAX, 10, &fields), 0);
    assert_int_equal(fields.version, INT32_MAX);
}

/* FLE-12 */
static void fle_12_a_configuration_length_beyond_the_message_is_refused(void **state)
{
    (void)state;
    static const int32_t lengths[] = {-123, -1, INT32_MIN, 11, 10000, INT32_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct notification_fields fields = {.leader = 77};
        assert_int_equal(decode(54, 2, lengths[i], &fields), -EPROTO);
        assert_int_equal(fields.leader, 77); /* untouched */
    }
}

static void bytes_behind_the_configuration_are_ignored(void **state)
{
    (void)state;
    struct notification_fields fields = {0};
    assert_int_equal(decode(400, 2, 10, &fields), 0);
    assert_int_equal(fields.config_length, 10);
}

static void an_empty_configuration_is_one(void **state)
{
    (void)state;
    struct notification_fields fields;
    struct buf *message = message_of(44, 2, 0);
    assert_int_equal(notification_decode(message, &fields), 0);
    assert_non_null(fields.config);
    assert_int_equal(fields.config_length, 0);
    buf_unref(message);
}

static void the_longest_frame_of_zeros_is_a_vote_of_version_0(void **state)
{
    (void)state;
    struct notification_fields fields;
    struct buf *message = buf_new(512 * 1024);
    memset(message->bytes, 0, 512 * 1024);
    message->length = 512 * 1024;
    assert_int_equal(notification_decode(message, &fields), 0);
    assert_int_equal(fields.format, NOTIFICATION_FORMAT_BEFORE_RECONFIG);
    assert_int_equal(fields.leader, 0);
    assert_int_equal(fields.state, SERVER_STATE_LOOKING);
    buf_unref(message);
}

static void states_that_do_not_exist_are_left_to_the_receiver(void **state)
{
    (void)state;
    struct notification_fields fields = {0};
    struct buf *message = message_of(28, 2, 0);
    zk_store_int(message->bytes, 9);
    assert_int_equal(notification_decode(message, &fields), 0);
    assert_int_equal(fields.state, 9);
    buf_unref(message);
}

/* --- the trace's words --- */

static void the_trace_shows_a_notification_as_json(void **state)
{
    (void)state;
    struct zk_str text = {0};
    notification_append_json(SERVER_STATE_FOLLOWING, 3, 0x500000007, 9, 5, &text);
    assert_string_equal(zk_str_text(&text), "{\"state\":\"FOLLOWING\",\"leader\":3,"
                                            "\"zxid\":\"0x500000007\",\"round\":9,\"epoch\":5}");
    zk_str_clear(&text);
    notification_append_json(-4, 3, -1, 9, 5, &text);
    assert_string_equal(zk_str_text(&text),
                        "{\"state\":\"-4\",\"leader\":3,"
                        "\"zxid\":\"0xffffffffffffffff\",\"round\":9,\"epoch\":5}");
    zk_str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cnx_01_a_looking_vote_is_javas_byte_for_byte),
        cmocka_unit_test(cnx_01_answers_of_settled_servers_are_javas_byte_for_byte),
        cmocka_unit_test(cnx_01_an_observers_vote_is_javas_byte_for_byte),
        cmocka_unit_test(a_message_to_oneself_is_what_its_bytes_say),
        cmocka_unit_test(fle_12_lengths_from_0_to_60_are_read_or_refused_as_by_java),
        cmocka_unit_test(fle_12_28_bytes_have_their_epoch_in_the_zxid),
        cmocka_unit_test(the_epoch_of_a_negative_zxid_is_negative),
        cmocka_unit_test(fle_12_40_bytes_have_an_epoch_and_a_version_that_is_not_read),
        cmocka_unit_test(longer_ones_of_version_0_or_1_or_less_have_no_configuration),
        cmocka_unit_test(later_versions_are_read_as_version_2),
        cmocka_unit_test(fle_12_a_configuration_length_beyond_the_message_is_refused),
        cmocka_unit_test(bytes_behind_the_configuration_are_ignored),
        cmocka_unit_test(an_empty_configuration_is_one),
        cmocka_unit_test(the_longest_frame_of_zeros_is_a_vote_of_version_0),
        cmocka_unit_test(states_that_do_not_exist_are_left_to_the_receiver),
        cmocka_unit_test(the_trace_shows_a_notification_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
