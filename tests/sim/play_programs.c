/* A voice is a peer without a mind: a listener, and a reader for each connection. */
#include "play_programs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/sleep_ms.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/election/initial_message.h"
#include "zk/election/notification.h"
#include "zk/io/sock.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/context.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"
#include "zk/server/zk_database.h"

enum {
    TRACE_DESCRIPTOR = 1,
    ELECTION_PORT = 3888,
    CONNECT_MS = 5000,
    BACKLOG = 50,
    FRAME_MAX = 65536,
};

/* A thread that reads what comes from a host. */
struct reader {
    struct play_voice *voice;
    int from;
    struct sock *sock; /* a reference */
};

static struct inet_address election_address(int host)
{
    struct inet_address address;
    char text[32];
    snprintf(text, sizeof text, "10.0.0.%d", host);
    inet_address_literal(text, ELECTION_PORT, &address);
    return address;
}

/* ---- connections ---------------------------------------------------------------------------- */

static struct sock *connection_with(struct play_voice *voice, int host)
{
    pthread_mutex_lock(&voice->mutex);
    struct sock *sock = voice->connections[host];
    sock = sock != NULL ? sock_ref(sock) : NULL;
    pthread_mutex_unlock(&voice->mutex);
    return sock;
}

/* NULL: none any more. The old one ends. */
static void set_connection(struct play_voice *voice, int host, struct sock *sock)
{
    pthread_mutex_lock(&voice->mutex);
    struct sock *old = voice->connections[host];
    voice->connections[host] = sock != NULL ? sock_ref(sock) : NULL;
    pthread_mutex_unlock(&voice->mutex);
    if (old != NULL)
        sock_wake(old);
    sock_unref(old);
}

static void hear(const struct reader *reader, const struct buf *message)
{
    struct notification_fields n = {0};
    struct zk_str json = {0};
    if (notification_decode(message, &n) < 0)
        return;
    notification_append_json(n.state, n.leader, n.zxid, n.election_epoch, n.peer_epoch, &json);
    zk_trace_recv(reader->voice->ctx, reader->from, sock_conn_text(reader->sock), 0, "NOTIFICATION",
                  zk_str_text(&json));
    zk_str_done(&json);
}

/* arg: struct reader. Frame after frame, until the connection ends. */
static void read_frames(void *arg)
{
    struct reader *reader = arg;
    uint8_t head[4];
    while (sock_read_fully(reader->sock, head, sizeof head) == 0) {
        size_t length =
            (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if (length > FRAME_MAX)
            break;
        struct buf *message = buf_new(length);
        int r = sock_read_fully(reader->sock, message->bytes, length);
        message->length = length;
        if (r == 0)
            hear(reader, message);
        buf_unref(message);
        if (r < 0)
            break;
    }
    struct sock *current = connection_with(reader->voice, reader->from);
    if (current == reader->sock)
        set_connection(reader->voice, reader->from, NULL);
    sock_unref(current);
    sock_unref(reader->sock);
    free(reader);
}

static void start_reader(struct play_voice *voice, int from, struct sock *sock)
{
    struct reader *reader = zk_xcalloc(1, sizeof *reader);
    *reader = (struct reader){.voice = voice, .from = from, .sock = sock_ref(sock)};
    if (zk_thread_group_start(voice->readers, read_frames, reader, "reader:%d", from) < 0) {
        sock_unref(sock);
        free(reader);
    }
}

/* As every peer does: say who we are; the larger id keeps the connection that it has dialled. */
static struct sock *dial(struct play_voice *voice, int self, int to)
{
    struct sock *sock = NULL;
    struct multiple_addresses own = {0};
    const struct inet_address here = election_address(self);
    const struct inet_address there = election_address(to);
    multiple_addresses_add(&own, &here);
    struct buf *hello = initial_message_format(self, &own, false);
    int r = sock_new(voice->ctx, INET_V4, &sock);
    if (r == 0)
        r = sock_connect(sock, &there, CONNECT_MS);
    if (r == 0)
        r = sock_write_fully(sock, hello->bytes, hello->length);
    buf_unref(hello);
    multiple_addresses_done(&own);
    if (r == 0 && self > to) {
        set_connection(voice, to, sock);
        start_reader(voice, to, sock);
        return sock;
    }
    sock_unref(sock);
    return NULL;
}

static void answer_call(struct play_voice *voice, int self, struct sock *sock)
{
    struct initial_message message = {0};
    struct zk_str error = {0};
    if (initial_message_read(sock, &message, &error) == 0 && message.sid > 0 &&
        message.sid < VOICES_MAX) {
        int from = (int)message.sid;
        if (from > self) {
            set_connection(voice, from, sock);
            start_reader(voice, from, sock);
        } else {
            sock_unref(dial(voice, self, from));
        }
    }
    initial_message_done(&message);
    zk_str_done(&error);
}

int play_voice_main(int host, void *arg)
{
    struct play_voice *voice = arg;
    struct zk_context_options options = zk_context_options_default();
    const struct inet_address here = election_address(host);
    struct sock *listener = NULL;
    options.log_fd = -1;
    options.trace_fd = TRACE_DESCRIPTOR;
    voice->ctx = zk_context_new(&options);
    zk_context_set_myid(voice->ctx, host);
    voice->readers = zk_thread_group_new(voice->ctx);
    if (sock_listen(voice->ctx, &here, BACKLOG, &listener) < 0)
        return 1;
    for (;;) {
        struct sock *sock = NULL;
        if (sock_accept(listener, &sock) == 0)
            answer_call(voice, host, sock);
        sock_unref(sock);
    }
}

/* ---- speaking ------------------------------------------------------------------------------- */

static struct buf *frame_of(const struct play_speech *speech)
{
    struct to_send *to_send =
        to_send_new(speech->leader, speech->zxid, speech->round, (enum server_state)speech->state,
                    speech->to, speech->epoch, speech->config);
    struct buf *message = notification_build_msg(to_send);
    size_t length = speech->length > 0 ? (size_t)speech->length : message->length;
    struct buf *frame = buf_new(4 + length);
    buf_put_int(frame, (int32_t)length);
    buf_put_bytes(frame, message->bytes, length);
    buf_unref(message);
    to_send_free(to_send);
    return frame;
}

void *play_voice_say(void *arg)
{
    enum { TRIES = 50, PAUSE_MS = 1, PAUSES = 20 };
    struct play_speech *speech = arg;
    struct sock *sock = connection_with(speech->voice, speech->to);
    for (int i = 0; sock == NULL && i < TRIES; i++) {
        sock = dial(speech->voice, speech->from, speech->to);
        /* The side with the smaller id has only called, and is called back. */
        for (int k = 0; sock == NULL && k < PAUSES; k++) {
            sleep_ms(PAUSE_MS);
            sock = connection_with(speech->voice, speech->to);
        }
    }
    if (sock != NULL) {
        struct buf *frame = frame_of(speech);
        speech->said = sock_write_fully(sock, frame->bytes, frame->length) == 0;
        if (!speech->said)
            set_connection(speech->voice, speech->to, NULL);
        buf_unref(frame);
    }
    sock_unref(sock);
    return NULL;
}

int play_power_main(int host, void *arg)
{
    (void)host;
    (void)arg;
    return 0;
}

/* ---- disks ---------------------------------------------------------------------------------- */

int play_disk_main(int host, void *arg)
{
    const struct play_disk *disk = arg;
    struct zk_context_options options = zk_context_options_default();
    struct file_txn_snap_log *snap_log = NULL;
    char *error = NULL;
    int64_t zxid = 0;
    (void)host;
    options.log_fd = -1;
    struct zk_context *ctx = zk_context_new(&options);
    int r = file_txn_snap_log_new(ctx, PEER_DATA_DIR, PEER_DATA_DIR, &snap_log, &error);
    if (r == 0) {
        struct zk_database *database = zk_database_new(ctx, snap_log);
        r = zk_database_load_data_base(database, &zxid);
        zk_database_set_last_processed_zxid(database, disk->zxid);
        if (r == 0)
            r = zk_database_take_snapshot(database);
        zk_database_free(database);
    }
    file_txn_snap_log_free(snap_log);
    free(error);
    zk_context_free(ctx);
    return r == 0 ? 0 : 1;
}
