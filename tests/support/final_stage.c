/* FinalRequestProcessor with a server around it, and a client that remembers its answers. */
#include "final_stage.h"

#include <stdlib.h>
#include <string.h>

#include "zk/base/alloc.h"
#include "zk/server/final_request_processor.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_metrics.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

static const struct zookeeper_server_methods PARROT = {.state = "parrot"};

/* Events are told apart by their xid. */
static void parrot_hear_event(struct parrot *parrot, const struct reply_header *header,
                              struct buf *body)
{
    struct watcher_event event;
    struct jute_in in = jute_in_of_bytes(parrot->cnxn.ctx, body->bytes, body->length);
    assert_int_equal(header->zxid, -1);
    assert_int_equal(header->err, 0);
    assert_int_equal(jute_read(&in, &watcher_event_record, &event), 0);
    zk_str_printf(&parrot->events, "%s%d %s", parrot->events.length > 0 ? ", " : "", event.type,
                  event.path.text);
    jute_done(&watcher_event_record, &event);
}

static void parrot_send_response(struct server_cnxn *cnxn, const struct reply_header *header,
                                 struct buf *body)
{
    struct parrot *parrot = (struct parrot *)cnxn;
    if (header->xid == -1) {
        parrot_hear_event(parrot, header, body);
        return;
    }
    buf_unref(parrot->body);
    parrot->header = *header;
    parrot->body = body != NULL ? buf_ref(body) : NULL;
    parrot->heard_before = parrot->events.length;
    parrot->responses++;
}

static void parrot_finish_session_init(struct server_cnxn *cnxn,
                                       const struct connect_response *response, bool valid)
{
    struct parrot *parrot = (struct parrot *)cnxn;
    parrot->session = *response;
    memcpy(parrot->passwd, response->passwd->bytes, sizeof parrot->passwd);
    parrot->session_valid = valid;
    parrot->sessions++;
}

static void parrot_send_close_session(struct server_cnxn *cnxn)
{
    ((struct parrot *)cnxn)->closed++;
}

static void parrot_close(struct server_cnxn *cnxn, enum disconnect_reason reason)
{
    (void)reason;
    ((struct parrot *)cnxn)->closed++;
}

static void parrot_free(struct server_cnxn *cnxn)
{
    ((struct parrot *)cnxn)->freed = true;
}

static const struct server_cnxn_ops parrot_ops = {
    .send_response = parrot_send_response,
    .finish_session_init = parrot_finish_session_init,
    .send_close_session = parrot_send_close_session,
    .close = parrot_close,
    .free = parrot_free,
};

int final_stage_setup(void **state)
{
    static struct final_stage stage;
    stage = (struct final_stage){
        .ctx = test_context(), .last_zxid = INT64_C(0x100000000), .auth = {.present = true}};
    stage.database = zk_database_new(stage.ctx, NULL);
    stage.metrics = server_metrics_new(stage.ctx);
    stage.server = zookeeper_server_new(stage.ctx, &PARROT, NULL, stage.database, stage.metrics);
    stage.final = final_request_processor_new(stage.server);
    server_cnxn_init(&stage.client.cnxn, stage.ctx, &parrot_ops);
    stage.client.cnxn.session_id = INT64_C(0x100001d3f490000);
    stage.client.cnxn.session_timeout_ms = 4000;
    stage.client.cnxn.remote_address = "127.0.0.1:40110";
    *state = &stage;
    return 0;
}

void final_stage_load(struct final_stage *stage, struct jute_in *in)
{
    request_processor_shutdown(stage->final);
    request_processor_free(stage->final);
    assert_int_equal(zk_database_deserialize_snapshot(stage->database, in), 0);
    stage->final = final_request_processor_new(stage->server);
}

int final_stage_teardown(void **state)
{
    struct final_stage *stage = *state;
    request_processor_shutdown(stage->final);
    request_processor_free(stage->final);
    server_cnxn_unref(&stage->client.cnxn);
    assert_true(stage->client.freed);
    server_cnxn_done(&stage->client.cnxn);
    zk_str_done(&stage->client.events);
    buf_unref(stage->client.body);
    for (size_t i = 0; i < stage->auth.count; i++)
        jute_done(&zk_id_record, &stage->auth.items[i]);
    free(stage->auth.items);
    zookeeper_server_unref(stage->server);
    server_metrics_free(stage->metrics);
    zk_database_free(stage->database);
    zk_context_free(stage->ctx);
    return 0;
}

/* Takes over the content of record. */
struct txn_log_entry *final_stage_txn(struct final_stage *stage, int32_t type,
                                      union txn_record *record)
{
    struct txn_header header = {.client_id = stage->client.cnxn.session_id,
                                .cxid = 3,
                                .zxid = ++stage->last_zxid,
                                .time_ms = 1000,
                                .type = type};
    return txn_log_entry_new(&header, record, NULL);
}

union txn_record open_create_record(const char *path)
{
    union txn_record record = {.create = {.path = ustring_of(path),
                                          .data = buf_new_copy("world", 5),
                                          .parent_cversion = 1}};
    zk_acl_list_add(&record.create.acl, PERMS_ALL, "world", "anyone");
    return record;
}

/* Our client's request of that type has been committed as txn, whose reference it takes over. */
void final_stage_request(struct final_stage *stage, int32_t type, struct buf *body,
                         struct txn_log_entry *txn, int32_t exception)
{
    struct request *request = request_new(&stage->client.cnxn, stage->client.cnxn.session_id, 3,
                                          type, body, &stage->auth);
    request->exception = exception;
    if (txn != NULL)
        request_set_txn(request, txn);
    txn_log_entry_unref(txn);
    assert_int_equal(request_processor_process_request(stage->final, request), 0);
    request_unref(request);
}

void final_stage_expect_header(struct final_stage *stage, int32_t err)
{
    assert_int_equal(stage->client.responses, 1);
    assert_int_equal(stage->client.header.xid, 3);
    assert_int_equal(stage->client.header.zxid, stage->last_zxid);
    assert_int_equal(stage->client.header.err, err);
}

void final_stage_expect_body(struct final_stage *stage, const struct jute_record *record,
                             void *ret_value)
{
    assert_non_null(stage->client.body);
    struct jute_in in =
        jute_in_of_bytes(stage->ctx, stage->client.body->bytes, stage->client.body->length);
    assert_int_equal(jute_read(&in, record, ret_value), 0);
}
