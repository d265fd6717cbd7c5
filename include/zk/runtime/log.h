/* The log: one event, one line, one write(2), in the layout of Java's log4j:
 *   2026-11-22 14:03:16,123 [myid:1] - INFO  [WorkerReceiver[myid=1]:Messenger@87] - Notific...
 * The class is the C file's name in Java's spelling, the number is its line. All texts stand in one
 * table, log_table.h; a caller names an entry and gives its values:
 *   zk_log(ctx, ZK_LOG_NEW_ELECTION, myid, zxid);
 * Control bytes within a line become blanks or '?', so that one event stays one line; a line longer
 * than 4 KiB loses its end. A place of the source that has written 4 MiB within 10 s writes no more
 * before these are over, and then tells how many lines it has left out (D-334); DEBUG and TRACE are
 * always whole. Any thread. Never fails: a line that cannot be written (a full disk, a
 * pipe that nobody reads any more) is lost, and the peer goes on. */
#ifndef ZK_RUNTIME_LOG_H
#define ZK_RUNTIME_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "zk/base/attrs.h"

struct zk_context;

enum zk_log_level {
    ZK_TRACE,
    ZK_DEBUG,
    ZK_INFO,
    ZK_WARN,
    ZK_ERROR,
    ZK_OFF, /* only as a limit */
};

/* An entry of log_table.h expands to "level, format"; the format is checked against the values at
 * compile time. */
#define zk_log(ctx, ...) zk_log_at((ctx), __FILE__, __LINE__, __VA_ARGS__)

void zk_log_at(struct zk_context *ctx, const char *file, int line_number, enum zk_log_level level,
               const char *format, ...) ZK_PRINTF_LIKE(5, 6);

/* For events that others can cause without end. Returns whether the count-th of its kind has a line
 * in the log: the 1st, 2nd, 4th, 8th ... have one (D-334). */
bool zk_log_is_due(int64_t count);

/* Reads "info" and the like, in capitals or not. Returns false if text is no level. */
bool zk_log_level_parse(const char *text, enum zk_log_level *ret_level);

#endif
