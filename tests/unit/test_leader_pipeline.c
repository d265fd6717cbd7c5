/* Writes of learners' clients through a leader that serves, from REQUEST to COMMIT, as a scripted
 * follower sees them: the leader is server 3 of three, the test is server 1 and, where it says so,
 * server 2 or the observer 4. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "scripted_peer.h"
#include "server/zookeeper_server_internal.h"
#include "testing_peer.h"
#include "zab/leader_internal.h"
#include "zk/jute/op_code.h"
#include "zk/jute/quorum.h"
#include "zk/jute/txn_log_entry.h"
#include "zk/quorum/quorum_peer.h"
#include "zk/runtime/clock.h"
#include "zk/server/request.h"
#include "zk/server/session_tracker.h"
#include "zk/server/zk_database.h"
#include "zk/server/zookeeper_server.h"

static const int64_t EPOCH = 0x100000000;
static const int64_t SESSION = 0x100000000000001;

struct stage {
    struct testing_peer peer;
    struct scripted_peer *follower; /* server 1 */
};

/* Where the leader's tree must stand before a test goes on. */
struct wanted {
    struct testing_peer *peer;
    int64_t zxid;
};

static bool stands_there(void *arg)
{
    struct wanted *wanted = arg;
    return zk_database_last_processed_zxid(wanted->peer->database) == wanted->zxid;
}

/* The learner has what the leader's tree has when it stands at last, and is sent an empty DIFF. */
static struct scripted_peer *learn(struct testing_peer *peer, int64_t sid, int32_t info_type,
                                   int64_t last)
{
    test_await(stands_there, &(struct wanted){.peer = peer, .zxid = last});
    struct scripted_peer *learner = scripted_peer_dial(peer->ctx, peer->ports[3]);
    char info[64];
    snprintf(info, sizeof info, "%016x 00010000 0000000000000000", (unsigned)sid);
    scripted_peer_send_packet(learner, info_type, 0, info);
    scripted_peer_expect_packet(learner, LEADER_LEADERINFO, EPOCH, "00010000");
    scripted_peer_send_packet(learner, LEADER_ACKEPOCH, last, "00000000");
    int32_t type = 0;
    int64_t zxid;
    while (type != LEADER_NEWLEADER)
        buf_unref(scripted_peer_read_packet(learner, &type, &zxid));
    scripted_peer_send_packet(learner, LEADER_ACK, EPOCH, NULL);
    while (type != LEADER_UPTODATE)
        buf_unref(scripted_peer_read_packet(learner, &type, &zxid));
    scripted_peer_send_packet(learner, LEADER_ACK, EPOCH, NULL);
    return learner;
}

static int set_up_with(void **state, const struct testing_peer_options *options)
{
    struct stage *stage = calloc(1, sizeof *stage);
    testing_peer_init(&stage->peer, options);
    testing_peer_start_leading(&stage->peer);
    stage->follower = learn(&stage->peer, 1, LEADER_FOLLOWERINFO, 0);
    *state = stage;
    return 0;
}

static struct testing_peer_options with_an_observer(void)
{
    struct testing_peer_options options = testing_peer_options_default(3);
    options.observers = 1;
    return options;
}

static int set_up(void **state)
{
    struct testing_peer_options options = with_an_observer();
    return set_up_with(state, &options);
}

/* A proposal that waits for 4 s is late. */
static int set_up_with_short_sync_limit(void **state)
{
    struct testing_peer_options options = with_an_observer();
    options.tick_time_ms = 200;
    options.sync_limit = 20;
    return set_up_with(state, &options);
}

/* Within the patience of a test no PING leaves, and so none takes along what waits before it. */
static int set_up_without_pings(void **state)
{
    struct testing_peer_options options = with_an_observer();
    options.tick_time_ms = 1000000;
    return set_up_with(state, &options);
}

static int set_up_with_local_sessions(void **state)
{
    struct testing_peer_options options = with_an_observer();
    options.lines = "localSessionsEnabled=true\n";
    return set_up_with(state, &options);
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    testing_peer_stop(&stage->peer);
    scripted_peer_free(stage->follower);
    testing_peer_done(&stage->peer);
    free(stage);
    return 0;
}

/* A REQUEST of a client at 127.0.0.1. */
static void request(struct scripted_peer *learner, int64_t session, int32_t cxid, int32_t type,
                    const char *body_hex)
{
    struct buf *body = scripted_hex(body_hex);
    char head[200];
    snprintf(head, sizeof head, "00000001 ffffffffffffffff %08x %016llx %08x %08x",
             (unsigned)(16 + body->length), (unsigned long long)session, (unsigned)cxid,
             (unsigned)type);
    scripted_peer_send_hex(learner, head);
    scripted_peer_send_hex(learner, body_hex);
    scripted_peer_send_hex(learner, "00000001 00000002 6970 00000009 3132372e302e302e31");
    buf_unref(body);
}

/* The server asks in its own name, for a client that has none yet. */
static void request_create_session(struct scripted_peer *learner, int64_t session,
                                   int32_t timeout_ms)
{
    char data[100];
    snprintf(data, sizeof data, "%016llx 00000000 fffffff6 %08x", (unsigned long long)session,
             (unsigned)timeout_ms);
    scripted_peer_send_packet(learner, LEADER_REQUEST, -1, data);
}

/* create /x with one byte of data, open to everybody. */
static const char CREATE_X[] = "00000002 2f78 00000001 61 00000001 0000001f 00000005 776f726c64 "
                               "00000006 616e796f6e65 00000000";
/* the same as an ephemeral node */
static const char CREATE_E[] = "00000002 2f78 00000001 61 00000001 0000001f 00000005 776f726c64 "
                               "00000006 616e796f6e65 00000001";
/* create /a/b, whose parent is not there */
static const char CREATE_A_B[] = "00000004 2f612f62 00000001 61 00000001 0000001f 00000005 "
                                 "776f726c64 00000006 616e796f6e65 00000000";

/* The next packet that is no PING; PINGs are answered. */
static struct buf *next_packet(struct scripted_peer *learner, int32_t *ret_type, int64_t *ret_zxid)
{
    for (;;) {
        struct buf *data = scripted_peer_read_packet(learner, ret_type, ret_zxid);
        if (*ret_type != LEADER_PING)
            return data;
        scripted_peer_send_packet(learner, LEADER_PING, *ret_zxid, "");
        buf_unref(data);
    }
}

static void expect(struct scripted_peer *learner, int32_t type, int64_t zxid)
{
    int32_t got_type;
    int64_t got_zxid;
    buf_unref(next_packet(learner, &got_type, &got_zxid));
    assert_string_equal(quorum_packet_type_name(type), quorum_packet_type_name(got_type));
    assert_int_equal(zxid, got_zxid);
}

/* The transaction of a PROPOSAL or INFORM. The caller unrefs it. */
static struct txn_log_entry *expect_transaction(struct stage *stage, struct scripted_peer *learner,
                                                int32_t packet_type, int64_t zxid, int32_t type)
{
    int32_t got_type;
    int64_t got_zxid;
    struct buf *data = next_packet(learner, &got_type, &got_zxid);
    assert_string_equal(quorum_packet_type_name(packet_type), quorum_packet_type_name(got_type));
    assert_int_equal(zxid, got_zxid);
    struct txn_log_entry *entry;
    assert_int_equal(0, txn_log_entry_decode(stage->peer.ctx, data, &entry));
    buf_unref(data);
    assert_int_equal(zxid, entry->header.zxid);
    assert_int_equal(type, entry->header.type);
    return entry;
}

static void ack(struct scripted_peer *learner, int64_t zxid)
{
    scripted_peer_send_packet(learner, LEADER_ACK, zxid, NULL);
}

/* The follower asks for a session, acknowledges it, and hears of its commit. */
static void open_session(struct stage *stage, int64_t session, int32_t timeout_ms, int64_t zxid)
{
    request_create_session(stage->follower, session, timeout_ms);
    txn_log_entry_unref(
        expect_transaction(stage, stage->follower, LEADER_PROPOSAL, zxid, OP_CODE_CREATE_SESSION));
    ack(stage->follower, zxid);
    expect(stage->follower, LEADER_COMMIT, zxid);
}

/* --- a write ---------------------------------------------------------------------------------- */

static void write_is_proposed_acknowledged_committed_and_applied(void **state)
{
    struct stage *stage = *state;
    open_session(stage, SESSION, 30000, EPOCH + 1);

    request(stage->follower, SESSION, 1, OP_CODE_CREATE, CREATE_X);

    struct txn_log_entry *entry =
        expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 2, OP_CODE_CREATE);
    assert_int_equal(SESSION, entry->header.client_id);
    assert_int_equal(1, entry->header.cxid);
    assert_true(entry->has_digest);
    txn_log_entry_unref(entry);
    ack(stage->follower, EPOCH + 2);
    expect(stage->follower, LEADER_COMMIT, EPOCH + 2);
    request(stage->follower, SESSION, 2, OP_CODE_SYNC, "00000001 2f");
    expect(stage->follower, LEADER_SYNC, 0);
    /* The log is on our disk, too. */
    assert_true(testing_peer_has_file(&stage->peer, "log.100000001"));
}

/* packets are queued without waking the Senders; somebody wakes them behind each batch. */
static void write_goes_its_way_without_a_ping_to_push_it(void **state)
{
    struct stage *stage = *state;
    struct scripted_peer *observer = learn(&stage->peer, 4, LEADER_OBSERVERINFO, EPOCH);
    write_is_proposed_acknowledged_committed_and_applied(state);
    txn_log_entry_unref(
        expect_transaction(stage, observer, LEADER_INFORM, EPOCH + 1, OP_CODE_CREATE_SESSION));
    txn_log_entry_unref(
        expect_transaction(stage, observer, LEADER_INFORM, EPOCH + 2, OP_CODE_CREATE));
    scripted_peer_free(observer);
}

static void write_that_cannot_be_done_is_proposed_as_an_error(void **state)
{
    struct stage *stage = *state;
    open_session(stage, SESSION, 30000, EPOCH + 1);

    request(stage->follower, SESSION, 1, OP_CODE_CREATE, CREATE_A_B);

    struct txn_log_entry *entry =
        expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 2, OP_CODE_ERROR);
    assert_int_equal(-101, entry->record.error.err);
    txn_log_entry_unref(entry);
    ack(stage->follower, EPOCH + 2);
    expect(stage->follower, LEADER_COMMIT, EPOCH + 2);
}

static void observer_hears_of_a_write_by_its_inform(void **state)
{
    struct stage *stage = *state;
    struct scripted_peer *observer = learn(&stage->peer, 4, LEADER_OBSERVERINFO, EPOCH);

    open_session(stage, SESSION, 30000, EPOCH + 1);

    txn_log_entry_unref(
        expect_transaction(stage, observer, LEADER_INFORM, EPOCH + 1, OP_CODE_CREATE_SESSION));
    scripted_peer_free(observer);
}

/* MC-05: a second follower that comes later gets what was written as a DIFF, and what is
 * outstanding behind it; then the same as the first one. */
static void joiner_gets_what_is_committed_and_what_is_outstanding(void **state)
{
    struct stage *stage = *state;
    open_session(stage, SESSION, 30000, EPOCH + 1);
    open_session(stage, SESSION + 1, 30000, EPOCH + 2);
    request_create_session(stage->follower, SESSION + 2, 30000);
    txn_log_entry_unref(expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 3,
                                           OP_CODE_CREATE_SESSION));
    test_await(stands_there, &(struct wanted){.peer = &stage->peer, .zxid = EPOCH + 2});
    struct scripted_peer *joiner = scripted_peer_dial(stage->peer.ctx, stage->peer.ports[3]);
    scripted_peer_send_packet(joiner, LEADER_FOLLOWERINFO, 0,
                              "0000000000000002 00010000 0000000000000000");
    scripted_peer_expect_packet(joiner, LEADER_LEADERINFO, EPOCH, "00010000");

    scripted_peer_send_packet(joiner, LEADER_ACKEPOCH, EPOCH + 1, "00000001");

    scripted_peer_expect_packet(joiner, LEADER_DIFF, EPOCH + 2, NULL);
    expect(joiner, LEADER_PROPOSAL, EPOCH + 2);
    expect(joiner, LEADER_COMMIT, EPOCH + 2);
    expect(joiner, LEADER_PROPOSAL, EPOCH + 3);
    expect(joiner, LEADER_NEWLEADER, EPOCH);
    ack(joiner, EPOCH);
    expect(joiner, LEADER_UPTODATE, -1);
    ack(joiner, EPOCH);
    ack(joiner, EPOCH + 3); /* our own ACK and this one are a quorum */
    expect(joiner, LEADER_COMMIT, EPOCH + 3);
    expect(stage->follower, LEADER_COMMIT, EPOCH + 3);
    scripted_peer_free(joiner);
}

/* --- sessions --------------------------------------------------------------------------------- */

static void expect_revalidation(struct scripted_peer *learner, int64_t session, bool valid)
{
    char question[64];
    char answer[64];
    snprintf(question, sizeof question, "%016llx 00007530", (unsigned long long)session);
    snprintf(answer, sizeof answer, "%016llx %02x", (unsigned long long)session, valid);
    scripted_peer_send_packet(learner, LEADER_REVALIDATE, -1, question);
    scripted_peer_expect_packet_past_pings(learner, LEADER_REVALIDATE, -1, answer);
}

static void revalidation_tells_whether_the_session_lives(void **state)
{
    struct stage *stage = *state;
    open_session(stage, SESSION, 30000, EPOCH + 1);
    expect_revalidation(stage->follower, SESSION, true);
    expect_revalidation(stage->follower, SESSION + 1, false);
}

/* The client has moved to server 2; what server 1 still asks in its name is refused. */
static void revalidated_session_belongs_to_the_learner_that_asked(void **state)
{
    struct stage *stage = *state;
    open_session(stage, SESSION, 30000, EPOCH + 1);
    struct scripted_peer *other = learn(&stage->peer, 2, LEADER_FOLLOWERINFO, EPOCH + 1);
    expect_revalidation(other, SESSION, true);

    request(stage->follower, SESSION, 1, OP_CODE_CREATE, CREATE_X);
    struct txn_log_entry *entry =
        expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 2, OP_CODE_ERROR);
    assert_int_equal(-118, entry->record.error.err);
    txn_log_entry_unref(entry);
    request(other, SESSION, 1, OP_CODE_CREATE, CREATE_X);
    txn_log_entry_unref(
        expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 3, OP_CODE_CREATE));
    scripted_peer_free(other);
}

static void session_that_nobody_hears_of_is_closed(void **state)
{
    struct stage *stage = *state;
    /* It must not be over before its own commit has come, also on a busy machine. */
    open_session(stage, SESSION, 2000, EPOCH + 1);

    struct txn_log_entry *entry = expect_transaction(stage, stage->follower, LEADER_PROPOSAL,
                                                     EPOCH + 2, OP_CODE_CLOSE_SESSION);

    assert_int_equal(SESSION, entry->header.client_id);
    txn_log_entry_unref(entry);
}

/* CLI-04: a session that the leader does not know may be a local one of the follower, which may
 * write; but nobody would ever delete an ephemeral node of it. */
static void cli_04_session_that_the_leader_does_not_know_owns_no_node(void **state)
{
    struct stage *stage = *state;
    request(stage->follower, SESSION, 1, OP_CODE_CREATE, CREATE_E);
    struct txn_log_entry *entry =
        expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 1, OP_CODE_ERROR);
    assert_int_equal(-112, entry->record.error.err);
    txn_log_entry_unref(entry);
    request(stage->follower, SESSION, 2, OP_CODE_CREATE, CREATE_X);
    txn_log_entry_unref(
        expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 2, OP_CODE_CREATE));
}

/* When the session ends, if nobody hears of it any more. */
static int64_t end_of(struct stage *stage, int64_t session)
{
    struct zookeeper_server *zk = quorum_peer_get_active_server(stage->peer.self);
    struct session_expiry_map map;
    int64_t end_ms = 0;
    session_tracker_get_session_expiry_map(zookeeper_server_get_session_tracker(zk), &map);
    for (size_t i = 0; i < map.count; i++)
        if (long_set_has(&map.sets[i].sessions, session))
            end_ms = map.sets[i].time_ms;
    session_expiry_map_done(&map);
    zookeeper_server_unref(zk);
    return end_ms;
}

/* CLI-61: the answer to a PING is all that the leader hears of the clients of a follower. */
static void answer_to_a_ping_keeps_every_session_that_it_names(void **state)
{
    enum { HOURS_MS = 0x927c00 };
    struct stage *stage = *state;
    open_session(stage, SESSION, 30000, EPOCH + 1);
    open_session(stage, SESSION + 1, 30000, EPOCH + 2);
    open_session(stage, SESSION + 2, 30000, EPOCH + 3);
    int64_t begin_ms = zk_elapsed_ms();

    scripted_peer_send_packet(stage->follower, LEADER_PING, EPOCH,
                              "0100000000000001 00927c00 0100000000000002 00927c00");
    expect_revalidation(stage->follower, SESSION + 3, false); /* it has read what came before */

    assert_true(end_of(stage, SESSION) >= begin_ms + HOURS_MS);
    assert_true(end_of(stage, SESSION + 1) >= begin_ms + HOURS_MS);
    assert_in_range(end_of(stage, SESSION + 2), 1, begin_ms + HOURS_MS - 1);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* BRD-05: after syncLimit ticks, and no later: two PINGs leave in each of them. */
static void brd_05_follower_that_answers_pings_and_never_acknowledges_is_let_go(void **state)
{
    struct stage *stage = *state;
    struct quorum_peer *self = stage->peer.self;
    struct scripted_peer *mute = learn(&stage->peer, 2, LEADER_FOLLOWERINFO, EPOCH);
    int64_t start_ms = zk_elapsed_ms();
    int pings = 0;
    request_create_session(stage->follower, SESSION, 30000);
    txn_log_entry_unref(
        expect_transaction(stage, mute, LEADER_PROPOSAL, EPOCH + 1, OP_CODE_CREATE_SESSION));
    txn_log_entry_unref(expect_transaction(stage, stage->follower, LEADER_PROPOSAL, EPOCH + 1,
                                           OP_CODE_CREATE_SESSION));
    ack(stage->follower, EPOCH + 1);

    while (!testing_peer_logged(&stage->peer,
                                "Closing connection to peer due to transaction timeout.")) {
        int32_t type;
        int64_t zxid;
        buf_unref(scripted_peer_read_packet(stage->follower, &type, &zxid));
        if (type != LEADER_PING)
            continue;
        pings++;
        scripted_peer_send_packet(stage->follower, LEADER_PING, zxid, "");
        scripted_peer_try_send_packet(mute, LEADER_PING, zxid, ""); /* it may be gone by now */
    }

    assert_true(zk_elapsed_ms() - start_ms >= self->sync_limit_ms);
    assert_true(pings <= 2 * self->config->sync_limit + 2);
    scripted_peer_drain(mute);
    expect_revalidation(stage->follower, SESSION, true); /* the other one stays */
    scripted_peer_free(mute);
}

/* BRD-06: the epoch has no zxid left, so another one must begin. */
static void brd_06_used_up_epoch_ends_the_term(void **state)
{
    struct stage *stage = *state;
    struct leader *leader = testing_peer_leader(&stage->peer);
    zookeeper_server_set_zxid(leader->role.zk, EPOCH + 0xfffffffd);
    zk_mutex_lock(&leader->mu);
    leader->last_committed = EPOCH + 0xfffffffd;
    zk_mutex_unlock(&leader->mu);
    open_session(stage, SESSION, 30000, EPOCH + 0xfffffffe);

    request_create_session(stage->follower, SESSION + 1, 30000);

    scripted_peer_drain(stage->follower);
    assert_int_equal(-EOVERFLOW, testing_peer_join(&stage->peer));
    assert_true(testing_peer_logged(&stage->peer, "zxid lower 32 bits have rolled over"));
}

/* A thread that has a client's request in hand holds the server, but not the leader, which is freed
 * with its role. Only a sanitizer sees it if the request gets there. */
static void request_behind_the_end_does_not_reach_the_leader(void **state)
{
    struct stage *stage = *state;
    struct zookeeper_server *server =
        zookeeper_server_ref(testing_peer_leader(&stage->peer)->role.zk);
    struct buf *timeout = scripted_hex("00007530");
    struct request *request = request_new(NULL, SESSION, 0, OP_CODE_CREATE_SESSION, timeout, NULL);
    testing_peer_stop(&stage->peer);
    stage->peer.config->local_sessions_enabled = true; /* so that the server has something to say */

    zookeeper_server_submit_request_now(server, request);

    assert_true(request->local_session);
    request_unref(request);
    buf_unref(timeout);
    zookeeper_server_unref(server);
}

int main(void)
{
#define WITH_FOLLOWER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FOLLOWER(write_is_proposed_acknowledged_committed_and_applied),
        cmocka_unit_test_setup_teardown(write_goes_its_way_without_a_ping_to_push_it,
                                        set_up_without_pings, tear_down),
        WITH_FOLLOWER(write_that_cannot_be_done_is_proposed_as_an_error),
        WITH_FOLLOWER(observer_hears_of_a_write_by_its_inform),
        WITH_FOLLOWER(joiner_gets_what_is_committed_and_what_is_outstanding),
        WITH_FOLLOWER(revalidation_tells_whether_the_session_lives),
        WITH_FOLLOWER(revalidated_session_belongs_to_the_learner_that_asked),
        WITH_FOLLOWER(session_that_nobody_hears_of_is_closed),
        cmocka_unit_test_setup_teardown(cli_04_session_that_the_leader_does_not_know_owns_no_node,
                                        set_up_with_local_sessions, tear_down),
        WITH_FOLLOWER(answer_to_a_ping_keeps_every_session_that_it_names),
        cmocka_unit_test_setup_teardown(
            brd_05_follower_that_answers_pings_and_never_acknowledges_is_let_go,
            set_up_with_short_sync_limit, tear_down),
        WITH_FOLLOWER(brd_06_used_up_epoch_ends_the_term),
        WITH_FOLLOWER(request_behind_the_end_does_not_reach_the_leader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
