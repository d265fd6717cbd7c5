/* What reads are answered. Java: FinalRequestProcessorTest, GetChildren2Test, StatTest, ACLTest */
#include "zk/server/final_request_processor.h"

#include <stdlib.h>
#include <string.h>

#include "final_stage.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/txn_log_entry.h"
#include "zk_test.h"

/* ---- given ----------------------------------------------------------------------------------- */

/* A node with that one entry in its list. */
static void create_node(struct final_stage *stage, const char *path, int32_t perms,
                        const char *scheme, const char *id)
{
    union txn_record record = {.create = {.path = ustring_of(path),
                                          .data = buf_new_copy("world", 5),
                                          .parent_cversion = -1}};
    zk_acl_list_add(&record.create.acl, perms, scheme, id);
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    stage->client.responses = 0;
}

static void create_open_node(struct final_stage *stage, const char *path)
{
    create_node(stage, path, PERMS_ALL, "world", "anyone");
}

static void come_as(struct final_stage *stage, const char *scheme, const char *id)
{
    struct zk_id *one = jute_list_add(&zk_id_record, &stage->auth);
    *one = (struct zk_id){.scheme = ustring_of(scheme), .id = ustring_of(id)};
}

/* ---- when ------------------------------------------------------------------------------------ */

/* Any of the requests that are a path and a watch; the path alone is what getACL wants, too. */
static void ask(struct final_stage *stage, int32_t type, const char *path)
{
    struct ustring text = ustring_of(path);
    struct get_data_request request = {.path = text};
    struct buf *body = jute_to_buf(&get_data_request_record, &request);
    stage->client.responses = 0;
    final_stage_request(stage, type, body, NULL, 0);
    buf_unref(body);
    ustring_done(&text);
}

static const int32_t PATH_READS[] = {OP_CODE_EXISTS,        OP_CODE_GET_DATA,
                                     OP_CODE_GET_ACL,       OP_CODE_GET_CHILDREN,
                                     OP_CODE_GET_CHILDREN2, OP_CODE_GET_ALL_CHILDREN_NUMBER};
enum { PATH_READ_COUNT = sizeof PATH_READS / sizeof PATH_READS[0] };

/* ---- then ------------------------------------------------------------------------------------ */

static void expect_error(struct final_stage *stage, int32_t err)
{
    final_stage_expect_header(stage, err);
    assert_null(stage->client.body);
}

static void expect_children(struct final_stage *stage, const char *const *names, size_t count)
{
    struct get_children2_response response;
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    final_stage_expect_body(stage, &get_children2_response_record, &response);
    assert_int_equal(response.children.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(response.children.items[i].text, names[i]);
    assert_int_equal(response.stat.num_children, count);
    jute_done(&get_children2_response_record, &response);
}

static void expect_acl_id(struct final_stage *stage, const char *id)
{
    struct get_acl_response response;
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    final_stage_expect_body(stage, &get_acl_response_record, &response);
    assert_int_equal(response.acl.count, 1);
    assert_string_equal(response.acl.items[0].id.id.text, id);
    assert_int_equal(response.stat.data_length, 5);
    jute_done(&get_acl_response_record, &response);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* CLI-14 */
static void a_node_is_read_with_its_data_and_its_stat(void **state)
{
    struct final_stage *stage = *state;
    create_open_node(stage, "/t");
    create_open_node(stage, "/t/k");

    ask(stage, OP_CODE_GET_DATA, "/t");

    struct get_data_response response;
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    final_stage_expect_body(stage, &get_data_response_record, &response);
    assert_int_equal(response.data->length, 5);
    assert_memory_equal(response.data->bytes, "world", 5);
    assert_int_equal(response.stat.czxid, stage->last_zxid - 1);
    assert_int_equal(response.stat.pzxid, stage->last_zxid);
    assert_int_equal(response.stat.cversion, 1);
    assert_int_equal(response.stat.num_children, 1);
    assert_int_equal(response.stat.data_length, 5);
    jute_done(&get_data_response_record, &response);

    ask(stage, OP_CODE_EXISTS, "/t");
    struct exists_response exists;
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    final_stage_expect_body(stage, &exists_response_record, &exists);
    assert_int_equal(exists.stat.cversion, 1);
}

/* "a" hashes to 97 and so on; the order is that of Java's HashSet with 8 places. CLI-12 */
static void children_come_in_the_order_of_javas_hash_set(void **state)
{
    struct final_stage *stage = *state;
    static const char *const IN_ORDER[] = {"h", "a", "b", "c"};
    create_open_node(stage, "/p");
    create_open_node(stage, "/p/c");
    create_open_node(stage, "/p/b");
    create_open_node(stage, "/p/a");
    create_open_node(stage, "/p/h");

    ask(stage, OP_CODE_GET_CHILDREN2, "/p");
    expect_children(stage, IN_ORDER, 4);

    ask(stage, OP_CODE_GET_CHILDREN, "/p");
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    assert_int_equal(stage->client.body->length, 4 + 4 * 5);
}

static void the_root_has_two_names(void **state)
{
    struct final_stage *stage = *state;
    static const char *const IN_ORDER[] = {"zookeeper"};
    stage->last_zxid = 0;
    ask(stage, OP_CODE_GET_CHILDREN2, "/");
    expect_children(stage, IN_ORDER, 1);
    ask(stage, OP_CODE_GET_CHILDREN2, "");
    expect_children(stage, IN_ORDER, 1);
}

/* CLI-79 */
static void all_children_are_counted_at_any_depth(void **state)
{
    struct final_stage *stage = *state;
    static const struct {
        const char *path;
        int32_t number;
    } COUNTS[] = {{"/p", 3}, {"/p/a", 1}, {"/p/a/b", 0}, {"/", 8}, {"", 9}, {"/pp", 0}};
    create_open_node(stage, "/p");
    create_open_node(stage, "/pp");
    create_open_node(stage, "/p/a");
    create_open_node(stage, "/p/a/b");
    create_open_node(stage, "/p/c");
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        struct get_all_children_number_response response;
        ask(stage, OP_CODE_GET_ALL_CHILDREN_NUMBER, COUNTS[i].path);
        final_stage_expect_header(stage, KEEPER_CODE_OK);
        final_stage_expect_body(stage, &get_all_children_number_response_record, &response);
        assert_int_equal(response.total_number, COUNTS[i].number);
    }
}

static void a_missing_node_is_answered_so(void **state)
{
    struct final_stage *stage = *state;
    create_open_node(stage, "/q");
    static const char *const MISSING[] = {"/none", "/q/", "q", "/q/.", "//q"};
    for (size_t i = 0; i < sizeof MISSING / sizeof MISSING[0]; i++) {
        for (size_t op = 0; op < PATH_READ_COUNT; op++) {
            ask(stage, PATH_READS[op], MISSING[i]);
            expect_error(stage, KEEPER_CODE_NONODE);
        }
    }
}

/* CLI-42 */
static void a_null_path_cannot_be_read(void **state)
{
    struct final_stage *stage = *state;
    stage->last_zxid = 0;
    for (size_t op = 0; op < PATH_READ_COUNT; op++) {
        ask(stage, PATH_READS[op], NULL);
        expect_error(stage, KEEPER_CODE_MARSHALLINGERROR);
    }
}

/* CLI-17: only exists looks at what the path is made of. */
static void a_zero_byte_in_a_path_is_refused_by_exists_alone(void **state)
{
    struct final_stage *stage = *state;
    create_open_node(stage, "/z");
    static const uint8_t BODY[] = {0, 0, 0, 4, '/', 'z', '\0', 'y', 0};
    for (size_t op = 0; op < PATH_READ_COUNT; op++) {
        struct buf *body = buf_new_copy(BODY, sizeof BODY);
        stage->client.responses = 0;
        final_stage_request(stage, PATH_READS[op], body, NULL, 0);
        expect_error(stage, PATH_READS[op] == OP_CODE_EXISTS ? KEEPER_CODE_BADARGUMENTS
                                                             : KEEPER_CODE_NONODE);
        buf_unref(body);
    }
}

/* CLI-39, CLI-43 */
static void a_body_that_ends_early_or_lies_about_a_length_cannot_be_read(void **state)
{
    struct final_stage *stage = *state;
    static const uint8_t BODY[] = {0, 0, 0, 2, '/', 't', 0};
    static const uint8_t LIE[] = {0x7f, 0xff, 0xff, 0xff, '/', 't', 0};
    stage->last_zxid = 0;
    for (size_t op = 0; op < PATH_READ_COUNT; op++) {
        bool has_watch =
            PATH_READS[op] != OP_CODE_GET_ACL && PATH_READS[op] != OP_CODE_GET_ALL_CHILDREN_NUMBER;
        size_t whole = has_watch ? sizeof BODY : sizeof BODY - 1;
        for (size_t length = 0; length <= whole; length++) {
            bool is_whole = length == whole;
            struct buf *body = is_whole ? buf_new_copy(LIE, length) : buf_new_copy(BODY, length);
            stage->client.responses = 0;
            final_stage_request(stage, PATH_READS[op], body, NULL, 0);
            expect_error(stage, KEEPER_CODE_MARSHALLINGERROR);
            buf_unref(body);
        }
    }
}

static void a_path_of_any_length_is_looked_up(void **state)
{
    struct final_stage *stage = *state;
    char path[70000];
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    create_open_node(stage, path);
    ask(stage, OP_CODE_EXISTS, path);
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    path[sizeof path - 2] = 'y';
    ask(stage, OP_CODE_EXISTS, path);
    expect_error(stage, KEEPER_CODE_NONODE);
}

/* CLI-70 */
static void without_the_right_to_read_only_the_stat_is_told(void **state)
{
    struct final_stage *stage = *state;
    create_node(stage, "/s", PERMS_WRITE, "world", "anyone");
    come_as(stage, "ip", "127.0.0.1");
    for (size_t op = 0; op < PATH_READ_COUNT; op++) {
        ask(stage, PATH_READS[op], "/s");
        if (PATH_READS[op] == OP_CODE_EXISTS)
            final_stage_expect_header(stage, KEEPER_CODE_OK);
        else
            expect_error(stage, KEEPER_CODE_NOAUTH);
    }
    come_as(stage, "super", "");
    for (size_t op = 0; op < PATH_READ_COUNT; op++) {
        ask(stage, PATH_READS[op], "/s");
        final_stage_expect_header(stage, KEEPER_CODE_OK);
    }
}

/* CLI-72, CVE-2019-0201 */
static void only_who_may_change_a_list_sees_its_secrets(void **state)
{
    struct final_stage *stage = *state;
    create_node(stage, "/r", PERMS_READ, "digest", "bob:secret");
    create_node(stage, "/a", PERMS_ADMIN, "digest", "bob:secret");
    create_node(stage, "/l", PERMS_READ, "digest", "bob:sec\nret");
    come_as(stage, "digest", "bob:secret");
    come_as(stage, "digest", "bob:sec\nret");
    ask(stage, OP_CODE_GET_ACL, "/r");
    expect_acl_id(stage, "bob:x");
    ask(stage, OP_CODE_GET_ACL, "/a");
    expect_acl_id(stage, "bob:secret");
    ask(stage, OP_CODE_GET_ACL, "/l");
    expect_acl_id(stage, "bob:x\nret");
}

/* ---- what a client asks about itself --------------------------------------------------------- */

static void create_ephemeral(struct final_stage *stage, const char *path)
{
    union txn_record record = open_create_record(path);
    record.create.ephemeral = true;
    record.create.parent_cversion = -1;
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    stage->client.responses = 0;
}

static void expect_ephemerals(struct final_stage *stage, const char *prefix,
                              const char *const *paths, size_t count)
{
    struct get_ephemerals_response response;
    struct ustring text = ustring_of(prefix);
    struct get_ephemerals_request request = {.prefix_path = text};
    struct buf *body = jute_to_buf(&get_ephemerals_request_record, &request);
    stage->client.responses = 0;
    final_stage_request(stage, OP_CODE_GET_EPHEMERALS, body, NULL, 0);
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    final_stage_expect_body(stage, &get_ephemerals_response_record, &response);
    assert_int_equal(response.ephemerals.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(response.ephemerals.items[i].text, paths[i]);
    jute_done(&get_ephemerals_response_record, &response);
    buf_unref(body);
    ustring_done(&text);
}

/* CLI-79. "/b" and "/r" share a place in Java's table, before that of "/n"; "/b" is created anew
 * and comes behind "/r". */
static void a_session_sees_its_nodes_in_the_order_of_javas_hash_set(void **state)
{
    struct final_stage *stage = *state;
    static const char *const ALL[] = {"/r", "/b", "/n"};
    create_open_node(stage, "/a");
    expect_ephemerals(stage, NULL, NULL, 0);
    create_ephemeral(stage, "/b");
    create_ephemeral(stage, "/r");
    create_ephemeral(stage, "/n");
    union txn_record record = {.delete = {.path = ustring_of("/b")}};
    final_stage_request(stage, OP_CODE_DELETE, NULL,
                        final_stage_txn(stage, OP_CODE_DELETE, &record), 0);
    create_ephemeral(stage, "/b");

    static const char *const EVERYTHING[] = {NULL, "", " ", "/", " / \n"};
    for (size_t i = 0; i < sizeof EVERYTHING / sizeof EVERYTHING[0]; i++)
        expect_ephemerals(stage, EVERYTHING[i], ALL, 3);
    expect_ephemerals(stage, "/r", ALL, 1);
    expect_ephemerals(stage, "/rr", NULL, 0);
    create_ephemeral(stage, "/rr");
    static const char *const BOTH[] = {"/r", "/rr"};
    expect_ephemerals(stage, "/r", BOTH, 2);
}

static void whoever_asks_is_told_as_whom_he_came(void **state)
{
    struct final_stage *stage = *state;
    static const char *const EXPECTED[][2] = {{"digest", "bob"}, {"ip", "10.0.0.1"}, {"super", ""}};
    come_as(stage, "digest", "bob:secret");
    come_as(stage, "ip", "10.0.0.1");
    come_as(stage, "super", "");
    final_stage_request(stage, OP_CODE_WHO_AM_I, NULL, NULL, 0);
    struct who_am_i_response response;
    stage->last_zxid = 0;
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    final_stage_expect_body(stage, &who_am_i_response_record, &response);
    assert_int_equal(response.client_info.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(response.client_info.items[i].auth_scheme.text, EXPECTED[i][0]);
        assert_string_equal(response.client_info.items[i].user.text, EXPECTED[i][1]);
    }
    jute_done(&who_am_i_response_record, &response);
}

/* ---- multiRead ------------------------------------------------------------------------------- */

static void put_op(struct buf *body, int32_t type, const char *path, uint8_t watch)
{
    buf_put_int(body, type);
    buf_put_byte(body, type == -1);
    buf_put_int(body, -1);
    if (type == -1)
        return;
    buf_put_int(body, path != NULL ? (int32_t)strlen(path) : -1);
    buf_put_bytes(body, path, path != NULL ? strlen(path) : 0);
    if (type == OP_CODE_DELETE)
        buf_put_int(body, -1);
    else
        buf_put_byte(body, watch);
}

/* Gives the reference to body back. */
static void multi_read(struct final_stage *stage, struct buf *body)
{
    stage->client.responses = 0;
    final_stage_request(stage, OP_CODE_MULTI_READ, body, NULL, 0);
    buf_unref(body);
}

/* Where the results begin. */
static struct multi_header result_at(const struct buf *body, size_t at)
{
    return (struct multi_header){.type = zk_load_int(body->bytes + at),
                                 .done = body->bytes[at + 4] != 0,
                                 .err = zk_load_int(body->bytes + at + 5)};
}

enum { HEADER_BYTES = 9, STAT_BYTES = 68 };

/* CLI-80 */
static void each_read_of_a_multi_has_its_own_result(void **state)
{
    struct final_stage *stage = *state;
    create_open_node(stage, "/t");
    create_open_node(stage, "/t/k");
    create_node(stage, "/s", 0, "world", "anyone");
    struct buf *body = buf_new(64);
    put_op(body, OP_CODE_GET_DATA, "/none", 1);
    put_op(body, OP_CODE_GET_CHILDREN, "/s", 1);
    put_op(body, OP_CODE_GET_CHILDREN, "/t", 1);
    put_op(body, OP_CODE_GET_DATA, "/t", 1);
    put_op(body, -1, NULL, 0);

    multi_read(stage, body);

    final_stage_expect_header(stage, KEEPER_CODE_OK);
    const struct buf *answer = stage->client.body;
    size_t at = 0;
    assert_int_equal(result_at(answer, at).type, -1);
    assert_int_equal(result_at(answer, at).err, KEEPER_CODE_NONODE);
    assert_int_equal(zk_load_int(answer->bytes + at + HEADER_BYTES), KEEPER_CODE_NONODE);
    at += HEADER_BYTES + 4;
    assert_int_equal(result_at(answer, at).err, KEEPER_CODE_NOAUTH);
    at += HEADER_BYTES + 4;
    assert_int_equal(result_at(answer, at).type, OP_CODE_GET_CHILDREN);
    assert_int_equal(zk_load_int(answer->bytes + at + HEADER_BYTES), 1);
    at += HEADER_BYTES + 4 + 4 + 1;
    assert_int_equal(result_at(answer, at).type, OP_CODE_GET_DATA);
    assert_memory_equal(answer->bytes + at + HEADER_BYTES, "\0\0\0\5world", 9);
    at += HEADER_BYTES + 9 + STAT_BYTES;
    assert_true(result_at(answer, at).done);
    assert_int_equal(answer->length, at + HEADER_BYTES);
}

/* CLI-80: an error with a body. */
static void a_multi_read_of_something_else_fails_behind_what_it_has_read(void **state)
{
    struct final_stage *stage = *state;
    create_open_node(stage, "/t");
    struct buf *writes = buf_new(64);
    put_op(writes, OP_CODE_DELETE, "/t", 0);
    put_op(writes, -1, NULL, 0);
    multi_read(stage, writes);
    final_stage_expect_header(stage, KEEPER_CODE_MARSHALLINGERROR);
    assert_int_equal(stage->client.body->length, HEADER_BYTES);

    struct buf *null_path = buf_new(64);
    put_op(null_path, OP_CODE_GET_CHILDREN, "/t", 0);
    put_op(null_path, OP_CODE_GET_DATA, NULL, 0);
    put_op(null_path, -1, NULL, 0);
    multi_read(stage, null_path);
    final_stage_expect_header(stage, KEEPER_CODE_MARSHALLINGERROR);
    assert_int_equal(stage->client.body->length, HEADER_BYTES + 4 + HEADER_BYTES);
}

static void a_multi_read_that_cannot_be_read_is_answered_with_a_header_alone(void **state)
{
    struct final_stage *stage = *state;
    create_open_node(stage, "/t");
    struct buf *mixed = buf_new(64);
    put_op(mixed, OP_CODE_GET_DATA, "/t", 0);
    put_op(mixed, OP_CODE_DELETE, "/t", 0);
    put_op(mixed, -1, NULL, 0);
    multi_read(stage, mixed);
    expect_error(stage, KEEPER_CODE_MARSHALLINGERROR);

    struct buf *without_end = buf_new(64);
    put_op(without_end, OP_CODE_GET_DATA, "/t", 0);
    multi_read(stage, without_end);
    expect_error(stage, KEEPER_CODE_MARSHALLINGERROR);

    struct buf *empty = buf_new(64);
    put_op(empty, -1, NULL, 0);
    multi_read(stage, empty);
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    assert_int_equal(stage->client.body->length, HEADER_BYTES);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, final_stage_setup, final_stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_node_is_read_with_its_data_and_its_stat),
        STAGED(children_come_in_the_order_of_javas_hash_set),
        STAGED(the_root_has_two_names),
        STAGED(all_children_are_counted_at_any_depth),
        STAGED(a_missing_node_is_answered_so),
        STAGED(a_null_path_cannot_be_read),
        STAGED(a_zero_byte_in_a_path_is_refused_by_exists_alone),
        STAGED(a_body_that_ends_early_or_lies_about_a_length_cannot_be_read),
        STAGED(a_path_of_any_length_is_looked_up),
        STAGED(without_the_right_to_read_only_the_stat_is_told),
        STAGED(only_who_may_change_a_list_sees_its_secrets),
        STAGED(a_session_sees_its_nodes_in_the_order_of_javas_hash_set),
        STAGED(whoever_asks_is_told_as_whom_he_came),
        STAGED(each_read_of_a_multi_has_its_own_result),
        STAGED(a_multi_read_of_something_else_fails_behind_what_it_has_read),
        STAGED(a_multi_read_that_cannot_be_read_is_answered_with_a_header_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
