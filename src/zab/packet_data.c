/* The data of packets, written and read. No thread and no lock. Java: Learner.request(),
 * LearnerHandler.run(), Learner.validateSession(), Leader.revalidateSession() */
#include "zab/packet_data.h"

#include <errno.h>

#include "zk/server/request.h"

enum {
    REQUEST_HEAD = 8 + 4 + 4,
    VALIDITY_BYTES = 8 + 1,
};

static bool is_long_enough(const struct buf *data, size_t length)
{
    return data != NULL && data->length >= length;
}

/* ---- REQUEST --------------------------------------------------------------------------------- */

struct buf *packet_data_of_request(const struct request *request)
{
    const struct request_body *body = request->request;
    struct buf *data = buf_new(REQUEST_HEAD + (body != NULL ? body->length : 0));
    buf_put_long(data, request->session_id);
    buf_put_int(data, request->cxid);
    buf_put_int(data, request->type);
    if (body != NULL)
        buf_put_bytes(data, body->bytes, body->length);
    return data;
}

int packet_data_read_request(const struct quorum_packet *packet, struct request **ret_request)
{
    const struct buf *data = packet->data;
    if (!is_long_enough(data, REQUEST_HEAD))
        return -EPROTO;
    int64_t session_id = zk_load_long(data->bytes);
    int32_t cxid = zk_load_int(data->bytes + 8);
    int32_t type = zk_load_int(data->bytes + 12);
    *ret_request = request_new_of_learner(session_id, cxid, type, data->bytes + REQUEST_HEAD,
                                          data->length - REQUEST_HEAD, &packet->authinfo);
    return 0;
}

/* ---- sessions: PING, REVALIDATE -------------------------------------------------------------- */

struct buf *packet_data_of_sessions(const struct session_timeout *sessions, size_t count)
{
    struct buf *data = buf_new(PACKET_DATA_SESSION_BYTES * count);
    for (size_t i = 0; i < count; i++) {
        buf_put_long(data, sessions[i].session);
        buf_put_int(data, sessions[i].timeout_ms);
    }
    return data;
}

bool packet_data_has_sessions(const struct buf *data)
{
    return data != NULL && data->length % PACKET_DATA_SESSION_BYTES == 0;
}

int packet_data_read_session(const struct buf *data, size_t index,
                             struct session_timeout *ret_session)
{
    size_t at = index * PACKET_DATA_SESSION_BYTES;
    if (!is_long_enough(data, at + PACKET_DATA_SESSION_BYTES))
        return -EPROTO;
    *ret_session = (struct session_timeout){.session = zk_load_long(data->bytes + at),
                                            .timeout_ms = zk_load_int(data->bytes + at + 8)};
    return 0;
}

struct buf *packet_data_of_validity(int64_t session_id, bool valid)
{
    struct buf *data = buf_new(VALIDITY_BYTES);
    buf_put_long(data, session_id);
    buf_put_byte(data, valid);
    return data;
}

int packet_data_read_validity(const struct buf *data, int64_t *ret_session_id, bool *ret_valid)
{
    if (!is_long_enough(data, VALIDITY_BYTES))
        return -EPROTO;
    *ret_session_id = zk_load_long(data->bytes);
    *ret_valid = data->bytes[8] != 0;
    return 0;
}

/* ---- LEADERINFO, ACKEPOCH -------------------------------------------------------------------- */

struct buf *packet_data_of_int(int32_t value)
{
    struct buf *data = buf_new(sizeof value);
    buf_put_int(data, value);
    return data;
}

int packet_data_read_int(const struct buf *data, int32_t *ret_value)
{
    if (!is_long_enough(data, sizeof *ret_value))
        return -EPROTO;
    *ret_value = zk_load_int(data->bytes);
    return 0;
}
