/* What clients were told, held against the committed transactions. The tree is built up transaction
 * by transaction; behind each of them stands what replies with its zxid must say. A change that a
 * watch could tell of goes into a list, which clients_events.c looks through. */
#include "clients_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "text.h"
#include "txn_reading.h"
#include "world.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"

enum {
    NODES_MAX = 1024,
    CHANGES_MAX = 8192,
    CONFIG_CHILDREN = 1, /* of the root: /zookeeper, which no transaction has made */
    FLAG_EPHEMERAL = 1,
    FLAG_SEQUENTIAL = 2,
    NOWHERE = -2,
    TO_REAP_MS = 3000, /* so long a look for nodes that may go takes, and their ends */
};

static struct node nodes[NODES_MAX];
static size_t node_count;
static struct change changes[CHANGES_MAX];
static size_t change_count;

static bool unordered; /* are the changes that are noted now */
static bool quotas;    /* there are some, in the tree that is built up */
static bool enforces;
static size_t term; /* so many transactions are of earlier epochs than the one that is looked at */

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
    text_copy(ret_parent, size, path);
    char *slash = strrchr(ret_parent, '/');
    slash[slash == ret_parent ? 1 : 0] = '\0';
}

struct node *clients_find_parent(const char *path)
{
    char parent[CLIENT_PATH_SIZE];
    parent_of(path, parent, sizeof parent);
    return find(parent);
}

static void begin_tree(void)
{
    node_count = 0;
    change_count = 0;
    nodes[node_count++] =
        (struct node){.path = "/", .children = CONFIG_CHILDREN, .acl = CLIENT_WISHES[ACL_OPEN]};
    nodes[node_count++] = (struct node){.path = "/zookeeper/quota", .acl = CLIENT_WISHES[ACL_OPEN]};
    clients_quota_begin();
}

static void note_change(int64_t zxid, int32_t event_type, const char *path,
                        const struct client_acl *acl)
{
    if (change_count == CHANGES_MAX)
        world_fail("more changes than the check has room for");
    struct change *change = &changes[change_count++];
    *change = (struct change){
        .zxid = zxid, .event_type = event_type, .unordered = unordered, .acl = *acl};
    text_copy(change->path, sizeof change->path, path);
}

static void note_children(int64_t zxid, const struct node *parent)
{
    note_change(zxid, EVENT_CHILDREN_CHANGED, parent->path, &parent->acl);
}

static void add_node(const struct node *node)
{
    struct node *parent = clients_find_parent(node->path);
    if (node_count == NODES_MAX)
        world_fail("more nodes than the check has room for");
    if (parent == NULL || find(node->path) != NULL)
        world_fail("I15: 0x%" PRIx64 " creates %s, which it cannot", (uint64_t)node->czxid,
                   node->path);
    parent->children++;
    parent->creations++;
    parent->pzxid = node->czxid;
    nodes[node_count++] = *node;
    if (quotas)
        clients_quota_created(node);
    note_change(node->czxid, EVENT_CREATED, node->path, &node->acl);
    note_children(node->czxid, parent);
}

static void remove_node(int64_t zxid, int64_t time_ms, struct node *node)
{
    struct node *parent = node == NULL ? NULL : clients_find_parent(node->path);
    if (parent == NULL)
        world_fail("I15: 0x%" PRIx64 " deletes a node that is not there", (uint64_t)zxid);
    parent->children--;
    parent->pzxid = zxid;
    parent->childless_ms = time_ms;
    note_change(zxid, EVENT_DELETED, node->path, &node->acl);
    note_children(zxid, parent);
    const struct node gone = *node;
    *node = nodes[--node_count];
    if (quotas)
        clients_quota_deleted(&gone);
}

static void set_node(struct node *node, const char *data, int64_t zxid, int64_t time_ms)
{
    if (node == NULL)
        world_fail("I15: 0x%" PRIx64 " writes to a node that is not there", (uint64_t)zxid);
    if (quotas)
        clients_quota_changed(node, data);
    text_copy(node->data, sizeof node->data, data);
    node->mzxid = zxid;
    node->mtime_ms = time_ms;
    node->version++;
    note_change(zxid, EVENT_DATA_CHANGED, node->path, &node->acl);
}

static void end_session(int64_t session, int64_t zxid, int64_t time_ms)
{
    unordered = true;
    for (size_t i = 1; i < node_count;) {
        if (nodes[i].owner == session)
            remove_node(zxid, time_ms, &nodes[i]);
        else
            i++;
    }
    unordered = false;
}

/* ---- a transaction --------------------------------------------------------------------------- */

static int64_t time_of(const struct history_txn *txn)
{
    enum { TIME_AT = 20 };
    struct txn_reading in = {txn->bytes, txn->length, TIME_AT};
    return txn_read_number(&in, 8);
}

static void apply_create(const struct history_txn *txn, int32_t type, struct txn_reading *in)
{
    const int64_t time_ms = time_of(txn);
    struct node node = {.czxid = txn->zxid,
                        .mzxid = txn->zxid,
                        .pzxid = txn->zxid,
                        .ctime_ms = time_ms,
                        .mtime_ms = time_ms,
                        .childless_ms = time_ms,
                        .container = type == OP_CODE_CREATE_CONTAINER};
    txn_read_text(in, node.path, sizeof node.path);
    txn_read_text(in, node.data, sizeof node.data);
    txn_read_acls(in, &node.acl);
    if (type == OP_CODE_CREATE || type == OP_CODE_CREATE2)
        node.owner = txn_read_number(in, 1) != 0 ? txn->session : 0;
    if (type == OP_CODE_CREATE_TTL) {
        (void)txn_read_int(in); /* cversion of the parent */
        node.ttl_ms = txn_read_number(in, 8);
    }
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

static void apply_set_acl(const struct history_txn *txn, struct txn_reading *in)
{
    struct node *node = named_node(txn, in);
    txn_read_acls(in, &node->acl);
    if (txn_read_int(in) != ++node->aversion)
        world_fail("I22: 0x%" PRIx64 " gives the list of %s another version", (uint64_t)txn->zxid,
                   node->path);
}

static void check_reaped(const struct history_txn *txn, const struct node *node)
{
    const char *wrong = NULL;
    if (!node->container && node->ttl_ms == 0)
        wrong = "is to live until it is deleted";
    else if (node->children > 0)
        wrong = "has children";
    else if (node->container && node->creations == 0)
        wrong = "has never had children";
    else if (!node->container && time_of(txn) - node->mtime_ms <= node->ttl_ms)
        wrong = "has time left";
    if (txn->session != 0)
        wrong = "is not a client's to delete so";
    if (wrong != NULL)
        world_fail("I23: 0x%" PRIx64 " deletes %s, which %s", (uint64_t)txn->zxid, node->path,
                   wrong);
}

static void apply_part(const struct history_txn *txn, int32_t type, struct txn_reading *in)
{
    char data[LOAD_DATA_SIZE];
    struct node *node;
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE_TTL:
        apply_create(txn, type, in);
        break;
    case OP_CODE_DELETE:
        remove_node(txn->zxid, time_of(txn), named_node(txn, in));
        break;
    case OP_CODE_DELETE_CONTAINER:
        node = named_node(txn, in);
        check_reaped(txn, node);
        remove_node(txn->zxid, time_of(txn), node);
        break;
    case OP_CODE_SET_ACL:
        apply_set_acl(txn, in);
        break;
    case OP_CODE_SET_DATA:
        node = named_node(txn, in);
        txn_read_text(in, data, sizeof data);
        set_node(node, data, txn->zxid, time_of(txn));
        break;
    case OP_CODE_CLOSE_SESSION:
        end_session(txn->session, txn->zxid, time_of(txn));
        break;
    default: /* createSession, error; check, in a multi */
        break;
    }
}

static void apply_multi(const struct history_txn *txn, struct txn_reading *in)
{
    if (txn_multi_has_failed(*in))
        return;
    for (int32_t left = txn_read_int(in); left > 0; left--) {
        struct txn_reading part;
        int32_t type = txn_next_part(in, &part);
        apply_part(txn, type, &part);
    }
}

static void apply(const struct history_txn *txn)
{
    struct txn_reading in = txn_reading_of(txn);
    if (txn->type == OP_CODE_MULTI)
        apply_multi(txn, &in);
    else
        apply_part(txn, txn->type, &in);
    if (quotas)
        clients_quota_settle();
}

/* ---- I15: a write ---------------------------------------------------------------------------- */

_Noreturn void clients_fail_call(const char *number, const struct client_call *call,
                                 const char *words)
{
    const struct load_op *op = &call->request.op;
    world_fail("%s: request %d of session 0x%" PRIx64 " (type %d, %s), answered 0x%" PRIx64
               " with %d: %s",
               number, op->cxid, (uint64_t)call->session_id, op->type, op->parts[0].path,
               (uint64_t)call->reply.zxid, call->reply.err, words);
}

/* May a quota stop what else would come to that outcome? */
static bool quota_may_refuse(const struct load_part *part, int32_t outcome, size_t place)
{
    struct clients_quota_verdict verdict;
    /* Of setData the version is looked at behind the quota. */
    if (!enforces || (outcome != KEEPER_CODE_OK &&
                      (part->type != OP_CODE_SET_DATA || outcome != KEEPER_CODE_BADVERSION)))
        return false;
    clients_quota_allows(part, term, place, &verdict);
    return verdict.may_be_refused;
}

static bool quota_may_pass(const struct load_part *part, size_t place)
{
    struct clients_quota_verdict verdict;
    if (!enforces)
        return true;
    clients_quota_allows(part, term, place, &verdict);
    return verdict.may_pass;
}

/* Does a part of a multi, in a tree that is thrown away. */
static void do_part(const struct load_part *part, uint32_t ids, const char *name)
{
    struct node made = {.owner = (part->flags & FLAG_EPHEMERAL) != 0};
    struct node *node = find(part->path);
    text_copy(made.path, sizeof made.path, name);
    text_copy(made.data, sizeof made.data, part->data);
    if (client_type_creates(part->type)) {
        (void)client_acl_fix(&CLIENT_WISHES[part->acl], ids, &made.acl);
        add_node(&made);
    } else if (part->type == OP_CODE_DELETE && node != NULL) {
        remove_node(0, 0, node);
    } else if (part->type == OP_CODE_SET_DATA && node != NULL) {
        set_node(node, part->data, 0, 0);
    }
}

static void check_part(const struct clients *clients, const struct client_call *call, int index,
                       int32_t err, size_t place)
{
    const struct load_part *part = &call->request.op.parts[index];
    char name[CLIENT_PATH_SIZE];
    char words[96];
    int32_t expected = clients_outcome(part, call->ids, name);
    if (expected == KEEPER_CODE_EPHEMERALONLOCALSESSION)
        expected = clients_word_on_local(clients, call);
    if (clients_is_of_the_session(err) ||
        (err == KEEPER_CODE_QUOTAEXCEEDED && quota_may_refuse(part, expected, place)))
        return;
    snprintf(words, sizeof words, "its part %d, of type %d, should be %d, and is %d", index,
             part->type, expected, err);
    if (err != expected)
        clients_fail_call("I15", call, words);
    if (err != 0)
        return;
    if (!quota_may_pass(part, place))
        clients_fail_call("I25", call, "its quota is used up");
    do_part(part, call->ids, name);
}

/* The parts one after the other, up to the one that has failed. */
static void check_multi(const struct clients *clients, const struct client_call *call, size_t place)
{
    static struct node kept[NODES_MAX];
    const struct client_reply *reply = &call->reply;
    const size_t kept_count = node_count;
    const size_t kept_changes = change_count;
    const bool kept_quotas = quotas;
    const bool failed = reply->err != 0 || reply->first_type == OP_CODE_ERROR;
    memcpy(kept, nodes, kept_count * sizeof *nodes);
    quotas = false; /* this tree is thrown away */
    for (int i = 0; i < call->request.op.part_count; i++) {
        const bool last = failed && i == reply->failed_part;
        check_part(clients, call, i, last ? reply->part_err : KEEPER_CODE_OK, place);
        if (last)
            break;
    }
    quotas = kept_quotas;
    memcpy(nodes, kept, kept_count * sizeof *nodes);
    node_count = kept_count;
    change_count = kept_changes;
}

/* Is it what the tree before its transaction, which stands at that place, makes of it? */
static void check_outcome(const struct clients *clients, const struct client_call *call,
                          size_t place)
{
    const struct load_op *op = &call->request.op;
    const struct client_reply *reply = &call->reply;
    char name[CLIENT_PATH_SIZE];
    if (clients_is_of_the_session(reply->err) || !client_type_writes(op->type))
        return;
    if (op->type == OP_CODE_MULTI) {
        check_multi(clients, call, place);
        return;
    }
    int32_t expected = clients_outcome(&op->parts[0], call->ids, name);
    if (reply->err == KEEPER_CODE_QUOTAEXCEEDED) {
        if (!quota_may_refuse(&op->parts[0], expected, place))
            clients_fail_call("I25", call, "no quota is in its way");
        return;
    }
    if (reply->err == 0 && !quota_may_pass(&op->parts[0], place))
        clients_fail_call("I25", call, "its quota is used up");
    if (expected != reply->err) {
        char words[64];
        snprintf(words, sizeof words, "it should be %d", expected);
        clients_fail_call("I15", call, words);
    }
    if (expected == 0 && client_type_creates(op->type) && strcmp(reply->path, name) != 0)
        clients_fail_call("I15", call, "it has another name");
}

/* ---- I15: what is shown ---------------------------------------------------------------------- */

static const char *what_is_wrong(const struct client_stat *stat, const struct node *node)
{
    if (stat->czxid != node->czxid || stat->mzxid != node->mzxid || stat->pzxid != node->pzxid)
        return "its stat has another zxid";
    if (stat->ctime_ms != node->ctime_ms || stat->mtime_ms != node->mtime_ms)
        return "its stat has another time";
    if (stat->version != node->version || stat->aversion != node->aversion)
        return "its stat has another version";
    if (stat->cversion != 2 * node->creations - node->children)
        return "its stat has another cversion";
    if (stat->owner != node->owner)
        return "its stat has another owner";
    if (quotas && clients_quota_counts(node)
            ? !clients_quota_may_be_as_long(node, stat->data_length)
            : stat->data_length != (int32_t)strlen(node->data))
        return "its stat has another length";
    return stat->children != node->children ? "its stat has another number of children" : NULL;
}

static void check_stat(const struct client_call *call, const struct client_stat *stat,
                       const struct node *node)
{
    const char *wrong = what_is_wrong(stat, node);
    if (wrong != NULL)
        clients_fail_call("I15", call, wrong);
}

static void check_data(const struct client_call *call, const char *data, const struct node *node)
{
    if (quotas && clients_quota_counts(node) ? !clients_quota_may_show(node, data)
                                             : strcmp(data, node->data) != 0)
        clients_fail_call("I15", call, "it shows other data");
}

static bool is_below(const char *path, const char *top)
{
    const size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
    return strncmp(path, top, length) == 0 && path[length] == '/' && path[length + 1] != '\0';
}

static void check_names(const struct client_call *call, const struct node *node, int32_t shown,
                        uint64_t shown_names)
{
    const size_t length = strcmp(node->path, "/") == 0 ? 0 : strlen(node->path);
    uint64_t names = length == 0 ? client_hash("zookeeper") : 0;
    int32_t count = length == 0 ? CONFIG_CHILDREN : 0;
    for (size_t i = 1; i < node_count; i++) {
        const char *path = nodes[i].path;
        if (!is_below(path, node->path) || strchr(path + length + 1, '/') != NULL)
            continue;
        names += client_hash(path + length + 1);
        count++;
    }
    if (shown != count || shown_names != names)
        clients_fail_call("I15", call, "it names other children");
}

/* Is it the right error, or none? rights: one of them is enough; 0: none is needed. */
static void must_be_read_as(const struct client_call *call, int32_t err, const struct node *node,
                            int32_t rights)
{
    if (node == NULL || err == KEEPER_CODE_NONODE) {
        if (node != NULL || err != KEEPER_CODE_NONODE)
            clients_fail_call("I15", call,
                              node != NULL ? "the node is there" : "there is no such node");
        return;
    }
    const bool may = rights == 0 || client_acl_allows(&node->acl, rights, call->ids);
    if (err != (may ? KEEPER_CODE_OK : KEEPER_CODE_NOAUTH))
        clients_fail_call("I22", call, may ? "it may see the node" : "it may not see the node");
}

static void check_read(const struct client_call *call, const struct client_read *read,
                       const char *path)
{
    const struct node *node = find(path);
    must_be_read_as(call, read->err, node, RIGHT_READ);
    if (read->err != 0)
        return; /* an error shows neither data nor names */
    if (read->has_data) {
        check_stat(call, &read->stat, node);
        check_data(call, read->data, node);
    }
    if (read->has_names)
        check_names(call, node, read->name_count, read->names);
}

/* Each for itself, and all of one moment. */
static void check_multi_read(const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    if (call->reply.err != 0 || call->reply.read_count != op->part_count)
        clients_fail_call("I15", call, "it has not read all");
    for (int i = 0; i < op->part_count; i++)
        check_read(call, &call->reply.reads[i], op->parts[i].path);
}

/* The prefix is compared as text. */
static void check_ephemerals(const struct client_call *call)
{
    const char *prefix = call->request.op.parts[0].path;
    uint64_t names = 0;
    int32_t count = 0;
    for (size_t i = 1; i < node_count; i++) {
        if (nodes[i].owner != call->session_id ||
            strncmp(nodes[i].path, prefix, strlen(prefix)) != 0)
            continue;
        names += client_hash(nodes[i].path);
        count++;
    }
    if (call->reply.err != 0 || call->reply.name_count != count || call->reply.names != names)
        clients_fail_call("I15", call, "its session owns other nodes");
}

static void check_all_children_number(const struct client_call *call, const struct node *node)
{
    int32_t count = 0;
    for (size_t i = 1; i < node_count; i++)
        count += is_below(nodes[i].path, node->path);
    if (call->reply.name_count != count)
        clients_fail_call("I15", call, "it counts other nodes");
}

static bool reads_a_node(int32_t type)
{
    return type == OP_CODE_GET_DATA || type == OP_CODE_EXISTS || type == OP_CODE_GET_CHILDREN ||
           type == OP_CODE_GET_CHILDREN2 || type == OP_CODE_GET_ACL ||
           type == OP_CODE_GET_ALL_CHILDREN_NUMBER;
}

static bool gives_a_list(int32_t type)
{
    return client_type_creates(type) || type == OP_CODE_SET_ACL;
}

static void check_shown(const struct client_call *call)
{
    const struct load_op *op = &call->request.op;
    const struct client_reply *reply = &call->reply;
    const struct node *node = find(reply->path[0] != '\0' ? reply->path : op->parts[0].path);
    if (clients_is_of_the_session(reply->err))
        return;
    if (op->type == OP_CODE_MULTI_READ)
        check_multi_read(call);
    if (op->type == OP_CODE_GET_EPHEMERALS)
        check_ephemerals(call);
    if (op->type == OP_CODE_WHO_AM_I)
        clients_check_who(call);
    if (op->type == OP_CODE_MULTI_READ || op->type == OP_CODE_GET_EPHEMERALS ||
        op->type == OP_CODE_WHO_AM_I)
        return;
    if (reads_a_node(op->type))
        must_be_read_as(call, reply->err, node,
                        op->type == OP_CODE_EXISTS ? 0 : clients_right_to(op->type));
    if (node == NULL || reply->err != 0)
        return;
    if (reply->has_stat)
        check_stat(call, &reply->stat, node);
    if (reply->has_data)
        check_data(call, reply->data, node);
    if (reply->has_names)
        check_names(call, node, reply->name_count, reply->names);
    if (op->type == OP_CODE_GET_ALL_CHILDREN_NUMBER)
        check_all_children_number(call, node);
    if (op->type == OP_CODE_GET_ACL)
        clients_check_list_shown(call, node);
    if (gives_a_list(op->type) && node->czxid <= reply->zxid)
        clients_check_list_given(call, node);
}

/* ---- replies, in the order of zxids ---------------------------------------------------------- */

/* NOWHERE: a server without a quorum has a tail in its tree that was never committed. A tree that
 * was just taken over stands at the beginning of an epoch, which is no transaction. */
static int64_t place_of(const struct clients *clients, const struct client_call *call)
{
    const struct history *history = clients->history;
    const int64_t zxid = call->reply.zxid;
    int64_t place = history_place(history, zxid);
    if (place >= 0)
        return place;
    if ((uint32_t)zxid != 0 && call->read_only && history_find(history, zxid) != NULL)
        return NOWHERE;
    if ((uint32_t)zxid != 0)
        clients_fail_call("I15", call, "nothing with that zxid is committed");
    while (place + 1 < (int64_t)history->committed_count && history->committed[place + 1] < zxid)
        place++;
    return place;
}

static void check_read_only(const struct client_call *call, const struct history *history)
{
    const int32_t type = call->request.op.type;
    const bool refused = client_type_writes(type) || type == OP_CODE_SYNC;
    if (refused != (call->reply.err == KEEPER_CODE_NOTREADONLY))
        clients_fail_call("I24", call, refused ? "its server has no quorum" : "it is no write");
    if (history_of_request(history, call->session_id, call->request.op.cxid) != NULL ||
        history_of_request(history, call->session_id, 0) != NULL)
        clients_fail_call("I24", call, "its session is known elsewhere");
}

static void check_order(const struct clients *clients, const struct client_call *call)
{
    const struct client_reply *reply = &call->reply;
    const int32_t type = call->request.op.type;
    const struct history_txn *txn =
        history_of_request(clients->history, call->session_id, call->request.op.cxid);
    const bool ends_well = reply->err == 0 && reply->first_type != OP_CODE_ERROR;
    const bool ends_local = clients->local && type == OP_CODE_CLOSE_SESSION && txn == NULL &&
                            history_of_request(clients->history, call->session_id, 0) == NULL;
    if (clients_is_of_the_session(reply->err)) {
        if (txn != NULL && !txn_is_error(txn))
            clients_fail_call("I13", call, "it is committed");
        return;
    }
    if (call->read_only) {
        check_read_only(call, clients->history);
    } else if (client_type_writes(type) || (type == OP_CODE_CLOSE_SESSION && !ends_local)) {
        if (txn == NULL || txn_is_error(txn) == ends_well)
            clients_fail_call("I13", call,
                              txn == NULL ? "it is not committed" : "it is committed so");
        if (txn->zxid != reply->zxid)
            clients_fail_call("I15", call, "its transaction has another zxid");
        if (reply->zxid <= call->write_floor)
            clients_fail_call("I17", call,
                              "a write that was acknowledged before it is not before it");
    } else if ((type == OP_CODE_SET_WATCHES || type == OP_CODE_SET_WATCHES2 ||
                type == OP_CODE_ADD_WATCH) &&
               reply->err != 0) {
        clients_fail_call("I19", call, "its watches are not set");
    } else if (type != OP_CODE_SYNC && reply->zxid < call->fresh_floor &&
               reply->zxid >> 32 == call->fresh_floor >> 32) {
        clients_fail_call("I18", call, "it is older than what the sync before it has found");
    }
}

/* A request that may not have been done, or not everywhere, was done by this transaction. */
static void check_done(const struct clients *clients, const struct client_call *call,
                       const struct history_txn *txn)
{
    if (!call->stray && clients_want_proof(clients, call->ids))
        clients_fail_call("I22", call, "nobody knows who has sent it, and it was done");
    if (call->is_last_words)
        clients_fail_call("I16", call, "its session was closed before, and it was done");
    if (call->request.is_ruinous)
        clients_fail_call("I26", call, "it was to end its connection, and it was done");
    if (call->over_in == txn->zxid >> 32 && call->request.op.type != OP_CODE_CLOSE_SESSION)
        clients_fail_call("I20", call, "its session had been called over, and it was done");
    /* Nobody else knows of a session that was taken to a deposed leader, or to its follower. */
    const bool is_known = call->moved_in >= txn->zxid >> 32;
    if (call->stray && is_known && !call->came_back && !clients_seems_local(clients, txn))
        clients_fail_call("I21", call, "the session had left its connection, and it was done");
}

static void check_call(const struct clients *clients, const struct client_call *call)
{
    const bool is_usual = !call->stray && !call->is_last_words && !call->request.is_ruinous &&
                          call->over_in == 0 && !clients_want_proof(clients, call->ids);
    if (call->fate == CLIENT_ANSWERED && !clients_check_refusal(clients, call))
        check_order(clients, call);
    if (is_usual)
        return;
    const struct history_txn *txn =
        history_of_request(clients->history, call->session_id, call->request.op.cxid);
    if (txn != NULL && !txn_is_error(txn))
        check_done(clients, call, txn);
}

/* ---- for the events -------------------------------------------------------------------------- */

const struct change *clients_changes(size_t *ret_count)
{
    *ret_count = change_count;
    return changes;
}

struct node *clients_find(const char *path)
{
    return find(path);
}

const struct node *clients_nodes(size_t *ret_count)
{
    *ret_count = node_count;
    return nodes;
}

void clients_tree_at(const struct clients *clients, const struct client_call *call)
{
    const int64_t place = place_of(clients, call);
    const size_t kept = change_count;
    begin_tree();
    change_count = kept;
    for (int64_t i = 0; i <= place; i++) {
        apply(history_find(clients->history, clients->history->committed[i]));
        change_count = kept;
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
    if (place == 0 || clients->history->committed[place - 1] >> 32 != txn->zxid >> 32)
        term = place;
    if (quotas)
        clients_quota_remember(place);
    for (size_t i = 0; i < clients->call_count; i++) {
        const struct client_call *call = &clients->calls[i];
        if (call->fate == CLIENT_ANSWERED && call->session_id == txn->session &&
            call->request.op.cxid == txn->cxid)
            check_outcome(clients, call, place);
    }
    apply(txn);
    check_behind(clients, (int64_t)place);
}

/* In the calm time a leader has looked for nodes that may go. */
static void check_none_is_left(const struct clients *clients)
{
    const int64_t wall_ms = (int64_t)WORLD_WALL_S * 1000;
    for (size_t i = 1; i < node_count && clients->ages; i++) {
        const struct node *node = &nodes[i];
        const bool may_go = node->ttl_ms > 0 || (node->container && node->creations > 0);
        if (!may_go || node->children > 0)
            continue;
        int64_t since_ms = node->container ? node->childless_ms : node->mtime_ms + node->ttl_ms;
        if (since_ms < node->childless_ms)
            since_ms = node->childless_ms;
        if (since_ms < clients->calm_ms + wall_ms)
            since_ms = clients->calm_ms + wall_ms;
        if (since_ms + 2 * clients->reap_ms + TO_REAP_MS < clients->over_ms + wall_ms)
            world_fail("I23: nobody has deleted %s, which nobody needs since %" PRId64 " ms",
                       node->path, clients->over_ms + wall_ms - since_ms);
    }
}

void clients_check(const struct clients *clients)
{
    clients_outcome_begin(clients->knows_ttls, clients->stays_local);
    quotas = clients->quotas;
    enforces = clients->enforces;
    look_away();
    for (size_t i = 0; i < clients->call_count; i++)
        check_call(clients, &clients->calls[i]);
    begin_tree();
    check_behind(clients, -1);
    for (size_t place = 0; place < clients->history->committed_count; place++)
        check_transaction(clients, place);
    check_none_is_left(clients);
    look_again();
}

void clients_check_numbers(int host, const struct load_numbers *numbers)
{
    look_away(); /* a thread of the peer has put them there */
    const struct node *node = find(numbers->path);
    const bool may = node != NULL && clients_quota_may_show(node, numbers->data);
    look_again();
    if (!may)
        world_fail("I25: peer %d has %s in %s, which no server may have", host, numbers->data,
                   numbers->path);
}

void clients_check_all_events(const struct clients *clients)
{
    look_away();
    for (int connection = 1; connection <= clients->connections; connection++)
        clients_check_events(clients, connection);
    look_again();
}
