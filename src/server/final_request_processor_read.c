/* Answers to what reads the tree. Java: FinalRequestProcessor.processRequest(), its cases exists to
 * getChildren2, handleGetDataRequest(), handleGetChildrenRequest()
 *
 * The order is Java's: the body, the node, the rights, and only then the watch. These are what a
 * server does most, so a request is read by hand, a short path needs no memory of its own, and data
 * and names of children are copied only into the answer (a reader that uses the general codec of
 * jute takes three times as long). */
#include <stdlib.h>
#include <string.h>

#include "server/final_request_processor_internal.h"
#include "server/multi_operation_record.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/str.h"
#include "zk/base/utf8.h"
#include "zk/jute/data.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/server/acl_checks.h"
#include "zk/server/auth_provider.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"

enum {
    STAT_BYTES = 68,
    COUNT_BYTES = 4, /* of a list, a string, a buffer */
    MULTI_ROOM = 512,
    SHORT_PATH = 512, /* a path up to a third of it needs no memory of its own */
};

/* ---- requests -------------------------------------------------------------------------------- */

/* A path, and perhaps whether there shall be a watch: what most reading requests are. */
struct read_request {
    const char *path; /* NULL: null */
    size_t length;    /* of a path that holds zero bytes, more than strlen(path) */
    bool watch;
    char short_path[SHORT_PATH];
    char *long_path; /* owned; NULL: the path is short */
};

static void read_request_done(struct read_request *read)
{
    free(read->long_path);
}

static bool has_zero_byte(const struct read_request *read)
{
    return strlen(read->path) != read->length;
}

/* Java: ByteBufferInputStream.byteBuffer2Record(). MARSHALLINGERROR: it is no such record, or its
 * path is null, which Java finds out by a NullPointerException. */
static enum keeper_code read_path_request(const struct request *request, bool has_watch,
                                          struct read_request *ret_read)
{
    int32_t length;
    const uint8_t *path;
    const uint8_t *watch = NULL;
    if (request->request == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    struct buf_reader reader = request_body_reader(request->request);
    if (buf_get_int(&reader, &length) < 0 || length < 0 ||
        buf_get_view(&reader, (size_t)length, &path) < 0 ||
        (has_watch && buf_get_view(&reader, 1, &watch) < 0))
        return KEEPER_CODE_MARSHALLINGERROR;
    /* Bytes that are no text may become three times as many. */
    const size_t most = 3 * (size_t)length;
    ret_read->long_path = most >= SHORT_PATH ? zk_xmalloc(most + 1) : NULL;
    char *text = ret_read->long_path != NULL ? ret_read->long_path : ret_read->short_path;
    ret_read->length = zk_utf8_through_java((const char *)path, (size_t)length, text);
    text[ret_read->length] = '\0';
    ret_read->path = text;
    ret_read->watch = has_watch && *watch != 0;
    return KEEPER_CODE_OK;
}

/* ---- who may read ---------------------------------------------------------------------------- */

/* Lets the tree ask, while it reads a node for a request, whether that request's client may read
 * it. */
struct request_guard {
    struct data_tree_guard guard;
    struct zk_context *ctx;
    const struct request *request;
};

/* Java: ZooKeeperServer.checkACL(), of the right to READ */
static enum keeper_code check_read_acl(const struct data_tree_guard *guard,
                                       const struct shared_acl *acl)
{
    const struct request_guard *self = (const struct request_guard *)guard;
    return check_acl(self->ctx, acl != NULL ? &acl->list : NULL, PERMS_READ,
                     &self->request->auth_info);
}

static struct request_guard guard_of(const struct final_request_processor *final,
                                     const struct request *request)
{
    return (struct request_guard){
        .guard = {.check_acl = check_read_acl}, .ctx = final->ctx, .request = request};
}

/* Returns the connection, if it shall be told of the next change; otherwise NULL. */
static struct watcher *watcher_of(const struct request *request, const struct read_request *read)
{
    return read->watch ? server_cnxn_watcher(request->cnxn) : NULL;
}

static struct data_tree_query query_of(const struct request *request,
                                       const struct read_request *read,
                                       const struct request_guard *guard)
{
    return (struct data_tree_query){
        .path = read->path, .guard = &guard->guard, .watcher = watcher_of(request, read)};
}

/* ---- exists, getData, getACL ----------------------------------------------------------------- */

/* The case exists of Java's switch. */
void answer_exists(const struct request *request, struct answer *answer)
{
    struct read_request read;
    struct zk_stat stat;
    answer->err = read_path_request(request, true, &read);
    if (answer->err != KEEPER_CODE_OK)
        return;
    if (has_zero_byte(&read)) {
        answer->err = KEEPER_CODE_BADARGUMENTS;
    } else {
        answer->err = data_tree_stat_node(answer->tree, read.path, watcher_of(request, &read),
                                          &answer->zxid, &stat);
    }
    if (answer->err == KEEPER_CODE_OK) {
        struct jute_out out = begin_answer(answer, STAT_BYTES);
        jute_write(&out, &zk_stat_record, &stat);
    }
    read_request_done(&read);
}

/* Java: handleGetDataRequest(). The caller unrefs the data of the response. */
static enum keeper_code handle_get_data_request(struct final_request_processor *final,
                                                const struct request *request,
                                                const struct read_request *read,
                                                struct answer *answer,
                                                struct get_data_response *ret_response)
{
    if (has_zero_byte(read))
        return KEEPER_CODE_NONODE; /* no node has such a path */
    struct request_guard guard = guard_of(final, request);
    struct data_tree_query query = query_of(request, read, &guard);
    return data_tree_get_data(answer->tree, &query, &answer->zxid, &ret_response->stat,
                              &ret_response->data);
}

/* The case getData of Java's switch. */
void answer_get_data(struct final_request_processor *final, const struct request *request,
                     struct answer *answer)
{
    struct read_request read;
    struct get_data_response response;
    answer->err = read_path_request(request, true, &read);
    if (answer->err != KEEPER_CODE_OK)
        return;
    answer->err = handle_get_data_request(final, request, &read, answer, &response);
    if (answer->err == KEEPER_CODE_OK) {
        struct buf *data = response.data;
        struct jute_out out =
            begin_answer(answer, COUNT_BYTES + (data != NULL ? data->length : 0) + STAT_BYTES);
        jute_out_buffer(&out, data);
        jute_write(&out, &zk_stat_record, &response.stat);
        buf_unref(data);
    }
    read_request_done(&read);
}

/* Returns how many bytes the line terminator has with which text begins, 0 if it begins with none.
 * The "." of a regular expression of Java matches every character but these. */
static size_t line_terminator(const char *text)
{
    static const char *const terminators[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8",
                                              "\xe2\x80\xa9"};
    for (size_t i = 0; i < sizeof terminators / sizeof terminators[0]; i++)
        if (zk_text_starts_with(text, terminators[i]))
            return strlen(terminators[i]);
    return 0;
}

/* Appends "user:hash" as it is shown to a client that may not change the list (CVE-2019-0201).
 * Java: String.replaceAll(":.*", ":x") */
static void mask_digest(const struct ustring *id, struct zk_str *ret_masked)
{
    bool hidden = false;
    for (size_t i = 0; i < id->length; i++) {
        if (hidden && line_terminator(&id->text[i]) > 0)
            hidden = false;
        if (hidden)
            continue;
        hidden = id->text[i] == ':';
        zk_str_append_bytes(ret_masked, hidden ? ":x" : &id->text[i], hidden ? 2 : 1);
    }
}

/* Writes one entry of a list. masked: hashes of passwords are hidden. */
static void write_acl(struct jute_out *out, const struct zk_acl *acl, bool masked)
{
    const struct zk_id *id = &acl->id;
    bool is_digest = id->scheme.text != NULL && strcmp(id->scheme.text, "digest") == 0;
    if (!masked || !is_digest || id->id.length == 0) {
        jute_write(out, &zk_acl_record, acl);
        return;
    }
    struct zk_str text = {0};
    mask_digest(&id->id, &text);
    struct ustring masked_id = {.text = text.text, .length = text.length};
    jute_out_int(out, acl->perms);
    jute_out_ustring(out, &id->scheme);
    jute_out_ustring(out, &masked_id);
    zk_str_done(&text);
}

static void put_get_acl_response(struct jute_out *out, const struct zk_acl_list *acls, bool masked,
                                 const struct zk_stat *stat)
{
    jute_out_start_vector(out, (int32_t)acls->count);
    for (size_t i = 0; i < acls->count; i++)
        write_acl(out, &acls->items[i], masked);
    jute_write(out, &zk_stat_record, stat);
}

/* The case getACL of Java's switch. Whoever may read the node or change the list may see it. A list
 * that has been lost is an error even for the superuser, as a RuntimeException of Java's is. */
void answer_get_acl(struct final_request_processor *final, const struct request *request,
                    struct answer *answer)
{
    struct read_request read;
    struct zk_stat stat;
    struct shared_acl *acl = NULL;
    answer->err = read_path_request(request, false, &read);
    if (answer->err != KEEPER_CODE_OK)
        return;
    answer->err = has_zero_byte(&read)
                      ? KEEPER_CODE_NONODE
                      : data_tree_get_acl(answer->tree, read.path, &answer->zxid, &stat, &acl);
    if (answer->err == KEEPER_CODE_OK)
        answer->err = acl == NULL ? KEEPER_CODE_MARSHALLINGERROR
                                  : check_acl(final->ctx, &acl->list, PERMS_READ | PERMS_ADMIN,
                                              &request->auth_info);
    if (answer->err == KEEPER_CODE_OK) {
        bool masked =
            check_acl(final->ctx, &acl->list, PERMS_ADMIN, &request->auth_info) != KEEPER_CODE_OK;
        struct jute_out out = begin_answer(answer, 2 * STAT_BYTES);
        put_get_acl_response(&out, &acl->list, masked, &stat);
    }
    shared_acl_unref(acl);
    read_request_done(&read);
}

/* ---- getChildren, getChildren2 --------------------------------------------------------------- */

/* What GetChildrenResponse and GetChildren2Response of Java have, without copies of the names. */
struct children_response {
    struct data_tree_children children;
    struct zk_stat stat;
};

/* Java: handleGetChildrenRequest(). The caller ends the children of the response. */
static enum keeper_code handle_get_children_request(struct final_request_processor *final,
                                                    const struct request *request,
                                                    const struct read_request *read,
                                                    struct answer *answer,
                                                    struct children_response *ret_response)
{
    if (has_zero_byte(read))
        return KEEPER_CODE_NONODE;
    struct request_guard guard = guard_of(final, request);
    struct data_tree_query query = query_of(request, read, &guard);
    return data_tree_get_children(answer->tree, &query, &answer->zxid, &ret_response->stat,
                                  &ret_response->children);
}

static size_t children_bytes(const struct data_tree_children *children)
{
    size_t bytes = COUNT_BYTES;
    for (size_t i = 0; i < children->count; i++)
        bytes += COUNT_BYTES + strlen(data_tree_children_name(children, i));
    return bytes;
}

static void write_children(struct jute_out *out, const struct data_tree_children *children)
{
    jute_out_start_vector(out, (int32_t)children->count);
    for (size_t i = 0; i < children->count; i++)
        jute_out_string(out, data_tree_children_name(children, i));
}

/* The cases getChildren and getChildren2 of Java's switch. */
void answer_get_children(struct final_request_processor *final, const struct request *request,
                         struct answer *answer)
{
    struct read_request read;
    struct children_response response;
    answer->err = read_path_request(request, true, &read);
    if (answer->err != KEEPER_CODE_OK)
        return;
    answer->err = handle_get_children_request(final, request, &read, answer, &response);
    if (answer->err == KEEPER_CODE_OK) {
        struct jute_out out = begin_answer(answer, children_bytes(&response.children) + STAT_BYTES);
        write_children(&out, &response.children);
        if (request->type == OP_CODE_GET_CHILDREN2)
            jute_write(&out, &zk_stat_record, &response.stat);
        data_tree_children_done(&response.children);
    }
    read_request_done(&read);
}

/* The case getAllChildrenNumber of Java's switch. */
void answer_get_all_children_number(struct final_request_processor *final,
                                    const struct request *request, struct answer *answer)
{
    struct read_request read;
    answer->err = read_path_request(request, false, &read);
    if (answer->err != KEEPER_CODE_OK)
        return;
    if (has_zero_byte(&read)) {
        answer->err = KEEPER_CODE_NONODE;
    } else {
        int32_t number;
        struct request_guard guard = guard_of(final, request);
        answer->err =
            data_tree_get_all_children_number(answer->tree, read.path, &guard.guard, &number);
        if (answer->err == KEEPER_CODE_OK) {
            struct jute_out out = begin_answer(answer, COUNT_BYTES);
            jute_out_int(&out, number);
        }
    }
    read_request_done(&read);
}

/* ---- getEphemerals --------------------------------------------------------------------------- */

/* Returns whether String.trim() of Java leaves nothing of the prefix, or a slash: then all nodes of
 * the session are meant. */
static bool is_any_prefix(const struct ustring *prefix)
{
    size_t start = 0;
    size_t end = prefix->length;
    if (prefix->text == NULL)
        return true;
    while (start < end && (uint8_t)prefix->text[start] <= ' ')
        start++;
    while (end > start && (uint8_t)prefix->text[end - 1] <= ' ')
        end--;
    return start == end || (end - start == 1 && prefix->text[start] == '/');
}

/* The paths come in the order of Java's HashSet, a copy of the tree's. */
static void write_ephemerals(struct jute_out *out, const struct zk_strings *paths,
                             const struct ustring *prefix)
{
    bool all = is_any_prefix(prefix);
    size_t *order = zk_xmalloc((paths->count + 1) * sizeof *order);
    size_t count = 0;
    java_hash_map_order_strings((const char *const *)paths->items, paths->count,
                                java_hash_map_copy_capacity(paths->count), order);
    for (size_t i = 0; i < paths->count; i++) {
        const char *path = paths->items[order[i]];
        if (all ||
            (strlen(path) >= prefix->length && memcmp(path, prefix->text, prefix->length) == 0))
            order[count++] = order[i];
    }
    jute_out_start_vector(out, (int32_t)count);
    for (size_t i = 0; i < count; i++)
        jute_out_string(out, paths->items[order[i]]);
    free(order);
}

/* The case getEphemerals of Java's switch. The prefix is compared as text: "/e" finds "/e1". */
void answer_get_ephemerals(struct final_request_processor *final, const struct request *request,
                           struct answer *answer)
{
    struct get_ephemerals_request get_ephemerals;
    struct zk_strings all_ephems;
    answer->err =
        request_read_record(final->ctx, request, &get_ephemerals_request_record, &get_ephemerals);
    if (answer->err != KEEPER_CODE_OK)
        return;
    data_tree_get_ephemerals(answer->tree, request->session_id, &all_ephems);
    struct jute_out out = begin_answer(answer, STAT_BYTES);
    write_ephemerals(&out, &all_ephems, &get_ephemerals.prefix_path);
    zk_strings_done(&all_ephems);
    jute_done(&get_ephemerals_request_record, &get_ephemerals);
}

/* ---- multiRead ------------------------------------------------------------------------------- */

/* Writes the result of one operation of a multiRead: a GetDataResult, a GetChildrenResult or an
 * ErrorResult of Java's MultiResponse. Returns MARSHALLINGERROR: the operation does not read, or
 * has no path. */
static enum keeper_code put_read_op(struct final_request_processor *final,
                                    const struct request *request, const struct multi_op *op,
                                    struct answer *answer, struct jute_out *out)
{
    const struct ustring *path = multi_op_path(op);
    struct read_request read = {.path = path->text, .length = path->length};
    struct multi_header header = {.type = op->type};
    struct get_data_response data;
    struct children_response children;
    bool is_get_data = op->type == OP_CODE_GET_DATA;
    if ((!is_get_data && op->type != OP_CODE_GET_CHILDREN) || path->text == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    enum keeper_code code =
        is_get_data ? handle_get_data_request(final, request, &read, answer, &data)
                    : handle_get_children_request(final, request, &read, answer, &children);
    if (code == KEEPER_CODE_MARSHALLINGERROR)
        return code;
    if (code != KEEPER_CODE_OK)
        header = (struct multi_header){.type = OP_CODE_ERROR, .err = code};
    jute_write(out, &multi_header_record, &header);
    if (code != KEEPER_CODE_OK) {
        jute_out_int(out, code);
    } else if (is_get_data) {
        jute_out_buffer(out, data.data);
        jute_write(out, &zk_stat_record, &data.stat);
        buf_unref(data.data);
    } else {
        write_children(out, &children.children);
        data_tree_children_done(&children.children);
    }
    return KEEPER_CODE_OK;
}

/* The case multiRead of Java's switch. What is no KeeperException ends it, and then an error and
 * what had been read are sent together. */
void answer_multi_read(struct final_request_processor *final, const struct request *request,
                       struct answer *answer)
{
    static const struct multi_header end = {.type = -1, .done = true, .err = -1};
    struct multi_operation_record multi = {0};
    answer->err = multi_operation_record_read(final->ctx, request->request, &multi);
    if (answer->err == KEEPER_CODE_OK) {
        struct jute_out out = begin_answer(answer, MULTI_ROOM);
        for (size_t i = 0; answer->err == KEEPER_CODE_OK && i < multi.count; i++)
            answer->err = put_read_op(final, request, &multi.ops[i], answer, &out);
        jute_write(&out, &multi_header_record, &end);
    }
    multi_operation_record_done(&multi);
}

/* ---- whoAmI ---------------------------------------------------------------------------------- */

/* Java: AuthUtil.getUser(). An id whose scheme has no provider, as super's has none, is shown as
 * an empty text. */
static struct ustring user_of(struct zk_context *ctx, const struct zk_id *id)
{
    const struct server_authentication_provider *provider = provider_registry_get(ctx, &id->scheme);
    return provider != NULL ? provider->get_user_name(&id->id)
                            : (struct ustring){.text = (char *)""};
}

/* The case whoAmI of Java's switch, and AuthUtil.getClientInfos(). */
void answer_who_am_i(struct final_request_processor *final, const struct request *request,
                     struct answer *answer)
{
    const struct zk_id_list *auth_info = &request->auth_info;
    if (!auth_info->present) {
        answer->err = KEEPER_CODE_MARSHALLINGERROR;
        return;
    }
    struct jute_out out = begin_answer(answer, STAT_BYTES);
    jute_out_start_vector(&out, (int32_t)auth_info->count);
    for (size_t i = 0; i < auth_info->count; i++) {
        struct ustring user = user_of(final->ctx, &auth_info->items[i]);
        jute_out_ustring(&out, &auth_info->items[i].scheme);
        jute_out_ustring(&out, &user);
    }
}
