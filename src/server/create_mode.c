/* The table of modes. Java: CreateMode */
#include "zk/server/create_mode.h"

#include <stddef.h>

static const struct create_mode create_modes[] = {
    {0},                                           /* PERSISTENT */
    {.is_ephemeral = true},                        /* EPHEMERAL */
    {.is_sequential = true},                       /* PERSISTENT_SEQUENTIAL */
    {.is_ephemeral = true, .is_sequential = true}, /* EPHEMERAL_SEQUENTIAL */
    {.is_container = true},                        /* CONTAINER */
    {.is_ttl = true},                              /* PERSISTENT_WITH_TTL */
    {.is_sequential = true, .is_ttl = true},       /* PERSISTENT_SEQUENTIAL_WITH_TTL */
};

bool create_mode_from_flag(int32_t flag, struct create_mode *ret_mode)
{
    if (flag < 0 || (size_t)flag >= sizeof create_modes / sizeof create_modes[0])
        return false;
    *ret_mode = create_modes[flag];
    return true;
}
