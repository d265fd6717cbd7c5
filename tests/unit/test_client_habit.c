/* Clients of several kinds, and what their habits cost them: whoever waits for answers must not
 * lose time, and who does not is read by the batch. */
#include "cnxn/client_habit.h"

#include "zk_test.h"

enum { MANY = 1000000, WHOLE = 64, FEW = 8, WAIT_US = CLIENT_HABIT_WAIT_US };

/* Reads that are answered at once. Each returns how many requests are to come before the next. */
static int read_now(struct client_habit *habit, int64_t requests)
{
    const struct client_read read = {.requests = requests};
    return client_habit_after_read(habit, &read);
}

static int read_after(struct client_habit *habit, int64_t requests, int64_t waited_us)
{
    const struct client_read read = {.requests = requests, .waited_us = waited_us};
    return client_habit_after_read(habit, &read);
}

static int read_late(struct client_habit *habit, int64_t requests)
{
    const struct client_read read = {.requests = requests, .waited_us = WAIT_US, .is_late = true};
    return client_habit_after_read(habit, &read);
}

static void a_client_with_one_request_at_a_time_is_never_held_up(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    for (int i = 0; i < MANY; i++)
        assert_int_equal(read_now(&habit, 1), 1);
}

static void two_requests_at_once_are_a_reason_to_let_more_gather(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_now(&habit, 1), 1);
    assert_int_equal(read_now(&habit, 2), WHOLE);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(read_after(&habit, WHOLE, 300), WHOLE);
}

struct costs {
    int64_t reads;
    int64_t waits; /* that were longer than the client needed to send what it had */
};

/* Plays a client with so many threads, each of which waits for its own answer: when all have theirs
 * they send their next requests, in less than 100 microseconds. */
static struct costs answer(struct client_habit *habit, int64_t threads, int64_t requests)
{
    struct costs costs = {0};
    int wanted = 1;
    for (int64_t i = 0; i < requests; costs.reads++) {
        if (wanted <= threads) {
            wanted = wanted == 1 ? read_now(habit, threads) : read_after(habit, threads, 100);
        } else {
            costs.waits++;
            wanted = read_late(habit, threads);
        }
        i += threads;
    }
    return costs;
}

/* Each try takes some waits, and the next one comes after twice as many reads. */
static void threads_that_wait_for_their_answers_are_soon_left_alone(void **state)
{
    (void)state;
    for (int64_t threads = 2; threads < WHOLE; threads++) {
        struct client_habit habit = {0};
        struct costs costs = answer(&habit, threads, threads * MANY);
        assert_in_range(costs.waits, 1, 4 * 26);
        costs = answer(&habit, threads, threads * MANY);
        assert_in_range(costs.waits, 0, 4 * 16);
    }
}

static void as_many_threads_as_may_gather_never_wait_in_vain(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(answer(&habit, WHOLE, MANY).waits, 0);
    assert_int_equal(read_after(&habit, WHOLE, 100), WHOLE);
}

/* Half of them may gather meanwhile: they come at once, and nobody waits. */
static void many_threads_that_wait_are_read_together_all_the_same(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    (void)answer(&habit, 40, 4000);
    assert_int_equal(read_after(&habit, 40, 100), 20);
}

/* Seventeen requests in each wait, as steadily as a clock: not like a client that waits, half of
 * them take half of the time. */
static void a_client_that_sends_steadily_goes_on_gathering(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t whole = 0;
    int wanted = read_now(&habit, 2);
    for (int i = 0; i < 10000; i++) {
        whole += wanted == WHOLE;
        wanted = wanted == WHOLE ? read_late(&habit, 17) : read_after(&habit, 8, WAIT_US / 2);
    }
    assert_true(whole > 10000 * 7 / 10);
    assert_int_equal(habit.rest_length, 0);
}

/* Its process loses its processor after some requests, and has it again some milliseconds later. */
static void a_client_that_sends_in_bursts_goes_on_gathering(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_now(&habit, 2), WHOLE);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(read_late(&habit, 10 + i % 7), WHOLE);
        assert_int_equal(read_after(&habit, 100, 50), WHOLE);
        assert_int_equal(read_late(&habit, 30 - i % 5), WHOLE);
        assert_int_equal(read_late(&habit, 5), 1);
        assert_int_equal(read_now(&habit, 1), WHOLE);
    }
}

/* It sends a hundred and waits for all their answers: half of the rest of one batch, for which it
 * was read, has come with the beginning of the next. */
static void a_client_that_waits_for_each_batch_is_soon_left_alone(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    int64_t waits = 0;
    int wanted = 1;
    for (int i = 0; i < 10000; i++) {
        int64_t left = 100;
        while (left > 0) {
            bool is_late = wanted > left;
            int64_t comes = is_late || wanted == 1 ? left : wanted;
            waits += is_late;
            wanted = is_late       ? read_late(&habit, comes)
                     : wanted == 1 ? read_now(&habit, comes)
                                   : read_after(&habit, comes, 100);
            left -= comes;
        }
    }
    assert_in_range(waits, 1, 200);
}

/* Other connections are read with it before its time is over. */
static void a_read_before_its_time_tells_nothing_of_how_soon_they_come(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_now(&habit, 2), WHOLE);
    for (int i = 0; i < 2; i++)
        assert_int_equal(read_late(&habit, 20), WHOLE);
    assert_int_equal(read_late(&habit, 20), 10);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(read_after(&habit, 3, 200), 10);
    assert_int_equal(read_after(&habit, 9, WAIT_US / 2), WHOLE);
}

/* Nothing at all has come: the client is idle, or has no processor. */
static void an_empty_wait_tells_nothing(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_now(&habit, 2), WHOLE);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(read_late(&habit, 0), 1);
        assert_int_equal(read_now(&habit, 1), WHOLE);
    }
}

/* It gathered for long, so it is tried again soon, each time that it asks for much at once. */
static void a_client_that_changes_its_habit_is_not_taken_for_a_mistake(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    for (int round = 0; round < 100; round++) {
        assert_int_equal(read_now(&habit, 2), WHOLE);
        for (int i = 0; i < 64; i++)
            (void)read_after(&habit, WHOLE, 1000);
        int64_t waits = answer(&habit, 1, 200).waits;
        assert_in_range(waits, 1, 16);
    }
}

static int read_writes(struct client_habit *habit, int64_t requests, int64_t outstanding)
{
    const struct client_read read = {.requests = requests, .outstanding = outstanding};
    return client_habit_after_read(habit, &read);
}

static void requests_that_are_outstanding_gather_by_the_batch(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_writes(&habit, 7, 7), 1);
    assert_int_equal(client_habit_after_answers(&habit, 0), 1);
    assert_int_equal(read_writes(&habit, 8, 8), WHOLE);
    assert_int_equal(read_writes(&habit, 0, 8), 1);
    assert_int_equal(client_habit_after_answers(&habit, 3), WHOLE);
    for (int i = 0; i < 1022; i++)
        assert_int_equal(read_writes(&habit, 1, 2), WHOLE);
    assert_int_equal(read_writes(&habit, 1, 2), 1);
}

/* Where an fsync takes a tenth of a millisecond, a client that writes on and on often has all its
 * answers for a moment. */
static void a_client_that_had_many_outstanding_gathers_when_all_are_answered(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_writes(&habit, 8, 8), WHOLE);
    assert_int_equal(client_habit_after_answers(&habit, 0), 1);
    assert_int_equal(read_writes(&habit, 2, 2), WHOLE);
    for (int i = 0; i < 1000; i++) {
        const struct client_read read = {
            .requests = 15 + i % 4, .outstanding = 15 + i % 4, WAIT_US, true};
        assert_int_equal(client_habit_after_answers(&habit, 0), WHOLE);
        assert_int_equal(client_habit_after_read(&habit, &read), WHOLE);
    }
}

/* What it had not been answered says nothing of what it would have sent then. */
static void a_wait_with_requests_outstanding_is_not_in_vain(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_writes(&habit, 8, 8), WHOLE);
    assert_int_equal(read_writes(&habit, 8, 8), WHOLE);
    for (int i = 0; i < 100; i++) {
        const struct client_read read = {
            .requests = 1, .outstanding = 9, .waited_us = WAIT_US, .is_late = true};
        assert_int_equal(client_habit_after_read(&habit, &read), WHOLE);
    }
    assert_int_equal(client_habit_after_answers(&habit, 0), WHOLE);
}

/* An event of a watch may leave while requests gather. */
static void what_is_sent_meanwhile_does_not_end_the_wait(void **state)
{
    (void)state;
    struct client_habit habit = {0};
    assert_int_equal(read_now(&habit, 2), WHOLE);
    assert_int_equal(client_habit_after_answers(&habit, 0), WHOLE);
    assert_int_equal(read_late(&habit, 1), 1);
    assert_int_equal(client_habit_after_answers(&habit, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_with_one_request_at_a_time_is_never_held_up),
        cmocka_unit_test(two_requests_at_once_are_a_reason_to_let_more_gather),
        cmocka_unit_test(threads_that_wait_for_their_answers_are_soon_left_alone),
        cmocka_unit_test(as_many_threads_as_may_gather_never_wait_in_vain),
        cmocka_unit_test(many_threads_that_wait_are_read_together_all_the_same),
        cmocka_unit_test(a_client_that_sends_steadily_goes_on_gathering),
        cmocka_unit_test(a_client_that_sends_in_bursts_goes_on_gathering),
        cmocka_unit_test(a_client_that_waits_for_each_batch_is_soon_left_alone),
        cmocka_unit_test(a_read_before_its_time_tells_nothing_of_how_soon_they_come),
        cmocka_unit_test(an_empty_wait_tells_nothing),
        cmocka_unit_test(a_client_that_changes_its_habit_is_not_taken_for_a_mistake),
        cmocka_unit_test(requests_that_are_outstanding_gather_by_the_batch),
        cmocka_unit_test(a_client_that_had_many_outstanding_gathers_when_all_are_answered),
        cmocka_unit_test(a_wait_with_requests_outstanding_is_not_in_vain),
        cmocka_unit_test(what_is_sent_meanwhile_does_not_end_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
