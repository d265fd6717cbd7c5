#include "zk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "zk/io/file.h"
#include "zk/io/sock.h"
#include "zk/io/stream.h"
#include "zk/runtime/thread.h"

enum { BIG = 100000 };

/* Bytes of every value, and both ends of a connection. */
struct stage {
    struct zk_context *ctx;
    struct zk_thread_group *group;
    struct sock *near;
    struct sock *far;
    uint8_t bytes[BIG];
};

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    struct inet_address address = test_loopback(0);
    struct sock *listener;
    stage->ctx = test_context();
    stage->group = zk_thread_group_new(stage->ctx);
    assert_int_equal(sock_listen(stage->ctx, &address, 1, &listener), 0);
    assert_int_equal(sock_new(stage->ctx, INET_V4, &stage->near), 0);
    assert_int_equal(sock_connect(stage->near, sock_local(listener), TEST_PATIENCE_MS), 0);
    assert_int_equal(sock_accept(listener, &stage->far), 0);
    sock_unref(listener);
    for (size_t i = 0; i < BIG; i++)
        stage->bytes[i] = (uint8_t)(i * 7 >> 3);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    zk_thread_group_free(stage->group);
    sock_unref(stage->near);
    sock_unref(stage->far);
    zk_context_free(stage->ctx);
    free(stage);
    return 0;
}

/* The Adler-32 of the first length bytes. */
static uint32_t sum_of(const struct stage *stage, size_t length)
{
    return (uint32_t)adler32(1, stage->bytes, (uInt)length);
}

/* Reads all bytes in steps of many sizes, as small as one and larger than any buffer. */
static void expect_all(struct stage *stage, struct zk_input *input, bool summed)
{
    static const size_t steps[] = {1, 2, 3, 8191, 8192, 8193, 20000, 5};
    uint8_t *got = malloc(BIG);
    size_t at = 0;
    for (size_t i = 0; at < BIG; i++) {
        size_t step = steps[i % 8] < BIG - at ? steps[i % 8] : BIG - at;
        assert_int_equal(zk_input_read(input, got + at, step), 0);
        at += step;
        assert_int_equal(zk_input_position(input), at);
        if (summed)
            assert_int_equal(zk_input_adler32(input), sum_of(stage, at));
    }
    assert_memory_equal(got, stage->bytes, BIG);
    free(got);
}

static void write_all(struct stage *stage, struct zk_output *output)
{
    static const size_t steps[] = {1, 2, 3, 8191, 8192, 8193, 20000, 5, 0};
    size_t at = 0;
    for (size_t i = 0; at < BIG; i++) {
        size_t step = steps[i % 9] < BIG - at ? steps[i % 9] : BIG - at;
        if (zk_output_write(output, stage->bytes + at, step) < 0)
            return;
        at += step;
    }
}

static void write_all_to_far(void *arg)
{
    struct stage *stage = arg;
    struct zk_output *output = zk_output_new_sock(stage->far);
    write_all(stage, output);
    int r = zk_output_flush(output);
    (void)r; /* the reader misses the bytes then */
    zk_output_free(output);
    sock_wake(stage->far); /* the end of the stream */
}

static void bytes_pass_through_a_socket(void **state)
{
    struct stage *stage = *state;
    struct zk_input *input = zk_input_new_sock(stage->near);
    uint8_t byte;
    assert_int_equal(zk_thread_group_start(stage->group, write_all_to_far, stage, "writer"), 0);

    expect_all(stage, input, false);

    assert_int_equal(zk_input_read(input, &byte, 1), -EPIPE);
    zk_input_free(input);
}

static void bytes_pass_through_a_file(void **state)
{
    struct stage *stage = *state;
    char *directory = test_temporary_directory();
    char *path = test_path(directory, "f");
    uint8_t byte;

    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    struct zk_output *output = zk_output_new_fd(fd);
    write_all(stage, output);
    assert_int_equal(zk_output_adler32(output), sum_of(stage, BIG));
    assert_int_equal(zk_output_flush(output), 0);
    assert_int_equal(zk_output_adler32(output), sum_of(stage, BIG));
    zk_output_free(output);
    file_close(fd);
    assert_int_equal(file_size(path), BIG);

    assert_int_equal(file_open_read(path, &fd), 0);
    struct zk_input *input = zk_input_new_fd(fd);
    expect_all(stage, input, true);
    assert_int_equal(zk_input_read(input, &byte, 1), -EPIPE);
    zk_input_free(input);
    file_close(fd);
    free(path);
    test_remove_directory(directory);
}

static void adler32_is_that_of_zlib_and_java(void **state)
{
    (void)state;
    int fd = memfd_create("stream", MFD_CLOEXEC);
    struct zk_output *output = zk_output_new_fd(fd);
    struct zk_input *input = zk_input_new_fd(fd);
    char text[9];

    assert_int_equal(zk_output_adler32(output), 1);
    assert_int_equal(zk_output_write(output, "Wiki", 4), 0);
    assert_int_equal(zk_output_write(output, "pedia", 5), 0);
    assert_int_equal(zk_output_adler32(output), 0x11e60398);

    assert_int_equal(zk_output_flush(output), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(zk_input_adler32(input), 1);
    assert_int_equal(zk_input_read(input, text, 4), 0);
    assert_int_equal(zk_input_read(input, text, 5), 0);
    assert_int_equal(zk_input_adler32(input), 0x11e60398);
    assert_int_equal(zk_input_position(input), 9);

    zk_input_free(input);
    zk_output_free(output);
    close(fd);
}

static void nothing_leaves_before_the_flush(void **state)
{
    struct stage *stage = *state;
    struct zk_output *output = zk_output_new_sock(stage->far);
    uint8_t byte;
    sock_set_timeout(stage->near, 20);

    assert_int_equal(zk_output_write(output, "a", 1), 0);
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), -ETIMEDOUT);
    assert_int_equal(zk_output_flush(output), 0);
    assert_int_equal(sock_read_fully(stage->near, &byte, 1), 0);

    zk_output_free(output);
}

static void a_timeout_of_the_socket_is_one_of_the_stream(void **state)
{
    struct stage *stage = *state;
    struct zk_input *input = zk_input_new_sock(stage->near);
    uint8_t bytes[2];
    sock_set_timeout(stage->near, 20);
    assert_int_equal(sock_write_fully(stage->far, "a", 1), 0);

    assert_int_equal(zk_input_read(input, bytes, 2), -ETIMEDOUT);

    zk_input_free(input);
}

static void errors_of_an_output_stick(void **state)
{
    struct stage *stage = *state;
    struct zk_output *output = zk_output_new_sock(stage->far);
    sock_wake(stage->far);

    assert_int_equal(zk_output_write(output, "a", 1), 0); /* in the buffer only */
    assert_int_equal(zk_output_flush(output), -ECANCELED);
    assert_int_equal(zk_output_write(output, "a", 1), -ECANCELED);
    assert_int_equal(zk_output_flush(output), -ECANCELED);

    zk_output_free(output);
}

/* What stood in the buffer makes room for more, and cannot go. */
static void a_write_that_flushes_reports_what_the_flush_met(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    uint8_t bytes[8000] = {0};
    struct zk_output *output = zk_output_new_fd(full);
    assert_int_equal(zk_output_write(output, bytes, sizeof bytes), 0); /* in the buffer only */

    assert_int_equal(zk_output_write(output, bytes, sizeof bytes), -ENOSPC);
    assert_int_equal(zk_output_flush(output), -ENOSPC);

    zk_output_free(output);
    close(full);
}

static void a_stream_holds_its_socket(void **state)
{
    struct stage *stage = *state;
    struct zk_input *input = zk_input_new_sock(stage->near);
    struct zk_output *output = zk_output_new_sock(stage->near);
    uint8_t byte;
    sock_unref(stage->near);
    stage->near = NULL;

    assert_int_equal(zk_output_write(output, "a", 1), 0);
    assert_int_equal(zk_output_flush(output), 0);
    zk_output_free(output);
    assert_int_equal(sock_read_fully(stage->far, &byte, 1), 0);
    zk_input_free(input);
    assert_int_equal(sock_read_fully(stage->far, &byte, 1), -EPIPE); /* now it is closed */
}

static void what_came_in_one_segment_needs_no_further_call(void **state)
{
    struct stage *stage = *state;
    struct zk_input *input = zk_input_new_sock(stage->near);
    uint8_t byte;
    assert_int_equal(sock_write_fully(stage->far, "ab", 2), 0);
    assert_int_equal(zk_input_read(input, &byte, 1), 0);

    sock_wake(stage->near); /* from now on every call fails */

    assert_int_equal(zk_input_read(input, &byte, 1), 0);
    assert_int_equal(byte, 'b');
    assert_int_equal(zk_input_read(input, &byte, 1), -ECANCELED);
    zk_input_free(input);
}

/* Views and reads in turn, of many lengths: each byte comes once, and counts in the sum. */
static void what_stands_in_the_buffer_is_seen_there(void **state)
{
    struct stage *stage = *state;
    int fd = memfd_create("stream", MFD_CLOEXEC);
    assert_int_equal(file_write_bytes(fd, stage->bytes, BIG), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct zk_input *input = zk_input_new_fd(fd);
    uint8_t bytes[1000];
    size_t at = 0;
    size_t views = 0;
    assert_null(zk_input_view(input, 1)); /* nothing was read yet */

    for (size_t length = 1; at + length <= BIG; at += length, length = length % 997 + 1) {
        const uint8_t *view = zk_input_view(input, length);
        views += view != NULL;
        if (view == NULL)
            assert_int_equal(zk_input_read(input, bytes, length), 0);
        assert_memory_equal(view != NULL ? view : bytes, stage->bytes + at, length);
        assert_int_equal(zk_input_position(input), at + length);
    }

    assert_int_equal(zk_input_adler32(input), sum_of(stage, at));
    assert_in_range(views, 100, BIG);
    assert_null(zk_input_view(input, BIG));
    zk_input_free(input);
    close(fd);
}

static void bytes_are_written_in_the_buffer_itself(void **state)
{
    struct stage *stage = *state;
    int fd = memfd_create("stream", MFD_CLOEXEC);
    struct zk_output *output = zk_output_new_fd(fd);
    size_t at = 0;

    for (size_t length = 1; at + length <= BIG; at += length, length = length % 997 + 1) {
        uint8_t *room = zk_output_room(output, length);
        assert_non_null(room);
        memcpy(room, stage->bytes + at, length);
    }
    assert_null(zk_output_room(output, BIG)); /* more than the buffer ever has */

    assert_int_equal(zk_output_adler32(output), sum_of(stage, at));
    assert_int_equal(zk_output_flush(output), 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), at);
    zk_output_free(output);
    close(fd);
}

static void there_is_no_room_in_a_stream_that_has_failed(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    struct zk_output *output = zk_output_new_fd(full);
    assert_non_null(zk_output_room(output, 8000));

    assert_null(zk_output_room(output, 8000)); /* the flush has failed */

    assert_int_equal(zk_output_write(output, "a", 1), -ENOSPC);
    zk_output_free(output);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_pass_through_a_socket, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_pass_through_a_file, setup, teardown),
        cmocka_unit_test(adler32_is_that_of_zlib_and_java),
        cmocka_unit_test_setup_teardown(nothing_leaves_before_the_flush, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timeout_of_the_socket_is_one_of_the_stream, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(errors_of_an_output_stick, setup, teardown),
        cmocka_unit_test(a_write_that_flushes_reports_what_the_flush_met),
        cmocka_unit_test_setup_teardown(a_stream_holds_its_socket, setup, teardown),
        cmocka_unit_test_setup_teardown(what_stands_in_the_buffer_is_seen_there, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_are_written_in_the_buffer_itself, setup, teardown),
        cmocka_unit_test(there_is_no_room_in_a_stream_that_has_failed),
        cmocka_unit_test_setup_teardown(what_came_in_one_segment_needs_no_further_call, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
