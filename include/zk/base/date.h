/* A moment as a text for people, in the form in which java.util.Date prints it. */
#ifndef ZK_BASE_DATE_H
#define ZK_BASE_DATE_H

#include <stdint.h>

struct zk_date_text {
    char text[40];
};

/* Returns a moment of wall time in universal time, "Sun Nov 22 20:08:18 UTC 2026". (Java's is in
 * the zone of its machine; D-280.) */
struct zk_date_text zk_date_text(int64_t wall_ms);

#endif
