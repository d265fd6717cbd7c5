/* The thread that makes transactions of requests, and what it does with each kind. Java:
 * server.PrepRequestProcessor
 *
 * The lock of outstanding changes is taken once for a request, and not, as in Java, for each look
 * at a record: the whole request sees one moment. Java's exceptions are codes here. Those
 * that are KeeperExceptions in Java have their code; all others end as MARSHALLINGERROR there,
 * too. */
#include "zk/server/prep_request_processor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/prep_request_processor_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/jute/archive.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/trace.h"
#include "zk/server/acl_checks.h"
#include "zk/server/path_utils.h"
#include "zk/server/request.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

static struct prep_request_processor *prep_of(struct request_processor *processor)
{
    return (struct prep_request_processor *)processor;
}

/* After so many requests the processors behind this one are woken: they begin with the first ones
 * of a long batch while its last ones are prepared. */
enum { REQUESTS_PER_WAKE = 64 };

static int take_requests(struct prep_request_processor *prep, struct bq_batch *batch);
static void measure_rest(struct prep_request_processor *prep, const struct bq_batch *batch);
static void wake_those_behind_it(struct prep_request_processor *prep);
static int p_request(struct prep_request_processor *prep, struct request *request);
static enum keeper_code p_request2_txn_delete_container(struct prep_request_processor *prep,
                                                        struct prep_work *work);
static enum keeper_code p_request2_txn_delete(struct prep_request_processor *prep,
                                              struct prep_work *work, struct delete_request *record,
                                              bool deserialize);
static enum keeper_code p_request2_txn_set_data(struct prep_request_processor *prep,
                                                struct prep_work *work,
                                                struct set_data_request *record, bool deserialize);
static enum keeper_code p_request2_txn_reconfig(struct prep_request_processor *prep,
                                                struct prep_work *work);
static enum keeper_code p_request2_txn_set_acl(struct prep_request_processor *prep,
                                               struct prep_work *work,
                                               struct set_acl_request *record, bool deserialize);
static enum keeper_code p_request2_txn_check(struct prep_request_processor *prep,
                                             struct prep_work *work,
                                             struct check_version_request *record);
static enum keeper_code check_and_inc_version(int32_t current_version, int32_t expected_version,
                                              int32_t *ret_version);
static void p_request_helper(struct prep_request_processor *prep, struct request *request);
static void p_request_write(struct prep_request_processor *prep, struct request *request);
static void finish_write(struct prep_request_processor *prep, struct prep_work *work,
                         enum keeper_code code);
static struct txn_log_entry *make_entry(struct prep_work *work);
static struct txn_log_entry *make_shorter_entry(struct prep_request_processor *prep,
                                                struct prep_work *work);
static void make_error(struct prep_request_processor *prep, struct prep_work *work,
                       enum keeper_code code);

/* Java: Summary.add() */
static void measure(struct prep_request_processor *prep, enum server_metrics_summary which,
                    int64_t value)
{
    server_metrics_measure(&prep->measured, which, value);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Java: run() */
static void prep_request_processor_run(void *arg)
{
    struct prep_request_processor *prep = arg;
    struct bq_batch batch = {0};
    int r = 0;
    int64_t prepared = 0;
    zk_log(prep->ctx, ZK_LOG_PREP_STARTED, prep->server_id,
           prep->reconfig.enabled ? "true" : "false");
    while (r == 0 && take_requests(prep, &batch) == 0) {
        struct request *request;
        while (r == 0 && (request = bq_batch_next(&batch)) != NULL) {
            measure_rest(prep, &batch);
            r = p_request(prep, request);
            request_unref(request);
            if (++prepared % REQUESTS_PER_WAKE == 0)
                wake_those_behind_it(prep);
        }
    }
    bq_batch_done(&batch);
    wake_those_behind_it(prep);
    /* A leader that steps down takes no more proposals. It has said why, and ends the server. */
    if (r < 0 && r != -ECANCELED)
        zookeeper_server_handle_exception(prep->server, r, 0);
    zk_log(prep->ctx, ZK_LOG_PREP_EXITED);
}

/* Takes all that waits. The processors behind this one are woken only when there is no more, so
 * requests that come one by one while others are prepared go on together. */
static int take_requests(struct prep_request_processor *prep, struct bq_batch *batch)
{
    measure(prep, SERVER_METRICS_PREP_PROCESSOR_QUEUE_SIZE,
            (int64_t)bq_size(prep->submitted_requests));
    int r = bq_poll_all(prep->submitted_requests, 0, batch);
    if (r == -ETIMEDOUT) {
        wake_those_behind_it(prep);
        r = bq_take_all(prep->submitted_requests, batch);
    }
    prep->now_ms = zk_elapsed_ms();
    return r;
}

/* Java measures its queue before each request that it takes from there: what the batch still has is
 * what the queue would have then. */
static void measure_rest(struct prep_request_processor *prep, const struct bq_batch *batch)
{
    size_t rest = bq_batch_size(batch);
    if (rest > 0)
        measure(prep, SERVER_METRICS_PREP_PROCESSOR_QUEUE_SIZE, (int64_t)rest);
}

static void wake_those_behind_it(struct prep_request_processor *prep)
{
    request_processor_wake(prep->next_processor);
    server_metrics_merge(zookeeper_server_metrics(prep->server), &prep->measured);
}

/* ---- pRequest2Txn, and its cases ------------------------------------------------------------- */

/* Java: pRequest2Txn() */
enum keeper_code p_request2_txn(struct prep_request_processor *prep, struct prep_work *work,
                                int32_t type, union request_record *record, bool deserialize)
{
    enum keeper_code code = KEEPER_CODE_OK;
    switch (type) {
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_CREATE_CONTAINER:
        code = p_request2_txn_create(prep, work, type, record, deserialize);
        break;
    case OP_CODE_DELETE_CONTAINER:
        code = p_request2_txn_delete_container(prep, work);
        break;
    case OP_CODE_DELETE:
        code = p_request2_txn_delete(prep, work, &record->delete, deserialize);
        break;
    case OP_CODE_SET_DATA:
        code = p_request2_txn_set_data(prep, work, &record->set_data, deserialize);
        break;
    case OP_CODE_RECONFIG:
        code = p_request2_txn_reconfig(prep, work);
        break;
    case OP_CODE_SET_ACL:
        code = p_request2_txn_set_acl(prep, work, &record->set_acl, deserialize);
        break;
    case OP_CODE_CREATE_SESSION:
        code = p_request2_txn_create_session(prep, work);
        break;
    case OP_CODE_CLOSE_SESSION: {
        int64_t start_time_ms = zk_elapsed_ms();
        code = p_request2_txn_close_session(prep, work);
        measure(prep, SERVER_METRICS_CLOSE_SESSION_PREP_TIME, zk_elapsed_ms() - start_time_ms);
        break;
    }
    case OP_CODE_CHECK:
        /* It is allowed only inside a multi: a server whose log has a check outside of one cannot
         * read it again (D-152). */
        code = deserialize ? KEEPER_CODE_UNIMPLEMENTED
                           : p_request2_txn_check(prep, work, &record->check);
        break;
    default:
        zk_log(prep->ctx, ZK_LOG_UNKNOWN_TYPE, type);
        break;
    }
    /* The digest after all that has been prepared: this transaction's own last record's, or, if it
     * changes no node, that of the tree as it stands. */
    if (code == KEEPER_CODE_OK)
        set_txn_digest(prep, work);
    return code;
}

/* Moves path into the transaction of a delete, and adds the records of parent and node. Takes
 * ownership of both. */
static void finish_delete(struct prep_request_processor *prep, struct prep_work *work,
                          struct ustring *path, struct change_record *parent,
                          struct change_record *node)
{
    struct path_key key = path_key_of(prep, path);
    parent->child_count--;
    /* By its pzxid a client that comes back with a watch on the children finds out that one has
     * gone. Its cversion stays: it counts creations alone, and sequential names are made of it. */
    parent->stat.pzxid = work->header.zxid;
    add_change_record(prep, DIGEST_OP_CODE_UPDATE, parent);
    struct change_record *gone = change_record_new(work->header.zxid, &key);
    gone->child_count = -1;
    gone->node_digest = node->node_digest;
    change_record_free(node);
    add_change_record(prep, DIGEST_OP_CODE_REMOVE, gone);

    work->txn.delete.path = *path;
    *path = (struct ustring){0};
    work->has_txn = true;
}

/* deleteContainer: the server's own, for a container or a TTL node that nobody uses. Whether that
 * is still so is looked at once more: meanwhile clients may have written the node, or put another
 * in its place (D-321). A client's request is refused, since Java takes its whole frame for the
 * path (K-75). Java: pRequest2Txn() */
static enum keeper_code p_request2_txn_delete_container(struct prep_request_processor *prep,
                                                        struct prep_work *work)
{
    struct request *request = work->request;
    if (request->cnxn != NULL || request->owner != NULL || request->request == NULL)
        return KEEPER_CODE_BADARGUMENTS;
    struct ustring path = {
        .text = zk_xstrndup((const char *)request->request->bytes, request->request->length),
        .length = request->request->length,
    };
    struct path_key parent_key;
    struct change_record *node = NULL;
    struct change_record *parent = NULL;
    enum keeper_code code = get_parent_path_and_validate(prep, &path, &parent_key);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, &path, &node);
    if (code == KEEPER_CODE_OK && node->child_count > 0)
        code = KEEPER_CODE_NOTEMPTY;
    if (code == KEEPER_CODE_OK &&
        !container_rules_let_go(&prep->container_rules, &node->stat, work->header.time_ms))
        code = KEEPER_CODE_BADVERSION;
    if (code == KEEPER_CODE_OK)
        code = get_record_for_key(prep, work, &parent_key, &parent);
    if (code == KEEPER_CODE_OK)
        finish_delete(prep, work, &path, parent, node);
    else
        change_record_free(node);
    ustring_done(&path);
    return code;
}

/* Java: pRequest2Txn(), its case delete */
static enum keeper_code p_request2_txn_delete(struct prep_request_processor *prep,
                                              struct prep_work *work, struct delete_request *record,
                                              bool deserialize)
{
    struct request *request = work->request;
    struct path_key parent_key;
    struct change_record *parent = NULL;
    struct change_record *node = NULL;
    int32_t unused_version;
    enum keeper_code code =
        session_tracker_check_session(prep->session_tracker, request->session_id, request->owner);
    if (code == KEEPER_CODE_OK && deserialize)
        code = request_read_record(prep->ctx, request, &delete_request_record, record);
    if (code == KEEPER_CODE_OK)
        code = get_parent_path_and_validate(prep, &record->path, &parent_key);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_key(prep, work, &parent_key, &parent);
    /* The right to delete a node is its parent's to give, as in a file system. */
    if (code == KEEPER_CODE_OK)
        code = check_acl(prep->ctx, acl_of(parent), PERMS_DELETE, &request->auth_info);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, &record->path, &node);
    if (code == KEEPER_CODE_OK)
        code = check_and_inc_version(node->stat.version, record->version, &unused_version);
    if (code == KEEPER_CODE_OK && node->child_count > 0)
        code = KEEPER_CODE_NOTEMPTY;
    if (code == KEEPER_CODE_OK) {
        finish_delete(prep, work, &record->path, parent, node);
    } else {
        change_record_free(parent);
        change_record_free(node);
    }
    return code;
}

/* Java: pRequest2Txn(), its case setData */
static enum keeper_code p_request2_txn_set_data(struct prep_request_processor *prep,
                                                struct prep_work *work,
                                                struct set_data_request *record, bool deserialize)
{
    struct request *request = work->request;
    struct change_record *node = NULL;
    int32_t new_version;
    enum keeper_code code =
        session_tracker_check_session(prep->session_tracker, request->session_id, request->owner);
    if (code == KEEPER_CODE_OK && deserialize)
        code = request_read_record(prep->ctx, request, &set_data_request_record, record);
    if (code == KEEPER_CODE_OK)
        code = validate_path(prep, &record->path, request->session_id);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, &record->path, &node);
    if (code == KEEPER_CODE_OK)
        code = check_acl(prep->ctx, acl_of(node), PERMS_WRITE, &request->auth_info);
    /* Behind the rights: from here on an answer tells something about the node. */
    if (code == KEEPER_CODE_OK)
        code = check_stats_node(record->path.text, record->data);
    if (code == KEEPER_CODE_OK)
        code = check_quota(prep, record->path.text,
                           data_length(record->data) - data_length(node->data), 0);
    if (code == KEEPER_CODE_OK)
        code = check_and_inc_version(node->stat.version, record->version, &new_version);
    if (code != KEEPER_CODE_OK) {
        change_record_free(node);
        return code;
    }
    node->stat.version = new_version;
    node->stat.mtime_ms = work->header.time_ms;
    node->stat.mzxid = work->header.zxid;
    buf_unref(node->data);
    node->data = record->data != NULL ? buf_ref(record->data) : NULL;
    add_change_record(prep, DIGEST_OP_CODE_UPDATE, node);

    work->txn.set_data.path = record->path;
    work->txn.set_data.data = record->data;
    work->txn.set_data.version = new_version;
    work->has_txn = true;
    *record = (struct set_data_request){0};
    return KEEPER_CODE_OK;
}

/* Java: pRequest2Txn(), its case reconfig, as far as it goes without the feature (D-159). The body
 * is read first, in pRequestHelper(). */
static enum keeper_code p_request2_txn_reconfig(struct prep_request_processor *prep,
                                                struct prep_work *work)
{
    const struct request *request = work->request;
    struct reconfig_request record = {0};
    enum keeper_code code =
        request_read_record(prep->ctx, request, &reconfig_request_record, &record);
    if (code != KEEPER_CODE_OK)
        return code;
    int64_t config_id = record.cur_config_id;
    jute_done(&reconfig_request_record, &record);
    if (!prep->reconfig.enabled) {
        zk_log(prep->ctx, ZK_LOG_RECONFIG_REQUESTED);
        return KEEPER_CODE_RECONFIGDISABLED;
    }
    code =
        session_tracker_check_session(prep->session_tracker, request->session_id, request->owner);
    if (code != KEEPER_CODE_OK)
        return code;
    if (!prep->reconfig.is_of_ensemble)
        return KEEPER_CODE_UNIMPLEMENTED;
    if (config_id != -1 && config_id != prep->reconfig.last_seen_config)
        return KEEPER_CODE_BADVERSION;
    struct change_record *node = NULL;
    struct path_key key = data_tree_path_key(prep->tree, CONFIG_NODE, strlen(CONFIG_NODE));
    code = get_record_for_key(prep, work, &key, &node);
    if (code == KEEPER_CODE_OK)
        code = check_acl(prep->ctx, acl_of(node), PERMS_WRITE, &request->auth_info);
    change_record_free(node);
    return code != KEEPER_CODE_OK ? code : KEEPER_CODE_UNIMPLEMENTED;
}

/* Java: pRequest2Txn(), its case setACL */
static enum keeper_code p_request2_txn_set_acl(struct prep_request_processor *prep,
                                               struct prep_work *work,
                                               struct set_acl_request *record, bool deserialize)
{
    struct request *request = work->request;
    struct zk_acl_list list_acl = {0};
    struct change_record *node = NULL;
    int32_t new_version;
    enum keeper_code code =
        session_tracker_check_session(prep->session_tracker, request->session_id, request->owner);
    if (code == KEEPER_CODE_OK && deserialize)
        code = request_read_record(prep->ctx, request, &set_acl_request_record, record);
    if (code == KEEPER_CODE_OK)
        code = validate_path(prep, &record->path, request->session_id);
    if (code == KEEPER_CODE_OK)
        code = fixup_acl(prep->ctx, &request->auth_info, &record->acl, &list_acl);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, &record->path, &node);
    if (code == KEEPER_CODE_OK)
        code = check_acl(prep->ctx, acl_of(node), PERMS_ADMIN, &request->auth_info);
    if (code == KEEPER_CODE_OK)
        code = check_and_inc_version(node->stat.aversion, record->version, &new_version);
    if (code != KEEPER_CODE_OK) {
        jute_done(&zk_acl_list_record, &list_acl);
        change_record_free(node);
        return code;
    }
    /* What comes next is checked against the new list at once. Java's record keeps the old one, so
     * there it depends on whether this has been applied by then (D-160). */
    struct shared_acl *old_acl = node->acl;
    node->acl = share_acl_list(&list_acl, old_acl);
    shared_acl_unref(old_acl);
    node->stat.aversion = new_version;
    add_change_record(prep, DIGEST_OP_CODE_UPDATE, node);

    work->txn.set_acl.path = record->path;
    record->path = (struct ustring){0};
    work->txn.set_acl.acl = list_acl;
    work->txn.set_acl.version = new_version;
    work->has_txn = true;
    return KEEPER_CODE_OK;
}

/* Java: pRequest2Txn(), its case check */
static enum keeper_code p_request2_txn_check(struct prep_request_processor *prep,
                                             struct prep_work *work,
                                             struct check_version_request *record)
{
    struct request *request = work->request;
    struct change_record *node = NULL;
    int32_t version;
    enum keeper_code code =
        session_tracker_check_session(prep->session_tracker, request->session_id, request->owner);
    if (code == KEEPER_CODE_OK)
        code = validate_path(prep, &record->path, request->session_id);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, &record->path, &node);
    if (code == KEEPER_CODE_OK)
        code = check_acl(prep->ctx, acl_of(node), PERMS_READ, &request->auth_info);
    if (code == KEEPER_CODE_OK)
        code = check_and_inc_version(node->stat.version, record->version, &version);
    change_record_free(node);
    if (code != KEEPER_CODE_OK)
        return code;
    work->txn.check_version.path = record->path;
    record->path = (struct ustring){0};
    work->txn.check_version.version = version;
    work->has_txn = true;
    return KEEPER_CODE_OK;
}

/* ---- paths and versions ---------------------------------------------------------------------- */

/* Java: validatePath() */
enum keeper_code validate_path(struct prep_request_processor *prep, const struct ustring *path,
                               int64_t session_id)
{
    struct path_problem problem;
    if (path_utils_validate_path(path, &problem))
        return KEEPER_CODE_OK;
    zk_log(prep->ctx, ZK_LOG_INVALID_PATH, path->text != NULL ? path->text : "null",
           (uint64_t)session_id, problem.text);
    return KEEPER_CODE_BADARGUMENTS;
}

struct path_key path_key_of(const struct prep_request_processor *prep, const struct ustring *path)
{
    return data_tree_path_key(prep->tree, path->text, path->length);
}

struct path_key parent_key_of(const struct prep_request_processor *prep, const struct ustring *path)
{
    const char *last_slash = strrchr(path->text, '/');
    zk_assert(last_slash != NULL);
    return data_tree_path_key(prep->tree, path->text, (size_t)(last_slash - path->text));
}

/* Java: getParentPathAndValidate() */
enum keeper_code get_parent_path_and_validate(const struct prep_request_processor *prep,
                                              const struct ustring *path,
                                              struct path_key *ret_parent)
{
    if (path->text == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    if (strlen(path->text) != path->length || strchr(path->text, '/') == NULL ||
        data_tree_is_special_path(path->text))
        return KEEPER_CODE_BADARGUMENTS;
    *ret_parent = parent_key_of(prep, path);
    return KEEPER_CODE_OK;
}

/* Java: checkAndIncVersion(). After the largest version comes the smallest one, as in Java. */
static enum keeper_code check_and_inc_version(int32_t current_version, int32_t expected_version,
                                              int32_t *ret_version)
{
    if (expected_version != -1 && expected_version != current_version)
        return KEEPER_CODE_BADVERSION;
    *ret_version = (int32_t)((uint32_t)current_version + 1);
    return KEEPER_CODE_OK;
}

/* ---- pRequest -------------------------------------------------------------------------------- */

/* Java: pRequest() */
static int p_request(struct prep_request_processor *prep, struct request *request)
{
    int64_t prep_start_time_ms = prep->now_ms;
    measure(prep, SERVER_METRICS_PREP_PROCESSOR_QUEUE_TIME_MS,
            prep_start_time_ms - request->prep_queue_start_time_ms);
    if (!request->refused)
        p_request_helper(prep, request);
    request->zxid = zookeeper_server_get_zxid(prep->server);
    int64_t time_finished_prepare_ms = zk_elapsed_ms();
    measure(prep, SERVER_METRICS_PREP_PROCESS_TIME, time_finished_prepare_ms - prep_start_time_ms);
    int r = request_processor_hand_over(prep->next_processor, request);
    prep->now_ms = zk_elapsed_ms();
    measure(prep, SERVER_METRICS_PROPOSAL_PROCESS_TIME, prep->now_ms - time_finished_prepare_ms);
    return r;
}

/* Java: pRequestHelper() */
static void p_request_helper(struct prep_request_processor *prep, struct request *request)
{
    switch (request->type) {
    case OP_CODE_CREATE_CONTAINER:
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_TTL:
    case OP_CODE_DELETE_CONTAINER:
    case OP_CODE_DELETE:
    case OP_CODE_SET_DATA:
    case OP_CODE_RECONFIG:
    case OP_CODE_SET_ACL:
    case OP_CODE_CHECK:
    case OP_CODE_MULTI:
        p_request_write(prep, request);
        break;

    case OP_CODE_CREATE_SESSION:
    case OP_CODE_CLOSE_SESSION:
        if (!request->local_session)
            p_request_write(prep, request);
        break;

    /* All the rest needs no transaction; only the session is checked. */
    case OP_CODE_SYNC:
    case OP_CODE_EXISTS:
    case OP_CODE_GET_DATA:
    case OP_CODE_GET_ACL:
    case OP_CODE_GET_CHILDREN:
    case OP_CODE_GET_ALL_CHILDREN_NUMBER:
    case OP_CODE_GET_CHILDREN2:
    case OP_CODE_PING:
    case OP_CODE_SET_WATCHES:
    case OP_CODE_SET_WATCHES2:
    case OP_CODE_CHECK_WATCHES:
    case OP_CODE_REMOVE_WATCHES:
    case OP_CODE_GET_EPHEMERALS:
    case OP_CODE_MULTI_READ:
    case OP_CODE_ADD_WATCH:
    case OP_CODE_WHO_AM_I:
        request->exception = session_tracker_check_session(prep->session_tracker,
                                                           request->session_id, request->owner);
        break;
    default:
        zk_log(prep->ctx, ZK_LOG_UNKNOWN_TYPE, request->type);
        break;
    }
}

/* A write: its header, with the next zxid, comes before everything that can fail (D-150). What
 * fails needs a transaction, too: the server of that client waits for one, and a learner hears of
 * the failure in no other way. No other thread gives zxids, so their order is that of the log. */
static void p_request_write(struct prep_request_processor *prep, struct request *request)
{
    struct prep_work work = {
        .request = request,
        .header = {.client_id = request->session_id,
                   .cxid = request->cxid,
                   .zxid = zookeeper_server_get_next_zxid(prep->server),
                   .time_ms = zk_wall_ms(),
                   .type = request->type},
    };
    union request_record record = {0};
    enum keeper_code code;

    outstanding_changes_lock(prep->changes);
    if (request->type == OP_CODE_MULTI)
        code = p_request_multi(prep, &work);
    else
        code = p_request2_txn(prep, &work, request->type, &record, true);
    if (code != KEEPER_CODE_OK)
        outstanding_changes_roll_back(prep->changes, work.header.zxid);
    outstanding_changes_unlock(prep->changes);

    const struct jute_record *table = request_record_of_type(request->type);
    if (table != NULL)
        jute_done(table, &record);
    finish_write(prep, &work, code);
}

/* Gives the request its finished transaction: what was asked for, or an error. */
static void finish_write(struct prep_request_processor *prep, struct prep_work *work,
                         enum keeper_code code)
{
    if (code != KEEPER_CODE_OK)
        make_error(prep, work, code);
    struct txn_log_entry *entry = make_entry(work);
    if (entry->bytes->length > prep->longest_txn) {
        txn_log_entry_unref(entry);
        entry = make_shorter_entry(prep, work);
    }
    request_set_txn(work->request, entry);
    zk_trace_txn(prep->ctx, "request", work->header.zxid, 0, op_code_name(work->request->type));
    txn_log_entry_unref(entry);
}

static struct txn_log_entry *make_entry(struct prep_work *work)
{
    return txn_log_entry_new(&work->header, work->has_txn ? &work->txn : NULL,
                             work->has_digest ? &work->digest : NULL);
}

/* The transaction is longer than what a packet and a file may hold, so no follower would take it,
 * and no start would read the log that has it (D-163). The end of a session does without its list
 * of nodes: each server has one of its own. It does without its digest, too, which Java would read
 * as the list. What else has become so long has expanded the ACLs of its request, and is refused.
 * This thread alone adds records, so those of this transaction are the last ones still. */
static struct txn_log_entry *make_shorter_entry(struct prep_request_processor *prep,
                                                struct prep_work *work)
{
    work->has_txn = false;
    work->has_digest = false;
    if (work->header.type == OP_CODE_CLOSE_SESSION) {
        zk_log(prep->ctx, ZK_LOG_CLOSE_WITHOUT_LIST, (uint64_t)work->header.client_id);
        return make_entry(work);
    }
    outstanding_changes_lock(prep->changes);
    outstanding_changes_roll_back(prep->changes, work->header.zxid);
    outstanding_changes_unlock(prep->changes);
    make_error(prep, work, KEEPER_CODE_INVALIDACL);
    return make_entry(work);
}

static void make_error(struct prep_request_processor *prep, struct prep_work *work,
                       enum keeper_code code)
{
    log_failed_request(prep, work->request, code);
    work->header.type = OP_CODE_ERROR;
    work->txn.error.err = code;
    work->has_txn = true;
    work->has_digest = false; /* Java may leave one behind of a multi that failed (D-157) */
    work->request->exception = code;
}

void log_failed_request(struct prep_request_processor *prep, const struct request *request,
                        enum keeper_code code)
{
    if (code != KEEPER_CODE_MARSHALLINGERROR && (int32_t)code < KEEPER_CODE_APIERROR)
        return; /* the client's own business */
    struct zk_str text = {0};
    request_append(request, &text);
    if (code == KEEPER_CODE_MARSHALLINGERROR)
        zk_log(prep->ctx, ZK_LOG_FAILED_TO_PROCESS, zk_str_text(&text),
               request->request != NULL ? request->request->length : 0);
    else
        zk_log(prep->ctx, ZK_LOG_USER_LEVEL_EXCEPTION, zk_str_text(&text), keeper_code_name(code));
    zk_str_done(&text);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Java: processRequest() */
static int prep_process_request(struct request_processor *processor, struct request *request)
{
    struct prep_request_processor *prep = prep_of(processor);
    request->prep_queue_start_time_ms = zk_elapsed_ms();
    bq_put_quietly(prep->submitted_requests, request_ref(request));
    server_metrics_count(zookeeper_server_metrics(prep->server),
                         SERVER_METRICS_PREP_PROCESSOR_REQUEST_QUEUED);
    return 0;
}

static void prep_wake(struct request_processor *processor)
{
    bq_wake(prep_of(processor)->submitted_requests);
}

/* Java: shutdown(). What has not been looked at is dropped. */
static void prep_shutdown(struct request_processor *processor)
{
    struct prep_request_processor *prep = prep_of(processor);
    zk_log(prep->ctx, ZK_LOG_PROCESSOR_SHUTTING_DOWN, "PrepRequestProcessor");
    bq_close(prep->submitted_requests);
    zk_thread_group_join(prep->threads);
    request_processor_shutdown(prep->next_processor);
}

static void prep_free(struct request_processor *processor)
{
    struct prep_request_processor *prep = prep_of(processor);
    zk_thread_group_free(prep->threads);
    bq_free(prep->submitted_requests);
    request_processor_free(prep->next_processor);
    data_tree_unref(prep->tree);
    free(prep);
}

static const struct request_processor_ops prep_ops = {
    .process_request = prep_process_request,
    .wake = prep_wake,
    .shutdown = prep_shutdown,
    .free = prep_free,
};

static void free_submitted_request(void *request)
{
    request_unref(request);
}

/* Java: PrepRequestProcessor() */
struct request_processor *prep_request_processor_new(struct zookeeper_server *server,
                                                     int64_t server_id, int32_t client_port,
                                                     struct reconfig_terms reconfig,
                                                     struct request_processor *next)
{
    struct prep_request_processor *prep = zk_xcalloc(1, sizeof *prep);
    struct zk_context *ctx = zookeeper_server_ctx(server);
    prep->base.ops = &prep_ops;
    prep->ctx = ctx;
    prep->server = server;
    prep->next_processor = next;
    prep->tree = zk_database_get_data_tree(zookeeper_server_get_zk_database(server));
    prep->changes = zookeeper_server_outstanding_changes(server);
    prep->session_tracker = zookeeper_server_get_session_tracker(server);
    prep->server_id = server_id;
    prep->client_port = client_port;
    prep->submitted_requests = bq_new(ctx, "submittedRequests", SIZE_MAX, free_submitted_request);
    prep->threads = zk_thread_group_new(ctx);
    prep->digest_enabled = zk_settings_get_boolean(ctx, "zookeeper.digest.enabled", true);
    prep->close_session_txn_enabled =
        zk_settings_get_boolean(ctx, "zookeeper.closeSessionTxn.enabled", true);
    prep->reconfig = reconfig;
    prep->enforce_quota = zk_settings_get_boolean(ctx, "zookeeper.enforceQuota", false);
    prep->container_rules = container_rules_of(ctx);
    prep->longest_txn = (size_t)jute_max_length(ctx);
    return &prep->base;
}

int prep_request_processor_start(struct request_processor *processor)
{
    struct prep_request_processor *prep = prep_of(processor);
    return zk_thread_group_start(prep->threads, prep_request_processor_run, prep,
                                 "ProcessThread(sid:%" PRId64 " cport:%" PRId64 "):",
                                 prep->server_id, (int64_t)prep->client_port);
}
