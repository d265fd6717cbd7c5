/* ACL lists made and asked. Java: ACLTest, PrepRequestProcessorTest */
#include "zk/server/acl_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zk/runtime/settings.h"
#include "zk_test.h"

struct stage {
    struct zk_context *ctx;
    struct zk_id_list ids;    /* of the client */
    struct zk_acl_list acls;  /* what it sends, or what a node has */
    struct zk_acl_list fixed; /* what becomes of it */
};

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){.ctx = test_context(), .ids = {.present = true}};
    stage.acls.present = true;
    *state = &stage;
    return 0;
}

static void clear(struct stage *stage)
{
    jute_done(&zk_acl_list_record, &stage->acls);
    jute_done(&zk_acl_list_record, &stage->fixed);
    stage->acls.present = true;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    clear(stage);
    for (size_t i = 0; i < stage->ids.count; i++)
        jute_done(&zk_id_record, &stage->ids.items[i]);
    free(stage->ids.items);
    zk_context_free(stage->ctx);
    return 0;
}

static void add_id(struct stage *stage, const char *scheme, const char *id)
{
    struct zk_id *added = jute_list_add(&zk_id_record, &stage->ids);
    added->scheme = ustring_of(scheme);
    added->id = ustring_of(id);
}

/* What becomes of a list of this one entry. */
static enum keeper_code fixup(struct stage *stage, const char *scheme, const char *id)
{
    clear(stage);
    zk_acl_list_add(&stage->acls, PERMS_ALL, scheme, id);
    return fixup_acl(stage->ctx, &stage->ids, &stage->acls, &stage->fixed);
}

/* Whether a list of this one entry lets the client read. */
static enum keeper_code may_read(struct stage *stage, int32_t perms, const char *scheme,
                                 const char *id)
{
    clear(stage);
    zk_acl_list_add(&stage->acls, perms, scheme, id);
    return check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids);
}

/* ---- fixupACL -------------------------------------------------------------------------------- */

static void an_empty_list_is_invalid(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(fixup_acl(stage->ctx, &stage->ids, &stage->acls, &stage->fixed),
                     KEEPER_CODE_INVALIDACL);
    stage->acls.present = false;
    assert_int_equal(fixup_acl(stage->ctx, &stage->ids, &stage->acls, &stage->fixed),
                     KEEPER_CODE_INVALIDACL);
}

static void ids_of_each_scheme_are_valid_as_in_java(void **state)
{
    static const struct {
        const char *scheme;
        const char *id;
        enum keeper_code code;
    } rows[] = {
        {"world", "anyone", KEEPER_CODE_OK},
        {"world", "me", KEEPER_CODE_INVALIDACL},
        {"world", NULL, KEEPER_CODE_MARSHALLINGERROR},
        {NULL, "x", KEEPER_CODE_INVALIDACL},
        {"sasl", "x", KEEPER_CODE_INVALIDACL},
        {"x509", "x", KEEPER_CODE_INVALIDACL},
        {"super", "", KEEPER_CODE_INVALIDACL},
        {"super", NULL, KEEPER_CODE_INVALIDACL},
        {"ip", "127.0.0.1", KEEPER_CODE_OK},
        {"ip", "+1.2.3.4", KEEPER_CODE_OK},
        {"ip", "10.0.0.0/8", KEEPER_CODE_OK},
        {"ip", "10.0.0.0/0", KEEPER_CODE_OK},
        {"ip", "10.0.0.0/32", KEEPER_CODE_OK},
        {"ip", "10.0.0.0/33", KEEPER_CODE_INVALIDACL},
        {"ip", "10.0.0.0/-1", KEEPER_CODE_INVALIDACL},
        {"ip", "10.0.0.0/", KEEPER_CODE_INVALIDACL},
        {"ip", "10.0.0.0/8/8", KEEPER_CODE_INVALIDACL},
        {"ip", "1.2.3", KEEPER_CODE_INVALIDACL},
        {"ip", "1.2.3.4.5", KEEPER_CODE_INVALIDACL},
        {"ip", "1.2.3.", KEEPER_CODE_INVALIDACL},
        {"ip", "1.2.3.256", KEEPER_CODE_INVALIDACL},
        {"ip", "::1", KEEPER_CODE_INVALIDACL},
        {"ip", "", KEEPER_CODE_INVALIDACL},
        {"ip", NULL, KEEPER_CODE_MARSHALLINGERROR},
        {"digest", "bob:hash", KEEPER_CODE_OK},
        {"digest", ":b", KEEPER_CODE_OK},
        {"digest", "a:b::", KEEPER_CODE_OK},
        {"digest", "a:", KEEPER_CODE_INVALIDACL},
        {"digest", "a", KEEPER_CODE_INVALIDACL},
        {"digest", "", KEEPER_CODE_INVALIDACL},
        {"digest", "a:b:c", KEEPER_CODE_INVALIDACL},
        {"digest", "b\xff:x", KEEPER_CODE_INVALIDACL}, /* D-156 */
        {"digest", NULL, KEEPER_CODE_MARSHALLINGERROR},
    };
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (fixup(stage, rows[i].scheme, rows[i].id) != rows[i].code)
            fail_msg("%s:%s should be %d", rows[i].scheme, rows[i].id, rows[i].code);
}

static void auth_becomes_the_ids_that_are_proved(void **state)
{
    struct stage *stage = *state;
    add_id(stage, "ip", "127.0.0.1");
    assert_int_equal(fixup(stage, "auth", ""), KEEPER_CODE_INVALIDACL);
    add_id(stage, "digest", "bob:x");
    add_id(stage, "super", "");
    add_id(stage, "digest", "eve:y");

    assert_int_equal(fixup(stage, "auth", "it does not matter"), KEEPER_CODE_OK);

    assert_int_equal(stage->fixed.count, 2);
    assert_string_equal(stage->fixed.items[0].id.id.text, "bob:x");
    assert_string_equal(stage->fixed.items[1].id.id.text, "eve:y");
    assert_int_equal(stage->fixed.items[1].perms, PERMS_ALL);
}

static void a_client_without_ids_at_all_cannot_say_auth(void **state)
{
    struct stage *stage = *state;
    stage->ids.present = false;
    assert_int_equal(fixup(stage, "auth", ""), KEEPER_CODE_MARSHALLINGERROR);
    assert_int_equal(fixup(stage, "world", "anyone"), KEEPER_CODE_OK);
}

static void what_is_repeated_stands_once_and_the_order_stays(void **state)
{
    struct stage *stage = *state;
    zk_acl_list_add(&stage->acls, PERMS_READ, "world", "anyone");
    zk_acl_list_add(&stage->acls, PERMS_ALL, "digest", "bob:x");
    zk_acl_list_add(&stage->acls, PERMS_READ, "world", "anyone");
    zk_acl_list_add(&stage->acls, PERMS_WRITE, "world", "anyone");

    assert_int_equal(fixup_acl(stage->ctx, &stage->ids, &stage->acls, &stage->fixed),
                     KEEPER_CODE_OK);

    assert_int_equal(stage->fixed.count, 3);
    assert_int_equal(stage->fixed.items[0].perms, PERMS_READ);
    assert_string_equal(stage->fixed.items[1].id.scheme.text, "digest");
    assert_int_equal(stage->fixed.items[2].perms, PERMS_WRITE);
}

/* Sorting is for finding the repeated ones only. */
static void a_long_list_keeps_its_order_too(void **state)
{
    enum { ENTRIES = 20000 };
    struct stage *stage = *state;
    char id[16];
    for (int i = 0; i < 2 * ENTRIES; i++) {
        snprintf(id, sizeof id, "bob:%d", i * 7919 % ENTRIES);
        zk_acl_list_add(&stage->acls, PERMS_READ, "digest", id);
    }
    assert_int_equal(fixup_acl(stage->ctx, &stage->ids, &stage->acls, &stage->fixed),
                     KEEPER_CODE_OK);
    assert_int_equal(stage->fixed.count, ENTRIES);
    for (int i = 0; i < ENTRIES; i++)
        assert_true(jute_equal(&zk_acl_record, &stage->acls.items[i], &stage->fixed.items[i]));
}

/* D-163. A request has room for many an "auth", and each becomes all ids of the client. */
static void a_list_that_no_transaction_could_hold_is_invalid(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "jute.maxbuffer", "1000");
    zk_settings_set(stage->ctx, "zookeeper.jute.maxbuffer.extrasize", "1024");
    add_id(stage, "digest", "bob:x");
    add_id(stage, "digest", "eve:y");
    for (int32_t perms = 1; perms <= 2024 / (2 * 23) + 1; perms++)
        zk_acl_list_add(&stage->acls, perms, "auth", "");
    assert_int_equal(fixup_acl(stage->ctx, &stage->ids, &stage->acls, &stage->fixed),
                     KEEPER_CODE_INVALIDACL);
    stage->acls.count--;
    assert_int_equal(fixup_acl(stage->ctx, &stage->ids, &stage->acls, &stage->fixed),
                     KEEPER_CODE_OK);
    assert_int_equal(stage->fixed.count, 2 * stage->acls.count);
    stage->acls.count++;
}

static void without_its_provider_digest_is_no_scheme(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.DigestAuthenticationProvider.enabled", "false");
    assert_int_equal(fixup(stage, "digest", "bob:x"), KEEPER_CODE_INVALIDACL);
}

/* ---- checkACL -------------------------------------------------------------------------------- */

static void an_entry_counts_for_whom_it_names(void **state)
{
    static const struct {
        int32_t perms;
        const char *scheme;
        const char *id;
        enum keeper_code code;
    } rows[] = {
        {PERMS_ALL, "world", "anyone", KEEPER_CODE_OK},
        {PERMS_READ, "world", "anyone", KEEPER_CODE_OK},
        {PERMS_WRITE, "world", "anyone", KEEPER_CODE_NOAUTH},
        {0, "world", "anyone", KEEPER_CODE_NOAUTH},
        {-1, "world", "anyone", KEEPER_CODE_OK},
        {PERMS_ALL, "digest", "bob:x", KEEPER_CODE_OK},
        {PERMS_ALL, "digest", "bob:y", KEEPER_CODE_NOAUTH},
        {PERMS_ALL, "ip", "10.1.2.3", KEEPER_CODE_OK},
        {PERMS_ALL, "ip", "10.1.2.4", KEEPER_CODE_NOAUTH},
        {PERMS_ALL, "ip", "10.1.99.99/16", KEEPER_CODE_OK},
        {PERMS_ALL, "ip", "10.1.2.2/31", KEEPER_CODE_OK},
        {PERMS_ALL, "ip", "10.1.2.1/31", KEEPER_CODE_NOAUTH},
        {PERMS_ALL, "ip", "99.99.99.99/0", KEEPER_CODE_OK},
    };
    struct stage *stage = *state;
    add_id(stage, "digest", "bob:x");
    add_id(stage, "ip", "10.1.2.3");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (may_read(stage, rows[i].perms, rows[i].scheme, rows[i].id) != rows[i].code)
            fail_msg("%d %s:%s should be %d", rows[i].perms, rows[i].scheme, rows[i].id,
                     rows[i].code);
}

static void a_client_on_ipv6_matches_no_ip_entry(void **state)
{
    struct stage *stage = *state;
    add_id(stage, "ip", "0:0:0:0:0:0:0:1");
    assert_int_equal(may_read(stage, PERMS_ALL, "ip", "0.0.0.0/0"), KEEPER_CODE_NOAUTH);
}

static void super_may_do_everything(void **state)
{
    struct stage *stage = *state;
    add_id(stage, "super", "");
    assert_int_equal(may_read(stage, 0, "digest", "eve:y"), KEEPER_CODE_OK);
    assert_int_equal(check_acl(stage->ctx, NULL, PERMS_READ, &stage->ids), KEEPER_CODE_OK);
}

static void an_empty_list_is_open_and_a_lost_one_closed(void **state)
{
    struct stage *stage = *state;
    add_id(stage, "ip", "10.1.2.3");
    assert_int_equal(check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids), KEEPER_CODE_OK);
    assert_int_equal(check_acl(stage->ctx, NULL, PERMS_READ, &stage->ids), KEEPER_CODE_NOAUTH);
}

static void ids_that_are_null_fail_as_in_java(void **state)
{
    struct stage *stage = *state;
    stage->ids.present = false;
    assert_int_equal(may_read(stage, PERMS_ALL, "world", "anyone"), KEEPER_CODE_MARSHALLINGERROR);
    stage->ids.present = true;
    assert_int_equal(may_read(stage, PERMS_ALL, "world", "anyone"), KEEPER_CODE_OK);
    add_id(stage, NULL, "x");
    assert_int_equal(may_read(stage, PERMS_ALL, "world", "anyone"), KEEPER_CODE_MARSHALLINGERROR);
}

static void an_id_that_is_null_fails_where_it_is_compared(void **state)
{
    struct stage *stage = *state;
    add_id(stage, "digest", NULL);
    assert_int_equal(may_read(stage, PERMS_ALL, "world", "anyone"), KEEPER_CODE_OK);
    assert_int_equal(may_read(stage, PERMS_ALL, "ip", "10.1.2.3"), KEEPER_CODE_NOAUTH);
    assert_int_equal(may_read(stage, PERMS_ALL, "digest", "bob:x"), KEEPER_CODE_MARSHALLINGERROR);
}

/* Long lists are searched in another way than short ones. The client has every third of the names,
 * and the other two are in the list, with one of its own at any place or at none. */
static void a_long_list_is_checked_as_a_short_one(void **state)
{
    enum { NAMES = 300 };
    struct stage *stage = *state;
    char id[16];
    add_id(stage, "ip", "10.1.2.3");
    for (int i = 0; i < NAMES; i++) {
        snprintf(id, sizeof id, "bob:%d", i * 7 % NAMES);
        if (i * 7 % NAMES % 3 == 0)
            add_id(stage, "digest", id);
        else
            zk_acl_list_add(&stage->acls, PERMS_ALL, "digest", id);
    }
    assert_int_equal(check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids),
                     KEEPER_CODE_NOAUTH);
    for (size_t i = 0; i < stage->acls.count; i++) {
        struct zk_id kept = stage->acls.items[i].id;
        snprintf(id, sizeof id, "bob:%zu", 3 * (i % (NAMES / 3)));
        stage->acls.items[i].id.id = (struct ustring){.text = id, .length = strlen(id)};
        assert_int_equal(check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids),
                         KEEPER_CODE_OK);
        stage->acls.items[i].perms = PERMS_WRITE;
        assert_int_equal(check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids),
                         KEEPER_CODE_NOAUTH);
        stage->acls.items[i] = (struct zk_acl){.perms = PERMS_ALL, .id = kept};
    }
    zk_acl_list_add(&stage->acls, PERMS_ALL, "ip", "10.2.0.0/16");
    zk_acl_list_add(&stage->acls, PERMS_ALL, "auto", "10.1.2.3");
    assert_int_equal(check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids),
                     KEEPER_CODE_NOAUTH);
    zk_acl_list_add(&stage->acls, PERMS_READ, "ip", "10.1.0.0/16");
    assert_int_equal(check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids), KEEPER_CODE_OK);
    struct ustring kept = stage->ids.items[5].id;
    stage->ids.items[5].id = (struct ustring){0};
    assert_int_equal(check_acl(stage->ctx, &stage->acls, PERMS_READ, &stage->ids),
                     KEEPER_CODE_MARSHALLINGERROR);
    stage->ids.items[5].id = kept;
}

static void with_skip_acl_nothing_is_asked(void **state)
{
    struct stage *stage = *state;
    zk_settings_set(stage->ctx, "zookeeper.skipACL", "yes");
    stage->ids.present = false;
    assert_int_equal(may_read(stage, 0, "digest", "eve:y"), KEEPER_CODE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_list_is_invalid),
        TEST(ids_of_each_scheme_are_valid_as_in_java),
        TEST(auth_becomes_the_ids_that_are_proved),
        TEST(a_client_without_ids_at_all_cannot_say_auth),
        TEST(what_is_repeated_stands_once_and_the_order_stays),
        TEST(a_long_list_keeps_its_order_too),
        TEST(a_list_that_no_transaction_could_hold_is_invalid),
        TEST(without_its_provider_digest_is_no_scheme),
        TEST(an_entry_counts_for_whom_it_names),
        TEST(a_client_on_ipv6_matches_no_ip_entry),
        TEST(super_may_do_everything),
        TEST(an_empty_list_is_open_and_a_lost_one_closed),
        TEST(ids_that_are_null_fail_as_in_java),
        TEST(an_id_that_is_null_fails_where_it_is_compared),
        TEST(a_long_list_is_checked_as_a_short_one),
        TEST(with_skip_acl_nothing_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
