/* Which faults does a failure need? First all are taken away at once, then halves, quarters, and at
 * last single ones, until no single one can be spared. */
#include "shrink.h"

#include <ctype.h>
#include <string.h>

#include "../support/monotonic.h"

enum { LONGEST_S = 20 };

/* The kind of a failure are the words before the first colon, or else before the place in
 * parentheses, whatever the numbers in them. */
static const char *end_of_kind(const char *reason)
{
    const char *colon = strstr(reason, ": ");
    const char *place = strstr(reason, " (host ");
    if (colon != NULL && (place == NULL || colon < place))
        return colon;
    return place != NULL ? place : reason + strlen(reason);
}

static const char *skip_digits(const char *at)
{
    while (isdigit((unsigned char)*at))
        at++;
    return at;
}

/* "I1" and "I2" are words, "peer 1" and "peer 2" are numbers. */
bool shrink_same_kind(const char *reason, const char *other)
{
    const char *const end = end_of_kind(reason);
    const char *const other_end = end_of_kind(other);
    bool after_space = true;
    while (reason < end && other < other_end) {
        if (after_space && isdigit((unsigned char)*reason) && isdigit((unsigned char)*other)) {
            reason = skip_digits(reason);
            other = skip_digits(other);
            after_space = false;
            continue;
        }
        if (*reason != *other)
            return false;
        after_space = *reason == ' ';
        reason++;
        other++;
    }
    return reason == end && other == other_end;
}

/* ---- the search ----------------------------------------------------------------------------- */

struct search {
    const struct settings *settings;
    uint64_t seed;
    const char *reason;
    uint64_t left_out; /* the most that was found */
    double deadline_s;
};

static bool is_late(const struct search *search)
{
    return now_s() >= search->deadline_s;
}

/* Takes these away, too, if it still fails then. */
static bool spare(struct search *search, uint64_t faults)
{
    uint64_t left_out = search->left_out | faults;
    if (left_out == search->left_out || is_late(search))
        return false;
    struct world_report report = run_seed(search->settings, search->seed, left_out, 0);
    if (report.result == WORLD_OK || !shrink_same_kind(report.reason, search->reason))
        return false;
    search->left_out = left_out;
    return true;
}

/* size faults at a time. */
static bool spare_chunks(struct search *search, int count, int size)
{
    bool spared = false;
    for (int first = 0; first < count; first += size) {
        uint64_t chunk = ((1ULL << size) - 1) << first;
        spared = spare(search, chunk) || spared;
    }
    return spared;
}

static void find(struct search *search, int count)
{
    if (spare(search, (1ULL << count) - 1))
        return;
    for (int size = (count + 1) / 2; size > 1; size = (size + 1) / 2)
        spare_chunks(search, count, size);
    while (spare_chunks(search, count, 1))
        continue;
}

/* ---- the report ----------------------------------------------------------------------------- */

static void tell(const struct search *search, int count, const char *reason)
{
    char command[COMMAND_SIZE];
    const struct fault_plan *plan = &run_cluster()->plan;
    const uint64_t all = (1ULL << count) - 1;
    const int left = __builtin_popcountll(all & ~search->left_out);
    if (count == 1)
        fputs("  its only fault:\n", stderr);
    else
        fprintf(stderr, "  %d of its %d faults %s enough%s:\n", left, count,
                left == 1 ? "is" : "are",
                is_late(search) ? " (there was no time to look for fewer)" : "");
    for (int i = 0; i < count; i++)
        if ((search->left_out >> i & 1) == 0)
            fprintf(stderr, "    %2d  %s\n", i + 1,
                    plan->faults[i].words[0] != '\0' ? plan->faults[i].words : "nothing");
    fprintf(stderr, "  %s\n", reason);
    run_command(search->settings, search->seed, ~all | search->left_out, command, sizeof command);
    fprintf(stderr, "  again: %s --show\n", command);
}

uint64_t shrink(const struct settings *settings, uint64_t seed, uint64_t left_out,
                const struct world_report *failed)
{
    const int count = run_cluster()->plan.count;
    struct search search = {
        .settings = settings,
        .seed = seed,
        .reason = failed->reason,
        .left_out = left_out,
        .deadline_s = now_s() + LONGEST_S,
    };
    if (count == 0)
        return left_out;
    find(&search, count);
    struct world_report report = run_seed(settings, seed, search.left_out, 0);
    tell(&search, count, report.reason);
    return search.left_out;
}
