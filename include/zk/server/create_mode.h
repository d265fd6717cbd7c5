/* What kind of node a create asks for. Java: CreateMode */
#ifndef ZK_SERVER_CREATE_MODE_H
#define ZK_SERVER_CREATE_MODE_H

#include <stdbool.h>
#include <stdint.h>

/* A value. All false: a node that stays until it is deleted. */
struct create_mode {
    bool is_ephemeral;  /* it ends with its session */
    bool is_sequential; /* the parent's counter is appended to its name */
    bool is_container;  /* it ends some time after its last child */
    bool is_ttl;        /* it ends when it was not changed for some time, and has no child */
};

/* Returns whether the flags of a request name a mode, 0 to 6. A pure function; any thread.
 * Java: fromFlag() */
bool create_mode_from_flag(int32_t flag, struct create_mode *ret_mode);

#endif
