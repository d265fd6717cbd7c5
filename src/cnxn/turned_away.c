/* A client that cannot connect tries again at once, and for ever: one line a minute is enough. */
#include "cnxn/turned_away.h"

enum { LOG_INTERVAL_MS = 60000 };

int64_t turned_away_add(struct turned_away *turned_away, int64_t now_ms)
{
    int64_t clients = ++turned_away->clients;
    if (now_ms < turned_away->next_log_ms)
        return 0;
    turned_away->clients = 0;
    turned_away->next_log_ms = now_ms + LOG_INTERVAL_MS;
    return clients;
}
