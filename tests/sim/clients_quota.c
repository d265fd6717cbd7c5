/* I25: quotas, in the tree that clients_check.c builds up. A server compares a quota with what it
 * has applied, and not with what is under way; nobody can tell what that was, but it was a tree of
 * the same term. So a refusal must be explained by one of these, and so must a write that was let
 * through. A server alone has one term. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients_check.h"
#include "world.h"
#include "zk/jute/op_code.h"

enum { TOPS = 2, TREES_MAX = 8192, UNLIMITED = -1 };

static const char *const tops[TOPS] = {"/a", "/b"};

/* What a quota says as of one tree. */
struct usage {
    bool limited;
    bool counted;
    int64_t count, bytes;
    int64_t count_limit, bytes_limit;
};

static struct usage trees[TREES_MAX][TOPS]; /* [n]: behind n transactions */

static bool is_at_or_below(const char *path, const char *top)
{
    const size_t length = strlen(top);
    return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void count_nodes(const char *top, struct usage *ret_usage)
{
    size_t node_count;
    const struct node *nodes = clients_nodes(&node_count);
    ret_usage->count = 0;
    ret_usage->bytes = 0;
    for (size_t i = 0; i < node_count; i++) {
        if (!is_at_or_below(nodes[i].path, top))
            continue;
        ret_usage->count++;
        ret_usage->bytes += (int64_t)strlen(nodes[i].data);
    }
}

static struct node *quota_node(const char *top, const char *name)
{
    char path[CLIENT_PATH_SIZE];
    snprintf(path, sizeof path, "/zookeeper/quota%s/%s", top, name);
    return clients_find(path);
}

void clients_quota_count(void)
{
    for (int top = 0; top < TOPS; top++) {
        struct usage usage;
        struct node *stats = quota_node(tops[top], "zookeeper_stats");
        if (stats == NULL)
            continue;
        count_nodes(tops[top], &usage);
        snprintf(stats->data, sizeof stats->data, "count=%" PRId64 ",bytes=%" PRId64, usage.count,
                 usage.bytes);
    }
}

void clients_quota_remember(size_t place)
{
    if (place >= TREES_MAX)
        world_fail("more transactions than the check has room for");
    for (int top = 0; top < TOPS; top++) {
        struct usage *usage = &trees[place][top];
        const struct node *limits = quota_node(tops[top], "zookeeper_limits");
        *usage = (struct usage){
            .limited = limits != NULL,
            .counted = quota_node(tops[top], "zookeeper_stats") != NULL,
            .count_limit = UNLIMITED,
            .bytes_limit = UNLIMITED,
        };
        count_nodes(tops[top], usage);
        if (limits != NULL)
            (void)sscanf(limits->data,
                         "count=-1,bytes=-1=;byteHardLimit=%" SCNd64 ";countHardLimit=%" SCNd64,
                         &usage->bytes_limit, &usage->count_limit);
    }
}

static bool exceeds(const struct usage *usage, const struct usage *limits, int64_t count,
                    int64_t bytes)
{
    return (count != 0 && limits->count_limit != UNLIMITED &&
            usage->count + count > limits->count_limit) ||
           (bytes != 0 && limits->bytes_limit != UNLIMITED &&
            usage->bytes + bytes > limits->bytes_limit);
}

/* What the part adds in the tree as it is. */
static void added_by(const struct load_part *part, int64_t *ret_count, int64_t *ret_bytes)
{
    const struct node *node = clients_find(part->path);
    *ret_count = client_type_creates(part->type);
    *ret_bytes = (int64_t)strlen(part->data);
    if (part->type == OP_CODE_SET_DATA && node != NULL)
        *ret_bytes -= (int64_t)strlen(node->data);
}

/* The limits and the numbers are read one after the other, each as it is at that moment. */
void clients_quota_allows(const struct load_part *part, size_t first, size_t last,
                          struct clients_quota_verdict *ret_verdict)
{
    int64_t count;
    int64_t bytes;
    *ret_verdict = (struct clients_quota_verdict){.may_pass = true};
    if (!client_type_creates(part->type) && part->type != OP_CODE_SET_DATA)
        return;
    added_by(part, &count, &bytes);
    for (int top = 0; top < TOPS; top++) {
        if (!is_at_or_below(part->path, tops[top]))
            continue;
        ret_verdict->may_pass = false;
        for (size_t i = first; i <= last; i++) {
            const struct usage *limits = &trees[i][top];
            ret_verdict->may_pass |= !limits->limited || !limits->counted;
            for (size_t k = i; k <= last && limits->limited; k++) {
                const bool too_much = exceeds(&trees[k][top], limits, count, bytes);
                ret_verdict->may_pass |= !too_much || !trees[k][top].counted;
                ret_verdict->may_be_refused |= too_much && trees[k][top].counted;
            }
        }
    }
}
