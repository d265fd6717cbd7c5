/* What a request asks for, and what a transaction does: the type of both. Java: ZooDefs.OpCode */
#ifndef ZK_JUTE_OP_CODE_H
#define ZK_JUTE_OP_CODE_H

#include <stdint.h>

enum op_code {
    OP_CODE_NOTIFICATION = 0,
    OP_CODE_CREATE = 1,
    OP_CODE_DELETE = 2,
    OP_CODE_EXISTS = 3,
    OP_CODE_GET_DATA = 4,
    OP_CODE_SET_DATA = 5,
    OP_CODE_GET_ACL = 6,
    OP_CODE_SET_ACL = 7,
    OP_CODE_GET_CHILDREN = 8,
    OP_CODE_SYNC = 9,
    OP_CODE_PING = 11,
    OP_CODE_GET_CHILDREN2 = 12,
    OP_CODE_CHECK = 13,
    OP_CODE_MULTI = 14,
    OP_CODE_CREATE2 = 15,
    OP_CODE_RECONFIG = 16,
    OP_CODE_CHECK_WATCHES = 17,
    OP_CODE_REMOVE_WATCHES = 18,
    OP_CODE_CREATE_CONTAINER = 19,
    OP_CODE_DELETE_CONTAINER = 20,
    OP_CODE_CREATE_TTL = 21,
    OP_CODE_MULTI_READ = 22,
    OP_CODE_AUTH = 100,
    OP_CODE_SET_WATCHES = 101,
    OP_CODE_SASL = 102,
    OP_CODE_GET_EPHEMERALS = 103,
    OP_CODE_GET_ALL_CHILDREN_NUMBER = 104,
    OP_CODE_SET_WATCHES2 = 105,
    OP_CODE_ADD_WATCH = 106,
    OP_CODE_WHO_AM_I = 107,
    OP_CODE_CREATE_SESSION = -10,
    OP_CODE_CLOSE_SESSION = -11,
    OP_CODE_ERROR = -1,
};

_Static_assert(OP_CODE_CREATE_TTL == 21, "op codes are wire values");

/* Returns "create", "createSession" and so on, Java's words; "unknown" for what nobody defined: say
 * the number beside it. Java: Request.op2String() */
const char *op_code_name(int32_t type);

#endif
