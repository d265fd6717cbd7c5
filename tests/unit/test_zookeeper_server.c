/* The server of one term. Java: ZooKeeperServerTest, ZooKeeperServerStartupTest,
 * ZooKeeperServerShutdownTest (of 3.9) */
#include "server/zookeeper_server_internal.h"
#include "zk/server/zookeeper_server.h"

#include <errno.h>
#include <stdlib.h>

#include "scripted_processor.h"
#include "transactions.h"
#include "txns.h"
#include "zk/base/buf.h"
#include "zk/base/str.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/jute/proto.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/exit_code.h"
#include "zk/server/request.h"
#include "zk/server/server_cnxn.h"
#include "zk/server/server_metrics.h"
#include "zk/server/server_status.h"
#include "zk/server/session_tracker.h"
#include "zk/server/sync_request_processor.h"
#include "zk/server/zk_database.h"
#include "zk/tree/data_tree.h"
#include "zk_test.h"

/* ---- a tracker of sessions that knows one session, and a client that remembers --------------- */

enum { KNOWN_SESSION = 77 };

struct parrot_tracker {
    struct session_tracker tracker;
    struct zk_str *story;
    bool shut_down;
};

static int64_t parrot_create_session(struct session_tracker *tracker, int32_t timeout_ms)
{
    (void)tracker;
    (void)timeout_ms;
    return KNOWN_SESSION;
}

static bool parrot_track_session(struct session_tracker *tracker, int64_t session_id,
                                 int32_t timeout_ms)
{
    (void)tracker;
    (void)session_id;
    (void)timeout_ms;
    return true;
}

static bool parrot_touch_session(struct session_tracker *tracker, int64_t session_id,
                                 int32_t timeout_ms)
{
    (void)tracker;
    (void)timeout_ms;
    return session_id == KNOWN_SESSION;
}

static void parrot_set_session_closing(struct session_tracker *tracker, int64_t session_id)
{
    (void)tracker;
    (void)session_id;
}

static void parrot_remove_session(struct session_tracker *tracker, int64_t session_id)
{
    (void)session_id;
    zk_str_append(((struct parrot_tracker *)tracker)->story, "removed ");
}

static bool parrot_commit_session(struct session_tracker *tracker, int64_t session_id,
                                  int32_t timeout_ms)
{
    (void)session_id;
    (void)timeout_ms;
    zk_str_append(((struct parrot_tracker *)tracker)->story, "committed ");
    return true;
}

static int parrot_start(struct session_tracker *tracker)
{
    zk_str_append(((struct parrot_tracker *)tracker)->story, "tracker-starts ");
    return 0;
}

static void parrot_shutdown(struct session_tracker *tracker)
{
    struct parrot_tracker *parrot = (struct parrot_tracker *)tracker;
    if (!parrot->shut_down)
        zk_str_append(parrot->story, "tracker-ends ");
    parrot->shut_down = true;
}

static void parrot_tracker_free(struct session_tracker *tracker)
{
    free(tracker);
}

static const struct session_tracker_ops parrot_tracker_ops = {
    .create_session = parrot_create_session,
    .track_session = parrot_track_session,
    .commit_session = parrot_commit_session,
    .touch_session = parrot_touch_session,
    .set_session_closing = parrot_set_session_closing,
    .remove_session = parrot_remove_session,
    .start = parrot_start,
    .shutdown = parrot_shutdown,
    .free = parrot_tracker_free,
};

struct client {
    struct server_cnxn cnxn;
    struct reply_header header;
    int responses;
    int closed;
    int sessions;
    bool valid;
};

static void client_send_response(struct server_cnxn *cnxn, const struct reply_header *header,
                                 struct buf *body)
{
    (void)body;
    struct client *client = (struct client *)cnxn;
    client->header = *header;
    client->responses++;
}

static void client_finish_session_init(struct server_cnxn *cnxn,
                                       const struct connect_response *response, bool valid)
{
    struct client *client = (struct client *)cnxn;
    client->sessions++;
    client->valid = valid;
    assert_int_equal(response->session_id, valid ? cnxn->session_id : 0);
    assert_int_equal(response->time_out_ms, valid ? cnxn->session_timeout_ms : 0);
}

static void client_send_close_session(struct server_cnxn *cnxn)
{
    ((struct client *)cnxn)->closed++;
}

static void client_free(struct server_cnxn *cnxn)
{
    (void)cnxn;
}

static const struct server_cnxn_ops client_ops = {
    .send_response = client_send_response,
    .finish_session_init = client_finish_session_init,
    .send_close_session = client_send_close_session,
    .free = client_free,
};

/* ---- the stage: a server of a learner's kind ------------------------------------------------- */

struct stage {
    struct zk_context *ctx;
    char *directory;
    struct file_txn_snap_log *snap_log;
    struct zk_database *database;
    struct server_metrics *metrics;
    struct zookeeper_server *server;
    /* Which of the two there is depends on the kind of server. */
    struct scripted_processor *first;
    struct scripted_processor *acks;
    struct sync_request_processor *sync;
    int setup_result;
    struct zk_str story; /* what was started and ended, in order */
    size_t logged_at_end;
    struct client client;
    int64_t last_zxid;
};

static struct session_tracker *stage_create_session_tracker(struct zookeeper_server *server)
{
    struct stage *stage = zookeeper_server_kind(server);
    struct parrot_tracker *tracker = calloc(1, sizeof *tracker);
    tracker->tracker.ops = &parrot_tracker_ops;
    tracker->story = &stage->story;
    return &tracker->tracker;
}

static int stage_setup_request_processors(struct zookeeper_server *server)
{
    struct stage *stage = zookeeper_server_kind(server);
    zk_str_append(&stage->story, "setup ");
    if (stage->setup_result < 0)
        return stage->setup_result;
    stage->first = scripted_processor_new(stage->ctx);
    zookeeper_server_set_first_processor(server, scripted_processor_as_processor(stage->first));
    stage->acks = scripted_processor_new(stage->ctx);
    stage->sync = sync_request_processor_new(server, scripted_processor_as_processor(stage->acks));
    return sync_request_processor_start(stage->sync);
}

static void stage_shutdown_components(struct zookeeper_server *server)
{
    struct stage *stage = zookeeper_server_kind(server);
    zk_str_append(&stage->story, "components-end ");
    if (stage->sync == NULL)
        return;
    assert_false(scripted_processor_is_shut_down(stage->first));
    request_processor_shutdown(sync_request_processor_as_processor(stage->sync));
    stage->logged_at_end = scripted_processor_count(stage->acks);
}

static void stage_free_kind(void *kind)
{
    struct stage *stage = kind;
    if (stage->sync != NULL)
        request_processor_free(sync_request_processor_as_processor(stage->sync));
    stage->sync = NULL;
}

static const struct zookeeper_server_methods PARROT = {
    .state = "parrot",
    .create_session_tracker = stage_create_session_tracker,
    .setup_request_processors = stage_setup_request_processors,
    .shutdown_components = stage_shutdown_components,
    .free_kind = stage_free_kind,
};

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){.ctx = test_context(), .directory = test_temporary_directory()};
    char *error = NULL;
    assert_int_equal(
        file_txn_snap_log_new(stage.ctx, stage.directory, stage.directory, &stage.snap_log, &error),
        0);
    stage.database = zk_database_new(stage.ctx, stage.snap_log);
    int64_t zxid;
    assert_int_equal(zk_database_load_data_base(stage.database, &zxid), 0);
    stage.metrics = server_metrics_new(stage.ctx);
    stage.server = zookeeper_server_new(stage.ctx, &PARROT, &stage, stage.database, stage.metrics);
    stage.client.cnxn = (struct server_cnxn){.ops = &client_ops,
                                             .session_id = KNOWN_SESSION,
                                             .session_timeout_ms = 4000,
                                             .remote_address = "127.0.0.1:40110"};
    zk_refcount_init(&stage.client.cnxn.refs);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    zookeeper_server_shutdown(stage->server);
    zookeeper_server_unref(stage->server);
    zk_str_done(&stage->story);
    server_metrics_free(stage->metrics);
    zk_database_free(stage->database);
    file_txn_snap_log_free(stage->snap_log);
    test_remove_directory(stage->directory);
    zk_context_free(stage->ctx);
    return 0;
}

static struct server_status status_of(struct stage *stage)
{
    struct server_status status = {0};
    zookeeper_server_fill_status(stage->server, &status);
    return status;
}

static void startup(struct stage *stage)
{
    assert_int_equal(zookeeper_server_startup(stage->server), 0);
}

/* Of our client. */
static int submit(struct stage *stage, int64_t session_id, int32_t type)
{
    stage->client.cnxn.session_id = session_id;
    struct request *request = request_new(&stage->client.cnxn, session_id, 5, type, NULL, NULL);
    int r = zookeeper_server_submit_request(stage->server, request);
    request_unref(request);
    return r;
}

static struct request *next_transaction(struct stage *stage)
{
    struct txn_header header = {
        .client_id = 1, .cxid = 1, .zxid = ++stage->last_zxid, .type = OP_CODE_ERROR};
    union txn_record record = {.error = {.err = -101}};
    struct txn_log_entry *txn = txn_log_entry_new(&header, &record, NULL);
    struct request *request = request_new_of_txn(txn);
    txn_log_entry_unref(txn);
    return request;
}

static void apply(struct stage *stage, struct txn_log_entry *entry)
{
    struct process_txn_result result;
    zk_database_process_txn(stage->database, entry, &result);
    process_txn_result_done(&result);
    txn_log_entry_unref(entry);
}

/* ---- its life -------------------------------------------------------------------------------- */

static void a_server_runs_between_startup_and_shutdown(void **state)
{
    struct stage *stage = *state;
    assert_false(zookeeper_server_is_running(stage->server));
    startup(stage);
    assert_true(zookeeper_server_is_running(stage->server));
    zookeeper_server_shutdown(stage->server);
    assert_false(zookeeper_server_is_running(stage->server));
}

/* A term that is over must not serve again, in whatever order its threads come. */
static void a_server_that_was_shut_down_does_not_start(void **state)
{
    struct stage *stage = *state;
    zookeeper_server_shutdown(stage->server);
    startup(stage);
    assert_false(zookeeper_server_is_running(stage->server));
    assert_null(stage->first);
    zookeeper_server_shutdown(stage->server);
}

static void it_tells_its_kind_its_uptime_and_what_the_database_holds(void **state)
{
    struct stage *stage = *state;
    struct server_status status = status_of(stage);
    assert_false(status.serving);
    assert_int_equal(status.uptime_ms, 0);
    assert_string_equal(status.server_state, "parrot");
    assert_int_equal(status.node_count, 5);

    startup(stage);

    status = status_of(stage);
    assert_true(status.serving);
    assert_in_range(status.uptime_ms, 0, TEST_PATIENCE_MS); /* not since the machine was started */
}

static void whoever_holds_a_reference_may_go_on_asking(void **state)
{
    struct stage *stage = *state;
    struct zookeeper_server *asked = zookeeper_server_ref(stage->server);
    startup(stage);
    zookeeper_server_shutdown(stage->server);
    assert_false(test_server_runs(asked));
    assert_int_equal(submit(stage, KNOWN_SESSION, OP_CODE_GET_DATA), -ECANCELED);
    zookeeper_server_unref(asked);
}

/* ---- the end of a term ----------------------------------------------------------------------- */

/* 3.9.5's order: first what is not in the chain, so that the log is whole; then the tracker and the
 * chain. */
static void the_parts_end_in_their_order(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    zookeeper_server_shutdown(stage->server);
    assert_string_equal(zk_str_text(&stage->story),
                        "tracker-starts setup components-end tracker-ends ");
    assert_true(scripted_processor_is_shut_down(stage->first));
    zookeeper_server_shutdown(stage->server);
    assert_string_equal(zk_str_text(&stage->story),
                        "tracker-starts setup components-end tracker-ends ");
}

/* ZOOKEEPER-4541, 4712: what is logged and acknowledged when the leader dies is in the tree of the
 * next term, and nothing of this term is written later. */
static void what_was_logged_is_in_the_tree_when_the_next_term_begins(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    enum { TRANSACTIONS = 2000 };
    for (int i = 0; i < TRANSACTIONS; i++) {
        struct request *request = next_transaction(stage);
        assert_int_equal(request_processor_process_request(
                             sync_request_processor_as_processor(stage->sync), request),
                         0);
        request_unref(request);
    }

    zookeeper_server_shutdown(stage->server);

    assert_int_equal(stage->logged_at_end, TRANSACTIONS);
    assert_int_equal(zk_database_last_processed_zxid(stage->database), TRANSACTIONS);
    assert_true(zk_database_is_initialized(stage->database));
}

/* A session that no snapshot and no log knows any more: nobody would ever remove its nodes. Java:
 * cleanupDeadSessions(), killSession() */
static void nodes_of_dead_sessions_go_when_the_data_is_loaded(void **state)
{
    enum { DEAD_SESSION = KNOWN_SESSION + 1 };
    struct stage *stage = *state;
    apply(stage, txn_create_session(1, KNOWN_SESSION));
    struct data_tree *tree = zk_database_get_data_tree(stage->database);
    assert_int_equal(apply_create(tree, "/alive", NULL, NULL, KNOWN_SESSION, -1, 2, 20), 0);
    assert_int_equal(apply_create(tree, "/dead", NULL, NULL, DEAD_SESSION, -1, 3, 30), 0);
    assert_int_equal(apply_create(tree, "/stays", NULL, NULL, 0, -1, 4, 40), 0);
    startup(stage);
    zk_str_clear(&stage->story);

    assert_int_equal(zookeeper_server_load_data(stage->server), 0);

    struct data_tree_record node;
    assert_int_equal(data_tree_get_change_record(tree, "/alive", &node), 0);
    data_tree_record_done(&node);
    assert_int_equal(data_tree_get_change_record(tree, "/dead", &node), -ENOENT);
    assert_int_equal(data_tree_get_change_record(tree, "/stays", &node), 0);
    data_tree_record_done(&node);
    assert_string_equal(zk_str_text(&stage->story), "removed ");
    data_tree_unref(tree);
}

/* A SNAP came in half. */
static void a_full_shutdown_leaves_a_database_that_must_be_loaded(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    zookeeper_server_shutdown_fully(stage->server);
    assert_false(zk_database_is_initialized(stage->database));
}

static void a_full_shutdown_clears_even_if_nothing_was_started(void **state)
{
    struct stage *stage = *state;
    zookeeper_server_shutdown_fully(stage->server);
    assert_false(zk_database_is_initialized(stage->database));
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void processors_that_cannot_start_are_an_error(void **state)
{
    struct stage *stage = *state;
    stage->setup_result = -EAGAIN;
    assert_int_equal(zookeeper_server_startup(stage->server), -EAGAIN);
    assert_false(zookeeper_server_is_running(stage->server));
    assert_int_equal(zookeeper_server_exit_code(stage->server), 0);
    zookeeper_server_shutdown(stage->server);
    assert_string_equal(zk_str_text(&stage->story),
                        "tracker-starts setup components-end tracker-ends ");
}

static void of_two_errors_the_first_that_ends_the_process_counts(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    zookeeper_server_handle_exception(stage->server, -EPIPE, 0);
    assert_false(zookeeper_server_is_running(stage->server));
    assert_int_equal(zookeeper_server_exit_code(stage->server), 0);
    zookeeper_server_handle_exception(stage->server, -EIO, EXIT_CODE_UNEXPECTED_ERROR);
    zookeeper_server_handle_exception(stage->server, -EIO, EXIT_CODE_TXNLOG_ERROR_TAKING_SNAPSHOT);
    assert_int_equal(zookeeper_server_exit_code(stage->server), EXIT_CODE_UNEXPECTED_ERROR);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void a_request_of_a_living_session_reaches_the_first_processor(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    assert_int_equal(submit(stage, KNOWN_SESSION, OP_CODE_CREATE), 0);
    char *text = scripted_processor_text(stage->first);
    assert_string_equal(text, "create 77.5");
    free(text);
    assert_int_equal(status_of(stage).outstanding_requests, 1);
    zookeeper_server_dec_in_process(stage->server);
    assert_int_equal(status_of(stage).outstanding_requests, 0);
}

static void ask(struct stage *stage, int32_t cxid, int32_t type)
{
    struct request *request =
        request_new(&stage->client.cnxn, KNOWN_SESSION, cxid, type, NULL, NULL);
    assert_int_equal(zookeeper_server_submit_request(stage->server, request), 0);
    request_unref(request);
}

static void expect_text(struct scripted_processor *processor, const char *expected)
{
    char *text = scripted_processor_text(processor);
    assert_string_equal(text, expected);
    free(text);
}

/* Nobody has to be woken for it; but behind a write of the same connection, a longer read or a sync
 * it waits for its turn. */
static void a_read_goes_straight_to_the_last_processor_if_its_client_waits_for_nothing(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    struct scripted_processor *last = scripted_processor_new(stage->ctx);
    zookeeper_server_set_read_processor(stage->server, scripted_processor_as_processor(last),
                                        false);
    ask(stage, 1, OP_CODE_GET_DATA);
    ask(stage, 2, OP_CODE_PING);
    ask(stage, 3, OP_CODE_SET_DATA);
    ask(stage, 4, OP_CODE_GET_DATA);
    ask(stage, 5, OP_CODE_GET_EPHEMERALS);

    expect_text(last, "getData 77.1, ping 77.2");
    expect_text(stage->first, "setData 77.3, getData 77.4, getEphemerals 77.5");
    assert_int_equal(zk_atomic_long_get(&stage->client.cnxn.under_way), 3);
    request_processor_free(scripted_processor_as_processor(last));
}

/* 1000 for all; of three voters, each but one may have clients. */
static void cli_50_a_server_has_its_share_of_the_outstanding_limit(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    zookeeper_server_share_global_outstanding_limit(stage->server, 3);
    int32_t cxid = 0;
    while (cxid < 500)
        ask(stage, ++cxid, OP_CODE_SET_DATA);
    assert_false(zookeeper_server_should_throttle(stage->server, 1));
    assert_true(zookeeper_server_has_room(stage->server, 0));
    assert_false(zookeeper_server_has_room(stage->server, 1));
    ask(stage, ++cxid, OP_CODE_SET_DATA);
    assert_true(zookeeper_server_should_throttle(stage->server, 1));
    assert_false(zookeeper_server_should_throttle(stage->server, 0));
    zookeeper_server_dec_in_process(stage->server);
    assert_false(zookeeper_server_should_throttle(stage->server, 1));
}

/* Two voters, like a server alone, do not share: the divisor is 1 up to there. */
static void of_two_voters_each_has_the_whole_outstanding_limit(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    zookeeper_server_share_global_outstanding_limit(stage->server, 2);
    int32_t cxid = 0;
    while (cxid < 1000)
        ask(stage, ++cxid, OP_CODE_SET_DATA);
    assert_false(zookeeper_server_should_throttle(stage->server, 1));
    ask(stage, ++cxid, OP_CODE_SET_DATA);
    assert_true(zookeeper_server_should_throttle(stage->server, 1));
}

/* ---- large requests: more than 100 bytes, of which 250 may be under way ---------------------- */

static int setup_large(void **state)
{
    setup(state);
    struct stage *stage = *state;
    zookeeper_server_unref(stage->server);
    zk_settings_set(stage->ctx, "zookeeper.largeRequestThreshold", "100");
    zk_settings_set(stage->ctx, "zookeeper.largeRequestMaxBytes", "250");
    stage->server =
        zookeeper_server_new(stage->ctx, &PARROT, stage, stage->database, stage->metrics);
    server_cnxn_init(&stage->client.cnxn, stage->ctx, &client_ops);
    stage->client.cnxn.session_id = KNOWN_SESSION;
    stage->client.cnxn.remote_address = "127.0.0.1:40110";
    startup(stage);
    return 0;
}

static int teardown_large(void **state)
{
    struct stage *stage = *state;
    server_cnxn_done(&stage->client.cnxn);
    return teardown(state);
}

/* A frame with so many bytes behind its header, which Java does not count. Submits it, if it is let
 * in. */
static int receive(struct stage *stage, size_t length, int32_t type)
{
    enum { HEADER_BYTES = 8 };
    struct buf *frame = buf_new(HEADER_BYTES + length);
    buf_put_int(frame, 1);
    buf_put_int(frame, type);
    while (frame->length < HEADER_BYTES + length)
        buf_put_byte(frame, 0);
    struct request *request = NULL;
    int r = zookeeper_server_process_packet(stage->server, &stage->client.cnxn, frame->bytes,
                                            frame->length, &request);
    if (request != NULL && zookeeper_server_submit_request(stage->server, request) < 0)
        r = -ECANCELED;
    request_unref(request);
    buf_unref(frame);
    return r;
}

static void large_requests_under_way_are_bounded_together(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(receive(stage, 101, OP_CODE_SET_DATA), 0);
    assert_int_equal(receive(stage, 101, OP_CODE_SET_DATA), 0);
    assert_false(zookeeper_server_check_request_size(stage->server, 101));
    assert_int_equal(receive(stage, 101, OP_CODE_SET_DATA), -EMSGSIZE);
    /* A request at the threshold is not large. */
    assert_true(zookeeper_server_check_request_size(stage->server, 100));
    assert_int_equal(receive(stage, 100, OP_CODE_SET_DATA), 0);
    assert_int_equal(scripted_processor_count(stage->first), 3);

    for (size_t i = 0; i < 3; i++)
        zookeeper_server_request_finished(stage->server, scripted_processor_at(stage->first, i));

    /* Nothing is under way now, and 250 is the most. */
    assert_true(zookeeper_server_check_request_size(stage->server, 250));
    assert_false(zookeeper_server_check_request_size(stage->server, 251));
    assert_int_equal(receive(stage, 251, OP_CODE_SET_DATA), -EMSGSIZE);
    assert_int_equal(receive(stage, 250, OP_CODE_SET_DATA), 0);
}

static void large_requests_that_are_dropped_are_not_under_way(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(receive(stage, 250, 1000), 0); /* nobody knows the type */
    assert_true(zookeeper_server_check_request_size(stage->server, 250));
    stage->client.cnxn.session_id = KNOWN_SESSION + 1; /* it has expired */
    assert_int_equal(receive(stage, 250, OP_CODE_SET_DATA), 0);
    assert_true(zookeeper_server_check_request_size(stage->server, 250));
    assert_int_equal(scripted_processor_count(stage->first), 0);
}

static void without_a_threshold_no_request_is_large(void **state)
{
    struct stage *stage = *state;
    assert_true(zookeeper_server_check_request_size(stage->server, INT32_MAX));
}

static void a_request_of_a_session_that_is_gone_is_dropped(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    assert_int_equal(submit(stage, 78, OP_CODE_CREATE), 0);
    assert_int_equal(scripted_processor_count(stage->first), 0);
    assert_int_equal(status_of(stage).outstanding_requests, 0);
}

/* Java: UnimplementedRequestProcessor */
static void a_request_of_an_unknown_type_is_answered_and_its_connection_closed(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    assert_int_equal(submit(stage, KNOWN_SESSION, 1000), 0);
    assert_int_equal(scripted_processor_count(stage->first), 0);
    assert_int_equal(stage->client.responses, 1);
    assert_int_equal(stage->client.header.xid, 5);
    assert_int_equal(stage->client.header.err, KEEPER_CODE_UNIMPLEMENTED);
    assert_int_equal(stage->client.closed, 1);
}

static void submit_run(void *arg)
{
    struct stage *stage = arg;
    (void)submit(stage, KNOWN_SESSION, OP_CODE_CREATE);
}

/* Java: submitRequestNow(), its wait. */
static void a_request_waits_until_the_server_serves(void **state)
{
    struct stage *stage = *state;
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    assert_int_equal(zk_thread_group_start(group, submit_run, stage, "client"), 0);
    startup(stage);
    zk_thread_group_free(group);
    assert_int_equal(scripted_processor_count(stage->first), 1);
}

static void a_request_that_waits_is_let_go_by_the_end_of_the_term(void **state)
{
    struct stage *stage = *state;
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    assert_int_equal(zk_thread_group_start(group, submit_run, stage, "client"), 0);
    zookeeper_server_shutdown(stage->server);
    zk_thread_group_free(group);
}

static void zxids_are_given_out_one_by_one(void **state)
{
    struct stage *stage = *state;
    zookeeper_server_set_zxid(stage->server, INT64_C(0x200000000));
    assert_int_equal(zookeeper_server_get_next_zxid(stage->server), INT64_C(0x200000001));
    assert_int_equal(zookeeper_server_get_next_zxid(stage->server), INT64_C(0x200000002));
    assert_int_equal(zookeeper_server_get_zxid(stage->server), INT64_C(0x200000002));
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void a_new_session_is_asked_for_with_its_timeout(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    stage->client.cnxn.session_id = 0;
    int64_t session_id = 0;
    assert_int_equal(
        zookeeper_server_create_session(stage->server, &stage->client.cnxn, 4000, &session_id), 0);
    assert_int_equal(session_id, KNOWN_SESSION);
    assert_int_equal(stage->client.cnxn.session_id, KNOWN_SESSION);
    const struct request *request = scripted_processor_at(stage->first, 0);
    assert_int_equal(request->type, OP_CODE_CREATE_SESSION);
    assert_int_equal(request->cxid, 0);
    assert_false(request->auth_info.present);
    static const uint8_t body[] = {0, 0, 0x0f, 0xa0};
    assert_int_equal(request->request->length, sizeof body);
    assert_memory_equal(request->request->bytes, body, sizeof body);
}

static void a_session_that_ends_is_asked_to_be_closed(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    zookeeper_server_expire(stage->server, 78, 4000);
    zookeeper_server_expire(stage->server, 79, 4000);
    char *text = scripted_processor_text(stage->first);
    assert_string_equal(text, "closeSession 78.0, closeSession 79.0");
    free(text);
    assert_null(scripted_processor_at(stage->first, 0)->cnxn);
}

/* The password of session 77 by Java's generator. */
static const uint8_t PASSWD[SESSION_PASSWD_LENGTH] = {0};

static void a_session_comes_back_with_its_password_only(void **state)
{
    struct stage *stage = *state;
    startup(stage);
    zookeeper_server_reopen_session(stage->server, &stage->client.cnxn, KNOWN_SESSION, PASSWD,
                                    4000);
    assert_int_equal(stage->client.sessions, 1);
    assert_false(stage->client.valid);

    /* Session 0 has none. */
    zookeeper_server_reopen_session(stage->server, &stage->client.cnxn, 0, PASSWD, 4000);
    assert_int_equal(stage->client.sessions, 2);
    assert_false(stage->client.valid);
}

static void a_session_that_the_tracker_knows_is_valid_again(void **state)
{
    /* Of this id Java 3.8.0 made this password. */
    static const int64_t java_session = INT64_C(0x100001d3f490000);
    static const uint8_t passwd[] = {0x5d, 0x2d, 0x7c, 0x4d, 0x26, 0x10, 0xf2, 0xd2,
                                     0x03, 0xd0, 0x9b, 0xca, 0xdf, 0x8b, 0xa0, 0x33};
    struct stage *stage = *state;
    startup(stage);
    stage->client.cnxn.session_id = java_session;
    zookeeper_server_reopen_session(stage->server, &stage->client.cnxn, java_session, passwd, 4000);
    /* The password is right; but the session has expired. */
    assert_int_equal(stage->client.sessions, 1);
    assert_false(stage->client.valid);
    zookeeper_server_finish_session_init(stage->server, &stage->client.cnxn, true);
    assert_true(stage->client.valid);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_server_runs_between_startup_and_shutdown),
        STAGED(a_server_that_was_shut_down_does_not_start),
        STAGED(it_tells_its_kind_its_uptime_and_what_the_database_holds),
        STAGED(whoever_holds_a_reference_may_go_on_asking),
        STAGED(the_parts_end_in_their_order),
        STAGED(what_was_logged_is_in_the_tree_when_the_next_term_begins),
        STAGED(nodes_of_dead_sessions_go_when_the_data_is_loaded),
        STAGED(a_full_shutdown_leaves_a_database_that_must_be_loaded),
        STAGED(a_full_shutdown_clears_even_if_nothing_was_started),
        STAGED(processors_that_cannot_start_are_an_error),
        STAGED(of_two_errors_the_first_that_ends_the_process_counts),
        STAGED(a_request_of_a_living_session_reaches_the_first_processor),
        STAGED(a_read_goes_straight_to_the_last_processor_if_its_client_waits_for_nothing),
        STAGED(cli_50_a_server_has_its_share_of_the_outstanding_limit),
        STAGED(of_two_voters_each_has_the_whole_outstanding_limit),
        cmocka_unit_test_setup_teardown(large_requests_under_way_are_bounded_together, setup_large,
                                        teardown_large),
        cmocka_unit_test_setup_teardown(large_requests_that_are_dropped_are_not_under_way,
                                        setup_large, teardown_large),
        STAGED(without_a_threshold_no_request_is_large),
        STAGED(a_request_of_a_session_that_is_gone_is_dropped),
        STAGED(a_request_of_an_unknown_type_is_answered_and_its_connection_closed),
        STAGED(a_request_waits_until_the_server_serves),
        STAGED(a_request_that_waits_is_let_go_by_the_end_of_the_term),
        STAGED(zxids_are_given_out_one_by_one),
        STAGED(a_new_session_is_asked_for_with_its_timeout),
        STAGED(a_session_that_ends_is_asked_to_be_closed),
        STAGED(a_session_comes_back_with_its_password_only),
        STAGED(a_session_that_the_tracker_knows_is_valid_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
