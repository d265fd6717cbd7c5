/* What clients want, and the account of what they were told. */
#include "clients.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "text.h"
#include "world.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"

enum {
    BUDGET_MAX = 160,
    LAST_BUDGET = 20,
    CREATE_SESSION_CXID = 0,
    SET_WATCHES_XID = -8,
    TO_SHOW_MS = 2000,
    WATCHER_CHILDREN = 1,
    WATCHER_DATA = 2,
    CREATED = 1,
    DELETED = 2,
    DATA_CHANGED = 3,
    CHILDREN_CHANGED = 4,
};

uint64_t client_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
    return hash ^ hash >> 29;
}

bool client_type_creates(int32_t type)
{
    return type == OP_CODE_CREATE || type == OP_CODE_CREATE2 || type == OP_CODE_CREATE_CONTAINER ||
           type == OP_CODE_CREATE_TTL;
}

bool client_type_writes(int32_t type)
{
    return client_type_creates(type) || type == OP_CODE_SET_DATA || type == OP_CODE_DELETE ||
           type == OP_CODE_MULTI || type == OP_CODE_SET_ACL || type == OP_CODE_RECONFIG ||
           type == OP_CODE_DELETE_CONTAINER;
}

bool clients_want_proof(const struct clients *clients, uint32_t ids)
{
    return clients->must_prove && (ids & ID_PROVABLE) == 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

void clients_begin(struct clients *clients)
{
    clients_end(clients);
}

void clients_end(struct clients *clients)
{
    look_away();
    free(clients->calls);
    free(clients->arrivals);
    *clients = (struct clients){0};
    look_again();
}

/* Whom a client can prove to be: mostly one, sometimes nobody, rarely the one who may do all. */
static uint32_t draw_ids(struct clients *clients)
{
    uint32_t ids = 0;
    if (!clients->lists)
        return 0;
    if (!clients_one_in(clients, 3))
        ids |= ID_ALICE;
    if (clients_one_in(clients, 3))
        ids |= ID_BOB;
    if (clients_one_in(clients, 10))
        ids |= ID_SUPER;
    return ids;
}

/* Somebody must prove something, or nobody is served at all. */
static void make_odd(struct clients *clients, struct client *client)
{
    if (clients->must_prove && client->can_prove == 0)
        client->can_prove = ID_ALICE;
    if (!clients->dials_oddly)
        return;
    client->is_old = !client->takes_read_only && clients_draw_apart(clients, 3) == 0;
    if (clients_draw_apart(clients, 3) == 0)
        client->timeout_ms = clients_draw_timeout(clients);
}

void clients_start(struct clients *clients, struct history *history, int servers, int tick_ms)
{
    clients->on = true;
    clients->servers = servers;
    clients->first_host = servers + 1;
    clients->history = history;
    client_ids_begin(clients->first_host);
    clients->tick_ms = tick_ms;
    clients->chance = world_random(UINT64_MAX);
    clients->apart = ~clients->chance;
    clients->count = 1 + (int)clients_draw(clients, CLIENTS_MAX);
    for (int i = 0; i < clients->count; i++) {
        struct client *client = &clients->clients[i];
        client->host = clients->first_host + i % CLIENTS_HOSTS;
        client->server = 1 + (int)clients_draw(clients, (uint64_t)servers);
        client->timeout_ms = tick_ms * (2 + (int)clients_draw(clients, 10));
        client->next_xid = 1;
        client->window = 1 + (int)clients_draw(clients, LOAD_WINDOW_MAX);
        client->pause_max_ms =
            clients_one_in(clients, 3) ? 200 : 500 + (int64_t)clients_draw(clients, 5000);
        client->quota = 1 + (int)clients_draw(clients, 40);
        client->leaves = clients_one_in(clients, 3);
        client->can_prove = draw_ids(clients);
        client->takes_read_only = clients->read_only && clients_one_in(clients, 2);
        make_odd(clients, client);
    }
    clients->budget = 20 + (int)clients_draw(clients, BUDGET_MAX);
    history->watches = true;
}

void clients_be_calm(struct clients *clients)
{
    clients->calm = true;
    clients->calm_ms = world_now_ms();
    clients->budget = LAST_BUDGET;
    for (int i = 0; i < clients->count; i++)
        clients->clients[i].pause_max_ms = 400;
}

/* It hears from its server and waits for nothing: a pause that began before the calm may outlast
 * it. */
static bool pauses(const struct client *client)
{
    return client->under_way_count == 0 && world_now_ms() - client->heard_ms < client->granted_ms;
}

/* It has seen the beginning of a term in which nothing was committed, as its leader and those that
 * took a snapshot from it show it. The learners of the next leader do not stand there before
 * something is committed, and refuse it (K-228); the leader would take it, where it serves. */
static bool is_shut_out(const struct clients *clients, const struct client *client)
{
    const struct history *history = clients->history;
    const int64_t last =
        history->committed_count > 0 ? history->committed[history->committed_count - 1] : 0;
    return clients->leader_serves_nobody && (uint32_t)client->last_zxid == 0 &&
           client->last_zxid > last;
}

bool clients_are_served(const struct clients *clients)
{
    bool none_waits = true;
    for (int i = 0; i < clients->count; i++)
        none_waits = none_waits &&
                     (pauses(&clients->clients[i]) || is_shut_out(clients, &clients->clients[i]));
    return none_waits || clients->answered_in_calm > 0;
}

void clients_go_home(struct clients *clients)
{
    clients->over_ms = world_now_ms();
    clients->over = true;
}

static void *grown(void *items, size_t size, size_t *capacity, size_t count)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity > 0 ? 2 * *capacity : 64;
    look_away();
    items = realloc(items, *capacity * size);
    look_again();
    if (items == NULL)
        abort();
    return items;
}

/* ---- requests -------------------------------------------------------------------------------- */

static size_t add_call(struct clients *clients, const struct client *client,
                       const struct client_request *request)
{
    clients->calls =
        grown(clients->calls, sizeof *clients->calls, &clients->call_capacity, clients->call_count);
    clients->calls[clients->call_count] = (struct client_call){
        .connection = client->connection,
        .session_id = client->session_id,
        .over_in = client->over_in,
        .ids = client->ids,
        .read_only = client->read_only,
        .sent_ms = world_now_ms(),
        .request = *request,
        .write_floor = clients->acknowledged,
        .fresh_floor = client->sync_floor,
    };
    return clients->call_count++;
}

static void ask_for_watches(struct clients *clients, struct client *client,
                            struct client_request *request)
{
    int32_t type = clients_one_in(clients, 4) ? OP_CODE_SET_WATCHES2 : OP_CODE_SET_WATCHES;
    for (int i = 0; i < client->watch_count; i++)
        if (client->watches[i].kind > WATCH_CHILD)
            type = OP_CODE_SET_WATCHES2;
    *request = (struct client_request){
        .op.type = type, .relative_zxid = client->last_zxid, .watch_count = client->watch_count};
    for (int i = 0; i < client->watch_count; i++)
        request->watches[i] = client->watches[i];
    client->wants_rearm = false;
}

/* Says who it is: before all else, and again when nobody can tell whether a watch knows of it. */
static void prove(struct clients *clients, struct client *client,
                  struct client_request *ret_request)
{
    uint32_t who = 1;
    while ((client->to_prove & who) == 0)
        who <<= 1;
    *ret_request = (struct client_request){.op.type = OP_CODE_AUTH, .proves = who};
    client->to_prove &= ~who;
    client->proofs++;
    client->disbelieved = clients_one_in(clients, 60);
    if (client->disbelieved)
        ret_request->proves = 0;
    else
        client->ids |= who;
}

static bool may_set_a_watch(const struct client_request *request)
{
    const int32_t type = request->op.type;
    return request->watch || type == OP_CODE_SET_WATCHES || type == OP_CODE_SET_WATCHES2 ||
           type == OP_CODE_ADD_WATCH;
}

static bool goes_home(const struct clients *clients, const struct client *client)
{
    return clients->over && client->leaves;
}

/* It says who it is, if it has not done so yet and wants to, or has to before it can go home. */
static bool proves_first(struct clients *clients, struct client *client)
{
    if (clients->over && clients_want_proof(clients, client->ids))
        client->to_prove = client->can_prove;
    else if (clients->over)
        client->to_prove = 0;
    return client->to_prove != 0;
}

static bool is_silent(const struct clients *clients, const struct client *client)
{
    if (client->closing || client->disbelieved || client->is_done_for ||
        client->under_way_count >= client->window || goes_home(clients, client))
        return true;
    if (clients->over)
        return client->under_way_count > 0;
    return clients->budget == 0 || client->quota == 0;
}

static struct client_call *ask(struct clients *clients, struct client *client,
                               struct client_request *request)
{
    request->op.cxid = clients_xid_of(request, client->next_xid++);
    if (clients->errs && request->watch_count > 0) /* so says the client in C */
        request->op.cxid = SET_WATCHES_XID;
    const size_t index = add_call(clients, client, request);
    client->under_way[client->under_way_count++] = index;
    return &clients->calls[index];
}

/* Behind its closeSession, which nobody does any more. */
static bool has_last_words(struct clients *clients, struct client *client,
                           struct client_request *ret_request)
{
    if (!client->closing || client->under_way_count >= client->window ||
        !clients_draw_last_words(clients, client, ret_request))
        return false;
    ask(clients, client, ret_request)->is_last_words = true;
    return true;
}

bool clients_next(struct clients *clients, struct client *client,
                  struct client_request *ret_request)
{
    const bool over = clients->over;
    if (is_silent(clients, client))
        return has_last_words(clients, client, ret_request);
    if (proves_first(clients, client)) {
        prove(clients, client, ret_request);
        return true;
    }
    if (over)
        *ret_request = (struct client_request){.op.type = OP_CODE_CLOSE_SESSION};
    else if (client->wants_rearm)
        ask_for_watches(clients, client, ret_request);
    else
        clients_draw_request(clients, client, ret_request);
    if (!over && !(clients->calm && clients->answered_in_calm == 0)) /* somebody must be answered */
        clients->budget--;
    if (client->quota > 0)
        client->quota--;
    client->closing = ret_request->op.type == OP_CODE_CLOSE_SESSION;
    client->watches_here |= may_set_a_watch(ret_request);
    if (clients->lists && !client->watches_here && clients_one_in(clients, 8))
        client->to_prove = client->can_prove & ~client->ids;
    (void)ask(clients, client, ret_request);
    if (ret_request->op.type == OP_CODE_SYNC) /* for all that is sent from now on */
        client->sync_floor = clients->acknowledged;
    return true;
}

int64_t clients_pause_ms(struct clients *clients, struct client *client)
{
    return !clients_one_in(clients, 3)
               ? 0
               : (int64_t)clients_draw(clients, (uint64_t)client->pause_max_ms);
}

bool clients_wants_to_go(const struct clients *clients, const struct client *client)
{
    return goes_home(clients, client) || (client->quota == 0 && client->under_way_count == 0);
}

bool clients_is_done(const struct clients *clients, const struct client *client)
{
    return clients->over &&
           (client->leaves || client->session_id == 0 || is_shut_out(clients, client));
}

/* ---- connections ----------------------------------------------------------------------------- */

int clients_server(struct clients *clients, struct client *client)
{
    (void)clients;
    return client->server;
}

static void hears(struct clients *clients, struct client *client, int64_t now_ms)
{
    if (now_ms - client->heard_ms > client->granted_ms / 2 || client->streak_ms < clients->calm_ms)
        client->streak_ms = now_ms;
    client->heard_ms = now_ms;
}

/* A local session is known to its server alone; what has made it global is its createSession. */
static bool may_move(const struct clients *clients, const struct client *client)
{
    return !clients->local ||
           history_of_request(clients->history, client->session_id, CREATE_SESSION_CXID) != NULL;
}

/* A session that was silent before may have ended before it was heard again; so only those count
 * that have talked for longer than that can take to show. */
static void must_have_been_silent(const struct clients *clients, const struct client *client,
                                  int64_t now_ms)
{
    if (may_move(clients, client) && clients->calm && !world_links_are_narrow() &&
        client->streak_ms > clients->calm_ms &&
        client->heard_ms - client->streak_ms > client->granted_ms + TO_SHOW_MS &&
        now_ms - client->heard_ms < client->granted_ms)
        world_fail("I20: session 0x%" PRIx64 " of %d ms has ended, %" PRId64
                   " ms after its last word",
                   (uint64_t)client->session_id, client->granted_ms, now_ms - client->heard_ms);
}

/* Between two ticks and twenty, and within these what was asked for. */
static void check_granted(const struct clients *clients, const struct client *client,
                          int32_t granted_ms)
{
    const int32_t least_ms = 2 * clients->tick_ms;
    const int32_t most_ms = 20 * clients->tick_ms;
    const int32_t asked_ms = client->timeout_ms;
    if (granted_ms != (asked_ms < least_ms ? least_ms : asked_ms > most_ms ? most_ms : asked_ms))
        world_fail("I20: a client asks for %d ms and is granted %d", asked_ms, granted_ms);
}

void clients_connected(struct clients *clients, struct client *client, int64_t session_id,
                       const uint8_t *passwd, int32_t granted_ms, bool read_only, int64_t now_ms)
{
    if (client->dial == DIAL_FROM_THE_FUTURE)
        world_fail("I16: a server serves a client that has seen more than it has itself");
    if (client->dial == DIAL_WITH_A_WRONG_PASSWORD) {
        if (granted_ms > 0)
            world_fail("I22: session 0x%" PRIx64 " is given to who does not know its password",
                       (uint64_t)session_id);
        return; /* it is not over for those who do */
    }
    if (granted_ms <= 0) { /* the session is over */
        must_have_been_silent(clients, client, now_ms);
        client->session_id = 0;
        client->watch_count = 0;
        client->last_zxid = 0;
        client->over_in = 0;
        return;
    }
    if (client->session_id != 0 && client->session_id != session_id)
        world_fail("I20: session 0x%" PRIx64 " comes back as 0x%" PRIx64,
                   (uint64_t)client->session_id, (uint64_t)session_id);
    if (read_only && !(clients->read_only && client->takes_read_only))
        world_fail("I24: session 0x%" PRIx64 " is served by a server without a quorum, for which "
                   "its client has not asked",
                   (uint64_t)session_id);
    check_granted(clients, client, granted_ms);
    if (client->session_id == 0) {
        client->next_xid = 1;
        client->over_in = 0;
    }
    client->read_only = read_only;
    clients->read_only_sessions += read_only;
    client->session_id = session_id;
    client->granted_ms = granted_ms;
    for (int i = 0; i < LOAD_PASSWD_SIZE; i++)
        client->passwd[i] = passwd[i];
    client->connection = ++clients->connections;
    client->connected_ms = world_now_ms();
    client->beside = 0;
    client->ids = client->host == clients->first_host ? ID_HOST : ID_OTHER_HOST;
    if (clients->asks_no_list)
        client->ids |= ID_UNASKED;
    client->to_prove = clients_one_in(clients, 4) ? 0 : client->can_prove;
    client->watches_here = false;
    client->disbelieved = false;
    client->is_done_for = false;
    client->pinged_unproved = false;
    client->has_had_last_words = false;
    client->proofs = 0;
    client->beliefs = 0;
    client->sync_floor = 0;
    hears(clients, client, now_ms);
    client->quota = 1 + (int)clients_draw(clients, 40);
    client->wants_rearm = client->watch_count > 0 && !clients_one_in(clients, 3);
    if (!client->wants_rearm)
        client->watch_count = 0; /* it does not care any more */
}

bool clients_keeps_old(struct clients *clients)
{
    return clients_one_in(clients, 3);
}

void clients_stray(struct clients *clients, struct client *client, int connection, int server,
                   struct client_request *ret_request)
{
    *ret_request = (struct client_request){.op.part_count = 1};
    struct load_part *part = &ret_request->op.parts[0];
    *part = (struct load_part){.type = OP_CODE_SET_DATA, .version = -1};
    clients_any_path(clients, part->path);
    snprintf(part->data, sizeof part->data, "v%" PRIu64, ++clients->values);
    ret_request->op.type = OP_CODE_SET_DATA;
    ret_request->op.cxid = STRAY_XID + (int32_t)clients->strays++;
    size_t index = add_call(clients, client, ret_request);
    clients->calls[index].stray = true;
    clients->calls[index].ids = 0;
    clients->calls[index].connection = connection;
    clients->calls[index].session_id = client->session_id;
    clients->calls[index].stray_server = server;
    clients->calls[index].moved_in = history_term_of(clients->history, client->server);
}

void clients_dials(struct clients *clients, struct client *client)
{
    client->dial = clients_draw_dial(clients, client);
    client->dialled_ms = world_now_ms();
    for (size_t i = 0; i < clients->call_count; i++) {
        struct client_call *call = &clients->calls[i];
        if (call->stray && call->session_id == client->session_id &&
            call->stray_server == client->server)
            call->came_back = true;
    }
}

void clients_dropped(struct clients *clients, struct client *client)
{
    for (int i = 0; i < client->under_way_count; i++)
        clients->calls[client->under_way[i]].fate = CLIENT_IN_DOUBT;
    clients->in_doubt += (uint64_t)client->under_way_count;
    /* The end of one session it does not want to know; the other one is no other server's. Its
     * watches and what it has seen it keeps: it may find a better server. */
    if (client->closing || client->read_only)
        client->session_id = 0;
    client->read_only = false;
    client->closing = false;
    client->under_way_count = 0;
    client->connection = 0;
    client->server = 1 + (int)clients_draw(clients, (uint64_t)clients->servers);
    clients->moves++;
}

/* Not by the library: ThreadSanitizer would take its writes for the program's. */
static void copy_path(char *ret_path, const char *path)
{
    int i = 0;
    for (; i < CLIENT_PATH_SIZE - 1 && path[i] != '\0'; i++)
        ret_path[i] = path[i];
    ret_path[i] = '\0';
}

/* ---- what comes ------------------------------------------------------------------------------ */

static struct client_arrival *add_arrival(struct clients *clients, const struct client *client)
{
    clients->arrivals = grown(clients->arrivals, sizeof *clients->arrivals,
                              &clients->arrival_capacity, clients->arrival_count);
    struct client_arrival *arrival = &clients->arrivals[clients->arrival_count++];
    *arrival = (struct client_arrival){.connection = client->connection, .call = -1};
    return arrival;
}

/* A server that refuses somebody who has proved nothing answers, and does not touch the session. */
static void heard(struct clients *clients, struct client *client, int32_t err, int64_t zxid,
                  int64_t now_ms)
{
    if (err != KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH)
        hears(clients, client, now_ms);
    if (zxid > 0 && zxid < client->last_zxid)
        world_fail("I16: session 0x%" PRIx64 " has seen 0x%" PRIx64 ", and now sees 0x%" PRIx64,
                   (uint64_t)client->session_id, (uint64_t)client->last_zxid, (uint64_t)zxid);
    if (zxid > client->last_zxid)
        client->last_zxid = zxid;
}

void clients_pings(struct clients *clients, struct client *client)
{
    client->pinged_unproved |= clients_want_proof(clients, client->ids);
}

/* Whoever answers so is the leader, or goes by its word, and takes it back no more; the next
 * leader may know nothing of it. */
static void hears_that_it_is_over(struct clients *clients, struct client *client, int64_t zxid,
                                  int64_t now_ms)
{
    must_have_been_silent(clients, client, now_ms);
    client->over_in = zxid >> 32;
}

/* The first that is refused ends the connection. A leader looks at the session when it prepares the
 * ping (Java: PrepRequestProcessor, its last cases), which may lie behind its end. */
void clients_ponged(struct clients *clients, struct client *client, int32_t err, int64_t zxid,
                    int64_t now_ms)
{
    if (err == KEEPER_CODE_SESSIONEXPIRED && !client->pinged_unproved) {
        hears_that_it_is_over(clients, client, zxid, now_ms);
        return;
    }
    if (err != (client->pinged_unproved ? KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH : 0))
        world_fail("I22: a ping of session 0x%" PRIx64 " is answered %d",
                   (uint64_t)client->session_id, err);
    heard(clients, client, err, zxid, now_ms);
}

static void watch(struct client *client, enum client_watch_kind kind, const char *path)
{
    for (int i = 0; i < client->watch_count; i++)
        if (client->watches[i].kind == kind && strcmp(client->watches[i].path, path) == 0)
            return;
    if (client->watch_count == CLIENT_WATCHES_MAX)
        return; /* it forgets this one; the server does not */
    struct client_watch *item = &client->watches[client->watch_count++];
    *item = (struct client_watch){.kind = kind};
    copy_path(item->path, path);
}

static void forget_watches(struct client *client, const struct client_call *call)
{
    const int32_t type = call->request.mode;
    const char *path = call->request.op.parts[0].path;
    for (int i = 0; i < client->watch_count;) {
        const enum client_watch_kind kind = client->watches[i].kind;
        bool stays = (type == WATCHER_CHILDREN && kind != WATCH_CHILD) ||
                     (type == WATCHER_DATA && kind != WATCH_DATA && kind != WATCH_EXIST);
        if (stays || strcmp(client->watches[i].path, path) != 0)
            i++;
        else
            client->watches[i] = client->watches[--client->watch_count];
    }
}

static void note_watch(struct client *client, const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    const char *path = op->parts[0].path;
    if (op->type == OP_CODE_EXISTS && call->reply.err == KEEPER_CODE_NONODE)
        watch(client, WATCH_EXIST, path);
    else if (call->reply.err == 0)
        watch(client, op->type == OP_CODE_GET_CHILDREN2 ? WATCH_CHILD : WATCH_DATA, path);
}

void clients_believed(struct clients *clients, struct client *client, int32_t err, int64_t now_ms)
{
    (void)clients;
    const bool last = ++client->beliefs == client->proofs;
    hears(clients, client, now_ms);
    if (err != (client->disbelieved && last ? KEEPER_CODE_AUTHFAILED : KEEPER_CODE_OK))
        world_fail("I22: session 0x%" PRIx64 " says who it is, and is told %d",
                   (uint64_t)client->session_id, err);
}

/* A sync that was refused has found nothing out, for whatever was sent behind it. */
static void forget_sync(struct clients *clients, struct client *client,
                        const struct client_call *sync)
{
    const size_t index = (size_t)(sync - clients->calls);
    for (size_t i = index + 1; i < clients->call_count; i++) {
        struct client_call *call = &clients->calls[i];
        if (call->connection == sync->connection && call->fresh_floor == sync->write_floor)
            call->fresh_floor = sync->fresh_floor;
    }
    if (client->sync_floor == sync->write_floor)
        client->sync_floor = sync->fresh_floor;
}

static void account(struct clients *clients, struct client *client, struct client_call *call)
{
    const struct client_reply *reply = &call->reply;
    const int32_t type = call->request.op.type;
    if (clients->calm && clients->answered_in_calm++ == 0)
        world_notify();
    clients->done += reply->err == 0;
    clients->refused += reply->err != 0;
    clients->denied += reply->err == KEEPER_CODE_NOAUTH;
    clients->unproved += reply->err == KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH;
    clients->throttled += reply->err == KEEPER_CODE_THROTTLEDOP;
    if (type == OP_CODE_SYNC && reply->err == KEEPER_CODE_THROTTLEDOP)
        forget_sync(clients, client, call);
    const bool proposed =
        !client->read_only && (type != OP_CODE_CLOSE_SESSION || may_move(clients, client));
    const bool is_write = client_type_writes(type) || type == OP_CODE_CLOSE_SESSION;
    if (is_write && proposed && reply->err == 0) {
        if (history_of_request(clients->history, call->session_id, reply->xid) == NULL)
            world_fail("I13: request %d of session 0x%" PRIx64 " is answered, and is not committed",
                       reply->xid, (uint64_t)call->session_id);
        if (reply->zxid > clients->acknowledged)
            clients->acknowledged = reply->zxid;
    }
    if (call->request.watch)
        note_watch(client, call);
    if (type == OP_CODE_ADD_WATCH && reply->err == 0)
        watch(client, call->request.mode == 0 ? WATCH_PERSISTENT : WATCH_RECURSIVE,
              call->request.op.parts[0].path);
    if (type == OP_CODE_REMOVE_WATCHES && reply->err == 0)
        forget_watches(client, call);
    if (type == OP_CODE_CLOSE_SESSION && reply->err == 0) {
        client->session_id = 0;
        client->watch_count = 0;
        client->last_zxid = 0;
    }
}

void clients_answered(struct clients *clients, struct client *client,
                      const struct client_reply *reply, int64_t now_ms)
{
    if (client->under_way_count == 0)
        world_fail("I16: session 0x%" PRIx64 " is answered request %d, which it has not sent",
                   (uint64_t)client->session_id, reply->xid);
    size_t index = client->under_way[0];
    struct client_call *call = &clients->calls[index];
    if (call->request.op.cxid != reply->xid)
        world_fail("I16: session 0x%" PRIx64 " is answered request %d before request %d",
                   (uint64_t)client->session_id, reply->xid, call->request.op.cxid);
    for (int i = 1; i < client->under_way_count; i++)
        client->under_way[i - 1] = client->under_way[i];
    client->under_way_count--;
    call->fate = CLIENT_ANSWERED;
    call->reply = *reply;
    add_arrival(clients, client)->call = (int64_t)index;
    clients_count_connections(clients, client, call);
    if (call->request.op.type != OP_CODE_SASL) /* whoever reads it answers, whatever the session */
        heard(clients, client, reply->err, reply->zxid, now_ms);
    account(clients, client, call);
}

/* As the client sees it: what has told is gone. */
static bool tells(const struct client_watch *watch, int32_t type, const char *path)
{
    if (strcmp(watch->path, path) != 0 || watch->kind > WATCH_CHILD)
        return false;
    switch (type) {
    case CREATED:
        return watch->kind != WATCH_CHILD;
    case DATA_CHANGED:
        return watch->kind != WATCH_CHILD;
    case DELETED:
        return true;
    default:
        return watch->kind == WATCH_CHILD;
    }
}

void clients_notified(struct clients *clients, struct client *client, int32_t type,
                      const char *path)
{
    struct client_arrival *arrival = add_arrival(clients, client);
    arrival->event_type = type;
    copy_path(arrival->path, path);
    clients->events++;
    for (int i = 0; i < client->watch_count;) {
        if (tells(&client->watches[i], type, path))
            client->watches[i] = client->watches[--client->watch_count];
        else
            i++;
    }
}
