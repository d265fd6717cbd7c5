/* The end of a request's way: the tree changes, and the client is answered.
 * Java: server.FinalRequestProcessor
 *
 * Most transactions that come here are other servers' clients': they are applied, and nobody waits.
 * A request with a connection is answered with what applying it gave. */
#include "zk/server/final_request_processor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/str.h"
#include "zk/io/stream.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/trace.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

/* The xid of a ping and of its answer. Java: ClientCnxn.PING_XID */
enum { PING_XID = -2 };

/* Most answers fit. */
enum { ANSWER_ROOM = 128 };

struct final_request_processor {
    struct request_processor processor;
    struct zookeeper_server *server;
    struct zk_context *ctx;
};

/* What a client is told. */
struct answer {
    int32_t err;     /* enum keeper_code */
    struct buf *rsp; /* the record behind the header, a reference; NULL: none */
};

static void apply_request(struct final_request_processor *final, struct request *request,
                          struct process_txn_result *ret_rc);
static void find_answer(struct final_request_processor *final, const struct request *request,
                        const struct process_txn_result *rc, struct answer *answer);

/* Java: processRequest() */
static int final_request_processor_process_request(struct request_processor *processor,
                                                   struct request *request)
{
    struct final_request_processor *final = (struct final_request_processor *)processor;
    struct process_txn_result rc;
    apply_request(final, request, &rc);
    struct server_cnxn *cnxn = request->cnxn;
    if (cnxn == NULL) {
        process_txn_result_done(&rc);
        return 0;
    }
    int64_t last_zxid =
        zk_database_last_processed_zxid(zookeeper_server_get_zk_database(final->server));
    zookeeper_server_dec_in_process(final->server);

    struct answer answer = {0};
    find_answer(final, request, &rc, &answer);
    process_txn_result_done(&rc);
    struct reply_header header = {.xid = request->cxid, .zxid = last_zxid, .err = answer.err};
    if (answer.err == KEEPER_CODE_SESSIONMOVED) {
        /* The client is at another server by now. If this connection stayed, client and leader
         * could disagree about where the session is (ZOOKEEPER-710). */
        cnxn->ops->send_close_session(cnxn);
    } else if (answer.err == 0 && request->type == OP_CODE_CREATE_SESSION) {
        zookeeper_server_finish_session_init(final->server, cnxn, true);
    } else {
        if (request->type == OP_CODE_PING)
            header.xid = PING_XID;
        cnxn->ops->send_response(cnxn, &header, answer.rsp);
        if (request->type == OP_CODE_CLOSE_SESSION)
            cnxn->ops->send_close_session(cnxn);
    }
    buf_unref(answer.rsp);
    return 0;
}

/* Java: applyRequest() */
static void apply_request(struct final_request_processor *final, struct request *request,
                          struct process_txn_result *ret_rc)
{
    zookeeper_server_process_txn(final->server, request, ret_rc);
    if (request->txn == NULL)
        return;
    zk_trace_txn(final->ctx, "applied", request->zxid, 0,
                 "the tree of this server has it, so readers see it now");
    /* The two clocks are of two machines, so it may well be negative. */
    int64_t propagation_latency_ms = zk_wall_ms() - request->txn->header.time_ms;
    if (propagation_latency_ms >= 0)
        server_metrics_add(zookeeper_server_metrics(final->server),
                           SERVER_METRICS_PROPAGATION_LATENCY, propagation_latency_ms);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Writes the record that tells what one write did. Returns false if there is none for its type. */
static bool put_response(struct jute_out *out, int32_t type, const struct process_txn_result *rc)
{
    struct ustring path = {.text = (char *)rc->path,
                           .length = rc->path != NULL ? strlen(rc->path) : 0};
    struct create_response create = {.path = path};
    struct create2_response create2 = {.path = path, .stat = rc->stat};
    struct set_data_response set_data = {.stat = rc->stat};
    struct set_acl_response set_acl = {.stat = rc->stat};
    switch (type) {
    case OP_CODE_CREATE:
        jute_write(out, &create_response_record, &create);
        return true;
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
        jute_write(out, &create2_response_record, &create2);
        return true;
    case OP_CODE_SET_DATA:
    case OP_CODE_CHECK:
        jute_write(out, &set_data_response_record, &set_data);
        return true;
    case OP_CODE_SET_ACL:
        jute_write(out, &set_acl_response_record, &set_acl);
        return true;
    default: /* delete, deleteContainer */
        return false;
    }
}

static void answer_write(const struct request *request, const struct process_txn_result *rc,
                         struct answer *answer)
{
    struct buf *rsp = buf_new(ANSWER_ROOM);
    struct zk_output *output = zk_output_new_buf(rsp);
    struct jute_out out = jute_out_of(output);
    if (put_response(&out, request->type, rc))
        answer->rsp = buf_ref(rsp);
    answer->err = rc->err;
    zk_output_free(output);
    buf_unref(rsp);
}

/* One operation of a multi: a header, and the record of its type. Java: MultiResponse.add() */
static void put_operation(struct jute_out *out, const struct process_txn_result *rc)
{
    struct error_response error = {.err = rc->err};
    struct multi_header header = {.type = rc->type};
    if (rc->type == OP_CODE_ERROR)
        header.err = rc->err;
    else if (rc->type == OP_CODE_CREATE_TTL || rc->type == OP_CODE_CREATE_CONTAINER)
        header.type = OP_CODE_CREATE2;
    else if (rc->type == OP_CODE_DELETE_CONTAINER)
        header.type = OP_CODE_DELETE;
    jute_write(out, &multi_header_record, &header);
    if (rc->type == OP_CODE_ERROR)
        jute_write(out, &error_response_record, &error);
    else if (rc->type != OP_CODE_CHECK)
        (void)put_response(out, rc->type, rc);
}

/* Java: MultiResponse.serialize() */
static void answer_multi(const struct process_txn_result *rc, struct answer *answer)
{
    static const struct multi_header end = {.type = -1, .done = true, .err = -1};
    answer->rsp = buf_new(ANSWER_ROOM);
    struct zk_output *output = zk_output_new_buf(answer->rsp);
    struct jute_out out = jute_out_of(output);
    for (size_t i = 0; i < rc->multi_count; i++) {
        const struct process_txn_result *operation = &rc->multi_result[i];
        if (operation->type == OP_CODE_ERROR && operation->err == KEEPER_CODE_SESSIONMOVED)
            answer->err = KEEPER_CODE_SESSIONMOVED;
        put_operation(&out, operation);
    }
    jute_write(&out, &multi_header_record, &end);
    zk_output_free(output);
}

/* The path comes back as it was asked for. A body that cannot be read is the client's fault. */
static void answer_sync(struct final_request_processor *final, const struct request *request,
                        struct answer *answer)
{
    struct sync_request sync = {0};
    struct zk_input *input = request->request != NULL ? zk_input_new_bytes(request->request->bytes,
                                                                           request->request->length)
                                                      : zk_input_new_bytes("", 0);
    struct jute_in in = jute_in_of(final->ctx, input);
    int r = jute_read(&in, &sync_request_record, &sync);
    zk_input_free(input);
    if (r < 0) {
        struct zk_str text = {0};
        request_append(request, &text);
        zk_log(final->ctx, ZK_LOG_FAILED_TO_PROCESS, zk_str_text(&text),
               request->request != NULL ? request->request->length : (size_t)0);
        zk_str_done(&text);
        answer->err = KEEPER_CODE_MARSHALLINGERROR;
        return;
    }
    struct sync_response response = {.path = sync.path};
    answer->rsp = jute_to_buf(&sync_response_record, &response);
    jute_done(&sync_request_record, &sync);
}

/* The configuration that is in force from now on: the data of /zookeeper/config. */
static void answer_reconfig(const struct request *request, const struct process_txn_result *rc,
                            struct answer *answer)
{
    struct get_data_response response = {.data = request->txn->record.set_data.data,
                                         .stat = rc->stat};
    answer->rsp = jute_to_buf(&get_data_response_record, &response);
    answer->err = rc->err;
}

/* Java: processRequest(), its try block */
static void find_answer(struct final_request_processor *final, const struct request *request,
                        const struct process_txn_result *rc, struct answer *answer)
{
    const struct txn_log_entry *txn = request->txn;
    bool failed = txn != NULL && txn->header.type == OP_CODE_ERROR;
    if (failed || (request->exception != 0 && request->type != OP_CODE_MULTI)) {
        /* Prep's own word, if it was ours: an error transaction may say less. */
        answer->err = request->exception != 0 ? request->exception : txn->record.error.err;
        return;
    }
    switch (request->type) {
    case OP_CODE_PING:
    case OP_CODE_CREATE_SESSION:
    case OP_CODE_CLOSE_SESSION:
        break;
    case OP_CODE_MULTI:
        answer_multi(rc, answer);
        break;
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_SET_DATA:
    case OP_CODE_SET_ACL:
    case OP_CODE_CHECK:
        answer_write(request, rc, answer);
        break;
    case OP_CODE_RECONFIG:
        answer_reconfig(request, rc, answer);
        break;
    case OP_CODE_SYNC:
        answer_sync(final, request, answer);
        break;
    default: /* reads and watches come with the clients (D-145) */
        answer->err = KEEPER_CODE_UNIMPLEMENTED;
        break;
    }
}

/* ---- its life -------------------------------------------------------------------------------- */

/* Java: shutdown() */
static void final_request_processor_shutdown(struct request_processor *processor)
{
    struct final_request_processor *final = (struct final_request_processor *)processor;
    zk_log(final->ctx, ZK_LOG_SHUTDOWN_COMPLETE);
}

static void final_request_processor_free(struct request_processor *processor)
{
    free(processor);
}

static const struct request_processor_ops final_request_processor_ops = {
    .process_request = final_request_processor_process_request,
    .shutdown = final_request_processor_shutdown,
    .free = final_request_processor_free,
};

struct request_processor *final_request_processor_new(struct zookeeper_server *server)
{
    struct final_request_processor *final = zk_xcalloc(1, sizeof *final);
    final->processor.ops = &final_request_processor_ops;
    final->server = server;
    final->ctx = zookeeper_server_ctx(server);
    return &final->processor;
}
