/* The four kinds of create. Java: PrepRequestProcessor.pRequest2TxnCreate() */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/prep_request_processor_internal.h"
#include "zk/base/alloc.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/log_table.h"
#include "zk/server/acl_checks.h"
#include "zk/server/create_mode.h"
#include "zk/server/request.h"
#include "zk/server/session_tracker.h"
#include "zk/tree/data_tree.h"

/* The largest TTL: 40 bits of milliseconds, about 34 years. (Java asks its EphemeralType.) */
#define MAX_TTL_MS ((INT64_C(1) << 40) - 1)

/* What a create asks for, read from either of its two records. */
struct create_wish {
    int32_t type; /* enum op_code: which of the four creates it is */
    struct create_mode mode;
    struct ustring *path;
    struct buf **data;
    const struct zk_acl_list *acl;
    int64_t ttl_ms; /* -1: none */
};

/* What is found out while a create is checked. */
struct create_found {
    struct change_record *parent; /* owned */
    struct zk_acl_list acl;       /* owned: the list that the node will have */
    struct path_key key;          /* of the node's path, with its number if it is sequential */
};

static enum keeper_code check_create(struct prep_request_processor *prep, struct prep_work *work,
                                     const struct create_wish *wish, struct create_found *found);
static enum keeper_code validate_create_request(struct prep_request_processor *prep,
                                                const struct request *request,
                                                const struct create_wish *wish);
static bool is_bad_ttl(const struct create_mode *mode, int64_t ttl_ms);
static enum keeper_code validate_path_for_create(struct prep_request_processor *prep,
                                                 const struct ustring *path, int64_t session_id,
                                                 struct path_key *ret_parent);
static void append_sequence(struct ustring *path, int32_t parent_cversion);
static void finish_create(struct prep_request_processor *prep, struct prep_work *work,
                          const struct create_wish *wish, const struct create_found *found);
static int64_t owner_of_created(const struct request *request, const struct create_wish *wish);
static void fill_create_txn(struct prep_work *work, const struct create_wish *wish,
                            struct zk_acl_list list, int32_t parent_cversion);

/* Java: pRequest2TxnCreate() */
enum keeper_code p_request2_txn_create(struct prep_request_processor *prep, struct prep_work *work,
                                       int32_t type, union request_record *record, bool deserialize)
{
    bool is_ttl = type == OP_CODE_CREATE_TTL;
    enum keeper_code code = KEEPER_CODE_OK;
    if (deserialize)
        code = request_read_record(prep->ctx, work->request,
                                   is_ttl ? &create_ttl_request_record : &create_request_record,
                                   record);
    if (code != KEEPER_CODE_OK)
        return code;

    struct create_wish wish = {
        .type = type,
        .path = is_ttl ? &record->create_ttl.path : &record->create.path,
        .data = is_ttl ? &record->create_ttl.data : &record->create.data,
        .acl = is_ttl ? &record->create_ttl.acl : &record->create.acl,
        .ttl_ms = is_ttl ? record->create_ttl.ttl : -1,
    };
    int32_t flags = is_ttl ? record->create_ttl.flags : record->create.flags;
    if (!create_mode_from_flag(flags, &wish.mode)) {
        zk_log(prep->ctx, ZK_LOG_INVALID_CREATE_FLAG, flags);
        return KEEPER_CODE_BADARGUMENTS;
    }
    struct create_found found = {0};
    code = check_create(prep, work, &wish, &found);
    if (code == KEEPER_CODE_OK) {
        finish_create(prep, work, &wish, &found);
    } else {
        change_record_free(found.parent);
        jute_done(&zk_acl_list_record, &found.acl);
    }
    return code;
}

/* Checks everything before anything is made, in Java's order. What found owns is the caller's,
 * whatever is returned. */
static enum keeper_code check_create(struct prep_request_processor *prep, struct prep_work *work,
                                     const struct create_wish *wish, struct create_found *found)
{
    struct request *request = work->request;
    struct path_key parent_key;
    enum keeper_code code = validate_create_request(prep, request, wish);
    if (code == KEEPER_CODE_OK)
        code = validate_path_for_create(prep, wish->path, request->session_id, &parent_key);
    if (code == KEEPER_CODE_OK)
        code = fixup_acl(prep->ctx, &request->auth_info, wish->acl, &found->acl);
    if (code == KEEPER_CODE_OK)
        code = get_record_for_key(prep, work, &parent_key, &found->parent);
    if (code == KEEPER_CODE_OK)
        code = check_acl(prep->ctx, acl_of(found->parent), PERMS_CREATE, &request->auth_info);
    if (code != KEEPER_CODE_OK)
        return code;
    if (wish->mode.is_sequential)
        append_sequence(wish->path, found->parent->stat.cversion);
    code = validate_path(prep, wish->path, request->session_id);
    if (code != KEEPER_CODE_OK)
        return code;
    found->key = path_key_of(prep, wish->path);
    if (has_record_for_key(prep, work, &found->key))
        return KEEPER_CODE_NODEEXISTS;
    if (ephemeral_type_get(&prep->container_rules.ephemeral_types,
                           found->parent->stat.ephemeral_owner) == EPHEMERAL_TYPE_NORMAL)
        return KEEPER_CODE_NOCHILDRENFOREPHEMERALS;
    return check_quota(prep, wish->path->text, data_length(*wish->data), 1);
}

/* Java: validateCreateRequest() */
static enum keeper_code validate_create_request(struct prep_request_processor *prep,
                                                const struct request *request,
                                                const struct create_wish *wish)
{
    if (wish->mode.is_ttl && !prep->container_rules.ephemeral_types.extended)
        return KEEPER_CODE_UNIMPLEMENTED;
    if (is_bad_ttl(&wish->mode, wish->ttl_ms))
        return KEEPER_CODE_BADARGUMENTS;
    /* A TTL of -1 without a TTL mode would become a node that no server can make (D-151). */
    if (wish->type == OP_CODE_CREATE_TTL && !wish->mode.is_ttl)
        return KEEPER_CODE_BADARGUMENTS;
    /* exception is set when a local session could not be upgraded; its code is the answer. */
    if (wish->mode.is_ephemeral && request->exception != 0)
        return (enum keeper_code)request->exception;
    if (wish->mode.is_ephemeral)
        return session_tracker_check_global_session(prep->session_tracker, request->session_id,
                                                    request->owner);
    return session_tracker_check_session(prep->session_tracker, request->session_id,
                                         request->owner);
}

/* Java: EphemeralType.validateTTL(), which throws where this returns true */
static bool is_bad_ttl(const struct create_mode *mode, int64_t ttl_ms)
{
    return mode->is_ttl ? ttl_ms <= 0 || ttl_ms > MAX_TTL_MS : ttl_ms >= 0;
}

/* Java: validatePathForCreate() */
static enum keeper_code validate_path_for_create(struct prep_request_processor *prep,
                                                 const struct ustring *path, int64_t session_id,
                                                 struct path_key *ret_parent)
{
    if (path->text == NULL)
        return KEEPER_CODE_MARSHALLINGERROR;
    if (strlen(path->text) != path->length || strchr(path->text, '/') == NULL) {
        zk_log(prep->ctx, ZK_LOG_INVALID_PATH, path->text, (uint64_t)session_id,
               "no slash, or a null character");
        return KEEPER_CODE_BADARGUMENTS;
    }
    *ret_parent = parent_key_of(prep, path);
    return KEEPER_CODE_OK;
}

/* Appends ten digits of the parent's counter to the name. After 2147483647 comes -2147483648. */
static void append_sequence(struct ustring *path, int32_t parent_cversion)
{
    char digits[16];
    zk_text_printf(digits, sizeof digits, "%010" PRId32, parent_cversion);
    size_t length = path->length + strlen(digits);
    path->text = zk_xrealloc(path->text, length + 1);
    memcpy(path->text + path->length, digits, strlen(digits) + 1);
    path->length = length;
}

/* Makes the transaction of a create that has been checked, and the records of parent and node.
 * Takes ownership of what found owns. */
static void finish_create(struct prep_request_processor *prep, struct prep_work *work,
                          const struct create_wish *wish, const struct create_found *found)
{
    const struct txn_header *header = &work->header;
    struct change_record *parent = found->parent;
    int32_t new_cversion = (int32_t)((uint32_t)parent->stat.cversion + 1);
    struct change_record *node = change_record_new(header->zxid, &found->key);
    node->exists = true;
    /* Java: DataTree.createStat() */
    node->stat = (struct stat_persisted){
        .czxid = header->zxid,
        .mzxid = header->zxid,
        .pzxid = header->zxid,
        .ctime_ms = header->time_ms,
        .mtime_ms = header->time_ms,
        .ephemeral_owner = owner_of_created(work->request, wish),
    };
    node->acl = share_acl_list(&found->acl, parent->acl);
    node->data = *wish->data != NULL ? buf_ref(*wish->data) : NULL;
    fill_create_txn(work, wish, found->acl, new_cversion);

    parent->child_count++;
    parent->stat.cversion = new_cversion;
    parent->stat.pzxid = header->zxid;
    add_change_record(prep, DIGEST_OP_CODE_UPDATE, parent);
    add_change_record(prep, DIGEST_OP_CODE_ADD, node);
}

/* Returns the owner that the node will have when the transaction is applied. That depends on the
 * type of the transaction; Java goes by the flags alone (D-153). */
static int64_t owner_of_created(const struct request *request, const struct create_wish *wish)
{
    if (wish->type == OP_CODE_CREATE_CONTAINER)
        return CONTAINER_EPHEMERAL_OWNER;
    if (wish->type == OP_CODE_CREATE_TTL)
        return ephemeral_type_ttl_to_owner(wish->ttl_ms);
    return wish->mode.is_ephemeral ? request->session_id : 0;
}

/* Fills work->txn, to which path, data and list move. */
static void fill_create_txn(struct prep_work *work, const struct create_wish *wish,
                            struct zk_acl_list list, int32_t parent_cversion)
{
    struct ustring path = *wish->path;
    struct buf *data = *wish->data;
    *wish->path = (struct ustring){0};
    *wish->data = NULL;
    if (wish->type == OP_CODE_CREATE_CONTAINER)
        work->txn.create_container = (struct create_container_txn){
            .path = path, .data = data, .acl = list, .parent_cversion = parent_cversion};
    else if (wish->type == OP_CODE_CREATE_TTL)
        work->txn.create_ttl = (struct create_ttl_txn){.path = path,
                                                       .data = data,
                                                       .acl = list,
                                                       .parent_cversion = parent_cversion,
                                                       .ttl = wish->ttl_ms};
    else
        work->txn.create = (struct create_txn){.path = path,
                                               .data = data,
                                               .acl = list,
                                               .ephemeral = wish->mode.is_ephemeral,
                                               .parent_cversion = parent_cversion};
    work->has_txn = true;
}
