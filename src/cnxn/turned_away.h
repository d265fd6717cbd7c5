/* How often the log tells of callers that are turned away: each may dial again at once, and for
 * ever. A value without a lock: its owner locks. Java: server.RateLogger, which also tells lines
 * apart by their text. */
#ifndef CNXN_TURNED_AWAY_H
#define CNXN_TURNED_AWAY_H

#include <stdint.h>

/* To begin with, only interval_ms is set, and all else is 0. */
struct turned_away {
    int64_t interval_ms; /* between two lines */
    int64_t callers;     /* since the last line */
    int64_t next_log_ms; /* 0: the first caller gets its line at once */
};

/* Counts one more caller at now_ms (zk_elapsed_ms). Returns how many callers the line in the log is
 * to tell of, this one among them; 0 if it is too early for a line. */
int64_t turned_away_add(struct turned_away *turned_away, int64_t now_ms);

#endif
