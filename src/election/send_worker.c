/* The thread that writes to one server. Java: QuorumCnxManager.SendWorker
 *
 * It takes from a queue that holds one message: while it is blocked in a write, newer messages
 * replace each other there and only the last one will be sent. Whatever it is about to write it
 * remembers first, because nobody knows whether a message that was written to a dying connection
 * was read: the next connection's worker says it again (ZOOKEEPER-481).
 *
 * Life: made and put into the entry by the handshake; finished by RecvWorker, by a newer
 * connection, by halt, or by itself. */
#include <stdlib.h>

#include "election/lock_ranks.h"
#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/election/notification.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"

struct send_worker *send_worker_new(struct quorum_cnx_manager *qcm, struct peer_entry *entry,
                                    struct sock *sock) UNSHARED
{
    struct send_worker *sw = zk_xcalloc(1, sizeof *sw);
    zk_refcount_init(&sw->refs);
    sw->qcm = qcm;
    sw->entry = entry;
    sw->sid = entry->sid;
    sw->sock = sock_ref(sock);
    zk_mutex_init(&sw->mu, qcm->ctx, "send_worker", ZK_RANK_WORKER);
    sw->running = true;
    return sw;
}

struct send_worker *send_worker_ref(struct send_worker *sw)
{
    zk_refcount_ref(&sw->refs);
    return sw;
}

void send_worker_unref(struct send_worker *sw)
{
    if (sw == NULL || !zk_refcount_unref(&sw->refs))
        return;
    zk_mutex_destroy(&sw->mu);
    sock_unref(sw->sock);
    peer_entry_unref(sw->entry);
    free(sw);
}

bool send_worker_is_running(struct send_worker *sw)
{
    zk_mutex_lock(&sw->mu);
    bool running = sw->running;
    zk_mutex_unlock(&sw->mu);
    return running;
}

/* Java: finish(), synchronized, of both workers. The socket is waked before the lock is taken: a
 * write that blocks cannot hold up who wants to end it (D-13). Several may come here at once; each
 * of them sees to the entry, so that whoever returns finds it free for a new connection. */
void send_worker_finish(struct send_worker *sw)
{
    sock_wake(sw->sock);
    zk_mutex_lock(&sw->mu);
    bool was_running = sw->running;
    sw->running = false;
    zk_mutex_unlock(&sw->mu);
    if (was_running)
        zk_trace_conn(sw->qcm->ctx, "close", sw->sid, sock_conn_text(sw->sock),
                      "the connection ends");
    cbq_wake(sw->entry->send_queue);
    qcm_forget_sender_worker(sw->qcm, sw);
}

static void trace_send(struct send_worker *sw, const struct buf *message, int64_t seq)
{
    struct notification_fields n = {0};
    struct zk_str json = {0};
    if (!zk_trace_on(sw->qcm->ctx) || notification_decode(message, &n) < 0)
        return;
    notification_append_json(n.state, n.leader, n.zxid, n.election_epoch, n.peer_epoch, &json);
    zk_trace_send(sw->qcm->ctx, sw->sid, sock_conn_text(sw->sock), seq, "NOTIFICATION",
                  zk_str_text(&json));
    zk_str_done(&json);
}

/* Length and payload in one write; Java makes two, which a receiver cannot tell apart. Java:
 * send(), synchronized */
static int send_worker_send(struct send_worker *sw, const struct buf *message, int64_t seq)
{
    struct buf *frame = buf_new(4 + message->length);
    buf_put_int(frame, (int32_t)message->length);
    buf_put_bytes(frame, message->bytes, message->length);
    trace_send(sw, message, seq);
    int r = sock_write_fully(sw->sock, frame->bytes, frame->length);
    buf_unref(frame);
    return r;
}

/* Remembered before it is written. Java: QuorumCnxManager.lastMessageSent */
static void remember_last_message(struct send_worker *sw, struct buf *message)
{
    zk_mutex_lock(&sw->qcm->mu);
    struct buf *before = sw->entry->last_message_sent;
    sw->entry->last_message_sent = buf_ref(message);
    zk_mutex_unlock(&sw->qcm->mu);
    buf_unref(before);
}

/* If nothing newer waits, the last message once more. Java: run(), its first half */
static int resend_last_message(struct send_worker *sw, int64_t *seq)
{
    if (!cbq_is_empty(sw->entry->send_queue))
        return 0;
    zk_mutex_lock(&sw->qcm->mu);
    struct buf *last =
        sw->entry->last_message_sent == NULL ? NULL : buf_ref(sw->entry->last_message_sent);
    zk_mutex_unlock(&sw->qcm->mu);
    if (last == NULL)
        return 0;
    int r = send_worker_send(sw, last, ++*seq);
    buf_unref(last);
    return r;
}

/* Java looks at its flags at each turn, and once a second. Who finishes us interrupts the poll, so
 * it is enough to look then (D-74); the ticket comes first, so that no interruption is lost.
 * Returns when the worker has been finished (0) or cannot go on (-errno).
 * Java: run(), QuorumCnxManager.pollSendQueue() */
static int send_until_finished(struct send_worker *sw, int64_t *seq)
{
    struct circular_blocking_queue *queue = sw->entry->send_queue;
    int64_t ticket = cbq_ticket(queue);
    bool running = send_worker_is_running(sw);
    int r = 0;
    while (running && r == 0) {
        void *item = NULL;
        if (cbq_poll_interruptibly(queue, INT64_MAX, ticket, &item) == 0) {
            remember_last_message(sw, item);
            r = send_worker_send(sw, item, ++*seq);
            buf_unref(item);
            continue;
        }
        ticket = cbq_ticket(queue);
        running = send_worker_is_running(sw);
        if (!running)
            zk_log(sw->qcm->ctx, ZK_LOG_SEND_WORKER_INTERRUPTED);
    }
    return r;
}

/* Java: SendWorker.run() */
void send_worker_run(void *arg)
{
    struct send_worker *sw = arg;
    struct quorum_cnx_manager *qcm = sw->qcm;
    int64_t seq = 0;
    char reason[128];
    int r = resend_last_message(sw, &seq);
    if (r < 0) {
        zk_log(qcm->ctx, ZK_LOG_LAST_MESSAGE_FAILED, sock_error_text(r, reason, sizeof reason));
    } else {
        r = send_until_finished(sw, &seq);
        if (r < 0)
            zk_log(qcm->ctx, ZK_LOG_EXCEPTION_USING_CHANNEL, sw->sid, qcm->my_id,
                   sock_error_text(r, reason, sizeof reason));
    }
    send_worker_finish(sw);
    zk_log(qcm->ctx, ZK_LOG_SEND_WORKER_LEAVING, sw->sid, qcm->my_id);
    send_worker_unref(sw);
}
