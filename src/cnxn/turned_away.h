/* How often the log tells of clients that are turned away. A value without a lock: its owner
 * locks. */
#ifndef CNXN_TURNED_AWAY_H
#define CNXN_TURNED_AWAY_H

#include <stdint.h>

/* A zero-initialised one says that no client has come yet. */
struct turned_away {
    int64_t clients;     /* since the last line */
    int64_t next_log_ms; /* the first client gets its line at once */
};

/* Counts one more client at now_ms (zk_elapsed_ms). Returns how many clients the line in the log is
 * to tell of, this one among them; 0 if it is too early for a line. */
int64_t turned_away_add(struct turned_away *turned_away, int64_t now_ms);

#endif
