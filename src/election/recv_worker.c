/* The thread that reads from one server. Java: QuorumCnxManager.RecvWorker
 *
 * It blocks in a read for as long as the connection lives, and takes its SendWorker with it when it
 * goes. It has no flag of its own: both halves of a connection run and stop together (D-61). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/runtime/log_table.h"

static int read_frame(struct recv_worker *rw, struct message **ret_message, int32_t *ret_length);
static void log_broken(struct recv_worker *rw, int r, int32_t length);

struct recv_worker *recv_worker_new(struct send_worker *sw)
{
    struct recv_worker *rw = zk_xcalloc(1, sizeof *rw);
    rw->qcm = sw->qcm;
    rw->sw = send_worker_ref(sw);
    rw->sid = sw->sid;
    rw->sock = sock_ref(sw->sock);
    rw->din = zk_input_new_sock(sw->sock);
    return rw;
}

void recv_worker_free(struct recv_worker *rw)
{
    zk_input_free(rw->din);
    sock_unref(rw->sock);
    send_worker_unref(rw->sw);
    free(rw);
}

/* A frame that cannot be read, or whose length cannot be true, ends the connection: where the next
 * one begins is not known any more. The far end then reads the end of it, and whichever side has
 * something to say next dials anew. A frame that makes no sense inside ends nothing; WorkerReceiver
 * drops it. Java: RecvWorker.run() */
void recv_worker_run(void *arg)
{
    struct recv_worker *rw = arg;
    struct quorum_cnx_manager *qcm = rw->qcm;
    int32_t length = 0;
    int r = 0;
    while (send_worker_is_running(rw->sw)) {
        struct message *message = NULL;
        r = read_frame(rw, &message, &length);
        if (r < 0)
            break;
        rw->seq++;
        /* Traced first: once it is in the queue, WorkerReceiver may free it at any moment. */
        qcm_trace_message_received(rw, message);
        qcm_add_to_recv_queue(qcm, message);
    }
    if (r < 0)
        log_broken(rw, r, length);
    /* A SendWorker that has nothing to send would not notice that the far end is gone. */
    zk_log(qcm->ctx, ZK_LOG_INTERRUPTING_SEND_WORKER, rw->sid, qcm->my_id);
    send_worker_finish(rw->sw, "its RecvWorker can read no more");
    recv_worker_free(rw);
}

/* Returns 0 and a message, which the caller unrefs; -EBADMSG for a length that no message has,
 * which *ret_length tells; or the error of the socket. The limit (512 KiB) is there so that four
 * wrong bytes cannot ask for 2 GiB of memory. */
static int read_frame(struct recv_worker *rw, struct message **ret_message, int32_t *ret_length)
{
    uint8_t length_bytes[4];
    int r = zk_input_read(rw->din, length_bytes, sizeof length_bytes);
    if (r < 0)
        return r;
    *ret_length = zk_load_int(length_bytes);
    if (*ret_length <= 0 || *ret_length > QCM_PACKETMAXSIZE)
        return -EBADMSG;
    struct buf *payload = buf_new((size_t)*ret_length);
    r = zk_input_read(rw->din, payload->bytes, (size_t)*ret_length);
    if (r < 0) {
        buf_unref(payload);
        return r;
    }
    payload->length = (size_t)*ret_length;
    *ret_message = message_received(rw->sid, payload); /* takes payload */
    return 0;
}

/* After -ECANCELED our own side has ended the connection, and has noted why. */
static void log_broken(struct recv_worker *rw, int r, int32_t length)
{
    struct zk_str reason = {0};
    if (r == -EBADMSG)
        zk_str_printf(&reason, "Received packet with invalid packet: %" PRId32, length);
    else if (r == -ECANCELED)
        zk_str_append(&reason, send_worker_why_finished(rw->sw));
    else
        zk_str_append(&reason, zk_error_text(r).text);
    zk_log(rw->qcm->ctx, ZK_LOG_CONNECTION_BROKEN, rw->sid, rw->qcm->my_id, zk_str_text(&reason));
    zk_str_done(&reason);
}
