/* A request: who asks for what, and its transaction. Java: server.Request */
#include "zk/server/request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/jute/archive.h"
#include "zk/jute/op_code.h"
#include "zk/jute/record.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/clock.h"
#include "zk/server/server_cnxn.h"

/* A path that is longer is no path: toString() says "n/a" then. */
enum { PATH_SHOWN_MAX = 4096, DEL = 0x7f };

/* A request whose address alone means something. */
static const struct request death;

struct request *request_of_death(void)
{
    return (struct request *)&death;
}

static struct request *new_request(struct server_cnxn *cnxn, int64_t session_id, int32_t cxid,
                                   int32_t type, const uint8_t *body, size_t length)
{
    size_t body_size = body != NULL ? sizeof(struct request_body) + length : 0;
    struct request *request = zk_xmalloc(sizeof *request + body_size);
    *request = (struct request){
        .session_id = session_id,
        .cxid = cxid,
        .type = type,
        .cnxn = cnxn != NULL ? server_cnxn_ref(cnxn) : NULL,
        .create_time_ms = zk_elapsed_ms(),
        .zxid = -1,
        .request_throttle_queue_time_ms = -1,
        .prep_queue_start_time_ms = -1,
        .sync_queue_start_time_ms = -1,
        .commit_proc_queue_start_time_ms = -1,
        .commit_recv_time_ms = -1,
    };
    zk_refcount_init(&request->refs);
    if (body != NULL) {
        struct request_body *copy = (struct request_body *)(request + 1);
        copy->length = length;
        memcpy(copy->bytes, body, length);
        request->request = copy;
    }
    return request;
}

static void copy_auth_info(struct request *request, const struct zk_id_list *auth_info)
{
    for (size_t i = 0; i < auth_info->count; i++) {
        struct zk_id *id = jute_list_add(&zk_id_record, &request->auth_info);
        jute_copy(&zk_id_record, id, &auth_info->items[i]);
    }
    request->auth_info.present = auth_info->present;
}

struct request *request_new(struct server_cnxn *cnxn, int64_t session_id, int32_t cxid,
                            int32_t type, const struct buf *body,
                            const struct zk_id_list *auth_info)
{
    struct request *request =
        new_request(cnxn, session_id, cxid, type, body != NULL ? body->bytes : NULL,
                    body != NULL ? body->length : 0);
    if (auth_info != NULL)
        copy_auth_info(request, auth_info);
    return request;
}

struct request *request_new_of_cnxn(struct server_cnxn *cnxn, int32_t cxid, int32_t type,
                                    const uint8_t *body, size_t length)
{
    struct request *request = new_request(cnxn, cnxn->session_id, cxid, type, body, length);
    request->owner = server_cnxn_me();
    request->shared_ids = server_cnxn_get_auth_info(cnxn);
    if (request->shared_ids != NULL)
        request->auth_info = request->shared_ids->list;
    return request;
}

struct request *request_new_of_learner(int64_t session_id, int32_t cxid, int32_t type,
                                       const uint8_t *body, size_t length,
                                       const struct zk_id_list *auth_info)
{
    struct request *request = new_request(NULL, session_id, cxid, type, body, length);
    copy_auth_info(request, auth_info);
    return request;
}

struct request *request_new_of_txn(struct txn_log_entry *txn)
{
    const struct txn_header *header = &txn->header;
    struct request *request =
        new_request(NULL, header->client_id, header->cxid, header->type, NULL, 0);
    request_set_txn(request, txn);
    return request;
}

struct request *request_ref(struct request *request)
{
    if (request != request_of_death())
        zk_refcount_ref(&request->refs);
    return request;
}

void request_unref(struct request *request)
{
    if (request == NULL || request == request_of_death() || !zk_refcount_unref(&request->refs))
        return;
    if (request->shared_ids != NULL) {
        shared_ids_unref(request->shared_ids);
    } else {
        for (size_t i = 0; i < request->auth_info.count; i++)
            jute_done(&zk_id_record, &request->auth_info.items[i]);
        free(request->auth_info.items);
    }
    if (request->is_under_way)
        zk_atomic_long_add(&request->cnxn->under_way, -1);
    server_cnxn_unref(request->cnxn);
    txn_log_entry_unref(request->txn);
    free(request);
}

void request_set_txn(struct request *request, struct txn_log_entry *txn)
{
    txn_log_entry_unref(request->txn);
    request->txn = txn_log_entry_ref(txn);
    request->zxid = txn->header.zxid;
}

/* Java: ByteBufferInputStream.byteBuffer2Record() */
enum keeper_code request_read_record(struct zk_context *ctx, const struct request *request,
                                     const struct jute_record *record, void *ret_record)
{
    if (request->request == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    struct jute_in in = jute_in_of_bytes(ctx, request->request->bytes, request->request->length);
    return jute_read(&in, record, ret_record) < 0 ? KEEPER_CODE_MARSHALLINGERROR : KEEPER_CODE_OK;
}

bool request_is_valid(int32_t type)
{
    switch (type) {
    case OP_CODE_CHECK:
    case OP_CODE_CLOSE_SESSION:
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE_SESSION:
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_EXISTS:
    case OP_CODE_GET_ACL:
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_ALL_CHILDREN_NUMBER:
    case OP_CODE_GET_CHILDREN2:
    case OP_CODE_GET_DATA:
    case OP_CODE_GET_EPHEMERALS:
    case OP_CODE_MULTI:
    case OP_CODE_MULTI_READ:
    case OP_CODE_PING:
    case OP_CODE_RECONFIG:
    case OP_CODE_SET_ACL:
    case OP_CODE_SET_DATA:
    case OP_CODE_SET_WATCHES:
    case OP_CODE_SET_WATCHES2:
    case OP_CODE_SYNC:
    case OP_CODE_CHECK_WATCHES:
    case OP_CODE_REMOVE_WATCHES:
    case OP_CODE_ADD_WATCH:
    case OP_CODE_WHO_AM_I:
        return true;
    default:
        return false;
    }
}

bool request_is_quorum(const struct request *request)
{
    switch (request->type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_ERROR:
    case OP_CODE_DELETE:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_SET_ACL:
    case OP_CODE_SET_DATA:
    case OP_CODE_CHECK:
    case OP_CODE_MULTI:
    case OP_CODE_RECONFIG:
        return true;
    case OP_CODE_CLOSE_SESSION:
    case OP_CODE_CREATE_SESSION:
        return !request->local_session;
    default:
        return false;
    }
}

/* The path that most bodies begin with; "n/a" if this one does not. A line of the log is one line,
 * whatever a client has put into the path. */
static void request_append_path(const struct request *request, struct zk_str *str)
{
    bool has_path = request->request != NULL && request->type != OP_CODE_CREATE_SESSION &&
                    request->type != OP_CODE_SET_WATCHES && request->type != OP_CODE_SET_WATCHES2 &&
                    request->type != OP_CODE_CLOSE_SESSION;
    int32_t length;
    const uint8_t *path;
    struct buf_reader reader =
        has_path ? request_body_reader(request->request) : (struct buf_reader){0};
    if (has_path && buf_get_int(&reader, &length) == 0 && length >= 0 && length < PATH_SHOWN_MAX &&
        buf_get_view(&reader, (size_t)length, &path) == 0) {
        for (int32_t i = 0; i < length; i++) {
            bool is_control = path[i] < ' ' || path[i] == DEL;
            zk_str_append_bytes(str, is_control ? "?" : (const char *)&path[i], 1);
        }
    } else {
        zk_str_append(str, "n/a");
    }
}

void request_append(const struct request *request, struct zk_str *str)
{
    const struct txn_log_entry *txn = request->txn;
    zk_str_printf(str, "sessionid:0x%" PRIx64 " type:%s cxid:0x%" PRIx32 " zxid:0x%" PRIx64,
                  (uint64_t)request->session_id, op_code_name(request->type),
                  (uint32_t)request->cxid, (uint64_t)(txn != NULL ? txn->header.zxid : -2));
    if (txn != NULL)
        zk_str_printf(str, " txntype:%" PRId32, txn->header.type);
    else
        zk_str_append(str, " txntype:unknown");
    zk_str_append(str, " reqpath:");
    request_append_path(request, str);
}
