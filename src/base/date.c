/* A moment as a text for people. */
#include "zk/base/date.h"

#include <stdio.h>
#include <time.h>

struct zk_date_text zk_date_text(int64_t wall_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    struct zk_date_text date = {0};
    if (gmtime_r(&seconds, &tm) == NULL)
        return date; /* a year that no int holds */
    snprintf(date.text, sizeof date.text, "%s %s %02u %02u:%02u:%02u UTC %u", days[tm.tm_wday % 7],
             months[tm.tm_mon % 12], (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
             (unsigned)(tm.tm_year + 1900) % 100000);
    return date;
}
