#include "zk_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sleep_ms.h"
#include "zk/base/panic.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/lock.h"
#include "zk/runtime/thread.h"
#include "zk/runtime/thread_dump.h"

enum {
    LONG_MS = 60000, /* longer than any test may last: who waits so long has missed its wake */
    BIG = 8 * 1024 * 1024,
};

/* A listener on loopback and, once connected, both ends of one connection. */
struct stage {
    struct zk_context *ctx;
    struct zk_thread_group *group;
    struct sock *listener;
    struct sock *near;
    struct sock *far;
    int result; /* written by a thread, read after it was joined */
    uint8_t *bytes;
};

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->ctx = test_context();
    stage->group = zk_thread_group_new(stage->ctx);
    struct inet_address address = test_loopback(0);
    assert_int_equal(sock_listen(stage->ctx, &address, 10, &stage->listener), 0);
    *state = stage;
    return 0;
}

static int setup_connected(void **state)
{
    setup(state);
    struct stage *stage = *state;
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);
    assert_int_equal(sock_connect(stage->near, sock_local(stage->listener), LONG_MS), 0);
    assert_int_equal(sock_accept(stage->listener, &stage->far), 0);
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    zk_thread_group_free(stage->group);
    sock_unref(stage->near);
    sock_unref(stage->far);
    sock_unref(stage->listener);
    zk_context_free(stage->ctx);
    free(stage->bytes);
    free(stage);
    return 0;
}

static void start(struct stage *stage, zk_thread_run *main)
{
    assert_int_equal(zk_thread_group_start(stage->group, main, stage, "other"), 0);
}

/* --- connections --- */

static void both_ends_name_the_connection_alike(void **state)
{
    struct stage *stage = *state;
    char expected[100];

    snprintf(expected, sizeof expected, "127.0.0.1:%u-127.0.0.1:%u", sock_local(stage->near)->port,
             sock_local(stage->listener)->port);

    assert_string_equal(sock_conn_text(stage->near), expected);
    assert_string_equal(sock_conn_text(stage->far), expected);
    assert_true(inet_address_equal(sock_remote(stage->near), sock_local(stage->far)));
    assert_true(inet_address_equal(sock_remote(stage->far), sock_local(stage->near)));
}

static void addresses_are_plain_ipv4_on_a_dual_stack_socket(void **state)
{
    struct stage *stage = *state;

    assert_memory_equal(inet_text(sock_local(stage->listener)).text, "/127.0.0.1:", 11);
    assert_memory_equal(inet_text(sock_remote(stage->far)).text, "/127.0.0.1:", 11);
}

static void a_listener_on_the_wildcard_takes_both_families(void **state)
{
    struct stage *stage = *state;
    struct inet_address any = inet_address_any(0);
    struct sock *listener;
    assert_int_equal(sock_listen(stage->ctx, &any, 10, &listener), 0);
    const uint16_t port = sock_local(listener)->port;
    static const char *const hosts[] = {"127.0.0.1", "::1"};

    for (size_t i = 0; i < 2; i++) {
        struct inet_address to;
        struct sock *near, *far;
        inet_address_literal(hosts[i], port, &to);
        assert_int_equal(sock_new(stage->ctx, to.family, &near), 0);
        int r = sock_connect(near, &to, LONG_MS);
        if (to.family == INET_V6 && r == -EADDRNOTAVAIL) { /* this machine has no IPv6 loopback */
            sock_unref(near);
            continue;
        }
        assert_int_equal(r, 0);
        assert_int_equal(sock_accept(listener, &far), 0);
        assert_int_equal(sock_remote(far)->family, to.family);
        assert_string_equal(sock_conn_text(near), sock_conn_text(far));
        sock_unref(near);
        sock_unref(far);
    }
    sock_unref(listener);
}

static void who_dials_the_wildcard_learns_who_answered(void **state)
{
    struct stage *stage = *state;
    struct inet_address any = inet_address_any(sock_local(stage->listener)->port);
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);

    assert_int_equal(sock_connect(stage->near, &any, LONG_MS), 0);
    assert_int_equal(sock_accept(stage->listener, &stage->far), 0);

    assert_string_equal(sock_conn_text(stage->near), sock_conn_text(stage->far));
    assert_string_equal(inet_ip_text(sock_remote(stage->near)).text, "127.0.0.1");
}

static void a_port_without_listener_refuses(void **state)
{
    struct stage *stage = *state;
    struct inet_address nobody = test_loopback(test_free_port());
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);

    assert_int_equal(sock_connect(stage->near, &nobody, LONG_MS), -ECONNREFUSED);
}

static void an_unresolved_address_cannot_be_dialled_or_bound(void **state)
{
    struct stage *stage = *state;
    struct inet_address unresolved;
    struct sock *listener;
    inet_address_literal("zoo1", 1, &unresolved);
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);

    assert_int_equal(sock_connect(stage->near, &unresolved, 1), -EDESTADDRREQ);
    assert_int_equal(sock_listen(stage->ctx, &unresolved, 1, &listener), -EDESTADDRREQ);
}

static void a_port_in_use_cannot_be_bound_again(void **state)
{
    struct stage *stage = *state;
    struct sock *second;

    assert_int_equal(sock_listen(stage->ctx, sock_local(stage->listener), 1, &second), -EADDRINUSE);
}

static void a_port_can_be_bound_again_after_its_connections_ended(void **state)
{
    struct stage *stage = *state;
    struct inet_address address = *sock_local(stage->listener);
    sock_unref(stage->far); /* ends first: its port goes into TIME_WAIT */
    stage->far = NULL;
    sock_unref(stage->near);
    stage->near = NULL;
    sock_unref(stage->listener);

    assert_int_equal(sock_listen(stage->ctx, &address, 1, &stage->listener), 0);
}

/* --- a connect that hangs: a listener whose queue is full lets callers wait --- */

enum { FILLERS = 16 };

struct full_listener {
    struct sock *listener;
    struct sock *fillers[FILLERS];
};

/* A listener of which a further connect gets no answer. */
static struct full_listener fill_listener(struct stage *stage)
{
    struct full_listener full = {0};
    struct inet_address address = test_loopback(0);
    assert_int_equal(sock_listen(stage->ctx, &address, 0, &full.listener), 0);
    for (int i = 0; i < FILLERS; i++) {
        assert_int_equal(sock_new(stage->ctx, INET_V4, &full.fillers[i]), 0);
        if (sock_connect(full.fillers[i], sock_local(full.listener), 200) == -ETIMEDOUT)
            return full;
    }
    fail_msg("the listener never filled up");
    return full;
}

static void full_listener_done(struct full_listener *full)
{
    for (int i = 0; i < FILLERS; i++)
        sock_unref(full->fillers[i]);
    sock_unref(full->listener);
}

static void connect_to_remote(void *arg)
{
    struct stage *stage = arg;
    stage->result = sock_connect(stage->near, sock_local(stage->far), LONG_MS);
}

static void a_connect_ends_at_its_timeout(void **state)
{
    struct stage *stage = *state;
    struct full_listener full = fill_listener(stage);
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);
    int64_t deadline_ms = zk_deadline_ms(50);

    int r = sock_connect(stage->near, sock_local(full.listener), 50);

    assert_int_equal(r, -ETIMEDOUT);
    assert_true(zk_elapsed_ms() >= deadline_ms);
    full_listener_done(&full);
}

static void a_wake_ends_a_blocked_connect(void **state)
{
    struct stage *stage = *state;
    struct full_listener full = fill_listener(stage);
    stage->far = sock_ref(full.listener); /* only its address is used */
    for (int delay_ms = 0; delay_ms < 40;
         delay_ms += 10) { /* before, in and after the first step */
        assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);
        struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
        assert_int_equal(zk_thread_group_start(group, connect_to_remote, stage, "dialler"), 0);
        sleep_ms(delay_ms);

        int64_t before_ms = zk_elapsed_ms();
        sock_wake(stage->near);
        zk_thread_group_free(group);

        assert_int_equal(stage->result, -ECANCELED);
        assert_true(zk_elapsed_ms() - before_ms < LONG_MS);
        sock_unref(stage->near);
    }
    stage->near = NULL;
    full_listener_done(&full);
}

static void a_socket_that_was_woken_does_not_connect(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);

    sock_wake(stage->near);

    assert_int_equal(sock_connect(stage->near, sock_local(stage->listener), LONG_MS), -ECANCELED);
}

/* --- waking --- */

static void accept_one(void *arg)
{
    struct stage *stage = arg;
    stage->result = sock_accept(stage->listener, &stage->far);
}

static void read_one(void *arg)
{
    struct stage *stage = arg;
    uint8_t byte;
    stage->result = sock_read_fully(stage->near, &byte, 1);
}

static void write_much(void *arg)
{
    struct stage *stage = arg;
    do {
        stage->result = sock_write_fully(stage->near, stage->bytes, BIG);
    } while (stage->result == 0);
}

static void a_wake_ends_a_blocked_accept(void **state)
{
    struct stage *stage = *state;
    start(stage, accept_one);

    sock_wake(stage->listener);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->result, -ECANCELED);
    assert_null(stage->far);
    assert_int_equal(sock_accept(stage->listener, &stage->far), -ECANCELED);
}

static void a_wake_ends_a_blocked_read_and_the_far_end_sees_the_end(void **state)
{
    struct stage *stage = *state;
    uint8_t byte;
    start(stage, read_one);

    sock_wake(stage->near);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->result, -ECANCELED);
    assert_int_equal(sock_read_fully(stage->far, &byte, 1), -EPIPE);
}

static void a_wake_ends_a_blocked_write(void **state)
{
    struct stage *stage = *state;
    stage->bytes = calloc(1, BIG);
    start(stage, write_much);

    sleep_ms(20); /* most likely it is blocked by now; if not, the wake comes first */
    sock_wake(stage->near);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->result, -ECANCELED);
}

static void after_a_wake_bytes_that_came_before_are_not_given(void **state)
{
    struct stage *stage = *state;
    uint8_t byte = 7;
    size_t count;
    assert_int_equal(sock_write_fully(stage->far, "x", 1), 0);

    sock_wake(stage->near);
    sock_wake(stage->near);

    assert_int_equal(sock_read_some(stage->near, &byte, 1, &count), -ECANCELED);
    assert_int_equal(sock_write_fully(stage->near, "x", 1), -ECANCELED);
    assert_int_equal(byte, 7);
}

/* The kernel's shutdown is what ends calls; its effect depends on the state of the connection. */
static void expect_woken(struct sock *sock)
{
    uint8_t byte;
    sock_wake(sock);
    assert_int_equal(sock_read_fully(sock, &byte, 1), -ECANCELED);
    assert_int_equal(sock_write_fully(sock, "x", 1), -ECANCELED);
}

static void a_wake_counts_when_the_far_end_has_finished(void **state)
{
    struct stage *stage = *state;
    uint8_t byte;
    sock_unref(stage->far);
    stage->far = NULL;
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), -EPIPE); /* its end is here */

    expect_woken(stage->near);
}

static void a_wake_counts_when_the_connection_was_reset(void **state)
{
    struct stage *stage = *state;
    uint8_t byte;
    assert_int_equal(sock_write_fully(stage->near, "unread", 6), 0);
    assert_int_equal(sock_read_fully(stage->far, &byte, 1), 0); /* all of it is there */
    sock_unref(stage->far);
    stage->far = NULL;
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), -ECONNRESET);

    expect_woken(stage->near);
}

static void a_wake_counts_when_a_dial_was_refused(void **state)
{
    struct stage *stage = *state;
    struct inet_address nobody = test_loopback(test_free_port());
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);
    assert_int_equal(sock_connect(stage->near, &nobody, LONG_MS), -ECONNREFUSED);

    expect_woken(stage->near);
}

static void after_a_wake_callers_that_wait_are_not_given(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);
    assert_int_equal(sock_connect(stage->near, sock_local(stage->listener), LONG_MS), 0);

    sock_wake(stage->listener);

    assert_int_equal(sock_accept(stage->listener, &stage->far), -ECANCELED);
    assert_null(stage->far);
}

/* --- reading and writing --- */

static void drip_one_byte_a_time(void *arg)
{
    struct stage *stage = arg;
    sock_set_no_delay(stage->far, true);
    for (int i = 0; i < 20; i++) {
        uint8_t byte = (uint8_t)i;
        if (sock_write_fully(stage->far, &byte, 1) < 0)
            return;
        sleep_ms(1);
    }
}

static void short_segments_are_read_whole(void **state)
{
    struct stage *stage = *state;
    uint8_t bytes[20];
    start(stage, drip_one_byte_a_time);

    assert_int_equal(sock_read_fully(stage->near, bytes, sizeof bytes), 0);

    for (int i = 0; i < 20; i++)
        assert_int_equal(bytes[i], i);
}

static void read_big(void *arg)
{
    struct stage *stage = arg;
    stage->result = sock_read_fully(stage->far, stage->bytes, BIG);
}

static void more_than_the_kernel_holds_is_written_whole(void **state)
{
    struct stage *stage = *state;
    uint8_t *sent = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        sent[i] = (uint8_t)(i * 31 >> 8);
    stage->bytes = calloc(1, BIG);
    start(stage, read_big);

    assert_int_equal(sock_write_fully(stage->near, sent, BIG), 0);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->result, 0);
    assert_memory_equal(stage->bytes, sent, BIG);
    free(sent);
}

static void the_end_of_the_stream_is_told_apart_from_bytes(void **state)
{
    struct stage *stage = *state;
    uint8_t bytes[4];
    size_t count = 77;
    assert_int_equal(sock_write_fully(stage->far, "ab", 2), 0);
    sock_unref(stage->far);
    stage->far = NULL;

    assert_int_equal(sock_read_some(stage->near, bytes, 4, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(sock_read_some(stage->near, bytes, 4, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(sock_read_fully(stage->near, bytes, 1), -EPIPE);
    assert_int_equal(sock_read_fully(stage->near, bytes, 0), 0);
}

static void a_stream_that_ends_within_a_message_is_an_error(void **state)
{
    struct stage *stage = *state;
    uint8_t bytes[4];
    assert_int_equal(sock_write_fully(stage->far, "ab", 2), 0);
    sock_unref(stage->far);
    stage->far = NULL;

    assert_int_equal(sock_read_fully(stage->near, bytes, 4), -EPIPE);
}

static void writing_to_a_far_end_that_has_gone_is_an_error_and_no_signal(void **state)
{
    struct stage *stage = *state;
    int r = 0;
    sock_unref(stage->far);
    stage->far = NULL;

    for (int i = 0; i < 1000 && r == 0; i++) {
        r = sock_write_fully(stage->near, "x", 1);
        sleep_ms(1);
    }

    assert_true(r == -EPIPE || r == -ECONNRESET);
}

/* --- time --- */

static void a_timeout_ends_a_read(void **state)
{
    struct stage *stage = *state;
    uint8_t byte;
    int64_t deadline_ms = zk_deadline_ms(30);

    sock_set_timeout(stage->near, 30);

    assert_int_equal(sock_read_fully(stage->near, &byte, 1), -ETIMEDOUT);
    assert_true(zk_elapsed_ms() >= deadline_ms);
}

static void a_write_timeout_ends_a_write_that_nobody_reads(void **state)
{
    struct stage *stage = *state;
    char bytes[65536] = {0};
    int r = 0;

    sock_set_write_timeout(stage->near, 30);
    while (r == 0)
        r = sock_write_fully(stage->near, bytes, sizeof bytes);

    assert_int_equal(r, -ETIMEDOUT);
}

static void a_timeout_is_for_one_pause_and_not_for_the_whole(void **state)
{
    struct stage *stage = *state;
    uint8_t bytes[20];
    sock_set_timeout(stage->near, LONG_MS);
    start(stage, drip_one_byte_a_time);

    assert_int_equal(sock_read_fully(stage->near, bytes, sizeof bytes), 0);
}

static void drip_for_ever(void *arg)
{
    struct stage *stage = arg;
    sock_set_no_delay(stage->far, true);
    while (sock_write_fully(stage->far, "x", 1) == 0)
        sleep_ms(1);
}

static void a_deadline_ends_a_dripping_read(void **state)
{
    struct stage *stage = *state;
    stage->bytes = calloc(1, BIG);
    int64_t deadline_ms = zk_deadline_ms(50);
    sock_set_timeout(stage->near, LONG_MS); /* never reached: the pauses are short */
    sock_set_deadline(stage->near, deadline_ms);
    start(stage, drip_for_ever);

    int r = sock_read_fully(stage->near, stage->bytes, BIG);

    assert_int_equal(r, -ETIMEDOUT);
    assert_true(zk_elapsed_ms() >= deadline_ms);
    assert_true(zk_elapsed_ms() < deadline_ms + LONG_MS / 2);
    sock_wake(stage->far);
}

static void a_deadline_that_has_passed_refuses_bytes_that_are_there(void **state)
{
    struct stage *stage = *state;
    uint8_t byte;
    assert_int_equal(sock_write_fully(stage->far, "x", 1), 0);

    sock_set_deadline(stage->near, zk_elapsed_ms());
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), -ETIMEDOUT);

    sock_set_deadline(stage->near, INT64_MAX);
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), 0);
    assert_int_equal(byte, 'x');
}

/* --- words --- */

struct dump_stage {
    struct zk_context *ctx;
    struct sock *listener;
    const char *words;
};

static bool is_in_thread_dump(void *arg)
{
    struct dump_stage *stage = arg;
    struct zk_str text = {0};
    zk_thread_dump(stage->ctx, &text);
    bool found = strstr(zk_str_text(&text), stage->words) != NULL;
    zk_str_done(&text);
    return found;
}

/* Ends with the connection. */
static void accept_and_read(void *arg)
{
    struct dump_stage *stage = arg;
    struct sock *sock;
    uint8_t byte;
    if (sock_accept(stage->listener, &sock) < 0)
        return;
    int r = sock_read_fully(sock, &byte, 1);
    zk_assert(r == -EPIPE);
    sock_unref(sock);
}

static void a_thread_dump_says_what_a_thread_waits_for_on_a_socket(void **state)
{
    (void)state;
    struct zk_context *ctx = zk_context_new(
        &(struct zk_context_options){.log_fd = -1, .trace_fd = -1, .thread_dump = true});
    struct zk_thread_group *group = zk_thread_group_new(ctx);
    struct inet_address any = test_loopback(0);
    struct dump_stage stage = {.ctx = ctx};
    assert_int_equal(sock_listen(ctx, &any, 1, &stage.listener), 0);
    assert_int_equal(zk_thread_group_start(group, accept_and_read, &stage, "reader"), 0);
    char words[200];
    zk_text_printf(words, sizeof words, "\"reader\"\n    waits for a caller at %s\n",
                   inet_host_port_text(sock_local(stage.listener)).text);
    stage.words = words;
    test_await(is_in_thread_dump, &stage);

    struct sock *near;
    assert_int_equal(sock_new(ctx, INET_V4, &near), 0);
    assert_int_equal(sock_connect(near, sock_local(stage.listener), LONG_MS), 0);
    zk_text_printf(words, sizeof words, "\"reader\"\n    waits for bytes on connection %s\n",
                   sock_conn_text(near));
    test_await(is_in_thread_dump, &stage);
    stage.words = "\"main\"\n    runs\n"; /* its own wait, for the answer, is over */
    assert_true(is_in_thread_dump(&stage));

    sock_unref(near);
    zk_thread_group_free(group);
    sock_unref(stage.listener);
    zk_context_free(ctx);
}

#define ALONE(test)     cmocka_unit_test_setup_teardown(test, setup, teardown)
#define CONNECTED(test) cmocka_unit_test_setup_teardown(test, setup_connected, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONNECTED(both_ends_name_the_connection_alike),
        CONNECTED(addresses_are_plain_ipv4_on_a_dual_stack_socket),
        cmocka_unit_test(a_thread_dump_says_what_a_thread_waits_for_on_a_socket),
        ALONE(a_listener_on_the_wildcard_takes_both_families),
        ALONE(who_dials_the_wildcard_learns_who_answered),
        ALONE(a_port_without_listener_refuses),
        ALONE(an_unresolved_address_cannot_be_dialled_or_bound),
        ALONE(a_port_in_use_cannot_be_bound_again),
        CONNECTED(a_port_can_be_bound_again_after_its_connections_ended),
        ALONE(a_connect_ends_at_its_timeout),
        ALONE(a_wake_ends_a_blocked_connect),
        ALONE(a_socket_that_was_woken_does_not_connect),
        ALONE(a_wake_ends_a_blocked_accept),
        CONNECTED(a_wake_ends_a_blocked_read_and_the_far_end_sees_the_end),
        CONNECTED(a_wake_ends_a_blocked_write),
        CONNECTED(after_a_wake_bytes_that_came_before_are_not_given),
        CONNECTED(a_wake_counts_when_the_far_end_has_finished),
        CONNECTED(a_wake_counts_when_the_connection_was_reset),
        ALONE(a_wake_counts_when_a_dial_was_refused),
        ALONE(after_a_wake_callers_that_wait_are_not_given),
        CONNECTED(short_segments_are_read_whole),
        CONNECTED(more_than_the_kernel_holds_is_written_whole),
        CONNECTED(the_end_of_the_stream_is_told_apart_from_bytes),
        CONNECTED(a_stream_that_ends_within_a_message_is_an_error),
        CONNECTED(writing_to_a_far_end_that_has_gone_is_an_error_and_no_signal),
        CONNECTED(a_timeout_ends_a_read),
        CONNECTED(a_write_timeout_ends_a_write_that_nobody_reads),
        CONNECTED(a_timeout_is_for_one_pause_and_not_for_the_whole),
        CONNECTED(a_deadline_ends_a_dripping_read),
        CONNECTED(a_deadline_that_has_passed_refuses_bytes_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
