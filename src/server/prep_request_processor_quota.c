/* Quotas are enforced where requests are prepared, and only with the setting enforceQuota. What is
 * outstanding does not count: a quota is compared with what has been applied. Java:
 * ZooKeeperServer.checkQuota() */
#include <stdlib.h>
#include <string.h>

#include "server/prep_request_processor_internal.h"
#include "zk/base/str.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/log_table.h"
#include "zk/tree/data_tree.h"
#include "zk/tree/stats_track.h"

/* A client that goes on beyond its quota gets one line a minute, as by the RateLogger of Java. */
enum { QUOTA_LOG_INTERVAL_MS = 60000 };

/* How many nodes, or how many bytes, a quota allows; -1: there is no such limit. */
struct quota_limit {
    int64_t hard; /* what is more is refused */
    int64_t soft; /* what is more is only logged; counts if there is no hard one */
};

static enum keeper_code check_quota_of_prefix(struct prep_request_processor *prep,
                                              const char *last_prefix, int64_t bytes_diff,
                                              int64_t count_diff);
static enum keeper_code read_quota_node(struct prep_request_processor *prep,
                                        const char *last_prefix, const char *name,
                                        struct stats_track *ret_stats);
static enum keeper_code check_limit(struct prep_request_processor *prep, const char *last_prefix,
                                    const char *what, struct quota_limit limit, int64_t value);

/* Java: checkQuota() */
enum keeper_code check_quota(struct prep_request_processor *prep, const char *path,
                             int64_t bytes_diff, int64_t count_diff)
{
    if (!prep->enforce_quota)
        return KEEPER_CODE_OK;
    char *last_prefix = data_tree_get_max_prefix_with_quota(prep->tree, path);
    if (last_prefix == NULL)
        return KEEPER_CODE_OK;
    enum keeper_code code = check_quota_of_prefix(prep, last_prefix, bytes_diff, count_diff);
    free(last_prefix);
    return code;
}

/* Java: checkQuota(lastPrefix, bytesDiff, countDiff, namespace) */
static enum keeper_code check_quota_of_prefix(struct prep_request_processor *prep,
                                              const char *last_prefix, int64_t bytes_diff,
                                              int64_t count_diff)
{
    struct stats_track limits = {0};
    struct stats_track current = {0};
    enum keeper_code code = read_quota_node(prep, last_prefix, "zookeeper_limits", &limits);
    const struct quota_limit count = {.hard = stats_track_get(&limits, "countHardLimit"),
                                      .soft = stats_track_get(&limits, "count")};
    const struct quota_limit bytes = {.hard = stats_track_get(&limits, "byteHardLimit"),
                                      .soft = stats_track_get(&limits, "bytes")};
    bool check_count = count_diff != 0 && (count.soft > -1 || count.hard > -1);
    bool check_bytes = bytes_diff != 0 && (bytes.soft > -1 || bytes.hard > -1);
    if (code == KEEPER_CODE_OK && (check_count || check_bytes))
        code = read_quota_node(prep, last_prefix, "zookeeper_stats", &current);
    if (code == KEEPER_CODE_OK && check_count)
        code = check_limit(prep, last_prefix, "count", count,
                           stats_track_get(&current, "count") + count_diff);
    if (code == KEEPER_CODE_OK && check_bytes)
        code = check_limit(prep, last_prefix, "bytes", bytes,
                           stats_track_get(&current, "bytes") + bytes_diff);
    stats_track_done(&limits);
    stats_track_done(&current);
    return code == KEEPER_CODE_NONODE ? KEEPER_CODE_OK : code;
}

/* Reads the node of that name that belongs to the quota on last_prefix. NONODE: it is missing,
 * which the log is told, and nothing is enforced then. */
static enum keeper_code read_quota_node(struct prep_request_processor *prep,
                                        const char *last_prefix, const char *name,
                                        struct stats_track *ret_stats)
{
    struct zk_str path = {0};
    struct data_tree_record node;
    enum keeper_code code = KEEPER_CODE_OK;
    zk_str_printf(&path, "/zookeeper/quota%s/%s", last_prefix, name);
    if (data_tree_get_change_record(prep->tree, zk_str_text(&path), &node) < 0) {
        zk_log(prep->ctx, ZK_LOG_QUOTA_STAT_MISSING, zk_str_text(&path));
        code = KEEPER_CODE_NONODE;
    } else {
        if (stats_track_parse(node.data, ret_stats) < 0)
            code = KEEPER_CODE_MARSHALLINGERROR;
        data_tree_record_done(&node);
    }
    zk_str_done(&path);
    return code;
}

/* Compares value, of "count" or "bytes" as what says, with the limit that counts. */
static enum keeper_code check_limit(struct prep_request_processor *prep, const char *last_prefix,
                                    const char *what, struct quota_limit limit, int64_t value)
{
    bool is_hard = limit.hard > -1;
    int64_t most = is_hard ? limit.hard : limit.soft;
    if (value <= most)
        return KEEPER_CODE_OK;
    int64_t now_ms = zk_elapsed_ms();
    if (prep->quota_logged_ms == 0 || now_ms - prep->quota_logged_ms >= QUOTA_LOG_INTERVAL_MS) {
        prep->quota_logged_ms = now_ms;
        zk_log(prep->ctx, ZK_LOG_QUOTA_EXCEEDED, last_prefix, what, value,
               is_hard ? "hard" : "soft", most);
    }
    return is_hard ? KEEPER_CODE_QUOTAEXCEEDED : KEEPER_CODE_OK;
}

enum keeper_code check_stats_node(const char *path, const struct buf *data)
{
    static const char quota[] = "/zookeeper/quota/";
    static const char stats_node[] = "/zookeeper_stats";
    struct stats_track stats;
    size_t length = strlen(path);
    if (!zk_text_starts_with(path, quota) || length < sizeof stats_node ||
        strcmp(path + length - (sizeof stats_node - 1), stats_node) != 0)
        return KEEPER_CODE_OK;
    if (data == NULL || stats_track_parse(data, &stats) < 0)
        return KEEPER_CODE_BADARGUMENTS;
    stats_track_done(&stats);
    return KEEPER_CODE_OK;
}

int64_t data_length(const struct buf *data)
{
    return data != NULL ? (int64_t)data->length : 0;
}
