/* What a write comes to, and of several things that are wrong the one that a server says: it looks
 * at them in the order in which they stand here. */
#include <stdio.h>
#include <string.h>

#include "clients_check.h"
#include "text.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"

enum {
    FLAG_SEQUENTIAL = 2,
    FLAGS_OF_NODES = 4,
    ADD_WATCH_MODES = 2, /* persistent, recursive */
    WATCHER_TYPES = 3,   /* children, data, any */
};

static bool knows_ttls;
static bool knows_no_upgrade;

void clients_outcome_begin(bool has_ttls, bool stays_local)
{
    knows_ttls = has_ttls;
    knows_no_upgrade = stays_local;
}

/* Begins with a slash, does not end with one, and none of its names is empty, "." or "..". No other
 * sign that is forbidden in names is ever sent. */
static bool is_valid(const char *path)
{
    bool valid = path[0] == '/';
    for (const char *name = path; valid && path[1] != '\0' && *name == '/';) {
        const size_t length = strcspn(++name, "/");
        const bool dots = length <= 2 && strspn(name, ".") == length;
        valid = length > 0 && !dots;
        name += length;
    }
    return valid;
}

/* Nobody may delete these. */
static bool is_the_servers_own(const char *path)
{
    return strcmp(path, "/") == 0 || strcmp(path, "/zookeeper") == 0 ||
           strcmp(path, "/zookeeper/quota") == 0 || strcmp(path, "/zookeeper/config") == 0;
}

/* *ret_name: with its number. */
static int32_t outcome_of_create(const struct load_part *part, uint32_t ids, char *ret_name)
{
    struct client_acl acl;
    if (part->flags < 0 || part->flags >= FLAGS_OF_NODES)
        return KEEPER_CODE_BADARGUMENTS;
    if (part->type == OP_CODE_CREATE_TTL && !knows_ttls)
        return KEEPER_CODE_UNIMPLEMENTED;
    if (knows_no_upgrade && clients_makes_ephemeral(part))
        return KEEPER_CODE_EPHEMERALONLOCALSESSION;
    if (strchr(part->path, '/') == NULL)
        return KEEPER_CODE_BADARGUMENTS;
    if (!client_acl_fix(&CLIENT_WISHES[part->acl], ids, &acl))
        return KEEPER_CODE_INVALIDACL;
    const struct node *parent = clients_find_parent(part->path);
    if (parent == NULL)
        return KEEPER_CODE_NONODE;
    if (!client_acl_allows(&parent->acl, RIGHT_CREATE, ids))
        return KEEPER_CODE_NOAUTH;
    if ((part->flags & FLAG_SEQUENTIAL) != 0) {
        size_t length = strlen(ret_name);
        snprintf(ret_name + length, CLIENT_PATH_SIZE - length, "%010d", parent->creations);
    }
    if (!is_valid(ret_name))
        return KEEPER_CODE_BADARGUMENTS;
    if ((part->flags & FLAG_SEQUENTIAL) == 0 && clients_find(part->path) != NULL)
        return KEEPER_CODE_NODEEXISTS;
    return parent->owner != 0 ? KEEPER_CODE_NOCHILDRENFOREPHEMERALS : KEEPER_CODE_OK;
}

static int32_t outcome_of_delete(const struct load_part *part, uint32_t ids)
{
    if (strchr(part->path, '/') == NULL || is_the_servers_own(part->path))
        return KEEPER_CODE_BADARGUMENTS;
    const struct node *node = clients_find(part->path);
    const struct node *parent = clients_find_parent(part->path);
    if (parent == NULL)
        return KEEPER_CODE_NONODE;
    if (!client_acl_allows(&parent->acl, RIGHT_DELETE, ids))
        return KEEPER_CODE_NOAUTH;
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    if (part->version != -1 && part->version != node->version)
        return KEEPER_CODE_BADVERSION;
    return node->children > 0 ? KEEPER_CODE_NOTEMPTY : KEEPER_CODE_OK;
}

int32_t clients_right_to(int32_t type)
{
    switch (type) {
    case OP_CODE_SET_DATA:
        return RIGHT_WRITE;
    case OP_CODE_SET_ACL:
        return RIGHT_ADMIN;
    case OP_CODE_GET_ACL:
        return RIGHT_READ | RIGHT_ADMIN;
    default:
        return RIGHT_READ;
    }
}

int32_t clients_outcome(const struct load_part *part, uint32_t ids, char *ret_name)
{
    struct client_acl acl;
    text_copy(ret_name, CLIENT_PATH_SIZE, part->path);
    if (part->type == OP_CODE_RECONFIG)
        return KEEPER_CODE_RECONFIGDISABLED;
    if (part->type == OP_CODE_DELETE_CONTAINER) /* only a leader's own are well made */
        return KEEPER_CODE_BADARGUMENTS;
    if (client_type_creates(part->type))
        return outcome_of_create(part, ids, ret_name);
    if (part->type == OP_CODE_DELETE)
        return outcome_of_delete(part, ids);
    if (!is_valid(part->path))
        return KEEPER_CODE_BADARGUMENTS;
    if (part->type == OP_CODE_SET_ACL && !client_acl_fix(&CLIENT_WISHES[part->acl], ids, &acl))
        return KEEPER_CODE_INVALIDACL;
    const struct node *node = clients_find(part->path);
    if (node == NULL)
        return KEEPER_CODE_NONODE;
    if (!client_acl_allows(&node->acl, clients_right_to(part->type), ids))
        return KEEPER_CODE_NOAUTH;
    const int32_t version = part->type == OP_CODE_SET_ACL ? node->aversion : node->version;
    return part->version != -1 && part->version != version ? KEEPER_CODE_BADVERSION
                                                           : KEEPER_CODE_OK;
}

bool clients_is_of_the_session(int32_t err)
{
    return err == KEEPER_CODE_SESSIONEXPIRED || err == KEEPER_CODE_SESSIONMOVED ||
           err == KEEPER_CODE_CONNECTIONLOSS || err == KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH ||
           err == KEEPER_CODE_THROTTLEDOP;
}

/* ---- what no server does --------------------------------------------------------------------- */

static bool is_wrong_watching(const struct client_request *request)
{
    const int32_t type = request->op.type;
    if (type == OP_CODE_ADD_WATCH)
        return request->mode < 0 || request->mode >= ADD_WATCH_MODES;
    return (type == OP_CODE_REMOVE_WATCHES || type == OP_CODE_CHECK_WATCHES) &&
           (request->mode < 1 || request->mode > WATCHER_TYPES);
}

/* 0: it is nothing of that kind. */
static int32_t refusal_of(const struct client_call *call)
{
    if (call->request.op.type == CLIENT_UNKNOWN_TYPE)
        return KEEPER_CODE_UNIMPLEMENTED;
    if (call->request.op.type == OP_CODE_CHECK)
        return call->read_only ? KEEPER_CODE_NOTREADONLY : KEEPER_CODE_UNIMPLEMENTED;
    return is_wrong_watching(&call->request) ? KEEPER_CODE_MARSHALLINGERROR : 0;
}

bool clients_check_refusal(const struct clients *clients, const struct client_call *call)
{
    const bool unproved = clients_want_proof(clients, call->ids);
    const int32_t refusal = refusal_of(call);
    if (call->is_last_words)
        clients_fail_call("I16", call, "its session was closed before it was sent");
    if (call->request.op.type != OP_CODE_SASL &&
        unproved != (call->reply.err == KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH))
        clients_fail_call("I22", call,
                          unproved ? "nobody knows who has sent it" : "who has sent it is known");
    if (clients_check_limits(clients, call))
        return true;
    if (refusal == 0 || clients_is_of_the_session(call->reply.err))
        return false;
    if (call->reply.err != refusal)
        clients_fail_call("I15", call, "no server does that");
    if (call->request.op.type == CLIENT_UNKNOWN_TYPE && call->reply.zxid != -1)
        clients_fail_call("I15", call, "it is of no time");
    return true;
}
