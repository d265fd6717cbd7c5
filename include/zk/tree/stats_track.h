/* What the nodes of a quota say: numbers under names, "count=4,bytes=17" and perhaps more behind.
 * Java: StatsTrack. A value without a lock: its owner locks. */
#ifndef ZK_TREE_STATS_TRACK_H
#define ZK_TREE_STATS_TRACK_H

#include <stddef.h>
#include <stdint.h>

#include "zk/base/attrs.h"
#include "zk/base/buf.h"

struct stats_track_value {
    char *key; /* owned */
    int64_t value;
};

/* Zero-initialised it has no number. */
struct stats_track {
    struct stats_track_value *values; /* owned; each key once, in order of the keys */
    size_t count;
};

/* Java: new StatsTrack(byte[]). Key and value are separated by '=', pairs by ',' and ';'. The
 * caller ends *ret_stats with stats_track_done. NULL and an empty text give no number. -EINVAL: the
 * bytes are not such a text; Java throws an exception there that it does not expect. */
ZK_NODISCARD int stats_track_parse(const struct buf *bytes, struct stats_track *ret_stats);
void stats_track_done(struct stats_track *stats);

/* Java: getValue(). -1: it is not there. */
int64_t stats_track_get(const struct stats_track *stats, const char *key);
/* Java: setValue() */
void stats_track_set(struct stats_track *stats, const char *key, int64_t value);

/* Java: getStatsBytes(). The caller unrefs them. */
struct buf *stats_track_get_stats_bytes(const struct stats_track *stats);

#endif
