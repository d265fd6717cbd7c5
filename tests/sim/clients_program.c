/* A client: one thread, one connection at a time, and what it has sent waits for its answers. The
 * protocol is that of ZooKeeper 3.8.0: a frame is a length and so many bytes; the first one each
 * way opens the session. */
#include "clients_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/monotonic.h"
#include "../support/sleep_ms.h"
#include "zk/jute/op_code.h"

enum {
    CLIENT_PORT = 2182,
    FRAME_MAX = 8192,
    CONNECT_MS = 2000,
    BETWEEN_CONNECTS_MS = 150,
    LONGEST_POLL_MS = 2000,
    XID_EVENT = -1,
    XID_PING = -2,
    XID_AUTH = -4,
    FLAG_CONTAINER = 4,
    FLAG_TTL = 5,
    FLAG_TTL_SEQUENTIAL = 6,
    MULTI_END = -1,
    NO_TOKEN = -1,
    LENGTH_SIZE = 4,
    HEADER_LENGTH = 16, /* of a reply */
};

static const int64_t FUTURE_ZXID = INT64_C(1) << 60;

struct line {
    int fd; /* -1: none */
    uint8_t in[FRAME_MAX];
    size_t length;
};

struct seat {
    struct clients *clients;
    struct client *client;
    pthread_t thread;
    struct line line;
    struct line old; /* a connection that the session has left */
    int old_connection;
    int old_server;
    int64_t old_session;
};

/* ---- bytes that are sent --------------------------------------------------------------------- */

struct writing {
    uint8_t bytes[1024];
    size_t length;
};

static void put_number(struct writing *out, uint64_t number, int length)
{
    for (int i = length - 1; i >= 0; i--)
        out->bytes[out->length++] = (uint8_t)(number >> 8 * i);
}

static void put_int(struct writing *out, int32_t number)
{
    put_number(out, (uint32_t)number, 4);
}

static void put_text(struct writing *out, const char *text)
{
    size_t length = strlen(text);
    put_int(out, (int32_t)length);
    memcpy(out->bytes + out->length, text, length);
    out->length += length;
}

static void put_acl(struct writing *out, const struct client_acl *acl)
{
    put_int(out, acl->count);
    for (int i = 0; i < acl->count; i++) {
        put_int(out, acl->entries[i].rights);
        put_text(out, client_id_scheme(acl->entries[i].who));
        put_text(out, client_id_text(acl->entries[i].who));
    }
}

/* How a node with a time to live is asked for is in the flags as well. */
static int32_t flags_of(const struct load_part *part, int32_t type)
{
    if (type == OP_CODE_CREATE_CONTAINER)
        return FLAG_CONTAINER;
    if (type == OP_CODE_CREATE_TTL)
        return part->flags == 0 ? FLAG_TTL : FLAG_TTL_SEQUENTIAL;
    return part->flags;
}

static void put_operation(struct writing *out, const struct load_part *part, int32_t type,
                          bool watch)
{
    if (type == OP_CODE_CLOSE_SESSION || type == OP_CODE_WHO_AM_I || type == CLIENT_UNKNOWN_TYPE)
        return;
    put_text(out, part->path);
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE_TTL:
        put_text(out, part->data);
        put_acl(out, &CLIENT_WISHES[part->acl]);
        put_int(out, flags_of(part, type));
        if (type == OP_CODE_CREATE_TTL)
            put_number(out, (uint64_t)part->ttl_ms, 8);
        break;
    case OP_CODE_SET_ACL:
        put_acl(out, &CLIENT_WISHES[part->acl]);
        put_int(out, part->version);
        break;
    case OP_CODE_SET_DATA:
        put_text(out, part->data);
        put_int(out, part->version);
        break;
    case OP_CODE_DELETE:
    case OP_CODE_CHECK:
        put_int(out, part->version);
        break;
    case OP_CODE_RECONFIG: /* two texts more, and which configuration it is to follow */
        put_text(out, "");
        put_text(out, "");
        put_number(out, UINT64_MAX, 8);
        break;
    case OP_CODE_SYNC:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_GET_ACL:
    case OP_CODE_GET_EPHEMERALS:
    case OP_CODE_GET_ALL_CHILDREN_NUMBER:
        break;
    default: /* reads */
        put_number(out, watch, 1);
        break;
    }
}

static void put_multi(struct writing *out, const struct load_op *op)
{
    for (int i = 0; i < op->part_count; i++) {
        put_int(out, op->parts[i].type);
        put_number(out, 0, 1);
        put_int(out, -1);
        put_operation(out, &op->parts[i], op->parts[i].type, false);
    }
    put_int(out, MULTI_END);
    put_number(out, 1, 1);
    put_int(out, -1);
}

static void put_watches(struct writing *out, const struct client_request *request)
{
    put_number(out, (uint64_t)request->relative_zxid, 8);
    const int last = request->op.type == OP_CODE_SET_WATCHES2 ? WATCH_RECURSIVE : WATCH_CHILD;
    for (int kind = WATCH_DATA; kind <= last; kind++) {
        int count = 0;
        for (int i = 0; i < request->watch_count; i++)
            count += (int)request->watches[i].kind == kind;
        put_int(out, count);
        for (int i = 0; i < request->watch_count; i++)
            if ((int)request->watches[i].kind == kind)
                put_text(out, request->watches[i].path);
    }
}

static void put_watching(struct writing *out, const struct client_request *request)
{
    put_text(out, request->op.parts[0].path);
    put_int(out, request->mode);
}

static void put_auth(struct writing *out, uint32_t proves)
{
    *out = (struct writing){.length = 4};
    put_int(out, XID_AUTH);
    put_int(out, OP_CODE_AUTH);
    put_int(out, 0);
    put_text(out, proves != 0 ? client_id_scheme(proves) : "oath");
    put_text(out, proves != 0 ? client_id_proof(proves) : "honest");
}

static void put_request(struct writing *out, const struct client_request *request)
{
    const struct load_op *op = &request->op;
    if (op->type == OP_CODE_AUTH) {
        put_auth(out, request->proves);
        return;
    }
    *out = (struct writing){.length = 4};
    put_int(out, op->cxid);
    put_int(out, op->type);
    if (op->type == OP_CODE_MULTI || op->type == OP_CODE_MULTI_READ)
        put_multi(out, op);
    else if (op->type == OP_CODE_SET_WATCHES || op->type == OP_CODE_SET_WATCHES2)
        put_watches(out, request);
    else if (op->type == OP_CODE_ADD_WATCH || op->type == OP_CODE_REMOVE_WATCHES ||
             op->type == OP_CODE_CHECK_WATCHES)
        put_watching(out, request);
    else if (op->type == OP_CODE_SASL && !request->is_ruinous)
        put_text(out, "token");
    else if (op->type == OP_CODE_SASL)
        put_int(out, NO_TOKEN);
    else if (op->type == OP_CODE_CREATE_SESSION && request->mode != 0)
        put_int(out, request->mode);
    else if (op->type != OP_CODE_CREATE_SESSION)
        put_operation(out, &op->parts[0], op->type, request->watch);
}

static void put_connect_request(struct writing *out, const struct client *client)
{
    const uint8_t wrong = client->dial == DIAL_WITH_A_WRONG_PASSWORD;
    *out = (struct writing){.length = 4};
    put_int(out, 0);
    put_number(
        out, (uint64_t)(client->dial == DIAL_FROM_THE_FUTURE ? FUTURE_ZXID : client->last_zxid), 8);
    put_int(out, client->timeout_ms);
    put_number(out, (uint64_t)client->session_id, 8);
    put_int(out, LOAD_PASSWD_SIZE);
    for (int i = 0; i < LOAD_PASSWD_SIZE; i++)
        put_number(out, client->session_id != 0 ? client->passwd[i] ^ wrong : 0, 1);
    if (!client->is_old)
        put_number(out, client->takes_read_only, 1);
}

/* False: the connection is broken. */
static bool send_frame(struct line *line, struct writing *frame)
{
    size_t length = frame->length;
    frame->length = 0;
    put_int(frame, (int32_t)(length - 4));
    for (size_t sent = 0; sent < length;) {
        ssize_t n = send(line->fd, frame->bytes + sent, length - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return false;
        struct pollfd room = {.fd = line->fd, .events = POLLOUT};
        if (errno == EAGAIN && poll(&room, 1, CONNECT_MS) <= 0)
            return false;
    }
    return true;
}

/* ---- bytes that come ------------------------------------------------------------------------- */

struct frame {
    const uint8_t *bytes;
    size_t length;
    size_t at;
    bool broken; /* cut short */
};

static int64_t get_number(struct frame *in, int length)
{
    uint64_t number = 0;
    if (in->at + (size_t)length > in->length) {
        in->broken = true;
        return 0;
    }
    for (int i = 0; i < length; i++)
        number = number << 8 | in->bytes[in->at++];
    return length == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
}

static int32_t get_int(struct frame *in)
{
    return (int32_t)get_number(in, 4);
}

static void get_text(struct frame *in, char *ret_text, size_t size)
{
    int32_t length = get_int(in);
    ret_text[0] = '\0';
    if (length < 0)
        return;
    if (in->at + (size_t)length > in->length || (size_t)length >= size) {
        in->broken = true;
        return;
    }
    memcpy(ret_text, in->bytes + in->at, (size_t)length);
    ret_text[length] = '\0';
    in->at += (size_t)length;
}

static void get_stat(struct frame *in, struct client_stat *stat)
{
    stat->czxid = get_number(in, 8);
    stat->mzxid = get_number(in, 8);
    stat->ctime_ms = get_number(in, 8);
    stat->mtime_ms = get_number(in, 8);
    stat->version = get_int(in);
    stat->cversion = get_int(in);
    stat->aversion = get_int(in);
    stat->owner = get_number(in, 8);
    stat->data_length = get_int(in);
    stat->children = get_int(in);
    stat->pzxid = get_number(in, 8);
}

static void get_reply_stat(struct frame *in, struct client_reply *reply)
{
    get_stat(in, &reply->stat);
    reply->has_stat = true;
}

/* Returns the sum of their hashes. */
static uint64_t get_names(struct frame *in, int32_t *ret_count)
{
    uint64_t names = 0;
    *ret_count = get_int(in);
    for (int32_t i = 0; i < *ret_count && !in->broken; i++) {
        char name[CLIENT_PATH_SIZE];
        get_text(in, name, sizeof name);
        names += client_hash(name);
    }
    return names;
}

static void get_reply_names(struct frame *in, struct client_reply *reply)
{
    reply->names = get_names(in, &reply->name_count);
    reply->has_names = true;
}

/* Of each a header, which says what follows; the last one has only that. */
static void get_reads(struct frame *in, struct client_reply *reply)
{
    for (;;) {
        const int32_t type = get_int(in);
        const bool done = get_number(in, 1) != 0;
        (void)get_int(in);
        if (done || in->broken)
            return;
        if (reply->read_count == LOAD_PARTS_MAX) {
            in->broken = true;
            return;
        }
        struct client_read *read = &reply->reads[reply->read_count++];
        if (type == OP_CODE_GET_DATA) {
            get_text(in, read->data, sizeof read->data);
            get_stat(in, &read->stat);
            read->has_data = true;
        } else if (type == OP_CODE_GET_CHILDREN) {
            read->names = get_names(in, &read->name_count);
            read->has_names = true;
        } else {
            read->err = get_int(in);
        }
    }
}

/* Reads the answer to a multi that failed: the parts before the one that failed say nothing, and
 * those behind it nothing of use. */
static void get_results(struct frame *in, struct client_reply *reply)
{
    reply->first_type = get_int(in);
    for (int32_t type = reply->first_type; type == OP_CODE_ERROR && !in->broken;
         type = get_int(in)) {
        const bool done = get_number(in, 1) != 0;
        (void)get_int(in);
        if (done)
            return;
        const int32_t err = get_int(in);
        if (reply->part_err == 0 && err == 0)
            reply->failed_part++;
        else if (reply->part_err == 0)
            reply->part_err = err;
    }
    in->at = in->length; /* what it has done is not looked at */
}

static void get_acl(struct frame *in, struct client_acl *acl)
{
    char scheme[CLIENT_ID_SIZE];
    char text[CLIENT_ID_SIZE];
    for (int32_t left = get_int(in); left > 0 && !in->broken; left--) {
        int32_t rights = get_int(in);
        get_text(in, scheme, sizeof scheme);
        get_text(in, text, sizeof text);
        in->broken = in->broken || !client_acl_add(acl, rights, scheme, text);
    }
}

/* Reads the answer to a whoAmI: a name is the scheme and the user. */
static void get_users(struct frame *in, struct client_reply *reply)
{
    char user[CLIENT_ID_SIZE];
    reply->name_count = get_int(in);
    for (int32_t i = 0; i < reply->name_count && !in->broken; i++) {
        get_text(in, user, sizeof user);
        reply->names += client_hash(user);
        get_text(in, user, sizeof user);
        reply->names += client_hash(user);
    }
}

static void get_body(struct frame *in, int32_t type, struct client_reply *reply)
{
    switch (type) {
    case OP_CODE_CREATE:
        get_text(in, reply->path, sizeof reply->path);
        break;
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE_TTL:
        get_text(in, reply->path, sizeof reply->path);
        get_reply_stat(in, reply);
        break;
    case OP_CODE_SET_DATA:
    case OP_CODE_SET_ACL:
    case OP_CODE_EXISTS:
        get_reply_stat(in, reply);
        break;
    case OP_CODE_GET_DATA:
        get_text(in, reply->data, sizeof reply->data);
        reply->has_data = true;
        get_reply_stat(in, reply);
        break;
    case OP_CODE_GET_CHILDREN2:
        get_reply_names(in, reply);
        get_reply_stat(in, reply);
        break;
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_EPHEMERALS:
        get_reply_names(in, reply);
        break;
    case OP_CODE_GET_ALL_CHILDREN_NUMBER:
        reply->name_count = get_int(in);
        break;
    case OP_CODE_GET_ACL:
        get_acl(in, &reply->acl);
        get_reply_stat(in, reply);
        break;
    case OP_CODE_WHO_AM_I:
        get_users(in, reply);
        break;
    case OP_CODE_MULTI_READ:
        get_reads(in, reply);
        break;
    case OP_CODE_ADD_WATCH:
        in->broken = in->broken || get_int(in) != 0; /* an ErrorResponse */
        break;
    case OP_CODE_MULTI:
        get_results(in, reply);
        break;
    case OP_CODE_SYNC:
        get_text(in, reply->path, sizeof reply->path);
        break;
    case OP_CODE_SASL:
        in->broken = in->broken || get_int(in) != NO_TOKEN;
        break;
    default:
        break;
    }
    in->broken = in->broken || in->at != in->length;
}

/* The type of the request that is answered next. */
static int32_t expected_type(const struct seat *seat)
{
    const struct client *client = seat->client;
    return client->under_way_count > 0 ? seat->clients->calls[client->under_way[0]].request.op.type
                                       : 0;
}

struct connect_response {
    int64_t session_id;
    int32_t granted_ms;
    uint8_t passwd[LOAD_PASSWD_SIZE];
    bool read_only;
};

/* False: it is none. */
static bool get_connect_response(const struct seat *seat, struct frame *in,
                                 struct connect_response *ret_response)
{
    (void)get_int(in);
    ret_response->granted_ms = get_int(in);
    ret_response->session_id = get_number(in, 8);
    const bool fits = get_int(in) == LOAD_PASSWD_SIZE;
    for (int i = 0; i < LOAD_PASSWD_SIZE; i++)
        ret_response->passwd[i] = (uint8_t)get_number(in, 1);
    ret_response->read_only = !seat->client->is_old && get_number(in, 1) != 0;
    return !in->broken && fits && in->at == in->length;
}

/* It begins with the protocol's version, where others have a number that is not 0. */
static bool is_connect_response(struct frame in)
{
    return in.length > HEADER_LENGTH && get_int(&in) == 0;
}

/* The session has begun once more: the answer has no header. */
static bool take_reopening(struct seat *seat, struct frame in)
{
    struct connect_response response;
    if (!get_connect_response(seat, &in, &response))
        return false;
    clients_reopened(seat->clients, seat->client, response.session_id, response.passwd,
                     response.granted_ms, now_ms());
    return true;
}

/* False: a frame that makes no sense. */
static bool take_frame(struct seat *seat, struct frame in)
{
    if (expected_type(seat) == OP_CODE_CREATE_SESSION && is_connect_response(in))
        return take_reopening(seat, in);
    struct client_reply reply = {.xid = get_int(&in)};
    reply.zxid = get_number(&in, 8);
    reply.err = get_int(&in);
    if (reply.xid == XID_EVENT) {
        char path[CLIENT_PATH_SIZE];
        int32_t type = get_int(&in);
        (void)get_int(&in);
        get_text(&in, path, sizeof path);
        if (!in.broken)
            clients_notified(seat->clients, seat->client, type, path);
        return !in.broken;
    }
    if (reply.xid == XID_AUTH) {
        clients_believed(seat->clients, seat->client, reply.err, now_ms());
        return !in.broken;
    }
    if (reply.xid == XID_PING) {
        clients_ponged(seat->clients, seat->client, reply.err, reply.zxid, now_ms());
        return !in.broken;
    }
    if (reply.err == 0)
        get_body(&in, expected_type(seat), &reply);
    if (in.broken)
        return false;
    clients_answered(seat->clients, seat->client, &reply, now_ms());
    return true;
}

/* Reads what is there. False: the connection has ended. */
static bool read_more(struct line *line)
{
    if (line->length == sizeof line->in)
        return false;
    ssize_t n = recv(line->fd, line->in + line->length, sizeof line->in - line->length, 0);
    if (n > 0)
        line->length += (size_t)n;
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The first whole frame; false: there is none yet. */
static bool next_frame(const struct line *line, struct frame *ret_frame)
{
    struct frame head = {line->in, line->length, 0, false};
    int32_t length = get_int(&head);
    if (head.broken || length < 0 || line->length < 4 + (size_t)length)
        return false;
    *ret_frame = (struct frame){line->in + 4, (size_t)length, 0, false};
    return true;
}

static void drop_frame(struct line *line, const struct frame *frame)
{
    size_t used = 4 + frame->length;
    memmove(line->in, line->in + used, line->length - used);
    line->length -= used;
}

/* ---- connections ----------------------------------------------------------------------------- */

static void hang_up(struct line *line)
{
    if (line->fd >= 0)
        close(line->fd);
    *line = (struct line){.fd = -1};
}

/* True: something has come, or there is room. */
static bool waits_for(const struct line *line, short events, int64_t ms)
{
    struct pollfd waiting = {.fd = line->fd, .events = events};
    return poll(&waiting, 1, ms > 0 ? (int)ms : 0) > 0;
}

static bool has_dialled(struct line *line, int server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
    address.sin_addr.s_addr = htonl(10u << 24 | (unsigned)server);
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        return false;
    int flags = fcntl(line->fd, F_GETFL);
    fcntl(line->fd, F_SETFL, flags | O_NONBLOCK);
    if (connect(line->fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return true;
    if (errno != EINPROGRESS || !waits_for(line, POLLOUT, CONNECT_MS))
        return false;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static bool takes_connect_response(struct seat *seat, struct frame in)
{
    struct connect_response response;
    if (!get_connect_response(seat, &in, &response))
        return false;
    clients_connected(seat->clients, seat->client, response.session_id, response.passwd,
                      response.granted_ms, response.read_only, now_ms());
    return response.granted_ms > 0 && seat->client->dial == DIAL_AS_USUAL;
}

/* False: nobody answers, or the session is over. */
static bool has_connected(struct seat *seat)
{
    struct writing request;
    struct frame frame;
    const int64_t deadline_ms = now_ms() + CONNECT_MS;
    clients_dials(seat->clients, seat->client);
    put_connect_request(&request, seat->client);
    if (!has_dialled(&seat->line, clients_server(seat->clients, seat->client)) ||
        !send_frame(&seat->line, &request))
        return false;
    while (!next_frame(&seat->line, &frame)) {
        int64_t left_ms = deadline_ms - now_ms();
        if (left_ms <= 0)
            return false;
        if (waits_for(&seat->line, POLLIN, left_ms) && !read_more(&seat->line))
            return false;
    }
    bool valid = takes_connect_response(seat, frame);
    drop_frame(&seat->line, &frame);
    return valid;
}

/* The session has moved, and its old server may not know. */
static void speak_on_the_old_one(struct seat *seat)
{
    struct client_request request;
    struct writing frame;
    if (seat->old.fd < 0)
        return;
    if (seat->client->session_id == seat->old_session) {
        clients_stray(seat->clients, seat->client, seat->old_connection, seat->old_server,
                      &request);
        put_request(&frame, &request);
        clients_sends(seat->clients, seat->client, &request, frame.length - LENGTH_SIZE);
        (void)send_frame(&seat->old, &frame);
        (void)waits_for(&seat->old, POLLIN, BETWEEN_CONNECTS_MS);
    }
    hang_up(&seat->old);
}

/* False: the connection is broken. */
static bool take_what_came(struct seat *seat)
{
    struct frame frame;
    bool alive = read_more(&seat->line);
    while (next_frame(&seat->line, &frame)) {
        if (!take_frame(seat, frame))
            return false;
        drop_frame(&seat->line, &frame);
    }
    return alive;
}

static bool send_ping(struct line *line)
{
    struct writing ping = {.length = 4};
    put_int(&ping, XID_PING);
    put_int(&ping, OP_CODE_PING);
    return send_frame(line, &ping);
}

/* Until something makes it go: its connection, its patience, or its own wish. */
static void talk(struct seat *seat)
{
    struct clients *clients = seat->clients;
    struct client *client = seat->client;
    struct client_request request;
    struct writing frame;
    int64_t next_ms = now_ms();
    int64_t ping_ms = next_ms + client->granted_ms / 3;
    while (client->session_id != 0 && !clients_wants_to_go(clients, client)) {
        int64_t now = now_ms();
        if (now - client->heard_ms > client->granted_ms * 2 / 3)
            return;
        if (now >= next_ms && clients_next(clients, client, &request)) {
            put_request(&frame, &request);
            clients_sends(clients, client, &request, frame.length - LENGTH_SIZE);
            if (!send_frame(&seat->line, &frame))
                return;
            next_ms = now + clients_pause_ms(clients, client);
            ping_ms = now + client->granted_ms / 3;
            continue;
        }
        if (now >= ping_ms)
            clients_pings(clients, client);
        if (now >= ping_ms && !send_ping(&seat->line))
            return;
        if (now >= ping_ms)
            ping_ms = now + client->granted_ms / 3;
        int64_t until_ms = next_ms > now && next_ms < ping_ms ? next_ms : ping_ms;
        int64_t rest_ms = until_ms - now < LONGEST_POLL_MS ? until_ms - now : LONGEST_POLL_MS;
        if (waits_for(&seat->line, POLLIN, rest_ms > 0 ? rest_ms : 1) && !take_what_came(seat))
            return;
    }
}

/* It goes of its own will, and perhaps leaves its connection open. */
static void leave(struct seat *seat)
{
    struct client *client = seat->client;
    const bool by_choice = client->session_id != 0 && client->connection != 0 &&
                           client->under_way_count == 0 && !client->closing;
    hang_up(&seat->old);
    if (by_choice && clients_keeps_old(seat->clients)) {
        seat->old = seat->line;
        seat->old_connection = client->connection;
        seat->old_server = client->server;
        seat->old_session = client->session_id;
        seat->line = (struct line){.fd = -1};
    }
    hang_up(&seat->line);
    clients_dropped(seat->clients, client);
}

static void *play_client(void *arg)
{
    struct seat *seat = arg;
    pthread_setname_np(pthread_self(), "client");
    while (!clients_is_done(seat->clients, seat->client)) {
        if (has_connected(seat)) {
            speak_on_the_old_one(seat);
            talk(seat);
        } else {
            sleep_ms(BETWEEN_CONNECTS_MS);
        }
        leave(seat);
    }
    hang_up(&seat->old);
    return NULL;
}

int clients_main(int host, void *arg)
{
    struct clients *clients = arg;
    struct seat *seats[CLIENTS_MAX] = {0};
    for (int i = 0; i < clients->count; i++) {
        if (clients->clients[i].host != host)
            continue;
        seats[i] = calloc(1, sizeof *seats[i]);
        if (seats[i] == NULL)
            return 1;
        seats[i]->clients = clients;
        seats[i]->client = &clients->clients[i];
        seats[i]->line.fd = -1;
        seats[i]->old.fd = -1;
        while (pthread_create(&seats[i]->thread, NULL, play_client, seats[i]) != 0)
            sleep_ms(1);
    }
    for (int i = 0; i < clients->count; i++) {
        if (seats[i] == NULL)
            continue;
        pthread_join(seats[i]->thread, NULL);
        free(seats[i]);
    }
    return 0;
}
