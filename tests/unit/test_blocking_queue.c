#include "zk_test.h"

#include <errno.h>
#include <stdlib.h>

#include "outside.h"
#include "zk/base/alloc.h"
#include "zk/runtime/blocking_queue.h"
#include "zk/runtime/clock.h"
#include "zk/runtime/thread.h"

/* A queue of numbers on the heap, so that the sanitizer sees who frees. */
struct stage {
    struct test_capture capture;
    struct zk_thread_group *group;
    struct blocking_queue *queue;
    int poll_result; /* written by a thread, read after it was joined */
    int sum;
};

static void setup_limit(struct stage *stage, size_t limit)
{
    stage->capture = test_capture_new();
    stage->group = zk_thread_group_new(stage->capture.ctx);
    stage->queue = bq_new(stage->capture.ctx, "numbers", limit, free);
}

static int setup(void **state)
{
    static struct stage stage;
    stage = (struct stage){0};
    setup_limit(&stage, 4);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    outside_restore(state);
    zk_thread_group_free(stage->group);
    bq_free(stage->queue);
    test_capture_done(&stage->capture);
    return 0;
}

static void put(struct stage *stage, int number)
{
    int *item = zk_xmalloc(sizeof *item);
    *item = number;
    bq_put(stage->queue, item);
}

/* All at once. */
static void put_quietly_from_one_to(struct stage *stage, int last)
{
    struct array_deque items = ARRAY_DEQUE_OF(void *);
    for (int value = 1; value <= last; value++) {
        int *item = zk_xmalloc(sizeof *item);
        *item = value;
        array_deque_add_last(&items, &item);
    }
    bq_put_all_quietly(stage->queue, &items);
    assert_int_equal(items.count, 0);
    array_deque_done(&items);
}

/* The next number, which must be there. */
static int take(struct stage *stage)
{
    void *item = NULL;
    assert_int_equal(bq_poll(stage->queue, 0, &item), 0);
    int number = *(int *)item;
    free(item);
    return number;
}

static void what_comes_first_goes_first(void **state)
{
    struct stage *stage = *state;
    for (int i = 1; i <= 3; i++)
        put(stage, i);

    assert_int_equal(bq_size(stage->queue), 3);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(take(stage), i);
    assert_int_equal(bq_size(stage->queue), 0);
}

static void an_empty_queue_times_out(void **state)
{
    struct stage *stage = *state;
    void *item = stage;
    int64_t deadline_ms = zk_deadline_ms(20);

    assert_int_equal(bq_poll(stage->queue, 0, &item), -ETIMEDOUT);
    assert_int_equal(bq_poll(stage->queue, -5, &item), -ETIMEDOUT);
    assert_int_equal(bq_poll(stage->queue, 20, &item), -ETIMEDOUT);

    assert_true(zk_elapsed_ms() >= deadline_ms);
    assert_ptr_equal(item, stage);
}

static void poll_for_ever(void *arg)
{
    struct stage *stage = arg;
    void *item = NULL;
    stage->poll_result = bq_poll(stage->queue, INT64_MAX, &item);
    if (stage->poll_result == 0)
        stage->sum = *(int *)item;
    free(item);
}

static void a_put_wakes_a_blocked_poller(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, poll_for_ever, stage, "poller"), 0);

    put(stage, 42);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->poll_result, 0);
    assert_int_equal(stage->sum, 42);
}

/* Any wait on a condition may end for nothing; and whoever was woken for an element may find that
 * another thread has taken it. */
static void a_poller_that_wakes_for_nothing_waits_on(void **state)
{
    struct stage *stage = *state;
    void *item = stage;
    int64_t deadline_ms = zk_deadline_ms(20);
    outside_wake_for_nothing(3);

    assert_int_equal(bq_poll(stage->queue, 20, &item), -ETIMEDOUT);

    assert_true(zk_elapsed_ms() >= deadline_ms);
    assert_ptr_equal(item, stage);
}

static void close_wakes_a_blocked_poller(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, poll_for_ever, stage, "poller"), 0);

    bq_close(stage->queue);
    zk_thread_group_join(stage->group);

    assert_int_equal(stage->poll_result, -ECANCELED);
}

static void a_closed_queue_takes_and_gives_nothing(void **state)
{
    struct stage *stage = *state;
    void *item = NULL;
    put(stage, 1);

    bq_close(stage->queue);
    bq_close(stage->queue);
    put(stage, 2);

    assert_int_equal(bq_poll(stage->queue, 0, &item), -ECANCELED);
    assert_int_equal(bq_size(stage->queue), 1);
    assert_null(item);
}

static void clear_frees_what_is_there(void **state)
{
    struct stage *stage = *state;
    put(stage, 1);
    put(stage, 2);

    bq_clear(stage->queue);

    assert_int_equal(bq_size(stage->queue), 0);
    put(stage, 3);
    assert_int_equal(take(stage), 3);
}

static void at_the_limit_the_oldest_goes(void **state)
{
    struct stage *stage = *state;
    for (int i = 1; i <= 6; i++)
        put(stage, i);

    assert_int_equal(bq_size(stage->queue), 4);
    for (int i = 3; i <= 6; i++)
        assert_int_equal(take(stage), i);
}

static void drops_are_logged_at_powers_of_two_only(void **state)
{
    struct stage *stage = *state;
    for (int i = 0; i < 4 + 10; i++)
        put(stage, i);

    char *text = test_captured_log(&stage->capture);
    struct zk_strings lines;
    zk_split(text, '\n', &lines);
    assert_int_equal(lines.count, 4);
    assert_non_null(strstr(lines.items[0], "WARN"));
    assert_non_null(strstr(lines.items[0], "queue=numbers limit=4 dropped=1 "));
    assert_non_null(strstr(lines.items[3], "dropped=8 "));
    zk_strings_done(&lines);
    free(text);
}

static void the_trace_pairs_what_goes_in_with_what_comes_out(void **state)
{
    struct stage *stage = *state;
    for (int i = 1; i <= 5; i++)
        put(stage, i);
    take(stage);

    char *text = test_captured_trace(&stage->capture);
    assert_non_null(
        strstr(text, "\"ev\":\"enq\",\"q\":\"numbers\",\"seq\":1,\"len\":1,\"dropped\":0"));
    assert_non_null(
        strstr(text, "\"ev\":\"enq\",\"q\":\"numbers\",\"seq\":5,\"len\":4,\"dropped\":1"));
    assert_non_null(strstr(text, "\"ev\":\"deq\",\"q\":\"numbers\",\"seq\":2,\"len\":3"));
    free(text);
}

enum { MANY = 2000 };

static void a_batch_that_is_polled_waits_for_its_time_only(void **state)
{
    struct stage *stage = *state;
    struct bq_batch batch = {0};
    assert_int_equal(bq_poll_all(stage->queue, 0, &batch), -ETIMEDOUT);
    assert_int_equal(bq_poll_all(stage->queue, 1, &batch), -ETIMEDOUT);
    put(stage, 1);
    put(stage, 2);
    assert_int_equal(bq_poll_all(stage->queue, 0, &batch), 0);
    assert_int_equal(bq_size(stage->queue), 0);
    bq_batch_done(&batch);
    put(stage, 3);
    bq_close(stage->queue);
    assert_int_equal(bq_poll_all(stage->queue, 0, &batch), -ECANCELED);
}

static void a_batch_takes_all_that_is_there_in_order(void **state)
{
    struct stage *stage = *state;
    struct bq_batch batch = {0};
    put(stage, 1);
    put(stage, 2);
    put(stage, 3);

    assert_int_equal(bq_take_all(stage->queue, &batch), 0);

    assert_int_equal(bq_size(stage->queue), 0);
    put(stage, 4); /* comes too late for the batch */
    for (int expected = 1; expected <= 3; expected++) {
        int *item = bq_batch_next(&batch);
        assert_non_null(item);
        assert_int_equal(*item, expected);
        free(item);
    }
    assert_null(bq_batch_next(&batch));
    assert_int_equal(take(stage), 4);
    bq_batch_done(&batch);
}

static void what_is_left_of_a_batch_is_freed(void **state)
{
    struct stage *stage = *state;
    struct bq_batch batch = {0};
    put(stage, 1);
    put(stage, 2);
    put(stage, 3);
    assert_int_equal(bq_take_all(stage->queue, &batch), 0);
    free(bq_batch_next(&batch));

    bq_batch_done(&batch); /* the sanitizer sees what it forgets */

    assert_null(bq_batch_next(&batch));
}

static void take_all_for_ever(void *arg)
{
    struct stage *stage = arg;
    struct bq_batch batch = {0};
    while ((stage->poll_result = bq_take_all(stage->queue, &batch)) == 0) {
        for (int *item; (item = bq_batch_next(&batch)) != NULL; free(item))
            stage->sum += *item;
        if (stage->sum == 3)
            break;
    }
    bq_batch_done(&batch);
}

static void take_one_by_one(void *arg)
{
    struct stage *stage = arg;
    void *item;
    while (bq_poll(stage->queue, INT64_MAX, &item) == 0)
        free(item);
}

static bool all_is_taken(void *arg)
{
    struct stage *stage = arg;
    return bq_size(stage->queue) == 0;
}

/* From the second round on the taker sleeps. */
static void what_is_put_quietly_is_taken_after_the_wake(void **state)
{
    struct stage *stage = *state;
    bq_wake(stage->queue); /* nothing to wake for */
    assert_int_equal(zk_thread_group_start(stage->group, take_one_by_one, stage, "taker"), 0);
    for (int round = 0; round < 3; round++) {
        int *item = malloc(sizeof *item);
        *item = round;
        bq_put_quietly(stage->queue, item);
        put_quietly_from_one_to(stage, 2);
        bq_wake(stage->queue);
        test_await(all_is_taken, stage);
    }
    bq_close(stage->queue);
    zk_thread_group_join(stage->group);
}

static void what_is_put_together_keeps_its_order_behind_what_is_there(void **state)
{
    struct stage *stage = *state;
    put(stage, 0);
    put_quietly_from_one_to(stage, 3);
    for (int expected = 0; expected <= 3; expected++)
        assert_int_equal(take(stage), expected);
}

static void a_full_queue_drops_its_oldest_for_those_that_are_put_together(void **state)
{
    struct stage *stage = *state;
    put_quietly_from_one_to(stage, 6);
    assert_int_equal(bq_size(stage->queue), 4);
    assert_int_equal(take(stage), 3);
}

/* The sanitizer sees what is not freed. */
static void a_closed_queue_frees_those_that_are_put_together(void **state)
{
    struct stage *stage = *state;
    bq_close(stage->queue);
    put_quietly_from_one_to(stage, 3);
    assert_int_equal(bq_size(stage->queue), 0);
}

static void a_put_wakes_who_waits_for_a_batch(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, take_all_for_ever, stage, "taker"), 0);
    put(stage, 1);
    put(stage, 2);
    zk_thread_group_join(stage->group);
    assert_int_equal(stage->poll_result, 0);
    assert_int_equal(stage->sum, 3);
}

static void close_wakes_who_waits_for_a_batch(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(zk_thread_group_start(stage->group, take_all_for_ever, stage, "taker"), 0);
    bq_close(stage->queue);
    zk_thread_group_join(stage->group);
    assert_int_equal(stage->poll_result, -ECANCELED);
}

static void a_closed_queue_gives_no_batch(void **state)
{
    struct stage *stage = *state;
    struct bq_batch batch = {0};
    put(stage, 1);
    bq_close(stage->queue);
    assert_int_equal(bq_take_all(stage->queue, &batch), -ECANCELED);
}

static void the_trace_has_each_element_of_a_batch(void **state)
{
    struct stage *stage = *state;
    struct bq_batch batch = {0};
    put(stage, 1);
    put(stage, 2);
    assert_int_equal(bq_take_all(stage->queue, &batch), 0);
    bq_batch_done(&batch);
    put(stage, 3);

    char *trace = test_captured_trace(&stage->capture);
    assert_non_null(strstr(trace, "\"ev\":\"deq\",\"q\":\"numbers\",\"seq\":1,\"len\":1"));
    assert_non_null(strstr(trace, "\"ev\":\"deq\",\"q\":\"numbers\",\"seq\":2,\"len\":0"));
    assert_non_null(strstr(trace, "\"ev\":\"enq\",\"q\":\"numbers\",\"seq\":3,\"len\":1"));
    free(trace);
}

static void put_many(void *arg)
{
    for (int i = 0; i < MANY; i++)
        put(arg, 1);
}

static void take_many(void *arg)
{
    struct stage *stage = arg;
    void *item;
    for (int i = 0; i < 2 * MANY; i++) {
        if (bq_poll(stage->queue, INT64_MAX, &item) < 0)
            return;
        stage->sum += *(int *)item;
        free(item);
    }
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    static struct stage stage;
    stage = (struct stage){0};
    setup_limit(&stage, BQ_LIMIT);

    assert_int_equal(zk_thread_group_start(stage.group, take_many, &stage, "taker"), 0);
    assert_int_equal(zk_thread_group_start(stage.group, put_many, &stage, "putter 1"), 0);
    assert_int_equal(zk_thread_group_start(stage.group, put_many, &stage, "putter 2"), 0);
    zk_thread_group_join(stage.group);

    assert_int_equal(stage.sum, 2 * MANY);
    void *self = &stage;
    teardown(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_first_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_queue_times_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_put_wakes_a_blocked_poller, setup, teardown),
        cmocka_unit_test_setup_teardown(a_poller_that_wakes_for_nothing_waits_on, setup, teardown),
        cmocka_unit_test_setup_teardown(close_wakes_a_blocked_poller, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_queue_takes_and_gives_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(clear_frees_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(at_the_limit_the_oldest_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(drops_are_logged_at_powers_of_two_only, setup, teardown),
        cmocka_unit_test_setup_teardown(the_trace_pairs_what_goes_in_with_what_comes_out, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_batch_takes_all_that_is_there_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_left_of_a_batch_is_freed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_put_quietly_is_taken_after_the_wake, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_put_together_keeps_its_order_behind_what_is_there,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_full_queue_drops_its_oldest_for_those_that_are_put_together, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_queue_frees_those_that_are_put_together, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_put_wakes_who_waits_for_a_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(close_wakes_who_waits_for_a_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_queue_gives_no_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_that_is_polled_waits_for_its_time_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_trace_has_each_element_of_a_batch, setup, teardown),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
