/* The config text of a notification, and what a verifier made of it decides. The first byte chooses
 * the receiver's own settings, the second the voters that we ask about; the rest is the text.
 *
 * Two things must hold for every text: what we print is read back as the same verifier, and no two
 * quorums of a verifier are disjoint. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "zk/ensemble/quorum_verifier.h"
#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"

enum {
    FLAG_MULTI_ADDRESS = 1,
    FLAG_STANDALONE = 2,
    FLAG_ORACLE = 4,
    FLAGS = 2,
};

static int parse(struct zk_context *ctx, uint8_t flags, const char *text, size_t length,
                 struct quorum_verifier **ret_qv, char **ret_error)
{
    const struct qv_options options = {.standalone_enabled = (flags & FLAG_STANDALONE) != 0,
                                       .oracle_path =
                                           flags & FLAG_ORACLE ? "/nonexistent/oracle" : NULL};
    return qv_from_string(ctx, text, length, &options, ret_qv, ret_error);
}

/* Not for several addresses (K-15), hosts that need escapes, a voter that a second line has made an
 * observer (Java's maps keep both), a negative version (Java prints it in 16 digits, and reads no
 * number that large), or a hierarchy without groups, which a key makes that begins with a control
 * byte: Java trims it in one place and not in the other. */
static bool must_round_trip(const struct quorum_verifier *qv)
{
    if (qv->version < 0 || qv->voting.count + qv->observing.count != qv->member_count)
        return false;
    if (qv->kind == QUORUM_HIERARCHICAL && qv->group_count == 0 && qv->weight_count == 0)
        return false;
    for (size_t i = 0; i < qv->member_count; i++) {
        const struct quorum_server *member = &qv->members[i];
        if (member->addr.count != 1 || member->election_addr.count != 1 ||
            !fuzz_is_plain(&member->addr.items[0]) ||
            (member->has_client_addr && !fuzz_is_plain(&member->client_addr)))
            return false;
    }
    return true;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same lines. In another order perhaps: ids that share a bucket of Java's map stand in the
 * order in which they came (K-18), and a weight that nobody gives comes last. */
static void check_lines(const char *text, const char *again)
{
    struct zk_strings lines;
    struct zk_strings lines_again;
    zk_split(text, '\n', &lines);
    zk_split(again, '\n', &lines_again);
    zk_assert(lines.count == lines_again.count);
    qsort(lines.items, lines.count, sizeof(char *), compare_lines);
    qsort(lines_again.items, lines_again.count, sizeof(char *), compare_lines);
    for (size_t i = 0; i < lines.count; i++)
        zk_assert(strcmp(lines.items[i], lines_again.items[i]) == 0);
    zk_strings_done(&lines);
    zk_strings_done(&lines_again);
}

static void check_round_trip(struct zk_context *ctx, uint8_t flags,
                             const struct quorum_verifier *qv)
{
    struct quorum_verifier *again = NULL;
    char *error = NULL;
    const char *text = qv_to_string(qv);
    int r = parse(ctx, flags, text, strlen(text), &again, &error);
    zk_assert(r == 0);
    zk_assert(again->version == qv->version && again->member_count == qv->member_count);
    /* Under the same version they would be equal whatever they say (K-20). */
    struct quorum_verifier *other = qv_with_version(again, (int64_t)((uint64_t)qv->version + 1));
    zk_assert(qv_equal(qv, again) && qv_equal(qv, other));
    check_lines(text, qv_to_string(again));
    qv_unref(other);
    qv_unref(again);
}

/* Java's sums wrap, and a negative weight can be given: then nothing is promised. */
static bool has_sane_weights(const struct quorum_verifier *qv)
{
    int64_t sum = 0;
    for (size_t i = 0; i < qv->weight_count; i++) {
        int64_t weight = qv->weights[i].weight;
        if (weight < 0 || weight > INT32_MAX)
            return false;
        sum += weight;
    }
    return sum >= 0;
}

/* Split the voters in two by the bits of choice: at most one half is a quorum. */
static void check_quorums(const struct quorum_verifier *qv, uint8_t choice)
{
    struct long_set none = {0};
    struct long_set some = {0};
    struct long_set others = {0};
    for (size_t i = 0; i < qv->voting.count; i++)
        long_set_add(choice >> i % 8 & 1 ? &some : &others, qv->voting.items[i]);
    bool is_quorum = qv_contains_quorum(qv, &some);
    bool are_others = qv_contains_quorum(qv, &others);
    if (has_sane_weights(qv)) {
        zk_assert(!is_quorum || !are_others);
        zk_assert(!qv_contains_quorum(qv, &none));
    }
    if (qv->kind != QUORUM_HIERARCHICAL) {
        zk_assert(is_quorum == (some.count > qv->voting.count / 2));
        zk_assert(are_others == (others.count > qv->voting.count / 2));
    }
    for (size_t i = 0; i < qv->voting.count; i++)
        qv_get_weight(qv, qv->voting.items[i]);
    long_set_done(&some);
    long_set_done(&others);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < FLAGS)
        return 0;
    struct zk_context *ctx = fuzz_context();
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    if (bytes[0] & FLAG_MULTI_ADDRESS)
        zk_settings_set(ctx, "zookeeper.multiAddress.enabled", "true");

    int r = parse(ctx, bytes[0], (const char *)bytes + FLAGS, length - FLAGS, &qv, &error);

    zk_assert(r == 0 || r == -EINVAL);
    zk_assert((r == 0) == (qv != NULL) && (r == 0) == (error == NULL));
    if (r == 0) {
        check_quorums(qv, bytes[1]);
        if (must_round_trip(qv))
            check_round_trip(ctx, bytes[0], qv);
    }
    qv_unref(qv);
    free(error);
    zk_context_free(ctx);
    return 0;
}
