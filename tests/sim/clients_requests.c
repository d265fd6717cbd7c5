/* What clients ask for next. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "text.h"
#include "zk/jute/op_code.h"

enum {
    FLAG_EPHEMERAL = 1,
    FLAG_SEQUENTIAL = 2,
    ADD_WATCH_MODES = 2, /* persistent, recursive */
    WATCHER_TYPES = 3,   /* children, data, any */
    LONG_TTL_MS = 3000,
};

/* ---- chance ---------------------------------------------------------------------------------- */

uint64_t clients_draw_from(uint64_t *stream, uint64_t bound)
{
    uint64_t z = *stream += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return bound > 0 ? (z ^ z >> 31) % bound : 0;
}

uint64_t clients_draw(struct clients *clients, uint64_t bound)
{
    return clients_draw_from(&clients->chance, bound);
}

uint64_t clients_draw_apart(struct clients *clients, uint64_t bound)
{
    return clients_draw_from(&clients->apart, bound);
}

bool clients_one_in(struct clients *clients, uint64_t times)
{
    return clients_draw(clients, times) == 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

void clients_any_path(struct clients *clients, char *path)
{
    static const char *const tops[] = {"/a", "/b", "/c"};
    const char *top = tops[clients_draw(clients, sizeof tops / sizeof *tops)];
    text_copy(path, LOAD_PATH_SIZE, top);
    if (clients_one_in(clients, 2))
        return;
    const char child[] = {'/', (char)('x' + (int)clients_draw(clients, 2)), '\0'};
    memcpy(path + strlen(top), child, sizeof child);
}

static int32_t draw_list(struct clients *clients)
{
    if (!clients->lists || clients_one_in(clients, 2))
        return ACL_OPEN;
    return (int32_t)clients_draw(clients, (uint64_t)CLIENT_WISH_COUNT);
}

/* A node that nobody need delete: a container, or one with a time to live. */
static void draw_aging(struct clients *clients, struct load_part *part)
{
    part->flags &= ~FLAG_EPHEMERAL;
    part->type = clients_one_in(clients, 2) ? OP_CODE_CREATE_CONTAINER : OP_CODE_CREATE_TTL;
    if (part->type == OP_CODE_CREATE_CONTAINER)
        part->flags = 0;
    else
        part->ttl_ms = 1 + (int32_t)clients_draw(clients, LONG_TTL_MS);
}

static void draw_write(struct clients *clients, struct load_part *part)
{
    static const int32_t types[] = {
        OP_CODE_CREATE,   OP_CODE_CREATE2,  OP_CODE_CREATE,   OP_CODE_CREATE2,  OP_CODE_CREATE,
        OP_CODE_SET_DATA, OP_CODE_SET_DATA, OP_CODE_SET_DATA, OP_CODE_SET_DATA, OP_CODE_DELETE};
    *part = (struct load_part){.version = -1};
    part->type = types[clients_draw(clients, sizeof types / sizeof *types)];
    clients_any_path(clients, part->path);
    snprintf(part->data, sizeof part->data, "v%" PRIu64, ++clients->values);
    if (part->type == OP_CODE_CREATE || part->type == OP_CODE_CREATE2) {
        if (clients_one_in(clients, 3))
            part->flags |= FLAG_EPHEMERAL;
        if (clients_one_in(clients, 5)) {
            part->flags |= FLAG_SEQUENTIAL;
            strncat(part->path, "-", LOAD_PATH_SIZE - strlen(part->path) - 1);
        }
        part->acl = draw_list(clients);
        if (clients->ages && clients_one_in(clients, 3))
            draw_aging(clients, part);
    } else if (clients_one_in(clients, 4)) {
        part->version = (int32_t)clients_draw(clients, 3);
    }
}

static void draw_multi(struct clients *clients, struct load_op *op)
{
    op->type = OP_CODE_MULTI;
    op->part_count = 2 + (int)clients_draw(clients, LOAD_PARTS_MAX - 1);
    for (int i = 0; i < op->part_count; i++)
        draw_write(clients, &op->parts[i]);
    if (clients_one_in(clients, 3))
        op->parts[0].type = OP_CODE_CHECK;
}

static void draw_multi_read(struct clients *clients, struct load_op *op)
{
    op->type = OP_CODE_MULTI_READ;
    op->part_count = 2 + (int)clients_draw(clients, LOAD_PARTS_MAX - 1);
    for (int i = 0; i < op->part_count; i++) {
        op->parts[i].type = clients_one_in(clients, 2) ? OP_CODE_GET_DATA : OP_CODE_GET_CHILDREN;
        clients_any_path(clients, op->parts[i].path);
    }
}

/* Reads that set no watch, and take the long way. */
static void draw_long_read(struct clients *clients, struct load_op *op)
{
    static const int32_t types[] = {OP_CODE_GET_ALL_CHILDREN_NUMBER, OP_CODE_GET_EPHEMERALS,
                                    OP_CODE_GET_CHILDREN, OP_CODE_GET_ACL, OP_CODE_WHO_AM_I};
    op->type = types[clients_draw(clients, sizeof types / sizeof *types)];
    clients_any_path(clients, op->parts[0].path);
}

/* Persistent watches: set, taken away, asked for. */
static void draw_watching(struct clients *clients, struct client_request *request)
{
    static const int32_t types[] = {OP_CODE_ADD_WATCH, OP_CODE_ADD_WATCH, OP_CODE_ADD_WATCH,
                                    OP_CODE_REMOVE_WATCHES, OP_CODE_CHECK_WATCHES};
    struct load_op *op = &request->op;
    op->type = types[clients_draw(clients, sizeof types / sizeof *types)];
    clients_any_path(clients, op->parts[0].path);
    if (op->type == OP_CODE_ADD_WATCH && clients_one_in(clients, 5))
        text_copy(op->parts[0].path, LOAD_PATH_SIZE, "/");
    request->mode = op->type == OP_CODE_ADD_WATCH
                        ? (int32_t)clients_draw(clients, ADD_WATCH_MODES)
                        : 1 + (int32_t)clients_draw(clients, WATCHER_TYPES);
}

static void draw_read(struct clients *clients, struct client_request *request)
{
    static const int32_t types[] = {OP_CODE_GET_DATA, OP_CODE_GET_DATA, OP_CODE_EXISTS,
                                    OP_CODE_GET_CHILDREN2};
    struct load_op *op = &request->op;
    op->type = types[clients_draw(clients, sizeof types / sizeof *types)];
    clients_any_path(clients, op->parts[0].path);
    if (op->type == OP_CODE_GET_CHILDREN2 && clients_one_in(clients, 4))
        text_copy(op->parts[0].path, LOAD_PATH_SIZE, "/");
    request->watch = clients_one_in(clients, 2);
}

static void draw_limits(struct clients *clients, struct load_part *part)
{
    int count = clients_one_in(clients, 3) ? -1 : 1 + (int)clients_draw(clients, 4);
    int bytes = clients_one_in(clients, 2) ? -1 : 3 + (int)clients_draw(clients, 12);
    part->data[0] = '\0';
    text_append(part->data, sizeof part->data,
                "count=-1,bytes=-1=;byteHardLimit=%d;countHardLimit=%d", bytes, count);
}

void clients_quota_node(struct load_part *part, const char *place, const char *name)
{
    snprintf(part->path, sizeof part->path, "/zookeeper/quota%s%s", place, name);
    part->version = -1;
}

struct load_part *clients_quota_nodes(struct load_op *op, const char *place, int32_t type)
{
    static const char *const names[] = {"", "/zookeeper_limits", "/zookeeper_stats"};
    op->type = OP_CODE_MULTI;
    op->part_count = LOAD_PARTS_MAX;
    for (int i = 0; i < LOAD_PARTS_MAX; i++) {
        struct load_part *part = &op->parts[i];
        part->type = type;
        clients_quota_node(part, place, names[type == OP_CODE_DELETE ? LOAD_PARTS_MAX - 1 - i : i]);
        snprintf(part->data, sizeof part->data, "count=0,bytes=0");
    }
    return type == OP_CODE_CREATE ? &op->parts[1] : NULL;
}

/* Its numbers are of any use only as long as its limits are there; so they come and go together. */
static void draw_quota_multi(struct clients *clients, struct load_op *op, const char *place,
                             int32_t type)
{
    struct load_part *limits = clients_quota_nodes(op, place, type);
    if (limits != NULL)
        draw_limits(clients, limits);
}

static void draw_quota_request(struct clients *clients, struct client_request *request)
{
    struct load_op *op = &request->op;
    struct load_part *part = &op->parts[0];
    const char *place = clients_draw(clients, 2) == 0 ? "/a" : "/b";
    switch (clients_draw(clients, 8)) {
    case 0:
    case 1:
        draw_quota_multi(clients, op, place, OP_CODE_CREATE);
        return;
    case 2:
        if (clients_one_in(clients, 3))
            draw_quota_multi(clients, op, place, OP_CODE_DELETE);
        else
            draw_quota_multi(clients, op, place, OP_CODE_CREATE);
        return;
    case 3:
        clients_quota_node(part, place, "/zookeeper_limits");
        draw_limits(clients, part);
        part->type = OP_CODE_SET_DATA;
        break;
    case 4:
        clients_quota_node(part, place, "/zookeeper_stats");
        part->type = clients_one_in(clients, 4) ? OP_CODE_DELETE : OP_CODE_GET_DATA;
        break;
    default:
        clients_quota_node(part, place, "/zookeeper_stats");
        part->type = OP_CODE_GET_DATA;
        break;
    }
    op->type = part->type;
}

/* Another list for a node, or a look at it. */
static void draw_acl_request(struct clients *clients, struct load_op *op)
{
    struct load_part *part = &op->parts[0];
    op->type = clients_one_in(clients, 3) ? OP_CODE_GET_ACL : OP_CODE_SET_ACL;
    part->type = op->type;
    clients_any_path(clients, part->path);
    part->acl = draw_list(clients);
    part->version = clients_one_in(clients, 4) ? (int32_t)clients_draw(clients, 3) : -1;
}

void clients_draw_request(struct clients *clients, struct client *client,
                          struct client_request *request)
{
    struct load_op *op = &request->op;
    if (clients_draw_limited(clients, client, request) ||
        clients_draw_rare(clients, client, request))
        return;
    *request = (struct client_request){.op.part_count = 1};
    if (clients->lists && clients_one_in(clients, 12)) {
        draw_acl_request(clients, op);
    } else if (clients->quotas && clients_one_in(clients, 10)) {
        draw_quota_request(clients, request);
    } else if (clients_one_in(clients, 12)) {
        draw_watching(clients, request);
    } else if (clients_one_in(clients, 20)) {
        draw_multi_read(clients, op);
    } else if (clients_one_in(clients, 20)) {
        draw_long_read(clients, op);
    } else if (clients_one_in(clients, 2)) {
        draw_read(clients, request);
    } else if (clients_one_in(clients, 6)) {
        draw_multi(clients, op);
    } else if (clients_one_in(clients, 8)) {
        op->type = OP_CODE_SYNC;
        text_copy(op->parts[0].path, LOAD_PATH_SIZE, "/");
    } else if (client->under_way_count == 0 && clients_one_in(clients, 25)) {
        op->type = OP_CODE_CLOSE_SESSION;
        op->part_count = 0;
    } else {
        draw_write(clients, &op->parts[0]);
        op->type = op->parts[0].type;
    }
}
