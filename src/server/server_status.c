/* Values that the four-letter words show. Java: server.metric.AvgMinMaxCounter */
#include "zk/server/server_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "zk/base/alloc.h"

void avg_min_max_add(struct avg_min_max *counter, int64_t value)
{
    if (counter->count == 0 || value < counter->min)
        counter->min = value;
    if (counter->count == 0 || value > counter->max)
        counter->max = value;
    counter->count++;
    counter->sum += value;
}

/* Java: AvgMinMaxCounter.getAvg(): BigDecimal.setScale(4, HALF_UP). Counted in whole numbers, so
 * that nothing depends on how doubles are printed. */
void avg_min_max_average_text(const struct avg_min_max *counter, char *ret_text, size_t size)
{
    int64_t count = counter->count > 0 ? counter->count : 1;
    int64_t whole = counter->sum / count;
    int64_t rest = counter->sum % count;
    int64_t places = (rest * 10000 + count / 2) / count;
    if (places == 10000) {
        whole++;
        places = 0;
    }
    if (whole == 0 && places > 0 && places < 10) {
        snprintf(ret_text, size, "%" PRId64 ".0E-4", places); /* Java, below a thousandth */
        return;
    }
    int length = snprintf(ret_text, size, "%" PRId64 ".%04" PRId64, whole, places);
    /* Double.toString() keeps one digit behind the point and drops zeros at the end. */
    for (int i = length - 1; i > 0 && (size_t)i < size; i--) {
        if (ret_text[i] != '0' || ret_text[i - 1] == '.')
            break;
        ret_text[i] = 0;
    }
}

struct server_status_peer *server_status_add_peer(struct server_status *status, int64_t sid)
{
    status->peers = zk_xrealloc(status->peers, (status->peer_count + 1) * sizeof *status->peers);
    struct server_status_peer *peer = &status->peers[status->peer_count++];
    *peer = (struct server_status_peer){.sid = sid};
    return peer;
}

void server_status_done(struct server_status *status)
{
    free(status->membership);
    free(status->peers);
    *status = (struct server_status){0};
}
