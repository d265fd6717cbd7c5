/* Numbers under names. Java: StatsTrack */
#include "zk/tree/stats_track.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/base/str.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* Returns the place of the key, or where it would go. */
static size_t find_value(const struct stats_track *stats, const char *key)
{
    size_t low = 0;
    size_t high = stats->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(stats->values[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
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

/* One pair of the text. */
struct text_pair {
    const char *key; /* points into the text */
    int64_t value;
    size_t at; /* how many pairs stand before it */
};

/* All pairs of the text. The caller frees items. */
struct text_pairs {
    struct text_pair *items;
    size_t count;
    size_t room;
};

/* Adds one pair, "bytes=17" or, as older versions want it, "bytes=17=". An empty value counts as -1
 * if more text follows behind a second '='; otherwise it is an error, because Java's split() drops
 * empty pieces at the end. */
static int parse_pair(struct text_pairs *pairs, char *pair)
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
    pairs->items = zk_xgrow(pairs->items, pairs->count, &pairs->room, sizeof *pairs->items);
    pairs->items[pairs->count] =
        (struct text_pair){.key = pair, .value = number, .at = pairs->count};
    pairs->count++;
    return 0;
}

static int compare_text_pairs(const void *one, const void *other)
{
    const struct text_pair *a = one;
    const struct text_pair *b = other;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

/* Of several pairs with one key the last one counts. */
static struct stats_track stats_of_pairs(const struct text_pairs *pairs)
{
    struct stats_track stats = {.values = zk_xcalloc(pairs->count, sizeof *stats.values)};
    if (pairs->count > 1)
        qsort(pairs->items, pairs->count, sizeof *pairs->items, compare_text_pairs);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct text_pair *pair = &pairs->items[i];
        if (i + 1 == pairs->count || strcmp(pair->key, pairs->items[i + 1].key) != 0)
            stats.values[stats.count++] =
                (struct stats_track_value){.key = zk_xstrdup(pair->key), .value = pair->value};
    }
    return stats;
}

/* Java: new StatsTrack(). Each create below a quota reads its text anew, with the tree's lock held,
 * and whoever may write the text may put 50,000 names into it. They are sorted once, because to
 * look for each among those before it would take seconds. */
int stats_track_parse(const struct buf *bytes, struct stats_track *ret_stats)
{
    struct text_pairs pairs = {0};
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
        r = parse_pair(&pairs, pair);
    }
    if (r == 0)
        *ret_stats = stats_of_pairs(&pairs);
    free(pairs.items);
    zk_str_done(&text);
    return r;
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
