/* What connections say about themselves in the trace: one line for each step of a handshake, with
 * the reason for people, and each message with the connection and the number by which its two ends
 * are paired. Nothing here runs unless a trace is asked for. Each function is called by the thread
 * that does what is told. */
#include <inttypes.h>

#include "election/quorum_cnx_manager_internal.h"
#include "zk/runtime/trace.h"

static void trace_step(const struct handshake *handshake, const char *what, int64_t sid,
                       const char *why)
{
    if (zk_trace_on(handshake->qcm->ctx))
        zk_trace_conn(handshake->qcm->ctx, what, sid, sock_conn_text(handshake->sock), why);
}

void qcm_trace_dialled(const struct handshake *handshake)
{
    trace_step(handshake, "dial", handshake->sid, "there is no connection to it yet");
}

void qcm_trace_refused(const struct handshake *handshake, const struct inet_address *address)
{
    zk_trace_conn(handshake->qcm->ctx, "refused", handshake->sid, inet_text(address).text,
                  "no server answers at this address");
}

void qcm_trace_hung_up_by_smaller(const struct handshake *handshake)
{
    trace_step(handshake, "drop", handshake->sid,
               "this peer has the smaller sid, so the other side will dial it");
}

void qcm_trace_hung_up_on_smaller(const struct handshake *handshake, int64_t sid)
{
    trace_step(handshake, "drop", sid, "its sid is smaller, so this peer dials it instead");
}

void qcm_trace_kept(const struct handshake *handshake, int64_t sid)
{
    trace_step(handshake, "keep", sid, "the server with the larger sid has dialled it");
}

void qcm_trace_overtaken(const struct handshake *handshake, int64_t sid)
{
    trace_step(handshake, "drop", sid, "a later connection with this server is in place");
}

void qcm_trace_closed(const struct send_worker *sw, const char *why)
{
    zk_trace_conn(sw->qcm->ctx, "close", sw->sid, sock_conn_text(sw->sock), why);
}

/* ---- messages ------------------------------------------------------------------------------- */

void qcm_trace_initial_sent(const struct handshake *handshake)
{
    struct zk_context *ctx = handshake->qcm->ctx;
    struct zk_str json = {0};
    if (!zk_trace_on(ctx))
        return;
    zk_str_printf(&json, "{\"sid\":%" PRId64 "}", handshake->qcm->my_id);
    zk_trace_send(ctx, handshake->sid, sock_conn_text(handshake->sock), 0, "INITIAL",
                  zk_str_text(&json));
    zk_str_done(&json);
}

void qcm_trace_initial_received(const struct handshake *handshake, int64_t sid)
{
    struct zk_context *ctx = handshake->qcm->ctx;
    struct zk_str json = {0};
    if (!zk_trace_on(ctx))
        return;
    zk_str_printf(&json, "{\"sid\":%" PRId64 "}", sid);
    zk_trace_recv(ctx, sid, sock_conn_text(handshake->sock), 0, "INITIAL", zk_str_text(&json));
    zk_str_done(&json);
}

static bool message_json(struct zk_context *ctx, const struct message *message, struct zk_str *json)
{
    const struct notification_fields *n = &message->fields;
    if (!zk_trace_on(ctx) || message->error < 0)
        return false;
    notification_append_json(n->state, n->leader, n->zxid, n->election_epoch, n->peer_epoch, json);
    return true;
}

void qcm_trace_message_sent(const struct send_worker *sw, const struct message *message,
                            int64_t seq)
{
    struct zk_str json = {0};
    if (message_json(sw->qcm->ctx, message, &json))
        zk_trace_send(sw->qcm->ctx, sw->sid, sock_conn_text(sw->sock), seq, "NOTIFICATION",
                      zk_str_text(&json));
    zk_str_done(&json);
}

void qcm_trace_message_received(const struct recv_worker *rw, const struct message *message)
{
    struct zk_str json = {0};
    if (message_json(rw->qcm->ctx, message, &json))
        zk_trace_recv(rw->qcm->ctx, rw->sid, sock_conn_text(rw->sock), rw->seq, "NOTIFICATION",
                      zk_str_text(&json));
    zk_str_done(&json);
}
