/* The traces of clients. No thread and no lock of its own. */
#include "zk/server/server_cnxn_trace.h"

#include <inttypes.h>

#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/runtime/trace.h"
#include "zk/server/request.h"
#include "zk/watch/watcher.h"

/* How many bytes of data, or of a list of children, are shown, and how many of a path. In the
 * stories each node's data is a word; paths are longer. */
enum { DATA_SHOWN = 40, PATH_SHOWN = 200, DEL = 0x7f };

/* Returns whether lines are written about this connection. One that is no client's may have no
 * context. */
static bool is_traced(const struct zk_context *ctx, const struct server_cnxn *cnxn)
{
    return ctx != NULL && zk_trace_on(ctx) && cnxn != NULL && cnxn->remote_address != NULL;
}

/* The address as everywhere in a trace, without Java's slash. */
static struct zk_trace_client client_with(const struct server_cnxn *cnxn, int64_t session_id)
{
    const char *address = cnxn->remote_address;
    return (struct zk_trace_client){.session = session_id, .address = address + (*address == '/')};
}

static struct zk_trace_client client_of(const struct server_cnxn *cnxn)
{
    return client_with(cnxn, cnxn->session_id);
}

/* ---- what is shown --------------------------------------------------------------------------- */

/* Appends bytes as text, at most so many of them. */
static void append_shown(struct zk_str *str, const uint8_t *bytes, size_t length, size_t most)
{
    for (size_t i = 0; i < length && i < most; i++) {
        bool is_control = bytes[i] < ' ' || bytes[i] == DEL;
        zk_str_append_bytes(str, is_control ? "?" : (const char *)&bytes[i], 1);
    }
    if (length > most)
        zk_str_append(str, "...");
}

/* Takes a text or a buffer. Returns false if there is none. */
static bool take_shown(struct buf_reader *reader, struct zk_str *str, size_t most)
{
    int32_t length;
    const uint8_t *bytes;
    if (buf_get_int(reader, &length) < 0 || length < 0 ||
        buf_get_view(reader, (size_t)length, &bytes) < 0)
        return false;
    append_shown(str, bytes, (size_t)length, most);
    return true;
}

static bool take_children(struct buf_reader *reader, struct zk_str *str)
{
    int32_t count;
    if (buf_get_int(reader, &count) < 0)
        return false;
    for (int32_t i = 0; i < count && str->length < DATA_SHOWN; i++) {
        if (i > 0)
            zk_str_append(str, " ");
        if (!take_shown(reader, str, DATA_SHOWN))
            return false;
    }
    return true;
}

static bool begins_with_path(int32_t type)
{
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_DELETE:
    case OP_CODE_EXISTS:
    case OP_CODE_GET_DATA:
    case OP_CODE_SET_DATA:
    case OP_CODE_GET_ACL:
    case OP_CODE_SET_ACL:
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_CHILDREN2:
    case OP_CODE_SYNC:
    case OP_CODE_CHECK_WATCHES:
    case OP_CODE_REMOVE_WATCHES:
    case OP_CODE_ADD_WATCH:
        return true;
    default:
        return false;
    }
}

/* Returns whether the data of a node stand behind the path. */
static bool carries_data(int32_t type)
{
    return type == OP_CODE_CREATE || type == OP_CODE_CREATE2 || type == OP_CODE_CREATE_CONTAINER ||
           type == OP_CODE_CREATE_TTL || type == OP_CODE_SET_DATA;
}

/* Passes over the list of rights of a new node. */
static bool skip_acl(struct buf_reader *reader)
{
    int32_t count;
    int32_t perms;
    struct zk_str unused = {0};
    bool is_whole = buf_get_int(reader, &count) == 0;
    for (int32_t i = 0; is_whole && i < count; i++)
        is_whole = buf_get_int(reader, &perms) == 0 && take_shown(reader, &unused, 0) &&
                   take_shown(reader, &unused, 0);
    zk_str_done(&unused);
    return is_whole;
}

/* Returns what else a request says: that a read sets a watch, or of what kind a new node is; NULL:
 * nothing. The reader is behind the path, or behind the data. */
static const char *take_how(struct buf_reader *reader, int32_t type)
{
    static const char *const modes[] = {NULL, "ephemeral", "sequential", "ephemeral sequential"};
    int32_t flags;
    switch (type) {
    case OP_CODE_EXISTS:
    case OP_CODE_GET_DATA:
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_CHILDREN2:
        return reader->position < reader->length && reader->bytes[reader->position] != 0 ? "watch"
                                                                                         : NULL;
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
        if (skip_acl(reader) && buf_get_int(reader, &flags) == 0 && flags >= 0 && flags <= 3)
            return modes[flags];
        return NULL;
    default:
        return NULL;
    }
}

/* Appends what an answer says: the path that a node has got, its data, or its children. Returns
 * false if it says none of these. */
static bool take_answer(struct buf_reader *reader, int32_t type, struct zk_str *str)
{
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE_TTL:
        return take_shown(reader, str, PATH_SHOWN);
    case OP_CODE_GET_DATA:
        return take_shown(reader, str, DATA_SHOWN);
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_CHILDREN2:
        return take_children(reader, str);
    default:
        return false;
    }
}

/* ---- requests and answers -------------------------------------------------------------------- */

void server_cnxn_trace_connect_request(struct zk_context *ctx, const struct server_cnxn *cnxn,
                                       int64_t session_id, int32_t timeout_ms)
{
    if (!is_traced(ctx, cnxn))
        return;
    struct zk_trace_client client = client_with(cnxn, session_id);
    struct zk_str text = {0};
    zk_str_printf(&text, "%" PRId32 " ms", timeout_ms);
    struct zk_trace_question question = {
        .op = op_code_name(OP_CODE_CREATE_SESSION), .path = "", .data = zk_str_text(&text)};
    zk_trace_request(ctx, &client, &question);
    zk_str_done(&text);
}

void server_cnxn_trace_packet(const struct server_cnxn *cnxn, int32_t xid, int32_t type,
                              const uint8_t *body, size_t length)
{
    if (!is_traced(cnxn->ctx, cnxn))
        return;
    struct zk_trace_client client = client_of(cnxn);
    struct buf_reader reader = {.bytes = body, .length = length};
    struct zk_str path = {0};
    struct zk_str data = {0};
    bool has_path = begins_with_path(type) && take_shown(&reader, &path, PATH_SHOWN);
    bool has_data = has_path && carries_data(type) && take_shown(&reader, &data, DATA_SHOWN);
    struct zk_trace_question question = {
        .xid = xid,
        .op = op_code_name(type),
        .path = zk_str_text(&path),
        .data = has_data ? zk_str_text(&data) : NULL,
        .how = has_path ? take_how(&reader, type) : NULL,
    };
    zk_trace_request(cnxn->ctx, &client, &question);
    zk_str_done(&path);
    zk_str_done(&data);
}

void server_cnxn_trace_response(struct zk_context *ctx, const struct request *request,
                                const struct reply_header *header, const struct buf *body)
{
    if (!is_traced(ctx, request->cnxn))
        return;
    struct zk_trace_client client = client_of(request->cnxn);
    struct buf_reader reader = body != NULL ? buf_reader_of(body) : (struct buf_reader){0};
    struct zk_str data = {0};
    bool has_data = header->err == 0 && take_answer(&reader, request->type, &data);
    struct zk_trace_answer answer = {
        .xid = header->xid,
        .op = op_code_name(request->type),
        .zxid = header->zxid,
        .err = header->err,
        .data = has_data ? zk_str_text(&data) : NULL,
    };
    zk_trace_reply(ctx, &client, &answer);
    zk_str_done(&data);
}

void server_cnxn_trace_event(const struct server_cnxn *cnxn, const struct watched_event *event)
{
    static const char *const words[] = {
        [WATCHER_EVENT_NODE_CREATED] = "created",
        [WATCHER_EVENT_NODE_DELETED] = "deleted",
        [WATCHER_EVENT_NODE_DATA_CHANGED] = "changed",
        [WATCHER_EVENT_NODE_CHILDREN_CHANGED] = "children",
    };
    if (!is_traced(cnxn->ctx, cnxn))
        return;
    struct zk_trace_client client = client_of(cnxn);
    struct zk_str path = {0};
    append_shown(&path, (const uint8_t *)event->path.text, event->path.length, PATH_SHOWN);
    bool is_known = event->type >= WATCHER_EVENT_NODE_CREATED &&
                    event->type <= WATCHER_EVENT_NODE_CHILDREN_CHANGED;
    zk_trace_watch(cnxn->ctx, &client, is_known ? words[event->type] : "removed",
                   zk_str_text(&path));
    zk_str_done(&path);
}

/* ---- sessions -------------------------------------------------------------------------------- */

void server_cnxn_trace_session_init(struct zk_context *ctx, const struct server_cnxn *cnxn,
                                    bool valid)
{
    if (!is_traced(ctx, cnxn))
        return;
    struct zk_trace_client client = client_of(cnxn);
    if (valid)
        zk_trace_session(ctx, "opened", &client, cnxn->session_timeout_ms,
                         "from now on this server speaks for the session");
    else
        zk_trace_session(ctx, "refused", &client, 0,
                         "there is no such session, or the password is another one");
}

void server_cnxn_trace_barred(struct zk_context *ctx, const struct server_cnxn *cnxn,
                              int64_t session_id)
{
    if (!is_traced(ctx, cnxn))
        return;
    struct zk_trace_client client = client_with(cnxn, session_id);
    zk_trace_session(ctx, "barred", &client, 0, "this server takes no such client now");
}

void server_cnxn_trace_close(const struct server_cnxn *cnxn, int64_t session_id, int32_t timeout_ms,
                             enum disconnect_reason reason)
{
    static const char *const reasons[] = {
        [DISCONNECT_REASON_UNKNOWN] = "the server serves nobody on it any more",
        [DISCONNECT_REASON_CLIENT_CLOSED_SESSION] = "the server has said its last word",
        [DISCONNECT_REASON_SERVER_SHUTDOWN] = "the server has no leader, so it serves nobody",
        [DISCONNECT_REASON_IO_EXCEPTION_IN_SESSION_INIT] = "the first frame cannot be read",
        [DISCONNECT_REASON_CLIENT_RECONNECT] = "the session goes on over another connection",
        [DISCONNECT_REASON_CONNECTION_EXPIRED] = "nothing was heard on it for too long",
        [DISCONNECT_REASON_CLIENT_CLOSED_CONNECTION] = "it ended at the client's side",
        [DISCONNECT_REASON_IO_EXCEPTION] = "it has failed",
    };
    if (session_id == 0 || !is_traced(cnxn->ctx, cnxn))
        return;
    struct zk_trace_client client = client_with(cnxn, session_id);
    zk_trace_session(cnxn->ctx, "left", &client, timeout_ms, reasons[reason]);
}

void server_cnxn_trace_expire(struct zk_context *ctx, int64_t session_id, int32_t timeout_ms)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_trace_client client = {.session = session_id, .address = ""};
    zk_trace_session(ctx, "expired", &client, timeout_ms,
                     "no server has heard from the client for the whole timeout");
}
