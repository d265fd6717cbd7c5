/* Events as lines of JSON. */
#include "zk/runtime/trace.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/context_internal.h"
#include "runtime/write_line.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

bool zk_trace_on(const struct zk_context *ctx)
{
    return ctx->options.trace_fd >= 0 && !ctx->options.trace_brief;
}

/* Returns whether there is a trace at all, be it the brief one. */
static bool trace_any(const struct zk_context *ctx)
{
    return ctx->options.trace_fd >= 0;
}

/* The longest of the names, and what stands around it. */
enum { FIELD_SIZE = 40 };

/* ---- a line ---------------------------------------------------------------------------------- */

/* Each adds ,"name":value. A line has some ten of them, so the name and what stands around it,
 * with the beginning of the value, are appended at once. */
static void field_name(struct zk_str *line, const char *name, const char *beginning)
{
    char piece[FIELD_SIZE] = ",\"";
    const size_t length = strlen(name);
    const size_t more = strlen(beginning);
    zk_assert(length + more + 4 <= sizeof piece);
    memcpy(piece + 2, name, length);
    memcpy(piece + 2 + length, "\":", 2);
    memcpy(piece + 4 + length, beginning, more);
    zk_str_append_bytes(line, piece, length + more + 4);
}

static void field_text(struct zk_str *line, const char *name, const char *text)
{
    field_name(line, name, "\"");
    zk_str_append_json(line, text != NULL ? text : "");
    zk_str_append(line, "\"");
}

static void field_number(struct zk_str *line, const char *name, int64_t value)
{
    field_name(line, name, "");
    zk_str_append_long(line, value);
}

static void field_hex(struct zk_str *line, const char *name, int64_t value)
{
    field_name(line, name, "\"0x");
    zk_str_append_hex(line, value);
    zk_str_append(line, "\"");
}

/* json is a value that stands ready; NULL: the event has no such field. */
static void field_json(struct zk_str *line, const char *name, const char *json)
{
    if (json == NULL)
        return;
    field_name(line, name, "");
    zk_str_append(line, json);
}

/* Begins the line of an event, up to its fields. From here to trace_end() no other thread writes,
 * so that lines do not mix and their order is that of t. */
static struct zk_str *trace_begin(struct zk_context *ctx, const char *ev) ACQUIRES(&ctx->trace_mu)
{
    char thread[ZK_THREAD_NAME_SIZE];
    zk_thread_name(ctx, thread, sizeof thread);

    zk_mutex_lock(&ctx->trace_mu);
    struct zk_str *line = &ctx->trace_line;
    zk_str_clear(line);
    if (ctx->trace_torn)
        zk_str_append(line, "\n");   /* what follows a torn line is a line of its own */
    zk_str_append(line, "{\"v\":1"); /* the format */
    field_number(line, "t", zk_elapsed_us() - ctx->start_us);
    field_number(line, "n", zk_context_myid(ctx));
    field_text(line, "th", thread);
    field_text(line, "ev", ev);
    return line;
}

static void trace_end(struct zk_context *ctx) RELEASES(&ctx->trace_mu)
{
    struct zk_str *line = &ctx->trace_line;
    zk_str_append(line, "}\n");
    ctx->trace_torn = !zk_write_line(ctx->options.trace_fd, line->text, line->length);
    zk_mutex_unlock(&ctx->trace_mu);
}

/* ---- events ---------------------------------------------------------------------------------- */

void zk_trace_boot(struct zk_context *ctx, const char *version)
{
    if (!trace_any(ctx))
        return;
    const int64_t wall_ms = zk_wall_ms();
    struct zk_str *line = trace_begin(ctx, "boot");
    field_number(line, "wall", wall_ms);
    field_text(line, "version", version);
    trace_end(ctx);
}

void zk_trace_exit(struct zk_context *ctx, int code, const char *why)
{
    if (!trace_any(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "exit");
    field_number(line, "code", code);
    field_text(line, "why", why);
    trace_end(ctx);
}

void zk_trace_state(struct zk_context *ctx, const char *state, const char *why)
{
    if (!trace_any(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "state");
    field_text(line, "s", state);
    field_text(line, "why", why);
    trace_end(ctx);
}

void zk_trace_vote(struct zk_context *ctx, int64_t leader, int64_t zxid, int64_t peer_epoch,
                   int64_t round, const char *why)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "vote");
    field_number(line, "leader", leader);
    field_hex(line, "zxid", zxid);
    field_number(line, "epoch", peer_epoch);
    field_number(line, "r", round);
    field_text(line, "why", why);
    trace_end(ctx);
}

void zk_trace_tally(struct zk_context *ctx, int64_t leader, const int64_t *have, size_t have_count,
                    bool quorum)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "tally");
    field_number(line, "leader", leader);
    field_name(line, "have", "");
    zk_str_append(line, "[");
    for (size_t i = 0; i < have_count; i++)
        zk_str_printf(line, "%s%" PRId64, i > 0 ? "," : "", have[i]);
    zk_str_append(line, "]");
    field_json(line, "quorum", quorum ? "true" : "false");
    trace_end(ctx);
}

void zk_trace_wait(struct zk_context *ctx, int64_t ms, const char *why)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "wait");
    field_number(line, "ms", ms);
    field_text(line, "why", why);
    trace_end(ctx);
}

void zk_trace_decide(struct zk_context *ctx, int64_t leader, int64_t round, const char *why)
{
    if (!trace_any(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "decide");
    field_number(line, "leader", leader);
    field_number(line, "r", round);
    field_text(line, "why", why);
    trace_end(ctx);
}

void zk_trace_conn(struct zk_context *ctx, const char *what, int64_t peer, const char *conn,
                   const char *why)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "conn");
    field_text(line, "what", what);
    field_number(line, "peer", peer);
    field_text(line, "conn", conn);
    field_text(line, "why", why);
    trace_end(ctx);
}

static void trace_message(struct zk_context *ctx, const char *ev, const char *end, int64_t peer,
                          const char *conn, int64_t seq, const char *kind, const char *message)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, ev);
    field_number(line, end, peer);
    field_text(line, "conn", conn);
    field_number(line, "seq", seq);
    field_text(line, "kind", kind);
    field_json(line, "m", message);
    trace_end(ctx);
}

void zk_trace_send(struct zk_context *ctx, int64_t to, const char *conn, int64_t seq,
                   const char *kind, const char *message)
{
    trace_message(ctx, "send", "to", to, conn, seq, kind, message);
}

void zk_trace_recv(struct zk_context *ctx, int64_t from, const char *conn, int64_t seq,
                   const char *kind, const char *message)
{
    trace_message(ctx, "recv", "from", from, conn, seq, kind, message);
}

void zk_trace_enq(struct zk_context *ctx, const char *queue, int64_t seq, size_t length,
                  int64_t dropped)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "enq");
    field_text(line, "q", queue);
    field_number(line, "seq", seq);
    field_number(line, "len", (int64_t)length);
    field_number(line, "dropped", dropped);
    trace_end(ctx);
}

void zk_trace_deq(struct zk_context *ctx, const char *queue, int64_t seq, size_t length)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "deq");
    field_text(line, "q", queue);
    field_number(line, "seq", seq);
    field_number(line, "len", (int64_t)length);
    trace_end(ctx);
}

void zk_trace_phase(struct zk_context *ctx, const char *phase)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "phase");
    field_text(line, "phase", phase);
    trace_end(ctx);
}

void zk_trace_epoch(struct zk_context *ctx, const char *which, int64_t value)
{
    if (!trace_any(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "epoch");
    field_text(line, "which", which);
    field_number(line, "value", value);
    trace_end(ctx);
}

void zk_trace_established(struct zk_context *ctx, int64_t leader, int64_t epoch)
{
    if (!trace_any(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "established");
    field_number(line, "leader", leader);
    field_number(line, "epoch", epoch);
    trace_end(ctx);
}

void zk_trace_txn(struct zk_context *ctx, const char *step, int64_t zxid, int64_t peer,
                  const char *why)
{
    if (!trace_any(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "txn");
    field_text(line, "step", step);
    field_hex(line, "zxid", zxid);
    field_number(line, "peer", peer);
    field_text(line, "why", why);
    trace_end(ctx);
}

void zk_trace_sync(struct zk_context *ctx, int64_t peer, const char *mode, int64_t from_zxid,
                   int64_t to_zxid, const char *why)
{
    if (!trace_any(ctx))
        return;
    struct zk_str *line = trace_begin(ctx, "sync");
    field_number(line, "peer", peer);
    field_text(line, "mode", mode);
    field_hex(line, "from_zxid", from_zxid);
    field_hex(line, "to_zxid", to_zxid);
    field_text(line, "why", why);
    trace_end(ctx);
}

/* ---- clients --------------------------------------------------------------------------------- */

static struct zk_str *trace_client_begin(struct zk_context *ctx, const char *ev,
                                         const struct zk_trace_client *client)
    ACQUIRES(&ctx->trace_mu)
{
    struct zk_str *line = trace_begin(ctx, ev);
    field_hex(line, "session", client->session);
    field_text(line, "addr", client->address);
    return line;
}

void zk_trace_session(struct zk_context *ctx, const char *what,
                      const struct zk_trace_client *client, int64_t timeout_ms, const char *why)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_client_begin(ctx, "session", client);
    field_text(line, "what", what);
    field_number(line, "ms", timeout_ms);
    field_text(line, "why", why);
    trace_end(ctx);
}

void zk_trace_request(struct zk_context *ctx, const struct zk_trace_client *client,
                      const struct zk_trace_question *question)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_client_begin(ctx, "request", client);
    field_number(line, "xid", question->xid);
    field_text(line, "op", question->op);
    field_text(line, "path", question->path);
    if (question->data != NULL)
        field_text(line, "data", question->data);
    if (question->how != NULL)
        field_text(line, "how", question->how);
    trace_end(ctx);
}

void zk_trace_reply(struct zk_context *ctx, const struct zk_trace_client *client,
                    const struct zk_trace_answer *answer)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_client_begin(ctx, "reply", client);
    field_number(line, "xid", answer->xid);
    field_text(line, "op", answer->op);
    field_hex(line, "zxid", answer->zxid);
    field_number(line, "err", answer->err);
    if (answer->data != NULL)
        field_text(line, "data", answer->data);
    trace_end(ctx);
}

void zk_trace_watch(struct zk_context *ctx, const struct zk_trace_client *client, const char *what,
                    const char *path)
{
    if (!zk_trace_on(ctx))
        return;
    struct zk_str *line = trace_client_begin(ctx, "watch", client);
    field_text(line, "what", what);
    field_text(line, "path", path);
    trace_end(ctx);
}
