/* Messages: bytes and the fields that stand in them. */
#include "zk/election/message.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"

static struct message *message_new(int64_t sid, struct buf *buffer)
{
    struct message *message = zk_xcalloc(1, sizeof *message);
    zk_refcount_init(&message->refs);
    message->sid = sid;
    message->buffer = buffer;
    return message;
}

struct message *message_to_send(const struct to_send *m)
{
    struct message *message = message_new(m->sid, notification_build_msg(m));
    message->fields = (struct notification_fields){
        .format = NOTIFICATION_FORMAT_CONFIG,
        .state = m->state,
        .leader = m->leader,
        .zxid = m->zxid,
        .election_epoch = m->election_epoch,
        .peer_epoch = m->peer_epoch,
        .version = NOTIFICATION_CURRENT_VERSION,
        .config = (const char *)message->buffer->bytes + NOTIFICATION_HEADER_LENGTH,
        .config_length = strlen(m->config),
    };
    return message;
}

struct message *message_received(int64_t sid, struct buf *buffer)
{
    struct message *message = message_new(sid, buffer);
    message->error = notification_decode(buffer, &message->fields);
    return message;
}

struct message *message_ref(struct message *message)
{
    zk_refcount_ref(&message->refs);
    return message;
}

void message_unref(void *item)
{
    struct message *message = item;
    if (message == NULL || !zk_refcount_unref(&message->refs))
        return;
    buf_unref(message->buffer);
    free(message);
}
