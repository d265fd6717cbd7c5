/* Clients, the account of what they were told, and a model of the tree. */
#include "load.h"

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
    FLAG_EPHEMERAL = 1,
    FLAG_SEQUENTIAL = 2,
    NODES_MAX = 4096,
    BUDGET_MAX = 200, /* a few hundred requests: what is new after them is mostly waiting */
    LAST_BUDGET = 12,
    STEADY_BUDGET = 400,
    STEADY_TIMEOUT_MS = 8000,
};

static const uint64_t OWNER_TTL = 0xff00000000000000ULL;

static const char QUOTA_TOP[] = "/zookeeper/quota";
static const char STATS[] = "/zookeeper_stats";

static struct load_node nodes[NODES_MAX];
static size_t node_count;

/* ---- chance ---------------------------------------------------------------------------------- */

static uint64_t draw(struct load *load, uint64_t bound)
{
    uint64_t z = load->chance += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return bound > 0 ? (z ^ z >> 31) % bound : 0;
}

static bool one_in(struct load *load, uint64_t times)
{
    return draw(load, times) == 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

void load_begin(struct load *load)
{
    load_end(load);
}

void load_end(struct load *load)
{
    look_away();
    free(load->entries);
    *load = (struct load){0};
    look_again();
}

void load_start(struct load *load, struct history *history, int hosts, int tick_ms)
{
    load->on = true;
    load->hosts = hosts;
    load->history = history;
    load->chance = world_random(UINT64_MAX);
    load->client_count = 1 + (int)draw(load, LOAD_CLIENTS_MAX);
    for (int i = 0; i < load->client_count; i++) {
        struct load_client *client = &load->clients[i];
        client->host = 1 + (int)draw(load, (uint64_t)hosts);
        client->timeout_ms = tick_ms * (2 + (int)draw(load, 8));
        client->next_cxid = 1;
        client->window = 1 + (int)draw(load, LOAD_WINDOW_MAX);
        client->pause_max_ms = one_in(load, 4) ? 200 : 1000 + (int64_t)draw(load, 6000);
        client->quota = 1 + (int)draw(load, 40);
    }
    load->budget = 20 + (int)draw(load, BUDGET_MAX);
    history->watches = true;
}

void load_be_steady(struct load *load)
{
    load->client_count = 2;
    load->budget = STEADY_BUDGET;
    for (int i = 0; i < load->client_count; i++) {
        load->clients[i].host = 1 + i;
        load->clients[i].next_cxid = 1;
        load->clients[i].window = 3;
        load->clients[i].pause_max_ms = 400;
        load->clients[i].quota = 20;
        load->clients[i].timeout_ms = STEADY_TIMEOUT_MS;
    }
}

void load_last_writes(struct load *load)
{
    load->budget = LAST_BUDGET;
    for (int i = 0; i < load->client_count; i++)
        load->clients[i].pause_max_ms = 100;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void set_data(struct load *load, struct load_part *part)
{
    snprintf(part->data, sizeof part->data, "v%" PRIu64, ++load->values);
}

static void any_path(struct load *load, char *path)
{
    static const char *const tops[] = {"/a", "/b", "/c", "/d"};
    const char *top = tops[draw(load, sizeof tops / sizeof *tops)];
    text_copy(path, LOAD_PATH_SIZE, top);
    if (one_in(load, 2))
        return;
    const char child[] = {'/', (char)('x' + (int)draw(load, 3)), '\0'};
    memcpy(path + strlen(top), child, sizeof child);
}

static void draw_part(struct load *load, struct load_part *part)
{
    static const int32_t types[] = {OP_CODE_CREATE,   OP_CODE_CREATE,   OP_CODE_CREATE,
                                    OP_CODE_CREATE2,  OP_CODE_SET_DATA, OP_CODE_SET_DATA,
                                    OP_CODE_SET_DATA, OP_CODE_DELETE};
    *part = (struct load_part){.version = -1};
    part->type = types[draw(load, sizeof types / sizeof *types)];
    any_path(load, part->path);
    set_data(load, part);
    if (part->type == OP_CODE_CREATE || part->type == OP_CODE_CREATE2) {
        if (one_in(load, 4))
            part->flags |= FLAG_EPHEMERAL;
        if (one_in(load, 4)) {
            part->flags |= FLAG_SEQUENTIAL;
            strncat(part->path, "-", LOAD_PATH_SIZE - strlen(part->path) - 1);
        }
    } else if (one_in(load, 4)) {
        part->version = (int32_t)draw(load, 3);
    }
}

static void draw_op(struct load *load, struct load_client *client, struct load_op *op)
{
    *op = (struct load_op){.part_count = 1};
    draw_part(load, &op->parts[0]);
    op->type = op->parts[0].type;
    if (one_in(load, 6)) {
        op->type = OP_CODE_MULTI;
        op->part_count = 2 + (int)draw(load, LOAD_PARTS_MAX - 1);
        for (int i = 1; i < op->part_count; i++)
            draw_part(load, &op->parts[i]);
        if (one_in(load, 3))
            op->parts[0].type = OP_CODE_CHECK;
    } else if (one_in(load, 12)) {
        op->type = OP_CODE_SYNC;
    } else if (client->under_way_count == 0 && one_in(load, 25)) {
        op->type = OP_CODE_CLOSE_SESSION;
        op->part_count = 0;
    }
}

static struct load_entry *entry_of(struct load *load, int64_t session_id, int32_t cxid)
{
    for (size_t i = load->entry_count; i-- > 0;)
        if (load->entries[i].session_id == session_id && load->entries[i].cxid == cxid)
            return &load->entries[i];
    return NULL;
}

static void add_entry(struct load *load, const struct load_client *client, const struct load_op *op)
{
    if (load->entry_count == load->entry_capacity) {
        load->entry_capacity = load->entry_capacity > 0 ? 2 * load->entry_capacity : 64;
        look_away();
        load->entries = realloc(load->entries, load->entry_capacity * sizeof *load->entries);
        look_again();
        if (load->entries == NULL)
            abort();
    }
    load->entries[load->entry_count++] =
        (struct load_entry){.session_id = client->session_id, .cxid = op->cxid, .type = op->type};
}

struct load_client *load_take(struct load *load, int host)
{
    for (int i = 0; i < load->client_count && !load->over; i++) {
        struct load_client *client = &load->clients[i];
        if (client->host == host && !client->attached) {
            client->attached = true;
            return client;
        }
    }
    return NULL;
}

void load_connected(struct load *load, struct load_client *client, int64_t session_id,
                    const uint8_t *passwd, bool valid)
{
    (void)load;
    client->session_id = valid ? session_id : 0;
    if (!valid)
        return;
    for (int i = 0; i < LOAD_PASSWD_SIZE; i++)
        client->passwd[i] = passwd[i];
}

bool load_next(struct load *load, struct load_client *client, struct load_op *ret_op)
{
    if (load->over || load->budget == 0 || client->closing ||
        client->under_way_count >= client->window)
        return false;
    if (client->quota == 0 && client->under_way_count > 0)
        return false;
    draw_op(load, client, ret_op);
    ret_op->cxid = client->next_cxid++;
    load->budget--;
    if (client->quota > 0)
        client->quota--;
    client->closing = ret_op->type == OP_CODE_CLOSE_SESSION;
    client->under_way[client->under_way_count++] = *ret_op;
    add_entry(load, client, ret_op);
    return true;
}

int64_t load_pause_ms(struct load *load, struct load_client *client)
{
    return !one_in(load, 4) ? 0 : (int64_t)draw(load, (uint64_t)client->pause_max_ms);
}

/* The session ends under a request that was on its way: what becomes of it nobody can say. */
static bool is_in_doubt(int32_t err)
{
    return err == KEEPER_CODE_SESSIONEXPIRED || err == KEEPER_CODE_SESSIONMOVED ||
           err == KEEPER_CODE_CONNECTIONLOSS;
}

void load_answered(struct load *load, struct load_client *client, int32_t cxid, int32_t err,
                   int32_t first_type)
{
    struct load_entry *entry = entry_of(load, client->session_id, cxid);
    if (entry == NULL || client->under_way_count == 0)
        world_fail("I13: session 0x%" PRIx64 " is answered request %d, which it has not sent",
                   (uint64_t)client->session_id, cxid);
    if (client->under_way[0].cxid != cxid)
        world_fail("I13: session 0x%" PRIx64 " is answered request %d before request %d",
                   (uint64_t)client->session_id, cxid, client->under_way[0].cxid);
    if (entry->type == OP_CODE_MULTI && err == 0 && first_type == OP_CODE_ERROR)
        err = KEEPER_CODE_RUNTIMEINCONSISTENCY;
    for (int i = 1; i < client->under_way_count; i++)
        client->under_way[i - 1] = client->under_way[i];
    client->under_way_count--;
    entry->fate = err == 0 ? LOAD_DONE : is_in_doubt(err) ? LOAD_IN_DOUBT : LOAD_REFUSED;
    load->done += err == 0;
    load->refused += err != 0;
    bool writes = entry->type != OP_CODE_SYNC;
    if (err == 0 && writes && history_of_request(load->history, client->session_id, cxid) == NULL)
        world_fail("I13: request %d of session 0x%" PRIx64 " is answered, and is not committed",
                   cxid, (uint64_t)client->session_id);
    if (entry->type == OP_CODE_CLOSE_SESSION && err == 0)
        client->session_id = 0;
}

void load_dropped(struct load *load, struct load_client *client)
{
    for (int i = 0; i < client->under_way_count; i++) {
        struct load_entry *entry = entry_of(load, client->session_id, client->under_way[i].cxid);
        if (entry != NULL)
            entry->fate = LOAD_IN_DOUBT;
        load->in_doubt++;
    }
    if (client->closing) /* it does not want to know */
        client->session_id = 0;
    client->closing = false;
    client->under_way_count = 0;
    client->attached = false;
    client->host = 1 + (int)draw(load, (uint64_t)load->hosts);
    client->quota = 1 + (int)draw(load, 40);
}

void load_host_down(struct load *load, int host)
{
    for (int i = 0; i < load->client_count; i++)
        if (load->clients[i].host == host && load->clients[i].attached)
            load_dropped(load, &load->clients[i]);
}

/* ---- the model of the tree ------------------------------------------------------------------- */

static struct load_node *node_of(const char *path)
{
    for (size_t i = 0; i < node_count; i++)
        if (strcmp(nodes[i].path, path) == 0)
            return &nodes[i];
    return NULL;
}

static void remove_node(struct load_node *node)
{
    *node = nodes[--node_count];
}

static void must_be_parent(const char *path, int64_t zxid)
{
    char parent[sizeof nodes[0].path];
    text_copy(parent, sizeof parent, path);
    *strrchr(parent, '/') = '\0';
    const struct load_node *node = parent[0] != '\0' ? node_of(parent) : NULL;
    if (strcmp(parent, QUOTA_TOP) == 0) /* which no transaction has made */
        return;
    if (parent[0] != '\0' && (node == NULL || node->owner > 0))
        world_fail("I14: 0x%" PRIx64 " creates %s without its parent", (uint64_t)zxid, path);
}

/* Servers keep the numbers of a quota themselves, and no transaction tells them (I25). */
static bool holds_numbers(const char *path)
{
    const size_t length = strlen(path);
    return strncmp(path, QUOTA_TOP, sizeof QUOTA_TOP - 1) == 0 && length >= sizeof STATS &&
           strcmp(path + length - (sizeof STATS - 1), STATS) == 0;
}

/* Whose it is, as servers keep it. */
static int64_t owner_of(struct txn_reading *in, int32_t type, int64_t session)
{
    if (type == OP_CODE_CREATE_CONTAINER)
        return INT64_MIN;
    if (type != OP_CODE_CREATE_TTL)
        return txn_read_number(in, 1) != 0 ? session : 0;
    (void)txn_read_int(in); /* cversion of the parent */
    return (int64_t)(OWNER_TTL | (uint64_t)txn_read_number(in, 8));
}

static void apply_create(struct txn_reading *in, int32_t type, int64_t session, int64_t zxid)
{
    struct load_node node = {0};
    txn_read_text(in, node.path, sizeof node.path);
    txn_read_text(in, node.data, sizeof node.data);
    txn_read_acls(in, &node.acl);
    node.owner = owner_of(in, type, session);
    node.any_data = holds_numbers(node.path);
    if (node_of(node.path) != NULL)
        world_fail("I14: 0x%" PRIx64 " creates %s, which is there", (uint64_t)zxid, node.path);
    must_be_parent(node.path, zxid);
    if (node_count == NODES_MAX)
        world_fail("more nodes than the model has room for");
    nodes[node_count++] = node;
}

static struct load_node *named_node(struct txn_reading *in, int64_t zxid)
{
    char path[sizeof nodes[0].path];
    txn_read_text(in, path, sizeof path);
    struct load_node *node = node_of(path);
    if (node == NULL)
        world_fail("I14: 0x%" PRIx64 " changes %s, which is not there", (uint64_t)zxid, path);
    return node;
}

static void apply_set_data(struct txn_reading *in, int64_t zxid)
{
    struct load_node *node = named_node(in, zxid);
    txn_read_text(in, node->data, sizeof node->data);
    int32_t version = txn_read_int(in);
    if (version != node->version + 1)
        world_fail("I14: 0x%" PRIx64 " makes version %d of %s, which has %d", (uint64_t)zxid,
                   version, node->path, node->version);
    node->version = version;
}

static void apply_delete(struct txn_reading *in, int64_t zxid)
{
    struct load_node *node = named_node(in, zxid);
    const size_t length = strlen(node->path);
    for (size_t i = 0; i < node_count; i++)
        if (strncmp(nodes[i].path, node->path, length) == 0 && nodes[i].path[length] == '/')
            world_fail("I14: 0x%" PRIx64 " deletes %s, which has children", (uint64_t)zxid,
                       node->path);
    remove_node(node);
}

static void end_session(int64_t session)
{
    for (size_t i = 1; i < node_count;) {
        if (nodes[i].owner == session)
            remove_node(&nodes[i]);
        else
            i++;
    }
}

static void apply(struct txn_reading *in, int32_t type, int64_t session, int64_t zxid)
{
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE_TTL:
        apply_create(in, type, session, zxid);
        break;
    case OP_CODE_SET_ACL:
        txn_read_acls(in, &named_node(in, zxid)->acl);
        break;
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
        apply_delete(in, zxid);
        break;
    case OP_CODE_SET_DATA:
        apply_set_data(in, zxid);
        break;
    case OP_CODE_CLOSE_SESSION:
        end_session(session);
        break;
    default: /* createSession, error; check, in a multi */
        break;
    }
}

static void apply_multi(struct txn_reading *in, int64_t session, int64_t zxid)
{
    if (txn_multi_has_failed(*in))
        return;
    for (int32_t left = txn_read_int(in); left > 0; left--) {
        struct txn_reading part;
        int32_t type = txn_next_part(in, &part);
        apply(&part, type, session, zxid);
    }
}

const struct load_node *load_model(const struct history *history, size_t *ret_count)
{
    node_count = 0;
    nodes[node_count++] = (struct load_node){.path = "/", .acl = CLIENT_WISHES[ACL_OPEN]};
    for (size_t i = 0; i < history->committed_count; i++) {
        const struct history_txn *txn = history_find(history, history->committed[i]);
        if (txn == NULL)
            world_fail("0x%" PRIx64 " is committed, and no log had it",
                       (uint64_t)history->committed[i]);
        struct txn_reading in = txn_reading_of(txn);
        look_away();
        if (txn->type == OP_CODE_MULTI)
            apply_multi(&in, txn->session, txn->zxid);
        else
            apply(&in, txn->type, txn->session, txn->zxid);
        look_again();
    }
    *ret_count = node_count;
    return nodes;
}

/* ---- what clients were told ------------------------------------------------------------------ */

void load_check_answers(struct load *load)
{
    for (size_t i = 0; i < load->entry_count; i++) {
        const struct load_entry *entry = &load->entries[i];
        if (entry->type == OP_CODE_SYNC)
            continue;
        const struct history_txn *txn =
            history_of_request(load->history, entry->session_id, entry->cxid);
        if (entry->fate == LOAD_DONE && (txn == NULL || txn_is_error(txn)))
            world_fail("I13: request %d of session 0x%" PRIx64 " was done, and is not committed",
                       entry->cxid, (uint64_t)entry->session_id);
        if (entry->fate == LOAD_REFUSED && txn != NULL && !txn_is_error(txn))
            world_fail("I13: request %d of session 0x%" PRIx64
                       " was refused, and is committed as 0x%" PRIx64,
                       entry->cxid, (uint64_t)entry->session_id, (uint64_t)txn->zxid);
    }
}
