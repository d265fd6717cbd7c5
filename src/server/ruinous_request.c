/* What a learner keeps from its leader, which may be one of Java (D-290). Each of these has ended a
 * whole ensemble of 3.8.0 when somebody tried it. */
#include "zk/server/ruinous_request.h"

#include "server/prep_request_processor_internal.h"
#include "zk/jute/op_code.h"
#include "zk/jute/record.h"
#include "zk/server/acl_checks.h"
#include "zk/server/create_mode.h"
#include "zk/server/request.h"

/* Returns whether the body begins with such a record, which the caller ends by jute_done() in any
 * case. */
static bool read_body(struct zk_context *ctx, const struct request *request,
                      const struct jute_record *table, void *ret_record)
{
    return request_read_record(ctx, request, table, ret_record) == KEEPER_CODE_OK;
}

/* ---- an ACL that becomes too long (D-163) ---------------------------------------------------- */

/* A leader of Java puts the client's ids in the place of each "auth", however long that becomes.
 * No follower takes a proposal above the limit, and no start reads the log that has it. */

enum {
    SHORTEST_AUTH_BYTES = 3 * sizeof(int32_t) + sizeof "auth" - 1, /* an entry with an empty id */
    /* What a transaction has, at most, besides what its request has: its header, whether the node
     * is ephemeral, the digest. */
    TXN_BYTES = 45,
};

static bool is_too_long(struct zk_context *ctx, int64_t bytes)
{
    return bytes + TXN_BYTES > jute_max_length(ctx);
}

/* Returns whether the request could become too long, as far as its length and the number of its
 * client's ids tell: of an ordinary one nobody need read the body. */
static bool could_grow_too_long(struct zk_context *ctx, const struct request *request)
{
    const struct zk_id_list *ids = &request->auth_info;
    if (request->request == NULL)
        return false;
    int64_t expanded = 0;
    for (size_t i = 0; i < ids->count; i++)
        expanded +=
            (int64_t)(3 * sizeof(int32_t) + ids->items[i].scheme.length + ids->items[i].id.length);
    int64_t length = (int64_t)request->request->length;
    return is_too_long(ctx, length + length / SHORTEST_AUTH_BYTES * expanded);
}

static enum keeper_code judge_growth(struct zk_context *ctx, const struct request *request,
                                     int64_t growth)
{
    bool too_long = is_too_long(ctx, (int64_t)request->request->length + growth);
    return too_long ? KEEPER_CODE_INVALIDACL : KEEPER_CODE_OK;
}

static enum keeper_code ruinous_create(struct zk_context *ctx, const struct request *request)
{
    struct create_request record = {0};
    enum keeper_code code = KEEPER_CODE_OK;
    if (could_grow_too_long(ctx, request) &&
        read_body(ctx, request, &create_request_record, &record))
        code = judge_growth(ctx, request, acl_growth(ctx, &request->auth_info, &record.acl));
    jute_done(&create_request_record, &record);
    return code;
}

static enum keeper_code ruinous_set_acl(struct zk_context *ctx, const struct request *request)
{
    struct set_acl_request record = {0};
    enum keeper_code code = KEEPER_CODE_OK;
    if (could_grow_too_long(ctx, request) &&
        read_body(ctx, request, &set_acl_request_record, &record))
        code = judge_growth(ctx, request, acl_growth(ctx, &request->auth_info, &record.acl));
    jute_done(&set_acl_request_record, &record);
    return code;
}

static enum keeper_code ruinous_operations(struct zk_context *ctx, const struct request *request)
{
    bool could = could_grow_too_long(ctx, request);
    int64_t growth = 0;
    enum keeper_code code = ruinous_multi(ctx, request, could ? &growth : NULL);
    return code == KEEPER_CODE_OK && could ? judge_growth(ctx, request, growth) : code;
}

/* ---- the others ------------------------------------------------------------------------------ */

/* A negative TTL without the mode of a TTL node passes Java's PrepRequestProcessor, and every
 * server ends when it applies it (D-151). */
static enum keeper_code ruinous_create_ttl(struct zk_context *ctx, const struct request *request)
{
    struct create_ttl_request record = {0};
    struct create_mode mode = {0};
    enum keeper_code code = KEEPER_CODE_OK;
    if (read_body(ctx, request, &create_ttl_request_record, &record) && record.ttl < 0 &&
        create_mode_from_flag(record.flags, &mode) && !mode.is_ttl)
        code = KEEPER_CODE_BADARGUMENTS;
    if (code == KEEPER_CODE_OK && could_grow_too_long(ctx, request))
        code = judge_growth(ctx, request, acl_growth(ctx, &request->auth_info, &record.acl));
    jute_done(&create_ttl_request_record, &record);
    return code;
}

/* At a body that cannot be read Java's leader fails before the request has a header, and the server
 * of its client waits for ever (D-150). */
static enum keeper_code ruinous_reconfig(struct zk_context *ctx, const struct request *request)
{
    struct reconfig_request record = {0};
    bool is_read = read_body(ctx, request, &reconfig_request_record, &record);
    jute_done(&reconfig_request_record, &record);
    return is_read ? KEEPER_CODE_OK : KEEPER_CODE_MARSHALLINGERROR;
}

/* If the stats node of a quota gets a text that cannot be read, the next create below that quota
 * ends every server of Java (D-155). */
static enum keeper_code ruinous_set_data(struct zk_context *ctx, const struct request *request)
{
    struct set_data_request record = {0};
    enum keeper_code code = KEEPER_CODE_OK;
    if (read_body(ctx, request, &set_data_request_record, &record) && record.path.text != NULL)
        code = check_stats_node(record.path.text, record.data);
    jute_done(&set_data_request_record, &record);
    return code;
}

enum keeper_code ruinous_request(struct zk_context *ctx, const struct request *request)
{
    switch (request->type) {
    case OP_CODE_CHECK: /* outside of a multi nobody can read the proposal of it (D-152) */
        return KEEPER_CODE_UNIMPLEMENTED;
    case OP_CODE_CREATE:
    case OP_CODE_CREATE2:
    case OP_CODE_CREATE_CONTAINER:
        return ruinous_create(ctx, request);
    case OP_CODE_CREATE_TTL:
        return ruinous_create_ttl(ctx, request);
    case OP_CODE_MULTI:
        return ruinous_operations(ctx, request);
    case OP_CODE_RECONFIG:
        return ruinous_reconfig(ctx, request);
    case OP_CODE_SET_ACL:
        return ruinous_set_acl(ctx, request);
    case OP_CODE_SET_DATA:
        return ruinous_set_data(ctx, request);
    default:
        return KEEPER_CODE_OK;
    }
}
