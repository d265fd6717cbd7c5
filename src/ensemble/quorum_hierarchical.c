/* Groups and weights: a quorum is more than half of the weight in more than half of the groups. A
 * group without weight does not count as a group. Java: flexible.QuorumHierarchical */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ensemble/config_error.h"
#include "ensemble/quorum_verifier_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/str.h"

/* One pair of Java's serverGroup. */
struct assignment {
    int64_t sid;
    int64_t gid;
    int line;
};

/* Java's three maps while lines are read, each in order of insertion. */
struct hierarchy {
    struct assignment *assignments;
    size_t assignment_count;
    struct long_set assigned; /* sids */
    struct qv_weight *weights;
    size_t weight_count;
    int64_t group_lines; /* Java: numGroups */
};

enum { JAVA_FIRST_CAPACITY = 16 };

static int read_lines(struct qv_builder *builder, struct hierarchy *hierarchy);
static int read_group(const struct qv_source *source, const struct zk_property *property,
                      struct hierarchy *hierarchy);
static int read_weight(const struct qv_source *source, const struct zk_property *property,
                       struct hierarchy *hierarchy);
static int check_participants(struct qv_builder *builder, struct hierarchy *hierarchy);
static void make_weights(struct quorum_verifier *qv, const struct hierarchy *hierarchy);
static int make_groups(const struct qv_source *source, struct quorum_verifier *qv,
                       const struct hierarchy *hierarchy);

/* Java: QuorumHierarchical.parse() */
int quorum_hierarchical_parse(struct qv_builder *builder)
{
    struct hierarchy hierarchy = {0};
    int r = read_lines(builder, &hierarchy);
    if (r == 0)
        r = check_participants(builder, &hierarchy);
    if (r == 0) {
        make_weights(builder->qv, &hierarchy);
        r = make_groups(builder->source, builder->qv, &hierarchy);
    }
    free(hierarchy.assignments);
    free(hierarchy.weights);
    long_set_done(&hierarchy.assigned);
    return r;
}

static int read_lines(struct qv_builder *builder, struct hierarchy *hierarchy)
{
    const struct zk_properties *properties = builder->source->properties;
    for (size_t i = 0; i < properties->count; i++) {
        const struct zk_property *property = &properties->items[i];
        int r;
        if (zk_text_starts_with(property->key, "group"))
            r = read_group(builder->source, property, hierarchy);
        else if (zk_text_starts_with(property->key, "weight"))
            r = read_weight(builder->source, property, hierarchy);
        else
            r = qv_builder_add(builder, property);
        if (r < 0)
            return r;
    }
    return 0;
}

/* group.<gid>=<sid>:<sid>... */
static int read_group(const struct qv_source *source, const struct zk_property *property,
                      struct hierarchy *hierarchy)
{
    int64_t gid;
    int r = qv_parse_key_id(source, property, &gid);
    if (r < 0)
        return r;
    *source->ret_line = property->line;
    hierarchy->group_lines++;

    struct zk_strings parts = {0};
    zk_split(property->value, ':', &parts);
    for (size_t i = 0; i < parts.count && r == 0; i++) {
        int64_t sid;
        if (!zk_parse_long(parts.items[i], &sid)) {
            r = config_error_number(source->ret_error, parts.items[i]);
        } else if (hierarchy->assignment_count == QV_MEMBER_LIMIT) {
            r = config_error(source->ret_error, "more than %d servers in groups", QV_MEMBER_LIMIT);
        } else if (!long_set_add(&hierarchy->assigned, sid)) {
            r = config_error(source->ret_error, "Server %" PRId64 "is in multiple groups", sid);
        } else {
            size_t count = hierarchy->assignment_count++;
            hierarchy->assignments =
                zk_xrealloc(hierarchy->assignments, (count + 1) * sizeof *hierarchy->assignments);
            hierarchy->assignments[count] = (struct assignment){sid, gid, property->line};
        }
    }
    zk_strings_done(&parts);
    return r;
}

/* Java's serverWeight.put(), or with replace false its putIfAbsent(). Returns whether sid had no
 * weight before. */
static bool put_weight(struct hierarchy *hierarchy, int64_t sid, int64_t weight, bool replace)
{
    for (size_t i = 0; i < hierarchy->weight_count; i++) {
        if (hierarchy->weights[i].sid == sid) {
            if (replace)
                hierarchy->weights[i].weight = weight;
            return false;
        }
    }
    size_t count = hierarchy->weight_count++;
    hierarchy->weights = zk_xrealloc(hierarchy->weights, (count + 1) * sizeof *hierarchy->weights);
    hierarchy->weights[count] = (struct qv_weight){sid, weight};
    return true;
}

/* weight.<sid>=<number> */
static int read_weight(const struct qv_source *source, const struct zk_property *property,
                       struct hierarchy *hierarchy)
{
    int64_t sid;
    int64_t weight;
    int r = qv_parse_key_id(source, property, &sid);
    if (r < 0)
        return r;
    *source->ret_line = property->line;
    if (!zk_parse_long(property->value, &weight))
        return config_error_number(source->ret_error, property->value);
    if (hierarchy->weight_count == QV_MEMBER_LIMIT)
        return config_error(source->ret_error, "more than %d weights", QV_MEMBER_LIMIT);
    put_weight(hierarchy, sid, weight, true);
    return 0;
}

/* Each participant must be in a group, and weighs 1 unless a line says something else. Observers
 * need neither. */
static int check_participants(struct qv_builder *builder, struct hierarchy *hierarchy)
{
    const struct qv_source *source = builder->source;
    int64_t *sids = zk_xcalloc(builder->member_count + 1, sizeof *sids);
    size_t *order = zk_xcalloc(builder->member_count + 1, sizeof *order);
    for (size_t i = 0; i < builder->member_count; i++)
        sids[i] = builder->members[i].id;
    java_hash_map_order_longs(sids, builder->member_count, JAVA_FIRST_CAPACITY, order);

    int r = 0;
    for (size_t i = 0; i < builder->member_count && r == 0; i++) {
        const struct quorum_server *member = &builder->members[order[i]];
        if (member->type != LEARNER_TYPE_PARTICIPANT)
            continue;
        if (!long_set_has(&hierarchy->assigned, member->id)) {
            *source->ret_line = builder->member_lines[order[i]];
            r = config_error(source->ret_error, "Server %" PRId64 "is not in a group", member->id);
        } else {
            put_weight(hierarchy, member->id, 1, false);
        }
    }
    free(sids);
    free(order);
    return r;
}

/* The weights move into the verifier, in the order in which Java iterates serverWeight. */
static void make_weights(struct quorum_verifier *qv, const struct hierarchy *hierarchy)
{
    size_t count = hierarchy->weight_count;
    int64_t *sids = zk_xcalloc(count + 1, sizeof *sids);
    size_t *order = zk_xcalloc(count + 1, sizeof *order);
    for (size_t i = 0; i < count; i++)
        sids[i] = hierarchy->weights[i].sid;
    java_hash_map_order_longs(sids, count, JAVA_FIRST_CAPACITY, order);

    qv->weights = zk_xcalloc(count + 1, sizeof *qv->weights);
    qv->weight_count = count;
    for (size_t i = 0; i < count; i++)
        qv->weights[i] = hierarchy->weights[order[i]];
    free(sids);
    free(order);
}

static const struct qv_weight *find_weight(const struct quorum_verifier *qv, int64_t sid)
{
    for (size_t i = 0; i < qv->weight_count; i++) {
        if (qv->weights[i].sid == sid)
            return &qv->weights[i];
    }
    return NULL;
}

/* Java's long addition: it wraps. */
static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static struct qv_group *find_or_add_group(struct qv_group *groups, size_t *count, int64_t gid)
{
    for (size_t i = 0; i < *count; i++) {
        if (groups[i].id == gid)
            return &groups[i];
    }
    struct qv_group *group = &groups[(*count)++];
    group->id = gid;
    return group;
}

/* Java: QuorumHierarchical.computeGroupWeight(), and the order that toString() gives groups and
 * their members. */
static int make_groups(const struct qv_source *source, struct quorum_verifier *qv,
                       const struct hierarchy *hierarchy)
{
    size_t count = hierarchy->assignment_count;
    int64_t *keys = zk_xcalloc(count + 1, sizeof *keys);
    size_t *order = zk_xcalloc(count + 1, sizeof *order);
    struct qv_group *groups = zk_xcalloc(count + 1, sizeof *groups);
    size_t group_count = 0;
    int r = 0;
    for (size_t i = 0; i < count; i++)
        keys[i] = hierarchy->assignments[i].sid;
    java_hash_map_order_longs(keys, count, JAVA_FIRST_CAPACITY, order);

    for (size_t i = 0; i < count && r == 0; i++) {
        const struct assignment *assignment = &hierarchy->assignments[order[i]];
        const struct qv_weight *weight = find_weight(qv, assignment->sid);
        struct qv_group *group = find_or_add_group(groups, &group_count, assignment->gid);
        if (weight == NULL) { /* a NullPointerException in Java, D-33 */
            *source->ret_line = assignment->line;
            r = config_error(source->ret_error,
                             "Server %" PRId64
                             " is in a group, but has no weight and is no participant",
                             assignment->sid);
            break;
        }
        group->weight = add(group->weight, weight->weight);
        group->members_in_print_order =
            zk_xrealloc(group->members_in_print_order,
                        (group->members.count + 1) * sizeof *group->members_in_print_order);
        group->members_in_print_order[group->members.count] = assignment->sid;
        long_set_add(&group->members, assignment->sid);
    }

    /* The groups are handed over on failure, too: quorum_hierarchical_done frees them with the
     * verifier. */
    for (size_t i = 0; i < group_count; i++)
        keys[i] = groups[i].id;
    java_hash_map_order_longs(keys, group_count, JAVA_FIRST_CAPACITY, order);
    qv->groups = zk_xcalloc(group_count + 1, sizeof *qv->groups);
    qv->group_count = group_count;
    qv->counted_groups = hierarchy->group_lines;
    for (size_t i = 0; i < group_count; i++) {
        qv->groups[i] = groups[order[i]];
        if (qv->groups[i].weight == 0)
            qv->counted_groups--;
    }
    free(keys);
    free(order);
    free(groups);
    return r;
}

/* Java: QuorumHierarchical.containsQuorum() */
bool quorum_hierarchical_contains_quorum(const struct quorum_verifier *qv,
                                         const struct long_set *acks)
{
    if (acks->count == 0)
        return false;
    int64_t majority_groups = 0;
    for (size_t i = 0; i < qv->group_count; i++) {
        const struct qv_group *group = &qv->groups[i];
        /* 0 is more than half of a negative weight, so an empty set must not count. */
        bool anybody = false;
        int64_t weight = 0;
        for (size_t j = 0; j < acks->count; j++) {
            if (!long_set_has(&group->members, acks->items[j]))
                continue;
            anybody = true;
            weight = add(weight, quorum_hierarchical_get_weight(qv, acks->items[j]));
        }
        if (anybody && weight > group->weight / 2)
            majority_groups++;
    }
    return majority_groups > qv->counted_groups / 2;
}

/* Java: QuorumHierarchical.getWeight() */
int64_t quorum_hierarchical_get_weight(const struct quorum_verifier *qv, int64_t sid)
{
    const struct qv_weight *weight = find_weight(qv, sid);
    return weight == NULL ? 0 : weight->weight; /* D-15 */
}

/* Java: QuorumHierarchical.toString() */
void quorum_hierarchical_append(const struct quorum_verifier *qv, struct zk_str *str)
{
    quorum_maj_append(qv, str);
    for (size_t i = 0; i < qv->group_count; i++) {
        const struct qv_group *group = &qv->groups[i];
        zk_str_printf(str, "group.%" PRId64 "=", group->id);
        for (size_t j = 0; j < group->members.count; j++)
            zk_str_printf(str, "%s%" PRId64, j > 0 ? ":" : "", group->members_in_print_order[j]);
        zk_str_append(str, "\n");
    }
    for (size_t i = 0; i < qv->weight_count; i++)
        zk_str_printf(str, "weight.%" PRId64 "=%" PRId64 "\n", qv->weights[i].sid,
                      qv->weights[i].weight);
}

static const struct qv_group *find_group(const struct quorum_verifier *qv, int64_t gid)
{
    for (size_t i = 0; i < qv->group_count; i++) {
        if (qv->groups[i].id == gid)
            return &qv->groups[i];
    }
    return NULL;
}

static bool same_group(const struct qv_group *a, const struct qv_group *b)
{
    if (b == NULL || a->weight != b->weight || a->members.count != b->members.count)
        return false;
    for (size_t i = 0; i < a->members.count; i++) {
        if (a->members.items[i] != b->members.items[i])
            return false;
    }
    return true;
}

/* Java: QuorumHierarchical.equals(), after the members */
bool quorum_hierarchical_equal(const struct quorum_verifier *a, const struct quorum_verifier *b)
{
    if (a->weight_count != b->weight_count || a->group_count != b->group_count)
        return false;
    for (size_t i = 0; i < a->weight_count; i++) {
        const struct qv_weight *other = find_weight(b, a->weights[i].sid);
        if (other == NULL || other->weight != a->weights[i].weight)
            return false;
    }
    for (size_t i = 0; i < a->group_count; i++) {
        if (!same_group(&a->groups[i], find_group(b, a->groups[i].id)))
            return false;
    }
    return true;
}

void quorum_hierarchical_copy(struct quorum_verifier *qv, const struct quorum_verifier *from)
{
    qv->weights = zk_xcalloc(from->weight_count + 1, sizeof *qv->weights);
    qv->weight_count = from->weight_count;
    for (size_t i = 0; i < from->weight_count; i++)
        qv->weights[i] = from->weights[i];

    qv->groups = zk_xcalloc(from->group_count + 1, sizeof *qv->groups);
    qv->group_count = from->group_count;
    qv->counted_groups = from->counted_groups;
    for (size_t i = 0; i < from->group_count; i++) {
        const struct qv_group *group = &from->groups[i];
        struct qv_group *copy = &qv->groups[i];
        copy->id = group->id;
        copy->weight = group->weight;
        long_set_copy(&copy->members, &group->members);
        copy->members_in_print_order =
            zk_xcalloc(group->members.count + 1, sizeof *copy->members_in_print_order);
        for (size_t j = 0; j < group->members.count; j++)
            copy->members_in_print_order[j] = group->members_in_print_order[j];
    }
}

void quorum_hierarchical_done(struct quorum_verifier *qv)
{
    for (size_t i = 0; i < qv->group_count; i++) {
        long_set_done(&qv->groups[i].members);
        free(qv->groups[i].members_in_print_order);
    }
    free(qv->groups);
    free(qv->weights);
}
