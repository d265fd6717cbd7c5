/* A line of the log or the trace, on descriptors that take it in pieces, or not at all. */
#include "runtime/write_line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "outside.h"
#include "zk_test.h"

static const char LINE[] = "one line of the log\n";

struct line_pipe {
    int ends[2];
    char text[64]; /* what has come */
};

static struct line_pipe line_pipe_new(void)
{
    struct line_pipe line_pipe = {0};
    assert_int_equal(pipe(line_pipe.ends), 0);
    return line_pipe;
}

static const char *read_to_the_end(struct line_pipe *line_pipe)
{
    close(line_pipe->ends[1]);
    assert_true(read(line_pipe->ends[0], line_pipe->text, sizeof line_pipe->text - 1) >= 0);
    close(line_pipe->ends[0]);
    return line_pipe->text;
}

static void a_line_that_is_taken_in_pieces_arrives_whole(void **state)
{
    (void)state;
    struct line_pipe line_pipe = line_pipe_new();
    outside_write_at_most(3);
    assert_true(zk_write_line(line_pipe.ends[1], LINE, strlen(LINE)));
    assert_string_equal(read_to_the_end(&line_pipe), LINE);
}

static void a_write_that_a_signal_interrupts_is_made_again(void **state)
{
    (void)state;
    struct line_pipe line_pipe = line_pipe_new();
    outside_write_at_most(3);
    outside_fail(OUTSIDE_WRITE, EINTR, 1, 2);
    assert_true(zk_write_line(line_pipe.ends[1], LINE, strlen(LINE)));
    assert_int_equal(outside_failures(OUTSIDE_WRITE), 2);
    assert_string_equal(read_to_the_end(&line_pipe), LINE);
}

static void a_line_that_a_full_disk_tears_is_told(void **state)
{
    (void)state;
    struct line_pipe line_pipe = line_pipe_new();
    outside_write_at_most(3);
    outside_fail(OUTSIDE_WRITE, ENOSPC, 2, 1);
    assert_false(zk_write_line(line_pipe.ends[1], LINE, strlen(LINE)));
    assert_string_equal(read_to_the_end(&line_pipe), "one li");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_line_that_is_taken_in_pieces_arrives_whole, outside_restore),
        cmocka_unit_test_teardown(a_write_that_a_signal_interrupts_is_made_again, outside_restore),
        cmocka_unit_test_teardown(a_line_that_a_full_disk_tears_is_told, outside_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
