/* How often something was measured, and what came out: mean, least, most. Java:
 * server.metric.AvgMinMaxCounter. A value without a lock: its owner locks. */
#ifndef ZK_SERVER_AVG_MIN_MAX_COUNTER_H
#define ZK_SERVER_AVG_MIN_MAX_COUNTER_H

#include <stdint.h>

/* Zero-initialised, nothing has been measured. */
struct avg_min_max_counter {
    int64_t count;
    int64_t sum;
    /* 0 while count is 0 */
    int64_t min;
    int64_t max;
    /* The value that was added last, which Java does not keep. */
    int64_t last;
};

/* Java: addDataPoint() */
void avg_min_max_counter_add(struct avg_min_max_counter *counter, int64_t value);

/* Adds all that other has measured, as if it were later than what counter has. */
void avg_min_max_counter_add_all(struct avg_min_max_counter *counter,
                                 const struct avg_min_max_counter *other);

struct avg_min_max_text {
    char text[48];
};

/* Java: getAvg(). Returns the mean, rounded half up to four places, in the form in which
 * Double.toString() prints it: "0.0", "0.7143". */
struct avg_min_max_text avg_min_max_counter_get_avg(const struct avg_min_max_counter *counter);

#endif
