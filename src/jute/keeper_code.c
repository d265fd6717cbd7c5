/* The names of the codes. */
#include "zk/jute/keeper_code.h"

/* Java: KeeperException.Code.get() */
const char *keeper_code_name(int32_t code)
{
    switch ((enum keeper_code)code) {
    case KEEPER_CODE_OK:
        return "OK";
    case KEEPER_CODE_SYSTEMERROR:
        return "SYSTEMERROR";
    case KEEPER_CODE_RUNTIMEINCONSISTENCY:
        return "RUNTIMEINCONSISTENCY";
    case KEEPER_CODE_DATAINCONSISTENCY:
        return "DATAINCONSISTENCY";
    case KEEPER_CODE_CONNECTIONLOSS:
        return "CONNECTIONLOSS";
    case KEEPER_CODE_MARSHALLINGERROR:
        return "MARSHALLINGERROR";
    case KEEPER_CODE_UNIMPLEMENTED:
        return "UNIMPLEMENTED";
    case KEEPER_CODE_OPERATIONTIMEOUT:
        return "OPERATIONTIMEOUT";
    case KEEPER_CODE_BADARGUMENTS:
        return "BADARGUMENTS";
    case KEEPER_CODE_NEWCONFIGNOQUORUM:
        return "NEWCONFIGNOQUORUM";
    case KEEPER_CODE_RECONFIGINPROGRESS:
        return "RECONFIGINPROGRESS";
    case KEEPER_CODE_UNKNOWNSESSION:
        return "UNKNOWNSESSION";
    case KEEPER_CODE_APIERROR:
        return "APIERROR";
    case KEEPER_CODE_NONODE:
        return "NONODE";
    case KEEPER_CODE_NOAUTH:
        return "NOAUTH";
    case KEEPER_CODE_BADVERSION:
        return "BADVERSION";
    case KEEPER_CODE_NOCHILDRENFOREPHEMERALS:
        return "NOCHILDRENFOREPHEMERALS";
    case KEEPER_CODE_NODEEXISTS:
        return "NODEEXISTS";
    case KEEPER_CODE_NOTEMPTY:
        return "NOTEMPTY";
    case KEEPER_CODE_SESSIONEXPIRED:
        return "SESSIONEXPIRED";
    case KEEPER_CODE_INVALIDCALLBACK:
        return "INVALIDCALLBACK";
    case KEEPER_CODE_INVALIDACL:
        return "INVALIDACL";
    case KEEPER_CODE_AUTHFAILED:
        return "AUTHFAILED";
    case KEEPER_CODE_SESSIONMOVED:
        return "SESSIONMOVED";
    case KEEPER_CODE_NOTREADONLY:
        return "NOTREADONLY";
    case KEEPER_CODE_EPHEMERALONLOCALSESSION:
        return "EPHEMERALONLOCALSESSION";
    case KEEPER_CODE_NOWATCHER:
        return "NOWATCHER";
    case KEEPER_CODE_REQUESTTIMEOUT:
        return "REQUESTTIMEOUT";
    case KEEPER_CODE_RECONFIGDISABLED:
        return "RECONFIGDISABLED";
    case KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH:
        return "SESSIONCLOSEDREQUIRESASLAUTH";
    case KEEPER_CODE_QUOTAEXCEEDED:
        return "QUOTAEXCEEDED";
    case KEEPER_CODE_THROTTLEDOP:
        return "THROTTLEDOP";
    }
    return "unknown";
}
