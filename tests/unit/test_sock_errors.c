/* Sockets whose system calls fail: every error arrives as it is, and nothing is left open. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "outside.h"
#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"
#include "zk_test.h"

enum { LONG_MS = 60000 };

struct stage {
    struct zk_context *ctx;
    struct sock *listener;
    struct sock *near; /* not connected */
    int64_t descriptors;
};

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){.ctx = test_context()};
    struct inet_address address = test_loopback(0);
    assert_int_equal(sock_listen(stage.ctx, &address, 10, &stage.listener), 0);
    assert_int_equal(sock_new(stage.ctx, INET_V4, &stage.near), 0);
    stage.descriptors = zk_open_file_descriptors();
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    outside_restore(state);
    sock_unref(stage->near);
    sock_unref(stage->listener);
    zk_context_free(stage->ctx);
    return 0;
}

/* --- making one --- */

static void without_descriptors_there_is_no_socket(void **state)
{
    struct stage *stage = *state;
    struct inet_address address = test_loopback(0);
    struct sock *none = NULL;
    outside_fail(OUTSIDE_SOCKET, EMFILE, 0, OUTSIDE_FOR_EVER);

    assert_int_equal(sock_new(stage->ctx, INET_V4, &none), -EMFILE);
    assert_int_equal(sock_listen(stage->ctx, &address, 1, &none), -EMFILE);
    assert_null(none);
}

/* --- listening --- */

static void a_machine_without_ipv6_listens_on_ipv4(void **state)
{
    struct stage *stage = *state;
    struct inet_address address = test_loopback(0);
    struct sock *listener = NULL;
    struct sock *far = NULL;
    outside_fail(OUTSIDE_SOCKET, EAFNOSUPPORT, 0, 1);

    assert_int_equal(sock_listen(stage->ctx, &address, 1, &listener), 0);

    assert_int_equal(sock_connect(stage->near, sock_local(listener), LONG_MS), 0);
    assert_int_equal(sock_accept(listener, &far), 0);
    assert_int_equal(sock_remote(far)->family, INET_V4);
    sock_unref(far);
    sock_unref(listener);
}

static void an_ipv6_address_needs_a_machine_with_ipv6(void **state)
{
    struct stage *stage = *state;
    struct inet_address address;
    struct sock *none = NULL;
    inet_address_literal("::1", 0, &address);
    outside_fail(OUTSIDE_SOCKET, EAFNOSUPPORT, 0, 1);

    assert_int_equal(sock_listen(stage->ctx, &address, 1, &none), -EAFNOSUPPORT);
    assert_null(none);
}

/* IPV6_V6ONLY, SO_REUSEADDR, then each call of the birth of a listener */
static void a_listener_that_cannot_be_made_leaves_no_descriptor(void **state)
{
    static const struct {
        enum outside_call call;
        int pass;
        int error;
    } steps[] = {
        {OUTSIDE_SETSOCKOPT, 0, EPERM},    {OUTSIDE_SETSOCKOPT, 1, ENOBUFS},
        {OUTSIDE_BIND, 0, EACCES},         {OUTSIDE_LISTEN, 0, EADDRINUSE},
        {OUTSIDE_GETSOCKNAME, 0, ENOBUFS},
    };
    struct stage *stage = *state;
    struct inet_address address = test_loopback(0);
    struct sock *none = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        outside_fail(steps[i].call, steps[i].error, steps[i].pass, 1);
        assert_int_equal(sock_listen(stage->ctx, &address, 1, &none), -steps[i].error);
        assert_int_equal(outside_failures(steps[i].call), 1);
        assert_null(none);
    }
    assert_int_equal(zk_open_file_descriptors(), stage->descriptors);
}

static void nobody_listens_at_a_name_that_is_not_resolved(void **state)
{
    struct stage *stage = *state;
    struct inet_address address;
    struct sock *none = NULL;
    inet_address_literal("no-such-host.invalid", 0, &address);

    assert_int_equal(sock_listen(stage->ctx, &address, 1, &none), -EDESTADDRREQ);
    assert_null(none);
    assert_int_equal(zk_open_file_descriptors(), stage->descriptors);
}

/* --- connecting --- */

static void each_step_of_a_connect_reports_its_error(void **state)
{
    static const struct {
        enum outside_call call;
        int error;
    } steps[] = {
        {OUTSIDE_CONNECT, ENETUNREACH}, /* at once */
        {OUTSIDE_POLL, ENOMEM},         /* while it connects */
        {OUTSIDE_GETSOCKOPT, ENOBUFS},  /* asking how it went */
        {OUTSIDE_GETSOCKNAME, ENOBUFS}, /* who are we */
        {OUTSIDE_GETPEERNAME, ENOBUFS}, /* who has answered */
    };
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct sock *sock = NULL;
        assert_int_equal(sock_new(stage->ctx, INET_V4, &sock), 0);
        outside_fail(steps[i].call, steps[i].error, 0, 1);
        assert_int_equal(sock_connect(sock, sock_local(stage->listener), LONG_MS), -steps[i].error);
        assert_int_equal(outside_failures(steps[i].call), 1);
        assert_string_equal(sock_conn_text(sock), "");
        sock_unref(sock);
    }
}

/* Its end is seen by the first read or write, as in Java. */
static void who_answers_and_hangs_up_at_once_has_answered(void **state)
{
    struct stage *stage = *state;
    const struct inet_address *dialled = sock_local(stage->listener);
    outside_fail(OUTSIDE_GETPEERNAME, ENOTCONN, 0, 1);

    assert_int_equal(sock_connect(stage->near, dialled, LONG_MS), 0);

    assert_int_equal(outside_failures(OUTSIDE_GETPEERNAME), 1);
    assert_true(inet_address_equal(sock_remote(stage->near), dialled));
    assert_string_not_equal(sock_conn_text(stage->near), "");
}

static void an_interrupted_connect_goes_on(void **state)
{
    struct stage *stage = *state;
    outside_fail(OUTSIDE_POLL, EINTR, 0, 3);

    assert_int_equal(sock_connect(stage->near, sock_local(stage->listener), LONG_MS), 0);
    assert_int_equal(outside_failures(OUTSIDE_POLL), 3);
}

/* --- accepting --- */

static struct sock *dial(struct stage *stage)
{
    assert_int_equal(sock_connect(stage->near, sock_local(stage->listener), LONG_MS), 0);
    return stage->near;
}

/* Linux reports as errors of accept what has happened to the caller. */
static void callers_that_are_lost_on_the_way_are_passed_over(void **state)
{
    static const int errors[] = {EINTR,     EAGAIN,      ECONNABORTED, EPROTO,     ENETDOWN,
                                 EHOSTDOWN, ENETUNREACH, EHOSTUNREACH, ENOPROTOOPT};
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct sock *near = NULL;
        struct sock *far = NULL;
        assert_int_equal(sock_new(stage->ctx, INET_V4, &near), 0);
        assert_int_equal(sock_connect(near, sock_local(stage->listener), LONG_MS), 0);
        outside_fail(OUTSIDE_ACCEPT, errors[i], 0, 1);
        assert_int_equal(sock_accept(stage->listener, &far), 0);
        assert_int_equal(outside_failures(OUTSIDE_ACCEPT), 1);
        sock_unref(far);
        sock_unref(near);
    }
}

static void a_caller_waits_while_the_system_is_short_of_something(void **state)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct sock *near = NULL;
        struct sock *far = NULL;
        assert_int_equal(sock_new(stage->ctx, INET_V4, &near), 0);
        assert_int_equal(sock_connect(near, sock_local(stage->listener), LONG_MS), 0);
        outside_fail(OUTSIDE_ACCEPT, errors[i], 0, 2);
        int64_t start_ms = zk_elapsed_ms();

        assert_int_equal(sock_accept(stage->listener, &far), 0);

        assert_int_equal(outside_failures(OUTSIDE_ACCEPT), 2);
        assert_true(zk_elapsed_ms() - start_ms >= 2 * SOCK_ACCEPT_PAUSE_MS);
        sock_unref(far);
        sock_unref(near);
    }
}

static void a_shortage_is_logged_once(void **state)
{
    (void)state;
    struct test_capture capture = test_capture_new();
    struct inet_address address = test_loopback(0);
    struct sock *listener = NULL;
    struct sock *near = NULL;
    struct sock *far = NULL;
    assert_int_equal(sock_listen(capture.ctx, &address, 10, &listener), 0);
    assert_int_equal(sock_new(capture.ctx, INET_V4, &near), 0);
    assert_int_equal(sock_connect(near, sock_local(listener), LONG_MS), 0);
    outside_fail(OUTSIDE_ACCEPT, EMFILE, 0, 3);

    assert_int_equal(sock_accept(listener, &far), 0);

    char *log = test_captured_log(&capture);
    const char *line = strstr(log, "callers wait address=");
    assert_non_null(line);
    assert_non_null(strstr(line, " why=\"Too many open files\" do="));
    assert_null(strstr(line + 1, "callers wait address="));
    free(log);
    sock_unref(far);
    sock_unref(near);
    sock_unref(listener);
    test_capture_done(&capture);
}

static void request_wake(void *arg)
{
    while (outside_failures(OUTSIDE_ACCEPT) == 0)
        sched_yield();
    sock_wake(arg);
}

static void a_shortage_does_not_outlast_a_wake_up(void **state)
{
    struct stage *stage = *state;
    struct sock *far = NULL;
    struct zk_thread_group *group = zk_thread_group_new(stage->ctx);
    dial(stage);
    outside_fail(OUTSIDE_ACCEPT, EMFILE, 0, OUTSIDE_FOR_EVER);
    assert_int_equal(zk_thread_group_start(group, request_wake, stage->listener, "waker"), 0);

    assert_int_equal(sock_accept(stage->listener, &far), -ECANCELED);

    assert_null(far);
    zk_thread_group_free(group);
}

static void a_caller_that_has_no_address_any_more_is_passed_over(void **state)
{
    struct stage *stage = *state;
    struct sock *second = NULL;
    struct sock *far = NULL;
    uint8_t byte;
    dial(stage);
    assert_int_equal(sock_new(stage->ctx, INET_V4, &second), 0);
    assert_int_equal(sock_connect(second, sock_local(stage->listener), LONG_MS), 0);
    outside_fail(OUTSIDE_GETSOCKNAME, ENOTCONN, 0, 1);

    assert_int_equal(sock_accept(stage->listener, &far), 0);

    assert_int_equal(sock_remote(far)->port, sock_local(second)->port);
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), -EPIPE); /* closed by us */
    sock_unref(far);
    sock_unref(second);
}

/* --- bytes --- */

static void interrupted_reads_and_writes_go_on(void **state)
{
    struct stage *stage = *state;
    struct sock *far = NULL;
    char bytes[4] = "";
    dial(stage);
    assert_int_equal(sock_accept(stage->listener, &far), 0);
    outside_fail(OUTSIDE_SEND, EINTR, 0, 2);
    outside_fail(OUTSIDE_RECV, EINTR, 0, 2);

    assert_int_equal(sock_write_fully(stage->near, "abc", 4), 0);
    assert_int_equal(sock_read_fully(far, bytes, 4), 0);

    assert_string_equal(bytes, "abc");
    assert_int_equal(outside_failures(OUTSIDE_SEND), 2);
    assert_int_equal(outside_failures(OUTSIDE_RECV), 2);
    sock_unref(far);
}

static void a_connection_that_is_reset_says_so(void **state)
{
    struct stage *stage = *state;
    struct sock *far = NULL;
    uint8_t byte;
    dial(stage);
    assert_int_equal(sock_accept(stage->listener, &far), 0);
    assert_int_equal(sock_write_fully(far, "x", 1), 0);
    outside_fail(OUTSIDE_SEND, ECONNRESET, 0, 1);
    outside_fail(OUTSIDE_RECV, ECONNRESET, 0, 1);

    assert_int_equal(sock_write_fully(stage->near, "x", 1), -ECONNRESET);
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), -ECONNRESET);

    sock_unref(far);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(without_descriptors_there_is_no_socket),
        STAGED(a_machine_without_ipv6_listens_on_ipv4),
        STAGED(an_ipv6_address_needs_a_machine_with_ipv6),
        STAGED(a_listener_that_cannot_be_made_leaves_no_descriptor),
        STAGED(nobody_listens_at_a_name_that_is_not_resolved),
        STAGED(each_step_of_a_connect_reports_its_error),
        STAGED(who_answers_and_hangs_up_at_once_has_answered),
        STAGED(an_interrupted_connect_goes_on),
        STAGED(callers_that_are_lost_on_the_way_are_passed_over),
        STAGED(a_caller_waits_while_the_system_is_short_of_something),
        STAGED(a_shortage_is_logged_once),
        STAGED(a_shortage_does_not_outlast_a_wake_up),
        STAGED(a_caller_that_has_no_address_any_more_is_passed_over),
        STAGED(interrupted_reads_and_writes_go_on),
        STAGED(a_connection_that_is_reset_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
