/* Requests, and rows of them. Java: RequestTest (of 3.9) */
#include "zk/server/request.h"

#include <stdlib.h>

#include "server/request_queue.h"
#include "zk/jute/op_code.h"
#include "zk/jute/txn_log_entry.h"
#include "zk_test.h"

static struct request *request_of(int32_t cxid)
{
    return request_new(NULL, 1, cxid, OP_CODE_CREATE, NULL, NULL);
}

static void a_request_has_its_own_ids_and_its_own_body(void **state)
{
    (void)state;
    struct zk_id_list ids = {0};
    struct zk_id *id = jute_list_add(&zk_id_record, &ids);
    id->scheme = ustring_of("ip");
    id->id = ustring_of("127.0.0.1");
    struct buf *body = buf_new_copy("abc", 3);

    struct request *request = request_new(NULL, 7, 5, OP_CODE_CREATE, body, &ids);
    ustring_done(&id->scheme);
    ustring_done(&id->id);
    free(ids.items);
    buf_unref(body);

    assert_int_equal(request->request->length, 3);
    assert_memory_equal(request->request->bytes, "abc", 3);
    assert_true(request->auth_info.present);
    assert_int_equal(request->auth_info.count, 1);
    assert_string_equal(request->auth_info.items[0].id.text, "127.0.0.1");
    assert_int_equal(request->zxid, -1);
    request_unref(request);
}

/* Java's null: a server asked for it, and no client. */
static void no_ids_are_not_the_same_as_an_empty_list(void **state)
{
    (void)state;
    struct zk_id_list empty = {.present = true};
    struct request *one = request_new(NULL, 7, 5, OP_CODE_CREATE, NULL, &empty);
    struct request *other = request_new(NULL, 7, 5, OP_CODE_CREATE, NULL, NULL);
    assert_true(one->auth_info.present);
    assert_false(other->auth_info.present);
    request_unref(one);
    request_unref(other);
}

static void a_transactions_request_has_the_numbers_of_its_header(void **state)
{
    (void)state;
    struct txn_header header = {
        .client_id = 9, .cxid = 4, .zxid = 77, .type = OP_CODE_CREATE_SESSION};
    union txn_record record = {.create_session = {.time_out_ms = 4000}};
    struct txn_log_entry *txn = txn_log_entry_new(&header, &record, NULL);
    struct request *request = request_new_of_txn(txn);
    txn_log_entry_unref(txn);
    assert_int_equal(request->session_id, 9);
    assert_int_equal(request->cxid, 4);
    assert_int_equal(request->type, OP_CODE_CREATE_SESSION);
    assert_int_equal(request->zxid, 77);
    assert_int_equal(request->txn->record.create_session.time_out_ms, 4000);
    request_unref(request);
}

/* Java: isQuorum(), isValid() */
static void who_takes_part_in_a_request_follows_from_its_type(void **state)
{
    (void)state;
    static const struct {
        int32_t type;
        bool valid, quorum;
    } rows[] = {
        {OP_CODE_NOTIFICATION, false, false},
        {OP_CODE_CREATE, true, true},
        {OP_CODE_DELETE, true, true},
        {OP_CODE_EXISTS, true, false},
        {OP_CODE_GET_DATA, true, false},
        {OP_CODE_SET_DATA, true, true},
        {OP_CODE_SYNC, true, false},
        {OP_CODE_PING, true, false},
        {OP_CODE_CHECK, true, true},
        {OP_CODE_MULTI, true, true},
        {OP_CODE_RECONFIG, true, true},
        {OP_CODE_MULTI_READ, true, false},
        {OP_CODE_CREATE_SESSION, true, true},
        {OP_CODE_CLOSE_SESSION, true, true},
        {OP_CODE_ERROR, false, true},
        {OP_CODE_SET_WATCHES, true, false},
        {OP_CODE_AUTH, false, false},
        {OP_CODE_SASL, false, false},
        {1000, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request *request = request_new(NULL, 1, 1, rows[i].type, NULL, NULL);
        assert_int_equal(request_is_valid(rows[i].type), rows[i].valid);
        assert_int_equal(request_is_quorum(request), rows[i].quorum);
        request_unref(request);
    }
    struct request *local = request_new(NULL, 1, 1, OP_CODE_CREATE_SESSION, NULL, NULL);
    local->local_session = true;
    assert_false(request_is_quorum(local));
    request_unref(local);
}

static void expect_text(int32_t type, const void *body, size_t length, const char *text)
{
    struct buf *bytes = body != NULL ? buf_new_copy(body, length) : NULL;
    struct request *request = request_new(NULL, 0x10, 3, type, bytes, NULL);
    struct zk_str str = {0};
    request_append(request, &str);
    assert_string_equal(zk_str_text(&str), text);
    zk_str_done(&str);
    request_unref(request);
    buf_unref(bytes);
}

/* A body is whatever a client has sent. */
static void a_log_line_shows_the_path_if_there_is_one(void **state)
{
    (void)state;
    expect_text(OP_CODE_CREATE, "\0\0\0\2/a", 6,
                "sessionid:0x10 type:create cxid:0x3 zxid:0xfffffffffffffffe txntype:unknown "
                "reqpath:/a");
    expect_text(OP_CODE_CREATE, "\0\0\0\4/\nb\177", 8,
                "sessionid:0x10 type:create cxid:0x3 zxid:0xfffffffffffffffe txntype:unknown "
                "reqpath:/?b?");
    static const char none[] = "sessionid:0x10 type:create cxid:0x3 zxid:0xfffffffffffffffe "
                               "txntype:unknown reqpath:n/a";
    expect_text(OP_CODE_CREATE, NULL, 0, none);
    expect_text(OP_CODE_CREATE, "\0\0\0", 3, none);
    expect_text(OP_CODE_CREATE, "\0\0\0\3/a", 6, none);
    expect_text(OP_CODE_CREATE, "\377\377\377\377/a", 6, none);
    expect_text(OP_CODE_CREATE, "\177\377\377\377/a", 6, none);
    expect_text(OP_CODE_CREATE_SESSION, "\0\0\0\2/a", 6,
                "sessionid:0x10 type:createSession cxid:0x3 zxid:0xfffffffffffffffe "
                "txntype:unknown reqpath:n/a");
}

static void the_request_of_death_is_never_counted(void **state)
{
    (void)state;
    struct request *death = request_of_death();
    assert_ptr_equal(request_ref(death), death);
    request_unref(death);
    request_unref(death);
    request_unref(NULL);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void add(struct request_queue *queue, int32_t cxid)
{
    struct request *request = request_of(cxid);
    request_queue_add(queue, request);
    request_unref(request);
}

static int32_t poll_cxid(struct request_queue *queue)
{
    struct request *request = request_queue_poll(queue);
    assert_non_null(request);
    int32_t cxid = request->cxid;
    request_unref(request);
    return cxid;
}

/* The ring goes round, and grows while it has gone round. */
static void a_row_keeps_its_order_however_it_grows(void **state)
{
    (void)state;
    struct request_queue queue = {0};
    assert_null(request_queue_peek(&queue));
    assert_null(request_queue_poll(&queue));
    int32_t in = 0;
    int32_t out = 0;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 7; i++)
            add(&queue, ++in);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(request_queue_peek(&queue)->cxid, out + 1);
            assert_int_equal(poll_cxid(&queue), ++out);
        }
    }
    assert_int_equal(queue.deque.count, 100);
    request_queue_done(&queue);
    assert_int_equal(queue.deque.count, 0);
}

static void a_row_moves_behind_another(void **state)
{
    (void)state;
    struct request_queue queue = {0};
    struct request_queue from = {0};
    add(&from, 1);
    add(&from, 2);
    request_queue_move(&queue, &from);
    assert_int_equal(from.deque.count, 0);
    add(&from, 3);
    add(&from, 4);
    request_queue_move(&queue, &from);
    request_queue_move(&queue, &from);
    assert_int_equal(queue.deque.count, 4);
    for (int32_t cxid = 1; cxid <= 4; cxid++)
        assert_int_equal(poll_cxid(&queue), cxid);
    add(&from, 5);
    assert_int_equal(poll_cxid(&from), 5);
    request_queue_done(&queue);
    request_queue_done(&from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_its_own_ids_and_its_own_body),
        cmocka_unit_test(no_ids_are_not_the_same_as_an_empty_list),
        cmocka_unit_test(a_transactions_request_has_the_numbers_of_its_header),
        cmocka_unit_test(who_takes_part_in_a_request_follows_from_its_type),
        cmocka_unit_test(a_log_line_shows_the_path_if_there_is_one),
        cmocka_unit_test(the_request_of_death_is_never_counted),
        cmocka_unit_test(a_row_keeps_its_order_however_it_grows),
        cmocka_unit_test(a_row_moves_behind_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
