/* Names of the enums of server_state.h, as Java prints them. Java: QuorumPeer, its enums */
#include "zk/ensemble/server_state.h"

#include "zk/base/panic.h"

const char *server_state_name(enum server_state state)
{
    switch (state) {
    case SERVER_STATE_LOOKING:
        return "LOOKING";
    case SERVER_STATE_FOLLOWING:
        return "FOLLOWING";
    case SERVER_STATE_LEADING:
        return "LEADING";
    case SERVER_STATE_OBSERVING:
        return "OBSERVING";
    }
    zk_unreachable();
}

const char *server_state_lower_name(enum server_state state)
{
    switch (state) {
    case SERVER_STATE_LOOKING:
        return "looking";
    case SERVER_STATE_FOLLOWING:
        return "following";
    case SERVER_STATE_LEADING:
        return "leading";
    case SERVER_STATE_OBSERVING:
        return "observing";
    }
    zk_unreachable();
}

const char *learner_type_name(enum learner_type type)
{
    switch (type) {
    case LEARNER_TYPE_PARTICIPANT:
        return "participant";
    case LEARNER_TYPE_OBSERVER:
        return "observer";
    }
    zk_unreachable();
}

const char *learner_type_upper_name(enum learner_type type)
{
    switch (type) {
    case LEARNER_TYPE_PARTICIPANT:
        return "PARTICIPANT";
    case LEARNER_TYPE_OBSERVER:
        return "OBSERVER";
    }
    zk_unreachable();
}

const char *zab_state_name(enum zab_state state)
{
    switch (state) {
    case ZAB_STATE_ELECTION:
        return "election";
    case ZAB_STATE_DISCOVERY:
        return "discovery";
    case ZAB_STATE_SYNCHRONIZATION:
        return "synchronization";
    case ZAB_STATE_BROADCAST:
        return "broadcast";
    }
    zk_unreachable();
}

const char *sync_mode_name(enum sync_mode mode)
{
    switch (mode) {
    case SYNC_MODE_NONE:
        return "none";
    case SYNC_MODE_DIFF:
        return "diff";
    case SYNC_MODE_SNAP:
        return "snap";
    case SYNC_MODE_TRUNC:
        return "trunc";
    }
    zk_unreachable();
}
