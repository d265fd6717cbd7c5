/* Answers to requests about watches. Java: FinalRequestProcessor.processRequest(), its cases
 * setWatches, setWatches2, addWatch, checkWatches and removeWatches
 *
 * Neither ACLs nor paths are checked here: later the connection filters the events, and drops those
 * of nodes that its client may not read. Where Java's code throws something unforeseen, the answer
 * is MARSHALLINGERROR. */
#include "server/final_request_processor_internal.h"
#include "zk/jute/proto.h"
#include "zk/server/server_cnxn.h"
#include "zk/tree/data_tree.h"

/* Returns the code for the result of a call of the tree. */
static enum keeper_code code_of(int r)
{
    return r < 0 ? KEEPER_CODE_MARSHALLINGERROR : KEEPER_CODE_OK;
}

/* The case setWatches of Java's switch. */
void answer_set_watches(struct final_request_processor *final, const struct request *request,
                        struct answer *answer)
{
    struct set_watches body;
    answer->err = request_read_record(final->ctx, request, &set_watches_record, &body);
    if (answer->err != KEEPER_CODE_OK)
        return;
    struct watches_to_set watches = {
        .relative_zxid = body.relative_zxid,
        .data_watches = &body.data_watches,
        .exist_watches = &body.exist_watches,
        .child_watches = &body.child_watches,
    };
    answer->err =
        code_of(data_tree_set_watches(answer->tree, &watches, server_cnxn_watcher(request->cnxn)));
    jute_done(&set_watches_record, &body);
}

/* The case setWatches2 of Java's switch. */
void answer_set_watches2(struct final_request_processor *final, const struct request *request,
                         struct answer *answer)
{
    struct set_watches2 body;
    answer->err = request_read_record(final->ctx, request, &set_watches2_record, &body);
    if (answer->err != KEEPER_CODE_OK)
        return;
    struct watches_to_set watches = {
        .relative_zxid = body.relative_zxid,
        .data_watches = &body.data_watches,
        .exist_watches = &body.exist_watches,
        .child_watches = &body.child_watches,
        .persistent_watches = &body.persistent_watches,
        .persistent_recursive_watches = &body.persistent_recursive_watches,
    };
    answer->err =
        code_of(data_tree_set_watches(answer->tree, &watches, server_cnxn_watcher(request->cnxn)));
    jute_done(&set_watches2_record, &body);
}

/* The case addWatch of Java's switch. The answer has a body, although nothing went wrong. */
void answer_add_watch(struct final_request_processor *final, const struct request *request,
                      struct answer *answer)
{
    static const struct error_response ok = {.err = KEEPER_CODE_OK};
    struct add_watch_request body;
    answer->err = request_read_record(final->ctx, request, &add_watch_request_record, &body);
    if (answer->err != KEEPER_CODE_OK)
        return;
    answer->err = code_of(data_tree_add_watch(answer->tree, &body.path,
                                              server_cnxn_watcher(request->cnxn), body.mode));
    if (answer->err == KEEPER_CODE_OK)
        answer->rsp = jute_to_buf(&error_response_record, &ok);
    jute_done(&add_watch_request_record, &body);
}

/* Java: WatcherType.fromInt() */
static bool is_watcher_type(int32_t type)
{
    return type == WATCHER_TYPE_CHILDREN || type == WATCHER_TYPE_DATA || type == WATCHER_TYPE_ANY;
}

/* The case checkWatches of Java's switch. */
void answer_check_watches(struct final_request_processor *final, const struct request *request,
                          struct answer *answer)
{
    struct check_watches_request body;
    bool contains = false;
    answer->err = request_read_record(final->ctx, request, &check_watches_request_record, &body);
    if (answer->err != KEEPER_CODE_OK)
        return;
    if (is_watcher_type(body.type))
        answer->err = code_of(data_tree_contains_watcher(answer->tree, &body.path,
                                                         (enum watcher_type)body.type, &contains));
    else
        answer->err = KEEPER_CODE_MARSHALLINGERROR;
    if (answer->err == KEEPER_CODE_OK && !contains)
        answer->err = KEEPER_CODE_NOWATCHER;
    jute_done(&check_watches_request_record, &body);
}

/* The case removeWatches of Java's switch. */
void answer_remove_watches(struct final_request_processor *final, const struct request *request,
                           struct answer *answer)
{
    struct remove_watches_request body;
    bool removed = false;
    answer->err = request_read_record(final->ctx, request, &remove_watches_request_record, &body);
    if (answer->err != KEEPER_CODE_OK)
        return;
    if (is_watcher_type(body.type))
        answer->err =
            code_of(data_tree_remove_watch(answer->tree, &body.path, (enum watcher_type)body.type,
                                           server_cnxn_watcher(request->cnxn), &removed));
    else
        answer->err = KEEPER_CODE_MARSHALLINGERROR;
    if (answer->err == KEEPER_CODE_OK && !removed)
        answer->err = KEEPER_CODE_NOWATCHER;
    jute_done(&remove_watches_request_record, &body);
}
