/* A watcher that writes down what it is told. */
#ifndef RECORDING_WATCHER_H
#define RECORDING_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/str.h"
#include "zk/watch/watcher.h"

struct recording_watcher {
    struct watcher watcher;
    int64_t session_id;
    bool is_stale;
    struct zk_str told; /* "3 /a, 4 /": types and paths, in order */
    /* With which list it was told last: the scheme of its first entry, "no" without a list. */
    char acl[16];
};

void recording_watcher_init(struct recording_watcher *recording, int64_t session_id);
void recording_watcher_done(struct recording_watcher *recording);
/* Asserts that it has been told this, and nothing else, since the last call. */
void assert_told(struct recording_watcher *recording, const char *events);

#endif
