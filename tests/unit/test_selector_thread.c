/* What a selector thread reads together: requests that gather, wake-ups.
 * Java: NIOServerCnxnFactory.SelectorThread */
#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "cnxn/server_cnxn_factory_internal.h"
#include "io/sock_descriptor.h"
#include "outside.h"
#include "peer/zookeeper_server_main_internal.h"
#include "raw_client.h"
#include "zk/io/sock.h"
#include "zk/jute/keeper_code.h"
#include "zk/jute/op_code.h"
#include "zk/runtime/thread.h"
#include "zk/server/zookeeper_server.h"
#include "zk_test.h"

#define SELECTOR_THREADS "NIOServerCxnFac"

static const struct raw_setting SETTINGS[] = {{"zookeeper.nio.numSelectorThreads", "1"},
                                              {"zookeeper.nio.numWorkerThreads", "1"}};

static int setup(void **state)
{
    static struct raw_stage stage;
    raw_stage_begin(&stage, SETTINGS, 1);
    *state = &stage;
    return 0;
}

static int setup_with_a_worker(void **state)
{
    static struct raw_stage stage;
    raw_stage_begin(&stage, SETTINGS, 2);
    *state = &stage;
    return 0;
}

static int setup_with_workers_without_end(void **state)
{
    static struct raw_stage stage;
    static const struct raw_setting setting = {"zookeeper.nio.numWorkerThreads", "2147483647"};
    raw_stage_begin(&stage, &setting, 1);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    (void)outside_restore(state);
    raw_stage_finish(*state);
    return 0;
}

struct in_process {
    struct raw_stage *stage;
    int64_t count;
};

static bool are_in_process(void *arg)
{
    const struct in_process *wanted = arg;
    return zookeeper_server_get_in_process(wanted->stage->alone->zk) == wanted->count;
}

static void await_in_process(struct raw_stage *stage, int64_t count)
{
    struct in_process wanted = {.stage = stage, .count = count};
    test_await(are_in_process, &wanted);
}

/* Nodes from number first on, whose requests are of one length, with one write. Returns that
 * length. */
static size_t send_creates(struct raw_client *raw, int first, int count)
{
    struct buf *all = buf_new(1024);
    for (int i = first; i < first + count; i++) {
        char path[32];
        snprintf(path, sizeof path, "/%016" PRIx64 "-%02d", (uint64_t)raw->session_id, i);
        struct buf *frame = raw_create_frame(i, path, "hello", 5);
        buf_put_bytes(all, frame->bytes, frame->length);
        buf_unref(frame);
    }
    size_t length = all->length / (size_t)count;
    raw_send_frame(raw->sock, all);
    return length;
}

static void assert_replies(struct raw_client *raw, int first, int count)
{
    for (int i = first; i < first + count; i++)
        raw_assert_reply(raw->sock, i, 0);
}

static bool has_been_read(void *arg)
{
    return outside_seen().recvs >= *(const int *)arg;
}

/* It may be over by now: patience does not last long. */
static bool low_water_was(void *arg)
{
    return outside_seen().highest_low_water == *(const int *)arg;
}

static bool has_no_low_water(void *arg)
{
    (void)arg;
    return outside_seen().low_water == 1;
}

static bool has_low_water(void *arg)
{
    return outside_seen().low_water == *(const int *)arg;
}

static void a_read_that_ends_within_a_frame_does_not_make_the_next_one_short(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    outside_watch(SELECTOR_THREADS);
    struct buf *frame = raw_create_frame(1, "/halves", "hello", 5);
    int once = 1;
    assert_int_equal(sock_write_fully(raw.sock, frame->bytes, 30), 0);
    test_await(has_been_read, &once);
    assert_int_equal(sock_write_fully(raw.sock, frame->bytes + 30, frame->length - 30), 0);
    raw_assert_reply(raw.sock, 1, 0);
    assert_true(outside_seen().smallest_recv >= 32768);
    buf_unref(frame);
    sock_unref(raw.sock);
}

static void what_comes_behind_eight_unanswered_requests_gathers(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    outside_watch(SELECTOR_THREADS);
    outside_hold(OUTSIDE_FDATASYNC);
    int together = 64 * (int)send_creates(&raw, 1, 8);
    test_await(low_water_was, &together);
    outside_release();
    assert_replies(&raw, 1, 8);
    test_await(has_no_low_water, NULL);
    sock_unref(raw.sock);
}

/* They come in less than 64, and those before them are never answered: so it is time that ends it.
 * A connection that is not read any more would miss its pings. */
static void what_gathers_is_read_after_a_while(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    outside_watch(SELECTOR_THREADS);
    outside_hold(OUTSIDE_FDATASYNC);
    int together = 64 * (int)send_creates(&raw, 1, 8);
    test_await(low_water_was, &together);
    (void)send_creates(&raw, 9, 1);
    await_in_process(stage, 9);
    outside_release();
    assert_replies(&raw, 1, 9);
    sock_unref(raw.sock);
}

/* As long as nothing else gets the processor, the servers answer each of its requests before it
 * gets to send the next one. */
static void a_client_that_had_eight_unanswered_requests_is_known_afterwards(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    outside_watch(SELECTOR_THREADS);
    outside_hold(OUTSIDE_FDATASYNC);
    int together = 64 * (int)send_creates(&raw, 1, 8);
    test_await(low_water_was, &together);
    outside_release();
    assert_replies(&raw, 1, 8);
    test_await(has_no_low_water, NULL);
    outside_watch(SELECTOR_THREADS);
    outside_hold(OUTSIDE_FDATASYNC);
    together = 64 * (int)send_creates(&raw, 9, 1);
    test_await(low_water_was, &together);
    outside_release();
    assert_replies(&raw, 9, 1);
    sock_unref(raw.sock);
}

/* Seven threads may share a session, each of which waits for its answer. */
static void seven_unanswered_requests_do_not_make_the_next_ones_wait(void **state)
{
    struct raw_stage *stage = *state;
    /* First, so that its createSession is over: else its ping would wait behind the fsync. */
    struct raw_client other = raw_connect(stage);
    struct raw_client raw = raw_connect(stage);
    outside_watch(SELECTOR_THREADS);
    outside_hold(OUTSIDE_FDATASYNC);
    (void)send_creates(&raw, 1, 7);
    await_in_process(stage, 7);
    raw_assert_pings(&other); /* by the same selector, so it is done with the seven */
    assert_int_equal(outside_seen().low_water_changes, 0);
    outside_release();
    assert_replies(&raw, 1, 7);
    sock_unref(other.sock);
    sock_unref(raw.sock);
}

/* Reads of the root with one write. Returns the length of one request. */
static size_t send_gets(struct raw_client *raw, int first, int count)
{
    struct buf *all = buf_new(256);
    for (int i = first; i < first + count; i++) {
        struct buf *frame = raw_get_frame(i, "/");
        buf_put_bytes(all, frame->bytes, frame->length);
        buf_unref(frame);
    }
    size_t length = all->length / (size_t)count;
    raw_send_frame(raw->sock, all);
    return length;
}

/* Two come at once, and are answered at once; what comes next may gather when that is tried. The
 * first ones may have to take the long way, because the opening of the session is not quite over.
 * Returns the number of the next request; *ret_together: the bytes of a whole batch. */
static int gather(struct raw_client *raw, int first, int *ret_together)
{
    int next = first;
    outside_watch(SELECTOR_THREADS);
    do {
        *ret_together = 64 * (int)send_gets(raw, next, 2);
        assert_replies(raw, next, 2);
        next += 2;
    } while (!low_water_was(ret_together) && next < first + 20000);
    assert_true(low_water_was(ret_together));
    return next;
}

/* What follows is alone and is answered, because the wait ends; with it the socket is ready at its
 * first byte again. */
static void short_reads_that_come_two_at_a_time_gather(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    int together;
    int next = gather(&raw, 1, &together);
    (void)send_gets(&raw, next, 1);
    assert_replies(&raw, next, 1);
    test_await(has_no_low_water, NULL);
    sock_unref(raw.sock);
}

/* When the other client has two answers, the selector has also settled what comes before it watches
 * that client anew. */
static bool gathers_now(struct raw_client *other, int *together)
{
    raw_assert_pings(other);
    raw_assert_pings(other);
    return has_low_water(together);
}

/* From here on the wait of a client whose short reads gather never ends by itself. If they do not
 * gather in the round of the trial that is next, it is done again. */
static void gather_for_ever(struct raw_client *raw, struct raw_client *other)
{
    int together;
    int next = 1;
    bool gathers = false;
    while (!gathers) {
        (void)outside_restore(NULL);
        next = gather(raw, next, &together);
        outside_stop_clocks();
        gathers = gathers_now(other, &together);
        if (!gathers) {
            (void)send_gets(raw, next, 1); /* no wait is going on, so it is read as it comes */
            assert_replies(raw, next++, 1);
            gathers = gathers_now(other, &together);
        }
    }
}

static void short_reads_one_after_the_other_do_not_gather(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raw = raw_connect(stage);
    outside_watch(SELECTOR_THREADS);
    for (int i = 1; i <= 200; i++) {
        (void)send_gets(&raw, i, 1);
        assert_replies(&raw, i, 1);
    }
    assert_int_equal(outside_seen().low_water_changes, 0);
    sock_unref(raw.sock);
}

static bool has_arrived(void *arg)
{
    int unacknowledged = -1;
    const struct raw_client *raw = arg;
    (void)ioctl(sock_descriptor(raw->sock), SIOCOUTQ, &unacknowledged);
    return unacknowledged == 0;
}

/* A client with many watches may hear something all the time. Each event leaves by a worker, and
 * the wait for more requests must not begin anew behind each: its pings would not be read. */
static void events_do_not_keep_what_gathers_from_being_read(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client writer = raw_connect(stage);
    struct raw_client raw = raw_connect(stage);
    struct buf *watch = raw_request_body(0, OP_CODE_EXISTS);
    raw_put_text(watch, "/event");
    buf_put_byte(watch, 1);
    raw_send_frame(raw.sock, raw_frame_of(watch));
    raw_assert_reply(raw.sock, 0, KEEPER_CODE_NONODE);
    gather_for_ever(&raw, &writer);
    raw_send_frame(raw.sock, raw_plain_frame(-2, OP_CODE_PING));
    test_await(has_arrived, &raw);
    raw_send_frame(writer.sock, raw_create_frame(1, "/event", "", 0));
    raw_assert_reply(writer.sock, 1, 0);
    raw_assert_reply(raw.sock, -1, 0);
    raw_assert_reply(raw.sock, -2, 0);
    sock_unref(writer.sock);
    sock_unref(raw.sock);
}

struct looked_for {
    struct raw_client *client;
    const char *path;
};

static bool is_there(void *arg)
{
    const struct looked_for *node = arg;
    raw_send_frame(node->client->sock, raw_get_frame(1, node->path));
    struct buf *reply = raw_read_frame(node->client->sock);
    bool is_there = zk_load_int(reply->bytes + 12) == 0; /* 4 xid, 8 zxid, 4 err */
    buf_unref(reply);
    return is_there;
}

static bool is_a_megabyte_unsent(void *arg)
{
    struct raw_stage *stage = arg;
    struct server_cnxn_factory *factory = stage->alone->client_port;
    size_t most = 0;
    zk_mutex_lock(&factory->mu);
    for (struct nio_server_cnxn *cnxn = factory->cnxns; cnxn != NULL; cnxn = cnxn->next)
        if (channel_pending(cnxn->channel) > most)
            most = channel_pending(cnxn->channel);
    zk_mutex_unlock(&factory->mu);
    return most > 1 << 20;
}

/* The answers to the first ones fill the connection, so the others are kept. Java keeps nothing,
 * and would have handed on the write when it was read. */
static void a_write_that_was_read_is_done_though_its_client_leaves(void **state)
{
    enum { NODE = 1000000, ASKED = 32 };
    struct raw_stage *stage = *state;
    struct raw_client other = raw_connect(stage);
    struct raw_client slow = raw_connect(stage);
    uint8_t *data = calloc(1, NODE);
    raw_send_frame(slow.sock, raw_create_frame(1, "/big", data, NODE));
    free(data);
    raw_assert_reply(slow.sock, 1, 0);
    struct buf *all = buf_new(4096);
    for (int i = 1; i <= ASKED; i++) {
        struct buf *frame =
            i < ASKED ? raw_get_frame(i, "/big") : raw_create_frame(i, "/last", "", 0);
        buf_put_bytes(all, frame->bytes, frame->length);
        buf_unref(frame);
    }
    raw_send_frame(slow.sock, all);
    test_await(is_a_megabyte_unsent, stage);
    raw_assert_pings(&other); /* what was read together has been handed on, or kept, by now */
    struct looked_for last = {.client = &other, .path = "/last"};
    assert_false(is_there(&last));
    sock_unref(slow.sock);
    test_await(is_there, &last);
    sock_unref(other.sock);
}

static bool is_held(void *arg)
{
    (void)arg;
    return outside_held() > 0;
}

enum { CLIENTS = 5 };

static bool are_held(void *arg)
{
    return outside_held() == *(const int *)arg;
}

static bool was_refused_a_thread(void *arg)
{
    (void)arg;
    return outside_failures(OUTSIDE_PTHREAD_CREATE) > 0;
}

static void send_ping(struct raw_client *raw)
{
    raw_send_frame(raw->sock, raw_plain_frame(-2, OP_CODE_PING));
}

/* Sends a ping for each of CLIENTS, and waits until a worker of its own reads it. */
static void hold_a_worker_for_each(struct raw_client *raws)
{
    outside_hold(OUTSIDE_RECV);
    for (int held = 1; held <= CLIENTS; held++) {
        send_ping(&raws[held - 1]);
        test_await(are_held, &held);
    }
    outside_release();
    for (int i = 0; i < CLIENTS; i++)
        raw_assert_reply(raws[i].sock, -2, 0);
}

/* Java's pool makes its threads when there is something for them, too. */
static void workers_are_started_when_all_others_are_at_work(void **state)
{
    enum { PINGS = 20 };
    struct raw_stage *stage = *state;
    struct raw_client raws[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        raws[i] = raw_connect(stage);
    assert_in_range(zk_thread_count(stage->ctx), 1, 100);
    hold_a_worker_for_each(raws);

    size_t threads = zk_thread_count(stage->ctx);
    for (int i = 0; i < PINGS; i++) { /* one of them is enough for these */
        send_ping(&raws[0]);
        raw_assert_reply(raws[0].sock, -2, 0);
    }
    assert_int_equal(zk_thread_count(stage->ctx), threads);
    for (int i = 0; i < CLIENTS; i++)
        sock_unref(raws[i].sock);
}

static void no_more_workers_than_the_setting_says(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raws[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        raws[i] = raw_connect(stage);
    size_t threads = zk_thread_count(stage->ctx);
    outside_hold(OUTSIDE_RECV);
    for (int i = 0; i < CLIENTS; i++)
        send_ping(&raws[i]);
    test_await(is_held, NULL);
    outside_release();
    for (int i = 0; i < CLIENTS; i++) {
        raw_assert_reply(raws[i].sock, -2, 0);
        sock_unref(raws[i].sock);
    }
    assert_int_equal(zk_thread_count(stage->ctx), threads);
}

static void without_a_thread_for_another_worker_the_first_one_serves_all(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client raws[CLIENTS];
    outside_fail(OUTSIDE_PTHREAD_CREATE, EAGAIN, 0, OUTSIDE_FOR_EVER);
    for (int i = 0; i < CLIENTS; i++)
        raws[i] = raw_connect(stage);
    outside_hold(OUTSIDE_RECV);
    for (int i = 0; i < CLIENTS; i++)
        send_ping(&raws[i]);
    test_await(was_refused_a_thread, NULL);
    outside_release();
    for (int i = 0; i < CLIENTS; i++)
        raw_assert_reply(raws[i].sock, -2, 0);

    outside_restore(state);
    hold_a_worker_for_each(raws); /* the shortage is over */
    for (int i = 0; i < CLIENTS; i++)
        sock_unref(raws[i].sock);
}

/* While the selector reads a third client, two send; so it finds both ready. */
static void requests_of_connections_that_are_read_together_cost_one_wake_up(void **state)
{
    struct raw_stage *stage = *state;
    struct raw_client third = raw_connect(stage);
    struct raw_client one = raw_connect(stage);
    struct raw_client two = raw_connect(stage);
    outside_hold(OUTSIDE_RECV);
    raw_send_frame(third.sock, raw_plain_frame(-2, OP_CODE_PING));
    test_await(is_held, NULL);
    (void)send_creates(&one, 1, 1);
    (void)send_creates(&two, 1, 1);
    test_await(has_arrived, &one);
    test_await(has_arrived, &two);
    outside_watch(SELECTOR_THREADS);
    outside_release();
    raw_assert_reply(third.sock, -2, 0);
    assert_replies(&one, 1, 1);
    assert_replies(&two, 1, 1);
    assert_in_range(outside_seen().signals, 0, 1); /* 0: PrepRequestProcessor was awake */
    sock_unref(third.sock);
    sock_unref(one.sock);
    sock_unref(two.sock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_WITH_A_WORKER(name)                                                                   \
    cmocka_unit_test_setup_teardown(name, setup_with_a_worker, teardown)
#define TEST_WITH_WORKERS(name)                                                                    \
    cmocka_unit_test_setup_teardown(name, setup_with_workers_without_end, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_read_that_ends_within_a_frame_does_not_make_the_next_one_short),
        TEST(what_comes_behind_eight_unanswered_requests_gathers),
        TEST(what_gathers_is_read_after_a_while),
        TEST(a_client_that_had_eight_unanswered_requests_is_known_afterwards),
        TEST(seven_unanswered_requests_do_not_make_the_next_ones_wait),
        TEST(short_reads_that_come_two_at_a_time_gather),
        TEST(short_reads_one_after_the_other_do_not_gather),
        TEST_WITH_A_WORKER(events_do_not_keep_what_gathers_from_being_read),
        TEST_WITH_A_WORKER(no_more_workers_than_the_setting_says),
        TEST_WITH_WORKERS(workers_are_started_when_all_others_are_at_work),
        TEST_WITH_WORKERS(without_a_thread_for_another_worker_the_first_one_serves_all),
        TEST(a_write_that_was_read_is_done_though_its_client_leaves),
        TEST(requests_of_connections_that_are_read_together_cost_one_wake_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
