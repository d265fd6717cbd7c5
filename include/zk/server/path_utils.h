/* What may be a node's path. Java: common.PathUtils */
#ifndef ZK_SERVER_PATH_UTILS_H
#define ZK_SERVER_PATH_UTILS_H

#include <stdbool.h>

#include "zk/jute/archive.h"

struct path_problem {
    char text[64]; /* Java's words: "empty node name specified @3" */
};

/* Returns whether path is a good one, and if it is not, what is wrong with it. A null path is not.
 * Bytes that are no UTF-8 count as U+FFFD, which no path may have. *ret_problem stays untouched for
 * a good one. A pure function; any thread. Java: validatePath() */
bool path_utils_validate_path(const struct ustring *path, struct path_problem *ret_problem);

#endif
