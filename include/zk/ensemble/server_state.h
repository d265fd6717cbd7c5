/* The states of a peer, and their names. Each name is a constant text. Java: QuorumPeer, its
 * enums */
#ifndef ZK_ENSEMBLE_SERVER_STATE_H
#define ZK_ENSEMBLE_SERVER_STATE_H

#include <stdint.h>

/* Java: QuorumPeer.ServerState. The values travel in notifications. */
enum server_state {
    SERVER_STATE_LOOKING = 0,
    SERVER_STATE_FOLLOWING = 1,
    SERVER_STATE_LEADING = 2,
    SERVER_STATE_OBSERVING = 3,
};

_Static_assert(SERVER_STATE_OBSERVING == 3, "the states are wire values");

const char *server_state_name(enum server_state state);       /* "LOOKING" */
const char *server_state_lower_name(enum server_state state); /* "looking" */

/* Java: QuorumPeer.LearnerType */
enum learner_type {
    LEARNER_TYPE_PARTICIPANT = 0,
    LEARNER_TYPE_OBSERVER = 1,
};

const char *learner_type_name(enum learner_type type);       /* "participant" */
const char *learner_type_upper_name(enum learner_type type); /* "PARTICIPANT" */

/* Java: QuorumPeer.ZabState: for display only. */
enum zab_state {
    ZAB_STATE_ELECTION,
    ZAB_STATE_DISCOVERY,
    ZAB_STATE_SYNCHRONIZATION,
    ZAB_STATE_BROADCAST,
};

const char *zab_state_name(enum zab_state state); /* "discovery" */

/* Java: QuorumPeer.SyncMode */
enum sync_mode {
    SYNC_MODE_NONE,
    SYNC_MODE_DIFF,
    SYNC_MODE_SNAP,
    SYNC_MODE_TRUNC,
};

const char *sync_mode_name(enum sync_mode mode); /* "diff" */

/* Java: QuorumPeer.OBSERVER_ID: how a server without an id of its own introduces itself. */
#define OBSERVER_ID INT64_MAX

/* What an observer puts into its own votes. Java: Long.MIN_VALUE */
#define NO_VOTE INT64_MIN

#endif
