/* A server that finds no leader serves readers. Java: ReadOnlyModeTest */
#include "zk/zab/read_only_zookeeper_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ensemble.h"
#include "peer/quorum_peer_run_internal.h"
#include "raw_client.h"
#include "scripted_client.h"
#include "zab/read_only_request_processor.h"
#include "zk/io/sock.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/server/request.h"
#include "zk/server/request_processor.h"
#include "zk/server/server_status.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

enum { TIMEOUT_MS = ENSEMBLE_SESSION_MS, EPHEMERAL = 1 };

static bool serves_read_only(void *arg)
{
    struct zookeeper_server *zk = quorum_peer_get_active_server(arg);
    bool serves = zk != NULL && zookeeper_server_is_read_only(zk);
    zookeeper_server_unref(zk);
    return serves;
}

static int32_t exists(struct scripted_client *client, const char *path)
{
    struct exists_request record = {.path = ustring_of(path)};
    int32_t err = scripted_client_ask(client, OP_CODE_EXISTS, &exists_request_record, &record);
    jute_done(&exists_request_record, &record);
    return err;
}

/* Three servers write /a, and then only server 1 is left, which the test waits for. */
static void leave_one(struct ensemble *ensemble, const char *lines)
{
    ensemble_init(ensemble, 3, 0);
    ensemble_add_lines(ensemble, lines);
    ensemble->read_only_mode = true;
    ensemble_start_all(ensemble);
    ensemble_await_leader(ensemble);
    struct quorum_peer *self = ensemble_self(ensemble, 1);
    struct zookeeper_server *zk = quorum_peer_get_active_server(self);
    struct scripted_client writer;
    scripted_client_init(&writer, self->ctx, zk);
    assert_true(scripted_client_connect(&writer, TIMEOUT_MS));
    assert_int_equal(scripted_client_create(&writer, "/a", 0), 0);
    scripted_client_done(&writer);
    zookeeper_server_unref(zk);
    ensemble_stop(ensemble, 2);
    ensemble_stop(ensemble, 3);
    test_await(serves_read_only, self);
}

static void cli_86_readers_are_served_and_writers_are_not(void **state)
{
    (void)state;
    struct ensemble ensemble;
    leave_one(&ensemble, "localSessionsEnabled=true\n");
    struct quorum_peer *self = ensemble_self(&ensemble, 1);
    struct zookeeper_server *zk = quorum_peer_get_active_server(self);
    int64_t zxid = zk_database_last_processed_zxid(self->database);
    struct scripted_client client;
    scripted_client_init(&client, self->ctx, zk);

    assert_true(scripted_client_connect(&client, TIMEOUT_MS));
    assert_int_equal(exists(&client, "/a"), 0);
    assert_int_equal(exists(&client, "/b"), KEEPER_CODE_NONODE);
    assert_int_equal(scripted_client_create(&client, "/b", 0), KEEPER_CODE_NOTREADONLY);
    assert_int_equal(client.header.zxid, zxid);
    assert_int_equal(scripted_client_create(&client, "/b", EPHEMERAL), KEEPER_CODE_NOTREADONLY);
    assert_int_equal(scripted_client_create_in_multi(&client, "/b", 0), KEEPER_CODE_NOTREADONLY);
    assert_int_equal(scripted_client_ask(&client, OP_CODE_SYNC, NULL, NULL),
                     KEEPER_CODE_NOTREADONLY);
    struct server_status status = {0};
    quorum_peer_run_fill_status(ensemble_peer(&ensemble, 1)->run, &status);
    assert_true(status.serving && status.is_read_only);
    assert_string_equal(status.server_state, "read-only");
    assert_int_equal(status.local_sessions, 1);
    assert_int_equal(status.outstanding_requests, 0);
    server_status_done(&status);
    assert_int_equal(scripted_client_ask(&client, OP_CODE_CLOSE_SESSION, NULL, NULL), 0);

    assert_int_equal(zk_database_last_processed_zxid(self->database), zxid);
    scripted_client_done(&client);
    zookeeper_server_unref(zk);
    ensemble_done(&ensemble);
}

/* Without localSessionsEnabled the answer to a ConnectRequest is the header of a refused request,
 * which no client takes for a session. Java: ReadOnlyModeTest.testGlobalSessionInRO() */
static void cli_05_a_session_that_would_be_global_is_refused(void **state)
{
    (void)state;
    struct ensemble ensemble;
    leave_one(&ensemble, "");
    struct quorum_peer *self = ensemble_self(&ensemble, 1);
    struct zookeeper_server *zk = quorum_peer_get_active_server(self);
    struct scripted_client client;
    scripted_client_init(&client, self->ctx, zk);

    int32_t err = scripted_client_connect_refused(&client, TIMEOUT_MS);

    assert_int_equal(err, KEEPER_CODE_NOTREADONLY);
    assert_int_equal(client.header.xid, 0);
    assert_int_equal(client.header.zxid, zk_database_last_processed_zxid(self->database));
    assert_int_equal(client.session_answers, 0);
    struct server_status status = {0};
    quorum_peer_run_fill_status(ensemble_peer(&ensemble, 1)->run, &status);
    assert_int_equal(status.local_sessions, 0);
    server_status_done(&status);
    scripted_client_done(&client);
    zookeeper_server_unref(zk);
    ensemble_done(&ensemble);
}

/* The port of the server that is left. */
static struct raw_stage port_of_one(struct ensemble *ensemble)
{
    return (struct raw_stage){.ctx = ensemble_self(ensemble, 1)->ctx,
                              .at = test_loopback(ensemble_peer(ensemble, 1)->client_port)};
}

/* Says in the last byte of the frame that a server which serves readers alone will do. */
static struct buf *content(struct buf *frame)
{
    frame->bytes[frame->length - 1] = 1;
    return frame;
}

static void assert_turned_away(struct ensemble *ensemble, struct buf *frame)
{
    struct raw_stage port = port_of_one(ensemble);
    struct sock *sock = raw_dial(&port);
    raw_send_frame(sock, frame);
    raw_assert_end(sock);
}

/* Who wants to write must find the others: its connection is closed without a byte. */
static void cli_05_only_who_is_content_with_a_reader_is_served(void **state)
{
    (void)state;
    struct ensemble ensemble;
    leave_one(&ensemble, "localSessionsEnabled=true\n");
    assert_turned_away(&ensemble, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, false));
    assert_turned_away(&ensemble, raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true));

    struct raw_stage port = port_of_one(&ensemble);
    struct raw_client reader = {.sock = raw_dial(&port)};
    raw_send_frame(reader.sock, content(raw_connect_frame(0, RAW_TIMEOUT_MS, 0, NULL, true)));
    raw_read_connect_answer(&reader, 37);
    assert_int_not_equal(reader.session_id, 0);
    sock_unref(reader.sock);
    ensemble_done(&ensemble);
}

/* Its time is counted elsewhere, by a leader that may live. */
static void cli_05_a_session_of_the_ensemble_is_not_taken_over(void **state)
{
    (void)state;
    struct ensemble ensemble;
    leave_one(&ensemble, "");
    struct session_timeouts sessions;
    zk_database_sessions(ensemble_self(&ensemble, 1)->database, &sessions);
    assert_int_equal(sessions.count, 1); /* the writer's, which was not closed */
    int64_t session_id = sessions.items[0].session;
    assert_turned_away(&ensemble,
                       content(raw_connect_frame(0, RAW_TIMEOUT_MS, session_id, NULL, true)));
    session_timeouts_done(&sessions);
    ensemble_done(&ensemble);
}

/* The next processor: it notes in which order requests come. */
struct fake_next {
    struct request_processor processor; /* the first field: this is one */
    pthread_mutex_t mutex;              /* guards: */
    int count;
    struct request *requests[2];
};

static int fake_next_process_request(struct request_processor *base, struct request *request)
{
    struct fake_next *fake = (struct fake_next *)base;
    pthread_mutex_lock(&fake->mutex);
    fake->requests[fake->count++] = request_ref(request);
    pthread_mutex_unlock(&fake->mutex);
    return 0;
}

static void fake_next_do_nothing(struct request_processor *base)
{
    (void)base;
}

static bool has_both(void *arg)
{
    struct fake_next *fake = arg;
    pthread_mutex_lock(&fake->mutex);
    bool both = fake->count == 2;
    pthread_mutex_unlock(&fake->mutex);
    return both;
}

/* Answered here and now it would overtake a read that the next processor has not looked at. */
static void a_refusal_takes_the_way_of_the_reads_before_it(void **state)
{
    (void)state;
    static const struct request_processor_ops ops = {
        .process_request = fake_next_process_request,
        .wake = fake_next_do_nothing,
        .shutdown = fake_next_do_nothing,
        .free = fake_next_do_nothing,
    };
    struct fake_next fake = {.processor = {.ops = &ops}, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct ensemble ensemble;
    leave_one(&ensemble, "");
    struct quorum_peer *self = ensemble_self(&ensemble, 1);
    struct zookeeper_server *zk = quorum_peer_get_active_server(self);
    struct read_only_request_processor *ro = read_only_request_processor_new(zk, &fake.processor);
    struct request_processor *processor = read_only_request_processor_as_processor(ro);
    struct request *read = request_new(NULL, 1, 1, OP_CODE_EXISTS, NULL, NULL);
    struct request *write = request_new(NULL, 1, 2, OP_CODE_SET_ACL, NULL, NULL);
    assert_int_equal(read_only_request_processor_start(ro), 0);

    assert_int_equal(request_processor_process_request(processor, read), 0);
    assert_int_equal(request_processor_process_request(processor, write), 0);
    test_await(has_both, &fake);

    assert_ptr_equal(fake.requests[0], read);
    assert_false(read->refused);
    assert_ptr_equal(fake.requests[1], write);
    assert_true(write->refused);
    assert_int_equal(write->exception, KEEPER_CODE_NOTREADONLY);
    request_processor_shutdown(processor);
    request_processor_free(processor);
    for (int i = 0; i < fake.count; i++)
        request_unref(fake.requests[i]);
    request_unref(read);
    request_unref(write);
    zookeeper_server_unref(zk);
    ensemble_done(&ensemble);
}

static void cli_05_it_ends_when_there_is_a_leader_again(void **state)
{
    (void)state;
    struct ensemble ensemble;
    leave_one(&ensemble, "");
    struct quorum_peer *self = ensemble_self(&ensemble, 1);
    struct zookeeper_server *read_only = quorum_peer_get_active_server(self);

    ensemble_start(&ensemble, 2);
    ensemble_await_leader(&ensemble);

    assert_false(zookeeper_server_is_running(read_only));
    struct zookeeper_server *zk = quorum_peer_get_active_server(self);
    struct scripted_client client;
    scripted_client_init(&client, self->ctx, zk);
    assert_true(scripted_client_connect(&client, TIMEOUT_MS));
    assert_int_equal(scripted_client_create(&client, "/b", 0), 0);
    scripted_client_done(&client);
    zookeeper_server_unref(zk);
    zookeeper_server_unref(read_only);
    ensemble_done(&ensemble);
}

static void a_short_election_starts_none(void **state)
{
    (void)state;
    struct ensemble ensemble;
    ensemble_init(&ensemble, 1, 0);
    ensemble_add_lines(&ensemble, "standaloneEnabled=false\n");
    ensemble.read_only_mode = true;

    ensemble_start_all(&ensemble);
    ensemble_await_leader(&ensemble);

    assert_false(serves_read_only(ensemble_self(&ensemble, 1)));
    ensemble_done(&ensemble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_86_readers_are_served_and_writers_are_not),
        cmocka_unit_test(cli_05_a_session_that_would_be_global_is_refused),
        cmocka_unit_test(cli_05_only_who_is_content_with_a_reader_is_served),
        cmocka_unit_test(cli_05_a_session_of_the_ensemble_is_not_taken_over),
        cmocka_unit_test(a_refusal_takes_the_way_of_the_reads_before_it),
        cmocka_unit_test(cli_05_it_ends_when_there_is_a_leader_again),
        cmocka_unit_test(a_short_election_starts_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
