/* How often the log tells of clients that are turned away (U-1). A value without a lock: its owner
 * locks. */
#ifndef CNXN_TURNED_AWAY_H
#define CNXN_TURNED_AWAY_H

#include <stdint.h>

/* Zero-initialised, no client has come yet. */
struct turned_away {
    int64_t clients;     /* since the last line */
    int64_t next_log_ms; /* on the clock of the caller; the first client is told of at once */
};

/* One more client. Returns how many the line is to tell of, this one among them; 0: no line now. */
int64_t turned_away_add(struct turned_away *turned_away, int64_t now_ms);

#endif
