/* The thread that reads from one server. Java: QuorumCnxManager.RecvWorker
 *
 * It blocks in a read for as long as the connection lives, and takes its SendWorker with it when it
 * goes. It has no flag of its own: both halves of a connection run and stop together (D-61). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "election/quorum_cnx_manager_internal.h"
#include "zk/election/notification.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"

static void trace_recv(struct send_worker *sw, const struct buf *message, int64_t seq)
{
    struct notification_fields n = {0};
    struct zk_str json = {0};
    if (!zk_trace_on(sw->qcm->ctx) || notification_decode(message, &n) < 0)
        return;
    notification_append_json(n.state, n.leader, n.zxid, n.election_epoch, n.peer_epoch, &json);
    zk_trace_recv(sw->qcm->ctx, sw->sid, sock_conn_text(sw->sock), seq, "NOTIFICATION",
                  zk_str_text(&json));
    zk_str_done(&json);
}

/* One frame. -EBADMSG: its length is none; *ret_length has it. Gives the payload. */
static int read_frame(struct send_worker *sw, struct buf **ret_payload, int32_t *ret_length)
{
    uint8_t length_bytes[4];
    int r = sock_read_fully(sw->sock, length_bytes, sizeof length_bytes);
    if (r < 0)
        return r;
    *ret_length = zk_load_int(length_bytes);
    if (*ret_length <= 0 || *ret_length > QCM_PACKETMAXSIZE)
        return -EBADMSG;
    struct buf *payload = buf_new((size_t)*ret_length);
    r = sock_read_fully(sw->sock, payload->bytes, (size_t)*ret_length);
    if (r < 0) {
        buf_unref(payload);
        return r;
    }
    payload->length = (size_t)*ret_length;
    *ret_payload = payload;
    return 0;
}

/* Java: RecvWorker.run() */
void recv_worker_run(void *arg)
{
    struct send_worker *sw = arg;
    struct quorum_cnx_manager *qcm = sw->qcm;
    int64_t seq = 0;
    int r = 0;
    int32_t length = 0;
    while (send_worker_is_running(sw)) {
        struct buf *payload = NULL;
        r = read_frame(sw, &payload, &length);
        if (r < 0)
            break;
        trace_recv(sw, payload, ++seq);
        qcm_add_to_recv_queue(qcm, sw->sid, payload);
    }
    if (r < 0) {
        char reason[128];
        const char *why = reason;
        if (r == -EBADMSG)
            snprintf(reason, sizeof reason, "Received packet with invalid packet: %" PRId32,
                     length);
        else
            why = sock_error_text(r, reason, sizeof reason);
        zk_log(qcm->ctx, ZK_LOG_CONNECTION_BROKEN, sw->sid, qcm->my_id, why);
    }
    zk_log(qcm->ctx, ZK_LOG_INTERRUPTING_SEND_WORKER, sw->sid, qcm->my_id);
    send_worker_finish(sw);
    send_worker_unref(sw);
}
