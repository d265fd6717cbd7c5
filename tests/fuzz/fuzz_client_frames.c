/* What a client's connection hands to its server: frames, the first of which asks for a session.
 * The input is a stream of them, each with its length in two bytes, so that lengths fit the input.
 * Whatever the bytes are: a frame is refused or taken, what is taken has the bytes of its frame,
 * and nobody is asked to send or to close what is closed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "zk/base/alloc.h"
#include "zk/base/buf.h"
#include "zk/jute/proto.h"
#include "zk/runtime/context.h"
#include "zk/server/learner_session_tracker.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

enum { LENGTH = 2, HEADER = 8 };

/* ---- a connection that only counts ---- */

struct counting {
    struct server_cnxn base; /* the first field: it is one */
    int responses;
    int session_answers;
    bool is_closed;
};

static void counting_send_response(struct server_cnxn *base, const struct reply_header *header,
                                   struct buf *body)
{
    struct counting *cnxn = (struct counting *)base;
    (void)header;
    zk_assert(!cnxn->is_closed);
    zk_assert(body == NULL || body->length > 0);
    cnxn->responses++;
}

static void counting_finish_session_init(struct server_cnxn *base,
                                         const struct connect_response *response, bool valid)
{
    struct counting *cnxn = (struct counting *)base;
    zk_assert(!cnxn->is_closed);
    zk_assert(response->passwd->length == SESSION_PASSWD_LENGTH);
    zk_assert(valid == (response->session_id != 0));
    cnxn->session_answers++;
    cnxn->is_closed = !valid;
}

static void counting_send_close_session(struct server_cnxn *base)
{
    ((struct counting *)base)->is_closed = true;
}

static void counting_close(struct server_cnxn *base, enum disconnect_reason reason)
{
    (void)reason;
    ((struct counting *)base)->is_closed = true;
}

static void counting_free(struct server_cnxn *base)
{
    (void)base;
}

static const struct server_cnxn_ops counting_ops = {
    .send_response = counting_send_response,
    .finish_session_init = counting_finish_session_init,
    .send_close_session = counting_send_close_session,
    .close = counting_close,
    .free = counting_free,
};

/* ---- a server that swallows ---- */

static int swallow(struct request_processor *processor, struct request *request)
{
    (void)processor;
    zk_assert(request->cnxn != NULL);
    return 0;
}

static void swallow_shutdown(struct request_processor *processor)
{
    (void)processor;
}

static void swallow_free(struct request_processor *processor)
{
    free(processor);
}

static const struct request_processor_ops swallow_ops = {
    .process_request = swallow, .shutdown = swallow_shutdown, .free = swallow_free};

static int setup_request_processors(struct zookeeper_server *server)
{
    struct request_processor *processor = zk_xcalloc(1, sizeof *processor);
    processor->ops = &swallow_ops;
    zookeeper_server_set_first_processor(server, processor);
    return 0;
}

static struct session_tracker *create_session_tracker(struct zookeeper_server *server)
{
    return learner_session_tracker_new(zookeeper_server_ctx(server), 1);
}

/* Java: ZooKeeperServer.processPacket(), and what must hold of what it makes */
static int later_frame(struct zookeeper_server *server, struct counting *cnxn, const uint8_t *frame,
                       size_t length)
{
    struct request *request;
    int responses = cnxn->responses;
    int r = zookeeper_server_process_packet(server, &cnxn->base, frame, length, &request);
    zk_assert(r == 0 || r == -EPROTO || r == -EACCES);
    zk_assert(r == 0 || request == NULL);
    zk_assert(length >= HEADER || r == -EPROTO);
    if (r == 0 && request == NULL)
        zk_assert(cnxn->responses == responses + 1);
    if (request != NULL) {
        zk_assert(request->cxid == zk_load_int(frame));
        zk_assert(request->type == zk_load_int(frame + 4));
        zk_assert(request->request->length == length - HEADER);
        zk_assert(length == HEADER ||
                  memcmp(request->request->bytes, frame + HEADER, length - HEADER) == 0);
    }
    request_unref(request);
    return r;
}

static void feed(struct zookeeper_server *server, struct counting *cnxn, const uint8_t *bytes,
                 size_t length)
{
    bool is_first = true;
    for (size_t at = 0; length - at >= LENGTH && !cnxn->is_closed;) {
        size_t frame = (size_t)bytes[at] << 8 | bytes[at + 1];
        at += LENGTH;
        if (frame > length - at)
            frame = length - at;
        int r;
        if (is_first)
            r = zookeeper_server_process_connect_request(server, &cnxn->base, bytes + at, frame);
        else
            r = later_frame(server, cnxn, bytes + at, frame);
        is_first = false;
        at += frame;
        if (r < 0)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct zookeeper_server_methods methods = {
        .state = "follower",
        .create_session_tracker = create_session_tracker,
        .setup_request_processors = setup_request_processors,
    };
    struct zk_context *ctx = fuzz_context();
    struct zk_database *database = zk_database_new(ctx, NULL);
    struct server_metrics *metrics = server_metrics_new(ctx);
    struct zookeeper_server *server = zookeeper_server_new(ctx, &methods, NULL, database, metrics);
    if (zookeeper_server_startup(server) < 0)
        abort();
    struct counting cnxn = {0};
    server_cnxn_init(&cnxn.base, ctx, &counting_ops);
    cnxn.base.remote_address = "/127.0.0.1:50000";
    if (server_cnxn_add_auth_info(&cnxn.base, "ip", "127.0.0.1") < 0)
        abort();

    feed(server, &cnxn, bytes, length);

    server_cnxn_done(&cnxn.base);
    zookeeper_server_unref(server);
    server_metrics_free(metrics);
    zk_database_free(database);
    zk_context_free(ctx);
    return 0;
}
