/* See election_peer.h: the stage, its scripted voters, and peers that speak to each other. */
#include "election_peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/quorum_cnx_manager_internal.h"
#include "zk/base/alloc.h"
#include "zk/election/initial_message.h"
#include "zk/ensemble/quorum_peer_config.h"
#include "zk/persistence/file_txn_snap_log.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/settings.h"
#include "zk/runtime/thread.h"
#include "zk/server/zk_database.h"

enum {
    FIRST_MARK_ROUND = 7700000, /* rounds of marker messages: no test uses them */
    DIAL_TIMEOUT_MS = 5000,
    BACKLOG = 64,
};

/* --- ensemble --- */

void test_ensemble_init(struct test_ensemble *ensemble, const char *members)
{
    *ensemble = (struct test_ensemble){.more = ""};
    struct zk_strings words = {0};
    zk_split(members, ' ', &words);
    assert_true(words.count <= TEST_ENSEMBLE_MAX);
    for (size_t i = 0; i < words.count; i++) {
        char *end = NULL;
        ensemble->sids[i] = strtoll(words.items[i], &end, 10);
        ensemble->observers[i] = *end == 'o';
        ensemble->quorum_ports[i] = test_free_port();
        ensemble->election_ports[i] = test_free_port();
    }
    ensemble->count = words.count;
    zk_strings_done(&words);
}

uint16_t test_ensemble_port(const struct test_ensemble *ensemble, int64_t sid)
{
    for (size_t i = 0; i < ensemble->count; i++) {
        if (ensemble->sids[i] == sid)
            return ensemble->election_ports[i];
    }
    return 0;
}

static void append_servers(const struct test_ensemble *ensemble, struct zk_str *text)
{
    for (size_t i = 0; i < ensemble->count; i++) {
        const char *role = ensemble->observers[i] ? "observer" : "participant";
        if (ensemble->addresses[i] != NULL)
            zk_str_printf(text, "server.%" PRId64 "=%s:%s\n", ensemble->sids[i],
                          ensemble->addresses[i], role);
        else
            zk_str_printf(text, "server.%" PRId64 "=127.0.0.1:%d:%d:%s\n", ensemble->sids[i],
                          ensemble->quorum_ports[i], ensemble->election_ports[i], role);
    }
    zk_str_append(text, ensemble->more);
}

char *test_ensemble_text(const struct test_ensemble *ensemble, int64_t version)
{
    struct zk_str text = {0};
    append_servers(ensemble, &text);
    zk_str_printf(&text, "version=%" PRIx64, (uint64_t)version);
    return zk_str_take(&text);
}

/* --- the peer --- */

static void write_config(struct election_peer *peer, const struct test_ensemble *ensemble,
                         int64_t my_id, const char *more_config)
{
    struct zk_str text = {0};
    char *zoo_cfg = test_path(peer->directory, "zoo.cfg");
    char *myid = test_path(peer->directory, "myid");
    zk_str_printf(&text, "dataDir=%s\ntickTime=2000\ninitLimit=5\nsyncLimit=5\n", peer->directory);
    append_servers(ensemble, &text);
    zk_str_append(&text, more_config);
    test_write_file(zoo_cfg, zk_str_text(&text));
    zk_str_clear(&text);
    zk_str_printf(&text, "%" PRId64 "\n", my_id);
    test_write_file(myid, zk_str_text(&text));

    char *error = NULL;
    if (quorum_peer_config_parse(peer->capture.ctx, zoo_cfg, &peer->config, &error) < 0)
        fail_msg("%s", error);
    zk_str_done(&text);
    free(zoo_cfg);
    free(myid);
}

struct election_peer *election_peer_new(const struct test_ensemble *ensemble, int64_t my_id,
                                        const char *more_config)
{
    struct election_peer *peer = zk_xcalloc(1, sizeof *peer);
    char *error = NULL;
    peer->capture = test_capture_new();
    peer->directory = test_temporary_directory();
    if (ensemble->multi_address)
        zk_settings_set(peer->capture.ctx, "zookeeper.multiAddress.enabled", "true");
    write_config(peer, ensemble, my_id, more_config);
    struct zk_context *ctx = peer->capture.ctx;
    if (file_txn_snap_log_new(ctx, peer->config->data_dir, peer->config->data_log_dir,
                              &peer->snap_log, &error) < 0)
        fail_msg("%s", error);
    peer->database = zk_database_new(ctx, peer->snap_log);
    peer->self = quorum_peer_new(ctx, peer->config, peer->database);
    assert_int_equal(quorum_peer_load_database(peer->self), 0);
    peer->qcm = qcm_new(peer->self);
    peer->fle = fle_new(peer->self, peer->qcm);
    return peer;
}

void election_peer_set_history(struct election_peer *peer, int64_t zxid, int64_t epoch)
{
    zk_database_set_last_processed_zxid(peer->database, zxid);
    assert_int_equal(quorum_peer_set_current_epoch(peer->self, epoch), 0);
}

static void on_socket_error(void *arg)
{
    (void)arg;
}

void election_peer_listen(struct election_peer *peer)
{
    size_t accepting = election_peer_logged(peer, "is accepting connections now");
    assert_int_equal(qcm_start_listener(peer->qcm, on_socket_error, NULL), 0);
    election_peer_await_logged(peer, "is accepting connections now", accepting + 1);
}

void election_peer_start(struct election_peer *peer)
{
    struct vote vote = vote_of(peer->self->my_id, quorum_peer_get_last_logged_zxid(peer->self),
                               quorum_peer_get_current_epoch(peer->self));
    quorum_peer_set_current_vote(peer->self, &vote);
    assert_int_equal(fle_start(peer->fle), 0);
    election_peer_listen(peer);
}

static void look(void *arg)
{
    struct election_peer *peer = arg;
    peer->decided = fle_look_for_leader(peer->fle, &peer->vote);
    peer->look_ended_ms = zk_elapsed_ms();
}

void election_peer_look(struct election_peer *peer)
{
    assert_null(peer->looking);
    peer->look_began_ms = zk_elapsed_ms();
    peer->looking = zk_thread_group_new(peer->capture.ctx);
    assert_int_equal(zk_thread_group_start(peer->looking, look, peer,
                                           "QuorumPeer[myid=%" PRId64 "]", peer->self->my_id),
                     0);
}

void election_peer_look_and_vote(struct election_peer *peer)
{
    char words[96];
    int64_t my_id = peer->self->my_id;
    snprintf(words, sizeof words, "\"ev\":\"tally\",\"leader\":%" PRId64 ",\"have\":[%" PRId64 "]",
             my_id, my_id);
    size_t before = election_peer_traced(peer, words);
    election_peer_look(peer);
    election_peer_await_traced(peer, words, before + 1);
}

static bool nobody_looks(void *arg)
{
    struct election_peer *peer = arg;
    return zk_thread_group_alive(peer->looking) == 0;
}

bool election_peer_await_result(struct election_peer *peer)
{
    test_await(nobody_looks, peer);
    zk_thread_group_free(peer->looking);
    peer->looking = NULL;
    return peer->decided;
}

void election_peer_expect_still_looking(struct election_peer *peer)
{
    assert_false(nobody_looks(peer));
    assert_int_equal(election_peer_state(peer), SERVER_STATE_LOOKING);
    fle_request_stop(peer->fle);
    assert_false(election_peer_await_result(peer));
}

static void stop(struct election_peer *peer)
{
    if (peer->fle == NULL)
        return;
    fle_shutdown(peer->fle);
    zk_thread_group_free(peer->looking);
    fle_free(peer->fle);
    qcm_free(peer->qcm);
    peer->looking = NULL;
    peer->fle = NULL;
    peer->qcm = NULL;
}

void election_peer_restart(struct election_peer *peer)
{
    stop(peer);
    peer->qcm = qcm_new(peer->self);
    peer->fle = fle_new(peer->self, peer->qcm);
}

void election_peer_free(struct election_peer *peer)
{
    if (peer == NULL)
        return;
    stop(peer);
    quorum_peer_free(peer->self);
    zk_database_free(peer->database);
    file_txn_snap_log_free(peer->snap_log);
    quorum_peer_config_free(peer->config);
    test_capture_done(&peer->capture);
    test_remove_directory(peer->directory);
    free(peer);
}

enum server_state election_peer_state(struct election_peer *peer)
{
    return quorum_peer_get_peer_state(peer->self);
}

/* --- what it left in trace and log --- */

static size_t occurrences(const char *text, const char *words)
{
    size_t count = 0;
    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words))
        count++;
    return count;
}

size_t election_peer_traced(struct election_peer *peer, const char *words)
{
    char *trace = test_captured_trace(&peer->capture);
    size_t count = occurrences(trace, words);
    free(trace);
    return count;
}

size_t election_peer_logged(struct election_peer *peer, const char *words)
{
    char *log = test_captured_log(&peer->capture);
    size_t count = occurrences(log, words);
    free(log);
    return count;
}

struct expected_words {
    struct election_peer *peer;
    const char *words;
    size_t count;
};

static bool has_traced(void *arg)
{
    struct expected_words *expected = arg;
    return election_peer_traced(expected->peer, expected->words) >= expected->count;
}

static bool has_logged(void *arg)
{
    struct expected_words *expected = arg;
    return election_peer_logged(expected->peer, expected->words) >= expected->count;
}

void election_peer_await_traced(struct election_peer *peer, const char *words, size_t count)
{
    struct expected_words expected = {peer, words, count};
    if (!wait_until(zk_deadline_ms(TEST_PATIENCE_MS), has_traced, &expected)) {
        char *trace = test_captured_trace(&peer->capture);
        fail_msg("%s is not %zu times in the trace:\n%s", words, count, trace);
    }
}

void election_peer_await_logged(struct election_peer *peer, const char *words, size_t count)
{
    struct expected_words expected = {peer, words, count};
    if (!wait_until(zk_deadline_ms(TEST_PATIENCE_MS), has_logged, &expected)) {
        char *log = test_captured_log(&peer->capture);
        fail_msg("%s is not %zu times in the log:\n%s", words, count, log);
    }
}

struct expected_connection {
    struct election_peer *peer;
    int64_t sid;
    bool connected;
};

static bool connection_is(void *arg)
{
    struct expected_connection *expected = arg;
    return qcm_connected_to_peer(expected->peer->qcm, expected->sid) == expected->connected;
}

void election_peer_await_connected(struct election_peer *peer, int64_t sid, bool connected)
{
    struct expected_connection expected = {peer, sid, connected};
    test_await(connection_is, &expected);
}

struct expected_threads {
    struct zk_context *ctx;
    size_t count;
};

static bool threads_are(void *arg)
{
    struct expected_threads *expected = arg;
    return zk_thread_count(expected->ctx) == expected->count;
}

void election_peer_await_threads(struct election_peer *peer, size_t count)
{
    struct expected_threads expected = {peer->capture.ctx, count};
    if (!wait_until(zk_deadline_ms(TEST_PATIENCE_MS), threads_are, &expected))
        fail_msg("%zu threads where %zu are expected", zk_thread_count(expected.ctx), count);
}

/* --- ballots --- */

struct ballot looking(int64_t leader, int64_t zxid, int64_t round, int64_t epoch)
{
    return (struct ballot){SERVER_STATE_LOOKING, leader, zxid, round, epoch};
}

struct ballot following(int64_t leader, int64_t zxid, int64_t round, int64_t epoch)
{
    return (struct ballot){SERVER_STATE_FOLLOWING, leader, zxid, round, epoch};
}

struct ballot leading(int64_t leader, int64_t zxid, int64_t round, int64_t epoch)
{
    return (struct ballot){SERVER_STATE_LEADING, leader, zxid, round, epoch};
}

struct ballot observing(int64_t leader, int64_t zxid, int64_t round, int64_t epoch)
{
    return (struct ballot){SERVER_STATE_OBSERVING, leader, zxid, round, epoch};
}

static bool ballot_equal(const struct ballot *a, const struct ballot *b)
{
    return a->state == b->state && a->leader == b->leader && a->zxid == b->zxid &&
           a->round == b->round && a->epoch == b->epoch;
}

static void append_ballot(struct zk_str *text, const struct ballot *ballot)
{
    zk_str_printf(text,
                  "{state %" PRId32 " leader %" PRId64 " zxid 0x%" PRIx64 " round %" PRId64
                  " epoch %" PRId64 "}",
                  ballot->state, ballot->leader, (uint64_t)ballot->zxid, ballot->round,
                  ballot->epoch);
}

struct buf *test_notification(struct ballot ballot, int32_t version, const char *config)
{
    struct buf *message = buf_new(NOTIFICATION_HEADER_LENGTH + strlen(config));
    buf_put_int(message, ballot.state);
    buf_put_long(message, ballot.leader);
    buf_put_long(message, ballot.zxid);
    buf_put_long(message, ballot.round);
    buf_put_long(message, ballot.epoch);
    buf_put_int(message, version);
    buf_put_int(message, (int32_t)strlen(config));
    buf_put_bytes(message, config, strlen(config));
    return message;
}

/* --- voters: connecting --- */

void scripted_voter_init(struct scripted_voter *voter, const struct test_ensemble *ensemble,
                         int64_t sid)
{
    *voter = (struct scripted_voter){.ensemble = ensemble, .sid = sid};
    voter->ctx = test_context();
    voter->port = test_ensemble_port(ensemble, sid);
    if (voter->port == 0)
        voter->port = test_free_port();
    struct inet_address address = test_loopback(voter->port);
    assert_int_equal(sock_listen(voter->ctx, &address, BACKLOG, &voter->listener), 0);
}

void scripted_voter_hang_up(struct scripted_voter *voter)
{
    sock_unref(voter->sock);
    voter->sock = NULL;
}

void scripted_voter_done(struct scripted_voter *voter)
{
    scripted_voter_hang_up(voter);
    sock_unref(voter->listener);
    zk_context_free(voter->ctx);
    *voter = (struct scripted_voter){0};
}

struct dial {
    struct scripted_voter *voter;
    struct inet_address address;
    struct sock *sock;
    int result;
};

/* A peer that has just been started does not listen yet. */
static bool somebody_listens(void *arg)
{
    struct dial *dial = arg;
    sock_unref(dial->sock);
    assert_int_equal(sock_new(dial->voter->ctx, INET_V4, &dial->sock), 0);
    dial->result = sock_connect(dial->sock, &dial->address, DIAL_TIMEOUT_MS);
    return dial->result != -ECONNREFUSED;
}

struct sock *scripted_voter_dial(struct scripted_voter *voter, uint16_t port)
{
    struct dial dial = {.voter = voter, .address = test_loopback(port)};
    test_await(somebody_listens, &dial);
    assert_int_equal(dial.result, 0);
    sock_set_no_delay(dial.sock, true);
    sock_set_deadline(dial.sock, zk_deadline_ms(TEST_PATIENCE_MS));
    return dial.sock;
}

struct buf *test_initial_message(int64_t version, int64_t sid, const char *addresses)
{
    struct buf *message = buf_new(20 + strlen(addresses));
    buf_put_long(message, version);
    buf_put_long(message, sid);
    buf_put_int(message, (int32_t)strlen(addresses));
    buf_put_bytes(message, addresses, strlen(addresses));
    return message;
}

void scripted_voter_introduce(struct scripted_voter *voter, struct sock *sock)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", voter->port);
    struct buf *message =
        test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, voter->sid, address);
    assert_int_equal(sock_write_fully(sock, message->bytes, message->length), 0);
    buf_unref(message);
}

void scripted_voter_accept(struct scripted_voter *voter, int64_t caller)
{
    struct sock *sock = NULL;
    struct initial_message message = {0};
    struct zk_str error = {0};
    sock_set_deadline(voter->listener, zk_deadline_ms(TEST_PATIENCE_MS));
    assert_int_equal(sock_accept(voter->listener, &sock), 0);
    sock_set_no_delay(sock, true);
    sock_set_deadline(sock, zk_deadline_ms(TEST_PATIENCE_MS));
    assert_int_equal(initial_message_read(sock, &message, &error), 0);
    assert_int_equal(message.sid, caller);
    initial_message_done(&message);
    zk_str_done(&error);
    scripted_voter_hang_up(voter);
    voter->sock = sock;
}

void scripted_voter_connect(struct scripted_voter *voter, struct election_peer *peer)
{
    int64_t peer_id = peer->self->my_id;
    struct sock *sock = scripted_voter_dial(voter, test_ensemble_port(voter->ensemble, peer_id));
    scripted_voter_introduce(voter, sock);
    if (voter->sid > peer_id) {
        scripted_voter_hang_up(voter);
        voter->sock = sock;
    } else {
        test_expect_end(sock);
        sock_unref(sock);
        scripted_voter_accept(voter, peer_id);
    }
    election_peer_await_connected(peer, voter->sid, true);
}

/* --- voters: talking --- */

void scripted_voter_send(struct scripted_voter *voter, struct buf *bytes)
{
    assert_int_equal(sock_write_fully(voter->sock, bytes->bytes, bytes->length), 0);
    buf_unref(bytes);
}

void scripted_voter_send_frame(struct scripted_voter *voter, const void *bytes, size_t length)
{
    struct buf *frame = buf_new(4 + length);
    buf_put_int(frame, (int32_t)length);
    buf_put_bytes(frame, bytes, length);
    scripted_voter_send(voter, frame);
}

void scripted_voter_say(struct scripted_voter *voter, struct ballot ballot)
{
    char *config = test_ensemble_text(voter->ensemble, 0);
    struct buf *message = test_notification(ballot, NOTIFICATION_CURRENT_VERSION, config);
    scripted_voter_send_frame(voter, message->bytes, message->length);
    buf_unref(message);
    free(config);
}

static int read_frame(struct scripted_voter *voter, struct buf **ret_payload)
{
    uint8_t length_bytes[4];
    sock_set_deadline(voter->sock, zk_deadline_ms(TEST_PATIENCE_MS));
    int r = sock_read_fully(voter->sock, length_bytes, sizeof length_bytes);
    if (r < 0)
        return r;
    int32_t length = zk_load_int(length_bytes);
    assert_in_range(length, 1, QCM_PACKETMAXSIZE);
    struct buf *payload = buf_new((size_t)length);
    r = sock_read_fully(voter->sock, payload->bytes, (size_t)length);
    if (r < 0) {
        buf_unref(payload);
        return r;
    }
    payload->length = (size_t)length;
    *ret_payload = payload;
    return 0;
}

struct buf *scripted_voter_read(struct scripted_voter *voter)
{
    struct buf *payload = NULL;
    int r = read_frame(voter, &payload);
    if (r < 0)
        fail_msg("voter %" PRId64 " waits for a frame: error %d", voter->sid, -r);
    return payload;
}

/* What a frame of the peer says; it carries version 2 and the configuration of the ensemble. */
static struct ballot decode(struct scripted_voter *voter, const struct buf *payload)
{
    struct notification_fields fields;
    char *config = test_ensemble_text(voter->ensemble, 0);
    assert_int_equal(notification_decode(payload, &fields), 0);
    assert_int_equal(fields.version, NOTIFICATION_CURRENT_VERSION);
    assert_int_equal(fields.config_length, strlen(config));
    assert_memory_equal(fields.config, config, strlen(config));
    free(config);
    return (struct ballot){fields.state, fields.leader, fields.zxid, fields.election_epoch,
                           fields.peer_epoch};
}

void scripted_voter_expect(struct scripted_voter *voter, struct ballot ballot)
{
    struct buf *payload = scripted_voter_read(voter);
    struct ballot seen = decode(voter, payload);
    buf_unref(payload);
    if (!ballot_equal(&seen, &ballot)) {
        struct zk_str text = {0};
        append_ballot(&text, &seen);
        zk_str_append(&text, " where expected is ");
        append_ballot(&text, &ballot);
        fail_msg("voter %" PRId64 " reads %s", voter->sid, zk_str_text(&text));
    }
}

void scripted_voter_await(struct scripted_voter *voter, struct ballot ballot)
{
    struct zk_str seen_before = {0};
    for (;;) {
        struct buf *payload = NULL;
        int r = read_frame(voter, &payload);
        if (r < 0) {
            append_ballot(&seen_before, &ballot);
            fail_msg("voter %" PRId64 ": error %d; read and then wanted: %s", voter->sid, -r,
                     zk_str_text(&seen_before));
        }
        struct ballot seen = decode(voter, payload);
        buf_unref(payload);
        if (ballot_equal(&seen, &ballot))
            break;
        append_ballot(&seen_before, &seen);
    }
    zk_str_done(&seen_before);
}

void scripted_voter_expect_end(struct scripted_voter *voter)
{
    struct buf *payload = NULL;
    int r;
    while ((r = read_frame(voter, &payload)) == 0)
        buf_unref(payload);
    assert_true(r == -EPIPE || r == -ECONNRESET);
    scripted_voter_hang_up(voter);
}

void test_expect_end(struct sock *sock)
{
    uint8_t byte;
    sock_set_deadline(sock, zk_deadline_ms(TEST_PATIENCE_MS));
    int r = sock_read_fully(sock, &byte, 1);
    assert_true(r == -EPIPE || r == -ECONNRESET);
}

/* --- messages of any text, for managers without an election --- */

void test_send_text(struct quorum_cnx_manager *qcm, int64_t sid, const char *text)
{
    qcm_to_send(qcm, message_received(sid, buf_new_copy(text, strlen(text))));
}

void scripted_voter_expect_text(struct scripted_voter *voter, const char *text)
{
    struct buf *payload = scripted_voter_read(voter);
    assert_int_equal(payload->length, strlen(text));
    assert_memory_equal(payload->bytes, text, strlen(text));
    buf_unref(payload);
}

void scripted_voter_say_text(struct scripted_voter *voter, const char *text)
{
    scripted_voter_send_frame(voter, text, strlen(text));
}

void test_expect_received(struct quorum_cnx_manager *qcm, int64_t sid, const char *text)
{
    struct message *message = NULL;
    assert_int_equal(qcm_poll_recv_queue(qcm, TEST_PATIENCE_MS, &message), 0);
    assert_int_equal(message->sid, sid);
    assert_int_equal(message->buffer->length, strlen(text));
    assert_memory_equal(message->buffer->bytes, text, strlen(text));
    message_unref(message);
}

struct server_status_peer test_status_of(struct quorum_cnx_manager *qcm, int64_t sid)
{
    struct server_status_peer *rows = NULL;
    struct server_status_peer found = {.sid = INT64_MIN};
    size_t count = 0;
    qcm_get_status(qcm, &rows, &count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].sid == sid)
            found = rows[i];
    }
    free(rows);
    return found;
}

/* --- voters: markers --- */

struct mark {
    struct election_peer *peer;
    int64_t sid;
    int64_t round;
};

/* Go on to words (which take one number) behind at, and read the number that follows them. NULL:
 * not there. */
static const char *go_to(const char *at, int64_t *ret_number, const char *format, int64_t number)
{
    char words[160];
    if (at == NULL)
        return NULL;
    snprintf(words, sizeof words, format, number);
    at = strstr(at, words);
    if (at == NULL)
        return NULL;
    at += strlen(words);
    if (ret_number != NULL)
        *ret_number = strtoll(at, NULL, 10);
    return at;
}

/* The marker's way: read by RecvWorker, recvQueue, WorkerReceiver, recvqueue, and the election
 * waits again. */
static bool mark_is_heard(void *arg)
{
    const struct mark *mark = arg;
    int64_t my_id = mark->peer->self->my_id;
    int64_t message = 0;
    int64_t notification = 0;
    char *trace = test_captured_trace(&mark->peer->capture);
    const char *at = go_to(trace, NULL,
                           "\"round\":%" PRId64 ",\"epoch\":"
                           "-9223372036854775808",
                           mark->round);
    at = go_to(
        at, &message,
        "\"th\":\"RecvWorker:%" PRId64 "\",\"ev\":\"enq\",\"q\":\"recvQueue\",\"seq\":", mark->sid);
    at = go_to(at, NULL, "\"ev\":\"deq\",\"q\":\"recvQueue\",\"seq\":%" PRId64 ",", message);
    at = go_to(at, &notification,
               "\"th\":\"WorkerReceiver[myid=%" PRId64
               "]\",\"ev\":\"enq\",\"q\":\"recvqueue\",\"seq\":",
               my_id);
    at = go_to(at, NULL, "\"ev\":\"deq\",\"q\":\"recvqueue\",\"seq\":%" PRId64 ",", notification);
    at = go_to(at, NULL, "\"ev\":\"wait\",\"ms\":", 0);
    free(trace);
    return at != NULL;
}

void scripted_voter_await_heard(struct scripted_voter *voter, struct election_peer *peer)
{
    struct mark mark = {peer, voter->sid, FIRST_MARK_ROUND + voter->sid * 1000 + ++voter->marks};
    scripted_voter_say(voter, observing(voter->sid, INT64_MIN, mark.round, INT64_MIN));
    if (!wait_until(zk_deadline_ms(TEST_PATIENCE_MS), mark_is_heard, &mark)) {
        char *trace = test_captured_trace(&peer->capture);
        fail_msg("the election of %" PRId64 " does not hear voter %" PRId64 ":\n%s",
                 peer->self->my_id, voter->sid, trace);
    }
}
