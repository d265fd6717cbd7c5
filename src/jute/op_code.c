/* The names of op codes. */
#include "zk/jute/op_code.h"

/* "createTtl" is how Java spells it. Java has no word for addWatch; ours is made like the others.
 * Java: Request.op2String() */
const char *op_code_name(int32_t type)
{
    /* LONG: one Java method */
    switch ((enum op_code)type) {
    case OP_CODE_NOTIFICATION:
        return "notification";
    case OP_CODE_CREATE:
        return "create";
    case OP_CODE_DELETE:
        return "delete";
    case OP_CODE_EXISTS:
        return "exists";
    case OP_CODE_GET_DATA:
        return "getData";
    case OP_CODE_SET_DATA:
        return "setData";
    case OP_CODE_GET_ACL:
        return "getACL";
    case OP_CODE_SET_ACL:
        return "setACL";
    case OP_CODE_GET_CHILDREN:
        return "getChildren";
    case OP_CODE_SYNC:
        return "sync";
    case OP_CODE_PING:
        return "ping";
    case OP_CODE_GET_CHILDREN2:
        return "getChildren2";
    case OP_CODE_CHECK:
        return "check";
    case OP_CODE_MULTI:
        return "multi";
    case OP_CODE_CREATE2:
        return "create2";
    case OP_CODE_RECONFIG:
        return "reconfig";
    case OP_CODE_CHECK_WATCHES:
        return "checkWatches";
    case OP_CODE_REMOVE_WATCHES:
        return "removeWatches";
    case OP_CODE_CREATE_CONTAINER:
        return "createContainer";
    case OP_CODE_DELETE_CONTAINER:
        return "deleteContainer";
    case OP_CODE_CREATE_TTL:
        return "createTtl";
    case OP_CODE_MULTI_READ:
        return "multiRead";
    case OP_CODE_AUTH:
        return "auth";
    case OP_CODE_SET_WATCHES:
        return "setWatches";
    case OP_CODE_SASL:
        return "sasl";
    case OP_CODE_GET_EPHEMERALS:
        return "getEphemerals";
    case OP_CODE_GET_ALL_CHILDREN_NUMBER:
        return "getAllChildrenNumber";
    case OP_CODE_SET_WATCHES2:
        return "setWatches2";
    case OP_CODE_ADD_WATCH:
        return "addWatch";
    case OP_CODE_WHO_AM_I:
        return "whoAmI";
    case OP_CODE_CREATE_SESSION:
        return "createSession";
    case OP_CODE_CLOSE_SESSION:
        return "closeSession";
    case OP_CODE_ERROR:
        return "error";
    }
    return "unknown";
}
