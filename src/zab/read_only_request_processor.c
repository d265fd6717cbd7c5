/* What a read-only server refuses. Java: ReadOnlyRequestProcessor */
#include "zab/read_only_request_processor.h"

#include <inttypes.h>

#include "zab/queued_processor.h"
#include "zk/base/alloc.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/context.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/thread.h"
#include "zk/server/request.h"
#include "zk/server/zookeeper_server.h"

struct read_only_request_processor {
    struct queued_processor queued; /* the first field: this is one */
};

static bool is_refused(const struct request *request);
static void refuse(struct request *request);

/* Java: run() */
static void read_only_request_processor_run(void *arg)
{
    struct read_only_request_processor *ro = arg;
    struct bq_batch batch = {0};
    while (bq_take_all(ro->queued.queued_requests, &batch) == 0) {
        struct request *request;
        while ((request = bq_batch_next(&batch)) != NULL) {
            if (is_refused(request))
                refuse(request);
            int r = request_processor_hand_over(ro->queued.next, request);
            if (r < 0)
                zookeeper_server_handle_exception(ro->queued.server, r, 0);
            request_unref(request);
        }
        request_processor_wake(ro->queued.next);
    }
    bq_batch_done(&batch);
    zk_log(ro->queued.ctx, ZK_LOG_REQUEST_PROCESSOR_EXITED, "ReadOnly");
}

/* Only the session's own server knows a local session, and may open and close it. */
static bool is_refused(const struct request *request)
{
    switch (request->type) {
    case OP_CODE_SYNC:
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_SET_DATA:
    case OP_CODE_RECONFIG:
    case OP_CODE_SET_ACL:
    case OP_CODE_MULTI:
    case OP_CODE_CHECK:
        return true;
    case OP_CODE_CREATE_SESSION:
    case OP_CODE_CLOSE_SESSION:
        return !request->local_session;
    default:
        return false;
    }
}

/* It goes the same way as the reads before it and is answered behind them, by
 * FinalRequestProcessor, which counts it off. Java answers here and now, and forgets to count
 * (D-257). Java: sendErrorResponse() */
static void refuse(struct request *request)
{
    request->refused = true;
    request->exception = KEEPER_CODE_NOTREADONLY;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Java: processRequest(), shutdown() */
static const struct request_processor_ops read_only_request_processor_ops = {
    .process_request = queued_processor_process_request,
    .wake = queued_processor_wake,
    .shutdown = queued_processor_shutdown,
    .free = queued_processor_free,
};

struct read_only_request_processor *read_only_request_processor_new(struct zookeeper_server *server,
                                                                    struct request_processor *next)
{
    struct read_only_request_processor *ro = zk_xcalloc(1, sizeof *ro);
    queued_processor_init(&ro->queued, &read_only_request_processor_ops, server, next);
    return ro;
}

int read_only_request_processor_start(struct read_only_request_processor *ro)
{
    return zk_thread_group_start(ro->queued.threads, read_only_request_processor_run, ro,
                                 "ReadOnlyRequestProcessor:%" PRId64,
                                 zk_context_myid(ro->queued.ctx));
}

struct request_processor *read_only_request_processor_as_processor(
    struct read_only_request_processor *ro)
{
    return &ro->queued.processor;
}
