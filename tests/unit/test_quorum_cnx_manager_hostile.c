/* Whatever comes to the election port, the peer keeps voting, and nothing is left over: no thread,
 * no descriptor, no memory, no connection of somebody else. Java:
 * CnxManagerTest.testCnxManagerSpinLock, testSocketTimeout; ZOOKEEPER-547, -880, -893, -900, -2186,
 * -3296 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "election/quorum_cnx_manager_internal.h"
#include "election_peer.h"
#include "sleep_ms.h"
#include "zk/base/alloc.h"
#include "zk/election/initial_message.h"
#include "zk/io/file.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

enum {
    QUIET_THREADS = 5, /* main, listener, its handler, WorkerSender, WorkerReceiver */
    HANDSHAKE_MS = 400,
};

/* Peer 2 of {1, 2, 3}, complete, and LOOKING without an election. Voter 3 is the innocent one. */
struct stage {
    struct test_ensemble ensemble;
    struct election_peer *peer;
    struct scripted_voter attacker;
    struct scripted_voter one;
    struct scripted_voter three;
    uint16_t port;
};

static struct stage *stage_new(const char *more_config)
{
    struct stage *stage = zk_xcalloc(1, sizeof *stage);
    struct zk_str config = {0};
    zk_str_printf(&config, "%s%s", ELECTION_PEER_PATIENT, more_config);
    test_ensemble_init(&stage->ensemble, "1 2 3");
    stage->port = test_ensemble_port(&stage->ensemble, 2);
    stage->peer = election_peer_new(&stage->ensemble, 2, zk_str_text(&config));
    scripted_voter_init(&stage->attacker, &stage->ensemble, 99);
    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    scripted_voter_init(&stage->three, &stage->ensemble, 3);
    election_peer_start(stage->peer);
    zk_str_done(&config);
    return stage;
}

static void stage_free(struct stage *stage)
{
    election_peer_free(stage->peer);
    scripted_voter_done(&stage->one);
    scripted_voter_done(&stage->three);
    scripted_voter_done(&stage->attacker); /* dial() makes sockets of others in its context */
    free(stage);
}

static int setup(void **state)
{
    *state = stage_new("");
    return 0;
}

static int teardown(void **state)
{
    stage_free(*state);
    return 0;
}

static struct sock *dial(struct stage *stage)
{
    return scripted_voter_dial(&stage->attacker, stage->port);
}

/* Many that dial, in groups for which the peer's backlog (50) has room: what is beyond it the
 * system drops, and tries again after seconds, when the test is elsewhere. */
enum { GROUP = 32 };

struct crowd {
    struct stage *stage;
    size_t noticed_before;
    size_t dialled;
};

static struct crowd crowd_of(struct stage *stage)
{
    return (struct crowd){
        .stage = stage,
        .noticed_before = election_peer_logged(stage->peer, "Received connection request from"),
    };
}

/* All that have dialled are accepted. */
static void crowd_await_noticed(struct crowd *crowd)
{
    election_peer_await_logged(crowd->stage->peer, "Received connection request from",
                               crowd->noticed_before + crowd->dialled);
}

static struct sock *crowd_dial(struct crowd *crowd)
{
    if (crowd->dialled % GROUP == 0)
        crowd_await_noticed(crowd);
    crowd->dialled++;
    return dial(crowd->stage);
}

/* None of them is left. */
static void crowd_await_gone(struct crowd *crowd)
{
    crowd_await_noticed(crowd);
    election_peer_await_threads(crowd->stage->peer, QUIET_THREADS);
}

/* The proof of health: both voters connect, and the peer is elected by them. Afterwards all is as
 * quiet as before. */
static void assert_votes(struct stage *stage)
{
    if (election_peer_state(stage->peer) != SERVER_STATE_LOOKING) /* it has voted before */
        quorum_peer_set_peer_state(stage->peer->self, SERVER_STATE_LOOKING, "test");
    int64_t round = fle_get_logical_clock(stage->peer->fle) + 1;
    scripted_voter_connect(&stage->one, stage->peer);
    scripted_voter_connect(&stage->three, stage->peer);
    election_peer_look(stage->peer);
    scripted_voter_await(&stage->one, looking(2, 0, round, 0));
    scripted_voter_await(&stage->three, looking(2, 0, round, 0));
    scripted_voter_say(&stage->one, looking(2, 0, round, 0));
    assert_true(election_peer_await_result(stage->peer));
    assert_int_equal(election_peer_state(stage->peer), SERVER_STATE_LEADING);
    scripted_voter_hang_up(&stage->one);
    scripted_voter_hang_up(&stage->three);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
}

struct descriptors {
    int64_t count;
};

static bool descriptors_are(void *arg)
{
    const struct descriptors *expected = arg;
    return zk_open_file_descriptors() == expected->count;
}

static void await_descriptors(int64_t count)
{
    struct descriptors expected = {count};
    if (!wait_until(zk_deadline_ms(TEST_PATIENCE_MS), descriptors_are, &expected))
        fail_msg("%d descriptors where %d are expected", (int)zk_open_file_descriptors(),
                 (int)count);
}

/* --- malformed initial messages --- */

static struct buf *initial_of(int64_t version, int64_t sid, int32_t length, const char *text)
{
    struct buf *bytes = buf_new(64);
    buf_put_long(bytes, version);
    buf_put_long(bytes, sid);
    buf_put_int(bytes, length);
    buf_put_bytes(bytes, text, strlen(text));
    return bytes;
}

static void send_and_expect_end(struct stage *stage, const void *bytes, size_t length)
{
    struct sock *sock = dial(stage);
    /* The peer may hang up before all is written. */
    int r = sock_write_fully(sock, bytes, length);
    assert_true(r == 0 || r == -EPIPE || r == -ECONNRESET);
    test_expect_end(sock);
    sock_unref(sock);
}

/* CNX-02, CNX-05, CNX-09 */
static void cnx_09_a_malformed_initial_message_costs_its_sender_the_connection(void **state)
{
    static const struct {
        int64_t version;
        int32_t length;
        const char *text;
        const char *words;
    } cases[] = {
        {-1, 15, "127.0.0.1:12345", "Got unrecognized protocol version -1"},
        {-65530, 15, "127.0.0.1:12345", "Got unrecognized protocol version -65530"},
        {INT64_MIN, 15, "127.0.0.1:12345", "Got unrecognized protocol version"},
        {-65536, 0, "", "Unreasonable buffer length: 0"},
        {-65536, -1, "", "Unreasonable buffer length: -1"},
        {-65536, 2049, "", "Unreasonable buffer length: 2049"},
        {-65535, 1048576, "", "Unreasonable buffer length: 1048576"},
        {-65536, 9, "127.0.0.1", "Badly formed address: 127.0.0.1"},
        {-65536, 10, "127.0.0.1:", "Badly formed address: 127.0.0.1:"},
        {-65536, 13, "127.0.0.1:1:2", "Badly formed address: 127.0.0.1:1:2"},
        {-65536, 4, "[::1", "Badly formed address: [::1"},
        {-65535, 14, "127.0.0.1:1||x", "Badly formed address: "},
        {-65536, 13, "127.0.0.1:abc", "Bad port number: abc"},
        {-65536, 15, "127.0.0.1:70000", "Badly formed address: 127.0.0.1:70000"},
        {-65536, 12, "127.0.0.1:-1", "Badly formed address: 127.0.0.1:-1"},
        {-65536, 3, ":-1", "Badly formed address: :-1"},
    };
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf *bytes = initial_of(cases[i].version, 3, cases[i].length, cases[i].text);
        send_and_expect_end(stage, bytes->bytes, bytes->length);
        assert_int_equal(election_peer_logged(stage->peer, "Initial message parsing error!"),
                         i + 1);
        assert_true(election_peer_logged(stage->peer, cases[i].words) >= 1);
        buf_unref(bytes);
    }
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    assert_votes(stage);
}

/* CNX-05: every visitor speaks another protocol */
static void cnx_05_noise_of_other_protocols_is_hung_up_on(void **state)
{
    static const char *const banners[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", /* reads as an old server's id */
        "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03................................",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        "ruokruok",
        "\x40", /* and then nothing */
    };
    struct stage *stage = *state;
    struct crowd crowd = crowd_of(stage);
    for (size_t i = 0; i < sizeof banners / sizeof banners[0]; i++) {
        struct sock *sock = crowd_dial(&crowd);
        assert_int_equal(sock_write_fully(sock, banners[i], strlen(banners[i])), 0);
        sock_unref(sock);
    }
    uint8_t gigabyte[4];
    zk_store_int(gigabyte, 1 << 30);
    for (int i = 0; i < 20; i++) {
        struct sock *sock = crowd_dial(&crowd);
        assert_int_equal(sock_write_fully(sock, gigabyte, sizeof gigabyte), 0);
        sock_unref(sock);
    }
    crowd_await_gone(&crowd);
    assert_votes(stage);
}

/* The same sequence every time. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* ZOOKEEPER-2186 */
static void five_hundred_random_beginnings_leave_the_listener_alive(void **state)
{
    struct stage *stage = *state;
    struct crowd crowd = crowd_of(stage);
    uint32_t seed = 1;
    for (int i = 0; i < 500; i++) {
        uint8_t bytes[64];
        size_t length = next_random(&seed) % sizeof bytes;
        for (size_t k = 0; k < length; k++)
            bytes[k] = (uint8_t)next_random(&seed);
        if (i % 2 == 0 && length >= 20) { /* half of them get past the version */
            zk_store_long(bytes, i % 4 == 0 ? INITIAL_MESSAGE_PROTOCOL_VERSION_V1
                                            : INITIAL_MESSAGE_PROTOCOL_VERSION_V2);
            zk_store_long(bytes + 8, 3);
            zk_store_int(bytes + 16, (int32_t)(length - 20));
        }
        struct sock *sock = crowd_dial(&crowd);
        int r = sock_write_fully(sock, bytes, length);
        assert_true(r == 0 || r == -EPIPE || r == -ECONNRESET);
        sock_unref(sock);
    }
    crowd_await_gone(&crowd);
    assert_votes(stage);
}

/* A megabyte at once, of which the first bytes are refused. */
static void a_megabyte_of_noise_is_not_read_to_its_end(void **state)
{
    struct stage *stage = *state;
    uint32_t seed = 7;
    size_t length = 1 << 20;
    uint8_t *bytes = zk_xmalloc(length);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)next_random(&seed);
    bytes[0] = 0x80;
    send_and_expect_end(stage, bytes, length);
    free(bytes);
    assert_votes(stage);
}

static void who_goes_in_the_middle_of_the_initial_message_leaves_nothing(void **state)
{
    struct stage *stage = *state;
    struct crowd crowd = crowd_of(stage);
    struct buf *bytes = initial_of(-65536, 3, 15, "127.0.0.1:12345");
    for (size_t length = 0; length < bytes->length; length++) {
        struct sock *sock = crowd_dial(&crowd);
        assert_int_equal(sock_write_fully(sock, bytes->bytes, length), 0);
        sock_unref(sock);
    }
    election_peer_await_logged(stage->peer, "Exception reading or writing challenge",
                               bytes->length);
    crowd_await_gone(&crowd);
    buf_unref(bytes);
    assert_votes(stage);
}

/* --- malformed frames --- */

/* CNX-05 */
static void cnx_05_a_frame_of_impossible_length_ends_its_connection(void **state)
{
    static const int32_t lengths[] = {0,      -20,     -1,        INT32_MIN,
                                      524289, 1 << 30, INT32_MAX, 0x47455420 /* "GET " */};
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char words[64];
        uint8_t bytes[4];
        zk_store_int(bytes, lengths[i]);
        snprintf(words, sizeof words, "Received packet with invalid packet: %" PRId32, lengths[i]);
        scripted_voter_connect(&stage->three, stage->peer);
        assert_int_equal(sock_write_fully(stage->three.sock, bytes, sizeof bytes), 0);
        scripted_voter_expect_end(&stage->three);
        election_peer_await_connected(stage->peer, 3, false);
        election_peer_await_logged(stage->peer, words, 1);
    }
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    assert_votes(stage);
}

/* CNX-05: the longest frame is a message, and the next one as well */
static void cnx_05_a_frame_of_524288_bytes_is_accepted(void **state)
{
    struct stage *stage = *state;
    uint8_t *zeros = zk_xcalloc(1, QCM_PACKETMAXSIZE);
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_send_frame(&stage->three, zeros, QCM_PACKETMAXSIZE);
    scripted_voter_say(&stage->three, looking(3, 0, -1, 0)); /* a question: round 0 answers */
    scripted_voter_await(&stage->three, looking(-1, -1, 0, 0));
    election_peer_await_logged(stage->peer, "n.sid:3, n.state:LOOKING, n.leader:0,", 1);
    free(zeros);
}

static void a_frame_that_does_not_come_whole_ends_with_its_connection(void **state)
{
    struct stage *stage = *state;
    for (int i = 0; i < 20; i++) {
        uint8_t bytes[4 + 10] = {0};
        zk_store_int(bytes, 100);
        scripted_voter_connect(&stage->three, stage->peer);
        assert_int_equal(sock_write_fully(stage->three.sock, bytes, (size_t)i % sizeof bytes + 1),
                         0);
        scripted_voter_hang_up(&stage->three);
        election_peer_await_connected(stage->peer, 3, false);
    }
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    assert_votes(stage);
}

/* 3 floods: each question is worth at most one answer, and 1 is heard all the same in the end. */
static void a_flood_of_votes_is_survived(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_connect(&stage->one, stage->peer);
    struct buf *frames = buf_new(100 * 44);
    for (int i = 0; i < 100; i++) {
        struct buf *message = test_notification(observing(3, 0, 1, 0), 1, "");
        buf_put_int(frames, (int32_t)message->length);
        buf_put_bytes(frames, message->bytes, message->length);
        buf_unref(message);
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(sock_write_fully(stage->three.sock, frames->bytes, frames->length), 0);
    buf_unref(frames);
    election_peer_await_traced(stage->peer, "\"ev\":\"recv\",\"from\":3", 1 + 5000);

    scripted_voter_say(&stage->one, looking(1, 0, -1, 0));

    scripted_voter_await(&stage->one, looking(-1, -1, 0, 0));
}

/* --- silence --- */

/* CNX-06: others are served meanwhile, and it is closed not before its time */
static void cnx_06_a_silent_visitor_is_closed_and_holds_up_nobody(void **state)
{
    struct stage *stage = stage_new("quorumCnxnTimeoutMs=400\n");
    (void)state;
    int64_t began_ms = zk_elapsed_ms();
    struct sock *silent = dial(stage);
    scripted_voter_connect(&stage->three, stage->peer);
    scripted_voter_say(&stage->three, looking(3, 0, -1, 0));
    scripted_voter_await(&stage->three, looking(-1, -1, 0, 0));

    test_expect_end(silent);

    assert_true(zk_elapsed_ms() - began_ms >= HANDSHAKE_MS);
    election_peer_await_logged(stage->peer, "Exception reading or writing challenge", 1);
    assert_true(
        qcm_connected_to_peer(stage->peer->qcm, 3)); /* its deadline went with the handshake */
    scripted_voter_say(&stage->three, looking(3, 0, -1, 0));
    scripted_voter_await(&stage->three, looking(-1, -1, 0, 0));
    sock_unref(silent);
    stage_free(stage);
}

/* CNX-06: Java starts its timer anew with every byte; here the whole message has one deadline */
static void cnx_06_a_dripping_visitor_is_cut_off_at_the_deadline(void **state)
{
    struct stage *stage = stage_new("quorumCnxnTimeoutMs=400\n");
    struct buf *bytes = initial_of(-65536, 3, 2048, "");
    (void)state;
    struct sock *dripping = dial(stage);
    int64_t began_ms = zk_elapsed_ms();
    int r = 0;
    for (size_t i = 0; r == 0; i++) {
        assert_true(i < 1000); /* of 20 ms each: without a deadline it goes on for 41 s */
        uint8_t drop = i < bytes->length ? bytes->bytes[i] : 'x';
        r = sock_write_fully(dripping, &drop, 1);
        sleep_ms(20); /* the pace of the drops */
    }
    assert_true(r == -EPIPE || r == -ECONNRESET);
    assert_true(zk_elapsed_ms() - began_ms >= HANDSHAKE_MS);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    buf_unref(bytes);
    sock_unref(dripping);
    stage_free(stage);
}

/* Half of the bytes, a pause, the other half: within the deadline that is fine. */
static void a_slow_visitor_within_the_deadline_is_heard(void **state)
{
    struct stage *stage = *state;
    struct buf *bytes = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 3, "127.0.0.1:1");
    stage->three.sock = dial(stage);
    for (size_t i = 0; i < bytes->length; i++) {
        assert_int_equal(sock_write_fully(stage->three.sock, bytes->bytes + i, 1), 0);
        sleep_ms(1);
    }
    election_peer_await_connected(stage->peer, 3, true);
    buf_unref(bytes);
}

/* (D-21) Of 200 silent visitors 64 may wait; the oldest have gone, the newest are still there. */
static void of_many_silent_visitors_the_oldest_go(void **state)
{
    enum { VISITORS = 200 };
    struct stage *stage = *state;
    struct sock *visitors[VISITORS];
    struct crowd crowd = crowd_of(stage);
    for (int i = 0; i < VISITORS; i++)
        visitors[i] = crowd_dial(&crowd);
    crowd_await_noticed(&crowd);

    for (int i = 0; i < VISITORS - QCM_MAX_INCOMING; i++)
        test_expect_end(visitors[i]);
    election_peer_await_threads(stage->peer, QUIET_THREADS + QCM_MAX_INCOMING);

    scripted_voter_connect(&stage->three, stage->peer); /* in their midst */
    for (int i = VISITORS - QCM_MAX_INCOMING + 1; i < VISITORS; i++) {
        uint8_t byte;
        sock_set_deadline(visitors[i], zk_elapsed_ms());
        assert_int_equal(sock_read_fully(visitors[i], &byte, 1), -ETIMEDOUT); /* alive */
    }
    assert_int_equal(election_peer_logged(stage->peer, "why=it has not said who it is"),
                     VISITORS - QCM_MAX_INCOMING + 1);
    for (int i = 0; i < VISITORS; i++)
        sock_unref(visitors[i]);
    scripted_voter_hang_up(&stage->three);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    assert_votes(stage);
}

/* (D-21) A burst: callers are accepted faster than the threads of those who must go can end. Handed
 * over here without the system's queue between. */
static void the_bound_of_silent_visitors_holds_in_a_burst(void **state)
{
    enum { VISITORS = 4 * QCM_MAX_INCOMING };
    struct stage *stage = *state;
    struct inet_address address = test_loopback(0);
    struct sock *listener = NULL;
    struct sock *visitors[VISITORS];
    struct sock *accepted[VISITORS];
    assert_int_equal(sock_listen(stage->peer->capture.ctx, &address, 1, &listener), 0);
    for (int i = 0; i < VISITORS; i++) {
        visitors[i] = scripted_voter_dial(&stage->attacker, sock_local(listener)->port);
        assert_int_equal(sock_accept(listener, &accepted[i]), 0);
    }

    for (int i = 0; i < VISITORS; i++)
        qcm_receive_connection_async(stage->peer->qcm, accepted[i]);

    for (int i = 0; i < VISITORS - QCM_MAX_INCOMING; i++)
        test_expect_end(visitors[i]);
    election_peer_await_threads(stage->peer, QUIET_THREADS + QCM_MAX_INCOMING);
    assert_int_equal(election_peer_logged(stage->peer, "why=it has not said who it is"),
                     VISITORS - QCM_MAX_INCOMING);
    for (int i = 0; i < VISITORS; i++)
        sock_unref(visitors[i]);
    sock_unref(listener);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
}

/* --- crowds --- */

enum { CALLERS = TEST_AMOUNT(1000, 200) };

/* ZOOKEEPER-880 */
static void a_thousand_that_connect_and_close_leave_nothing(void **state)
{
    struct stage *stage = *state;
    struct crowd crowd = crowd_of(stage);
    int64_t descriptors = zk_open_file_descriptors();
    for (int i = 0; i < CALLERS; i++)
        sock_unref(crowd_dial(&crowd));
    crowd_await_gone(&crowd);
    await_descriptors(descriptors);
    assert_votes(stage);
}

/* ZOOKEEPER-880: and with the id of a known server, before and after a frame */
static void a_thousand_of_a_known_id_leave_nothing(void **state)
{
    struct stage *stage = *state;
    struct crowd crowd = crowd_of(stage);
    int64_t descriptors = zk_open_file_descriptors();
    for (int i = 0; i < CALLERS; i++) {
        struct sock *sock = crowd_dial(&crowd);
        scripted_voter_introduce(&stage->three, sock);
        if (i % 2 == 0) {
            uint8_t frame[4 + 40] = {0};
            zk_store_int(frame, 40);
            int r = sock_write_fully(sock, frame, sizeof frame);
            assert_true(r == 0 || r == -EPIPE || r == -ECONNRESET);
        }
        sock_unref(sock);
    }
    crowd_await_gone(&crowd);
    await_descriptors(descriptors);
    assert_votes(stage);
}

/* A smaller id that calls for nothing: it is dialled at a port where nobody is. */
static void a_thousand_false_calls_of_a_smaller_id_leave_nothing(void **state)
{
    struct stage *stage = *state;
    struct crowd crowd = crowd_of(stage);
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", test_free_port());
    struct buf *bytes = test_initial_message(INITIAL_MESSAGE_PROTOCOL_VERSION_V1, 1, address);
    int64_t descriptors = zk_open_file_descriptors();
    for (int i = 0; i < CALLERS; i++) {
        struct sock *sock = crowd_dial(&crowd);
        assert_int_equal(sock_write_fully(sock, bytes->bytes, bytes->length), 0);
        sock_unref(sock);
    }
    crowd_await_gone(&crowd);
    await_descriptors(descriptors);
    buf_unref(bytes);
    assert_votes(stage);
}

static bool nobody_is_dialled(void *arg)
{
    struct quorum_cnx_manager *qcm = arg;
    zk_mutex_lock(&qcm->mu);
    bool nobody = qcm->outgoing == NULL;
    zk_mutex_unlock(&qcm->mu);
    return nobody;
}

/* ZOOKEEPER-2442: one after the other, because nobody is dialled twice at a time. */
static void a_thousand_failed_dials_leak_nothing(void **state)
{
    struct stage *stage = *state;
    struct quorum_cnx_manager *qcm = stage->peer->qcm;
    scripted_voter_done(&stage->one);
    int64_t descriptors = zk_open_file_descriptors();
    for (int i = 0; i < 1000; i++) {
        qcm_connect_one(qcm, 1);
        test_await(nobody_is_dialled, qcm);
    }
    assert_int_equal(election_peer_logged(stage->peer, "Cannot open channel to 1"), 1000);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    await_descriptors(descriptors);
    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    assert_votes(stage);
}

/* (D-23) */
static void strangers_above_the_cap_are_refused_and_forgotten_when_they_leave(void **state)
{
    enum { MORE = 8 };
    struct stage *stage = *state;
    struct scripted_voter strangers[QCM_MAX_STRANGERS + MORE];
    for (int i = 0; i < QCM_MAX_STRANGERS; i++) {
        scripted_voter_init(&strangers[i], &stage->ensemble, 1000 + i);
        scripted_voter_connect(&strangers[i], stage->peer);
    }
    for (int i = QCM_MAX_STRANGERS; i < QCM_MAX_STRANGERS + MORE; i++) {
        scripted_voter_init(&strangers[i], &stage->ensemble, 1000 + i);
        strangers[i].sock = dial(stage);
        scripted_voter_introduce(&strangers[i], strangers[i].sock);
        scripted_voter_expect_end(&strangers[i]);
        assert_false(qcm_connected_to_peer(stage->peer->qcm, 1000 + i));
    }
    assert_int_equal(election_peer_logged(stage->peer, "why=it is not in the configuration"), MORE);

    /* One of the 32 may take its own place again; servers of the ensemble are not counted. */
    struct sock *before = sock_ref(strangers[5].sock);
    scripted_voter_connect(&strangers[5], stage->peer);
    test_expect_end(before);
    sock_unref(before);
    scripted_voter_say(&strangers[5], looking(0, 0, 0, 0));
    scripted_voter_await(&strangers[5], looking(2, 0, 0, 0));
    scripted_voter_connect(&stage->three, stage->peer);

    for (int i = 0; i < QCM_MAX_STRANGERS; i++)
        scripted_voter_hang_up(&strangers[i]);
    scripted_voter_hang_up(&stage->three);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    struct server_status_peer *rows = NULL;
    size_t count = 0;
    qcm_get_status(stage->peer->qcm, &rows, &count);
    for (size_t i = 0; i < count; i++)
        assert_true(rows[i].sid <= 3);
    free(rows);
    assert_true(qcm_have_delivered(stage->peer->qcm));                  /* remembered */
    scripted_voter_connect(&strangers[QCM_MAX_STRANGERS], stage->peer); /* there is room again */
    for (int i = 0; i < QCM_MAX_STRANGERS + MORE; i++)
        scripted_voter_done(&strangers[i]);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
    assert_votes(stage);
}

/* --- who does not read --- */

/* Fills the connection of 3 until SendWorker hangs in its write. */
static void stuff(struct stage *stage)
{
    uint8_t *zeros = zk_xcalloc(1, QCM_PACKETMAXSIZE);
    size_t sent = 0;
    int64_t quiet_since_ms = zk_elapsed_ms();
    while (zk_elapsed_ms() - quiet_since_ms < 200) {
        qcm_to_send(stage->peer->qcm, message_received(3, buf_new_copy(zeros, QCM_PACKETMAXSIZE)));
        size_t now = election_peer_traced(stage->peer, "\"ev\":\"deq\",\"q\":\"queueSendMap[3]\"");
        if (now != sent)
            quiet_since_ms = zk_elapsed_ms();
        sent = now;
        sleep_ms(5);
    }
    free(zeros);
}

/* (D-13) In Java the listener hangs until the old connection dies. */
static void a_peer_that_stops_reading_blocks_nobody(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    stuff(stage);

    struct sock *deaf = sock_ref(stage->three.sock);
    scripted_voter_connect(&stage->one, stage->peer); /* others are served */
    scripted_voter_say(&stage->one, looking(1, 0, -1, 0));
    scripted_voter_await(&stage->one, looking(-1, -1, 0, 0));
    scripted_voter_connect(&stage->three, stage->peer); /* and so is its next connection */
    uint8_t question[40] = {0};
    zk_store_long(question + 20, -1);
    scripted_voter_send_frame(&stage->three, question, sizeof question);
    election_peer_await_logged(stage->peer, "Notification: my state:LOOKING; n.sid:3", 1);
    sock_unref(deaf);
}

/* (D-13) Nor does it block the end. */
static void a_peer_that_stops_reading_does_not_hold_up_halt(void **state)
{
    struct stage *stage = *state;
    scripted_voter_connect(&stage->three, stage->peer);
    stuff(stage);

    fle_shutdown(stage->peer->fle);

    assert_int_equal(zk_thread_count(stage->peer->capture.ctx), 1);
}

/* --- all of it, again and again --- */

static void mistreat(struct stage *stage)
{
    struct buf *bad = initial_of(-65536, 3, 15, "127.0.0.1:70000");
    uint8_t bad_length[4];
    zk_store_int(bad_length, -1);
    for (int i = 0; i < 20; i++) {
        sock_unref(dial(stage));
        send_and_expect_end(stage, bad->bytes, bad->length);
        scripted_voter_connect(&stage->three, stage->peer);
        assert_int_equal(sock_write_fully(stage->three.sock, bad_length, sizeof bad_length), 0);
        scripted_voter_expect_end(&stage->three);
        scripted_voter_connect(&stage->attacker, stage->peer);
        scripted_voter_hang_up(&stage->attacker);
    }
    buf_unref(bad);
    election_peer_await_threads(stage->peer, QUIET_THREADS);
}

/* Bytes that malloc has given out; under a sanitizer 0, and then its own leak check speaks. */
static size_t allocated(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void descriptors_and_memory_come_back_to_where_they_were(void **state)
{
    enum { TOLERATED_BYTES = 64 * 1024 };
    struct stage *stage = *state;
    mistreat(stage);
    assert_votes(stage);
    int64_t descriptors = zk_open_file_descriptors();
    size_t before = allocated();
    for (int i = 0; i < 10; i++)
        mistreat(stage);
    assert_votes(stage);
    await_descriptors(descriptors);
    size_t after = allocated();
    if (after > before + TOLERATED_BYTES)
        fail_msg("%zu bytes before, %zu after", before, after);
}

/* ZOOKEEPER-4309 */
static void a_hundred_restarts_leak_nothing(void **state)
{
    enum { TOLERATED_BYTES = 64 * 1024 };
    struct stage *stage = *state;
    int64_t descriptors = 0;
    size_t before = 0;
    for (int i = 0; i < 100; i++) {
        scripted_voter_connect(&stage->three, stage->peer);
        if (i % 2 == 0)
            election_peer_look(stage->peer);
        struct sock *silent = dial(stage); /* a handshake to cancel */
        qcm_connect_one(stage->peer->qcm, 1);
        election_peer_restart(stage->peer);
        assert_int_equal(zk_thread_count(stage->peer->capture.ctx), 1);
        test_expect_end(silent);
        sock_unref(silent);
        scripted_voter_expect_end(&stage->three);
        election_peer_start(stage->peer);
        if (i == 10) {
            descriptors = zk_open_file_descriptors();
            before = allocated();
        }
    }
    await_descriptors(descriptors);
    size_t after = allocated();
    if (after > before + TOLERATED_BYTES)
        fail_msg("%zu bytes before, %zu after", before, after);
    scripted_voter_done(&stage->one); /* calls from before the restarts wait at its port */
    scripted_voter_init(&stage->one, &stage->ensemble, 1);
    assert_votes(stage);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(cnx_09_a_malformed_initial_message_costs_its_sender_the_connection),
        STAGED(cnx_05_noise_of_other_protocols_is_hung_up_on),
        STAGED(five_hundred_random_beginnings_leave_the_listener_alive),
        STAGED(a_megabyte_of_noise_is_not_read_to_its_end),
        STAGED(who_goes_in_the_middle_of_the_initial_message_leaves_nothing),
        STAGED(cnx_05_a_frame_of_impossible_length_ends_its_connection),
        STAGED(cnx_05_a_frame_of_524288_bytes_is_accepted),
        STAGED(a_frame_that_does_not_come_whole_ends_with_its_connection),
        STAGED(a_flood_of_votes_is_survived),
        cmocka_unit_test(cnx_06_a_silent_visitor_is_closed_and_holds_up_nobody),
        cmocka_unit_test(cnx_06_a_dripping_visitor_is_cut_off_at_the_deadline),
        STAGED(a_slow_visitor_within_the_deadline_is_heard),
        STAGED(of_many_silent_visitors_the_oldest_go),
        STAGED(the_bound_of_silent_visitors_holds_in_a_burst),
        STAGED(a_thousand_that_connect_and_close_leave_nothing),
        STAGED(a_thousand_of_a_known_id_leave_nothing),
        STAGED(a_thousand_false_calls_of_a_smaller_id_leave_nothing),
        STAGED(a_thousand_failed_dials_leak_nothing),
        STAGED(strangers_above_the_cap_are_refused_and_forgotten_when_they_leave),
        STAGED(a_peer_that_stops_reading_blocks_nobody),
        STAGED(a_peer_that_stops_reading_does_not_hold_up_halt),
        STAGED(descriptors_and_memory_come_back_to_where_they_were),
        STAGED(a_hundred_restarts_leak_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
