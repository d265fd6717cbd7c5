/* A notification as bytes, on its way between our election and another server's; both directions
 * use it.
 *
 * Its fields are there from the beginning: WorkerSender made the bytes from them, or RecvWorker has
 * decoded the bytes. So no thread decodes a message twice.
 *
 * It is counted, because a message that is being sent is also the one that is repeated on the next
 * connection. It never changes once it is made, so any thread may read it.
 * Java: QuorumCnxManager.Message */
#ifndef ZK_ELECTION_MESSAGE_H
#define ZK_ELECTION_MESSAGE_H

#include <stdint.h>

#include "zk/base/buf.h"
#include "zk/base/refcount.h"
#include "zk/election/notification.h"

struct message {
    /* Held by each queue that it is in, by the entry whose last message it is, and by each thread
     * that works on it. */
    struct zk_refcount refs;
    int64_t sid;        /* the other server's; our own if we tell ourselves */
    struct buf *buffer; /* owned */
    /* What notification_decode says of buffer: 0 and the fields, or an error. */
    int error;
    struct notification_fields fields;
};

/* Each returns a message with one reference, the caller's. message_received takes ownership of
 * buffer. */
struct message *message_to_send(const struct to_send *m);
struct message *message_received(int64_t sid, struct buf *buffer);

struct message *message_ref(struct message *message);
void message_unref(void *item); /* a struct message; NULL is fine */

#endif
