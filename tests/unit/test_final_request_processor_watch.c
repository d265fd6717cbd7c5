/* What requests about watches are answered, and when events come. The answers are those of a
 * running Java 3.8.0. Java: FinalRequestProcessor, RemoveWatchesTest, UnsupportedAddWatcherTest */
#include <stdlib.h>
#include <string.h>

#include "final_stage.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

/* ---- given, when ----------------------------------------------------------------------------- */

static void create_node(struct final_stage *stage, const char *path, int32_t perms)
{
    union txn_record record = {.create = {.path = ustring_of(path),
                                          .data = buf_new_copy("world", 5),
                                          .parent_cversion = -1}};
    zk_acl_list_add(&record.create.acl, perms, "world", "anyone");
    stage->client.responses = 0;
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
}

/* The last transaction of the stage is that of its tree. */
static int stage_up(void **state)
{
    int r = final_stage_setup(state);
    create_node(*state, "/first", PERMS_ALL);
    return r;
}

/* The client itself writes. */
static void set_data(struct final_stage *stage, const char *path)
{
    union txn_record record = {
        .set_data = {.path = ustring_of(path), .data = buf_new_copy("again", 5), .version = 1}};
    stage->client.responses = 0;
    final_stage_request(stage, OP_CODE_SET_DATA, NULL,
                        final_stage_txn(stage, OP_CODE_SET_DATA, &record), 0);
}

static void ask(struct final_stage *stage, int32_t type, const struct jute_record *record,
                const void *value)
{
    struct buf *body = jute_to_buf(record, value);
    stage->client.responses = 0;
    buf_unref(stage->client.body);
    stage->client.body = NULL;
    final_stage_request(stage, type, body, NULL, 0);
    buf_unref(body);
}

static void ask_of_path(struct final_stage *stage, int32_t type, const char *path, int32_t number)
{
    struct add_watch_request request = {
        .path = {.text = (char *)path, .length = path != NULL ? strlen(path) : 0}, .mode = number};
    ask(stage, type, &add_watch_request_record, &request); /* all three look like this */
}

static void read_with_watch(struct final_stage *stage, int32_t type, const char *path, bool watch)
{
    struct get_data_request request = {.path = {.text = (char *)path, .length = strlen(path)},
                                       .watch = watch};
    ask(stage, type, &get_data_request_record, &request);
}

/* ---- then ------------------------------------------------------------------------------------ */

static void expect_events(struct final_stage *stage, const char *events)
{
    assert_string_equal(zk_str_text(&stage->client.events), events);
    zk_str_clear(&stage->client.events);
}

static void expect_bare(struct final_stage *stage, int32_t err)
{
    final_stage_expect_header(stage, err);
    assert_null(stage->client.body);
}

static size_t watch_count(const struct final_stage *stage)
{
    struct data_tree *tree = zk_database_get_data_tree(stage->database);
    size_t count = data_tree_get_watch_count(tree);
    data_tree_unref(tree);
    return count;
}

/* ---- reads with a watch ---------------------------------------------------------------------- */

/* CLI-31 */
/* Both become a slash and U+FFFD. */
static void two_paths_that_are_one_to_java_have_one_watch(void **state)
{
    struct final_stage *stage = *state;
    read_with_watch(stage, OP_CODE_EXISTS, "/\xff", true);
    read_with_watch(stage, OP_CODE_EXISTS, "/\xe2\x82", true);
    assert_int_equal(watch_count(stage), 1);
}

static void a_read_sets_a_watch_if_it_asks_for_one(void **state)
{
    struct final_stage *stage = *state;
    create_node(stage, "/a", PERMS_ALL);
    read_with_watch(stage, OP_CODE_GET_DATA, "/a", false);
    read_with_watch(stage, OP_CODE_EXISTS, "/a", false);
    read_with_watch(stage, OP_CODE_GET_CHILDREN, "/a", false);
    read_with_watch(stage, OP_CODE_GET_CHILDREN2, "/a", false);
    assert_int_equal(watch_count(stage), 0);

    read_with_watch(stage, OP_CODE_GET_DATA, "/none", true);
    read_with_watch(stage, OP_CODE_GET_CHILDREN, "/none", true);
    read_with_watch(stage, OP_CODE_GET_CHILDREN2, "/none", true);
    expect_bare(stage, KEEPER_CODE_NONODE);
    assert_int_equal(watch_count(stage), 0);

    read_with_watch(stage, OP_CODE_EXISTS, "/none", true);
    expect_bare(stage, KEEPER_CODE_NONODE);
    assert_int_equal(watch_count(stage), 1);
    read_with_watch(stage, OP_CODE_GET_DATA, "/a", true);
    read_with_watch(stage, OP_CODE_EXISTS, "/a", true); /* the same one */
    assert_int_equal(watch_count(stage), 2);
    read_with_watch(stage, OP_CODE_GET_CHILDREN, "/a", true);
    read_with_watch(stage, OP_CODE_GET_CHILDREN2, "/a", true);
    assert_int_equal(watch_count(stage), 3);
}

/* CLI-67: a read that is refused sets no watch; exists is never refused, and its watch is used up
 * by an event that the client may not see (K-226). */
static void who_may_not_read_hears_nothing(void **state)
{
    struct final_stage *stage = *state;
    create_node(stage, "/secret", PERMS_ALL - PERMS_READ);
    read_with_watch(stage, OP_CODE_GET_DATA, "/secret", true);
    expect_bare(stage, KEEPER_CODE_NOAUTH);
    assert_int_equal(watch_count(stage), 0);
    read_with_watch(stage, OP_CODE_EXISTS, "/secret", true);
    assert_int_equal(watch_count(stage), 1);
    set_data(stage, "/secret");
    expect_events(stage, "");
    assert_int_equal(watch_count(stage), 0);
}

static void an_event_comes_before_the_answer_to_its_write(void **state)
{
    struct final_stage *stage = *state;
    create_node(stage, "/a", PERMS_ALL);
    read_with_watch(stage, OP_CODE_GET_DATA, "/a", true);
    set_data(stage, "/a");
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    assert_int_equal(stage->client.heard_before, strlen("3 /a"));
    expect_events(stage, "3 /a");
}

/* ---- setWatches ------------------------------------------------------------------------------ */

/* CLI-34 */
static void set_watches_is_answered_behind_its_events(void **state)
{
    struct final_stage *stage = *state;
    struct ustring gone = {.text = (char *)"/gone", .length = 5};
    struct ustring here = {.text = (char *)"/a", .length = 2};
    struct set_watches request = {
        .relative_zxid = stage->last_zxid,
        .data_watches = {.present = true, .count = 1, .items = &gone},
        .exist_watches = {.present = true, .count = 1, .items = &here},
        .child_watches = {.present = true, .count = 1, .items = &here},
    };
    create_node(stage, "/a", PERMS_ALL);
    ask(stage, OP_CODE_SET_WATCHES, &set_watches_record, &request);
    expect_bare(stage, KEEPER_CODE_OK);
    assert_int_equal(stage->client.heard_before, strlen("2 /gone, 1 /a, 4 /a"));
    expect_events(stage, "2 /gone, 1 /a, 4 /a");

    request.exist_watches = (struct ustring_list){0};
    ask(stage, OP_CODE_SET_WATCHES, &set_watches_record, &request);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
    expect_events(stage, "2 /gone");
}

/* CLI-34 */
static void set_watches_2_has_two_lists_more(void **state)
{
    struct final_stage *stage = *state;
    struct ustring p = {.text = (char *)"/p", .length = 2};
    struct ustring r = {.text = (char *)"/r", .length = 2};
    struct ustring_list empty = {.present = true};
    struct set_watches2 request = {
        .data_watches = empty,
        .exist_watches = empty,
        .child_watches = empty,
        .persistent_watches = {.present = true, .count = 1, .items = &p},
        .persistent_recursive_watches = {.present = true, .count = 1, .items = &r},
    };
    ask(stage, OP_CODE_SET_WATCHES2, &set_watches2_record, &request);
    expect_bare(stage, KEEPER_CODE_OK);
    assert_int_equal(watch_count(stage), 4);
    create_node(stage, "/p", PERMS_ALL);
    create_node(stage, "/p/k", PERMS_ALL);
    create_node(stage, "/r", PERMS_ALL);
    create_node(stage, "/r/k", PERMS_ALL);
    expect_events(stage, "1 /p, 4 /p, 1 /r, 1 /r/k");

    request.persistent_recursive_watches = (struct ustring_list){0};
    ask(stage, OP_CODE_SET_WATCHES2, &set_watches2_record, &request);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
}

/* ---- addWatch, checkWatches, removeWatches --------------------------------------------------- */

static void expect_watch_added(struct final_stage *stage)
{
    struct error_response response;
    final_stage_expect_header(stage, KEEPER_CODE_OK);
    final_stage_expect_body(stage, &error_response_record, &response);
    assert_int_equal(response.err, 0);
}

/* CLI-64 */
static void add_watch_is_answered_with_a_code_and_looks_at_no_path(void **state)
{
    struct final_stage *stage = *state;
    ask_of_path(stage, OP_CODE_ADD_WATCH, "/p", 0);
    expect_watch_added(stage);
    ask_of_path(stage, OP_CODE_ADD_WATCH, "no path", 1);
    expect_watch_added(stage);
    assert_int_equal(watch_count(stage), 4);
    ask_of_path(stage, OP_CODE_ADD_WATCH, "/p", 2);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
    ask_of_path(stage, OP_CODE_ADD_WATCH, "/p", -1);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
    create_node(stage, "/p", PERMS_ALL);
    expect_events(stage, "1 /p");
}

/* CLI-66 */
static void check_and_remove_say_whether_there_was_a_watch(void **state)
{
    struct final_stage *stage = *state;
    create_node(stage, "/a", PERMS_ALL);
    read_with_watch(stage, OP_CODE_GET_DATA, "/a", true);
    ask_of_path(stage, OP_CODE_CHECK_WATCHES, "/a", WATCHER_TYPE_CHILDREN);
    expect_bare(stage, KEEPER_CODE_NOWATCHER);
    ask_of_path(stage, OP_CODE_CHECK_WATCHES, "/a", WATCHER_TYPE_DATA);
    expect_bare(stage, KEEPER_CODE_OK);
    ask_of_path(stage, OP_CODE_REMOVE_WATCHES, "/a", WATCHER_TYPE_CHILDREN);
    expect_bare(stage, KEEPER_CODE_NOWATCHER);
    ask_of_path(stage, OP_CODE_REMOVE_WATCHES, "/a", WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_OK);
    ask_of_path(stage, OP_CODE_REMOVE_WATCHES, "/a", WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_NOWATCHER);
    set_data(stage, "/a");
    expect_events(stage, "");
}

/* CLI-66 */
static void types_and_paths_that_make_java_throw_are_marshalling_errors(void **state)
{
    struct final_stage *stage = *state;
    static const int32_t no_types[] = {0, 4, -1};
    for (size_t i = 0; i < sizeof no_types / sizeof no_types[0]; i++) {
        ask_of_path(stage, OP_CODE_CHECK_WATCHES, "/a", no_types[i]);
        expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
        ask_of_path(stage, OP_CODE_REMOVE_WATCHES, "/a", no_types[i]);
        expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
    }
    ask_of_path(stage, OP_CODE_CHECK_WATCHES, "abc", WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
    ask_of_path(stage, OP_CODE_REMOVE_WATCHES, "abc", WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_NOWATCHER);
    ask_of_path(stage, OP_CODE_CHECK_WATCHES, "", WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_NOWATCHER);
    ask_of_path(stage, OP_CODE_CHECK_WATCHES, NULL, WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
    ask_of_path(stage, OP_CODE_REMOVE_WATCHES, NULL, WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_NOWATCHER);
    ask_of_path(stage, OP_CODE_ADD_WATCH, NULL, 0); /* K-221 */
    expect_watch_added(stage);
    ask_of_path(stage, OP_CODE_ADD_WATCH, NULL, 0);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
    ask_of_path(stage, OP_CODE_REMOVE_WATCHES, NULL, WATCHER_TYPE_ANY);
    expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
}

/* Each body is cut at each of its bytes. */
static void a_body_that_ends_too_soon_is_a_marshalling_error(void **state)
{
    struct final_stage *stage = *state;
    static const struct {
        int32_t type;
        const struct jute_record *record;
    } requests[] = {
        {OP_CODE_SET_WATCHES, &set_watches_record},
        {OP_CODE_SET_WATCHES2, &set_watches2_record},
        {OP_CODE_ADD_WATCH, &add_watch_request_record},
        {OP_CODE_CHECK_WATCHES, &check_watches_request_record},
        {OP_CODE_REMOVE_WATCHES, &remove_watches_request_record},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        union {
            struct set_watches2 longest;
            struct add_watch_request path;
        } empty = {0};
        struct buf *body = jute_to_buf(requests[i].record, &empty);
        for (size_t length = 0; length < body->length; length++) {
            struct buf *cut = buf_new_copy(body->bytes, length);
            stage->client.responses = 0;
            final_stage_request(stage, requests[i].type, cut, NULL, 0);
            expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
            buf_unref(cut);
        }
        stage->client.responses = 0;
        final_stage_request(stage, requests[i].type, NULL, NULL, 0);
        expect_bare(stage, KEEPER_CODE_MARSHALLINGERROR);
        buf_unref(body);
    }
    assert_int_equal(watch_count(stage), 0);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_up, final_stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_read_sets_a_watch_if_it_asks_for_one),
        STAGED(two_paths_that_are_one_to_java_have_one_watch),
        STAGED(who_may_not_read_hears_nothing),
        STAGED(an_event_comes_before_the_answer_to_its_write),
        STAGED(set_watches_is_answered_behind_its_events),
        STAGED(set_watches_2_has_two_lists_more),
        STAGED(add_watch_is_answered_with_a_code_and_looks_at_no_path),
        STAGED(check_and_remove_say_whether_there_was_a_watch),
        STAGED(types_and_paths_that_make_java_throw_are_marshalling_errors),
        STAGED(a_body_that_ends_too_soon_is_a_marshalling_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
