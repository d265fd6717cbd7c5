/* The network: links between hosts, and TCP connections as streams over them.
 *
 * A stream is cut into segments by the sender and again by the network; each arrives after the
 * link's latency and some jitter, never before an earlier one. The receiver's window bounds what is
 * under way and unread. Acknowledgements are not modelled: a sender knows at once how much was
 * read. What is sent over a cut link is held back, and goes on some time after the link heals (a
 * retransmission finds the way free), or the sender gives up after GIVE_UP_NS; to a host without
 * power likewise, and when that host is back, it knows nothing of the connection and answers with a
 * reset, also to the question whether there is room again. Dialling repeats its first packet after
 * 1, 2, 4... seconds, as Linux does. */
#include "net_internal.h"

#include <errno.h>
#include <string.h>

#define GIVE_UP_NS        (924 * SECOND) /* Linux: fifteen retransmissions */
#define RETRANSMIT_MIN_NS (200 * MILLISECOND)
#define RETRANSMIT_MAX_NS (3 * SECOND)

enum { DIALS_MAX = 7 };

struct link {
    bool cut;
    int64_t latency_ns;
    int64_t jitter_ns;
    int64_t bytes_per_s; /* 0: without limit */
};

static struct link links[HOSTS_MAX][HOSTS_MAX];
static struct connection *connections;
static struct end *listeners;

static void arrive(struct event *event);

/* ---- segments ------------------------------------------------------------------------------- */

static struct segment *segment_new(enum segment_kind kind, const void *bytes, size_t length)
{
    struct segment *segment = own_alloc(sizeof *segment + length);
    segment->kind = kind;
    segment->length = length;
    own_copy(segment->bytes, bytes, length);
    return segment;
}

static void segment_free(struct segment *segment)
{
    own_free(segment, sizeof *segment + segment->length);
}

static void segments_push(struct segments *segments, struct segment *segment)
{
    segment->next = NULL;
    if (segments->last != NULL)
        segments->last->next = segment;
    else
        segments->first = segment;
    segments->last = segment;
    segments->bytes += segment->length - segment->taken;
}

static struct segment *segments_pop(struct segments *segments)
{
    struct segment *segment = segments->first;
    segments->first = segment->next;
    if (segments->first == NULL)
        segments->last = NULL;
    segments->bytes -= segment->length - segment->taken;
    return segment;
}

void segments_clear(struct segments *segments)
{
    while (segments->first != NULL)
        segment_free(segments_pop(segments));
}

size_t segments_take(struct segments *segments, uint8_t *ret_bytes, size_t room, bool keep)
{
    size_t count = 0;
    struct segment *segment = segments->first;
    while (segment != NULL && count < room) {
        size_t piece = segment->length - segment->taken;
        if (piece > room - count)
            piece = room - count;
        own_copy(ret_bytes + count, segment->bytes + segment->taken, piece);
        count += piece;
        struct segment *next = segment->next;
        if (!keep) {
            segment->taken += piece;
            segments->bytes -= piece;
            if (segment->taken == segment->length)
                segment_free(segments_pop(segments));
        }
        segment = next;
    }
    return count;
}

/* ---- connections ---------------------------------------------------------------------------- */

static struct connection *connection_new(struct end *dialler, int host)
{
    struct connection *connection = own_alloc(sizeof *connection);
    connection->ends[0] = dialler;
    connection->fates[1] = FATE_CLOSED; /* until somebody accepts */
    connection->hosts[0] = dialler->host;
    connection->hosts[1] = host;
    for (int side = 0; side < 2; side++) {
        connection->ways[side].connection = connection;
        connection->ways[side].side = side;
    }
    connection->next = connections;
    if (connections != NULL)
        connections->prev = connection;
    connections = connection;
    return connection;
}

static void connection_free(struct connection *connection)
{
    if (connection->prev != NULL)
        connection->prev->next = connection->next;
    else
        connections = connection->next;
    if (connection->next != NULL)
        connection->next->prev = connection->prev;
    event_cancel(&connection->dial);
    for (int i = 0; i < 2; i++) {
        event_cancel(&connection->ways[i].event);
        segments_clear(&connection->ways[i].segments);
    }
    own_free(connection, sizeof *connection);
}

/* Nobody has an end any more, and nothing is under way. */
static void connection_maybe_free(struct connection *connection)
{
    if (connection->fates[0] != FATE_OPEN && connection->fates[1] != FATE_OPEN &&
        connection->ways[0].segments.first == NULL && connection->ways[1].segments.first == NULL)
        connection_free(connection);
}

static void way_clear(struct way *way)
{
    segments_clear(&way->segments);
    event_cancel(&way->event);
    way->held_back = false;
}

/* Does nothing get through to this side now? */
static bool is_cut(const struct connection *connection, int side)
{
    int to = connection->hosts[side];
    return links[connection->hosts[!side]][to].cut || !world.hosts[to].on;
}

static void send_segment(struct connection *connection, int side, struct segment *segment)
{
    struct way *way = &connection->ways[side];
    const struct link *link = &links[connection->hosts[!side]][connection->hosts[side]];
    int64_t start_ns = way->line_free_ns > world.now_ns ? way->line_free_ns : world.now_ns;
    if (link->bytes_per_s > 0)
        start_ns += (int64_t)segment->length * SECOND / link->bytes_per_s;
    way->line_free_ns = start_ns;
    segment->arrives_ns = start_ns + link->latency_ns +
                          (int64_t)chance_below(CHANCE_NET, (uint64_t)link->jitter_ns + 1);
    if (segment->arrives_ns < way->last_arrival_ns)
        segment->arrives_ns = way->last_arrival_ns;
    way->last_arrival_ns = segment->arrives_ns;
    bool is_first = way->segments.first == NULL;
    segments_push(&way->segments, segment);
    if (is_first)
        event_schedule(&way->event, segment->arrives_ns, arrive);
}

void end_send_segment(struct end *end, enum segment_kind kind, const void *bytes, size_t length)
{
    transcribe_bytes(bytes, length);
    send_segment(end->connection, !end->side, segment_new(kind, bytes, length));
}

/* This side learns that the connection is no more. */
static void break_end(struct connection *connection, int side, int error)
{
    struct end *end = connection->ends[side];
    way_clear(&connection->ways[side]);
    if (end == NULL)
        return;
    end->error = error;
    end->state = END_BROKEN;
    segments_clear(&end->received);
    handle_wake(end->handle);
}

static void give_up(struct event *event)
{
    struct way *way = CONTAINER_OF(event, struct way, event);
    struct connection *connection = way->connection;
    way_clear(way);
    break_end(connection, !way->side, ETIMEDOUT);
    connection_maybe_free(connection);
}

static void receive_reset(struct connection *connection, int side)
{
    struct end *end = connection->ends[side];
    if (end->state == END_CONNECTS)
        break_end(connection, side, ECONNREFUSED);
    else /* as Linux: after the other side's end it is a broken pipe */
        break_end(connection, side, end->far_finished ? EPIPE : ECONNRESET);
    way_clear(&connection->ways[!side]);
}

/* Takes the segment. */
static void receive(struct connection *connection, int side, struct segment *segment)
{
    struct end *end = connection->ends[side];
    switch (segment->kind) {
    case SEGMENT_DATA:
        segments_push(&end->received, segment); /* even after SHUT_RD, on Linux */
        handle_wake(end->handle);
        return;
    case SEGMENT_FIN:
        end->far_finished = true;
        handle_wake(end->handle);
        break;
    case SEGMENT_ACCEPTED:
        if (end->state == END_CONNECTS)
            end->state = END_UP;
        handle_wake(end->handle);
        break;
    case SEGMENT_RESET:
        receive_reset(connection, side);
        break;
    }
    segment_free(segment);
}

/* Nobody is there. A system that knows nothing of the connection answers with a reset; so does one
 * that has closed it, to data. Takes the segment. */
static void receive_for_nobody(struct connection *connection, int side, struct segment *segment)
{
    bool answered = segment->kind == SEGMENT_DATA || segment->kind == SEGMENT_ACCEPTED ||
                    (segment->kind == SEGMENT_FIN && connection->fates[side] == FATE_VANISHED);
    segment_free(segment);
    if (answered && connection->fates[!side] == FATE_OPEN)
        send_segment(connection, !side, segment_new(SEGMENT_RESET, NULL, 0));
}

/* The first segment of a way is there, unless the link was cut meanwhile. */
static void arrive(struct event *event)
{
    struct way *way = CONTAINER_OF(event, struct way, event);
    struct connection *connection = way->connection;
    int side = way->side;
    if (is_cut(connection, side)) {
        way->held_back = true;
        event_schedule(&way->event, world.now_ns + GIVE_UP_NS, give_up);
        return;
    }
    while (way->segments.first != NULL && way->segments.first->arrives_ns <= world.now_ns) {
        struct segment *segment = segments_pop(&way->segments);
        if (connection->ends[side] != NULL)
            receive(connection, side, segment);
        else
            receive_for_nobody(connection, side, segment);
    }
    if (way->segments.first != NULL)
        event_schedule(&way->event, way->segments.first->arrives_ns, arrive);
    else
        connection_maybe_free(connection);
}

/* ---- dialling ------------------------------------------------------------------------------- */

static void dial_again(struct connection *connection);

/* A new end on the listener's side, which waits to be accepted. */
static void accept_dial(struct connection *connection, struct end *listener)
{
    struct end *dialler = connection->ends[0];
    struct end *end = end_new(listener->host);
    end->state = END_UP;
    end->connection = connection;
    end->side = 1;
    end->ip = dialler->far_ip;
    end->port = dialler->far_port;
    end->far_ip = dialler->ip;
    end->far_port = dialler->port;
    connection->ends[1] = end;
    connection->fates[1] = FATE_OPEN;
    struct end **link = &listener->queue;
    while (*link != NULL)
        link = &(*link)->queue_next;
    *link = end;
    listener->queued++;
    end_send_segment(end, SEGMENT_ACCEPTED, NULL, 0);
    handle_wake(listener->handle);
}

static void dial_arrives(struct event *event)
{
    struct connection *connection = CONTAINER_OF(event, struct connection, dial);
    struct end *dialler = connection->ends[0];
    if (dialler->state != END_CONNECTS)
        return; /* it was reset meanwhile */
    if (is_cut(connection, 1)) {
        dial_again(connection);
        return;
    }
    struct end *listener = listener_find(connection->hosts[1], dialler->far_port);
    if (listener == NULL)
        send_segment(connection, 0, segment_new(SEGMENT_RESET, NULL, 0));
    else if (listener->queued > listener->backlog)
        dial_again(connection);
    else
        accept_dial(connection, listener);
}

static void dial_again(struct connection *connection)
{
    if (++connection->dials == DIALS_MAX) {
        break_end(connection, 0, ETIMEDOUT);
        return;
    }
    event_schedule(&connection->dial, world.now_ns + (SECOND << (connection->dials - 1)),
                   dial_arrives);
}

void end_dial(struct end *end, int host)
{
    const struct link *link = &links[end->host][host];
    struct connection *connection = connection_new(end, host);
    end->connection = connection;
    end->side = 0;
    end->state = END_CONNECTS;
    event_schedule(&connection->dial,
                   world.now_ns + link->latency_ns +
                       (int64_t)chance_below(CHANCE_NET, (uint64_t)link->jitter_ns + 1),
                   dial_arrives);
}

/* ---- ends ----------------------------------------------------------------------------------- */

struct end *end_new(int host)
{
    struct end *end = own_alloc(sizeof *end);
    end->host = host;
    return end;
}

struct end *listener_find(int host, uint16_t port)
{
    struct end *end = listeners;
    while (end != NULL && (end->host != host || end->port != port))
        end = end->listener_next;
    return end;
}

void listener_add(struct end *end)
{
    end->state = END_LISTENS;
    end->listener_next = listeners;
    listeners = end;
}

/* The connections that wait in its queue are reset. */
void listener_remove(struct end *end, bool power_loss)
{
    struct end **link = &listeners;
    while (*link != end)
        link = &(*link)->listener_next;
    *link = end->listener_next;
    while (end->queue != NULL) {
        struct end *waiting = end->queue;
        end->queue = waiting->queue_next;
        end_close(waiting, power_loss);
    }
    end->queued = 0;
}

size_t end_room(const struct end *end)
{
    const struct end *far_end = end->connection->ends[!end->side];
    size_t used = end->connection->ways[!end->side].segments.bytes;
    if (far_end != NULL)
        used += far_end->received.bytes;
    return used < world.character.window ? world.character.window - used : 0;
}

/* Somebody waits for room only if there was none before. */
void end_has_read(struct end *end, size_t count)
{
    struct end *far_end = end->connection != NULL ? end->connection->ends[!end->side] : NULL;
    if (far_end != NULL && end_room(far_end) <= count)
        handle_wake(far_end->handle);
}

/* The host of this end has lost power. If the far end waits for room, nothing is under way that
 * could be answered: its system asks from time to time whether there is room. */
static void probe_window(struct end *end)
{
    struct end *far_end = end->connection->ends[!end->side];
    if (far_end != NULL && far_end->state == END_UP && end_room(far_end) == 0)
        send_segment(end->connection, end->side, segment_new(SEGMENT_DATA, NULL, 0));
}

/* Leave the connection; the far side hears of it, if it can be told. */
static void end_detach(struct end *end, bool power_loss)
{
    struct connection *connection = end->connection;
    bool reset = end->received.first != NULL || (end->side == 1 && !end->accepted);
    if (power_loss)
        probe_window(end);
    end->connection = NULL;
    connection->ends[end->side] = NULL;
    connection->fates[end->side] = power_loss ? FATE_VANISHED : FATE_CLOSED;
    if (power_loss) {
        way_clear(&connection->ways[!end->side]);
    } else if (end->state != END_BROKEN && connection->fates[!end->side] != FATE_CLOSED &&
               (reset || !end->shut_write)) {
        send_segment(connection, !end->side,
                     segment_new(reset ? SEGMENT_RESET : SEGMENT_FIN, NULL, 0));
    }
    connection_maybe_free(connection);
}

void end_disconnect(struct end *end, int error)
{
    if (end->connection != NULL)
        end_detach(end, false);
    end->state = END_BROKEN;
    end->error = error;
    handle_wake(end->handle);
}

void end_close(struct end *end, bool power_loss)
{
    if (end->state == END_LISTENS)
        listener_remove(end, power_loss);
    if (end->connection != NULL)
        end_detach(end, power_loss);
    segments_clear(&end->received);
    own_free(end, sizeof *end);
}

/* ---- looking -------------------------------------------------------------------------------- */

void net_each_way(void (*look)(void *arg, int from, int to, size_t bytes, int64_t arrives_ns,
                               bool held_back),
                  void *arg)
{
    for (const struct connection *connection = connections; connection != NULL;
         connection = connection->next) {
        for (int side = 0; side < 2; side++) {
            const struct way *way = &connection->ways[side];
            if (way->segments.bytes > 0)
                look(arg, connection->hosts[!side], connection->hosts[side], way->segments.bytes,
                     way->segments.first->arrives_ns, way->held_back);
        }
    }
}

/* ---- links ---------------------------------------------------------------------------------- */

/* Bytes that were held back go on where the way is free again. */
void net_links_changed(void)
{
    const uint64_t retransmit_max_ns = world.character.in_turn ? 1 : RETRANSMIT_MAX_NS;
    for (struct connection *connection = connections; connection != NULL;
         connection = connection->next) {
        for (int side = 0; side < 2; side++) {
            struct way *way = &connection->ways[side];
            if (!way->held_back || is_cut(connection, side))
                continue;
            way->held_back = false;
            event_schedule(&way->event,
                           world.now_ns + RETRANSMIT_MIN_NS +
                               (int64_t)chance_below(CHANCE_NET, retransmit_max_ns),
                           arrive);
        }
    }
}

void world_cut_link(int from, int to, bool cut)
{
    show("link %d to %d: %s", from, to, cut ? "cut" : "healed");
    links[from][to].cut = cut;
    net_links_changed();
}

void world_partition(const int *side)
{
    show("partition");
    for (int from = 1; from < HOSTS_MAX; from++)
        for (int to = 1; to < HOSTS_MAX; to++)
            links[from][to].cut = side[from] != side[to];
    net_links_changed();
}

void world_set_link(int from, int to, int64_t latency_us, int64_t jitter_us, int64_t bytes_per_s)
{
    show("link %d to %d: %lld us", from, to, (long long)latency_us);
    links[from][to].latency_ns = latency_us * MICROSECOND;
    links[from][to].jitter_ns = jitter_us * MICROSECOND;
    links[from][to].bytes_per_s = bytes_per_s;
}

void world_heal(void)
{
    show("all links heal");
    net_begin();
    net_links_changed();
}

void world_reset_connections(int a, int b)
{
    show("connections of %d and %d are reset", a, b);
    for (struct connection *connection = connections; connection != NULL;
         connection = connection->next) {
        int from = connection->hosts[0];
        int to = connection->hosts[1];
        if ((from == a && to == b) || (from == b && to == a))
            for (int side = 0; side < 2; side++)
                break_end(connection, side, ECONNRESET);
    }
}

void net_begin(void)
{
    const int64_t latency_ns = world.character.latency_ns;
    const bool jitter = !world.character.in_turn;
    for (int from = 0; from < HOSTS_MAX; from++)
        for (int to = 0; to < HOSTS_MAX; to++)
            links[from][to] = (struct link){
                .latency_ns = from == to ? 15 * MICROSECOND : latency_ns,
                .jitter_ns = !jitter      ? 0
                             : from == to ? 5 * MICROSECOND
                                          : latency_ns / 2,
            };
}

void net_end(void)
{
    while (connections != NULL)
        connection_free(connections);
    listeners = NULL;
}
