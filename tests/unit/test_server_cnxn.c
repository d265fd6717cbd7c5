/* What every client connection has: ids in Java's order, counters, whether it is over. */
#include "zk/server/server_cnxn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zk/base/buf.h"
#include "zk/jute/proto.h"
#include "zk_test.h"

struct stage {
    struct zk_context *ctx;
    struct server_cnxn cnxn;
    struct zk_str sent; /* replies and events: xid, zxid, err, and the body as bytes */
};

static void write_down_response(struct server_cnxn *cnxn, const struct reply_header *header,
                                struct buf *body)
{
    struct stage *stage = (struct stage *)((char *)cnxn - offsetof(struct stage, cnxn));
    zk_str_printf(&stage->sent, "%d %d %d:", header->xid, (int)header->zxid, header->err);
    for (size_t i = 0; i < body->length; i++)
        zk_str_printf(&stage->sent, "%02x", body->bytes[i]);
    zk_str_append(&stage->sent, " ");
}

static const struct server_cnxn_ops writing_ops = {.send_response = write_down_response};

static int stage_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->ctx = test_context();
    server_cnxn_init(&stage->cnxn, stage->ctx, &writing_ops);
    *state = stage;
    return 0;
}

static int stage_down(void **state)
{
    struct stage *stage = *state;
    server_cnxn_done(&stage->cnxn);
    zk_str_done(&stage->sent);
    zk_context_free(stage->ctx);
    free(stage);
    return 0;
}

static void assert_ids(struct stage *stage, const char *const *texts, size_t count)
{
    struct shared_ids *ids = server_cnxn_get_auth_info(&stage->cnxn);
    assert_true(ids->list.present);
    assert_int_equal(ids->list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(ids->list.items[i].id.text, texts[i]);
    shared_ids_unref(ids);
}

/* As a running Java 3.8.0 told them in whoAmI. */
static void ids_stand_in_the_order_of_javas_map(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "ip", "127.0.0.1"), 0);
    assert_int_equal(
        server_cnxn_add_auth_info(&stage->cnxn, "digest", "bob:ikIaKsbtGweaHnb/jKn7OHqbunM="), 0);
    assert_ids(stage, (const char *const[]){"bob:ikIaKsbtGweaHnb/jKn7OHqbunM=", "127.0.0.1"}, 2);
}

static void an_id_is_in_the_set_once(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "ip", "127.0.0.1"), 0);
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "ip", "127.0.0.1"), 0);
    assert_ids(stage, (const char *const[]){"127.0.0.1"}, 1);
}

static void a_list_that_somebody_holds_does_not_change(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "ip", "127.0.0.1"), 0);
    struct shared_ids *before = server_cnxn_get_auth_info(&stage->cnxn);
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "super", ""), 0);
    assert_int_equal(before->list.count, 1);
    shared_ids_unref(before);
    struct shared_ids *after = server_cnxn_get_auth_info(&stage->cnxn);
    assert_int_equal(after->list.count, 2);
    shared_ids_unref(after);
}

static void a_client_cannot_add_ids_without_end(void **state)
{
    struct stage *stage = *state;
    char *name = malloc(AUTH_INFO_LIMIT);
    memset(name, 'x', AUTH_INFO_LIMIT - 1);
    name[AUTH_INFO_LIMIT - 1] = '\0';
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "digest", name), -ENOSPC);
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "digest", "bob:pw"), 0);
    free(name);
    assert_ids(stage, (const char *const[]){"bob:pw"}, 1);
}

static void answer(struct server_cnxn *cnxn, int64_t cxid, int64_t zxid, const char *op,
                   int64_t start_ms, int64_t end_ms)
{
    const struct server_cnxn_response response = {.cxid = cxid,
                                                  .zxid = zxid,
                                                  .op = op,
                                                  .start_ms = start_ms,
                                                  .end_ms = end_ms,
                                                  .is_update = strcmp(op, "SETD") == 0,
                                                  .bytes = 16};
    server_cnxn_update_stats_for_response(cnxn, &response);
}

static void latencies_are_counted_until_they_are_reset(void **state)
{
    struct stage *stage = *state;
    server_cnxn_packets_received(&stage->cnxn, 3);
    server_cnxn_packets_sent(&stage->cnxn, 2);
    assert_int_equal(server_cnxn_outstanding(&stage->cnxn, 1), 1);
    answer(&stage->cnxn, 4, 0x100000043, "PING", 1000, 1007);
    answer(&stage->cnxn, -2, 0x100000044, "SETD", 1010, 1013);
    struct server_cnxn_stats_values values;
    server_cnxn_get_stats(&stage->cnxn, &values);
    assert_int_equal(values.packets_received, 3);
    assert_int_equal(values.packets_sent, 2);
    assert_int_equal(values.last_cxid, 4);
    assert_int_equal(values.last_zxid, 0x100000044);
    assert_string_equal(values.last_op, "SETD");
    assert_int_equal(values.min_latency_ms, 0); /* until the reset, as in Java */
    assert_int_equal(values.max_latency_ms, 7);
    assert_int_equal(values.total_latency_ms, 10);
    assert_int_equal(values.count, 2);
    assert_true(values.established_ms > 0);

    server_cnxn_reset_stats(&stage->cnxn);
    server_cnxn_get_stats(&stage->cnxn, &values);
    assert_int_equal(values.packets_received, 0);
    assert_int_equal(values.outstanding, 1);
    assert_int_equal(values.last_cxid, -1);
    assert_string_equal(values.last_op, "NA");
    assert_true(values.established_ms > 0);
    answer(&stage->cnxn, 5, 0x100000045, "SETD", 1010, 1013);
    server_cnxn_get_stats(&stage->cnxn, &values);
    assert_int_equal(values.min_latency_ms, 3);
}

/* CLI-83: the figures of the port are the sums of its connections'. */
static void the_port_takes_over_what_its_connections_have_gathered(void **state)
{
    struct stage *stage = *state;
    struct server_stats *port = server_stats_new(stage->ctx);
    answer(&stage->cnxn, 4, 1, "PING", 1000, 1007);
    answer(&stage->cnxn, 5, 2, "SETD", 1010, 1013);

    struct answer_figures figures = server_cnxn_take_figures(&stage->cnxn);
    server_stats_add_answers(port, &figures);

    assert_int_equal(figures.read_latency_ms.sum, 7);
    assert_int_equal(figures.update_latency_ms.sum, 3);
    struct server_stats_values values = server_stats_get(port);
    assert_int_equal(values.request_latency_ms.min, 3);
    assert_int_equal(values.request_latency_ms.max, 7);
    assert_int_equal(values.request_latency_ms.count, 2);
    assert_int_equal(values.client_response_stats.last, 16);

    figures = server_cnxn_take_figures(&stage->cnxn);
    assert_int_equal(figures.read_latency_ms.count + figures.update_latency_ms.count, 0);
    server_stats_reset(port);
    assert_int_equal(server_stats_get(port).client_response_stats.max, -1);
    server_stats_free(port);
}

static void what_is_no_clients_has_no_ids_and_no_counters(void **state)
{
    (void)state;
    struct server_cnxn bare = {.ops = &writing_ops};
    assert_null(server_cnxn_get_auth_info(&bare));
    server_cnxn_packets_received(&bare, 1);
    answer(&bare, 1, 1, "PING", 0, 1);
    struct server_cnxn_stats_values values;
    server_cnxn_get_stats(&bare, &values);
    assert_int_equal(values.packets_received, 0);
    assert_false(server_cnxn_is_stale(&bare));
    server_cnxn_set_stale(&bare);
    assert_true(server_cnxn_is_stale(&bare));
}

/* ---- what it watches ------------------------------------------------------------------------- */

/* Tells the connection that /a has new data, and asserts what it sends. */
static void assert_sends(struct stage *stage, const struct zk_acl_list *acl, const char *expected)
{
    char path[] = "/a";
    struct watched_event event = {.type = WATCHER_EVENT_NODE_DATA_CHANGED,
                                  .state = KEEPER_STATE_SYNC_CONNECTED,
                                  .path = {.text = path, .length = 2}};
    struct watcher *watcher = server_cnxn_watcher(&stage->cnxn);
    watcher->ops->process(watcher, &event, acl);
    assert_string_equal(zk_str_text(&stage->sent), expected);
    zk_str_clear(&stage->sent);
}

/* As Java's bytes in the reference of the client port. */
#define EVENT "-1 -1 0:0000000300000003000000022f61 "

static void an_event_is_sent_as_java_sends_it(void **state)
{
    assert_sends(*state, NULL, EVENT);
}

/* CLI-67: what its ids may not read at the moment of the event is not sent. */
static void an_event_that_the_ids_may_not_read_is_dropped(void **state)
{
    struct stage *stage = *state;
    struct zk_acl_list acl = {0};
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "ip", "127.0.0.1"), 0);
    zk_acl_list_add(&acl, PERMS_READ, "digest", "bob:x");
    zk_acl_list_add(&acl, PERMS_ALL - PERMS_READ, "world", "anyone");
    assert_sends(stage, &acl, "");
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "digest", "bob:x"), 0);
    assert_sends(stage, &acl, EVENT);
    jute_done(&zk_acl_list_record, &acl);
}

/* No list of the node's is null or empty, but a transaction's may be: Java lets everybody read. */
static void an_empty_list_lets_everybody_hear(void **state)
{
    struct zk_acl_list empty = {.present = true};
    struct zk_acl_list null = {0};
    assert_sends(*state, &empty, EVENT);
    assert_sends(*state, &null, EVENT);
}

static void a_super_user_hears_everything(void **state)
{
    struct stage *stage = *state;
    struct zk_acl no_right = {0};
    struct zk_acl_list nobody = {.present = true, .count = 1, .items = &no_right};
    assert_sends(stage, &nobody, "");
    assert_int_equal(server_cnxn_add_auth_info(&stage->cnxn, "super", ""), 0);
    assert_sends(stage, &nobody, EVENT);
}

static void a_watcher_knows_whether_it_is_stale_and_whose_it_is(void **state)
{
    struct stage *stage = *state;
    struct watcher *watcher = server_cnxn_watcher(&stage->cnxn);
    stage->cnxn.session_id = 0x1000016a9520009;
    assert_true(watcher->ops->get_session_id(watcher) == 0x1000016a9520009);
    assert_false(watcher->ops->is_stale(watcher));
    server_cnxn_set_stale(&stage->cnxn);
    assert_true(watcher->ops->is_stale(watcher));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ids_stand_in_the_order_of_javas_map, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(an_id_is_in_the_set_once, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(a_list_that_somebody_holds_does_not_change, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(a_client_cannot_add_ids_without_end, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(the_port_takes_over_what_its_connections_have_gathered,
                                        stage_up, stage_down),
        cmocka_unit_test_setup_teardown(latencies_are_counted_until_they_are_reset, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(an_event_is_sent_as_java_sends_it, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(an_event_that_the_ids_may_not_read_is_dropped, stage_up,
                                        stage_down),
        cmocka_unit_test_setup_teardown(an_empty_list_lets_everybody_hear, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(a_super_user_hears_everything, stage_up, stage_down),
        cmocka_unit_test_setup_teardown(a_watcher_knows_whether_it_is_stale_and_whose_it_is,
                                        stage_up, stage_down),
        cmocka_unit_test(what_is_no_clients_has_no_ids_and_no_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
