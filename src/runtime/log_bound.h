/* How much one place of the source may add to the log. Callers and clients cause lines, some of
 * them without end, and a disk is soon full at 60 MB/s (D-334). For floor runtime only. */
#ifndef ZK_RUNTIME_LOG_BOUND_H
#define ZK_RUNTIME_LOG_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* A place writes so many bytes at most, and one line more, in each window: 420 kB/s. That is
     * 20,000 lines of usual length: all clients of a server may begin anew at once. */
    ZK_LOG_WINDOW_MS = 10000,
    ZK_LOG_WINDOW_BYTES = 4 << 20,
};

/* A call of zk_log. */
struct zk_log_place {
    const char *file; /* compared by address */
    int line_number;
    int64_t window_start_ms; /* zk_wall_ms, which a line has anyway */
    int64_t bytes;           /* written in this window */
    int64_t left_out;        /* lines that have not been told of */
};

/* Those that have written something. Zeroed: none has. The caller of these functions locks. */
struct zk_log_bound {
    struct zk_log_place *places;
    size_t count;
    size_t room;
};

void zk_log_bound_done(struct zk_log_bound *bound);

/* What is to be done with a line. */
struct zk_log_verdict {
    bool is_written;
    bool is_last;           /* of its place in this window */
    int64_t left_out;       /* before it, and to be told of first */
    int64_t window_left_ms; /* from now on */
};

/* Counts a line of so many bytes that is about to be written. */
struct zk_log_verdict zk_log_bound_count(struct zk_log_bound *bound, const char *file,
                                         int line_number, size_t bytes, int64_t wall_ms);

#endif
