/* Sessions that begin and end. Java: PrepRequestProcessor.pRequest2Txn(), its cases createSession
 * and closeSession */
#include <stdlib.h>
#include <string.h>

#include "server/prep_request_processor_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
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
        reader = buf_reader_of(request->request);
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

/* Java's HashSet<String>, a clone of the tree's. Its order is that of the transaction's list, in
 * which every server deletes. */
struct path_set {
    /* In order of insertion: first those of the tree. One that has left the set is NULL. */
    struct zk_strings paths;
    struct tree_path *tree_paths; /* all of the tree: their owner, and sorted, to be searched */
    size_t tree_count;
    size_t count;    /* without those that have left */
    size_t capacity; /* of Java's table, which grows and never shrinks */
};

struct tree_path {
    char *path;
    size_t at; /* its place in paths */
};

static int compare_tree_paths(const void *one, const void *other)
{
    return strcmp(((const struct tree_path *)one)->path, ((const struct tree_path *)other)->path);
}

/* Takes over paths. A session may own very many. */
static struct path_set path_set_of_tree(struct zk_strings paths)
{
    struct path_set set = {
        .paths = paths,
        .tree_paths = zk_xcalloc(paths.count, sizeof set.tree_paths[0]),
        .tree_count = paths.count,
        .count = paths.count,
        .capacity = java_hash_map_copy_capacity(paths.count),
    };
    for (size_t i = 0; i < paths.count; i++)
        set.tree_paths[i] = (struct tree_path){.path = paths.items[i], .at = i};
    qsort(set.tree_paths, set.tree_count, sizeof set.tree_paths[0], compare_tree_paths);
    return set;
}

static void path_set_done(struct path_set *set)
{
    for (size_t i = 0; i < set->tree_count; i++)
        free(set->tree_paths[i].path);
    for (size_t i = set->tree_count; i < set->paths.count; i++)
        free(set->paths.items[i]);
    free(set->tree_paths);
    free(set->paths.items);
}

/* Where the path stands; paths.count if it is not in the set. */
static size_t path_set_find(const struct path_set *set, const char *path)
{
    struct tree_path wanted = {.path = (char *)path};
    const struct tree_path *found =
        bsearch(&wanted, set->tree_paths, set->tree_count, sizeof *found, compare_tree_paths);
    if (found != NULL && set->paths.items[found->at] != NULL)
        return found->at;
    size_t at = set->tree_count;
    while (at < set->paths.count &&
           (set->paths.items[at] == NULL || strcmp(set->paths.items[at], path) != 0))
        at++;
    return at;
}

static void path_set_add(struct path_set *set, const char *path)
{
    if (path_set_find(set, path) < set->paths.count)
        return;
    zk_strings_add(&set->paths, path);
    set->count++;
    /* Java: HashMap.threshold, of a capacity of 2 and more */
    if (set->count > set->capacity - (set->capacity + 3) / 4)
        set->capacity *= 2;
}
static void path_set_remove(struct path_set *set, const char *path)
{
    size_t at = path_set_find(set, path);
    if (at == set->paths.count)
        return;
    if (at >= set->tree_count)
        free(set->paths.items[at]);
    set->paths.items[at] = NULL;
    set->count--;
}

/* The paths in the order in which Java's set iterates. Those that share a place in its table come
 * in the order in which the tree's set has them. */
static struct ustring_list path_set_in_java_order(const struct path_set *set)
{
    struct ustring_list list = {.present = true};
    const char **left = zk_xcalloc(set->count, sizeof *left);
    size_t *order = zk_xcalloc(set->count, sizeof *order);
    size_t count = 0;
    for (size_t i = 0; i < set->paths.count; i++)
        if (set->paths.items[i] != NULL)
            left[count++] = set->paths.items[i];
    java_hash_map_order_strings(left, count, set->capacity, order);
    for (size_t i = 0; i < count; i++)
        *(struct ustring *)jute_list_add(&ustring_record, &list) = ustring_of(left[order[i]]);
    free(order);
    free(left);
    return list;
}

/* The nodes that the session will own when all that is outstanding is applied. A number that no
 * session can have, 0 or a container's mark, owns none: Java would delete ordinary nodes
 * (D-162). */
static struct path_set collect_ephemerals(struct prep_request_processor *prep,
                                          struct prep_work *work)
{
    int64_t session_id = work->request->session_id;
    struct zk_strings paths = {0};
    data_tree_get_ephemerals(work->tree, session_id, &paths);
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

/* The records of one node that goes, and of its parent. */
static enum keeper_code add_ephemeral_delete(struct prep_request_processor *prep,
                                             struct prep_work *work, const struct ustring *path)
{
    struct change_record *node = NULL;
    struct change_record *parent = NULL;
    char *parent_path = NULL;
    enum keeper_code code = get_parent_path_and_validate(path, &parent_path);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, parent_path, &parent);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_path(prep, work, path->text, &node);
    free(parent_path);
    if (code != KEEPER_CODE_OK) {
        change_record_free(parent);
        return code;
    }
    parent->child_count--; /* in Java only when it is applied (D-161) */
    parent->stat.pzxid = work->header.zxid;
    add_change_record(prep, work, DIGEST_OP_CODE_UPDATE, parent);
    struct change_record *gone = change_record_new(work->header.zxid, path->text);
    gone->node_digest = node->node_digest;
    change_record_free(node);
    add_change_record(prep, work, DIGEST_OP_CODE_REMOVE, gone);
    return KEEPER_CODE_OK;
}

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
