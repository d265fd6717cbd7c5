/* The end of a request's way: the tree changes, and the client is answered.
 * Java: server.FinalRequestProcessor
 *
 * Most transactions that come here are those of other servers' clients: they are applied, and
 * nobody here waits for an answer. A request with a connection is answered with what applying it
 * gave. */
#include "zk/server/final_request_processor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/final_request_processor_internal.h"
#include "server/lock_ranks.h"
#include "zk/base/alloc.h"
#include "zk/base/str.h"
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
#include "zk/server/server_cnxn_trace.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

/* Most answers to writes fit into so many bytes. */
enum { ANSWER_ROOM = 128 };

static void apply_request(struct final_request_processor *final, struct request *request,
                          struct process_txn_result *ret_rc);
static void find_answer(struct final_request_processor *final, const struct request *request,
                        const struct process_txn_result *rc, struct answer *answer);
static void log_failed_read(struct final_request_processor *final, const struct request *request);
static void update_stats(const struct request *request, const struct answer *answer,
                         bool is_session);
static void answer_client(struct final_request_processor *final, const struct request *request,
                          const struct answer *answer);
static void send_answer(struct final_request_processor *final, struct server_cnxn *cnxn,
                        const struct reply_header *header, struct buf *rsp);

/* Java: processRequest() */
static int final_request_processor_process_request(struct request_processor *processor,
                                                   struct request *request)
{
    struct final_request_processor *final = (struct final_request_processor *)processor;
    struct process_txn_result rc = {0};
    if (!request->refused)
        apply_request(final, request, &rc);
    if (request->cnxn == NULL) {
        process_txn_result_done(&rc);
        return 0;
    }
    /* Before the answer leaves: a client that has it may send its next request at once, and must
     * find that there is room for it. */
    zookeeper_server_dec_in_process(final->server);
    zookeeper_server_request_finished(final->server, request);

    /* Beside a read that comes straight from its connection a write of another client may be
     * applied; so such a read takes the zxid in the moment in which it reads. A write's is
     * its own, which was the tree's last one when it was applied. */
    struct answer answer = {
        .tree = final->tree,
        .zxid = request->txn != NULL ? rc.zxid : data_tree_last_processed_zxid(final->tree),
        .last_op = "NA",
    };
    find_answer(final, request, &rc, &answer);
    if (answer.err == KEEPER_CODE_MARSHALLINGERROR && request->txn == NULL)
        log_failed_read(final, request);
    process_txn_result_done(&rc);
    answer_client(final, request, &answer);
    buf_unref(answer.rsp);
    return 0;
}

/* Java: applyRequest() */
static void apply_request(struct final_request_processor *final, struct request *request,
                          struct process_txn_result *ret_rc)
{
    zookeeper_server_process_txn(final->server, request, ret_rc);
    if (request->txn != NULL)
        zk_trace_txn(final->ctx, "applied", request->zxid, 0,
                     "the tree of this server has it, so readers see it now");
    /* The session has expired, or was closed through another server, and its client may still be
     * connected here. Java: connClosedByClient() */
    if (request->type == OP_CODE_CLOSE_SESSION && request->cnxn == NULL &&
        zookeeper_server_close_session(final->server, request->session_id,
                                       DISCONNECT_REASON_CLIENT_CLOSED_SESSION))
        return;
    if (request->txn == NULL)
        return;
    /* The two clocks are of two machines, so the difference may be negative. */
    int64_t propagation_latency_ms = zk_wall_ms() - request->txn->header.time_ms;
    if (propagation_latency_ms >= 0)
        server_metrics_add(zookeeper_server_metrics(final->server),
                           SERVER_METRICS_PROPAGATION_LATENCY, propagation_latency_ms);
}

/* Java: processRequest(), its last part */
static void answer_client(struct final_request_processor *final, const struct request *request,
                          const struct answer *answer)
{
    struct server_cnxn *cnxn = request->cnxn;
    if (answer->err == KEEPER_CODE_SESSIONMOVED) {
        /* The client is at another server by now. If this connection stayed, client and leader
         * could disagree about where the session is (ZOOKEEPER-710). */
        cnxn->ops->send_close_session(cnxn);
        return;
    }
    bool is_session = answer->err == KEEPER_CODE_OK && request->type == OP_CODE_CREATE_SESSION;
    update_stats(request, answer, is_session);
    if (is_session) {
        zookeeper_server_finish_session_init(final->server, cnxn, true);
        return;
    }
    const struct reply_header header = {
        .xid = request->type == OP_CODE_PING ? PING_XID : request->cxid,
        .zxid = answer->zxid,
        .err = answer->err,
    };
    server_cnxn_trace_response(final->ctx, request, &header, answer->rsp);
    send_answer(final, cnxn, &header, answer->rsp);
    if (request->type == OP_CODE_CLOSE_SESSION)
        cnxn->ops->send_close_session(cnxn);
}

/* The request could not be read, which is the client's fault: one line says so. */
static void log_failed_read(struct final_request_processor *final, const struct request *request)
{
    struct zk_str text = {0};
    request_append(request, &text);
    zk_log(final->ctx, ZK_LOG_FAILED_TO_PROCESS, zk_str_text(&text),
           request->request != NULL ? request->request->length : (size_t)0);
    zk_str_done(&text);
}

/* Java: updateStats(), and the size that ServerCnxn.serialize() tells. The answer to a first frame
 * has another form, of which no size is told. */
static void update_stats(const struct request *request, const struct answer *answer,
                         bool is_session)
{
    size_t length = answer->rsp != NULL ? answer->rsp->length : 0;
    const struct server_cnxn_response response = {
        .cxid = request->cxid,
        .zxid = answer->zxid,
        .op = answer->last_op,
        .start_ms = request->create_time_ms,
        .end_ms = zk_elapsed_ms(),
        .is_update = request->txn != NULL,
        .is_ping = request->type == OP_CODE_PING,
        .bytes = is_session ? 0 : (int64_t)(REPLY_HEADER_BYTES + length),
    };
    server_cnxn_update_stats_for_response(request->cnxn, &response);
}

/* The connection is remembered until the wake, so that the answers of a batch leave together. */
static void send_answer(struct final_request_processor *final, struct server_cnxn *cnxn,
                        const struct reply_header *header, struct buf *rsp)
{
    if (cnxn->ops->queue_response == NULL) {
        cnxn->ops->send_response(cnxn, header, rsp);
        return;
    }
    cnxn->ops->queue_response(cnxn, header, rsp);
    if (zk_atomic_long_add(&cnxn->unwoken_answers, 1) > 1)
        return;
    server_cnxn_ref(cnxn);
    zk_mutex_lock(&final->mu);
    array_deque_add_last(&final->answered, &cnxn);
    zk_mutex_unlock(&final->mu);
}

/* Wakes the connections that have been answered since the last wake, whichever thread answered
 * them. */
static void final_request_processor_wake(struct request_processor *processor)
{
    struct final_request_processor *final = (struct final_request_processor *)processor;
    struct server_cnxn *cnxn;
    for (;;) {
        zk_mutex_lock(&final->mu);
        bool is_one = array_deque_remove_first(&final->answered, &cnxn);
        zk_mutex_unlock(&final->mu);
        if (!is_one)
            return;
        /* Before its wake: what is queued from now on remembers it anew. */
        zk_atomic_long_set(&cnxn->unwoken_answers, 0);
        cnxn->ops->wake(cnxn);
        server_cnxn_unref(cnxn);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

struct jute_out begin_answer(struct answer *answer, size_t room)
{
    answer->rsp = buf_new(room);
    return jute_out_of_buf(answer->rsp);
}

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

/* Returns an empty buf that stays the processor's: that of the write before, unless a connection
 * still has it, or it has grown. */
static struct buf *empty_write_answer(struct final_request_processor *final)
{
    struct buf *rsp = final->write_answer;
    if (rsp == NULL || !buf_is_unshared(rsp) || rsp->room > ANSWER_ROOM) {
        buf_unref(rsp);
        rsp = final->write_answer = buf_new(ANSWER_ROOM);
    }
    rsp->length = 0;
    return rsp;
}

static void answer_write(struct final_request_processor *final, const struct request *request,
                         const struct process_txn_result *rc, struct answer *answer)
{
    struct buf *rsp = empty_write_answer(final);
    struct jute_out out = jute_out_of_buf(rsp);
    if (put_response(&out, request->type, rc))
        answer->rsp = buf_ref(rsp);
    answer->err = (enum keeper_code)rc->err;
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
    struct jute_out out = begin_answer(answer, ANSWER_ROOM);
    for (size_t i = 0; i < rc->multi_count; i++) {
        const struct process_txn_result *operation = &rc->multi_result[i];
        if (operation->type == OP_CODE_ERROR && operation->err == KEEPER_CODE_SESSIONMOVED)
            answer->err = KEEPER_CODE_SESSIONMOVED;
        put_operation(&out, operation);
    }
    jute_write(&out, &multi_header_record, &end);
}

/* The path comes back as it was asked for. */
static void answer_sync(struct final_request_processor *final, const struct request *request,
                        struct answer *answer)
{
    struct sync_request sync;
    answer->err = request_read_record(final->ctx, request, &sync_request_record, &sync);
    if (answer->err != KEEPER_CODE_OK)
        return;
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
    answer->err = (enum keeper_code)rc->err;
}

/* What the word cons calls a type: Java's variable lastOp. */
static const char *op_code_short_name(int32_t type)
{
    static const struct {
        int32_t type;
        const char *name;
    } NAMES[] = {
        {OP_CODE_GET_DATA, "GETD"},
        {OP_CODE_EXISTS, "EXIS"},
        {OP_CODE_PING, "PING"},
        {OP_CODE_SET_DATA, "SETD"},
        {OP_CODE_CREATE, "CREA"},
        {OP_CODE_CREATE2, "CREA"},
        {OP_CODE_CREATE_TTL, "CREA"},
        {OP_CODE_CREATE_CONTAINER, "CREA"},
        {OP_CODE_DELETE, "DELE"},
        {OP_CODE_DELETE_CONTAINER, "DELE"},
        {OP_CODE_GET_CHILDREN, "GETC"},
        {OP_CODE_GET_CHILDREN2, "GETC"},
        {OP_CODE_MULTI, "MULT"},
        {OP_CODE_SYNC, "SYNC"},
        {OP_CODE_SET_ACL, "SETA"},
        {OP_CODE_GET_ACL, "GETA"},
        {OP_CODE_CHECK, "CHEC"},
        {OP_CODE_RECONFIG, "RECO"},
        {OP_CODE_CREATE_SESSION, "SESS"},
        {OP_CODE_CLOSE_SESSION, "CLOS"},
        {OP_CODE_GET_ALL_CHILDREN_NUMBER, "GETACN"},
        {OP_CODE_GET_EPHEMERALS, "GETE"},
        {OP_CODE_MULTI_READ, "MLTR"},
        {OP_CODE_WHO_AM_I, "HOMI"},
        {OP_CODE_SET_WATCHES, "SETW"},
        {OP_CODE_SET_WATCHES2, "STW2"},
        {OP_CODE_ADD_WATCH, "ADDW"},
        {OP_CODE_CHECK_WATCHES, "CHKW"},
        {OP_CODE_REMOVE_WATCHES, "REMW"},
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (NAMES[i].type == type)
            return NAMES[i].name;
    return "NA";
}

/* Java: processRequest(), its try block */
static void find_answer(struct final_request_processor *final, const struct request *request,
                        const struct process_txn_result *rc, struct answer *answer)
{
    /* LONG: one Java method */
    const struct txn_log_entry *txn = request->txn;
    bool failed = txn != NULL && txn->header.type == OP_CODE_ERROR;
    bool is_throttled = request->refused && request->exception == KEEPER_CODE_THROTTLEDOP;
    if (!is_throttled && (failed || request->refused ||
                          (request->exception != 0 && request->type != OP_CODE_MULTI))) {
        /* The code that this server found itself counts: the error transaction may say less. */
        answer->err = (enum keeper_code)(request->exception != 0 ? request->exception
                                                                 : txn->record.error.err);
        return;
    }
    /* A stale request is counted and nothing more: its transaction is done, and dropping the answer
     * would save nothing. */
    if (zookeeper_server_is_stale_request(final->server, request))
        server_metrics_count(zookeeper_server_metrics(final->server), SERVER_METRICS_STALE_REPLIES);
    if (is_throttled) {
        answer->err = KEEPER_CODE_THROTTLEDOP;
        return;
    }
    answer->last_op = op_code_short_name(request->type);
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
        answer_write(final, request, rc, answer);
        break;
    case OP_CODE_RECONFIG:
        answer_reconfig(request, rc, answer);
        break;
    case OP_CODE_SYNC:
        answer_sync(final, request, answer);
        break;
    case OP_CODE_EXISTS:
        answer_exists(request, answer);
        break;
    case OP_CODE_GET_DATA:
        answer_get_data(final, request, answer);
        break;
    case OP_CODE_GET_ACL:
        answer_get_acl(final, request, answer);
        break;
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_CHILDREN2:
        answer_get_children(final, request, answer);
        break;
    case OP_CODE_GET_ALL_CHILDREN_NUMBER:
        answer_get_all_children_number(final, request, answer);
        break;
    case OP_CODE_GET_EPHEMERALS:
        answer_get_ephemerals(final, request, answer);
        break;
    case OP_CODE_MULTI_READ:
        answer_multi_read(final, request, answer);
        break;
    case OP_CODE_WHO_AM_I:
        answer_who_am_i(final, request, answer);
        break;
    case OP_CODE_SET_WATCHES:
        answer_set_watches(final, request, answer);
        break;
    case OP_CODE_SET_WATCHES2:
        answer_set_watches2(final, request, answer);
        break;
    case OP_CODE_ADD_WATCH:
        answer_add_watch(final, request, answer);
        break;
    case OP_CODE_CHECK_WATCHES:
        answer_check_watches(final, request, answer);
        break;
    case OP_CODE_REMOVE_WATCHES:
        answer_remove_watches(final, request, answer);
        break;
    default: /* request_is_valid() lets nothing else pass */
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

static void final_request_processor_free(struct request_processor *processor) UNSHARED
{
    struct final_request_processor *final = (struct final_request_processor *)processor;
    struct server_cnxn *cnxn;
    while (array_deque_remove_first(&final->answered, &cnxn))
        server_cnxn_unref(cnxn);
    array_deque_done(&final->answered);
    data_tree_unref(final->tree);
    buf_unref(final->write_answer);
    zk_mutex_destroy(&final->mu);
    free(final);
}

static const struct request_processor_ops final_request_processor_ops = {
    .process_request = final_request_processor_process_request,
    .wake = final_request_processor_wake,
    .shutdown = final_request_processor_shutdown,
    .free = final_request_processor_free,
};

struct request_processor *final_request_processor_new(struct zookeeper_server *server)
{
    struct final_request_processor *final = zk_xcalloc(1, sizeof *final);
    final->processor.ops = &final_request_processor_ops;
    final->server = server;
    final->ctx = zookeeper_server_ctx(server);
    final->tree = zk_database_get_data_tree(zookeeper_server_get_zk_database(server));
    zk_mutex_init(&final->mu, final->ctx, "final_request_processor", ZK_RANK_REQUEST_PROCESSOR);
    final->answered = (struct array_deque)ARRAY_DEQUE_OF(struct server_cnxn *);
    return &final->processor;
}
