/* Sessions that begin and end. Java: PrepRequestProcessor.pRequest2Txn(), its cases createSession
 * and closeSession */
#include <stdlib.h>

#include "server/path_set.h"
#include "server/prep_request_processor_internal.h"
#include "zk/base/str.h"
#include "zk/jute/record.h"
#include "zk/server/request.h"
#include "zk/server/session_tracker.h"
#include "zk/tree/data_tree.h"

/* Java: pRequest2Txn(), its case createSession. The session is tracked from now on, and belongs to
 * the server that the request came through. */
enum keeper_code p_request2_txn_create_session(struct prep_request_processor *prep,
                                               struct prep_work *work)
{
    struct request *request = work->request;
    int32_t time_out_ms;
    struct buf_reader reader = {0};
    if (request->request != NULL)
        reader = request_body_reader(request->request);
    if (buf_get_int(&reader, &time_out_ms) < 0)
        return KEEPER_CODE_MARSHALLINGERROR;
    (void)session_tracker_track_session(prep->session_tracker, request->session_id, time_out_ms);
    enum keeper_code code =
        session_tracker_set_owner(prep->session_tracker, request->session_id, request->owner);
    if (code != KEEPER_CODE_OK)
        return code;
    work->txn.create_session.time_out_ms = time_out_ms;
    work->has_txn = true;
    return KEEPER_CODE_OK;
}

/* ---- closeSession ---------------------------------------------------------------------------- */

static struct path_set collect_ephemerals(struct prep_request_processor *prep,
                                          struct prep_work *work);
static enum keeper_code add_ephemeral_delete(struct prep_request_processor *prep,
                                             struct prep_work *work, const struct ustring *path);

/* Java: pRequest2Txn(), its case closeSession. Nothing is checked: an expired session has no owner
 * that could ask for its end. */
enum keeper_code p_request2_txn_close_session(struct prep_request_processor *prep,
                                              struct prep_work *work)
{
    struct path_set es = collect_ephemerals(prep, work);
    struct close_session_txn txn = {.paths2_delete = path_set_in_java_order(&es)};
    enum keeper_code code = KEEPER_CODE_OK;
    for (size_t i = 0; code == KEEPER_CODE_OK && i < txn.paths2_delete.count; i++)
        code = add_ephemeral_delete(prep, work, &txn.paths2_delete.items[i]);
    path_set_done(&es);

    if (code == KEEPER_CODE_OK && prep->close_session_txn_enabled) {
        work->txn.close_session = txn;
        work->has_txn = true;
    } else {
        jute_done(&close_session_txn_record, &txn);
    }
    if (code == KEEPER_CODE_OK)
        session_tracker_set_session_closing(prep->session_tracker, work->request->session_id);
    return code;
}

/* Returns the nodes that the session will own when all that is outstanding has been applied. A
 * number that no session can have, 0 or the mark of a container, owns none: Java would delete
 * ordinary nodes (D-162). */
static struct path_set collect_ephemerals(struct prep_request_processor *prep,
                                          struct prep_work *work)
{
    int64_t session_id = work->request->session_id;
    struct zk_strings paths = {0};
    data_tree_get_ephemerals(prep->tree, session_id, &paths);
    struct path_set set = path_set_of_tree(paths);
    bool is_session = ephemeral_type_get(&prep->container_rules.ephemeral_types, session_id) ==
                      EPHEMERAL_TYPE_NORMAL;
    for (const struct change_record *record = outstanding_changes_peek(prep->changes);
         record != NULL; record = record->next) {
        if (!record->exists)
            path_set_remove(&set, record->path);
        else if (record->stat.ephemeral_owner == session_id && is_session)
            path_set_add(&set, record->path);
    }
    return set;
}

/* Adds the records of one node that goes, and of its parent. */
static enum keeper_code add_ephemeral_delete(struct prep_request_processor *prep,
                                             struct prep_work *work, const struct ustring *path)
{
    struct change_record *node = NULL;
    struct change_record *parent = NULL;
    struct path_key parent_key;
    enum keeper_code code = get_parent_path_and_validate(prep, path, &parent_key);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_key(prep, work, &parent_key, &parent);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, path, &node);
    if (code != KEEPER_CODE_OK) {
        change_record_free(parent);
        return code;
    }
    parent->child_count--; /* in Java only when it is applied (D-161) */
    parent->stat.pzxid = work->header.zxid;
    add_change_record(prep, DIGEST_OP_CODE_UPDATE, parent);
    struct path_key key = path_key_of(prep, path);
    struct change_record *gone = change_record_new(work->header.zxid, &key);
    gone->node_digest = node->node_digest;
    change_record_free(node);
    add_change_record(prep, DIGEST_OP_CODE_REMOVE, gone);
    return KEEPER_CODE_OK;
}
