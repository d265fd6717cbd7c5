/* Numbers under names. Java: StatsTrack */
#include "zk/tree/stats_track.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/str.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* The place of the key, or where it would go. */
static size_t find_value(const struct stats_track *stats, const char *key)
{
    size_t i = 0;
    while (i < stats->count && strcmp(stats->values[i].key, key) < 0)
        i++;
    return i;
}

static bool has_key_at(const struct stats_track *stats, size_t i, const char *key)
{
    return i < stats->count && strcmp(stats->values[i].key, key) == 0;
}

int64_t stats_track_get(const struct stats_track *stats, const char *key)
{
    size_t i = find_value(stats, key);
    return has_key_at(stats, i, key) ? stats->values[i].value : -1;
}

void stats_track_set(struct stats_track *stats, const char *key, int64_t value)
{
    size_t i = find_value(stats, key);
    if (!has_key_at(stats, i, key)) {
        stats->values = zk_xrealloc(stats->values, (stats->count + 1) * sizeof *stats->values);
        memmove(&stats->values[i + 1], &stats->values[i],
                (stats->count - i) * sizeof *stats->values);
        stats->values[i].key = zk_xstrdup(key);
        stats->count++;
    }
    stats->values[i].value = value;
}

void stats_track_done(struct stats_track *stats)
{
    for (size_t i = 0; i < stats->count; i++)
        free(stats->values[i].key);
    free(stats->values);
    *stats = (struct stats_track){0};
}

/* ---- from bytes ------------------------------------------------------------------------------ */

/* One pair, "bytes=17" or, as older versions want it, "bytes=17=". An empty value is -1, if more
 * follows: Java's split() drops empty pieces at the end. */
static int parse_pair(struct stats_track *stats, char *pair)
{
    char *value = strchr(pair, '=');
    if (value == NULL)
        return -EINVAL;
    *value++ = '\0';
    char *rest = strchr(value, '=');
    if (rest != NULL)
        *rest = '\0';
    int64_t number = -1;
    if (value[0] != '\0' ? !zk_parse_long(value, &number)
                         : rest == NULL || rest[1 + strspn(rest + 1, "=")] == '\0')
        return -EINVAL;
    stats_track_set(stats, pair, number);
    return 0;
}

/* Java: new StatsTrack(). Each create below a quota reads its text anew, with the tree's lock held,
 * and anybody may have written it: so many names make it none (D-126). */
int stats_track_parse(const struct buf *bytes, struct stats_track *ret_stats)
{
    struct stats_track stats = {0};
    struct zk_str text = {0};
    int r = 0;
    if (bytes != NULL)
        zk_str_append_bytes(&text, (const char *)bytes->bytes, bytes->length);
    char *rest = text.length > 0 ? text.text : NULL;
    while (rest != NULL && r == 0) {
        char *pair = rest;
        size_t length = strcspn(pair, ",;");
        size_t separators = strspn(pair + length, ",;");
        rest =
            separators > 0 && pair[length + separators] != '\0' ? pair + length + separators : NULL;
        pair[length] = '\0';
        r = parse_pair(&stats, pair);
        if (stats.count > STATS_TRACK_NAMES)
            r = -EINVAL;
    }
    zk_str_done(&text);
    if (r < 0) {
        stats_track_done(&stats);
        return r;
    }
    *ret_stats = stats;
    return 0;
}

/* ---- to bytes -------------------------------------------------------------------------------- */

/* Java: StatsTrack.toString(). Count and bytes come first, and behind them a second '=' if there is
 * more, so that versions before 3.5 overlook the rest. */
struct buf *stats_track_get_stats_bytes(const struct stats_track *stats)
{
    struct zk_str text = {0};
    zk_str_printf(&text, "count=%" PRId64 ",bytes=%" PRId64, stats_track_get(stats, "count"),
                  stats_track_get(stats, "bytes"));
    const char *before = "=;";
    for (size_t i = 0; i < stats->count; i++) {
        const struct stats_track_value *value = &stats->values[i];
        if (strcmp(value->key, "count") == 0 || strcmp(value->key, "bytes") == 0)
            continue;
        zk_str_printf(&text, "%s%s=%" PRId64, before, value->key, value->value);
        before = ";";
    }
    struct buf *bytes = buf_new_copy(text.text, text.length);
    zk_str_done(&text);
    return bytes;
}
