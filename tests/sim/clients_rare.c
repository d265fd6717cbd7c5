/* What clients do rarely: they ask for what no server does, meddle with the root, put one quota
 * below another, and connect with a wrong password. All of it is drawn from a stream of its own,
 * and half of the seeds have none of it. */
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "text.h"
#include "world.h"
#include "zk/jute/op_code.h"

enum {
    FLAGS_TOO_MANY = 7,
    MODE_UNKNOWN = 2,
    WATCHER_UNKNOWN = 9,
    SETTINGS_SIZE = 80,
};

/* True once in so many times. */
static bool rarely(struct clients *clients, uint64_t times)
{
    return clients_draw_apart(clients, times) == 0;
}

static const char *any_of(struct clients *clients, const char *const *texts, size_t count)
{
    return texts[clients_draw_apart(clients, count)];
}

/* ---- settings -------------------------------------------------------------------------------- */

/* Settings that must not change what clients see. */
static const char *const settings[] = {
    "globalOutstandingLimit=1\n",
    "globalOutstandingLimit=3\n",
    "commitProcessor.maxReadBatchSize=1\n",
    "commitProcessor.maxCommitBatchSize=1\n",
    "commitProcessor.maxReadBatchSize=2\ncommitProcessor.maxCommitBatchSize=2\n",
    "request_throttle_max_requests=1\nrequest_throttle_stall_time=20\n",
    "request_throttle_max_requests=4\n",
    "closeSessionTxn.enabled=false\n",
    "snapshot.compression.method=gz\n",
    "leaderServes=no\n",
    "nio.numWorkerThreads=0\n",
    "nio.numWorkerThreads=2\nnio.numSelectorThreads=2\n",
    "maxClientCnxns=3\n",
    "connection_throttle_tokens=2\nconnection_throttle_fill_time=100\n",
};

const char *clients_draw_rare_settings(struct clients *clients)
{
    static char lines[2 * SETTINGS_SIZE];
    const size_t count = sizeof settings / sizeof *settings;
    lines[0] = '\0';
    if (world_random_apart(2) == 0)
        return lines;
    clients->nests = clients->quotas && world_random_apart(3) != 0;
    clients->roots = world_random_apart(3) == 0;
    clients->errs = world_random_apart(3) == 0;
    clients->dials_oddly = world_random_apart(3) == 0;
    clients->must_prove = clients->lists && world_random_apart(3) == 0;
    if (clients->must_prove)
        text_append(lines, sizeof lines, "%s",
                    "enforce.auth.enabled=true\nenforce.auth.schemes=digest\n");
    if (world_random_apart(2) == 0)
        text_append(lines, sizeof lines, "%s", settings[world_random_apart(count)]);
    clients->leader_serves_nobody = strstr(lines, "leaderServes=no") != NULL;
    return lines;
}

/* ---- requests that no server does ------------------------------------------------------------ */

static void any_wrong_path(struct clients *clients, char *path)
{
    static const char *const wrong[] = {"a",     "",       "/a/", "/a//x", "/a/.",
                                        "/a/..", "/b/./x", "//",  "/c/"};
    text_copy(path, LOAD_PATH_SIZE, any_of(clients, wrong, sizeof wrong / sizeof *wrong));
}

static void draw_wrong_create(struct clients *clients, struct load_part *part)
{
    part->type = rarely(clients, 2) ? OP_CODE_CREATE : OP_CODE_CREATE2;
    snprintf(part->data, sizeof part->data, "wrong");
    if (rarely(clients, 3)) {
        text_copy(part->path, LOAD_PATH_SIZE, "/a");
        part->flags = rarely(clients, 2) ? -1 : FLAGS_TOO_MANY;
    } else if (rarely(clients, 5)) {
        text_copy(part->path, LOAD_PATH_SIZE, "/");
    } else {
        any_wrong_path(clients, part->path);
    }
}

static void draw_wrong_write(struct clients *clients, struct load_part *part)
{
    static const int32_t types[] = {OP_CODE_SET_DATA, OP_CODE_SET_ACL, OP_CODE_DELETE};
    static const char *const own[] = {"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"};
    part->version = -1;
    if (rarely(clients, 2)) {
        draw_wrong_create(clients, part);
        return;
    }
    part->type = types[clients_draw_apart(clients, sizeof types / sizeof *types)];
    snprintf(part->data, sizeof part->data, "wrong");
    if (part->type == OP_CODE_DELETE && rarely(clients, 2))
        text_copy(part->path, LOAD_PATH_SIZE, any_of(clients, own, sizeof own / sizeof *own));
    else
        any_wrong_path(clients, part->path);
}

/* The first part could be done, and is not. */
static void draw_wrong_multi(struct clients *clients, struct load_op *op)
{
    op->type = OP_CODE_MULTI;
    op->part_count = 2;
    op->parts[0] = (struct load_part){.type = OP_CODE_SET_DATA, .version = -1, .path = "/a"};
    snprintf(op->parts[0].data, sizeof op->parts[0].data, "never");
    do {
        op->parts[1] = (struct load_part){.version = -1};
        draw_wrong_write(clients, &op->parts[1]);
    } while (op->parts[1].type == OP_CODE_SET_ACL || op->parts[1].flags != 0);
}

static void draw_wrong_watching(struct clients *clients, struct client_request *request)
{
    static const int32_t types[] = {OP_CODE_ADD_WATCH, OP_CODE_REMOVE_WATCHES,
                                    OP_CODE_CHECK_WATCHES};
    request->op.type = types[clients_draw_apart(clients, sizeof types / sizeof *types)];
    text_copy(request->op.parts[0].path, LOAD_PATH_SIZE, "/a");
    request->mode = request->op.type == OP_CODE_ADD_WATCH ? MODE_UNKNOWN : WATCHER_UNKNOWN;
    request->mode = rarely(clients, 3) ? -1 : request->mode;
}

/* A read that finds nothing, whatever there is. */
static void draw_vain_read(struct clients *clients, struct client_request *request)
{
    static const int32_t types[] = {OP_CODE_GET_DATA, OP_CODE_EXISTS, OP_CODE_GET_CHILDREN,
                                    OP_CODE_GET_CHILDREN2, OP_CODE_GET_ACL};
    static const char *const nowhere[] = {"a", "/a/", "/a//x", "/b/.", "/zookeeper/none"};
    request->op.type = types[clients_draw_apart(clients, sizeof types / sizeof *types)];
    text_copy(request->op.parts[0].path, LOAD_PATH_SIZE,
              any_of(clients, nowhere, sizeof nowhere / sizeof *nowhere));
    request->watch = request->op.type != OP_CODE_GET_ACL && rarely(clients, 2);
}

static void draw_mistake(struct clients *clients, struct client *client,
                         struct client_request *request)
{
    static const int32_t never[] = {OP_CODE_CHECK, OP_CODE_RECONFIG, OP_CODE_DELETE_CONTAINER};
    struct load_op *op = &request->op;
    switch (clients_draw_apart(clients, 8)) {
    case 0:
        draw_wrong_multi(clients, op);
        break;
    case 1:
        draw_wrong_watching(clients, request);
        break;
    case 2:
        draw_vain_read(clients, request);
        break;
    case 3:
        op->type = never[clients_draw_apart(clients, sizeof never / sizeof *never)];
        op->parts[0] = (struct load_part){.type = op->type, .version = -1, .path = "/a"};
        break;
    case 4:
        op->type = OP_CODE_GET_EPHEMERALS;
        any_wrong_path(clients, op->parts[0].path);
        break;
    case 5:
        /* It is answered at once, before what is under way. */
        if (client->under_way_count == 0 && rarely(clients, 2)) {
            op->type = CLIENT_UNKNOWN_TYPE;
            client->is_done_for = true;
            break;
        }
        draw_wrong_write(clients, &op->parts[0]);
        op->type = op->parts[0].type;
        break;
    default:
        draw_wrong_write(clients, &op->parts[0]);
        op->type = op->parts[0].type;
        break;
    }
}

/* ---- the root -------------------------------------------------------------------------------- */

static void draw_root_multi(struct clients *clients, struct load_op *op)
{
    op->type = OP_CODE_MULTI;
    op->part_count = 2;
    op->parts[0] = (struct load_part){.type = OP_CODE_SET_DATA, .version = -1, .path = "/"};
    snprintf(op->parts[0].data, sizeof op->parts[0].data, "r%d",
             (int)clients_draw_apart(clients, 1000));
    op->parts[1] = (struct load_part){.type = OP_CODE_CREATE, .version = -1, .path = "/c"};
    snprintf(op->parts[1].data, sizeof op->parts[1].data, "below");
}

static void draw_root_request(struct clients *clients, struct client_request *request)
{
    struct load_op *op = &request->op;
    struct load_part *part = &op->parts[0];
    *part = (struct load_part){.version = -1, .path = "/"};
    switch (clients_draw_apart(clients, 8)) {
    case 0:
    case 1:
        op->type = OP_CODE_SET_DATA;
        snprintf(part->data, sizeof part->data, "r%d", (int)clients_draw_apart(clients, 1000));
        part->version = rarely(clients, 3) ? (int32_t)clients_draw_apart(clients, 3) : -1;
        break;
    case 2:
        op->type = OP_CODE_SET_ACL;
        if (clients->lists && rarely(clients, 2))
            part->acl = (int32_t)clients_draw_apart(clients, (uint64_t)CLIENT_WISH_COUNT);
        break;
    case 3:
        draw_root_multi(clients, op);
        return;
    case 4:
        op->type = OP_CODE_GET_ACL;
        break;
    case 5:
        op->type = OP_CODE_EXISTS;
        request->watch = rarely(clients, 2);
        break;
    default:
        op->type = OP_CODE_GET_DATA;
        request->watch = rarely(clients, 2);
        break;
    }
    part->type = op->type;
}

/* ---- quotas below one another ---------------------------------------------------------------- */

/* Soft limits are said, and refuse nothing. */
static void draw_any_limits(struct clients *clients, struct load_part *part)
{
    const int soft = (int)clients_draw_apart(clients, 4) - 1;
    const int hard = rarely(clients, 3) ? -1 : 1 + (int)clients_draw_apart(clients, 3);
    const int bytes = rarely(clients, 2) ? -1 : 3 + (int)clients_draw_apart(clients, 9);
    part->data[0] = '\0';
    text_append(part->data, sizeof part->data, "count=%d,bytes=%d", soft, soft);
    if (!rarely(clients, 3))
        text_append(part->data, sizeof part->data, "=;byteHardLimit=%d;countHardLimit=%d", bytes,
                    hard);
}

static void draw_quota_op(struct clients *clients, struct load_op *op, const char *place,
                          int32_t type)
{
    struct load_part *limits = clients_quota_nodes(op, place, type);
    if (limits != NULL)
        draw_any_limits(clients, limits);
}

/* Where two quotas meet. */
static void draw_write_below(struct clients *clients, struct load_op *op)
{
    static const int32_t types[] = {OP_CODE_CREATE, OP_CODE_CREATE, OP_CODE_SET_DATA,
                                    OP_CODE_DELETE};
    struct load_part *part = &op->parts[0];
    op->type = part->type = types[clients_draw_apart(clients, sizeof types / sizeof *types)];
    part->version = -1;
    text_copy(part->path, LOAD_PATH_SIZE, rarely(clients, 3) ? "/a" : "/a/x");
    snprintf(part->data, sizeof part->data, "%.*s", (int)clients_draw_apart(clients, 9),
             "nestedin");
}

/* One of its nodes comes, changes or goes without the others. */
static void draw_quota_node(struct clients *clients, struct load_op *op, const char *place)
{
    static const int32_t types[] = {OP_CODE_SET_DATA, OP_CODE_SET_DATA, OP_CODE_CREATE,
                                    OP_CODE_DELETE};
    struct load_part *part = &op->parts[0];
    op->type = part->type = types[clients_draw_apart(clients, sizeof types / sizeof *types)];
    const bool numbers = op->type != OP_CODE_SET_DATA && rarely(clients, 2);
    clients_quota_node(part, place, numbers ? "/zookeeper_stats" : "/zookeeper_limits");
    if (numbers)
        snprintf(part->data, sizeof part->data, "count=0,bytes=0");
    else
        draw_any_limits(clients, part);
}

static void draw_nested_quota(struct clients *clients, struct load_op *op)
{
    static const char *const places[] = {"/a", "/a/x", "/a/x", "/b"};
    const char *place = any_of(clients, places, sizeof places / sizeof *places);
    switch (clients_draw_apart(clients, 8)) {
    case 0:
    case 1:
        draw_quota_op(clients, op, place, rarely(clients, 6) ? OP_CODE_DELETE : OP_CODE_CREATE);
        break;
    case 2:
        draw_quota_node(clients, op, place);
        break;
    case 3:
    case 4:
        op->type = OP_CODE_GET_DATA;
        clients_quota_node(&op->parts[0], place, "/zookeeper_stats");
        break;
    default:
        draw_write_below(clients, op);
        break;
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

bool clients_draw_rare(struct clients *clients, struct client *client,
                       struct client_request *ret_request)
{
    *ret_request = (struct client_request){.op.part_count = 1};
    if (clients->errs && rarely(clients, 10))
        draw_mistake(clients, client, ret_request);
    else if (clients->roots && rarely(clients, 12))
        draw_root_request(clients, ret_request);
    else if (clients->nests && rarely(clients, 3))
        draw_nested_quota(clients, &ret_request->op);
    else
        return false;
    return true;
}

/* Its session is about to end, and it says one thing more. */
bool clients_draw_last_words(struct clients *clients, struct client *client,
                             struct client_request *ret_request)
{
    struct load_part *part = &ret_request->op.parts[0];
    if (!clients->errs || clients->local || client->has_had_last_words || !rarely(clients, 2))
        return false;
    client->has_had_last_words = true;
    *ret_request = (struct client_request){.op.type = OP_CODE_CREATE, .op.part_count = 1};
    *part = (struct load_part){.type = OP_CODE_CREATE, .version = -1, .path = "/b"};
    snprintf(part->data, sizeof part->data, "late");
    return true;
}

enum client_dial clients_draw_dial(struct clients *clients, const struct client *client)
{
    if (!clients->dials_oddly || !rarely(clients, 6))
        return DIAL_AS_USUAL;
    return client->session_id != 0 && rarely(clients, 2) ? DIAL_WITH_A_WRONG_PASSWORD
                                                         : DIAL_FROM_THE_FUTURE;
}

int32_t clients_draw_timeout(struct clients *clients)
{
    static const int32_t timeouts_ms[] = {0, 1, -1, INT32_MAX};
    return timeouts_ms[clients_draw_apart(clients, sizeof timeouts_ms / sizeof *timeouts_ms)];
}
