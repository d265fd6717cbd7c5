/* Mean, least and most of what was measured. Java: server.metric.AvgMinMaxCounter */
#include "zk/server/avg_min_max_counter.h"

#include <inttypes.h>
#include <stdio.h>

void avg_min_max_counter_add(struct avg_min_max_counter *counter, int64_t value)
{
    if (counter->count == 0 || value < counter->min)
        counter->min = value;
    if (counter->count == 0 || value > counter->max)
        counter->max = value;
    counter->last = value;
    counter->sum += value;
    counter->count++;
}

void avg_min_max_counter_add_all(struct avg_min_max_counter *counter,
                                 const struct avg_min_max_counter *other)
{
    if (other->count == 0)
        return;
    if (counter->count == 0 || other->min < counter->min)
        counter->min = other->min;
    if (counter->count == 0 || other->max > counter->max)
        counter->max = other->max;
    counter->last = other->last;
    counter->sum += other->sum;
    counter->count += other->count;
}

/* Java: getAvg(): BigDecimal.setScale(4, HALF_UP). Ours counts in whole numbers, so that nothing
 * depends on how this machine prints doubles. */
struct avg_min_max_text avg_min_max_counter_get_avg(const struct avg_min_max_counter *counter)
{
    struct avg_min_max_text avg;
    int64_t count = counter->count > 0 ? counter->count : 1;
    int64_t whole = counter->sum / count;
    int64_t rest = counter->sum % count;
    int64_t places = (rest * 10000 + count / 2) / count;
    if (places == 10000) {
        whole++;
        places = 0;
    }
    if (whole == 0 && places > 0 && places < 10) {
        /* Double.toString() changes its form below a thousandth. */
        snprintf(avg.text, sizeof avg.text, "%" PRId64 ".0E-4", places);
        return avg;
    }
    int length = snprintf(avg.text, sizeof avg.text, "%" PRId64 ".%04" PRId64, whole, places);
    /* Double.toString() keeps one digit behind the point and drops zeros at the end. */
    for (int i = length - 1; avg.text[i] == '0' && avg.text[i - 1] != '.'; i--)
        avg.text[i] = '\0';
    return avg;
}
