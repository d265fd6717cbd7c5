/* The payload of a frame on the election port. Held against the table of lengths and generations in
 * the NOTES, and against our own encoder. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/election/notification.h"
#include "zk/ensemble/zxid.h"

/* What the length and the version decide. */
static int expected_result(const uint8_t *bytes, size_t length)
{
    if (length < 28)
        return -EMSGSIZE;
    if (length == 28 || length == 40)
        return 0;
    if (length < 40)
        return -EPROTO;
    if (zk_load_int(bytes + 36) <= 1)
        return 0;
    if (length < 44)
        return -EPROTO;
    int32_t config_length = zk_load_int(bytes + 40);
    return config_length >= 0 && (size_t)config_length <= length - 44 ? 0 : -EPROTO;
}

static void check_fields(const uint8_t *bytes, size_t length,
                         const struct notification_fields *fields)
{
    zk_assert(fields->state == zk_load_int(bytes));
    zk_assert(fields->leader == zk_load_long(bytes + 4));
    zk_assert(fields->zxid == zk_load_long(bytes + 12));
    zk_assert(fields->election_epoch == zk_load_long(bytes + 20));
    zk_assert(fields->peer_epoch ==
              (length == 28 ? zxid_epoch(fields->zxid) : zk_load_long(bytes + 28)));
    zk_assert(fields->version == (length <= 40 ? 0 : zk_load_int(bytes + 36)));
    zk_assert((fields->config != NULL) == (fields->version > 1));
    zk_assert(!fields->config || fields->config_length == (size_t)zk_load_int(bytes + 40));
}

/* Decoding what we would send gives what was to be sent; and that is what came, if it came in
 * today's form. */
static void check_round_trip(const uint8_t *bytes, const struct notification_fields *fields)
{
    const char *text = fields->config ? fields->config : "";
    char *config = fuzz_text((const uint8_t *)text, fields->config_length);
    struct to_send *to_send =
        to_send_new(fields->leader, fields->zxid, fields->election_epoch,
                    (enum server_state)fields->state, 1, fields->peer_epoch, config);
    struct buf *message = notification_build_msg(to_send);
    struct notification_fields again;
    zk_assert(notification_decode(message, &again) == 0);
    zk_assert(again.format == NOTIFICATION_FORMAT_CONFIG);
    zk_assert(again.state == fields->state && again.leader == fields->leader);
    zk_assert(again.zxid == fields->zxid && again.peer_epoch == fields->peer_epoch);
    zk_assert(again.election_epoch == fields->election_epoch);
    zk_assert(again.config_length == strlen(config));
    zk_assert(memcmp(again.config, config, again.config_length) == 0);
    if (fields->version == NOTIFICATION_CURRENT_VERSION &&
        fields->config_length == again.config_length)
        zk_assert(memcmp(message->bytes, bytes, message->length) == 0);
    buf_unref(message);
    to_send_free(to_send);
    free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct buf *message = buf_new_copy(bytes, length);
    struct notification_fields fields;
    int r = notification_decode(message, &fields);
    zk_assert(r == expected_result(bytes, length));
    if (r == 0) {
        struct zk_str json = {0};
        check_fields(bytes, length, &fields);
        check_round_trip(bytes, &fields);
        notification_append_json(fields.state, fields.leader, fields.zxid, fields.election_epoch,
                                 fields.peer_epoch, &json);
        zk_assert(json.text[0] == '{' && json.text[json.length - 1] == '}');
        zk_str_done(&json);
    }
    buf_unref(message);
    return 0;
}

#ifdef ZK_FUZZ
/* A length that fits is worth more than any that bits give by chance. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned int seed)
{
    length = LLVMFuzzerMutate(bytes, length, room);
    if (length >= 44 && seed % 2 == 0) {
        zk_store_int(bytes + 36, seed % 4 == 0 ? 2 : 1);
        zk_store_int(bytes + 40, (int32_t)(length - 44));
    }
    return length;
}
#endif
