/* I25: quotas, in the tree that clients_check.c builds up. A server compares a quota with what it
 * has applied, and not with what is under way; nobody can tell what that was, but it was a tree of
 * the same term. So a refusal must be explained by one of these, and so must a write that was let
 * through. A server alone has one term.
 *
 * Of several quotas above a node the nearest one that has limits counts, and it alone: its numbers
 * are those that move, and its limits those that are looked at. But where a server counts afresh,
 * which it does when the numbers are created and when it reads a tree from its disk or its leader,
 * it counts all that lies below, with and without quotas of its own. So the numbers of a quota
 * above another one are not the same on all servers. Here they are a set: what each server may
 * have. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients_check.h"
#include "text.h"
#include "world.h"
#include "zk/jute/op_code.h"

enum {
    PLACES = 3,
    VALUES_MAX = 8,
    TREES_MAX = 8192,
    UNLIMITED = -1,
    NO_QUOTA = -1,
};

/* A place that lies in another one stands behind it. */
static const char *const places[PLACES] = {"/a", "/b", "/a/x"};

struct numbers {
    int64_t count, bytes;
};

struct quota {
    bool limited;        /* there is the node with the limits */
    bool counted;        /* there is the node with the numbers */
    bool vague;          /* they may be more than there is room for */
    struct numbers hard; /* limits; soft ones refuse nothing */
    int value_count;
    struct numbers values[VALUES_MAX];
};

static struct quota quotas[PLACES];           /* of the tree as it is */
static struct quota trees[TREES_MAX][PLACES]; /* [n]: behind n transactions */

static bool is_at_or_below(const char *path, const char *top)
{
    const size_t length = strlen(top);
    return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int nearest_of(const struct quota *of, const char *path)
{
    int place = PLACES - 1;
    while (place >= 0 && !(of[place].limited && is_at_or_below(path, places[place])))
        place--;
    return place;
}

/* Whose node is it that is called name? */
static int place_of_node(const char *path, const char *name)
{
    int place = PLACES - 1;
    for (; place >= 0; place--) {
        char own[CLIENT_PATH_SIZE];
        snprintf(own, sizeof own, "/zookeeper/quota%s/%s", places[place], name);
        if (strcmp(own, path) == 0)
            break;
    }
    return place;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void add_value(struct quota *quota, struct numbers value)
{
    for (int i = 0; i < quota->value_count; i++)
        if (quota->values[i].count == value.count && quota->values[i].bytes == value.bytes)
            return;
    if (quota->value_count == VALUES_MAX)
        quota->vague = true;
    else
        quota->values[quota->value_count++] = value;
}

static struct numbers count_all(const char *top)
{
    struct numbers all = {0, 0};
    size_t node_count;
    const struct node *nodes = clients_nodes(&node_count);
    for (size_t i = 0; i < node_count; i++) {
        if (!is_at_or_below(nodes[i].path, top))
            continue;
        all.count++;
        all.bytes += (int64_t)strlen(nodes[i].data);
    }
    return all;
}

static void move(const char *path, int64_t count, int64_t bytes)
{
    const int place = nearest_of(quotas, path);
    for (int i = 0; place != NO_QUOTA && i < quotas[place].value_count; i++) {
        quotas[place].values[i].count += count;
        quotas[place].values[i].bytes += bytes;
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

static int64_t limit_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at == NULL ? UNLIMITED : strtoll(at + strlen(name), NULL, 10);
}

static void read_limits(struct quota *quota, const char *text)
{
    quota->hard.count = limit_of(text, "countHardLimit=");
    quota->hard.bytes = limit_of(text, "byteHardLimit=");
}

/* ---- the tree grows, shrinks and changes ----------------------------------------------------- */

void clients_quota_begin(void)
{
    memset(quotas, 0, sizeof quotas);
}

void clients_quota_created(const struct node *node)
{
    int place = place_of_node(node->path, "zookeeper_limits");
    if (place != NO_QUOTA) {
        quotas[place].limited = true;
        read_limits(&quotas[place], node->data);
    }
    place = place_of_node(node->path, "zookeeper_stats");
    if (place != NO_QUOTA) {
        quotas[place].counted = true;
        quotas[place].vague = false;
        quotas[place].value_count = 0;
        add_value(&quotas[place], count_all(places[place]));
    }
    move(node->path, 1, (int64_t)strlen(node->data));
}

void clients_quota_deleted(const struct node *node)
{
    int place = place_of_node(node->path, "zookeeper_limits");
    if (place != NO_QUOTA)
        quotas[place].limited = false;
    place = place_of_node(node->path, "zookeeper_stats");
    if (place != NO_QUOTA) {
        quotas[place].counted = false;
        quotas[place].value_count = 0;
    }
    move(node->path, -1, -(int64_t)strlen(node->data));
}

void clients_quota_changed(const struct node *node, const char *data)
{
    const int place = place_of_node(node->path, "zookeeper_limits");
    if (place != NO_QUOTA)
        read_limits(&quotas[place], data);
    move(node->path, 0, (int64_t)strlen(data) - (int64_t)strlen(node->data));
}

void clients_quota_settle(void)
{
    for (int place = 0; place < PLACES; place++)
        if (quotas[place].limited && quotas[place].counted)
            add_value(&quotas[place], count_all(places[place]));
}

void clients_quota_remember(size_t place)
{
    if (place >= TREES_MAX)
        world_fail("more transactions than the check has room for");
    memcpy(trees[place], quotas, sizeof quotas);
}

/* ---- what is shown --------------------------------------------------------------------------- */

static size_t text_of(struct numbers value, char *ret_text, size_t size)
{
    int length =
        snprintf(ret_text, size, "count=%" PRId64 ",bytes=%" PRId64, value.count, value.bytes);
    return (size_t)length;
}

bool clients_quota_counts(const struct node *node)
{
    return place_of_node(node->path, "zookeeper_stats") != NO_QUOTA;
}

bool clients_quota_may_show(const struct node *node, const char *data)
{
    const struct quota *quota = &quotas[place_of_node(node->path, "zookeeper_stats")];
    bool may = quota->vague;
    for (int i = 0; i < quota->value_count; i++) {
        char text[LOAD_DATA_SIZE];
        (void)text_of(quota->values[i], text, sizeof text);
        may = may || strcmp(text, data) == 0;
    }
    return may;
}

bool clients_quota_may_be_as_long(const struct node *node, int32_t length)
{
    const struct quota *quota = &quotas[place_of_node(node->path, "zookeeper_stats")];
    bool may = quota->vague;
    for (int i = 0; i < quota->value_count; i++) {
        char text[LOAD_DATA_SIZE];
        may = may || text_of(quota->values[i], text, sizeof text) == (size_t)length;
    }
    return may;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static bool exceeds(int64_t value, int64_t added, int64_t limit)
{
    return added != 0 && limit != UNLIMITED && value + added > limit;
}

/* What the part adds in the tree as it is. */
static struct numbers added_by(const struct load_part *part)
{
    const struct node *node = clients_find(part->path);
    struct numbers added = {client_type_creates(part->type), (int64_t)strlen(part->data)};
    if (part->type == OP_CODE_SET_DATA && node != NULL)
        added.bytes -= (int64_t)strlen(node->data);
    return added;
}

/* Against these limits, with the numbers of that tree. */
static void weigh(struct numbers added, struct numbers hard, const struct quota *quota,
                  struct clients_quota_verdict *verdict)
{
    verdict->may_pass |= !quota->counted || quota->vague;
    verdict->may_be_refused |= quota->counted && quota->vague;
    for (int i = 0; i < quota->value_count; i++) {
        const bool too_much = exceeds(quota->values[i].count, added.count, hard.count) ||
                              exceeds(quota->values[i].bytes, added.bytes, hard.bytes);
        verdict->may_pass |= !too_much;
        verdict->may_be_refused |= too_much;
    }
}

static bool same_limits(const struct quota *a, const struct quota *b)
{
    return a->limited == b->limited && a->hard.count == b->hard.count &&
           a->hard.bytes == b->hard.bytes;
}

/* Which quota it is, its limits and its numbers are read one after the other, each as it is at that
 * moment. Limits that were the same one tree before have met all that is still to come. */
static void weigh_from(int place, size_t first, size_t last, struct numbers added,
                       struct clients_quota_verdict *verdict)
{
    for (size_t i = first; i <= last; i++) {
        const struct quota *limits = &trees[i][place];
        if (i > first && same_limits(limits, &trees[i - 1][place]))
            continue;
        verdict->may_pass |= !limits->limited;
        for (size_t k = i; k <= last && limits->limited; k++)
            weigh(added, limits->hard, &trees[k][place], verdict);
    }
}

void clients_quota_allows(const struct load_part *part, size_t first, size_t last,
                          struct clients_quota_verdict *ret_verdict)
{
    bool met[PLACES] = {false};
    *ret_verdict = (struct clients_quota_verdict){.may_pass = true};
    if (!client_type_creates(part->type) && part->type != OP_CODE_SET_DATA)
        return;
    const struct numbers added = added_by(part);
    ret_verdict->may_pass = false;
    for (size_t i = first; i <= last; i++) {
        const int place = nearest_of(trees[i], part->path);
        ret_verdict->may_pass |= place == NO_QUOTA;
        if (place == NO_QUOTA || met[place])
            continue;
        met[place] = true;
        weigh_from(place, i, last, added, ret_verdict);
    }
}
