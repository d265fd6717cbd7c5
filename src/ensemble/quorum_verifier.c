/* A verifier is made from the lines of a configuration, and then asked. What differs between the
 * kinds is in quorum_maj.c, quorum_hierarchical.c and quorum_oracle_maj.c; here is what they share.
 * Once it is made nothing of it changes but need_oracle, so any thread may ask without a lock.
 * Java: flexible.QuorumVerifier, QuorumPeerConfig.parseDynamicConfig() */
#include "zk/ensemble/quorum_verifier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ensemble/config_error.h"
#include "ensemble/quorum_verifier_internal.h"
#include "zk/base/alloc.h"
#include "zk/base/java_order.h"
#include "zk/base/panic.h"
#include "zk/base/str.h"
#include "zk/runtime/log_table.h"

enum { JAVA_FIRST_CAPACITY = 16 };

static int check_keys(const struct qv_source *source, bool config_backward_compatible);
static int check_counts(const struct qv_source *source, const struct quorum_verifier *qv,
                        bool from_file, bool standalone_enabled);
static void finish(struct qv_builder *builder);
static void order_voters(struct qv_builder *builder);
static void make_text(struct quorum_verifier *qv);
static struct quorum_verifier *copy(const struct quorum_verifier *from);

/* Java: QuorumPeerConfig.parseDynamicConfig() */
int qv_parse_dynamic_config(struct zk_context *ctx, const struct zk_properties *properties,
                            const struct qv_options *options, struct quorum_verifier **ret_qv,
                            char **ret_error, int *ret_line)
{
    struct qv_source source = {ctx, properties, options->from_file, ret_error, ret_line};
    struct quorum_verifier *qv;
    *ret_line = 0;
    int r = check_keys(&source, options->config_backward_compatible);
    if (r < 0)
        return r;
    r = qv_create(&source, qv_is_hierarchical(properties), options->oracle_path, &qv);
    if (r < 0)
        return r;
    r = check_counts(&source, qv, options->from_file, options->standalone_enabled);
    if (r < 0) {
        qv_unref(qv);
        return r;
    }
    *ret_qv = qv;
    return 0;
}

/* Java: QuorumPeer.configFromString() */
int qv_from_string(struct zk_context *ctx, const char *text, size_t length,
                   const struct qv_options *options, struct quorum_verifier **ret_qv,
                   char **ret_error)
{
    const struct qv_options of_text = {.standalone_enabled = options->standalone_enabled,
                                       .oracle_path = options->oracle_path};
    struct zk_properties properties = {0};
    int line = 0;
    int r = zk_properties_parse(text, length, &properties, &line);
    if (r < 0)
        return config_error(ret_error, "Malformed \\uxxxx encoding.");
    r = qv_parse_dynamic_config(ctx, &properties, &of_text, ret_qv, ret_error, &line);
    zk_properties_done(&properties);
    return r;
}

static bool key_is_hierarchical(const char *key)
{
    return zk_text_starts_with(key, "group") || zk_text_starts_with(key, "weight");
}

bool qv_is_hierarchical(const struct zk_properties *properties)
{
    for (size_t i = 0; i < properties->count; i++) {
        if (key_is_hierarchical(zk_trim_start(properties->items[i].key)))
            return true;
    }
    return false;
}

static int check_keys(const struct qv_source *source, bool config_backward_compatible)
{
    if (config_backward_compatible)
        return 0;
    for (size_t i = 0; i < source->properties->count; i++) {
        char *copied = zk_xstrdup(source->properties->items[i].key);
        const char *key = zk_trim(copied);
        int r = 0;
        if (!key_is_hierarchical(key) && !zk_text_starts_with(key, "server.") &&
            strcmp(key, "version") != 0) {
            *source->ret_line = source->properties->items[i].line;
            r = config_error(source->ret_error, "Unrecognised parameter: %s", key);
        }
        free(copied);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Refuses numbers of participants and observers that make no sense together, and warns of poor
 * ones: an even number of voters tolerates no more losses than one voter less. */
static int check_counts(const struct qv_source *source, const struct quorum_verifier *qv,
                        bool from_file, bool standalone_enabled)
{
    size_t participants = qv->voting.count;
    bool has_observers = qv->observing.count > 0;
    *source->ret_line = 0;
    if (participants == 0) {
        if (!standalone_enabled)
            return config_error(
                source->ret_error,
                "standaloneEnabled = false then number of participants should be >0");
        if (has_observers)
            return config_error(source->ret_error,
                                "Observers w/o participants is an invalid configuration");
    } else if (participants == 1 && standalone_enabled) {
        zk_log(source->ctx, ZK_LOG_CONFIG_ONE_SERVER);
        if (has_observers)
            return config_error(source->ret_error,
                                "Observers w/o quorum is an invalid configuration");
    } else if (from_file && participants <= 2) {
        zk_log(source->ctx, ZK_LOG_CONFIG_TWO_SERVERS);
    } else if (from_file && participants % 2 == 0) {
        zk_log(source->ctx, ZK_LOG_CONFIG_EVEN);
    }
    return 0;
}

/* Returns how many members the lines make at most: a sid may be named twice. */
static size_t count_servers(const struct zk_properties *properties)
{
    size_t count = 0;
    for (size_t i = 0; i < properties->count && count < QV_MEMBER_LIMIT; i++)
        count += zk_text_starts_with(properties->items[i].key, "server.");
    return count;
}

int qv_create(const struct qv_source *source, bool is_hierarchical, const char *oracle_path,
              struct quorum_verifier **ret_qv)
{
    struct quorum_verifier *qv = zk_xcalloc(1, sizeof *qv);
    zk_refcount_init(&qv->refs);
    qv->need_oracle = zk_xmalloc(sizeof *qv->need_oracle);
    zk_atomic_long_init(qv->need_oracle, 1);
    qv->ctx = source->ctx;
    if (oracle_path != NULL) { /* groups and weights are then ignored, as in Java */
        qv->kind = QUORUM_ORACLE_MAJ;
        qv->oracle_path = zk_xstrdup(oracle_path);
        if (source->resolve) /* once, at start; in Java also for each text from the wire */
            zk_log(source->ctx, ZK_LOG_ORACLE_SET, oracle_path);
    } else {
        qv->kind = is_hierarchical ? QUORUM_HIERARCHICAL : QUORUM_MAJ;
    }

    size_t room = count_servers(source->properties) + 1;
    struct qv_builder builder = {
        .source = source,
        .qv = qv,
        .members = zk_xcalloc(room, sizeof(struct quorum_server)),
        .member_lines = zk_xcalloc(room, sizeof(int)),
        .voters = zk_xcalloc(room, sizeof(int64_t)),
    };
    int r = qv->kind == QUORUM_HIERARCHICAL ? quorum_hierarchical_parse(&builder)
                                            : quorum_maj_parse(&builder);
    finish(&builder);
    if (r < 0) {
        qv_unref(qv);
        return r;
    }
    make_text(qv);
    *ret_qv = qv;
    return 0;
}

int qv_parse_key_id(const struct qv_source *source, const struct zk_property *property,
                    int64_t *ret_id)
{
    const char *dot = strchr(property->key, '.');
    const char *id = dot == NULL ? property->key : dot + 1;
    if (zk_parse_long(id, ret_id))
        return 0;
    *source->ret_line = property->line;
    return config_error_number(source->ret_error, id);
}

static int add_server(struct qv_builder *builder, const struct zk_property *property)
{
    const struct qv_source *source = builder->source;
    struct quorum_server server;
    int64_t sid;
    int r = qv_parse_key_id(source, property, &sid);
    if (r < 0)
        return r;
    *source->ret_line = property->line;
    if (builder->member_count == QV_MEMBER_LIMIT)
        return config_error(source->ret_error, "more than %d servers", QV_MEMBER_LIMIT);
    r = quorum_server_parse(source->ctx, sid, property->value, source->resolve, &server,
                            source->ret_error);
    if (r < 0)
        return r;

    /* server.1 and server.01 are one sid. The later line replaces the member; but a voter that
     * becomes an observer in this way stays in Java's map of voters, and so in our set. */
    struct long_set *set =
        server.type == LEARNER_TYPE_PARTICIPANT ? &builder->qv->voting : &builder->qv->observing;
    bool is_new = long_set_add(set, sid);
    if (is_new && server.type == LEARNER_TYPE_PARTICIPANT) {
        builder->voters[builder->voter_count++] = sid;
    }
    size_t at = 0;
    while (at < builder->member_count && builder->members[at].id != sid)
        at++;
    if (at < builder->member_count) {
        quorum_server_done(&builder->members[at]);
    } else {
        builder->member_count++;
    }
    builder->members[at] = server;
    builder->member_lines[at] = property->line;
    return 0;
}

int qv_builder_add(struct qv_builder *builder, const struct zk_property *property)
{
    if (zk_text_starts_with(property->key, "server."))
        return add_server(builder, property);
    if (strcmp(property->key, "version") == 0 &&
        !zk_parse_hex(property->value, &builder->qv->version)) {
        *builder->source->ret_line = property->line;
        return config_error_hex(builder->source->ret_error, property->value);
    }
    return 0;
}

/* The members move into the verifier, in the order in which Java iterates its HashMap. */
static void finish(struct qv_builder *builder)
{
    struct quorum_verifier *qv = builder->qv;
    size_t count = builder->member_count;
    int64_t *sids = zk_xcalloc(count + 1, sizeof *sids);
    size_t *order = zk_xcalloc(count + 1, sizeof *order);
    for (size_t i = 0; i < count; i++)
        sids[i] = builder->members[i].id;
    java_hash_map_order_longs(sids, count, JAVA_FIRST_CAPACITY, order);

    qv->members = zk_xcalloc(count + 1, sizeof *qv->members);
    qv->member_count = count;
    for (size_t i = 0; i < count; i++)
        qv->members[i] = builder->members[order[i]];
    order_voters(builder);

    free(sids);
    free(order);
    free(builder->members);
    free(builder->member_lines);
}

/* Java: new HashSet<>(votingMembers.keySet()): the HashMap's order, inserted into a set with a
 * table of its own size. */
static void order_voters(struct qv_builder *builder)
{
    size_t count = builder->voter_count;
    java_hash_map_sort_longs(builder->voters, count, JAVA_FIRST_CAPACITY);
    java_hash_map_sort_longs(builder->voters, count, java_hash_set_copy_capacity(count));
    builder->qv->voters_in_java_order = builder->voters;
}

/* Java: toString() of each kind */
static void make_text(struct quorum_verifier *qv)
{
    struct zk_str text = {0};
    if (qv->kind == QUORUM_HIERARCHICAL)
        quorum_hierarchical_append(qv, &text);
    else
        quorum_maj_append(qv, &text);
    zk_str_append(&text, "version=");
    zk_str_append_hex(&text, qv->version);
    free(qv->text);
    qv->text = zk_str_take(&text);
}

struct quorum_verifier *qv_ref(struct quorum_verifier *qv)
{
    zk_refcount_ref(&qv->refs);
    return qv;
}

void qv_unref(struct quorum_verifier *qv)
{
    if (qv == NULL || !zk_refcount_unref(&qv->refs))
        return;
    for (size_t i = 0; i < qv->member_count; i++)
        quorum_server_done(&qv->members[i]);
    free(qv->members);
    long_set_done(&qv->voting);
    long_set_done(&qv->observing);
    free(qv->voters_in_java_order);
    quorum_hierarchical_done(qv);
    free(qv->oracle_path);
    free(qv->need_oracle);
    free(qv->text);
    free(qv);
}

/* Java: getWeight() */
int64_t qv_get_weight(const struct quorum_verifier *qv, int64_t sid)
{
    return qv->kind == QUORUM_HIERARCHICAL ? quorum_hierarchical_get_weight(qv, sid) : 1;
}

/* Java: containsQuorum() */
bool qv_contains_quorum(const struct quorum_verifier *qv, const struct long_set *acks)
{
    switch (qv->kind) {
    case QUORUM_MAJ:
        return quorum_maj_contains_quorum(qv, acks);
    case QUORUM_HIERARCHICAL:
        return quorum_hierarchical_contains_quorum(qv, acks);
    case QUORUM_ORACLE_MAJ:
        return quorum_oracle_maj_contains_quorum(qv, acks);
    }
    zk_unreachable();
}

const struct quorum_server *qv_member(const struct quorum_verifier *qv, int64_t sid)
{
    for (size_t i = 0; i < qv->member_count; i++) {
        if (qv->members[i].id == sid)
            return &qv->members[i];
    }
    return NULL;
}

bool qv_is_voter(const struct quorum_verifier *qv, int64_t sid)
{
    return long_set_has(&qv->voting, sid);
}

const char *qv_to_string(const struct quorum_verifier *qv)
{
    return qv->text;
}

/* In Java a's class decides whether b's may be compared at all, and QuorumOracleMaj extends
 * QuorumMaj: so a majority equals an oracle's verifier, but not the other way round (K-20). */
static bool is_comparable(enum quorum_kind a, enum quorum_kind b)
{
    return a == b || (a == QUORUM_MAJ && b == QUORUM_ORACLE_MAJ);
}

/* Java: equals() of each kind */
bool qv_equal(const struct quorum_verifier *a, const struct quorum_verifier *b)
{
    if (!is_comparable(a->kind, b->kind))
        return false;
    if (a->version == b->version) /* whatever their members are, as in Java (K-20) */
        return true;
    if (a->member_count != b->member_count)
        return false;
    for (size_t i = 0; i < a->member_count; i++) {
        const struct quorum_server *other = qv_member(b, a->members[i].id);
        if (other == NULL || !quorum_server_equal(&a->members[i], other))
            return false;
    }
    return a->kind != QUORUM_HIERARCHICAL || quorum_hierarchical_equal(a, b);
}

static struct quorum_verifier *copy(const struct quorum_verifier *from)
{
    struct quorum_verifier *qv = zk_xcalloc(1, sizeof *qv);
    zk_refcount_init(&qv->refs);
    qv->need_oracle = zk_xmalloc(sizeof *qv->need_oracle);
    zk_atomic_long_init(qv->need_oracle, qv_get_need_oracle(from));
    qv->ctx = from->ctx;
    qv->kind = from->kind;
    qv->version = from->version;
    qv->oracle_path = zk_xstrdup(from->oracle_path);
    qv->members = zk_xcalloc(from->member_count + 1, sizeof *qv->members);
    qv->member_count = from->member_count;
    for (size_t i = 0; i < from->member_count; i++)
        quorum_server_copy(&qv->members[i], &from->members[i]);
    long_set_copy(&qv->voting, &from->voting);
    long_set_copy(&qv->observing, &from->observing);
    qv->text = zk_xstrdup(from->text);
    qv->voters_in_java_order = zk_xcalloc(from->voting.count + 1, sizeof *qv->voters_in_java_order);
    for (size_t i = 0; i < from->voting.count; i++)
        qv->voters_in_java_order[i] = from->voters_in_java_order[i];
    quorum_hierarchical_copy(qv, from);
    return qv;
}

/* Java: setVersion(), on a verifier that no other thread has */
struct quorum_verifier *qv_with_version(const struct quorum_verifier *qv, int64_t version)
{
    struct quorum_verifier *changed = copy(qv);
    changed->version = version;
    make_text(changed);
    return changed;
}

/* Java: QuorumPeerConfig.setupClientPort(), its end */
struct quorum_verifier *qv_with_static_client_addr(const struct quorum_verifier *qv, int64_t sid,
                                                   const struct inet_address *addr)
{
    struct quorum_verifier *changed = copy(qv);
    for (size_t i = 0; i < changed->member_count; i++) {
        struct quorum_server *member = &changed->members[i];
        if (member->id != sid)
            continue;
        /* An address from zoo.cfg is not printed, so the text stays as it was. */
        zk_assert(!member->has_client_addr);
        member->has_client_addr = true;
        member->client_addr = *addr;
        member->is_client_addr_from_static = true;
    }
    return changed;
}
