/* One client's connection.
 *
 * A read takes as many frames as there are, up to IO_ROOM bytes, with one system call, and hands
 * them on. If the last one has not come whole, what has come of it is kept with the connection; an
 * incoming frame takes no other memory, whatever length it announces. Answers, which any thread may
 * give, gather in the channel until the connection's selector sends them all together.
 *
 * Java: server.NIOServerCnxn */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/base/error.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn_trace.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_stats.h"
#include "zk/server/zookeeper_server.h"

enum {
    LENGTH_BYTES = 4, /* a frame begins with its length */
    /* When the requests of one connection have taken so long, the others have their turn; the batch
     * that is in hand by then is answered first. */
    TURN_MS = 10,
    INCOMING_ROOM = 512, /* the least memory for a frame that has not come whole */
    /* What has come of a frame, if it is no longer than that, is copied in front of what the next
     * read brings; a longer piece stays where it is. */
    BEGINNING_MAX = IO_ROOM / 2,
    /* A ConnectRequest without readOnly. A longer one has it, or is of a later release. */
    CONNECT_REQUEST_LENGTH = 44,
    CONNECT_REQUEST_LIMIT = 4096,
};

/* This is the text of an IOException in Java. */
#define LARGE_REQUEST_REJECTED "Rejecting large request"

static const struct server_cnxn_ops nio_server_cnxn_ops;

static int read_frames(struct nio_server_cnxn *cnxn, struct io_room *room);
static int read_long_frame(struct nio_server_cnxn *cnxn, struct io_room *room);
static void end_of_reading(struct nio_server_cnxn *cnxn, int r);
static size_t process_bytes(struct nio_server_cnxn *cnxn, struct io_room *room,
                            const uint8_t *bytes, size_t length);
static void keep_incoming(struct nio_server_cnxn *cnxn, const uint8_t *bytes, size_t length);
static void use_up_incoming(struct nio_server_cnxn *cnxn, size_t used);
static void grow_incoming(struct nio_server_cnxn *cnxn, size_t length);
static void flush_output(struct nio_server_cnxn *cnxn);

struct nio_server_cnxn *nio_server_cnxn_of(struct server_cnxn *cnxn)
{
    return cnxn->ops == &nio_server_cnxn_ops ? (struct nio_server_cnxn *)cnxn : NULL;
}

struct nio_server_cnxn *nio_server_cnxn_of_expiry(const struct expiry_item *item)
{
    char *bytes = (char *)item;
    return (struct nio_server_cnxn *)(void *)(bytes - offsetof(struct nio_server_cnxn, expiry));
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Java: new NIOServerCnxn() */
struct nio_server_cnxn *nio_server_cnxn_new(struct server_cnxn_factory *factory,
                                            struct zookeeper_server *zk,
                                            struct selector_thread *selector_thread,
                                            struct channel *channel)
{
    struct nio_server_cnxn *cnxn = zk_xcalloc(1, sizeof *cnxn);
    server_cnxn_init(&cnxn->base, factory->ctx, &nio_server_cnxn_ops);
    cnxn->factory = factory;
    cnxn->zk = zk;
    cnxn->metrics = zk != NULL ? zookeeper_server_metrics(zk) : NULL;
    cnxn->selector_thread = selector_thread;
    cnxn->channel = channel;
    struct inet_address remote = channel_remote(channel);
    zk_text_copy(cnxn->remote_text, sizeof cnxn->remote_text, inet_text(&remote).text);
    cnxn->base.remote_address = cnxn->remote_text;
    zk_atomic_long_init(&cnxn->throttled, 0);
    zk_atomic_long_init(&cnxn->lent_done, 0);
    /* One id is far from the limit. */
    int r = server_cnxn_add_auth_info(&cnxn->base, "ip", inet_ip_text(&remote).text);
    zk_assert(r == 0);
    if (factory->client_tcp_keep_alive)
        channel_set_keep_alive(channel, true);
    cnxn->low_water = 1;
    cnxn->wanted = 1;
    channel_attach(channel, cnxn);
    selector_adopt(selector_thread_selector(selector_thread), channel);
    return cnxn;
}

static void nio_server_cnxn_free(struct server_cnxn *base)
{
    struct nio_server_cnxn *cnxn = nio_server_cnxn_of(base);
    channel_free(cnxn->channel);
    free(cnxn->incoming);
    server_cnxn_done(base);
    free(cnxn);
}

void nio_server_cnxn_close(struct nio_server_cnxn *cnxn, enum disconnect_reason reason)
{
    struct removed_cnxn removed;
    /* This comes first of all: a watch that another thread sets after it is refused, and one that
     * was set before it is there for zookeeper_server_remove_cnxn to find. So none stays behind. */
    server_cnxn_set_stale(&cnxn->base);
    if (!server_cnxn_factory_remove_cnxn(cnxn, &removed))
        return;
    zk_log(cnxn->factory->ctx, ZK_LOG_CLOSED_SOCKET, cnxn->remote_text, removed.session_id,
           disconnect_reason_text(reason));
    server_cnxn_trace_close(&cnxn->base, removed.session_id, removed.session_timeout_ms, reason);
    if (removed.zk != NULL)
        zookeeper_server_remove_cnxn(removed.zk, &cnxn->base);
    zookeeper_server_unref(removed.zk);
    channel_shutdown(cnxn->channel);
    channel_request_update(cnxn->channel);
    server_cnxn_unref(&cnxn->base);
}

/* Java: close(reason) */
static void nio_server_cnxn_close_op(struct server_cnxn *base, enum disconnect_reason reason)
{
    nio_server_cnxn_close(nio_server_cnxn_of(base), reason);
}

/* ---- what comes in --------------------------------------------------------------------------- */

static bool is_throttled(struct nio_server_cnxn *cnxn)
{
    return zk_atomic_long_get(&cnxn->throttled) != 0;
}

/* Returns whether the client's next request may be taken. It is not taken while the client leaves
 * its answers unread: a few bytes may ask for a megabyte. */
static bool may_process(struct nio_server_cnxn *cnxn)
{
    return !is_throttled(cnxn) && channel_pending(cnxn->channel) <= OUTPUT_HIGH;
}

/* Returns whether there is something in memory that may be processed. Kept requests count as
 * outstanding, so a throttle is no reason to keep them longer: it may be over only when they have
 * been answered. */
static bool may_go_on(struct nio_server_cnxn *cnxn)
{
    return cnxn->kept != NULL ? channel_pending(cnxn->channel) <= OUTPUT_HIGH
                              : cnxn->incoming_waits && may_process(cnxn);
}

/* Java: doIO() */
void nio_server_cnxn_do_io(struct nio_server_cnxn *cnxn, int32_t ops, struct io_room *room)
{
    if (!server_cnxn_is_stale(&cnxn->base)) {
        server_cnxn_factory_touch_cnxn(cnxn);
        if (may_go_on(cnxn)) {
            size_t used = process_bytes(cnxn, room, cnxn->incoming, cnxn->incoming_length);
            use_up_incoming(cnxn, used);
        }
        if ((ops & OP_READ) != 0 && !cnxn->incoming_waits && !is_throttled(cnxn) &&
            !server_cnxn_is_stale(&cnxn->base)) {
            cnxn->frames_read = 0;
            int r = read_frames(cnxn, room);
            if (r < 0 && r != -EAGAIN)
                end_of_reading(cnxn, r);
        }
    }
    /* After the reading, so that answers of the short way (NOTES 4.11) leave in the same turn. */
    if (!server_cnxn_is_stale(&cnxn->base) && channel_has_output(cnxn->channel))
        flush_output(cnxn);
    if (may_go_on(cnxn))
        channel_request_update(cnxn->channel); /* no event of the socket will come for that */
    /* limit_output only marks a connection as stale, because its thread may hold locks. */
    if (server_cnxn_is_stale(&cnxn->base))
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_UNKNOWN);
}

/* Makes one system call, and processes the frames that it has brought. What the read before has
 * left of a frame is put in front, and the whole rest of the room is read into: if only a little
 * were read behind such a beginning, that read would end within a frame, too, and so would all that
 * follow. */
static int read_frames(struct nio_server_cnxn *cnxn, struct io_room *room)
{
    size_t count;
    size_t kept = cnxn->incoming_length;
    if (kept > BEGINNING_MAX)
        return read_long_frame(cnxn, room);
    if (kept > 0)
        memcpy(room->bytes, cnxn->incoming, kept);
    int r = channel_read(cnxn->channel, room->bytes + kept, sizeof room->bytes - kept, &count);
    if (r < 0)
        return r;
    if (count == 0)
        return -EPIPE;
    size_t used = process_bytes(cnxn, room, room->bytes, kept + count);
    keep_incoming(cnxn, room->bytes + used, kept + count - used);
    return 0;
}

/* Reads more of a long frame to where its beginning is kept. */
static int read_long_frame(struct nio_server_cnxn *cnxn, struct io_room *room)
{
    size_t count;
    if (cnxn->incoming_length == cnxn->incoming_room)
        grow_incoming(cnxn, cnxn->incoming_length + 1);
    int r = channel_read(cnxn->channel, cnxn->incoming + cnxn->incoming_length,
                         cnxn->incoming_room - cnxn->incoming_length, &count);
    if (r < 0)
        return r;
    if (count == 0)
        return -EPIPE;
    cnxn->incoming_length += count;
    size_t used = process_bytes(cnxn, room, cnxn->incoming, cnxn->incoming_length);
    use_up_incoming(cnxn, used);
    return 0;
}

/* Keeps what is left of what one read has brought. */
static void keep_incoming(struct nio_server_cnxn *cnxn, const uint8_t *bytes, size_t length)
{
    if (length == 0) {
        use_up_incoming(cnxn, cnxn->incoming_length);
        return;
    }
    grow_incoming(cnxn, length);
    memcpy(cnxn->incoming, bytes, length);
    cnxn->incoming_length = length;
}

/* Drops the first used bytes of what is kept. */
static void use_up_incoming(struct nio_server_cnxn *cnxn, size_t used)
{
    cnxn->incoming_length -= used;
    if (cnxn->incoming_length > 0) {
        memmove(cnxn->incoming, cnxn->incoming + used, cnxn->incoming_length);
        return;
    }
    free(cnxn->incoming);
    cnxn->incoming = NULL;
    cnxn->incoming_room = 0;
}

/* Makes room for length bytes, doubling what there is: so a frame of a megabyte is copied once or
 * twice, and one that only announces such a length costs nothing. */
static void grow_incoming(struct nio_server_cnxn *cnxn, size_t length)
{
    size_t room = cnxn->incoming_room > 0 ? cnxn->incoming_room : INCOMING_ROOM;
    while (room < length)
        room *= 2;
    cnxn->incoming = zk_xrealloc(cnxn->incoming, room);
    cnxn->incoming_room = room;
}

/* Closes a connection that cannot be read any more. Java: doIO(), what it catches */
static void end_of_reading(struct nio_server_cnxn *cnxn, int r)
{
    struct zk_context *ctx = cnxn->factory->ctx;
    if (!server_cnxn_is_stale(&cnxn->base)) {
        if (r == -EPIPE) {
            server_cnxn_factory_count(cnxn->factory, SERVER_METRICS_CONNECTION_DROP_COUNT);
            zk_log(ctx, ZK_LOG_END_OF_STREAM, cnxn->remote_text, cnxn->base.session_id);
        } else {
            zk_log(ctx, ZK_LOG_CLOSE_OF_SESSION, cnxn->base.session_id, zk_error_text(r).text);
        }
    }
    nio_server_cnxn_close(cnxn, DISCONNECT_REASON_CLIENT_CLOSED_CONNECTION);
}

bool nio_server_cnxn_has_work(struct nio_server_cnxn *cnxn)
{
    return may_go_on(cnxn) || (!cnxn->is_write_blocked && channel_has_output(cnxn->channel));
}

int32_t nio_server_cnxn_interest_ops(struct nio_server_cnxn *cnxn)
{
    int32_t ops = 0;
    if (may_process(cnxn))
        ops |= OP_READ;
    if (cnxn->is_write_blocked)
        ops |= OP_WRITE;
    return ops;
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* The requests that one read has brought. */
struct batch {
    struct nio_server_cnxn *cnxn;
    struct zookeeper_server *zk; /* a reference; NULL: nobody serves this connection */
    struct io_room *room;
    struct request *requests[BATCH_MAX];
    size_t count;
    int64_t frames;
    int64_t end_ms; /* when the connection's turn is over */
};

static size_t process_frames(struct batch *batch, const uint8_t *bytes, size_t length);
static bool check_length(struct batch *batch, int32_t length);
static void turn_away(struct nio_server_cnxn *cnxn, int32_t length);
static void process_frame(struct batch *batch, const uint8_t *bytes, size_t length);
static int nio_read_connect_request(struct batch *batch, const uint8_t *bytes, size_t length);
static int nio_read_request(struct batch *batch, const uint8_t *bytes, size_t length);
static bool ends_with_list(const struct batch *batch);
static void hand_on(struct batch *batch);
static void keep_requests(struct batch *batch, size_t taken);
static void take_kept(struct batch *batch);

/* Hands on what was kept, and then the whole frames among these bytes. Returns how many bytes are
 * used up. */
static size_t process_bytes(struct nio_server_cnxn *cnxn, struct io_room *room,
                            const uint8_t *bytes, size_t length)
{
    struct batch batch = {.cnxn = cnxn,
                          .zk = nio_server_cnxn_ref_server(cnxn),
                          .room = room,
                          .end_ms = zk_elapsed_ms() + TURN_MS};
    cnxn->incoming_waits = false;
    zk_atomic_long_note(&cnxn->base.is_full, 0);
    if (cnxn->kept != NULL && batch.zk != NULL) {
        take_kept(&batch);
        hand_on(&batch);
    }
    size_t used = process_frames(&batch, bytes, length);
    hand_on(&batch);
    zookeeper_server_unref(batch.zk);
    cnxn->frames_read = batch.frames;
    if (batch.frames > 0)
        cnxn->frame_bytes = used / (size_t)batch.frames;
    server_cnxn_packets_received(&cnxn->base, batch.frames);
    server_stats_add_packets_received(cnxn->factory->stats, batch.frames);
    return used;
}

/* One read may bring 2,500 requests, each of which may be answered here. */
static bool is_turn_over(const struct batch *batch)
{
    return batch->frames > 0 && zk_elapsed_ms() >= batch->end_ms;
}

/* Returns how many bytes have been used up: whole frames, while the connection may be read. */
static size_t process_frames(struct batch *batch, const uint8_t *bytes, size_t length)
{
    struct nio_server_cnxn *cnxn = batch->cnxn;
    size_t at = 0;
    while (length - at >= LENGTH_BYTES && !server_cnxn_is_stale(&cnxn->base)) {
        /* The limit of outstanding requests counts only those that have been handed on: without
         * this, one read of a flooding client could exceed the limit by BATCH_MAX. */
        if (batch->count > 0 && !zookeeper_server_has_room(batch->zk, batch->count))
            hand_on(batch);
        /* How many answers wait is looked at before each batch only, because nothing is answered
         * until a batch has been handed on. */
        if (cnxn->kept != NULL || is_throttled(cnxn) ||
            (batch->count == 0 && (!may_process(cnxn) || is_turn_over(batch)))) {
            cnxn->incoming_waits = true;
            break;
        }
        int32_t frame = zk_load_int(bytes + at);
        if (!cnxn->initialized && check_four_letter_word(cnxn, bytes + at, length - at))
            return length;
        if (!check_length(batch, frame))
            return length;
        if (length - at - LENGTH_BYTES < (size_t)frame)
            break;
        process_frame(batch, bytes + at + LENGTH_BYTES, (size_t)frame);
        at += LENGTH_BYTES + (size_t)frame;
    }
    return at;
}

/* Returns whether a frame of that length may come; if not, the connection has been closed. Java:
 * readLength() */
static bool check_length(struct batch *batch, int32_t length)
{
    struct nio_server_cnxn *cnxn = batch->cnxn;
    struct server_cnxn_factory *factory = cnxn->factory;
    if (length < 0 || length > factory->jute_maxbuffer) {
        zk_log(factory->ctx, ZK_LOG_LEN_ERROR, cnxn->base.session_id, cnxn->remote_text, length,
               factory->jute_maxbuffer);
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_IO_EXCEPTION);
        return false;
    }
    /* The port of a server alone is open while the server still loads its data. */
    if (batch->zk == NULL || (!cnxn->initialized && !zookeeper_server_is_running(batch->zk))) {
        turn_away(cnxn, length);
        return false;
    }
    if (!cnxn->length_checked && !zookeeper_server_check_request_size(batch->zk, (size_t)length)) {
        zk_log(factory->ctx, ZK_LOG_CLOSE_OF_SESSION, cnxn->base.session_id,
               LARGE_REQUEST_REJECTED);
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_IO_EXCEPTION);
        return false;
    }
    cnxn->length_checked = true;
    return true;
}

/* Returns whether a ConnectRequest may begin like that: its length comes first. */
static bool is_connect_request(int32_t length)
{
    return length >= CONNECT_REQUEST_LENGTH && length <= CONNECT_REQUEST_LIMIT;
}

/* Closes the connection of a caller that nobody serves, without an answer. A client tries again and
 * again, and its user wonders why; so once a minute the log tells the reason. */
static void turn_away(struct nio_server_cnxn *cnxn, int32_t length)
{
    struct server_cnxn_factory *factory = cnxn->factory;
    int64_t clients = 0; /* to be told of */
    if (is_connect_request(length)) {
        zk_mutex_lock(&factory->mu);
        clients = turned_away_add(&factory->turned_away, zk_elapsed_ms());
        zk_mutex_unlock(&factory->mu);
    }
    if (clients > 0)
        zk_log(factory->ctx, ZK_LOG_CLIENT_TURNED_AWAY, cnxn->remote_text, clients);
    else
        zk_log(factory->ctx, ZK_LOG_CLIENT_NOT_SERVED, cnxn->remote_text);
    nio_server_cnxn_close(cnxn, DISCONNECT_REASON_UNKNOWN);
}

/* Processes one whole frame. Java: readPayload() */
static void process_frame(struct batch *batch, const uint8_t *bytes, size_t length)
{
    struct nio_server_cnxn *cnxn = batch->cnxn;
    batch->frames++;
    cnxn->bytes_received += (int64_t)(LENGTH_BYTES + length);
    cnxn->length_checked = false;
    int r = cnxn->initialized ? nio_read_request(batch, bytes, length)
                              : nio_read_connect_request(batch, bytes, length);
    if (r < 0) {
        if (r == -EPROTO)
            zk_log(cnxn->factory->ctx, ZK_LOG_CLOSE_OF_SESSION, cnxn->base.session_id,
                   "its frame cannot be read");
        else if (r == -EMSGSIZE)
            zk_log(cnxn->factory->ctx, ZK_LOG_CLOSE_OF_SESSION, cnxn->base.session_id,
                   LARGE_REQUEST_REJECTED);
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_IO_EXCEPTION);
    }
    if (batch->count == BATCH_MAX || ends_with_list(batch))
        hand_on(batch);
}

/* Returns whether the newest request asks for a list of children. That may be long, and while a
 * whole batch of such requests is answered, the other clients of this thread would wait for
 * seconds. So it is handed on before the next request is looked at, and on the short way
 * (NOTES 4.11) it is answered by then. */
static bool ends_with_list(const struct batch *batch)
{
    if (batch->count == 0)
        return false;
    int32_t type = batch->requests[batch->count - 1]->type;
    return type == OP_CODE_GET_CHILDREN || type == OP_CODE_GET_CHILDREN2;
}

/* Java: readConnectRequest() */
static int nio_read_connect_request(struct batch *batch, const uint8_t *bytes, size_t length)
{
    /* The opening of a session may wait for its server; the requests that were read before it need
     * not wait with it. */
    nio_server_cnxn_wake_processors(batch->room);
    batch->cnxn->initialized = true;
    return zookeeper_server_process_connect_request(batch->zk, &batch->cnxn->base, bytes, length);
}

/* Java: readRequest() */
static int nio_read_request(struct batch *batch, const uint8_t *bytes, size_t length)
{
    struct request *request;
    int r = zookeeper_server_process_packet(batch->zk, &batch->cnxn->base, bytes, length, &request);
    if (request != NULL)
        batch->requests[batch->count++] = request;
    return r;
}

/* The processors are woken when there is a batch for them, or when this thread has read what else
 * is ready: a wake-up costs more than to prepare a request. */
static void hand_on(struct batch *batch)
{
    struct io_room *room = batch->room;
    if (batch->count == 0)
        return;
    if (room->unwoken != batch->zk) {
        nio_server_cnxn_wake_processors(room);
        room->unwoken = zookeeper_server_ref(batch->zk);
    }
    size_t taken;
    if (zookeeper_server_submit_quietly(batch->zk, batch->requests, batch->count, &taken) < 0)
        nio_server_cnxn_close(batch->cnxn, DISCONNECT_REASON_SERVER_SHUTDOWN);
    for (size_t i = 0; i < taken; i++)
        request_unref(batch->requests[i]);
    if (taken < batch->count)
        keep_requests(batch, taken);
    room->unwoken_requests += taken;
    batch->count = 0;
    if (room->unwoken_requests >= BATCH_MAX)
        nio_server_cnxn_wake_processors(room);
}

/* Keeps the requests behind those that were taken until the client has read enough. Their answers,
 * of a megabyte each perhaps, would otherwise all stand in memory. */
static void keep_requests(struct batch *batch, size_t taken)
{
    struct nio_server_cnxn *cnxn = batch->cnxn;
    cnxn->kept_count = batch->count - taken;
    cnxn->kept = zk_xcalloc(cnxn->kept_count, sizeof(struct request *));
    memcpy(cnxn->kept, batch->requests + taken, cnxn->kept_count * sizeof(struct request *));
    cnxn->kept_zk = zookeeper_server_ref(batch->zk);
    cnxn->incoming_waits = true;
}

static void forget_kept(struct nio_server_cnxn *cnxn)
{
    zookeeper_server_unref(cnxn->kept_zk);
    free(cnxn->kept);
    cnxn->kept_zk = NULL;
    cnxn->kept = NULL;
    cnxn->kept_count = 0;
}

/* Makes the kept requests a batch again. */
static void take_kept(struct batch *batch)
{
    struct nio_server_cnxn *cnxn = batch->cnxn;
    memcpy(batch->requests, cnxn->kept, cnxn->kept_count * sizeof(struct request *));
    batch->count = cnxn->kept_count;
    forget_kept(cnxn);
}

/* Nobody hears the answers any more, and they take no memory: so there is no reason to keep
 * anything longer. A read would only be answered. */
void nio_server_cnxn_end_kept(struct nio_server_cnxn *cnxn)
{
    for (size_t i = 0; i < cnxn->kept_count; i++) {
        struct request *request = cnxn->kept[i];
        size_t taken; /* a single one always is */
        if (!request_is_quorum(request) ||
            zookeeper_server_submit_quietly(cnxn->kept_zk, &request, 1, &taken) < 0)
            zookeeper_server_request_finished(cnxn->kept_zk, request);
        request_unref(request);
    }
    if (cnxn->kept_count > 0)
        zookeeper_server_wake_processors(cnxn->kept_zk);
    forget_kept(cnxn);
}

void nio_server_cnxn_wake_processors(struct io_room *room)
{
    if (room->unwoken == NULL)
        return;
    zookeeper_server_wake_processors(room->unwoken);
    zookeeper_server_unref(room->unwoken);
    room->unwoken = NULL;
    room->unwoken_requests = 0;
}

/* ---- what goes out --------------------------------------------------------------------------- */

/* Java: enableRecv() */
static void enable_recv(struct nio_server_cnxn *cnxn)
{
    if (zk_atomic_long_get(&cnxn->throttled) == 0)
        return;
    zk_atomic_long_set(&cnxn->throttled, 0);
    channel_request_update(cnxn->channel);
}

/* Java: disableRecv() */
static void nio_server_cnxn_disable_recv(struct server_cnxn *base)
{
    zk_atomic_long_set(&nio_server_cnxn_of(base)->throttled, 1);
}

/* Java: decrOutstandingAndCheckThrottle() */
static void decr_outstanding_and_check_throttle(struct nio_server_cnxn *cnxn, int32_t xid)
{
    if (xid <= 0)
        return;
    /* Whoever answers a request is a thread of its server, or refers to it: zk lives. */
    int64_t outstanding = server_cnxn_outstanding(&cnxn->base, -1);
    if (!zookeeper_server_should_throttle(cnxn->zk, outstanding))
        enable_recv(cnxn);
}

/* Marks a connection that is full, and ends one whose client is too slow for what is sent to it.
 * The calling thread may hold locks, so it cannot close the connection: the end of the socket makes
 * its selector do so. */
static void limit_output(struct nio_server_cnxn *cnxn, size_t unsent)
{
    if (unsent > OUTPUT_HIGH)
        zk_atomic_long_note(&cnxn->base.is_full, 1);
    bool is_too_much =
        unsent > OUTPUT_LIMIT &&
        (unsent > OUTPUT_MOST || channel_blocked_ms(cnxn->channel) > OUTPUT_PATIENCE_MS);
    if (!is_too_much)
        return;
    zk_log(cnxn->factory->ctx, ZK_LOG_CLIENT_DOES_NOT_READ, cnxn->base.session_id,
           cnxn->remote_text, unsent);
    server_cnxn_set_stale(&cnxn->base);
    channel_shutdown(cnxn->channel);
    channel_request_update(cnxn->channel);
}

/* Queues an answer; the selector hears of it only when nio_server_cnxn_wake is called. */
static void nio_server_cnxn_queue_response(struct server_cnxn *base,
                                           const struct reply_header *header, struct buf *body)
{
    struct nio_server_cnxn *cnxn = nio_server_cnxn_of(base);
    size_t body_length = body != NULL ? body->length : 0;
    uint8_t bytes[LENGTH_BYTES + REPLY_HEADER_BYTES]; /* 4 length, 4 xid, 8 zxid, 4 err */
    zk_store_int(bytes, (int32_t)(REPLY_HEADER_BYTES + body_length));
    zk_store_int(bytes + 4, header->xid);
    zk_store_long(bytes + 8, header->zxid);
    zk_store_int(bytes + 16, header->err);
    const struct channel_piece pieces[] = {
        {.bytes = bytes, .length = sizeof bytes},
        {.bytes = body != NULL ? body->bytes : NULL, .length = body_length},
    };
    /* The request counts as answered before its answer is queued, so that the selector that sends
     * the last answer finds that no request is outstanding. */
    decr_outstanding_and_check_throttle(cnxn, header->xid);
    limit_output(cnxn, channel_append_quietly(cnxn->channel, pieces, 2));
}

static void nio_server_cnxn_wake(struct server_cnxn *base)
{
    channel_request_update(nio_server_cnxn_of(base)->channel);
}

/* Java: sendResponse() */
static void nio_server_cnxn_send_response(struct server_cnxn *base,
                                          const struct reply_header *header, struct buf *body)
{
    nio_server_cnxn_queue_response(base, header, body);
    nio_server_cnxn_wake(base);
}

/* Java: sendCloseSession() */
static void nio_server_cnxn_send_close_session(struct server_cnxn *base)
{
    channel_append_close(nio_server_cnxn_of(base)->channel);
}

/* Answers the first frame; this answer has no header. Java: ZooKeeperServer.finishSessionInit() */
static void nio_server_cnxn_finish_session_init(struct server_cnxn *base,
                                                const struct connect_response *response, bool valid)
{
    struct nio_server_cnxn *cnxn = nio_server_cnxn_of(base);
    struct buf *record = jute_to_buf(&connect_response_record, response);
    uint8_t length[LENGTH_BYTES];
    const uint8_t read_only = cnxn->zk != NULL && zookeeper_server_is_read_only(cnxn->zk) ? 1 : 0;
    size_t read_only_length = base->is_old_client ? 0 : sizeof read_only;
    zk_store_int(length, (int32_t)(record->length + read_only_length));
    const struct channel_piece pieces[] = {
        {.bytes = length, .length = sizeof length},
        {.bytes = record->bytes, .length = record->length},
        {.bytes = &read_only, .length = read_only_length},
    };
    channel_append(cnxn->channel, pieces, sizeof pieces / sizeof *pieces);
    buf_unref(record);
    if (valid)
        enable_recv(cnxn);
    else
        channel_append_close(cnxn->channel);
}

static const struct server_cnxn_ops nio_server_cnxn_ops = {
    .send_response = nio_server_cnxn_send_response,
    .queue_response = nio_server_cnxn_queue_response,
    .wake = nio_server_cnxn_wake,
    .finish_session_init = nio_server_cnxn_finish_session_init,
    .send_close_session = nio_server_cnxn_send_close_session,
    .disable_recv = nio_server_cnxn_disable_recv,
    .close = nio_server_cnxn_close_op,
    .free = nio_server_cnxn_free,
};

/* Called before the answers are sent, so that a client which has its answer finds it in the
 * figures; and once more at the end. */
void nio_server_cnxn_tell_figures(struct nio_server_cnxn *cnxn)
{
    struct answer_figures figures = server_cnxn_take_figures(&cnxn->base);
    int64_t watch_bytes = server_cnxn_watch_bytes(&cnxn->base);
    server_stats_add_answers(cnxn->factory->stats, &figures);
    if (cnxn->metrics != NULL)
        server_metrics_add_answers(cnxn->metrics, &figures, watch_bytes - cnxn->watch_bytes_told,
                                   cnxn->bytes_received);
    cnxn->watch_bytes_told = watch_bytes;
    cnxn->bytes_received = 0;
}

/* Sends the answers that wait. */
static void flush_output(struct nio_server_cnxn *cnxn)
{
    int64_t packets;
    nio_server_cnxn_tell_figures(cnxn);
    int r = channel_flush(cnxn->channel, cnxn->factory->direct_buffer_bytes, &packets);
    if (packets > 0) {
        server_cnxn_packets_sent(&cnxn->base, packets);
        server_stats_add_packets_sent(cnxn->factory->stats, packets);
    }
    cnxn->is_write_blocked = r == -EAGAIN;
    if (r == -ESHUTDOWN)
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_CLIENT_CLOSED_SESSION);
    else if (r < 0 && r != -EAGAIN)
        nio_server_cnxn_close(cnxn, DISCONNECT_REASON_IO_EXCEPTION);
}
