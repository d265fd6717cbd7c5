/* The thread that writes to one server. Java: QuorumCnxManager.SendWorker
 *
 * It takes from a queue that holds one message: while it is blocked in a write, newer messages
 * replace each other there, and only the last one will be sent. It remembers each message before it
 * writes it, because nobody knows whether a message that was written to a dying connection was
 * read: the next connection's worker sends it again (ZOOKEEPER-481).
 *
 * Life: made and put into the entry by the handshake; finished by RecvWorker, by a newer
 * connection, by halt, or by itself. */
#include <stdlib.h>

#include "election/lock_ranks.h"
#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/error.h"
#include "zk/runtime/log_table.h"

static struct message *last_message_sent(struct send_worker *sw);
static void remember_last_message(struct send_worker *sw, struct message *message);

/* The number says which of two calls of one server came later (D-69). */
struct send_worker *send_worker_new(struct quorum_cnx_manager *qcm, struct peer_entry *entry,
                                    struct sock *sock, int64_t number) UNSHARED
{
    struct send_worker *sw = zk_xcalloc(1, sizeof *sw);
    zk_refcount_init(&sw->refs);
    sw->qcm = qcm;
    sw->entry = entry;
    sw->sid = entry->sid;
    sw->sock = sock_ref(sock);
    sw->number = number;
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

const char *send_worker_why_finished(struct send_worker *sw)
{
    zk_mutex_lock(&sw->mu);
    const char *why = sw->why_finished;
    zk_mutex_unlock(&sw->mu);
    return why == NULL ? "the socket has been shut down" : why;
}

/* The reason is there before the socket is shut down, because RecvWorker then asks for it. A write
 * that blocks holds nobody up: the lock is not held while a worker writes (D-13). Several threads
 * may come here at once; each of them sees to the entry, so that each finds it free for a new
 * connection when it returns.
 * Java: SendWorker.finish(), synchronized, and RecvWorker.finish() */
void send_worker_finish(struct send_worker *sw, const char *why)
{
    zk_mutex_lock(&sw->mu);
    bool was_running = sw->running;
    sw->running = false;
    if (was_running)
        sw->why_finished = why;
    zk_mutex_unlock(&sw->mu);
    sock_wake(sw->sock); /* RecvWorker out of its read, SendWorker out of a write */
    if (was_running)
        qcm_trace_closed(sw, why);
    cbq_wake(sw->entry->send_queue); /* SendWorker out of its poll; the queue itself lives on */
    qcm_forget_sender_worker(sw->qcm, sw);
}

/* Length and payload leave in one write. Java makes two, which a receiver cannot tell apart (D-62).
 * Java: SendWorker.send(), synchronized */
static int send_worker_send(struct send_worker *sw, const struct message *message, int64_t seq)
{
    const struct buf *payload = message->buffer;
    struct buf *frame = buf_new(4 + payload->length);
    buf_put_int(frame, (int32_t)payload->length);
    buf_put_bytes(frame, payload->bytes, payload->length);
    /* Before the bytes leave, so that no trace shows a receive ahead of its send. */
    qcm_trace_message_sent(sw, message, seq);
    int r = sock_write_fully(sw->sock, frame->bytes, frame->length);
    buf_unref(frame);
    return r;
}

/* Java reads its flags at each turn and once a second. Here finish() interrupts the poll, so the
 * flag is read only after an interruption (D-74). The ticket is taken before the flag is read:
 * otherwise an interruption between the two would be lost, and the thread would never end.
 * Java: SendWorker.run() */
void send_worker_run(void *arg)
{
    struct send_worker *sw = arg;
    struct quorum_cnx_manager *qcm = sw->qcm;
    struct circular_blocking_queue *queue = sw->entry->send_queue;
    int64_t seq = 0;
    int r = 0;

    /* The last message may have been lost with the connection before. If a newer one waits, that is
     * sent instead: an old vote after it would be taken for a change of mind. */
    struct message *last = cbq_is_empty(queue) ? last_message_sent(sw) : NULL;
    if (last != NULL)
        r = send_worker_send(sw, last, ++seq);
    message_unref(last);
    if (r < 0)
        zk_log(qcm->ctx, ZK_LOG_LAST_MESSAGE_FAILED, zk_error_text(r).text);

    int64_t ticket = cbq_ticket(queue);
    bool running = send_worker_is_running(sw);
    while (running && r == 0) {
        void *item = NULL;
        if (cbq_poll_interruptibly(queue, INT64_MAX, ticket, &item) == 0) {
            remember_last_message(sw, item);
            r = send_worker_send(sw, item, ++seq);
            message_unref(item);
            if (r < 0)
                zk_log(qcm->ctx, ZK_LOG_EXCEPTION_USING_CHANNEL, sw->sid, qcm->my_id,
                       zk_error_text(r).text);
        } else {
            ticket = cbq_ticket(queue);
            running = send_worker_is_running(sw);
            if (!running)
                zk_log(qcm->ctx, ZK_LOG_SEND_WORKER_INTERRUPTED);
        }
    }
    send_worker_finish(sw, "its SendWorker can write no more");
    zk_log(qcm->ctx, ZK_LOG_SEND_WORKER_LEAVING, sw->sid, qcm->my_id);
    send_worker_unref(sw);
}

/* Returns a reference, or NULL if nothing has been sent to this server yet. */
static struct message *last_message_sent(struct send_worker *sw)
{
    zk_mutex_lock(&sw->qcm->mu);
    struct message *last = sw->entry->last_message_sent;
    if (last != NULL)
        message_ref(last);
    zk_mutex_unlock(&sw->qcm->mu);
    return last;
}

/* Before it is written, because a write that fails half-way has to be repeated.
 * Java: QuorumCnxManager.lastMessageSent */
static void remember_last_message(struct send_worker *sw, struct message *message)
{
    zk_mutex_lock(&sw->qcm->mu);
    struct message *before = sw->entry->last_message_sent;
    sw->entry->last_message_sent = message_ref(message);
    zk_mutex_unlock(&sw->qcm->mu);
    message_unref(before);
}
