/* What the trace tells of clients: requests, answers, events, and what becomes of a session. */
#include "zk/server/server_cnxn_trace.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/buf.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/server/request.h"
#include "zk/watch/watcher.h"
#include "zk_test.h"

struct stage {
    struct test_capture capture;
    struct server_cnxn cnxn;
};

static void drop_response(struct server_cnxn *cnxn, const struct reply_header *header,
                          struct buf *body)
{
    (void)cnxn;
    (void)header;
    (void)body;
}

static const struct server_cnxn_ops silent_ops = {.send_response = drop_response};

static int stage_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->capture = test_capture_new();
    server_cnxn_init(&stage->cnxn, stage->capture.ctx, &silent_ops);
    stage->cnxn.session_id = 0x100000000000001;
    stage->cnxn.session_timeout_ms = 4000;
    stage->cnxn.remote_address = "/127.0.0.1:4711";
    *state = stage;
    return 0;
}

static int stage_down(void **state)
{
    struct stage *stage = *state;
    server_cnxn_done(&stage->cnxn);
    test_capture_done(&stage->capture);
    free(stage);
    return 0;
}

/* The last line of the trace, from the name of its event on. */
static void expect_event(struct stage *stage, const char *rest)
{
    char *text = test_captured_trace(&stage->capture);
    char *last = NULL;
    for (char *at = text; (at = strstr(at, "\"ev\":")) != NULL; at++)
        last = at;
    assert_non_null(last);
    assert_string_equal(last, rest);
    free(text);
}

#define OF_THE_CLIENT "\"session\":\"0x100000000000001\",\"addr\":\"127.0.0.1:4711\","

static void trace_packet(struct stage *stage, int32_t type, struct buf *body)
{
    server_cnxn_trace_packet(&stage->cnxn, 7, type, body->bytes, body->length);
    buf_unref(body);
}

static void add_entry(struct zk_acl_list *acl, int32_t perms, const char *scheme, const char *id)
{
    struct zk_acl *entry = jute_list_add(&zk_acl_record, acl);
    entry->perms = perms;
    entry->id.scheme = ustring_of(scheme);
    entry->id.id = ustring_of(id);
}

static struct buf *create_body(const char *path, const char *data, int32_t flags)
{
    struct create_request create = {.path = ustring_of(path), .flags = flags};
    if (data != NULL)
        create.data = buf_new_copy(data, strlen(data));
    add_entry(&create.acl, PERMS_ALL, "world", "anyone");
    add_entry(&create.acl, PERMS_READ, "ip", "127.0.0.1");
    struct buf *body = jute_to_buf(&create_request_record, &create);
    jute_done(&create_request_record, &create);
    return body;
}

static struct buf *read_body(const char *path, bool watch)
{
    struct exists_request exists = {.path = ustring_of(path), .watch = watch};
    struct buf *body = jute_to_buf(&exists_request_record, &exists);
    jute_done(&exists_request_record, &exists);
    return body;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void a_request_shows_path_data_and_the_kind_of_node(void **state)
{
    struct stage *stage = *state;

    trace_packet(stage, OP_CODE_CREATE, create_body("/lock/n-", "ann", 3));

    expect_event(stage, "\"ev\":\"request\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"create\",\"path\":\"/lock/n-\",\"data\":\"ann\","
                        "\"how\":\"ephemeral sequential\"}\n");
}

static void a_node_without_data_shows_none(void **state)
{
    struct stage *stage = *state;

    trace_packet(stage, OP_CODE_CREATE, create_body("/a", NULL, 1));

    expect_event(stage, "\"ev\":\"request\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"create\",\"path\":\"/a\",\"how\":\"ephemeral\"}\n");
}

static void a_read_says_whether_it_sets_a_watch(void **state)
{
    struct stage *stage = *state;

    trace_packet(stage, OP_CODE_EXISTS, read_body("/a", true));
    expect_event(stage, "\"ev\":\"request\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"exists\",\"path\":\"/a\",\"how\":\"watch\"}\n");

    trace_packet(stage, OP_CODE_EXISTS, read_body("/a", false));
    expect_event(stage, "\"ev\":\"request\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"exists\",\"path\":\"/a\"}\n");
}

static void credentials_are_never_shown(void **state)
{
    struct stage *stage = *state;
    struct auth_packet packet = {.scheme = ustring_of("digest"),
                                 .auth = buf_new_copy("bob:secret", 10)};
    struct buf *body = jute_to_buf(&auth_packet_record, &packet);
    jute_done(&auth_packet_record, &packet);

    trace_packet(stage, OP_CODE_AUTH, body);

    expect_event(stage,
                 "\"ev\":\"request\"," OF_THE_CLIENT "\"xid\":7,\"op\":\"auth\",\"path\":\"\"}\n");
}

static void a_body_that_ends_early_shows_what_it_has(void **state)
{
    struct stage *stage = *state;
    struct buf *body = create_body("/a", "one", 3);
    for (size_t length = 0; length < body->length; length++)
        server_cnxn_trace_packet(&stage->cnxn, 7, OP_CODE_CREATE, body->bytes, length);
    buf_unref(body);

    expect_event(stage, "\"ev\":\"request\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"create\",\"path\":\"/a\",\"data\":\"one\"}\n");
}

static void long_data_are_cut_and_are_one_line(void **state)
{
    struct stage *stage = *state;

    trace_packet(stage, OP_CODE_CREATE,
                 create_body("/a", "a\nb45678901234567890123456789012345678901234567890", 0));

    expect_event(stage,
                 "\"ev\":\"request\"," OF_THE_CLIENT "\"xid\":7,\"op\":\"create\",\"path\":\"/a\","
                 "\"data\":\"a?b4567890123456789012345678901234567890...\"}\n");
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answer(struct stage *stage, int32_t type, enum keeper_code err, struct buf *body)
{
    struct request *request = request_new_of_cnxn(&stage->cnxn, 7, type, NULL, 0);
    struct reply_header header = {.xid = 7, .zxid = 0x100000003, .err = err};
    server_cnxn_trace_response(stage->capture.ctx, request, &header, body);
    request_unref(request);
    buf_unref(body);
}

static void an_answer_shows_the_name_that_a_node_has_got(void **state)
{
    struct stage *stage = *state;
    struct create_response create = {.path = ustring_of("/lock/n-0000000000")};
    struct buf *body = jute_to_buf(&create_response_record, &create);
    jute_done(&create_response_record, &create);

    answer(stage, OP_CODE_CREATE, KEEPER_CODE_OK, body);

    expect_event(stage, "\"ev\":\"reply\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"create\",\"zxid\":\"0x100000003\",\"err\":0,"
                        "\"data\":\"/lock/n-0000000000\"}\n");
}

static void an_answer_shows_the_children(void **state)
{
    struct stage *stage = *state;
    struct buf *body = buf_new(64);
    buf_put_int(body, 2);
    buf_put_int(body, 2);
    buf_put_bytes(body, "n1", 2);
    buf_put_int(body, 2);
    buf_put_bytes(body, "n2", 2);

    answer(stage, OP_CODE_GET_CHILDREN, KEEPER_CODE_OK, body);

    expect_event(stage, "\"ev\":\"reply\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"getChildren\",\"zxid\":\"0x100000003\",\"err\":0,"
                        "\"data\":\"n1 n2\"}\n");
}

static void an_answer_that_is_an_error_shows_its_number(void **state)
{
    struct stage *stage = *state;

    answer(stage, OP_CODE_GET_DATA, KEEPER_CODE_NONODE, NULL);

    expect_event(stage, "\"ev\":\"reply\"," OF_THE_CLIENT
                        "\"xid\":7,\"op\":\"getData\",\"zxid\":\"0x100000003\",\"err\":-101}\n");
}

/* ---- sessions and events --------------------------------------------------------------------- */

static void an_event_says_what_has_become_of_the_node(void **state)
{
    struct stage *stage = *state;
    struct watched_event event = {.type = WATCHER_EVENT_NODE_DELETED, .path = ustring_of("/a")};
    struct watcher *watcher = server_cnxn_watcher(&stage->cnxn);

    watcher->ops->process(watcher, &event, NULL);

    free(event.path.text);
    expect_event(stage,
                 "\"ev\":\"watch\"," OF_THE_CLIENT "\"what\":\"deleted\",\"path\":\"/a\"}\n");
}

static void a_session_begins_with_the_first_frame_and_has_an_end(void **state)
{
    struct stage *stage = *state;
    struct zk_context *ctx = stage->capture.ctx;

    server_cnxn_trace_connect_request(ctx, &stage->cnxn, 0, 4000);
    expect_event(stage, "\"ev\":\"request\",\"session\":\"0x0\",\"addr\":\"127.0.0.1:4711\","
                        "\"xid\":0,\"op\":\"createSession\",\"path\":\"\",\"data\":\"4000 ms\"}\n");

    server_cnxn_trace_session_init(ctx, &stage->cnxn, true);
    expect_event(stage, "\"ev\":\"session\"," OF_THE_CLIENT "\"what\":\"opened\",\"ms\":4000,"
                        "\"why\":\"from now on this server speaks for the session\"}\n");

    server_cnxn_trace_close(&stage->cnxn, stage->cnxn.session_id, 4000,
                            DISCONNECT_REASON_CLIENT_CLOSED_CONNECTION);
    expect_event(stage, "\"ev\":\"session\"," OF_THE_CLIENT "\"what\":\"left\",\"ms\":4000,"
                        "\"why\":\"it ended at the client's side\"}\n");

    server_cnxn_trace_expire(ctx, stage->cnxn.session_id, 4000);
    expect_event(stage, "\"ev\":\"session\",\"session\":\"0x100000000000001\",\"addr\":\"\","
                        "\"what\":\"expired\",\"ms\":4000,"
                        "\"why\":\"no server has heard from the client for the whole timeout\"}\n");
}

static void who_is_turned_away_is_named_by_the_session_that_he_asked_for(void **state)
{
    struct stage *stage = *state;
    stage->cnxn.session_id = 0;

    server_cnxn_trace_barred(stage->capture.ctx, &stage->cnxn, 0x100000000000001);

    expect_event(stage, "\"ev\":\"session\"," OF_THE_CLIENT "\"what\":\"barred\",\"ms\":0,"
                        "\"why\":\"this server takes no such client now\"}\n");
}

static void who_is_no_client_is_passed_over(void **state)
{
    struct stage *stage = *state;
    stage->cnxn.remote_address = NULL;

    trace_packet(stage, OP_CODE_EXISTS, read_body("/a", true));
    answer(stage, OP_CODE_EXISTS, KEEPER_CODE_NONODE, NULL);
    server_cnxn_trace_session_init(stage->capture.ctx, &stage->cnxn, true);
    server_cnxn_trace_close(&stage->cnxn, stage->cnxn.session_id, 4000, DISCONNECT_REASON_UNKNOWN);

    char *text = test_captured_trace(&stage->capture);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_shows_path_data_and_the_kind_of_node, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(a_node_without_data_shows_none, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(a_read_says_whether_it_sets_a_watch, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(credentials_are_never_shown, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(a_body_that_ends_early_shows_what_it_has, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(long_data_are_cut_and_are_one_line, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(an_answer_shows_the_name_that_a_node_has_got, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(an_answer_shows_the_children, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(an_answer_that_is_an_error_shows_its_number, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(an_event_says_what_has_become_of_the_node, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(a_session_begins_with_the_first_frame_and_has_an_end,
                                        stage_up, stage_down),
        cmocka_unit_test_setup_teardown(
            who_is_turned_away_is_named_by_the_session_that_he_asked_for, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(who_is_no_client_is_passed_over, stage_up, stage_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
