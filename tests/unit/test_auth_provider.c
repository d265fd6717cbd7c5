/* Clients say who they are. Java: AuthTest, AuthSHA2Test, DigestAuthDisabledTest,
 * EnforceAuthenticationTest */
#include "zk/server/auth_provider.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "final_stage.h"
#include "zk/jute/auth_info.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/runtime/settings.h"
#include "zk/server/request.h"
#include "zk_test.h"

/* The server reads some settings when it is made: so it is made anew. */
static void set_and_restart(struct final_stage *stage, const char *key, const char *value)
{
    zk_settings_set(stage->ctx, key, value);
    zookeeper_server_unref(stage->server);
    static const struct zookeeper_server_methods methods = {.state = "parrot"};
    stage->server =
        zookeeper_server_new(stage->ctx, &methods, NULL, stage->database, stage->metrics);
}

static int auth_up(void **state)
{
    int r = final_stage_setup(state);
    struct final_stage *stage = *state;
    auth_info_free(stage->client.cnxn.auth_info); /* what the client of the other tests is */
    stage->client.cnxn.auth_info = auth_info_new(stage->ctx);
    assert_int_equal(server_cnxn_add_auth_info(&stage->client.cnxn, "ip", "127.0.0.1"), 0);
    return r;
}

static int auth_down(void **state)
{
    struct final_stage *stage = *state;
    auth_info_free(stage->client.cnxn.auth_info);
    stage->client.cnxn.auth_info = NULL;
    return final_stage_teardown(state);
}

/* One frame of the client; what is not answered at once is dropped. Returns whether it was. */
static bool send_frame(struct final_stage *stage, const struct buf *frame)
{
    struct request *request;
    stage->client.responses = 0;
    assert_int_equal(zookeeper_server_process_packet(stage->server, &stage->client.cnxn,
                                                     frame->bytes, frame->length, &request),
                     0);
    bool answered = request == NULL;
    request_unref(request);
    return answered;
}

/* auth NULL: null */
static void send_auth(struct final_stage *stage, const char *scheme, const char *auth,
                      size_t length)
{
    struct buf *frame = buf_new(64);
    buf_put_int(frame, -4);
    buf_put_int(frame, OP_CODE_AUTH);
    buf_put_int(frame, 0);
    buf_put_int(frame, scheme != NULL ? (int32_t)strlen(scheme) : -1);
    buf_put_bytes(frame, scheme, scheme != NULL ? strlen(scheme) : 0);
    buf_put_int(frame, auth != NULL ? (int32_t)length : -1);
    buf_put_bytes(frame, auth, auth != NULL ? length : 0);
    assert_true(send_frame(stage, frame));
    buf_unref(frame);
}

static void send_digest(struct final_stage *stage, const char *auth)
{
    send_auth(stage, "digest", auth, strlen(auth));
}

static void expect_reply(struct final_stage *stage, int32_t xid, int32_t err)
{
    assert_int_equal(stage->client.responses, 1);
    assert_int_equal(stage->client.header.xid, xid);
    assert_int_equal(stage->client.header.zxid, 0);
    assert_int_equal(stage->client.header.err, err);
    assert_null(stage->client.body);
    assert_int_equal(stage->client.closed, err == 0 ? 0 : 1);
}

/* The client has exactly these ids, "scheme:id" each, in any order. */
static void expect_ids(struct final_stage *stage, const char *const *expected, size_t count)
{
    struct shared_ids *ids = server_cnxn_get_auth_info(&stage->client.cnxn);
    assert_int_equal(ids->list.count, count);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t j = 0; j < count; j++) {
            struct zk_str text = {0};
            zk_str_append(&text, ids->list.items[j].scheme.text);
            zk_str_append(&text, ":");
            zk_str_append(&text, ids->list.items[j].id.text);
            found = found || strcmp(zk_str_text(&text), expected[i]) == 0;
            zk_str_done(&text);
        }
        assert_true(found);
    }
    shared_ids_unref(ids);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* What a Java 3.8.0 has made of them. */
static void a_digest_is_the_user_and_the_hash_of_it_all(void **state)
{
    struct final_stage *stage = *state;
    static const char *const IDS[] = {
        "ip:127.0.0.1",
        "digest:bob:ikIaKsbtGweaHnb/jKn7OHqbunM=", "digest:bob:SBgazSKz7a68ikR4aKfffOYpkgo=",
        "digest:b:IyTliPcDBg4g6IOSEwA2LEPEi6I=", "digest::BaefBs8/Z/cm2uaNGKIpD2yaUMk="};
    send_digest(stage, "bob:pw");
    expect_reply(stage, -4, KEEPER_CODE_OK);
    send_digest(stage, "bob");
    send_digest(stage, "b:c:d");
    send_digest(stage, ":");
    expect_reply(stage, -4, KEEPER_CODE_OK);
    expect_ids(stage, IDS, 5);
}

/* CLI-73 */
static void what_cannot_be_used_is_refused_and_the_connection_closed(void **state)
{
    struct final_stage *stage = *state;
    static const char *const SCHEMES[] = {"foo", "world", "auth", "super", "sasl", "", NULL};
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
        stage->client.closed = 0;
        send_auth(stage, SCHEMES[i], "x", 1);
        expect_reply(stage, -4, KEEPER_CODE_AUTHFAILED);
    }
    stage->client.closed = 0;
    send_auth(stage, "digest", NULL, 0);
    expect_reply(stage, -4, KEEPER_CODE_AUTHFAILED);
    stage->client.closed = 0;
    send_auth(stage, "digest", "bob\0x:pw", 8);
    expect_reply(stage, -4, KEEPER_CODE_AUTHFAILED);
    static const char *const IDS[] = {"ip:127.0.0.1"};
    expect_ids(stage, IDS, 1);
}

static void an_address_need_not_be_proved(void **state)
{
    struct final_stage *stage = *state;
    static const char *const IDS[] = {"ip:127.0.0.1"};
    send_auth(stage, "ip", "10.0.0.1", 8);
    expect_reply(stage, -4, KEEPER_CODE_OK);
    expect_ids(stage, IDS, 1);
}

/* CLI-75 */
static void the_superuser_has_the_digest_of_the_setting(void **state)
{
    struct final_stage *stage = *state;
    static const char *const IDS[] = {"ip:127.0.0.1",
                                      "super:", "digest:bob:ikIaKsbtGweaHnb/jKn7OHqbunM="};
    zk_settings_set(stage->ctx, "zookeeper.DigestAuthenticationProvider.superDigest",
                    "bob:ikIaKsbtGweaHnb/jKn7OHqbunM=");
    send_digest(stage, "bob:pw");
    expect_ids(stage, IDS, 3);
    send_digest(stage, "bob:pw2");
    struct shared_ids *ids = server_cnxn_get_auth_info(&stage->client.cnxn);
    assert_int_equal(ids->list.count, 4);
    shared_ids_unref(ids);
}

static void the_hash_may_be_another_one_or_none(void **state)
{
    struct final_stage *stage = *state;
    static const char *const IDS[] = {"ip:127.0.0.1",
                                      "digest:bob:lXdkgIa9O1CDDWAryQ0pe9wUYi2LkG6M7Uocn/Vyn2g="};
    zk_settings_set(stage->ctx, "zookeeper.DigestAuthenticationProvider.digestAlg", "SHA-256");
    send_digest(stage, "bob:pw");
    expect_ids(stage, IDS, 2);
    zk_settings_set(stage->ctx, "zookeeper.DigestAuthenticationProvider.digestAlg", "MD5");
    send_digest(stage, "bob:pw");
    expect_reply(stage, -4, KEEPER_CODE_AUTHFAILED);
    zk_settings_set(stage->ctx, "zookeeper.DigestAuthenticationProvider.enabled", "false");
    stage->client.closed = 0;
    send_digest(stage, "bob:pw");
    expect_reply(stage, -4, KEEPER_CODE_AUTHFAILED);
}

/* CLI-74 */
static void a_client_may_have_to_say_who_it_is_first(void **state)
{
    struct final_stage *stage = *state;
    struct buf *ping = buf_new(8);
    buf_put_int(ping, -2);
    buf_put_int(ping, OP_CODE_PING);
    assert_false(send_frame(stage, ping));

    zk_settings_set(stage->ctx, "zookeeper.enforce.auth.schemes", " digest ,");
    set_and_restart(stage, "zookeeper.enforce.auth.enabled", "true");
    assert_true(send_frame(stage, ping));
    expect_reply(stage, -2, KEEPER_CODE_SESSIONCLOSEDREQUIRESASLAUTH);

    stage->client.closed = 0;
    send_digest(stage, "bob:pw");
    expect_reply(stage, -4, KEEPER_CODE_OK);
    assert_false(send_frame(stage, ping));
    buf_unref(ping);
}

static void a_sasl_token_is_answered_with_null_and_none_ends_the_connection(void **state)
{
    static const uint8_t token[] = {0, 0, 0, 7, 0, 0, 0, OP_CODE_SASL, 0, 0, 0, 1, 'x'};
    static const uint8_t null_token[] = {0, 0, 0, 7, 0, 0, 0, OP_CODE_SASL, 255, 255, 255, 255};
    struct final_stage *stage = *state;
    struct server_cnxn *cnxn = &stage->client.cnxn;
    struct request *request;
    for (size_t length = 8; length < sizeof token; length++)
        assert_int_equal(
            zookeeper_server_process_packet(stage->server, cnxn, token, length, &request), -EPROTO);
    assert_int_equal(zookeeper_server_process_packet(stage->server, cnxn, null_token,
                                                     sizeof null_token, &request),
                     -EPROTO);
    assert_int_equal(
        zookeeper_server_process_packet(stage->server, cnxn, token, sizeof token, &request), 0);
    assert_null(request);
    assert_int_equal(stage->client.header.xid, 7);
    assert_int_equal(stage->client.header.err, KEEPER_CODE_OK);
    assert_int_equal(stage->client.body->length, 4);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, auth_up, auth_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_digest_is_the_user_and_the_hash_of_it_all),
        STAGED(what_cannot_be_used_is_refused_and_the_connection_closed),
        STAGED(an_address_need_not_be_proved),
        STAGED(the_superuser_has_the_digest_of_the_setting),
        STAGED(the_hash_may_be_another_one_or_none),
        STAGED(a_client_may_have_to_say_who_it_is_first),
        STAGED(a_sasl_token_is_answered_with_null_and_none_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
