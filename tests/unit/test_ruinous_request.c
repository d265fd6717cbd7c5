/* What a learner keeps from a leader that may be one of Java, and what it must not keep. */
#include "zk/server/ruinous_request.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/buf.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/record.h"
#include "zk/runtime/context.h"
#include "zk/runtime/settings.h"
#include "zk/server/request.h"
#include "zk_test.h"

enum { CONTAINER = 4, WITH_TTL = 5 };

static const char STATS_NODE[] = "/zookeeper/quota/a/zookeeper_stats";

static int setup(void **state)
{
    *state = test_context();
    return 0;
}

static int teardown(void **state)
{
    zk_context_free(*state);
    return 0;
}

/* What becomes of a request of this type with this body, whose reference it takes over. */
static int judge(struct zk_context *ctx, int32_t type, struct buf *body)
{
    struct request *request = request_new(NULL, 1, 1, type, body, NULL);
    int code = ruinous_request(ctx, request);
    request_unref(request);
    buf_unref(body);
    return code;
}

static int judge_record(struct zk_context *ctx, int32_t type, const struct jute_record *table,
                        void *record)
{
    struct buf *body = jute_to_buf(table, record);
    jute_done(table, record);
    return judge(ctx, type, body);
}

static int judge_create_ttl(struct zk_context *ctx, int32_t flags, int64_t ttl)
{
    struct create_ttl_request record = {
        .path = ustring_of("/t"), .acl = {.present = true}, .flags = flags, .ttl = ttl};
    return judge_record(ctx, OP_CODE_CREATE_TTL, &create_ttl_request_record, &record);
}

static struct buf *buf_of(const char *text)
{
    return buf_new_copy(text, strlen(text));
}

static int judge_set_data(struct zk_context *ctx, const char *path, const char *text)
{
    struct set_data_request record = {.path = path != NULL ? ustring_of(path) : (struct ustring){0},
                                      .version = -1};
    record.data = text != NULL ? buf_of(text) : NULL;
    return judge_record(ctx, OP_CODE_SET_DATA, &set_data_request_record, &record);
}

/* A multi of one create, and behind it one operation, whose record is ended here. */
static int judge_multi(struct zk_context *ctx, int32_t type, const struct jute_record *table,
                       void *record)
{
    struct create_request create = {.path = ustring_of("/c"), .acl = {.present = true}};
    const struct {
        int32_t type;
        const struct jute_record *table;
        void *record;
    } parts[] = {{OP_CODE_CREATE, &create_request_record, &create}, {type, table, record}};
    uint8_t bytes[1024];
    size_t length = 0;
    for (size_t i = 0; i <= sizeof parts / sizeof parts[0]; i++) {
        bool done = i == sizeof parts / sizeof parts[0];
        struct multi_header header = {.type = done ? -1 : parts[i].type, .done = done, .err = -1};
        struct buf *pieces[] = {jute_to_buf(&multi_header_record, &header),
                                done ? NULL : jute_to_buf(parts[i].table, parts[i].record)};
        for (size_t j = 0; j < 2 && pieces[j] != NULL; j++) {
            assert_true(length + pieces[j]->length <= sizeof bytes);
            memcpy(bytes + length, pieces[j]->bytes, pieces[j]->length);
            length += pieces[j]->length;
            buf_unref(pieces[j]);
        }
        if (!done)
            jute_done(parts[i].table, parts[i].record);
    }
    return judge(ctx, OP_CODE_MULTI, buf_new_copy(bytes, length));
}

/* CLI-37 */
static void a_ttl_below_zero_without_its_mode_is_refused(void **state)
{
    for (int32_t flags = 0; flags <= CONTAINER; flags++)
        assert_int_equal(judge_create_ttl(*state, flags, -1), KEEPER_CODE_BADARGUMENTS);
}

static void what_java_refuses_of_a_ttl_goes_to_the_leader(void **state)
{
    assert_int_equal(judge_create_ttl(*state, 0, 0), 0);
    assert_int_equal(judge_create_ttl(*state, WITH_TTL, -1), 0);
    assert_int_equal(judge_create_ttl(*state, WITH_TTL, 1000), 0);
    assert_int_equal(judge_create_ttl(*state, 99, -1), 0);
    assert_int_equal(judge(*state, OP_CODE_CREATE_TTL, buf_of("cut")), 0);
}

static void a_check_outside_of_a_multi_is_refused_whatever_it_says(void **state)
{
    struct check_version_request record = {.path = ustring_of("/"), .version = -1};
    assert_int_equal(judge_record(*state, OP_CODE_CHECK, &check_version_request_record, &record),
                     KEEPER_CODE_UNIMPLEMENTED);
    assert_int_equal(judge(*state, OP_CODE_CHECK, NULL), KEEPER_CODE_UNIMPLEMENTED);
}

static void a_null_path_anywhere_in_a_multi_is_refused(void **state)
{
    struct delete_request delete = {.version = -1};
    assert_int_equal(judge_multi(*state, OP_CODE_DELETE, &delete_request_record, &delete),
                     KEEPER_CODE_MARSHALLINGERROR);
    struct check_version_request check = {.version = -1};
    assert_int_equal(judge_multi(*state, OP_CODE_CHECK, &check_version_request_record, &check),
                     KEEPER_CODE_MARSHALLINGERROR);
    struct set_data_request set = {.version = -1};
    assert_int_equal(judge_multi(*state, OP_CODE_SET_DATA, &set_data_request_record, &set),
                     KEEPER_CODE_MARSHALLINGERROR);
}

static void other_multis_go_to_the_leader(void **state)
{
    struct delete_request delete = {.path = ustring_of("/c"), .version = -1};
    assert_int_equal(judge_multi(*state, OP_CODE_DELETE, &delete_request_record, &delete), 0);
    struct set_data_request set = {.path = ustring_of(STATS_NODE), .version = -1};
    set.data = buf_of("count=1,bytes=2");
    assert_int_equal(judge_multi(*state, OP_CODE_SET_DATA, &set_data_request_record, &set), 0);
    /* Java finds out that it cannot read them, and says so. */
    assert_int_equal(judge(*state, OP_CODE_MULTI, buf_of("cut")), 0);
    assert_int_equal(judge(*state, OP_CODE_MULTI, NULL), 0);
    struct get_data_request mixed = {.path = ustring_of("/c")};
    assert_int_equal(judge_multi(*state, OP_CODE_GET_DATA, &get_data_request_record, &mixed), 0);
}

static void a_reconfig_that_is_cut_is_refused(void **state)
{
    assert_int_equal(judge(*state, OP_CODE_RECONFIG, buf_of("cut")), KEEPER_CODE_MARSHALLINGERROR);
    assert_int_equal(judge(*state, OP_CODE_RECONFIG, NULL), KEEPER_CODE_MARSHALLINGERROR);
    struct reconfig_request whole = {.cur_config_id = -1};
    assert_int_equal(judge_record(*state, OP_CODE_RECONFIG, &reconfig_request_record, &whole), 0);
}

static void nonsense_for_a_quotas_stats_is_refused(void **state)
{
    assert_int_equal(judge_set_data(*state, STATS_NODE, "abc"), KEEPER_CODE_BADARGUMENTS);
    assert_int_equal(judge_set_data(*state, STATS_NODE, NULL), KEEPER_CODE_BADARGUMENTS);
    struct set_data_request set = {.path = ustring_of(STATS_NODE), .version = -1};
    set.data = buf_of("abc");
    assert_int_equal(judge_multi(*state, OP_CODE_SET_DATA, &set_data_request_record, &set),
                     KEEPER_CODE_BADARGUMENTS);
}

static void other_data_goes_to_the_leader(void **state)
{
    assert_int_equal(judge_set_data(*state, STATS_NODE, "count=1,bytes=2"), 0);
    assert_int_equal(judge_set_data(*state, "/zookeeper/quota/a/zookeeper_limits", "abc"), 0);
    assert_int_equal(judge_set_data(*state, "/a", "abc"), 0);
    assert_int_equal(judge_set_data(*state, NULL, "abc"), 0);
    assert_int_equal(judge(*state, OP_CODE_SET_DATA, buf_of("cut")), 0);
    assert_int_equal(judge(*state, OP_CODE_DELETE, NULL), 0);
}

/* ---- an ACL that becomes too long ------------------------------------------------------------ */

enum { AUTH_ID_BYTES = 3 * 4 + 6 + 5 };

/* What becomes of a request of bob's, who has shown ten passwords, where a transaction may have
 * 2024 bytes. Takes over the reference to body. */
static int judge_bobs(struct zk_context *ctx, int32_t type, struct buf *body)
{
    struct zk_id items[11] = {{.scheme = ustring_of("ip"), .id = ustring_of("10.1.2.3")}};
    struct zk_id_list ids = {.present = true, .items = items, .count = 11};
    for (size_t i = 1; i < ids.count; i++)
        items[i] = (struct zk_id){.scheme = ustring_of("digest"), .id = ustring_of("bob:x")};
    zk_settings_set(ctx, "jute.maxbuffer", "1000");
    zk_settings_set(ctx, "zookeeper.jute.maxbuffer.extrasize", "1024");
    struct request *request = request_new(NULL, 1, 1, type, body, &ids);
    int code = ruinous_request(ctx, request);
    request_unref(request);
    buf_unref(body);
    for (size_t i = 0; i < ids.count; i++)
        jute_done(&zk_id_record, &items[i]);
    return code;
}

static int judge_record_of_bob(struct zk_context *ctx, int32_t type,
                               const struct jute_record *table, void *record)
{
    struct buf *body = jute_to_buf(table, record);
    jute_done(table, record);
    return judge_bobs(ctx, type, body);
}

/* So many different entries of that scheme. */
static struct zk_acl_list acls_of(const char *scheme, int count)
{
    struct zk_acl_list acls = {.present = true};
    for (int perms = 1; perms <= count; perms++)
        zk_acl_list_add(&acls, perms, scheme, "");
    return acls;
}

static int judge_create_of_bob(struct zk_context *ctx, int32_t type, const char *scheme, int count)
{
    struct create_request record = {.path = ustring_of("/n"), .acl = acls_of(scheme, count)};
    return judge_record_of_bob(ctx, type, &create_request_record, &record);
}

/* Of path, data, ACL and flags; each entry becomes ten ids. */
enum { MOST_ENTRIES = (2024 - 45 - (4 + 2 + 4 + 4 + 4)) / (10 * AUTH_ID_BYTES) };

/* D-290, D-163. CLI-37 */
static void an_acl_that_a_leader_would_make_too_long_is_refused(void **state)
{
    static const int32_t types[] = {OP_CODE_CREATE, OP_CODE_CREATE2, OP_CODE_CREATE_CONTAINER};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_int_equal(judge_create_of_bob(*state, types[i], "auth", MOST_ENTRIES), 0);
        assert_int_equal(judge_create_of_bob(*state, types[i], "auth", MOST_ENTRIES + 1),
                         KEEPER_CODE_INVALIDACL);
    }
    struct create_ttl_request ttl = {
        .path = ustring_of("/n"), .acl = acls_of("auth", 9), .flags = WITH_TTL, .ttl = 1000};
    assert_int_equal(
        judge_record_of_bob(*state, OP_CODE_CREATE_TTL, &create_ttl_request_record, &ttl),
        KEEPER_CODE_INVALIDACL);
    struct set_acl_request set = {
        .path = ustring_of("/n"), .acl = acls_of("auth", 9), .version = -1};
    assert_int_equal(judge_record_of_bob(*state, OP_CODE_SET_ACL, &set_acl_request_record, &set),
                     KEEPER_CODE_INVALIDACL);
}

/* A multi of so many creates, each with so many different entries "auth". */
static struct buf *buf_of_creates(int operations, int entries)
{
    uint8_t bytes[2048];
    size_t length = 0;
    for (int i = 0; i <= operations; i++) {
        bool done = i == operations;
        struct multi_header header = {.type = done ? -1 : OP_CODE_CREATE, .done = done, .err = -1};
        struct create_request create = {.path = ustring_of("/n"), .acl = acls_of("auth", entries)};
        struct buf *pieces[] = {jute_to_buf(&multi_header_record, &header),
                                jute_to_buf(&create_request_record, &create)};
        for (int j = 0; j < (done ? 1 : 2); j++) {
            assert_true(length + pieces[j]->length <= sizeof bytes);
            memcpy(bytes + length, pieces[j]->bytes, pieces[j]->length);
            length += pieces[j]->length;
        }
        buf_unref(pieces[0]);
        buf_unref(pieces[1]);
        jute_done(&create_request_record, &create);
    }
    return buf_new_copy(bytes, length);
}

/* Each alone has room. */
static void acls_of_one_multi_that_are_too_long_together_are_refused(void **state)
{
    struct buf *one = buf_of_creates(1, MOST_ENTRIES - 1);
    struct buf *two = buf_of_creates(2, MOST_ENTRIES - 1);
    assert_int_equal(judge_bobs(*state, OP_CODE_MULTI, one), KEEPER_CODE_OK);
    assert_int_equal(judge_bobs(*state, OP_CODE_MULTI, two), KEEPER_CODE_INVALIDACL);
}

static void other_acls_go_to_the_leader(void **state)
{
    /* Java finds out that there is no such scheme. */
    assert_int_equal(judge_create_of_bob(*state, OP_CODE_CREATE, "nope", 40), 0);
    /* Entries that are equal become one. */
    struct create_request same = {.path = ustring_of("/n"), .acl = {.present = true}};
    for (int i = 0; i < 40; i++)
        zk_acl_list_add(&same.acl, 1, "auth", "");
    assert_int_equal(judge_record_of_bob(*state, OP_CODE_CREATE, &create_request_record, &same), 0);
    /* A client without ids: Java says that its list is invalid. */
    struct create_request nobodys = {.path = ustring_of("/n"), .acl = acls_of("auth", 40)};
    assert_int_equal(judge_record(*state, OP_CODE_CREATE, &create_request_record, &nobodys), 0);
    assert_int_equal(judge(*state, OP_CODE_CREATE, buf_of("cut")), 0);
    assert_int_equal(judge(*state, OP_CODE_CREATE, NULL), 0);
    assert_int_equal(judge(*state, OP_CODE_SET_ACL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_acl_that_a_leader_would_make_too_long_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(acls_of_one_multi_that_are_too_long_together_are_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(other_acls_go_to_the_leader, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ttl_below_zero_without_its_mode_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_java_refuses_of_a_ttl_goes_to_the_leader, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_check_outside_of_a_multi_is_refused_whatever_it_says,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_null_path_anywhere_in_a_multi_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(other_multis_go_to_the_leader, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reconfig_that_is_cut_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_for_a_quotas_stats_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(other_data_goes_to_the_leader, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
