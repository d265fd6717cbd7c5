/* Notifications: bytes to votes and back. Three ages of peers send three lengths; all are
 * understood, one is sent. Java: FastLeaderElection.buildMsg() and the first half of
 * WorkerReceiver.run() */
#include "zk/election/notification.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/ensemble/zxid.h"

struct to_send *to_send_new(int64_t leader, int64_t zxid, int64_t election_epoch,
                            enum server_state state, int64_t sid, int64_t peer_epoch,
                            const char *config)
{
    struct to_send *to_send = zk_xcalloc(1, sizeof *to_send);
    to_send->leader = leader;
    to_send->zxid = zxid;
    to_send->election_epoch = election_epoch;
    to_send->state = state;
    to_send->sid = sid;
    to_send->peer_epoch = peer_epoch;
    to_send->config = config;
    return to_send;
}

void to_send_free(void *item)
{
    free(item);
}

/* Java: buildMsg() with six arguments */
struct buf *notification_build_msg(const struct to_send *to_send)
{
    size_t config_length = strlen(to_send->config);
    struct buf *message = buf_new(NOTIFICATION_HEADER_LENGTH + config_length);
    buf_put_int(message, to_send->state);
    buf_put_long(message, to_send->leader);
    buf_put_long(message, to_send->zxid);
    buf_put_long(message, to_send->election_epoch);
    buf_put_long(message, to_send->peer_epoch);
    buf_put_int(message, NOTIFICATION_CURRENT_VERSION);
    buf_put_int(message, (int32_t)config_length);
    buf_put_bytes(message, to_send->config, config_length);
    return message;
}

/* What follows the round, by the message's length. Java reads it in the same odd order: 40 bytes
 * mean that a version is there and is not looked at (K-7). */
static int decode_epoch_and_version(struct buf_reader *reader, struct notification_fields *fields)
{
    fields->version = 0;
    if (reader->length == NOTIFICATION_MIN_LENGTH) {
        /* Before 3.4 a server had no epoch of its own besides that of its last transaction. */
        fields->format = NOTIFICATION_FORMAT_28;
        fields->peer_epoch = zxid_epoch(fields->zxid);
        return 0;
    }
    int r = buf_get_long(reader, &fields->peer_epoch);
    if (r < 0)
        return r;
    if (reader->length == NOTIFICATION_40_LENGTH) {
        fields->format = NOTIFICATION_FORMAT_40;
        return 0;
    }
    r = buf_get_int(reader, &fields->version);
    if (r < 0)
        return r;
    fields->format =
        fields->version > 1 ? NOTIFICATION_FORMAT_CONFIG : NOTIFICATION_FORMAT_BEFORE_RECONFIG;
    return 0;
}

static int decode_config(struct buf_reader *reader, struct notification_fields *fields)
{
    int32_t length = 0;
    int r = buf_get_int(reader, &length);
    if (r < 0)
        return r;
    if (length < 0)
        return -EPROTO;
    const uint8_t *bytes = NULL;
    r = buf_get_view(reader, (size_t)length, &bytes);
    if (r < 0)
        return r;
    fields->config = (const char *)bytes;
    fields->config_length = (size_t)length;
    return 0;
}

/* No field is judged here, not even the state: a stranger gets its answer whatever it says, so
 * WorkerReceiver looks at the sender first (W-12). */
int notification_decode(const struct buf *message, struct notification_fields *ret_fields)
{
    struct buf_reader reader = buf_reader_of(message);
    struct notification_fields fields = {0};
    if (reader.length < NOTIFICATION_MIN_LENGTH)
        return -EMSGSIZE;
    int r = buf_get_int(&reader, &fields.state);
    if (r == 0)
        r = buf_get_long(&reader, &fields.leader);
    if (r == 0)
        r = buf_get_long(&reader, &fields.zxid);
    if (r == 0)
        r = buf_get_long(&reader, &fields.election_epoch);
    if (r == 0)
        r = decode_epoch_and_version(&reader, &fields);
    if (r == 0 && fields.format == NOTIFICATION_FORMAT_CONFIG)
        r = decode_config(&reader, &fields);
    if (r < 0)
        return r;
    *ret_fields = fields;
    return 0;
}

void notification_append_json(int32_t state, int64_t leader, int64_t zxid, int64_t election_epoch,
                              int64_t peer_epoch, struct zk_str *str)
{
    if (state >= SERVER_STATE_LOOKING && state <= SERVER_STATE_OBSERVING)
        zk_str_printf(str, "{\"state\":\"%s\"", server_state_name((enum server_state)state));
    else
        zk_str_printf(str, "{\"state\":\"%" PRId32 "\"", state);
    zk_str_printf(str,
                  ",\"leader\":%" PRId64 ",\"zxid\":\"0x%" PRIx64 "\",\"round\":%" PRId64
                  ",\"epoch\":%" PRId64 "}",
                  leader, (uint64_t)zxid, election_epoch, peer_epoch);
}
