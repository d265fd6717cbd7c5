/* Clients of several kinds, and what their habits cost them: whoever waits for answers must not
 * lose time, and who does not is read by the batch. */
#include "cnxn/client_habit.h"

#include "zk_test.h"

enum { MANY = 1000000 };

/* A read that brings so many short reads, which are answered at once. */
static enum patience read_short(struct client_habit *habit, int64_t requests, bool is_late)
{
    const struct client_read read = {.requests = requests, .is_late = is_late};
    return client_habit_after_read(habit, &read);
}

static int least(void)
{
    return client_habit_requests(PATIENCE_SHORT_READS);
}

static void a_client_with_one_request_at_a_time_is_never_held_up(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    for (int i = 0; i < MANY; i++)
        assert_int_equal(read_short(&habit, 1, false), PATIENCE_NONE);
}

static void two_requests_at_once_are_a_reason_to_let_more_gather(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_short(&habit, 1, false), PATIENCE_NONE);
    assert_int_equal(read_short(&habit, 2, false), PATIENCE_SHORT_READS);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(read_short(&habit, least(), false), PATIENCE_SHORT_READS);
}

/* Plays a client with so many threads, each of which waits for its own answer: each read brings all
 * their requests. Returns how often the server waits in vain. */
static int64_t waits_in_vain(struct client_habit *habit, int64_t threads, int64_t reads)
{
    int64_t waits = 0;
    bool was_held_up = false;
    for (int64_t i = 0; i < reads; i++) {
        bool is_late = was_held_up && threads < least();
        waits += is_late;
        was_held_up = read_short(habit, threads, is_late) == PATIENCE_SHORT_READS;
    }
    return waits;
}

static void threads_that_wait_for_their_answers_are_soon_left_alone(void **state)
{
    (void)state;
    for (int64_t threads = 2; threads < least(); threads++) {
        struct client_habit habit = {0};
        assert_in_range(waits_in_vain(&habit, threads, MANY), 1, 16 * 26);
        assert_in_range(waits_in_vain(&habit, threads, MANY), 0, 16 * 16);
    }
}

static void as_many_threads_as_may_gather_never_wait_in_vain(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(waits_in_vain(&habit, least(), MANY), 0);
    assert_int_equal(read_short(&habit, least(), false), PATIENCE_SHORT_READS);
}

/* Its process loses its processor after 30 requests or so, and has it again some milliseconds
 * later. */
static void a_client_that_sends_in_bursts_goes_on_gathering(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_short(&habit, 2, false), PATIENCE_SHORT_READS);
    for (int i = 0; i < 10000; i++) {
        for (int j = 0; j < 3; j++)
            assert_int_equal(read_short(&habit, least(), false), PATIENCE_SHORT_READS);
        assert_int_equal(read_short(&habit, 5, true), PATIENCE_NONE);
        assert_int_equal(read_short(&habit, 1, false), PATIENCE_SHORT_READS);
    }
}

/* Nothing at all has come: the client is idle, or has no processor. */
static void an_empty_wait_tells_nothing(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_short(&habit, 2, false), PATIENCE_SHORT_READS);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(read_short(&habit, 0, true), PATIENCE_NONE);
        assert_int_equal(read_short(&habit, 1, false), PATIENCE_SHORT_READS);
    }
}

/* It gathered for long, so it is tried again soon, each time that it asks for much at once. */
static void a_client_that_changes_its_habit_is_not_taken_for_a_mistake(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    for (int round = 0; round < 100; round++) {
        assert_int_equal(read_short(&habit, 2, false), PATIENCE_SHORT_READS);
        for (int i = 0; i < 64; i++)
            (void)read_short(&habit, least(), false);
        int64_t waits = waits_in_vain(&habit, 1, 200);
        assert_in_range(waits, 1, 16);
    }
}

static void requests_that_are_outstanding_gather_by_the_batch(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    const struct client_read seven = {.requests = 7, .outstanding = 7};
    const struct client_read eight = {.requests = 8, .outstanding = 8};
    const struct client_read one = {.requests = 1, .outstanding = 1};
    const struct client_read part = {.requests = 0, .outstanding = 8};
    assert_int_equal(client_habit_after_read(&habit, &seven), PATIENCE_NONE);
    assert_int_equal(client_habit_after_read(&habit, &eight), PATIENCE_OUTSTANDING);
    assert_int_equal(client_habit_after_read(&habit, &part), PATIENCE_NONE);
    assert_int_equal(client_habit_after_answers(&habit, 3), PATIENCE_OUTSTANDING);
    assert_int_equal(client_habit_after_answers(&habit, 0), PATIENCE_NONE);
    for (int i = 0; i < 1022; i++)
        assert_int_equal(client_habit_after_read(&habit, &one), PATIENCE_OUTSTANDING);
    assert_int_equal(client_habit_after_read(&habit, &one), PATIENCE_NONE);
}

/* An event of a watch may leave while short reads gather. */
static void what_is_sent_meanwhile_does_not_end_the_wait(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_short(&habit, 2, false), PATIENCE_SHORT_READS);
    assert_int_equal(client_habit_after_answers(&habit, 0), PATIENCE_SHORT_READS);
    assert_int_equal(read_short(&habit, 1, true), PATIENCE_NONE);
    assert_int_equal(client_habit_after_answers(&habit, 0), PATIENCE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_with_one_request_at_a_time_is_never_held_up),
        cmocka_unit_test(two_requests_at_once_are_a_reason_to_let_more_gather),
        cmocka_unit_test(threads_that_wait_for_their_answers_are_soon_left_alone),
        cmocka_unit_test(as_many_threads_as_may_gather_never_wait_in_vain),
        cmocka_unit_test(a_client_that_sends_in_bursts_goes_on_gathering),
        cmocka_unit_test(an_empty_wait_tells_nothing),
        cmocka_unit_test(a_client_that_changes_its_habit_is_not_taken_for_a_mistake),
        cmocka_unit_test(requests_that_are_outstanding_gather_by_the_batch),
        cmocka_unit_test(what_is_sent_meanwhile_does_not_end_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
