/* What servers limit, and what they leave out: they refuse what has waited for long, close the
 * connection of a frame that is too long, may not make a local session global, know no SASL, and
 * take a createSession of a client. Each comes in one seed of ten or so, and is drawn from a stream
 * of its own: all other seeds stay as they are.
 *
 * The rules for the answers stand here, too. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients_check.h"
#include "text.h"
#include "world.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"

enum {
    FLAG_EPHEMERAL = 1,
    SERVER_AT = 56, /* in the id of a session */
    RARELY = 10,
    REOPENING_XID = -1000, /* and below: so nobody counts it as under way */
};

static uint64_t draw(struct clients *clients, uint64_t bound)
{
    return clients_draw_from(&clients->further, bound);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* A request waits while so many are in the processors, and not for longer than that. */
static void draw_throttle(struct clients *clients, char *lines, size_t size)
{
    clients->throttles = world_random_apart(RARELY) == 0;
    const int most = 1 + (int)world_random_apart(2);
    const int wait_ms = 1 + (int)world_random_apart(30);
    const bool drops_stale = world_random_apart(2) == 0;
    const bool drops_late = world_random_apart(2) == 0;
    if (clients->throttles)
        text_append(lines, size,
                    "request_throttle_max_requests=%d\nrequest_throttle_stall_time=20\n"
                    "throttled_op_wait_time=%d\nrequest_throttle_drop_stale=%s\n"
                    "request_stale_latency_check=%s\n",
                    most, wait_ms, drops_stale ? "true" : "false", drops_late ? "true" : "false");
}

const char *clients_draw_limits(struct clients *clients)
{
    static const struct {
        int32_t bytes;
        const char *text;
    } frames[] = {{64, "64"}, {80, "80"}, {100, "100"}, {150, "150"}};
    static char lines[400];
    lines[0] = '\0';
    draw_throttle(clients, lines, sizeof lines);
    clients->stays_local = world_random_apart(4) == 0 && clients->local;
    if (clients->stays_local)
        text_append(lines, sizeof lines, "localSessionsUpgradingEnabled=false\n");
    clients->asks_for_sasl = world_random_apart(RARELY) == 0;
    clients->reopens = world_random_apart(6) == 0 && !clients->local;
    const bool cuts = world_random_apart(RARELY) == 0;
    const size_t frame = world_random_apart(sizeof frames / sizeof *frames);
    clients->frame_max = cuts ? frames[frame].bytes : 0;
    clients->frame_text = frames[frame].text;
    const bool crowds = world_random_apart(RARELY) == 0;
    const int most = 1 + (int)world_random_apart(2);
    clients->connections_max = crowds ? most : 0;
    if (crowds)
        text_append(lines, sizeof lines, "maxClientCnxns=%d\n", most);
    clients->further = world_random_apart(UINT64_MAX);
    return lines;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* It is answered at once, before what is under way. A token must be there, though nobody looks at
 * it: without one the connection ends. */
static void draw_sasl(struct clients *clients, struct client *client,
                      struct client_request *request)
{
    request->op.type = OP_CODE_SASL;
    request->is_ruinous = draw(clients, 6) == 0;
    client->is_done_for = request->is_ruinous;
}

/* The session gets its timeout anew; without one in the request nothing happens. */
static void draw_reopening(struct clients *clients, struct client *client,
                           struct client_request *request)
{
    request->op.type = OP_CODE_CREATE_SESSION;
    request->mode = draw(clients, 4) == 0 ? 0 : client->granted_ms;
    client->over_in = 0; /* it begins anew, whatever its leader has said */
}

static void draw_ephemeral(struct clients *clients, struct load_op *op)
{
    const bool alone = draw(clients, 3) != 0;
    op->part_count = alone ? 1 : 2;
    for (int i = 0; i < op->part_count; i++) {
        struct load_part *part = &op->parts[i];
        *part = (struct load_part){.type = OP_CODE_CREATE, .version = -1};
        text_copy(part->path, LOAD_PATH_SIZE, i == 0 ? "/c" : "/b/x");
        snprintf(part->data, sizeof part->data, "mine%d", (int)draw(clients, 1000));
        part->flags = i == op->part_count - 1 ? FLAG_EPHEMERAL : 0;
    }
    op->type = alone ? OP_CODE_CREATE : OP_CODE_MULTI;
}

bool clients_draw_limited(struct clients *clients, struct client *client,
                          struct client_request *ret_request)
{
    *ret_request = (struct client_request){.op.part_count = 1};
    if (clients->asks_for_sasl && client->under_way_count == 0 && draw(clients, 8) == 0)
        draw_sasl(clients, client, ret_request);
    else if (clients->reopens && !client->read_only && draw(clients, 15) == 0)
        draw_reopening(clients, client, ret_request);
    else if (clients->stays_local && draw(clients, 12) == 0)
        draw_ephemeral(clients, &ret_request->op);
    else
        return false;
    return true;
}

int32_t clients_xid_of(const struct client_request *request, int32_t next_xid)
{
    return request->op.type == OP_CODE_CREATE_SESSION ? REOPENING_XID - next_xid : next_xid;
}

/* The servers close the connection before they have read it. */
void clients_sends(struct clients *clients, struct client *client,
                   const struct client_request *sent, size_t length)
{
    if (clients->frame_max == 0 || length <= (size_t)clients->frame_max)
        return;
    for (size_t i = 0; i < clients->call_count; i++) {
        struct client_call *call = &clients->calls[clients->call_count - 1 - i];
        if (call->request.op.cxid != sent->op.cxid || call->session_id != client->session_id)
            continue;
        call->request.is_ruinous = true;
        break;
    }
    clients->too_long++;
    if (sent->op.cxid >= STRAY_XID)
        return;
    client->is_done_for = true;
    if (sent->watch_count > 0) /* it would never get beyond that */
        client->watch_count = 0;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The answer has no header: its zxid is not older than its transaction's. */
void clients_reopened(struct clients *clients, struct client *client, int64_t session_id,
                      const uint8_t *passwd, int32_t granted_ms, int64_t now_ms)
{
    const struct client_call *call = &clients->calls[client->under_way[0]];
    const struct history_txn *txn =
        history_of_request(clients->history, client->session_id, call->request.op.cxid);
    bool same = session_id == client->session_id && granted_ms == client->granted_ms;
    for (int i = 0; i < LOAD_PASSWD_SIZE; i++)
        same = same && passwd[i] == client->passwd[i];
    if (!same)
        world_fail("I20: session 0x%" PRIx64 " begins once more, and as another one",
                   (uint64_t)client->session_id);
    if (txn == NULL)
        world_fail("I13: session 0x%" PRIx64 " has begun once more, which is not committed",
                   (uint64_t)client->session_id);
    const struct client_reply reply = {
        .xid = call->request.op.cxid, .zxid = txn->zxid, .begins_session = true};
    clients->reopened++;
    clients_answered(clients, client, &reply, now_ms);
}

static int count_bits(uint32_t bits)
{
    int count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* It was connected before the other one dialled, and has sent behind the other's connection what is
 * answered here: so its server had both. */
void clients_count_connections(struct clients *clients, const struct client *client,
                               const struct client_call *answered)
{
    if (clients->connections_max == 0)
        return;
    for (int i = 0; i < clients->count; i++) {
        struct client *other = &clients->clients[i];
        if (other == client || other->connection == 0 || other->host != client->host ||
            other->server != client->server || other->dialled_ms <= client->connected_ms ||
            answered->sent_ms <= other->connected_ms)
            continue;
        other->beside |= 1U << (client - clients->clients);
        if (count_bits(other->beside) >= clients->connections_max)
            world_fail("I26: server %d takes a connection of host %d, which has %d there",
                       other->server, other->host, count_bits(other->beside));
    }
}

/* Nothing is done for it, not even an error's transaction. Sessions begin and end however long that
 * waits. */
static void check_throttled(const struct clients *clients, const struct client_call *call)
{
    const int32_t type = call->request.op.type;
    if (!clients->throttles)
        clients_fail_call("I26", call, "its server refuses nobody who has waited");
    if (type == OP_CODE_CREATE_SESSION || type == OP_CODE_CLOSE_SESSION || type == OP_CODE_SASL)
        clients_fail_call("I26", call, "it may wait as long as it must");
    if (history_of_request(clients->history, call->session_id, call->request.op.cxid) != NULL)
        clients_fail_call("I26", call, "it has waited for too long, and there is a transaction");
    if (call->read_only && (client_type_writes(type) || type == OP_CODE_SYNC))
        clients_fail_call("I24", call, "its server has no quorum");
}

static void check_sasl(const struct client_call *call)
{
    if (call->reply.err != 0 || call->reply.zxid != 0)
        clients_fail_call("I26", call, "nobody looks at its token, at no time");
}

/* Without a timeout in it, it cannot be read. */
static void check_reopening(const struct clients *clients, const struct client_call *call)
{
    const struct history_txn *txn =
        history_of_request(clients->history, call->session_id, call->request.op.cxid);
    const int32_t expected =
        call->request.mode == 0 ? KEEPER_CODE_MARSHALLINGERROR : KEEPER_CODE_OK;
    if (call->reply.err != expected || call->reply.begins_session != (expected == KEEPER_CODE_OK))
        clients_fail_call("I20", call, "its session begins anew, if it has a timeout");
    if (txn == NULL || (txn->type == OP_CODE_CREATE_SESSION) != (expected == KEEPER_CODE_OK))
        clients_fail_call("I13", call, "it is not committed so");
    if (txn->zxid <= call->write_floor)
        clients_fail_call("I17", call, "a write that was acknowledged before it is not before it");
    if (expected != KEEPER_CODE_OK && txn->zxid != call->reply.zxid)
        clients_fail_call("I15", call, "its transaction has another zxid");
}

bool clients_makes_ephemeral(const struct load_part *part)
{
    return (part->type == OP_CODE_CREATE || part->type == OP_CODE_CREATE2) &&
           (part->flags & FLAG_EPHEMERAL) != 0;
}

/* In a multi the leader's word counts, and it knows only its own clients' local sessions. */
int32_t clients_word_on_local(const struct clients *clients, const struct client_call *call)
{
    const int64_t server = call->session_id >> SERVER_AT;
    return history_leader_of(clients->history, call->reply.zxid >> 32) == server
               ? KEEPER_CODE_EPHEMERALONLOCALSESSION
               : KEEPER_CODE_SESSIONEXPIRED;
}

/* A session that stays local gets no node of its own: its server refuses it, whatever the leader
 * makes of it. */
static void check_local(const struct clients *clients, const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    if (call->reply.err == KEEPER_CODE_EPHEMERALONLOCALSESSION && !clients->stays_local)
        clients_fail_call("I26", call, "its session may become global");
    if (clients->stays_local && clients_makes_ephemeral(&op->parts[0]) &&
        op->type != OP_CODE_MULTI && call->reply.err == KEEPER_CODE_SESSIONEXPIRED)
        clients_fail_call("I26", call, "its session is not over, but local");
}

static bool has_ended_before(const struct history *history, int64_t session, int64_t zxid)
{
    for (size_t i = 0; i < history->committed_count && history->committed[i] < zxid; i++) {
        const struct history_txn *txn = history_find(history, history->committed[i]);
        if (txn != NULL && txn->session == session && txn->type == OP_CODE_CLOSE_SESSION)
            return true;
    }
    return false;
}

/* Where sessions are their servers' own, a leader lets those pass that it does not know, unless it
 * has made them itself (Java: LeaderSessionTracker.checkSession()): they may be local to another
 * server. One that is over looks the same to it. */
bool clients_seems_local(const struct clients *clients, const struct history_txn *txn)
{
    const int leader = history_leader_of(clients->history, txn->zxid >> 32);
    return clients->local && leader != 0 && txn->session >> SERVER_AT != leader &&
           has_ended_before(clients->history, txn->session, txn->zxid);
}

bool clients_check_limits(const struct clients *clients, const struct client_call *call)
{
    const int32_t err = call->reply.err;
    check_local(clients, call);
    if (call->request.is_ruinous)
        clients_fail_call("I26", call, "its connection was to be closed, and it is answered");
    if (err == KEEPER_CODE_THROTTLEDOP) {
        check_throttled(clients, call);
        return true;
    }
    if (call->request.op.type == OP_CODE_SASL) {
        check_sasl(call);
        return true;
    }
    if (call->request.op.type != OP_CODE_CREATE_SESSION || clients_is_of_the_session(err))
        return false;
    check_reopening(clients, call);
    return true;
}
