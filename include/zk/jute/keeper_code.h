/* How a request or a transaction went: what replies and error transactions carry. They are not
 * errno, whose numbers are negative as well: a function that returns one says so.
 * Java: KeeperException.Code */
#ifndef ZK_JUTE_KEEPER_CODE_H
#define ZK_JUTE_KEEPER_CODE_H

#include <stdint.h>

enum keeper_code {
    KEEPER_CODE_OK = 0,           /* everything went well */
    KEEPER_CODE_SYSTEMERROR = -1, /* those below, down to APIERROR, are the server's fault */
    /* Of the operations of a multi behind the one that failed. */
    KEEPER_CODE_RUNTIMEINCONSISTENCY = -2,
    KEEPER_CODE_DATAINCONSISTENCY = -3,
    KEEPER_CODE_CONNECTIONLOSS = -4,
    KEEPER_CODE_MARSHALLINGERROR = -5, /* the request could not be read */
    KEEPER_CODE_UNIMPLEMENTED = -6,
    KEEPER_CODE_OPERATIONTIMEOUT = -7,
    KEEPER_CODE_BADARGUMENTS = -8,
    KEEPER_CODE_NEWCONFIGNOQUORUM = -13,
    KEEPER_CODE_RECONFIGINPROGRESS = -14,
    KEEPER_CODE_UNKNOWNSESSION = -12,
    KEEPER_CODE_APIERROR = -100, /* those below are the client's */
    KEEPER_CODE_NONODE = -101,
    KEEPER_CODE_NOAUTH = -102,
    KEEPER_CODE_BADVERSION = -103,
    KEEPER_CODE_NOCHILDRENFOREPHEMERALS = -108,
    KEEPER_CODE_NODEEXISTS = -110,
    KEEPER_CODE_NOTEMPTY = -111,
    KEEPER_CODE_SESSIONEXPIRED = -112,
    KEEPER_CODE_INVALIDCALLBACK = -113,
    KEEPER_CODE_INVALIDACL = -114,
    KEEPER_CODE_AUTHFAILED = -115,
    KEEPER_CODE_SESSIONMOVED = -118,
    KEEPER_CODE_NOTREADONLY = -119,
    KEEPER_CODE_EPHEMERALONLOCALSESSION = -120,
    KEEPER_CODE_NOWATCHER = -121,
    KEEPER_CODE_REQUESTTIMEOUT = -122,
    KEEPER_CODE_RECONFIGDISABLED = -123,
    KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH = -124,
    KEEPER_CODE_QUOTAEXCEEDED = -125,
    KEEPER_CODE_THROTTLEDOP = -127,
};

_Static_assert(KEEPER_CODE_NONODE == -101, "codes are wire values");

/* Returns "NONODE" and so on, as Java's enum has it; "unknown" for what nobody defined. */
const char *keeper_code_name(int32_t code);

#endif
