#include "zk_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "zk/ensemble/quorum_verifier.h"

/* A set of at most nine sids, ended by 0. */
struct sids {
    int64_t items[10];
};

#define SIDS(...) ((struct sids){{__VA_ARGS__, 0}})
#define NOBODY    ((struct sids){{0}})

static struct zk_context *ctx;

static int setup(void **state)
{
    (void)state;
    ctx = test_context();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zk_context_free(ctx);
    return 0;
}

static struct quorum_verifier *with_oracle(const char *text, const char *oracle_path)
{
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    if (qv_from_string(ctx, text, strlen(text),
                       &(struct qv_options){.standalone_enabled = true, .oracle_path = oracle_path},
                       &qv, &error) < 0)
        fail_msg("%s", error);
    return qv;
}

static struct quorum_verifier *verifier(const char *text)
{
    return with_oracle(text, NULL);
}

static bool is_quorum(const struct quorum_verifier *qv, struct sids sids)
{
    struct long_set acks = {0};
    for (size_t i = 0; sids.items[i] != 0; i++)
        long_set_add(&acks, sids.items[i]);
    bool answer = qv_contains_quorum(qv, &acks);
    long_set_done(&acks);
    return answer;
}

/* Returns "server.N=h:N:3" for each id, then rest; the caller frees it. */
static char *text_of(const int64_t *ids, size_t count, const char *rest)
{
    struct zk_str text = {0};
    for (size_t i = 0; i < count; i++)
        zk_str_printf(&text, "server.%" PRId64 "=h:1:2\n", ids[i]);
    zk_str_append(&text, rest);
    return zk_str_take(&text);
}

static const char THREE[] = "server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\n";

/* VOTE-02 */
static void vote_02_five_voters_need_three(void **state)
{
    (void)state;
    struct quorum_verifier *qv =
        verifier("server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\nserver.4=h:14:24\n"
                 "server.5=h:15:25\n");

    assert_false(is_quorum(qv, SIDS(1, 2)));
    assert_false(is_quorum(qv, SIDS(1, 2, 6)));
    assert_true(is_quorum(qv, SIDS(1, 2, 3, 6)));
    assert_false(is_quorum(qv, NOBODY));
    qv_unref(qv);
}

/* VOTE-02 */
static void vote_02_observers_are_not_counted(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier("server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\n"
                                          "server.4=h:14:24:observer\nserver.5=h:15:25:observer\n");

    assert_false(is_quorum(qv, SIDS(1)));
    assert_false(is_quorum(qv, SIDS(1, 4, 5, 6)));
    assert_true(is_quorum(qv, SIDS(1, 2)));
    assert_false(qv_is_voter(qv, 4));
    assert_non_null(qv_member(qv, 4));
    assert_null(qv_member(qv, 6));
    qv_unref(qv);
}

/* VOTE-02 */
static void vote_02_two_voters_need_both(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier("server.1=h:11:21\nserver.2=h:12:22\n");

    assert_false(is_quorum(qv, SIDS(1)));
    assert_true(is_quorum(qv, SIDS(1, 2)));
    qv_unref(qv);
}

/* VOTE-04 */
static void vote_04_a_group_without_weight_is_no_group(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier(
        "server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\nserver.4=h:14:24\n"
        "server.5=h:15:25\ngroup.1=1:2:3\ngroup.2=4:5\nweight.1=1\nweight.2=1\nweight.3=1\n"
        "weight.4=0\nweight.5=0\n");

    assert_int_equal(qv->kind, QUORUM_HIERARCHICAL);
    assert_false(is_quorum(qv, NOBODY));
    assert_false(is_quorum(qv, SIDS(1)));
    assert_true(is_quorum(qv, SIDS(1, 2)));
    assert_false(is_quorum(qv, SIDS(4, 5)));
    assert_false(is_quorum(qv, SIDS(1, 4, 5)));
    assert_true(is_quorum(qv, SIDS(1, 3, 4)));
    assert_true(is_quorum(qv, SIDS(1, 2, 9)));
    qv_unref(qv);
}

/* VOTE-04 */
static void vote_04_two_of_three_groups_need_two_of_three_each(void **state)
{
    static const int64_t IDS[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    (void)state;
    char *text = text_of(IDS, 9, "group.1=1:2:3\ngroup.2=4:5:6\ngroup.3=7:8:9\n");
    struct quorum_verifier *qv = verifier(text);

    assert_true(is_quorum(qv, SIDS(1, 2, 4, 5)));
    assert_false(is_quorum(qv, SIDS(1, 2, 4, 7)));
    assert_false(is_quorum(qv, SIDS(1, 2, 3, 4)));
    assert_true(is_quorum(qv, SIDS(1, 2, 7, 8)));
    qv_unref(qv);
    free(text);
}

static void negative_weights_count_as_in_java(void **state)
{
    (void)state;
    /* group 2 weighs -3; half of it, toward zero, is -1 */
    struct quorum_verifier *qv =
        verifier("server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\ngroup.1=1\ngroup.2=2:3\n"
                 "weight.2=-3\nweight.3=0\n");

    assert_false(is_quorum(qv, SIDS(1))); /* nobody of group 2: it is not looked at */
    assert_true(is_quorum(qv, SIDS(1, 3)));
    assert_false(is_quorum(qv, SIDS(1, 2)));
    qv_unref(qv);
}

static void weights_are_one_unless_a_hierarchy_says_else(void **state)
{
    (void)state;
    struct quorum_verifier *majority = verifier(THREE);
    struct quorum_verifier *hierarchy = verifier(
        "server.1=h:11:21\nserver.2=h:12:22\nserver.3=h:13:23\ngroup.1=1:2:3\nweight.2=5\n");

    assert_int_equal(qv_get_weight(majority, 1), 1);
    assert_int_equal(qv_get_weight(majority, 99), 1);
    assert_int_equal(qv_get_weight(hierarchy, 1), 1);
    assert_int_equal(qv_get_weight(hierarchy, 2), 5);
    assert_int_equal(qv_get_weight(hierarchy, 99), 0); /* D-15 */
    qv_unref(majority);
    qv_unref(hierarchy);
}

/* VOTE-05 */
static void vote_05_with_a_follower_the_oracle_is_not_asked(void **state)
{
    (void)state;
    char *directory = test_temporary_directory();
    char *path = test_path(directory, "oracle");
    struct quorum_verifier *qv = with_oracle("server.1=h:11:21\nserver.2=h:12:22\n", path);
    struct long_set forwarding = {0};
    test_write_file(path, "1");
    long_set_add(&forwarding, 2);

    qv_update_need_oracle(qv, &forwarding);

    assert_false(qv_get_need_oracle(qv));
    assert_false(is_quorum(qv, SIDS(1)));
    assert_false(is_quorum(qv, SIDS(1, 6)));
    assert_true(is_quorum(qv, SIDS(1, 2)));
    assert_false(qv_override_quorum_decision(qv, &forwarding));
    long_set_done(&forwarding);
    qv_unref(qv);
    free(path);
    test_remove_directory(directory);
}

/* VOTE-05 */
static void vote_05_without_followers_the_file_decides(void **state)
{
    (void)state;
    char *directory = test_temporary_directory();
    char *path = test_path(directory, "oracle");
    struct quorum_verifier *qv = with_oracle("server.1=h:11:21\nserver.2=h:12:22\n", path);
    struct long_set nobody = {0};

    assert_true(qv_get_need_oracle(qv));  /* so it starts */
    assert_false(is_quorum(qv, SIDS(1))); /* there is no file */
    test_write_file(path, "");
    assert_false(is_quorum(qv, SIDS(1)));
    test_write_file(path, "0");
    assert_false(is_quorum(qv, SIDS(1)));
    assert_false(qv_override_quorum_decision(qv, &nobody));
    test_write_file(path, "1\n");
    assert_true(is_quorum(qv, SIDS(1)));
    assert_true(qv_override_quorum_decision(qv, &nobody));
    test_write_file(path, "01");
    assert_false(qv_ask_oracle(qv));
    test_write_file(path, "true"); /* nothing but a 1 is a yes */
    assert_false(qv_ask_oracle(qv));
    test_write_file(path, " 1");
    assert_false(qv_ask_oracle(qv));
    qv_unref(qv);
    free(path);
    test_remove_directory(directory);
}

/* VOTE-05 */
static void vote_05_three_voters_have_no_use_for_an_oracle(void **state)
{
    (void)state;
    char *directory = test_temporary_directory();
    char *path = test_path(directory, "oracle");
    struct quorum_verifier *qv = with_oracle(THREE, path);
    struct long_set nobody = {0};
    test_write_file(path, "1");

    assert_false(is_quorum(qv, SIDS(1)));
    assert_true(is_quorum(qv, SIDS(1, 2)));
    qv_update_need_oracle(qv, &nobody);
    assert_false(qv_get_need_oracle(qv));
    qv_unref(qv);
    free(path);
    test_remove_directory(directory);
}

static void an_oracle_makes_groups_forgotten(void **state)
{
    (void)state;
    struct quorum_verifier *qv =
        with_oracle("server.1=h:11:21\nserver.2=h:12:22\ngroup.1=1:2\nweight.1=7\n", "/none");

    assert_int_equal(qv->kind, QUORUM_ORACLE_MAJ);
    assert_int_equal(qv_get_weight(qv, 1), 1);
    assert_string_equal(qv_to_string(qv), "server.1=h:11:21:participant\n"
                                          "server.2=h:12:22:participant\nversion=0");
    qv_unref(qv);
}

static void check_order(const int64_t *ids, const int64_t *expected, size_t count)
{
    char *text = text_of(ids, count, "");
    struct quorum_verifier *qv = verifier(text);
    assert_int_equal(qv->member_count, count);
    for (size_t i = 0; i < count; i++) {
        if (qv->members[i].id != expected[i])
            fail_msg("member %zu is %" PRId64 ", not %" PRId64, i, qv->members[i].id, expected[i]);
    }
    qv_unref(qv);
    free(text);
}

#define CHECK_ORDER(ids, expected)                                                                 \
    check_order((ids), (expected), sizeof(ids) / sizeof((ids)[0]));                                \
    _Static_assert(sizeof(ids) == sizeof(expected), "one place for each")

/* CFG-06: each order was printed by Java 3.8.0 on Java 17. */
static void cfg_06_members_are_in_javas_hash_order(void **state)
{
    static const int64_t SMALL[] = {3, 1, 2, 0, 15};
    static const int64_t SMALL_ORDER[] = {0, 1, 2, 3, 15};
    static const int64_t SPREAD[] = {11, 21, 1};
    static const int64_t SPREAD_ORDER[] = {1, 21, 11};
    static const int64_t COLLIDING[] = {5, 1, 3, 16, 17, 32};
    static const int64_t COLLIDING_ORDER[] = {32, 16, 1, 17, 3, 5};
    static const int64_t BYTES[] = {0, 255, 128, 100};
    static const int64_t BYTES_ORDER[] = {128, 0, 100, 255};
    static const int64_t WIDE[] = {1, 2, 3, 256};
    static const int64_t WIDE_ORDER[] = {256, 1, 2, 3};
    /* The 13th member doubles Java's table. */
    static const int64_t MANY[] = {16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208};
    static const int64_t MANY_ORDER[] = {192, 32, 96, 64, 128, 160, 16, 48, 208, 80, 176, 144, 112};
    (void)state;
    CHECK_ORDER(SMALL, SMALL_ORDER);
    CHECK_ORDER(SPREAD, SPREAD_ORDER);
    CHECK_ORDER(COLLIDING, COLLIDING_ORDER);
    CHECK_ORDER(BYTES, BYTES_ORDER);
    CHECK_ORDER(WIDE, WIDE_ORDER);
    CHECK_ORDER(MANY, MANY_ORDER);
}

/* CFG-06 */
static void cfg_06_the_text_is_javas_byte_for_byte(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier("server.3=[::1]:13:23:OBSERVER;33\nversion=100000000\n"
                                          "server.1 = 127.0.0.1:11:21\n"
                                          "server.2:zk.example:12:22;zk.example:32\n");

    assert_string_equal(qv_to_string(qv), "server.1=127.0.0.1:11:21:participant\n"
                                          "server.2=zk.example:12:22:participant;zk.example:32\n"
                                          "server.3=[0:0:0:0:0:0:0:1]:13:23:observer;0.0.0.0:33\n"
                                          "version=100000000");
    assert_true(qv->version == 0x100000000);
    qv_unref(qv);
}

/* CFG-06: captured from Java. Groups and weights have hash orders of their own. */
static void cfg_06_groups_and_weights_follow_the_servers(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier(
        "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\nserver.17=h:1:2\nserver.33=h:1:2\n"
        "server.18=h:1:2:observer\ngroup.17=33:1:17\ngroup.1=3:2\nweight.17=0\n"
        "weight.2=5\nversion=ab");

    assert_string_equal(qv_to_string(qv),
                        "server.33=h:1:2:participant\nserver.1=h:1:2:participant\n"
                        "server.17=h:1:2:participant\nserver.2=h:1:2:participant\n"
                        "server.18=h:1:2:observer\nserver.3=h:1:2:participant\n"
                        "group.17=33:1:17\ngroup.1=2:3\n"
                        "weight.17=0\nweight.33=1\nweight.1=1\nweight.2=5\nweight.3=1\n"
                        "version=ab");
    qv_unref(qv);
}

static void the_text_reads_back_as_an_equal_verifier(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier(
        "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2;9\ngroup.1=1:2\ngroup.2=3\nversion=5");
    struct quorum_verifier *again = verifier(qv_to_string(qv));
    struct quorum_verifier *later = qv_with_version(again, 6);

    assert_string_equal(qv_to_string(again), qv_to_string(qv));
    assert_true(qv_equal(qv, later)); /* not because of the version */
    assert_true(later->version == 6);
    assert_non_null(strstr(qv_to_string(later), "version=6"));
    qv_unref(qv);
    qv_unref(again);
    qv_unref(later);
}

static void voters_are_told_in_the_order_of_javas_hash_set(void **state)
{
    static const int64_t IDS[] = {5, 1, 3, 16, 17, 32};
    static const int64_t ORDER[] = {32, 16, 1, 17, 3, 5};
    (void)state;
    char *text = text_of(IDS, 6, "server.2=h:1:2:observer\n");
    struct quorum_verifier *qv = verifier(text);

    assert_int_equal(qv->voting.count, 6);
    assert_memory_equal(qv->voters_in_java_order, ORDER, sizeof(ORDER));
    assert_int_equal(qv->observing.count, 1);
    qv_unref(qv);
    free(text);
}

static bool texts_are_equal(const char *left, const char *right)
{
    struct quorum_verifier *a = verifier(left);
    struct quorum_verifier *b = verifier(right);
    bool equal = qv_equal(a, b);
    qv_unref(a);
    qv_unref(b);
    return equal;
}

static void verifiers_are_equal_by_version_or_by_content(void **state)
{
    static const char GROUPS[] = "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\ngroup.1=1:2:3\n";
    (void)state;
    /* K-20: the same version is enough */
    assert_true(texts_are_equal("server.1=h:1:2\nversion=7", "server.9=h:3:4\nversion=7"));
    assert_true(texts_are_equal(THREE, "server.3=h:13:23\nserver.2=h:12:22\nserver.1=h:11:21\n"
                                       "version=7"));
    assert_false(texts_are_equal(THREE, "server.1=h:11:21\nserver.2=h:12:22\nversion=7"));
    assert_false(texts_are_equal(THREE, "server.1=h:11:21\nserver.2=h:12:22\nserver.4=h:13:23\n"
                                        "version=7"));
    assert_false(texts_are_equal(THREE, GROUPS));
    assert_true(texts_are_equal(GROUPS, "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\n"
                                        "group.1=3:2:1\nweight.1=1\nversion=7"));
    assert_false(texts_are_equal(GROUPS, "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\n"
                                         "group.2=3:2:1\nversion=7"));
    assert_false(texts_are_equal(GROUPS, "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\n"
                                         "group.1=3:2:1\nweight.1=2\nweight.2=0\nversion=7"));
    assert_false(texts_are_equal(GROUPS, "server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\n"
                                         "group.1=3:2\ngroup.2=1\nversion=7"));
}

/* K-20 */
static void a_majority_equals_an_oracle_majority_but_not_back(void **state)
{
    (void)state;
    struct quorum_verifier *majority = verifier(THREE);
    struct quorum_verifier *oracle = with_oracle(THREE, "/none");

    assert_true(qv_equal(majority, oracle));
    assert_false(qv_equal(oracle, majority));
    qv_unref(majority);
    qv_unref(oracle);
}

static void a_static_client_address_is_kept_but_not_printed(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier(THREE);
    struct inet_address address = inet_address_any(2222);

    struct quorum_verifier *changed = qv_with_static_client_addr(qv, 2, &address);

    assert_true(qv_member(changed, 2)->has_client_addr);
    assert_int_equal(qv_member(changed, 2)->client_addr.port, 2222);
    assert_false(qv_member(changed, 1)->has_client_addr);
    assert_false(qv_member(qv, 2)->has_client_addr); /* a verifier never changes */
    assert_string_equal(qv_to_string(changed), qv_to_string(qv));
    qv_unref(qv);
    qv_unref(changed);
}

/* Java takes these texts and fails nowhere. */
static void an_empty_configuration_has_a_version_all_the_same(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier("version=5");

    assert_int_equal(qv->member_count, 0);
    assert_string_equal(qv_to_string(qv), "version=5");
    qv_unref(qv);
    qv = verifier("");
    assert_string_equal(qv_to_string(qv), "version=0");
    qv_unref(qv);
}

/* Captured from Java: of two lines the one that Properties iterates later wins; and who was a voter
 * by one line and an observer by the next is both. */
static void a_sid_written_twice_is_one_member(void **state)
{
    (void)state;
    struct quorum_verifier *qv = verifier("server.1=h:1:2\nserver.01=h:3:4\nserver.2=h:5:6\n");
    assert_string_equal(qv_to_string(qv),
                        "server.1=h:3:4:participant\nserver.2=h:5:6:participant\nversion=0");
    assert_int_equal(qv->voting.count, 2);
    qv_unref(qv);

    qv = verifier("server.2=h:1:2\nserver.02=h:3:4\nserver.+2=h:9:10:observer\n"
                  "server.3=h:5:6\nversion=1\n");
    assert_string_equal(qv_to_string(qv),
                        "server.2=h:9:10:observer\nserver.3=h:5:6:participant\nversion=1");
    assert_true(qv_is_voter(qv, 2));
    assert_int_equal(qv->observing.count, 1);
    qv_unref(qv);
}

static void bad_texts_are_refused_in_javas_words(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } ROWS[] = {
        {"server.x=h:1:2", "For input string: \"x\""},
        {"server.x=", "For input string: \"x\""},
        {"server.9223372036854775808=h:1:2", "For input string: \"9223372036854775808\""},
        {"version=zz", "For input string: \"zz\" under radix 16"},
        {"version=ffffffffffffffff", "For input string: \"ffffffffffffffff\" under radix 16"},
        {"version=", "For input string: \"\" under radix 16"},
        {"version=1 ", "For input string: \"1 \" under radix 16"},
        {"server.1=h:1:2:observer", "Observers w/o participants is an invalid configuration"},
        {"server.1=h:1:2\nserver.2=h:1:2:observer",
         "Observers w/o quorum is an invalid configuration"},
        {"server.1=h:1:70000", "port out of range:70000"},
        {"server.1=\\u00g1", "Malformed \\uxxxx encoding."},
        {"foo=1", "Unrecognised parameter: foo"},
        {"\\ foo\\ =1", "Unrecognised parameter: foo"},
        {"groupfoo=1", "For input string: \"groupfoo\""},
        {"group=1", "For input string: \"group\""},
        {"group.x=1", "For input string: \"x\""},
        {"group.1=", "For input string: \"\""},
        {"group.1=1::2", "For input string: \"\""},
        {"group.1=1: 2", "For input string: \" 2\""},
        {"weight.1=x", "For input string: \"x\""},
        {"weight.x=1", "For input string: \"x\""},
        {"weight.1=", "For input string: \"\""},
        {"server.1=h:1:2\nserver.2=h:1:2\ngroup.1=1:2\ngroup.2=2", "Server 2is in multiple groups"},
        {"server.1=h:1:2\nserver.2=h:1:2\nserver.3=h:1:2\ngroup.1=1:2",
         "Server 3is not in a group"},
        /* exceptions without words in Java: D-33 */
        {"server.1=h:1:2\nserver.2=h:1:2\ngroup.1=1:2:7",
         "Server 7 is in a group, but has no weight and is no participant"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct quorum_verifier *qv = NULL;
        char *error = NULL;
        int r = qv_from_string(ctx, ROWS[i].text, strlen(ROWS[i].text),
                               &(struct qv_options){.standalone_enabled = true}, &qv, &error);
        if (r != -EINVAL || qv != NULL || error == NULL || strcmp(error, ROWS[i].words) != 0)
            fail_msg("%s: %d %s", ROWS[i].text, r, error);
        free(error);
    }
}

static void without_standalone_mode_somebody_must_take_part(void **state)
{
    (void)state;
    struct quorum_verifier *qv = NULL;
    char *error = NULL;

    assert_int_equal(qv_from_string(ctx, "", 0, &(struct qv_options){0}, &qv, &error), -EINVAL);
    assert_string_equal(error,
                        "standaloneEnabled = false then number of participants should be >0");
    free(error);
    error = NULL;
    assert_int_equal(
        qv_from_string(ctx, "server.1=h:1:2", 14, &(struct qv_options){0}, &qv, &error), 0);
    assert_int_equal(qv->voting.count, 1);
    assert_true(is_quorum(qv, SIDS(1)));
    qv_unref(qv);
}

/* D-42: a frame of the election port could carry many more. */
static void a_configuration_has_a_limit_of_servers(void **state)
{
    (void)state;
    struct zk_str text = {0};
    struct quorum_verifier *qv = NULL;
    char *error = NULL;
    for (int i = 0; i < 4097; i++)
        zk_str_printf(&text, "server.%d=h:1:2\n", i);

    int r = qv_from_string(ctx, text.text, text.length,
                           &(struct qv_options){.standalone_enabled = true}, &qv, &error);

    assert_int_equal(r, -EINVAL);
    assert_string_equal(error, "more than 4096 servers");
    free(error);
    zk_str_done(&text);
}

/* Every prefix of a rich text, and every text with one byte changed, is read or refused: neither
 * crashes (B2 of the election's known faults). The sanitizers watch. */
static void no_damaged_text_does_worse_than_being_refused(void **state)
{
    static const char TEXT[] = "server.1=[::1]:11:21:participant;[::1]:31\n"
                               "server.2=10.0.0.2:12:22;0.0.0.0:32\nserver.3=h:13:23\n"
                               "group.1=1:2\ngroup.2=3\nweight.1=2\nversion=100000000\n";
    static const char BYTES[] = {'\0', '\n', ';', ':', '|', '=', '\\', '[', '-', '9', (char)0xff};
    (void)state;
    size_t length = sizeof(TEXT) - 1;
    size_t read = 0;
    size_t refused = 0;
    for (size_t at = 0; at < length; at++) {
        for (size_t i = 0; i <= sizeof(BYTES); i++) {
            char copy[sizeof(TEXT)];
            memcpy(copy, TEXT, sizeof(TEXT));
            if (i < sizeof(BYTES))
                copy[at] = BYTES[i];
            struct quorum_verifier *qv = NULL;
            char *error = NULL;
            size_t taken = i < sizeof(BYTES) ? length : at;
            int r =
                qv_from_string(ctx, copy, taken,
                               &(struct qv_options){.standalone_enabled = i % 2 == 0}, &qv, &error);
            if (r == 0) {
                read++;
                assert_non_null(qv_to_string(qv));
            } else {
                refused++;
                assert_int_equal(r, -EINVAL);
                assert_non_null(error);
            }
            qv_unref(qv);
            free(error);
        }
    }
    assert_true(read > 0);
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vote_02_five_voters_need_three),
        cmocka_unit_test(vote_02_observers_are_not_counted),
        cmocka_unit_test(vote_02_two_voters_need_both),
        cmocka_unit_test(vote_04_a_group_without_weight_is_no_group),
        cmocka_unit_test(vote_04_two_of_three_groups_need_two_of_three_each),
        cmocka_unit_test(negative_weights_count_as_in_java),
        cmocka_unit_test(weights_are_one_unless_a_hierarchy_says_else),
        cmocka_unit_test(vote_05_with_a_follower_the_oracle_is_not_asked),
        cmocka_unit_test(vote_05_without_followers_the_file_decides),
        cmocka_unit_test(vote_05_three_voters_have_no_use_for_an_oracle),
        cmocka_unit_test(an_oracle_makes_groups_forgotten),
        cmocka_unit_test(cfg_06_members_are_in_javas_hash_order),
        cmocka_unit_test(cfg_06_the_text_is_javas_byte_for_byte),
        cmocka_unit_test(cfg_06_groups_and_weights_follow_the_servers),
        cmocka_unit_test(the_text_reads_back_as_an_equal_verifier),
        cmocka_unit_test(voters_are_told_in_the_order_of_javas_hash_set),
        cmocka_unit_test(verifiers_are_equal_by_version_or_by_content),
        cmocka_unit_test(a_majority_equals_an_oracle_majority_but_not_back),
        cmocka_unit_test(a_static_client_address_is_kept_but_not_printed),
        cmocka_unit_test(an_empty_configuration_has_a_version_all_the_same),
        cmocka_unit_test(a_sid_written_twice_is_one_member),
        cmocka_unit_test(bad_texts_are_refused_in_javas_words),
        cmocka_unit_test(without_standalone_mode_somebody_must_take_part),
        cmocka_unit_test(a_configuration_has_a_limit_of_servers),
        cmocka_unit_test(no_damaged_text_does_worse_than_being_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
