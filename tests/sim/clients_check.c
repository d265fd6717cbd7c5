/* What clients were told, held against the committed transactions. The tree is built up transaction
 * by transaction; behind each of them stands what replies with its zxid must say. A change that a
 * watch could tell of goes into a list, in which the watches of each connection look for theirs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "internal.h"
#include "txn_reading.h"
#include "world.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"

enum {
    NODES_MAX = 1024,
    CHANGES_MAX = 8192,
    ARMS_MAX = 256,
    CONFIG_CHILDREN = 1, /* of the root: /zookeeper, which no transaction has made */
    FLAG_EPHEMERAL = 1,
    FLAG_SEQUENTIAL = 2,
    EVENT_CREATED = 1,
    EVENT_DELETED = 2,
    EVENT_DATA_CHANGED = 3,
    EVENT_CHILDREN_CHANGED = 4,
};

struct node {
    char path[CLIENT_PATH_SIZE];
    char data[LOAD_DATA_SIZE];
    int64_t czxid, mzxid, pzxid, ctime_ms, mtime_ms, owner;
    int32_t version;
    int32_t creations; /* below it: its cversion on disk */
    int32_t children;
};

struct change {
    int64_t zxid;
    int32_t event_type;
    char path[CLIENT_PATH_SIZE];
};

/* A watch of a connection, as the server has it. */
struct arm {
    bool child; /* or of data */
    int64_t zxid;
    char path[CLIENT_PATH_SIZE];
};

static struct node nodes[NODES_MAX];
static size_t node_count;
static struct change changes[CHANGES_MAX];
static size_t change_count;

/* Of setWatches: what it tells at once. */
struct at_once {
    int32_t event_type;
    char path[CLIENT_PATH_SIZE];
};

/* ---- the tree -------------------------------------------------------------------------------- */

static struct node *find(const char *path)
{
    for (size_t i = 0; i < node_count; i++)
        if (strcmp(nodes[i].path, path) == 0)
            return &nodes[i];
    return NULL;
}

static void parent_of(const char *path, char *ret_parent, size_t size)
{
    snprintf(ret_parent, size, "%s", path);
    char *slash = strrchr(ret_parent, '/');
    slash[slash == ret_parent ? 1 : 0] = '\0';
}

static struct node *find_parent(const char *path)
{
    char parent[CLIENT_PATH_SIZE];
    parent_of(path, parent, sizeof parent);
    return find(parent);
}

static void begin_tree(void)
{
    node_count = 0;
    change_count = 0;
    nodes[node_count++] = (struct node){.path = "/", .children = CONFIG_CHILDREN};
}

static void note_change(int64_t zxid, int32_t event_type, const char *path)
{
    if (change_count == CHANGES_MAX)
        world_fail("more changes than the check has room for");
    struct change *change = &changes[change_count++];
    *change = (struct change){.zxid = zxid, .event_type = event_type};
    snprintf(change->path, sizeof change->path, "%s", path);
}

static void note_children(int64_t zxid, const char *path)
{
    char parent[CLIENT_PATH_SIZE];
    parent_of(path, parent, sizeof parent);
    note_change(zxid, EVENT_CHILDREN_CHANGED, parent);
}

/* What a write comes to, at the tree as it is; *ret_name: of a create, with its number. */
static int32_t outcome_of(const struct load_part *part, char *ret_name)
{
    const struct node *node = find(part->path);
    const struct node *parent = find_parent(part->path);
    snprintf(ret_name, CLIENT_PATH_SIZE, "%s", part->path);
    if (part->type == OP_CODE_CREATE || part->type == OP_CODE_CREATE2) {
        if (parent == NULL)
            return KEEPER_CODE_NONODE;
        if ((part->flags & FLAG_SEQUENTIAL) != 0) {
            size_t length = strlen(ret_name);
            snprintf(ret_name + length, CLIENT_PATH_SIZE - length, "%010d", parent->creations);
        } else if (node != NULL) {
            return KEEPER_CODE_NODEEXISTS;
        }
        return parent->owner != 0 ? KEEPER_CODE_NOCHILDRENFOREPHEMERALS : KEEPER_CODE_OK;
    }
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    if (part->version != -1 && part->version != node->version)
        return KEEPER_CODE_BADVERSION;
    return part->type == OP_CODE_DELETE && node->children > 0 ? KEEPER_CODE_NOTEMPTY
                                                              : KEEPER_CODE_OK;
}

static void add_node(const struct node *node)
{
    struct node *parent = find_parent(node->path);
    if (node_count == NODES_MAX)
        world_fail("more nodes than the check has room for");
    if (parent == NULL || find(node->path) != NULL)
        world_fail("I15: 0x%" PRIx64 " creates %s, which it cannot", (uint64_t)node->czxid,
                   node->path);
    parent->children++;
    parent->creations++;
    parent->pzxid = node->czxid;
    nodes[node_count++] = *node;
    note_change(node->czxid, EVENT_CREATED, node->path);
    note_children(node->czxid, node->path);
}

static void remove_node(int64_t zxid, struct node *node)
{
    char path[CLIENT_PATH_SIZE];
    struct node *parent = node == NULL ? NULL : find_parent(node->path);
    if (parent == NULL)
        world_fail("I15: 0x%" PRIx64 " deletes a node that is not there", (uint64_t)zxid);
    snprintf(path, sizeof path, "%s", node->path);
    parent->children--;
    parent->pzxid = zxid;
    *node = nodes[--node_count];
    note_change(zxid, EVENT_DELETED, path);
    note_children(zxid, path);
}

static void set_node(struct node *node, const char *data, int64_t zxid, int64_t time_ms)
{
    if (node == NULL)
        world_fail("I15: 0x%" PRIx64 " writes to a node that is not there", (uint64_t)zxid);
    snprintf(node->data, sizeof node->data, "%s", data);
    node->mzxid = zxid;
    node->mtime_ms = time_ms;
    node->version++;
    note_change(zxid, EVENT_DATA_CHANGED, node->path);
}

static void end_session(int64_t session, int64_t zxid)
{
    for (size_t i = 1; i < node_count;) {
        if (nodes[i].owner == session)
            remove_node(zxid, &nodes[i]);
        else
            i++;
    }
}

/* ---- a transaction --------------------------------------------------------------------------- */

static int64_t time_of(const struct history_txn *txn)
{
    enum { TIME_AT = 20 };
    struct txn_reading in = {txn->bytes, txn->length, TIME_AT};
    return txn_read_number(&in, 8);
}

static void apply_create(const struct history_txn *txn, struct txn_reading *in)
{
    const int64_t time_ms = time_of(txn);
    struct node node = {.czxid = txn->zxid,
                        .mzxid = txn->zxid,
                        .pzxid = txn->zxid,
                        .ctime_ms = time_ms,
                        .mtime_ms = time_ms};
    txn_read_text(in, node.path, sizeof node.path);
    txn_read_text(in, node.data, sizeof node.data);
    txn_skip_acls(in);
    node.owner = txn_read_number(in, 1) != 0 ? txn->session : 0;
    add_node(&node);
}

static struct node *named_node(const struct history_txn *txn, struct txn_reading *in)
{
    char path[CLIENT_PATH_SIZE];
    txn_read_text(in, path, sizeof path);
    struct node *node = find(path);
    if (node == NULL)
        world_fail("I15: 0x%" PRIx64 " changes %s, which is not there", (uint64_t)txn->zxid, path);
    return node;
}

static void apply_part(const struct history_txn *txn, int32_t type, struct txn_reading *in)
{
    char data[LOAD_DATA_SIZE];
    struct node *node;
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
        apply_create(txn, in);
        break;
    case OP_CODE_DELETE:
        remove_node(txn->zxid, named_node(txn, in));
        break;
    case OP_CODE_SET_DATA:
        node = named_node(txn, in);
        txn_read_text(in, data, sizeof data);
        set_node(node, data, txn->zxid, time_of(txn));
        break;
    case OP_CODE_CLOSE_SESSION:
        end_session(txn->session, txn->zxid);
        break;
    default: /* createSession, error; check, in a multi */
        break;
    }
}

static void apply(const struct history_txn *txn)
{
    struct txn_reading in = txn_reading_of(txn);
    if (txn->type != OP_CODE_MULTI) {
        apply_part(txn, txn->type, &in);
        return;
    }
    if (txn_multi_has_failed(in))
        return;
    for (int32_t left = txn_read_int(&in); left > 0; left--) {
        struct txn_reading part;
        int32_t type = txn_next_part(&in, &part);
        apply_part(txn, type, &part);
    }
}

/* ---- I15: a write ---------------------------------------------------------------------------- */

static _Noreturn void fail_call(const char *number, const struct client_call *call,
                                const char *words)
{
    const struct load_op *op = &call->request.op;
    world_fail("%s: request %d of session 0x%" PRIx64 " (type %d, %s), answered 0x%" PRIx64
               " with %d: %s",
               number, op->cxid, (uint64_t)call->session_id, op->type, op->parts[0].path,
               (uint64_t)call->reply.zxid, call->reply.err, words);
}

static bool can_be_done(const struct load_part *part)
{
    struct node made = {.owner = (part->flags & FLAG_EPHEMERAL) != 0};
    struct node *node = find(part->path);
    if (outcome_of(part, made.path) != KEEPER_CODE_OK)
        return false;
    if (part->type == OP_CODE_CREATE || part->type == OP_CODE_CREATE2)
        add_node(&made);
    else if (part->type == OP_CODE_DELETE && node != NULL)
        remove_node(0, node);
    else if (part->type == OP_CODE_SET_DATA && node != NULL)
        set_node(node, "", 0, 0);
    return true;
}

/* The parts one after the other, in a tree that is thrown away. */
static bool multi_can_be_done(const struct load_op *op)
{
    static struct node kept[NODES_MAX];
    const size_t kept_count = node_count;
    const size_t kept_changes = change_count;
    bool can = true;
    memcpy(kept, nodes, kept_count * sizeof *nodes);
    for (int i = 0; i < op->part_count && can; i++)
        can = can_be_done(&op->parts[i]);
    memcpy(nodes, kept, kept_count * sizeof *nodes);
    node_count = kept_count;
    change_count = kept_changes;
    return can;
}

static bool is_of_the_session(int32_t err)
{
    return err == KEEPER_CODE_SESSIONEXPIRED || err == KEEPER_CODE_SESSIONMOVED ||
           err == KEEPER_CODE_CONNECTIONLOSS;
}

static bool is_write(int32_t type)
{
    return type == OP_CODE_CREATE || type == OP_CODE_CREATE2 || type == OP_CODE_SET_DATA ||
           type == OP_CODE_DELETE || type == OP_CODE_MULTI;
}

/* Is it what the tree before its transaction makes of it? */
static void check_outcome(const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    const struct client_reply *reply = &call->reply;
    char name[CLIENT_PATH_SIZE];
    if (is_of_the_session(reply->err) || !is_write(op->type))
        return;
    if (op->type == OP_CODE_MULTI) {
        bool done = reply->err == 0 && reply->first_type != OP_CODE_ERROR;
        if (done != multi_can_be_done(op))
            fail_call("I15", call, done ? "it cannot be done" : "it can be done");
        return;
    }
    int32_t expected = outcome_of(&op->parts[0], name);
    if (expected != reply->err) {
        char words[64];
        snprintf(words, sizeof words, "it should be %d", expected);
        fail_call("I15", call, words);
    }
    bool creates = op->type == OP_CODE_CREATE || op->type == OP_CODE_CREATE2;
    if (expected == 0 && creates && strcmp(reply->path, name) != 0)
        fail_call("I15", call, "it has another name");
}

/* ---- I15: what is shown ---------------------------------------------------------------------- */

static void check_stat(const struct client_call *call, const struct node *node)
{
    const struct client_stat *stat = &call->reply.stat;
    const char *wrong = NULL;
    if (stat->czxid != node->czxid || stat->mzxid != node->mzxid || stat->pzxid != node->pzxid)
        wrong = "its stat has another zxid";
    else if (stat->ctime_ms != node->ctime_ms || stat->mtime_ms != node->mtime_ms)
        wrong = "its stat has another time";
    else if (stat->version != node->version || stat->aversion != 0)
        wrong = "its stat has another version";
    else if (stat->cversion != 2 * node->creations - node->children)
        wrong = "its stat has another cversion";
    else if (stat->owner != node->owner)
        wrong = "its stat has another owner";
    else if (stat->data_length != (int32_t)strlen(node->data))
        wrong = "its stat has another length";
    else if (stat->children != node->children)
        wrong = "its stat has another number of children";
    if (wrong != NULL)
        fail_call("I15", call, wrong);
}

static void check_names(const struct client_call *call, const struct node *node)
{
    const size_t length = strcmp(node->path, "/") == 0 ? 0 : strlen(node->path);
    uint64_t names = length == 0 ? client_hash("zookeeper") : 0;
    int32_t count = length == 0 ? CONFIG_CHILDREN : 0;
    for (size_t i = 1; i < node_count; i++) {
        const char *path = nodes[i].path;
        if (strncmp(path, node->path, length) != 0 || path[length] != '/' ||
            strchr(path + length + 1, '/') != NULL)
            continue;
        names += client_hash(path + length + 1);
        count++;
    }
    if (call->reply.name_count != count || call->reply.names != names)
        fail_call("I15", call, "it names other children");
}

static void check_shown(const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    const struct client_reply *reply = &call->reply;
    const bool reads = op->type == OP_CODE_GET_DATA || op->type == OP_CODE_EXISTS ||
                       op->type == OP_CODE_GET_CHILDREN2;
    const struct node *node = find(reply->path[0] != '\0' ? reply->path : op->parts[0].path);
    if (is_of_the_session(reply->err))
        return;
    if (reads && reply->err != (node != NULL ? KEEPER_CODE_OK : KEEPER_CODE_NONODE))
        fail_call("I15", call, node != NULL ? "the node is there" : "there is no such node");
    if (node == NULL || reply->err != 0)
        return;
    if (reply->has_stat)
        check_stat(call, node);
    if (reply->has_data && strcmp(reply->data, node->data) != 0)
        fail_call("I15", call, "it shows other data");
    if (reply->has_names)
        check_names(call, node);
}

/* ---- replies, in the order of zxids ---------------------------------------------------------- */

/* A tree that was just taken over stands at the beginning of an epoch, which is no transaction. */
static int64_t place_of(const struct clients *clients, const struct client_call *call)
{
    const struct history *history = clients->history;
    const int64_t zxid = call->reply.zxid;
    int64_t place = history_place(history, zxid);
    if (place >= 0)
        return place;
    if ((uint32_t)zxid != 0)
        fail_call("I15", call, "nothing with that zxid is committed");
    while (place + 1 < (int64_t)history->committed_count && history->committed[place + 1] < zxid)
        place++;
    return place;
}

static void check_order(const struct clients *clients, const struct client_call *call)
{
    const struct client_reply *reply = &call->reply;
    const int32_t type = call->request.op.type;
    const struct history_txn *txn =
        history_of_request(clients->history, call->session_id, call->request.op.cxid);
    const bool ends_well = reply->err == 0 && reply->first_type != OP_CODE_ERROR;
    if (is_of_the_session(reply->err)) {
        if (txn != NULL && !txn_is_error(txn))
            fail_call("I13", call, "it is committed");
        return;
    }
    if (is_write(type) || type == OP_CODE_CLOSE_SESSION) {
        if (txn == NULL || txn_is_error(txn) == ends_well)
            fail_call("I13", call, txn == NULL ? "it is not committed" : "it is committed so");
        if (txn->zxid != reply->zxid)
            fail_call("I15", call, "its transaction has another zxid");
        if (reply->zxid <= call->write_floor)
            fail_call("I17", call, "a write that was acknowledged before it is not before it");
    } else if (type == OP_CODE_SET_WATCHES && reply->err != 0) {
        fail_call("I19", call, "its watches are not set");
    } else if (type != OP_CODE_SYNC && reply->zxid < call->fresh_floor &&
               reply->zxid >> 32 == call->fresh_floor >> 32) {
        fail_call("I18", call, "it is older than what the sync before it has found");
    }
}

static void check_call(const struct clients *clients, const struct client_call *call)
{
    const struct history_txn *txn;
    if (call->fate == CLIENT_ANSWERED)
        check_order(clients, call);
    if (!call->stray)
        return;
    txn = history_of_request(clients->history, call->session_id, call->request.op.cxid);
    if (txn != NULL && !txn_is_error(txn))
        fail_call("I21", call, "the session had left its connection, and it was done");
}

/* ---- I19 ------------------------------------------------------------------------------------- */

static const struct change *first_change(const struct arm *arm)
{
    for (size_t i = 0; i < change_count; i++) {
        const struct change *change = &changes[i];
        if (change->zxid <= arm->zxid || strcmp(change->path, arm->path) != 0)
            continue;
        bool children = change->event_type == EVENT_CHILDREN_CHANGED;
        if (change->event_type == EVENT_DELETED || children == arm->child)
            return change;
    }
    return NULL;
}

struct watching {
    struct arm arms[ARMS_MAX];
    size_t arm_count;
    struct at_once expected[CLIENT_EVENTS_MAX]; /* of a setWatches that is not answered yet */
    int expected_count;
};

static void arm(struct watching *watching, bool child, const char *path, int64_t zxid)
{
    for (size_t i = 0; i < watching->arm_count; i++)
        if (watching->arms[i].child == child && strcmp(watching->arms[i].path, path) == 0)
            return;
    if (watching->arm_count == ARMS_MAX)
        world_fail("more watches than the check has room for");
    struct arm *item = &watching->arms[watching->arm_count++];
    *item = (struct arm){.child = child, .zxid = zxid};
    snprintf(item->path, sizeof item->path, "%s", path);
}

/* Do all that come with this reply know what their watches had to tell first? */
static void check_told(const struct watching *watching, const struct client_call *call)
{
    if (watching->expected_count > 0)
        fail_call("I19", call, "setWatches has not told all that has changed");
    for (size_t i = 0; i < watching->arm_count; i++) {
        const struct change *change = first_change(&watching->arms[i]);
        if (change == NULL || change->zxid > call->reply.zxid)
            continue;
        char words[160];
        snprintf(words, sizeof words, "the watch of 0x%" PRIx64 " on %s has not told of 0x%" PRIx64,
                 (uint64_t)watching->arms[i].zxid, watching->arms[i].path, (uint64_t)change->zxid);
        fail_call("I19", call, words);
    }
}

static void take_event(struct watching *watching, const struct client_arrival *arrival)
{
    bool told = false;
    int64_t zxid = 0;
    for (int i = 0; i < watching->expected_count; i++) {
        const struct at_once *item = &watching->expected[i];
        if (item->event_type != arrival->event_type || strcmp(item->path, arrival->path) != 0)
            continue;
        watching->expected[i] = watching->expected[--watching->expected_count];
        return;
    }
    for (size_t i = 0; i < watching->arm_count;) {
        struct arm *item = &watching->arms[i];
        const struct change *change =
            strcmp(item->path, arrival->path) == 0 ? first_change(item) : NULL;
        bool matches = change != NULL && change->event_type == arrival->event_type &&
                       (!told || change->zxid == zxid);
        if (!matches) {
            i++;
            continue;
        }
        told = true; /* one event tells all watches of a connection on that node */
        zxid = change->zxid;
        *item = watching->arms[--watching->arm_count];
    }
    if (!told)
        world_fail("I19: connection %d is told of event %d on %s, for which it has no watch",
                   arrival->connection, arrival->event_type, arrival->path);
}

/* What a setWatches tells at once, in the tree of its reply, and what it sets. */
static void rearm(struct watching *watching, const struct client_call *call, bool tells)
{
    const struct client_request *request = &call->request;
    for (int i = 0; i < request->watch_count; i++) {
        const struct client_watch *item = &request->watches[i];
        const struct node *node = find(item->path);
        int32_t event = 0;
        if (item->kind == WATCH_EXIST)
            event = node != NULL ? EVENT_CREATED : 0;
        else if (node == NULL)
            event = EVENT_DELETED;
        else if (item->kind == WATCH_DATA)
            event = node->mzxid > request->relative_zxid ? EVENT_DATA_CHANGED : 0;
        else
            event = node->pzxid > request->relative_zxid ? EVENT_CHILDREN_CHANGED : 0;
        if (event == 0 && !tells)
            arm(watching, item->kind == WATCH_CHILD, item->path, call->reply.zxid);
        if (event == 0 || !tells)
            continue;
        struct at_once *expected = &watching->expected[watching->expected_count++];
        *expected = (struct at_once){.event_type = event};
        snprintf(expected->path, sizeof expected->path, "%s", item->path);
    }
}

/* The tree as of the zxid of that reply. */
static void tree_at(const struct clients *clients, const struct client_call *call)
{
    const int64_t place = place_of(clients, call);
    node_count = 0;
    nodes[node_count++] = (struct node){.path = "/", .children = CONFIG_CHILDREN};
    const size_t kept = change_count;
    for (int64_t i = 0; i <= place; i++) {
        apply(history_find(clients->history, clients->history->committed[i]));
        change_count = kept;
    }
}

static const struct client_call *set_watches_of(const struct clients *clients, int connection)
{
    for (size_t i = 0; i < clients->call_count; i++) {
        const struct client_call *call = &clients->calls[i];
        if (call->connection == connection && call->request.op.type == OP_CODE_SET_WATCHES)
            return call;
    }
    return NULL;
}

static void take_reply(const struct clients *clients, struct watching *watching,
                       const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    const char *path = op->parts[0].path;
    check_told(watching, call);
    if (op->type == OP_CODE_SET_WATCHES && call->reply.err == 0) {
        tree_at(clients, call);
        rearm(watching, call, false);
    } else if (op->type == OP_CODE_EXISTS && call->request.watch &&
               call->reply.err == KEEPER_CODE_NONODE) {
        arm(watching, false, path, call->reply.zxid);
    } else if (call->request.watch && call->reply.err == 0) {
        arm(watching, op->type == OP_CODE_GET_CHILDREN2, path, call->reply.zxid);
    }
}

static void check_watches(const struct clients *clients, int connection)
{
    static struct watching watching;
    watching.arm_count = 0;
    watching.expected_count = 0;
    const struct client_call *first = set_watches_of(clients, connection);
    const bool begins_so = first != NULL && first->fate == CLIENT_ANSWERED && first->reply.err == 0;
    if (begins_so) {
        tree_at(clients, first);
        rearm(&watching, first, true);
    }
    for (size_t i = 0; i < clients->arrival_count; i++) {
        const struct client_arrival *arrival = &clients->arrivals[i];
        if (arrival->connection != connection)
            continue;
        if (arrival->call >= 0)
            take_reply(clients, &watching, &clients->calls[arrival->call]);
        else if (first == NULL || begins_so) /* what an unanswered one has told nobody can say */
            take_event(&watching, arrival);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void check_behind(const struct clients *clients, int64_t place)
{
    for (size_t i = 0; i < clients->call_count; i++) {
        const struct client_call *call = &clients->calls[i];
        if (call->fate == CLIENT_ANSWERED && call->reply.zxid > 0 &&
            place_of(clients, call) == place)
            check_shown(call);
    }
}

static void check_transaction(const struct clients *clients, size_t place)
{
    const struct history_txn *txn =
        history_find(clients->history, clients->history->committed[place]);
    if (txn == NULL)
        world_fail("0x%" PRIx64 " is committed, and no log had it",
                   (uint64_t)clients->history->committed[place]);
    for (size_t i = 0; i < clients->call_count; i++) {
        const struct client_call *call = &clients->calls[i];
        if (call->fate == CLIENT_ANSWERED && call->session_id == txn->session &&
            call->request.op.cxid == txn->cxid)
            check_outcome(call);
    }
    apply(txn);
    check_behind(clients, (int64_t)place);
}

void clients_check(const struct clients *clients)
{
    look_away();
    for (size_t i = 0; i < clients->call_count; i++)
        check_call(clients, &clients->calls[i]);
    begin_tree();
    check_behind(clients, -1);
    for (size_t place = 0; place < clients->history->committed_count; place++)
        check_transaction(clients, place);
    for (int connection = 1; connection <= clients->connections; connection++)
        check_watches(clients, connection);
    look_again();
}
