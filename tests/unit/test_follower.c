/* What follower and observer do once they are synchronised: proposals go to the log and are
 * acknowledged, commits are applied in their order, and what a client asks for goes to the leader.
 * The leader is played by the test, and so is the client. */
#include "server/zookeeper_server_internal.h"
#include "zk/zab/follower.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "learner_stage.h"
#include "sleep_ms.h"
#include "txns.h"
#include "zk/base/alloc.h"
#include "zk/io/file.h"
#include "zk/jute/archive.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/server/exit_code.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk/tree/data_tree.h"

static const int64_t Z1 = 0x100000001;
static const int64_t Z2 = 0x100000002;
static const int64_t Z3 = 0x100000003;
static const int64_t SESSION = 0x0100001d3f490000;
/* What Java 3.8.0 gave the client of that session. */
static const char PASSWD[] = "5d2d7c4d2610f2d203d09bcadf8ba033";

/* What a reconfiguration stores. */
static const char SERVERS[] =
    "server.1=127.0.0.1:1:2:participant\nserver.3=127.0.0.1:3:4:participant";

static void propose(struct learner_stage *stage, int64_t zxid)
{
    learner_stage_send_txn(stage, LEADER_PROPOSAL, txn_error(zxid));
}

static void hang_up(struct learner_stage *stage)
{
    scripted_peer_hang_up(stage->leader);
    assert_true(testing_peer_join(&stage->peer) < 0);
}

/* ---- a client -------------------------------------------------------------------------------- */

/* A connection that remembers what it was told. */
struct test_cnxn {
    struct server_cnxn base; /* the first field: this is one */
    struct zk_mutex mu;      /* guards the rest */
    int answers;
    int32_t xid;
    int64_t zxid;
    int32_t err;
    int inits;
    bool valid;
};

static void test_cnxn_send_response(struct server_cnxn *base, const struct reply_header *header,
                                    struct buf *body)
{
    (void)body;
    struct test_cnxn *cnxn = (struct test_cnxn *)base;
    zk_mutex_lock(&cnxn->mu);
    cnxn->answers++;
    cnxn->xid = header->xid;
    cnxn->zxid = header->zxid;
    cnxn->err = header->err;
    zk_mutex_unlock(&cnxn->mu);
}

static void test_cnxn_finish_session_init(struct server_cnxn *base,
                                          const struct connect_response *response, bool valid)
{
    (void)response;
    struct test_cnxn *cnxn = (struct test_cnxn *)base;
    zk_mutex_lock(&cnxn->mu);
    cnxn->inits++;
    cnxn->valid = valid;
    zk_mutex_unlock(&cnxn->mu);
}

static void test_cnxn_send_close_session(struct server_cnxn *base)
{
    (void)base;
}

static void test_cnxn_close(struct server_cnxn *base, enum disconnect_reason reason)
{
    (void)base;
    (void)reason;
}

static void test_cnxn_free(struct server_cnxn *base)
{
    struct test_cnxn *cnxn = (struct test_cnxn *)base;
    zk_mutex_destroy(&cnxn->mu);
    free(cnxn);
}

static const struct server_cnxn_ops test_cnxn_ops = {
    .send_response = test_cnxn_send_response,
    .finish_session_init = test_cnxn_finish_session_init,
    .send_close_session = test_cnxn_send_close_session,
    .close = test_cnxn_close,
    .free = test_cnxn_free,
};

enum { TEST_CNXN_RANK = 119 };

static struct test_cnxn *test_cnxn_new(struct zk_context *ctx)
{
    struct test_cnxn *cnxn = zk_xcalloc(1, sizeof *cnxn);
    cnxn->base.ops = &test_cnxn_ops;
    zk_refcount_init(&cnxn->base.refs);
    cnxn->base.session_id = SESSION;
    cnxn->base.session_timeout_ms = 30000;
    cnxn->base.remote_address = "the test";
    zk_mutex_init(&cnxn->mu, ctx, "test_cnxn", TEST_CNXN_RANK);
    return cnxn;
}

static void await_count(struct test_cnxn *cnxn, const int *count, int expected)
{
    int64_t deadline_ms = zk_elapsed_ms() + TEST_PATIENCE_MS;
    for (;;) {
        zk_mutex_lock(&cnxn->mu);
        int is = *count;
        zk_mutex_unlock(&cnxn->mu);
        if (is == expected)
            return;
        if (is > expected || zk_elapsed_ms() >= deadline_ms)
            fail_msg("%d answers instead of %d", is, expected);
        sleep_ms(1);
    }
}

/* A request of the client, with a body in hex. */
static void submit(struct learner_stage *stage, struct test_cnxn *cnxn, int32_t cxid, int32_t type,
                   const char *body_hex)
{
    struct zookeeper_server *server = quorum_peer_get_active_server(stage->peer.self);
    struct buf *body = scripted_hex(body_hex);
    struct zk_id_list auth_info = {0};
    struct zk_id *id = jute_list_add(&zk_id_record, &auth_info);
    id->scheme = ustring_of("ip");
    id->id = ustring_of("127.0.0.1");
    struct request *request =
        request_new(&cnxn->base, cnxn->base.session_id, cxid, type, body, &auth_info);
    assert_int_equal(0, zookeeper_server_submit_request(server, request));
    request_unref(request);
    ustring_done(&id->scheme);
    ustring_done(&id->id);
    free(auth_info.items);
    buf_unref(body);
    zookeeper_server_unref(server);
}

/* A follower that has a session. */
static void start_with_session(struct learner_stage *stage)
{
    learner_stage_start_synced(stage);
    learner_stage_send_txn(stage, LEADER_PROPOSAL, txn_create_session(Z1, SESSION));
    learner_stage_expect_ack(stage, Z1);
    learner_stage_send_commit(stage, Z1);
    learner_stage_await_applied(stage, Z1);
    /* The table of the next PING has the new session, once. */
    scripted_peer_send_packet(stage->leader, LEADER_PING, EPOCH_1_ZXID, NULL);
    scripted_peer_expect_packet(stage->leader, LEADER_PING, EPOCH_1_ZXID,
                                "0100001d3f490000 00007530");
}

/* ---- proposals and commits ------------------------------------------------------------------- */

/* BRD-03 */
static void brd_03_proposals_are_logged_and_acknowledged_and_commits_applied_in_order(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    propose(&stage, Z1);
    propose(&stage, Z2);
    learner_stage_expect_ack(&stage, Z1);
    learner_stage_expect_ack(&stage, Z2);

    learner_stage_assert_logged(&stage, "100000001 100000002");
    assert_true(quorum_peer_get_last_logged_zxid(stage.peer.self) < Z1); /* not committed */
    learner_stage_send_commit(&stage, Z1);
    learner_stage_await_applied(&stage, Z1);
    learner_stage_send_commit(&stage, Z2);
    learner_stage_await_applied(&stage, Z2);
    hang_up(&stage);
    learner_stage_finish(&stage);
}

static void what_a_follower_hears_is_counted_and_so_is_how_late_it_comes(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    propose(&stage, Z1);
    propose(&stage, Z2);
    learner_stage_expect_ack(&stage, Z1);
    learner_stage_expect_ack(&stage, Z2);
    learner_stage_send_commit(&stage, Z1);
    learner_stage_await_applied(&stage, Z1);
    hang_up(&stage);

    struct server_metrics_values values = server_metrics_get(stage.peer.self->metrics);

    assert_int_equal(2, values.counters[SERVER_METRICS_LEARNER_PROPOSAL_RECEIVED_COUNT]);
    assert_int_equal(1, values.counters[SERVER_METRICS_LEARNER_COMMIT_RECEIVED_COUNT]);
    assert_int_equal(2, values.summaries[SERVER_METRICS_PROPOSAL_LATENCY].count);
    assert_int_equal(2, values.summaries[SERVER_METRICS_PROPOSAL_ACK_CREATION_LATENCY].count);
    assert_int_equal(1, values.summaries[SERVER_METRICS_COMMIT_PROPAGATION_LATENCY].count);
    learner_stage_finish(&stage);
}

static void brd_03_commit_of_another_than_the_oldest_ends_the_process_with_12(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    propose(&stage, Z1);
    propose(&stage, Z2);
    learner_stage_send_commit(&stage, Z2);

    assert_int_equal(EXIT_CODE_UNMATCHED_TXN_COMMIT, testing_peer_join(&stage.peer));

    assert_true(testing_peer_logged(
        &stage.peer, "Committing zxid 0x100000002 but next pending txn 0x100000001"));
    learner_stage_finish(&stage);
}

/* BRD-03, as in Java: what is missing shows at its COMMIT. */
static void brd_03_proposal_that_skips_one_is_warned_of_and_logged(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    propose(&stage, Z1);
    propose(&stage, Z3);
    learner_stage_expect_ack(&stage, Z1);
    learner_stage_expect_ack(&stage, Z3);
    learner_stage_assert_logged(&stage, "100000001 100000003");
    assert_true(testing_peer_logged(&stage.peer, "Got zxid 0x100000003 expected 0x100000002"));
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* BRD-03 */
static void brd_03_commit_of_what_is_not_pending_is_passed_over(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    learner_stage_send_commit(&stage, Z1);
    learner_stage_assert_still_there(&stage);
    assert_true(testing_peer_logged(&stage.peer, "Committing 100000001 without seeing txn"));
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* ---- a leader of Java that changes its members (ZOOKEEPER-1784, D-32) ------------------------ */

/* The sid of the leader to come, 3, and in an INFORMANDACTIVATE the transaction behind it. */
static void send_activate(struct learner_stage *stage, int32_t type, int64_t zxid,
                          struct txn_log_entry *txn)
{
    struct zk_str hex = {0};
    zk_str_append(&hex, "0000000000000003");
    for (size_t i = 0; txn != NULL && i < txn->bytes->length; i++)
        zk_str_printf(&hex, "%02x", txn->bytes->bytes[i]);
    scripted_peer_send_packet(stage->leader, type, zxid, zk_str_text(&hex));
    zk_str_done(&hex);
    txn_log_entry_unref(txn);
}

/* The node holds what the leader has set, and a line says that this is all. */
static void assert_stored_and_not_applied(struct learner_stage *stage, int64_t zxid)
{
    learner_stage_await_applied(stage, zxid);
    learner_stage_assert_still_there(stage);
    assert_true(testing_peer_logged(&stage->peer, "is stored, and changes nothing else"));
    struct data_tree *tree = zk_database_get_data_tree(stage->peer.database);
    const struct data_tree_query query = {.path = "/zookeeper/config"};
    int64_t read_at;
    struct zk_stat stat;
    struct buf *data = NULL;
    assert_int_equal(0, data_tree_get_data(tree, &query, &read_at, &stat, &data));
    assert_int_equal(sizeof SERVERS - 1, data->length);
    assert_memory_equal(SERVERS, data->bytes, data->length);
    buf_unref(data);
    data_tree_unref(tree);
}

static void follower_commits_a_reconfiguration_and_stays_as_it_is(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_reconfig(Z1, SERVERS));
    learner_stage_expect_ack(&stage, Z1);
    send_activate(&stage, LEADER_COMMITANDACTIVATE, Z1, NULL);
    assert_stored_and_not_applied(&stage, Z1);

    propose(&stage, Z2);
    learner_stage_expect_ack(&stage, Z2);
    learner_stage_send_commit(&stage, Z2);
    learner_stage_await_applied(&stage, Z2);
    hang_up(&stage);
    learner_stage_assert_logged(&stage, "100000001 100000002");
    learner_stage_finish(&stage);
}

static void reconfiguration_that_was_not_proposed_ends_the_role(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    send_activate(&stage, LEADER_COMMITANDACTIVATE, Z1, NULL);
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    assert_true(
        testing_peer_logged(&stage.peer, "COMMITANDACTIVATE 0x100000001 without its proposal"));
    learner_stage_finish(&stage);
}

/* D-173: what goes back, or is of another epoch, would stand in a log that no start takes. */
static void transaction_that_cannot_come_next_ends_the_role(void **state)
{
    (void)state;
    static const int64_t wrong[] = {Z1, EPOCH_1_ZXID, 1, -1, EPOCH_2_ZXID, EPOCH_2_ZXID + 1};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct learner_stage stage;
        learner_stage_start_synced(&stage);
        propose(&stage, Z1);
        learner_stage_expect_ack(&stage, Z1);
        propose(&stage, wrong[i]);
        scripted_peer_expect_end(stage.leader);
        assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
        assert_true(testing_peer_logged(&stage.peer, " cannot come behind 0x100000001"));
        learner_stage_assert_logged(&stage, "100000001");
        learner_stage_finish(&stage);
    }
}

static void observer_is_told_nothing_that_cannot_come_next(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced_observer(&stage);
    learner_stage_send_txn(&stage, LEADER_INFORM, txn_create_session(EPOCH_2_ZXID + 1, SESSION));
    scripted_peer_expect_end(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    learner_stage_assert_logged(&stage, "");
    learner_stage_finish(&stage);
}

static void malformed_proposal_ends_the_role_and_not_the_process(void **state)
{
    (void)state;
    static const char *const data[] = {NULL, "", "0000000000000004 00000000"};
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
        struct learner_stage stage;
        learner_stage_start_synced(&stage);
        scripted_peer_send_packet(stage.leader, LEADER_PROPOSAL, Z1, data[i]);
        scripted_peer_expect_end(stage.leader);
        assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
        learner_stage_assert_logged(&stage, "");
        learner_stage_finish(&stage);
    }
}

/* Both come with one read, and nothing has been handed over to the SyncThread then. */
static void what_comes_before_a_malformed_proposal_gets_to_the_disk(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct zk_str both = {0};
    struct txn_log_entry *txn = txn_error(Z1);
    learner_stage_start_synced(&stage);
    zk_str_printf(&both, "%08x%016" PRIx64 "%08zx", (unsigned)LEADER_PROPOSAL, (uint64_t)Z1,
                  txn->bytes->length);
    for (size_t i = 0; i < txn->bytes->length; i++)
        zk_str_printf(&both, "%02x", txn->bytes->bytes[i]);
    zk_str_printf(&both, "ffffffff%08x%016" PRIx64 "00000000ffffffff", (unsigned)LEADER_PROPOSAL,
                  (uint64_t)Z1 + 1);
    scripted_peer_send_hex(stage.leader, zk_str_text(&both));
    zk_str_done(&both);
    txn_log_entry_unref(txn);
    scripted_peer_drain(stage.leader);
    assert_int_equal(-EPROTO, testing_peer_join(&stage.peer));
    learner_stage_assert_logged(&stage, "100000001");
    learner_stage_finish(&stage);
}

/* MC-02: the log fails: nothing is acknowledged, and the process ends. */
static void proposal_that_cannot_be_logged_is_not_acknowledged_and_ends_the_process(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    char *version_2 = test_path(stage.peer.directory, "version-2");
    char *blocker = test_path(version_2, "log.100000001");
    assert_int_equal(0, file_make_directories(blocker));
    propose(&stage, Z1);
    /* Pings come every half tick, and are what the main thread wakes up by. */
    testing_peer_await_log(&stage.peer, "Severe unrecoverable error");
    scripted_peer_send_packet(stage.leader, LEADER_PING, EPOCH_1_ZXID, NULL);

    assert_int_equal(EXIT_CODE_UNEXPECTED_ERROR, testing_peer_join(&stage.peer));

    free(blocker);
    free(version_2);
    learner_stage_finish(&stage);
}

static void thousand_proposals_are_acknowledged_in_their_order(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    for (int i = 1; i <= 1000; i++)
        propose(&stage, EPOCH_1_ZXID + i);
    for (int i = 1; i <= 1000; i++)
        learner_stage_expect_ack(&stage, EPOCH_1_ZXID + i);
    for (int i = 1; i <= 1000; i++)
        learner_stage_send_commit(&stage, EPOCH_1_ZXID + i);
    learner_stage_await_applied(&stage, EPOCH_1_ZXID + 1000);
    hang_up(&stage);
    assert_int_equal(EPOCH_1_ZXID + 1000, learner_stage_reload(&stage));
    learner_stage_finish(&stage);
}

/* ---- what clients ask for -------------------------------------------------------------------- */

/* BRD-07: the table has what is new since the last PING. */
static void brd_07_ping_tells_the_sessions_that_were_heard_from_once(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_session(&stage);
    learner_stage_assert_still_there(&stage);
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* A leader that must read more than jute.maxbuffer allows hangs up (D-333). */
static void ping_answers_with_more_sessions_than_a_packet_may_have(void **state)
{
    (void)state;
    enum { MOST = 2 * JUTE_MAX_BUFFER / 12, SESSIONS = MOST + 3 };
    struct learner_stage stage;
    learner_stage_start_synced(&stage);
    struct zookeeper_server *server = quorum_peer_get_active_server(stage.peer.self);
    struct session_tracker *tracker = zookeeper_server_get_session_tracker(server);
    for (int64_t id = 1; id <= SESSIONS; id++)
        assert_true(session_tracker_touch_session(tracker, id, 30000));
    zookeeper_server_unref(server);

    scripted_peer_send_packet(stage.leader, LEADER_PING, EPOCH_1_ZXID, NULL);

    int64_t next = 1;
    for (int part = 0; part < 2; part++) {
        int32_t type;
        int64_t zxid;
        struct buf *data = scripted_peer_read_packet(stage.leader, &type, &zxid);
        assert_int_equal(LEADER_PING, type);
        assert_int_equal(EPOCH_1_ZXID, zxid);
        assert_int_equal(part == 0 ? MOST * 12 : (SESSIONS - MOST) * 12, data->length);
        for (size_t at = 0; at < data->length; at += 12) {
            assert_int_equal(next++, zk_load_long(data->bytes + at));
            assert_int_equal(30000, zk_load_int(data->bytes + at + 8));
        }
        buf_unref(data);
    }
    assert_int_equal(SESSIONS + 1, next);
    learner_stage_assert_still_there(&stage); /* nothing more came, and the table is empty */
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* CLI-37: a leader of Java would end with all its followers. The client hears what is wrong, and
 * the leader hears the next request alone. */
static void what_would_ruin_the_leader_does_not_reach_it(void **state)
{
    static const char ttl_of_minus_2[] =
        "00000002 2f78 00000001 61 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 "
        "00000000 fffffffffffffffe";
    (void)state;
    struct learner_stage stage;
    start_with_session(&stage);
    struct test_cnxn *cnxn = test_cnxn_new(stage.peer.ctx);
    submit(&stage, cnxn, 1, OP_CODE_CREATE_TTL, ttl_of_minus_2);
    await_count(cnxn, &cnxn->answers, 1);
    assert_int_equal(-8, cnxn->err);
    submit(&stage, cnxn, 2, OP_CODE_DELETE, "00000002 2f61 ffffffff");

    scripted_peer_expect_hex(stage.leader,
                             "00000001 ffffffffffffffff 0000001a 0100001d3f490000 00000002 "
                             "00000002 00000002 2f61 ffffffff "
                             "00000001 00000002 6970 00000009 3132372e302e302e31");
    hang_up(&stage);
    server_cnxn_unref(&cnxn->base);
    learner_stage_finish(&stage);
}

static void write_of_a_client_goes_to_the_leader_and_its_commit_answers_it(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_session(&stage);
    struct test_cnxn *cnxn = test_cnxn_new(stage.peer.ctx);
    submit(&stage, cnxn, 1, OP_CODE_DELETE, "00000002 2f61 ffffffff");

    /* With the client's identity: a leader refuses a write without one. */
    scripted_peer_expect_hex(stage.leader,
                             "00000001 ffffffffffffffff 0000001a 0100001d3f490000 00000001 "
                             "00000002 00000002 2f61 ffffffff "
                             "00000001 00000002 6970 00000009 3132372e302e302e31");
    learner_stage_send_txn(&stage, LEADER_PROPOSAL, txn_of_client(Z2, SESSION, 1));
    learner_stage_expect_ack(&stage, Z2);
    learner_stage_send_commit(&stage, Z2);

    await_count(cnxn, &cnxn->answers, 1);
    assert_int_equal(1, cnxn->xid);
    assert_int_equal(Z2, cnxn->zxid);
    assert_int_equal(-101, cnxn->err);
    hang_up(&stage);
    server_cnxn_unref(&cnxn->base);
    learner_stage_finish(&stage);
}

static void sync_of_a_client_is_answered_when_the_leader_answers(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_session(&stage);
    struct test_cnxn *cnxn = test_cnxn_new(stage.peer.ctx);
    submit(&stage, cnxn, 7, OP_CODE_SYNC, "00000001 2f");
    scripted_peer_expect_hex(stage.leader,
                             "00000001 ffffffffffffffff 00000015 0100001d3f490000 00000007 "
                             "00000009 00000001 2f "
                             "00000001 00000002 6970 00000009 3132372e302e302e31");
    assert_int_equal(0, cnxn->answers);

    scripted_peer_send_packet(stage.leader, LEADER_SYNC, 0, NULL);

    await_count(cnxn, &cnxn->answers, 1);
    assert_int_equal(7, cnxn->xid);
    assert_int_equal(0, cnxn->err);
    hang_up(&stage);
    server_cnxn_unref(&cnxn->base);
    learner_stage_finish(&stage);
}

/* A client comes here with its session, and the leader says whether that lives. */
static struct test_cnxn *come_back(struct learner_stage *stage, bool valid)
{
    struct test_cnxn *cnxn = test_cnxn_new(stage->peer.ctx);
    struct zookeeper_server *server = quorum_peer_get_active_server(stage->peer.self);
    struct buf *passwd = scripted_hex(PASSWD);
    zookeeper_server_reopen_session(server, &cnxn->base, SESSION, passwd->bytes, 30000);
    buf_unref(passwd);
    zookeeper_server_unref(server);
    scripted_peer_expect_packet(stage->leader, LEADER_REVALIDATE, -1, "0100001d3f490000 00007530");
    scripted_peer_send_packet(stage->leader, LEADER_REVALIDATE, -1,
                              valid ? "0100001d3f490000 01" : "0100001d3f490000 00");
    await_count(cnxn, &cnxn->inits, 1);
    assert_int_equal(valid, cnxn->valid);
    return cnxn;
}

static void session_that_comes_from_elsewhere_is_as_valid_as_the_leader_says(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_session(&stage);
    for (int valid = 0; valid <= 1; valid++)
        server_cnxn_unref(&come_back(&stage, valid != 0)->base);
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* The createSession of an upgraded session is still on its way here (D-322). */
static void session_that_the_leader_knows_may_ask_before_it_is_known_here(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.lines = "localSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true\n";
    learner_stage_start_synced_with(&stage, &options);
    struct test_cnxn *cnxn = come_back(&stage, true);

    submit(&stage, cnxn, 7, OP_CODE_SYNC, "00000001 2f");
    scripted_peer_expect_hex(stage.leader,
                             "00000001 ffffffffffffffff 00000015 0100001d3f490000 00000007 "
                             "00000009 00000001 2f "
                             "00000001 00000002 6970 00000009 3132372e302e302e31");
    scripted_peer_send_packet(stage.leader, LEADER_SYNC, 0, NULL);
    await_count(cnxn, &cnxn->answers, 1);
    server_cnxn_unref(&cnxn->base);
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* Each of three voters has 4 / (3 - 1). */
static void cli_50_follower_has_its_share_of_the_outstanding_limit(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(1);
    options.setting = "zookeeper.globalOutstandingLimit";
    options.value = "4";
    learner_stage_start(&stage, &options);
    scripted_peer_expect_packet(stage.leader, LEADER_FOLLOWERINFO, 0, INFO_OF_1);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage.leader, LEADER_ACKEPOCH, 0, "00000000");
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    learner_stage_new_leader(&stage, EPOCH_1_ZXID);
    learner_stage_up_to_date(&stage, EPOCH_1_ZXID);
    struct test_cnxn *cnxn = test_cnxn_new(stage.peer.ctx);
    struct zookeeper_server *server = quorum_peer_get_active_server(stage.peer.self);
    submit(&stage, cnxn, 1, OP_CODE_SYNC, "00000002 2f78");
    submit(&stage, cnxn, 2, OP_CODE_SYNC, "00000002 2f78");
    assert_false(zookeeper_server_should_throttle(server, 1));
    submit(&stage, cnxn, 3, OP_CODE_SYNC, "00000002 2f78");
    assert_true(zookeeper_server_should_throttle(server, 1));
    zookeeper_server_unref(server);
    server_cnxn_unref(&cnxn->base);
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* A server that is kept for longer than its term refuses, and harms nobody. */
static void server_of_a_term_that_has_ended_takes_no_request(void **state)
{
    (void)state;
    struct learner_stage stage;
    start_with_session(&stage);
    struct test_cnxn *cnxn = test_cnxn_new(stage.peer.ctx);
    struct zookeeper_server *server = quorum_peer_get_active_server(stage.peer.self);
    hang_up(&stage);

    struct request *request = request_new(&cnxn->base, SESSION, 1, OP_CODE_SYNC, NULL, NULL);
    assert_true(zookeeper_server_submit_request(server, request) < 0);

    request_unref(request);
    zookeeper_server_unref(server);
    server_cnxn_unref(&cnxn->base);
    learner_stage_finish(&stage);
}

/* ---- observers ------------------------------------------------------------------------------- */

/* OBS-01 */
static void obs_01_observer_logs_and_applies_what_it_is_informed_of_and_acks_nothing(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered_observer(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    propose(&stage, Z1);
    learner_stage_send_commit(&stage, Z1);
    learner_stage_new_leader(&stage, EPOCH_1_ZXID);
    learner_stage_assert_logged(&stage, "100000001"); /* D-172 */
    learner_stage_send_txn(&stage, LEADER_INFORM, txn_error(Z2));
    learner_stage_up_to_date(&stage, EPOCH_1_ZXID);
    learner_stage_send_txn(&stage, LEADER_INFORM, txn_error(Z3));
    learner_stage_await_applied(&stage, Z3);

    learner_stage_assert_still_there(&stage);

    hang_up(&stage);
    learner_stage_assert_logged(&stage, "100000001 100000002 100000003");
    assert_int_equal(Z3, learner_stage_reload(&stage));
    learner_stage_finish(&stage);
}

static void obs_01_observer_ignores_proposals_and_commits(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced_observer(&stage);
    propose(&stage, Z1);
    learner_stage_send_commit(&stage, Z1);
    learner_stage_assert_still_there(&stage);
    assert_true(testing_peer_logged(&stage.peer, "Ignoring proposal"));
    assert_true(testing_peer_logged(&stage.peer, "Ignoring commit"));
    learner_stage_assert_logged(&stage, "");
    hang_up(&stage);
    learner_stage_finish(&stage);
}

/* While it is synchronised, and later. */
static void observer_is_informed_of_a_reconfiguration_and_stays_as_it_is(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_discovered_observer(&stage);
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    learner_stage_new_leader(&stage, EPOCH_1_ZXID);
    send_activate(&stage, LEADER_INFORMANDACTIVATE, Z1, txn_reconfig(Z1, "server.3=h:1:2"));
    learner_stage_up_to_date(&stage, EPOCH_1_ZXID);
    send_activate(&stage, LEADER_INFORMANDACTIVATE, Z2, txn_reconfig(Z2, SERVERS));
    assert_stored_and_not_applied(&stage, Z2);

    learner_stage_send_txn(&stage, LEADER_INFORM, txn_error(Z3));
    learner_stage_await_applied(&stage, Z3);
    hang_up(&stage);
    learner_stage_assert_logged(&stage, "100000001 100000002 100000003");
    learner_stage_finish(&stage);
}

/* A follower's packet: to an observer it is one that nobody knows. */
static void observer_passes_over_the_commit_of_a_reconfiguration(void **state)
{
    (void)state;
    struct learner_stage stage;
    learner_stage_start_synced_observer(&stage);
    send_activate(&stage, LEADER_COMMITANDACTIVATE, Z1, NULL);
    learner_stage_assert_still_there(&stage);
    learner_stage_assert_logged(&stage, "");
    hang_up(&stage);
    learner_stage_finish(&stage);
}

static void observer_without_a_log_of_its_own_applies_all_the_same(void **state)
{
    (void)state;
    struct learner_stage stage;
    struct testing_peer_options options = testing_peer_options_default(4);
    options.observers = 1;
    options.lines = "syncEnabled=false\n";
    learner_stage_start(&stage, &options);
    scripted_peer_expect_packet(stage.leader, LEADER_OBSERVERINFO, 0, INFO_OF_4);
    scripted_peer_send_packet(stage.leader, LEADER_LEADERINFO, EPOCH_1_ZXID, PROTOCOL_VERSION);
    scripted_peer_expect_packet(stage.leader, LEADER_ACKEPOCH, 0, "00000000");
    scripted_peer_send_packet(stage.leader, LEADER_DIFF, 0, NULL);
    propose(&stage, Z1);
    learner_stage_send_commit(&stage, Z1);
    learner_stage_new_leader(&stage, EPOCH_1_ZXID);
    learner_stage_up_to_date(&stage, EPOCH_1_ZXID);
    learner_stage_send_txn(&stage, LEADER_INFORM, txn_error(Z2));
    learner_stage_await_applied(&stage, Z2);
    learner_stage_assert_logged(&stage, "");
    hang_up(&stage);
    learner_stage_finish(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brd_03_proposals_are_logged_and_acknowledged_and_commits_applied_in_order),
        cmocka_unit_test(what_a_follower_hears_is_counted_and_so_is_how_late_it_comes),
        cmocka_unit_test(brd_03_commit_of_another_than_the_oldest_ends_the_process_with_12),
        cmocka_unit_test(brd_03_proposal_that_skips_one_is_warned_of_and_logged),
        cmocka_unit_test(brd_03_commit_of_what_is_not_pending_is_passed_over),
        cmocka_unit_test(follower_commits_a_reconfiguration_and_stays_as_it_is),
        cmocka_unit_test(reconfiguration_that_was_not_proposed_ends_the_role),
        cmocka_unit_test(transaction_that_cannot_come_next_ends_the_role),
        cmocka_unit_test(observer_is_told_nothing_that_cannot_come_next),
        cmocka_unit_test(malformed_proposal_ends_the_role_and_not_the_process),
        cmocka_unit_test(what_comes_before_a_malformed_proposal_gets_to_the_disk),
        cmocka_unit_test(proposal_that_cannot_be_logged_is_not_acknowledged_and_ends_the_process),
        cmocka_unit_test(thousand_proposals_are_acknowledged_in_their_order),
        cmocka_unit_test(brd_07_ping_tells_the_sessions_that_were_heard_from_once),
        cmocka_unit_test(ping_answers_with_more_sessions_than_a_packet_may_have),
        cmocka_unit_test(what_would_ruin_the_leader_does_not_reach_it),
        cmocka_unit_test(write_of_a_client_goes_to_the_leader_and_its_commit_answers_it),
        cmocka_unit_test(sync_of_a_client_is_answered_when_the_leader_answers),
        cmocka_unit_test(session_that_comes_from_elsewhere_is_as_valid_as_the_leader_says),
        cmocka_unit_test(session_that_the_leader_knows_may_ask_before_it_is_known_here),
        cmocka_unit_test(cli_50_follower_has_its_share_of_the_outstanding_limit),
        cmocka_unit_test(server_of_a_term_that_has_ended_takes_no_request),
        cmocka_unit_test(obs_01_observer_logs_and_applies_what_it_is_informed_of_and_acks_nothing),
        cmocka_unit_test(obs_01_observer_ignores_proposals_and_commits),
        cmocka_unit_test(observer_is_informed_of_a_reconfiguration_and_stays_as_it_is),
        cmocka_unit_test(observer_passes_over_the_commit_of_a_reconfiguration),
        cmocka_unit_test(observer_without_a_log_of_its_own_applies_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
