/* Clients, as threads in the process of their server: they call what the client port will call.
 *
 * Each thread plays one client at a time. The processors answer on their own threads, under locks
 * of their own, so the methods of the connection only write the answer down and wake the client. */
#include "load_program.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../support/monotonic.h"
#include "../support/sleep_ms.h"
#include "peer/quorum_peer_main_internal.h"
#include "peer/quorum_peer_run_internal.h"
#include "peer/zookeeper_server_main_internal.h"
#include "server/zookeeper_server_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/base/long_map.h"
#include "zk/jute/data.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

enum {
    THREADS = 2,
    LOOK_FOR_CLIENTS_MS = 200,
    BETWEEN_LOOKS_MS = 250, /* at whether the server still serves */
    PATIENCE_MS = 6000,     /* with a request that is not answered */
};

struct station; /* of one process */

/* A client's connection. */
struct load_cnxn {
    struct server_cnxn base; /* the first field: this is one */
    struct station *station;
    struct load_client *client; /* guarded by the station's mutex; NULL: it has gone */
    bool answered;              /* its connect request has been; guarded likewise */
    bool valid;
    bool closed;
};

struct station {
    struct peer_process *process;
    struct quorum_peer *self;
    struct load *load;
    int host;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool over;       /* guarded by mutex: the peer is about to end */
    int connections; /* guarded by mutex: that are not freed */
    pthread_t threads[THREADS];
};

/* ---- time ------------------------------------------------------------------------------------ */

/* The mutex is held. */
static void wait_ms(struct station *station, int64_t ms)
{
    int64_t until_ms = now_ms() + ms;
    struct timespec until = {.tv_sec = until_ms / 1000,
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    pthread_cond_timedwait(&station->changed, &station->mutex, &until);
}

/* ---- the connection's methods ---------------------------------------------------------------- */

static struct load_cnxn *cnxn_of(struct server_cnxn *base)
{
    return (struct load_cnxn *)base;
}

static void load_cnxn_send_response(struct server_cnxn *base, const struct reply_header *header,
                                    struct buf *body)
{
    struct load_cnxn *cnxn = cnxn_of(base);
    struct station *station = cnxn->station;
    int32_t first_type = body != NULL && body->length >= 4 ? zk_load_int(body->bytes) : 0;
    pthread_mutex_lock(&station->mutex);
    if (!cnxn->answered) /* an error instead of a session */
        cnxn->answered = true;
    else if (cnxn->client != NULL && header->xid != PING_XID && !cnxn->closed)
        load_answered(station->load, cnxn->client, header->xid, header->err, first_type);
    pthread_cond_broadcast(&station->changed);
    pthread_mutex_unlock(&station->mutex);
}

static void load_cnxn_finish_session_init(struct server_cnxn *base,
                                          const struct connect_response *response, bool valid)
{
    struct load_cnxn *cnxn = cnxn_of(base);
    struct station *station = cnxn->station;
    pthread_mutex_lock(&station->mutex);
    if (cnxn->client != NULL)
        load_connected(station->load, cnxn->client, response->session_id, response->passwd->bytes,
                       valid);
    cnxn->answered = true;
    cnxn->valid = valid;
    pthread_cond_broadcast(&station->changed);
    pthread_mutex_unlock(&station->mutex);
}

static void load_cnxn_send_close_session(struct server_cnxn *base)
{
    struct load_cnxn *cnxn = cnxn_of(base);
    struct station *station = cnxn->station;
    pthread_mutex_lock(&station->mutex);
    cnxn->closed = true;
    pthread_cond_broadcast(&station->changed);
    pthread_mutex_unlock(&station->mutex);
}

static void load_cnxn_close(struct server_cnxn *base, enum disconnect_reason reason)
{
    (void)reason;
    load_cnxn_send_close_session(base);
}

static void load_cnxn_free(struct server_cnxn *base)
{
    struct load_cnxn *cnxn = cnxn_of(base);
    struct station *station = cnxn->station;
    pthread_mutex_lock(&station->mutex);
    station->connections--;
    pthread_cond_broadcast(&station->changed);
    pthread_mutex_unlock(&station->mutex);
    free(cnxn);
}

static const struct server_cnxn_ops load_cnxn_ops = {
    .send_response = load_cnxn_send_response,
    .finish_session_init = load_cnxn_finish_session_init,
    .send_close_session = load_cnxn_send_close_session,
    .close = load_cnxn_close,
    .free = load_cnxn_free,
};

static struct load_cnxn *cnxn_new(struct station *station, struct load_client *client)
{
    struct load_cnxn *cnxn = zk_xcalloc(1, sizeof *cnxn);
    cnxn->base = (struct server_cnxn){.ops = &load_cnxn_ops,
                                      .session_id = client->session_id,
                                      .session_timeout_ms = client->timeout_ms,
                                      .remote_address = "a client of the load"};
    zk_refcount_init(&cnxn->base.refs);
    cnxn->station = station;
    cnxn->client = client;
    pthread_mutex_lock(&station->mutex);
    station->connections++;
    pthread_mutex_unlock(&station->mutex);
    return cnxn;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void put(struct buf *bytes, const struct jute_record *record, const void *value)
{
    struct buf *more = jute_to_buf(record, value);
    buf_put_bytes(bytes, more->bytes, more->length);
    buf_unref(more);
}

static void put_part(struct buf *bytes, const struct load_part *part, int32_t type)
{
    struct ustring path = ustring_of(part->path);
    struct buf *data = buf_new_copy(part->data, strlen(part->data));
    struct create_request create = {.path = path, .data = data, .flags = part->flags};
    struct set_data_request set_data = {path, data, part->version};
    struct delete_request delete = {path, part->version};
    struct check_version_request check = {path, part->version};
    struct sync_request sync = {path};
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
        zk_acl_list_add(&create.acl, PERMS_ALL, "world", "anyone");
        put(bytes, &create_request_record, &create);
        jute_done(&zk_acl_list_record, &create.acl);
        break;
    case OP_CODE_SET_DATA:
        put(bytes, &set_data_request_record, &set_data);
        break;
    case OP_CODE_DELETE:
        put(bytes, &delete_request_record, &delete);
        break;
    case OP_CODE_CHECK:
        put(bytes, &check_version_request_record, &check);
        break;
    default:
        put(bytes, &sync_request_record, &sync);
        break;
    }
    buf_unref(data);
    ustring_done(&path);
}

static struct buf *body_of(const struct load_op *op)
{
    struct buf *bytes = buf_new(128);
    for (int i = 0; op->type == OP_CODE_MULTI && i < op->part_count; i++) {
        struct multi_header header = {.type = op->parts[i].type, .err = -1};
        put(bytes, &multi_header_record, &header);
        put_part(bytes, &op->parts[i], op->parts[i].type);
    }
    if (op->type == OP_CODE_MULTI) {
        struct multi_header end = {.type = -1, .done = true, .err = -1};
        put(bytes, &multi_header_record, &end);
    } else if (op->part_count > 0) {
        put_part(bytes, &op->parts[0], op->type);
    }
    return bytes;
}

/* False: the server takes no more. */
static bool submit(struct zookeeper_server *server, struct load_cnxn *cnxn,
                   const struct load_op *op)
{
    struct zk_id_list world = {0};
    struct zk_id *id = jute_list_add(&zk_id_record, &world);
    id->scheme = ustring_of("ip");
    id->id = ustring_of("10.0.0.1");
    struct buf *body = body_of(op);
    struct request *request =
        request_new(&cnxn->base, cnxn->base.session_id, op->cxid, op->type, body, &world);
    request->owner = server_cnxn_me();
    buf_unref(body);
    for (size_t i = 0; i < world.count; i++)
        jute_done(&zk_id_record, &world.items[i]);
    free(world.items);
    int r = zookeeper_server_submit_request(server, request);
    request_unref(request);
    return r == 0;
}

/* ---- a client at its server ------------------------------------------------------------------ */

static bool serves(struct station *station, struct zookeeper_server *server)
{
    struct zookeeper_server *now = quorum_peer_get_active_server(station->self);
    bool same = now == server && zookeeper_server_is_running(server);
    zookeeper_server_unref(now);
    return same;
}

/* The mutex is held. */
static bool is_over(const struct station *station, const struct load_cnxn *cnxn)
{
    return station->over || cnxn->closed || station->load->over;
}

/* False: no answer came, or the session is no more. */
static bool has_connected(struct station *station, struct zookeeper_server *server,
                          struct load_cnxn *cnxn)
{
    struct load_client *client = cnxn->client;
    int64_t session_id;
    if (client->session_id != 0)
        zookeeper_server_reopen_session(server, &cnxn->base, client->session_id, client->passwd,
                                        client->timeout_ms);
    else if (zookeeper_server_create_session(server, &cnxn->base, client->timeout_ms, &session_id) <
             0)
        return false;
    const int64_t deadline_ms = now_ms() + PATIENCE_MS;
    pthread_mutex_lock(&station->mutex);
    while (!cnxn->answered && !is_over(station, cnxn) && now_ms() < deadline_ms) {
        pthread_mutex_unlock(&station->mutex);
        bool serving = serves(station, server);
        pthread_mutex_lock(&station->mutex);
        if (!serving)
            break;
        if (!cnxn->answered)
            wait_ms(station, BETWEEN_LOOKS_MS);
    }
    bool valid = cnxn->answered && cnxn->valid;
    pthread_mutex_unlock(&station->mutex);
    return valid;
}

static bool send_ping(struct zookeeper_server *server, struct load_cnxn *cnxn)
{
    const struct load_op ping = {.cxid = PING_XID, .type = OP_CODE_PING};
    return submit(server, cnxn, &ping);
}

/* Until something makes it go: its server, its patience, or its own wish. */
static void talk(struct station *station, struct zookeeper_server *server, struct load_cnxn *cnxn)
{
    struct load_client *client = cnxn->client;
    int64_t last_answer_ms = now_ms();
    int64_t next_ms = now_ms();
    int64_t ping_ms = now_ms();
    int before = 0;
    pthread_mutex_lock(&station->mutex);
    while (!is_over(station, cnxn) && client->session_id != 0) {
        int64_t now = now_ms();
        struct load_op op;
        if (client->under_way_count == 0 || client->under_way_count < before)
            last_answer_ms = now;
        if (now - last_answer_ms > PATIENCE_MS ||
            (client->quota == 0 && client->under_way_count == 0))
            break;
        bool sends = now >= next_ms && load_next(station->load, client, &op);
        bool pings = !sends && now >= ping_ms;
        if (sends)
            next_ms = now + load_pause_ms(station->load, client);
        if (sends || pings)
            ping_ms = now + client->timeout_ms / 3;
        before = client->under_way_count;
        pthread_mutex_unlock(&station->mutex);
        bool going = serves(station, server);
        if (going && sends)
            going = submit(server, cnxn, &op);
        else if (going && pings)
            going = send_ping(server, cnxn);
        pthread_mutex_lock(&station->mutex);
        if (!going)
            break;
        if (!sends && !is_over(station, cnxn)) {
            int64_t rest_ms = next_ms > now && next_ms - now < BETWEEN_LOOKS_MS ? next_ms - now
                                                                                : BETWEEN_LOOKS_MS;
            wait_ms(station, rest_ms);
        }
    }
    pthread_mutex_unlock(&station->mutex);
}

static void play_client(struct station *station, struct load_client *client)
{
    struct zookeeper_server *server = quorum_peer_get_active_server(station->self);
    struct load_cnxn *cnxn = cnxn_new(station, client);
    bool serving = server != NULL && zookeeper_server_is_running(server);
    if (serving && has_connected(station, server, cnxn))
        talk(station, server, cnxn);
    pthread_mutex_lock(&station->mutex);
    cnxn->client = NULL;
    load_dropped(station->load, client);
    if (!serving && !station->over)
        wait_ms(station, BETWEEN_LOOKS_MS);
    pthread_mutex_unlock(&station->mutex);
    server_cnxn_unref(&cnxn->base);
    zookeeper_server_unref(server);
}

static void *play_clients(void *arg)
{
    struct station *station = arg;
    pthread_setname_np(pthread_self(), "load");
    pthread_mutex_lock(&station->mutex);
    while (!station->over) {
        struct load_client *client = load_take(station->load, station->host);
        if (client == NULL) {
            wait_ms(station, LOOK_FOR_CLIENTS_MS);
            continue;
        }
        pthread_mutex_unlock(&station->mutex);
        play_client(station, client);
        pthread_mutex_lock(&station->mutex);
    }
    pthread_mutex_unlock(&station->mutex);
    return NULL;
}

/* ---- the companion --------------------------------------------------------------------------- */

static void *load_companion_begin(struct peer_process *process, struct quorum_peer_run *run,
                                  int host)
{
    struct station *station = zk_xcalloc(1, sizeof *station);
    pthread_condattr_t monotonic;
    station->process = process;
    station->self = run->self;
    station->load = process->companion_arg;
    station->host = host;
    pthread_mutex_init(&station->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&station->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < THREADS; i++)
        while (pthread_create(&station->threads[i], NULL, play_clients, station) != 0)
            sleep_ms(1); /* the system is short of threads */
    return station;
}

/* No thread of the peer runs any more, so nobody has a connection of ours. */
static void load_companion_end(void *companion)
{
    struct station *station = companion;
    pthread_mutex_lock(&station->mutex);
    station->over = true;
    pthread_cond_broadcast(&station->changed);
    pthread_mutex_unlock(&station->mutex);
    for (int i = 0; i < THREADS; i++)
        pthread_join(station->threads[i], NULL);
}

static void load_companion_free(void *companion)
{
    struct station *station = companion;
    pthread_cond_destroy(&station->changed);
    pthread_mutex_destroy(&station->mutex);
    free(station);
}

const struct peer_companion load_companion = {
    .begin = load_companion_begin,
    .end = load_companion_end,
    .free = load_companion_free,
};

/* ---- the last look --------------------------------------------------------------------------- */

static bool has_list(const struct data_tree_record *record, const struct client_acl *expected)
{
    struct client_acl acl = {0};
    bool known = record->acl != NULL;
    for (size_t i = 0; known && i < record->acl->list.count; i++) {
        const struct zk_acl *item = &record->acl->list.items[i];
        known = client_acl_add(&acl, item->perms, item->id.scheme.text, item->id.id.text);
    }
    return known && client_acl_equal(&acl, expected);
}

static void note_numbers(const char *path, const struct buf *data, struct load_view *view)
{
    if (view->numbers_count == LOAD_NUMBERS_MAX || data == NULL)
        return;
    struct load_numbers *numbers = &view->numbers[view->numbers_count++];
    snprintf(numbers->path, sizeof numbers->path, "%s", path);
    snprintf(numbers->data, sizeof numbers->data, "%.*s", (int)data->length,
             (const char *)data->bytes);
}

static bool is_as_it_must_be(struct data_tree *tree, const struct load_node *node,
                             struct load_view *view)
{
    struct data_tree_record record;
    if (data_tree_get_change_record(tree, node->path, &record) < 0)
        return false;
    size_t length = strlen(node->data);
    bool same_data = node->any_data || (record.data != NULL && record.data->length == length &&
                                        memcmp(record.data->bytes, node->data, length) == 0);
    bool same = record.stat.version == node->version &&
                record.stat.ephemeral_owner == node->owner && same_data &&
                has_list(&record, &node->acl);
    if (node->any_data)
        note_numbers(node->path, record.data, view);
    data_tree_record_done(&record);
    return same;
}

/* A server alone serves until it is stopped. Whoever gives up leading or following puts what its
 * log has, committed or not, into its tree before it says that it is looking. */
static bool still_serves(const struct quorum_peer_main *program)
{
    if (program->run == NULL)
        return true;
    struct zookeeper_server *server = quorum_peer_get_active_server(program->run->self);
    const bool serves = server != NULL && zookeeper_server_is_running(server);
    zookeeper_server_unref(server);
    return serves;
}

void *load_look(void *arg)
{
    const struct load_question *question = arg;
    struct peer_process *process = question->process;
    struct load_view *view = question->view;
    pthread_mutex_lock(&process->mutex);
    while (process->program == NULL &&
           !process->stop) { /* its main thread is slower than the others */
        pthread_mutex_unlock(&process->mutex);
        sleep_ms(10);
        pthread_mutex_lock(&process->mutex);
    }
    struct quorum_peer_main *program = process->program;
    process->stoppers += program != NULL; /* so that it does not go away */
    pthread_mutex_unlock(&process->mutex);
    if (program == NULL)
        return NULL;
    struct zk_database *database =
        program->run != NULL ? program->run->database : program->alone->database;
    struct data_tree *tree = zk_database_get_data_tree(database);
    struct session_timeouts sessions = {0};
    zk_database_sessions(database, &sessions);
    *view = (struct load_view){
        .last_zxid = data_tree_last_processed_zxid(tree),
        .digest = data_tree_get_tree_digest(tree),
        .nodes = data_tree_get_node_count(tree),
        .ephemerals = data_tree_get_ephemerals_count(tree),
        .sessions = sessions.count,
    };
    for (size_t i = 0; i < question->node_count && view->wrong[0] == '\0'; i++)
        if (!is_as_it_must_be(tree, &question->nodes[i], view))
            strncpy(view->wrong, question->nodes[i].path, sizeof view->wrong - 1);
    session_timeouts_done(&sessions);
    data_tree_unref(tree);
    view->serves = still_serves(program);
    view->done = true;
    pthread_mutex_lock(&process->mutex);
    process->stoppers--;
    pthread_mutex_unlock(&process->mutex);
    return NULL;
}
