/* The end of a request's way. Java: FinalRequestProcessorTest, MultiResponseTest */
#include "zk/server/final_request_processor.h"

#include <stdlib.h>

#include "final_stage.h"
#include "golden.h"
#include "zk/base/alloc.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/server/cnxn_sessions.h"
#include "zk/server/outstanding_changes.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

static void a_created_node_is_answered_with_its_path(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = open_create_record("/t");
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    final_stage_expect_header(stage, 0);
    struct create_response response;
    final_stage_expect_body(stage, &create_response_record, &response);
    assert_string_equal(response.path.text, "/t");
    jute_done(&create_response_record, &response);
    assert_int_equal(zk_database_last_processed_zxid(stage->database), stage->last_zxid);
}

/* The next answer is built in the memory of the one before, but not while that one is in use. */
static void an_answer_that_somebody_has_stays_as_it_is(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = open_create_record("/kept");
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    struct buf *kept = buf_ref(stage->client.body);
    struct buf *copy = buf_new_copy(kept->bytes, kept->length);
    record = open_create_record("/next");
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    struct create_response response;
    final_stage_expect_body(stage, &create_response_record, &response);
    assert_string_equal(response.path.text, "/next");
    jute_done(&create_response_record, &response);
    assert_int_equal(kept->length, copy->length);
    assert_memory_equal(kept->bytes, copy->bytes, copy->length);
    buf_unref(kept);
    buf_unref(copy);
}

static void create2_and_set_data_are_answered_with_the_stat(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = open_create_record("/t");
    final_stage_request(stage, OP_CODE_CREATE2, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE2, &record), 0);
    final_stage_expect_header(stage, 0);
    struct create2_response create2;
    final_stage_expect_body(stage, &create2_response_record, &create2);
    assert_string_equal(create2.path.text, "/t");
    assert_int_equal(create2.stat.czxid, stage->last_zxid);
    assert_int_equal(create2.stat.data_length, 5);
    jute_done(&create2_response_record, &create2);

    stage->client.responses = 0;
    union txn_record set = {.set_data = {.path = ustring_of("/t"), .version = 1}};
    final_stage_request(stage, OP_CODE_SET_DATA, NULL,
                        final_stage_txn(stage, OP_CODE_SET_DATA, &set), 0);
    final_stage_expect_header(stage, 0);
    struct set_data_response set_data;
    final_stage_expect_body(stage, &set_data_response_record, &set_data);
    assert_int_equal(set_data.stat.version, 1);
    assert_int_equal(set_data.stat.mzxid, stage->last_zxid);
}

static void set_acl_is_answered_with_the_stat(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = open_create_record("/t");
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    stage->client.responses = 0;
    union txn_record set = {.set_acl = {.path = ustring_of("/t"), .version = 1}};
    zk_acl_list_add(&set.set_acl.acl, 31, "world", "anyone");
    final_stage_request(stage, OP_CODE_SET_ACL, NULL, final_stage_txn(stage, OP_CODE_SET_ACL, &set),
                        0);
    final_stage_expect_header(stage, 0);
    struct set_acl_response response;
    final_stage_expect_body(stage, &set_acl_response_record, &response);
    assert_int_equal(response.stat.aversion, 1);
    assert_int_equal(response.stat.czxid, stage->last_zxid - 1);
    assert_int_equal(response.stat.data_length, 5);
}

static void a_deleted_node_is_answered_with_a_header_alone(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = open_create_record("/t");
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    stage->client.responses = 0;
    union txn_record deleted = {.delete = {.path = ustring_of("/t")}};
    final_stage_request(stage, OP_CODE_DELETE, NULL,
                        final_stage_txn(stage, OP_CODE_DELETE, &deleted), 0);
    final_stage_expect_header(stage, 0);
    assert_null(stage->client.body);
}

struct gathering_client {
    struct server_cnxn cnxn;
    int queued;
    int woken;
};

static void gather_response(struct server_cnxn *cnxn, const struct reply_header *header,
                            struct buf *body)
{
    (void)header;
    (void)body;
    ((struct gathering_client *)cnxn)->queued++;
}

static void wake_client(struct server_cnxn *cnxn)
{
    ((struct gathering_client *)cnxn)->woken++;
}

static void keep_client(struct server_cnxn *cnxn)
{
    (void)cnxn;
}

static void the_answers_of_a_batch_leave_together(void **state)
{
    static const struct server_cnxn_ops gathering_ops = {
        .queue_response = gather_response, .wake = wake_client, .free = keep_client};
    struct final_stage *stage = *state;
    struct gathering_client client = {.cnxn = {.ops = &gathering_ops}};
    zk_refcount_init(&client.cnxn.refs);
    for (int batch = 1; batch <= 2; batch++) {
        for (int32_t xid = 1; xid <= 3; xid++) {
            struct request *request = request_new(&client.cnxn, 1, xid, OP_CODE_PING, NULL, NULL);
            assert_int_equal(request_processor_hand_over(stage->final, request), 0);
            request_unref(request);
        }
        assert_int_equal(client.queued, 3 * batch);
        assert_int_equal(client.woken, batch - 1);
        request_processor_wake(stage->final);
        assert_int_equal(client.woken, batch);
        request_processor_wake(stage->final);
        assert_int_equal(client.woken, batch);
    }
    server_cnxn_unref(&client.cnxn);
}

static void a_failed_write_is_answered_with_its_code(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = {.error = {.err = KEEPER_CODE_NONODE}};
    final_stage_request(stage, OP_CODE_SET_DATA, NULL,
                        final_stage_txn(stage, OP_CODE_ERROR, &record), 0);
    final_stage_expect_header(stage, KEEPER_CODE_NONODE);
    assert_null(stage->client.body);
}

/* D-290: nothing has been applied, so a multi has no results that could be told. */
static void what_a_learner_refused_is_answered_with_its_code(void **state)
{
    struct final_stage *stage = *state;
    const int32_t types[] = {OP_CODE_CHECK, OP_CODE_MULTI, OP_CODE_RECONFIG};
    union txn_record record = open_create_record("/t");
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        stage->client.responses = 0;
        struct request *request = request_new(&stage->client.cnxn, stage->client.cnxn.session_id, 3,
                                              types[i], NULL, &stage->auth);
        request->refused = true;
        request->exception = KEEPER_CODE_MARSHALLINGERROR;
        assert_int_equal(request_processor_process_request(stage->final, request), 0);
        request_unref(request);
        final_stage_expect_header(stage, KEEPER_CODE_MARSHALLINGERROR);
        assert_null(stage->client.body);
    }
}

static void a_stale_answer_to_a_throttled_request_is_counted(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = open_create_record("/t");
    final_stage_request(stage, OP_CODE_CREATE, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE, &record), 0);
    stage->client.responses = 0;
    struct request *request = request_new(&stage->client.cnxn, stage->client.cnxn.session_id, 3,
                                          OP_CODE_GET_DATA, NULL, &stage->auth);
    request->refused = true;
    request->exception = KEEPER_CODE_THROTTLEDOP;
    server_cnxn_set_stale(&stage->client.cnxn);

    assert_int_equal(request_processor_process_request(stage->final, request), 0);
    request_unref(request);

    final_stage_expect_header(stage, KEEPER_CODE_THROTTLEDOP);
    assert_null(stage->client.body);
    struct server_metrics_values values = server_metrics_get(stage->metrics);
    assert_int_equal(values.counters[SERVER_METRICS_STALE_REPLIES], 1);
}

static void what_prep_said_comes_before_what_the_transaction_says(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = {.error = {.err = KEEPER_CODE_SESSIONEXPIRED}};
    final_stage_request(stage, OP_CODE_CREATE, NULL, final_stage_txn(stage, OP_CODE_ERROR, &record),
                        KEEPER_CODE_EPHEMERALONLOCALSESSION);
    final_stage_expect_header(stage, KEEPER_CODE_EPHEMERALONLOCALSESSION);
}

/* ZOOKEEPER-710 */
static void a_client_that_has_moved_loses_its_connection_and_gets_no_answer(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = {.error = {.err = KEEPER_CODE_SESSIONMOVED}};
    final_stage_request(stage, OP_CODE_CREATE, NULL, final_stage_txn(stage, OP_CODE_ERROR, &record),
                        0);
    assert_int_equal(stage->client.responses, 0);
    assert_int_equal(stage->client.closed, 1);
}

/* The password is Java's for this id. */
static void a_new_session_is_answered_with_its_password(void **state)
{
    static const uint8_t passwd[] = {0x5d, 0x2d, 0x7c, 0x4d, 0x26, 0x10, 0xf2, 0xd2,
                                     0x03, 0xd0, 0x9b, 0xca, 0xdf, 0x8b, 0xa0, 0x33};
    struct final_stage *stage = *state;
    union txn_record record = {.create_session = {.time_out_ms = 4000}};
    final_stage_request(stage, OP_CODE_CREATE_SESSION, NULL,
                        final_stage_txn(stage, OP_CODE_CREATE_SESSION, &record), 0);
    assert_int_equal(stage->client.responses, 0);
    assert_int_equal(stage->client.sessions, 1);
    assert_true(stage->client.session_valid);
    assert_int_equal(stage->client.session.session_id, stage->client.cnxn.session_id);
    assert_int_equal(stage->client.session.time_out_ms, 4000);
    assert_memory_equal(stage->client.passwd, passwd, sizeof passwd);
    struct session_timeouts sessions;
    zk_database_sessions(stage->database, &sessions);
    assert_int_equal(sessions.count, 1);
    assert_int_equal(sessions.items[0].session, stage->client.cnxn.session_id);
    session_timeouts_done(&sessions);
}

static void a_closed_session_is_answered_and_then_its_connection_closed(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = {.close_session = {.paths2_delete = {.present = true}}};
    final_stage_request(stage, OP_CODE_CLOSE_SESSION, NULL,
                        final_stage_txn(stage, OP_CODE_CLOSE_SESSION, &record), 0);
    final_stage_expect_header(stage, 0);
    assert_null(stage->client.body);
    assert_int_equal(stage->client.closed, 1);
}

/* The client port of a server, for one connection: that of the client of the stage. */
struct one_cnxn {
    int64_t session_id; /* 0: it has been closed */
    enum disconnect_reason reason;
};

static bool close_one_cnxn(void *arg, int64_t session_id, enum disconnect_reason reason)
{
    struct one_cnxn *one = arg;
    if (session_id != one->session_id)
        return false;
    *one = (struct one_cnxn){.reason = reason};
    return true;
}

/* The closeSession of a session that has expired, or was closed through another server. */
static void close_from_elsewhere(struct final_stage *stage)
{
    union txn_record record = {.close_session = {.paths2_delete = {.present = true}}};
    struct txn_log_entry *txn = final_stage_txn(stage, OP_CODE_CLOSE_SESSION, &record);
    struct request *request = request_new_of_txn(txn);
    assert_int_equal(request_processor_process_request(stage->final, request), 0);
    request_unref(request);
    txn_log_entry_unref(txn);
}

static void a_session_that_ends_elsewhere_loses_its_connection_for_that_reason(void **state)
{
    struct final_stage *stage = *state;
    struct one_cnxn one = {.session_id = stage->client.cnxn.session_id};
    struct cnxn_sessions port = {.close_session = close_one_cnxn, .arg = &one};
    zookeeper_server_set_cnxn_sessions(stage->server, &port);

    close_from_elsewhere(stage);
    assert_int_equal(one.session_id, 0);
    assert_int_equal(one.reason, DISCONNECT_REASON_CLIENT_CLOSED_SESSION);
    assert_int_equal(stage->client.responses, 0);
    /* Java measures the way of those only whose clients are not here. */
    struct server_metrics_values values = server_metrics_get(stage->metrics);
    assert_int_equal(values.summaries[SERVER_METRICS_PROPAGATION_LATENCY].count, 0);

    close_from_elsewhere(stage);
    values = server_metrics_get(stage->metrics);
    assert_int_equal(values.summaries[SERVER_METRICS_PROPAGATION_LATENCY].count, 1);
}

static void a_sync_gives_its_path_back(void **state)
{
    struct final_stage *stage = *state;
    stage->last_zxid = 0;
    struct sync_request sync = {.path = ustring_of("/a")};
    struct buf *body = jute_to_buf(&sync_request_record, &sync);
    final_stage_request(stage, OP_CODE_SYNC, body, NULL, 0);
    final_stage_expect_header(stage, 0);
    struct sync_response response;
    final_stage_expect_body(stage, &sync_response_record, &response);
    assert_string_equal(response.path.text, "/a");
    jute_done(&sync_response_record, &response);
    jute_done(&sync_request_record, &sync);
    buf_unref(body);
}

static void a_sync_that_cannot_be_read_is_answered_so(void **state)
{
    struct final_stage *stage = *state;
    stage->last_zxid = 0;
    struct buf *body = buf_new_copy("\0\0\1\0x", 5);
    final_stage_request(stage, OP_CODE_SYNC, body, NULL, 0);
    final_stage_expect_header(stage, KEEPER_CODE_MARSHALLINGERROR);
    assert_null(stage->client.body);
    stage->client.responses = 0;
    final_stage_request(stage, OP_CODE_SYNC, NULL, NULL, 0);
    final_stage_expect_header(stage, KEEPER_CODE_MARSHALLINGERROR);
    buf_unref(body);
}

static void a_ping_is_answered_with_its_own_xid(void **state)
{
    struct final_stage *stage = *state;
    final_stage_request(stage, OP_CODE_PING, NULL, NULL, 0);
    assert_int_equal(stage->client.responses, 1);
    assert_int_equal(stage->client.header.xid, -2);
    assert_null(stage->client.body);
}

/* type, whether it is over, err; then the operation's own record: Java's bytes. */
static void a_multi_is_answered_operation_by_operation(void **state)
{
    static const uint8_t answer[] = {
        0,    0,    0,    1,    0, 0,    0,    0,    0,    0, 0, 0, 2, '/', 't', /* create */
        0,    0,    0,    13,   0, 0,    0,    0,    0,                          /* check */
        0,    0,    0,    2,    0, 0,    0,    0,    0,                          /* delete */
        0xff, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff, 0xff,                       /* the end */
    };
    struct final_stage *stage = *state;
    union txn_record create = open_create_record("/t");
    union txn_record check = {.check_version = {.path = ustring_of("/t"), .version = 0}};
    union txn_record deleted = {.delete = {.path = ustring_of("/t")}};
    struct sub_txn operations[] = {
        {OP_CODE_CREATE, jute_to_buf(&create_txn_record, &create)},
        {OP_CODE_CHECK, jute_to_buf(&check_version_txn_record, &check)},
        {OP_CODE_DELETE, jute_to_buf(&delete_txn_record, &deleted)},
    };
    union txn_record multi;
    memset(&multi, 0, sizeof multi);
    for (size_t i = 0; i < 3; i++)
        *(struct sub_txn *)jute_list_add(&sub_txn_record, &multi.multi.txns) = operations[i];
    jute_done(&create_txn_record, &create);
    jute_done(&check_version_txn_record, &check);
    jute_done(&delete_txn_record, &deleted);

    final_stage_request(stage, OP_CODE_MULTI, NULL, final_stage_txn(stage, OP_CODE_MULTI, &multi),
                        0);

    final_stage_expect_header(stage, 0);
    assert_int_equal(stage->client.body->length, sizeof answer);
    assert_memory_equal(stage->client.body->bytes, answer, sizeof answer);
}

static void add_operation(union txn_record *multi, int32_t type, union txn_record record)
{
    const struct jute_record *table = txn_record_of_type(type);
    *(struct sub_txn *)jute_list_add(&sub_txn_record, &multi->multi.txns) =
        (struct sub_txn){type, jute_to_buf(table, &record)};
    jute_done(table, &record);
}

static void expect_operation(struct jute_in *in, int32_t type)
{
    struct multi_header header;
    assert_int_equal(jute_read(in, &multi_header_record, &header), 0);
    assert_int_equal(header.type, type);
    assert_int_equal(header.err, 0);
    assert_false(header.done);
}

static void expect_create2(struct jute_in *in, const char *path)
{
    struct create2_response response;
    expect_operation(in, OP_CODE_CREATE2);
    assert_int_equal(jute_read(in, &create2_response_record, &response), 0);
    assert_string_equal(response.path.text, path);
    jute_done(&create2_response_record, &response);
}

/* Clients know the results of create, create2, delete, setData and check, and no others. Java:
 * FinalRequestProcessor.processRequest(), the case multi */
static void in_a_multi_containers_and_nodes_with_a_ttl_are_answered_as_create2(void **state)
{
    struct final_stage *stage = *state;
    union txn_record multi;
    memset(&multi, 0, sizeof multi);
    union txn_record container = {.create_container = {.path = ustring_of("/c")}};
    union txn_record with_ttl = {.create_ttl = {.path = ustring_of("/ttl"), .ttl = 1000}};
    union txn_record deleted = {.delete = {.path = ustring_of("/c")}};
    add_operation(&multi, OP_CODE_CREATE_CONTAINER, container);
    add_operation(&multi, OP_CODE_CREATE_TTL, with_ttl);
    add_operation(&multi, OP_CODE_DELETE_CONTAINER, deleted);

    final_stage_request(stage, OP_CODE_MULTI, NULL, final_stage_txn(stage, OP_CODE_MULTI, &multi),
                        0);

    final_stage_expect_header(stage, 0);
    struct buf *body = stage->client.body;
    struct jute_in in = jute_in_of_bytes(stage->ctx, body->bytes, body->length);
    expect_create2(&in, "/c");
    expect_create2(&in, "/ttl");
    expect_operation(&in, OP_CODE_DELETE);
    struct multi_header end;
    assert_int_equal(jute_read(&in, &multi_header_record, &end), 0);
    assert_true(end.done);
    assert_int_equal(jute_in_position(&in), (int64_t)body->length);
}

static void a_failed_multi_tells_the_error_of_each_operation(void **state)
{
    static const uint8_t answer[] = {
        0xff, 0xff, 0xff, 0xff, 0,    0xff, 0xff, 0xff, 0x9b, 0xff, 0xff, 0xff,
        0x9b, 0xff, 0xff, 0xff, 0xff, 0,    0xff, 0xff, 0xff, 0xfe, 0xff, 0xff,
        0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 1,    0xff, 0xff, 0xff, 0xff,
    };
    struct final_stage *stage = *state;
    struct error_txn no_node = {.err = KEEPER_CODE_NONODE};
    struct error_txn behind = {.err = KEEPER_CODE_RUNTIMEINCONSISTENCY};
    union txn_record multi;
    memset(&multi, 0, sizeof multi);
    *(struct sub_txn *)jute_list_add(&sub_txn_record, &multi.multi.txns) =
        (struct sub_txn){OP_CODE_ERROR, jute_to_buf(&error_txn_record, &no_node)};
    *(struct sub_txn *)jute_list_add(&sub_txn_record, &multi.multi.txns) =
        (struct sub_txn){OP_CODE_ERROR, jute_to_buf(&error_txn_record, &behind)};

    final_stage_request(stage, OP_CODE_MULTI, NULL, final_stage_txn(stage, OP_CODE_MULTI, &multi),
                        KEEPER_CODE_NONODE);

    final_stage_expect_header(stage, 0);
    assert_int_equal(stage->client.body->length, sizeof answer);
    assert_memory_equal(stage->client.body->bytes, answer, sizeof answer);
}

/* ---- what applying does ---------------------------------------------------------------------- */

static void another_servers_transaction_is_applied_and_remembered(void **state)
{
    struct final_stage *stage = *state;
    union txn_record record = open_create_record("/t");
    struct txn_log_entry *txn = final_stage_txn(stage, OP_CODE_CREATE, &record);
    struct request *request = request_new_of_txn(txn);
    assert_int_equal(request_processor_process_request(stage->final, request), 0);
    request_unref(request);
    assert_int_equal(stage->client.responses, 0);
    assert_int_equal(zk_database_last_processed_zxid(stage->database), txn->header.zxid);
    struct committed_log log;
    zk_database_get_committed_log(stage->database, &log);
    assert_int_equal(log.count, 1);
    assert_ptr_equal(log.entries[0], txn);
    committed_log_done(&log);
    txn_log_entry_unref(txn);
}

/* PrepRequestProcessor finds a change here or in the tree. */
static void what_is_applied_is_not_outstanding_any_more(void **state)
{
    struct final_stage *stage = *state;
    struct outstanding_changes *changes = zookeeper_server_outstanding_changes(stage->server);
    struct data_tree *tree = zk_database_get_data_tree(stage->database);
    struct path_key applied = data_tree_path_key(tree, "/t", 2);
    struct path_key next = data_tree_path_key(tree, "/u", 2);
    data_tree_unref(tree);
    union txn_record record = open_create_record("/t");
    struct txn_log_entry *txn = final_stage_txn(stage, OP_CODE_CREATE, &record);
    outstanding_changes_lock(changes);
    outstanding_changes_add(changes, change_record_new(txn->header.zxid, &applied));
    outstanding_changes_add(changes, change_record_new(txn->header.zxid + 1, &next));
    outstanding_changes_unlock(changes);

    final_stage_request(stage, OP_CODE_CREATE, NULL, txn, 0);

    outstanding_changes_lock(changes);
    bool has_applied = outstanding_changes_get(changes, &applied) != NULL;
    bool has_next = outstanding_changes_get(changes, &next) != NULL;
    outstanding_changes_unlock(changes);
    assert_false(has_applied);
    assert_true(has_next);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, final_stage_setup, final_stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_created_node_is_answered_with_its_path),
        STAGED(an_answer_that_somebody_has_stays_as_it_is),
        STAGED(create2_and_set_data_are_answered_with_the_stat),
        STAGED(set_acl_is_answered_with_the_stat),
        STAGED(a_deleted_node_is_answered_with_a_header_alone),
        STAGED(a_failed_write_is_answered_with_its_code),
        STAGED(what_a_learner_refused_is_answered_with_its_code),
        STAGED(a_stale_answer_to_a_throttled_request_is_counted),
        STAGED(what_prep_said_comes_before_what_the_transaction_says),
        STAGED(a_client_that_has_moved_loses_its_connection_and_gets_no_answer),
        STAGED(a_new_session_is_answered_with_its_password),
        STAGED(a_closed_session_is_answered_and_then_its_connection_closed),
        STAGED(a_session_that_ends_elsewhere_loses_its_connection_for_that_reason),
        STAGED(a_sync_gives_its_path_back),
        STAGED(a_sync_that_cannot_be_read_is_answered_so),
        STAGED(a_ping_is_answered_with_its_own_xid),
        STAGED(a_multi_is_answered_operation_by_operation),
        STAGED(in_a_multi_containers_and_nodes_with_a_ttl_are_answered_as_create2),
        STAGED(a_failed_multi_tells_the_error_of_each_operation),
        STAGED(another_servers_transaction_is_applied_and_remembered),
        STAGED(what_is_applied_is_not_outstanding_any_more),
        STAGED(the_answers_of_a_batch_leave_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
