/* What channel.c and selector.c share. */
#ifndef IO_SELECTOR_INTERNAL_H
#define IO_SELECTOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/refcount.h"
#include "zk/io/selector.h"
#include "zk/runtime/lock.h"

/* Bytes that wait to be sent. */
struct output {
    uint8_t *bytes; /* NULL: no room yet */
    size_t length;
    size_t room;
    int64_t packets; /* how many packets end in these bytes */
};

struct channel {
    struct selector *selector;
    void *attachment;
    enum inet_family family; /* of the far end, which is fixed */
    uint16_t port;
    uint8_t ip[16];
    uint32_t scope_id;

    /* Set by the selector's thread; any other may look at it. */
    struct zk_atomic_long interest_ops;

    /* Used by the thread that has the channel: taken from output, partly sent. */
    struct output sending;
    size_t sent;

    struct zk_mutex mu; /* L-100. Guards: */
    /* -1: closed. The thread that has the channel reads it without the lock. */
    int fd GUARDED_BY(&mu);
    struct output output GUARDED_BY(&mu);
    size_t unsent GUARDED_BY(&mu);     /* of output and sending */
    bool flush_is_due GUARDED_BY(&mu); /* an update was asked for, or the far end takes no more */
    bool close_behind GUARDED_BY(&mu); /* nothing is appended any more */
    bool is_shut_down GUARDED_BY(&mu);
    int64_t blocked_since_ms GUARDED_BY(&mu); /* the far end takes nothing; 0: it does */

    /* Guarded by the selector's lock. */
    bool update_is_due;
    bool is_cancelled;
    struct channel *next_update;
    struct channel *previous_update;
};

#endif
