/* The count of callers between two lines of the log. Java: server.RateLogger */
#include "cnxn/turned_away.h"

/* Java: rateLimitLog() */
int64_t turned_away_add(struct turned_away *turned_away, int64_t now_ms)
{
    int64_t callers = ++turned_away->callers;
    if (now_ms < turned_away->next_log_ms)
        return 0;
    turned_away->callers = 0;
    turned_away->next_log_ms = now_ms + turned_away->interval_ms;
    return callers;
}
