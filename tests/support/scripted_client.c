/* A client's connection that a test speaks for. */
#include "scripted_client.h"

#include <string.h>

#include "server/zookeeper_server_internal.h"
#include "zk/base/buf.h"
#include "zk/jute/op_code.h"
#include "zk/server/request.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

static struct scripted_client *client_of(struct server_cnxn *cnxn)
{
    return (struct scripted_client *)cnxn;
}

static void scripted_send_response(struct server_cnxn *cnxn, const struct reply_header *header,
                                   struct buf *body)
{
    struct scripted_client *client = client_of(cnxn);
    pthread_mutex_lock(&client->mutex);
    client->header = *header;
    buf_unref(client->body);
    client->body = body == NULL ? NULL : buf_ref(body);
    client->responses++;
    pthread_mutex_unlock(&client->mutex);
}

static void scripted_finish_session_init(struct server_cnxn *cnxn,
                                         const struct connect_response *response, bool valid)
{
    struct scripted_client *client = client_of(cnxn);
    pthread_mutex_lock(&client->mutex);
    client->valid = valid;
    client->answered_session_id = response->session_id;
    memcpy(client->passwd, response->passwd->bytes, sizeof client->passwd);
    client->session_answers++;
    pthread_mutex_unlock(&client->mutex);
}

static void scripted_send_close_session(struct server_cnxn *cnxn)
{
    struct scripted_client *client = client_of(cnxn);
    pthread_mutex_lock(&client->mutex);
    client->closed++;
    pthread_mutex_unlock(&client->mutex);
}

static void scripted_close(struct server_cnxn *cnxn, enum disconnect_reason reason)
{
    (void)reason;
    scripted_send_close_session(cnxn);
}

/* It belongs to the test. */
static void scripted_free(struct server_cnxn *cnxn)
{
    (void)cnxn;
}

static const struct server_cnxn_ops scripted_client_ops = {
    .send_response = scripted_send_response,
    .finish_session_init = scripted_finish_session_init,
    .send_close_session = scripted_send_close_session,
    .close = scripted_close,
    .free = scripted_free,
};

void scripted_client_init(struct scripted_client *client, struct zk_context *ctx,
                          struct zookeeper_server *server)
{
    *client = (struct scripted_client){.server = server, .next_cxid = 1};
    server_cnxn_init(&client->cnxn, ctx, &scripted_client_ops);
    client->cnxn.remote_address = "/127.0.0.1:1";
    pthread_mutex_init(&client->mutex, NULL);
}

void scripted_client_done(struct scripted_client *client)
{
    server_cnxn_done(&client->cnxn);
    buf_unref(client->body);
    pthread_mutex_destroy(&client->mutex);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int count(struct scripted_client *client, const int *field)
{
    pthread_mutex_lock(&client->mutex);
    int value = *field;
    pthread_mutex_unlock(&client->mutex);
    return value;
}

struct awaited {
    struct scripted_client *client;
    const int *field;
    int more_than;
};

static bool has_come(void *arg)
{
    const struct awaited *awaited = arg;
    return count(awaited->client, awaited->field) > awaited->more_than;
}

bool scripted_client_connect(struct scripted_client *client, int32_t timeout_ms)
{
    struct awaited awaited = {client, &client->session_answers,
                              count(client, &client->session_answers)};
    int64_t session_id = 0;
    client->cnxn.session_timeout_ms = timeout_ms;
    assert_int_equal(
        zookeeper_server_create_session(client->server, &client->cnxn, timeout_ms, &session_id), 0);
    test_await(has_come, &awaited);
    return client->valid;
}

int32_t scripted_client_connect_refused(struct scripted_client *client, int32_t timeout_ms)
{
    struct awaited awaited = {client, &client->responses, count(client, &client->responses)};
    int64_t session_id = 0;
    client->cnxn.session_timeout_ms = timeout_ms;
    assert_int_equal(
        zookeeper_server_create_session(client->server, &client->cnxn, timeout_ms, &session_id), 0);
    test_await(has_come, &awaited);
    return client->header.err;
}

bool scripted_client_reconnect(struct scripted_client *client, int64_t session_id,
                               const uint8_t *passwd, int32_t timeout_ms)
{
    struct awaited awaited = {client, &client->session_answers,
                              count(client, &client->session_answers)};
    client->cnxn.session_id = session_id;
    client->cnxn.session_timeout_ms = timeout_ms;
    zookeeper_server_reopen_session(client->server, &client->cnxn, session_id, passwd, timeout_ms);
    test_await(has_come, &awaited);
    return client->valid;
}

static int32_t ask(struct scripted_client *client, int32_t type, struct buf *body)
{
    struct awaited awaited = {client, &client->responses, count(client, &client->responses)};
    struct zk_id ip = {.scheme = ustring_of("ip"), .id = ustring_of("127.0.0.1")};
    struct zk_id_list auth_info = {.items = &ip, .count = 1, .present = true};
    struct request *request = request_new(&client->cnxn, client->cnxn.session_id,
                                          client->next_cxid++, type, body, &auth_info);
    request->owner = server_cnxn_me();
    assert_int_equal(zookeeper_server_submit_request(client->server, request), 0);
    test_await(has_come, &awaited);
    request_unref(request);
    jute_done(&zk_id_record, &ip);
    return client->header.err;
}

int32_t scripted_client_ask(struct scripted_client *client, int32_t type,
                            const struct jute_record *description, const void *record)
{
    struct buf *body = description == NULL ? NULL : jute_to_buf(description, record);
    int32_t err = ask(client, type, body);
    buf_unref(body);
    return err;
}

int32_t scripted_client_create(struct scripted_client *client, const char *path, int32_t flags)
{
    struct create_request record = {
        .path = ustring_of(path), .acl = {.present = true}, .flags = flags};
    zk_acl_list_add(&record.acl, PERMS_ALL, "world", "anyone");
    int32_t err = scripted_client_ask(client, OP_CODE_CREATE, &create_request_record, &record);
    jute_done(&create_request_record, &record);
    return err;
}

int32_t scripted_client_create_in_multi(struct scripted_client *client, const char *path,
                                        int32_t flags)
{
    static const struct multi_header create_header = {.type = OP_CODE_CREATE, .err = -1};
    static const struct multi_header end = {.type = -1, .done = true, .err = -1};
    struct create_request record = {
        .path = ustring_of(path), .acl = {.present = true}, .flags = flags};
    zk_acl_list_add(&record.acl, PERMS_ALL, "world", "anyone");
    struct buf *parts[] = {
        jute_to_buf(&multi_header_record, &create_header),
        jute_to_buf(&create_request_record, &record),
        jute_to_buf(&multi_header_record, &end),
    };
    struct buf *body = buf_new(0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_put_bytes(body, parts[i]->bytes, parts[i]->length);
        buf_unref(parts[i]);
    }
    int32_t err = ask(client, OP_CODE_MULTI, body);
    buf_unref(body);
    jute_done(&create_request_record, &record);
    return err;
}
