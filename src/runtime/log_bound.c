/* The places that have written something, each with its window. */
#include "runtime/log_bound.h"

#include <stdlib.h>

#include "zk/base/alloc.h"

void zk_log_bound_done(struct zk_log_bound *bound)
{
    free(bound->places);
}

/* There are a few dozen of them, and to write a line takes much longer than to look at each. */
static struct zk_log_place *find_log_place(struct zk_log_bound *bound, const char *file,
                                           int line_number)
{
    for (size_t i = 0; i < bound->count; i++)
        if (bound->places[i].line_number == line_number && bound->places[i].file == file)
            return &bound->places[i];
    bound->places = zk_xgrow(bound->places, bound->count, &bound->room, sizeof *bound->places);
    struct zk_log_place *place = &bound->places[bound->count++];
    *place = (struct zk_log_place){.file = file, .line_number = line_number};
    return place;
}

struct zk_log_verdict zk_log_bound_count(struct zk_log_bound *bound, const char *file,
                                         int line_number, size_t bytes, int64_t wall_ms)
{
    struct zk_log_verdict verdict = {0};
    struct zk_log_place *place = find_log_place(bound, file, line_number);
    int64_t age_ms = wall_ms - place->window_start_ms;
    if (age_ms < 0 || age_ms >= ZK_LOG_WINDOW_MS) { /* somebody may set the clock back */
        place->window_start_ms = wall_ms;
        place->bytes = 0;
        age_ms = 0;
    }
    verdict.window_left_ms = ZK_LOG_WINDOW_MS - age_ms;
    verdict.is_written = place->bytes < ZK_LOG_WINDOW_BYTES;
    if (!verdict.is_written) {
        place->left_out++;
        return verdict;
    }
    verdict.left_out = place->left_out;
    place->left_out = 0;
    place->bytes += (int64_t)bytes;
    verdict.is_last = place->bytes >= ZK_LOG_WINDOW_BYTES;
    return verdict;
}
